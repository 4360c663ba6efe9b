/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Performance events: what drivers provide and what kernel code consumes.
 *
 * Three kinds of reader come here:
 *
 *  - A PMU driver fills in a &struct pmu, registers it, and then lives on the
 *    callbacks of that structure.  Its kernel-doc is the contract: for each
 *    callback when it is called, what it may do and what it must leave behind.
 *  - A kernel consumer (the watchdog, KVM, resctrl, BPF) creates counters with
 *    perf_event_create_kernel_counter() and reads them.
 *  - Code that reports something (the scheduler, mm, fork) needs
 *    <linux/perf_hooks.h> only.
 *
 * What is not here is nobody's business outside kernel/events/: the context
 * of a CPU, the buffer behind an mmap, the order of groups.
 */
#ifndef _LINUX_PERF_EVENT_H
#define _LINUX_PERF_EVENT_H

#include <uapi/linux/perf_event.h>
#include <uapi/linux/bpf_perf_event.h>

/*
 * Before any structure: some architectures' pages include this one again and
 * define macros that the structures below depend on.
 */
#ifdef CONFIG_PERF_EVENTS
# include <asm/perf_event.h>
# include <asm/local64.h>
#endif

#ifdef CONFIG_HAVE_HW_BREAKPOINT
#include <linux/rhashtable-types.h>
#include <asm/hw_breakpoint.h>
#endif

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/hrtimer.h>
#include <linux/fs.h>
#include <linux/percpu-refcount.h>
#include <linux/pid_namespace.h>
#include <linux/workqueue.h>
#include <linux/ftrace.h>
#include <linux/cpu.h>
#include <linux/irq_work.h>
#include <linux/static_key.h>
#include <linux/jump_label_ratelimit.h>
#include <linux/atomic.h>
#include <linux/sysfs.h>
#include <linux/perf_regs.h>
#include <linux/cgroup.h>
#include <linux/refcount.h>
#include <linux/security.h>
#include <linux/static_call.h>
#include <linux/lockdep.h>
#include <asm/local.h>

#include <linux/perf_guest.h>
#include <linux/perf_hooks.h>
#include <linux/perf_pmu_sysfs.h>

struct bpf_prog;
struct file;
struct perf_buffer;
struct perf_cgroup;
struct perf_event;
struct perf_event_context;
struct perf_event_pmu_context;
struct perf_output_handle;
struct perf_sample_data;
struct task_struct;

/* ---- An event's hardware part ------------------------------------------ */

/**
 * struct hw_perf_event_extra - a register that an event needs beside a counter
 * @config: the value wanted in it
 * @reg: its address, or an index
 * @alloc: it has been reserved
 * @idx: which of the shared registers it is
 */
struct hw_perf_event_extra {
	u64		config;
	unsigned int	reg;
	int		alloc;
	int		idx;
};

/* hw_perf_event::flags: the low 20 bits belong to the architecture. */
#define PERF_EVENT_FLAG_ARCH		0x000fffff
#define PERF_EVENT_FLAG_USER_READ_CNT	0x80000000

static_assert(!(PERF_EVENT_FLAG_USER_READ_CNT & PERF_EVENT_FLAG_ARCH));

/* hw_perf_event::state: kept by the driver, tested by everybody. */
#define PERF_HES_STOPPED	0x01	/* does not count */
#define PERF_HES_UPTODATE	0x02	/* event->count holds all that was counted */
#define PERF_HES_ARCH		0x04	/* the architecture's own */

/**
 * struct hw_perf_event - what the event's PMU keeps of it
 * @target: the task that the event was opened on, with a reference; NULL for an
 *	    event of a CPU.  Set before pmu->event_init().
 * @addr_filters: the driver's translation of the address filters
 * @addr_filters_gen: generation of the filters that was translated last
 * @state: PERF_HES_*
 * @prev_count: counter value up to which event->count is correct; advanced by
 *		compare-and-exchange, so that pmu->read() may nest
 * @sample_period: events to the next sample
 * @last_period: the period that the present sample began with
 * @period_left: what is left of it; 64 bits also where counters are narrower
 * @saved_metric: topdown metrics at the last switch
 * @saved_slots: topdown slots at the last switch
 * @interrupts_seq: tick in which @interrupts was last reset
 * @interrupts: overflows in this tick, MAX_INTERRUPTS once throttled
 * @freq_time_stamp: time of the last period estimate, ns
 * @freq_count_stamp: event count of the last period estimate
 *
 * The union belongs to the driver; each PMU uses one of its branches.
 */
struct hw_perf_event {
#ifdef CONFIG_PERF_EVENTS
	/* private: the PMU's */
	union {
		struct { /* a counter with an event select */
			u64				config;
			u64				last_tag;
			unsigned long			config_base;
			unsigned long			event_base;
			int				event_base_rdpmc;
			int				idx;
			int				last_cpu;
			int				flags;
			struct hw_perf_event_extra	extra_reg;
			struct hw_perf_event_extra	branch_reg;
		};
		struct { /* a trace unit; aux_paused changes whatever the state */
			u64				aux_config;
			unsigned int			aux_paused;
		};
		struct { /* software clocks */
			struct hrtimer			hrtimer;
		};
		struct { /* tracepoints: on the probe's own list */
			struct list_head		tp_list;
		};
		struct { /* amd_power */
			u64				pwr_acc;
			u64				ptsc;
		};
#ifdef CONFIG_HAVE_HW_BREAKPOINT
		struct { /* breakpoints */
			struct arch_hw_breakpoint	info;
			/* what info becomes, and what is reserved: hw_breakpoint.c */
			struct arch_hw_breakpoint	info_next;
			int				slot_cpu;
			u16				slot_type;
			u16				slot_weight;
		};
#endif
		struct { /* amd_iommu */
			u8				iommu_bank;
			u8				iommu_cntr;
			u16				padding;
			u64				conf;
			u64				conf1;
		};
	};
	/* public: */
	struct task_struct	*target;
	void			*addr_filters;
	unsigned long		addr_filters_gen;
	int			state;
	local64_t		prev_count;
	u64			sample_period;
	union {
		struct {
			u64		last_period;
			local64_t	period_left;
		};
		struct {
			u64		saved_metric;
			u64		saved_slots;
		};
	};
	u64			interrupts_seq;
	u64			interrupts;
	u64			freq_time_stamp;
	u64			freq_count_stamp;
#endif
};

/* ---- PMUs --------------------------------------------------------------- */

/* What a transaction is about: pmu->start_txn(). */
#define PERF_PMU_TXN_ADD	0x1
#define PERF_PMU_TXN_READ	0x2

/* pmu->capabilities */
#define PERF_PMU_CAP_NO_INTERRUPT	0x0001	/* cannot sample */
#define PERF_PMU_CAP_NO_NMI		0x0002	/* its interrupt is maskable */
#define PERF_PMU_CAP_AUX_NO_SG		0x0004	/* AUX pages in one block */
#define PERF_PMU_CAP_EXTENDED_REGS	0x0008	/* can sample extended registers */
#define PERF_PMU_CAP_EXCLUSIVE		0x0010	/* one event a context */
#define PERF_PMU_CAP_ITRACE		0x0020	/* traces instructions */
#define PERF_PMU_CAP_NO_EXCLUDE		0x0040	/* knows no exclude_* */
#define PERF_PMU_CAP_AUX_OUTPUT		0x0080	/* others' events may write to its AUX area */
#define PERF_PMU_CAP_EXTENDED_HW_TYPE	0x0100	/* PMU type in the upper half of config */
#define PERF_PMU_CAP_AUX_PAUSE		0x0200	/* knows PERF_EF_PAUSE and _RESUME */
#define PERF_PMU_CAP_AUX_PREFER_LARGE	0x0400	/* wants large AUX pages */
#define PERF_PMU_CAP_STOPS		0x20000000 /* may be added stopped, stopped at any time */
#define PERF_PMU_CAP_LOOKS		0x40000000 /* looks at event->paused: kernel/events only */

/* How far one instance of the PMU reaches: which CPU reads for which. */
enum perf_pmu_scope {
	PERF_PMU_SCOPE_NONE	= 0,
	PERF_PMU_SCOPE_CORE,
	PERF_PMU_SCOPE_DIE,
	PERF_PMU_SCOPE_CLUSTER,
	PERF_PMU_SCOPE_PKG,
	PERF_PMU_SCOPE_SYS_WIDE,
	PERF_PMU_MAX_SCOPE,
};

/* pmu->dev while sysfs is not there yet to hold the device. */
#define PMU_NULL_DEV	((void *)(~0UL))

/* Flags of pmu->add(), del(), start() and stop(). */
#define PERF_EF_START	0x01	/* add: begin to count */
#define PERF_EF_RELOAD	0x02	/* start: program the counter anew */
#define PERF_EF_UPDATE	0x04	/* stop: bring event->count up to date */
#define PERF_EF_PAUSE	0x08	/* stop: pause an AUX trace, nothing else */
#define PERF_EF_RESUME	0x10	/* start: resume a paused AUX trace */

/**
 * struct pmu - a performance monitoring unit, as its driver describes it
 *
 * @entry: node on the list of all PMUs (pmus_lock)
 * @module: the driver's module, pinned by every event and every AUX area
 * @dev: the PMU's device under /sys/bus/event_source, made by the core
 * @parent: parent of @dev, may be NULL
 * @attr_groups: sysfs attributes of @dev
 * @attr_update: more of them, which may add to the groups above
 * @name: name of @dev, under which users know the PMU
 * @type: attr.type of its events; the core hands one out where the driver asks
 *	  for -1
 * @capabilities: PERF_PMU_CAP_*
 * @scope: &enum perf_pmu_scope
 * @pmu_disable_count: per CPU, how often the PMU is disabled (core)
 * @cpu_pmu_context: per CPU, what is on the PMU (core)
 * @exclusive_cnt: users of an exclusive PMU: above 0 tasks, below 0 CPUs (core)
 * @users: events of this PMU, and its parts of tasks' contexts (core)
 * @unused: the last of @users has gone, after perf_pmu_unregister() (core)
 * @events_lock: guards @events (core)
 * @events: those that were opened; not their children (core)
 * @task_ctx_nr: whose events it takes: perf_hw_context and perf_sw_context
 *		 those of tasks and CPUs, perf_invalid_context of CPUs only
 * @hrtimer_interval_ms: time that a group stays on when groups take turns
 * @nr_addr_filters: address filters an event may have
 * @task_ctx_cache: what to allocate for each task that an event with
 *		    PERF_ATTACH_TASK_DATA watches: see &struct perf_ctx_data.  It is freed
 *		    by RCU: rcu_barrier() comes before the end of the cache.  NULL: nothing
 *
 * @pmu_enable: let the counters run again.  Optional.
 * @pmu_disable: stop them all; programming is cheap until @pmu_enable.  Optional,
 *	NMI-safe.  The core nests both by counting and calls the outermost pair,
 *	IRQs off.
 *
 * @event_init: is this event for this PMU?  Task context, may sleep; event->ctx
 *	is not set yet, hw.target and group_leader are.
 *	-ENOENT: not mine, try another PMU.  -ENODEV: mine but there is no such
 *	hardware.  -EBUSY: mine but busy.  -EINVAL: mine but wrong.
 *	-EOPNOTSUPP: mine and right but not supported.  -EACCES: mine but the
 *	caller may not.  On failure the driver undoes what it did itself;
 *	event->destroy is called by the core after success only.
 * @event_mapped: the event's buffer was mapped into @mm.  Optional; may sleep,
 *	mmap_lock held.
 * @event_unmapped: its opposite.
 *
 * @add: give the event a counter on this CPU; with PERF_EF_START begin to
 *	count, without leave it as after @stop.  IRQs and the PMU are off.
 *	Nonzero: no room, the event stays off.
 * @del: take it off; event->count and hw.period_left are final afterwards.  The
 *	event may have been stopped before, with PERF_EF_UPDATE or without.
 * @start: go on counting; with PERF_EF_RELOAD after a @stop with
 *	PERF_EF_UPDATE, from hw.period_left.
 * @stop: stand still; with PERF_EF_UPDATE as @read does.  Like @start it runs
 *	with IRQs off on the event's CPU, from NMI context where the PMU's
 *	interrupt is one.  An interrupt handler must stop its event when
 *	perf_event_overflow() says so.
 *	With PERF_EF_PAUSE and PERF_EF_RESUME (only if PERF_PMU_CAP_AUX_PAUSE)
 *	they may interrupt one another's other uses, but not themselves, and a
 *	resume must leave an event alone that is stopped for another reason.
 * @read: bring event->count (and hw.period_left) up to date.  IRQs off, on the
 *	event's CPU.
 *
 * @start_txn: from here on @add need not check whether all fits.  Optional.
 * @commit_txn: does it?  Zero closes the transaction.  Needed with @start_txn.
 * @cancel_txn: give up, after a @del for each @add.  Needed with @start_txn.
 *
 * @event_idx: perf_event_mmap_page.index of the event, 0 if user space cannot
 *	read it.  Optional.
 * @sched_task: a task leaves this CPU or comes to it.  Called for PMUs that
 *	asked by perf_sched_cb_inc(); PMU disabled, IRQs off.  @pmu_ctx is the
 *	task's part of the PMU and may be NULL, as where only CPUs have events.
 * @swap_task_ctx: two clones' contexts are about to change owners: exchange
 *	what belongs to the tasks.  Optional: for a PMU that keeps its data in
 *	pmu_ctx->task_ctx_data, where events of CPUs have none.
 *
 * @setup_aux: make the driver's description of an AUX area.  May sleep, may
 *	return NULL for no memory.  Its presence says that the PMU has AUX.
 * @free_aux: undo @setup_aux; from any context that may not sleep.
 * @snapshot_aux: copy at most @size bytes of trace to @handle and return how
 *	many, leaving event and area alone.  From the PMU's interrupt.  Optional.
 *
 * @addr_filters_validate: may these filters be?  0 or an errno; may sleep.
 * @addr_filters_sync: translate the event's filter ranges into
 *	hw.addr_filters; called by @start by way of
 *	perf_event_addr_filters_sync(), the filter lock held.
 * @aux_output_match: may @event write to the AUX area of this PMU?  Nonzero
 *	for yes.  Optional.
 * @filter: true if the PMU is not there on CPU @cpu, on machines whose CPUs
 *	differ.  Optional; with IRQs off.
 * @check_period: may the period become @value?  0 or an errno.  Optional.
 */
struct pmu {
	struct list_head			entry;
	struct module				*module;
	struct device				*dev;
	struct device				*parent;
	const struct attribute_group		**attr_groups;
	const struct attribute_group		**attr_update;
	const char				*name;
	int					type;
	int					capabilities;
	unsigned int				scope;

	int __percpu				*pmu_disable_count;
	struct perf_cpu_pmu_context __percpu	*cpu_pmu_context;
	atomic_t				exclusive_cnt;
	struct percpu_ref			users;
	struct completion			unused;
	spinlock_t				events_lock;	/* guards events */
	struct list_head			events;
	int					task_ctx_nr;
	int					hrtimer_interval_ms;
	unsigned int				nr_addr_filters;

	void (*pmu_enable)(struct pmu *pmu);
	void (*pmu_disable)(struct pmu *pmu);

	int (*event_init)(struct perf_event *event);
	void (*event_mapped)(struct perf_event *event, struct mm_struct *mm);
	void (*event_unmapped)(struct perf_event *event, struct mm_struct *mm);

	int (*add)(struct perf_event *event, int flags);
	void (*del)(struct perf_event *event, int flags);
	void (*start)(struct perf_event *event, int flags);
	void (*stop)(struct perf_event *event, int flags);
	void (*read)(struct perf_event *event);

	void (*start_txn)(struct pmu *pmu, unsigned int txn_flags);
	int (*commit_txn)(struct pmu *pmu);
	void (*cancel_txn)(struct pmu *pmu);

	int (*event_idx)(struct perf_event *event);

	void (*sched_task)(struct perf_event_pmu_context *pmu_ctx,
			   struct task_struct *task, bool sched_in);
	struct kmem_cache *task_ctx_cache;
	void (*swap_task_ctx)(struct perf_event_pmu_context *prev_epc,
			      struct perf_event_pmu_context *next_epc);

	void *(*setup_aux)(struct perf_event *event, void **pages,
			   int nr_pages, bool overwrite);
	void (*free_aux)(void *aux);
	long (*snapshot_aux)(struct perf_event *event,
			     struct perf_output_handle *handle,
			     unsigned long size);

	int (*addr_filters_validate)(struct list_head *filters);
	void (*addr_filters_sync)(struct perf_event *event);
	int (*aux_output_match)(struct perf_event *event);
	bool (*filter)(struct pmu *pmu, int cpu);
	int (*check_period)(struct perf_event *event, u64 value);
};

/* ---- Address filters ----------------------------------------------------- */

enum perf_addr_filter_action_t {
	PERF_ADDR_FILTER_ACTION_STOP = 0,
	PERF_ADDR_FILTER_ACTION_START,
	PERF_ADDR_FILTER_ACTION_FILTER,
};

/**
 * struct perf_addr_filter - one filter as the user gave it
 * @entry: node on the event's list
 * @path: the object file that @offset counts in; empty for kernel addresses
 * @offset: start of the range
 * @size: bytes in it; 0 makes the start a trigger
 * @action: what to do there
 */
struct perf_addr_filter {
	struct list_head		entry;
	struct path			path;
	unsigned long			offset;
	unsigned long			size;
	enum perf_addr_filter_action_t	action;
};

/**
 * struct perf_addr_filters_head - an event's filters, which its children share
 * @list: the filters
 * @lock: guards @list and every sharer's ranges and generation
 * @nr_file_filters: how many are about object files
 */
struct perf_addr_filters_head {
	struct list_head	list;
	raw_spinlock_t		lock;
	unsigned int		nr_file_filters;
};

/* A filter in the address space of the event's task; size 0: not mapped. */
struct perf_addr_filter_range {
	unsigned long	start;
	unsigned long	size;
};

/* ---- Events ---------------------------------------------------------------- */

/**
 * enum perf_event_state - where an event stands
 * @PERF_EVENT_STATE_DEAD: its fd is closed
 * @PERF_EVENT_STATE_REVOKED: its PMU has gone
 * @PERF_EVENT_STATE_EXIT: its task has exited
 * @PERF_EVENT_STATE_ERROR: pinned, and there was no room for it
 * @PERF_EVENT_STATE_OFF: disabled
 * @PERF_EVENT_STATE_INACTIVE: enabled, not on its PMU
 * @PERF_EVENT_STATE_ACTIVE: on its PMU
 */
enum perf_event_state {
	PERF_EVENT_STATE_DEAD		= -5,
	PERF_EVENT_STATE_REVOKED	= -4,
	PERF_EVENT_STATE_EXIT		= -3,
	PERF_EVENT_STATE_ERROR		= -2,
	PERF_EVENT_STATE_OFF		= -1,
	PERF_EVENT_STATE_INACTIVE	=  0,
	PERF_EVENT_STATE_ACTIVE		=  1,
};

typedef void (*perf_overflow_handler_t)(struct perf_event *event,
					struct perf_sample_data *data,
					struct pt_regs *regs);

/* perf_event::event_caps, and the common ones of a group in group_caps */
#define PERF_EV_CAP_SOFTWARE		BIT(0)	/* always fits */
#define PERF_EV_CAP_READ_ACTIVE_PKG	BIT(1)	/* any CPU of the package may read it */
#define PERF_EV_CAP_SIBLING		BIT(2)	/* cannot live without its leader */
#define PERF_EV_CAP_READ_SCOPE		BIT(3)	/* any CPU of the PMU's scope may read it */

/* perf_event::attach_state */
#define PERF_ATTACH_CONTEXT	0x0001	/* in a context */
#define PERF_ATTACH_GROUP	0x0002	/* in a group */
#define PERF_ATTACH_TASK	0x0004	/* opened on a task */
#define PERF_ATTACH_TASK_DATA	0x0008	/* its PMU keeps data of the task */
#define PERF_ATTACH_ITRACE	0x0010	/* an instruction trace has begun */
#define PERF_ATTACH_SCHED_CB	0x0020	/* its PMU watches switches */
#define PERF_ATTACH_CHILD	0x0040	/* on its parent's list of children */
#define PERF_ATTACH_EXCLUSIVE	0x0080	/* counted in pmu->exclusive_cnt */
#define PERF_ATTACH_CALLCHAIN	0x0100	/* holds call chain buffers */
#define PERF_ATTACH_HAS_DATA	0x0200	/* holds its task's, or all tasks', perf_ctx_data */

/* What a trigger does to its target. */
enum perf_trigger_kind {
	PERF_TRIGGER_START,
	PERF_TRIGGER_STOP,
	PERF_TRIGGER_KINDS
};

/**
 * struct perf_trigger_link - what ties a target to its starter, or stopper
 * @node: on the trigger's list of targets
 * @trigger: the event that starts or stops; NULL if there is none
 * @target: the event that is started or stopped, which this is part of
 * @pauses: it stops
 */
struct perf_trigger_link {
	struct hlist_node		node;
	struct perf_event		*trigger;
	struct perf_event		*target;
	bool				pauses;
};

/**
 * struct perf_event - one event
 *
 * A driver may read what stands under "for drivers"; it writes where said so.
 * The rest is for kernel/events/ alone, whose internal.h tells the locks.
 */
struct perf_event {
#ifdef CONFIG_PERF_EVENTS
	/* ---- for drivers ---- */

	/* What was asked for.  Fixed, but for bp_*, sample_period and sample_freq. */
	struct perf_event_attr		attr;
	/* attr.type as the user gave it; attr.type may be rewritten by event_init() */
	__u32				orig_type;
	/* The event's own PMU, whatever PMU its group is scheduled with: see pmu.c. */
	struct pmu			*pmu;
	/* event_init() may set all of these. */
	void				*pmu_private;
	void				(*destroy)(struct perf_event *event);
	int				event_caps;
	unsigned int			attach_state;
	struct hw_perf_event		hw;

	/* The CPU it is bound to or -1; the CPU it is on or -1. */
	int				cpu;
	int				oncpu;
	enum perf_event_state		state;
	/* 1 between its stopper and its starter: for PERF_PMU_CAP_LOOKS. */
	unsigned int			paused;
	/* Events counted by this event alone; written by the PMU. */
	local64_t			count;
	/* Time on the PMU up to tstamp, ns; 0 only before it ran first. */
	u64				total_time_running;
	u64				id;
	u64				(*clock)(void);

	/* Leader of its group, itself when alone; siblings by for_each_sibling_event(). */
	struct perf_event		*group_leader;
	struct list_head		sibling_list;
	/* The event that this one was inherited from: always a root. */
	struct perf_event		*parent;
	struct perf_event_context	*ctx;
	struct perf_event_pmu_context	*pmu_ctx;
	struct task_struct		*owner;
	struct pid_namespace		*ns;
	/* The AUX event that this one outputs to. */
	struct perf_event		*aux_event;

	/* Free for the PMU while the event is on it. */
	struct list_head		active_entry;
	struct hlist_node		hlist_entry;
	/* POLL_* of the next wake-up. */
	unsigned int			pending_kill;

	struct perf_addr_filters_head	addr_filters;
	struct perf_addr_filter_range	*addr_filter_ranges;
	unsigned long			addr_filters_gen;

	perf_overflow_handler_t		overflow_handler;
	void				*overflow_handler_context;
	struct bpf_prog			*prog;
	u64				bpf_cookie;
#ifdef CONFIG_EVENT_TRACING
	struct trace_event_call		*tp_event;
	struct event_filter		*filter;
#endif
#ifdef CONFIG_SECURITY
	void				*security;
#endif

	/* ---- for kernel/events/ ---- */

	/* Lifetime: the fd, children, links, pending work. */
	refcount_t			refcount;
	struct rcu_head			rcu_head;

	/* Membership: ctx->mutex and ctx->lock to change, either to read; RCU. */
	struct list_head		event_entry;
	struct hlist_node		resident_entry;
	struct list_head		active_list;
	struct rb_node			group_node;
	u64				group_index;
	unsigned int			group_generation;
	int				nr_siblings;
	int				group_caps;
	bool				group_unmade;	/* a copy's siblings are still to come */
	bool				resident;

	/* Times: ctx->lock, on the CPU where the context is active. */
	u64				total_time_enabled;
	u64				tstamp;

	/* Inheritance: the root's child_mutex. */
	struct list_head		child_list;
	atomic64_t			child_count;
	atomic64_t			child_total_time_enabled;
	atomic64_t			child_total_time_running;

	/* Buffer: mmap_mutex; by RCU.  A child has none. */
	struct perf_buffer __rcu	*rb;

	/* What an overflow leaves for a better moment. */
	atomic_t			event_limit;
	unsigned int			pending_wakeup;
	unsigned int			pending_disable;
	unsigned int			pending_work;
	unsigned long			pending_addr;
	struct irq_work			pending_irq;
	struct irq_work			pending_disable_irq;
	struct callback_head		pending_task;

	/*
	 * Triggers: trigger.c.  Links are changed in perf_ctx_call(), read by the
	 * trigger's overflow too; what is paused changes on the CPU of the context.
	 */
	struct hlist_head		targets;
	struct perf_trigger_link	trigger_link[PERF_TRIGGER_KINDS];
	bool				triggered;	/* has, or had, a trigger */
	bool				holds;		/* its PMU must be told */
	bool				untold;		/* and was not since the last change */
	local64_t			open_time;	/* less running time, unless paused */
	atomic64_t			child_open_time;
	struct perf_event		*clone;		/* in a fork under way; ctx->mutex */
	struct irq_work			trigger_irq;

	/* Output, fixed once the event is allocated or joins its group. */
	u16				header_size;
	u16				id_header_size;
	u16				read_size;
	u32				sample_rows;	/* which rows of sample.c's table */
	atomic64_t			lost_samples;
#ifdef CONFIG_CGROUP_PERF
	struct perf_cgroup		*cgrp;
#endif

	/* ---- of an event that was opened: there is no memory for it in a child ---- */

	/* Inheritance: guards child_list, of the children as well. */
	struct mutex			child_mutex;
	bool				summing;	/* no copy may change its task */
	/* Owner's list: owner->perf_event_mutex.  PMU's list: its events_lock. */
	struct list_head		owner_entry;
	struct list_head		pmu_entry;
	/* To another CPU, with others, the mutexes of both held; see also mmap.c. */
	struct list_head		migrate_entry;
	struct list_head		sb_list;	/* its CPU's: sideband.c */
	/* Buffer: mmap_mutex; rb_entry under the buffer's event_lock. */
	struct mutex			mmap_mutex;
	refcount_t			mmap_count;
	struct list_head		rb_entry;
	wait_queue_head_t		waitq;
	struct fasync_struct		*fasync;
#if defined(CONFIG_EVENT_TRACING) && defined(CONFIG_FUNCTION_TRACER)
	struct ftrace_ops		ftrace_ops;	/* tracing's; a child has it, too */
#endif
#endif /* CONFIG_PERF_EVENTS */
};

/**
 * struct perf_clock - a clock that may stand still
 * @time: what it showed at @stamp, ns
 * @stamp: when that was, on this CPU's perf clock
 * @offset: @time - @stamp, one word for readers in NMI context
 * @running: it runs
 *
 * Event times are measured against the clock of their context, which runs
 * while the context is scheduled in, or of their cgroup.
 */
struct perf_clock {
	u64	time;
	u64	stamp;
	u64	offset;
	bool	running;
};

/* Groups that want to run, in the order in which they are tried: group.c */
struct perf_group_set {
	struct rb_root	tree;
	u64		index;
};

/**
 * struct perf_ctx_data - what a PMU keeps of a task
 * @rcu_head: frees it
 * @refcount: events of the task; once, those of CPUs; 0: nobody wants it any more
 * @global: those of CPUs are counted
 * @ctx_cache: where @data is from
 * @data: pmu->task_ctx_cache's, zeroed before it is first seen
 *
 * Found by task->perf_ctx_data, under RCU.  A task may have none although an event of a CPU
 * wants one: if there was no memory at its fork.  Only the driver looks at @data; sched_task()
 * of a task runs on one CPU at a time.
 */
struct perf_ctx_data {
	struct rcu_head			rcu_head;
	refcount_t			refcount;
	int				global;
	struct kmem_cache		*ctx_cache;
	void				*data;
};

/**
 * struct perf_event_pmu_context - the part of a context that belongs to a PMU
 * @pmu: the PMU
 * @ctx: the context
 * @task_ctx_data: the PMU's data of the task, if the PMU has swap_task_ctx()
 *
 * There from the first event to the last; counted by its events.  Drivers may
 * use the fields above; the rest is ctx->lock's.
 */
struct perf_event_pmu_context {
	struct pmu			*pmu;
	struct perf_event_context	*ctx;
	void				*task_ctx_data;

	/* private: kernel/events/ */
	struct list_head		pmu_ctx_entry;
	struct perf_group_set		pinned_groups;
	struct perf_group_set		flexible_groups;
	struct list_head		pinned_active;
	struct list_head		flexible_active;
	bool				embedded;
	bool				rotate_necessary;
	unsigned int			nr_events;
	unsigned int			nr_cgroups;
	unsigned int			nr_freq;
	refcount_t			refcount;
	struct rcu_head			rcu_head;
};

/**
 * struct perf_event_context - the events of one task, or of one CPU
 * @lock: raw, IRQs off: states and times of the events; with @mutex also
 *	  which they are
 * @mutex: which events there are; may sleep
 * @task: the task, NULL for a CPU, TASK_TOMBSTONE once it has exited
 * @nr_user: events whose counters user space may read
 * @nr_task_data: events whose PMU keeps data of the task
 *
 * Drivers may use the fields above.  The rules for the rest are in
 * kernel/events/internal.h.
 */
struct perf_event_context {
	/* Which events: either to read, both to change. */
	struct mutex			mutex;
	raw_spinlock_t			lock;
	struct task_struct		*task;
	int				nr_user;
	int				nr_task_data;

	/* private: kernel/events/ */
	bool				active;
	int				nr_events;
	int				nr_wanted;	/* enabled */
	int				nr_inherit;
	int				nr_stat;
	int				nr_freq;
	int				nr_cgroups;
	int				nr_switch_slow;
	int				nr_targets;
	int				nr_remote;	/* tracepoints of one CPU */
	int				pin_count;
	refcount_t			refcount;
	struct perf_clock		clock;
	struct list_head		pmu_ctx_list;
	struct list_head		event_list;
	struct hlist_head		resident;
	struct perf_event_context	*parent_ctx;
	u64				parent_gen;
	u64				generation;
	struct rcu_head			rcu_head;
};

#ifdef CONFIG_PERF_EVENTS

/*
 * A group's siblings change under ctx->mutex and ctx->lock, and by an
 * interrupt on the CPU where they are active: the mutex, or IRQs off there, is
 * enough to walk them.
 */
static inline bool perf_event_leads(struct perf_event *event)
{
	lockdep_assert_once(irqs_disabled() || lockdep_is_held(&event->ctx->mutex));

	return event->group_leader == event;
}

#define for_each_sibling_event(sibling, event)					\
	for (bool _leads = perf_event_leads(event); _leads; _leads = false)	\
		list_for_each_entry((sibling), &(event)->sibling_list, sibling_list)

/* ---- For drivers ------------------------------------------------------- */

int perf_pmu_register(struct pmu *pmu, const char *name, int type);
void perf_pmu_unregister(struct pmu *pmu);
void perf_pmu_disable(struct pmu *pmu);
void perf_pmu_enable(struct pmu *pmu);
void perf_pmu_resched(struct pmu *pmu);
void perf_pmu_migrate_context(struct pmu *pmu, int src_cpu, int dst_cpu);
void perf_sched_cb_inc(struct pmu *pmu);
void perf_sched_cb_dec(struct pmu *pmu);
struct perf_event_context *perf_cpu_task_ctx(void);

int perf_event_overflow(struct perf_event *event, struct perf_sample_data *data,
			struct pt_regs *regs);
int perf_event_account_interrupt(struct perf_event *event);
void perf_sample_event_took(u64 sample_len_ns);
void perf_event_disable_local(struct perf_event *event);
void perf_event_disable_inatomic(struct perf_event *event);
void perf_event_addr_filters_sync(struct perf_event *event);
void perf_event_update_userpage(struct perf_event *event);
void arch_perf_update_userpage(struct perf_event *event,
			       struct perf_event_mmap_page *userpg, u64 now);
void perf_event_print_debug(void);
u64 perf_swevent_set_period(struct perf_event *event);

/* Tracing, breakpoints. */
int perf_swevent_get_recursion_context(void);
void perf_swevent_put_recursion_context(int rctx);
void perf_tp_event(u16 event_type, u64 count, void *record, int entry_size,
		   struct pt_regs *regs, struct hlist_head *head, int rctx,
		   struct task_struct *task);
void perf_bp_event(struct perf_event *event, void *data);

#ifndef perf_misc_flags
# define perf_misc_flags(regs) \
	(user_mode(regs) ? PERF_RECORD_MISC_USER : PERF_RECORD_MISC_KERNEL)
# define perf_instruction_pointer(regs)	instruction_pointer(regs)
#endif
#ifndef perf_arch_bpf_user_pt_regs
# define perf_arch_bpf_user_pt_regs(regs) regs
#endif

static inline bool is_sampling_event(struct perf_event *event)
{
	return event->attr.sample_period;
}

static inline bool is_software_event(struct perf_event *event)
{
	return event->event_caps & PERF_EV_CAP_SOFTWARE;
}

/* Is its group scheduled with software events? */
static inline bool in_software_context(struct perf_event *event)
{
	return event->pmu_ctx->pmu->task_ctx_nr == perf_sw_context;
}

static inline bool is_exclusive_pmu(struct pmu *pmu)
{
	return pmu->capabilities & PERF_PMU_CAP_EXCLUSIVE;
}

static inline bool is_write_backward(struct perf_event *event)
{
	return event->attr.write_backward;
}

static inline bool event_has_any_exclude_flag(struct perf_event *event)
{
	const struct perf_event_attr *attr = &event->attr;

	return attr->exclude_user || attr->exclude_kernel || attr->exclude_hv ||
	       attr->exclude_idle || attr->exclude_host || attr->exclude_guest;
}

static inline bool has_aux(struct perf_event *event)
{
	return event->pmu->setup_aux;
}

static inline bool has_aux_action(struct perf_event *event)
{
	return event->attr.aux_pause || event->attr.aux_resume || event->attr.aux_sample_size;
}

static inline bool has_addr_filter(struct perf_event *event)
{
	return event->pmu->nr_addr_filters;
}

/* Children use their parent's filters. */
static inline struct perf_addr_filters_head *perf_event_addr_filters(struct perf_event *event)
{
	return event->parent ? &event->parent->addr_filters : &event->addr_filters;
}

/* Children notify their parent's listeners. */
static inline struct fasync_struct **perf_event_fasync(struct perf_event *event)
{
	return event->parent ? &event->parent->fasync : &event->fasync;
}

/* ---- For consumers ------------------------------------------------------ */

struct perf_event *
perf_event_create_kernel_counter(struct perf_event_attr *attr, int cpu,
				 struct task_struct *task,
				 perf_overflow_handler_t callback, void *context);
int perf_event_release_kernel(struct perf_event *event);
void perf_event_enable(struct perf_event *event);
void perf_event_disable(struct perf_event *event);
int perf_event_refresh(struct perf_event *event, int refresh);
int perf_event_period(struct perf_event *event, u64 value);
u64 perf_event_pause(struct perf_event *event, bool reset);
u64 perf_event_read_value(struct perf_event *event, u64 *enabled, u64 *running);
int perf_event_read_local(struct perf_event *event, u64 *value, u64 *enabled, u64 *running);
struct file *perf_event_get(unsigned int fd);
const struct perf_event *perf_get_event(struct file *file);
const struct perf_event_attr *perf_event_attrs(struct perf_event *event);

/* Sysctls: variables and handlers stand in kernel/sysctl.c's table. */
extern int sysctl_perf_event_paranoid;
extern int sysctl_perf_event_mlock;
extern int sysctl_perf_event_sample_rate;
extern int sysctl_perf_cpu_time_max_percent;

int perf_event_max_sample_rate_handler(const struct ctl_table *table, int write,
				       void *buffer, size_t *lenp, loff_t *ppos);
int perf_cpu_time_max_percent_handler(const struct ctl_table *table, int write,
				      void *buffer, size_t *lenp, loff_t *ppos);
int perf_event_max_stack_handler(const struct ctl_table *table, int write,
				 void *buffer, size_t *lenp, loff_t *ppos);

/* What security_perf_event_open() is asked about. */
#define PERF_SECURITY_OPEN		0
#define PERF_SECURITY_CPU		1
#define PERF_SECURITY_KERNEL		2
#define PERF_SECURITY_TRACEPOINT	3

static inline int perf_is_paranoid(void)
{
	return sysctl_perf_event_paranoid > -1;
}

/* Debian's level: above it the unprivileged may open nothing. */
static inline bool perf_paranoid_any(void)
{
	return sysctl_perf_event_paranoid > 2;
}

int perf_allow_kernel(void);

static inline int perf_allow_cpu(void)
{
	bool open_to_all = sysctl_perf_event_paranoid < 1;

	return open_to_all || perfmon_capable() ?
		security_perf_event_open(PERF_SECURITY_CPU) : -EACCES;
}

static inline int perf_allow_tracepoint(void)
{
	return !perf_is_paranoid() || perfmon_capable() ?
		security_perf_event_open(PERF_SECURITY_TRACEPOINT) : -EPERM;
}

#else /* !CONFIG_PERF_EVENTS */

static inline struct file *perf_event_get(unsigned int fd) { return ERR_PTR(-EINVAL); }
static inline const struct perf_event *perf_get_event(struct file *file)
{
	return ERR_PTR(-EINVAL);
}

static inline const struct perf_event_attr *perf_event_attrs(struct perf_event *event)
{
	return ERR_PTR(-EINVAL);
}

static inline int perf_event_read_local(struct perf_event *event, u64 *value,
					u64 *enabled, u64 *running) { return -EINVAL; }
static inline void perf_event_print_debug(void) { }
static inline int perf_event_refresh(struct perf_event *event, int refresh) { return -EINVAL; }
static inline void perf_bp_event(struct perf_event *event, void *data) { }
static inline int perf_swevent_get_recursion_context(void) { return -1; }
static inline void perf_swevent_put_recursion_context(int rctx) { }
static inline u64 perf_swevent_set_period(struct perf_event *event) { return 0; }
static inline void perf_event_enable(struct perf_event *event) { }
static inline void perf_event_disable(struct perf_event *event) { }
static inline int perf_event_release_kernel(struct perf_event *event) { return 0; }
static inline int perf_event_period(struct perf_event *event, u64 value) { return -EINVAL; }
static inline u64 perf_event_pause(struct perf_event *event, bool reset) { return 0; }

#endif /* CONFIG_PERF_EVENTS */

#if defined(CONFIG_PERF_EVENTS) && defined(CONFIG_CPU_SUP_INTEL)
void perf_restore_debug_store(void);
#else
static inline void perf_restore_debug_store(void) { }
#endif

#ifndef PERF_NEEDS_LOPWR_CB
static inline void perf_lopwr_cb(bool mode) { }
#endif

#include <linux/perf_sample.h>

#endif /* _LINUX_PERF_EVENT_H */
