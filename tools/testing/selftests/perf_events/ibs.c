// SPDX-License-Identifier: GPL-2.0
/*
 * AMD's instruction-based sampling: the PMUs ibs_op and ibs_fetch, and what the
 * core's PMU hands on to them.
 *
 * Periods are of ops where a number matters: in QEMU's model of a PMU one is an
 * instruction, elsewhere about that.
 */
#include "hw_util.h"

#define DEVICES		"/sys/bus/event_source/devices/"
#define PERIOD		10000
#define RAND_EN		0x0200000000000000ULL
#define FETCH_L3	0x0800000000000000ULL
#define CNT_CTL		0x80000ULL
#define OP_L3		0x10000ULL
#define OP_EN_VAL	(3ULL << 17)
#define FETCH_EN_VAL	(3ULL << 48)

enum { FETCH, OP, KINDS };

FIXTURE(ibs)
{
	struct perf_event_attr attr[KINDS];
	struct ring ring;
	struct sample s;
	union record rec;
	bool zen4;
	long rate;
	long percent;
	int fd;
};

FIXTURE_SETUP(ibs)
{
	static const char *const name[] = { "ibs_fetch", "ibs_op" };

	for (int i = 0; i < KINDS; i++) {
		int type = pmu_type(name[i]);

		if (type < 0)
			SKIP(return, "no %s", name[i]);
		self->attr[i] = pe_attr(type, 0);
		self->attr[i].sample_period = PERIOD;
		self->attr[i].sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_PERIOD;
		self->attr[i].disabled = 1;
	}
	self->attr[OP].config = CNT_CTL;
	self->zen4 = !access(DEVICES "ibs_op/caps/zen4_ibs_extensions", F_OK);
	self->rate = sysctl_get("perf_event_max_sample_rate");
	self->percent = sysctl_get("perf_cpu_time_max_percent");
	sampling_limits(100000, 0);
}

FIXTURE_TEARDOWN(ibs)
{
	sampling_limits(self->rate, self->percent);
	if (file_long(CPU1_ONLINE, 1) == 0)
		file_write(CPU1_ONLINE, "1");
}

static int ibs_sampler(struct _test_data_ibs *self, struct perf_event_attr *attr)
{
	self->fd = pe_self(attr);
	return self->fd < 0 ? self->fd : ring_map(&self->ring, self->fd, 256);
}

/* Another sample, its record taken apart. */
static bool ibs_next(struct _test_data_ibs *self, const struct perf_event_attr *attr)
{
	return ring_find(&self->ring, PERF_RECORD_SAMPLE, &self->rec) > 0 &&
	       sample_parse(&self->rec, attr, &self->s);
}

/* ---- Opening ---- */

static int file_is(const char *name, const char *text)
{
	char path[128], got[64];

	snprintf(path, sizeof(path), DEVICES "%s", name);
	if (file_read(path, got, sizeof(got)) < 0)
		return !text;
	return text && !strcmp(got, text);
}

TEST_F(ibs, files)
{
	const char *one = self->zen4 ? "1\n" : NULL;

	EXPECT_TRUE(file_is("ibs_fetch/format/rand_en", "config:57\n"));
	EXPECT_TRUE(file_is("ibs_op/format/cnt_ctl", "config:19\n"));
	EXPECT_TRUE(file_is("ibs_fetch/format/l3missonly", one ? "config:59\n" : NULL));
	EXPECT_TRUE(file_is("ibs_op/format/l3missonly", one ? "config:16\n" : NULL));
	EXPECT_TRUE(file_is("ibs_fetch/caps/zen4_ibs_extensions", one));
	EXPECT_TRUE(file_is("ibs_op/caps/zen4_ibs_extensions", one));
}

static const struct open_row {
	int kind;
	__u64 config;
	__u64 period;
	__u64 freq;
	int err;
} open_rows[] = {
	{ OP,	 0,			0x10000,	0,	0 },
	{ OP,	 CNT_CTL,		0x10,		0,	0 },
	{ OP,	 CNT_CTL,		0x123456789ab0,	0,	0 },
	/* The four low bits of a period are lost. */
	{ OP,	 0,			1,		0,	0 },
	{ OP,	 0,			8,		0,	0 },
	{ OP,	 0,			0x10001,	0,	0 },
	{ OP,	 0,			0,		1,	0 },
	{ OP,	 0,			0,		997,	0 },
	{ FETCH, 0,			0x10000,	0,	0 },
	{ FETCH, RAND_EN,		0x10,		0,	0 },
	{ FETCH, 0,			0x1000f,	0,	0 },
	{ FETCH, 0,			0,		999,	0 },
	/* The period may be in config, and is somewhere. */
	{ OP,	 0,			0,		0,	-EINVAL },
	{ OP,	 0x1000,		0,		0,	0 },
	{ OP,	 0x1000 | CNT_CTL,	0,		0,	0 },
	{ OP,	 0x1000,		0x10000,	0,	-EINVAL },
	{ OP,	 0x1000,		0,		100,	-EINVAL },
	{ OP,	 1 << 20,		0,		0,	0 },
	{ OP,	 1 << 20,		0x10000,	0,	-EINVAL },
	{ FETCH, 0,			0,		0,	-EINVAL },
	{ FETCH, 0x1000,		0,		0,	0 },
	{ FETCH, 0x1000,		0x10000,	0,	-EINVAL },
	{ FETCH, RAND_EN,		0,		0,	-EINVAL },
	/* Bits that are the hardware's, or nobody's. */
	{ OP,	 1 << 17,		0x10000,	0,	-EINVAL },
	{ OP,	 1 << 18,		0x10000,	0,	-EINVAL },
	{ OP,	 1 << 27,		0x10000,	0,	-EINVAL },
	{ OP,	 1ULL << 32,		0x10000,	0,	-EINVAL },
	{ OP,	 1ULL << 59,		0x10000,	0,	-EINVAL },
	{ OP,	 1ULL << 63,		0x10000,	0,	-EINVAL },
	{ FETCH, 1ULL << 16,		0x10000,	0,	-EINVAL },
	{ FETCH, 1ULL << 48,		0x10000,	0,	-EINVAL },
	{ FETCH, 1ULL << 49,		0x10000,	0,	-EINVAL },
	{ FETCH, 1ULL << 52,		0x10000,	0,	-EINVAL },
	{ FETCH, 1ULL << 60,		0x10000,	0,	-EINVAL },
	{ FETCH, CNT_CTL,		0x10000,	0,	-EINVAL },
};

TEST_F(ibs, what_can_be_opened)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(open_rows); i++) {
		const struct open_row *row = &open_rows[i];
		struct perf_event_attr attr = self->attr[row->kind];
		int err = row->err;

		attr.config = row->config;
		attr.freq = !!row->freq;
		attr.sample_period = row->freq ?: row->period;
		EXPECT_EQ(err, try_open(&attr, 0, -1, -1, 0)) {
			TH_LOG("%d: config %#llx, period %#llx, frequency %llu",
			       row->kind, row->config, row->period, row->freq);
		}
	}
}

TEST_F(ibs, l3missonly)
{
	int err = self->zen4 ? 0 : -EINVAL;

	self->attr[OP].config |= OP_L3;
	EXPECT_EQ(err, try_open(&self->attr[OP], 0, -1, -1, 0));
	self->attr[FETCH].config |= FETCH_L3;
	EXPECT_EQ(err, try_open(&self->attr[FETCH], 0, -1, -1, 0));
}

/* The hardware does not know who runs, or what branches were. */
TEST_F(ibs, no_mode_is_excluded)
{
	for (int i = 0; i < KINDS; i++) {
		struct perf_event_attr attr = self->attr[i];

		for (int mode = 0; mode < 6; mode++) {
			attr.exclude_user = mode == 0;
			attr.exclude_kernel = mode == 1;
			attr.exclude_hv = mode == 2;
			attr.exclude_idle = mode == 3;
			attr.exclude_host = mode == 4;
			attr.exclude_guest = mode == 5;
			EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0)) {
				TH_LOG("PMU %d, mode %d", i, mode);
			}
		}
		attr.exclude_guest = 0;
		attr.sample_type |= PERF_SAMPLE_BRANCH_STACK;
		attr.branch_sample_type = PERF_SAMPLE_BRANCH_ANY;
		EXPECT_EQ(-EOPNOTSUPP, try_open(&attr, 0, -1, -1, 0));
	}
}

/* One unit, one event of a group. */
TEST_F(ibs, groups)
{
	struct perf_event_attr sw = sw_attr(PERF_COUNT_SW_CPU_CLOCK);
	int lead = pe_self(&self->attr[OP]), fd, clock;

	ASSERT_LE(0, lead);
	self->attr[OP].disabled = 0;
	self->attr[FETCH].disabled = 0;
	EXPECT_EQ(-EINVAL, try_open(&self->attr[OP], 0, -1, lead, 0));
	EXPECT_EQ(-EINVAL, try_open(&self->attr[FETCH], 0, -1, lead, 0));
	EXPECT_EQ(0, try_open(&sw, 0, -1, lead, 0));
	close(lead);
	clock = pe_self(&sw);
	ASSERT_LE(0, clock);
	fd = pe_open(&self->attr[OP], 0, -1, clock, 0);
	EXPECT_LE(0, fd);
	EXPECT_EQ(-EINVAL, try_open(&self->attr[OP], 0, -1, clock, 0));
	close(fd);
	close(clock);
}

/* What the core's PMU hands on, and what it refuses. */
TEST_F(ibs, precise_events)
{
	static const struct {
		__u32 type;
		__u64 config;
		int precise;
		int err;
	} row[] = {
		{ PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 1, 0 },
		{ PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 2, 0 },
		{ PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 3, -EOPNOTSUPP },
		{ PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, 1, -ENOENT },
		{ PERF_TYPE_RAW, 0x76, 1, 0 },
		{ PERF_TYPE_RAW, 0xc1, 2, 0 },
		{ PERF_TYPE_RAW, 0xc0, 1, -ENOENT },
		{ PERF_TYPE_RAW, 0x176, 1, -ENOENT },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
		struct perf_event_attr attr = self->attr[OP];

		attr.type = row[i].type;
		attr.config = row[i].config;
		attr.precise_ip = row[i].precise;
		EXPECT_EQ(row[i].err, try_open(&attr, 0, -1, -1, 0)) {
			TH_LOG("type %u, config %#llx, precise %d", row[i].type, row[i].config,
			       row[i].precise);
		}
	}
}

/* ---- Samples ---- */

/* Of each kind as many as there should be, and most where the program was. */
TEST_F(ibs, samples_of_a_loop)
{
	unsigned long turns = PERIOD * 100;

	for (int i = 0; i < KINDS; i++) {
		int nr = 0, inside = 0, want = i == OP ? 400 : 100;

		ASSERT_EQ(0, ibs_sampler(self, &self->attr[i]));
		pe_enable(self->fd);
		loop(turns);
		pe_disable(self->fd);
		while (ibs_next(self, &self->attr[i])) {
			nr++;
			inside += in_loop(self->s.ip);
			EXPECT_EQ(PERIOD, self->s.period);
			EXPECT_EQ(getpid(), (int)self->s.task.pid);
			EXPECT_TRUE(self->rec.head.misc & PERF_RECORD_MISC_EXACT_IP);
			if (in_loop(self->s.ip)) {
				EXPECT_EQ(PERF_RECORD_MISC_USER, self->rec.head.misc &
					  PERF_RECORD_MISC_CPUMODE_MASK);
			}
		}
		EXPECT_TRUE(!is_exact() || between(want - want / 50, inside, want + want / 10));
		EXPECT_LT(10, inside);
		/* All are counted, the ones that were interrupted at the end as well. */
		EXPECT_LE((__u64)nr * PERIOD, pe_count(self->fd));
		EXPECT_GE((nr + 1ULL) * PERIOD, pe_count(self->fd));
		ring_unmap(&self->ring);
		close(self->fd);
	}
}

/* A period in config is as good, and one longer than the counter is no other. */
TEST_F(ibs, periods)
{
	static const __u64 period[] = { 0x20000, 0x100000, 0x100010, 0x1ffff0, 0x234560, };
	struct perf_event_attr attr = self->attr[OP];

	for (unsigned int i = 0; i < ARRAY_SIZE(period); i++) {
		__u64 ops = period[i] * 8, count;
		int nr = 0;

		attr.sample_period = period[i];
		ASSERT_EQ(0, ibs_sampler(self, &attr));
		pe_enable(self->fd);
		loop(ops / LOOP_INSNS);
		pe_disable(self->fd);
		count = pe_count(self->fd);
		while (ibs_next(self, &attr)) {
			EXPECT_EQ(period[i], self->s.period);
			nr++;
		}
		EXPECT_EQ(count / period[i], nr);
		EXPECT_TRUE(!is_exact() || between(8, nr, 9));
		ring_unmap(&self->ring);
		close(self->fd);
	}
	attr.sample_period = 0;
	attr.config |= 0x1000;
	ASSERT_EQ(0, ibs_sampler(self, &attr));
	pe_enable(self->fd);
	loop(TURNS);
	pe_disable(self->fd);
	ASSERT_TRUE(ibs_next(self, &attr));
	EXPECT_EQ(0x10000, self->s.period);
	ring_unmap(&self->ring);
	close(self->fd);
}

/* The registers, in the order that tools know. */
TEST_F(ibs, raw_data)
{
	static const __u64 on[] = { FETCH_EN_VAL, OP_EN_VAL };

	for (int i = 0; i < KINDS; i++) {
		struct perf_event_attr attr = self->attr[i];
		__u64 ctl, ip;
		__u32 caps;
		int nr;

		attr.sample_type |= PERF_SAMPLE_RAW;
		ASSERT_EQ(0, ibs_sampler(self, &attr));
		pe_enable(self->fd);
		loop(TURNS);
		pe_disable(self->fd);
		for (nr = 0; ibs_next(self, &attr); nr++) {
			unsigned int words;

			memcpy(&caps, self->s.raw, sizeof(caps));
			memcpy(&ctl, self->s.raw + 4, sizeof(ctl));
			memcpy(&ip, self->s.raw + 12, sizeof(ip));
			EXPECT_EQ(1, caps & 1);
			EXPECT_EQ(on[i], ctl & on[i]);
			/* Shorter where the task went on with what was left. */
			EXPECT_GE(PERIOD >> 4, ctl & 0xffff);
			EXPECT_EQ(self->s.ip, ip);
			if (i == FETCH)
				words = 3 + !!(caps & 1 << 9);
			else
				words = 7 + !!(caps & 1 << 5) + !!(caps & 1 << 10);
			EXPECT_EQ(4 + 8 * words, self->s.raw_size);
		}
		EXPECT_LT(0, nr);
		ring_unmap(&self->ring);
		close(self->fd);
	}
}

#define WORDS		4096

/* Loads and stores of an array, one after the other. */
static __attribute__((noipa)) void walk(__u64 *words, int rounds)
{
	while (rounds--) {
		for (int i = 0; i < WORDS; i++) {
			__u64 word = words[i];

			asm volatile("" : "+r"(word) : : "memory");
			words[i] = word + 1;
		}
	}
}

TEST_F(ibs, accesses)
{
	struct perf_event_attr attr = self->attr[OP];
	static __u64 words[WORDS];
	int nr[4] = { 0 };

	attr.sample_period = 0x3f0;
	attr.sample_type |= PERF_SAMPLE_ADDR | PERF_SAMPLE_DATA_SRC | PERF_SAMPLE_WEIGHT;
	ASSERT_EQ(0, ibs_sampler(self, &attr));
	walk(words, 1);
	pe_enable(self->fd);
	walk(words, 50);
	pe_disable(self->fd);
	while (ibs_next(self, &attr)) {
		union perf_mem_data_src src = { .val = self->s.data_src };

		if (!within(self->s.ip, walk))
			continue;
		if (src.mem_op == PERF_MEM_OP_NA) {
			nr[0]++;
			EXPECT_EQ(0, self->s.weight);
			continue;
		}
		EXPECT_LT(self->s.addr - (unsigned long)words, sizeof(words));
		EXPECT_TRUE(src.mem_lvl != 0);
		EXPECT_TRUE(src.mem_dtlb & (PERF_MEM_TLB_HIT | PERF_MEM_TLB_MISS));
		nr[1] += src.mem_op == PERF_MEM_OP_LOAD;
		nr[2] += src.mem_op == PERF_MEM_OP_STORE;
		if (self->s.weight) {
			nr[3]++;
			EXPECT_TRUE(src.mem_op == PERF_MEM_OP_LOAD);
			EXPECT_FALSE(src.mem_lvl & PERF_MEM_LVL_L1);
		}
	}
	for (int i = 0; i < 4; i++)
		EXPECT_LT(5, nr[i]);
	ring_unmap(&self->ring);
	close(self->fd);
}

/* ---- On and off ---- */

/* An NMI that comes after its event was disabled is nobody else's. */
TEST_F(ibs, on_and_off)
{
	__u64 before = 0, count;
	int fd[KINDS];

	for (int i = 0; i < KINDS; i++) {
		self->attr[i].sample_period = 0x400;
		fd[i] = pe_self(&self->attr[i]);
		ASSERT_LE(0, fd[i]);
	}
	for (int n = rounds(300); n; n--) {
		for (int i = 0; i < KINDS; i++)
			pe_enable(fd[i]);
		loop(1 + n % 50);
		for (int i = 0; i < KINDS; i++)
			pe_disable(fd[i]);
		count = pe_count(fd[OP]);
		EXPECT_LE(before, count);
		before = count;
	}
	EXPECT_LT(0, before);
	for (int i = 0; i < KINDS; i++)
		close(fd[i]);
}

/* Two tasks in turns on one CPU, each with an event of its own: both have all. */
TEST_F(ibs, tasks_in_turns)
{
	unsigned long turns = 1000, nr = rounds(500);
	__u64 want = turns * nr * LOOP_INSNS;
	struct worker w;
	int fd[2];

	pin_to(0);
	if (!worker_fork(&w)) {
		worker_wait(&w);
		yield_loop(turns, nr);
		_exit(0);
	}
	fd[0] = pe_self(&self->attr[OP]);
	fd[1] = pe_open(&self->attr[OP], w.pid, -1, -1, 0);
	ASSERT_LE(0, fd[0]);
	ASSERT_LE(0, fd[1]);
	pe_enable(fd[0]);
	pe_enable(fd[1]);
	worker_post(&w);
	yield_loop(turns, nr);
	EXPECT_EQ(0, worker_join(&w));
	for (int i = 0; i < 2; i++) {
		EXPECT_LT(want * 9 / 10, pe_count(fd[i]));
		EXPECT_GT(want * 10, pe_count(fd[i]));
		close(fd[i]);
	}
}

/* The second event for a unit waits until the first has had its turn. */
TEST_F(ibs, events_in_turns)
{
	struct reading r;
	int fd[2];

	for (int i = 0; i < 2; i++) {
		self->attr[OP].read_format = times;
		fd[i] = pe_self(&self->attr[OP]);
		ASSERT_LE(0, fd[i]);
		pe_enable(fd[i]);
	}
	loop_ms(100);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(0, pe_read(fd[i], times, &r));
		EXPECT_LT(0, r.of[0].value);
		EXPECT_LT(r.running, r.enabled);
		close(fd[i]);
	}
}

/* A CPU that comes back samples again. */
TEST_F(ibs, cpu_offline_and_online)
{
	if (access(CPU1_ONLINE, W_OK))
		SKIP(return, "no CPU that can be taken offline");
	for (int i = 0; i < KINDS; i++) {
		self->fd = pe_open(&self->attr[i], -1, 1, -1, 0);
		ASSERT_LE(0, self->fd);
		pe_enable(self->fd);
		ASSERT_EQ(0, file_write(CPU1_ONLINE, "0"));
		close(self->fd);
		ASSERT_EQ(0, file_write(CPU1_ONLINE, "1"));
		self->fd = pe_open(&self->attr[i], -1, 1, -1, 0);
		ASSERT_LE(0, self->fd);
		ASSERT_EQ(0, ring_map(&self->ring, self->fd, 256));
		ASSERT_EQ(0, pin_to(1));
		pe_enable(self->fd);
		loop(TURNS);
		pe_disable(self->fd);
		EXPECT_LT(10, ring_drain(&self->ring, PERF_RECORD_SAMPLE));
		ring_unmap(&self->ring);
		close(self->fd);
		pin_to(0);
	}
}

TEST_HARNESS_MAIN
