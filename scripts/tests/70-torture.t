#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A minute of make torture on the debugging kernel (TORTURE=TIME for longer); FULL=1: on the one that watches for races, too.
# The seed is another one each time; what failed says how to do it again.
. "$(dirname "$0")/tap.sh"

configs=debug
[ -z "${FULL:-}" ] || configs='debug kcsan'
for config in $configs; do
	CONFIG=$config TIME=${TORTURE:-60s} is 0 "$TOP/scripts/torture";	it "$config: ${TORTURE:-60s} of torture"
done
plan
