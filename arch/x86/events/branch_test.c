// SPDX-License-Identifier: GPL-2.0
/*
 * Which records x86_branch_sort() leaves, where the hardware tells what kind each is.
 */
#include <kunit/test.h>

#include "perf_event.h"

#define TOLD_JCC	1
#define TOLD_CALL	5

/* Four records of user mode: a jump and a call, outside of a transaction and inside. */
static void fill(struct perf_branch_stack *stack)
{
	int i;

	stack->nr = 4;
	for (i = 0; i < 4; i++) {
		stack->entries[i] = (struct perf_branch_entry){
			.from = 0x1000 + i, .to = 0x2000 + i, .in_tx = i & 1,
			.reserved = i & 2 ? TOLD_CALL : TOLD_JCC,
		};
	}
}

/* A bit for each record that is left. */
static unsigned int left_of(struct kunit *test, u64 type)
{
	struct perf_branch_stack *stack;
	unsigned int left = 0;
	int i;

	stack = kunit_kzalloc(test, struct_size(stack, entries, 4), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, stack);
	fill(stack);
	x86_branch_sort(stack, x86_branch_filter(type).kinds, false);
	for (i = 0; i < stack->nr; i++) {
		left |= BIT(stack->entries[i].from - 0x1000);
		KUNIT_EXPECT_EQ(test, (u64)stack->entries[i].reserved, 0ULL);
	}

	return left;
}

/* Transactions matter only to who named them. */
static void transactions(struct kunit *test)
{
	static const struct {
		u64		type;
		unsigned int	left;
	} row[] = {
		{ 0, 0xf },
		{ PERF_SAMPLE_BRANCH_IN_TX, 0xa },
		{ PERF_SAMPLE_BRANCH_NO_TX, 0x5 },
		{ PERF_SAMPLE_BRANCH_IN_TX | PERF_SAMPLE_BRANCH_NO_TX, 0xf },
	};
	u64 both = PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_KERNEL;
	int i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		KUNIT_EXPECT_EQ(test, row[i].left,
				left_of(test, PERF_SAMPLE_BRANCH_ANY | both | row[i].type));
		KUNIT_EXPECT_EQ(test, row[i].left,
				left_of(test, PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_USER |
					      row[i].type));
		KUNIT_EXPECT_EQ(test, row[i].left & 0x3,
				left_of(test, PERF_SAMPLE_BRANCH_COND | both | row[i].type));
		KUNIT_EXPECT_EQ(test, row[i].left & 0xc,
				left_of(test, PERF_SAMPLE_BRANCH_ANY_CALL | both | row[i].type));
	}
}

static void privilege(struct kunit *test)
{
	u64 any = PERF_SAMPLE_BRANCH_ANY;

	KUNIT_EXPECT_EQ(test, 0xfU, left_of(test, any | PERF_SAMPLE_BRANCH_USER));
	KUNIT_EXPECT_EQ(test, 0U, left_of(test, any | PERF_SAMPLE_BRANCH_KERNEL));
}

static struct kunit_case branch_cases[] = {
	KUNIT_CASE(transactions),
	KUNIT_CASE(privilege),
	{ }
};

static struct kunit_suite branch_suite = {
	.name		= "perf_x86_branch",
	.test_cases	= branch_cases,
};

kunit_test_suite(branch_suite);

MODULE_DESCRIPTION("KUnit tests of which branches a user wants");
MODULE_LICENSE("GPL");
