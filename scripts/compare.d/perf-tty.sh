# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# perf's commands for people: top, trace, stat, record, probe; at a terminal, script(1)'s, where that matters.
packages=(linux-perf bsdutils)
burn='perf bench syscall basic -l 100000000'

# at_terminal SECONDS KEYS COMMAND: KEYS, one a second, after SECONDS; what it shows is in /tmp/tty, without what moves
# the cursor.  Where time counts instructions a second is long.
at_terminal()
{
	local i

	{
		sleep $((SLOW ? ($1 + 2) / 3 : $1))
		for ((i = 0; i < ${#2}; i++)); do
			printf %s "${2:i:1}"
			sleep 1
		done
	} | TERM=xterm script -qec "stty rows 40 cols 120; $3" /tmp/typescript >/dev/null
	sed 's/\x1b[][()][0-9;?]*[a-zA-Z]\?//g; s/\r//g' /tmp/typescript | tr -d '\0' >/tmp/tty
	tail -c 2000 /tmp/tty
}
shows() { expect grep -qaE "$1" /tmp/tty; }

# COMMAND while something else is busy
busy()
{
	local status=0

	$burn >/dev/null 2>&1 &
	"$@" || status=$?
	kill $!
	return $status
}

top_()
{
	[[ $1 != *cycles* || -n "$MACHINE" ]] || skip 'no PMU' || return
	at_terminal 8 q "perf top -d 1 $1" && shows 'PerfTop: .* irqs/sec|Samples: [0-9]|%.*\[k\]'
}
trace_() { at_terminal 0 '' "perf trace $1" && shows "$2"; }

# prints PATTERN COMMAND...
prints() { "${@:2}" >/tmp/prints.out 2>&1; tail -n 30 /tmp/prints.out; expect grep -qaE "$1" /tmp/prints.out; }
# recorded PATTERN COMMAND: perf script's text of what perf record's arguments gave
recorded()
{
	local pattern=$1

	rm -f /tmp/rec*
	shift
	perf record -q -o /tmp/rec "$@" >/dev/null 2>&1
	prints "$pattern" perf script -i /tmp/rec
}

stat_interval()
{
	at_terminal 0 '' 'perf stat -I 300 -e task-clock,page-faults -a sleep 2'
	shows '^ +[0-9.]+ +[0-9.,]+ .*task-clock'
}
stat_until() { at_terminal 4 $'\003' "perf stat -e page-faults,task-clock $1"; shows page-faults && shows elapsed; }
stat_control()
{
	mkfifo /tmp/control || return
	exec 3<>/tmp/control
	{ sleep 1; echo enable; sleep 2; echo disable; sleep 1; } >&3 &
	# It is counted for two of its five seconds.
	perf stat -x, -D -1 -e cpu-clock -C 0 --control fifo:/tmp/control -- sleep 5 2>&1 | tee /tmp/control.out
	expect between 1000 "$(awk -F'[.,]' '/cpu-clock/ { print $1 }' /tmp/control.out)" 3500
}
stat_cgroup()
{
	mkdir -p /sys/fs/cgroup/compare && echo $$ >/sys/fs/cgroup/compare/cgroup.procs || return
	prints '[1-9][0-9,]* +page-faults +compare' perf stat -a -e page-faults -G compare ls /
}
record_until()
{
	at_terminal 5 $'\003' 'perf record -e cpu-clock -a -o /tmp/rec'
	prints '[0-9]%.*perf' perf report -i /tmp/rec --stdio
}
record_switch()
{
	perf record -e cpu-clock --switch-output=signal -a -o /tmp/turns -- sh -c 'sleep 2; kill -USR2 $PPID; sleep 2'
	ls /tmp/turns*
	expect [ "$(find /tmp -name 'turns*' | wc -l)" -ge 2 ]
}
record_jiffies()
{
	recorded jiffies -e "mem:0x$(awk '$3 == "jiffies" { print $1 }' /proc/kallsyms)/8:w" -a sleep 1 && return
	prints '[0-9]+\.[0-9]+: .*mem:' perf script -i /tmp/rec
}
piped() { perf record -q -e sched:sched_switch -a -o - sleep 1 2>/dev/null | perf script -i -; }
probe_kernel()
{
	perf probe -q compare=vfs_read || return
	prints '[1-9][0-9]* +probe:compare' perf stat -e probe:compare cat /etc/hostname && perf probe -q -d probe:compare
}
probe_program()
{
	perf probe -q -x /bin/bash compare=main || return
	prints ' 1 +probe_bash:compare' perf stat -e probe_bash:compare bash -c true && perf probe -q -d probe_bash:compare
}
latency()
{
	perf sched record -o /tmp/rec -- perf bench sched pipe -l 200 >/dev/null 2>&1
	prints 'sched-pipe|perf' perf sched -i /tmp/rec latency
}

guest()
{
	line 'top, keys'                  busy top_ '-e cpu-clock'
	line 'top --stdio'                busy top_ '--stdio -e cpu-clock'
	line 'top --stdio -g'             busy top_ '--stdio -g -e cpu-clock'
	line 'top, cycles'                busy top_ '--stdio -e cycles'
	line 'trace'                      trace_ '-e openat,read,close cat /etc/hostname' 'openat\(.*= [0-9]'
	line 'trace -s'                   trace_ '-s ls /' 'openat +[0-9]+'
	line 'trace -a'                   trace_ '-a -e nanosleep,clock_nanosleep sleep 2' 'nanosleep\('
	line 'trace -F all'               trace_ '-F all --no-syscalls ls /' '(min|maj)fault'
	line 'trace -e a tracepoint'      \
		trace_ '--no-syscalls -e sched:sched_process_exec sh -c "/bin/true; /bin/true"' sched_process_exec
	line 'stat -I'                    stat_interval
	line 'stat -a until ^C'           stat_until -a
	line 'stat -p until ^C'           stat_until "-p $$"
	line 'stat -r'                    prints 'page-faults.*\( \+-' perf stat -r 3 -e page-faults true
	line 'stat --control'             stat_control
	line 'stat -G'                    stat_cgroup
	line 'stat --per-thread'          prints 'sched-pipe|perf-[0-9]' \
		perf stat --per-thread -a -e context-switches perf bench sched pipe -l 200
	line 'record -a until ^C'         busy record_until
	line 'record --switch-output'     busy record_switch
	line 'record -g, script'          recorded 'entry_SYSCALL_64|do_syscall_64' \
		-g -e cpu-clock perf bench syscall basic -l 200000
	line 'record --call-graph dwarf'  recorded 'perf .*cpu-clock' \
		--call-graph dwarf -e cpu-clock perf bench sched pipe -l 500
	line 'record with a filter'       recorded 'sched_process_exec:.*true' \
		-e sched:sched_process_exec --filter 'pid != 1' sh -c '/bin/true; :'
	line 'record -e of two, as a group' recorded 'page-faults' -e '{cpu-clock,page-faults}:S' perf bench sched pipe -l 500
	line 'record to a pipe, script'   prints 'sched_switch:' piped
	line 'record of a breakpoint, -a' record_jiffies
	line 'probe of a kernel function' probe_kernel
	line 'probe of a program'         probe_program
	line 'ftrace'                     prints 'vfs_read|us *\|' perf ftrace -G vfs_read -- cat /etc/hostname
	line 'sched record, latency'      latency
}
