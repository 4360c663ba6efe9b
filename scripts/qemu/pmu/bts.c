/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Branch trace store: a record of each taken branch, interrupt and exception
 * in the debug store.
 *
 * On while DEBUGCTL has both TR and BTS.  A branch is told in the middle of
 * things, so it is noted, and an alarm for the same tick writes the record
 * before the next instruction; several are noted only where one branch leads
 * to an exception at once.  The privilege level that DEBUGCTL.BTS_OFF_* look at
 * is the one that the branch leads to.  With BTINT the buffer fills and a PMI
 * comes at its threshold, without a bit of the status; else it is a ring.
 *
 * Predictions are not modelled: the flag says that each was right.
 *
 * SDM vol. 3B 18.4.5 (BTS), 18.4.9 (records, CPL-qualified BTS); vol. 4 table
 * 2-2 (IA32_DEBUGCTL).
 */
#include "pmu.h"

#define TRACE           (PMU_DEBUGCTL_TR | PMU_DEBUGCTL_BTS)
#define FLAG_PREDICTED  (1ull << 4)

static bool tracing(const X86PMU *pmu)
{
    return pmu->cfg.bts && (pmu->model.debugctl & TRACE) == TRACE;
}

static void bts_ring(X86PMU *pmu)
{
    PMUBts *bts = &pmu->bts;
    bool interrupts = pmu->model.debugctl & PMU_DEBUGCTL_BTINT;
    bool due;

    for (unsigned k = 0; k < bts->nr; k++) {
        if (pmu_ds_append(pmu, PMU_DS_BTS, &bts->record[k],
                          sizeof(bts->record[k]), !interrupts, &due) &&
            due && interrupts) {
            pmu_raise(pmu, pmu->cfg.skid + pmu_fault_late(pmu));
        }
    }
    bts->nr = 0;
}

static void bts_branch(X86PMU *pmu, uint64_t from, uint64_t to, X86Branch kind)
{
    PMUBts *bts = &pmu->bts;
    uint64_t off = pmu->env->hflags & HF_CPL_MASK ? PMU_DEBUGCTL_BTS_OFF_USR :
                                                    PMU_DEBUGCTL_BTS_OFF_OS;

    if (!pmu_tapped(pmu, PMU_TAP_BRANCH, PMU_TAP_BTS) ||
        pmu->model.debugctl & off || bts->nr == ARRAY_SIZE(bts->record)) {
        return;
    }
    bts->record[bts->nr].from = from;
    bts->record[bts->nr].to = to;
    bts->record[bts->nr].flags = FLAG_PREDICTED;
    bts->nr++;
    pmu_alarm(pmu, PMU_ALARM_BTS, pmu_now(pmu), bts_ring);
    pmu_deadline(pmu);
}

static void bts_control(X86PMU *pmu)
{
    pmu_tap(pmu, PMU_TAP_BRANCH, PMU_TAP_BTS, tracing(pmu));
}

/* ---- the part -------------------------------------------------------- */

static void bts_configure(X86PMU *pmu)
{
    if (pmu->cfg.bts) {
        pmu->cfg.debugctl |= TRACE | PMU_DEBUGCTL_BTINT |
                             PMU_DEBUGCTL_BTS_OFF_OS |
                             PMU_DEBUGCTL_BTS_OFF_USR;
    }
}

static const PMUProperty bts_properties[] = {
    { "pmu-bts", offsetof(X86PMU, cfg.bts), true, false,
      "Intel's: branch trace store" },
};

const PMUPart pmu_bts_part = {
    .name = "bts",
    .vendor = PMU_INTEL,
    PMU_ROWS(properties, bts_properties),
    .configure = bts_configure,
    .control = bts_control,
    .branch = bts_branch,
};
