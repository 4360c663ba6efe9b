// SPDX-License-Identifier: GPL-2.0
/*
 * Task switches: a byte goes to the other task and back, through two pipes.  A take is one such
 * round trip, two switches; the size is how many events there are, of the task that measures, if
 * its path says nothing else.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

#define MSR_COUNTS 0x504d5500UL		/* scripts/qemu/pmu/stat.c */

struct ends {
	int to[2], from[2];
};

static void pipes(struct ends *ends)
{
	must(pipe(ends->to), "pipe");
	must(pipe(ends->from), "pipe");
}

static void answer(const struct ends *ends)
{
	char c;

	close(ends->to[1]);
	while (read(ends->to[0], &c, 1) == 1)
		must(write(ends->from[1], &c, 1), "write");
	exit(0);
}

static void round_trip(const struct ends *ends)
{
	char c = 0;

	must(write(ends->to[1], &c, 1), "write");
	must(read(ends->from[0], &c, 1), "read");
}

/* How often registers of the PMU were written since the last call. */
static u64 pmu_writes(void)
{
	int fd = must(open("/dev/cpu/0/msr", O_RDWR), "/dev/cpu/0/msr");
	u64 kinds, value, sum = 0;

	must(pread(fd, &kinds, sizeof(kinds), MSR_COUNTS), "access counts");
	for (u64 i = 1; i < kinds; i++) {
		must(pread(fd, &value, sizeof(value), MSR_COUNTS + 2 * i + 1), "access counts");
		sum += value;
	}
	value = 0;
	must(pwrite(fd, &value, sizeof(value), MSR_COUNTS), "access counts");
	close(fd);
	return sum;
}

static void measure(const struct path *path, int size, const struct ends *ends)
{
	struct takes takes = {};

	for (int i = 0; i < 20; i++)
		round_trip(ends);
	if (strstr(path->name, "writes")) {
		pmu_writes();
		for (int i = 0; i < 1000; i++)
			round_trip(ends);
		report_value(path, size, pmu_writes() / 1000.0);
		return;
	}
	for (int i = 0; i < 301; i++)
		TAKE(&takes, round_trip(ends));
	report(path, size, &takes);
}

static void pair(struct ends *ends)
{
	pipes(ends);
	if (!child())
		answer(ends);
}

static void alone(const struct path *path, int size)
{
	struct ends ends;

	pair(&ends);
	measure(path, size, &ends);
}

enum { COUNTING, DISABLED, TRACEPOINT, SAMPLING, HARDWARE };

static struct perf_event_attr kind(u64 arg, int i)
{
	struct perf_event_attr attr = quiet();

	if (arg == TRACEPOINT)
		attr = tracepoint("sched/sched_process_hang");
	if (arg == DISABLED)
		attr.disabled = 1;
	if (arg == SAMPLING)
		attr.sample_period = 1000000000;
	if (arg == HARDWARE) {
		attr.type = PERF_TYPE_HARDWARE;
		attr.config = PERF_COUNT_HW_INSTRUCTIONS;
		if (i % 2)
			attr.config = PERF_COUNT_HW_BRANCH_INSTRUCTIONS;
	}
	return attr;
}

static void own(const struct path *path, int size)
{
	struct ends ends;

	pair(&ends);
	for (int i = 0; i < size; i++)
		open_event(kind(path->arg, i));
	measure(path, size, &ends);
}

/* Both tasks have as many. */
static void both(const struct path *path, int size)
{
	struct ends ends;

	pipes(&ends);
	if (!child()) {
		for (int i = 0; i < size; i++)
			open_event(kind(path->arg, i));
		answer(&ends);
	}
	for (int i = 0; i < size; i++)
		open_event(kind(path->arg, i));
	measure(path, size, &ends);
}

/* Both tasks are children of the one that opened the events. */
static void inherited(const struct path *path, int size)
{
	struct ends ends;
	int status;

	for (int i = 0; i < size; i++) {
		struct perf_event_attr attr = kind(path->arg, i);

		attr.inherit = 1;
		open_event(attr);
	}
	pipes(&ends);
	if (!child())
		answer(&ends);
	if (!child()) {
		measure(path, size, &ends);
		exit(0);
	}
	close(ends.to[1]);
	must(wait(&status), "wait");
}

/* Neither task has an event, but others do. */
static void others(const struct path *path, int size)
{
	struct ends ends;

	pair(&ends);
	if (!child()) {
		open_events(quiet(), size);
		pause();
	}
	rest();
	measure(path, size, &ends);
}

/* The events are the CPU's. */
static void whole_cpu(const struct path *path, int size)
{
	struct ends ends;

	pair(&ends);
	for (int i = 0; i < size; i++)
		event(kind(path->arg, i), -1, 0, -1, 0);
	measure(path, size, &ends);
}

/* The tasks are of two cgroups; the events are the CPU's, each for the one or the other in turn. */
static void cgroups(const struct path *path, int size)
{
	static const char *const dirs[] = { "/sys/fs/cgroup/a", "/sys/fs/cgroup/b" };
	int fd[2], procs[2];
	struct ends ends;

	/* Without another controller there is none of perf events below the root. */
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+pids");
	for (int i = 0; i < 2; i++) {
		char name[64];

		mkdir(dirs[i], 0755);
		fd[i] = must(open(dirs[i], O_RDONLY), dirs[i]);
		snprintf(name, sizeof(name), "%s/cgroup.procs", dirs[i]);
		procs[i] = must(open(name, O_WRONLY), name);
	}
	pipes(&ends);
	if (!child()) {
		must(write(procs[0], "0", 1), "cgroup.procs");
		answer(&ends);
	}
	must(write(procs[1], "0", 1), "cgroup.procs");
	for (int i = 0; i < size; i++)
		event(kind(path->arg, i / 2), fd[i % 2], 0, -1, PERF_FLAG_PID_CGROUP);
	measure(path, size, &ends);
}

const struct path switch_paths[] = {
	{ "switch.none", alone },
	{ "switch.others", others, { 1, 64 } },
	{ "switch.software", own, { 1, 4, 16, 64 }, COUNTING },
	{ "switch.both", both, { 1, 4, 16, 64 }, COUNTING },
	{ "switch.sampling", own, { 1, 4, 16, 64 }, SAMPLING },
	{ "switch.disabled", own, { 1, 16, 64 }, DISABLED },
	{ "switch.idle", both, { 1, 16, 64 }, DISABLED },
	{ "switch.inherited", inherited, { 1, 16, 64 }, COUNTING },
	{ "switch.tracepoint", own, { 1, 8, 32 }, TRACEPOINT },
	{ "switch.trboth", both, { 1, 8, 32 }, TRACEPOINT },
	{ "switch.cpu", whole_cpu, { 1, 16, 64 }, COUNTING },
	{ "switch.groups", cgroups },
	{ "switch.cgroup", cgroups, { 2, 8, 32 }, COUNTING },
	{ "writes.none", alone },
	{ "writes.hardware", own, { 1, 4, 8 }, HARDWARE },
	{ "writes.hwboth", both, { 1, 4, 8 }, HARDWARE },
	{ "writes.hwinherited", inherited, { 1, 4, 8 }, HARDWARE },
	{ "switch.hardware", own, { 1, 4, 8 }, HARDWARE },
	{ "switch.hwboth", both, { 1, 4, 8 }, HARDWARE },
	{ "switch.hwinherited", inherited, { 1, 4, 8 }, HARDWARE },
	{}
};
