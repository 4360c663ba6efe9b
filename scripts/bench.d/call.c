// SPDX-License-Identifier: GPL-2.0
/* System calls on events, beside the same calls on an eventfd. */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "bench.h"

#define TURNS 101

static void fd_open(const struct path *path, int size)
{
	struct takes opens = {};

	for (int i = 0; i < TURNS; i++) {
		int fd;

		TAKE(&opens, fd = eventfd(0, 0));
		close(fd);
	}
	report(path, size, &opens);
}

static void fd_close(const struct path *path, int size)
{
	struct takes closes = {};

	for (int i = 0; i < TURNS; i++) {
		int fd = eventfd(0, 0);

		TAKE(&closes, close(fd));
	}
	report(path, size, &closes);
}

static void fd_ioctl(const struct path *path, int size)
{
	int fd = eventfd(0, 0);
	struct takes takes = {};

	for (int i = 0; i < TURNS; i++)
		TAKE(&takes, ioctl(fd, PERF_EVENT_IOC_ENABLE, 0));
	report(path, size, &takes);
}

static void fd_read(const struct path *path, int size)
{
	int fd = eventfd(1000000, EFD_SEMAPHORE);
	struct takes takes = {};
	u64 value;

	for (int i = 0; i < TURNS; i++)
		TAKE(&takes, must(read(fd, &value, sizeof(value)), "read"));
	report(path, size, &takes);
}

static void no_prctl(const struct path *path, int size)
{
	struct takes takes = {};

	for (int i = 0; i < TURNS; i++) {
		TAKE(&takes, {
			prctl(PR_GET_DUMPABLE);
			prctl(PR_GET_DUMPABLE);
		});
	}
	report(path, size, &takes);
}

/* Open or close (arg) an enabled event beside so many. */
static void beside(const struct path *path, int size)
{
	struct takes opens = {}, closes = {};

	open_events(quiet(), size);
	for (int i = 0; i < TURNS; i++) {
		int fd;

		TAKE(&opens, fd = open_event(quiet()));
		TAKE(&closes, close(fd));
	}
	report(path, size, path->arg ? &closes : &opens);
}

/* A group of so many, enabled. */
static int group(int size, struct perf_event_attr attr)
{
	int leader = event(attr, 0, -1, -1, 0);

	attr.disabled = 0;
	for (int i = 1; i < size; i++)
		event(attr, 0, -1, leader, 0);
	return leader;
}

static void sibling(const struct path *path, int size)
{
	int leader = group(size, quiet());
	struct takes opens = {}, closes = {};

	for (int i = 0; i < TURNS; i++) {
		int fd;

		TAKE(&opens, fd = event(quiet(), 0, -1, leader, 0));
		TAKE(&closes, close(fd));
	}
	report(path, size, path->arg ? &closes : &opens);
}

static void group_read(const struct path *path, int size)
{
	struct perf_event_attr attr = quiet();
	struct takes takes = {};
	u64 values[256];
	int fd;

	attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	if (size)
		attr.read_format |= PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	fd = group(size ? size : 1, attr);
	for (int i = 0; i < TURNS; i++)
		TAKE(&takes, must(read(fd, values, sizeof(values)), "read"));
	report(path, size, &takes);
}

/* Off and on again, the whole group. */
static void off_on(const struct path *path, int size)
{
	int fd = group(size, quiet());
	struct takes takes = {};

	for (int i = 0; i < TURNS; i++) {
		TAKE(&takes, {
			must(ioctl(fd, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP), "disable");
			must(ioctl(fd, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP), "enable");
		});
	}
	report(path, size, &takes);
}

static void group_ioctl(const struct path *path, int size)
{
	int fd = group(size, quiet());
	struct takes takes = {};

	for (int i = 0; i < TURNS; i++) {
		/* Both are done, one is measured. */
		if (path->arg == PERF_EVENT_IOC_ENABLE)
			must(ioctl(fd, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP), "disable");
		TAKE(&takes, must(ioctl(fd, path->arg, PERF_IOC_FLAG_GROUP), path->name));
		if (path->arg == PERF_EVENT_IOC_DISABLE)
			must(ioctl(fd, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP), "enable");
	}
	report(path, size, &takes);
}

/* Each ioctl that has an argument of its own, on one event that samples. */
static void event_ioctl(const struct path *path, int size)
{
	struct perf_event_attr attr = quiet();
	u64 value = 1000000;
	struct takes takes = {};
	int fd;

	attr.sample_period = 1000000;
	fd = open_event(attr);
	for (int i = 0; i < TURNS; i++)
		TAKE(&takes, must(ioctl(fd, path->arg, &value), path->name));
	report(path, size, &takes);
}

static void prctl_off_on(const struct path *path, int size)
{
	struct takes takes = {};

	open_events(quiet(), size);
	for (int i = 0; i < TURNS; i++) {
		TAKE(&takes, {
			prctl(PR_TASK_PERF_EVENTS_DISABLE);
			prctl(PR_TASK_PERF_EVENTS_ENABLE);
		});
	}
	report(path, size, &takes);
}

const struct path call_paths[] = {
	{ "fd.open", fd_open },
	{ "fd.close", fd_close },
	{ "fd.ioctl", fd_ioctl },
	{ "fd.read", fd_read },
	{ "prctl.none", no_prctl },
	{ "open.beside", beside, { 0, 10, 100, 1000 }, 0 },
	{ "close.beside", beside, { 0, 10, 100, 1000 }, 1 },
	{ "open.group", sibling, { 1, 8, 63 }, 0 },
	{ "close.group", sibling, { 1, 8, 63 }, 1 },
	{ "read.one", group_read },
	{ "read.group", group_read, { 1, 8, 64 } },
	{ "ioctl.offon", off_on, { 1, 8, 64 } },
	{ "ioctl.enable", group_ioctl, { 1, 8, 64 }, PERF_EVENT_IOC_ENABLE },
	{ "ioctl.disable", group_ioctl, { 1, 8, 64 }, PERF_EVENT_IOC_DISABLE },
	{ "ioctl.reset", group_ioctl, { 1, 8, 64 }, PERF_EVENT_IOC_RESET },
	{ "ioctl.id", event_ioctl, {}, PERF_EVENT_IOC_ID },
	{ "ioctl.period", event_ioctl, {}, PERF_EVENT_IOC_PERIOD },
	{ "prctl.offon", prctl_off_on, { 1, 16, 64 } },
	{}
};
