// SPDX-License-Identifier: GPL-2.0
/*
 * Reading an event from anywhere.
 *
 * What an event has counted is in three places: in the hardware, where only
 * the CPU that it is on (or one near by, perf_pmu_read_cpu()) can fetch it; in
 * event->count, where the PMU leaves it when the event goes off; and, of
 * inherited copies that have ended, in the event's child_count.  Times are the
 * same: event->total_time_* are correct up to event->tstamp; the clock of the
 * context (or cgroup) tells what has passed since.
 *
 * A reading is made in one piece, by perf_read_try(), under ctx->lock, which
 * holds states, oncpu and times still.  If the event is on another CPU it says
 * which, and is called again there by IPI; if by then the event has moved on, it
 * says so, and so forth.  There is no other way to read, so that count and times,
 * and the members of a group, always belong to one moment.
 *
 * No IPI is needed for an event that is not on (its count is complete), that is
 * on this CPU, or that is resident (memory holds its count).
 *
 * The clock of a context that runs elsewhere
 * ------------------------------------------
 *
 * perf_clock_update() may be called here although the clock runs on another
 * CPU: ctx->lock keeps out everybody but that CPU's NMIs, and those read only
 * clock->offset (time - stamp), which an update leaves as it is.  local_clock()
 * of two CPUs may differ a little.  Then an update on the one that is behind
 * does nothing, so that no reader ever sees the time of an earlier one undercut;
 * and as time - stamp stays, the differences do not add up.
 *
 * Reading does not write total_time_* or tstamp: an NMI may be computing with
 * them.
 *
 * Copies
 * ------
 *
 * child_mutex of the root event keeps copies from being folded into it: each is
 * either on child_list or in the child_* sums.  The context of a copy is not
 * locked by mutex, so that its group may fall apart at any moment; generation
 * and number of siblings, compared under its ctx->lock, tell whether its members
 * are still those of the root's group, in the same order.  If not: -ECHILD.
 */
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "internal.h"

/* ---- One reading ----------------------------------------------------------- */

/* Of one event, copies included. */
struct perf_read_row {
	u64	count;
	u64	id;
	u64	lost;
};

/* A reading under way; further ones, of copies, are added to it. */
struct perf_read {
	struct perf_event	*event;
	bool			group;		/* and its siblings; it leads them */
	u64			enabled;	/* of a group, its leader's */
	u64			running;
	unsigned int		nr;		/* rows; 0: only bring counts in */
	struct perf_read_row	*rows;		/* leader, siblings in order */
	bool			more;		/* they hold something: add to it */
	int			cpu;		/* where to try next, -1: done */
	int			err;		/* when done */
};

/* On this CPU, or one that may read for it; ctx->lock held. */
static int read_counters(struct perf_event *event, bool group)
{
	struct pmu *pmu = event->pmu;
	bool txn = group && pmu->start_txn;
	struct perf_event *sibling;

	if (txn)
		pmu->start_txn(pmu, PERF_PMU_TXN_READ);

	perf_event_pmu_read(event);
	if (!group)
		return 0;

	for_each_sibling_event(sibling, event) {
		if (sibling->state == PERF_EVENT_STATE_ACTIVE)
			perf_event_pmu_read(sibling);
	}

	return txn ? pmu->commit_txn(pmu) : 0;
}

static void row_add(struct perf_read_row *row, struct perf_event *event, bool more)
{
	struct perf_read_row own = {
		.count	= perf_event_count(event, false),
		.id	= perf_event_root(event)->id,
		.lost	= atomic64_read(&event->lost_samples),
	};

	if (more) {
		own.count += row->count;
		own.lost += row->lost;
	}
	*row = own;
}

/* Is the group of a copy still a copy of the root's group?  ctx->lock held. */
static bool group_is_whole(struct perf_event *leader)
{
	struct perf_event *root = leader->parent;

	return !root || (leader->group_leader == leader &&
			 leader->group_generation == root->group_generation &&
			 leader->nr_siblings == root->nr_siblings);
}

/* ctx->lock held; counts and clock up to date. */
static int read_add(struct perf_read *read)
{
	struct perf_event *event = read->event, *sibling;
	struct perf_read_row *row = read->rows;
	u64 enabled, running;

	/* Its task has not run. */
	if (read->group && event->group_unmade)
		return 0;
	if (read->group &&
	    (!group_is_whole(event) || WARN_ON_ONCE(event->nr_siblings >= read->nr)))
		return -ECHILD;

	perf_event_times(event, &enabled, &running);
	read->enabled += enabled + atomic64_read(&event->child_total_time_enabled);
	read->running += running + atomic64_read(&event->child_total_time_running);

	row_add(row, event, read->more);
	if (read->group) {
		for_each_sibling_event(sibling, event)
			row_add(++row, sibling, read->more);
	}
	read->more = true;

	return 0;
}

static void update_clock(struct perf_event *event)
{
	perf_clock_update(is_cgroup_event(event) ? perf_cgroup_clock(event) : &event->ctx->clock,
			  perf_clock());
}

/*
 * Read here, if this is a place to read from.  Returns -1 when done, otherwise
 * the CPU to try.  Any CPU, IRQs on or off.
 */
static int perf_read_try(struct perf_read *read)
{
	struct perf_event *event = read->event;

	guard(raw_spinlock_irqsave)(&event->ctx->lock);

	read->err = 0;
	if (event->state == PERF_EVENT_STATE_ACTIVE && !event->resident) {
		int cpu = perf_pmu_read_cpu(event, event->oncpu);

		if (cpu == smp_processor_id())
			read->err = read_counters(event, read->group);
		else if (cpu_online(cpu))
			return cpu;
		/* else the CPU has taken its counters with it */
	}

	if (!read->err && read->nr) {
		update_clock(event);
		read->err = read_add(read);
	}

	return -1;
}

static void perf_read_ipi(void *info)
{
	struct perf_read *read = info;

	read->cpu = perf_read_try(read);
}

/* Each turn follows a move of the event. */
static int perf_read_run(struct perf_read *read)
{
	read->cpu = perf_read_try(read);
	while (read->cpu >= 0) {
		if (smp_call_function_single(read->cpu, perf_read_ipi, read, 1))
			read->cpu = perf_read_try(read);
	}

	return read->err;
}

/**
 * perf_event_read() - bring an event's count up to date
 * @event: the event
 * @group: its siblings' too; @event is their leader
 *
 * The count alone: times are for readers to work out, as everywhere in this
 * file.  It goes on counting meanwhile.
 *
 * Context: task, IRQs on; no ctx->lock held.  ctx->mutex held, or something
 * else that keeps @event alive and in its context.
 *
 * Return: 0; an errno of the PMU, if it read the group as one and failed.
 */
int perf_event_read(struct perf_event *event, bool group)
{
	struct perf_read read = { .event = event, .group = group };

	return perf_read_run(&read);
}

/* ---- Event and copies --------------------------------------------------------- */

static int perf_read_copies(struct perf_read *read)
{
	struct perf_event *root = read->event, *child;
	int err = perf_read_run(read);

	list_for_each_entry(child, &root->child_list, child_list) {
		if (err)
			break;
		read->event = child;
		err = perf_read_run(read);
	}

	return err;
}

/* Add up read->event and its copies; ctx->mutex held. */
static int perf_read_tree(struct perf_read *read)
{
	struct perf_event *root = read->event;
	int err;

	lockdep_assert_held(&root->ctx->mutex);

	/*
	 * Without copies, nor can a first one be made: ctx->mutex.  What the last one
	 * has counted is in the sums.  Pairs with list_del_init_careful() in
	 * child_leave().
	 */
	if (list_empty_careful(&root->child_list))
		return perf_read_run(read);

	/*
	 * Two that swap their counts could be seen both before and after, or not at all.
	 * Pairs with READ_ONCE() in event_lists_match(): who swaps holds the locks of
	 * both, of which we take one after the other, so either is done before the first
	 * of them is read, or sees this.
	 */
	guard(mutex)(&root->child_mutex);
	WRITE_ONCE(root->summing, true);
	err = perf_read_copies(read);
	WRITE_ONCE(root->summing, false);

	return err;
}

/**
 * perf_event_read_value() - read an event
 * @event: the event
 * @enabled: set to its time enabled, ns
 * @running: set to its time running, ns
 *
 * Context: task; sleeps; no ctx->mutex held.
 *
 * Return: the count, with that of all inherited copies.
 */
u64 perf_event_read_value(struct perf_event *event, u64 *enabled, u64 *running)
{
	struct perf_read_row row __uninitialized;
	struct perf_read read = { .event = event, .nr = 1, .rows = &row };
	struct perf_event_context *ctx = perf_event_ctx_lock(event);

	/* One event cannot fail: there is neither a group nor a transaction. */
	perf_read_tree(&read);
	perf_event_ctx_unlock(ctx);

	*enabled = read.enabled;
	*running = read.running;
	return row.count;
}
EXPORT_SYMBOL_GPL(perf_event_read_value);

/* ---- From where the event is ----------------------------------------------------- */

/* Can this CPU read it as it stands?  oncpu pairs with WRITE_ONCE() in sched.c. */
static bool is_on_here(struct perf_event *event)
{
	int cpu = READ_ONCE(event->oncpu);

	return cpu >= 0 && perf_pmu_read_cpu(event, cpu) == smp_processor_id();
}

/* IRQs off. */
static int check_local(struct perf_event *event)
{
	/* Copies are elsewhere, and this is no place to wait for them. */
	if (event->attr.inherit)
		return -EOPNOTSUPP;

	if (event->attach_state & PERF_ATTACH_TASK) {
		if (event->hw.target != current)
			return -EINVAL;
	} else if (perf_pmu_read_cpu(event, event->cpu) != smp_processor_id()) {
		return -EINVAL;
	}

	/*
	 * What is pinned is on, or has failed.  A resident one is where its
	 * task is, that is here; its oncpu tells nothing.
	 */
	return event->attr.pinned && !READ_ONCE(event->resident) && !is_on_here(event) ?
		-EBUSY : 0;
}

/**
 * perf_event_read_local() - read an event of this CPU or of current
 * @event: the event
 * @value: set to its count
 * @enabled: set to its time enabled, ns; may be NULL
 * @running: set to its time running, ns; may be NULL
 *
 * Context: any, NMI included; takes no lock.
 *
 * Return: 0; -EOPNOTSUPP if @event has inherited copies; -EINVAL if it belongs
 * to another task or CPU; -EBUSY if it is pinned and not on.
 */
int perf_event_read_local(struct perf_event *event, u64 *value, u64 *enabled, u64 *running)
{
	u64 times[2];
	int err;

	/* Keeps switches, rotation and cross calls of this CPU away. */
	guard(irqsave)();

	err = check_local(event);
	if (err)
		return err;

	if (is_on_here(event))
		perf_event_pmu_read(event);

	*value = local64_read(&event->count);
	perf_event_times_now(event, NULL, &times[0], &times[1]);
	if (enabled)
		*enabled = times[0];
	if (running)
		*running = times[1];

	return 0;
}

/* ---- read(2) ------------------------------------------------------------------------ */

/* Words before the rows of a group at most: nr, enabled, running. */
#define HEAD_WORDS	3
#define ROW_WORDS	(sizeof(struct perf_read_row) / sizeof(u64))

/* Groups of so many events are read without an allocation. */
#define FEW_EVENTS	4

static size_t words_size(u64 format, unsigned int nr)
{
	unsigned int head = hweight64(format & (PERF_FORMAT_GROUP |
						PERF_FORMAT_TOTAL_TIME_ENABLED |
						PERF_FORMAT_TOTAL_TIME_RUNNING));
	unsigned int row = 1 + hweight64(format & (PERF_FORMAT_ID | PERF_FORMAT_LOST));

	return (head + nr * row) * sizeof(u64);
}

static u64 *put_times(u64 *to, const struct perf_read *read, u64 format)
{
	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		*to++ = read->enabled;
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		*to++ = read->running;

	return to;
}

/*
 * As in enum perf_event_read_format.  What is written never overtakes what is
 * read, so that @to may lie HEAD_WORDS before the rows, which it then replaces.
 */
static void put_words(u64 *to, const struct perf_read *read, u64 format)
{
	if (read->group) {
		*to++ = read->nr;
		to = put_times(to, read, format);
	}

	for (unsigned int i = 0; i < read->nr; i++) {
		struct perf_read_row row = read->rows[i];

		*to++ = row.count;
		if (!read->group)
			to = put_times(to, read, format);
		if (format & PERF_FORMAT_ID)
			*to++ = row.id;
		if (format & PERF_FORMAT_LOST)
			*to++ = row.lost;
	}
}

/*
 * Read into @words; if it has no room, into an allocation that @words is set
 * to.  ctx->mutex held.  Returns bytes, at most @room, or an errno.
 */
static ssize_t read_into(struct perf_event *event, u64 **words, size_t room)
{
	u64 format = event->attr.read_format;
	bool group = format & PERF_FORMAT_GROUP;
	enum perf_event_state state = READ_ONCE(event->state);
	struct perf_read read = { .event = group ? event->group_leader : event, .group = group };
	size_t size;
	int err;

	read.nr = group ? 1 + read.event->nr_siblings : 1;

	/* Pinned, and there was no place for it: nothing more will come. */
	if (state == PERF_EVENT_STATE_ERROR)
		return 0;
	if (perf_event_is_orphan(event))
		return -ENODEV;
	size = words_size(format, read.nr);
	if (size > room)
		return -ENOSPC;

	if (read.nr > FEW_EVENTS)
		*words = kmalloc_array(HEAD_WORDS + read.nr * ROW_WORDS, sizeof(u64), GFP_KERNEL);
	if (!*words)
		return -ENOMEM;

	read.rows = (struct perf_read_row *)(*words + HEAD_WORDS);
	err = perf_read_tree(&read);
	if (err)
		return err;

	put_words(*words, &read, format);
	return size;
}

/**
 * perf_event_read_to_user() - read(2)
 * @event: the event
 * @buf: the user's
 * @count: bytes that fit there
 *
 * Context: task; sleeps, faults; no ctx->mutex held.
 *
 * Return: bytes written; 0 if @event is pinned and has lost its counter;
 * -ENOSPC if @count is too small; -ENODEV if its PMU has gone; -ECHILD if the
 * group and its copies no longer agree; -ENOMEM; -EFAULT; an errno of the PMU.
 */
ssize_t perf_event_read_to_user(struct perf_event *event, char __user *buf, size_t count)
{
	u64 few[HEAD_WORDS + FEW_EVENTS * ROW_WORDS] __uninitialized;
	struct perf_event_context *ctx;
	u64 *words = few;
	ssize_t size;

	ctx = perf_event_ctx_lock(event);
	size = read_into(event, &words, count);
	perf_event_ctx_unlock(ctx);

	if (size > 0 && copy_to_user(buf, words, size))
		size = -EFAULT;
	if (words != few)
		kfree(words);

	return size;
}

/* ---- Back to zero ----------------------------------------------------------------------- */

/* A perf_ctx_fn: where the count changes, so that no step of it is lost or kept. */
static void perf_event_zero(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx,
			    void *arg)
{
	struct perf_event *event = arg;

	if (cpuctx && event->state == PERF_EVENT_STATE_ACTIVE && !event->resident)
		perf_event_pmu_read(event);
	local64_set(&event->count, 0);
	perf_event_update_userpage(event);
}

/* Times go on, and so does what ended copies have counted. */
const struct perf_event_op perf_event_op_reset = { .fn = perf_event_zero };

/**
 * perf_event_pause() - disable an event and take its count
 * @event: a kernel counter that is not inherited
 * @reset: leave zero behind
 *
 * Context: task; sleeps; no ctx->mutex held.
 *
 * Return: what it has counted up to where it stopped.
 */
u64 perf_event_pause(struct perf_event *event, bool reset)
{
	struct perf_event_context *ctx = perf_event_ctx_lock(event);
	u64 count;

	WARN_ON_ONCE(event->attr.inherit);
	perf_event_disable_locked(event);
	count = local64_read(&event->count);
	if (reset)
		local64_set(&event->count, 0);
	perf_event_ctx_unlock(ctx);

	return count;
}
EXPORT_SYMBOL_GPL(perf_event_pause);
