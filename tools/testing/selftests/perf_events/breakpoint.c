// SPDX-License-Identifier: GPL-2.0
/*
 * Breakpoints as events: hits are exact, what is watched can be changed, and a
 * slot that is free again is free at once.
 */
#include <linux/hw_breakpoint.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include "perf_util.h"

#define SLOTS_MAX	64
#define CPU1_ONLINE	"/sys/devices/system/cpu/cpu1/online"

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

/* ---- Whose slots, and for how long ---- */

/* How many more there can be, of a task or on a CPU. */
static int room(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	int fd[SLOTS_MAX], nr = fill(attr, pid, cpu, fd);

	empty(fd, nr);
	return nr;
}

FIXTURE(slots)
{
	struct perf_event_attr attr;
	int cpus;
	int all;		/* on a CPU where nobody has any */
};

FIXTURE_SETUP(slots)
{
	watched = (__u64 *)pages_new(1);
	ASSERT_NE(NULL, watched);
	self->attr = point(HW_BREAKPOINT_W, watched, HW_BREAKPOINT_LEN_8);
	self->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	self->all = room(&self->attr, -1, 0);
	if (!self->all)
		SKIP(return, "no breakpoints");
}

/* Whatever happened: nothing is left. */
FIXTURE_TEARDOWN(slots)
{
	EXPECT_EQ(self->all, room(&self->attr, 0, -1));
	for (int cpu = 0; cpu < self->cpus; cpu++) {
		EXPECT_EQ(self->all, room(&self->attr, -1, cpu));
		EXPECT_EQ(self->all, room(&self->attr, 0, cpu));
	}
}

#define WALK_TASKS	12
#define WALK_ALIVE	3
#define WALK_POINTS	64
#define NOBODYS		(-1)

struct walk {
	struct perf_event_attr attr;
	int cpus;
	int all;
	struct worker task[WALK_TASKS];
	int tasks;		/* begun; the last WALK_ALIVE are alive */
	int nr;
	struct {
		int fd;
		int task;
		int cpu;
	} point[WALK_POINTS];
	unsigned int seed;
};

static int walk_random(struct walk *walk, int below)
{
	return rand_r(&walk->seed) % below;
}

static int walk_sum(const struct walk *walk, int task, int cpu)
{
	int sum = 0;

	for (int i = 0; i < walk->nr; i++) {
		int whose = walk->point[i].task, where = walk->point[i].cpu;

		if ((whose == NOBODYS && where == cpu) ||
		    (whose == task && (where < 0 || where == cpu)))
			sum++;
	}
	return sum;
}

/* The rule: a CPU's own, and those of the task that has most there. */
static bool walk_fits(const struct walk *walk)
{
	for (int cpu = 0; cpu < walk->cpus; cpu++)
		for (int task = 0; task < walk->tasks; task++)
			if (walk_sum(walk, task, cpu) > walk->all)
				return false;
	return true;
}

static int walk_end_task(struct walk *walk, int task)
{
	worker_post(&walk->task[task]);
	return worker_join(&walk->task[task]);
}

/* Dead tasks' points are kept, and count. */
static void walk_replace_task(struct walk *walk)
{
	if (walk->tasks == WALK_TASKS)
		return;
	if (walk->tasks >= WALK_ALIVE)
		walk_end_task(walk, walk->tasks - WALK_ALIVE);
	if (!worker_fork(&walk->task[walk->tasks])) {
		/* Else they would not end with the test's descriptors. */
		for (int i = 0; i < walk->nr; i++)
			close(walk->point[i].fd);
		worker_post(&walk->task[walk->tasks]);
		worker_wait(&walk->task[walk->tasks]);
		_exit(0);
	}
	worker_wait(&walk->task[walk->tasks++]);
}

/* The errno of an open, and what it must be. */
static int walk_open(struct walk *walk, int *expected)
{
	int task = walk->tasks - 1 - walk_random(walk, WALK_ALIVE), cpu = -1, i = walk->nr;

	if (walk_random(walk, 2))
		cpu = walk_random(walk, walk->cpus);
	if (cpu >= 0 && !walk_random(walk, 4))
		task = NOBODYS;
	walk->point[i].task = task;
	walk->point[i].cpu = cpu;
	walk->point[i].fd = pe_open(&walk->attr, task == NOBODYS ? -1 : walk->task[task].pid,
				    cpu, -1, PERF_FLAG_FD_CLOEXEC);
	walk->nr++;
	*expected = walk_fits(walk) ? 0 : -ENOSPC;
	if (walk->point[i].fd < 0) {
		walk->nr--;
		return walk->point[i].fd;
	}
	return 0;
}

static void walk_close(struct walk *walk, int i)
{
	close(walk->point[i].fd);
	walk->point[i] = walk->point[--walk->nr];
}

TEST_F(slots, agree_with_the_rule)
{
	struct walk walk = { self->attr, self->cpus, self->all, .seed = 7 };
	int steps = rounds(2000), granted = 0, refused = 0, expected, err;

	while (walk.tasks < WALK_ALIVE)
		walk_replace_task(&walk);
	for (int step = 0; step < steps; step++) {
		if (step % (steps / WALK_TASKS + 1) == 0)
			walk_replace_task(&walk);
		if (walk.nr && (walk.nr == WALK_POINTS || walk_random(&walk, 16) < 7)) {
			walk_close(&walk, walk_random(&walk, walk.nr));
			continue;
		}
		err = walk_open(&walk, &expected);
		ASSERT_EQ(expected, err) {
			TH_LOG("step %d, %d points", step, walk.nr);
		}
		granted += !err;
		refused += !!err;
	}
	EXPECT_LT(steps / 20, granted);
	EXPECT_LT(steps / 50, refused);
	while (walk.nr)
		walk_close(&walk, 0);
	for (int i = walk.tasks - WALK_ALIVE; i < walk.tasks; i++)
		EXPECT_EQ(0, walk_end_task(&walk, i));
}

/* A child that ends gives back its own, and of its parent's nothing. */
TEST_F(slots, child_ends_first)
{
	int fd[SLOTS_MAX];
	struct worker w;

	self->attr.inherit = 1;
	ASSERT_EQ(self->all, fill(&self->attr, 0, -1, fd));
	for (int i = 0; i < 5; i++) {
		if (!worker_fork(&w)) {
			worker_wait(&w);
			_exit(0);
		}
		EXPECT_EQ(0, room(&self->attr, w.pid, -1));
		worker_post(&w);
		EXPECT_EQ(0, worker_join(&w));
		EXPECT_EQ(0, room(&self->attr, 0, -1));
	}
	/* Had a child left something, it would be more than the one that is left. */
	empty(fd + 1, self->all - 1);
	EXPECT_EQ(self->all - 1, room(&self->attr, -1, 0));
	close(fd[0]);
}

/*
 * A child keeps what it inherited when its parent has ended, until the descriptors end.
 * The last switch before that is from the one to the other: did they swap their contexts,
 * it would now have its parent's.
 */
TEST_F(slots, parent_ends_first)
{
	struct worker parent, child;
	int fd[SLOTS_MAX];
	pid_t pid = 0;

	self->attr.inherit = 1;
	if (!worker_fork(&parent)) {
		worker_wait(&parent);
		pin_to(0);
		if (!worker_fork(&child)) {
			/* Until the parent sleeps. */
			for (int i = 0; i < 100; i++)
				sched_yield();
			pid = getpid();
			if (write(parent.go, &pid, sizeof(pid)) != sizeof(pid))
				abort();
			/* The test's end of the pipe closes. */
			worker_wait(&parent);
			_exit(0);
		}
		worker_wait(&parent);
		_exit(0);
	}
	ASSERT_EQ(self->all, fill(&self->attr, parent.pid, -1, fd));
	worker_post(&parent);
	ASSERT_EQ(sizeof(pid), read(parent.done, &pid, sizeof(pid)));
	EXPECT_EQ(0, room(&self->attr, pid, -1));
	/* One of the two takes it. */
	kill(parent.pid, SIGKILL);
	EXPECT_EQ(1000 + SIGKILL, child_join(parent.pid));
	EXPECT_EQ(0, room(&self->attr, pid, -1));
	EXPECT_EQ(0, room(&self->attr, -1, 0));
	close(fd[0]);
	EXPECT_EQ(1, room(&self->attr, pid, -1));
	EXPECT_EQ(1, room(&self->attr, -1, 0));
	empty(fd + 1, self->all - 1);
	EXPECT_EQ(self->all, room(&self->attr, pid, -1));
	close(parent.go);
	close(parent.done);
}

/* The fork fails after the child has got its breakpoints: its number of tasks is limited. */
TEST_F(slots, fork_fails)
{
	const char *cgroup = cgroup_make();
	int fd[SLOTS_MAX], one[SLOTS_MAX];
	char path[160];

	if (!cgroup)
		SKIP(return, "no cgroups");
	self->attr.inherit = 1;
	ASSERT_LE(0, fd[0] = pe_self(&self->attr));
	ASSERT_EQ(self->all - 1, fill(&self->attr, 0, 0, one));
	snprintf(path, sizeof(path), "%s/pids.max", cgroup);
	ASSERT_EQ(0, file_write(path, "1"));
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	ASSERT_EQ(0, file_write(path, "0"));
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		if (!child)
			_exit(0);
		EXPECT_EQ(-1, child);
	}
	EXPECT_EQ(0, file_write("/sys/fs/cgroup/cgroup.procs", "0"));
	rmdir(cgroup);
	empty(one, self->all - 1);
	EXPECT_EQ(self->all - 1, room(&self->attr, -1, 0));
	close(fd[0]);
}

/* Through an exec they stay, or are removed; the slots stay with the descriptors. */
TEST_F(slots, exec)
{
	int fd[SLOTS_MAX], cpu[SLOTS_MAX];
	struct worker w;

	for (int remove = 0; remove < 2; remove++) {
		self->attr.remove_on_exec = remove;
		if (!worker_fork(&w)) {
			worker_wait(&w);
			dup2(w.done, 0);
			execl("/bin/cat", "cat", NULL);
			_exit(1);
		}
		ASSERT_LE(0, fd[0] = pe_open(&self->attr, w.pid, -1, -1, PERF_FLAG_FD_CLOEXEC));
		ASSERT_EQ(self->all - 1, fill(&self->attr, w.pid, 0, fd + 1));
		EXPECT_EQ(0, fill(&self->attr, -1, 0, cpu));
		worker_post(&w);
		EXPECT_EQ(0, worker_join(&w));
		EXPECT_EQ(0, fill(&self->attr, -1, 0, cpu));
		close(fd[0]);
		EXPECT_EQ(1, room(&self->attr, -1, 0));
		empty(fd + 1, self->all - 1);
		EXPECT_EQ(self->all, room(&self->attr, -1, 0));
	}
	self->attr.remove_on_exec = 0;
}

TEST_F(slots, cpu_goes_and_comes)
{
	int cpu[SLOTS_MAX], fd[SLOTS_MAX], half = self->all / 2;
	struct worker w;

	if (self->cpus < 2 || file_long(CPU1_ONLINE, 0) != 1)
		SKIP(return, "no second CPU that can be taken away");
	if (!worker_fork(&w)) {
		worker_wait(&w);
		_exit(0);
	}
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(self->all, fill(&self->attr, -1, 1, cpu));
		ASSERT_EQ(0, file_write(CPU1_ONLINE, "0"));
		EXPECT_EQ(0, room(&self->attr, w.pid, -1));
		empty(cpu, half);
		ASSERT_EQ(half, fill(&self->attr, w.pid, -1, fd));
		ASSERT_EQ(0, file_write(CPU1_ONLINE, "1"));
		EXPECT_EQ(0, room(&self->attr, -1, 1));
		empty(cpu + half, self->all - half);
		EXPECT_EQ(self->all - half, room(&self->attr, -1, 1));
		empty(fd, half);
	}
	worker_post(&w);
	EXPECT_EQ(0, worker_join(&w));
}

#define RACERS	8

struct racer {
	struct perf_event_attr *attr;
	pthread_barrier_t *barrier;
	pthread_t thread;
	pid_t pid;
	int cpu;
	int fd;
};

static void *race_open(void *arg)
{
	struct racer *racer = arg;

	pthread_barrier_wait(racer->barrier);
	racer->fd = pe_open(racer->attr, racer->pid, racer->cpu, -1, 0);
	return NULL;
}

/* Of a task, of it on a CPU, of the CPU: one of all gets the last slot. */
TEST_F(slots, threads_race_for_the_last)
{
	struct racer racer[RACERS];
	pthread_barrier_t barrier;
	int fd[SLOTS_MAX], won;

	pthread_barrier_init(&barrier, NULL, RACERS);
	ASSERT_EQ(self->all, fill(&self->attr, 0, 0, fd));
	close(fd[0]);
	for (int round = 0; round < rounds(100); round++) {
		won = 0;
		for (int i = 0; i < RACERS; i++) {
			racer[i] = (struct racer) { &self->attr, &barrier };
			racer[i].pid = i % 3 == 2 ? -1 : getpid();
			racer[i].cpu = i % 3 == 0 ? -1 : 0;
			pthread_create(&racer[i].thread, NULL, race_open, &racer[i]);
		}
		for (int i = 0; i < RACERS; i++)
			pthread_join(racer[i].thread, NULL);
		for (int i = 0; i < RACERS; i++) {
			if (racer[i].fd < 0) {
				EXPECT_EQ(-ENOSPC, racer[i].fd);
				continue;
			}
			close(racer[i].fd);
			won++;
		}
		ASSERT_EQ(1, won);
	}
	empty(fd + 1, self->all - 1);
	pthread_barrier_destroy(&barrier);
}

/* Opened on tasks that end or execute another program meanwhile. */
TEST_F(slots, opens_race_with_ends)
{
	int fd[SLOTS_MAX], program = empty_program(), opened = 0, late = 0;

	self->attr.inherit = 1;
	for (int i = 0; i < rounds(100); i++) {
		pid_t child = fork();
		int nr;

		if (!child) {
			for (int n = 0; n < i * 300; n++)
				asm volatile("" : : : "memory");
			if (i % 3 == 0)
				exec_program(program);
			if (i % 3 == 1 && !fork())
				_exit(0);
			_exit(0);
		}
		nr = fill(&self->attr, child, i & 1 ? -1 : 0, fd);
		opened += nr;
		late += fd[nr] == -ESRCH;
		if (i % 5 == 0) {
			waitpid(child, NULL, 0);
			empty(fd, nr);
		} else {
			empty(fd, nr);
			waitpid(child, NULL, 0);
		}
	}
	EXPECT_LT(0, opened);
	TH_LOG("%d were opened, %d times the task had ended", opened, late);
	close(program);
	self->attr.inherit = 0;
}

#ifdef __x86_64__
static int poke(pid_t pid, int reg, unsigned long value)
{
	return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[reg]), value) ?
	       -errno : 0;
}

/* A debugger's are taken from the same slots, and end with the task. */
TEST_F(slots, shared_with_a_debugger)
{
	int fd[SLOTS_MAX], status, nr;
	pid_t child = fork();

	if (!child) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		__atomic_store_n(watched, 1, __ATOMIC_RELAXED);
		_exit(0);
	}
	waitpid(child, &status, 0);
	ASSERT_EQ(0, poke(child, 0, (unsigned long)watched));
	/* Switch it on: 8 bytes, writes. */
	ASSERT_EQ(0, poke(child, 7, 1 | 0x9 << 16));
	nr = fill(&self->attr, child, -1, fd);
	EXPECT_EQ(self->all - 1, nr);
	EXPECT_EQ(-ENOSPC, poke(child, 1, (unsigned long)(watched + 1)));
	empty(fd, nr);
	EXPECT_EQ(0, poke(child, 1, (unsigned long)(watched + 1)));
	EXPECT_EQ(self->all - 2, room(&self->attr, child, -1));
	ptrace(PTRACE_CONT, child, 0, 0);
	waitpid(child, &status, 0);
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(SIGTRAP, WSTOPSIG(status));
	ptrace(PTRACE_CONT, child, 0, 0);
	waitpid(child, &status, 0);
	EXPECT_TRUE(WIFEXITED(status));
}
#endif

TEST_HARNESS_MAIN
