#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The frame itself: what the guest tells is true, a report of the kernel is noticed, the base stays as it was.
. "$(dirname "$0")/tap.sh"

guest() { "$TOP/scripts/guest" "$1"; }
overlay() { "$TOP/scripts/overlay" >&2; }

base=$("$TOP/scripts/base") || exit
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
for line in 'WARNING: CPU: 0 PID: 1 at kernel/events/core.c:1 f+0x1/0x2' 'BUG: KASAN: slab-use-after-free in f+0x1/0x2' \
	'BUG: sleeping function called from invalid context at f.c:1' 'WARNING: possible circular locking dependency detected' \
	'WARNING: suspicious RCU usage' 'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:' 'UBSAN: shift-out-of-bounds in f.c:1' \
	'INFO: task a:1 blocked for more than 120 seconds.' 'kmemleak: 1 new suspected memory leaks (see /sys/kernel/debug/kmemleak)'; do
	is 99 guest "echo '<4>$line' >/dev/kmsg";	it "guest: notices: $line"
done
is 0 guest "echo '<4>perf: this is no WARNING: only a word' >/dev/kmsg";	it "guest: no alarm at a mere word"
[ "$(guest uname\ -r)" != "${r:=$(KERNEL=$("$TOP/scripts/kernel" stock) guest uname\ -r)}" ] && [[ $r = *-stock ]];	it "guest: stock and ours have different names"
cmp "$(objdir ours)/.config" "$(objdir stock)/.config" >&2;	it "kernel: stock and ours have the same configuration"

exact() { ICOUNT=1 guest 'perf stat -e task-clock,page-faults,context-switches -- busybox sha256sum /bin/busybox; cat /proc/uptime' 2>&1; }
exact >"$work/1"; exact >"$work/2"
cat "$work/1" >&2
grep -q page-faults "$work/1" && cmp "$work/1" "$work/2" >&2;	it "guest: two runs with ICOUNT=1 print the same"

# The overlay, on a small base of its own.
mkdir -p "$work/base/kernel/events" "$work/base/Documentation"
printf 'VERSION = 6\nPATCHLEVEL = 12\n' >"$work/base/Makefile"
cp "$base/MAINTAINERS" "$work/base"
cp -r "$base/kernel/events" "$work/base/kernel"
for f in patches/*.patch; do
	sed -n 's,^--- a/\([^\t]*\).*,\1,p' "$TOP/$f" 2>/dev/null
done | while read -r f; do
	mkdir -p "$work/base/$(dirname "$f")"
	cp "$base/$f" "$work/base/$f"
done
export BASE=$work/base BUILD=$work/build
find "$BASE" -type f -exec cksum {} + >"$work/before"
overlay;	it "overlay: lays ours over a tree of one's own"
touch -d 2020-01-01 "$BUILD/linux/MAINTAINERS"
overlay && [ "$BUILD/linux/MAINTAINERS" -ot "$work/start" ];	it "overlay: a second time touches nothing"
echo new >"$BUILD/linux/kernel/events/core.c" && echo kernel/events/core.c >>"$BUILD/linux.touched"
overlay && OVERLAY='' overlay;	it "overlay: again after a change"
find "$BASE" -type f -exec cksum {} + | cmp - "$work/before" >&2;	it "overlay: does not touch BASE"
touch "$BASE/.config"
is 1 overlay;	it "overlay: refuses a base with a build in it"
unset BASE BUILD
[ -z "$(find "$base" -newer "$work/start" | head -n 5 | tee /dev/stderr)" ];	it "base: nothing in it was touched"
plan
