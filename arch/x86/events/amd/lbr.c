// SPDX-License-Identifier: GPL-2.0
/*
 * AMD: last branch records, LbrExtV2.
 *
 * The hardware keeps the last 16 or so branches, filtered by kind and privilege; register
 * 0 is the newest one.  There is one set of them a CPU, so events on it that want different
 * filters cannot be there at the same time.  Recording stops with the PMU and, where the
 * hardware can do that by itself, at a PMI: a bit of the counters' global status then says
 * so until it is cleared.
 *
 * There is no call-stack mode, so nothing belongs to a task: records are forgotten when
 * another one comes.
 *
 * APM vol. 2 13.1.1.9.
 */
#include <asm/debugreg.h>
#include <asm/msr.h>

#include "amd.h"

#define RECORDS_MAX	64

#define FROM_MISPREDICTED	BIT_ULL(63)
/* Bits 63 and 62 of a record's target: valid and speculative, in the order of PERF_BR_SPEC_*. */
#define TO_SPEC_SHIFT		62

#define NOT_THERE	(PERF_SAMPLE_BRANCH_CALL_STACK | PERF_SAMPLE_BRANCH_IN_TX |	\
			 PERF_SAMPLE_BRANCH_NO_TX | PERF_SAMPLE_BRANCH_ABORT_TX |	\
			 PERF_SAMPLE_BRANCH_COUNTERS)

/**
 * struct lbr - this CPU's records
 * @users: events here that want them
 * @select: the filter that they want
 * @kinds: the kinds of branches that they want, X86_BR_*
 * @select_is: what the filter register holds
 * @others: what the register that turns them on holds beside
 * @on: the hardware records
 * @stack: what was read last
 * @entries: that of @stack
 */
struct lbr {
	int				users;
	u64				select;
	u32				kinds;
	u64				select_is;
	u64				others;
	bool				on;
	struct perf_branch_stack	stack;
	struct perf_branch_entry	entries[RECORDS_MAX];
};

static DEFINE_PER_CPU(struct lbr, lbr);
static int depth __ro_after_init;
static bool freezes __ro_after_init;

static unsigned int from_msr(int i)
{
	return MSR_AMD_SAMP_BR_FROM + 2 * i;
}

static unsigned int to_msr(int i)
{
	return from_msr(i) + 1;
}

static void forget_records(void)
{
	int i;

	for (i = 0; i < depth; i++) {
		wrmsrl(from_msr(i), 0);
		wrmsrl(to_msr(i), 0);
	}
}

static void set_freeze(bool freeze)
{
	u64 old = get_debugctlmsr(), new = old & ~DEBUGCTLMSR_FREEZE_LBRS_ON_PMI;

	if (!freezes)
		return;
	if (freeze) {
		/* One from before would last. */
		wrmsrl(MSR_AMD64_PERF_CNTR_GLOBAL_STATUS_CLR, GLOBAL_STATUS_LBRS_FROZEN);
		new |= DEBUGCTLMSR_FREEZE_LBRS_ON_PMI;
	}
	if (new != old)
		update_debugctlmsr(new);
}

/**
 * amd_lbr_on() - record, if an event of this CPU wants that
 *
 * Context: on that CPU, IRQs off, or NMI.
 */
void amd_lbr_on(void)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	if (!l->users || l->on)
		return;
	if (l->select_is != l->select) {
		wrmsrl(MSR_AMD64_LBR_SELECT, l->select);
		l->select_is = l->select;
	}
	wrmsrl(MSR_AMD_DBG_EXTN_CFG, l->others | DBG_EXTN_CFG_LBRV2EN);
	/* An NMI before this leaves them off, which is right: the PMU is disabled. */
	WRITE_ONCE(l->on, true);
}

/**
 * amd_lbr_off() - do not record
 *
 * Context: as above.
 */
void amd_lbr_off(void)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	if (!l->on)
		return;
	wrmsrl(MSR_AMD_DBG_EXTN_CFG, l->others);
	WRITE_ONCE(l->on, false);
}

/* An address has 58 bits, and is what its highest one says. */
static u64 address(u64 value)
{
	return (s64)(value << 6) >> 6;
}

/**
 * amd_lbr_read() - keep this CPU's records for the samples to come
 *
 * Context: NMI, nothing is recorded.
 */
void amd_lbr_read(void)
{
	struct lbr *l = this_cpu_ptr(&lbr);
	struct perf_branch_entry *e = l->entries;
	u64 from, to;
	int i;

	if (!l->users)
		return;
	for (i = 0; i < depth; i++) {
		rdmsrl(to_msr(i), to);
		if (!(to >> TO_SPEC_SHIFT))
			continue;
		rdmsrl(from_msr(i), from);
		perf_clear_branch_entry_bitfields(e);
		e->from = address(from);
		e->to = address(to);
		e->mispred = !!(from & FROM_MISPREDICTED);
		e->predicted = !e->mispred;
		e->spec = to >> TO_SPEC_SHIFT;
		e++;
	}
	l->stack.nr = e - l->entries;
	l->stack.hw_idx = 0;
}

/**
 * amd_lbr_sample() - x86_pmu.sample(): a sample is about to have the records
 * @cpu: this CPU
 * @event: whose sample
 * @data: that
 *
 * Context: NMI, after amd_lbr_read().
 */
void amd_lbr_sample(struct x86_cpu *cpu, struct perf_event *event, struct perf_sample_data *data)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	x86_branch_sort(&l->stack, event->hw.branch_reg.reg, true);
	perf_sample_save_brstack(data, event, &l->stack, NULL);
}

/**
 * amd_lbr_sched_task() - pmu->sched_task()
 * @sched_in: a task comes
 *
 * Context: the scheduler, IRQs off, PMU off.
 */
void amd_lbr_sched_task(bool sched_in)
{
	if (sched_in && this_cpu_read(lbr.users))
		forget_records();
}

/**
 * amd_lbr_config() - which branches does a new event want?
 * @event: the event
 *
 * Return: 0; -EOPNOTSUPP: there are no records, or not of that kind; -EBUSY.
 *
 * Context: may sleep.
 */
int amd_lbr_config(struct perf_event *event)
{
	struct x86_branch_filter filter = x86_branch_filter(event->attr.branch_sample_type);
	int err;

	if (!depth || filter.type & NOT_THERE)
		return -EOPNOTSUPP;
	err = x86_add_exclusive(x86_lbr_exclusive_lbr);
	if (err)
		return err;
	event->hw.branch_reg.reg = filter.kinds;
	event->hw.branch_reg.config = filter.select ^ X86_SELECT_ALL;
	event->attach_state |= PERF_ATTACH_SCHED_CB;
	event->hw.flags |= X86_EVENT_LBR | X86_EVENT_MORE;

	return 0;
}

/**
 * amd_lbr_destroy() - undo amd_lbr_config()
 * @event: the event
 *
 * Context: may sleep.
 */
void amd_lbr_destroy(struct perf_event *event)
{
	if (event->hw.flags & X86_EVENT_LBR)
		x86_del_exclusive(x86_lbr_exclusive_lbr);
}

/**
 * amd_lbr_fits() - can an event be here together with those that are?
 * @event: the event
 *
 * Return: yes; no if they want other branches.
 *
 * Context: on the CPU, IRQs off.
 */
bool amd_lbr_fits(struct perf_event *event)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	return !(event->hw.flags & X86_EVENT_LBR) || !l->users ||
	       (l->select == event->hw.branch_reg.config &&
		l->kinds == event->hw.branch_reg.reg);
}

/**
 * amd_lbr_added() - an event was added to this CPU
 * @event: the event
 *
 * Context: IRQs off, PMU off.
 */
void amd_lbr_added(struct perf_event *event)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	if (!(event->hw.flags & X86_EVENT_LBR))
		return;
	l->select = event->hw.branch_reg.config;
	l->kinds = event->hw.branch_reg.reg;
	perf_sched_cb_inc(event->pmu);
	if (l->users++)
		return;
	forget_records();
	set_freeze(true);
}

/**
 * amd_lbr_removed() - it was taken off
 * @event: the event
 *
 * Context: as above.
 */
void amd_lbr_removed(struct perf_event *event)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	if (!(event->hw.flags & X86_EVENT_LBR))
		return;
	perf_sched_cb_dec(event->pmu);
	if (!--l->users)
		set_freeze(false);
}

/**
 * amd_lbr_start_cpu() - a CPU comes up, or wakes up with its registers lost
 *
 * Context: on it, IRQs off.
 */
void amd_lbr_start_cpu(void)
{
	struct lbr *l = this_cpu_ptr(&lbr);

	if (!depth)
		return;
	l->on = false;
	l->select_is = ~0ULL;
	rdmsrl(MSR_AMD_DBG_EXTN_CFG, l->others);
	l->others &= ~DBG_EXTN_CFG_LBRV2EN;
	wrmsrl(MSR_AMD_DBG_EXTN_CFG, l->others);
	forget_records();
	if (l->users)
		set_freeze(true);
}

/**
 * amd_lbr_init() - are there records?
 *
 * They need the global status of PerfMonV2.
 */
void __init amd_lbr_init(void)
{
	union cpuid_0x80000022_ebx ebx;

	if (x86_pmu.version < 2 || !boot_cpu_has(X86_FEATURE_AMD_LBR_V2))
		return;
	ebx.full = cpuid_ebx(EXT_PERFMON_DEBUG_FEATURES);
	depth = ebx.split.lbr_v2_stack_sz;
	freezes = boot_cpu_has(X86_FEATURE_AMD_LBR_PMC_FREEZE);
	x86_pmu.branches = depth;
	x86_pmu.sample = amd_lbr_sample;
	pr_cont("%d-deep LBR, ", depth);
}
