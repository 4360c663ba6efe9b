// SPDX-License-Identifier: GPL-2.0
/*
 * Software events: what the kernel itself counts.
 *
 * A site in the kernel says that something has happened (perf_sw_event()).
 * While nobody counts it the site is a patched-out jump, perf_swevent_enabled[];
 * otherwise the event is given to whom it concerns on this CPU:
 *
 *  1. resident events, on the context of the task that runs here.  They stay
 *     linked there from open to close, whether or not the task is on a CPU, so
 *     that a switch of tasks does nothing for them.  They only count;
 *  2. ordinary events, on one list a CPU and an event id, to which ->add() and
 *     ->del() link them like any PMU's.
 *
 * Both walks run with IRQs off.  All that could take an event away, or change
 * its state, comes to this CPU by an interrupt: it waits until the walk, with
 * every overflow in it, is over.  Hence no lock and no count of users.
 *
 * Period: hw.period_left runs from -period up; an overflow is where it is no
 * longer negative.  Breakpoints and tracepoints count by the same rules and
 * enter at perf_swevent_event().
 */
#include <linux/export.h>
#include <linux/math64.h>
#include <linux/percpu.h>
#include <linux/rculist.h>

#include "internal.h"

/* Ordinary events on a CPU.  Changed on that CPU only, with IRQs off. */
struct swevent_lists {
	struct hlist_head	by_id[PERF_COUNT_SW_MAX];
};

static DEFINE_PER_CPU(struct swevent_lists, swevent_lists);

/* See perf_hooks.h. */
DEFINE_PER_CPU(struct pt_regs, __perf_regs[4]);

/* Counts root events of each id; their children live no longer than they do. */
struct static_key perf_swevent_enabled[PERF_COUNT_SW_MAX];

/* ---- Recursion ------------------------------------------------------------ */

/**
 * perf_swevent_get_recursion_context() - may an event be raised here?
 *
 * An event that is raised while another is being delivered, in the same of the
 * four contexts (task, softirq, hardirq, NMI), is dropped: delivering it might
 * raise the next.
 *
 * Context: any, preemption off.
 * Return: the token for perf_swevent_put_recursion_context(), below 0 for no.
 */
int perf_swevent_get_recursion_context(void)
{
	return get_recursion_context(current->perf_recursion);
}
EXPORT_SYMBOL_GPL(perf_swevent_get_recursion_context);

/**
 * perf_swevent_put_recursion_context() - events may be raised again
 * @rctx: what perf_swevent_get_recursion_context() returned, not below 0
 *
 * Context: that of the get.
 */
void perf_swevent_put_recursion_context(int rctx)
{
	put_recursion_context(current->perf_recursion, rctx);
}

/* ---- Counting ------------------------------------------------------------- */

/**
 * perf_event_excluded() - does the event's user not want this mode?
 * @event: the event
 * @regs: where the CPU was; NULL if that is not known
 *
 * Only the modes are looked at: whether the event counts at all is the
 * caller's to know (hw.state, or event->state of a resident one).
 *
 * Context: any.
 */
bool perf_event_excluded(struct perf_event *event, struct pt_regs *regs)
{
	if (!regs)
		return false;

	return user_mode(regs) ? event->attr.exclude_user : event->attr.exclude_kernel;
}

/**
 * perf_swevent_set_period() - begin the next period
 * @event: a sampling event whose count is kept in hw.period_left
 *
 * Nothing changes while the present period lasts.
 *
 * Context: the event's CPU; may be interrupted by itself.
 * Return: how many periods were over.
 */
u64 perf_swevent_set_period(struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;
	u64 period = hwc->sample_period;
	s64 over = local64_read(&hwc->period_left);
	u64 periods;

	hwc->last_period = period;

	do {
		if (over < 0)
			return 0;
		periods = div64_u64(over, period) + 1;
	} while (!local64_try_cmpxchg(&hwc->period_left, &over, over - periods * period));

	return periods;
}

/*
 * @periods samples, or as many as perf_swevent_set_period() finds due.  The
 * first is free of charge: only those that come on top of it are throttled.
 */
static void deliver_samples(struct perf_event *event, u64 periods,
			    struct perf_sample_data *data, struct pt_regs *regs)
{
	bool throttle = false;

	if (!periods)
		periods = perf_swevent_set_period(event);

	/* Until the tick, or until the pending interrupt work takes it off. */
	if (event->hw.interrupts == MAX_INTERRUPTS || READ_ONCE(event->pending_disable))
		return;

	for (; periods; periods--) {
		if (perf_event_overflow_throttle(event, throttle, data, regs))
			return;
		throttle = true;
	}
}

/**
 * perf_swevent_event() - count, and sample if it is time
 * @event: an ordinary event that wants to see this occurrence
 * @nr: by how much to count
 * @data: the sample, begun with perf_sample_data_init()
 * @regs: registers at the occurrence; without them there is no sample
 *
 * With PERF_SAMPLE_PERIOD and a fixed period each occurrence is a sample that
 * carries @nr as its weight: tracepoints have it so.
 *
 * The overflow is refused unless the event is active, and runs with IRQs off:
 * who removes an event waits for this CPU, and after that none may queue work.
 *
 * Context: any, preemption off.
 */
void perf_swevent_event(struct perf_event *event, u64 nr, struct perf_sample_data *data,
			struct pt_regs *regs)
{
	struct hw_perf_event *hwc = &event->hw;
	bool fixed = !event->attr.freq;

	local64_add(nr, &event->count);

	if (!regs || !is_sampling_event(event))
		return;

	guard(irqsave)();

	if (event->state != PERF_EVENT_STATE_ACTIVE)
		return;

	if (fixed && event->attr.sample_type & PERF_SAMPLE_PERIOD) {
		data->period = nr;
		deliver_samples(event, 1, data, regs);
		return;
	}

	data->period = hwc->last_period;
	if (fixed && nr == 1 && hwc->sample_period == 1)
		deliver_samples(event, 1, data, regs);
	else if (!local64_add_negative(nr, &hwc->period_left))
		deliver_samples(event, 0, data, regs);
}

/* ---- Firing --------------------------------------------------------------- */

static void fire_residents(u32 id, u64 nr, struct pt_regs *regs)
{
	struct perf_event_context *ctx;
	struct perf_event *event;

	/*
	 * The context on this CPU, not the one of current: at a switch the
	 * two differ.  Pairs with WRITE_ONCE() where sched.c loads it.
	 */
	ctx = READ_ONCE(this_cpu_ptr(&perf_cpu_context)->task_ctx);
	if (!ctx)
		return;

	hlist_for_each_entry_rcu(event, &ctx->resident, resident_entry) {
		if (event->attr.config == id && event->state == PERF_EVENT_STATE_ACTIVE &&
		    !READ_ONCE(event->paused) && !perf_event_excluded(event, regs))
			local64_add(nr, &event->count);
	}
}

static void fire_ordinary(u32 id, u64 nr, struct pt_regs *regs, u64 addr)
{
	struct hlist_head *head = &this_cpu_ptr(&swevent_lists)->by_id[id];
	struct perf_sample_data data __uninitialized;
	struct perf_event *event;

	hlist_for_each_entry_rcu(event, head, hlist_entry) {
		if (event->hw.state & PERF_HES_STOPPED || READ_ONCE(event->paused) ||
		    perf_event_excluded(event, regs))
			continue;

		/* What one event's sample holds is not what the next one asked for. */
		if (is_sampling_event(event))
			perf_sample_data_init(&data, addr, 0);
		perf_swevent_event(event, nr, &data, regs);
	}
}

/**
 * ___perf_sw_event() - count a software event where it cannot recur
 * @event_id: PERF_COUNT_SW_*
 * @nr: how many
 * @regs: registers at the event
 * @addr: address that it is about, or 0
 *
 * Context: IRQs off, not NMI.
 */
void ___perf_sw_event(u32 event_id, u64 nr, struct pt_regs *regs, u64 addr)
{
	lockdep_assert_irqs_disabled();

	if (WARN_ON_ONCE(event_id >= PERF_COUNT_SW_MAX))
		return;

	guard(rcu)();
	fire_residents(event_id, nr, regs);
	fire_ordinary(event_id, nr, regs, addr);
}

/**
 * __perf_sw_event() - count a software event
 * @event_id: PERF_COUNT_SW_*
 * @nr: how many
 * @regs: registers at the event
 * @addr: address that it is about, or 0
 *
 * Dropped when it comes out of the delivery of another one.
 *
 * Context: any but NMI.
 */
void __perf_sw_event(u32 event_id, u64 nr, struct pt_regs *regs, u64 addr)
{
	int rctx;

	guard(irqsave)();

	rctx = perf_swevent_get_recursion_context();
	if (rctx < 0)
		return;

	___perf_sw_event(event_id, nr, regs, addr);
	perf_swevent_put_recursion_context(rctx);
}

/* ---- The PMU -------------------------------------------------------------- */

/**
 * perf_swevent_start() - let a software event count
 * @event: the event, on this CPU
 * @flags: not used: the period goes on where it stood
 */
void perf_swevent_start(struct perf_event *event, int flags)
{
	event->hw.state = 0;
}

/**
 * perf_swevent_stop() - keep a software event from counting
 * @event: the event, on this CPU
 * @flags: not used: the count is up to date in any case
 */
void perf_swevent_stop(struct perf_event *event, int flags)
{
	event->hw.state = PERF_HES_STOPPED;
}

/**
 * perf_swevent_read() - nothing: the count is kept up to date
 * @event: the event
 */
void perf_swevent_read(struct perf_event *event)
{
}

/**
 * perf_swevent_add() - put an ordinary software event on this CPU's list
 * @event: the event
 * @flags: with PERF_EF_START it counts from now on
 *
 * Context: IRQs off.
 * Return: 0: there is always room.
 */
int perf_swevent_add(struct perf_event *event, int flags)
{
	struct swevent_lists *lists = this_cpu_ptr(&swevent_lists);

	if (is_sampling_event(event))
		perf_swevent_set_period(event);

	event->hw.state = flags & PERF_EF_START ? 0 : PERF_HES_STOPPED;
	hlist_add_head_rcu(&event->hlist_entry, &lists->by_id[event->attr.config]);
	perf_event_update_userpage(event);

	return 0;
}

/**
 * perf_swevent_del() - take an ordinary software event off its list
 * @event: the event, on this CPU
 * @flags: not used
 *
 * The node may be linked again at once, on any CPU: walks of this list happen
 * on this CPU with IRQs off, and none can be under way.
 *
 * Context: IRQs off.
 */
void perf_swevent_del(struct perf_event *event, int flags)
{
	hlist_del_rcu(&event->hlist_entry);
}

/**
 * perf_swevent_can_reside() - need the event no work at a switch?
 * @event: the event, alone: its group must be resident as a whole, which is
 *	   for the caller to see to
 *
 * It belongs to a task wherever that runs, and nobody looks at it but by
 * read(): no sample, and not the event by which BPF programs write to a
 * buffer, for that one must be known to be on a CPU (oncpu).
 */
bool perf_swevent_can_reside(struct perf_event *event)
{
	return event->pmu == &perf_swevent &&
	       event->attr.config != PERF_COUNT_SW_BPF_OUTPUT &&
	       event->attach_state & PERF_ATTACH_TASK && event->cpu == -1 &&
	       !is_sampling_event(event) && !is_cgroup_event(event) && !event->rb;
}

static void swevent_destroy(struct perf_event *event)
{
	static_key_slow_dec(&perf_swevent_enabled[event->attr.config]);
}

/* The clocks have ids of our type and PMUs of their own: hand them over. */
static struct pmu *clock_pmu(u64 id)
{
	switch (id) {
	case PERF_COUNT_SW_CPU_CLOCK:
		return &perf_cpu_clock;
	case PERF_COUNT_SW_TASK_CLOCK:
		return &perf_task_clock;
	default:
		return NULL;
	}
}

static int swevent_init(struct perf_event *event)
{
	u64 id = event->attr.config;
	struct pmu *clock;

	if (event->attr.type != PERF_TYPE_SOFTWARE)
		return -ENOENT;

	if (has_branch_stack(event))
		return -EOPNOTSUPP;

	clock = clock_pmu(id);
	if (clock) {
		event->attr.type = clock->type;
		return -ENOENT;
	}

	if (id >= PERF_COUNT_SW_MAX)
		return -ENOENT;

	/* A child holds its parent, and by it the key. */
	if (!event->parent) {
		static_key_slow_inc(&perf_swevent_enabled[id]);
		event->destroy = swevent_destroy;
	}

	return 0;
}

struct pmu perf_swevent = {
	.task_ctx_nr	= perf_sw_context,
	.capabilities	= PERF_PMU_CAP_NO_NMI | PERF_PMU_CAP_LOOKS,

	.event_init	= swevent_init,
	.add		= perf_swevent_add,
	.del		= perf_swevent_del,
	.start		= perf_swevent_start,
	.stop		= perf_swevent_stop,
	.read		= perf_swevent_read,
};

/**
 * perf_swevent_register() - make software events known, at boot
 */
void __init perf_swevent_register(void)
{
	perf_pmu_register(&perf_swevent, "software", PERF_TYPE_SOFTWARE);
}
