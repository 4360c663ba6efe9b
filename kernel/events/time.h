/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Clocks that may stand still.
 *
 * A struct perf_clock shows how long its context (or cgroup) has been
 * scheduled in.  Whoever changes event states inside a critical section first
 * brings the clock up to date, once, and then uses clock->time for all of
 * them: within the section time stands still, so that an event that is added
 * and put on its PMU in one section has neither lost nor gained a nanosecond
 * between "enabled" and "running".
 *
 * While the clock runs, time - stamp does not change; it is kept as one word,
 * so that an NMI, which cannot know whether it interrupted an update, computes
 * "now" from that word and the CPU's clock.  perf_clock_start() stores the word
 * before it says that the clock runs; the NMI is on the same CPU, so that a
 * compiler barrier is all that this takes.
 */
#ifndef _KERNEL_EVENTS_TIME_H
#define _KERNEL_EVENTS_TIME_H

#include <linux/perf_event.h>
#include <linux/sched/clock.h>

/* This CPU's clock, ns. */
static inline u64 perf_clock(void)
{
	return local_clock();
}

static inline void perf_clock_start(struct perf_clock *clock, u64 now)
{
	clock->stamp = now;
	WRITE_ONCE(clock->offset, clock->time - clock->stamp);
	barrier(); /* an NMI that sees it run sees the offset */
	WRITE_ONCE(clock->running, true);
}

/* Bring clock->time up to date; @now is perf_clock(). */
static inline void perf_clock_update(struct perf_clock *clock, u64 now)
{
	if (!clock->running)
		return;

	/* Clocks of different CPUs may disagree a little; time does not go back. */
	if ((s64)(now - clock->stamp) > 0) {
		clock->time += now - clock->stamp;
		clock->stamp = now;
	}
}

/* Stop where the last update left it: what was accounted then stays exact. */
static inline void perf_clock_stop(struct perf_clock *clock)
{
	WRITE_ONCE(clock->running, false);
}

/* What the clock shows at @now; on the CPU where it runs, also from NMI. */
static inline u64 perf_clock_at(struct perf_clock *clock, u64 now)
{
	if (!READ_ONCE(clock->running))
		return clock->time;

	return now + READ_ONCE(clock->offset);
}

u64 perf_event_time(struct perf_event *event);
u64 perf_event_time_now(struct perf_event *event, u64 now);
void perf_event_update_time(struct perf_event *event);
void perf_event_set_state(struct perf_event *event, enum perf_event_state state);
void perf_event_times(struct perf_event *event, u64 *enabled, u64 *running);
u64 perf_event_running_at(struct perf_event *event, u64 now);
void perf_event_times_now(struct perf_event *event, u64 *now, u64 *enabled, u64 *running);

#endif /* _KERNEL_EVENTS_TIME_H */
