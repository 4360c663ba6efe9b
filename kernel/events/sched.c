// SPDX-License-Identifier: GPL-2.0
/*
 * Putting groups on this CPU's PMUs and taking them off.
 *
 * The model.  On each CPU each PMU (a cpc) serves at most two parts of contexts
 * (epcs): the CPU's own and that of the task that runs.  Each part has a set of
 * pinned and a set of flexible groups, and a PMU is filled in this order:
 *
 *	the CPU's pinned, the task's pinned, the CPU's flexible, the task's flexible
 *
 * A group goes on as a whole or not at all.  A pinned group that finds no room
 * is in error.  A flexible group that finds none waits: the part is marked
 * rotate_necessary, and a timer lets the flexible groups take turns.
 *
 * PMUs do not know of one another, so that only the PMU where something has
 * changed is looked at; and a group that fits beside what is on already, where
 * nobody waits, is added without disturbing anybody.  Only a group that takes
 * precedence over one that is on makes the PMU be filled again (perf_resched()).
 *
 * The sets hold only what wants to run: what is disabled costs nothing here,
 * and resident events (swevent.c) are in no set at all.
 *
 * Rules.  Everything runs with IRQs off, holding cpuctx->ctx.lock and, for a
 * task's events, the task's ctx->lock.  Times were brought up to date when the
 * locks were taken and stand still until they are dropped.  A PMU is disabled
 * while its events come and go, so that its own interrupt does not see them half
 * done; oncpu is set before the state says ACTIVE.
 */
#include "internal.h"

/* ---- Who wants to run ------------------------------------------------------ */

static struct perf_group_set *group_set(struct perf_event *leader)
{
	struct perf_event_pmu_context *epc = leader->pmu_ctx;

	return leader->attr.pinned ? &epc->pinned_groups : &epc->flexible_groups;
}

/**
 * perf_group_enqueue() - a group wants to run from now on
 * @leader: its leader, not resident
 *
 * Context: ctx->lock held.
 */
void perf_group_enqueue(struct perf_event *leader)
{
	if (RB_EMPTY_NODE(&leader->group_node))
		perf_group_insert(group_set(leader), leader);
}

/**
 * perf_group_dequeue() - a group does not want to run any more
 * @leader: its leader; nothing happens if it does not want to anyway
 *
 * Context: ctx->lock held.
 */
void perf_group_dequeue(struct perf_event *leader)
{
	if (!RB_EMPTY_NODE(&leader->group_node))
		perf_group_erase(group_set(leader), leader);
}

/* ---- One event ------------------------------------------------------------ */

/**
 * perf_event_matches_cpu() - may the event count on this CPU, now?
 * @event: the event
 *
 * Context: preemption off.
 */
bool perf_event_matches_cpu(struct perf_event *event)
{
	return (event->cpu == -1 || event->cpu == smp_processor_id()) &&
	       perf_cgroup_match(event);
}

static void account_on(struct perf_event *event, int n)
{
	struct perf_event_pmu_context *epc = event->pmu_ctx;

	if (event->attr.freq && event->attr.sample_freq) {
		epc->nr_freq += n;
		event->ctx->nr_freq += n;
	}
	if (event->attr.exclusive)
		this_cpc(epc->pmu)->exclusive = n > 0;
}

/*
 * It is not on its PMU any more.  An overflow, or the failure to add it, may have
 * asked for it to be disabled (pending_disable) before the interrupt work could.
 */
static void event_off(struct perf_event *event)
{
	enum perf_event_state state = PERF_EVENT_STATE_INACTIVE;

	WRITE_ONCE(event->oncpu, -1);
	if (READ_ONCE(event->pending_disable)) {
		WRITE_ONCE(event->pending_disable, 0);
		state = PERF_EVENT_STATE_OFF;
	}

	perf_event_set_state(event, state);
	if (state == PERF_EVENT_STATE_OFF)
		perf_group_dequeue(event);
}

/*
 * Where groups come and go their PMU is disabled, once for all of their events.  A software
 * event in another PMU's group has one of its own.
 */
static bool pmu_is_group_pmu(struct perf_event *event)
{
	return likely(event->pmu == event->pmu_ctx->pmu);
}

/* 0: it is on, or disabled and needs nothing.  -EAGAIN: there is no room. */
static int event_on(struct perf_event *event)
{
	int ret = 0;

	lockdep_assert_held(&event->ctx->lock);

	if (event->state <= PERF_EVENT_STATE_OFF)
		return 0;

	WRITE_ONCE(event->oncpu, smp_processor_id());
	perf_event_set_state(event, PERF_EVENT_STATE_ACTIVE);

	if (unlikely(event->hw.interrupts == MAX_INTERRUPTS))
		perf_event_unthrottle(event, false);

	if (!pmu_is_group_pmu(event))
		perf_pmu_disable(event->pmu);
	perf_sideband_itrace_start(event);
	/* A paused one is not begun: trigger.c */
	if (event->pmu->add(event, perf_event_is_held(event) ? 0 : PERF_EF_START)) {
		perf_aux_abandon(event);
		event_off(event);
		ret = -EAGAIN;
	} else {
		account_on(event, 1);
	}
	if (!pmu_is_group_pmu(event))
		perf_pmu_enable(event->pmu);

	return ret;
}

static void event_sched_out(struct perf_event *event)
{
	lockdep_assert_held(&event->ctx->lock);

	if (event->state != PERF_EVENT_STATE_ACTIVE || event->resident)
		return;

	list_del_init(&event->active_list);
	if (!pmu_is_group_pmu(event))
		perf_pmu_disable(event->pmu);
	event->pmu->del(event, 0);
	perf_aux_abandon(event);
	account_on(event, -1);
	event_off(event);
	if (!pmu_is_group_pmu(event))
		perf_pmu_enable(event->pmu);
}

/**
 * perf_event_sched_out() - take one event off its PMU
 * @event: the event; nothing happens if it is not on one
 *
 * Context: IRQs off, on the event's CPU, its ctx->lock held.
 */
void perf_event_sched_out(struct perf_event *event)
{
	perf_pmu_disable(event->pmu);
	event_sched_out(event);
	perf_pmu_enable(event->pmu);
}

/* ---- One group ------------------------------------------------------------ */

static bool group_is_software(struct perf_event *leader)
{
	return leader->group_caps & PERF_EV_CAP_SOFTWARE;
}

static struct list_head *active_list(struct perf_event *leader)
{
	struct perf_event_pmu_context *epc = leader->pmu_ctx;

	return leader->attr.pinned ? &epc->pinned_active : &epc->flexible_active;
}

/*
 * Nobody joins an exclusive group; software groups do not mind.  What has gone on
 * before it and takes no turns with it stays: else nothing of a task could be
 * exclusive beside the watchdog, or beside any event of the CPU.
 */
static bool group_may_go_on(struct perf_event *leader)
{
	if (group_is_software(leader))
		return true;
	if (this_cpc(leader->pmu_ctx->pmu)->exclusive)
		return false;

	return !leader->attr.exclusive || list_empty(active_list(leader));
}

static int group_add_all(struct perf_event *leader)
{
	struct perf_event *sibling;

	if (event_on(leader))
		return -EAGAIN;

	for_each_sibling_event(sibling, leader) {
		if (event_on(sibling))
			return -EAGAIN;
	}

	return leader->pmu_ctx->pmu->commit_txn(leader->pmu_ctx->pmu);
}

/* Put a group on as one transaction: 0, or an errno and none of it is on. */
static int group_on(struct perf_event *leader)
{
	struct perf_event_pmu_context *epc = leader->pmu_ctx;
	struct perf_event *sibling;

	if (!group_may_go_on(leader))
		return -EAGAIN;

	epc->pmu->start_txn(epc->pmu, PERF_PMU_TXN_ADD);
	if (!group_add_all(leader)) {
		list_add_tail(&leader->active_list, active_list(leader));
		return 0;
	}

	for_each_sibling_event(sibling, leader)
		event_sched_out(sibling);
	event_sched_out(leader);
	epc->pmu->cancel_txn(epc->pmu);

	return -EAGAIN;
}

/**
 * perf_group_sched_out() - take a group off its PMU
 * @leader: its leader; nothing happens if the group is not on
 *
 * Context: IRQs off, on the group's CPU, its ctx->lock held.
 */
void perf_group_sched_out(struct perf_event *leader)
{
	struct perf_event *sibling;

	if (leader->state != PERF_EVENT_STATE_ACTIVE || leader->resident)
		return;

	perf_pmu_disable(leader->pmu_ctx->pmu);
	for_each_sibling_event(sibling, leader)
		event_sched_out(sibling);
	event_sched_out(leader);
	perf_pmu_enable(leader->pmu_ctx->pmu);
}

/* ---- Taking turns --------------------------------------------------------- */

/**
 * perf_mux_restart() - a group waits for this PMU: let them take turns
 * @cpc: this CPU's part of the PMU
 *
 * Context: IRQs off.
 */
void perf_mux_restart(struct perf_cpu_pmu_context *cpc)
{
	guard(raw_spinlock_irqsave)(&cpc->hrtimer_lock);

	if (cpc->hrtimer_active)
		return;

	cpc->hrtimer_active = true;
	hrtimer_forward_now(&cpc->hrtimer, cpc->hrtimer_interval);
	hrtimer_start_expires(&cpc->hrtimer, HRTIMER_MODE_ABS_PINNED_HARD);
}

/* No room for a flexible group: it takes its turn later, and its time is shown. */
static void group_wait(struct perf_event *leader)
{
	struct perf_event_pmu_context *epc = leader->pmu_ctx;
	struct perf_event *sibling;

	epc->rotate_necessary = true;
	perf_mux_restart(this_cpc(epc->pmu));

	perf_event_update_userpage(leader);
	for_each_sibling_event(sibling, leader)
		perf_event_update_userpage(sibling);
}

/* ---- One PMU's part of a context ------------------------------------------ */

static int pinned_on(struct perf_event *leader, void *arg)
{
	if (leader->state != PERF_EVENT_STATE_INACTIVE || !group_on(leader))
		return 0;
	/* Its add() had it disabled. */
	if (leader->state != PERF_EVENT_STATE_INACTIVE)
		return 0;

	perf_event_set_state(leader, PERF_EVENT_STATE_ERROR);
	perf_group_dequeue(leader);
	perf_event_hang_up(leader);

	return 0;
}

/* After the first group that finds no room only software groups are tried. */
static int flexible_on(struct perf_event *leader, void *arg)
{
	bool *full = arg;

	if (leader->state != PERF_EVENT_STATE_INACTIVE)
		return 0;
	if (*full && !group_is_software(leader)) {
		group_wait(leader);
		return 0;
	}

	if (group_on(leader) && leader->state == PERF_EVENT_STATE_INACTIVE) {
		*full = true;
		group_wait(leader);
	}

	return 0;
}

static void epc_merge(struct perf_cpu_context *cpuctx, struct perf_event_pmu_context *epc,
		      struct perf_group_set *set,
		      int (*fn)(struct perf_event *leader, void *arg), void *arg)
{
	struct perf_event *local[2], **streams = local;
	int nr = 0;

	if (perf_group_set_empty(set))
		return;

	if (!perf_ctx_is_task(epc->ctx))
		nr = perf_cgroup_streams(cpuctx, set, &streams);
	if (!nr) {
		local[nr++] = perf_group_first(set, smp_processor_id(), 0);
		if (perf_ctx_is_task(epc->ctx))
			local[nr++] = perf_group_first(set, -1, 0);
	}

	perf_group_merge(streams, nr, fn, arg);
}

static bool pmu_is_here(struct pmu *pmu)
{
	return !pmu->filter || !pmu->filter(pmu, smp_processor_id());
}

/**
 * perf_epc_sched_in() - put groups on
 * @cpuctx: this CPU's context
 * @epc: part of @cpuctx or of the task's context that is on this CPU
 * @kind: which groups
 *
 * Groups that are on already stay.
 *
 * Context: IRQs off; cpuctx->ctx.lock and the lock of @epc's context held.
 */
void perf_epc_sched_in(struct perf_cpu_context *cpuctx, struct perf_event_pmu_context *epc,
		       enum perf_group_kind kind)
{
	bool full = false;

	if (!pmu_is_here(epc->pmu))
		return;

	perf_pmu_disable(epc->pmu);
	if (kind & PERF_GROUPS_PINNED)
		epc_merge(cpuctx, epc, &epc->pinned_groups, pinned_on, NULL);
	if (kind & PERF_GROUPS_FLEXIBLE)
		epc_merge(cpuctx, epc, &epc->flexible_groups, flexible_on, &full);
	perf_pmu_enable(epc->pmu);
}

/**
 * perf_epc_sched_out() - take groups off
 * @epc: a part of a context that is on this CPU
 * @kind: which groups
 *
 * Context: IRQs off; cpuctx->ctx.lock and the lock of @epc's context held.
 */
void perf_epc_sched_out(struct perf_event_pmu_context *epc, enum perf_group_kind kind)
{
	struct perf_event *leader, *tmp;

	if (kind & PERF_GROUPS_FLEXIBLE)
		epc->rotate_necessary = false;
	if (list_empty(&epc->pinned_active) && list_empty(&epc->flexible_active))
		return;

	perf_pmu_disable(epc->pmu);
	if (kind & PERF_GROUPS_PINNED) {
		list_for_each_entry_safe(leader, tmp, &epc->pinned_active, active_list)
			perf_group_sched_out(leader);
	}
	if (kind & PERF_GROUPS_FLEXIBLE) {
		list_for_each_entry_safe(leader, tmp, &epc->flexible_active, active_list)
			perf_group_sched_out(leader);
	}
	perf_pmu_enable(epc->pmu);
}

/* ---- A turn ------------------------------------------------------------------ */

static int take_first(struct perf_event *leader, void *arg)
{
	*(struct perf_event **)arg = leader;
	return 1;
}

/* Send the group that has been on longest to the end of its stream. */
static void epc_rotate(struct perf_cpu_context *cpuctx, struct perf_event_pmu_context *epc)
{
	struct perf_group_set *set = &epc->flexible_groups;
	struct perf_event *leader;

	epc->rotate_necessary = false;

	leader = list_first_entry_or_null(&epc->flexible_active, struct perf_event, active_list);
	/* Nothing is on: the first of those that could be did not fit. */
	if (!leader)
		epc_merge(cpuctx, epc, set, take_first, &leader);
	if (!leader)
		return;

	perf_group_sched_out(leader);
	/* A pending disable may have taken it out of the set. */
	if (RB_EMPTY_NODE(&leader->group_node))
		return;
	perf_group_erase(set, leader);
	perf_group_insert(set, leader);
}

/* One turn.  False when nobody waits any more. */
static bool mux_rotate(struct perf_cpu_context *cpuctx, struct perf_cpu_pmu_context *cpc)
{
	struct perf_event_pmu_context *task_epc = cpc->task_epc;
	bool cpu_turn = cpc->epc.rotate_necessary;
	bool task_turn = task_epc && task_epc->rotate_necessary;

	if (!cpu_turn && !task_turn)
		return false;

	perf_ctx_update_time(cpuctx, cpuctx->task_ctx);
	perf_pmu_disable(cpc->epc.pmu);

	if (task_turn)
		epc_rotate(cpuctx, task_epc);
	if (task_epc)
		perf_epc_sched_out(task_epc, PERF_GROUPS_FLEXIBLE);
	if (cpu_turn) {
		epc_rotate(cpuctx, &cpc->epc);
		perf_epc_sched_out(&cpc->epc, PERF_GROUPS_FLEXIBLE);
		perf_epc_sched_in(cpuctx, &cpc->epc, PERF_GROUPS_FLEXIBLE);
	}
	if (task_epc)
		perf_epc_sched_in(cpuctx, task_epc, PERF_GROUPS_FLEXIBLE);

	perf_pmu_enable(cpc->epc.pmu);

	return true;
}

static enum hrtimer_restart mux_timer(struct hrtimer *timer)
{
	struct perf_cpu_pmu_context *cpc = container_of(timer, typeof(*cpc), hrtimer);
	struct perf_cpu_context *cpuctx = this_cpu_ptr(&perf_cpu_context);
	bool again = false;

	lockdep_assert_irqs_disabled();

	/* The timer of a CPU that went offline has been moved here: let it end. */
	if (cpc == this_cpc(cpc->epc.pmu)) {
		struct perf_event_context *task_ctx = cpuctx->task_ctx;

		perf_cpuctx_lock(cpuctx, task_ctx);
		again = mux_rotate(cpuctx, cpc);
		perf_cpuctx_unlock(cpuctx, task_ctx);
	}

	guard(raw_spinlock)(&cpc->hrtimer_lock);
	if (!again) {
		cpc->hrtimer_active = false;
		return HRTIMER_NORESTART;
	}
	hrtimer_forward_now(timer, cpc->hrtimer_interval);

	return HRTIMER_RESTART;
}

/**
 * perf_mux_init_cpu() - prepare the timer by which groups take turns
 * @cpc: a CPU's part of a PMU
 * @cpu: that CPU
 */
void perf_mux_init_cpu(struct perf_cpu_pmu_context *cpc, int cpu)
{
	struct pmu *pmu = cpc->epc.pmu;

	if (pmu->hrtimer_interval_ms < 1)
		pmu->hrtimer_interval_ms = 4;

	raw_spin_lock_init(&cpc->hrtimer_lock);
	cpc->hrtimer_interval = ms_to_ktime(pmu->hrtimer_interval_ms);
	hrtimer_init(&cpc->hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED_HARD);
	cpc->hrtimer.function = mux_timer;
}

/* ---- One PMU -------------------------------------------------------------- */

/**
 * perf_resched() - fill a PMU of this CPU again, in order of precedence
 * @cpuctx: this CPU's context
 * @pmu: the PMU
 *
 * Context: IRQs off; cpuctx->ctx.lock and, if there is one, the lock of
 * cpuctx->task_ctx held; times up to date.
 */
void perf_resched(struct perf_cpu_context *cpuctx, struct pmu *pmu)
{
	struct perf_cpu_pmu_context *cpc = this_cpc(pmu);
	struct perf_event_pmu_context *task_epc = cpc->task_epc;

	perf_pmu_disable(pmu);
	if (task_epc)
		perf_epc_sched_out(task_epc, PERF_GROUPS_ALL);
	perf_epc_sched_out(&cpc->epc, PERF_GROUPS_ALL);

	perf_epc_sched_in(cpuctx, &cpc->epc, PERF_GROUPS_PINNED);
	if (task_epc)
		perf_epc_sched_in(cpuctx, task_epc, PERF_GROUPS_PINNED);
	perf_epc_sched_in(cpuctx, &cpc->epc, PERF_GROUPS_FLEXIBLE);
	if (task_epc)
		perf_epc_sched_in(cpuctx, task_epc, PERF_GROUPS_FLEXIBLE);
	perf_pmu_enable(pmu);
}

/**
 * perf_epc_resched() - the same, for a part of a context that has changed
 * @cpuctx: this CPU's context
 * @epc: the part, of @cpuctx or of the task's context on this CPU
 *
 * Context: as perf_resched().
 */
void perf_epc_resched(struct perf_cpu_context *cpuctx, struct perf_event_pmu_context *epc)
{
	if (perf_ctx_is_task(epc->ctx))
		this_cpc(epc->pmu)->task_epc = epc;
	perf_resched(cpuctx, epc->pmu);
}

/**
 * perf_pmu_resched() - fill a PMU of this CPU again
 * @pmu: the PMU, whose rules of what fits have changed
 *
 * Context: any but NMI and PMU interrupts.
 */
void perf_pmu_resched(struct pmu *pmu)
{
	struct perf_event_context *task_ctx;
	struct perf_cpu_context *cpuctx;
	unsigned long flags;

	local_irq_save(flags);
	cpuctx = this_cpu_ptr(&perf_cpu_context);
	task_ctx = cpuctx->task_ctx;
	perf_cpuctx_lock(cpuctx, task_ctx);
	perf_ctx_update_time(cpuctx, task_ctx);
	perf_resched(cpuctx, pmu);
	perf_cpuctx_unlock(cpuctx, task_ctx);
	local_irq_restore(flags);
}

/* Do the CPU's own flexible groups give way to this one? */
static bool group_takes_precedence(struct perf_event *leader)
{
	struct perf_cpu_pmu_context *cpc = this_cpc(leader->pmu_ctx->pmu);

	if (leader->attr.pinned)
		return true;

	return !perf_ctx_is_task(leader->ctx) && cpc->task_epc &&
	       !list_empty(&cpc->task_epc->flexible_active);
}

static void group_sched_in(struct perf_cpu_context *cpuctx, struct perf_event *leader)
{
	struct perf_event_pmu_context *epc = leader->pmu_ctx;
	struct perf_cpu_pmu_context *cpc = this_cpc(epc->pmu);
	bool others_wait = epc->rotate_necessary || cpc->epc.rotate_necessary;

	if (leader->state != PERF_EVENT_STATE_INACTIVE ||
	    !perf_event_matches_cpu(leader) || !pmu_is_here(epc->pmu))
		return;

	if (group_is_software(leader) || leader->attr.pinned || !others_wait) {
		if (!group_on(leader) || leader->state != PERF_EVENT_STATE_INACTIVE)
			return;
	}

	/* Those that wait come first, if they are still there. */
	if (others_wait || group_takes_precedence(leader))
		perf_resched(cpuctx, epc->pmu);
	else
		group_wait(leader);
}

/* Its group, which is on, stays as it is. */
static int software_sibling_on(struct perf_event *event)
{
	int err;

	perf_pmu_disable(event->pmu);
	err = event_on(event);
	perf_pmu_enable(event->pmu);

	return err;
}

/**
 * perf_event_sched_in() - put an event on that has just been added or enabled
 * @cpuctx: this CPU's context
 * @event: the event, of @cpuctx or of the task's context on this CPU; its leader
 *	   is in the set if it is enabled
 *
 * A sibling goes on with its whole group, unless it is a software event, which
 * always fits beside it.
 *
 * Context: IRQs off; cpuctx->ctx.lock and event's ctx->lock held; times up to
 * date.
 */
void perf_event_sched_in(struct perf_cpu_context *cpuctx, struct perf_event *event)
{
	struct perf_event *leader = event->group_leader;
	struct perf_event_pmu_context *epc = leader->pmu_ctx;

	if (event->resident || event->state != PERF_EVENT_STATE_INACTIVE)
		return;

	if (perf_ctx_is_task(epc->ctx))
		this_cpc(epc->pmu)->task_epc = epc;

	if (event != leader) {
		/* Off, or waiting for counters: the group goes on whole, with its leader. */
		if (leader->state != PERF_EVENT_STATE_ACTIVE)
			return;
		if (is_software_event(event) && !software_sibling_on(event))
			return;
		perf_group_sched_out(leader);
	}
	group_sched_in(cpuctx, leader);
}

/* ---- One task ------------------------------------------------------------- */

/**
 * perf_ctx_update_time() - bring the clocks of a section up to date
 * @cpuctx: this CPU's context
 * @ctx: the task's context that is on this CPU, @cpuctx's own, or NULL
 *
 * Context: the locks of both held.
 */
void perf_ctx_update_time(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx)
{
	u64 now = perf_clock();

	perf_clock_update(&cpuctx->ctx.clock, now);
	perf_cgroup_update_time(cpuctx, now);
	if (ctx && ctx != &cpuctx->ctx)
		perf_clock_update(&ctx->clock, now);
}

static void task_epc_on(struct perf_cpu_context *cpuctx, struct perf_event_pmu_context *epc,
			bool switched)
{
	struct perf_cpu_pmu_context *cpc = this_cpc(epc->pmu);
	bool pinned = !perf_group_set_empty(&epc->pinned_groups);
	bool preempt = pinned && !list_empty(&cpc->epc.flexible_active);

	cpc->task_epc = epc;
	if (!pinned && perf_group_set_empty(&epc->flexible_groups) && !cpc->sched_cb_usage)
		return;

	perf_pmu_disable(epc->pmu);
	if (preempt)
		perf_epc_sched_out(&cpc->epc, PERF_GROUPS_FLEXIBLE);
	perf_epc_sched_in(cpuctx, epc, PERF_GROUPS_PINNED);
	if (preempt)
		perf_epc_sched_in(cpuctx, &cpc->epc, PERF_GROUPS_FLEXIBLE);
	perf_epc_sched_in(cpuctx, epc, PERF_GROUPS_FLEXIBLE);
	/* The PMU's state of the task comes before its first interrupt. */
	if (switched && cpc->sched_cb_usage)
		epc->pmu->sched_task(epc, current, true);
	perf_pmu_enable(epc->pmu);
}

/**
 * perf_task_ctx_on() - the current task's context comes to this CPU
 * @cpuctx: this CPU's context, with no task context on
 * @ctx: the context of current
 * @switched: so does the task, or else it was here without
 *
 * Context: IRQs off, both locks held.
 */
void perf_task_ctx_on(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx,
		      bool switched)
{
	struct perf_event_pmu_context *epc;
	u64 now = perf_clock();

	WARN_ON_ONCE(cpuctx->task_ctx);

	/* Pairs with READ_ONCE() in this CPU's interrupts: swevent.c */
	WRITE_ONCE(cpuctx->task_ctx, ctx);
	ctx->active = true;
	perf_clock_start(&ctx->clock, now);
	perf_clock_update(&cpuctx->ctx.clock, now);
	perf_cgroup_update_time(cpuctx, now);

	list_for_each_entry(epc, &ctx->pmu_ctx_list, pmu_ctx_entry)
		task_epc_on(cpuctx, epc, switched);
}

/**
 * perf_task_ctx_off() - the current task's context leaves this CPU
 * @cpuctx: this CPU's context
 * @ctx: the context that is on
 *
 * Context: IRQs off, both locks held.
 */
void perf_task_ctx_off(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx)
{
	struct perf_event_pmu_context *epc;

	perf_clock_update(&ctx->clock, perf_clock());
	list_for_each_entry(epc, &ctx->pmu_ctx_list, pmu_ctx_entry) {
		perf_epc_sched_out(epc, PERF_GROUPS_ALL);
		this_cpc(epc->pmu)->task_epc = NULL;
	}

	perf_clock_stop(&ctx->clock);
	ctx->active = false;
	WRITE_ONCE(cpuctx->task_ctx, NULL);
}
