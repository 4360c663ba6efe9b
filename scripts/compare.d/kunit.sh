# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# The stock KUnit suite of hardware breakpoints, built into both kernels, at boot.
append='kunit.enable=1 kunit.filter_glob=hw_breakpoint*'
packages=(perl)

guest()
{
	local ok name rest

	dmesg >/tmp/log
	while read -r ok name; do
		rest=${name#*# SKIP }
		name=${name%% #*}
		[ "$rest" = "$name" ] || [[ $rest = *'#'* ]] || { result skip "$name" "$rest"; continue; }
		result "$ok" "$name"
	done < <("${BASH_SOURCE[0]%/*}/../tests/flatten" </tmp/log | sed 's/^not ok - /FAIL /; s/^ok - /ok /')
	grep -E '# hw_breakpoint|ok [0-9]' /tmp/log | sed 's/^/    /'
}
