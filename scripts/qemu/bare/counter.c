// SPDX-License-Identifier: GPL-2.0
/*
 * General counters of either vendor: what is counted, where, how it wraps, RDPMC; no PMU at all.
 *
 * SDM vol. 3B 20.2.1, figure 20-6; AMD APM vol. 2 13.2; RDPMC: SDM vol. 2B, APM vol. 3.
 */
#include "bare.h"

static void try_counting(void)
{
	u64 before, good, bad;

	rule("counters count instructions and branches");
	for (unsigned int i = 0; i < pmu.gp; i++) {
		same_of(i, "instructions", turns(i, INSNS | OS, false), 1000);
		same_of(i, "branches", turns(i, BRANCHES | OS, false), 500);
	}
	same("branches of all kinds", count(0, BRANCHES | OS, maze, 0, false), MAZE_BRANCHES + 1);
	same("missed branches", count(0, MISSES | OS, loop, 32000, false) / 100, 10);
	rule("a count begins behind the write that starts it, and ends with the one that stops it");
	same("instructions", count(0, INSNS | OS, slide, 0, false), SLIDE_ALL);
	same("cycles", count(0, CYCLES | OS, slide, 0, false), SLIDE_ALL);
	rule("a repeated string instruction is one instruction");
	before = count(0, INSNS | OS, rep, 10, false);
	same("more instructions", count(0, INSNS | OS, rep, 1000, false) - before, 0);
	rule("an instruction that faults is not counted");
	bad = count(0, INSNS | USR, read_pmc, 0xffff, true);
	wanted++;
	allow_rdpmc(true);
	good = count(0, INSNS | USR, read_pmc, 0, true);
	allow_rdpmc(false);
	same("instructions less", good - bad, 1);
	rule("a halted CPU has no cycles");
	apic_wr(0x3e0, 0xb);		/* the timer: undivided, once */
	apic_wr(LVT_TIMER, IRQ);
	apic_wr(0x380, 1000000);
	before = rdtsc();
	same("a tenth", count(0, CYCLES | OS, halt, 0, false) < 10000, true);
	same("time", rdtsc() - before > 100000, true);
	same("interrupts", nmi.irqs, 1);
}

static void try_controls(void)
{
	rule("OS and USR say in which ring is counted");
	same("OS in ring 0", turns(0, INSNS | OS, false), 1000);
	same("OS in ring 3", turns(0, INSNS | OS, true), 0);
	same("USR in ring 0", count(0, INSNS | USR, loop, 1000, false), 0);
	same("USR in ring 3", turns(0, INSNS | USR, true), 1000);
	same("both in ring 0", turns(0, INSNS | OS | USR, false), 1000);
	same("both in ring 3", turns(0, INSNS | OS | USR, true), 1000);
	same("neither", count(0, INSNS, loop, 1000, true), 0);
	rule("nothing is counted without EN");
	run_with(evtsel(0), INSNS | OS, slide, 0, false);
	same("count", rd(counter(0)), 0);
	rule("CMASK counts cycles with so many events");
	same("one", count(0, INSNS | OS | CMASK(1), slide, 0, false), SLIDE_ALL);
	same("two", count(0, INSNS | OS | CMASK(2), slide, 0, false), 0);
	if (pmu.intel) {
		rule("CMASK counts a cycle of many events once");
		same("slots", count(0, EVENT(0xa4, 1) | OS | CMASK(1), slide, 0, false), SLIDE_ALL);
	}
	rule("INV counts cycles with fewer events than CMASK, and needs it");
	same("two", count(0, INSNS | OS | INV | CMASK(2), slide, 0, false), SLIDE_ALL);
	same("one", count(0, INSNS | OS | INV | CMASK(1), slide, 0, false), 0);
	same("no CMASK", turns(0, BRANCHES | OS | INV, false), 500);
	rule("INV counts the cycles without a rare event");
	/* all but the call and the return */
	same("count", count(0, BRANCHES | OS | INV | CMASK(1), slide, 0, false), SLIDE_ALL - 2);
	rule("EDGE counts how often it begins");
	same("branches", turns(0, BRANCHES | OS | EDGE | CMASK(1), false), 500);
	same("cycles", count(0, CYCLES | OS | EDGE, slide, 0, false) > 1, false);
}

static void try_values(void)
{
	rule("counters are as wide as CPUID says, and wrap");
	for (unsigned int i = 0; i < pmu.gp; i++) {
		wr(counter(i), low(pmu.width));
		same_of(i, "highest value", rd(counter(i)), low(pmu.width));
		same_of(i, "value", overflow_at(i, INSNS | OS, 10), SLIDE_ALL - 10);
	}
	rule("a counter goes on from its value, and leaves the others alone");
	for (unsigned int i = 0; i < pmu.gp; i++)
		wr(counter(i), 1000 * i);
	run_with(evtsel(1), INSNS | OS | EN, slide, 0, false);
	for (unsigned int i = 0; i < pmu.gp; i++)
		same_of(i, "value", rd(counter(i)), 1000 * i + (i == 1 ? SLIDE_ALL : 0));
}

static void try_rdpmc(void)
{
	static const u32 beyond[] = { 31, 255, 0x10000, 0x20000001, 0x80000000, 0xc0000000, ~0u };
	u64 value;

	rule("RDPMC reads each counter");
	for (unsigned int i = 0; i < pmu.gp; i++) {
		wr(counter(i), MINUS(i + 1));
		same_of(i, "access", rdpmc(i, false, &value), true);
		same_of(i, "value", value, MINUS(i + 1));
	}
	rule("RDPMC in ring 3 needs CR4.PCE");
	wr(counter(0), 1234);
	same("without", rdpmc(0, true, &value), false);
	allow_rdpmc(true);
	same("with", rdpmc(0, true, &value), true);
	same("value", value, 1234);
	same("no such counter", rdpmc(0xffff, true, &value), false);
	allow_rdpmc(false);
	rule("RDPMC of no counter is #GP");
	for (unsigned int i = 0; i < ARRAY_SIZE(beyond); i++)
		same_of(i, "access", rdpmc(beyond[i], false, &value), false);
	same("after the last", rdpmc(pmu.gp, false, &value), pmu.more);
}

void try_counters(void)
{
	try_counting();
	try_controls();
	try_values();
	try_rdpmc();
}

/* What QEMU does with an MSR that it does not know is its own affair: it reads as 0. */
void try_none(void)
{
	static const u32 leaf[] = { 0xa, 0x1c, 0x23, 0x8000001b, 0x80000022 };
	static const u32 msr[][2] = {
		{ 0x186, 0xc1 }, { 0xc0010000, 0xc0010004 }, { 0xc0010200, 0xc0010201 }
	};
	u64 value;

	rule("CPUID knows of no PMU");
	for (unsigned int i = 0; i < 4 * ARRAY_SIZE(leaf); i++)
		same_of(leaf[i / 4], "leaf", cpuid(leaf[i / 4], 0, i % 4), 0);
	same("PDCM, DS_CPL, DTES64", cpuid(1, 0, 2) & (BIT(15) | BIT(4) | BIT(2)), 0);
	same("DS", cpuid(1, 0, 3) & BIT(21), 0);
	same("architectural LBRs", cpuid(7, 0, 3) & BIT(19), 0);
	same("IBS, PerfCtrExtCore", cpuid(0x80000001, 0, 2) & (BIT(10) | BIT(23)), 0);
	rule("nothing counts");
	for (unsigned int i = 0; i < ARRAY_SIZE(msr); i++) {
		gp_wr(msr[i][0], INSNS | OS | EN);
		same_of(i, "counter", gp_rd(msr[i][1]) ? 0 : rd(msr[i][1]), 0);
	}
	rule("RDPMC is an exception");
	same("counter 0", rdpmc(0, false, &value), false);
	same("fixed counter 0", rdpmc(0x40000000, false, &value), false);
}
