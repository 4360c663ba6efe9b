// SPDX-License-Identifier: GPL-2.0
/*
 * A task switch.
 *
 * The scheduler calls when a task leaves a CPU and when the next one has come,
 * with IRQs off.  The events of the one are taken off and those of the other
 * put on (sched.c), PMUs that keep state of tasks are told, and side-band
 * records are written.  The work is that of the events that must move:
 *
 *  - While no event needs any of this the calls are patched out; the last
 *    section of this file turns them on and off.
 *  - A task without events costs a few tests (perf_switch_matters()).
 *  - Two tasks whose events were inherited from the same ones, and have not
 *    changed since, swap contexts instead: the events stay on the CPU and the
 *    context changes its task.
 */
#include "internal.h"

/* ---- Two tasks with the same events ---------------------------------------- */

/* Were both inherited from the same events, which have not changed since? */
static bool ctxs_are_clones(struct perf_event_context *a, struct perf_event_context *b)
{
	if (a->pin_count || b->pin_count || a->nr_switch_slow || b->nr_switch_slow ||
	    a->nr_events != b->nr_events)
		return false;
	/* Another CPU may be counting: tracing_deliver_remote() takes no lock. */
	if (a->nr_stat && a->nr_remote)
		return false;
	if (a == b->parent_ctx)
		return a->generation == b->parent_gen;
	if (b == a->parent_ctx)
		return b->generation == a->parent_gen;

	return a->parent_ctx && a->parent_ctx == b->parent_ctx && a->parent_gen == b->parent_gen;
}

/*
 * Do the lists, of equal length, tell the same story in the same order?  And is nobody
 * adding up what would be swapped: pairs with WRITE_ONCE() in perf_read_tree().
 */
static bool event_lists_match(struct perf_event_context *actx, struct perf_event_context *bctx)
{
	struct list_head *node = &bctx->event_list;
	struct perf_event *a, *b;

	list_for_each_entry(a, &actx->event_list, event_entry) {
		node = node->next;
		b = list_entry(node, struct perf_event, event_entry);
		if (perf_event_root(a) != perf_event_root(b) ||
		    READ_ONCE(perf_event_root(a)->summing))
			return false;
	}

	return true;
}

static void swap_count(struct perf_event *a, struct perf_event *b)
{
	u64 count, delta;

	if (a->state == PERF_EVENT_STATE_ACTIVE && !a->resident)
		perf_event_pmu_read(a);
	perf_event_update_time(a);
	perf_event_update_time(b);

	count = local64_read(&b->count);
	delta = count - local64_xchg(&a->count, count);
	local64_set(&b->count, count - delta);
	/* The next tick takes the difference for what has been counted since the last one. */
	a->hw.freq_count_stamp += delta;
	b->hw.freq_count_stamp -= delta;
	swap(a->total_time_enabled, b->total_time_enabled);
	swap(a->total_time_running, b->total_time_running);

	/* User space reads the counter relative to what was just changed. */
	perf_event_update_userpage(a);
	perf_event_update_userpage(b);
}

/* Counts belong to the task, while the context is about to change its task. */
static void swap_counts(struct perf_event_context *ctx, struct perf_event_context *next_ctx)
{
	struct list_head *node = &next_ctx->event_list;
	struct perf_event *a;

	perf_clock_update(&ctx->clock, perf_clock());
	list_for_each_entry(a, &ctx->event_list, event_entry) {
		node = node->next;
		if (a->attr.inherit_stat)
			swap_count(a, list_entry(node, struct perf_event, event_entry));
	}
}

static void swap_task_data(struct perf_event_context *ctx, struct perf_event_context *next_ctx)
{
	struct perf_event_pmu_context *a, *b;

	list_for_each_entry(a, &ctx->pmu_ctx_list, pmu_ctx_entry) {
		if (!a->pmu->swap_task_ctx)
			continue;
		list_for_each_entry(b, &next_ctx->pmu_ctx_list, pmu_ctx_entry) {
			if (a->pmu != b->pmu)
				continue;
			perf_pmu_disable(a->pmu);
			a->pmu->swap_task_ctx(a, b);
			perf_pmu_enable(a->pmu);
			break;
		}
	}
}

/*
 * Let the events on the CPU stay and give their context to @next.
 *
 * Both contexts are locked, in the order prev, next.  No other CPU can lock
 * them the other way round, as for that @next would have to be running there.
 */
static bool try_swap_ctxs(struct task_struct *prev, struct perf_event_context *ctx,
			  struct task_struct *next)
{
	struct perf_event_context *next_ctx;
	bool swapped = false;

	guard(rcu)();
	next_ctx = rcu_dereference_raw(next->perf_event_ctxp);
	/* A hint; what counts is looked at again under the locks. */
	if (!next_ctx || !(data_race(ctx->parent_ctx) || data_race(next_ctx->parent_ctx)))
		return false;

	raw_spin_lock(&ctx->lock);
	raw_spin_lock_nested(&next_ctx->lock, SINGLE_DEPTH_NESTING);
	if (ctx->task == prev && next_ctx->task == next && ctx->active &&
	    ctxs_are_clones(ctx, next_ctx) &&
	    (!ctx->nr_stat || event_lists_match(ctx, next_ctx))) {
		swap_task_data(ctx, next_ctx);
		if (ctx->nr_stat)
			swap_counts(ctx, next_ctx);
		WRITE_ONCE(ctx->task, next);
		WRITE_ONCE(next_ctx->task, prev);
		/* Pairs with perf_ctx_lock_task(), which looks again under the lock. */
		smp_store_release(&prev->perf_event_ctxp, next_ctx);
		/* As above. */
		smp_store_release(&next->perf_event_ctxp, ctx);
		swapped = true;
	}
	raw_spin_unlock(&next_ctx->lock);
	raw_spin_unlock(&ctx->lock);

	return swapped;
}

/* ---- PMUs that watch switches ------------------------------------------------ */

static DEFINE_PER_CPU(struct list_head, sched_cb_list);
/* How many there are. */
static DEFINE_PER_CPU(int, sched_cb_pmus);

DEFINE_PER_CPU(int, perf_switch_users);

/**
 * perf_sched_cb_inc() - from now on tell this PMU of task switches on this CPU
 * @pmu: the PMU
 *
 * Context: IRQs off; from pmu->add().  Nests.
 */
void perf_sched_cb_inc(struct pmu *pmu)
{
	struct perf_cpu_pmu_context *cpc = this_cpc(pmu);
	struct list_head *list = this_cpu_ptr(&sched_cb_list);

	if (cpc->sched_cb_usage++)
		return;

	if (!list->next)
		INIT_LIST_HEAD(list);
	list_add(&cpc->sched_cb_entry, list);
	this_cpu_inc(sched_cb_pmus);
	this_cpu_inc(perf_switch_users);
}

/**
 * perf_sched_cb_dec() - undo perf_sched_cb_inc()
 * @pmu: the PMU
 *
 * Context: IRQs off; from pmu->del().
 */
void perf_sched_cb_dec(struct pmu *pmu)
{
	struct perf_cpu_pmu_context *cpc = this_cpc(pmu);

	if (--cpc->sched_cb_usage)
		return;

	this_cpu_dec(perf_switch_users);
	this_cpu_dec(sched_cb_pmus);
	list_del(&cpc->sched_cb_entry);
}

/* @on: the PMUs of the task's context were told as it was put on: task_epc_on(). */
static void tell_pmus(struct perf_cpu_context *cpuctx, struct task_struct *task,
		      bool sched_in, bool on)
{
	struct perf_event_context *task_ctx = cpuctx->task_ctx;
	struct perf_cpu_pmu_context *cpc;

	perf_cpuctx_lock(cpuctx, task_ctx);
	list_for_each_entry(cpc, this_cpu_ptr(&sched_cb_list), sched_cb_entry) {
		struct pmu *pmu = cpc->epc.pmu;

		if (WARN_ON_ONCE(!pmu->sched_task) || (on && cpc->task_epc))
			continue;
		perf_pmu_disable(pmu);
		pmu->sched_task(cpc->task_epc, task, sched_in);
		perf_pmu_enable(pmu);
	}
	perf_cpuctx_unlock(cpuctx, task_ctx);
}

/* ---- The scheduler's hooks ----------------------------------------------------- */

static void ctx_sched_out(struct perf_cpu_context *cpuctx, struct task_struct *prev,
			  struct task_struct *next)
{
	struct perf_event_context *ctx = cpuctx->task_ctx;

	if (!ctx || try_swap_ctxs(prev, ctx, next))
		return;

	perf_cpuctx_lock(cpuctx, ctx);
	perf_task_ctx_off(cpuctx, ctx);
	perf_cpuctx_unlock(cpuctx, ctx);
}

/**
 * __perf_event_task_sched_out() - take the events of a task off this CPU
 * @prev: the task, still current
 * @next: the task that comes
 *
 * Context: the scheduler, IRQs off, runqueue locked.
 */
void __perf_event_task_sched_out(struct task_struct *prev, struct task_struct *next)
{
	struct perf_cpu_context *cpuctx = this_cpu_ptr(&perf_cpu_context);

	if (unlikely(__this_cpu_read(sched_cb_pmus)))
		tell_pmus(cpuctx, prev, false, false);

	perf_sideband_switch(prev, next, false);
	ctx_sched_out(cpuctx, prev, next);
	perf_cgroup_switch(next);
}

/*
 * The context is loaded after rq->curr was stored: perf_ctx_call(), which looks
 * at the CPU where the task runs after the context was published, either finds
 * the task here or the context is found here.
 *
 * A context in which nothing is enabled stays off: core.c says why.
 *
 * True if it was put on; false if that was not needed, or it was on already.
 */
static bool ctx_sched_in(struct perf_cpu_context *cpuctx, struct task_struct *task)
{
	struct perf_event_context *ctx;
	bool on;

	guard(rcu)();
	ctx = rcu_dereference_raw(task->perf_event_ctxp);
	/* Swapped in with the events still on, or a task without events. */
	if (!ctx || ctx == cpuctx->task_ctx)
		return false;

	perf_cpuctx_lock(cpuctx, ctx);
	/* Exit may have let go of it. */
	on = ctx->task == task && ctx->nr_wanted;
	if (on)
		perf_task_ctx_on(cpuctx, ctx, true);
	perf_cpuctx_unlock(cpuctx, ctx);

	return on;
}

/**
 * __perf_event_task_sched_in() - put the events of a task on this CPU
 * @prev: the task that left
 * @task: the task, already current
 *
 * Context: the scheduler, IRQs off.
 */
void __perf_event_task_sched_in(struct task_struct *prev, struct task_struct *task)
{
	struct perf_cpu_context *cpuctx = this_cpu_ptr(&perf_cpu_context);
	bool on = ctx_sched_in(cpuctx, task);

	/* Before anything else of the task runs with the PMU enabled. */
	if (unlikely(__this_cpu_read(sched_cb_pmus)))
		tell_pmus(cpuctx, task, true, on);

	perf_sideband_switch(task, prev, true);
}

/* ---- The static branch ----------------------------------------------------------- */

/*
 * The key is on while anything wants the hooks above.  The first user throws
 * it and then sends each CPU an interrupt: a context switch runs with IRQs off, so
 * that afterwards none is under way that has passed the branch while it was
 * off.  The last user leaves it to a second's delay, lest the text be patched
 * for each event that comes and goes.
 */
DEFINE_STATIC_KEY_FALSE(perf_sched_events);

static atomic_t sched_events_users = ATOMIC_INIT(0);
static DEFINE_MUTEX(sched_events_mutex);

static void sched_events_off(struct work_struct *work)
{
	guard(mutex)(&sched_events_mutex);
	if (!atomic_read(&sched_events_users))
		static_branch_disable(&perf_sched_events);
}

static DECLARE_DELAYED_WORK(sched_events_work, sched_events_off);

/**
 * perf_sched_events_get() - the caller needs the switch hooks
 *
 * Context: may sleep; holds no lock of perf_events.
 */
void perf_sched_events_get(void)
{
	if (atomic_inc_not_zero(&sched_events_users))
		return;

	guard(mutex)(&sched_events_mutex);
	if (!static_key_enabled(&perf_sched_events)) {
		static_branch_enable(&perf_sched_events);
		kick_all_cpus_sync();
	}
	atomic_inc(&sched_events_users);
}

/**
 * perf_sched_events_put() - undo perf_sched_events_get()
 *
 * Context: any.
 */
void perf_sched_events_put(void)
{
	if (atomic_dec_and_test(&sched_events_users))
		schedule_delayed_work(&sched_events_work, HZ);
}
