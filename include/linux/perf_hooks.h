/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Performance events: the calls that the rest of the kernel makes.
 *
 * The scheduler, fork, exec, exit, mm and BPF tell perf_events what happens by
 * the functions of this page and need nothing else of it.  Each of them costs
 * a static branch, or a test of one word, while nobody has asked for what it
 * reports; with CONFIG_PERF_EVENTS=n all of them vanish.
 *
 * <linux/perf_event.h> includes this page; code that only reports may include
 * this page alone.
 */
#ifndef _LINUX_PERF_HOOKS_H
#define _LINUX_PERF_HOOKS_H

#include <uapi/linux/perf_event.h>
#ifdef CONFIG_PERF_EVENTS
# include <asm/perf_event.h>
#endif

#include <linux/cgroup.h>
#include <linux/ftrace.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/static_key.h>

struct bpf_prog;
struct vm_area_struct;

#ifdef CONFIG_PERF_EVENTS

/* One key a software event: on while anybody counts it. */
extern struct static_key perf_swevent_enabled[PERF_COUNT_SW_MAX];

/* On while a task has events, or something watches task switches. */
extern struct static_key_false perf_sched_events;

/*
 * Who wants to hear of each switch of this CPU, whatever the tasks: PMUs that watch
 * them, cgroup events.  Changed on the CPU, IRQs off; and who wants records of
 * switches, wherever.
 */
DECLARE_PER_CPU(int, perf_switch_users);
extern atomic_t perf_switch_records;

/* Scratch registers for events that have no interrupt frame, one a level. */
DECLARE_PER_CPU(struct pt_regs, __perf_regs[4]);

void __perf_sw_event(u32 event_id, u64 nr, struct pt_regs *regs, u64 addr);
void ___perf_sw_event(u32 event_id, u64 nr, struct pt_regs *regs, u64 addr);
void __perf_event_task_sched_in(struct task_struct *prev, struct task_struct *task);
void __perf_event_task_sched_out(struct task_struct *prev, struct task_struct *next);

#ifndef perf_arch_fetch_caller_regs
static inline void perf_arch_fetch_caller_regs(struct pt_regs *regs, unsigned long ip) { }
#endif

/**
 * perf_fetch_caller_regs() - make up registers for an event without a trap
 * @regs: zeroed registers to fill
 *
 * Stores what a sample needs of the calling function: the instruction pointer,
 * the stack pointer and whatever user_mode() looks at.
 *
 * Context: any; inlined, so that the address is that of the event's site.
 */
static inline void perf_fetch_caller_regs(struct pt_regs *regs)
{
	perf_arch_fetch_caller_regs(regs, CALLER_ADDR0);
}

static __always_inline bool __perf_sw_enabled(int event_id)
{
	return static_key_false(&perf_swevent_enabled[event_id]);
}

/**
 * perf_sw_event() - count a software event
 * @event_id: PERF_COUNT_SW_*
 * @nr: how many have happened
 * @regs: registers at the event, for samples
 * @addr: the address that the event is about, or 0
 *
 * Context: any but NMI; a static branch while nobody counts @event_id.
 */
static __always_inline void
perf_sw_event(u32 event_id, u64 nr, struct pt_regs *regs, u64 addr)
{
	if (__perf_sw_enabled(event_id))
		__perf_sw_event(event_id, nr, regs, addr);
}

/*
 * The scheduler's own events.  The runqueue lock is held and IRQs are off, so
 * that the first scratch registers are free and recursion cannot happen.
 */
static __always_inline void __perf_sw_event_sched(u32 event_id, u64 nr, u64 addr)
{
	struct pt_regs *regs = this_cpu_ptr(&__perf_regs[0]);

	perf_fetch_caller_regs(regs);
	___perf_sw_event(event_id, nr, regs, addr);
}

/**
 * perf_event_task_migrate() - note that a task changes its CPU
 * @task: the task; its runqueue is locked
 *
 * The event is counted where @task runs next, once its events are there.
 */
static inline void perf_event_task_migrate(struct task_struct *task)
{
	if (__perf_sw_enabled(PERF_COUNT_SW_CPU_MIGRATIONS))
		task->sched_migrated = 1;
}

/* Is there anything to do when @task comes or goes? */
static __always_inline bool perf_switch_matters(struct task_struct *task)
{
	return READ_ONCE(task->perf_event_ctxp) || raw_cpu_read(perf_switch_users) ||
	       atomic_read(&perf_switch_records);
}

/**
 * perf_event_task_sched_in() - a task has been switched to
 * @prev: the task that ran before
 * @task: the task that runs now, which is current
 *
 * Context: the scheduler, IRQs off.
 */
static inline void perf_event_task_sched_in(struct task_struct *prev, struct task_struct *task)
{
	if (static_branch_unlikely(&perf_sched_events) && perf_switch_matters(task))
		__perf_event_task_sched_in(prev, task);

	if (__perf_sw_enabled(PERF_COUNT_SW_CPU_MIGRATIONS) && task->sched_migrated) {
		__perf_sw_event_sched(PERF_COUNT_SW_CPU_MIGRATIONS, 1, 0);
		task->sched_migrated = 0;
	}
}

#ifdef CONFIG_CGROUP_PERF
static inline bool perf_cgroup_differs(struct task_struct *a, struct task_struct *b)
{
	return task_css_check(a, perf_event_cgrp_id, true) !=
	       task_css_check(b, perf_event_cgrp_id, true);
}
#else
static inline bool perf_cgroup_differs(struct task_struct *a, struct task_struct *b)
{
	return false;
}
#endif

/**
 * perf_event_task_sched_out() - a task is about to be switched from
 * @prev: the task that runs still, which is current
 * @next: the task that runs next
 *
 * The switch is counted before @prev's events leave the CPU, so that they
 * count it too.
 *
 * Context: the scheduler, runqueue locked, IRQs off.
 */
static inline void perf_event_task_sched_out(struct task_struct *prev, struct task_struct *next)
{
	if (__perf_sw_enabled(PERF_COUNT_SW_CONTEXT_SWITCHES))
		__perf_sw_event_sched(PERF_COUNT_SW_CONTEXT_SWITCHES, 1, 0);

	if (__perf_sw_enabled(PERF_COUNT_SW_CGROUP_SWITCHES) && perf_cgroup_differs(prev, next))
		__perf_sw_event_sched(PERF_COUNT_SW_CGROUP_SWITCHES, 1, 0);

	if (static_branch_unlikely(&perf_sched_events) && perf_switch_matters(prev))
		__perf_event_task_sched_out(prev, next);
}

void perf_event_init(void);
void perf_event_task_tick(void);

/* The life of a task: fork (two steps), exec, exit, the last reference. */
int perf_event_init_task(struct task_struct *child, u64 clone_flags);
void perf_event_free_task(struct task_struct *task);
void perf_event_fork(struct task_struct *task);
void perf_event_exec(void);
void perf_event_exit_task(struct task_struct *task);
void perf_event_delayed_put(struct task_struct *task);

/* prctl(PR_TASK_PERF_EVENTS_DISABLE) and its opposite. */
int perf_event_task_disable(void);
int perf_event_task_enable(void);

/* What becomes a side-band record. */
void perf_event_comm(struct task_struct *task, bool exec);
void perf_event_namespaces(struct task_struct *task);
void perf_event_mmap(struct vm_area_struct *vma);
void perf_event_ksymbol(u16 ksym_type, u64 addr, u32 len, bool unregister, const char *sym);
void perf_event_bpf_event(struct bpf_prog *prog, enum perf_bpf_event_type type, u16 flags);
void perf_event_text_poke(const void *addr, const void *old_bytes, size_t old_len,
			  const void *new_bytes, size_t new_len);

/* CPU hotplug steps. */
int perf_event_init_cpu(unsigned int cpu);
int perf_event_exit_cpu(unsigned int cpu);

#else /* !CONFIG_PERF_EVENTS */

static inline void perf_sw_event(u32 event_id, u64 nr, struct pt_regs *regs, u64 addr) { }
static inline void perf_event_task_migrate(struct task_struct *task) { }
static inline void perf_event_task_sched_in(struct task_struct *prev,
					    struct task_struct *task) { }
static inline void perf_event_task_sched_out(struct task_struct *prev,
					     struct task_struct *next) { }
static inline void perf_event_init(void) { }
static inline void perf_event_task_tick(void) { }
static inline int perf_event_init_task(struct task_struct *child, u64 clone_flags) { return 0; }
static inline void perf_event_free_task(struct task_struct *task) { }
static inline void perf_event_fork(struct task_struct *task) { }
static inline void perf_event_exec(void) { }
static inline void perf_event_exit_task(struct task_struct *task) { }
static inline void perf_event_delayed_put(struct task_struct *task) { }
static inline int perf_event_task_disable(void) { return -EINVAL; }
static inline int perf_event_task_enable(void) { return -EINVAL; }
static inline void perf_event_comm(struct task_struct *task, bool exec) { }
static inline void perf_event_namespaces(struct task_struct *task) { }
static inline void perf_event_mmap(struct vm_area_struct *vma) { }
static inline void perf_event_ksymbol(u16 ksym_type, u64 addr, u32 len,
				      bool unregister, const char *sym) { }
static inline void perf_event_bpf_event(struct bpf_prog *prog,
					enum perf_bpf_event_type type, u16 flags) { }
static inline void perf_event_text_poke(const void *addr, const void *old_bytes, size_t old_len,
					const void *new_bytes, size_t new_len) { }

#define perf_event_init_cpu	NULL
#define perf_event_exit_cpu	NULL

#endif /* CONFIG_PERF_EVENTS */

#endif /* _LINUX_PERF_HOOKS_H */
