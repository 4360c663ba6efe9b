// SPDX-License-Identifier: GPL-2.0
/*
 * Groups: what a read of one holds in each format, that its members count the
 * same stretch of time, and how large it may grow.
 */
#include "perf_util.h"

static const __u64 times = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;

FIXTURE(group)
{
	struct perf_event_attr attr;
	int fd[3];
};

static int make_group(struct perf_event_attr *attr, int *fd, int nr)
{
	struct perf_event_attr leader = *attr;

	leader.disabled = 1;
	fd[0] = pe_self(&leader);
	leader.pinned = 0;
	leader.exclusive = 0;
	leader.disabled = 0;
	for (int i = 1; i < nr && fd[i - 1] >= 0; i++)
		fd[i] = pe_open(&leader, 0, -1, fd[0], 0);
	return fd[nr - 1] < 0 ? fd[nr - 1] : 0;
}

static void drop_group(int *fd, int nr)
{
	while (nr--)
		close(fd[nr]);
}

FIXTURE_SETUP(group)
{
	warm_up();
	self->attr = fault_attr();
}

FIXTURE_TEARDOWN(group)
{
}

/* ---- Reading ---- */

TEST_F(group, every_format)
{
	struct reading r;

	for (__u64 format = 0; format < 32; format++) {
		int nr = format & PERF_FORMAT_GROUP ? 3 : 1;

		self->attr.read_format = format;
		ASSERT_EQ(0, make_group(&self->attr, self->fd, 3));
		burst(self->fd[0], 4);
		ASSERT_EQ(0, pe_read(self->fd[0], format, &r)) {
			TH_LOG("format %#llx", format);
		}
		EXPECT_EQ(nr, r.nr);
		EXPECT_EQ(r.enabled && r.running, (format & times) == times);
		for (int i = 0; i < nr; i++) {
			EXPECT_EQ(4, r.of[i].value);
			EXPECT_EQ(format & PERF_FORMAT_ID ? pe_id(self->fd[i]) : 0, r.of[i].id);
			EXPECT_EQ(0, r.of[i].lost);
		}
		drop_group(self->fd, 3);
	}
}

/* A sibling read as a group gives the whole group, its leader first. */
TEST_F(group, read_through_a_sibling)
{
	struct reading one, two;

	self->attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	ASSERT_EQ(0, make_group(&self->attr, self->fd, 3));
	burst(self->fd[0], 4);
	ASSERT_EQ(0, pe_read(self->fd[0], self->attr.read_format, &one));
	ASSERT_EQ(0, pe_read(self->fd[2], self->attr.read_format, &two));
	EXPECT_EQ(0, memcmp(&one, &two, offsetof(struct reading, of) + 3 * sizeof(one.of[0])));
}

TEST_F(group, room_for_a_reading)
{
	__u64 buf[64], format = times | PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_LOST;
	int need = 8 * reading_words(format, 3);

	self->attr.read_format = format;
	ASSERT_EQ(0, make_group(&self->attr, self->fd, 3));
	EXPECT_EQ(need, read(self->fd[0], buf, sizeof(buf)));
	EXPECT_EQ(need, read(self->fd[0], buf, need));
	for (int len = 0; len < need; len += 4) {
		EXPECT_EQ(-1, read(self->fd[0], buf, len));
		EXPECT_EQ(ENOSPC, errno);
	}
	EXPECT_EQ(-1, read(self->fd[0], (void *)-4096L, need));
	EXPECT_EQ(EFAULT, errno);
	/* What a sibling's close gives back is no longer asked for. */
	close(self->fd[2]);
	EXPECT_EQ(need - 24, read(self->fd[0], buf, sizeof(buf)));
}

TEST_F(group, lost_is_each_events_own)
{
	__u64 format = PERF_FORMAT_GROUP | PERF_FORMAT_LOST;
	struct reading r;
	struct ring ring;
	int sibling;

	self->attr.read_format = format;
	self->attr.disabled = 1;
	self->fd[0] = pe_self(&self->attr);
	self->attr.disabled = 0;
	self->attr.sample_period = 1;
	sibling = pe_open(&self->attr, 0, -1, self->fd[0], 0);
	ASSERT_EQ(0, ring_map(&ring, sibling, 1));
	pe_ioctl(sibling, PERF_EVENT_IOC_PAUSE_OUTPUT, 1);
	burst(self->fd[0], 6);
	ASSERT_EQ(0, pe_read(self->fd[0], format, &r));
	EXPECT_EQ(0, r.of[0].lost);
	EXPECT_EQ(6, r.of[1].lost);
}

/* ---- Counting together ---- */

TEST_F(group, nothing_counts_without_its_leader)
{
	ASSERT_EQ(0, make_group(&self->attr, self->fd, 3));
	touch_pages(5);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(0, pe_count(self->fd[i]));
	pe_enable(self->fd[1]);
	touch_pages(5);
	EXPECT_EQ(0, pe_count(self->fd[1]));
	burst(self->fd[0], 5);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(5, pe_count(self->fd[i]));
}

TEST_F(group, one_member_off)
{
	ASSERT_EQ(0, make_group(&self->attr, self->fd, 3));
	pe_disable(self->fd[1]);
	burst(self->fd[0], 5);
	EXPECT_EQ(5, pe_count(self->fd[0]));
	EXPECT_EQ(0, pe_count(self->fd[1]));
	EXPECT_EQ(5, pe_count(self->fd[2]));
	pe_enable(self->fd[0]);
	pe_enable(self->fd[1]);
	touch_pages(3);
	pe_disable(self->fd[0]);
	EXPECT_LE(3, pe_count(self->fd[1]));
	EXPECT_GE(pe_count(self->fd[0]), pe_count(self->fd[1]) + 5);
}

TEST_F(group, joined_while_it_runs)
{
	struct reading r;
	int late;

	self->attr.read_format = times;
	ASSERT_EQ(0, make_group(&self->attr, self->fd, 2));
	pe_enable(self->fd[0]);
	late = pe_open(&self->attr, 0, -1, self->fd[0], 0);
	touch_pages(5);
	pe_disable(self->fd[0]);
	EXPECT_EQ(pe_count(self->fd[0]), pe_count(self->fd[1]));
	EXPECT_LE(5, pe_count(late));
	EXPECT_GE(pe_count(self->fd[0]), pe_count(late));
	ASSERT_EQ(0, pe_read(late, times, &r));
	EXPECT_EQ(r.enabled, r.running);
	EXPECT_LT(0, r.enabled);
}

TEST_F(group, values_of_one_moment)
{
	__u64 format = PERF_FORMAT_GROUP | times;
	struct reading r;

	self->attr = sw_attr(PERF_COUNT_SW_TASK_CLOCK);
	self->attr.read_format = format;
	ASSERT_EQ(0, make_group(&self->attr, self->fd, 3));
	pe_enable(self->fd[0]);
	for (int i = 0; i < rounds(200); i++) {
		/* One that was not asked now would be that far behind. */
		if (i % 50 == 0)
			spin_ms(50 * scale());
		ASSERT_EQ(0, pe_read(self->fd[0], format, &r));
		ASSERT_EQ(r.enabled, r.running);
		/* Clocks are stopped one after the other, microseconds apart. */
		ASSERT_GT(20 * NSEC_PER_MSEC * scale(),
			  llabs((long long)(r.of[0].value - r.of[2].value)));
	}
}

/* Counting and sampling: the first are on wherever their task is, the others are put. */
TEST_F(group, pinned)
{
	struct reading r;

	self->attr.pinned = 1;
	self->attr.read_format = times;
	for (int period = 0; period <= 1000; period += 1000) {
		self->attr.sample_period = period;
		ASSERT_EQ(0, make_group(&self->attr, self->fd, 3));
		burst(self->fd[0], 4);
		pe_enable(self->fd[0]);
		/* Off, and on again with its task. */
		sleep_ms(2);
		touch_pages(4);
		pe_disable(self->fd[0]);
		for (int i = 0; i < 3; i++) {
			ASSERT_EQ(0, pe_read(self->fd[i], times, &r));
			EXPECT_LE(8, r.of[0].value);
			EXPECT_EQ(r.enabled, r.running);
		}
		drop_group(self->fd, 3);
	}
}

TEST_F(group, exclusive)
{
	struct reading r;
	int beside;

	self->attr.read_format = times;
	for (int period = 0; period <= 1000; period += 1000) {
		self->attr.sample_period = period;
		self->attr.exclusive = 1;
		self->attr.disabled = 0;
		ASSERT_EQ(0, make_group(&self->attr, self->fd, 2));
		self->attr.exclusive = 0;
		self->attr.disabled = 1;
		beside = pe_self(&self->attr);
		pe_enable(beside);
		burst(self->fd[0], 4);
		pe_disable(beside);
		ASSERT_EQ(0, pe_read(self->fd[0], times, &r));
		EXPECT_EQ(4, r.of[0].value);
		EXPECT_LE(4, pe_count(beside));
		drop_group(self->fd, 2);
		close(beside);
	}
}

/* ---- Mixed company ---- */

TEST_F(group, of_all_software_kinds)
{
	__u64 format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | times;
	int fd[PERF_COUNT_SW_MAX];
	struct reading r;

	self->attr = sw_attr(0);
	self->attr.read_format = format;
	self->attr.disabled = 1;
	for (int i = 0; i < PERF_COUNT_SW_MAX; i++) {
		self->attr.config = i;
		fd[i] = pe_open(&self->attr, 0, -1, i ? fd[0] : -1, 0);
		ASSERT_LE(0, fd[i]);
		self->attr.disabled = 0;
	}
	burst(fd[0], 8);
	ASSERT_EQ(0, pe_read(fd[0], format, &r));
	ASSERT_EQ(PERF_COUNT_SW_MAX, r.nr);
	EXPECT_EQ(r.enabled, r.running);
	for (int i = 0; i < PERF_COUNT_SW_MAX; i++)
		EXPECT_EQ(pe_id(fd[i]), r.of[i].id);
	EXPECT_LT(0, r.of[PERF_COUNT_SW_CPU_CLOCK].value);
	EXPECT_LE(8, r.of[PERF_COUNT_SW_PAGE_FAULTS].value);
	EXPECT_EQ(0, r.of[PERF_COUNT_SW_DUMMY].value);
	EXPECT_EQ(0, r.of[PERF_COUNT_SW_PAGE_FAULTS_MAJ].value);
}

TEST_F(group, of_a_tracepoint_and_a_breakpoint)
{
	int id = tracepoint_id("syscalls/sys_enter_getppid");
	struct perf_event_attr point = pe_attr(PERF_TYPE_BREAKPOINT, 0);
	static int watched;

	point.bp_type = 2;
	point.bp_addr = (unsigned long)&watched;
	point.bp_len = 4;
	self->attr.disabled = 1;
	self->fd[0] = pe_self(&self->attr);
	self->fd[1] = pe_open(&point, 0, -1, self->fd[0], 0);
	if (self->fd[1] < 0)
		SKIP(return, "no breakpoints (%d)", self->fd[1]);
	if (id < 0)
		SKIP(return, "no tracepoint of system calls");
	point = pe_attr(PERF_TYPE_TRACEPOINT, id);
	self->fd[2] = pe_open(&point, 0, -1, self->fd[0], 0);
	ASSERT_LE(0, self->fd[2]);
	pe_enable(self->fd[0]);
	for (int i = 0; i < 3; i++)
		syscall(__NR_getppid);
	for (int i = 0; i < 2; i++)
		__atomic_store_n(&watched, i, __ATOMIC_RELAXED);
	pe_disable(self->fd[0]);
	__atomic_store_n(&watched, 9, __ATOMIC_RELAXED);
	syscall(__NR_getppid);
	EXPECT_EQ(2, pe_count(self->fd[1]));
	EXPECT_EQ(3, pe_count(self->fd[2]));
}

/* Software events and then a hardware one: the whole group moves, nothing is lost. */
TEST_F(group, moves_to_the_hardware)
{
	struct perf_event_attr hard = pe_attr(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS);
	struct reading r;

	ASSERT_EQ(0, make_group(&self->attr, self->fd, 2));
	burst(self->fd[0], 3);
	hard.read_format = times;
	self->fd[2] = pe_open(&hard, 0, -1, self->fd[0], 0);
	if (self->fd[2] == -ENOENT)
		SKIP(return, "no hardware PMU");
	ASSERT_LE(0, self->fd[2]);
	pe_disable(self->fd[0]);
	pe_ioctl(self->fd[0], PERF_EVENT_IOC_RESET, PERF_IOC_FLAG_GROUP);
	burst(self->fd[0], 4);
	EXPECT_EQ(4, pe_count(self->fd[0]));
	EXPECT_EQ(4, pe_count(self->fd[1]));
	ASSERT_EQ(0, pe_read(self->fd[2], times, &r));
	EXPECT_LT(1000, r.of[0].value);
	EXPECT_EQ(r.enabled, r.running);
}

/* ---- Large ---- */

TEST_F(group, of_a_hundred)
{
	__u64 format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_LOST | times;
	static int fd[100];
	struct reading r;

	self->attr.read_format = format;
	ASSERT_EQ(0, make_group(&self->attr, fd, 100));
	burst(fd[0], 5);
	ASSERT_EQ(0, pe_read(fd[0], format, &r));
	ASSERT_EQ(100, r.nr);
	for (int i = 0; i < 100; i++) {
		EXPECT_EQ(5, r.of[i].value);
		EXPECT_EQ(pe_id(fd[i]), r.of[i].id);
	}
	drop_group(fd, 100);
}

/* A reading stays below 16 KiB, whichever member's sample it would stand in. */
TEST_F(group, until_a_reading_is_too_large)
{
	__u64 format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_LOST;
	struct rlimit limit = { 4096, 4096 };
	static __u64 buf[4096];
	int leader, fd, nr = 1;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	self->attr.read_format = format;
	leader = pe_self(&self->attr);
	while ((fd = pe_open(&self->attr, 0, -1, leader, 0)) >= 0 && nr < 1000)
		nr++;
	EXPECT_EQ(-E2BIG, fd);
	EXPECT_LT(500, nr);
	EXPECT_GT(16384 / 24 + 1, nr);
	ASSERT_EQ(8 + 24 * nr, read(leader, buf, sizeof(buf)));
	EXPECT_EQ(nr, buf[0]);
	/* Its own format decides, so a small one may still come in. */
	self->attr.read_format = 0;
	fd = pe_open(&self->attr, 0, -1, leader, 0);
	EXPECT_TRUE(fd >= 0 || fd == -E2BIG);
	EXPECT_LT(0, read(leader, buf, sizeof(buf)));
}

TEST_HARNESS_MAIN
