// SPDX-License-Identifier: GPL-2.0
/*
 * Slots of hardware breakpoints: who may have one.
 *
 * A CPU has a few debug registers, of one kind or, on some machines, of two:
 * for instructions and for data.  Here they are only counted, so that whoever
 * is given a breakpoint can rely on finding a register whenever it is due; the
 * architecture picks the register when the event goes on.
 *
 * A claim is (task or none, CPU or any, type, weight), taken from the event when
 * it is made and the same when it is dropped: event->hw.target, event->cpu and
 * the type in attr.bp_type do not change behind our back, contexts do.
 *
 *   use(cpu) = cpu's own + max over tasks (task's on any CPU + task's on cpu)
 *
 * must not be more than there are registers, for every possible CPU.  Tasks are
 * never walked to find the maximum; three histograms hold what is needed, each
 * counting things by the number of registers that they use:
 *
 *   bp_cpus		CPUs, by what is their own
 *   bp_tasks		tasks, by what they have on any CPU
 *   bp_cpu.tasks	on one CPU: the tasks that have something on this CPU, by
 *			that plus what they have on any CPU
 *
 * so that a claim of a task on any CPU looks at the task's own bound ones and at
 * nothing that grows with tasks or CPUs.
 *
 * Everything is under bp_mutex.  Only a kernel debugger, which has stopped the
 * other CPUs, goes without, after a look that nobody was stopped inside.
 */
#include <linux/hw_breakpoint.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "internal.h"

/* ---- Data ---------------------------------------------------------------- */

/* More registers of a type than any machine has. */
#define BP_SLOTS_MAX	32

#ifndef hw_breakpoint_weight
/* How many registers it takes: an architecture may know better. */
static unsigned int hw_breakpoint_weight(struct perf_event *bp)
{
	return 1;
}
#endif

/* How many things use so many registers; those that use none are not counted. */
struct bp_histogram {
	unsigned int		users[BP_SLOTS_MAX + 1];
};

struct bp_cpu {
	unsigned int		own[TYPE_MAX];
	struct bp_histogram	tasks[TYPE_MAX];
};

/* What a task has; in bp_task_table from its first claim to its last. */
struct bp_task {
	struct rhash_head	node;
	struct rcu_head		rcu;	/* the table's worker may be looking */
	struct task_struct	*task;	/* held by each of its breakpoints */
	unsigned int		claims;
	unsigned int		any[TYPE_MAX];
	struct xarray		bound[TYPE_MAX]; /* by CPU */
};

/* What a breakpoint was, is or would be reserved for. */
struct bp_claim {
	struct task_struct	*task;
	int			cpu;
	enum bp_type_idx	type;
	unsigned int		weight;
};

static const struct rhashtable_params bp_task_params = {
	.head_offset		= offsetof(struct bp_task, node),
	.key_offset		= offsetof(struct bp_task, task),
	.key_len		= sizeof_field(struct bp_task, task),
	.automatic_shrinking	= true,
};

static DEFINE_MUTEX(bp_mutex);
static unsigned int bp_slots[TYPE_MAX] __ro_after_init;
static DEFINE_PER_CPU(struct bp_cpu, bp_cpu);
static struct bp_histogram bp_cpus[TYPE_MAX];
static struct bp_histogram bp_tasks[TYPE_MAX];
static struct rhashtable bp_task_table;

/* ---- Counting ------------------------------------------------------------ */

static void histogram_move(struct bp_histogram *hist, unsigned int from, unsigned int to)
{
	if (from)
		hist->users[from]--;
	if (to)
		hist->users[to]++;
}

static unsigned int histogram_max(const struct bp_histogram *hist)
{
	unsigned int used = BP_SLOTS_MAX;

	while (used && !hist->users[used])
		used--;

	return used;
}

static struct bp_task *task_find(struct task_struct *task)
{
	return rhashtable_lookup_fast(&bp_task_table, &task, bp_task_params);
}

static unsigned int task_bound(struct bp_task *bt, enum bp_type_idx type, unsigned int cpu)
{
	void *entry = xa_load(&bt->bound[type], cpu);

	return entry ? xa_to_value(entry) : 0;
}

/* Registers that are in use where a claim of the task would need one, at most. */
static unsigned int task_use(struct bp_task *bt, const struct bp_claim *claim)
{
	enum bp_type_idx type = claim->type;
	unsigned int any = bt ? bt->any[type] : 0, used;
	unsigned long cpu;
	void *entry;

	if (claim->cpu >= 0)
		return per_cpu(bp_cpu, claim->cpu).own[type] + any +
		       (bt ? task_bound(bt, type, claim->cpu) : 0);

	used = histogram_max(&bp_cpus[type]) + any;
	if (!bt)
		return used;

	xa_for_each(&bt->bound[type], cpu, entry)
		used = max_t(unsigned int, used,
			     per_cpu(bp_cpu, cpu).own[type] + any + xa_to_value(entry));

	return used;
}

static unsigned int cpu_use(const struct bp_claim *claim)
{
	struct bp_cpu *bc = per_cpu_ptr(&bp_cpu, claim->cpu);
	enum bp_type_idx type = claim->type;

	return bc->own[type] + max(histogram_max(&bp_tasks[type]),
				   histogram_max(&bc->tasks[type]));
}

static void cpu_change(const struct bp_claim *claim, int delta)
{
	unsigned int *own = &per_cpu(bp_cpu, claim->cpu).own[claim->type];

	histogram_move(&bp_cpus[claim->type], *own, *own + delta);
	*own += delta;
}

/* Can fail only with a positive @delta, for lack of memory. */
static int task_change_bound(struct bp_task *bt, const struct bp_claim *claim, int delta)
{
	struct bp_cpu *bc = per_cpu_ptr(&bp_cpu, claim->cpu);
	enum bp_type_idx type = claim->type;
	unsigned int old = task_bound(bt, type, claim->cpu);
	unsigned int new = old + delta;
	int err = 0;

	if (new)
		err = xa_err(xa_store(&bt->bound[type], claim->cpu, xa_mk_value(new), GFP_KERNEL));
	else
		xa_erase(&bt->bound[type], claim->cpu);
	if (err)
		return err;

	histogram_move(&bc->tasks[type], old ? bt->any[type] + old : 0,
		       new ? bt->any[type] + new : 0);
	return 0;
}

static void task_change_any(struct bp_task *bt, enum bp_type_idx type, int delta)
{
	unsigned int old = bt->any[type], new = old + delta;
	unsigned long cpu;
	void *entry;

	histogram_move(&bp_tasks[type], old, new);
	xa_for_each(&bt->bound[type], cpu, entry)
		histogram_move(&per_cpu(bp_cpu, cpu).tasks[type], old + xa_to_value(entry),
			       new + xa_to_value(entry));
	bt->any[type] = new;
}

static int claim_change(struct bp_task *bt, const struct bp_claim *claim, int delta)
{
	if (bt && claim->cpu >= 0)
		return task_change_bound(bt, claim, delta);

	if (bt)
		task_change_any(bt, claim->type, delta);
	else
		cpu_change(claim, delta);
	return 0;
}

/* ---- Tasks --------------------------------------------------------------- */

static struct bp_task *task_get(struct bp_task *bt, struct task_struct *task)
{
	int type, err;

	if (!bt) {
		bt = kzalloc(sizeof(*bt), GFP_KERNEL);
		if (!bt)
			return ERR_PTR(-ENOMEM);

		bt->task = task;
		for (type = 0; type < TYPE_MAX; type++)
			xa_init(&bt->bound[type]);

		err = rhashtable_insert_fast(&bp_task_table, &bt->node, bp_task_params);
		if (err) {
			kfree(bt);
			return ERR_PTR(err);
		}
	}

	bt->claims++;
	return bt;
}

/* The xarrays are empty when the last claim goes: they own no memory. */
static void task_put(struct bp_task *bt)
{
	if (--bt->claims)
		return;

	rhashtable_remove_fast(&bp_task_table, &bt->node, bp_task_params);
	kfree_rcu(bt, rcu);
}

/* ---- Claims -------------------------------------------------------------- */

static int claim_locked(const struct bp_claim *claim)
{
	struct bp_task *bt = claim->task ? task_find(claim->task) : NULL;
	unsigned int used = claim->task ? task_use(bt, claim) : cpu_use(claim);
	int err;

	if (used + claim->weight > bp_slots[claim->type])
		return -ENOSPC;

	if (claim->task) {
		bt = task_get(bt, claim->task);
		if (IS_ERR(bt))
			return PTR_ERR(bt);
	}

	err = claim_change(bt, claim, claim->weight);
	if (err)
		task_put(bt);

	return err;
}

static bool claim_is_held(struct bp_task *bt, const struct bp_claim *claim)
{
	if (!claim->task)
		return per_cpu(bp_cpu, claim->cpu).own[claim->type] >= claim->weight;
	if (!bt)
		return false;
	if (claim->cpu < 0)
		return bt->any[claim->type] >= claim->weight;

	return task_bound(bt, claim->type, claim->cpu) >= claim->weight;
}

static void drop_locked(const struct bp_claim *claim)
{
	struct bp_task *bt = claim->task ? task_find(claim->task) : NULL;

	if (WARN_ON_ONCE(!claim_is_held(bt, claim)))
		return;

	claim_change(bt, claim, -claim->weight);
	if (bt)
		task_put(bt);
}

/* Anything that is not an access is an execution. */
static enum bp_type_idx type_idx(u64 bp_type)
{
	return bp_type & HW_BREAKPOINT_RW ? TYPE_DATA : TYPE_INST;
}

static struct bp_claim event_claim(struct perf_event *bp, u64 bp_type)
{
	return (struct bp_claim) {
		.task	= bp->hw.target,
		.cpu	= bp->cpu,
		.type	= type_idx(bp_type),
		.weight	= hw_breakpoint_weight(bp),
	};
}

/* ---- Public -------------------------------------------------------------- */

/**
 * perf_bp_type_exists() - does this machine have any register for it?
 * @bp_type: HW_BREAKPOINT_*
 *
 * Context: any.
 * Return: false if a claim of @bp_type can never be granted.
 */
bool perf_bp_type_exists(u64 bp_type)
{
	return bp_slots[type_idx(bp_type)];
}

/**
 * reserve_bp_slot() - reserve what a breakpoint needs
 * @bp: the event; hw.target, cpu and attr.bp_type are set
 *
 * Context: may sleep; no lock of the core but perf_event_mutex held.
 * Return: 0; -ENOSPC if on some CPU the registers are all spoken for; -ENOMEM.
 */
int reserve_bp_slot(struct perf_event *bp)
{
	struct bp_claim claim = event_claim(bp, bp->attr.bp_type);

	guard(mutex)(&bp_mutex);
	return claim_locked(&claim);
}

/**
 * release_bp_slot() - give back what reserve_bp_slot() gave
 * @bp: the event; its target is still referenced
 *
 * The slot is free for others when this returns.
 *
 * Context: as reserve_bp_slot(); the event's destroy().
 */
void release_bp_slot(struct perf_event *bp)
{
	struct bp_claim claim = event_claim(bp, bp->attr.bp_type);

	guard(mutex)(&bp_mutex);
	drop_locked(&claim);
}

/**
 * perf_bp_slot_retype() - reserve for another type
 * @bp: the event, reserved for attr.bp_type, which the caller changes afterwards
 * @bp_type: the new type
 *
 * Types have registers of their own: the new claim does not need the old one to
 * be gone, and a failure leaves the old one untouched.
 *
 * Context: may sleep if the types differ in kind, else any.
 * Return: 0, or as reserve_bp_slot().
 */
int perf_bp_slot_retype(struct perf_event *bp, u64 bp_type)
{
	struct bp_claim old = event_claim(bp, bp->attr.bp_type);
	struct bp_claim new = event_claim(bp, bp_type);
	int err;

	if (old.type == new.type)
		return 0;

	guard(mutex)(&bp_mutex);
	err = claim_locked(&new);
	if (!err)
		drop_locked(&old);

	return err;
}

/* A task's claim would need memory; of a CPU's the counters need no lock. */
static int dbg_claim(struct perf_event *bp, struct bp_claim *claim)
{
	*claim = event_claim(bp, bp->attr.bp_type);
	if (claim->task)
		return -EOPNOTSUPP;

	return mutex_is_locked(&bp_mutex) ? -EBUSY : 0;
}

/**
 * dbg_reserve_bp_slot() - reserve_bp_slot() for a kernel debugger
 * @bp: a breakpoint of a CPU
 *
 * Context: all other CPUs are stopped; takes no lock, allocates nothing.
 * Return: as reserve_bp_slot(); -EBUSY if somebody was stopped while counting;
 * -EOPNOTSUPP for a task's breakpoint.
 */
int dbg_reserve_bp_slot(struct perf_event *bp)
{
	struct bp_claim claim;
	int err = dbg_claim(bp, &claim);

	return err ?: claim_locked(&claim);
}

/**
 * dbg_release_bp_slot() - undo dbg_reserve_bp_slot()
 * @bp: a breakpoint of a CPU
 *
 * Context: as dbg_reserve_bp_slot().
 * Return: 0, -EBUSY, -EOPNOTSUPP as there.
 */
int dbg_release_bp_slot(struct perf_event *bp)
{
	struct bp_claim claim;
	int err = dbg_claim(bp, &claim);

	if (!err)
		drop_locked(&claim);

	return err;
}

static bool type_is_used(int type)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		if (per_cpu(bp_cpu, cpu).own[type] ||
		    histogram_max(&per_cpu(bp_cpu, cpu).tasks[type]))
			return true;
	}

	return histogram_max(&bp_cpus[type]) || histogram_max(&bp_tasks[type]);
}

/**
 * hw_breakpoint_is_used() - is there any breakpoint?
 *
 * Looks at every counter and not at a sum, so that a test notices one that was
 * left behind.
 *
 * Context: may sleep.
 */
bool hw_breakpoint_is_used(void)
{
	int type;

	guard(mutex)(&bp_mutex);
	for (type = 0; type < TYPE_MAX; type++) {
		if (type_is_used(type))
			return true;
	}

	return false;
}

/**
 * perf_bp_slots_init() - find out how many registers there are
 *
 * Context: boot, before the breakpoint PMU is registered.
 * Return: 0 or -ENOMEM.
 */
int __init perf_bp_slots_init(void)
{
	int type, nr;

	for (type = 0; type < TYPE_MAX; type++) {
		nr = hw_breakpoint_slots(type);
		WARN_ON(nr > BP_SLOTS_MAX);
		bp_slots[type] = clamp(nr, 0, BP_SLOTS_MAX);
	}

	return rhashtable_init(&bp_task_table, &bp_task_params);
}
