/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A graph of starters and stoppers: 20 events of one task, links at random, ends closed
 * and opened anew at random while the others fire.  What the hand has linked, and not
 * closed since, is compared with what the kernel says.
 *
 * Another hand may fork at any time: an event then outlives its close() here, and its
 * links with it, until that child has gone.
 */
#ifndef TORTURE_GRAPH_H
#define TORTURE_GRAPH_H

#include <sys/syscall.h>
#include <sys/wait.h>
#include "torture_open.h"
#include "trigger_util.h"

#define NODES	20

struct graph {
	pid_t pid;			/* whose events; 0: the hand's own */
	int fd[NODES];			/* -1: closed */
	bool samples[NODES];
	int trigger[2][NODES];		/* the starter of each, and the stopper, or -1 */
};

static const char * const kinds_of_link[2] = { "starter", "stopper" };

static void node_open(struct hand *h, struct graph *g, int node)
{
	struct perf_event_attr attr;

	do {
		attr = (struct perf_event_attr) { .size = sizeof(attr) };
		wants[pick(h, ARRAY_SIZE(wants))].fill(h, &attr);
		/* These take ten milliseconds, and can be had in slots. */
	} while (attr.type == (unsigned int)world.kprobe ||
		 attr.type == (unsigned int)world.uprobe);
	attr_set_flags(&attr, 0);
	attr.inherit = pick(h, 2);
	attr.enable_on_starter = chance(h, 3);
	attr.sample_period = tame_period(&attr, false, pick(h, 4) ? 1 + chance(h, 4) : 0);
	attr.exclude_kernel = h->team == world.teams - 1;
	g->samples[node] = attr.sample_period;
	g->fd[node] = pe_open(&attr, g->pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static void node_close(struct graph *g, int node)
{
	close(g->fd[node]);
	g->fd[node] = -1;
	for (int kind = 0; kind < 2; kind++) {
		g->trigger[kind][node] = -1;
		for (int i = 0; i < NODES; i++)
			if (g->trigger[kind][i] == node)
				g->trigger[kind][i] = -1;
	}
}

static int link_expected(const struct graph *g, int a, int b, int kind)
{
	int old = g->trigger[kind][b];

	if (a == b || !g->samples[a])
		return -EINVAL;
	if (old >= 0)
		return old == a ? -EEXIST : -EBUSY;
	return g->trigger[!kind][b] == a ? -EINVAL : 0;
}

static void node_link(struct hand *h, struct graph *g, int a, int b)
{
	int kind = pick(h, 2), want = link_expected(g, a, b, kind);
	int err = kind ? set_stopper(g->fd[a], g->fd[b]) : set_starter(g->fd[a], g->fd[b]);

	if (!err)
		g->trigger[kind][b] = a;
	/* A task may have ended, a PMU may not be one that pauses. */
	if (err == want || g->pid || err == -EOPNOTSUPP)
		return;
	/* Closed here, and still open in a child. */
	if (g->trigger[kind][b] < 0 && err == -EBUSY)
		return;
	complain(h, "a link as %s gave %d, not %d", kinds_of_link[kind], err, want);
}

/* The kernel tells of each link that was made; of others only if they live elsewhere. */
static void node_check(struct hand *h, struct graph *g, int node)
{
	for (int kind = 0; kind < 2; kind++) {
		int trigger = g->trigger[kind][node];
		long long id = told(g->fd[node], kinds_of_link[kind]);

		if (id == -2 || g->pid)
			continue;
		if (trigger >= 0 && id != (long long)pe_id(g->fd[trigger]))
			complain(h, "the %s of event %llu is %lld", kinds_of_link[kind],
				 pe_id(g->fd[node]), id);
		for (int i = 0; i < NODES && trigger < 0 && id >= 0; i++)
			if (g->fd[i] >= 0 && id == (long long)pe_id(g->fd[i]))
				complain(h, "event %lld was never a %s", id, kinds_of_link[kind]);
	}
}

/* What most of them see: faults, calls, what is watched. */
static void graph_fire(struct hand *h)
{
	pid_t pid;

	stimulate();
	if (!chance(h, 8))
		return;
	pid = fork();
	if (!pid) {
		stimulate();
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static int op_graph(struct hand *h)
{
	struct graph g = { .pid = chance(h, 3) ? any_tid(h) : 0 };
	int links = 0;

	memset(g.fd, -1, sizeof(g.fd));
	memset(g.trigger, -1, sizeof(g.trigger));
	for (int i = 0; i < 6 * NODES && !SEE(common->is_wrong); i++) {
		int a = pick(h, NODES), b = pick(h, NODES);

		if (g.fd[a] < 0)
			node_open(h, &g, a);
		else if (chance(h, 8))
			node_close(&g, a);
		if (g.fd[a] < 0 || g.fd[b] < 0)
			continue;
		node_link(h, &g, a, b);
		links++;
		if (chance(h, 4))
			node_check(h, &g, b);
		if (chance(h, 4))
			graph_fire(h);
	}
	/* In an order at random. */
	for (int i = pick(h, NODES), n = NODES; n--; i = (i + 7) % NODES)
		if (g.fd[i] >= 0)
			node_close(&g, i);
	return links ? 0 : -ENODEV;
}

#endif /* TORTURE_GRAPH_H */
