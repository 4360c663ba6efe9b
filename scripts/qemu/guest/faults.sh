# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# Faults on demand (scripts/qemu/pmu/fault.c), after judge.sh, on a machine with pmu-stolen=3 and pmu-near=1000: firmware
# uses two counters, and each is near its overflow.  A fault's register is that of one CPU, so all runs on CPU 0.
# What a fault may lead to is what the driver does on real hardware; afterwards all must be as if nothing had been.
taskset -p 1 $$ >/dev/null

# ---- what firmware left ----

driver() { dmesg | sed -n 's/.*\] Performance Events: //p'; }

MAY='kvm_(intel|amd): |\[Firmware Bug\]: the BIOS has corrupted hw-PMU resources|(Intel|AMD) PMU driver\.$|Broken BIOS detected'
t 'firmware uses counters: it is told'     pmu      '*Broken BIOS detected, complain to your hardware vendor.'  driver
MAY=
quiet

all_events='{cycles:u,instructions:u,branches:u}'
all_counts='10000007 10000007 2500002'
two='instructions/period=100000/u,cycles/period=9000000/u'
every='100 loop+0x8'		# 100000th cycle (checks.sh)

# Without a global register a firmware's counter goes on until the driver has written what it shall count, which comes
# after where it shall start: then it is right the second time.
again() { has global || "$@" >/dev/null; "$@"; }
t 'counters are right in spite of it'      pmu      "$all_counts"    again count "$all_events" loop

# ---- at run time ----

# with ADDRESS=VALUE CHECK...: the fault, the command's value, and no fault any more
with()
{
	msr "$1" >/dev/null
	"${@:2}"
	msr "${1%=*}=0" >/dev/null
}
# A PMI that nobody asked for while an event is open.
spurious()
{
	perf stat -o /tmp/stat -e cycles:u -- "$programs/msr" 0 504d5580=64 >/dev/null
	dmesg | grep -c 'Uhhuh. NMI received for unknown reason'
}
# Of the counter that counts cycles:u: the status bit (AMD: all bits), its number for RDPMC; general counter 0 and its
# event select, and what firmware has there: cycles of kernel mode.
cycles=200000000 thrice=200030000 number=40000001 counter=c1 select=186 taken=42003c
! has amd || cycles=3f thrice=3003f number=1 counter=c0010201 select=c0010200 taken=420076
# What is left to come afterwards.
left() { "${@:2}"; msr "$1"; }

# Which also clears the overflow of what firmware left counting.
t 'sampling in spite of it'                pmu      "$every"         sites -e cycles:u -c 100000 -- loop
# AMD's driver takes any NMI for its own for 100 ms after a real one.
sleep 1
MAY='Uhhuh\. NMI received for unknown reason|Dazed and confused, but trying to continue'
t 'a spurious PMI is told'                 pmu      1                spurious
MAY=
t 'sampling after it'                      pmu      "$every"         sites -e cycles:u -c 100000 -- loop
# The counter goes on meanwhile, the driver makes up for it, and samples are where the PMI came: 1001 instructions on, the
# fourth of the loop.  The last PMI comes when the program has ended.
t 'PMIs 1001 instructions late'            pmu      '99 loop+0xa*'   with 504d5581=3e9 sites -e cycles:u -c 100000 -- loop
# Cycles overflow at the first instruction's sample, or 30 instructions later, and then 9000000 from there on: two samples
# in place of one.
t 'a second overflow at once'              pmu      '102 * 0'        with 504d5582=${number}00000000 left 504d5582 samples -e "$two" -- loop
t 'a second overflow in the handler'       pmu      '102 * 0'        with 504d5582=${number}0000001e left 504d5582 samples -e "$two" -- loop
t 'an overflow bit that stays, three times'  global  "$every 0"      with 504d5583=$thrice left 504d5583 sites -e cycles:u -c 100000 -- loop
t 'a counter is near its overflow'         pmu      fffffffffffb     with 504d5584=5 msr $counter
t 'counters near their overflow'           pmu      "$all_counts"    with 504d5584=5 count "$all_events" loop
t 'firmware has taken a counter'           pmu      $taken           with 504d5585=f msr $select
t 'counters that firmware takes'           pmu      "$all_counts"    with 504d5585=f again count "$all_events" loop
t 'sampling after all that'                pmu      "$every"         sites -e cycles:u -c 100000 -- loop

# ---- everything that may differ from one boot to the next ----

perf record -q -B -N -a -g -e cycles,instructions -c 100003 -o "$data" -- "$programs/calls"
script -F comm,tid,cpu,time,event,ip,sym,symoff | sed 's/^/# /' | tail -n 3000
perf stat -a -e cycles,instructions,branches,branch-misses,task-clock,context-switches -- "$programs/pair" 2>&1 | sed 's/^/# /'
sed 's/^/# /' /proc/interrupts

# ---- last: the driver gives up ----

MAY=.
stuck() { dmesg | grep -c 'perfevents: irq loop stuck!'; }
forever() { with "504d5583=$cycles" record -e cycles:u -c 1000000 -- loop; stuck; }

t 'an overflow bit that stays for ever: one warning'  'intel global'  1  forever
t 'an overflow bit that stays for ever'    'amd global'  0           forever
MAY=
t 'counters are right after it'            pmu      "$all_counts"    count "$all_events" loop
