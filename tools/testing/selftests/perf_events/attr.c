// SPDX-License-Identifier: GPL-2.0
/*
 * What perf_event_open(2) accepts in struct perf_event_attr, and the errno of
 * what it refuses: fields, bits, types and sizes, table by table.  A call that
 * fails must leave no file descriptor behind.
 */
#include "perf_util.h"

#ifndef PERF_ATTR_SIZE_VER8
#define PERF_ATTR_SIZE_VER8	136
#endif

/* One call on the calling thread.  A row that sets no type gets a dummy event. */
struct row {
	const char *what;
	int want;
	bool whole;
	struct perf_event_attr attr;
};

static int try_row(const struct row *row)
{
	struct perf_event_attr attr = row->attr;

	attr.size = sizeof(attr);
	if (!row->whole) {
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_DUMMY;
	}
	return try_open(&attr, 0, -1, -1, 0);
}

static void check_rows(struct __test_metadata *_metadata, const struct row *row, int nr)
{
	int fd = lowest_fd();

	for (; nr--; row++) {
		EXPECT_EQ(row->want, try_row(row)) {
			TH_LOG("in row: %s", row->what);
		}
		EXPECT_EQ(fd, lowest_fd()) {
			TH_LOG("descriptor left by: %s", row->what);
		}
	}
}

static const struct row formats[] = {
	{ "plain dummy event", 0, },
	{ "every read_format", 0, .attr.read_format = 0x1f },
	{ "read_format bit 5", -EINVAL, .attr.read_format = 1 << 5 },
	{ "read_format bit 32", -EINVAL, .attr.read_format = 1ULL << 32 },
	{ "read_format bit 63", -EINVAL, .attr.read_format = 1ULL << 63 },
	{ "sample_type bit 25", -EINVAL, .attr.sample_type = 1 << 25 },
	{ "sample_type bit 32", -EINVAL, .attr.sample_type = 1ULL << 32 },
	{ "sample_type bit 63", -EINVAL, .attr.sample_type = 1ULL << 63 },
	{ "weight", 0, .attr.sample_type = PERF_SAMPLE_WEIGHT },
	{ "weight struct", 0, .attr.sample_type = PERF_SAMPLE_WEIGHT_STRUCT },
	{ "both weights", -EINVAL,
	  .attr.sample_type = PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT },
	{ "branch stack of no branches", -EINVAL,
	  .attr.sample_type = PERF_SAMPLE_BRANCH_STACK },
	{ "branch stack of a level only", -EINVAL,
	  .attr = { .sample_type = PERF_SAMPLE_BRANCH_STACK,
		    .branch_sample_type = PERF_SAMPLE_BRANCH_USER } },
	{ "branch type out of range", -EINVAL,
	  .attr = { .sample_type = PERF_SAMPLE_BRANCH_STACK,
		    .branch_sample_type = PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_MAX } },
	{ "branch type bit 63", -EINVAL,
	  .attr = { .sample_type = PERF_SAMPLE_BRANCH_STACK,
		    .branch_sample_type = PERF_SAMPLE_BRANCH_ANY | 1ULL << 63 } },
	{ "branch stack of a software event", -EOPNOTSUPP,
	  .attr = { .sample_type = PERF_SAMPLE_BRANCH_STACK,
		    .branch_sample_type = PERF_SAMPLE_BRANCH_ANY } },
	{ "branch type without its sample bit", 0, .attr.branch_sample_type = ~0ULL },
	{ "user stack of 65528", 0,
	  .attr = { .sample_type = PERF_SAMPLE_STACK_USER, .sample_stack_user = 65528 } },
	{ "user stack of 65535", -EINVAL,
	  .attr = { .sample_type = PERF_SAMPLE_STACK_USER, .sample_stack_user = 65535 } },
	{ "user stack of 65536", -EINVAL,
	  .attr = { .sample_type = PERF_SAMPLE_STACK_USER, .sample_stack_user = 65536 } },
	{ "user stack of 2^31", -EINVAL,
	  .attr = { .sample_type = PERF_SAMPLE_STACK_USER, .sample_stack_user = 1U << 31 } },
	{ "user stack of 2^32 - 8", -EINVAL,
	  .attr = { .sample_type = PERF_SAMPLE_STACK_USER, .sample_stack_user = -8 } },
	{ "user stack not aligned", -EINVAL,
	  .attr = { .sample_type = PERF_SAMPLE_STACK_USER, .sample_stack_user = 12 } },
	{ "stack size without its sample bit", 0, .attr.sample_stack_user = 65535 },
	{ "user registers: none", -EINVAL, .attr.sample_type = PERF_SAMPLE_REGS_USER },
	{ "interrupt registers: none", -EINVAL, .attr.sample_type = PERF_SAMPLE_REGS_INTR },
	{ "registers without their sample bit", 0,
	  .attr = { .sample_regs_user = 1 << 24, .sample_regs_intr = 1 << 24 } },
	{ "call chain of the default depth", 0, .attr.sample_type = PERF_SAMPLE_CALLCHAIN },
	{ "call chain deeper than allowed", -EOVERFLOW,
	  .attr = { .sample_type = PERF_SAMPLE_CALLCHAIN, .sample_max_stack = 65535 } },
	{ "depth without its sample bit", 0, .attr.sample_max_stack = 65535 },
};

TEST(formats_row_by_row)
{
	check_rows(_metadata, formats, ARRAY_SIZE(formats));
}

#ifdef __x86_64__
static const struct row registers[] = {
	{ "bp, sp and ip", 0,
	  .attr = { .sample_type = PERF_SAMPLE_REGS_USER, .sample_regs_user = 7 << 6 } },
	{ "first number past the last register", -EINVAL,
	  .attr = { .sample_type = PERF_SAMPLE_REGS_USER, .sample_regs_user = 1 << 24 } },
	{ "a segment that is not saved", -EINVAL,
	  .attr = { .sample_type = PERF_SAMPLE_REGS_USER, .sample_regs_user = 1 << 12 } },
	{ "interrupt registers likewise", -EINVAL,
	  .attr = { .sample_type = PERF_SAMPLE_REGS_INTR, .sample_regs_intr = 1 << 24 } },
	{ "vector registers of a software event", -EOPNOTSUPP,
	  .attr = { .sample_type = PERF_SAMPLE_REGS_INTR, .sample_regs_intr = 1ULL << 32 } },
};

TEST(registers_row_by_row)
{
	check_rows(_metadata, registers, ARRAY_SIZE(registers));
}
#endif

static const struct row bits[] = {
	{ "period of bit 62", 0, .attr.sample_period = 1ULL << 62 },
	{ "period of bit 63", -EINVAL, .attr.sample_period = 1ULL << 63 },
	{ "frequency over the limit", -EINVAL, .attr = { .freq = 1, .sample_freq = 1 << 30 } },
	{ "frequency over 32 bits", -EINVAL, .attr = { .freq = 1, .sample_freq = 1ULL << 32 } },
	{ "frequency of bit 63", -EINVAL, .attr = { .freq = 1, .sample_freq = 1ULL << 63 } },
	{ "frequency of 0", 0, .attr.freq = 1 },
	{ "inherit_thread alone", -EINVAL, .attr.inherit_thread = 1 },
	{ "inherit_thread with inherit", 0, .attr = { .inherit_thread = 1, .inherit = 1 } },
	{ "enable and remove on exec", -EINVAL,
	  .attr = { .enable_on_exec = 1, .remove_on_exec = 1 } },
	{ "enable_on_exec", 0, .attr.enable_on_exec = 1 },
	{ "remove_on_exec", 0, .attr.remove_on_exec = 1 },
	{ "sigtrap alone", -EINVAL, .attr.sigtrap = 1 },
	{ "sigtrap with remove_on_exec", 0, .attr = { .sigtrap = 1, .remove_on_exec = 1 } },
	{ "inherited reads in samples, no thread", -EINVAL,
	  .attr = { .inherit = 1, .sample_type = PERF_SAMPLE_READ } },
	{ "inherited reads in samples", 0,
	  .attr = { .inherit = 1, .sample_type = PERF_SAMPLE_READ | PERF_SAMPLE_TID } },
	{ "pinned leader", 0, .attr.pinned = 1 },
	{ "exclusive leader", 0, .attr.exclusive = 1 },
	{ "every exclude bit", 0,
	  .attr = { .exclude_user = 1, .exclude_kernel = 1, .exclude_hv = 1, .exclude_idle = 1,
		    .exclude_host = 1, .exclude_guest = 1, .exclude_callchain_kernel = 1,
		    .exclude_callchain_user = 1 } },
	{ "every side-band bit", 0,
	  .attr = { .mmap = 1, .comm = 1, .task = 1, .mmap_data = 1, .mmap2 = 1, .comm_exec = 1,
		    .context_switch = 1, .namespaces = 1, .ksymbol = 1, .bpf_event = 1,
		    .cgroup = 1, .text_poke = 1, .build_id = 1, .sample_id_all = 1 } },
	{ "output to AUX of a PMU without", -EOPNOTSUPP, .attr.aux_output = 1 },
	{ "start paused on a PMU without", -EOPNOTSUPP, .attr.aux_start_paused = 1 },
	{ "pause and resume", -EINVAL, .attr = { .aux_pause = 1, .aux_resume = 1 } },
	{ "pause, no AUX leader", -EINVAL, .attr.aux_pause = 1 },
	{ "resume, no AUX leader", -EINVAL, .attr.aux_resume = 1 },
	{ "AUX sample, no AUX leader", -EINVAL,
	  .attr = { .sample_type = PERF_SAMPLE_AUX, .aux_sample_size = 4096 } },
	{ "AUX sample beyond 16 bits", -EINVAL,
	  .attr = { .sample_type = PERF_SAMPLE_AUX, .aux_sample_size = 1U << 31 } },
	{ "AUX size without its sample bit", -EINVAL, .attr.aux_sample_size = 1 },
	{ "reserved 16 bits", -EINVAL, .attr.__reserved_2 = 1 },
	{ "reserved 16 bits, the top", -EINVAL, .attr.__reserved_2 = 1 << 15 },
	{ "clock id without use_clockid", 0, .attr.clockid = 12345 },
};

TEST(bits_row_by_row)
{
	check_rows(_metadata, bits, ARRAY_SIZE(bits));
}

/*
 * 40 and up are reserved, in 6.12 also 38 and 39.  The last one is left out: this
 * implementation gives it a meaning.
 */
TEST(reserved_flag_bits)
{
	for (int bit = 40; bit < 63; bit++) {
		struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);

		((__u64 *)&attr)[5] = 1ULL << bit;
		EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0)) {
			TH_LOG("flag bit %d", bit);
		}
	}
}

TEST(reserved_aux_action_bits)
{
	for (int bit = 3; bit < 32; bit++) {
		struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);

		((__u32 *)&attr)[29] = 1U << bit;
		EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0)) {
			TH_LOG("aux_action bit %d", bit);
		}
	}
}

TEST(every_sample_bit_alone)
{
	for (int bit = 0; bit < 25; bit++) {
		struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);
		int want = 0;

		attr.sample_type = 1ULL << bit;
		attr.sample_regs_user = 1;
		attr.sample_regs_intr = 1;
		attr.branch_sample_type = PERF_SAMPLE_BRANCH_ANY;
		if (attr.sample_type == PERF_SAMPLE_BRANCH_STACK)
			want = -EOPNOTSUPP;
		EXPECT_EQ(want, try_open(&attr, 0, -1, -1, 0)) {
			TH_LOG("sample bit %d", bit);
		}
	}
}

TEST(frequency_limit)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);
	long max = sysctl_get("perf_event_max_sample_rate");

	ASSERT_LT(0, max);
	attr.freq = 1;
	attr.sample_freq = max;
	EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0));
	attr.sample_freq = max + 1;
	EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0));
}

TEST(stack_depth_limit)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);
	long max = sysctl_get("perf_event_max_stack");

	ASSERT_LT(0, max);
	attr.sample_type = PERF_SAMPLE_CALLCHAIN;
	attr.sample_max_stack = max;
	EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0));
	attr.sample_max_stack = max + 1;
	EXPECT_EQ(-EOVERFLOW, try_open(&attr, 0, -1, -1, 0));
}

TEST(clocks)
{
	static const struct {
		int id;
		int want;
	} clock[] = {
		{ CLOCK_REALTIME, 0 }, { CLOCK_MONOTONIC, 0 }, { CLOCK_MONOTONIC_RAW, 0 },
		{ CLOCK_BOOTTIME, 0 }, { CLOCK_TAI, 0 },
		{ CLOCK_PROCESS_CPUTIME_ID, -EINVAL }, { CLOCK_THREAD_CPUTIME_ID, -EINVAL },
		{ CLOCK_MONOTONIC_COARSE, -EINVAL }, { CLOCK_REALTIME_COARSE, -EINVAL },
		{ -1, -EINVAL }, { 12, -EINVAL }, { 1 << 30, -EINVAL },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(clock); i++) {
		struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);

		attr.use_clockid = 1;
		attr.clockid = clock[i].id;
		EXPECT_EQ(clock[i].want, try_open(&attr, 0, -1, -1, 0)) {
			TH_LOG("clock %d", clock[i].id);
		}
	}
}

/* A config is 64 bits wide: none of it may be cut off on the way to a table. */
static const struct row types[] = {
	{ "software: last", 0, true,
	  { .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CGROUP_SWITCHES } },
	{ "software: past the last", -ENOENT, true,
	  { .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_MAX } },
	{ "software: 2^32", -ENOENT, true,
	  { .type = PERF_TYPE_SOFTWARE, .config = 1ULL << 32 } },
	{ "software: 2^32 + 1", -ENOENT, true,
	  { .type = PERF_TYPE_SOFTWARE, .config = (1ULL << 32) + 1 } },
	{ "software: 2^31", -ENOENT, true,
	  { .type = PERF_TYPE_SOFTWARE, .config = 1ULL << 31 } },
	{ "software: 2^32 - 1", -ENOENT, true,
	  { .type = PERF_TYPE_SOFTWARE, .config = ~0U } },
	{ "software: 2^63 + 2", -ENOENT, true,
	  { .type = PERF_TYPE_SOFTWARE, .config = (1ULL << 63) + 2 } },
	{ "software: 2^64 - 1", -ENOENT, true,
	  { .type = PERF_TYPE_SOFTWARE, .config = ~0ULL } },
	{ "type that nobody has", -ENOENT, true, { .type = 1000000 } },
	{ "type 2^31 - 1", -ENOENT, true, { .type = 0x7fffffff } },
	{ "type 2^31", -ENOENT, true, { .type = 1U << 31 } },
	{ "type 2^32 - 1", -ENOENT, true, { .type = ~0U } },
};

TEST(types_row_by_row)
{
	check_rows(_metadata, types, ARRAY_SIZE(types));
}

/* The number of a PMU that is not there picks none: any that knows the event takes it. */
TEST(hardware_on_a_pmu_that_nobody_has)
{
	__u32 types[] = { PERF_TYPE_HARDWARE, PERF_TYPE_HW_CACHE };

	for (int i = 0; i < ARRAY_SIZE(types); i++) {
		struct row plain = { .whole = true, .attr.type = types[i] };
		struct row other = plain;

		other.attr.config |= 1000000ULL << 32;
		EXPECT_EQ(try_row(&plain), try_row(&other));
	}
}

TEST(every_software_event)
{
	for (int config = 0; config < PERF_COUNT_SW_MAX; config++) {
		struct perf_event_attr attr = sw_attr(config);

		EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0)) {
			TH_LOG("config %d", config);
		}
		EXPECT_EQ(0, try_open(&attr, -1, 0, -1, 0)) {
			TH_LOG("config %d on a CPU", config);
		}
	}
}

/* With or without a hardware PMU, a hardware event out of range is no event. */
TEST(hardware_out_of_range)
{
	static const __u64 config[] = { PERF_COUNT_HW_MAX, 1 << 20, ~0U };

	for (unsigned int i = 0; i < ARRAY_SIZE(config); i++) {
		struct perf_event_attr attr = pe_attr(PERF_TYPE_HARDWARE, config[i]);
		int err = try_open(&attr, 0, -1, -1, 0);

		EXPECT_TRUE(err == -ENOENT || err == -EINVAL) {
			TH_LOG("config %llu gave %d", config[i], err);
		}
	}
}

TEST(tracepoint_ids)
{
	int id = tracepoint_id("sched/sched_switch");
	struct perf_event_attr attr = pe_attr(PERF_TYPE_TRACEPOINT, id);

	if (id < 0)
		SKIP(return, "no tracefs");
	EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0));
	attr.config = id + (1ULL << 32);
	EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0));
	attr.config = 1ULL << 20;
	EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0));
	attr.config = ~0ULL;
	EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0));
}

/* ---- The size field ---- */

/* An attr whose last byte is the last one of mapped memory. */
static struct perf_event_attr *attr_at_end(size_t size, size_t *room)
{
	size_t page = getpagesize();
	unsigned char *p = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct perf_event_attr *attr;

	munmap(p + 2 * page, page);
	*room = size;
	attr = (struct perf_event_attr *)(p + 2 * page - size);
	attr->type = PERF_TYPE_SOFTWARE;
	attr->config = PERF_COUNT_SW_DUMMY;
	return attr;
}

TEST(sizes)
{
	static const struct {
		__u32 room;
		__u32 size;
		int want;
	} row[] = {
		{ 64, 0, 0 }, { 64, 64, 0 }, { 72, 72, 0 }, { 80, 80, 0 }, { 96, 96, 0 },
		{ 104, 104, 0 }, { 112, 112, 0 }, { 120, 120, 0 }, { 128, 128, 0 },
		{ 136, 136, 0 }, { 65, 65, 0 }, { 100, 100, 0 }, { 144, 144, 0 },
		{ 4096, 4096, 0 },
		{ 64, 1, -E2BIG }, { 64, 63, -E2BIG }, { 4104, 4097, -E2BIG },
		{ 4104, 4104, -E2BIG }, { 64, 1U << 31, -E2BIG }, { 64, ~0U, -E2BIG },
		{ 64, 72, -EFAULT }, { 136, 144, -EFAULT }, { 136, 4096, -EFAULT },
	};

	if (getpagesize() != 4096)
		SKIP(return, "the table is for pages of 4096 bytes");
	for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
		size_t room;
		struct perf_event_attr *attr = attr_at_end(row[i].room, &room);

		attr->size = row[i].size;
		EXPECT_EQ(row[i].want, try_open(attr, 0, -1, -1, 0)) {
			TH_LOG("size %u of %u", row[i].size, row[i].room);
		}
		if (row[i].want == -E2BIG) {
			EXPECT_LE(PERF_ATTR_SIZE_VER8, attr->size);
			EXPECT_GT(256, attr->size);
		} else {
			EXPECT_EQ(row[i].size, attr->size);
		}
	}
}

static __u32 kernel_size(void)
{
	struct perf_event_attr attr = { .size = 1 };

	try_open(&attr, 0, -1, -1, 0);
	return attr.size;
}

/* Bytes that this kernel does not know must be zero, wherever they stand. */
TEST(size_of_the_future)
{
	__u32 known = kernel_size();
	size_t room;

	for (size_t at = known; at < 4096; at = at * 3 / 2) {
		struct perf_event_attr *attr = attr_at_end(4096, &room);

		attr->size = 4096;
		((char *)attr)[at] = 1;
		EXPECT_EQ(-E2BIG, try_open(attr, 0, -1, -1, 0)) {
			TH_LOG("byte %zu", at);
		}
		EXPECT_EQ(known, attr->size);
	}
}

/* A short attr ends where it says, whatever follows. */
TEST(size_cuts)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);

	attr.__reserved_2 = ~0;
	attr.aux_action = ~0U;
	attr.size = 108;
	EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0));
	attr.size = sizeof(attr);
	EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0));
}

TEST(bad_pointers)
{
	struct perf_event_attr *shut = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
					    -1, 0);

	EXPECT_EQ(-EFAULT, try_open(NULL, 0, -1, -1, 0));
	EXPECT_EQ(-EFAULT, try_open((void *)-4096UL, 0, -1, -1, 0));
	EXPECT_EQ(-EFAULT, try_open((void *)(1UL << 63), 0, -1, -1, 0));
	/* Type 0, size 0: good to read, nothing to write. */
	EXPECT_NE(-EFAULT, try_open(shut, 0, -1, -1, 0));
}

TEST_HARNESS_MAIN
