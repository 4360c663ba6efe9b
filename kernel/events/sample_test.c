// SPDX-License-Identifier: GPL-2.0
/*
 * Samples against a model that knows the record from the UAPI header alone.
 *
 * The model is a ladder of ifs, field after field, on purpose: it shares nothing
 * with the table.  No event is opened; values that only hardware or a user task
 * could give are preset, as a driver would.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "internal.h"

#define NR_PAGES	16
#define NR_SIBLINGS	2
#define WORDS_MAX	1024
#define ROUNDS		4000
#define CLOCK		0x1234567890abcdefULL

/* What sample_type may hold at once: of the two weights one. */
#define ALL_BITS	(PERF_SAMPLE_MAX - 1)

struct model {
	u64		words[WORDS_MAX];
	unsigned int	n;
};

struct sample_fixture {
	struct perf_event		*event;
	struct perf_event		*sibling[NR_SIBLINGS];
	struct perf_event_context	*ctx;
	struct perf_sample_data		*data;
	struct perf_callchain_entry	*chain;
	struct perf_branch_stack	*branches;
	struct perf_raw_record		raw;
	struct pt_regs			regs;
	struct perf_buffer		*rb;
	struct rnd_state		rnd;
	struct model			want, got;
};

static struct pmu no_pmu;

static void no_irq_work(struct irq_work *work)
{
}

static u64 fixed_clock(void)
{
	return CLOCK;
}

static u64 random_u64(struct sample_fixture *f)
{
	return (u64)prandom_u32_state(&f->rnd) << 32 | prandom_u32_state(&f->rnd);
}

static struct perf_event *make_event(struct kunit *test, struct perf_event_context *ctx, u64 id)
{
	struct perf_event *event = kunit_kzalloc(test, sizeof(*event), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, event);
	event->pmu = &no_pmu;
	event->ctx = ctx;
	event->id = id;
	event->oncpu = -1;
	event->clock = fixed_clock;
	event->ns = task_active_pid_ns(current);
	event->group_leader = event;
	mutex_init(&event->mmap_mutex);
	init_waitqueue_head(&event->waitq);
	INIT_LIST_HEAD(&event->rb_entry);
	INIT_LIST_HEAD(&event->sibling_list);
	init_irq_work(&event->pending_irq, no_irq_work);
	local64_set(&event->count, id * 1000);
	atomic64_set(&event->lost_samples, id + 5);
	return event;
}

static void attach(struct sample_fixture *f, struct perf_buffer *rb)
{
	mutex_lock(&f->event->mmap_mutex);
	ring_buffer_attach(f->event, rb);
	mutex_unlock(&f->event->mmap_mutex);
	f->rb = rb;
}

static int sample_test_init(struct kunit *test)
{
	struct sample_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct perf_buffer *rb;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->ctx = kunit_kzalloc(test, sizeof(*f->ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->ctx);
	mutex_init(&f->ctx->mutex);
	f->data = kunit_kzalloc(test, sizeof(*f->data), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->data);
	f->chain = kunit_kzalloc(test, struct_size(f->chain, ip, 8), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->chain);
	f->branches = kunit_kzalloc(test, struct_size(f->branches, entries, 4), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->branches);

	f->event = make_event(test, f->ctx, 42);
	for (i = 0; i < NR_SIBLINGS; i++) {
		f->sibling[i] = make_event(test, f->ctx, 43 + i);
		f->sibling[i]->group_leader = f->event;
	}
	perf_fetch_caller_regs(&f->regs);
	prandom_seed_state(&f->rnd, 6120);

	rb = rb_alloc(NR_PAGES, 0, -1, 0);
	KUNIT_ASSERT_NOT_NULL(test, rb);
	perf_event_init_userpage(f->event, rb);
	attach(f, rb);
	test->priv = f;
	return 0;
}

static void sample_test_exit(struct kunit *test)
{
	struct sample_fixture *f = test->priv;

	if (!f)
		return;

	irq_work_sync(&f->event->pending_irq);
	attach(f, NULL);
}

/* ---- The model ----------------------------------------------------------- */

static void put(struct model *m, u64 word)
{
	if (m->n < WORDS_MAX)
		m->words[m->n++] = word;
}

static void put_pair(struct model *m, u32 first, u32 second)
{
	u32 pair[2] = { first, second };
	u64 word;

	memcpy(&word, pair, sizeof(word));
	put(m, word);
}

static void put_bytes(struct model *m, const void *bytes, unsigned int len)
{
	memcpy(m->words + m->n, bytes, len);
	m->n += len / sizeof(u64);
}

static void model_member(struct model *m, struct perf_event *member, u64 format)
{
	put(m, local64_read(&member->count));
	if (format & PERF_FORMAT_ID)
		put(m, member->id);
	if (format & PERF_FORMAT_LOST)
		put(m, atomic64_read(&member->lost_samples));
}

static void model_read(struct model *m, struct sample_fixture *f)
{
	u64 format = f->event->attr.read_format;
	struct perf_event *sibling;

	if (!(format & PERF_FORMAT_GROUP)) {
		model_member(m, f->event, format);
		return;
	}

	put(m, 1 + f->event->nr_siblings);
	model_member(m, f->event, format);
	list_for_each_entry(sibling, &f->event->sibling_list, sibling_list)
		model_member(m, sibling, format);
}

static void model_branches(struct model *m, struct sample_fixture *f)
{
	struct perf_branch_stack *brs = f->data->br_stack;

	if (!brs) {
		put(m, 0);
		return;
	}
	put(m, brs->nr);
	if (f->event->attr.branch_sample_type & PERF_SAMPLE_BRANCH_HW_INDEX)
		put(m, brs->hw_idx);
	put_bytes(m, brs->entries, brs->nr * sizeof(brs->entries[0]));
}

static void model_raw(struct model *m, struct sample_fixture *f)
{
	struct perf_raw_record *raw = f->data->raw;
	u8 bytes[128] = { };

	if (!raw) {
		put_pair(m, 4, 0);
		return;
	}
	memcpy(bytes, &raw->size, sizeof(u32));
	memcpy(bytes + sizeof(u32), raw->frag.data, raw->frag.size);
	put_bytes(m, bytes, sizeof(u32) + raw->size);
}

static void model_intr_regs(struct model *m, struct sample_fixture *f)
{
	u64 mask = f->event->attr.sample_regs_intr, abi = perf_reg_abi(current);
	int i;

	put(m, abi);
	for (i = 0; abi && i < 64; i++) {
		if (mask & BIT_ULL(i))
			put(m, perf_reg_value(&f->regs, i));
	}
}

/* PERF_RECORD_SAMPLE, in the words of include/uapi/linux/perf_event.h. */
static void model_sample(struct model *m, struct sample_fixture *f)
{
	struct perf_sample_data *d = f->data;
	u64 type = f->event->attr.sample_type;

	m->n = 1; /* the header comes last */
	if (type & PERF_SAMPLE_IDENTIFIER)
		put(m, d->id);
	if (type & PERF_SAMPLE_IP)
		put(m, d->ip);
	if (type & PERF_SAMPLE_TID)
		put_pair(m, d->tid_entry.pid, d->tid_entry.tid);
	if (type & PERF_SAMPLE_TIME)
		put(m, d->time);
	if (type & PERF_SAMPLE_ADDR)
		put(m, d->addr);
	if (type & PERF_SAMPLE_ID)
		put(m, d->id);
	if (type & PERF_SAMPLE_STREAM_ID)
		put(m, d->stream_id);
	if (type & PERF_SAMPLE_CPU)
		put_pair(m, d->cpu_entry.cpu, 0);
	if (type & PERF_SAMPLE_PERIOD)
		put(m, d->period);
	if (type & PERF_SAMPLE_READ)
		model_read(m, f);
	if (type & PERF_SAMPLE_CALLCHAIN)
		put_bytes(m, d->callchain, (1 + d->callchain->nr) * sizeof(u64));
	if (type & PERF_SAMPLE_RAW)
		model_raw(m, f);
	if (type & PERF_SAMPLE_BRANCH_STACK)
		model_branches(m, f);
	if (type & PERF_SAMPLE_REGS_USER)
		put(m, PERF_SAMPLE_REGS_ABI_NONE);
	if (type & PERF_SAMPLE_STACK_USER)
		put(m, 0);
	if (type & PERF_SAMPLE_WEIGHT_TYPE)
		put(m, d->weight.full);
	if (type & PERF_SAMPLE_DATA_SRC)
		put(m, d->data_src.val);
	if (type & PERF_SAMPLE_TRANSACTION)
		put(m, d->txn);
	if (type & PERF_SAMPLE_REGS_INTR)
		model_intr_regs(m, f);
	if (type & PERF_SAMPLE_PHYS_ADDR)
		put(m, d->phys_addr);
	if (type & PERF_SAMPLE_CGROUP)
		put(m, d->cgroup);
	if (type & PERF_SAMPLE_DATA_PAGE_SIZE)
		put(m, d->data_page_size);
	if (type & PERF_SAMPLE_CODE_PAGE_SIZE)
		put(m, d->code_page_size);
	if (type & PERF_SAMPLE_AUX)
		put(m, 0);
}

/* The end of other records. */
static void model_id(struct model *m, struct sample_fixture *f)
{
	u64 type = f->event->attr.sample_type;

	if (type & PERF_SAMPLE_TID)
		put_pair(m, perf_event_pid(f->event, current), perf_event_tid(f->event, current));
	if (type & PERF_SAMPLE_TIME)
		put(m, CLOCK);
	if (type & PERF_SAMPLE_ID)
		put(m, f->event->id);
	if (type & PERF_SAMPLE_STREAM_ID)
		put(m, f->event->id);
	if (type & PERF_SAMPLE_CPU)
		put_pair(m, raw_smp_processor_id(), 0);
	if (type & PERF_SAMPLE_IDENTIFIER)
		put(m, f->event->id);
}

/* ---- The event and its data ---------------------------------------------- */

static u64 random_type(struct sample_fixture *f)
{
	u64 type = random_u64(f) & ALL_BITS;

	if ((type & PERF_SAMPLE_WEIGHT_TYPE) == PERF_SAMPLE_WEIGHT_TYPE)
		type &= ~(u64)PERF_SAMPLE_WEIGHT;
	if (!IS_ENABLED(CONFIG_CGROUP_PERF))
		type &= ~(u64)PERF_SAMPLE_CGROUP;
	return type;
}

static u16 read_bytes_of(u64 format, unsigned int members)
{
	unsigned int member = 1 + !!(format & PERF_FORMAT_ID) + !!(format & PERF_FORMAT_LOST);

	return sizeof(u64) * (!!(format & PERF_FORMAT_GROUP) + members * member);
}

static void set_siblings(struct sample_fixture *f, unsigned int nr)
{
	unsigned int i;

	INIT_LIST_HEAD(&f->event->sibling_list);
	for (i = 0; i < nr; i++)
		list_add_tail(&f->sibling[i]->sibling_list, &f->event->sibling_list);
	f->event->nr_siblings = nr;
}

static void random_event(struct sample_fixture *f)
{
	struct perf_event_attr *attr = &f->event->attr;
	unsigned int members;

	attr->sample_type = random_type(f);
	attr->read_format = random_u64(f) & (PERF_FORMAT_ID | PERF_FORMAT_GROUP | PERF_FORMAT_LOST);
	attr->branch_sample_type = random_u64(f) & PERF_SAMPLE_BRANCH_HW_INDEX;
	attr->sample_regs_intr = IS_ENABLED(CONFIG_HAVE_PERF_REGS) ? random_u64(f) & 0xf : 0;
	attr->sample_regs_user = attr->sample_regs_intr;
	attr->sample_stack_user = 512;
	attr->aux_sample_size = 512;

	set_siblings(f, random_u64(f) % (NR_SIBLINGS + 1));
	members = attr->read_format & PERF_FORMAT_GROUP ? 1 + f->event->nr_siblings : 1;
	f->event->read_size = read_bytes_of(attr->read_format, members);
	perf_event_init_sample_sizes(f->event);
}

/* What is left out has a value that does not depend on the machine. */
static void driver_data(struct sample_fixture *f)
{
	static u8 bytes[64] = "raw sample data: any bytes, any number of them, up to 64 or so";
	struct perf_sample_data *d = f->data;
	u64 brings = random_u64(f);

	memset(d, 0xa5, sizeof(*d));
	perf_sample_data_init(d, brings & 1 ? random_u64(f) : 0, random_u64(f));
	d->ip = random_u64(f);
	d->time = random_u64(f);
	d->phys_addr = random_u64(f);
	d->data_page_size = random_u64(f);
	d->code_page_size = random_u64(f);
	d->sample_flags |= PERF_SAMPLE_IP | PERF_SAMPLE_TIME | PERF_SAMPLE_PHYS_ADDR |
			   PERF_SAMPLE_DATA_PAGE_SIZE | PERF_SAMPLE_CODE_PAGE_SIZE;
	if (brings & 2) {
		d->weight.full = random_u64(f);
		d->data_src.val = random_u64(f);
		d->txn = random_u64(f);
		d->sample_flags |= PERF_SAMPLE_WEIGHT_TYPE | PERF_SAMPLE_DATA_SRC |
				   PERF_SAMPLE_TRANSACTION;
	}
	if (brings & 4) {
		f->raw = (struct perf_raw_record) {
			.frag = { .data = bytes, .size = random_u64(f) % sizeof(bytes) },
		};
		perf_sample_save_raw_data(d, f->event, &f->raw);
	}
	if (brings & 8 && f->event->attr.sample_type & PERF_SAMPLE_BRANCH_STACK) {
		f->branches->nr = random_u64(f) % 4;
		f->branches->hw_idx = random_u64(f);
		perf_sample_save_brstack(d, f->event, f->branches, NULL);
	}
	if (f->event->attr.sample_type & PERF_SAMPLE_CALLCHAIN) {
		f->chain->nr = random_u64(f) % 8;
		d->callchain = f->chain;
		d->dyn_size += (1 + f->chain->nr) * sizeof(u64);
		d->sample_flags |= PERF_SAMPLE_CALLCHAIN;
	}
}

static void read_back(struct sample_fixture *f, unsigned long from)
{
	unsigned long chunk = PAGE_SIZE << rb_page_order(f->rb);
	unsigned long to = local_read(&f->rb->head), off;

	for (f->got.n = 0; from < to && f->got.n < WORDS_MAX; from += sizeof(u64)) {
		off = from % perf_data_size(f->rb);
		f->got.words[f->got.n++] =
			*(u64 *)(f->rb->data_pages[off / chunk] + off % chunk);
	}
}

static void expect_same(struct kunit *test, struct sample_fixture *f, u32 type, u16 misc)
{
	struct perf_event_header header = {
		.type = type, .misc = misc, .size = f->want.n * sizeof(u64),
	};

	memcpy(f->want.words, &header, sizeof(header));
	KUNIT_ASSERT_EQ_MSG(test, f->got.n, f->want.n, "sample_type %llx",
			    f->event->attr.sample_type);
	KUNIT_ASSERT_MEMEQ_MSG(test, f->got.words, f->want.words, f->want.n * sizeof(u64),
			       "sample_type %llx", f->event->attr.sample_type);
}

static unsigned long write_sample(struct sample_fixture *f)
{
	unsigned long from = local_read(&f->rb->head), flags;

	local_irq_save(flags);
	perf_event_output_forward(f->event, f->data, &f->regs);
	local_irq_restore(flags);
	return from;
}

/* ---- Cases --------------------------------------------------------------- */

static void test_each_bit_has_a_row(struct kunit *test)
{
	struct sample_fixture *f = test->priv;
	u32 seen = 0;
	int bit;

	for (bit = 0; BIT_ULL(bit) < PERF_SAMPLE_MAX; bit++) {
		f->event->attr.sample_type = BIT_ULL(bit);
		perf_event_init_sample_sizes(f->event);
		KUNIT_EXPECT_EQ_MSG(test, hweight32(f->event->sample_rows), 1, "bit %d", bit);
		if (BIT_ULL(bit) != PERF_SAMPLE_WEIGHT_STRUCT)
			KUNIT_EXPECT_FALSE_MSG(test, seen & f->event->sample_rows, "bit %d", bit);
		seen |= f->event->sample_rows;
	}
	/* One row for the two weights, and none that nobody asks for. */
	KUNIT_EXPECT_EQ(test, seen, BIT(bit - 1) - 1);
}

static void test_fixed_sizes(struct kunit *test)
{
	const u64 ids = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID | PERF_SAMPLE_CPU |
			PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_IDENTIFIER;
	const u64 words = PERF_SAMPLE_IP | PERF_SAMPLE_ADDR | PERF_SAMPLE_PERIOD |
			  PERF_SAMPLE_WEIGHT_TYPE | PERF_SAMPLE_DATA_SRC |
			  PERF_SAMPLE_TRANSACTION | PERF_SAMPLE_PHYS_ADDR |
			  PERF_SAMPLE_CGROUP | PERF_SAMPLE_DATA_PAGE_SIZE |
			  PERF_SAMPLE_CODE_PAGE_SIZE;
	struct sample_fixture *f = test->priv;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		u64 type = random_type(f);

		f->event->attr.sample_type = type;
		f->event->read_size = random_u64(f) % 16384;
		perf_event_init_sample_sizes(f->event);
		KUNIT_ASSERT_EQ(test, f->event->id_header_size, 8 * hweight64(type & ids));
		KUNIT_ASSERT_EQ(test, f->event->header_size, 8 * hweight64(type & words) +
				(type & PERF_SAMPLE_READ ? f->event->read_size : 0));
	}
}

static void test_records_are_the_model_s(struct kunit *test)
{
	struct sample_fixture *f = test->priv;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		random_event(f);
		driver_data(f);
		read_back(f, write_sample(f));
		model_sample(&f->want, f);
		expect_same(test, f, PERF_RECORD_SAMPLE, perf_misc_flags(&f->regs));
	}
}

static void test_unknown_is_not_made_up(struct kunit *test)
{
	struct sample_fixture *f = test->priv;
	struct perf_sample_data *d = f->data;

	f->event->attr.sample_type = PERF_SAMPLE_ADDR | PERF_SAMPLE_WEIGHT | PERF_SAMPLE_DATA_SRC |
				     PERF_SAMPLE_TRANSACTION | PERF_SAMPLE_STREAM_ID |
				     PERF_SAMPLE_ID | PERF_SAMPLE_TIME | PERF_SAMPLE_PHYS_ADDR |
				     PERF_SAMPLE_DATA_PAGE_SIZE;
	perf_event_init_sample_sizes(f->event);
	memset(d, 0xa5, sizeof(*d));
	perf_sample_data_init(d, 0, 1);
	rcu_read_lock();
	perf_prepare_sample(d, f->event, &f->regs);
	rcu_read_unlock();

	KUNIT_EXPECT_EQ(test, d->addr, 0);
	KUNIT_EXPECT_EQ(test, d->weight.full, 0);
	KUNIT_EXPECT_EQ(test, d->data_src.val, PERF_MEM_NA);
	KUNIT_EXPECT_EQ(test, d->txn, 0);
	KUNIT_EXPECT_EQ(test, d->phys_addr, 0);
	KUNIT_EXPECT_EQ(test, d->data_page_size, 0);
	KUNIT_EXPECT_EQ(test, d->id, f->event->id);
	KUNIT_EXPECT_EQ(test, d->stream_id, f->event->id);
	KUNIT_EXPECT_EQ(test, d->time, CLOCK);
	KUNIT_EXPECT_EQ(test, d->dyn_size, 0);
}

static void test_second_prepare_adds_nothing(struct kunit *test)
{
	struct sample_fixture *f = test->priv;
	u64 size;
	int i;

	for (i = 0; i < 100; i++) {
		random_event(f);
		driver_data(f);
		rcu_read_lock();
		preempt_disable();
		perf_prepare_sample(f->data, f->event, &f->regs);
		size = f->data->dyn_size;
		perf_prepare_sample(f->data, f->event, &f->regs);
		preempt_enable();
		rcu_read_unlock();
		KUNIT_ASSERT_EQ(test, f->data->dyn_size, size);
	}
}

static void test_group_that_changed_keeps_its_size(struct kunit *test)
{
	struct sample_fixture *f = test->priv;
	int room, members, i;

	f->event->attr.sample_type = PERF_SAMPLE_READ | PERF_SAMPLE_ADDR | PERF_SAMPLE_DATA_SRC;
	f->event->attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	for (room = 1; room <= 1 + NR_SIBLINGS; room++) {
		for (members = 1; members <= 1 + NR_SIBLINGS; members++) {
			set_siblings(f, members - 1);
			f->event->read_size = read_bytes_of(f->event->attr.read_format, room);
			perf_event_init_sample_sizes(f->event);
			perf_sample_data_init(f->data, 0xadd, 1);
			read_back(f, write_sample(f));

			f->want.n = 1;
			put(&f->want, 0xadd);
			put(&f->want, room);
			for (i = 0; i < room; i++) {
				u64 id = i < members ? f->event->id + i : 0;

				put(&f->want, id * 1000);
				put(&f->want, id);
			}
			put(&f->want, PERF_MEM_NA);
			expect_same(test, f, PERF_RECORD_SAMPLE, perf_misc_flags(&f->regs));
		}
	}
}

static void test_oversize_is_lost_and_counted(struct kunit *test)
{
	struct sample_fixture *f = test->priv;
	unsigned long head = local_read(&f->rb->head);
	u64 lost = atomic64_read(&f->event->lost_samples);

	f->event->attr.sample_type = PERF_SAMPLE_RAW;
	perf_event_init_sample_sizes(f->event);
	f->raw = (struct perf_raw_record) { .frag.size = U16_MAX };
	perf_sample_data_init(f->data, 0, 1);
	perf_sample_save_raw_data(f->data, f->event, &f->raw);

	preempt_disable();
	KUNIT_EXPECT_EQ(test, perf_event_output(f->event, f->data, &f->regs), -E2BIG);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, local_read(&f->rb->head), head);
	KUNIT_EXPECT_EQ(test, atomic64_read(&f->event->lost_samples), lost + 1);
}

static void test_other_records_end_with_the_identity(struct kunit *test)
{
	struct sample_fixture *f = test->priv;
	unsigned long from, flags;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		f->event->attr.sample_type = random_type(f);
		f->event->attr.sample_id_all = i & 1;
		perf_event_init_sample_sizes(f->event);
		f->want.n = 1;
		put(&f->want, 77);

		local_irq_save(flags); /* one CPU for both */
		from = local_read(&f->rb->head);
		perf_log_lost_samples(f->event, 77);
		if (f->event->attr.sample_id_all)
			model_id(&f->want, f);
		local_irq_restore(flags);

		read_back(f, from);
		expect_same(test, f, PERF_RECORD_LOST_SAMPLES, 0);
	}
}

/* Where the kernel was is not for who may count user mode only. */
static void test_skid_tells_no_address(struct kunit *test)
{
	struct sample_fixture *f = test->priv;
	int hidden;

	for (hidden = 0; hidden < 2; hidden++) {
		f->event->attr.sample_type = PERF_SAMPLE_IP;
		f->event->attr.exclude_kernel = hidden;
		perf_event_init_sample_sizes(f->event);
		perf_sample_data_init(f->data, 0, 1);
		scoped_guard(preempt)
			perf_prepare_sample(f->data, f->event, &f->regs);
		KUNIT_EXPECT_EQ(test, f->data->ip, hidden ? 0 : instruction_pointer(&f->regs));
	}
}

static struct kunit_case sample_cases[] = {
	KUNIT_CASE(test_each_bit_has_a_row),
	KUNIT_CASE(test_fixed_sizes),
	KUNIT_CASE(test_records_are_the_model_s),
	KUNIT_CASE(test_unknown_is_not_made_up),
	KUNIT_CASE(test_second_prepare_adds_nothing),
	KUNIT_CASE(test_group_that_changed_keeps_its_size),
	KUNIT_CASE(test_oversize_is_lost_and_counted),
	KUNIT_CASE(test_other_records_end_with_the_identity),
	KUNIT_CASE(test_skid_tells_no_address),
	{}
};

static struct kunit_suite sample_suite = {
	.name		= "perf_sample",
	.init		= sample_test_init,
	.exit		= sample_test_exit,
	.test_cases	= sample_cases,
};

kunit_test_suite(sample_suite);
