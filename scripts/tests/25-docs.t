#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Our pages of the kernel's documentation build without a warning.
. "$(dirname "$0")/tap.sh"

if ! listed lay | grep -qx kernel/events; then
	skip "docs: build without a warning" "they quote kernel/events, which is not laid"
else
	"$TOP/scripts/docs" >&2
	it "docs: build without a warning"
fi
"$TOP/scripts/abi-check" >&2
it "docs: the table of the user interface is complete, and names tests that there are"
plan
