/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults on demand: what hardware and firmware do to a driver now and then.
 *
 * Asked for by the guest, through MSRs of our own next to the access counts
 * (stat.c), or by properties where it is about what the kernel finds at boot.
 * What follows is what hardware does: a fault makes an overflow, a PMI or a
 * value of a register, and the rest of the model takes it from there.  A read
 * gives what is left to come.
 *
 *   0x504d5580 spurious  N: a PMI after N ticks for which no counter overflowed
 *   0x504d5581 late      N: PMIs come N more ticks after their overflow, until
 *                        0 is written; the counters go on meanwhile
 *   0x504d5582 second    C << 32 | N: N ticks after the next PMI counter C, as
 *                        RDPMC numbers it, overflows, if it counts then
 *   0x504d5583 stuck     N << 16 | bits: these status bits stay set when they
 *                        are cleared, N times; N = 0: until 0 is written
 *   0x504d5584 near      N: counters that do not count now are N events from
 *                        their overflow; property pmu-near: after reset
 *   0x504d5585 stolen    general counters, a bit each, that firmware uses now:
 *                        their event select counts cycles at CPL 0; property
 *                        pmu-stolen: after reset
 */
#include "pmu.h"

#define FAULT_MSR       0x504d5580

#define STUCK_TIMES     0xffff0000u
#define STUCK_BITS      (~(uint64_t)STUCK_TIMES)

/* What firmware's counter would count: unhalted cycles at CPL 0. */
static uint64_t stolen_evtsel(const X86PMU *pmu)
{
    return PMU_EVTSEL_EN | PMU_EVTSEL_OS |
           (pmu->vendor->id == PMU_AMD ? 0x76 : 0x3c);
}

/* ---- PMIs ----------------------------------------------------------- */

static void ring_spurious(X86PMU *pmu)
{
    pmu->fault.spurious = 0;
    pmu_raise(pmu, 0);
}

static void spurious_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu->fault.spurious = value;
    pmu_alarm(pmu, PMU_ALARM_SPURIOUS, pmu->c.now + (uint32_t)value,
              ring_spurious);
}

uint32_t pmu_fault_late(const X86PMU *pmu)
{
    return pmu->fault.late;
}

static void ring_second(X86PMU *pmu)
{
    uint32_t number = pmu->fault.second >> 32;
    unsigned i = (number & 0xff) + (number >> 30 ? PMU_FIXED : 0);

    pmu->fault.second = 0;
    if (i < PMU_NR && (pmu->c.active[0] | pmu->c.active[1]) & 1u << i) {
        pmu_counter_write(pmu, i, 0);
        pmu_overflow(pmu, i);
    }
}

static void fault_pmi(X86PMU *pmu)
{
    if (pmu->fault.second) {
        pmu_alarm(pmu, PMU_ALARM_SECOND,
                  pmu->c.now + (uint32_t)pmu->fault.second, ring_second);
    }
}

/* ---- status --------------------------------------------------------- */

uint64_t pmu_fault_stuck(X86PMU *pmu, uint64_t bits)
{
    uint64_t *stuck = &pmu->fault.stuck;
    uint64_t stay = *stuck & STUCK_BITS & bits & pmu->c.status;

    if (stay && *stuck & STUCK_TIMES) {
        *stuck -= 0x10000;
        if (!(*stuck & STUCK_TIMES)) {
            *stuck = 0;
        }
    }
    return stay;
}

/* ---- what firmware left --------------------------------------------- */

static void set_near(X86PMU *pmu, uint32_t events)
{
    for (unsigned i = 0; i < PMU_NR; i++) {
        if (!((pmu->c.active[0] | pmu->c.active[1]) & 1u << i)) {
            pmu_counter_write(pmu, i, -(uint64_t)events);
        }
    }
}

static void set_stolen(X86PMU *pmu, uint64_t counters)
{
    for (unsigned i = 0; i < pmu->cfg.gp; i++) {
        if (counters & 1u << i) {
            pmu_evtsel_write(pmu, i, stolen_evtsel(pmu));
        }
    }
}

static void near_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    set_near(pmu, value);
}

static void stolen_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    set_stolen(pmu, value);
}

static void fault_reset(X86PMU *pmu)
{
    set_near(pmu, pmu->cfg.near);
    set_stolen(pmu, pmu->cfg.stolen);
}

/* ---- the part ------------------------------------------------------- */

static const PMURegister fault_registers[] = {
    { "spurious", FAULT_MSR + 0, 1, .mask = UINT32_MAX,
      PMU_AT(fault.spurious), .write = spurious_write },
    { "late", FAULT_MSR + 1, 1, .mask = UINT32_MAX, PMU_AT(fault.late) },
    { "second", FAULT_MSR + 2, 1, PMU_AT(fault.second) },
    { "stuck", FAULT_MSR + 3, 1, PMU_AT(fault.stuck) },
    { "near", FAULT_MSR + 4, 1, .mask = UINT32_MAX, .flags = PMU_REG_ZERO,
      .write = near_write },
    { "stolen", FAULT_MSR + 5, 1, .mask = (1 << PMU_GP_MAX) - 1,
      .flags = PMU_REG_ZERO, .write = stolen_write },
};

static const PMUProperty fault_properties[] = {
    { "pmu-near", offsetof(X86PMU, cfg.near), false, 0,
      "after a reset counters are so many events from their overflow" },
    { "pmu-stolen", offsetof(X86PMU, cfg.stolen), false, 0,
      "after a reset firmware uses these general counters, a bit each" },
};

const PMUPart pmu_fault_part = {
    .name = "fault",
    .vendor = PMU_ANY,
    PMU_ROWS(registers, fault_registers),
    PMU_ROWS(properties, fault_properties),
    .reset = fault_reset,
    .pmi = fault_pmi,
};
