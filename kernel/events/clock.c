// SPDX-License-Identifier: GPL-2.0
/*
 * cpu-clock and task-clock: events that count nanoseconds.
 *
 * cpu-clock counts the time of the CPU, task-clock that of the event's
 * context, both while the event is on.  They sample by an hrtimer, at a fixed
 * rate: a frequency is turned into a period when the event is made.
 *
 * Rules:
 *
 *  - hw.state is kept: a stopped event neither counts nor has its timer armed,
 *    whoever stopped it, and add() without PERF_EF_START leaves it so.
 *  - hw.prev_count is where counting stands on the event's clock.  What is
 *    added to event->count always is the difference to it, so that all of them
 *    sum up to stop minus start, in whatever order they are taken.
 *  - hw.period_left is, of a stopped event, the time that was left on the timer;
 *    0 for a whole period.
 *  - The timer is pinned to the event's CPU and all that stops the event runs
 *    there with IRQs off: either not inside the timer's handler, and then
 *    cancelling succeeds at once, or from within it, and then cancelling fails
 *    and must not be waited for; the handler looks at hw.state again at its
 *    end.  Freeing waits for the handler.
 *  - However short the period, the timer leaves the machine some time to live.
 */
#include <linux/hrtimer.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>

#include <asm/irq_regs.h>

#include "internal.h"

#define CLOCK_PERIOD_MIN	(10 * NSEC_PER_USEC)

static bool is_task_clock(struct perf_event *event)
{
	return event->pmu == &perf_task_clock;
}

/* ---- Counting ------------------------------------------------------------- */

/* What the event's clock shows now. */
static u64 clock_now(struct perf_event *event)
{
	u64 now = perf_clock();

	return is_task_clock(event) ? perf_clock_at(&event->ctx->clock, now) : now;
}

/* The same where times are up to date and stand still: in add() and del(). */
static u64 clock_still(struct perf_event *event)
{
	return is_task_clock(event) ? event->ctx->clock.time : perf_clock();
}

/* May be interrupted by itself: each part of the time is taken by one of them. */
static void clock_count(struct perf_event *event, u64 now)
{
	u64 prev = local64_xchg(&event->hw.prev_count, now);

	local64_add(now - prev, &event->count);
}

static void clock_read(struct perf_event *event)
{
	if (!(event->hw.state & PERF_HES_STOPPED))
		clock_count(event, clock_now(event));
}

/* ---- The timer ------------------------------------------------------------ */

static u64 clock_period(struct perf_event *event)
{
	return max_t(u64, event->hw.sample_period, CLOCK_PERIOD_MIN);
}

static void timer_arm(struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;
	s64 left = local64_xchg(&hwc->period_left, 0);
	u64 delay = clock_period(event);

	hwc->last_period = hwc->sample_period;
	if (left)
		delay = clamp_t(s64, left, CLOCK_PERIOD_MIN, delay);

	hrtimer_start(&hwc->hrtimer, ns_to_ktime(delay), HRTIMER_MODE_REL_PINNED_HARD);
}

static void timer_disarm(struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;
	s64 left = ktime_to_ns(hrtimer_get_remaining(&hwc->hrtimer));

	/* From its own handler: this period is over. */
	if (hrtimer_try_to_cancel(&hwc->hrtimer) < 0)
		left = 0;
	else if (left <= 0)
		left = 1;

	local64_set(&hwc->period_left, left);
}

static void clock_begin(struct perf_event *event, u64 now)
{
	if (!(event->hw.state & PERF_HES_STOPPED))
		return;

	local64_set(&event->hw.prev_count, now);
	event->hw.state = 0;
	if (is_sampling_event(event))
		timer_arm(event);
}

static void clock_end(struct perf_event *event, u64 now)
{
	if (event->hw.state & PERF_HES_STOPPED)
		return;

	if (is_sampling_event(event))
		timer_disarm(event);
	clock_count(event, now);
	event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;
}

static bool clock_sees(struct perf_event *event, struct pt_regs *regs)
{
	if (!regs || perf_event_excluded(event, regs))
		return false;

	return !(event->attr.exclude_idle && is_idle_task(current));
}

static enum hrtimer_restart clock_timer(struct hrtimer *timer)
{
	struct perf_event *event = container_of(timer, struct perf_event, hw.hrtimer);
	struct pt_regs *regs = get_irq_regs();
	struct perf_sample_data data __uninitialized;

	if (event->state != PERF_EVENT_STATE_ACTIVE || event->hw.state & PERF_HES_STOPPED)
		return HRTIMER_NORESTART;

	clock_read(event);
	if (clock_sees(event, regs)) {
		perf_sample_data_init(&data, 0, event->hw.last_period);
		if (perf_event_overflow_throttle(event, true, &data, regs))
			clock_end(event, clock_now(event));
	}

	/* Stopped meanwhile, or stopped and started, which has armed the timer. */
	if (event->hw.state & PERF_HES_STOPPED || hrtimer_is_queued(timer))
		return HRTIMER_NORESTART;

	event->hw.last_period = event->hw.sample_period;
	hrtimer_forward_now(timer, ns_to_ktime(clock_period(event)));

	return HRTIMER_RESTART;
}

/* ---- The PMUs ------------------------------------------------------------- */

static void clock_start(struct perf_event *event, int flags)
{
	clock_begin(event, clock_now(event));
}

static void clock_stop(struct perf_event *event, int flags)
{
	clock_end(event, clock_now(event));
}

static int clock_add(struct perf_event *event, int flags)
{
	event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;
	if (flags & PERF_EF_START)
		clock_begin(event, clock_still(event));
	perf_event_update_userpage(event);

	return 0;
}

static void clock_del(struct perf_event *event, int flags)
{
	clock_end(event, clock_still(event));
}

static void clock_destroy(struct perf_event *event)
{
	hrtimer_cancel(&event->hw.hrtimer);
}

/* A timer has no use for a frequency that adapts: its rate is exact. */
static void timer_init(struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;

	hrtimer_init(&hwc->hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hwc->hrtimer.function = clock_timer;
	event->destroy = clock_destroy;

	if (event->attr.freq) {
		u64 period = div64_u64(NSEC_PER_SEC, event->attr.sample_freq);

		event->attr.freq = 0;
		event->attr.sample_period = max_t(u64, period, 1);
		hwc->sample_period = event->attr.sample_period;
		hwc->last_period = hwc->sample_period;
		local64_set(&hwc->period_left, hwc->sample_period);
	}
}

static int clock_init(struct perf_event *event, struct pmu *pmu, u64 id)
{
	if (event->attr.type != pmu->type || event->attr.config != id)
		return -ENOENT;

	if (has_branch_stack(event))
		return -EOPNOTSUPP;

	event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;
	if (is_sampling_event(event))
		timer_init(event);

	return 0;
}

static int cpu_clock_init(struct perf_event *event)
{
	return clock_init(event, &perf_cpu_clock, PERF_COUNT_SW_CPU_CLOCK);
}

static int task_clock_init(struct perf_event *event)
{
	return clock_init(event, &perf_task_clock, PERF_COUNT_SW_TASK_CLOCK);
}

#define CLOCK_PMU(_init)					\
	{							\
		.task_ctx_nr	= perf_sw_context,		\
		.capabilities	= PERF_PMU_CAP_NO_NMI |		\
				  PERF_PMU_CAP_STOPS,		\
		.dev		= PMU_NULL_DEV,			\
								\
		.event_init	= _init,			\
		.add		= clock_add,			\
		.del		= clock_del,			\
		.start		= clock_start,			\
		.stop		= clock_stop,			\
		.read		= clock_read,			\
	}

struct pmu perf_cpu_clock = CLOCK_PMU(cpu_clock_init);
struct pmu perf_task_clock = CLOCK_PMU(task_clock_init);

/**
 * perf_clock_register() - make the clocks known, at boot
 *
 * Users reach them by PERF_TYPE_SOFTWARE; the types of their own that they are
 * given here show in no directory of sysfs.
 */
void __init perf_clock_register(void)
{
	perf_pmu_register(&perf_cpu_clock, "cpu_clock", -1);
	perf_pmu_register(&perf_task_clock, "task_clock", -1);
}
