# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# perf bench: breakpoints, and the scheduler and system calls with events open.
packages=(linux-perf)
quick='breakpoint thread|sched pipe, counted'

# A time that perf bench prints, above zero
timed() { "$@" 2>&1 | tee /tmp/bench.out; grep -qE '(Total time:|usecs/op|usecs/call) *[0-9]*' /tmp/bench.out; }
counted()
{
	perf stat -x, -o /tmp/stat.out -e "$1" "${@:2}" >/tmp/bench.out 2>&1 || { cat /tmp/bench.out; return 1; }
	cat /tmp/stat.out
	# each was counted all the time
	awk -F, '/^[0-9]/ { n++; if ($1 <= 0 || $5 < 99) bad = 1 } END { exit !(n && !bad) }' /tmp/stat.out
}
sampled()
{
	perf record -q -o /tmp/rec "$@" >/dev/null 2>&1 && perf report -i /tmp/rec --stdio -q 2>/dev/null | grep . >/tmp/rep
	head -n 5 /tmp/rep
	[ -s /tmp/rep ]
}

guest()
{
	local soft=task-clock:u,page-faults,context-switches,cs,minor-faults

	line 'breakpoint thread'                    timed perf bench -r 2 breakpoint thread -b 1 -p 2 -t 2
	line 'breakpoint thread: 4 breakpoints, 4 times 4 threads' timed perf bench -r 2 breakpoint thread -b 4 -p 4 -t 4
	line 'breakpoint enable'                    timed perf bench -r 2 breakpoint enable -p 2 -a 2
	line 'sched messaging'                      timed perf bench sched messaging -g 1 -l 10
	line 'sched pipe'                           timed perf bench sched pipe -l 500
	line 'syscall basic'                        timed perf bench syscall basic -l 100000
	line 'sched messaging, counted'             counted $soft perf bench sched messaging -g 1 -l 10
	line 'sched pipe, counted'                  counted $soft perf bench sched pipe -l 500
	line 'sched pipe, all CPUs'                 counted $soft -a perf bench sched pipe -l 500
	line 'sched pipe, tracepoints'              counted sched:sched_switch,sched:sched_wakeup perf bench sched pipe -l 500
	line 'syscall basic, a tracepoint'          counted raw_syscalls:sys_enter perf bench syscall basic -l 20000
	line 'sched messaging, sampled with call chains' \
		sampled -g -e cpu-clock perf bench sched messaging -g 1 -l 100
	line 'sched pipe, sampled, all CPUs'        sampled -a -e context-switches perf bench sched pipe -l 500
	line 'syscall basic, every call'            sampled -e raw_syscalls:sys_enter -c 1 perf bench syscall basic -l 5000
	if [ -n "$MACHINE" ]; then
		line 'sched messaging, cycles and more' \
			counted cycles,instructions,branches,page-faults perf bench sched messaging -g 1 -l 10
		line 'sched pipe, instructions, sampled'    sampled -e instructions:u -c 100003 perf bench sched pipe -l 500
		line 'sched messaging, groups' \
			counted '{cycles,instructions},{branches,branch-misses}' perf bench sched messaging -g 1 -l 10
	fi
}
