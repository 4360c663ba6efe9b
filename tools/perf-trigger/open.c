// SPDX-License-Identifier: GPL-2.0
/*
 * Open and link the events of one task; find words for what is refused.
 *
 * Of a command with all that it forks there are two ways.  To count, the events are inherited.
 * Samples want a buffer, which an inherited event of no CPU cannot have, and which one of a CPU
 * would not serve: a task that moves would leave its region's events behind.  So each task then has
 * events of its own, opened before it runs.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "perf-trigger.h"

/* attr.enable_on_starter is the last of the flags, at the end where bit-fields end. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ENABLE_ON_STARTER	0x8000000000000000ULL
#else
#define ENABLE_ON_STARTER	1ULL
#endif
#define FLAGS_OFFSET		40

#define RING_PAGES		64

static int event_open(struct perf_event_attr *attr, pid_t pid, int leader)
{
	return syscall(SYS_perf_event_open, attr, pid, -1, leader, PERF_FLAG_FD_CLOEXEC);
}

static void begin_paused(struct perf_event_attr *attr)
{
	__u64 flags;

	memcpy(&flags, (char *)attr + FLAGS_OFFSET, sizeof(flags));
	flags |= ENABLE_ON_STARTER;
	memcpy((char *)attr + FLAGS_OFFSET, &flags, sizeof(flags));
}

/* Before anything else is refused for another reason. */
void kernel_check(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_DUMMY, .size = sizeof(attr),
		.exclude_kernel = 1, .exclude_hv = 1,
	};
	int fd = event_open(&attr, 0, -1);

	if (fd < 0)
		die("no performance events for you here: %s", strerror(errno));
	close(fd);
	begin_paused(&attr);
	fd = event_open(&attr, 0, -1);
	if (fd < 0)
		die("this kernel has no triggers");
	close(fd);
}

/* ---- Words ---- */

#define ANY	-1

struct words {
	int kind;
	int err;
	const char *why;
};

static const struct words both[] = {
	{ UPROBE, EPERM, "only root may probe the functions of programs" },
	{ UPROBE, EACCES, "only root may probe the functions of programs" },
	{ UPROBE, EINVAL, "the kernel cannot put a probe on its first instruction" },
	{ KPROBE, ENOENT, "the kernel has no such function, or only inlined" },
	{ KPROBE, EINVAL, "the kernel forbids a probe in that function" },
	{ BREAKPOINT, ENOSPC, "all breakpoints of the CPU are in use" },
	{ BREAKPOINT, EINVAL, "the CPU has no breakpoint of that length, alignment and access" },
	{ ANY, EPERM, "not for you: kernel.perf_event_paranoid, CAP_PERFMON, or root" },
	{ ANY, EACCES, "not for you: kernel.perf_event_paranoid, CAP_PERFMON, or root" },
	{ ANY, ENOENT, "this machine does not have it" },
	{ ANY, ENODEV, "this machine does not have it" },
	{ ANY, ESRCH, "the task has ended" },
	{ ANY, EMFILE, "too many open files: ulimit -n" },
	{}
};

static const struct words of_triggers[] = {
	{ ANY, EOPNOTSUPP, "it does not sample: its PMU has no interrupt" },
	{ NAMED, EINVAL, "it does not sample, or counts for no task" },
	{}
};

static const struct words of_targets[] = {
	{ ANY, EOPNOTSUPP, "its PMU cannot start and stop it at any time" },
	{ NAMED, EINVAL, "it does not count for a task, or has no such option" },
	{}
};

static const char *word(const struct words *words, const struct event *event, int err)
{
	for (; words->why; words++)
		if (words->err == err && (words->kind == ANY || words->kind == (int)event->kind))
			return words->why;
	return NULL;
}

static noreturn void refused(const char *as, const struct words *words, const struct event *event,
			     int err)
{
	const char *why = word(words, event, err);

	if (!why)
		why = word(both, event, err);
	die("%s cannot be a %s: %s (%s)", event->name, as, why ? why : "the kernel says no",
	    strerror(err));
}

/* ---- Events ---- */

static int trigger_open(const struct event *event, pid_t tid)
{
	struct perf_event_attr attr = event->attr;
	int fd = event_open(&attr, tid, -1);

	if (fd < 0)
		refused("trigger", of_triggers, event, errno);
	return fd;
}

static int target_open(const struct event *event, pid_t tid, int leader, bool inside)
{
	struct perf_event_attr attr = event->attr;
	int fd, err;

	if (!inside)
		begin_paused(&attr);
	fd = event_open(&attr, tid, leader);
	if (fd >= 0)
		return fd;
	err = errno;
	if (leader >= 0 && event_open(&attr, tid, -1) >= 0)
		die("%s cannot be read at once with the others: fewer events, for --per-pass",
		    event->name);
	refused("target", of_targets, event, err);
}

static void link_to(const struct event *trigger, int fd, unsigned long command,
		    const struct event *target, int to)
{
	if (ioctl(fd, command, to))
		die("%s and %s: %s", trigger->name, target->name, strerror(errno));
}

static u64 event_id(int fd)
{
	u64 id = 0;

	ioctl(fd, PERF_EVENT_IOC_ID, &id);
	return id;
}

/* ---- The buffer ---- */

static void ring_map(struct ring *ring, int fd)
{
	size_t page = sysconf(_SC_PAGESIZE), size = RING_PAGES * page;

	ring->page = mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring->page == MAP_FAILED)
		die("no buffer for samples: %s%s", strerror(errno),
		    errno == EPERM ? ": kernel.perf_event_mlock_kb" : "");
	ring->data = (char *)ring->page + page;
	ring->mask = size - 1;
}

static void ring_share(int fd, int owner)
{
	if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, owner))
		die("no buffer for samples: %s", strerror(errno));
}

/* ---- A task's ---- */

void task_open(struct job *job, struct task *task, bool inside)
{
	task->start = trigger_open(&job->start, task->tid);
	task->stop = trigger_open(&job->stop, task->tid);
	task->side = -1;
	if (job->record) {
		task->side = event_open(&job->side.attr, task->tid, -1);
		if (task->side < 0)
			die("the command's mappings: %s", strerror(errno));
		ring_map(&task->ring, task->side);
		task->id_side = event_id(task->side);
	} else if (job->per_pass) {
		ring_map(&task->ring, task->start);
		ring_share(task->stop, task->start);
		task->id_stop = event_id(task->stop);
	}
	for (int i = 0; i < job->nr; i++) {
		const struct event *event = &job->target[i];
		int leader = job->per_pass ? task->stop : -1;
		int fd = target_open(event, task->tid, leader, inside);

		task->target[i] = fd;
		task->id[i] = event_id(fd);
		if (job->record)
			ring_share(fd, task->side);
		link_to(&job->start, task->start, PERF_EVENT_IOC_SET_STARTER, event, fd);
		link_to(&job->stop, task->stop, PERF_EVENT_IOC_SET_STOPPER, event, fd);
	}
}

void task_close(const struct job *job, struct task *task)
{
	if (task->ring.page)
		munmap(task->ring.page, sysconf(_SC_PAGESIZE) + task->ring.mask + 1);
	for (int i = 0; i < job->nr; i++)
		close(task->target[i]);
	if (task->side >= 0)
		close(task->side);
	close(task->start);
	close(task->stop);
}

/* What fdinfo says of perf_event.@name, or 0. */
static unsigned long long told(int fd, const char *name)
{
	char path[64], line[256], format[64];
	unsigned long long value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	snprintf(format, sizeof(format), "perf_event.%s: %%llu", name);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, format, &value) == 1)
			break;
	if (f)
		fclose(f);
	return value;
}

bool task_is_inside(const struct job *job, const struct task *task)
{
	return job->nr && !told(task->target[0], "paused");
}

unsigned long long open_time(int fd)
{
	return told(fd, "time_open");
}
