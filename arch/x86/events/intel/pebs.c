// SPDX-License-Identifier: GPL-2.0
/*
 * Intel: PEBS, samples that the hardware writes.
 *
 * A precise event's counter makes no interrupt when it overflows.  The next instruction
 * that counts is recorded, with its registers, in a buffer of the CPU, and the counter is
 * loaded again from a table beside the buffer; struct debug_store (ds.c) has both.  When the
 * buffer is as full as was asked for there is a PMI.
 *
 * One record a PMI is what most events get, and the period is loaded by software as for
 * any other event.  An event of a fixed period that wants nothing but what a record has
 * may let the hardware load it, and records are collected (X86_EVENT_LARGE_PEBS): then
 * they must be taken out before another task runs, or the event is read.
 *
 * The buffer is allocated for all CPUs with the first precise event, and stays.
 *
 * Formats: 3, records of one kind (Skylake); 4 and 5, groups that are asked for
 * (MSR_PEBS_DATA_CFG), for fixed counters, too.  SDM vol. 3B 20.9.
 */
#include <linux/bitfield.h>
#include <linux/mutex.h>
#include <linux/sched/clock.h>

#include <asm/cpu_entry_area.h>
#include <asm/tsc.h>

#include "intel.h"

/**
 * struct pebs - this CPU's
 * @buffer: the records, by their address in the kernel
 * @enable: counters whose overflows shall be recorded
 * @enable_is: what the register holds
 * @groups: groups of a record that the events here want
 * @groups_is: what the register holds
 * @users: precise events here
 * @large: those of them that collect records
 */
struct pebs {
	void	*buffer;
	u64	enable;
	u64	enable_is;
	u64	groups;
	u64	groups_is;
	int	users;
	int	large;
};

static DEFINE_PER_CPU(struct pebs, pebs);

/* What this processor has: 0 without PEBS. */
static u8 format __ro_after_init;

/* The largest record: all groups, 32 branches. */
#define RECORD_MAX	(sizeof(struct pebs_basic) + sizeof(struct pebs_meminfo) + \
			 sizeof(struct pebs_gprs) + sizeof(struct pebs_xmm) + 32 * 24)

struct record_3 {
	u64 flags, ip;
	u64 ax, bx, cx, dx, si, di, bp, sp;
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
	u64 counters, address, source, latency;
	u64 real_ip, tsx, tsc;
};

/**
 * struct decoded - a record of any format
 * @counters: whose it is
 * @real_ip: the instruction
 * @tsc: when
 * @gprs: registers after it; NULL if they are not there
 * @xmm: the others; NULL
 * @address: of its data
 * @source: where that was
 * @latency: how long it took
 * @tsx: what came of a transaction
 */
struct decoded {
	u64			counters;
	u64			real_ip;
	u64			tsc;
	struct pebs_gprs	*gprs;
	u64			*xmm;
	u64			address;
	u64			source;
	u64			latency;
	u64			tsx;
};

static bool adaptive(void)
{
	return format >= 4;
}

/* ---- Buffers ---------------------------------------------------------------- */

static DEFINE_MUTEX(buffer_mutex);
static bool have_buffers;

static int alloc_buffer(int cpu)
{
	void *area = &get_cpu_entry_area(cpu)->cpu_debug_buffers.pebs_buffer;
	struct debug_store *store = &get_cpu_entry_area(cpu)->cpu_debug_store;
	struct pebs *p = per_cpu_ptr(&pebs, cpu);

	if (p->buffer)
		return 0;
	p->buffer = intel_ds_map(area, PEBS_BUFFER_SIZE);
	if (!p->buffer)
		return -ENOMEM;
	store->pebs_buffer_base = (unsigned long)area;
	store->pebs_index = store->pebs_buffer_base;
	store->pebs_absolute_maximum = store->pebs_buffer_base + PEBS_BUFFER_SIZE;

	return 0;
}

/* For CPUs that are not there yet, too: who opens an event must not stop them from coming. */
static int want_buffers(void)
{
	int cpu, err = 0;

	guard(mutex)(&buffer_mutex);
	if (have_buffers)
		return 0;
	for_each_possible_cpu(cpu)
		err = err ?: alloc_buffer(cpu);
	/* What was allocated serves the next one who tries. */
	have_buffers = !err;

	return err;
}

/**
 * intel_pebs_start_cpu() - it comes up
 *
 * Context: on it, IRQs off.
 */
void intel_pebs_start_cpu(void)
{
	struct pebs *p = this_cpu_ptr(&pebs);

	if (!format)
		return;
	wrmsrl(MSR_IA32_PEBS_ENABLE, 0);
	p->enable_is = 0;
	p->groups_is = ~0ULL;
}

/* ---- A new event ------------------------------------------------------------ */

/* What a record has of a sample; time only on the kernel's own clock. */
#define RECORDED	(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_ADDR |		\
			 PERF_SAMPLE_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_STREAM_ID |	\
			 PERF_SAMPLE_DATA_SRC | PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TIME | \
			 PERF_SAMPLE_PERIOD | PERF_SAMPLE_WEIGHT_TYPE)
#define MEMORY		(PERF_SAMPLE_ADDR | PERF_SAMPLE_DATA_SRC | PERF_SAMPLE_WEIGHT_TYPE | \
			 PERF_SAMPLE_PHYS_ADDR | PERF_SAMPLE_DATA_PAGE_SIZE |		\
			 PERF_SAMPLE_TRANSACTION)

static u64 groups_of(struct perf_event *event)
{
	u64 type = event->attr.sample_type, groups = 0;

	if (!adaptive())
		return 0;
	if (type & MEMORY)
		groups |= PEBS_DATACFG_MEMINFO;
	if (event->attr.precise_ip < 2 ||
	    type & (PERF_SAMPLE_REGS_INTR | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_TRANSACTION))
		groups |= PEBS_DATACFG_GP;
	if (type & PERF_SAMPLE_REGS_INTR && event->attr.sample_regs_intr & PERF_REG_EXTENDED_MASK)
		groups |= PEBS_DATACFG_XMMS;

	return groups;
}

static void set_data_flags(struct perf_event *event)
{
	const struct event_constraint *c = x86_type_of(event)->model->precise;

	for (; c && c->cmask; c++) {
		if ((event->hw.config & c->cmask) == c->code) {
			event->hw.flags |= c->flags;
			return;
		}
	}
}

#define LOAD_LATENCY	0x01cd
#define LOADS_AUX	0x8203

/*
 * Where a load was served from is in its record only if MEM_LOADS_AUX counts, too.  That must have
 * been opened before it, in the same group.
 */
static bool lacks_aux(struct perf_event *event)
{
	struct perf_event *leader = event->group_leader, *sibling;

	if (!(x86_type_of(event)->model->flags & X86_MODEL_LOAD_AUX) ||
	    !(event->attr.sample_type & PERF_SAMPLE_DATA_SRC) ||
	    (event->hw.config & SELECT_UMASK) != LOAD_LATENCY)
		return false;
	if (leader == event)
		return true;
	if ((leader->hw.config & SELECT_UMASK) == LOADS_AUX)
		return false;
	for_each_sibling_event(sibling, leader) {
		if ((sibling->hw.config & SELECT_UMASK) == LOADS_AUX)
			return false;
	}

	return true;
}

/*
 * Does a sample need no more than a record has, and nobody it at once?  Neither the task that
 * waits for so many samples, nor what a sample does besides being written.
 */
static bool may_be_late(const struct perf_event_attr *attr)
{
	return !attr->freq && attr->sample_period && !(attr->sample_type & ~RECORDED) &&
	       !attr->use_clockid && (attr->watermark || !attr->wakeup_events) &&
	       !attr->sigtrap && !attr->aux_action;
}

/**
 * intel_pebs_config() - is a new event precise, and can it be?
 * @event: the event
 *
 * Return: 0; -EOPNOTSUPP: not so precise; -EINVAL: there is nothing to be precise about, it
 * does not sample; -ENODATA: it needs another event, see lacks_aux(); -ENOMEM.
 *
 * Context: may sleep.
 */
int intel_pebs_config(struct perf_event *event)
{
	const struct x86_model *model = x86_type_of(event)->model;
	struct perf_event_attr *attr = &event->attr;
	struct hw_perf_event *hwc = &event->hw;
	int err;

	if (lacks_aux(event))
		return -ENODATA;
	if (!attr->precise_ip)
		return 0;
	if (attr->precise_ip > x86_type_of(event)->max_precise)
		return -EOPNOTSUPP;
	if (!is_sampling_event(event))
		return -EINVAL;
	err = want_buffers();
	if (err)
		return err;

	/* Cycles cannot be recorded where only general counters can: take something as good. */
	if ((hwc->config & SELECT_ALL) == 0x003c && model->precise_cycles[attr->precise_ip])
		hwc->config ^= 0x003c ^ model->precise_cycles[attr->precise_ip];
	hwc->config &= ~ARCH_PERFMON_EVENTSEL_INT;
	if (adaptive())
		hwc->config |= ICL_EVENTSEL_ADAPTIVE;
	hwc->flags |= X86_EVENT_PEBS;
	set_data_flags(event);
	if (!may_be_late(attr))
		return 0;
	hwc->flags |= X86_EVENT_LARGE_PEBS | X86_EVENT_RELOADED;
	event->attach_state |= PERF_ATTACH_SCHED_CB;

	return 0;
}

#define FIXED_0		BIT_ULL(INTEL_PMC_IDX_FIXED)

/**
 * intel_pebs_counters() - those that can record an event
 * @event: a precise one
 * @counters: those that can count it
 *
 * Return: those of them.
 *
 * Context: any.
 */
u64 intel_pebs_counters(struct perf_event *event, u64 counters)
{
	const struct x86_core_type *type = x86_type_of(event);

	counters &= type->precise_counters;
	if (event->attr.precise_ip < 3 || !adaptive())
		return counters;
	/* Only that one records instructions without a preference for the slow ones. */
	if (counters & FIXED_0)
		return FIXED_0;

	return type->model->flags & X86_MODEL_PDIST_0 ? counters & BIT_ULL(0) : counters;
}

/* ---- Counting --------------------------------------------------------------- */

/* Records a PMI: as many as fit, if all events want that. */
static void set_threshold(const struct pebs *p)
{
	struct debug_store *store = intel_this_ds();

	store->pebs_interrupt_threshold = p->large && p->large == p->users ?
		store->pebs_absolute_maximum - 2 * RECORD_MAX : store->pebs_buffer_base + 1;
}

/**
 * intel_pebs_added() - an event was added to this CPU
 * @event: the event
 *
 * Context: IRQs off, PMU off.
 */
void intel_pebs_added(struct perf_event *event)
{
	struct pebs *p = this_cpu_ptr(&pebs);

	if (!(event->hw.flags & X86_EVENT_PEBS))
		return;
	intel_pebs_drain(NULL);
	p->users++;
	p->groups |= groups_of(event);
	if (event->hw.flags & X86_EVENT_LARGE_PEBS && !p->large++)
		perf_sched_cb_inc(event->pmu);
	set_threshold(p);
}

/**
 * intel_pebs_removed() - it was taken off
 * @event: the event
 *
 * Context: as above.
 */
void intel_pebs_removed(struct perf_event *event)
{
	struct pebs *p = this_cpu_ptr(&pebs);

	if (!(event->hw.flags & X86_EVENT_PEBS))
		return;
	if (event->hw.flags & X86_EVENT_LARGE_PEBS && !--p->large)
		perf_sched_cb_dec(event->pmu);
	if (!--p->users)
		p->groups = 0;
	set_threshold(p);
}

/**
 * intel_pebs_program() - an event is about to count
 * @event: the event, precise or not
 * @idx: its counter
 *
 * Context: IRQs off.
 */
void intel_pebs_program(struct perf_event *event, int idx)
{
	struct pebs *p = this_cpu_ptr(&pebs);
	int fixed = format >= 5 ? MAX_PEBS_EVENTS : MAX_PEBS_EVENTS_FMT4;
	u64 reload = 0;

	if (!(event->hw.flags & X86_EVENT_PEBS)) {
		p->enable &= ~BIT_ULL(idx);
		return;
	}
	p->enable |= BIT_ULL(idx);
	if (event->hw.flags & X86_EVENT_RELOADED)
		reload = -event->hw.sample_period & x86_pmu.value_mask;
	if (idx >= INTEL_PMC_IDX_FIXED)
		idx += fixed - INTEL_PMC_IDX_FIXED;
	intel_this_ds()->pebs_event_reset[idx] = reload;
}

/**
 * intel_pebs_set_on() - counters are about to count: write what they need
 *
 * Context: IRQs off, or NMI.
 */
void intel_pebs_set_on(void)
{
	struct pebs *p = this_cpu_ptr(&pebs);

	if (p->users && adaptive() && p->groups != p->groups_is) {
		wrmsrl(MSR_PEBS_DATA_CFG, p->groups);
		p->groups_is = p->groups;
	}
	if (p->enable != p->enable_is) {
		wrmsrl(MSR_IA32_PEBS_ENABLE, p->enable);
		p->enable_is = p->enable;
	}
}

/**
 * intel_pebs_recording() - counters whose status bits are no overflows of theirs
 *
 * Return: those.
 *
 * Context: IRQs off, or NMI.
 */
u64 intel_pebs_recording(void)
{
	return this_cpu_read(pebs.enable);
}

/* ---- Records ---------------------------------------------------------------- */

static size_t decode_3(void *at, struct decoded *d, struct pebs_gprs *gprs)
{
	struct record_3 *r = at;

	*gprs = (struct pebs_gprs){
		.flags = r->flags, .ip = r->ip, .ax = r->ax, .bx = r->bx, .cx = r->cx,
		.dx = r->dx, .si = r->si, .di = r->di, .bp = r->bp, .sp = r->sp,
		.r8 = r->r8, .r9 = r->r9, .r10 = r->r10, .r11 = r->r11, .r12 = r->r12,
		.r13 = r->r13, .r14 = r->r14, .r15 = r->r15,
	};
	*d = (struct decoded){
		.counters = r->counters, .real_ip = r->real_ip, .tsc = r->tsc, .gprs = gprs,
		.address = r->address, .source = r->source, .latency = r->latency,
		.tsx = r->tsx,
	};

	return sizeof(*r);
}

/* Groups follow one another in the order of their bits. */
static size_t decode_4(void *at, struct decoded *d)
{
	struct pebs_basic *basic = at;
	void *next = basic + 1;

	*d = (struct decoded){
		.counters = basic->applicable_counters, .real_ip = basic->ip, .tsc = basic->tsc,
	};
	if (basic->format_group & PEBS_DATACFG_MEMINFO) {
		struct pebs_meminfo *memory = next;

		d->address = memory->address;
		d->source = memory->aux;
		d->latency = memory->mem_latency;
		d->tsx = memory->tsx_tuning;
		next = memory + 1;
	}
	if (basic->format_group & PEBS_DATACFG_GP) {
		d->gprs = next;
		next = d->gprs + 1;
	}
	if (basic->format_group & PEBS_DATACFG_XMMS)
		d->xmm = next;

	/* Never stand still, whatever it says. */
	return max_t(size_t, basic->format_size, sizeof(*basic));
}

static void set_regs(struct perf_event *event, const struct decoded *d, struct pt_regs *regs)
{
	const struct pebs_gprs *g = d->gprs;

	if (g) {
		regs->ax = g->ax;
		regs->bx = g->bx;
		regs->cx = g->cx;
		regs->dx = g->dx;
		regs->si = g->si;
		regs->di = g->di;
		regs->bp = g->bp;
		regs->sp = g->sp;
#ifdef CONFIG_X86_64
		regs->r8 = g->r8;
		regs->r9 = g->r9;
		regs->r10 = g->r10;
		regs->r11 = g->r11;
		regs->r12 = g->r12;
		regs->r13 = g->r13;
		regs->r14 = g->r14;
		regs->r15 = g->r15;
#endif
		regs->flags = g->flags & ~PERF_EFLAGS_EXACT;
	}
	if (event->attr.precise_ip > 1 || !g) {
		set_linear_ip(regs, d->real_ip);
		regs->flags |= PERF_EFLAGS_EXACT;
	} else {
		set_linear_ip(regs, g->ip);
		regs->flags &= ~PERF_EFLAGS_EXACT;
	}
}

/* Where a load was served from: SDM vol. 3B table 20-4. */
#define FROM(_level, _snoop)	(PERF_MEM_S(LVL, HIT) | PERF_MEM_S(LVL, _level) | \
				 PERF_MEM_S(SNOOP, _snoop))
static const u64 load_sources[16] = {
	PERF_MEM_S(LVL, NA) | PERF_MEM_S(SNOOP, NA),
	FROM(L1, NONE), FROM(LFB, NONE), FROM(L2, NONE),
	FROM(L3, NONE), FROM(L3, MISS), FROM(L3, HIT), FROM(L3, HITM),
	FROM(REM_CCE1, HIT), FROM(REM_CCE1, HITM),
	FROM(LOC_RAM, HIT), FROM(REM_RAM1, HIT), FROM(LOC_RAM, NONE), FROM(REM_RAM1, NONE),
	FROM(IO, NA), FROM(UNC, NA),
};

#define SOURCE_STLB_MISS	BIT(4)
#define SOURCE_LOCKED		BIT(5)

static u64 source_of(struct perf_event *event, u64 source)
{
	u64 tlb = source & SOURCE_STLB_MISS ?
		  PERF_MEM_S(TLB, MISS) | PERF_MEM_S(TLB, L2) :
		  PERF_MEM_S(TLB, HIT) | PERF_MEM_S(TLB, L1) | PERF_MEM_S(TLB, L2);
	u64 lock = source & SOURCE_LOCKED ? PERF_MEM_S(LOCK, LOCKED) : 0;

	if (event->hw.flags & X86_EVENT_DATA_LOAD)
		return PERF_MEM_S(OP, LOAD) | load_sources[source & 0xf] | tlb | lock;
	if (event->hw.flags & X86_EVENT_DATA_STORE)
		return PERF_MEM_S(OP, STORE) | PERF_MEM_S(LVL, L1) | tlb | lock |
		       (source & 1 ? PERF_MEM_S(LVL, HIT) : PERF_MEM_S(LVL, MISS));

	return PERF_MEM_S(OP, NA) | PERF_MEM_S(LVL, NA) | PERF_MEM_S(SNOOP, NA) |
	       PERF_MEM_S(LOCK, NA) | PERF_MEM_S(TLB, NA);
}

/* Bits 15:0 are the instruction's, 47:32 the cache's, where there are two. */
static union perf_sample_weight latency_of(struct perf_event *event, u64 latency)
{
	union perf_sample_weight weight = { .full = latency };

	if (x86_type_of(event)->model->flags & X86_MODEL_LATENCIES) {
		weight.full = latency >> 32 & 0xffff;
		if (event->attr.sample_type & PERF_SAMPLE_WEIGHT_STRUCT)
			weight.var2_w = latency & 0xffff;
	}

	return weight;
}

/* Flags in the order of PERF_TXN_*, and for RTM the code that XABORT gave, if it says so. */
static u64 transaction_of(const struct decoded *d)
{
	u64 txn = d->tsx >> 32 & 0xff;

	if (txn & PERF_TXN_TRANSACTION && d->gprs && d->gprs->ax & 1)
		txn |= (d->gprs->ax >> 24 & 0xff) << PERF_TXN_ABORT_SHIFT;

	return txn;
}

static void set_memory(struct perf_event *event, const struct decoded *d,
		       struct perf_sample_data *data)
{
	u64 type = event->attr.sample_type;

	if (type & (PERF_SAMPLE_ADDR | PERF_SAMPLE_PHYS_ADDR | PERF_SAMPLE_DATA_PAGE_SIZE)) {
		data->addr = d->address;
		data->sample_flags |= PERF_SAMPLE_ADDR;
	}
	if (type & PERF_SAMPLE_DATA_SRC) {
		data->data_src.val = source_of(event, d->source);
		data->sample_flags |= PERF_SAMPLE_DATA_SRC;
	}
	if (type & PERF_SAMPLE_WEIGHT_TYPE && event->hw.flags & X86_EVENT_DATA_LATENCY) {
		data->weight = latency_of(event, d->latency);
		data->sample_flags |= type & PERF_SAMPLE_WEIGHT_TYPE;
	} else if (type & PERF_SAMPLE_WEIGHT_TYPE && d->tsx) {
		/* Cycles that were for nothing. */
		data->weight.full = d->tsx & U32_MAX;
		data->sample_flags |= type & PERF_SAMPLE_WEIGHT_TYPE;
	}
	if (type & PERF_SAMPLE_TRANSACTION) {
		data->txn = transaction_of(d);
		data->sample_flags |= PERF_SAMPLE_TRANSACTION;
	}
}

/* One sample out of a record.  @regs: where the PMI came, NULL outside of one. */
static void output(struct x86_cpu *cpu, struct perf_event *event, const struct decoded *d,
		   struct pt_regs *regs, bool last)
{
	struct perf_sample_data data;
	struct x86_perf_regs at = { };

	if (regs)
		at.regs = *regs;
	at.xmm_regs = d->xmm;
	perf_sample_data_init(&data, 0, event->hw.last_period);
	data.period = event->hw.last_period;
	/* The stack is as it was at the PMI, not at the record. */
	if (regs)
		perf_sample_save_callchain(&data, event, regs);
	set_regs(event, d, &at.regs);
	set_memory(event, d, &data);
	if (event->hw.flags & X86_EVENT_LARGE_PEBS && event->attr.sample_type & PERF_SAMPLE_TIME) {
		data.time = native_sched_clock_from_tsc(d->tsc) + __sched_clock_offset;
		data.sample_flags |= PERF_SAMPLE_TIME;
	}
	if (has_branch_stack(event) && x86_pmu.sample && regs)
		x86_pmu.sample(cpu, event, &data);
	x86_output_collected(event, &data, &at.regs, last);
}

/*
 * Counts of an event that the hardware reloads: @n periods, and what the counter says beside.
 */
static void account_reloads(struct perf_event *event, u64 n)
{
	struct hw_perf_event *hwc = &event->hw;
	int shift = 64 - x86_pmu.width;
	s64 before = local64_read(&hwc->prev_count);
	u64 now;

	rdpmcl(hwc->event_base_rdpmc, now);
	now = (s64)(now << shift) >> shift;
	local64_set(&hwc->prev_count, now);
	local64_add(now - before + n * hwc->sample_period, &event->count);
	local64_set(&hwc->period_left, -(s64)now);
	hwc->last_period = hwc->sample_period;
	perf_event_update_userpage(event);
}

static size_t decode(void *at, struct decoded *d, struct pebs_gprs *gprs)
{
	return adaptive() ? decode_4(at, d) : decode_3(at, d, gprs);
}

/* All records of one event. */
static void drain_event(struct x86_cpu *cpu, struct perf_event *event, void *base, void *top,
			struct pt_regs *regs)
{
	u64 bit = BIT_ULL(event->hw.idx), n = 0;
	struct pebs_gprs gprs;
	struct decoded d;
	void *at;

	for (at = base; at < top; at += decode(at, &d, &gprs)) {
		decode(at, &d, &gprs);
		n += !!(d.counters & bit);
	}
	if (event->hw.flags & X86_EVENT_RELOADED) {
		account_reloads(event, n);
	} else {
		x86_event_update(event);
		if (!n || !x86_set_period(event))
			return;
		perf_event_update_userpage(event);
	}
	for (at = base; at < top; at += decode(at, &d, &gprs)) {
		decode(at, &d, &gprs);
		if (d.counters & bit && READ_ONCE(cpu->running) & bit)
			output(cpu, event, &d, regs, !--n);
	}
}

/**
 * intel_pebs_drain() - take out the records that there are
 * @regs: where the PMI came; NULL: there was none
 *
 * Return: how many events had some.
 *
 * Context: IRQs off, PMU off, or NMI.
 */
int intel_pebs_drain(struct pt_regs *regs)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	struct pebs *p = this_cpu_ptr(&pebs);
	struct debug_store *store = intel_this_ds();
	size_t used;
	u64 left;
	int n = 0;

	if (!p->buffer)
		return 0;
	used = intel_ds_take(&store->pebs_index, store->pebs_buffer_base);
	if (!used)
		return 0;
	for (left = p->enable & cpu->used; left; left &= left - 1) {
		struct perf_event *event = cpu->event[__ffs64(left)];

		if (!event || !(event->hw.flags & X86_EVENT_PEBS))
			continue;
		drain_event(cpu, event, p->buffer, p->buffer + used, regs);
		n++;
	}

	return n;
}

/**
 * intel_pebs_sched_task() - a task leaves this CPU: so do its records
 *
 * Context: the scheduler, IRQs off, PMU off.
 */
void intel_pebs_sched_task(void)
{
	if (this_cpu_read(pebs.large))
		intel_pebs_drain(NULL);
}

/* ---- Coming up -------------------------------------------------------------- */

/**
 * intel_pebs_init() - is there PEBS, and of which kind?
 * @type: the kind of core that this CPU is
 */
void __init intel_pebs_init(struct x86_core_type *type)
{
	u32 found = FIELD_GET(CAP_PEBS_FORMAT, type->capabilities);
	bool baseline = type->capabilities & CAP_PEBS_BASELINE;

	if (!boot_cpu_has(X86_FEATURE_PEBS) || !boot_cpu_has(X86_FEATURE_DTES64) ||
	    found < 3 || (found >= 4 && !baseline))
		return;
	format = found;
	type->max_precise = 3;
	if (adaptive())
		type->pmu.capabilities |= PERF_PMU_CAP_EXTENDED_REGS;
	type->precise_counters = adaptive() ? type->counters : type->general & 0xf;
	pr_cont("PEBS fmt%d+%s, ", min_t(u32, format, 4), adaptive() ? "-baseline" : "");
}
