# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# How a check is judged in the guest, and the commands that checks are made of.  scripts/tests/45-machine.t puts it before
# checks.sh or faults.sh and sets: machine, its name; words, what it has (expected); banner; programs, where they are.
#
# Of each check there is one value, a line of text that a command prints; it must match a pattern, and the kernel must
# not have logged anything at the level of a warning or above meanwhile, but what MAY says.  Results are TAP.
declare -- gp='' fixed='' version='' core=cpu MAY=''
for word in $words; do
	[[ $word != *=* ]] || declare "$word"
done
data=/tmp/perf.data
seen=0
cd /tmp || exit

# Those since the last call, but what MAY be.
warnings()
{
	dmesg -r | grep '^<[0-4]>' >/tmp/warnings
	tail -n +$((seen + 1)) /tmp/warnings | grep -vE "${MAY:-^$}"
}

# has WORD...: has this machine all of them?  !WORD: not?
has()
{
	local word

	for word; do
		case $word in
		!*) [[ " $words " != *" ${word#!} "* ]] || return ;;
		*)  [[ " $words " = *" $word "* ]] || return ;;
		esac
	done
}

# t NAME 'WORD...' PATTERN COMMAND...: a check of the machines that have the words.
t()
{
	local name=$1 where=$2 want=$3 got told

	shift 3
	# shellcheck disable=SC2086
	has $where || return 0
	got=$("$@" 2>&1 | tr -s ' \n' '  ')
	got=${got# } got=${got% }
	told=$(warnings)
	seen=$(wc -l </tmp/warnings)
	# shellcheck disable=SC2053
	if [[ $got = $want && ! $told ]]; then
		echo "ok - $machine: $name"
		return
	fi
	echo "not ok - $machine: $name"
	echo "#   command:  $*"
	echo "#   expected: $want"
	echo "#   got:      ${got:0:1000}"
	[ -z "$told" ] || head -n 20 <<<"$told" | sed 's/^/#   logged:   /'
}

# count EVENTS PROGRAM...: how many of each; with the share of the time behind it, if an event had not all of it.
count()
{
	perf stat -x, -o /tmp/stat -e "$1" -- "$programs/$2" "${@:3}" >/dev/null || return
	awk -F, 'NF > 4 { printf "%s%s ", $1, $5 < 100 ? "@" $5 : "" }' /tmp/stat
}

# record OPTION... -- PROGRAM...
record()
{
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	perf record -q -B -N -o "$data" "${options[@]}" -- "$programs/$2" "${@:3}" >/dev/null
}

script() { perf script -i "$data" "$@" 2>/dev/null; }

tally() { sort | uniq -c | sort -k1,1nr -k2,2; }

# sites OPTION... -- PROGRAM...: where samples are: so many, symbol+offset
sites() { record "$@" && script -F ip,sym,symoff | awk '{ print $2 }' | tally; }

# samples OPTION... -- PROGRAM...: how many there are, how many NMIs and how many PMIs came meanwhile
samples()
{
	local nmi pmi

	nmi=$(interrupts NMI) pmi=$(interrupts PMI)
	record "$@" && echo "$(script -F ip | wc -l) $(($(interrupts NMI) - nmi)) $(($(interrupts PMI) - pmi))"
}

# on MASK COMMAND...: on these CPUs
on()
{
	taskset -p "$1" $BASHPID >/dev/null
	"${@:2}"
}

# interrupts ROW: the sum of all CPUs
interrupts()
{
	awk -v row="$1:" '$1 == row { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /proc/interrupts
}

# branches OPTION... -- PROGRAM...: the different branches in the second half of the samples, from/to
branches()
{
	record "$@" && script -F brstacksym >/tmp/branches &&
		tail -n $(($(wc -l </tmp/branches) / 2)) /tmp/branches | tr -s ' ' '\n' | grep / | cut -d/ -f1,2 | sort -u
}

# msr ARGUMENT...: of CPU 0
msr() { "$programs/msr" 0 "$@"; }

# within LOW HIGH VALUE...: "yes" if all are
within()
{
	local v

	[ $# -gt 2 ] || echo 'no value'
	for v in "${@:3}"; do
		[[ $v =~ ^[0-9]+$ && $v -ge $1 && $v -le $2 ]] || { echo "${*:3}: not within $1 and $2"; return; }
	done
	echo yes
}

sysctl() { echo "$2" >"/proc/sys/kernel/$1"; }

# Samples without the watchdog's, and as many as one likes.  Of the two limits the first, when written, resets the other.
quiet()
{
	has none || sysctl nmi_watchdog 0
	sysctl perf_event_max_sample_rate 10000000
	sysctl perf_cpu_time_max_percent 0
	warnings >/dev/null		# that this can hang the system
	seen=$(wc -l </tmp/warnings)
}
