#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The same tests on the debugging kernel, and a load under perf; any report of the kernel fails.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/kselftests.sh"

export CONFIG=debug MEM=${MEM:-4G}
# It is that much slower: our tests repeat less, and fail fewer allocations.
export PERF_TEST_SCALE=10 PERF_FAULTS_SECONDS=1
debug=$("$TOP/scripts/kernel" ours);	it "kernel"
stock=$(CONFIG=quick "$TOP/scripts/kernel" stock)

KERNEL=$debug TIMEOUT=900 APPEND='kunit.enable=1' is 0 "$TOP/scripts/guest" 'dmesg' >"$work/log" 2>&1
it "kunit: no report in the kernel's log"
cat "$work/log" >&2
"$TOP/scripts/tests/flatten" <"$work/log" | sed 's/ok - /ok - kunit:/' >"$work/kunit"
pass "$work/kunit"

stocktests=$(kselftests stock) && ourtests=$(kselftests ours);	it "tests build"
run_kselftests "$work/before" "$stock" "$stocktests"
TIMEOUT=1800 run_kselftests "$work/stock" "$debug" "$stocktests" "$work/before"
pass "$work/stock"
if [ -s "$ourtests/list" ]; then
	# What fails allocations has a guest of its own: kmemleak then prints under its lock, which lockdep minds where CPUs go.
	fail='perf_events:(faults|trigger)$'
	for TESTS in "$(grep -vE "$fail" "$ourtests/list")" "$(grep -E "$fail" "$ourtests/list")"; do
		TIMEOUT=1800 run_kselftests "$work/ours" "$debug" "$ourtests"
		pass "$work/ours"
	done
fi

# shellcheck disable=SC2016 # the guest expands it
KERNEL=$debug TIMEOUT=1800 is 0 "$TOP/scripts/guest" '
	set -e
	cd /tmp
	events=task-clock,context-switches,cpu-migrations,page-faults,sched:sched_switch
	perf stat -e $events perf bench sched messaging -g 1 -l 20
	perf stat -e $events perf bench sched pipe -l 1000
	echo "for i in \$(seq 10); do /bin/true & /bin/true | /bin/true; done; wait" >fork.sh
	perf record -q -a -g -e cpu-clock -e sched:sched_process_exec -o rec bash fork.sh
	perf report -i rec --stdio 2>/dev/null | head -n 20
	rm rec
'"$no_leaks"
it "load: perf bench sched and fork+exec under perf; no report, nothing leaked"
plan
