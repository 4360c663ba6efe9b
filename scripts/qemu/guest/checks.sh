# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# All checks of a machine that need no boot of their own, after judge.sh.  A row a check: the name; where, words of the
# file expected (!word: not there); the pattern that the value must match; the command that prints the value.  What a
# program executes is said at its top, and each number here follows from that.
echo "# kernel $(uname -r)"

# ---- how the kernel came up ----

driver() { dmesg | sed -n 's/.*\] Performance Events: //p'; }
found() { dmesg | sed -n "s/.*\\] \\.\\.\\. $1: *//p"; }
counters() { found 'generic registers'; found 'fixed-purpose events'; found version; }
takes_counter() { dmesg | grep -c 'NMI watchdog: Enabled. Permanently consumes one hw-PMU counter'; }
# 1110 million cycles on CPU 1; it fires after 1000 million, a second.
fires()
{
	local before

	sysctl watchdog_thresh 1
	before=$(interrupts NMI)
	# shellcheck disable=SC2046
	taskset 2 "$programs/loop" $(seq 110)
	within 1 3 $(($(interrupts NMI) - before))
	sysctl watchdog_thresh 30
}

MAY='kvm_(intel|amd): '		# that there is nothing for it here
t 'no warning at boot'                     ''       ''               true
MAY=
t 'the driver and what it has'             ''       "$banner"        driver
t 'counters: general, fixed; version'      pmu      "$gp $fixed $version"  counters
t 'the watchdog takes a counter'           pmu      1                takes_counter
t 'the watchdog fires'                     pmu      yes              fires
quiet

# ---- counts in user mode, exact ----

four='cycles:u,instructions:u,branches:u,instructions:u'
branch=0xc4
! has amd || branch=0xc2
counts_of_four='10000007 10000007 2500002 10000007'
# In a group, so that they count the same instructions.
user_and_kernel() { count '{instructions:u,instructions:k,instructions}' loop | awk '{ print $1, $1 + $2 == $3 ? "exact" : $0 }'; }
# Twelve of one event, more than counters: each runs a part of the time, and the scaled counts are near.
scaled()
{
	# shellcheck disable=SC2046
	count "$(printf 'branches:u%.0s,' {1..11})branches:u" loop $(seq 29) | tr ' ' '\n' | awk -F@ -v want=75000031 '
		NF == 2 { shared++ }
		$1 != "" && ($1 < want * 0.98 || $1 > want * 1.02) { print "far: " $1 }
		END { print shared ? "shared" : "not shared" }'
}

t 'a software event'                       ''       0                count emulation-faults:u loop
t 'no hardware event without a PMU'        none     '<not supported>' count cycles:u loop
t 'instructions'                           pmu      10000007         count instructions:u loop
t 'cycles'                                 pmu      10000007         count cycles:u loop
t 'branches'                               pmu      2500002          count branches:u loop
t 'reference cycles'                       ref      10000007         count ref-cycles:u loop
t 'four, each for itself'                  pmu      "$counts_of_four"  count "$four" loop
t 'four in a group'                        pmu      "$counts_of_four"  count "{$four}" loop
t 'three turns'                            pmu      '30000013 7500004' count instructions:u,branches:u loop 1 2
t 'a repeated string instruction'          pmu      '7 1000007'      count instructions:u,cycles:u rep
t 'two processes on two CPUs'              pmu      20000044         count instructions:u pair
t 'two processes in turns on one CPU'      pmu      20000043         count instructions:u pair 1
t 'user and kernel mode are all'           global   '10000007 exact' user_and_kernel
t 'more events than counters: within 2 %'  pmu      shared           scaled
t 'CMASK: no cycle; with INV all'          intel    '0 10000007'     count "$core/event=0xc0,cmask=16/u,$core/event=0xc0,cmask=16,inv/u" loop
t 'CMASK and EDGE: each branch'            pmu      2500002          count "$core/event=$branch,cmask=1,edge/u" loop

# ---- branches of each kind ----

# kinds PREFIX UMASK...: what the program kinds has of these
kinds() { count "$(printf "$core/$1%s/u\n" "${@:2}" | paste -sd,)" kinds; }

t 'branches, calls, returns, taken'        intel    '9001 2000 2000 7999'  kinds event=0xc4,umask= 0x00 0x02 0x08 0x20
t 'far ones'                               intel    1                kinds event=0xc4,umask= 0x40
t 'conditional ones'                       version=4  3000           kinds event=0xc4,umask= 0x01
t 'conditional ones: taken, not taken'     'intel !version=4'  '1999 1001'  kinds event=0xc4,umask= 0x01 0x10
t 'branches, taken, returns, indirect, conditional, far'  amd  '9001 8000 2000 2000 3000 1'  kinds event= 0xc2 0xc4 0xc8 0xcc 0xd1 0xc6

# ---- RDPMC in user mode ----

unpermitted() { "$programs/rdpmc" no; echo $?; }

t 'rdpmc'                                  pmu      'loop 2005 2005 read between'  "$programs/rdpmc"
t 'rdpmc without permission: SIGSEGV'      pmu      '*139'           unpermitted

# ---- samples ----

# The 100000th cycle of the loop, and each 1000th instruction, is its second instruction, as two come before the loop;
# a sample is where the next one is.  The last of the 2500000 branches is not taken.
second='loop+0x8'
# The periods of the last samples of 300 ms.
converged()
{
	# shellcheck disable=SC2046
	record -F 1000 -e cycles:u -- loop $(seq 29)
	# shellcheck disable=SC2046
	within 950000 1050000 $(script -F period | tail -n 50)
}
# Each process's loop is 100 periods long, and begins anywhere in one.
all_cpus()
{
	record -a -e cycles:u -c 100000 -- pair
	# shellcheck disable=SC2046
	within 99 101 $(script -F comm,cpu | awk '$1 == "pair" { n[$2]++ } END { for (cpu in n) print n[cpu]; if (length(n) != 2) print "CPUs" }')
}

t 'every 100000th cycle'                   pmu      "100 $second"    sites -e cycles:u -c 100000 -- loop
t 'every 1000th instruction'               pmu      "10000 $second"  sites -e instructions:u -c 1000 -- loop
t 'every 10000th branch'                   pmu      '249 loop+0x0 1 loop_end+0x0'  sites -e branches:u -c 10000 -- loop
t 'as many NMIs and PMIs as samples'       pmu      '1000 1000 1000' samples -e cycles:u -c 10000 -- loop
t 'a frequency'                            pmu      yes              converged
t 'perf record -a'                         pmu      yes              all_cpus

# ---- branch records ----

chains()
{
	record --call-graph lbr -e cycles:u -c 10007 -- calls &&
		script -F ip,sym | awk -v RS= '{ s = $2; for (i = 4; i <= NF; i += 2) s = s "<" $i } s ~ /^leaf/ { print s }' | sort -u
}
# What leads into the kernel, from wherever: those that lead elsewhere
kernel_only()
{
	record -j any,k -e cycles:k -c 5003 -- loop
	script -F brstack | tr -s ' ' '\n' | awk -F/ 'NF > 1 { n++ } NF > 1 && $2 !~ /^0xf/ { print } END { print (n > 100 ? "many" : "few") }'
}

t 'perf record -b'                         lbr      'loop+0xa/loop+0x0'  branches -b -e cycles:u -c 100003 -- loop
t 'perf record -j any_call'                lbr      '_start+0x8/a+0x0 a+0x0/b+0x0 b+0x0/c+0x0 c+0x1/leaf+0x0'  branches -j any_call,u -e cycles:u -c 10007 -- calls
t 'perf record -j any_ret'                 lbr      'a+0x5/_start+0xd b+0x5/a+0x5 c+0x6/b+0x5 leaf+0x9/c+0x6'  branches -j any_ret,u -e cycles:u -c 10007 -- calls
t 'perf record -j any,k'                   lbr      many             kernel_only
t 'perf record --call-graph lbr'           stack    'leaf<c<b<a<_start'  chains

# ---- PEBS, BTS, loads and stores ----

# The one that overflowed; with one "p" the driver says where the next one is.
first='loop+0x4'
# Every 1000th without a PMI each: records are collected.
collected()
{
	local n

	# shellcheck disable=SC2207
	n=($(samples -e cycles:upp -c 1000 -- loop))
	echo "${n[0]}" "$(within 1 1000 "${n[2]}")"
}
# memory PERIOD OPTION...: of the samples that have an address of data, where in user mode they are; how many of the
# addresses are not in the program's array
memory()
{
	perf mem record "${@:2}" -o "$data" -- -c "$1" "$programs/walk" >/dev/null 2>&1
	script -F comm,ip,sym,symoff,addr | awk '$1 == "walk" && $2 != 0 && $3 !~ /^f/ { site[$4]++; if ($2 !~ /^6[0-7]....$/) far++ }
		END { for (s in site) print s, (site[s] > 100 ? "often" : site[s]); print "wrong: " far + 0 }' | sort
}

t 'every 100000th cycle:p'                 pebs     "100 $second"    sites -e cycles:up -c 100000 -- loop
t 'every 100000th cycle:pp'                pebs     "100 $first"     sites -e cycles:upp -c 100000 -- loop
t 'every 100000th cycle:ppp'               pebs     "100 $first"     sites -e cycles:uppp -c 100000 -- loop
t 'every 10000th branch:pp'                pebs     '250 loop+0xa'   sites -e branches:upp -c 10000 -- loop
t 'many records, few PMIs'                 pebs     '10000 yes'      collected
t 'each taken branch, by BTS'              bts      '7999 *'         samples -e branches:u -c 1 -- kinds
t 'perf mem record: loads and stores'      ibs      'walk_load+0x0 often walk_store+0x0 often wrong: 0'  memory 1008
t 'perf mem record: loads'                 mem      'walk_load+0x0 often wrong: 0'   memory 1009 -t load
t 'perf mem record: stores'                mem      'walk_store+0x0 often wrong: 0'  memory 1009 -t store

# ---- topdown ----

# Slots are four a cycle.  The model's shares are fixed: of 255 they are 102, 17, 51, 85.  There may be more levels.
topdown='{slots,topdown-retiring,topdown-bad-spec,topdown-fe-bound,topdown-be-bound}:u'
topdown_all()
{
	perf stat --topdown -a -x, -o /tmp/stat -- "$programs/loop" 2>/dev/null	# that it takes the P-cores'
	grep '^[0-9]' /tmp/stat
}

t 'topdown slots and metrics'              metrics  '40000028 16000011 2666668 8000005 13333342'  count "$topdown" loop
t 'perf stat --topdown -a'                 metrics  '40.0,6.7,20.0,33.3,*'  topdown_all

# ---- P-cores and E-cores: CPU 0 and 1 ----

pmus() { (cd /sys/bus/event_source/devices && cat cpu_core/cpus cpu_atom/cpus); }
both='cpu_core/instructions/u,cpu_atom/instructions/u'
# They start on any CPU.  No scaling: an event runs while its kind of core does.
sum_of_both() { perf stat --no-scale -x, -o /tmp/stat -e "$both" -- "$programs/pair" && awk -F, '{ n += $1 } END { print n }' /tmp/stat; }

t 'a PMU for each kind of core'            hybrid   '0 1'            pmus
t 'a P-core counts'                        hybrid   '10000007 <not counted>*'  on 1 count "$both" loop
t 'an E-core counts'                       hybrid   '<not counted>* 10000007'  on 2 count "$both" loop
t 'two processes on a P-core and an E-core'  hybrid 20000044         sum_of_both
t 'a P-core: every 100000th cycle'         hybrid   "100 $second"    on 1 sites -e cpu_core/cycles/u -c 100000 -- loop
t 'an E-core: every 100000th cycle'        hybrid   "100 $second"    on 2 sites -e cpu_atom/cycles/u -c 100000 -- loop
t 'a P-core: every 100000th cycle:pp'      hybrid   "100 $first"     on 1 sites -e cpu_core/cycles/upp -c 100000 -- loop
t 'an E-core: every 100000th cycle:pp'     hybrid   "100 $first"     on 2 sites -e cpu_atom/cycles/upp -c 100000 -- loop

# ---- IBS ----

# ibs FEWEST MOST OPTION...: so many samples in the loop
ibs()
{
	record -a "${@:3}" -- loop
	# shellcheck disable=SC2046
	within "$1" "$2" $(script -F comm,ip,sym | awk '$1 $3 == "looploop"' | wc -l)
}

# An op is a cycle, four are a fetch; a period is up to 127 ops or 15 fetches shorter, at random.
t 'IBS: every 100000th op'                 ibs      yes              ibs 99 101 -e ibs_op/cnt_ctl=1/ -c 100000
t 'IBS: every 100000th cycle'              ibs      yes              ibs 99 101 -e ibs_op// -c 100000
t 'IBS: every 100000th fetch'              ibs      yes              ibs 24 26 -e ibs_fetch// -c 100000

# ---- registers ----

# What must be #GP; what is accepted in between is what was there.  Nothing counts meanwhile.
hex() { printf '%x\n' $(($1)); }
absent() { msr "$(hex 0x186+gp)" "$(hex 0xc1+gp)" "$(hex 0x309+fixed)"; }

# Where eight counters are, what comes after them belongs to no PMU, and QEMU lets anybody read that.
t '#GP: a counter that is not there'       'intel !gp=8'  '#GP #GP #GP'  absent
t '#GP: the bit of one in global control'  intel    '#GP'            msr "38f=$(hex '1 << gp')"
t '#GP: reserved bits of an event select'  intel    '#GP ok'         msr 186=100000000000 186=0
t '#GP: AnyThread'                         'intel !version=4'  '#GP #GP'  msr 186=200000 38d=4
t 'AnyThread'                              version=4  'ok ok ok ok'  msr 186=200000 186=0 38d=4 38d=0
t '#GP: reserved bits of fixed control'    intel    '#GP ok'         msr 38d=1000000000000000 38d=0
t '#GP: status, in use, capabilities are read-only'  intel  '#GP #GP #GP'  msr 38e=1 392=1 345=0
t '#GP: reserved bits of status reset'     intel    '#GP ok'         msr 390=10000000000000 390=0
t '#GP: more than 48 bits'                 intel    '#GP #GP'        msr 4c1=1000000000000 309=1000000000000
t '#GP: reserved bits of DEBUGCTL'         intel    '#GP'            msr 1d9=4
t '#GP: branch records of Core'            intel    '#GP #GP'        msr 40 60
t 'a counter has 48 bits, by its old address 32 with a sign'  intel  'ok ffffffff8000 ok 7fffffff ok ffff80000000 ok 0' \
	msr 4c1=ffffffff8000 c1 c1=7fffffff 4c1 c1=80000000 4c1 c1=0 c1
t 'status set and reset'                   intel    'ok 1 ok 0'      msr 391=1 38e 390=1 38e
t '#GP: reserved bits of DebugCtl'         amd      '#GP'            msr 1d9=80000000
t 'reserved bits of an event select stay 0'  amd    'ok 0'           msr c0010200=280000 c0010200
t 'reserved bits of global control stay 0; status is not written'  'amd global'  'ok 0 ok 0'  msr c0000301=40 c0000301 c0000300=1 c0000300
t '#GP: no global registers'               'amd !global'  '#GP #GP #GP'  msr c0000300 c0000301 c0000302
t 'a counter has two addresses'            amd      'ok 123456 ok 0' msr c0010201=123456 c0010004 c0010004=0 c0010201

# Accesses of this kind, 2: event selects; all zero, then three reads and one write.
t 'accesses are counted'                   intel    'ok 0 0 0 ok 3 1'  msr 504d5500=0 186 186 186 186=0 504d5504 504d5505
t 'accesses are counted'                   amd      'ok 0 0 0 ok 3 1'  msr 504d5500=0 c0010200 c0010200 c0010200 c0010200=0 504d5504 504d5505

# ---- others ----

kselftest() { (cd "$programs" && ./remove_on_exec | grep -c '^ok'); }

t 'kselftest remove_on_exec'               pmu      4                kselftest
