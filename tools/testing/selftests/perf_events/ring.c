// SPDX-License-Identifier: GPL-2.0
/*
 * The mapped buffer: which mappings are valid, how records come out of it in
 * both directions, who is woken when, what becomes of records that find no
 * room, and who shares it with whom.
 */
#include "perf_util.h"

#define FAULTS	200

static struct perf_event_attr ring_attr(void)
{
	struct perf_event_attr attr = fault_attr();

	attr.disabled = 1;
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_ADDR;
	attr.read_format = PERF_FORMAT_LOST;
	return attr;
}

static __u64 lost_of(int fd)
{
	__u64 buf[2] = { 0, NO_COUNT };

	return read(fd, buf, sizeof(buf)) == sizeof(buf) ? buf[1] : NO_COUNT;
}

/* ---- Mappings ---- */

FIXTURE(map)
{
	struct perf_event_attr attr;
	long page;
	int fd;
};

FIXTURE_SETUP(map)
{
	warm_up();
	self->page = getpagesize();
	self->attr = ring_attr();
	self->fd = pe_self(&self->attr);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(map)
{
	close(self->fd);
}

static int try_map(int fd, size_t len, int prot, int flags, off_t at)
{
	void *p = mmap(NULL, len, prot, flags, fd, at);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, len);
	return 0;
}

TEST_F(map, sizes)
{
	static const struct {
		unsigned int pages;
		int want;
	} row[] = {
		{ 1, 0 }, { 2, 0 }, { 3, 0 }, { 5, 0 }, { 9, 0 }, { 129, 0 },
		{ 4, -EINVAL }, { 6, -EINVAL }, { 7, -EINVAL }, { 8, -EINVAL },
		{ 10, -EINVAL }, { 128, -EINVAL }, { 130, -EINVAL },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
		EXPECT_EQ(row[i].want, try_map(self->fd, row[i].pages * self->page,
					       PROT_READ | PROT_WRITE, MAP_SHARED, 0)) {
			TH_LOG("%u pages", row[i].pages);
		}
	}
}

TEST_F(map, kinds)
{
	int rw = PROT_READ | PROT_WRITE;
	size_t len = 3 * self->page;

	EXPECT_EQ(0, try_map(self->fd, len, PROT_READ, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, try_map(self->fd, len, rw, MAP_PRIVATE, 0));
	EXPECT_EQ(-EINVAL, try_map(self->fd, len, PROT_READ, MAP_PRIVATE, 0));
	EXPECT_NE(0, try_map(self->fd, len, rw, MAP_SHARED, self->page));
	EXPECT_NE(0, try_map(self->fd, len, rw, MAP_SHARED, 3 * self->page));
}

/* A trace beside it needs a PMU that writes one; first, the page must announce it. */
TEST_F(map, no_aux_of_a_software_event)
{
	struct ring ring;
	int rw = PROT_READ | PROT_WRITE;

	ASSERT_EQ(0, ring_map(&ring, self->fd, 1));
	EXPECT_EQ(-EINVAL, try_map(self->fd, self->page, rw, MAP_SHARED, 2 * self->page));
	ring.page->aux_offset = 2 * self->page;
	ring.page->aux_size = 2 * self->page;
	EXPECT_EQ(-EINVAL, try_map(self->fd, self->page, rw, MAP_SHARED, 2 * self->page));
	ring.page->aux_size = self->page;
	EXPECT_EQ(-EOPNOTSUPP, try_map(self->fd, self->page, rw, MAP_SHARED, 2 * self->page));
	/* The buffer is as it was. */
	burst(self->fd, 2);
	EXPECT_EQ(2, ring_drain(&ring, PERF_RECORD_SAMPLE));
}

TEST_F(map, again_with_the_same_size_only)
{
	struct ring one, two;

	ASSERT_EQ(0, ring_map(&one, self->fd, 4));
	EXPECT_EQ(-EINVAL, ring_map(&two, self->fd, 8));
	EXPECT_EQ(-EINVAL, ring_map(&two, self->fd, 2));
	ASSERT_EQ(0, ring_map(&two, self->fd, 4));
	EXPECT_NE(one.page, two.page);
	burst(self->fd, 3);
	EXPECT_EQ(ring_head(&one), ring_head(&two));
	EXPECT_EQ(3, ring_drain(&one, PERF_RECORD_SAMPLE));
	EXPECT_EQ(one.page->data_tail, two.page->data_tail);
	ring_unmap(&one);
	burst(self->fd, 2);
	EXPECT_EQ(2, ring_drain(&two, PERF_RECORD_SAMPLE));
	ring_unmap(&two);
	/* The last mapping has gone: a new size is a new buffer. */
	ASSERT_EQ(0, ring_map(&one, self->fd, 8));
	EXPECT_EQ(0, ring_head(&one));
}

TEST_F(map, user_page)
{
	struct ring ring;

	ASSERT_EQ(0, ring_map(&ring, self->fd, 2));
	EXPECT_EQ(self->page, ring.page->data_offset);
	EXPECT_EQ(2 * self->page, ring.page->data_size);
	EXPECT_EQ(0, ring.page->version);
	EXPECT_EQ(0, ring.page->compat_version);
	EXPECT_EQ(0, (int)ring.page->cap_bit0);
	EXPECT_EQ(1, (int)ring.page->cap_bit0_is_deprecated);
	EXPECT_EQ(0, ring.page->index);
	EXPECT_EQ(0, ring.page->lock & 1);
	EXPECT_EQ(offsetof(struct perf_event_mmap_page, __reserved), ring.page->size);
	EXPECT_EQ(0, ring.page->data_tail);
	EXPECT_EQ(0, ring.page->aux_size);
}

TEST_F(map, no_data_pages_no_records)
{
	struct ring ring;

	ASSERT_EQ(0, ring_map(&ring, self->fd, 0));
	burst(self->fd, 3);
	EXPECT_EQ(0, ring_head(&ring));
	EXPECT_EQ(3, pe_count(self->fd));
	EXPECT_EQ(self->page, ring.page->data_offset);
	EXPECT_EQ(0, ring.page->data_size);
}

TEST_F(map, no_part_of_it_goes_alone)
{
	struct ring ring;

	ASSERT_EQ(0, ring_map(&ring, self->fd, 4));
	EXPECT_EQ(-1, munmap(ring.page, self->page));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, munmap(ring.data + self->page, self->page));
	EXPECT_EQ(0, munmap(ring.page, ring.len));
}

TEST_F(map, outlives_the_descriptor)
{
	struct ring ring;

	ASSERT_EQ(0, ring_map(&ring, self->fd, 4));
	burst(self->fd, 3);
	EXPECT_EQ(3, ring_drain(&ring, PERF_RECORD_SAMPLE));
	pe_enable(self->fd);
	close(self->fd);
	touch_pages(2);
	EXPECT_EQ(2, ring_drain(&ring, PERF_RECORD_SAMPLE));
	ring_unmap(&ring);
	self->fd = -1;
}

/* A child must not have the buffer, which belongs to who mapped it. */
TEST_F(map, not_across_fork)
{
	struct ring ring;
	pid_t child;

	ASSERT_EQ(0, ring_map(&ring, self->fd, 1));
	child = fork();
	if (!child) {
		__atomic_load_n(&ring.page->data_head, __ATOMIC_RELAXED);
		_exit(0);
	}
	EXPECT_EQ(1000 + SIGSEGV, child_join(child));
}

TEST_F(map, no_inherited_events_on_any_cpu)
{
	struct perf_event_attr attr = ring_attr();
	struct ring ring;
	int any, one;

	attr.inherit = 1;
	any = pe_self(&attr);
	one = pe_open(&attr, 0, 0, -1, 0);
	EXPECT_EQ(-EINVAL, ring_map(&ring, any, 1));
	EXPECT_EQ(0, ring_map(&ring, one, 1));
}

/* ---- Forward ---- */

TEST_F(map, wraps)
{
	struct sample s;
	union record rec;
	struct ring ring;
	unsigned char *p;

	ASSERT_EQ(0, ring_map(&ring, self->fd, 1));
	for (int round = 0; round < 2 * self->page / 16 + 3; round++) {
		p = pages_new(3);
		pe_enable(self->fd);
		pages_touch(p, 3);
		pe_disable(self->fd);
		for (int i = 0; i < 3; i++) {
			ASSERT_EQ(1, ring_next(&ring, &rec));
			ASSERT_TRUE(sample_parse(&rec, &self->attr, &s));
			ASSERT_EQ((unsigned long)p + i * self->page, s.addr);
		}
		ASSERT_EQ(0, ring_next(&ring, &rec));
		pages_free(p, 3);
	}
	EXPECT_LT(4 * self->page, ring_head(&ring));
	EXPECT_EQ(0, lost_of(self->fd));
}

/* A record of 24 bytes does not divide a page: some lie across its end, or the ring's. */
TEST_F(map, wraps_inside_a_record)
{
	struct sample s;
	union record rec;
	struct ring ring;
	unsigned char *p;

	close(self->fd);
	self->attr.sample_type |= PERF_SAMPLE_TID;
	self->fd = pe_self(&self->attr);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 2));
	for (int round = 0; round < self->page / 24 * 4; round++) {
		p = pages_new(1);
		pe_enable(self->fd);
		pages_touch(p, 1);
		pe_disable(self->fd);
		ASSERT_EQ(1, ring_next(&ring, &rec));
		ASSERT_TRUE(sample_parse(&rec, &self->attr, &s));
		ASSERT_EQ((unsigned long)p, s.addr);
		ASSERT_EQ(getpid(), s.task.pid);
		pages_free(p, 1);
	}
}

/*
 * What was produced is read, reported by a LOST record, or shown by
 * PERF_FORMAT_LOST as not yet reported: nothing is silent.
 */
TEST_F(map, every_record_is_accounted_for)
{
	__u64 id = pe_id(self->fd);
	union record rec;
	struct ring ring;
	int got, samples = 0, lost = 0, reports = 0, room;

	ASSERT_EQ(0, ring_map(&ring, self->fd, 1));
	room = self->page / 16;
	burst(self->fd, room + FAULTS);
	EXPECT_EQ(room + FAULTS, pe_count(self->fd));
	EXPECT_LE(FAULTS, lost_of(self->fd));
	EXPECT_EQ(room - 1, ring_drain(&ring, PERF_RECORD_SAMPLE));
	burst(self->fd, 10);
	while ((got = ring_next(&ring, &rec)) > 0) {
		if (rec.head.type == PERF_RECORD_LOST) {
			EXPECT_EQ(24, rec.head.size);
			EXPECT_EQ(id, rec.words[1]);
			lost += rec.words[2];
			reports++;
		} else {
			EXPECT_EQ(PERF_RECORD_SAMPLE, rec.head.type);
			samples++;
		}
	}
	EXPECT_EQ(0, got);
	EXPECT_EQ(1, reports);
	EXPECT_EQ(10, samples);
	EXPECT_EQ(FAULTS + 1, lost);
	EXPECT_EQ(FAULTS + 1, lost_of(self->fd));
}

TEST_F(map, reader_that_only_reads_sees_the_last_ones)
{
	union record rec;
	struct ring ring;
	__u64 head;
	int n = 0;

	ASSERT_EQ(0, ring_map_prot(&ring, self->fd, 1, PROT_READ));
	burst(self->fd, self->page / 16 + FAULTS);
	head = ring_head(&ring);
	EXPECT_EQ(16 * (self->page / 16 + FAULTS), head);
	for (__u64 at = head - self->page; at < head; at += rec.head.size) {
		ASSERT_LT(0, ring_peek(&ring, at, head, &rec));
		ASSERT_EQ(PERF_RECORD_SAMPLE, rec.head.type);
		n++;
	}
	EXPECT_EQ(self->page / 16, n);
	EXPECT_EQ(0, lost_of(self->fd));
}

TEST_F(map, pause)
{
	struct ring ring;

	EXPECT_EQ(-EINVAL, pe_ioctl(self->fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 1));
	ASSERT_EQ(0, ring_map(&ring, self->fd, 1));
	burst(self->fd, 2);
	EXPECT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 1));
	burst(self->fd, 5);
	EXPECT_EQ(2, ring_drain(&ring, PERF_RECORD_SAMPLE));
	EXPECT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 0));
	burst(self->fd, 3);
	EXPECT_EQ(3, ring_drain(&ring, PERF_RECORD_SAMPLE));
	EXPECT_EQ(10, pe_count(self->fd));
	EXPECT_EQ(5, lost_of(self->fd));
}

/* ---- Backward ---- */

/* From the head to the first thing that is no record; never more than the buffer. */
TEST_F(map, backward_is_always_parseable)
{
	struct sample s;
	union record rec;
	struct ring ring;
	unsigned char *p;
	__u64 head;
	int n = 0;

	close(self->fd);
	self->attr.write_backward = 1;
	self->fd = pe_self(&self->attr);
	ASSERT_EQ(0, ring_map_prot(&ring, self->fd, 1, PROT_READ));
	burst(self->fd, self->page / 16 + 11);
	p = pages_new(5);
	pe_enable(self->fd);
	pages_touch(p, 5);
	pe_disable(self->fd);
	ASSERT_EQ(0, pe_ioctl(self->fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 1));
	burst(self->fd, 7);
	head = ring_head(&ring);
	EXPECT_EQ(-16 * (self->page / 16 + 16), head);
	for (__u64 at = head; at - head < ring.size; at += rec.head.size, n++) {
		ASSERT_LT(0, ring_peek(&ring, at, head + ring.size, &rec));
		ASSERT_TRUE(sample_parse(&rec, &self->attr, &s));
		ASSERT_TRUE(n >= 5 || s.addr == (unsigned long)p + (4 - n) * self->page);
	}
	EXPECT_EQ(self->page / 16, n);
}

TEST_F(map, directions_do_not_mix)
{
	struct perf_event_attr attr = ring_attr();
	struct ring ring;
	int fd;

	attr.write_backward = 1;
	fd = pe_self(&attr);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 1));
	EXPECT_EQ(-EINVAL, pe_ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, self->fd));
}

/* ---- Waking up ---- */

static int open_waking(unsigned int every, bool watermark)
{
	struct perf_event_attr attr = ring_attr();

	attr.wakeup_events = every;
	attr.watermark = watermark;
	return pe_self(&attr);
}

TEST_F(map, wakes_every_few_events)
{
	struct ring ring;
	int fd = open_waking(4, false);

	ASSERT_EQ(0, ring_map(&ring, fd, 4));
	EXPECT_EQ(0, poll_now(fd, 0));
	burst(fd, 3);
	EXPECT_EQ(0, poll_now(fd, 20));
	burst(fd, 1);
	EXPECT_EQ(POLLIN, poll_now(fd, 1000));
	EXPECT_EQ(0, poll_now(fd, 0));
	burst(fd, 3);
	EXPECT_EQ(0, poll_now(fd, 20));
	burst(fd, 1);
	EXPECT_EQ(POLLIN, poll_now(fd, 1000));
}

TEST_F(map, wakes_at_the_watermark)
{
	struct ring ring;
	int fd = open_waking(320, true);

	ASSERT_EQ(0, ring_map(&ring, fd, 4));
	burst(fd, 18);
	EXPECT_EQ(0, poll_now(fd, 20));
	burst(fd, 4);
	EXPECT_EQ(POLLIN, poll_now(fd, 1000));
	EXPECT_EQ(0, poll_now(fd, 0));
}

/* Without a figure of the user's, it wakes when half of it is full. */
TEST_F(map, wakes_at_half)
{
	struct ring ring;
	int half = self->page / 16 / 2;

	ASSERT_EQ(0, ring_map(&ring, self->fd, 1));
	burst(self->fd, half - 2);
	EXPECT_EQ(0, poll_now(self->fd, 20));
	burst(self->fd, 4);
	EXPECT_EQ(POLLIN, poll_now(self->fd, 1000));
}

TEST_F(map, poll_without_a_buffer)
{
	EXPECT_EQ(POLLHUP, poll_now(self->fd, 0));
}

TEST_F(map, poll_sees_the_end_of_the_task)
{
	struct perf_event_attr attr = ring_attr();
	struct worker w;
	struct ring ring;
	int fd;

	if (!worker_fork(&w)) {
		worker_wait(&w);
		_exit(0);
	}
	fd = pe_open(&attr, w.pid, -1, -1, 0);
	ASSERT_EQ(0, ring_map(&ring, fd, 1));
	EXPECT_EQ(0, poll_now(fd, 0));
	EXPECT_EQ(0, worker_join(&w));
	EXPECT_TRUE(poll_now(fd, 1000) & POLLHUP);
}

TEST_F(map, a_sleeper_is_woken)
{
	struct perf_event_attr attr = ring_attr();
	struct worker w;
	struct ring ring;
	__u64 start;
	int fd;

	attr.wakeup_events = 1;
	attr.disabled = 0;
	if (!worker_fork(&w)) {
		for (int i = 0; i < 2; i++) {
			worker_wait(&w);
			sleep_ms(i * 100);
			touch_pages(1);
			worker_post(&w);
		}
		worker_wait(&w);
		_exit(0);
	}
	fd = pe_open(&attr, w.pid, -1, -1, 0);
	ASSERT_EQ(0, ring_map(&ring, fd, 1));
	/* At its first turn it faults on more than that. */
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	EXPECT_EQ(POLLIN, poll_now(fd, 1000));
	worker_post(&w);
	start = now_ns(CLOCK_MONOTONIC);
	EXPECT_EQ(POLLIN, poll_now(fd, 10000));
	EXPECT_LT(50 * NSEC_PER_MSEC, now_ns(CLOCK_MONOTONIC) - start);
	EXPECT_GT(9 * NSEC_PER_SEC, now_ns(CLOCK_MONOTONIC) - start);
	worker_post(&w);
	EXPECT_EQ(0, worker_join(&w));
}

/* ---- Sharing ---- */

FIXTURE(shared)
{
	struct perf_event_attr attr;
	struct ring ring;
	int owner;
	int guest;
};

FIXTURE_SETUP(shared)
{
	warm_up();
	self->attr = ring_attr();
	self->attr.sample_type |= PERF_SAMPLE_ID;
	self->owner = pe_self(&self->attr);
	self->attr.config = PERF_COUNT_SW_PAGE_FAULTS_MIN;
	self->guest = pe_self(&self->attr);
	ASSERT_LE(0, self->owner);
	ASSERT_LE(0, self->guest);
	ASSERT_EQ(0, ring_map(&self->ring, self->owner, 4));
}

FIXTURE_TEARDOWN(shared)
{
	close(self->guest);
	close(self->owner);
}

static int count_ids(struct ring *ring, const struct perf_event_attr *attr, __u64 id)
{
	union record rec;
	struct sample s;
	int n = 0;

	while (ring_next(ring, &rec) > 0) {
		if (!sample_parse(&rec, attr, &s))
			return -1;
		n += s.id == id;
	}
	return n;
}

/* As burst(), of both events. */
static void both_burst(struct _test_data_shared *self, int nr)
{
	pe_enable(self->guest);
	burst(self->owner, nr);
	pe_disable(self->guest);
}

TEST_F(shared, both_write)
{
	int own = pe_id(self->owner), other = pe_id(self->guest);

	both_burst(self, 3);
	EXPECT_EQ(0, count_ids(&self->ring, &self->attr, other));
	ASSERT_EQ(0, pe_ioctl(self->guest, PERF_EVENT_IOC_SET_OUTPUT, self->owner));
	both_burst(self, 3);
	EXPECT_EQ(3, count_ids(&self->ring, &self->attr, other));
	both_burst(self, 3);
	EXPECT_EQ(3, count_ids(&self->ring, &self->attr, own));
	ASSERT_EQ(0, pe_ioctl(self->guest, PERF_EVENT_IOC_SET_OUTPUT, -1));
	both_burst(self, 3);
	EXPECT_EQ(0, count_ids(&self->ring, &self->attr, other));
}

/* The buffer stays while it is mapped, though the event that made it is closed. */
TEST_F(shared, guest_stays_when_the_owner_closes)
{
	ASSERT_EQ(0, pe_ioctl(self->guest, PERF_EVENT_IOC_SET_OUTPUT, self->owner));
	close(self->owner);
	self->owner = -1;
	ring_drain(&self->ring, PERF_RECORD_SAMPLE);
	burst(self->guest, 4);
	EXPECT_EQ(4, count_ids(&self->ring, &self->attr, pe_id(self->guest)));
}

TEST_F(shared, unmapping_ends_it_for_all)
{
	struct ring own;

	ASSERT_EQ(0, pe_ioctl(self->guest, PERF_EVENT_IOC_SET_OUTPUT, self->owner));
	EXPECT_EQ(0, poll_now(self->guest, 0));
	ring_unmap(&self->ring);
	EXPECT_EQ(POLLHUP, poll_now(self->guest, 0));
	both_burst(self, 4);
	EXPECT_EQ(4, pe_count(self->guest));
	ASSERT_EQ(0, ring_map(&own, self->guest, 1));
	both_burst(self, 2);
	EXPECT_EQ(2, ring_drain(&own, PERF_RECORD_SAMPLE));
}

TEST_F(shared, mapping_through_the_guest)
{
	struct ring same;

	ASSERT_EQ(0, pe_ioctl(self->guest, PERF_EVENT_IOC_SET_OUTPUT, self->owner));
	EXPECT_EQ(-EINVAL, ring_map(&same, self->guest, 2));
	ASSERT_EQ(0, ring_map(&same, self->guest, 4));
	both_burst(self, 2);
	EXPECT_EQ(4, ring_drain(&same, PERF_RECORD_SAMPLE));
	/* The owner leaves with its last own mapping; the buffer stays for the guest. */
	ring_unmap(&self->ring);
	both_burst(self, 2);
	EXPECT_EQ(2, ring_drain(&same, PERF_RECORD_SAMPLE));
}

/* Nor to the buffer of another one: the copies run on other CPUs, all at once. */
TEST_F(shared, no_inherited_events_on_any_cpu)
{
	unsigned long set = PERF_EVENT_IOC_SET_OUTPUT;
	unsigned long output = PERF_FLAG_FD_NO_GROUP | PERF_FLAG_FD_OUTPUT;
	struct perf_event_attr attr = self->attr;
	struct ring ring;
	int any, one, two;

	attr.inherit = 1;
	any = pe_self(&attr);
	ASSERT_LE(0, any);
	EXPECT_EQ(-EINVAL, pe_ioctl(any, set, self->owner));
	EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, self->owner, output));
	EXPECT_EQ(0, pe_ioctl(any, set, -1));
	one = pe_open(&attr, 0, 0, -1, 0);
	two = pe_open(&attr, 0, 0, -1, 0);
	ASSERT_EQ(0, ring_map(&ring, one, 1));
	EXPECT_EQ(0, pe_ioctl(two, set, one));
	EXPECT_EQ(0, try_open(&attr, 0, 0, one, output));
}

TEST_F(shared, rules)
{
	struct perf_event_attr attr = ring_attr();
	unsigned long set = PERF_EVENT_IOC_SET_OUTPUT;
	struct ring ring;
	int fd, pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-EINVAL, pe_ioctl(self->guest, set, self->guest));
	EXPECT_EQ(-EINVAL, pe_ioctl(self->owner, set, self->guest));
	EXPECT_EQ(-EBADF, pe_ioctl(self->guest, set, 9999));
	EXPECT_EQ(-EBADF, pe_ioctl(self->guest, set, pipes[0]));
	fd = pe_open(&attr, 0, 0, -1, 0);
	EXPECT_EQ(-EINVAL, pe_ioctl(fd, set, self->owner));
	fd = pe_open(&attr, getppid(), -1, -1, 0);
	EXPECT_EQ(-EINVAL, pe_ioctl(fd, set, self->owner));
	attr.use_clockid = 1;
	attr.clockid = CLOCK_MONOTONIC;
	fd = pe_self(&attr);
	EXPECT_EQ(-EINVAL, pe_ioctl(fd, set, self->owner));
	/* Mapped itself: it keeps its own. */
	ASSERT_EQ(0, ring_map(&ring, self->guest, 1));
	EXPECT_EQ(-EINVAL, pe_ioctl(self->guest, set, self->owner));
	EXPECT_EQ(-EINVAL, pe_ioctl(self->guest, set, -1));
}

TEST_HARNESS_MAIN
