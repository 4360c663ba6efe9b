// SPDX-License-Identifier: GPL-2.0
/*
 * From an overflow to what it brings about.
 *
 * A driver found that a period is over.  In this order: targets are started and
 * stopped (trigger.c), the rate is accounted (freq.c), an AUX trace paused, a BPF
 * program asked, the limit counted down, a signal queued, the sample written by the
 * event's handler, sleepers noted, and the AUX trace resumed.
 *
 * The overflow may be an NMI in the middle of anything.  It takes no lock and
 * leaves what needs one for later:
 *
 *   pending_irq          wake up and notify readers: interrupt work
 *   pending_disable_irq  take the event off: interrupt work, on its CPU
 *   pending_task         send SIGTRAP: when the task goes back to user mode
 *
 * IRQs are off throughout.  Who removes an event comes to its CPU by an
 * interrupt and therefore after the overflow; nothing is queued for an event
 * once it is removed.  Interrupt work is waited for before the event is freed
 * (perf_event_sync_pending()); task work holds a reference to it.
 */
#include <linux/atomic.h>
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <linux/filter.h>
#include <linux/irq_work.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/task_work.h>

#include "internal.h"

/* ---- Later ----------------------------------------------------------------- */

/**
 * perf_event_wakeup() - tell readers of the event's buffer
 * @event: the event
 *
 * Context: any but NMI; may wake up tasks.
 */
void perf_event_wakeup(struct perf_event *event)
{
	ring_buffer_wakeup(event);

	if (event->pending_kill) {
		kill_fasync(perf_event_fasync(event), SIGIO, event->pending_kill);
		event->pending_kill = 0;
	}
}

static void wakeup_irq(struct irq_work *work)
{
	struct perf_event *event = container_of(work, struct perf_event, pending_irq);
	int rctx = perf_swevent_get_recursion_context();

	/*
	 * A wake-up raises events, which must not ask for the next wake-up:
	 * hence the token.  Without one events are off here already.
	 */
	if (xchg(&event->pending_wakeup, 0))
		perf_event_wakeup(event);

	if (rctx >= 0)
		perf_swevent_put_recursion_context(rctx);
}

/**
 * perf_event_wakeup_later() - perf_event_wakeup() as soon as interrupts may come
 * @event: the event
 *
 * Context: any, NMI too; ctx->lock may be held; the CPU stays the same.
 */
void perf_event_wakeup_later(struct perf_event *event)
{
	event->pending_wakeup = 1;
	irq_work_queue(&event->pending_irq);
}

/**
 * perf_event_hang_up() - tell who polls, soon, that the event stopped for good
 * @event: the event, in a context
 *
 * Context: any, NMI too; ctx->lock may be held.
 */
void perf_event_hang_up(struct perf_event *event)
{
	event->pending_kill = POLL_HUP;
	perf_event_wakeup_later(event);
}

/*
 * The event may be somewhere else by now: off its PMU, and then
 * perf_event_sched_out() has seen pending_disable; or gone to another CPU with
 * its task, and then the work follows.
 */
static void take_off_irq(struct irq_work *work)
{
	struct perf_event *event = container_of(work, struct perf_event, pending_disable_irq);
	int cpu = READ_ONCE(event->oncpu);

	if (cpu < 0 || !READ_ONCE(event->pending_disable))
		return;

	if (cpu != smp_processor_id()) {
		irq_work_queue_on(&event->pending_disable_irq, cpu);
		return;
	}

	WRITE_ONCE(event->pending_disable, 0);
	perf_event_disable_local(event);
}

/**
 * perf_event_disable_inatomic() - disable an event as soon as may be
 * @event: an event that is on this CPU
 *
 * Context: any, NMI too, on the event's CPU with IRQs off.
 */
void perf_event_disable_inatomic(struct perf_event *event)
{
	WRITE_ONCE(event->pending_disable, 1);
	irq_work_queue(&event->pending_disable_irq);
}

static void sigtrap_work(struct callback_head *work)
{
	struct perf_event *event = container_of(work, struct perf_event, pending_task);
	struct perf_event_context *ctx = event->ctx;
	unsigned long addr = event->pending_addr;
	int rctx = perf_swevent_get_recursion_context();

	/*
	 * From here on an overflow queues the next signal.  Orders the load of
	 * pending_addr before; pairs with the same CPU's interrupts.
	 */
	barrier();
	WRITE_ONCE(event->pending_work, 0);

	/*
	 * Not if the task has let go of its events meanwhile, by exit or by
	 * executing a program that never asked for the signal.
	 */
	if (READ_ONCE(ctx->task) == current && event->state > PERF_EVENT_STATE_EXIT)
		send_sig_perf((void __user *)addr, event->orig_type, event->attr.sig_data);

	if (rctx >= 0)
		perf_swevent_put_recursion_context(rctx);
	perf_event_put(event);
}

/**
 * perf_event_init_pending() - prepare what an overflow leaves for later
 * @event: the event, new
 */
void perf_event_init_pending(struct perf_event *event)
{
	init_irq_work(&event->pending_irq, wakeup_irq);
	event->pending_disable_irq = IRQ_WORK_INIT_HARD(take_off_irq);
	init_task_work(&event->pending_task, sigtrap_work);
}

/* Hardly ever there is something to wait for. */
static void sync_irq(struct irq_work *work)
{
	if (irq_work_is_busy(work))
		irq_work_sync(work);
}

/**
 * perf_event_sync_pending() - wait for an event's interrupt work
 * @event: the event, removed from its context: nothing is queued any more
 *
 * Context: task, may sleep.
 */
void perf_event_sync_pending(struct perf_event *event)
{
	might_sleep();
	sync_irq(&event->pending_disable_irq);
	sync_irq(&event->pending_irq);
	sync_irq(&event->trigger_irq);
}

/* ---- BPF programs ------------------------------------------------------------ */

#ifdef CONFIG_BPF_SYSCALL
/*
 * The sample is ready: its chain is in this context's buffer, and counted in its size.
 * Held, the buffer is not taken by a program that looks at stacks, of current or of
 * another task; the sample's own chain it has without that.
 */
static u32 run_prog(struct bpf_prog *prog, const struct bpf_perf_event_data_kern *ctx)
{
	bool hold = ctx->data->sample_flags & PERF_SAMPLE_CALLCHAIN;
	int rctx;
	u32 keep;

	hold = hold && get_callchain_entry(&rctx);
	keep = bpf_prog_run(prog, ctx);
	if (hold)
		put_callchain_entry(rctx);

	return keep;
}

/* Does the program want the overflow to go unnoticed?  It runs not nested. */
static bool prog_drops(struct perf_event *event, struct perf_sample_data *data,
		       struct pt_regs *regs)
{
	struct bpf_perf_event_data_kern ctx = {
		.regs = perf_arch_bpf_user_pt_regs(regs),
		.data = data,
		.event = event,
	};
	struct bpf_prog *prog;
	u32 keep = 0;

	if (likely(!READ_ONCE(event->prog)))
		return false;

	guard(rcu)();

	/* Pairs with perf_event_set_handler_prog() and perf_event_free_handler_prog(). */
	prog = READ_ONCE(event->prog);
	/* A tracing program on a tracepoint or probe has had its turn. */
	if (!prog || prog->type != BPF_PROG_TYPE_PERF_EVENT)
		return false;

	if (likely(__this_cpu_inc_return(bpf_prog_active) == 1)) {
		perf_prepare_sample(data, event, regs);
		keep = run_prog(prog, &ctx);
	}
	__this_cpu_dec(bpf_prog_active);

	return !keep;
}

/*
 * Precise samples carry the call chain that belongs to them; the program's
 * bpf_get_stack() helpers can only give that one out if it was recorded whole.
 */
static bool lacks_callchain(struct perf_event *event, struct bpf_prog *prog)
{
	const struct perf_event_attr *attr = &event->attr;

	if (!attr->precise_ip || !prog->call_get_stack)
		return false;

	return !(attr->sample_type & PERF_SAMPLE_CALLCHAIN) ||
	       attr->exclude_callchain_kernel || attr->exclude_callchain_user ||
	       attr->defer_callchain;
}

/**
 * perf_event_set_handler_prog() - let a BPF program see each overflow
 * @event: the event
 * @prog: the program; the caller's reference goes to the event on success
 * @cookie: for bpf_get_attach_cookie()
 *
 * Context: task, ctx->mutex held.
 * Return: 0; -EINVAL for an event of the kernel's own and a program of another
 * type; -EEXIST if there is one already; -EPROTO if the program wants call
 * chains that a precise sample of this event does not hold.
 */
int perf_event_set_handler_prog(struct perf_event *event, struct bpf_prog *prog, u64 cookie)
{
	if (event->overflow_handler_context)
		return -EINVAL;
	if (event->prog)
		return -EEXIST;
	if (prog->type != BPF_PROG_TYPE_PERF_EVENT)
		return -EINVAL;
	if (lacks_callchain(event, prog))
		return -EPROTO;

	event->bpf_cookie = cookie;
	/* Pairs with READ_ONCE() in prog_drops(). */
	smp_store_release(&event->prog, prog);

	return 0;
}

/**
 * perf_event_free_handler_prog() - give up the event's BPF program, if any
 * @event: the event
 *
 * Overflows under way may still run it: it goes by RCU.
 *
 * Context: task.
 */
void perf_event_free_handler_prog(struct perf_event *event)
{
	struct bpf_prog *prog = event->prog;

	if (!prog)
		return;

	/* Pairs with READ_ONCE() in prog_drops(). */
	WRITE_ONCE(event->prog, NULL);
	bpf_prog_put(prog);
}
#else
static bool prog_drops(struct perf_event *event, struct perf_sample_data *data,
		       struct pt_regs *regs)
{
	return false;
}

int perf_event_set_handler_prog(struct perf_event *event, struct bpf_prog *prog, u64 cookie)
{
	return -EOPNOTSUPP;
}

void perf_event_free_handler_prog(struct perf_event *event)
{
}
#endif

/* ---- Now ---------------------------------------------------------------------- */

/* Was this the last one that PERF_EVENT_IOC_REFRESH allowed? */
static bool limit_reached(struct perf_event *event)
{
	return atomic_read(&event->event_limit) && atomic_dec_and_test(&event->event_limit);
}

/*
 * Have @work run when the current task goes back to user mode.  From any context:
 * an interrupt must not come to the page allocator, where KASAN would note who asked.
 * Return: 0, or -ESRCH in a task that will never be in user mode again.
 */
int perf_current_work_add(struct callback_head *work)
{
	return task_work_add(current, work,
			     in_nmi() ? TWA_NMI_CURRENT : TWA_RESUME | TWAF_NO_ALLOC);
}

/*
 * Overflows until the task is back in user mode make one signal.  The first
 * one gives the address, unless that is not the user's to see.
 */
static void queue_sigtrap(struct perf_event *event, struct perf_sample_data *data,
			  struct pt_regs *regs)
{
	unsigned long addr = 0;

	if (READ_ONCE(event->ctx->task) != current)
		return;
	/* Taken in one step: an NMI in between must not queue the same work. */
	if (READ_ONCE(event->pending_work) || xchg(&event->pending_work, 1))
		return;

	if (data->sample_flags & PERF_SAMPLE_ADDR && !perf_event_has_skidded(event, regs))
		addr = data->addr;

	if (perf_current_work_add(&event->pending_task)) {
		WRITE_ONCE(event->pending_work, 0);
		return;
	}

	/* In time: the work cannot run before this interrupt is over. */
	perf_event_get_ref(event);
	event->pending_addr = addr;
}

static bool take_overflow(struct perf_event *event, struct perf_sample_data *data,
			  struct pt_regs *regs)
{
	perf_overflow_handler_t handler;
	bool last = false;

	if (prog_drops(event, data, regs))
		return false;

	event->pending_kill = POLL_IN;
	if (limit_reached(event)) {
		last = true;
		event->pending_kill = POLL_HUP;
		perf_event_disable_inatomic(event);
	}

	if (event->attr.sigtrap)
		queue_sigtrap(event, data, regs);

	handler = READ_ONCE(event->overflow_handler);
	handler(event, data, regs);

	if (*perf_event_fasync(event) && event->pending_kill)
		perf_event_wakeup_later(event);

	return last;
}

/**
 * perf_event_overflow_throttle() - a period of the event is over
 * @event: the event, on this CPU
 * @throttle: this one counts towards the limit of interrupts a tick
 * @data: the sample, begun with perf_sample_data_init()
 * @regs: registers at the overflow
 *
 * Counting events overflow too, where hardware counters are narrow; that is
 * nobody's business.
 *
 * Context: any, NMI too; IRQs off.
 * Return: nonzero if the caller must stop the event.
 */
int perf_event_overflow_throttle(struct perf_event *event, bool throttle,
				 struct perf_sample_data *data, struct pt_regs *regs)
{
	int stop;

	if (unlikely(!is_sampling_event(event)))
		return 0;

	/* Of nobody it is one comparison in memory and a branch. */
	if (unlikely(data_race(event->targets.first)))
		perf_trigger_fire(event, regs);

	stop = perf_event_account_overflow(event, throttle);

	if (event->attr.aux_pause)
		perf_event_aux_pause(event->aux_event, true);

	stop |= take_overflow(event, data, regs);

	if (event->attr.aux_resume)
		perf_event_aux_pause(event->aux_event, false);

	return stop;
}

/**
 * perf_event_overflow() - what a PMU's interrupt handler calls
 * @event: the event whose period is over, on this CPU
 * @data: the sample, begun with perf_sample_data_init()
 * @regs: registers at the interrupt
 *
 * Context: any, NMI too; IRQs off.
 * Return: nonzero if the handler must stop the event.
 */
int perf_event_overflow(struct perf_event *event, struct perf_sample_data *data,
			struct pt_regs *regs)
{
	lockdep_assert_irqs_disabled();

	return perf_event_overflow_throttle(event, true, data, regs);
}
