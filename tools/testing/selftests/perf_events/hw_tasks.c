// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware events of tasks that fork, switch, execute, move between CPUs and
 * lose them, and of those that read their counters themselves.
 */
#include "hw_util.h"

#define OTHER_HALF	"--other-half"
/* Seconds: with QEMU's -icount a guest's clock may jump minutes while it reads a file. */
#define JUMPS		1000

/* ---- Children and threads ---- */

static void *thread_loop(void *turns)
{
	loop((unsigned long)turns);
	return NULL;
}

/* All there is counts once: parents, children and threads, on whatever CPU. */
TEST_F(hw, inherited_sum)
{
	__u64 format = PERF_FORMAT_GROUP | times;
	pthread_t thread[3];
	pid_t child[3];
	int sibling;

	self->insns.inherit = 1;
	self->insns.read_format = format;
	self->branches = self->insns;
	self->branches.config = PERF_COUNT_HW_BRANCH_INSTRUCTIONS;
	self->branches.disabled = 0;
	self->fd = pe_self(&self->insns);
	sibling = pe_open(&self->branches, 0, -1, self->fd, 0);
	ASSERT_LE(0, sibling);
	all_on();
	for (int i = 0; i < 3; i++) {
		child[i] = fork();
		if (!child[i]) {
			loop((i + 1) * TURNS);
			_exit(0);
		}
		pthread_create(&thread[i], NULL, thread_loop, (void *)TURNS);
	}
	loop(TURNS);
	for (int i = 0; i < 3; i++) {
		child_join(child[i]);
		pthread_join(thread[i], NULL);
	}
	all_off();
	ASSERT_EQ(0, pe_read(self->fd, format, &self->r));
	EXPECT_EQ(self->r.enabled, self->r.running);
	/* 1 + 2 + 3 times of children, 3 of threads, one of this thread. */
	EXPECT_TRUE(near_by(10 * INSNS, self->r.of[0].value, SOME));
	EXPECT_TRUE(near_by(10 * TURNS, self->r.of[1].value, SOME));
}

/* What a live child has counted is read with it, and is there when it has gone. */
TEST_F(hw, child_folds_at_its_end)
{
	struct worker w;
	__u64 live;

	self->insns.inherit = 1;
	self->fd = pe_self(&self->insns);
	pe_enable(self->fd);
	if (!worker_fork(&w)) {
		loop(TURNS);
		worker_post(&w);
		worker_wait(&w);
		loop(TURNS);
		_exit(0);
	}
	worker_wait(&w);
	live = pe_count(self->fd);
	EXPECT_TRUE(near_by(INSNS, live, SOME));
	worker_post(&w);
	EXPECT_EQ(0, worker_join(&w));
	EXPECT_TRUE(near_by(INSNS, pe_count(self->fd) - live, SOME));
}

static __attribute__((constructor)) void other_half(int argc, char **argv)
{
	if (argc < 3 || strcmp(argv[1], OTHER_HALF))
		return;
	loop(atol(argv[2]));
	_exit(7);
}

static void become_other_half(unsigned long turns)
{
	char arg[32];

	snprintf(arg, sizeof(arg), "%lu", turns);
	execl("/proc/self/exe", "perf_other", OTHER_HALF, arg, NULL);
	_exit(1);
}

/*
 * Clones swap their contexts at each switch.  When an exec takes its event from
 * it each tells what it has counted itself; the sum is what all have.  The parent
 * keeps out of it: until an event that came later makes it different it gives
 * the CPU to nobody.  Else a child might have got the event that was opened.
 */
TEST_F_TIMEOUT(hw, clones_keep_their_counts, JUMPS)
{
	const struct sched_param urgent = { 1 }, plain = { 0 };
	__u64 own[2][2] = {}, total[2], switches = 500;
	struct rusage usage;
	struct worker w[2];

	ASSERT_EQ(0, pin_to(0));
	self->insns.inherit = 1;
	self->insns.inherit_stat = 1;
	self->insns.remove_on_exec = 1;
	self->fd = pe_open(&self->insns, 0, 0, -1, 0);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 1));
	for (int round = 0; round < 2; round++) {
		unsigned long turns[2] = { 1 + round * 1000, 1 + round * 3000 };
		int late;

		if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &urgent))
			SKIP(return, "may not keep the CPU");
		pe_ioctl(self->fd, PERF_EVENT_IOC_RESET, 0);
		pe_enable(self->fd);
		for (int i = 0; i < 2; i++) {
			if (!worker_fork(&w[i])) {
				worker_wait(&w[i]);
				yield_loop(turns[i], switches);
				become_other_half(1);
			}
		}
		late = pe_self(&self->branches);
		sched_setscheduler(0, SCHED_OTHER, &plain);
		worker_post(&w[0]);
		worker_post(&w[1]);
		EXPECT_EQ(7, worker_join(&w[0]));
		EXPECT_EQ(7, worker_join(&w[1]));
		pe_disable(self->fd);
		total[round] = pe_count(self->fd);
		while (ring_find(&self->ring, PERF_RECORD_READ, &self->rec) > 0) {
			int i = self->rec.halves[2] == (__u32)w[1].pid;

			EXPECT_EQ((__u32)w[i].pid, self->rec.halves[2]);
			ASSERT_EQ(3, reading_parse(&self->rec.words[2], 3, times, &self->r));
			EXPECT_EQ(self->r.enabled, self->r.running);
			EXPECT_EQ(0, own[round][i]);
			own[round][i] = self->r.of[0].value;
		}
		/* What ended children had counted stays through a reset. */
		if (round)
			total[1] -= own[0][0] + own[0][1];
		close(late);
	}
	EXPECT_LT(0, own[0][0]);
	EXPECT_TRUE(near(LOOP_INSNS * 1000 * switches, own[1][0] - own[0][0]));
	EXPECT_TRUE(near(LOOP_INSNS * 3000 * switches, own[1][1] - own[0][1]));
	EXPECT_TRUE(near_by(own[1][0] + own[1][1], total[1], SOME));
	getrusage(RUSAGE_CHILDREN, &usage);
	EXPECT_LE(switches, usage.ru_nvcsw + usage.ru_nivcsw);
}

/* Tasks with events of their own do not see each other's instructions. */
TEST_F(hw, tasks_that_switch)
{
	unsigned long own, turns;
	int switches = 500;
	struct worker w;
	__u64 *count;
	bool first;

	count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, count);
	ASSERT_EQ(0, pin_to(0));
	first = worker_fork(&w);
	own = first ? 3000 : 1000;
	self->fd = pe_self(&self->insns);
	for (int round = 0; round < 3; round++) {
		/* In step, so that both loop at the same time. */
		worker_post(&w);
		worker_wait(&w);
		pe_ioctl(self->fd, PERF_EVENT_IOC_RESET, 0);
		turns = round == 2 ? 1 + own : 1;
		all_on();
		yield_loop(turns, switches);
		all_off();
		count[2 * round + first] = pe_count(self->fd);
	}
	if (!first)
		_exit(0);
	EXPECT_EQ(0, worker_join(&w));
	EXPECT_TRUE(near(LOOP_INSNS * 1000 * switches, count[4] - count[2]));
	EXPECT_TRUE(near(LOOP_INSNS * 3000 * switches, count[5] - count[3]));
}

/* A group that an exec enables: the program counts, what was before it does not. */
TEST_F_TIMEOUT(hw, enabled_on_exec, JUMPS)
{
	__u64 format = PERF_FORMAT_GROUP | times;
	struct worker w;

	if (!worker_fork(&w)) {
		worker_wait(&w);
		loop(10 * TURNS);
		become_other_half(10 * TURNS);
	}
	self->insns.enable_on_exec = 1;
	self->insns.read_format = format;
	self->branches.disabled = 0;
	self->fd = pe_open(&self->insns, w.pid, -1, -1, 0);
	ASSERT_LE(0, pe_open(&self->branches, w.pid, -1, self->fd, 0));
	worker_post(&w);
	EXPECT_EQ(7, worker_join(&w));
	ASSERT_EQ(0, pe_read(self->fd, format, &self->r));
	/* The dynamic linker's part is small beside it. */
	EXPECT_TRUE(near_by(10 * INSNS, self->r.of[0].value, 2 * TURNS));
	EXPECT_TRUE(near_by(10 * TURNS, self->r.of[1].value, TURNS / 2));
	EXPECT_LT(0, self->r.running);
	EXPECT_EQ(self->r.enabled, self->r.running);
}

/* ---- CPUs ---- */

/* What a task counts goes with it; what it counts on each CPU adds up to that. */
TEST_F(hw, counts_on_every_cpu)
{
	__u64 count[3][3] = {};
	int fd[3];

	fd[0] = pe_self(&self->insns);
	fd[1] = pe_open(&self->insns, 0, 0, -1, 0);
	fd[2] = pe_open(&self->insns, 0, 1, -1, 0);
	if (fd[2] < 0 || pin_to(1))
		SKIP(return, "one CPU");
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3; i++)
			pe_ioctl(fd[i], PERF_EVENT_IOC_RESET, 0);
		all_on();
		for (int i = 0; i < 100; i++) {
			pin_to(i & 1);
			loop(round == 2 ? 1 + 10000 : 1);
		}
		all_off();
		for (int i = 0; i < 3; i++)
			count[round][i] = pe_count(fd[i]);
		EXPECT_TRUE(near(count[round][0], count[round][1] + count[round][2]));
	}
	EXPECT_TRUE(near(LOOP_INSNS * 10000 * 100, count[2][0] - count[1][0]));
	EXPECT_TRUE(near(LOOP_INSNS * 10000 * 50, count[2][1] - count[1][1]));
	EXPECT_TRUE(near(LOOP_INSNS * 10000 * 50, count[2][2] - count[1][2]));
}

/*
 * A CPU goes and comes back.  Its events have ended with it and keep what they
 * counted; those of a task go on, also the one that was bound to that CPU.
 */
TEST_F_TIMEOUT(hw, survives_a_cpu, JUMPS)
{
	int group[2], fd[3], again;
	cpu_set_t all;
	__u64 count;

	sched_getaffinity(0, sizeof(all), &all);
	if (pin_to(1))
		SKIP(return, "one CPU");
	if (access(CPU1_ONLINE, W_OK))
		SKIP(return, "may not take a CPU off");
	ASSERT_EQ(2, open_group(&self->insns, -1, 1, 2, group));
	fd[0] = pe_self(&self->insns);
	fd[1] = pe_open(&self->insns, 0, 0, -1, 0);
	fd[2] = pe_open(&self->insns, 0, 1, -1, 0);
	all_on();
	loop(TURNS);
	/* It is thrown off its CPU. */
	ASSERT_EQ(0, file_write(CPU1_ONLINE, "0"));
	count = pe_count(group[0]);
	EXPECT_LE(INSNS, count);
	EXPECT_LE(INSNS, pe_count(group[1]));
	loop(TURNS);
	EXPECT_EQ(-ENODEV, try_open(&self->insns, -1, 1, -1, 0));
	ASSERT_EQ(0, file_write(CPU1_ONLINE, "1"));
	sched_setaffinity(0, sizeof(all), &all);
	ASSERT_EQ(0, pin_to(1));
	EXPECT_EQ(0, pe_enable(group[0]));
	self->insns.disabled = 0;
	again = pe_open(&self->insns, -1, 1, -1, 0);
	loop(TURNS);
	EXPECT_LE(INSNS, pe_count(again));
	EXPECT_EQ(count, pe_count(group[0]));
	all_off();
	EXPECT_TRUE(near(pe_count(fd[0]), pe_count(fd[1]) + pe_count(fd[2])));
	EXPECT_TRUE(near_by(3 * INSNS, pe_count(fd[0]), SOME));
	EXPECT_TRUE(near_by(INSNS, pe_count(fd[1]), SOME));
	EXPECT_TRUE(ran_always(fd[0]));
}

/* ---- The user page ---- */

/* The count without a system call: false when the counter cannot be read now. */
static bool page_count(const struct perf_event_mmap_page *page, __u64 *count)
{
#ifdef __x86_64__
	__u32 lock, low, high;
	int unused;

	do {
		lock = __atomic_load_n(&page->lock, __ATOMIC_ACQUIRE);
		if (!page->cap_user_rdpmc || !page->index)
			return false;
		*count = page->offset;
		unused = 64 - page->pmc_width;
		asm volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(page->index - 1) : "memory");
		*count += (__s64)(((__u64)high << 32 | low) << unused) >> unused;
	} while (__atomic_load_n(&page->lock, __ATOMIC_ACQUIRE) != lock);
	return true;
#else
	return false;
#endif
}

static bool may_rdpmc(void)
{
	return file_long("/sys/bus/event_source/devices/cpu/rdpmc", 0) > 0;
}

/* Counter and offset give what read(2) gives, on each CPU and in each period. */
TEST_F(hw, read_in_user_space)
{
	__u64 n[5];

	if (!may_rdpmc())
		SKIP(return, "user space may not read counters");
	for (int round = 0; round < 3; round++) {
		struct perf_event_mmap_page *page;

		/* The counter of one that samples begins anew all the time. */
		self->insns.sample_period = round == 1 ? 10007 : 0;
		ASSERT_EQ(0, sampler(self, &self->insns, round == 1));
		page = self->ring.page;
		EXPECT_EQ(0, page->index);
		EXPECT_FALSE(page_count(page, &n[0]));
		pe_enable(self->fd);
		EXPECT_LT(0, page->index);
		EXPECT_TRUE(between(32, page->pmc_width, 64));
		for (int i = 0; i < 3; i++) {
			loop(i == 2 ? 1 + TURNS : 1);
			ASSERT_TRUE(page_count(page, &n[i]));
		}
		EXPECT_TRUE(near(INSNS, n[2] - n[1] - (n[1] - n[0])));
		/* Reading costs instructions, so that read(2) lies between two of these. */
		n[3] = pe_count(self->fd);
		if (round == 2)
			pin_to(!sched_getcpu());
		ASSERT_TRUE(page_count(page, &n[4]));
		EXPECT_TRUE(between(n[2], n[3], n[4]));
		EXPECT_GT(5000, n[4] - n[2]);
		pe_disable(self->fd);
		EXPECT_EQ(0, page->index);
		EXPECT_FALSE(page_count(page, &n[0]));
		EXPECT_EQ(pe_count(self->fd), page->offset);
		ASSERT_EQ(0, pe_read(self->fd, times, &self->r));
		EXPECT_TRUE(between(self->r.enabled, page->time_enabled,
				    self->r.enabled + NSEC_PER_MSEC));
		EXPECT_EQ(page->time_enabled, page->time_running);
		ring_unmap(&self->ring);
		close(self->fd);
	}
}

/* The page of one that takes turns says whether it is on, and never goes back. */
TEST_F(hw, page_of_one_that_waits)
{
	int fd[2 * COUNTERS_MAX], nr = 2 * room(&self->branches), seen[2] = {};
	__u64 end, now, last = 0;

	if (!may_rdpmc())
		SKIP(return, "user space may not read counters");
	for (int i = 0; i < nr; i++)
		fd[i] = pe_self(&self->branches);
	ASSERT_EQ(0, ring_map(&self->ring, fd[nr / 2], 0));
	all_on();
	end = now_ns(CLOCK_MONOTONIC) + 200 * NSEC_PER_MSEC;
	while (now_ns(CLOCK_MONOTONIC) < end) {
		bool on = page_count(self->ring.page, &now);

		seen[on]++;
		if (on) {
			ASSERT_LE(last, now);
			last = now;
		}
		loop(1000);
	}
	all_off();
	EXPECT_LT(0, seen[false]);
	EXPECT_LT(0, seen[true]);
	EXPECT_LE(last, pe_count(fd[nr / 2]));
	EXPECT_EQ(0, self->ring.page->index);
	EXPECT_EQ(pe_count(fd[nr / 2]), self->ring.page->offset);
}

/*
 * How long a task takes to execute a program, and to end, with one event that is on and @nr
 * that begin then.
 */
static __u64 exec_time(struct perf_event_attr attr, int nr)
{
	int program = empty_program(), *fd = calloc(nr, sizeof(*fd)), first;
	struct worker w;
	__u64 start;

	if (!worker_fork(&w)) {
		worker_wait(&w);
		_exit(-exec_program(program));
	}
	attr.disabled = 0;
	first = pe_open(&attr, w.pid, -1, -1, 0);
	attr.disabled = 1;
	attr.enable_on_exec = 1;
	for (int i = 0; i < nr; i++) {
		fd[i] = pe_open(&attr, w.pid, -1, -1, 0);
		if (fd[i] < 0)
			abort();
	}
	start = now_ns(CLOCK_MONOTONIC);
	worker_post(&w);
	if (worker_join(&w) != 1000 + SIGSEGV)
		abort();
	start = now_ns(CLOCK_MONOTONIC) - start;
	for (int i = 0; i < nr; i++)
		close(fd[i]);
	free(fd);
	close(first);
	close(program);
	return start;
}

/* Few of many find room; each is looked at once, not once for each other. */
TEST_F(hw, exec_enables_many)
{
	struct rlimit limit = { 4096, 4096 };
	__u64 few, many;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	exec_time(self->insns, 1);
	few = exec_time(self->insns, 250);
	many = exec_time(self->insns, 2000);
	EXPECT_GT(24 * few, many) {
		TH_LOG("250 events: %llu ns, 2,000: %llu ns", few, many);
	}
}

TEST_HARNESS_MAIN
