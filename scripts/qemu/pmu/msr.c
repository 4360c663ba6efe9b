/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers: RDMSR, WRMSR and RDPMC by the parts' tables of registers.
 *
 * An address that is in no row of this vendor's is not ours: QEMU does with it
 * what it did.  One that is, but that this CPU does not have, is #GP.  The
 * order of a write: does it exist, are all bits writable, sync, write,
 * deadline; nothing can fail after the sync.
 */
#include "pmu.h"

/* Row and element of an address. */
static const PMURegister *find(const X86PMU *pmu, uint32_t msr, unsigned *i)
{
    PMU_FOREACH_PART(part, pmu) {
        for (unsigned k = 0; k < part->nr_registers; k++) {
            const PMURegister *reg = &part->registers[k];
            unsigned step = MAX(reg->step, 1);
            uint32_t ofs = msr - reg->first;

            if (ofs < reg->nr * step && ofs % step == 0 &&
                (!reg->vendor || reg->vendor & pmu->vendor->id)) {
                *i = ofs / step;
                return reg;
            }
        }
    }
    return NULL;
}

static bool exists(const X86PMU *pmu, const PMURegister *reg, unsigned i)
{
    return pmu->cfg.version >= reg->version && (!reg->has || reg->has(pmu, i));
}

static uint64_t *storage(X86PMU *pmu, const PMURegister *reg, unsigned i)
{
    unsigned size = reg->size ? reg->size : sizeof(uint64_t);

    return (uint64_t *)((char *)pmu + reg->at + i * size);
}

X86PMUAccess pmu_rdmsr(X86PMU *pmu, uint32_t msr, uint64_t *val)
{
    unsigned i;
    const PMURegister *reg = find(pmu, msr, &i);

    if (!reg) {
        return X86_PMU_NOT_MINE;
    }
    if (!exists(pmu, reg, i)) {
        return X86_PMU_GP;
    }
    pmu_stat(pmu, reg->kind, false);
    if (reg->flags & PMU_REG_LIVE) {
        pmu_sync(pmu);
        pmu_deadline(pmu);
    }
    if (reg->read) {
        *val = reg->read(pmu, i);
    } else if (reg->flags & PMU_REG_ZERO) {
        *val = 0;
    } else {
        *val = *storage(pmu, reg, i);
    }
    return X86_PMU_DONE;
}

static bool writable(const X86PMU *pmu, const PMURegister *reg, unsigned i,
                     uint64_t val)
{
    uint64_t valid = reg->mask ? reg->mask : UINT64_MAX;

    if (reg->flags & PMU_REG_READ_ONLY) {
        return false;
    }
    if (reg->valid) {
        valid = reg->valid(pmu, i);
    }
    return !(val & ~valid) && (!reg->accepts || reg->accepts(pmu, i, val));
}

X86PMUAccess pmu_wrmsr(X86PMU *pmu, uint32_t msr, uint64_t val)
{
    unsigned i;
    const PMURegister *reg = find(pmu, msr, &i);

    if (!reg) {
        return X86_PMU_NOT_MINE;
    }
    if (!exists(pmu, reg, i) || !writable(pmu, reg, i, val)) {
        return X86_PMU_GP;
    }
    pmu_stat(pmu, reg->kind, true);
    if (!(reg->flags & PMU_REG_PLAIN)) {
        pmu_sync(pmu);
    }
    if (reg->write) {
        reg->write(pmu, i, val);
    } else {
        *storage(pmu, reg, i) = val;
    }
    if (!(reg->flags & PMU_REG_PLAIN)) {
        pmu_deadline(pmu);
    }
    return X86_PMU_DONE;
}

X86PMUAccess x86_pmu_rdmsr(CPUX86State *env, uint32_t msr, uint64_t *val)
{
    return env->pmu->vendor ? pmu_rdmsr(env->pmu, msr, val) : X86_PMU_NOT_MINE;
}

X86PMUAccess x86_pmu_wrmsr(CPUX86State *env, uint32_t msr, uint64_t val)
{
    return env->pmu->vendor ? pmu_wrmsr(env->pmu, msr, val) : X86_PMU_NOT_MINE;
}

X86PMUAccess x86_pmu_rdpmc(CPUX86State *env, uint32_t ecx, uint64_t *val)
{
    X86PMU *pmu = env->pmu;
    X86PMUAccess access = X86_PMU_GP;

    if (!pmu->vendor) {
        return X86_PMU_NOT_MINE;
    }
    PMU_FOREACH_PART(part, pmu) {
        int i = part->rdpmc ? part->rdpmc(pmu, ecx) : -1;

        if (i >= 0) {
            pmu_stat(pmu, PMU_KIND_RDPMC, false);
            pmu_sync(pmu);
            pmu_deadline(pmu);
            *val = part->rdpmc_value ? part->rdpmc_value(pmu, i) :
                                       pmu->c.counter[i].value;
            access = X86_PMU_DONE;
            break;
        }
    }
    return access;
}
