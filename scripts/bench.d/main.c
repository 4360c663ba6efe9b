// SPDX-License-Identifier: GPL-2.0
/* bench PATH...: these paths, each in all its sizes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

static const struct path *const all[] = {
	switch_paths, call_paths, fork_paths, hit_paths, sample_paths, mmap_paths, wait_paths,
	breakpoint_paths, trigger_paths, hardware_paths,
};

static u64 own_cost;		/* of an empty take */

/* One tick of the guest's time stamp counter is an instruction. */
u64 now(void)
{
	unsigned int low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (u64)high << 32 | low;
}

void take(struct takes *takes, u64 start)
{
	u64 end = now();

	if (takes->nr < (int)ARRAY_SIZE(takes->value))
		takes->value[takes->nr++] = end - start;
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static u64 median(const struct takes *takes)
{
	struct takes sorted = *takes;

	qsort(sorted.value, sorted.nr, sizeof(sorted.value[0]), compare);
	return sorted.value[sorted.nr / 2];
}

void report_value(const struct path *path, int size, double value)
{
	printf("%s %d %.0f\n", path->name, size, value);
}

void report(const struct path *path, int size, const struct takes *takes)
{
	report_value(path, size, median(takes) - own_cost);
}

void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

int must(int ret, const char *what)
{
	if (ret < 0)
		die(what);
	return ret;
}

void write_file(const char *path, const char *text)
{
	int fd = must(open(path, O_WRONLY), path);

	must(write(fd, text, strlen(text)), path);
	close(fd);
}

pid_t child(void)
{
	pid_t pid = must(fork(), "fork");

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

void rest(void)
{
	struct timespec time = { .tv_sec = 3 };

	nanosleep(&time, NULL);
}

struct perf_event_attr quiet(void)
{
	return (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(struct perf_event_attr),
		.config = PERF_COUNT_SW_ALIGNMENT_FAULTS,
	};
}

struct perf_event_attr tracepoint(const char *name)
{
	struct perf_event_attr attr = quiet();
	char path[128], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/tracing/events/%s/id", name);
	fd = must(open(path, O_RDONLY), path);
	must(read(fd, text, sizeof(text) - 1), path);
	close(fd);
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.config = atoi(text);
	return attr;
}

int event(struct perf_event_attr attr, pid_t pid, int cpu, int group, unsigned long flags)
{
	return must(syscall(SYS_perf_event_open, &attr, pid, cpu, group, flags), "perf_event_open");
}

int open_event(struct perf_event_attr attr)
{
	return event(attr, 0, -1, -1, 0);
}

void open_events(struct perf_event_attr attr, int nr)
{
	while (nr-- > 0)
		open_event(attr);
}

static void set_up(char **argv)
{
	struct rlimit files = { 4096, 4096 };
	struct takes takes = {};

	/* The addresses decide how many page tables a fork copies. */
	if (!(personality(0xffffffff) & ADDR_NO_RANDOMIZE)) {
		personality(ADDR_NO_RANDOMIZE);
		execv("/proc/self/exe", argv);
		die("/proc/self/exe");
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	must(setrlimit(RLIMIT_NOFILE, &files), "RLIMIT_NOFILE");
	/* No limit to the rate of samples. */
	write_file("/proc/sys/kernel/perf_event_max_sample_rate", "100000000");
	write_file("/proc/sys/kernel/perf_cpu_time_max_percent", "0");
	for (int i = 0; i < 99; i++)
		TAKE(&takes, (void)0);
	own_cost = median(&takes);
}

static bool run(const struct path *path, int size)
{
	int status;
	pid_t pid = child();

	if (!pid) {
		path->run(path, size);
		exit(0);
	}
	must(waitpid(pid, &status, 0), "wait");
	rest();
	if (!status)
		return true;
	printf("%s %d failed\n", path->name, size);
	return false;
}

static bool wanted(const char *name, char **names)
{
	while (*names && strcmp(*names, name))
		names++;
	return *names;
}

int main(int argc, char **argv)
{
	struct utsname kernel;
	bool good = true;

	set_up(argv);
	rest();
	uname(&kernel);
	printf("# kernel %s\n", kernel.release);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		for (const struct path *path = all[i]; path->name; path++) {
			if (!wanted(path->name, argv + 1))
				continue;
			for (int s = 0; s == 0 || path->sizes[s]; s++)
				good &= run(path, path->sizes[s]);
		}
	}
	return !good;
}
