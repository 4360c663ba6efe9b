/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Intel: the tables of model.c.
 */
#ifndef ARCH_X86_EVENTS_INTEL_MODEL_H
#define ARCH_X86_EVENTS_INTEL_MODEL_H

#include <asm/perf_event.h>

#include "../model.h"

/* The event and umask of an event select, and all that changes what they mean. */
#define SELECT_EVENT		ARCH_PERFMON_EVENTSEL_EVENT
#define SELECT_UMASK		INTEL_ARCH_EVENT_MASK
#define SELECT_ALL		(INTEL_ARCH_EVENT_MASK | X86_ALL_EVENT_FLAGS)

/**
 * struct intel_match - the models that processors have
 * @vfm: vendor, family and model
 * @model: what it is, or what its large cores are
 * @small: what its small ones are, where it is hybrid
 * @label: what the machine as a whole is called in the message at boot
 * @name: ... in sysfs, caps/pmu_name
 */
struct intel_match {
	u32			vfm;
	const struct x86_model	*model;
	const struct x86_model	*small;
	const char		*label;
	const char		*name;
};

extern const struct intel_match intel_matches[];
extern const struct x86_model intel_generic_model;

#endif /* ARCH_X86_EVENTS_INTEL_MODEL_H */
