/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test of the emulated PMU's registers without an operating system.
 *
 * rule() begins a rule and tells how the last one went: each same() since then must have found its
 * two values equal, and no exception may have come but those that gp_*() or rdpmc() looked for.
 * It leaves the PMU quiet: nothing counts, registers are 0, PMIs are NMIs, GLOBAL_CTRL is open.
 */
#ifndef BARE_H
#define BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <asm/types.h>

typedef __u64 u64;
typedef __u32 u32;
typedef __u16 u16;
typedef __u8 u8;

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT(n)			(1ull << (n))
#define FIELD(v, n, w)		((v) >> (n) & low(w))
#define MINUS(n)		(-(u64)(n) & low(48))	/* so many before the overflow */
static inline u64 low(unsigned int n) { return n < 64 ? BIT(n) - 1 : ~0ull; }

/* ---- main.c: rules; traps ------------------------------------------- */

void rule(const char *name);
/* of: which counter or bit it is about; -1: nothing of the kind */
void same_of(int of, const char *what, u64 got, u64 wanted);
#define same(what, got, wanted)	same_of(-1, what, got, wanted)

/* What came since the rule began.  hook() is called in each NMI, and value[] is for its use. */
extern struct nmi {
	unsigned int nr, irqs;		/* irqs: interrupts of vector IRQ */
	u64 rip, lvt;			/* of the last NMI; LVTPC as it was then */
	u64 value[4];
	void (*hook)(void);
} nmi;

extern unsigned int exceptions, wanted;	/* that came since then; that were looked for */

/* The rules, by file; pmu.c has none. */
void try_counters(void);
void try_none(void);
void try_pmis(void);
void try_faults(void);
void try_intel(void);
void try_fixed(void);
void try_metrics(void);
void try_lbr(void);
void try_bts(void);
void try_pebs(void);
void try_amd(void);
void try_ibs(void);

/* ---- pmu.c: what this CPU has, and its registers -------------------- */

extern struct pmu {
	bool intel, amd;		/* and it has a PMU */
	bool more;			/* a P-core: it may have more than leaf 0xA tells */
	unsigned int version, gp, fixed, width;
	unsigned int pebs, metrics;	/* the format of its records; how many */
	bool lbr, arch_lbr, bts;	/* lbr: Intel's legacy form, or AMD's */
	unsigned int ibs;
	u64 caps;			/* IA32_PERF_CAPABILITIES */
	u64 reset_global;		/* GLOBAL_CTRL before anybody wrote it */
	u32 evtsel, counter, step;
	u32 status;			/* GLOBAL_STATUS; 0: there is none */
} pmu;

void find_pmu(void);
void quiet(void);

#define evtsel(i)	(pmu.evtsel + (i) * pmu.step)
#define counter(i)	(pmu.counter + (i) * pmu.step)
#define STATUS		pmu.status
#define GLOBAL		(pmu.status + 1)
#define CLEAR		(pmu.status + 2)
#define SET		(pmu.status + 3)
#define has_set()	(pmu.status && (pmu.amd || pmu.version >= 4))
#define adaptive()	(pmu.caps & BIT(14))

#define USR		BIT(16)		/* of an event select */
#define OS		BIT(17)
#define EDGE		BIT(18)
#define INT		BIT(20)
#define ANY		BIT(21)
#define EN		BIT(22)
#define INV		BIT(23)
#define CMASK(n)	((u64)(n) << 24)
#define EVENT(e, u)	((e) | (u) << 8)
#define INSNS		0xc0
#define CYCLES		(pmu.intel ? 0x3c : 0x76)
#define BRANCHES	(pmu.intel ? 0xc4 : 0xc2)
#define MISSES		(pmu.intel ? 0xc5 : 0xc3)

#define METRICS_BIT	BIT(48)		/* of GLOBAL_CTRL and GLOBAL_STATUS */
#define LBR_FRZ		BIT(58)
#define CTR_FRZ		BIT(59)
#define OVF_DS		BIT(62)
#define FRZ_LBR_ON_PMI	BIT(11)		/* of DEBUGCTL */
#define FRZ_PMC_ON_PMI	BIT(12)

#define A_PMC		0x4c1
#define FIXED_CTR	0x309
#define FIXED_CTRL	0x38d
#define METRICS		0x329
#define DEBUGCTL	0x1d9
#define LBR_CTL		0x14ce
#define LBR_SELECT	(pmu.intel ? 0x1c8 : 0xc000010e)
#define EXTN_CFG	0xc000010f
#define PEBS_ENABLE	0x3f1
#define DATA_CFG	0x3f2
#define DS_AREA		0x600
#define IBS_FETCH_CTL	0xc0011030
#define IBS_OP_CTL	0xc0011033
#define FAULT		0x504d5580

/* Fixed counter n's bit; its field of IA32_FIXED_CTR_CTRL. */
#define FIXED_BIT(n)	BIT(32 + (n))
#define FIXED(n, bits)	((u64)(bits) << 4 * (n))

/* Run body with value on in an MSR, and 0 after it. */
void run_with(u32 msr, u64 on, void (*body)(void), u64 n, bool user);
/* What counter i counts of body, from 0; of 500 more turns of the loop. */
u64 count(unsigned int i, u64 select, void (*body)(void), u64 n, bool user);
u64 turns(unsigned int i, u64 select, bool user);
/* Let counter i overflow on instruction k of those that it sees of the slide; its value. */
u64 overflow_at(unsigned int i, u64 select, u64 k);
/* So many NMIs; the last one right behind that instruction. */
void nmis_are(unsigned int nr, u64 k);
#define slide_at(k)	((u64)slide + (k) - 2)

/* #GP, whether read or written; or not #GP. */
void there(u32 msr, bool is);
/* What is written to one MSR is in the other, too. */
void alias(u32 msr, u32 other, u64 value);
/* Of its bits, but for those of unknown, just these can be set; the others are #GP, or stay 0. */
void bits(u32 msr, u64 valid, u64 unknown, bool fault);
/* RDPMC in either ring; false: an exception. */
bool rdpmc(u32 index, bool user, u64 *value);
void allow_rdpmc(bool allow);

/* ---- boot.S, work.S: code that is measured -------------------------- */

struct run {
	u64 msr, on, off_msr, off;
	void (*body)(void);
	u64 n, user;
};

void run(const struct run *r);
void loop(void);
void slide(void);
void rep(void);
void halt(void);
void loads(void);
void read_pmc(void);
void maze(void);
void deep(void);
#define RUN_INSNS	5		/* that a counter sees beside the body's */
#define SLIDE		257		/* instructions of the slide */
#define SLIDE_ALL	(SLIDE + RUN_INSNS)
#define LOAD		8		/* bytes of an instruction of loads */
#define MARK(n)		(0x5eed0000000000 + (n))	/* what register n has meanwhile */

extern u64 gdt[], pmc_value;
extern const u64 extable[][2], extable_end[][2];
extern u8 buffer[4096], vectors[], trap_stack_top[], there_and_back[], deep_1[], deep_2[];
extern u8 run_call[], run_back[], user_call[], user_back[], user_exit[];
extern const struct branch {
	u64 from, to, kind;
} maze_branches[], maze_branches_end[];
#define MAZE_BRANCHES	11

/* ---- exceptions that are found in .extable are skipped --------------- */

#define EXTABLE		".pushsection .extable, \"a\"\n.quad 1b, 2b\n.popsection\n"

static inline u64 rd(u32 msr)
{
	u64 low = 0, high = 0;

	asm volatile("1: rdmsr\n2:\n" EXTABLE : "+a" (low), "+d" (high) : "c" (msr) : "memory");
	return low | high << 32;
}

static inline void wr(u32 msr, u64 value)
{
	asm volatile("1: wrmsr\n2:\n" EXTABLE
		     : : "c" (msr), "a" ((u32)value), "d" ((u32)(value >> 32)) : "memory");
}

/* Whether exceptions came since there were so many; they are all right. */
static inline bool came(unsigned int before)
{
	wanted += exceptions - before;
	return exceptions != before;
}

static inline bool gp_rd(u32 msr)
{
	unsigned int before = exceptions;

	rd(msr);
	return came(before);
}

static inline bool gp_wr(u32 msr, u64 value)
{
	unsigned int before = exceptions;

	wr(msr, value);
	return came(before);
}

/* ---- the local APIC ------------------------------------------------- */

#define IRQ		0x40
#define LVT_TIMER	0x320
#define LVTPC		0x340
#define LVT_NMI		0x400
#define LVT_MASKED	BIT(16)
#define EXT_LVT		0x500

static inline u32 apic_rd(u32 reg)
{
	u32 value;

	asm volatile("mov (%1), %0" : "=r" (value) : "r" (0xfee00000ul + reg) : "memory");
	return value;
}

static inline void apic_wr(u32 reg, u32 value)
{
	asm volatile("mov %0, (%1)" : : "r" (value), "r" (0xfee00000ul + reg) : "memory");
}

static inline u64 rdtsc(void)
{
	u64 low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	return low | high << 32;
}

/* Register EAX to EDX, 0 to 3, of a leaf; 0 if the leaf is beyond the last one. */
u32 cpuid(u32 leaf, u32 sub, unsigned int reg);

#endif
