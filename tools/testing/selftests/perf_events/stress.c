// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once for a few seconds: threads that open, close, map, command,
 * read, fork and execute at random.  Each result must be one that the call may
 * have, and nothing may be left when all is closed.  PERF_STRESS_SEED in the
 * environment repeats a run; the seed is shown.
 */
#include "perf_util.h"

#define THREADS		4
#define SLOTS		12
#define SECONDS		5

struct slot {
	int fd;
	struct ring ring;
};

struct storm {
	pthread_t thread;
	unsigned int seed;
	struct slot slot[SLOTS];
	pid_t tid;
	int stop;
	long steps;
	long opened;
	char wrong[64];
};

static struct storm storm[THREADS];

/* No name of the C library's: state is the thread's own. */
static unsigned int pick(struct storm *s, unsigned int limit)
{
	s->seed = s->seed * 1103515245 + 12345;
	return (s->seed >> 16) % limit;
}

static void wrong(struct storm *s, const char *what, int err)
{
	if (!s->wrong[0])
		snprintf(s->wrong, sizeof(s->wrong), "%s gave %d", what, err);
}

static void slot_close(struct slot *slot)
{
	if (slot->ring.page)
		ring_unmap(&slot->ring);
	if (slot->fd >= 0)
		close(slot->fd);
	slot->fd = -1;
}

static bool one_of(int err, const int *allowed)
{
	for (; *allowed; allowed++)
		if (err == -*allowed)
			return true;
	return false;
}

static void step_open(struct storm *s, struct slot *slot)
{
	static const __u64 config[] = {
		PERF_COUNT_SW_PAGE_FAULTS, PERF_COUNT_SW_TASK_CLOCK, PERF_COUNT_SW_CPU_CLOCK,
		PERF_COUNT_SW_CONTEXT_SWITCHES, PERF_COUNT_SW_DUMMY,
	};
	static const int allowed[] = { EINVAL, ESRCH, ENODEV, EMFILE, 0 };
	struct perf_event_attr attr = sw_attr(config[pick(s, ARRAY_SIZE(config))]);
	pid_t tid = __atomic_load_n(&storm[pick(s, THREADS)].tid, __ATOMIC_RELAXED);
	int cpu = pick(s, 3) - 1;
	int group;

	slot_close(slot);
	group = pick(s, 2) ? s->slot[pick(s, SLOTS)].fd : -1;
	attr.disabled = pick(s, 2);
	attr.inherit = pick(s, 4) == 0;
	attr.sample_period = pick(s, 2) ? 0 : 2000000;
	attr.sample_type = attr.sample_period ? pick(s, 512) & ~PERF_SAMPLE_READ : 0;
	attr.mmap = pick(s, 2);
	attr.comm = pick(s, 2);
	attr.task = pick(s, 2);
	attr.context_switch = pick(s, 4) == 0;
	attr.enable_on_exec = pick(s, 4) == 0;
	slot->fd = pe_open(&attr, cpu >= 0 && pick(s, 2) ? -1 : tid, cpu, group, 0);
	if (slot->fd >= 0) {
		s->opened++;
		return;
	}
	if (!one_of(slot->fd, allowed))
		wrong(s, "open", slot->fd);
	slot->fd = -1;
}

static void step_map(struct storm *s, struct slot *slot)
{
	static const int allowed[] = { EINVAL, EBADF, EPERM, 0 };
	int err;

	if (slot->ring.page) {
		ring_unmap(&slot->ring);
		return;
	}
	err = ring_map(&slot->ring, slot->fd, 1 << pick(s, 3));
	if (err && !one_of(err, allowed))
		wrong(s, "mmap", err);
}

static void step_ring(struct storm *s, struct slot *slot)
{
	union record rec;
	int n = 0;

	while (slot->ring.page && n++ < 100) {
		int got = ring_next(&slot->ring, &rec);

		if (got < 0)
			wrong(s, "a ring", got);
		if (got <= 0)
			break;
	}
}

static void step_command(struct storm *s, struct slot *slot)
{
	static const unsigned long command[] = {
		PERF_EVENT_IOC_ENABLE, PERF_EVENT_IOC_DISABLE, PERF_EVENT_IOC_RESET,
		PERF_EVENT_IOC_REFRESH, PERF_EVENT_IOC_SET_OUTPUT, PERF_EVENT_IOC_PAUSE_OUTPUT,
	};
	static const int allowed[] = { EINVAL, EBADF, 0 };
	unsigned long which = command[pick(s, ARRAY_SIZE(command))];
	unsigned long arg = pick(s, 2);
	int err;

	if (which == PERF_EVENT_IOC_SET_OUTPUT)
		arg = arg ? s->slot[pick(s, SLOTS)].fd : -1;
	err = pe_ioctl(slot->fd, which, arg);
	if (err && !one_of(err, allowed))
		wrong(s, "ioctl", err);
}

static void step_read(struct storm *s, struct slot *slot)
{
	char buf[64];

	if (slot->fd >= 0 && read(slot->fd, buf, sizeof(buf)) != 8)
		wrong(s, "read", -errno);
}

static void step_fork(struct storm *s, struct slot *slot)
{
	bool execute = pick(s, 3) == 0;
	pid_t child = fork();

	if (!child) {
		touch_pages(3);
		if (execute)
			execl("/proc/self/exe", "stress", "--nothing", NULL);
		_exit(0);
	}
	if (child < 0)
		wrong(s, "fork", -errno);
	else if (child_join(child))
		wrong(s, "a child", child);
}

static __attribute__((constructor)) void do_nothing(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--nothing"))
		_exit(0);
}

static void *rage(void *arg)
{
	static void (* const step[])(struct storm *s, struct slot *slot) = {
		step_open, step_open, step_map, step_ring, step_command, step_command, step_read,
	};
	struct storm *s = arg;

	__atomic_store_n(&s->tid, get_tid(), __ATOMIC_RELAXED);
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		struct slot *slot = &s->slot[pick(s, SLOTS)];

		if (pick(s, 60))
			step[pick(s, ARRAY_SIZE(step))](s, slot);
		else
			step_fork(s, slot);
		if (pick(s, 20) == 0)
			touch_pages(2);
		if (pick(s, 20) == 0)
			slot_close(slot);
		s->steps++;
	}
	for (int i = 0; i < SLOTS; i++)
		slot_close(&s->slot[i]);
	return NULL;
}

/* Pages that are locked for buffers, as the kernel shows them of this process. */
static long pinned(void)
{
	static char text[8192];
	char *at;

	if (file_read("/proc/self/status", text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, "VmPin:");
	return at ? strtol(at + 6, NULL, 10) : 0;
}

static int open_descriptors(void)
{
	int nr = 0;

	for (int fd = 0; fd < 1024; fd++)
		nr += fcntl(fd, F_GETFD) >= 0;
	return nr;
}

TEST(random_storm)
{
	const char *given = getenv("PERF_STRESS_SEED");
	unsigned int seed = given ? strtoul(given, NULL, 0) : now_ns(CLOCK_REALTIME) >> 10;
	long before = pinned(), steps = 0, opened = 0;
	int first, after, fds = open_descriptors();
	struct perf_event_attr attr = fault_attr();
	struct ring ring;

	warm_up();
	ksft_print_msg("PERF_STRESS_SEED=%u\n", seed);
	for (int i = 0; i < THREADS; i++) {
		storm[i].seed = seed + i * 7919;
		for (int k = 0; k < SLOTS; k++)
			storm[i].slot[k].fd = -1;
		pthread_create(&storm[i].thread, NULL, rage, &storm[i]);
	}
	sleep_ms(SECONDS * 1000);
	for (int i = 0; i < THREADS; i++)
		__atomic_store_n(&storm[i].stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(storm[i].thread, NULL);
		EXPECT_STREQ("", storm[i].wrong);
		steps += storm[i].steps;
		opened += storm[i].opened;
	}
	EXPECT_LT(rounds(500), steps);
	EXPECT_LT(rounds(50), opened);
	EXPECT_EQ(before, pinned());
	EXPECT_EQ(fds, open_descriptors());
	/* And all of it still works. */
	attr.disabled = 1;
	attr.sample_period = 1;
	first = pe_self(&attr);
	ASSERT_EQ(0, ring_map(&ring, first, 4));
	burst(first, 9);
	EXPECT_EQ(9, ring_drain(&ring, PERF_RECORD_SAMPLE));
	EXPECT_EQ(9, pe_count(first));
	ring_unmap(&ring);
	after = pe_self(&attr);
	EXPECT_EQ(first + 1, after);
}

static void *touch_until_told(void *stop)
{
	while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED))
		touch_pages(4);
	return NULL;
}

/* The buffer goes and comes while a thread on another CPU writes to it. */
TEST(unmapped_under_its_writers)
{
	struct perf_event_attr attr = fault_attr();
	int stop = 0, fds[2], written = 0;
	pthread_t thread;
	struct ring ring;

	attr.sample_period = 1;
	attr.inherit = 1;
	fds[0] = pe_open(&attr, 0, 0, -1, 0);
	fds[1] = pe_open(&attr, 0, 1, -1, 0);
	pthread_create(&thread, NULL, touch_until_told, &stop);
	for (int i = 0; i < 400; i++) {
		int fd = fds[1] < 0 ? fds[0] : fds[i & 1];

		ASSERT_EQ(0, ring_map(&ring, fd, 1));
		sched_yield();
		written += ring_drain(&ring, PERF_RECORD_SAMPLE) > 0;
		ring_unmap(&ring);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_LT(0, written);
}

/* Buffers beyond what is free for all are charged to this process, and given back. */
TEST(locked_memory_comes_back)
{
	struct perf_event_attr attr = fault_attr();
	long before = pinned();
	struct ring ring[8];
	int fd[8];

	attr.sample_period = 1;
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 8; i++) {
			fd[i] = pe_self(&attr);
			ASSERT_EQ(0, ring_map(&ring[i], fd[i], 128));
		}
		EXPECT_LT(before, pinned());
		for (int i = 0; i < 8; i++) {
			if (i & 1)
				close(fd[i]);
			ring_unmap(&ring[i]);
			if (!(i & 1))
				close(fd[i]);
		}
		ASSERT_EQ(before, pinned());
	}
}

TEST_HARNESS_MAIN
