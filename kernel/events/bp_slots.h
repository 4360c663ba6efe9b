/* SPDX-License-Identifier: GPL-2.0 */
/* Who may have a breakpoint: accounting only, see bp_slots.c. */
#ifndef _KERNEL_EVENTS_BP_SLOTS_H
#define _KERNEL_EVENTS_BP_SLOTS_H

#include <linux/cache.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>

/* More registers of a type than any machine has. */
#define BP_SLOTS_MAX	16
/* For instructions and for data, where a register cannot be for both. */
#define BP_SLOT_TYPES	2

/**
 * struct bp_claim - what is reserved
 * @task: whose breakpoint, NULL for a CPU's; only its address is used, which nobody
 *	  else may have while the claim is held
 * @cpu: where, -1 for a task's that goes with the task
 * @type: which registers, below BP_SLOT_TYPES
 * @weight: how many
 */
struct bp_claim {
	const void	*task;
	int		cpu;
	unsigned int	type;
	unsigned int	weight;
};

/**
 * struct bp_histogram - things, by how many registers they use
 * @nr: how many things use so many; of those that use none there is no count
 * @present: the bits of those @nr that are not 0
 */
struct bp_histogram {
	unsigned int	nr[BP_SLOTS_MAX + 1];
	unsigned int	present;
};

/**
 * struct bp_shard - a part of the tasks
 * @lock: claims of these tasks; a claim of a CPU takes that of every shard
 * @any: the tasks, by what they have on any CPU
 */
struct bp_shard {
	struct mutex		lock;	/* @any, and bp_task of its tasks */
	struct bp_histogram	any[BP_SLOT_TYPES];
} ____cacheline_aligned_in_smp;

/**
 * struct bp_cpu - a CPU
 * @own: registers for its own breakpoints; every shard's lock to write, any to read
 * @lock: @bound, within a shard's lock; with every shard's it need not be taken
 * @bound: struct bp_bound of the tasks that have something here only
 */
struct bp_cpu {
	unsigned int		own[BP_SLOT_TYPES];
	spinlock_t		lock;	/* @bound */
	struct list_head	bound;
} ____cacheline_aligned_in_smp;

/**
 * struct bp_slots - an account
 * @nr: registers of each type that each CPU has
 * @nr_cpus: CPUs are numbered below this
 * @shard_bits: there are so many shards, as a power of two
 * @lock: taken before the lock of more than one shard
 * @shards: of the tasks
 * @cpus: by number
 * @own: CPUs, by what is their own; locks as of bp_cpu.own
 * @tasks: struct bp_task, by task
 * @bound: struct bp_bound, by task and CPU
 */
struct bp_slots {
	unsigned int		nr[BP_SLOT_TYPES];
	unsigned int		nr_cpus;
	unsigned int		shard_bits;
	struct mutex		lock;	/* the order of shards' */
	struct bp_shard		*shards;
	struct bp_cpu		*cpus;
	struct bp_histogram	own[BP_SLOT_TYPES];
	struct rhashtable	tasks;
	struct rhashtable	bound;
};

int bp_slots_init(struct bp_slots *slots, unsigned int nr_cpus, const unsigned int *nr);
void bp_slots_destroy(struct bp_slots *slots);

int bp_slots_reserve(struct bp_slots *slots, const struct bp_claim *claim);
void bp_slots_release(struct bp_slots *slots, const struct bp_claim *claim);

int bp_slots_reserve_stopped(struct bp_slots *slots, const struct bp_claim *claim);
int bp_slots_release_stopped(struct bp_slots *slots, const struct bp_claim *claim);

unsigned int bp_slots_use(struct bp_slots *slots, unsigned int cpu, unsigned int type);
bool bp_slots_empty(struct bp_slots *slots);

#endif /* _KERNEL_EVENTS_BP_SLOTS_H */
