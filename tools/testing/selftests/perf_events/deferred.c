// SPDX-License-Identifier: GPL-2.0
/*
 * User call chains that follow the samples: attr.defer_callchain and defer_output.
 */
#include <sys/mman.h>
#include <sys/uio.h>
#include "perf_util.h"

#define DEPTH		12
#define SLEEPERS	400	/* more than a CPU can put off at once */
#define RING_PAGES	512
#define EXEC_SAMPLES	1000

/* The record that follows, behind its header. */
struct chain {
	__u64 cookie;
	__u64 nr;
	__u64 ips[];
};

FIXTURE(deferred)
{
	struct perf_event_attr attr;
	struct ring ring;
	union record rec;
	struct sample s;
	unsigned char *page;
	int fd;
};

FIXTURE_SETUP(deferred)
{
	pin_to(0);
	warm_up();
	self->page = pages_new(4);
	go_down(self->page, DEPTH - 1);
	self->attr = sw_attr(PERF_COUNT_SW_PAGE_FAULTS);
	self->attr.sample_period = 1;
	self->attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_CALLCHAIN;
	self->attr.exclude_callchain_kernel = 1;
	self->attr.disabled = 1;
	self->attr.defer_callchain = 1;
	self->attr.defer_output = 1;
	self->fd = -1;
}

FIXTURE_TEARDOWN(deferred)
{
	close(self->fd);
}

static bool start(struct _test_data_deferred *self)
{
	self->fd = pe_self(&self->attr);
	return self->fd >= 0 && !ring_map(&self->ring, self->fd, 16) && !pe_enable(self->fd);
}

/* The next sample's cookie; 0 where its chain is its own, NO_COUNT if there is no sample. */
static __u64 next_cookie(struct _test_data_deferred *self)
{
	if (ring_find(&self->ring, PERF_RECORD_SAMPLE, &self->rec) != 1 ||
	    !sample_parse(&self->rec, &self->attr, &self->s))
		return NO_COUNT;
	if (self->s.nr_ips < 2 || self->s.ips[self->s.nr_ips - 2] != PERF_CONTEXT_USER_DEFERRED)
		return 0;
	return self->s.ips[self->s.nr_ips - 1];
}

/* The next record of the ring as a chain, NULL if it is not one. */
static struct chain *next_chain(struct _test_data_deferred *self)
{
	struct chain *chain = (struct chain *)(self->rec.bytes + sizeof(self->rec.head));

	if (ring_next(&self->ring, &self->rec) != 1 ||
	    self->rec.head.type != PERF_RECORD_CALLCHAIN_DEFERRED ||
	    (unsigned char *)&chain->ips[chain->nr] != body_end(&self->rec, &self->attr))
		return NULL;
	return chain;
}

TEST_F(deferred, follows_before_user_code)
{
	struct chain *chain;
	__u64 cookie;

	ASSERT_TRUE(start(self));
	go_down(self->page + getpagesize(), DEPTH - 1);
	pe_disable(self->fd);

	cookie = next_cookie(self);
	ASSERT_NE(NO_COUNT, cookie);
	ASSERT_NE(0, cookie);
	EXPECT_EQ(2, self->s.nr_ips);
	chain = next_chain(self);
	ASSERT_NE(NULL, chain);
	EXPECT_EQ(cookie, chain->cookie);
	ASSERT_LT(DEPTH + 2, chain->nr);
	EXPECT_EQ(PERF_CONTEXT_USER, chain->ips[0]);
	EXPECT_TRUE(within(chain->ips[1], touch_one));
	for (int i = 0; i < DEPTH; i++)
		EXPECT_TRUE(within(chain->ips[2 + i], go_down));
	EXPECT_FALSE(within(chain->ips[2 + DEPTH], go_down));
	EXPECT_EQ(0, ring_next(&self->ring, &self->rec));
}

/* What a sample with its own chain has, is what follows one without. */
TEST_F(deferred, is_the_chain_that_it_would_have_been)
{
	struct perf_event_attr attr = self->attr;
	struct chain *chain;
	struct sample own;
	union record rec;
	struct ring ring;
	int fd;

	attr.defer_callchain = 0;
	attr.defer_output = 0;
	fd = pe_self(&attr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ring_map(&ring, fd, 16));
	pe_enable(fd);
	ASSERT_TRUE(start(self));
	go_down(self->page + getpagesize(), DEPTH - 1);
	pe_disable(self->fd);
	pe_disable(fd);

	ASSERT_NE(NO_COUNT, next_cookie(self));
	chain = next_chain(self);
	ASSERT_NE(NULL, chain);
	do {
		ASSERT_EQ(1, ring_find(&ring, PERF_RECORD_SAMPLE, &rec));
		ASSERT_TRUE(sample_parse(&rec, &attr, &own));
	} while (!within(own.ips[1], touch_one));
	ASSERT_EQ(own.nr_ips, chain->nr);
	EXPECT_EQ(0, memcmp(own.ips, chain->ips, chain->nr * sizeof(__u64)));
	close(fd);
}

/* A system call that takes four faults has one user stack. */
TEST_F(deferred, once_for_a_stay)
{
	int zero = open("/dev/zero", O_RDONLY);
	unsigned char *fresh = pages_new(4);
	struct chain *chain;
	__u64 cookie;

	ASSERT_TRUE(start(self));
	ASSERT_EQ(4 * getpagesize(), read(zero, fresh, 4 * getpagesize()));
	pe_disable(self->fd);

	cookie = next_cookie(self);
	ASSERT_NE(NO_COUNT, cookie);
	ASSERT_NE(0, cookie);
	for (int i = 1; i < 4; i++)
		EXPECT_EQ(cookie, next_cookie(self));
	chain = next_chain(self);
	ASSERT_NE(NULL, chain);
	EXPECT_EQ(cookie, chain->cookie);
	EXPECT_LT(1, chain->nr);
	/* The way back may have faults of its own. */
	while (ring_find(&self->ring, PERF_RECORD_CALLCHAIN_DEFERRED, &self->rec) == 1)
		EXPECT_NE(cookie, chain->cookie);
}

TEST_F(deferred, another_for_the_next_stay)
{
	__u64 first, second;
	struct chain *chain;

	ASSERT_TRUE(start(self));
	touch_one(self->page + getpagesize());
	touch_one(self->page + 2 * getpagesize());
	pe_disable(self->fd);

	first = next_cookie(self);
	ASSERT_NE(NO_COUNT, first);
	chain = next_chain(self);
	ASSERT_NE(NULL, chain);
	EXPECT_EQ(first, chain->cookie);
	second = next_cookie(self);
	ASSERT_NE(NO_COUNT, second);
	EXPECT_NE(first, second);
	chain = next_chain(self);
	ASSERT_NE(NULL, chain);
	EXPECT_EQ(second, chain->cookie);
}

/* Who samples and who hears the chains may be two events; records end as others do. */
TEST_F(deferred, goes_to_who_wants_it)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);
	struct sample trailer;
	struct ring ring;
	union record rec;
	__u64 cookie;
	int fd;

	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_CPU;
	attr.sample_id_all = 1;
	attr.defer_output = 1;
	fd = pe_self(&attr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ring_map(&ring, fd, 16));
	self->attr.defer_output = 0;
	ASSERT_TRUE(start(self));
	touch_one(self->page + getpagesize());
	pe_disable(self->fd);

	cookie = next_cookie(self);
	ASSERT_NE(NO_COUNT, cookie);
	ASSERT_NE(0, cookie);
	EXPECT_EQ(0, ring_next(&self->ring, &self->rec));
	ASSERT_EQ(1, ring_next(&ring, &rec));
	EXPECT_EQ(PERF_RECORD_CALLCHAIN_DEFERRED, rec.head.type);
	EXPECT_EQ(PERF_RECORD_MISC_USER, rec.head.misc);
	EXPECT_EQ(cookie, ((struct chain *)(rec.bytes + sizeof(rec.head)))->cookie);
	ASSERT_TRUE(trailer_parse(&rec, &attr, &trailer));
	EXPECT_EQ(getpid(), trailer.task.pid);
	EXPECT_EQ(get_tid(), trailer.task.tid);
	close(fd);
}

/* Without the bit nothing is put off, whoever would like to hear of it. */
TEST_F(deferred, not_unless_asked)
{
	self->attr.defer_callchain = 0;
	ASSERT_TRUE(start(self));
	touch_one(self->page + getpagesize());
	pe_disable(self->fd);
	EXPECT_EQ(0, next_cookie(self));
	EXPECT_EQ(PERF_CONTEXT_USER, self->s.ips[0]);
	EXPECT_EQ(0, ring_next(&self->ring, &self->rec));
}

TEST_F(deferred, not_without_a_user_part)
{
	self->attr.exclude_callchain_user = 1;
	ASSERT_TRUE(start(self));
	touch_one(self->page + getpagesize());
	pe_disable(self->fd);
	EXPECT_EQ(0, next_cookie(self));
	EXPECT_EQ(0, self->s.nr_ips);
	EXPECT_EQ(0, ring_next(&self->ring, &self->rec));
}

/* A page with @size bytes of @what that is in no page table. */
static void *absent_page(const void *what, size_t size)
{
	int fd = memfd_create("absent", MFD_CLOEXEC);
	void *p = MAP_FAILED;

	if (fd >= 0 && !ftruncate(fd, getpagesize()) && write(fd, what, size) == (ssize_t)size)
		p = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

/* The sample is of the system call that takes the stack away. */
TEST_F(deferred, empty_after_exec)
{
	char *args[3] = { "true", absent_page("absent", 7), NULL };
	char *no_environment[1] = { NULL };
	struct chain *chain = (struct chain *)(self->rec.bytes + sizeof(self->rec.head));
	__u64 cookie[EXEC_SAMPLES];
	struct worker w;
	int nr = 0;

	ASSERT_NE(NULL, args[1]);
	if (!worker_fork(&w)) {
		worker_wait(&w);
		execve("/bin/true", args, no_environment);
		_exit(1);
	}
	self->fd = pe_open(&self->attr, w.pid, -1, -1, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, RING_PAGES));
	pe_enable(self->fd);
	worker_post(&w);
	ASSERT_EQ(0, worker_join(&w));

	/* It has more faults, on the one stack and the other. */
	do {
		ASSERT_EQ(1, ring_next(&self->ring, &self->rec));
		if (sample_parse(&self->rec, &self->attr, &self->s) && nr < EXEC_SAMPLES)
			cookie[nr++] = self->s.ips[self->s.nr_ips - 1];
	} while (self->rec.head.type != PERF_RECORD_CALLCHAIN_DEFERRED || chain->nr);
	while (nr && cookie[nr - 1] != chain->cookie)
		nr--;
	EXPECT_LT(0, nr);
}

/* In the system call that ends it; its events hear of what they were promised. */
TEST_F(deferred, empty_after_exit)
{
	struct chain *chain = (struct chain *)(self->rec.bytes + sizeof(self->rec.head));
	int id = tracepoint_id("raw_syscalls/sys_enter"), got;
	__u64 cookie = 0;
	struct worker w;

	if (id < 0)
		SKIP(return, "no tracepoint of system calls");
	if (!worker_fork(&w)) {
		worker_wait(&w);
		_exit(0);
	}
	self->attr.type = PERF_TYPE_TRACEPOINT;
	self->attr.config = id;
	self->fd = pe_open(&self->attr, w.pid, -1, -1, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, RING_PAGES));
	pe_enable(self->fd);
	worker_post(&w);
	ASSERT_EQ(0, worker_join(&w));

	while ((got = ring_next(&self->ring, &self->rec)) > 0) {
		if (sample_parse(&self->rec, &self->attr, &self->s)) {
			ASSERT_EQ(2, self->s.nr_ips);
			cookie = self->s.ips[1];
		} else if (self->rec.head.type == PERF_RECORD_CALLCHAIN_DEFERRED) {
			EXPECT_EQ(cookie, chain->cookie);
			cookie = chain->nr ? 0 : NO_COUNT;
		}
	}
	ASSERT_EQ(0, got);
	EXPECT_EQ(NO_COUNT, cookie);
}

/*
 * A probe of what writes the records: its samples do not ask for more of them without
 * end, and their chains do not get into the one that is being written.
 */
TEST_F(deferred, not_while_it_follows)
{
	struct chain *chain = (struct chain *)(self->rec.bytes + sizeof(self->rec.head));
	struct perf_event_attr attr = self->attr;
	int got, kept = 0, fd;
	struct pollfd done;
	struct worker w;

	self->attr.type = pmu_type("kprobe");
	if ((int)self->attr.type < 0)
		SKIP(return, "no kprobe PMU");
	self->attr.config = 0;
	self->attr.kprobe_func = (unsigned long)"__task_pid_nr_ns";
	self->attr.exclude_callchain_kernel = 0;
	self->attr.sample_id_all = 1;
	toucher_fork(&w, 1);
	ASSERT_TRUE(worker_wait(&w));
	self->fd = pe_open(&self->attr, w.pid, -1, -1, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, RING_PAGES));
	/* Each of its faults is a promise to begin with. */
	fd = pe_open(&attr, w.pid, -1, -1, 0);
	ASSERT_LE(0, fd);
	pe_enable(self->fd);
	pe_enable(fd);
	worker_post(&w);
	done = (struct pollfd) { .fd = w.done, .events = POLLIN };
	EXPECT_EQ(1, poll(&done, 1, 10000));
	/* If it is caught in the kernel this sets it free. */
	pe_disable(fd);
	pe_disable(self->fd);
	EXPECT_EQ(0, worker_join(&w));

	while ((got = ring_next(&self->ring, &self->rec)) > 0) {
		if (self->rec.head.type != PERF_RECORD_CALLCHAIN_DEFERRED)
			continue;
		kept += chain->nr > 1;
		for (__u64 i = 0; i < chain->nr; i++)
			ASSERT_TRUE(i ? chain->ips[i] < 1ULL << 63 :
					chain->ips[i] == PERF_CONTEXT_USER);
	}
	ASSERT_EQ(0, got);
	EXPECT_LT(0, kept);
	close(fd);
}

/* No half of it: where the mark fits and the cookie does not the chain is there at once. */
TEST_F(deferred, not_without_room_for_the_cookie)
{
	long before = sysctl_get("perf_event_max_contexts_per_stack");
	int id = tracepoint_id("task/task_rename");
	__u64 mark = 0;
	bool started;

	if (id < 0)
		SKIP(return, "no tracefs");
	if (sysctl_set("perf_event_max_contexts_per_stack", 2))
		SKIP(return, "the sysctl cannot be set");
	self->attr.type = PERF_TYPE_TRACEPOINT;
	self->attr.config = id;
	self->attr.exclude_callchain_kernel = 0;
	started = start(self);
	if (started) {
		prctl(PR_SET_NAME, "renamed");
		ring_find(&self->ring, PERF_RECORD_SAMPLE, &self->rec);
		ring_unmap(&self->ring);
	}
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, sysctl_set("perf_event_max_contexts_per_stack", before));
	ASSERT_TRUE(started);
	ASSERT_TRUE(sample_parse(&self->rec, &self->attr, &self->s));
	ASSERT_LT(2, self->s.nr_ips);
	EXPECT_EQ(PERF_CONTEXT_KERNEL, self->s.ips[0]);
	for (__u64 i = 1; i < self->s.nr_ips; i++) {
		EXPECT_NE(PERF_CONTEXT_USER_DEFERRED, self->s.ips[i]);
		if (self->s.ips[i] == PERF_CONTEXT_USER)
			mark = i;
	}
	EXPECT_LT(0, mark);
	EXPECT_LT(mark + 1, self->s.nr_ips);
}

/* Samples of a counter's interrupt, an NMI as a rule, in user code and in the kernel. */
TEST_F(deferred, from_an_interrupt)
{
	__u64 cookie = 0;
	int samples = 0, kept = 0, got;

	self->attr.type = PERF_TYPE_HARDWARE;
	self->attr.config = PERF_COUNT_HW_CPU_CYCLES;
	self->attr.sample_period = 200000;
	self->fd = pe_self(&self->attr);
	if (self->fd == -ENOENT || self->fd == -EOPNOTSUPP)
		SKIP(return, "no hardware PMU");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, RING_PAGES));
	pe_enable(self->fd);
	for (int i = 0; i < 20000; i++)
		syscall(__NR_getppid);
	pe_disable(self->fd);

	/* No sample's chain is outstanding when the next stay has one. */
	while ((got = ring_next(&self->ring, &self->rec)) > 0) {
		struct chain *chain = (struct chain *)(self->rec.bytes + sizeof(self->rec.head));

		if (sample_parse(&self->rec, &self->attr, &self->s)) {
			samples++;
			ASSERT_EQ(PERF_CONTEXT_USER_DEFERRED, self->s.ips[0]);
			EXPECT_TRUE(!cookie || cookie == self->s.ips[1]);
			cookie = self->s.ips[1];
		} else if (self->rec.head.type == PERF_RECORD_CALLCHAIN_DEFERRED) {
			kept++;
			EXPECT_EQ(cookie, chain->cookie);
			EXPECT_LT(1, chain->nr);
			cookie = 0;
		}
	}
	ASSERT_EQ(0, got);
	EXPECT_LT(10, samples);
	EXPECT_LT(10, kept);
}

static struct {
	int pipe[2];
	int asleep;
} sleepers;

/* Fault in the kernel, then sleep there. */
static void *sleeper(void *iov)
{
	__atomic_add_fetch(&sleepers.asleep, 1, __ATOMIC_RELAXED);
	return (void *)readv(sleepers.pipe[0], iov, 1);
}

/* Where too many are to come, a sample has its chain itself; none is lost. */
TEST_F(deferred, many_that_sleep)
{
	static char byte;
	struct iovec iov = { &byte, 1 };
	pthread_t thread[SLEEPERS];
	int promised = 0, kept = 0, own = 0, got;
	pthread_attr_t small;
	unsigned int nr = 0;

	ASSERT_EQ(0, pipe(sleepers.pipe));
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	self->fd = pe_open(&self->attr, -1, 0, -1, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, RING_PAGES));
	pe_enable(self->fd);
	for (; nr < SLEEPERS; nr++) {
		void *absent = absent_page(&iov, sizeof(iov));

		ASSERT_NE(NULL, absent);
		ASSERT_EQ(0, pthread_create(&thread[nr], &small, sleeper, absent));
	}
	while (__atomic_load_n(&sleepers.asleep, __ATOMIC_RELAXED) < SLEEPERS)
		sleep_ms(10);
	sleep_ms(100);
	close(sleepers.pipe[1]);
	while (nr--)
		pthread_join(thread[nr], NULL);
	pe_disable(self->fd);

	while ((got = ring_next(&self->ring, &self->rec)) > 0) {
		if (self->rec.head.type == PERF_RECORD_CALLCHAIN_DEFERRED)
			kept++;
		if (self->rec.head.type != PERF_RECORD_SAMPLE)
			continue;
		ASSERT_TRUE(sample_parse(&self->rec, &self->attr, &self->s));
		if (self->s.task.pid != getpid())
			continue;
		ASSERT_LE(2, self->s.nr_ips);
		if (self->s.ips[0] == PERF_CONTEXT_USER)
			own++;
		else
			promised++;
	}
	ASSERT_EQ(0, got);
	EXPECT_LE(256, promised);
	EXPECT_LE(SLEEPERS - 256, own);
	EXPECT_LE(256, kept);

	/* And all came back. */
	pe_enable(self->fd);
	touch_one(self->page + getpagesize());
	pe_disable(self->fd);
	ASSERT_NE(NO_COUNT, next_cookie(self));
	EXPECT_EQ(PERF_CONTEXT_USER_DEFERRED, self->s.ips[0]);
}

TEST_HARNESS_MAIN
