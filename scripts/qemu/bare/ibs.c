// SPDX-License-Identifier: GPL-2.0
/*
 * AMD's instruction based sampling: of fetches and ops, its interrupt, what a sample says.
 *
 * An op is an instruction in the model, so it is known which one is sampled.
 * APM vol. 2 13.3, 16.3 and 16.4 (extended APIC); PPR of family 19h, MSRC001_103x.
 */
#include "bare.h"

#define FETCH_LINADDR	0xc0011031
#define FETCH_PHYSADDR	0xc0011032
#define OP_RIP		0xc0011034
#define OP_DATA		0xc0011035
#define OP_DATA3	0xc0011037
#define DC_LINADDR	0xc0011038
#define DC_PHYSADDR	0xc0011039
#define IBS_CTL		0xc001103a
#define BR_TARGET	0xc001103b
#define EXTD_CTL	0xc001103c
#define OP_DATA4	0xc001103d

#define has(cap)	(pmu.ibs & BIT(cap))	/* CPUID Fn8000_001B_EAX */

#define FETCH_EN	BIT(48)
#define FETCH_RAND	BIT(57)
#define OP_EN		BIT(17)
#define OP_VAL		BIT(18)
#define OPS		BIT(19)		/* are counted, not cycles */

static void try_presence(void)
{
	u64 op = low(16) | OP_EN | OP_VAL;

	rule("IBS: registers and IBS_OP_CTL's bits are there by their capability");
	same("fetch and op sampling", pmu.ibs & 7, 7);
	there(BR_TARGET, has(5));
	there(EXTD_CTL, has(9));
	there(OP_DATA4, has(10));
	op |= has(11) ? BIT(16) : 0;
	op |= has(4) ? OPS : 0;
	op |= has(6) ? low(7) << 20 : 0;
	op |= has(3) ? low(has(6) ? 27 : 20) << 32 : 0;
	bits(IBS_OP_CTL, op, 0, false);
	rule("IBS: IBS_CTL names an entry of the extended table, and is read-only");
	same("LvtOffsetVal, LvtOffset", rd(IBS_CTL) & 0x10f, 0x100);
	same("#GP", gp_wr(IBS_CTL, 0), true);
	rule("IBS: CPUID and the APIC announce the extended table");
	same("ExtApicSpace", FIELD(cpuid(0x80000001, 0, 2), 3, 1), 1);
	same("EAS", apic_rd(0x30) >> 31, 1);
	same("entries", !!FIELD(apic_rd(0x400), 16, 8), true);
}

static void stop(void)
{
	nmi.value[0] = rd(IBS_OP_CTL);
	nmi.value[1] = rd(OP_RIP);
	nmi.value[2] = rd(OP_DATA);
	nmi.value[3] = rd(OP_DATA3);
	wr(IBS_OP_CTL, 0);
	wr(IBS_FETCH_CTL, 0);
}

/* Sample the op after so many. */
static void op_after(unsigned int ops, u64 how, void (*body)(void))
{
	run_with(IBS_OP_CTL, how | ops / 16, body, 10000, false);
}

static void try_ops(void)
{
	u64 k;

	rule("IBS: an op is sampled after the maximum, with an NMI behind it");
	nmi.hook = stop;
	for (unsigned int n = 16; n <= 64; n += 16) {
		op_after(n, OP_EN | OPS, slide);
		same_of(n, "NMIs", nmi.nr, n / 16);
		same_of(n, "sampled RIP", nmi.value[1], slide_at(n + 1));
		same_of(n, "NMI's RIP", nmi.rip, slide_at(n + 2));
		same_of(n, "control", FIELD(nmi.value[0], 0, 27), OP_VAL | OP_EN | OPS | n / 16);
		same_of(n, "branch, access", (nmi.value[2] & BIT(37)) | (nmi.value[3] & 3), 0);
	}
	op_after(64, OP_EN, slide);
	same("RIP, counting cycles", nmi.value[1], slide_at(65));
	op_after(128, OP_EN | OPS | 64ull << 32, slide);
	same("RIP, 64 ops counted", nmi.value[1], slide_at(65));
	wr(IBS_OP_CTL, OP_EN | OPS | 0xffff);
	slide();
	same("count", FIELD(rd(IBS_OP_CTL), 32, 20) > SLIDE, true);
	rule("IBS: no sample without En, with the entry masked, or while Val is set");
	op_after(16, OPS, loop);
	same("NMIs without En", nmi.nr, 0);
	apic_wr(EXT_LVT, LVT_NMI | LVT_MASKED);
	op_after(16, OP_EN | OPS, loop);
	apic_wr(EXT_LVT, LVT_NMI);
	same("NMIs if masked", nmi.nr, 0);
	op_after(16, OP_EN | OPS, loop);
	same("NMIs", nmi.nr, 1);
	rule("IBS: a sampled branch has its target, a load its addresses");
	nmi.hook = stop;
	op_after(64, OP_EN | OPS, loop);
	same("branch, taken", FIELD(nmi.value[2], 34, 4) & 0xb, 0xa);
	same("target", has(5) ? rd(BR_TARGET) : (u64)loop, (u64)loop);
	op_after(32, OP_EN | OPS, loads);
	k = (nmi.value[1] - (u64)loads) / LOAD;
	same("the load", k, 31);
	same("load, not store", nmi.value[3] & 3, 1);
	same("addresses are valid", FIELD(nmi.value[3], 17, 2), 3);
	same("linear", rd(DC_LINADDR), (u64)buffer + 64 * k);
	same("physical", rd(DC_PHYSADDR), (u64)buffer + 64 * k);
}

static void stop_fetch(void)
{
	nmi.value[0] = rd(IBS_FETCH_CTL);
	wr(IBS_FETCH_CTL, 0);
}

static void try_fetches(void)
{
	u64 last = 0, differ = 0;

	rule("IBS: a fetch is sampled, with an NMI");
	nmi.hook = stop_fetch;
	run_with(IBS_FETCH_CTL, FETCH_EN | 2, slide, 0, false);
	same("NMIs", nmi.nr, 1);
	same("in the slide", nmi.rip > (u64)slide && nmi.rip < (u64)slide + SLIDE, true);
	same("linear address", rd(FETCH_LINADDR), nmi.rip);
	same("physical address", rd(FETCH_PHYSADDR), nmi.rip);
	same("En, Val, Comp, PhyAddrValid", FIELD(nmi.value[0], 48, 5) & 0x17, 0x17);
	same("count, maximum", FIELD(nmi.value[0], 0, 32), 2 << 16 | 2);
	rule("IBS: no fetch is sampled without En, or while Val is set");
	run_with(IBS_FETCH_CTL, 1, loop, 10000, false);
	same("NMIs without En", nmi.nr, 0);
	run_with(IBS_FETCH_CTL, FETCH_EN | 1, loop, 10000, false);
	same("NMIs", nmi.nr, 1);
	rule("IBS: RandEn varies the fetch; ops are sampled beside it");
	nmi.hook = stop_fetch;
	for (unsigned int i = 0; i < 8; i++) {
		run_with(IBS_FETCH_CTL, FETCH_EN | FETCH_RAND | 2, slide, 0, false);
		differ += last && nmi.rip != last;
		last = nmi.rip;
	}
	same("NMIs", nmi.nr, 8);
	same("they differ", !!differ, true);
	nmi.hook = NULL;
	wr(IBS_FETCH_CTL, FETCH_EN | 20);
	op_after(128, OP_EN | OPS, loop);
	same("NMIs of both", nmi.nr, 10);
}

void try_ibs(void)
{
	if (!pmu.ibs)
		return;
	try_presence();
	try_ops();
	try_fetches();
}
