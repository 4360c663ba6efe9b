// SPDX-License-Identifier: GPL-2.0
/*
 * Intel's fixed counters and the performance metrics.
 *
 * SDM vol. 3B 20.2.2, 20.2.3 (fixed counters), 20.3.9 (PERF_METRICS); RDPMC: SDM vol. 2B.
 */
#include "bare.h"

#define K		40
#define SLOTS		4		/* a cycle, in the model */

static const unsigned int rate[] = { 1, 1, 1, SLOTS };

static u64 count_fixed(unsigned int n, unsigned int how, void (*body)(void), u64 nr, bool user)
{
	wr(FIXED_CTR + n, 0);
	run_with(FIXED_CTRL, FIXED(n, how), body, nr, user);
	return rd(FIXED_CTR + n);
}

static u64 turns_fixed(unsigned int n, unsigned int how, bool user)
{
	return count_fixed(n, how, loop, 1500, user) - count_fixed(n, how, loop, 1000, user);
}

void try_fixed(void)
{
	u64 before, all, value;

	rule("fixed counters count instructions, cycles, reference cycles, slots");
	for (unsigned int n = 0; n < pmu.fixed; n++)
		same_of(n, "count", count_fixed(n, 1, slide, 0, false), rate[n] * SLIDE_ALL);
	rule("a fixed counter's field says in which ring is counted");
	for (unsigned int n = 0; n < pmu.fixed; n++) {
		same_of(n, "ring 3", turns_fixed(n, 2, true), 1000 * rate[n]);
		same_of(n, "ring 3 in ring 0", count_fixed(n, 2, loop, 1000, false), 0);
		same_of(n, "ring 0 in ring 3", turns_fixed(n, 1, true), 0);
		same_of(n, "neither", count_fixed(n, 0, loop, 1000, true), 0);
	}
	rule("fixed counter 2 has the rate of the TSC");
	before = rdtsc();
	value = count_fixed(2, 1, loop, 100000, false);
	all = rdtsc() - before;
	same("between", value <= all && value + 200 > all, true);
	rule("a fixed counter's overflow sets its bit, and with PMI is an NMI");
	for (unsigned int n = 0; n < pmu.fixed; n++) {
		wr(FIXED_CTR + n, MINUS(K * rate[n]));
		run_with(FIXED_CTRL, FIXED(n, 1), slide, 0, false);
		same_of(n, "NMIs without PMI", nmi.nr, n);
		same_of(n, "status", rd(STATUS), FIXED_BIT(n));
		wr(FIXED_CTR + n, MINUS(K * rate[n]));
		run_with(FIXED_CTRL, FIXED(n, 9), slide, 0, false);
		nmis_are(n + 1, K);
		wr(CLEAR, FIXED_BIT(n));
		apic_wr(LVTPC, LVT_NMI);
	}
	rule("a fixed counter needs its bit of GLOBAL_CTRL");
	for (unsigned int n = 0; n < pmu.fixed; n++) {
		wr(GLOBAL, low(pmu.fixed) << 32 & ~FIXED_BIT(n));
		same_of(n, "without it", count_fixed(n, 1, slide, 0, false), 0);
		wr(GLOBAL, FIXED_BIT(n));
		same_of(n, "with it", !!count_fixed(n, 1, slide, 0, false), true);
	}
	rule("a fixed counter has 48 bits, more are #GP; RDPMC with bit 30 reads it");
	for (unsigned int n = 0; n < pmu.fixed; n++) {
		wr(FIXED_CTR + n, 0x923456789abc + n);
		same_of(n, "#GP", gp_wr(FIXED_CTR + n, BIT(48)), true);
		same_of(n, "access", rdpmc(BIT(30) | n, false, &value), true);
		same_of(n, "value", value, 0x923456789abc + n);
	}
	same("after the last", rdpmc(BIT(30) | pmu.fixed, false, &value), pmu.more);
}

/* Slots and metrics from nothing. */
static u64 measure(u64 on)
{
	wr(FIXED_CTR + 3, 0);
	wr(METRICS, 0);
	wr(GLOBAL, on);
	run_with(FIXED_CTRL, FIXED(3, 1), loop, 10000, false);
	return rd(METRICS);
}

void try_metrics(void)
{
	u64 value, sum = 0;

	if (!pmu.metrics)
		return;
	rule("the metrics of level 1 are all slots, level 2 is part of them");
	value = measure(FIXED_BIT(3) | METRICS_BIT);
	for (unsigned int i = 0; i < 4; i++) {
		sum += FIELD(value, 8 * i, 8);
		same_of(i, "part", FIELD(value, 32 + 8 * i, 8) <= FIELD(value, 8 * i, 8), true);
		same_of(i, "level 2", !!FIELD(value, 32 + 8 * i, 8), pmu.metrics == 8);
	}
	same("sum", sum, 255);
	same("without bit 48", measure(FIXED_BIT(3)), 0);
	same("without counter 3", measure(METRICS_BIT), 0);
	rule("PERF_METRICS: reserved bits are #GP, others stay; RDPMC with bit 29 reads it");
	bits(METRICS, low(8 * pmu.metrics), 0, true);
	wr(METRICS, 0x40404040);
	same("access", rdpmc(BIT(29), false, &value), true);
	same("value", value, 0x40404040);
	same("index 1", rdpmc(BIT(29) | 1, false, &value), false);
	rule("the metrics overflow with their slots");
	wr(FIXED_CTR + 3, MINUS(K * SLOTS));
	wr(METRICS, 0);
	wr(GLOBAL, FIXED_BIT(3) | METRICS_BIT);
	run_with(FIXED_CTRL, FIXED(3, 9), slide, 0, false);
	same("status", rd(STATUS), FIXED_BIT(3) | METRICS_BIT);
	same("NMIs", nmi.nr, 1);
}
