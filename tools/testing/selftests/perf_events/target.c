// SPDX-License-Identifier: GPL-2.0
/*
 * The other arguments of perf_event_open(2): pid, cpu, group_fd and flags, and
 * what a group asks of its members.
 */
#include <sys/epoll.h>
#include "perf_util.h"

struct target {
	const char *what;
	int want;
	pid_t pid;
	int cpu;
	int group;
	unsigned long flags;
};

static const struct target targets[] = {
	{ "self, any CPU", 0, 0, -1, -1, 0 },
	{ "self, CPU 0", 0, 0, 0, -1, 0 },
	{ "all, CPU 0", 0, -1, 0, -1, 0 },
	{ "all, any CPU", -EINVAL, -1, -1, -1, 0 },
	{ "self, a CPU beyond all", -EINVAL, 0, 1 << 20, -1, 0 },
	{ "all, a CPU beyond all", -EINVAL, -1, 1 << 20, -1, 0 },
	{ "self, CPU -2", -EINVAL, 0, -2, -1, 0 },
	{ "all, CPU -2", -EINVAL, -1, -2, -1, 0 },
	{ "self, CPU INT_MIN", -EINVAL, 0, 1 << 31, -1, 0 },
	{ "pid -2", -ESRCH, -2, -1, -1, 0 },
	{ "pid that cannot be", -ESRCH, 0x7fffffff, -1, -1, 0 },
	{ "group_fd not open", -EBADF, 0, -1, 9999, 0 },
	{ "group_fd -2", -EBADF, 0, -1, -2, 0 },
	{ "group_fd of no event", -EBADF, 0, -1, 0, 0 },
	{ "group_fd of no event, not grouped", -EBADF, 0, -1, 0, PERF_FLAG_FD_NO_GROUP },
	{ "flag bit 4", -EINVAL, 0, -1, -1, 1 << 4 },
	{ "flag bit 31", -EINVAL, 0, -1, -1, 1UL << 31 },
	{ "all flags", -EINVAL, 0, -1, -1, ~0UL },
	{ "close on exec", 0, 0, -1, -1, PERF_FLAG_FD_CLOEXEC },
	{ "no group without one", 0, 0, -1, -1, PERF_FLAG_FD_NO_GROUP },
	{ "output without a group", 0, 0, -1, -1, PERF_FLAG_FD_OUTPUT },
	{ "cgroup -1", -EINVAL, -1, 0, -1, PERF_FLAG_PID_CGROUP },
	{ "cgroup on any CPU", -EINVAL, 0, -1, -1, PERF_FLAG_PID_CGROUP },
	{ "cgroup fd not open", -EBADF, 9999, 0, -1, PERF_FLAG_PID_CGROUP },
	{ "cgroup fd of no cgroup", -EBADF, 0, 0, -1, PERF_FLAG_PID_CGROUP },
};

TEST(targets_row_by_row)
{
	int fd = lowest_fd();

	for (unsigned int i = 0; i < ARRAY_SIZE(targets); i++) {
		const struct target *t = &targets[i];
		struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);

		EXPECT_EQ(t->want, try_open(&attr, t->pid, t->cpu, t->group, t->flags)) {
			TH_LOG("in row: %s", t->what);
		}
		EXPECT_EQ(fd, lowest_fd()) {
			TH_LOG("descriptor left by: %s", t->what);
		}
	}
}

TEST(high_flag_bits)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);

	for (unsigned int bit = 4; bit < 8 * sizeof(long); bit++)
		EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 1UL << bit));
}

TEST(close_on_exec)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);
	int plain = pe_open(&attr, 0, -1, -1, 0);
	int cloexec = pe_open(&attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

	EXPECT_EQ(0, fcntl(plain, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(cloexec, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(plain, F_GETFL) & O_ACCMODE);
}

TEST(sigtrap_needs_a_task)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);

	attr.sigtrap = 1;
	attr.remove_on_exec = 1;
	EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0));
	EXPECT_EQ(0, try_open(&attr, 0, 0, -1, 0));
	EXPECT_EQ(-EINVAL, try_open(&attr, -1, 0, -1, 0));
}

TEST(descriptors_run_out)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);
	struct rlimit limit = { 16, 16 };
	int fd, nr = 0;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	while ((fd = pe_self(&attr)) >= 0)
		nr++;
	EXPECT_EQ(-EMFILE, fd);
	EXPECT_LT(4, nr);
	close(10);
	EXPECT_EQ(10, pe_self(&attr));
}

/* The system's limit, which does not hold for root. */
TEST(files_run_out)
{
	const char *limit = "/proc/sys/fs/file-max";
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);
	char before[32];
	pid_t child;

	attr.exclude_kernel = 1;
	if (sysctl_get("perf_event_paranoid") > 2)
		SKIP(return, "only root may open events");
	if (file_read(limit, before, sizeof(before)) <= 0 || file_write(limit, "1"))
		SKIP(return, "the limit of open files cannot be set");
	child = fork();
	if (!child) {
		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(126);
		_exit(-try_open(&attr, 0, -1, -1, 0));
	}
	EXPECT_EQ(ENFILE, child_join(child));
	EXPECT_EQ(0, file_write(limit, before));
	EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0));
}

/* ---- Groups ---- */

FIXTURE(group)
{
	struct perf_event_attr attr;
	int leader;
	int sibling;
};

FIXTURE_SETUP(group)
{
	self->attr = sw_attr(PERF_COUNT_SW_DUMMY);
	self->leader = pe_self(&self->attr);
	ASSERT_LE(0, self->leader);
	self->sibling = pe_open(&self->attr, 0, -1, self->leader, 0);
	ASSERT_LE(0, self->sibling);
}

FIXTURE_TEARDOWN(group)
{
	close(self->sibling);
	close(self->leader);
}

TEST_F(group, one_level_deep)
{
	EXPECT_EQ(0, try_open(&self->attr, 0, -1, self->leader, 0));
	EXPECT_EQ(-EINVAL, try_open(&self->attr, 0, -1, self->sibling, 0));
	EXPECT_EQ(0, try_open(&self->attr, 0, -1, self->sibling, PERF_FLAG_FD_NO_GROUP));
}

TEST_F(group, same_target)
{
	pid_t child = fork();

	if (!child) {
		pause();
		_exit(0);
	}
	EXPECT_EQ(0, try_open(&self->attr, get_tid(), -1, self->leader, 0));
	EXPECT_EQ(-EINVAL, try_open(&self->attr, child, -1, self->leader, 0));
	EXPECT_EQ(-EINVAL, try_open(&self->attr, 0, 0, self->leader, 0));
	EXPECT_EQ(-EINVAL, try_open(&self->attr, -1, 0, self->leader, 0));
	kill(child, SIGKILL);
	child_join(child);
}

TEST_F(group, only_leaders_are_pinned_or_exclusive)
{
	self->attr.pinned = 1;
	EXPECT_EQ(-EINVAL, try_open(&self->attr, 0, -1, self->leader, 0));
	EXPECT_EQ(0, try_open(&self->attr, 0, -1, self->leader, PERF_FLAG_FD_NO_GROUP));
	self->attr.pinned = 0;
	self->attr.exclusive = 1;
	EXPECT_EQ(-EINVAL, try_open(&self->attr, 0, -1, self->leader, 0));
}

TEST_F(group, inherit_alike)
{
	self->attr.inherit = 1;
	EXPECT_EQ(-EINVAL, try_open(&self->attr, 0, -1, self->leader, 0));
	EXPECT_EQ(0, try_open(&self->attr, 0, -1, self->leader, PERF_FLAG_FD_NO_GROUP));
}

TEST_F(group, one_clock)
{
	self->attr.use_clockid = 1;
	self->attr.clockid = CLOCK_MONOTONIC;
	EXPECT_EQ(-EINVAL, try_open(&self->attr, 0, -1, self->leader, 0));
	EXPECT_EQ(0, try_open(&self->attr, 0, -1, self->leader, PERF_FLAG_FD_NO_GROUP));
}

TEST_F(group, output_needs_a_buffer)
{
	struct ring ring;

	EXPECT_EQ(-EINVAL, try_open(&self->attr, 0, -1, self->leader, PERF_FLAG_FD_OUTPUT));
	ASSERT_EQ(0, ring_map(&ring, self->leader, 1));
	EXPECT_EQ(0, try_open(&self->attr, 0, -1, self->leader, PERF_FLAG_FD_OUTPUT));
	EXPECT_EQ(0, try_open(&self->attr, 0, -1, self->leader,
			      PERF_FLAG_FD_OUTPUT | PERF_FLAG_FD_NO_GROUP));
}

TEST_F(group, not_any_file)
{
	int epoll = epoll_create1(0);
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-EBADF, try_open(&self->attr, 0, -1, epoll, 0));
	EXPECT_EQ(-EBADF, try_open(&self->attr, 0, -1, pipes[0], 0));
	close(self->leader);
	EXPECT_EQ(-EBADF, try_open(&self->attr, 0, -1, self->leader, 0));
}

TEST_HARNESS_MAIN
