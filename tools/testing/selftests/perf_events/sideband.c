// SPDX-License-Identifier: GPL-2.0
/*
 * Records about the world: mappings, names, tasks that begin and end, switches,
 * namespaces, cgroups, kernel symbols, BPF programs, text that is patched.
 * Where it makes sense each is looked for twice: by an event of the task and by
 * one of the CPU.  Every record must end in the trailer that the event ordered.
 */
#include "perf_util.h"

#define TRAILER	(PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID | \
		 PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER)

FIXTURE(world)
{
	struct perf_event_attr attr;
	struct ring ring;
	union record rec;
	struct sample s;
	__u64 time;
	int fd;
};

FIXTURE_VARIANT(world)
{
	pid_t pid;
	int cpu;
};

FIXTURE_VARIANT_ADD(world, of_a_task)
{
	.pid = 0,
	.cpu = -1,
};

FIXTURE_VARIANT_ADD(world, of_a_cpu)
{
	.pid = -1,
	.cpu = 0,
};

FIXTURE_SETUP(world)
{
	ASSERT_EQ(0, pin_to(0));
	self->attr = sw_attr(PERF_COUNT_SW_DUMMY);
	self->attr.sample_type = TRAILER;
	self->attr.sample_id_all = 1;
	self->fd = -1;
}

FIXTURE_TEARDOWN(world)
{
	close(self->fd);
}

static int watch(struct _test_data_world *self, const FIXTURE_VARIANT(world) * variant)
{
	self->fd = pe_open(&self->attr, variant->pid, variant->cpu, -1, 0);
	if (self->fd < 0)
		return self->fd;
	return ring_map(&self->ring, self->fd, 64);
}

/*
 * The next record of @type that @tid caused (0: whoever), with a trailer that
 * is as it must be.  What comes before it is thrown away.
 */
static bool caused_by(struct _test_data_world *self, __u32 type, __u32 tid)
{
	while (ring_find(&self->ring, type, &self->rec) > 0) {
		struct sample *s = &self->s;

		if (!trailer_parse(&self->rec, &self->attr, s))
			return false;
		if (s->id != pe_id(self->fd) || s->identifier != s->id || s->cpu.cpu ||
		    s->time < self->time)
			return false;
		self->time = s->time;
		if (!tid || s->task.tid == tid)
			return true;
	}
	return false;
}

static __u64 word_at(const union record *rec, int at)
{
	return rec->words[at / 8];
}

static __u32 half_at(const union record *rec, int at)
{
	return rec->halves[at / 4];
}

/* A string at @at that is padded with zeros to the trailer. */
static bool name_is(struct _test_data_world *self, int at, const char *want)
{
	const unsigned char *end = body_end(&self->rec, &self->attr);
	const unsigned char *p = self->rec.bytes + at;
	size_t len = strlen(want) + 1;

	if (end - p != (long)(len + 7) / 8 * 8 || memcmp(p, want, len))
		return false;
	for (p += len; p < end; p++)
		if (*p)
			return false;
	return true;
}

/* ---- Names ---- */

TEST_F(world, comm)
{
	static const char * const name[] = { "a", "seven_7", "eight_88", "fifteen_letters" };

	self->attr.comm = 1;
	ASSERT_EQ(0, watch(self, variant));
	for (int i = 0; i < 4; i++) {
		prctl(PR_SET_NAME, name[i]);
		ASSERT_TRUE(caused_by(self, PERF_RECORD_COMM, get_tid()));
		EXPECT_EQ(getpid(), half_at(&self->rec, 8));
		EXPECT_EQ(get_tid(), half_at(&self->rec, 12));
		EXPECT_TRUE(name_is(self, 16, name[i])) {
			TH_LOG("%s", (char *)self->rec.bytes + 16);
		}
		EXPECT_EQ(PERF_RECORD_MISC_CPUMODE_UNKNOWN, self->rec.head.misc);
	}
	EXPECT_FALSE(caused_by(self, PERF_RECORD_COMM, get_tid()));
}

TEST_F(world, no_trailer_unless_asked_for)
{
	self->attr.comm = 1;
	self->attr.sample_id_all = 0;
	ASSERT_EQ(0, watch(self, variant));
	prctl(PR_SET_NAME, "short");
	ASSERT_EQ(1, ring_find(&self->ring, PERF_RECORD_COMM, &self->rec));
	EXPECT_EQ(24, self->rec.head.size);
}

/* ---- Mappings ---- */

static char own_path[256];

static void *map_self(int prot)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	void *p = mmap(NULL, 2 * getpagesize(), prot, MAP_PRIVATE, fd, getpagesize());

	close(fd);
	own_path[readlink("/proc/self/exe", own_path, sizeof(own_path) - 1)] = 0;
	return p;
}

TEST_F(world, mmap)
{
	void *p;

	self->attr.mmap = 1;
	ASSERT_EQ(0, watch(self, variant));
	munmap(map_self(PROT_READ), 2 * getpagesize());
	p = map_self(PROT_READ | PROT_EXEC);
	ASSERT_TRUE(caused_by(self, PERF_RECORD_MMAP, get_tid()));
	EXPECT_EQ(getpid(), half_at(&self->rec, 8));
	EXPECT_EQ(get_tid(), half_at(&self->rec, 12));
	EXPECT_EQ((unsigned long)p, word_at(&self->rec, 16));
	EXPECT_EQ(2 * getpagesize(), word_at(&self->rec, 24));
	EXPECT_EQ(getpagesize(), word_at(&self->rec, 32));
	EXPECT_TRUE(name_is(self, 40, own_path));
	EXPECT_EQ(PERF_RECORD_MISC_USER, self->rec.head.misc);
	EXPECT_FALSE(caused_by(self, PERF_RECORD_MMAP, get_tid()));
}

TEST_F(world, mmap_data)
{
	void *p;

	self->attr.mmap = 1;
	self->attr.mmap_data = 1;
	ASSERT_EQ(0, watch(self, variant));
	/* The ring's own mapping comes before the one looked for. */
	ring_drain(&self->ring, PERF_RECORD_MMAP);
	p = map_self(PROT_READ);
	do {
		ASSERT_TRUE(caused_by(self, PERF_RECORD_MMAP, get_tid()));
	} while (word_at(&self->rec, 16) != (unsigned long)p);
	EXPECT_EQ(PERF_RECORD_MISC_USER | PERF_RECORD_MISC_MMAP_DATA, self->rec.head.misc);
	EXPECT_TRUE(name_is(self, 40, own_path));
}

TEST_F(world, mmap_of_nothing)
{
	void *p;

	self->attr.mmap = 1;
	ASSERT_EQ(0, watch(self, variant));
	p = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(caused_by(self, PERF_RECORD_MMAP, get_tid()));
	EXPECT_EQ((unsigned long)p, word_at(&self->rec, 16));
	EXPECT_TRUE(name_is(self, 40, "//anon"));
}

TEST_F(world, mmap2)
{
	struct stat st;
	void *p;

	self->attr.mmap = 1;
	self->attr.mmap2 = 1;
	ASSERT_EQ(0, watch(self, variant));
	p = map_self(PROT_READ | PROT_EXEC);
	ASSERT_EQ(0, stat("/proc/self/exe", &st));
	ASSERT_TRUE(caused_by(self, PERF_RECORD_MMAP2, get_tid()));
	EXPECT_EQ((unsigned long)p, word_at(&self->rec, 16));
	EXPECT_EQ(2 * getpagesize(), word_at(&self->rec, 24));
	EXPECT_EQ(getpagesize(), word_at(&self->rec, 32));
	EXPECT_EQ(st.st_ino, word_at(&self->rec, 48));
	EXPECT_EQ(PROT_READ | PROT_EXEC, half_at(&self->rec, 64));
	EXPECT_EQ(MAP_PRIVATE, half_at(&self->rec, 68) & MAP_TYPE);
	EXPECT_TRUE(name_is(self, 72, own_path));
	EXPECT_EQ(0, self->rec.head.misc & PERF_RECORD_MISC_MMAP_BUILD_ID);
}

static bool file_has(const char *path, const void *what, size_t len)
{
	static char buf[1 << 20];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, buf, sizeof(buf));

	close(fd);
	return n > 0 && memmem(buf, n, what, len);
}

TEST_F(world, build_id)
{
	self->attr.mmap = 1;
	self->attr.mmap2 = 1;
	self->attr.build_id = 1;
	ASSERT_EQ(0, watch(self, variant));
	map_self(PROT_READ | PROT_EXEC);
	ASSERT_TRUE(caused_by(self, PERF_RECORD_MMAP2, get_tid()));
	if (!(self->rec.head.misc & PERF_RECORD_MISC_MMAP_BUILD_ID))
		SKIP(return, "built without a build id, or on a file system without");
	EXPECT_EQ(20, self->rec.bytes[40]);
	EXPECT_TRUE(file_has("/proc/self/exe", self->rec.bytes + 44, 20));
	EXPECT_TRUE(name_is(self, 72, own_path));
}

/* ---- Tasks ---- */

TEST_F(world, fork)
{
	pid_t child;

	self->attr.task = 1;
	self->attr.use_clockid = 1;
	self->attr.clockid = CLOCK_MONOTONIC;
	ASSERT_EQ(0, watch(self, variant));
	child = fork();
	if (!child)
		_exit(0);
	EXPECT_EQ(0, child_join(child));
	ASSERT_TRUE(caused_by(self, PERF_RECORD_FORK, get_tid()));
	EXPECT_EQ(32 + trailer_size(&self->attr), self->rec.head.size);
	EXPECT_EQ(child, half_at(&self->rec, 8));
	EXPECT_EQ(getpid(), half_at(&self->rec, 12));
	EXPECT_EQ(child, half_at(&self->rec, 16));
	EXPECT_EQ(get_tid(), half_at(&self->rec, 20));
	EXPECT_LT(self->s.time, word_at(&self->rec, 24) + NSEC_PER_SEC);
	EXPECT_GT(self->s.time + NSEC_PER_SEC, word_at(&self->rec, 24));
}

static void *name_oneself(void *tid)
{
	*(pid_t *)tid = get_tid();
	return NULL;
}

TEST_F(world, thread)
{
	pthread_t thread;
	pid_t tid;

	self->attr.task = 1;
	ASSERT_EQ(0, watch(self, variant));
	pthread_create(&thread, NULL, name_oneself, &tid);
	pthread_join(thread, NULL);
	ASSERT_TRUE(caused_by(self, PERF_RECORD_FORK, get_tid()));
	EXPECT_EQ(getpid(), half_at(&self->rec, 8));
	EXPECT_EQ(getpid(), half_at(&self->rec, 12));
	EXPECT_EQ(tid, half_at(&self->rec, 16));
	EXPECT_EQ(get_tid(), half_at(&self->rec, 20));
}

/* An EXIT names the parent's process twice, where a FORK names process and thread. */
TEST_F(world, exit)
{
	const FIXTURE_VARIANT(world) inherited = { 0, 0 };
	pthread_t thread;
	pid_t child, tid;

	self->attr.task = 1;
	self->attr.inherit = variant->cpu < 0;
	ASSERT_EQ(0, watch(self, variant->cpu < 0 ? &inherited : variant));
	child = fork();
	if (!child)
		_exit(0);
	EXPECT_EQ(0, child_join(child));
	ASSERT_TRUE(caused_by(self, PERF_RECORD_EXIT, child));
	EXPECT_EQ(32 + trailer_size(&self->attr), self->rec.head.size);
	EXPECT_EQ(child, half_at(&self->rec, 8));
	EXPECT_EQ(getpid(), half_at(&self->rec, 12));
	EXPECT_EQ(child, half_at(&self->rec, 16));
	EXPECT_EQ(getpid(), half_at(&self->rec, 20));
	pthread_create(&thread, NULL, name_oneself, &tid);
	pthread_join(thread, NULL);
	/* Joined is not yet gone. */
	sleep_ms(50);
	ASSERT_TRUE(caused_by(self, PERF_RECORD_EXIT, tid));
	EXPECT_EQ(getpid(), half_at(&self->rec, 8));
	EXPECT_EQ(getppid(), half_at(&self->rec, 12));
	EXPECT_EQ(tid, half_at(&self->rec, 16));
	EXPECT_EQ(getppid(), half_at(&self->rec, 20));
}

/* So often has this thread gone to sleep. */
static long sleeps(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) ? 0 : usage.ru_nvcsw;
}

TEST_F(world, switches)
{
	__u32 type = variant->cpu < 0 ? PERF_RECORD_SWITCH : PERF_RECORD_SWITCH_CPU_WIDE;
	int in = 0, out = 0, willing = 0, size = variant->cpu < 0 ? 8 : 16;

	self->attr.context_switch = 1;
	ASSERT_EQ(0, watch(self, variant));
	/* On a slow host the time can be over before a sleep begins. */
	for (long start = sleeps(); sleeps() < start + 5; )
		sleep_ms(2);
	while (caused_by(self, type, get_tid())) {
		bool leaves = self->rec.head.misc & PERF_RECORD_MISC_SWITCH_OUT;

		EXPECT_EQ(size + trailer_size(&self->attr), self->rec.head.size);
		/* Strictly in turns, beginning with the first sleep. */
		EXPECT_EQ(in == out, leaves);
		/* It sleeps of its own will, though others may take the CPU, too. */
		willing += leaves &&
			   !(self->rec.head.misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT);
		in += !leaves;
		out += leaves;
		if (variant->cpu >= 0)
			EXPECT_NE(get_tid(), half_at(&self->rec, 12));
	}
	EXPECT_LE(5, willing);
	EXPECT_EQ(in, out);
}

/* Two that spin on one CPU take it from one another. */
TEST_F(world, preempted)
{
	__u32 type = variant->cpu < 0 ? PERF_RECORD_SWITCH : PERF_RECORD_SWITCH_CPU_WIDE;
	int forced = 0;
	pid_t child;

	self->attr.context_switch = 1;
	ASSERT_EQ(0, watch(self, variant));
	child = fork();
	if (!child)
		for (;;)
			;
	spin_ms(100);
	kill(child, SIGKILL);
	while (caused_by(self, type, get_tid())) {
		bool preempt = self->rec.head.misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;

		EXPECT_TRUE(!preempt || self->rec.head.misc & PERF_RECORD_MISC_SWITCH_OUT);
		forced += preempt;
	}
	EXPECT_LT(0, forced);
	child_join(child);
}

/* ---- Where tasks live ---- */

struct link {
	__u64 dev;
	__u64 ino;
};

TEST_F(world, namespaces)
{
	static const char * const name[] = { "net", "uts", "ipc", "pid", "user", "mnt", "cgroup" };
	struct link link;
	struct stat st;
	char path[64];

	self->attr.namespaces = 1;
	self->attr.comm = 1;
	ASSERT_EQ(0, watch(self, variant));
	if (unshare(CLONE_NEWUTS))
		SKIP(return, "no UTS namespaces");
	ASSERT_TRUE(caused_by(self, PERF_RECORD_NAMESPACES, get_tid()));
	EXPECT_EQ(getpid(), half_at(&self->rec, 8));
	EXPECT_EQ(get_tid(), half_at(&self->rec, 12));
	ASSERT_EQ(ARRAY_SIZE(name), word_at(&self->rec, 16));
	EXPECT_EQ(24 + 16 * ARRAY_SIZE(name) + trailer_size(&self->attr), self->rec.head.size);
	for (unsigned int i = 0; i < ARRAY_SIZE(name); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", name[i]);
		if (stat(path, &st))
			continue;
		memcpy(&link, self->rec.bytes + 24 + 16 * i, sizeof(link));
		EXPECT_EQ(st.st_ino, link.ino) {
			TH_LOG("%s", name[i]);
		}
	}
}

TEST_F(world, cgroup)
{
	const char *path;
	struct stat st;

	self->attr.cgroup = 1;
	/* On a CPU it is listed for a record of an older kind only. */
	self->attr.comm = 1;
	ASSERT_EQ(0, watch(self, variant));
	path = cgroup_make();
	if (!path)
		SKIP(return, "no cgroup2 with the pids controller at /sys/fs/cgroup");
	EXPECT_EQ(0, stat(path, &st));
	rmdir(path);
	ASSERT_TRUE(caused_by(self, PERF_RECORD_CGROUP, get_tid()));
	EXPECT_EQ(st.st_ino, word_at(&self->rec, 8));
	EXPECT_TRUE(name_is(self, 16, path + strlen("/sys/fs/cgroup")));
}

/* ---- The kernel's own code ---- */

static int load_filter(void)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_load(BPF_PROG_TYPE_SOCKET_FILTER, code, ARRAY_SIZE(code));
}

struct bpf_record {
	struct perf_event_header head;
	__u16 type;
	__u16 flags;
	__u32 id;
	__u8 tag[8];
};

TEST_F(world, bpf_program)
{
	struct bpf_record r;
	int prog;
	__u32 id;

	self->attr.bpf_event = 1;
	ASSERT_EQ(0, watch(self, variant));
	prog = load_filter();
	if (prog < 0)
		SKIP(return, "no BPF");
	ASSERT_TRUE(caused_by(self, PERF_RECORD_BPF_EVENT, get_tid()));
	EXPECT_EQ(sizeof(r) + trailer_size(&self->attr), self->rec.head.size);
	memcpy(&r, &self->rec, sizeof(r));
	EXPECT_EQ(PERF_BPF_EVENT_PROG_LOAD, r.type);
	EXPECT_EQ(0, r.flags);
	EXPECT_NE(0, r.id);
	id = r.id;
	close(prog);
	ASSERT_TRUE(caused_by(self, PERF_RECORD_BPF_EVENT, 0));
	memcpy(&r, &self->rec, sizeof(r));
	EXPECT_EQ(PERF_BPF_EVENT_PROG_UNLOAD, r.type);
	EXPECT_EQ(id, r.id);
}

struct ksymbol_record {
	struct perf_event_header head;
	__u64 addr;
	__u32 len;
	__u16 type;
	__u16 flags;
	char name[16];
};

TEST_F(world, ksymbol)
{
	struct ksymbol_record r;
	__u64 addr;
	int prog;

	self->attr.ksymbol = 1;
	ASSERT_EQ(0, watch(self, variant));
	prog = load_filter();
	if (prog < 0)
		SKIP(return, "no BPF");
	ASSERT_TRUE(caused_by(self, PERF_RECORD_KSYMBOL, get_tid()));
	memcpy(&r, &self->rec, sizeof(r));
	EXPECT_EQ(PERF_RECORD_KSYMBOL_TYPE_BPF, r.type);
	EXPECT_EQ(0, r.flags);
	EXPECT_LT(1ULL << 63, r.addr);
	EXPECT_EQ(0, strncmp(r.name, "bpf_prog_", 9));
	EXPECT_EQ(0, self->rec.head.size % 8);
	addr = r.addr;
	close(prog);
	ASSERT_TRUE(caused_by(self, PERF_RECORD_KSYMBOL, 0));
	memcpy(&r, &self->rec, sizeof(r));
	EXPECT_EQ(PERF_RECORD_KSYMBOL_FLAGS_UNREGISTER, r.flags);
	EXPECT_EQ(addr, r.addr);
}

#ifdef __x86_64__
struct poke_record {
	struct perf_event_header head;
	__u64 addr;
	__u16 old_len;
	__u16 new_len;
};

TEST_F(world, text_poke)
{
	int id = tracepoint_id("task/task_rename"), size;
	struct perf_event_attr point = pe_attr(PERF_TYPE_TRACEPOINT, id);
	struct poke_record r;

	if (id < 0)
		SKIP(return, "no tracefs");
	self->attr.text_poke = 1;
	ASSERT_EQ(0, watch(self, variant));
	/* The first one to trace it patches its call site. */
	close(pe_self(&point));
	ASSERT_TRUE(caused_by(self, PERF_RECORD_TEXT_POKE, 0));
	memcpy(&r, &self->rec, sizeof(r));
	EXPECT_LT(1ULL << 63, r.addr);
	EXPECT_EQ(5, r.old_len);
	EXPECT_EQ(5, r.new_len);
	size = (20 + r.old_len + r.new_len + 7) / 8 * 8;
	EXPECT_EQ(size + trailer_size(&self->attr), self->rec.head.size);
	EXPECT_NE(0, memcmp(self->rec.bytes + 20, self->rec.bytes + 25, 5));
}
#endif

/* ---- About the events themselves ---- */

TEST_F(world, lost)
{
	__u64 lost;

	self->attr.comm = 1;
	self->fd = pe_open(&self->attr, variant->pid, variant->cpu, -1, 0);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 1));
	for (int i = 0; i < 200; i++)
		prctl(PR_SET_NAME, i & 1 ? "a" : "b");
	ring_drain(&self->ring, PERF_RECORD_COMM);
	prctl(PR_SET_NAME, "c");
	ASSERT_TRUE(caused_by(self, PERF_RECORD_LOST, get_tid()));
	EXPECT_EQ(24 + trailer_size(&self->attr), self->rec.head.size);
	EXPECT_EQ(pe_id(self->fd), word_at(&self->rec, 8));
	lost = word_at(&self->rec, 16);
	EXPECT_EQ(200 - 4096 / (24 + trailer_size(&self->attr)), lost);
	EXPECT_TRUE(caused_by(self, PERF_RECORD_COMM, get_tid()));
}

TEST_F(world, throttle)
{
	long rate = sysctl_get("perf_event_max_sample_rate");

	self->attr.config = PERF_COUNT_SW_CPU_CLOCK;
	self->attr.sample_period = 50000;
	self->attr.disabled = 1;
	if (sysctl_set("perf_event_max_sample_rate", 500))
		SKIP(return, "the sample rate cannot be set");
	ASSERT_EQ(0, watch(self, variant));
	pe_enable(self->fd);
	spin_ms(60);
	pe_disable(self->fd);
	sysctl_set("perf_event_max_sample_rate", rate);
	ASSERT_TRUE(caused_by(self, PERF_RECORD_THROTTLE, 0));
	EXPECT_EQ(32 + trailer_size(&self->attr), self->rec.head.size);
	EXPECT_EQ(pe_id(self->fd), word_at(&self->rec, 16));
	EXPECT_EQ(pe_id(self->fd), word_at(&self->rec, 24));
	ASSERT_TRUE(caused_by(self, PERF_RECORD_UNTHROTTLE, 0));
	EXPECT_EQ(pe_id(self->fd), word_at(&self->rec, 16));
}

TEST_HARNESS_MAIN
