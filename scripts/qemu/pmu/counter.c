/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters: how they advance, overflow and interrupt; alarms and taps.  The
 * words are explained in pmu.h.
 *
 * pmu_sync() is the only place where a counter advances.  pmu_deadline()
 * follows whatever may have changed who counts, how far a counter is from its
 * overflow, or an alarm.  The bound that it computes assumes the most events
 * that the ticks could bring; when fewer came, the rest is at most the part
 * that was not, so the next bounds get nearer geometrically and the last one
 * is exact.
 *
 * SDM vol. 3B 20.2 (architectural performance monitoring), 20.2.4.1 and
 * 20.2.4.2 (freeze on PMI); AMD APM vol. 2 13.2.
 */
#include "pmu.h"
#include "qemu/host-utils.h"
#include "qemu/main-loop.h"
#include "sysemu/cpu-timers.h"
#include "hw/i386/apic.h"

int64_t pmu_now(const X86PMU *pmu)
{
    return icount_cpu_insns(env_cpu(pmu->env));
}

uint64_t pmu_counter_mask(const X86PMU *pmu)
{
    return ((1ull << pmu->cfg.gp) - 1) |
           ((1ull << pmu->cfg.fixed) - 1) << 32;
}

/* ---- alarms --------------------------------------------------------- */

void pmu_alarm(X86PMU *pmu, PMUAlarm alarm, int64_t tick,
               void (*ring)(X86PMU *pmu))
{
    pmu->c.alarm[alarm] = tick;
    pmu->c.ring[alarm] = ring;
}

void pmu_no_alarm(X86PMU *pmu, PMUAlarm alarm)
{
    pmu->c.alarm[alarm] = PMU_NEVER;
}

/* The performance monitoring interrupt itself. */
static void ring_pmi(X86PMU *pmu)
{
    X86CPU *cpu = env_archcpu(pmu->env);

    PMU_FOREACH_PART(part, pmu) {
        if (part->pmi) {
            part->pmi(pmu);
        }
    }
    if (cpu->apic_state) {
        apic_deliver_pmi(cpu->apic_state, pmu->vendor->pmi_masks);
    }
}

void pmu_raise(X86PMU *pmu, uint32_t ticks)
{
    if (pmu->c.alarm[PMU_ALARM_PMI] == PMU_NEVER) {
        pmu_alarm(pmu, PMU_ALARM_PMI, pmu->c.now + ticks, ring_pmi);
    }
}

/* ---- guest memory --------------------------------------------------- */

bool pmu_guest_read(X86PMU *pmu, uint64_t addr, void *buf, size_t len)
{
    return !cpu_memory_rw_debug(env_cpu(pmu->env), addr, buf, len, false);
}

bool pmu_guest_write(X86PMU *pmu, uint64_t addr, const void *buf, size_t len)
{
    return !cpu_memory_rw_debug(env_cpu(pmu->env), addr, (void *)buf, len,
                                true);
}

/* ---- taps ----------------------------------------------------------- */

void pmu_tap(X86PMU *pmu, PMUTap tap, unsigned who, bool open)
{
    static const uint32_t flag[PMU_TAP_NR] = {
        [PMU_TAP_BRANCH] = HF_PMU_BRANCH_MASK,
        [PMU_TAP_MEM] = HF_PMU_MEM_MASK,
    };

    if (open) {
        pmu->c.taps[tap] |= who;
    } else {
        pmu->c.taps[tap] &= ~who;
    }
    if (pmu->c.taps[tap]) {
        pmu->env->hflags |= flag[tap];
    } else {
        pmu->env->hflags &= ~flag[tap];
    }
}

bool pmu_tapped(const X86PMU *pmu, PMUTap tap, unsigned who)
{
    return pmu->c.taps[tap] & who;
}

/* ---- counting ------------------------------------------------------- */

void pmu_overflow(X86PMU *pmu, unsigned i)
{
    PMU_FOREACH_PART(part, pmu) {
        if (part->overflow && part->overflow(pmu, i)) {
            return;
        }
    }
    pmu->c.status |= pmu_bit(i);
    if (pmu->c.counter[i].interrupt) {
        pmu_raise(pmu, pmu->cfg.skid + pmu_fault_late(pmu));
    }
}

/* How far each raw count came since the last sync. */
static void raw_advance(X86PMU *pmu, int64_t now, uint64_t *d)
{
    const X86PMURaw *raw = &pmu->env->pmu_raw;
    uint64_t *seen = pmu->c.seen;

    d[PMU_RAW_TICK] = now - pmu->c.now;
    d[PMU_RAW_INSN] = d[PMU_RAW_TICK] - (raw->rep - seen[PMU_RAW_INSN]);
    seen[PMU_RAW_INSN] = raw->rep;
    for (int i = 0; i < X86_BR_NR; i++) {
        d[PMU_RAW_BRANCH + i] = raw->branch[i] - seen[PMU_RAW_BRANCH + i];
        seen[PMU_RAW_BRANCH + i] = raw->branch[i];
    }
}

static void counter_advance(PMUCounter *c, const uint64_t *d)
{
    uint64_t n = 0;

    for (uint32_t m = c->rate.source; m; m &= m - 1) {
        n += d[ctz32(m)];
    }
    n *= c->rate.num;
    if (c->rate.den != 1) {
        n += c->rest;
        c->rest = n % c->rate.den;
        n /= c->rate.den;
    }
    if (c->rate.without) {
        n = d[PMU_RAW_TICK] - n;
    }
    c->value += n;
}

void pmu_sync(X86PMU *pmu)
{
    int64_t now = pmu_now(pmu);
    uint64_t d[PMU_RAW_NR];

    if (now <= pmu->c.now) {
        return;
    }
    raw_advance(pmu, now, d);
    pmu->c.now = now;
    for (uint32_t m = pmu->c.active[pmu->env->pmu_raw.user]; m; m &= m - 1) {
        unsigned i = ctz32(m);
        PMUCounter *c = &pmu->c.counter[i];

        counter_advance(c, d);
        if (unlikely(c->value >= PMU_MODULUS)) {
            c->value &= PMU_VALUE;
            pmu_overflow(pmu, i);
        }
    }
}

/* The first tick at which there may be something to do about this counter. */
static int64_t counter_due(const X86PMU *pmu, const PMUCounter *c)
{
    uint64_t left = PMU_MODULUS - c->value;
    int64_t at;

    if (!c->rate.without && (c->rate.num != 1 || c->rate.den != 1)) {
        left = DIV_ROUND_UP(left * c->rate.den - c->rest, c->rate.num);
    }
    at = pmu->c.now + (int64_t)left;
    if (c->watch == PMU_WATCH_INSN && at - 1 > pmu->c.stop.tick) {
        at--;
    }
    return at;
}

void pmu_deadline(X86PMU *pmu)
{
    int64_t at = PMU_NEVER;

    for (int i = 0; i < PMU_ALARM_NR; i++) {
        at = MIN(at, pmu->c.alarm[i]);
    }
    for (uint32_t m = pmu->c.active[pmu->env->pmu_raw.user]; m; m &= m - 1) {
        const PMUCounter *c = &pmu->c.counter[ctz32(m)];

        if (c->watch) {
            at = MIN(at, counter_due(pmu, c));
        }
    }
    icount_cpu_set_deadline(env_cpu(pmu->env), at);
}

/* The budget is used up, between two instructions: vCPU's thread, BQL held. */
static void deadline_reached(CPUState *cs)
{
    X86PMU *pmu = X86_CPU(cs)->env.pmu;

    pmu_sync(pmu);
    for (int i = 0; i < PMU_ALARM_NR; i++) {
        if (pmu->c.alarm[i] <= pmu->c.now) {
            pmu->c.alarm[i] = PMU_NEVER;
            pmu->c.ring[i](pmu);
        }
    }
    pmu->c.stop.tick = pmu->c.now;
    pmu->c.stop.ip = pmu->env->eip;
    pmu_deadline(pmu);
}

void x86_pmu_cpl(CPUX86State *env, int cpl)
{
    X86PMU *pmu = env->pmu;

    if (pmu->c.active[0] | pmu->c.active[1]) {
        pmu_sync(pmu);
        env->pmu_raw.user = cpl != 0;
        pmu_deadline(pmu);
    } else {
        env->pmu_raw.user = cpl != 0;
    }
}

/* ---- registers that vendors share ----------------------------------- */

uint64_t pmu_counter_read(X86PMU *pmu, unsigned i)
{
    return pmu->c.counter[i].value;
}

void pmu_counter_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu->c.counter[i].value = value & PMU_VALUE;
}

/* An overflow is put off: let the next tick be another. */
void pmu_counter_again(X86PMU *pmu, unsigned i)
{
    PMUCounter *c = &pmu->c.counter[i];

    c->value = PMU_VALUE;
    c->rest = c->rate.den - MIN(c->rate.num, c->rate.den);
}

void pmu_evtsel_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    /* Another event begins without the rest of the last one's. */
    if ((pmu->c.evtsel[i] ^ value) & 0xfff80ffffull) {
        pmu->c.counter[i].rest = 0;
    }
    pmu->c.evtsel[i] = value;
    pmu_decode(pmu, i);
}

void pmu_fixed_ctrl_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu->c.fixed_ctrl = value;
    pmu_decode_all(pmu);
}

void pmu_global_ctrl_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu->c.global_ctrl = value;
    pmu_decode_all(pmu);
}

/* DEBUGCTL, or what is frozen, changed. */
void pmu_control(X86PMU *pmu)
{
    pmu_decode_all(pmu);
    PMU_FOREACH_PART(part, pmu) {
        if (part->control) {
            part->control(pmu);
        }
    }
}

void pmu_status_set(X86PMU *pmu, uint64_t bits)
{
    pmu->c.status |= bits;
    pmu_control(pmu);
}

void pmu_status_clear(X86PMU *pmu, uint64_t bits)
{
    pmu->c.status &= ~bits | pmu_fault_stuck(pmu, bits);
    pmu_control(pmu);
}

/* ---- the part ------------------------------------------------------- */

static void counter_configure(X86PMU *pmu)
{
    PMUConfig *cfg = &pmu->cfg;

    cfg->gp = MIN(cfg->gp, PMU_GP_MAX);
    cfg->fixed = MIN(cfg->fixed, PMU_FIXED_MAX);
    cfg->cpi_num = MAX(cfg->cpi_num, 1);
    cfg->cpi_den = MAX(cfg->cpi_den, 1);
}

static void counter_reset(X86PMU *pmu)
{
    CPUState *cs = env_cpu(pmu->env);

    memset(&pmu->env->pmu_raw, 0, sizeof(pmu->env->pmu_raw));
    pmu->c.now = pmu_now(pmu);
    for (int i = 0; i < PMU_ALARM_NR; i++) {
        pmu->c.alarm[i] = PMU_NEVER;
    }
    /* SDM vol. 3B 20.2.2: all general counters are enabled after a reset. */
    pmu->c.global_ctrl = (1ull << pmu->cfg.gp) - 1;
    pmu_decode_all(pmu);
    cs->icount_deadline_cb = deadline_reached;
    icount_cpu_set_deadline(cs, PMU_NEVER);
}

static const PMUProperty counter_properties[] = {
    { "pmu-version", offsetof(X86PMU, cfg.version), false, 5,
      "1..6 on Intel's; on AMD's 1: PERFCTR_CORE only" },
    { "pmu-gp", offsetof(X86PMU, cfg.gp), false, PMU_GP_MAX,
      "general counters" },
    { "pmu-fixed", offsetof(X86PMU, cfg.fixed), false, PMU_FIXED_MAX,
      "fixed counters" },
    { "pmu-skid", offsetof(X86PMU, cfg.skid), false, 0,
      "ticks from an overflow to its PMI" },
    { "pmu-cpi-num", offsetof(X86PMU, cfg.cpi_num), false, 1,
      "cycles in pmu-cpi-den ticks" },
    { "pmu-cpi-den", offsetof(X86PMU, cfg.cpi_den), false, 1,
      "ticks that pmu-cpi-num cycles take" },
};

const PMUPart pmu_counter_part = {
    .name = "counter",
    .vendor = PMU_ANY,
    PMU_ROWS(properties, counter_properties),
    .configure = counter_configure,
    .reset = counter_reset,
};
