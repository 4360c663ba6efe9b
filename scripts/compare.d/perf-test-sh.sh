# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# perf test's shell scripts, each alone.
. "${BASH_SOURCE[0]%/*}/perf-test.sh"
packages+=(bc iputils-ping)
from=79 to=999
limit=60 quick=''
