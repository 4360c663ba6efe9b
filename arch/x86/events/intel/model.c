// SPDX-License-Identifier: GPL-2.0
/*
 * Intel: microarchitectures, a row each, and no code.
 *
 * Event codes, which counters can count them, and registers beside event selects are
 * from Intel's event lists (tools/perf/pmu-events/arch/x86) and SDM vol. 3B chapter
 * 20.  How to add a microarchitecture: a struct x86_model, and its processors in
 * intel_matches[].  What only enumeration can tell (how many counters there are,
 * their width) is in no row.
 */
#include <linux/bitfield.h>

#include <asm/cpu_device_id.h>
#include <asm/intel-family.h>
#include <asm/msr-index.h>

#include "model.h"

/* ---- Rows of tables --------------------------------------------------------- */

/* Only these counters, for an event with any umask; for an event and a umask. */
#define EVENT(_code, _counters)		EVENT_CONSTRAINT(_code, _counters, SELECT_EVENT)
#define UMASK(_code, _counters)		EVENT_CONSTRAINT(_code, _counters, SELECT_UMASK)
/* Fixed counter @_n, too, or alone if the event number is 0. */
#define FIXED(_code, _n)		\
	EVENT_CONSTRAINT(_code, BIT_ULL(INTEL_PMC_IDX_FIXED + (_n)), SELECT_ALL)
#define METRIC(_n)			\
	EVENT_CONSTRAINT(INTEL_TD_METRIC_RETIRING + 0x100 * (_n),	\
			 BIT_ULL(INTEL_PMC_IDX_METRIC_BASE + (_n)), SELECT_ALL)

/* Precise events whose records have the address of data. */
#define DATA(_code, _mask, _flags)	\
	__EVENT_CONSTRAINT(_code, ~0ULL, _mask, 0, 0, X86_EVENT_DATA_##_flags)
#define LOAD_LATENCY(_code)		\
	__EVENT_CONSTRAINT(_code, ~0ULL, SELECT_UMASK, 0, 0,	\
			   X86_EVENT_DATA_LOAD | X86_EVENT_DATA_LATENCY)
#define STORE_LATENCY(_code)		\
	__EVENT_CONSTRAINT(_code, ~0ULL, SELECT_UMASK, 0, 0,	\
			   X86_EVENT_DATA_STORE | X86_EVENT_DATA_LATENCY)

#define OFFCORE(_event, _n, _valid)	\
	EVENT_EXTRA_REG(_event, MSR_OFFCORE_RSP_##_n, SELECT_UMASK, _valid, RSP_##_n)
#define LDLAT(_event)			\
	EVENT_EXTRA_REG(_event, MSR_PEBS_LD_LAT_THRESHOLD, SELECT_UMASK, 0xffff, LDLAT)
#define FRONTEND(_event, _valid)	\
	EVENT_EXTRA_REG(_event, MSR_PEBS_FRONTEND, SELECT_UMASK, _valid, FE)

#define ARCH_EVENTS						\
	[PERF_COUNT_HW_CPU_CYCLES]		= 0x003c,	\
	[PERF_COUNT_HW_INSTRUCTIONS]		= 0x00c0,	\
	[PERF_COUNT_HW_CACHE_REFERENCES]	= 0x4f2e,	\
	[PERF_COUNT_HW_CACHE_MISSES]		= 0x412e,	\
	[PERF_COUNT_HW_BRANCH_INSTRUCTIONS]	= 0x00c4,	\
	[PERF_COUNT_HW_BRANCH_MISSES]		= 0x00c5,	\
	[PERF_COUNT_HW_BUS_CYCLES]		= 0x013c

/* One line of a cache map: accesses and misses of an operation. */
#define CACHE(_type, _op, _access, _miss)				\
	[PERF_COUNT_HW_CACHE_##_type][PERF_COUNT_HW_CACHE_OP_##_op] = {	\
		[PERF_COUNT_HW_CACHE_RESULT_ACCESS]	= (_access),	\
		[PERF_COUNT_HW_CACHE_RESULT_MISS]	= (_miss),	\
	}
#define NONSENSE	-1ULL

static const struct x86_string offcore_formats[] = {
	{ "offcore_rsp", "config1:0-63" },
	{ "ldlat", "config1:0-15" },
	{ "frontend", "config1:0-23" },
	{ }
};

/* ---- Architectural performance monitoring alone ----------------------------- */

static const struct event_constraint arch_constraints[] = {
	FIXED(0x00c0, 0), FIXED(0x003c, 1), FIXED(0x0300, 2), FIXED(0x0400, 3),
	EVENT_CONSTRAINT_END
};

const struct x86_model intel_generic_model = {
	.name		= "generic_arch_v2+",
	.label		= "generic architected perfmon",
	.generic	= { ARCH_EVENTS, [PERF_COUNT_HW_REF_CPU_CYCLES] = 0x0300 },
	.constraints	= arch_constraints,
};

/* ---- Skylake ---------------------------------------------------------------- */

/* OFFCORE_RSP of Skylake: which request, and what came of it. */
#define SKL_READ		BIT_ULL(0)
#define SKL_RFO			BIT_ULL(1)
#define SKL_ANY_RESPONSE	BIT_ULL(16)
#define SKL_LOCAL_DRAM		BIT_ULL(26)
#define SKL_REMOTE_DRAM		GENMASK_ULL(29, 27)
#define SKL_ANY_SNOOP		GENMASK_ULL(37, 31)
#define SKL_L3_MISS		(BIT_ULL(17) | SKL_LOCAL_DRAM | SKL_REMOTE_DRAM | SKL_ANY_SNOOP)

static const x86_cache_map skl_cache = {
	CACHE(L1D, READ, 0x81d0, 0x0151),
	CACHE(L1D, WRITE, 0x82d0, 0),
	CACHE(L1I, READ, 0, 0x0283),
	CACHE(L1I, WRITE, NONSENSE, NONSENSE),
	CACHE(LL, READ, 0x01b7, 0x01b7),
	CACHE(LL, WRITE, 0x01b7, 0x01b7),
	CACHE(DTLB, READ, 0x81d0, 0x0e08),
	CACHE(DTLB, WRITE, 0x82d0, 0x0e49),
	CACHE(ITLB, READ, 0x2085, 0x0e85),
	CACHE(ITLB, WRITE, NONSENSE, NONSENSE),
	CACHE(ITLB, PREFETCH, NONSENSE, NONSENSE),
	CACHE(BPU, READ, 0x00c4, 0x00c5),
	CACHE(BPU, WRITE, NONSENSE, NONSENSE),
	CACHE(BPU, PREFETCH, NONSENSE, NONSENSE),
	CACHE(NODE, READ, 0x01b7, 0x01b7),
	CACHE(NODE, WRITE, 0x01b7, 0x01b7),
};

static const x86_cache_map skl_cache_extra = {
	CACHE(LL, READ, SKL_READ | SKL_ANY_RESPONSE, SKL_READ | SKL_L3_MISS),
	CACHE(LL, WRITE, SKL_RFO | SKL_ANY_RESPONSE, SKL_RFO | SKL_L3_MISS),
	CACHE(NODE, READ, SKL_READ | SKL_LOCAL_DRAM | SKL_ANY_SNOOP,
	      SKL_READ | SKL_REMOTE_DRAM | SKL_ANY_SNOOP),
	CACHE(NODE, WRITE, SKL_RFO | SKL_LOCAL_DRAM | SKL_ANY_SNOOP,
	      SKL_RFO | SKL_REMOTE_DRAM | SKL_ANY_SNOOP),
};

static const struct event_constraint skl_constraints[] = {
	FIXED(0x00c0, 0), FIXED(0x003c, 1), FIXED(0x0300, 2),
	UMASK(0x01c0, 0x2),			/* INST_RETIRED.PREC_DIST */
	/* Without hyper-threading there are eight counters, of which these have the first four. */
	EVENT(0x28, 0xf), EVENT(0x32, 0xf), UMASK(0x0148, 0xf), UMASK(0x0159, 0xf),
	EVENT(0x5e, 0xf), EVENT(0x9c, 0xf), EVENT(0xa3, 0xf), EVENT(0xa6, 0xf), EVENT(0xb7, 0xf),
	EVENT(0xbb, 0xf), EVENT(0xc6, 0xf), EVENT(0xc7, 0xf), EVENT(0xc9, 0xf), EVENT(0xcd, 0xf),
	EVENT(0xd0, 0xf), EVENT(0xd1, 0xf), EVENT(0xd2, 0xf), EVENT(0xd3, 0xf), EVENT(0xd4, 0xf),
	EVENT(0xef, 0xf), EVENT(0xf4, 0xf), EVENT(0xfe, 0xf),
	EVENT_CONSTRAINT_END
};

/* MEM_INST_RETIRED: loads have bit 0 of the umask, stores bit 1. */
#define SKL_MEMORY							\
	LOAD_LATENCY(0x01cd),						\
	DATA(0x11d0, SELECT_UMASK, LOAD), DATA(0x12d0, SELECT_UMASK, STORE),	\
	DATA(0x21d0, SELECT_UMASK, LOAD), DATA(0x22d0, SELECT_UMASK, STORE),	\
	DATA(0x41d0, SELECT_UMASK, LOAD), DATA(0x42d0, SELECT_UMASK, STORE),	\
	DATA(0x81d0, SELECT_UMASK, LOAD), DATA(0x82d0, SELECT_UMASK, STORE),	\
	DATA(0xd1, SELECT_EVENT, LOAD), DATA(0xd2, SELECT_EVENT, LOAD),	\
	DATA(0xd3, SELECT_EVENT, LOAD), DATA(0xd4, SELECT_EVENT, LOAD)

static const struct event_constraint skl_precise[] = { SKL_MEMORY, EVENT_CONSTRAINT_END };

/* Cycles in which fewer than 16 instructions retire: all. */
#define ALL_CYCLES(_code)	\
	((_code) | ARCH_PERFMON_EVENTSEL_INV | FIELD_PREP_CONST(ARCH_PERFMON_EVENTSEL_CMASK, 16))

static const struct extra_reg skl_extra[] = {
	OFFCORE(0x01b7, 0, 0x3fffff8fffULL),
	OFFCORE(0x01bb, 1, 0x3fffff8fffULL),
	LDLAT(0x01cd),
	FRONTEND(0x01c6, 0x7fff17),
	EVENT_EXTRA_END
};

static const struct x86_string skl_events[] = {
	{ "mem-loads", "event=0xcd,umask=0x1,ldlat=3" },
	{ "mem-stores", "event=0xd0,umask=0x82" },
	{ "topdown-slots-issued", "event=0xe,umask=0x1" },
	{ "topdown-slots-retired", "event=0xc2,umask=0x2" },
	{ "topdown-fetch-bubbles", "event=0x9c,umask=0x1" },
	{ "topdown-total-slots", "event=0x3c,umask=0x0", "event=0x3c,umask=0x0,any=1" },
	{ "topdown-total-slots.scale", "4", "2" },
	{ "topdown-recovery-bubbles", "event=0xd,umask=0x1,cmask=1",
	  "event=0xd,umask=0x1,cmask=1,any=1" },
	{ "topdown-recovery-bubbles.scale", "4", "2" },
	{ }
};

static const struct x86_model skylake = {
	.name		= "skylake",
	.label		= "Skylake events",
	.generic	= { ARCH_EVENTS, [PERF_COUNT_HW_REF_CPU_CYCLES] = 0x0300 },
	.cache		= &skl_cache,
	.cache_extra	= &skl_cache_extra,
	.constraints	= skl_constraints,
	.precise	= skl_precise,
	.precise_cycles	= { 0, ALL_CYCLES(0x00c0), ALL_CYCLES(0x00c0), ALL_CYCLES(0x01c0) },
	.extra		= skl_extra,
	.events		= skl_events,
	.formats	= offcore_formats,
	.flags		= X86_MODEL_LATE_ACK | X86_MODEL_OFFCORE_ANY,
};

/* ---- Ice Lake --------------------------------------------------------------- */

static const struct event_constraint icl_constraints[] = {
	FIXED(0x00c0, 0), FIXED(0x0100, 0), FIXED(0x01c0, 0), FIXED(0x003c, 1), FIXED(0x0300, 2),
	FIXED(0x0400, 3),
	METRIC(0), METRIC(1), METRIC(2), METRIC(3),
	EVENT(0x03, 0xf), EVENT(0x07, 0xf), EVENT(0x08, 0xf), EVENT(0x24, 0xf),
	EVENT(0x28, 0xf), EVENT(0x32, 0xf), EVENT(0x48, 0xf), EVENT(0x49, 0xf),
	EVENT(0x4c, 0xf), EVENT(0x51, 0xf), EVENT(0x54, 0xf), EVENT(0x55, 0xf),
	EVENT(0x56, 0xf), EVENT(0x60, 0xf), EVENT(0x63, 0xf), EVENT(0x79, 0xf),
	EVENT(0x80, 0xf), EVENT(0x83, 0xf), EVENT(0x85, 0xf), EVENT(0x87, 0xf),
	/* CYCLE_ACTIVITY: those that look at a level of cache */
	UMASK(0x01a3, 0xf), UMASK(0x02a3, 0xf), UMASK(0x05a3, 0xf), UMASK(0x06a3, 0xf),
	UMASK(0x08a3, 0xf), UMASK(0x0ca3, 0xf),
	EVENT(0xa8, 0xf), EVENT(0xab, 0xf), EVENT(0xb0, 0xf), EVENT(0xb7, 0xf),
	EVENT(0xbb, 0xf), EVENT(0xbd, 0xf),
	EVENT(0xd0, 0xf), EVENT(0xd1, 0xf), EVENT(0xd2, 0xf), EVENT(0xd3, 0xf),
	EVENT(0xd4, 0xf), EVENT(0xe6, 0xf), EVENT(0xef, 0xf), EVENT(0xf0, 0xf),
	EVENT(0xf1, 0xf), EVENT(0xf2, 0xf), EVENT(0xf4, 0xf),
	EVENT_CONSTRAINT_END
};

static const struct extra_reg icl_extra[] = {
	OFFCORE(0x01b7, 0, 0x3fffffbfffULL),
	OFFCORE(0x01bb, 1, 0x3fffffbfffULL),
	LDLAT(0x01cd),
	FRONTEND(0x01c6, 0x7fff17),
	EVENT_EXTRA_END
};

#define TOPDOWN_LEVEL_1							\
	{ "slots", "event=0x00,umask=0x4" },				\
	{ "topdown-retiring", "event=0x00,umask=0x80" },		\
	{ "topdown-bad-spec", "event=0x00,umask=0x81" },		\
	{ "topdown-fe-bound", "event=0x00,umask=0x82" },		\
	{ "topdown-be-bound", "event=0x00,umask=0x83" }

#define TOPDOWN_LEVEL_2							\
	{ "topdown-heavy-ops", "event=0x00,umask=0x84" },		\
	{ "topdown-br-mispredict", "event=0x00,umask=0x85" },		\
	{ "topdown-fetch-lat", "event=0x00,umask=0x86" },		\
	{ "topdown-mem-bound", "event=0x00,umask=0x87" }

static const struct x86_string icl_events[] = {
	{ "mem-loads", "event=0xcd,umask=0x1,ldlat=3" },
	{ "mem-stores", "event=0xd0,umask=0x82" },
	TOPDOWN_LEVEL_1,
	{ }
};

static const struct x86_model icelake = {
	.name		= "icelake",
	.label		= "Icelake events",
	.generic	= { ARCH_EVENTS, [PERF_COUNT_HW_REF_CPU_CYCLES] = 0x0300 },
	.cache		= &skl_cache,
	.cache_extra	= &skl_cache_extra,
	.constraints	= icl_constraints,
	.precise	= skl_precise,
	.extra		= icl_extra,
	.events		= icl_events,
	.formats	= offcore_formats,
	.flags		= X86_MODEL_LATE_ACK | X86_MODEL_OFFCORE_ANY,
	.metrics	= 4,
};

/* ---- Golden Cove: Sapphire Rapids, Alder Lake; Redwood Cove ----------------- */

static const x86_cache_map glc_cache = {
	CACHE(L1D, READ, 0x81d0, 0xe124),
	CACHE(L1D, WRITE, 0x82d0, 0),
	CACHE(L1I, READ, 0, 0xe424),
	CACHE(L1I, WRITE, NONSENSE, NONSENSE),
	CACHE(LL, READ, 0x012a, 0x012a),
	CACHE(LL, WRITE, 0x012a, 0x012a),
	CACHE(DTLB, READ, 0x81d0, 0x0e12),
	CACHE(DTLB, WRITE, 0x82d0, 0x0e13),
	CACHE(ITLB, READ, NONSENSE, 0x0e11),
	CACHE(ITLB, WRITE, NONSENSE, NONSENSE),
	CACHE(ITLB, PREFETCH, NONSENSE, NONSENSE),
	CACHE(BPU, READ, 0x00c4, 0x00c5),
	CACHE(BPU, WRITE, NONSENSE, NONSENSE),
	CACHE(BPU, PREFETCH, NONSENSE, NONSENSE),
	CACHE(NODE, READ, 0x012a, 0x012a),
};

static const x86_cache_map glc_cache_extra = {
	CACHE(LL, READ, 0x10001, 0x3fbfc00001ULL),
	CACHE(LL, WRITE, 0x3f3ffc0002ULL, 0x3f3fc00002ULL),
	CACHE(NODE, READ, 0x10c000001ULL, 0x3fb3000001ULL),
};

static const struct event_constraint glc_constraints[] = {
	FIXED(0x00c0, 0), FIXED(0x0100, 0), FIXED(0x003c, 1), FIXED(0x0300, 2),
	FIXED(0x013c, 2), FIXED(0x0400, 3),
	METRIC(0), METRIC(1), METRIC(2), METRIC(3), METRIC(4), METRIC(5), METRIC(6), METRIC(7),
	EVENT(0x03, 0xf), EVENT(0x11, 0xf), EVENT(0x12, 0xf), EVENT(0x13, 0xf),
	EVENT(0x20, 0xf), EVENT(0x21, 0xf), EVENT(0x23, 0xf), EVENT(0x24, 0xf),
	EVENT(0x25, 0xf), EVENT(0x26, 0xf), EVENT(0x28, 0xf), EVENT(0x2a, 0xf),
	EVENT(0x2b, 0xf), EVENT(0x2c, 0xf), EVENT(0x2d, 0xf), EVENT(0x40, 0xf),
	EVENT(0x42, 0xf), EVENT(0x43, 0xf), EVENT(0x44, 0xf), EVENT(0x47, 0xf),
	EVENT(0x48, 0xf), EVENT(0x4c, 0xf), EVENT(0x51, 0xf), EVENT(0x54, 0xf),
	EVENT(0x60, 0xf), EVENT(0x61, 0xf), EVENT(0x75, 0xf), EVENT(0x76, 0xf),
	EVENT(0x79, 0xf), EVENT(0x80, 0xf), EVENT(0x83, 0xf), EVENT(0x87, 0xf),
	UMASK(0x01a3, 0xf), UMASK(0x02a3, 0xf), UMASK(0x05a3, 0xf), UMASK(0x06a3, 0xf),
	UMASK(0x08a3, 0xf), UMASK(0x0ca3, 0xf),
	UMASK(0x04a4, 0x1), UMASK(0x08a4, 0x1),		/* TOPDOWN.{BAD_SPEC,BR_MISPREDICT}_SLOTS */
	UMASK(0x01cd, 0xfe), UMASK(0x02cd, 0x1),	/* load latency, sampled stores */
	EVENT(0xd0, 0xf), EVENT(0xd1, 0xf), EVENT(0xd2, 0xf), EVENT(0xd3, 0xf), EVENT(0xd4, 0xf),
	EVENT_CONSTRAINT_END
};

static const struct event_constraint glc_precise[] = {
	SKL_MEMORY, STORE_LATENCY(0x02cd), EVENT_CONSTRAINT_END
};

static const struct extra_reg glc_extra[] = {
	OFFCORE(0x012a, 0, 0x3fffffffffULL),
	OFFCORE(0x012b, 1, 0x3fffffffffULL),
	LDLAT(0x01cd),
	FRONTEND(0x01c6, 0x7fff1f),
	FRONTEND(0x40ad, 0x7),
	FRONTEND(0x04c2, 0x8),
	EVENT_EXTRA_END
};

/* Redwood Cove: Granite Rapids, Meteor Lake */
static const struct extra_reg rwc_extra[] = {
	OFFCORE(0x012a, 0, 0x3fffffffffULL),
	OFFCORE(0x012b, 1, 0x3fffffffffULL),
	LDLAT(0x01cd),
	FRONTEND(0x02c6, 0x9),
	FRONTEND(0x03c6, 0x7fff1f),
	FRONTEND(0x40ad, 0x7),
	FRONTEND(0x04c2, 0x8),
	EVENT_EXTRA_END
};

static const struct x86_string glc_events[] = {
	{ "mem-loads", "event=0xcd,umask=0x1,ldlat=3" },
	{ "mem-stores", "event=0xcd,umask=0x2" },
	{ "mem-loads-aux", "event=0x03,umask=0x82" },
	TOPDOWN_LEVEL_1,
	TOPDOWN_LEVEL_2,
	{ }
};

#define COVE(_extra)							\
	.generic	= { ARCH_EVENTS, [PERF_COUNT_HW_REF_CPU_CYCLES] = 0x013c },	\
	.cache		= &glc_cache,					\
	.cache_extra	= &glc_cache_extra,				\
	.constraints	= glc_constraints,				\
	.precise	= glc_precise,					\
	.extra		= _extra,					\
	.events		= glc_events,					\
	.formats	= offcore_formats,				\
	.flags		= X86_MODEL_LATE_ACK | X86_MODEL_OFFCORE_ANY |	\
			  X86_MODEL_LOAD_AUX | X86_MODEL_LATENCIES |	\
			  X86_MODEL_PDIST_0,				\
	.metrics	= 8

static const struct x86_model sapphire_rapids = {
	.name = "sapphire_rapids", .label = "Sapphire Rapids events", COVE(glc_extra)
};

static const struct x86_model granite_rapids = {
	.name = "granite_rapids", .label = "Granite Rapids events", COVE(rwc_extra)
};

static const struct x86_model golden_cove = { COVE(glc_extra) };
static const struct x86_model redwood_cove = { COVE(rwc_extra) };

/* ---- Gracemont, Crestmont --------------------------------------------------- */

static const struct event_constraint grt_constraints[] = {
	FIXED(0x00c0, 0), FIXED(0x003c, 1), FIXED(0x0300, 2), FIXED(0x013c, 2),
	UMASK(0x05d0, 0x3), UMASK(0x06d0, 0xf),		/* load latency, store latency */
	EVENT_CONSTRAINT_END
};

static const struct event_constraint grt_precise[] = {
	LOAD_LATENCY(0x05d0), STORE_LATENCY(0x06d0),
	DATA(0x81d0, SELECT_UMASK, LOAD), DATA(0x82d0, SELECT_UMASK, STORE),
	EVENT_CONSTRAINT_END
};

static const struct extra_reg grt_extra[] = {
	OFFCORE(0x01b7, 0, 0x3fffffffffULL),
	OFFCORE(0x02b7, 1, 0x3fffffffffULL),
	LDLAT(0x05d0),
	EVENT_EXTRA_END
};

static const x86_cache_map grt_cache = {
	CACHE(L1D, READ, 0x81d0, 0),
	CACHE(L1D, WRITE, 0x82d0, 0),
	CACHE(L1I, READ, 0x0380, 0x0280),
	CACHE(L1I, WRITE, NONSENSE, NONSENSE),
	CACHE(LL, READ, 0x01b7, 0x01b7),
	CACHE(LL, WRITE, 0x01b7, 0x01b7),
	CACHE(DTLB, READ, 0x81d0, 0x0e08),
	CACHE(DTLB, WRITE, 0x82d0, 0x0e49),
	CACHE(ITLB, READ, 0x00c0, 0x0481),
	CACHE(ITLB, WRITE, NONSENSE, NONSENSE),
	CACHE(ITLB, PREFETCH, NONSENSE, NONSENSE),
	CACHE(BPU, READ, 0x00c4, 0x00c5),
	CACHE(BPU, WRITE, NONSENSE, NONSENSE),
	CACHE(BPU, PREFETCH, NONSENSE, NONSENSE),
};

static const x86_cache_map grt_cache_extra = {
	CACHE(LL, READ, 0x10001, 0x3f84400001ULL),
	CACHE(LL, WRITE, 0x10002, 0x3f84400002ULL),
};

static const struct x86_string grt_events[] = {
	{ "mem-loads", "event=0xd0,umask=0x5,ldlat=3" },
	{ "mem-stores", "event=0xd0,umask=0x6" },
	{ "topdown-bad-spec", "event=0x73,umask=0x0" },
	{ "topdown-be-bound", "event=0x74,umask=0x0" },
	{ "topdown-fe-bound", "event=0x71,umask=0x0" },
	{ "topdown-retiring", "event=0xc2,umask=0x0" },
	{ }
};

static const struct x86_string grt_formats[] = {
	{ "offcore_rsp", "config1:0-63" },
	{ "ldlat", "config1:0-15" },
	{ }
};

static const struct extra_reg cmt_extra[] = {
	OFFCORE(0x01b7, 0, 0x800ff3ffffffffffULL),
	OFFCORE(0x02b7, 1, 0x0ff3ffffffffffULL),
	LDLAT(0x05d0),
	EVENT_EXTRA_REG(0x0127, MSR_SNOOP_RSP_0, SELECT_UMASK, ~0ULL, SNOOP_0),
	EVENT_EXTRA_REG(0x0227, MSR_SNOOP_RSP_1, SELECT_UMASK, ~0ULL, SNOOP_1),
	EVENT_EXTRA_END
};

static const struct x86_string cmt_formats[] = {
	{ "offcore_rsp", "config1:0-63" },
	{ "ldlat", "config1:0-15" },
	{ "snoop_rsp", "config1:0-63" },
	{ }
};

#define MONT(_extra, _formats)						\
	.generic	= { ARCH_EVENTS, [PERF_COUNT_HW_REF_CPU_CYCLES] = 0x013c },	\
	.cache		= &grt_cache,					\
	.cache_extra	= &grt_cache_extra,				\
	.constraints	= grt_constraints,				\
	.precise	= grt_precise,					\
	.extra		= _extra,					\
	.events		= grt_events,					\
	.formats	= _formats,					\
	.flags		= X86_MODEL_OFFCORE_ANY | X86_MODEL_LATENCIES |	\
			  X86_MODEL_MID_ACK

static const struct x86_model gracemont = {
	.name = "gracemont", .label = "Gracemont events", MONT(grt_extra, grt_formats)
};

static const struct x86_model crestmont = {
	.name = "crestmont", .label = "Crestmont events", MONT(cmt_extra, cmt_formats)
};

/* ---- Which processor has which ---------------------------------------------- */

#define ALDER_LAKE	.model = &golden_cove, .small = &gracemont,	\
			.label = "Alderlake Hybrid events", .name = "alderlake_hybrid"
#define METEOR_LAKE	.model = &redwood_cove, .small = &crestmont,	\
			.label = "Meteorlake Hybrid events", .name = "meteorlake_hybrid"

const struct intel_match intel_matches[] = {
	{ INTEL_SKYLAKE_L,		&skylake },
	{ INTEL_SKYLAKE,		&skylake },
	{ INTEL_SKYLAKE_X,		&skylake },	/* Cascade Lake, Cooper Lake, too */
	{ INTEL_KABYLAKE_L,		&skylake },
	{ INTEL_KABYLAKE,		&skylake },
	{ INTEL_COMETLAKE_L,		&skylake },
	{ INTEL_COMETLAKE,		&skylake },
	{ INTEL_ICELAKE_L,		&icelake },
	{ INTEL_ICELAKE,		&icelake },
	{ INTEL_ICELAKE_X,		&icelake },
	{ INTEL_ICELAKE_D,		&icelake },
	{ INTEL_TIGERLAKE_L,		&icelake },
	{ INTEL_TIGERLAKE,		&icelake },
	{ INTEL_ROCKETLAKE,		&icelake },
	{ INTEL_SAPPHIRERAPIDS_X,	&sapphire_rapids },
	{ INTEL_EMERALDRAPIDS_X,	&sapphire_rapids },
	{ INTEL_GRANITERAPIDS_X,	&granite_rapids },
	{ INTEL_GRANITERAPIDS_D,	&granite_rapids },
	{ INTEL_ATOM_GRACEMONT,		&gracemont },
	{ INTEL_ATOM_CRESTMONT,		&crestmont },
	{ INTEL_ATOM_CRESTMONT_X,	&crestmont },
	{ INTEL_ALDERLAKE,	ALDER_LAKE },
	{ INTEL_ALDERLAKE_L,	ALDER_LAKE },
	{ INTEL_RAPTORLAKE,	ALDER_LAKE },
	{ INTEL_RAPTORLAKE_P,	ALDER_LAKE },
	{ INTEL_RAPTORLAKE_S,	ALDER_LAKE },
	{ INTEL_METEORLAKE,	METEOR_LAKE },
	{ INTEL_METEORLAKE_L,	METEOR_LAKE },
	{ }
};
