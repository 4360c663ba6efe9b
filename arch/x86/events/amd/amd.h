/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AMD: what the files here share.
 */
#ifndef ARCH_X86_EVENTS_AMD_AMD_H
#define ARCH_X86_EVENTS_AMD_AMD_H

#include "../perf_event.h"

/**
 * struct amd_match - the models that processors have; the first row that fits
 * @family: the first family
 * @feature: a feature it must have, 0 for none
 * @model: what it is
 */
struct amd_match {
	u8			family;
	u16			feature;
	const struct x86_model	*model;
};

extern const struct amd_match amd_matches[];

/* ---- lbr.c: last branch records --------------------------------------------- */

void amd_lbr_init(void);
void amd_lbr_start_cpu(void);
int amd_lbr_config(struct perf_event *event);
void amd_lbr_destroy(struct perf_event *event);
bool amd_lbr_fits(struct perf_event *event);
void amd_lbr_added(struct perf_event *event);
void amd_lbr_removed(struct perf_event *event);
void amd_lbr_on(void);
void amd_lbr_off(void);
void amd_lbr_read(void);
void amd_lbr_sample(struct x86_cpu *cpu, struct perf_event *event, struct perf_sample_data *data);
void amd_lbr_sched_task(bool sched_in);

/* ---- ibs_data.c: where a sampled op's data came from ------------------------ */

u64 amd_ibs_data_source(u64 op_data2, u64 op_data3, bool zen4);

#endif /* ARCH_X86_EVENTS_AMD_AMD_H */
