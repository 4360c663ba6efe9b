// SPDX-License-Identifier: GPL-2.0
/*
 * AMD: six counters and their old addresses, PerfMonV2's registers, DebugCtl.
 *
 * Reserved bits stay 0 and do not fault, but in DebugCtl.
 * APM vol. 2 13.2, appendix A; CPUID: APM vol. 3 appendix E.
 */
#include "bare.h"

#define OLD_CTL		0xc0010000
#define OLD_CTR		0xc0010004
/* not 19, 21, 39:36, 63:42 */
#define CTL_BITS	(low(19) | BIT(20) | low(14) << 22 | 3ull << 40)

static void try_core(void)
{
	u64 value;

	rule("six counters are there, and CPUID knows no others");
	same("counters", pmu.gp, 6);
	for (unsigned int i = 0; i < 2 * pmu.gp; i++)
		there(evtsel(0) + i, true);
	same("PerfCtrExtNB, PerfCtrExtLLC", cpuid(0x80000001, 0, 2) & (BIT(24) | BIT(28)), 0);
	same("leaf 0xA", cpuid(0xa, 0, 0) | cpuid(0xa, 0, 3), 0);
	same("PDCM, DS", (cpuid(1, 0, 2) & BIT(15)) | (cpuid(1, 0, 3) & BIT(21)), 0);
	same("RDPMC, fixed", rdpmc(BIT(30), false, &value), false);
	same("RDPMC, metrics", rdpmc(BIT(29), false, &value), false);
	rule("the addresses of the K7 are the same registers");
	for (unsigned int i = 0; i < 4; i++) {
		alias(OLD_CTL + i, evtsel(i), INSNS | USR);
		alias(evtsel(i), OLD_CTL + i, 0);
		alias(counter(i), OLD_CTR + i, 0x123456789abc + i);
		alias(OLD_CTR + i, counter(i), 0);
	}
	run_with(OLD_CTL, INSNS | OS | EN, slide, 0, false);
	same("count", rd(OLD_CTR), SLIDE_ALL);
	rule("PERF_CTLx: reserved bits stay 0; so do PERF_CTRx's above 48");
	for (unsigned int i = 0; i < pmu.gp; i++)
		bits(evtsel(i), CTL_BITS, 0, false);
	wr(counter(0), BIT(48) | 5);
	same("counter", rd(counter(0)), 5);
	rule("PERF_CTLx: event codes have twelve bits");
	same("1C0h", count(0, INSNS | OS | BIT(32), slide, 0, false), 0);
	same("020h", count(0, EVENT(0x20, 1) | OS, slide, 0, false), 0);
	same("120h", count(0, EVENT(0x20, 1) | OS | BIT(32), slide, 0, false), SLIDE_ALL);
	rule("DebugCtl: reserved bits are #GP");
	bits(DEBUGCTL, 0x3f | (pmu.lbr ? FRZ_LBR_ON_PMI | FRZ_PMC_ON_PMI : 0), 0, true);
}

void try_amd(void)
{
	u64 status = low(6) | LBR_FRZ | CTR_FRZ;

	try_core();
	if (pmu.version < 2) {
		rule("without PerfMonV2 its registers are #GP");
		same("PerfMonV2", cpuid(0x80000022, 0, 0), 0);
		for (u32 msr = 0xc0000300; msr < 0xc0000304; msr++)
			there(msr, false);
		there(LBR_SELECT, false);
		there(EXTN_CFG, false);
		there(0xc0010300, false);
		return;
	}
	rule("PerfMonV2: CPUID, the global registers' bits, and which ignore a write");
	same("PerfMonV2, LbrStack, LbrAndPmcFreeze", cpuid(0x80000022, 0, 0) & 7, pmu.lbr ? 7 : 1);
	bits(GLOBAL, low(6), 0, false);
	wr(SET, ~0ull);
	wr(STATUS, 0);
	same("status", rd(STATUS), status);
	wr(CLEAR, ~0ull);
	same("status, cleared", rd(STATUS), 0);
}
