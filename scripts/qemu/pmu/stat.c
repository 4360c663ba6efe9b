/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access counts: how often this vCPU's guest read and wrote PMU registers.
 *
 * One count a kind of register (PMUKind) and direction; an access that ends in
 * #GP is none.  The guest sees them in a range of MSRs of our own: no
 * processor, hypervisor or enclave uses addresses 0x504d55xx ("PMU").
 *
 *   0x504d5500             how many kinds there are
 *   0x504d5500 + 2 * kind  reads of this kind, RDPMC too
 *                     + 1  writes
 *
 * A write to any of them sets all to 0.  Reading them counts nothing.
 */
#include "pmu.h"

#define STAT_MSR    0x504d5500

void pmu_stat(X86PMU *pmu, PMUKind kind, bool write)
{
    pmu->stat.accesses[kind][write]++;
}

static uint64_t stat_read(X86PMU *pmu, unsigned i)
{
    return i == 0 ? PMU_KIND_NR : pmu->stat.accesses[i / 2][i & 1];
}

static void stat_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    memset(&pmu->stat, 0, sizeof(pmu->stat));
}

static const PMURegister stat_registers[] = {
    { "access counts", STAT_MSR, 2 * PMU_KIND_NR, .flags = PMU_REG_PLAIN,
      .read = stat_read, .write = stat_write },
};

const PMUPart pmu_stat_part = {
    .name = "stat",
    .vendor = PMU_ANY,
    PMU_ROWS(registers, stat_registers),
};
