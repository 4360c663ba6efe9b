// SPDX-License-Identifier: GPL-2.0
/*
 * Call chains from branch records (PERF_SAMPLE_BRANCH_CALL_STACK): the records of a task's
 * calls are its own, whoever runs in between.
 *
 * Threads go down a known number of calls and, at the bottom, change places all the time.
 * Each sample there must have all of the calls.
 */
#include "hw_util.h"

#define DEPTH		8
#define TURNS_EACH	20000UL
#define YIELDS		40
#define CALLS_MAX	32

static __attribute__((noipa)) int go_to_loop(int depth)
{
	int ret = depth;

	if (depth)
		ret = go_to_loop(depth - 1);
	else
		yield_loop(TURNS_EACH, YIELDS);
	asm volatile("" : "+r"(ret));
	return ret + 1;
}

static void *thread_calls(void *unused)
{
	go_to_loop(DEPTH - 1);
	return NULL;
}

static int calls_in_child(void)
{
	pid_t child = fork();

	if (!child) {
		go_to_loop(DEPTH - 1);
		_exit(0);
	}
	return child_join(child);
}

FIXTURE(calls)
{
	struct perf_event_attr attr;
	struct ring ring;
	union record rec;
	int fd;
};

FIXTURE_SETUP(calls)
{
	if (!LOOP_BYTES)
		SKIP(return, "no loop of known length on this architecture");
	self->attr = user_attr(PERF_COUNT_HW_CPU_CYCLES);
	self->attr.sample_period = 10007;
	self->attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_BRANCH_STACK;
	self->attr.branch_sample_type = PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_CALL_STACK;
	self->fd = pe_self(&self->attr);
	if (self->fd == -ENOENT || self->fd == -EOPNOTSUPP)
		SKIP(return, "no branch records of calls");
	ASSERT_LE(0, self->fd);
	close(self->fd);
	ASSERT_EQ(0, pin_to(0));
	sampling_limits(100000, 0);
}

FIXTURE_TEARDOWN(calls)
{
	sampling_limits(100000, 25);
}

/* Of a sample: 0 ip, 1 pid and tid, 2 how many records, 3 each. */
static int calls_of(const __u64 *sample)
{
	int n = 0;

	for (__u64 i = 0; i < sample[2] && i < CALLS_MAX; i++)
		n += within(sample[3 + 3 * i], go_to_loop) && within(sample[4 + 3 * i], go_to_loop);
	return n;
}

/*
 * Samples in the loop of this process and its children, in @seen; those that do not have
 * all of the calls are the result.
 */
static int short_chains(struct _test_data_calls *self, int *seen)
{
	int bad = 0;

	*seen = 0;
	while (ring_find(&self->ring, PERF_RECORD_SAMPLE, &self->rec) > 0) {
		const __u64 *sample = self->rec.words + 1;

		if (!in_loop(sample[0]))
			continue;
		++*seen;
		/* The first one is not from go_to_loop(). */
		if (calls_of(sample) < DEPTH - 1) {
			bad++;
			ksft_print_msg("%d calls of %llu records\n", calls_of(sample), sample[2]);
		}
	}
	return bad;
}

static void two_threads(void)
{
	pthread_t thread[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, thread_calls, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

/* Threads inherit the event, and are clones that swap their contexts. */
TEST_F(calls, of_threads)
{
	int seen;

	self->attr.inherit = 1;
	self->fd = pe_open(&self->attr, 0, 0, -1, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 512));
	pe_enable(self->fd);
	two_threads();
	pe_disable(self->fd);
	EXPECT_EQ(0, short_chains(self, &seen));
	EXPECT_LT(100, seen);
}

TEST_F(calls, of_a_child)
{
	int seen;

	self->attr.inherit = 1;
	self->fd = pe_open(&self->attr, 0, 0, -1, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 512));
	pe_enable(self->fd);
	EXPECT_EQ(0, calls_in_child());
	pe_disable(self->fd);
	EXPECT_EQ(0, short_chains(self, &seen));
	EXPECT_LT(50, seen);
}

/* An event of the CPU: the threads have no context. */
TEST_F(calls, of_a_cpu)
{
	int seen;

	self->fd = pe_open(&self->attr, -1, 0, -1, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 512));
	pe_enable(self->fd);
	two_threads();
	EXPECT_EQ(0, calls_in_child());
	pe_disable(self->fd);
	EXPECT_EQ(0, short_chains(self, &seen));
	EXPECT_LT(150, seen);
}

static void *thread_loop_once(void *unused)
{
	loop(1);
	return NULL;
}

static void *fork_and_exit(void *stop)
{
	while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED)) {
		pthread_t thread;
		pid_t child = fork();

		if (!child)
			_exit(0);
		child_join(child);
		if (!pthread_create(&thread, NULL, thread_loop_once, NULL))
			pthread_join(thread, NULL);
	}
	return NULL;
}

/* Those that come and go while the CPU's events do. */
TEST_F_TIMEOUT(calls, in_a_storm, 120)
{
	pthread_t thread[2];
	bool stop = false;
	int fd, seen;

	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, fork_and_exit, &stop));
	for (int i = 0; i < rounds(50); i++) {
		fd = pe_open(&self->attr, -1, i & 1 && !access(CPU1_ONLINE, F_OK), -1, 0);
		EXPECT_LE(0, fd);
		pe_enable(fd);
		sleep_ms(1);
		close(fd);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);

	self->fd = pe_open(&self->attr, -1, 0, -1, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 512));
	pe_enable(self->fd);
	two_threads();
	EXPECT_EQ(0, short_chains(self, &seen));
	EXPECT_LT(100, seen);
}

TEST_HARNESS_MAIN
