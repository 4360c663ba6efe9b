# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For test groups, sourced: results as TAP on stdout; all else goes to the group's log, which is stderr.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
set +e

work=$(mktemp -d "${TMPDIR:-/tmp}/perf-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
tests=0

# Told by the status of the command before: it NAME
it()
{
	local status=$?

	tests=$((tests + 1))
	[ $status -eq 0 ] && echo "ok - $1" || echo "not ok - $1"
}

skip() { tests=$((tests + 1)); echo "ok - $1 # SKIP $2"; }

# Results that come from elsewhere as plain TAP: pass FILE
pass() { tests=$((tests + $(grep -cE '^(not )?ok' "$1"))); cat "$1"; }

# is EXPECTED COMMAND...: its exit status
is()
{
	local want=$1 status

	shift
	"$@" >&2
	status=$?
	[ $status -eq "$want" ] || { say "status $status instead of $want: $*"; return 1; }
}

# QEMU: the test machine's, built unless it is given.  The group is skipped where its source cannot be had.
need_machine()
{
	local status

	[ -n "${QEMU:-}" ] || QEMU=$("$TOP/scripts/qemu/build" 2>"$work/why")
	status=$?
	[ ! -e "$work/why" ] || cat "$work/why" >&2
	[ $status -ne 2 ] || { echo "1..0 # SKIP $(tail -n 1 "$work/why" | sed 's/^==> //')"; exit 0; }
	(exit "$status")
	it "QEMU builds"
	[ $status -eq 0 ] || { plan; exit; }
	export QEMU
}

plan() { echo "1..$tests"; }
