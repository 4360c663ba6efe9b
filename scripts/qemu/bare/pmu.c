// SPDX-License-Identifier: GPL-2.0
/*
 * What PMU this CPU says it has, and what rules do with its registers.
 */
#include "bare.h"

#define CR4		0x620ul		/* as boot.S has it */
#define CR4_PCE		BIT(8)
#define P_CORE		0x40

struct pmu pmu;

u32 cpuid(u32 leaf, u32 sub, unsigned int reg)
{
	u32 r[4];

	asm volatile("cpuid" : "=a" (r[0]), "=b" (r[1]), "=c" (r[2]), "=d" (r[3])
		     : "a" (leaf & 0x80000000), "c" (0));
	if (leaf > r[0])
		return 0;
	asm volatile("cpuid" : "=a" (r[0]), "=b" (r[1]), "=c" (r[2]), "=d" (r[3])
		     : "a" (leaf), "c" (sub));
	return r[reg];
}

static void find_intel(void)
{
	u32 eax = cpuid(0xa, 0, 0), features = cpuid(7, 0, 3);
	u64 misc = rd(0x1a0);
	bool ds = cpuid(1, 0, 3) & BIT(21);

	pmu.caps = cpuid(1, 0, 2) & BIT(15) ? rd(0x345) : 0;
	pmu = (struct pmu) {
		.intel = FIELD(eax, 0, 8),
		.version = FIELD(eax, 0, 8),
		.gp = FIELD(eax, 8, 8),
		.width = FIELD(eax, 16, 8),
		.fixed = FIELD(cpuid(0xa, 0, 3), 0, 5),
		.more = features & BIT(15) && cpuid(0x1a, 0, 0) >> 24 == P_CORE,
		.caps = pmu.caps,
		.lbr = FIELD(pmu.caps, 0, 6) == 5,
		.arch_lbr = features & BIT(19),
		.pebs = ds && !(misc & BIT(12)) ? FIELD(pmu.caps, 8, 4) : 0,
		.bts = ds && !(misc & BIT(11)),
		.evtsel = 0x186, .counter = A_PMC, .step = 1, .status = 0x38e,
	};
	/* Only the register itself says whether there are metrics of level 2. */
	if (pmu.caps & BIT(15))
		pmu.metrics = gp_wr(METRICS, BIT(63)) ? 4 : 8;
}

static void find_amd(void)
{
	u32 ecx = cpuid(0x80000001, 0, 2), v2 = cpuid(0x80000022, 0, 0);

	pmu = (struct pmu) {
		.amd = ecx & BIT(23),
		.version = v2 & 1 ? 2 : 1,
		.gp = v2 & 1 ? FIELD(cpuid(0x80000022, 0, 1), 0, 4) : 6,
		.width = 48,
		.lbr = v2 & BIT(1),
		.ibs = ecx & BIT(10) ? cpuid(0x8000001b, 0, 0) : 0,
		.evtsel = 0xc0010200, .counter = 0xc0010201, .step = 2,
		.status = v2 & 1 ? 0xc0000300 : 0,
	};
}

void find_pmu(void)
{
	if (cpuid(0, 0, 1) == 0x756e6547)	/* Genu */
		find_intel();
	else
		find_amd();
	if (!pmu.intel && !pmu.amd)
		pmu = (struct pmu) { 0 };
	if (pmu.status)
		pmu.reset_global = rd(GLOBAL);
}

/* Registers that this CPU does not have are #GP, which does not matter here. */
void quiet(void)
{
	const u32 zero[] = {
		FAULT + 1, FAULT + 2, FAULT + 3, DEBUGCTL, FIXED_CTRL, PEBS_ENABLE, LBR_CTL,
		LBR_SELECT, EXTN_CFG, IBS_FETCH_CTL, IBS_OP_CTL,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(zero); i++)
		wr(zero[i], 0);
	for (unsigned int i = 0; i < pmu.gp; i++) {
		wr(evtsel(i), 0);
		wr(counter(i), 0);
		wr(FIXED_CTR + i, 0);
	}
	if (pmu.status) {
		wr(CLEAR, rd(STATUS));
		wr(GLOBAL, low(pmu.gp) | low(pmu.fixed) << 32);
	}
	apic_wr(LVTPC, LVT_NMI);
	apic_wr(EXT_LVT, LVT_NMI);
	nmi = (struct nmi) { 0 };
	exceptions = 0;
	wanted = 0;
}

void run_with(u32 msr, u64 on, void (*body)(void), u64 n, bool user)
{
	struct run r = { msr, on, msr, 0, body, n, user };

	run(&r);
}

u64 count(unsigned int i, u64 select, void (*body)(void), u64 n, bool user)
{
	wr(counter(i), 0);
	run_with(evtsel(i), select | EN, body, n, user);
	return rd(counter(i));
}

u64 turns(unsigned int i, u64 select, bool user)
{
	return count(i, select, loop, 1500, user) - count(i, select, loop, 1000, user);
}

u64 overflow_at(unsigned int i, u64 select, u64 k)
{
	wr(counter(i), MINUS(k));
	run_with(evtsel(i), select | EN, slide, 0, false);
	return rd(counter(i));
}

void nmis_are(unsigned int nr, u64 k)
{
	same("NMIs", nmi.nr, nr);
	same("RIP", nmi.rip, slide_at(k + 1));
}

void there(u32 msr, bool is)
{
	same_of(msr, "reading is #GP", gp_rd(msr), !is);
	if (!is)
		same_of(msr, "writing is #GP", gp_wr(msr, 0), true);
}

void alias(u32 msr, u32 other, u64 value)
{
	wr(msr, value);
	same_of(msr, "alias", rd(other), value);
}

void bits(u32 msr, u64 valid, u64 unknown, bool fault)
{
	for (unsigned int i = 0; i < 64; i++) {
		u64 bit = BIT(i);

		if (unknown & bit)
			continue;
		same_of(i, "#GP", gp_wr(msr, bit), fault && !(valid & bit));
		same_of(i, "bit", rd(msr), valid & bit);
		wr(msr, 0);
	}
}

/* The MSR is one that nothing else uses. */
bool rdpmc(u32 index, bool user, u64 *value)
{
	unsigned int before = exceptions;

	run_with(FAULT + 2, 0, read_pmc, index, user);
	*value = pmc_value;
	return !came(before);
}

void allow_rdpmc(bool allow)
{
	asm volatile("mov %0, %%cr4" : : "r" (CR4 | (allow ? CR4_PCE : 0)));
}
