// SPDX-License-Identifier: GPL-2.0
/*
 * As regress_events.c, one test for each class of bugs: of buffers and AUX areas.
 *
 * A class without a test: an AUX area of 2 GiB, more memory than a test may ask
 * for.
 */
#include "perf_util.h"

/* ---- Buffers ---- */

static int fail_to_map(const void *arg)
{
	struct perf_event_attr attr = sampling_faults();
	int fd = pe_self(&attr), other = pe_self(&attr);
	struct ring ring;

	if (ring_map(&ring, fd, *(const int *)arg) != -EPERM)
		return 1;
	if (pe_ioctl(other, PERF_EVENT_IOC_SET_OUTPUT, fd) != -EINVAL)
		return 2;
	if (poll_now(fd, 0) != POLLHUP)
		return 3;
	if (ring_map(&ring, fd, 1))
		return 4;
	return pe_ioctl(other, PERF_EVENT_IOC_SET_OUTPUT, fd) ? 5 : 0;
}

/*
 * A buffer that others find before its mapping has succeeded (2026).
 * Without: mmap.c, map_new_buffer(): the order: attach before the charge.
 */
TEST(a_mapping_that_failed_leaves_nothing)
{
	long limit = sysctl_get("perf_event_mlock_kb") * sysconf(_SC_NPROCESSORS_ONLN) * 1024 /
		     getpagesize();
	long paranoid = sysctl_get("perf_event_paranoid");
	struct rlimit none = { 0, 0 };
	int pages = 1;

	if (geteuid())
		SKIP(return, "not root");
	while (pages + 1 <= limit)
		pages *= 2;
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &none));
	ASSERT_EQ(0, sysctl_set("perf_event_paranoid", 1));
	EXPECT_EQ(0, as_nobody(0, fail_to_map, &pages));
	sysctl_set("perf_event_paranoid", paranoid);
}

struct tug {
	pthread_barrier_t start;
	int owner;
	int guest;
	int joined;
	int tried;
	int rounds;
};

static void *redirect(void *arg)
{
	struct tug *tug = arg;

	for (int i = 0; i < tug->rounds; i++) {
		pthread_barrier_wait(&tug->start);
		tug->joined += !pe_ioctl(tug->guest, PERF_EVENT_IOC_SET_OUTPUT, tug->owner);
		__atomic_store_n(&tug->tried, i + 1, __ATOMIC_RELEASE);
		pthread_barrier_wait(&tug->start);
	}
	return NULL;
}

/*
 * An event that is redirected to a buffer while that is unmapped (2022).
 * Without: mmap.c, lock_two_mmap(): the locks; helped by a delay before
 * ring_buffer_attach() in attach_to_output_locked().
 */
TEST(redirected_while_it_is_unmapped)
{
	struct perf_event_attr attr = sampling_faults();
	struct tug tug = {
		.owner = pe_self(&attr), .guest = pe_self(&attr), .rounds = rounds(300),
	};
	pthread_t thread;
	struct ring ring;

	pthread_barrier_init(&tug.start, NULL, 2);
	pthread_create(&thread, NULL, redirect, &tug);
	for (int i = 0; i < tug.rounds; i++) {
		ASSERT_EQ(0, ring_map(&ring, tug.owner, 1));
		touch_pages(2);
		pthread_barrier_wait(&tug.start);
		for (int j = 0; j < i % 16 * 100; j++)
			__atomic_thread_fence(__ATOMIC_SEQ_CST);
		/* Once in a while in turn, however the threads run. */
		while (i % 16 == 15 && __atomic_load_n(&tug.tried, __ATOMIC_ACQUIRE) <= i)
			sched_yield();
		ring_unmap(&ring);
		pthread_barrier_wait(&tug.start);
		/* Nobody maps it: it is nobody's. */
		ASSERT_EQ(POLLHUP, poll_now(tug.owner, 0));
		ASSERT_EQ(POLLHUP, poll_now(tug.guest, 0));
	}
	pthread_join(thread, NULL);
	EXPECT_LT(0, tug.joined);
}

/*
 * Half a mapping, which nobody can account for (2025).
 * Without: mmap.c, perf_mmap_may_split().
 */
TEST(a_mapping_is_not_split)
{
	struct perf_event_attr attr = sampling_faults();
	int fd = pe_self(&attr);
	long page = getpagesize();
	struct ring ring;

	ASSERT_EQ(0, ring_map(&ring, fd, 4));
	EXPECT_EQ(-1, munmap(ring.page, page));
	EXPECT_EQ(-1, munmap(ring.data, ring.size));
	EXPECT_EQ(-1, munmap(ring.data + page, page));
	EXPECT_EQ(-1, mprotect(ring.data, page, PROT_READ));
	EXPECT_EQ(-1, madvise(ring.data, page, MADV_DOFORK));
	EXPECT_EQ(MAP_FAILED, mremap(ring.data, page, page, MREMAP_MAYMOVE | MREMAP_FIXED,
				     pages_new(1)));
	touch_pages(3);
	EXPECT_LE(3, ring_drain(&ring, PERF_RECORD_SAMPLE));
	EXPECT_EQ(0, munmap(ring.page, ring.len));
	EXPECT_EQ(POLLHUP, poll_now(fd, 0));
}

/* kB of pinned pages of this process, or -1. */
static long pinned(void)
{
	char text[4096], *p;

	if (file_read("/proc/self/status", text, sizeof(text)) < 0)
		return -1;
	p = strstr(text, "VmPin:");
	return p ? strtol(p + 6, NULL, 10) : -1;
}

/*
 * A buffer larger than any that can be (2023), and what it was charged for.
 * Without: ring_buffer.c, rb_alloc(): KMALLOC_MAX_SIZE and __GFP_NOWARN: the
 * kernel warns.  Without: mmap.c, map_new_buffer(): mlock_uncharge().
 */
TEST(buffer_larger_than_any)
{
	struct perf_event_attr attr = sampling_faults();
	struct ring ring;
	long before;
	int fd;

	if (sizeof(long) < 8)
		SKIP(return, "no room for it");
	fd = pe_self(&attr);
	before = pinned();
	for (int order = 20; order <= 30; order += 5) {
		int err = ring_map(&ring, fd, 1U << order);

		EXPECT_TRUE(err == -ENOMEM || err == -EPERM) {
			TH_LOG("2^%d pages: %d", order, err);
		}
	}
	EXPECT_EQ(before, pinned());
	EXPECT_EQ(0, ring_map(&ring, fd, 1));
}

/*
 * The record of losses that goes before the one that fits again takes its end
 * from that one's data, which may be another's, or none (2023).
 * Without: ring_buffer.c, output_lost(): perf_event_header__init(), together with
 * the sample that sideband.c, sb_write(), passes on.
 */
TEST(losses_are_told_in_full)
{
	struct perf_event_attr attr = sampling_faults();
	struct perf_event_attr plain = sampling_faults();
	struct sample s, own;
	union record rec;
	struct ring ring;
	int fd[3], lost;

	warm_up();
	attr.disabled = 1;
	plain.disabled = 1;
	/* It writes there, too, and knows of nothing but an address. */
	fd[1] = pe_self(&plain);
	attr.sample_id_all = 1;
	attr.comm = 1;
	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |
			   PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_IDENTIFIER;
	fd[0] = pe_self(&attr);
	fd[2] = fd[0];
	ASSERT_EQ(0, ring_map(&ring, fd[0], 1));
	ASSERT_EQ(0, pe_ioctl(fd[1], PERF_EVENT_IOC_SET_OUTPUT, fd[0]));
	prctl(PR_SET_NAME, "before");
	/* What comes next is a sample, one of the other event, a new name. */
	for (int i = 0; i < 3; i++) {
		lost = -pe_count(fd[0]);
		burst(fd[0], 200);
		lost += pe_count(fd[0]) - ring_drain(&ring, PERF_RECORD_SAMPLE);
		ASSERT_LT(0, lost);
		pe_enable(fd[i]);
		if (i == 2)
			prctl(PR_SET_NAME, "regress");
		else
			touch_pages(1);
		pe_disable(fd[i]);
		ASSERT_EQ(1, ring_next(&ring, &rec));
		ASSERT_EQ(PERF_RECORD_LOST, rec.head.type);
		EXPECT_EQ(pe_id(fd[i]), rec.words[1]);
		EXPECT_EQ(lost, rec.words[2]);
		EXPECT_EQ(24 + trailer_size(i == 1 ? &plain : &attr), rec.head.size);
		if (i == 1) {
			ASSERT_EQ(1, ring_next(&ring, &rec));
			EXPECT_TRUE(sample_parse(&rec, &plain, &s));
			continue;
		}
		ASSERT_TRUE(trailer_parse(&rec, &attr, &s));
		ASSERT_EQ(1, ring_next(&ring, &rec));
		ASSERT_TRUE(i == 2 ? trailer_parse(&rec, &attr, &own) :
				     sample_parse(&rec, &attr, &own));
		EXPECT_EQ(get_tid(), s.task.tid);
		EXPECT_EQ(getpid(), s.task.pid);
		EXPECT_EQ(own.id, s.id);
		EXPECT_EQ(own.identifier, s.identifier);
		EXPECT_EQ(own.stream_id, s.stream_id);
		EXPECT_EQ(own.cpu.cpu, s.cpu.cpu);
		EXPECT_EQ(own.time, s.time);
		ring_drain(&ring, PERF_RECORD_SAMPLE);
	}
}

/*
 * The record of losses spoils the sample that it goes before: that of a child says
 * that its parent took it.
 * Without: ring_buffer.c, output_lost(): a sample of its own.
 */
TEST(losses_leave_the_sample_alone)
{
	struct perf_event_attr attr = sampling_faults();
	struct perf_event_attr own = fault_attr();
	__u64 stream = 0;
	union record rec;
	struct worker w;
	struct sample s;
	struct ring ring;
	int fd;

	pin_to(0);
	attr.inherit = 1;
	attr.sample_id_all = 1;
	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_STREAM_ID;
	fd = pe_open(&attr, 0, 0, -1, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ring_map(&ring, fd, 1));
	/* Not inherited: else the tasks swap their events when they take turns. */
	ASSERT_LE(0, pe_self(&own));
	toucher_fork(&w, 200);
	ASSERT_TRUE(worker_wait(&w));
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	while (ring_find(&ring, PERF_RECORD_SAMPLE, &rec) == 1) {
		ASSERT_TRUE(sample_parse(&rec, &attr, &s));
		if (s.task.tid == (__u32)w.pid)
			stream = s.stream_id;
	}
	ASSERT_NE(0, stream);
	EXPECT_NE(pe_id(fd), stream);
	/* Of ours there is none in between. */
	pe_ioctl(fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 1);
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	ring_drain(&ring, PERF_RECORD_SAMPLE);
	pe_ioctl(fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 0);
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	ASSERT_EQ(1, ring_find(&ring, PERF_RECORD_LOST, &rec));
	ASSERT_EQ(1, ring_next(&ring, &rec));
	ASSERT_TRUE(sample_parse(&rec, &attr, &s));
	ASSERT_EQ(w.pid, s.task.tid);
	EXPECT_EQ(stream, s.stream_id);
	EXPECT_EQ(0, worker_join(&w));
}

/* ---- AUX areas ---- */

FIXTURE(aux)
{
	struct perf_event_attr attr;
	struct ring ring;
	long page;
	int fd;
	int guest;
};

FIXTURE_SETUP(aux)
{
	self->page = getpagesize();
	self->attr = bts_attr();
	if ((int)self->attr.type < 0)
		SKIP(return, "no PMU intel_bts");
	self->fd = pe_self(&self->attr);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, 1));
	self->ring.page->aux_offset = 2 * self->page;
	self->ring.page->aux_size = 4 * self->page;
}

FIXTURE_TEARDOWN(aux)
{
	close(self->fd);
}

static int map_aux(int fd, long page, unsigned char **p)
{
	*p = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 2 * page);
	return *p == MAP_FAILED ? -errno : 0;
}

/* Map the area through @fd and unmap it again, as often as told; then, what came of it. */
static void map_in_turns(struct worker *w, int fd, long page, int *result)
{
	unsigned char *p;

	while (worker_wait(w)) {
		*result = map_aux(fd, page, &p);
		if (!*result)
			munmap(p, 4 * page);
		worker_post(w);
	}
	_exit(0);
}

/*
 * Two processes and two events of one buffer make its area at once (2024), or look
 * at it while it is made (2026).  The second event could not make one: it finds
 * all of it, or nothing.
 * Without: mmap.c, map_aux(): guard(mutex)(); helped by a delay in map_new_aux().
 */
TEST_F(aux, is_made_once)
{
	struct perf_event_attr attr = fault_attr();
	int *result = mmap(NULL, self->page, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int guest = pe_self(&attr), seen = 0;
	unsigned char *p;
	struct worker w;
	long before;

	if (!worker_fork(&w))
		map_in_turns(&w, guest, self->page, result);
	before = pinned();
	for (int round = 0; round < rounds(300); round++) {
		/* It left with its last mapping. */
		ASSERT_EQ(0, pe_ioctl(guest, PERF_EVENT_IOC_SET_OUTPUT, self->fd));
		worker_post(&w);
		for (int i = 0; i < round % 16 * 200; i++)
			__atomic_thread_fence(__ATOMIC_SEQ_CST);
		ASSERT_EQ(0, map_aux(self->fd, self->page, &p));
		ASSERT_TRUE(worker_wait(&w));
		seen |= *result ? 2 : 1;
		ASSERT_TRUE(!*result || *result == -EOPNOTSUPP) {
			TH_LOG("round %d: %d", round, *result);
		}
		munmap(p, 4 * self->page);
		ASSERT_EQ(before, pinned());
	}
	if (seen != 3)
		TH_LOG("always the same one came first: nothing raced on this host");
	EXPECT_EQ(0, worker_join(&w));
}

/*
 * An area larger than any (2023).
 * Without: aux.c, rb_alloc_aux(): KMALLOC_MAX_SIZE, and __GFP_NOWARN: the kernel
 * warns.
 */
TEST_F(aux, larger_than_any)
{
	for (int order = 20; order <= 30; order += 5) {
		size_t len = self->page << order;

		self->ring.page->aux_size = len;
		EXPECT_EQ(MAP_FAILED, mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED,
					   self->fd, 2 * self->page));
		EXPECT_EQ(ENOMEM, errno);
	}
	self->ring.page->aux_size = 4 * self->page;
	EXPECT_NE(MAP_FAILED, mmap(NULL, 4 * self->page, PROT_READ | PROT_WRITE, MAP_SHARED,
				   self->fd, 2 * self->page));
}

TEST_HARNESS_MAIN
