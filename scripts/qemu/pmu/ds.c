/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Debug store: where PEBS and BTS leave their records in the guest's memory.
 *
 * IA32_DS_AREA is the linear address of a management area.  It says for each
 * of the two buffers where it begins, where the next record goes, where it
 * ends and from which record on an interrupt is due; then come the values that
 * counters are reloaded with.  The guest may change all of that at any time,
 * so nothing is kept here but the address.
 *
 * A record that does not fit, or that goes to an address that is not mapped,
 * is not written, and the index stays.  Only the format of IA-32e mode
 * (DTES64); outside of that mode nothing is written.
 *
 * SDM vol. 3B 18.4.9 (DS save area), 20.3.1.1.1 (PEBS buffer management);
 * vol. 4 table 2-2 (IA32_DS_AREA, IA32_MISC_ENABLE); CPUID leaf 1.
 */
#include "pmu.h"

#define DS_RESETS               0x40    /* after the two buffers' fields */

#define CPUID_EXT_DS_CPL        (1u << 4)
#define MISC_ENABLE_NO_BTS      (1u << 11)
#define MISC_ENABLE_NO_PEBS     (1u << 12)

typedef struct Management {
    uint64_t base, index, maximum, threshold;
} Management;

static bool has_ds(const X86PMU *pmu, unsigned i)
{
    return pmu->cfg.pebs || pmu->cfg.bts;
}

/* ---- what PEBS and BTS ask for --------------------------------------- */

bool pmu_ds_append(X86PMU *pmu, PMUDsBuffer buffer, const void *record,
                   size_t len, bool circular, bool *due)
{
    uint64_t at = pmu->ds.area + buffer * sizeof(Management);
    Management m;

    if (!(pmu->env->hflags & HF_LMA_MASK) ||
        !pmu_guest_read(pmu, at, &m, sizeof(m)) ||
        m.index < m.base || m.index + len > m.maximum ||
        !pmu_guest_write(pmu, m.index, record, len)) {
        return false;
    }
    m.index += len;
    if (circular && m.index + len > m.maximum) {
        m.index = m.base;
    }
    *due = m.index >= m.threshold;
    return pmu_guest_write(pmu, at + offsetof(Management, index), &m.index,
                           sizeof(m.index));
}

void pmu_ds_reload(X86PMU *pmu, unsigned i)
{
    unsigned fixed = pmu->cfg.pebs >= 5 ? 32 : 8;   /* fixed counter 0's */
    unsigned n = i < PMU_FIXED ? i : fixed + i - PMU_FIXED;
    uint64_t value;

    if (pmu_guest_read(pmu, pmu->ds.area + DS_RESETS + n * sizeof(value),
                       &value, sizeof(value))) {
        pmu_counter_write(pmu, i, value);
    }
}

/* ---- the part -------------------------------------------------------- */

static bool is_canonical(const X86PMU *pmu, unsigned i, uint64_t value)
{
    bool la57 = pmu->env->features[FEAT_7_0_ECX] & CPUID_7_0_ECX_LA57;
    unsigned unused = la57 ? 64 - 57 : 64 - 48;

    return (int64_t)(value << unused) >> unused == (int64_t)value;
}

static const PMURegister ds_registers[] = {
    { "IA32_DS_AREA", 0x600, 1, .kind = PMU_KIND_DS,
      .flags = PMU_REG_PLAIN, .has = has_ds, .accepts = is_canonical,
      PMU_AT(ds.area) },
};

static void ds_cpuid(const X86PMU *pmu, uint32_t leaf, uint32_t sub,
                     PMUCpuid *r)
{
    if (leaf == 1 && has_ds(pmu, 0)) {
        r->edx |= CPUID_DTS;
        r->ecx |= CPUID_EXT_DTES64 | (pmu->cfg.bts ? CPUID_EXT_DS_CPL : 0);
    }
}

/* After intel.c's, which says that there is neither. */
static void ds_reset(X86PMU *pmu)
{
    if (pmu->cfg.bts) {
        pmu->env->msr_ia32_misc_enable &= ~(uint64_t)MISC_ENABLE_NO_BTS;
    }
    if (pmu->cfg.pebs) {
        pmu->env->msr_ia32_misc_enable &= ~(uint64_t)MISC_ENABLE_NO_PEBS;
    }
}

const PMUPart pmu_ds_part = {
    .name = "ds",
    .vendor = PMU_INTEL,
    PMU_ROWS(registers, ds_registers),
    .cpuid = ds_cpuid,
    .reset = ds_reset,
};
