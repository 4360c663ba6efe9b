/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of hardware events share: the loop that is counted, how good a
 * number is, and the fixture.
 *
 * The loop is of known instructions and branches in user mode, so that a lost,
 * doubled or foreign stretch shows as a number.  Looked at is what a count grows
 * by when the loop gets longer, which leaves out the way into it and back.
 * QEMU's model of a PMU counts to the instruction; elsewhere interrupts may add
 * some.  How many counters there are is found out by trying.
 */
#ifndef HW_UTIL_H
#define HW_UTIL_H

#include <ucontext.h>
#include "perf_util.h"

#define CPU1_ONLINE	"/sys/devices/system/cpu/cpu1/online"
#define COUNTERS_MAX	64
#define TURNS		1000000UL
#define INSNS		(LOOP_INSNS * TURNS)
#define SOME		50000	/* instructions of the C library, to fork and the like */

/* ---- The loop ---- */

/* A turn is LOOP_INSNS instructions; the last, LOOP_JUMP bytes after the first, is a branch. */
#define LOOP_INSNS	4
#if defined(__x86_64__)
#include <cpuid.h>
#define LOOP		"lea 1f(%%rip), %0\n1: sub $1, %1\nnop\nnop\njne 1b\n"
#define LOOP_JUMP	6
#define LOOP_BYTES	8
#define IP(uc)		((uc)->uc_mcontext.gregs[REG_RIP])
#elif defined(__aarch64__)
#define LOOP		"adr %0, 1f\n1: subs %1, %1, #1\nnop\nnop\nb.ne 1b\n"
#define LOOP_JUMP	12
#define LOOP_BYTES	16
#define IP(uc)		((uc)->uc_mcontext.pc)
#else
#define LOOP		""
#define LOOP_JUMP	0
#define LOOP_BYTES	0
#define IP(uc)		((void)(uc), 0)
#endif

/* At least one turn.  Returns where the loop stands. */
static __attribute__((noipa, unused)) __u64 loop(unsigned long turns)
{
	unsigned long head = 0;

	asm volatile(LOOP : "=&r"(head), "+r"(turns) : : "cc", "memory");
	return head;
}

static inline bool in_loop(__u64 ip)
{
	return ip - loop(1) < LOOP_BYTES;
}

/* For so long of the thread's own time; the turns that it took. */
static inline unsigned long loop_ms(unsigned int ms)
{
	__u64 end = now_ns(CLOCK_THREAD_CPUTIME_ID) + ms * NSEC_PER_MSEC;
	unsigned long turns = 0;

	while (now_ns(CLOCK_THREAD_CPUTIME_ID) < end) {
		loop(TURNS / 10);
		turns += TURNS / 10;
	}
	return turns;
}

/* Two that do so on one CPU change places all the time. */
static inline void yield_loop(unsigned long turns, int nr)
{
	while (nr--) {
		loop(turns);
		sched_yield();
	}
}

/* ---- How good a number is ---- */

/* Is every instruction counted, and no other? */
static inline bool is_exact(void)
{
#ifdef __x86_64__
	unsigned int a, name[3];

	__cpuid(0x40000000, a, name[0], name[1], name[2]);
	return !memcmp(name, "TCGTCGTCGTCG", sizeof(name));
#else
	return false;
#endif
}

static inline bool between(__u64 low, __u64 got, __u64 high)
{
	if (low <= got && got <= high)
		return true;
	ksft_print_msg("expected %llu to %llu, got %llu\n", low, high, got);
	return false;
}

/* Exactly, or so exactly as may be; and up to @extra more. */
static inline bool near_by(__u64 want, __u64 got, __u64 extra)
{
	__u64 slack = is_exact() ? 0 : want / 1000 + 100;

	return between(want - (slack < want ? slack : want), got, want + slack + extra);
}

static inline bool near(__u64 want, __u64 got)
{
	return near_by(want, got, 0);
}

static inline bool within_percent(__u64 want, __u64 got, unsigned int percent)
{
	return between(want - want * percent / 100, got, want + want * percent / 100);
}

/* ---- The fixture ---- */

static const __u64 times = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;

FIXTURE(hw)
{
	struct perf_event_attr insns;
	struct perf_event_attr branches;
	struct reading r;
	struct sample s;
	union record rec;
	struct ring ring;
	long rate;
	long percent;
	int fd;
};

static inline struct perf_event_attr user_attr(__u64 config)
{
	struct perf_event_attr attr = pe_attr(PERF_TYPE_HARDWARE, config);

	attr.exclude_kernel = 1;
	attr.disabled = 1;
	attr.read_format = times;
	return attr;
}

/* All events that this thread has opened, together: it runs no instruction between. */
static inline void all_on(void)
{
	prctl(PR_TASK_PERF_EVENTS_ENABLE);
}

static inline void all_off(void)
{
	prctl(PR_TASK_PERF_EVENTS_DISABLE);
}

static inline void stretch(unsigned long turns)
{
	all_on();
	loop(turns);
	all_off();
}

/* What the counts, which stand still, grow by when the loop is @turns longer. */
static inline void growth(const int *fd, int nr, unsigned long turns, __u64 *by)
{
	for (int i = 0; i < nr; i++)
		by[i] = pe_count(fd[i]);
	stretch(1);
	for (int i = 0; i < nr; i++)
		by[i] -= 2 * pe_count(fd[i]);
	stretch(1 + turns);
	for (int i = 0; i < nr; i++)
		by[i] += pe_count(fd[i]);
}

static inline __u64 growth_of(int fd, unsigned long turns)
{
	__u64 by;

	growth(&fd, 1, turns, &by);
	return by;
}

/*
 * Where an instruction costs a nanosecond, interrupts seem so slow that the
 * kernel lowers the rate of samples: let it not look at that.
 */
static inline void sampling_limits(long rate, long percent)
{
	sysctl_set("perf_cpu_time_max_percent", 25);
	sysctl_set("perf_event_max_sample_rate", rate);
	sysctl_set("perf_cpu_time_max_percent", percent);
}

FIXTURE_SETUP(hw)
{
	if (!LOOP_BYTES)
		SKIP(return, "no loop of known length on this architecture");
	self->insns = user_attr(PERF_COUNT_HW_INSTRUCTIONS);
	self->branches = user_attr(PERF_COUNT_HW_BRANCH_INSTRUCTIONS);
	self->fd = pe_self(&self->branches);
	if (self->fd == -ENOENT || self->fd == -ENODEV || self->fd == -EOPNOTSUPP)
		SKIP(return, "no hardware PMU that counts branches");
	ASSERT_LE(0, self->fd);
	self->rate = sysctl_get("perf_event_max_sample_rate");
	self->percent = sysctl_get("perf_cpu_time_max_percent");
	sampling_limits(100000, 0);
	growth_of(self->fd, 1000);
	close(self->fd);
	warm_up();
	/* Nobody waits any more for turns that an earlier test had to give. */
	sleep_ms(20);
}

FIXTURE_TEARDOWN(hw)
{
	sampling_limits(self->rate, self->percent);
	if (file_long(CPU1_ONLINE, 1) == 0)
		file_write(CPU1_ONLINE, "1");
}

/* Open as @attr says, with a buffer of @pages: 0, or an errno. */
static inline int sampler(struct _test_data_hw *self, struct perf_event_attr *attr, int pages)
{
	self->fd = pe_self(attr);
	return self->fd < 0 ? self->fd : ring_map(&self->ring, self->fd, pages);
}

/* It counted, and all the time. */
static inline bool ran_always(int fd)
{
	struct reading r;

	return !pe_read(fd, times, &r) && r.running && between(r.enabled, r.running, r.enabled);
}

/* It wanted to count all the time, and never did. */
static inline bool ran_never(int fd)
{
	struct reading r;

	return !pe_read(fd, times, &r) && r.enabled && !r.running && !r.of[0].value;
}

static inline bool in_error(int fd)
{
	char buf[64];

	return !read(fd, buf, sizeof(buf));
}

/* A group of up to @nr; how many there are. */
static inline int open_group(const struct perf_event_attr *attr, pid_t pid, int cpu, int nr,
			     int *fd)
{
	struct perf_event_attr one = *attr;
	int i;

	for (i = 0; i < nr; i++) {
		fd[i] = pe_open(&one, pid, cpu, i ? fd[0] : -1, 0);
		if (fd[i] < 0)
			break;
		one.disabled = 0;
		one.pinned = 0;
		one.exclusive = 0;
	}
	return i;
}

static inline void close_all(const int *fd, int nr)
{
	while (nr--)
		close(fd[nr]);
}

/* The largest group that may be opened; @err is what the next member got. */
static inline int counters(const struct perf_event_attr *attr, int *err)
{
	int fd[COUNTERS_MAX], nr = open_group(attr, 0, -1, COUNTERS_MAX, fd);

	*err = nr < COUNTERS_MAX ? fd[nr] : 0;
	close_all(fd, nr);
	return nr;
}

/* The largest group that gets on: a watchdog, for one, holds a counter for itself. */
static inline int room(const struct perf_event_attr *attr)
{
	int fd[COUNTERS_MAX], err, nr = counters(attr, &err);
	bool fits = false;

	for (; nr && !fits; nr -= !fits) {
		open_group(attr, 0, -1, nr, fd);
		stretch(1000);
		fits = !ran_never(fd[0]);
		close_all(fd, nr);
	}
	return nr;
}

#endif /* HW_UTIL_H */
