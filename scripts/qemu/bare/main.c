// SPDX-License-Identifier: GPL-2.0
/*
 * Try the rules that this CPU's PMU must keep, print TAP on the serial port; traps.
 */
#include "bare.h"

#define COM1		0x3f8
#define DEBUG_EXIT	0xf4
#define GATE		0x8e
#define GATE_USER	0xee
#define NMIS_MAX	10000		/* more are a fault of the model */

struct regs {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 vector, error, rip, cs, rflags, rsp, ss;
};

static u64 idt[256][2];
static u32 tss[26];
static const char *current;
static bool holds, all_hold = true;

struct nmi nmi;
unsigned int exceptions, wanted;

/* ---- rules ---------------------------------------------------------- */

static void out(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a" (value), "Nd" (port));
}

static void print(const char *text)
{
	while (*text)
		out(COM1, *text++);
}

static void print_number(const char *before, u64 value, unsigned int base)
{
	char text[24], *p = text + sizeof(text);

	*--p = 0;
	do {
		*--p = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	print(before);
	print(p);
}

void same_of(int of, const char *what, u64 got, u64 wanted)
{
	if (got == wanted)
		return;
	print("# ");
	print(what);
	if (of >= 0)
		print_number(" of ", of, 10);
	print_number(": 0x", got, 16);
	print_number(" instead of 0x", wanted, 16);
	print("\n");
	holds = false;
}

static void finish(void)
{
	if (!current)
		return;
	same("exceptions", exceptions, wanted);
	print(holds ? "ok - " : "not ok - ");
	print(current);
	print("\n");
	all_hold &= holds;
}

void rule(const char *name)
{
	finish();
	current = name;
	holds = true;
	quiet();
}

/* By QEMU's isa-debug-exit.  A rule that was not left in order does not hold. */
static void leave(bool fine)
{
	holds &= fine;
	finish();
	print(fine ? "# end\n" : "");
	out(DEBUG_EXIT, !all_hold);
	while (true)
		asm volatile("hlt");
}

/* ---- traps ---------------------------------------------------------- */

static void set_gate(unsigned int vector, const u8 *to, u64 type)
{
	u64 at = (u64)to;

	idt[vector][0] = (at & 0xffff) | 8 << 16 | type << 40 | at >> 16 << 48;
	idt[vector][1] = at >> 32;
}

static void init_traps(void)
{
	u16 idtr[5] = { sizeof(idt) - 1, (u64)idt, (u64)idt >> 16 };
	u64 base = (u64)tss;

	for (unsigned int i = 0; i < ARRAY_SIZE(idt); i++)
		set_gate(i, vectors + 16 * i, GATE);
	set_gate(0x80, user_exit, GATE_USER);
	set_gate(0x81, there_and_back, GATE_USER);
	tss[1] = (u64)trap_stack_top;
	gdt[5] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | base >> 24 << 56;
	asm volatile("lidt %0; ltr %w1" : : "m" (idtr), "r" (0x28));
	apic_wr(0xf0, 0x1ff);		/* on; spurious interrupts are vector 0xff */
}

static void die(const struct regs *regs)
{
	print_number("# unexpected: vector ", regs->vector, 10);
	print_number(" at 0x", regs->rip, 16);
	print("\n");
	leave(false);
}

static void take_exception(struct regs *regs)
{
	const u64 (*e)[2] = extable;

	while ((*e)[0] != regs->rip) {
		if (++e == extable_end)
			die(regs);
	}
	exceptions++;
	regs->rip = (*e)[1];
}

void trap(struct regs *regs)
{
	switch (regs->vector) {
	case 2:				/* NMI */
		if (++nmi.nr == NMIS_MAX)
			die(regs);
		nmi.rip = regs->rip;
		nmi.lvt = apic_rd(LVTPC);
		if (nmi.hook)
			nmi.hook();
		break;
	case IRQ:
		nmi.irqs++;
		apic_wr(0xb0, 0);	/* EOI */
		break;
	case 6:				/* #UD */
	case 13:			/* #GP */
		take_exception(regs);
		break;
	default:
		die(regs);
	}
}

/* ---- all of it ------------------------------------------------------ */

/* What CPUID and the capabilities say: the columns of the file "expected". */
static void print_pmu(void)
{
	u64 found[] = {
		pmu.version, pmu.gp, pmu.fixed, pmu.width, pmu.lbr, pmu.arch_lbr, pmu.pebs,
		pmu.bts, pmu.metrics, pmu.more, pmu.ibs,
	};

	print(pmu.intel ? "# found: intel" : pmu.amd ? "# found: amd" : "# found: none");
	for (unsigned int i = 0; i < ARRAY_SIZE(found); i++)
		print_number(" ", found[i], 16);
	print("\n");
}

void main(void)
{
	init_traps();
	find_pmu();
	print_pmu();
	if (pmu.intel || pmu.amd) {
		try_counters();
		try_pmis();
		try_faults();
		try_lbr();
	} else {
		try_none();
	}
	if (pmu.intel) {
		try_intel();
		try_fixed();
		try_metrics();
		try_bts();
		try_pebs();
	} else if (pmu.amd) {
		try_amd();
		try_ibs();
	}
	leave(true);
}
