# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script here needs; sourced, not run.  Progress goes to stderr: stdout is for results.
set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$(realpath -m "${BUILD:-$TOP/build}")
ARCH=${ARCH:-x86_64}
CONFIG=${CONFIG:-quick}

say() { printf '==> %s\n' "$*" >&2; }
die() { printf '==> error: %s\n' "$*" >&2; exit 1; }

# need WHY PACKAGE...: install with apt what is missing, after saying what and why.
need()
{
	local why=$1 pkg missing=()

	shift
	for pkg; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$pkg" 2>/dev/null)" = installed ] || missing+=("$pkg")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || die "not installed, but needed $why; as root: apt-get install ${missing[*]}"
	say "not installed, but needed $why: ${missing[*]}; installing with apt-get"
	apt-get -qq update >&2
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600 \
		install --no-install-recommends "${missing[@]}" >&2 </dev/null
}

# listed lay|drop: these paths of scripts/overlay.list
listed()
{
	awk -v full="${OVERLAY:-}" -v what="$1" \
		'$2 == what && ($1 == "always" || full == "full") { print $3 }' "$TOP/scripts/overlay.list"
}

# The object directory of one kernel: objdir ours|stock
objdir()
{
	case $1 in
	ours)  echo "$BUILD/$ARCH-$CONFIG" ;;
	stock) echo "$BUILD/stock/$ARCH-$CONFIG" ;;
	*)     die "which kernel: ours or stock, not '$1'" ;;
	esac
}

# For a guest's command: show what kmemleak finds, and fail.  An object must be some seconds old to be taken for lost.
# shellcheck disable=SC2016,SC2034 # the guest expands it
no_leaks='
	kmemleak=/sys/kernel/debug/kmemleak
	echo scan >$kmemleak; sleep 6; echo scan >$kmemleak
	cat $kmemleak
	[ -z "$(cat $kmemleak)" ]'

# machines: the names of scripts/qemu/machines; machine_cpu NAME: QEMU's -cpu for one, nothing if there is none
machines() { awk '/^[a-z]/ { print $1 }' "$TOP/scripts/qemu/machines"; }
machine_cpu() { awk -v name="$1" '$1 == name { print $2 }' "$TOP/scripts/qemu/machines"; }

need_compiler()
{
	need "to build a kernel" gcc make flex bison bc cpio libelf-dev libssl-dev lz4 python3 ccache dwarves
	[ "$ARCH" != arm64 ] || need "to build for arm64" gcc-aarch64-linux-gnu
}

# kmake TREE OBJDIR ARGS...: the kernel's make, with ccache and nothing inherited from our own make
# (its command line would override variables of the kernel's Makefiles).
kmake()
{
	local tree=$1 obj=$2 cross=

	shift 2
	[ "$ARCH" != arm64 ] || cross=aarch64-linux-gnu-
	# One user's compiler cache serves all clones: paths below BUILD are taken as relative.
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL -u BASE -u BUILD -u CMD -u CONFIG -u KERNEL -u ARGS -u FILES \
		CCACHE_BASEDIR="$BUILD" CCACHE_NOHASHDIR=1 \
		KBUILD_BUILD_TIMESTAMP='Thu Jan 1 00:00:00 UTC 2026' KBUILD_BUILD_VERSION=1 \
		KBUILD_BUILD_USER=perf KBUILD_BUILD_HOST=localhost \
		make --no-print-directory -C "$tree" O="$obj" ARCH="$ARCH" CROSS_COMPILE="$cross" \
		CC="ccache ${cross}gcc" HOSTCC="ccache gcc" -j"$(nproc)" "$@" </dev/null >&2
}

# configure TREE OBJDIR FRAGMENT...: what the fragments say, the later one wins; all else is off, or what ALL=allmodconfig
# makes of it.  Again only when they changed, or a patch of ours, which may be to a Kconfig file.
configure()
{
	local tree=$1 obj=$2 wanted key f sym value got

	shift 2
	for f; do
		[ -e "$f" ] || die "no such configuration: CONFIG=$CONFIG ARCH=$ARCH (there is no $f)"
	done
	wanted=$(sed -n 's/^\(CONFIG_[A-Z0-9_]*\)=/\1 /p' "$@" | awk '{ v[$1] = $2 } END { for (s in v) print s "=" v[s] }' | sort)
	key=$(echo "$tree $wanted"; cat "$TOP"/patches/*.patch 2>/dev/null || true)
	[ ! -e "$obj/.config" ] || [ "$(cat "$obj.configured" 2>/dev/null)" != "$key" ] || return 0
	say "configuring ${obj##*/}"
	rm -f "$obj.configured"
	echo "$wanted" >"$obj.wanted"
	KCONFIG_ALLCONFIG="$obj.wanted" kmake "$tree" "$obj" -s "${ALL:-allnoconfig}"
	# Kconfig drops silently what depends on something that is off.
	while IFS='=' read -r sym value; do
		got=$(sed -n "s/^$sym=//p" "$obj/.config")
		[ "${got:-n}" = "$value" ] || say "warning: $sym=$value was asked for, but is ${got:-n}"
	done <<<"$wanted"
	echo "$key" >"$obj.configured"
}
