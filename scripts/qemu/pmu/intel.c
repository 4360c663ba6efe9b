/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Intel: architectural performance monitoring, versions 1 to 6.
 *
 * Each register's row says which version has it first.  Freezing on a PMI is
 * of two kinds: up to version 3 it clears IA32_PERF_GLOBAL_CTRL and
 * DEBUGCTL.LBR; from version 4 on it sets bits of the status, and clearing
 * those lets everything run again.
 *
 * Version 6 has CPUID leaf 0x23 and a second address for each counter and
 * event select, four apart, but here neither UMASK2 nor EQ.
 *
 * CPUID leaves 0xA and 0x23: SDM vol. 3B 20.2, vol. 2A CPUID; registers: SDM
 * vol. 4 table 2-2.
 */
#include "pmu.h"

/* ---- CPUID ---------------------------------------------------------- */

static void perfmon_ext(const PMUConfig *cfg, uint32_t sub, PMUCpuid *r)
{
    switch (sub) {
    case 0:
        r->eax = 1 << 0 | 1 << 1 | 1 << 3;      /* these subleaves */
        break;
    case 1:
        r->eax = (1u << cfg->gp) - 1;
        r->ebx = (1u << cfg->fixed) - 1;
        break;
    case 3:
        r->eax = cfg->fixed < 4 ? 0x7f : 0xff;  /* architectural events */
        break;
    }
}

static void intel_cpuid(const X86PMU *pmu, uint32_t leaf, uint32_t sub,
                        PMUCpuid *r)
{
    const PMUConfig *cfg = &pmu->cfg;
    unsigned v = cfg->version;

    switch (leaf) {
    case 1:
        r->ecx |= CPUID_EXT_PDCM;
        break;
    case 0xa:
        /* 7 architectural events, with the slots 8, all there */
        r->eax = v | cfg->gp << 8 | PMU_WIDTH << 16 | (v >= 5 ? 8 : 7) << 24;
        r->ebx = v >= 5 && cfg->fixed < 4 ? 1 << 7 : 0;
        r->ecx = v >= 5 ? (1u << cfg->fixed) - 1 : 0;
        r->edx = v >= 2 ? cfg->fixed | PMU_WIDTH << 5 : 0;
        r->edx |= v >= 5 ? 1 << 15 : 0;         /* no AnyThread */
        break;
    case 7:
        if (v >= 6 && sub == 0) {
            r->eax = MAX(r->eax, 1);            /* subleaves */
        } else if (v >= 6 && sub == 1) {
            r->eax |= 1 << 8;                   /* ArchPerfmonExt */
        }
        break;
    case 0x23:
        if (v >= 6) {
            perfmon_ext(cfg, sub, r);
        }
        break;
    }
}

/* ---- general counters ----------------------------------------------- */

static bool has_gp(const X86PMU *pmu, unsigned i)
{
    return i < pmu->cfg.gp;
}

/* Counters' old addresses take 32 bits, sign-extended. */
static void pmc_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu_counter_write(pmu, i, (int64_t)(int32_t)value);
}

/* AnyThread: versions 3 and 4. */
static bool has_any_thread(const X86PMU *pmu)
{
    return pmu->cfg.version == 3 || pmu->cfg.version == 4;
}

static uint64_t evtsel_valid(const X86PMU *pmu, unsigned i)
{
    return (0xffffffffull & ~(has_any_thread(pmu) ? 0 : PMU_EVTSEL_ANY)) |
           pmu->cfg.evtsel;
}

/* ---- fixed counters ------------------------------------------------- */

static bool has_fixed(const X86PMU *pmu, unsigned i)
{
    return i < pmu->cfg.fixed;
}

static uint64_t fixed_read(X86PMU *pmu, unsigned i)
{
    return pmu_counter_read(pmu, PMU_FIXED + i);
}

static void fixed_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu_counter_write(pmu, PMU_FIXED + i, value);
}

static uint64_t fixed_ctrl_valid(const X86PMU *pmu, unsigned i)
{
    uint64_t one = has_any_thread(pmu) ? 0xf : 0xb;
    uint64_t valid = pmu->cfg.fixed_ctrl;

    for (unsigned n = 0; n < pmu->cfg.fixed; n++) {
        valid |= one << 4 * n;
    }
    return valid;
}

/* ---- global registers ----------------------------------------------- */

static uint64_t global_valid(const X86PMU *pmu, unsigned i)
{
    return pmu_counter_mask(pmu) | pmu->cfg.global_ctrl;
}

static uint64_t status_valid(const X86PMU *pmu, unsigned i)
{
    unsigned v = pmu->cfg.version;

    return pmu_counter_mask(pmu) | pmu->cfg.status | PMU_STATUS_DS |
           (v >= 3 ? PMU_STATUS_UNCORE : 0) |
           (v >= 4 ? PMU_STATUS_LBR_FRZ | PMU_STATUS_CTR_FRZ |
                     PMU_STATUS_ASCI : 0);
}

static uint64_t reset_valid(const X86PMU *pmu, unsigned i)
{
    return status_valid(pmu, i) | PMU_STATUS_COND;
}

static void status_reset(X86PMU *pmu, unsigned i, uint64_t bits)
{
    pmu_status_clear(pmu, bits);
}

static void status_set(X86PMU *pmu, unsigned i, uint64_t bits)
{
    pmu_status_set(pmu, bits);
}

/* SDM vol. 3B 20.2.4.3: a counter is in use if it has an event; PMIs. */
static uint64_t inuse_read(X86PMU *pmu, unsigned unused)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < pmu->cfg.gp; i++) {
        uint64_t s = pmu->c.evtsel[i];

        v |= s & 0xff ? pmu_bit(i) : 0;
        v |= s & PMU_EVTSEL_INT ? PMU_STATUS_COND : 0;
    }
    for (unsigned i = 0; i < pmu->cfg.fixed; i++) {
        uint64_t s = pmu->c.fixed_ctrl >> 4 * i;

        v |= s & 3 ? pmu_bit(PMU_FIXED + i) : 0;
        v |= s & 8 ? PMU_STATUS_COND : 0;
    }
    return v | (pmu->pebs.enable ? PMU_STATUS_COND : 0);
}

static uint64_t capabilities_read(X86PMU *pmu, unsigned i)
{
    return pmu->cfg.capabilities;
}

static uint64_t debugctl_valid(const X86PMU *pmu, unsigned i)
{
    return pmu->cfg.debugctl;
}

/* Where LBRs are architectural, the legacy form's bit is not kept. */
static void debugctl_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu->model.debugctl = value & ~(pmu->cfg.arch_lbr ? PMU_DEBUGCTL_LBR : 0);
    pmu_control(pmu);
}

/*
 * Offcore response: which bits there are depends on the model; one that is not
 * known has no such registers.  SDM vol. 3B 20.3.4.5 and on, vol. 4.
 */
static const struct {
    unsigned model;
    uint64_t valid;
} offcore[] = {
    { 0x55, 0x3fffff8fff },     /* Skylake-SP */
    { 0x6a, 0x3fffffbfff },     /* Ice Lake-SP */
    { 0x8f, 0x3fffffffff },     /* Sapphire Rapids */
    { 0x97, 0x3fffffffff },     /* Alder Lake, both kinds of core */
    { 0xbe, 0x3fffffffff },     /* Alder Lake-N */
};

static uint64_t offcore_valid(const X86PMU *pmu, unsigned i)
{
    uint32_t signature = pmu->env->cpuid_version;
    unsigned model = (signature >> 4 & 0xf) | (signature >> 12 & 0xf0);

    for (unsigned k = 0; k < ARRAY_SIZE(offcore); k++) {
        if (offcore[k].model == model) {
            return offcore[k].valid;
        }
    }
    return 0;
}

static bool has_offcore(const X86PMU *pmu, unsigned i)
{
    return offcore_valid(pmu, i);
}

/* Software looks for the last branch records of the first Core here. */
static bool never(const X86PMU *pmu, unsigned i)
{
    return false;
}

static const PMURegister intel_registers[] = {
    { "IA32_PMCx", 0xc1, PMU_GP_MAX, .kind = PMU_KIND_COUNTER,
      .flags = PMU_REG_LIVE, .has = has_gp,
      .read = pmu_counter_read, .write = pmc_write },
    { "IA32_A_PMCx", 0x4c1, PMU_GP_MAX, .kind = PMU_KIND_COUNTER,
      .flags = PMU_REG_LIVE, .has = has_gp, .mask = PMU_VALUE,
      .read = pmu_counter_read, .write = pmu_counter_write },
    { "IA32_PERFEVTSELx", 0x186, PMU_GP_MAX, .kind = PMU_KIND_EVTSEL,
      PMU_AT(c.evtsel), .has = has_gp, .valid = evtsel_valid,
      .write = pmu_evtsel_write },
    { "IA32_FIXED_CTRx", 0x309, PMU_FIXED_MAX, .kind = PMU_KIND_FIXED,
      .flags = PMU_REG_LIVE, .has = has_fixed, .mask = PMU_VALUE,
      .read = fixed_read, .write = fixed_write },
    { "IA32_PMC_GPx_CTR", 0x1900, PMU_GP_MAX, 4, .kind = PMU_KIND_COUNTER,
      .flags = PMU_REG_LIVE, .version = 6, .has = has_gp, .mask = PMU_VALUE,
      .read = pmu_counter_read, .write = pmu_counter_write },
    { "IA32_PMC_GPx_CFG_A", 0x1901, PMU_GP_MAX, 4, .kind = PMU_KIND_EVTSEL,
      PMU_AT(c.evtsel), .version = 6, .has = has_gp, .valid = evtsel_valid,
      .write = pmu_evtsel_write },
    { "IA32_PMC_FXx_CTR", 0x1980, PMU_FIXED_MAX, 4, .kind = PMU_KIND_FIXED,
      .flags = PMU_REG_LIVE, .version = 6, .has = has_fixed,
      .mask = PMU_VALUE, .read = fixed_read, .write = fixed_write },
    { "IA32_FIXED_CTR_CTRL", 0x38d, 1, .kind = PMU_KIND_FIXED_CTRL,
      PMU_AT(c.fixed_ctrl), .version = 2, .valid = fixed_ctrl_valid,
      .write = pmu_fixed_ctrl_write },
    { "IA32_PERF_GLOBAL_STATUS", 0x38e, 1, .kind = PMU_KIND_STATUS,
      .flags = PMU_REG_LIVE | PMU_REG_READ_ONLY, .version = 2,
      PMU_AT(c.status) },
    { "IA32_PERF_GLOBAL_CTRL", 0x38f, 1, .kind = PMU_KIND_GLOBAL_CTRL,
      PMU_AT(c.global_ctrl), .version = 2, .valid = global_valid,
      .write = pmu_global_ctrl_write },
    { "IA32_PERF_GLOBAL_STATUS_RESET", 0x390, 1,
      .kind = PMU_KIND_STATUS_RESET, .flags = PMU_REG_ZERO, .version = 2,
      .valid = reset_valid, .write = status_reset },
    { "IA32_PERF_GLOBAL_STATUS_SET", 0x391, 1,
      .kind = PMU_KIND_STATUS_RESET, .flags = PMU_REG_ZERO, .version = 4,
      .valid = status_valid, .write = status_set },
    { "IA32_PERF_GLOBAL_INUSE", 0x392, 1, .kind = PMU_KIND_INUSE,
      .flags = PMU_REG_READ_ONLY, .version = 4, .read = inuse_read },
    { "IA32_PERF_CAPABILITIES", 0x345, 1, .kind = PMU_KIND_CAPABILITIES,
      .flags = PMU_REG_READ_ONLY, .read = capabilities_read },
    { "IA32_DEBUGCTL", 0x1d9, 1, .kind = PMU_KIND_DEBUGCTL,
      PMU_AT(model.debugctl), .valid = debugctl_valid,
      .write = debugctl_write },
    { "MSR_OFFCORE_RSP_x", 0x1a6, 2, .kind = PMU_KIND_EXTRA,
      .flags = PMU_REG_PLAIN, .has = has_offcore, .valid = offcore_valid,
      PMU_AT(model.extra[0]) },
    { "MSR_PEBS_LD_LAT_THRESHOLD, MSR_PEBS_FRONTEND", 0x3f6, 2,
      .kind = PMU_KIND_EXTRA, .flags = PMU_REG_PLAIN,
      PMU_AT(model.extra[2]) },
    { "MSR_LASTBRANCH_x_FROM_IP of Core", 0x40, 8, .has = never },
    { "MSR_LASTBRANCH_x_TO_IP of Core", 0x60, 8, .has = never },
};

/* ---- the part ------------------------------------------------------- */

static void intel_pmi(X86PMU *pmu)
{
    uint64_t debugctl = pmu->model.debugctl;
    bool streamlined = pmu->cfg.version >= 4;

    if (debugctl & PMU_DEBUGCTL_FRZ_PMC) {
        if (streamlined) {
            pmu_status_set(pmu, PMU_STATUS_CTR_FRZ);
        } else {
            pmu_global_ctrl_write(pmu, 0, 0);
        }
    }
    if (debugctl & PMU_DEBUGCTL_FRZ_LBR) {
        if (streamlined) {
            pmu_status_set(pmu, PMU_STATUS_LBR_FRZ);
        } else {
            debugctl_write(pmu, 0, debugctl & ~PMU_DEBUGCTL_LBR);
        }
    }
}

static void intel_configure(X86PMU *pmu)
{
    PMUConfig *cfg = &pmu->cfg;

    cfg->fixed = cfg->version >= 2 ? cfg->fixed : 0;
    cfg->level = MAX(cfg->level, cfg->version >= 6 ? 0x23 : 0xa);
    cfg->capabilities |= 1 << 13;       /* IA32_A_PMCx */
    cfg->debugctl |= PMU_DEBUGCTL_LBR | PMU_DEBUGCTL_BTF |
                     PMU_DEBUGCTL_FRZ_LBR | PMU_DEBUGCTL_FRZ_PMC;
}

/* IA32_MISC_ENABLE: a PMU; no BTS, no PEBS, unless a part says otherwise. */
static void intel_reset(X86PMU *pmu)
{
    pmu->env->msr_ia32_misc_enable |= 1 << 7 | 1 << 11 | 1 << 12;
}

static int intel_rdpmc(const X86PMU *pmu, uint32_t ecx)
{
    unsigned n = ecx & 0xffff;

    switch (ecx >> 16) {
    case 0:
        return n < pmu->cfg.gp ? n : -1;
    case 0x4000:
        return n < pmu->cfg.fixed ? PMU_FIXED + n : -1;
    default:
        return -1;
    }
}

const PMUVendor pmu_vendor_intel = {
    .id = PMU_INTEL,
    .pmi_masks = true,
    .events = &pmu_intel_events,
};

const PMUPart pmu_intel_part = {
    .name = "intel",
    .vendor = PMU_INTEL,
    PMU_ROWS(registers, intel_registers),
    .configure = intel_configure,
    .cpuid = intel_cpuid,
    .reset = intel_reset,
    .pmi = intel_pmi,
    .rdpmc = intel_rdpmc,
};
