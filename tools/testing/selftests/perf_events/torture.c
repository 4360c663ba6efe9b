// SPDX-License-Identifier: GPL-2.0
/*
 * Torture: teams of threads that do at random all that can be done with events,
 * for as long as one likes, on a kernel that checks itself.  No count and no
 * time goes back, nothing runs longer than it is enabled, no record is malformed
 * or lost without being told, nothing hangs; and at the end, when all are dead,
 * everything is as it was at the start.
 *
 * The environment says how:
 *   PERF_TORTURE_SECONDS   how long (20)
 *   PERF_TORTURE_SEED      what to repeat; the seed is shown
 *   PERF_TORTURE_TEAMS     how many processes at least (two a CPU)
 *   PERF_TORTURE_WITHOUT   operations to leave out, such as "kill,hotplug"; "faults" is one,
 *                          and "functions": events that patch every function of the kernel
 *   PERF_TORTURE_ONLY      all others are left out
 *   PERF_TORTURE_LOUD=1    show each step
 * What each operation does: torture_ops.h, torture_tasks.h.  What is checked on
 * the way: torture_util.h.
 */
#include <dirent.h>
#include "torture_state.h"
#include "torture_tasks.h"

#define SECONDS		20
#define STUCK		120			/* seconds without a step */
#define NO_SETTING	(-100000)
#define FUNCTIONS	"ftrace/function"
#define CGROUP_ROOT	"/sys/fs/cgroup"

/* ---- What there is ---- */

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static __u64 environment_number(const char *name, __u64 otherwise)
{
	const char *value = environment(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static bool is_in(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; at && (at = strstr(at, name)); at += len)
		if ((at == list || at[-1] == ',') && (!at[len] || at[len] == ','))
			return true;
	return false;
}

static void find_pmus(void)
{
	DIR *dir = opendir("/sys/bus/event_source/devices");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) && world.nr_pmus < (int)ARRAY_SIZE(world.pmus))
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < 64)
			world.pmus[world.nr_pmus++] = pmu_type(entry->d_name);
	if (dir)
		closedir(dir);
	world.kprobe = pmu_type("kprobe");
	world.uprobe = pmu_type("uprobe");
	world.aux = pmu_type("intel_pt");
	if (world.aux < 0)
		world.aux = pmu_type("intel_bts");
}

static void find_points(void)
{
	static const char * const name[] = {
		CLOSE, "syscalls/sys_exit_getppid", "raw_syscalls/sys_enter", "sched/sched_switch",
		"sched/sched_wakeup", "sched/sched_process_fork", "sched/sched_process_exit",
		"sched/sched_migrate_task", "exceptions/page_fault_user", "irq/softirq_entry",
		"timer/hrtimer_start", "kmem/mm_page_alloc", "task/task_newtask",
		"signal/signal_generate", "signal/signal_deliver", FUNCTIONS,
	};
	bool functions = !is_in(environment("PERF_TORTURE_WITHOUT"), "functions");

	for (unsigned int i = 0; i < ARRAY_SIZE(name); i++) {
		int id = tracepoint_id(name[i]);

		if (id >= 0 && (functions || strcmp(name[i], FUNCTIONS)))
			world.points[world.nr_points++] = id;
	}
}

static int load_program(int type, const struct bpf_insn *insn, int nr)
{
	union bpf_attr attr = {
		.prog_type = type, .insns = (unsigned long)insn, .insn_cnt = nr,
		.license = (unsigned long)"GPL",
	};

	return syscall(__NR_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

#define INSN(c, d, s, o, i)	\
	{ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }
#define MOV(d, i)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define COPY(d, s)		INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define HERE(d)			INSN(BPF_ALU | BPF_MOV | BPF_K, d, 0, 0, -1)	/* this CPU */
#define MAP(d, fd)		INSN(BPF_LD | BPF_DW | BPF_IMM, d, BPF_PSEUDO_MAP_FD, 0, fd)
#define MAP_END			INSN(0, 0, 0, 0, 0)
#define CALL(nr)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, nr)
#define END			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* Some that say no or yes, and some that read and write events by way of a map. */
static void load_programs(void)
{
	static const int types[] = {
		BPF_PROG_TYPE_TRACEPOINT, BPF_PROG_TYPE_KPROBE, BPF_PROG_TYPE_PERF_EVENT,
	};
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
		.key_size = 4, .value_size = 4, .max_entries = 4,
	};
	int map = syscall(__NR_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	struct bpf_insn no[] = { MOV(BPF_REG_0, 0), END };
	struct bpf_insn reads[] = {
		MAP(BPF_REG_1, map), MAP_END, HERE(BPF_REG_2), COPY(BPF_REG_3, BPF_REG_10),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_3, 0, 0, -24), MOV(BPF_REG_4, 24),
		CALL(BPF_FUNC_perf_event_read_value), MOV(BPF_REG_0, 1), END,
	};
	struct bpf_insn writes[] = {
		MAP(BPF_REG_2, map), MAP_END, HERE(BPF_REG_3), COPY(BPF_REG_4, BPF_REG_10),
		INSN(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, -8, 1),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_4, 0, 0, -8), MOV(BPF_REG_5, 8),
		CALL(BPF_FUNC_perf_event_output), MOV(BPF_REG_0, 1), END,
	};

	world.map = map;
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		int fd[] = {
			load_program(types[i], no, ARRAY_SIZE(no)),
			load_program(types[i], reads, ARRAY_SIZE(reads)),
			load_program(types[i], writes, ARRAY_SIZE(writes)),
		};

		for (unsigned int k = 0; k < ARRAY_SIZE(fd); k++)
			if (fd[k] >= 0)
				world.progs[world.nr_progs++] = fd[k];
	}
}

/* Tasks of these can be killed at once, and their number is limited. */
static int make_cgroups(void)
{
	char path[200], text[16];

	for (int i = 0; i < GROUPS; i++)
		world.cgroup[i] = -1;
	if (file_write(CGROUP_ROOT "/cgroup.subtree_control", "+pids"))
		return -ENODEV;
	snprintf(world.cgroup_path, sizeof(world.cgroup_path), CGROUP_ROOT "/torture_%d", getpid());
	if (mkdir(world.cgroup_path, 0755))
		return -errno;
	snprintf(path, sizeof(path), "%s/pids.max", world.cgroup_path);
	snprintf(text, sizeof(text), "%d", world.teams * HANDS * 6);
	file_write(path, text);
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", world.cgroup_path);
	file_write(path, "+pids");
	for (int i = 0; i < GROUPS; i++) {
		snprintf(path, sizeof(path), "%s/%d", world.cgroup_path, i);
		mkdir(path, 0755);
		world.cgroup[i] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return world.cgroup[GROUPS - 1] < 0 ? -errno : 0;
}

/* What is made for a cgroup's events once and stays. */
static void use_cgroups(void)
{
	struct perf_event_attr attr = fault_attr();

	for (int cpu = 0; cpu < world.cpus; cpu++)
		try_open(&attr, world.cgroup[0], cpu, -1, PERF_FLAG_PID_CGROUP);
}

static void choose_operations(void)
{
	const char *only = environment("PERF_TORTURE_ONLY");
	const char *without = environment("PERF_TORTURE_WITHOUT");

	for (unsigned int i = 0; i < OPS; i++)
		world.weight[i] = (only && !is_in(only, ops[i].name)) ||
				  is_in(without, ops[i].name) ? 0 : ops[i].weight;
	world.faults = !is_in(without, "faults") && !access(FAIL_NTH, W_OK);
}

/* ---- Settings, which are put back ---- */

static struct {
	char path[128];
	long was;
} kept[80];
static int nr_kept;

static void keep(const char *format, const char *name)
{
	if (nr_kept == ARRAY_SIZE(kept))
		return;
	snprintf(kept[nr_kept].path, sizeof(kept[0].path), format, name);
	kept[nr_kept].was = file_long(kept[nr_kept].path, NO_SETTING);
	nr_kept += kept[nr_kept].was != NO_SETTING;
}

static void keep_settings(void)
{
	DIR *dir = opendir("/sys/bus/event_source/devices");
	struct dirent *entry;

	/* In an order in which each may be set. */
	keep("/proc/sys/kernel/%s", "perf_cpu_time_max_percent");
	keep("/proc/sys/kernel/%s", "perf_event_max_sample_rate");
	for (unsigned int i = 0; i < ARRAY_SIZE(settable); i++)
		keep("/proc/sys/kernel/%s", settable[i].name);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			keep("/sys/bus/event_source/devices/%s/perf_event_mux_interval_ms",
			     entry->d_name);
	if (dir)
		closedir(dir);
}

static void restore_settings(void)
{
	char text[32], path[64];

	/* Who took a CPU away may have been killed since. */
	for (int cpu = 1; cpu < world.cpus; cpu++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
		if (file_long(path, 1) == 0 && file_write(path, "1"))
			complain(NULL, "CPU %d does not come back", cpu);
	}
	sysctl_set("perf_cpu_time_max_percent", 25);
	for (int i = 0; i < nr_kept; i++) {
		snprintf(text, sizeof(text), "%ld", kept[nr_kept - 1 - i].was);
		file_write(kept[nr_kept - 1 - i].path, text);
	}
}

/* ---- Teams ---- */

static pid_t team_pid[TEAMS_MAX];

static void on_signal(int sig)
{
}

static void *hand_life(void *arg)
{
	struct hand *h = arg;

	TELL(common->hand[h->team][h->nr].tid, get_tid());
	h->nth = open_nth();
	while (!SEE(common->stop) && !SEE(common->is_wrong))
		live(h, 1);
	for (int i = 0; i < SLOTS; i++)
		close_slot(h, &h->slot[i]);
	return NULL;
}

static struct hand *hand_new(int team, int nr)
{
	struct hand *h = calloc(1, sizeof(*h));
	__u64 who = common->hand[team][nr].generation * 1000 + team * 10 + nr;

	if (!h)
		abort();
	h->path = path_of(world.seed, who);
	h->team = team;
	h->nr = nr;
	for (int i = 0; i < LINKS; i++)
		h->link[i] = -1;
	for (int i = 0; i < SLOTS; i++)
		h->slot[i].fd = -1;
	return h;
}

static void team_life(int team)
{
	static const int handled[] = { SIGTRAP, SIGIO };
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	pthread_t thread[HANDS];
	char path[160];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "%s/0/cgroup.procs", world.cgroup_path);
	if (file_write(path, "0"))
		_exit(3);
	for (unsigned int i = 0; i < ARRAY_SIZE(handled); i++)
		sigaction(handled[i], &act, NULL);
	if (team && team == world.teams - 1)
		drop_privileges();	/* the last team has none */
	watched = (__u64 *)pages_new(1);
	for (int i = 1; i < HANDS; i++)
		if (pthread_create(&thread[i], NULL, hand_life, hand_new(team, i)))
			_exit(4);
	hand_life(hand_new(team, 0));
	for (int i = 1; i < HANDS; i++)
		pthread_join(thread[i], NULL);
	_exit(0);
}

static void team_start(int team)
{
	for (int i = 0; i < HANDS; i++)
		common->hand[team][i].generation++;
	team_pid[team] = fork();
	if (!team_pid[team])
		team_life(team);
	if (team_pid[team] < 0)
		complain(NULL, "fork: %d", errno);
}

/* A team may be killed, by others or by a signal of its events that it was not ready for. */
static void team_ended(pid_t pid, int status)
{
	for (int team = 0; team < world.teams; team++) {
		if (team_pid[team] != pid)
			continue;
		team_pid[team] = 0;
		if (common->stop || SEE(common->is_wrong))
			return;
		common->deaths++;
		if (!WIFSIGNALED(status) ||
		    (WTERMSIG(status) != SIGKILL && WTERMSIG(status) != SIGTRAP))
			complain(NULL, "team %d ended with status %x", team, status);
		else
			team_start(team);
	}
}

/* ---- Watching them ---- */

static void show(const char *format, pid_t tid)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), format, tid);
	if (file_read(path, text, sizeof(text)) > 0)
		ksft_print_msg("%s:\n%s\n", path, text);
}

static void show_hands(void)
{
	for (int team = 0; team < world.teams; team++) {
		for (int nr = 0; nr < HANDS; nr++) {
			struct note *last = common->hand[team][nr].last;

			ksft_print_msg("team %d.%d hand %d:", team,
				       common->hand[team][nr].generation, nr);
			for (int i = 0; i < NOTES; i++)
				printf(" %lu:%s=%d", last[i].step, ops[last[i].op].name,
				       last[i].result);
			printf("\n");
		}
	}
}

/* Somebody who makes no step for so long is stuck, and so may be others. */
static void check_stuck(void)
{
	static unsigned long seen[TEAMS_MAX][HANDS];
	static __u64 since[TEAMS_MAX][HANDS];
	__u64 now = now_ns(CLOCK_MONOTONIC) / NSEC_PER_SEC;

	for (int team = 0; team < world.teams; team++) {
		for (int nr = 0; nr < HANDS; nr++) {
			pid_t tid = SEE(common->hand[team][nr].tid);
			unsigned long steps = SEE(common->hand[team][nr].steps);

			if (steps != seen[team][nr] || !since[team][nr]) {
				seen[team][nr] = steps;
				since[team][nr] = now;
			} else if (now - since[team][nr] > (__u64)STUCK * scale()) {
				show("/proc/%d/stack", tid);
				show("/proc/%d/syscall", tid);
				file_write("/proc/sysrq-trigger", "w");
				complain(NULL, "team %d hand %d (%d) is stuck", team, nr, tid);
			}
		}
	}
}

static void watch(unsigned int seconds)
{
	long tainted = sysctl_get("tainted");
	__u64 end = now_ns(CLOCK_MONOTONIC) + seconds * NSEC_PER_SEC;
	int status;
	pid_t pid;

	while (now_ns(CLOCK_MONOTONIC) < end && !SEE(common->is_wrong)) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			team_ended(pid, status);
		sleep_ms(200);
		check_stuck();
		if (sysctl_get("tainted") != tainted)
			complain(NULL, "the kernel has reported something: see its log");
	}
}

static bool all_ended(unsigned int seconds)
{
	__u64 end = now_ns(CLOCK_MONOTONIC) + seconds * NSEC_PER_SEC;
	pid_t pid;

	do {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			team_ended(pid, 0);
		if (pid < 0)
			return true;
		sleep_ms(20);
	} while (now_ns(CLOCK_MONOTONIC) < end);
	return false;
}

static void end_all(void)
{
	char path[160];

	TELL(common->stop, 1);
	/* Children of children that live on are ours by now. */
	if (!all_ended(5 * scale())) {
		snprintf(path, sizeof(path), "%s/cgroup.kill", world.cgroup_path);
		file_write(path, "1");
	}
	if (!all_ended(PATIENCE)) {
		file_write("/proc/sysrq-trigger", "w");
		complain(NULL, "not all processes can be killed");
	}
}

static void remove_cgroups(void)
{
	char path[200];

	for (int i = 0; i < GROUPS; i++) {
		close(world.cgroup[i]);
		snprintf(path, sizeof(path), "%s/%d", world.cgroup_path, i);
		if (rmdir(path))
			complain(NULL, "at the end: rmdir %s: %d", path, errno);
	}
	rmdir(world.cgroup_path);
}

/* ---- The test ---- */

static void show_tally(void)
{
	for (unsigned int i = 0; i < OPS; i++) {
		unsigned long done = common->tally[i].done;

		ksft_print_msg("%-12s %8lu of %7lu us, %6lu with a fault:", ops[i].name, done,
			       done ? common->tally[i].usec / done : 0,
			       common->tally[i].under_fault);
		for (int err = 0; err < ERRNOS; err++)
			if (common->tally[i].gave[err])
				printf(" %s %u", err ? strerrorname_np(err) : "well",
				       common->tally[i].gave[err]);
		printf("\n");
	}
	ksft_print_msg("checked: %lu readings, %lu rings, %lu records, %lu samples, %lu ledgers\n",
		       common->readings, common->rings, common->records, common->samples,
		       common->ledgers);
	ksft_print_msg("%lu teams were killed, and started anew\n", common->deaths);
}

static __attribute__((constructor)) void do_nothing(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], NOTHING))
		_exit(0);
}

FIXTURE(torture)
{
	struct state was;
	unsigned int seconds;
};

FIXTURE_SETUP(torture)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF);

	if (geteuid())
		SKIP(return, "not for those without privileges");
	world.loud = environment("PERF_TORTURE_LOUD");
	world.seed = environment_number("PERF_TORTURE_SEED", now_ns(CLOCK_REALTIME) >> 10);
	world.teams = environment_number("PERF_TORTURE_TEAMS", 2 * cpus);
	world.teams = world.teams < TEAMS_MAX ? world.teams : TEAMS_MAX;
	world.cpus = cpus;
	world.program = own_path();
	self->seconds = environment_number("PERF_TORTURE_SECONDS", SECONDS);
	ksft_print_msg("PERF_TORTURE_SEED=%llu PERF_TORTURE_TEAMS=%d\n", world.seed, world.teams);
	common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, common);
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	choose_operations();
	keep_settings();
	if (make_cgroups())
		SKIP(return, "no cgroup2 with the pids controller at " CGROUP_ROOT);
	use_cgroups();
	look_around(&self->was);
	count_bytes(&self->was);
	if (world.faults && settings_make())
		world.faults = false;
	world.hardware = self->was.counters;
	find_pmus();
	find_points();
	load_programs();
	for (int i = 0; i < world.teams; i++)
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, world.socket[i]));
}

FIXTURE_TEARDOWN(torture)
{
}

static void undo(void)
{
	restore_settings();
	settings_restore();
	for (int i = 0; i < world.teams; i++) {
		close(world.socket[i][0]);
		close(world.socket[i][1]);
	}
	for (int i = 0; i < world.nr_progs; i++)
		close(world.progs[i]);
	close(world.map);
	file_write("/sys/kernel/tracing/dynamic_events", "-:" TORTURE_PROBE);
}

TEST_F_TIMEOUT(torture, teams, 1000000)
{
	int leaked;

	for (int i = 0; i < world.teams; i++)
		team_start(i);
	watch(self->seconds);
	if (common->is_wrong)
		show_hands();
	end_all();
	show_tally();
	undo();
	if (!common->is_wrong)
		check_end(&self->was);
	remove_cgroups();
	EXPECT_STREQ("", common->wrong);
	leaked = leaks();
	EXPECT_GE(0, leaked);
}

TEST_HARNESS_MAIN
