// SPDX-License-Identifier: GPL-2.0
/* Hardware events: system calls on them, and what a sample takes from the interrupt on. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "bench.h"

#define TURNS	101
#define PAGE	4096
#define PERIOD	20000		/* instructions */
#define SAMPLES	10

static struct perf_event_attr instructions(void)
{
	struct perf_event_attr attr = quiet();

	attr.type = PERF_TYPE_HARDWARE;
	attr.config = PERF_COUNT_HW_INSTRUCTIONS;
	attr.exclude_kernel = 1;
	return attr;
}

/* Open or close (arg) one beside so many. */
static void beside(const struct path *path, int size)
{
	struct takes opens = {}, closes = {};

	open_events(instructions(), size);
	for (int i = 0; i < TURNS; i++) {
		int fd;

		TAKE(&opens, fd = open_event(instructions()));
		TAKE(&closes, close(fd));
	}
	report(path, size, path->arg ? &closes : &opens);
}

static void read_group(const struct path *path, int size)
{
	struct perf_event_attr attr = instructions();
	struct takes takes = {};
	u64 values[64];
	int leader;

	attr.read_format = PERF_FORMAT_GROUP;
	leader = open_event(attr);
	for (int i = 1; i < size; i++)
		event(attr, 0, -1, leader, 0);
	for (int i = 0; i < TURNS; i++)
		TAKE(&takes, must(read(leader, values, sizeof(values)), "read"));
	report(path, size, &takes);
}

/* As many instructions as so many periods have. */
static void work(void)
{
	unsigned long n = PERIOD * SAMPLES / 2;

	asm volatile("1:	dec %0\n	jnz 1b" : "+r" (n) : : "cc");
}

static void loop(const struct path *path, int size)
{
	struct takes takes = {};

	for (int i = 0; i < TURNS; i++)
		TAKE(&takes, work());
	report(path, size, &takes);
}

/* Samples of work(), each an interrupt. */
static void sampled(const struct path *path, int size)
{
	struct perf_event_attr attr = instructions();
	struct perf_event_mmap_page *page;
	struct takes takes = {};
	u64 head;

	attr.sample_period = PERIOD;
	attr.sample_type = path->arg;
	attr.wakeup_events = 1 << 30;
	page = mmap(NULL, 65 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, open_event(attr), 0);
	if (page == MAP_FAILED)
		die("mmap");
	for (int i = 0; i < 65; i++)
		touch((char *)page + i * PAGE);
	for (int i = 0; i < TURNS; i++) {
		head = page->data_head;
		page->data_tail = head;
		TAKE(&takes, work());
		if (page->data_head == head)
			die("no sample");
	}
	report(path, size, &takes);
}

#define USUAL (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | \
	       PERF_SAMPLE_PERIOD | PERF_SAMPLE_IDENTIFIER)

const struct path hardware_paths[] = {
	{ "hw.open", beside, { 0, 1, 3 } },
	{ "hw.close", beside, { 0, 1, 3 }, 1 },
	{ "hw.read", read_group, { 1, 4 } },
	{ "hw.loop", loop },
	{ "hw.sample", sampled, {}, PERF_SAMPLE_IP },
	{ "hw.usual", sampled, {}, USUAL },
	{}
};
