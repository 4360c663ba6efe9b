/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AMD's instruction-based sampling: IBS of fetches and of ops.
 *
 * Each half has a periodic counter and a maximum.  The counter runs while the
 * half is enabled and holds no sample (Val); at the maximum it takes one, and
 * an interrupt goes through the extended local vector that IBS_CTL names.  An
 * op is a tick; a fetch, as for event 80h, is four.
 *
 * A fetch sample is the fetch of the instruction that comes next when the
 * count is reached.  An op sample takes two alarms.  The first, at the count,
 * tags the op that comes next, with its RIP and the raw counts of branches,
 * and opens the taps; the counter rolls over.  The second, a tick later, when
 * it has retired, closes them and fills the registers.  An interrupt or
 * exception in between flushes the op: then there is no sample, and the
 * counter goes on.
 *
 * What the manual calls random is a fixed sequence: the low four bits of the
 * fetch counter when it starts with IbsRandEn, and the low seven of the op
 * counter when it rolls over, 1 to 127.
 *
 * Where code and data come from depends on the linear address alone (places
 * and TLB, below), so that a test knows what to expect.  All pages are said to
 * be of 4 KB, ops are neither fused nor microcoded, prefetched or locked, and
 * RIP is always valid.
 *
 * Bits that a missing capability leaves reserved are ignored when written.
 *
 * AMD APM vol. 2 13.3 (Instruction-Based Sampling) and 16.4 (extended local
 * vectors), vol. 3 appendix E (CPUID Fn8000_001B); the registers' fields: PPR
 * of family 19h models 01h and 11h, MSRC001_103[0..D].
 */
#include "pmu.h"
#include "hw/i386/apic.h"

/* CPUID Fn8000_001B_EAX */
#define CAP_FFV             (1u << 0)
#define CAP_FETCH           (1u << 1)
#define CAP_OP              (1u << 2)
#define CAP_RD_WR_OP_CNT    (1u << 3)
#define CAP_OP_CNT          (1u << 4)
#define CAP_BRN_TRGT        (1u << 5)
#define CAP_OP_CNT_EXT      (1u << 6)
#define CAP_FETCH_CTL_EXTD  (1u << 9)
#define CAP_OP_DATA4        (1u << 10)
#define CAP_ZEN4            (1u << 11)
#define CAP_ALL             0xfffu

/* IBS_FETCH_CTL */
#define FETCH_LAT_SHIFT     32
#define FETCH_EN            (1ull << 48)
#define FETCH_VAL           (1ull << 49)
#define FETCH_COMP          (1ull << 50)
#define FETCH_IC_MISS       (1ull << 51)
#define FETCH_PHYS_VALID    (1ull << 52)
#define FETCH_L1TLB_MISS    (1ull << 55)
#define FETCH_L2TLB_MISS    (1ull << 56)
#define FETCH_RAND_EN       (1ull << 57)
#define FETCH_L2_MISS       (1ull << 58)
#define FETCH_L3_MISS_ONLY  (1ull << 59)    /* CAP_ZEN4 */
#define FETCH_OC_MISS       (1ull << 60)    /* CAP_ZEN4 */
#define FETCH_L3_MISS       (1ull << 61)    /* CAP_ZEN4 */
/* the bits that software sets, beside L3_MISS_ONLY; the counts are 31:0 */
#define FETCH_CONTROL       (0xffffffffull | FETCH_EN | FETCH_VAL | \
                             FETCH_RAND_EN)

/* IBS_OP_CTL */
#define OP_MAX              0xffffull
#define OP_L3_MISS_ONLY     (1ull << 16)    /* CAP_ZEN4 */
#define OP_EN               (1ull << 17)
#define OP_VAL              (1ull << 18)
#define OP_CNT_CTL          (1ull << 19)    /* CAP_OP_CNT: ops, not cycles */
#define OP_MAX_EXT          (0x7full << 20) /* CAP_OP_CNT_EXT */
#define OP_CUR_SHIFT        32              /* CAP_RD_WR_OP_CNT */
#define OP_CUR_BITS         20
#define OP_CUR_EXT_BITS     27              /* CAP_OP_CNT_EXT */

/* IBS_OP_DATA */
#define DATA_TAG_SHIFT      16
#define DATA_RETURN         (1ull << 34)
#define DATA_TAKEN          (1ull << 35)
#define DATA_MISP           (1ull << 36)
#define DATA_BRANCH         (1ull << 37)

/* IBS_OP_DATA3 */
#define DATA3_LOAD          (1ull << 0)
#define DATA3_STORE         (1ull << 1)
#define DATA3_L1TLB_MISS    (1ull << 2)
#define DATA3_L2TLB_MISS    (1ull << 3)
#define DATA3_DC_MISS       (1ull << 7)
#define DATA3_MISALIGNED    (1ull << 8)
#define DATA3_UC            (1ull << 14)
#define DATA3_LIN_VALID     (1ull << 17)
#define DATA3_PHYS_VALID    (1ull << 18)
#define DATA3_L2_MISS       (1ull << 20)
#define DATA3_WIDTH_SHIFT   22
#define DATA3_LAT_SHIFT     32
#define DATA3_TLB_SHIFT     48

/* IBS_CTL, as firmware leaves it: LvtOffsetVal, LvtOffset 0 */
#define IBS_CTL_VALUE       0x100
#define IBS_CTL_OFFSET      0xf

#define LINE_BITS           6

static bool has(const X86PMU *pmu, uint32_t cap)
{
    return pmu->cfg.ibs & cap;
}

/* The next of a fixed sequence, below n. */
static unsigned next_random(X86PMU *pmu, unsigned n)
{
    pmu->ibs.random = pmu->ibs.random * 1664525 + 1013904223;
    return (pmu->ibs.random >> 16) % n;
}

/* ---- places --------------------------------------------------------- */

enum { L1, L2, L3, BEYOND };

/* Of each 16 lines so many come from there: L1 has 0 to 9, memory 15. */
typedef struct Place {
    uint8_t lines;
    uint8_t level;
    uint8_t data2[2];       /* IBS_OP_DATA2 until, since Zen 4 */
    uint16_t latency;       /* cycles */
} Place;

static const Place places[] = {
    { 10, L1,     { 0, 0 },    4 },
    { 2,  L2,     { 0, 0 },    14 },
    { 2,  L3,     { 2, 0x21 }, 45 },    /* of this complex, owned */
    { 1,  BEYOND, { 4, 2 },    120 },   /* another complex's cache, modified */
    { 1,  BEYOND, { 3, 3 },    400 },   /* memory */
};

static const Place device = { 0, BEYOND, { 7, 7 }, 1000 };

static const Place *place_of(uint64_t addr)
{
    unsigned line = addr >> LINE_BITS & 15;
    const Place *p = places;

    while (line >= p->lines) {
        line -= p->lines;
        p++;
    }
    return p;
}

/* Of each 16 pages the last misses both TLBs, the one before it the first. */
static unsigned tlb_misses(uint64_t addr)
{
    unsigned page = addr >> TARGET_PAGE_BITS & 15;

    return page >= 14 ? page - 13 : 0;
}

static const uint16_t tlb_latency[] = { 0, 7, 40 };

static bool physical(X86PMU *pmu, uint64_t addr, uint64_t *phys)
{
    hwaddr page = cpu_get_phys_page_debug(env_cpu(pmu->env),
                                          addr & TARGET_PAGE_MASK);

    *phys = page == -1 ? 0 : page | (addr & ~TARGET_PAGE_MASK);
    return page != -1;
}

/* ---- counters ------------------------------------------------------- */

static void count_start(X86PMU *pmu, PMUIbsCount *count, uint64_t from)
{
    count->begin = pmu->c.now;
    count->from = from;
}

static uint64_t count_now(const X86PMU *pmu, const PMUIbsCount *count)
{
    return count->from + (uint64_t)(pmu->c.now - count->begin) *
                         count->rate.num / count->rate.den;
}

/* The tick at which it reaches the maximum. */
static int64_t count_due(const PMUIbsCount *count, uint64_t max)
{
    uint64_t left = max > count->from ? max - count->from : 0;

    return count->begin + DIV_ROUND_UP(left * count->rate.den,
                                       count->rate.num);
}

static void interrupt(X86PMU *pmu)
{
    X86CPU *cpu = env_archcpu(pmu->env);

    if (cpu->apic_state) {
        apic_deliver_ext(cpu->apic_state, IBS_CTL_VALUE & IBS_CTL_OFFSET);
    }
}

/* ---- fetches -------------------------------------------------------- */

static uint64_t fetch_max(const X86PMU *pmu)
{
    return (pmu->ibs.fetch_ctl & 0xffff) << 4;
}

static bool fetch_runs(const X86PMU *pmu)
{
    return (pmu->ibs.fetch_ctl & (FETCH_EN | FETCH_VAL)) == FETCH_EN &&
           fetch_max(pmu);
}

static uint64_t fetch_misses(const X86PMU *pmu, uint64_t addr)
{
    const Place *place = place_of(addr);
    uint64_t ctl = (uint64_t)place->latency << FETCH_LAT_SHIFT;

    ctl |= place->level > L1 ? FETCH_IC_MISS : 0;
    ctl |= place->level > L2 ? FETCH_L2_MISS : 0;
    ctl |= tlb_misses(addr) > 0 ? FETCH_L1TLB_MISS : 0;
    ctl |= tlb_misses(addr) > 1 ? FETCH_L2TLB_MISS : 0;
    if (has(pmu, CAP_ZEN4)) {
        ctl |= place->level > L1 ? FETCH_OC_MISS : 0;
        ctl |= place->level > L3 ? FETCH_L3_MISS : 0;
    }
    return ctl;
}

static void fetch_sample(X86PMU *pmu)
{
    PMUIbs *ibs = &pmu->ibs;
    uint64_t addr = pmu->env->segs[R_CS].base + pmu->env->eip;
    uint64_t ctl = fetch_misses(pmu, addr);

    if (ibs->fetch_ctl & FETCH_L3_MISS_ONLY && !(ctl & FETCH_L3_MISS)) {
        count_start(pmu, &ibs->fetch, 0);
        pmu_alarm(pmu, PMU_ALARM_IBS_FETCH,
                  count_due(&ibs->fetch, fetch_max(pmu)), fetch_sample);
        return;
    }
    ibs->fetch_linaddr = addr;
    if (physical(pmu, addr, &ibs->fetch_physaddr)) {
        ctl |= FETCH_COMP | FETCH_PHYS_VALID;
    }
    ctl |= ibs->fetch_ctl & (FETCH_CONTROL | FETCH_L3_MISS_ONLY);
    ibs->fetch_ctl = deposit64(ctl, 16, 16, fetch_max(pmu) >> 4) | FETCH_VAL;
    ibs->extd_ctl = tlb_latency[tlb_misses(addr)];
    interrupt(pmu);
}

static uint64_t fetch_ctl_read(X86PMU *pmu, unsigned i)
{
    PMUIbs *ibs = &pmu->ibs;

    if (!fetch_runs(pmu)) {
        return ibs->fetch_ctl;
    }
    return deposit64(ibs->fetch_ctl, 16, 16,
                     count_now(pmu, &ibs->fetch) >> 4);
}

static void fetch_ctl_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    PMUIbs *ibs = &pmu->ibs;
    uint64_t control = FETCH_CONTROL |
                       (has(pmu, CAP_ZEN4) ? FETCH_L3_MISS_ONLY : 0);
    uint64_t from;

    ibs->fetch_ctl = (ibs->fetch_ctl & ~control) | (value & control);
    pmu_no_alarm(pmu, PMU_ALARM_IBS_FETCH);
    if (fetch_runs(pmu)) {
        from = extract64(value, 16, 16) << 4;
        from |= value & FETCH_RAND_EN ? next_random(pmu, 16) : 0;
        ibs->fetch.rate = (PMURate) { PMU_TICKS, 1, 4 };
        count_start(pmu, &ibs->fetch, from);
        pmu_alarm(pmu, PMU_ALARM_IBS_FETCH,
                  count_due(&ibs->fetch, fetch_max(pmu)), fetch_sample);
    }
}

/* ---- ops ------------------------------------------------------------ */

static uint64_t op_max(const X86PMU *pmu)
{
    uint64_t ctl = pmu->ibs.op_ctl;

    return (ctl & OP_MAX) << 4 | (ctl & OP_MAX_EXT);
}

static bool op_runs(const X86PMU *pmu)
{
    return (pmu->ibs.op_ctl & (OP_EN | OP_VAL)) == OP_EN && op_max(pmu);
}

static unsigned op_cur_bits(const X86PMU *pmu)
{
    return has(pmu, CAP_OP_CNT_EXT) ? OP_CUR_EXT_BITS : OP_CUR_BITS;
}

static void op_taps(X86PMU *pmu, bool open)
{
    pmu->ibs.tag.on = open;
    pmu_tap(pmu, PMU_TAP_BRANCH, PMU_TAP_IBS, open);
    pmu_tap(pmu, PMU_TAP_MEM, PMU_TAP_IBS, open);
}

static void op_tag(X86PMU *pmu)
{
    PMUIbs *ibs = &pmu->ibs;

    memset(&ibs->tag, 0, sizeof(ibs->tag));
    ibs->tag.tick = pmu->c.now;
    ibs->tag.rip = pmu->env->eip;
    memcpy(ibs->tag.branch, pmu->env->pmu_raw.branch, sizeof(ibs->tag.branch));
    count_start(pmu, &ibs->op, 1 + next_random(pmu, 127));
    op_taps(pmu, true);
}

/* An op has one address: that of its instruction's first access. */
static void ibs_mem(X86PMU *pmu, uint64_t pc, uint64_t addr, uint32_t what)
{
    PMUIbsTag *tag = &pmu->ibs.tag;

    if (!pmu_tapped(pmu, PMU_TAP_MEM, PMU_TAP_IBS)) {
        return;
    }
    if (!tag->load && !tag->store) {
        tag->addr = addr;
        tag->bytes = what & 0xff;
    }
    if (addr == tag->addr) {
        tag->load |= !(what & X86_MEM_STORE);
        tag->store |= !!(what & X86_MEM_STORE);
    }
}

/* A far branch before the op's tick is over is an interrupt or exception. */
static void ibs_branch(X86PMU *pmu, uint64_t from, uint64_t to, X86Branch kind)
{
    if (pmu_tapped(pmu, PMU_TAP_BRANCH, PMU_TAP_IBS) && kind == X86_BR_FAR &&
        pmu_now(pmu) <= pmu->ibs.tag.tick) {
        pmu->ibs.tag.flushed = true;
    }
}

/* The tagged op's kind of branch; X86_BR_NR: it is none. */
static X86Branch op_branch(const X86PMU *pmu)
{
    unsigned kind = 0;

    while (kind < X86_BR_NR && pmu->env->pmu_raw.branch[kind] ==
                               pmu->ibs.tag.branch[kind]) {
        kind++;
    }
    return kind;
}

static void fill_branch(X86PMU *pmu, unsigned latency)
{
    PMUIbs *ibs = &pmu->ibs;
    X86Branch kind = op_branch(pmu);
    uint64_t data = 1 | (uint64_t)(8 + latency) << DATA_TAG_SHIFT;

    ibs->br_target = 0;
    if (kind != X86_BR_NR) {
        data |= DATA_BRANCH;
        data |= kind == X86_BR_RET ? DATA_RETURN : 0;
        data |= pmu_mispredicted(pmu, kind) ? DATA_MISP : 0;
        if (kind != X86_BR_JCC_NOT) {
            data |= DATA_TAKEN;
            ibs->br_target = pmu->env->eip;
        }
    }
    ibs->op_data = data;
}

static uint64_t data3_misses(const X86PMU *pmu, const Place *place)
{
    const PMUIbsTag *tag = &pmu->ibs.tag;
    unsigned misses = tlb_misses(tag->addr);
    uint64_t data3 = (uint64_t)tlb_latency[misses] << DATA3_TLB_SHIFT;

    data3 |= misses > 0 ? DATA3_L1TLB_MISS : 0;
    data3 |= misses > 1 ? DATA3_L2TLB_MISS : 0;
    if (place == &device) {
        return data3 | DATA3_UC;
    }
    if (place->level > L1) {
        data3 |= DATA3_DC_MISS;
        data3 |= place->level > L2 ? DATA3_L2_MISS : 0;
        if (tag->load) {
            data3 |= (uint64_t)place->latency << DATA3_LAT_SHIFT;
        }
    }
    return data3;
}

/* The data registers; where the data came from, NULL if there are none. */
static const Place *fill_memory(X86PMU *pmu)
{
    PMUIbs *ibs = &pmu->ibs;
    const PMUIbsTag *tag = &ibs->tag;
    const Place *place = place_of(tag->addr);
    uint64_t last = tag->addr + tag->bytes - 1, data3;

    ibs->op_data2 = ibs->op_data3 = 0;
    if (!tag->load && !tag->store) {
        return NULL;
    }
    data3 = DATA3_LIN_VALID | (uint64_t)(ctz32(tag->bytes) + 1)
                              << DATA3_WIDTH_SHIFT;
    data3 |= tag->load ? DATA3_LOAD : 0;
    data3 |= tag->store ? DATA3_STORE : 0;
    data3 |= (tag->addr ^ last) >> LINE_BITS ? DATA3_MISALIGNED : 0;
    ibs->dc_linaddr = tag->addr;
    if (physical(pmu, tag->addr, &ibs->dc_physaddr)) {
        data3 |= DATA3_PHYS_VALID;
        place = cpu_physical_memory_is_io(ibs->dc_physaddr) ? &device : place;
    }
    ibs->op_data3 = data3 | data3_misses(pmu, place);
    ibs->op_data2 = tag->load ? place->data2[has(pmu, CAP_ZEN4)] : 0;
    return place;
}

/* False if there is no sample of it. */
static bool op_retire(X86PMU *pmu)
{
    PMUIbs *ibs = &pmu->ibs;
    const Place *place;

    op_taps(pmu, false);
    if (ibs->tag.flushed) {
        return false;
    }
    place = fill_memory(pmu);
    if (ibs->op_ctl & OP_L3_MISS_ONLY && (!place || place->level <= L3)) {
        return false;
    }
    fill_branch(pmu, ibs->tag.load && place ? place->latency : 0);
    ibs->op_rip = ibs->tag.rip;
    ibs->op_ctl = deposit64(ibs->op_ctl, OP_CUR_SHIFT, op_cur_bits(pmu),
                            ibs->op.from) | OP_VAL;
    interrupt(pmu);
    return true;
}

static void op_ring(X86PMU *pmu)
{
    int64_t next = pmu->c.now + 1;

    if (!pmu->ibs.tag.on) {
        op_tag(pmu);
    } else if (op_retire(pmu)) {
        return;
    } else {
        next = count_due(&pmu->ibs.op, op_max(pmu));
    }
    pmu_alarm(pmu, PMU_ALARM_IBS_OP, next, op_ring);
}

static uint64_t op_ctl_read(X86PMU *pmu, unsigned i)
{
    uint64_t ctl = pmu->ibs.op_ctl;

    if (op_runs(pmu) && has(pmu, CAP_RD_WR_OP_CNT)) {
        ctl = deposit64(ctl, OP_CUR_SHIFT, op_cur_bits(pmu),
                        count_now(pmu, &pmu->ibs.op));
    }
    return ctl;
}

static uint64_t op_control(const X86PMU *pmu)
{
    uint64_t control = OP_MAX | OP_EN | OP_VAL;

    control |= has(pmu, CAP_ZEN4) ? OP_L3_MISS_ONLY : 0;
    control |= has(pmu, CAP_OP_CNT) ? OP_CNT_CTL : 0;
    control |= has(pmu, CAP_OP_CNT_EXT) ? OP_MAX_EXT : 0;
    control |= has(pmu, CAP_RD_WR_OP_CNT) ?
               MAKE_64BIT_MASK(OP_CUR_SHIFT, op_cur_bits(pmu)) : 0;
    return control;
}

static void op_ctl_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    PMUIbs *ibs = &pmu->ibs;

    ibs->op_ctl = value & op_control(pmu);
    pmu_no_alarm(pmu, PMU_ALARM_IBS_OP);
    op_taps(pmu, false);
    if (op_runs(pmu)) {
        ibs->op.rate = ibs->op_ctl & OP_CNT_CTL ?
                       (PMURate) { PMU_TICKS, 1, 1 } : pmu_cycles(pmu);
        count_start(pmu, &ibs->op, ibs->op_ctl >> OP_CUR_SHIFT);
        pmu_alarm(pmu, PMU_ALARM_IBS_OP,
                  count_due(&ibs->op, op_max(pmu)), op_ring);
    }
}

/* ---- registers ------------------------------------------------------ */

static bool has_fetch(const X86PMU *pmu, unsigned i)
{
    return has(pmu, CAP_FETCH);
}

static bool has_op(const X86PMU *pmu, unsigned i)
{
    return has(pmu, CAP_OP);
}

static bool has_ibs(const X86PMU *pmu, unsigned i)
{
    return has(pmu, CAP_FFV);
}

static bool has_br_target(const X86PMU *pmu, unsigned i)
{
    return has(pmu, CAP_BRN_TRGT);
}

static bool has_extd_ctl(const X86PMU *pmu, unsigned i)
{
    return has(pmu, CAP_FETCH_CTL_EXTD);
}

static bool has_op_data4(const X86PMU *pmu, unsigned i)
{
    return has(pmu, CAP_OP_DATA4);
}

static uint64_t ibs_ctl_read(X86PMU *pmu, unsigned i)
{
    return IBS_CTL_VALUE;
}

#define DATA(field)                                             \
    .kind = PMU_KIND_IBS, .flags = PMU_REG_PLAIN, PMU_AT(ibs.field)

static const PMURegister ibs_registers[] = {
    { "IBS_FETCH_CTL", 0xc0011030, 1, .has = has_fetch, .kind = PMU_KIND_IBS,
      .flags = PMU_REG_LIVE, .read = fetch_ctl_read,
      .write = fetch_ctl_write },
    { "IBS_FETCH_LINADDR", 0xc0011031, 1, .has = has_fetch,
      DATA(fetch_linaddr) },
    { "IBS_FETCH_PHYSADDR", 0xc0011032, 1, .has = has_fetch,
      DATA(fetch_physaddr) },
    { "IBS_OP_CTL", 0xc0011033, 1, .has = has_op, .kind = PMU_KIND_IBS,
      .flags = PMU_REG_LIVE, .read = op_ctl_read, .write = op_ctl_write },
    { "IBS_OP_RIP", 0xc0011034, 1, .has = has_op, DATA(op_rip) },
    { "IBS_OP_DATA", 0xc0011035, 1, .has = has_op, DATA(op_data) },
    { "IBS_OP_DATA2", 0xc0011036, 1, .has = has_op, DATA(op_data2) },
    { "IBS_OP_DATA3", 0xc0011037, 1, .has = has_op, DATA(op_data3) },
    { "IBS_DC_LINADDR", 0xc0011038, 1, .has = has_op, DATA(dc_linaddr) },
    { "IBS_DC_PHYSADDR", 0xc0011039, 1, .has = has_op, DATA(dc_physaddr) },
    { "IBS_CTL", 0xc001103a, 1, .has = has_ibs, .kind = PMU_KIND_IBS,
      .flags = PMU_REG_READ_ONLY, .read = ibs_ctl_read },
    { "BP_IBSTGT_RIP", 0xc001103b, 1, .has = has_br_target, DATA(br_target) },
    { "IC_IBS_EXTD_CTL", 0xc001103c, 1, .has = has_extd_ctl,
      .kind = PMU_KIND_IBS, .flags = PMU_REG_READ_ONLY,
      PMU_AT(ibs.extd_ctl) },
    { "IBS_OP_DATA4", 0xc001103d, 1, .has = has_op_data4, DATA(op_data4) },
};

/* ---- the part ------------------------------------------------------- */

static void ibs_cpuid(const X86PMU *pmu, uint32_t leaf, uint32_t sub,
                      PMUCpuid *r)
{
    if (leaf == 0x80000001 && pmu->cfg.ibs) {
        r->ecx |= 1 << 10 | 1 << 3;     /* IBS, ExtApicSpace */
    } else if (leaf == 0x8000001b) {
        r->eax = pmu->cfg.ibs;
    }
}

static void ibs_configure(X86PMU *pmu)
{
    PMUConfig *cfg = &pmu->cfg;

    cfg->ibs &= cfg->ibs & CAP_FFV ? CAP_ALL : 0;
    if (cfg->ibs) {
        cfg->xlevel = MAX(cfg->xlevel, 0x8000001b);
    }
}

static const PMUProperty ibs_properties[] = {
    { "pmu-ibs", offsetof(X86PMU, cfg.ibs), false, 0x3ff,
      "capabilities of AMD's IBS, CPUID Fn8000_001B_EAX; 0: none" },
};

const PMUPart pmu_ibs_part = {
    .name = "ibs",
    .vendor = PMU_AMD,
    PMU_ROWS(registers, ibs_registers),
    PMU_ROWS(properties, ibs_properties),
    .configure = ibs_configure,
    .cpuid = ibs_cpuid,
    .branch = ibs_branch,
    .mem = ibs_mem,
};
