#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The frame itself: what the guest tells is true, and a report of its kernel is noticed.
. "$(dirname "$0")/tap.sh"

guest() { "$TOP/scripts/guest" "$1"; }

touch "$work/start"
KERNEL=$("$TOP/scripts/kernel" ours) || exit
export KERNEL

is 0 guest true;			it "guest: status 0 comes through"
is 3 guest 'exit 3';			it "guest: status 3 comes through"
[ "$(guest 'echo -n "a  b"; echo c >&2')" = "a  bc" ];	it "guest: prints what the command prints"
[ "$(guest "wc -c <$TOP/COPYING")" = "$(wc -c <"$TOP/COPYING")" ];	it "guest: sees the host's files"
guest "touch $TOP/written 2>/dev/null" >&2; [ $? -eq 1 ] && [ ! -e "$TOP/written" ];	it "guest: cannot write them"
SCRATCH=$work guest 'echo x >file' >&2; [ "$(cat "$work/file")" = x ];	it "guest: writes its scratch directory"
is 124 env TIMEOUT=10 "$TOP/scripts/guest" 'sleep 100';		it "guest: time-out is told"
is 98 guest 'echo o >/proc/sysrq-trigger; sleep 10';		it "guest: death without a status is told"
is 99 guest 'echo c >/proc/sysrq-trigger; sleep 10';		it "guest: a panic is noticed"
is 99 guest "echo '<4>WARNING: CPU: 0 PID: 1 at kernel/events/core.c:1 f+0x1/0x2' >/dev/kmsg";	it "guest: a warning is noticed"

# Each kind of report, without a boot.
while read -r line; do
	echo "[    1.000000] $line" >"$work/log"
	is 0 "$TOP/scripts/splat" "$work/log";	it "splat: $line"
	echo "[    1.000000][  T123] $line" >"$work/log"
	is 0 "$TOP/scripts/splat" "$work/log";	it "splat: with the caller: $line"
done <<'EOF'
WARNING: CPU: 0 PID: 1 at kernel/events/core.c:1 f+0x1/0x2
WARNING: possible circular locking dependency detected
WARNING: suspicious RCU usage
BUG: KASAN: slab-use-after-free in f+0x1/0x2
BUG: sleeping function called from invalid context at f.c:1
BUG: kernel NULL pointer dereference, address: 0000000000000000
BUG: using smp_processor_id() in preemptible [00000000] code: a/1
[ BUG: Invalid wait context ]
watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a:1]
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
INFO: task a:1 blocked for more than 120 seconds.
UBSAN: shift-out-of-bounds in f.c:1:2
unchecked MSR access error: WRMSR to 0x38f
Kernel panic - not syncing: f
EOF
cat >"$work/log" <<'EOF'
[    0.100000] Spectre V2 : WARNING: Unprivileged eBPF is enabled, data leaks possible
[    0.200000] perf: interrupt took too long (3000 > 2500), lowering kernel.perf_event_max_sample_rate to 50000
[    0.300000] Warning: unable to open an initial console.
[    0.400000] a: segfault at 0 ip 0 sp 0 error 4 in BUG: [400000+1000]
EOF
is 1 "$TOP/scripts/splat" "$work/log";	it "splat: no alarm at harmless lines"

stock=$("$TOP/scripts/kernel" stock)
[[ $(guest 'uname -r') = *-perf && $(KERNEL=$stock guest 'uname -r') = *-stock ]];	it "kernel: stock and ours have different names"
diff "$(objdir ours)/.config" "$(objdir stock)/.config" | grep '^[<>]' | grep -v PERF_EVENTS_KUNIT_TEST >"$work/differ"
cat "$work/differ" >&2
[ ! -s "$work/differ" ];	it "kernel: stock and ours have the same configuration"

exact() { ICOUNT=1 guest 'perf stat -e task-clock,page-faults,context-switches -- busybox sha256sum /bin/busybox; cat /proc/uptime' 2>&1; }
exact >"$work/1"; exact >"$work/2"
cat "$work/1" >&2
grep -q page-faults "$work/1" && cmp "$work/1" "$work/2" >&2;	it "guest: two runs with ICOUNT=1 print the same"

plan
