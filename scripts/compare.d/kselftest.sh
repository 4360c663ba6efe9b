# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# The base's kselftests, unchanged: perf_events and breakpoints.  ftrace and mm have none that uses perf events
# (perf_event_open occurs in neither); user_events has one, which the configuration is without.
packages=(rsync gcc make libc6-dev perl)

host()
{
	. "$TOP/scripts/tests/kselftests.sh"
	kselftests stock >"$here/where"
}

guest()
{
	local dir t ok rest name

	dir=$(cat "$here/where")
	while IFS= read -r t; do
		wanted "${t#*:}" || [[ "$only" = *"${t#*:}"* ]] || continue
		echo "# suite $t"
		(cd "$dir/${t%:*}" && bounded "./${t#*:}" 2>&1)
		echo "# exit $?"
	done <"$dir/list" | tee /tmp/raw | sed 's/^/    /'
	while read -r ok rest; do
		name=${rest%% # *}
		case $rest in
		*' # SKIP '*) result skip "$name" "${rest#* # SKIP }" ;;
		*)            result "$ok" "$name" ;;
		esac
	done < <("${BASH_SOURCE[0]%/*}/../tests/flatten" </tmp/raw | sed 's/^not ok - /FAIL /; s/^ok - /ok /')
}
