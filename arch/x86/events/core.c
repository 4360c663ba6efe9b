// SPDX-License-Identifier: GPL-2.0
/*
 * x86: counters, whose they are, and their interrupt.
 *
 * An event is added, gets a counter (constraint.c says which), is programmed there,
 * and counts while its bit is in x86_cpu.running and the PMU is enabled.  All of
 * that happens with the PMU disabled, so nothing but the last step is seen by the
 * hardware, and that step is one comparison: x86_sync().
 *
 * hw_perf_event here:
 *
 *  idx	the counter, -1 while it has none
 *  last_tag	the counters that can count it, and the one that it had last, which is
 *		asked for again: that register may still say what this event wants
 *  config	the event select
 *  prev_count	the counter, extended by its sign, when event->count was last brought
 *		up to date.  Counters hold the negative of what is left to count.
 *  state	PERF_HES_STOPPED: not in running.  PERF_HES_UPTODATE: event->count and
 *		period_left have all.  PERF_HES_ARCH: the counter holds nothing of this
 *		event, start() must load it.
 *
 * What an NMI may find: it comes between any two instructions here, and looks at
 * running and, for those bits, at x86_cpu.event[].  An event's bit goes there last,
 * when all else is in place, and is taken away first.  An overflow that is found for
 * an event that did not overflow (its bit in the status was a predecessor's) does
 * nothing: x86_set_period() tells.
 */
#include <linux/cpu.h>
#include <linux/kprobes.h>
#include <linux/nmi.h>
#include <linux/sched/clock.h>
#include <linux/syscore_ops.h>

#include <asm/apic.h>
#include <asm/hardirq.h>
#include <asm/mmu_context.h>
#include <asm/nmi.h>

#include "perf_event.h"

struct x86_pmu x86_pmu __read_mostly = { .rdpmc = 1 };

struct x86_core_type x86_core_types[X86_CORE_TYPES_MAX] __read_mostly;
int x86_core_types_nr __read_mostly = 1;

DEFINE_PER_CPU(struct x86_cpu, x86_cpu);

/* ---- Counting: what shall be and what is ------------------------------------ */

/**
 * x86_sync() - let those counters count that shall
 * @cpu: this CPU
 *
 * An NMI in here calls this, too, and leaves the hardware and @cpu->on alike; both
 * may then be overwritten by what was on its way here.  As @on was written after the
 * hardware, comparing once more finds that: either what was written is what shall be
 * now, or it is done again.
 *
 * Context: on @cpu, IRQs off, or NMI.
 */
void x86_sync(struct x86_cpu *cpu)
{
	for (;;) {
		u64 want = READ_ONCE(cpu->enabled) ? READ_ONCE(cpu->running) : 0;
		u64 had = READ_ONCE(cpu->on);

		if (want == had)
			return;
		x86_pmu.set_on(cpu, want, had);
		WRITE_ONCE(cpu->on, want);
	}
}

static void x86_pmu_disable(struct pmu *pmu)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);

	if (!cpu->enabled)
		return;
	WRITE_ONCE(cpu->enabled, false);
	x86_sync(cpu);
	if (x86_pmu.pmu_disabled)
		x86_pmu.pmu_disabled(cpu);
}

static void x86_pmu_enable(struct pmu *pmu)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);

	if (x86_pmu.pmu_enabled)
		x86_pmu.pmu_enabled(cpu);
	WRITE_ONCE(cpu->enabled, true);
	x86_sync(cpu);
}

/**
 * x86_forget_registers() - somebody else may have written to this CPU's registers
 * @cpu: this CPU; nothing counts
 *
 * Context: on @cpu, IRQs off.
 */
void x86_forget_registers(struct x86_cpu *cpu)
{
	memset(cpu->select, 0xff, sizeof(cpu->select));
	cpu->fixed_is = ~0ULL;
}

/* ---- Counts and periods ----------------------------------------------------- */

/**
 * x86_event_update() - bring an event's count up to date
 * @event: one that is on a counter of this CPU
 *
 * Return: the counter, extended by its sign.
 *
 * Context: IRQs off, or NMI: they may nest, each part of a count is added once.
 */
u64 x86_event_update(struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;
	int shift = 64 - x86_pmu.width;
	u64 now, delta;
	s64 before;

	if (unlikely(hwc->flags & X86_EVENT_OWN) && x86_pmu.read(event))
		return 0;

	before = local64_read(&hwc->prev_count);
	do {
		rdpmcl(hwc->event_base_rdpmc, now);
		now = (s64)(now << shift) >> shift;
	} while (!local64_try_cmpxchg(&hwc->prev_count, &before, now));

	delta = ((now - before) << shift) >> shift;
	local64_add(delta, &event->count);
	local64_sub(delta, &hwc->period_left);

	return now;
}

/**
 * x86_set_period() - load the counter with what is left of the period
 * @event: one on a counter of this CPU, up to date
 *
 * Return: whether a period was over.
 *
 * Context: IRQs off, the counter does not count, or NMI.
 */
bool x86_set_period(struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;
	s64 left = local64_read(&hwc->period_left);
	s64 period = hwc->sample_period;
	bool over = left <= 0;

	if (over) {
		/* Far behind: do not try to catch up. */
		left = left <= -period ? period : left + period;
		local64_set(&hwc->period_left, left);
		hwc->last_period = period;
	}
	/* One would overflow before it is seen to count. */
	left = clamp_t(s64, left, 2, x86_pmu.max_period);

	local64_set(&hwc->prev_count, -left);
	wrmsrl(hwc->event_base, -left & x86_pmu.value_mask);

	return over;
}

static void x86_event_read(struct perf_event *event)
{
	/* Stopped, and perhaps its counter was never loaded. */
	if (event->hw.state & PERF_HES_UPTODATE)
		return;
	if (event->hw.flags & (X86_EVENT_RELOADED | X86_EVENT_BTS))
		x86_pmu.flush(event);
	else
		x86_event_update(event);
}

/* ---- Start and stop --------------------------------------------------------- */

static void x86_event_start(struct perf_event *event, int flags)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	struct hw_perf_event *hwc = &event->hw;

	/* In a transaction: whoever gives it a counter starts it. */
	if (hwc->idx < 0) {
		hwc->state &= ~PERF_HES_ARCH;
		return;
	}
	if (WARN_ON_ONCE(!(hwc->state & PERF_HES_STOPPED)))
		return;

	if (!(hwc->flags & X86_EVENT_OWN) &&
	    ((flags & PERF_EF_RELOAD) || (hwc->state & PERF_HES_ARCH)))
		x86_set_period(event);
	hwc->state = 0;
	x86_pmu.program(cpu, event, hwc->idx);
	/*
	 * An NMI that sees the bit sees the rest, too: it is on this CPU.  It may clear other
	 * bits, so ours is changed by one instruction.
	 */
	barrier();
	__set_bit(hwc->idx, (unsigned long *)&cpu->running);
	x86_sync(cpu);
	x86_update_userpage(event);
}

/**
 * x86_event_stop() - do not count
 * @event: one of this CPU; may be stopped already
 * @flags: PERF_EF_UPDATE: and bring its count up to date
 *
 * Context: IRQs off, or NMI.
 */
void x86_event_stop(struct perf_event *event, int flags)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	struct hw_perf_event *hwc = &event->hw;

	if (hwc->idx < 0)
		return;

	if (!(hwc->state & PERF_HES_STOPPED)) {
		if (flags & PERF_EF_UPDATE && hwc->flags & X86_EVENT_RELOADED)
			x86_pmu.flush(event);
		__clear_bit(hwc->idx, (unsigned long *)&cpu->running);
		x86_sync(cpu);
		hwc->state |= PERF_HES_STOPPED;
	}
	if ((flags & PERF_EF_UPDATE) && !(hwc->state & PERF_HES_UPTODATE)) {
		/* It went over 0, and the NMI of that has not been. */
		if ((s64)x86_event_update(event) >= 0 && x86_pmu.stopped_late)
			x86_pmu.stopped_late();
		hwc->state |= PERF_HES_UPTODATE;
	}
}

/* ---- Events and counters ---------------------------------------------------- */

/* The counter belongs to the event from now on. */
static void put_on(struct x86_cpu *cpu, struct perf_event *event, int idx)
{
	struct hw_perf_event *hwc = &event->hw;
	bool stay = hwc->state & PERF_HES_ARCH;

	if (idx >= INTEL_PMC_IDX_FIXED) {
		hwc->config_base = MSR_ARCH_PERFMON_FIXED_CTR_CTRL;
		hwc->event_base = x86_pmu.fixed_counter_base + idx - INTEL_PMC_IDX_FIXED;
		hwc->event_base_rdpmc = (idx - INTEL_PMC_IDX_FIXED) | INTEL_PMC_FIXED_RDPMC_BASE;
	} else {
		hwc->config_base = x86_select_msr(idx);
		hwc->event_base = x86_counter_msr(idx);
		hwc->event_base_rdpmc = idx;
	}
	hwc->idx = idx;
	x86_set_last_counter(hwc, idx);
	hwc->last_cpu = smp_processor_id();
	cpu->event[idx] = event;
	cpu->used |= BIT_ULL(idx);

	hwc->state |= PERF_HES_ARCH;
	if (!stay)
		x86_event_start(event, PERF_EF_RELOAD);
}

/* The event has no counter any more, and counts no longer. */
static void take_off(struct x86_cpu *cpu, struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;

	/* Who was stopped stays stopped where it goes. */
	if (hwc->state & PERF_HES_STOPPED)
		hwc->state |= PERF_HES_ARCH;
	x86_event_stop(event, PERF_EF_UPDATE);
	cpu->event[hwc->idx] = NULL;
	cpu->used &= ~BIT_ULL(hwc->idx);
	cpu->dirty |= BIT_ULL(hwc->idx);
	hwc->idx = -1;
}

/*
 * Those that are on counters, and @event; the counters that each can use and the one that it
 * has.  Returns how many there are, 0 if that is too many.
 */
static int list_events(struct x86_cpu *cpu, struct perf_event *event,
		       struct perf_event **list, u64 *allowed, s8 *idx)
{
	u64 left = cpu->used;
	int n = 0;

	if (left == ~0ULL)
		return 0;
	for (; left; left &= left - 1) {
		idx[n] = __ffs64(left);
		list[n] = cpu->event[idx[n]];
		allowed[n] = x86_allowed(&list[n]->hw);
		n++;
	}
	list[n] = event;
	allowed[n] = x86_allowed(&event->hw);
	idx[n] = -1;

	return n + 1;
}

/* Give the event a counter, others may have to move. */
static bool move_for(struct x86_cpu *cpu, struct perf_event *event)
{
	struct perf_event *list[X86_COUNTERS_MAX];
	u64 allowed[X86_COUNTERS_MAX];
	s8 idx[X86_COUNTERS_MAX];
	int i, n;

	n = list_events(cpu, event, list, allowed, idx);
	if (!n || !x86_assign_counters(allowed, n, idx))
		return false;

	/* Without a counter in between: those that move, and the new one. */
	for (i = 0; i < n; i++) {
		if (list[i]->hw.idx >= 0 && idx[i] != list[i]->hw.idx)
			take_off(cpu, list[i]);
	}
	for (i = 0; i < n; i++) {
		if (list[i]->hw.idx < 0)
			put_on(cpu, list[i], idx[i]);
	}

	return true;
}

/* Give the event a counter: the one that it had, the highest, or somebody's. */
static bool place(struct x86_cpu *cpu, struct perf_event *event)
{
	u64 free = x86_allowed(&event->hw) & ~cpu->used;
	int last = x86_last_counter(&event->hw);

	if (!free)
		return move_for(cpu, event);
	put_on(cpu, event, last >= 0 && free & BIT_ULL(last) ? last : fls64(free) - 1);

	return true;
}

static int x86_event_add(struct perf_event *event, int flags)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	struct hw_perf_event *hwc = &event->hw;
	bool more = hwc->flags & X86_EVENT_MORE;

	if (unlikely(cpu->epoch != READ_ONCE(x86_register_epoch))) {
		cpu->epoch = READ_ONCE(x86_register_epoch);
		x86_forget_registers(cpu);
	}
	if (cpu->waiting_nr == X86_COUNTERS_MAX)
		return -EAGAIN;
	if (more && !x86_pmu.fits(cpu, event))
		return -EAGAIN;

	hwc->idx = -1;
	hwc->state = PERF_HES_UPTODATE | PERF_HES_STOPPED;
	if (!(flags & PERF_EF_START))
		hwc->state |= PERF_HES_ARCH;
	/* In a transaction all are placed at its end. */
	if (cpu->txn & PERF_PMU_TXN_ADD) {
		cpu->waiting[cpu->waiting_nr++] = event;
	} else if (!place(cpu, event)) {
		if (more && x86_pmu.release)
			x86_pmu.release(cpu, event);
		return -EAGAIN;
	}
	if (more)
		x86_pmu.added(cpu, event);

	return 0;
}

static void x86_event_del(struct perf_event *event, int flags)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);

	/* A group did not fit: who waited is forgotten when the transaction is cancelled. */
	if (event->hw.idx >= 0)
		take_off(cpu, event);
	if (event->hw.flags & X86_EVENT_MORE) {
		x86_pmu.removed(cpu, event);
		if (x86_pmu.release)
			x86_pmu.release(cpu, event);
	}
	x86_update_userpage(event);
}

static void x86_start_txn(struct pmu *pmu, unsigned int flags)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);

	WARN_ON_ONCE(cpu->txn);
	cpu->txn = flags;
	if (flags & PERF_PMU_TXN_ADD)
		perf_pmu_disable(pmu);
}

static void x86_cancel_txn(struct pmu *pmu)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	unsigned int flags = cpu->txn;

	cpu->txn = 0;
	cpu->waiting_nr = 0;
	if (flags & PERF_PMU_TXN_ADD)
		perf_pmu_enable(pmu);
}

static int x86_commit_txn(struct pmu *pmu)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	int i;

	for (i = 0; i < cpu->waiting_nr; i++) {
		if (!place(cpu, cpu->waiting[i]))
			return -EAGAIN;
	}
	x86_cancel_txn(pmu);

	return 0;
}

/* ---- Interrupts ------------------------------------------------------------- */

/* The event is up to date.  Was it its period that is over? */
static void overflowed(struct x86_cpu *cpu, struct perf_event *event, struct pt_regs *regs)
{
	struct perf_sample_data data;

	bool over = x86_set_period(event);

	x86_update_userpage(event);
	if (!over)
		return;
	perf_sample_data_init(&data, 0, event->hw.last_period);
	if (has_branch_stack(event) && x86_pmu.sample)
		x86_pmu.sample(cpu, event, &data);
	if (perf_event_overflow(event, &data, regs))
		x86_event_stop(event, 0);
}

/**
 * x86_overflow() - counters overflowed: samples, and what else comes of it
 * @cpu: this CPU, nothing counts
 * @counters: those; who else counts or not is left out
 * @regs: where
 *
 * Return: how many of them had an event.
 *
 * Context: NMI.
 */
int x86_overflow(struct x86_cpu *cpu, u64 counters, struct pt_regs *regs)
{
	int handled = 0;

	for (; counters; counters &= counters - 1) {
		int idx = __ffs64(counters);
		struct perf_event *event;

		handled++;
		if (!(READ_ONCE(cpu->running) & BIT_ULL(idx)))
			continue;
		event = cpu->event[idx];
		x86_event_update(event);
		overflowed(cpu, event, regs);
	}

	return handled;
}

/**
 * x86_output_collected() - a sample of several that the hardware has collected
 * @event: whose
 * @data: the sample
 * @regs: where
 * @last: the last one of them
 *
 * They came with one interrupt, and are one for the limit of those.
 *
 * Context: IRQs off, or NMI.
 */
void x86_output_collected(struct perf_event *event, struct perf_sample_data *data,
			  struct pt_regs *regs, bool last)
{
	if (!last && !event->prog)
		event->overflow_handler(event, data, regs);
	else if (perf_event_overflow(event, data, regs))
		x86_event_stop(event, 0);
}

/* ---- For vendors ------------------------------------------------------------ */

/**
 * x86_program_gp() - x86_pmu.program() of a general counter where one register turns all
 *		      on
 * @cpu: this CPU
 * @event: the event
 * @idx: its counter
 *
 * Context: IRQs off.
 */
void x86_program_gp(struct x86_cpu *cpu, struct perf_event *event, int idx)
{
	u64 select = (event->hw.config | ARCH_PERFMON_EVENTSEL_ENABLE) & ~cpu->virt_mask;

	if (cpu->select[idx] == select)
		return;
	wrmsrl(event->hw.config_base, select);
	cpu->select[idx] = select;
}

/* ---- Without global registers ----------------------------------------------- */

/**
 * x86_program_select() - x86_pmu.program() where an event select turns its counter on
 * @cpu: this CPU
 * @event: the event
 * @idx: its counter
 *
 * There is nothing to do: x86_set_on_selects() writes the whole of it.
 */
void x86_program_select(struct x86_cpu *cpu, struct perf_event *event, int idx)
{
}

/**
 * x86_set_on_selects() - x86_pmu.set_on() there
 * @cpu: this CPU
 * @want: counters that shall count
 * @had: counters that did
 *
 * Context: IRQs off, or NMI.
 */
void x86_set_on_selects(struct x86_cpu *cpu, u64 want, u64 had)
{
	u64 left;

	for (left = want ^ had; left; left &= left - 1) {
		int idx = __ffs64(left);
		u64 select = cpu->select[idx] & ~ARCH_PERFMON_EVENTSEL_ENABLE;

		if (want & BIT_ULL(idx))
			select = (cpu->event[idx]->hw.config | ARCH_PERFMON_EVENTSEL_ENABLE) &
				 ~cpu->virt_mask;
		wrmsrl(x86_select_msr(idx), select);
		cpu->select[idx] = select;
	}
}

/**
 * x86_handle_irq_no_status() - x86_pmu.handle_irq() there
 * @regs: where
 *
 * A counter that overflowed has lost its highest bit.
 *
 * Return: how many there are.
 *
 * Context: NMI.
 */
int x86_handle_irq_no_status(struct pt_regs *regs)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	int handled = 0;
	u64 left;

	apic_write(APIC_LVTPC, APIC_DM_NMI);
	for (left = READ_ONCE(cpu->running); left; left &= left - 1) {
		struct perf_event *event = cpu->event[__ffs64(left)];

		if ((s64)x86_event_update(event) < 0)
			continue;
		handled++;
		overflowed(cpu, event, regs);
	}

	return handled;
}

/* ---- NMI -------------------------------------------------------------------- */

static int x86_nmi_handler(unsigned int cmd, struct pt_regs *regs)
{
	u64 start;
	int ret;

	/* Most NMIs are not for us where nobody has an event. */
	if (!x86_hardware_in_use())
		return NMI_DONE;

	start = sched_clock();
	ret = x86_pmu.handle_irq(regs);
	if (ret)
		inc_irq_stat(apic_perf_irqs);
	perf_sample_event_took(sched_clock() - start);

	return ret;
}

NOKPROBE_SYMBOL(x86_nmi_handler);

/**
 * perf_events_lapic_init() - PMIs of this CPU are NMIs
 *
 * Context: a CPU comes up, or the first event is opened; IRQs off.
 */
void perf_events_lapic_init(void)
{
	if (x86_pmu.handle_irq)
		apic_write(APIC_LVTPC, APIC_DM_NMI);
}

/**
 * x86_reload() - the registers have lost what they held: write them anew
 * @cpu: this CPU; nothing counts
 *
 * What was counted since the last update is lost.
 *
 * Context: on @cpu, IRQs off, or NMI.
 */
void x86_reload(struct x86_cpu *cpu)
{
	u64 left;

	x86_forget_registers(cpu);
	for (left = READ_ONCE(cpu->running); left; left &= left - 1) {
		struct perf_event *event = cpu->event[__ffs64(left)];

		if (!(event->hw.flags & X86_EVENT_OWN))
			x86_set_period(event);
		x86_pmu.program(cpu, event, event->hw.idx);
	}
}

/**
 * perf_check_microcode() - microcode was loaded
 *
 * No model here is right or wrong by its microcode.
 *
 * Context: any.
 */
void perf_check_microcode(void) { }

/**
 * perf_event_print_debug() - what this CPU's counters hold (SysRq P)
 *
 * Context: any; IRQs off inside.
 */
void perf_event_print_debug(void)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	unsigned long flags;
	u64 left;

	if (!cpu->type)
		return;

	local_irq_save(flags);
	pr_info("CPU#%d: counters %llx, running %llx, on %llx, enabled %d\n", smp_processor_id(),
		cpu->used, cpu->running, cpu->on, cpu->enabled);
	for (left = cpu->type->general; left; left &= left - 1) {
		int idx = __ffs64(left);
		u64 select, count;

		rdmsrl(x86_select_msr(idx), select);
		rdmsrl(x86_counter_msr(idx), count);
		pr_info("CPU#%d: counter %d: select %016llx, value %016llx\n",
			smp_processor_id(), idx, select, count);
	}
	local_irq_restore(flags);
}

/* ---- CPUs come and go ------------------------------------------------------- */

static int x86_cpu_start(unsigned int nr)
{
	struct x86_cpu *cpu = per_cpu_ptr(&x86_cpu, nr);

	if (!cpu->type)
		cpu->type = &x86_core_types[0];
	cpu->running = 0;
	cpu->on = 0;
	x86_forget_registers(cpu);
	if (x86_pmu.start_cpu)
		x86_pmu.start_cpu(nr);
	cpumask_set_cpu(nr, &cpu->type->cpus);

	return 0;
}

static int x86_cpu_stop(unsigned int nr)
{
	cpumask_clear_cpu(nr, &per_cpu_ptr(&x86_cpu, nr)->type->cpus);

	return 0;
}

/* ---- Coming up -------------------------------------------------------------- */

/* A PMU is there only if a counter can be written and read, and none is in use. */
static bool __init counters_work(struct x86_core_type *type)
{
	u64 value, left, bad = 0;
	unsigned int msr = 0;

	for (left = type->general; left; left &= left - 1) {
		int idx = __ffs64(left);

		if (rdmsrl_safe(x86_select_msr(idx), &value))
			return false;
		if (value & ARCH_PERFMON_EVENTSEL_ENABLE && !msr) {
			msr = x86_select_msr(idx);
			bad = value;
		}
	}
	if (type->counters >> INTEL_PMC_IDX_FIXED &&
	    rdmsrl_safe(MSR_ARCH_PERFMON_FIXED_CTR_CTRL, &value))
		return false;

	/* Emulators may take writes and forget them. */
	if (wrmsrl_safe(x86_counter_msr(0), 0xabcd) || rdmsrl_safe(x86_counter_msr(0), &value))
		return false;
	if (value != 0xabcd && !(msr == x86_select_msr(0)))
		return false;

	if (msr) {
		pr_cont("Broken BIOS detected, complain to your hardware vendor.\n");
		pr_err(FW_BUG "the BIOS has corrupted hw-PMU resources (MSR %x is %llx)\n",
		       msr, bad);
	}

	return true;
}

static void __init tell(struct x86_core_type *type)
{
	pr_info("... version:                %d\n", x86_pmu.version);
	pr_info("... bit width:              %d\n", x86_pmu.width);
	pr_info("... generic registers:      %d\n", (int)hweight64(type->general));
	pr_info("... value mask:             %016llx\n", x86_pmu.value_mask);
	pr_info("... max period:             %016llx\n", x86_pmu.max_period);
	pr_info("... fixed-purpose events:   %d\n",
		(int)hweight64((type->counters >> INTEL_PMC_IDX_FIXED) & 0xffff));
	pr_info("... event mask:             %016llx\n", type->counters);
}

static bool x86_filter(struct pmu *pmu, int cpu)
{
	struct x86_core_type *type = container_of(pmu, struct x86_core_type, pmu);

	return x86_is_hybrid() && !cpumask_test_cpu(cpu, &type->cpus);
}

static int __init register_type(struct x86_core_type *type)
{
	struct pmu pmu = {
		.pmu_enable		= x86_pmu_enable,
		.pmu_disable		= x86_pmu_disable,
		.event_init		= x86_event_init,
		.event_mapped		= x86_event_mapped,
		.event_unmapped		= x86_event_unmapped,
		.add			= x86_event_add,
		.del			= x86_event_del,
		.start			= x86_event_start,
		.stop			= x86_event_stop,
		.read			= x86_event_read,
		.start_txn		= x86_start_txn,
		.cancel_txn		= x86_cancel_txn,
		.commit_txn		= x86_commit_txn,
		.event_idx		= x86_event_idx,
		.sched_task		= x86_pmu.sched_task,
		.task_ctx_cache		= x86_pmu.task_ctx_cache,
		.aux_output_match	= x86_aux_output_match,
		.filter			= x86_filter,
		.capabilities		= type->pmu.capabilities,
	};
	int err, id = type == x86_core_types ? PERF_TYPE_RAW : -1;

	type->pmu = pmu;
	if (x86_is_hybrid())
		type->pmu.capabilities |= PERF_PMU_CAP_EXTENDED_HW_TYPE;
	if (!boot_cpu_has(X86_FEATURE_APIC))
		type->pmu.capabilities |= PERF_PMU_CAP_NO_INTERRUPT;
	err = x86_sysfs_groups(type);

	return err ?: perf_pmu_register(&type->pmu, type->name, id);
}

static int __init find_vendor(void)
{
	switch (boot_cpu_data.x86_vendor) {
	case X86_VENDOR_INTEL:
		return intel_pmu_init();
	case X86_VENDOR_AMD:
	case X86_VENDOR_HYGON:
		return amd_pmu_init();
	}

	return -EOPNOTSUPP;
}

static int __init no_pmu(void)
{
	if (x86_pmu.name)
		pr_cont("%s, using software events only.\n", boot_cpu_has(X86_FEATURE_HYPERVISOR) ?
			"PMU not available due to virtualization" :
			"Broken PMU hardware detected");
	else
		pr_cont("no PMU driver, software events only.\n");
	memset(&x86_pmu, 0, sizeof(x86_pmu));

	return 0;
}

static int __init init_hw_perf_events(void)
{
	struct x86_core_type *type = &x86_core_types[0];
	int i, err;

	pr_info("Performance Events: ");
	type->name = "cpu";
	if (find_vendor() || !counters_work(type))
		return no_pmu();
	pr_cont("%s PMU driver.\n", x86_pmu.name);
	tell(type);

	per_cpu_ptr(&x86_cpu, 0)->type = type;
	perf_events_lapic_init();
	register_nmi_handler(NMI_LOCAL, x86_nmi_handler, 0, "PMI");
	err = cpuhp_setup_state(CPUHP_AP_PERF_X86_STARTING, "perf/x86:starting",
				x86_cpu_start, x86_cpu_stop);
	for (i = 0; i < x86_core_types_nr && !err; i++)
		err = register_type(&x86_core_types[i]);
	if (err)
		pr_err("perf/x86: not registered: %d\n", err);

	return err;
}
early_initcall(init_hw_perf_events);
