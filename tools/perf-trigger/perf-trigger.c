// SPDX-License-Identifier: GPL-2.0
/*
 * perf-trigger: count a command's events between two others.
 *
 *	perf-trigger stat --start TRIGGER --stop TRIGGER -e EVENT[,EVENT...] -- COMMAND...
 *
 * The command is stopped before its first instruction; the triggers and the events are
 * opened for it, with all that it will fork, and linked; then it runs.  Event names are
 * libpfm4's, addresses of functions libelf's to find.  See perf-trigger.1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <getopt.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <perfmon/pfmlib_perf_event.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PERF_EVENT_IOC_SET_STARTER
#define PERF_EVENT_IOC_SET_STARTER	_IO('$', 7)
#define PERF_EVENT_IOC_SET_STOPPER	_IO('$', 8)
#endif

/* attr.enable_on_starter is the last of the flags, at the end where bit-fields end. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ENABLE_ON_STARTER	0x8000000000000000ULL
#else
#define ENABLE_ON_STARTER	1ULL
#endif
#define FLAGS_OFFSET		40

#define TARGETS			64

struct target {
	char *name;
	int fd;
};

struct job {
	const char *start;
	const char *stop;
	char *events;
	char **command;
	struct target target[TARGETS];
	int nr;
};

static noreturn void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("perf-trigger: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(125);
}

static int event_open(struct perf_event_attr *attr, pid_t pid)
{
	attr->size = sizeof(*attr);
	return syscall(SYS_perf_event_open, attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* The number in a file of sysfs or tracefs, or -1. */
static long file_number(const char *format, const char *name)
{
	char path[PATH_MAX];
	long number = -1;
	FILE *f;

	snprintf(path, sizeof(path), format, name);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (fscanf(f, "%ld", &number) != 1)
		number = -1;
	fclose(f);
	return number;
}

/* ---- Functions in files ---- */

/* Where address @value of the loaded program is in the file. */
static unsigned long file_offset(Elf *elf, unsigned long value)
{
	size_t nr = 0;
	GElf_Phdr ph;

	elf_getphdrnum(elf, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (gelf_getphdr(elf, i, &ph) && ph.p_type == PT_LOAD &&
		    value - ph.p_vaddr < ph.p_filesz)
			return value - ph.p_vaddr + ph.p_offset;
	}
	return 0;
}

static unsigned long symbol_value(Elf *elf, const char *function)
{
	Elf_Scn *section = NULL;
	GElf_Shdr sh;
	GElf_Sym sym;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &sh) || !sh.sh_entsize ||
		    (sh.sh_type != SHT_SYMTAB && sh.sh_type != SHT_DYNSYM))
			continue;
		data = elf_getdata(section, NULL);
		for (size_t i = 0; data && i < sh.sh_size / sh.sh_entsize; i++) {
			const char *name;

			if (!gelf_getsym(data, i, &sym) || GELF_ST_TYPE(sym.st_info) != STT_FUNC)
				continue;
			name = elf_strptr(elf, sh.sh_link, sym.st_name);
			if (name && !strcmp(name, function))
				return sym.st_value;
		}
	}
	return 0;
}

static unsigned long function_offset(const char *path, const char *function)
{
	unsigned long offset;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf;

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF)
		die("%s is no program: a function in it cannot be found", path);
	offset = file_offset(elf, symbol_value(elf, function));
	if (!offset)
		die("%s has no function %s: stripped, or inlined?", path, function);
	elf_end(elf);
	close(fd);
	return offset;
}

/* ---- Triggers ---- */

/* u:PATH:FUNCTION, r:PATH:FUNCTION */
static struct perf_event_attr uprobe(const char *what, bool at_return)
{
	struct perf_event_attr attr = { .config = at_return };
	char *path = strdup(what), *function = strrchr(path, ':');
	long type = file_number("/sys/bus/event_source/devices/%s/type", "uprobe");

	if (!function)
		die("%s: it is PATH:FUNCTION", what);
	if (type < 0)
		die("this kernel has no uprobes: not for functions of programs");
	*function++ = 0;
	attr.type = type;
	attr.uprobe_path = (unsigned long)realpath(path, NULL);
	if (!attr.uprobe_path)
		die("%s: %s", path, strerror(errno));
	attr.probe_offset = function_offset(path, function);
	return attr;
}

/* k:FUNCTION, K:FUNCTION */
static struct perf_event_attr kprobe(const char *what, bool at_return)
{
	struct perf_event_attr attr = { .config = at_return };
	long type = file_number("/sys/bus/event_source/devices/%s/type", "kprobe");

	if (type < 0)
		die("this kernel has no kprobes: not for functions of the kernel");
	attr.type = type;
	attr.kprobe_func = (unsigned long)what;
	return attr;
}

/* t:SYSTEM:NAME */
static struct perf_event_attr tracepoint_attr(const char *what)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT };
	char *path = strdup(what), *colon = strchr(path, ':');
	long id;

	if (!colon)
		die("%s: it is SYSTEM:NAME", what);
	*colon = '/';
	id = file_number("/sys/kernel/tracing/events/%s/id", path);
	if (id < 0)
		die("there is no tracepoint %s, or not for you to see", what);
	attr.config = id;
	free(path);
	return attr;
}

static struct perf_event_attr named(const char *name)
{
	struct perf_event_attr attr = { .size = sizeof(attr) };
	pfm_perf_encode_arg_t arg = { .attr = &attr, .size = sizeof(arg) };
	int err = pfm_get_os_event_encoding(name, PFM_PLM0 | PFM_PLM3, PFM_OS_PERF_EVENT, &arg);

	if (err != PFM_SUCCESS)
		die("%s: %s", name, pfm_strerror(err));
	return attr;
}

static struct perf_event_attr trigger_attr(const char *what)
{
	struct perf_event_attr attr;

	if (!strncmp(what, "u:", 2) || !strncmp(what, "r:", 2))
		attr = uprobe(what + 2, *what == 'r');
	else if (!strncmp(what, "k:", 2) || !strncmp(what, "K:", 2))
		attr = kprobe(what + 2, *what == 'K');
	else if (!strncmp(what, "t:", 2))
		attr = tracepoint_attr(what + 2);
	else
		attr = named(what);
	attr.sample_period = 1;
	attr.inherit = 1;
	return attr;
}

static int trigger_open(const char *what, pid_t pid)
{
	struct perf_event_attr attr = trigger_attr(what);
	int fd = event_open(&attr, pid);

	if (fd >= 0)
		return fd;
	if (errno == EACCES || errno == EPERM)
		die("%s: not for you: kernel.perf_event_paranoid, CAP_PERFMON, or root", what);
	if (errno == EINVAL || errno == EOPNOTSUPP)
		die("%s cannot be a trigger: it does not sample (%s)", what, strerror(errno));
	die("%s: %s", what, strerror(errno));
}

/* ---- Events ---- */

static int target_open(const char *name, pid_t pid)
{
	struct perf_event_attr attr = named(name);
	__u64 flags;
	int fd;

	attr.inherit = 1;
	attr.disabled = 0;
	attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	memcpy(&flags, (char *)&attr + FLAGS_OFFSET, sizeof(flags));
	flags |= ENABLE_ON_STARTER;
	memcpy((char *)&attr + FLAGS_OFFSET, &flags, sizeof(flags));
	fd = event_open(&attr, pid);
	if (fd >= 0)
		return fd;
	if (errno == EOPNOTSUPP)
		die("%s cannot be started and stopped: its PMU only reads what runs on", name);
	if (errno == EINVAL)
		die("%s: not for a task, or this kernel has no triggers", name);
	die("%s: %s", name, strerror(errno));
}

static void link_to(const char *trigger, int fd, unsigned long command, const struct target *t)
{
	if (!ioctl(fd, command, t->fd))
		return;
	if (errno == ENOTTY)
		die("this kernel has no triggers");
	die("%s and %s: %s", trigger, t->name, strerror(errno));
}

static void open_all(struct job *job, pid_t pid)
{
	int start = trigger_open(job->start, pid);
	int stop = trigger_open(job->stop, pid);
	char *name;

	for (name = strtok(job->events, ","); name; name = strtok(NULL, ",")) {
		struct target *t = &job->target[job->nr++];

		if (job->nr > TARGETS)
			die("more than %d events", TARGETS);
		t->name = name;
		t->fd = target_open(name, pid);
		link_to(job->start, start, PERF_EVENT_IOC_SET_STARTER, t);
		link_to(job->stop, stop, PERF_EVENT_IOC_SET_STOPPER, t);
	}
}

/* ns of fdinfo's perf_event.time_open */
static unsigned long long open_time(int fd)
{
	unsigned long long ns = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "perf_event.time_open: %llu", &ns) == 1)
			break;
	if (f)
		fclose(f);
	return ns;
}

static void print_all(const struct job *job)
{
	unsigned long long value[3];

	fprintf(stderr, "\n Between %s and %s:\n\n", job->start, job->stop);
	for (int i = 0; i < job->nr; i++) {
		const struct target *t = &job->target[i];

		if (read(t->fd, value, sizeof(value)) != sizeof(value))
			die("%s: cannot be read", t->name);
		fprintf(stderr, "%20llu  %s", value[0], t->name);
		if (!value[2])
			fputs("  (never counted: no counter was free)", stderr);
		else if (value[2] < value[1])
			fprintf(stderr, "  (counted %.1f %% of the time)",
				100.0 * value[2] / value[1]);
		fputc('\n', stderr);
	}
	fprintf(stderr, "\n%20.9f  seconds open\n\n", open_time(job->target[0].fd) / 1e9);
}

/* ---- The command ---- */

/* It waits until the other end is closed. */
static pid_t command_start(char **command, int *go)
{
	int end[2];
	pid_t pid;
	char c;

	if (pipe2(end, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		close(end[1]);
		if (read(end[0], &c, 1) != 1)
			_exit(125);
		execvp(command[0], command);
		fprintf(stderr, "perf-trigger: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	close(end[0]);
	*go = end[1];
	return pid;
}

static int stat_run(struct job *job)
{
	int go, status;
	pid_t pid = command_start(job->command, &go);

	open_all(job, pid);
	if (write(go, "g", 1) != 1)
		die("%s does not start", job->command[0]);
	waitpid(pid, &status, 0);
	print_all(job);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void show_usage(int status)
{
	fputs("usage: perf-trigger stat --start TRIGGER --stop TRIGGER -e EVENT[,EVENT...] --\n"
	      "                    COMMAND...\n"
	      "TRIGGER: u:PATH:FUNCTION  r:PATH:FUNCTION (its return)\n"
	      "         k:FUNCTION  K:FUNCTION (the same of the kernel)\n"
	      "         t:SYSTEM:NAME (a tracepoint)  or an event's name\n",
	      status ? stderr : stdout);
	exit(status);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "start", required_argument, NULL, 's' },
		{ "stop", required_argument, NULL, 'p' },
		{ "event", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct job job = { };
	int c;

	if (argc < 2 || strcmp(argv[1], "stat"))
		show_usage(argc > 1 && !strcmp(argv[1], "--help") ? 0 : 125);
	argc--;
	argv++;
	while ((c = getopt_long(argc, argv, "+e:h", options, NULL)) != -1) {
		switch (c) {
		case 's':
			job.start = optarg;
			break;
		case 'p':
			job.stop = optarg;
			break;
		case 'e':
			job.events = optarg;
			break;
		default:
			show_usage(c == 'h' ? 0 : 125);
		}
	}
	job.command = argv + optind;
	if (!job.start || !job.stop || !job.events || !*job.command)
		show_usage(125);
	if (pfm_initialize() != PFM_SUCCESS)
		die("libpfm4 does not know this machine");
	return stat_run(&job);
}
