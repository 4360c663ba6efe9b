// SPDX-License-Identifier: GPL-2.0
/*
 * Intel: last branch records, those of Nehalem's kind and the architectural ones.
 *
 * The hardware keeps the last 8 to 32 branches, filtered by kind and privilege.  There is
 * one set of them a CPU, so events on it that want different filters cannot be there at
 * the same time (intel_lbr_take()).  Recording stops with the PMU and in its interrupt:
 * what the kernel does there is of no interest.
 *
 * What the hardware's filter cannot tell apart (far branches) is sorted out by what the
 * instruction is (branch.c).
 *
 * In call-stack mode a return takes away the record of its call, so what is left is where
 * the task was called from.  Then the records belong to the task: they are saved when it
 * leaves the CPU, to task->perf_ctx_data, and restored when it comes back, unless they are
 * still there.  In all other modes they are thrown away when another task comes.
 *
 * SDM vol. 3B chapters 18 and 19.
 */
#include <linux/slab.h>

#include <asm/debugreg.h>
#include <asm/msr.h>

#include "intel.h"

#define RECORDS_MAX	32

/* One record as the hardware has it. */
struct record {
	u64	from;
	u64	to;
	u64	info;
};

/**
 * struct lbr_task - a task's records while it is not on a CPU
 * @home: the CPU that the task was on last with its records, plus one; 0: none
 * @nr: how many
 * @tos: which of the registers was the newest one
 * @record: the newest one first
 */
struct lbr_task {
	u32		home;
	u32		nr;
	u32		tos;
	struct record	record[RECORDS_MAX];
};

/**
 * struct lbr - this CPU's records
 * @users: events here that want them
 * @select: the filter that they want
 * @kinds: the kinds of branches that they want, X86_BR_*
 * @select_is: what the filter register holds
 * @on: the hardware records
 * @saved: @task has what the registers hold, which do not record meanwhile
 * @task: whose records the registers hold; NULL: nobody's.  It may be gone: only its
 *	  address is compared, and a new one at that address has no @home
 * @stack: what was read last
 * @entries: that of @stack
 */
struct lbr {
	int				users;
	u64				select;
	u32				kinds;
	u64				select_is;
	bool				on;
	bool				saved;
	struct lbr_task			*task;
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

/* ---- Registers -------------------------------------------------------------- */

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
	return l->select & (kind.arch ? X86_CTL_CALL_STACK : X86_SELECT_CALL_STACK);
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
		wrmsrl(kind.select, l->select | X86_CTL_ON);
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

/* ---- Samples ---------------------------------------------------------------- */

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
	/* For x86_branch_sort(): the kind that the hardware tells, plus one. */
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

	x86_branch_sort(&l->stack, event->hw.branch_reg.reg, false);
	perf_sample_save_brstack(data, event, &l->stack, NULL);
}

/* ---- Tasks ------------------------------------------------------------------ */

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

/* A deep sleep of the CPU forgets them: of a task that had some the newest has no source then. */
static bool still_there(const struct lbr_task *task)
{
	u64 from = 0;

	if (task->nr)
		rdmsrl(kind.from + slot(top(), 0), from);

	return !task->nr || from;
}

/* Where the records of current are kept; NULL: nowhere.  IRQs off. */
static struct lbr_task *current_data(const struct lbr *l)
{
	struct perf_ctx_data *data = rcu_dereference_sched(current->perf_ctx_data);

	return data && stack_mode(l) ? data->data : NULL;
}

/* From here on the registers hold the records of current. */
static void load_current(struct lbr *l)
{
	struct lbr_task *task = current_data(l);
	u32 here = smp_processor_id() + 1;

	l->saved = false;
	if (task && l->task == task && task->home == here && still_there(task))
		return;
	if (task) {
		restore(task);
		task->home = here;
	} else {
		forget_records();
	}
	l->task = task;
}

/**
 * intel_lbr_sched_task() - pmu->sched_task()
 * @sched_in: current has come; else it is about to go
 *
 * Context: the scheduler, IRQs off, PMU off.
 */
void intel_lbr_sched_task(bool sched_in)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	if (!l->users)
		return;
	if (sched_in) {
		load_current(l);
	} else if (l->task && l->task == current_data(l)) {
		save(l->task);
		l->saved = true;
	}
}

/* ---- Events ----------------------------------------------------------------- */

/**
 * intel_lbr_config() - which branches does a new event want?
 * @event: the event
 *
 * Return: 0; -EOPNOTSUPP: there are no records, or no call-stack mode; -EINVAL: it wants
 * counts of events in them, which are not there; -EBUSY: somebody has the branch trace on.
 *
 * Context: may sleep.
 */
int intel_lbr_config(struct perf_event *event)
{
	struct hw_perf_event_extra *want = &event->hw.branch_reg;
	u64 type = event->attr.branch_sample_type;
	struct x86_branch_filter filter = x86_branch_filter(type);
	int err;

	if (!kind.depth)
		return -EOPNOTSUPP;
	if (type & PERF_SAMPLE_BRANCH_COUNTERS)
		return -EINVAL;
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
	want->reg = filter.kinds;
	want->config = kind.arch ? filter.ctl : filter.select ^ X86_SELECT_ALL;
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
	       (l->select == event->hw.branch_reg.config &&
		l->kinds == event->hw.branch_reg.reg);
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
	l->kinds = event->hw.branch_reg.reg;
	perf_sched_cb_inc(event->pmu);
	if (!l->users++)
		load_current(l);
}

/**
 * intel_lbr_removed() - it was taken off
 * @event: the event
 *
 * A task that goes on without being recorded calls and returns: what was kept of it is worth
 * nothing then.
 *
 * Context: as above.
 */
void intel_lbr_removed(struct perf_event *event)
{
	struct lbr *l = this_cpu_ptr(&lbr);
	struct lbr_task *task;

	if (!(event->hw.flags & X86_EVENT_LBR))
		return;
	perf_sched_cb_dec(event->pmu);
	if (--l->users || l->saved)
		return;
	task = current_data(l);
	if (task)
		task->nr = 0;
	l->task = NULL;
}

/* ---- Coming up -------------------------------------------------------------- */

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
	l->task = NULL;
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
	/* Without it call-stack mode forgets at each switch. */
	x86_pmu.task_ctx_cache = kmem_cache_create("x86_lbr", sizeof(struct lbr_task), 0, 0, NULL);
}
