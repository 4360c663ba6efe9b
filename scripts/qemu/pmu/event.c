/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events: what an event select, or a fixed counter, counts.
 *
 * One row an event: its code and unit mask, the set of raw counts it comes
 * from, and events per count.  Architectural events and branches of each kind
 * are counted as they are; the others have a rate of their own that is fixed,
 * so that a test knows what to expect.  No rate may exceed what the deadline
 * assumes: a source advances by at most one a tick (a set of raw counts must
 * not count one instruction twice).  What is in no table counts nothing.
 *
 * Events: SDM vol. 3B 20.2.1.2 and table 20-1 (architectural), 19 and
 * perfmon-events of each model; AMD's PPR of family 19h, 2.1.15.4.  CMASK,
 * INV, EDGE: SDM vol. 3B figure 20-6.
 */
#include "pmu.h"
#include "sysemu/cpu-timers.h"

#define TICKS(...)      { PMU_TICKS, __VA_ARGS__ }
#define INSNS(...)      { PMU_INSNS, __VA_ARGS__ }
#define BRANCHES(...)   { PMU_BRANCHES, __VA_ARGS__ }
#define EXACT(set)      { (set), 1, 1 }

#define COND        (PMU_BR(JCC) | PMU_BR(JCC_NOT))
#define TAKEN       (PMU_BRANCHES & ~PMU_BR(JCC_NOT))
#define NEAR_TAKEN  (TAKEN & ~PMU_BR(FAR))
#define CALL        (PMU_BR(REL_CALL) | PMU_BR(IND_CALL))
#define INDIRECT    (PMU_BR(IND_CALL) | PMU_BR(IND_JMP))

/* Slots of the pipeline a cycle. */
#define SLOTS       4

static const PMUEvent intel_events[] = {
    /* architectural */
    { 0x3c, 0x00, TICKS(0, 0) },        /* UnHalted Core Cycles */
    { 0x3c, 0x01, TICKS(1, 4) },        /* UnHalted Reference Cycles (bus) */
    { 0xc0, 0x00, INSNS(1, 1) },        /* Instructions Retired */
    { 0xc0, 0x01, INSNS(1, 1) },        /* INST_RETIRED.PREC_DIST */
    { 0x2e, 0x4f, INSNS(1, 64) },       /* LLC References */
    { 0x2e, 0x41, INSNS(1, 1024) },     /* LLC Misses */
    { 0xc4, 0x00, BRANCHES(1, 1) },     /* Branch Instructions Retired */
    { 0xc5, 0x00, BRANCHES(1, 32) },    /* Branch Misses Retired */
    { 0xa4, 0x01, TICKS(SLOTS, 1) },    /* Topdown Slots */
    /* BR_INST_RETIRED.*; 0x01 changed its meaning with Ice Lake */
    { 0xc4, 0x01, EXACT(PMU_BR(JCC)), .since = 5 },     /* COND_TAKEN */
    { 0xc4, 0x01, EXACT(COND) },                        /* CONDITIONAL */
    { 0xc4, 0x02, EXACT(CALL) },                        /* NEAR_CALL */
    { 0xc4, 0x08, EXACT(PMU_BR(RET)) },                 /* NEAR_RETURN */
    { 0xc4, 0x10, EXACT(PMU_BR(JCC_NOT)) },             /* COND_NTAKEN */
    { 0xc4, 0x11, EXACT(COND), .since = 5 },            /* COND */
    { 0xc4, 0x20, EXACT(NEAR_TAKEN) },                  /* NEAR_TAKEN */
    { 0xc4, 0x40, EXACT(PMU_BR(FAR)) },                 /* FAR_BRANCH */
    { 0xc4, 0x80, EXACT(INDIRECT), .since = 5 },        /* INDIRECT */
    /* of single models, at rates of our own */
    { 0xc2, 0x02, INSNS(1, 1) },        /* UOPS_RETIRED.SLOTS */
    /* MEM_INST_RETIRED.ALL_LOADS, .ALL_STORES */
    { 0xd0, 0x81, INSNS(1, 4), PMU_EV_LOAD },
    { 0xd0, 0x82, INSNS(1, 8), PMU_EV_STORE },
    /* MEM_TRANS_RETIRED.LOAD_LATENCY, .STORE_SAMPLE */
    { 0xcd, 0x01, INSNS(1, 4), PMU_EV_LOAD | PMU_EV_LATENCY },
    { 0xcd, 0x02, INSNS(1, 8), PMU_EV_STORE | PMU_EV_LATENCY },
    /* MEM_UOPS_RETIRED.LOAD_LATENCY, .STORE_LATENCY of Gracemont */
    { 0xd0, 0x05, INSNS(1, 4), PMU_EV_LOAD | PMU_EV_LATENCY },
    { 0xd0, 0x06, INSNS(1, 8), PMU_EV_STORE | PMU_EV_LATENCY },
    { 0x51, 0x01, INSNS(1, 256) },      /* L1D.REPLACEMENT */
    { 0x83, -1,   INSNS(1, 512) },      /* ICACHE_64B.* */
    { 0x08, -1,   INSNS(1, 4096) },     /* DTLB_LOAD_MISSES.* */
    { 0x12, -1,   INSNS(1, 4096) },     /* the same since Ice Lake */
    { 0x49, -1,   INSNS(1, 8192) },     /* DTLB_STORE_MISSES.* */
    { 0x85, -1,   INSNS(1, 8192) },     /* ITLB_MISSES.* */
    { 0xb7, 0x01, INSNS(1, 64) },       /* OFFCORE_RESPONSE_0 */
    { 0xb7, 0x02, INSNS(1, 64) },       /* OFFCORE_RESPONSE_1 of E-cores */
    { 0xbb, 0x01, INSNS(1, 64) },       /* OFFCORE_RESPONSE_1 */
    { 0x2a, 0x01, INSNS(1, 64) },       /* OCR_0 since Sapphire Rapids */
    { 0x2b, 0x01, INSNS(1, 64) },       /* OCR_1 */
    /* TOPDOWN_* of E-cores, five slots a cycle */
    { 0xc2, 0x00, TICKS(2, 1) },        /* RETIRING.ALL */
    { 0x73, -1,   TICKS(1, 3) },        /* BAD_SPECULATION.ALL */
    { 0x71, 0x00, TICKS(1, 1) },        /* FE_BOUND.ALL */
    { 0x74, 0x00, TICKS(5, 3) },        /* BE_BOUND.ALL */
};

static const PMUEvent amd_events[] = {
    { 0x76,  -1,   TICKS(0, 0) },       /* LsNotHaltedCyc */
    { 0x120, 0x01, TICKS(1, 1) },       /* LsNotHaltedP0Cyc */
    { 0xc0,  -1,   INSNS(1, 1) },       /* ExRetInstr */
    { 0xc1,  -1,   TICKS(1, 1) },       /* ExRetOps */
    { 0xc2,  -1,   BRANCHES(1, 1) },    /* ExRetBrn */
    { 0xc3,  -1,   BRANCHES(1, 32) },   /* ExRetBrnMisp */
    { 0xc4,  -1,   EXACT(TAKEN) },      /* ExRetBrnTkn */
    { 0xc6,  -1,   EXACT(PMU_BR(FAR)) },        /* ExRetBrnFar */
    { 0xc8,  -1,   EXACT(PMU_BR(RET)) },        /* ExRetNearRet */
    { 0xcc,  -1,   EXACT(INDIRECT) },   /* ExRetIndBrchInstr */
    { 0xd1,  -1,   EXACT(COND) },       /* ExRetCond */
    { 0x60,  -1,   INSNS(1, 64) },      /* L2RequestG1 */
    { 0x64,  -1,   INSNS(1, 1024) },    /* L2CacheReqStat */
    { 0x29,  0x07, INSNS(3, 8) },       /* LsDispatch */
    { 0x40,  -1,   INSNS(1, 4) },       /* LsDcAccesses */
    { 0x41,  -1,   INSNS(1, 256) },     /* LsMabAlloc */
    { 0x45,  -1,   INSNS(1, 4096) },    /* LsL1DTlbMiss */
    { 0x80,  -1,   INSNS(1, 4) },       /* IcFw32 */
    { 0x81,  -1,   INSNS(1, 512) },     /* IcFw32Miss */
};

/* Fixed counters 0..3, SDM vol. 3B table 20-2. */
static const PMURate fixed_rates[PMU_FIXED_MAX] = {
    INSNS(1, 1),        /* INST_RETIRED.ANY */
    TICKS(0, 0),        /* CPU_CLK_UNHALTED.THREAD */
    TICKS(0, 1),        /* CPU_CLK_UNHALTED.REF_TSC: set below */
    TICKS(SLOTS, 1),    /* TOPDOWN.SLOTS */
};

PMURate pmu_cycles(const X86PMU *pmu)
{
    return (PMURate) { PMU_TICKS, pmu->cfg.cpi_num, pmu->cfg.cpi_den };
}

static const PMUEvent *find_event(const X86PMU *pmu, uint64_t evtsel)
{
    const PMUEvents *events = pmu->vendor->events;
    unsigned select = events->select(evtsel);
    unsigned umask = evtsel >> 8 & 0xff;

    for (unsigned k = 0; k < events->nr; k++) {
        const PMUEvent *e = &events->row[k];

        if (e->select == select && (e->umask < 0 || e->umask == umask) &&
            pmu->cfg.version >= e->since) {
            return e;
        }
    }
    return NULL;
}

/*
 * CMASK: cycles with at least so many events, with INV fewer; EDGE: how often
 * that begins.  All cycles are alike, as far as a rate goes: with an event in
 * every cycle nothing begins; with fewer, each event stands alone; with more,
 * each cycle has the rate's whole part, and some one more.
 */
static PMURate rate_of_cycles(const X86PMU *pmu, PMURate rate, uint64_t evtsel,
                              bool is_cycles)
{
    unsigned cmask = evtsel >> 24 & 0xff;
    bool many = rate.num > rate.den && !is_cycles;
    bool always = rate.source & (PMU_TICKS | PMU_INSNS) && rate.num >= rate.den;

    if (cmask && many) {
        if (cmask <= rate.num / rate.den) {
            rate = (PMURate) TICKS(1, 1);
        } else if (cmask == rate.num / rate.den + 1 && rate.num % rate.den) {
            rate.num %= rate.den;
            always = false;
        } else {
            rate.source = PMU_NONE;
        }
    } else if (cmask > 1) {
        rate.source = PMU_NONE;
    }
    if (cmask && evtsel & PMU_EVTSEL_INV) {
        if (rate.source == PMU_NONE) {
            rate = pmu_cycles(pmu);
            always = true;
        } else if (always) {
            rate.source = PMU_NONE;
        } else {
            rate.without = !(evtsel & PMU_EVTSEL_EDGE);
        }
    }
    if (evtsel & PMU_EVTSEL_EDGE && always) {
        rate.source = PMU_NONE;
    }
    return rate;
}

static void decode_gp(const X86PMU *pmu, PMUCounter *c, uint64_t evtsel)
{
    c->event = find_event(pmu, evtsel);
    c->interrupt = evtsel & PMU_EVTSEL_INT;
    if (!c->event) {
        return;
    }
    c->rate = c->event->rate.num ? c->event->rate : pmu_cycles(pmu);
    c->rate = rate_of_cycles(pmu, c->rate, evtsel, !c->event->rate.num);
}

/* The slots of the metrics are counted as fixed counter 3 counts. */
static unsigned fixed_number(unsigned i)
{
    return i == PMU_METRICS ? 3 : i - PMU_FIXED;
}

static void decode_fixed(const X86PMU *pmu, PMUCounter *c, unsigned n)
{
    c->event = NULL;
    c->interrupt = pmu->c.fixed_ctrl >> 4 * n & 8;
    c->rate = fixed_rates[n];
    if (n == 1) {
        c->rate = pmu_cycles(pmu);
    } else if (n == 2) {
        c->rate.num = icount_to_ns(1);      /* the rate of the TSC */
    }
}

/* Which privilege levels counter i counts at: bit 0 CPL 0, bit 1 above. */
static unsigned levels(const X86PMU *pmu, unsigned i)
{
    uint64_t evtsel, on = pmu_bit(i);

    if (i == PMU_METRICS) {
        on |= pmu_bit(PMU_FIXED + 3);
    }
    if (pmu->cfg.version >= 2 && (on & ~pmu->c.global_ctrl ||
                                  pmu->c.status & PMU_STATUS_CTR_FRZ)) {
        return 0;
    }
    if (i >= PMU_FIXED) {
        return pmu->c.fixed_ctrl >> 4 * fixed_number(i) & 3;
    }
    evtsel = pmu->c.evtsel[i];
    if (!(evtsel & PMU_EVTSEL_EN)) {
        return 0;
    }
    return (evtsel & PMU_EVTSEL_OS ? 1 : 0) | (evtsel & PMU_EVTSEL_USR ? 2 : 0);
}

void pmu_decode(X86PMU *pmu, unsigned i)
{
    PMUCounter *c = &pmu->c.counter[i];
    unsigned at;

    c->rate = (PMURate) { PMU_NONE, 1, 1 };
    if (i < PMU_FIXED) {
        decode_gp(pmu, c, pmu->c.evtsel[i]);
    } else {
        decode_fixed(pmu, c, fixed_number(i));
    }
    c->watch = c->interrupt ? PMU_WATCH_TICK : PMU_WATCH_NO;
    PMU_FOREACH_PART(part, pmu) {
        if (part->watch) {
            c->watch = MAX(c->watch, part->watch(pmu, i));
        }
    }
    at = c->rate.source ? levels(pmu, i) : 0;
    pmu->c.active[0] = deposit32(pmu->c.active[0], i, 1, at & 1);
    pmu->c.active[1] = deposit32(pmu->c.active[1], i, 1, at >> 1);
}

void pmu_decode_all(X86PMU *pmu)
{
    for (unsigned i = 0; i < PMU_NR; i++) {
        pmu_decode(pmu, i);
    }
}

static unsigned intel_select(uint64_t evtsel)
{
    return evtsel & 0xff;
}

static unsigned amd_select(uint64_t evtsel)
{
    return (evtsel & 0xff) | (evtsel >> 24 & 0xf00);
}

const PMUEvents pmu_intel_events = {
    intel_select, intel_events, ARRAY_SIZE(intel_events)
};

const PMUEvents pmu_amd_events = {
    amd_select, amd_events, ARRAY_SIZE(amd_events)
};
