// SPDX-License-Identifier: GPL-2.0
/*
 * From what is asked for to an event: perf_event_open(2) and kernel counters.
 *
 * Every open goes down the same road:
 *
 *	decode		take the attributes from the user and check them:
 *			perf_copy_attr(), perf_attr_check()
 *	authorise	may the caller see what they show: perf_open_authorise()
 *	allocate	make the event, undone by dropping it: perf_open_alloc()
 *	attach		join context and group: perf_event_attach()
 *	commit		give it an owner and a number
 *
 * Nothing before "attach" can be seen from outside, and nothing after it can
 * fail: descriptor and file are there before the event may count its first
 * nanosecond.  The file gets its event last, so that the file of an open that
 * failed has none and its release does nothing.
 *
 * A kernel counter skips what is about users (decode, authorise, the file).  Its
 * attributes are trusted, but for what no event may be: perf_attr_check_target().
 *
 * Errors come in the order of that road: of two the one that is met first.
 *
 * exec
 * ----
 *
 * Whether a task may be watched is asked, and the event attached, with the
 * task's exec_update_lock held for reading.  An exec that raises privileges
 * holds it for writing while it changes the credentials and throws off the
 * events that the old ones allowed: it sees this event, or this open sees the
 * new credentials.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/perf_regs.h>
#include <linux/pid.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/syscalls.h>
#include <linux/timekeeping.h>

#include <kunit/visibility.h>

#include "internal.h"

/*
 * How much the unprivileged may do: -1 everything, 0 no raw tracepoint data,
 * 1 no events of whole CPUs, 2 nothing about the kernel, 3 no events at all.
 */
int sysctl_perf_event_paranoid __read_mostly =
	IS_ENABLED(CONFIG_SECURITY_PERF_EVENTS_RESTRICT) ? 3 : 2;

#define PERF_FLAG_ALL	(PERF_FLAG_FD_NO_GROUP | PERF_FLAG_FD_OUTPUT | \
			 PERF_FLAG_PID_CGROUP | PERF_FLAG_FD_CLOEXEC)

/* Branches that tell about more than the task's own code. */
#define BRANCH_PRIVILEGED	(PERF_SAMPLE_BRANCH_KERNEL | PERF_SAMPLE_BRANCH_HV)

static void put_event_unless_err(struct perf_event *event)
{
	if (!IS_ERR(event))
		perf_event_put(event);
}

DEFINE_FREE(put_event, struct perf_event *, put_event_unless_err(_T))

/* ---- Decode ---------------------------------------------------------------- */

static int check_known_bits(struct perf_event_attr *attr)
{
	u64 unknown = attr->__reserved_1 | attr->__reserved_2 | attr->__reserved_3;

	unknown |= attr->sample_type & ~(u64)(PERF_SAMPLE_MAX - 1);
	unknown |= attr->read_format & ~(u64)(PERF_FORMAT_MAX - 1);

	return unknown ? -EINVAL : 0;
}

/* The privilege of the branches follows that of the event, unless it is told. */
static u64 branch_privileges(const struct perf_event_attr *attr)
{
	u64 told = attr->branch_sample_type & PERF_SAMPLE_BRANCH_PLM_ALL;

	if (told)
		return told;

	return (attr->exclude_user ? 0 : PERF_SAMPLE_BRANCH_USER) |
	       (attr->exclude_kernel ? 0 : PERF_SAMPLE_BRANCH_KERNEL) |
	       (attr->exclude_hv ? 0 : PERF_SAMPLE_BRANCH_HV);
}

static int check_branches(struct perf_event_attr *attr)
{
	u64 kinds = attr->branch_sample_type & ~(u64)PERF_SAMPLE_BRANCH_PLM_ALL;

	if (!(attr->sample_type & PERF_SAMPLE_BRANCH_STACK)) {
		/* Drivers look at these bits alone; unasked for they are not checked. */
		attr->branch_sample_type = 0;
		return 0;
	}

	if (!kinds || kinds >= PERF_SAMPLE_BRANCH_MAX)
		return -EINVAL;

	attr->branch_sample_type = kinds | branch_privileges(attr);
	return 0;
}

static int check_registers(struct perf_event_attr *attr)
{
	int err = 0;

	if (attr->sample_type & PERF_SAMPLE_REGS_USER)
		err = perf_reg_validate(attr->sample_regs_user);
	if (!err && (attr->sample_type & PERF_SAMPLE_REGS_INTR))
		err = perf_reg_validate(attr->sample_regs_intr);

	return err;
}

static int check_stacks(struct perf_event_attr *attr)
{
	if (!attr->sample_max_stack)
		attr->sample_max_stack = READ_ONCE(sysctl_perf_event_max_stack);

	if (!(attr->sample_type & PERF_SAMPLE_STACK_USER))
		return 0;
	if (!IS_ENABLED(CONFIG_HAVE_PERF_USER_STACK_DUMP))
		return -ENOSYS;

	/* The size of a record has 16 bits; what is in it is made of u64. */
	if (attr->sample_stack_user >= U16_MAX || attr->sample_stack_user % sizeof(u64))
		return -EINVAL;

	return 0;
}

static int check_sample_fields(struct perf_event_attr *attr)
{
	u64 weights = attr->sample_type & PERF_SAMPLE_WEIGHT_TYPE;

	if (weights == PERF_SAMPLE_WEIGHT_TYPE)
		return -EINVAL;
	if (!IS_ENABLED(CONFIG_CGROUP_PERF) && (attr->sample_type & PERF_SAMPLE_CGROUP))
		return -EINVAL;

	return 0;
}

static int check_flags(struct perf_event_attr *attr)
{
	/* Threads only, of nothing. */
	bool inherit = attr->inherit_thread && !attr->inherit;
	/* To be enabled by the same exec that removes it. */
	bool exec = attr->remove_on_exec && attr->enable_on_exec;
	/* A new program does not know what the signal is about. */
	bool signal = attr->sigtrap && !attr->remove_on_exec;

	return inherit || exec || signal ? -EINVAL : 0;
}

/*
 * Do these attributes make sense, whatever they are for?  Fills in defaults:
 * the privilege of branches, the depth of call chains.  -EINVAL, or -ENOSYS for
 * registers or user stacks where the architecture cannot give them.
 */
VISIBLE_IF_KUNIT int perf_attr_check(struct perf_event_attr *attr)
{
	static int (*const checks[])(struct perf_event_attr *attr) = {
		check_known_bits,
		check_branches,
		check_registers,
		check_stacks,
		check_sample_fields,
		check_flags,
	};
	int err = 0;

	for (int i = 0; i < ARRAY_SIZE(checks) && !err; i++)
		err = checks[i](attr);

	return err;
}

/*
 * Do they make sense for this task, or CPU?  What no event may be, a kernel
 * counter neither.  -EINVAL for a CPU that cannot be, for neither task nor CPU,
 * for signals to whoever happens to run, for counts over children in a sample
 * that does not say whose it is, and for pausing and resuming an AUX event at
 * once; -EOPNOTSUPP for either by an event that writes there itself; -ENODEV for
 * a CPU that this machine does not have.
 */
VISIBLE_IF_KUNIT int perf_attr_check_target(const struct perf_event_attr *attr,
					    bool has_task, int cpu)
{
	bool any_cpu = has_task && cpu == -1;
	bool sums_up = attr->inherit && (attr->sample_type & PERF_SAMPLE_READ);

	if (!any_cpu && (cpu < 0 || cpu >= nr_cpu_ids))
		return -EINVAL;
	if (attr->sigtrap && !has_task)
		return -EINVAL;
	if (sums_up && !(attr->sample_type & PERF_SAMPLE_TID))
		return -EINVAL;
	if (attr->aux_output && (attr->aux_pause || attr->aux_resume))
		return -EOPNOTSUPP;
	if (attr->aux_pause && attr->aux_resume)
		return -EINVAL;

	return cpu < 0 || cpu_possible(cpu) ? 0 : -ENODEV;
}

/**
 * perf_copy_attr() - take attributes from the user
 * @uattr: the user's
 * @attr: ours; complete and checked on success, undefined otherwise
 *
 * The structure grows; who was compiled with a smaller one has zeroes in the
 * rest, who was compiled with a larger one may use only what is known here.
 * The size is read once: what was checked is what is used.
 *
 * Context: task; may fault.
 *
 * Return: 0; -EFAULT; -E2BIG for a size that cannot be or for bytes that are
 * not known here, with our size left in @uattr; what perf_attr_check() says;
 * -EACCES for branches in the kernel that the caller may not see.
 */
int perf_copy_attr(struct perf_event_attr __user *uattr, struct perf_event_attr *attr)
{
	int err = -E2BIG;
	u32 size;

	if (get_user(size, &uattr->size))
		return -EFAULT;

	size = size ?: PERF_ATTR_SIZE_VER0;
	if (size >= PERF_ATTR_SIZE_VER0 && size <= PAGE_SIZE)
		err = copy_struct_from_user(attr, sizeof(*attr), uattr, size);
	if (err == -E2BIG)
		put_user((u32)sizeof(*attr), &uattr->size);
	if (err)
		return err;

	attr->size = size;
	err = perf_attr_check(attr);
	if (!err && (attr->branch_sample_type & BRANCH_PRIVILEGED))
		err = perf_allow_kernel();

	return err;
}

/* ---- Authorise --------------------------------------------------------------- */

/**
 * perf_allow_kernel() - may the caller learn about the kernel?
 *
 * Context: task.
 *
 * Return: 0; -EACCES by kernel.perf_event_paranoid above 1 without
 * CAP_PERFMON; what the security module says.
 */
int perf_allow_kernel(void)
{
	bool open_to_all = READ_ONCE(sysctl_perf_event_paranoid) < 2;

	return open_to_all || perfmon_capable() ?
		security_perf_event_open(PERF_SECURITY_KERNEL) : -EACCES;
}
EXPORT_SYMBOL_GPL(perf_allow_kernel);

/* Addresses, code or activity of the kernel. */
static bool attr_shows_kernel(const struct perf_event_attr *attr)
{
	bool chains = (attr->sample_type & PERF_SAMPLE_CALLCHAIN) &&
		      !attr->exclude_callchain_kernel;

	return !attr->exclude_kernel || attr->text_poke || chains ||
	       (attr->sample_type & PERF_SAMPLE_PHYS_ADDR);
}

static bool attr_rate_is_valid(const struct perf_event_attr *attr)
{
	if (attr->freq)
		return attr->sample_freq <= READ_ONCE(sysctl_perf_event_sample_rate);

	/* Counters go by signed differences. */
	return (s64)attr->sample_period >= 0;
}

static int perf_open_authorise(const struct perf_event_attr *attr)
{
	int err;

	if (perf_paranoid_any() && !capable(CAP_SYS_ADMIN))
		return -EACCES;

	err = security_perf_event_open(PERF_SECURITY_OPEN);
	if (!err && attr_shows_kernel(attr))
		err = perf_allow_kernel();
	if (err)
		return err;

	if (attr->namespaces && !perfmon_capable())
		return -EACCES;
	if (!attr_rate_is_valid(attr))
		return -EINVAL;

	/* Registers at the interrupt may be the kernel's and hold its secrets. */
	return attr->sample_type & PERF_SAMPLE_REGS_INTR ?
		security_locked_down(LOCKDOWN_PERF) : 0;
}

/*
 * Who may trace a task may watch it.  Signals change what it does, so that
 * they ask for more than to look on.
 */
static bool perf_may_watch(const struct perf_event_attr *attr, struct task_struct *task)
{
	bool privileged = perfmon_capable();

	if (!attr->sigtrap)
		return privileged || ptrace_may_access(task, PTRACE_MODE_READ_REALCREDS);

	scoped_guard(rcu)
		privileged = privileged && ns_capable(__task_cred(task)->user_ns, CAP_KILL);

	return privileged || ptrace_may_access(task, PTRACE_MODE_ATTACH_REALCREDS);
}

/* ---- Allocate ------------------------------------------------------------------ */

/* What attr.clockid may be; the first may be read from NMI. */
static const struct perf_clockid {
	clockid_t	id;
	bool		nmi_safe;
	u64		(*read)(void);
} perf_clockids[] = {
	{ CLOCK_MONOTONIC,	true,	ktime_get_mono_fast_ns },
	{ CLOCK_MONOTONIC_RAW,	true,	ktime_get_raw_fast_ns },
	{ CLOCK_REALTIME,	false,	ktime_get_real_ns },
	{ CLOCK_BOOTTIME,	false,	ktime_get_boottime_ns },
	{ CLOCK_TAI,		false,	ktime_get_clocktai_ns },
};

/* The function that reads a clock, from NMI if @nmi; NULL if there is none. */
VISIBLE_IF_KUNIT u64 (*perf_clockid_read(clockid_t id, bool nmi))(void)
{
	const struct perf_clockid *clock = perf_clockids;

	for (; clock < perf_clockids + ARRAY_SIZE(perf_clockids); clock++)
		if (clock->id == id)
			return nmi && !clock->nmi_safe ? NULL : clock->read;

	return NULL;
}

static int perf_event_choose_clock(struct perf_event *event)
{
	bool nmi = !(event->pmu->capabilities & PERF_PMU_CAP_NO_NMI);
	u64 (*read)(void);

	if (!event->attr.use_clockid)
		return 0;

	read = perf_clockid_read(event->attr.clockid, nmi);
	if (!read)
		return -EINVAL;

	event->clock = read;
	return 0;
}

/*
 * An event that is made has reserved what it needs, if only until it is refused.  Of
 * debug registers there are few, so that for a moment somebody else would be refused: who
 * may not watch gets none.  perf_open_attach() asks again, when exec can change nothing.
 */
static int perf_open_may_reserve(const struct perf_event_params *p)
{
	if (p->attr->type != PERF_TYPE_BREAKPOINT)
		return 0;
	if (!p->task)
		return perf_allow_cpu();

	return perf_may_watch(p->attr, p->task) ? 0 : -EACCES;
}

/* A user's event that is in no context yet; -EOPNOTSUPP for samples without interrupt. */
static struct perf_event *perf_open_alloc(const struct perf_event_params *p)
{
	struct perf_event *event __free(put_event) = NULL;
	int err;

	err = perf_attr_check_target(p->attr, p->task, p->cpu);
	if (!err)
		err = perf_open_may_reserve(p);
	if (err)
		return ERR_PTR(err);

	event = perf_event_alloc(p);
	if (IS_ERR(event))
		return event;

	if (is_sampling_event(event) && (event->pmu->capabilities & PERF_PMU_CAP_NO_INTERRUPT))
		return ERR_PTR(-EOPNOTSUPP);

	err = perf_event_choose_clock(event);
	if (err)
		return ERR_PTR(err);

	return_ptr(event);
}

/* ---- Attach ---------------------------------------------------------------------- */

/* Where it writes to is settled before it can write. */
static int perf_open_join(struct perf_event *event, struct perf_event *leader,
			  struct perf_event *output)
{
	int err = output ? perf_event_set_output(event, output) : 0;

	return err ?: perf_event_attach(event, leader);
}

static int perf_open_attach(struct perf_event *event, const struct perf_event_params *p,
			    struct perf_event *output)
{
	int err;

	if (!p->task)
		return perf_allow_cpu() ?: perf_open_join(event, p->leader, output);

	/* Pairs with exec's down_write(): see the top of the page. */
	err = down_read_interruptible(&p->task->signal->exec_update_lock);
	if (err)
		return err;

	err = perf_may_watch(p->attr, p->task) ?
		perf_open_join(event, p->leader, output) : -EACCES;
	up_read(&p->task->signal->exec_update_lock);

	return err;
}

/* An event with a file to it; all or nothing. */
static struct file *perf_open_file(const struct perf_event_params *p, struct perf_event *output)
{
	struct perf_event *event __free(put_event) = perf_open_alloc(p);
	struct file *file __free(fput) = NULL;
	int err;

	if (IS_ERR(event))
		return ERR_CAST(event);

	file = anon_inode_getfile("[perf_event]", &perf_fops, NULL, O_RDWR);
	if (IS_ERR(file))
		return file;

	err = perf_open_attach(event, p, output);
	if (err)
		return ERR_PTR(err);

	perf_event_set_owner(event, current);
	file->private_data = no_free_ptr(event);

	return_ptr(file);
}

/* ---- perf_event_open(2) -------------------------------------------------------------- */

static struct perf_event *perf_event_of_fd(struct fd f)
{
	struct perf_event *event;

	if (fd_empty(f) || fd_file(f)->f_op != &perf_fops)
		return ERR_PTR(-EBADF);

	event = fd_file(f)->private_data;
	/* A glance; perf_event_attach() looks again under the lock. */
	if (READ_ONCE(event->state) <= PERF_EVENT_STATE_EXIT)
		return ERR_PTR(-ENODEV);

	return event;
}

/* A task by its number as the caller sees it, 0 for the caller; with a reference. */
static struct task_struct *task_get_by_vpid(pid_t vpid)
{
	struct task_struct *task;

	guard(rcu)();
	task = vpid ? find_task_by_vpid(vpid) : current;

	return task ? get_task_struct(task) : NULL;
}

/* @attr is checked, the caller may; returns the descriptor or an errno. */
static int perf_open_fd(const struct perf_event_attr *attr, pid_t pid, int cpu,
			int group_fd, unsigned long flags)
{
	struct perf_event_params params = { .attr = attr, .cpu = cpu, .cgroup_fd = -1 };
	struct task_struct *task __free(put_task) = NULL;
	struct perf_event *output = NULL;
	struct file *file;

	CLASS(get_unused_fd, fd)(O_RDWR | (flags & PERF_FLAG_FD_CLOEXEC ? O_CLOEXEC : 0));
	if (fd < 0)
		return fd;

	CLASS(fd, group)(group_fd);
	if (group_fd != -1) {
		struct perf_event *event = perf_event_of_fd(group);

		if (IS_ERR(event))
			return PTR_ERR(event);
		/* One does not exclude the other: a leader may lend its buffer too. */
		output = flags & PERF_FLAG_FD_OUTPUT ? event : NULL;
		params.leader = flags & PERF_FLAG_FD_NO_GROUP ? NULL : event;
	}

	if (flags & PERF_FLAG_PID_CGROUP) {
		params.cgroup_fd = pid;
	} else if (pid != -1) {
		task = task_get_by_vpid(pid);
		if (!task)
			return -ESRCH;
		/* Copies of a group are whole, or there are none. */
		if (params.leader && params.leader->attr.inherit != attr->inherit)
			return -EINVAL;
		params.task = task;
	}

	file = perf_open_file(&params, output);
	if (IS_ERR(file))
		return PTR_ERR(file);

	fd_install(fd, file);
	return take_fd(fd);
}

/**
 * sys_perf_event_open() - open an event on a task, a CPU or a cgroup
 * @uattr: what to count and what to record
 * @pid: the task, 0 the caller, -1 all of @cpu; with PERF_FLAG_PID_CGROUP a
 *	 descriptor of the cgroup's directory
 * @cpu: the CPU or -1 for all of the task's
 * @group_fd: the event to be grouped with, or -1
 * @flags: PERF_FLAG_*
 *
 * Context: task.
 *
 * Return: a descriptor, or an errno.  -EINVAL for unknown @flags and a cgroup
 * without CPU; -EMFILE, -ENFILE; -EBADF if @group_fd is no event, -ENODEV if
 * it has ended; -ESRCH for no task; -EACCES if the caller may not; and those
 * of perf_copy_attr(), perf_event_alloc() and perf_event_attach().
 */
SYSCALL_DEFINE5(perf_event_open, struct perf_event_attr __user *, uattr,
		pid_t, pid, int, cpu, int, group_fd, unsigned long, flags)
{
	struct perf_event_attr attr;
	int err;

	if (flags & ~PERF_FLAG_ALL)
		return -EINVAL;

	err = perf_copy_attr(uattr, &attr);
	if (!err)
		err = perf_open_authorise(&attr);
	if (err)
		return err;

	/* A cgroup is watched CPU by CPU. */
	if ((flags & PERF_FLAG_PID_CGROUP) && (pid == -1 || cpu == -1))
		return -EINVAL;

	return perf_open_fd(&attr, pid, cpu, group_fd, flags);
}

/* ---- For the kernel --------------------------------------------------------------------- */

/**
 * perf_event_create_kernel_counter() - open an event for the kernel itself
 * @attr: what to count; trusted
 * @cpu: CPU or -1
 * @task: task or NULL for all of @cpu
 * @callback: called at each overflow in place of writing a sample; may be NULL
 * @context: found by @callback in event->overflow_handler_context
 *
 * Kernel counters are in no group and have no part in AUX areas.  End it with
 * perf_event_release_kernel().
 *
 * Context: task; may sleep; cpu_hotplug_lock may be held.
 *
 * Return: the event, which may have begun to count, or an ERR_PTR(): -EINVAL
 * for AUX and for what perf_attr_check_target() refuses; that of
 * perf_event_alloc() (-ENOENT if no PMU knows the event) and
 * perf_event_attach() (-ESRCH if @task has exited, -ENODEV if @cpu is offline).
 */
struct perf_event *
perf_event_create_kernel_counter(struct perf_event_attr *attr, int cpu,
				 struct task_struct *task,
				 perf_overflow_handler_t callback, void *context)
{
	struct perf_event_params params = {
		.attr		= attr,
		.cpu		= cpu,
		.task		= task,
		.handler	= callback,
		.handler_ctx	= context,
		.cgroup_fd	= -1,
	};
	struct perf_event *event __free(put_event) = NULL;
	int err;

	if (attr->aux_output || attr->aux_action)
		return ERR_PTR(-EINVAL);

	err = perf_attr_check_target(attr, task, cpu);
	if (err)
		return ERR_PTR(err);

	event = perf_event_alloc(&params);
	if (IS_ERR(event))
		return event;

	/* No user's, from the first moment on. */
	perf_event_set_owner(event, NULL);
	err = perf_event_attach(event, NULL);
	if (err)
		return ERR_PTR(err);

	return_ptr(event);
}
EXPORT_SYMBOL_GPL(perf_event_create_kernel_counter);

/**
 * perf_event_get() - the file of an event by its descriptor
 * @fd: the caller's descriptor
 *
 * Context: task.
 *
 * Return: the file with a reference, for fput(); ERR_PTR(-EBADF) if @fd is no
 * event's.
 */
struct file *perf_event_get(unsigned int fd)
{
	struct file *file __free(fput) = fget(fd);

	if (IS_ERR(perf_get_event(file)))
		return ERR_PTR(-EBADF);

	return_ptr(file);
}

/**
 * perf_get_event() - the event of a file
 * @file: a file, NULL is none
 *
 * Context: any; the event lives as long as the caller's reference of @file.
 *
 * Return: the event; ERR_PTR(-EINVAL) if @file is not an event's.
 */
const struct perf_event *perf_get_event(struct file *file)
{
	return file && file->f_op == &perf_fops ? file->private_data : ERR_PTR(-EINVAL);
}

/**
 * perf_event_attrs() - the attributes of an event
 * @event: the event or NULL
 *
 * Return: the attributes; ERR_PTR(-EINVAL) of no event.  Context: any.
 */
const struct perf_event_attr *perf_event_attrs(struct perf_event *event)
{
	return event ? &event->attr : ERR_PTR(-EINVAL);
}
