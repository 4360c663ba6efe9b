// SPDX-License-Identifier: GPL-2.0
/*
 * Last branch records: Intel's legacy and architectural forms, AMD's LbrExtV2.
 *
 * The newest record is record 0, but of the legacy form, which has TOS.  Kinds are numbered as
 * LBR_SELECT has them.  SDM vol. 3B 18.9 to 18.12, chapter 19; AMD APM vol. 2 13.1.1.9.
 */
#include "bare.h"

#define TOS		0x1c9
#define DEPTH		0x14cf

#define KINDS		7
#define ALL_KINDS	low(KINDS)
#define FAR		6
#define RING_0		BIT(KINDS)
#define RING_3		BIT(KINDS + 1)
#define CALL_STACK	BIT(KINDS + 2)
#define ANYTHING	(ALL_KINDS | RING_0 | RING_3)

/* By kind: the bit of IA32_LBR_CTL, the type that INFO has. */
static const struct {
	u8 ctl, type;
} arch[KINDS] = {
	{ 16, 0 }, { 19, 4 }, { 20, 3 }, { 21, 5 }, { 18, 1 }, { 17, 2 }, { 22, 8 },
};

/* ---- the three forms ------------------------------------------------ */

/* What starts recording these kinds.  LBR_SELECT leaves out what is set, CALL_STACK is a mode. */
static u64 on(u64 keep, u32 *msr)
{
	u64 ctl = 1 | FIELD(keep, KINDS, 3) << 1;

	if (pmu.arch_lbr) {
		for (unsigned int k = 0; k < KINDS; k++)
			ctl |= FIELD(keep, k, 1) << arch[k].ctl;
		*msr = LBR_CTL;
		return ctl;
	}
	wr(LBR_SELECT, (~keep & ALL_KINDS) << 2 | FIELD(~keep, KINDS, 2) |
		       (keep & CALL_STACK ? BIT(9) : 0));
	*msr = pmu.amd ? EXTN_CFG : DEBUGCTL;
	return pmu.amd ? BIT(6) : 1;
}

static u32 place(unsigned int i, u32 legacy, u32 amd, u32 arch)
{
	if (pmu.arch_lbr)
		return arch + i;
	return pmu.amd ? amd + 2 * i : legacy + (rd(TOS) - i) % 32;
}

#define FROM(i)		place(i, 0x680, 0xc0010300, 0x1500)
#define TO(i)		place(i, 0x6c0, 0xc0010301, 0x1600)
#define INFO(i)		place(i, 0xdc0, 0, 0x1200)
#define from(i)		FIELD(rd(FROM(i)), 0, 48)
#define to(i)		FIELD(rd(TO(i)), 0, 48)
#define depth()		(pmu.amd ? 16 : 32)

static void record(u64 keep, void (*body)(void), u64 n, bool user)
{
	u32 msr;
	u64 value = on(keep, &msr);

	for (unsigned int i = 0; i < depth(); i++) {
		wr(FROM(i), 0);
		wr(TO(i), 0);
	}
	run_with(msr, value, body, n, user);
}

/* The records are the maze's branches of these kinds, the newest one first, and no others. */
static void is_maze(u64 kinds)
{
	unsigned int i = 0;

	for (const struct branch *b = maze_branches_end; b-- > maze_branches; ) {
		if (!(kinds & BIT(b->kind)))
			continue;
		same_of(i, "from", from(i), b->from);
		same_of(i, "to", to(i), b->to);
		i++;
	}
	same("from of one too many", from(i), 0);
}

/* ---- rules of all three --------------------------------------------- */

static void try_records(void)
{
	rule("branches of all kinds are recorded, the newest first, while it is on");
	record(ANYTHING, maze, 0, false);
	maze();
	is_maze(ALL_KINDS);
	rule("records are filtered by kind");
	for (unsigned int k = 0; k < KINDS; k++) {
		record(BIT(k) | RING_0 | RING_3, maze, 0, false);
		is_maze(BIT(k));
	}
	rule("records are filtered by the ring that a branch leads to");
	record(ALL_KINDS | RING_3, maze, 0, false);
	same("ring 3 in ring 0", from(0), 0);
	record(ALL_KINDS | RING_0, loop, 10, true);
	same("ring 0 in ring 3: INT", from(0), (u64)user_back);
	same("and no more", from(1), 0);
	record(ALL_KINDS | RING_3, loop, 10, true);
	same("ring 3: the return", to(0), (u64)user_back);
	same("the call", to(10), (u64)loop);
	same("IRETQ", to(11), (u64)user_call);
	rule("the oldest record makes place");
	record(ANYTHING, loop, 100, false);
	for (unsigned int i = 0; i < depth(); i++)
		same_of(i, "to", to(i), i ? (u64)loop : (u64)run_back);
}

static void look(void)
{
	nmi.value[0] = from(0);
	nmi.value[1] = rd(DEBUGCTL);
	nmi.value[2] = rd(STATUS);
}

/* A PMI in the slide: frozen, the newest record is the slide's call; else the handler's. */
static void interrupt(u64 debugctl)
{
	bool legacy = pmu.intel && pmu.version < 4;
	u32 msr;
	u64 value = on(ANYTHING, &msr);

	nmi.hook = look;
	wr(GLOBAL, 0);
	wr(counter(0), MINUS(40));
	wr(evtsel(0), INSNS | OS | INT | EN);
	wr(DEBUGCTL, debugctl);
	wr(msr, value | (msr == DEBUGCTL ? debugctl : 0));
	run_with(GLOBAL, 1, slide, 0, false);
	wr(msr, 0);
	same("newest is the slide's call", nmi.value[0] == (u64)run_call, !!debugctl);
	same("DEBUGCTL.LBR", nmi.value[1] & 1, msr == DEBUGCTL && !(legacy && debugctl));
	same("status", nmi.value[2], 1 | (debugctl && !legacy ? LBR_FRZ : 0));
}

static void try_freeze(void)
{
	rule("a PMI freezes the records if asked for");
	interrupt(FRZ_LBR_ON_PMI);
	rule("a PMI does not freeze the records if not asked for");
	interrupt(0);

	if (!has_set())
		return;
	rule("LBR_FRZ stops recording, also when set by hand");
	wr(SET, LBR_FRZ);
	record(ANYTHING, maze, 0, false);
	same("from", from(0), 0);
	wr(CLEAR, LBR_FRZ);
	record(ANYTHING, maze, 0, false);
	is_maze(ALL_KINDS);
}

/* ---- Intel's -------------------------------------------------------- */

static void try_intel_lbr(void)
{
	unsigned int missed = 0;

	rule("a call stack has the calls that did not return");
	record(ANYTHING | CALL_STACK, deep, 0, false);
	same("innermost", from(0), (u64)deep_2);
	same("next", from(1), (u64)deep_1);
	same("outermost", from(2), (u64)run_call);
	same("no more", from(3), 0);
	record(ANYTHING | CALL_STACK, maze, 0, false);
	same("all returned", from(0), 0);
	rule("a record has the cycles since the last, and whether it was mispredicted");
	record(ANYTHING, slide, 0, false);
	same("cycles", FIELD(rd(INFO(0)), 0, 16), SLIDE);
	/* one branch in 32, but in one run it may be one that is not recorded, or two */
	for (unsigned int i = 0; i < 32 * 32; i++) {
		if (i % 32 == 0)
			record(ANYTHING, loop, 100 + i / 32, false);
		missed += rd(INFO(i % 32)) >> 63;
	}
	same("about one of 32 mispredicted", missed >= 16 && missed <= 48, true);
}

static void try_legacy(void)
{
	u64 before;

	rule("MSR_LASTBRANCH_TOS is the newest record's place; LBR_SELECT has ten bits");
	before = rd(TOS);
	record(ANYTHING, maze, 0, false);
	same("TOS", rd(TOS), (before + MAZE_BRANCHES) % 32);
	same("#GP", gp_wr(TOS, 32), true);
	bits(LBR_SELECT, low(10), 0, true);
	rule("without architectural LBRs their registers are #GP");
	same("leaf 0x1C", cpuid(0x1c, 0, 0), 0);
	there(LBR_CTL, false);
	there(DEPTH, false);
	there(0x1200, false);
	there(0x1500, false);
	there(0x1600, false);
}

static void try_arch(void)
{
	u32 depths = FIELD(cpuid(0x1c, 0, 0), 0, 8);
	unsigned int i = 0;

	rule("IA32_LBR_DEPTH takes the depths of leaf 0x1C, others are #GP; it clears and limits");
	for (unsigned int d = 0; d <= 72; d++) {
		bool valid = d && d % 8 == 0 && depths & BIT(d / 8 - 1);

		same_of(d, "#GP", gp_wr(DEPTH, d), !valid);
		same_of(d, "depth", rd(DEPTH) == d, valid);
	}
	wr(DEPTH, 8);
	record(ANYTHING, loop, 100, false);
	same("the eighth, the ninth record", !!from(7) + 2 * !!from(8), 1);
	wr(DEPTH, 32);
	for (i = 0; i < 32; i++)
		same_of(i, "cleared", rd(FROM(i)) | rd(TO(i)) | rd(INFO(i)), 0);
	rule("IA32_LBR_CTL: reserved bits are #GP; DEBUGCTL.LBR does nothing");
	bits(LBR_CTL, 0xf | low(KINDS) << 16, 0, true);
	wr(DEPTH, 32);
	run_with(DEBUGCTL, 1, maze, 0, false);
	same("from", from(0), 0);
	rule("IA32_LBR_x_INFO has the type of branch, and that cycles are valid");
	record(ANYTHING, maze, 0, false);
	i = 0;
	for (const struct branch *b = maze_branches_end; b-- > maze_branches; i++) {
		u64 type = FIELD(rd(INFO(i)), 56, 4);

		same_of(i, "type", b->kind == FAR ? type & 8 : type, arch[b->kind].type);
		same_of(i, "valid", FIELD(rd(INFO(i)), 60, 1), 1);
	}
	rule("CPUID leaf 0x1C is right, and the legacy registers are #GP");
	same("filters, call stack", cpuid(0x1c, 0, 1) & 7, 7);
	same("mispredictions, cycles, types", cpuid(0x1c, 0, 2) & 7, 7);
	there(LBR_SELECT, false);
	there(TOS, false);
	there(0x680, false);
}

void try_lbr(void)
{
	if (!pmu.lbr && !pmu.arch_lbr)
		return;
	try_records();
	try_freeze();
	if (pmu.intel)
		try_intel_lbr();
	if (pmu.arch_lbr) {
		try_arch();
	} else if (pmu.intel) {
		try_legacy();
	} else {
		rule("LbrExtV2: 16 records, marked valid; LBR_SELECT has nine bits");
		same("stack size", FIELD(cpuid(0x80000022, 0, 1), 4, 6), 16);
		record(ANYTHING, maze, 0, false);
		for (unsigned int i = 0; i < 16; i++)
			same_of(i, "valid", rd(TO(i)) >> 63, i < MAZE_BRANCHES);
		bits(LBR_SELECT, low(9), 0, true);
	}
}
