// SPDX-License-Identifier: GPL-2.0
/*
 * The buffer against a model that works byte by byte.
 *
 * No event is opened: a zeroed one with a buffer is all that the output path
 * looks at.  Preemption is off while a record is open: nothing is expected there
 * that could fail.
 */

#include <kunit/test.h>
#include <linux/prandom.h>

#include "internal.h"

#define NR_PAGES	4
#define RECORD_MAX	1024

struct rb_fixture {
	struct perf_event	*event;
	struct perf_sample_data	*data;
	struct perf_buffer	*rb;
	struct rnd_state	rnd;
	u8			record[RECORD_MAX];
};

static struct pmu no_pmu;

static void no_irq_work(struct irq_work *work)
{
}

static void attach(struct rb_fixture *f, struct perf_buffer *rb)
{
	mutex_lock(&f->event->mmap_mutex);
	ring_buffer_attach(f->event, rb);
	mutex_unlock(&f->event->mmap_mutex);
	f->rb = rb;
}

static void make_buffer(struct kunit *test, int nr_pages, long watermark, int flags)
{
	struct rb_fixture *f = test->priv;
	struct perf_buffer *rb = rb_alloc(nr_pages, watermark, -1, flags);

	KUNIT_ASSERT_NOT_NULL(test, rb);
	perf_event_init_userpage(f->event, rb);
	attach(f, rb);
}

static int rb_test_init(struct kunit *test)
{
	struct rb_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->event = kunit_kzalloc(test, sizeof(*f->event), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->event);
	f->data = kunit_kzalloc(test, sizeof(*f->data), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->data);

	f->event->pmu = &no_pmu;
	f->event->id = 42;
	mutex_init(&f->event->mmap_mutex);
	init_waitqueue_head(&f->event->waitq);
	INIT_LIST_HEAD(&f->event->rb_entry);
	init_irq_work(&f->event->pending_irq, no_irq_work);
	prandom_seed_state(&f->rnd, 6120);
	test->priv = f;
	return 0;
}

static void rb_test_exit(struct kunit *test)
{
	struct rb_fixture *f = test->priv;

	if (!f)
		return;

	irq_work_sync(&f->event->pending_irq);
	attach(f, NULL);
}

/* ---- The reader ------------------------------------------------------------------- */

static u8 ring_byte(struct perf_buffer *rb, unsigned long pos)
{
	unsigned long chunk = PAGE_SIZE << rb_page_order(rb);
	unsigned long off = pos % perf_data_size(rb);

	return ((u8 *)rb->data_pages[off / chunk])[off % chunk];
}

static void ring_read(struct perf_buffer *rb, unsigned long pos, void *to, unsigned long len)
{
	u8 *bytes = to;

	while (len--)
		*bytes++ = ring_byte(rb, pos++);
}

/* A record of ours: a header, and bytes that follow from its number. */
static u8 pattern(u32 number, unsigned long i)
{
	return number * 31 + i * 7;
}

/* One record through the public calls, in pieces. */
static int put_record(struct rb_fixture *f, u32 number, u16 size)
{
	struct perf_event_header header = { .type = 1000 + number, .size = size };
	struct perf_output_handle handle;
	unsigned int i, half, body = size - sizeof(header);
	int err;

	for (i = 0; i < body; i++)
		f->record[i] = pattern(number, i);

	err = perf_output_begin(&handle, f->data, f->event, size);
	if (err)
		return err;

	half = body / 2;
	perf_output_put(&handle, header);
	perf_output_copy(&handle, f->record, half);
	perf_output_copy(&handle, f->record + half, body - half);
	perf_output_end(&handle);
	return 0;
}

static bool body_is_right(struct perf_buffer *rb, unsigned long pos,
			  const struct perf_event_header *header)
{
	unsigned int i;

	for (i = sizeof(*header); i < header->size; i++) {
		if (ring_byte(rb, pos + i) != pattern(header->type - 1000, i - sizeof(*header)))
			return false;
	}
	return true;
}

static u16 random_size(struct rb_fixture *f)
{
	return 16 + 8 * (prandom_u32_state(&f->rnd) % ((RECORD_MAX - 16) / 8));
}

/* ---- Positions ----------------------------------------------------------------------- */

static unsigned long model_space(unsigned long from, unsigned long to, unsigned long size)
{
	unsigned long n = 0;

	while ((from + 1) % size != to % size) {
		from++;
		n++;
	}
	return n;
}

static void test_space(struct kunit *test)
{
	static const unsigned long starts[] = { 0, 5, 4096, LONG_MAX - 20UL, -20UL };
	unsigned long size, from, to;
	int i;

	for (size = 1; size <= 32; size *= 2) {
		for (i = 0; i < ARRAY_SIZE(starts); i++) {
			for (from = starts[i]; from != starts[i] + 2 * size; from++) {
				for (to = starts[i]; to != starts[i] + 2 * size; to++)
					KUNIT_ASSERT_EQ(test, rb_space(from, to, size),
							model_space(from, to, size));
			}
		}
	}
}

static void test_watermark(struct kunit *test)
{
	static const unsigned long starts[] = { 0, -50UL, LONG_MAX - 50UL };
	unsigned long pos, last;
	unsigned int i, step, since, wakeups, due;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		for (step = 1; step < 30; step++) {
			last = starts[i];
			wakeups = 0;
			for (since = 0, pos = last; since < 600; ) {
				pos += step;
				since += step;
				if (rb_crossed_watermark(pos, last, 32)) {
					last += 32;
					wakeups++;
				}
			}
			/* One for each 32 bytes that something was written behind. */
			due = (since - 1) / 32;
			KUNIT_EXPECT_EQ(test, wakeups, due);
		}
	}
}

static void test_seek(struct kunit *test)
{
	struct rb_fixture *f = test->priv;
	struct perf_output_handle handle = { };
	unsigned long chunk, pos, size;
	int i;

	make_buffer(test, NR_PAGES, 0, RING_BUFFER_WRITABLE);
	handle.rb = f->rb;
	size = perf_data_size(f->rb);
	chunk = PAGE_SIZE << rb_page_order(f->rb);
	KUNIT_ASSERT_EQ(test, size, NR_PAGES * PAGE_SIZE);

	for (i = 0; i < 2000; i++) {
		pos = (s32)prandom_u32_state(&f->rnd);
		rb_seek(&handle, pos);
		*(u8 *)handle.addr = pos % 251;
		KUNIT_ASSERT_EQ(test, ring_byte(f->rb, pos), pos % 251);
		KUNIT_ASSERT_EQ(test, handle.size, chunk - pos % chunk);
	}
}

/* ---- Records ----------------------------------------------------------------------------- */

struct lost_record {
	struct perf_event_header	header;
	u64				id;
	u64				lost;
};

/* What the reader should find, one entry a record; type 0 marks losses. */
struct expected {
	u32	number;
	u32	lost;
};

#define NR_EXPECTED	4096

/* Read one record at the tail; false if it is not what was expected. */
static bool read_one(struct rb_fixture *f, const struct expected *want)
{
	struct perf_event_mmap_page *page = f->rb->user_page;
	struct lost_record rec;
	bool right;

	ring_read(f->rb, page->data_tail, &rec.header, sizeof(rec.header));
	if (want->lost) {
		ring_read(f->rb, page->data_tail, &rec, sizeof(rec));
		right = rec.header.type == PERF_RECORD_LOST && rec.header.size == sizeof(rec) &&
			rec.id == 42 && rec.lost == want->lost;
	} else {
		right = rec.header.type == 1000 + want->number &&
			body_is_right(f->rb, page->data_tail, &rec.header);
	}
	page->data_tail += rec.header.size;
	return right;
}

/* Random records and a reader that is too slow at times. */
static void test_forward(struct kunit *test)
{
	struct rb_fixture *f = test->priv;
	struct expected *want = kunit_kcalloc(test, NR_EXPECTED, sizeof(*want), GFP_KERNEL);
	struct perf_event_mmap_page *page;
	u32 number, nr_want = 0, nr_read = 0, lost = 0, total_lost = 0, need, size;
	unsigned long used;
	bool fits;

	KUNIT_ASSERT_NOT_NULL(test, want);
	make_buffer(test, NR_PAGES, 0, RING_BUFFER_WRITABLE);
	page = f->rb->user_page;

	for (number = 1; number < NR_EXPECTED / 2; number++) {
		size = random_size(f);
		need = size + (lost ? sizeof(struct lost_record) : 0);
		used = page->data_head - page->data_tail;
		fits = used + need < NR_PAGES * PAGE_SIZE;

		KUNIT_ASSERT_EQ(test, put_record(f, number, size), fits ? 0 : -ENOSPC);
		if (!fits) {
			lost++;
			total_lost++;
		} else {
			if (lost)
				want[nr_want++].lost = lost;
			lost = 0;
			want[nr_want++].number = number;
			KUNIT_ASSERT_EQ(test, page->data_head - page->data_tail, used + need);
		}

		while (nr_read < nr_want && prandom_u32_state(&f->rnd) % 100 < 47)
			KUNIT_ASSERT_TRUE(test, read_one(f, &want[nr_read++]));
	}

	KUNIT_EXPECT_GT(test, total_lost, 10);
	KUNIT_EXPECT_EQ(test, atomic64_read(&f->event->lost_samples), total_lost);
}

/* Overwritten: from data_head on, the youngest records in one piece. */
static void test_backward(struct kunit *test)
{
	struct rb_fixture *f = test->priv;
	struct perf_event_header header;
	unsigned long pos, left;
	u32 number, next;

	f->event->attr.write_backward = 1;
	make_buffer(test, NR_PAGES, 0, 0);

	for (number = 1; number < 500; number++) {
		KUNIT_ASSERT_EQ(test, put_record(f, number, random_size(f)), 0);

		next = number;
		pos = f->rb->user_page->data_head;
		left = perf_data_size(f->rb);
		/* Up to where the ring begins again, or the first record was written. */
		for (; next && left >= sizeof(header); next--) {
			ring_read(f->rb, pos, &header, sizeof(header));
			if (header.size > left)
				break;
			KUNIT_ASSERT_EQ(test, header.type, 1000 + next);
			KUNIT_ASSERT_TRUE(test, body_is_right(f->rb, pos, &header));
			pos += header.size;
			left -= header.size;
		}
		/* Nothing shorter than the largest record is missing. */
		KUNIT_ASSERT_TRUE(test, !next || left < RECORD_MAX);
	}
}

/* Backwards with a reader: full when it is full, woken as it goes down. */
static void test_backward_full(struct kunit *test)
{
	struct rb_fixture *f = test->priv;
	struct perf_event_mmap_page *page;
	unsigned int written = 0, i;
	bool fits;

	f->event->attr.write_backward = 1;
	make_buffer(test, NR_PAGES, PAGE_SIZE, RING_BUFFER_WRITABLE);
	page = f->rb->user_page;

	for (i = 1; i < 100; i++) {
		fits = written + RECORD_MAX / 2 < NR_PAGES * PAGE_SIZE;
		KUNIT_ASSERT_EQ(test, put_record(f, i, RECORD_MAX / 2), fits ? 0 : -ENOSPC);
		if (!fits)
			break;
		written += RECORD_MAX / 2;
		KUNIT_EXPECT_EQ(test, (unsigned long)page->data_head, -(unsigned long)written);
	}

	KUNIT_EXPECT_FALSE(test, fits);
	KUNIT_EXPECT_EQ(test, local_read(&f->rb->wakeup), (written - 1) / PAGE_SIZE * PAGE_SIZE);
	page->data_tail = -(unsigned long)RECORD_MAX;
	KUNIT_EXPECT_EQ(test, put_record(f, i, RECORD_MAX / 2), 0);
}

/* A writer that is interrupted publishes for both. */
static void test_nested(struct kunit *test)
{
	static const u64 word = 1;
	struct rb_fixture *f = test->priv;
	struct perf_output_handle outer;
	struct perf_event_header header;
	u64 before, during, after;
	int err;

	make_buffer(test, NR_PAGES, 0, RING_BUFFER_WRITABLE);
	before = f->rb->user_page->data_head;

	header = (struct perf_event_header) { .type = 7, .size = 16 };
	err = perf_output_begin(&outer, f->data, f->event, header.size);
	KUNIT_ASSERT_EQ(test, err, 0);
	perf_output_put(&outer, header);
	err = put_record(f, 1, 24);
	during = f->rb->user_page->data_head;
	perf_output_put(&outer, word);
	perf_output_end(&outer);
	after = f->rb->user_page->data_head;

	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, during, before);
	KUNIT_EXPECT_EQ(test, after, before + 16 + 24);
	ring_read(f->rb, before, &header, sizeof(header));
	KUNIT_EXPECT_EQ(test, header.type, 7);
	ring_read(f->rb, before + 16, &header, sizeof(header));
	KUNIT_EXPECT_EQ(test, header.type, 1001);
}

/* Wake-ups come by the watermark, at the end of the record that crosses it. */
static void test_wakeup(struct kunit *test)
{
	struct rb_fixture *f = test->priv;
	unsigned int bytes = 0, woken = 0, i;

	make_buffer(test, NR_PAGES, 1000, RING_BUFFER_WRITABLE);
	KUNIT_EXPECT_EQ(test, f->rb->watermark, 1000);

	for (i = 0; i < 100; i++) {
		f->event->pending_wakeup = 0;
		KUNIT_ASSERT_EQ(test, put_record(f, i, 104), 0);
		f->rb->user_page->data_tail = f->rb->user_page->data_head;
		bytes += 104;
		KUNIT_EXPECT_EQ(test, f->event->pending_wakeup, bytes > 1000 * (woken + 1));
		woken += f->event->pending_wakeup;
	}
	KUNIT_EXPECT_EQ(test, woken, 10);
	KUNIT_EXPECT_TRUE(test, atomic_read(&f->rb->poll));
}

static unsigned long copy_first_ten(void *dst, const void *src, unsigned long off,
				    unsigned long len)
{
	unsigned long may = off < 10 ? min(len, 10 - off) : 0;

	memcpy(dst, src + off, may);
	return len - may;
}

static void test_partial_copy(struct kunit *test)
{
	struct rb_fixture *f = test->priv;
	struct perf_output_handle handle;
	unsigned long missed, skipped;
	char text[] = "0123456789abcdef";
	char got[16];
	int err;

	make_buffer(test, 1, 0, RING_BUFFER_WRITABLE);
	/* So that the copy goes over the end of the ring. */
	put_record(f, 1, RECORD_MAX);
	local_set(&f->rb->head, PAGE_SIZE - 4);
	f->rb->user_page->data_tail = PAGE_SIZE - 4;

	err = perf_output_begin(&handle, f->data, f->event, 16);
	KUNIT_ASSERT_EQ(test, err, 0);
	missed = perf_output_copy_custom(&handle, copy_first_ten, text, 16);
	skipped = perf_output_skip(&handle, missed - 2);
	perf_output_copy(&handle, "xy", 2);
	perf_output_end(&handle);

	KUNIT_EXPECT_EQ(test, missed, 6);
	KUNIT_EXPECT_EQ(test, skipped, 0);
	ring_read(f->rb, PAGE_SIZE - 4, got, sizeof(got));
	KUNIT_EXPECT_MEMEQ(test, got, "0123456789", 10);
	KUNIT_EXPECT_MEMEQ(test, got + 14, "xy", 2);
}

/* What cannot be written is lost, and counted where there are data pages. */
static void test_refused(struct kunit *test)
{
	struct rb_fixture *f = test->priv;
	struct perf_output_handle handle;
	int err;

	KUNIT_EXPECT_EQ(test, put_record(f, 1, 64), -ENOSPC);
	KUNIT_EXPECT_EQ(test, atomic64_read(&f->event->lost_samples), 0);

	make_buffer(test, 0, 0, RING_BUFFER_WRITABLE);
	KUNIT_EXPECT_EQ(test, put_record(f, 1, 64), -ENOSPC);
	rb_toggle_paused(f->rb, false);
	KUNIT_EXPECT_EQ(test, put_record(f, 1, 64), -ENOSPC);
	KUNIT_EXPECT_EQ(test, atomic64_read(&f->event->lost_samples), 0);

	make_buffer(test, 1, 0, 0);
	rb_toggle_paused(f->rb, true);
	KUNIT_EXPECT_EQ(test, put_record(f, 1, 64), -ENOSPC);
	KUNIT_EXPECT_EQ(test, atomic64_read(&f->event->lost_samples), 1);
	rb_toggle_paused(f->rb, false);
	KUNIT_EXPECT_EQ(test, put_record(f, 2, 64), 0);
	KUNIT_EXPECT_EQ(test, f->rb->user_page->data_head, 64 + sizeof(struct lost_record));

	/* More than all of it, although old records may be overwritten. */
	err = perf_output_begin(&handle, f->data, f->event, PAGE_SIZE + sizeof(u64));
	if (!err)
		perf_output_end(&handle);
	KUNIT_EXPECT_EQ(test, err, -ENOSPC);
	KUNIT_EXPECT_EQ(test, atomic64_read(&f->event->lost_samples), 2);
}

/* A tail that the reader made up takes space away, and nothing else. */
static void test_wild_tail(struct kunit *test)
{
	struct rb_fixture *f = test->priv;
	unsigned int i;
	u64 head;
	int err;

	make_buffer(test, 1, 0, RING_BUFFER_WRITABLE);
	for (i = 0; i < 2000; i++) {
		head = f->rb->user_page->data_head;
		f->rb->user_page->data_tail = (u64)prandom_u32_state(&f->rnd) << (i % 33);
		err = put_record(f, i, random_size(f));
		KUNIT_ASSERT_TRUE(test, !err || err == -ENOSPC);
		KUNIT_ASSERT_LE(test, f->rb->user_page->data_head - head,
				RECORD_MAX + sizeof(struct lost_record));
	}
}

static void test_sizes(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, rb_alloc(-1, 0, -1, 0));
#ifndef CONFIG_PERF_USE_VMALLOC
	KUNIT_EXPECT_NULL(test, rb_alloc(KMALLOC_MAX_SIZE / sizeof(void *), 0, -1, 0));
#endif
}

static void test_pages(struct kunit *test)
{
	struct rb_fixture *f = test->priv;
	unsigned long pgoff, other;
	struct page *page;

	make_buffer(test, NR_PAGES, 0, RING_BUFFER_WRITABLE);
	for (pgoff = 0; pgoff <= NR_PAGES; pgoff++) {
		page = perf_mmap_to_page(f->rb, pgoff);
		KUNIT_ASSERT_NOT_NULL(test, page);
		for (other = 0; other < pgoff; other++)
			KUNIT_EXPECT_PTR_NE(test, page, perf_mmap_to_page(f->rb, other));
	}
	KUNIT_EXPECT_NULL(test, perf_mmap_to_page(f->rb, NR_PAGES + 1));
	KUNIT_EXPECT_NULL(test, perf_mmap_to_page(f->rb, ULONG_MAX));
	KUNIT_EXPECT_EQ(test, f->rb->user_page->data_size, NR_PAGES * PAGE_SIZE);
}

/* ---- AUX areas ----------------------------------------------------------------------- */

static void *setup_aux(struct perf_event *event, void **pages, int nr_pages, bool overwrite)
{
	return event;
}

static void free_aux(void *aux)
{
}

/* Attached before there was an area, which another PMU then made. */
static void test_aux_of_another_pmu(struct kunit *test)
{
	static struct pmu pmu[2] = {
		{ .setup_aux = setup_aux, .free_aux = free_aux },
		{ .setup_aux = setup_aux, .free_aux = free_aux },
	};
	struct rb_fixture *f = test->priv;
	struct perf_output_handle handle;
	void *own, *other;

	make_buffer(test, NR_PAGES, 0, RING_BUFFER_WRITABLE);
	f->event->pmu = &pmu[0];
	scoped_guard(mutex, &f->rb->aux_mutex)
		KUNIT_ASSERT_EQ(test, rb_alloc_aux(f->rb, f->event, NR_PAGES + 1, 1, 0, 0), 0);
	refcount_set(&f->rb->aux_mmap_count, 1);

	scoped_guard(irqsave) {
		own = perf_aux_output_begin(&handle, f->event);
		if (own)
			perf_aux_output_end(&handle, 0);
		f->event->pmu = &pmu[1];
		other = perf_aux_output_begin(&handle, f->event);
		if (other)
			perf_aux_output_end(&handle, 0);
	}
	KUNIT_EXPECT_PTR_EQ(test, own, f->event);
	KUNIT_EXPECT_NULL(test, other);
	KUNIT_EXPECT_EQ(test, f->rb->aux_cpu, -1);

	f->event->pmu = &no_pmu;
	refcount_set(&f->rb->aux_mmap_count, 0);
	scoped_guard(mutex, &f->rb->aux_mutex)
		rb_free_aux(f->rb);
}

static struct kunit_case rb_test_cases[] = {
	KUNIT_CASE(test_space),
	KUNIT_CASE(test_watermark),
	KUNIT_CASE(test_seek),
	KUNIT_CASE(test_forward),
	KUNIT_CASE(test_backward),
	KUNIT_CASE(test_backward_full),
	KUNIT_CASE(test_nested),
	KUNIT_CASE(test_wakeup),
	KUNIT_CASE(test_partial_copy),
	KUNIT_CASE(test_refused),
	KUNIT_CASE(test_wild_tail),
	KUNIT_CASE(test_sizes),
	KUNIT_CASE(test_pages),
	KUNIT_CASE(test_aux_of_another_pmu),
	{}
};

static struct kunit_suite rb_test_suite = {
	.name		= "perf_ring_buffer",
	.init		= rb_test_init,
	.exit		= rb_test_exit,
	.test_cases	= rb_test_cases,
};

kunit_test_suite(rb_test_suite);

MODULE_DESCRIPTION("KUnit tests of the perf_events buffer");
MODULE_LICENSE("GPL");
