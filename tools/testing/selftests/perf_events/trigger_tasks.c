// SPDX-License-Identifier: GPL-2.0
/*
 * Starters and stoppers where tasks fork, switch, move, execute and end, CPUs go,
 * and links are cut while they fire.
 */
#include <sys/wait.h>
#include "trigger_util.h"

#define CPU1_ONLINE	"/sys/devices/system/cpu/cpu1/online"
#define CPUS		sysconf(_SC_NPROCESSORS_ONLN)

/* A starter, a stopper, and what they start and stop. */
static const char * const calls[] = {
	"syscalls/sys_enter_getppid",
	"syscalls/sys_enter_getpgid",
	"syscalls/sys_enter_close",
};

/* The three of a task, or of a CPU: 0 or an errno. */
static int open_three(const char * const name[3], pid_t pid, int cpu, int fd[3])
{
	for (int i = 0; i < 3; i++) {
		struct perf_event_attr attr = call_attr(name[i]);

		if (i == 2) {
			attr.sample_period = 0;
			attr.enable_on_starter = 1;
		}
		fd[i] = pe_open(&attr, pid, cpu, -1, 0);
		if (fd[i] < 0)
			return fd[i];
	}
	return set_starter(fd[0], fd[2]) ?: set_stopper(fd[1], fd[2]);
}

FIXTURE(tasks)
{
	struct region r;
	struct perf_event_attr attr;
	int fd;
};

/* All three are inherited. */
FIXTURE_SETUP(tasks)
{
	int err;

	region_warm_up();
	err = region_open(&self->r, 0, true);
	if (none_here(err))
		SKIP(return, "no breakpoints on code");
	ASSERT_EQ(0, err);
	self->attr = target_attr();
	self->attr.inherit = 1;
	self->fd = guarded(&self->r, &self->attr);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(tasks)
{
	close(self->fd);
	region_close(&self->r);
}

/* A child that faults in what it shares with its parent before it counts for real. */
static int in_child(void (*fn)(int), int arg)
{
	pid_t pid = fork();

	if (!pid) {
		fn(arg);
		_exit(0);
	}
	return child_join(pid);
}

/* ---- Inherited ---- */

static void child_passes(int nr)
{
	passes(nr);
}

/*
 * A first pass takes the faults on what was shared with the parent, inside too, so
 * it is the growth that is looked at.
 */
static long growth(int fd, void (*fn)(int), int few, int many)
{
	long count[3];

	count[0] = pe_count(fd);
	in_child(fn, few);
	count[1] = pe_count(fd);
	in_child(fn, many);
	count[2] = pe_count(fd);
	return (count[2] - count[1]) - (count[1] - count[0]);
}

TEST_F(tasks, child_has_its_own_links)
{
	passes(5);
	EXPECT_EQ(5 * INSIDE, pe_count(self->fd));
	EXPECT_EQ(100 * INSIDE, growth(self->fd, child_passes, 10, 110));
	EXPECT_EQ(1, told(self->fd, "paused"));
}

static void grandchild_passes(int nr)
{
	in_child(child_passes, nr);
}

TEST_F(tasks, nested_forks)
{
	EXPECT_EQ(100 * INSIDE, growth(self->fd, grandchild_passes, 10, 110));
}

/* The one that opened has ended: those that it forked go on forking. */
TEST_F(tasks, parent_ends_before_the_next_fork)
{
	struct region r;
	struct worker w;
	long count[3];
	int fd;

	for (int i = 0; i < 2; i++) {
		if (!worker_fork(&w)) {
			pid_t parent = getpid();

			worker_wait(&w);
			if (!fork()) {
				while (getppid() == parent)
					sleep_ms(1);
				in_child(child_passes, i ? 110 : 10);
				worker_post(&w);
			}
			_exit(0);
		}
		ASSERT_EQ(0, region_open(&r, w.pid, true));
		fd = pe_open(&self->attr, w.pid, -1, -1, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, region_guard(&r, fd));
		worker_post(&w);
		worker_wait(&w);
		sleep_ms(20);
		count[i] = pe_count(fd);
		worker_join(&w);
		close(fd);
		region_close(&r);
	}
	EXPECT_EQ(100 * INSIDE, count[1] - count[0]);
}

static void child_touches(int nr)
{
	touch_pages(nr);
}

static void child_leaves(int nr)
{
	end(1);
	touch_pages(nr);
}

TEST_F(tasks, fork_inside_is_inside)
{
	begin(1);
	EXPECT_EQ(100, growth(self->fd, child_touches, 10, 110));
	EXPECT_EQ(0, growth(self->fd, child_leaves, 10, 110));
	/* What the child did is no matter of ours. */
	EXPECT_EQ(0, told(self->fd, "paused"));
	end(1);
	EXPECT_EQ(0, growth(self->fd, child_touches, 10, 110));
}

/* The starter stays with the parent: the child's target keeps as it is. */
TEST_F(tasks, trigger_that_is_not_inherited)
{
	struct perf_event_attr door = door_attr(begin);
	int starter = pe_self(&door), fd = pe_self(&self->attr);

	ASSERT_LE(0, starter);
	EXPECT_EQ(0, set_starter(starter, fd));
	EXPECT_EQ(0, set_stopper(self->r.stopper, fd));
	EXPECT_EQ(0, growth(fd, child_passes, 10, 110));
	begin(1);
	EXPECT_EQ(100, growth(fd, child_touches, 10, 110));
	EXPECT_EQ(0, growth(fd, child_leaves, 10, 110));
	close(starter);
	close(fd);
}

TEST_F(tasks, linked_when_there_are_children)
{
	int fd = pe_self(&self->attr);
	struct worker w;
	long count;

	if (!worker_fork(&w)) {
		passes(2);
		worker_post(&w);
		worker_wait(&w);
		passes(50);
		worker_post(&w);
		worker_wait(&w);
		in_child(child_passes, 2);
		_exit(0);
	}
	worker_wait(&w);
	EXPECT_EQ(0, pe_count(fd));
	EXPECT_EQ(0, region_guard(&self->r, fd));
	worker_post(&w);
	worker_wait(&w);
	count = pe_count(fd);
	EXPECT_EQ(50 * INSIDE, count);
	worker_post(&w);
	worker_join(&w);
	EXPECT_LT(count, pe_count(fd));
	close(fd);
}

TEST_F(tasks, inherited_group)
{
	struct perf_event_attr attr = self->attr;
	int fd[3];

	for (int i = 0; i < 3; i++) {
		fd[i] = pe_open(&attr, 0, -1, i ? fd[0] : -1, 0);
		ASSERT_LE(0, fd[i]);
		ASSERT_EQ(0, region_guard(&self->r, fd[i]));
	}
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(100 * INSIDE, growth(fd[i], child_passes, 10, 110));
	for (int i = 0; i < 3; i++)
		close(fd[i]);
}

TEST_F(tasks, time_of_children_that_have_ended)
{
	long long before = told(self->fd, "time_open");

	in_child(child_passes, 100);
	EXPECT_LT(before, told(self->fd, "time_open"));
	EXPECT_EQ(told(self->fd, "time_open"), told(self->fd, "time_open"));
}

/* ---- Switches ---- */

struct side {
	bool inside;
	int nr_begin;			/* a system call that opens, or 0: begin() */
	int turns;
	pthread_barrier_t *start;
};

/* Touches a page a turn, on one CPU with the other one. */
static void *one_side(void *arg)
{
	struct side *side = arg;

	pin_to(0);
	touch_pages(1);
	if (side->inside && side->nr_begin)
		syscall(side->nr_begin);
	else if (side->inside)
		begin(1);
	pthread_barrier_wait(side->start);
	for (int i = 0; i < side->turns; i++) {
		touch_pages(1);
		sched_yield();
	}
	pthread_barrier_wait(side->start);
	end(1);
	return NULL;
}

/* Two clones, one inside and one outside, each @turns times; how often there was a switch. */
static long two_sides(int turns, int nr_begin)
{
	struct perf_event_attr switches = sw_attr(PERF_COUNT_SW_CONTEXT_SWITCHES);
	pthread_barrier_t start;
	struct side side[2] = {
		{ true, nr_begin, turns, &start }, { false, nr_begin, turns, &start },
	};
	pthread_t thread[2];
	long count;
	int fd;

	switches.inherit = 1;
	fd = pe_self(&switches);
	pthread_barrier_init(&start, NULL, 2);
	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, one_side, &side[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	count = pe_count(fd);
	close(fd);
	return count;
}

TEST_F(tasks, clones_on_either_side)
{
	int turns = rounds(3000);
	long count;

	EXPECT_LE(turns, two_sides(turns, 0));
	count = pe_count(self->fd);
	/* The C library may fault in a page of its own between begin() and end(). */
	EXPECT_LE(turns, count);
	EXPECT_GE(turns + 8, count);
}

/* Nothing but the target keeps these from swapping contexts: breakpoints do, too. */
TEST(clones_without_breakpoints)
{
	struct region r = { .begin = call_attr(calls[0]), .end = call_attr(calls[1]) };
	struct perf_event_attr attr = target_attr();
	int fd, turns = rounds(3000);
	long count;

	if ((int)r.begin.config < 0)
		SKIP(return, "no tracepoints of system calls");
	region_warm_up();
	ASSERT_EQ(0, region_open_as(&r, 0, true));
	attr.inherit = 1;
	fd = guarded(&r, &attr);
	ASSERT_LE(0, fd);
	EXPECT_LE(turns, two_sides(turns, __NR_getppid));
	count = pe_count(fd);
	EXPECT_LE(turns, count);
	EXPECT_GE(turns + 16, count);
	close(fd);
	region_close(&r);
}

TEST_F(tasks, preempted_inside)
{
	int nr = rounds(200);
	pid_t pid;

	pin_to(0);
	pid = fork();
	if (!pid) {
		for (;;)
			sched_yield();
	}
	/* What was shared with the child is our own again. */
	sched_yield();
	passes(2);
	pe_ioctl(self->fd, PERF_EVENT_IOC_RESET, 0);
	for (int i = 0; i < nr; i++) {
		touch_pages(OUTSIDE);
		sched_yield();
		begin(1);
		sched_yield();
		touch_pages(INSIDE);
		sched_yield();
		end(1);
	}
	kill(pid, SIGKILL);
	child_join(pid);
	EXPECT_EQ(nr * INSIDE, pe_count(self->fd));
}

TEST_F(tasks, moves_inside)
{
	int nr = rounds(200);

	if (CPUS < 2)
		SKIP(return, "one CPU");
	pin_to(1);
	pin_to(0);
	for (int i = 0; i < nr; i++) {
		touch_pages(OUTSIDE);
		begin(1);
		touch_pages(1);
		pin_to(i & 1);
		touch_pages(INSIDE - 1);
		end(1);
		touch_pages(OUTSIDE);
	}
	EXPECT_EQ(nr * INSIDE, pe_count(self->fd));
}

/*
 * Two that inherited the same swap contexts when the CPU goes from one to the
 * other: here from the parent, which sleeps, to its child.
 */
static void sleeps_after_a_swap(struct worker *w)
{
	struct worker child;

	pin_to(0);
	if (!worker_fork(&child)) {
		passes(2);
		worker_post(&child);
		worker_wait(&child);
		for (int i = 0; i < 100; i++)
			sched_yield();
		worker_post(w);
		worker_wait(&child);
		_exit(0);
	}
	worker_wait(&child);
	passes(2);
	worker_post(&child);
	worker_wait(w);
	passes(10);
	worker_post(w);
	worker_wait(w);
	worker_join(&child);
}

/* What the task is given before it forks, and when it sleeps: triggers, or targets. */
static int link_after_a_swap(bool triggers_first, long *count)
{
	struct perf_event_attr attr = target_attr();
	struct worker w;
	struct region r;
	int fd = -1, err = 0;

	attr.inherit = 1;
	attr.enable_on_starter = triggers_first;
	if (!worker_fork(&w)) {
		worker_wait(&w);
		sleeps_after_a_swap(&w);
		_exit(0);
	}
	for (int i = 0; i < 2; i++) {
		if (triggers_first == !i)
			err = region_open(&r, w.pid, true);
		else
			fd = pe_open(&attr, w.pid, -1, -1, 0);
		if (err || (i && fd < 0))
			return err ?: fd;
		if (i)
			err = region_guard(&r, fd);
		pe_ioctl(fd, PERF_EVENT_IOC_RESET, 0);
		worker_post(&w);
		worker_wait(&w);
	}
	*count = pe_count(fd);
	worker_join(&w);
	region_close(&r);
	close(fd);
	return err;
}

/* The roots are then in two contexts, neither of which has both. */
TEST(linked_after_a_swap)
{
	struct region r;

	region_warm_up();
	if (none_here(region_open(&r, 0, false)))
		SKIP(return, "no breakpoints on code");
	region_close(&r);
	for (int i = 0; i < 20; i++) {
		bool triggers_first = i & 1;
		long count = -1;

		EXPECT_EQ(0, link_after_a_swap(triggers_first, &count));
		EXPECT_EQ(10 * INSIDE + (triggers_first ? 0 : OUTSIDE), count);
	}
}

/* ---- exec ---- */

static pid_t fork_to_exec(struct worker *w)
{
	if (!worker_fork(w)) {
		worker_wait(w);
		execlp("sleep", "sleep", "2", NULL);
		_exit(1);
	}
	return w->pid;
}

TEST_F(tasks, exec_removes_one_end)
{
	struct perf_event_attr trigger = fault_attr(), target = target_attr();
	pid_t pid;
	struct worker w;
	int a, b, fd, fresh;

	pid = fork_to_exec(&w);
	trigger.sample_period = 1000000;
	target.enable_on_starter = 0;
	trigger.remove_on_exec = 1;
	a = pe_open(&trigger, pid, -1, -1, 0);
	trigger.remove_on_exec = 0;
	b = pe_open(&trigger, pid, -1, -1, 0);
	fresh = pe_open(&trigger, pid, -1, -1, 0);
	fd = pe_open(&target, pid, -1, -1, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, set_starter(a, fd));
	EXPECT_EQ(0, set_stopper(b, fd));
	EXPECT_EQ(-EBUSY, set_starter(fresh, fd));
	worker_post(&w);
	for (int i = 0; i < 1000 && told(fd, "starter") >= 0; i++)
		sleep_ms(10);
	EXPECT_EQ(-1, told(fd, "starter"));
	EXPECT_EQ(pe_id(b), told(fd, "stopper"));
	EXPECT_EQ(-ENODEV, set_starter(a, fd));
	EXPECT_EQ(0, set_starter(fresh, fd));
	kill(pid, SIGKILL);
	worker_join(&w);
	EXPECT_EQ(-1, told(fd, "stopper"));
	close(a);
	close(b);
	close(fresh);
	close(fd);
}

#define AFTER_EXEC	"after-exec"

/* What the program does that exec_inside_is_inside executes. */
static __attribute__((constructor)) void after_exec(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], AFTER_EXEC))
		return;
	for (int i = 0; i < 12; i++) {
		syscall(__NR_getpriority, 0, 0);
		if (i == 6)
			syscall(__NR_getpgid, 0);
	}
	_exit(0);
}

static const char * const exec_calls[] = {
	"syscalls/sys_enter_getppid",
	"syscalls/sys_enter_getpgid",
	"syscalls/sys_enter_getpriority",
};

/* Whoever enters a region and executes a program is in the region still. */
TEST(exec_inside_is_inside)
{
	struct worker w;
	int fd[3];

	if (tracepoint_id(exec_calls[0]) < 0)
		SKIP(return, "no tracepoints of system calls");
	for (int inside = 0; inside < 2; inside++) {
		if (!worker_fork(&w)) {
			worker_wait(&w);
			syscall(__NR_getpriority, 0, 0);
			if (inside)
				syscall(__NR_getppid);
			execl("/proc/self/exe", "trigger_tasks", AFTER_EXEC, NULL);
			_exit(1);
		}
		ASSERT_EQ(0, open_three(exec_calls, w.pid, -1, fd));
		worker_post(&w);
		worker_join(&w);
		EXPECT_EQ(inside ? 7 : 0, pe_count(fd[2]));
		EXPECT_EQ(1, told(fd[2], "paused"));
		for (int i = 0; i < 3; i++)
			close(fd[i]);
	}
}

/* ---- CPUs ---- */

TEST(of_a_cpu)
{
	int fd[3], err;

	if (tracepoint_id("syscalls/sys_enter_close") < 0)
		SKIP(return, "no tracepoints of system calls");
	err = open_three(calls, -1, 0, fd);
	if (err == -EACCES || err == -EPERM)
		SKIP(return, "not allowed");
	ASSERT_EQ(0, err);
	pin_to(0);
	for (int i = 0; i < 10; i++) {
		close(-1);
		syscall(__NR_getppid);
		close(-1);
		syscall(__NR_getpgid, 0);
		close(-1);
	}
	EXPECT_EQ(10, pe_count(fd[2]));
	for (int i = 0; i < 3; i++)
		close(fd[i]);
}

TEST(cpu_goes)
{
	int fd[3], fresh[3];

	if (file_long(CPU1_ONLINE, -1) != 1)
		SKIP(return, "no CPU that can go");
	if (tracepoint_id("syscalls/sys_enter_close") < 0)
		SKIP(return, "no tracepoints of system calls");
	ASSERT_EQ(0, open_three(calls, -1, 1, fd));
	pin_to(1);
	syscall(__NR_getppid);
	close(-1);
	pin_to(0);
	EXPECT_EQ(1, pe_count(fd[2]));
	ASSERT_EQ(0, file_write(CPU1_ONLINE, "0"));
	EXPECT_EQ(-1, told(fd[2], "starter"));
	EXPECT_EQ(-1, told(fd[0], "starts"));
	EXPECT_EQ(0, told(fd[2], "paused"));
	EXPECT_EQ(-ENODEV, set_starter(fd[0], fd[2]));
	EXPECT_EQ(1, pe_count(fd[2]));
	ASSERT_EQ(0, file_write(CPU1_ONLINE, "1"));
	ASSERT_EQ(0, open_three(calls, -1, 1, fresh));
	pin_to(1);
	close(-1);
	syscall(__NR_getppid);
	close(-1);
	syscall(__NR_getpgid, 0);
	close(-1);
	pin_to(0);
	EXPECT_EQ(1, pe_count(fresh[2]));
	EXPECT_EQ(1, pe_count(fd[2]));
	for (int i = 0; i < 3; i++) {
		close(fd[i]);
		close(fresh[i]);
	}
}

/* The task goes with its CPU while it is inside. */
TEST_F(tasks, cpu_goes_below_it)
{
	if (file_long(CPU1_ONLINE, -1) != 1)
		SKIP(return, "no CPU that can go");
	pin_to(1);
	begin(1);
	touch_pages(1);
	EXPECT_EQ(0, file_write(CPU1_ONLINE, "0"));
	pe_ioctl(self->fd, PERF_EVENT_IOC_RESET, 0);
	touch_pages(3);
	end(1);
	touch_pages(5);
	EXPECT_EQ(3, pe_count(self->fd));
	EXPECT_EQ(0, file_write(CPU1_ONLINE, "1"));
}

/* ---- Races ---- */

/*
 * The doors are calls here: an emulator takes ten milliseconds for each change of a
 * breakpoint.  So it does for a first event of a call and a last one: the fixture
 * keeps one of each open.
 */
FIXTURE(races)
{
	struct region r;
	pthread_t thread;
	pid_t tid;
	int kept[3];
	bool over;
};

static void call_pass(void)
{
	syscall(__NR_getppid);
	touch_pages(INSIDE);
	syscall(__NR_getpgid, 0);
}

/* Goes through the region all the time, on the other CPU. */
static void *goes_through(void *arg)
{
	struct _test_data_races *self = arg;

	pin_to(CPUS - 1);
	__atomic_store_n(&self->tid, get_tid(), __ATOMIC_RELEASE);
	while (!__atomic_load_n(&self->over, __ATOMIC_RELAXED))
		call_pass();
	return NULL;
}

FIXTURE_SETUP(races)
{
	if (tracepoint_id(calls[0]) < 0)
		SKIP(return, "no tracepoints of system calls");
	for (int i = 0; i < 3; i++) {
		struct perf_event_attr attr = call_attr(calls[i]);

		self->kept[i] = pe_self(&attr);
		ASSERT_LE(0, self->kept[i]);
	}
	self->r.begin = call_attr(calls[0]);
	self->r.end = call_attr(calls[1]);
	self->tid = 0;
	self->over = false;
	pthread_create(&self->thread, NULL, goes_through, self);
	while (!__atomic_load_n(&self->tid, __ATOMIC_ACQUIRE))
		sleep_ms(1);
}

FIXTURE_TEARDOWN(races)
{
	__atomic_store_n(&self->over, true, __ATOMIC_RELAXED);
	pthread_join(self->thread, NULL);
	for (int i = 0; i < 3; i++)
		close(self->kept[i]);
}

static void close_in_order(int order, int fd[3])
{
	static const int orders[6][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};

	for (int i = 0; i < 3; i++)
		close(fd[orders[order][i]]);
}

/* A clock is one whose PMU is told, by interrupt work that may be pending. */
TEST_F(races, either_end_closes_while_the_other_fires)
{
	struct perf_event_attr attr[] = { target_attr(), sw_attr(PERF_COUNT_SW_CPU_CLOCK) };
	int fd[3], nr = rounds(300);

	attr[1].enable_on_starter = 1;
	attr[1].sample_period = NSEC_PER_MSEC;
	for (int i = 0; i < nr; i++) {
		ASSERT_EQ(0, region_open_as(&self->r, self->tid, false));
		fd[0] = self->r.starter;
		fd[1] = self->r.stopper;
		fd[2] = pe_open(&attr[i % 2], self->tid, -1, -1, 0);
		ASSERT_LE(0, fd[2]);
		ASSERT_EQ(0, region_guard(&self->r, fd[2]));
		if (i % 3 == 0)
			sched_yield();
		close_in_order(i % 6, fd);
	}
}

struct closer {
	pthread_barrier_t *start;
	int fd;
};

static void *closes(void *arg)
{
	struct closer *c = arg;

	pthread_barrier_wait(c->start);
	close(c->fd);
	return NULL;
}

TEST_F(races, all_ends_close_at_once)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_TASK_CLOCK);
	int nr = rounds(100);
	pthread_barrier_t start;
	struct closer c[3];
	pthread_t closer[3];

	attr.enable_on_starter = 1;
	pthread_barrier_init(&start, NULL, 3);
	for (int i = 0; i < nr; i++) {
		int fd = pe_open(&attr, self->tid, -1, -1, 0);

		ASSERT_EQ(0, region_open_as(&self->r, self->tid, false));
		ASSERT_EQ(0, region_guard(&self->r, fd));
		c[0] = (struct closer) { &start, self->r.starter };
		c[1] = (struct closer) { &start, self->r.stopper };
		c[2] = (struct closer) { &start, fd };
		for (int k = 0; k < 3; k++)
			pthread_create(&closer[k], NULL, closes, &c[k]);
		for (int k = 0; k < 3; k++)
			pthread_join(closer[k], NULL);
	}
}

/* Forks while the roots are linked, closed, opened anew. */
TEST_F(races, forks_while_links_come_and_go)
{
	struct perf_event_attr attr = target_attr();
	int nr = rounds(150);
	pid_t pid;

	attr.inherit = 1;
	pid = fork();
	if (!pid) {
		for (;;) {
			pid = fork();
			if (!pid) {
				if (!fork()) {
					call_pass();
					_exit(0);
				}
				call_pass();
				wait(NULL);
				_exit(0);
			}
			call_pass();
			waitpid(pid, NULL, 0);
		}
	}
	for (int i = 0; i < nr; i++) {
		int fd[3];

		ASSERT_EQ(0, region_open_as(&self->r, pid, true));
		fd[0] = self->r.starter;
		fd[1] = self->r.stopper;
		fd[2] = pe_open(&attr, pid, -1, -1, 0);
		ASSERT_LE(0, fd[2]);
		sched_yield();
		ASSERT_EQ(0, region_guard(&self->r, fd[2]));
		sched_yield();
		close_in_order(i % 6, fd);
	}
	kill(pid, SIGKILL);
	child_join(pid);
}

/* A graph of 20 events, links at random, ends closed at random. */
TEST_F(races, random_graph)
{
	enum { EVENTS = 20 };
	int fd[EVENTS], nr = rounds(1000), linked = 0;
	unsigned int seed = 1;

	memset(fd, -1, sizeof(fd));
	for (int i = 0; i < nr; i++) {
		int a = rand_r(&seed) % EVENTS, b = rand_r(&seed) % EVENTS;
		struct perf_event_attr kinds[] = {
			fault_attr(), call_attr(calls[0]), call_attr(calls[1 + i % 2]),
			sw_attr(PERF_COUNT_SW_CPU_CLOCK), sw_attr(PERF_COUNT_SW_TASK_CLOCK),
		};
		struct perf_event_attr *attr = &kinds[rand_r(&seed) % 5];

		attr->inherit = i & 1;
		attr->enable_on_starter = !(rand_r(&seed) % 3);
		attr->sample_period = attr->type == PERF_TYPE_SOFTWARE && attr->config < 2 ?
				      NSEC_PER_MSEC : 1;
		if (fd[a] < 0) {
			fd[a] = pe_open(attr, self->tid, -1, -1, 0);
		} else if (!(rand_r(&seed) % 4)) {
			close(fd[a]);
			fd[a] = -1;
		}
		if (fd[a] < 0 || fd[b] < 0)
			continue;
		if (rand_r(&seed) & 1)
			linked += !set_starter(fd[a], fd[b]);
		else
			linked += !set_stopper(fd[a], fd[b]);
		if (rand_r(&seed) & 1)
			EXPECT_NE(NO_COUNT, pe_count(fd[b]));
	}
	EXPECT_LT(nr / 100, linked);
	for (int i = 0; i < EVENTS; i++)
		close(fd[i]);
}

TEST_HARNESS_MAIN
