// SPDX-License-Identifier: GPL-2.0
/*
 * Events of a CPU that count while a task of a cgroup runs there.
 *
 * cpuctx->cgrp is the cgroup of the task that runs on the CPU, kept while the CPU
 * has such events at all.  An event counts while its own cgroup is that one or
 * one above it; the groups of each cgroup are a stream of their own in the sets
 * (group.c), so that only matching ones are visited.
 *
 * Each cgroup has a clock on each CPU, which runs while cpuctx->cgrp is the
 * cgroup or below it.  When the cgroup changes, clocks and events of the cgroups
 * that are above both the old and the new one go on undisturbed.
 *
 * Everything here runs on the CPU in question with IRQs off and cpuctx->ctx.lock
 * held, except the making and freeing of cgroups and events.
 */
#include <linux/cgroup.h>
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "internal.h"

static struct perf_cgroup *css_to_perf(struct cgroup_subsys_state *css)
{
	return css ? container_of(css, struct perf_cgroup, css) : NULL;
}

static struct perf_cgroup *cgroup_above(struct perf_cgroup *cgrp)
{
	return css_to_perf(cgrp->css.parent);
}

static struct perf_cgroup *cgroup_of_task(struct task_struct *task)
{
	return css_to_perf(task_css_check(task, perf_event_cgrp_id, true));
}

/* Is @below the same as @above, or below it? */
static bool cgroup_is_below(struct perf_cgroup *below, struct perf_cgroup *above)
{
	return below && cgroup_is_descendant(below->css.cgroup, above->css.cgroup);
}

/* ---- Clocks ------------------------------------------------------------------ */

/**
 * perf_cgroup_clock() - the clock that an event's times are measured against
 * @event: an event of a cgroup
 */
struct perf_clock *perf_cgroup_clock(struct perf_event *event)
{
	return &per_cpu_ptr(event->cgrp->info, event->cpu)->clock;
}

static struct perf_clock *this_clock(struct perf_cgroup *cgrp)
{
	return &this_cpu_ptr(cgrp->info)->clock;
}

/**
 * perf_cgroup_update_time() - bring the clocks that run on this CPU up to date
 * @cpuctx: this CPU's context
 * @now: perf_clock()
 */
void perf_cgroup_update_time(struct perf_cpu_context *cpuctx, u64 now)
{
	struct perf_cgroup *cgrp;

	for (cgrp = cpuctx->cgrp; cgrp; cgrp = cgroup_above(cgrp))
		perf_clock_update(this_clock(cgrp), now);
}

/* The CPU goes from one cgroup to another; either may be none. */
static void cgroup_change(struct perf_cpu_context *cpuctx, struct perf_cgroup *next)
{
	struct perf_cgroup *prev = cpuctx->cgrp, *cgrp;
	u64 now = perf_clock();

	for (cgrp = prev; cgrp && !cgroup_is_below(next, cgrp); cgrp = cgroup_above(cgrp))
		perf_clock_stop(this_clock(cgrp));
	for (cgrp = next; cgrp && !cgroup_is_below(prev, cgrp); cgrp = cgroup_above(cgrp))
		perf_clock_start(this_clock(cgrp), now);

	/* Pairs with READ_ONCE() in perf_cgroup_switch() and perf_cgroup_match(). */
	WRITE_ONCE(cpuctx->cgrp, next);
}

/* ---- Scheduling ---------------------------------------------------------------- */

/**
 * perf_cgroup_match() - does a task of the event's cgroup run on this CPU?
 * @event: any event; one of no cgroup always matches
 *
 * Context: preemption off; NMI too.
 */
bool perf_cgroup_match(struct perf_event *event)
{
	struct perf_cgroup *cgrp = event->cgrp;

	return !cgrp ||
	       cgroup_is_below(READ_ONCE(this_cpu_ptr(&perf_cpu_context)->cgrp), cgrp);
}

/**
 * perf_cgroup_streams() - the streams of groups that may run on this CPU now
 * @cpuctx: this CPU's context
 * @set: a set of its groups
 * @streams: set to an array of the first group of each
 *
 * Return: how many; 0 if the CPU has no events of cgroups: then there is one
 * stream only, and @streams was not set.
 */
int perf_cgroup_streams(struct perf_cpu_context *cpuctx, struct perf_group_set *set,
			struct perf_event ***streams)
{
	int cpu = smp_processor_id(), nr = 0;
	struct perf_cgroup *cgrp;

	if (!cpuctx->cgrp)
		return 0;

	*streams = cpuctx->streams;
	cpuctx->streams[nr++] = perf_group_first(set, cpu, 0);

	for (cgrp = cpuctx->cgrp; cgrp; cgrp = cgroup_above(cgrp)) {
		struct perf_event *first = perf_group_first(set, cpu, cgroup_id(cgrp->css.cgroup));

		if (!first)
			continue;
		/* One a level, and there is room for the deepest: streams_reserve(). */
		if (WARN_ON_ONCE(nr == cpuctx->nr_streams))
			break;
		cpuctx->streams[nr++] = first;
	}

	return nr;
}

static void sched_out_others(struct list_head *active, struct perf_cgroup *next)
{
	struct perf_event *leader, *tmp;

	list_for_each_entry_safe(leader, tmp, active, active_list) {
		if (leader->cgrp && !cgroup_is_below(next, leader->cgrp))
			perf_group_sched_out(leader);
	}
}

static void sched_in_ours(struct perf_cpu_context *cpuctx, struct perf_event_pmu_context *epc)
{
	struct perf_event_pmu_context *task_epc =
		this_cpu_ptr(epc->pmu->cpu_pmu_context)->task_epc;

	/*
	 * Precedence matters if a swapped context is on at this time, and if pinned
	 * groups may need what flexible ones have.
	 */
	if (task_epc || (!perf_group_set_empty(&epc->pinned_groups) &&
			 !list_empty(&epc->flexible_active)))
		perf_resched(cpuctx, epc->pmu);
	else
		perf_epc_sched_in(cpuctx, epc, PERF_GROUPS_ALL);
}

static void cgroup_switch_locked(struct perf_cpu_context *cpuctx, struct perf_cgroup *next)
{
	struct perf_event_pmu_context *epc;

	perf_ctx_update_time(cpuctx, cpuctx->task_ctx);

	list_for_each_entry(epc, &cpuctx->ctx.pmu_ctx_list, pmu_ctx_entry) {
		if (!epc->nr_cgroups)
			continue;
		perf_pmu_disable(epc->pmu);
		sched_out_others(&epc->pinned_active, next);
		sched_out_others(&epc->flexible_active, next);
		perf_pmu_enable(epc->pmu);
	}

	cgroup_change(cpuctx, next);

	list_for_each_entry(epc, &cpuctx->ctx.pmu_ctx_list, pmu_ctx_entry) {
		if (epc->nr_cgroups)
			sched_in_ours(cpuctx, epc);
	}
}

/**
 * perf_cgroup_switch() - this CPU is about to run a task, or its cgroup changed
 * @next: the task
 *
 * Context: IRQs off, no lock of perf_events held.
 */
void perf_cgroup_switch(struct task_struct *next)
{
	struct perf_cpu_context *cpuctx = this_cpu_ptr(&perf_cpu_context);
	struct perf_event_context *task_ctx = cpuctx->task_ctx;
	struct perf_cgroup *cgrp;

	if (!cpuctx->ctx.nr_cgroups)
		return;

	guard(rcu)();
	cgrp = cgroup_of_task(next);
	if (READ_ONCE(cpuctx->cgrp) == cgrp)
		return;

	perf_cpuctx_lock(cpuctx, task_ctx);
	if (cpuctx->ctx.nr_cgroups)
		cgroup_switch_locked(cpuctx, cgrp);
	perf_cpuctx_unlock(cpuctx, task_ctx);
}

/**
 * perf_cgroup_event_added() - an event has come to its CPU's context
 * @event: any event
 * @ctx: the context
 *
 * Context: ctx->lock held.
 */
void perf_cgroup_event_added(struct perf_event *event, struct perf_event_context *ctx)
{
	struct perf_cpu_context *cpuctx = container_of(ctx, struct perf_cpu_context, ctx);

	if (!event->cgrp)
		return;

	event->pmu_ctx->nr_cgroups++;
	WRITE_ONCE(ctx->nr_cgroups, ctx->nr_cgroups + 1);
	if (ctx->nr_cgroups > 1)
		return;

	/* Counted, then the task's cgroup is read.  Pairs with smp_mb() in cgroup_attach(). */
	smp_mb();

	/* Only of a CPU that is offline could it be another than this one's. */
	per_cpu(perf_switch_users, event->cpu)++;
	if (cpuctx == this_cpu_ptr(&perf_cpu_context)) {
		guard(rcu)();
		cgroup_change(cpuctx, cgroup_of_task(current));
	}
}

/**
 * perf_cgroup_event_removed() - an event leaves its CPU's context
 * @event: any event
 * @ctx: the context
 *
 * Context: ctx->lock held.
 */
void perf_cgroup_event_removed(struct perf_event *event, struct perf_event_context *ctx)
{
	struct perf_cpu_context *cpuctx = container_of(ctx, struct perf_cpu_context, ctx);

	if (!event->cgrp)
		return;

	event->pmu_ctx->nr_cgroups--;
	WRITE_ONCE(ctx->nr_cgroups, ctx->nr_cgroups - 1);
	if (ctx->nr_cgroups)
		return;

	per_cpu(perf_switch_users, event->cpu)--;
	if (cpuctx == this_cpu_ptr(&perf_cpu_context))
		cgroup_change(cpuctx, NULL);
	else
		WRITE_ONCE(cpuctx->cgrp, NULL);
}

/* ---- Events -------------------------------------------------------------------- */

/*
 * On the way up from any cgroup each level has at most one that has events, and
 * one more stream is that of events of no cgroup.
 */
static int streams_reserve(int cpu, int nr)
{
	struct perf_cpu_context *cpuctx = per_cpu_ptr(&perf_cpu_context, cpu);
	struct perf_event **streams;

	if (READ_ONCE(cpuctx->nr_streams) >= nr)
		return 0;

	streams = kcalloc_node(nr, sizeof(*streams), GFP_KERNEL, cpu_to_node(cpu));
	if (!streams)
		return -ENOMEM;

	/* Whoever walks them holds the lock: the old ones are free afterwards. */
	scoped_guard(raw_spinlock_irq, &cpuctx->ctx.lock) {
		if (cpuctx->nr_streams < nr) {
			swap(cpuctx->streams, streams);
			WRITE_ONCE(cpuctx->nr_streams, nr);
		}
	}
	kfree(streams);

	return 0;
}

/**
 * perf_cgroup_connect() - make an event one of a cgroup
 * @fd: the cgroup's directory
 * @event: a new event of a CPU
 * @leader: leader of its group, or NULL
 *
 * Context: may sleep.
 * Return: 0; -EBADF for what is no cgroup's directory; -EINVAL if @leader is of
 * another cgroup; -ENOMEM.
 */
int perf_cgroup_connect(int fd, struct perf_event *event, struct perf_event *leader)
{
	struct cgroup_subsys_state *css;
	int ret;

	CLASS(fd, f)(fd);

	if (!fd_file(f))
		return -EBADF;

	css = css_tryget_online_from_dir(fd_file(f)->f_path.dentry, &perf_event_cgrp_subsys);
	if (IS_ERR(css))
		return PTR_ERR(css);

	/* The event's reference: perf_cgroup_disconnect(). */
	event->cgrp = css_to_perf(css);
	ret = streams_reserve(event->cpu, css->cgroup->level + 2);
	if (ret)
		return ret;

	return leader && leader->cgrp != event->cgrp ? -EINVAL : 0;
}

/**
 * perf_cgroup_disconnect() - undo perf_cgroup_connect()
 * @event: an event of a cgroup, in no context
 */
void perf_cgroup_disconnect(struct perf_event *event)
{
	/* A reader of the event may still look at the pointer: both go by RCU. */
	css_put(&event->cgrp->css);
}

/* ---- Cgroups --------------------------------------------------------------------- */

static struct cgroup_subsys_state *cgroup_alloc_css(struct cgroup_subsys_state *parent)
{
	struct perf_cgroup *cgrp = kzalloc(sizeof(*cgrp), GFP_KERNEL);

	if (!cgrp)
		return ERR_PTR(-ENOMEM);

	cgrp->info = alloc_percpu(struct perf_cgroup_info);
	if (!cgrp->info) {
		kfree(cgrp);
		return ERR_PTR(-ENOMEM);
	}

	return &cgrp->css;
}

static void cgroup_free_css(struct cgroup_subsys_state *css)
{
	struct perf_cgroup *cgrp = css_to_perf(css);

	free_percpu(cgrp->info);
	kfree(cgrp);
}

static int cgroup_css_online(struct cgroup_subsys_state *css)
{
	perf_sideband_cgroup(css->cgroup);
	return 0;
}

static void cgroup_moved_ipi(void *info)
{
	if (info == current)
		perf_cgroup_switch(current);
}

/*
 * A task that is switched in later finds its new cgroup by itself, and so does the
 * first event of a cgroup that comes to a CPU.
 */
static void cgroup_attach(struct cgroup_taskset *tset)
{
	struct cgroup_subsys_state *css;
	struct task_struct *task;

	/*
	 * The tasks have their cgroups; then is looked at who counts.  Pairs with
	 * smp_mb() in perf_cgroup_event_added(): one of the two sees the other.
	 */
	smp_mb();
	cgroup_taskset_for_each(task, css, tset) {
		int cpu = task_cpu(task);

		if (READ_ONCE(per_cpu_ptr(&perf_cpu_context, cpu)->ctx.nr_cgroups))
			smp_call_function_single(cpu, cgroup_moved_ipi, task, 1);
	}
}

struct cgroup_subsys perf_event_cgrp_subsys = {
	.css_alloc	= cgroup_alloc_css,
	.css_free	= cgroup_free_css,
	.css_online	= cgroup_css_online,
	.attach		= cgroup_attach,
	/* On the unified hierarchy it is always there, down to single threads. */
	.implicit_on_dfl = true,
	.threaded	= true,
};
