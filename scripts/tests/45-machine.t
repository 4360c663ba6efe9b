#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The test machine (scripts/qemu), judged by the stock kernel: its drivers must come up on each machine without a warning,
# and count right.  What is checked is in scripts/qemu/guest.
#   MACHINES='NAME...'|all (skylake zen4)   KERNEL=bzImage (the stock one)   QEMU=program (scripts/qemu/build's)
# First scripts/qemu/bare tries the rules of the registers.  Then, three boots a machine, and time is a count of
# instructions in each: the checks; then, twice, with a PMU that firmware
# left in disorder, what else can be expected of faulty hardware.  Those two must print the same bytes.
# The results of the last run stay in BUILD/machine.tap, for scripts/test-machine.
. "$(dirname "$0")/tap.sh"

here=$TOP/scripts/qemu
guest=$work/guest		# a copy: an edit while this runs shall not make two boots differ
programs=$BUILD/machine
names=${MACHINES:-skylake zen4}
[ "$names" != all ] || names=$(machines)

mkdir -p "$programs"
cp -r "$here/guest" "$guest"
exec > >(tee "$BUILD/machine.tap")
[ "$ARCH" = x86_64 ] || { echo "1..0 # SKIP the test machine is an x86_64"; exit 0; }
need_machine
KERNEL=${KERNEL:-$("$TOP/scripts/kernel" stock)};	it "kernel"
export KERNEL

# The assembler's programs are linked without a C library, their data at an address that checks know.
build()
{
	local file tests

	need "to build the guest's programs" gcc libc6-dev linux-libc-dev
	for file in "$guest"/*.S; do
		gcc -static -nostdlib -no-pie -Wl,--build-id=none,-Tbss=0x600000 -o "$programs/$(basename "$file" .S)" "$file" || return
	done
	for file in "$guest"/*.c; do
		gcc -static -O2 -Wall -Wextra -Werror -o "$programs/$(basename "$file" .c)" "$file" || return
	done
	tests=$("$TOP/scripts/base")/tools/testing/selftests &&
		gcc -static -O2 -pthread -I"$tests" -o "$programs/remove_on_exec" "$tests/perf_events/remove_on_exec.c"
} >&2

# boot MACHINE TABLE [MORE-OF-CPU]: judge.sh and the table in the guest; prints what they print.
boot()
{
	local cpu words banner

	cpu=$(machine_cpu "$1")
	read -r _ words banner < <(awk -v name="$1" '$1 == name' "$guest/expected")
	[ -n "$cpu" ] && [ -n "$words" ] || { say "$1 is not in scripts/qemu/machines and $guest/expected"; return 1; }
	say "$1: $2"
	MACHINE=$1 CPU=$cpu${3:-} ICOUNT=1 SMP=2 TIMEOUT=${TIMEOUT:-600} FILES=$(echo "$programs"/*) \
		APPEND="msr.allow_writes=on ${APPEND:-}" "$TOP/scripts/guest" "
			machine='$1' words='${words//,/ }' banner='$banner' programs='$programs'
			$(cat "$guest/judge.sh" "$guest/$2")
			echo end"
}

# judge NAME STATUS WANTED OUT: pass on what the guest told.
judge()
{
	cat "$4" >&2
	grep '^# kernel ' "$4"
	grep -E '^(not )?ok - ' "$4" >"$work/tap"
	pass "$work/tap"
	[ "$2" -eq "$3" ] && grep -qx end "$4";	it "$1 to the end, and nothing unexpected from the kernel"
}

# The registers' rules, without an operating system; a machine may have more than one row.
for name in $names; do
	mapfile -t rows < <(awk -v n="$name" '$1 == n || index($1, n ",") == 1 { print $1 }' "$here/bare/expected")
	for row in "${rows[@]}"; do
		"$here/bare/run" "$row" >"$work/out";	it "$row: registers without Linux"
		cat "$work/out" >&2
		grep -E '^(not )?ok - ' "$work/out" >"$work/tap"
		pass "$work/tap"
	done
done

build;	it "the guest's programs build"
for name in $names; do
	boot "$name" checks.sh >"$work/out"
	judge "$name: checks" $? 0 "$work/out"
	[ "$name" != none ] || continue
	# Where there is a status register, Intel's driver gives up with a warning in the end, which is as it must be.
	status=0
	! grep -q "^$name .*intel.*global" "$guest/expected" || status=99
	boot "$name" faults.sh ,pmu-stolen=3,pmu-near=1000 >"$work/out"
	judge "$name: faults" $? $status "$work/out"
	boot "$name" faults.sh ,pmu-stolen=3,pmu-near=1000 >"$work/again" 2>"$work/errors"
	say "$name: $(grep -c '' "$work/out") lines"
	cmp "$work/out" "$work/again" >&2;	it "$name: two boots print the same bytes"
done
plan
