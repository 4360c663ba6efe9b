// SPDX-License-Identifier: GPL-2.0
/*
 * Breakpoints as events: hits are exact, what is watched can be changed, and a
 * slot that is free again is free at once.  Whose slots they are: breakpoint_slots.c.
 */
#include <sys/wait.h>
#include "breakpoint_util.h"

static __attribute__((noipa)) int stop_here(int n)
{
	return n + 1;
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
		{ "8 bytes at half of it", HW_BREAKPOINT_W, 4, HW_BREAKPOINT_LEN_8 },
#ifdef __x86_64__
		/* Others select the bytes of a word one by one. */
		{ "4 bytes at an odd place", HW_BREAKPOINT_W, 1, HW_BREAKPOINT_LEN_4 },
		{ "code of 2 bytes", HW_BREAKPOINT_X, 0, HW_BREAKPOINT_LEN_2 },
#endif
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

	attr.bp_len = 9;
	EXPECT_EQ(-EINVAL, change(self->fd, &attr));
	attr = self->attr;
	attr.bp_addr += 4;
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

struct changing {
	int fd;
	struct perf_event_attr attr;
};

static int change_by(const void *arg)
{
	const struct changing *c = arg;

	return -change(c->fd, &c->attr);
}

static int fork_by(const void *arg)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	return child < 0 ? errno : child_join(child);
}

/* Who gets hold of the descriptor cannot do with it what he could not open. */
TEST_F(point, does_not_change_to_the_kernel)
{
	struct changing c;
	int err;

	if (geteuid())
		SKIP(return, "not root");
	close(self->fd);
	self->attr.exclude_kernel = 0;
	self->fd = pe_self(&self->attr);
	ASSERT_LE(0, self->fd);
	c = (struct changing) { self->fd, self->attr };
	c.attr.bp_addr = -4096UL;
	err = as_nobody(0, change_by, &c);
	/* arm64 has none there for a task, whoever asks. */
	if (err == EINVAL)
		err = change(self->fd, &c.attr) == -EINVAL ? EPERM : EINVAL;
	EXPECT_EQ(EPERM, err);
	store(watched, 4);
	EXPECT_EQ(4, pe_count(self->fd));
	c.attr.bp_addr = (unsigned long)(watched + 1);
	EXPECT_EQ(0, as_nobody(0, change_by, &c));
	store(watched + 1, 2);
	EXPECT_EQ(6, pe_count(self->fd));
}

/* One in the kernel was allowed when it was opened: a task that may not open it may fork. */
TEST_F(point, of_the_kernel_is_inherited)
{
	int fd;

	if (geteuid())
		SKIP(return, "not root");
	self->attr.exclude_kernel = 0;
	self->attr.inherit = 1;
	self->attr.bp_addr = -4096UL;
	fd = pe_self(&self->attr);
	if (fd == -EINVAL)
		SKIP(return, "a task may have none in the kernel");
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, as_nobody(0, fork_by, NULL));
	close(fd);
}

/* ---- Changing one, and its copies, at any moment ---- */

/* A copy of one of these with a part of the other is neither, or no breakpoint at all. */
static void two_points(struct perf_event_attr attr[2], struct perf_event_attr *like)
{
	attr[0] = *like;
	attr[0].bp_type = HW_BREAKPOINT_RW;
	attr[0].bp_addr = (unsigned long)watched;
	attr[0].bp_len = HW_BREAKPOINT_LEN_8;
	attr[1] = *like;
	attr[1].bp_type = HW_BREAKPOINT_W;
	attr[1].bp_addr = (unsigned long)watched + 17;
	attr[1].bp_len = HW_BREAKPOINT_LEN_1;
}

/* Is what this CPU has in its registers what is asked for, and nothing that was left there? */
static bool registers_are_clean(void)
{
	struct perf_event_attr attr = point(HW_BREAKPOINT_W, watched + 4, HW_BREAKPOINT_LEN_1);
	char *at = (char *)(watched + 4);
	__u64 count;
	int fd = pe_self(&attr);

	load(watched + 4, 1);
	for (int i = 1; i < 8; i++)
		__atomic_store_n(at + i, i, __ATOMIC_RELAXED);
	count = pe_count(fd);
	close(fd);
	return !count;
}

/* A copy whose copies look at what is left of the one before, and execute a program. */
static void exec_copies(int program, __u64 end)
{
	pin_to(1);
	while (now_ns(CLOCK_MONOTONIC) < end) {
		pid_t child = fork();
		int code;

		if (!child) {
			if (!registers_are_clean())
				_exit(1);
			exec_program(program);
			_exit(2);
		}
		code = child_join(child);
		/* The program is none. */
		if (code < 1000)
			_exit(child < 0 ? 3 : code);
	}
	_exit(0);
}

/*
 * An exec enables what is being changed: what goes into a register must be what is taken
 * out of it.  Of what is left there the next breakpoint in that register becomes another.
 */
TEST_F(point, changes_while_exec_enables)
{
	__u64 end = now_ns(CLOCK_MONOTONIC) + 2 * NSEC_PER_SEC / scale();
	int program = empty_program(), status, which = 0;
	struct perf_event_attr attr[2];
	pid_t child;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU");
	close(self->fd);
	self->attr.inherit = 1;
	self->attr.disabled = 1;
	self->attr.enable_on_exec = 1;
	two_points(attr, &self->attr);
	self->fd = pe_self(&attr[0]);
	ASSERT_LE(0, self->fd);
	child = fork();
	if (!child)
		exec_copies(program, end);
	pin_to(0);
	while (!waitpid(child, &status, WNOHANG))
		ASSERT_EQ(0, change(self->fd, &attr[++which & 1]));
	/* Exit code 1: something was left; 2, 3: exec, or fork, did not work. */
	EXPECT_EQ(0, status);
	close(program);
}

struct forker {
	int begun;
	int changed;
	int done;
	int err;
	__u64 took;
};

static void wait_for(int *word, int value)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value)
		sched_yield();
}

static void post(int *word, int value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* A copy that makes copies: each writes where the breakpoints have got to, once. */
static void fork_copies(struct forker *forker, struct perf_event_attr attr[2])
{
	pin_to(1);
	for (int n = 1;; n++) {
		__u64 start;
		pid_t child;

		while (__atomic_load_n(&forker->begun, __ATOMIC_ACQUIRE) == n - 1)
			;
		if (forker->begun < 0)
			_exit(0);
		start = now_ns(CLOCK_MONOTONIC);
		child = fork();
		if (!child) {
			wait_for(&forker->changed, n);
			__atomic_store_n((char *)(long)attr[n & 1].bp_addr, 1, __ATOMIC_RELAXED);
			_exit(0);
		}
		forker->took = now_ns(CLOCK_MONOTONIC) - start;
		if (child < 0)
			forker->err = errno;
		else
			child_join(child);
		post(&forker->done, n);
	}
}

/* It may be changed at any moment of a fork, which neither misses that nor fails. */
TEST_F(point, changes_while_copies_fork)
{
	__u64 end = now_ns(CLOCK_MONOTONIC) + 2 * NSEC_PER_SEC / scale(), count = 0;
	struct forker *forker = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int n, missed = 0, failed = 0;
	struct perf_event_attr attr[2];
	unsigned int seed = 5;
	pid_t child;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU");
	ASSERT_NE(MAP_FAILED, forker);
	close(self->fd);
	self->attr.inherit = 1;
	two_points(attr, &self->attr);
	self->fd = pe_self(&attr[0]);
	ASSERT_LE(0, self->fd);
	pin_to(0);
	child = fork();
	if (!child)
		fork_copies(forker, attr);
	for (n = 1; now_ns(CLOCK_MONOTONIC) < end; n++) {
		__u64 now = now_ns(CLOCK_MONOTONIC), wait = forker->took;

		forker->err = 0;
		post(&forker->begun, n);
		if (wait)
			wait = rand_r(&seed) % wait;
		while (now_ns(CLOCK_MONOTONIC) - now < wait)
			;
		ASSERT_EQ(0, change(self->fd, &attr[n & 1]));
		post(&forker->changed, n);
		wait_for(&forker->done, n);
		failed += !!forker->err;
		missed += !forker->err && pe_count(self->fd) != count + 1;
		count = pe_count(self->fd);
	}
	post(&forker->begun, -1);
	EXPECT_EQ(0, child_join(child));
	EXPECT_EQ(0, missed + failed) {
		TH_LOG("%d missed it and %d failed, of %d", missed, failed, n - 1);
	}
	munmap(forker, getpagesize());
}

TEST_HARNESS_MAIN
