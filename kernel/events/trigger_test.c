// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of links between events, against a matrix.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "internal.h"

#define NR_EVENTS	12
#define NR_STEPS	4000

/* starter[t], stopper[t]: who is the one of event t, or -1. */
struct trigger_model {
	struct pmu			pmu;
	struct perf_event_context	ctx;
	struct task_struct		*task[2];	/* only compared */
	struct perf_event		*events;
	int				trigger[PERF_TRIGGER_KINDS][NR_EVENTS];
	bool				paused[NR_EVENTS];
};

static int trigger_test_init(struct kunit *test)
{
	struct trigger_model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, model);
	model->events = kunit_kcalloc(test, NR_EVENTS, sizeof(*model->events), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model->events);

	model->pmu.capabilities = PERF_PMU_CAP_LOOKS;
	model->task[1] = current;
	for (i = 0; i < NR_EVENTS; i++) {
		struct perf_event *event = &model->events[i];

		perf_trigger_init(event);
		event->pmu = &model->pmu;
		INIT_LIST_HEAD(&event->child_list);
		event->ctx = &model->ctx;
		event->hw.target = model->task[0];
		event->cpu = -1;
		event->group_leader = event;
		/* The last does not sample. */
		event->attr.sample_period = i < NR_EVENTS - 1;
		model->trigger[PERF_TRIGGER_START][i] = -1;
		model->trigger[PERF_TRIGGER_STOP][i] = -1;
	}
	test->priv = model;

	return 0;
}

static int model_check(struct trigger_model *model, int trigger, int target,
		       enum perf_trigger_kind kind)
{
	int old = model->trigger[kind][target];

	if (trigger == target || trigger == NR_EVENTS - 1)
		return -EINVAL;
	if (old == trigger)
		return -EEXIST;
	if (old >= 0)
		return -EBUSY;

	return model->trigger[!kind][target] == trigger ? -EINVAL : 0;
}

static void model_unlink(struct trigger_model *model, int event)
{
	int kind, i;

	for (kind = 0; kind < PERF_TRIGGER_KINDS; kind++) {
		model->trigger[kind][event] = -1;
		for (i = 0; i < NR_EVENTS; i++)
			if (model->trigger[kind][i] == event)
				model->trigger[kind][i] = -1;
	}
}

/* Of a target that a trigger starts and stops the last link decides: there is none. */
static void model_fire(struct trigger_model *model, int event)
{
	int i;

	for (i = 0; i < NR_EVENTS; i++) {
		if (model->trigger[PERF_TRIGGER_START][i] == event)
			model->paused[i] = false;
		if (model->trigger[PERF_TRIGGER_STOP][i] == event)
			model->paused[i] = true;
	}
}

static int nr_links(struct perf_event *trigger)
{
	struct perf_trigger_link *link;
	int nr = 0;

	hlist_for_each_entry(link, &trigger->targets, node)
		nr++;

	return nr;
}

static void expect_equal(struct kunit *test, struct trigger_model *model)
{
	int want[NR_EVENTS] = { }, nr_targets = 0;
	int kind, i;

	for (i = 0; i < NR_EVENTS; i++) {
		struct perf_event *event = &model->events[i];

		for (kind = 0; kind < PERF_TRIGGER_KINDS; kind++) {
			int trigger = model->trigger[kind][i];

			KUNIT_EXPECT_PTR_EQ(test, event->trigger_link[kind].trigger,
					    trigger < 0 ? NULL : &model->events[trigger]);
			if (trigger >= 0)
				want[trigger]++;
		}
		KUNIT_EXPECT_EQ(test, event->paused, model->paused[i]);
		nr_targets += event->triggered;
	}
	for (i = 0; i < NR_EVENTS; i++)
		KUNIT_EXPECT_EQ(test, nr_links(&model->events[i]), want[i]);
	KUNIT_EXPECT_EQ(test, model->ctx.nr_targets, nr_targets);
	KUNIT_EXPECT_EQ(test, model->ctx.nr_switch_slow, nr_targets);
}

static void step(struct kunit *test, struct trigger_model *model, u32 dice)
{
	int a = dice % NR_EVENTS, b = (dice >> 8) % NR_EVENTS, err;
	enum perf_trigger_kind kind = (dice >> 16) % PERF_TRIGGER_KINDS;
	struct perf_event *trigger = &model->events[a], *target = &model->events[b];

	switch ((dice >> 20) % 8) {
	case 0:
		perf_trigger_unlink(trigger);
		model_unlink(model, a);
		return;
	case 1:
	case 2:
		perf_trigger_fire(trigger, NULL);
		model_fire(model, a);
		return;
	}

	err = perf_trigger_check(trigger, target, kind);
	KUNIT_ASSERT_EQ(test, err, model_check(model, a, b, kind));
	if (err)
		return;
	perf_trigger_link(trigger, target, kind);
	model->trigger[kind][b] = a;
}

static void random_links(struct kunit *test)
{
	struct trigger_model *model = test->priv;
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < NR_STEPS; i++) {
		step(test, model, prandom_u32_state(&rnd));
		expect_equal(test, model);
	}
}

/* The rules that a matrix of equal events does not have. */
static void refusals(struct kunit *test)
{
	struct trigger_model *model = test->priv;
	struct perf_event *trigger = &model->events[0], *target = &model->events[1];
	struct perf_event *copy = &model->events[2];

	target->hw.target = model->task[1];
	KUNIT_EXPECT_EQ(test, perf_trigger_check(trigger, target, 0), -EINVAL);
	target->hw.target = model->task[0];
	target->cpu = 0;
	KUNIT_EXPECT_EQ(test, perf_trigger_check(trigger, target, 0), -EINVAL);
	target->cpu = -1;

	/* Contexts do not matter: clones swap them. */
	target->ctx = NULL;
	KUNIT_EXPECT_EQ(test, perf_trigger_check(trigger, target, 0), 0);

	/* What one copy has, the root has. */
	copy->parent = target;
	list_add(&copy->child_list, &target->child_list);
	perf_trigger_link(trigger, copy, 0);
	KUNIT_EXPECT_EQ(test, perf_trigger_check(trigger, target, 0), -EEXIST);
	KUNIT_EXPECT_EQ(test, perf_trigger_check(trigger, target, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, perf_trigger_check(copy, target, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, perf_trigger_check(copy, target, 1), 0);
	perf_trigger_unlink(trigger);
	KUNIT_EXPECT_EQ(test, perf_trigger_check(trigger, target, 0), 0);
}

/* A PMU says that it can be stopped, or is the counters of a CPU. */
static void who_may_be_a_target(struct kunit *test)
{
	static const struct {
		unsigned int caps, type;
		int ctx_nr, err;
	} pmus[] = {
		{ 0, PERF_TYPE_RAW, perf_hw_context, 0 },
		{ PERF_PMU_CAP_EXTENDED_HW_TYPE, PERF_TYPE_MAX, perf_hw_context, 0 },
		{ PERF_PMU_CAP_AUX_PAUSE, PERF_TYPE_MAX, perf_sw_context, 0 },
		{ PERF_PMU_CAP_STOPS, PERF_TYPE_MAX, perf_invalid_context, 0 },
		{ PERF_PMU_CAP_LOOKS, PERF_TYPE_SOFTWARE, perf_sw_context, 0 },
		{ 0, PERF_TYPE_MAX, perf_hw_context, -EOPNOTSUPP },
		{ 0, PERF_TYPE_MAX, perf_sw_context, -EOPNOTSUPP },
		{ 0, PERF_TYPE_MAX, perf_invalid_context, -EOPNOTSUPP },
		{ PERF_PMU_CAP_NO_INTERRUPT, PERF_TYPE_RAW, perf_hw_context, -EOPNOTSUPP },
	};
	struct trigger_model *model = test->priv;

	for (int i = 0; i < ARRAY_SIZE(pmus); i++) {
		model->pmu.capabilities = pmus[i].caps;
		model->pmu.type = pmus[i].type;
		model->pmu.task_ctx_nr = pmus[i].ctx_nr;
		KUNIT_EXPECT_EQ_MSG(test, perf_trigger_begin_paused(&model->events[0]),
				    pmus[i].err, "PMU %d", i);
	}
}

static struct kunit_case trigger_cases[] = {
	KUNIT_CASE(random_links),
	KUNIT_CASE(refusals),
	KUNIT_CASE(who_may_be_a_target),
	{ }
};

static struct kunit_suite trigger_suite = {
	.name		= "perf_trigger",
	.init		= trigger_test_init,
	.test_cases	= trigger_cases,
};

kunit_test_suite(trigger_suite);
