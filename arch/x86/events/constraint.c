// SPDX-License-Identifier: GPL-2.0
/*
 * Which event goes on which counter.
 *
 * Each event can be counted by some of the counters only.  To give each one its
 * own is to find a matching of a bipartite graph, and so we do: an event that
 * finds all its counters taken asks each of their owners to move to another one,
 * which may have to ask in turn (an augmenting path).  The search is breadth
 * first, so the fewest events move, and it looks at each counter once.  If there
 * is an assignment it is found: a matching is the largest one when no augmenting
 * path is left (Berge), and an event that found none never will, however others
 * move afterwards.
 *
 * Those that have a counter come first; they keep it unless somebody needs it,
 * because each move costs writes of registers.  Among free counters the highest is
 * taken.  Vendors number general counters from 0 and the special ones above them:
 * the general ones, and of these the low ones, which more events need, stay free.
 *
 * Nothing here knows hardware, locks or interrupts.
 */
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/string.h>

#include "constraint.h"

/**
 * struct assignment - the state of the search
 * @allowed: the counters that each event can use
 * @idx: the counter that each event has, -1 without one
 * @owner: the event that each counter of @used has
 * @used: the counters that have one
 */
struct assignment {
	const u64	*allowed;
	s8		*idx;
	s8		owner[X86_COUNTERS_MAX];
	u64		used;
};

/*
 * Let event @e have counter @c, and whoever waited for @e's old one have that, back
 * to the event @first where the search began.
 */
static void shift_path(struct assignment *a, const s8 *waits, int first, int e, int c)
{
	a->used |= BIT_ULL(c);
	for (;;) {
		int old = a->idx[e];

		a->idx[e] = c;
		a->owner[c] = e;
		if (e == first)
			return;
		c = old;
		e = waits[c];
	}
}

static bool augment(struct assignment *a, int first)
{
	s8 queue[X86_COUNTERS_MAX + 1], waits[X86_COUNTERS_MAX];
	int head = 0, tail = 0;
	u64 seen = 0;

	queue[tail++] = first;
	while (head < tail) {
		int e = queue[head++];
		u64 unseen = a->allowed[e] & ~seen;
		u64 unused = unseen & ~a->used;

		if (unused) {
			shift_path(a, waits, first, e, fls64(unused) - 1);
			return true;
		}
		/* Each counter is seen once: the queue holds all owners and the first. */
		for (seen |= unseen; unseen; unseen &= unseen - 1) {
			int c = __ffs64(unseen);

			waits[c] = e;
			queue[tail++] = a->owner[c];
		}
	}

	return false;
}

/**
 * x86_assign_counters() - give each event a counter of its own
 * @allowed: for each event the counters that can count it
 * @n: number of events
 * @idx: for each event the counter that it has and would like to keep, -1 for none;
 *	 then the one that it shall have
 *
 * What is in @idx must be allowed, and no counter there twice.
 *
 * Return: whether each has one.  If not, no assignment exists, and @idx is any one
 * that gives some of them a counter.
 *
 * Context: any.
 */
bool x86_assign_counters(const u64 *allowed, int n, s8 *idx)
{
	struct assignment a = { .allowed = allowed, .idx = idx };
	int i;

	if (WARN_ON_ONCE(n > X86_COUNTERS_MAX))
		return false;

	for (i = 0; i < n; i++) {
		if (idx[i] < 0)
			continue;
		a.owner[idx[i]] = i;
		a.used |= BIT_ULL(idx[i]);
	}
	for (i = 0; i < n; i++) {
		if (idx[i] < 0 && !augment(&a, i))
			return false;
	}

	return true;
}

/**
 * perf_assign_events() - the same for the uncore drivers
 * @constraints: one for each event
 * @n: number of events
 * @wmin: ignored, as are @wmax and @gpmax, hints for a search that can fail
 * @wmax: ignored
 * @gpmax: ignored
 * @assign: the counters, or NULL
 *
 * Return: 0, or nonzero if there is no assignment.
 *
 * Context: any.
 */
int perf_assign_events(struct event_constraint **constraints, int n,
		       int wmin, int wmax, int gpmax, int *assign)
{
	u64 allowed[X86_COUNTERS_MAX];
	s8 idx[X86_COUNTERS_MAX];
	int i;

	if (n > X86_COUNTERS_MAX)
		return -ENOSPC;

	memset(idx, -1, sizeof(idx));
	for (i = 0; i < n; i++)
		allowed[i] = constraints[i]->idxmsk64;
	if (!x86_assign_counters(allowed, n, idx))
		return -ENOSPC;
	for (i = 0; assign && i < n; i++)
		assign[i] = idx[i];

	return 0;
}
EXPORT_SYMBOL_GPL(perf_assign_events);
