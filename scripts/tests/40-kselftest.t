#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kselftests on our kernel: the stock ones and ours.  What fails on the stock kernel as well, for instance because QEMU
# has no PMU, is no failure of ours, but told.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/kselftests.sh"

ours=$("$TOP/scripts/kernel" ours) && stock=$("$TOP/scripts/kernel" stock);	it "kernels"
stocktests=$(kselftests stock);	it "stock tests build"
ourtests=$(kselftests ours);	it "our tests build"
run_kselftests "$work/before" "$stock" "$stocktests"
run_kselftests "$work/stock" "$ours" "$stocktests" "$work/before"
pass "$work/stock"
if [ -s "$ourtests/list" ]; then
	run_kselftests "$work/ours" "$ours" "$ourtests"
	pass "$work/ours"
fi
plan
