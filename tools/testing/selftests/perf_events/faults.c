// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation fails in turn.  A trial is a process that does one operation
 * while the kernel fails its n-th allocation: the first trial counts them, then
 * each n has its own.  The operation either works all the same or says ENOMEM
 * (or what the variant names); what it did is taken back under the same fault,
 * which always works; then nothing is left that was not there in the first
 * trial, and without a fault it works.
 *
 * All of them take minutes: PERF_FAULTS_SECONDS in the environment is the time
 * for one variant.  When it is over, the faults so far lie evenly among all.
 * A fault is set off by /proc/PID/fail-nth, which a kernel has for debugging.
 */
#include <sys/ptrace.h>
#include "fault_util.h"

#define TIMEOUT		600
#define SECONDS		2
#define STRIDE		7919	/* prime: its multiples reach all */

/* ---- Operations ---- */

static int run_open(struct trial *t)
{
	return keep_fd(t, pe_open(&t->attr, t->pid, t->cpu, t->base ? t->fd[0] : -1, t->flags));
}

static int run_map(struct trial *t)
{
	return ring_map(&t->ring, t->fd[t->nr - 1], 8);
}

static int run_group(struct trial *t)
{
	struct perf_event_attr attr[] = { t->attr, t->sibling[0], t->sibling[1] };
	int first = t->nr, err = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(attr) && !err; i++) {
		attr[i].inherit = t->attr.inherit;
		attr[i].read_format = t->attr.read_format;
		err = keep_fd(t, pe_open(&attr[i], 0, -1, i ? t->fd[first] : -1, 0));
	}
	return err;
}

static int run_filter(struct trial *t)
{
	return run_open(t) ?: pe_ioctl(t->fd[0], PERF_EVENT_IOC_SET_FILTER,
				       (unsigned long)"fd >= 5000 && common_pid != 0");
}

static int run_bpf(struct trial *t)
{
	return run_open(t) ?: pe_ioctl(t->fd[0], PERF_EVENT_IOC_SET_BPF, t->file);
}

static int run_fork(struct trial *t)
{
	t->child = fork();
	if (!t->child) {
		stimulate();
		_exit(0);
	}
	return t->child < 0 ? -errno : 0;
}

/* That a file was mapped is told, whatever there was no memory for. */
static int run_map_file(struct trial *t)
{
	t->map = mmap(NULL, getpagesize(), PROT_READ | PROT_EXEC, MAP_PRIVATE, t->file, 0);
	if (t->map == MAP_FAILED)
		return -errno;
	return ring_drain(&t->ring, PERF_RECORD_MMAP) > 0 ? 0 : -EPROTO;
}

static void exec_with_fault(int file, int n)
{
	static char * const args[] = { "exe", NULL };
	int nth = open(FAIL_NTH, O_RDWR | O_CLOEXEC);

	if (nth < 0 || ptrace(PTRACE_TRACEME, 0, 0, 0))
		_exit(EPROTO);
	fault_set(nth, n);
	syscall(__NR_execveat, file, "", args, environ, AT_EMPTY_PATH);
	_exit(errno);
}

/*
 * The fault is a child's, and what that has not used of it is ours again.  It
 * stops as a new program; once there is no old one to come back to, the kernel
 * can only kill it.
 */
static int run_exec(struct trial *t)
{
	int n = fault_left(t->nth), status, nth;
	char path[64];
	pid_t child;

	fault_set(t->nth, 0);
	child = fork();
	if (!child)
		exec_with_fault(t->file, n);
	if (waitpid(child, &status, 0) != child)
		return -ECHILD;
	if (WIFEXITED(status))
		return -WEXITSTATUS(status);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGKILL ? 0 : -EPROTO;
	snprintf(path, sizeof(path), "/proc/%d/fail-nth", child);
	nth = open(path, O_RDWR);
	n = fault_left(nth);
	close(nth);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	fault_set(t->nth, n);
	return 0;
}

/* ---- What there has to be before ---- */

static int with_event(struct trial *t)
{
	return keep_fd(t, pe_self(&t->attr));
}

static int with_ring(struct trial *t)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);

	t->flags |= PERF_FLAG_FD_OUTPUT | PERF_FLAG_FD_NO_GROUP;
	return keep_fd(t, pe_self(&attr)) ?: run_map(t);
}

/* One that watches a CPU is told about mappings and new programs. */
static int with_watcher(struct trial *t)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_DUMMY);

	attr.mmap = 1;
	attr.comm = 1;
	attr.task = 1;
	t->file = empty_program();
	return run_group(t) ?: keep_fd(t, pe_open(&attr, -1, 0, -1, 0)) ?: run_map(t);
}

static int with_program(struct trial *t)
{
	struct bpf_insn insn[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1 }, { .code = BPF_JMP | BPF_EXIT },
	};

	t->file = bpf_load(BPF_PROG_TYPE_TRACEPOINT, insn, ARRAY_SIZE(insn));
	return t->file < 0 ? t->file : 0;
}

/* ---- Whether it works ---- */

static bool counts(struct trial *t)
{
	__u64 buf[8] = { 0 };

	stimulate();
	spin_ms(2);
	if (t->w.pid) {
		worker_post(&t->w);
		worker_wait(&t->w);
	}
	return read(t->fd[t->nr - 1], buf, sizeof(buf)) > 0 && buf[0];
}

static bool samples(struct trial *t)
{
	stimulate();
	return ring_drain(&t->ring, PERF_RECORD_SAMPLE) > 0;
}

/* What a child counts, of all three events, comes to its parent's. */
static bool folds(struct trial *t)
{
	struct trial again = *t;
	__u64 n[3];

	if (t->child > 0)
		child_join(t->child);
	t->child = 0;
	for (int i = 0; i < 3; i++)
		n[i] = pe_count(t->fd[i]);
	run_fork(&again);
	if (child_join(again.child))
		return false;
	for (int i = 0; i < 3; i++)
		if (pe_count(t->fd[i]) < n[i] + CALLS)
			return false;
	return true;
}

/* ---- The test ---- */

FIXTURE_VARIANT(faults)
{
	struct plan plan;
};

FIXTURE(faults)
{
	struct report *r;
	int dying;
};

FIXTURE_SETUP(faults)
{
	const char *missing;

	if (access(FAIL_NTH, W_OK))
		SKIP(return, "this kernel does not fail on demand: no " FAIL_NTH);
	missing = settings_make();
	if (missing)
		SKIP(return, "cannot set %s", missing);
	ASSERT_EQ(0, pin_to(0));
	watched = (__u64 *)pages_new(1);
	self->r = mmap(NULL, sizeof(*self->r), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->r);
	self->dying = cgroups_dying();
}

FIXTURE_TEARDOWN(faults)
{
	settings_restore();
}

#define V(id)		FIXTURE_VARIANT_ADD(faults, id)
#define SW(id, ...)	\
	.attr = { .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_##id, __VA_ARGS__ }
#define POINT		.attr = { .type = PERF_TYPE_BREAKPOINT }
#define OPEN		.run = run_open, .works = counts
#define INHERIT		SW(PAGE_FAULTS, .inherit = 1)
#define CHAIN		\
	SW(CPU_CLOCK, .sample_period = 100000, .sample_type = PERF_SAMPLE_CALLCHAIN)
#define LBR		\
	.attr = { .type = PERF_TYPE_HARDWARE, .config = PERF_COUNT_HW_CPU_CYCLES,	\
		  .sample_period = 100000, .sample_type = PERF_SAMPLE_BRANCH_STACK,	\
		  .branch_sample_type = PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_CALL_STACK, \
		  .exclude_kernel = 1 }
#define SAMPLE		SW(PAGE_FAULTS, .sample_period = 1, .sample_type = PERF_SAMPLE_ADDR)

V(self) { { SW(PAGE_FAULTS), OPEN } };
V(other) { { SW(PAGE_FAULTS), OPEN, .place = OTHER } };
V(cpu) { { SW(PAGE_FAULTS), OPEN, .place = CPU } };
V(cgroup) { { SW(PAGE_FAULTS), OPEN, .place = CGROUP } };
V(callchain) { { CHAIN, OPEN } };
V(tracepoint) { { .name = CLOSE, OPEN } };
V(tracepoint_of_cpu) { { .name = CLOSE, OPEN, .place = CPU } };
V(point) { { POINT, OPEN } };
V(point_of_other) { { POINT, OPEN, .place = OTHER } };
V(point_of_cpu) { { POINT, OPEN, .place = CPU } };
/* Where ftrace calls it a probe is taken out with memory, and a warning without. */
V(kprobe) { { .name = "kprobe", OPEN, .spare_end = true } };
V(kprobe_event) { { .probe = "kprobe", .name = PROBE, OPEN, .spare_end = true } };
/* Taking a breakpoint out of code takes memory; without, it stays: see uprobe_unregister(). */
V(uprobe) { { .name = "uprobe", OPEN, .spare_end = true } };
V(uprobe_event) { { .probe = "uprobe", .name = PROBE, OPEN, .spare_end = true } };
V(calls) { { LBR, OPEN } };
V(calls_of_cpu) { { LBR, OPEN, .place = CPU } };
V(output) { { SAMPLE, .before = with_ring, .run = run_open, .works = samples } };
V(ring) { { SAMPLE, .before = with_event, .run = run_map, .works = samples } };
V(group) { { SW(PAGE_FAULTS, .read_format = PERF_FORMAT_GROUP),
	     .run = run_group, .works = counts } };
V(filter) { { .name = CLOSE, .run = run_filter, .works = counts } };
V(program) { { .name = CLOSE, .before = with_program, .run = run_bpf, .works = counts } };
V(mapping) { { INHERIT, .before = with_watcher, .run = run_map_file, .works = folds } };
V(fork) { { INHERIT, .before = run_group, .run = run_fork, .works = folds } };
/* Arguments without a page are too long; headers without memory are no program's. */
V(exec) { { INHERIT, .before = with_watcher, .run = run_exec, .works = folds,
	    .also = { E2BIG, ENOEXEC } } };

TEST_F_TIMEOUT(faults, in_turn, TIMEOUT)
{
	const char *seconds = getenv("PERF_FAULTS_SECONDS");
	__u64 start = now_ns(CLOCK_MONOTONIC);
	__u64 end = start + (seconds ? atoi(seconds) : SECONDS) * NSEC_PER_SEC;
	struct report *r = self->r;
	int nr, i;

	EXPECT_TRUE(trial(&variant->plan, NEVER, r));
	if (r->err == -ENOENT || r->err == -ENODEV || r->err == -EOPNOTSUPP)
		SKIP(return, "there is none: %s", strerror(-r->err));
	ASSERT_EQ(0, r->err);
	nr = NEVER - r->left;
	for (i = 0; i < nr && now_ns(CLOCK_MONOTONIC) < end; i++) {
		int n = 1 + (start + i) * STRIDE % nr;
		bool good = trial(&variant->plan, n, r) && may_say(&variant->plan, r->err);

		EXPECT_TRUE(good) {
			TH_LOG("fault %d gave %d; %s", n, r->err, r->wrong);
		}
	}
	TH_LOG("%d of %d faults", i, nr);
	for (i = 0; i < 100 && cgroups_dying() > self->dying; i++)
		sleep_ms(50);
	EXPECT_GE(self->dying, cgroups_dying());
}

/* The last one: it looks for what all of the above have left. */
FIXTURE(memory)
{
	int nr;
};

FIXTURE_SETUP(memory)
{
	self->nr = leaks();
	if (self->nr < 0)
		SKIP(return, "no kmemleak");
}

FIXTURE_TEARDOWN(memory)
{
}

TEST_F_TIMEOUT(memory, is_freed, TIMEOUT)
{
	EXPECT_EQ(0, self->nr);
}

TEST_HARNESS_MAIN
