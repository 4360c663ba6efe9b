#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tools/perf-trigger: the worked examples of Documentation/admin-guide/perf/triggers.rst print what stands there, all
# tasks of a command are measured, and what is refused is told in words.
. "$(dirname "$0")/tap.sh"

page=$TOP/Documentation/admin-guide/perf/triggers.rst
need "for perf-trigger" gcc make libc6-dev libpfm4-dev libelf-dev
KERNEL=$("$TOP/scripts/kernel" ours);	it "kernel"
export KERNEL SCRATCH=$work/mnt
mkdir -p "$SCRATCH"
make -s -C "$TOP/tools/perf-trigger" OUTPUT="$SCRATCH/" >&2;	it "builds"

# The program: the first block of code after the headline, and how to build it is its first line.
awk '/^Examples$/ { here = 1 } here && /^  \/\* gcc/ { code = 1 }
	/^\*\*/ { exit } code { print substr($0, 3) }' "$page" \
	>"$SCRATCH/example.c"
build=$(sed -n '1s,/\* \(gcc.*example\) \*/,\1,p' "$SCRATCH/example.c")
(cd "$SCRATCH" && ${build:-false} >&2);	it "the example builds"

# What is typed there after "# ", and what it prints up to the next headline.
awk '/^Examples$/ { here = 1 } here && /^\.\. code-block:: console/ { block = 1; next } block && /^[^ ]/ { block = 0 }
	here && block { print substr($0, 3) } /^In C$/ { exit }' "$page" >"$work/shown"
sed -n 's/^# //p' "$work/shown" >"$SCRATCH/typed"
cat >"$SCRATCH/all" <<'EOF'
cd /mnt
PATH=/mnt:$PATH
while read -r line; do
	echo "# $line"
	eval "$line" </dev/null
done <typed 2>&1
EOF

# Times are not the same twice: their lines, and the histogram of ns.  Nor are the widths of perf's columns.
same() { sed '/^ns, by pass/,/^$/d; / ns$/d; /seconds open/d; s/  */ /g; s/ $//; /^$/d' "$1"; }
"$TOP/scripts/guest" 'bash /mnt/all' >"$work/printed"
cat "$work/printed" >&2
[ "$(grep -c '^# perf-trigger' "$work/shown")" -ge 3 ];	it "there are three examples"
diff <(same "$work/shown") <(same "$work/printed") >&2;	it "they print what is shown"

# In the guest: told NAME STATUS PATTERN ARGUMENTS... of perf-trigger, or eval and a command.
cat >"$SCRATCH/cases" <<'EOF'
cd /mnt
at='--start u:./example:handle --stop r:./example:handle'
told()
{
	local name=$1 want=$2 pattern=$3 status

	shift 3
	[ "$1" = eval ] || set -- ./perf-trigger "$@"
	"$@" >out 2>&1
	status=$?
	[ $status = $want ] && tr -s ' \n' '  ' <out | grep -qE "$pattern" && echo "ok - $name" || {
		echo "not ok - $name"
		echo "# status $status"
		sed 's/^/# /' out
	}
}
many='./example 3 & ./example 4; (./example 2); wait'
told "all tasks are counted" 0 ' 34 page-faults' stat $at -e page-faults -- sh -c "$many"
told "passes of all tasks" 0 \
	' 9 passes .* 34 3\.8 3 4 4 4 4 page-faults' stat --per-pass $at -e page-faults -- sh -c "$many"
told "samples of all tasks" 0 ' 34 samples' record -o data -c 1 $at -e page-faults -- sh -c "$many"
symbols() { perf script -i "$1" -F ip,sym | awk 'NF { print $2 }' | sort | uniq -c | sort -rn; }
told "perf script reads them" 0 '^ 31 use 3 \[unknown\] $' eval 'symbols data'
perf record -q -o /tmp/whole -c 1 -e page-faults ./example 10
told "perf record has all pages" 0 ' 535 use ' eval 'symbols /tmp/whole'
told "fields of tracepoints" 0 'samples' \
	record -o data --start syscalls:sys_enter_getppid --stop syscalls:sys_exit_munmap \
	-e syscalls:sys_enter_mmap -- ./example 5
told "perf script prints fields" 0 'sys_enter_mmap: .*len: 0x000' eval 'perf script -i data'
told "the status is the command's" 7 'page-faults' stat $at -e page-faults -- sh -c 'exit 7'
told "or its signal" 137 'samples' record -o data $at -e page-faults -- sh -c 'kill -9 $$'
told "no such function" 125 'has no function nothing' \
	stat --start u:./example:nothing --stop r:./example:handle -e cs -- true
told "no such function of the kernel" 125 'the kernel has no such function' \
	stat --start k:nothing_ --stop k:nothing_ -e cs -- true
told "where no probe may be" 125 'forbids a probe' stat --start k:do_int3 --stop k:do_int3 -e cs -- true
told "no such breakpoint" 125 'no breakpoint of that length' stat --start mem:1/3:x --stop mem:1/3:x -e cs -- true
told "no such event" 125 'instructions cannot be a trigger: this machine does not have it' \
	stat --start instructions --stop instructions -e cs -- true
told "no such target" 125 'instructions cannot be a target' stat $at -e instructions -- true
told "no such name" 125 'nope: event not found' stat $at -e nope -- true
told "no such tracepoint" 125 'no tracepoint no:such' stat $at -e t:no:such -- true
chmod 755 /mnt
setpriv --reuid 1000 ./perf-trigger stat $at -e cs -- true 2>&1 | grep -q 'only root may probe' &&
	echo "ok - not for everybody" || echo "not ok - not for everybody"
EOF
"$TOP/scripts/guest" 'bash /mnt/cases' >"$work/cases"
it "guest: no report in the kernel's log"
cat "$work/cases" >&2
grep -E '^(not )?ok' "$work/cases" >"$work/tap"
pass "$work/tap"

# Half of the passes use 3 pages, the others 4: a turn of the loop more.
exact="instructions, by pass, are exact"
if QEMU=$("$TOP/scripts/qemu/build"); then
	QEMU=$QEMU MACHINE=skylake "$TOP/scripts/guest" 'cd /mnt; ./perf-trigger stat --per-pass --start u:./example:handle \
		--stop r:./example:handle -e instructions:u,page-faults -- ./example 20 2>&1' >"$work/exact"
	cat "$work/exact" >&2
	[ "$(sed -n '/^instructions:u, by/,/^$/p' "$work/exact" |
		awk '$1 ~ /^[0-9]/ { print $2 }' | xargs)" = "10 10" ];	it "$exact"
else
	skip "$exact" "no test machine"
fi
plan
