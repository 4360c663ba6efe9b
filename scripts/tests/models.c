// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of arch/x86/events/intel/model.c against Intel's lists of events.  Of each event
 * there is a line on stdin:
 *   MODEL SELECT COUNTERS NAME
 * where COUNTERS is fixedN, or numbers with commas.  Prints a line for each that would be on
 * another counter, or not on all that there are.  26-models.t makes the lines, and the headers
 * that are not the kernel's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.c"

static const struct {
	const char		*name;
	const struct x86_model	*model;
	int			counters;
} models[] = {
	{ "skylake", &skylake, 4 },
	{ "icelake", &icelake, 8 },
	{ "sapphire_rapids", &sapphire_rapids, 8 },
	{ "granite_rapids", &granite_rapids, 8 },
	{ "golden_cove", &golden_cove, 8 },
	{ "redwood_cove", &redwood_cove, 8 },
	{ "gracemont", &gracemont, 6 },
	{ "crestmont", &crestmont, 8 },
};

/* The row that intel/core.c finds: an event without a number is on a fixed counter alone. */
static u64 counters_for(const struct x86_model *model, u64 select, u64 general)
{
	const struct event_constraint *c;

	for_each_event_constraint(c, model->constraints) {
		if ((select & c->cmask) != c->code)
			continue;
		if (c->idxmsk64 < BIT_ULL(INTEL_PMC_IDX_FIXED))
			return c->idxmsk64 & general;
		return c->idxmsk64 | (select & 0xff ? general : 0);
	}

	return select & 0xff ? general : 0;
}

static u64 listed(char *counters)
{
	u64 mask = 0;
	char *at;

	if (!strncmp(counters, "fixed", 5))
		return BIT_ULL(INTEL_PMC_IDX_FIXED + atoi(counters + 5));
	for (at = strtok(counters, ","); at; at = strtok(NULL, ","))
		mask |= BIT_ULL(atoi(at));

	return mask;
}

int main(void)
{
	char name[100], counters[100], event[200];
	unsigned long long select;
	unsigned int i;
	int bad = 0, n = 0;

	while (scanf("%99s %llx %99s %199s", name, &select, counters, event) == 4) {
		u64 theirs = listed(counters), ours = 0, general = 0;

		for (i = 0; i < ARRAY_SIZE(models); i++) {
			if (strcmp(models[i].name, name))
				continue;
			general = GENMASK_ULL(models[i].counters - 1, 0);
			ours = counters_for(models[i].model, select, general);
		}
		n++;
		/* A fixed counter may be one more; what is only on one must be there. */
		if (theirs & general ? (ours & general) == theirs : ours & theirs)
			continue;
		printf("%s: %s %llx: ours %llx, listed %llx\n", name, event, select,
		       (unsigned long long)ours, (unsigned long long)theirs);
		bad++;
	}
	fprintf(stderr, "%d events\n", n);

	return bad || n < 2000;
}
