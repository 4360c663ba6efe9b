// SPDX-License-Identifier: GPL-2.0
/*
 * The state of an event and its times.
 *
 * An event is *enabled* while its state is INACTIVE or ACTIVE and its leader is
 * enabled too, and *running* while it is ACTIVE.  Both times are measured
 * against the clock of its context (of its cgroup, if it has one), which stands
 * still while the context is not on a CPU.  total_time_enabled and _running are
 * correct up to tstamp, a reading of that clock.
 *
 * One function changes a state, perf_event_set_state(): it adds what has passed
 * in the old state first.  As a leader's state decides over its siblings' time,
 * it brings them up to date as well when the leader becomes enabled or ceases
 * to be.
 */
#include "internal.h"

static struct perf_clock *event_clock(struct perf_event *event)
{
	return is_cgroup_event(event) ? perf_cgroup_clock(event) : &event->ctx->clock;
}

/* A sibling of a leader that is off is as good as off itself. */
static enum perf_event_state effective_state(struct perf_event *event)
{
	enum perf_event_state leader = READ_ONCE(event->group_leader->state);

	return leader <= PERF_EVENT_STATE_OFF ? leader : READ_ONCE(event->state);
}

/**
 * perf_event_time() - what an event's clock showed when it was last brought up to date
 * @event: the event
 *
 * Context: ctx->lock held.
 */
u64 perf_event_time(struct perf_event *event)
{
	return event_clock(event)->time;
}

/**
 * perf_event_time_now() - what an event's clock shows
 * @event: the event
 * @now: perf_clock() of this CPU
 *
 * Context: any, NMI included, on the CPU where the context is active.
 */
u64 perf_event_time_now(struct perf_event *event, u64 now)
{
	return perf_clock_at(event_clock(event), now);
}

static bool state_is_enabled(enum perf_event_state state)
{
	return state >= PERF_EVENT_STATE_INACTIVE;
}

static void event_times_at(struct perf_event *event, u64 time, u64 *enabled, u64 *running)
{
	enum perf_event_state state = effective_state(event);
	s64 delta = time - event->tstamp;

	*enabled = event->total_time_enabled;
	*running = event->total_time_running;
	if (delta < 0 || !state_is_enabled(state))
		return;

	*enabled += delta;
	if (state == PERF_EVENT_STATE_ACTIVE)
		*running += delta;
}

/**
 * perf_event_times_now() - an event's times, without changing anything
 * @event: the event
 * @now: if not NULL, set to this CPU's perf clock
 * @enabled: set to the time enabled, ns
 * @running: set to the time running, ns
 *
 * Context: any, NMI included, on the CPU where the event is.
 */
void perf_event_times_now(struct perf_event *event, u64 *now, u64 *enabled, u64 *running)
{
	u64 clock = perf_clock();

	if (now)
		*now = clock;
	event_times_at(event, perf_event_time_now(event, clock), enabled, running);
}

/**
 * perf_event_running_at() - an event's running time, without changing anything
 * @event: the event
 * @now: perf_clock() of this CPU
 *
 * Context: any, NMI included, on the CPU where the event is.
 * Return: ns.
 */
u64 perf_event_running_at(struct perf_event *event, u64 now)
{
	s64 delta;

	if (effective_state(event) != PERF_EVENT_STATE_ACTIVE)
		return event->total_time_running;

	/* As in event_times_at(): triggers ask often, and for this only. */
	delta = perf_event_time_now(event, now) - event->tstamp;

	return event->total_time_running + max_t(s64, delta, 0);
}

/**
 * perf_event_update_time() - account an event's time up to its clock's time
 * @event: the event; the clock has been brought up to date
 *
 * Context: ctx->lock held; on the CPU where the context is active, if it is.
 */
void perf_event_update_time(struct perf_event *event)
{
	u64 time = perf_event_time(event);

	event_times_at(event, time, &event->total_time_enabled, &event->total_time_running);
	event->tstamp = time;
}

/**
 * perf_event_times() - an event's times as of its clock's last update
 * @event: the event
 * @enabled: set to the time enabled, ns
 * @running: set to the time running, ns
 *
 * Changes nothing: an NMI may be computing with what the event holds.
 *
 * Context: ctx->lock held.
 */
void perf_event_times(struct perf_event *event, u64 *enabled, u64 *running)
{
	event_times_at(event, perf_event_time(event), enabled, running);
}

static bool state_change_is_valid(enum perf_event_state from, enum perf_event_state to)
{
	/* From its end on it can only go further down: EXIT, REVOKED, DEAD. */
	return from > PERF_EVENT_STATE_EXIT || to < from;
}

/**
 * perf_event_set_state() - the one place where an event's state changes
 * @event: the event
 * @state: its new state
 *
 * Accounts the time in the old state.  A change that cannot be is reported
 * once and not made.
 *
 * Context: ctx->lock held; on the CPU where the context is active, if it is.
 */
void perf_event_set_state(struct perf_event *event, enum perf_event_state state)
{
	enum perf_event_state old = event->state;
	struct perf_event *sibling;

	if (old == state)
		return;
	if (WARN_ON_ONCE(!state_change_is_valid(old, state)))
		return;

	perf_event_update_time(event);
	if (state_is_enabled(old) != state_is_enabled(state)) {
		for_each_sibling_event(sibling, event)
			perf_event_update_time(sibling);
		if (event->attach_state & PERF_ATTACH_CONTEXT)
			event->ctx->nr_wanted += state_is_enabled(state) ? 1 : -1;
	}

	/* Pairs with READ_ONCE() in readers that hold no lock: read.c, overflow.c */
	WRITE_ONCE(event->state, state);
}
