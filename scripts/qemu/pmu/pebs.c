/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processor event based sampling: an overflow makes a record in the debug
 * store instead of a status bit and a PMI.
 *
 * The record is of the very instruction that the counter overflowed on, and
 * is written by an alarm before the next one: registers are those after it,
 * EventingIP is its own.  Several counters that overflow on one instruction
 * share a record.  Each is then reloaded from the management area; a record
 * that does not fit is not written, nothing is reloaded, and the next
 * instruction tries again.  With the threshold reached there is a PMI, and the
 * status says DS.  A real CPU writes the record at the next event after the
 * overflow, some cycles later, but for precise distribution; there is no such
 * skid here.
 *
 * An event of loads or stores (PMU_EV_*) has a rate of our own, so it may
 * overflow on an instruction that has no such access.  Then the tap of memory
 * accesses is opened, the overflow is put off to the next instruction, and so
 * on until there is an access.  A tap closed too early costs one instruction.
 *
 * There are no caches: where an access was served from follows from its
 * address alone, half of the lines from L1, half of the others from a fill
 * buffer, and so on; the latency follows from that, but is never below the
 * load latency facility's threshold.
 *
 * Formats (property pmu-pebs): 3 has records of one kind, and a bit of
 * IA32_PEBS_ENABLE that asks for load latency, which is always given here.
 * 4 is adaptive PEBS with its baseline: fixed counters, too, and groups by
 * MSR_PEBS_DATA_CFG.  5 differs in the number of reload values (ds.c) and has
 * two latencies.  Not modelled: transactions, the retire latency, output to
 * Intel PT, counter snapshots.
 *
 * SDM vol. 3B 20.3.1.1.1 (PEBS), 20.3.1.1.2 (load latency), 20.3.8 (format 3),
 * 20.9 (extended and adaptive PEBS); vol. 4 table 2-2 (IA32_PERF_CAPABILITIES,
 * IA32_PEBS_ENABLE) and that of Ice Lake (MSR_PEBS_DATA_CFG).
 */
#include "pmu.h"

#define PEBS_TRAP           (1u << 6)   /* in IA32_PERF_CAPABILITIES */
#define PEBS_ARCH_REG       (1u << 7)
#define PEBS_FMT(format)    ((format) << 8)
#define PEBS_BASELINE       (1u << 14)

#define EVTSEL_ADAPTIVE     (1ull << 34)
#define FIXED_ADAPTIVE(n)   (1ull << (32 + 4 * (n)))

/* MSR_PEBS_DATA_CFG, and the groups of a record */
#define GROUP_MEMORY        (1u << 0)
#define GROUP_GPRS          (1u << 1)
#define GROUP_XMMS          (1u << 2)
#define GROUP_LBRS          (1u << 3)
#define GROUP_LBR_ENTRIES   ((PMU_LBR_MAX - 1u) << 24)      /* less one */
#define GROUPS              (GROUP_MEMORY | GROUP_GPRS | GROUP_XMMS | \
                             GROUP_LBRS | GROUP_LBR_ENTRIES)

/* What goes into a record and is not just read from the vCPU. */
typedef struct Sample {
    uint64_t counters;          /* as pmu_bit() */
    uint32_t groups;
    uint64_t ip;
    uint64_t address, source, latency;
} Sample;

typedef struct Record {
    unsigned nr;
    uint64_t word[4 + 4 + 18 + 32 + 3 * PMU_LBR_MAX];
} Record;

static bool adaptive(const X86PMU *pmu)
{
    return pmu->cfg.pebs >= 4;
}

/* ---- the groups of a record ------------------------------------------ */

static void put(Record *r, uint64_t value)
{
    r->word[r->nr++] = value;
}

static uint64_t tsc(X86PMU *pmu)
{
    return cpu_get_tsc(pmu->env) + pmu->env->tsc_offset;
}

/* Registers in the order given; R8 to R15 follow in each format. */
static void put_gprs(X86PMU *pmu, Record *r, const uint8_t *order)
{
    put(r, cpu_compute_eflags(pmu->env));
    put(r, pmu->env->eip);
    for (int i = 0; i < 8; i++) {
        put(r, pmu->env->regs[order[i]]);
    }
    for (int i = 8; i < 16; i++) {
        put(r, pmu->env->regs[i]);
    }
}

static void put_xmms(X86PMU *pmu, Record *r)
{
    for (int i = 0; i < 16; i++) {
        put(r, pmu->env->xmm_regs[i].ZMM_Q(0));
        put(r, pmu->env->xmm_regs[i].ZMM_Q(1));
    }
}

static void put_lbrs(X86PMU *pmu, Record *r, unsigned nr)
{
    for (unsigned i = 0; i < nr; i++) {
        const PMULbrRecord *lbr = pmu_lbr_newest(pmu, i);

        put(r, lbr->from);
        put(r, lbr->to);
        put(r, lbr->info);
    }
}

/* The basic group, then those asked for; memory before registers. */
static void put_adaptive(X86PMU *pmu, Record *r, const Sample *s)
{
    static const uint8_t order[] = {
        R_EAX, R_ECX, R_EDX, R_EBX, R_ESP, R_EBP, R_ESI, R_EDI
    };

    put(r, s->groups);
    put(r, s->ip);
    put(r, s->counters);
    put(r, tsc(pmu));
    if (s->groups & GROUP_MEMORY) {
        put(r, s->address);
        put(r, s->source);
        put(r, s->latency);
        put(r, 0);              /* transactions */
    }
    if (s->groups & GROUP_GPRS) {
        put_gprs(pmu, r, order);
    }
    if (s->groups & GROUP_XMMS) {
        put_xmms(pmu, r);
    }
    if (s->groups & GROUP_LBRS) {
        put_lbrs(pmu, r, (s->groups >> 24) + 1);
    }
    r->word[0] |= (uint64_t)(r->nr * sizeof(r->word[0])) << 48;
}

static void put_format3(X86PMU *pmu, Record *r, const Sample *s)
{
    static const uint8_t order[] = {
        R_EAX, R_EBX, R_ECX, R_EDX, R_ESI, R_EDI, R_EBP, R_ESP
    };

    put_gprs(pmu, r, order);
    put(r, s->counters);
    put(r, s->address);
    put(r, s->source);
    put(r, s->latency);
    put(r, s->ip);
    put(r, 0);                  /* transactions */
    put(r, tsc(pmu));
}

/* ---- memory accesses ------------------------------------------------- */

/* From where, nearest first: the data source's code, the latency. */
static const struct {
    uint8_t code;
    uint16_t latency;
} served[] = {
    { 0x1, 5 },         /* L1 */
    { 0x2, 9 },         /* a fill buffer */
    { 0x3, 14 },        /* L2 */
    { 0x4, 50 },        /* L3, no snoop */
    { 0xa, 220 },       /* the memory of this node */
};

#define LINE                64
#define LINES_OF_PAGE       64
#define SOURCE_STORE_L1     (1u << 0)   /* of MEM_INST_RETIRED's stores */
#define SOURCE_STLB_MISS    (1u << 4)

static uint8_t access_flag(const X86PMU *pmu, unsigned i)
{
    const PMUEvent *e = pmu->c.counter[i].event;

    return e ? e->flags & (PMU_EV_LOAD | PMU_EV_STORE) : 0;
}

static void pebs_mem(X86PMU *pmu, uint64_t pc, uint64_t addr, uint32_t what)
{
    PMUPebsAccess *a = &pmu->pebs.access[!!(what & X86_MEM_STORE)];
    int64_t now = pmu_now(pmu);

    /* The first one of an instruction. */
    if (pmu_tapped(pmu, PMU_TAP_MEM, PMU_TAP_PEBS) &&
        (a->tick != now || a->pc != pc)) {
        *a = (PMUPebsAccess) { now, pc, addr };
    }
}

/* The access of the instruction that has just run; none: false. */
static bool find_access(X86PMU *pmu, unsigned i, Sample *s)
{
    const PMUEvent *e = pmu->c.counter[i].event;
    bool store = e->flags & PMU_EV_STORE;
    const PMUPebsAccess *a = &pmu->pebs.access[store];
    uint64_t line = a->addr / LINE;
    unsigned level = MIN(ctz64(line), ARRAY_SIZE(served) - 1);
    uint64_t least = e->flags & PMU_EV_LATENCY ? pmu->model.extra[2] : 0;

    if (a->tick != pmu->c.now || a->pc != s->ip) {
        return false;
    }
    while (served[level].latency < least && level < ARRAY_SIZE(served) - 1) {
        level++;
    }
    s->address = a->addr;
    s->source = line % LINES_OF_PAGE ? 0 : SOURCE_STLB_MISS;
    if (e->flags & PMU_EV_LATENCY) {
        s->source |= served[level].code;
        s->latency = MAX(served[level].latency, least);
        if (pmu->cfg.pebs >= 5) {
            /* the instruction's in 15:0, the cache's in 47:32 */
            s->latency |= (uint64_t)served[level].latency << 32;
        }
    } else if (store) {
        s->source |= level ? 0 : SOURCE_STORE_L1;
    } else {
        s->source |= served[level].code;
    }
    return true;
}

/* ---- from overflow to record ----------------------------------------- */

/* Whether counter i wants more than the basic group. */
static bool wants_groups(const X86PMU *pmu, unsigned i)
{
    return i < PMU_FIXED ? pmu->c.evtsel[i] & EVTSEL_ADAPTIVE :
                           pmu->c.fixed_ctrl & FIXED_ADAPTIVE(i - PMU_FIXED);
}

/* Write a record for the sample's counters, reload them; or put it off. */
static void record(X86PMU *pmu, const Sample *s)
{
    Record r = { 0 };
    bool due, written;

    if (adaptive(pmu)) {
        put_adaptive(pmu, &r, s);
    } else {
        put_format3(pmu, &r, s);
    }
    written = pmu_ds_append(pmu, PMU_DS_PEBS, r.word,
                            r.nr * sizeof(r.word[0]), false, &due);
    for (unsigned i = 0; i < PMU_NR; i++) {
        if (!(s->counters & pmu_bit(i))) {
            continue;
        }
        if (written) {
            pmu_ds_reload(pmu, i);
        } else {
            pmu_counter_again(pmu, i);
        }
    }
    if (written && due) {
        pmu_status_set(pmu, PMU_STATUS_DS);
        pmu_raise(pmu, pmu->cfg.skid + pmu_fault_late(pmu));
    }
}

static void pebs_ring(X86PMU *pmu)
{
    bool exact = pmu->c.stop.tick == pmu->c.now - 1;
    Sample s = { .ip = exact ? pmu->c.stop.ip : pmu->env->eip };
    uint64_t pending = pmu->pebs.pending;
    bool put_off = false;

    pmu->pebs.pending = 0;
    for (unsigned i = 0; i < PMU_NR; i++) {
        if (!(pending & pmu_bit(i))) {
            continue;
        }
        if (access_flag(pmu, i) && !find_access(pmu, i, &s)) {
            pmu_counter_again(pmu, i);
            put_off = true;
            continue;
        }
        s.counters |= pmu_bit(i);
        s.groups |= wants_groups(pmu, i) ? pmu->pebs.data_cfg : 0;
    }
    pmu_tap(pmu, PMU_TAP_MEM, PMU_TAP_PEBS, put_off);
    if (s.counters) {
        record(pmu, &s);
    }
}

static bool pebs_overflow(X86PMU *pmu, unsigned i)
{
    if (!(pmu->pebs.enable & pmu_bit(i))) {
        return false;
    }
    pmu->pebs.pending |= pmu_bit(i);
    pmu_alarm(pmu, PMU_ALARM_PEBS, pmu->c.now, pebs_ring);
    return true;
}

static PMUWatch pebs_watch(const X86PMU *pmu, unsigned i)
{
    return pmu->pebs.enable & pmu_bit(i) ? PMU_WATCH_INSN : PMU_WATCH_NO;
}

/* ---- registers ------------------------------------------------------- */

static bool has_pebs(const X86PMU *pmu, unsigned i)
{
    return pmu->cfg.pebs;
}

static bool has_data_cfg(const X86PMU *pmu, unsigned i)
{
    return adaptive(pmu);
}

static uint64_t enable_valid(const X86PMU *pmu, unsigned i)
{
    uint64_t gp = (1ull << pmu->cfg.gp) - 1;

    return adaptive(pmu) ? pmu_counter_mask(pmu) : gp | gp << 32;
}

/* Format 3: bits 35:32 are no counters', but ask for load latency. */
static void enable_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu->pebs.asked = value;
    pmu->pebs.enable = adaptive(pmu) ? value : (uint32_t)value;
    pmu_tap(pmu, PMU_TAP_MEM, PMU_TAP_PEBS, false);
    pmu_decode_all(pmu);
}

static const PMURegister pebs_registers[] = {
    { "IA32_PEBS_ENABLE", 0x3f1, 1, .kind = PMU_KIND_PEBS,
      PMU_AT(pebs.asked), .has = has_pebs, .valid = enable_valid,
      .write = enable_write },
    { "MSR_PEBS_DATA_CFG", 0x3f2, 1, .kind = PMU_KIND_PEBS,
      .flags = PMU_REG_PLAIN, PMU_AT(pebs.data_cfg), .has = has_data_cfg,
      .mask = GROUPS },
};

/* ---- the part -------------------------------------------------------- */

/* A PMI was acknowledged, or the like: a counter may no longer wait. */
static void pebs_control(X86PMU *pmu)
{
    pmu_tap(pmu, PMU_TAP_MEM, PMU_TAP_PEBS, false);
}

static void pebs_configure(X86PMU *pmu)
{
    PMUConfig *cfg = &pmu->cfg;

    if (cfg->pebs < 3) {
        cfg->pebs = 0;
        return;
    }
    cfg->pebs = MIN(cfg->pebs, 5);
    cfg->capabilities |= PEBS_TRAP | PEBS_ARCH_REG | PEBS_FMT(cfg->pebs);
    if (adaptive(pmu)) {
        cfg->capabilities |= PEBS_BASELINE;
        cfg->evtsel |= EVTSEL_ADAPTIVE;
        for (unsigned n = 0; n < cfg->fixed; n++) {
            cfg->fixed_ctrl |= FIXED_ADAPTIVE(n);
        }
    }
}

static const PMUProperty pebs_properties[] = {
    { "pmu-pebs", offsetof(X86PMU, cfg.pebs), false, 0,
      "format of PEBS records, 3 to 5; 0: no PEBS" },
};

const PMUPart pmu_pebs_part = {
    .name = "pebs",
    .vendor = PMU_INTEL,
    PMU_ROWS(registers, pebs_registers),
    PMU_ROWS(properties, pebs_properties),
    .configure = pebs_configure,
    .watch = pebs_watch,
    .overflow = pebs_overflow,
    .control = pebs_control,
    .mem = pebs_mem,
};
