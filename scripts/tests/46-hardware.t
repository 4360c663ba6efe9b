#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Hardware events on our kernel: the kselftests that want a PMU, on an Intel and on an AMD CPU of the test machine.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/kselftests.sh"

need_machine
ours=$("$TOP/scripts/kernel" ours);	it "kernel"
kselftests stock >/dev/null && ourtests=$(kselftests ours);	it "tests build"
TESTS='perf_events:hardware perf_events:hw_tasks perf_events:aux perf_events:groups perf_events:samples perf_events:deferred'
TESTS+=' perf_events:cgroup perf_events:regress_events perf_events:regress_buffers perf_events:remove_on_exec perf_events:trigger_hw'
TESTS+=' perf_events:ibs'
# Stock's driver loses calls of tasks that have no context of their own; the faults that hw_x86 looks for were ours.
[ "${OVERLAY:-}" != full ] || TESTS+=' perf_events:hw_calls perf_events:hw_x86'
export TESTS
for machine in skylake zen4; do
	MACHINE=$machine run_kselftests "$work/out" "$ours" "$ourtests"
	sed "s/ok - /&$machine:/" "$work/out" >"$work/tap"
	pass "$work/tap"
done
# Topdown and the records of format 4 are not in Skylake.
if [ "${OVERLAY:-}" = full ]; then
	TESTS='perf_events:hw_x86' MACHINE=icelake run_kselftests "$work/out" "$ours" "$ourtests"
	sed 's/ok - /&icelake:/' "$work/out" >"$work/tap"
	pass "$work/tap"
fi
plan
