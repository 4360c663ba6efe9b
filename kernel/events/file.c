// SPDX-License-Identifier: GPL-2.0
/*
 * What user space does with the descriptor of an event.
 *
 * The file holds one reference on its event, file->private_data, which is there
 * from before the descriptor is installed until release; NULL only in a file
 * whose open failed.  So nothing here asks whether the event is still there, only
 * what state it is in: REVOKED, as its PMU has gone (-ENODEV, POLLERR); EXIT, as
 * its task has ended (it can be read); ERROR, as it lost its counter.
 *
 * A command of ioctl(2) is one row of a table, known by its full code.  Numbers alone
 * do not tell commands apart: 7 and 8 are two each, of other direction and size.
 * Rows that say so run with ctx->mutex held; the others take what they need
 * themselves.  What reads or writes the user's memory is of the others: a page that is
 * slow to come would keep those who want the mutex, an exit of the task among them.
 *
 * What a command does to an event it does to its inherited copies too, under
 * the event's child_mutex; REFRESH and what is about buffers and programs is for
 * the event alone.
 */
#include <linux/bpf.h>
#include <linux/compat.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/trace_events.h>

#include "internal.h"

/* ---- Period ------------------------------------------------------------------ */

struct period_arg {
	struct perf_event	*event;
	u64			value;
};

/* A perf_ctx_fn. */
static void period_apply(struct perf_cpu_context *cpuctx, struct perf_event_context *ctx, void *arg)
{
	struct period_arg *period = arg;
	struct perf_event *event = period->event;
	bool on = cpuctx && event->state == PERF_EVENT_STATE_ACTIVE;

	if (event->attr.freq) {
		event->attr.sample_freq = period->value;
	} else {
		event->attr.sample_period = period->value;
		event->hw.sample_period = period->value;
	}

	if (on) {
		perf_pmu_disable(event->pmu);
		/* The limit was for the old period. */
		if (event->hw.interrupts == MAX_INTERRUPTS)
			perf_event_unthrottle(event, false);
		event->pmu->stop(event, PERF_EF_UPDATE);
	}

	/* Nothing left: what starts it next begins a period. */
	local64_set(&event->hw.period_left, 0);

	if (on) {
		perf_event_pmu_start(event, PERF_EF_RELOAD);
		perf_pmu_enable(event->pmu);
	}
}

static bool period_is_valid(struct perf_event *event, u64 value)
{
	if (!is_sampling_event(event) || !value)
		return false;
	if (event->attr.freq)
		return value <= READ_ONCE(sysctl_perf_event_sample_rate);
	if ((s64)value < 0)
		return false;

	return !event->pmu->check_period || !event->pmu->check_period(event, value);
}

/* ctx->mutex held. */
static int perf_event_period_locked(struct perf_event *event, u64 value)
{
	struct period_arg period = { .event = event, .value = value };
	struct perf_event *child;

	lockdep_assert_held(&event->ctx->mutex);

	if (perf_event_is_orphan(event))
		return -ENODEV;
	if (!period_is_valid(event, value))
		return -EINVAL;

	guard(mutex)(&event->child_mutex);
	perf_ctx_call(event->ctx, event->cpu, period_apply, &period);
	list_for_each_entry(child, &event->child_list, child_list) {
		period.event = child;
		perf_ctx_call(child->ctx, child->cpu, period_apply, &period);
	}

	return 0;
}

/**
 * perf_event_period() - change how often an event samples
 * @event: the event
 * @value: the new period; of an event with attr.freq the new frequency
 *
 * A new period begins at once, also of an event that was throttled.
 *
 * Context: task; sleeps; no ctx->mutex held.
 *
 * Return: 0; -EINVAL for zero, for what cannot be opened either, and for an
 * event that does not sample; -ENODEV if the event's PMU has gone.
 */
int perf_event_period(struct perf_event *event, u64 value)
{
	struct perf_event_context *ctx = perf_event_ctx_lock(event);
	int err = perf_event_period_locked(event, value);

	perf_event_ctx_unlock(ctx);
	return err;
}
EXPORT_SYMBOL_GPL(perf_event_period);

/* Changes the event and its copies; ctx->mutex held. */
static int modify_locked(struct perf_event *event, const struct perf_event_attr *attr)
{
	if (perf_event_is_orphan(event))
		return -ENODEV;
	if (attr->type != event->attr.type)
		return -EINVAL;

	return attr->type == PERF_TYPE_BREAKPOINT ? perf_bp_modify(event, attr) : -EOPNOTSUPP;
}

/* ---- ioctl(2) ---------------------------------------------------------------------- */

/* The event, or with PERF_IOC_FLAG_GROUP its group; all copies in any case. */
static void apply_to_meant(struct perf_event *event, unsigned long arg,
			   const struct perf_event_op *op)
{
	if (arg & PERF_IOC_FLAG_GROUP)
		perf_event_apply_group(event, op);
	else
		perf_event_apply(event, op);
}

static int ioc_enable(struct perf_event *event, unsigned long arg)
{
	apply_to_meant(event, arg, &perf_event_op_enable);
	return 0;
}

static int ioc_disable(struct perf_event *event, unsigned long arg)
{
	apply_to_meant(event, arg, &perf_event_op_disable);
	return 0;
}

static int ioc_reset(struct perf_event *event, unsigned long arg)
{
	apply_to_meant(event, arg, &perf_event_op_reset);
	return 0;
}

static int ioc_refresh(struct perf_event *event, unsigned long arg)
{
	return perf_event_refresh(event, arg);
}

static int ioc_period(struct perf_event *event, unsigned long arg)
{
	u64 value;

	if (copy_from_user(&value, (void __user *)arg, sizeof(value)))
		return -EFAULT;

	return perf_event_period(event, value);
}

static int ioc_set_output(struct perf_event *event, unsigned long arg)
{
	int fd = arg;

	if (fd == -1)
		return perf_event_set_output(event, NULL);

	CLASS(fd, output)(fd);
	if (fd_empty(output) || fd_file(output)->f_op != &perf_fops)
		return -EBADF;

	return perf_event_set_output(event, fd_file(output)->private_data);
}

static int ioc_set_filter(struct perf_event *event, unsigned long arg)
{
	return perf_event_set_filter(event, (void __user *)arg);
}

static int ioc_id(struct perf_event *event, unsigned long arg)
{
	return copy_to_user((void __user *)arg, &event->id, sizeof(event->id)) ? -EFAULT : 0;
}

static int ioc_set_bpf(struct perf_event *event, unsigned long arg)
{
	struct bpf_prog *prog = bpf_prog_get(arg);
	int err;

	if (IS_ERR(prog))
		return PTR_ERR(prog);

	err = perf_event_set_bpf_prog(event, prog, 0);
	if (err)
		bpf_prog_put(prog);

	return err;
}

static int ioc_pause_output(struct perf_event *event, unsigned long arg)
{
	struct perf_buffer *rb = ring_buffer_get(event);
	int err = -EINVAL;

	if (!rb)
		return err;

	if (rb->nr_pages) {
		rb_toggle_paused(rb, arg);
		err = 0;
	}
	ring_buffer_put(rb);

	return err;
}

static int ioc_query_bpf(struct perf_event *event, unsigned long arg)
{
	return perf_event_query_prog_array(event, (void __user *)arg);
}

static int ioc_modify_attributes(struct perf_event *event, unsigned long arg)
{
	struct perf_event_context *ctx;
	struct perf_event_attr attr;
	int err;

	err = perf_copy_attr((struct perf_event_attr __user *)arg, &attr);
	if (err)
		return err;

	ctx = perf_event_ctx_lock(event);
	err = modify_locked(event, &attr);
	perf_event_ctx_unlock(ctx);

	return err;
}

static int ioc_set_trigger(struct perf_event *event, int fd, enum perf_trigger_kind kind)
{
	struct perf_event *target;
	int err;

	CLASS(fd, file)(fd);
	if (fd_empty(file))
		return -EBADF;
	if (fd_file(file)->f_op != &perf_fops)
		return -EINVAL;

	target = fd_file(file)->private_data;
	err = security_perf_event_write(target);

	return err ?: perf_trigger_set(event, target, kind);
}

static int ioc_set_starter(struct perf_event *event, unsigned long arg)
{
	return ioc_set_trigger(event, arg, PERF_TRIGGER_START);
}

static int ioc_set_stopper(struct perf_event *event, unsigned long arg)
{
	return ioc_set_trigger(event, arg, PERF_TRIGGER_STOP);
}

/* What a command does, and whether ctx->mutex is held for it. */
struct perf_ioc {
	unsigned int	cmd;
	bool		locked;
	int		(*fn)(struct perf_event *event, unsigned long arg);
};

#define IOC(_name, _locked, _fn)	{ PERF_EVENT_IOC_##_name, _locked, _fn }

static const struct perf_ioc perf_iocs[] = {
	IOC(ENABLE,		true,	ioc_enable),
	IOC(DISABLE,		true,	ioc_disable),
	IOC(REFRESH,		false,	ioc_refresh),
	IOC(RESET,		true,	ioc_reset),
	IOC(PERIOD,		false,	ioc_period),
	IOC(SET_OUTPUT,		true,	ioc_set_output),
	IOC(SET_FILTER,		false,	ioc_set_filter),
	IOC(ID,			false,	ioc_id),
	IOC(SET_BPF,		false,	ioc_set_bpf),
	IOC(PAUSE_OUTPUT,	true,	ioc_pause_output),
	IOC(QUERY_BPF,		false,	ioc_query_bpf),
	IOC(MODIFY_ATTRIBUTES,	false,	ioc_modify_attributes),
	IOC(SET_STARTER,	true,	ioc_set_starter),
	IOC(SET_STOPPER,	true,	ioc_set_stopper),
};

#undef IOC

static_assert(PERF_EVENT_IOC_SET_STARTER != PERF_EVENT_IOC_ID);
static_assert(PERF_EVENT_IOC_SET_STOPPER != PERF_EVENT_IOC_SET_BPF);

static const struct perf_ioc *ioc_find(unsigned int cmd)
{
	for (int i = 0; i < ARRAY_SIZE(perf_iocs); i++)
		if (perf_iocs[i].cmd == cmd)
			return &perf_iocs[i];

	return NULL;
}

static int ioc_run(const struct perf_ioc *ioc, struct perf_event *event, unsigned long arg)
{
	struct perf_event_context *ctx;
	int ret;

	if (!ioc->locked)
		return perf_event_is_orphan(event) ? -ENODEV : ioc->fn(event, arg);

	ctx = perf_event_ctx_lock(event);
	ret = perf_event_is_orphan(event) ? -ENODEV : ioc->fn(event, arg);
	perf_event_ctx_unlock(ctx);

	return ret;
}

static long perf_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct perf_event *event = file->private_data;
	const struct perf_ioc *ioc = ioc_find(cmd);
	int err;

	err = security_perf_event_write(event);
	if (err)
		return err;

	return ioc ? ioc_run(ioc, event, arg) : -ENOTTY;
}

#ifdef CONFIG_COMPAT
/* The code of a command, as a program with 32-bit pointers was compiled. */
static unsigned int compat_code(unsigned int cmd)
{
	return _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), sizeof(compat_uptr_t));
}

static long perf_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	static const unsigned int pointers[] = {
		PERF_EVENT_IOC_SET_FILTER,
		PERF_EVENT_IOC_ID,
		PERF_EVENT_IOC_QUERY_BPF,
		PERF_EVENT_IOC_MODIFY_ATTRIBUTES,
	};

	for (int i = 0; i < ARRAY_SIZE(pointers); i++)
		if (cmd == compat_code(pointers[i]))
			return perf_ioctl(file, pointers[i], (unsigned long)compat_ptr(arg));

	if (cmd == PERF_EVENT_IOC_PERIOD)
		arg = (unsigned long)compat_ptr(arg);

	return perf_ioctl(file, cmd, arg);
}
#else
# define perf_compat_ioctl NULL
#endif

/* ---- prctl(2) ------------------------------------------------------------------------ */

/**
 * perf_event_task_enable() - enable all events that current has opened
 *
 * Context: task; sleeps; takes perf_event_mutex.
 *
 * Return: 0
 */
int perf_event_task_enable(void)
{
	perf_event_apply_owned(&perf_event_op_enable);
	return 0;
}

/**
 * perf_event_task_disable() - disable all events that current has opened
 *
 * Context: task; sleeps; takes perf_event_mutex.
 *
 * Return: 0
 */
int perf_event_task_disable(void)
{
	perf_event_apply_owned(&perf_event_op_disable);
	return 0;
}

/* ---- The rest of the file --------------------------------------------------------------- */

static ssize_t perf_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct perf_event *event = file->private_data;
	int err = security_perf_event_read(event);

	return err ?: perf_event_read_to_user(event, buf, count);
}

/* Its task has ended, and all that inherited from it: nothing can come any more. */
static bool is_hung_up(struct perf_event *event)
{
	if (READ_ONCE(event->state) > PERF_EVENT_STATE_EXIT)
		return false;

	guard(mutex)(&event->child_mutex);
	return list_empty(&event->child_list);
}

static __poll_t perf_poll(struct file *file, poll_table *wait)
{
	struct perf_event *event = file->private_data;
	struct perf_buffer *rb;

	poll_wait(file, &event->waitq, wait);

	if (perf_event_is_orphan(event))
		return EPOLLERR | EPOLLHUP;
	/* Pinned, and there was no place for it: the same, until it is enabled again. */
	if (READ_ONCE(event->state) == PERF_EVENT_STATE_ERROR || is_hung_up(event))
		return EPOLLHUP;

	/*
	 * The mutex keeps the buffer, also while SET_OUTPUT waits to change it.
	 * What woke us is told once.  Without a buffer there is nothing to come.
	 */
	guard(mutex)(&event->mmap_mutex);
	rb = rcu_dereference_protected(event->rb, lockdep_is_held(&event->mmap_mutex));

	return rb ? (__force __poll_t)atomic_xchg(&rb->poll, 0) : EPOLLHUP;
}

static int perf_fasync(int fd, struct file *file, int on)
{
	struct perf_event *event = file->private_data;
	int ret = fasync_helper(fd, file, on, &event->fasync);

	return min(ret, 0);
}

/* What was opened, in the words of perf_event_attr. */
static void perf_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct perf_event *event = file->private_data;

	seq_printf(m, "perf_event_attr.type:\t%u\n", event->orig_type);
	seq_printf(m, "perf_event_attr.config:\t%llu\n", event->attr.config);
	perf_trigger_show(m, event);
}

static int perf_release(struct inode *inode, struct file *file)
{
	struct perf_event *event = file->private_data;

	return event ? perf_event_release_kernel(event) : 0;
}

/* Positions mean nothing here: each read() tells all. */
const struct file_operations perf_fops = {
	.read		= perf_read,
	.poll		= perf_poll,
	.mmap		= perf_mmap,
	.fasync		= perf_fasync,
	.release	= perf_release,
	.show_fdinfo	= perf_show_fdinfo,
	.unlocked_ioctl	= perf_ioctl,
	.compat_ioctl	= perf_compat_ioctl,
};
