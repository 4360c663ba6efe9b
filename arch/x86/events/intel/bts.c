// SPDX-License-Identifier: GPL-2.0
/*
 * Intel: branch trace store, a record of each taken branch.
 *
 * Branches of user mode, each of them a sample (sample_period 1), need no counter: they are
 * traced to a buffer of the CPU, and become samples when that is almost full, or the event
 * stops or is read.  Such an event is on a counter of its own that does not exist
 * (INTEL_PMC_IDX_FIXED_BTS), and counts the records.
 *
 * A PMI for a full buffer has no bit in any status: each PMI looks.  Trace and branch records
 * (lbr.c) exclude one another.
 *
 * SDM vol. 3B 18.4.5, 18.4.9.
 */
#include <linux/mutex.h>

#include <asm/cpu_entry_area.h>
#include <asm/debugreg.h>

#include "intel.h"

#define TRACE		(DEBUGCTLMSR_TR | DEBUGCTLMSR_BTS | DEBUGCTLMSR_BTINT |	\
			 DEBUGCTLMSR_BTS_OFF_OS)

struct record {
	u64	from;
	u64	to;
	u64	flags;
};

/* Room that is left at a PMI, for what comes until it is looked at. */
#define MARGIN	(128 * sizeof(struct record))

/**
 * struct bts - this CPU's
 * @buffer: the records, by their address in the kernel
 * @on: the hardware traces
 */
struct bts {
	void	*buffer;
	bool	on;
};

static DEFINE_PER_CPU(struct bts, bts);
static DEFINE_MUTEX(buffer_mutex);

static bool have_bts(void)
{
	return boot_cpu_has(X86_FEATURE_BTS) && boot_cpu_has(X86_FEATURE_DTES64) &&
	       boot_cpu_has(X86_FEATURE_DSCPL);
}

static int alloc_buffer(int cpu)
{
	void *area = &get_cpu_entry_area(cpu)->cpu_debug_buffers.bts_buffer;
	struct debug_store *store = &get_cpu_entry_area(cpu)->cpu_debug_store;
	struct bts *b = per_cpu_ptr(&bts, cpu);
	size_t size = BTS_BUFFER_SIZE / sizeof(struct record) * sizeof(struct record);

	if (b->buffer)
		return 0;
	b->buffer = intel_ds_map(area, BTS_BUFFER_SIZE);
	if (!b->buffer)
		return -ENOMEM;
	store->bts_buffer_base = (unsigned long)area;
	store->bts_index = store->bts_buffer_base;
	store->bts_absolute_maximum = store->bts_buffer_base + size;
	store->bts_interrupt_threshold = store->bts_absolute_maximum - MARGIN;

	return 0;
}

/* For all CPUs, also those that come later.  They stay. */
static int want_buffers(void)
{
	int cpu, err = 0;

	guard(mutex)(&buffer_mutex);
	for_each_possible_cpu(cpu)
		err = err ?: alloc_buffer(cpu);

	return err;
}

/**
 * intel_bts_config() - does a new event want a sample of each branch?
 * @event: the event
 *
 * Return: 0; -EOPNOTSUPP: not of the kernel, nor more precise than it is; -ENOMEM; -EBUSY:
 * somebody uses branch records.
 *
 * Context: may sleep.
 */
int intel_bts_config(struct perf_event *event)
{
	struct perf_event_attr *attr = &event->attr;
	u64 branches = x86_type_of(event)->model->generic[PERF_COUNT_HW_BRANCH_INSTRUCTIONS];
	int err;

	if (!have_bts() || attr->freq || attr->sample_period != 1 ||
	    (event->hw.config & SELECT_ALL) != branches)
		return 0;
	if (!attr->exclude_kernel || attr->precise_ip || needs_branch_stack(event))
		return -EOPNOTSUPP;
	err = want_buffers() ?: x86_add_exclusive(x86_lbr_exclusive_bts);
	if (!err)
		event->hw.flags |= X86_EVENT_BTS;

	return err;
}

/**
 * intel_bts_destroy() - undo intel_bts_config()
 * @event: the event
 *
 * Context: may sleep.
 */
void intel_bts_destroy(struct perf_event *event)
{
	if (event->hw.flags & X86_EVENT_BTS)
		x86_del_exclusive(x86_lbr_exclusive_bts);
}

/**
 * intel_bts_set() - trace, or do not
 * @on: which
 *
 * Context: IRQs off, or NMI.
 */
void intel_bts_set(bool on)
{
	struct bts *b = this_cpu_ptr(&bts);
	u64 debugctl;

	if (b->on == on)
		return;
	debugctl = get_debugctlmsr() & ~TRACE;
	update_debugctlmsr(on ? debugctl | TRACE : debugctl);
	b->on = on;
}

/* Records may be of the kernel all the same: the one that left it, for instance. */
static bool is_users(const struct record *r)
{
	return !kernel_ip(r->from) && !kernel_ip(r->to);
}

static void output(struct perf_event *event, const struct record *from, const struct record *to)
{
	struct perf_sample_data data;
	struct pt_regs regs = { };
	const struct record *r;

	/* The last sample stands for all of them where those are limited: find it. */
	while (to > from && !is_users(to - 1))
		to--;
	for (r = from; r < to; r++) {
		if (!is_users(r))
			continue;
		perf_sample_data_init(&data, r->to, 1);
		data.sample_flags |= PERF_SAMPLE_ADDR;
		set_linear_ip(&regs, r->from);
		x86_output_collected(event, &data, &regs, r + 1 == to);
	}
}

/**
 * intel_bts_drain() - make samples of the records that there are
 * @cpu: this CPU
 *
 * Return: 1 if there were any, else 0.
 *
 * Context: IRQs off, nothing is traced, or NMI.
 */
int intel_bts_drain(struct x86_cpu *cpu)
{
	struct perf_event *event = cpu->event[INTEL_PMC_IDX_FIXED_BTS];
	struct debug_store *store = intel_this_ds();
	struct record *from = this_cpu_read(bts.buffer), *to, *r;

	if (!from || !event)
		return 0;
	to = from + intel_ds_take(&store->bts_index, store->bts_buffer_base) / sizeof(*from);
	if (from == to)
		return 0;

	for (r = from; r < to; r++)
		local64_add(is_users(r), &event->count);
	output(event, from, to);

	return 1;
}
