/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86: what a microarchitecture is described by.
 *
 * Data only, so that a table can be looked at outside of a kernel, too
 * (scripts/tests/26-models.t).
 */
#ifndef ARCH_X86_EVENTS_MODEL_H
#define ARCH_X86_EVENTS_MODEL_H

#include <linux/types.h>
#include <uapi/linux/perf_event.h>

#include "constraint.h"

/**
 * struct extra_reg - a register that some events need beside an event select
 * @event: those events: event select masked by @config_mask
 * @msr: the register
 * @config_mask: bits of an event select to compare
 * @valid_mask: bits that attr.config1 may have
 * @idx: which of the registers that the threads of a core share
 * @extra_msr_access: for uncore drivers
 */
struct extra_reg {
	unsigned int	event;
	unsigned int	msr;
	u64		config_mask;
	u64		valid_mask;
	int		idx;
	bool		extra_msr_access;
};

#define EVENT_EXTRA_REG(_event, _msr, _mask, _valid, _idx) {	\
	.event		= (_event),				\
	.msr		= (_msr),				\
	.config_mask	= (_mask),				\
	.valid_mask	= (_valid),				\
	.idx		= EXTRA_REG_##_idx,			\
	.extra_msr_access = true,				\
}

#define EVENT_EXTRA_END	{ }

/* Registers that the threads of a core share. */
enum extra_reg_type {
	EXTRA_REG_NONE		= -1,
	EXTRA_REG_RSP_0		= 0,
	EXTRA_REG_RSP_1		= 1,
	EXTRA_REG_LBR		= 2,
	EXTRA_REG_LDLAT		= 3,
	EXTRA_REG_FE		= 4,
	EXTRA_REG_SNOOP_0	= 5,
	EXTRA_REG_SNOOP_1	= 6,
	EXTRA_REG_MAX
};

/**
 * struct x86_string - a name in sysfs and what its file says
 * @name: the file; a table ends with a row without one
 * @value: its content
 * @smt: its content where cores have more than one thread, if that is another
 */
struct x86_string {
	const char *name;
	const char *value;
	const char *smt;
};

typedef u64 x86_cache_map[PERF_COUNT_HW_CACHE_MAX][PERF_COUNT_HW_CACHE_OP_MAX]
			 [PERF_COUNT_HW_CACHE_RESULT_MAX];

/**
 * struct x86_model - what is known of a microarchitecture
 * @name: as in sysfs, caps/pmu_name
 * @label: as in the message at boot
 * @generic: event selects of PERF_TYPE_HARDWARE; 0 if there is none
 * @cache: event selects of PERF_TYPE_HW_CACHE; 0 if there is none, -1 if it makes no
 *	   sense
 * @cache_extra: what goes to the extra register of those that have one; or NULL
 * @constraints: events that not all general counters can count; all events that are
 *		 not there can be on any general counter
 * @precise: what the records of precise events say of data, in flags; or NULL
 * @extra: extra registers; or NULL
 * @events: more files in sysfs, events/
 * @formats: more files in sysfs, format/
 * @raw: bits of attr.config that the user may give, besides those of all models
 * @precise_cycles: by precise_ip, what counts as many as cycles where those cannot be
 *		    precise; 0: they can
 * @flags: X86_MODEL_*
 * @metrics: topdown metrics that PERF_METRICS has
 */
struct x86_model {
	const char			*name;
	const char			*label;
	u64				generic[PERF_COUNT_HW_MAX];
	const x86_cache_map		*cache;
	const x86_cache_map		*cache_extra;
	const struct event_constraint	*constraints;
	const struct event_constraint	*precise;
	const struct extra_reg		*extra;
	const struct x86_string		*events;
	const struct x86_string		*formats;
	u64				raw;
	u64				precise_cycles[4];
	u32				flags;
	u8				metrics;
};

#define X86_MODEL_LATE_ACK	BIT(0)	/* unmask the PMI last */
#define X86_MODEL_OFFCORE_ANY	BIT(1)	/* an OFFCORE_RSP event may use either register */
#define X86_MODEL_LOAD_AUX	BIT(2)	/* sources of loads need MEM_LOADS_AUX in their group */
#define X86_MODEL_LATENCIES	BIT(3)	/* a record has two: of the instruction, of the cache */
#define X86_MODEL_MID_ACK	BIT(4)	/* unmask the PMI before counters go on */
#define X86_MODEL_PDIST_0	BIT(5)	/* precise_ip 3 only on counter 0, or fixed counter 0 */

/* hw_perf_event.flags, below PERF_EVENT_FLAG_ARCH. */
#define X86_EVENT_TOPDOWN	0x0001	/* slots or a metric */
#define X86_EVENT_LBR		0x0002	/* has the branch records on */
#define X86_EVENT_LARGE_PEBS	0x0004	/* records are collected */
#define X86_EVENT_PEBS		0x0008	/* is precise */
#define X86_EVENT_RELOADED	0x0010	/* PEBS sets its next period by itself */
#define X86_EVENT_DATA_LOAD	0x0020	/* has the address of a load */
#define X86_EVENT_DATA_STORE	0x0040	/* ... of a store */
#define X86_EVENT_DATA_LATENCY	0x0080	/* ... and how long it took */
#define X86_EVENT_METRIC	0x0100	/* a metric of topdown */
#define X86_EVENT_BTS		0x0200	/* counts what is traced */
#define X86_EVENT_MORE		0x0400	/* takes more of a CPU than a counter */
#define X86_EVENT_SPECIAL	0x0800	/* needs more than its event select written */

/* On no counter that can be loaded: its vendor reads it. */
#define X86_EVENT_OWN		(X86_EVENT_TOPDOWN | X86_EVENT_BTS)

#endif /* ARCH_X86_EVENTS_MODEL_H */
