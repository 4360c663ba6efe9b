// SPDX-License-Identifier: GPL-2.0
/*
 * The debug store, branch trace store and PEBS in it.
 *
 * A PEBS record is of the very instruction that overflowed: the model's own promise.
 * SDM vol. 3B 18.4.5, 18.4.9 (BTS), 20.3.1.1.1 (PEBS), 20.3.8 (format 3), 20.9 (adaptive PEBS: the
 * groups and their order); vol. 4 table 2-2 (IA32_DEBUGCTL, IA32_DS_AREA).
 */
#include "bare.h"

#define TR		BIT(6)
#define BTS		BIT(7)
#define BTINT		BIT(8)
#define OFF_OS		BIT(9)
#define OFF_USR		BIT(10)
#define BTS_WORDS	3		/* from, to, flags */
#define PREDICTED	BIT(4)

#define UNTOUCHED	0x5555555555555555	/* what a record is before it is written */

/* The management area. */
static struct ds {
	struct ds_buffer {
		u64 base, index, maximum, threshold;
	} bts, pebs;
	u64 reset[64];		/* of general counters; then of fixed ones, where the format says */
} ds;

static u64 ds_records[8192];

/* Set it up: a buffer has room for so many records of some words, and is due at one of them. */
static void ds_arm(struct ds_buffer *b, unsigned int words, unsigned int room, unsigned int due)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ds_records); i++)
		ds_records[i] = UNTOUCHED;
	ds = (struct ds) { 0 };
	b->base = (u64)ds_records;
	b->index = b->base;
	b->maximum = b->base + 8 * words * room;
	b->threshold = b->base + 8 * words * due;
	wr(DS_AREA, (u64)&ds);
}

static u64 ds_nr(const struct ds_buffer *b, unsigned int words)
{
	return (b->index - b->base) / (8 * words);
}

/* ---- BTS ------------------------------------------------------------ */

/* How many records there are then. */
static u64 trace(u64 how, void (*body)(void), u64 n, bool user)
{
	run_with(DEBUGCTL, how, body, n, user);
	return ds_nr(&ds.bts, BTS_WORDS);
}

static void stop_bts(void)
{
	wr(DEBUGCTL, 0);
}

void try_bts(void)
{
	if (!pmu.bts)
		return;
	rule("IA32_DS_AREA is canonical, else #GP; if it is not mapped, nothing is written");
	same("#GP", gp_wr(DS_AREA, BIT(63)), true);
	wr(DS_AREA, 0xffff800000000000);
	same("area", rd(DS_AREA), 0xffff800000000000);
	trace(TR | BTS, maze, 0, false);
	rule("BTS: each branch is a record, the oldest first, if TR and BTS are set");
	ds_arm(&ds.bts, BTS_WORDS, 100, 100);
	same("TR", trace(TR, maze, 0, false), 0);
	same("BTS", trace(BTS, maze, 0, false), 0);
	same("both", trace(TR | BTS, maze, 0, false), MAZE_BRANCHES);
	for (unsigned int i = 0; i < MAZE_BRANCHES; i++) {
		same_of(i, "from", ds_records[BTS_WORDS * i], maze_branches[i].from);
		same_of(i, "to", ds_records[BTS_WORDS * i + 1], maze_branches[i].to);
		same_of(i, "flags", ds_records[BTS_WORDS * i + 2] & ~PREDICTED, 0);
	}
	same("NMIs", nmi.nr, 0);
	rule("BTS: OFF_OS and OFF_USR leave out the ring that a branch leads to");
	ds_arm(&ds.bts, BTS_WORDS, 100, 100);
	same("OFF_OS in ring 0", trace(TR | BTS | OFF_OS, maze, 0, false), 0);
	/* IRETQ, the call, nine turns, the return */
	same("OFF_OS in ring 3", trace(TR | BTS | OFF_OS, loop, 10, true), 12);
	same("IRETQ", ds_records[1], (u64)user_call);
	same("OFF_USR in ring 3", trace(TR | BTS | OFF_USR, loop, 10, true), 13);
	same("INT", ds_records[BTS_WORDS * 12 + 1], (u64)user_exit);
	rule("BTS: with BTINT the threshold is an NMI, and a full buffer is full");
	ds_arm(&ds.bts, BTS_WORDS, 100, 4);
	nmi.hook = stop_bts;
	trace(TR | BTS | BTINT, maze, 0, false);
	same("NMIs", nmi.nr, 1);
	same("RIP", nmi.rip, maze_branches[3].to);
	ds_arm(&ds.bts, BTS_WORDS, 4, 100);
	same("records", trace(TR | BTS | BTINT, maze, 0, false), 4);
	same("last record", ds_records[BTS_WORDS * 3], maze_branches[3].from);
	rule("BTS: without BTINT the buffer is a ring");
	ds_arm(&ds.bts, BTS_WORDS, 4, 100);
	same("next record", trace(TR | BTS, maze, 0, false), MAZE_BRANCHES % 4);
	same("newest", ds_records[BTS_WORDS * 2], maze_branches[10].from);
	same("oldest", ds_records[BTS_WORDS * 3], maze_branches[7].from);
	same("behind the buffer", ds_records[BTS_WORDS * 4], UNTOUCHED);
}

/* ---- PEBS ----------------------------------------------------------- */

#define MEMORY		BIT(0)		/* of MSR_PEBS_DATA_CFG */
#define GPRS		BIT(1)
#define XMMS		BIT(2)
#define LBRS		BIT(3)
#define ADAPTIVE	BIT(34)		/* of an event select */
#define LOADS		EVENT(0xd0, 0x81)

#define K		10		/* the period */
#define RECORDS		(SLIDE_ALL / K)
#define FORMAT_3	25		/* words of a record; of its basic group */
#define BASIC		4
#define WORDS		(adaptive() ? BASIC : FORMAT_3)

/* A word of record r by its place in format 3 and in the basic group. */
#define word(r, three, basic)	ds_records[(r) * WORDS + (adaptive() ? (basic) : (three))]
#define ip(r)		word(r, 22, 1)
#define counters(r)	word(r, 18, 2)
#define tsc(r)		word(r, 24, 3)

/* Room for so many records, due at one of them; counter i has PEBS. */
static void arm(unsigned int i, unsigned int room, unsigned int due)
{
	ds_arm(&ds.pebs, WORDS, room, due);
	ds.reset[i] = MINUS(K);
	wr(counter(i), MINUS(K));
	wr(PEBS_ENABLE, BIT(i));
}

static void stop_pebs(void)
{
	nmi.value[0] = rd(STATUS);
	wr(GLOBAL, 0);
}

static void try_records(void)
{
	rule("PEBS: a period is a record of its instruction, and the counter is reloaded");
	for (unsigned int i = 0; i < pmu.gp; i++) {
		arm(i, 100, 100);
		run_with(evtsel(i), INSNS | OS | EN, slide, 0, false);
		same_of(i, "records", ds_nr(&ds.pebs, WORDS), RECORDS);
		same_of(i, "counter", rd(counter(i)), MINUS(K - SLIDE_ALL % K));
		same_of(i, "counters", counters(0), BIT(i));
	}
	for (unsigned int r = 0; r < SLIDE / K; r++) {
		same_of(r, "IP", ip(r), slide_at((r + 1) * K));
		same_of(r, "TSC", tsc(r), tsc(0) + r * K);
	}
	same("NMIs, status", nmi.nr | rd(STATUS), 0);
	rule("PEBS: ring 3 is sampled; the threshold is an NMI, its status the buffer's alone");
	arm(0, 100, 3);
	nmi.hook = stop_pebs;
	run_with(evtsel(0), INSNS | USR | EN, slide, 0, true);
	nmis_are(1, 3 * K);
	same("records", ds_nr(&ds.pebs, WORDS), 3);
	same("IP", ip(2), slide_at(3 * K));
	same("status", nmi.value[0], OVF_DS);
	rule("PEBS: the buffer's PMI freezes the counters if asked for");
	wr(DEBUGCTL, FRZ_PMC_ON_PMI);
	arm(0, 100, 3);
	nmi.hook = stop_pebs;
	run_with(evtsel(0), INSNS | OS | EN, slide, 0, false);
	same("status", nmi.value[0], OVF_DS | (pmu.version >= 4 ? CTR_FRZ : 0));
	same("records", ds_nr(&ds.pebs, WORDS), 3);
	rule("PEBS: a full buffer is full");
	arm(0, 3, 100);
	run_with(evtsel(0), INSNS | OS | EN, slide, 0, false);
	same("records", ds_nr(&ds.pebs, WORDS), 3);
	same("behind the buffer", ds_records[3 * WORDS], UNTOUCHED);
	rule("PEBS: other counters overflow as ever; two on one instruction share a record");
	arm(1, 100, 100);
	overflow_at(0, INSNS | OS | INT, K);
	same("NMIs", nmi.nr, 1);
	same("status", rd(STATUS), 1);
	ds.reset[0] = MINUS(K);
	wr(PEBS_ENABLE, 3);
	wr(GLOBAL, 0);
	wr(counter(0), MINUS(K));
	wr(evtsel(0), INSNS | OS | EN);
	wr(evtsel(1), INSNS | OS | EN);
	run_with(GLOBAL, 3, slide, 0, false);
	same("records", ds_nr(&ds.pebs, WORDS), RECORDS);
	same("counters", counters(0), 3);
}

/* The k-th load is from buffer + 64 k. */
static void try_loads(void)
{
	unsigned int words = adaptive() ? BASIC + 4 : FORMAT_3, inside = 0;

	rule("PEBS: a load's record has its address");
	arm(0, 100, 100);
	ds.reset[0] = MINUS(1);
	wr(counter(0), MINUS(1));
	if (adaptive())
		wr(DATA_CFG, MEMORY);
	run_with(evtsel(0), LOADS | OS | EN | (adaptive() ? ADAPTIVE : 0), loads, 0, false);
	for (unsigned int r = 0; r < ds_nr(&ds.pebs, words); r++) {
		u64 *record = ds_records + r * words;
		u64 at = record[adaptive() ? 1 : 22] - (u64)loads, k = at / LOAD;

		if (k >= 64)
			continue;
		inside++;
		same_of(k, "address", record[adaptive() ? 4 : 19], (u64)buffer + 64 * k);
	}
	same("samples enough", inside >= 10, true);
}

/* Registers, from RFLAGS on; RBX has its place. */
static void gprs_are(u64 *r, unsigned int rbx, u64 rip)
{
	same("RFLAGS bit 1", FIELD(r[0], 1, 1), 1);
	same("RIP", r[1], rip);
	same("RBX", r[rbx], (u64)slide);
	for (unsigned int n = 8; n < 16; n++)
		same_of(n, "R8 to R15", r[2 + n], MARK(n));
}

/* A record of the 200th instruction; its first word. */
static u64 sampled(u64 groups, u64 select)
{
	arm(0, 100, 100);
	wr(DATA_CFG, groups);
	wr(counter(0), MINUS(200));
	run_with(evtsel(0), INSNS | OS | EN | select, slide, 0, false);
	wr(DATA_CFG, 0);
	return ds_records[0];
}

static void try_groups(void)
{
	rule("PEBS: a record has the groups that are asked for");
	for (u64 g = 0; g < 16; g++) {
		u64 cfg = g | (g & LBRS ? 3 << 24 : 0), bytes = 32;

		bytes += g & MEMORY ? 32 : 0;
		bytes += g & GPRS ? 144 : 0;
		bytes += g & XMMS ? 256 : 0;
		bytes += g & LBRS ? 4 * 24 : 0;
		same_of(g, "format and size", sampled(cfg, ADAPTIVE), bytes << 48 | cfg);
	}
	same("if the counter does not ask", sampled(15, 0), 32ull << 48);
	rule("PEBS: registers and branches are in order");
	sampled(GPRS, ADAPTIVE);
	gprs_are(ds_records + BASIC, 5, slide_at(201));
	sampled(XMMS, ADAPTIVE);
	same("XMM7", ds_records[BASIC + 14], MARK(15));
	same("its upper half", ds_records[BASIC + 15], 0);
	wr(pmu.arch_lbr ? LBR_CTL : DEBUGCTL, pmu.arch_lbr ? 0x7f0007 : 1);
	sampled(LBRS | 3 << 24, ADAPTIVE);
	same("newest from", ds_records[BASIC], (u64)run_call);
	same("newest to", ds_records[BASIC + 1], (u64)slide);
	rule("PEBS: fixed counters have it, too");
	for (unsigned int n = 0; n < 2; n++) {
		arm(0, 100, 100);
		ds.reset[(pmu.pebs >= 5 ? 32 : 8) + n] = MINUS(K);
		wr(FIXED_CTR + n, MINUS(K));
		wr(PEBS_ENABLE, FIXED_BIT(n));
		run_with(FIXED_CTRL, FIXED(n, 1), slide, 0, false);
		same_of(n, "records", ds_nr(&ds.pebs, WORDS), RECORDS);
		same_of(n, "counters", counters(0), FIXED_BIT(n));
	}
}

void try_pebs(void)
{
	/* format 3: bits 35:32 ask for load latency */
	u64 gp = low(pmu.more ? 8 : pmu.gp), fixed = low(pmu.more ? 4 : pmu.fixed);

	if (!pmu.pebs)
		return;
	rule("IA32_PEBS_ENABLE and MSR_PEBS_DATA_CFG: reserved bits are #GP");
	bits(PEBS_ENABLE, gp | (adaptive() ? fixed : gp) << 32, 0, true);
	if (adaptive())
		bits(DATA_CFG, 0xf | 0x1f << 24, 0xe0000000, true);
	else
		there(DATA_CFG, false);
	try_records();
	try_loads();
	if (adaptive()) {
		try_groups();
		return;
	}
	rule("PEBS: format 3 has the registers in order");
	arm(0, 100, 100);
	run_with(evtsel(0), INSNS | OS | EN, slide, 0, false);
	gprs_are(ds_records, 3, slide_at(K + 1));
}
