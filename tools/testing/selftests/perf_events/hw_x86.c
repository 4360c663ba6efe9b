// SPDX-License-Identifier: GPL-2.0
/*
 * What only some x86 processors have: precise samples and those that are
 * collected, topdown, the branch trace, and samples that read their group.
 * Each is skipped where it is not.
 */
#include "hw_util.h"

#define TOO_MUCH	1000000000000ULL	/* for one step of a count */
#define XMM0		(3ULL << 32)

/* Ice Lake and what came after it: records have groups, slots are counted. */
static bool has_slots(void)
{
	return !access("/sys/bus/event_source/devices/cpu/events/slots", F_OK);
}

static bool has_pebs(void)
{
	return file_long("/sys/bus/event_source/devices/cpu/caps/max_precise", 0) > 1 &&
	       !access("/sys/bus/event_source/devices/cpu/format/frontend", F_OK);
}

/* ---- What can be opened ---- */

TEST_F(hw, refuses_what_is_not_there)
{
	struct perf_event_attr attr = self->insns;
	int err;

	attr.sample_period = 10000;
	attr.sample_type = PERF_SAMPLE_BRANCH_STACK;
	attr.branch_sample_type = PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_ANY |
				  PERF_SAMPLE_BRANCH_COUNTERS;
	err = try_open(&attr, 0, -1, -1, 0);
	EXPECT_TRUE(err == -EINVAL || err == -EOPNOTSUPP) {
		TH_LOG("counts in branch records: %d", err);
	}
	if (!has_pebs())
		return;
	/* There is nothing to be precise about. */
	attr = self->insns;
	attr.precise_ip = 1;
	EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0));
	attr.sample_period = 10000;
	EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0));
}

/* Nobody saves XMM where the user enters the kernel, nor where an interrupt comes. */
TEST_F(hw, extended_registers)
{
	struct perf_event_attr attr = self->insns;

	if (!has_slots() || !has_pebs())
		SKIP(return, "no extended registers");
	attr.sample_period = 10000;
	attr.precise_ip = 1;
	attr.sample_type = PERF_SAMPLE_REGS_INTR;
	attr.sample_regs_intr = XMM0;
	EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0));
	attr.precise_ip = 0;
	EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0));
	attr.precise_ip = 1;
	attr.sample_type = PERF_SAMPLE_REGS_USER;
	attr.sample_regs_intr = 0;
	attr.sample_regs_user = XMM0;
	EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0));
}

/* ---- Precise samples ---- */

/* They have XMM0 as it was. */
TEST_F(hw, precise_with_xmm)
{
#ifdef __x86_64__
	__u64 want[2] = { 0x0123456789abcdefULL, 0xfedcba9876543210ULL };
	int n = 0;

	self->branches.sample_period = 10000;
	self->branches.precise_ip = 2;
	self->branches.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_REGS_INTR;
	self->branches.sample_regs_intr = XMM0;
	if (!has_slots() || !has_pebs())
		SKIP(return, "no extended registers");
	ASSERT_EQ(0, sampler(self, &self->branches, 64));
	pe_enable(self->fd);
	asm volatile("movdqu (%0), %%xmm0\n"
		     "1: sub $1, %%rcx\njne 1b\n"
		     : : "r"(want), "c"(100000UL) : "xmm0", "cc", "memory");
	pe_disable(self->fd);
	while (ring_find(&self->ring, PERF_RECORD_SAMPLE, &self->rec) > 0) {
		/* The address, the ABI of the registers, the registers. */
		EXPECT_EQ(want[0], self->rec.words[3]);
		EXPECT_EQ(want[1], self->rec.words[4]);
		n++;
	}
	EXPECT_TRUE(between(9, n, 10));
#endif
}

/* Collected: the hardware sets the next period by itself. */
static struct perf_event_attr collected(const struct _test_data_hw *self, __u64 period)
{
	struct perf_event_attr attr = self->insns;

	attr.sample_period = period;
	attr.precise_ip = 2;
	attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID;
	return attr;
}

/* A count only grows, however often it is read where the hardware begins a period. */
TEST_F(hw, collected_is_read)
{
	struct perf_event_attr attr = collected(self, 300);
	__u64 value, old = 0;
	int fd;

	if (!has_pebs())
		SKIP(return, "no precise events");
	attr.exclude_kernel = 0;
	fd = pe_self(&attr);
	if (fd == -EACCES)
		SKIP(return, "may not count the kernel");
	ASSERT_LE(0, fd);
	pe_enable(fd);
	for (int i = 0; i < 2000; i++) {
		loop(1000 + i % 170);
		value = pe_count(fd);
		ASSERT_TRUE(between(1, value - old, TOO_MUCH));
		old = value;
	}
}

static __attribute__((noipa)) void mine(unsigned long turns)
{
	while (turns--)
		asm volatile("");
}

static __attribute__((noipa)) void others(unsigned long turns)
{
	while (turns--)
		asm volatile("" : : "r"(turns));
}

/* Of a CPU: what was collected of one task is out before the next one comes. */
TEST_F(hw, collected_of_a_cpu)
{
	struct perf_event_attr attr = collected(self, 5000);
	int right = 0, wrong = 0;
	struct worker w;

	if (!has_pebs())
		SKIP(return, "no precise events");
	ASSERT_EQ(0, pin_to(0));
	/* Switches are watched for a second after the last event that needed that. */
	sleep_ms(1500);
	self->fd = pe_open(&attr, -1, 0, -1, 0);
	if (self->fd == -EACCES)
		SKIP(return, "may not count a CPU");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 256));
	worker_fork(&w);
	if (!w.pid) {
		while (worker_wait(&w)) {
			others(10000);
			worker_post(&w);
		}
		_exit(0);
	}
	pe_enable(self->fd);
	for (int i = 0; i < 20; i++) {
		mine(10000);
		worker_post(&w);
		worker_wait(&w);
	}
	pe_disable(self->fd);
	worker_join(&w);
	while (ring_find(&self->ring, PERF_RECORD_SAMPLE, &self->rec) > 0) {
		__u64 ip = self->rec.words[1];
		pid_t tid = self->rec.words[2] >> 32, want = 0;

		if (ip - (unsigned long)mine < 32)
			want = get_tid();
		else if (ip - (unsigned long)others < 32)
			want = w.pid;
		right += want && tid == want;
		wrong += want && tid != want;
	}
	EXPECT_LT(40, right);
	EXPECT_EQ(0, wrong);
}

/* ---- Samples that read their group ---- */

/* Of samples of the kernel that read a sibling as well: how many are where the last one was. */
static int repeated(struct _test_data_hw *self, struct perf_event_attr *sibling, int *n)
{
	int other, same = 0;
	__u64 last = 0;

	*n = 0;
	self->fd = pe_self(&self->insns);
	other = pe_open(sibling, 0, -1, self->fd, 0);
	if (self->fd < 0 || other < 0 || ring_map(&self->ring, self->fd, 256))
		return -1;
	pe_enable(self->fd);
	for (int i = 0; i < 20000; i++)
		syscall(__NR_getppid);
	pe_disable(self->fd);
	while (ring_find(&self->ring, PERF_RECORD_SAMPLE, &self->rec) > 0) {
		same += self->rec.words[1] == last;
		last = self->rec.words[1];
		++*n;
	}
	ring_unmap(&self->ring);
	close(other);
	close(self->fd);
	return same;
}

/* The handler that takes out what was collected is not counted, and so not sampled itself. */
TEST_F(hw, reads_a_collected_one)
{
	struct perf_event_attr attr = collected(self, 1000000), plain = self->branches;
	int n, same;

	if (!has_pebs())
		SKIP(return, "no precise events");
	self->insns.exclude_kernel = 0;
	self->insns.sample_period = 797;
	self->insns.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_READ;
	self->insns.read_format = PERF_FORMAT_GROUP;
	if (try_open(&self->insns, 0, -1, -1, 0) == -EACCES)
		SKIP(return, "may not count the kernel");
	plain.read_format = PERF_FORMAT_GROUP;
	plain.disabled = 0;
	same = repeated(self, &plain, &n);
	ASSERT_LE(0, same);
	if (n < 100 || same > n / 10)
		SKIP(return, "the way out of an interrupt is a period long");
	attr.read_format = PERF_FORMAT_GROUP;
	attr.disabled = 0;
	same = repeated(self, &attr, &n);
	EXPECT_LT(100, n);
	EXPECT_TRUE(between(0, same, n / 10));
}

/* Slots, one of their shares and cycles, read by samples of a fourth and by us. */
TEST_F(hw, topdown_is_sampled)
{
	__u64 value[5], old[5], first[5] = { };
	struct perf_event_attr row[4] = {
		pe_attr(PERF_TYPE_RAW, 0x400), pe_attr(PERF_TYPE_RAW, 0x8000),
		user_attr(PERF_COUNT_HW_CPU_CYCLES), user_attr(PERF_COUNT_HW_INSTRUCTIONS),
	};
	int fd[4];

	if (!has_slots())
		SKIP(return, "no slots");
	row[3].sample_period = 300001;
	row[3].sample_type = PERF_SAMPLE_READ;
	for (int i = 0; i < 4; i++) {
		row[i].disabled = !i;
		row[i].exclude_kernel = 0;
		row[i].read_format = PERF_FORMAT_GROUP;
		fd[i] = pe_open(&row[i], 0, -1, i ? fd[0] : -1, 0);
		if (fd[i] == -EACCES)
			SKIP(return, "may not count the kernel");
		ASSERT_LE(0, fd[i]);
	}
	ASSERT_EQ(0, ring_map(&self->ring, fd[3], 64));
	pe_enable(fd[0]);
	for (int i = 0; i < 20000; i++) {
		loop(1 + i % 13);
		ASSERT_EQ(sizeof(value), read(fd[0], value, sizeof(value)));
		if (!i)
			memcpy(first, value, sizeof(value));
		else
			ASSERT_TRUE(between(1, value[1] - old[1], TOO_MUCH));
		memcpy(old, value, sizeof(value));
	}
	/* So many a cycle, whatever the machine's width is. */
	EXPECT_TRUE(between(2, (value[1] - first[1]) / (value[3] - first[3]), 16));
}

/* ---- The branch trace ---- */

/* It had no counter, so none is cleared for who may read counters later. */
TEST_F(hw, read_in_user_space_after_a_trace)
{
	void *page;
	int fd;

	/* A sample of each branch: where there is no trace these come from a counter. */
	self->branches.sample_period = 1;
	self->branches.sample_type = PERF_SAMPLE_IP;
	fd = pe_self(&self->branches);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pin_to(0));
	stretch(100);
	EXPECT_LE(100, pe_count(fd));
	close(fd);
	/* What that does wrong is seen in the kernel's log. */
	fd = pe_self(&self->insns);
	ASSERT_LE(0, fd);
	page = mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, page);
	stretch(1000);
	munmap(page, getpagesize());
}

TEST_HARNESS_MAIN
