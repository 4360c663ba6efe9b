// SPDX-License-Identifier: GPL-2.0
/*
 * The groups of a context that want to run, in order.
 *
 * A set belongs to one PMU of one context and holds group leaders: all that
 * are pinned, or all that are not.  It is a tree ordered by (CPU, cgroup,
 * index), so that the groups for one CPU and one cgroup are neighbours, a
 * *stream*, and stand in it in the order of their index.  The index is given
 * out by a counter: a group that is inserted goes to the end of its stream, and
 * to let groups take turns is to take out the first and insert it again.
 *
 * A task's groups come from two streams: those bound to no CPU and those bound
 * to this one.  A CPU's come from one, and from one more for each cgroup above
 * the task that runs.  perf_group_merge() visits several streams as if they
 * were one, by index.
 *
 * Nothing here takes a lock or knows a state: the caller holds ctx->lock.
 */
#include "internal.h"

static int group_cmp_stream(int cpu, u64 cgrp_id, const struct perf_event *leader)
{
	u64 other = perf_event_cgroup_id((struct perf_event *)leader);

	if (cpu != leader->cpu)
		return cpu < leader->cpu ? -1 : 1;
	if (cgrp_id != other)
		return cgrp_id < other ? -1 : 1;

	return 0;
}

static bool group_less(struct rb_node *a, const struct rb_node *b)
{
	struct perf_event *left = rb_entry(a, struct perf_event, group_node);
	const struct perf_event *right = rb_entry(b, struct perf_event, group_node);
	int cmp = group_cmp_stream(left->cpu, perf_event_cgroup_id(left), right);

	return cmp < 0 || (!cmp && left->group_index < right->group_index);
}

/**
 * perf_group_insert() - make a group the last of its stream
 * @set: the set
 * @leader: leader of the group, in no set
 *
 * Context: ctx->lock held.
 */
void perf_group_insert(struct perf_group_set *set, struct perf_event *leader)
{
	leader->group_index = ++set->index;
	rb_add(&leader->group_node, &set->tree, group_less);
}

/**
 * perf_group_erase() - take a group out
 * @set: the set
 * @leader: leader of the group; nothing happens if it is in no set
 *
 * Context: ctx->lock held.
 */
void perf_group_erase(struct perf_group_set *set, struct perf_event *leader)
{
	if (RB_EMPTY_NODE(&leader->group_node))
		return;

	rb_erase(&leader->group_node, &set->tree);
	RB_CLEAR_NODE(&leader->group_node);
}

/**
 * perf_group_first() - the first group of a stream
 * @set: the set
 * @cpu: CPU that the groups are bound to, -1 for those that are not
 * @cgrp_id: ID of their cgroup, 0 for those of none
 *
 * Return: the leader, or NULL if the stream is empty.
 */
struct perf_event *perf_group_first(struct perf_group_set *set, int cpu, u64 cgrp_id)
{
	struct rb_node *node = set->tree.rb_node;
	struct perf_event *first = NULL;

	while (node) {
		struct perf_event *leader = rb_entry(node, struct perf_event, group_node);
		int cmp = group_cmp_stream(cpu, cgrp_id, leader);

		if (!cmp)
			first = leader;
		node = cmp <= 0 ? node->rb_left : node->rb_right;
	}

	return first;
}

/**
 * perf_group_next() - the next group of the same stream
 * @leader: a group in a set
 *
 * Return: the leader after it, or NULL if it is the last.
 */
struct perf_event *perf_group_next(struct perf_event *leader)
{
	struct rb_node *node = rb_next(&leader->group_node);
	struct perf_event *next;

	if (!node)
		return NULL;

	next = rb_entry(node, struct perf_event, group_node);
	if (group_cmp_stream(leader->cpu, perf_event_cgroup_id(leader), next))
		return NULL;

	return next;
}

/**
 * perf_group_merge() - visit several streams in the order of their groups' index
 * @streams: the first group of each stream, or NULL; used up
 * @nr: how many
 * @fn: called with each leader, which it may take out of the set; nonzero stops
 * @arg: passed to @fn
 *
 * Costs @nr steps a group; a task has two streams and a CPU as many as cgroups
 * are nested.
 *
 * Return: 0, or what @fn returned when it stopped.
 */
int perf_group_merge(struct perf_event **streams, int nr,
		     int (*fn)(struct perf_event *leader, void *arg), void *arg)
{
	for (;;) {
		struct perf_event *leader;
		int i, min = -1, ret;

		for (i = 0; i < nr; i++) {
			if (!streams[i])
				continue;
			if (min < 0 || streams[i]->group_index < streams[min]->group_index)
				min = i;
		}
		if (min < 0)
			return 0;

		leader = streams[min];
		streams[min] = perf_group_next(leader);

		ret = fn(leader, arg);
		if (ret)
			return ret;
	}
}
