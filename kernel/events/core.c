// SPDX-License-Identifier: GPL-2.0
/*
 * Where an event is: contexts, and how events come to them and leave.
 *
 * A context holds the events of one task or of one CPU.  A task gets one with
 * its first event, or inherits one; it is published by one compare-and-exchange
 * and found by RCU.  The task, each event in it, and each context that was cloned
 * from it hold a reference; it outlives the task while events hold it, and then
 * says so: ctx->task is TASK_TOMBSTONE.  A CPU's context is there for good.
 *
 * What is done to an event is done where its context is: while the context is
 * on a CPU only that CPU changes it, with IRQs off.  perf_ctx_call() is the one
 * way to get there:
 *
 *  - A context that is active nowhere is changed under ctx->lock, at once: its
 *    task takes that lock before the context comes to a CPU.
 *  - Otherwise an interrupt is sent to the CPU of the task.  It may have moved
 *    by the time it arrives; then it is tried again.
 *  - A context in which no event is enabled (nr_wanted is 0; a sibling of a leader
 *    that is off counts, too) is never active, also if its task runs: a switch
 *    does nothing for it, and nothing would take it off once the scheduler's
 *    hooks are turned off.  The last event that is disabled, or leaves, takes it
 *    off; after the first that wants to run an interrupt puts it on, if the task
 *    runs.
 *
 * That last interrupt goes to task_cpu(), which must not miss the task.  If the
 * task runs and its context is not on, then it was switched in before the event was
 * enabled; it looked at the context under ctx->lock, and task_cpu() was stored
 * before.  Who enables took the lock later and sees at least that.  If the task
 * has moved since, it has been switched out, and what switches it in sees the
 * event.  For a context that was just published, the pointer takes the part of the
 * lock: it is stored and then, after a full barrier, task_cpu() is loaded; a task
 * that moves has task_cpu() stored and then, after the barrier that the scheduler
 * has behind the runqueue lock, loads the pointer as it is switched in.
 *
 * Membership changes under ctx->mutex and inside such a call.  A child event is
 * in the context of the child task and on its root parent's list of children,
 * which child_mutex guards; whoever takes it off that list drops the reference
 * that the list stood for, so that exit of the task and close of the parent may
 * race.
 */
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/wait_bit.h>

#include "internal.h"

DEFINE_PER_CPU(struct perf_cpu_context, perf_cpu_context);

/* ---- Contexts -------------------------------------------------------- */

/**
 * perf_ctx_init() - prepare a context
 * @ctx: zeroed memory; the caller holds the first reference
 */
void perf_ctx_init(struct perf_event_context *ctx)
{
	raw_spin_lock_init(&ctx->lock);
	mutex_init(&ctx->mutex);
	INIT_LIST_HEAD(&ctx->pmu_ctx_list);
	INIT_LIST_HEAD(&ctx->event_list);
	INIT_HLIST_HEAD(&ctx->resident);
	refcount_set(&ctx->refcount, 1);
}

/**
 * perf_epc_init() - prepare a PMU's part of a context
 * @epc: zeroed memory; the caller holds the first reference
 * @pmu: the PMU
 */
void perf_epc_init(struct perf_event_pmu_context *epc, struct pmu *pmu)
{
	epc->pmu = pmu;
	INIT_LIST_HEAD(&epc->pmu_ctx_entry);
	INIT_LIST_HEAD(&epc->pinned_active);
	INIT_LIST_HEAD(&epc->flexible_active);
	refcount_set(&epc->refcount, 1);
}

/**
 * perf_ctx_get() - hold a context
 * @ctx: a context that the caller knows to be held
 *
 * Return: @ctx.
 */
struct perf_event_context *perf_ctx_get(struct perf_event_context *ctx)
{
	refcount_inc(&ctx->refcount);
	return ctx;
}

/**
 * perf_ctx_put() - let go of a context
 * @ctx: the context, or NULL
 *
 * Context: any but NMI.
 */
void perf_ctx_put(struct perf_event_context *ctx)
{
	while (ctx && refcount_dec_and_test(&ctx->refcount)) {
		struct perf_event_context *parent = ctx->parent_ctx;

		kfree_rcu(ctx, rcu_head);
		ctx = parent;
	}
}

/**
 * perf_cpu_task_ctx() - the task's context that is on this CPU
 *
 * Context: IRQs off.
 * Return: the context, or NULL.
 */
struct perf_event_context *perf_cpu_task_ctx(void)
{
	lockdep_assert_irqs_disabled();
	return this_cpu_ptr(&perf_cpu_context)->task_ctx;
}

/**
 * perf_event_ctx_lock() - lock the membership of an event's context
 * @event: an event that has, or had, one; held until perf_event_ctx_unlock()
 *
 * A task's event keeps its context, and so the context stays with the event.  One
 * of a CPU moves to another context when its PMU moves to another CPU: those are
 * there for good, and which it is in is looked at again under the mutex.
 *
 * Context: may sleep.
 * Return: the context, mutex locked: see perf_event_ctx_unlock().
 */
struct perf_event_context *perf_event_ctx_lock(struct perf_event *event)
{
	struct perf_event_context *ctx;

	for (;;) {
		ctx = READ_ONCE(event->ctx);
		mutex_lock(&ctx->mutex);
		if (likely(event->ctx == ctx))
			return ctx;
		mutex_unlock(&ctx->mutex);
	}
}

/**
 * perf_event_ctx_unlock() - undo perf_event_ctx_lock()
 * @ctx: what perf_event_ctx_lock() returned
 */
void perf_event_ctx_unlock(struct perf_event_context *ctx)
{
	mutex_unlock(&ctx->mutex);
}

/**
 * perf_ctx_lock_task() - find and lock a task's context
 * @task: the task
 * @flags: IRQ state
 *
 * Clones swap contexts and exit lets go of them, under ctx->lock: what was found
 * is looked at again under it.
 *
 * Return: the context with its lock held, or NULL if the task has none.
 */
struct perf_event_context *perf_ctx_lock_task(struct task_struct *task, unsigned long *flags)
{
	struct perf_event_context *ctx;

	guard(rcu)();
	for (;;) {
		ctx = rcu_dereference_raw(task->perf_event_ctxp);
		if (!ctx)
			return NULL;

		raw_spin_lock_irqsave(&ctx->lock, *flags);
		if (likely(ctx->task == task))
			return ctx;
		raw_spin_unlock_irqrestore(&ctx->lock, *flags);
	}
}

/* It is no longer like the context it was cloned from.  Return: what to put. */
static struct perf_event_context *ctx_unclone(struct perf_event_context *ctx)
{
	struct perf_event_context *parent = ctx->parent_ctx;

	lockdep_assert_held(&ctx->lock);

	ctx->parent_ctx = NULL;
	ctx->generation++;

	return parent;
}

/* Hold a task's context and keep it with the task until ctx_unpin(). */
static struct perf_event_context *ctx_find_pin(struct task_struct *task)
{
	struct perf_event_context *ctx, *parent;
	unsigned long flags;

	ctx = perf_ctx_lock_task(task, &flags);
	if (!ctx)
		return NULL;

	perf_ctx_get(ctx);
	ctx->pin_count++;
	parent = ctx_unclone(ctx);
	raw_spin_unlock_irqrestore(&ctx->lock, flags);
	perf_ctx_put(parent);

	return ctx;
}

static void ctx_unpin(struct perf_event_context *ctx)
{
	guard(raw_spinlock_irqsave)(&ctx->lock);
	ctx->pin_count--;
}

/*
 * Give a task its first context.  perf_event_mutex orders this against exit,
 * which sets PF_EXITING, takes the mutex, and only then looks for a context.
 */
static int ctx_publish(struct task_struct *task, struct perf_event_context *ctx)
{
	guard(mutex)(&task->perf_event_mutex);

	if (task->flags & PF_EXITING)
		return -ESRCH;
	/* A full barrier, which the interrupt of the first event relies on: above. */
	if (cmpxchg(&task->perf_event_ctxp, NULL, ctx))
		return -EAGAIN;

	return 0;
}

static struct perf_event_context *ctx_new(struct task_struct *task)
{
	struct perf_event_context *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return NULL;

	perf_ctx_init(ctx);
	ctx->task = task;

	return ctx;
}

/* The context for an event of a task, pinned and held; or an ERR_PTR(). */
static struct perf_event_context *ctx_find_or_make(struct task_struct *task)
{
	struct perf_event_context *ctx;
	int ret;

	do {
		ctx = ctx_find_pin(task);
		if (ctx)
			return ctx;

		ctx = ctx_new(task);
		if (!ctx)
			return ERR_PTR(-ENOMEM);

		/* The task's reference; ours comes when it is found. */
		ret = ctx_publish(task, ctx);
		if (ret)
			perf_ctx_put(ctx);
	} while (!ret || ret == -EAGAIN);

	return ERR_PTR(ret);
}

/* ---- The cross-CPU call ----------------------------------------------------- */

struct ctx_call {
	struct perf_event_context	*ctx;
	perf_ctx_fn			fn;
	void				*arg;
	bool				done;
	bool				put_on;
};

static bool ctx_is_dead(struct perf_event_context *ctx)
{
	return ctx->task == TASK_TOMBSTONE;
}

/* The context is active nowhere, or else nothing is done. */
static void ctx_call_inactive(struct ctx_call *call)
{
	struct perf_event_context *ctx = call->ctx;
	bool wanted;

	guard(raw_spinlock_irq)(&ctx->lock);

	if (ctx->active)
		return;

	wanted = ctx->nr_wanted;
	call->fn(NULL, ctx, call->arg);
	call->done = true;
	/* Who made it wanted may not have put it on yet. */
	call->put_on = perf_ctx_is_task(ctx) && !ctx_is_dead(ctx) && ctx->nr_wanted &&
		       (!wanted || task_curr(ctx->task));
}

static void ctx_call_locked(struct perf_cpu_context *cpuctx, struct ctx_call *call)
{
	struct perf_event_context *ctx = call->ctx;

	perf_ctx_update_time(cpuctx, cpuctx->task_ctx);
	call->fn(cpuctx, ctx, call->arg);
	call->done = true;

	if (perf_ctx_is_task(ctx) && !ctx->nr_wanted)
		perf_task_ctx_off(cpuctx, ctx);
}

/* On the right CPU, or else nothing is done: a task's context may have left. */
static void ctx_call_ipi(void *info)
{
	struct perf_cpu_context *cpuctx = this_cpu_ptr(&perf_cpu_context);
	/* A CPU's events may take precedence over those of the task that runs. */
	struct perf_event_context *task_ctx = cpuctx->task_ctx;
	struct ctx_call *call = info;

	if (call->ctx != task_ctx && call->ctx != &cpuctx->ctx)
		return;

	perf_cpuctx_lock(cpuctx, task_ctx);
	if (call->ctx->active)
		ctx_call_locked(cpuctx, call);
	perf_cpuctx_unlock(cpuctx, task_ctx);
}

static bool ctx_call_here(struct ctx_call *call)
{
	guard(irq)();
	ctx_call_ipi(call);

	return call->done;
}

static void ctx_put_on_ipi(void *info)
{
	struct perf_cpu_context *cpuctx = this_cpu_ptr(&perf_cpu_context);
	struct perf_event_context *ctx = info;

	/* It has been switched out meanwhile, and perhaps in. */
	if (READ_ONCE(ctx->task) != current)
		return;

	perf_cpuctx_lock(cpuctx, ctx);
	if (ctx->task == current && !ctx->active && ctx->nr_wanted)
		perf_task_ctx_on(cpuctx, ctx, false);
	perf_cpuctx_unlock(cpuctx, ctx);
}

/* A guess for a task; RCU keeps one that has not exited from being freed. */
static int ctx_cpu(struct perf_event_context *ctx, int cpu)
{
	struct task_struct *task;

	guard(rcu)();
	task = READ_ONCE(ctx->task);
	if (!task)
		return cpu;

	return task == TASK_TOMBSTONE ? raw_smp_processor_id() : task_cpu(task);
}

/**
 * perf_ctx_call() - do something to a context where it is
 * @ctx: the context, held
 * @cpu: the CPU of a CPU's context; not used for a task's
 * @fn: what to do; see &typedef perf_ctx_fn
 * @arg: passed to @fn
 *
 * @fn has run exactly once when this returns.
 *
 * Context: IRQs on.  ctx->mutex held, except by callers that change no
 * membership and know that the event cannot change its context.
 */
void perf_ctx_call(struct perf_event_context *ctx, int cpu, perf_ctx_fn fn, void *arg)
{
	struct ctx_call call = { .ctx = ctx, .fn = fn, .arg = arg };

	/* Where to begin is a guess; each of them looks again, under ctx->lock. */
	while (!READ_ONCE(ctx->active) || !ctx_call_here(&call)) {
		ctx_call_inactive(&call);
		if (call.done)
			break;

		/* -ENXIO: the CPU has just gone, and its context is not active any more. */
		smp_call_function_single(ctx_cpu(ctx, cpu), ctx_call_ipi, &call, 1);
		if (call.done)
			break;

		cond_resched();
	}

	if (call.put_on)
		smp_call_function_single(ctx_cpu(ctx, cpu), ctx_put_on_ipi, ctx, 1);
}

/* ---- PMUs' parts of a context ---------------------------------------- */

static void epc_link(struct perf_event_pmu_context *epc, struct perf_event_context *ctx)
{
	guard(raw_spinlock_irq)(&ctx->lock);
	epc->ctx = ctx;
	list_add(&epc->pmu_ctx_entry, &ctx->pmu_ctx_list);
}

/*
 * Hold the part of @ctx that belongs to @pmu, or an ERR_PTR().  An event, or
 * another part, holds the PMU.
 */
static struct perf_event_pmu_context *epc_get(struct perf_event_context *ctx, struct pmu *pmu,
					      int cpu)
{
	struct perf_event_pmu_context *epc;

	if (!perf_ctx_is_task(ctx)) {
		epc = &per_cpu_ptr(pmu->cpu_pmu_context, cpu)->epc;
		refcount_inc(&epc->refcount);
		if (list_empty(&epc->pmu_ctx_entry))
			epc_link(epc, ctx);
		return epc;
	}

	list_for_each_entry(epc, &ctx->pmu_ctx_list, pmu_ctx_entry) {
		if (epc->pmu == pmu) {
			refcount_inc(&epc->refcount);
			return epc;
		}
	}

	epc = kzalloc(sizeof(*epc), GFP_KERNEL);
	if (!epc)
		return ERR_PTR(-ENOMEM);

	perf_epc_init(epc, pmu);
	percpu_ref_get(&pmu->users);
	epc_link(epc, ctx);

	return epc;
}

/* Memory for what the PMU keeps of the task, if not in task_data.c.  0 or -ENOMEM. */
static int epc_need_task_data(struct perf_event_pmu_context *epc, struct perf_event *event)
{
	struct kmem_cache *cache = epc->pmu->task_ctx_cache;
	void *data;

	if (!perf_ctx_is_task(epc->ctx) || !(event->attach_state & PERF_ATTACH_TASK_DATA) ||
	    epc->task_ctx_data || !cache || !epc->pmu->swap_task_ctx)
		return 0;

	data = kmem_cache_zalloc(cache, GFP_KERNEL);
	if (!data)
		return -ENOMEM;

	scoped_guard(raw_spinlock_irq, &epc->ctx->lock)
		epc->task_ctx_data = data;

	return 0;
}

static void epc_free_rcu(struct rcu_head *head)
{
	struct perf_event_pmu_context *epc = container_of(head, typeof(*epc), rcu_head);

	if (epc->task_ctx_data)
		kmem_cache_free(epc->pmu->task_ctx_cache, epc->task_ctx_data);
	percpu_ref_put(&epc->pmu->users);
	kfree(epc);
}

/**
 * perf_epc_put() - let go of a PMU's part of a context
 * @epc: the part, or NULL
 *
 * It has left the context's list with its last event: the last reference is that
 * of an event that leaves, or was refused.
 *
 * Context: any but NMI.
 */
void perf_epc_put(struct perf_event_pmu_context *epc)
{
	if (epc && refcount_dec_and_test(&epc->refcount))
		call_rcu(&epc->rcu_head, epc_free_rcu);
}

/* An event came to (@n is 1) or left (-1) this part. */
static void epc_account(struct perf_cpu_context *cpuctx, struct perf_event_pmu_context *epc, int n)
{
	epc->nr_events += n;
	if (epc->nr_events || epc->embedded)
		return;

	list_del_init(&epc->pmu_ctx_entry);
	if (cpuctx)
		this_cpu_ptr(epc->pmu->cpu_pmu_context)->task_epc = NULL;
}

static void epc_unlink_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx,
			  void *arg)
{
	epc_account(cpuctx, arg, 0);
}

/* For an event that was then refused: if it was made for it, it goes again. */
static void epc_put_unused(struct perf_event_context *ctx, struct perf_event_pmu_context *epc,
			   int cpu)
{
	perf_ctx_call(ctx, cpu, epc_unlink_fn, epc);
	perf_epc_put(epc);
}

/* ---- Residents ------------------------------------------------------- */

/*
 * A resident group counts whenever its context is on a CPU.  Its members are
 * ACTIVE while they and the leader are enabled, and nothing is done for them at
 * a switch; see swevent.c for how they are found.
 */
static void resident_set_active(struct perf_event *event)
{
	if (event->state == PERF_EVENT_STATE_INACTIVE &&
	    event->group_leader->state >= PERF_EVENT_STATE_INACTIVE)
		perf_event_set_state(event, PERF_EVENT_STATE_ACTIVE);
}

static void resident_group_on(struct perf_event *leader)
{
	struct perf_event *sibling;

	resident_set_active(leader);
	for_each_sibling_event(sibling, leader)
		resident_set_active(sibling);
}

static void resident_group_off(struct perf_event *leader)
{
	struct perf_event *sibling;

	for_each_sibling_event(sibling, leader) {
		if (sibling->state == PERF_EVENT_STATE_ACTIVE)
			perf_event_set_state(sibling, PERF_EVENT_STATE_INACTIVE);
	}
	if (leader->state == PERF_EVENT_STATE_ACTIVE)
		perf_event_set_state(leader, PERF_EVENT_STATE_INACTIVE);
}

static void resident_add(struct perf_event *event)
{
	event->resident = true;
	hlist_add_head_rcu(&event->resident_entry, &event->ctx->resident);
}

/* The node is never linked again: readers may stand on it. */
static void resident_del(struct perf_event *event)
{
	if (!event->resident)
		return;

	hlist_del_rcu(&event->resident_entry);
	event->resident = false;
}

/* ---- Coming and going ------------------------------------------------ */

/* Let a leader that is enabled run, or take its turn. */
static void group_begin(struct perf_cpu_context *cpuctx, struct perf_event *leader)
{
	if (leader->state < PERF_EVENT_STATE_INACTIVE)
		return;

	if (leader->resident) {
		resident_group_on(leader);
		return;
	}

	perf_group_enqueue(leader);
	if (cpuctx)
		perf_event_sched_in(cpuctx, leader);
}

/* Take a group off and keep it off. */
static void group_end(struct perf_event *leader)
{
	if (leader->resident) {
		resident_group_off(leader);
		return;
	}

	perf_group_sched_out(leader);
	perf_group_dequeue(leader);
}

static void group_make_ordinary(struct perf_event *leader)
{
	struct perf_event *sibling;

	if (!leader->resident)
		return;

	resident_group_off(leader);
	for_each_sibling_event(sibling, leader)
		resident_del(sibling);
	resident_del(leader);
}

/**
 * perf_event_make_ordinary_local() - switch an event like any other from now on
 * @cpuctx: this CPU's, if the event's context is active here; or NULL
 * @event: the event
 *
 * Context: as a perf_ctx_fn.
 * Return: true if it has been put on its PMU by this.
 */
bool perf_event_make_ordinary_local(struct perf_cpu_context *cpuctx, struct perf_event *event)
{
	if (!event->resident)
		return false;

	group_make_ordinary(event->group_leader);
	group_begin(cpuctx, event->group_leader);

	return event->state == PERF_EVENT_STATE_ACTIVE;
}

static void make_ordinary_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx,
			     void *arg)
{
	perf_event_make_ordinary_local(cpuctx, arg);
}

/**
 * perf_event_make_ordinary() - switch an event like any other from now on
 * @event: an event, whose whole group goes the same way
 *
 * Needed before something looks at the event that knows nothing of residents: an
 * overflow.  There is no way back.
 *
 * Context: IRQs on; needs no mutex, as only a task's event can be resident and
 * those do not change their context.
 */
void perf_event_make_ordinary(struct perf_event *event)
{
	if (READ_ONCE(event->resident))
		perf_ctx_call(event->ctx, -1, make_ordinary_fn, event);
}

static void ctx_account(struct perf_event_context *ctx, struct perf_event *event, int n)
{
	ctx->nr_events += n;
	if (event->state >= PERF_EVENT_STATE_INACTIVE)
		ctx->nr_wanted += n;
	ctx->generation++;
	if (event->attr.inherit)
		ctx->nr_inherit += n;
	if (event->attr.inherit_stat)
		ctx->nr_stat += n;
	/* Those of a software event are a part of its timer. */
	if (!is_software_event(event) && event->hw.flags & PERF_EVENT_FLAG_USER_READ_CNT)
		ctx->nr_user += n;
	if (event->attach_state & PERF_ATTACH_TASK_DATA)
		ctx->nr_task_data += n;
	/* Pairs with READ_ONCE() in tracing_deliver_remote(). */
	if (event->attr.type == PERF_TYPE_TRACEPOINT && event->cpu >= 0)
		WRITE_ONCE(ctx->nr_remote, ctx->nr_remote + n);
	/*
	 * What its samples read, its filters' ranges, its signals, the slot of a breakpoint
	 * belong to one task, and so does the event that exec removes: not the one that was
	 * opened, by its child.
	 */
	if ((event->attr.inherit && event->attr.sample_type & PERF_SAMPLE_READ) ||
	    has_addr_filter(event) || event->attr.sigtrap || event->attr.remove_on_exec ||
	    event->attr.type == PERF_TYPE_BREAKPOINT)
		ctx->nr_switch_slow += n;
	/* Whether it is paused is a matter of its task. */
	if (event->triggered) {
		ctx->nr_targets += n;
		ctx->nr_switch_slow += n;
	}
}

/* Sizes of records depend on how many siblings there are. */
static void group_update_sizes(struct perf_event *leader)
{
	struct perf_event *sibling;

	perf_event_update_sizes(leader);
	for_each_sibling_event(sibling, leader)
		perf_event_update_sizes(sibling);
}

/* An overflow sees the group, and the sizes of its records, before or after. */
static bool group_freeze(struct perf_event *leader)
{
	bool on = leader->state == PERF_EVENT_STATE_ACTIVE && !leader->resident;

	if (on)
		perf_pmu_disable(leader->pmu_ctx->pmu);

	return on;
}

static void group_thaw(struct perf_event *leader, bool on)
{
	if (on)
		perf_pmu_enable(leader->pmu_ctx->pmu);
}

static void group_join(struct perf_event *event)
{
	struct perf_event *leader = event->group_leader;
	bool on;

	event->attach_state |= PERF_ATTACH_GROUP;
	if (leader == event)
		return;

	on = group_freeze(leader);
	leader->group_caps &= event->event_caps;
	leader->group_generation++;
	leader->nr_siblings++;
	list_add_tail(&event->sibling_list, &leader->sibling_list);
	group_update_sizes(leader);
	group_thaw(leader, on);
}

/* Put an event that is in its group on the context's lists, and let it run. */
static void ctx_add_event(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx,
			  struct perf_event *event)
{
	struct perf_event *leader = event->group_leader;

	lockdep_assert_held(&ctx->lock);

	event->attach_state |= PERF_ATTACH_CONTEXT;
	list_add_tail_rcu(&event->event_entry, &ctx->event_list);
	ctx_account(ctx, event, 1);
	epc_account(cpuctx, event->pmu_ctx, 1);
	perf_cgroup_event_added(event, ctx);
	event->tstamp = perf_event_time(event);

	if (event == leader || leader->resident) {
		if (perf_swevent_can_reside(event))
			resident_add(event);
		else if (leader->resident)
			group_make_ordinary(leader);
	}

	if (event == leader || !leader->resident)
		group_begin(cpuctx, leader);
	else
		resident_set_active(event);
	if (cpuctx && event != leader)
		perf_event_sched_in(cpuctx, event);
}

struct attach_arg {
	struct perf_event		*event;
	struct perf_event_pmu_context	*epc;
};

static void event_move(struct perf_cpu_context *cpuctx, struct perf_event *event,
		       struct perf_event_pmu_context *epc)
{
	struct perf_event_pmu_context *old = event->pmu_ctx;

	refcount_inc(&epc->refcount);
	epc_account(cpuctx, epc, 1);
	if (is_cgroup_event(event)) {
		old->nr_cgroups--;
		epc->nr_cgroups++;
	}
	event->pmu_ctx = epc;
	epc_account(cpuctx, old, -1);
	perf_epc_put(old);
}

/* A group of software events follows a sibling that is none to its PMU. */
static void group_move(struct perf_cpu_context *cpuctx, struct perf_event *leader,
		       struct perf_event_pmu_context *epc)
{
	struct perf_event *sibling;

	group_make_ordinary(leader);
	group_end(leader);

	for_each_sibling_event(sibling, leader)
		event_move(cpuctx, sibling, epc);
	event_move(cpuctx, leader, epc);
}

static void attach_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx, void *arg)
{
	struct attach_arg *attach = arg;
	struct perf_event *event = attach->event, *leader = event->group_leader;

	event->pmu_ctx = attach->epc;
	if (leader->pmu_ctx != attach->epc)
		group_move(cpuctx, leader, attach->epc);
	group_join(event);
	ctx_add_event(cpuctx, ctx, event);
}

/* May @event join @leader's group?  Which PMU is the group for then? */
static int group_check(struct perf_event *event, struct perf_event *leader,
		       struct perf_event_context *ctx, struct pmu **pmu)
{
	if (leader->state <= PERF_EVENT_STATE_EXIT)
		return -ENODEV;
	/* Both in one context, counting the same way. */
	if (leader->ctx != ctx || leader->group_leader != leader || leader->cpu != event->cpu ||
	    leader->clock != event->clock || !(leader->attach_state & PERF_ATTACH_CONTEXT))
		return -EINVAL;
	/* Only a whole group can be alone or always on. */
	if (event->attr.exclusive || event->attr.pinned)
		return -EINVAL;

	if (is_software_event(event))
		*pmu = leader->pmu_ctx->pmu;
	else if (!(leader->group_caps & PERF_EV_CAP_SOFTWARE) && leader->pmu_ctx->pmu != *pmu)
		return -EINVAL;

	return perf_event_sizes_fit(event, leader) ? 0 : -E2BIG;
}

/* Find the AUX event that @event writes to, pauses or takes samples from. */
static int aux_event_find(struct perf_event *event, struct perf_event *leader)
{
	const struct perf_event_attr *attr = &event->attr;
	struct pmu *pmu = leader->pmu;

	if (!attr->aux_output && !has_aux_action(event))
		return 0;

	if (leader == event || !has_aux(leader) || (attr->aux_output && attr->aux_sample_size))
		return -EINVAL;
	if (attr->aux_output && !(pmu->aux_output_match && pmu->aux_output_match(event)))
		return -EINVAL;
	if ((attr->aux_pause || attr->aux_resume) &&
	    !(pmu->capabilities & PERF_PMU_CAP_AUX_PAUSE))
		return -EINVAL;
	if (attr->aux_sample_size && !pmu->snapshot_aux)
		return -EINVAL;

	event->aux_event = leader;

	return 0;
}

static int ctx_check(struct perf_event *event, struct perf_event_context *ctx)
{
	if (ctx_is_dead(ctx))
		return -ESRCH;
	if (!perf_ctx_is_task(ctx) &&
	    !container_of(ctx, struct perf_cpu_context, ctx)->online)
		return -ENODEV;
	if (!perf_exclusive_fits(event, ctx))
		return -EBUSY;

	return 0;
}

/* Everything that can fail; on success @event is about to be installed. */
static int attach_prepare(struct perf_event *event, struct perf_event_context *ctx,
			  struct attach_arg *attach)
{
	struct perf_event *leader = event->group_leader;
	struct pmu *pmu = event->pmu;
	int ret = ctx_check(event, ctx);

	if (!ret && leader != event)
		ret = group_check(event, leader, ctx, &pmu);
	if (!ret && leader == event && !perf_event_sizes_fit(event, event))
		ret = -E2BIG;
	if (!ret)
		ret = aux_event_find(event, leader);
	if (ret)
		return ret;

	attach->event = event;
	attach->epc = epc_get(ctx, pmu, event->cpu);
	if (IS_ERR(attach->epc))
		return PTR_ERR(attach->epc);

	ret = epc_need_task_data(attach->epc, event);
	if (ret)
		epc_put_unused(ctx, attach->epc, event->cpu);

	return ret;
}

static void attach_commit(struct perf_event *event, struct perf_event_context *ctx,
			  struct attach_arg *attach)
{
	/* The event before the context.  Pairs with smp_load_acquire() in sb_visit(). */
	smp_store_release(&event->ctx, perf_ctx_get(ctx));

	perf_ctx_call(ctx, event->cpu, attach_fn, attach);
}

/**
 * perf_event_attach() - make an event part of the context it was opened for
 * @event: a new event; hw.target, or else cpu, says which context
 * @leader: leader of the group to join, or NULL
 *
 * From then on the event may run.
 *
 * Context: may sleep; takes perf_event_mutex of the task and ctx->mutex.
 *
 * Return: 0; or, with @event as it was, -ESRCH: the task exits; -ENODEV: the CPU
 * is offline, or @leader's task has exited; -EINVAL: @event cannot be in
 * @leader's group; -E2BIG: what the group would have read does not fit a record;
 * -EBUSY: an exclusive PMU is in use; -ENOMEM.
 */
int perf_event_attach(struct perf_event *event, struct perf_event *leader)
{
	struct task_struct *task = event->hw.target;
	struct perf_event_context *ctx;
	struct attach_arg attach = { };
	int ret;

	ctx = task ? ctx_find_or_make(task) :
		     perf_ctx_get(&per_cpu_ptr(&perf_cpu_context, event->cpu)->ctx);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);

	event->group_leader = leader ?: event;

	mutex_lock(&ctx->mutex);
	ret = attach_prepare(event, ctx, &attach);
	if (!ret)
		attach_commit(event, ctx, &attach);
	else
		event->group_leader = event;
	mutex_unlock(&ctx->mutex);

	if (task)
		ctx_unpin(ctx);
	perf_ctx_put(ctx);

	return ret;
}

/* A sibling that cannot be alone, or whose AUX event went: for good. */
static bool sibling_is_lost(struct perf_event *sibling, struct perf_event *leader)
{
	return sibling->event_caps & PERF_EV_CAP_SIBLING || sibling->aux_event == leader;
}

/* Siblings of a leader that goes live on, each as its own leader. */
static void group_promote_siblings(struct perf_cpu_context *cpuctx, struct perf_event *leader)
{
	struct perf_event *sibling, *tmp;

	if (!leader->nr_siblings)
		return;

	list_for_each_entry_safe(sibling, tmp, &leader->sibling_list, sibling_list) {
		bool lost = sibling_is_lost(sibling, leader);

		/* Time so far is that of a sibling. */
		perf_event_update_time(sibling);
		if (lost && sibling->state > PERF_EVENT_STATE_ERROR)
			perf_event_set_state(sibling, PERF_EVENT_STATE_ERROR);

		list_del_init(&sibling->sibling_list);
		sibling->group_leader = sibling;
		sibling->group_caps = sibling->event_caps;
		if (sibling->aux_event == leader)
			sibling->aux_event = NULL;
		perf_event_update_sizes(sibling);

		if (sibling->attach_state & PERF_ATTACH_CONTEXT)
			group_begin(cpuctx, sibling);
	}
	leader->nr_siblings = 0;
	leader->group_generation++;
	perf_event_update_sizes(leader);
}

static void group_leave(struct perf_cpu_context *cpuctx, struct perf_event *event)
{
	struct perf_event *leader = event->group_leader;
	bool on;

	if (!(event->attach_state & PERF_ATTACH_GROUP))
		return;
	event->attach_state &= ~PERF_ATTACH_GROUP;

	if (event == leader) {
		group_promote_siblings(cpuctx, event);
		return;
	}

	on = group_freeze(leader);
	list_del_init(&event->sibling_list);
	leader->nr_siblings--;
	leader->group_generation++;
	event->group_leader = event;
	event->aux_event = NULL;
	perf_event_update_sizes(event);
	group_update_sizes(leader);
	group_thaw(leader, on);
}

static void event_end(struct perf_event *event)
{
	if (event == event->group_leader) {
		group_end(event);
	} else {
		perf_event_sched_out(event);
		if (event->resident && event->state == PERF_EVENT_STATE_ACTIVE)
			perf_event_set_state(event, PERF_EVENT_STATE_INACTIVE);
	}
}

static void ctx_del_event(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx,
			  struct perf_event *event)
{
	if (!(event->attach_state & PERF_ATTACH_CONTEXT))
		return;
	event->attach_state &= ~PERF_ATTACH_CONTEXT;

	resident_del(event);
	perf_cgroup_event_removed(event, ctx);
	epc_account(cpuctx, event->pmu_ctx, -1);
	ctx_account(ctx, event, -1);
	list_del_rcu(&event->event_entry);
}

struct detach_arg {
	struct perf_event	*event;
	unsigned int		flags;
};

static void detach_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx, void *arg)
{
	struct detach_arg *detach = arg;
	struct perf_event *event = detach->event;
	enum perf_event_state state = PERF_EVENT_STATE_OFF;

	event_end(event);
	perf_trigger_unlink(event);
	ctx_del_event(cpuctx, ctx, event);
	if (detach->flags & PERF_DETACH_GROUP)
		group_leave(cpuctx, event);

	if (detach->flags & PERF_DETACH_DEAD)
		state = PERF_EVENT_STATE_DEAD;
	else if (detach->flags & PERF_DETACH_REVOKED)
		state = PERF_EVENT_STATE_REVOKED;
	else if (detach->flags & PERF_DETACH_EXIT)
		state = PERF_EVENT_STATE_EXIT;
	if (state < event->state)
		perf_event_set_state(event, state);
}

/* Give what a child has counted to its parent. */
static void child_fold(struct perf_event *child)
{
	struct perf_event *parent = child->parent;

	atomic64_add(local64_read(&child->count), &parent->child_count);
	atomic64_add(child->total_time_enabled, &parent->child_total_time_enabled);
	atomic64_add(child->total_time_running, &parent->child_total_time_running);
	if (child->triggered)
		atomic64_add(perf_trigger_open_time(child), &parent->child_open_time);
}

static bool child_leave(struct perf_event *child)
{
	if (!(child->attach_state & PERF_ATTACH_CHILD))
		return false;
	child->attach_state &= ~PERF_ATTACH_CHILD;
	child_fold(child);
	/* Who finds the list empty finds the sums: list_empty_careful() in perf_read_tree(). */
	smp_wmb();
	list_del_init_careful(&child->child_list);

	return true;
}

/* Nothing is done twice: of what was detached before only the state changes. */
static void event_detach(struct detach_arg *detach)
{
	struct perf_event *event = detach->event;

	perf_ctx_call(event->ctx, event->cpu, detach_fn, detach);
	perf_epc_put(event->pmu_ctx);
	event->pmu_ctx = NULL;
}

/**
 * perf_event_detach() - take an event out of its context
 * @event: the event; nothing is done twice
 * @flags: PERF_DETACH_*
 *
 * Without PERF_DETACH_GROUP the event can still be read with its group.
 *
 * Context: event->ctx->mutex held.
 *
 * Return: true if the event was taken off its parent's list by this call: the
 * caller then owns the reference that the list stood for.
 */
bool perf_event_detach(struct perf_event *event, unsigned int flags)
{
	struct detach_arg detach = { .event = event, .flags = flags };

	lockdep_assert_held(&event->ctx->mutex);

	if (!event->parent || !(flags & PERF_DETACH_CHILD)) {
		event_detach(&detach);
		return false;
	}

	/* Who reads the parent's group sees the child whole or not at all. */
	guard(mutex)(&event->parent->child_mutex);
	event_detach(&detach);

	return child_leave(event);
}

/* ---- On and off ------------------------------------------------------ */

static bool needs_leader(struct perf_event *event)
{
	return event->event_caps & PERF_EV_CAP_SIBLING || event->attr.aux_output ||
	       has_aux_action(event);
}

/* An event that lost the leader it cannot do without stays in error. */
static bool event_is_lost(struct perf_event *event)
{
	return event->state == PERF_EVENT_STATE_ERROR && event->group_leader == event &&
	       needs_leader(event);
}

/* It wants to run from now on. */
static void want_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx, void *arg)
{
	struct perf_event *event = arg, *leader = event->group_leader;

	if (event->state >= PERF_EVENT_STATE_INACTIVE || event->state < PERF_EVENT_STATE_ERROR ||
	    !(event->attach_state & PERF_ATTACH_CONTEXT) || event_is_lost(event))
		return;

	perf_event_set_state(event, PERF_EVENT_STATE_INACTIVE);
	/* To put it on its PMU is for run_fn(). */
	if (event == leader)
		group_begin(NULL, event);
	else if (event->resident)
		resident_set_active(event);
}

/* It does, if there is room. */
static void run_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx, void *arg)
{
	if (cpuctx)
		perf_event_sched_in(cpuctx, arg);
}

static void enable_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx, void *arg)
{
	struct perf_event *event = arg;
	enum perf_event_state state = event->state;

	want_fn(cpuctx, ctx, event);
	if (event->state != state)
		run_fn(cpuctx, ctx, event);
}

static void disable_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx, void *arg)
{
	struct perf_event *event = arg;

	WRITE_ONCE(event->pending_disable, 0);
	if (event->state < PERF_EVENT_STATE_INACTIVE)
		return;

	event_end(event);
	perf_event_set_state(event, PERF_EVENT_STATE_OFF);
}

/**
 * perf_event_enable_locked() - let one event count
 * @event: the event
 *
 * One in error, for which there was no room, gets another try.
 *
 * Context: event->ctx->mutex held.
 */
void perf_event_enable_locked(struct perf_event *event)
{
	perf_ctx_call(event->ctx, event->cpu, enable_fn, event);
}

/**
 * perf_event_disable_locked() - stop one event
 * @event: the event; as a leader it stops its siblings too
 *
 * Context: event->ctx->mutex held.
 */
void perf_event_disable_locked(struct perf_event *event)
{
	perf_ctx_call(event->ctx, event->cpu, disable_fn, event);
}

/**
 * perf_event_enable() - let one event count
 * @event: the event, held
 *
 * Context: may sleep.
 */
void perf_event_enable(struct perf_event *event)
{
	struct perf_event_context *ctx = perf_event_ctx_lock(event);

	perf_event_enable_locked(event);
	perf_event_ctx_unlock(ctx);
}
EXPORT_SYMBOL_GPL(perf_event_enable);

/**
 * perf_event_disable() - stop one event
 * @event: the event, held
 *
 * Context: may sleep.
 */
void perf_event_disable(struct perf_event *event)
{
	struct perf_event_context *ctx = perf_event_ctx_lock(event);

	perf_event_disable_locked(event);
	perf_event_ctx_unlock(ctx);
}
EXPORT_SYMBOL_GPL(perf_event_disable);

/**
 * perf_event_disable_local() - stop an event of this CPU, or of the task that runs here
 * @event: the event
 *
 * Context: IRQs off; not NMI, and not under a lock of perf_events.
 */
void perf_event_disable_local(struct perf_event *event)
{
	struct perf_cpu_context *cpuctx = this_cpu_ptr(&perf_cpu_context);
	struct perf_event_context *ctx = event->ctx;
	struct perf_event_context *task_ctx = perf_ctx_is_task(ctx) ? ctx : NULL;
	bool here = ctx == &cpuctx->ctx || ctx == cpuctx->task_ctx;

	lockdep_assert_irqs_disabled();

	perf_cpuctx_lock(cpuctx, task_ctx);
	if (here) {
		perf_ctx_update_time(cpuctx, ctx);
		disable_fn(cpuctx, ctx, event);
	} else if (!WARN_ON_ONCE(!task_ctx) && !ctx->active) {
		disable_fn(NULL, ctx, event);
	}
	perf_cpuctx_unlock(cpuctx, task_ctx);
}

/**
 * perf_event_refresh() - let an event count for some more overflows
 * @event: the event, held
 * @refresh: how many
 *
 * Context: may sleep.
 * Return: 0, or -EINVAL for an event that does not sample or is inherited.
 */
int perf_event_refresh(struct perf_event *event, int refresh)
{
	if (event->attr.inherit || !is_sampling_event(event))
		return -EINVAL;

	atomic_add(refresh, &event->event_limit);
	perf_event_enable(event);

	return 0;
}
EXPORT_SYMBOL_GPL(perf_event_refresh);

/* ---- Many events at once ----------------------------------------------- */

const struct perf_event_op perf_event_op_enable = {
	.fn	= enable_fn,
	.first	= want_fn,
	.then	= run_fn,
};

const struct perf_event_op perf_event_op_disable = { .fn = disable_fn };

/* Root events of one context, which one call is enough to reach. */
struct batch {
	const struct perf_event_op	*op;
	struct perf_event_context	*ctx;
	unsigned int			nr;
	struct perf_event		*event[32];
};

/* The room for events stays as it is. */
static void batch_init(struct batch *batch, const struct perf_event_op *op,
		       struct perf_event_context *ctx)
{
	batch->op = op;
	batch->ctx = ctx;
	batch->nr = 0;
}

static void batch_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx, void *arg)
{
	struct batch *batch = arg;
	const struct perf_event_op *op = batch->op;
	unsigned long changed = 0;
	unsigned int i;

	for (i = 0; i < batch->nr; i++) {
		enum perf_event_state state = batch->event[i]->state;

		(op->first ?: op->fn)(cpuctx, ctx, batch->event[i]);
		if (state != batch->event[i]->state)
			changed |= BIT(i);
	}

	if (!op->then)
		return;
	for_each_set_bit(i, &changed, ARRAY_SIZE(batch->event))
		op->then(cpuctx, ctx, batch->event[i]);
}

static void children_run(struct perf_event *event, perf_ctx_fn fn)
{
	struct perf_event *child;

	/* A fork makes the first one under the ctx->mutex that we hold. */
	if (list_empty(&event->child_list))
		return;

	guard(mutex)(&event->child_mutex);
	list_for_each_entry(child, &event->child_list, child_list)
		perf_ctx_call(child->ctx, child->cpu, fn, child);
}

/* Each event before its children: what a fork copies meanwhile is found among them. */
static void batch_run(struct batch *batch)
{
	if (!batch->nr)
		return;

	perf_ctx_call(batch->ctx, batch->event[0]->cpu, batch_fn, batch);
	for (unsigned int i = 0; i < batch->nr; i++)
		children_run(batch->event[i], batch->op->fn);
	batch->nr = 0;
}

static void batch_add(struct batch *batch, struct perf_event *event)
{
	if (batch->nr == ARRAY_SIZE(batch->event))
		batch_run(batch);
	batch->event[batch->nr++] = event;
}

/**
 * perf_event_apply() - do something to an event and its children
 * @event: a root event
 * @op: what
 *
 * Context: event->ctx->mutex held.
 */
void perf_event_apply(struct perf_event *event, const struct perf_event_op *op)
{
	lockdep_assert_held(&event->ctx->mutex);

	perf_ctx_call(event->ctx, event->cpu, op->fn, event);
	children_run(event, op->fn);
}

/**
 * perf_event_apply_group() - do something to a group and all children of its events
 * @event: any event of the group, a root
 * @op: what
 *
 * Context: event->ctx->mutex held.
 */
void perf_event_apply_group(struct perf_event *event, const struct perf_event_op *op)
{
	struct perf_event *leader = event->group_leader, *sibling;
	struct batch batch __uninitialized;

	lockdep_assert_held(&event->ctx->mutex);

	batch_init(&batch, op, event->ctx);
	batch_add(&batch, leader);
	for_each_sibling_event(sibling, leader)
		batch_add(&batch, sibling);
	batch_run(&batch);
}

/* The batch takes events of one context, whose mutex is held while it does. */
static void owned_add(struct batch *batch, struct perf_event *event)
{
	if (batch->ctx && event->ctx != batch->ctx) {
		batch_run(batch);
		perf_event_ctx_unlock(batch->ctx);
		batch->ctx = NULL;
	}
	if (!batch->ctx)
		batch->ctx = perf_event_ctx_lock(event);
	batch_add(batch, event);
}

/**
 * perf_event_apply_owned() - do something to all that current has opened, and its children
 * @op: what
 *
 * Context: may sleep; takes perf_event_mutex.
 */
void perf_event_apply_owned(const struct perf_event_op *op)
{
	struct perf_event *event;
	struct batch batch __uninitialized;

	batch_init(&batch, op, NULL);
	guard(mutex)(&current->perf_event_mutex);

	list_for_each_entry(event, &current->perf_event_list, owner_entry)
		owned_add(&batch, event);

	if (batch.ctx) {
		batch_run(&batch);
		perf_event_ctx_unlock(batch.ctx);
	}
}

/* ---- Fork ------------------------------------------------------------ */

/* A fork under way; what failed is put when no mutex is held. */
struct inherit {
	struct task_struct		*child;
	struct perf_event_context	*ctx;
	u64				clone_flags;
	struct list_head		dead;
};

/* What the user may change meanwhile; child_mutex keeps it still. */
static void inherit_settings(struct perf_event *clone, struct perf_event *event)
{
	/* The clone is not known yet: this is its first state. */
	clone->state = event->state >= PERF_EVENT_STATE_INACTIVE ?
		PERF_EVENT_STATE_INACTIVE : PERF_EVENT_STATE_OFF;
	perf_trigger_inherit_fact(clone, event);

	if (!is_sampling_event(event))
		return;

	/* Of a frequency, go on with the period that was found, not with a first guess. */
	clone->attr.sample_period = event->attr.sample_period;
	clone->hw.sample_period = event->hw.sample_period;
	clone->hw.last_period = event->hw.sample_period;
	local64_set(&clone->hw.period_left, event->hw.sample_period);
}

/*
 * Nobody can see the child's context yet: its lock alone is enough to add to it.
 * False if the parent has been closed, or revoked, meanwhile: then there is no clone.
 */
static bool inherit_link(struct inherit *inherit, struct perf_event *clone,
			 struct perf_event *event, struct perf_event_pmu_context *epc)
{
	struct perf_event *parent = clone->parent;

	lockdep_assert_held(&parent->child_mutex);

	if (perf_event_is_orphan(parent))
		return false;

	inherit_settings(clone, event);
	clone->attach_state |= PERF_ATTACH_CHILD;
	list_add_tail(&clone->child_list, &parent->child_list);
	/* Of the forking task's event: its mappings are the child's as well. */
	perf_addr_filters_inherit(clone, event);

	guard(raw_spinlock_irq)(&inherit->ctx->lock);
	clone->pmu_ctx = epc;
	clone->ctx = perf_ctx_get(inherit->ctx);
	clone->group_unmade = clone->group_leader == clone;
	group_join(clone);
	ctx_add_event(NULL, inherit->ctx, clone);

	return true;
}

/* A clone that is linked nowhere. */
static void inherit_drop(struct inherit *inherit, struct perf_event *clone,
			 struct perf_event_pmu_context *epc)
{
	epc_put_unused(inherit->ctx, epc, -1);
	list_add(&clone->child_list, &inherit->dead);
}

static struct perf_event *inherit_alloc(struct inherit *inherit, struct perf_event *event,
					struct perf_event *leader)
{
	struct perf_event_params params = {
		.attr = &event->attr,
		.cpu = event->cpu,
		.task = inherit->child,
		.leader = leader,
		.parent = perf_event_root(event),
		.cgroup_fd = -1,
	};

	return perf_event_alloc(&params);
}

/* Its CPU went offline: it has no such PMU now. */
static bool clone_is_elsewhere(struct perf_event *event, struct perf_event *clone)
{
	return clone == ERR_PTR(-ENODEV) && event->cpu >= 0 && !cpu_online(event->cpu);
}

/*
 * A clone that nobody knows yet, and in @epc its part of the context: that of the group,
 * which need not be the event's own.  NULL if the event's PMU is going, or is not where
 * the child shall count; or an ERR_PTR().
 */
static struct perf_event *inherit_make(struct inherit *inherit, struct perf_event *event,
				       struct perf_event *leader,
				       struct perf_event_pmu_context **epc)
{
	struct perf_event *clone = inherit_alloc(inherit, event, leader);
	int ret;

	if (clone == ERR_PTR(-ESHUTDOWN) || clone_is_elsewhere(event, clone))
		return NULL;
	if (IS_ERR(clone))
		return clone;

	*epc = epc_get(inherit->ctx, event->pmu_ctx->pmu, event->cpu);
	if (IS_ERR(*epc)) {
		list_add(&clone->child_list, &inherit->dead);
		return ERR_CAST(*epc);
	}

	if (event->aux_event)
		clone->aux_event = leader;

	ret = epc_need_task_data(*epc, clone);
	if (!ret)
		return clone;

	inherit_drop(inherit, clone, *epc);
	return ERR_PTR(ret);
}

/* The clone; NULL if the event is being closed or revoked; or an ERR_PTR(). */
static struct perf_event *inherit_event(struct inherit *inherit, struct perf_event *event,
					struct perf_event *leader)
{
	struct mutex *child_mutex = &perf_event_root(event)->child_mutex;
	/*
	 * Modified with all copies under the mutex: see hw_breakpoint.c.  Of others it is
	 * not for the making, which may take long, and tracing's locks.
	 */
	bool whole = event->attr.type == PERF_TYPE_BREAKPOINT;
	struct perf_event_pmu_context *epc;
	struct perf_event *clone;

	/* It cannot do without the leader, which is being closed, or was. */
	if (!leader && needs_leader(event))
		return NULL;

	if (whole)
		mutex_lock(child_mutex);
	clone = inherit_make(inherit, event, leader, &epc);
	if (!whole)
		mutex_lock(child_mutex);
	if (!IS_ERR_OR_NULL(clone) && !inherit_link(inherit, clone, event, epc)) {
		inherit_drop(inherit, clone, epc);
		clone = NULL;
	}
	mutex_unlock(child_mutex);

	return clone;
}

/*
 * @first stays, though no mutex of its context is held: who closes its root meets the
 * forking task's own event first on the list of children, and waits for that one's
 * ctx->mutex.
 */
static int inherit_group(struct inherit *inherit, struct perf_event *leader)
{
	struct perf_event *first, *sibling, *clone;

	first = inherit_event(inherit, leader, NULL);
	if (IS_ERR(first))
		return PTR_ERR(first);

	/* Without the leader, which is being closed, each is on its own. */
	for_each_sibling_event(sibling, leader) {
		clone = inherit_event(inherit, sibling, first);
		if (IS_ERR(clone))
			return PTR_ERR(clone);
	}
	if (!first)
		return 0;

	/* The two can be read together: read.c compares. */
	guard(raw_spinlock_irq)(&inherit->ctx->lock);
	first->group_generation = leader->group_generation;
	first->group_unmade = false;

	return 0;
}

static bool event_suits_child(struct perf_event *event, u64 clone_flags)
{
	if (event->attr.inherit_thread && !(clone_flags & CLONE_THREAD))
		return false;

	/* The child would have no handler for the signals it would get. */
	return !(event->attr.sigtrap && clone_flags & CLONE_CLEAR_SIGHAND);
}

/* As a whole, or not at all. */
static bool group_is_inherited(struct perf_event *leader, u64 clone_flags)
{
	struct perf_event *sibling;

	if (!leader->attr.inherit || !event_suits_child(leader, clone_flags))
		return false;

	for_each_sibling_event(sibling, leader) {
		if (!event_suits_child(sibling, clone_flags))
			return false;
	}

	return true;
}

/* Everything was inherited: the two may be swapped as long as neither changes. */
static void ctx_mark_clone(struct perf_event_context *ctx, struct perf_event_context *parent)
{
	guard(raw_spinlock_irq)(&parent->lock);

	if (parent->parent_ctx) {
		ctx->parent_ctx = perf_ctx_get(parent->parent_ctx);
		ctx->parent_gen = parent->parent_gen;
	} else {
		ctx->parent_ctx = perf_ctx_get(parent);
		ctx->parent_gen = parent->generation;
	}
}

static int inherit_ctx(struct inherit *inherit, struct perf_event_context *parent)
{
	struct task_struct *child = inherit->child;
	struct perf_event *event;
	bool all = true;
	int ret;

	list_for_each_entry(event, &parent->event_list, event_entry) {
		if (event->group_leader != event)
			continue;
		if (!group_is_inherited(event, inherit->clone_flags)) {
			all = false;
			continue;
		}
		if (!inherit->ctx) {
			inherit->ctx = ctx_new(child);
			if (!inherit->ctx)
				return -ENOMEM;
			child->perf_event_ctxp = inherit->ctx;
		}
		ret = inherit_group(inherit, event);
		if (ret)
			return ret;
	}

	if (inherit->ctx && parent->nr_targets)
		perf_trigger_inherit(parent, inherit->ctx);
	if (inherit->ctx && all && inherit->ctx->nr_events == parent->nr_events)
		ctx_mark_clone(inherit->ctx, parent);

	return 0;
}

/* Hold the context of current; unlike ctx_find_pin() it stays a clone. */
static struct perf_event_context *ctx_pin_current(void)
{
	struct perf_event_context *ctx;
	unsigned long flags;

	ctx = perf_ctx_lock_task(current, &flags);
	if (!ctx)
		return NULL;

	perf_ctx_get(ctx);
	ctx->pin_count++;
	raw_spin_unlock_irqrestore(&ctx->lock, flags);

	return ctx;
}

/**
 * perf_event_init_task() - give a task that is being forked the events it inherits
 * @child: the new task, not yet on any list
 * @clone_flags: of the fork
 *
 * Context: may sleep.
 * Return: 0, or an errno; then @child has no events.
 */
int perf_event_init_task(struct task_struct *child, u64 clone_flags)
{
	struct inherit inherit = { .child = child, .clone_flags = clone_flags };
	struct perf_event_context *parent;
	int ret = 0;

	memset(child->perf_recursion, 0, sizeof(child->perf_recursion));
	child->perf_event_ctxp = NULL;
	RCU_INIT_POINTER(child->perf_ctx_data, NULL);
	mutex_init(&child->perf_event_mutex);
	INIT_LIST_HEAD(&child->perf_event_list);

	if (likely(!current->perf_event_ctxp))
		return 0;

	parent = ctx_pin_current();
	if (!parent)
		return 0;

	INIT_LIST_HEAD(&inherit.dead);
	mutex_lock(&parent->mutex);
	if (parent->nr_inherit)
		ret = inherit_ctx(&inherit, parent);
	mutex_unlock(&parent->mutex);

	perf_event_put_children(&inherit.dead);
	ctx_unpin(parent);
	perf_ctx_put(parent);

	if (ret)
		perf_event_free_task(child);

	return ret;
}

/**
 * perf_event_fork() - a task was forked and can be found by others
 * @task: the child, which has not run yet
 *
 * Context: the parent; may sleep.
 */
void perf_event_fork(struct task_struct *task)
{
	perf_sideband_task(task, NULL, true);
	perf_event_namespaces(task);
	perf_task_data_sync(task);
}

/* ---- Exit ------------------------------------------------------------ */

/*
 * A child is handed to @dead, to be put when no mutex is held: its destroy() may
 * take tracing's or another task's.  An event that was opened stays with its fd.
 */
static void exit_event(struct perf_event *event, unsigned int flags, struct list_head *dead)
{
	struct perf_event *parent = event->parent;

	if (parent)
		flags |= PERF_DETACH_GROUP | PERF_DETACH_CHILD;
	if (perf_event_detach(event, flags | PERF_DETACH_EXIT))
		list_add_tail(&event->child_list, dead);

	/* Who polls wants to know that nothing more will come. */
	perf_event_wakeup(perf_event_root(event));
}

/* Of a task that has run, and needs the event no more: what it has counted. */
static void exit_tell(struct perf_event *event)
{
	if (event->parent && event->attr.inherit_stat) {
		perf_event_disable_locked(event);
		perf_sideband_read(event, current);
	}
}

/* Take a context away from its task, for good. */
static void ctx_bury(struct task_struct *task, struct perf_event_context *ctx)
{
	struct perf_cpu_context *cpuctx;
	struct perf_event_context *parent;

	local_irq_disable();
	cpuctx = this_cpu_ptr(&perf_cpu_context);
	perf_cpuctx_lock(cpuctx, ctx);
	if (ctx->active)
		perf_task_ctx_off(cpuctx, ctx);
	WRITE_ONCE(task->perf_event_ctxp, NULL);
	/* Pairs with READ_ONCE() in ctx_cpu(). */
	WRITE_ONCE(ctx->task, TASK_TOMBSTONE);
	parent = ctx_unclone(ctx);
	perf_cpuctx_unlock(cpuctx, ctx);
	local_irq_enable();

	perf_ctx_put(parent);
}

static void exit_ctx(struct task_struct *task, struct perf_event_context *ctx)
{
	struct perf_event *event, *tmp;
	LIST_HEAD(dead);

	mutex_lock(&ctx->mutex);
	ctx_bury(task, ctx);
	perf_sideband_task(task, ctx, false);
	list_for_each_entry_safe(event, tmp, &ctx->event_list, event_entry) {
		exit_tell(event);
		exit_event(event, 0, &dead);
	}
	mutex_unlock(&ctx->mutex);

	perf_event_put_children(&dead);
	/* The reference that task->perf_event_ctxp stood for. */
	perf_ctx_put(ctx);
}

/* Its events stay, owned by nobody: prctl() will not find them any more. */
static void disown_events(struct task_struct *task)
{
	struct perf_event *event, *tmp;

	guard(mutex)(&task->perf_event_mutex);
	list_for_each_entry_safe(event, tmp, &task->perf_event_list, owner_entry) {
		list_del_init(&event->owner_entry);
		/* Pairs with smp_load_acquire() in event_get_owner(): off the list first. */
		smp_store_release(&event->owner, NULL);
	}
}

/**
 * perf_event_exit_task() - a task exits, or executes a set-user-ID program
 * @task: current
 *
 * In the second case it lives on and may get events again.
 *
 * Context: may sleep; before the task's mm goes.
 */
void perf_event_exit_task(struct task_struct *task)
{
	struct perf_event_context *ctx;

	perf_deferred_exit();
	disown_events(task);
	perf_task_data_exit(task);

	/* Pinned: the mutex may sleep, and clones swap contexts as they do. */
	ctx = ctx_pin_current();
	if (!ctx) {
		perf_sideband_task(task, NULL, false);
		return;
	}

	exit_ctx(task, ctx);
	ctx_unpin(ctx);
	perf_ctx_put(ctx);
}

/**
 * perf_event_free_task() - undo perf_event_init_task() for a fork that failed
 * @task: the task, which never ran
 *
 * Context: may sleep.
 */
void perf_event_free_task(struct task_struct *task)
{
	struct perf_event_context *ctx = task->perf_event_ctxp;
	struct perf_event *event, *tmp;
	LIST_HEAD(dead);

	if (!ctx)
		return;

	mutex_lock(&ctx->mutex);
	ctx_bury(task, ctx);
	list_for_each_entry_safe(event, tmp, &ctx->event_list, event_entry)
		exit_event(event, 0, &dead);
	mutex_unlock(&ctx->mutex);

	perf_event_put_children(&dead);

	/*
	 * Fork frees the task whoever holds it: wait for a close of a parent event
	 * that is about to put a child of this task.  Pairs with wake_up_var() in
	 * event_destroy().
	 */
	wait_var_event(&ctx->refcount, refcount_read(&ctx->refcount) == 1);
	perf_ctx_put(ctx);
}

/**
 * perf_event_delayed_put() - the last reference to a task goes
 * @task: the task
 */
void perf_event_delayed_put(struct task_struct *task)
{
	WARN_ON_ONCE(task->perf_event_ctxp);
}

/* ---- Exec ------------------------------------------------------------ */

/* Many may wait for a PMU: it is filled once, not for each of them. */
static void exec_enable_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx,
			   void *arg)
{
	struct perf_event_context **parent = arg;
	struct perf_event_pmu_context *epc;
	struct perf_event *event;
	bool any = false;

	list_for_each_entry(event, &ctx->event_list, event_entry) {
		if (!event->attr.enable_on_exec)
			continue;
		event->attr.enable_on_exec = 0;
		want_fn(cpuctx, ctx, event);
		any = true;
	}
	if (!any)
		return;

	*parent = ctx_unclone(ctx);
	if (!cpuctx)
		return;
	list_for_each_entry(epc, &ctx->pmu_ctx_list, pmu_ctx_entry)
		perf_epc_resched(cpuctx, epc);
}

/* Return: the context that this one is no clone of any more, to be put. */
static struct perf_event_context *exec_remove(struct perf_event_context *ctx,
					      struct list_head *dead)
{
	struct perf_event *event, *tmp;
	bool any = false;

	list_for_each_entry_safe(event, tmp, &ctx->event_list, event_entry) {
		if (!event->attr.remove_on_exec)
			continue;
		exit_tell(event);
		exit_event(event, PERF_DETACH_GROUP, dead);
		any = true;
	}
	if (!any)
		return NULL;

	guard(raw_spinlock_irq)(&ctx->lock);
	return ctx_unclone(ctx);
}

/**
 * perf_event_exec() - current executes a new program
 *
 * Enables and removes events as their attributes ask, and forgets where the old
 * program's objects were mapped.
 *
 * Context: may sleep; exec_update_lock held.
 */
void perf_event_exec(void)
{
	struct perf_event_context *ctx, *parents[2] = { };
	LIST_HEAD(dead);

	perf_task_data_sync(current);
	if (!current->perf_event_ctxp)
		return;
	ctx = ctx_pin_current();
	if (!ctx)
		return;

	mutex_lock(&ctx->mutex);
	perf_ctx_call(ctx, -1, exec_enable_fn, &parents[0]);
	parents[1] = exec_remove(ctx, &dead);
	perf_addr_filters_exec(ctx);
	mutex_unlock(&ctx->mutex);

	perf_event_put_children(&dead);
	perf_ctx_put(parents[0]);
	perf_ctx_put(parents[1]);
	ctx_unpin(ctx);
	perf_ctx_put(ctx);
}

/* ---- A PMU goes ------------------------------------------------------- */

/* One that @pmu puts on CPUs: ctx->lock held.  Return: its root, held; or NULL. */
static struct perf_event *ctx_find_event(struct perf_event_context *ctx, struct pmu *pmu)
{
	struct perf_event *event;

	list_for_each_entry(event, &ctx->event_list, event_entry) {
		struct perf_event *root = perf_event_root(event);

		if (event->pmu_ctx->pmu == pmu && perf_event_tryget(root))
			return root;
	}

	return NULL;
}

/**
 * perf_pmu_find_event() - find an event that a PMU puts on CPUs
 * @pmu: the PMU
 *
 * Not all of them are its own: a software event goes with the group it joined, and
 * stays with that group's PMU when the others have left.
 *
 * Context: may sleep.  Walks all CPUs and tasks.
 * Return: the root event, held; or NULL.
 */
struct perf_event *perf_pmu_find_event(struct pmu *pmu)
{
	struct task_struct *group, *task;
	struct perf_event_context *ctx;
	struct perf_event *event;
	unsigned long flags;
	int cpu;

	for_each_possible_cpu(cpu) {
		ctx = &per_cpu_ptr(&perf_cpu_context, cpu)->ctx;
		scoped_guard(raw_spinlock_irq, &ctx->lock)
			event = ctx_find_event(ctx, pmu);
		if (event)
			return event;
	}

	guard(rcu)();
	for_each_process_thread(group, task) {
		ctx = perf_ctx_lock_task(task, &flags);
		if (!ctx)
			continue;
		event = ctx_find_event(ctx, pmu);
		raw_spin_unlock_irqrestore(&ctx->lock, flags);
		if (event)
			return event;
	}

	return NULL;
}

/* ---- A PMU moves to another CPU -------------------------------------- */

static void migrate_out_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx,
			   void *arg)
{
	struct perf_event *leader = arg, *sibling;

	event_end(leader);
	for_each_sibling_event(sibling, leader) {
		perf_event_update_time(sibling);
		perf_trigger_unlink(sibling);
		ctx_del_event(cpuctx, ctx, sibling);
	}
	perf_event_update_time(leader);
	perf_trigger_unlink(leader);
	ctx_del_event(cpuctx, ctx, leader);
}

static void migrate_in_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx,
			  void *arg)
{
	struct perf_event *leader = arg, *sibling;

	/* The clock is another one; the group may go on with the first of them. */
	leader->tstamp = perf_event_time(leader);
	for_each_sibling_event(sibling, leader)
		sibling->tstamp = perf_event_time(sibling);

	ctx_add_event(cpuctx, ctx, leader);
	for_each_sibling_event(sibling, leader)
		ctx_add_event(cpuctx, ctx, sibling);
}

static void event_set_cpu(struct perf_event *event, struct perf_event_context *ctx, int cpu)
{
	struct perf_event_pmu_context *old = event->pmu_ctx;
	struct perf_event_context *src = event->ctx;

	event->pmu_ctx = epc_get(ctx, old->pmu, cpu);
	event->cpu = cpu;
	/* Pairs with smp_load_acquire() in sb_visit(). */
	smp_store_release(&event->ctx, perf_ctx_get(ctx));
	perf_epc_put(old);
	perf_ctx_put(src);
}

static void migrate_group(struct perf_event *leader, struct perf_event_context *ctx, int cpu)
{
	struct perf_event *sibling;

	/* Not for_each_sibling_event(), which looks at the mutex of leader->ctx. */
	list_for_each_entry(sibling, &leader->sibling_list, sibling_list)
		event_set_cpu(sibling, ctx, cpu);
	event_set_cpu(leader, ctx, cpu);

	perf_ctx_call(ctx, cpu, migrate_in_fn, leader);
}

/*
 * A breakpoint has the registers of its CPU, and ends with that, as it does outside of
 * these groups: nothing was reserved elsewhere.  Of one that leads the others lead
 * themselves, and move.
 */
static void migrate_leave_breakpoints(struct pmu *pmu, struct perf_event_context *src)
{
	struct perf_event *event, *tmp;

	list_for_each_entry_safe(event, tmp, &src->event_list, event_entry) {
		if (event->attr.type == PERF_TYPE_BREAKPOINT && event->pmu_ctx->pmu == pmu)
			perf_event_detach(event, PERF_DETACH_GROUP);
	}
}

static void migrate_locked(struct pmu *pmu, struct perf_event_context *src,
			   struct perf_event_context *dst, int src_cpu, int dst_cpu)
{
	struct perf_event *event, *tmp;
	LIST_HEAD(leaders);

	migrate_leave_breakpoints(pmu, src);
	list_for_each_entry(event, &src->event_list, event_entry) {
		if (event->group_leader != event || event->pmu_ctx->pmu != pmu)
			continue;
		/*
		 * In between, they are in no context: perf_pmu_unregister() waits, and then
		 * looks again.  If it has begun it finds them where they are.
		 */
		if (list_empty(&leaders) && !percpu_ref_tryget_live(&pmu->users))
			return;
		list_add_tail(&event->migrate_entry, &leaders);
	}
	if (list_empty(&leaders))
		return;

	list_for_each_entry(event, &leaders, migrate_entry)
		perf_ctx_call(src, src_cpu, migrate_out_fn, event);

	/* Readers of event_list may stand on nodes that are about to be linked again. */
	synchronize_rcu();

	list_for_each_entry_safe(event, tmp, &leaders, migrate_entry) {
		list_del_init(&event->migrate_entry);
		migrate_group(event, dst, dst_cpu);
	}
	percpu_ref_put(&pmu->users);
}

/**
 * perf_pmu_migrate_context() - move a PMU's events to another CPU
 * @pmu: a PMU that counts for more than one CPU
 * @src_cpu: the CPU that they are on, about to go offline
 * @dst_cpu: an online CPU that counts from now on
 *
 * Context: CPU hotplug; may sleep; waits for a grace period.
 */
void perf_pmu_migrate_context(struct pmu *pmu, int src_cpu, int dst_cpu)
{
	struct perf_event_context *src = &per_cpu_ptr(&perf_cpu_context, src_cpu)->ctx;
	struct perf_event_context *dst = &per_cpu_ptr(&perf_cpu_context, dst_cpu)->ctx;
	struct perf_event_context *first = min(src, dst), *second = max(src, dst);

	if (src == dst)
		return;

	mutex_lock(&first->mutex);
	mutex_lock_nested(&second->mutex, SINGLE_DEPTH_NESTING);
	migrate_locked(pmu, src, dst, src_cpu, dst_cpu);
	mutex_unlock(&second->mutex);
	mutex_unlock(&first->mutex);
}
EXPORT_SYMBOL_GPL(perf_pmu_migrate_context);
