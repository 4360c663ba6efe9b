/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a machine has when nobody uses events, to be compared at the end: what
 * can be had of everything that is limited, and what is allocated.
 */
#ifndef TORTURE_STATE_H
#define TORTURE_STATE_H

#include "torture_util.h"

#define PATIENCE	(20 * scale())		/* seconds, for all to end */

static void drop_privileges(void)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ||
	    prctl(PR_SET_DUMPABLE, 1))
		abort();
}

/* Bytes that a line of code has allocated, where the kernel counts them. */
struct bytes {
	char where[100];
	long nr;
};

struct state {
	long things[THINGS];
	long pages_of_nobody;
	long programs;
	long cgroups;
	long counters;
	struct bytes bytes[400];
	int nr_bytes;
};

static int count_programs(void)
{
	union bpf_attr attr = { 0 };
	int nr = 0;

	while (!syscall(__NR_bpf, BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr))) {
		attr.start_id = attr.next_id;
		nr++;
	}
	return nr;
}

/* What somebody without privileges can map. */
static long pages_of_nobody(void)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);
	int pages, fd, out[2];
	struct ring ring;
	pid_t pid;

	attr.exclude_kernel = 1;
	if (pipe(out))
		return -errno;
	pid = fork();
	if (!pid) {
		drop_privileges();
		fd = pe_self(&attr);
		for (pages = 1; pages < 1 << 15 && !ring_map(&ring, fd, pages); pages *= 2)
			ring_unmap(&ring);
		if (write(out[1], &pages, sizeof(pages)) < 0)
			abort();
		_exit(0);
	}
	if (read(out[0], &pages, sizeof(pages)) != sizeof(pages))
		pages = -1;
	waitpid(pid, NULL, 0);
	close(out[0]);
	close(out[1]);
	return pages;
}

/* How many fit at once, on each CPU. */
static long count_counters(void)
{
	struct perf_event_attr attr = pe_attr(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS);
	int fd[64], nr, sum = 0;
	__u64 value;

	attr.pinned = 1;
	for (int cpu = 0; cpu < world.cpus; cpu++) {
		for (nr = 0; nr < 64; nr++) {
			fd[nr] = pe_open(&attr, -1, cpu, -1, 0);
			if (fd[nr] < 0)
				break;
			/* At its end is one that got none. */
			if (read(fd[nr], &value, sizeof(value)) != sizeof(value)) {
				close(fd[nr]);
				break;
			}
		}
		sum += nr;
		while (nr--)
			close(fd[nr]);
	}
	return sum;
}

static void count_bytes(struct state *state)
{
	FILE *f = fopen("/proc/allocinfo", "r");
	char line[300];

	state->nr_bytes = 0;
	while (f && fgets(line, sizeof(line), f)) {
		struct bytes *b = &state->bytes[state->nr_bytes];

		if (!strstr(line, "/events/") || strstr(line, "uprobes.c") ||
		    sscanf(line, "%ld %*d %99s", &b->nr, b->where) != 2)
			continue;
		if (state->nr_bytes < (int)ARRAY_SIZE(state->bytes) - 1)
			state->nr_bytes++;
	}
	if (f)
		fclose(f);
}

static void look_around(struct state *state)
{
	long budget = sysctl_get("perf_event_mlock_kb");

	/* A small budget is soon used up, and then shows what is charged to it. */
	sysctl_set("perf_event_mlock_kb", 16);
	look(state->things);
	state->pages_of_nobody = pages_of_nobody();
	sysctl_set("perf_event_mlock_kb", budget);
	state->programs = count_programs();
	state->cgroups = cgroups_dying();
	state->counters = count_counters();
}

static void differ(char *text, size_t size, const char *what, long was, long is)
{
	size_t len = strlen(text);

	if (was != is)
		snprintf(text + len, size - len, " %s: %+ld", what, is - was);
}

/* All that is not as it was, as a text. */
static void differ_things(const struct state *was, struct state *is, char *text, size_t size)
{
	text[0] = 0;
	look_around(is);
	for (unsigned int i = 0; i < THINGS; i++)
		differ(text, size, things[i], was->things[i], is->things[i]);
	differ(text, size, "pages for nobody", was->pages_of_nobody, is->pages_of_nobody);
	differ(text, size, "BPF programs", was->programs, is->programs);
	differ(text, size, "dying cgroups", was->cgroups, is->cgroups);
	differ(text, size, "counters", was->counters, is->counters);
}

/* The lines are always the same, in the same order. */
static void differ_bytes(const struct state *was, struct state *is, char *text, size_t size)
{
	text[0] = 0;
	count_bytes(is);
	for (int i = 0; i < is->nr_bytes && i < was->nr_bytes; i++)
		if (is->bytes[i].nr > was->bytes[i].nr)
			differ(text, size, is->bytes[i].where, was->bytes[i].nr, is->bytes[i].nr);
}

/* What is freed after grace periods takes its time; looking makes things of that kind itself. */
static void check_end(const struct state *was)
{
	static struct state is;
	char text[300];

	for (int way = 0; way < 2 && !common->is_wrong; way++) {
		__u64 end = now_ns(CLOCK_MONOTONIC) + PATIENCE * NSEC_PER_SEC;

		do {
			sleep_ms(200);
			(way ? differ_bytes : differ_things)(was, &is, text, sizeof(text));
		} while (text[0] && now_ns(CLOCK_MONOTONIC) < end);
		if (text[0])
			complain(NULL, "left at the end:%s", text);
	}
}

#endif /* TORTURE_STATE_H */
