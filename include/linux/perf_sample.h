/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Performance events: what a sample is made of, and how records are written.
 *
 * A driver that has something to say of a sample begins one with
 * perf_sample_data_init(), stores what its hardware knows, and hands it to
 * perf_event_overflow().  One that writes records of its own, or fills an AUX
 * area, finds the output calls here.  Included by <linux/perf_event.h>, never
 * alone.
 */
#ifndef _LINUX_PERF_SAMPLE_H
#define _LINUX_PERF_SAMPLE_H

#ifndef _LINUX_PERF_EVENT_H
#error "Please include <linux/perf_event.h>"
#endif

/**
 * struct perf_callchain_entry - a recorded call chain
 * @nr: number of entries in @ip
 * @ip: return addresses and PERF_CONTEXT_* marks, innermost first
 */
struct perf_callchain_entry {
	__u64	nr;
	__u64	ip[];
};

/**
 * struct perf_callchain_entry_ctx - a call chain while it is recorded
 * @entry: where it goes
 * @max_stack: how many addresses may go there
 * @nr: addresses recorded so far, marks not counted
 * @contexts: marks recorded so far
 * @contexts_maxed: a mark found no room: nothing more is recorded
 */
struct perf_callchain_entry_ctx {
	struct perf_callchain_entry	*entry;
	u32				max_stack;
	u32				nr;
	short				contexts;
	bool				contexts_maxed;
};

typedef unsigned long (*perf_copy_f)(void *dst, const void *src,
				     unsigned long off, unsigned long len);

/**
 * struct perf_raw_frag - a piece of raw sample data
 * @next: the next piece
 * @pad: in the last piece, in place of @next: padding bytes, below 8
 * @copy: how to copy @data, NULL for memcpy()
 * @data: the bytes
 * @size: their number
 */
struct perf_raw_frag {
	union {
		struct perf_raw_frag	*next;
		unsigned long		pad;
	};
	perf_copy_f			copy;
	void				*data;
	u32				size;
} __packed;

/**
 * struct perf_raw_record - raw sample data
 * @frag: the first piece
 * @size: bytes of all pieces with padding, so that with its own 4 bytes of
 *	  length the field fills whole words; set by perf_sample_save_raw_data()
 */
struct perf_raw_record {
	struct perf_raw_frag	frag;
	u32			size;
};

/* A piece's @pad cannot be mistaken for a pointer: it is less than 8. */
static __always_inline bool perf_raw_frag_last(const struct perf_raw_frag *frag)
{
	return frag->pad < sizeof(u64);
}

/**
 * struct perf_branch_stack - taken branches, the youngest first
 * @nr: number of @entries
 * @hw_idx: where the youngest one stood in the hardware's own ring: 0 when the
 *	    hardware keeps them by age, -1ULL when that is not known
 * @entries: the branches
 */
struct perf_branch_stack {
	__u64				nr;
	__u64				hw_idx;
	struct perf_branch_entry	entries[];
};

/**
 * struct perf_output_handle - a record, or a stretch of AUX data, being written
 * @event: the event that writes
 * @rb: the buffer
 * @wakeup: buffer's wake-up count when the record began
 * @size: bytes left in the present page, or of the AUX stretch
 * @flags: of the record
 * @aux_flags: PERF_AUX_FLAG_* of the AUX record
 * @skip_read: do not read the counters of the group
 * @addr: where the next byte goes
 * @head: AUX: offset where the stretch begins
 * @page: the present data page
 */
struct perf_output_handle {
	struct perf_event	*event;
	struct perf_buffer	*rb;
	unsigned long		wakeup;
	unsigned long		size;
	union {
		u64		flags;
		u64		aux_flags;
		struct {
			u64	skip_read : 1;
		};
	};
	union {
		void		*addr;
		unsigned long	head;
	};
	int			page;
};

/**
 * struct bpf_perf_event_data_kern - what a BPF program on an event sees
 * @regs: registers at the overflow
 * @data: the sample
 * @event: the event
 */
struct bpf_perf_event_data_kern {
	bpf_user_pt_regs_t	*regs;
	struct perf_sample_data	*data;
	struct perf_event	*event;
};

/**
 * struct perf_sample_data - a sample before it is written
 * @sample_flags: PERF_SAMPLE_* bits whose fields below are valid
 * @period: always valid
 * @dyn_size: bytes that the fields of variable size take in the record
 * @type: sample_type that @sample_flags was completed for
 *
 * Begins with perf_sample_data_init(); a driver stores what its hardware knows
 * and sets the bit; perf_prepare_sample() fills in what else was asked for.
 * The order keeps what every sample needs in few cache lines.
 */
struct perf_sample_data {
	u64				sample_flags;
	u64				period;
	u64				dyn_size;
	u64				type;

	/* private: fields are described with the record */
	struct {
		u32			pid;
		u32			tid;
	}				tid_entry;
	u64				time;
	u64				id;
	struct {
		u32			cpu;
		u32			reserved;
	}				cpu_entry;

	u64				ip;
	struct perf_callchain_entry	*callchain;
	struct perf_raw_record		*raw;
	struct perf_branch_stack	*br_stack;
	u64				*br_stack_cntr;
	union perf_sample_weight	weight;
	union perf_mem_data_src		data_src;
	u64				txn;
	struct perf_regs		regs_user;
	struct perf_regs		regs_intr;
	u64				stack_user_size;
	u64				stream_id;
	u64				cgroup;
	u64				addr;
	u64				phys_addr;
	u64				data_page_size;
	u64				code_page_size;
	u64				aux_size;
} ____cacheline_aligned;

/* Data source of a sample that knows none. */
#define PERF_MEM_NA	(PERF_MEM_S(OP, NA) | PERF_MEM_S(LVL, NA) |	\
			 PERF_MEM_S(SNOOP, NA) | PERF_MEM_S(LOCK, NA) |	\
			 PERF_MEM_S(TLB, NA) | PERF_MEM_S(LVLNUM, NA))

#ifdef CONFIG_PERF_EVENTS

/* ---- The record --------------------------------------------------------- */

void perf_prepare_header(struct perf_event_header *header, struct perf_sample_data *data,
			 struct perf_event *event, struct pt_regs *regs);
void perf_prepare_sample(struct perf_sample_data *data, struct perf_event *event,
			 struct pt_regs *regs);
void perf_output_sample(struct perf_output_handle *handle, struct perf_event_header *header,
			struct perf_sample_data *data, struct perf_event *event);
void perf_event_output_forward(struct perf_event *event, struct perf_sample_data *data,
			       struct pt_regs *regs);
void perf_event_output_backward(struct perf_event *event, struct perf_sample_data *data,
				struct pt_regs *regs);
int perf_event_output(struct perf_event *event, struct perf_sample_data *data,
		      struct pt_regs *regs);
void perf_event_header__init(struct perf_event_header *header, struct perf_sample_data *data,
			     u32 type, u16 misc, u16 size, struct perf_event *event);
void perf_event__output_id_sample(struct perf_event *event, struct perf_output_handle *handle,
				  struct perf_sample_data *sample);
void perf_log_lost_samples(struct perf_event *event, u64 lost);

/* The buffer, record by record. */
int perf_output_begin(struct perf_output_handle *handle, struct perf_sample_data *data,
		      struct perf_event *event, unsigned int size);
int perf_output_begin_forward(struct perf_output_handle *handle, struct perf_sample_data *data,
			      struct perf_event *event, unsigned int size);
int perf_output_begin_backward(struct perf_output_handle *handle, struct perf_sample_data *data,
			       struct perf_event *event, unsigned int size);
void perf_output_end(struct perf_output_handle *handle);
unsigned int perf_output_copy(struct perf_output_handle *handle, const void *buf,
			      unsigned int len);
unsigned int perf_output_skip(struct perf_output_handle *handle, unsigned int len);

#define perf_output_put(handle, x) perf_output_copy((handle), &(x), sizeof(x))

/* The AUX area, stretch by stretch. */
void *perf_aux_output_begin(struct perf_output_handle *handle, struct perf_event *event);
void perf_aux_output_end(struct perf_output_handle *handle, unsigned long size);
int perf_aux_output_skip(struct perf_output_handle *handle, unsigned long size);
void perf_aux_output_flag(struct perf_output_handle *handle, u64 flags);
void *perf_get_aux(struct perf_output_handle *handle);
long perf_output_copy_aux(struct perf_output_handle *aux_handle,
			  struct perf_output_handle *handle,
			  unsigned long from, unsigned long to);
void perf_event_itrace_started(struct perf_event *event);
void perf_report_aux_output_id(struct perf_event *event, u64 hw_id);

/* Call chains. */
extern int sysctl_perf_event_max_stack;
extern int sysctl_perf_event_max_contexts_per_stack;

struct perf_callchain_entry *perf_callchain(struct perf_event *event, struct pt_regs *regs);
struct perf_callchain_entry *get_perf_callchain(struct pt_regs *regs, bool kernel, bool user,
						u32 max_stack, bool crosstask, bool add_mark);
int get_callchain_buffers(int max_stack);
void put_callchain_buffers(void);
struct perf_callchain_entry *get_callchain_entry(int *rctx);
void put_callchain_entry(int rctx);
void perf_callchain_user(struct perf_callchain_entry_ctx *entry, struct pt_regs *regs);
void perf_callchain_kernel(struct perf_callchain_entry_ctx *entry, struct pt_regs *regs);

/* An address of the chain; nonzero when there is no room for it or for more. */
static inline int perf_callchain_store(struct perf_callchain_entry_ctx *ctx, u64 ip)
{
	if (ctx->contexts_maxed || ctx->nr >= ctx->max_stack)
		return -1;

	ctx->entry->ip[ctx->entry->nr++] = ip;
	ctx->nr++;
	return 0;
}

/* A PERF_CONTEXT_* mark; nonzero when there is no room. */
static inline int perf_callchain_store_context(struct perf_callchain_entry_ctx *ctx, u64 ip)
{
	if (ctx->contexts >= sysctl_perf_event_max_contexts_per_stack) {
		ctx->contexts_maxed = true;
		return -1;
	}

	ctx->entry->ip[ctx->entry->nr++] = ip;
	ctx->contexts++;
	return 0;
}

static inline bool is_default_overflow_handler(struct perf_event *event)
{
	return likely(event->overflow_handler == perf_event_output_forward) ||
	       event->overflow_handler == perf_event_output_backward;
}

static inline bool has_branch_stack(struct perf_event *event)
{
	return event->attr.sample_type & PERF_SAMPLE_BRANCH_STACK;
}

static inline bool needs_branch_stack(struct perf_event *event)
{
	return event->attr.branch_sample_type;
}

/* One test for each bit of attr.branch_sample_type that drivers ask for. */
#define PERF_BRANCH_TEST(name, bit)					\
static inline bool name(const struct perf_event *event)			\
{									\
	return event->attr.branch_sample_type & PERF_SAMPLE_BRANCH_##bit; \
}

PERF_BRANCH_TEST(branch_sample_no_flags, NO_FLAGS)
PERF_BRANCH_TEST(branch_sample_no_cycles, NO_CYCLES)
PERF_BRANCH_TEST(branch_sample_type, TYPE_SAVE)
PERF_BRANCH_TEST(branch_sample_hw_index, HW_INDEX)
PERF_BRANCH_TEST(branch_sample_priv, PRIV_SAVE)
PERF_BRANCH_TEST(branch_sample_counters, COUNTERS)
PERF_BRANCH_TEST(branch_sample_call_stack, CALL_STACK)
#undef PERF_BRANCH_TEST

/* All bits but the addresses, which the caller writes in any case. */
static inline void perf_clear_branch_entry_bitfields(struct perf_branch_entry *br)
{
	u64 from = br->from, to = br->to;

	*br = (struct perf_branch_entry) {
		.from = from, .to = to, .spec = PERF_BR_SPEC_NA,
	};
}

/**
 * perf_sample_data_init() - begin a sample
 * @data: the sample
 * @addr: address that it is about, or 0
 * @period: events that it stands for
 *
 * Everything else in @data is undefined until its bit in sample_flags is set.
 */
static inline void perf_sample_data_init(struct perf_sample_data *data, u64 addr, u64 period)
{
	data->sample_flags = PERF_SAMPLE_PERIOD;
	data->dyn_size = 0;
	data->period = period;

	if (addr) {
		data->sample_flags |= PERF_SAMPLE_ADDR;
		data->addr = addr;
	}
}

/* Take the field unless the event does not want it, or it is there already. */
static inline bool perf_sample_claim(struct perf_sample_data *data,
				     struct perf_event *event, u64 bit)
{
	if (!(event->attr.sample_type & bit) || WARN_ON_ONCE(data->sample_flags & bit))
		return false;

	data->sample_flags |= bit;
	return true;
}

static inline void perf_sample_save_callchain(struct perf_sample_data *data,
					      struct perf_event *event, struct pt_regs *regs)
{
	if (!perf_sample_claim(data, event, PERF_SAMPLE_CALLCHAIN))
		return;

	data->callchain = perf_callchain(event, regs);
	data->dyn_size += (1 + (int)data->callchain->nr) * sizeof(u64);
}

static inline void perf_sample_save_raw_data(struct perf_sample_data *data,
					     struct perf_event *event,
					     struct perf_raw_record *raw)
{
	struct perf_raw_frag *frag = &raw->frag;
	u32 bytes = frag->size, field;

	if (!perf_sample_claim(data, event, PERF_SAMPLE_RAW))
		return;

	while (!perf_raw_frag_last(frag)) {
		frag = frag->next;
		bytes += frag->size;
	}

	field = ALIGN(sizeof(raw->size) + bytes, sizeof(u64));
	raw->size = field - sizeof(raw->size);
	frag->pad = raw->size - bytes;
	data->raw = raw;
	data->dyn_size += field;
}

static inline void perf_sample_save_brstack(struct perf_sample_data *data,
					    struct perf_event *event,
					    struct perf_branch_stack *brs,
					    u64 *brs_cntr)
{
	size_t entry = sizeof(struct perf_branch_entry) + (brs_cntr ? sizeof(u64) : 0);
	size_t head = branch_sample_hw_index(event) ? 2 * sizeof(u64) : sizeof(u64);

	data->br_stack = brs;
	data->br_stack_cntr = brs_cntr;
	data->dyn_size += head + brs->nr * entry;
	data->sample_flags |= PERF_SAMPLE_BRANCH_STACK;
}

/* Bytes of the whole record; valid after perf_prepare_sample(). */
static inline u32 perf_sample_data_size(struct perf_sample_data *data, struct perf_event *event)
{
	return sizeof(struct perf_event_header) + event->header_size +
	       event->id_header_size + data->dyn_size;
}

#else /* !CONFIG_PERF_EVENTS */

static inline void *perf_aux_output_begin(struct perf_output_handle *handle,
					  struct perf_event *event) { return NULL; }
static inline void perf_aux_output_end(struct perf_output_handle *handle,
				       unsigned long size) { }
static inline int perf_aux_output_skip(struct perf_output_handle *handle,
				       unsigned long size) { return -EINVAL; }
static inline void *perf_get_aux(struct perf_output_handle *handle) { return NULL; }

#endif /* CONFIG_PERF_EVENTS */

/*
 * Branches at a software event: stops the hardware's recorder at once, before
 * it sees more of the kernel than of the caller.  Returns how many of @cnt
 * @entries were filled.
 */
typedef int (perf_snapshot_branch_stack_t)(struct perf_branch_entry *entries, unsigned int cnt);
DECLARE_STATIC_CALL(perf_snapshot_branch_stack, perf_snapshot_branch_stack_t);

#endif /* _LINUX_PERF_SAMPLE_H */
