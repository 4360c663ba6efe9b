#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The overlay: puts together what it should, touches what changed, and never the base.
. "$(dirname "$0")/tap.sh"

# A small repository, and a small base.
repo=$work/repo b=$work/base tree=$work/repo/build/linux
mkdir -p "$repo/patches" "$b/kernel" "$b/lib"
cp -r "$TOP/scripts" "$repo"
overlay() { env -u BUILD -u OVERLAY BASE="$b" "$repo/scripts/overlay" >&2; }
printf 'VERSION = 6\nPATCHLEVEL = 12\n' >"$b/Makefile"
printf 'Maintainers List\n\nALPHA\nS:\tMaintained\n\nGAMMA\nS:\tOrphan\n\nTHE REST\nF:\t*\n' >"$b/MAINTAINERS"
for f in kernel/same kernel/gone kernel/stays lib/patched; do
	echo "stock $f" >"$b/$f"
done
(cd "$b" && find . -type f -exec cksum {} + | sort) >"$work/sums"
printf 'GAMMA\nS:\tMaintained\n' >"$repo/MAINTAINERS"
printf 'always lay kernel\nfull lay other\nalways drop kernel/gone\n' >"$repo/scripts/overlay.list"
mkdir "$repo/kernel" "$repo/other"
echo ours | tee "$repo/kernel/same" "$repo/kernel/new" >"$repo/other/file"
printf -- '--- a/lib/patched\n+++ b/lib/patched\n@@ -1 +1 @@\n-stock lib/patched\n+patched\n' >"$repo/patches/1.patch"

overlay && [ "$(cd "$tree" && cat kernel/* lib/*)" = $'ours\nours\nstock kernel/stays\npatched' ]
it "overlay: lays, drops and patches"
[ "$(grep -A1 GAMMA "$tree/MAINTAINERS")" = "$(cat "$repo/MAINTAINERS")" ];	it "overlay: our entry in MAINTAINERS stands for the stock one"
printf 'BETA\nS:\tMaintained\n' >"$repo/MAINTAINERS"
overlay && [ "$(grep -x '[A-Z]*' "$tree/MAINTAINERS" | xargs)" = "ALPHA BETA GAMMA" ];	it "overlay: or comes in alphabetical order"
find "$tree" -exec touch -d 2020-01-01 {} +
echo changed >"$repo/kernel/new"
overlay && [ "$(find "$tree" -type f -newermt 2021-01-01)" = "$tree/kernel/new" ];	it "overlay: touches only what changed"
sed -i 's/^+patched/+again/' "$repo/patches/1.patch"
overlay && [ "$(cat "$tree/lib/patched")" = again ];	it "overlay: a changed patch is applied anew"
sed -i 's/^-stock.*/-other/' "$repo/patches/1.patch"
is 1 overlay && [ "$(cat "$tree/lib/patched")" = again ];	it "overlay: a patch that does not apply stops it"
rm -r "$repo/kernel" "$repo/patches"
echo 'full lay other' >"$repo/scripts/overlay.list"
overlay && ! diff -r "$b" "$tree" | grep -v MAINTAINERS | grep . >&2;	it "overlay: what is ours no more becomes the stock one"
(cd "$b" && find . -type f -exec cksum {} + | sort) | cmp - "$work/sums" >&2;	it "overlay: does not touch BASE"
touch "$b/.config"
is 1 overlay;	it "overlay: refuses a base with a build in it"
plan
