// SPDX-License-Identifier: GPL-2.0
/*
 * Intel: which registers CPUID promises, which bits they have, and their other addresses.
 *
 * CPUID leaves 0xA and 0x23: SDM vol. 2A; registers: SDM vol. 4 table 2-2, vol. 3B 20.2.
 */
#include "bare.h"

#define GP_MAX		8
#define FIXED_MAX	4
#define INUSE		0x392
#define PMI_INUSE	BIT(63)

/* A P-core of a hybrid CPU has more counters than leaf 0xA says: all. */
static unsigned int gp(void) { return pmu.more ? GP_MAX : pmu.gp; }
static unsigned int nr_fixed(void) { return pmu.more ? FIXED_MAX : pmu.fixed; }

static void try_cpuid(void)
{
	static const u16 event[] = {
		EVENT(0x3c, 0), EVENT(0xc0, 0), EVENT(0x3c, 1), EVENT(0x2e, 0x4f),
		EVENT(0x2e, 0x41), EVENT(0xc4, 0), EVENT(0xc5, 0), EVENT(0xa4, 1),
	};
	u32 missing = cpuid(0xa, 0, 1), nr = cpuid(0xa, 0, 0) >> 24, edx = cpuid(0xa, 0, 3);

	rule("CPUID leaf 0xA is in itself right, and its events count");
	same("number of events", nr, pmu.version >= 5 ? 8 : 7);
	same("missing events but the slots", missing & ~BIT(7), 0);
	same("width of fixed counters", FIELD(edx, 5, 8), 48);
	same("fixed counters' mask", cpuid(0xa, 0, 2), pmu.version >= 5 ? low(pmu.fixed) : 0);
	for (unsigned int i = 0; i < nr; i++) {
		if (!(missing & BIT(i)))
			same_of(i, "event", !!count(0, event[i] | OS, loop, 5000, false), true);
	}
	rule("CPUID leaf 0x23 is there with version 6, and agrees with leaf 0xA");
	same("ArchPerfmonExt", FIELD(cpuid(7, 1, 0), 8, 1), pmu.version >= 6);
	same("subleaves", cpuid(0x23, 0, 0) & 0xb, pmu.version >= 6 ? 0xb : 0);
	if (pmu.version >= 6) {
		same("general counters", cpuid(0x23, 1, 0), low(pmu.gp));
		same("fixed counters", cpuid(0x23, 1, 1), low(pmu.fixed));
		same("events", cpuid(0x23, 3, 0), low(nr) & ~missing);
	}
	rule("IA32_PERF_CAPABILITIES is read-only, and agrees with CPUID");
	same("PDCM", FIELD(cpuid(1, 0, 2), 15, 1), 1);
	same("#GP", gp_wr(0x345, pmu.caps) & gp_wr(0x345, 0), true);
	same("full width", FIELD(pmu.caps, 13, 1), 1);
	same("LBR format", FIELD(pmu.caps, 0, 6), pmu.arch_lbr ? 0x3f : 5);
	same("PEBS", FIELD(pmu.caps, 6, 2), pmu.pebs ? 3 : 0);
	same("adaptive PEBS", FIELD(pmu.caps, 14, 1), pmu.pebs >= 4);
	same("reserved", pmu.caps >> 19, 0);
	rule("IA32_MISC_ENABLE and CPUID leaf 1 say whether there is BTS and PEBS");
	same("bits 7, 11, 12", rd(0x1a0) & (BIT(7) | BIT(11) | BIT(12)),
	     BIT(7) | (pmu.bts ? 0 : BIT(11)) | (pmu.pebs ? 0 : BIT(12)));
	same("DS", FIELD(cpuid(1, 0, 3), 21, 1), pmu.bts || pmu.pebs);
	same("DTES64, DS_CPL", cpuid(1, 0, 2) & 0x14, (pmu.bts || pmu.pebs ? 4 : 0) | pmu.bts << 4);
	rule("CPUID knows nothing of AMD's");
	same("IBS, PerfCtrExtCore", cpuid(0x80000001, 0, 2) & (BIT(10) | BIT(23)), 0);
	same("leaf 0x80000022", cpuid(0x80000022, 0, 0) | cpuid(0x8000001b, 0, 0), 0);
}

static void try_presence(void)
{
	static const u32 first[] = { 0xc1, A_PMC, 0x186 };

	rule("the counters of leaf 0xA are there, others are #GP");
	for (unsigned int i = 0; i < GP_MAX * ARRAY_SIZE(first); i++)
		there(first[i / GP_MAX] + i % GP_MAX, i % GP_MAX < gp());
	for (unsigned int n = 0; n < FIXED_MAX; n++)
		there(FIXED_CTR + n, n < nr_fixed());
	rule("the version says which registers there are");
	for (u32 msr = 0x38d; msr <= 0x392; msr++)
		there(msr, msr <= 0x390 || pmu.version >= 4);
	for (unsigned int i = 0; i < 2 * GP_MAX; i++)
		there(0x1900 + 4 * (i / 2) + i % 2, pmu.version >= 6 && i / 2 < gp());
	there(DS_AREA, pmu.pebs || pmu.bts);
	there(PEBS_ENABLE, pmu.pebs);
}

static void try_reserved(void)
{
	/* AnyThread: from version 3 on, until CPUID says that it is no more */
	bool any = pmu.version >= 3 && !(cpuid(0xa, 0, 3) & BIT(15));
	u64 counters = low(gp()) | low(nr_fixed()) << 32;
	u64 frozen = pmu.version >= 4 ? LBR_FRZ | CTR_FRZ | BIT(60) : 0;
	u64 metrics = pmu.metrics ? METRICS_BIT : 0, status, ctrl = 0;

	rule("IA32_PERFEVTSELx: reserved bits are #GP");
	for (unsigned int i = 0; i < pmu.gp; i++)
		bits(evtsel(i), (low(32) & ~(any ? 0 : ANY)) | (adaptive() ? BIT(34) : 0), 0, true);
	rule("IA32_FIXED_CTR_CTRL: reserved bits are #GP");
	for (unsigned int n = 0; n < nr_fixed(); n++)
		ctrl |= FIXED(n, any ? 0xf : 0xb) | (adaptive() ? FIXED(n, 1) << 32 : 0);
	bits(FIXED_CTRL, ctrl, 0, true);
	rule("IA32_PERF_GLOBAL_CTRL: reserved bits are #GP");
	bits(GLOBAL, counters | metrics, 0, true);
	rule("IA32_PERF_GLOBAL_STATUS is read-only; reserved bits of _RESET and _SET are #GP");
	same("#GP of a write", gp_wr(STATUS, 0) & gp_wr(STATUS, 1), true);
	status = counters | metrics | OVF_DS | frozen | (pmu.version >= 3 ? BIT(61) : 0);
	for (unsigned int i = 0; i < 64; i++) {
		u64 is = status & BIT(i);

		same_of(i, "#GP of clearing", gp_wr(CLEAR, BIT(i)), !is && i != 63);
		if (!has_set())
			continue;
		same_of(i, "#GP of setting", gp_wr(SET, BIT(i)), !is);
		same_of(i, "status", rd(STATUS), is);
		wr(CLEAR, is);
		same_of(i, "status, cleared", rd(STATUS), 0);
	}
	rule("IA32_DEBUGCTL: reserved bits are #GP; LBR is none where LBRs are architectural");
	bits(DEBUGCTL, 0x1802 | !pmu.arch_lbr | (pmu.bts ? 0x7c0 : 0), pmu.arch_lbr, true);
	wr(DEBUGCTL, 1);
	same("LBR", rd(DEBUGCTL), !pmu.arch_lbr);
}

static void try_addresses(void)
{
	rule("IA32_PMCx extends the sign of 32 bits, IA32_A_PMCx takes all, more is #GP");
	for (unsigned int i = 0; i < pmu.gp; i++) {
		wr(0xc1 + i, 0x80000000);
		same_of(i, "negative", rd(A_PMC + i), 0xffff80000000);
		wr(0xc1 + i, 0x123400000001);
		same_of(i, "upper half", rd(0xc1 + i), 1);
		wr(A_PMC + i, 0x923456789abc);
		same_of(i, "#GP", gp_wr(A_PMC + i, BIT(48)) & gp_wr(A_PMC + i, BIT(63)), true);
		same_of(i, "all", rd(0xc1 + i), 0x923456789abc);
	}
	if (pmu.version < 6)
		return;
	rule("version 6's addresses are the same registers");
	for (unsigned int i = 0; i < pmu.gp; i++) {
		alias(0x1900 + 4 * i, A_PMC + i, 0x100 + i);
		alias(0x1901 + 4 * i, 0x186 + i, INSNS | USR);
		same_of(i, "#GP", gp_wr(0x1900 + 4 * i, BIT(48)), true);
		same_of(i, "#GP", gp_wr(0x1901 + 4 * i, ANY), true);
	}
	for (unsigned int n = 0; n < pmu.fixed; n++)
		alias(0x1980 + 4 * n, FIXED_CTR + n, 0x200 + n);
}

static void try_inuse(void)
{
	rule("IA32_PERF_GLOBAL_INUSE says what is in use, and is read-only");
	same("#GP", gp_wr(INUSE, 0), true);
	wr(evtsel(1), EN | OS | 0xff00);
	same("no event", rd(INUSE), 0);
	wr(evtsel(1), INSNS | INT);
	same("an event, an interrupt", rd(INUSE), BIT(1) | PMI_INUSE);
	wr(evtsel(1), INSNS);
	wr(FIXED_CTRL, FIXED(0, 1) | FIXED(2, 2));
	same("fixed counters", rd(INUSE), BIT(1) | FIXED_BIT(0) | FIXED_BIT(2));
	wr(FIXED_CTRL, FIXED(0, 8));
	same("fixed counter's interrupt", rd(INUSE), BIT(1) | PMI_INUSE);
	wr(FIXED_CTRL, 0);
	if (pmu.pebs)
		wr(PEBS_ENABLE, 1);
	same("PEBS", rd(INUSE), BIT(1) | (pmu.pebs ? PMI_INUSE : 0));
}

void try_intel(void)
{
	try_cpuid();
	try_presence();
	try_reserved();
	try_addresses();
	if (pmu.version >= 4)
		try_inuse();
}
