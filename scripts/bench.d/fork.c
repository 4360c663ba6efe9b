// SPDX-License-Identifier: GPL-2.0
/*
 * fork() of a child that exits at once, until it is waited for; its parent has so many events,
 * which are inherited or not.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"

#define CHILDREN 256

static void open_quiet(int nr, bool inherited)
{
	struct perf_event_attr attr = quiet();

	attr.inherit = inherited;
	open_events(attr, nr);
}

static void fork_exit(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	must(waitpid(pid, NULL, 0), "wait");
}

/* path->arg: whether the events are inherited. */
static void fork_with_events(const struct path *path, int size)
{
	struct takes takes = {};

	open_quiet(size, path->arg);
	for (int i = 0; i < 5; i++)
		fork_exit();
	for (int i = 0; i < 101; i++)
		TAKE(&takes, fork_exit());
	report(path, size, &takes);
}

/* Bytes of slabs and of per-CPU memory. */
static double kernel_memory(void)
{
	char line[128];
	double sum = 0;
	FILE *f;

	write_file("/proc/sys/vm/stat_refresh", "1");
	f = fopen("/proc/meminfo", "r");
	if (!f)
		die("meminfo");
	while (fgets(line, sizeof(line), f)) {
		char name[32];
		double kib;

		if (sscanf(line, "%31[^:]: %lf", name, &kib) == 2 &&
		    (!strcmp(name, "Slab") || !strcmp(name, "Percpu")))
			sum += kib * 1024;
	}
	fclose(f);
	return sum;
}

static void fork_more(pid_t *pid)
{
	for (int i = 0; i < CHILDREN; i++) {
		pid[i] = child();
		if (!pid[i])
			for (;;)
				pause();
	}
	rest();
}

/* What a child takes, of the second half of them: the first fills what room slabs have. */
static double memory_of_child(void)
{
	pid_t pid[2 * CHILDREN];
	double before, used;

	fork_more(pid);
	before = kernel_memory();
	fork_more(pid + CHILDREN);
	used = kernel_memory() - before;
	for (int i = 0; i < 2 * CHILDREN; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
	rest();
	return used / CHILDREN;
}

/* What it takes more with events, for each. */
static void memory(const struct path *path, int size)
{
	double without = memory_of_child();

	open_quiet(size, true);
	report_value(path, size, (memory_of_child() - without) / size);
}

const struct path fork_paths[] = {
	{ "fork.none", fork_with_events },
	{ "fork.own", fork_with_events, { 1, 16 } },
	{ "fork.inherit", fork_with_events, { 1, 4, 16 }, true },
	{ "fork.memory", memory, { 1, 16 } },
	{}
};
