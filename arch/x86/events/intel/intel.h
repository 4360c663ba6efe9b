/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Intel: what the files here share.
 */
#ifndef ARCH_X86_EVENTS_INTEL_INTEL_H
#define ARCH_X86_EVENTS_INTEL_INTEL_H

#include "../perf_event.h"
#include "model.h"

/* PERF_CAPABILITIES, SDM vol. 3B 20.8 */
#define CAP_LBR_FORMAT		GENMASK_ULL(5, 0)
#define CAP_PEBS_TRAP		BIT_ULL(6)
#define CAP_PEBS_FORMAT		GENMASK_ULL(11, 8)
#define CAP_FREEZE_IN_SMM	BIT_ULL(12)
#define CAP_FULL_WIDTH		BIT_ULL(13)
#define CAP_PEBS_BASELINE	BIT_ULL(14)
#define CAP_PERF_METRICS	BIT_ULL(15)

/*
 * Nothing of an event's PMU counts in between, so nothing of it moves while it is read.  In the
 * NMI handler the PMU is off already and must stay so until the handler turns it on.
 */
static inline bool intel_pause(struct perf_event *event)
{
	bool enabled = this_cpu_read(x86_cpu.enabled);

	if (enabled)
		perf_pmu_disable(event->pmu);

	return enabled;
}

static inline void intel_resume(struct perf_event *event, bool paused)
{
	if (paused)
		perf_pmu_enable(event->pmu);
}

/* ---- ds.c: where the hardware leaves records -------------------------------- */

struct debug_store *intel_this_ds(void);
void *intel_ds_map(void *area, size_t size);
void intel_ds_start_cpu(void);

/*
 * Take what there is from @base to @index: how many bytes.  In one step, so that an NMI takes
 * it or finds none.  Where the kernel has 32 bits the upper halves are always 0.
 */
static inline size_t intel_ds_take(u64 *index, u64 base)
{
	return xchg((unsigned long *)index, (unsigned long)base) - (unsigned long)base;
}

/* ---- bts.c: each taken branch ----------------------------------------------- */

int intel_bts_config(struct perf_event *event);
void intel_bts_destroy(struct perf_event *event);
void intel_bts_set(bool on);
int intel_bts_drain(struct x86_cpu *cpu);

/* ---- pebs.c ----------------------------------------------------------------- */

void intel_pebs_init(struct x86_core_type *type);
void intel_pebs_start_cpu(void);
int intel_pebs_config(struct perf_event *event);
u64 intel_pebs_counters(struct perf_event *event, u64 counters);
void intel_pebs_added(struct perf_event *event);
void intel_pebs_removed(struct perf_event *event);
void intel_pebs_program(struct perf_event *event, int idx);
void intel_pebs_set_on(void);
u64 intel_pebs_recording(void);
int intel_pebs_drain(struct pt_regs *regs);
void intel_pebs_sched_task(void);

/* ---- topdown.c -------------------------------------------------------------- */

int intel_topdown_config(struct perf_event *event);
bool intel_topdown_fits(struct x86_cpu *cpu, struct perf_event *event);
void intel_topdown_lost(struct x86_cpu *cpu);
bool intel_topdown_overflow(struct x86_cpu *cpu);
bool intel_topdown_read(struct perf_event *event);
void intel_topdown_start(struct x86_cpu *cpu, struct perf_event *event);

/* ---- lbr.c: last branch records --------------------------------------------- */

void intel_lbr_init(struct x86_core_type *type);
void intel_lbr_start_cpu(int nr);
int intel_lbr_config(struct perf_event *event);
void intel_lbr_destroy(struct perf_event *event);
bool intel_lbr_fits(struct perf_event *event);
void intel_lbr_added(struct perf_event *event);
void intel_lbr_removed(struct perf_event *event);
void intel_lbr_on(void);
void intel_lbr_off(void);
void intel_lbr_read(void);
void intel_lbr_sample(struct x86_cpu *cpu, struct perf_event *event,
		      struct perf_sample_data *data);
void intel_lbr_sched_task(bool sched_in);

#endif /* ARCH_X86_EVENTS_INTEL_INTEL_H */
