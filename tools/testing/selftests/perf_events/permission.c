// SPDX-License-Identifier: GPL-2.0
/*
 * What an unprivileged user may open at each level of perf_event_paranoid, what
 * CAP_PERFMON adds, and how much memory may be locked.  Each attempt runs in a
 * child that has dropped what it must; the sysctl is put back at the end.
 */
#include <linux/hw_breakpoint.h>
#include "perf_util.h"

#define LOWEST	(-1)

enum target { SELF, CPU0, PARENT };

struct attempt {
	const char *what;
	enum target target;
	struct perf_event_attr attr;
	/* At levels -1, 0, 1, 2: 0, EACCES or EPERM. */
	int want[4];
};

#define A	EACCES
#define P	EPERM

/* All but the first two rows leave the kernel out. */
static const struct attempt software[] = {
	{ "own task, kernel too", SELF, { .exclude_kernel = 0 }, { 0, 0, 0, A } },
	{ "CPU, kernel too", CPU0, { .exclude_kernel = 0 }, { 0, 0, A, A } },
	{ "own task", SELF, { .exclude_kernel = 1 }, { 0, 0, 0, 0 } },
	{ "CPU", CPU0, { .exclude_kernel = 1 }, { 0, 0, A, A } },
	{ "a task of root's", PARENT, { .exclude_kernel = 1 }, { A, A, A, A } },
	{ "inherited", SELF, { .exclude_kernel = 1, .inherit = 1 }, { 0, 0, 0, 0 } },
	{ "names", SELF, { .exclude_kernel = 1, .comm = 1, .task = 1 }, { 0, 0, 0, 0 } },
	{ "namespaces", SELF, { .exclude_kernel = 1, .namespaces = 1 }, { A, A, A, A } },
	{ "text pokes", SELF, { .exclude_kernel = 1, .text_poke = 1 }, { 0, 0, 0, A } },
	{ "physical addresses", SELF,
	  { .exclude_kernel = 1, .sample_type = PERF_SAMPLE_PHYS_ADDR }, { 0, 0, 0, A } },
	{ "user call chains", SELF,
	  { .exclude_kernel = 1, .exclude_callchain_kernel = 1,
	    .sample_type = PERF_SAMPLE_CALLCHAIN }, { 0, 0, 0, 0 } },
	{ "sigtrap on oneself", SELF,
	  { .exclude_kernel = 1, .sigtrap = 1, .remove_on_exec = 1 }, { 0, 0, 0, 0 } },
};

/* ---- Trying ---- */

static int attempt(const void *arg)
{
	const struct attempt *a = arg;
	struct perf_event_attr attr = a->attr;

	attr.size = sizeof(attr);
	if (!attr.type) {
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_DUMMY;
	}
	return -try_open(&attr, a->target == CPU0 ? -1 : a->target == PARENT ? getppid() : 0,
			 a->target == CPU0 ? 0 : -1, -1, 0);
}

FIXTURE(level)
{
	long before;
};

FIXTURE_VARIANT(level)
{
	int level;
};

FIXTURE_VARIANT_ADD(level, minus_1)
{
	.level = -1,
};

FIXTURE_VARIANT_ADD(level, zero)
{
	.level = 0,
};

FIXTURE_VARIANT_ADD(level, one)
{
	.level = 1,
};

FIXTURE_VARIANT_ADD(level, two)
{
	.level = 2,
};

FIXTURE_SETUP(level)
{
	self->before = sysctl_get("perf_event_paranoid");
	if (geteuid())
		SKIP(return, "not root");
	ASSERT_EQ(0, sysctl_set("perf_event_paranoid", variant->level));
}

FIXTURE_TEARDOWN_PARENT(level)
{
	sysctl_set("perf_event_paranoid", self->before);
}

TEST_F(level, software)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(software); i++) {
		const struct attempt *a = &software[i];

		EXPECT_EQ(a->want[variant->level - LOWEST], as_nobody(0, attempt, a)) {
			TH_LOG("%s", a->what);
		}
		/* Root is not asked. */
		EXPECT_EQ(0, attempt(a)) {
			TH_LOG("root: %s", a->what);
		}
	}
}

static const __u64 perfmon = 1ULL << CAP_PERFMON;

/* It opens everything, other people's tasks too. */
TEST_F(level, with_perfmon)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(software); i++) {
		EXPECT_EQ(0, as_nobody(perfmon, attempt, &software[i])) {
			TH_LOG("%s", software[i].what);
		}
	}
}

TEST_F(level, tracepoints)
{
	int id = tracepoint_id("sched/sched_switch"), own = tracepoint_id("task/task_rename");
	struct attempt a = { .attr = pe_attr(PERF_TYPE_TRACEPOINT, id) };
	bool open = variant->level < 0;

	if (id < 0 || own < 0)
		SKIP(return, "no tracefs");
	/* Counting on oneself needs no more than what the kernel's part needs. */
	a.target = SELF;
	EXPECT_EQ(variant->level < 2 ? 0 : A, as_nobody(0, attempt, &a));
	/* Its data would tell about others. */
	a.attr.sample_period = 1;
	a.attr.sample_type = PERF_SAMPLE_RAW;
	EXPECT_EQ(open ? 0 : variant->level < 2 ? P : A, as_nobody(0, attempt, &a));
	a.target = CPU0;
	EXPECT_EQ(open ? 0 : variant->level < 2 ? P : A, as_nobody(0, attempt, &a));
	EXPECT_EQ(0, as_nobody(perfmon, attempt, &a));
}

TEST_F(level, breakpoint_in_the_kernel)
{
	struct attempt a = { .attr = pe_attr(PERF_TYPE_BREAKPOINT, 0) };
	static int own;

	a.attr.bp_type = HW_BREAKPOINT_W;
	a.attr.bp_len = HW_BREAKPOINT_LEN_4;
	a.attr.bp_addr = (unsigned long)&own;
	a.attr.exclude_kernel = 1;
	if (attempt(&a) == ENOENT)
		SKIP(return, "no breakpoints");
	EXPECT_EQ(0, as_nobody(0, attempt, &a));
	a.attr.bp_addr = -4096UL;
	EXPECT_EQ(EINVAL, as_nobody(0, attempt, &a));
	a.attr.exclude_kernel = 0;
	EXPECT_EQ(variant->level < 2 ? P : A, as_nobody(0, attempt, &a));
}

#define SLOTS_MAX	64

static int fill(struct perf_event_attr *attr)
{
	int fd[SLOTS_MAX], nr = 0, n;

	while (nr < SLOTS_MAX && (fd[nr] = pe_self(attr)) >= 0)
		nr++;
	for (n = nr; n--;)
		close(fd[n]);
	return nr;
}

/* Nobody asks for breakpoints again and again, and is refused; the errno that was another. */
static int ask_for_ever(const struct attempt *a)
{
	if (become_nobody(0))
		return 126;
	while (getppid() != 1) {
		int err = attempt(a);

		if (err != EACCES)
			return err;
	}
	return 0;
}

/* Who is refused has taken nothing from others, not even for a moment. */
TEST_F(level, breakpoints_that_are_refused)
{
	static const enum target targets[] = { CPU0, PARENT };
	struct attempt a = { .attr = pe_attr(PERF_TYPE_BREAKPOINT, 0) };
	static int own;
	int all;

	a.attr.bp_type = HW_BREAKPOINT_W;
	a.attr.bp_len = HW_BREAKPOINT_LEN_4;
	a.attr.bp_addr = (unsigned long)&own;
	a.attr.exclude_kernel = 1;
	all = fill(&a.attr);
	if (!all)
		SKIP(return, "no breakpoints");
	for (unsigned int i = 0; i < ARRAY_SIZE(targets); i++) {
		__u64 end = now_ns(CLOCK_MONOTONIC) + NSEC_PER_SEC / 2 / scale();
		int short_of = 0, n;
		pid_t child;

		a.target = targets[i];
		if (a.target == CPU0 && variant->level < 1)
			continue;
		child = fork();
		if (!child)
			_exit(ask_for_ever(&a));
		for (n = 0; now_ns(CLOCK_MONOTONIC) < end; n++)
			short_of += fill(&a.attr) < all;
		kill(child, SIGKILL);
		EXPECT_EQ(1000 + SIGKILL, child_join(child));
		EXPECT_EQ(0, short_of) {
			TH_LOG("target %d: %d of %d", a.target, short_of, n);
		}
	}
}

/* Probes write into code: not for those who only may watch. */
TEST_F(level, probes)
{
	int kprobe = pmu_type("kprobe"), uprobe = pmu_type("uprobe");
	struct attempt a = { .attr = pe_attr(kprobe, 0) };

	if (kprobe < 0 || uprobe < 0)
		SKIP(return, "no probe PMUs");
	a.attr.exclude_kernel = 1;
	a.attr.kprobe_func = (unsigned long)"schedule";
	EXPECT_EQ(A, as_nobody(0, attempt, &a));
	a.attr.type = uprobe;
	a.attr.uprobe_path = (unsigned long)"/proc/self/exe";
	EXPECT_EQ(A, as_nobody(0, attempt, &a));
	EXPECT_EQ(A, as_nobody(perfmon, attempt, &a));
}

/* ---- Other people's tasks ---- */

static int open_on_sibling(const void *arg)
{
	struct perf_event_attr attr = fault_attr();

	return -try_open(&attr, *(const pid_t *)arg, -1, -1, 0);
}

static void sleeper(struct worker *w, __u64 caps, int uid, int dumpable)
{
	if (worker_fork(w))
		return;
	if (uid)
		become_nobody(caps);
	prctl(PR_SET_DUMPABLE, dumpable);
	worker_post(w);
	worker_wait(w);
	_exit(0);
}

TEST_F(level, tasks_of_others)
{
	struct worker root, same, shut;

	sleeper(&root, 0, 0, 1);
	sleeper(&same, 0, NOBODY, 1);
	sleeper(&shut, 0, NOBODY, 0);
	ASSERT_TRUE(worker_wait(&root) && worker_wait(&same) && worker_wait(&shut));
	EXPECT_EQ(A, as_nobody(0, open_on_sibling, &root.pid));
	EXPECT_EQ(0, as_nobody(0, open_on_sibling, &same.pid));
	/* What may not be dumped may not be watched. */
	EXPECT_EQ(A, as_nobody(0, open_on_sibling, &shut.pid));
	EXPECT_EQ(0, as_nobody(perfmon, open_on_sibling, &root.pid));
	kill(root.pid, SIGKILL);
	kill(same.pid, SIGKILL);
	kill(shut.pid, SIGKILL);
}

static int trap_sibling(const void *arg)
{
	struct perf_event_attr attr = fault_attr();

	attr.sigtrap = 1;
	attr.remove_on_exec = 1;
	return -try_open(&attr, *(const pid_t *)arg, -1, -1, 0);
}

/* Signals change the other task: the right to watch it is not enough. */
TEST_F(level, sigtrap_needs_the_right_to_kill)
{
	struct worker root;

	sleeper(&root, 0, 0, 1);
	ASSERT_TRUE(worker_wait(&root));
	EXPECT_EQ(A, as_nobody(perfmon, trap_sibling, &root.pid));
	EXPECT_EQ(A, as_nobody(0, trap_sibling, &root.pid));
	kill(root.pid, SIGKILL);
}

/* ---- Level 3 ---- */

FIXTURE(shut)
{
	long before;
};

FIXTURE_SETUP(shut)
{
	self->before = sysctl_get("perf_event_paranoid");
	if (geteuid())
		SKIP(return, "not root");
	ASSERT_EQ(0, sysctl_set("perf_event_paranoid", 3));
}

FIXTURE_TEARDOWN_PARENT(shut)
{
	sysctl_set("perf_event_paranoid", self->before);
}

/*
 * Mainline knows nothing above 2; the base of this implementation shuts out
 * everyone but the administrator.  It is one or the other, for all rows.
 */
TEST_F(shut, all_or_as_level_2)
{
	bool all = as_nobody(0, attempt, &software[2]) == A;

	for (unsigned int i = 0; i < ARRAY_SIZE(software); i++) {
		const struct attempt *a = &software[i];

		EXPECT_EQ(all ? A : a->want[3], as_nobody(0, attempt, a)) {
			TH_LOG("%s", a->what);
		}
		EXPECT_EQ(all ? A : 0, as_nobody(perfmon, attempt, a));
		EXPECT_EQ(0, attempt(a));
	}
	EXPECT_EQ(0, as_nobody(1ULL << CAP_SYS_ADMIN, attempt, &software[0]));
}

/* ---- Locked memory ---- */

static int map_pages(const void *arg)
{
	struct perf_event_attr attr = fault_attr();
	struct ring ring;

	return -ring_map(&ring, pe_self(&attr), *(const int *)arg);
}

TEST_F(level, locked_memory)
{
	long limit = sysctl_get("perf_event_mlock_kb") * sysconf(_SC_NPROCESSORS_ONLN) * 1024 /
		     getpagesize();
	struct rlimit none = { 0, 0 };
	int small = 1, large = 1;

	while (2 * small + 1 <= limit)
		small *= 2;
	while (large + 1 <= limit)
		large *= 2;
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &none));
	EXPECT_EQ(0, as_nobody(0, map_pages, &small));
	EXPECT_EQ(variant->level < 0 ? 0 : P, as_nobody(0, map_pages, &large));
	EXPECT_EQ(0, as_nobody(1ULL << CAP_IPC_LOCK, map_pages, &large));
}

TEST_HARNESS_MAIN
