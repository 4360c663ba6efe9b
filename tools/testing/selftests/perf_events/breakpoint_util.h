/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of breakpoints share. */
#ifndef BREAKPOINT_UTIL_H
#define BREAKPOINT_UTIL_H

#include <linux/hw_breakpoint.h>
#include "perf_util.h"

#define SLOTS_MAX	64

/* In a page of its own, so aligned as far as any breakpoint asks. */
static __u64 *watched;

static inline struct perf_event_attr point(int type, const void *addr, int len)
{
	struct perf_event_attr attr = pe_attr(PERF_TYPE_BREAKPOINT, 0);

	attr.bp_type = type;
	attr.bp_addr = (unsigned long)addr;
	attr.bp_len = len;
	attr.exclude_kernel = 1;
	return attr;
}

static inline void store(__u64 *p, int times)
{
	while (times--)
		__atomic_store_n(p, times, __ATOMIC_RELAXED);
}

static inline void load(__u64 *p, int times)
{
	while (times--)
		__atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline int fill(struct perf_event_attr *attr, pid_t pid, int cpu, int *fd)
{
	int nr = 0;

	while (nr < SLOTS_MAX && (fd[nr] = pe_open(attr, pid, cpu, -1, 0)) >= 0)
		nr++;
	return nr;
}

static inline void empty(int *fd, int nr)
{
	while (nr--)
		close(fd[nr]);
}

/* How many more there can be, of a task or on a CPU. */
static inline int room(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	int fd[SLOTS_MAX], nr = fill(attr, pid, cpu, fd);

	empty(fd, nr);
	return nr;
}

static inline int change(int fd, const struct perf_event_attr *attr)
{
	return pe_ioctl(fd, PERF_EVENT_IOC_MODIFY_ATTRIBUTES, (unsigned long)attr);
}

#endif /* BREAKPOINT_UTIL_H */
