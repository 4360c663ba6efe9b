// SPDX-License-Identifier: GPL-2.0
/*
 * AMD: where the data of a sampled op came from, in perf's words.
 *
 * The hardware names the source only of a load that missed the L2 cache; what came nearer
 * is told by flags.  There are two lists of sources, the one of Zen 4 and later being the
 * longer.  A row of a table is such a source.
 */
#include <linux/perf_event.h>

#include <asm/amd-ibs.h>

#include "amd.h"

#define P(_field, _value)	PERF_MEM_S(_field, _value)
#define REMOTE(_hops)		(P(REMOTE, REMOTE) | P(HOPS, _hops))

static const u64 sources[] = {
	[IBS_DATA_SRC_LOC_CACHE]	= P(LVL, L3) | P(LVL, REM_CCE1) | P(LVLNUM, ANY_CACHE) |
					  REMOTE(0),
	[IBS_DATA_SRC_DRAM]		= P(LVL, LOC_RAM) | P(LVLNUM, RAM),
	[IBS_DATA_SRC_REM_CACHE]	= P(LVL, REM_CCE2) | P(LVLNUM, ANY_CACHE) | REMOTE(1),
	[IBS_DATA_SRC_IO]		= P(LVL, IO) | P(LVLNUM, IO),
};

static const u64 zen4_sources[] = {
	[IBS_DATA_SRC_EXT_LOC_CACHE]	= P(LVL, L3) | P(LVLNUM, L3),
	[IBS_DATA_SRC_EXT_NEAR_CCX_CACHE] = P(LVL, REM_CCE1) | P(LVLNUM, ANY_CACHE) | REMOTE(0),
	[IBS_DATA_SRC_EXT_DRAM]		= P(LVL, LOC_RAM) | P(LVLNUM, RAM),
	[IBS_DATA_SRC_EXT_FAR_CCX_CACHE] = P(LVL, REM_CCE2) | P(LVLNUM, ANY_CACHE) | REMOTE(1),
	[IBS_DATA_SRC_EXT_PMEM]		= P(LVLNUM, PMEM),
	[IBS_DATA_SRC_EXT_IO]		= P(LVL, IO) | P(LVLNUM, IO),
	[IBS_DATA_SRC_EXT_EXT_MEM]	= P(LVLNUM, CXL),
};

static u64 op_of(union ibs_op_data3 data3)
{
	return data3.ld_op ? P(OP, LOAD) : data3.st_op ? P(OP, STORE) : P(OP, NA);
}

static u64 tlb_of(union ibs_op_data3 data3)
{
	if (!data3.dc_lin_addr_valid)
		return P(TLB, NA);
	if (!data3.dc_l1tlb_miss)
		return P(TLB, L1) | P(TLB, HIT);

	return P(TLB, L2) | (data3.dc_l2tlb_miss ? P(TLB, MISS) : P(TLB, HIT));
}

static u64 source_of(union ibs_op_data2 data2, bool zen4)
{
	unsigned int source = data2.data_src_lo;
	u64 where;

	if (zen4) {
		source |= data2.data_src_hi << 3;
		where = source < ARRAY_SIZE(zen4_sources) ? zen4_sources[source] : 0;
	} else {
		where = sources[source];
	}
	if (source == IBS_DATA_SRC_DRAM && data2.rmt_node)
		where = P(LVL, REM_RAM1) | P(LVLNUM, RAM) | REMOTE(1);

	return where ? where | P(LVL, HIT) : 0;
}

static u64 level_of(union ibs_op_data2 data2, union ibs_op_data3 data3, bool zen4)
{
	u64 where;

	if (!data3.dc_miss)
		return P(LVL, L1) | P(LVL, HIT) | P(LVLNUM, L1);
	if (!data3.l2_miss)
		return P(LVL, L2) | P(LVL, HIT) | P(LVLNUM, L2);
	if (data3.ld_op) {
		where = source_of(data2, zen4);
		if (where)
			return where;
	}
	if (data3.dc_miss_no_mab_alloc)
		return P(LVL, LFB) | P(LVL, HIT) | P(LVLNUM, LFB);

	return P(LVL, NA) | P(LVLNUM, NA);
}

/**
 * amd_ibs_data_source() - what an op's access to memory was, and where it hit
 * @op_data2: the register of that name
 * @op_data3: likewise
 * @zen4: the list of sources is the longer one
 *
 * Return: perf_mem_data_src.val.
 */
u64 amd_ibs_data_source(u64 op_data2, u64 op_data3, bool zen4)
{
	union ibs_op_data2 data2 = { .val = op_data2 };
	union ibs_op_data3 data3 = { .val = op_data3 };

	if (!data3.ld_op && !data3.st_op)
		return P(OP, NA);

	return op_of(data3) | tlb_of(data3) | level_of(data2, data3, zen4) |
	       (data3.dc_locked_op ? P(LOCK, LOCKED) : 0);
}
