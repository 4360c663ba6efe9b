#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# KUnit, built into the kernel and run at its boot.
. "$(dirname "$0")/tap.sh"

KERNEL=$("$TOP/scripts/kernel" ours) || exit
export KERNEL
APPEND='kunit.enable=1' is 0 "$TOP/scripts/guest" 'dmesg' >"$work/log" 2>&1;	it "guest: no report in the kernel's log"
cat "$work/log" >&2
"$TOP/scripts/tests/flatten" <"$work/log" >"$work/tap"
[ -s "$work/tap" ];	it "guest: KUnit ran"
pass "$work/tap"
plan
