# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# bpftrace: each kind of probe that it puts on an event.
packages=(bpftrace gcc libc6-dev)

host()
{
	gcc -O1 -g -no-pie -static -o "$here/target" -x c - <<-'C'
		#include <stdio.h>
		#include <stdlib.h>
		#include <unistd.h>
		volatile long shared;
		__attribute__((noinline)) long probed(long n) { return shared += n; }
		int main(int argc, char **argv)
		{
			long i, turns = argc > 1 ? atol(argv[1]) : 100;

			for (i = 0; i < turns; i++)
				probed(2);
			return 0;
		}
	C
}

address() { nm "$here/target" | awk -v s="$1" '$3 == s { print "0x" $1 }'; }

# add NAME SESSION PATTERN PROBE: a probe, and as what a line of the output must be (extended).  The probes of a session
# are one program, as bpftrace takes long to start; what a probe finds is in a map of its own.
names=() sessions=() patterns=()
add()
{
	wanted "$1" || return 0
	names+=("$1") sessions+=("$2") patterns+=("$3")
	echo "$4" >>"/tmp/$2.bt"
}
session()
{
	[ ! -e "/tmp/$1.bt" ] || bounded bpftrace -c "$2" "/tmp/$1.bt" >"/tmp/$1.out" 2>&1 || echo "status $?" >>"/tmp/$1.out"
}
# What the session found; a stack is of several lines
judge() { tail -n 100 "/tmp/$1.out"; ! grep -qE 'ERROR|^status' "/tmp/$1.out" && expect grep -qE "$2" "/tmp/$1.out"; }

guest()
{
	local t=$here/target spin='/usr/bin/perf bench syscall basic -l 300000' i

	limit=60
	add 'uprobe, exactly'             exact   '^@u1: 100$'            "uprobe:$t:probed { @u1 = count(); }"
	add 'uprobe, its argument'        exact   '^@u2: 200$'            "uprobe:$t:probed { @u2 = sum(arg0); }"
	add 'uretprobe, exactly'          exact   '^@u3: 200$'            "uretprobe:$t:probed { @u3 = max(retval); }"
	add 'watchpoint, exactly'         watch   '^@w: 100$'             "watchpoint:$(address shared):8:w { @w = count(); }"
	add 'tracepoint, of one program'  exact   '^@t1: 1$' \
		'tracepoint:syscalls:sys_enter_exit_group /comm == "target"/ { @t1 = count(); }'
	add 'tracepoint, its fields'      exact   '^exec /.*target$' \
		'tracepoint:sched:sched_process_exec { printf("exec %s\n", str(args->filename)); }'
	add 'software: page faults'       exact   '^@f\[target\]: [1-9]'  'software:page-faults:1 { @f[comm] = count(); }'
	add 'profile'                     busy    '^@p1\[perf\]: [1-9]'   'profile:hz:99 { @p1[comm] = count(); }'
	add 'profile, kernel stacks'      busy    'do_syscall_64\+' \
		'profile:hz:199 /comm == "perf"/ { @p2[kstack] = count(); }'
	add 'profile, user stacks'        busy    '(getppid|syscall|bench[a-z_]*)\+' \
		'profile:hz:199 /comm == "perf"/ { @p3[ustack] = count(); }'
	add 'software: cpu-clock'         busy    '^@c\[perf\]: [1-9]'    'software:cpu-clock:1000000 { @c[comm] = count(); }'
	add 'tracepoint, a histogram'     busy    '^\[.*\) .*\|@' \
		'tracepoint:raw_syscalls:sys_exit /args->ret >= 0/ { @h = hist(args->ret); }'
	add 'interval'                    busy    '^@i: [1-9]'            'interval:ms:100 { @i = count(); }'
	add 'hardware: cycles'            cycles  '^@hc\[perf\]: [1-9]'   'hardware:cpu-cycles:100000 { @hc[comm] = count(); }'
	add 'hardware: instructions'      cycles  '^@hi\[perf\]: [1-9]' \
		'hardware:instructions:100000 { @hi[comm] = count(); }'
	add 'software: context switches'  pipe    '^@s: [1-9]'            'software:context-switches:1 { @s = count(); }'
	add 'tracepoints, thirty'         pipe    '^@m\[.*sched_switch.*\]: [1-9]' \
		'tracepoint:sched:* { @m[probe] = count(); }'
	add 'raw tracepoint'              pipe    '^@r: [1-9]'            'rawtracepoint:sched_switch { @r = count(); }'
	add 'kprobe'                      kernel  '^@k1\[cat\]: [1-9]'    'kprobe:vfs_read { @k1[comm] = count(); }'
	add 'kretprobe'                   kernel  '^@k2\[cat\]: [1-9]'    'kretprobe:vfs_read { @k2[comm] = sum(retval); }'
	add 'kfunc'                       kfunc   '^@k3: [1-9]'           'kfunc:vfs_read { @k3 = count(); }'

	session exact "$t"
	session watch "$t"
	session busy "$spin"
	session pipe '/usr/bin/perf bench sched pipe -l 200'
	session kernel '/bin/cat /etc/hostname'
	session kfunc '/bin/cat /etc/hostname'
	[ -z "$MACHINE" ] || session cycles "$spin"
	limit=40
	for i in "${!names[@]}"; do
		if [ "${sessions[i]}" = cycles ] && [ -z "$MACHINE" ]; then
			result skip "${names[i]}" 'no PMU'
		else
			line "${names[i]}" judge "${sessions[i]}" "${patterns[i]}"
		fi
	done
}
