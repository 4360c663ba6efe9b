// SPDX-License-Identifier: GPL-2.0
/*
 * Signals that events send: SIGIO by fasync, with a limit that REFRESH sets,
 * and the synchronous SIGTRAP that arrives before the next instruction.
 */
#include <linux/hw_breakpoint.h>
#include "perf_util.h"

#ifndef TRAP_PERF
#define TRAP_PERF	6
#endif
#define TRAP_FLAG_ASYNC	1

#define COOKIE		0x1234567890abcdefULL
#define THREADS		4
#define ROUNDS		500

/* The part of siginfo that is younger than the C library. */
struct perf_siginfo {
	int signo;
	int error;
	int code;
	int pad;
	void *addr;
	unsigned long data;
	__u32 type;
	__u32 flags;
};

static struct {
	int count;
	int in;
	int hup;
	int other;
	int fd;
	struct perf_siginfo last;
} got;

static __thread int mine;

static void on_io(int signo, siginfo_t *info, void *context)
{
	got.count++;
	got.in += info->si_code == POLL_IN;
	got.hup += info->si_code == POLL_HUP;
	got.fd = info->si_fd;
}

static void on_trap(int signo, siginfo_t *info, void *context)
{
	__atomic_fetch_add(&got.count, 1, __ATOMIC_RELAXED);
	mine++;
	if (info->si_code != TRAP_PERF)
		__atomic_fetch_add(&got.other, 1, __ATOMIC_RELAXED);
	memcpy(&got.last, info, sizeof(got.last));
}

static void handle(int signo, void (*fn)(int signo, siginfo_t *info, void *context))
{
	struct sigaction act = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO | SA_RESTART };

	memset(&got, 0, sizeof(got));
	sigaction(signo, &act, NULL);
}

/* ---- SIGIO ---- */

FIXTURE(io)
{
	struct perf_event_attr attr;
	int signo;
	int fd;
};

FIXTURE_SETUP(io)
{
	warm_up();
	self->signo = SIGRTMIN + 3;
	handle(self->signo, on_io);
	handle(SIGIO, on_io);
	self->attr = fault_attr();
	self->attr.disabled = 1;
	self->attr.sample_period = 1;
	self->attr.wakeup_events = 1;
	self->fd = pe_self(&self->attr);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC));
	ASSERT_EQ(0, fcntl(self->fd, F_SETSIG, self->signo));
	ASSERT_EQ(0, fcntl(self->fd, F_SETOWN, getpid()));
}

FIXTURE_TEARDOWN(io)
{
	close(self->fd);
}

TEST_F(io, one_a_sample)
{
	burst(self->fd, 10);
	EXPECT_EQ(10, got.count);
	EXPECT_EQ(10, got.in);
	EXPECT_EQ(self->fd, got.fd);
}

TEST_F(io, one_in_three)
{
	__u64 period = 3;

	ASSERT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_PERIOD, (unsigned long)&period));
	burst(self->fd, 30);
	EXPECT_EQ(10, got.count);
}

TEST_F(io, plain_sigio)
{
	ASSERT_EQ(0, fcntl(self->fd, F_SETSIG, 0));
	burst(self->fd, 1);
	EXPECT_EQ(1, got.count);
}

TEST_F(io, none_unless_asynchronous)
{
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_RDWR));
	burst(self->fd, 5);
	EXPECT_EQ(0, got.count);
}

/* The one that uses up the limit says that it was the last. */
TEST_F(io, limit)
{
	ASSERT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_REFRESH, 1));
	touch_pages(10);
	EXPECT_EQ(1, got.count);
	EXPECT_EQ(1, got.hup);
	EXPECT_EQ(1, pe_count(self->fd));
	ASSERT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_REFRESH, 4));
	touch_pages(10);
	EXPECT_EQ(5, got.count);
	EXPECT_EQ(3, got.in);
	EXPECT_EQ(2, got.hup);
	EXPECT_EQ(5, pe_count(self->fd));
}

/* The handler sets the next limit: the way of a profiler that samples itself. */
static int refresh_fd;

static void on_limit(int signo, siginfo_t *info, void *context)
{
	got.count++;
	ioctl(refresh_fd, PERF_EVENT_IOC_REFRESH, 1);
}

TEST_F(io, refreshed_from_the_handler)
{
	handle(self->signo, on_limit);
	refresh_fd = self->fd;
	ASSERT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_REFRESH, 1));
	touch_pages(20);
	pe_disable(self->fd);
	EXPECT_EQ(20, got.count);
	EXPECT_EQ(20, pe_count(self->fd));
}

TEST_F(io, to_a_thread)
{
	struct f_owner_ex owner = { F_OWNER_TID, get_tid() };

	ASSERT_EQ(0, fcntl(self->fd, F_SETOWN_EX, &owner));
	burst(self->fd, 3);
	EXPECT_EQ(3, got.count);
}

TEST_F(io, of_another_process)
{
	struct worker w;
	int fd;

	toucher_fork(&w, 5);
	worker_wait(&w);
	self->attr.disabled = 0;
	fd = pe_open(&self->attr, w.pid, -1, -1, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_RDWR | O_ASYNC));
	ASSERT_EQ(0, fcntl(fd, F_SETSIG, self->signo));
	ASSERT_EQ(0, fcntl(fd, F_SETOWN, getpid()));
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	EXPECT_LE(1, got.count);
	EXPECT_EQ(fd, got.fd);
	EXPECT_EQ(0, worker_join(&w));
}

/* ---- SIGTRAP ---- */

static __u64 watched;

FIXTURE(trap)
{
	struct perf_event_attr attr;
	int fd;
};

FIXTURE_SETUP(trap)
{
	warm_up();
	handle(SIGTRAP, on_trap);
	self->attr = pe_attr(PERF_TYPE_BREAKPOINT, 0);
	self->attr.bp_type = HW_BREAKPOINT_W;
	self->attr.bp_addr = (unsigned long)&watched;
	self->attr.bp_len = HW_BREAKPOINT_LEN_8;
	self->attr.sample_period = 1;
	self->attr.exclude_kernel = 1;
	self->attr.sigtrap = 1;
	self->attr.remove_on_exec = 1;
	self->attr.sig_data = COOKIE;
	self->fd = pe_self(&self->attr);
	if (self->fd == -ENOENT || self->fd == -ENODEV)
		SKIP(return, "no breakpoints");
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(trap)
{
	close(self->fd);
}

TEST_F(trap, says_what_and_where)
{
	__atomic_store_n(&watched, 1, __ATOMIC_RELAXED);
	ASSERT_EQ(1, got.count);
	EXPECT_EQ(SIGTRAP, got.last.signo);
	EXPECT_EQ(TRAP_PERF, got.last.code);
	EXPECT_EQ(&watched, got.last.addr);
	EXPECT_EQ((unsigned long)COOKIE, got.last.data);
	EXPECT_EQ(PERF_TYPE_BREAKPOINT, got.last.type);
	EXPECT_EQ(0, got.last.flags);
}

TEST_F(trap, before_the_next_instruction)
{
	for (int i = 1; i <= ROUNDS; i++) {
		__atomic_store_n(&watched, i, __ATOMIC_RELAXED);
		ASSERT_EQ(i, mine);
	}
	EXPECT_EQ(ROUNDS, pe_count(self->fd));
	EXPECT_EQ(0, got.other);
}

TEST_F(trap, disabled_is_silent)
{
	pe_disable(self->fd);
	__atomic_store_n(&watched, 1, __ATOMIC_RELAXED);
	EXPECT_EQ(0, got.count);
	pe_enable(self->fd);
	__atomic_store_n(&watched, 2, __ATOMIC_RELAXED);
	EXPECT_EQ(1, got.count);
}

/* What came while it was blocked is delivered later, and marked. */
TEST_F(trap, blocked)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTRAP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	__atomic_store_n(&watched, 1, __ATOMIC_RELAXED);
	EXPECT_EQ(0, got.count);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	EXPECT_EQ(1, got.count);
	EXPECT_EQ(TRAP_FLAG_ASYNC, got.last.flags);
	__atomic_store_n(&watched, 2, __ATOMIC_RELAXED);
	EXPECT_EQ(2, got.count);
	EXPECT_EQ(0, got.last.flags);
}

static void *store_rounds(void *arg)
{
	for (int i = 0; i < ROUNDS; i++)
		__atomic_store_n(&watched, i, __ATOMIC_RELAXED);
	return (void *)(long)mine;
}

TEST_F(trap, in_every_thread)
{
	pthread_t thread[THREADS];
	void *n;

	close(self->fd);
	self->attr.inherit = 1;
	self->attr.inherit_thread = 1;
	self->fd = pe_self(&self->attr);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, store_rounds, NULL);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &n);
		EXPECT_EQ(ROUNDS, (long)n);
	}
	EXPECT_EQ(THREADS * ROUNDS, got.count);
	EXPECT_EQ(THREADS * ROUNDS, pe_count(self->fd));
	EXPECT_EQ(0, got.other);
}

TEST_F(trap, of_a_page_fault)
{
	unsigned char *p = pages_new(3);
	int fd;

	self->attr.type = PERF_TYPE_SOFTWARE;
	self->attr.config = PERF_COUNT_SW_PAGE_FAULTS;
	self->attr.bp_type = 0;
	self->attr.bp_addr = 0;
	self->attr.bp_len = 0;
	self->attr.disabled = 1;
	self->attr.sample_type = PERF_SAMPLE_ADDR;
	fd = pe_self(&self->attr);
	ASSERT_LE(0, fd);
	pe_enable(fd);
	for (int i = 0; i < 3; i++)
		pages_touch(p + i * getpagesize(), 1);
	pe_disable(fd);
	EXPECT_EQ(3, got.count);
	EXPECT_EQ(PERF_TYPE_SOFTWARE, got.last.type);
	EXPECT_EQ(p + 2 * getpagesize(), got.last.addr);
}

/* Closed with a signal on its way: it arrives or it does not, and nothing breaks. */
TEST_F(trap, closed_while_hit)
{
	for (int i = 0; i < 50; i++) {
		pthread_t thread;
		int fd;

		self->attr.inherit = 1;
		self->attr.inherit_thread = 1;
		fd = pe_self(&self->attr);
		ASSERT_LE(0, fd);
		pthread_create(&thread, NULL, store_rounds, NULL);
		close(fd);
		pthread_join(thread, NULL);
	}
	EXPECT_EQ(0, got.other);
}

TEST_HARNESS_MAIN
