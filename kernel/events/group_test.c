// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the order of groups, against an array that is sorted by hand.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/sort.h>

#include "internal.h"

#define NR_LEADERS	64
#define NR_CPUS_USED	3	/* -1, 0, 1 */

struct group_model {
	struct perf_group_set	set;
	struct perf_event	*leaders;
	bool			in[NR_LEADERS];
};

static int group_test_init(struct kunit *test)
{
	struct group_model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, model);
	model->leaders = kunit_kcalloc(test, NR_LEADERS, sizeof(*model->leaders), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model->leaders);
	for (i = 0; i < NR_LEADERS; i++) {
		model->leaders[i].cpu = i % NR_CPUS_USED - 1;
		RB_CLEAR_NODE(&model->leaders[i].group_node);
	}
	test->priv = model;

	return 0;
}

/* The stream of @cpu as the array has it, by index; returns its length. */
static int model_stream(struct group_model *model, int cpu, struct perf_event **out)
{
	int i, j, nr = 0;

	for (i = 0; i < NR_LEADERS; i++) {
		struct perf_event *leader = &model->leaders[i];

		if (!model->in[i] || leader->cpu != cpu)
			continue;
		for (j = nr++; j && out[j - 1]->group_index > leader->group_index; j--)
			out[j] = out[j - 1];
		out[j] = leader;
	}

	return nr;
}

static void expect_stream(struct kunit *test, struct group_model *model, int cpu)
{
	struct perf_event *expected[NR_LEADERS], *leader;
	int nr = model_stream(model, cpu, expected), i = 0;

	for (leader = perf_group_first(&model->set, cpu, 0); leader;
	     leader = perf_group_next(leader)) {
		KUNIT_ASSERT_LT(test, i, nr);
		KUNIT_ASSERT_PTR_EQ(test, leader, expected[i]);
		i++;
	}
	KUNIT_EXPECT_EQ(test, i, nr);
}

/* Insert, take out and send to the end at random: each stream stays in order. */
static void group_random_walk(struct kunit *test)
{
	struct group_model *model = test->priv;
	struct rnd_state rnd;
	int step, cpu;

	prandom_seed_state(&rnd, 42);
	for (step = 0; step < 4000; step++) {
		int i = prandom_u32_state(&rnd) % NR_LEADERS;

		if (model->in[i])
			perf_group_erase(&model->set, &model->leaders[i]);
		else
			perf_group_insert(&model->set, &model->leaders[i]);
		model->in[i] = !model->in[i];

		cpu = (int)(prandom_u32_state(&rnd) % NR_CPUS_USED) - 1;
		expect_stream(test, model, cpu);
	}
}

/* To take out what is not there does nothing. */
static void group_erase_twice(struct kunit *test)
{
	struct group_model *model = test->priv;

	perf_group_insert(&model->set, &model->leaders[0]);
	perf_group_erase(&model->set, &model->leaders[0]);
	perf_group_erase(&model->set, &model->leaders[0]);
	KUNIT_EXPECT_TRUE(test, perf_group_set_empty(&model->set));
	KUNIT_EXPECT_NULL(test, perf_group_first(&model->set, model->leaders[0].cpu, 0));
}

struct merge_log {
	struct perf_group_set	*set;
	struct perf_event	*seen[NR_LEADERS];
	int			nr;
	int			stop_after;
};

/* Takes out what it visits, as a pinned group in error does. */
static int log_and_erase(struct perf_event *leader, void *arg)
{
	struct merge_log *log = arg;

	log->seen[log->nr++] = leader;
	perf_group_erase(log->set, leader);

	return log->nr == log->stop_after ? -EBUSY : 0;
}

/* Two streams are visited as one, in the order in which their groups came. */
static void group_merge_order(struct kunit *test)
{
	struct group_model *model = test->priv;
	struct perf_event *streams[2];
	struct merge_log log = { .set = &model->set };
	int i;

	for (i = 0; i < NR_LEADERS; i++)
		perf_group_insert(&model->set, &model->leaders[i]);

	streams[0] = perf_group_first(&model->set, 0, 0);
	streams[1] = perf_group_first(&model->set, -1, 0);
	KUNIT_EXPECT_EQ(test, perf_group_merge(streams, 2, log_and_erase, &log), 0);

	for (i = 1; i < log.nr; i++)
		KUNIT_EXPECT_LT(test, log.seen[i - 1]->group_index, log.seen[i]->group_index);
	for (i = 0; i < log.nr; i++)
		KUNIT_EXPECT_NE(test, log.seen[i]->cpu, 1);
	KUNIT_EXPECT_EQ(test, log.nr,
			DIV_ROUND_UP(NR_LEADERS, 3) + DIV_ROUND_UP(NR_LEADERS - 1, 3));
}

static void group_merge_stops(struct kunit *test)
{
	struct group_model *model = test->priv;
	struct merge_log log = { .set = &model->set, .stop_after = 3 };
	struct perf_event *streams[2] = { };
	int i;

	KUNIT_EXPECT_EQ(test, perf_group_merge(streams, 2, log_and_erase, &log), 0);
	KUNIT_EXPECT_EQ(test, log.nr, 0);

	for (i = 0; i < NR_LEADERS; i++)
		perf_group_insert(&model->set, &model->leaders[i]);
	streams[1] = perf_group_first(&model->set, 1, 0);
	KUNIT_EXPECT_EQ(test, perf_group_merge(streams, 2, log_and_erase, &log), -EBUSY);
	KUNIT_EXPECT_EQ(test, log.nr, 3);
}

static struct kunit_case group_test_cases[] = {
	KUNIT_CASE(group_random_walk),
	KUNIT_CASE(group_erase_twice),
	KUNIT_CASE(group_merge_order),
	KUNIT_CASE(group_merge_stops),
	{}
};

static struct kunit_suite group_test_suite = {
	.name = "perf_group",
	.init = group_test_init,
	.test_cases = group_test_cases,
};

kunit_test_suites(&group_test_suite);
