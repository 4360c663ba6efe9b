#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Side by side with the stock kernel (scripts/compare): a few lines of some clients; all of it is
# "make compare".  First, that the comparison sees a difference.
. "$(dirname "$0")/tap.sh"

report=$TOP/scripts/compare.d/report
mkdir -p "$work/none"
lines() { printf '%s\n' '# kernel 1' "$@"; }
lines 'ok a: one' 'FAIL a: two' 'skip a: three # why' >"$work/none/a.stock"
lines 'ok a: one' 'ok a: two' 'skip a: three # why' >"$work/none/a.ours"
is 0 "$report" "$work" none;	it "report: what is no worse passes"
for worse in 'FAIL a: one' 'skip a: one # why' 'ok a: other'; do
	lines "$worse" 'FAIL a: two' >"$work/none/a.ours"
	is 1 "$report" "$work" none;	it "report: fails with '${worse%% #*}'"
done
rm "$work/none/a.ours"
is 1 "$report" "$work" none;	it "report: fails when ours was not run"

# Results of its own, so that those of make compare stay.
IMAGE=${IMAGE:-$("$TOP/scripts/kernel" ours)} && STOCK_IMAGE=${STOCK_IMAGE:-$("$TOP/scripts/kernel" stock)}
it "kernels"
export IMAGE STOCK_IMAGE RESULTS=$BUILD/compare-quick MACHINES=none
rm -rf "$RESULTS"/none
"$TOP/scripts/compare" -q >&2
[ -s "$RESULTS/none/perf-test.ours" ];	it "both kernels were run"
# What fails on stock as well is told; what is skipped there, and what failed at a first try, is not.
for stock in "$RESULTS"/none/*.stock; do
	bad=$("$report" -d "${stock%.stock}")
	while read -r state name; do
		name=${name%% # *}
		if [ "$state" = FAIL ]; then
			echo "not ok - $name # TODO fails on the stock kernel"
		elif [ "$state" = skip ]; then
			echo "ok - $name # SKIP on the stock kernel"
		elif grep -qxF "$name" <<<"$bad"; then
			echo "not ok - $name"
		else
			echo "ok - $name"
		fi
	done < <(grep -v '^#' "$stock")
done >"$work/tap"
pass "$work/tap"
plan
