/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a hand can do with tasks, CPUs and settings, the table of all
 * operations, and the step that takes one of them.
 */
#ifndef TORTURE_TASKS_H
#define TORTURE_TASKS_H

#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/user.h>
#include "torture_graph.h"
#include "torture_ops.h"

#define DEPTH_MAX	2
#define PROC_EXE	"/proc/self/exe"
#define NOTHING		"--nothing"
#define TORTURE_PROBE	"torture/probe"

static void live(struct hand *h, int steps);

/* ---- Work for events ---- */

static int op_work(struct hand *h)
{
	stimulate();
	for (int i = 0; i < 16; i++)
		TELL(watched[i], i);
	switch (pick(h, 6)) {
	case 0:
		spin_ms(1);
		break;
	case 1:
		sleep_ms(1);
		break;
	case 2:
		for (int i = pick(h, 50); i--;)
			sched_yield();
	}
	return 0;
}

/* Things that the world is told of. */
static int op_tell(struct hand *h)
{
	size_t len = getpagesize();
	int fd;
	void *p;

	if (chance(h, 3))
		return prctl(PR_SET_NAME, chance(h, 2) ? "torture" : "a_longer_name", 0, 0, 0);
	if (h->depth && chance(h, 4))
		return unshare(CLONE_NEWUTS) ? -errno : 0;
	fd = open(PROC_EXE, O_RDONLY | O_CLOEXEC);
	p = mmap(NULL, len, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return -errno;
	munmap(p, len);
	return 0;
}

static int op_affinity(struct hand *h)
{
	pid_t tid = chance(h, 4) ? any_tid(h) : 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(pick(h, world.cpus), &set);
	if (chance(h, 3))
		for (int i = 0; i < world.cpus; i++)
			CPU_SET(i, &set);
	return sched_setaffinity(tid, sizeof(set), &set) ? -errno : 0;
}

static int op_cgroup(struct hand *h)
{
	int fd = openat(world.cgroup[pick(h, GROUPS)], "cgroup.procs", O_WRONLY | O_CLOEXEC), err;
	char text[16];

	if (fd < 0)
		return -errno;
	snprintf(text, sizeof(text), "%d", chance(h, 3) ? any_tid(h) : 0);
	err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* ---- Tasks ---- */

static int open_nth(void)
{
	return world.faults ? open(FAIL_NTH, O_RDWR | O_CLOEXEC) : -1;
}

static void publish(pid_t pid)
{
	TELL(common->crowd[TALLY(common->nr_crowd) % CROWD], pid);
}

/* In a child: mappings of buffers stay with the parent, and so does the right to its rings. */
static void become_child(struct hand *h)
{
	h->path = path_of(h->path, 1000 + h->step);
	h->step = 0;
	h->depth++;
	close(h->nth);
	h->nth = open_nth();
	for (int i = 0; i < SLOTS; i++) {
		h->slot[i].own = false;
		h->slot[i].ring.page = NULL;
		h->slot[i].aux = NULL;
	}
}

static void exec_nothing(void)
{
	execl(PROC_EXE, "torture", NOTHING, NULL);
	_exit(0);
}

static void *exec_in_thread(void *unused)
{
	exec_nothing();
	return NULL;
}

static void *work_in_thread(void *steps)
{
	for (long n = (long)steps; n--;)
		stimulate();
	return NULL;
}

/* The end of a child. */
static void leave(struct hand *h)
{
	pthread_t thread;

	switch (pick(h, 6)) {
	case 0:
		exec_nothing();
		break;
	case 1:
		kill(getpid(), SIGKILL);
		break;
	case 2:
		if (!pthread_create(&thread, NULL, exec_in_thread, NULL))
			pthread_join(thread, NULL);
		break;
	case 3:
		/* The last thread is not the first one. */
		if (!pthread_create(&thread, NULL, work_in_thread, (void *)2))
			pthread_exit(NULL);
	}
	_exit(0);
}

static int op_fork(struct hand *h)
{
	unsigned int steps = pick(h, 12);
	bool wait = chance(h, 2);
	pid_t pid;

	if (h->depth >= DEPTH_MAX)
		return -EPERM;
	pid = fork();
	if (!pid) {
		become_child(h);
		live(h, steps);
		leave(h);
	}
	if (pid < 0)
		return -errno;
	publish(pid);
	if (wait)
		waitpid(pid, NULL, 0);
	return 0;
}

static int op_vfork(struct hand *h)
{
	bool execute = chance(h, 2);
	pid_t pid = vfork();

	if (!pid) {
		if (execute)
			execl(PROC_EXE, "torture", NOTHING, NULL);
		_exit(0);
	}
	if (pid < 0)
		return -errno;
	waitpid(pid, NULL, 0);
	return 0;
}

static int op_thread(struct hand *h)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, work_in_thread, (void *)(long)pick(h, 4));

	if (err)
		return -err;
	pthread_join(thread, NULL);
	return 0;
}

static int op_reap(struct hand *h)
{
	int nr = 0;

	while (waitpid(-1, NULL, WNOHANG | __WNOTHREAD) > 0)
		nr++;
	return nr ? 0 : -ECHILD;
}

static int op_kill(struct hand *h)
{
	pid_t tid = any_tid(h);

	return tid > 0 && kill(tid, SIGKILL) ? -errno : 0;
}

/* One that a debugger stops, and whose debug registers it sets. */
static int op_ptrace(struct hand *h)
{
	int status;
	pid_t pid;

	if (h->depth >= DEPTH_MAX)
		return -EPERM;
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		stimulate();
		_exit(0);
	}
	if (pid < 0)
		return -errno;
	for (int i = 0; i < 5 && waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status); i++) {
#ifdef __x86_64__
		size_t at = offsetof(struct user, u_debugreg);
		unsigned int nr = pick(h, 4);

		ptrace(PTRACE_POKEUSER, pid, at + 8 * nr, (unsigned long)watched + 8 * pick(h, 8));
		ptrace(PTRACE_POKEUSER, pid, at + 8 * 7,
		       chance(h, 4) ? 0 : (0x90000UL << 4 * nr) | 1 << 2 * nr);
#endif
		ptrace(PTRACE_CONT, pid, 0, 0);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}

/* ---- Descriptors of others ---- */

static int op_send(struct hand *h)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct slot *s = used_slot(h);
	struct iovec vec = { s, sizeof(*s) };
	struct msghdr msg = {
		.msg_iov = &vec, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	if (s->fd < 0)
		return -EBADF;
	memcpy(CMSG_DATA(&control.head), &s->fd, sizeof(int));
	return sendmsg(world.socket[pick(h, world.teams)][1], &msg, MSG_DONTWAIT) < 0 ? -errno : 0;
}

static int op_receive(struct hand *h)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct slot *s = any_slot(h), got;
	struct iovec vec = { &got, sizeof(got) };
	struct msghdr msg = {
		.msg_iov = &vec, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *head;

	if (recvmsg(world.socket[h->team][0], &msg, MSG_DONTWAIT) < 0)
		return -errno;
	head = CMSG_FIRSTHDR(&msg);
	if (!head)
		return -EMFILE;
	close_slot(h, s);
	*s = got;
	memcpy(&s->fd, CMSG_DATA(head), sizeof(int));
	s->own = false;
	s->leader = -1;
	s->ring.page = NULL;
	s->aux = NULL;
	return 0;
}

/* ---- The machine, by one hand alone ---- */

static int op_hotplug(struct hand *h)
{
	char path[64];
	int err, tries = 10;

	if (world.cpus < 2)
		return -ENODEV;
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online",
		 1 + pick(h, world.cpus - 1));
	err = file_write(path, "0");
	if (err)
		return err;
	sleep_ms(pick(h, 20));
	while ((err = file_write(path, "1")) && tries--)
		sleep_ms(100);
	if (err)
		complain(h, "%s cannot be set to 1: %d", path, err);
	return err;
}

static const struct {
	const char *name;
	int low, high;
} settable[] = {
	{ "perf_event_paranoid", -1, 2 },
	{ "perf_event_max_sample_rate", 500, 5000 },
	{ "perf_event_mlock_kb", 0, 600 },
	{ "perf_cpu_time_max_percent", 0, 100 },
	{ "perf_event_max_stack", 1, 127 },
	{ "perf_event_max_contexts_per_stack", 1, 8 },
	{ "nmi_watchdog", 0, 1 },
};

static int op_setting(struct hand *h)
{
	unsigned int at = pick(h, ARRAY_SIZE(settable));
	int low = settable[at].low;

	return sysctl_set(settable[at].name, low + (int)pick(h, settable[at].high - low + 1));
}

static int op_interval(struct hand *h)
{
	static const char * const pmu[] = { "software", "cpu", "breakpoint", "msr", "tracepoint" };
	char path[128], text[16];

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/perf_event_mux_interval_ms",
		 pmu[pick(h, ARRAY_SIZE(pmu))]);
	snprintf(text, sizeof(text), "%u", 1 + pick(h, 20));
	return file_write(path, text);
}

/* A probe that comes, is used and goes; not while it is in use. */
static int op_probe(struct hand *h)
{
	static const char * const path = "/sys/kernel/tracing/dynamic_events";
	struct perf_event_attr attr = pe_attr(PERF_TYPE_TRACEPOINT, 0);
	char text[600];
	int err, fd;

	snprintf(text, sizeof(text), "p:" TORTURE_PROBE " " GETPPID);
	if (chance(h, 2))
		snprintf(text, sizeof(text), "p:" TORTURE_PROBE " %s:0x%lx", world.program,
			 probe_offset());
	err = file_write(path, text);
	/* One from before may still have been in use by a child. */
	if (err == -EEXIST)
		err = file_write(path, "-:" TORTURE_PROBE) ?: file_write(path, text);
	if (err)
		return err;
	attr.config = tracepoint_id(TORTURE_PROBE);
	attr.inherit = pick(h, 2);
	fd = chance(h, 2) ? pe_self(&attr) : pe_open(&attr, -1, pick(h, world.cpus), -1, 0);
	stimulate();
	if (fd >= 0 && !file_write(path, "-:" TORTURE_PROBE))
		complain(h, "a probe in use was removed");
	close(fd);
	stimulate();
	return file_write(path, "-:" TORTURE_PROBE);
}

/* A cgroup that goes while it has events. */
static int op_make_cgroup(struct hand *h)
{
	struct perf_event_attr attr = fault_attr();
	char path[160];
	int dir, fd;

	snprintf(path, sizeof(path), "%s/new", world.cgroup_path);
	if (mkdir(path, 0755))
		return -errno;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = pe_open(&attr, dir, pick(h, world.cpus), -1, PERF_FLAG_PID_CGROUP);
	if (rmdir(path))
		complain(h, "a cgroup without tasks cannot go: %d", errno);
	close(dir);
	if (fd < 0)
		return fd;
	pe_count(fd);
	close(fd);
	return 0;
}

/* ---- All of them ---- */

enum { SPARE = 1, ALONE = 2 };		/* no faults; by the first hand of all only */

static const struct op {
	const char *name;
	unsigned int weight;
	int (*run)(struct hand *h);
	unsigned int flags;
} ops[OPS] = {
	{ "open", 100, op_open },
	{ "open_group", 25, op_open_group },
	{ "close", 30, op_close },
	{ "dup", 5, op_dup },
	{ "read", 60, op_read },
	{ "read_badly", 4, op_read_badly },
	{ "fdinfo", 4, op_fdinfo },
	{ "poll", 6, op_poll },
	{ "fasync", 6, op_fasync },
	{ "map", 40, op_map },
	{ "split", 6, op_split },
	{ "move", 6, op_move },
	{ "advise", 6, op_advise },
	{ "map_again", 10, op_map_again },
	{ "map_aux", 6, op_map_aux },
	{ "ring", 60, op_ring },
	{ "user_page", 20, op_user_page },
	{ "command", 60, op_command },
	{ "period", 12, op_period },
	{ "id", 5, op_id },
	{ "output", 15, op_output },
	{ "trigger", 30, op_trigger },
	{ "graph", 8, op_graph, SPARE },
	{ "modify", 10, op_modify },
	{ "filter", 15, op_filter },
	{ "any_command", 12, op_any_command },
	{ "prctl", 15, op_prctl },
	{ "bpf", 10, op_bpf },
	{ "query_bpf", 4, op_query_bpf },
	{ "link_bpf", 8, op_link_bpf },
	{ "map_bpf", 8, op_map_bpf },
	{ "ledger", 10, op_ledger, SPARE },
	{ "work", 60, op_work, SPARE },
	{ "tell", 12, op_tell },
	{ "affinity", 25, op_affinity },
	{ "cgroup", 12, op_cgroup, SPARE },
	{ "fork", 25, op_fork },
	{ "vfork", 6, op_vfork },
	{ "thread", 10, op_thread },
	{ "reap", 20, op_reap },
	{ "kill", 3, op_kill },
	{ "ptrace", 4, op_ptrace },
	{ "send", 10, op_send },
	{ "receive", 10, op_receive },
	{ "hotplug", 40, op_hotplug, SPARE | ALONE },
	{ "setting", 40, op_setting, SPARE | ALONE },
	{ "interval", 20, op_interval, SPARE | ALONE },
	{ "probe", 20, op_probe, SPARE | ALONE },
	{ "make_cgroup", 20, op_make_cgroup, SPARE | ALONE },
};

static unsigned int weight_for(const struct hand *h, unsigned int op)
{
	bool alone = !h->team && !h->nr && !h->depth;

	return (ops[op].flags & ALONE) && !alone ? 0 : world.weight[op];
}

static int choose(struct hand *h)
{
	unsigned int sum = 0, at, i;

	for (i = 0; i < OPS; i++)
		sum += weight_for(h, i);
	at = sum ? pick(h, sum) : 0;
	for (i = 0; i < OPS - 1 && at >= weight_for(h, i); i++)
		at -= weight_for(h, i);
	return i;
}

/* A probe is taken out for good only when there is memory for it. */
static bool may_fail(const struct hand *h, int op)
{
	if (h->nth < 0 || (ops[op].flags & SPARE))
		return false;
	for (int i = 0; i < SLOTS; i++)
		if (h->slot[i].fd >= 0 && h->slot[i].probe)
			return false;
	return true;
}

static void step(struct hand *h)
{
	__u64 start = now_ns(CLOCK_MONOTONIC);
	int op, err, fault;
	struct note *note;

	h->state = path_of(h->path, h->step);
	op = choose(h);
	h->op = op;
	fault = chance(h, 8) ? 1 + any_size(h, 7) : 0;
	note = &common->hand[h->team][h->nr].last[h->step % NOTES];
	if (!h->depth)
		*note = (struct note) { h->step, op, 1 };
	if (world.loud)
		fprintf(stderr, "# %d.%d.%d %lu %s%s\n", h->team, h->nr, h->depth, h->step,
			ops[op].name, fault ? " (fault)" : "");
	if (fault && may_fail(h, op)) {
		fault_set(h->nth, fault);
		err = ops[op].run(h);
		fault_set(h->nth, 0);
		TALLY(common->tally[op].under_fault);
	} else {
		err = ops[op].run(h);
	}
	judge(h, err);
	TALLY(common->tally[op].done);
	__atomic_add_fetch(&common->tally[op].usec, (now_ns(CLOCK_MONOTONIC) - start) / 1000,
			   __ATOMIC_RELAXED);
	TALLY(common->tally[op].gave[err < 0 && err > -ERRNOS ? -err : 0]);
	if (!h->depth) {
		note->result = err;
		TALLY(common->hand[h->team][h->nr].steps);
	}
	h->step++;
}

static void live(struct hand *h, int steps)
{
	while (steps-- && !SEE(common->stop) && !SEE(common->is_wrong))
		step(h);
}

#endif /* TORTURE_TASKS_H */
