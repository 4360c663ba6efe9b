// SPDX-License-Identifier: GPL-2.0
/* A tracepoint is hit, task:task_rename in prctl(PR_SET_NAME), and so many events count it. */
#include <sys/prctl.h>
#include "bench.h"

static void hit(const struct path *path, int size)
{
	struct perf_event_attr attr = tracepoint("task/task_rename");
	struct takes takes = {};

	open_events(attr, size);
	for (int i = 0; i < 101; i++)
		TAKE(&takes, prctl(PR_SET_NAME, "bench"));
	report(path, size, &takes);
}

const struct path hit_paths[] = {
	{ "hit.none", hit },
	{ "hit.tracepoint", hit, { 1, 8, 64 } },
	{}
};
