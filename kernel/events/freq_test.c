// SPDX-License-Identifier: GPL-2.0
/*
 * The estimate of a period: what the arithmetic gives at its edges, and that a
 * steady source of events is met at the frequency asked for.
 */
#include <kunit/test.h>
#include <kunit/visibility.h>
#include <linux/math64.h>

#include "internal.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

struct period_case {
	const char	*name;
	u64		nsec;
	u64		count;
	u64		freq;
	u64		period;
};

static const struct period_case periods[] = {
	{ "a million in a second",	NSEC_PER_SEC, 1000000, 1000, 1000 },
	{ "the same in a tick",		NSEC_PER_MSEC, 1000, 1000, 1000 },
	{ "rounded down",		NSEC_PER_SEC, 1999, 1000, 1 },
	{ "too few",			NSEC_PER_SEC, 999, 1000, 0 },
	{ "nothing counted",		NSEC_PER_SEC, 0, 1000, 0 },
	{ "product beyond 64 bits",	NSEC_PER_SEC, 1ULL << 40, 1, 1ULL << 40 },
	{ "time times frequency too",	1ULL << 50, 1ULL << 50, 1ULL << 20, NSEC_PER_SEC >> 20 },
	{ "result beyond 63 bits",	1, U64_MAX, 1, S64_MAX },
	{ "no time",			0, 1, 1000, S64_MAX },
	{ "no frequency",		NSEC_PER_SEC, 1, 0, S64_MAX },
};

KUNIT_ARRAY_PARAM_DESC(periods, periods, name);

static void test_period(struct kunit *test)
{
	const struct period_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, perf_freq_period(c->nsec, c->count, c->freq), c->period);
}

static void test_smooth(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, perf_freq_smooth(800, 800), 800);
	KUNIT_EXPECT_EQ(test, perf_freq_smooth(800, 1600), 900);
	KUNIT_EXPECT_EQ(test, perf_freq_smooth(1600, 800), 1500);
	KUNIT_EXPECT_EQ(test, perf_freq_smooth(10, 11), 11);
	KUNIT_EXPECT_EQ(test, perf_freq_smooth(11, 10), 10);
	/* Never 0: that would be an event that does not sample. */
	KUNIT_EXPECT_EQ(test, perf_freq_smooth(1, 0), 1);
	/* No step leads out of what a period may be. */
	KUNIT_EXPECT_LE(test, perf_freq_smooth(S64_MAX - 1, S64_MAX), S64_MAX);
}

/* From the first guess, which is 1, and from far above, in so many samples. */
static void test_converges(struct kunit *test)
{
	static const u64 starts[] = { 1, 1ULL << 40 };
	const u64 rate = 3 * (u64)NSEC_PER_SEC, freq = 4000, want = 750000;
	u64 period;
	int i, n;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		period = starts[i];
		for (n = 0; n < 300; n++) {
			u64 took = mul_u64_u64_div_u64(period, NSEC_PER_SEC, rate) ?: 1;

			period = perf_freq_smooth(period, perf_freq_period(took, period, freq));
		}
		KUNIT_EXPECT_GE(test, period, want - want / 100);
		KUNIT_EXPECT_LE(test, period, want + want / 100);
	}
}

static struct kunit_case perf_freq_cases[] = {
	KUNIT_CASE_PARAM(test_period, periods_gen_params),
	KUNIT_CASE(test_smooth),
	KUNIT_CASE(test_converges),
	{}
};

static struct kunit_suite perf_freq_suite = {
	.name		= "perf_freq",
	.test_cases	= perf_freq_cases,
};

kunit_test_suite(perf_freq_suite);
