#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kselftests, ours and the stock ones unmodified, on our kernel.  What fails on the stock kernel as well (QEMU has no
# PMU) is no failure of ours, but told.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/kselftests.sh"

build_kselftests;	it "build"
base=$("$TOP/scripts/base") || exit
ours=$("$TOP/scripts/kernel" ours) && stock=$("$TOP/scripts/kernel" stock) || exit
# The stock tests: those whose source is in the base.
pattern=$(cd "$base/tools/testing/selftests" && printf '%s\n' perf_events/*.c breakpoints/*.c | sed 's,/,:,; s,\.c$,,' | paste -sd'|')
run_kselftests "$work/stock" "$stock" "^($pattern)$"
run_kselftests "$work/ours" "$ours" . "$work/stock"
pass "$work/ours"
plan
