// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of states and times: an event is driven through random states
 * while its clock runs and stands still, beside a model that adds up what passes.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "internal.h"

#define NR_EVENTS	3	/* a leader and two siblings */

struct time_model {
	struct perf_event_context	ctx;
	struct perf_event		*events;
	u64				enabled[NR_EVENTS];
	u64				running[NR_EVENTS];
};

static int time_test_init(struct kunit *test)
{
	struct time_model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, model);
	model->events = kunit_kcalloc(test, NR_EVENTS, sizeof(*model->events), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model->events);

	perf_ctx_init(&model->ctx);
	for (i = 0; i < NR_EVENTS; i++) {
		struct perf_event *event = &model->events[i];

		event->ctx = &model->ctx;
		event->state = PERF_EVENT_STATE_OFF;
		event->group_leader = &model->events[0];
		INIT_LIST_HEAD(&event->sibling_list);
		if (i)
			list_add_tail(&event->sibling_list, &model->events[0].sibling_list);
	}
	test->priv = model;

	return 0;
}

/* @ns pass on the clock of the context. */
static void pass(struct time_model *model, u64 ns)
{
	bool leader_on = model->events[0].state >= PERF_EVENT_STATE_INACTIVE;
	int i;

	model->ctx.clock.time += ns;
	for (i = 0; i < NR_EVENTS; i++) {
		if (!leader_on || model->events[i].state < PERF_EVENT_STATE_INACTIVE)
			continue;
		model->enabled[i] += ns;
		if (model->events[i].state == PERF_EVENT_STATE_ACTIVE)
			model->running[i] += ns;
	}
}

static void set_state(struct time_model *model, int i, enum perf_event_state state)
{
	/* The setter is called with IRQs off, on the CPU of the context. */
	guard(raw_spinlock_irq)(&model->ctx.lock);
	perf_event_set_state(&model->events[i], state);
}

static void expect_times(struct kunit *test, struct time_model *model)
{
	u64 enabled, running;
	int i;

	for (i = 0; i < NR_EVENTS; i++) {
		perf_event_times(&model->events[i], &enabled, &running);
		KUNIT_ASSERT_EQ(test, enabled, model->enabled[i]);
		KUNIT_ASSERT_EQ(test, running, model->running[i]);
		KUNIT_ASSERT_LE(test, running, enabled);
	}
}

static void time_random_walk(struct kunit *test)
{
	static const enum perf_event_state states[] = {
		PERF_EVENT_STATE_ERROR, PERF_EVENT_STATE_OFF,
		PERF_EVENT_STATE_INACTIVE, PERF_EVENT_STATE_ACTIVE,
	};
	struct time_model *model = test->priv;
	struct rnd_state rnd;
	int step;

	prandom_seed_state(&rnd, 7);
	for (step = 0; step < 5000; step++) {
		int i = prandom_u32_state(&rnd) % NR_EVENTS;

		set_state(model, i, states[prandom_u32_state(&rnd) % ARRAY_SIZE(states)]);
		expect_times(test, model);
		pass(model, prandom_u32_state(&rnd) % 1000);
		expect_times(test, model);
	}
}

/* A sibling that stays enabled stands still with its leader. */
static void time_leader_decides(struct kunit *test)
{
	struct time_model *model = test->priv;

	set_state(model, 0, PERF_EVENT_STATE_INACTIVE);
	set_state(model, 1, PERF_EVENT_STATE_INACTIVE);
	pass(model, 10);
	set_state(model, 0, PERF_EVENT_STATE_OFF);
	pass(model, 100);
	set_state(model, 0, PERF_EVENT_STATE_INACTIVE);
	pass(model, 1);
	expect_times(test, model);
	KUNIT_EXPECT_EQ(test, model->enabled[1], 11);
}

/* The clock of a stopped context stands; of a running one it goes on from there. */
static void time_clock(struct kunit *test)
{
	struct perf_clock clock = { };
	u64 before, now;

	KUNIT_EXPECT_EQ(test, perf_clock_at(&clock, perf_clock()), 0);

	perf_clock_start(&clock, perf_clock());
	before = perf_clock();
	perf_clock_update(&clock, perf_clock());
	now = perf_clock_at(&clock, perf_clock());
	KUNIT_EXPECT_GE(test, now, clock.time);

	perf_clock_stop(&clock);
	before = clock.time;
	KUNIT_EXPECT_EQ(test, perf_clock_at(&clock, perf_clock() + NSEC_PER_SEC), before);
	perf_clock_update(&clock, perf_clock());
	KUNIT_EXPECT_EQ(test, clock.time, before);

	/* Another CPU's clock may be behind: time does not go back. */
	perf_clock_start(&clock, perf_clock());
	clock.stamp += NSEC_PER_SEC;
	before = clock.time;
	perf_clock_update(&clock, perf_clock());
	KUNIT_EXPECT_EQ(test, clock.time, before);
}

static struct kunit_case time_test_cases[] = {
	KUNIT_CASE(time_random_walk),
	KUNIT_CASE(time_leader_decides),
	KUNIT_CASE(time_clock),
	{}
};

static struct kunit_suite time_test_suite = {
	.name = "perf_time",
	.init = time_test_init,
	.test_cases = time_test_cases,
};

kunit_test_suites(&time_test_suite);
