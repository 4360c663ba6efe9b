# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# libpfm4's examples, from its source package: they open, group, map, sample and follow tasks with raw system calls.
packages=(libpfm4 libpfm4-dev libncurses-dev gcc libc6-dev dpkg-dev ca-certificates)

host()
{
	local src name

	src=$(source_of libpfm4) || return
	cd "$src/perf_examples" || return
	for name in *.c x86/*.c; do
		[ "$name" != perf_util.c ] || continue
		# Ten seconds of work, or twenty samples of that, are long where instructions are counted.
		sed 's/2400000000ULL/24000000ULL/; s/alarm(10)/alarm(1)/' "$name" >"$here/copy.c"
		gcc -w -O2 -D_GNU_SOURCE -I. -o "$here/$(basename "$name" .c)" "$here/copy.c" perf_util.c -lpfm -lrt -lpthread -lncurses \
			-ltinfo -lm
	done
}

soft=PERF_COUNT_SW_TASK_CLOCK,PERF_COUNT_SW_PAGE_FAULTS,PERF_COUNT_SW_CONTEXT_SWITCHES
hard=PERF_COUNT_HW_CPU_CYCLES,PERF_COUNT_HW_INSTRUCTIONS
work=(perf bench sched messaging -g 1 -l 2)

# with PATTERN COMMAND...: a line of the output is as PATTERN (extended)
with()
{
	local pattern=$1 status=0

	shift
	"$@" >/tmp/with.out 2>&1 || status=$?
	cat /tmp/with.out
	! grep -qE 'cannot initialize library|event not (found|supported)' /tmp/with.out ||
		skip 'libpfm4: no such event' || return
	expect [ "$status" = 0 ] && expect grep -qE "$pattern" /tmp/with.out
}
hardware() { [ -n "$MACHINE" ] || skip 'no PMU' || return; with "$@"; }
# What runs until it is told to stop
stopped() { timeout -s INT -k 5 "$1" "${@:2}"; [ $? = 124 ]; }

guest()
{
	local n='^ *[1-9][0-9,]*' h=$here

	line 'task'                       with "$n.*PAGE_FAULTS" "$h/task" -e $soft "${work[@]}"
	line 'task, inherited'            with "$n.*CONTEXT_SWITCHES" "$h/task" -i -e $soft "${work[@]}"
	line 'task, a group'              with "$n.*PAGE_FAULTS" "$h/task" -p -e $soft "${work[@]}"
	line 'task_cpu'                   with '^CPU[0-9]+ +[1-9].*PAGE_FAULTS' "$h/task_cpu" -e $soft "${work[@]}"
	line 'task_attach_timeout'        attach "$h/task_attach_timeout" -e $soft -d 1
	line 'syst'                       with 'PAGE_FAULTS|CONTEXT' "$h/syst" -d 1 -e $soft
	line 'syst_count'                 with 'PAGE_FAULTS|CONTEXT' "$h/syst_count" -d 2 -e $soft
	line 'task_smpl'                  with 'IIP|IP' "$h/task_smpl" -e PERF_COUNT_SW_PAGE_FAULTS:period=10 "${work[@]}"
	line 'syst_smpl'                  with 'IIP|IP' "$h/syst_smpl" -c 0 -d 2 -e PERF_COUNT_SW_CPU_CLOCK:period=10000000
	line 'self_pipe'                  with "$n.*CONTEXT" "$h/self_pipe" -d 1 -e $soft
	line 'evt2raw'                    hardware '^r[0-9a-f]+' "$h/evt2raw" INST_RETIRED
	line 'self'                       hardware 'FINAL: +[1-9].*cycles' "$h/self"
	line 'self_basic'                 hardware '^count=[1-9]' "$h/self_basic"
	line 'self_count'                 hardware 'cycles|inst' "$h/self_count"
	line 'notify_self'                hardware '[Nn]otification' "$h/notify_self"
	line 'notify_group'               hardware '[Nn]otification' "$h/notify_group"
	line 'self_smpl_multi'            hardware 'total = +[1-9].* bad_msg = 0' "$h/self_smpl_multi" -t 2 -n 3
	line 'task, hardware'             hardware "$n.*INSTRUCTIONS" "$h/task" -e $hard "${work[@]}"
	line 'task, hardware, inherited group' hardware "$n.*INSTRUCTIONS" \
		"$h/task" -i -p -e $hard "${work[@]}"
	line 'task_smpl, hardware'        hardware 'IIP|IP' \
		"$h/task_smpl" -e PERF_COUNT_HW_CPU_CYCLES:period=100003 "${work[@]}"
	line 'syst, hardware'             hardware 'INSTRUCTIONS' "$h/syst" -d 1 -e $hard
	line 'branch_smpl'                hardware 'IP|[Bb]ranch' "$h/branch_smpl" /bin/ls
	line 'bts_smpl'                   hardware 'IP|sampl|BTS|bts' "$h/bts_smpl" /bin/true
}
attach()
{
	local status=0

	perf bench sched pipe -l 100000 >/dev/null 2>&1 &
	with '[1-9][0-9]*.*(PAGE_FAULTS|CONTEXT|CLOCK)' "$@" "$!" || status=$?
	kill $!
	return $status
}
