// SPDX-License-Identifier: GPL-2.0
/* A page fault, and what it takes more if it is counted, or sampled with one field or another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "bench.h"

#define PAGES 256
#define PAGE 4096

static char *area;

/* Read faults map the zero page. */
static void make_area(void)
{
	if (!area) {
		area = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (area == MAP_FAILED)
			die("mmap");
		madvise(area, PAGES * PAGE, MADV_NOHUGEPAGE);
	}
	madvise(area, PAGES * PAGE, MADV_DONTNEED);
}

static void measure(const struct path *path, int size, struct perf_event_mmap_page *page)
{
	struct takes takes = {};

	for (int turn = 0; turn < 2; turn++) {
		takes.nr = 0;
		make_area();
		for (int i = 0; i < PAGES; i++) {
			/* So that it is never full. */
			if (page)
				page->data_tail = page->data_head;
			TAKE(&takes, touch(area + i * PAGE));
		}
	}
	if (page && !page->data_head)
		die("no sample");
	report(path, size, &takes);
}

static struct perf_event_attr faults(void)
{
	struct perf_event_attr attr = quiet();

	attr.config = PERF_COUNT_SW_PAGE_FAULTS;
	return attr;
}

static void counted(const struct path *path, int size)
{
	open_events(faults(), size);
	measure(path, size, NULL);
}

/* So that writing a record does not fault. */
static void read_all(const char *buffer, int pages)
{
	for (int i = 0; i < pages; i++)
		touch(buffer + i * PAGE);
}

static struct perf_event_mmap_page *sampling(struct perf_event_attr attr, int *fd)
{
	struct perf_event_mmap_page *page;

	attr.sample_period = 1;
	attr.wakeup_events = 1 << 30;
	*fd = open_event(attr);
	page = mmap(NULL, 65 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (page == MAP_FAILED)
		die("mmap");
	read_all((char *)page, 65);
	return page;
}

#define USUAL (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | \
	       PERF_SAMPLE_PERIOD | PERF_SAMPLE_IDENTIFIER)

static void sampled(const struct path *path, int size)
{
	struct perf_event_attr attr = faults();
	int fd;

	attr.sample_type = path->arg;
	if (path->arg & (PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER))
		attr.sample_regs_user = 0xff0fff;
	if (path->arg & PERF_SAMPLE_REGS_INTR)
		attr.sample_regs_intr = 0xff0fff;
	if (path->arg & PERF_SAMPLE_STACK_USER)
		attr.sample_stack_user = 1024;
	measure(path, size, sampling(attr, &fd));
}

/* The leader of a group of so many is sampled. */
static void group_sampled(const struct path *path, int size)
{
	struct perf_event_attr attr = faults();
	struct perf_event_mmap_page *page;
	int leader;

	attr.sample_type = PERF_SAMPLE_READ;
	attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	page = sampling(attr, &leader);
	for (int i = 1; i < size; i++)
		event(quiet(), 0, -1, leader, 0);
	measure(path, size, page);
}

/* A frame each, as the program is compiled without calls that replace their caller's frame. */
static int deep(const struct path *path, int size, int left, struct perf_event_mmap_page *page)
{
	if (left > 0)
		return deep(path, size, left - 1, page) + 1;
	measure(path, size, page);
	return 0;
}

/* A user stack of so many frames, or the kernel's. */
static void chain(const struct path *path, int size)
{
	struct perf_event_attr attr = faults();
	int fd;

	attr.sample_type = PERF_SAMPLE_CALLCHAIN;
	if (size)
		attr.exclude_callchain_kernel = 1;
	else
		attr.exclude_callchain_user = 1;
	deep(path, size, size, sampling(attr, &fd));
}

const struct path sample_paths[] = {
	{ "fault.none", counted },
	{ "fault.counted", counted, { 1, 8, 64 } },
	{ "sample.nothing", sampled, {}, 0 },
	{ "sample.ip", sampled, {}, PERF_SAMPLE_IP },
	{ "sample.tid", sampled, {}, PERF_SAMPLE_TID },
	{ "sample.time", sampled, {}, PERF_SAMPLE_TIME },
	{ "sample.addr", sampled, {}, PERF_SAMPLE_ADDR },
	{ "sample.read", sampled, {}, PERF_SAMPLE_READ },
	{ "sample.id", sampled, {}, PERF_SAMPLE_ID },
	{ "sample.cpu", sampled, {}, PERF_SAMPLE_CPU },
	{ "sample.period", sampled, {}, PERF_SAMPLE_PERIOD },
	{ "sample.stream_id", sampled, {}, PERF_SAMPLE_STREAM_ID },
	{ "sample.raw", sampled, {}, PERF_SAMPLE_RAW },
	{ "sample.regs_user", sampled, {}, PERF_SAMPLE_REGS_USER },
	{ "sample.stack_user", sampled, {}, PERF_SAMPLE_STACK_USER },
	{ "sample.weight", sampled, {}, PERF_SAMPLE_WEIGHT },
	{ "sample.data_src", sampled, {}, PERF_SAMPLE_DATA_SRC },
	{ "sample.identifier", sampled, {}, PERF_SAMPLE_IDENTIFIER },
	{ "sample.transaction", sampled, {}, PERF_SAMPLE_TRANSACTION },
	{ "sample.regs_intr", sampled, {}, PERF_SAMPLE_REGS_INTR },
	{ "sample.phys_addr", sampled, {}, PERF_SAMPLE_PHYS_ADDR },
	{ "sample.cgroup", sampled, {}, PERF_SAMPLE_CGROUP },
	{ "sample.data_page", sampled, {}, PERF_SAMPLE_DATA_PAGE_SIZE },
	{ "sample.code_page", sampled, {}, PERF_SAMPLE_CODE_PAGE_SIZE },
	{ "sample.weight2", sampled, {}, PERF_SAMPLE_WEIGHT_STRUCT },
	{ "sample.usual", sampled, {}, USUAL },
	{ "sample.group", group_sampled, { 1, 8, 64 } },
	{ "chain.kernel", chain },
	{ "chain.user", chain, { 1, 16, 64 } },
	{}
};
