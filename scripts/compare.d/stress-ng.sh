# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# stress-ng --perf: its own set of events, inherited by all that it forks.
packages=(stress-ng)

stress()
{
	local status=0

	stress-ng --perf --metrics-brief --temp-path /tmp -t $((SLOW ? 1 : 4)) "${@:2}" >/tmp/stress.out 2>&1 || status=$?
	tail -n 40 /tmp/stress.out
	[ $status = 0 ] && expect grep -qE "[1-9][0-9,]* $1" /tmp/stress.out
}

guest()
{
	line 'cpu'             stress 'Page Faults Minor' --cpu 2
	line 'context switches' stress 'Context Switches' --switch 2
	line 'forks'           stress 'Page Faults Minor' --fork 2
	line 'vforks'          stress 'Page Faults Minor' --vfork 1
	line 'threads'         stress 'Page Faults Minor' --pthread 2
	line 'page faults'     stress 'Page Faults Minor' --fault 2
	line 'system calls'    stress 'System Call Enter' --get 2
	line 'signals'         stress 'Signal' --sigq 1
	line 'migrations'      stress 'CPU Migrations' --affinity 2
	[ -z "$MACHINE" ] || line 'cpu, instructions' stress 'Instructions' --cpu 1
}
