# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# trinity: random system calls, on events.  It does not know what is right: a report of the kernel, or a hang, fails.
packages=(trinity)
seconds=$((${SECONDS_OF_TRINITY:-300} + 300))
on='none skylake'
# The kernel patches each of its functions when one traces them.  Where each CPU is a thread of its own QEMU 7.2 goes on
# with what it has translated of one now and then, and any kernel dies of the int3 that it finds.
accel=tcg,thread=single
limit=$((${SECONDS_OF_TRINITY:-300} + 60))

# fuzz SECONDS SEED CALLS
fuzz()
{
	local call args=()

	for call in $3; do args+=(-c "$call"); done
	mkdir -p /tmp/fuzz
	cd /tmp/fuzz || return
	chmod 777 .
	timeout -s INT -k 20 "$1" trinity --dropprivs -q -l off -C 4 -s "$2" --enable-fds=perf --stats "${args[@]}" \
		>/tmp/trinity.out 2>&1
	grep -aE 'perf_event_open|[0-9]+ syscalls|iterations' /tmp/trinity.out | tail -n 5
	tail -n 3 /tmp/trinity.out
	# It was not the timeout's KILL, and it did something.
	expect [ -s /tmp/trinity.out ] && expect grep -qaE 'perf_event_open' /tmp/trinity.out
}

guest()
{
	local third=$((SECONDS_OF_TRINITY / (SLOW ? 12 : 3)))

	line 'perf_event_open'         fuzz $third 11 perf_event_open
	line 'with read, ioctl, mmap'  fuzz $third 12 'perf_event_open read ioctl mmap munmap close poll fcntl'
	line 'with prctl, dup, fork'   fuzz $third 13 'perf_event_open prctl dup dup3 clone fork epoll_ctl bpf close'
	line 'events count afterwards' perf stat -e task-clock,page-faults -a true
}
