/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perf-trigger: its parts.
 *
 *   perf-trigger.c   the command line, stat
 *   event.c          from an event's name to its attributes
 *   open.c           open and link the events of one task; words for what is refused
 *   follow.c         run the command with events, and a buffer, for each of its tasks
 *   passes.c         stat --per-pass: from samples to a table
 *   data.c           record: a perf.data that stock perf reads
 */
#ifndef PERF_TRIGGER_H
#define PERF_TRIGGER_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdnoreturn.h>
#include <sys/types.h>

#ifndef PERF_EVENT_IOC_SET_STARTER
#define PERF_EVENT_IOC_SET_STARTER	_IO('$', 7)
#define PERF_EVENT_IOC_SET_STOPPER	_IO('$', 8)
#endif

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define TARGETS			64
#define FAILED			125	/* perf-trigger itself */

typedef __u64 u64;
typedef __u32 u32;
typedef __u16 u16;

enum kind { UPROBE, KPROBE, TRACEPOINT, BREAKPOINT, NAMED };

struct event {
	const char *name;
	enum kind kind;
	struct perf_event_attr attr;
};

struct job {
	bool record;
	bool per_pass;
	bool callchain;
	u64 period;		/* 0: by frequency */
	u64 freq;
	const char *output;
	struct event start;
	struct event stop;
	struct event side;		/* record: tells of mappings and names */
	struct event target[TARGETS];
	int nr;
	char **command;
	char **argv;			/* all of it */
};

/* A buffer that the kernel writes. */
struct ring {
	struct perf_event_mmap_page *page;
	char *data;
	u64 mask;
	u64 record[8192];		/* one that lies on the end and the beginning */
};

/* One task of the command, and its events. */
struct task {
	struct task *next;
	pid_t tid;
	int start, stop, side;
	int target[TARGETS];
	u64 id[TARGETS];
	u64 id_stop, id_side;
	struct ring ring;
	/* passes.c */
	bool inside;
	bool unsure;			/* records were lost: until the next stop */
	u64 since;
	u64 last[TARGETS];
};

noreturn void die(const char *format, ...);

/* event.c */
struct event trigger_parse(const char *name);
struct event target_parse(const char *name);

/* open.c */
void kernel_check(void);
void task_open(struct job *job, struct task *task, bool inside);
void task_close(const struct job *job, struct task *task);
bool task_is_inside(const struct job *job, const struct task *task);
unsigned long long open_time(int fd);

/* follow.c */
pid_t command_start(char **command, int *go);
int follow(struct job *job);

/* passes.c */
void passes_begin(const struct job *job, struct task *task, bool inside);
void passes_record(const struct job *job, struct task *task,
		   const struct perf_event_header *record);
void passes_end(const struct job *job, struct task *task);
void passes_print(const struct job *job);

/* data.c */
void data_open(const struct job *job);
void data_ids(const struct job *job, const struct task *task);
void data_record(const struct perf_event_header *record);
void data_close(const struct job *job);

#endif
