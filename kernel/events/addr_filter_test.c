// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of address filters: what a string means, and where a filter lies in
 * a mapping.
 */
#include <kunit/test.h>
#include <linux/mm_types.h>
#include <linux/string.h>

#include "internal.h"

#define STOP	PERF_ADDR_FILTER_ACTION_STOP
#define START	PERF_ADDR_FILTER_ACTION_START
#define FILTER	PERF_ADDR_FILTER_ACTION_FILTER

/* ---- Strings --------------------------------------------------------------- */

/* A string, its filters, and what comes after them: 0 for the end, or an errno. */
struct string_case {
	const char			*str;
	int				end;
	struct perf_addr_filter_spec	specs[3];
	int				nr;
};

static const struct string_case string_cases[] = {
	/* Nothing at all is no filters: that is how they are removed. */
	{ "", 0 },
	{ " ,\n ,", 0 },

	/* Kernel addresses. */
	{ "filter 0x1000/0x20", 0, { { FILTER, 0x1000, 0x20 } }, 1 },
	{ "start 4096", 0, { { START, 4096, 0 } }, 1 },
	{ "stop 010/0", 0, { { STOP, 8, 0 } }, 1 },
	{ "start 0", 0, { { START, 0, 0 } }, 1 },
	{ "stop 0X1f/0xA", 0, { { STOP, 0x1f, 10 } }, 1 },

	/* Files. */
	{ "filter 0x40/0x10@/bin/true", 0, { { FILTER, 0x40, 0x10, "/bin/true" } }, 1 },
	{ "start 64@/bin/true", 0, { { START, 64, 0, "/bin/true" } }, 1 },
	{ "start 1@relative", 0, { { START, 1, 0, "relative" } }, 1 },
	{ "stop 1/2@/a@b/c", 0, { { STOP, 1, 2, "/a@b/c" } }, 1 },

	/* Several, and the separators. */
	{ "start 1,stop 2", 0, { { START, 1 }, { STOP, 2 } }, 2 },
	{ "filter,1/1\nfilter\n2/2,, filter  3/3\n", 0,
	  { { FILTER, 1, 1 }, { FILTER, 2, 2 }, { FILTER, 3, 3 } }, 3 },
	{ "filter 1/2@/x filter 3/4", 0, { { FILTER, 1, 2, "/x" }, { FILTER, 3, 4 } }, 2 },

	/* No action, no range, the wrong order. */
	{ "filter", -EINVAL },
	{ "0x1000/0x20", -EINVAL },
	{ "0x1000/0x20 filter", -EINVAL },
	{ "filter filter 1/1", -EINVAL },
	{ "filters 1/1", -EINVAL },
	{ "Filter 1/1", -EINVAL },
	{ "tracestop 1/1", -EINVAL },

	/* Numbers that are none. */
	{ "start x", -EINVAL },
	{ "start 0x", -EINVAL },
	{ "start 08", -EINVAL },
	{ "start 1f", -EINVAL },
	{ "start -1", -EINVAL },
	{ "start +1", -EINVAL },
	{ "filter 1/", -EINVAL },
	{ "filter /1", -EINVAL },
	{ "filter 1/-1", -EINVAL },
	{ "filter 1/1/1", -EINVAL },
	{ "start 0x10000000000000000", -ERANGE },
	{ "filter 0/99999999999999999999", -ERANGE },

	/* Files that are none. */
	{ "start 1@", -EINVAL },
	{ "filter 1/1@", -EINVAL },
	{ "filter @/bin/true", -EINVAL },
	{ "filter 1/@/bin/true", -EINVAL },

	/* There is nothing to filter in no bytes. */
	{ "filter 1", -EINVAL },
	{ "filter 1/0", -EINVAL },
	{ "filter 1@/bin/true", -EINVAL },

	/* What is right before the error is still found. */
	{ "start 1 stop", -EINVAL, { { START, 1 } }, 1 },
	{ "start 1 stop 2/x", -EINVAL, { { START, 1 } }, 1 },
};

static void string_desc(const struct string_case *c, char *desc)
{
	strscpy(desc, *c->str ? c->str : "(empty)", KUNIT_PARAM_DESC_SIZE);
	strreplace(desc, '\n', '|');
}

KUNIT_ARRAY_PARAM(strings, string_cases, string_desc);

static void test_string(struct kunit *test)
{
	const struct string_case *c = test->param_value;
	char buf[64], *str = buf;
	const struct perf_addr_filter_spec *want;
	struct perf_addr_filter_spec got;

	KUNIT_ASSERT_GT(test, strscpy(buf, c->str), -1);

	for (want = c->specs; want < c->specs + c->nr; want++) {
		KUNIT_ASSERT_EQ(test, perf_addr_filter_next(&str, &got), 1);
		KUNIT_EXPECT_EQ(test, got.action, want->action);
		KUNIT_EXPECT_EQ(test, got.offset, want->offset);
		KUNIT_EXPECT_EQ(test, got.size, want->size);
		KUNIT_ASSERT_EQ(test, !got.file, !want->file);
		if (want->file)
			KUNIT_EXPECT_STREQ(test, got.file, want->file);
	}

	KUNIT_EXPECT_EQ(test, perf_addr_filter_next(&str, &got), c->end);
}

/* ---- Mappings ---------------------------------------------------------------- */

/* Pages 2 to 5 of a file, mapped at this address. */
#define MAP_START	(0x100UL * PAGE_SIZE)
#define MAP_FIRST	(2 * PAGE_SIZE)
#define MAP_LEN		(4 * PAGE_SIZE)
#define MAP_END		(MAP_FIRST + MAP_LEN)

struct map_case {
	const char	*name;
	unsigned long	offset;
	unsigned long	size;
	bool		match;
	unsigned long	start;	/* from MAP_START */
	unsigned long	len;
};

static const struct map_case map_cases[] = {
	{ "all of it",		MAP_FIRST, MAP_LEN,		true, 0, MAP_LEN },
	{ "inside",		MAP_FIRST + 16, 32,		true, 16, 32 },
	{ "across the start",	MAP_FIRST - 16, 48,		true, 0, 32 },
	{ "across the end",	MAP_END - 16, 48,		true, MAP_LEN - 16, 16 },
	{ "around",		0, 16 * PAGE_SIZE,		true, 0, MAP_LEN },
	{ "to the last address", 0, ULONG_MAX,			true, 0, MAP_LEN },
	{ "up to the start",	MAP_FIRST - 16, 16,		false },
	{ "before",		0, 16,				false },
	{ "from the end",	MAP_END, 16,			false },
	{ "behind",		ULONG_MAX - 15, 16,		false },
	{ "first byte",		MAP_FIRST, 1,			true, 0, 1 },
	{ "last byte",		MAP_END - 1, 1,			true, MAP_LEN - 1, 1 },
	{ "point at the start",	MAP_FIRST, 0,			true, 0, 0 },
	{ "point inside",	MAP_FIRST + 16, 0,		true, 16, 0 },
	{ "point before",	MAP_FIRST - 1, 0,		false },
	{ "point at the end",	MAP_END, 0,			false },
};

static void map_desc(const struct map_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(maps, map_cases, map_desc);

static void test_map(struct kunit *test)
{
	const struct map_case *c = test->param_value;
	struct perf_addr_filter filter = { .offset = c->offset, .size = c->size };
	struct perf_addr_filter_range range = { .start = 1, .size = 2 };
	struct vm_area_struct *vma = kunit_kzalloc(test, sizeof(*vma), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, vma);
	vma->vm_start = MAP_START;
	vma->vm_end = MAP_START + MAP_LEN;
	vma->vm_pgoff = MAP_FIRST >> PAGE_SHIFT;

	KUNIT_ASSERT_EQ(test, perf_addr_filter_map(&filter, vma, &range), c->match);
	KUNIT_EXPECT_EQ(test, range.start, c->match ? MAP_START + c->start : 1);
	KUNIT_EXPECT_EQ(test, range.size, c->match ? c->len : 2);
}

static struct kunit_case perf_addr_filter_cases[] = {
	KUNIT_CASE_PARAM(test_string, strings_gen_params),
	KUNIT_CASE_PARAM(test_map, maps_gen_params),
	{}
};

static struct kunit_suite perf_addr_filter_suite = {
	.name		= "perf_addr_filter",
	.test_cases	= perf_addr_filter_cases,
};

kunit_test_suite(perf_addr_filter_suite);
