// SPDX-License-Identifier: GPL-2.0
/*
 * Breakpoints as events: hits are exact, what is watched can be changed, and a
 * slot that is free again is free at once.
 */
#include <linux/hw_breakpoint.h>
#include "perf_util.h"

#define SLOTS_MAX	64

/* In a page of its own, so aligned as far as any breakpoint asks. */
static __u64 *watched;

static __attribute__((noipa)) int stop_here(int n)
{
	return n + 1;
}

static struct perf_event_attr point(int type, const void *addr, int len)
{
	struct perf_event_attr attr = pe_attr(PERF_TYPE_BREAKPOINT, 0);

	attr.bp_type = type;
	attr.bp_addr = (unsigned long)addr;
	attr.bp_len = len;
	attr.exclude_kernel = 1;
	return attr;
}

static void store(__u64 *p, int times)
{
	while (times--)
		__atomic_store_n(p, times, __ATOMIC_RELAXED);
}

static void load(__u64 *p, int times)
{
	while (times--)
		__atomic_load_n(p, __ATOMIC_RELAXED);
}

FIXTURE(point)
{
	struct perf_event_attr attr;
	int fd;
};

FIXTURE_SETUP(point)
{
	watched = (__u64 *)pages_new(1);
	ASSERT_NE(NULL, watched);
	self->attr = point(HW_BREAKPOINT_W, watched, HW_BREAKPOINT_LEN_8);
	self->fd = pe_self(&self->attr);
	if (self->fd == -ENOENT || self->fd == -ENODEV || self->fd == -EOPNOTSUPP)
		SKIP(return, "no breakpoints");
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(point)
{
	close(self->fd);
}

/* ---- Hits ---- */

TEST_F(point, counts_writes)
{
	store(watched, 7);
	load(watched, 5);
	EXPECT_EQ(7, pe_count(self->fd));
	store(watched + 1, 3);
	EXPECT_EQ(7, pe_count(self->fd));
	pe_disable(self->fd);
	store(watched, 3);
	EXPECT_EQ(7, pe_count(self->fd));
	pe_enable(self->fd);
	store(watched, 3);
	EXPECT_EQ(10, pe_count(self->fd));
}

TEST_F(point, counts_reads_and_writes)
{
	struct perf_event_attr attr = point(HW_BREAKPOINT_RW, watched + 2, HW_BREAKPOINT_LEN_8);
	int fd = pe_self(&attr);

	ASSERT_LE(0, fd);
	store(watched + 2, 4);
	load(watched + 2, 5);
	EXPECT_EQ(9, pe_count(fd));
	EXPECT_EQ(0, pe_count(self->fd));
}

TEST_F(point, counts_calls)
{
	struct perf_event_attr attr = point(HW_BREAKPOINT_X, stop_here, sizeof(long));
	int fd = pe_self(&attr), n = 0;

	ASSERT_LE(0, fd);
	for (int i = 0; i < 6; i++)
		n = stop_here(n);
	EXPECT_EQ(6, n);
	EXPECT_EQ(6, pe_count(fd));
}

TEST_F(point, lengths)
{
	char *base = (char *)(watched + 2);

	for (int len = 1; len <= 8; len *= 2) {
		struct perf_event_attr attr = point(HW_BREAKPOINT_W, base, len);
		int fd = pe_self(&attr);

		ASSERT_LE(0, fd);
		for (int i = 0; i < 8; i++)
			__atomic_store_n(base + i, i, __ATOMIC_RELAXED);
		EXPECT_EQ(len, pe_count(fd));
		close(fd);
	}
}

TEST_F(point, samples)
{
	struct perf_event_attr attr = point(HW_BREAKPOINT_W, watched + 1, HW_BREAKPOINT_LEN_8);
	struct sample s;
	union record rec;
	struct ring ring;
	int fd;

	attr.sample_period = 2;
	attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_ADDR;
	fd = pe_self(&attr);
	ASSERT_EQ(0, ring_map(&ring, fd, 1));
	store(watched + 1, 6);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(1, ring_next(&ring, &rec));
		ASSERT_TRUE(sample_parse(&rec, &attr, &s));
		EXPECT_EQ((unsigned long)(watched + 1), s.addr);
		EXPECT_GT(1ULL << 63, s.ip);
	}
	EXPECT_EQ(0, ring_next(&ring, &rec));
}

static void *store_in_thread(void *arg)
{
	store(watched, 11);
	return NULL;
}

TEST_F(point, of_this_thread_only)
{
	pthread_t thread;

	pthread_create(&thread, NULL, store_in_thread, NULL);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, pe_count(self->fd));
}

TEST_F(point, inherited_by_threads)
{
	pthread_t thread[3];

	close(self->fd);
	self->attr.inherit = 1;
	self->fd = pe_self(&self->attr);
	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, store_in_thread, NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	EXPECT_EQ(33, pe_count(self->fd));
}

/* ---- What is refused ---- */

TEST_F(point, bad_attributes)
{
	static const struct {
		const char *what;
		int type;
		int offset;
		int len;
	} row[] = {
		{ "no access", HW_BREAKPOINT_EMPTY, 0, HW_BREAKPOINT_LEN_4 },
		{ "types past the last", 8, 0, HW_BREAKPOINT_LEN_4 },
		{ "write and execute", HW_BREAKPOINT_W | HW_BREAKPOINT_X, 0, 8 },
		{ "no length", HW_BREAKPOINT_W, 0, 0 },
		{ "length of 16", HW_BREAKPOINT_W, 0, 16 },
		{ "length of 2^16 + 4", HW_BREAKPOINT_W, 0, 65540 },
		{ "4 bytes at an odd place", HW_BREAKPOINT_W, 1, HW_BREAKPOINT_LEN_4 },
		{ "8 bytes at half of it", HW_BREAKPOINT_W, 4, HW_BREAKPOINT_LEN_8 },
		{ "code of 2 bytes", HW_BREAKPOINT_X, 0, HW_BREAKPOINT_LEN_2 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
		struct perf_event_attr attr = point(row[i].type, (char *)watched + row[i].offset,
						    row[i].len);
		int err = try_open(&attr, 0, -1, -1, 0);

		EXPECT_TRUE(err == -EINVAL || err == -EOPNOTSUPP) {
			TH_LOG("%s: %d", row[i].what, err);
		}
	}
}

TEST_F(point, no_branch_stacks)
{
	self->attr.sample_type = PERF_SAMPLE_BRANCH_STACK;
	self->attr.branch_sample_type = PERF_SAMPLE_BRANCH_ANY;
	EXPECT_EQ(-EOPNOTSUPP, try_open(&self->attr, 0, -1, -1, 0));
}

/* ---- Slots ---- */

static int fill(struct perf_event_attr *attr, pid_t pid, int cpu, int *fd)
{
	int nr = 0;

	while (nr < SLOTS_MAX && (fd[nr] = pe_open(attr, pid, cpu, -1, 0)) >= 0)
		nr++;
	return nr;
}

static void empty(int *fd, int nr)
{
	while (nr--)
		close(fd[nr]);
}

TEST_F(point, slots_run_out)
{
	int fd[SLOTS_MAX], nr;

	nr = fill(&self->attr, 0, -1, fd);
	ASSERT_GT(SLOTS_MAX, nr);
	EXPECT_EQ(-ENOSPC, fd[nr]);
#ifdef __x86_64__
	/* Four registers, one of which the fixture has. */
	EXPECT_EQ(3, nr);
#endif
	for (int i = 0; i < 100; i++) {
		close(fd[0]);
		fd[0] = pe_self(&self->attr);
		ASSERT_LE(0, fd[0]);
		ASSERT_EQ(-ENOSPC, pe_self(&self->attr));
	}
	empty(fd, nr);
	EXPECT_EQ(nr, fill(&self->attr, 0, -1, fd));
	empty(fd, nr);
}

TEST_F(point, slots_of_one_task_are_not_anothers)
{
	int fd[SLOTS_MAX], other[SLOTS_MAX], nr;
	struct worker w;

	if (!worker_fork(&w)) {
		worker_wait(&w);
		_exit(0);
	}
	nr = fill(&self->attr, 0, -1, fd);
	EXPECT_EQ(nr + 1, fill(&self->attr, w.pid, -1, other));
	worker_post(&w);
	EXPECT_EQ(0, worker_join(&w));
}

/* One on a CPU takes room from every task that may run there, and back. */
TEST_F(point, slots_of_a_cpu)
{
	int fd[SLOTS_MAX], cpu[SLOTS_MAX], nr;

	nr = fill(&self->attr, 0, -1, fd);
	EXPECT_EQ(-ENOSPC, pe_open(&self->attr, -1, 0, -1, 0));
	empty(fd, nr);
	cpu[0] = pe_open(&self->attr, -1, 0, -1, 0);
	ASSERT_LE(0, cpu[0]);
	EXPECT_EQ(nr - 1, fill(&self->attr, 0, -1, fd));
	empty(fd, nr - 1);
	close(cpu[0]);
	EXPECT_EQ(nr, fill(&self->attr, 0, -1, fd));
	empty(fd, nr);
}

/* After the task has gone, its breakpoints' end gives back what they took. */
TEST_F(point, slots_come_back_after_death)
{
	int fd[SLOTS_MAX], cpu[SLOTS_MAX], nr, all;
	struct worker w;

	close(self->fd);
	all = fill(&self->attr, -1, 0, cpu);
	empty(cpu, all);
	if (!worker_fork(&w)) {
		worker_wait(&w);
		_exit(0);
	}
	nr = fill(&self->attr, w.pid, -1, fd);
	EXPECT_EQ(-ENOSPC, pe_open(&self->attr, -1, 0, -1, 0));
	worker_post(&w);
	EXPECT_EQ(0, worker_join(&w));
	empty(fd, nr);
	EXPECT_EQ(all, fill(&self->attr, -1, 0, cpu));
	empty(cpu, all);
	self->fd = -1;
}

TEST_F(point, children_take_slots_with_them)
{
	int fd[SLOTS_MAX], nr;

	self->attr.inherit = 1;
	nr = fill(&self->attr, 0, -1, fd);
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		if (!child) {
			store(watched, 2);
			_exit(0);
		}
		ASSERT_EQ(0, child_join(child));
	}
	EXPECT_EQ(40, pe_count(fd[0]));
	empty(fd, nr);
	EXPECT_EQ(nr, fill(&self->attr, 0, -1, fd));
}

/* ---- Changing one ---- */

static int change(int fd, const struct perf_event_attr *attr)
{
	return pe_ioctl(fd, PERF_EVENT_IOC_MODIFY_ATTRIBUTES, (unsigned long)attr);
}

TEST_F(point, moves_to_another_address)
{
	store(watched, 2);
	self->attr.bp_addr = (unsigned long)(watched + 1);
	ASSERT_EQ(0, change(self->fd, &self->attr));
	store(watched, 5);
	EXPECT_EQ(2, pe_count(self->fd));
	store(watched + 1, 3);
	EXPECT_EQ(5, pe_count(self->fd));
	self->attr.bp_type = HW_BREAKPOINT_RW;
	self->attr.bp_len = HW_BREAKPOINT_LEN_4;
	ASSERT_EQ(0, change(self->fd, &self->attr));
	load(watched + 1, 2);
	EXPECT_EQ(7, pe_count(self->fd));
}

TEST_F(point, changes_to_off_and_on)
{
	self->attr.disabled = 1;
	ASSERT_EQ(0, change(self->fd, &self->attr));
	store(watched, 2);
	EXPECT_EQ(0, pe_count(self->fd));
	self->attr.disabled = 0;
	ASSERT_EQ(0, change(self->fd, &self->attr));
	store(watched, 2);
	EXPECT_EQ(2, pe_count(self->fd));
}

TEST_F(point, does_not_change_to_nonsense)
{
	struct perf_event_attr attr = self->attr;

	attr.bp_len = 3;
	EXPECT_EQ(-EINVAL, change(self->fd, &attr));
	attr = self->attr;
	attr.bp_addr += 1;
	EXPECT_EQ(-EINVAL, change(self->fd, &attr));
	attr = self->attr;
	attr.sample_period = 5;
	EXPECT_EQ(-EINVAL, change(self->fd, &attr));
	attr = self->attr;
	attr.type = PERF_TYPE_SOFTWARE;
	EXPECT_EQ(-EINVAL, change(self->fd, &attr));
	/* And what it was before still works. */
	store(watched, 4);
	EXPECT_EQ(4, pe_count(self->fd));
}

TEST_HARNESS_MAIN
