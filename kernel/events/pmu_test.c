// SPDX-License-Identifier: GPL-2.0
/*
 * A PMU that goes, or moves, while its events are open.
 *
 * The PMU is allocated, and freed as soon as perf_pmu_unregister() returns: what
 * still looks at it is for KASAN to find.  It counts how often its callbacks were
 * called, so that each event is seen to leave it once.
 */
#include <kunit/test.h>
#include <linux/hw_breakpoint.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "internal.h"

/* A PMU, and what was done to it; the counts outlive it. */
struct pmu_tally {
	atomic_t	inits;
	atomic_t	destroys;
	atomic_t	on;
};

static struct pmu_tally tally;

static void tally_destroy(struct perf_event *event)
{
	atomic_inc(&tally.destroys);
}

static int tally_event_init(struct perf_event *event)
{
	if (event->attr.type != event->pmu->type)
		return -ENOENT;

	atomic_inc(&tally.inits);
	event->destroy = tally_destroy;
	return 0;
}

static int tally_add(struct perf_event *event, int flags)
{
	atomic_inc(&tally.on);
	return 0;
}

static void tally_del(struct perf_event *event, int flags)
{
	local64_add(1, &event->count);
	atomic_dec(&tally.on);
}

static void tally_nop(struct perf_event *event, int flags)
{
}

static void tally_read(struct perf_event *event)
{
}

static struct pmu *pmu_come(struct kunit *test)
{
	struct pmu *pmu = kzalloc(sizeof(*pmu), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pmu);
	memset(&tally, 0, sizeof(tally));
	*pmu = (struct pmu) {
		.task_ctx_nr	= perf_hw_context,
		.capabilities	= PERF_PMU_CAP_STOPS,
		.event_init	= tally_event_init,
		.add		= tally_add,
		.del		= tally_del,
		.start		= tally_nop,
		.stop		= tally_nop,
		.read		= tally_read,
	};
	KUNIT_ASSERT_EQ(test, perf_pmu_register(pmu, "kunit_tally", -1), 0);

	return pmu;
}

static void pmu_go(struct pmu *pmu)
{
	perf_pmu_unregister(pmu);
	memset(pmu, 0x5a, sizeof(*pmu));
	kfree(pmu);
}

/* Everybody has left, once. */
static void expect_left(struct kunit *test, int events)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&tally.inits), events);
	KUNIT_EXPECT_EQ(test, atomic_read(&tally.destroys), events);
	KUNIT_EXPECT_EQ(test, atomic_read(&tally.on), 0);
}

static struct perf_event *attr_open(const struct perf_event_attr *attr, int cpu,
				    struct task_struct *task, struct perf_event *leader)
{
	struct perf_event_params params = {
		.attr		= attr,
		.cpu		= cpu,
		.task		= task,
		.leader		= leader,
		.cgroup_fd	= -1,
	};
	struct perf_event *event = perf_event_alloc(&params);
	int err;

	if (IS_ERR(event))
		return event;

	perf_event_set_owner(event, NULL);
	err = perf_event_attach(event, leader);
	if (err) {
		perf_event_put(event);
		return ERR_PTR(err);
	}

	return event;
}

static struct perf_event *event_open(u32 type, u64 config, int cpu, struct task_struct *task,
				     struct perf_event *leader)
{
	struct perf_event_attr attr = {
		.type		= type,
		.config		= config,
		.size		= sizeof(attr),
		.sample_period	= 1000,
	};

	return attr_open(&attr, cpu, task, leader);
}

/* Every act is refused or does nothing; what was counted stays. */
static void expect_revoked(struct kunit *test, struct perf_event *event)
{
	u64 enabled, running, count;

	KUNIT_EXPECT_EQ(test, event->state, PERF_EVENT_STATE_REVOKED);
	KUNIT_EXPECT_EQ(test, perf_event_period(event, 10), -ENODEV);

	count = perf_event_read_value(event, &enabled, &running);
	perf_event_enable(event);
	perf_event_refresh(event, 1);
	KUNIT_EXPECT_EQ(test, event->state, PERF_EVENT_STATE_REVOKED);
	perf_event_disable(event);
	KUNIT_EXPECT_EQ(test, event->state, PERF_EVENT_STATE_REVOKED);
	KUNIT_EXPECT_EQ(test, perf_event_pause(event, false), count);
	KUNIT_EXPECT_LE(test, running, enabled);
}

static void test_of_a_cpu(struct kunit *test)
{
	struct pmu *pmu = pmu_come(test);
	struct perf_event *event = event_open(pmu->type, 0, 0, NULL, NULL);
	u32 type = pmu->type;

	KUNIT_ASSERT_FALSE(test, IS_ERR(event));
	KUNIT_EXPECT_EQ(test, atomic_read(&tally.on), 1);
	pmu_go(pmu);
	expect_left(test, 1);
	expect_revoked(test, event);
	KUNIT_EXPECT_EQ(test, local64_read(&event->count), 1);
	perf_event_release_kernel(event);
	expect_left(test, 1);
	KUNIT_EXPECT_PTR_EQ(test, event_open(type, 0, 0, NULL, NULL), ERR_PTR(-ENOENT));
}

/* With the context of current on the CPU, and the event disabled or not. */
static void test_of_a_task(struct kunit *test)
{
	struct pmu *pmu = pmu_come(test);
	struct perf_event *on = event_open(pmu->type, 0, -1, current, NULL);
	struct perf_event *off = event_open(pmu->type, 0, -1, current, NULL);

	KUNIT_ASSERT_FALSE(test, IS_ERR(on));
	KUNIT_ASSERT_FALSE(test, IS_ERR(off));
	perf_event_disable(off);
	KUNIT_EXPECT_EQ(test, atomic_read(&tally.on), 1);
	pmu_go(pmu);
	expect_left(test, 2);
	expect_revoked(test, on);
	expect_revoked(test, off);
	perf_event_release_kernel(off);
	perf_event_release_kernel(on);
	expect_left(test, 2);
}

/* A software event is scheduled with the hardware's group, also when that has left. */
static void test_of_a_mixed_group(struct kunit *test)
{
	for (int close = 0; close < 2; close++) {
		struct pmu *pmu = pmu_come(test);
		struct perf_event *leader = event_open(pmu->type, 0, -1, current, NULL);
		struct perf_event *guest, *other;

		KUNIT_ASSERT_FALSE(test, IS_ERR(leader));
		guest = event_open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, -1, current,
				   leader);
		KUNIT_ASSERT_FALSE(test, IS_ERR(guest));
		other = event_open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, -1, current, NULL);
		KUNIT_ASSERT_FALSE(test, IS_ERR(other));
		if (close) {
			perf_event_release_kernel(leader);
			KUNIT_EXPECT_EQ(test, guest->state, PERF_EVENT_STATE_ACTIVE);
		}
		pmu_go(pmu);
		expect_left(test, 1);
		expect_revoked(test, guest);
		KUNIT_EXPECT_EQ(test, other->state, PERF_EVENT_STATE_ACTIVE);
		if (!close) {
			expect_revoked(test, leader);
			perf_event_release_kernel(leader);
		}
		perf_event_release_kernel(guest);
		perf_event_release_kernel(other);
	}
}

static int wait_for_the_end(void *data)
{
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* Its task has gone before the PMU does: it can be read until then. */
static void test_of_a_task_that_exited(struct kunit *test)
{
	struct task_struct *task = kthread_run(wait_for_the_end, NULL, "perf_kunit");
	struct pmu *pmu = pmu_come(test);
	struct perf_event *event;

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	event = event_open(pmu->type, 0, -1, task, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(event));
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, event->state, PERF_EVENT_STATE_EXIT);
	pmu_go(pmu);
	expect_left(test, 1);
	expect_revoked(test, event);
	perf_event_release_kernel(event);
	expect_left(test, 1);
}

/* A trigger, or a target, goes with its PMU: no link to it stays. */
static void test_of_linked_events(struct kunit *test)
{
	struct pmu *pmu = pmu_come(test);
	struct perf_event *gone = event_open(pmu->type, 0, -1, current, NULL);
	struct perf_event *stays = event_open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, -1,
					      current, NULL);
	struct perf_event_context *ctx;

	KUNIT_ASSERT_FALSE(test, IS_ERR(gone));
	KUNIT_ASSERT_FALSE(test, IS_ERR(stays));
	ctx = perf_event_ctx_lock(gone);
	KUNIT_EXPECT_EQ(test, perf_trigger_set(gone, stays, PERF_TRIGGER_START), 0);
	KUNIT_EXPECT_EQ(test, perf_trigger_set(stays, gone, PERF_TRIGGER_STOP), 0);
	perf_event_ctx_unlock(ctx);
	KUNIT_EXPECT_PTR_EQ(test, stays->trigger_link[PERF_TRIGGER_START].trigger, gone);
	pmu_go(pmu);
	KUNIT_EXPECT_NULL(test, stays->trigger_link[PERF_TRIGGER_START].trigger);
	KUNIT_EXPECT_TRUE(test, hlist_empty(&stays->targets));
	ctx = perf_event_ctx_lock(stays);
	KUNIT_EXPECT_EQ(test, perf_trigger_set(stays, gone, PERF_TRIGGER_STOP), -ENODEV);
	KUNIT_EXPECT_EQ(test, perf_trigger_set(gone, stays, PERF_TRIGGER_START), -ENODEV);
	perf_event_ctx_unlock(ctx);
	expect_left(test, 1);
	perf_event_release_kernel(gone);
	perf_event_release_kernel(stays);
}

static u64 watched;

static struct perf_event *breakpoint_open(int cpu, struct perf_event *leader)
{
	struct perf_event_attr attr = {
		.type		= PERF_TYPE_BREAKPOINT,
		.size		= sizeof(attr),
		.sample_period	= 1000,
		.bp_addr	= (unsigned long)&watched,
		.bp_len		= HW_BREAKPOINT_LEN_4,
		.bp_type	= HW_BREAKPOINT_W,
	};

	return attr_open(&attr, cpu, NULL, leader);
}

/* It moves to another CPU; a breakpoint has a slot on the first only, and stays. */
static void expect_moved(struct kunit *test, struct perf_event *event, struct perf_event *bp,
			 int from, int to)
{
	KUNIT_EXPECT_EQ(test, event->cpu, to);
	KUNIT_EXPECT_EQ(test, event->oncpu, to);
	KUNIT_EXPECT_PTR_EQ(test, event->group_leader, event);
	KUNIT_EXPECT_EQ(test, event->nr_siblings, 0);
	KUNIT_EXPECT_EQ(test, bp->cpu, from);
	KUNIT_EXPECT_EQ(test, bp->state, PERF_EVENT_STATE_OFF);
	KUNIT_EXPECT_PTR_EQ(test, bp->group_leader, bp);
}

static void test_moves_without_breakpoints(struct kunit *test)
{
	int from = cpumask_first(cpu_online_mask), to = cpumask_next(from, cpu_online_mask);
	struct perf_event *event, *bp = breakpoint_open(from, NULL);
	struct pmu *pmu;

	if (IS_ERR(bp))
		kunit_skip(test, "no breakpoints");
	if (to >= nr_cpu_ids) {
		perf_event_release_kernel(bp);
		kunit_skip(test, "one CPU");
	}

	pmu = pmu_come(test);
	/* It leads. */
	event = event_open(pmu->type, 0, from, NULL, bp);
	KUNIT_ASSERT_FALSE(test, IS_ERR(event));
	KUNIT_EXPECT_EQ(test, bp->state, PERF_EVENT_STATE_ACTIVE);
	perf_pmu_migrate_context(pmu, from, to);
	expect_moved(test, event, bp, from, to);
	perf_event_release_kernel(bp);

	/* It is led. */
	bp = breakpoint_open(to, event);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bp));
	KUNIT_EXPECT_EQ(test, bp->state, PERF_EVENT_STATE_ACTIVE);
	perf_pmu_migrate_context(pmu, to, from);
	expect_moved(test, event, bp, to, from);
	perf_event_release_kernel(bp);

	perf_event_release_kernel(event);
	pmu_go(pmu);
	expect_left(test, 1);
}

struct opener {
	u32		type;
	atomic_t	opened;
};

static int open_and_close(void *data)
{
	struct opener *opener = data;

	for (int i = 0; !kthread_should_stop(); i++) {
		struct perf_event *event = event_open(opener->type, 0, i & 1 ? 0 : -1,
						      i & 1 ? NULL : current, NULL);

		if (IS_ERR(event)) {
			schedule_timeout_interruptible(1);
			continue;
		}
		atomic_inc(&opener->opened);
		perf_event_disable(event);
		perf_event_enable(event);
		perf_event_release_kernel(event);
	}

	return 0;
}

/* It goes while others open and close: each event leaves once, and then none comes. */
static void test_while_others_open(struct kunit *test)
{
	struct task_struct *task[3];
	struct opener opener;

	for (int round = 0; round < 5; round++) {
		struct pmu *pmu = pmu_come(test);

		opener = (struct opener) { .type = pmu->type };
		for (int i = 0; i < ARRAY_SIZE(task); i++) {
			task[i] = kthread_run(open_and_close, &opener, "perf_kunit");
			KUNIT_ASSERT_FALSE(test, IS_ERR(task[i]));
		}
		while (atomic_read(&opener.opened) < 20 * (round + 1))
			schedule_timeout_uninterruptible(1);
		pmu_go(pmu);
		for (int i = 0; i < ARRAY_SIZE(task); i++)
			kthread_stop(task[i]);
		expect_left(test, atomic_read(&tally.inits));
		KUNIT_EXPECT_GE(test, atomic_read(&tally.inits), 20 * (round + 1));
	}
}

static struct kunit_case perf_pmu_cases[] = {
	KUNIT_CASE(test_of_a_cpu),
	KUNIT_CASE(test_of_a_task),
	KUNIT_CASE(test_of_a_mixed_group),
	KUNIT_CASE(test_of_a_task_that_exited),
	KUNIT_CASE(test_of_linked_events),
	KUNIT_CASE(test_moves_without_breakpoints),
	KUNIT_CASE_SLOW(test_while_others_open),
	{}
};

static struct kunit_suite perf_pmu_suite = {
	.name		= "perf_pmu",
	.test_cases	= perf_pmu_cases,
};

kunit_test_suite(perf_pmu_suite);
