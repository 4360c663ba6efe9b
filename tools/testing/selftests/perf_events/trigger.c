// SPDX-License-Identifier: GPL-2.0
/*
 * Starters and stoppers: what may be linked, and what a target counts then.
 */
#include "fault_util.h"
#include "trigger_util.h"

static const __u64 times = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;

FIXTURE(region)
{
	struct region r;
	struct perf_event_attr attr;
	int fd;
};

FIXTURE_SETUP(region)
{
	int err;

	region_warm_up();
	err = region_open(&self->r, 0, false);
	if (none_here(err))
		SKIP(return, "no breakpoints on code");
	ASSERT_EQ(0, err);
	self->attr = target_attr();
	self->fd = guarded(&self->r, &self->attr);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(region)
{
	close(self->fd);
	region_close(&self->r);
}

/* ---- The interface ---- */

TEST(codes_collide_with_none)
{
	__u64 id = 0;
	int fd;
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);

	EXPECT_EQ(_IO('$', 7), PERF_EVENT_IOC_SET_STARTER);
	EXPECT_EQ(_IO('$', 8), PERF_EVENT_IOC_SET_STOPPER);
	fd = pe_self(&attr);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, pe_ioctl(fd, PERF_EVENT_IOC_ID, (unsigned long)&id));
	EXPECT_NE(0, id);
	EXPECT_EQ(-EBADF, pe_ioctl(fd, PERF_EVENT_IOC_SET_BPF, 9999));
	EXPECT_EQ(-ENOTTY, pe_ioctl(fd, _IOW('$', 7, __u64), fd));
	EXPECT_EQ(-ENOTTY, pe_ioctl(fd, _IOR('$', 8, __u32), fd));
	EXPECT_EQ(-ENOTTY, pe_ioctl(fd, _IO('$', 9), fd));
	EXPECT_EQ(-ENOTTY, pe_ioctl(fd, _IO('$', 12), fd));
	close(fd);
}

/* On big-endian machines bit-fields begin at the other end. */
TEST(flag_is_the_last)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);
	unsigned char *flags = (unsigned char *)&attr + 40;
	__u64 bit = 0;

	attr.enable_on_starter = 1;
	memcpy(&bit, flags, sizeof(bit));
#if __BYTE_ORDER == __LITTLE_ENDIAN
	EXPECT_EQ(1ULL << 63, bit);
#else
	EXPECT_EQ(1ULL, bit);
#endif
	EXPECT_EQ(136, sizeof(attr));
	EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0));
}

enum end { TARGET, STARTER, COUNTER, OTHER_TASK, OTHER_CPU, NOTHING, NO_EVENT, RUNS_ON, ENDS };

TEST_F(region, errnos)
{
	static const struct {
		enum end trigger, target;
		bool stop;
		int err;
	} rows[] = {
		{ STARTER, NOTHING, false, -EBADF },
		{ STARTER, NO_EVENT, false, -EINVAL },
		{ STARTER, STARTER, false, -EINVAL },
		{ STARTER, STARTER, true, -EINVAL },
		{ STARTER, OTHER_TASK, false, -EINVAL },
		{ STARTER, OTHER_CPU, false, -EINVAL },
		{ COUNTER, TARGET, false, -EINVAL },
		{ STARTER, RUNS_ON, false, -EOPNOTSUPP },
		{ STARTER, TARGET, false, 0 },
		{ STARTER, TARGET, false, -EEXIST },
		{ STARTER, TARGET, true, -EINVAL },
		{ TARGET, STARTER, false, 0 },
		{ STARTER, COUNTER, true, 0 },
		{ STARTER, COUNTER, false, -EINVAL },
		{ TARGET, COUNTER, true, -EBUSY },
		{ TARGET, COUNTER, false, 0 },
	};
	struct perf_event_attr counter = fault_attr(), sampler = fault_attr();
	struct perf_event_attr msr = pe_attr(pmu_type("msr"), 0);
	int fd[ENDS];
	struct worker w;

	if (!worker_fork(&w)) {
		worker_wait(&w);
		_exit(0);
	}
	sampler.sample_period = 1;
	fd[TARGET] = pe_self(&sampler);
	fd[STARTER] = self->r.starter;
	fd[COUNTER] = pe_self(&counter);
	fd[OTHER_TASK] = pe_open(&counter, w.pid, -1, -1, 0);
	fd[OTHER_CPU] = pe_open(&counter, 0, 0, -1, 0);
	fd[NOTHING] = 9999;
	fd[NO_EVENT] = w.go;
	fd[RUNS_ON] = (int)msr.type < 0 ? -1 : pe_self(&msr);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		int target = fd[rows[i].target];

		if (rows[i].target == RUNS_ON && target < 0)
			continue;
		EXPECT_EQ(rows[i].err, rows[i].stop ? set_stopper(fd[rows[i].trigger], target) :
						      set_starter(fd[rows[i].trigger], target)) {
			TH_LOG("row %u", i);
		}
	}
	EXPECT_EQ(-EBUSY, set_starter(fd[TARGET], self->fd));
	worker_join(&w);
	EXPECT_EQ(-EINVAL, set_starter(self->r.starter, fd[OTHER_TASK]));
	for (int i = TARGET; i < ENDS; i++)
		if (i != STARTER && i != NOTHING && i != NO_EVENT)
			close(fd[i]);
}

TEST_F(region, of_a_task_that_has_ended)
{
	struct perf_event_attr sampler = fault_attr();
	int trigger, target;
	struct worker w;

	sampler.sample_period = 1;
	if (!worker_fork(&w)) {
		worker_wait(&w);
		_exit(0);
	}
	trigger = pe_open(&sampler, w.pid, -1, -1, 0);
	target = pe_open(&sampler, w.pid, -1, -1, 0);
	EXPECT_EQ(0, set_starter(trigger, target));
	EXPECT_LT(0, told(target, "starter"));
	worker_join(&w);
	EXPECT_EQ(-1, told(target, "starter"));
	EXPECT_EQ(-1, told(trigger, "starts"));
	EXPECT_EQ(-ENODEV, set_starter(trigger, target));
	close(trigger);
	close(target);
}

/* A clock without an interrupt cannot be stopped; one may not ask for it either. */
TEST(begins_paused_only_where_it_can)
{
	struct perf_event_attr attr = pe_attr(pmu_type("msr"), 0);

	if ((int)attr.type < 0)
		SKIP(return, "no PMU that cannot stop");
	EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0));
	attr.enable_on_starter = 1;
	EXPECT_EQ(-EOPNOTSUPP, try_open(&attr, 0, -1, -1, 0));
}

TEST_F(region, fdinfo)
{
	struct perf_event_attr attr = fault_attr();
	int plain = pe_self(&attr);

	EXPECT_EQ(pe_id(self->fd), told(self->fd, "id"));
	EXPECT_EQ(pe_id(self->r.starter), told(self->fd, "starter"));
	EXPECT_EQ(pe_id(self->r.stopper), told(self->fd, "stopper"));
	EXPECT_EQ(pe_id(self->fd), told(self->r.starter, "starts"));
	EXPECT_EQ(-1, told(self->r.starter, "stops"));
	EXPECT_EQ(pe_id(self->fd), told(self->r.stopper, "stops"));
	EXPECT_EQ(1, told(self->fd, "paused"));
	EXPECT_EQ(0, told(self->fd, "time_open"));
	begin(1);
	EXPECT_EQ(0, told(self->fd, "paused"));
	EXPECT_LT(0, told(self->fd, "time_open"));
	end(1);
	EXPECT_EQ(1, told(self->fd, "paused"));

	/* Who has nothing to do with it is told nothing of it. */
	EXPECT_EQ(-1, told(plain, "id"));
	EXPECT_EQ(-1, told(plain, "paused"));
	EXPECT_EQ(-1, told(plain, "time_open"));
	close(plain);
	EXPECT_EQ(0, pe_disable(self->r.starter));
	EXPECT_EQ(pe_id(self->r.starter), told(self->fd, "starter"));
	close(self->r.starter);
	EXPECT_EQ(-1, told(self->fd, "starter"));
	EXPECT_EQ(pe_id(self->r.stopper), told(self->fd, "stopper"));
	self->r.starter = -1;
}

/* ---- What is counted ---- */

TEST_F(region, inside_only)
{
	int nr = rounds(500);

	touch_pages(OUTSIDE);
	EXPECT_EQ(0, pe_count(self->fd));
	passes(nr);
	EXPECT_EQ(nr * INSIDE, pe_count(self->fd));
	begin(1);
	touch_pages(7);
	EXPECT_EQ(nr * INSIDE + 7, pe_count(self->fd));
	begin(1);
	touch_pages(7);
	end(1);
	end(1);
	touch_pages(7);
	EXPECT_EQ(nr * INSIDE + 14, pe_count(self->fd));
}

TEST_F(region, samples_inside_only)
{
	struct perf_event_attr attr = target_attr();
	struct ring ring;
	int fd;

	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_TID;
	fd = guarded(&self->r, &attr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ring_map(&ring, fd, 8));
	passes(20);
	EXPECT_EQ(20 * INSIDE, ring_drain(&ring, PERF_RECORD_SAMPLE));
	EXPECT_EQ(20 * INSIDE, pe_count(fd));
	ring_unmap(&ring);
	close(fd);
}

TEST_F(region, runs_until_it_is_stopped)
{
	int fd;

	self->attr.enable_on_starter = 0;
	fd = guarded(&self->r, &self->attr);
	ASSERT_LE(0, fd);
	touch_pages(4);
	EXPECT_EQ(4, pe_count(fd));
	end(1);
	touch_pages(4);
	EXPECT_EQ(4, pe_count(fd));
	passes(3);
	EXPECT_EQ(4 + 3 * INSIDE, pe_count(fd));
	close(fd);
}

TEST_F(region, starter_alone)
{
	int fd = pe_self(&self->attr);

	EXPECT_EQ(0, set_starter(self->r.starter, fd));
	touch_pages(4);
	EXPECT_EQ(0, pe_count(fd));
	passes(2);
	EXPECT_EQ(2 * INSIDE + 2 * OUTSIDE, pe_count(fd));
	close(fd);
}

TEST_F(region, one_trigger_many_targets)
{
	int fd[64], i;

	for (i = 0; i < 64; i++) {
		/* Resident, sampling, half of them. */
		self->attr.sample_period = i % 2 ? 1000 : 0;
		fd[i] = guarded(&self->r, &self->attr);
		ASSERT_LE(0, fd[i]);
	}
	passes(10);
	for (i = 0; i < 64; i++) {
		EXPECT_EQ(10 * INSIDE, pe_count(fd[i])) {
			TH_LOG("target %d", i);
		}
		close(fd[i]);
	}
}

/* One that starts the one and stops the other: the two share the time. */
TEST_F(region, starts_one_and_stops_another)
{
	struct perf_event_attr attr = fault_attr();
	int outside = pe_self(&attr);

	ASSERT_LE(0, outside);
	EXPECT_EQ(0, set_stopper(self->r.starter, outside));
	EXPECT_EQ(0, set_starter(self->r.stopper, outside));
	passes(10);
	EXPECT_EQ(10 * INSIDE, pe_count(self->fd));
	EXPECT_EQ(11 * OUTSIDE, pe_count(outside));
	close(outside);
}

/* begin() lets faults overflow, the first fault lets the last one count. */
TEST_F(region, chain)
{
	struct perf_event_attr attr = target_attr();
	int middle, last;

	attr.sample_period = 2;
	middle = guarded(&self->r, &attr);
	attr.sample_period = 0;
	last = pe_self(&attr);
	ASSERT_LE(0, middle);
	ASSERT_LE(0, last);
	EXPECT_EQ(0, set_starter(middle, last));
	EXPECT_EQ(0, set_stopper(self->r.stopper, last));
	touch_pages(10);
	EXPECT_EQ(0, pe_count(middle));
	EXPECT_EQ(0, pe_count(last));
	begin(1);
	touch_pages(1);
	EXPECT_EQ(1, pe_count(middle));
	EXPECT_EQ(0, pe_count(last));
	touch_pages(10);
	end(1);
	touch_pages(10);
	EXPECT_EQ(11, pe_count(middle));
	/* The fault that started it may be seen by both, or by the middle one alone. */
	EXPECT_LE(9, pe_count(last));
	EXPECT_GE(10, pe_count(last));
	close(middle);
	close(last);
}

/* Each starts the other: all that can happen is that both run. */
TEST_F(region, ring_of_two)
{
	struct perf_event_attr attr = fault_attr();
	int a, b;

	attr.sample_period = 1;
	a = pe_self(&attr);
	b = pe_self(&attr);
	EXPECT_EQ(0, set_starter(a, b));
	EXPECT_EQ(0, set_starter(b, a));
	touch_pages(10);
	EXPECT_EQ(10, pe_count(a));
	EXPECT_EQ(10, pe_count(b));
	EXPECT_EQ(0, set_stopper(self->r.stopper, a));
	EXPECT_EQ(0, set_stopper(self->r.stopper, b));
	end(1);
	touch_pages(10);
	EXPECT_EQ(10, pe_count(a));
	EXPECT_EQ(10, pe_count(b));
	close(a);
	close(b);
}

TEST_F(region, each_third_time)
{
	struct perf_event_attr door = door_attr(begin);
	int starter, fd = pe_self(&self->attr);

	door.sample_period = 3;
	close(self->r.starter);
	starter = pe_self(&door);
	ASSERT_LE(0, starter);
	EXPECT_EQ(0, set_starter(starter, fd));
	EXPECT_EQ(0, set_stopper(self->r.stopper, fd));
	passes(9);
	EXPECT_EQ(3 * INSIDE, pe_count(fd));
	self->r.starter = starter;
	close(fd);
}

/* What the trigger itself was opened for goes on. */
TEST_F(region, trigger_samples_too)
{
	struct ring ring;

	ASSERT_EQ(0, ring_map(&ring, self->r.starter, 8));
	passes(12);
	EXPECT_EQ(12, ring_drain(&ring, PERF_RECORD_SAMPLE));
	EXPECT_EQ(12, pe_count(self->r.starter));
	EXPECT_EQ(12 * INSIDE, pe_count(self->fd));
	ring_unmap(&ring);
}

TEST_F(region, in_one_group)
{
	struct perf_event_attr attr = target_attr();
	struct reading r;
	int fd;

	attr.read_format = PERF_FORMAT_GROUP | times;
	fd = pe_open(&attr, 0, -1, self->r.starter, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, region_guard(&self->r, fd));
	passes(4);
	ASSERT_EQ(0, pe_read(fd, attr.read_format, &r));
	EXPECT_EQ(2, r.nr);
	EXPECT_EQ(4 * INSIDE, r.of[1].value);
	/* The group goes with its leader, the link with the trigger, the fact stays. */
	close(self->r.starter);
	self->r.starter = -1;
	begin(1);
	touch_pages(10);
	EXPECT_EQ(-1, told(fd, "starter"));
	ASSERT_EQ(0, pe_read(fd, attr.read_format, &r));
	EXPECT_EQ(4 * INSIDE, r.of[0].value);
	close(fd);
}

TEST_F(region, disabled_meanwhile)
{
	begin(1);
	touch_pages(2);
	pe_disable(self->fd);
	touch_pages(2);
	pe_enable(self->fd);
	touch_pages(2);
	EXPECT_EQ(4, pe_count(self->fd));

	/* The fact changes while it is off, and is there when it comes back. */
	pe_disable(self->fd);
	end(1);
	pe_enable(self->fd);
	touch_pages(2);
	EXPECT_EQ(4, pe_count(self->fd));
	pe_disable(self->fd);
	begin(1);
	pe_enable(self->fd);
	touch_pages(2);
	end(1);
	EXPECT_EQ(6, pe_count(self->fd));

	/* A trigger that is off sees nothing. */
	pe_disable(self->r.stopper);
	pass();
	touch_pages(2);
	EXPECT_EQ(8 + INSIDE, pe_count(self->fd));
}

TEST_F(region, reset_inside)
{
	begin(1);
	touch_pages(4);
	EXPECT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_RESET, 0));
	touch_pages(2);
	end(1);
	EXPECT_EQ(2, pe_count(self->fd));
}

/* ---- Time ---- */

TEST_F(region, times_go_on)
{
	struct perf_event_attr attr = target_attr();
	struct reading r;
	long long open;
	__u64 start;
	int fd;

	attr.read_format = times;
	fd = guarded(&self->r, &attr);
	ASSERT_LE(0, fd);
	run_ms(20);
	start = now_ns(CLOCK_MONOTONIC);
	begin(1);
	run_ms(5);
	end(1);
	start = now_ns(CLOCK_MONOTONIC) - start;
	run_ms(20);
	ASSERT_EQ(0, pe_read(fd, times, &r));
	/* The scheduler's clock and that of events differ by a little at each switch. */
	EXPECT_LE(40 * NSEC_PER_MSEC, r.enabled);
	EXPECT_EQ(r.enabled, r.running);
	open = told(fd, "time_open");
	EXPECT_LE(4 * NSEC_PER_MSEC, open);
	EXPECT_GE(start, open);
	/* It stands still while nothing is open. */
	EXPECT_EQ(open, told(fd, "time_open"));
	begin(1);
	pe_disable(fd);
	spin_ms(5);
	open = told(fd, "time_open");
	EXPECT_EQ(open, told(fd, "time_open"));
	EXPECT_GE(start * 2, open);
	close(fd);
}

/* Between what passes inside of the calls that open and close it, and around them. */
TEST_F(region, clocks)
{
	static const __u64 clock[] = { PERF_COUNT_SW_TASK_CLOCK, PERF_COUNT_SW_CPU_CLOCK };

	for (int i = 0; i < 2; i++) {
		struct perf_event_attr attr = sw_attr(clock[i]);
		__u64 inside = 0, around = 0, count, open;
		int fd;

		attr.enable_on_starter = 1;
		fd = guarded(&self->r, &attr);
		ASSERT_LE(0, fd);
		run_ms(5);
		EXPECT_EQ(0, pe_count(fd));
		for (int n = 0; n < 10; n++) {
			around -= now_ns(CLOCK_THREAD_CPUTIME_ID);
			begin(1);
			inside -= now_ns(CLOCK_THREAD_CPUTIME_ID);
			run_ms(1);
			inside += now_ns(CLOCK_THREAD_CPUTIME_ID);
			end(1);
			around += now_ns(CLOCK_THREAD_CPUTIME_ID);
			run_ms(3);
		}
		count = pe_count(fd);
		open = told(fd, "time_open");
		/* The scheduler's clock and that of events differ by a little at each switch. */
		EXPECT_LE(inside, count + 2 * NSEC_PER_MSEC);
		EXPECT_LE(count, around + 2 * NSEC_PER_MSEC);
		EXPECT_LE(inside, open + 2 * NSEC_PER_MSEC);
		EXPECT_LE(open, around + 2 * NSEC_PER_MSEC) {
			TH_LOG("inside %llu, around %llu, counted %llu, open %llu", inside,
			       around, count, open);
		}
		EXPECT_EQ(count, pe_count(fd));
		close(fd);
	}
}

TEST_F(region, a_clock_samples_inside_only)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_CPU_CLOCK);
	__u64 inside = 0, outside = 0, from, to;
	struct sample s;
	union record rec;
	struct ring ring;
	int fd;

	attr.enable_on_starter = 1;
	attr.sample_period = 100000;
	attr.sample_type = PERF_SAMPLE_TIME;
	attr.use_clockid = 1;
	attr.clockid = CLOCK_MONOTONIC;
	fd = pe_self(&attr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ring_map(&ring, fd, 16));
	/* The trigger's clock need not be the target's. */
	ASSERT_EQ(0, region_guard(&self->r, fd));
	for (int i = 0; i < 5; i++) {
		spin_ms(5);
		from = now_ns(CLOCK_MONOTONIC);
		begin(1);
		spin_ms(5);
		end(1);
		to = now_ns(CLOCK_MONOTONIC);
		spin_ms(5);
		while (ring_next(&ring, &rec)) {
			if (rec.head.type != PERF_RECORD_SAMPLE)
				continue;
			ASSERT_TRUE(sample_parse(&rec, &attr, &s));
			if (from <= s.time && s.time <= to)
				inside++;
			else
				outside++;
		}
	}
	EXPECT_LT(0, inside);
	EXPECT_EQ(0, outside);
	ring_unmap(&ring);
	close(fd);
}

/* ---- Who triggers, and who is a target ---- */

TEST_F(region, tracepoint_starts_and_counts)
{
	struct perf_event_attr start = call_attr("syscalls/sys_enter_getppid");
	struct perf_event_attr stop = call_attr("syscalls/sys_enter_getpgid");
	struct perf_event_attr call = call_attr("syscalls/sys_enter_close");
	int starter, stopper, target;

	if ((int)start.config < 0)
		SKIP(return, "no tracepoints of system calls");
	starter = pe_self(&start);
	stopper = pe_self(&stop);
	call.sample_period = 0;
	call.enable_on_starter = 1;
	target = pe_self(&call);
	ASSERT_LE(0, target);
	EXPECT_EQ(0, set_starter(starter, target));
	EXPECT_EQ(0, set_stopper(stopper, target));
	for (int i = 0; i < 100; i++) {
		close(-1);
		syscall(__NR_getppid);
		close(-1);
		close(-1);
		syscall(__NR_getpgid, 0);
		close(-1);
	}
	EXPECT_EQ(200, pe_count(target));
	close(target);
	close(starter);
	close(stopper);
}

TEST_F(region, breakpoint_counts)
{
	static __u64 watched;
	struct perf_event_attr attr = pe_attr(PERF_TYPE_BREAKPOINT, 0);
	int fd;

	attr.bp_type = HW_BREAKPOINT_W;
	attr.bp_addr = (unsigned long)&watched;
	attr.bp_len = HW_BREAKPOINT_LEN_8;
	attr.exclude_kernel = 1;
	attr.enable_on_starter = 1;
	fd = guarded(&self->r, &attr);
	ASSERT_LE(0, fd);
	for (int i = 0; i < 50; i++) {
		__atomic_store_n(&watched, i, __ATOMIC_RELAXED);
		begin(1);
		__atomic_store_n(&watched, i, __ATOMIC_RELAXED);
		end(1);
		__atomic_store_n(&watched, i, __ATOMIC_RELAXED);
	}
	EXPECT_EQ(50, pe_count(fd));
	close(fd);
}

/* A function, from its first instruction to its return, by two probes. */
TEST_F(region, uprobe_and_its_return)
{
	struct perf_event_attr attr = pe_attr(pmu_type("uprobe"), 0);
	int starter, stopper, fd;

	if ((int)attr.type < 0)
		SKIP(return, "no uprobes");
	attr.uprobe_path = (unsigned long)own_path();
	attr.probe_offset = own_offset(pass);
	attr.sample_period = 1;
	starter = pe_self(&attr);
	attr.config = 1;
	stopper = pe_self(&attr);
	ASSERT_LE(0, starter);
	ASSERT_LE(0, stopper);
	fd = pe_self(&self->attr);
	EXPECT_EQ(0, set_starter(starter, fd));
	EXPECT_EQ(0, set_stopper(stopper, fd));
	/* Its own pages: that of the instructions that are copied out. */
	passes(1);
	pe_ioctl(fd, PERF_EVENT_IOC_RESET, 0);
	passes(10);
	EXPECT_EQ(10 * INSIDE, pe_count(fd));
	close(fd);
	close(starter);
	close(stopper);
}

TEST_F(region, kprobe_starts)
{
	struct perf_event_attr attr = pe_attr(pmu_type("kprobe"), 0);
	int starter, fd;

	if ((int)attr.type < 0)
		SKIP(return, "no kprobes");
	attr.kprobe_func = (unsigned long)GETPPID;
	attr.sample_period = 1;
	starter = pe_self(&attr);
	ASSERT_LE(0, starter);
	fd = pe_self(&self->attr);
	EXPECT_EQ(0, set_starter(starter, fd));
	EXPECT_EQ(0, set_stopper(self->r.stopper, fd));
	for (int i = 0; i < 10; i++) {
		touch_pages(OUTSIDE);
		syscall(__NR_getppid);
		touch_pages(INSIDE);
		end(1);
	}
	EXPECT_EQ(10 * INSIDE, pe_count(fd));
	close(fd);
	close(starter);
}

/* Faults as starter, a filtered call as stopper. */
TEST_F(region, fault_starts_filtered_call_stops)
{
	struct perf_event_attr start = fault_attr();
	struct perf_event_attr stop = call_attr("syscalls/sys_enter_close");
	struct perf_event_attr call = call_attr("syscalls/sys_enter_getppid");
	int starter, stopper, target;

	if ((int)stop.config < 0)
		SKIP(return, "no tracepoints of system calls");
	start.sample_period = 1;
	call.sample_period = 0;
	call.enable_on_starter = 1;
	starter = pe_self(&start);
	stopper = pe_self(&stop);
	target = pe_self(&call);
	ASSERT_LE(0, target);
	EXPECT_EQ(0, pe_ioctl(stopper, PERF_EVENT_IOC_SET_FILTER, (unsigned long)"fd == 5000"));
	EXPECT_EQ(0, set_starter(starter, target));
	EXPECT_EQ(0, set_stopper(stopper, target));
	syscall(__NR_getppid);
	EXPECT_EQ(0, pe_count(target));
	touch_pages(1);
	syscall(__NR_getppid);
	close(5001);
	syscall(__NR_getppid);
	close(5000);
	syscall(__NR_getppid);
	EXPECT_EQ(2, pe_count(target));
	close(target);
	close(starter);
	close(stopper);
}

/* A clock's overflow, an hrtimer, opens what a breakpoint closes. */
TEST_F(region, clock_starts)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_TASK_CLOCK);
	int clock, fd = pe_self(&self->attr);

	attr.sample_period = NSEC_PER_MSEC;
	clock = pe_self(&attr);
	ASSERT_LE(0, clock);
	EXPECT_EQ(0, set_starter(clock, fd));
	EXPECT_EQ(0, set_stopper(self->r.stopper, fd));
	for (int i = 0; i < 100 && told(fd, "paused"); i++)
		spin_ms(1);
	EXPECT_EQ(0, told(fd, "paused"));
	pe_disable(clock);
	touch_pages(5);
	end(1);
	touch_pages(5);
	EXPECT_LE(5, pe_count(fd));
	touch_pages(5);
	EXPECT_EQ(1, told(fd, "paused"));
	close(fd);
	close(clock);
}

/* Tracepoints of the timer that it starts, which is armed under the timer's lock. */
TEST_F(region, clock_among_its_own_tracepoints)
{
	struct perf_event_attr start = call_attr("timer/hrtimer_cancel");
	struct perf_event_attr stop = call_attr("timer/hrtimer_start");
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_CPU_CLOCK);
	int starter, stopper, fd;

	if ((int)start.config < 0)
		SKIP(return, "no tracepoints of timers");
	attr.sample_period = 100000;
	attr.enable_on_starter = 1;
	starter = pe_self(&start);
	stopper = pe_self(&stop);
	fd = pe_self(&attr);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, set_starter(starter, fd));
	EXPECT_EQ(0, set_stopper(stopper, fd));
	for (int i = 0; i < 20; i++) {
		spin_ms(2);
		sleep_ms(1);
	}
	EXPECT_NE(NO_COUNT, pe_count(fd));
	close(fd);
	close(starter);
	close(stopper);
}

/* ---- The end of a link ---- */

TEST_F(region, starter_closes_inside)
{
	int fresh;

	begin(1);
	touch_pages(2);
	close(self->r.starter);
	touch_pages(2);
	end(1);
	touch_pages(2);
	EXPECT_EQ(4, pe_count(self->fd));
	/* Paused, readable, and it may be given another one. */
	passes(2);
	EXPECT_EQ(4, pe_count(self->fd));
	fresh = pe_self(&self->r.begin);
	ASSERT_LE(0, fresh);
	EXPECT_EQ(0, set_starter(fresh, self->fd));
	passes(2);
	EXPECT_EQ(4 + 2 * INSIDE, pe_count(self->fd));
	self->r.starter = fresh;
}

TEST_F(region, stopper_closes_inside)
{
	begin(1);
	close(self->r.stopper);
	end(1);
	touch_pages(2);
	EXPECT_EQ(2, pe_count(self->fd));
	self->r.stopper = pe_self(&self->r.end);
	EXPECT_EQ(0, set_stopper(self->r.stopper, self->fd));
	end(1);
	touch_pages(2);
	EXPECT_EQ(2, pe_count(self->fd));
}

TEST_F(region, target_closes)
{
	int other = guarded(&self->r, &self->attr);

	ASSERT_LE(0, other);
	begin(1);
	close(self->fd);
	touch_pages(2);
	end(1);
	EXPECT_EQ(2, pe_count(other));
	EXPECT_EQ(pe_id(other), told(self->r.starter, "starts"));
	self->fd = other;
}

TEST_HARNESS_MAIN
