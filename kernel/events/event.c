// SPDX-License-Identifier: GPL-2.0
/*
 * An event: how it is made, held and freed.
 *
 * An event is made in steps, each of which leaves a mark in the event; there is
 * one function that undoes the steps whose marks it finds, for an event that
 * failed half-way as for one at the end of its life.  Making it takes no lock
 * and puts it on no list that others walk, except the side-band list, which is
 * the last step.
 *
 * It is counted.  The descriptor holds a reference, or the kernel code that
 * created it; a child's is held by its place on the parent's list of children;
 * each child holds one on its parent, which is always a root; queued work that
 * will run in a task holds one.  The last reference is given up where one may
 * sleep, and without a mutex of perf_events: destroying an event may take those
 * of tracing, or wait.  The memory goes by RCU: a reader under rcu_read_lock()
 * may look at an event that it found, but not hold it without asking
 * (perf_event_tryget()).
 *
 * The owner is the task that opened the event, for prctl().  It is on the
 * owner's list; either of them may go first.
 */
#include <linux/bpf.h>
#include <linux/pid_namespace.h>
#include <linux/poll.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include <linux/trace_events.h>

#include "internal.h"

/* ---- Sizes of its records ------------------------------------------------------- */

/* No record may reach 16 bits of size, whatever else is in it. */
#define PERF_FIXED_SIZE_MAX	(16 * 1024)

/* Bytes that read() and PERF_SAMPLE_READ give for a group of @nr events. */
static unsigned int event_read_size(const struct perf_event *event, unsigned int nr)
{
	u64 format = event->attr.read_format;
	unsigned int entry = sizeof(u64);
	unsigned int size = 0;

	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		size += sizeof(u64);
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		size += sizeof(u64);
	if (format & PERF_FORMAT_ID)
		entry += sizeof(u64);
	if (format & PERF_FORMAT_LOST)
		entry += sizeof(u64);
	if (!(format & PERF_FORMAT_GROUP))
		return size + entry;

	return size + sizeof(u64) + nr * entry;
}

static bool event_fits(const struct perf_event *event, unsigned int nr)
{
	return sizeof(struct perf_event_header) + event_read_size(event, nr) +
	       event->header_size + event->id_header_size < PERF_FIXED_SIZE_MAX;
}

/**
 * perf_event_sizes_fit() - may the event join the group, as far as sizes go?
 * @event: a new event
 * @leader: leader of the group, or @event itself
 *
 * Context: ctx->mutex held.
 */
bool perf_event_sizes_fit(struct perf_event *event, struct perf_event *leader)
{
	struct perf_event *sibling;
	unsigned int nr;

	if (event == leader)
		return event_fits(event, 1);

	nr = leader->nr_siblings + 2;
	if (!event_fits(event, nr) || !event_fits(leader, nr))
		return false;

	for_each_sibling_event(sibling, leader) {
		if (!event_fits(sibling, nr))
			return false;
	}

	return true;
}

/**
 * perf_event_update_sizes() - compute what depends on the size of the group
 * @event: the event
 *
 * Context: ctx->lock held, or nobody else knows @event.
 */
void perf_event_update_sizes(struct perf_event *event)
{
	event->read_size = event_read_size(event, event->group_leader->nr_siblings + 1);
	if (event->attr.sample_type & PERF_SAMPLE_READ)
		perf_event_init_sample_sizes(event);
}

/* Those of an event that is alone. */
static void event_init_sizes(struct perf_event *event)
{
	const struct perf_event *parent = event->parent;

	event->read_size = event_read_size(event, 1);

	/* All that may differ from the parent's is how many are read. */
	if (!parent || event->attr.sample_type & PERF_SAMPLE_READ) {
		perf_event_init_sample_sizes(event);
		return;
	}
	event->sample_rows = parent->sample_rows;
	event->header_size = parent->header_size;
	event->id_header_size = parent->id_header_size;
}

/* ---- The owner -------------------------------------------------------------------- */

/**
 * perf_event_set_owner() - whom prctl() finds the event by
 * @event: an event that has just been opened
 * @owner: the task, current; NULL for an event of the kernel's own
 */
void perf_event_set_owner(struct perf_event *event, struct task_struct *owner)
{
	if (!owner) {
		event->owner = TASK_TOMBSTONE;
		return;
	}

	guard(mutex)(&owner->perf_event_mutex);
	event->owner = owner;
	list_add_tail(&event->owner_entry, &owner->perf_event_list);
}

static struct task_struct *event_get_owner(struct perf_event *event)
{
	struct task_struct *owner;

	guard(rcu)();
	/*
	 * Pairs with smp_store_release() in disown_events().  A task that is still
	 * named here has not finished exiting: RCU keeps it.
	 */
	owner = smp_load_acquire(&event->owner);

	return owner && owner != TASK_TOMBSTONE ? get_task_struct(owner) : NULL;
}

static void event_disown(struct perf_event *event)
{
	struct task_struct *owner = event_get_owner(event);

	if (!owner)
		return;

	/* Exit may have disowned it first. */
	scoped_guard(mutex, &owner->perf_event_mutex) {
		if (event->owner) {
			list_del_init(&event->owner_entry);
			WRITE_ONCE(event->owner, NULL);
		}
	}
	put_task_struct(owner);
}

/* ---- Memory ------------------------------------------------------------------------- */

/*
 * The last part of an event, from child_mutex on, is for those that were opened: a
 * child is found by its root, which has owner, buffer and readers.  A third of all
 * memory is saved where it matters, at a fork.
 */
#define CHILD_SIZE	offsetof(struct perf_event, child_mutex)

static struct kmem_cache *event_cache, *child_cache;

/**
 * perf_event_init_cache() - where events are allocated, at boot
 */
void __init perf_event_init_cache(void)
{
	event_cache = KMEM_CACHE(perf_event, SLAB_PANIC);
	child_cache = kmem_cache_create("perf_event_child", CHILD_SIZE,
					__alignof__(struct perf_event), SLAB_PANIC, NULL);
}

/* Zeroed.  NULL if there is none. */
static struct perf_event *event_alloc_memory(const struct perf_event_params *p)
{
	/* Where functions are traced that needs its ftrace_ops. */
	bool whole = !p->parent || perf_event_is_tracing(p->parent);
	struct perf_event *event;

	event = kmem_cache_alloc_node(whole ? event_cache : child_cache, GFP_KERNEL,
				      p->cpu >= 0 ? cpu_to_node(p->cpu) : NUMA_NO_NODE);
	if (!event)
		return NULL;

	/* A size that the compiler knows: a few instructions for a word at a time. */
	memset(event, 0, CHILD_SIZE);
	if (whole)
		memset_startat(event, 0, child_mutex);

	return event;
}

/* ---- Freeing ------------------------------------------------------------------------ */

static void event_free_idle(struct rcu_head *head)
{
	struct perf_event *event = container_of(head, struct perf_event, rcu_head);

	if (event->ns)
		put_pid_ns(event->ns);
	perf_event_free_filter(event);
	kfree(event); /* to the cache that it is from */
}

/* Whoever waits for interrupt work may be woken when it is no longer busy. */
static bool irq_work_is_used_late(void)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) || !arch_irq_work_has_interrupt();
}

static void event_free_rcu(struct rcu_head *head)
{
	struct perf_event *event = container_of(head, struct perf_event, rcu_head);

	/* An RCU reader may have asked for a wake-up after the last sync. */
	if (irq_work_is_busy(&event->pending_irq)) {
		call_rcu(&event->rcu_head, event_free_rcu);
		return;
	}

	/* irq_work_single() is an RCU reader until it lets go of the work. */
	if (irq_work_is_used_late())
		call_rcu(&event->rcu_head, event_free_idle);
	else
		event_free_idle(head);
}

/* Does the scheduler have to tell of switches for its sake? */
static bool event_needs_switches(struct perf_event *event)
{
	return event->attach_state & (PERF_ATTACH_TASK | PERF_ATTACH_SCHED_CB) ||
	       is_cgroup_event(event) || event->attr.context_switch;
}

/* What watches for events of its kind: only roots are counted. */
static void event_unaccount(struct perf_event *event)
{
	if (event->parent)
		return;

	if (event->attr.freq && event->attr.sample_freq)
		perf_freq_events_put();
	perf_sideband_unaccount(event);
	if (event_needs_switches(event))
		perf_sched_events_put();
}

static void event_detach_buffer(struct perf_event *event)
{
	guard(mutex)(&event->mmap_mutex);
	ring_buffer_attach(event, NULL);
}

/* Undo what the PMU did for the event, which is in no context. */
static void event_leave_pmu(struct perf_event *event)
{
	perf_exclusive_put(event);
	perf_event_free_task_data(event);

	if (event->destroy)
		event->destroy(event);
	event->destroy = NULL;
	perf_pmu_leave(event);
}

/* Undo what was done for the event: the order matters to drivers. */
static void event_destroy(struct perf_event *event)
{
	if (event->attach_state & PERF_ATTACH_CALLCHAIN) {
		put_callchain_buffers();
		if (event->attr.defer_callchain)
			perf_deferred_put();
	}
	perf_event_free_bpf_prog(event);
	perf_addr_filters_free(event);
	event_leave_pmu(event);
	if (is_cgroup_event(event))
		perf_cgroup_disconnect(event);

	if (event->hw.target)
		put_task_struct(event->hw.target);
	if (event->ctx) {
		/* Only the address is used of what may be gone. */
		void *var = &event->ctx->refcount;

		perf_ctx_put(event->ctx);
		smp_mb(); /* pairs with wait_var_event() in perf_event_free_task() */
		if (event->parent)
			wake_up_var(var);
	}
}

/* All but its memory. */
static void event_finish(struct perf_event *event)
{
	WARN_ON_ONCE(event->attach_state & (PERF_ATTACH_CONTEXT | PERF_ATTACH_CHILD));

	perf_event_sync_pending(event);
	security_perf_event_free(event);
	if (event->rb)
		event_detach_buffer(event);
	event_destroy(event);
}

static void event_free(struct perf_event *event)
{
	struct perf_event *parent = event->parent;

	event_finish(event);
	call_rcu(&event->rcu_head, event_free_rcu);

	if (parent)
		perf_event_put(parent);
}

/* One event, and those that stand with it in a ring of child_list nodes. */
static void events_free_rcu(struct rcu_head *head)
{
	struct perf_event *first = container_of(head, struct perf_event, rcu_head), *event, *tmp;

	list_for_each_entry_safe(event, tmp, &first->child_list, child_list)
		event_free_rcu(&event->rcu_head);
	event_free_rcu(head);
}

/* ---- References ----------------------------------------------------------------------- */

/**
 * perf_event_get_ref() - hold an event
 * @event: an event that the caller knows to be held
 *
 * Return: @event.
 */
struct perf_event *perf_event_get_ref(struct perf_event *event)
{
	refcount_inc(&event->refcount);
	return event;
}

/**
 * perf_event_tryget() - hold an event that may be about to be freed
 * @event: an event found under RCU
 *
 * Context: any.
 * Return: false if nobody holds it any more.
 */
bool perf_event_tryget(struct perf_event *event)
{
	return refcount_inc_not_zero(&event->refcount);
}

/**
 * perf_event_put() - let go of an event
 * @event: the event, or NULL
 *
 * Context: may sleep; no mutex of perf_events held, nor mmap_lock.
 */
void perf_event_put(struct perf_event *event)
{
	if (!event || !refcount_dec_and_test(&event->refcount))
		return;

	event_unaccount(event);
	event_free(event);
}

/**
 * perf_event_put_children() - let go of many children
 * @children: linked by child_list; empty afterwards
 *
 * Those that nobody else holds are freed after one grace period, by one callback.
 *
 * Context: as perf_event_put().
 */
void perf_event_put_children(struct list_head *children)
{
	struct perf_event *child, *tmp;
	LIST_HEAD(gone);

	list_for_each_entry_safe(child, tmp, children, child_list) {
		struct perf_event *parent = child->parent;

		list_del_init(&child->child_list);
		if (!refcount_dec_and_test(&child->refcount))
			continue;
		event_finish(child);
		list_add_tail(&child->child_list, &gone);
		perf_event_put(parent);
	}
	if (list_empty(&gone))
		return;

	/* A ring without a head: nobody else knows them any more. */
	child = list_first_entry(&gone, struct perf_event, child_list);
	list_del(&gone);
	call_rcu(&child->rcu_head, events_free_rcu);
}

/* ---- Making --------------------------------------------------------------------------- */

/* What only one that was opened has. */
static void event_init_opened(struct perf_event *event)
{
	mutex_init(&event->child_mutex);
	mutex_init(&event->mmap_mutex);
	init_waitqueue_head(&event->waitq);

	INIT_LIST_HEAD(&event->migrate_entry);
	INIT_LIST_HEAD(&event->owner_entry);
	INIT_LIST_HEAD(&event->pmu_entry);
	INIT_LIST_HEAD(&event->rb_entry);
	INIT_LIST_HEAD(&event->sb_list);
}

static void event_init(struct perf_event *event, const struct perf_event_params *p)
{
	refcount_set(&event->refcount, 1);
	raw_spin_lock_init(&event->addr_filters.lock);

	INIT_LIST_HEAD(&event->addr_filters.list);
	INIT_LIST_HEAD(&event->event_entry);
	INIT_LIST_HEAD(&event->sibling_list);
	INIT_LIST_HEAD(&event->active_list);
	INIT_LIST_HEAD(&event->active_entry);
	INIT_LIST_HEAD(&event->child_list);
	INIT_HLIST_NODE(&event->hlist_entry);
	INIT_HLIST_NODE(&event->resident_entry);
	RB_CLEAR_NODE(&event->group_node);
	if (!p->parent)
		event_init_opened(event);
	perf_event_init_pending(event);
	perf_trigger_init(event);

	event->cpu = p->cpu;
	event->oncpu = -1;
	event->attr = *p->attr;
	event->orig_type = event->attr.type;
	event->group_leader = p->leader ?: event;
	event->parent = p->parent ? perf_event_get_ref(p->parent) : NULL;
	event->state = event->attr.disabled ? PERF_EVENT_STATE_OFF : PERF_EVENT_STATE_INACTIVE;
	event->clock = p->parent ? p->parent->clock : local_clock;
	event->ns = get_pid_ns(task_active_pid_ns(current));

	if (p->task) {
		/* The tracepoint PMU asks for exactly this value. */
		event->attach_state = PERF_ATTACH_TASK;
		/* Breakpoints are accounted by task before there is a context. */
		event->hw.target = get_task_struct(p->task);
	}
	if (!has_branch_stack(event))
		event->attr.branch_sample_type = 0;
}

static void event_init_period(struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;

	/* The first guess of a frequency; the tick finds a better one. */
	hwc->sample_period = event->attr.freq && event->attr.sample_freq ?
		1 : event->attr.sample_period;
	hwc->last_period = hwc->sample_period;
	local64_set(&hwc->period_left, hwc->sample_period);
}

/* A program on a tracepoint or probe is run by the tracepoint, once for all. */
static void event_inherit_prog(struct perf_event *event, struct perf_event *parent)
{
	struct bpf_prog *prog;

	if (perf_event_is_tracing(parent))
		return;

	/* Its link may go at any moment. */
	scoped_guard(rcu) {
		prog = READ_ONCE(parent->prog);
		if (prog)
			prog = bpf_prog_inc_not_zero(prog);
	}
	if (IS_ERR_OR_NULL(prog))
		return;

	event->prog = prog;
	event->bpf_cookie = parent->bpf_cookie;
}

static void event_init_handler(struct perf_event *event, const struct perf_event_params *p)
{
	struct perf_event *parent = event->parent;

	event->overflow_handler = p->handler;
	event->overflow_handler_context = p->handler_ctx;

	if (!p->handler && parent) {
		event->overflow_handler = parent->overflow_handler;
		event->overflow_handler_context = parent->overflow_handler_context;
		event_inherit_prog(event, parent);
	}
	if (!event->overflow_handler)
		event->overflow_handler = is_write_backward(event) ?
			perf_event_output_backward : perf_event_output_forward;
}

/* What the PMU can do decides over what was asked for. */
static int event_check_pmu(struct perf_event *event)
{
	struct pmu *pmu = event->pmu;

	if (pmu->task_ctx_nr == perf_sw_context)
		event->event_caps |= PERF_EV_CAP_SOFTWARE;
	event->group_caps = event->event_caps;

	/* A PMU that counts for several CPUs knows neither tasks nor cgroups. */
	if (pmu->task_ctx_nr == perf_invalid_context &&
	    (event->hw.target || is_cgroup_event(event) ||
	     is_cgroup_event(event->group_leader)))
		return -EINVAL;
	if (event->attr.aux_output && !(pmu->capabilities & PERF_PMU_CAP_AUX_OUTPUT))
		return -EOPNOTSUPP;
	if (event->attr.aux_start_paused) {
		if (!(pmu->capabilities & PERF_PMU_CAP_AUX_PAUSE))
			return -EOPNOTSUPP;
		event->hw.aux_paused = 1;
	}
	if (event->attr.enable_on_starter) {
		int ret = perf_trigger_begin_paused(event);

		if (ret)
			return ret;
	}

	if (!perf_exclusive_get(event))
		return -EBUSY;

	return 0;
}

static int event_init_callchain(struct perf_event *event)
{
	int ret;

	if (event->parent || !(event->attr.sample_type & PERF_SAMPLE_CALLCHAIN))
		return 0;

	ret = get_callchain_buffers(event->attr.sample_max_stack);
	if (ret)
		return ret;
	if (event->attr.defer_callchain) {
		ret = perf_deferred_get();
		if (ret) {
			put_callchain_buffers();
			return ret;
		}
	}
	event->attach_state |= PERF_ATTACH_CALLCHAIN;

	return 0;
}

/* From here on the rest of the kernel reports what the event may want. */
static void event_account(struct perf_event *event)
{
	if (event->parent)
		return;

	perf_sideband_account(event);
	if (event->attr.freq && event->attr.sample_freq)
		perf_freq_events_get();
	if (event_needs_switches(event))
		perf_sched_events_get();
}

static int event_make(struct perf_event *event, const struct perf_event_params *p)
{
	int ret = 0;

	if (p->cgroup_fd != -1)
		ret = perf_cgroup_connect(p->cgroup_fd, event, p->leader);
	if (!ret)
		ret = perf_pmu_init_event(event);
	if (!ret)
		ret = event_check_pmu(event);
	if (!ret)
		ret = perf_event_init_task_data(event);
	if (!ret)
		ret = perf_addr_filters_init(event);
	if (!ret)
		ret = event_init_callchain(event);
	if (!ret)
		ret = security_perf_event_alloc(event);
	if (!ret)
		event_account(event);

	return ret;
}

/**
 * perf_event_alloc() - make an event that is in no context yet
 * @p: what it is to be
 *
 * Context: may sleep.  No mutex of perf_events is held, but for a fork, which
 * holds that of the context it inherits from, and for a breakpoint the parent's
 * child_mutex.
 *
 * Return: the event with one reference, or an ERR_PTR(): -ENOMEM; -ENOENT: no PMU
 * knows it; -EBUSY: exclusive PMU in use; -EINVAL; what the PMU's event_init(),
 * the cgroup or a security module has against it.
 */
struct perf_event *perf_event_alloc(const struct perf_event_params *p)
{
	static atomic64_t ids;
	struct perf_event *event;
	int ret;

	event = event_alloc_memory(p);
	if (!event)
		return ERR_PTR(-ENOMEM);

	event_init(event, p);
	event->id = atomic64_inc_return(&ids);
	event_init_period(event);
	event_init_handler(event, p);

	ret = event_make(event, p);
	if (ret) {
		event_free(event);
		return ERR_PTR(ret);
	}

	event_init_sizes(event);

	return event;
}

/* ---- The end ------------------------------------------------------------------------------ */

static struct perf_event *first_child(struct perf_event *event)
{
	struct perf_event *child;

	guard(mutex)(&event->child_mutex);
	child = list_first_entry_or_null(&event->child_list, struct perf_event, child_list);

	/* Its place on the list holds it. */
	return child ? perf_event_get_ref(child) : NULL;
}

/*
 * The child's task may exit at the same time: one of us takes it off the list.  A
 * signal that is under way may hold the child for long: @pmu, unless NULL, goes
 * and does not wait for that.
 */
static void release_child(struct perf_event *child, struct pmu *pmu)
{
	struct perf_event_context *ctx = perf_event_ctx_lock(child);
	bool ours = perf_event_detach(child, PERF_DETACH_GROUP | PERF_DETACH_CHILD |
				      PERF_DETACH_DEAD);

	perf_event_ctx_unlock(ctx);
	if (ours && child->pmu == pmu) {
		perf_event_sync_pending(child);
		event_leave_pmu(child);
	}
	if (ours)
		perf_event_put(child);
	perf_event_put(child);
}

static void release_children(struct perf_event *event, struct pmu *pmu)
{
	struct perf_event *child;

	while ((child = first_child(event)))
		release_child(child, pmu);
}

/**
 * perf_event_revoke() - end an event whose PMU goes
 * @event: a root event, held, in a context or detached from one
 * @pmu: the PMU that goes, the event's own or that of its group
 *
 * Its user keeps a descriptor that refuses all but close().  What was counted
 * and sampled stays where it is.  One whose own PMU stays is only detached: it
 * leaves that with its last reference, as others do.
 *
 * Who uses event->pmu does so on the event's CPU, or having seen under ctx->mutex
 * or mmap_mutex that the event is no orphan: after the state has changed and both
 * have been held once, nobody does.
 *
 * Context: may sleep; no mutex of perf_events held but that of the unregistering.
 */
void perf_event_revoke(struct perf_event *event, struct pmu *pmu)
{
	struct perf_event_context *ctx = perf_event_ctx_lock(event);

	/* From here on fork adds no child: see inherit_link(). */
	perf_event_detach(event, PERF_DETACH_GROUP | PERF_DETACH_REVOKED);
	perf_event_ctx_unlock(ctx);

	release_children(event, pmu);
	perf_event_sync_pending(event);

	if (event->pmu == pmu) {
		mutex_lock(&event->mmap_mutex);
		mutex_unlock(&event->mmap_mutex);
		event_leave_pmu(event);
	}

	event->pending_kill = POLL_HUP;
	perf_event_wakeup(event);
}

/**
 * perf_event_release_kernel() - end an event
 * @event: an event whose reference the caller gives up
 *
 * It stops counting, with all of its children.
 *
 * Context: may sleep; no mutex of perf_events held.
 * Return: 0.
 */
int perf_event_release_kernel(struct perf_event *event)
{
	event_disown(event);

	/* One that was never attached has no context. */
	if (event->ctx) {
		struct perf_event_context *ctx = perf_event_ctx_lock(event);

		/* From here on fork adds no child: see inherit_link(). */
		perf_event_detach(event, PERF_DETACH_GROUP | PERF_DETACH_DEAD);
		perf_event_ctx_unlock(ctx);
	}

	release_children(event, NULL);
	perf_event_put(event);

	return 0;
}
EXPORT_SYMBOL_GPL(perf_event_release_kernel);
