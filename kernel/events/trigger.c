// SPDX-License-Identifier: GPL-2.0
/*
 * Triggers: an event that starts others when it overflows, one that stops them.
 *
 * A target counts and samples between its starter and its stopper only.  Whether
 * it is inside is one word, event->paused: a fact about where the target's task
 * (or CPU) is in its program.  It is no state: it changes while the target is
 * off its PMU too, and stays what it is through switches, rotation, disabling,
 * throttling.  Times go on while a target is paused: it has its counter.
 *
 * Who looks at the fact:
 *
 *  - Software events, tracepoints, probes and breakpoints (their PMUs say
 *    PERF_PMU_CAP_LOOKS) where they count.  That is all they need.
 *  - The others are *held*: event_on() adds a paused one without PERF_EF_START,
 *    nobody starts it (perf_event_pmu_start()), and when the fact changes the
 *    trigger's interrupt work on the same CPU makes the PMU agree with it.
 *
 * The fact is changed by the trigger's overflow, which may be an NMI in the middle
 * of anything, or come with any lock held.  It takes no lock and calls no PMU.
 * Trigger and target are in one context and bound to the same CPU, or to none;
 * the trigger is on this CPU, hence so is the context of both, and nobody but this
 * CPU's interrupts can be changing the same things.  The fact is exchanged, so
 * that of two changes, one on top of the other, each is accounted once.
 *
 * So it is too where a tracepoint is delivered to another task's event, whose
 * context may be anywhere (tracing_deliver_remote()): that event is bound to this
 * CPU, and overflows only if it is ACTIVE.  It becomes that, and ceases to be, on
 * the CPU that it is bound to, with IRQs off, while its context is there.  Who is
 * not ACTIVE is counted at most; the fact is then read without any order.
 *
 * The interrupt work comes when nothing else of this CPU is at work on events: all
 * that is has IRQs off.  Between the reading of the fact and add(), say, the fact
 * may change; the work then comes after add().  It asks for nothing but that the PMU
 * does what the fact says now: if the target has gone meanwhile, or gone and
 * returned, add() has seen the fact, or else there is more work queued: see trigger_irq()
 * for a target that went to another CPU with its task.
 *
 * That interrupt is most of the cost, and often there is no need of it: where the
 * CPU came from user mode nobody can be at work on events, see struck_in_user_mode().
 *
 * Links.  A target has at most one starter and one stopper, a trigger any number of
 * targets.  Links are made and cut in perf_ctx_call(): where the context is
 * active, with IRQs off.  A trigger's overflow walks its links with IRQs off on
 * that same CPU; only what comes in between, an NMI or a probe, can find the list
 * half changed, and RCU's way of changing lists is enough for it.  It is over when
 * the change goes on: no walk can stand on a link that is cut, so that it may be
 * made anew at once, and an event freed, without a grace period.
 * They are cut when either end leaves its context: perf_event_detach().
 *
 * What the user links are roots, each of which stands for itself and its inherited
 * copies.  In each context where there is one of either they are linked.  The
 * roots themselves need not be in one context, though of one task: clones swap.
 *
 * Two contexts with targets are never swapped at a switch: what is paused belongs
 * to the task.  Hence event->triggered, which stays when the links have gone.
 *
 * How long a target was open is measured in its running time, without looking at
 * its state: open_time loses that time when it is let go and gets it back when it
 * is paused.  A target that was never paused has been open since zero.
 */
#include <linux/irq_work.h>
#include <linux/seq_file.h>

#include <kunit/visibility.h>

#include "internal.h"

/* ---- The fact ---------------------------------------------------------------- */

/*
 * @clock is perf_clock(), or 0 as long as nobody wanted it.  Has its PMU to be told?
 * It is on this CPU or on none: if it comes now, add() sees the fact.
 */
static bool target_set_paused(struct perf_event *target, unsigned int paused, u64 *clock)
{
	u64 running;

	/* Pairs with the other one in an NMI: of equal changes the first counts. */
	if (READ_ONCE(target->paused) == paused || xchg(&target->paused, paused) == paused)
		return false;

	/* Added, not stored: in whatever order the changes of an NMI come. */
	if (!*clock)
		*clock = perf_clock();
	running = perf_event_running_at(target, *clock);
	local64_add(paused ? running : -running, &target->open_time);

	if (!target->holds || READ_ONCE(target->oncpu) < 0)
		return false;

	/* Pairs with target_obey(), which an NMI may interrupt. */
	WRITE_ONCE(target->untold, true);
	return true;
}

/*
 * The trigger's work is queued already: here, which will do, or still on a CPU that the
 * task has left, with interrupts off all the time.
 */
static void tell_each(struct perf_event *trigger)
{
	struct perf_trigger_link *link;

	hlist_for_each_entry_rcu(link, &trigger->targets, node, true)
		if (READ_ONCE(link->target->untold))
			irq_work_queue(&link->target->trigger_irq);
}

/* Stopped for another reason, it is not ours to start: throttled, or about to end. */
static bool target_may_start(struct perf_event *target)
{
	return target->hw.state & PERF_HES_STOPPED &&
	       target->hw.interrupts != MAX_INTERRUPTS && !READ_ONCE(target->pending_disable);
}

static bool target_is_stopped(struct perf_event *target)
{
	int stopped = PERF_HES_STOPPED | PERF_HES_UPTODATE;

	return (target->hw.state & stopped) == stopped;
}

/*
 * Make the PMU, which was not told, do what the fact says.  @disabled is the PMU that
 * the target before has left disabled, or NULL; returns the one that this one leaves so.
 * IRQs off; the target's context is on this CPU.
 */
static struct pmu *target_obey(struct perf_event *target, struct pmu *disabled)
{
	struct pmu *pmu = target->pmu;

	/* Before the fact is read; pairs with target_set_paused() in an NMI. */
	WRITE_ONCE(target->untold, false);
	barrier();
	if (READ_ONCE(target->oncpu) < 0 || READ_ONCE(target->state) != PERF_EVENT_STATE_ACTIVE)
		return disabled;

	if (pmu != disabled) {
		if (disabled)
			perf_pmu_enable(disabled);
		perf_pmu_disable(pmu);
	}
	if (!READ_ONCE(target->paused)) {
		if (target_may_start(target))
			pmu->start(target, PERF_EF_RELOAD);
	} else if (!target_is_stopped(target)) {
		pmu->stop(target, PERF_EF_UPDATE);
	}
	if (rcu_access_pointer(target->rb))
		perf_event_update_userpage(target);

	return pmu;
}

static bool ctx_is_here(const struct perf_event_context *ctx)
{
	const struct perf_cpu_context *cpuctx = this_cpu_ptr(&perf_cpu_context);

	return ctx == cpuctx->task_ctx || ctx == &cpuctx->ctx;
}

/*
 * One for all of an event's targets, which share a PMU more often than not: to disable
 * and enable it is a good part of the work.  And for the event itself, where that of its
 * trigger is too late.  IRQs off; the context is here.
 */
static void trigger_work(struct perf_event *event)
{
	u8 *recursion = current->perf_recursion;
	struct perf_trigger_link *link;
	struct pmu *disabled = NULL;
	int rctx;

	lockdep_assert_irqs_disabled();
	lockdep_assert(ctx_is_here(event->ctx));

	/* A clock's timer raises events, which must not ask for this again. */
	rctx = get_recursion_context(recursion);
	if (READ_ONCE(event->untold))
		disabled = target_obey(event, disabled);
	hlist_for_each_entry_rcu(link, &event->targets, node, true) {
		if (READ_ONCE(link->target->untold))
			disabled = target_obey(link->target, disabled);
	}
	if (disabled)
		perf_pmu_enable(disabled);
	if (rctx >= 0)
		put_recursion_context(recursion, rctx);
}

/*
 * If the context is here it stays, with its events and links: IRQs are off.  If it has
 * left, add() has seen the facts.  Of what changed after that, and found this queued
 * here, each target's own work was told, which follows it.
 */
static void trigger_irq(struct irq_work *work)
{
	struct perf_event *event = container_of(work, struct perf_event, trigger_irq);
	int cpu = READ_ONCE(event->oncpu);

	if (ctx_is_here(READ_ONCE(event->ctx)))
		trigger_work(event);
	else if (cpu >= 0 && READ_ONCE(event->untold))
		irq_work_queue_on(work, cpu);
}

static bool pmu_looks(const struct pmu *pmu)
{
	return pmu->capabilities & PERF_PMU_CAP_LOOKS;
}

/*
 * Has nobody on this CPU begun anything since it was in user mode, but to report this?
 *
 * The registers must be those with which the task left user mode, not some that are made
 * up, as the scheduler's are, or an interrupt's.  An event that looks is raised where it
 * happens: by the entry from user mode (a breakpoint, a system call's tracepoint), on the
 * way back (a uprobe, a system call's end), or by the handler of a fault, which may hold
 * locks of the mm, and none of events, timers or the scheduler.  It has IRQs off only for
 * this; what is at work on events has them off throughout, so that none was interrupted
 * when they went off.  Such a moment is one where an interrupt could have come, and with
 * it the work: this is the same, and what has to wait for the one waits for the other.
 * Beneath are walks only of lists that start() and stop() leave alone: those of events
 * that look, while the ones that are told do not.
 *
 * Counters and clocks find the task's registers too, in an interrupt: in the middle of
 * what their drivers do, or with a timer's lock held.  They do not look.
 */
static bool struck_in_user_mode(const struct perf_event *trigger, struct pt_regs *regs)
{
	return pmu_looks(trigger->pmu) && regs == task_pt_regs(current) &&
	       user_mode(regs) && in_task();
}

/**
 * perf_trigger_fire() - an event with targets has overflowed
 * @trigger: the event, on this CPU
 * @regs: registers at the overflow
 *
 * A target that is a trigger itself does nothing here: it has not overflowed.
 *
 * Context: any, NMI too; IRQs off.
 */
void perf_trigger_fire(struct perf_event *trigger, struct pt_regs *regs)
{
	struct perf_trigger_link *link;
	bool tell = false;
	u64 clock = 0;

	hlist_for_each_entry_rcu(link, &trigger->targets, node, true)
		tell |= target_set_paused(link->target, link->pauses, &clock);
	if (!tell)
		return;

	if (struck_in_user_mode(trigger, regs))
		trigger_work(trigger);
	else if (!irq_work_queue(&trigger->trigger_irq))
		tell_each(trigger);
}

/* ---- Links ------------------------------------------------------------------- */

/*
 * Many a driver keeps no hw.state, or cannot be stopped twice: its stop() is called
 * by its own del() only.  So a PMU must say that it can, or be one of those whose
 * events are stopped and started all the time anyway: the counters of a CPU, which
 * are throttled (those that are known by PERF_TYPE_RAW or PERF_TYPE_HARDWARE), and
 * what can pause an AUX area.
 */
static bool pmu_can_pause(const struct pmu *pmu)
{
	unsigned int says = PERF_PMU_CAP_LOOKS | PERF_PMU_CAP_STOPS | PERF_PMU_CAP_AUX_PAUSE;

	if (pmu->capabilities & says)
		return true;

	return pmu->task_ctx_nr == perf_hw_context &&
	       (pmu->type == PERF_TYPE_RAW ||
		pmu->capabilities & PERF_PMU_CAP_EXTENDED_HW_TYPE) &&
	       !(pmu->capabilities & PERF_PMU_CAP_NO_INTERRUPT);
}

/**
 * perf_trigger_init() - prepare an event for links
 * @event: the event, new
 */
void perf_trigger_init(struct perf_event *event)
{
	INIT_HLIST_HEAD(&event->targets);
	event->trigger_irq = IRQ_WORK_INIT_HARD(trigger_irq);

	for (unsigned int kind = 0; kind < PERF_TRIGGER_KINDS; kind++) {
		struct perf_trigger_link *link = &event->trigger_link[kind];

		INIT_HLIST_NODE(&link->node);
		link->target = event;
		link->pauses = kind == PERF_TRIGGER_STOP;
	}
}

/**
 * perf_trigger_begin_paused() - a new event waits for its starter
 * @event: the event, its PMU known
 *
 * Return: 0, or -EOPNOTSUPP if its PMU cannot stop it.
 */
int perf_trigger_begin_paused(struct perf_event *event)
{
	if (!pmu_can_pause(event->pmu))
		return -EOPNOTSUPP;

	event->triggered = true;
	event->holds = !pmu_looks(event->pmu);
	event->paused = 1;

	return 0;
}

/* The root of what starts, or stops, an event: NULL if there is none.  RCU. */
static struct perf_event *trigger_root(const struct perf_event *event,
				       enum perf_trigger_kind kind)
{
	/* Pairs with WRITE_ONCE() in perf_trigger_link() and link_cut(). */
	struct perf_event *trigger = READ_ONCE(event->trigger_link[kind].trigger);

	return trigger ? perf_event_root(trigger) : NULL;
}

/* The same of a root and its copies: the first that is found. */
static struct perf_event *trigger_of_any(struct perf_event *target, enum perf_trigger_kind kind)
{
	struct perf_event *trigger = trigger_root(target, kind), *child;

	list_for_each_entry(child, &target->child_list, child_list) {
		if (trigger)
			break;
		trigger = trigger_root(child, kind);
	}

	return trigger;
}

/**
 * perf_trigger_check() - may one event start, or stop, another?
 * @trigger: the one that overflows, a root
 * @target: the other, a root
 * @kind: what it is to do
 *
 * Context: @target's child_mutex held.
 * Return: 0; -EINVAL if they are one event, of different tasks or CPUs, if @trigger
 * does not sample, or does the opposite to @target already; -EEXIST; -EBUSY if
 * @target has another one of that kind.
 */
VISIBLE_IF_KUNIT int perf_trigger_check(struct perf_event *trigger, struct perf_event *target,
					enum perf_trigger_kind kind)
{
	struct perf_event *old;

	if (trigger == target || target->hw.target != trigger->hw.target ||
	    target->cpu != trigger->cpu || !is_sampling_event(trigger))
		return -EINVAL;

	guard(rcu)();
	old = trigger_of_any(target, kind);
	if (old)
		return old == trigger ? -EEXIST : -EBUSY;

	/* Which of the two came first would decide. */
	return trigger_of_any(target, !kind) == trigger ? -EINVAL : 0;
}

static void target_mark(struct perf_event *target)
{
	if (target->triggered)
		return;

	target->triggered = true;
	target->holds = !pmu_looks(target->pmu);
	target->ctx->nr_targets++;
	target->ctx->nr_switch_slow++;
}

/**
 * perf_trigger_link() - from now on an event starts, or stops, another
 * @trigger: the one
 * @target: the other; nothing happens if it has one of that kind
 * @kind: which
 *
 * Context: ctx->lock of both held, in perf_ctx_call().
 */
VISIBLE_IF_KUNIT void perf_trigger_link(struct perf_event *trigger, struct perf_event *target,
					enum perf_trigger_kind kind)
{
	struct perf_trigger_link *link = &target->trigger_link[kind];

	if (link->trigger)
		return;

	target_mark(target);
	/* Pairs with READ_ONCE() in inherit_links() and trigger_root(). */
	WRITE_ONCE(link->trigger, trigger);
	/* Complete before an NMI finds it: what it needs does not change. */
	hlist_add_head_rcu(&link->node, &trigger->targets);
}

static void link_cut(struct perf_trigger_link *link)
{
	if (!link->trigger)
		return;

	/* An NMI has left the list when we go on. */
	hlist_del_init_rcu(&link->node);
	/* Pairs with READ_ONCE() in trigger_root(). */
	WRITE_ONCE(link->trigger, NULL);
	/* The trigger's interrupt work, if it is still to come, finds the target no more. */
	if (READ_ONCE(link->target->untold) && READ_ONCE(link->target->oncpu) >= 0)
		irq_work_queue(&link->target->trigger_irq);
}

/**
 * perf_trigger_unlink() - an event leaves its context
 * @event: trigger, target, or neither
 *
 * Its targets stay paused or not, as they are.
 *
 * Context: ctx->lock held, in perf_ctx_call().
 */
void perf_trigger_unlink(struct perf_event *event)
{
	struct perf_trigger_link *link;
	struct hlist_node *next;

	for (unsigned int kind = 0; kind < PERF_TRIGGER_KINDS; kind++)
		link_cut(&event->trigger_link[kind]);
	hlist_for_each_entry_safe(link, next, &event->targets, node)
		link_cut(link);
}

/* ---- Asked for --------------------------------------------------------------- */

struct link_arg {
	struct perf_event	*trigger;	/* a root */
	struct perf_event	*target;	/* a root or a copy */
	enum perf_trigger_kind	kind;
	int			err;		/* of what was linked, 0 */
};

/* Of a root and its copies the one in @ctx, NULL if there is none.  ctx->lock held. */
static struct perf_event *event_in_ctx(struct perf_event *root, struct perf_event_context *ctx)
{
	struct perf_event *event;

	if (READ_ONCE(root->ctx) == ctx && root->attach_state & PERF_ATTACH_CONTEXT)
		return root;

	list_for_each_entry(event, &ctx->event_list, event_entry)
		if (event->parent == root)
			return event;

	return NULL;
}

/* A perf_ctx_fn: link link->target to what there is of the trigger beside it. */
static void link_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx, void *arg)
{
	struct link_arg *link = arg;
	struct perf_event *trigger;

	/* Detached, its PMU may have gone. */
	if (!(link->target->attach_state & PERF_ATTACH_CONTEXT))
		return;

	if (!pmu_can_pause(link->target->pmu)) {
		link->err = -EOPNOTSUPP;
		return;
	}

	target_mark(link->target);
	trigger = event_in_ctx(link->trigger, ctx);
	if (trigger) {
		perf_trigger_link(trigger, link->target, link->kind);
		link->err = 0;
	}
}

/*
 * A fork that is under way adds its clones behind those that they are cloned from,
 * and links them at its end.  So either we find both clones here; or the fork
 * finds, at its end, the link that we made between the events it clones.
 */
static int link_all(struct perf_event *trigger, struct perf_event *target,
		    enum perf_trigger_kind kind)
{
	struct link_arg link = {
		.trigger = trigger, .target = target, .kind = kind, .err = -ENODEV,
	};
	struct perf_event *child;

	perf_ctx_call(target->ctx, target->cpu, link_fn, &link);
	list_for_each_entry(child, &target->child_list, child_list) {
		link.target = child;
		perf_ctx_call(child->ctx, child->cpu, link_fn, &link);
	}

	return link.err;
}

/**
 * perf_trigger_set() - let an event start, or stop, another, and their copies likewise
 * @trigger: the one, a root
 * @target: the other, a root, held by the caller
 * @kind: which
 *
 * Context: task; @trigger's ctx->mutex held, so that neither moves to another CPU.
 * Return: 0; -ENODEV if there is no context any more that both are in; -EOPNOTSUPP
 * if @target's PMU cannot stop it; as perf_trigger_check().
 */
int perf_trigger_set(struct perf_event *trigger, struct perf_event *target,
		     enum perf_trigger_kind kind)
{
	int err;

	lockdep_assert_held(&trigger->ctx->mutex);

	/* Nobody else links the same target meanwhile. */
	guard(mutex)(&target->child_mutex);
	err = perf_trigger_check(trigger, target, kind);

	return err ?: link_all(trigger, target, kind);
}

/* ---- Inherited --------------------------------------------------------------- */

/**
 * perf_trigger_inherit_fact() - a clone is where the event is
 * @clone: the clone, which nobody knows yet
 * @event: the event of the task that forks
 */
void perf_trigger_inherit_fact(struct perf_event *clone, struct perf_event *event)
{
	clone->triggered = event->triggered;
	clone->holds = event->holds;
	clone->paused = READ_ONCE(event->paused);
}

/* The event's clone, if it has one, is the next in @child: both are in one order. */
static void find_clone(struct perf_event *event, struct perf_event_context *child,
		       struct list_head **last)
{
	struct perf_event *next = list_entry((*last)->next, struct perf_event, event_entry);
	bool has_clone = (*last)->next != &child->event_list &&
			 next->parent == perf_event_root(event);

	event->clone = has_clone ? next : NULL;
	if (has_clone)
		*last = &next->event_entry;
}

static void inherit_links(struct perf_event *event, struct perf_event_context *child)
{
	if (!event->triggered || !event->clone)
		return;

	guard(raw_spinlock_irq)(&child->lock);
	for (unsigned int kind = 0; kind < PERF_TRIGGER_KINDS; kind++) {
		/* Set without parent->mutex, but not cut: perf_trigger_set() of a root. */
		struct perf_event *trigger = READ_ONCE(event->trigger_link[kind].trigger);

		if (trigger && trigger->clone)
			perf_trigger_link(trigger->clone, event->clone, kind);
	}
}

/**
 * perf_trigger_inherit() - link the clones in a child's context
 * @parent: context of the task that forks
 * @child: context of the new task; all its events are there
 *
 * A target whose trigger was not inherited has no link.
 *
 * Context: task; @parent's mutex held.  Takes that of @child inside: nobody who
 * holds it waits for another one, as the task does not run yet.
 */
void perf_trigger_inherit(struct perf_event_context *parent, struct perf_event_context *child)
{
	struct list_head *last = &child->event_list;
	struct perf_event *leader, *sibling;

	lockdep_assert_held(&parent->mutex);

	/* A clone may be closed with its root meanwhile: not while we hold this. */
	mutex_lock_nested(&child->mutex, SINGLE_DEPTH_NESTING);

	list_for_each_entry(leader, &parent->event_list, event_entry) {
		if (leader->group_leader != leader)
			continue;
		find_clone(leader, child, &last);
		for_each_sibling_event(sibling, leader)
			find_clone(sibling, child, &last);
	}
	list_for_each_entry(leader, &parent->event_list, event_entry)
		inherit_links(leader, child);

	mutex_unlock(&child->mutex);
}

/* ---- Told -------------------------------------------------------------------- */

/**
 * perf_trigger_open_time() - how long an event ran without being paused
 * @event: the event, without its copies
 *
 * Context: ctx->lock held, times up to date.
 * Return: ns.
 */
u64 perf_trigger_open_time(struct perf_event *event)
{
	u64 enabled, running;

	perf_event_times(event, &enabled, &running);

	return local64_read(&event->open_time) + (READ_ONCE(event->paused) ? 0 : running);
}

struct open_arg {
	struct perf_event	*event;
	u64			time;
};

/* A perf_ctx_fn. */
static void open_fn(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx, void *arg)
{
	struct open_arg *open = arg;

	open->time += perf_trigger_open_time(open->event);
}

/* Of an event and its copies, those that have ended included. */
static u64 open_time_of_all(struct perf_event *event)
{
	struct open_arg open = { .event = event };
	struct perf_event *child;

	guard(mutex)(&event->child_mutex);
	perf_ctx_call(event->ctx, event->cpu, open_fn, &open);
	list_for_each_entry(child, &event->child_list, child_list) {
		open.event = child;
		perf_ctx_call(child->ctx, child->cpu, open_fn, &open);
	}

	return open.time + atomic64_read(&event->child_open_time);
}

static void show_trigger(struct seq_file *m, const char *name, struct perf_event *target,
			 enum perf_trigger_kind kind)
{
	struct perf_event *trigger;

	guard(mutex)(&target->child_mutex);
	guard(rcu)();
	trigger = trigger_of_any(target, kind);
	if (trigger)
		seq_printf(m, "%s:\t%llu\n", name, trigger->id);
}

static void show_targets(struct seq_file *m, const char *name, struct perf_event *trigger,
			 bool pauses)
{
	const char *before = name, *between = ":\t";
	struct perf_trigger_link *link;

	hlist_for_each_entry(link, &trigger->targets, node) {
		if (link->pauses != pauses)
			continue;
		seq_printf(m, "%s%s%llu", before, between, perf_event_root(link->target)->id);
		before = "";
		between = " ";
	}
	if (before != name)
		seq_putc(m, '\n');
}

/**
 * perf_trigger_show() - what fdinfo says of an event's links
 * @m: where to
 * @event: a root
 *
 * Nothing, of an event that has nothing to do with triggers.
 *
 * Context: task; sleeps; no ctx->mutex held.
 */
void perf_trigger_show(struct seq_file *m, struct perf_event *event)
{
	struct perf_event_context *ctx = perf_event_ctx_lock(event);

	if (event->triggered || !hlist_empty(&event->targets))
		seq_printf(m, "perf_event.id:\t%llu\n", event->id);
	show_targets(m, "perf_event.starts", event, false);
	show_targets(m, "perf_event.stops", event, true);
	if (event->triggered) {
		show_trigger(m, "perf_event.starter", event, PERF_TRIGGER_START);
		show_trigger(m, "perf_event.stopper", event, PERF_TRIGGER_STOP);
		seq_printf(m, "perf_event.paused:\t%u\n", READ_ONCE(event->paused));
		seq_printf(m, "perf_event.time_open:\t%llu\n", open_time_of_all(event));
	}
	perf_event_ctx_unlock(ctx);
}
