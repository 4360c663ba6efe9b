/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Performance events: what the files of kernel/events/ share.
 *
 * One noun, one file; this page has a banner for each, in the order in which a
 * reader meets them: contexts, events, scheduling, and then what hangs on them.
 *
 * Words: event; ctx (of a task or of a CPU); cpuctx (a CPU's ctx and what else
 * the CPU keeps); epc (the part of a ctx that belongs to a PMU); cpc (the part
 * of a CPU that belongs to a PMU); rb (a buffer).
 *
 * Locks, outermost first
 * ----------------------
 *
 *   cpu_hotplug_lock -> pmus_lock -> cpuctx's ctx->mutex
 *   exec_update_lock -> global_sem (task_data.c)
 *   exec_update_lock -> perf_event_mutex -> ctx->mutex (two: by address)
 *     ctx->mutex -> child_mutex -> cpuctx->ctx.lock -> task ctx->lock -> PMU's
 *     ctx->mutex -> mmap_lock -> mmap_mutex -> aux_mutex
 *     ctx->mutex -> child_mutex -> mmap_lock -> address filter lock
 *     ctx->mutex -> child_mutex -> locks of bp_slots.c
 *     ctx->mutex -> pmus_srcu (read) -> event_mutex (tracing's)
 *
 *   NMI takes no lock: it reads what RCU or the CPU itself keeps stable.
 *
 * Who may change what
 * -------------------
 *
 *   which events are in a ctx      ctx->mutex and ctx->lock; either to read
 *   (event_list, sibling_list,     event_list also by RCU; siblings also with
 *   group_leader, event->pmu_ctx)  IRQs off on the CPU where the ctx is active
 *   group sets, resident list,     ctx->lock; the resident list also by RCU
 *   active lists, event state,
 *   times, ctx->active, ctx->clock
 *   ctx->task, task->perf_event_ctxp  ctx->lock, of both when two swap
 *   event->child_list              child_mutex of the (root) parent
 *   event->rb                      mmap_mutex; read by RCU
 *   event->owner                   set at open, cleared by exit: RCU, see event.c
 *
 * While a ctx is active its events change on that CPU only, with IRQs off:
 * perf_ctx_call() brings a function there.
 */
#ifndef _KERNEL_EVENTS_INTERNAL_H
#define _KERNEL_EVENTS_INTERNAL_H

#include <linux/cleanup.h>
#include <linux/hardirq.h>
#include <linux/perf_event.h>
#include <linux/refcount.h>
#include <linux/uaccess.h>

#include "time.h"

/* ---- Contexts: core.c ------------------------------------------------------------ */

/* ctx->task of a task that has exited. */
#define TASK_TOMBSTONE	((struct task_struct *)-1L)

/**
 * struct perf_cpu_context - what a CPU keeps
 * @ctx: the CPU's own context
 * @task_ctx: context of the task that runs here, NULL if it has none; by
 *	      READ_ONCE() also from this CPU's interrupts
 * @online: the CPU takes events (ctx.mutex)
 * @cgrp: cgroup of the task that runs here, while cgroup events are here
 * @streams: room for the merged walk over groups of several cgroups
 * @nr_streams: how many
 */
struct perf_cpu_context {
	struct perf_event_context	ctx;
	struct perf_event_context	*task_ctx;
	bool				online;
#ifdef CONFIG_CGROUP_PERF
	struct perf_cgroup		*cgrp;
	struct perf_event		**streams;
	int				nr_streams;
#endif
};

DECLARE_PER_CPU(struct perf_cpu_context, perf_cpu_context);

/**
 * typedef perf_ctx_fn - what is done to a context where it is active
 * @cpuctx: this CPU's, if @ctx is active here; NULL if it is not active at all
 * @ctx: the context
 * @arg: the caller's
 *
 * Context: IRQs off; ctx->lock held, with @cpuctx also cpuctx->ctx.lock; times
 * are up to date and stand still.
 */
typedef void (*perf_ctx_fn)(struct perf_cpu_context *cpuctx,
			    struct perf_event_context *ctx, void *arg);

void perf_ctx_call(struct perf_event_context *ctx, int cpu, perf_ctx_fn fn, void *arg);
struct perf_event_context *perf_ctx_get(struct perf_event_context *ctx);
void perf_ctx_put(struct perf_event_context *ctx);
struct perf_event_context *perf_event_ctx_lock(struct perf_event *event);
void perf_event_ctx_unlock(struct perf_event_context *ctx);
struct perf_event_context *perf_ctx_lock_task(struct task_struct *task, unsigned long *flags);
void perf_ctx_init(struct perf_event_context *ctx);
void perf_epc_init(struct perf_event_pmu_context *epc, struct pmu *pmu);

/* flags of perf_event_detach() */
#define PERF_DETACH_GROUP	0x1	/* leave the group */
#define PERF_DETACH_CHILD	0x2	/* leave the parent */
#define PERF_DETACH_EXIT	0x4	/* the task has gone: state EXIT */
#define PERF_DETACH_DEAD	0x8	/* nobody will use it again: state DEAD */
#define PERF_DETACH_REVOKED	0x10	/* its PMU goes: state REVOKED */

int perf_event_attach(struct perf_event *event, struct perf_event *leader);
bool perf_event_detach(struct perf_event *event, unsigned int flags);
void perf_event_make_ordinary(struct perf_event *event);
bool perf_event_make_ordinary_local(struct perf_cpu_context *cpuctx, struct perf_event *event);
void perf_event_enable_locked(struct perf_event *event);
void perf_event_disable_locked(struct perf_event *event);

/**
 * struct perf_event_op - what is done to many events
 * @fn: to one; its arg is the event
 * @first: to each of several in place of @fn, or NULL
 * @then: and after that to each whose state has changed, in the same order: a
 *	  group goes on whole, when its leader has its turn
 */
struct perf_event_op {
	perf_ctx_fn	fn;
	perf_ctx_fn	first;
	perf_ctx_fn	then;
};

extern const struct perf_event_op perf_event_op_enable;
extern const struct perf_event_op perf_event_op_disable;

void perf_event_apply(struct perf_event *event, const struct perf_event_op *op);
void perf_event_apply_group(struct perf_event *event, const struct perf_event_op *op);
void perf_event_apply_owned(const struct perf_event_op *op);
struct perf_event *perf_pmu_find_event(struct pmu *pmu);

static inline bool perf_ctx_is_task(const struct perf_event_context *ctx)
{
	return ctx->task;
}

/* Lock a CPU's context and, unless NULL, the task's that is on it. */
static inline void perf_cpuctx_lock(struct perf_cpu_context *cpuctx,
				    struct perf_event_context *task_ctx)
{
	raw_spin_lock(&cpuctx->ctx.lock);
	if (task_ctx)
		raw_spin_lock_nested(&task_ctx->lock, SINGLE_DEPTH_NESTING);
}

static inline void perf_cpuctx_unlock(struct perf_cpu_context *cpuctx,
				      struct perf_event_context *task_ctx)
{
	if (task_ctx)
		raw_spin_unlock(&task_ctx->lock);
	raw_spin_unlock(&cpuctx->ctx.lock);
}

/* ---- Events: event.c ------------------------------------------------------------- */

/**
 * struct perf_event_params - what an event is made from
 * @attr: checked attributes; copied
 * @cpu: CPU or -1
 * @task: task or NULL
 * @leader: leader of its group or NULL
 * @parent: the root event that it is inherited from or NULL
 * @handler: overflow handler, NULL for the default one
 * @handler_ctx: the handler's own
 * @cgroup_fd: directory of its cgroup, or -1
 */
struct perf_event_params {
	const struct perf_event_attr	*attr;
	int				cpu;
	struct task_struct		*task;
	struct perf_event		*leader;
	struct perf_event		*parent;
	perf_overflow_handler_t		handler;
	void				*handler_ctx;
	int				cgroup_fd;
};

struct perf_event *perf_event_alloc(const struct perf_event_params *p);
struct perf_event *perf_event_get_ref(struct perf_event *event);
bool perf_event_tryget(struct perf_event *event);
void perf_event_put(struct perf_event *event);
void perf_event_put_children(struct list_head *children);
void perf_event_revoke(struct perf_event *event, struct pmu *pmu);
void perf_event_init_cache(void);
void perf_event_set_owner(struct perf_event *event, struct task_struct *owner);
bool perf_event_sizes_fit(struct perf_event *event, struct perf_event *leader);
void perf_event_update_sizes(struct perf_event *event);
void perf_epc_put(struct perf_event_pmu_context *epc);

extern const struct file_operations perf_fops;

/* The event that was opened, whose id the user knows. */
static inline struct perf_event *perf_event_root(struct perf_event *event)
{
	return event->parent ?: event;
}

/* Closed, or its PMU has gone: event->pmu is not to be used.  ctx->mutex or mmap_mutex held. */
static inline bool perf_event_is_orphan(struct perf_event *event)
{
	return READ_ONCE(event->state) <= PERF_EVENT_STATE_REVOKED;
}

/* ---- What a PMU keeps of a task: task_data.c -------------------------------------- */

int perf_event_init_task_data(struct perf_event *event);
void perf_event_free_task_data(struct perf_event *event);
void perf_task_data_sync(struct task_struct *task);
void perf_task_data_exit(struct task_struct *task);

struct perf_ctx_data *perf_task_data_alloc(struct kmem_cache *cache, bool global);
int perf_task_data_install(struct task_struct *task, struct perf_ctx_data *new);
int perf_task_data_get(struct task_struct *task, struct kmem_cache *cache, bool global);
void perf_task_data_put(struct task_struct *task, bool global);

/* ---- Groups: group.c ------------------------------------------------------------- */

void perf_group_insert(struct perf_group_set *set, struct perf_event *leader);
void perf_group_erase(struct perf_group_set *set, struct perf_event *leader);
struct perf_event *perf_group_first(struct perf_group_set *set, int cpu, u64 cgrp_id);
struct perf_event *perf_group_next(struct perf_event *leader);
int perf_group_merge(struct perf_event **streams, int nr,
		     int (*fn)(struct perf_event *leader, void *arg), void *arg);

static inline bool perf_group_set_empty(const struct perf_group_set *set)
{
	return RB_EMPTY_ROOT(&set->tree);
}

/* ---- Scheduling: sched.c --------------------------------------------------------- */

/**
 * struct perf_cpu_pmu_context - what a CPU keeps of a PMU
 * @epc: the CPU context's part
 * @task_epc: the part of the task's context that is on, or NULL
 * @sched_cb_entry: node on the CPU's list of PMUs that watch switches
 * @sched_cb_usage: how many events asked for that
 * @exclusive: one of them is alone by its own wish
 * @hrtimer_lock: guards @hrtimer_active
 * @hrtimer: groups take turns by it
 * @hrtimer_interval: how long a turn is
 * @hrtimer_active: the timer is armed
 *
 * All under cpuctx->ctx.lock unless said otherwise.
 */
struct perf_cpu_pmu_context {
	struct perf_event_pmu_context	epc;
	struct perf_event_pmu_context	*task_epc;
	struct list_head		sched_cb_entry;
	int				sched_cb_usage;
	bool				exclusive;
	raw_spinlock_t			hrtimer_lock;
	struct hrtimer			hrtimer;
	ktime_t				hrtimer_interval;
	bool				hrtimer_active;
};

static inline struct perf_cpu_pmu_context *this_cpc(struct pmu *pmu)
{
	return this_cpu_ptr(pmu->cpu_pmu_context);
}

enum perf_group_kind {
	PERF_GROUPS_PINNED	= 1,
	PERF_GROUPS_FLEXIBLE	= 2,
	PERF_GROUPS_ALL		= PERF_GROUPS_PINNED | PERF_GROUPS_FLEXIBLE,
};

bool perf_event_matches_cpu(struct perf_event *event);
void perf_ctx_update_time(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx);
void perf_task_ctx_on(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx,
		      bool switched);
void perf_task_ctx_off(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx);
void perf_group_enqueue(struct perf_event *leader);
void perf_group_dequeue(struct perf_event *leader);
void perf_group_sched_out(struct perf_event *leader);
void perf_event_sched_in(struct perf_cpu_context *cpuctx, struct perf_event *event);
void perf_event_sched_out(struct perf_event *event);
void perf_epc_sched_in(struct perf_cpu_context *cpuctx, struct perf_event_pmu_context *epc,
		       enum perf_group_kind kind);
void perf_epc_sched_out(struct perf_event_pmu_context *epc, enum perf_group_kind kind);
void perf_resched(struct perf_cpu_context *cpuctx, struct pmu *pmu);
void perf_epc_resched(struct perf_cpu_context *cpuctx, struct perf_event_pmu_context *epc);
void perf_mux_init_cpu(struct perf_cpu_pmu_context *cpc, int cpu);
void perf_mux_restart(struct perf_cpu_pmu_context *cpc);

/* ---- Task switches: switch.c ----------------------------------------------------- */

void perf_sched_events_get(void);
void perf_sched_events_put(void);

/* ---- Periods and limits: freq.c -------------------------------------------------- */

extern int sysctl_perf_event_sample_rate;

/* hw.interrupts of an event that may not interrupt until the next tick. */
#define MAX_INTERRUPTS	(~0ULL)

#if IS_ENABLED(CONFIG_KUNIT)
u64 perf_freq_period(u64 nsec, u64 count, u64 freq);
u64 perf_freq_smooth(u64 period, u64 wanted);
#endif
void perf_freq_events_get(void);
void perf_freq_events_put(void);
void perf_event_adjust_freq(struct perf_event *event, u64 nsec, u64 count, bool disable);
void perf_event_unthrottle(struct perf_event *event, bool start);
int perf_event_account_overflow(struct perf_event *event, bool throttle);

/* ---- Overflow: overflow.c -------------------------------------------------------- */

void perf_event_init_pending(struct perf_event *event);
void perf_event_sync_pending(struct perf_event *event);
void perf_event_wakeup(struct perf_event *event);
void perf_event_wakeup_later(struct perf_event *event);
void perf_event_hang_up(struct perf_event *event);
int perf_current_work_add(struct callback_head *work);
int perf_event_overflow_throttle(struct perf_event *event, bool throttle,
				 struct perf_sample_data *data, struct pt_regs *regs);
int perf_event_set_handler_prog(struct perf_event *event, struct bpf_prog *prog, u64 cookie);
void perf_event_free_handler_prog(struct perf_event *event);

/* ---- Triggers: trigger.c --------------------------------------------------------- */

struct seq_file;

void perf_trigger_init(struct perf_event *event);
int perf_trigger_begin_paused(struct perf_event *event);
void perf_trigger_fire(struct perf_event *trigger, struct pt_regs *regs);
int perf_trigger_set(struct perf_event *trigger, struct perf_event *target,
		     enum perf_trigger_kind kind);
void perf_trigger_unlink(struct perf_event *event);
void perf_trigger_inherit_fact(struct perf_event *clone, struct perf_event *event);
void perf_trigger_inherit(struct perf_event_context *parent, struct perf_event_context *child);
u64 perf_trigger_open_time(struct perf_event *event);
void perf_trigger_show(struct seq_file *m, struct perf_event *event);

#if IS_ENABLED(CONFIG_KUNIT)
int perf_trigger_check(struct perf_event *trigger, struct perf_event *target,
		       enum perf_trigger_kind kind);
void perf_trigger_link(struct perf_event *trigger, struct perf_event *target,
		       enum perf_trigger_kind kind);
#endif

/* Is its PMU to keep it stopped?  Without a branch: each event that goes on asks. */
static inline bool perf_event_is_held(const struct perf_event *event)
{
	return event->holds & READ_ONCE(event->paused);
}

/*
 * The two ways to a PMU that depend on the fact; add() in sched.c is the third.
 * An event that its PMU has stopped may never have been programmed: a reading
 * would be of the counter's last user.
 *
 * Context: as pmu->start() and pmu->read().
 */
static inline void perf_event_pmu_start(struct perf_event *event, int flags)
{
	/* About to end: what stopped it had its last sample.  Pairs with take_off_irq(). */
	if (!perf_event_is_held(event) && !READ_ONCE(event->pending_disable))
		event->pmu->start(event, flags);
}

static inline void perf_event_pmu_read(struct perf_event *event)
{
	if (likely(!event->holds) || !(event->hw.state & PERF_HES_UPTODATE))
		event->pmu->read(event);
}

/* ---- Samples: sample.c ----------------------------------------------------------- */

void perf_event_init_sample_sizes(struct perf_event *event);
void perf_event_header__init_id(struct perf_event_header *header,
				struct perf_sample_data *data, struct perf_event *event);
u32 perf_event_pid_type(struct perf_event *event, struct task_struct *task, enum pid_type type);
/*
 * The CPU may enter the kernel before the interrupt comes through: these
 * registers are not for who may count user mode only.
 */
static inline bool perf_event_has_skidded(struct perf_event *event, struct pt_regs *regs)
{
	return event->attr.exclude_kernel && regs && !user_mode(regs);
}

void perf_output_read(struct perf_output_handle *handle, struct perf_event *event,
		      bool skip_read);

static inline u32 perf_event_pid(struct perf_event *event, struct task_struct *task)
{
	return perf_event_pid_type(event, task, PIDTYPE_TGID);
}

static inline u32 perf_event_tid(struct perf_event *event, struct task_struct *task)
{
	return perf_event_pid_type(event, task, PIDTYPE_PID);
}

/* Time stamps of an event's records. */
static inline u64 perf_event_clock(struct perf_event *event)
{
	return event->clock();
}

/* ---- Side-band records: sideband.c ----------------------------------------------- */

void perf_sideband_account(struct perf_event *event);
void perf_sideband_unaccount(struct perf_event *event);
void perf_sideband_init_cpu(int cpu);
void perf_sideband_switch(struct task_struct *task, struct task_struct *other, bool sched_in);
void perf_sideband_task(struct task_struct *task, struct perf_event_context *task_ctx, bool is_new);
void perf_sideband_throttle(struct perf_event *event, bool enable);
void perf_sideband_aux(struct perf_event *event, unsigned long head,
		       unsigned long size, u64 flags);
void perf_sideband_read(struct perf_event *event, struct task_struct *task);
void perf_sideband_itrace_start(struct perf_event *event);
void perf_sideband_cgroup(struct cgroup *cgrp);
void perf_sideband_deferred(u64 cookie, const struct perf_callchain_entry *chain);
typedef void (*perf_sb_fn)(struct perf_event *event, void *arg);
void perf_sideband_for_each(perf_sb_fn fn, void *arg, struct perf_event_context *task_ctx);

/* ---- User call chains that follow later: deferred.c ------------------------------- */

int perf_deferred_get(void);
void perf_deferred_put(void);
void perf_deferred_exit(void);
u64 perf_defer_callchain(void);
struct perf_callchain_entry *perf_callchain_hold_user(int *rctx);

/* ---- Buffers: ring_buffer.c, aux.c, mmap.c --------------------------------------- */

/* flags of rb_alloc() and rb_alloc_aux() */
#define RING_BUFFER_WRITABLE	0x01

/**
 * struct perf_mlock_charge - whom locked pages are charged to
 * @user: the user who pays from the perf budget
 * @mm: the address space that pays the rest, as pinned pages
 * @budget: pages that @user paid
 * @pinned: pages that @mm paid
 */
struct perf_mlock_charge {
	struct user_struct	*user;
	struct mm_struct	*mm;
	unsigned long		budget;
	unsigned long		pinned;
};

/**
 * struct perf_buffer - what several writers write and one reader maps
 * @refcount: events that write here, mappings, records being written
 * @rcu_head: to be freed by RCU
 * @free_work: the last reference was dropped by an NMI
 * @page_order: of @data_pages (CONFIG_PERF_USE_VMALLOC)
 * @nr_pages: data pages, a power of two, may be 0
 * @overwrite: not written to by the reader: old records are overwritten
 * @paused: takes no records
 * @poll: EPOLL* for the next poll()
 * @head: end of the reserved space, bytes; local to the CPU
 * @nest: writers that interrupted one another
 * @events: records written, for attr.wakeup_events
 * @wakeup: how often the reader was woken
 * @lost: records lost since the last PERF_RECORD_LOST
 * @watermark: bytes from wake-up to wake-up
 * @aux_watermark: the same of the AUX area
 * @event_lock: guards @event_list
 * @event_list: events attached, to be woken together
 * @mmap_count: mappings
 * @charge: whom its pages are charged to
 * @aux_mutex: the AUX area comes, is mapped, and goes
 * @aux_head: bytes of AUX data written
 * @aux_nest: an AUX writer is at work
 * @aux_wakeup: where @aux_head was at the last wake-up
 * @aux_pgoff: where the area begins in the mapping, pages
 * @aux_nr_pages: how large it is
 * @aux_overwrite: as @overwrite
 * @aux_mmap_count: mappings of it
 * @aux_charge: as @charge
 * @free_aux: the driver's
 * @aux_pmu: whose; only for comparison
 * @aux_module: its module
 * @aux_refcount: who uses it: the mappings together, the writer; while it is
 *		  not 0 the area holds a reference on the buffer
 * @aux_free_irq: the writer was the last to use it: queues @aux_free_work
 * @aux_free_work: frees it
 * @aux_event: the writer, NULL if none; valid on @aux_cpu only, IRQs off
 * @aux_cpu: where the writer is, -1 if there is none
 * @aux_in_sampling: a sample copies from it
 * @aux_in_pause_resume: its event is being paused or resumed
 * @aux_pages: its pages
 * @aux_priv: the driver's description of it
 * @user_page: the control page
 * @data_pages: the data pages
 */
struct perf_buffer {
	refcount_t			refcount;
	struct rcu_head			rcu_head;
	struct irq_work			free_work;
#ifdef CONFIG_PERF_USE_VMALLOC
	int				page_order;
#endif
	int				nr_pages;
	bool				overwrite;
	bool				paused;
	atomic_t			poll;

	local_t				head;
	unsigned int			nest;
	local_t				events;
	local_t				wakeup;
	local_t				lost;

	long				watermark;
	long				aux_watermark;
	/* The events that write here. */
	spinlock_t			event_lock;
	struct list_head		event_list;

	refcount_t			mmap_count;
	struct perf_mlock_charge	charge;

	/* The AUX area: its making and its mappings. */
	struct mutex			aux_mutex;
	long				aux_head;
	unsigned int			aux_nest;
	long				aux_wakeup;
	unsigned long			aux_pgoff;
	int				aux_nr_pages;
	bool				aux_overwrite;
	refcount_t			aux_mmap_count;
	struct perf_mlock_charge	aux_charge;
	void				(*free_aux)(void *aux);
	struct pmu			*aux_pmu;
	struct module			*aux_module;
	refcount_t			aux_refcount;
	struct irq_work			aux_free_irq;
	struct work_struct		aux_free_work;
	struct perf_event		*aux_event;
	int				aux_cpu;
	int				aux_in_sampling;
	int				aux_in_pause_resume;
	void				**aux_pages;
	void				*aux_priv;

	struct perf_event_mmap_page	*user_page;
	void				*data_pages[];
};

struct perf_buffer *rb_alloc(int nr_pages, long watermark, int cpu, int flags);
void rb_free(struct perf_buffer *rb);
struct perf_buffer *ring_buffer_get(struct perf_event *event);
void ring_buffer_put(struct perf_buffer *rb);
void ring_buffer_attach(struct perf_event *event, struct perf_buffer *rb);
void ring_buffer_wakeup(struct perf_event *event);
void rb_toggle_paused(struct perf_buffer *rb, bool pause);
void perf_output_wakeup(struct perf_output_handle *handle);
struct page *perf_mmap_to_page(struct perf_buffer *rb, unsigned long pgoff);
unsigned long perf_output_copy_user(struct perf_output_handle *handle,
				    const void __user *buf, unsigned long len);
unsigned long perf_output_copy_custom(struct perf_output_handle *handle, perf_copy_f copy,
				      const void *buf, unsigned long len);

int rb_alloc_aux(struct perf_buffer *rb, struct perf_event *event, pgoff_t pgoff,
		 int nr_pages, long watermark, int flags);
void rb_free_aux(struct perf_buffer *rb);
void perf_aux_abandon(struct perf_event *event);
void rb_stop_aux(struct perf_buffer *rb, struct perf_event *root);
void rb_init_aux(struct perf_buffer *rb);
long perf_aux_snapshot(struct perf_buffer *rb, struct perf_event *event,
		       struct perf_output_handle *handle, unsigned long size);

int perf_mmap(struct file *file, struct vm_area_struct *vma);
void perf_event_put_late(struct perf_event *event);
int perf_event_set_output(struct perf_event *event, struct perf_event *output);
void perf_event_init_userpage(struct perf_event *event, struct perf_buffer *rb);
void perf_event_aux_pause(struct perf_event *aux_event, bool pause);

#if IS_ENABLED(CONFIG_KUNIT)
unsigned long rb_space(unsigned long from, unsigned long to, unsigned long data_size);
bool rb_crossed_watermark(unsigned long written, unsigned long last, long watermark);
void rb_seek(struct perf_output_handle *handle, unsigned long pos);
#endif

/*
 * The buffer that an event's records go to.  Context: mmap_mutex, RCU, or with
 * preemption off.
 */
static inline struct perf_buffer *perf_event_rb(struct perf_event *event)
{
	return rcu_dereference_check(event->rb, lockdep_is_held(&event->mmap_mutex) ||
						rcu_read_lock_sched_held());
}

static inline bool rb_has_aux(struct perf_buffer *rb)
{
	return rb->aux_nr_pages;
}

#ifdef CONFIG_PERF_USE_VMALLOC
static inline int rb_page_order(struct perf_buffer *rb)
{
	return rb->page_order;
}
#else
static inline int rb_page_order(struct perf_buffer *rb)
{
	return 0;
}
#endif

/* Bytes of records that the buffer holds. */
static inline unsigned long perf_data_size(struct perf_buffer *rb)
{
	return (unsigned long)rb->nr_pages << (PAGE_SHIFT + rb_page_order(rb));
}

/* Without attr.watermark the reader is woken after so many samples. */
static inline void rb_count_sample(struct perf_buffer *rb, struct perf_event *event)
{
	long every = event->attr.wakeup_events;

	if (event->attr.watermark || !every)
		return;

	if (local_inc_return(&rb->events) >= every) {
		local_sub(every, &rb->events);
		local_inc(&rb->wakeup);
	}
}

static inline unsigned long perf_aux_size(struct perf_buffer *rb)
{
	return (unsigned long)rb->aux_nr_pages << PAGE_SHIFT;
}

/*
 * Recursion, one level a context: task, softirq, hardirq, NMI.  The counters
 * belong to one task or one CPU: only this CPU's interrupts race with it.
 */
static inline int get_recursion_context(u8 *recursion)
{
	int level = interrupt_context_level();

	if (recursion[level])
		return -1;
	recursion[level] = 1;
	barrier(); /* what the context guards comes after */
	return level;
}

static inline void put_recursion_context(u8 *recursion, int level)
{
	barrier(); /* what the context guards came before */
	recursion[level] = 0;
}

/* ---- Reading: read.c ------------------------------------------------------------- */

int perf_event_read(struct perf_event *event, bool group);
ssize_t perf_event_read_to_user(struct perf_event *event, char __user *buf, size_t count);
extern const struct perf_event_op perf_event_op_reset;

/**
 * perf_event_count() - what has been brought in so far
 * @event: the event
 * @self: leave out inherited copies that have ended
 *
 * Context: any, NMI included.
 *
 * Return: the count.
 */
static inline u64 perf_event_count(struct perf_event *event, bool self)
{
	u64 count = local64_read(&event->count);

	return self ? count : count + atomic64_read(&event->child_count);
}

/* ---- Opening: open.c ------------------------------------------------------------- */

int perf_copy_attr(struct perf_event_attr __user *uattr, struct perf_event_attr *attr);

#if IS_ENABLED(CONFIG_KUNIT)
int perf_attr_check(struct perf_event_attr *attr);
int perf_attr_check_target(const struct perf_event_attr *attr, bool has_task, int cpu);
u64 (*perf_clockid_read(clockid_t id, bool nmi))(void);
#endif

/* ---- PMUs: pmu.c ----------------------------------------------------------------- */

extern struct mutex pmus_lock;
extern struct list_head pmus;
extern struct srcu_struct pmus_srcu;

int perf_pmu_init_event(struct perf_event *event);
void perf_pmu_leave(struct perf_event *event);
int perf_pmu_read_cpu(struct perf_event *event, int cpu);
bool perf_exclusive_get(struct perf_event *event);
void perf_exclusive_put(struct perf_event *event);
bool perf_exclusive_fits(struct perf_event *event, struct perf_event_context *ctx);
void perf_pmu_scope_init_cpu(unsigned int cpu);
void perf_pmu_scope_exit_cpu(unsigned int cpu);

/* ---- Software events, tracepoints: swevent.c, clock.c, tracepoint.c -------------- */

extern struct pmu perf_swevent;
extern struct pmu perf_cpu_clock;
extern struct pmu perf_task_clock;

bool perf_swevent_can_reside(struct perf_event *event);
void perf_swevent_event(struct perf_event *event, u64 nr, struct perf_sample_data *data,
			struct pt_regs *regs);
int perf_swevent_add(struct perf_event *event, int flags);
void perf_swevent_del(struct perf_event *event, int flags);
void perf_swevent_start(struct perf_event *event, int flags);
void perf_swevent_stop(struct perf_event *event, int flags);
void perf_swevent_read(struct perf_event *event);
bool perf_event_excluded(struct perf_event *event, struct pt_regs *regs);
void perf_swevent_register(void);
void perf_clock_register(void);

#ifdef CONFIG_EVENT_TRACING
extern struct mutex event_mutex;	/* kernel/trace/trace.h */

void perf_tracepoint_register(void);
bool perf_event_is_tracing(struct perf_event *event);
int perf_tracing_set_filter(struct perf_event *event, char *str);
void perf_event_free_filter(struct perf_event *event);
#else
static inline void perf_tracepoint_register(void) { }
static inline bool perf_event_is_tracing(struct perf_event *event) { return false; }
static inline int perf_tracing_set_filter(struct perf_event *event, char *str)
{
	return -EINVAL;
}

static inline void perf_event_free_filter(struct perf_event *event) { }
#endif

/* ---- Breakpoints: hw_breakpoint.c ------------------------------------------------ */

#ifdef CONFIG_HAVE_HW_BREAKPOINT
int perf_bp_modify(struct perf_event *bp, const struct perf_event_attr *attr);
#else
static inline int perf_bp_modify(struct perf_event *bp, const struct perf_event_attr *attr)
{
	return -EOPNOTSUPP;
}
#endif

/* ---- Address filters: addr_filter.c ---------------------------------------------- */

/**
 * struct perf_addr_filter_spec - a filter as it is written
 * @action: what to do there
 * @offset: in @file, or an address of the kernel
 * @size: bytes; 0 for a single address
 * @file: path of an object file; NULL for the kernel
 */
struct perf_addr_filter_spec {
	enum perf_addr_filter_action_t	action;
	unsigned long			offset;
	unsigned long			size;
	const char			*file;
};

#if IS_ENABLED(CONFIG_KUNIT)
int perf_addr_filter_next(char **str, struct perf_addr_filter_spec *spec);
bool perf_addr_filter_map(const struct perf_addr_filter *filter,
			  const struct vm_area_struct *vma,
			  struct perf_addr_filter_range *range);
#endif

/* Tracing's filters too.  Takes ctx->mutex itself: none may be held. */
int perf_event_set_filter(struct perf_event *event, void __user *arg);
int perf_addr_filters_init(struct perf_event *event);
void perf_addr_filters_free(struct perf_event *event);
void perf_addr_filters_inherit(struct perf_event *event, struct perf_event *parent);
int perf_addr_filters_set(struct perf_event *event, char *str);
void perf_addr_filters_exec(struct perf_event_context *ctx);
void perf_addr_filters_mmap(struct vm_area_struct *vma);

/* ---- Cgroups: cgroup.c ----------------------------------------------------------- */

#ifdef CONFIG_CGROUP_PERF
/**
 * struct perf_cgroup_info - a cgroup on one CPU
 * @clock: runs while a task of the cgroup runs on the CPU and events watch
 */
struct perf_cgroup_info {
	struct perf_clock		clock;
};

struct perf_cgroup {
	struct cgroup_subsys_state	css;
	struct perf_cgroup_info	__percpu *info;
};

static inline bool is_cgroup_event(struct perf_event *event)
{
	return event->cgrp;
}

/* Groups are ordered by it; 0 for events of no cgroup. */
static inline u64 perf_event_cgroup_id(struct perf_event *event)
{
	return event->cgrp ? cgroup_id(event->cgrp->css.cgroup) : 0;
}

struct perf_clock *perf_cgroup_clock(struct perf_event *event);
bool perf_cgroup_match(struct perf_event *event);
int perf_cgroup_connect(int fd, struct perf_event *event, struct perf_event *leader);
void perf_cgroup_disconnect(struct perf_event *event);
void perf_cgroup_event_added(struct perf_event *event, struct perf_event_context *ctx);
void perf_cgroup_event_removed(struct perf_event *event, struct perf_event_context *ctx);
void perf_cgroup_update_time(struct perf_cpu_context *cpuctx, u64 now);
void perf_cgroup_switch(struct task_struct *next);
int perf_cgroup_streams(struct perf_cpu_context *cpuctx, struct perf_group_set *set,
			struct perf_event ***streams);
#else
static inline bool is_cgroup_event(struct perf_event *event) { return false; }
static inline u64 perf_event_cgroup_id(struct perf_event *event) { return 0; }
static inline struct perf_clock *perf_cgroup_clock(struct perf_event *event) { return NULL; }
static inline bool perf_cgroup_match(struct perf_event *event) { return true; }
static inline int perf_cgroup_connect(int fd, struct perf_event *event,
				      struct perf_event *leader) { return -EINVAL; }
static inline void perf_cgroup_disconnect(struct perf_event *event) { }
static inline void perf_cgroup_event_added(struct perf_event *event,
					   struct perf_event_context *ctx) { }
static inline void perf_cgroup_event_removed(struct perf_event *event,
					     struct perf_event_context *ctx) { }
static inline void perf_cgroup_update_time(struct perf_cpu_context *cpuctx, u64 now) { }
static inline void perf_cgroup_switch(struct task_struct *next) { }
static inline int perf_cgroup_streams(struct perf_cpu_context *cpuctx, struct perf_group_set *set,
				      struct perf_event ***streams) { return 0; }
#endif

/* ---- CPUs and boot: hotplug.c ---------------------------------------------------- */

extern cpumask_var_t perf_online_mask;

#endif /* _KERNEL_EVENTS_INTERNAL_H */
