// SPDX-License-Identifier: GPL-2.0
/*
 * Putting an event where its task is.  A thread is moved from CPU to CPU all
 * the time while events are opened on it.  An event that was opened before all
 * the others is the ruler: between two readings of the ruler that lie around
 * the life of an event, the event cannot have been enabled for longer; between
 * two that lie inside, not for less.
 */
#include "perf_util.h"

#define ROUNDS	rounds(1000)

static const __u64 times = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;

struct walker {
	pthread_t thread[2];
	pid_t tid;
	int stop;
	int moves;
};

static void *walk(void *arg)
{
	struct walker *w = arg;

	__atomic_store_n(&w->tid, get_tid(), __ATOMIC_RELEASE);
	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED))
		;
	return NULL;
}

static void *drive(void *arg)
{
	struct walker *w = arg;
	cpu_set_t set;

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		CPU_ZERO(&set);
		CPU_SET(w->moves & 1, &set);
		if (sched_setaffinity(w->tid, sizeof(set), &set))
			break;
		__atomic_fetch_add(&w->moves, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

FIXTURE(walk)
{
	struct walker w;
	struct perf_event_attr attr;
	int ruler;
};

FIXTURE_VARIANT(walk)
{
	__u32 type;
	__u64 config;
	__u64 period;
};

FIXTURE_VARIANT_ADD(walk, resident)
{
	.type = PERF_TYPE_SOFTWARE,
	.config = PERF_COUNT_SW_PAGE_FAULTS,
};

FIXTURE_VARIANT_ADD(walk, sampling)
{
	.type = PERF_TYPE_SOFTWARE,
	.config = PERF_COUNT_SW_PAGE_FAULTS,
	.period = 1,
};

FIXTURE_VARIANT_ADD(walk, clock)
{
	.type = PERF_TYPE_SOFTWARE,
	.config = PERF_COUNT_SW_TASK_CLOCK,
};

FIXTURE_SETUP(walk)
{
	struct perf_event_attr ruler = sw_attr(PERF_COUNT_SW_DUMMY);

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU");
	pthread_create(&self->w.thread[0], NULL, walk, &self->w);
	while (!__atomic_load_n(&self->w.tid, __ATOMIC_ACQUIRE))
		sched_yield();
	pthread_create(&self->w.thread[1], NULL, drive, &self->w);
	self->attr = pe_attr(variant->type, variant->config);
	self->attr.sample_period = variant->period;
	self->attr.read_format = times;
	ruler.read_format = times;
	self->ruler = pe_open(&ruler, self->w.tid, -1, -1, 0);
	ASSERT_LE(0, self->ruler);
}

FIXTURE_TEARDOWN(walk)
{
	if (!self->w.tid)
		return;
	__atomic_store_n(&self->w.stop, 1, __ATOMIC_RELAXED);
	pthread_join(self->w.thread[0], NULL);
	pthread_join(self->w.thread[1], NULL);
	close(self->ruler);
}

static __u64 enabled_of(int fd)
{
	struct reading r;

	return pe_read(fd, times, &r) ? NO_COUNT : r.enabled;
}

TEST_F(walk, no_time_is_lost_or_invented)
{
	struct reading r;

	for (int i = 0; i < ROUNDS; i++) {
		__u64 outer[2], inner[2], wall[2];
		int fd;

		wall[0] = now_ns(CLOCK_MONOTONIC);
		outer[0] = enabled_of(self->ruler);
		fd = pe_open(&self->attr, self->w.tid, -1, -1, 0);
		inner[0] = enabled_of(self->ruler);
		sched_yield();
		inner[1] = enabled_of(self->ruler);
		ASSERT_EQ(0, pe_read(fd, times, &r));
		outer[1] = enabled_of(self->ruler);
		wall[1] = now_ns(CLOCK_MONOTONIC);
		close(fd);
		ASSERT_EQ(r.enabled, r.running) {
			TH_LOG("round %d", i);
		}
		ASSERT_LE(r.enabled, outer[1] - outer[0]) {
			TH_LOG("round %d", i);
		}
		ASSERT_GE(r.enabled, inner[1] - inner[0]) {
			TH_LOG("round %d", i);
		}
		ASSERT_LE(r.enabled, wall[1] - wall[0] + NSEC_PER_MSEC);
	}
	EXPECT_LT(rounds(10) / 2, __atomic_load_n(&self->w.moves, __ATOMIC_RELAXED));
}

TEST_F(walk, enable_and_disable_hold)
{
	struct reading one, two;
	int fd;

	self->attr.disabled = 1;
	fd = pe_open(&self->attr, self->w.tid, -1, -1, 0);
	for (int i = 0; i < ROUNDS / 2; i++) {
		ASSERT_EQ(0, pe_enable(fd));
		ASSERT_EQ(0, pe_disable(fd));
		ASSERT_EQ(0, pe_read(fd, times, &one));
		sched_yield();
		ASSERT_EQ(0, pe_read(fd, times, &two));
		ASSERT_EQ(one.enabled, two.enabled);
		ASSERT_EQ(one.enabled, one.running);
		ASSERT_EQ(one.of[0].value, two.of[0].value);
	}
	close(fd);
}

/* Groups are read at one point of time, wherever their task is. */
TEST_F(walk, group_has_one_time)
{
	__u64 format = times | PERF_FORMAT_GROUP;
	struct reading r;

	self->attr.read_format = format;
	for (int i = 0; i < ROUNDS / 4; i++) {
		int leader = pe_open(&self->attr, self->w.tid, -1, -1, 0);
		int sibling = pe_open(&self->attr, self->w.tid, -1, leader, 0);

		ASSERT_LE(0, sibling);
		ASSERT_EQ(0, pe_read(leader, format, &r));
		ASSERT_EQ(2, r.nr);
		ASSERT_EQ(r.enabled, r.running);
		close(leader);
		close(sibling);
	}
}

/* ---- At once ---- */

static void *first_event(void *arg)
{
	struct perf_event_attr attr = fault_attr();
	unsigned char *p = pages_new(5);
	long n;
	int fd = pe_self(&attr);

	pages_touch(p, 5);
	n = pe_count(fd);
	close(fd);
	pages_free(p, 5);
	return (void *)n;
}

TEST(first_event_of_a_thread_counts_at_once)
{
	pthread_t thread;
	void *n;

	warm_up();
	for (int i = 0; i < 200; i++) {
		pthread_create(&thread, NULL, first_event, NULL);
		pthread_join(thread, &n);
		ASSERT_LE(5, (long)n);
		/* The thread's own new stack may fault beside them. */
		ASSERT_GE(8, (long)n);
	}
}

/*
 * Time begins with the open and ends with the disabling, to the moment, though
 * nothing has looked at the context's clock for long: of a task that runs on, and
 * of a CPU.
 */
TEST(no_older_than_its_open)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);
	struct reading r;

	ASSERT_EQ(0, pin_to(0));
	attr.read_format = times;
	for (int cpu = -1; cpu < 1; cpu++) {
		pid_t pid = cpu < 0 ? 0 : -1;
		int first = pe_open(&attr, pid, cpu, -1, 0), second;
		__u64 wall, least;

		ASSERT_LE(0, first);
		for (int i = 0; i < 10; i++) {
			spin_ms(3);
			wall = now_ns(CLOCK_MONOTONIC);
			second = pe_open(&attr, pid, cpu, -1, 0);
			least = now_ns(CLOCK_MONOTONIC);
			spin_ms(3);
			least = now_ns(CLOCK_MONOTONIC) - least;
			pe_disable(second);
			wall = now_ns(CLOCK_MONOTONIC) - wall;
			ASSERT_EQ(0, pe_read(second, times, &r));
			EXPECT_LE(r.enabled, wall + 100000);
			/* A task may have been preempted; a CPU's time goes on. */
			EXPECT_LE(cpu < 0 ? NSEC_PER_MSEC / 2 : least, r.enabled + 100000);
			close(second);
		}
		close(first);
	}
}

TEST(after_prctl_has_disabled_all)
{
	struct perf_event_attr attr = fault_attr();
	int before, after;

	warm_up();
	before = pe_self(&attr);
	ASSERT_EQ(0, prctl(PR_TASK_PERF_EVENTS_DISABLE));
	pe_ioctl(before, PERF_EVENT_IOC_RESET, 0);
	touch_pages(3);
	EXPECT_EQ(0, pe_count(before));
	attr.disabled = 1;
	after = pe_self(&attr);
	touch_pages(3);
	EXPECT_EQ(0, pe_count(after));
	burst(after, 4);
	EXPECT_EQ(4, pe_count(after));
	EXPECT_EQ(0, pe_count(before));
	ASSERT_EQ(0, prctl(PR_TASK_PERF_EVENTS_ENABLE));
	touch_pages(5);
	ASSERT_EQ(0, prctl(PR_TASK_PERF_EVENTS_DISABLE));
	EXPECT_EQ(9, pe_count(after));
	EXPECT_EQ(5, pe_count(before));
}

static int touch_when_told(struct worker *w)
{
	pin_to(0);
	touch_pages(2);
	worker_post(w);
	while (worker_wait(w)) {
		touch_pages(7);
		worker_post(w);
	}
	return 0;
}

TEST(on_a_task_that_sleeps)
{
	struct perf_event_attr attr = fault_attr();
	struct worker w;
	int fd;

	if (!worker_fork(&w))
		_exit(touch_when_told(&w));
	ASSERT_TRUE(worker_wait(&w));
	sleep_ms(20);
	fd = pe_open(&attr, w.pid, -1, -1, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, pe_count(fd));
	for (int i = 1; i < 5; i++) {
		worker_post(&w);
		ASSERT_TRUE(worker_wait(&w));
		EXPECT_EQ(7 * i, pe_count(fd));
	}
	EXPECT_EQ(0, worker_join(&w));
}

/* An event bound to a CPU where the task is not: enabled, never running. */
TEST(on_a_cpu_where_the_task_is_not)
{
	struct perf_event_attr attr = fault_attr();
	struct reading r;
	int here, there;

	ASSERT_EQ(0, pin_to(0));
	attr.read_format = times;
	here = pe_open(&attr, 0, 0, -1, 0);
	there = pe_open(&attr, 0, 1, -1, 0);
	if (there < 0)
		SKIP(return, "one CPU");
	warm_up();
	spin_ms(5);
	touch_pages(10);
	ASSERT_EQ(0, pe_read(there, times, &r));
	EXPECT_EQ(0, r.of[0].value);
	EXPECT_EQ(0, r.running);
	EXPECT_LT(5 * NSEC_PER_MSEC, r.enabled);
	ASSERT_EQ(0, pe_read(here, times, &r));
	EXPECT_LE(10, r.of[0].value);
	EXPECT_EQ(r.enabled, r.running);
	ASSERT_EQ(0, pin_to(1));
	touch_pages(10);
	EXPECT_LE(10, pe_count(there));
}

TEST(on_another_cpu)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_CPU_CLOCK);
	struct reading one, two;
	int fd;

	ASSERT_EQ(0, pin_to(0));
	attr.read_format = times;
	for (int i = 0; i < 50; i++) {
		fd = pe_open(&attr, -1, i & 1, -1, 0);
		if (fd == -EINVAL || fd == -ENODEV)
			SKIP(return, "one CPU");
		ASSERT_EQ(0, pe_read(fd, times, &one));
		spin_ms(1);
		ASSERT_EQ(0, pe_read(fd, times, &two));
		EXPECT_EQ(one.enabled, one.running);
		EXPECT_LE(NSEC_PER_MSEC, two.enabled - one.enabled);
		EXPECT_LE(NSEC_PER_MSEC, two.of[0].value - one.of[0].value);
		close(fd);
	}
}

TEST_HARNESS_MAIN
