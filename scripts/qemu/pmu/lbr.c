/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Last branch records: Intel's 32-deep stack with LBR_INFO and call-stack
 * mode, AMD's 16-deep LbrExtV2; recording is Intel's architectural form's
 * (arch_lbr.c), too.
 *
 * All are one ring, and tos is the newest record's place.  Intel's registers
 * name places, and software reads TOS; in the others register 0 is the newest.
 * While recording is on, the branch tap is open.  One branch in 32 is said to
 * be mispredicted, in step with the event; cycles are ticks, exactly.
 *
 * SDM vol. 3B 18.9 to 18.12; AMD APM vol. 2 13.1.1.9 (LBR stack).
 */
#include "pmu.h"

/* LBR_SELECT, SDM vol. 3B table 18-7: a bit set leaves such branches out. */
#define SELECT_CPL0         (1u << 0)
#define SELECT_USER         (1u << 1)
#define SELECT_KIND(kind)   (2u << (kind))      /* JCC is bit 2 */
#define SELECT_CALL_STACK   (1u << 9)

QEMU_BUILD_BUG_ON(SELECT_KIND(X86_BR_JCC) != 1 << 2);
QEMU_BUILD_BUG_ON(SELECT_KIND(X86_BR_FAR) != 1 << 8);

#define EXTN_CFG_LBRV2EN    (1ull << 6)
#define INFO_MISPRED        (1ull << 63)
#define AMD_FROM_MISPRED    (1ull << 63)
#define AMD_TO_VALID        (1ull << 63)

static bool amd(const X86PMU *pmu)
{
    return pmu->vendor->id == PMU_AMD;
}

static unsigned depth(const X86PMU *pmu)
{
    if (pmu->cfg.arch_lbr) {
        return pmu->lbr.depth;
    }
    return amd(pmu) ? 16 : PMU_LBR_MAX;
}

PMULbrRecord *pmu_lbr_newest(X86PMU *pmu, unsigned i)
{
    return &pmu->lbr.record[(pmu->lbr.tos - i) & (depth(pmu) - 1)];
}

static bool has_lbr(const X86PMU *pmu, unsigned i)
{
    return pmu->cfg.lbr;
}

/* ---- recording ------------------------------------------------------ */

static void lbr_control(X86PMU *pmu)
{
    bool on = amd(pmu) ? pmu->lbr.extn_cfg & EXTN_CFG_LBRV2EN :
                         pmu->model.debugctl & PMU_DEBUGCTL_LBR;

    if (pmu->cfg.lbr) {
        pmu_tap(pmu, PMU_TAP_BRANCH, PMU_TAP_LBR,
                on && !(pmu->c.status & PMU_STATUS_LBR_FRZ));
    }
}

static bool left_out(const X86PMU *pmu, X86Branch kind)
{
    bool user = pmu->env->hflags & HF_CPL_MASK;
    unsigned what = SELECT_KIND(kind & X86_BR_KIND) |
                    (user ? SELECT_USER : SELECT_CPL0);

    return pmu->lbr.select & what;
}

bool pmu_mispredicted(const X86PMU *pmu, X86Branch kind)
{
    uint64_t n = 0;

    for (int i = 0; i < X86_BR_NR; i++) {
        n += pmu->env->pmu_raw.branch[i];
    }
    return kind != X86_BR_FAR && n % 32 == 0;
}

static void push(X86PMU *pmu, uint64_t from, uint64_t to, X86Branch kind,
                 uint64_t info)
{
    PMULbr *lbr = &pmu->lbr;
    int64_t now = pmu_now(pmu);
    uint64_t cycles = MIN(now - lbr->last, 0xffff);
    bool miss = pmu_mispredicted(pmu, kind);
    unsigned i = (lbr->tos + 1) & (depth(pmu) - 1);

    lbr->last = now;
    lbr->tos = i;
    lbr->record[i].from = from;
    lbr->record[i].to = to;
    lbr->record[i].info = info | cycles | (miss ? INFO_MISPRED : 0);
    if (amd(pmu)) {
        /* 57:0 address, from: 63 mispredicted, to: 63 valid */
        lbr->record[i].from = (from & MAKE_64BIT_MASK(0, 58)) |
                              (miss ? AMD_FROM_MISPRED : 0);
        lbr->record[i].to = (to & MAKE_64BIT_MASK(0, 58)) | AMD_TO_VALID;
    }
}

/* A return takes the newest record away; other jumps are not kept. */
static void call_stack(X86PMU *pmu, uint64_t from, uint64_t to, X86Branch kind,
                       uint64_t info)
{
    PMULbr *lbr = &pmu->lbr;

    switch (kind) {
    case X86_BR_RET:
        memset(&lbr->record[lbr->tos], 0, sizeof(lbr->record[0]));
        lbr->tos = (lbr->tos - 1) & (depth(pmu) - 1);
        break;
    case X86_BR_REL_CALL:       /* not those to the next instruction */
    case X86_BR_IND_CALL:
        push(pmu, from, to, kind, info);
        break;
    default:
        break;
    }
}

void pmu_lbr_record(X86PMU *pmu, uint64_t from, uint64_t to, X86Branch kind,
                    bool stack, uint64_t info)
{
    if (stack) {
        call_stack(pmu, from, to, kind, info);
    } else {
        push(pmu, from, to, kind & X86_BR_KIND, info);
    }
}

static void lbr_branch(X86PMU *pmu, uint64_t from, uint64_t to, X86Branch kind)
{
    if (pmu->cfg.lbr && pmu_tapped(pmu, PMU_TAP_BRANCH, PMU_TAP_LBR) &&
        !left_out(pmu, kind)) {
        pmu_lbr_record(pmu, from, to, kind,
                       pmu->lbr.select & SELECT_CALL_STACK, 0);
    }
}

/* ---- registers ------------------------------------------------------ */

static uint64_t amd_from_read(X86PMU *pmu, unsigned i)
{
    return pmu_lbr_newest(pmu, i)->from;
}

static void amd_from_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu_lbr_newest(pmu, i)->from = value;
}

static uint64_t amd_to_read(X86PMU *pmu, unsigned i)
{
    return pmu_lbr_newest(pmu, i)->to;
}

static void amd_to_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu_lbr_newest(pmu, i)->to = value;
}

static void extn_cfg_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu->lbr.extn_cfg = value;
    lbr_control(pmu);
}

#define STACK(field)                                            \
    .kind = PMU_KIND_LBR_STACK, .flags = PMU_REG_PLAIN,         \
    PMU_AT(lbr.record[0].field), .size = sizeof(PMULbrRecord)

static const PMURegister lbr_registers[] = {
    { "MSR_LBR_SELECT", 0x1c8, 1, .vendor = PMU_INTEL, .has = has_lbr,
      .kind = PMU_KIND_LBR_CTRL, .flags = PMU_REG_PLAIN, .mask = 0x3ff,
      PMU_AT(lbr.select) },
    { "MSR_LASTBRANCH_TOS", 0x1c9, 1, .vendor = PMU_INTEL, .has = has_lbr,
      .kind = PMU_KIND_LBR_CTRL, .flags = PMU_REG_PLAIN,
      .mask = PMU_LBR_MAX - 1, PMU_AT(lbr.tos) },
    { "MSR_LASTBRANCH_x_FROM_IP", 0x680, PMU_LBR_MAX, .vendor = PMU_INTEL,
      .has = has_lbr, STACK(from) },
    { "MSR_LASTBRANCH_x_TO_IP", 0x6c0, PMU_LBR_MAX, .vendor = PMU_INTEL,
      .has = has_lbr, STACK(to) },
    { "MSR_LBR_INFO_x", 0xdc0, PMU_LBR_MAX, .vendor = PMU_INTEL,
      .has = has_lbr, STACK(info) },
    { "LBR_SELECT", 0xc000010e, 1, .vendor = PMU_AMD, .has = has_lbr,
      .kind = PMU_KIND_LBR_CTRL, .flags = PMU_REG_PLAIN, .version = 2,
      .mask = 0x1ff, PMU_AT(lbr.select) },
    { "DBG_EXTN_CFG", 0xc000010f, 1, .vendor = PMU_AMD, .has = has_lbr,
      .kind = PMU_KIND_LBR_CTRL, .version = 2, PMU_AT(lbr.extn_cfg),
      .write = extn_cfg_write },
    { "SAMP_BR_FROM", 0xc0010300, 16, 2, .vendor = PMU_AMD, .has = has_lbr,
      .kind = PMU_KIND_LBR_STACK, .flags = PMU_REG_PLAIN, .version = 2,
      .read = amd_from_read, .write = amd_from_write },
    { "SAMP_BR_TO", 0xc0010301, 16, 2, .vendor = PMU_AMD, .has = has_lbr,
      .kind = PMU_KIND_LBR_STACK, .flags = PMU_REG_PLAIN, .version = 2,
      .read = amd_to_read, .write = amd_to_write },
};

/* ---- the part ------------------------------------------------------- */

static void lbr_cpuid(const X86PMU *pmu, uint32_t leaf, uint32_t sub,
                      PMUCpuid *r)
{
    if (leaf == 0x80000022 && amd(pmu) && pmu->cfg.lbr) {
        r->eax |= 1 << 1 | 1 << 2;      /* LbrStack, LbrAndPmcFreeze */
        r->ebx |= depth(pmu) << 4;
    }
}

static void lbr_configure(X86PMU *pmu)
{
    pmu->cfg.arch_lbr &= !amd(pmu);
    pmu->cfg.lbr &= !pmu->cfg.arch_lbr;
    pmu->cfg.lbr &= !amd(pmu) || pmu->cfg.version >= 2;
    if (pmu->cfg.lbr) {
        pmu->cfg.capabilities |= 5;     /* LBR_FMT: with MSR_LBR_INFO_x */
    }
}

static const PMUProperty lbr_properties[] = {
    { "pmu-lbr", offsetof(X86PMU, cfg.lbr), true, true,
      "last branch records: the legacy form, or LbrExtV2" },
};

const PMUPart pmu_lbr_part = {
    .name = "lbr",
    .vendor = PMU_ANY,
    PMU_ROWS(registers, lbr_registers),
    PMU_ROWS(properties, lbr_properties),
    .configure = lbr_configure,
    .cpuid = lbr_cpuid,
    .control = lbr_control,
    .branch = lbr_branch,
};
