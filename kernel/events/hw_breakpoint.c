// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware breakpoints as events.
 *
 * An event of type PERF_TYPE_BREAKPOINT counts executions of, or accesses to,
 * an address.  Debuggers (ptrace), the kernel itself and perf_event_open(2) all
 * make the same events:
 *
 *   event_init()	the architecture translates attr.bp_* into hw.info, then a
 *			slot is reserved (bp_slots.c): from here on there is a
 *			register for the event wherever it may run
 *   add(), del()	the architecture puts hw.info into a register of this CPU,
 *			and takes it out; with a slot reserved that cannot fail
 *   the exception	finds the event by register and calls perf_bp_event(),
 *			which counts it like a software event
 *   destroy()		the slot is free again
 *
 * start() and stop() leave the register alone: a stopped breakpoint goes on to
 * trap and is not counted.
 *
 * Address, length, type and the disabled bit may be changed later, while the
 * event is disabled, hence on no CPU.  hw.info is replaced as a whole then, after
 * everything that may fail.
 */
#include <linux/capability.h>
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/hw_breakpoint.h>
#include <linux/init.h>
#include <linux/kdebug.h>
#include <linux/notifier.h>
#include <linux/percpu.h>

#include "internal.h"

/* ---- Internals ----------------------------------------------------------- */

/*
 * May the event look at where @hw points?  An address of the kernel lets one
 * trap in the trap path, which nobody may try without being root.
 */
static int bp_check_address(struct arch_hw_breakpoint *hw,
			    const struct perf_event_attr *attr, bool trusted)
{
	if (!arch_check_bp_in_kernelspace(hw))
		return 0;
	if (attr->exclude_kernel)
		return -EINVAL;
	if (!trusted && !capable(CAP_SYS_ADMIN))
		return -EPERM;

	return 0;
}

/* Translate @attr.  @trusted: @attr was checked before, for the parent event. */
static int bp_parse(struct perf_event *bp, const struct perf_event_attr *attr,
		    struct arch_hw_breakpoint *hw, bool trusted)
{
	int err;

	if (attr->bp_type == HW_BREAKPOINT_EMPTY || attr->bp_type == HW_BREAKPOINT_INVALID)
		return -EINVAL;

	err = hw_breakpoint_arch_parse(bp, attr, hw);
	return err ?: bp_check_address(hw, attr, trusted);
}

/* The fields that may be modified. */
static void bp_attr_copy(struct perf_event_attr *to, const struct perf_event_attr *from)
{
	to->bp_addr	= from->bp_addr;
	to->bp_len	= from->bp_len;
	to->bp_type	= from->bp_type;
	to->disabled	= from->disabled;
}

static bool bp_attr_may_become(const struct perf_event_attr *old,
			       const struct perf_event_attr *new)
{
	struct perf_event_attr same = *new;

	bp_attr_copy(&same, old);
	return !memcmp(&same, old, sizeof(same));
}

/* ---- The PMU ------------------------------------------------------------- */

/**
 * register_perf_hw_breakpoint() - check a breakpoint and reserve its slot
 * @bp: the event, its attributes set
 *
 * A child's attributes are its parent's, for which somebody was allowed to ask:
 * whether the task that forks might is no question.
 *
 * Context: may sleep; as reserve_bp_slot().
 * Return: 0; -EINVAL for attributes that make no breakpoint; -EOPNOTSUPP for a
 * range that this CPU does not know; -EPERM for a kernel address without
 * CAP_SYS_ADMIN; -ENOSPC, -ENOMEM as reserve_bp_slot().
 */
int register_perf_hw_breakpoint(struct perf_event *bp)
{
	struct arch_hw_breakpoint hw = {};
	int err;

	err = bp_parse(bp, &bp->attr, &hw, bp->parent);
	if (err)
		return err;

	err = reserve_bp_slot(bp);
	if (err)
		return err;

	bp->hw.info = hw;
	return 0;
}

static int bp_event_init(struct perf_event *bp)
{
	int err;

	if (bp->attr.type != PERF_TYPE_BREAKPOINT)
		return -ENOENT;
	if (!perf_bp_type_exists(bp->attr.bp_type) || has_branch_stack(bp))
		return -EOPNOTSUPP;

	err = register_perf_hw_breakpoint(bp);
	if (err)
		return err;

	bp->destroy = release_bp_slot;
	return 0;
}

static void bp_start(struct perf_event *bp, int flags)
{
	bp->hw.state = 0;
}

static void bp_stop(struct perf_event *bp, int flags)
{
	bp->hw.state = PERF_HES_STOPPED;
}

static int bp_add(struct perf_event *bp, int flags)
{
	bp->hw.state = flags & PERF_EF_START ? 0 : PERF_HES_STOPPED;
	if (is_sampling_event(bp)) {
		bp->hw.last_period = bp->hw.sample_period;
		perf_swevent_set_period(bp);
	}

	return arch_install_hw_breakpoint(bp);
}

static void bp_del(struct perf_event *bp, int flags)
{
	arch_uninstall_hw_breakpoint(bp);
}

static struct pmu bp_pmu = {
	.task_ctx_nr	= perf_sw_context,
	.event_init	= bp_event_init,
	.add		= bp_add,
	.del		= bp_del,
	.start		= bp_start,
	.stop		= bp_stop,
	.read		= hw_breakpoint_pmu_read,
};

/**
 * perf_bp_event() - a breakpoint was hit
 * @bp: the event, which is on this CPU
 * @data: registers at the hit, struct pt_regs
 *
 * Context: the debug exception, IRQs off.
 */
void perf_bp_event(struct perf_event *bp, void *data)
{
	struct pt_regs *regs = data;
	struct perf_sample_data sample __uninitialized;

	lockdep_assert_irqs_disabled();

	if (bp->hw.state || perf_event_excluded(bp, regs))
		return;

	perf_sample_data_init(&sample, bp->attr.bp_addr, 0);
	perf_swevent_event(bp, 1, &sample, regs);
}

/* ---- For ptrace and other debuggers --------------------------------------- */

/**
 * unregister_hw_breakpoint() - remove a breakpoint
 * @bp: the event, or NULL for none
 *
 * Context: may sleep.
 */
void unregister_hw_breakpoint(struct perf_event *bp)
{
	if (bp)
		perf_event_release_kernel(bp);
}
EXPORT_SYMBOL_GPL(unregister_hw_breakpoint);

/**
 * register_user_hw_breakpoint() - set a breakpoint in a task
 * @attr: what and where; see ptrace_breakpoint_init()
 * @triggered: called at each hit
 * @context: for @triggered, in overflow_handler_context
 * @tsk: the task
 *
 * Context: may sleep.
 * Return: the event; or an ERR_PTR() as of perf_event_create_kernel_counter() and
 * register_perf_hw_breakpoint().
 */
struct perf_event *
register_user_hw_breakpoint(struct perf_event_attr *attr, perf_overflow_handler_t triggered,
			    void *context, struct task_struct *tsk)
{
	return perf_event_create_kernel_counter(attr, -1, tsk, triggered, context);
}
EXPORT_SYMBOL_GPL(register_user_hw_breakpoint);

/**
 * modify_user_hw_breakpoint_check() - change a breakpoint that is off
 * @bp: the event, disabled by the caller, who also enables it again
 * @attr: new attributes, of which bp_addr, bp_len, bp_type and disabled are taken
 * @check: refuse if any other attribute is not what it was
 *
 * Context: the event's ctx->mutex or its owner's promise that nobody else modifies
 * it.  May sleep if the type changes between instruction and data.
 * Return: 0; -EINVAL, -EPERM, -EOPNOTSUPP as register_perf_hw_breakpoint(), -EINVAL
 * also by @check; -ENOSPC, -ENOMEM if there is no slot of the new type.  On an
 * error the breakpoint is as it was.
 */
int modify_user_hw_breakpoint_check(struct perf_event *bp, struct perf_event_attr *attr,
				    bool check)
{
	struct arch_hw_breakpoint hw = {};
	int err;

	err = bp_parse(bp, attr, &hw, false);
	if (err)
		return err;
	if (check && !bp_attr_may_become(&bp->attr, attr))
		return -EINVAL;

	err = perf_bp_slot_retype(bp, attr->bp_type);
	if (err)
		return err;

	bp_attr_copy(&bp->attr, attr);
	bp->hw.info = hw;
	return 0;
}

/**
 * modify_user_hw_breakpoint() - change a breakpoint
 * @bp: the event
 * @attr: new attributes; see modify_user_hw_breakpoint_check()
 *
 * Debuggers also disable a breakpoint from its own handler, with IRQs off: that
 * works for events of the task that runs, which are on this CPU.
 *
 * Context: may sleep, or IRQs off and @bp is of current, of unchanged kind and
 * disabled by @attr.
 * Return: as modify_user_hw_breakpoint_check(); on an error the breakpoint is as
 * it was.
 */
int modify_user_hw_breakpoint(struct perf_event *bp, struct perf_event_attr *attr)
{
	bool local = irqs_disabled() && bp->ctx && bp->ctx->task == current;
	int ret;

	if (local)
		perf_event_disable_local(bp);
	else
		perf_event_disable(bp);

	ret = modify_user_hw_breakpoint_check(bp, attr, false);

	/* The old attributes or the new ones: whichever hold. */
	if (!bp->attr.disabled)
		perf_event_enable(bp);
	return ret;
}
EXPORT_SYMBOL_GPL(modify_user_hw_breakpoint);

/* ---- For the kernel's own: one on each CPU ---------------------------------- */

/**
 * unregister_wide_hw_breakpoint() - remove a breakpoint from all CPUs
 * @cpu_events: what register_wide_hw_breakpoint() returned
 *
 * Context: may sleep.
 */
void unregister_wide_hw_breakpoint(struct perf_event * __percpu *cpu_events)
{
	int cpu;

	for_each_possible_cpu(cpu)
		unregister_hw_breakpoint(*per_cpu_ptr(cpu_events, cpu));
	free_percpu(cpu_events);
}
EXPORT_SYMBOL_GPL(unregister_wide_hw_breakpoint);

/* CPUs neither come nor go. */
static int bp_register_wide(struct perf_event * __percpu *cpu_events,
			    struct perf_event_attr *attr,
			    perf_overflow_handler_t triggered, void *context)
{
	struct perf_event *bp;
	int cpu;

	for_each_online_cpu(cpu) {
		bp = perf_event_create_kernel_counter(attr, cpu, NULL, triggered, context);
		if (IS_ERR(bp))
			return PTR_ERR(bp);
		*per_cpu_ptr(cpu_events, cpu) = bp;
	}

	return 0;
}

/**
 * register_wide_hw_breakpoint() - set a breakpoint on all CPUs
 * @attr: what and where; see hw_breakpoint_init()
 * @triggered: called at each hit, on the CPU that hit it
 * @context: for @triggered, in overflow_handler_context
 *
 * CPUs that come online later do not have it.
 *
 * Context: may sleep; takes cpu_hotplug_lock.
 * Return: the events, by CPU; or an ERR_PTR(), -ENOMEM or as
 * register_user_hw_breakpoint(), and then no CPU has it.
 */
struct perf_event * __percpu *
register_wide_hw_breakpoint(struct perf_event_attr *attr,
			    perf_overflow_handler_t triggered, void *context)
{
	struct perf_event * __percpu *cpu_events;
	int err;

	cpu_events = alloc_percpu(struct perf_event *);
	if (!cpu_events)
		return (void __percpu __force *)ERR_PTR(-ENOMEM);

	cpus_read_lock();
	err = bp_register_wide(cpu_events, attr, triggered, context);
	cpus_read_unlock();
	if (!err)
		return cpu_events;

	unregister_wide_hw_breakpoint(cpu_events);
	return (void __percpu __force *)ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(register_wide_hw_breakpoint);

/* ---- Boot ---------------------------------------------------------------- */

/* Ahead of other listeners: the exception may be about us alone. */
static struct notifier_block bp_exceptions = {
	.notifier_call	= hw_breakpoint_exceptions_notify,
	.priority	= INT_MAX,
};

/**
 * init_hw_breakpoint() - register the PMU
 *
 * Context: boot.
 * Return: 0, or -ENOMEM: there are no breakpoints then.
 */
int __init init_hw_breakpoint(void)
{
	int err;

	err = perf_bp_slots_init();
	if (err)
		return err;

	err = perf_pmu_register(&bp_pmu, "breakpoint", PERF_TYPE_BREAKPOINT);
	if (err)
		return err;

	return register_die_notifier(&bp_exceptions);
}
