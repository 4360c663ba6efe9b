/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Performance metrics: which part of the slots goes where (topdown).
 *
 * PERF_METRICS has a byte for each metric, in 1/255 of the slots counted since
 * the register was last written; what it says are fixed shares here, the same
 * for all code.  The slots are a counter of their own, PMU_METRICS: it counts
 * as fixed counter 3 does, while that one's and its own bit, 48, of
 * IA32_PERF_GLOBAL_CTRL are set.
 *
 * Writing PERF_METRICS begins anew with the value written as the shares of the
 * slots that fixed counter 3 has at that moment.  So, zero in both begins from
 * nothing, and what was read from both and is written back, the counter first,
 * goes on where it was.  Writing fixed counter 3 alone changes nothing here.
 *
 * When the slots overflow, bit 48 of IA32_PERF_GLOBAL_STATUS is set, a PMI
 * comes if fixed counter 3 asks for it, and the metrics begin anew.
 *
 * SDM vol. 3B 20.3.9 (Ice Lake: level 1) and 20.3.10 (Sapphire Rapids, Alder
 * Lake: level 2, too), RDPMC vol. 2B, registers vol. 4.
 */
#include "pmu.h"

#define CAP_PERF_METRICS    (1u << 15)
#define RDPMC_METRICS       (1u << 29)

#define LEVEL_1     4

/* Of 255.  The four of level 1 are all; each of level 2 is part of one. */
static const uint8_t shares[] = {
    102,    /* retiring: 40 % */
    17,     /* bad speculation */
    51,     /* frontend bound: 20 % */
    85,     /* backend bound */
    17,     /* heavy operations, of retiring */
    12,     /* branch mispredictions, of bad speculation */
    34,     /* fetch latency, of frontend bound */
    51,     /* memory bound, of backend bound */
};

static uint64_t byte(uint64_t v, unsigned i)
{
    return v >> 8 * i & 0xff;
}

/* ---- the register --------------------------------------------------- */

static bool has_metrics(const X86PMU *pmu, unsigned i)
{
    return pmu->cfg.metrics;
}

static uint64_t metrics_valid(const X86PMU *pmu, unsigned i)
{
    return MAKE_64BIT_MASK(0, 8 * pmu->cfg.metrics);
}

/* Shares are rounded; the last of level 1 is what is left of all. */
static uint64_t metrics_read(X86PMU *pmu, unsigned unused)
{
    const PMUMetrics *m = &pmu->metrics;
    uint64_t slots = pmu->c.counter[PMU_METRICS].value;
    uint64_t v = 0, all = 0, before = 0;

    if (!slots) {
        return m->written;
    }
    for (unsigned i = 0; i < pmu->cfg.metrics; i++) {
        uint64_t part = m->slots * byte(m->written, i) +
                        (slots - m->slots) * shares[i];
        uint64_t share = (part + slots / 2) / slots;

        all += part;
        if (i == LEVEL_1 - 1) {
            share = (all + slots / 2) / slots;
            share -= MIN(share, before);
        }
        before += share;
        v |= share << 8 * i;
    }
    return v;
}

static void metrics_write(X86PMU *pmu, unsigned i, uint64_t value)
{
    pmu->metrics.written = value;
    pmu->metrics.slots = pmu->c.counter[PMU_FIXED + 3].value;
    pmu_counter_write(pmu, PMU_METRICS, pmu->metrics.slots);
}

static bool metrics_overflow(X86PMU *pmu, unsigned i)
{
    if (i == PMU_METRICS) {
        pmu->metrics.written = 0;
        pmu->metrics.slots = 0;
    }
    return false;
}

static const PMURegister metrics_registers[] = {
    { "MSR_PERF_METRICS", 0x329, 1, .kind = PMU_KIND_METRICS,
      .flags = PMU_REG_LIVE, .has = has_metrics, .valid = metrics_valid,
      .read = metrics_read, .write = metrics_write },
};

/* ---- the part ------------------------------------------------------- */

static int metrics_rdpmc(const X86PMU *pmu, uint32_t ecx)
{
    return pmu->cfg.metrics && ecx == RDPMC_METRICS ? 0 : -1;
}

static uint64_t metrics_rdpmc_value(X86PMU *pmu, int i)
{
    return metrics_read(pmu, i);
}

/* The slots are needed; of E-cores, for one, there is no such counter. */
static void metrics_configure(X86PMU *pmu)
{
    PMUConfig *cfg = &pmu->cfg;

    cfg->metrics = cfg->fixed < 4 ? 0 : MIN(cfg->metrics, ARRAY_SIZE(shares));
    if (cfg->metrics) {
        cfg->metrics = MAX(cfg->metrics, LEVEL_1);
        cfg->capabilities |= CAP_PERF_METRICS;
        cfg->global_ctrl |= pmu_bit(PMU_METRICS);
        cfg->status |= PMU_STATUS_METRICS;
    }
}

static const PMUProperty metrics_properties[] = {
    { "pmu-metrics", offsetof(X86PMU, cfg.metrics), false, 0,
      "performance metrics: 0 none, 4 of level 1, 8 of level 2 as well" },
};

const PMUPart pmu_metrics_part = {
    .name = "metrics",
    .vendor = PMU_INTEL,
    PMU_ROWS(registers, metrics_registers),
    PMU_ROWS(properties, metrics_properties),
    .configure = metrics_configure,
    .overflow = metrics_overflow,
    .rdpmc = metrics_rdpmc,
    .rdpmc_value = metrics_rdpmc_value,
};
