/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trials: a process does an operation while one of its allocations fails, takes
 * back what it did, and compares what there is then with what there was.
 */
#ifndef FAULT_UTIL_H
#define FAULT_UTIL_H

#include <linux/hw_breakpoint.h>
#include "perf_util.h"

#define NEVER		1000000		/* this allocation there is not */
#define PAGES		20
#define CALLS		10
#define CLOSE		"syscalls/sys_enter_close"
#define PROBE		"faults/probe"
#ifdef __aarch64__
#define GETPPID		"__arm64_sys_getppid"
#define GETPGID		"__arm64_sys_getpgid"
#else
#define GETPPID		"__x64_sys_getppid"
#define GETPGID		"__x64_sys_getpgid"
#endif

/* ---- Faults ---- */

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define DEBUGFS		"/sys/kernel/debug/"

struct setting {
	const char *path;
	const char *want;
	char was[16];
};

/* All allocations may fail, and of them nothing is said; a small budget is soon used up. */
static struct setting settings[] = {
	{ DEBUGFS "failslab/ignore-gfp-wait", "N" },
	{ DEBUGFS "failslab/verbose", "0" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N" },
	{ DEBUGFS "fail_page_alloc/min-order", "0" },
	{ DEBUGFS "fail_page_alloc/verbose", "0" },
	{ "/proc/sys/kernel/perf_event_mlock_kb", "16" },
};

static inline void settings_restore(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].was[0])
			file_write(settings[i].path, settings[i].was);
}

/* What cannot be set, or NULL. */
static inline const char *settings_make(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(settings); i++) {
		struct setting *s = &settings[i];

		if (file_read(s->path, s->was, sizeof(s->was)) <= 0 ||
		    file_write(s->path, s->want))
			return s->path;
	}
	return NULL;
}

/* What is left of the number: 0 when the fault has happened. */
static inline int fault_left(int nth)
{
	char text[16] = "";

	return pread(nth, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : -1;
}

static inline void fault_set(int nth, int n)
{
	char text[16];

	if (pwrite(nth, text, snprintf(text, sizeof(text), "%d", n), 0) < 0)
		abort();
}

/* ---- Things to count, and events that do ---- */

/* Where breakpoints are. */
static __u64 *watched;

static __attribute__((noipa, unused)) int probe_me(int n)
{
	return n * 3;
}

static inline void stimulate(void)
{
	touch_pages(PAGES);
	for (int i = 0; i < CALLS; i++) {
		close(5000 + i);
		syscall(__NR_getppid);
		probe_me(i);
		__atomic_store_n(watched, i, __ATOMIC_RELAXED);
	}
}

/* Code lies in the file where it lies in memory, from the start of both. */
static inline unsigned long own_offset(const void *fn)
{
	extern char __executable_start;

	return (unsigned long)fn - (unsigned long)&__executable_start;
}

static inline unsigned long probe_offset(void)
{
	return own_offset(probe_me);
}

/* The name itself: finding it by way of /proc says ENOENT where there is no memory. */
static inline const char *own_path(void)
{
	static char path[512];

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		abort();
	return path;
}

/* With what is known only now. */
static inline struct perf_event_attr complete(struct perf_event_attr attr, const char *name)
{
	attr.size = sizeof(attr);
	if (attr.type == PERF_TYPE_BREAKPOINT) {
		attr.bp_type = HW_BREAKPOINT_W;
		attr.bp_addr = (unsigned long)watched;
		attr.bp_len = HW_BREAKPOINT_LEN_8;
	} else if (name && strchr(name, '/')) {
		attr.config = tracepoint_id(name);
		attr.type = (int)attr.config < 0 ? -1 : PERF_TYPE_TRACEPOINT;
	} else if (name) {
		attr.type = pmu_type(name);
		attr.kprobe_func = (unsigned long)(*name == 'k' ? GETPPID : own_path());
		attr.probe_offset = *name == 'k' ? 0 : probe_offset();
	}
	return attr;
}

/* ---- What may not be left ---- */

static const char * const things[] = {
	"descriptors", "pinned memory", "locked memory", "budget", "breakpoints", "callchains",
};

#define THINGS	ARRAY_SIZE(things)

static inline long status_kb(const char *name)
{
	char text[4096], *at;

	file_read("/proc/self/status", text, sizeof(text));
	at = strstr(text, name);
	return at ? atol(at + strlen(name)) : -1;
}

/* Events of a CPU, so that the process has none of its own before its first. */
static inline void look(long *now)
{
	struct perf_event_attr clock = sw_attr(PERF_COUNT_SW_CPU_CLOCK);
	struct perf_event_attr point = pe_attr(PERF_TYPE_BREAKPOINT, 0);
	int fd[64], nr = 0, pages = 1, cpu = pe_open(&clock, -1, 0, -1, 0);
	struct ring ring;

	point.bp_type = HW_BREAKPOINT_W;
	point.bp_len = HW_BREAKPOINT_LEN_1;
	point.bp_addr = (unsigned long)&things;
	now[0] = lowest_fd();
	now[1] = status_kb("VmPin:");
	now[2] = status_kb("VmLck:");
	/* More than everybody's share: the rest of it is pinned. */
	while (pages < 4 * sysconf(_SC_NPROCESSORS_CONF))
		pages *= 2;
	now[3] = ring_map(&ring, cpu, pages) ?: status_kb("VmPin:");
	if (ring.page)
		ring_unmap(&ring);
	close(cpu);
	while (nr < 64 && (fd[nr] = pe_open(&point, -1, 0, -1, 0)) >= 0)
		nr++;
	now[4] = nr;
	while (nr--)
		close(fd[nr]);
	/* This one may be written only when nobody records any. */
	now[5] = sysctl_set("perf_event_max_stack", sysctl_get("perf_event_max_stack"));
}

/* Which is the first thing that is not as it was; what ends a little later may. */
static inline unsigned int look_again(const long *was, long *now)
{
	unsigned int i = 0;

	for (int tries = 0; tries < 10; tries++) {
		look(now);
		for (i = 0; i < THINGS && now[i] == was[i]; i++)
			;
		if (i == THINGS)
			break;
		sleep_ms(10);
	}
	return i;
}

/* ---- A trial ---- */

/* What a trial tells; shared with the test. */
struct report {
	int err;
	int left;
	long was[THINGS];	/* in the first trial */
	char wrong[80];
};

struct trial {
	struct perf_event_attr attr;
	struct perf_event_attr sibling[2];
	struct worker w;
	const char *cgroup;
	unsigned long flags;
	pid_t pid;
	int cpu;
	int nth;		/* FAIL_NTH */
	int file;		/* what else run needs */
	int fd[8];
	int nr;
	int base;		/* of which so many were there before run */
	struct ring ring;
	bool ring_stays;	/* and so was the ring */
	void *map;
	pid_t child;
};

enum place { SELF, OTHER, CPU, CGROUP };

/* What a kind of trial does. */
struct plan {
	struct perf_event_attr attr;
	const char *name;		/* of a tracepoint, or of a PMU of probes */
	const char *probe;		/* of the dynamic event, new for each trial */
	enum place place;
	int (*before)(struct trial *t);	/* out of reach of faults */
	int (*run)(struct trial *t);	/* 0 or -errno */
	bool (*works)(struct trial *t);
	int also[2];			/* errnos that are as good as ENOMEM */
	bool spare_end;			/* no fault while it is taken back */
};

static inline int keep_fd(struct trial *t, int fd)
{
	if (fd < 0)
		return fd;
	t->fd[t->nr++] = fd;
	return 0;
}

static inline int enter(const char *cgroup, pid_t pid)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	snprintf(text, sizeof(text), "%d", pid);
	return file_write(path, text);
}

static inline int prepare(struct trial *t, const struct plan *p)
{
	int err;

	t->attr = complete(p->attr, p->name);
	t->sibling[0] = complete((struct perf_event_attr) { 0 }, CLOSE);
	t->sibling[1] = complete((struct perf_event_attr) { .type = PERF_TYPE_BREAKPOINT }, NULL);
	t->cpu = p->place == CPU || p->place == CGROUP ? 0 : -1;
	t->pid = p->place == CPU ? -1 : 0;
	if ((p->place == OTHER || p->place == CGROUP) && !worker_fork(&t->w)) {
		while (worker_wait(&t->w)) {
			stimulate();
			worker_post(&t->w);
		}
		_exit(0);
	}
	if (p->place == OTHER)
		t->pid = t->w.pid;
	if (p->place == CGROUP) {
		t->cgroup = cgroup_make();
		if (!t->cgroup || enter(t->cgroup, t->w.pid))
			return -ENODEV;
		t->file = open(t->cgroup, O_RDONLY | O_DIRECTORY);
		t->pid = t->file;
		t->flags = PERF_FLAG_PID_CGROUP;
	}
	err = p->before ? p->before(t) : 0;
	t->base = t->nr;
	t->ring_stays = t->ring.page;
	t->nth = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	return err;
}

/* What run made goes, without an error. */
static inline int take_back(struct trial *t)
{
	int err = 0;

	if (t->child > 0 && child_join(t->child))
		err = -ECHILD;
	t->child = 0;
	if (t->map && t->map != MAP_FAILED && munmap(t->map, getpagesize()))
		err = -errno;
	t->map = NULL;
	if (t->ring.page && t->ring_stays)
		ring_drain(&t->ring, 0);
	else if (t->ring.page)
		ring_unmap(&t->ring);
	while (t->nr > t->base)
		if (close(t->fd[--t->nr]))
			err = -errno;
	return err;
}

static inline int finish(struct trial *t)
{
	t->base = 0;
	t->ring_stays = false;
	take_back(t);
	close(t->file);
	if (t->w.pid)
		worker_join(&t->w);
	return t->cgroup && rmdir(t->cgroup) ? -errno : 0;
}

static inline void wrong(struct report *r, const char *what, long n)
{
	if (!r->wrong[0])
		snprintf(r->wrong, sizeof(r->wrong), "%s: %ld", what, n);
}

static inline void attempt(const struct plan *p, int n, struct report *r)
{
	struct trial t = { .file = -1 };
	long now[THINGS];
	unsigned int thing;
	int left, err;

	r->err = prepare(&t, p);
	if (r->err)
		return;
	if (n == NEVER)
		look(r->was);
	fault_set(t.nth, n);
	r->err = p->run(&t);
	left = fault_left(t.nth);
	if (p->spare_end)
		fault_set(t.nth, 0);
	err = take_back(&t);
	r->left = p->spare_end ? left : fault_left(t.nth);
	fault_set(t.nth, 0);
	if (err)
		wrong(r, "taking it back", err);
	if (r->err && left)
		wrong(r, "without a fault", r->err);
	thing = look_again(r->was, now);
	if (thing < THINGS)
		wrong(r, things[thing], now[thing] - r->was[thing]);
	err = p->run(&t);
	if (err)
		wrong(r, "once more", err);
	else if (!p->works(&t))
		wrong(r, "does not work once more", 0);
	err = finish(&t);
	if (err)
		wrong(r, "the end of the cgroup", err);
}

/* ---- Many of them ---- */

static inline int probe_make(const char *kind)
{
	char text[600];

	snprintf(text, sizeof(text), "p:" PROBE " " GETPPID);
	if (*kind == 'u')
		snprintf(text, sizeof(text), "p:" PROBE " %s:0x%lx", own_path(), probe_offset());
	return file_write("/sys/kernel/tracing/dynamic_events", text);
}

static inline int probe_remove(void)
{
	return file_write("/sys/kernel/tracing/dynamic_events", "-:" PROBE);
}

static inline bool may_say(const struct plan *p, int err)
{
	return !err || err == -ENOMEM || err == -p->also[0] || err == -p->also[1];
}

/* Whether it ended well; what @r says of errors is for the caller to judge. */
static inline bool trial(const struct plan *p, int n, struct report *r)
{
	pid_t pid;
	int code;

	r->err = p->probe ? probe_make(p->probe) : 0;
	r->wrong[0] = 0;
	if (r->err)
		return true;
	pid = fork();
	if (!pid) {
		attempt(p, n, r);
		_exit(0);
	}
	code = child_join(pid);
	if (code)
		wrong(r, "died", code);
	code = p->probe ? probe_remove() : 0;
	if (code)
		wrong(r, "the event cannot be removed", code);
	return !r->wrong[0];
}

/* Cgroups that are removed but still held. */
static inline int cgroups_dying(void)
{
	char text[1024], *at;

	file_read("/sys/fs/cgroup/cgroup.stat", text, sizeof(text));
	at = strstr(text, "nr_dying_descendants ");
	return at ? atoi(at + 21) : 0;
}

/* ---- Memory that nothing points to ---- */

#define KMEMLEAK	DEBUGFS "kmemleak"

/* How many objects from perf_events, which are printed; a negative errno without a checker. */
static inline int leaks(void)
{
	char line[256], object[4096] = "";
	int err = file_write(KMEMLEAK, "scan"), nr = 0;
	size_t len = 0;
	FILE *f;

	if (err)
		return err;
	/* Younger than 5 seconds is not told; twice, for what was on its way. */
	sleep_ms(6000);
	file_write(KMEMLEAK, "scan");
	f = fopen(KMEMLEAK, "r");
	while (f) {
		bool more = fgets(line, sizeof(line), f);

		if (!more || !strncmp(line, "unreferenced", 12)) {
			if (strstr(object, "perf_")) {
				fprintf(stderr, "%s", object);
				nr++;
			}
			len = 0;
		}
		if (!more)
			break;
		if (len + strlen(line) < sizeof(object))
			len += sprintf(object + len, "%s", line);
	}
	if (f)
		fclose(f);
	return nr;
}

#endif /* FAULT_UTIL_H */
