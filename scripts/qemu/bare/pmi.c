// SPDX-License-Identifier: GPL-2.0
/*
 * Overflow, its interrupt and the global registers of either vendor.
 *
 * Delivery by LVTPC: SDM vol. 3A 11.5.1, APM vol. 2 16.4; status and freezing: SDM vol. 3B 20.2.4,
 * APM vol. 2 13.2.2.  A PMI comes right behind its instruction, which is the model's own promise.
 */
#include "bare.h"

#define K	40		/* the instruction that overflows */

static void reload(void)
{
	wr(counter(0), MINUS(K));
	if (pmu.status)
		wr(CLEAR, 1);
	apic_wr(LVTPC, LVT_NMI);
}

static void try_delivery(void)
{
	rule("an overflow with INT is an NMI, right behind its instruction");
	for (unsigned int i = 0; i < pmu.gp; i++) {
		overflow_at(i, INSNS | OS | INT, K);
		nmis_are(i + 1, K);
		apic_wr(LVTPC, LVT_NMI);
	}
	rule("an overflow without INT, or with LVTPC masked, is no NMI");
	overflow_at(0, INSNS | OS, K);
	same("NMIs without INT", nmi.nr, 0);
	apic_wr(LVTPC, LVT_NMI | LVT_MASKED);
	overflow_at(0, INSNS | OS | INT, K);
	apic_wr(LVTPC, LVT_NMI);
	same("NMIs if masked", nmi.nr, 0);
	rule("an overflow can be an interrupt by vector");
	apic_wr(LVTPC, IRQ);
	overflow_at(0, INSNS | OS | INT, K);
	same("interrupts before STI", nmi.irqs, 0);
	asm volatile("sti; nop; nop; cli" : : : "memory");
	same("interrupts", nmi.irqs, 1);
	same("NMIs", nmi.nr, 0);
	rule("delivery masks LVTPC on Intel's only");
	overflow_at(0, INSNS | OS | INT, K);
	same("LVTPC in the handler", nmi.lvt, LVT_NMI | (pmu.intel ? LVT_MASKED : 0));
	overflow_at(0, INSNS | OS | INT, K);
	same("NMIs", nmi.nr, pmu.intel ? 1 : 2);
	apic_wr(LVTPC, LVT_NMI);
	overflow_at(0, INSNS | OS | INT, K);
	same("NMIs when it is open again", nmi.nr, pmu.intel ? 2 : 3);
	rule("a counter that is reloaded interrupts each period");
	nmi.hook = reload;
	wr(counter(0), MINUS(K));
	run_with(evtsel(0), INSNS | USR | INT | EN, loop, 50 * K, true);
	/* the call, the loop and its return, INT */
	same("NMIs", nmi.nr, (1 + 2 * 50 * K + 2) / K);
	rule("two overflows on one instruction are one NMI");
	wr(counter(1), MINUS(K));
	wr(evtsel(1), INSNS | USR | INT | EN);
	wr(counter(0), MINUS(K));
	run_with(evtsel(0), INSNS | USR | INT | EN, loop, K, true);
	same("NMIs", nmi.nr, 1);
	same("status", STATUS ? FIELD(rd(STATUS), 0, 2) : 3, 3);
}

static void try_global(void)
{
	rule("GLOBAL_CTRL after a reset has the general counters");
	same("general", pmu.reset_global & low(pmu.gp), low(pmu.gp));
	same("fixed", pmu.reset_global >> 32, 0);
	rule("GLOBAL_CTRL's bit is needed to count");
	for (unsigned int i = 0; i < pmu.gp; i++) {
		wr(GLOBAL, low(pmu.gp) & ~BIT(i));
		same_of(i, "without it", count(i, INSNS | OS, slide, 0, false), 0);
		wr(GLOBAL, BIT(i));
		same_of(i, "with just it", count(i, INSNS | OS, slide, 0, false), SLIDE_ALL);
	}
	rule("GLOBAL_CTRL starts and stops several");
	wr(GLOBAL, 0);
	for (unsigned int i = 0; i < pmu.gp; i++)
		wr(evtsel(i), INSNS | OS | EN);
	run_with(GLOBAL, 3, slide, 0, false);
	for (unsigned int i = 0; i < pmu.gp; i++)
		same_of(i, "count", rd(counter(i)), i < 2 ? SLIDE_ALL : 0);
}

static void try_status(void)
{
	rule("an overflow sets its bit of GLOBAL_STATUS, and just that");
	for (unsigned int i = 0; i < pmu.gp; i++) {
		count(i, INSNS | OS, slide, 0, false);
		same_of(i, "before", rd(STATUS), low(i));
		overflow_at(i, INSNS | OS, K);
		same_of(i, "after", rd(STATUS), low(i + 1));
	}
	rule("GLOBAL_STATUS's bits are cleared by writing them to another register");
	overflow_at(0, INSNS | OS, K);
	overflow_at(1, INSNS | OS, K);
	wr(CLEAR, 0);
	same("after 0", rd(STATUS), 3);
	wr(CLEAR, 2);
	same("after 2", rd(STATUS), 1);

	if (!has_set())
		return;
	rule("GLOBAL_STATUS's bits can be set, without an NMI");
	wr(evtsel(0), INSNS | USR | INT | EN);
	wr(SET, 1);
	wr(SET, 2);
	same("status", rd(STATUS), 3);
	same("NMIs", nmi.nr, 0);
	rule("CTR_FRZ stops all, also when set by hand");
	wr(SET, CTR_FRZ);
	same("frozen", count(0, INSNS | OS, slide, 0, false), 0);
	wr(CLEAR, CTR_FRZ);
	same("again", count(0, INSNS | OS, slide, 0, false), SLIDE_ALL);
}

static void watch(void)
{
	nmi.value[0] = rd(counter(0));
	nmi.value[1] = rd(counter(0));
	nmi.value[2] = rd(STATUS);
	nmi.value[3] = rd(GLOBAL);
}

/* Until version 3 by clearing IA32_PERF_GLOBAL_CTRL; else by a bit of the status. */
static void try_freeze(void)
{
	bool legacy = pmu.intel && pmu.version < 4;

	rule("a counter goes on in the handler");
	nmi.hook = watch;
	overflow_at(0, INSNS | OS | INT, K);
	same("more", nmi.value[1] > nmi.value[0] && nmi.value[0], true);
	same("status", nmi.value[2], 1);

	if (pmu.amd && !(cpuid(0x80000022, 0, 0) & BIT(2)))
		return;
	rule("a PMI freezes the counters if asked for");
	nmi.hook = watch;
	wr(DEBUGCTL, FRZ_PMC_ON_PMI);
	same("value at the end", overflow_at(0, INSNS | OS | INT, K), 0);
	same("value in the handler", nmi.value[0] | nmi.value[1], 0);
	same("status", nmi.value[2], legacy ? 1 : 1 | CTR_FRZ);
	same("GLOBAL_CTRL", FIELD(nmi.value[3], 0, pmu.gp), legacy ? 0 : low(pmu.gp));
	same("still frozen", count(0, INSNS | OS, slide, 0, false), 0);
	wr(CLEAR, legacy ? 1 : CTR_FRZ);
	wr(GLOBAL, 1);
	same("again", count(0, INSNS | OS, slide, 0, false), SLIDE_ALL);
	rule("without a PMI nothing is frozen");
	wr(DEBUGCTL, FRZ_PMC_ON_PMI);
	same("value", overflow_at(0, INSNS | OS, K), SLIDE_ALL - K);
	same("status", rd(STATUS), 1);
}

void try_pmis(void)
{
	try_delivery();
	if (!STATUS)
		return;
	try_global();
	try_status();
	try_freeze();
}
