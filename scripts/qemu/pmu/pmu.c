/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The whole: the list of parts, and the life of a vCPU's PMU.
 *
 * The state is allocated with the vCPU, so that properties have a place.  When
 * they are known, and the vCPU is Intel's or AMD's, has pmu=on and -icount
 * counts, the vendor is set and the parts configure themselves; without a
 * vendor there is no PMU, and every call from QEMU's files does nothing.
 */
#include "pmu.h"
#include "qapi/visitor.h"
#include "exec/helper-proto.h"
#include "sysemu/cpu-timers.h"

/* An overflow is offered in this order; the rest does not depend on it. */
const PMUPart *const pmu_parts[] = {
    &pmu_counter_part,
    &pmu_intel_part,
    &pmu_ds_part,
    &pmu_pebs_part,
    &pmu_bts_part,
    &pmu_hybrid_part,
    &pmu_amd_part,
    &pmu_ibs_part,
    &pmu_lbr_part,
    &pmu_arch_lbr_part,
    &pmu_metrics_part,
    &pmu_stat_part,
    &pmu_fault_part,
    NULL
};

/* ---- properties ----------------------------------------------------- */

static void property_get(Object *obj, Visitor *v, const char *name,
                         void *opaque, Error **errp)
{
    const PMUProperty *prop = opaque;
    char *at = (char *)X86_CPU(obj)->env.pmu + prop->at;

    if (prop->is_bool) {
        visit_type_bool(v, name, (bool *)at, errp);
    } else {
        visit_type_uint32(v, name, (uint32_t *)at, errp);
    }
}

/* A visitor reads or writes; which is its own affair. */
static void property_set(Object *obj, Visitor *v, const char *name,
                         void *opaque, Error **errp)
{
    property_get(obj, v, name, opaque, errp);
}

void x86_pmu_class_init(ObjectClass *oc)
{
    for (const PMUPart *const *part = pmu_parts; *part; part++) {
        for (unsigned i = 0; i < (*part)->nr_properties; i++) {
            const PMUProperty *prop = &(*part)->properties[i];

            object_class_property_add(oc, prop->name,
                                      prop->is_bool ? "bool" : "uint32",
                                      property_get, property_set, NULL,
                                      (void *)prop);
            object_class_property_set_description(oc, prop->name, prop->what);
        }
    }
}

static void set_initial(X86PMU *pmu, const PMUProperty *prop)
{
    char *at = (char *)pmu + prop->at;

    if (prop->is_bool) {
        *(bool *)at = prop->initial;
    } else {
        *(uint32_t *)at = prop->initial;
    }
}

/* ---- life ----------------------------------------------------------- */

void x86_pmu_init(X86CPU *cpu)
{
    X86PMU *pmu = g_new0(X86PMU, 1);

    pmu->env = &cpu->env;
    cpu->env.pmu = pmu;
    for (const PMUPart *const *part = pmu_parts; *part; part++) {
        for (unsigned i = 0; i < (*part)->nr_properties; i++) {
            set_initial(pmu, &(*part)->properties[i]);
        }
    }
}

static const PMUVendor *vendor(const X86PMU *pmu)
{
    X86CPU *cpu = env_archcpu(pmu->env);

    if (!tcg_enabled() || !icount_enabled() || !cpu->enable_pmu ||
        !pmu->cfg.version) {
        return NULL;
    }
    if (IS_INTEL_CPU(pmu->env)) {
        return &pmu_vendor_intel;
    }
    return IS_AMD_CPU(pmu->env) ? &pmu_vendor_amd : NULL;
}

void x86_pmu_levels(CPUX86State *env)
{
    X86PMU *pmu = env->pmu;

    pmu->vendor = vendor(pmu);
    if (!pmu->vendor) {
        return;
    }
    PMU_FOREACH_PART(part, pmu) {
        if (part->configure) {
            part->configure(pmu);
        }
    }
    env->cpuid_min_level = MAX(env->cpuid_min_level, pmu->cfg.level);
    env->cpuid_min_xlevel = MAX(env->cpuid_min_xlevel, pmu->cfg.xlevel);
}

void x86_pmu_reset(CPUX86State *env)
{
    X86PMU *pmu = env->pmu;

    memset(&pmu->c, 0, sizeof(*pmu) - offsetof(X86PMU, c));
    if (!pmu->vendor) {
        return;
    }
    PMU_FOREACH_PART(part, pmu) {
        if (part->reset) {
            part->reset(pmu);
        }
    }
}

bool x86_pmu_counts(CPUX86State *env)
{
    return env->pmu->vendor;
}

void x86_pmu_cpuid(CPUX86State *env, uint32_t leaf, uint32_t sub,
                   uint32_t *eax, uint32_t *ebx, uint32_t *ecx, uint32_t *edx)
{
    const X86PMU *pmu = env->pmu;
    PMUCpuid r = { *eax, *ebx, *ecx, *edx };

    if (!pmu->vendor) {
        return;
    }
    PMU_FOREACH_PART(part, pmu) {
        if (part->cpuid) {
            part->cpuid(pmu, leaf, sub, &r);
        }
    }
    *eax = r.eax;
    *ebx = r.ebx;
    *ecx = r.ecx;
    *edx = r.edx;
}

/* ---- taps ----------------------------------------------------------- */

static void branch(X86PMU *pmu, uint64_t from, uint64_t to, X86Branch kind)
{
    PMU_FOREACH_PART(part, pmu) {
        if (part->branch) {
            part->branch(pmu, from, to, kind);
        }
    }
}

void x86_pmu_interrupt(CPUX86State *env, target_ulong from)
{
    X86PMU *pmu = env->pmu;

    if (!pmu->vendor) {
        return;
    }
    if (pmu->c.stop.tick == pmu_now(pmu)) {
        pmu->c.stop.ip = env->eip;
    }
    if (env->hflags & HF_PMU_BRANCH_MASK) {
        branch(pmu, from, env->eip, X86_BR_FAR);
    }
}

void helper_pmu_branch(CPUX86State *env, target_ulong from, target_ulong to,
                       uint32_t kind)
{
    branch(env->pmu, from, to, kind);
}

void helper_pmu_far_branch(CPUX86State *env)
{
    branch(env->pmu, env->pmu_raw.far_from, env->eip, X86_BR_FAR);
}

void helper_pmu_mem(CPUX86State *env, target_ulong pc, target_ulong addr,
                    uint32_t what)
{
    X86PMU *pmu = env->pmu;

    PMU_FOREACH_PART(part, pmu) {
        if (part->mem) {
            part->mem(pmu, pc, addr, what);
        }
    }
}
