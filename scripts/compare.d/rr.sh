# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# rr: a recording interrupts at exact counts of branches and replays them; it wants a PMU that it knows.
packages=(rr gcc libc6-dev)
on='skylake zen4'
limit=60

host()
{
	gcc -O1 -g -pthread -o "$here/target" -x c - <<-'C'
		#include <pthread.h>
		#include <stdio.h>
		volatile unsigned long n;
		void *work(void *arg) { for (int i = 0; i < 200000; i++) n += i % 3 ? 1 : 2; return arg; }
		int main(void)
		{
			pthread_t t[2];
			for (int i = 0; i < 2; i++) pthread_create(&t[i], NULL, work, NULL);
			for (int i = 0; i < 2; i++) pthread_join(t[i], NULL);
			printf("%lu\n", n);
			return 0;
		}
	C
}

record()
{
	rm -rf "$2"
	_RR_TRACE_DIR=/tmp rr record "${@:3}" -n -o "$2" "$1" >/tmp/rr.out 2>/tmp/rr.err || {
		cat /tmp/rr.err
		! grep -qiE 'not supported|unknown|unsupported|does not|not available' /tmp/rr.err || return 77
		return 1
	}
	cat /tmp/rr.out
}
# replay told|silent DIR
replay()
{
	local status=0

	[ -d "$2" ] || skip 'nothing was recorded' || return
	rr replay -a "$2" >/tmp/replay.out 2>&1 || status=$?
	cat /tmp/replay.out
	[ -s /tmp/replay.out ] || [ "$1" = silent ] || return 1
	return $status
}

guest()
{
	echo 1 >/proc/sys/kernel/perf_event_paranoid
	line 'record'           record /bin/true /tmp/true
	line 'replay'           replay silent /tmp/true
	line 'record threads'   record "$here/target" /tmp/threads
	line 'replay threads'   replay told /tmp/threads
	line 'record in chaos'  record "$here/target" /tmp/chaos --chaos
	line 'replay chaos'     replay told /tmp/chaos
}
