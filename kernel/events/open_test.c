// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes and what is said about them: a row a case.
 *
 * Each row names what differs from plain attributes that are valid, so that the
 * errno is that of the one thing which is wrong.
 */
#include <kunit/test.h>
#include <kunit/visibility.h>
#include <linux/timekeeping.h>

#include "internal.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

struct attr_case {
	const char		*name;
	struct perf_event_attr	attr;
	int			err;
};

#define CASE(_err, _name, ...)	{ .name = (_name), .attr = { __VA_ARGS__ }, .err = (_err) }

/* Whether the architecture, or the configuration, has it decides over the errno. */
#define CGROUP_ERR	(IS_ENABLED(CONFIG_CGROUP_PERF) ? 0 : -EINVAL)
#define STACK_ERR(_err)	(IS_ENABLED(CONFIG_HAVE_PERF_USER_STACK_DUMP) ? (_err) : -ENOSYS)
#define REGS_ERR	(IS_ENABLED(CONFIG_HAVE_PERF_REGS) ? 0 : -ENOSYS)
#define NO_REGS_ERR	(IS_ENABLED(CONFIG_HAVE_PERF_REGS) ? -EINVAL : 0)

#define BRANCHES(_bits)	.sample_type = PERF_SAMPLE_BRANCH_STACK, .branch_sample_type = (_bits)
#define STACK(_size)	.sample_type = PERF_SAMPLE_STACK_USER, .sample_stack_user = (_size)

static const struct attr_case attr_cases[] = {
	CASE(0, "plain", .type = PERF_TYPE_SOFTWARE),
	CASE(0, "any type", .type = U32_MAX),
	CASE(0, "any config", .config = U64_MAX, .config1 = U64_MAX, .config2 = U64_MAX,
	     .config3 = U64_MAX),
	CASE(0, "any signal data", .sig_data = U64_MAX),
	CASE(0, "counting flags", .disabled = 1, .pinned = 1, .exclusive = 1,
	     .exclude_user = 1, .exclude_kernel = 1, .exclude_hv = 1, .exclude_idle = 1),

	/* what is not known */
	CASE(-EINVAL, "first reserved flag", .__reserved_1 = 1),
	CASE(-EINVAL, "last reserved flag", .__reserved_1 = 1 << 22),
	CASE(-EINVAL, "reserved_2", .__reserved_2 = 1),
	CASE(-EINVAL, "reserved_2, high", .__reserved_2 = 1 << 15),
	CASE(-EINVAL, "first reserved AUX action", .__reserved_3 = 1),
	CASE(-EINVAL, "last reserved AUX action", .__reserved_3 = 1 << 28),
	CASE(-EINVAL, "sample_type above all", .sample_type = PERF_SAMPLE_MAX),
	CASE(-EINVAL, "sample_type 32", .sample_type = 1ULL << 32),
	CASE(-EINVAL, "sample_type 63", .sample_type = 1ULL << 63),
	CASE(-EINVAL, "read_format above all", .read_format = PERF_FORMAT_MAX),
	CASE(-EINVAL, "read_format 32", .read_format = 1ULL << 32),
	CASE(-EINVAL, "read_format 63", .read_format = 1ULL << 63),
	CASE(0, "read_format, all", .read_format = PERF_FORMAT_MAX - 1),

	/* sample fields */
	CASE(0, "weight", .sample_type = PERF_SAMPLE_WEIGHT),
	CASE(0, "weight in three", .sample_type = PERF_SAMPLE_WEIGHT_STRUCT),
	CASE(-EINVAL, "both weights", .sample_type = PERF_SAMPLE_WEIGHT_TYPE),
	CASE(CGROUP_ERR, "cgroup", .sample_type = PERF_SAMPLE_CGROUP),
	CASE(0, "physical address", .sample_type = PERF_SAMPLE_PHYS_ADDR),
	CASE(0, "AUX sample", .sample_type = PERF_SAMPLE_AUX, .aux_sample_size = 4096),

	/* branches */
	CASE(0, "any branch", BRANCHES(PERF_SAMPLE_BRANCH_ANY)),
	CASE(0, "any branch of the user", BRANCHES(PERF_SAMPLE_BRANCH_USER |
						   PERF_SAMPLE_BRANCH_ANY)),
	CASE(0, "all bits of branches", BRANCHES(PERF_SAMPLE_BRANCH_MAX - 1)),
	CASE(-EINVAL, "no kind of branch", BRANCHES(0)),
	CASE(-EINVAL, "privilege, but no kind", BRANCHES(PERF_SAMPLE_BRANCH_PLM_ALL)),
	CASE(-EINVAL, "unknown kind", BRANCHES(PERF_SAMPLE_BRANCH_MAX)),
	CASE(-EINVAL, "unknown beside known", BRANCHES(PERF_SAMPLE_BRANCH_MAX |
						       PERF_SAMPLE_BRANCH_ANY)),
	CASE(-EINVAL, "branch bit 63", BRANCHES(1ULL << 63 | PERF_SAMPLE_BRANCH_ANY)),
	CASE(0, "branch bits without branches", .branch_sample_type = U64_MAX),

	/* registers */
	CASE(NO_REGS_ERR, "no user register", .sample_type = PERF_SAMPLE_REGS_USER),
	CASE(REGS_ERR, "a user register", .sample_type = PERF_SAMPLE_REGS_USER,
	     .sample_regs_user = 1),
	CASE(NO_REGS_ERR, "no register", .sample_type = PERF_SAMPLE_REGS_INTR),
	CASE(REGS_ERR, "a register", .sample_type = PERF_SAMPLE_REGS_INTR,
	     .sample_regs_intr = 1),
	CASE(0, "register masks unused", .sample_regs_user = U64_MAX, .sample_regs_intr = U64_MAX),

	/* stacks */
	CASE(STACK_ERR(0), "stack of no bytes", STACK(0)),
	CASE(STACK_ERR(0), "stack of a word", STACK(8)),
	CASE(STACK_ERR(0), "largest stack", STACK(65528)),
	CASE(STACK_ERR(-EINVAL), "stack of half a word", STACK(4)),
	CASE(STACK_ERR(-EINVAL), "stack of nearly a word", STACK(7)),
	CASE(STACK_ERR(-EINVAL), "stack of U16_MAX", STACK(65535)),
	CASE(STACK_ERR(-EINVAL), "stack above 16 bits", STACK(65536)),
	CASE(STACK_ERR(-EINVAL), "stack as large as can be said", STACK(U32_MAX - 7)),
	CASE(0, "stack size unused", .sample_stack_user = 3),

	/* flags that need or exclude one another */
	CASE(0, "inherit", .inherit = 1),
	CASE(0, "inherit by threads", .inherit = 1, .inherit_thread = 1),
	CASE(-EINVAL, "threads of nothing", .inherit_thread = 1),
	CASE(0, "enable on exec", .enable_on_exec = 1),
	CASE(0, "remove on exec", .remove_on_exec = 1),
	CASE(-EINVAL, "enable and remove on exec", .enable_on_exec = 1, .remove_on_exec = 1),
	CASE(0, "signal", .sigtrap = 1, .remove_on_exec = 1),
	CASE(-EINVAL, "signal beyond exec", .sigtrap = 1),
	CASE(-EINVAL, "signal, enabled on exec", .sigtrap = 1, .remove_on_exec = 1,
	     .enable_on_exec = 1),
};

static void case_describe(const struct attr_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(attr, attr_cases, case_describe);

static void attr_test(struct kunit *test)
{
	const struct attr_case *c = test->param_value;
	struct perf_event_attr attr = c->attr;

	KUNIT_EXPECT_EQ(test, perf_attr_check(&attr), c->err);
}

/* The size and all else of the user's that is not ours to change stays. */
static void attr_unchanged_test(struct kunit *test)
{
	const struct perf_event_attr given = {
		.type = 7, .size = 200, .config = 1, .sample_period = 3, .inherit = 1,
		.sample_type = PERF_SAMPLE_IP, .sample_max_stack = 5, .wakeup_events = 9,
	};
	struct perf_event_attr attr = given;

	KUNIT_ASSERT_EQ(test, perf_attr_check(&attr), 0);
	KUNIT_EXPECT_MEMEQ(test, &attr, &given, sizeof(attr));
}

static void max_stack_test(struct kunit *test)
{
	struct perf_event_attr attr = { .sample_max_stack = 0 };

	KUNIT_ASSERT_EQ(test, perf_attr_check(&attr), 0);
	KUNIT_EXPECT_EQ(test, attr.sample_max_stack, sysctl_perf_event_max_stack);
}

#define U	PERF_SAMPLE_BRANCH_USER
#define K	PERF_SAMPLE_BRANCH_KERNEL
#define H	PERF_SAMPLE_BRANCH_HV
#define ANY	PERF_SAMPLE_BRANCH_ANY

/* What privilege the branches have that ask for none. */
static void branch_privilege_test(struct kunit *test)
{
	static const struct {
		struct perf_event_attr attr;
		u64 bits;
	} cases[] = {
		{ { BRANCHES(ANY) }, ANY | U | K | H },
		{ { BRANCHES(ANY), .exclude_kernel = 1 }, ANY | U | H },
		{ { BRANCHES(ANY), .exclude_kernel = 1, .exclude_hv = 1 }, ANY | U },
		{ { BRANCHES(ANY), .exclude_user = 1, .exclude_hv = 1 }, ANY | K },
		{ { BRANCHES(ANY), .exclude_user = 1, .exclude_kernel = 1, .exclude_hv = 1 }, ANY },
		/* told: the event's own are not asked */
		{ { BRANCHES(ANY | U) }, ANY | U },
		{ { BRANCHES(ANY | H), .exclude_hv = 1 }, ANY | H },
		/* no branches: nothing is left for a driver to stumble over */
		{ { .branch_sample_type = U64_MAX }, 0 },
	};

	for (int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct perf_event_attr attr = cases[i].attr;

		KUNIT_EXPECT_EQ_MSG(test, perf_attr_check(&attr), 0, "case %d", i);
		KUNIT_EXPECT_EQ_MSG(test, attr.branch_sample_type, cases[i].bits, "case %d", i);
	}
}

/* CPU 0 is there, as in all tests; INT_MAX never. */
static void target_test(struct kunit *test)
{
	static const struct {
		bool task;
		int cpu;
		int err;
		struct perf_event_attr attr;
	} cases[] = {
		{ true,		-1,		0 },
		{ true,		0,		0 },
		{ false,	0,		0 },
		{ false,	-1,		-EINVAL },
		{ true,		-2,		-EINVAL },
		{ false,	-2,		-EINVAL },
		{ true,		INT_MAX,	-EINVAL },
		{ false,	INT_MAX,	-EINVAL },
		{ false,	INT_MIN,	-EINVAL },
		{ true,		-1,		0,		{ .sigtrap = 1 } },
		{ false,	0,		-EINVAL,	{ .sigtrap = 1 } },
		{ true,		-1,		-EINVAL,
			{ .inherit = 1, .sample_type = PERF_SAMPLE_READ } },
		{ true,		-1,		0,
			{ .inherit = 1, .sample_type = PERF_SAMPLE_READ | PERF_SAMPLE_TID } },
		{ true,		-1,		0,
			{ .sample_type = PERF_SAMPLE_READ } },
		{ true,		-1,		-EINVAL,
			{ .aux_pause = 1, .aux_resume = 1 } },
		{ true,		-1,		-EOPNOTSUPP,
			{ .aux_pause = 1, .aux_output = 1 } },
		{ true,		-1,		-EOPNOTSUPP,
			{ .aux_resume = 1, .aux_output = 1 } },
		{ true,		-1,		0,		{ .aux_output = 1 } },
		{ true,		-1,		0,		{ .aux_pause = 1 } },
		{ true,		-1,		0,		{ .aux_resume = 1 } },
	};
	const struct perf_event_attr plain = {};

	for (int i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].err,
				    perf_attr_check_target(&cases[i].attr, cases[i].task,
							   cases[i].cpu), "case %d", i);

	KUNIT_EXPECT_EQ(test, perf_attr_check_target(&plain, true, nr_cpu_ids), -EINVAL);
	KUNIT_EXPECT_EQ(test, perf_attr_check_target(&plain, false, nr_cpu_ids), -EINVAL);
}

static void clockid_test(struct kunit *test)
{
	static const clockid_t safe[] = { CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW };
	static const clockid_t unsafe[] = { CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_TAI };
	static const clockid_t bad[] = {
		CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_REALTIME_COARSE,
		CLOCK_MONOTONIC_COARSE, -1, 12, INT_MAX,
	};

	for (int i = 0; i < ARRAY_SIZE(safe); i++) {
		KUNIT_EXPECT_NOT_NULL(test, perf_clockid_read(safe[i], false));
		KUNIT_EXPECT_NOT_NULL(test, perf_clockid_read(safe[i], true));
	}
	for (int i = 0; i < ARRAY_SIZE(unsafe); i++) {
		KUNIT_EXPECT_NOT_NULL(test, perf_clockid_read(unsafe[i], false));
		KUNIT_EXPECT_NULL(test, perf_clockid_read(unsafe[i], true));
	}
	for (int i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_NULL(test, perf_clockid_read(bad[i], false));
}

static struct kunit_case open_cases[] = {
	KUNIT_CASE_PARAM(attr_test, attr_gen_params),
	KUNIT_CASE(attr_unchanged_test),
	KUNIT_CASE(max_stack_test),
	KUNIT_CASE(branch_privilege_test),
	KUNIT_CASE(target_test),
	KUNIT_CASE(clockid_test),
	{}
};

static struct kunit_suite open_suite = {
	.name = "perf_open",
	.test_cases = open_cases,
};

kunit_test_suite(open_suite);

MODULE_DESCRIPTION("Tests of perf_event_attr decoding");
MODULE_LICENSE("GPL");
