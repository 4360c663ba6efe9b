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
 *			register for the event wherever it may run.  What was
 *			reserved stays in hw.slot_*; with hw.target, which the
 *			event holds to its end, that is what is given back,
 *			whatever has become of its context and its task
 *   add(), del()	the architecture puts hw.info into a register of this CPU,
 *			and takes it out; with a slot reserved that cannot fail
 *   the exception	finds the event by register and calls perf_bp_event(),
 *			which counts it like a software event
 *   destroy()		the slot is free again
 *
 * start() and stop() leave the register alone: a stopped breakpoint goes on to
 * trap and is not counted.
 *
 * Address, length, type, sig_data and the disabled bit may be changed later, of an
 * event and its copies, in two steps:
 *
 *   prepare	may fail, may sleep, and changes nothing that others see.  attr is
 *		translated into hw.info_next; of another type, a second slot is
 *		reserved beside the first
 *   commit	cannot fail.  On the event's CPU, under its ctx->lock, the event goes
 *		off, attr and hw.info become what was prepared, and it goes on again;
 *		then the first slot is given back
 *
 * ctx->lock is what add() and del() run under: whoever enables or ends the event
 * meanwhile (exec, exit, an overflow) does so before or after, and what del() takes
 * out of the registers is what add() put in.
 *
 * Of an event with copies both steps, of all, are under the root's child_mutex, and so
 * is the making of a copy from its first glance at attr to its place on child_list
 * (inherit_event()): a copy that is made meanwhile is one of those that change, or is
 * made from what has changed.
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

#include "bp_slots.h"
#include "internal.h"

/* ---- Slots --------------------------------------------------------------- */

static struct bp_slots bp_slots;

#ifndef hw_breakpoint_weight
/* How many registers it takes: an architecture may know better. */
static unsigned int hw_breakpoint_weight(struct perf_event *bp)
{
	return 1;
}
#endif

/* Anything that is not an access is an execution. */
static unsigned int type_idx(u64 bp_type)
{
	return bp_type & HW_BREAKPOINT_RW ? TYPE_DATA : TYPE_INST;
}

/* What the event would be reserved for. */
static struct bp_claim bp_claim_new(struct perf_event *bp)
{
	return (struct bp_claim) {
		.task	= bp->hw.target,
		.cpu	= bp->cpu,
		.type	= type_idx(bp->attr.bp_type),
		.weight	= hw_breakpoint_weight(bp),
	};
}

/* What it was reserved for. */
static struct bp_claim bp_claim_held(struct perf_event *bp)
{
	return (struct bp_claim) {
		.task	= bp->hw.target,
		.cpu	= bp->hw.slot_cpu,
		.type	= bp->hw.slot_type,
		.weight	= bp->hw.slot_weight,
	};
}

static void bp_claim_keep(struct perf_event *bp, const struct bp_claim *claim)
{
	bp->hw.slot_cpu = claim->cpu;
	bp->hw.slot_type = claim->type;
	bp->hw.slot_weight = claim->weight;
}

/**
 * reserve_bp_slot() - reserve what a breakpoint needs
 * @bp: the event; hw.target, cpu and attr are set
 *
 * Context: may sleep; no lock of the core but perf_event_mutex held.
 * Return: 0; -ENOSPC if on some CPU the registers are all spoken for; -ENOMEM.
 */
int reserve_bp_slot(struct perf_event *bp)
{
	struct bp_claim claim = bp_claim_new(bp);
	int err = bp_slots_reserve(&bp_slots, &claim);

	if (!err)
		bp_claim_keep(bp, &claim);

	return err;
}

/**
 * release_bp_slot() - give back what reserve_bp_slot() gave
 * @bp: the event; its target is still referenced
 *
 * The slot is free for others when this returns.
 *
 * Context: as reserve_bp_slot(); the event's destroy().
 */
void release_bp_slot(struct perf_event *bp)
{
	struct bp_claim claim = bp_claim_held(bp);

	bp_slots_release(&bp_slots, &claim);
}

/**
 * dbg_reserve_bp_slot() - reserve_bp_slot() for a kernel debugger
 * @bp: a breakpoint of a CPU
 *
 * Context: all other CPUs are stopped; takes no lock, allocates nothing.
 * Return: 0; -ENOSPC; -EBUSY if somebody was stopped while counting; -EOPNOTSUPP for a
 * task's breakpoint.
 */
int dbg_reserve_bp_slot(struct perf_event *bp)
{
	struct bp_claim claim = bp_claim_new(bp);
	int err = bp_slots_reserve_stopped(&bp_slots, &claim);

	if (!err)
		bp_claim_keep(bp, &claim);

	return err;
}

/**
 * dbg_release_bp_slot() - undo dbg_reserve_bp_slot()
 * @bp: a breakpoint of a CPU
 *
 * Context: as dbg_reserve_bp_slot().
 * Return: 0, -EBUSY, -EOPNOTSUPP as there.
 */
int dbg_release_bp_slot(struct perf_event *bp)
{
	struct bp_claim claim = bp_claim_held(bp);

	return bp_slots_release_stopped(&bp_slots, &claim);
}

/**
 * hw_breakpoint_is_used() - is there any breakpoint?
 *
 * Context: may sleep.
 */
bool hw_breakpoint_is_used(void)
{
	return !bp_slots_empty(&bp_slots);
}

/* ---- Attributes ---------------------------------------------------------- */

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
	to->sig_data	= from->sig_data;
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
	if (!hw_breakpoint_slots(type_idx(bp->attr.bp_type)) || has_branch_stack(bp))
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
	.capabilities	= PERF_PMU_CAP_LOOKS,
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

	if (bp->hw.state || READ_ONCE(bp->paused) || perf_event_excluded(bp, regs))
		return;

	perf_sample_data_init(&sample, bp->attr.bp_addr, 0);
	perf_swevent_event(bp, 1, &sample, regs);
}

/* ---- Changing one -------------------------------------------------------- */

/* What it will be reserved for. */
static struct bp_claim bp_claim_next(struct perf_event *bp, const struct perf_event_attr *attr)
{
	struct bp_claim claim = bp_claim_held(bp);

	claim.type = type_idx(attr->bp_type);
	return claim;
}

/*
 * Both slots are held until it is settled which one stays: to go back cannot fail.  The
 * registers of one type are none of the other's, so this asks for no more than what it
 * is to have, and whose slots they are is on the account already, so for no memory.  Of
 * the same type there is nothing to do, and no lock to take.
 */
static int bp_prepare(struct perf_event *bp, const struct perf_event_attr *attr)
{
	struct bp_claim claim = bp_claim_next(bp, attr);
	struct arch_hw_breakpoint hw = {};
	int err;

	err = bp_parse(bp, attr, &hw, false);
	if (!err && claim.type != bp->hw.slot_type)
		err = bp_slots_reserve(&bp_slots, &claim);
	if (!err)
		bp->hw.info_next = hw;

	return err;
}

static void bp_unprepare(struct perf_event *bp, const struct perf_event_attr *attr)
{
	struct bp_claim claim = bp_claim_next(bp, attr);

	if (claim.type != bp->hw.slot_type)
		bp_slots_release(&bp_slots, &claim);
}

/* All or none. */
static int bp_prepare_all(struct perf_event *bp, const struct perf_event_attr *attr)
{
	struct perf_event *child;
	int err;

	err = bp_prepare(bp, attr);
	if (err)
		return err;

	list_for_each_entry(child, &bp->child_list, child_list) {
		err = bp_prepare(child, attr);
		if (err)
			break;
	}
	if (!err)
		return 0;

	list_for_each_entry_continue_reverse(child, &bp->child_list, child_list)
		bp_unprepare(child, attr);
	bp_unprepare(bp, attr);
	return err;
}

/* The event is off, and stays so: no register holds what is replaced. */
static void bp_become(struct perf_event *bp, const struct perf_event_attr *attr)
{
	bp_attr_copy(&bp->attr, attr);
	bp->hw.info = bp->hw.info_next;
}

struct bp_change {
	struct perf_event		*bp;
	const struct perf_event_attr	*attr;
};

/* A perf_ctx_fn. */
static void bp_change_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx,
			 void *arg)
{
	struct bp_change *change = arg;
	struct perf_event *bp = change->bp;

	perf_event_op_disable.fn(cpuctx, ctx, bp);
	bp_become(bp, change->attr);
	if (!bp->attr.disabled)
		perf_event_op_enable.fn(cpuctx, ctx, bp);
}

/* No register is in use for the old type any more. */
static void bp_settle(struct perf_event *bp, const struct perf_event_attr *attr)
{
	struct bp_claim old = bp_claim_held(bp), new = bp_claim_next(bp, attr);

	if (old.type == new.type)
		return;

	bp_claim_keep(bp, &new);
	bp_slots_release(&bp_slots, &old);
}

/* The event's ctx->mutex is held; or it is a copy, which stays in its context. */
static void bp_commit(struct perf_event *bp, const struct perf_event_attr *attr)
{
	struct bp_change change = { .bp = bp, .attr = attr };

	perf_ctx_call(bp->ctx, bp->cpu, bp_change_fn, &change);
	bp_settle(bp, attr);
}

/**
 * perf_bp_modify() - change a breakpoint and all of its copies
 * @bp: the event, a root
 * @attr: new attributes: none but bp_addr, bp_len, bp_type, sig_data and disabled differ
 *
 * Those that @attr does not disable go on.  A signal that is under way is sent with the
 * sig_data that holds when it arrives.
 *
 * Context: event->ctx->mutex held; takes child_mutex; may sleep.
 * Return: 0; -EINVAL, -EPERM, -EOPNOTSUPP as register_perf_hw_breakpoint(), -EINVAL also
 * for another difference; -ENOSPC if there is no slot of the new type for all.  On an
 * error all are as they were.
 */
int perf_bp_modify(struct perf_event *bp, const struct perf_event_attr *attr)
{
	struct perf_event *child;
	int err;

	lockdep_assert_held(&bp->ctx->mutex);

	if (!bp_attr_may_become(&bp->attr, attr))
		return -EINVAL;

	guard(mutex)(&bp->child_mutex);
	err = bp_prepare_all(bp, attr);
	if (err)
		return err;

	bp_commit(bp, attr);
	list_for_each_entry(child, &bp->child_list, child_list)
		bp_commit(child, attr);

	return 0;
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
 * @attr: new attributes, of which bp_addr, bp_len, bp_type, sig_data and disabled are taken
 * @check: refuse if any other attribute is not what it was
 *
 * Context: the caller's promise that nobody else enables or modifies the event
 * meanwhile.  May sleep if the type changes between instruction and data.
 * Return: 0; -EINVAL, -EPERM, -EOPNOTSUPP as register_perf_hw_breakpoint(), -EINVAL
 * also by @check; -ENOSPC if there is no slot of the new type.  On an error the
 * breakpoint is as it was.
 */
int modify_user_hw_breakpoint_check(struct perf_event *bp, struct perf_event_attr *attr,
				    bool check)
{
	int err;

	err = bp_prepare(bp, attr);
	if (err)
		return err;
	if (check && !bp_attr_may_become(&bp->attr, attr)) {
		bp_unprepare(bp, attr);
		return -EINVAL;
	}

	bp_become(bp, attr);
	bp_settle(bp, attr);
	return 0;
}

/* What runs here is on this CPU, and with IRQs off nobody puts it on again. */
static void bp_commit_local(struct perf_event *bp, const struct perf_event_attr *attr)
{
	perf_event_disable_local(bp);
	bp_become(bp, attr);
	bp_settle(bp, attr);
}

/**
 * modify_user_hw_breakpoint() - change a breakpoint
 * @bp: the event; its copies, if any, stay as they are
 * @attr: new attributes; see modify_user_hw_breakpoint_check()
 *
 * It goes on, unless @attr disables it.  Debuggers also disable a breakpoint from its
 * own handler, with IRQs off: that works for events of the task that runs, which are
 * on this CPU.
 *
 * Context: may sleep, or IRQs off and @bp is of current, of unchanged kind and
 * disabled by @attr.  Nobody else modifies @bp meanwhile.
 * Return: as modify_user_hw_breakpoint_check(); on an error the breakpoint is as
 * it was.
 */
int modify_user_hw_breakpoint(struct perf_event *bp, struct perf_event_attr *attr)
{
	bool local = irqs_disabled() && bp->ctx && bp->ctx->task == current;
	struct perf_event_context *ctx;
	int err;

	err = bp_prepare(bp, attr);
	if (err)
		return err;

	if (local) {
		bp_commit_local(bp, attr);
		return 0;
	}

	ctx = perf_event_ctx_lock(bp);
	bp_commit(bp, attr);
	perf_event_ctx_unlock(ctx);

	return 0;
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

/* Where a register is for both, there is one type. */
static int __init bp_slots_setup(void)
{
	unsigned int nr[BP_SLOT_TYPES] = {}, type;

	static_assert(TYPE_MAX <= BP_SLOT_TYPES);
	for (type = 0; type < TYPE_MAX; type++) {
		int has = hw_breakpoint_slots(type);

		WARN_ON(has > BP_SLOTS_MAX);
		nr[type] = max(has, 0);
	}

	return bp_slots_init(&bp_slots, nr_cpu_ids, nr);
}

/**
 * init_hw_breakpoint() - register the PMU
 *
 * Context: boot.
 * Return: 0, or -ENOMEM: there are no breakpoints then.
 */
int __init init_hw_breakpoint(void)
{
	int err;

	err = bp_slots_setup();
	if (err)
		return err;

	err = perf_pmu_register(&bp_pmu, "breakpoint", PERF_TYPE_BREAKPOINT);
	if (err)
		return err;

	return register_die_notifier(&bp_exceptions);
}
