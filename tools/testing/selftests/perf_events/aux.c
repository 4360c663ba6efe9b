// SPDX-License-Identifier: GPL-2.0
/*
 * AUX areas: how one is mapped beside a buffer, the records that tell of it, what
 * becomes of a trace that is not read, and a PMU that is either tasks' or
 * CPUs'.  The PMU is that of Intel's branch trace store: 24 bytes a branch.
 */
#include "hw_util.h"

#define DATA_PAGES	1
#define BRANCH_BYTES	24

struct aux_record {
	struct perf_event_header head;
	__u64 offset;
	__u64 size;
	__u64 flags;
};

FIXTURE(aux)
{
	struct perf_event_attr attr;
	struct ring ring;
	union record rec;
	unsigned char *area;
	size_t len;
	long page;
	int fd;
};

FIXTURE_SETUP(aux)
{
	self->page = getpagesize();
	self->attr = bts_attr();
	if ((int)self->attr.type < 0)
		SKIP(return, "no PMU intel_bts");
	self->fd = -1;
}

FIXTURE_TEARDOWN(aux)
{
	close(self->fd);
}

/* Open, and map @pages of AUX; 0 or an errno. */
static int trace(struct _test_data_aux *self, int pages, int prot)
{
	int err;

	self->fd = pe_self(&self->attr);
	if (self->fd < 0)
		return self->fd;
	err = ring_map(&self->ring, self->fd, DATA_PAGES);
	if (err)
		return err;
	self->len = pages * self->page;
	self->ring.page->aux_offset = (1 + DATA_PAGES) * self->page;
	self->ring.page->aux_size = self->len;
	self->area = mmap(NULL, self->len, prot, MAP_SHARED, self->fd,
			  self->ring.page->aux_offset);
	return self->area == MAP_FAILED ? -errno : 0;
}

/* The next of PERF_RECORD_AUX; what came before it is thrown away. */
static bool next_aux(struct _test_data_aux *self, struct aux_record *aux)
{
	if (ring_find(&self->ring, PERF_RECORD_AUX, &self->rec) != 1)
		return false;
	memcpy(aux, &self->rec, sizeof(*aux));
	return self->rec.head.size == sizeof(*aux) + trailer_size(&self->attr);
}

/* ---- Mapping ---- */

TEST_F(aux, place_is_what_the_page_says)
{
	int rw = PROT_READ | PROT_WRITE;
	long page = self->page;
	static const struct {
		int at;
		int pages;
		int mapped;
		int want;
	} row[] = {
		{ 2, 4, 4, 0 }, { 16, 1, 1, 0 }, { 2, 4, 2, -EINVAL }, { 2, 3, 3, -EINVAL },
		{ 1, 4, 4, -EINVAL }, { 0, 4, 4, -EINVAL }, { 3, 4, 4, 0 },
	};
	struct perf_event_mmap_page *pg;

	self->fd = pe_self(&self->attr);
	ASSERT_EQ(0, ring_map(&self->ring, self->fd, DATA_PAGES));
	pg = self->ring.page;
	EXPECT_EQ(0, pg->aux_head);
	for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
		void *p;

		pg->aux_offset = row[i].at * page;
		pg->aux_size = row[i].pages * page;
		p = mmap(NULL, row[i].mapped * page, rw, MAP_SHARED, self->fd,
			 (row[i].at ?: 2) * page);
		EXPECT_EQ(row[i].want, p == MAP_FAILED ? -errno : 0) {
			TH_LOG("row %u", i);
		}
		if (p != MAP_FAILED)
			munmap(p, row[i].mapped * page);
	}
}

/* It has to be there first, and goes first; both may be mapped again. */
TEST_F(aux, comes_after_the_buffer)
{
	int fd = pe_self(&self->attr);
	void *again;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->page, PROT_READ, MAP_SHARED, fd, 2 * self->page));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, trace(self, 4, PROT_READ | PROT_WRITE));
		again = mmap(NULL, self->len, PROT_READ, MAP_SHARED, self->fd, 2 * self->page);
		ASSERT_NE(MAP_FAILED, again);
		ASSERT_EQ(0, munmap(again, self->len));
		ASSERT_EQ(0, munmap(self->area, self->len));
		ring_unmap(&self->ring);
		close(self->fd);
	}
}

/* ---- Tracing ---- */

/* One record a stretch; where it lies, and that the last branch is in it. */
TEST_F(aux, a_stretch)
{
	__u64 head = loop(1), from = 0, to = 0, last = 0;
	struct aux_record aux;
	struct sample s;

	self->attr.sample_id_all = 1;
	self->attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_IDENTIFIER;
	ASSERT_EQ(0, trace(self, 16, PROT_READ | PROT_WRITE));
	for (int i = 0; i < 3; i++) {
		pe_enable(self->fd);
		loop(200);
		pe_disable(self->fd);
		ASSERT_TRUE(next_aux(self, &aux));
		ASSERT_TRUE(trailer_parse(&self->rec, &self->attr, &s));
		EXPECT_EQ(pe_id(self->fd), s.identifier);
		EXPECT_EQ(last, aux.offset);
		EXPECT_LE(199 * BRANCH_BYTES, aux.size);
		EXPECT_EQ(0, aux.flags);
		last = aux.offset + aux.size;
		EXPECT_EQ(last, self->ring.page->aux_head);
		/* Somewhere in it the loop jumped to its start. */
		for (__u64 at = aux.offset; at < last; at += BRANCH_BYTES) {
			memcpy(&from, self->area + at, 8);
			memcpy(&to, self->area + at + 8, 8);
			if (to == head)
				break;
		}
		EXPECT_EQ(head, to);
		EXPECT_EQ(head + LOOP_JUMP, from);
	}
}

/* Whose instructions a trace begins with, before all else. */
TEST_F(aux, begins_with_a_name)
{
	ASSERT_EQ(0, trace(self, 4, PROT_READ | PROT_WRITE));
	pe_enable(self->fd);
	pe_disable(self->fd);
	ASSERT_EQ(1, ring_next(&self->ring, &self->rec));
	EXPECT_EQ(PERF_RECORD_ITRACE_START, self->rec.head.type);
	EXPECT_EQ(16, self->rec.head.size);
	EXPECT_EQ(getpid(), self->rec.halves[2]);
	EXPECT_EQ(get_tid(), self->rec.halves[3]);
}

/* Nobody reads: it ends with a flag, and the event with it, until it is enabled. */
TEST_F(aux, a_full_area_ends_the_trace)
{
	struct aux_record aux;
	__u64 flags = 0, sum = 0;

	ASSERT_EQ(0, trace(self, 4, PROT_READ | PROT_WRITE));
	pe_enable(self->fd);
	loop(10000);
	while (next_aux(self, &aux)) {
		flags |= aux.flags;
		sum += aux.size;
	}
	EXPECT_EQ(PERF_AUX_FLAG_TRUNCATED, flags);
	EXPECT_GE(self->len, sum);
	EXPECT_LT(self->len / 2, sum);
	loop(1000);
	EXPECT_FALSE(next_aux(self, &aux));
	/* With room again it goes on. */
	pe_disable(self->fd);
	ring_drain(&self->ring, PERF_RECORD_AUX);
	__atomic_store_n(&self->ring.page->aux_tail, self->ring.page->aux_head, __ATOMIC_RELEASE);
	pe_enable(self->fd);
	loop(20);
	pe_disable(self->fd);
	ASSERT_TRUE(next_aux(self, &aux));
	EXPECT_LE(19 * BRANCH_BYTES, aux.size);
}

/* Read-only: the newest stays, and it never ends. */
TEST_F(aux, goes_round_when_it_is_not_read)
{
	struct aux_record aux;

	ASSERT_EQ(0, trace(self, 4, PROT_READ));
	pe_enable(self->fd);
	loop(10000);
	pe_disable(self->fd);
	ASSERT_TRUE(next_aux(self, &aux));
	EXPECT_EQ(PERF_AUX_FLAG_OVERWRITE, aux.flags & PERF_AUX_FLAG_OVERWRITE);
	EXPECT_EQ(0, aux.flags & PERF_AUX_FLAG_TRUNCATED);
	EXPECT_GE(self->len, aux.size);
	EXPECT_LT(0, aux.size);
	EXPECT_GT(self->len, self->ring.page->aux_head);
}

static int wakes(struct _test_data_aux *self)
{
	struct pollfd p = { .fd = self->fd, .events = POLLIN };

	return poll(&p, 1, 20) == 1 && p.revents & POLLIN;
}

TEST_F(aux, wakes_at_the_watermark)
{
	/* The PMU passes over single pages, which it cannot fill: that would be news. */
	self->attr.aux_watermark = 4 * self->page;
	ASSERT_EQ(0, trace(self, 16, PROT_READ | PROT_WRITE));
	pe_enable(self->fd);
	pe_disable(self->fd);
	EXPECT_FALSE(wakes(self));
	pe_enable(self->fd);
	loop(5 * self->page / BRANCH_BYTES);
	pe_disable(self->fd);
	EXPECT_TRUE(wakes(self));
	pe_enable(self->fd);
	loop(2);
	pe_disable(self->fd);
	EXPECT_FALSE(wakes(self));
}

/* What is unmapped is written to no more, whether or not the event runs. */
TEST_F(aux, unmapped_while_it_traces)
{
	struct aux_record aux;

	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, trace(self, 4, PROT_READ | PROT_WRITE));
		pe_enable(self->fd);
		loop(10);
		ASSERT_EQ(0, munmap(self->area, self->len));
		while (next_aux(self, &aux))
			;
		loop(2000);
		EXPECT_FALSE(next_aux(self, &aux));
		ring_unmap(&self->ring);
		close(self->fd);
	}
}

/* ---- What such a PMU refuses ---- */

/* One that cannot do several things at once is tasks' or CPUs', and one event's. */
TEST_F(aux, tasks_or_cpus)
{
	int fd = pe_self(&self->attr);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, pe_self(&self->attr));
	EXPECT_EQ(-EBUSY, pe_open(&self->attr, -1, 0, -1, 0));
	close(fd);
	fd = pe_open(&self->attr, -1, 0, -1, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, pe_self(&self->attr));
	EXPECT_EQ(-EBUSY, pe_open(&self->attr, -1, 0, -1, 0));
	EXPECT_EQ(0, try_open(&self->attr, -1, 1, -1, 0));
	close(fd);
	EXPECT_EQ(0, try_open(&self->attr, 0, -1, -1, 0));
}

/* It can neither pause nor give snapshots, be no trigger's target, nor take another's output. */
TEST_F(aux, what_it_cannot)
{
	struct perf_event_attr soft = fault_attr();
	int leader = pe_self(&self->attr);

	ASSERT_LE(0, leader);
	EXPECT_EQ(0, try_open(&soft, 0, -1, leader, 0));
	soft.sample_period = 1;
	soft.aux_pause = 1;
	EXPECT_EQ(-EINVAL, try_open(&soft, 0, -1, leader, 0));
	soft.aux_pause = 0;
	soft.sample_type = PERF_SAMPLE_AUX;
	soft.aux_sample_size = 64;
	EXPECT_EQ(-EINVAL, try_open(&soft, 0, -1, leader, 0));
	soft.aux_sample_size = 0;
	soft.aux_output = 1;
	EXPECT_EQ(-EOPNOTSUPP, try_open(&soft, 0, -1, leader, 0));
	close(leader);
	self->attr.enable_on_starter = 1;
	EXPECT_EQ(-EOPNOTSUPP, try_open(&self->attr, 0, -1, -1, 0));
	self->attr.enable_on_starter = 0;
	self->attr.aux_start_paused = 1;
	EXPECT_EQ(-EOPNOTSUPP, pe_self(&self->attr));
}

TEST_HARNESS_MAIN
