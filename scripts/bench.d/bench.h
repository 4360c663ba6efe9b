/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an act costs: a path does it many times, each time between two looks at the clock, and
 * reports the median.
 *
 * The guest's clock counts instructions, so the figures are exact.  A timer tick now and then falls
 * into a take; the median is one without, unless the act takes longer than a tick.
 */
#ifndef BENCH_H
#define BENCH_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdnoreturn.h>
#include <sys/types.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

typedef __u64 u64;

/* A line of the result, "NAME SIZE VALUE", for each size; each from a process of its own. */
struct path {
	const char *name;
	void (*run)(const struct path *path, int size);
	int sizes[8];			/* up to the first 0 after the first */
	u64 arg;			/* what it means is up to run() */
};

extern const struct path switch_paths[], call_paths[], fork_paths[], hit_paths[], sample_paths[],
	mmap_paths[], wait_paths[], breakpoint_paths[], trigger_paths[], hardware_paths[];

/* Takes of one act. */
struct takes {
	int nr;
	u64 value[512];
};

u64 now(void);
void take(struct takes *takes, u64 start);		/* from start to now */
void report(const struct path *path, int size, const struct takes *takes);
void report_value(const struct path *path, int size, double value);

#define TAKE(takes, act)			\
do {						\
	u64 start_ = now();		\
						\
	act;					\
	take(takes, start_);			\
} while (0)

/* Read a byte of the page. */
static inline void touch(const void *page)
{
	asm volatile("movb (%0), %%al" : : "r" (page) : "al", "memory");
}

/* A counting software event that nothing fires in the guest. */
struct perf_event_attr quiet(void);
struct perf_event_attr tracepoint(const char *name);
int event(struct perf_event_attr attr, pid_t pid, int cpu, int group, unsigned long flags);
int open_event(struct perf_event_attr attr);		/* of this task */
void open_events(struct perf_event_attr attr, int nr);

noreturn void die(const char *what);
int must(int ret, const char *what);
void write_file(const char *path, const char *text);
pid_t child(void);		/* fork() of a child that dies with its parent */
void rest(void);		/* until what the kernel does later is done; takes no time */

#endif
