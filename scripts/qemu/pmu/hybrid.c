/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hybrid processors: P-cores and E-cores in one machine.
 *
 * With pmu-hybrid=on, vCPUs with an odd APIC id are E-cores, of six general
 * and three fixed counters.  CPUID leaf 0xA tells on both kinds what both
 * have; a driver knows the model, and so that a P-core has more.
 *
 * SDM vol. 2A CPUID, leaves 07H (EDX bit 15) and 1AH; vol. 3B 20.2.
 */
#include "pmu.h"

#define E_CORE_GP       6
#define E_CORE_FIXED    3

#define TYPE_E_CORE     0x20u
#define TYPE_P_CORE     0x40u

static void hybrid_cpuid(const X86PMU *pmu, uint32_t leaf, uint32_t sub,
                         PMUCpuid *r)
{
    if (!pmu->cfg.hybrid) {
        return;
    }
    switch (leaf) {
    case 7:
        r->edx |= sub == 0 ? 1 << 15 : 0;
        break;
    case 0xa:
        r->eax = deposit32(r->eax, 8, 8, MIN(pmu->cfg.gp, E_CORE_GP));
        r->ebx |= 1 << 7;                       /* no slots */
        r->ecx &= (1 << E_CORE_FIXED) - 1;
        r->edx = deposit32(r->edx, 0, 5, MIN(pmu->cfg.fixed, E_CORE_FIXED));
        break;
    case 0x1a:
        if (sub == 0) {
            r->eax = (pmu->cfg.e_core ? TYPE_E_CORE : TYPE_P_CORE) << 24 | 1;
        }
        break;
    }
}

static void hybrid_configure(X86PMU *pmu)
{
    PMUConfig *cfg = &pmu->cfg;

    if (!cfg->hybrid) {
        return;
    }
    cfg->e_core = env_archcpu(pmu->env)->apic_id & 1;
    if (cfg->e_core) {
        cfg->gp = MIN(cfg->gp, E_CORE_GP);
        cfg->fixed = MIN(cfg->fixed, E_CORE_FIXED);
    }
    cfg->level = MAX(cfg->level, 0x1a);
}

static const PMUProperty hybrid_properties[] = {
    { "pmu-hybrid", offsetof(X86PMU, cfg.hybrid), true, false,
      "vCPUs with an odd APIC id are E-cores" },
};

/* After intel.c's, whose leaf 0xA it changes. */
const PMUPart pmu_hybrid_part = {
    .name = "hybrid",
    .vendor = PMU_INTEL,
    PMU_ROWS(properties, hybrid_properties),
    .configure = hybrid_configure,
    .cpuid = hybrid_cpuid,
};
