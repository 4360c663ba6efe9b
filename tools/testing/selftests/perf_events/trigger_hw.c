// SPDX-License-Identifier: GPL-2.0
/*
 * Starters and stoppers of hardware events: what a counter holds of a region, to
 * the instruction where the machine is exact, whatever happens in between.
 *
 * A breakpoint on code strikes before the instruction, and the interrupt that starts
 * or stops the counter before the next one of user mode: each pass costs a few
 * instructions of its own, always the same, and the loop.
 */
#include "fault_util.h"
#include "hw_util.h"
#include "trigger_util.h"

#define SHORT	1000UL		/* turns */
#define LONG	(SHORT * 10)

static struct region region;

static __attribute__((noipa)) void hw_pass(unsigned long turns)
{
	begin(1);
	loop(turns);
	end(1);
}

static void hw_passes(int nr, unsigned long turns)
{
	while (nr--) {
		loop(LONG);
		hw_pass(turns);
	}
	loop(LONG);
}

/* A target of the thread's own, paused; or an errno. */
static int hw_target(struct perf_event_attr attr)
{
	int err = region_open(&region, 0, false);

	if (err)
		return err;
	attr.disabled = 0;
	attr.enable_on_starter = 1;
	err = guarded(&region, &attr);
	if (err >= 0)
		hw_passes(2, SHORT);
	return err;
}

static void hw_close(int fd)
{
	close(fd);
	region_close(&region);
}

/* What @nr passes cost beside the loop's turns, in instructions a pass. */
static __u64 costs_of_a_pass(int fd)
{
	__u64 count = pe_count(fd);

	hw_passes(1, SHORT);
	return pe_count(fd) - count - SHORT * LOOP_INSNS;
}

TEST_F(hw, counts_inside_only)
{
	int fd = hw_target(self->insns), nr = rounds(100);
	__u64 count, costs;

	if (none_here(fd))
		SKIP(return, "no breakpoints on code");
	ASSERT_LE(0, fd);
	costs = costs_of_a_pass(fd);
	EXPECT_GT(100, costs);
	count = pe_count(fd);
	loop(LONG);
	EXPECT_EQ(count, pe_count(fd));
	hw_passes(nr, LONG);
	EXPECT_TRUE(near(nr * (costs + LONG * LOOP_INSNS), pe_count(fd) - count));
	EXPECT_TRUE(ran_always(fd));
	hw_close(fd);
}

/* From CPU to CPU, where another counter may be its own: always as many instructions. */
TEST_F(hw, moves_inside)
{
	int fd = hw_target(self->insns);
	__u64 count, first = 0;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU");
	ASSERT_LE(0, fd);
	pin_to(0);
	for (int i = 0; i < 20; i++) {
		loop(LONG);
		count = pe_count(fd);
		begin(1);
		loop(SHORT);
		pin_to(!(i & 1));
		loop(LONG);
		end(1);
		loop(LONG);
		count = pe_count(fd) - count;
		/* The first time there may be more to do for the C library. */
		if (i == 1)
			first = count;
		if (i > 1)
			EXPECT_TRUE(near(first, count));
	}
	EXPECT_TRUE(between((LONG + SHORT) * LOOP_INSNS, first, (LONG + SHORT) * LOOP_INSNS + 500));
	hw_close(fd);
}

/* Through a door of this kind, and out of it. */
struct door {
	const char *name;
	struct perf_event_attr in, out;
	bool is_call;
};

static __attribute__((noipa)) void door_pass(const struct door *door, unsigned long turns)
{
	if (door->is_call)
		syscall(__NR_getppid);
	else
		begin(1);
	loop(turns);
	if (door->is_call)
		syscall(__NR_getpgid, 0);
	else
		end(1);
}

static struct perf_event_attr probe_attr(const char *pmu, const void *at)
{
	struct perf_event_attr attr = pe_attr(pmu_type(pmu), 0);

	attr.sample_period = 1;
	attr.kprobe_func = (unsigned long)at;
	return attr;
}

static struct perf_event_attr own_probe_attr(const void *fn)
{
	struct perf_event_attr attr = probe_attr("uprobe", own_path());

	attr.probe_offset = own_offset(fn);
	return attr;
}

/*
 * Whether the CPU comes from user mode, where the PMU is told at once, or was in the
 * kernel: before the next instruction of user mode it counts.
 */
TEST_F(hw, through_every_door)
{
	struct door doors[] = {
		{ "calls", call_attr("syscalls/sys_enter_getppid"),
		  call_attr("syscalls/sys_enter_getpgid"), true },
		{ "ends of calls", call_attr("syscalls/sys_exit_getppid"),
		  call_attr("syscalls/sys_exit_getpgid"), true },
		{ "kprobes", probe_attr("kprobe", GETPPID), probe_attr("kprobe", GETPGID), true },
		{ "uprobes", own_probe_attr(begin), own_probe_attr(end) },
		{ "breakpoints", door_attr(begin), door_attr(end) },
	};

	self->insns.disabled = 0;
	self->insns.enable_on_starter = 1;
	for (unsigned int i = 0; i < ARRAY_SIZE(doors); i++) {
		struct region r = { doors[i].in, doors[i].out };
		__u64 count[3];
		int fd;

		if (region_open_as(&r, 0, false)) {
			TH_LOG("there are no %s", doors[i].name);
			continue;
		}
		fd = guarded(&r, &self->insns);
		ASSERT_LE(0, fd);
		door_pass(&doors[i], SHORT);
		count[0] = pe_count(fd);
		door_pass(&doors[i], SHORT);
		count[1] = pe_count(fd);
		loop(LONG);
		door_pass(&doors[i], LONG);
		count[2] = pe_count(fd);
		EXPECT_TRUE(near(count[1] - count[0] + (LONG - SHORT) * LOOP_INSNS,
				 count[2] - count[1])) {
			TH_LOG("through %s", doors[i].name);
		}
		EXPECT_TRUE(between(SHORT * LOOP_INSNS, count[1] - count[0],
				    SHORT * LOOP_INSNS + 100));
		close(fd);
		region_close(&r);
	}
}

/* A fault's starter, with a lock of the mm held. */
TEST_F(hw, a_fault_starts)
{
	struct perf_event_attr fault = fault_attr();
	int starter, fd;
	__u64 count;

	self->insns.disabled = 0;
	self->insns.enable_on_starter = 1;
	fault.sample_period = 1;
	ASSERT_EQ(0, region_open(&region, 0, false));
	fd = pe_self(&self->insns);
	starter = pe_self(&fault);
	ASSERT_LE(0, starter);
	EXPECT_EQ(0, set_starter(starter, fd));
	EXPECT_EQ(0, set_stopper(region.stopper, fd));
	for (int i = 0; i < 20; i++) {
		end(1);
		count = pe_count(fd);
		loop(LONG);
		EXPECT_EQ(count, pe_count(fd));
		touch_pages(1);
		loop(LONG);
		end(1);
		EXPECT_TRUE(between(LONG * LOOP_INSNS, pe_count(fd) - count,
				    LONG * LOOP_INSNS + 500));
	}
	close(starter);
	hw_close(fd);
}

TEST_F(hw, paused_from_the_start)
{
	int fd;

	self->insns.disabled = 0;
	self->insns.enable_on_starter = 1;
	fd = pe_self(&self->insns);
	ASSERT_LE(0, fd);
	/* Its counter is that of others before, and not programmed for it. */
	for (int i = 0; i < 50; i++) {
		loop(LONG);
		EXPECT_EQ(0, pe_count(fd));
		sleep_ms(1);
	}
	EXPECT_TRUE(ran_always(fd));
	close(fd);
}

TEST_F(hw, disabled_meanwhile)
{
	int fd = hw_target(self->insns);
	__u64 count;

	ASSERT_LE(0, fd);
	begin(1);
	pe_disable(fd);
	count = pe_count(fd);
	loop(LONG);
	end(1);
	pe_enable(fd);
	loop(LONG);
	EXPECT_EQ(count, pe_count(fd));
	pe_disable(fd);
	begin(1);
	pe_enable(fd);
	loop(LONG);
	pe_disable(fd);
	end(1);
	EXPECT_LE(count + LONG * LOOP_INSNS, pe_count(fd));
	EXPECT_GE(count + LONG * LOOP_INSNS + 500, pe_count(fd));
	hw_close(fd);
}

/* Another one runs for as long in between, on the same CPU. */
TEST_F(hw, preempted_inside)
{
	int fd = hw_target(self->insns), nr = rounds(30);
	__u64 count, costs;
	pid_t pid;

	ASSERT_LE(0, fd);
	costs = costs_of_a_pass(fd);
	pin_to(0);
	pid = fork();
	if (!pid)
		for (;;)
			loop(LONG);
	hw_passes(1, SHORT);
	count = pe_count(fd);
	for (int i = 0; i < nr; i++) {
		hw_pass(20 * LONG);
		loop(LONG);
	}
	EXPECT_TRUE(near(nr * (costs + 20 * LONG * LOOP_INSNS), pe_count(fd) - count));
	kill(pid, SIGKILL);
	child_join(pid);
	hw_close(fd);
}

/* More than there are counters: each turn of one begins as the fact is. */
TEST_F(hw, taking_turns)
{
	int most = room(&self->branches), fd[COUNTERS_MAX], nr = most + 2;
	__u64 count[COUNTERS_MAX];
	struct reading r;

	ASSERT_EQ(0, region_open(&region, 0, false));
	ASSERT_GT(COUNTERS_MAX, nr);
	self->branches.disabled = 0;
	self->branches.enable_on_starter = 1;
	for (int i = 0; i < nr; i++) {
		fd[i] = guarded(&region, &self->branches);
		ASSERT_LE(0, fd[i]);
	}
	loop_ms(50);
	for (int i = 0; i < nr; i++)
		EXPECT_EQ(0, pe_count(fd[i]));
	begin(1);
	loop_ms(100);
	end(1);
	for (int i = 0; i < nr; i++) {
		EXPECT_EQ(0, pe_read(fd[i], times, &r));
		EXPECT_LT(r.running, r.enabled);
		count[i] = r.of[0].value;
		EXPECT_LT(0, count[i]);
	}
	loop_ms(50);
	for (int i = 0; i < nr; i++) {
		EXPECT_EQ(count[i], pe_count(fd[i]));
		close(fd[i]);
	}
	region_close(&region);
}

/* Samples are taken where there is something to count. */
TEST_F(hw, samples_inside_only)
{
	__u64 count;
	int samples, fd;

	self->branches.sample_period = 100;
	self->branches.sample_type = PERF_SAMPLE_IP;
	fd = hw_target(self->branches);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ring_map(&self->ring, fd, 64));
	count = pe_count(fd);
	hw_passes(20, LONG);
	count = pe_count(fd) - count;
	samples = ring_drain(&self->ring, PERF_RECORD_SAMPLE);
	EXPECT_TRUE(between(count / 100 - 1, samples, count / 100 + 1));
	loop(10 * LONG);
	EXPECT_EQ(0, ring_drain(&self->ring, PERF_RECORD_SAMPLE));
	ring_unmap(&self->ring);
	hw_close(fd);
}

TEST_F(hw, precise_samples_inside_only)
{
	int inside = 0, outside = 0, fd;

	self->branches.sample_period = 97;
	self->branches.sample_type = PERF_SAMPLE_IP;
	self->branches.precise_ip = 2;
	fd = hw_target(self->branches);
	if (fd == -EOPNOTSUPP || fd == -EINVAL || fd == -ENOENT)
		SKIP(return, "nothing precise");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ring_map(&self->ring, fd, 64));
	for (int i = 0; i < 20; i++) {
		loop(LONG);
		outside += ring_drain(&self->ring, PERF_RECORD_SAMPLE);
		hw_pass(LONG);
		inside += ring_drain(&self->ring, PERF_RECORD_SAMPLE);
	}
	EXPECT_LE(20 * LONG / 97 - 20, inside);
	EXPECT_EQ(0, outside);
	ring_unmap(&self->ring);
	hw_close(fd);
}

TEST_F(hw, branch_stacks_inside_only)
{
	int inside = 0, outside = 0, fd;

	self->branches.sample_period = 97;
	self->branches.sample_type = PERF_SAMPLE_BRANCH_STACK;
	self->branches.branch_sample_type = PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_USER;
	fd = hw_target(self->branches);
	if (fd == -EOPNOTSUPP || fd == -EINVAL || fd == -ENOENT)
		SKIP(return, "no branch records");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ring_map(&self->ring, fd, 64));
	for (int i = 0; i < 20; i++) {
		loop(LONG);
		outside += ring_drain(&self->ring, PERF_RECORD_SAMPLE);
		hw_pass(SHORT);
		inside += ring_drain(&self->ring, PERF_RECORD_SAMPLE);
	}
	EXPECT_LT(0, inside);
	EXPECT_EQ(0, outside);
	ring_unmap(&self->ring);
	hw_close(fd);
}

/* The tick that lets it go on comes when the region is over. */
TEST_F(hw, throttled_inside)
{
	__u64 count;
	int fd;

	sampling_limits(1000, 0);
	self->branches.sample_period = 50;
	fd = hw_target(self->branches);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ring_map(&self->ring, fd, 64));
	for (int i = 0; i < 10; i++) {
		begin(1);
		loop(10 * LONG);
		end(1);
		count = pe_count(fd);
		loop_ms(20);
		EXPECT_EQ(count, pe_count(fd));
	}
	EXPECT_LT(0, ring_drain(&self->ring, PERF_RECORD_THROTTLE));
	/* And it goes on inside. */
	sampling_limits(100000, 0);
	loop_ms(20);
	count = pe_count(fd);
	hw_pass(SHORT);
	EXPECT_LE(count + SHORT, pe_count(fd));
	ring_unmap(&self->ring);
	hw_close(fd);
}

/* Throttled inside, let go on by the tick while it is still inside. */
TEST_F(hw, throttled_twice)
{
	__u64 count;
	int fd;

	sampling_limits(1000, 0);
	self->branches.sample_period = 50;
	fd = hw_target(self->branches);
	ASSERT_LE(0, fd);
	begin(1);
	loop(10 * LONG);
	end(1);
	begin(1);
	loop_ms(20);
	count = pe_count(fd);
	loop_ms(20);
	EXPECT_LT(count, pe_count(fd));
	end(1);
	count = pe_count(fd);
	loop_ms(20);
	EXPECT_EQ(count, pe_count(fd));
	hw_close(fd);
}

/* A starter does not let go what is throttled until the next tick. */
TEST_F(hw, throttled_between_passes)
{
	__u64 time;
	int fd, samples;

	sampling_limits(1000, 0);
	self->branches.sample_period = 50;
	fd = hw_target(self->branches);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ring_map(&self->ring, fd, 64));
	time = now_ns(CLOCK_MONOTONIC);
	for (int i = 0; i < 200; i++)
		hw_pass(SHORT);
	time = now_ns(CLOCK_MONOTONIC) - time;
	samples = ring_drain(&self->ring, PERF_RECORD_SAMPLE);
	EXPECT_TRUE(between(0, samples, 20 + 2 * time / NSEC_PER_MSEC));
	ring_unmap(&self->ring);
	hw_close(fd);
}

/* Ticks restart what has a frequency, an ioctl what has a period. */
TEST_F(hw, not_started_by_others)
{
	__u64 value = 12345;
	int fd;

	self->branches.freq = 1;
	self->branches.sample_freq = 1000;
	fd = hw_target(self->branches);
	ASSERT_LE(0, fd);
	value = pe_count(fd);
	loop_ms(50);
	EXPECT_EQ(value, pe_count(fd));
	hw_close(fd);
	self->branches.freq = 0;
	self->branches.sample_period = 1000;
	fd = hw_target(self->branches);
	ASSERT_LE(0, fd);
	value = pe_count(fd);
	for (__u64 period = 500; period < 510; period++) {
		EXPECT_EQ(0, pe_ioctl(fd, PERF_EVENT_IOC_PERIOD, (unsigned long)&period));
		loop(LONG);
	}
	EXPECT_EQ(value, pe_count(fd));
	hw_pass(SHORT);
	EXPECT_LE(value + SHORT, pe_count(fd));
	hw_close(fd);
}

/* From the counter's interrupt, which no lock keeps away. */
TEST_F(hw, overflow_starts)
{
	struct perf_event_attr sw = target_attr();
	int starter, counter, faults;

	self->insns.disabled = 0;
	self->insns.enable_on_starter = 1;
	counter = pe_self(&self->insns);
	faults = pe_self(&sw);
	self->branches.sample_period = 5 * LONG;
	starter = pe_self(&self->branches);
	ASSERT_LE(0, starter);
	EXPECT_EQ(0, set_starter(starter, counter));
	EXPECT_EQ(0, set_starter(starter, faults));
	EXPECT_EQ(-EINVAL, set_stopper(starter, faults));
	touch_pages(1);
	pe_enable(starter);
	loop(LONG);
	touch_pages(1);
	EXPECT_EQ(0, pe_count(counter));
	EXPECT_EQ(0, pe_count(faults));
	loop(6 * LONG);
	touch_pages(1);
	EXPECT_EQ(1, pe_count(faults));
	EXPECT_TRUE(between(1, pe_count(counter), 6 * LONG * LOOP_INSNS));
	close(counter);
	close(faults);
	close(starter);
}

/*
 * The interrupt that takes the starter away is itself what lets the target go: the
 * counter is to be started all the same, when the link is there no more.
 */
TEST_F(hw, starter_closes_as_it_fires)
{
	struct perf_event_attr ipi = call_attr("irq_vectors/call_function_single_entry");
	int starter, fd;
	__u64 count;
	pid_t pid;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2 || (int)ipi.config < 0)
		SKIP(return, "one CPU, or no tracepoint of its interrupts");
	pid = fork();
	if (!pid) {
		pin_to(1);
		for (;;)
			loop(LONG);
	}
	sleep_ms(20);
	pin_to(0);
	self->insns.disabled = 0;
	self->insns.enable_on_starter = 1;
	for (int i = 0; i < 10; i++) {
		fd = pe_open(&self->insns, pid, -1, -1, 0);
		starter = pe_open(&ipi, pid, -1, -1, 0);
		ASSERT_LE(0, fd);
		ASSERT_LE(0, starter);
		EXPECT_EQ(0, set_starter(starter, fd));
		close(starter);
		count = pe_count(fd);
		sleep_ms(10);
		EXPECT_LT(count, pe_count(fd));
		close(fd);
	}
	kill(pid, SIGKILL);
	child_join(pid);
}

/* Many share the work of being told, and the one interrupt. */
TEST_F(hw, many_targets)
{
	int most = room(&self->branches), fd[COUNTERS_MAX];
	__u64 count;

	ASSERT_EQ(0, region_open(&region, 0, false));
	self->branches.disabled = 0;
	self->branches.enable_on_starter = 1;
	for (int i = 0; i < most; i++) {
		fd[i] = guarded(&region, &self->branches);
		ASSERT_LE(0, fd[i]);
	}
	hw_passes(10, SHORT);
	count = pe_count(fd[0]);
	EXPECT_TRUE(between(10 * SHORT, count, 11 * SHORT));
	for (int i = 0; i < most; i++) {
		EXPECT_EQ(count, pe_count(fd[i]));
		EXPECT_TRUE(ran_always(fd[i]));
		close(fd[i]);
	}
	region_close(&region);
}

/* A group is read as one: what stands still is not fetched from a counter. */
TEST_F(hw, in_a_group)
{
	struct reading r;
	__u64 count;
	int lead, fd;

	self->insns.read_format |= PERF_FORMAT_GROUP;
	self->insns.disabled = 0;
	lead = pe_self(&self->insns);
	ASSERT_LE(0, lead);
	self->branches.enable_on_starter = 1;
	self->branches.disabled = 0;
	fd = pe_open(&self->branches, 0, -1, lead, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, region_open(&region, 0, false));
	ASSERT_EQ(0, region_guard(&region, fd));
	for (int i = 0; i < 20; i++) {
		loop(LONG);
		sched_yield();
		ASSERT_EQ(0, pe_read(lead, self->insns.read_format, &r));
		EXPECT_EQ(0, r.of[1].value);
	}
	hw_pass(LONG);
	ASSERT_EQ(0, pe_read(lead, self->insns.read_format, &r));
	count = r.of[1].value;
	EXPECT_TRUE(between(LONG, count, LONG + 20));
	loop(LONG);
	ASSERT_EQ(0, pe_read(lead, self->insns.read_format, &r));
	EXPECT_EQ(count, r.of[1].value);
	close(lead);
	hw_close(fd);
}

static __u32 page_index(struct _test_data_hw *self)
{
	return __atomic_load_n(&self->ring.page->index, __ATOMIC_RELAXED);
}

/* Who reads counters in user space finds none while it is paused. */
TEST_F(hw, user_page)
{
	int fd = hw_target(self->insns);
	__u32 inside;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ring_map(&self->ring, fd, 1));
	if (!self->ring.page->cap_user_rdpmc)
		SKIP(return, "counters are not for user space");
	loop(SHORT);
	EXPECT_EQ(0, page_index(self));
	begin(1);
	inside = page_index(self);
	end(1);
	EXPECT_NE(0, inside);
	EXPECT_EQ(0, page_index(self));
	EXPECT_EQ(pe_count(fd), self->ring.page->offset);
	ring_unmap(&self->ring);
	hw_close(fd);
}

/* AMD's sampling of ops, which counts in the kernel as well. */
TEST_F(hw, ibs_inside_only)
{
	struct perf_event_attr attr = pe_attr(pmu_type("ibs_op"), 1 << 19);
	unsigned long turns = 20 * LONG;
	int nr = rounds(20), fd;
	__u64 count, want = nr * turns * LOOP_INSNS;

	if ((int)attr.type < 0)
		SKIP(return, "no sampling of ops");
	attr.sample_period = 0x4000;
	attr.sample_type = PERF_SAMPLE_IP;
	fd = hw_target(attr);
	if (none_here(fd))
		SKIP(return, "its driver does not stop at any time");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ring_map(&self->ring, fd, 64));
	count = pe_count(fd);
	loop(turns);
	EXPECT_EQ(count, pe_count(fd));
	for (int i = 0; i < nr; i++) {
		hw_pass(turns);
		loop(turns);
	}
	EXPECT_TRUE(between(want * 9 / 10, pe_count(fd) - count, want * 3 / 2));
	EXPECT_LT(want / attr.sample_period / 2,
		  (__u64)ring_drain(&self->ring, PERF_RECORD_SAMPLE));
	ring_unmap(&self->ring);
	hw_close(fd);
}

static void *side(void *arg)
{
	bool inside = arg;

	pin_to(0);
	if (inside)
		begin(1);
	yield_loop(SHORT, rounds(2000));
	end(1);
	return NULL;
}

TEST_F(hw, clones_on_either_side)
{
	__u64 turns = SHORT * rounds(2000), before, count;
	pthread_t thread[2];
	int fd;

	ASSERT_EQ(0, region_open(&region, 0, true));
	self->branches.inherit = 1;
	self->branches.disabled = 0;
	self->branches.enable_on_starter = 1;
	fd = guarded(&region, &self->branches);
	ASSERT_LE(0, fd);
	pthread_create(&thread[0], NULL, side, (void *)0);
	pthread_join(thread[0], NULL);
	before = pe_count(fd);
	for (long i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, side, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	count = pe_count(fd) - before;
	EXPECT_EQ(0, before);
	/* The loop's, and what it takes to yield. */
	EXPECT_TRUE(between(turns, count, turns + turns / 10));
	hw_close(fd);
}

TEST_HARNESS_MAIN
