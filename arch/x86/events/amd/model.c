// SPDX-License-Identifier: GPL-2.0
/*
 * AMD: microarchitectures, a row each, and no code.
 *
 * Event codes are from the Processor Programming References.  From family 17h on each
 * counter can count each event.
 */
#include <asm/cpufeatures.h>

#include "amd.h"

#define CACHE(_type, _op, _access, _miss)				\
	[PERF_COUNT_HW_CACHE_##_type][PERF_COUNT_HW_CACHE_OP_##_op] = {	\
		[PERF_COUNT_HW_CACHE_RESULT_ACCESS]	= (_access),	\
		[PERF_COUNT_HW_CACHE_RESULT_MISS]	= (_miss),	\
	}
#define NONSENSE	-1ULL

static const struct event_constraint any_counter[] = { EVENT_CONSTRAINT_END };

static const x86_cache_map zen_cache = {
	CACHE(L1D, READ, 0x0040, 0xc860),
	CACHE(L1D, PREFETCH, 0xff5a, 0),
	CACHE(L1I, READ, 0x0080, 0x0081),
	CACHE(L1I, WRITE, NONSENSE, NONSENSE),
	CACHE(DTLB, READ, 0xff45, 0xf045),
	CACHE(ITLB, READ, 0x0084, 0xff85),
	CACHE(ITLB, WRITE, NONSENSE, NONSENSE),
	CACHE(ITLB, PREFETCH, NONSENSE, NONSENSE),
	CACHE(BPU, READ, 0x00c2, 0x00c3),
	CACHE(BPU, WRITE, NONSENSE, NONSENSE),
	CACHE(BPU, PREFETCH, NONSENSE, NONSENSE),
	CACHE(NODE, WRITE, NONSENSE, NONSENSE),
	CACHE(NODE, PREFETCH, NONSENSE, NONSENSE),
};

#define ZEN_EVENTS						\
	[PERF_COUNT_HW_CPU_CYCLES]		= 0x0076,	\
	[PERF_COUNT_HW_INSTRUCTIONS]		= 0x00c0,	\
	[PERF_COUNT_HW_CACHE_REFERENCES]	= 0xff60,	\
	[PERF_COUNT_HW_CACHE_MISSES]		= 0x0964,	\
	[PERF_COUNT_HW_BRANCH_INSTRUCTIONS]	= 0x00c2,	\
	[PERF_COUNT_HW_BRANCH_MISSES]		= 0x00c3

static const struct x86_model zen1 = {
	.label		= "Fam17h+",
	.generic	= {
		ZEN_EVENTS,
		[PERF_COUNT_HW_STALLED_CYCLES_FRONTEND]	= 0x0287,
		[PERF_COUNT_HW_STALLED_CYCLES_BACKEND]	= 0x0187,
	},
	.cache		= &zen_cache,
	.constraints	= any_counter,
};

/* Zen 2 and 3 */
static const struct x86_model zen2 = {
	.label		= "Fam17h+",
	.generic	= {
		ZEN_EVENTS,
		[PERF_COUNT_HW_STALLED_CYCLES_FRONTEND]	= 0x00a9,
	},
	.cache		= &zen_cache,
	.constraints	= any_counter,
};

static const struct x86_model zen4 = {
	.label		= "Fam17h+",
	.generic	= {
		ZEN_EVENTS,
		[PERF_COUNT_HW_STALLED_CYCLES_FRONTEND]	= 0x00a9,
		[PERF_COUNT_HW_REF_CPU_CYCLES]		= 0x100000120ULL,
	},
	.cache		= &zen_cache,
	.constraints	= any_counter,
};

const struct amd_match amd_matches[] = {
	{ 0x1a, 0,			&zen4 },
	{ 0x19, X86_FEATURE_ZEN4,	&zen4 },
	{ 0x19, 0,			&zen2 },
	{ 0x18, 0,			&zen1 },	/* Hygon */
	{ 0x17, X86_FEATURE_ZEN2,	&zen2 },
	{ 0x17, 0,			&zen1 },
	{ }
};
