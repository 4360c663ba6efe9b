// SPDX-License-Identifier: GPL-2.0
/*
 * Slots of hardware breakpoints: who may have one.
 *
 * A CPU has a few debug registers, of one type or, on some machines, of two: for
 * instructions and for data.  Here they are only counted, so that whoever is given
 * a breakpoint can rely on finding a register whenever it is due; which one it is
 * the architecture decides when the event goes on.  This file knows no event, no
 * context and no hardware: a claim is (task or none, CPU or any, type, weight), and
 * who holds one keeps it and gives the same back.
 *
 * The rule.  Of one type, let
 *
 *   own(c)	be what CPU c's own breakpoints take,
 *   any(t)	what those of task t take that go with it wherever it runs,
 *   on(t, c)	what those of task t take that are for CPU c only.
 *
 * One task at a time runs on a CPU, and any may, so what is needed there at most is
 *
 *   use(c) = own(c) + max over t of (any(t) + on(t, c))
 *
 * A claim is granted if and only if, with it, use(c) <= N for every CPU c, where N is
 * the number of registers.  That is safe: whichever task runs, there is room.  And
 * it is tight: were use(c) > N, the CPU and the task of the maximum would have more
 * to put in than fits.
 *
 * Why it is enough to look at less.  use(c) <= N held for all c before, and a claim
 * makes nothing but its own term greater:
 *
 *   of CPU c		own(c): look at use(c).
 *   of t for CPU c	on(t, c): the only new sum is own(c) + any(t) + on(t, c).
 *   of t for any CPU	any(t), which for each c stands in own(c) + any(t) + on(t, c).
 *			The maximum of these is any(t) + M, where M is the maximum
 *			of own(c) + on(t, c).  Where t has something bound, the
 *			sum is counted in t's histogram; elsewhere it is own(c), and
 *			slots->own counts own(c) of all CPUs: to count it where t
 *			has something bound, too, does no harm, as own(c) <= own(c) +
 *			on(t, c).  M is the greater of the two maxima.
 *
 * So a task's claim looks at the task, at one CPU or at slots->own, and at nothing that
 * grows with tasks, breakpoints or CPUs.  A claim of a CPU pays for that: for use(c) it
 * looks at the maximum of any(t) in each shard and at each task that has something
 * bound to c, and tells these tasks' histograms about the new own(c).
 *
 * Locks.  Tasks are spread over shards.  A claim of a task is made under its shard's
 * lock, a claim of a CPU under all of them, taken in order under slots->lock.  So
 *
 *   - what belongs to a task (any, on, its histogram) and to its shard changes under
 *     that shard's lock;
 *   - own(c) and slots->own change under all, so any one lock keeps them still;
 *   - two claims that have a term in common, which is a task's or that of a CPU,
 *     exclude each other.  Of claims of two tasks neither is in the other's sums.
 *
 * Check and change are one critical section: of many that want the last slot one gets
 * it, and nobody is refused for the sake of somebody who is refused as well.  What
 * tasks of different shards share is written by the hash tables and the list of the
 * tasks that are bound to one CPU, which have locks by bucket and by CPU.
 */
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "bp_slots.h"

/* ---- Data ---------------------------------------------------------------- */

/* What tasks pay with memory for not waiting for one another. */
#define BP_SHARDS_MAX	256

/* What a task has; in slots->tasks from its first claim to its last. */
struct bp_task {
	struct rhash_head	node;
	struct rcu_head		rcu;	/* another shard's task may be looked up */
	const void		*task;
	unsigned int		claims;
	unsigned int		any[BP_SLOT_TYPES];
	/* The CPUs where it has something bound, by own(c) + on(t, c). */
	struct bp_histogram	cpus[BP_SLOT_TYPES];
};

struct bp_bound_key {
	const void		*task;
	unsigned long		cpu;
};

/* What a task has on one CPU only; in slots->bound from the first such claim to the last. */
struct bp_bound {
	struct rhash_head	node;
	struct rcu_head		rcu;
	struct bp_bound_key	key;
	struct bp_task		*bt;
	struct list_head	on_cpu;	/* bp_cpu.bound */
	unsigned int		claims;
	unsigned int		used[BP_SLOT_TYPES];
};

static const struct rhashtable_params bp_task_params = {
	.head_offset		= offsetof(struct bp_task, node),
	.key_offset		= offsetof(struct bp_task, task),
	.key_len		= sizeof_field(struct bp_task, task),
	.automatic_shrinking	= true,
};

static const struct rhashtable_params bp_bound_params = {
	.head_offset		= offsetof(struct bp_bound, node),
	.key_offset		= offsetof(struct bp_bound, key),
	.key_len		= sizeof_field(struct bp_bound, key),
	.automatic_shrinking	= true,
};

/* What a claim is counted in: @bt with a task, @bb if it is bound to a CPU as well. */
struct bp_holder {
	struct bp_task		*bt;
	struct bp_bound		*bb;
};

/* ---- Histograms ---------------------------------------------------------- */

static void histogram_move(struct bp_histogram *hist, unsigned int from, unsigned int to)
{
	if (from && !--hist->nr[from])
		hist->present &= ~BIT(from);
	if (to && !hist->nr[to]++)
		hist->present |= BIT(to);
}

static unsigned int histogram_max(const struct bp_histogram *hist)
{
	return hist->present ? __fls(hist->present) : 0;
}

/* ---- Locks --------------------------------------------------------------- */

static struct bp_shard *shard_of(struct bp_slots *slots, const void *task)
{
	return &slots->shards[hash_ptr(task, slots->shard_bits)];
}

static struct bp_shard *shards_end(struct bp_slots *slots)
{
	return slots->shards + BIT(slots->shard_bits);
}

static void lock_all(struct bp_slots *slots)
{
	struct bp_shard *shard;

	mutex_lock(&slots->lock);
	for (shard = slots->shards; shard < shards_end(slots); shard++)
		mutex_lock_nest_lock(&shard->lock, &slots->lock);
}

static void unlock_all(struct bp_slots *slots)
{
	struct bp_shard *shard;

	for (shard = slots->shards; shard < shards_end(slots); shard++)
		mutex_unlock(&shard->lock);
	mutex_unlock(&slots->lock);
}

static void claim_lock(struct bp_slots *slots, const struct bp_claim *claim)
{
	if (claim->task)
		mutex_lock(&shard_of(slots, claim->task)->lock);
	else
		lock_all(slots);
}

static void claim_unlock(struct bp_slots *slots, const struct bp_claim *claim)
{
	if (claim->task)
		mutex_unlock(&shard_of(slots, claim->task)->lock);
	else
		unlock_all(slots);
}

/* ---- What there is: the rule --------------------------------------------- */

static unsigned int cpu_use(struct bp_slots *slots, unsigned int cpu, unsigned int type)
{
	struct bp_cpu *bc = &slots->cpus[cpu];
	struct bp_shard *shard;
	struct bp_bound *bb;
	unsigned int most = 0;

	for (shard = slots->shards; shard < shards_end(slots); shard++)
		most = max(most, histogram_max(&shard->any[type]));
	list_for_each_entry(bb, &bc->bound, on_cpu)
		most = max(most, bb->bt->any[type] + bb->used[type]);

	return bc->own[type] + most;
}

/* The greatest of the sums that the claim is to be added to. */
static unsigned int claim_use(struct bp_slots *slots, const struct bp_holder *holder,
			      const struct bp_claim *claim)
{
	unsigned int type = claim->type;
	unsigned int any = holder->bt ? holder->bt->any[type] : 0;

	if (!claim->task)
		return cpu_use(slots, claim->cpu, type);
	if (claim->cpu >= 0)
		return slots->cpus[claim->cpu].own[type] + any +
		       (holder->bb ? holder->bb->used[type] : 0);

	return any + max(histogram_max(&slots->own[type]),
			 holder->bt ? histogram_max(&holder->bt->cpus[type]) : 0);
}

static bool claim_fits(struct bp_slots *slots, const struct bp_holder *holder,
		       const struct bp_claim *claim)
{
	return claim_use(slots, holder, claim) + claim->weight <= slots->nr[claim->type];
}

/* ---- Changes ------------------------------------------------------------- */

static void cpu_change(struct bp_slots *slots, const struct bp_claim *claim, int delta)
{
	struct bp_cpu *bc = &slots->cpus[claim->cpu];
	unsigned int type = claim->type, old = bc->own[type], new = old + delta;
	struct bp_bound *bb;

	list_for_each_entry(bb, &bc->bound, on_cpu) {
		unsigned int used = bb->used[type];

		if (used)
			histogram_move(&bb->bt->cpus[type], old + used, new + used);
	}
	histogram_move(&slots->own[type], old, new);
	bc->own[type] = new;
}

static void bound_change(struct bp_slots *slots, struct bp_bound *bb, unsigned int type, int delta)
{
	unsigned int own = slots->cpus[bb->key.cpu].own[type];
	unsigned int old = bb->used[type], new = old + delta;

	histogram_move(&bb->bt->cpus[type], old ? own + old : 0, new ? own + new : 0);
	bb->used[type] = new;
}

static void any_change(struct bp_slots *slots, struct bp_task *bt, unsigned int type, int delta)
{
	unsigned int old = bt->any[type];

	histogram_move(&shard_of(slots, bt->task)->any[type], old, old + delta);
	bt->any[type] = old + delta;
}

static void claim_change(struct bp_slots *slots, const struct bp_holder *holder,
			 const struct bp_claim *claim, int delta)
{
	if (!claim->task)
		cpu_change(slots, claim, delta);
	else if (claim->cpu >= 0)
		bound_change(slots, holder->bb, claim->type, delta);
	else
		any_change(slots, holder->bt, claim->type, delta);
}

/* ---- Holders ------------------------------------------------------------- */

static struct bp_holder holder_find(struct bp_slots *slots, const struct bp_claim *claim)
{
	struct bp_bound_key key = { claim->task, claim->cpu };
	struct bp_holder holder = {};

	if (claim->task)
		holder.bt = rhashtable_lookup_fast(&slots->tasks, &claim->task, bp_task_params);
	if (holder.bt && claim->cpu >= 0)
		holder.bb = rhashtable_lookup_fast(&slots->bound, &key, bp_bound_params);

	return holder;
}

static struct bp_task *task_new(struct bp_slots *slots, const void *task)
{
	struct bp_task *bt = kzalloc(sizeof(*bt), GFP_KERNEL);

	if (!bt)
		return NULL;

	bt->task = task;
	if (!rhashtable_insert_fast(&slots->tasks, &bt->node, bp_task_params))
		return bt;

	kfree(bt);
	return NULL;
}

static struct bp_bound *bound_new(struct bp_slots *slots, struct bp_task *bt, unsigned int cpu)
{
	struct bp_bound *bb = kzalloc(sizeof(*bb), GFP_KERNEL);
	struct bp_cpu *bc = &slots->cpus[cpu];

	if (!bb)
		return NULL;

	bb->key.task = bt->task;
	bb->key.cpu = cpu;
	bb->bt = bt;
	if (rhashtable_insert_fast(&slots->bound, &bb->node, bp_bound_params)) {
		kfree(bb);
		return NULL;
	}

	spin_lock(&bc->lock);
	list_add(&bb->on_cpu, &bc->bound);
	spin_unlock(&bc->lock);
	return bb;
}

/* The last claim of a kind takes its holder with it. */
static void holder_put(struct bp_slots *slots, const struct bp_holder *holder)
{
	struct bp_task *bt = holder->bt;
	struct bp_bound *bb = holder->bb;

	if (bb && !--bb->claims) {
		struct bp_cpu *bc = &slots->cpus[bb->key.cpu];

		spin_lock(&bc->lock);
		list_del(&bb->on_cpu);
		spin_unlock(&bc->lock);
		rhashtable_remove_fast(&slots->bound, &bb->node, bp_bound_params);
		kfree_rcu(bb, rcu);
	}
	if (bt && !--bt->claims) {
		rhashtable_remove_fast(&slots->tasks, &bt->node, bp_task_params);
		kfree_rcu(bt, rcu);
	}
}

/* For one claim more; false if there is no memory, and then nothing has changed. */
static bool holder_get(struct bp_slots *slots, struct bp_holder *holder,
		       const struct bp_claim *claim)
{
	if (!claim->task)
		return true;

	if (!holder->bt)
		holder->bt = task_new(slots, claim->task);
	if (!holder->bt)
		return false;
	holder->bt->claims++;
	if (claim->cpu < 0)
		return true;

	if (!holder->bb)
		holder->bb = bound_new(slots, holder->bt, claim->cpu);
	if (!holder->bb) {
		holder_put(slots, holder);
		return false;
	}
	holder->bb->claims++;
	return true;
}

/* ---- Claims -------------------------------------------------------------- */

static int claim_locked(struct bp_slots *slots, const struct bp_claim *claim)
{
	struct bp_holder holder = holder_find(slots, claim);

	if (!claim_fits(slots, &holder, claim))
		return -ENOSPC;
	if (!holder_get(slots, &holder, claim))
		return -ENOMEM;

	claim_change(slots, &holder, claim, claim->weight);
	return 0;
}

static bool claim_is_held(struct bp_slots *slots, const struct bp_holder *holder,
			  const struct bp_claim *claim)
{
	if (!claim->task)
		return slots->cpus[claim->cpu].own[claim->type] >= claim->weight;
	if (claim->cpu >= 0)
		return holder->bb && holder->bb->used[claim->type] >= claim->weight;

	return holder->bt && holder->bt->any[claim->type] >= claim->weight;
}

static void drop_locked(struct bp_slots *slots, const struct bp_claim *claim)
{
	struct bp_holder holder = holder_find(slots, claim);

	if (WARN_ON_ONCE(!claim_is_held(slots, &holder, claim)))
		return;

	claim_change(slots, &holder, claim, -claim->weight);
	holder_put(slots, &holder);
}

/* ---- Public -------------------------------------------------------------- */

/**
 * bp_slots_reserve() - ask for what a breakpoint needs
 * @slots: the account
 * @claim: what is asked for; the caller keeps it for bp_slots_release()
 *
 * For a task: O(1) in tasks, in claims and in CPUs, and the lock of one shard.  For a
 * CPU: O(CPUs + tasks that have something bound to it).
 *
 * Context: may sleep.
 * Return: 0; -ENOSPC if somewhere it would not fit; -ENOMEM.
 */
int bp_slots_reserve(struct bp_slots *slots, const struct bp_claim *claim)
{
	int err;

	claim_lock(slots, claim);
	err = claim_locked(slots, claim);
	claim_unlock(slots, claim);

	return err;
}

/**
 * bp_slots_release() - give back what bp_slots_reserve() gave
 * @slots: the account
 * @claim: the same claim
 *
 * It is free for others when this returns.  Costs as of bp_slots_reserve().
 *
 * Context: may sleep.
 */
void bp_slots_release(struct bp_slots *slots, const struct bp_claim *claim)
{
	claim_lock(slots, claim);
	drop_locked(slots, claim);
	claim_unlock(slots, claim);
}

/* A task's claim would need memory; for a CPU's, nobody may have been stopped inside. */
static int stopped_check(struct bp_slots *slots, const struct bp_claim *claim)
{
	struct bp_shard *shard;

	if (claim->task)
		return -EOPNOTSUPP;
	for (shard = slots->shards; shard < shards_end(slots); shard++) {
		if (mutex_is_locked(&shard->lock))
			return -EBUSY;
	}

	return 0;
}

/**
 * bp_slots_reserve_stopped() - bp_slots_reserve() for a kernel debugger
 * @slots: the account
 * @claim: of a CPU
 *
 * Context: all other CPUs are stopped; takes no lock, allocates nothing.
 * Return: 0; -ENOSPC as there; -EBUSY if somebody was stopped while counting;
 * -EOPNOTSUPP for a task's claim.
 */
int bp_slots_reserve_stopped(struct bp_slots *slots, const struct bp_claim *claim)
{
	int err = stopped_check(slots, claim);

	return err ?: claim_locked(slots, claim);
}

/**
 * bp_slots_release_stopped() - bp_slots_release() for a kernel debugger
 * @slots: the account
 * @claim: of a CPU
 *
 * Context: as bp_slots_reserve_stopped().
 * Return: 0, -EBUSY, -EOPNOTSUPP as there.
 */
int bp_slots_release_stopped(struct bp_slots *slots, const struct bp_claim *claim)
{
	int err = stopped_check(slots, claim);

	if (!err)
		drop_locked(slots, claim);

	return err;
}

/**
 * bp_slots_use() - how many registers may be needed at once
 * @slots: the account
 * @cpu: on this CPU
 * @type: of this type
 *
 * Context: may sleep.
 * Return: use(cpu), as the head of the file defines it.
 */
unsigned int bp_slots_use(struct bp_slots *slots, unsigned int cpu, unsigned int type)
{
	unsigned int use;

	lock_all(slots);
	use = cpu_use(slots, cpu, type);
	unlock_all(slots);

	return use;
}

static bool all_empty(struct bp_slots *slots)
{
	struct bp_shard *shard;
	unsigned int type, cpu;

	if (atomic_read(&slots->tasks.nelems) || atomic_read(&slots->bound.nelems))
		return false;

	for (type = 0; type < BP_SLOT_TYPES; type++) {
		if (slots->own[type].present)
			return false;
		for (shard = slots->shards; shard < shards_end(slots); shard++) {
			if (shard->any[type].present)
				return false;
		}
		for (cpu = 0; cpu < slots->nr_cpus; cpu++) {
			if (slots->cpus[cpu].own[type] || !list_empty(&slots->cpus[cpu].bound))
				return false;
		}
	}

	return true;
}

/**
 * bp_slots_empty() - is nothing reserved?
 * @slots: the account
 *
 * Looks at every counter and not at a sum, so that a test notices one that was left
 * behind.
 *
 * Context: may sleep.
 */
bool bp_slots_empty(struct bp_slots *slots)
{
	bool empty;

	lock_all(slots);
	empty = all_empty(slots);
	unlock_all(slots);

	return empty;
}

/* ---- An account's beginning and end ------------------------------------- */

static int slots_alloc(struct bp_slots *slots)
{
	slots->shards = kvcalloc(BIT(slots->shard_bits), sizeof(*slots->shards), GFP_KERNEL);
	slots->cpus = kvcalloc(slots->nr_cpus, sizeof(*slots->cpus), GFP_KERNEL);

	return slots->shards && slots->cpus ? 0 : -ENOMEM;
}

static int slots_init_tables(struct bp_slots *slots)
{
	int err = rhashtable_init(&slots->tasks, &bp_task_params);

	if (err)
		return err;

	err = rhashtable_init(&slots->bound, &bp_bound_params);
	if (err)
		rhashtable_destroy(&slots->tasks);

	return err;
}

/**
 * bp_slots_init() - begin an account
 * @slots: the account
 * @nr_cpus: CPUs are numbered below this
 * @nr: by type, the registers that a CPU has; what is more than BP_SLOTS_MAX is not used
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int bp_slots_init(struct bp_slots *slots, unsigned int nr_cpus, const unsigned int *nr)
{
	unsigned int i;
	int err;

	memset(slots, 0, sizeof(*slots));
	slots->nr_cpus = nr_cpus;
	/* At least two: no hash has 0 bits. */
	slots->shard_bits = ilog2(roundup_pow_of_two(clamp(nr_cpus, 2U, BP_SHARDS_MAX)));
	for (i = 0; i < BP_SLOT_TYPES; i++)
		slots->nr[i] = min(nr[i], BP_SLOTS_MAX);

	err = slots_alloc(slots);
	if (!err)
		err = slots_init_tables(slots);
	if (err) {
		kvfree(slots->shards);
		kvfree(slots->cpus);
		return err;
	}

	mutex_init(&slots->lock);
	for (i = 0; i < BIT(slots->shard_bits); i++)
		mutex_init(&slots->shards[i].lock);
	for (i = 0; i < nr_cpus; i++) {
		spin_lock_init(&slots->cpus[i].lock);
		INIT_LIST_HEAD(&slots->cpus[i].bound);
	}

	return 0;
}

/**
 * bp_slots_destroy() - end an account
 * @slots: the account; nothing is reserved
 *
 * Context: may sleep.
 */
void bp_slots_destroy(struct bp_slots *slots)
{
	rhashtable_destroy(&slots->bound);
	rhashtable_destroy(&slots->tasks);
	kvfree(slots->shards);
	kvfree(slots->cpus);
}
