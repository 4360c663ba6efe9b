// SPDX-License-Identifier: GPL-2.0
/*
 * How often an event may sample, and how often it does.
 *
 * Frequency.  An event with attr.freq wants so many samples a second.  Its
 * period is estimated twice: at each overflow, from the time that the last
 * period took, and at each tick, from what was counted since the one before.
 * Each estimate moves the period by an eighth of the way.
 *
 * Rate.  No event may overflow more than max_samples_per_tick times a tick.  One
 * that does is throttled: it stays on its PMU, stopped, until the next tick
 * (perf_event_task_tick()) or until it is scheduled in anew.  hw.interrupts is
 * MAX_INTERRUPTS as long as it is.
 *
 * Budget.  Drivers report how long their handlers took.  When the average
 * exceeds perf_cpu_time_max_percent of the sample period, the rate is lowered.
 *
 * What is per CPU is touched on that CPU only, by a tick or an NMI above it.
 */
#include <linux/irq_work.h>
#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/sysctl.h>
#include <linux/tick.h>

#include <kunit/visibility.h>

#include "internal.h"

#define SAMPLE_RATE_DEFAULT	100000
#define CPU_TIME_DEFAULT	25	/* percent */
#define SAMPLE_NS_DEFAULT	(NSEC_PER_SEC / SAMPLE_RATE_DEFAULT)

/* How many handlers the average is taken over: a power of two. */
#define LENGTHS_AVERAGED	128

/*
 * Written by the sysctls' handlers and, downwards, by any CPU's NMI; single
 * words, and old values do no harm.
 */
int sysctl_perf_event_sample_rate __read_mostly = SAMPLE_RATE_DEFAULT;
int sysctl_perf_cpu_time_max_percent __read_mostly = CPU_TIME_DEFAULT;

static u32 max_samples_per_tick __read_mostly = DIV_ROUND_UP(SAMPLE_RATE_DEFAULT, HZ);
/* What a handler may take on average; 0: whatever it likes. */
static u64 handler_ns_allowed __read_mostly = SAMPLE_NS_DEFAULT * CPU_TIME_DEFAULT / 100;

/* The sum of the last LENGTHS_AVERAGED handlers, roughly. */
static DEFINE_PER_CPU(u64, handler_ns_sum);
/* Ticks: hw.interrupts counts within one of them. */
static DEFINE_PER_CPU(u64, tick_seq);
/* Events throttled since the last tick. */
static DEFINE_PER_CPU(u64, nr_throttled);

/* ---- Frequency --------------------------------------------------------------- */

/**
 * perf_freq_period() - the period that gives a frequency
 * @nsec: a time
 * @count: events counted in that time
 * @freq: samples wanted a second
 *
 * Return: count * 10^9 / (nsec * freq), rounded down, at most S64_MAX.
 */
VISIBLE_IF_KUNIT u64 perf_freq_period(u64 nsec, u64 count, u64 freq)
{
	u64 wanted;

	/* Only the ratio matters, and such times are rough anyway. */
	while (check_mul_overflow(nsec, freq, &wanted)) {
		nsec >>= 1;
		count >>= 1;
	}

	/* The division traps on some machines when its result does not fit. */
	if (!wanted || div64_u64(count, wanted) >= S64_MAX / NSEC_PER_SEC)
		return S64_MAX;

	return mul_u64_u64_div_u64(count, NSEC_PER_SEC, wanted);
}

/**
 * perf_freq_smooth() - go part of the way to a new period
 * @period: the present one
 * @wanted: the new one
 *
 * Return: the next one: an eighth of the way is gone, and at least one step
 * unless that leads to 0.
 */
VISIBLE_IF_KUNIT u64 perf_freq_smooth(u64 period, u64 wanted)
{
	if (wanted >= period)
		period += DIV_ROUND_UP_ULL(wanted - period, 8);
	else
		period -= DIV_ROUND_UP_ULL(period - wanted, 8);

	return max_t(u64, period, 1);
}

/**
 * perf_event_adjust_freq() - move an event's period towards its frequency
 * @event: an event with attr.freq, on this CPU
 * @nsec: time in which
 * @count: so much was counted
 * @disable: the event runs: stop it should it be necessary
 *
 * A period that is far too long already is cut short: with a large
 * hw.period_left the new one would have no effect for a long time.
 *
 * Context: IRQs off or NMI, as pmu->start().
 */
void perf_event_adjust_freq(struct perf_event *event, u64 nsec, u64 count, bool disable)
{
	u64 wanted = perf_freq_period(nsec, count, event->attr.sample_freq);
	struct hw_perf_event *hwc = &event->hw;
	u64 period = perf_freq_smooth(hwc->sample_period, wanted);
	s64 longest = min_t(u64, period, S64_MAX / 8) * 8;

	hwc->sample_period = period;
	if (local64_read(&hwc->period_left) <= longest)
		return;

	if (disable)
		event->pmu->stop(event, PERF_EF_UPDATE);
	local64_set(&hwc->period_left, 0);
	if (disable)
		perf_event_pmu_start(event, PERF_EF_RELOAD);
}

/* Nonzero: too many, stop it. */
static int account_rate(struct perf_event *event, bool throttle)
{
	struct hw_perf_event *hwc = &event->hw;
	u64 seq = __this_cpu_read(tick_seq);

	/* The tick lets it go on, and recognises it by this. */
	if (unlikely(hwc->interrupts == MAX_INTERRUPTS))
		return throttle;

	if (hwc->interrupts_seq != seq) {
		hwc->interrupts_seq = seq;
		hwc->interrupts = 0;
	}
	hwc->interrupts++;

	if (likely(!throttle || hwc->interrupts < READ_ONCE(max_samples_per_tick)))
		return 0;

	__this_cpu_inc(nr_throttled);
	tick_dep_set_cpu(smp_processor_id(), TICK_DEP_BIT_PERF_EVENTS);
	hwc->interrupts = MAX_INTERRUPTS;
	perf_sideband_throttle(event, false);

	return 1;
}

/**
 * perf_event_account_overflow() - an event has overflowed
 * @event: the event, on this CPU
 * @throttle: stop it if that happens too often
 *
 * Context: IRQs off or NMI.
 * Return: nonzero if the caller must stop the event until the next tick.
 */
int perf_event_account_overflow(struct perf_event *event, bool throttle)
{
	struct hw_perf_event *hwc = &event->hw;
	int stop = account_rate(event, throttle);

	if (event->attr.freq) {
		u64 now = perf_clock();
		s64 took = now - hwc->freq_time_stamp;

		hwc->freq_time_stamp = now;
		/* After a longer time the event was off meanwhile. */
		if (took > 0 && took < 2 * TICK_NSEC)
			perf_event_adjust_freq(event, took, hwc->last_period, true);
	}

	return stop;
}

/**
 * perf_event_account_interrupt() - an event interrupted without a sample
 * @event: the event, on this CPU
 *
 * For drivers whose hardware writes several samples an interrupt.
 *
 * Context: IRQs off or NMI.
 * Return: nonzero if the driver must stop the event until the next tick.
 */
int perf_event_account_interrupt(struct perf_event *event)
{
	return perf_event_account_overflow(event, true);
}

/* ---- The tick -------------------------------------------------------------- */

/**
 * perf_event_unthrottle() - an event may interrupt again
 * @event: a throttled event
 * @start: start it; false if that is about to happen anyway
 *
 * Context: IRQs off on the event's CPU, its ctx->lock held.
 */
void perf_event_unthrottle(struct perf_event *event, bool start)
{
	event->hw.interrupts = 0;
	perf_sideband_throttle(event, true);
	/* Paused in the meantime, it was stopped a second time. */
	if (start)
		perf_event_pmu_start(event, event->hw.state & PERF_HES_UPTODATE ?
				     PERF_EF_RELOAD : 0);
}

/* Stopped, the event's count holds and the period may be changed. */
static void tick_freq(struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;
	u64 now;
	s64 counted;

	event->pmu->stop(event, PERF_EF_UPDATE);

	now = local64_read(&event->count);
	counted = now - hwc->freq_count_stamp;
	hwc->freq_count_stamp = now;
	if (counted > 0)
		perf_event_adjust_freq(event, TICK_NSEC, counted, false);

	perf_event_pmu_start(event, counted > 0 ? PERF_EF_RELOAD : 0);
}

static void tick_event(struct perf_event *event)
{
	bool freq = event->attr.freq && event->attr.sample_freq;

	if (event->state != PERF_EVENT_STATE_ACTIVE)
		return;

	if (event->hw.interrupts == MAX_INTERRUPTS)
		perf_event_unthrottle(event, !freq);
	if (freq)
		tick_freq(event);
}

static void tick_groups(struct list_head *active)
{
	struct perf_event *leader, *event;

	list_for_each_entry(leader, active, active_list) {
		tick_event(leader);
		for_each_sibling_event(event, leader)
			tick_event(event);
	}
}

static void tick_ctx(struct perf_event_context *ctx, bool throttled)
{
	struct perf_event_pmu_context *epc;

	if (!ctx || !(ctx->nr_freq || throttled))
		return;

	guard(raw_spinlock)(&ctx->lock);

	list_for_each_entry(epc, &ctx->pmu_ctx_list, pmu_ctx_entry) {
		if (!(epc->nr_freq || throttled))
			continue;
		if (list_empty(&epc->pinned_active) && list_empty(&epc->flexible_active))
			continue;

		perf_pmu_disable(epc->pmu);
		tick_groups(&epc->pinned_active);
		tick_groups(&epc->flexible_active);
		perf_pmu_enable(epc->pmu);
	}
}

/**
 * perf_event_task_tick() - let throttled events go on, adapt periods
 *
 * Context: the tick, IRQs off.
 */
void perf_event_task_tick(void)
{
	struct perf_cpu_context *cpuctx = this_cpu_ptr(&perf_cpu_context);
	bool throttled;

	lockdep_assert_irqs_disabled();

	__this_cpu_inc(tick_seq);
	throttled = __this_cpu_xchg(nr_throttled, 0);
	tick_dep_clear_cpu(smp_processor_id(), TICK_DEP_BIT_PERF_EVENTS);

	tick_ctx(&cpuctx->ctx, throttled);
	tick_ctx(cpuctx->task_ctx, throttled);
}

/* ---- Ticks for frequencies ------------------------------------------------- */

/* Orders the first user's change of the dependency against the last one's. */
static DEFINE_SPINLOCK(nr_freq_lock);
static unsigned int nr_freq_events;

/**
 * perf_freq_events_get() - there is one more event with a frequency
 *
 * Those need the tick on CPUs that could do without.
 *
 * Context: task.
 */
void perf_freq_events_get(void)
{
	guard(spinlock)(&nr_freq_lock);
	if (!nr_freq_events++)
		tick_dep_set(TICK_DEP_BIT_PERF_EVENTS);
}

/**
 * perf_freq_events_put() - there is one event with a frequency less
 *
 * Context: task.
 */
void perf_freq_events_put(void)
{
	guard(spinlock)(&nr_freq_lock);
	if (!--nr_freq_events)
		tick_dep_clear(TICK_DEP_BIT_PERF_EVENTS);
}

/* ---- The budget ------------------------------------------------------------- */

static void set_budget(void)
{
	u64 period = NSEC_PER_SEC / sysctl_perf_event_sample_rate;
	u64 allowed = div_u64(period * sysctl_perf_cpu_time_max_percent, 100);

	WRITE_ONCE(handler_ns_allowed, max_t(u64, allowed, 1));
}

/* All or nothing of a CPU's time: the budget is not watched. */
static bool budget_is_off(void)
{
	int percent = sysctl_perf_cpu_time_max_percent;

	return percent == 0 || percent == 100;
}

/**
 * perf_event_max_sample_rate_handler() - sysctl kernel.perf_event_max_sample_rate
 * @table: the row
 * @write: written to
 * @buffer: the text
 * @lenp: its length
 * @ppos: where in it
 *
 * Return: 0, or -EINVAL: not a number, below 1, or nobody watches the budget,
 * so that the rate has no meaning.
 */
int perf_event_max_sample_rate_handler(const struct ctl_table *table, int write,
				       void *buffer, size_t *lenp, loff_t *ppos)
{
	int ret;

	if (write && budget_is_off())
		return -EINVAL;

	ret = proc_dointvec_minmax(table, write, buffer, lenp, ppos);
	if (ret || !write)
		return ret;

	WRITE_ONCE(max_samples_per_tick, DIV_ROUND_UP(sysctl_perf_event_sample_rate, HZ));
	set_budget();

	return 0;
}

/**
 * perf_cpu_time_max_percent_handler() - sysctl kernel.perf_cpu_time_max_percent
 * @table: the row
 * @write: written to
 * @buffer: the text
 * @lenp: its length
 * @ppos: where in it
 *
 * Return: 0, or -EINVAL: not a number from 0 to 100.
 */
int perf_cpu_time_max_percent_handler(const struct ctl_table *table, int write,
				      void *buffer, size_t *lenp, loff_t *ppos)
{
	int ret = proc_dointvec_minmax(table, write, buffer, lenp, ppos);

	if (ret || !write)
		return ret;

	if (budget_is_off()) {
		pr_warn("perf: sampling interrupts are not limited any more: a fast event can hang this machine\n");
		WRITE_ONCE(handler_ns_allowed, 0);
	} else {
		set_budget();
	}

	return 0;
}

/* What report_lowered() says; written by NMIs, a mixture of two does no harm. */
static u64 report_average;
static u64 report_allowed;

static void report_lowered(struct irq_work *work)
{
	pr_info_ratelimited("perf: interrupt took too long (%llu > %llu ns), kernel.perf_event_max_sample_rate is now %d\n",
			    report_average, report_allowed, sysctl_perf_event_sample_rate);
}

static DEFINE_IRQ_WORK(report_work, report_lowered);

/*
 * Handlers take @average ns.  Allow a quarter more than that, and so many of
 * them a tick as then fit in the budget.
 */
static void lower_rate(u64 average)
{
	u64 tick_ns = TICK_NSEC / 100 * sysctl_perf_cpu_time_max_percent;
	u64 allowed = average + average / 4;
	u32 samples = allowed < tick_ns ? div64_u64(tick_ns, allowed) : 1;

	WRITE_ONCE(handler_ns_allowed, allowed);
	WRITE_ONCE(max_samples_per_tick, samples);
	WRITE_ONCE(sysctl_perf_event_sample_rate, samples * HZ);
}

/**
 * perf_sample_event_took() - a sampling interrupt's handler is done
 * @sample_len_ns: how long it took
 *
 * Context: any, NMI too; preemption off.
 */
void perf_sample_event_took(u64 sample_len_ns)
{
	u64 allowed = READ_ONCE(handler_ns_allowed);
	u64 sum = __this_cpu_read(handler_ns_sum);
	u64 average;

	if (!allowed)
		return;

	sum += sample_len_ns - sum / LENGTHS_AVERAGED;
	__this_cpu_write(handler_ns_sum, sum);

	average = sum / LENGTHS_AVERAGED;
	if (average <= allowed)
		return;

	report_average = average;
	report_allowed = allowed;
	lower_rate(average);
	irq_work_queue(&report_work);
}
