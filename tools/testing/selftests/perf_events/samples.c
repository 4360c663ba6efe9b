// SPDX-License-Identifier: GPL-2.0
/*
 * What stands in a sample.  The event is a minor fault of user space: it comes
 * at a known instruction, with a known address, on a page that is there by the
 * time the sample is taken.  Every field that needs no hardware is asked for
 * alone, with all others and in random company; the parse must end at the
 * record's last byte.
 */
#include "perf_util.h"

#define MAGIC		0x5ca1ab1e0ddba115ULL
#define DEPTH		6

#ifdef __x86_64__
#define REGS_MASK	((1 << 6) | (1 << 7) | (1 << 8))
#define REG_SP		1
#define REG_IP		2
#else
#define REGS_MASK	1
#endif

static const __u64 all_fields =
	PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
	PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |
	PERF_SAMPLE_PERIOD | PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW |
	PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER | PERF_SAMPLE_WEIGHT |
	PERF_SAMPLE_DATA_SRC | PERF_SAMPLE_TRANSACTION | PERF_SAMPLE_REGS_INTR |
	PERF_SAMPLE_PHYS_ADDR | PERF_SAMPLE_CGROUP | PERF_SAMPLE_DATA_PAGE_SIZE |
	PERF_SAMPLE_CODE_PAGE_SIZE | PERF_SAMPLE_AUX;

/* The marks stand above the stack pointer of the function that it calls. */
static __attribute__((noipa)) void touch_marked(unsigned char *p)
{
	__u64 mark[2] = { MAGIC, (unsigned long)p };

	asm volatile("" : : "r"(mark) : "memory");
	touch_one(p);
	asm volatile("" : : "r"(mark) : "memory");
}

static void touch_deep(unsigned char *p)
{
	go_down(p, DEPTH - 1);
}

FIXTURE(sample)
{
	struct perf_event_attr attr;
	struct ring ring;
	union record rec;
	struct sample s;
	unsigned char *page;
	void (*touch)(unsigned char *page);
	int fd;
};

FIXTURE_SETUP(sample)
{
	warm_up();
	self->page = pages_new(1);
	touch_deep(self->page);
	pages_free(self->page, 1);
	self->attr = fault_attr();
	self->attr.config = PERF_COUNT_SW_PAGE_FAULTS_MIN;
	self->attr.sample_period = 1;
	self->attr.sample_regs_user = REGS_MASK;
	self->attr.sample_regs_intr = REGS_MASK;
	self->attr.sample_stack_user = 512;
	self->attr.disabled = 1;
	self->touch = touch_one;
	self->fd = -1;
}

FIXTURE_TEARDOWN(sample)
{
	close(self->fd);
}

/* Open as self->attr says, take the one sample that self->touch makes, parse it. */
static bool ask(struct _test_data_sample *self, __u64 type)
{
	bool good;

	self->attr.sample_type = type;
	self->fd = pe_self(&self->attr);
	if (self->fd < 0 || ring_map(&self->ring, self->fd, 16))
		return false;
	self->page = pages_new(1);
	pe_enable(self->fd);
	self->touch(self->page);
	pe_disable(self->fd);
	good = ring_next(&self->ring, &self->rec) == 1 &&
	       sample_parse(&self->rec, &self->attr, &self->s);
	pages_free(self->page, 1);
	return good;
}

static void again(struct _test_data_sample *self)
{
	ring_unmap(&self->ring);
	close(self->fd);
}

/* ---- Layout ---- */

TEST_F(sample, each_field_alone)
{
	for (int bit = 0; bit < 64; bit++) {
		if (!(all_fields & 1ULL << bit))
			continue;
		EXPECT_TRUE(ask(self, 1ULL << bit)) {
			TH_LOG("bit %d, record of %u", bit, self->rec.head.size);
		}
		again(self);
	}
	EXPECT_TRUE(ask(self, PERF_SAMPLE_WEIGHT_STRUCT));
}

TEST_F(sample, none_but_a_header)
{
	EXPECT_TRUE(ask(self, 0));
	EXPECT_EQ(8, self->rec.head.size);
}

TEST_F(sample, all_fields_at_once)
{
	self->attr.read_format = 0x1f;
	EXPECT_TRUE(ask(self, all_fields));
	EXPECT_EQ(self->s.id, self->s.identifier);
	EXPECT_EQ((unsigned long)self->page, self->s.addr);
	EXPECT_EQ(1, self->s.period);
	EXPECT_EQ(1, self->s.read.of[0].value);
	EXPECT_EQ(getpagesize(), self->s.data_page_size);
}

TEST_F(sample, random_sets_of_fields)
{
	srand(3);
	for (int i = 0; i < 150; i++) {
		__u64 type = ((__u64)rand() << 16 ^ rand()) & all_fields;

		self->attr.read_format = rand() & 0x1f;
		EXPECT_TRUE(ask(self, type)) {
			TH_LOG("type %#llx format %#llx", type, self->attr.read_format);
		}
		again(self);
	}
}

/* Words that follow from the table of fields alone. */
TEST_F(sample, sizes)
{
	static const struct {
		__u64 type;
		int size;
	} row[] = {
		{ PERF_SAMPLE_IP, 16 },
		{ PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU, 40 },
		{ PERF_SAMPLE_READ, 16 },
		{ PERF_SAMPLE_RAW, 16 },
		{ PERF_SAMPLE_STACK_USER, 8 + 8 + 512 + 8 },
		{ PERF_SAMPLE_REGS_USER, 8 + 8 + 8 * __builtin_popcount(REGS_MASK) },
		{ PERF_SAMPLE_REGS_INTR, 8 + 8 + 8 * __builtin_popcount(REGS_MASK) },
		{ PERF_SAMPLE_WEIGHT | PERF_SAMPLE_DATA_SRC | PERF_SAMPLE_TRANSACTION, 32 },
		{ PERF_SAMPLE_PHYS_ADDR | PERF_SAMPLE_CGROUP, 24 },
		{ PERF_SAMPLE_DATA_PAGE_SIZE | PERF_SAMPLE_CODE_PAGE_SIZE, 24 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
		EXPECT_TRUE(ask(self, row[i].type));
		EXPECT_EQ(row[i].size, self->rec.head.size) {
			TH_LOG("type %#llx", row[i].type);
		}
		again(self);
	}
}

/* ---- Values ---- */

TEST_F(sample, where)
{
	ASSERT_TRUE(ask(self, PERF_SAMPLE_IP | PERF_SAMPLE_ADDR | PERF_SAMPLE_TID));
	EXPECT_TRUE(within(self->s.ip, touch_one));
	EXPECT_EQ((unsigned long)self->page, self->s.addr);
	EXPECT_EQ(getpid(), self->s.task.pid);
	EXPECT_EQ(get_tid(), self->s.task.tid);
	EXPECT_EQ(PERF_RECORD_MISC_USER,
		  self->rec.head.misc & PERF_RECORD_MISC_CPUMODE_MASK);
}

TEST_F(sample, from_the_kernel)
{
	int fd = open("/dev/zero", O_RDONLY);

	self->attr.exclude_kernel = 0;
	self->attr.exclude_user = 1;
	self->attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_ADDR;
	self->fd = pe_self(&self->attr);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 1));
	self->page = pages_new(1);
	pe_enable(self->fd);
	ASSERT_EQ(8, read(fd, self->page + 16, 8));
	pe_disable(self->fd);
	ASSERT_EQ(1, ring_next(&self->ring, &self->rec));
	ASSERT_TRUE(sample_parse(&self->rec, &self->attr, &self->s));
	EXPECT_EQ((unsigned long)self->page + 16, self->s.addr);
	EXPECT_EQ(PERF_RECORD_MISC_KERNEL,
		  self->rec.head.misc & PERF_RECORD_MISC_CPUMODE_MASK);
	EXPECT_LT(1ULL << 63, self->s.ip);
}

TEST_F(sample, when)
{
	__u64 before = now_ns(CLOCK_MONOTONIC);

	self->attr.use_clockid = 1;
	self->attr.clockid = CLOCK_MONOTONIC;
	ASSERT_TRUE(ask(self, PERF_SAMPLE_TIME));
	EXPECT_LE(before, self->s.time);
	EXPECT_GE(now_ns(CLOCK_MONOTONIC), self->s.time);
}

TEST_F(sample, which_cpu)
{
	ASSERT_EQ(0, pin_to(0));
	ASSERT_TRUE(ask(self, PERF_SAMPLE_CPU));
	EXPECT_EQ(0, self->s.cpu.cpu);
	EXPECT_EQ(0, self->s.cpu.reserved);
	again(self);
	if (pin_to(1))
		SKIP(return, "one CPU");
	ASSERT_TRUE(ask(self, PERF_SAMPLE_CPU));
	EXPECT_EQ(1, self->s.cpu.cpu);
}

TEST_F(sample, which_event)
{
	ASSERT_TRUE(ask(self, PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_IDENTIFIER));
	EXPECT_EQ(pe_id(self->fd), self->s.id);
	EXPECT_EQ(self->s.id, self->s.stream_id);
	EXPECT_EQ(self->s.id, self->s.identifier);
}

/* Samples of 20 faults, each checked by the address of the fault that made it. */
static int samples_of_20(struct _test_data_sample *self, int every)
{
	int n = 0;

	self->fd = pe_self(&self->attr);
	if (ring_map(&self->ring, self->fd, 1))
		return -1;
	self->page = pages_new(20);
	pe_enable(self->fd);
	pages_touch(self->page, 20);
	pe_disable(self->fd);
	while (ring_next(&self->ring, &self->rec) > 0) {
		n++;
		if (!sample_parse(&self->rec, &self->attr, &self->s) ||
		    self->s.addr != (unsigned long)self->page + (every * n - 1) * getpagesize())
			return -1;
	}
	return n;
}

TEST_F(sample, one_in_five)
{
	self->attr.sample_type = PERF_SAMPLE_ADDR;
	self->attr.sample_period = 5;
	EXPECT_EQ(4, samples_of_20(self, 5));
	EXPECT_EQ(20, pe_count(self->fd));
}

/* A software event that is asked for its period tells each of its events. */
TEST_F(sample, period_of_a_software_event)
{
	self->attr.sample_type = PERF_SAMPLE_ADDR | PERF_SAMPLE_PERIOD;
	self->attr.sample_period = 5;
	EXPECT_EQ(20, samples_of_20(self, 1));
	EXPECT_EQ(1, self->s.period);
}

TEST_F(sample, nothing_known_about_memory)
{
	ASSERT_TRUE(ask(self, PERF_SAMPLE_WEIGHT | PERF_SAMPLE_DATA_SRC |
			PERF_SAMPLE_TRANSACTION));
	EXPECT_EQ(0, self->s.weight);
	EXPECT_EQ(0, self->s.transaction);
	EXPECT_EQ(PERF_MEM_S(OP, NA) | PERF_MEM_S(LVL, NA) | PERF_MEM_S(SNOOP, NA) |
		  PERF_MEM_S(LOCK, NA) | PERF_MEM_S(TLB, NA) | PERF_MEM_S(LVLNUM, NA),
		  self->s.data_src);
}

static __u64 frame_of(const void *p)
{
	__u64 entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (pread(fd, &entry, 8, (unsigned long)p / getpagesize() * 8) != 8)
		entry = 0;
	close(fd);
	return entry & ((1ULL << 55) - 1);
}

TEST_F(sample, physical_address)
{
	__u64 frame;

	self->attr.sample_type = PERF_SAMPLE_PHYS_ADDR | PERF_SAMPLE_ADDR;
	self->fd = pe_self(&self->attr);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 1));
	self->page = pages_new(1) + 40;
	pe_enable(self->fd);
	touch_one(self->page);
	pe_disable(self->fd);
	ASSERT_EQ(1, ring_next(&self->ring, &self->rec));
	ASSERT_TRUE(sample_parse(&self->rec, &self->attr, &self->s));
	EXPECT_EQ(40, self->s.phys_addr % getpagesize());
	EXPECT_LE(getpagesize(), self->s.phys_addr);
	frame = frame_of(self->page);
	if (!frame)
		SKIP(return, "no pagemap");
	EXPECT_EQ(frame, self->s.phys_addr / getpagesize());
}

TEST_F(sample, page_sizes)
{
	ASSERT_TRUE(ask(self, PERF_SAMPLE_DATA_PAGE_SIZE | PERF_SAMPLE_CODE_PAGE_SIZE));
	EXPECT_EQ(getpagesize(), self->s.data_page_size);
	EXPECT_LE(getpagesize(), self->s.code_page_size);
	EXPECT_EQ(0, self->s.code_page_size & (self->s.code_page_size - 1));
}

TEST_F(sample, cgroup)
{
	char text[512], path[600];
	struct stat st;
	char *own;

	ASSERT_TRUE(ask(self, PERF_SAMPLE_CGROUP));
	EXPECT_NE(0, self->s.cgroup);
	if (file_read("/proc/self/cgroup", text, sizeof(text)) < 0 || strncmp(text, "0::", 3) ||
	    access("/sys/fs/cgroup/cgroup.controllers", F_OK))
		SKIP(return, "no unified cgroups at /sys/fs/cgroup");
	own = strtok(text + 3, "\n");
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s", own);
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(st.st_ino, self->s.cgroup);
}

/* ---- Registers, stack, call chains ---- */

#ifdef __x86_64__
TEST_F(sample, registers)
{
	ASSERT_TRUE(ask(self, PERF_SAMPLE_IP | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_REGS_INTR));
	EXPECT_EQ(PERF_SAMPLE_REGS_ABI_64, self->s.user.abi);
	EXPECT_EQ(PERF_SAMPLE_REGS_ABI_64, self->s.intr.abi);
	EXPECT_EQ(self->s.ip, self->s.user.val[REG_IP]);
	EXPECT_EQ(0, memcmp(self->s.user.val, self->s.intr.val, 3 * 8));
	EXPECT_GT(16384, (unsigned long)&self + 8192 - self->s.user.val[REG_SP]);
}
#endif

TEST_F(sample, user_stack)
{
	bool found = false;
	__u64 word[2];

	self->touch = touch_marked;
	ASSERT_TRUE(ask(self, PERF_SAMPLE_STACK_USER));
	EXPECT_EQ(512, self->s.stack_size);
	EXPECT_EQ(512, self->s.stack_used);
	for (int at = 0; at + sizeof(word) <= self->s.stack_size; at += 8) {
		memcpy(word, self->s.stack + at, sizeof(word));
		found |= word[0] == MAGIC && word[1] == (unsigned long)self->page;
	}
	EXPECT_TRUE(found);
}

/* A record holds 65535 bytes: the stack gives way to the other fields. */
TEST_F(sample, user_stack_that_does_not_fit)
{
	self->attr.sample_stack_user = 65528;
	ASSERT_TRUE(ask(self, PERF_SAMPLE_STACK_USER | PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN));
	EXPECT_GT(65528, self->s.stack_size);
	EXPECT_LT(60000, self->s.stack_size);
	EXPECT_GE(self->s.stack_size, self->s.stack_used);
	EXPECT_LT(0, self->s.stack_used);
}

TEST_F(sample, call_chain)
{
	self->touch = touch_deep;
	ASSERT_TRUE(ask(self, PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_IP));
	ASSERT_LT(DEPTH + 2, self->s.nr_ips);
	EXPECT_EQ(PERF_CONTEXT_USER, self->s.ips[0]);
	EXPECT_EQ(self->s.ip, self->s.ips[1]);
	EXPECT_TRUE(within(self->s.ips[1], touch_one));
	for (int i = 0; i < DEPTH; i++) {
		EXPECT_TRUE(within(self->s.ips[2 + i], go_down)) {
			TH_LOG("entry %d is %#llx", 2 + i, self->s.ips[2 + i]);
		}
	}
	EXPECT_FALSE(within(self->s.ips[2 + DEPTH], go_down));
}

TEST_F(sample, call_chain_cut_short)
{
	self->touch = touch_deep;
	self->attr.sample_max_stack = 3;
	ASSERT_TRUE(ask(self, PERF_SAMPLE_CALLCHAIN));
	EXPECT_EQ(4, self->s.nr_ips);
	EXPECT_EQ(PERF_CONTEXT_USER, self->s.ips[0]);
	EXPECT_TRUE(within(self->s.ips[3], go_down));
}

TEST_F(sample, call_chain_without_user)
{
	self->attr.exclude_callchain_user = 1;
	ASSERT_TRUE(ask(self, PERF_SAMPLE_CALLCHAIN));
	EXPECT_EQ(0, self->s.nr_ips);
}

/* Of the kernel's chain and the user's, the second alone. */
TEST_F(sample, call_chain_without_kernel)
{
	int id = tracepoint_id("task/task_rename");

	if (id < 0)
		SKIP(return, "no tracefs");
	self->attr = pe_attr(PERF_TYPE_TRACEPOINT, id);
	self->attr.sample_period = 1;
	self->attr.sample_type = PERF_SAMPLE_CALLCHAIN;
	self->attr.exclude_callchain_kernel = 1;
	self->fd = pe_self(&self->attr);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 4));
	prctl(PR_SET_NAME, "renamed");
	ASSERT_EQ(1, ring_next(&self->ring, &self->rec));
	ASSERT_TRUE(sample_parse(&self->rec, &self->attr, &self->s));
	ASSERT_LT(1, self->s.nr_ips);
	EXPECT_EQ(PERF_CONTEXT_USER, self->s.ips[0]);
	for (__u64 i = 1; i < self->s.nr_ips; i++)
		EXPECT_GT(1ULL << 63, self->s.ips[i]);
}

/* The task that idles has neither registers nor a stack in user space. */
TEST_F(sample, no_user_part_of_a_kernel_thread)
{
	int n = 0;

	ASSERT_EQ(0, pin_to(0));
	self->attr.type = PERF_TYPE_SOFTWARE;
	self->attr.config = PERF_COUNT_SW_CPU_CLOCK;
	self->attr.exclude_kernel = 0;
	self->attr.sample_period = NSEC_PER_MSEC;
	self->attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_CALLCHAIN |
				 PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
	self->fd = pe_open(&self->attr, -1, 0, -1, 0);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 64));
	pe_enable(self->fd);
	sleep_ms(100);
	pe_disable(self->fd);
	while (ring_find(&self->ring, PERF_RECORD_SAMPLE, &self->rec) > 0) {
		ASSERT_TRUE(sample_parse(&self->rec, &self->attr, &self->s));
		if (self->s.task.tid)
			continue;
		n++;
		EXPECT_EQ(PERF_SAMPLE_REGS_ABI_NONE, self->s.user.abi);
		EXPECT_EQ(0, self->s.stack_size);
		for (__u64 i = 0; i < self->s.nr_ips; i++)
			EXPECT_NE(PERF_CONTEXT_USER, self->s.ips[i]);
	}
	EXPECT_LT(0, n);
}

/* ---- Counters in a sample ---- */

TEST_F(sample, reads_in_every_format)
{
	int before = PERF_SAMPLE_READ | PERF_SAMPLE_ID;

	for (int format = 0; format < 32; format++) {
		self->attr.read_format = format;
		ASSERT_TRUE(ask(self, before)) {
			TH_LOG("format %#x", format);
		}
		EXPECT_EQ(16 + 8 * reading_words(format, 1), self->rec.head.size);
		EXPECT_EQ(1, self->s.read.nr);
		EXPECT_EQ(1, self->s.read.of[0].value);
		EXPECT_EQ(format & PERF_FORMAT_ID ? self->s.id : 0, self->s.read.of[0].id);
		EXPECT_EQ(self->s.read.enabled && self->s.read.running,
			  (format & 3) == 3);
		again(self);
	}
}

TEST_F(sample, reads_of_a_group)
{
	struct perf_event_attr other = fault_attr();
	int siblings[2];

	self->attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID |
				 PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	self->attr.sample_type = PERF_SAMPLE_READ;
	self->attr.disabled = 1;
	self->fd = pe_self(&self->attr);
	other.read_format = self->attr.read_format;
	siblings[0] = pe_open(&other, 0, -1, self->fd, 0);
	other.config = PERF_COUNT_SW_DUMMY;
	siblings[1] = pe_open(&other, 0, -1, self->fd, 0);
	ASSERT_LE(0, siblings[1]);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 4));
	burst(self->fd, 9);
	for (int i = 1; i <= 9; i++) {
		ASSERT_EQ(1, ring_next(&self->ring, &self->rec));
		ASSERT_TRUE(sample_parse(&self->rec, &self->attr, &self->s));
		ASSERT_EQ(3, self->s.read.nr);
		EXPECT_EQ(i, self->s.read.of[0].value);
		EXPECT_EQ(i, self->s.read.of[1].value);
		EXPECT_EQ(0, self->s.read.of[2].value);
		EXPECT_EQ(self->s.read.enabled, self->s.read.running);
		EXPECT_EQ(pe_id(self->fd), self->s.read.of[0].id);
		EXPECT_EQ(pe_id(siblings[0]), self->s.read.of[1].id);
		EXPECT_EQ(pe_id(siblings[1]), self->s.read.of[2].id);
	}
}

/* The leader comes first, whoever samples. */
TEST_F(sample, reads_of_a_group_by_a_sibling)
{
	struct perf_event_attr dummy = sw_attr(PERF_COUNT_SW_DUMMY);
	int leader;

	dummy.disabled = 1;
	leader = pe_self(&dummy);
	self->attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	self->attr.sample_type = PERF_SAMPLE_READ;
	self->attr.disabled = 0;
	self->fd = pe_open(&self->attr, 0, -1, leader, 0);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 1));
	burst(leader, 3);
	for (int i = 1; i <= 3; i++) {
		ASSERT_EQ(1, ring_next(&self->ring, &self->rec));
		ASSERT_TRUE(sample_parse(&self->rec, &self->attr, &self->s));
		ASSERT_EQ(2, self->s.read.nr);
		EXPECT_EQ(pe_id(leader), self->s.read.of[0].id);
		EXPECT_EQ(0, self->s.read.of[0].value);
		EXPECT_EQ(pe_id(self->fd), self->s.read.of[1].id);
		EXPECT_EQ(i, self->s.read.of[1].value);
	}
}

/* ---- Other sources ---- */

struct enter_record {
	__u16 type;
	__u8 flags;
	__u8 preempt_count;
	__s32 pid;
	__s32 nr;
};

TEST_F(sample, raw_of_a_tracepoint)
{
	int id = tracepoint_id("syscalls/sys_enter_getppid");
	struct enter_record enter;

	if (id < 0)
		SKIP(return, "no tracepoint of system calls");
	self->attr = pe_attr(PERF_TYPE_TRACEPOINT, id);
	self->attr.sample_period = 1;
	self->attr.sample_type = PERF_SAMPLE_RAW | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_PERIOD;
	self->fd = pe_self(&self->attr);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 4));
	syscall(__NR_getppid);
	ASSERT_EQ(1, ring_next(&self->ring, &self->rec));
	ASSERT_TRUE(sample_parse(&self->rec, &self->attr, &self->s));
	ASSERT_LE(sizeof(enter), self->s.raw_size);
	memcpy(&enter, self->s.raw, sizeof(enter));
	EXPECT_EQ(id, enter.type);
	EXPECT_EQ(get_tid(), enter.pid);
	EXPECT_EQ(__NR_getppid, enter.nr);
	EXPECT_EQ(1, self->s.period);
	ASSERT_LE(2, self->s.nr_ips);
	EXPECT_EQ(PERF_CONTEXT_USER, self->s.ips[0]);
	EXPECT_GT(1ULL << 63, self->s.ips[1]);
}

/* A program that writes eight bytes to the event of the CPU it runs on. */
static int load_output(int map)
{
	struct bpf_insn code[] = {
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = BPF_REG_2,
		  .src_reg = BPF_PSEUDO_MAP_FD, .imm = map },
		{ 0 },
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8,
		  .imm = (int)MAGIC & 0x7fffffff },
		/* BPF_F_CURRENT_CPU, 32 bits of ones. */
		{ .code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = -1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_4,
		  .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_4, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_5, .imm = 8 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_perf_event_output },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_load(BPF_PROG_TYPE_TRACEPOINT, code, ARRAY_SIZE(code));
}

/* An array of events with @fd at CPU 0. */
static int event_array(int fd)
{
	__u32 key = 0;
	union bpf_attr make = {
		.map_type = BPF_MAP_TYPE_PERF_EVENT_ARRAY, .key_size = 4, .value_size = 4,
		.max_entries = 1,
	};
	int map = syscall(__NR_bpf, BPF_MAP_CREATE, &make, sizeof(make));
	union bpf_attr put = {
		.map_fd = map, .key = (unsigned long)&key, .value = (unsigned long)&fd,
	};

	return map < 0 || syscall(__NR_bpf, BPF_MAP_UPDATE_ELEM, &put, sizeof(put)) ? -1 : map;
}

TEST_F(sample, raw_of_a_bpf_program)
{
	int id = tracepoint_id("syscalls/sys_enter_getppid"), map, prog, fd;
	struct perf_event_attr point = pe_attr(PERF_TYPE_TRACEPOINT, id);
	__u64 word;

	if (id < 0)
		SKIP(return, "no tracepoint of system calls");
	ASSERT_EQ(0, pin_to(0));
	self->attr = sw_attr(PERF_COUNT_SW_BPF_OUTPUT);
	self->attr.sample_type = PERF_SAMPLE_RAW | PERF_SAMPLE_TID;
	self->fd = pe_open(&self->attr, -1, 0, -1, 0);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 4));
	map = event_array(self->fd);
	prog = load_output(map);
	if (prog < 0)
		SKIP(return, "no BPF");
	fd = pe_self(&point);
	ASSERT_EQ(0, ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog));
	for (int i = 0; i < 3; i++)
		syscall(__NR_getppid);
	close(fd);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(1, ring_next(&self->ring, &self->rec));
		ASSERT_TRUE(sample_parse(&self->rec, &self->attr, &self->s));
		EXPECT_EQ(get_tid(), self->s.task.tid);
		ASSERT_LE(8, self->s.raw_size);
		memcpy(&word, self->s.raw, 8);
		EXPECT_EQ(MAGIC & 0x7fffffff, word);
	}
	EXPECT_EQ(0, ring_next(&self->ring, &self->rec));
	close(prog);
	close(map);
}

/* Records current's stack of the kernel, as if it were another task's. */
static int load_stack_of_current(void)
{
	struct bpf_insn code[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_current_task_btf },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1,
		  .src_reg = BPF_REG_0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -256 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 256 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_task_stack },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_load(BPF_PROG_TYPE_PERF_EVENT, code, ARRAY_SIZE(code));
}

/* The program sees the sample when that is ready, and cannot change what is in it. */
TEST_F(sample, call_chain_beside_a_program)
{
	int prog = load_stack_of_current();

	if (prog < 0)
		SKIP(return, "no BPF, or no BTF");
	self->attr.exclude_callchain_kernel = 1;
	self->attr.sample_max_stack = 2;
	self->attr.sample_type = PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_PERIOD | PERF_SAMPLE_ADDR;
	self->fd = pe_self(&self->attr);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 4));
	ASSERT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_SET_BPF, prog));
	pe_enable(self->fd);
	for (int i = 0; i < 3; i++)
		touch_pages(1);
	pe_disable(self->fd);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(1, ring_next(&self->ring, &self->rec));
		ASSERT_TRUE(sample_parse(&self->rec, &self->attr, &self->s));
		ASSERT_EQ(3, self->s.nr_ips);
		EXPECT_EQ(PERF_CONTEXT_USER, self->s.ips[0]);
		EXPECT_TRUE(within(self->s.ips[1], pages_touch) ||
			    within(self->s.ips[1], touch_pages));
		EXPECT_GT(1ULL << 63, self->s.ips[2]);
	}
	EXPECT_EQ(0, ring_next(&self->ring, &self->rec));
	close(prog);
}

/* From inside the kernel: its own part first, then that of the user. */
TEST_F(sample, call_chain_of_the_kernel)
{
	int id = tracepoint_id("task/task_rename");
	__u64 at = 1;

	if (id < 0)
		SKIP(return, "no tracefs");
	self->attr = pe_attr(PERF_TYPE_TRACEPOINT, id);
	self->attr.sample_period = 1;
	self->attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN;
	self->fd = pe_self(&self->attr);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 4));
	prctl(PR_SET_NAME, "renamed");
	ASSERT_EQ(1, ring_next(&self->ring, &self->rec));
	ASSERT_TRUE(sample_parse(&self->rec, &self->attr, &self->s));
	ASSERT_LT(2, self->s.nr_ips);
	EXPECT_EQ(PERF_CONTEXT_KERNEL, self->s.ips[0]);
	EXPECT_EQ(self->s.ip, self->s.ips[1]);
	while (at < self->s.nr_ips && self->s.ips[at] != PERF_CONTEXT_USER)
		EXPECT_LT(1ULL << 63, self->s.ips[at++]);
	ASSERT_LT(at + 1, self->s.nr_ips);
	EXPECT_GT(1ULL << 63, self->s.ips[at + 1]);
}

/* One mark: the kernel's part, and nothing of the user's. */
TEST_F(sample, call_chain_with_one_mark)
{
	long before = sysctl_get("perf_event_max_contexts_per_stack");
	int id = tracepoint_id("task/task_rename"), got;

	if (id < 0)
		SKIP(return, "no tracefs");
	if (sysctl_set("perf_event_max_contexts_per_stack", 1))
		SKIP(return, "the sysctl cannot be set");
	self->attr = pe_attr(PERF_TYPE_TRACEPOINT, id);
	self->attr.sample_period = 1;
	self->attr.sample_type = PERF_SAMPLE_CALLCHAIN;
	self->fd = pe_self(&self->attr);
	got = ring_map(&self->ring, self->fd, 4);
	if (!got) {
		prctl(PR_SET_NAME, "renamed");
		got = ring_next(&self->ring, &self->rec);
		ring_unmap(&self->ring);
	}
	close(self->fd);
	EXPECT_EQ(0, sysctl_set("perf_event_max_contexts_per_stack", before));
	ASSERT_EQ(1, got);
	ASSERT_TRUE(sample_parse(&self->rec, &self->attr, &self->s));
	ASSERT_LT(2, self->s.nr_ips);
	EXPECT_EQ(PERF_CONTEXT_KERNEL, self->s.ips[0]);
	for (__u64 i = 1; i < self->s.nr_ips; i++)
		EXPECT_LT(1ULL << 63, self->s.ips[i]);
	EXPECT_NE(PERF_CONTEXT_USER, self->s.ips[self->s.nr_ips - 1]);
}

#define CLOCK_PERIOD	(5 * NSEC_PER_MSEC)

/*
 * Take samples of a clock until there are 20.  True if there were none too many for
 * the time that it took, and two as near to one another as they should be: a busy
 * host makes timers late, but not all, and none can come early.
 */
static bool samples_by_time(struct _test_data_sample *self, int *user)
{
	__u64 start = now_ns(CLOCK_MONOTONIC), least = NSEC_PER_SEC, last = 0;
	int n = 0;

	self->attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
	self->fd = pe_self(&self->attr);
	if (ring_map(&self->ring, self->fd, 8))
		return false;
	for (int i = 0; i < 100 && n < 20; i++) {
		spin_ms(20);
		while (ring_find(&self->ring, PERF_RECORD_SAMPLE, &self->rec) > 0) {
			if (!sample_parse(&self->rec, &self->attr, &self->s) ||
			    self->s.task.pid != getpid())
				return false;
			if (last && self->s.time - last < least)
				least = self->s.time - last;
			last = self->s.time;
			*user += self->s.ip < 1ULL << 63;
			n++;
		}
	}
	again(self);
	return n >= 20 && least < CLOCK_PERIOD * 3 / 2 &&
	       n <= (now_ns(CLOCK_MONOTONIC) - start) / CLOCK_PERIOD + 1;
}

TEST_F(sample, clocks_sample_by_time)
{
	static const int clock[] = { PERF_COUNT_SW_CPU_CLOCK, PERF_COUNT_SW_TASK_CLOCK };

	for (int i = 0; i < 2; i++) {
		int user = 0;

		self->attr = sw_attr(clock[i]);
		self->attr.sample_period = CLOCK_PERIOD;
		EXPECT_TRUE(samples_by_time(self, &user));
		EXPECT_LT(0, user);
	}
}

/* As often as asked for, whatever the period turns out to be. */
TEST_F(sample, frequency)
{
	int user = 0;

	self->attr = sw_attr(PERF_COUNT_SW_CPU_CLOCK);
	self->attr.freq = 1;
	self->attr.sample_freq = NSEC_PER_SEC / CLOCK_PERIOD;
	EXPECT_TRUE(samples_by_time(self, &user));
}

TEST_HARNESS_MAIN
