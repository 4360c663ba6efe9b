/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of starters and stoppers share: a region.
 *
 * It lies between calls of two functions of this program, begin() and end(), on
 * which there are breakpoints that sample each hit.  pass() goes through it once.
 * Faults are counted: touch_pages() makes exactly so many, inside or outside.
 */
#ifndef TRIGGER_UTIL_H
#define TRIGGER_UTIL_H

#include <linux/hw_breakpoint.h>
#include "perf_util.h"

#define INSIDE		3	/* pages a pass */
#define OUTSIDE		5	/* pages between two */

static __attribute__((noipa, unused)) int begin(int n)
{
	return n + 1;
}

static __attribute__((noipa, unused)) int end(int n)
{
	return n + 2;
}

static inline struct perf_event_attr door_attr(int (*fn)(int n))
{
	struct perf_event_attr attr = pe_attr(PERF_TYPE_BREAKPOINT, 0);

	attr.bp_type = HW_BREAKPOINT_X;
	attr.bp_addr = (unsigned long)fn;
	attr.bp_len = sizeof(long);
	attr.sample_period = 1;
	attr.exclude_kernel = 1;
	return attr;
}

/* Samples each call of "system/name". */
static inline struct perf_event_attr call_attr(const char *name)
{
	struct perf_event_attr attr = pe_attr(PERF_TYPE_TRACEPOINT, tracepoint_id(name));

	attr.sample_period = 1;
	return attr;
}

static inline struct perf_event_attr target_attr(void)
{
	struct perf_event_attr attr = fault_attr();

	attr.enable_on_starter = 1;
	return attr;
}

static inline int set_starter(int trigger, int target)
{
	return pe_ioctl(trigger, PERF_EVENT_IOC_SET_STARTER, target);
}

static inline int set_stopper(int trigger, int target)
{
	return pe_ioctl(trigger, PERF_EVENT_IOC_SET_STOPPER, target);
}

/* Of fdinfo's "perf_event.@name:" the number, -1 if there is no such line. */
static inline long long told(int fd, const char *name)
{
	char path[64], text[4096], line[64], *at;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	snprintf(line, sizeof(line), "\nperf_event.%s:\t", name);
	if (file_read(path, text, sizeof(text)) < 0)
		return -2;
	at = strstr(text, line);
	return at ? atoll(at + strlen(line)) : -1;
}

static __attribute__((noipa, unused)) void pass(void)
{
	begin(1);
	touch_pages(INSIDE);
	end(1);
}

static inline void passes(int nr)
{
	while (nr--) {
		touch_pages(OUTSIDE);
		pass();
	}
	touch_pages(OUTSIDE);
}

struct region {
	struct perf_event_attr begin;
	struct perf_event_attr end;
	int starter;
	int stopper;
};

/* What is in @r, of task @pid: 0, or an errno. */
static inline int region_open_as(struct region *r, pid_t pid, bool inherit)
{
	r->begin.inherit = inherit;
	r->end.inherit = inherit;
	r->starter = pe_open(&r->begin, pid, -1, -1, 0);
	r->stopper = pe_open(&r->end, pid, -1, -1, 0);
	return r->starter < 0 ? r->starter : r->stopper < 0 ? r->stopper : 0;
}

static inline int region_open(struct region *r, pid_t pid, bool inherit)
{
	r->begin = door_attr(begin);
	r->end = door_attr(end);
	return region_open_as(r, pid, inherit);
}

static inline int region_guard(const struct region *r, int target)
{
	return set_starter(r->starter, target) ?: set_stopper(r->stopper, target);
}

static inline void region_close(const struct region *r)
{
	close(r->starter);
	close(r->stopper);
}

static inline bool none_here(int err)
{
	return err == -ENOENT || err == -ENODEV || err == -EOPNOTSUPP;
}

/* A new event of the thread's own that counts in the region only; or an errno. */
static inline int guarded(const struct region *r, struct perf_event_attr *attr)
{
	int fd = pe_self(attr), err;

	if (fd < 0)
		return fd;
	err = region_guard(r, fd);
	if (err)
		close(fd);
	return err ?: fd;
}

/* Once through what a test runs; then the pages of its code are in, wherever they end. */
static inline void region_warm_up(void)
{
	warm_up();
	told(0, "id");
	passes(2);
	mlockall(MCL_CURRENT);
}

#endif /* TRIGGER_UTIL_H */
