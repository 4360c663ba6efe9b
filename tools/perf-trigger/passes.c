// SPDX-License-Identifier: GPL-2.0
/*
 * stat --per-pass: from samples to a table.
 *
 * The starter and the stopper sample each occurrence, with the time.  The stopper leads a
 * group of the targets: what these have counted so far is in its sample, and what they had at
 * the one before is known, so that the difference is what one pass counted.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "perf-trigger.h"

#define BAR	40
#define LINES	12

/* What passes took: of the targets, and last the time. */
static struct series {
	u64 *value;
	size_t nr, room;
} series[TARGETS + 1];

static u64 lost, unfinished;

struct read_value {
	u64 value;
	u64 id;
};

struct pass_sample {
	struct perf_event_header header;
	u64 id;
	u32 pid, tid;
	u64 time;
	/* of the stopper */
	u64 nr;
	struct read_value of[];
};

static void add(struct series *s, u64 value)
{
	if (s->nr == s->room) {
		s->room = s->room ? 2 * s->room : 1024;
		s->value = realloc(s->value, s->room * sizeof(*s->value));
		if (!s->value)
			die("no memory for so many passes");
	}
	s->value[s->nr++] = value;
}

/* The clock of the samples. */
void passes_begin(const struct job *job, struct task *task, bool inside)
{
	struct timespec now;

	(void)job;
	clock_gettime(CLOCK_MONOTONIC, &now);
	task->inside = inside;
	task->since = now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void stop(const struct job *job, struct task *task, const struct pass_sample *sample)
{
	bool counts = task->inside && !task->unsure;

	for (int i = 0; i < job->nr; i++) {
		for (u64 k = 0; k < sample->nr; k++) {
			if (sample->of[k].id != task->id[i])
				continue;
			if (counts)
				add(&series[i], sample->of[k].value - task->last[i]);
			task->last[i] = sample->of[k].value;
		}
	}
	if (counts)
		add(&series[job->nr], sample->time - task->since);
	task->inside = false;
	task->unsure = false;
}

void passes_record(const struct job *job, struct task *task,
		   const struct perf_event_header *record)
{
	const struct pass_sample *sample = (const void *)record;

	if (record->type == PERF_RECORD_LOST) {
		lost += ((const u64 *)(record + 1))[1];
		task->unsure = true;
	}
	if (record->type != PERF_RECORD_SAMPLE)
		return;
	if (sample->id == task->id_stop) {
		stop(job, task, sample);
	} else if (!task->inside) {
		task->inside = true;
		task->since = sample->time;
	}
}

void passes_end(const struct job *job, struct task *task)
{
	(void)job;
	unfinished += task->inside;
}

/* ---- The table ---- */

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

/* The least value that so many of a hundred do not exceed. */
static u64 percentile(const struct series *s, unsigned int percent)
{
	return s->value[(s->nr * percent + 99) / 100 - 1];
}

static void print_row(const struct series *s, const char *name)
{
	u64 sum = 0;

	for (size_t i = 0; i < s->nr; i++)
		sum += s->value[i];
	fprintf(stderr, "%14llu %12.1f %10llu %10llu %10llu %10llu %10llu  %s\n", sum,
		(double)sum / s->nr, s->value[0], percentile(s, 50), percentile(s, 90),
		percentile(s, 99), s->value[s->nr - 1], name);
}

/* Of the sorted values those from @at that are alike: the same, or below one power of two. */
static size_t bucket(const struct series *s, size_t at, bool by_power, u64 *low,
		     u64 *high)
{
	u64 value = s->value[at];
	size_t end = at;

	*low = value;
	*high = value;
	if (by_power && value) {
		*low = 1ULL << (63 - __builtin_clzll(value));
		*high = 2 * *low - 1;
	}
	while (end < s->nr && s->value[end] <= *high)
		end++;
	return end;
}

static void print_histogram(const struct series *s, const char *name)
{
	u64 low, high;
	size_t different = 0;

	fprintf(stderr, "\n%s, by pass:\n", name);
	for (size_t at = 0; at < s->nr; different++)
		at = bucket(s, at, false, &low, &high);
	for (size_t at = 0; at < s->nr;) {
		size_t end = bucket(s, at, different > LINES, &low, &high);
		size_t length = ((end - at) * BAR + s->nr - 1) / s->nr;
		char range[48];

		if (low == high)
			snprintf(range, sizeof(range), "%llu", low);
		else
			snprintf(range, sizeof(range), "%llu - %llu", low, high);
		fprintf(stderr, "%26s %10zu  ", range, end - at);
		while (length--)
			fputc('#', stderr);
		fputc('\n', stderr);
		at = end;
	}
}

static const char *name_of(const struct job *job, int i)
{
	return i < job->nr ? job->target[i].name : "ns";
}

void passes_print(const struct job *job)
{
	size_t nr = series[job->nr].nr;

	fprintf(stderr, "\n Between %s and %s: %zu passes\n\n", job->start.name, job->stop.name,
		nr);
	if (nr) {
		fprintf(stderr, "%14s %12s %10s %10s %10s %10s %10s\n", "total", "mean", "least",
			"50 %", "90 %", "99 %", "most");
		for (int i = 0; i <= job->nr; i++) {
			qsort(series[i].value, nr, sizeof(u64), compare);
			print_row(&series[i], name_of(job, i));
		}
		for (int i = 0; i <= job->nr; i++)
			print_histogram(&series[i], name_of(job, i));
	}
	if (unfinished)
		fprintf(stderr, "\n%llu begun and not ended: not among these\n", unfinished);
	if (lost)
		fprintf(stderr, "\n%llu records lost: those passes are not among these\n",
			lost);
	fputc('\n', stderr);
}
