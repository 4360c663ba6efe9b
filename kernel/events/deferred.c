// SPDX-License-Identifier: GPL-2.0
/*
 * User call chains that are walked later: when the task goes back to user space.
 *
 * While a task is in the kernel its user stack stays as it is, so all samples of
 * one stay can share one chain, and none of them needs to walk it from an NMI.
 * With attr.defer_callchain a sample has PERF_CONTEXT_USER_DEFERRED and a cookie in
 * place of the user's part of its chain.  That part follows, once, before the task
 * runs on in user space: PERF_RECORD_CALLCHAIN_DEFERRED, with the same cookie, for
 * all events there that have attr.defer_output.
 *
 *  - What was promised and not yet kept is a struct promise, among the works of its
 *    task (task_work_add()).  It is taken from the pool of the CPU where the first
 *    sample was, and goes back there.
 *  - Where the pool is empty, as many tasks sleep in the kernel after a sample, the
 *    sample has its chain itself, as without defer_callchain.
 *  - A task that moves to another CPU within its stay makes a second promise, and
 *    gets a second record of the same chain.
 *  - While a promise is kept no new one is made on that CPU.  Samples of the walk share
 *    this one; later ones, of a probe in what writes the records, have their chains
 *    themselves.  Were they promised one, keeping that would hit the probe again, and
 *    the task would never come to user space.
 *  - An exec takes the stack away, an exit too: then the record has an empty chain.
 *
 * Nothing is locked
 *
 *  - promise->task is written by that very task, or what interrupts it: set before
 *    the promise is queued, cleared when it is kept.  Who finds itself there, and its
 *    mm, therefore sees a promise of its own stay, which cannot change under it.
 *  - A pool's list is taken from on its own CPU only, though an interrupt or an NMI
 *    may do so in the middle of it.  That takes one promise at most, for later
 *    ones find it in pool->last; and one that was taken comes back when its task
 *    leaves the kernel, hence not before the interrupted one goes on.  So the first
 *    of the list, if it is still the first, has the same successor: others may
 *    only have put more in front of it.
 *  - Pools are there while events with defer_callchain are.  They are found under
 *    RCU, and each lives until its last promise has come back.
 */
#include <linux/llist.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include "internal.h"

#define NR_PROMISES	256		/* a CPU */

struct promise {
	struct callback_head	work;
	struct llist_node	free;
	struct promise_pool	*pool;
	struct task_struct	*task;		/* who has to keep it; for comparison */
	struct mm_struct	*mm;		/* the same */
	u64			cookie;
};

struct promise_pool {
	struct llist_head	free;
	struct promise		*last;		/* made on this CPU */
	refcount_t		refs;		/* promises that are out, and one */
	struct promise		promise[NR_PROMISES];
};

struct promise_pools {
	struct rcu_head		rcu;
	struct promise_pool	*cpu[];
};

static DEFINE_MUTEX(pools_mutex);
static unsigned int pools_users;		/* under pools_mutex */
static struct promise_pools __rcu *promise_pools;

/* Beside the pools: no cookie is used twice. */
static DEFINE_PER_CPU(u64, nr_cookies);

/* The task here keeps a promise: written with preemption off, read by interrupts. */
static DEFINE_PER_CPU(bool, keeping);

/* ---- Keeping ------------------------------------------------------------- */

/* Frees memory: not from an NMI. */
static void pool_put(struct promise_pool *pool)
{
	if (pool && refcount_dec_and_test(&pool->refs))
		kvfree(pool);
}

/* In the task, on its way to user space or to its end. */
static void keep_promise(struct callback_head *work)
{
	struct promise *p = container_of(work, struct promise, work);
	struct perf_callchain_entry *chain = NULL;
	struct promise_pool *pool = p->pool;
	int rctx;

	/* The chain is in a buffer of this CPU, which is ours until it is written. */
	scoped_guard(preempt) {
		this_cpu_write(keeping, true);
		if (p->mm == current->mm && !(current->flags & PF_EXITING))
			chain = perf_callchain_hold_user(&rctx);
		WRITE_ONCE(p->task, NULL);
		perf_sideband_deferred(p->cookie, chain);
		if (chain)
			put_callchain_entry(rctx);
		llist_add(&p->free, &pool->free);
		this_cpu_write(keeping, false);
	}

	pool_put(pool);
}

static bool is_promise(struct callback_head *work, void *data)
{
	return work->func == keep_promise;
}

/**
 * perf_deferred_exit() - keep what current has promised, before its events go
 *
 * A stay in the kernel has at most one promise a CPU; what a probe in here adds to
 * them is kept later.
 *
 * Context: task; may sleep.
 */
void perf_deferred_exit(void)
{
	struct callback_head *work;
	unsigned int cpus;

	for (cpus = 0; cpus < nr_cpu_ids; cpus++) {
		work = task_work_cancel_match(current, is_promise, NULL);
		if (!work)
			return;
		keep_promise(work);
	}
}

/* ---- Pools --------------------------------------------------------------- */

static struct promise_pool *pool_alloc(int cpu)
{
	struct promise_pool *pool = kvzalloc_node(sizeof(*pool), GFP_KERNEL, cpu_to_node(cpu));
	int i;

	if (!pool)
		return NULL;
	refcount_set(&pool->refs, 1);
	for (i = 0; i < NR_PROMISES; i++) {
		pool->promise[i].pool = pool;
		init_task_work(&pool->promise[i].work, keep_promise);
		llist_add(&pool->promise[i].free, &pool->free);
	}

	return pool;
}

static void free_pools(struct rcu_head *rcu)
{
	struct promise_pools *pools = container_of(rcu, struct promise_pools, rcu);
	int cpu;

	for_each_possible_cpu(cpu)
		pool_put(pools->cpu[cpu]);
	kfree(pools);
}

/**
 * perf_deferred_get() - make sure that chains can be deferred
 *
 * Return: 0; -ENOMEM.
 *
 * Context: may sleep.
 */
int perf_deferred_get(void)
{
	struct promise_pools *pools;
	int cpu;

	guard(mutex)(&pools_mutex);
	if (pools_users++)
		return 0;

	pools = kzalloc(struct_size(pools, cpu, nr_cpu_ids), GFP_KERNEL);
	if (!pools)
		goto no_memory;
	for_each_possible_cpu(cpu) {
		pools->cpu[cpu] = pool_alloc(cpu);
		if (!pools->cpu[cpu]) {
			free_pools(&pools->rcu);
			goto no_memory;
		}
	}
	/* Pairs with rcu_dereference_check() in perf_defer_callchain(). */
	rcu_assign_pointer(promise_pools, pools);

	return 0;

no_memory:
	pools_users--;
	return -ENOMEM;
}

/**
 * perf_deferred_put() - undo perf_deferred_get()
 *
 * What was promised is kept all the same.
 *
 * Context: may sleep; waits for nobody.
 */
void perf_deferred_put(void)
{
	struct promise_pools *pools;

	guard(mutex)(&pools_mutex);
	if (WARN_ON_ONCE(!pools_users) || --pools_users)
		return;

	pools = rcu_replace_pointer(promise_pools, NULL, lockdep_is_held(&pools_mutex));
	call_rcu(&pools->rcu, free_pools);
}

/* ---- Promising ----------------------------------------------------------- */

/**
 * perf_defer_callchain() - let current's user call chain follow later
 *
 * Return: the cookie of the record that will have it, the same for all samples of a
 * stay in the kernel on one CPU; 0 if the chain has to be recorded at once: the task
 * exits, or keeps a promise just now, or the pool is empty.
 *
 * Context: any, NMI included; preemption off; current is a task of user space.
 */
u64 perf_defer_callchain(void)
{
	struct promise_pools *pools;
	struct promise_pool *pool;
	struct llist_node *node;
	struct promise *p;

	/* From here on perf_current_work_add() may fail, and nothing would come back. */
	if (current->flags & PF_EXITING)
		return 0;

	/* NMI and IRQs-off callers are readers as well. */
	pools = rcu_dereference_check(promise_pools, rcu_read_lock_any_held());
	if (!pools)
		return 0;

	pool = pools->cpu[smp_processor_id()];
	p = READ_ONCE(pool->last);
	if (p && READ_ONCE(p->task) == current && p->mm == current->mm)
		return p->cookie;

	if (this_cpu_read(keeping))
		return 0;

	node = llist_del_first(&pool->free);
	if (!node)
		return 0;
	p = llist_entry(node, struct promise, free);
	refcount_inc(&pool->refs);
	p->mm = current->mm;
	p->cookie = this_cpu_inc_return(nr_cookies) << 16 | smp_processor_id();
	WRITE_ONCE(p->task, current);
	if (WARN_ON_ONCE(perf_current_work_add(&p->work)))
		return 0;
	/* Only now: an NMI before this makes a promise of its own, which is as good. */
	WRITE_ONCE(pool->last, p);

	return p->cookie;
}
