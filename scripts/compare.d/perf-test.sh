# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# perf test, each number of it alone.  perf is Debian's, of 6.1; its shell tests are the part perf-test-sh.
packages=(linux-perf gcc libc6-dev python3)
quick='4.1 *|20 *|21 *|22 *|23.1 *|25 *|35 *|50 *|51 *|73 *'
seconds=900
from=1 to=78

# Each number may tell several lines: itself, or its subtests.
number()
{
	local n=$1 out=/tmp/number.out status=0 line seen=0

	bounded perf test "$n" >$out 2>&1 || status=$?
	printf '\n# perf test %s (status %s)\n' "$n" "$status"
	tail -c 3000 $out | tr -d '\0' | sed 's/^/    /'
	while IFS= read -r line; do
		[[ $line =~ ^\ *([0-9]+)([.:][0-9]+)?\ *:\ (.*[^ ])\ *:\ (Ok|Skip|FAILED!)(.*)$ ]] || continue
		line="${BASH_REMATCH[1]}${BASH_REMATCH[2]/:/.} ${BASH_REMATCH[3]}"
		seen=1
		case ${BASH_REMATCH[4]} in
		Ok)      result ok "$line" ;;
		Skip)    result skip "$line" "${BASH_REMATCH[5]# }" ;;
		FAILED!) result FAIL "$line" "${BASH_REMATCH[5]# }" ;;
		esac
	done < <(tr -d '\0\r' <$out)
	[ "$status" != 124 ] && [ $seen = 1 ] || result FAIL "$2" "ended with status $status"
}

guest()
{
	local names n name sub

	perf test list >/tmp/names 2>&1
	for ((n = from; n <= to; n++)); do
		name=$(sed -n "s/^ *$n: /$n /p" /tmp/names)
		[ -n "$name" ] || break
		sub=$(sed -n "s/^ *$n:\([0-9]*\): /$n.\1 /p" /tmp/names)
		while IFS= read -r names; do
			wanted "$names" || continue
			number "$n" "$name"
			break
		done <<<"${sub:-$name}"
	done
}
