// SPDX-License-Identifier: GPL-2.0
/*
 * One test for each class of bugs that this subsystem has had: what events went
 * through.  Those of buffers are in regress_buffers.c.
 *
 * Above each stands "Without", and what to take out of which function of
 * kernel/events to see it fail: the test itself, unless a report of the kernel
 * or a hang is spoken of.  Where that takes a debugging kernel it is said.
 *
 * Classes without a test: events that are walked without RCU (the walks here
 * run with preemption off, which is a reader, too), and a guest that runs with
 * the host's PEBS (arch/x86, and a guest with a PMU).
 */
#include <linux/hw_breakpoint.h>
#include "perf_util.h"

#define CPU1_ONLINE	"/sys/devices/system/cpu/cpu1/online"

static int group_of(struct perf_event_attr *attr, pid_t pid, int cpu, int *fd, int nr)
{
	for (int i = 0; i < nr; i++) {
		fd[i] = pe_open(attr, pid, cpu, i ? fd[0] : -1, 0);
		if (fd[i] < 0)
			return fd[i];
	}
	return 0;
}

/* ---- Attributes ---- */

/*
 * A size that nobody bounded (2009).
 * Without: open.c, perf_copy_attr(): "size <= PAGE_SIZE".
 */
TEST(attr_of_more_than_a_page)
{
	long page = getpagesize();
	const __u32 size[] = { page + 8, 2 * page, 1U << 31, -8 };
	struct perf_event_attr *attr = (void *)pages_new(3);

	*attr = sw_attr(PERF_COUNT_SW_DUMMY);
	attr->size = page;
	EXPECT_EQ(0, try_open(attr, 0, -1, -1, 0));
	for (unsigned int i = 0; i < ARRAY_SIZE(size); i++) {
		attr->size = size[i];
		EXPECT_EQ(-E2BIG, try_open(attr, 0, -1, -1, 0));
		EXPECT_GE(256, attr->size);
	}
}

/*
 * A config that is cut to 32 bits on its way to an index (2013).
 * Without: swevent.c, swevent_init(): the 64 bits of id: the kernel crashes.
 */
TEST(config_has_64_bits)
{
	static const __u64 high[] = { 1ULL << 32, 1ULL << 33, 1ULL << 63, ~0ULL << 32 };

	for (unsigned int i = 0; i < ARRAY_SIZE(high); i++) {
		for (int id = 0; id < PERF_COUNT_SW_MAX; id++) {
			struct perf_event_attr attr = sw_attr(high[i] + id);

			EXPECT_EQ(-ENOENT, try_open(&attr, 0, -1, -1, 0)) {
				TH_LOG("config %#llx", attr.config);
			}
		}
	}
}

/*
 * Errors that came out as a success, and a period that was sometimes signed.
 * Without: core.c, aux_event_find(): its first "return -EINVAL"; open.c,
 * attr_rate_is_valid(): "(s64)"; file.c, period_is_valid(): the same.
 */
TEST(nonsense_is_refused_everywhere)
{
	struct perf_event_attr attr = fault_attr();
	__u64 wild[] = { 1ULL << 63, ~0ULL, 0 };
	int fd, first;

	attr.sample_type = PERF_SAMPLE_AUX;
	attr.aux_sample_size = 64;
	EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0));
	attr = sampling_faults();
	fd = pe_self(&attr);
	first = lowest_fd();
	attr.aux_sample_size = 64;
	EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, fd, 0));
	attr.aux_sample_size = 0;
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-EINVAL, pe_ioctl(fd, PERF_EVENT_IOC_PERIOD, (unsigned long)&wild[i]));
		attr.sample_period = wild[i];
		EXPECT_EQ(i < 2 ? -EINVAL : 0, try_open(&attr, 0, -1, -1, 0));
	}
	EXPECT_EQ(first, lowest_fd());
}

/* ---- Privilege ---- */

static int open_self(const void *arg)
{
	struct perf_event_attr attr = *(const struct perf_event_attr *)arg;

	return -try_open(&attr, 0, -1, -1, 0);
}

FIXTURE(level)
{
	long before;
};

FIXTURE_SETUP(level)
{
	self->before = sysctl_get("perf_event_paranoid");
	if (geteuid())
		SKIP(return, "not root");
	ASSERT_EQ(0, sysctl_set("perf_event_paranoid", 1));
}

FIXTURE_TEARDOWN_PARENT(level)
{
	sysctl_set("perf_event_paranoid", self->before);
}

/*
 * A probe in user space for who may only watch (2025).
 * Without: tracepoint.c, uprobe_permitted(): the test.
 */
TEST_F(level, uprobe_wants_more_than_perfmon)
{
	struct perf_event_attr attr = pe_attr(pmu_type("uprobe"), 0);

	if ((int)attr.type < 0)
		SKIP(return, "no uprobe PMU");
	attr.uprobe_path = (unsigned long)"/proc/self/exe";
	attr.exclude_kernel = 1;
	EXPECT_EQ(EACCES, as_nobody(1ULL << CAP_PERFMON, open_self, &attr));
	EXPECT_EQ(0, as_nobody(1ULL << CAP_SYS_ADMIN, open_self, &attr));
}

/*
 * Every function of the kernel traced by anybody (2013).
 * Without: include/linux/perf_event.h, perf_allow_tracepoint(): the level.
 */
TEST_F(level, functions_are_not_for_all)
{
	int id = tracepoint_id("ftrace/function");
	struct perf_event_attr attr = pe_attr(PERF_TYPE_TRACEPOINT, id);

	if (id < 0)
		SKIP(return, "functions are not traced");
	EXPECT_EQ(EPERM, as_nobody(0, open_self, &attr));
	EXPECT_EQ(0, as_nobody(1ULL << CAP_PERFMON, open_self, &attr));
}

/* ---- Groups come apart ---- */

FIXTURE(hotplug)
{
	struct perf_event_attr attr;
};

FIXTURE_SETUP(hotplug)
{
	if (access(CPU1_ONLINE, W_OK))
		SKIP(return, "CPU 1 cannot be switched off");
	self->attr = fault_attr();
	ASSERT_EQ(0, pin_to(0));
}

FIXTURE_TEARDOWN_PARENT(hotplug)
{
	file_write(CPU1_ONLINE, "1");
}

/*
 * A sibling that keeps pointing to its leader after their CPU has gone (2026).
 * Without: hotplug.c, perf_event_exit_cpu(): PERF_DETACH_GROUP.
 */
TEST_F(hotplug, leaves_no_group)
{
	struct reading r;
	int fd[3];

	self->attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	ASSERT_EQ(0, group_of(&self->attr, -1, 1, fd, 3));
	ASSERT_EQ(0, pe_read(fd[0], self->attr.read_format, &r));
	EXPECT_EQ(3, r.nr);
	ASSERT_EQ(0, file_write(CPU1_ONLINE, "0"));
	for (int i = 0; i < 3; i++) {
		__u64 id = pe_id(fd[i]);

		ASSERT_EQ(0, pe_read(fd[i], self->attr.read_format, &r));
		EXPECT_EQ(1, r.nr);
		EXPECT_EQ(id, r.of[0].id);
		close(fd[i]);
	}
}

/*
 * Software events against CPUs that go and come (2015).
 * Without: core.c, ctx_check(): "->online".
 */
TEST_F(hotplug, no_events_where_no_cpu_is)
{
	struct perf_event_attr sampling = sampling_faults();
	struct worker w;

	for (int i = 0; i < 3; i++) {
		int before = pe_open(&self->attr, -1, 1, -1, 0), after;

		ASSERT_EQ(0, file_write(CPU1_ONLINE, "0"));
		EXPECT_EQ(-ENODEV, try_open(&self->attr, -1, 1, -1, 0));
		EXPECT_EQ(-ENODEV, try_open(&sampling, -1, 1, -1, 0));
		ASSERT_EQ(0, file_write(CPU1_ONLINE, "1"));
		after = pe_open(&self->attr, -1, 1, -1, 0);
		if (!worker_fork(&w)) {
			pin_to(1);
			touch_pages(50);
			_exit(0);
		}
		EXPECT_EQ(0, worker_join(&w));
		EXPECT_LE(50, pe_count(after));
		/* What was there before has ended with the CPU. */
		EXPECT_EQ(0, pe_enable(before));
		EXPECT_GT(50, pe_count(before));
		close(before);
		close(after);
	}
}

/* Executes cat, once told to, which then waits for more on the same pipe. */
static void cat_fork(struct worker *w)
{
	if (worker_fork(w))
		return;
	worker_post(w);
	worker_wait(w);
	dup2(w->done, 0);
	execl("/bin/cat", "cat", NULL);
	_exit(1);
}

/* Past what exec does to events when this is true. */
static bool cat_exec(struct worker *w)
{
	char path[64], name[32];

	worker_post(w);
	snprintf(path, sizeof(path), "/proc/%d/comm", w->pid);
	for (int i = 0; i < 5000; i++) {
		if (file_read(path, name, sizeof(name)) > 0 && !strcmp(name, "cat\n"))
			return true;
		sleep_ms(1);
	}
	return false;
}

/*
 * exec removes a leader and leaves its siblings to it (2026), and somebody joins
 * what exec removed (2026).
 * Without: core.c, exec_remove(): PERF_DETACH_GROUP.  Without: core.c,
 * group_check(), and open.c, perf_event_of_fd(): the states.
 */
TEST(exec_lets_go_of_siblings)
{
	struct perf_event_attr attr = fault_attr();
	struct reading r;
	struct worker w;
	int leader, sibling;

	cat_fork(&w);
	ASSERT_TRUE(worker_wait(&w));
	attr.read_format = PERF_FORMAT_GROUP;
	attr.remove_on_exec = 1;
	leader = pe_open(&attr, w.pid, -1, -1, 0);
	attr.remove_on_exec = 0;
	sibling = pe_open(&attr, w.pid, -1, leader, 0);
	ASSERT_LE(0, sibling);
	ASSERT_TRUE(cat_exec(&w));
	EXPECT_EQ(-ENODEV, pe_open(&attr, w.pid, -1, leader, 0));
	EXPECT_EQ(0, worker_join(&w));
	ASSERT_EQ(0, pe_read(sibling, attr.read_format, &r));
	EXPECT_EQ(1, r.nr);
	/* A whole program has run since. */
	EXPECT_LT(20, r.of[0].value);
}

/*
 * A leader goes whose siblings are in no context any more (2023).
 * Without: core.c, group_promote_siblings(): PERF_ATTACH_CONTEXT, together with
 * the state in group_begin(): KASAN reports.
 */
TEST(siblings_of_a_task_that_ended)
{
	struct perf_event_attr attr = sampling_faults();
	int fd[2][2];
	struct reading r;
	struct worker w;

	attr.read_format = PERF_FORMAT_GROUP;
	if (!worker_fork(&w)) {
		worker_wait(&w);
		_exit(0);
	}
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, group_of(&attr, w.pid, -1, fd[i], 2));
	worker_join(&w);
	for (int i = 0; i < 2; i++) {
		close(fd[i][0]);
		ASSERT_EQ(0, pe_read(fd[i][1], PERF_FORMAT_GROUP, &r));
		EXPECT_EQ(1, r.nr);
		EXPECT_EQ(0, pe_enable(fd[i][1]));
		close(fd[i][1]);
		/* By now its memory has gone as well. */
		sleep_ms(100);
	}
}

/* ---- How large a group is ---- */

/*
 * Members that are added after the sizes were checked, and a record that no longer
 * holds what all of them read (2023).
 * Without: event.c, perf_event_sizes_fit(): the loop over siblings.
 */
TEST(group_that_outgrows_a_sibling)
{
	struct perf_event_attr attr = fault_attr();
	struct rlimit limit = { 4096, 4096 };
	static __u64 buf[2048];
	int leader, sibling, fd, nr = 2;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	leader = pe_self(&attr);
	attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_LOST;
	sibling = pe_open(&attr, 0, -1, leader, 0);
	ASSERT_LE(0, sibling);
	attr.read_format = 0;
	while ((fd = pe_open(&attr, 0, -1, leader, 0)) >= 0 && nr < 1000)
		nr++;
	EXPECT_EQ(-E2BIG, fd);
	EXPECT_GT(16384 / 24 + 1, nr);
	EXPECT_EQ(8 + 24 * nr, read(sibling, buf, sizeof(buf)));
}

/*
 * A group of copies that is no longer like the group that is read (2023): with
 * fewer members, and with more, which writes past the end.
 * Without: read.c, group_is_whole().  With all of read_add()'s test gone, KASAN
 * reports.
 */
TEST(copies_that_are_not_like_their_group)
{
	struct perf_event_attr attr = fault_attr();
	__u64 format = PERF_FORMAT_GROUP;
	int fds[2], less[2], more[2];
	struct reading r;
	struct worker w;
	char c = 0;

	ASSERT_EQ(0, pipe(fds));
	if (!worker_fork(&w)) {
		worker_wait(&w);
		if (!fork()) {
			close(fds[1]);
			/* A copy, until all others have closed the pipe. */
			_exit(read(fds[0], &c, 1) != 0);
		}
		close(fds[0]);
		close(fds[1]);
		worker_post(&w);
		worker_wait(&w);
		dup2(w.done, 0);
		execl("/bin/cat", "cat", NULL);
		_exit(1);
	}
	/* One that is not inherited: else the two may swap contexts, the leaders with them. */
	ASSERT_LE(0, pe_open(&attr, w.pid, -1, -1, 0));
	attr.inherit = 1;
	attr.read_format = format;
	more[0] = pe_open(&attr, w.pid, -1, -1, 0);
	less[0] = pe_open(&attr, w.pid, -1, -1, 0);
	attr.remove_on_exec = 1;
	more[1] = pe_open(&attr, w.pid, -1, more[0], 0);
	ASSERT_LE(0, more[1]);
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	ASSERT_EQ(0, pe_read(more[0], format, &r));
	EXPECT_EQ(2, r.nr);
	less[1] = pe_open(&attr, w.pid, -1, less[0], 0);
	ASSERT_LE(0, less[1]);
	EXPECT_EQ(-ECHILD, pe_read(less[0], format, &r));
	/* A member goes from the group, but not from that of the copies. */
	ASSERT_TRUE(cat_exec(&w));
	EXPECT_EQ(-ECHILD, pe_read(more[0], format, &r));
	close(fds[1]);
	EXPECT_EQ(0, worker_join(&w));
	sleep_ms(100);
	ASSERT_EQ(0, pe_read(more[0], format, &r));
	EXPECT_EQ(1, r.nr);
}

struct place {
	pthread_barrier_t *start;
	int leader;
};

static void *take_place(void *arg)
{
	struct perf_event_attr attr = fault_attr();
	struct place *place = arg;
	int fd;

	pthread_barrier_wait(place->start);
	fd = pe_open(&attr, getpid(), -1, place->leader, 0);
	/* None is closed before each has tried. */
	pthread_barrier_wait(place->start);
	if (fd >= 0)
		close(fd);
	return (void *)(long)fd;
}

/*
 * Two that join a group at once are checked against what each of them saw before
 * the other came (2016, 2017, 2022): here for a group with one place left.
 * Without: core.c, perf_event_attach(): attach_prepare() inside the mutex.
 */
TEST(last_place_in_a_group)
{
	struct perf_event_attr attr = fault_attr();
	struct rlimit limit = { 4096, 4096 };
	pthread_barrier_t start;
	struct place place = { .start = &start };
	pthread_t thread[2];
	int fd, last = -1;
	void *got[2];

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_LOST;
	place.leader = pe_self(&attr);
	attr.read_format = 0;
	while ((fd = pe_open(&attr, 0, -1, place.leader, 0)) >= 0)
		last = fd;
	ASSERT_EQ(-E2BIG, fd);
	close(last);
	pthread_barrier_init(&start, NULL, 2);
	for (int round = 0; round < rounds(50); round++) {
		for (int i = 0; i < 2; i++)
			pthread_create(&thread[i], NULL, take_place, &place);
		for (int i = 0; i < 2; i++)
			pthread_join(thread[i], &got[i]);
		ASSERT_EQ(1, ((long)got[0] >= 0) + ((long)got[1] >= 0));
		ASSERT_EQ(-E2BIG, (long)got[(long)got[0] >= 0]);
	}
}

/* ---- Overflows against the end of an event ---- */

static int busy_fd;

static void *fault_and_refresh(void *stop)
{
	while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED)) {
		ioctl(__atomic_load_n(&busy_fd, __ATOMIC_RELAXED), PERF_EVENT_IOC_REFRESH, 1);
		touch_pages(4);
	}
	return NULL;
}

/*
 * An overflow that goes on while its event is removed and freed (2026): it would
 * queue work for what is no more.
 * Without: swevent.c: the two guard(irqsave)(), helped by a delay in
 * deliver_samples(): crashes, or KASAN reports.
 */
TEST(removed_while_it_overflows)
{
	struct perf_event_attr attr = sampling_faults();
	pthread_t thread[2];
	int stop = 0;

	attr.wakeup_events = 1;
	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, fault_and_refresh, &stop);
	for (int i = 0; i < rounds(300); i++) {
		struct ring ring;
		int fd = pe_open(&attr, -1, i & 1, -1, 0);

		if (fd == -EINVAL || fd == -ENODEV)
			fd = pe_open(&attr, -1, 0, -1, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, ring_map(&ring, fd, 1));
		fcntl(fd, F_SETFL, O_RDWR | O_ASYNC);
		__atomic_store_n(&busy_fd, fd, __ATOMIC_RELAXED);
		spin_ms(i & 1);
		close(fd);
		ring_unmap(&ring);
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

/*
 * A signal that is on its way when its event ends (2022).  The kernel reads the
 * name of the program from the memory that is watched: exec then removes the event,
 * closes it, and delivers.
 * Without: overflow.c, queue_sigtrap(): perf_event_get_ref(): the kernel reports.
 * Without: overflow.c, sigtrap_work(): the state: the new program is killed.  So
 * it is by Linux 6.12, which checks the task alone.
 */
TEST(signal_outlived_by_nobody)
{
	static union {
		__u64 word;
		char text[8];
	} name = { .text = "true" };
	struct perf_event_attr attr = pe_attr(PERF_TYPE_BREAKPOINT, 0);

	attr.bp_type = HW_BREAKPOINT_RW;
	attr.bp_addr = (unsigned long)&name;
	attr.bp_len = HW_BREAKPOINT_LEN_8;
	attr.sample_period = 1;
	attr.sigtrap = 1;
	attr.remove_on_exec = 1;
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		if (!child) {
			int fd = pe_open(&attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

			if (fd == -ENOENT || fd == -ENODEV)
				_exit(77);
			execl("/bin/true", name.text, NULL);
			_exit(78);
		}
		child = child_join(child);
		if (child == 77)
			SKIP(return, "no breakpoints");
		ASSERT_EQ(0, child);
	}
}

/* ---- A task that ends ---- */

/*
 * The user stack of a task whose memory has gone (2025): at its last switch.
 * Without: sample.c, take_user_regs(): is_user_task(), and take_user_stack():
 * "current->mm".
 */
TEST(no_stack_without_memory)
{
	int id = tracepoint_id("sched/sched_switch"), with = 0, last = -1;
	struct perf_event_attr attr = pe_attr(PERF_TYPE_TRACEPOINT, id);
	struct sample s;
	union record rec;
	struct ring ring;
	struct worker w;
	int fd;

	if (id < 0)
		SKIP(return, "no tracefs");
	ASSERT_EQ(0, pin_to(0));
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_STACK_USER | PERF_SAMPLE_REGS_USER |
			   PERF_SAMPLE_CALLCHAIN;
	attr.sample_stack_user = 256;
	attr.sample_regs_user = 1;
	if (!worker_fork(&w)) {
		worker_wait(&w);
		sleep_ms(5);
		_exit(0);
	}
	fd = pe_open(&attr, -1, 0, -1, 0);
	ASSERT_EQ(0, ring_map(&ring, fd, 64));
	worker_post(&w);
	/* It stays a zombie, so that it keeps its number. */
	sleep_ms(100);
	pe_disable(fd);
	while (ring_find(&ring, PERF_RECORD_SAMPLE, &rec) > 0) {
		ASSERT_TRUE(sample_parse(&rec, &attr, &s));
		if (s.task.tid != w.pid)
			continue;
		with += s.stack_size == 256;
		last = s.stack_size;
	}
	EXPECT_EQ(0, worker_join(&w));
	EXPECT_LT(0, with);
	EXPECT_EQ(0, last);
}

/* ---- Clocks ---- */

FIXTURE(clock)
{
	struct perf_event_attr attr;
	struct ring ring;
	long rate;
};

FIXTURE_SETUP(clock)
{
	self->rate = sysctl_get("perf_event_max_sample_rate");
	self->attr = sw_attr(PERF_COUNT_SW_CPU_CLOCK);
	self->attr.sample_period = 20000;
	self->attr.sample_type = PERF_SAMPLE_IP;
	self->attr.disabled = 1;
	if (sysctl_set("perf_event_max_sample_rate", 500))
		SKIP(return, "the sample rate cannot be set");
}

FIXTURE_TEARDOWN_PARENT(clock)
{
	sysctl_set("perf_event_max_sample_rate", self->rate);
}

/*
 * Throttled members of a group are started again that are not on (2025).
 * Without: freq.c, tick_event(): the state.
 */
TEST_F(clock, throttled_member_that_is_off)
{
	int leader, sibling;
	union record rec;
	__u64 n;

	leader = pe_self(&self->attr);
	self->attr.disabled = 0;
	sibling = pe_open(&self->attr, 0, -1, leader, 0);
	ASSERT_EQ(0, ring_map(&self->ring, sibling, 8));
	pe_enable(leader);
	spin_ms(50);
	for (int i = 0; i < 20; i++) {
		pe_disable(sibling);
		n = pe_count(sibling);
		ring_drain(&self->ring, PERF_RECORD_SAMPLE);
		/* Some ticks: the leader is throttled, and goes on. */
		spin_ms(12);
		ASSERT_EQ(n, pe_count(sibling));
		ASSERT_EQ(0, ring_next(&self->ring, &rec));
		pe_enable(sibling);
		spin_ms(1);
		ASSERT_LT(n, pe_count(sibling));
	}
}

/*
 * A clock that is throttled, and stopped, by its own timer (2025).
 * Without: clock.c, timer_disarm(): hrtimer_cancel() for hrtimer_try_to_cancel():
 * hangs.  Without: clock.c, clock_timer(): both looks at PERF_HES_STOPPED, and the
 * first one's at the state.
 */
TEST_F(clock, stopped_by_its_own_timer)
{
	int fd, n = 0;

	self->attr.wakeup_events = 1;
	fd = pe_self(&self->attr);
	ASSERT_EQ(0, ring_map(&self->ring, fd, 8));
	for (int i = 1; i <= 5; i++) {
		ASSERT_EQ(0, pe_ioctl(fd, PERF_EVENT_IOC_REFRESH, 3));
		for (int j = 0; j < 500 && n < 3 * i; j++) {
			spin_ms(2);
			n += ring_drain(&self->ring, PERF_RECORD_SAMPLE);
		}
		spin_ms(10);
		n += ring_drain(&self->ring, PERF_RECORD_SAMPLE);
		ASSERT_EQ(3 * i, n);
	}
}

/*
 * The timer of a clock that was freed (2026).
 * Without: clock.c, clock_end(): timer_disarm(), and clock_destroy(): DEBUG_OBJECTS
 * or KASAN reports, or it crashes.
 */
TEST_F(clock, timer_ends_with_its_event)
{
	for (int i = 0; i < rounds(500); i++) {
		int fd;

		self->attr.config = i & 1;
		self->attr.disabled = 0;
		fd = i & 2 ? pe_self(&self->attr) : pe_open(&self->attr, -1, i / 4 % 2, -1, 0);
		if (fd == -EINVAL || fd == -ENODEV)
			continue;
		ASSERT_LE(0, fd);
		if (i & 8)
			spin_ms(1);
		close(fd);
	}
	sleep_ms(20);
}

/*
 * A clock with so short a period that nothing else runs (2011).
 * Without: clock.c: CLOCK_PERIOD_MIN, where an interrupt takes less than that: in
 * a guest whose time counts instructions, for instance.
 */
TEST_F(clock, of_one_nanosecond)
{
	__u64 format = PERF_FORMAT_LOST, start, took;
	struct reading r;
	__u64 n;
	int fd;

	/* As fast as one may ask for. */
	ASSERT_EQ(0, sysctl_set("perf_event_max_sample_rate", 1000000000));
	self->attr.sample_period = 1;
	self->attr.read_format = format;
	fd = pe_self(&self->attr);
	ASSERT_EQ(0, ring_map(&self->ring, fd, 1));
	start = now_ns(CLOCK_MONOTONIC);
	pe_enable(fd);
	for (int i = 0; i < 20; i++)
		touch_pages(20);
	pe_disable(fd);
	took = now_ns(CLOCK_MONOTONIC) - start;
	ASSERT_EQ(0, pe_read(fd, format, &r));
	n = r.of[0].lost + ring_drain(&self->ring, PERF_RECORD_SAMPLE);
	EXPECT_LT(0, n);
	EXPECT_GE(took / 10000 + 1, n);
}

/* ---- Hardware ---- */

FIXTURE(mixed)
{
	struct perf_event_attr hard;
	struct perf_event_attr soft;
};

FIXTURE_SETUP(mixed)
{
	warm_up();
	self->soft = fault_attr();
	self->hard = pe_attr(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS);
	self->hard.exclude_kernel = 1;
	if (try_open(&self->hard, 0, -1, -1, 0))
		SKIP(return, "no hardware PMU");
}

FIXTURE_TEARDOWN(mixed)
{
}

/*
 * A software event that is a member of a group of hardware events is inherited into
 * the PMU of the group, not into its own (2026).
 * Without: core.c, inherit_event(): event->pmu for event->pmu_ctx->pmu: no failure
 * was seen, as here the leader alone says where its group runs.
 */
TEST_F(mixed, group_is_inherited)
{
	__u64 format = PERF_FORMAT_GROUP;
	struct reading before, after;
	int fd[3];

	self->hard.inherit = 1;
	self->soft.inherit = 1;
	self->hard.read_format = format;
	fd[0] = pe_self(&self->hard);
	fd[1] = pe_open(&self->soft, 0, -1, fd[0], 0);
	self->soft.sample_period = 100;
	fd[2] = pe_open(&self->soft, 0, -1, fd[0], 0);
	ASSERT_LE(0, fd[2]);
	for (int i = 0; i < 10; i++) {
		pid_t child;

		ASSERT_EQ(0, pe_read(fd[0], format, &before));
		child = fork();
		if (!child) {
			/* A sibling of its own alone, and the group off and on. */
			prctl(PR_TASK_PERF_EVENTS_DISABLE);
			touch_pages(300);
			sleep_ms(1);
			_exit(0);
		}
		pe_disable(fd[0]);
		pe_enable(fd[0]);
		ASSERT_EQ(0, child_join(child));
		ASSERT_EQ(0, pe_read(fd[0], format, &after));
		EXPECT_EQ(3, after.nr);
		EXPECT_LE(200, after.of[1].value - before.of[1].value);
		EXPECT_LE(after.of[1].value - 50, after.of[2].value);
	}
}

static int mover_leader;

static void *join_with_hardware(void *start)
{
	struct perf_event_attr attr = pe_attr(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS);

	attr.exclude_kernel = 1;
	pthread_barrier_wait(start);
	return (void *)(long)pe_open(&attr, getpid(), -1, mover_leader, 0);
}

/*
 * Two hardware events join a group of software events at once, which moves it
 * (2016, 2017, 2022).
 * As last_place_in_a_group, which see for what to take out; for this one no failure
 * was provoked.
 */
TEST_F(mixed, group_that_two_move_at_once)
{
	pthread_barrier_t start;
	pthread_t thread[2];
	struct reading r;
	void *fd[2];

	pthread_barrier_init(&start, NULL, 2);
	self->soft.read_format = PERF_FORMAT_GROUP;
	self->soft.disabled = 1;
	for (int round = 0; round < rounds(50); round++) {
		int sibling;

		mover_leader = pe_self(&self->soft);
		self->soft.disabled = 0;
		sibling = pe_open(&self->soft, 0, -1, mover_leader, 0);
		self->soft.disabled = 1;
		ASSERT_LE(0, sibling);
		for (int i = 0; i < 2; i++)
			pthread_create(&thread[i], NULL, join_with_hardware, &start);
		for (int i = 0; i < 2; i++)
			pthread_join(thread[i], &fd[i]);
		ASSERT_LE(0, (long)fd[0]);
		ASSERT_LE(0, (long)fd[1]);
		burst(mover_leader, 5);
		ASSERT_EQ(0, pe_read(mover_leader, PERF_FORMAT_GROUP, &r));
		ASSERT_EQ(4, r.nr);
		EXPECT_EQ(5, r.of[0].value);
		EXPECT_EQ(5, r.of[1].value);
		EXPECT_LT(100, r.of[2].value);
		EXPECT_LT(100, r.of[3].value);
		close((long)fd[0]);
		close(sibling);
		close(mover_leader);
		close((long)fd[1]);
	}
}

TEST_HARNESS_MAIN
