// SPDX-License-Identifier: GPL-2.0
/*
 * Call chains of the kernel and of user space.
 *
 * A chain is recorded in a buffer of this CPU, one for each of the four contexts
 * that may interrupt one another (task, softirq, hardirq, NMI); a context that
 * finds its own in use gets none.
 *
 *  - Buffers are there while anybody needs them: the first user allocates them,
 *    the last one lets go of them and RCU frees them; nobody waits.
 *  - A chain is valid until the caller leaves its RCU read side or lets another
 *    chain be recorded in its context.
 *  - How much fits is decided by two sysctls.  They do not change while buffers
 *    are there, nor before the last reader of the old ones has gone.
 *  - The user's part is walked in the memory of current, and only if it has one
 *    and is no thread of the kernel.
 */
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <linux/uprobes.h>

#include "internal.h"

int sysctl_perf_event_max_stack __read_mostly = PERF_MAX_STACK_DEPTH;
int sysctl_perf_event_max_contexts_per_stack __read_mostly = PERF_MAX_CONTEXTS_PER_STACK;

#define NR_CHAIN_CONTEXTS	4

struct chain_buffers {
	struct rcu_head	rcu;
	size_t		entry_size;	/* bytes of one chain */
	void		*cpu[];		/* NR_CHAIN_CONTEXTS chains each */
};

static DEFINE_PER_CPU(u8, chain_recursion[NR_CHAIN_CONTEXTS]);

/* Guards the two below, and the sysctls while they change. */
static DEFINE_MUTEX(chain_mutex);
static unsigned int chain_users;
static struct chain_buffers __rcu *chain_buffers;

/* ---- Buffers ------------------------------------------------------------- */

static void free_buffers(struct rcu_head *rcu)
{
	struct chain_buffers *buffers = container_of(rcu, struct chain_buffers, rcu);
	int cpu;

	for_each_possible_cpu(cpu)
		kvfree(buffers->cpu[cpu]);
	kfree(buffers);
}

static struct chain_buffers *alloc_buffers(void)
{
	size_t entries = (size_t)sysctl_perf_event_max_stack +
			 sysctl_perf_event_max_contexts_per_stack;
	struct chain_buffers *buffers;
	int cpu;

	buffers = kzalloc(struct_size(buffers, cpu, nr_cpu_ids), GFP_KERNEL);
	if (!buffers)
		return NULL;
	buffers->entry_size = struct_size_t(struct perf_callchain_entry, ip, entries);
	for_each_possible_cpu(cpu) {
		buffers->cpu[cpu] = kvmalloc_node(NR_CHAIN_CONTEXTS * buffers->entry_size,
						  GFP_KERNEL, cpu_to_node(cpu));
		if (!buffers->cpu[cpu]) {
			free_buffers(&buffers->rcu);
			return NULL;
		}
	}

	return buffers;
}

/**
 * get_callchain_buffers() - make sure that chains can be recorded
 * @event_max_stack: addresses that the caller wants a chain to have
 *
 * Return: 0; -EOVERFLOW, like no other error of open, if the sysctl does not allow
 * so many; -ENOMEM.
 *
 * Context: may sleep.
 */
int get_callchain_buffers(int event_max_stack)
{
	struct chain_buffers *buffers;

	guard(mutex)(&chain_mutex);
	if (event_max_stack > sysctl_perf_event_max_stack)
		return -EOVERFLOW;

	if (!chain_users) {
		buffers = alloc_buffers();
		if (!buffers)
			return -ENOMEM;
		/* Pairs with rcu_dereference() in get_callchain_entry(). */
		rcu_assign_pointer(chain_buffers, buffers);
	}
	chain_users++;

	return 0;
}

/**
 * put_callchain_buffers() - undo get_callchain_buffers()
 *
 * Context: may sleep; does not wait for readers.
 */
void put_callchain_buffers(void)
{
	struct chain_buffers *buffers;

	guard(mutex)(&chain_mutex);
	if (WARN_ON_ONCE(!chain_users) || --chain_users)
		return;

	buffers = rcu_replace_pointer(chain_buffers, NULL, lockdep_is_held(&chain_mutex));
	call_rcu(&buffers->rcu, free_buffers);
}

/**
 * get_callchain_entry() - take this context's buffer on this CPU
 * @rctx: set to the context, for put_callchain_entry()
 *
 * Return: the buffer; NULL, with nothing to be put, if there are none or if the
 * context is recording a chain already.
 *
 * Context: any, NMI included; preemption off, RCU read side.
 */
struct perf_callchain_entry *get_callchain_entry(int *rctx)
{
	struct chain_buffers *buffers;

	*rctx = get_recursion_context(this_cpu_ptr(chain_recursion));
	if (*rctx < 0)
		return NULL;

	/* NMI and IRQs-off callers are readers as well. */
	buffers = rcu_dereference_check(chain_buffers, rcu_read_lock_any_held());
	if (!buffers) {
		put_callchain_entry(*rctx);
		return NULL;
	}

	return buffers->cpu[smp_processor_id()] + *rctx * buffers->entry_size;
}

/**
 * put_callchain_entry() - give it back; what is in it stays until it is taken again
 * @rctx: from get_callchain_entry()
 *
 * Context: as get_callchain_entry().
 */
void put_callchain_entry(int rctx)
{
	put_recursion_context(this_cpu_ptr(chain_recursion), rctx);
}

/* ---- Chains -------------------------------------------------------------- */

/**
 * perf_callchain_kernel() - walk the kernel's frames; where it can be done, arch/ does
 * @entry: takes the addresses
 * @regs: where to begin
 */
void __weak perf_callchain_kernel(struct perf_callchain_entry_ctx *entry, struct pt_regs *regs) { }

/**
 * perf_callchain_user() - walk the user's frames without a fault; the same
 * @entry: takes the addresses
 * @regs: where to begin
 */
void __weak perf_callchain_user(struct perf_callchain_entry_ctx *entry, struct pt_regs *regs) { }

#ifdef CONFIG_UPROBES
/*
 * A function that a return probe waits for has the probe's trampoline for its
 * return address: show where it will return in the end.  Instances stand in
 * the order of the frames, the innermost first.
 */
static void unmask_return_probes(struct perf_callchain_entry *entry, u64 from)
{
	struct return_instance *ri = current->utask ? current->utask->return_instances : NULL;
	u64 i, trampoline;

	if (likely(!ri))
		return;

	trampoline = uprobe_get_trampoline_vaddr();
	for (i = from; ri && i < entry->nr; i++) {
		if (entry->ip[i] == trampoline) {
			entry->ip[i] = ri->orig_ret_vaddr;
			ri = ri->next;
		}
	}
}
#else
static void unmask_return_probes(struct perf_callchain_entry *entry, u64 from) { }
#endif

/* What the chain shall hold. */
struct chain_parts {
	bool	kernel, user;
	bool	add_mark;	/* a PERF_CONTEXT_* before each */
	u64	cookie;		/* unless 0: this in place of the user's part */
};

/* The mark and the cookie, or neither. */
static bool record_cookie(struct perf_callchain_entry_ctx *ctx, u64 cookie)
{
	if (ctx->contexts + 2 > sysctl_perf_event_max_contexts_per_stack)
		return false;

	perf_callchain_store_context(ctx, PERF_CONTEXT_USER_DEFERRED);
	perf_callchain_store_context(ctx, cookie);
	return true;
}

static void record_user(struct perf_callchain_entry_ctx *ctx, struct pt_regs *regs,
			const struct chain_parts *parts)
{
	u64 kernel_nr;

	if (parts->cookie && record_cookie(ctx, parts->cookie))
		return;

	if (parts->add_mark)
		perf_callchain_store_context(ctx, PERF_CONTEXT_USER);
	kernel_nr = ctx->entry->nr;
	perf_callchain_user(ctx, regs);
	unmask_return_probes(ctx->entry, kernel_nr);
}

static void record_parts(struct perf_callchain_entry *entry, struct pt_regs *regs,
			 u32 max_stack, const struct chain_parts *parts)
{
	struct perf_callchain_entry_ctx ctx = { .entry = entry, .max_stack = max_stack };
	struct pt_regs *user_regs = regs;

	entry->nr = 0;

	if (!user_mode(regs))
		user_regs = is_user_task(current) ? task_pt_regs(current) : NULL;

	if (parts->kernel && !user_mode(regs)) {
		if (parts->add_mark)
			perf_callchain_store_context(&ctx, PERF_CONTEXT_KERNEL);
		perf_callchain_kernel(&ctx, regs);
	}
	if (parts->user && user_regs)
		record_user(&ctx, user_regs, parts);
}

static struct perf_callchain_entry *record_chain(struct pt_regs *regs, u32 max_stack,
						 const struct chain_parts *parts)
{
	struct perf_callchain_entry *entry;
	int rctx;

	entry = get_callchain_entry(&rctx);
	if (!entry)
		return NULL;

	record_parts(entry, regs, max_stack, parts);
	put_callchain_entry(rctx);
	return entry;
}

/**
 * get_perf_callchain() - record a call chain
 * @regs: where to begin
 * @kernel: the kernel's part, if @regs are its
 * @user: the user's part, if current has one
 * @max_stack: how many addresses; at most what get_callchain_buffers() was asked for
 * @crosstask: the event is about another task than current: no user part
 * @add_mark: put a PERF_CONTEXT_* mark before each part
 *
 * Return: the chain, which may be empty; NULL if none can be recorded now.
 *
 * Context: any, NMI included; preemption off until the chain has been used.
 */
struct perf_callchain_entry *get_perf_callchain(struct pt_regs *regs, bool kernel, bool user,
						u32 max_stack, bool crosstask, bool add_mark)
{
	struct chain_parts parts = {
		.kernel		= kernel,
		.user		= user && !crosstask,
		.add_mark	= add_mark,
	};

	return record_chain(regs, max_stack, &parts);
}

/**
 * perf_callchain_hold_user() - record current's user call chain, and hold it
 * @rctx: set for put_callchain_entry(), when the chain has been used
 *
 * No other chain of this context is recorded meanwhile, such as that of a probe that
 * the caller hits while it writes this one.
 *
 * Return: the chain, with its mark; NULL, with nothing to be put, if none can be
 * recorded now.
 *
 * Context: task, a task of user space; preemption off until the chain is put.
 */
struct perf_callchain_entry *perf_callchain_hold_user(int *rctx)
{
	const struct chain_parts parts = { .user = true, .add_mark = true };
	struct perf_callchain_entry *entry = get_callchain_entry(rctx);

	if (entry)
		record_parts(entry, task_pt_regs(current), sysctl_perf_event_max_stack, &parts);

	return entry;
}

/* BPF sets nr for a moment, and back: not const. */
static struct perf_callchain_entry no_chain;

/**
 * perf_callchain() - record a call chain as an event wants it
 * @event: the event
 * @regs: registers at the overflow
 *
 * Return: the chain, empty if none can be recorded; never NULL.
 *
 * Context: as get_perf_callchain().
 */
struct perf_callchain_entry *perf_callchain(struct perf_event *event, struct pt_regs *regs)
{
	bool crosstask = event->ctx->task && event->ctx->task != current;
	struct perf_callchain_entry *chain = NULL;
	struct chain_parts parts = {
		.kernel		= !event->attr.exclude_callchain_kernel,
		.user		= !event->attr.exclude_callchain_user && !crosstask &&
				  is_user_task(current),
		.add_mark	= true,
	};

	if (parts.user && event->attr.defer_callchain)
		parts.cookie = perf_defer_callchain();
	if (parts.kernel || parts.user)
		chain = record_chain(regs, event->attr.sample_max_stack, &parts);

	return chain ?: &no_chain;
}

/* ---- Limits -------------------------------------------------------------- */

/**
 * perf_event_max_stack_handler() - sysctls kernel.perf_event_max_{stack,contexts_per_stack}
 * @table: the sysctl
 * @write: it is written
 * @buffer: text
 * @lenp: its length
 * @ppos: position
 *
 * Return: 0; -EINVAL for a value out of range; -EBUSY while buffers are in use.
 *
 * Context: may sleep.  A write waits for a grace period: whoever reads buffers that
 * were let go of must not see a limit that is too large for them.
 */
int perf_event_max_stack_handler(const struct ctl_table *table, int write,
				 void *buffer, size_t *lenp, loff_t *ppos)
{
	int *limit = table->data, value = *limit;
	struct ctl_table local = *table;
	int err;

	local.data = &value;
	err = proc_dointvec_minmax(&local, write, buffer, lenp, ppos);
	if (err || !write)
		return err;

	guard(mutex)(&chain_mutex);
	if (chain_users)
		return -EBUSY;

	synchronize_rcu();
	WRITE_ONCE(*limit, value);

	return 0;
}
