// SPDX-License-Identifier: GPL-2.0
/*
 * What keeps an event from counting: filters of tracepoints, address filters
 * where there are none, and the levels that an event leaves out.
 */
#include "perf_util.h"

FIXTURE(filter)
{
	struct perf_event_attr attr;
	int fd;
};

FIXTURE_SETUP(filter)
{
	int id = tracepoint_id("syscalls/sys_enter_close");

	if (id < 0)
		SKIP(return, "no tracepoint of system calls");
	self->attr = pe_attr(PERF_TYPE_TRACEPOINT, id);
	self->fd = pe_self(&self->attr);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(filter)
{
	close(self->fd);
}

static int set_filter(int fd, const char *text)
{
	return pe_ioctl(fd, PERF_EVENT_IOC_SET_FILTER, (unsigned long)text);
}

static void close_some(void)
{
	for (int i = 5000; i < 5010; i++)
		close(i);
}

TEST_F(filter, none)
{
	close_some();
	EXPECT_EQ(10, pe_count(self->fd));
}

TEST_F(filter, by_a_field)
{
	static const struct {
		const char *text;
		int passed;
	} row[] = {
		{ "fd == 5003", 1 }, { "fd != 5003", 9 }, { "fd < 5003", 3 }, { "fd <= 0x138b", 4 },
		{ "fd >= 5003 && fd != 5005", 6 }, { "fd == 1 || fd == 5009", 1 },
		{ "!(fd == 5001 || fd == 5002)", 8 }, { "fd & 1", 5 }, { "fd == 7", 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
		int fd = pe_self(&self->attr);

		ASSERT_EQ(0, set_filter(fd, row[i].text)) {
			TH_LOG("%s", row[i].text);
		}
		close_some();
		EXPECT_EQ(row[i].passed, pe_count(fd)) {
			TH_LOG("%s", row[i].text);
		}
		close(fd);
	}
}

TEST_F(filter, by_a_common_field)
{
	char text[64];
	int fd = pe_self(&self->attr);

	snprintf(text, sizeof(text), "common_pid == %d && fd < 5002", get_tid());
	ASSERT_EQ(0, set_filter(self->fd, text));
	snprintf(text, sizeof(text), "common_pid != %d", get_tid());
	ASSERT_EQ(0, set_filter(fd, text));
	close_some();
	EXPECT_EQ(2, pe_count(self->fd));
	EXPECT_EQ(0, pe_count(fd));
}

TEST_F(filter, once)
{
	ASSERT_EQ(0, set_filter(self->fd, "fd == 5003"));
	EXPECT_EQ(-EEXIST, set_filter(self->fd, "fd == 5004"));
	close_some();
	EXPECT_EQ(1, pe_count(self->fd));
}

TEST_F(filter, of_samples)
{
	struct sample s;
	union record rec;
	struct ring ring;
	unsigned long arg;
	int fd;

	self->attr.sample_period = 1;
	self->attr.sample_type = PERF_SAMPLE_RAW;
	fd = pe_self(&self->attr);
	ASSERT_EQ(0, ring_map(&ring, fd, 4));
	ASSERT_EQ(0, set_filter(fd, "fd == 5007"));
	close_some();
	ASSERT_EQ(1, ring_next(&ring, &rec));
	ASSERT_TRUE(sample_parse(&rec, &self->attr, &s));
	memcpy(&arg, s.raw + 16, sizeof(arg));
	EXPECT_EQ(5007, arg);
	EXPECT_EQ(0, ring_next(&ring, &rec));
	pe_disable(fd);
}

TEST_F(filter, of_one_event_is_not_anothers)
{
	int other = pe_self(&self->attr);

	ASSERT_EQ(0, set_filter(self->fd, "fd == 5003"));
	close_some();
	EXPECT_EQ(1, pe_count(self->fd));
	EXPECT_EQ(10, pe_count(other));
	pe_disable(other);
}

/* Which error it is, is the filter parser's affair and not that of the event. */
TEST_F(filter, bad)
{
	static const char * const bad[] = {
		"", "no_such_field == 1", "fd ==", "fd = 1", "== 1", "(fd == 1", "fd == 1)",
		"fd == 1 &&", "fd == 1 & & fd == 2", "fd == \"string\"", "fd ~ \"x*\"", "&&",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_GT(0, set_filter(self->fd, bad[i])) {
			TH_LOG("filter '%s'", bad[i]);
		}
	}
	EXPECT_EQ(-EFAULT, set_filter(self->fd, NULL));
	EXPECT_EQ(-EFAULT, set_filter(self->fd, (char *)-4096L));
	/* None of them stays in the way of a good one. */
	close_some();
	EXPECT_EQ(10, pe_count(self->fd));
	EXPECT_EQ(0, set_filter(self->fd, "fd == 5003"));
}

TEST_F(filter, too_long)
{
	size_t len = 3 * getpagesize();
	char *text = malloc(len);

	memset(text, ' ', len);
	memcpy(text, "fd == 5003", 10);
	text[len - 1] = 0;
	EXPECT_NE(0, set_filter(self->fd, text));
	/* What fits a page is taken. */
	text[getpagesize() - 2] = 0;
	EXPECT_EQ(0, set_filter(self->fd, text));
	close_some();
	EXPECT_EQ(1, pe_count(self->fd));
	free(text);
}

TEST_F(filter, inherited)
{
	int fd;

	self->attr.inherit = 1;
	fd = pe_self(&self->attr);
	ASSERT_EQ(0, set_filter(fd, "fd == 5003"));
	for (int i = 0; i < 3; i++) {
		pid_t child = fork();

		if (!child) {
			close_some();
			_exit(0);
		}
		ASSERT_EQ(0, child_join(child));
	}
	EXPECT_EQ(3, pe_count(fd));
}

/* ---- Where there is none ---- */

TEST(no_filter_for_a_counter)
{
	struct perf_event_attr attr = fault_attr();
	int fd = pe_self(&attr);

	EXPECT_EQ(-EINVAL, set_filter(fd, "fd == 1"));
	EXPECT_EQ(-EINVAL, set_filter(fd, "filter 0x1000/0x1000"));
	EXPECT_EQ(-EINVAL, set_filter(fd, "start 0x1000@/bin/true"));
}

TEST(no_address_filter_on_a_software_pmu)
{
	char path[] = "/sys/bus/event_source/devices/software/nr_addr_filters";

	/* A PMU without them does not even show a number. */
	EXPECT_EQ(-1, access(path, F_OK));
}

/* ---- Levels ---- */

static long faults_of(int exclude_user, int exclude_kernel)
{
	struct perf_event_attr attr = fault_attr();
	int zero = open("/dev/zero", O_RDONLY), fd;
	unsigned char *p = pages_new(8);
	long n;

	attr.disabled = 1;
	attr.exclude_user = exclude_user;
	attr.exclude_kernel = exclude_kernel;
	fd = pe_self(&attr);
	pe_enable(fd);
	/* Five that user space takes, three that the kernel does for it. */
	pages_touch(p, 5);
	if (read(zero, p + 5 * getpagesize(), 3 * getpagesize()) < 0)
		return -1;
	pe_disable(fd);
	n = pe_count(fd);
	pages_free(p, 8);
	close(zero);
	close(fd);
	return n;
}

TEST(user_and_kernel)
{
	faults_of(0, 0);
	EXPECT_EQ(8, faults_of(0, 0));
	EXPECT_EQ(3, faults_of(1, 0));
	EXPECT_EQ(5, faults_of(0, 1));
	EXPECT_EQ(0, faults_of(1, 1));
}

TEST(clock_that_leaves_levels_out_still_counts)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_TASK_CLOCK);
	struct ring ring;
	union record rec;
	struct sample s;
	int fd, n = 0;

	attr.exclude_kernel = 1;
	attr.sample_period = NSEC_PER_MSEC;
	attr.sample_type = PERF_SAMPLE_IP;
	fd = pe_self(&attr);
	ASSERT_EQ(0, ring_map(&ring, fd, 8));
	spin_ms(50);
	pe_disable(fd);
	while (ring_find(&ring, PERF_RECORD_SAMPLE, &rec) > 0) {
		ASSERT_TRUE(sample_parse(&rec, &attr, &s));
		EXPECT_GT(1ULL << 63, s.ip);
		n++;
	}
	EXPECT_LT(5, n);
	EXPECT_LT(30 * NSEC_PER_MSEC, pe_count(fd));
}

/* Samples of a CPU that has nothing to do, and of one that is not asked about that. */
TEST(idle)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_CPU_CLOCK);
	int idle[2] = {}, fd[2];
	struct ring ring[2];
	union record rec;
	struct sample s;

	ASSERT_EQ(0, pin_to(0));
	attr.sample_period = NSEC_PER_MSEC;
	attr.sample_type = PERF_SAMPLE_TID;
	for (int i = 0; i < 2; i++) {
		attr.exclude_idle = i;
		fd[i] = pe_open(&attr, -1, 0, -1, 0);
		ASSERT_EQ(0, ring_map(&ring[i], fd[i], 8));
	}
	sleep_ms(200);
	for (int i = 0; i < 2; i++) {
		pe_disable(fd[i]);
		while (ring_find(&ring[i], PERF_RECORD_SAMPLE, &rec) > 0) {
			ASSERT_TRUE(sample_parse(&rec, &attr, &s));
			idle[i] += !s.task.tid;
		}
	}
	EXPECT_LT(5, idle[0]);
	EXPECT_EQ(0, idle[1]);
}

/* ---- Kinds of faults ---- */

/* Somebody's file, of which the first pages are not in memory; NULL without. */
static unsigned char *file_out_of_memory(void)
{
	int fd = open("/bin/ls", O_RDONLY);
	unsigned char *p, in = 1;

	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	p = mmap(NULL, getpagesize(), PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED || mincore(p, getpagesize(), &in) || in & 1)
		return NULL;
	return p;
}

TEST(major_and_minor)
{
	static const int config[] = {
		PERF_COUNT_SW_PAGE_FAULTS, PERF_COUNT_SW_PAGE_FAULTS_MIN,
		PERF_COUNT_SW_PAGE_FAULTS_MAJ,
	};
	unsigned char *p = file_out_of_memory();
	int fd[3];

	if (!p)
		SKIP(return, "files stay in memory");
	faults_of(0, 1);
	for (int i = 0; i < 3; i++) {
		struct perf_event_attr attr = fault_attr();

		attr.config = config[i];
		attr.disabled = 1;
		fd[i] = pe_self(&attr);
	}
	for (int i = 0; i < 3; i++)
		pe_enable(fd[i]);
	__atomic_load_n(p, __ATOMIC_RELAXED);
	touch_pages(4);
	for (int i = 0; i < 3; i++)
		pe_disable(fd[i]);
	EXPECT_EQ(5, pe_count(fd[0]));
	EXPECT_EQ(4, pe_count(fd[1]));
	EXPECT_EQ(1, pe_count(fd[2]));
}

TEST_HARNESS_MAIN
