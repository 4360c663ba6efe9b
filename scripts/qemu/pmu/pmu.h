/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A performance monitoring unit for QEMU's emulated x86: what its files share.
 *
 * Time.  A *tick* is what -icount counts: an instruction, or one iteration of
 * a REP string instruction (N + 1 ticks for N iterations).  Time of a vCPU is
 * the number of its ticks; without -icount there is no PMU.  A halted vCPU
 * has no ticks, so its cycles stand still, as a real one's do.
 *
 * Raw counts.  Ticks, instructions (ticks less REP's back edges) and branches
 * of each kind; generated code advances them.  An event is a set of raw
 * counts, of which no tick advances more than one by one, times a fixed rate.
 *
 * Sync.  pmu_sync() brings all counters up to the present tick, at the
 * privilege level and with the controls that held since the last one.  So:
 * sync, then change what decides who counts, then pmu_decode(), then
 * pmu_deadline(). pmu_wrmsr() does the first and the last for every
 * register's write.  A sync in the middle of a block of generated code would
 * be off: it happens at block ends only, where CPL changes, at RDMSR, WRMSR
 * and RDPMC (they end their block), and where the budget of ticks is used up.
 *
 * Deadline.  (events left to overflow) / (rate) is a lower bound of the ticks
 * left.  The vCPU's budget is cut to the lowest bound and to the earliest
 * alarm; when it is used up, between two instructions, there is a sync, and
 * then an overflow has happened on that very instruction, or a new and nearer
 * deadline is set.
 *
 * #GP is decided before the sync: an instruction that faults gives its tick
 * back.
 *
 * Overflow.  Found by a sync.  Each part is asked in turn whether it takes
 * the overflow over (PEBS does); if none does, the status bit is set and,
 * with INT, an alarm for the PMI.  What writes the guest's memory or raises
 * an interrupt runs from an alarm, never from the sync: an alarm rings
 * between two instructions.
 *
 * Taps.  Hooks in generated code that cost something, at taken branches and
 * at memory accesses, are translated in while at least one part has the tap
 * open; opened and closed only in a register's write, at reset and in an
 * alarm.
 *
 * Who owns what.  A part is one noun, one file, one struct below with its
 * name.  Its file alone writes that struct; the others read it, and change it
 * by the functions that the file offers here.
 */
#ifndef X86_PMU_H
#define X86_PMU_H

#include "qemu/osdep.h"
#include "cpu.h"

/* vendors, a mask: whom a register, a part or an event belongs to */
#define PMU_INTEL   1
#define PMU_AMD     2
#define PMU_ANY     3

#define PMU_GP_MAX      8
#define PMU_FIXED_MAX   4
#define PMU_FIXED       PMU_GP_MAX      /* index of fixed counter 0 */
#define PMU_METRICS     (PMU_FIXED + PMU_FIXED_MAX)     /* metrics.c */
#define PMU_NR          (PMU_METRICS + 1)
#define PMU_LBR_MAX     32

#define PMU_WIDTH       48
#define PMU_MODULUS     (1ull << PMU_WIDTH)
#define PMU_VALUE       (PMU_MODULUS - 1)
#define PMU_NEVER       INT64_MAX

typedef struct X86PMU X86PMU;

/* ---- raw counts, events: event.c ------------------------------------- */

enum {
    PMU_RAW_TICK,
    PMU_RAW_INSN,
    PMU_RAW_BRANCH,         /* + X86Branch */
    PMU_RAW_NR = PMU_RAW_BRANCH + X86_BR_NR,
};

/* a source: a set of raw counts; empty: counts nothing */
#define PMU_NONE            0u
#define PMU_TICKS           (1u << PMU_RAW_TICK)
#define PMU_INSNS           (1u << PMU_RAW_INSN)
#define PMU_BR(kind)        (1u << (PMU_RAW_BRANCH + X86_BR_##kind))
#define PMU_BRANCHES        (((1u << X86_BR_NR) - 1) << PMU_RAW_BRANCH)

typedef struct PMURate {
    uint32_t source;
    uint32_t num, den;      /* num events in den counts of the source */
    bool without;           /* no, the ticks without such an event */
} PMURate;

typedef struct PMUEvent {
    uint16_t select;
    int16_t umask;          /* -1: any */
    PMURate rate;           /* num 0: cycles */
    uint8_t flags;          /* PMU_EV_* */
    uint8_t since;          /* pmu-version that has it first */
} PMUEvent;

typedef struct PMUEvents {
    unsigned (*select)(uint64_t evtsel);    /* an event select's code */
    const PMUEvent *row;
    unsigned nr;
} PMUEvents;

extern const PMUEvents pmu_intel_events, pmu_amd_events;

#define PMU_EV_LOAD     1   /* retired loads: has an address for PEBS */
#define PMU_EV_STORE    2
#define PMU_EV_LATENCY  4   /* with one of these: PEBS gives its latency */

/* the cycle event's rate: properties pmu-cpi-num and -den */
PMURate pmu_cycles(const X86PMU *pmu);

/* Find who counts what from now on: counter i, or all. */
void pmu_decode(X86PMU *pmu, unsigned i);
void pmu_decode_all(X86PMU *pmu);

/* ---- counters, overflow, PMI, alarms, taps: counter.c ---------------- */

typedef struct PMUCounter {
    uint64_t value;         /* modulo 2^48 */
    uint64_t rest;          /* of the division by rate.den */
    PMURate rate;
    const PMUEvent *event;  /* NULL: fixed, or unknown */
    bool interrupt;         /* INT, PMI */
    uint8_t watch;          /* PMUWatch */
} PMUCounter;

/* Whether an overflow may be found late, at the next sync that comes along. */
typedef enum PMUWatch {
    PMU_WATCH_NO,
    PMU_WATCH_TICK,         /* stop right after the instruction */
    PMU_WATCH_INSN,         /* before it, too: c.stop is its tick and IP */
} PMUWatch;

/* What rings at a given tick, in this order if several do at once. */
typedef enum PMUAlarm {
    PMU_ALARM_SPURIOUS,
    PMU_ALARM_SECOND,
    PMU_ALARM_PEBS,
    PMU_ALARM_BTS,
    PMU_ALARM_IBS_FETCH,
    PMU_ALARM_IBS_OP,
    PMU_ALARM_PMI,
    PMU_ALARM_NR,
} PMUAlarm;

typedef enum PMUTap { PMU_TAP_BRANCH, PMU_TAP_MEM, PMU_TAP_NR } PMUTap;

/* who may have a tap open, a bit each */
enum { PMU_TAP_LBR = 1, PMU_TAP_BTS = 2, PMU_TAP_PEBS = 4, PMU_TAP_IBS = 8 };

void pmu_sync(X86PMU *pmu);
void pmu_deadline(X86PMU *pmu);
void pmu_alarm(X86PMU *pmu, PMUAlarm alarm, int64_t tick,
               void (*ring)(X86PMU *pmu));
void pmu_no_alarm(X86PMU *pmu, PMUAlarm alarm);
void pmu_tap(X86PMU *pmu, PMUTap tap, unsigned who, bool open);
bool pmu_tapped(const X86PMU *pmu, PMUTap tap, unsigned who);

/* Ask for a PMI after so many more ticks, unless one is on its way. */
void pmu_raise(X86PMU *pmu, uint32_t ticks);

/* As if the counter had overflowed at this instruction, status bit and all. */
void pmu_overflow(X86PMU *pmu, unsigned i);

/* Guest memory by linear address, from an alarm; false if it is not mapped. */
bool pmu_guest_read(X86PMU *pmu, uint64_t addr, void *buf, size_t len);
bool pmu_guest_write(X86PMU *pmu, uint64_t addr, const void *buf, size_t len);

/* The present tick, exact wherever a sync is; cheap. */
int64_t pmu_now(const X86PMU *pmu);

/* What several vendors' registers have in common. */
uint64_t pmu_counter_read(X86PMU *pmu, unsigned i);
void pmu_counter_write(X86PMU *pmu, unsigned i, uint64_t value);
void pmu_evtsel_write(X86PMU *pmu, unsigned i, uint64_t value);
/* Overflow on the next tick. */
void pmu_counter_again(X86PMU *pmu, unsigned i);
void pmu_fixed_ctrl_write(X86PMU *pmu, unsigned i, uint64_t value);
void pmu_global_ctrl_write(X86PMU *pmu, unsigned i, uint64_t value);
void pmu_status_set(X86PMU *pmu, uint64_t bits);
void pmu_status_clear(X86PMU *pmu, uint64_t bits);
void pmu_control(X86PMU *pmu);
uint64_t pmu_counter_mask(const X86PMU *pmu);

/* IA32_PERF_GLOBAL_STATUS, SDM vol. 3B 20.2.4; AMD's has 58 and 59, too */
#define PMU_STATUS_METRICS  (1ull << 48)
#define PMU_STATUS_LBR_FRZ  (1ull << 58)
#define PMU_STATUS_CTR_FRZ  (1ull << 59)
#define PMU_STATUS_ASCI     (1ull << 60)
#define PMU_STATUS_UNCORE   (1ull << 61)
#define PMU_STATUS_DS       (1ull << 62)
#define PMU_STATUS_COND     (1ull << 63)

/* a counter's bit in IA32_PERF_GLOBAL_CTRL and _STATUS */
static inline uint64_t pmu_bit(unsigned i)
{
    if (i == PMU_METRICS) {
        return PMU_STATUS_METRICS;
    }
    return i < PMU_FIXED ? 1ull << i : 1ull << (32 + i - PMU_FIXED);
}

/* IA32_PERFEVTSELx, SDM vol. 3B figure 20-6; PERF_CTLx, APM vol. 2 13.2.1 */
#define PMU_EVTSEL_USR      (1ull << 16)
#define PMU_EVTSEL_OS       (1ull << 17)
#define PMU_EVTSEL_EDGE     (1ull << 18)
#define PMU_EVTSEL_INT      (1ull << 20)
#define PMU_EVTSEL_ANY      (1ull << 21)
#define PMU_EVTSEL_EN       (1ull << 22)
#define PMU_EVTSEL_INV      (1ull << 23)

/* IA32_DEBUGCTL, SDM vol. 3B 18.4.1; AMD's has 0, 1, 11 and 12 */
#define PMU_DEBUGCTL_LBR        (1ull << 0)
#define PMU_DEBUGCTL_BTF        (1ull << 1)
#define PMU_DEBUGCTL_TR         (1ull << 6)
#define PMU_DEBUGCTL_BTS        (1ull << 7)
#define PMU_DEBUGCTL_BTINT      (1ull << 8)
#define PMU_DEBUGCTL_BTS_OFF_OS     (1ull << 9)
#define PMU_DEBUGCTL_BTS_OFF_USR    (1ull << 10)
#define PMU_DEBUGCTL_FRZ_LBR    (1ull << 11)
#define PMU_DEBUGCTL_FRZ_PMC    (1ull << 12)

/* ---- registers: msr.c ------------------------------------------------ */

/* Access counts are kept by kind; the guest sees these numbers (stat.c). */
typedef enum PMUKind {
    PMU_KIND_NONE,          /* not counted */
    PMU_KIND_COUNTER,
    PMU_KIND_EVTSEL,
    PMU_KIND_FIXED,
    PMU_KIND_FIXED_CTRL,
    PMU_KIND_GLOBAL_CTRL,
    PMU_KIND_STATUS,
    PMU_KIND_STATUS_RESET,
    PMU_KIND_INUSE,
    PMU_KIND_CAPABILITIES,
    PMU_KIND_DEBUGCTL,
    PMU_KIND_LBR_CTRL,
    PMU_KIND_LBR_STACK,
    PMU_KIND_EXTRA,         /* offcore response, load latency, frontend */
    PMU_KIND_PEBS,
    PMU_KIND_DS,
    PMU_KIND_METRICS,
    PMU_KIND_IBS,
    PMU_KIND_RDPMC,
    PMU_KIND_NR,
} PMUKind;

/*
 * One row: a register, or nr of them, step addresses apart (0: 1).  Element i
 * is a uint64_t at pmu + at + i * size (0: 8), unless there is read() or
 * write().  The vendor may be left out where the part has only one.
 */
typedef struct PMURegister {
    const char *name;               /* the manual's */
    uint32_t first;
    uint16_t nr;
    uint8_t step;
    uint8_t vendor;                 /* PMU_INTEL, PMU_AMD */
    uint8_t kind;                   /* PMUKind */
    uint8_t version;                /* of the PMU that has it first */
    uint8_t flags;                  /* PMU_REG_* */
    uint16_t size;
    uint32_t at;
    bool (*has)(const X86PMU *pmu, unsigned i);         /* false: #GP */
    uint64_t (*valid)(const X86PMU *pmu, unsigned i);   /* other bits: #GP */
    uint64_t mask;                  /* if no valid(); 0: all bits */
    bool (*accepts)(const X86PMU *pmu, unsigned i, uint64_t value); /* or #GP */
    uint64_t (*read)(X86PMU *pmu, unsigned i);
    void (*write)(X86PMU *pmu, unsigned i, uint64_t value);
} PMURegister;

#define PMU_REG_LIVE        1   /* sync before a read */
#define PMU_REG_PLAIN       2   /* no sync before a write: not about counting */
#define PMU_REG_ZERO        4   /* reads as 0 */
#define PMU_REG_READ_ONLY   8   /* a write is #GP */

#define PMU_AT(field)   .at = offsetof(X86PMU, field)

X86PMUAccess pmu_rdmsr(X86PMU *pmu, uint32_t msr, uint64_t *val);
X86PMUAccess pmu_wrmsr(X86PMU *pmu, uint32_t msr, uint64_t val);

/* ---- parts: pmu.c ---------------------------------------------------- */

typedef struct PMUCpuid {
    uint32_t eax, ebx, ecx, edx;
} PMUCpuid;

/* A CPU property: bool or uint32_t at an offset of the state. */
typedef struct PMUProperty {
    const char *name;
    uint32_t at;
    bool is_bool;
    uint32_t initial;
    const char *what;
} PMUProperty;

/*
 * What a file adds to the whole; listed in pmu.c.  All may be NULL; none is
 * called on a vCPU of another vendor.
 */
typedef struct PMUPart {
    const char *name;
    uint8_t vendor;
    const PMURegister *registers;
    unsigned nr_registers;
    const PMUProperty *properties;
    unsigned nr_properties;
    /* properties are known: limit them, fill the rest of cfg */
    void (*configure)(X86PMU *pmu);
    /* after QEMU and the parts before */
    void (*cpuid)(const X86PMU *pmu, uint32_t leaf, uint32_t sub, PMUCpuid *r);
    /* the state is zero but for cfg */
    void (*reset)(X86PMU *pmu);
    /* what counter i needs, even without INT */
    PMUWatch (*watch)(const X86PMU *pmu, unsigned i);
    /* true: taken over, so neither status bit nor PMI */
    bool (*overflow)(X86PMU *pmu, unsigned i);
    /* before the PMI is delivered: freeze */
    void (*pmi)(X86PMU *pmu);
    /* DEBUGCTL, or a frozen bit of the status, may have changed */
    void (*control)(X86PMU *pmu);
    /* an index, < 0: not mine; its value, NULL: that of the counter */
    int (*rdpmc)(const X86PMU *pmu, uint32_t ecx);
    uint64_t (*rdpmc_value)(X86PMU *pmu, int i);
    /* taps */
    void (*branch)(X86PMU *pmu, uint64_t from, uint64_t to, X86Branch kind);
    void (*mem)(X86PMU *pmu, uint64_t pc, uint64_t addr, uint32_t what);
} PMUPart;

#define PMU_ROWS(part, table)   .part = (table), .nr_##part = ARRAY_SIZE(table)

extern const PMUPart *const pmu_parts[];    /* ends with NULL */
extern const PMUPart pmu_amd_part;
extern const PMUPart pmu_arch_lbr_part;
extern const PMUPart pmu_ds_part, pmu_pebs_part, pmu_bts_part;
extern const PMUPart pmu_counter_part;
extern const PMUPart pmu_fault_part;
extern const PMUPart pmu_hybrid_part;
extern const PMUPart pmu_ibs_part;
extern const PMUPart pmu_intel_part;
extern const PMUPart pmu_lbr_part;
extern const PMUPart pmu_metrics_part;
extern const PMUPart pmu_stat_part;

/* Each part of this vCPU's vendor. */
#define PMU_FOREACH_PART(p, pmu)                                            \
    for (const PMUPart *const *p##_at = pmu_parts, *p; (p = *p##_at);       \
         p##_at++)                                                          \
        if (p->vendor & (pmu)->vendor->id)

/* What differs between the vendors where the code is common. */
typedef struct PMUVendor {
    uint8_t id;                         /* PMU_INTEL, PMU_AMD */
    bool pmi_masks;                     /* a delivered PMI masks LVTPC */
    const PMUEvents *events;
} PMUVendor;

extern const PMUVendor pmu_vendor_intel, pmu_vendor_amd;

/* ---- the state ------------------------------------------------------- */

/* Set by properties, then fixed; configure() applies the vendor's limits. */
typedef struct PMUConfig {
    uint32_t version;       /* of architectural perfmon; AMD: see amd.c */
    uint32_t gp, fixed;
    uint32_t skid;          /* ticks from overflow to PMI */
    uint32_t cpi_num, cpi_den;
    uint32_t near, stolen;  /* fault.c */
    bool lbr, arch_lbr;     /* one of them at most */
    uint32_t ibs;           /* CPUID Fn8000_001B_EAX */
    uint32_t metrics;       /* how many: 0, 4 or 8 */
    bool hybrid, e_core;    /* hybrid.c: the machine is, this vCPU is */
    uint32_t pebs;          /* format of its records; 0: none */
    bool bts;
    /* made of the above by the parts' configure() */
    uint32_t level, xlevel;     /* CPUID leaves that there must be */
    uint64_t capabilities;      /* IA32_PERF_CAPABILITIES */
    /* further bits that these have, beside the counters' own */
    uint64_t debugctl, evtsel, fixed_ctrl, global_ctrl, status;
} PMUConfig;

/* counter.c */
typedef struct PMUCounting {
    int64_t now;                    /* tick of the last sync */
    struct {
        int64_t tick;
        uint64_t ip;                /* of the instruction that comes next */
    } stop;                         /* the last time the budget was used up */
    uint64_t seen[PMU_RAW_NR];      /* raw counts at the last sync */
    uint32_t active[2];             /* counters that count at CPL 0, above */
    PMUCounter counter[PMU_NR];
    uint64_t evtsel[PMU_GP_MAX];
    uint64_t fixed_ctrl, global_ctrl, status;
    int64_t alarm[PMU_ALARM_NR];
    void (*ring[PMU_ALARM_NR])(X86PMU *pmu);
    unsigned taps[PMU_TAP_NR];      /* who has it open */
} PMUCounting;

/* intel.c, amd.c; there is only one of them */
typedef struct PMUModel {
    uint64_t debugctl;
    uint64_t extra[4];      /* offcore response 0, 1; load latency; frontend */
} PMUModel;

typedef struct PMULbrRecord {
    uint64_t from, to, info;
} PMULbrRecord;

/* lbr.c, but for what arch_lbr.c has of its own */
typedef struct PMULbr {
    uint64_t select, tos;
    uint64_t extn_cfg;              /* AMD's DBG_EXTN_CFG */
    uint64_t ctl, depth;            /* arch_lbr.c */
    int64_t last;                   /* tick of the last record */
    PMULbrRecord record[PMU_LBR_MAX];
} PMULbr;

/* metrics.c */
typedef struct PMUMetrics {
    uint64_t written;               /* fractions of the first slots */
    uint64_t slots;                 /* how many these are */
} PMUMetrics;

/* ds.c */
typedef struct PMUDs {
    uint64_t area;
} PMUDs;

typedef struct PMUPebsAccess {
    int64_t tick;
    uint64_t pc, addr;
} PMUPebsAccess;

/* pebs.c */
typedef struct PMUPebs {
    uint64_t asked;                 /* IA32_PEBS_ENABLE */
    uint64_t enable;                /* counters that have PEBS */
    uint64_t data_cfg;
    uint64_t pending;               /* counters that overflowed on this tick */
    PMUPebsAccess access[2];        /* last load, store */
} PMUPebs;

/* bts.c: branches not yet written */
typedef struct PMUBts {
    unsigned nr;
    struct {
        uint64_t from, to, flags;
    } record[8];
} PMUBts;

/* ibs.c: a periodic counter, and the op that is being sampled */
typedef struct PMUIbsCount {
    int64_t begin;                  /* tick at which it was from */
    uint64_t from;
    PMURate rate;
} PMUIbsCount;

typedef struct PMUIbsTag {
    int64_t tick;                   /* at which it was tagged */
    uint64_t rip, addr;
    uint64_t branch[X86_BR_NR];     /* raw counts before it */
    uint8_t bytes;
    bool on, load, store, flushed;
} PMUIbsTag;

typedef struct PMUIbs {
    PMUIbsCount fetch, op;
    PMUIbsTag tag;
    uint32_t random;
    uint64_t fetch_ctl, fetch_linaddr, fetch_physaddr, extd_ctl;
    uint64_t op_ctl, op_rip, op_data, op_data2, op_data3, op_data4;
    uint64_t dc_linaddr, dc_physaddr, br_target;
} PMUIbs;

/* stat.c */
typedef struct PMUStat {
    uint64_t accesses[PMU_KIND_NR][2];  /* reads, writes */
} PMUStat;

/* fault.c: what is left to come */
typedef struct PMUFault {
    uint64_t spurious, late, second, stuck;
} PMUFault;

struct X86PMU {
    CPUX86State *env;
    const PMUVendor *vendor;        /* NULL: no PMU */
    PMUConfig cfg;
    /* from here on zero after a reset */
    PMUCounting c;
    PMUModel model;
    PMULbr lbr;
    PMUMetrics metrics;
    PMUDs ds;
    PMUPebs pebs;
    PMUBts bts;
    PMUStat stat;
    PMUFault fault;
    PMUIbs ibs;
};

void pmu_stat(X86PMU *pmu, PMUKind kind, bool write);

/*
 * The debug store, from an alarm only.  Append a record, and move the index;
 * false if it does not fit.  A full circular buffer begins anew.  due: the
 * interrupt threshold is reached.  Reload a counter.
 */
typedef enum { PMU_DS_BTS, PMU_DS_PEBS } PMUDsBuffer;

bool pmu_ds_append(X86PMU *pmu, PMUDsBuffer buffer, const void *record,
                   size_t len, bool circular, bool *due);
void pmu_ds_reload(X86PMU *pmu, unsigned i);

/* Record a branch: as it is, or as a call stack; more for its info. */
void pmu_lbr_record(X86PMU *pmu, uint64_t from, uint64_t to, X86Branch kind,
                    bool stack, uint64_t info);
PMULbrRecord *pmu_lbr_newest(X86PMU *pmu, unsigned i);

/* Was the branch that retired last, of this kind, mispredicted? */
bool pmu_mispredicted(const X86PMU *pmu, X86Branch kind);

/* Ticks that PMIs come late; which of these status bits do not go away. */
uint32_t pmu_fault_late(const X86PMU *pmu);
uint64_t pmu_fault_stuck(X86PMU *pmu, uint64_t bits);

#endif
