/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Last branch records, Intel's architectural form.
 *
 * The ring is lbr.c's, and so is what recording means; different here are the
 * registers: record 0 is always the newest one, IA32_LBR_CTL says what is kept
 * (LBR_SELECT says what is not), and IA32_LBR_DEPTH how many.  Writing the
 * depth, even the same one, clears all records.  Those beyond the depth read
 * as 0 and ignore writes.  DEBUGCTL.LBR has no meaning.
 *
 * A vCPU has this form or the legacy one.  The state component for XSAVES is
 * not modelled: QEMU's emulation has no XSAVES.
 *
 * CPUID leaf 0x1C: SDM vol. 2A CPUID; the rest: SDM vol. 3B chapter 19, "Last
 * Branch Records"; registers: vol. 4 table 2-2.
 */
#include "pmu.h"

/* IA32_LBR_CTL; what a branch's kind has is below */
#define CTL_LBREN       (1ull << 0)
#define CTL_OS          (1ull << 1)
#define CTL_USR         (1ull << 2)
#define CTL_CALL_STACK  (1ull << 3)
#define CTL_KINDS       (0x7full << 16)
#define CTL_VALID       (CTL_LBREN | CTL_OS | CTL_USR | CTL_CALL_STACK | \
                         CTL_KINDS)

/* IA32_LBR_x_INFO */
#define INFO_CYC_CNT_VALID  (1ull << 60)
#define INFO_BR_TYPE(type)  ((uint64_t)(type) << 56)
#define INFO_VALID          (0xffull << 56 | 0xffff)

/* CPUID leaf 0x1C, EAX: bit n, a depth of 8 (n + 1) */
#define DEPTHS      (1u << 0 | 1u << 1 | 1u << 3)

/* A kind's bit in IA32_LBR_CTL and its BR_TYPE. */
static const struct {
    uint64_t ctl;
    unsigned type;
} kinds[X86_BR_NR] = {
    [X86_BR_JCC]      = { 1 << 16, 0 },     /* COND */
    [X86_BR_REL_JMP]  = { 1 << 17, 2 },     /* NEAR_REL_JMP */
    [X86_BR_IND_JMP]  = { 1 << 18, 1 },     /* NEAR_IND_JMP */
    [X86_BR_REL_CALL] = { 1 << 19, 4 },     /* NEAR_REL_CALL */
    [X86_BR_IND_CALL] = { 1 << 20, 3 },     /* NEAR_IND_CALL */
    [X86_BR_RET]      = { 1 << 21, 5 },     /* NEAR_RET */
    [X86_BR_FAR]      = { 1 << 22, 8 },     /* OTHER_BRANCH */
};

static bool has_arch_lbr(const X86PMU *pmu, unsigned i)
{
    return pmu->cfg.arch_lbr;
}

/* ---- recording ------------------------------------------------------ */

static void arch_lbr_control(X86PMU *pmu)
{
    if (pmu->cfg.arch_lbr) {
        pmu_tap(pmu, PMU_TAP_BRANCH, PMU_TAP_LBR,
                pmu->lbr.ctl & CTL_LBREN &&
                !(pmu->c.status & PMU_STATUS_LBR_FRZ));
    }
}

/* A branch that changes CPL belongs to where it goes. */
static bool kept(const X86PMU *pmu, X86Branch kind)
{
    bool user = pmu->env->hflags & HF_CPL_MASK;
    uint64_t ctl = pmu->lbr.ctl;

    return ctl & (user ? CTL_USR : CTL_OS) && ctl & kinds[kind].ctl;
}

static void arch_lbr_branch(X86PMU *pmu, uint64_t from, uint64_t to,
                            X86Branch kind)
{
    unsigned what = kind & X86_BR_KIND;

    if (!pmu->cfg.arch_lbr ||
        !pmu_tapped(pmu, PMU_TAP_BRANCH, PMU_TAP_LBR) || !kept(pmu, what)) {
        return;
    }
    pmu_lbr_record(pmu, from, to, kind, pmu->lbr.ctl & CTL_CALL_STACK,
                   INFO_CYC_CNT_VALID | INFO_BR_TYPE(kinds[what].type));
}

/* ---- registers ------------------------------------------------------ */

static void ctl_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu->lbr.ctl = value;
    arch_lbr_control(pmu);
}

static void clear(X86PMU *pmu)
{
    memset(pmu->lbr.record, 0, sizeof(pmu->lbr.record));
}

static bool depth_is_valid(uint64_t depth)
{
    return depth && depth % 8 == 0 && depth <= PMU_LBR_MAX &&
           DEPTHS & 1u << (depth / 8 - 1);
}

/* The only bits that may be set are those of one of the depths. */
static bool depth_accepts(const X86PMU *pmu, unsigned i, uint64_t value)
{
    return depth_is_valid(value);
}

static void depth_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu->lbr.depth = value;
    clear(pmu);
}

/* Record i, or NULL beyond the depth. */
static PMULbrRecord *record(X86PMU *pmu, unsigned i)
{
    return i < pmu->lbr.depth ? pmu_lbr_newest(pmu, i) : NULL;
}

#define ACCESS(field)                                                       \
static uint64_t field##_read(X86PMU *pmu, unsigned i)                       \
{                                                                           \
    PMULbrRecord *r = record(pmu, i);                                       \
                                                                            \
    return r ? r->field : 0;                                                \
}                                                                           \
                                                                            \
static void field##_write(X86PMU *pmu, unsigned i, uint64_t value)          \
{                                                                           \
    PMULbrRecord *r = record(pmu, i);                                       \
                                                                            \
    if (r) {                                                                \
        r->field = value;                                                   \
    }                                                                       \
}

ACCESS(from)
ACCESS(to)
ACCESS(info)

#define STACK(field)                                            \
    .kind = PMU_KIND_LBR_STACK, .flags = PMU_REG_PLAIN,         \
    .has = has_arch_lbr, .read = field##_read, .write = field##_write

static const PMURegister arch_lbr_registers[] = {
    { "IA32_LBR_CTL", 0x14ce, 1, .kind = PMU_KIND_LBR_CTRL,
      .has = has_arch_lbr, .mask = CTL_VALID, PMU_AT(lbr.ctl),
      .write = ctl_write },
    { "IA32_LBR_DEPTH", 0x14cf, 1, .kind = PMU_KIND_LBR_CTRL,
      .flags = PMU_REG_PLAIN, .has = has_arch_lbr, .accepts = depth_accepts,
      PMU_AT(lbr.depth), .write = depth_write },
    { "IA32_LBR_x_INFO", 0x1200, PMU_LBR_MAX, .mask = INFO_VALID,
      STACK(info) },
    { "IA32_LBR_x_FROM_IP", 0x1500, PMU_LBR_MAX, STACK(from) },
    { "IA32_LBR_x_TO_IP", 0x1600, PMU_LBR_MAX, STACK(to) },
};

/* ---- the part ------------------------------------------------------- */

static void arch_lbr_cpuid(const X86PMU *pmu, uint32_t leaf, uint32_t sub,
                           PMUCpuid *r)
{
    if (!pmu->cfg.arch_lbr) {
        return;
    }
    if (leaf == 7 && sub == 0) {
        r->edx |= CPUID_7_0_EDX_ARCH_LBR;
    } else if (leaf == 0x1c) {
        r->eax = DEPTHS;    /* IPs are EIPs, no deep C-state clears them */
        r->ebx = 7;         /* filters by CPL and kind, call-stack mode */
        r->ecx = 7;         /* mispredictions, cycles, types */
        r->edx = 0;
    }
}

static void arch_lbr_configure(X86PMU *pmu)
{
    PMUConfig *cfg = &pmu->cfg;

    if (cfg->arch_lbr) {
        cfg->level = MAX(cfg->level, 0x1c);
        cfg->capabilities |= 0x3f;      /* LBR_FMT: see leaf 0x1C */
    }
}

static void arch_lbr_reset(X86PMU *pmu)
{
    pmu->lbr.depth = PMU_LBR_MAX;
}

static const PMUProperty arch_lbr_properties[] = {
    { "pmu-arch-lbr", offsetof(X86PMU, cfg.arch_lbr), true, false,
      "last branch records: the architectural form" },
};

const PMUPart pmu_arch_lbr_part = {
    .name = "arch-lbr",
    .vendor = PMU_INTEL,
    PMU_ROWS(registers, arch_lbr_registers),
    PMU_ROWS(properties, arch_lbr_properties),
    .configure = arch_lbr_configure,
    .cpuid = arch_lbr_cpuid,
    .reset = arch_lbr_reset,
    .control = arch_lbr_control,
    .branch = arch_lbr_branch,
};
