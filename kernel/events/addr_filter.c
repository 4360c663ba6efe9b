// SPDX-License-Identifier: GPL-2.0
/*
 * Address filters: tracing only where it matters.
 *
 * A PMU that traces instructions may be able to do so in a few address ranges
 * only.  The user writes
 *
 *	ACTION OFFSET[/SIZE][@FILE]
 *
 * any number of times, with spaces, commas or newlines between the words.  ACTION
 * is "filter" (trace inside), "start" or "stop" (begin or end there).  Without FILE
 * the address is the kernel's.  With it OFFSET counts in that file, and is good for
 * any task, wherever the file is mapped there.
 *
 * Two steps lead from there to the hardware:
 *
 *  1. A filter becomes a range of addresses in event->addr_filter_ranges, when
 *     filters are set (from the mappings that there are), when the task maps
 *     something, and on exec (no mappings are left).  That makes a new generation.
 *  2. pmu->start() calls perf_event_addr_filters_sync(): if the generation is not
 *     the one that the driver knows, pmu->addr_filters_sync() translates.  An event
 *     that is on while step 1 happens is stopped and started.
 *
 * Rules
 * -----
 *
 * Filters belong to the event that was opened; its children share them and have
 * ranges of their own.  The filters change under the root's ctx->mutex and its
 * addr_filters.lock; ranges and generation of all sharers under the latter.  It is
 * a leaf, taken with IRQs off, also from pmu->start() under ctx->lock.
 *
 * A task's own mapping and exec work on its context under ctx->lock with IRQs off:
 * an event there is on this CPU or on none.
 */
#include <linux/atomic.h>
#include <linux/ctype.h>
#include <linux/dcache.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <kunit/visibility.h>

#include "internal.h"

/* ---- Data ---------------------------------------------------------------- */

/* Filters before they are an event's, or when they no longer are. */
struct filter_set {
	struct list_head	list;
	unsigned int		nr;
	unsigned int		nr_files;
};

/* How many events have filters about files: nobody looks at mappings while 0. */
static atomic_t nr_watching = ATOMIC_INIT(0);

/* ---- Words --------------------------------------------------------------- */

static const char * const action_names[] = {
	[PERF_ADDR_FILTER_ACTION_STOP]		= "stop",
	[PERF_ADDR_FILTER_ACTION_START]		= "start",
	[PERF_ADDR_FILTER_ACTION_FILTER]	= "filter",
};

static char *next_word(char **str)
{
	char *word;

	do {
		word = strsep(str, " ,\n");
	} while (word && !*word);

	return word;
}

/* A number, with or without 0x, and nothing else. */
static int parse_number(const char *str, unsigned long *value)
{
	if (!isdigit(*str))
		return -EINVAL;

	return kstrtoul(str, 0, value);
}

/* OFFSET[/SIZE][@FILE]; a FILE may contain anything but a separator. */
static int parse_range(char *file, struct perf_addr_filter_spec *spec)
{
	char *size = strsep(&file, "@");
	char *offset = strsep(&size, "/");
	int err;

	err = parse_number(offset, &spec->offset);
	if (!err && size)
		err = parse_number(size, &spec->size);
	if (err)
		return err;
	if (file && !*file)
		return -EINVAL;

	spec->file = file;
	return 0;
}

/**
 * perf_addr_filter_next() - take a filter from a string
 * @str: the string, which is cut to pieces; advanced
 * @spec: the filter; its file is part of the string
 *
 * Context: any; pure.
 * Return: 1; 0 at the end of the string; -EINVAL for what is no filter, -ERANGE for
 * a number that is too large.
 */
VISIBLE_IF_KUNIT int perf_addr_filter_next(char **str, struct perf_addr_filter_spec *spec)
{
	char *action, *range;
	int match, err;

	action = next_word(str);
	if (!action)
		return 0;

	match = match_string(action_names, ARRAY_SIZE(action_names), action);
	range = next_word(str);
	if (match < 0 || !range)
		return -EINVAL;

	*spec = (struct perf_addr_filter_spec) { .action = match };
	err = parse_range(range, spec);
	if (err)
		return err;

	/* There is nothing inside an address. */
	if (match == PERF_ADDR_FILTER_ACTION_FILTER && !spec->size)
		return -EINVAL;

	return 1;
}

/* ---- Sets ---------------------------------------------------------------- */

static void filter_set_free(struct filter_set *set)
{
	struct perf_addr_filter *filter, *next;

	list_for_each_entry_safe(filter, next, &set->list, entry) {
		path_put(&filter->path);
		kfree(filter);
	}
}

/*
 * The same file is at another address in each task: who has no task of its own
 * would need new ranges at each switch.
 */
static int filter_lookup(struct perf_event *event, const char *file, struct path *path)
{
	int err;

	if (!perf_ctx_is_task(event->ctx))
		return -EOPNOTSUPP;

	err = kern_path(file, LOOKUP_FOLLOW, path);
	if (err)
		return err;

	if (!d_is_reg(path->dentry)) {
		path_put(path);
		*path = (struct path) {};
		return -EINVAL;
	}

	return 0;
}

static int filter_set_add(struct filter_set *set, struct perf_event *event,
			  const struct perf_addr_filter_spec *spec)
{
	struct perf_addr_filter *filter = kzalloc(sizeof(*filter), GFP_KERNEL);

	if (!filter)
		return -ENOMEM;

	filter->action = spec->action;
	filter->offset = spec->offset;
	filter->size = spec->size;
	list_add_tail(&filter->entry, &set->list);
	set->nr++;
	if (!spec->file)
		return 0;

	set->nr_files++;
	return filter_lookup(event, spec->file, &filter->path);
}

/* On an error @set holds what there was before it. */
static int filter_set_parse(struct filter_set *set, struct perf_event *event, char *str)
{
	struct perf_addr_filter_spec spec;
	int ret;

	while ((ret = perf_addr_filter_next(&str, &spec)) > 0) {
		ret = filter_set_add(set, event, &spec);
		if (ret)
			break;
	}

	return ret;
}

static int filter_set_validate(struct filter_set *set, struct perf_event *event)
{
	int err = event->pmu->addr_filters_validate(&set->list);

	if (!err && set->nr > event->pmu->nr_addr_filters)
		err = -EOPNOTSUPP;

	return err;
}

/* The event's filters become @set, and @set what they were. */
static void filter_set_swap(struct filter_set *set, struct perf_event *event)
{
	struct perf_addr_filters_head *head = &event->addr_filters;
	unsigned int nr_files = head->nr_file_filters;
	LIST_HEAD(old);

	scoped_guard(raw_spinlock_irqsave, &head->lock) {
		list_splice_init(&head->list, &old);
		list_splice_init(&set->list, &head->list);
		head->nr_file_filters = set->nr_files;
	}

	list_splice(&old, &set->list);
	atomic_add(!!set->nr_files - !!nr_files, &nr_watching);
	set->nr_files = nr_files;
}

/* ---- Ranges -------------------------------------------------------------- */

/**
 * perf_addr_filter_map() - where is a filter, if its file is mapped like this?
 * @filter: the filter
 * @vma: a mapping of its file
 * @range: the common part, in the task's addresses
 *
 * A filter of size 0 is a point; as a range it keeps its size.
 *
 * Context: any; pure.
 * Return: false, and @range as it was, if they have nothing in common.
 */
VISIBLE_IF_KUNIT bool perf_addr_filter_map(const struct perf_addr_filter *filter,
					   const struct vm_area_struct *vma,
					   struct perf_addr_filter_range *range)
{
	unsigned long first = vma->vm_pgoff << PAGE_SHIFT;
	unsigned long len = vma->vm_end - vma->vm_start;
	unsigned long ahead, behind;

	if (filter->offset >= first) {
		ahead = filter->offset - first;
		if (ahead >= len)
			return false;

		range->start = vma->vm_start + ahead;
		range->size = min(filter->size, len - ahead);
		return true;
	}

	behind = first - filter->offset;
	if (behind >= filter->size)
		return false;

	range->start = vma->vm_start;
	range->size = min(filter->size - behind, len);
	return true;
}

/* Only code is traced. */
static bool filter_match(struct perf_addr_filter *filter, struct vm_area_struct *vma,
			 struct perf_addr_filter_range *range)
{
	if (!filter->path.dentry || !vma->vm_file || !(vma->vm_flags & VM_EXEC))
		return false;
	if (d_inode(filter->path.dentry) != file_inode(vma->vm_file))
		return false;

	return perf_addr_filter_map(filter, vma, range);
}

/* The first mapping that matches; mmap_lock is held for reading if there is a @mm. */
static struct perf_addr_filter_range filter_range(struct perf_addr_filter *filter,
						  struct mm_struct *mm)
{
	struct perf_addr_filter_range range = {};
	struct vm_area_struct *vma;

	if (!filter->path.dentry) {
		range.start = filter->offset;
		range.size = filter->size;
		return range;
	}
	if (!mm)
		return range;

	VMA_ITERATOR(vmi, mm, 0);

	for_each_vma(vmi, vma) {
		if (filter_match(filter, vma, &range))
			break;
	}

	return range;
}

/*
 * Compute all ranges.  The filters stand still: the root's ctx->mutex is held.
 * Mappings are searched outside of the lock, which has IRQs off.
 */
static void ranges_compute(struct perf_event *event, struct mm_struct *mm)
{
	struct perf_addr_filters_head *head = perf_event_addr_filters(event);
	struct perf_addr_filter_range range;
	struct perf_addr_filter *filter;
	unsigned int i = 0;

	list_for_each_entry(filter, &head->list, entry) {
		range = filter_range(filter, mm);
		guard(raw_spinlock_irqsave)(&head->lock);
		event->addr_filter_ranges[i++] = range;
	}

	guard(raw_spinlock_irqsave)(&head->lock);
	event->addr_filters_gen++;
}

/*
 * A task maps @vma or, if that is NULL, exec has unmapped everything.
 * Return: a range is not what it was.
 */
static bool ranges_follow(struct perf_event *event, struct vm_area_struct *vma)
{
	struct perf_addr_filters_head *head = perf_event_addr_filters(event);
	struct perf_addr_filter_range *range = event->addr_filter_ranges;
	struct perf_addr_filter *filter;
	bool changed = false;

	guard(raw_spinlock)(&head->lock);

	list_for_each_entry(filter, &head->list, entry) {
		if (vma) {
			changed |= filter_match(filter, vma, range);
		} else if (filter->path.dentry) {
			*range = (struct perf_addr_filter_range) {};
			changed = true;
		}
		range++;
	}
	if (changed)
		event->addr_filters_gen++;

	return changed;
}

/* ---- Restart ------------------------------------------------------------- */

/* IRQs off, ctx->lock held: an event that is on is on this CPU. */
static void event_restart_local(struct perf_event *event)
{
	if (event->state != PERF_EVENT_STATE_ACTIVE)
		return;

	event->pmu->stop(event, PERF_EF_UPDATE);
	perf_event_pmu_start(event, 0);
}

static void event_restart_ipi(struct perf_cpu_context *cpuctx,
			      struct perf_event_context *ctx, void *arg)
{
	if (cpuctx)
		event_restart_local(arg);
}

/* Current's events see what @vma did. */
static void ctx_follow_locked(struct perf_event_context *ctx, struct vm_area_struct *vma)
{
	struct perf_event *event;

	lockdep_assert_held(&ctx->lock);

	list_for_each_entry(event, &ctx->event_list, event_entry) {
		if (has_addr_filter(event) && ranges_follow(event, vma))
			event_restart_local(event);
	}
}

/* The task whose address space counts, with a reference; NULL if it has exited. */
static struct task_struct *event_task_get(struct perf_event *event)
{
	struct task_struct *task;

	guard(raw_spinlock_irqsave)(&event->ctx->lock);

	task = event->ctx->task;
	if (!task || task == TASK_TOMBSTONE)
		return NULL;

	return get_task_struct(task);
}

/* Return: false if the task has changed its address space meanwhile. */
static bool ranges_compute_task(struct perf_event *event, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	bool current_mm;

	if (!mm) {
		ranges_compute(event, NULL);
		return true;
	}

	mmap_read_lock(mm);
	ranges_compute(event, mm);
	mmap_read_unlock(mm);

	/*
	 * exec sets task->mm and then clears the ranges under ctx->lock and
	 * addr_filters.lock, which ranges_compute() took last: either it cleared
	 * what we stored, or we see the new mm.
	 */
	current_mm = READ_ONCE(task->mm) == mm;
	mmput(mm);

	return current_mm;
}

/* New filters: the root's ctx->mutex is held, for a child also its child_mutex. */
static void event_apply_filters(struct perf_event *event)
{
	struct task_struct *task = NULL;

	if (perf_event_addr_filters(event)->nr_file_filters)
		task = event_task_get(event);

	if (!task) {
		ranges_compute(event, NULL);
	} else {
		while (!ranges_compute_task(event, task))
			cond_resched();
		put_task_struct(task);
	}

	perf_ctx_call(event->ctx, event->cpu, event_restart_ipi, event);
}

/* ---- Public -------------------------------------------------------------- */

/**
 * perf_event_addr_filters_sync() - let the driver see new ranges
 * @event: the event that is about to start
 *
 * Context: pmu->start(), IRQs off; takes addr_filters.lock, hence not from NMI.
 */
void perf_event_addr_filters_sync(struct perf_event *event)
{
	struct perf_addr_filters_head *head = perf_event_addr_filters(event);

	if (!has_addr_filter(event))
		return;

	guard(raw_spinlock)(&head->lock);

	if (event->hw.addr_filters_gen == event->addr_filters_gen)
		return;

	event->pmu->addr_filters_sync(event);
	event->hw.addr_filters_gen = event->addr_filters_gen;
}
EXPORT_SYMBOL_GPL(perf_event_addr_filters_sync);

/**
 * perf_addr_filters_init() - prepare an event for filters
 * @event: a new event, its PMU known
 *
 * The first generation makes the first start call the driver.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int perf_addr_filters_init(struct perf_event *event)
{
	if (!has_addr_filter(event))
		return 0;

	event->addr_filter_ranges = kcalloc(event->pmu->nr_addr_filters,
					    sizeof(*event->addr_filter_ranges), GFP_KERNEL);
	if (!event->addr_filter_ranges)
		return -ENOMEM;

	event->addr_filters_gen = 1;
	return 0;
}

/**
 * perf_addr_filters_free() - undo perf_addr_filters_init(), if it was called
 * @event: an event that is in no context and has no children
 *
 * Context: may sleep: files are put.
 */
void perf_addr_filters_free(struct perf_event *event)
{
	struct filter_set none = { .list = LIST_HEAD_INIT(none.list) };

	if (!event->addr_filter_ranges)
		return;

	filter_set_swap(&none, event);
	filter_set_free(&none);
	kfree(event->addr_filter_ranges);
	event->addr_filter_ranges = NULL;
}

/**
 * perf_addr_filters_inherit() - a child begins with its parent's ranges
 * @event: the child, after perf_addr_filters_init()
 * @parent: the event it is made from: the task that forks has the mappings that
 *	    the new one will have
 *
 * Context: any; in the section under child_mutex that makes the child known, or a
 * change of filters may come between and miss the child.
 */
void perf_addr_filters_inherit(struct perf_event *event, struct perf_event *parent)
{
	if (!has_addr_filter(event))
		return;

	guard(raw_spinlock_irqsave)(&perf_event_addr_filters(event)->lock);
	memcpy(event->addr_filter_ranges, parent->addr_filter_ranges,
	       event->pmu->nr_addr_filters * sizeof(*event->addr_filter_ranges));
}

static void family_apply_filters(struct perf_event *event)
{
	struct perf_event *child;

	guard(mutex)(&event->child_mutex);
	event_apply_filters(event);
	list_for_each_entry(child, &event->child_list, child_list)
		event_apply_filters(child);
}

/**
 * perf_addr_filters_set() - replace an event's filters
 * @event: a root event whose PMU has filters
 * @str: the filters; is cut to pieces
 *
 * Context: may sleep; ctx->mutex held; takes child_mutex.
 * Return: 0; -EINVAL for a string that does not describe filters, or a file that is
 * not regular; -ERANGE for a number that is too large; -EOPNOTSUPP for a file where
 * the event has no task, for too many filters, and for what the PMU cannot do;
 * -ENOMEM; what looking for the file returned.  On an error nothing has changed.
 */
int perf_addr_filters_set(struct perf_event *event, char *str)
{
	struct filter_set set = { .list = LIST_HEAD_INIT(set.list) };
	int err;

	lockdep_assert_held(&event->ctx->mutex);

	if (WARN_ON_ONCE(event->parent))
		return -EINVAL;

	err = filter_set_parse(&set, event, str);
	if (!err)
		err = filter_set_validate(&set, event);
	if (!err) {
		filter_set_swap(&set, event);
		family_apply_filters(event);
	}
	filter_set_free(&set);

	return err;
}

/**
 * perf_event_set_filter() - PERF_EVENT_IOC_SET_FILTER
 * @event: the event
 * @arg: a string; a filter of tracing or address filters, by the event's PMU
 *
 * Context: may sleep; no ctx->mutex held (see perf_tracing_set_filter()).
 * Return: 0; -EFAULT; -EINVAL for a string of a page or more, or a PMU that has no
 * filters; -ENODEV if the PMU has gone; or what perf_tracing_set_filter() or
 * perf_addr_filters_set() returns.
 */
int perf_event_set_filter(struct perf_event *event, void __user *arg)
{
	char *str __free(kfree) = strndup_user(arg, PAGE_SIZE);
	struct perf_event_context *ctx;
	int err;

	if (IS_ERR(str))
		return PTR_ERR(str);
	if (perf_event_is_tracing(event))
		return perf_tracing_set_filter(event, str);

	ctx = perf_event_ctx_lock(event);
	if (perf_event_is_orphan(event))
		err = -ENODEV;
	else
		err = has_addr_filter(event) ? perf_addr_filters_set(event, str) : -EINVAL;
	perf_event_ctx_unlock(ctx);

	return err;
}

/**
 * perf_addr_filters_exec() - current has a new address space
 * @ctx: current's context, pinned: it may not be swapped meanwhile
 *
 * Context: exec, after the change; no lock of @ctx held.
 */
void perf_addr_filters_exec(struct perf_event_context *ctx)
{
	if (!atomic_read(&nr_watching))
		return;

	guard(raw_spinlock_irqsave)(&ctx->lock);
	if (!WARN_ON_ONCE(ctx->task != current))
		ctx_follow_locked(ctx, NULL);
}

/**
 * perf_addr_filters_mmap() - current has a new mapping
 * @vma: the mapping
 *
 * Context: mmap_lock held for writing.
 */
void perf_addr_filters_mmap(struct vm_area_struct *vma)
{
	struct perf_event_context *ctx;
	unsigned long flags;

	if (!atomic_read(&nr_watching) || !(vma->vm_flags & VM_EXEC))
		return;

	ctx = perf_ctx_lock_task(current, &flags);
	if (!ctx)
		return;

	ctx_follow_locked(ctx, vma);
	raw_spin_unlock_irqrestore(&ctx->lock, flags);
}
