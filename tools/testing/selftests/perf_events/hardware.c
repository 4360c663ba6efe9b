// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware events of one task or CPU: that they count exactly, alone and in
 * groups; who gets the counters when there are too few of them; and samples.
 */
#include "hw_util.h"

#define PERIOD		100000UL
#define COOKIE		0x1234567890abcdefULL

#ifndef TRAP_PERF
#define TRAP_PERF	6
#endif

/* ---- Counting ---- */

/* Every instruction, every branch, and all time. */
TEST_F(hw, counts_a_loop)
{
	for (int i = 0; i < 2; i++) {
		int fd = pe_self(i ? &self->branches : &self->insns);

		EXPECT_TRUE(near(i ? TURNS : INSNS, growth_of(fd, TURNS)));
		EXPECT_TRUE(ran_always(fd));
		close(fd);
	}
}

/* Members count the same stretch; one reading has all of them and one pair of times. */
TEST_F(hw, counts_a_group)
{
	__u64 format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | times;
	struct perf_event_attr cycles = user_attr(PERF_COUNT_HW_CPU_CYCLES);
	struct reading r[2];
	int fd[3];

	self->insns.read_format = format;
	self->branches.disabled = 0;
	cycles.disabled = 0;
	fd[0] = pe_self(&self->insns);
	fd[1] = pe_open(&self->branches, 0, -1, fd[0], 0);
	fd[2] = pe_open(&cycles, 0, -1, fd[0], 0);
	ASSERT_LE(0, fd[2]);
	for (int i = 0; i < 2; i++) {
		pe_ioctl(fd[0], PERF_EVENT_IOC_RESET, PERF_IOC_FLAG_GROUP);
		stretch(i ? 1 + TURNS : 1);
		ASSERT_EQ(0, pe_read(fd[0], format, &r[i]));
		EXPECT_EQ(r[i].enabled, r[i].running);
	}
	ASSERT_EQ(3, r[1].nr);
	EXPECT_TRUE(near(INSNS, r[1].of[0].value - r[0].of[0].value));
	EXPECT_TRUE(near(TURNS, r[1].of[1].value - r[0].of[1].value));
	EXPECT_LT(TURNS / 10, r[1].of[2].value - r[0].of[2].value);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(pe_id(fd[i]), r[1].of[i].id);
}

static bool is_amd(void)
{
	char text[256];

	return file_read("/proc/cpuinfo", text, sizeof(text)) > 0 && strstr(text, "AuthenticAMD");
}

/* Nothing here is a guest: all of it, or none. */
TEST_F(hw, tells_host_from_guest)
{
	int fd;

	self->insns.exclude_guest = 1;
	fd = pe_self(&self->insns);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(near(INSNS, growth_of(fd, TURNS)));
	close(fd);
	self->insns.exclude_guest = 0;
	self->insns.exclude_host = 1;
	fd = pe_self(&self->insns);
	if (fd < 0)
		SKIP(return, "no events of guests (%d)", fd);
	if (is_amd())
		SKIP(return, "AMD's counters know of guests only while there can be some");
	EXPECT_EQ(0, growth_of(fd, TURNS));
}

/* As many as there is room for share nothing: each is exact, none waits. */
TEST_F(hw, fills_the_counters)
{
	int fd[COUNTERS_MAX], nr = room(&self->branches);
	__u64 by[COUNTERS_MAX];

	ASSERT_LT(1, nr);
	for (int i = 0; i < nr; i++)
		fd[i] = pe_self(&self->branches);
	growth(fd, nr, TURNS, by);
	for (int i = 0; i < nr; i++) {
		EXPECT_TRUE(near(TURNS, by[i]));
		EXPECT_TRUE(ran_always(fd[i]));
	}
}

/* The member too many is refused at once; a software event is no burden. */
TEST_F(hw, refuses_a_group_too_large)
{
	struct perf_event_attr dummy = sw_attr(PERF_COUNT_SW_DUMMY);
	int fd[COUNTERS_MAX], err, nr = counters(&self->branches, &err);

	EXPECT_EQ(-EINVAL, err);
	ASSERT_LE(2, nr);
	ASSERT_EQ(nr, open_group(&self->branches, 0, -1, nr, fd));
	EXPECT_EQ(0, try_open(&dummy, 0, -1, fd[0], 0));
	EXPECT_EQ(-EINVAL, try_open(&self->branches, 0, -1, fd[0], 0));
	close(fd[nr - 1]);
	EXPECT_EQ(0, try_open(&self->branches, 0, -1, fd[0], 0));
}

/* User and kernel add up to both; a hypervisor and idling are neither. */
TEST_F(hw, tells_user_from_kernel)
{
	__u64 user, kernel, before = 0, calls = 0;
	int fd[4];

	self->insns.read_format = PERF_FORMAT_GROUP;
	self->insns.exclude_kernel = 0;
	fd[0] = pe_self(&self->insns);
	if (fd[0] == -EACCES)
		SKIP(return, "may not count the kernel");
	self->insns.disabled = 0;
	self->insns.exclude_kernel = 1;
	fd[1] = pe_open(&self->insns, 0, -1, fd[0], 0);
	self->insns.exclude_hv = 1;
	self->insns.exclude_idle = 1;
	fd[2] = pe_open(&self->insns, 0, -1, fd[0], 0);
	self->insns.exclude_kernel = 0;
	self->insns.exclude_user = 1;
	fd[3] = pe_open(&self->insns, 0, -1, fd[0], 0);
	ASSERT_LE(0, fd[3]);
	for (int round = 0; round < 2; round++) {
		pe_ioctl(fd[0], PERF_EVENT_IOC_RESET, PERF_IOC_FLAG_GROUP);
		all_on();
		for (int i = 0; i < 2000; i++)
			syscall(__NR_getppid);
		loop(round ? 1 + TURNS : 1);
		all_off();
		ASSERT_EQ(0, pe_read(fd[0], PERF_FORMAT_GROUP, &self->r));
		user = self->r.of[1].value;
		kernel = self->r.of[3].value;
		EXPECT_TRUE(near(user, self->r.of[2].value));
		EXPECT_TRUE(within_percent(self->r.of[0].value, user + kernel, 1));
		/* What was called is the kernel's, a loop in user space is not. */
		EXPECT_LE(2000 * 20, kernel);
		if (round) {
			EXPECT_TRUE(near(INSNS, user - before));
			EXPECT_TRUE(between(0, llabs(kernel - calls), INSNS / 2));
		}
		before = user;
		calls = kernel;
	}
}

/* ---- Taking turns ---- */

FIXTURE(turns)
{
	struct _test_data_hw hw;
	struct perf_event_attr attr;
	struct reading r;
	int room;
	pid_t pid;
	int cpu;
};

FIXTURE_VARIANT(turns)
{
	bool cpu;
};

FIXTURE_VARIANT_ADD(turns, task) { .cpu = false };
FIXTURE_VARIANT_ADD(turns, cpu) { .cpu = true };

FIXTURE_SETUP(turns)
{
	hw_setup(_metadata, &self->hw, NULL);
	if (_metadata->exit_code)
		return;
	ASSERT_EQ(0, pin_to(0));
	self->attr = self->hw.branches;
	self->room = room(&self->attr);
	self->pid = variant->cpu ? -1 : 0;
	self->cpu = variant->cpu ? 0 : -1;
	if (try_open(&self->attr, self->pid, self->cpu, -1, 0) == -EACCES)
		SKIP(return, "may not count a CPU");
	ASSERT_LT(1, self->room);
}

FIXTURE_TEARDOWN(turns)
{
	hw_teardown(_metadata, &self->hw, NULL);
}

static int open_turn(struct _test_data_turns *self, bool pinned)
{
	struct perf_event_attr attr = self->attr;

	attr.pinned = pinned;
	return pe_open(&attr, self->pid, self->cpu, -1, 0);
}

static __u64 scaled(const struct reading *r)
{
	return (double)r->of[0].value * r->enabled / r->running;
}

/* Many that want one counter each, and one that is pinned: it never waits. */
TEST_F(turns, of_single_events)
{
	int fd[2 * COUNTERS_MAX], nr = 2 * self->room, free = self->room - 1;
	int pinned = open_turn(self, true);
	__u64 turns, sum = 0;

	for (int i = 0; i < nr; i++)
		fd[i] = open_turn(self, false);
	ASSERT_LE(0, fd[nr - 1]);
	all_on();
	turns = loop_ms(300);
	all_off();
	EXPECT_TRUE(ran_always(pinned));
	/* The CPU's counts others as well. */
	EXPECT_TRUE(near_by(turns, pe_count(pinned), turns / (variant->cpu ? 2 : 50)));
	for (int i = 0; i < nr; i++) {
		ASSERT_EQ(0, pe_read(fd[i], times, &self->r));
		/* Nobody gets less than half of his part. */
		EXPECT_TRUE(between(self->r.enabled * free / nr / 2, self->r.running,
				    self->r.enabled * 9 / 10));
		EXPECT_TRUE(within_percent(pe_count(pinned), scaled(&self->r), 10));
		sum += self->r.running;
	}
	/* The counters are in use all the time, by no more than there is room for. */
	EXPECT_TRUE(between(self->r.enabled * free * 9 / 10, sum,
			    self->r.enabled * free * 101 / 100));
}

/* Groups that need all there is: only one can be on, and all members with it. */
TEST_F(turns, of_full_groups)
{
	int fd[3][COUNTERS_MAX], nr = self->room;
	__u64 sum = 0, turns, value;

	for (int i = 0; i < 3; i++)
		ASSERT_EQ(nr, open_group(&self->attr, self->pid, self->cpu, nr, fd[i]));
	all_on();
	turns = loop_ms(300);
	all_off();
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, pe_read(fd[i][0], times, &self->r));
		EXPECT_LT(self->r.enabled / 5, self->r.running);
		EXPECT_TRUE(within_percent(turns, scaled(&self->r), variant->cpu ? 50 : 10));
		sum += self->r.running;
		value = self->r.of[0].value;
		for (int j = 1; j < nr; j++)
			EXPECT_TRUE(near(value, pe_count(fd[i][j])));
	}
	EXPECT_TRUE(between(self->r.enabled * 9 / 10, sum, self->r.enabled * 101 / 100));
}

/* A group that lacks what a pinned event has never runs, and costs nobody his turn. */
TEST_F(turns, beside_one_that_never_fits)
{
	int fd[3][COUNTERS_MAX], nr = self->room, pinned = open_turn(self, true);

	for (int i = 0; i < 3; i++)
		open_group(&self->attr, self->pid, self->cpu, nr - !!i, fd[i]);
	all_on();
	loop_ms(200);
	all_off();
	EXPECT_TRUE(ran_always(pinned));
	EXPECT_TRUE(ran_never(fd[0][0]));
	for (int i = 1; i < 3; i++) {
		ASSERT_EQ(0, pe_read(fd[i][nr - 2], times, &self->r));
		EXPECT_TRUE(between(self->r.enabled / 5, self->r.running,
				    self->r.enabled * 9 / 10));
	}
}

/* Where nobody waits any more, nobody has to wait for that to be noticed. */
TEST_F(turns, room_is_taken_at_once)
{
	int fd[2 * COUNTERS_MAX], nr = 2 * self->room, one;

	for (int i = 0; i < nr; i++)
		fd[i] = open_turn(self, false);
	all_on();
	loop_ms(30);
	close_all(fd, nr);
	one = open_turn(self, false);
	stretch(1000);
	EXPECT_TRUE(ran_always(one));
}

/* They do not take what a task has pinned, however often it comes and goes. */
TEST_F(turns, not_with_a_pinned_group)
{
	int fd[2 * COUNTERS_MAX], nr = 2 * self->room, group[COUNTERS_MAX], pinned = self->room - 1;

	for (int i = 0; i < nr; i++)
		fd[i] = open_turn(self, false);
	self->attr.pinned = 1;
	ASSERT_EQ(pinned, open_group(&self->attr, 0, -1, pinned, group));
	all_on();
	for (int i = 0; i < 20; i++) {
		loop(TURNS);
		sleep_ms(3);
	}
	all_off();
	for (int i = 0; i < pinned; i++) {
		EXPECT_TRUE(ran_always(group[i]));
		EXPECT_TRUE(near_by(20 * TURNS, pe_count(group[i]), SOME));
	}
	for (int i = 0; i < nr; i++)
		EXPECT_FALSE(ran_never(fd[i]));
}

/* ---- Pinned and exclusive ---- */

/* What is pinned is on or in error; in error it reads as the end of a file. */
TEST_F(hw, pinned_without_room)
{
	int fd[COUNTERS_MAX], nr = room(&self->branches), late, flexible;

	self->branches.pinned = 1;
	ASSERT_EQ(nr, open_group(&self->branches, 0, -1, nr, fd));
	late = pe_self(&self->branches);
	self->branches.pinned = 0;
	flexible = pe_self(&self->branches);
	EXPECT_FALSE(in_error(late));
	EXPECT_TRUE(near(TURNS, growth_of(fd[nr - 1], TURNS)));
	EXPECT_TRUE(ran_always(fd[nr - 1]));
	EXPECT_TRUE(ran_never(flexible));
	EXPECT_TRUE(in_error(late));
	/* It does not come back by itself, only when it is enabled. */
	close_all(fd, nr);
	loop(TURNS);
	EXPECT_TRUE(in_error(late));
	pe_enable(late);
	EXPECT_FALSE(in_error(late));
	pe_disable(late);
	EXPECT_TRUE(near(TURNS, growth_of(late, TURNS)));
}

/* Who waits for its samples learns that none will come, until it is enabled again. */
TEST_F(hw, pinned_without_room_hangs_up)
{
	int fd[COUNTERS_MAX], nr = room(&self->branches), late;
	struct ring ring;
	pid_t waiter;

	self->branches.pinned = 1;
	ASSERT_EQ(nr, open_group(&self->branches, 0, -1, nr, fd));
	self->branches.sample_period = 1000000;
	late = pe_self(&self->branches);
	ASSERT_EQ(0, ring_map(&ring, late, 1));
	EXPECT_EQ(0, poll_now(late, 0));
	waiter = fork();
	if (!waiter)
		_exit(poll_now(late, 10000) == POLLHUP ? 0 : 1);
	sleep_ms(50);
	pe_enable(fd[0]);
	pe_enable(late);
	EXPECT_EQ(0, child_join(waiter));
	EXPECT_TRUE(in_error(late));
	EXPECT_EQ(POLLHUP, poll_now(late, 0));
	close_all(fd, nr);
	pe_enable(late);
	EXPECT_EQ(0, poll_now(late, 0));
}

/* An exclusive one and a plain one, of a task or one of them of the CPU: each gets turns. */
TEST_F(hw, exclusive_takes_turns)
{
	ASSERT_EQ(0, pin_to(0));
	for (int cpu = 0; cpu < 2; cpu++) {
		int plain = pe_open(&self->branches, cpu ? -1 : 0, cpu ? 0 : -1, -1, 0), alone;
		__u64 turns, sum = 0;

		if (plain == -EACCES)
			SKIP(return, "may not count a CPU");
		self->branches.exclusive = 1;
		alone = pe_self(&self->branches);
		self->branches.exclusive = 0;
		all_on();
		turns = loop_ms(200);
		all_off();
		for (int i = 0; i < 2; i++) {
			ASSERT_EQ(0, pe_read(i ? alone : plain, times, &self->r));
			EXPECT_LT(self->r.enabled / 4, self->r.running) {
				TH_LOG("%s, cpu %d", i ? "exclusive" : "plain", cpu);
			}
			EXPECT_TRUE(within_percent(turns, scaled(&self->r), 10 + 40 * cpu));
			sum += self->r.running;
		}
		/* Of one task never both at a time. */
		if (!cpu)
			EXPECT_TRUE(between(self->r.enabled * 9 / 10, sum,
					    self->r.enabled * 101 / 100));
		close(plain);
		close(alone);
	}
}

/* A pinned event of the CPU, as the watchdog's is, does not keep an exclusive one off. */
TEST_F(hw, exclusive_beside_a_pinned_one_of_the_cpu)
{
	ASSERT_EQ(0, pin_to(0));
	for (int pinned = 0; pinned < 2; pinned++) {
		int fd[2];
		__u64 by[2];

		self->branches.pinned = 1;
		self->branches.exclusive = 0;
		fd[0] = pe_open(&self->branches, -1, 0, -1, 0);
		if (fd[0] == -EACCES)
			SKIP(return, "may not count a CPU");
		self->branches.pinned = pinned;
		self->branches.exclusive = 1;
		fd[1] = pe_self(&self->branches);
		growth(fd, 2, TURNS, by);
		EXPECT_LE(TURNS, by[0]);
		EXPECT_TRUE(near(TURNS, by[1]));
		EXPECT_TRUE(ran_always(fd[0]));
		EXPECT_TRUE(ran_always(fd[1])) {
			TH_LOG("pinned: %d, in error: %d", pinned, in_error(fd[1]));
		}
		close_all(fd, 2);
	}
}

/* Exclusive and pinned: of the task's others the pinned ones fail and the flexible ones wait. */
TEST_F(hw, exclusive_and_pinned)
{
	int alone, late, flexible;

	self->branches.pinned = 1;
	self->branches.exclusive = 1;
	alone = pe_self(&self->branches);
	self->branches.exclusive = 0;
	late = pe_self(&self->branches);
	self->branches.pinned = 0;
	flexible = pe_self(&self->branches);
	EXPECT_TRUE(near(TURNS, growth_of(alone, TURNS)));
	EXPECT_TRUE(ran_always(alone));
	EXPECT_TRUE(in_error(late));
	EXPECT_TRUE(ran_never(flexible));
	close(alone);
	EXPECT_TRUE(near(TURNS, growth_of(flexible, TURNS)));
	EXPECT_FALSE(in_error(late));
}

/* ---- Sampling ---- */

/* One a period, where it ran out, with what the group had counted by then. */
TEST_F(hw, samples_each_period)
{
	__u64 n = 0, last_time = 0, last_branches = 0;
	int sibling;

	self->insns.sample_period = PERIOD;
	self->insns.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
				  PERF_SAMPLE_TIME | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID |
				  PERF_SAMPLE_PERIOD | PERF_SAMPLE_READ;
	self->insns.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	ASSERT_EQ(0, sampler(self, &self->insns, 16));
	self->branches.disabled = 0;
	sibling = pe_open(&self->branches, 0, -1, self->fd, 0);
	ASSERT_LE(0, sibling);
	/* Half a period more, so that the last one, too, runs out in the loop. */
	stretch((40 * PERIOD + PERIOD / 2) / LOOP_INSNS);
	while (ring_next(&self->ring, &self->rec) > 0) {
		struct sample *s = &self->s;

		ASSERT_TRUE(sample_parse(&self->rec, &self->insns, s));
		EXPECT_TRUE(in_loop(s->ip));
		EXPECT_EQ(PERF_RECORD_MISC_USER,
			  self->rec.head.misc & PERF_RECORD_MISC_CPUMODE_MASK);
		EXPECT_EQ(get_tid(), s->task.tid);
		EXPECT_EQ(PERIOD, s->period);
		EXPECT_LT(last_time, s->time);
		EXPECT_EQ(pe_id(self->fd), s->id);
		EXPECT_EQ(s->id, s->identifier);
		EXPECT_EQ(s->id, s->stream_id);
		ASSERT_EQ(2, s->read.nr);
		EXPECT_EQ(s->id, s->read.of[0].id);
		EXPECT_EQ(pe_id(sibling), s->read.of[1].id);
		EXPECT_TRUE(near(++n * PERIOD, s->read.of[0].value));
		if (n > 1)
			EXPECT_TRUE(near(PERIOD / LOOP_INSNS, s->read.of[1].value - last_branches));
		last_branches = s->read.of[1].value;
		last_time = s->time;
	}
	EXPECT_EQ(40, n);
	ASSERT_EQ(0, pe_read(self->fd, self->insns.read_format, &self->r));
	EXPECT_EQ(self->r.of[0].value / PERIOD, n);
}

/* A new period counts from the moment that it is set. */
TEST_F(hw, period_is_changed)
{
	static const __u64 period[] = { 100 * PERIOD, PERIOD, 3 * PERIOD };
	static const __u64 samples[] = { 0, 10, 3 }, zero;

	self->insns.sample_period = period[0];
	self->insns.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_PERIOD;
	ASSERT_EQ(0, sampler(self, &self->insns, 8));
	pe_enable(self->fd);
	for (int i = 0; i < 3; i++) {
		__u64 n = 0;

		ASSERT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_PERIOD, (unsigned long)&period[i]));
		loop((10 * PERIOD + PERIOD / 2) / LOOP_INSNS);
		while (ring_next(&self->ring, &self->rec) > 0) {
			ASSERT_TRUE(sample_parse(&self->rec, &self->insns, &self->s));
			EXPECT_EQ(period[i], self->s.period);
			EXPECT_TRUE(in_loop(self->s.ip));
			n++;
		}
		EXPECT_EQ(samples[i], n);
	}
	EXPECT_EQ(-EINVAL, pe_ioctl(self->fd, PERF_EVENT_IOC_PERIOD, (unsigned long)&zero));
	/* The count knows nothing of periods. */
	EXPECT_TRUE(near_by(3 * (10 * PERIOD + PERIOD / 2), pe_count(self->fd), SOME));
}

/* The period is found that gives the frequency, and found again for another one. */
TEST_F(hw, frequency_is_reached)
{
	static const __u64 freq[] = { 1000, 4000, 500 };

	self->insns.freq = 1;
	self->insns.sample_freq = freq[0];
	ASSERT_EQ(0, sampler(self, &self->insns, 64));
	pe_enable(self->fd);
	for (int i = 0; i < 3; i++) {
		__u64 took;

		ASSERT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_PERIOD, (unsigned long)&freq[i]));
		loop_ms(300);
		ring_drain(&self->ring, PERF_RECORD_SAMPLE);
		took = -now_ns(CLOCK_THREAD_CPUTIME_ID);
		loop_ms(300);
		took += now_ns(CLOCK_THREAD_CPUTIME_ID);
		EXPECT_TRUE(within_percent(freq[i] * took / NSEC_PER_SEC,
					   ring_drain(&self->ring, PERF_RECORD_SAMPLE), 20));
	}
}

static struct {
	int count;
	int in;
	int hup;
	int elsewhere;
	int other;
} got;

static void on_io(int signo, siginfo_t *info, void *context)
{
	got.count++;
	got.in += info->si_code == POLL_IN;
	got.hup += info->si_code == POLL_HUP;
}

static void on_trap(int signo, siginfo_t *info, void *context)
{
	unsigned long data;

	/* What the C library does not know of stands behind the address. */
	memcpy(&data, &info->si_addr + 1, sizeof(data));
	got.count++;
	got.other += info->si_code != TRAP_PERF || data != (unsigned long)COOKIE;
	got.elsewhere += !in_loop(IP((ucontext_t *)context));
}

static void handle(int signo, void (*fn)(int signo, siginfo_t *info, void *context))
{
	struct sigaction act = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO | SA_RESTART };

	sigaction(signo, &act, NULL);
}

/* So many samples and no more: the last one hangs up, and the count stands there. */
TEST_F(hw, refresh_limits)
{
	handle(SIGRTMIN + 3, on_io);
	self->insns.sample_period = PERIOD;
	self->insns.wakeup_events = 1;
	ASSERT_EQ(0, sampler(self, &self->insns, 8));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC));
	ASSERT_EQ(0, fcntl(self->fd, F_SETSIG, SIGRTMIN + 3));
	ASSERT_EQ(0, fcntl(self->fd, F_SETOWN, getpid()));
	for (int i = 1; i < 3; i++) {
		ASSERT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_REFRESH, 3));
		loop(10 * PERIOD / LOOP_INSNS);
		EXPECT_EQ(3 * i, got.count);
		EXPECT_EQ(2 * i, got.in);
		EXPECT_EQ(i, got.hup);
		EXPECT_EQ(3, ring_drain(&self->ring, PERF_RECORD_SAMPLE));
		EXPECT_TRUE(near_by(3 * i * PERIOD, pe_count(self->fd), i * PERIOD / 100));
	}
}

/* A signal for each period, taken where the period ended. */
TEST_F(hw, sigtrap)
{
	handle(SIGTRAP, on_trap);
	self->insns.sample_period = PERIOD;
	self->insns.sigtrap = 1;
	self->insns.remove_on_exec = 1;
	self->insns.sig_data = COOKIE;
	self->fd = pe_self(&self->insns);
	ASSERT_LE(0, self->fd);
	stretch((40 * PERIOD + PERIOD / 2) / LOOP_INSNS);
	EXPECT_EQ(pe_count(self->fd) / PERIOD, got.count);
	EXPECT_LE(40, got.count);
	EXPECT_EQ(0, got.other);
	EXPECT_GE(is_exact() ? 0 : 1, got.elsewhere);
	loop(PERIOD);
	EXPECT_EQ(pe_count(self->fd) / PERIOD, got.count);
}

/* Too fast: stopped until the next tick, told of both, and then it goes on. */
TEST_F(hw, throttled)
{
	int throttles = 0, unthrottles = 0, samples = 0;
	__u64 half;

	sampling_limits(1000, 0);
	if (sysctl_get("perf_event_max_sample_rate") != 1000)
		SKIP(return, "may not limit the rate of samples");
	self->insns.sample_period = PERIOD / 10;
	ASSERT_EQ(0, sampler(self, &self->insns, 16));
	pe_enable(self->fd);
	loop_ms(100);
	half = pe_count(self->fd);
	loop_ms(100);
	pe_disable(self->fd);
	EXPECT_LT(half * 3 / 2, pe_count(self->fd));
	EXPECT_TRUE(ran_always(self->fd));
	while (ring_next(&self->ring, &self->rec) > 0) {
		__u32 type = self->rec.head.type;

		throttles += type == PERF_RECORD_THROTTLE;
		unthrottles += type == PERF_RECORD_UNTHROTTLE;
		samples += type == PERF_RECORD_SAMPLE;
		EXPECT_TRUE(throttles == unthrottles || throttles == unthrottles + 1);
		if (type != PERF_RECORD_SAMPLE)
			EXPECT_EQ(pe_id(self->fd), self->rec.words[2]);
	}
	EXPECT_LE(15, throttles);
	/* The limit is rounded up to whole samples a tick. */
	EXPECT_TRUE(between(throttles, samples, 400));
}

/* As precise as the machine can be: at the branch itself, and it says so. */
TEST_F(hw, precise)
{
	__u64 head = loop(1);
	int n = 0;

	self->branches.precise_ip = file_long("/sys/bus/event_source/devices/cpu/caps/max_precise",
					      0);
	if (self->branches.precise_ip < 2)
		SKIP(return, "no precise samples of branches");
	self->branches.sample_period = PERIOD / 10;
	self->branches.sample_type = PERF_SAMPLE_IP;
	self->fd = pe_self(&self->branches);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 16));
	stretch(PERIOD + PERIOD / 20);
	while (ring_find(&self->ring, PERF_RECORD_SAMPLE, &self->rec) > 0) {
		EXPECT_TRUE(self->rec.head.misc & PERF_RECORD_MISC_EXACT_IP);
		EXPECT_EQ(head + LOOP_JUMP, self->rec.words[1]);
		n++;
	}
	EXPECT_TRUE(between(9, n, 10));
}

/* The last branches before a sample of the loop are all the loop's own. */
TEST_F(hw, branch_stack)
{
	__u64 head = loop(1), n = 0;

	self->branches.sample_period = PERIOD / 10;
	self->branches.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_BRANCH_STACK;
	self->branches.branch_sample_type = PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_USER;
	self->fd = pe_self(&self->branches);
	if (self->fd == -EOPNOTSUPP)
		SKIP(return, "no branch stack");
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 64));
	stretch(PERIOD + PERIOD / 20);
	while (ring_find(&self->ring, PERF_RECORD_SAMPLE, &self->rec) > 0) {
		__u64 *word = self->rec.words, nr = word[2];

		n++;
		EXPECT_TRUE(in_loop(word[1]));
		EXPECT_LE(4, nr);
		ASSERT_EQ(8 * (3 + 3 * nr), self->rec.head.size);
		for (__u64 i = 0; i < nr; i++) {
			EXPECT_EQ(head + LOOP_JUMP, word[3 + 3 * i]);
			EXPECT_EQ(head, word[4 + 3 * i]);
		}
	}
	EXPECT_EQ(10, n);
}

/* Each kind of branch alone: none shows the loop's but those that mean all or its own. */
TEST_F(hw, branch_kinds)
{
	static const __u64 own = PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_COND;
	static const __u64 more = PERF_SAMPLE_BRANCH_NO_FLAGS | PERF_SAMPLE_BRANCH_NO_CYCLES |
				  PERF_SAMPLE_BRANCH_TYPE_SAVE | PERF_SAMPLE_BRANCH_HW_INDEX |
				  PERF_SAMPLE_BRANCH_PRIV_SAVE | PERF_SAMPLE_BRANCH_COUNTERS;
	__u64 head = loop(1);
	int opened = 0;

	self->branches.sample_period = PERIOD / 10;
	self->branches.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_BRANCH_STACK;
	for (int i = PERF_SAMPLE_BRANCH_ANY_SHIFT; i < 20; i++) {
		__u64 bit = 1ULL << i, all = more & bit ? PERF_SAMPLE_BRANCH_ANY : 0;
		int at = bit == PERF_SAMPLE_BRANCH_HW_INDEX ? 4 : 3;

		self->branches.branch_sample_type = bit | all | PERF_SAMPLE_BRANCH_USER;
		self->fd = pe_self(&self->branches);
		if (self->fd < 0) {
			EXPECT_TRUE(self->fd == -EOPNOTSUPP || self->fd == -EINVAL) {
				TH_LOG("bit %d: %d", i, self->fd);
			}
			EXPECT_NE(PERF_SAMPLE_BRANCH_ANY, bit & is_exact());
			continue;
		}
		opened++;
		ASSERT_EQ(0, ring_map(&self->ring, self->fd, 16));
		stretch(PERIOD / 2);
		while (ring_find(&self->ring, PERF_RECORD_SAMPLE, &self->rec) > 0) {
			__u64 *word = self->rec.words, nr = word[2];

			for (__u64 j = 0; j < nr; j++) {
				__u64 *branch = &word[at + 3 * j];

				EXPECT_EQ(!!((bit | all) & own), branch[0] == head + LOOP_JUMP) {
					TH_LOG("bit %d", i);
				}
				if (bit == PERF_SAMPLE_BRANCH_TYPE_SAVE)
					EXPECT_EQ(PERF_BR_COND, branch[2] >> 20 & 15);
			}
		}
		ring_unmap(&self->ring);
		close(self->fd);
	}
	if (!opened)
		SKIP(return, "no branch stack");
}

/* ---- What there is and what there is not ---- */

/* It is there, and then it counts, or it is nobody's. */
static bool counts_or_is_not(struct perf_event_attr *attr, int *there)
{
	int fd = pe_self(attr);
	bool counts;

	if (fd == -ENOENT || fd == -EINVAL)
		return true;
	stretch(1000);
	counts = ran_always(fd);
	close(fd);
	*there += counts;
	return counts;
}

TEST_F(hw, generic_events)
{
	int there = 0;

	for (int i = 0; i < PERF_COUNT_HW_MAX; i++) {
		self->insns.config = i;
		EXPECT_TRUE(counts_or_is_not(&self->insns, &there)) {
			TH_LOG("event %d", i);
		}
	}
	EXPECT_LE(4, there);
}

TEST_F(hw, cache_events)
{
	int there = 0;

	self->insns.type = PERF_TYPE_HW_CACHE;
	for (int i = 0; i < PERF_COUNT_HW_CACHE_MAX * 6; i++) {
		self->insns.config = i / 6 | i / 2 % 3 << 8 | i % 2 << 16;
		EXPECT_TRUE(counts_or_is_not(&self->insns, &there)) {
			TH_LOG("event %#llx", self->insns.config);
		}
	}
	EXPECT_LT(0, there);
}

TEST_F(hw, bad_configs)
{
	static const struct {
		__u32 type;
		__u64 config;
		int err;
	} row[] = {
		{ PERF_TYPE_HARDWARE, PERF_COUNT_HW_MAX, -EINVAL },
		{ PERF_TYPE_HARDWARE, 0xffffffff, -EINVAL },
		/* Above is the number of a PMU, which has no such events. */
		{ PERF_TYPE_HARDWARE, (__u64)PERF_TYPE_TRACEPOINT << 32, -ENOENT },
		{ PERF_TYPE_HW_CACHE, PERF_COUNT_HW_CACHE_MAX, -EINVAL },
		{ PERF_TYPE_HW_CACHE, PERF_COUNT_HW_CACHE_OP_MAX << 8, -EINVAL },
		{ PERF_TYPE_HW_CACHE, PERF_COUNT_HW_CACHE_RESULT_MAX << 16, -EINVAL },
		{ 0x7fffffff, 0, -ENOENT },
	};
	struct perf_event_attr attr = self->insns;
	int err;

	for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
		attr.type = row[i].type;
		attr.config = row[i].config;
		EXPECT_EQ(row[i].err, try_open(&attr, 0, -1, -1, 0)) {
			TH_LOG("type %u config %#llx", row[i].type, row[i].config);
		}
	}
	/* More precise than the machine can be; with AMD's IBS another PMU was asked. */
	self->insns.precise_ip = file_long("/sys/bus/event_source/devices/cpu/caps/max_precise", 3);
	if (self->insns.precise_ip++ < 3) {
		err = try_open(&self->insns, 0, -1, -1, 0);
		EXPECT_TRUE(err == -EOPNOTSUPP || err == -ENOENT) {
			TH_LOG("error %d", err);
		}
	}
	/* A request to memory that there is not. */
	if (!access("/sys/bus/event_source/devices/cpu/format/offcore_rsp", F_OK)) {
		attr.type = PERF_TYPE_RAW;
		attr.config = 0x1b7;
		EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0));
		attr.config1 = 1ULL << 63;
		EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0));
	}
}

TEST_HARNESS_MAIN
