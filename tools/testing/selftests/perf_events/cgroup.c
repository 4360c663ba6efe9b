// SPDX-License-Identifier: GPL-2.0
/*
 * Events of a cgroup: they count what its tasks do on one CPU, from when they
 * come to when they leave, and nobody else.
 */
#include "perf_util.h"

#define PAGES	200

FIXTURE(cgroup)
{
	struct perf_event_attr attr;
	const char *path;
	int dir;
	int fd;
};

FIXTURE_SETUP(cgroup)
{
	warm_up();
	ASSERT_EQ(0, pin_to(0));
	self->path = cgroup_make();
	if (!self->path)
		SKIP(return, "no cgroup2 with the pids controller at /sys/fs/cgroup");
	self->dir = open(self->path, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, self->dir);
	self->attr = fault_attr();
	self->fd = pe_open(&self->attr, self->dir, 0, -1, PERF_FLAG_PID_CGROUP);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(cgroup)
{
	close(self->fd);
	close(self->dir);
	rmdir(self->path);
}

static int move_to(const char *path, pid_t pid)
{
	char procs[128], text[16];

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	snprintf(text, sizeof(text), "%d", pid);
	return file_write(procs, text);
}

static int leave(pid_t pid)
{
	return move_to("/sys/fs/cgroup", pid);
}

TEST_F(cgroup, only_its_tasks)
{
	touch_pages(PAGES);
	EXPECT_EQ(0, pe_count(self->fd));
	ASSERT_EQ(0, move_to(self->path, 0));
	touch_pages(PAGES);
	ASSERT_EQ(0, leave(0));
	EXPECT_LE(PAGES, pe_count(self->fd));
	EXPECT_GT(PAGES + PAGES / 2, pe_count(self->fd));
	touch_pages(PAGES);
	EXPECT_GT(PAGES + PAGES / 2, pe_count(self->fd));
}

TEST_F(cgroup, a_child_that_is_moved)
{
	struct worker w;
	__u64 n;

	if (!worker_fork(&w)) {
		for (int i = 0; i < 3; i++) {
			worker_wait(&w);
			touch_pages(PAGES);
			worker_post(&w);
		}
		worker_wait(&w);
		_exit(0);
	}
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	EXPECT_EQ(0, pe_count(self->fd));
	ASSERT_EQ(0, move_to(self->path, w.pid));
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	n = pe_count(self->fd);
	EXPECT_LE(PAGES, n);
	EXPECT_GT(PAGES + PAGES / 2, n);
	ASSERT_EQ(0, leave(w.pid));
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	EXPECT_GE(n + 5, pe_count(self->fd));
	worker_post(&w);
	EXPECT_EQ(0, worker_join(&w));
}

/* Not the other CPU's. */
TEST_F(cgroup, only_its_cpu)
{
	int other = pe_open(&self->attr, self->dir, 1, -1, PERF_FLAG_PID_CGROUP);
	__u64 n;

	if (other < 0)
		SKIP(return, "one CPU");
	ASSERT_EQ(0, move_to(self->path, 0));
	touch_pages(PAGES);
	EXPECT_EQ(0, pe_count(other));
	n = pe_count(self->fd);
	EXPECT_LE(PAGES, n);
	ASSERT_EQ(0, pin_to(1));
	touch_pages(PAGES);
	ASSERT_EQ(0, leave(0));
	EXPECT_LE(PAGES, pe_count(other));
	EXPECT_GE(n + 20, pe_count(self->fd));
	close(other);
}

/* A group of tasks is those of the groups below, too. */
TEST_F(cgroup, counts_what_is_below)
{
	char below[160];

	snprintf(below, sizeof(below), "%s/below", self->path);
	ASSERT_EQ(0, mkdir(below, 0755));
	ASSERT_EQ(0, move_to(below, 0));
	touch_pages(PAGES);
	ASSERT_EQ(0, leave(0));
	EXPECT_LE(PAGES, pe_count(self->fd));
	EXPECT_EQ(0, rmdir(below));
}

/*
 * Counters that flexible events have are a pinned one's when its cgroup comes.
 * Without: cgroup.c, sched_in_ours(): only a task's context makes it reschedule.
 */
TEST_F(cgroup, pinned_goes_before_flexible)
{
	struct perf_event_attr attr = pe_attr(PERF_TYPE_HARDWARE,
					      PERF_COUNT_HW_BRANCH_INSTRUCTIONS);
	__u64 format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	int others[20], pinned;
	struct reading r;

	for (unsigned int i = 0; i < ARRAY_SIZE(others); i++) {
		others[i] = pe_open(&attr, -1, 0, -1, 0);
		if (others[i] < 0)
			SKIP(return, "no hardware PMU that counts branches");
	}
	attr.pinned = 1;
	attr.read_format = format;
	pinned = pe_open(&attr, self->dir, 0, -1, PERF_FLAG_PID_CGROUP);
	ASSERT_LE(0, pinned);
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, move_to(self->path, 0));
		spin_ms(2);
		ASSERT_EQ(0, leave(0));
		spin_ms(2);
	}
	/* An event in error reads as the end of a file. */
	ASSERT_EQ(0, pe_read(pinned, format, &r));
	EXPECT_LT(0, r.running);
	EXPECT_EQ(r.enabled, r.running);
	close(pinned);
	for (unsigned int i = 0; i < ARRAY_SIZE(others); i++)
		close(others[i]);
}

/* Enabled is the time that its tasks run, and so is running. */
TEST_F(cgroup, times)
{
	__u64 format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	struct reading r, later;
	int fd;

	self->attr.read_format = format;
	fd = pe_open(&self->attr, self->dir, 0, -1, PERF_FLAG_PID_CGROUP);
	spin_ms(20);
	ASSERT_EQ(0, pe_read(fd, format, &r));
	EXPECT_EQ(0, r.running);
	ASSERT_EQ(0, move_to(self->path, 0));
	spin_ms(20);
	ASSERT_EQ(0, leave(0));
	ASSERT_EQ(0, pe_read(fd, format, &r));
	EXPECT_LE(10 * NSEC_PER_MSEC, r.running);
	EXPECT_GE(r.enabled, r.running);
	/* Nobody is there any more. */
	spin_ms(20);
	ASSERT_EQ(0, pe_read(fd, format, &later));
	EXPECT_EQ(r.running, later.running);
	EXPECT_EQ(r.enabled, later.enabled);
	close(fd);
}

TEST_F(cgroup, several_events)
{
	int one, two;

	self->attr.config = PERF_COUNT_SW_PAGE_FAULTS_MIN;
	one = pe_open(&self->attr, self->dir, 0, self->fd, PERF_FLAG_PID_CGROUP);
	self->attr.config = PERF_COUNT_SW_CGROUP_SWITCHES;
	two = pe_open(&self->attr, self->dir, 0, -1, PERF_FLAG_PID_CGROUP);
	ASSERT_LE(0, one);
	ASSERT_LE(0, two);
	ASSERT_EQ(0, move_to(self->path, 0));
	touch_pages(PAGES);
	ASSERT_EQ(0, leave(0));
	EXPECT_LE(PAGES, pe_count(one));
	EXPECT_EQ(pe_count(self->fd), pe_count(one));
	close(one);
	close(two);
}

/* A task that gives way to one of another cgroup, and to one of its own. */
TEST_F(cgroup, switches_between_cgroups)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_CGROUP_SWITCHES);
	struct worker w;
	__u64 n;
	int fd;

	fd = pe_self(&attr);
	ASSERT_LE(0, fd);
	if (!worker_fork(&w)) {
		while (worker_wait(&w))
			worker_post(&w);
		_exit(0);
	}
	for (int i = 0; i < 20; i++) {
		worker_post(&w);
		ASSERT_TRUE(worker_wait(&w));
	}
	EXPECT_EQ(0, pe_count(fd));
	ASSERT_EQ(0, move_to(self->path, w.pid));
	n = pe_count(fd);
	for (int i = 0; i < 20; i++) {
		worker_post(&w);
		ASSERT_TRUE(worker_wait(&w));
	}
	EXPECT_LE(15, pe_count(fd) - n);
	EXPECT_EQ(0, worker_join(&w));
}

/* ---- Arguments ---- */

TEST_F(cgroup, arguments)
{
	unsigned long flag = PERF_FLAG_PID_CGROUP;
	int pipes[2], root = open("/", O_RDONLY);
	int plain = pe_open(&self->attr, -1, 0, -1, 0);

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-EINVAL, pe_open(&self->attr, self->dir, -1, -1, flag));
	EXPECT_EQ(-EINVAL, pe_open(&self->attr, -1, 0, -1, flag));
	EXPECT_EQ(-EINVAL, pe_open(&self->attr, self->dir, 1 << 20, -1, flag));
	EXPECT_EQ(-EBADF, pe_open(&self->attr, 9999, 0, -1, flag));
	EXPECT_EQ(-EBADF, pe_open(&self->attr, pipes[0], 0, -1, flag));
	EXPECT_EQ(-EBADF, pe_open(&self->attr, root, 0, -1, flag));
	/* A group is all of one cgroup or of none. */
	EXPECT_EQ(-EINVAL, pe_open(&self->attr, self->dir, 0, plain, flag));
	self->attr.sigtrap = 1;
	self->attr.remove_on_exec = 1;
	EXPECT_EQ(-EINVAL, pe_open(&self->attr, self->dir, 0, -1, flag));
	close(plain);
}

/* The group may be removed while its events are open. */
TEST_F(cgroup, removed_first)
{
	close(self->dir);
	EXPECT_EQ(0, rmdir(self->path));
	EXPECT_EQ(0, pe_disable(self->fd));
	EXPECT_EQ(0, pe_enable(self->fd));
	EXPECT_EQ(0, pe_count(self->fd));
}

TEST_HARNESS_MAIN
