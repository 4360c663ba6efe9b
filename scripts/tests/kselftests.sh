# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For test groups, sourced after tap.sh: build the kernel's own tests and run them in a guest.

# kselftests ours|stock: build tools/testing/selftests/{perf_events,breakpoints} of one of the trees; print the directory
# where they are installed.  The stock tests are taken from the base, with the Makefile and the flags that they have
# there; of the overlaid tree what is not among them.
kselftests()
{
	local tree obj

	need "to install the kernel's tests" rsync gcc make libc6-dev
	if [ "$1" = stock ]; then
		tree=$("$TOP/scripts/base") obj=$BUILD/stock/kselftest
	else
		tree=$("$TOP/scripts/overlay") obj=$BUILD/kselftest
	fi || return
	rm -rf "$obj/install"
	kmake "$tree" "$obj" -s headers &&
	# These Makefiles want x86, not x86_64, and install all or fail with FORCE_TARGETS.
	ARCH=x86 kmake "$tree/tools/testing/selftests" "$obj" TARGETS="perf_events breakpoints" \
		FORCE_TARGETS=1 KSFT_INSTALL_PATH="$obj/install" CC="ccache gcc" install || return
	if [ "$1" = ours ]; then
		grep -vxFf "$BUILD/stock/kselftest/install/kselftest-list.txt" "$obj/install/kselftest-list.txt" >"$obj/install/list"
	else
		cp "$obj/install/kselftest-list.txt" "$obj/install/list"
	fi
	echo "$obj/install"
}

# run_kselftests OUT KERNEL DIR [STOCK]: plain TAP of the programs in DIR; what hangs or kills the guest fails, and
# what failed in STOCK, an earlier OUT, is marked.  TESTS='COLLECTION:PROGRAM...' runs these only.
run_kselftests()
{
	local out=$1 status tests

	tests=${TESTS:-$(cat "$3/list")}
	# shellcheck disable=SC2016 # the guest expands it
	KERNEL=$2 TIMEOUT=${TIMEOUT:-900} "$TOP/scripts/guest" '
		export PERF_TEST_SCALE='"${PERF_TEST_SCALE:-1} PERF_FAULTS_SECONDS=${PERF_FAULTS_SECONDS:-2}"'
		for t in '"${tests//$'\n'/ }"'; do
			echo "# suite $t"
			cd '"$3"'/${t%:*}
			timeout 300 ./${t#*:}
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
