// SPDX-License-Identifier: GPL-2.0
/*
 * Intel: last branch records, those of Nehalem's kind and the architectural ones.
 *
 * The hardware keeps the last 8 to 32 branches, filtered by kind and privilege.  There is
 * one set of them a CPU, so events on it that want different filters cannot be there at
 * the same time (intel_lbr_take()).  Recording stops with the PMU and in its interrupt:
 * what the kernel does there is of no interest.
 *
 * What the hardware's filter cannot tell apart (far branches) is sorted out here, by what
 * the instruction is.
 *
 * In call-stack mode a return takes away the record of its call, so what is left is where
 * the task was called from.  Then the records belong to the task: they are saved when it
 * leaves the CPU and restored when it comes back.  In all other modes they are thrown
 * away when another task comes.
 *
 * SDM vol. 3B chapters 18 and 19.
 */
#include <linux/slab.h>

#include <asm/debugreg.h>
#include <asm/msr.h>

#include "intel.h"

#define RECORDS_MAX	32

/* LBR_SELECT: what is not to be recorded, but the last one, a mode. */
#define SEL_KERNEL	BIT(0)
#define SEL_USER	BIT(1)
#define SEL_JCC		BIT(2)
#define SEL_REL_CALL	BIT(3)
#define SEL_IND_CALL	BIT(4)
#define SEL_RETURN	BIT(5)
#define SEL_IND_JMP	BIT(6)
#define SEL_REL_JMP	BIT(7)
#define SEL_FAR		BIT(8)
#define SEL_ALL		GENMASK(8, 0)
#define SEL_CALL_STACK	BIT(9)

/* ARCH_LBR_CTL: what is to be recorded. */
#define CTL_ON		BIT(0)
#define CTL_OS		BIT(1)
#define CTL_USER	BIT(2)
#define CTL_CALL_STACK	BIT(3)
#define CTL_JCC		BIT(16)
#define CTL_REL_JMP	BIT(17)
#define CTL_IND_JMP	BIT(18)
#define CTL_REL_CALL	BIT(19)
#define CTL_IND_CALL	BIT(20)
#define CTL_RETURN	BIT(21)
#define CTL_OTHER	BIT(22)

#define ANY_KIND	(X86_BR_CALL | X86_BR_RET | X86_BR_SYSCALL | X86_BR_SYSRET |	\
			 X86_BR_INT | X86_BR_IRET | X86_BR_JCC | X86_BR_JMP |		\
			 X86_BR_IRQ | X86_BR_IND_CALL | X86_BR_ABORT | X86_BR_ZERO_CALL |	\
			 X86_BR_IND_JMP)
#define ANY_CALL	(X86_BR_CALL | X86_BR_IND_CALL | X86_BR_ZERO_CALL |		\
			 X86_BR_SYSCALL | X86_BR_IRQ | X86_BR_INT)
#define ANY_RETURN	(X86_BR_RET | X86_BR_SYSRET | X86_BR_IRET)

/**
 * struct filter - what one bit of attr.branch_sample_type means
 * @type: PERF_SAMPLE_BRANCH_*
 * @kinds: X86_BR_*
 * @select: bits of LBR_SELECT
 * @ctl: bits of ARCH_LBR_CTL
 */
struct filter {
	u64	type;
	u32	kinds;
	u32	select;
	u32	ctl;
};

static const struct filter filters[] = {
	{ PERF_SAMPLE_BRANCH_USER, X86_BR_USER, SEL_USER, CTL_USER },
	{ PERF_SAMPLE_BRANCH_KERNEL, X86_BR_KERNEL, SEL_KERNEL, CTL_OS },
	{ PERF_SAMPLE_BRANCH_ANY, ANY_KIND, SEL_ALL & ~(SEL_USER | SEL_KERNEL),
	  CTL_JCC | CTL_REL_JMP | CTL_IND_JMP | CTL_REL_CALL | CTL_IND_CALL | CTL_RETURN |
	  CTL_OTHER },
	{ PERF_SAMPLE_BRANCH_ANY_CALL, ANY_CALL, SEL_REL_CALL | SEL_IND_CALL | SEL_FAR,
	  CTL_REL_CALL | CTL_IND_CALL | CTL_OTHER },
	{ PERF_SAMPLE_BRANCH_ANY_RETURN, ANY_RETURN, SEL_RETURN | SEL_FAR,
	  CTL_RETURN | CTL_OTHER },
	{ PERF_SAMPLE_BRANCH_IND_CALL, X86_BR_IND_CALL, SEL_IND_CALL, CTL_IND_CALL },
	{ PERF_SAMPLE_BRANCH_COND, X86_BR_JCC, SEL_JCC, CTL_JCC },
	{ PERF_SAMPLE_BRANCH_IND_JUMP, X86_BR_IND_JMP, SEL_IND_JMP, CTL_IND_JMP },
	{ PERF_SAMPLE_BRANCH_CALL, X86_BR_CALL | X86_BR_ZERO_CALL, SEL_REL_CALL, CTL_REL_CALL },
	{ PERF_SAMPLE_BRANCH_CALL_STACK,
	  X86_BR_CALL | X86_BR_IND_CALL | X86_BR_RET | X86_BR_CALL_STACK,
	  SEL_REL_CALL | SEL_IND_CALL | SEL_RETURN | SEL_CALL_STACK,
	  CTL_REL_CALL | CTL_IND_CALL | CTL_RETURN | CTL_CALL_STACK },
	{ PERF_SAMPLE_BRANCH_IN_TX, X86_BR_IN_TX, 0, 0 },
	{ PERF_SAMPLE_BRANCH_NO_TX, X86_BR_NO_TX, 0, 0 },
	{ PERF_SAMPLE_BRANCH_ABORT_TX, X86_BR_ABORT, SEL_FAR, CTL_OTHER },
	{ PERF_SAMPLE_BRANCH_TYPE_SAVE, X86_BR_TYPE_SAVE, 0, 0 },
};

/* One record as the hardware has it. */
struct record {
	u64	from;
	u64	to;
	u64	info;
};

/**
 * struct lbr_task - a task's records while it is not on a CPU
 * @nr: how many
 * @tos: which of the registers was the newest one
 * @record: the newest one first
 */
struct lbr_task {
	u32		nr;
	u32		tos;
	struct record	record[RECORDS_MAX];
};

/**
 * struct lbr - this CPU's records
 * @users: events here that want them
 * @stack_users: those of them in call-stack mode
 * @select: the filter that they want
 * @select_is: what the filter register holds
 * @on: the hardware records
 * @stack: what was read last
 * @entries: that of @stack
 */
struct lbr {
	int				users;
	int				stack_users;
	u64				select;
	u64				select_is;
	bool				on;
	struct perf_branch_stack	stack;
	struct perf_branch_entry	entries[RECORDS_MAX];
};

static DEFINE_PER_CPU(struct lbr, lbr);

/**
 * struct lbr_kind - which registers there are
 * @depth: how many records
 * @arch: the architectural ones
 * @typed: a record says what kind of branch it is
 * @select: MSR of the filter
 * @from: MSR of the first record's source
 * @to: of its target
 * @info: of what else is known
 */
static struct lbr_kind {
	int		depth;
	bool		arch;
	bool		typed;
	unsigned int	select;
	unsigned int	from;
	unsigned int	to;
	unsigned int	info;
} kind __ro_after_init;

/* ---- Registers ------------------------------------------------------------------ */

static u32 top(void)
{
	u64 tos = 0;

	if (!kind.arch)
		rdmsrl(MSR_LBR_TOS, tos);

	return tos;
}

/* The register of the @i-th newest record. */
static int slot(u32 tos, int i)
{
	return kind.arch ? i : (tos - i) & (kind.depth - 1);
}

static void read_record(int reg, struct record *r)
{
	rdmsrl(kind.from + reg, r->from);
	rdmsrl(kind.to + reg, r->to);
	rdmsrl(kind.info + reg, r->info);
}

static void write_record(int reg, const struct record *r)
{
	wrmsrl(kind.from + reg, r->from);
	wrmsrl(kind.to + reg, r->to);
	wrmsrl(kind.info + reg, r->info);
}

static void forget_records(void)
{
	static const struct record none;
	int i;

	if (kind.arch) {
		/* Which clears all of them. */
		wrmsrl(MSR_ARCH_LBR_DEPTH, kind.depth);
		return;
	}
	for (i = 0; i < kind.depth; i++)
		write_record(i, &none);
}

static bool stack_mode(const struct lbr *l)
{
	return l->select & (kind.arch ? CTL_CALL_STACK : SEL_CALL_STACK);
}

/* Records freeze at a PMI, but not in call-stack mode, which would lose returns. */
static void set_debugctl(const struct lbr *l, bool on)
{
	u64 old = get_debugctlmsr(), new = old;

	new &= ~(DEBUGCTLMSR_LBR | DEBUGCTLMSR_FREEZE_LBRS_ON_PMI);
	if (on && !kind.arch)
		new |= DEBUGCTLMSR_LBR;
	if (on && !stack_mode(l))
		new |= DEBUGCTLMSR_FREEZE_LBRS_ON_PMI;
	if (new != old)
		update_debugctlmsr(new);
}

/**
 * intel_lbr_on() - record, if an event of this CPU wants that
 *
 * Context: on that CPU, IRQs off, or NMI.
 */
void intel_lbr_on(void)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	if (!l->users || l->on)
		return;
	if (!kind.arch && l->select_is != l->select) {
		wrmsrl(kind.select, l->select);
		l->select_is = l->select;
	}
	set_debugctl(l, true);
	if (kind.arch)
		wrmsrl(kind.select, l->select | CTL_ON);
	/* An NMI before this leaves them off, which is right: the PMU is disabled. */
	WRITE_ONCE(l->on, true);
}

/**
 * intel_lbr_off() - do not record
 *
 * Context: as above.
 */
void intel_lbr_off(void)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	if (!l->on)
		return;
	if (kind.arch)
		wrmsrl(kind.select, 0);
	else
		set_debugctl(l, false);
	WRITE_ONCE(l->on, false);
}

/* ---- Samples ---------------------------------------------------------------------- */

static void to_entry(struct perf_branch_entry *e, const struct record *r)
{
	perf_clear_branch_entry_bitfields(e);
	e->from = r->from;
	e->to = r->to;
	e->mispred = !!(r->info & LBR_INFO_MISPRED);
	e->predicted = !e->mispred;
	e->in_tx = !!(r->info & LBR_INFO_IN_TX);
	e->abort = !!(r->info & LBR_INFO_ABORT);
	e->cycles = r->info & LBR_INFO_CYCLES;
	/* Until sort_out() has a better one: the kind that the hardware tells, plus one. */
	e->reserved = kind.typed ? (r->info >> 56 & 0xf) + 1 : 0;
}

/**
 * intel_lbr_read() - keep this CPU's records for the samples to come
 *
 * Context: NMI, nothing is recorded.
 */
void intel_lbr_read(void)
{
	struct lbr *l = this_cpu_ptr(&lbr);
	struct record r;
	u32 tos;
	int i;

	if (!l->users)
		return;
	tos = top();
	for (i = 0; i < kind.depth; i++) {
		read_record(slot(tos, i), &r);
		/* Never written since they were forgotten, nor are those behind it. */
		if (!r.from && (kind.arch || stack_mode(l)))
			break;
		to_entry(&l->entries[i], &r);
	}
	l->stack.nr = i;
	l->stack.hw_idx = tos;
}

/* What the hardware says that a branch is; X86_BR_NONE: it does not. */
static u32 told_kind(const struct perf_branch_entry *e)
{
	static const u32 kinds[] = {
		X86_BR_JCC, X86_BR_IND_JMP, X86_BR_JMP, X86_BR_IND_CALL, X86_BR_CALL, X86_BR_RET,
	};
	u32 told = e->reserved;

	if (!told || told > ARRAY_SIZE(kinds))
		return X86_BR_NONE;

	return kinds[told - 1] | (kernel_ip(e->to) ? X86_BR_KERNEL : X86_BR_USER);
}

static u32 kind_of(const struct perf_branch_entry *e)
{
	u32 type = told_kind(e) ?: branch_type(e->from, e->to, e->abort);

	if (type != X86_BR_NONE && e->in_tx)
		type |= X86_BR_IN_TX;

	return type;
}

/* Leave the entries that are of the @kinds. */
static void sort_out(struct lbr *l, u32 kinds)
{
	bool all = (kinds & ANY_KIND) == ANY_KIND && !(kinds & (X86_BR_IN_TX | X86_BR_NO_TX));
	u32 which = kinds & ~(X86_BR_TYPE_SAVE | X86_BR_CALL_STACK | X86_BR_NO_TX);
	struct perf_branch_entry *to = l->entries;
	int i;

	for (i = 0; i < l->stack.nr; i++) {
		struct perf_branch_entry e = l->entries[i];
		u32 type = all && !(kinds & X86_BR_TYPE_SAVE) ? X86_BR_NONE : kind_of(&e);

		if (!all && (type == X86_BR_NONE || (which & type) != type))
			continue;
		/* A return from the kernel ends in user mode, but is not the user's. */
		if (!all && !(which & X86_BR_KERNEL) && kernel_ip(e.from))
			continue;
		e.reserved = 0;
		if (kinds & X86_BR_TYPE_SAVE)
			e.type = common_branch_type(type);
		*to++ = e;
	}
	l->stack.nr = to - l->entries;
}

/**
 * intel_lbr_sample() - x86_pmu.sample(): a sample is about to have the records
 * @cpu: this CPU
 * @event: whose sample
 * @data: that
 *
 * Events that are on a CPU at the same time have the same filter, so the first sample of
 * an interrupt sorts for all.
 *
 * Context: NMI, after intel_lbr_read().
 */
void intel_lbr_sample(struct x86_cpu *cpu, struct perf_event *event,
		      struct perf_sample_data *data)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	sort_out(l, event->hw.branch_reg.reg);
	perf_sample_save_brstack(data, event, &l->stack, NULL);
}

/* ---- Tasks -------------------------------------------------------------------------- */

static void save(struct lbr_task *task)
{
	u32 i;

	task->tos = top();
	for (i = 0; i < kind.depth; i++) {
		read_record(slot(task->tos, i), &task->record[i]);
		if (!task->record[i].from)
			break;
	}
	task->nr = i;
}

static void restore(const struct lbr_task *task)
{
	static const struct record none;
	u32 i;

	if (kind.arch)
		forget_records();
	for (i = 0; i < task->nr; i++)
		write_record(slot(task->tos, i), &task->record[i]);
	if (kind.arch)
		return;
	for (; i < kind.depth; i++)
		write_record(slot(task->tos, i), &none);
	wrmsrl(MSR_LBR_TOS, task->tos);
}

/**
 * intel_lbr_sched_task() - pmu->sched_task()
 * @epc: the PMU's part of the task's context, or NULL
 * @task: the task
 * @sched_in: it comes
 *
 * Context: the scheduler, IRQs off, PMU off.
 */
void intel_lbr_sched_task(struct perf_event_pmu_context *epc, struct task_struct *task,
			  bool sched_in)
{
	struct lbr *l = this_cpu_ptr(&lbr);
	struct lbr_task *data = epc ? epc->task_ctx_data : NULL;

	if (!l->users)
		return;
	if (!l->stack_users || !data) {
		if (sched_in)
			forget_records();
		return;
	}
	if (sched_in)
		restore(data);
	else
		save(data);
}

/**
 * intel_lbr_swap() - pmu->swap_task_ctx(): two tasks change contexts
 * @a: one's part of the PMU
 * @b: the other's
 *
 * Context: the scheduler, IRQs off, both contexts locked.
 */
void intel_lbr_swap(struct perf_event_pmu_context *a, struct perf_event_pmu_context *b)
{
	swap(a->task_ctx_data, b->task_ctx_data);
}

/* ---- Events --------------------------------------------------------------------------- */

/**
 * intel_lbr_config() - which branches does a new event want?
 * @event: the event
 *
 * Return: 0; -EOPNOTSUPP: there are no records, or no call-stack mode; -EBUSY: somebody
 * has the branch trace on.
 *
 * Context: may sleep.
 */
int intel_lbr_config(struct perf_event *event)
{
	struct hw_perf_event_extra *want = &event->hw.branch_reg;
	u64 type = event->attr.branch_sample_type;
	u32 kinds = 0, select = 0, ctl = 0;
	int i, err;

	if (!kind.depth)
		return -EOPNOTSUPP;
	for (i = 0; i < ARRAY_SIZE(filters); i++) {
		if (!(type & filters[i].type))
			continue;
		kinds |= filters[i].kinds;
		select |= filters[i].select;
		ctl |= filters[i].ctl;
	}
	/* Calls and returns of one mode: nothing else can be with it. */
	if (type & PERF_SAMPLE_BRANCH_CALL_STACK) {
		if (type & ~(PERF_SAMPLE_BRANCH_CALL_STACK | PERF_SAMPLE_BRANCH_USER |
			     PERF_SAMPLE_BRANCH_NO_CYCLES | PERF_SAMPLE_BRANCH_NO_FLAGS |
			     PERF_SAMPLE_BRANCH_TYPE_SAVE | PERF_SAMPLE_BRANCH_HW_INDEX))
			return -EOPNOTSUPP;
		event->attach_state |= PERF_ATTACH_TASK_DATA;
	}
	err = x86_add_exclusive(x86_lbr_exclusive_lbr);
	if (err)
		return err;
	want->reg = kinds;
	want->config = kind.arch ? ctl : (SEL_ALL & ~select) | (select & SEL_CALL_STACK);
	event->attach_state |= PERF_ATTACH_SCHED_CB;
	event->hw.flags |= X86_EVENT_LBR;

	return 0;
}

/**
 * intel_lbr_destroy() - undo intel_lbr_config()
 * @event: the event
 *
 * Context: may sleep.
 */
void intel_lbr_destroy(struct perf_event *event)
{
	if (event->hw.flags & X86_EVENT_LBR)
		x86_del_exclusive(x86_lbr_exclusive_lbr);
}

/**
 * intel_lbr_fits() - can an event be here together with those that are?
 * @event: the event
 *
 * Return: yes; no if they want other branches.
 *
 * Context: on the CPU, IRQs off.
 */
bool intel_lbr_fits(struct perf_event *event)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	return !(event->hw.flags & X86_EVENT_LBR) || !l->users ||
	       l->select == event->hw.branch_reg.config;
}

/**
 * intel_lbr_added() - an event was added to this CPU
 * @event: the event
 *
 * Context: IRQs off, PMU off.
 */
void intel_lbr_added(struct perf_event *event)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	if (!(event->hw.flags & X86_EVENT_LBR))
		return;
	l->select = event->hw.branch_reg.config;
	perf_sched_cb_inc(event->pmu);
	if (event->attach_state & PERF_ATTACH_TASK_DATA)
		l->stack_users++;
	/* Who was not recorded when his task came has what others left. */
	if (!l->users++ && !(event->attach_state & PERF_ATTACH_TASK_DATA))
		forget_records();
}

/**
 * intel_lbr_removed() - it was taken off
 * @event: the event
 *
 * Context: as above.
 */
void intel_lbr_removed(struct perf_event *event)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	if (!(event->hw.flags & X86_EVENT_LBR))
		return;
	if (event->attach_state & PERF_ATTACH_TASK_DATA)
		l->stack_users--;
	l->users--;
	perf_sched_cb_dec(event->pmu);
}

/* ---- Coming up -------------------------------------------------------------------------- */

/**
 * intel_lbr_start_cpu() - a CPU comes up
 * @nr: which
 *
 * Context: on it, IRQs off.
 */
void intel_lbr_start_cpu(int nr)
{
	struct lbr *l = per_cpu_ptr(&lbr, nr);

	l->on = false;
	l->select_is = ~0ULL;
	if (kind.depth)
		forget_records();
}

static void __init find_arch(void)
{
	union cpuid28_eax eax;
	union cpuid28_ebx ebx;
	union cpuid28_ecx ecx;
	u32 unused;

	cpuid(0x1c, &eax.full, &ebx.full, &ecx.full, &unused);
	if (!eax.split.lbr_depth_mask || !ebx.split.lbr_cpl || !ebx.split.lbr_filter)
		return;
	kind = (struct lbr_kind){
		.depth	= fls(eax.split.lbr_depth_mask) * 8,
		.arch	= true,
		.typed	= ecx.split.lbr_br_type,
		.select	= MSR_ARCH_LBR_CTL,
		.from	= MSR_ARCH_LBR_FROM_0,
		.to	= MSR_ARCH_LBR_TO_0,
		.info	= MSR_ARCH_LBR_INFO_0,
	};
	kind.depth = min(kind.depth, RECORDS_MAX);
}

/* Formats of PERF_CAPABILITIES whose records have a third register. */
#define FORMAT_INFO	5
#define FORMAT_INFO2	7

static void __init find_legacy(u64 capabilities)
{
	u32 format = capabilities & CAP_LBR_FORMAT;

	if (format != FORMAT_INFO && format != FORMAT_INFO2)
		return;
	kind = (struct lbr_kind){
		.depth	= 32,
		.select	= MSR_LBR_SELECT,
		.from	= MSR_LBR_NHM_FROM,
		.to	= MSR_LBR_NHM_TO,
		.info	= MSR_LBR_INFO_0,
	};
}

/**
 * intel_lbr_init() - which records are there?
 * @type: the kind of core that this CPU is
 */
void __init intel_lbr_init(struct x86_core_type *type)
{
	if (boot_cpu_has(X86_FEATURE_ARCH_LBR))
		find_arch();
	else
		find_legacy(type->capabilities);
	if (!kind.depth)
		return;

	x86_pmu.branches = kind.depth;
	x86_pmu.lbr_with_pt = true;
	x86_pmu.sample = intel_lbr_sample;
	x86_pmu.swap_task_ctx = intel_lbr_swap;
	/* Without it call-stack mode forgets at each switch. */
	x86_pmu.task_ctx_cache = kmem_cache_create("x86_lbr", sizeof(struct lbr_task), 0, 0, NULL);
}
