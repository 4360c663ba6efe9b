// SPDX-License-Identifier: GPL-2.0
/*
 * Slots of breakpoints: who is given one, whose it is, and for how long.  After each
 * test all must be there.
 */
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include "breakpoint_util.h"

#define CPU1_ONLINE	"/sys/devices/system/cpu/cpu1/online"

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

/*
 * Where data and instructions have registers of their own, a change may find none for a
 * copy: then none has changed, and those that had one of the others do not keep it.
 */
TEST_F(slots, change_fails_half_way)
{
	struct perf_event_attr data = self->attr, code = self->attr;
	int fd, full[SLOTS_MAX], nr, all_code;
	struct worker w;

	code.bp_type = HW_BREAKPOINT_X;
	code.bp_len = sizeof(long);
	nr = fill(&data, 0, -1, full);
	all_code = room(&code, 0, -1);
	empty(full, nr);
	if (!all_code)
		SKIP(return, "any register is for both");
	data.inherit = 1;
	ASSERT_LE(0, fd = pe_self(&data));
	if (!worker_fork(&w)) {
		worker_wait(&w);
		store(watched, 3);
		_exit(0);
	}
	nr = fill(&code, w.pid, -1, full);
	EXPECT_EQ(all_code, nr);
	code.inherit = 1;
	EXPECT_EQ(-ENOSPC, change(fd, &code));
	EXPECT_EQ(all_code, room(&code, 0, -1));
	EXPECT_EQ(self->all - 1, room(&self->attr, 0, -1));
	EXPECT_EQ(self->all - 1, room(&self->attr, w.pid, -1));
	empty(full, nr);
	EXPECT_EQ(0, change(fd, &code));
	EXPECT_EQ(all_code - 1, room(&code, 0, -1));
	EXPECT_EQ(all_code - 1, room(&code, w.pid, -1));
	EXPECT_EQ(self->all, room(&self->attr, w.pid, -1));
	EXPECT_EQ(0, change(fd, &data));
	EXPECT_EQ(all_code, room(&code, w.pid, -1));
	worker_post(&w);
	EXPECT_EQ(0, worker_join(&w));
	EXPECT_EQ(3, pe_count(fd));
	close(fd);
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
