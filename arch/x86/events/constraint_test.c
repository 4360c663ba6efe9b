// SPDX-License-Identifier: GPL-2.0
/*
 * Counter assignment against brute force: over thousands of random sets of
 * constraints, an assignment is found whenever there is one, it is a valid one, and
 * who had a counter moves only if it must.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "constraint.h"

#define BRUTE_EVENTS	7
#define BRUTE_COUNTERS	8
#define SETS		20000

/* Try all: is there an assignment of the events from @i on to counters not in @used? */
static bool exists(const u64 *allowed, int n, int i, u64 used)
{
	u64 left;

	if (i == n)
		return true;
	for (left = allowed[i] & ~used; left; left &= left - 1) {
		if (exists(allowed, n, i + 1, used | (left & -left)))
			return true;
	}

	return false;
}

static void check_valid(struct kunit *test, const u64 *allowed, int n, const s8 *idx)
{
	u64 used = 0;
	int i;

	for (i = 0; i < n; i++) {
		KUNIT_ASSERT_GE(test, idx[i], 0);
		KUNIT_ASSERT_LT(test, idx[i], X86_COUNTERS_MAX);
		KUNIT_ASSERT_TRUE(test, allowed[i] & BIT_ULL(idx[i]));
		KUNIT_ASSERT_FALSE(test, used & BIT_ULL(idx[i]));
		used |= BIT_ULL(idx[i]);
	}
}

/* Few counters of many, so that about half of the sets cannot be assigned. */
static u64 random_mask(struct rnd_state *rnd)
{
	u64 mask = prandom_u32_state(rnd) & prandom_u32_state(rnd) & (BIT(BRUTE_COUNTERS) - 1);

	if (prandom_u32_state(rnd) % 4 == 0)
		mask |= BIT(prandom_u32_state(rnd) % BRUTE_COUNTERS);

	return mask;
}

static void assign_agrees_with_brute_force(struct kunit *test)
{
	int i, set, n, found = 0, none = 0;
	u64 allowed[BRUTE_EVENTS];
	s8 idx[BRUTE_EVENTS];
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 1);
	for (set = 0; set < SETS; set++) {
		n = 1 + prandom_u32_state(&rnd) % BRUTE_EVENTS;
		for (i = 0; i < n; i++)
			allowed[i] = random_mask(&rnd);
		memset(idx, -1, sizeof(idx));

		if (!exists(allowed, n, 0, 0)) {
			KUNIT_ASSERT_FALSE(test, x86_assign_counters(allowed, n, idx));
			none++;
			continue;
		}
		KUNIT_ASSERT_TRUE(test, x86_assign_counters(allowed, n, idx));
		check_valid(test, allowed, n, idx);
		found++;
	}
	/* The sets are worth something only if there are many of both. */
	KUNIT_EXPECT_GT(test, found, SETS / 10);
	KUNIT_EXPECT_GT(test, none, SETS / 10);
}

/* One by one, with removals: as a CPU's events come and go. */
static void assign_one_by_one(struct kunit *test)
{
	u64 allowed[BRUTE_EVENTS];
	s8 idx[BRUTE_EVENTS], old[BRUTE_EVENTS];
	struct rnd_state rnd;
	int step, n = 0;

	prandom_seed_state(&rnd, 2);
	for (step = 0; step < SETS; step++) {
		bool can, fits;

		if (n == BRUTE_EVENTS || (n && prandom_u32_state(&rnd) % 3 == 0)) {
			int gone = prandom_u32_state(&rnd) % n--;

			memmove(allowed + gone, allowed + gone + 1, (n - gone) * sizeof(*allowed));
			memmove(idx + gone, idx + gone + 1, n - gone);
			continue;
		}
		allowed[n] = random_mask(&rnd);
		idx[n] = -1;
		memcpy(old, idx, sizeof(old));
		can = exists(allowed, n + 1, 0, 0);
		fits = x86_assign_counters(allowed, n + 1, idx);
		KUNIT_ASSERT_EQ(test, can, fits);
		if (!fits) {
			memcpy(idx, old, sizeof(old));
			continue;
		}
		n++;
		check_valid(test, allowed, n, idx);
	}
}

/* Nobody moves for an event that finds a free counter. */
static void assign_keeps_what_is(struct kunit *test)
{
	const u64 allowed[] = { 0xf, 0xf, 0x3, 0xff };
	s8 idx[] = { 2, 0, -1, -1 };

	KUNIT_EXPECT_TRUE(test, x86_assign_counters(allowed, 4, idx));
	KUNIT_EXPECT_EQ(test, idx[0], 2);
	KUNIT_EXPECT_EQ(test, idx[1], 0);
	KUNIT_EXPECT_EQ(test, idx[2], 1);
	KUNIT_EXPECT_EQ(test, idx[3], 7);
}

/* One event moves where one is enough, and a chain of them where that is not. */
static void assign_moves_few(struct kunit *test)
{
	const u64 one[] = { 0x3, 0x4, 0x1 };
	s8 one_idx[] = { 0, 2, -1 };
	const u64 chain[] = { 0x3, 0x6, 0xc, 0x1 };
	s8 chain_idx[] = { 0, 1, 2, -1 };

	KUNIT_EXPECT_TRUE(test, x86_assign_counters(one, 3, one_idx));
	KUNIT_EXPECT_EQ(test, one_idx[0], 1);
	KUNIT_EXPECT_EQ(test, one_idx[1], 2);
	KUNIT_EXPECT_EQ(test, one_idx[2], 0);

	KUNIT_EXPECT_TRUE(test, x86_assign_counters(chain, 4, chain_idx));
	KUNIT_EXPECT_EQ(test, chain_idx[0], 1);
	KUNIT_EXPECT_EQ(test, chain_idx[1], 2);
	KUNIT_EXPECT_EQ(test, chain_idx[2], 3);
	KUNIT_EXPECT_EQ(test, chain_idx[3], 0);
}

/* As many as there can be, each free to be anywhere, and one too many. */
static void assign_all_counters(struct kunit *test)
{
	u64 allowed[X86_COUNTERS_MAX];
	s8 idx[X86_COUNTERS_MAX];
	int i;

	for (i = 0; i < X86_COUNTERS_MAX; i++)
		allowed[i] = i % 2 ? ~0ULL : GENMASK_ULL(i, 0);
	memset(idx, -1, sizeof(idx));
	KUNIT_EXPECT_TRUE(test, x86_assign_counters(allowed, X86_COUNTERS_MAX, idx));
	check_valid(test, allowed, X86_COUNTERS_MAX, idx);

	allowed[1] = allowed[0];
	memset(idx, -1, sizeof(idx));
	KUNIT_EXPECT_FALSE(test, x86_assign_counters(allowed, X86_COUNTERS_MAX, idx));
}

/* The form that the uncore drivers use, with and without room for the answer. */
static void assign_for_uncore(struct kunit *test)
{
	struct event_constraint wide = EVENT_CONSTRAINT(0, 0x3, ~0ULL);
	struct event_constraint narrow = EVENT_CONSTRAINT(0, 0x2, ~0ULL);
	struct event_constraint *both[] = { &wide, &narrow, &narrow };
	int assign[2];

	KUNIT_EXPECT_EQ(test, perf_assign_events(both, 2, 1, 2, 2, assign), 0);
	KUNIT_EXPECT_EQ(test, assign[0], 0);
	KUNIT_EXPECT_EQ(test, assign[1], 1);
	KUNIT_EXPECT_EQ(test, perf_assign_events(both, 2, 1, 2, 2, NULL), 0);
	KUNIT_EXPECT_NE(test, perf_assign_events(both, 3, 1, 2, 3, NULL), 0);
}

static struct kunit_case constraint_cases[] = {
	KUNIT_CASE_SLOW(assign_agrees_with_brute_force),
	KUNIT_CASE_SLOW(assign_one_by_one),
	KUNIT_CASE(assign_keeps_what_is),
	KUNIT_CASE(assign_moves_few),
	KUNIT_CASE(assign_all_counters),
	KUNIT_CASE(assign_for_uncore),
	{ }
};

static struct kunit_suite constraint_suite = {
	.name = "perf_x86_constraint",
	.test_cases = constraint_cases,
};

kunit_test_suite(constraint_suite);

MODULE_DESCRIPTION("KUnit tests of the assignment of counters");
MODULE_LICENSE("GPL");
