// SPDX-License-Identifier: GPL-2.0
/*
 * What waits: the guest's time, which jumps ahead while there is nothing to do, tells how long, in
 * microseconds.
 */
#include <sys/mman.h>
#include <unistd.h>
#include "bench.h"

static void last(const struct path *path, int size)
{
	struct takes takes = {};

	for (int i = 0; i < 11; i++) {
		int fd = open_event(tracepoint("sched/sched_process_hang"));

		rest();
		TAKE(&takes, close(fd));
		takes.value[i] /= 1000;
	}
	report(path, size, &takes);
}

static void again(const struct path *path, int size)
{
	struct takes takes = {};
	int fd = open_event(quiet());

	for (int i = 0; i < 11; i++) {
		u64 start;
		void *area = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		rest();
		start = now();
		munmap(area, 2 * 4096);
		area = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		take(&takes, start);
		takes.value[i] /= 1000;
		if (area == MAP_FAILED)
			die("mmap");
		munmap(area, 2 * 4096);
		rest();
	}
	report(path, size, &takes);
}

const struct path wait_paths[] = {
	{ "wait.close", last },
	{ "wait.mmap", again },
	{}
};
