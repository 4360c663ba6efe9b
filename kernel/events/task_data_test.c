// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of what a PMU keeps of a task.
 *
 * Each test has a cache of its own, and ends by destroying it: the allocator reports what
 * was not given back.  The tasks of the first tests are none: of a task only its pointer and
 * flags are used.  Those with a PMU are about real threads.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "internal.h"

#define MAGIC	0x7461736b64617461ULL

struct task_data {
	u64	magic;
	u64	switches;
};

struct fixture {
	struct kmem_cache	*cache;
	struct task_struct	*task;
};

static int task_data_test_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	f->task = kunit_kzalloc(test, sizeof(*f->task), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->task);
	f->cache = kmem_cache_create("kunit_task_data", sizeof(struct task_data), 0,
				     SLAB_NO_MERGE, NULL);
	KUNIT_ASSERT_NOT_NULL(test, f->cache);

	return 0;
}

static void task_data_test_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	rcu_barrier();
	if (f && f->cache)
		kmem_cache_destroy(f->cache);
}

static struct perf_ctx_data *data_of(struct task_struct *task)
{
	return rcu_access_pointer(task->perf_ctx_data);
}

static void test_shared(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct perf_ctx_data *data;

	KUNIT_ASSERT_EQ(test, perf_task_data_get(f->task, f->cache, false), 0);
	data = data_of(f->task);
	KUNIT_ASSERT_NOT_NULL(test, data);
	KUNIT_EXPECT_EQ(test, data->global, 0);
	KUNIT_EXPECT_EQ(test, ((struct task_data *)data->data)->magic, 0);
	KUNIT_ASSERT_EQ(test, perf_task_data_get(f->task, f->cache, false), 0);
	KUNIT_EXPECT_PTR_EQ(test, data_of(f->task), data);
	KUNIT_EXPECT_EQ(test, refcount_read(&data->refcount), 2);
	perf_task_data_put(f->task, false);
	KUNIT_EXPECT_PTR_EQ(test, data_of(f->task), data);
	perf_task_data_put(f->task, false);
	KUNIT_EXPECT_NULL(test, data_of(f->task));
}

/* Those of CPUs hold one reference, however often it is asked for and given back. */
static void test_global_once(struct kunit *test)
{
	struct fixture *f = test->priv;

	perf_task_data_put(f->task, true);
	KUNIT_ASSERT_EQ(test, perf_task_data_get(f->task, f->cache, true), 0);
	KUNIT_ASSERT_EQ(test, perf_task_data_get(f->task, f->cache, true), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&data_of(f->task)->refcount), 1);
	perf_task_data_put(f->task, true);
	KUNIT_EXPECT_NULL(test, data_of(f->task));
	perf_task_data_put(f->task, true);
}

/* Both kinds of users come and go in each order. */
static void test_orders(struct kunit *test)
{
	struct fixture *f = test->priv;
	int order;

	for (order = 0; order < 4; order++) {
		bool first = order & 1, last = order & 2;

		KUNIT_ASSERT_EQ(test, perf_task_data_get(f->task, f->cache, first), 0);
		KUNIT_ASSERT_EQ(test, perf_task_data_get(f->task, f->cache, !first), 0);
		KUNIT_EXPECT_EQ(test, refcount_read(&data_of(f->task)->refcount), 2);
		KUNIT_EXPECT_EQ(test, data_of(f->task)->global, 1);
		perf_task_data_put(f->task, !last);
		KUNIT_EXPECT_NOT_NULL(test, data_of(f->task));
		perf_task_data_put(f->task, last);
		KUNIT_EXPECT_NULL(test, data_of(f->task));
	}
}

/* Somebody else's object came first. */
static void test_lost(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct perf_ctx_data *mine = perf_task_data_alloc(f->cache, true);
	struct perf_ctx_data *theirs;

	KUNIT_ASSERT_NOT_NULL(test, mine);
	KUNIT_ASSERT_EQ(test, perf_task_data_get(f->task, f->cache, false), 0);
	theirs = data_of(f->task);
	KUNIT_EXPECT_EQ(test, perf_task_data_install(f->task, mine), 0);
	KUNIT_EXPECT_PTR_EQ(test, data_of(f->task), theirs);
	KUNIT_EXPECT_EQ(test, refcount_read(&theirs->refcount), 2);
	KUNIT_EXPECT_EQ(test, theirs->global, 1);
	perf_task_data_put(f->task, false);
	perf_task_data_put(f->task, true);
	KUNIT_EXPECT_NULL(test, data_of(f->task));
}

/* Its last reference has gone, but who put that has not come to take it out. */
static void test_dead(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct perf_ctx_data *dead = perf_task_data_alloc(f->cache, false);

	KUNIT_ASSERT_NOT_NULL(test, dead);
	refcount_set(&dead->refcount, 0);
	RCU_INIT_POINTER(f->task->perf_ctx_data, dead);
	KUNIT_EXPECT_EQ(test, perf_task_data_get(f->task, f->cache, false), 0);
	KUNIT_EXPECT_PTR_NE(test, data_of(f->task), dead);
	KUNIT_EXPECT_EQ(test, refcount_read(&data_of(f->task)->refcount), 1);
	perf_task_data_put(f->task, false);
	KUNIT_EXPECT_NULL(test, data_of(f->task));
}

static void test_other_pmu(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct kmem_cache *other = kmem_cache_create("kunit_task_data_2", 64, 0, SLAB_NO_MERGE,
						     NULL);

	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_ASSERT_EQ(test, perf_task_data_get(f->task, f->cache, false), 0);
	KUNIT_EXPECT_EQ(test, perf_task_data_get(f->task, other, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, perf_task_data_get(f->task, other, true), -EBUSY);
	KUNIT_EXPECT_EQ(test, refcount_read(&data_of(f->task)->refcount), 1);
	KUNIT_EXPECT_EQ(test, data_of(f->task)->global, 0);
	perf_task_data_put(f->task, false);
	KUNIT_EXPECT_NULL(test, data_of(f->task));
	rcu_barrier();
	kmem_cache_destroy(other);
}

/* A set-user-ID program's task lives on, and keeps what it has. */
static void test_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, perf_task_data_get(f->task, f->cache, false), 0);
	KUNIT_ASSERT_EQ(test, perf_task_data_get(f->task, f->cache, true), 0);
	perf_task_data_exit(f->task);
	KUNIT_EXPECT_EQ(test, data_of(f->task)->global, 1);
	f->task->flags |= PF_EXITING;
	perf_task_data_exit(f->task);
	KUNIT_EXPECT_EQ(test, data_of(f->task)->global, 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&data_of(f->task)->refcount), 1);
	perf_task_data_exit(f->task);
	perf_task_data_put(f->task, false);
	KUNIT_EXPECT_NULL(test, data_of(f->task));
}

/* ---- Races ------------------------------------------------------------------ */

#define NR_RACERS	4
#define NR_ROUNDS	20000

static int racer(void *arg)
{
	struct fixture *f = arg;
	struct rnd_state rnd;
	int i, held = 0, bad = 0;

	prandom_seed_state(&rnd, current->pid);
	for (i = 0; i < NR_ROUNDS; i++) {
		switch (prandom_u32_state(&rnd) % 4) {
		case 0:
			if (!held && !perf_task_data_get(f->task, f->cache, false))
				held = 1;
			break;
		case 1:
			if (held)
				perf_task_data_put(f->task, false);
			held = 0;
			break;
		case 2:
			bad += !!perf_task_data_get(f->task, f->cache, true);
			break;
		case 3:
			perf_task_data_put(f->task, true);
			break;
		}
		if (held) {
			guard(rcu)();
			bad += !refcount_read(&rcu_dereference(f->task->perf_ctx_data)->refcount);
		}
		cond_resched();
	}
	if (held)
		perf_task_data_put(f->task, false);

	/* Who made us wants to know. */
	set_current_state(TASK_INTERRUPTIBLE);
	while (!kthread_should_stop()) {
		schedule();
		set_current_state(TASK_INTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);

	return bad;
}

static void test_races(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct task_struct *racers[NR_RACERS];
	int i;

	for (i = 0; i < NR_RACERS; i++) {
		racers[i] = kthread_run(racer, f, "task_data/%d", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(racers[i]));
	}
	for (i = 0; i < NR_RACERS; i++)
		KUNIT_EXPECT_EQ(test, kthread_stop(racers[i]), 0);
	perf_task_data_put(f->task, true);
	KUNIT_EXPECT_NULL(test, data_of(f->task));
}

/* ---- With a PMU ------------------------------------------------------------- */

/* What sched_task() saw. */
static struct {
	struct kmem_cache	*cache;
	atomic_t		in;
	atomic_t		out;
	atomic_t		bad;		/* a context of another task */
	atomic_t		without;	/* no data */
} seen;

static int keeper_event_init(struct perf_event *event)
{
	if (event->attr.type != event->pmu->type)
		return -ENOENT;
	event->attach_state |= PERF_ATTACH_TASK_DATA | PERF_ATTACH_SCHED_CB;

	return 0;
}

static int keeper_add(struct perf_event *event, int flags)
{
	perf_sched_cb_inc(event->pmu);
	return 0;
}

static void keeper_del(struct perf_event *event, int flags)
{
	perf_sched_cb_dec(event->pmu);
}

static void keeper_nop(struct perf_event *event, int flags)
{
}

static void keeper_read(struct perf_event *event)
{
}

static void keeper_sched_task(struct perf_event_pmu_context *epc, struct task_struct *task,
			      bool sched_in)
{
	struct perf_ctx_data *data = rcu_dereference_sched(task->perf_ctx_data);
	struct task_data *mine = data ? data->data : NULL;

	atomic_inc(sched_in ? &seen.in : &seen.out);
	if (epc && epc->ctx->task != task)
		atomic_inc(&seen.bad);
	if (!mine) {
		/* The idle tasks have no PID, and whoever exits may have lost it. */
		if (!is_idle_task(task) && !(task->flags & PF_EXITING))
			atomic_inc(&seen.without);
		return;
	}
	if (mine->magic && (mine->magic != MAGIC || data->ctx_cache != seen.cache))
		atomic_inc(&seen.bad);
	mine->magic = MAGIC;
	mine->switches++;
}

static struct pmu keeper;

static void keeper_come(struct kunit *test)
{
	struct fixture *f = test->priv;

	memset(&seen, 0, sizeof(seen));
	seen.cache = f->cache;
	keeper = (struct pmu){
		.task_ctx_nr	= perf_hw_context,
		.task_ctx_cache	= f->cache,
		.event_init	= keeper_event_init,
		.add		= keeper_add,
		.del		= keeper_del,
		.start		= keeper_nop,
		.stop		= keeper_nop,
		.read		= keeper_read,
		.sched_task	= keeper_sched_task,
	};
	KUNIT_ASSERT_EQ(test, perf_pmu_register(&keeper, "kunit_keeper", -1), 0);
}

static struct perf_event *keeper_open(int cpu, struct task_struct *task)
{
	struct perf_event_attr attr = {
		.type = keeper.type, .size = sizeof(attr), .sample_period = 1000,
	};

	return perf_event_create_kernel_counter(&attr, cpu, task, NULL, NULL);
}

/* Threads that have data; @global: for CPUs. */
static int threads_with_data(bool global)
{
	struct task_struct *g, *p;
	int n = 0;

	guard(rcu)();
	for_each_process_thread(g, p) {
		struct perf_ctx_data *data = rcu_dereference(p->perf_ctx_data);

		n += data && (!global || READ_ONCE(data->global));
	}

	return n;
}

static int nothing(void *unused)
{
	return 0;
}

/* Threads come and go, and the scheduler has something to do. */
static void fork_and_exit(struct kunit *test, int n)
{
	while (n--) {
		struct task_struct *task = kthread_run(nothing, NULL, "task_data");

		KUNIT_ASSERT_FALSE(test, IS_ERR(task));
		usleep_range(50, 100);
	}
}

/* Only CPUs have events: the PMU is told of switches, of tasks without a context, too. */
static void test_cpu_event(struct kunit *test)
{
	struct perf_event *event[2];

	keeper_come(test);
	event[0] = keeper_open(0, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(event[0]));
	KUNIT_EXPECT_NOT_NULL(test, data_of(current));
	KUNIT_EXPECT_NULL(test, data_of(&init_task));
	KUNIT_EXPECT_GT(test, threads_with_data(true), 3);
	event[1] = keeper_open(0, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(event[1]));
	KUNIT_EXPECT_EQ(test, refcount_read(&data_of(current)->refcount), 1);

	set_cpus_allowed_ptr(current, cpumask_of(0));
	fork_and_exit(test, 50);
	msleep(20);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	KUNIT_EXPECT_GT(test, atomic_read(&seen.in), 10);
	KUNIT_EXPECT_GT(test, atomic_read(&seen.out), 10);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.bad), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.without), 0);

	perf_event_release_kernel(event[1]);
	KUNIT_EXPECT_NOT_NULL(test, data_of(current));
	perf_event_release_kernel(event[0]);
	KUNIT_EXPECT_EQ(test, threads_with_data(false), 0);
	perf_pmu_unregister(&keeper);
}

static void test_task_event(struct kunit *test)
{
	struct perf_event *event, *all;

	keeper_come(test);
	event = keeper_open(-1, current);
	KUNIT_ASSERT_FALSE(test, IS_ERR(event));
	KUNIT_EXPECT_EQ(test, threads_with_data(false), 1);
	usleep_range(1000, 2000);
	KUNIT_EXPECT_GT(test, atomic_read(&seen.in), 0);
	all = keeper_open(0, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(all));
	KUNIT_EXPECT_EQ(test, refcount_read(&data_of(current)->refcount), 2);
	perf_event_release_kernel(all);
	KUNIT_EXPECT_EQ(test, threads_with_data(false), 1);
	perf_event_release_kernel(event);
	KUNIT_EXPECT_EQ(test, threads_with_data(false), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.bad), 0);
	perf_pmu_unregister(&keeper);
}

/* How many may still be allocated. */
static int memory_left;

static struct perf_ctx_data *alloc_while_there_is(struct kmem_cache *cache, bool global)
{
	struct kunit *test = kunit_get_current_test();
	struct perf_ctx_data *data;

	if (!memory_left--)
		return NULL;
	kunit_deactivate_static_stub(test, perf_task_data_alloc);
	data = perf_task_data_alloc(cache, global);
	kunit_activate_static_stub(test, perf_task_data_alloc, alloc_while_there_is);

	return data;
}

/* Each allocation fails in turn: of the first thread's data, of the last one's. */
static void test_no_memory(struct kunit *test)
{
	struct perf_event *event;
	int n;

	keeper_come(test);
	kunit_activate_static_stub(test, perf_task_data_alloc, alloc_while_there_is);
	memory_left = 0;
	KUNIT_EXPECT_PTR_EQ(test, keeper_open(-1, current), ERR_PTR(-ENOMEM));
	for (n = 0; n < 1000; n++) {
		memory_left = n;
		event = keeper_open(0, NULL);
		if (!IS_ERR(event))
			break;
		KUNIT_EXPECT_PTR_EQ(test, event, ERR_PTR(-ENOMEM));
		KUNIT_EXPECT_EQ(test, threads_with_data(false), 0);
	}
	kunit_deactivate_static_stub(test, perf_task_data_alloc);
	KUNIT_ASSERT_FALSE(test, IS_ERR(event));
	KUNIT_EXPECT_GT(test, n, 3);
	perf_event_release_kernel(event);
	KUNIT_EXPECT_EQ(test, threads_with_data(false), 0);
	perf_pmu_unregister(&keeper);
}

static int forker(void *arg)
{
	while (!kthread_should_stop()) {
		struct task_struct *task = kthread_run(nothing, NULL, "task_data");

		if (!IS_ERR(task))
			cond_resched();
		usleep_range(50, 100);
	}

	return 0;
}

/* Events of CPUs come and go while threads do. */
static void test_walk_races(struct kunit *test)
{
	struct task_struct *forkers[2];
	struct perf_event *event;
	int i;

	keeper_come(test);
	for (i = 0; i < ARRAY_SIZE(forkers); i++) {
		forkers[i] = kthread_run(forker, NULL, "task_data/%d", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(forkers[i]));
	}
	for (i = 0; i < 100; i++) {
		event = keeper_open(i % num_online_cpus(), NULL);
		KUNIT_EXPECT_FALSE(test, IS_ERR(event));
		usleep_range(100, 200);
		if (!IS_ERR(event))
			perf_event_release_kernel(event);
	}
	for (i = 0; i < ARRAY_SIZE(forkers); i++)
		kthread_stop(forkers[i]);
	KUNIT_EXPECT_EQ(test, threads_with_data(false), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.bad), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.without), 0);
	perf_pmu_unregister(&keeper);
}

static struct kunit_case task_data_test_cases[] = {
	KUNIT_CASE(test_shared),
	KUNIT_CASE(test_global_once),
	KUNIT_CASE(test_orders),
	KUNIT_CASE(test_lost),
	KUNIT_CASE(test_dead),
	KUNIT_CASE(test_other_pmu),
	KUNIT_CASE(test_exit),
	KUNIT_CASE(test_races),
	KUNIT_CASE(test_cpu_event),
	KUNIT_CASE(test_task_event),
	KUNIT_CASE(test_no_memory),
	KUNIT_CASE(test_walk_races),
	{ }
};

static struct kunit_suite task_data_test_suite = {
	.name		= "perf_task_data",
	.init		= task_data_test_init,
	.exit		= task_data_test_exit,
	.test_cases	= task_data_test_cases,
};

kunit_test_suite(task_data_test_suite);
