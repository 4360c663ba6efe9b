/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AMD: six core counters, PERFCTR_CORE (pmu-version=1), and from pmu-version=2
 * on PerfMonV2 with its global registers.
 *
 * The first four counters have a second address each, that of the K7.  There
 * are no fixed counters.  Freezing on a PMI sets bits of the status.
 *
 * These registers do not fault on reserved bits: they stay 0, and a write to
 * PerfCntrGlobalStatus is ignored.  DebugCtl's must be zero.
 *
 * AMD APM vol. 2 13.2, 13.2.2 (PerfMonV2), appendix A; CPUID Fn8000_0001_ECX,
 * Fn8000_0022: APM vol. 3 E.4.
 */
#include "pmu.h"

#define AMD_GP_MAX  6
#define FROZEN      (PMU_STATUS_LBR_FRZ | PMU_STATUS_CTR_FRZ)

static void amd_cpuid(const X86PMU *pmu, uint32_t leaf, uint32_t sub,
                      PMUCpuid *r)
{
    switch (leaf) {
    case 0x80000001:
        r->ecx |= 1 << 23;      /* PerfCtrExtCore */
        break;
    case 0x80000022:
        if (pmu->cfg.version >= 2) {
            r->eax |= 1;        /* PerfMonV2 */
            r->ebx |= pmu->cfg.gp;
        }
        break;
    }
}

static bool has_gp(const X86PMU *pmu, unsigned i)
{
    return i < pmu->cfg.gp;
}

/* Reserved in PERF_CTLx: 63:42, 39:36, 21, 19. */
#define CTL_VALID   (~0xfffffcf000280000ull)

static void ctl_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu_evtsel_write(pmu, i, value & CTL_VALID);
}

static void global_ctl_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu_global_ctrl_write(pmu, i, value & pmu_counter_mask(pmu));
}

static void status_write(X86PMU *pmu, unsigned i, uint64_t value)
{
}

static void status_clear(X86PMU *pmu, unsigned i, uint64_t bits)
{
    pmu_status_clear(pmu, bits);
}

static void status_set(X86PMU *pmu, unsigned i, uint64_t bits)
{
    pmu_status_set(pmu, bits & (pmu_counter_mask(pmu) | FROZEN));
}

/* Must be zero: all but LBR, BTF, PB3:0 and, with freezing, FLBRI, FPCI. */
static uint64_t debugctl_valid(const X86PMU *pmu, unsigned i)
{
    return 0x3f | (pmu->cfg.lbr ? PMU_DEBUGCTL_FRZ_LBR | PMU_DEBUGCTL_FRZ_PMC :
                                  0);
}

static void debugctl_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu->model.debugctl = value;
    pmu_control(pmu);
}

static const PMURegister amd_registers[] = {
    { "PERF_CTLx", 0xc0010200, AMD_GP_MAX, 2, .kind = PMU_KIND_EVTSEL,
      PMU_AT(c.evtsel), .has = has_gp, .write = ctl_write },
    { "PERF_CTRx", 0xc0010201, AMD_GP_MAX, 2, .kind = PMU_KIND_COUNTER,
      .flags = PMU_REG_LIVE, .has = has_gp,
      .read = pmu_counter_read, .write = pmu_counter_write },
    { "PERF_LEGACY_CTLx", 0xc0010000, 4, .kind = PMU_KIND_EVTSEL,
      PMU_AT(c.evtsel), .has = has_gp, .write = ctl_write },
    { "PERF_LEGACY_CTRx", 0xc0010004, 4, .kind = PMU_KIND_COUNTER,
      .flags = PMU_REG_LIVE, .has = has_gp,
      .read = pmu_counter_read, .write = pmu_counter_write },
    { "PerfCntrGlobalStatus", 0xc0000300, 1, .kind = PMU_KIND_STATUS,
      .flags = PMU_REG_LIVE, .version = 2, PMU_AT(c.status),
      .write = status_write },
    { "PerfCntrGlobalCtl", 0xc0000301, 1, .kind = PMU_KIND_GLOBAL_CTRL,
      PMU_AT(c.global_ctrl), .version = 2, .write = global_ctl_write },
    { "PerfCntrGlobalStatusClr", 0xc0000302, 1,
      .kind = PMU_KIND_STATUS_RESET, .flags = PMU_REG_ZERO, .version = 2,
      .write = status_clear },
    { "PerfCntrGlobalStatusSet", 0xc0000303, 1,
      .kind = PMU_KIND_STATUS_RESET, .flags = PMU_REG_ZERO, .version = 2,
      .write = status_set },
    { "DebugCtl", 0x1d9, 1, .kind = PMU_KIND_DEBUGCTL,
      PMU_AT(model.debugctl), .valid = debugctl_valid,
      .write = debugctl_write },
};

static void amd_pmi(X86PMU *pmu)
{
    uint64_t debugctl = pmu->model.debugctl, frozen = 0;

    if (pmu->cfg.version < 2) {
        return;
    }
    frozen |= debugctl & PMU_DEBUGCTL_FRZ_PMC ? PMU_STATUS_CTR_FRZ : 0;
    frozen |= debugctl & PMU_DEBUGCTL_FRZ_LBR ? PMU_STATUS_LBR_FRZ : 0;
    if (frozen) {
        pmu_status_set(pmu, frozen);
    }
}

static void amd_configure(X86PMU *pmu)
{
    PMUConfig *cfg = &pmu->cfg;

    cfg->gp = MIN(cfg->gp, AMD_GP_MAX);
    cfg->fixed = 0;
    cfg->xlevel = MAX(cfg->xlevel, 0x80000022);
}

static int amd_rdpmc(const X86PMU *pmu, uint32_t ecx)
{
    return ecx < pmu->cfg.gp ? (int)ecx : -1;
}

const PMUVendor pmu_vendor_amd = {
    .id = PMU_AMD,
    .events = &pmu_amd_events,
};

const PMUPart pmu_amd_part = {
    .name = "amd",
    .vendor = PMU_AMD,
    PMU_ROWS(registers, amd_registers),
    .configure = amd_configure,
    .cpuid = amd_cpuid,
    .pmi = amd_pmi,
    .rdpmc = amd_rdpmc,
};
