// SPDX-License-Identifier: GPL-2.0
/*
 * Programs on events where there is no tracing: none can be attached.
 *
 * tracepoint.c has the real ones; kernel/bpf calls them in either case.
 */
#include <linux/trace_events.h>

#include "internal.h"

/**
 * perf_event_set_bpf_prog() - attach a program to an event
 * @event: the event
 * @prog: the program
 * @bpf_cookie: for bpf_get_attach_cookie()
 *
 * Return: -ENOENT.
 */
int perf_event_set_bpf_prog(struct perf_event *event, struct bpf_prog *prog, u64 bpf_cookie)
{
	return -ENOENT;
}

/**
 * perf_event_free_bpf_prog() - detach an event's program
 * @event: the event, which has none
 */
void perf_event_free_bpf_prog(struct perf_event *event)
{
}
