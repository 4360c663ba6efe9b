// SPDX-License-Identifier: GPL-2.0
/*
 * Samples: from an overflow to a PERF_RECORD_SAMPLE.
 *
 * Each field that attr.sample_type can ask for is one row of the table
 * sample_fields[], and the rows stand in the order of the record.  Three passes
 * walk the rows that an event wants:
 *
 *   sizes	once, at open: which rows there are (event->sample_rows) and what
 *		those of fixed size take
 *   prepare	at an overflow: what the driver did not know is filled into
 *		perf_sample_data, and variable sizes are summed up in dyn_size
 *   write	the record, to the buffer
 *
 * Rules
 *
 *  - A bit in data->sample_flags says that the field is there: the driver's word
 *    is not overwritten, and a second prepare does nothing.
 *  - Once prepare is through, the size of the record is settled, and write stores
 *    exactly as much, whatever it finds.  A record that is too large for its own
 *    header is not written, but counted as lost.
 *  - All of it runs in NMI context: no lock, no allocation; user memory is touched
 *    by the ways that do not fault.  A task that has no memory any more (it
 *    exits), or never had its own, has no user part.
 *  - Call chain buffers are RCU's: from prepare to the end of write, one reader.
 *  - The counters of a group are read with IRQs off: then its members stay.
 */
#include <linux/cgroup.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched/task_stack.h>

#include "internal.h"

DEFINE_STATIC_CALL_RET0(perf_snapshot_branch_stack, perf_snapshot_branch_stack_t);

/* The largest record: its size is a u16 and a multiple of 8. */
#define SAMPLE_SIZE_MAX		round_down(U16_MAX, sizeof(u64))

/* A sample at work: regs while it is prepared, handle while it is written. */
struct sample {
	struct perf_sample_data		*data;
	struct perf_event		*event;
	struct pt_regs			*regs;
	struct perf_output_handle	*handle;
};

/* ---- Guests -------------------------------------------------------------- */

#ifdef CONFIG_GUEST_PERF_EVENTS
struct perf_guest_info_callbacks __rcu *perf_guest_cbs;

DEFINE_STATIC_CALL_RET0(perf_guest_ask_state, *perf_guest_cbs->state);
DEFINE_STATIC_CALL_RET0(perf_guest_ask_ip, *perf_guest_cbs->get_ip);
DEFINE_STATIC_CALL_RET0(perf_guest_ask_pt_intr, *perf_guest_cbs->handle_intel_pt_intr);

/* Any of them may be called while the others are of before: each stands alone. */
static void guest_calls_set(const struct perf_guest_info_callbacks *cbs)
{
	void *none = (void *)&__static_call_return0;

	static_call_update(perf_guest_ask_state, cbs && cbs->state ? cbs->state : none);
	static_call_update(perf_guest_ask_ip, cbs && cbs->get_ip ? cbs->get_ip : none);
	static_call_update(perf_guest_ask_pt_intr,
			   cbs && cbs->handle_intel_pt_intr ? cbs->handle_intel_pt_intr : none);
}

/**
 * perf_register_guest_info_callbacks() - a hypervisor can tell about its guests
 * @cbs: its callbacks
 *
 * Context: may sleep; there is one hypervisor at most, and it makes no two calls at once.
 */
void perf_register_guest_info_callbacks(struct perf_guest_info_callbacks *cbs)
{
	if (WARN_ON_ONCE(rcu_access_pointer(perf_guest_cbs)))
		return;

	rcu_assign_pointer(perf_guest_cbs, cbs);
	guest_calls_set(cbs);
}
EXPORT_SYMBOL_GPL(perf_register_guest_info_callbacks);

/**
 * perf_unregister_guest_info_callbacks() - it leaves
 * @cbs: what was registered
 *
 * Context: may sleep; waits for a grace period, lest a callback still run.
 */
void perf_unregister_guest_info_callbacks(struct perf_guest_info_callbacks *cbs)
{
	if (WARN_ON_ONCE(rcu_access_pointer(perf_guest_cbs) != cbs))
		return;

	rcu_assign_pointer(perf_guest_cbs, NULL);
	guest_calls_set(NULL);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(perf_unregister_guest_info_callbacks);
#endif

/* ---- Who and when -------------------------------------------------------- */

/**
 * perf_event_pid_type() - a task's number as the event's owner sees it
 * @event: the event
 * @task: the task
 * @type: PIDTYPE_TGID or PIDTYPE_PID
 *
 * Return: the number; 0 for the idle task and for one that the owner's namespace
 * does not show; -1 if the task has given back its number.
 *
 * Context: any; @task cannot go away.
 */
u32 perf_event_pid_type(struct perf_event *event, struct task_struct *task, enum pid_type type)
{
	u32 nr = __task_pid_nr_ns(task, type, perf_event_root(event)->ns);

	return nr || pid_alive(task) ? nr : -1;
}

static void take_ids(struct perf_sample_data *data, struct perf_event *event, u64 want)
{
	if (want & PERF_SAMPLE_TID) {
		data->tid_entry.pid = perf_event_pid(event, current);
		data->tid_entry.tid = perf_event_tid(event, current);
	}
	if (want & PERF_SAMPLE_TIME)
		data->time = perf_event_clock(event);
	if (want & (PERF_SAMPLE_ID | PERF_SAMPLE_IDENTIFIER))
		data->id = perf_event_root(event)->id;
	if (want & PERF_SAMPLE_STREAM_ID)
		data->stream_id = event->id;
	if (want & PERF_SAMPLE_CPU) {
		data->cpu_entry.cpu = raw_smp_processor_id();
		data->cpu_entry.reserved = 0;
	}
}

static u32 take_ip(struct sample *s)
{
	/* While a guest runs the address is the guest's, whatever mode the host is in. */
	bool hidden = perf_event_has_skidded(s->event, s->regs) && !perf_guest_state();

	s->data->ip = hidden ? 0 : perf_instruction_pointer(s->regs);
	return 0;
}

/* ---- Counters ------------------------------------------------------------ */

static bool event_is_here(const struct perf_event *event)
{
	return READ_ONCE(event->state) == PERF_EVENT_STATE_ACTIVE &&
	       READ_ONCE(event->oncpu) == smp_processor_id();
}

/* With inherit, samples tell of each thread's own counts. */
static bool read_own_count(const struct perf_event *event)
{
	return event->attr.inherit && (event->attr.sample_type & PERF_SAMPLE_READ);
}

static __always_inline u64 *put_name(u64 *to, struct perf_event *event, u64 format)
{
	if (format & PERF_FORMAT_ID)
		*to++ = perf_event_root(event)->id;
	if (format & PERF_FORMAT_LOST)
		*to++ = atomic64_read(&event->lost_samples);

	return to;
}

static unsigned int member_size(u64 format)
{
	return sizeof(u64) * (1 + !!(format & PERF_FORMAT_ID) + !!(format & PERF_FORMAT_LOST));
}

#define MEMBER_WORDS	3

/* How the values of a group are read. */
struct group_read {
	struct perf_event	*event;		/* that overflowed, and is up to date */
	u64			format;
	bool			own, skip;	/* see read_own_count(); all are up to date */
};

static __always_inline u64 *put_member(u64 *to, struct perf_event *member,
				       const struct group_read *how)
{
	/* One that is on another CPU shows what it stored last. */
	if (member != how->event && !how->skip && event_is_here(member))
		perf_event_pmu_read(member);

	*to++ = perf_event_count(member, how->own);
	return put_name(to, member, how->format);
}

static void write_members(struct perf_output_handle *handle, struct perf_event *event,
			  unsigned int room, bool skip_read)
{
	const struct group_read how = {
		.event	= event,
		.format	= event->attr.read_format,
		.own	= read_own_count(event),
		.skip	= skip_read,
	};
	struct perf_event *leader = event->group_leader, *sibling;
	u64 values[8 * MEMBER_WORDS] __uninitialized, *to = values;
	u64 absent[MEMBER_WORDS] = { };

	/* Nothing goes on or off this CPU while its counters are read. */
	guard(irqsave)();

	if (!room--)
		return;

	to = put_member(to, leader, &how);
	for_each_sibling_event(sibling, leader) {
		if (!room)
			break;
		if (to > values + ARRAY_SIZE(values) - MEMBER_WORDS) {
			perf_output_copy(handle, values, (to - values) * sizeof(u64));
			to = values;
		}
		to = put_member(to, sibling, &how);
		room--;
	}
	perf_output_copy(handle, values, (to - values) * sizeof(u64));

	for (; room; room--)
		perf_output_copy(handle, absent, member_size(how.format));
}

/**
 * perf_output_read() - write an event's counter values as read() would show them
 * @handle: the record; event->read_size bytes go there
 * @event: the event
 * @skip_read: the counters of its group have just been read
 *
 * An NMI may find a group while a member joins or leaves.  There is room for
 * read_size: so many members are written, an absent one as zeros.
 *
 * Context: any, NMI included; IRQs off or ctx->mutex held, for the group's sake.
 */
void perf_output_read(struct perf_output_handle *handle, struct perf_event *event,
		      bool skip_read)
{
	u64 format = event->attr.read_format, enabled = 0, running = 0;
	u64 values[5] __uninitialized, *to = values + 1;
	bool group = format & PERF_FORMAT_GROUP;

	if (format & (PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING))
		perf_event_times_now(event, NULL, &enabled, &running);
	if (!group) {
		enabled += atomic64_read(&event->child_total_time_enabled);
		running += atomic64_read(&event->child_total_time_running);
	}

	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		*to++ = enabled;
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		*to++ = running;
	if (group) {
		values[0] = (event->read_size - (to - values) * sizeof(u64)) / member_size(format);
	} else {
		values[0] = perf_event_count(event, read_own_count(event));
		to = put_name(to, event, format);
	}

	perf_output_copy(handle, values, (to - values) * sizeof(u64));
	if (group)
		write_members(handle, event, values[0], skip_read);
}

static u32 read_bytes(const struct perf_event *event)
{
	return event->read_size;
}

static void write_read(struct sample *s)
{
	/* The bit is set by drivers alone, who have then read the whole group. */
	perf_output_read(s->handle, s->event, s->data->sample_flags & PERF_SAMPLE_READ);
}

/* ---- Call chains, raw data, branches ------------------------------------- */

static u32 take_callchain(struct sample *s)
{
	perf_sample_save_callchain(s->data, s->event, s->regs);
	return 0; /* added by the above */
}

static void write_callchain(struct sample *s)
{
	perf_output_copy(s->handle, s->data->callchain, sizeof(u64) * (1 + s->data->callchain->nr));
}

static u32 take_raw(struct sample *s)
{
	s->data->raw = NULL;
	return sizeof(u64);
}

static void write_raw(struct sample *s)
{
	/* Without data: a length, and as many bytes to fill the word. */
	static const u32 empty[2] = { sizeof(u32), 0 };
	static const u64 zero;
	const struct perf_raw_frag *frag;

	if (!s->data->raw) {
		perf_output_copy(s->handle, empty, sizeof(empty));
		return;
	}

	perf_output_put(s->handle, s->data->raw->size);
	for (frag = &s->data->raw->frag; ; frag = frag->next) {
		if (frag->copy)
			perf_output_copy_custom(s->handle, frag->copy, frag->data, frag->size);
		else
			perf_output_copy(s->handle, frag->data, frag->size);
		if (perf_raw_frag_last(frag))
			break;
	}
	if (frag->pad)
		perf_output_copy(s->handle, &zero, frag->pad);
}

static u32 take_branches(struct sample *s)
{
	s->data->br_stack = NULL;
	s->data->br_stack_cntr = NULL;
	return sizeof(u64);
}

static void write_branches(struct sample *s)
{
	const struct perf_branch_stack *brs = s->data->br_stack;
	u64 nr = brs ? brs->nr : 0;

	perf_output_put(s->handle, nr);
	if (!brs)
		return;

	if (branch_sample_hw_index(s->event))
		perf_output_put(s->handle, brs->hw_idx);
	perf_output_copy(s->handle, brs->entries, nr * sizeof(brs->entries[0]));
	if (s->data->br_stack_cntr)
		perf_output_copy(s->handle, s->data->br_stack_cntr, nr * sizeof(u64));
}

/* ---- Registers, the user stack ------------------------------------------- */

static u32 regs_bytes(const struct perf_regs *regs, u64 mask)
{
	unsigned int nr = regs->abi == PERF_SAMPLE_REGS_ABI_NONE ? 0 : hweight64(mask);

	return sizeof(u64) * (1 + nr);
}

static u32 take_user_regs(struct sample *s)
{
	struct perf_regs *user = &s->data->regs_user;

	if (user_mode(s->regs))
		*user = (struct perf_regs) { .abi = perf_reg_abi(current), .regs = s->regs };
	else if (is_user_task(current))
		perf_get_regs_user(user, s->regs);
	else
		*user = (struct perf_regs) { .abi = PERF_SAMPLE_REGS_ABI_NONE };
	return regs_bytes(user, s->event->attr.sample_regs_user);
}

static u32 take_intr_regs(struct sample *s)
{
	struct perf_regs *intr = &s->data->regs_intr;

	*intr = (struct perf_regs) { .abi = PERF_SAMPLE_REGS_ABI_NONE };
	if (!perf_event_has_skidded(s->event, s->regs))
		*intr = (struct perf_regs) { .abi = perf_reg_abi(current), .regs = s->regs };
	return regs_bytes(intr, s->event->attr.sample_regs_intr);
}

static void write_regs(struct perf_output_handle *handle, const struct perf_regs *regs, u64 mask)
{
	unsigned int n = 0;
	u64 values[1 + BITS_PER_TYPE(u64)] __uninitialized;

	values[n++] = regs->abi;
	if (regs->abi == PERF_SAMPLE_REGS_ABI_NONE)
		mask = 0;
	for (; mask; mask &= mask - 1)
		values[n++] = perf_reg_value(regs->regs, __ffs64(mask));
	perf_output_copy(handle, values, n * sizeof(u64));
}

static void write_user_regs(struct sample *s)
{
	write_regs(s->handle, &s->data->regs_user, s->event->attr.sample_regs_user);
}

static void write_intr_regs(struct sample *s)
{
	write_regs(s->handle, &s->data->regs_intr, s->event->attr.sample_regs_intr);
}

/*
 * Bytes for a field that may take what room there is.  Of the fields that are
 * prepared later, interrupt registers get theirs first and AUX its length.
 */
static u32 sample_room(struct sample *s)
{
	u64 todo = s->event->attr.sample_type & ~s->data->sample_flags;
	u32 used = perf_sample_data_size(s->data, s->event);

	if (todo & PERF_SAMPLE_REGS_INTR)
		used += sizeof(u64) * (1 + hweight64(s->event->attr.sample_regs_intr));
	if (todo & PERF_SAMPLE_AUX)
		used += sizeof(u64);

	return used < SAMPLE_SIZE_MAX ? SAMPLE_SIZE_MAX - used : 0;
}

/* Where it is unknown attr.sample_stack_user is refused. */
#ifndef CONFIG_HAVE_PERF_USER_STACK_DUMP
#undef user_stack_pointer
#define user_stack_pointer(regs)	((regs) ? 0UL : 0UL)
#endif

/*
 * From the stack pointer upwards as much as was asked for, but not beyond the end
 * of user memory; where the stack itself ends is not known here.  A task that
 * exits may still have registers but no memory.
 */
static u32 take_user_stack(struct sample *s)
{
	unsigned long sp = 0, size = s->event->attr.sample_stack_user;
	u32 room = sample_room(s);

	if (!(s->data->sample_flags & PERF_SAMPLE_REGS_USER))
		take_user_regs(s);
	if (s->data->regs_user.regs && current->mm)
		sp = user_stack_pointer(s->data->regs_user.regs);

	room -= min(room, 2 * sizeof(u64)); /* two lengths */
	size = min3(size, (unsigned long)room,
		    sp && sp < TASK_SIZE ? round_down(TASK_SIZE - sp, sizeof(u64)) : 0);
	s->data->stack_user_size = size;

	return size ? sizeof(u64) + size + sizeof(u64) : sizeof(u64);
}

static void write_user_stack(struct sample *s)
{
	u64 size = s->data->stack_user_size;
	void __user *sp;
	unsigned long left;

	perf_output_put(s->handle, size);
	if (!size)
		return;

	sp = (void __user *)user_stack_pointer(s->data->regs_user.regs);
	left = perf_output_copy_user(s->handle, sp, size);
	perf_output_skip(s->handle, left);
	size -= left;
	perf_output_put(s->handle, size);
}

/* ---- Addresses, cgroup --------------------------------------------------- */

static u64 sample_addr(const struct perf_sample_data *data)
{
	return data->sample_flags & PERF_SAMPLE_ADDR ? data->addr : 0;
}

static u32 take_phys_addr(struct sample *s)
{
	u64 virt = sample_addr(s->data), phys = 0;
	void *ptr = (void *)(uintptr_t)virt;
	struct page *page;

	if (virt >= TASK_SIZE) {
		if (virt_addr_valid(ptr) && !is_vmalloc_addr(ptr))
			phys = virt_to_phys(ptr);
	} else if (virt && is_user_task(current)) {
		pagefault_disable();
		if (get_user_page_fast_only(virt, 0, &page)) {
			phys = page_to_phys(page) + offset_in_page(virt);
			put_page(page);
		}
		pagefault_enable();
	}
	s->data->phys_addr = phys;

	return 0;
}

#ifdef CONFIG_HAVE_GUP_FAST
/*
 * How large the page is that maps @addr, 0 if none does.  Tables are read as
 * get_user_pages_fast() reads them: with IRQs off they are not freed.
 */
static u64 leaf_size(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgdp = pgd_offset(mm, addr), pgd = pgdp_get(pgdp);
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;
	pmd_t pmd;
	pte_t *ptep, pte;

	if (!pgd_present(pgd) || pgd_leaf(pgd))
		return pgd_present(pgd) ? pgd_leaf_size(pgd) : 0;
	p4dp = p4d_offset_lockless(pgdp, pgd, addr);
	p4d = p4dp_get(p4dp);
	if (!p4d_present(p4d) || p4d_leaf(p4d))
		return p4d_present(p4d) ? p4d_leaf_size(p4d) : 0;
	pudp = pud_offset_lockless(p4dp, p4d, addr);
	pud = pudp_get(pudp);
	if (!pud_present(pud) || pud_leaf(pud))
		return pud_present(pud) ? pud_leaf_size(pud) : 0;
	pmd = pmdp_get_lockless(pmd_offset_lockless(pudp, pud, addr));
	if (!pmd_present(pmd) || pmd_leaf(pmd))
		return pmd_present(pmd) ? pmd_leaf_size(pmd) : 0;

	ptep = pte_offset_map(&pmd, addr);
	if (!ptep)
		return 0;
	__acquire(RCU); /* pte_offset_map() did, which sparse is not told */
	pte = ptep_get_lockless(ptep);
	pte_unmap(ptep);

	return pte_present(pte) ? __pte_leaf_size(pmd, pte) : 0;
}
#else /* tables may be freed while they are read */
static u64 leaf_size(struct mm_struct *mm, unsigned long addr) { return 0; }
#endif

static u64 page_size_at(u64 addr)
{
	struct mm_struct *mm = addr < TASK_SIZE ? current->mm : NULL;

	if (!addr)
		return 0;

	guard(irqsave)();
	return leaf_size(mm ?: &init_mm, addr);
}

static u32 take_data_page(struct sample *s)
{
	s->data->data_page_size = page_size_at(sample_addr(s->data));
	return 0;
}

static u32 take_code_page(struct sample *s)
{
	if (!(s->data->sample_flags & PERF_SAMPLE_IP))
		take_ip(s);
	s->data->code_page_size = page_size_at(s->data->ip);
	return 0;
}

#ifdef CONFIG_CGROUP_PERF
static u32 take_cgroup(struct sample *s)
{
	s->data->cgroup = cgroup_id(task_css_check(current, perf_event_cgrp_id, true)->cgroup);
	return 0;
}
#else
#define take_cgroup NULL
#endif

/* ---- AUX data ------------------------------------------------------------ */

/* The end of what the group's AUX event has traced on this CPU. */
static u32 take_aux(struct sample *s)
{
	u32 want = round_down(min(s->event->attr.aux_sample_size, sample_room(s)), sizeof(u64));
	struct perf_event *sampler = s->event->aux_event;
	struct perf_buffer *rb = NULL;

	s->data->aux_size = 0;
	if (want && sampler && event_is_here(sampler))
		rb = ring_buffer_get(sampler);
	if (!rb)
		return sizeof(u64);

	/* This may be an NMI that hit a sample being copied from there. */
	if (!READ_ONCE(rb->aux_in_sampling))
		s->data->aux_size = min_t(u64, want, perf_aux_size(rb));
	ring_buffer_put(rb);

	return sizeof(u64) + s->data->aux_size;
}

static unsigned long copy_aux(struct perf_output_handle *handle, struct perf_event *sampler,
			      unsigned long size)
{
	struct perf_buffer *rb = ring_buffer_get(sampler);
	long copied;

	if (!rb)
		return 0;

	copied = perf_aux_snapshot(rb, sampler, handle, size);
	ring_buffer_put(rb);

	/* A driver that copies more has written over the next record. */
	WARN_ON_ONCE(copied > (long)size);
	return clamp(copied, 0L, (long)size);
}

static void write_aux(struct sample *s)
{
	unsigned long left = s->data->aux_size, len;
	static const u64 zeros[8];

	perf_output_put(s->handle, s->data->aux_size);
	if (!left)
		return;

	for (left -= copy_aux(s->handle, s->event->aux_event, left); left; left -= len) {
		len = min(left, sizeof(zeros));
		perf_output_copy(s->handle, zeros, len);
	}
}

/* ---- The table, the passes ----------------------------------------------- */

/* The fields, in the order of the record. */
enum sample_row {
	ROW_IDENTIFIER, ROW_IP, ROW_TID, ROW_TIME, ROW_ADDR, ROW_ID, ROW_STREAM_ID, ROW_CPU,
	ROW_PERIOD, ROW_READ, ROW_CALLCHAIN, ROW_RAW, ROW_BRANCH_STACK, ROW_REGS_USER,
	ROW_STACK_USER, ROW_WEIGHT_TYPE, ROW_DATA_SRC, ROW_TRANSACTION, ROW_REGS_INTR,
	ROW_PHYS_ADDR, ROW_CGROUP, ROW_DATA_PAGE_SIZE, ROW_CODE_PAGE_SIZE, ROW_AUX,
	NR_SAMPLE_ROWS
};

/* A field of PERF_RECORD_SAMPLE. */
struct sample_field {
	/* PERF_SAMPLE_* that ask for it */
	u64	bits;
	/* it also ends side-band records (attr.sample_id_all); see take_ids() */
	bool	in_id;
	/* of a field that is one word of the data: size, where, what if nobody knows it */
	u16	size;
	u16	offset;
	u64	none;
	/* bytes in each record of an event, if that differs by event */
	u32	(*event_size)(const struct perf_event *event);
	/* fill in what the driver has not; bytes in this record, if that differs by record */
	u32	(*take)(struct sample *s);
	/* write what is not one word */
	void	(*write)(struct sample *s);
};

#define FIELD(name, ...)						\
	[ROW_##name] = { .bits = PERF_SAMPLE_##name, __VA_ARGS__ }
#define WORD(name, _member, ...)					\
	FIELD(name, .size = sizeof(u64),				\
	      .offset = offsetof(struct perf_sample_data, _member), __VA_ARGS__)

static const struct sample_field sample_fields[] = {
	WORD(IDENTIFIER,	id, .in_id = true),
	WORD(IP,		ip, .take = take_ip),
	WORD(TID,		tid_entry, .in_id = true),
	WORD(TIME,		time, .in_id = true),
	WORD(ADDR,		addr),
	WORD(ID,		id, .in_id = true),
	WORD(STREAM_ID,		stream_id, .in_id = true),
	WORD(CPU,		cpu_entry, .in_id = true),
	WORD(PERIOD,		period),
	FIELD(READ,		.event_size = read_bytes, .write = write_read),
	FIELD(CALLCHAIN,	.take = take_callchain, .write = write_callchain),
	FIELD(RAW,		.take = take_raw, .write = write_raw),
	FIELD(BRANCH_STACK,	.take = take_branches, .write = write_branches),
	FIELD(REGS_USER,	.take = take_user_regs, .write = write_user_regs),
	FIELD(STACK_USER,	.take = take_user_stack, .write = write_user_stack),
	WORD(WEIGHT_TYPE,	weight),
	WORD(DATA_SRC,		data_src, .none = PERF_MEM_NA),
	WORD(TRANSACTION,	txn),
	FIELD(REGS_INTR,	.take = take_intr_regs, .write = write_intr_regs),
	WORD(PHYS_ADDR,		phys_addr, .take = take_phys_addr),
	WORD(CGROUP,		cgroup, .take = take_cgroup),
	WORD(DATA_PAGE_SIZE,	data_page_size, .take = take_data_page),
	WORD(CODE_PAGE_SIZE,	code_page_size, .take = take_code_page),
	FIELD(AUX,		.take = take_aux, .write = write_aux),
};

/* Each bit has its row (two share one); rows fit event->sample_rows. */
static_assert(ilog2(PERF_SAMPLE_MAX) - 1 == NR_SAMPLE_ROWS);
static_assert(ARRAY_SIZE(sample_fields) == NR_SAMPLE_ROWS);
static_assert(ARRAY_SIZE(sample_fields) <= BITS_PER_TYPE(u32));
static_assert(sizeof_field(struct perf_sample_data, tid_entry) == sizeof(u64));
static_assert(sizeof_field(struct perf_sample_data, cpu_entry) == sizeof(u64));

#define for_each_sample_row(row, rows)	for_each_set_bit(row, &(rows), NR_SAMPLE_ROWS)

static u64 *field_word(struct perf_sample_data *data, const struct sample_field *field)
{
	return (void *)data + field->offset;
}

/**
 * perf_event_init_sample_sizes() - decide what the samples of an event are made of
 * @event: the event; its sample_type and read_size are final, or have just changed
 *
 * Sets header_size, id_header_size (of what also ends side-band records) and the
 * rows.  Whether the sum is too large for a record is the caller's question.
 *
 * Context: any; nobody writes samples of the event, or they cannot tell
 * (ctx->lock, on the CPU where the context is active).
 */
void perf_event_init_sample_sizes(struct perf_event *event)
{
	unsigned int fixed[2] = { };
	u32 rows = 0;
	int row;

	for (row = 0; row < NR_SAMPLE_ROWS; row++) {
		const struct sample_field *field = &sample_fields[row];

		if (!(event->attr.sample_type & field->bits))
			continue;
		rows |= BIT(row);
		fixed[field->in_id] += field->size;
		if (field->event_size)
			fixed[field->in_id] += field->event_size(event);
	}

	event->sample_rows = rows;
	event->header_size = min_t(unsigned int, fixed[false], U16_MAX);
	event->id_header_size = fixed[true];
}

/**
 * perf_prepare_sample() - complete a sample
 * @data: the sample; fields whose bit in sample_flags is set are left alone
 * @event: the event that it is for
 * @regs: registers at the overflow
 *
 * May be called again for the same event, which costs next to nothing.  A sample
 * that was prepared for one event must begin anew for another one.
 *
 * Context: any, NMI included; RCU read side, held until the sample is written.
 */
void perf_prepare_sample(struct perf_sample_data *data, struct perf_event *event,
			 struct pt_regs *regs)
{
	struct sample s = { .data = data, .event = event, .regs = regs };
	u64 todo = event->attr.sample_type & ~data->sample_flags;
	unsigned long rows = event->sample_rows;
	int row;

	data->type = event->attr.sample_type;
	/* Counters are read when they are written. */
	todo &= ~(u64)PERF_SAMPLE_READ;
	if (!todo)
		return;

	take_ids(data, event, todo);
	for_each_sample_row(row, rows) {
		const struct sample_field *field = &sample_fields[row];

		if (!(todo & field->bits))
			continue;
		if (field->take)
			data->dyn_size += field->take(&s);
		else if (!field->in_id)
			*field_word(data, field) = field->none;
		data->sample_flags |= todo & field->bits;
	}
}

/**
 * perf_prepare_header() - make the header of a completed sample
 * @header: the header
 * @data: the sample, after perf_prepare_sample()
 * @event: its event
 * @regs: registers at the overflow
 *
 * A sample that does not fit a record gets size 0, and perf_output_sample()
 * writes nothing for it.
 *
 * Context: as perf_prepare_sample().
 */
void perf_prepare_header(struct perf_event_header *header, struct perf_sample_data *data,
			 struct perf_event *event, struct pt_regs *regs)
{
	u32 size = perf_sample_data_size(data, event);

	WARN_ON_ONCE(size % sizeof(u64));
	header->type = PERF_RECORD_SAMPLE;
	header->misc = perf_misc_flags(regs);
	header->size = size <= SAMPLE_SIZE_MAX ? size : 0;
}

static void write_words(struct perf_output_handle *handle, const u64 *words, unsigned int n)
{
	if (n)
		perf_output_copy(handle, words, n * sizeof(u64));
}

/* Single words are gathered and written together. */
static void write_fields(struct sample *s)
{
	unsigned long rows = s->event->sample_rows;
	u64 words[NR_SAMPLE_ROWS] __uninitialized;
	unsigned int n = 0;
	int row;

	for_each_sample_row(row, rows) {
		const struct sample_field *field = &sample_fields[row];

		if (!field->write) {
			words[n++] = *field_word(s->data, field);
			continue;
		}
		write_words(s->handle, words, n);
		n = 0;
		field->write(s);
	}
	write_words(s->handle, words, n);
}

/**
 * perf_output_sample() - write a sample
 * @handle: room for it
 * @header: from perf_prepare_header()
 * @data: from perf_prepare_sample()
 * @event: its event
 *
 * Context: as perf_prepare_sample(); if samples hold the counters of a group, IRQs
 * are off since before perf_prepare_header().
 */
void perf_output_sample(struct perf_output_handle *handle, struct perf_event_header *header,
			struct perf_sample_data *data, struct perf_event *event)
{
	struct sample s = { .data = data, .event = event, .handle = handle };

	if (!header->size)
		return;

	perf_output_put(handle, *header);
	write_fields(&s);
	rb_count_sample(handle->rb, event);
}

static __always_inline int sample_output(struct perf_event *event, struct perf_sample_data *data,
					 struct pt_regs *regs, typeof(perf_output_begin) *begin)
{
	struct perf_output_handle handle __uninitialized;
	struct perf_event_header header;
	int err;

	guard(rcu)(); /* the call chain's buffer */

	perf_prepare_sample(data, event, regs);
	perf_prepare_header(&header, data, event, regs);
	if (unlikely(!header.size)) {
		atomic64_inc(&perf_event_root(event)->lost_samples);
		return -E2BIG;
	}

	err = begin(&handle, data, event, header.size);
	if (err)
		return err;

	perf_output_sample(&handle, &header, data, event);
	perf_output_end(&handle);
	return 0;
}

/**
 * perf_event_output_forward() - write a sample: the default overflow handler
 * @event: the event
 * @data: the sample
 * @regs: registers at the overflow
 *
 * Context: any, NMI included; IRQs off.
 */
void perf_event_output_forward(struct perf_event *event, struct perf_sample_data *data,
			       struct pt_regs *regs)
{
	sample_output(event, data, regs, perf_output_begin_forward);
}

/**
 * perf_event_output_backward() - overflow handler with attr.write_backward
 * @event: the event
 * @data: the sample
 * @regs: registers at the overflow
 *
 * Context: any, NMI included; IRQs off.
 */
void perf_event_output_backward(struct perf_event *event, struct perf_sample_data *data,
				struct pt_regs *regs)
{
	sample_output(event, data, regs, perf_output_begin_backward);
}

/**
 * perf_event_output() - write a sample, in whatever direction the buffer goes
 * @event: the event
 * @data: the sample
 * @regs: registers that it is about
 *
 * Return: 0; -ENOSPC if there is no buffer, or none that takes it; -E2BIG if the
 * sample does not fit a record, which is counted as lost.
 *
 * Context: any, NMI included; preemption off.
 */
int perf_event_output(struct perf_event *event, struct perf_sample_data *data,
		      struct pt_regs *regs)
{
	if (likely(!(event->attr.sample_type & PERF_SAMPLE_READ)))
		return sample_output(event, data, regs, perf_output_begin);

	guard(irqsave)();
	return sample_output(event, data, regs, perf_output_begin);
}

/* ---- The end of other records -------------------------------------------- */

/**
 * perf_event_header__init_id() - make room for the identity at a record's end
 * @header: header of the record, its size as it is without
 * @data: takes what perf_event__output_id_sample() will write
 * @event: the event whose record it is
 *
 * Does nothing unless attr.sample_id_all.  Of @data only what is taken is defined
 * afterwards.
 *
 * Context: any, NMI included.
 */
void perf_event_header__init_id(struct perf_event_header *header,
				struct perf_sample_data *data, struct perf_event *event)
{
	if (!event->attr.sample_id_all)
		return;

	data->type = event->attr.sample_type;
	header->size += event->id_header_size;
	take_ids(data, event, data->type);
}

/**
 * perf_event_header__init() - begin a record
 * @header: its header
 * @data: as in perf_event_header__init_id()
 * @type: PERF_RECORD_*
 * @misc: PERF_RECORD_MISC_*
 * @size: bytes of header and record without the identity at the end
 * @event: the event whose record it is
 *
 * Context: any, NMI included.
 */
void perf_event_header__init(struct perf_event_header *header, struct perf_sample_data *data,
			     u32 type, u16 misc, u16 size, struct perf_event *event)
{
	*header = (struct perf_event_header) {
		.type	= type,
		.misc	= misc,
		.size	= size,
	};
	perf_event_header__init_id(header, data, event);
}

/**
 * perf_event__output_id_sample() - write the identity at a record's end
 * @event: the event whose record it is
 * @handle: the record
 * @sample: filled in by perf_event_header__init_id()
 *
 * Context: any, NMI included.
 */
void perf_event__output_id_sample(struct perf_event *event, struct perf_output_handle *handle,
				  struct perf_sample_data *sample)
{
	unsigned long rows = event->sample_rows & ~BIT(ROW_IDENTIFIER);
	u64 words[NR_SAMPLE_ROWS];
	unsigned int n = 0;
	int row;

	if (!event->attr.sample_id_all)
		return;

	for_each_sample_row(row, rows) {
		if (sample_fields[row].in_id)
			words[n++] = *field_word(sample, &sample_fields[row]);
	}
	/* Where it is found from the end of the record. */
	if (event->sample_rows & BIT(ROW_IDENTIFIER))
		words[n++] = sample->id;

	write_words(handle, words, n);
}
