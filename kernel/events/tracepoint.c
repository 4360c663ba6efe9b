// SPDX-License-Identifier: GPL-2.0
/*
 * Events on tracepoints, and on probes of their own.
 *
 * Three PMUs count the same thing, calls of a struct trace_event_call:
 *
 *   tracepoint	attr.config is the id of an event that tracing knows
 *   kprobe	the event makes a probe in the kernel that nobody else sees
 *   uprobe	the same in the code of a file
 *
 * kernel/trace/trace_event_perf.c finds or makes the call and puts the event on
 * the call's list of the CPU (add, del); start, stop and read are those of software
 * events.  When the call fires, tracing builds a record and gives it to
 * perf_tp_event(), which hands it to each event of the list: the record is the
 * raw data of the sample.
 *
 * A call may also be about a task that does not run here: one that is being woken,
 * say.  Then those events of that task count too that are bound to this CPU.  That
 * is done by RCU alone: the event's context is not loaded here and its state may
 * change under us, and so such an event counts but leaves no sample.
 *
 * A child's probe is its parent's.  It is not made again from the attributes,
 * whose strings are in the memory of whoever opened the parent, nor is the task
 * that forks asked for privileges.
 *
 * Filters and BPF programs belong to the event that was opened; a program is run
 * before the events are looked at and may veto the call.
 */
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mutex.h>
#include <linux/syscalls.h>
#include <linux/trace_events.h>

#include "internal.h"

/* ---- The tracepoint PMU --------------------------------------------------- */

static int tracepoint_event_init(struct perf_event *event)
{
	int err;

	if (event->attr.type != PERF_TYPE_TRACEPOINT)
		return -ENOENT;
	if (has_branch_stack(event))
		return -EOPNOTSUPP;

	err = perf_trace_init(event);
	if (!err)
		event->destroy = perf_trace_destroy;

	return err;
}

static struct pmu tracepoint_pmu = {
	.task_ctx_nr	= perf_sw_context,
	.capabilities	= PERF_PMU_CAP_LOOKS,
	.event_init	= tracepoint_event_init,
	.add		= perf_trace_add,
	.del		= perf_trace_del,
	.start		= perf_swevent_start,
	.stop		= perf_swevent_stop,
	.read		= perf_swevent_read,
};

/* ---- PMUs with probes of their own ------------------------------------------ */

#if defined(CONFIG_KPROBE_EVENTS) || defined(CONFIG_UPROBE_EVENTS)
/* A PMU whose events make probes: may the caller? make one; remove it. */
struct probe_pmu {
	struct pmu	pmu;
	bool		(*permitted)(void);
	int		(*create)(struct perf_event *event);
	void		(*destroy)(struct perf_event *event);
};

/* attr.config: see the format files. */
#define PROBE_RETURN		BIT_ULL(0)
#define PROBE_REF_CTR_SHIFT	32

PMU_FORMAT_ATTR(retprobe, "config:0");

/*
 * Use the parent's call, as a tracepoint's child does.  The call outlives us: it
 * goes with the parent, which we hold.
 */
static int probe_share(struct perf_event *event)
{
	struct trace_event_call *call = event->parent->tp_event;
	int err;

	guard(mutex)(&event_mutex);

	event->tp_event = call;
	if (!trace_event_try_get_ref(call))
		return -ENODEV;

	err = call->class->reg(call, TRACE_REG_PERF_OPEN, event);
	if (err) {
		trace_event_put_ref(call);
		return err;
	}

	call->perf_refcount++;
	return 0;
}

static int probe_event_init(struct perf_event *event)
{
	struct probe_pmu *probe = container_of(event->pmu, struct probe_pmu, pmu);
	bool child = event->parent;
	int err;

	if (event->attr.type != event->pmu->type)
		return -ENOENT;
	if (!child && !probe->permitted())
		return -EACCES;
	if (has_branch_stack(event))
		return -EOPNOTSUPP;

	err = child ? probe_share(event) : probe->create(event);
	if (!err)
		event->destroy = child ? perf_trace_destroy : probe->destroy;

	return err;
}

#define PROBE_PMU(_attr_groups) {			\
	.task_ctx_nr	= perf_sw_context,		\
	.capabilities	= PERF_PMU_CAP_LOOKS,		\
	.event_init	= probe_event_init,		\
	.add		= perf_trace_add,		\
	.del		= perf_trace_del,		\
	.start		= perf_swevent_start,		\
	.stop		= perf_swevent_stop,		\
	.read		= perf_swevent_read,		\
	.attr_groups	= _attr_groups,			\
}
#endif /* CONFIG_KPROBE_EVENTS || CONFIG_UPROBE_EVENTS */

#ifdef CONFIG_KPROBE_EVENTS
static bool kprobe_permitted(void)
{
	return perfmon_capable();
}

static int kprobe_create(struct perf_event *event)
{
	return perf_kprobe_init(event, event->attr.config & PROBE_RETURN);
}

static struct attribute *kprobe_attrs[] = { &format_attr_retprobe.attr, NULL };

static const struct attribute_group kprobe_format = { .name = "format", .attrs = kprobe_attrs };
static const struct attribute_group *kprobe_groups[] = { &kprobe_format, NULL };

static struct probe_pmu kprobe_pmu = {
	.pmu		= PROBE_PMU(kprobe_groups),
	.permitted	= kprobe_permitted,
	.create		= kprobe_create,
	.destroy	= perf_kprobe_destroy,
};

static void __init kprobe_pmu_register(void)
{
	perf_pmu_register(&kprobe_pmu.pmu, "kprobe", -1);
}
#else
static void __init kprobe_pmu_register(void) { }
#endif /* CONFIG_KPROBE_EVENTS */

#ifdef CONFIG_UPROBE_EVENTS
PMU_FORMAT_ATTR(ref_ctr_offset, "config:32-63");

/* It writes to the code, and the counters, of every process that maps the file. */
static bool uprobe_permitted(void)
{
	return capable(CAP_SYS_ADMIN);
}

static int uprobe_create(struct perf_event *event)
{
	u64 config = event->attr.config;

	return perf_uprobe_init(event, config >> PROBE_REF_CTR_SHIFT, config & PROBE_RETURN);
}

static struct attribute *uprobe_attrs[] = {
	&format_attr_retprobe.attr,
	&format_attr_ref_ctr_offset.attr,
	NULL,
};

static const struct attribute_group uprobe_format = { .name = "format", .attrs = uprobe_attrs };
static const struct attribute_group *uprobe_groups[] = { &uprobe_format, NULL };

static struct probe_pmu uprobe_pmu = {
	.pmu		= PROBE_PMU(uprobe_groups),
	.permitted	= uprobe_permitted,
	.create		= uprobe_create,
	.destroy	= perf_uprobe_destroy,
};

static void __init uprobe_pmu_register(void)
{
	perf_pmu_register(&uprobe_pmu.pmu, "uprobe", -1);
}
#else
static void __init uprobe_pmu_register(void) { }
#endif /* CONFIG_UPROBE_EVENTS */

/* ---- A call fires ------------------------------------------------------------ */

/* Children are filtered by what their parent was given. */
static bool tracing_filter_match(struct perf_event *event, void *record)
{
	struct perf_event *root = perf_event_root(event);
	/* Published by ftrace_profile_set_filter(), freed when no event is left. */
	struct event_filter *filter = READ_ONCE(root->filter);

	return !filter || filter_match_preds(filter, record);
}

/* exclude_kernel leaves uprobes; the other bits mean nothing to a call. */
static bool tracing_match(struct perf_event *event, void *record, struct pt_regs *regs)
{
	if (event->hw.state & PERF_HES_STOPPED || READ_ONCE(event->paused))
		return false;
	if (event->attr.exclude_kernel && !user_mode(regs))
		return false;

	return tracing_filter_match(event, record);
}

/* The sample is built anew for each event: some of its fields are the event's. */
static void tracing_deliver(struct perf_event *event, u64 count,
			    struct perf_raw_record *raw, struct pt_regs *regs)
{
	struct perf_sample_data sample __uninitialized;

	if (!tracing_match(event, raw->frag.data, regs))
		return;
	if (!is_sampling_event(event)) {
		local64_add(count, &event->count);
		return;
	}

	perf_sample_data_init(&sample, 0, 0);
	perf_sample_save_raw_data(&sample, event, raw);
	perf_swevent_event(event, count, &sample, regs);
}

/* Is it an event of another task that wants calls of @type from this CPU? */
static bool tracing_wants_remote(struct perf_event *event, u16 type)
{
	return event->pmu == &tracepoint_pmu && event->attr.config == type &&
	       event->cpu == smp_processor_id() &&
	       READ_ONCE(event->state) >= PERF_EVENT_STATE_INACTIVE &&
	       !event->attr.sigtrap; /* a signal now would go to the wrong task */
}

/*
 * Takes no lock of the context: the caller may hold any, a runqueue's above all.
 * RCU keeps context and events; the event's count is changed on this CPU only,
 * as the event is bound to it.
 */
static void tracing_deliver_remote(struct task_struct *task, u16 type, u64 count,
				   struct perf_raw_record *raw, struct pt_regs *regs)
{
	struct perf_event_context *ctx;
	struct perf_event *event;

	guard(rcu)();

	ctx = rcu_dereference_raw(task->perf_event_ctxp);
	/* Pairs with WRITE_ONCE() in ctx_account(). */
	if (!ctx || !READ_ONCE(ctx->nr_remote))
		return;

	list_for_each_entry_rcu(event, &ctx->event_list, event_entry) {
		if (tracing_wants_remote(event, type))
			tracing_deliver(event, count, raw, regs);
	}
}

/**
 * perf_tp_event() - deliver a call to events
 * @event_type: id of the call
 * @count: how many events it stands for
 * @record: what tracing recorded; in the buffer of perf_trace_buf_alloc()
 * @entry_size: bytes in it
 * @regs: registers at the call
 * @head: events on this CPU that want it
 * @rctx: recursion level that perf_trace_buf_alloc() took, given back here
 * @task: a task that the call is about, or NULL
 *
 * Context: any, preemption disabled.
 */
void perf_tp_event(u16 event_type, u64 count, void *record, int entry_size,
		   struct pt_regs *regs, struct hlist_head *head, int rctx,
		   struct task_struct *task)
{
	struct perf_raw_record raw = {
		.frag = { .size = entry_size, .data = record },
	};
	struct perf_event *event;

	lockdep_assert_preemption_disabled();

	perf_trace_buf_update(record, event_type);

	/* The list is this CPU's: its events do not come and go under the walk. */
	guard(irqsave)();
	hlist_for_each_entry_rcu(event, head, hlist_entry)
		tracing_deliver(event, count, &raw, regs);
	if (task && task != current)
		tracing_deliver_remote(task, event_type, count, &raw, regs);

	perf_swevent_put_recursion_context(rctx);
}
EXPORT_SYMBOL_GPL(perf_tp_event);

/* Programs find @regs in the first word, which is tracing's to overwrite later. */
static bool tracing_bpf_passes(struct trace_event_call *call, void *record,
			       struct pt_regs *regs)
{
	*(struct pt_regs **)record = regs;
	return trace_call_bpf(call, record);
}

/**
 * perf_trace_run_bpf_submit() - perf_tp_event() unless a program objects
 * @raw_data: @record there
 * @size: @entry_size there
 * @rctx: as there
 * @call: the call; its programs run first
 * @count: as there
 * @regs: as there
 * @head: as there; where it is empty the programs were all that was wanted
 * @task: as there
 *
 * Context: as perf_tp_event().
 */
void perf_trace_run_bpf_submit(void *raw_data, int size, int rctx,
			       struct trace_event_call *call, u64 count,
			       struct pt_regs *regs, struct hlist_head *head,
			       struct task_struct *task)
{
	if (bpf_prog_array_valid(call) &&
	    (!tracing_bpf_passes(call, raw_data, regs) || hlist_empty(head))) {
		perf_swevent_put_recursion_context(rctx);
		return;
	}

	perf_tp_event(call->event.type, count, raw_data, size, regs, head, rctx, task);
}
EXPORT_SYMBOL_GPL(perf_trace_run_bpf_submit);

/* ---- Filters and programs ----------------------------------------------------- */

/**
 * perf_event_is_tracing() - is it an event of one of the three PMUs?
 * @event: an event; one that found no PMU is of none
 *
 * Context: any.
 */
bool perf_event_is_tracing(struct perf_event *event)
{
	return event->pmu && event->tp_event;
}

/**
 * perf_tracing_set_filter() - give a tracing event its filter
 * @event: the event
 * @str: the filter, in the language of tracing's filter files
 *
 * Context: may sleep; takes event_mutex, below which CPUs are held: no ctx->mutex
 * may be held.
 * Return: 0; -EEXIST if it has one; -EINVAL for what is no filter; -ENOMEM.
 */
int perf_tracing_set_filter(struct perf_event *event, char *str)
{
	return ftrace_profile_set_filter(event, event->attr.config, str);
}

/**
 * perf_event_free_filter() - free a tracing event's filter
 * @event: the event, which nobody finds any more
 *
 * Context: any that may free, a grace period after the event and its children
 * left their lists.
 */
void perf_event_free_filter(struct perf_event *event)
{
	ftrace_profile_free_filter(event);
}

/* May @prog run where @event's call fires? */
static int tracing_check_prog(struct perf_event *event, struct bpf_prog *prog)
{
	struct trace_event_call *call = event->tp_event;
	bool kprobe = call->flags & TRACE_EVENT_FL_KPROBE;
	bool uprobe = call->flags & TRACE_EVENT_FL_UPROBE;
	bool record = call->flags & TRACE_EVENT_FL_TRACEPOINT || is_syscall_trace_event(call);

	if (!kprobe && !uprobe && !record)
		return -EINVAL;
	if ((kprobe || uprobe) && prog->type != BPF_PROG_TYPE_KPROBE)
		return -EINVAL;
	if (record && prog->type != BPF_PROG_TYPE_TRACEPOINT)
		return -EINVAL;
	/* Only a uprobe fires where one may sleep. */
	if (prog->sleepable && prog->type == BPF_PROG_TYPE_KPROBE && !uprobe)
		return -EINVAL;
	if (prog->kprobe_override && !kprobe)
		return -EINVAL;
	/* The program was verified for a context of that size; the record has less. */
	if (record && prog->aux->max_ctx_offset > trace_event_get_offsets(call))
		return -EACCES;

	return 0;
}

static int event_set_prog_locked(struct perf_event *event, struct bpf_prog *prog, u64 cookie)
{
	int err;

	lockdep_assert_held(&event->ctx->mutex);

	if (!perf_event_is_tracing(event))
		return perf_event_set_handler_prog(event, prog, cookie);

	err = tracing_check_prog(event, prog);
	return err ?: perf_event_attach_bpf_prog(event, prog, cookie);
}

/**
 * perf_event_set_bpf_prog() - attach a program to an event
 * @event: the event
 * @prog: the program; its reference goes to the event on success
 * @bpf_cookie: what bpf_get_attach_cookie() tells the program
 *
 * A tracing event's program runs at each call, whatever the event counts; that of
 * any other event runs at its overflows.
 *
 * Context: may sleep; takes ctx->mutex.
 * Return: 0; -EINVAL if program and event do not go together; -EACCES if the
 * program reads past the record; -EEXIST if the event has a program; -E2BIG if its
 * call has too many; -ENOMEM; of other events what perf_event_set_handler_prog()
 * returns.
 */
int perf_event_set_bpf_prog(struct perf_event *event, struct bpf_prog *prog, u64 bpf_cookie)
{
	struct perf_event_context *ctx = perf_event_ctx_lock(event);
	int err = -ENODEV;

	if (!perf_event_is_orphan(event))
		err = event_set_prog_locked(event, prog, bpf_cookie);
	perf_event_ctx_unlock(ctx);
	return err;
}

/**
 * perf_event_free_bpf_prog() - detach an event's program, if it has one
 * @event: the event
 *
 * Context: may sleep, and waits for programs that run (in tracing) if there is one.
 */
void perf_event_free_bpf_prog(struct perf_event *event)
{
	if (perf_event_is_tracing(event))
		perf_event_detach_bpf_prog(event);
	else
		perf_event_free_handler_prog(event);
}

/* ---- Boot ---------------------------------------------------------------------- */

/**
 * perf_tracepoint_register() - register the three PMUs
 *
 * Context: boot.
 */
void __init perf_tracepoint_register(void)
{
	perf_pmu_register(&tracepoint_pmu, "tracepoint", PERF_TYPE_TRACEPOINT);
	kprobe_pmu_register();
	uprobe_pmu_register();
}
