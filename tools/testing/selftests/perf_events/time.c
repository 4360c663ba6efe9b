// SPDX-License-Identifier: GPL-2.0
/*
 * Time enabled and time running: of a task it is the time that the task runs,
 * of a CPU all time; it stands still while an event is off.
 */
#include "perf_util.h"

static const __u64 times = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;

FIXTURE(clock)
{
	struct perf_event_attr attr;
	struct reading r;
	int fd;
};

FIXTURE_SETUP(clock)
{
	self->attr = sw_attr(PERF_COUNT_SW_DUMMY);
	self->attr.read_format = times;
	self->fd = -1;
}

FIXTURE_TEARDOWN(clock)
{
	close(self->fd);
}

TEST_F(clock, stands_still_while_off)
{
	__u64 sum = 0, wall;

	self->attr.disabled = 1;
	self->fd = pe_self(&self->attr);
	for (int i = 0; i < 5; i++) {
		spin_ms(3);
		ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
		EXPECT_EQ(sum, self->r.enabled);
		EXPECT_EQ(sum, self->r.running);
		wall = now_ns(CLOCK_MONOTONIC);
		pe_enable(self->fd);
		spin_ms(3);
		pe_disable(self->fd);
		wall = now_ns(CLOCK_MONOTONIC) - wall;
		ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
		EXPECT_LE(self->r.enabled - sum, wall);
		EXPECT_LT(0, self->r.enabled - sum);
		EXPECT_EQ(self->r.enabled, self->r.running);
		sum = self->r.enabled;
	}
}

TEST_F(clock, never_goes_back)
{
	__u64 last = 0;

	self->fd = pe_self(&self->attr);
	for (int i = 0; i < 2000; i++) {
		ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
		ASSERT_LE(last, self->r.enabled);
		ASSERT_EQ(self->r.enabled, self->r.running);
		last = self->r.enabled;
		if (!(i % 500))
			sleep_ms(1);
	}
}

/* Never more than wall time, and as much as the task's own CPU clock says. */
TEST_F(clock, follows_a_task_that_runs)
{
	__u64 wall, cpu;

	self->fd = pe_self(&self->attr);
	cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
	wall = now_ns(CLOCK_MONOTONIC);
	ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
	wall -= self->r.enabled;
	cpu -= self->r.enabled;
	spin_ms(100);
	ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
	wall = now_ns(CLOCK_MONOTONIC) - wall;
	cpu = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	EXPECT_LE(self->r.enabled, wall);
	EXPECT_GT(20 * NSEC_PER_MSEC, llabs((long long)(self->r.enabled - cpu)));
	EXPECT_EQ(self->r.enabled, self->r.running);
}

TEST_F(clock, of_a_task_that_sleeps)
{
	self->fd = pe_self(&self->attr);
	sleep_ms(200);
	ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
	EXPECT_GT(100 * NSEC_PER_MSEC, self->r.enabled);
	EXPECT_EQ(self->r.enabled, self->r.running);
}

TEST_F(clock, of_another_task_that_sleeps)
{
	struct worker w;
	__u64 enabled;

	if (!worker_fork(&w)) {
		worker_wait(&w);
		_exit(0);
	}
	self->fd = pe_open(&self->attr, w.pid, -1, -1, 0);
	sleep_ms(20);
	ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
	enabled = self->r.enabled;
	sleep_ms(50);
	ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
	EXPECT_EQ(enabled, self->r.enabled);
	EXPECT_EQ(enabled, self->r.running);
	/* Switching it off and on does not make it run. */
	pe_disable(self->fd);
	pe_enable(self->fd);
	ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
	EXPECT_EQ(enabled, self->r.enabled);
	worker_post(&w);
	EXPECT_EQ(0, worker_join(&w));
	ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
	EXPECT_LT(enabled, self->r.enabled);
	EXPECT_EQ(self->r.enabled, self->r.running);
}

TEST_F(clock, of_a_cpu)
{
	__u64 wall, first;

	wall = now_ns(CLOCK_MONOTONIC);
	self->fd = pe_open(&self->attr, -1, 0, -1, 0);
	ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
	first = self->r.enabled;
	sleep_ms(100);
	ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
	wall = now_ns(CLOCK_MONOTONIC) - wall;
	EXPECT_LE(100 * NSEC_PER_MSEC, self->r.enabled - first);
	EXPECT_LE(self->r.enabled, wall + NSEC_PER_MSEC);
	EXPECT_EQ(self->r.enabled, self->r.running);
}

/* ---- The clocks that are events ---- */

TEST_F(clock, cpu_clock_counts_wall_time_of_its_cpu)
{
	self->attr.config = PERF_COUNT_SW_CPU_CLOCK;
	self->fd = pe_open(&self->attr, -1, 0, -1, 0);
	sleep_ms(50);
	pe_disable(self->fd);
	ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
	EXPECT_LE(50 * NSEC_PER_MSEC, self->r.of[0].value);
	EXPECT_GT(10 * NSEC_PER_MSEC,
		  llabs((long long)(self->r.of[0].value - self->r.running)));
}

TEST_F(clock, task_clock_counts_time_running)
{
	static const int config[] = { PERF_COUNT_SW_TASK_CLOCK, PERF_COUNT_SW_CPU_CLOCK };

	for (int i = 0; i < 2; i++) {
		self->attr.config = config[i];
		self->fd = pe_self(&self->attr);
		spin_ms(30);
		/* On its way, and when it is over. */
		ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
		EXPECT_GT(10 * NSEC_PER_MSEC,
			  llabs((long long)(self->r.of[0].value - self->r.running)));
		EXPECT_LT(0, self->r.of[0].value);
		sleep_ms(30);
		spin_ms(30);
		pe_disable(self->fd);
		ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
		EXPECT_GT(10 * NSEC_PER_MSEC,
			  llabs((long long)(self->r.of[0].value - self->r.running)));
		EXPECT_LT(10 * NSEC_PER_MSEC, self->r.of[0].value);
		close(self->fd);
	}
}

/* ---- Time in the user page ---- */

TEST_F(clock, in_the_user_page)
{
	struct ring ring;

	self->attr.disabled = 1;
	self->fd = pe_self(&self->attr);
	pe_enable(self->fd);
	spin_ms(5);
	pe_disable(self->fd);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 1));
	ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
	EXPECT_EQ(self->r.enabled, ring.page->time_enabled);
	EXPECT_EQ(self->r.running, ring.page->time_running);
	EXPECT_EQ(0, ring.page->lock & 1);
	EXPECT_EQ(0, ring.page->index);
}

/* The page has what ended children gave back; a read adds those that live. */
TEST_F(clock, in_the_user_page_of_children)
{
	struct ring ring;
	pid_t child;

	ASSERT_EQ(0, pin_to(0));
	/* One that is not inherited: the child does not run the event that was opened. */
	pe_self(&self->attr);
	self->attr.inherit = 1;
	self->fd = pe_open(&self->attr, 0, 0, -1, 0);
	child = fork();
	if (!child) {
		spin_ms(20);
		_exit(0);
	}
	EXPECT_EQ(0, child_join(child));
	pe_disable(self->fd);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 1));
	ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
	EXPECT_GE(self->r.enabled, ring.page->time_enabled);
	EXPECT_LE(15 * NSEC_PER_MSEC, ring.page->time_enabled);
}

#ifdef __x86_64__
/* The formulas of linux/perf_event.h. */
static __u64 page_ns(struct perf_event_mmap_page *pg)
{
	__u64 cyc = __builtin_ia32_rdtsc(), low;

	if (pg->cap_user_time_short)
		cyc = pg->time_cycles + ((cyc - pg->time_cycles) & pg->time_mask);
	low = cyc & ((1ULL << pg->time_shift) - 1);
	return (cyc >> pg->time_shift) * pg->time_mult +
	       ((low * pg->time_mult) >> pg->time_shift);
}

/* Time enabled without a system call. */
static __u64 page_enabled(struct perf_event_mmap_page *pg)
{
	__u64 enabled;
	__u32 seq;

	do {
		seq = pg->lock;
		__asm__ volatile("" : : : "memory");
		enabled = pg->time_enabled + pg->time_offset + page_ns(pg);
		__asm__ volatile("" : : : "memory");
	} while (pg->lock != seq);
	return enabled;
}

TEST_F(clock, by_the_cycle_counter)
{
	struct ring ring;
	__u64 before, now;

	self->fd = pe_self(&self->attr);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 0));
	if (!ring.page->cap_user_time)
		SKIP(return, "the cycle counter is no clock");
	EXPECT_GT(32, ring.page->time_shift);
	EXPECT_LT(0, ring.page->time_mult);
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
		before = self->r.enabled;
		now = page_enabled(ring.page);
		ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
		/* Each rounds for itself. */
		EXPECT_LE(before, now + 1000);
		EXPECT_LE(now, self->r.enabled + 1000);
		if (!(i % 10))
			sleep_ms(1);
	}
}

/* A cycle counter's value, and the time stamp of a sample that is taken then. */
TEST_F(clock, of_records_by_the_cycle_counter)
{
	struct perf_event_attr attr = fault_attr();
	struct sample s;
	union record rec;
	struct ring ring;
	__u64 stamp[2];

	warm_up();
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_TIME;
	attr.disabled = 1;
	self->fd = pe_self(&attr);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 1));
	if (!ring.page->cap_user_time_zero)
		SKIP(return, "the cycle counter is no clock");
	for (int i = 0; i < 20; i++) {
		stamp[0] = ring.page->time_zero + page_ns(ring.page);
		burst(self->fd, 1);
		stamp[1] = ring.page->time_zero + page_ns(ring.page);
		ASSERT_EQ(1, ring_next(&ring, &rec));
		ASSERT_TRUE(sample_parse(&rec, &attr, &s));
		EXPECT_LE(stamp[0], s.time + 1000);
		EXPECT_LE(s.time, stamp[1] + 1000);
	}
	/* Not with a clock of the user's own. */
	close(self->fd);
	ring_unmap(&ring);
	attr.use_clockid = 1;
	attr.clockid = CLOCK_MONOTONIC;
	self->fd = pe_self(&attr);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 1));
	EXPECT_EQ(0, (int)ring.page->cap_user_time_zero);
}
#endif

/* ---- Switches and moves, the events that time is made of ---- */

TEST_F(clock, context_switches)
{
	__u64 n;

	self->attr.config = PERF_COUNT_SW_CONTEXT_SWITCHES;
	self->fd = pe_self(&self->attr);
	for (int i = 0; i < 20; i++)
		sleep_ms(1);
	n = pe_count(self->fd);
	EXPECT_LE(20, n);
	EXPECT_GE(200, n);
}

TEST_F(clock, migrations)
{
	__u64 n;

	ASSERT_EQ(0, pin_to(0));
	self->attr.config = PERF_COUNT_SW_CPU_MIGRATIONS;
	self->fd = pe_self(&self->attr);
	for (int i = 1; i <= 20; i++) {
		if (pin_to(i & 1))
			SKIP(return, "one CPU");
	}
	n = pe_count(self->fd);
	EXPECT_EQ(20, n);
}

TEST_HARNESS_MAIN
