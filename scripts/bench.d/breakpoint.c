// SPDX-License-Identifier: GPL-2.0
/*
 * Breakpoints: opened, closed, moved and inherited, while so many other tasks have one each or,
 * where that is what the row is about, this one has so many.
 */
#include <linux/hw_breakpoint.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

#define TURNS 101

enum what { TASK, TASK_ON_CPU, CPU, CLOSE = 4 };

static u64 watched[2];

static struct perf_event_attr breakpoint(void)
{
	struct perf_event_attr attr = quiet();

	attr.type = PERF_TYPE_BREAKPOINT;
	attr.config = 0;
	attr.bp_type = HW_BREAKPOINT_W;
	attr.bp_addr = (u64)watched;
	attr.bp_len = HW_BREAKPOINT_LEN_8;
	return attr;
}

static void give_others(int nr)
{
	while (nr-- > 0) {
		pid_t pid = child();

		if (!pid) {
			pause();
			_exit(0);
		}
		event(breakpoint(), pid, -1, -1, 0);
	}
}

static int open_breakpoint(enum what what)
{
	return event(breakpoint(), what == CPU ? -1 : 0, what == TASK ? -1 : 0, -1, 0);
}

static void beside(const struct path *path, int size)
{
	struct takes opens = {}, closes = {};

	give_others(size);
	/* What the first of a CPU has to wait for is not a matter of instructions. */
	close(open_breakpoint(path->arg & ~CLOSE));
	for (int i = 0; i < TURNS; i++) {
		int fd;

		TAKE(&opens, fd = open_breakpoint(path->arg & ~CLOSE));
		TAKE(&closes, close(fd));
	}
	report(path, size, path->arg & CLOSE ? &closes : &opens);
}

/* Move it to and fro. */
static void modify(const struct path *path, int size)
{
	struct perf_event_attr attr = breakpoint();
	int fd = event(attr, 0, -1, -1, 0);
	struct takes takes = {};

	for (int i = 0; i < TURNS; i++) {
		attr.bp_addr = (u64)&watched[i & 1];
		TAKE(&takes, must(ioctl(fd, PERF_EVENT_IOC_MODIFY_ATTRIBUTES, &attr), "modify"));
	}
	report(path, size, &takes);
}

static void fork_exit(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	must(waitpid(pid, NULL, 0), "wait");
}

static void inherit(const struct path *path, int size)
{
	struct perf_event_attr attr = breakpoint();
	struct takes takes = {};

	attr.inherit = 1;
	open_events(attr, size);
	for (int i = 0; i < 5; i++)
		fork_exit();
	for (int i = 0; i < TURNS; i++)
		TAKE(&takes, fork_exit());
	report(path, size, &takes);
}

const struct path breakpoint_paths[] = {
	{ "bp.open", beside, { 1, 10, 100, 1000 } },
	{ "bp.close", beside, { 1, 10, 100, 1000 }, CLOSE },
	{ "bp.open.task.cpu", beside, { 1, 10, 100, 1000 }, TASK_ON_CPU },
	{ "bp.close.task.cpu", beside, { 1, 10, 100, 1000 }, TASK_ON_CPU | CLOSE },
	{ "bp.open.cpu", beside, { 1, 10, 100, 1000 }, CPU },
	{ "bp.close.cpu", beside, { 1, 10, 100, 1000 }, CPU | CLOSE },
	{ "bp.modify", modify },
	{ "bp.fork", inherit, { 1, 4 } },
	{}
};
