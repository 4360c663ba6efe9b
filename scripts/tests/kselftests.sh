# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For test groups, sourced after tap.sh: build the kernel's own tests and run them in a guest.

# Build tools/testing/selftests/{perf_events,breakpoints} of the overlaid tree, the stock tests among ours, and write
# the list of programs, "directory:program" a line: build_kselftests; it is in $ksft/kselftest-list.txt
ksft=$BUILD/kselftest/install
build_kselftests()
{
	local tree obj=$BUILD/kselftest

	need "to install the kernel's tests" rsync gcc make libc6-dev
	tree=$("$TOP/scripts/overlay") || return
	rm -rf "$ksft"
	kmake "$tree" "$obj" -s headers &&
	# These Makefiles want x86, not x86_64, and build and install what TARGETS says.
	ARCH=x86 kmake "$tree/tools/testing/selftests" "$obj" TARGETS="perf_events breakpoints" \
		FORCE_TARGETS=1 KSFT_INSTALL_PATH="$ksft" CC="ccache gcc" install
}

# run_kselftests OUT KERNEL [PATTERN [STOCK]]: flat TAP of the programs that match; what hangs or kills the guest
# fails, and what failed in STOCK, an earlier OUT, is marked
run_kselftests()
{
	local out=$1 status tests

	tests=$(grep -E "${3:-.}" "$ksft/kselftest-list.txt")
	# shellcheck disable=SC2016 # the guest expands it
	KERNEL=$2 TIMEOUT=${TIMEOUT:-900} "$TOP/scripts/guest" '
		for t in '"${tests//$'\n'/ }"'; do
			echo "# suite $t"
			cd '"$ksft"'/${t%:*}
			timeout 120 ./${t#*:}
			echo "# exit $?"
		done 2>&1' >"$out.raw"
	status=$?
	cat "$out.raw" >&2
	"$TOP/scripts/tests/flatten" ${4:+"$4"} <"$out.raw" >"$out"
	for t in $tests; do
		grep -qE "^(not )?ok - $t: " "$out" || echo "not ok - $t: was not run to its end" >>"$out"
	done
	[ $status -eq 0 ] && echo "ok - guest: no report in the kernel's log" >>"$out" ||
		echo "not ok - guest: ended with status $status" >>"$out"
}
