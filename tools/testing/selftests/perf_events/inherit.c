// SPDX-License-Identifier: GPL-2.0
/*
 * Events that children get with them: what they count, when it folds into the
 * parent's, what comes out when parents close or children live on.
 */
#include "perf_util.h"

static const __u64 times = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;

/* Touch pages that nobody shares; what fork makes a child fault on comes on top. */
#define CHILD_PAGES	300

FIXTURE(inherit)
{
	struct perf_event_attr attr;
	int fd;
};

FIXTURE_SETUP(inherit)
{
	warm_up();
	self->attr = fault_attr();
	self->attr.inherit = 1;
	self->fd = -1;
}

FIXTURE_TEARDOWN(inherit)
{
	close(self->fd);
}

/*
 * Two tasks whose events are all inherited may swap contexts at a switch, and the
 * child then runs the events that were opened.  With this one they never do.
 */
static void never_swap(void)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);

	pe_self(&attr);
}

static pid_t fork_toucher(int nr)
{
	pid_t child = fork();

	if (!child) {
		touch_pages(nr);
		_exit(0);
	}
	return child;
}

static void *thread_toucher(void *arg)
{
	touch_pages((long)arg);
	return NULL;
}

/* Forking costs faults on both sides: up to so many are not looked at. */
static bool about(__u64 want, __u64 seen)
{
	return seen - want < CHILD_PAGES / 2;
}

TEST_F(inherit, child_counts)
{
	__u64 before, after;

	self->fd = pe_self(&self->attr);
	before = pe_count(self->fd);
	EXPECT_EQ(0, child_join(fork_toucher(CHILD_PAGES)));
	after = pe_count(self->fd);
	EXPECT_TRUE(about(CHILD_PAGES, after - before)) {
		TH_LOG("%llu", after - before);
	}
	EXPECT_EQ(0, child_join(fork_toucher(CHILD_PAGES)));
	EXPECT_TRUE(about(CHILD_PAGES, pe_count(self->fd) - after));
}

TEST_F(inherit, not_asked_for)
{
	self->attr.inherit = 0;
	self->fd = pe_self(&self->attr);
	EXPECT_EQ(0, child_join(fork_toucher(CHILD_PAGES)));
	EXPECT_TRUE(about(0, pe_count(self->fd)));
}

/* What a child has counted is seen while it lives, and not twice when it ends. */
TEST_F(inherit, live_child_is_summed)
{
	struct worker w;
	__u64 live;

	self->fd = pe_self(&self->attr);
	if (!worker_fork(&w)) {
		touch_pages(CHILD_PAGES);
		worker_post(&w);
		worker_wait(&w);
		_exit(0);
	}
	worker_wait(&w);
	live = pe_count(self->fd);
	EXPECT_TRUE(about(CHILD_PAGES, live));
	worker_post(&w);
	EXPECT_EQ(0, worker_join(&w));
	EXPECT_TRUE(about(CHILD_PAGES, pe_count(self->fd)));
	EXPECT_LE(live, pe_count(self->fd));
}

TEST_F(inherit, grandchildren)
{
	pid_t child;

	self->fd = pe_self(&self->attr);
	child = fork();
	if (!child) {
		pid_t one = fork_toucher(CHILD_PAGES), two = fork_toucher(CHILD_PAGES);

		_exit(child_join(one) || child_join(two));
	}
	EXPECT_EQ(0, child_join(child));
	EXPECT_TRUE(about(2 * CHILD_PAGES, pe_count(self->fd))) {
		TH_LOG("%llu", pe_count(self->fd));
	}
}

TEST_F(inherit, orphans_still_count)
{
	struct worker w;

	self->fd = pe_self(&self->attr);
	if (!worker_fork(&w)) {
		if (fork())
			_exit(0);
		worker_wait(&w);
		touch_pages(CHILD_PAGES);
		worker_post(&w);
		worker_wait(&w);
		_exit(0);
	}
	EXPECT_EQ(0, child_join(w.pid));
	EXPECT_TRUE(about(0, pe_count(self->fd)));
	worker_post(&w);
	worker_wait(&w);
	EXPECT_TRUE(about(CHILD_PAGES, pe_count(self->fd)));
	worker_post(&w);
}

TEST_F(inherit, only_threads)
{
	pthread_t thread;
	__u64 before;

	self->attr.inherit_thread = 1;
	self->fd = pe_self(&self->attr);
	EXPECT_EQ(0, child_join(fork_toucher(CHILD_PAGES)));
	before = pe_count(self->fd);
	EXPECT_TRUE(about(0, before));
	pthread_create(&thread, NULL, thread_toucher, (void *)CHILD_PAGES);
	pthread_join(thread, NULL);
	EXPECT_TRUE(about(CHILD_PAGES, pe_count(self->fd) - before));
}

/*
 * A sibling that is not for this child keeps its group from it.
 * Without: core.c, group_is_inherited(): the loop over the siblings.
 */
TEST_F(inherit, group_that_suits_in_part)
{
	struct perf_event_attr sibling = self->attr;
	int fd;

	sibling.inherit_thread = 1;
	self->fd = pe_self(&self->attr);
	fd = pe_open(&sibling, 0, -1, self->fd, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, child_join(fork_toucher(CHILD_PAGES)));
	EXPECT_TRUE(about(0, pe_count(fd)));
	EXPECT_TRUE(about(0, pe_count(self->fd)));
	close(fd);
}

TEST_F(inherit, disabled_parent_disabled_child)
{
	struct worker w;
	__u64 seen;

	never_swap();
	self->attr.disabled = 1;
	self->fd = pe_self(&self->attr);
	if (!worker_fork(&w)) {
		touch_pages(CHILD_PAGES);
		worker_post(&w);
		worker_wait(&w);
		touch_pages(CHILD_PAGES);
		worker_post(&w);
		worker_wait(&w);
		touch_pages(CHILD_PAGES);
		_exit(0);
	}
	worker_wait(&w);
	EXPECT_EQ(0, pe_count(self->fd));
	/* A command to the parent is one to all children. */
	pe_enable(self->fd);
	worker_post(&w);
	worker_wait(&w);
	pe_disable(self->fd);
	seen = pe_count(self->fd);
	EXPECT_TRUE(about(CHILD_PAGES, seen));
	worker_post(&w);
	EXPECT_EQ(0, worker_join(&w));
	EXPECT_EQ(seen, pe_count(self->fd));
	EXPECT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_RESET, 0));
	EXPECT_GE(seen, pe_count(self->fd));
}

/* Times of children add up, as their counts do. */
TEST_F(inherit, times_fold)
{
	struct reading r;
	pid_t child;

	self->attr.read_format = times;
	self->fd = pe_self(&self->attr);
	child = fork();
	if (!child) {
		spin_ms(30);
		_exit(0);
	}
	EXPECT_EQ(0, child_join(child));
	ASSERT_EQ(0, pe_read(self->fd, times, &r));
	EXPECT_LE(25 * NSEC_PER_MSEC, r.enabled);
	EXPECT_EQ(r.enabled, r.running);
}

TEST_F(inherit, whole_groups)
{
	__u64 format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | times;
	struct reading before, after;
	int siblings[3];

	self->attr.read_format = format;
	self->attr.disabled = 1;
	self->fd = pe_self(&self->attr);
	self->attr.disabled = 0;
	for (int i = 0; i < 3; i++)
		siblings[i] = pe_open(&self->attr, 0, -1, self->fd, 0);
	ASSERT_LE(0, siblings[2]);
	pe_enable(self->fd);
	ASSERT_EQ(0, pe_read(self->fd, format, &before));
	EXPECT_EQ(0, child_join(fork_toucher(CHILD_PAGES)));
	pe_disable(self->fd);
	ASSERT_EQ(0, pe_read(self->fd, format, &after));
	EXPECT_EQ(4, after.nr);
	EXPECT_EQ(after.enabled, after.running);
	EXPECT_TRUE(about(CHILD_PAGES, after.of[0].value - before.of[0].value));
	for (int i = 1; i < 4; i++) {
		EXPECT_EQ(after.of[0].value, after.of[i].value);
		EXPECT_EQ(pe_id(siblings[i - 1]), after.of[i].id);
	}
}

/* The sibling's group is read against the children of now, not of then. */
TEST_F(inherit, a_group_that_changes_while_children_live)
{
	__u64 format = PERF_FORMAT_GROUP;
	struct reading r;
	struct worker w;
	int sibling, late;

	/* Else the leader may be in the child's context, where nobody can join it. */
	never_swap();
	self->attr.read_format = format;
	self->fd = pe_self(&self->attr);
	sibling = pe_open(&self->attr, 0, -1, self->fd, 0);
	if (!worker_fork(&w)) {
		touch_pages(CHILD_PAGES);
		worker_post(&w);
		worker_wait(&w);
		_exit(0);
	}
	worker_wait(&w);
	late = pe_open(&self->attr, 0, -1, self->fd, 0);
	ASSERT_LE(0, late);
	/* The child has no such member: it cannot be put together. */
	EXPECT_EQ(-ECHILD, pe_read(self->fd, format, &r));
	close(late);
	close(sibling);
	worker_post(&w);
	EXPECT_EQ(0, worker_join(&w));
	ASSERT_EQ(0, pe_read(self->fd, format, &r));
	EXPECT_EQ(1, r.nr);
	EXPECT_LE(CHILD_PAGES, r.of[0].value);
}

/* ---- Samples ---- */

TEST_F(inherit, samples_go_to_the_parents_buffer)
{
	int mine = 0, theirs = 0, other_stream = 0, got;
	struct sample s;
	union record rec;
	struct worker w;
	struct ring ring;

	never_swap();
	ASSERT_EQ(0, pin_to(0));
	self->attr.sample_period = 1;
	self->attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID;
	self->fd = pe_open(&self->attr, 0, 0, -1, 0);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 16));
	touch_pages(5);
	if (!worker_fork(&w)) {
		worker_wait(&w);
		touch_pages(CHILD_PAGES);
		_exit(0);
	}
	worker_post(&w);
	EXPECT_EQ(0, worker_join(&w));
	pe_disable(self->fd);
	while ((got = ring_next(&ring, &rec)) > 0) {
		ASSERT_TRUE(sample_parse(&rec, &self->attr, &s));
		EXPECT_EQ(pe_id(self->fd), s.id);
		theirs += s.task.pid == w.pid;
		mine += s.task.pid == getpid();
		other_stream += s.task.pid == w.pid && s.stream_id != s.id;
	}
	EXPECT_EQ(0, got);
	EXPECT_LE(5, mine);
	EXPECT_TRUE(about(CHILD_PAGES, theirs));
	EXPECT_LE(CHILD_PAGES, other_stream);
}

/* The totals in a sample are those of the task that it is of. */
TEST_F(inherit, reads_in_samples_are_the_threads_own)
{
	struct sample s;
	union record rec;
	struct ring ring;
	__u64 next = 1, own = 1;
	pid_t child;

	ASSERT_EQ(0, pin_to(0));
	self->attr.sample_period = 1;
	self->attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_READ;
	self->fd = pe_open(&self->attr, 0, 0, -1, 0);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 16));
	touch_pages(50);
	child = fork_toucher(CHILD_PAGES);
	EXPECT_EQ(0, child_join(child));
	touch_pages(50);
	pe_disable(self->fd);
	while (ring_next(&ring, &rec) > 0) {
		ASSERT_TRUE(sample_parse(&rec, &self->attr, &s));
		ASSERT_EQ(s.task.pid == child ? next++ : own++, s.read.of[0].value);
	}
	EXPECT_LT(100, own);
	EXPECT_TRUE(about(CHILD_PAGES, next));
}

/* ---- Per-task counts ---- */

/* Pages touched in turns by two children, which hand over to one another. */
static int ping_pong(int in, int out, int turns, int pages)
{
	char c;

	for (int i = 0; i < turns; i++) {
		if (read(in, &c, 1) != 1)
			return 1;
		touch_pages(pages);
		if (write(out, "x", 1) != 1)
			return 1;
	}
	return 0;
}

/*
 * Two clones on one CPU may swap contexts when one follows the other.  A task's
 * own count, which its samples show, must go on with the task nevertheless.
 */
TEST_F(inherit, counts_of_each_task)
{
	int there[2], back[2], turns = 100, pages = 3;
	__u64 seen[2] = { 0, 0 };
	struct sample s;
	union record rec;
	struct ring ring;
	pid_t child[2];

	ASSERT_EQ(0, pin_to(0));
	ASSERT_EQ(0, pipe(there));
	ASSERT_EQ(0, pipe(back));
	self->attr.inherit_stat = 1;
	self->attr.sample_period = 1;
	self->attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_READ;
	self->fd = pe_open(&self->attr, 0, 0, -1, 0);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 64));
	for (int i = 0; i < 2; i++) {
		child[i] = fork();
		if (child[i])
			continue;
		_exit(i ? ping_pong(there[0], back[1], turns, 3 * pages) :
			  ping_pong(back[0], there[1], turns, pages));
	}
	ASSERT_EQ(1, write(back[1], "x", 1));
	EXPECT_EQ(0, child_join(child[0]));
	EXPECT_EQ(0, child_join(child[1]));
	pe_disable(self->fd);
	while (ring_find(&ring, PERF_RECORD_SAMPLE, &rec) > 0) {
		ASSERT_TRUE(sample_parse(&rec, &self->attr, &s));
		for (int i = 0; i < 2; i++) {
			if (s.task.pid == child[i])
				ASSERT_EQ(++seen[i], s.read.of[0].value);
		}
	}
	EXPECT_TRUE(about(turns * pages, seen[0])) {
		TH_LOG("%llu", seen[0]);
	}
	EXPECT_TRUE(about(3 * turns * pages, seen[1])) {
		TH_LOG("%llu", seen[1]);
	}
}

TEST_F(inherit, total_of_tasks_that_swap)
{
	int there[2], back[2], turns = 200, pages = 3;
	pid_t child[2];

	ASSERT_EQ(0, pin_to(0));
	ASSERT_EQ(0, pipe(there));
	ASSERT_EQ(0, pipe(back));
	self->fd = pe_self(&self->attr);
	for (int i = 0; i < 2; i++) {
		child[i] = fork();
		if (child[i])
			continue;
		_exit(i ? ping_pong(there[0], back[1], turns, pages) :
			  ping_pong(back[0], there[1], turns, pages));
	}
	ASSERT_EQ(1, write(back[1], "x", 1));
	EXPECT_EQ(0, child_join(child[0]));
	EXPECT_EQ(0, child_join(child[1]));
	EXPECT_TRUE(about(2 * turns * pages, pe_count(self->fd))) {
		TH_LOG("%llu", pe_count(self->fd));
	}
}

/* ---- Who goes first ---- */

TEST_F(inherit, parent_closes_while_children_live)
{
	struct worker w[10];
	int first;

	/* Descriptors of the workers stay open: take a number only after them. */
	self->fd = pe_self(&self->attr);
	for (int i = 0; i < 10; i++) {
		if (worker_fork(&w[i]))
			continue;
		worker_wait(&w[i]);
		touch_pages(CHILD_PAGES);
		_exit(0);
	}
	close(self->fd);
	first = lowest_fd();
	EXPECT_EQ(self->fd, first);
	self->fd = pe_self(&self->attr);
	for (int i = 0; i < 10; i++) {
		worker_post(&w[i]);
		EXPECT_EQ(0, child_join(w[i].pid));
	}
	EXPECT_TRUE(about(0, pe_count(self->fd)));
}

static void *open_and_close(void *arg)
{
	struct perf_event_attr attr = fault_attr();
	int *stop = arg;
	long n = 0;

	attr.inherit = 1;
	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		int fd = pe_open(&attr, getpid(), -1, -1, 0);

		n += fd >= 0;
		close(fd);
	}
	return (void *)n;
}

/* Clones are made of a context that changes all the time. */
TEST_F(inherit, fork_while_another_opens_and_closes)
{
	int stop = 0, forks = rounds(60);
	pthread_t thread;
	__u64 before;
	void *n;

	self->fd = pe_self(&self->attr);
	pthread_create(&thread, NULL, open_and_close, &stop);
	before = pe_count(self->fd);
	for (int i = 0; i < forks; i++)
		ASSERT_EQ(0, child_join(fork_toucher(CHILD_PAGES)));
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, &n);
	EXPECT_LT(forks / 2, (long)n);
	EXPECT_LE(forks * CHILD_PAGES, pe_count(self->fd) - before);
	EXPECT_GT(forks * (CHILD_PAGES * 3 / 2), pe_count(self->fd) - before);
}

/* Close and exit at the same time, many times: one of them folds, none twice. */
TEST_F(inherit, close_against_exit_of_children)
{
	for (int round = 0; round < rounds(60); round++) {
		pid_t child;

		self->fd = pe_self(&self->attr);
		child = fork_toucher(1 + round % 7);
		close(self->fd);
		ASSERT_EQ(0, child_join(child));
	}
}

/* ---- Read while the copies change ---- */

/* A copy whose siblings are still to come has not counted, and spoils no reading. */
TEST_F(inherit, group_is_read_while_copies_are_made)
{
	__u64 format = PERF_FORMAT_GROUP, end;
	struct reading r;
	int last, nr = 0;
	pid_t forker;

	ASSERT_EQ(0, pin_to(0));
	self->attr.read_format = format;
	self->fd = pe_self(&self->attr);
	for (int i = 0; i < 20; i++) {
		last = pe_open(&self->attr, 0, -1, self->fd, 0);
		ASSERT_LE(0, last);
	}
	forker = fork();
	if (!forker) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pin_to(1);
		for (;;)
			child_join(fork_toucher(0));
	}
	end = now_ns(CLOCK_MONOTONIC) + rounds(2000) * NSEC_PER_MSEC;
	while (now_ns(CLOCK_MONOTONIC) < end) {
		ASSERT_EQ(0, pe_read(self->fd, format, &r)) {
			TH_LOG("after %d readings", nr);
		}
		nr++;
	}
	EXPECT_LT(100, nr);
	kill(forker, SIGKILL);
	child_join(forker);
}

/* Two tasks that wake each other, on one CPU: their contexts swap, and what they counted. */
static pid_t fork_pair(struct worker *ready, int nr)
{
	struct worker w;
	pid_t first = worker_fork(ready);

	if (first)
		return first;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin_to(1);
	worker_wait(ready);
	if (!worker_fork(&w)) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (worker_wait(&w))
			worker_post(&w);
		_exit(0);
	}
	touch_pages(nr);
	worker_post(ready);
	for (;;) {
		worker_post(&w);
		worker_wait(&w);
	}
}

/* Whose count it is makes no difference to the sum, which is that of both. */
TEST_F(inherit, sum_is_whole_while_counts_swap)
{
	__u64 end, now, last = 0;
	struct worker w;
	pid_t pair;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU: nobody swaps while another reads");
	ASSERT_EQ(0, pin_to(0));
	pair = fork_pair(&w, 50 * CHILD_PAGES);
	self->attr.inherit_stat = 1;
	self->fd = pe_open(&self->attr, pair, -1, -1, 0);
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	end = now_ns(CLOCK_MONOTONIC) + rounds(2000) * NSEC_PER_MSEC;
	while (now_ns(CLOCK_MONOTONIC) < end) {
		now = pe_count(self->fd);
		ASSERT_LE(last, now);
		ASSERT_GT(50 * CHILD_PAGES + 1000, now);
		last = now;
	}
	EXPECT_LE(50 * CHILD_PAGES, last);
	kill(pair, SIGKILL);
	worker_join(&w);
}

/* What perf record -s lives on: each copy says what it has counted when it ends. */
TEST_F(inherit, copy_tells_its_count_at_exit)
{
	union record rec;
	struct ring ring;
	pid_t child;

	ASSERT_EQ(0, pin_to(0));
	never_swap();
	self->attr.inherit_stat = 1;
	self->attr.read_format = PERF_FORMAT_ID;
	self->fd = pe_open(&self->attr, 0, 0, -1, 0);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 4));
	child = fork_toucher(CHILD_PAGES);
	ASSERT_EQ(0, child_join(child));
	ASSERT_EQ(1, ring_find(&ring, PERF_RECORD_READ, &rec));
	EXPECT_EQ(32, rec.head.size);
	EXPECT_EQ(child, rec.halves[2]);
	EXPECT_EQ(child, rec.halves[3]);
	EXPECT_TRUE(about(CHILD_PAGES, rec.words[2]));
	EXPECT_EQ(pe_id(self->fd), rec.words[3]);
	EXPECT_EQ(0, ring_find(&ring, PERF_RECORD_READ, &rec));
	ring_unmap(&ring);
}

TEST_HARNESS_MAIN
