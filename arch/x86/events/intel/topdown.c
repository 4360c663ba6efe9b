// SPDX-License-Identifier: GPL-2.0
/*
 * Intel: topdown, what became of a CPU's issue slots.
 *
 * Fixed counter 3 counts slots; PERF_METRICS has, a byte each, what share of them was
 * lost or used for what, since both were last written.  A metric is an event on a counter
 * of its own that does not exist (INTEL_PMC_IDX_TD_*): slots times its share.  So it needs
 * the slots in its group, as leader, and cannot sample.
 *
 * Both registers belong together and go on while the group counts.  When it is put on
 * they get what they had when it was taken off (hw.saved_slots, hw.saved_metric), so that
 * no share is rounded more than once; prev_count is what an event's product was when its
 * count was last brought up to date.
 *
 * SDM vol. 3B 20.3.9.3, MSR_PERF_METRICS.
 */
#include <asm/msr.h>

#include "intel.h"

#define METRIC_FULL	0xff

static bool is_metric(struct perf_event *event)
{
	u64 select = event->hw.config & SELECT_UMASK;

	return select >= INTEL_TD_METRIC_RETIRING && !(select & SELECT_EVENT) &&
	       select <= INTEL_TD_METRIC_MAX;
}

static bool is_slots(struct perf_event *event)
{
	return (event->hw.config & SELECT_UMASK) == INTEL_TD_SLOTS;
}

/**
 * intel_topdown_config() - is a new event one of topdown, and may it be?
 * @event: the event
 *
 * Return: 0; -EINVAL: a metric needs the slots as its group's leader, and neither samples
 * nor is filtered.
 *
 * Context: may sleep.
 */
int intel_topdown_config(struct perf_event *event)
{
	struct perf_event *leader = event->group_leader;

	if (!x86_type_of(event)->model->metrics || !(is_metric(event) || is_slots(event)))
		return 0;
	if (event->attr.config1 || event->attr.config2)
		return -EINVAL;
	/* Alone the slots are an ordinary counter: intel_topdown_fits() decides. */
	if (is_slots(event)) {
		event->hw.flags |= X86_EVENT_MORE;
		return 0;
	}

	if (is_sampling_event(event) || leader == event || leader->pmu != event->pmu ||
	    !is_slots(leader) || is_sampling_event(leader))
		return -EINVAL;
	event->hw.flags |= X86_EVENT_TOPDOWN | X86_EVENT_METRIC;
	event->hw.saved_slots = 0;
	event->hw.saved_metric = 0;

	return 0;
}

static bool has_metrics(struct perf_event *slots)
{
	struct perf_event *sibling;

	for_each_sibling_event(sibling, slots) {
		if (sibling->hw.flags & X86_EVENT_METRIC)
			return true;
	}

	return false;
}

/**
 * intel_topdown_fits() - can an event be here together with those that are?
 * @cpu: this CPU
 * @event: the event
 *
 * Slots that have begun to count without metrics must be taken off and put on again
 * before metrics can be with them; the core does that when their group does not fit.
 *
 * Return: yes or no.
 *
 * Context: on the CPU, IRQs off, PMU off; the event is being added.
 */
bool intel_topdown_fits(struct x86_cpu *cpu, struct perf_event *event)
{
	struct perf_event *slots = cpu->event[INTEL_PMC_IDX_FIXED_SLOTS];
	struct hw_perf_event *hwc = &event->hw;

	if (hwc->flags & X86_EVENT_METRIC)
		return !slots || slots->hw.flags & X86_EVENT_TOPDOWN;
	if (!is_slots(event) || has_metrics(event) == !!(hwc->flags & X86_EVENT_TOPDOWN))
		return true;

	/* What was saved and what is left of a period are in the same place. */
	hwc->flags ^= X86_EVENT_TOPDOWN;
	if (hwc->flags & X86_EVENT_TOPDOWN) {
		hwc->saved_slots = 0;
		hwc->saved_metric = 0;
	} else {
		hwc->last_period = hwc->sample_period;
		local64_set(&hwc->period_left, hwc->sample_period);
	}

	return true;
}

static u64 product(struct perf_event *event, u64 slots, u64 metrics)
{
	int n = event->hw.idx - INTEL_PMC_IDX_METRIC_BASE;

	if (!(event->hw.flags & X86_EVENT_METRIC))
		return slots;

	return mul_u64_u32_div(slots, metrics >> (8 * n) & METRIC_FULL, METRIC_FULL);
}

static void update_one(struct perf_event *event, u64 slots, u64 metrics)
{
	struct hw_perf_event *hwc = &event->hw;
	u64 now = product(event, slots, metrics);

	/* A PMI that was on its way when the PMU was paused may read them, too. */
	local64_add(now - local64_xchg(&hwc->prev_count, now), &event->count);
	hwc->saved_slots = slots;
	hwc->saved_metric = metrics;
}

static void read_registers(struct x86_cpu *cpu, struct perf_event *event)
{
	u64 slots, metrics, left;

	rdpmcl(INTEL_PMC_FIXED_RDPMC_BASE | (INTEL_PMC_IDX_FIXED_SLOTS - INTEL_PMC_IDX_FIXED),
	       slots);
	rdpmcl(INTEL_PMC_FIXED_RDPMC_METRICS, metrics);
	/* They went once around since; intel_topdown_overflow() will follow. */
	if (slots < event->hw.saved_slots)
		slots += BIT_ULL(x86_pmu.width);
	for (left = cpu->running & INTEL_PMC_MSK_TOPDOWN; left; left &= left - 1) {
		struct perf_event *other = cpu->event[__ffs64(left)];

		if (other->hw.flags & X86_EVENT_TOPDOWN)
			update_one(other, slots, metrics);
	}
	if (!(cpu->running & BIT_ULL(event->hw.idx)))
		update_one(event, slots, metrics);
}

/**
 * intel_topdown_read() - x86_pmu.read()
 * @event: one of topdown on a counter of this CPU
 *
 * Return: true, it is up to date.
 *
 * Context: IRQs off, or NMI.
 */
bool intel_topdown_read(struct perf_event *event)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	bool paused;

	/* A group is read: its leader came first, and did it for all. */
	if (cpu->txn & PERF_PMU_TXN_READ && event->hw.flags & X86_EVENT_METRIC &&
	    event->hw.state == 0)
		return true;

	/* Else an NMI could read them after us, and what we then write would be older. */
	paused = intel_pause(event);
	read_registers(cpu, event);
	intel_resume(event, paused);

	return true;
}

/**
 * intel_topdown_start() - the registers of an event of topdown that is about to count
 * @cpu: this CPU
 * @event: the event
 *
 * The first one of the group loads them, for all.
 *
 * Context: IRQs off, PMU off.
 */
void intel_topdown_start(struct x86_cpu *cpu, struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;
	u64 left = cpu->running & INTEL_PMC_MSK_TOPDOWN;

	/* Begin anew before they go around. */
	if (hwc->saved_slots > x86_pmu.value_mask / 2) {
		hwc->saved_slots = 0;
		hwc->saved_metric = 0;
	}
	/* Who came later than the others counts from here on. */
	if (left) {
		struct perf_event *other = cpu->event[__ffs64(left)];

		hwc->saved_slots = other->hw.saved_slots;
		hwc->saved_metric = other->hw.saved_metric;
	} else {
		wrmsrl(MSR_CORE_PERF_FIXED_CTR3, hwc->saved_slots);
		wrmsrl(MSR_PERF_METRICS, hwc->saved_metric);
	}
	local64_set(&hwc->prev_count, product(event, hwc->saved_slots, hwc->saved_metric));
}

/* From here on both count from 0. */
static void begin_anew(struct x86_cpu *cpu, u64 all)
{
	wrmsrl(MSR_CORE_PERF_FIXED_CTR3, 0);
	wrmsrl(MSR_PERF_METRICS, 0);
	for (; all; all &= all - 1) {
		struct hw_perf_event *hwc = &cpu->event[__ffs64(all)]->hw;

		hwc->saved_slots = 0;
		hwc->saved_metric = 0;
		local64_set(&hwc->prev_count, 0);
	}
}

/* Counters of topdown's events; alone the slots are an ordinary counter. */
static u64 topdown_running(const struct x86_cpu *cpu)
{
	u64 all = cpu->running & INTEL_PMC_MSK_TOPDOWN;

	return all && cpu->event[__ffs64(all)]->hw.flags & X86_EVENT_TOPDOWN ? all : 0;
}

/**
 * intel_topdown_lost() - this CPU's registers have lost what they held
 * @cpu: this CPU, nothing counts
 *
 * Context: IRQs off.
 */
void intel_topdown_lost(struct x86_cpu *cpu)
{
	u64 all = topdown_running(cpu);

	if (all)
		begin_anew(cpu, all);
}

/**
 * intel_topdown_overflow() - the slots went around, or the shares lose precision
 * @cpu: this CPU, nothing counts
 *
 * Return: whether there are events of topdown.
 *
 * Context: NMI.
 */
bool intel_topdown_overflow(struct x86_cpu *cpu)
{
	u64 all = topdown_running(cpu);

	if (!all)
		return false;
	intel_topdown_read(cpu->event[__ffs64(all)]);
	begin_anew(cpu, all);

	return true;
}
