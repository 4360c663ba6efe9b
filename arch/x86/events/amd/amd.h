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

#endif /* ARCH_X86_EVENTS_AMD_AMD_H */
