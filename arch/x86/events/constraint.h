/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which event goes on which counter: constraint.c.
 */
#ifndef ARCH_X86_EVENTS_CONSTRAINT_H
#define ARCH_X86_EVENTS_CONSTRAINT_H

#include <linux/bitops.h>
#include <linux/types.h>

/* Counters, and so events at a time, that one PMU can have. */
#define X86_COUNTERS_MAX	64

/**
 * struct event_constraint - the counters that can count certain events
 * @idxmsk: the same as @idxmsk64, as a bitmap
 * @idxmsk64: a bit for each counter that can
 * @code: which events: those whose event select, masked by @cmask, is this
 * @cmask: the bits of an event select to compare; a table ends with a row where it
 *	   is 0
 * @weight: how many counters there are in @idxmsk64
 * @flags: what else is known of these events; meant for the owner of the table
 */
struct event_constraint {
	union {
		unsigned long	idxmsk[BITS_TO_LONGS(X86_COUNTERS_MAX)];
		u64		idxmsk64;
	};
	u64	code;
	u64	cmask;
	int	weight;
	int	flags;
};

#define __EVENT_CONSTRAINT(_code, _counters, _cmask, _weight, _overlap, _flags) {	\
	.idxmsk64	= (_counters),			\
	.code		= (_code),			\
	.cmask		= (_cmask),			\
	.weight		= (_weight),			\
	.flags		= (_flags),			\
}

#define EVENT_CONSTRAINT(_code, _counters, _cmask)	\
	__EVENT_CONSTRAINT(_code, _counters, _cmask, HWEIGHT(_counters), 0, 0)

/* An event that keeps a neighbour from the counter that it needs: no special case here. */
#define EVENT_CONSTRAINT_OVERLAP(_code, _counters, _cmask)	\
	EVENT_CONSTRAINT(_code, _counters, _cmask)

#define EVENT_CONSTRAINT_END	{ }

#define for_each_event_constraint(c, table)	\
	for ((c) = (table); (c)->cmask; (c)++)

bool x86_assign_counters(const u64 *allowed, int n, s8 *idx);

/* What the uncore drivers call. */
int perf_assign_events(struct event_constraint **constraints, int n,
		       int wmin, int wmax, int gpmax, int *assign);

#endif /* ARCH_X86_EVENTS_CONSTRAINT_H */
