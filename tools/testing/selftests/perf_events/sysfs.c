// SPDX-License-Identifier: GPL-2.0
/*
 * What of perf_events is seen in files: the PMUs in sysfs, an event in fdinfo,
 * the sysctls; and the two prctl commands that act on all events of a task.
 */
#include <dirent.h>
#include <setjmp.h>
#include "perf_util.h"

#define DEVICES	"/sys/bus/event_source/devices"

/* ---- PMUs ---- */

TEST(types)
{
	EXPECT_EQ(PERF_TYPE_SOFTWARE, pmu_type("software"));
	EXPECT_EQ(PERF_TYPE_BREAKPOINT, pmu_type("breakpoint"));
	if (tracefs())
		EXPECT_EQ(PERF_TYPE_TRACEPOINT, pmu_type("tracepoint"));
	EXPECT_EQ(-1, pmu_type("no_such_pmu"));
}

/* Call @check for each PMU's directory; how many there are. */
static int each_pmu(bool (*check)(const char *path, const char *name))
{
	struct dirent *entry;
	char path[512];
	int nr = 0;
	DIR *dir = opendir(DEVICES);

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), DEVICES "/%s", entry->d_name);
		if (!check(path, entry->d_name))
			nr = -10000;
		nr++;
	}
	if (dir)
		closedir(dir);
	return nr;
}

static __u64 types_seen;

static bool type_is_its_own(const char *path, const char *name)
{
	int type = pmu_type(name);
	bool fresh = type >= 0 && type < 64 && !(types_seen & 1ULL << type);

	if (fresh)
		types_seen |= 1ULL << type;
	return fresh;
}

TEST(each_type_once)
{
	EXPECT_LT(2, each_pmu(type_is_its_own));
}

/* Each PMU but those that are made of software has an interval to multiplex in. */
static long interval_of(const char *path)
{
	char file[600];

	snprintf(file, sizeof(file), "%s/perf_event_mux_interval_ms", path);
	return file_long(file, -1);
}

static int set_interval(const char *path, const char *text)
{
	char file[600];

	snprintf(file, sizeof(file), "%s/perf_event_mux_interval_ms", path);
	return file_write(file, text);
}

static bool interval_is_checked(const char *path, const char *name)
{
	long before = interval_of(path);
	bool good;

	if (before < 0)
		return false;
	good = set_interval(path, "0") == -EINVAL && set_interval(path, "-1") == -EINVAL &&
	       set_interval(path, "x") == -EINVAL && interval_of(path) == before &&
	       set_interval(path, "7") == 0 && interval_of(path) == 7 &&
	       set_interval(path, "4") == 0 && interval_of(path) == 4;
	return good;
}

TEST(mux_interval)
{
	if (geteuid())
		SKIP(return, "not root");
	EXPECT_LT(2, each_pmu(interval_is_checked));
}

static bool type_is_constant(const char *path, const char *name)
{
	char file[600];

	snprintf(file, sizeof(file), "%s/type", path);
	return file_write(file, "1") < 0;
}

TEST(types_are_constant)
{
	EXPECT_LT(2, each_pmu(type_is_constant));
}

static const char *probe_format(const char *pmu, const char *field)
{
	static char buf[128];
	char path[256];

	snprintf(path, sizeof(path), DEVICES "/%s/format/%s", pmu, field);
	if (file_read(path, buf, sizeof(buf)) < 0)
		return "";
	buf[strcspn(buf, "\n")] = 0;
	return buf;
}

TEST(probe_formats)
{
	if (pmu_type("kprobe") < 0)
		SKIP(return, "no kprobe PMU");
	EXPECT_STREQ("config:0", probe_format("kprobe", "retprobe"));
	if (pmu_type("uprobe") < 0)
		SKIP(return, "no uprobe PMU");
	EXPECT_STREQ("config:0", probe_format("uprobe", "retprobe"));
	EXPECT_STREQ("config:32-63", probe_format("uprobe", "ref_ctr_offset"));
}

/* ---- Probes by their PMUs ---- */

static __attribute__((noipa)) int probe_me(int n)
{
	return n * 3;
}

/* Entered, and never left by its end. */
static jmp_buf out;

static __attribute__((noipa)) int never_returns(int n)
{
	longjmp(out, n);
	return n;
}

/* Where in the file a function of this program lies. */
static long offset_in_file(const void *fn, char *path, size_t len)
{
	unsigned long start, end, offset;
	char line[512], name[256];
	FILE *maps = fopen("/proc/self/maps", "r");
	long found = -1;

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %255s", &start, &end, &offset,
			   name) != 4)
			continue;
		if ((unsigned long)fn < start || (unsigned long)fn >= end)
			continue;
		found = (unsigned long)fn - start + offset;
		snprintf(path, len, "%s", name);
	}
	fclose(maps);
	return found;
}

TEST(uprobe)
{
	int type = pmu_type("uprobe");
	struct perf_event_attr attr = pe_attr(type, 0);
	int fd, n = 0;
	char path[256];

	if (type < 0)
		SKIP(return, "no uprobe PMU");
	attr.probe_offset = offset_in_file(probe_me, path, sizeof(path));
	attr.uprobe_path = (unsigned long)path;
	fd = pe_self(&attr);
	ASSERT_LE(0, fd);
	for (int i = 0; i < 5; i++)
		n += probe_me(i);
	EXPECT_EQ(30, n);
	EXPECT_EQ(5, pe_count(fd));
	pe_disable(fd);
	probe_me(1);
	EXPECT_EQ(5, pe_count(fd));
	close(fd);
	/* Its return, then. */
	attr.config = 1;
	fd = pe_self(&attr);
	ASSERT_LE(0, fd);
	probe_me(1);
	EXPECT_EQ(1, pe_count(fd));
	close(fd);
	attr.probe_offset = offset_in_file(never_returns, path, sizeof(path));
	for (int returns = 0; returns < 2; returns++) {
		attr.config = returns;
		fd = pe_self(&attr);
		ASSERT_LE(0, fd);
		if (!setjmp(out))
			never_returns(1);
		EXPECT_EQ(!returns, pe_count(fd));
		close(fd);
	}
	attr.config = 0;
	attr.uprobe_path = (unsigned long)"/no/such/file";
	EXPECT_EQ(-ENOENT, pe_self(&attr));
	attr.uprobe_path = 0;
	EXPECT_EQ(-EINVAL, pe_self(&attr));
	attr.uprobe_path = -4096L;
	EXPECT_EQ(-EFAULT, pe_self(&attr));
}

/* A probe of tracing's is tracing's or an event's, not both at once. */
TEST(uprobe_that_tracing_uses)
{
	struct perf_event_attr attr = pe_attr(PERF_TYPE_TRACEPOINT, 0);
	char path[256], text[320], events[128], enable[128];
	long offset = offset_in_file(probe_me, path, sizeof(path));
	int err;

	snprintf(events, sizeof(events), "%s/uprobe_events", tracefs() ?: "");
	snprintf(enable, sizeof(enable), "%s/events/uprobes/sysfs_test/enable", tracefs() ?: "");
	snprintf(text, sizeof(text), "p:sysfs_test %s:%#lx", path, offset);
	if (!tracefs() || file_write(events, text))
		SKIP(return, "tracing makes no probes");
	attr.config = tracepoint_id("uprobes/sysfs_test");
	EXPECT_EQ(0, file_write(enable, "1"));
	err = try_open(&attr, 0, -1, -1, 0);
	EXPECT_EQ(0, file_write(enable, "0"));
	EXPECT_EQ(-EINTR, err);
	EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0));
	EXPECT_EQ(0, file_write(events, "-:sysfs_test"));
}

static __u64 kernel_address(const char *name)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	char line[512], found[256];
	unsigned long long at = 0;

	while (symbols && fgets(line, sizeof(line), symbols)) {
		if (sscanf(line, "%llx %*c %255s", &at, found) == 2 && !strcmp(found, name))
			break;
		at = 0;
	}
	if (symbols)
		fclose(symbols);
	return at;
}

TEST(kprobe)
{
	int type = pmu_type("kprobe");
	struct perf_event_attr attr = pe_attr(type, 0);
	int fd;

	if (type < 0)
		SKIP(return, "no kprobe PMU");
	attr.kprobe_func = (unsigned long)"__x64_sys_getppid";
	fd = pe_self(&attr);
	if (fd == -ENOENT)
		SKIP(return, "no such function on this architecture");
	ASSERT_LE(0, fd);
	for (int i = 0; i < 5; i++)
		syscall(__NR_getppid);
	EXPECT_EQ(5, pe_count(fd));
	close(fd);
	/* By its address. */
	attr.kprobe_func = 0;
	attr.kprobe_addr = kernel_address("__x64_sys_getppid");
	if (attr.kprobe_addr) {
		fd = pe_self(&attr);
		ASSERT_LE(0, fd);
		syscall(__NR_getppid);
		EXPECT_EQ(1, pe_count(fd));
		close(fd);
	}
	attr.kprobe_addr = 0;
	attr.kprobe_func = (unsigned long)"no_such_function_anywhere";
	EXPECT_EQ(-ENOENT, pe_self(&attr));
	attr.kprobe_func = -4096L;
	EXPECT_EQ(-EFAULT, pe_self(&attr));
}

/* ---- fdinfo and the anonymous inode ---- */

TEST(descriptor)
{
	struct perf_event_attr attr = fault_attr();
	int fd = pe_self(&attr), n;
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, text, sizeof(text) - 1);
	ASSERT_LT(0, n);
	text[n] = 0;
	EXPECT_STREQ("anon_inode:[perf_event]", text);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	ASSERT_LT(0, file_read(path, text, sizeof(text)));
	EXPECT_EQ(0, strncmp(text, "pos:", 4));
	EXPECT_EQ(-1, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, write(fd, text, 8));
	EXPECT_EQ(-1, pread(fd, text, 8, 0));
}

/* ---- Sysctls ---- */

static const struct {
	const char *name;
	const char *bad;
} sysctls[] = {
	{ "perf_event_paranoid", "nonsense" },
	{ "perf_event_max_sample_rate", "0" },
	{ "perf_event_max_sample_rate", "-1" },
	{ "perf_cpu_time_max_percent", "101" },
	{ "perf_cpu_time_max_percent", "-1" },
	{ "perf_event_max_stack", "655361" },
	{ "perf_event_max_stack", "-1" },
	{ "perf_event_max_contexts_per_stack", "1001" },
	{ "perf_event_mlock_kb", "nonsense" },
};

TEST(sysctls_refuse)
{
	char path[128];

	if (geteuid())
		SKIP(return, "not root");
	for (unsigned int i = 0; i < ARRAY_SIZE(sysctls); i++) {
		long before = sysctl_get(sysctls[i].name);

		snprintf(path, sizeof(path), "/proc/sys/kernel/%s", sysctls[i].name);
		EXPECT_EQ(-EINVAL, file_write(path, sysctls[i].bad)) {
			TH_LOG("%s = %s", sysctls[i].name, sysctls[i].bad);
		}
		EXPECT_EQ(before, sysctl_get(sysctls[i].name));
	}
}

/* Where nobody watches what sampling costs, a rate has no meaning. */
TEST(rate_without_a_budget)
{
	long rate = sysctl_get("perf_event_max_sample_rate");
	long percent = sysctl_get("perf_cpu_time_max_percent");
	static const int off[] = { 0, 100 };

	if (geteuid())
		SKIP(return, "not root");
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(0, sysctl_set("perf_cpu_time_max_percent", off[i]));
		EXPECT_EQ(-EINVAL, sysctl_set("perf_event_max_sample_rate", rate / 2));
		EXPECT_EQ(rate, sysctl_get("perf_event_max_sample_rate"));
	}
	EXPECT_EQ(0, sysctl_set("perf_cpu_time_max_percent", percent ?: 25));
	EXPECT_EQ(0, sysctl_set("perf_event_max_sample_rate", rate / 2));
	EXPECT_EQ(rate / 2, sysctl_get("perf_event_max_sample_rate"));
	EXPECT_EQ(0, sysctl_set("perf_event_max_sample_rate", rate));
	EXPECT_EQ(0, sysctl_set("perf_cpu_time_max_percent", percent));
}

/* The deepest stack may not change while a buffer for it is in use. */
TEST(max_stack_is_busy)
{
	struct perf_event_attr attr = fault_attr();
	long max = sysctl_get("perf_event_max_stack");
	int fd;

	if (geteuid())
		SKIP(return, "not root");
	attr.sample_type = PERF_SAMPLE_CALLCHAIN;
	attr.sample_period = 1;
	fd = pe_self(&attr);
	EXPECT_EQ(-EBUSY, sysctl_set("perf_event_max_stack", max - 1));
	close(fd);
	EXPECT_EQ(0, sysctl_set("perf_event_max_stack", max - 1));
	attr.sample_max_stack = max;
	EXPECT_EQ(-EOVERFLOW, pe_self(&attr));
	EXPECT_EQ(0, sysctl_set("perf_event_max_stack", max));
	EXPECT_EQ(0, try_open(&attr, 0, -1, -1, 0));
}

/* ---- The PMU msr ---- */

/* Each file of events/ can be opened and grows, or is a level; other numbers cannot. */
TEST(msr_events)
{
	static const char *const name[] = {
		"tsc", "aperf", "mperf", "pperf", "smi", "ptsc", "irperf", "cpu_thermal_margin",
	};
	struct perf_event_attr attr = pe_attr(pmu_type("msr"), 0);
	char path[128], text[64], want[64];
	__u64 first;
	int fd;

	if ((int)attr.type < 0)
		SKIP(return, "no PMU msr");
	for (unsigned int i = 0; i < ARRAY_SIZE(name); i++) {
		snprintf(path, sizeof(path), "/sys/bus/event_source/devices/msr/events/%s",
			 name[i]);
		snprintf(want, sizeof(want), "event=0x%02x\n", i);
		attr.config = i;
		fd = pe_self(&attr);
		if (file_read(path, text, sizeof(text)) < 0) {
			EXPECT_EQ(-EINVAL, fd);
			continue;
		}
		EXPECT_STREQ(want, text);
		ASSERT_LE(0, fd);
		first = pe_count(fd);
		run_ms(1);
		EXPECT_TRUE(i > 2 || pe_count(fd) > first);
		pe_disable(fd);
		first = pe_count(fd);
		run_ms(1);
		EXPECT_EQ(first, pe_count(fd));
		close(fd);
	}
	for (unsigned int i = 0; i < 2; i++) {
		attr.config = i ? 1ULL << 32 : ARRAY_SIZE(name);
		EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0));
	}
	attr.config = 0;
	attr.exclude_kernel = 1;
	EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0));
	attr.exclude_kernel = 0;
	attr.sample_period = 1000;
	EXPECT_EQ(-EINVAL, try_open(&attr, 0, -1, -1, 0));
}

/* ---- prctl ---- */

/* It acts on what this task has opened, on whomever, and on nothing else. */
TEST(prctl_on_what_one_opened)
{
	struct perf_event_attr attr = fault_attr();
	__u64 n, other;
	struct worker w;
	int fds[2];

	warm_up();
	if (!worker_fork(&w)) {
		for (int i = 0; i < 3; i++) {
			worker_wait(&w);
			touch_pages(20);
			worker_post(&w);
		}
		_exit(0);
	}
	fds[0] = pe_self(&attr);
	fds[1] = pe_open(&attr, w.pid, -1, -1, 0);
	ASSERT_LE(0, fds[1]);
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	ASSERT_EQ(0, prctl(PR_TASK_PERF_EVENTS_DISABLE));
	n = pe_count(fds[0]);
	other = pe_count(fds[1]);
	EXPECT_LE(20, other);
	touch_pages(20);
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	EXPECT_EQ(n, pe_count(fds[0]));
	EXPECT_EQ(other, pe_count(fds[1]));
	ASSERT_EQ(0, prctl(PR_TASK_PERF_EVENTS_ENABLE));
	touch_pages(20);
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	EXPECT_LE(n + 20, pe_count(fds[0]));
	EXPECT_LE(other + 20, pe_count(fds[1]));
	EXPECT_EQ(0, worker_join(&w));
}

TEST(prctl_of_another_task)
{
	struct perf_event_attr attr = fault_attr();
	pid_t child;
	int fd;

	warm_up();
	fd = pe_self(&attr);
	child = fork();
	if (!child)
		_exit(prctl(PR_TASK_PERF_EVENTS_DISABLE) ? 1 : 0);
	EXPECT_EQ(0, child_join(child));
	pe_ioctl(fd, PERF_EVENT_IOC_RESET, 0);
	touch_pages(5);
	EXPECT_LE(5, pe_count(fd));
}

TEST_HARNESS_MAIN
