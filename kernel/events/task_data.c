// SPDX-License-Identifier: GPL-2.0
/*
 * What a PMU keeps of a task across switches, such as the branch records of its calls.
 *
 * It belongs to the task, not to a context: contexts of clones are swapped, and events of
 * a CPU have none of the task's.  task->perf_ctx_data points to it while anybody wants it:
 *
 *  - each event on the task holds a reference;
 *  - the events of CPUs together hold one, which @global says is there.
 *
 * So there is none without an event that asked.  An object whose last reference has gone
 * is dead: its count stays 0, nobody revives it.  It may be found in the task for a short
 * time, by somebody who then replaces it.  Whoever takes it out of the task frees it, by
 * RCU: that it is looked at under rcu_read_lock() also keeps its address from being another
 * object's in the meantime.
 *
 * Events of CPUs need the data of all tasks.  The first such event walks all threads, the
 * last one, too, each holding global_sem for writing:
 *
 *   fork	a child is given its data when it can be found by the walk, with
 *		global_sem for reading.  It looks whether there are such events first,
 *		without: either it sees global_cache or the walk sees the child.
 *   exit	takes no lock: the walk allocates memory and takes long.  It leaves alone
 *		a task that exits, and looks once more after it has given it something;
 *		whichever of the two sees the other takes that back, once.
 *   exec	a thread that takes over its leader's PID may hide from a walk by that,
 *		so it asks like a child.  What the last walk may miss in this way goes
 *		when that task exits.
 *
 * Locks: global_sem is taken with no mutex of perf_events held, within exec_update_lock.
 */
#include <kunit/static_stub.h>
#include <linux/percpu-rwsem.h>
#include <linux/pid.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "internal.h"

/* ---- One task's ------------------------------------------------------------- */

static struct perf_ctx_data **data_slot(struct task_struct *task)
{
	return (struct perf_ctx_data __force **)&task->perf_ctx_data;
}

static void data_free(struct perf_ctx_data *data)
{
	kmem_cache_free(data->ctx_cache, data->data);
	kfree(data);
}

static void data_free_rcu(struct rcu_head *head)
{
	data_free(container_of(head, struct perf_ctx_data, rcu_head));
}

/**
 * perf_task_data_alloc() - make an object that is no task's yet
 * @cache: what to allocate
 * @global: it is for events of CPUs
 *
 * Return: it, with one reference; NULL: no memory.
 *
 * Context: may sleep.
 */
struct perf_ctx_data *perf_task_data_alloc(struct kmem_cache *cache, bool global)
{
	struct perf_ctx_data *data;

	KUNIT_STATIC_STUB_REDIRECT(perf_task_data_alloc, cache, global);
	data = kzalloc(sizeof(*data), GFP_KERNEL);
	if (!data)
		return NULL;
	data->data = kmem_cache_zalloc(cache, GFP_KERNEL);
	if (!data->data) {
		kfree(data);
		return NULL;
	}
	refcount_set(&data->refcount, 1);
	data->ctx_cache = cache;
	data->global = global;

	return data;
}

/* Under RCU since @data was found. */
static void data_put(struct task_struct *task, struct perf_ctx_data *data)
{
	struct perf_ctx_data *found = data;

	if (refcount_dec_and_test(&data->refcount) && try_cmpxchg(data_slot(task), &found, NULL))
		call_rcu(&data->rcu_head, data_free_rcu);
}

/* Under RCU.  -ENOENT: the task has none that lives. */
static int data_share(struct task_struct *task, struct perf_ctx_data *data,
		      struct kmem_cache *cache, bool global)
{
	if (!data || !refcount_inc_not_zero(&data->refcount))
		return -ENOENT;
	if (data->ctx_cache != cache) {
		data_put(task, data);
		return -EBUSY;
	}
	/* Of the references for CPUs one is enough. */
	if (global && xchg(&data->global, 1))
		data_put(task, data);

	return 0;
}

/**
 * perf_task_data_install() - let a task have an object, or a reference on the one it has
 * @task: the task
 * @new: an object that is no task's; the caller gives it up
 *
 * Return: 0; -EBUSY: another PMU keeps data of the task.
 *
 * Context: any but NMI.
 */
int perf_task_data_install(struct task_struct *task, struct perf_ctx_data *new)
{
	struct perf_ctx_data *old;
	int ret;

	guard(rcu)();
	old = rcu_dereference(task->perf_ctx_data);
	do {
		ret = data_share(task, old, new->ctx_cache, new->global);
		if (ret != -ENOENT) {
			data_free(new);
			return ret;
		}
	} while (!try_cmpxchg(data_slot(task), &old, new));
	/* It was dead, and we took it out. */
	if (old)
		call_rcu(&old->rcu_head, data_free_rcu);

	return 0;
}

/**
 * perf_task_data_get() - a task's data are wanted
 * @task: the task
 * @cache: what to allocate if it has none
 * @global: by events of CPUs
 *
 * Return: 0; -ENOMEM; -EBUSY: another PMU keeps data of the task.
 *
 * Context: may sleep.
 */
int perf_task_data_get(struct task_struct *task, struct kmem_cache *cache, bool global)
{
	struct perf_ctx_data *new;
	int ret;

	scoped_guard(rcu)
		ret = data_share(task, rcu_dereference(task->perf_ctx_data), cache, global);
	if (ret != -ENOENT)
		return ret;
	new = perf_task_data_alloc(cache, global);

	return new ? perf_task_data_install(task, new) : -ENOMEM;
}

/**
 * perf_task_data_put() - undo perf_task_data_get()
 * @task: the task
 * @global: as there; then it need not have been done
 *
 * Context: any but NMI.
 */
void perf_task_data_put(struct task_struct *task, bool global)
{
	struct perf_ctx_data *data;

	guard(rcu)();
	data = rcu_dereference(task->perf_ctx_data);
	if (global && (!data || !xchg(&data->global, 0)))
		return;
	if (!WARN_ON_ONCE(!data))
		data_put(task, data);
}

/* ---- All tasks' ------------------------------------------------------------- */

DEFINE_STATIC_PERCPU_RWSEM(global_sem);

/* Events of CPUs that want tasks' data. */
static refcount_t global_users;

/* What they want; NULL: there are none.  Written with global_sem. */
static struct kmem_cache *global_cache;

/* The thread whose PID is the next one from @nr on. */
static struct task_struct *next_by_pid(int *nr)
{
	struct task_struct *task = NULL;
	struct pid *pid;

	guard(rcu)();
	while (!task) {
		pid = find_ge_pid(*nr, &init_pid_ns);
		if (!pid)
			return NULL;
		*nr = pid_nr(pid) + 1;
		task = get_pid_task(pid, PIDTYPE_PID);
	}

	return task;
}

static int attach_global(struct task_struct *task)
{
	int err;

	if (READ_ONCE(task->flags) & PF_EXITING)
		return 0;
	err = perf_task_data_get(task, global_cache, true);
	if (err)
		return err;
	smp_mb(); /* pairs with that in perf_task_data_exit() */
	if (READ_ONCE(task->flags) & PF_EXITING)
		perf_task_data_put(task, true);

	return 0;
}

static void detach_all(void)
{
	struct task_struct *task;
	int nr = 1;

	WRITE_ONCE(global_cache, NULL);
	while ((task = next_by_pid(&nr))) {
		perf_task_data_put(task, true);
		put_task_struct(task);
		cond_resched();
	}
}

static int attach_all(struct kmem_cache *cache)
{
	struct task_struct *task;
	int nr = 1, err = 0;

	WRITE_ONCE(global_cache, cache);
	smp_mb(); /* pairs with that in perf_task_data_sync() */
	while (!err && (task = next_by_pid(&nr))) {
		err = attach_global(task);
		put_task_struct(task);
		cond_resched();
	}
	if (err)
		detach_all();

	return err;
}

static void global_put(void)
{
	if (refcount_dec_not_one(&global_users))
		return;

	percpu_down_write(&global_sem);
	if (refcount_dec_and_test(&global_users))
		detach_all();
	percpu_up_write(&global_sem);
}

static int global_get(struct kmem_cache *cache)
{
	int err = 0;

	if (!refcount_inc_not_zero(&global_users)) {
		percpu_down_write(&global_sem);
		if (!refcount_inc_not_zero(&global_users)) {
			err = attach_all(cache);
			if (!err)
				refcount_set(&global_users, 1);
		}
		percpu_up_write(&global_sem);
	}
	if (!err && READ_ONCE(global_cache) != cache) {
		global_put();
		err = -EBUSY;
	}

	return err;
}

/* ---- Events ----------------------------------------------------------------- */

/**
 * perf_event_init_task_data() - get the data that a new event needs
 * @event: the event, whose PMU is known
 *
 * Return: 0; -ENOMEM; -EBUSY: another PMU keeps data of tasks.
 *
 * Context: may sleep; no mutex of perf_events held if it is an event of a CPU.
 */
int perf_event_init_task_data(struct perf_event *event)
{
	struct kmem_cache *cache = event->pmu->task_ctx_cache;
	struct task_struct *task = event->hw.target;
	int err;

	/* A PMU that swaps keeps its data in contexts: core.c */
	if (!(event->attach_state & PERF_ATTACH_TASK_DATA) || !cache || event->pmu->swap_task_ctx)
		return 0;
	err = task ? perf_task_data_get(task, cache, false) : global_get(cache);
	if (!err)
		event->attach_state |= PERF_ATTACH_HAS_DATA;

	return err;
}

/**
 * perf_event_free_task_data() - undo perf_event_init_task_data()
 * @event: the event, for which it need not have been done
 *
 * Context: as there.
 */
void perf_event_free_task_data(struct perf_event *event)
{
	if (!(event->attach_state & PERF_ATTACH_HAS_DATA))
		return;
	event->attach_state &= ~PERF_ATTACH_HAS_DATA;
	if (event->hw.target)
		perf_task_data_put(event->hw.target, false);
	else
		global_put();
}

/* ---- Tasks ------------------------------------------------------------------ */

/**
 * perf_task_data_sync() - let a task have the data that events of CPUs want
 * @task: a child that can be found by others, or current with another PID
 *
 * Without memory it has none: its records are not kept across switches.
 *
 * Context: may sleep.
 */
void perf_task_data_sync(struct task_struct *task)
{
	smp_mb(); /* it can be found: pairs with that in attach_all() */
	if (likely(!READ_ONCE(global_cache)))
		return;

	percpu_down_read(&global_sem);
	if (global_cache)
		attach_global(task);
	percpu_up_read(&global_sem);
}

/**
 * perf_task_data_exit() - a task exits, or executes a set-user-ID program
 * @task: current; in the second case it keeps its data
 *
 * Events on it keep theirs until they are freed.
 *
 * Context: any but NMI.
 */
void perf_task_data_exit(struct task_struct *task)
{
	if (!(task->flags & PF_EXITING))
		return;
	smp_mb(); /* PF_EXITING is set: pairs with that in attach_global() */
	if (rcu_access_pointer(task->perf_ctx_data))
		perf_task_data_put(task, true);
}
