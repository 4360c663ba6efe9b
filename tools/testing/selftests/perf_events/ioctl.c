// SPDX-License-Identifier: GPL-2.0
/*
 * Commands on an event: each one with arguments that it takes and arguments
 * that it refuses.  (SET_OUTPUT and PAUSE_OUTPUT have more in ring.c, SET_FILTER
 * in filters.c, MODIFY_ATTRIBUTES in breakpoint.c.)
 */
#include "perf_util.h"

static const __u64 times = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;

FIXTURE(command)
{
	struct perf_event_attr attr;
	int fd;
	int sampling;
};

FIXTURE_SETUP(command)
{
	warm_up();
	self->attr = fault_attr();
	self->attr.disabled = 1;
	self->fd = pe_self(&self->attr);
	self->attr.sample_period = 2;
	self->sampling = pe_self(&self->attr);
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->sampling);
	self->attr.sample_period = 0;
}

FIXTURE_TEARDOWN(command)
{
	close(self->sampling);
	close(self->fd);
}

static int do_u64(int fd, unsigned long command, __u64 value)
{
	return pe_ioctl(fd, command, (unsigned long)&value);
}

/*
 * Told apart by the whole code: number, direction and size.  Bare _IO() codes
 * of 7 and 8 are left out, which this implementation gives a meaning.
 */
TEST_F(command, unknown)
{
	static const unsigned long unknown[] = {
		_IO('$', 12), _IO('$', 13), _IO('$', 100), _IO('$', 255),
		_IO('$', 4), _IOR('$', 0, int), _IOW('$', 1, __u64), _IOW('$', 5, int),
		_IOWR('$', 10, __u32), _IOR('$', 11, void *), _IO('#', 0), _IO('%', 1), 0, ~0U,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(unknown); i++) {
		EXPECT_EQ(-ENOTTY, pe_ioctl(self->fd, unknown[i], 0)) {
			TH_LOG("command %#lx", unknown[i]);
		}
	}
}

TEST_F(command, enable_disable)
{
	struct reading r;
	int fd;

	burst(self->fd, 3);
	touch_pages(3);
	EXPECT_EQ(3, pe_count(self->fd));
	/* Twice is once. */
	EXPECT_EQ(0, pe_enable(self->fd));
	burst(self->fd, 2);
	EXPECT_EQ(0, pe_disable(self->fd));
	EXPECT_EQ(5, pe_count(self->fd));
	/* The argument is flags, of which one is known. */
	EXPECT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_ENABLE, 6));
	EXPECT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_DISABLE, 6));
	self->attr.read_format = times;
	fd = pe_self(&self->attr);
	spin_ms(2);
	ASSERT_EQ(0, pe_read(fd, times, &r));
	EXPECT_EQ(0, r.enabled);
	EXPECT_EQ(0, r.running);
}

TEST_F(command, reset_clears_the_count_only)
{
	struct reading one, two;
	int fd;

	self->attr.read_format = times;
	fd = pe_self(&self->attr);
	burst(fd, 4);
	ASSERT_EQ(0, pe_read(fd, times, &one));
	EXPECT_EQ(4, one.of[0].value);
	EXPECT_EQ(0, pe_ioctl(fd, PERF_EVENT_IOC_RESET, 0));
	ASSERT_EQ(0, pe_read(fd, times, &two));
	EXPECT_EQ(0, two.of[0].value);
	EXPECT_EQ(one.enabled, two.enabled);
	EXPECT_EQ(one.running, two.running);
	burst(fd, 2);
	EXPECT_EQ(2, pe_count(fd));
}

TEST_F(command, whole_group)
{
	int one = pe_open(&self->attr, 0, -1, self->fd, 0);
	int two = pe_open(&self->attr, 0, -1, self->fd, 0);

	ASSERT_LE(0, two);
	EXPECT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP));
	touch_pages(3);
	EXPECT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP));
	EXPECT_EQ(pe_count(one), pe_count(two));
	EXPECT_LE(3, pe_count(one));
	EXPECT_EQ(pe_count(one), pe_count(self->fd));
	/* A sibling may be named as well as the leader. */
	EXPECT_EQ(0, pe_ioctl(two, PERF_EVENT_IOC_RESET, PERF_IOC_FLAG_GROUP));
	EXPECT_EQ(0, pe_count(one));
	EXPECT_EQ(0, pe_count(self->fd));
	/* Without the flag it is this one's alone. */
	burst(self->fd, 3);
	EXPECT_EQ(3, pe_count(self->fd));
	EXPECT_EQ(0, pe_count(one));
	pe_enable(one);
	burst(self->fd, 3);
	EXPECT_EQ(6, pe_count(self->fd));
	EXPECT_EQ(3, pe_count(one));
	EXPECT_EQ(0, pe_count(two));
}

TEST_F(command, refresh)
{
	struct ring ring;
	int fd;

	EXPECT_EQ(-EINVAL, pe_ioctl(self->fd, PERF_EVENT_IOC_REFRESH, 1));
	ASSERT_EQ(0, ring_map(&ring, self->sampling, 4));
	/* After so many overflows it disables itself. */
	EXPECT_EQ(0, pe_ioctl(self->sampling, PERF_EVENT_IOC_REFRESH, 3));
	touch_pages(20);
	EXPECT_EQ(6, pe_count(self->sampling));
	EXPECT_EQ(3, ring_drain(&ring, PERF_RECORD_SAMPLE));
	EXPECT_EQ(0, pe_ioctl(self->sampling, PERF_EVENT_IOC_REFRESH, 1));
	touch_pages(20);
	EXPECT_EQ(8, pe_count(self->sampling));
	self->attr.sample_period = 2;
	self->attr.inherit = 1;
	fd = pe_self(&self->attr);
	EXPECT_EQ(-EINVAL, pe_ioctl(fd, PERF_EVENT_IOC_REFRESH, 1));
}

TEST_F(command, refresh_adds_up)
{
	struct ring ring;

	ASSERT_EQ(0, ring_map(&ring, self->sampling, 4));
	ASSERT_EQ(0, pe_ioctl(self->sampling, PERF_EVENT_IOC_REFRESH, 2));
	ASSERT_EQ(0, pe_ioctl(self->sampling, PERF_EVENT_IOC_REFRESH, 3));
	touch_pages(40);
	EXPECT_EQ(10, pe_count(self->sampling));
}

TEST_F(command, period)
{
	struct ring ring;

	EXPECT_EQ(-EINVAL, do_u64(self->fd, PERF_EVENT_IOC_PERIOD, 5));
	EXPECT_EQ(-EINVAL, do_u64(self->sampling, PERF_EVENT_IOC_PERIOD, 0));
	EXPECT_EQ(-EINVAL, do_u64(self->sampling, PERF_EVENT_IOC_PERIOD, 1ULL << 63));
	EXPECT_EQ(-EINVAL, do_u64(self->sampling, PERF_EVENT_IOC_PERIOD, ~0ULL));
	EXPECT_EQ(-EFAULT, pe_ioctl(self->sampling, PERF_EVENT_IOC_PERIOD, 0));
	EXPECT_EQ(-EFAULT, pe_ioctl(self->sampling, PERF_EVENT_IOC_PERIOD, ~4095UL));
	EXPECT_EQ(0, do_u64(self->sampling, PERF_EVENT_IOC_PERIOD, 1ULL << 62));
	EXPECT_EQ(0, do_u64(self->sampling, PERF_EVENT_IOC_PERIOD, 10));
	ASSERT_EQ(0, ring_map(&ring, self->sampling, 4));
	burst(self->sampling, 50);
	EXPECT_EQ(5, ring_drain(&ring, PERF_RECORD_SAMPLE));
	/* Of an event that runs, it holds from the next overflow but one at the latest. */
	pe_enable(self->sampling);
	ASSERT_EQ(0, do_u64(self->sampling, PERF_EVENT_IOC_PERIOD, 2));
	touch_pages(20);
	pe_disable(self->sampling);
	EXPECT_LE(5, ring_drain(&ring, PERF_RECORD_SAMPLE));
}

TEST_F(command, period_of_a_frequency)
{
	long max = sysctl_get("perf_event_max_sample_rate");
	int fd;

	self->attr.freq = 1;
	self->attr.sample_freq = 100;
	fd = pe_self(&self->attr);
	EXPECT_EQ(0, do_u64(fd, PERF_EVENT_IOC_PERIOD, 200));
	EXPECT_EQ(0, do_u64(fd, PERF_EVENT_IOC_PERIOD, max));
	EXPECT_EQ(-EINVAL, do_u64(fd, PERF_EVENT_IOC_PERIOD, max + 1));
	EXPECT_EQ(-EINVAL, do_u64(fd, PERF_EVENT_IOC_PERIOD, 0));
}

TEST_F(command, period_of_a_clock)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_CPU_CLOCK);
	struct ring ring;
	__u64 start;
	int fd, n = 0;

	attr.sample_period = 1ULL << 60;
	fd = pe_self(&attr);
	ASSERT_EQ(0, ring_map(&ring, fd, 4));
	spin_ms(5);
	EXPECT_EQ(0, ring_drain(&ring, PERF_RECORD_SAMPLE));
	ASSERT_EQ(0, do_u64(fd, PERF_EVENT_IOC_PERIOD, NSEC_PER_MSEC));
	pe_disable(fd);
	start = now_ns(CLOCK_MONOTONIC);
	pe_enable(fd);
	/* A busy host makes timers late; none of them can come early. */
	for (int i = 1; n < 10 && i < 100; i++) {
		spin_ms(20);
		n += ring_drain(&ring, PERF_RECORD_SAMPLE);
		EXPECT_GE((now_ns(CLOCK_MONOTONIC) - start) / NSEC_PER_MSEC + 2, n);
	}
	pe_disable(fd);
	EXPECT_LE(10, n);
}

TEST_F(command, id)
{
	__u64 one = pe_id(self->fd), two = pe_id(self->sampling);
	int copy = dup(self->fd);

	EXPECT_NE(0, one);
	EXPECT_NE(one, two);
	EXPECT_EQ(one, pe_id(copy));
	EXPECT_EQ(-EFAULT, pe_ioctl(self->fd, PERF_EVENT_IOC_ID, 0));
	EXPECT_EQ(-EFAULT, pe_ioctl(self->fd, PERF_EVENT_IOC_ID, 1UL << 63));
}

TEST_F(command, output)
{
	EXPECT_EQ(-EINVAL, pe_ioctl(self->fd, PERF_EVENT_IOC_SET_OUTPUT, self->sampling));
	EXPECT_EQ(-EINVAL, pe_ioctl(self->fd, PERF_EVENT_IOC_SET_OUTPUT, self->fd));
	EXPECT_EQ(-EBADF, pe_ioctl(self->fd, PERF_EVENT_IOC_SET_OUTPUT, 12345));
	EXPECT_EQ(-EBADF, pe_ioctl(self->fd, PERF_EVENT_IOC_SET_OUTPUT, -2));
	EXPECT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_SET_OUTPUT, -1));
	EXPECT_EQ(-EINVAL, pe_ioctl(self->fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 1));
}

TEST_F(command, filter_of_what_has_none)
{
	EXPECT_EQ(-EINVAL, pe_ioctl(self->fd, PERF_EVENT_IOC_SET_FILTER, (unsigned long)"x == 1"));
	EXPECT_NE(0, pe_ioctl(self->fd, PERF_EVENT_IOC_SET_FILTER, 0));
}

TEST_F(command, modify_other_than_a_breakpoint)
{
	struct perf_event_attr attr = self->attr;
	unsigned long modify = PERF_EVENT_IOC_MODIFY_ATTRIBUTES;

	EXPECT_EQ(-EOPNOTSUPP, pe_ioctl(self->fd, modify, (unsigned long)&attr));
	attr.type = PERF_TYPE_BREAKPOINT;
	EXPECT_EQ(-EINVAL, pe_ioctl(self->fd, modify, (unsigned long)&attr));
	EXPECT_EQ(-EFAULT, pe_ioctl(self->fd, modify, 0));
	attr.size = 1;
	EXPECT_EQ(-E2BIG, pe_ioctl(self->fd, modify, (unsigned long)&attr));
	EXPECT_LE(136, attr.size);
}

/* ---- BPF ---- */

static const struct bpf_insn return_1 = {
	.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1,
};

static const struct bpf_insn leave = { .code = BPF_JMP | BPF_EXIT };

static int load_return_1(int type)
{
	const struct bpf_insn code[] = { return_1, leave };

	return bpf_load(type, code, ARRAY_SIZE(code));
}

/* Looks at the record far behind the end of any. */
static int load_reader(void)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_0,
		  .src_reg = BPF_REG_1, .off = 4096 },
		return_1, leave,
	};

	return bpf_load(BPF_PROG_TYPE_TRACEPOINT, code, ARRAY_SIZE(code));
}

static int load_get_stack(void)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -64 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 64 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_stack },
		return_1, leave,
	};

	return bpf_load(BPF_PROG_TYPE_PERF_EVENT, code, ARRAY_SIZE(code));
}

TEST_F(command, bpf_arguments)
{
	EXPECT_EQ(-EBADF, pe_ioctl(self->fd, PERF_EVENT_IOC_SET_BPF, 12345));
	EXPECT_EQ(-EINVAL, pe_ioctl(self->fd, PERF_EVENT_IOC_SET_BPF, self->fd));
	EXPECT_EQ(-EINVAL, pe_ioctl(self->fd, PERF_EVENT_IOC_QUERY_BPF, 0));
}

TEST_F(command, bpf_of_another_kind)
{
	int prog = load_return_1(BPF_PROG_TYPE_SOCKET_FILTER);

	if (prog < 0)
		SKIP(return, "no BPF (%d)", prog);
	EXPECT_EQ(-EINVAL, pe_ioctl(self->sampling, PERF_EVENT_IOC_SET_BPF, prog));
}

struct bpf_query {
	__u32 ids_len;
	__u32 prog_cnt;
	__u32 ids[4];
};

TEST_F(command, bpf_of_a_tracepoint)
{
	int prog = load_return_1(BPF_PROG_TYPE_TRACEPOINT);
	int id = tracepoint_id("syscalls/sys_enter_getppid");
	struct perf_event_attr attr = pe_attr(PERF_TYPE_TRACEPOINT, id);
	struct bpf_query query = { .ids_len = 4 };
	int fd, two;

	if (prog < 0)
		SKIP(return, "no BPF (%d)", prog);
	if (id < 0)
		SKIP(return, "no tracepoint of system calls");
	fd = pe_self(&attr);
	ASSERT_EQ(0, pe_ioctl(fd, PERF_EVENT_IOC_QUERY_BPF, (unsigned long)&query));
	EXPECT_EQ(0, query.prog_cnt);
	ASSERT_EQ(0, pe_ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog));
	EXPECT_EQ(-EEXIST, pe_ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog));
	ASSERT_EQ(0, pe_ioctl(fd, PERF_EVENT_IOC_QUERY_BPF, (unsigned long)&query));
	EXPECT_EQ(1, query.prog_cnt);
	EXPECT_NE(0, query.ids[0]);
	query = (struct bpf_query) { .ids_len = 0 };
	EXPECT_EQ(0, pe_ioctl(fd, PERF_EVENT_IOC_QUERY_BPF, (unsigned long)&query));
	EXPECT_EQ(1, query.prog_cnt);
	query.ids_len = 1000;
	EXPECT_EQ(-E2BIG, pe_ioctl(fd, PERF_EVENT_IOC_QUERY_BPF, (unsigned long)&query));
	EXPECT_EQ(-EFAULT, pe_ioctl(fd, PERF_EVENT_IOC_QUERY_BPF, 0));
	/* It returns 1: the event goes on as before. */
	syscall(__NR_getppid);
	EXPECT_EQ(1, pe_count(fd));
	/* The program goes with its event. */
	two = pe_self(&attr);
	close(fd);
	query.ids_len = 4;
	ASSERT_EQ(0, pe_ioctl(two, PERF_EVENT_IOC_QUERY_BPF, (unsigned long)&query));
	EXPECT_EQ(0, query.prog_cnt);
}

/* A program on a sampling event that returns 1 lets the sample through. */
TEST_F(command, bpf_on_overflow)
{
	int prog = load_return_1(BPF_PROG_TYPE_PERF_EVENT);
	struct ring ring;

	if (prog < 0)
		SKIP(return, "no BPF (%d)", prog);
	ASSERT_EQ(0, ring_map(&ring, self->sampling, 4));
	ASSERT_EQ(0, pe_ioctl(self->sampling, PERF_EVENT_IOC_SET_BPF, prog));
	EXPECT_EQ(-EEXIST, pe_ioctl(self->sampling, PERF_EVENT_IOC_SET_BPF, prog));
	burst(self->sampling, 8);
	EXPECT_EQ(4, ring_drain(&ring, PERF_RECORD_SAMPLE));
}

/* A precise sample has the call chain that belongs to it, or the program gets none. */
TEST_F(command, bpf_that_wants_call_chains)
{
	int prog = load_get_stack(), fd;

	if (prog < 0)
		SKIP(return, "no BPF (%d)", prog);
	self->attr.sample_period = 1;
	self->attr.precise_ip = 1;
	fd = pe_self(&self->attr);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPROTO, pe_ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog));
	EXPECT_EQ(0, pe_ioctl(self->sampling, PERF_EVENT_IOC_SET_BPF, prog));
	self->attr.sample_type = PERF_SAMPLE_CALLCHAIN;
	fd = pe_self(&self->attr);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, pe_ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog));
}

/* One that reads past the record, and one too many. */
TEST_F(command, bpf_that_a_tracepoint_refuses)
{
	int id = tracepoint_id("syscalls/sys_enter_getppid"), prog = load_reader(), err = 0, nr;
	struct perf_event_attr attr = pe_attr(PERF_TYPE_TRACEPOINT, id);
	int fd[100];

	if (prog < 0)
		SKIP(return, "no BPF (%d)", prog);
	if (id < 0)
		SKIP(return, "no tracepoint of system calls");
	attr.disabled = 1;
	fd[0] = pe_self(&attr);
	EXPECT_EQ(-EACCES, pe_ioctl(fd[0], PERF_EVENT_IOC_SET_BPF, prog));
	for (nr = 1; nr < ARRAY_SIZE(fd) && !err; nr++) {
		fd[nr] = pe_self(&attr);
		prog = load_return_1(BPF_PROG_TYPE_TRACEPOINT);
		err = pe_ioctl(fd[nr], PERF_EVENT_IOC_SET_BPF, prog);
		close(prog);
	}
	EXPECT_EQ(-E2BIG, err);
	EXPECT_LT(16, nr);
	while (nr--)
		close(fd[nr]);
}

/* Who may not see the programs is not told of them. */
TEST_F(command, bpf_query_is_privileged)
{
	int id = tracepoint_id("syscalls/sys_enter_getppid"), fd;
	struct perf_event_attr attr = pe_attr(PERF_TYPE_TRACEPOINT, id);
	struct bpf_query query = { .ids_len = 4 };
	pid_t child;

	if (id < 0)
		SKIP(return, "no tracepoint of system calls");
	fd = pe_self(&attr);
	ASSERT_LE(0, fd);
	child = fork();
	if (!child) {
		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(126);
		_exit(-pe_ioctl(fd, PERF_EVENT_IOC_QUERY_BPF, (unsigned long)&query));
	}
	EXPECT_EQ(EPERM, child_join(child));
}

TEST_HARNESS_MAIN
