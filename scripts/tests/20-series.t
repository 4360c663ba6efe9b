#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make series: it applies to the base with git am and ends in the overlaid tree.
. "$(dirname "$0")/tap.sh"

base=$("$TOP/scripts/base") && series=$("$TOP/scripts/series");	it "series: can be written"
tree=$BUILD/linux

# A repository of the directories and files that the series touches.
mkdir "$work/tree"
cd "$work/tree" || exit
while read -r path; do
	[ ! -e "$base/$path" ] || (cd "$base" && cp --parents -p "$path" "$work/tree")
done <"$BUILD/linux.touched"
export GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost
git init -q . && git add -A -f && git commit -q --allow-empty -m base >&2
find "$series" -name '*.patch' ! -name '0000-*' | sort | xargs git am -q >&2;	it "series: applies with git am"
bad=0
while read -r path; do
	[ ! -e "$tree/$path" ] && [ ! -e "$path" ] || cmp "$tree/$path" "$path" >&2 || bad=1
done <"$BUILD/linux.touched"
[ $bad = 0 ];	it "series: ends in the overlaid tree"
cat "$series/0000-cover-letter.patch" >&2 && ! grep -q 'BLURB HERE' "$series/0000-cover-letter.patch";	it "series: has a cover letter"

# All other files of the overlaid tree are the base's.
diff -rq "$base" "$tree" | sed -E "s,^Files $base/(.*) and .* differ$,\1,; s,^Only in ($base|$tree)/?(.*): (.*)$,\2/\3," |
	sort >"$work/differ"
while read -r path; do
	# A directory that only one has is told by its name alone.
	grep -qE "^$path(/|$)" "$BUILD/linux.touched" || echo "$path"
done <"$work/differ" >"$work/stray"
cat "$work/stray" >&2
[ ! -s "$work/stray" ];	it "overlay: changes no other file of the base"

# Each patch builds, in a tree of its own; the first build takes minutes.
if [ "${FULL:-0}" = 1 ]; then
	export BUILD=$BUILD/each
	rm -rf "$BUILD/linux"
	mkdir -p "$BUILD/linux"
	tar -C "$base" --exclude=./.git -c . | tar -C "$BUILD/linux" -x
	for patch in "$series"/*.patch; do
		case $patch in */0000-*) continue ;; esac
		rm -f "$(objdir ours).configured"	# a patch may be to a Kconfig file
		(patch -d "$BUILD/linux" -p1 -s -E <"$patch" && need_compiler && mkdir -p "$(objdir ours)" &&
			configure "$BUILD/linux" "$(objdir ours)" "$TOP/scripts/config/quick.config" "$TOP/scripts/config/quick-x86_64.config" &&
			kmake "$BUILD/linux" "$(objdir ours)" bzImage) >&2
		it "series: builds after $(basename "$patch")"
	done
else
	skip "series: each patch builds" "takes minutes: make test-full"
fi
plan
