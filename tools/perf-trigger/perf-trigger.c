// SPDX-License-Identifier: GPL-2.0
/*
 * perf-trigger: count, or sample, a command's events between two others.
 *
 *	perf-trigger stat [--per-pass] --start TRIGGER --stop TRIGGER -e EVENT[,...] -- COMMAND...
 *	perf-trigger record [-o FILE] --start TRIGGER --stop TRIGGER -e EVENT[,...] -- COMMAND...
 *
 * The command is stopped before its first instruction; the triggers and the events are opened for
 * it, and linked; then it runs.  See perf-trigger.1, and perf-trigger.h for the parts.
 */
#include <getopt.h>
#include <perfmon/pfmlib.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "perf-trigger.h"

noreturn void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("perf-trigger: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(FAILED);
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- stat ---- */

static void print_all(const struct job *job, const struct task *task)
{
	unsigned long long value[3];

	fprintf(stderr, "\n Between %s and %s:\n\n", job->start.name, job->stop.name);
	for (int i = 0; i < job->nr; i++) {
		if (read(task->target[i], value, sizeof(value)) != sizeof(value))
			die("%s: cannot be read", job->target[i].name);
		fprintf(stderr, "%20llu  %s", value[0], job->target[i].name);
		if (!value[2])
			fputs("  (never counted: no counter was free)", stderr);
		else if (value[2] < value[1])
			fprintf(stderr, "  (counted %.1f %% of the time)",
				100.0 * value[2] / value[1]);
		fputc('\n', stderr);
	}
	fprintf(stderr, "\n%20.9f  seconds open\n\n", open_time(task->target[0]) / 1e9);
}

static int stat_run(struct job *job)
{
	static struct task task;
	int go, status;

	job->start.attr.inherit = 1;
	job->stop.attr.inherit = 1;
	for (int i = 0; i < job->nr; i++) {
		struct perf_event_attr *attr = &job->target[i].attr;

		attr->inherit = 1;
		attr->read_format = PERF_FORMAT_TOTAL_TIME_ENABLED |
				    PERF_FORMAT_TOTAL_TIME_RUNNING;
	}
	task.tid = command_start(job->command, &go);
	task_open(job, &task, false);
	if (write(go, "g", 1) != 1)
		die("%s does not start", job->command[0]);
	waitpid(task.tid, &status, 0);
	print_all(job, &task);
	return exit_status(status);
}

static void set_clock(struct perf_event_attr *attr)
{
	attr->use_clockid = 1;
	attr->clockid = CLOCK_MONOTONIC;
}

static int per_pass_run(struct job *job)
{
	__u64 type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
	int status;

	job->start.attr.sample_type = type;
	job->stop.attr.sample_type = type | PERF_SAMPLE_READ;
	job->stop.attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	/* Of a group, and of a buffer, there is one clock. */
	set_clock(&job->start.attr);
	set_clock(&job->stop.attr);
	for (int i = 0; i < job->nr; i++)
		set_clock(&job->target[i].attr);
	/* Wake-ups of who reads, not of each sample. */
	job->start.attr.watermark = 1;
	job->start.attr.wakeup_watermark = 128 << 10;
	job->stop.attr.watermark = 1;
	job->stop.attr.wakeup_watermark = 128 << 10;
	status = follow(job);
	passes_print(job);
	return exit_status(status);
}

/* ---- record ---- */

static void set_period(const struct job *job, struct event *event)
{
	struct perf_event_attr *attr = &event->attr;

	if (attr->sample_period)	/* said by its name */
		return;
	attr->freq = !job->period && event->kind != TRACEPOINT;
	if (attr->freq)
		attr->sample_freq = job->freq;
	else
		attr->sample_period = job->period ? job->period : 1;
}

static int record_run(struct job *job)
{
	__u64 type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
	int status;

	job->side = (struct event){
		.name = "dummy:u", .kind = NAMED,
		.attr = {
			.type = PERF_TYPE_SOFTWARE, .size = sizeof(job->side.attr),
			.config = PERF_COUNT_SW_DUMMY, .sample_period = 1, .sample_type = type,
			.exclude_kernel = 1, .exclude_hv = 1, .mmap = 1, .mmap2 = 1, .comm = 1,
			.comm_exec = 1, .task = 1, .sample_id_all = 1,
			.watermark = 1, .wakeup_watermark = 128 << 10,
		},
	};
	for (int i = 0; i < job->nr; i++) {
		struct event *event = &job->target[i];

		set_period(job, event);
		event->attr.sample_type = type | PERF_SAMPLE_PERIOD;
		if (event->kind == TRACEPOINT)
			event->attr.sample_type |= PERF_SAMPLE_RAW;
		if (job->callchain)
			event->attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
		event->attr.sample_id_all = 1;
		event->attr.watermark = 1;
		event->attr.wakeup_watermark = 128 << 10;
	}
	data_open(job);
	status = follow(job);
	data_close(job);
	return exit_status(status);
}

/* ---- The command line ---- */

static noreturn void show_usage(int status)
{
	fputs("usage: perf-trigger stat [--per-pass] WHEN -e EVENT[,EVENT...] [--] COMMAND...\n"
	      "       perf-trigger record [-o FILE] [-c PERIOD | -F FREQUENCY] [-g]\n"
	      "                    WHEN -e EVENT[,EVENT...] [--] COMMAND...\n"
	      "WHEN:    --start TRIGGER --stop TRIGGER\n"
	      "TRIGGER: u:PATH:FUNCTION  r:PATH:FUNCTION (its return)\n"
	      "         k:FUNCTION  K:FUNCTION (the same of the kernel)  or an EVENT\n"
	      "EVENT:   SYSTEM:NAME (a tracepoint)  mem:ADDRESS[/LENGTH][:rwx]\n"
	      "         or a name of libpfm4's, like page-faults or instructions:u\n",
	      status ? stderr : stdout);
	exit(status);
}

static u64 positive(const char *text)
{
	char *end;
	u64 value = strtoull(text, &end, 0);

	if (!value || *end)
		die("%s: no number, or 0", text);
	return value;
}

static void parse_all(struct job *job, const char *start, const char *stop, char *events)
{
	if (pfm_initialize() != PFM_SUCCESS)
		die("libpfm4 does not know this machine");
	job->start = trigger_parse(start);
	job->stop = trigger_parse(stop);
	for (char *name = strtok(events, ","); name; name = strtok(NULL, ",")) {
		if (job->nr == TARGETS)
			die("more than %d events", TARGETS);
		job->target[job->nr++] = target_parse(name);
	}
	if (!job->nr)
		show_usage(FAILED);
}

static const struct option stat_options[] = {
	{ "start", required_argument, NULL, 's' },
	{ "stop", required_argument, NULL, 'p' },
	{ "event", required_argument, NULL, 'e' },
	{ "per-pass", no_argument, NULL, 'P' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static const struct option record_options[] = {
	{ "start", required_argument, NULL, 's' },
	{ "stop", required_argument, NULL, 'p' },
	{ "event", required_argument, NULL, 'e' },
	{ "output", required_argument, NULL, 'o' },
	{ "count", required_argument, NULL, 'c' },
	{ "freq", required_argument, NULL, 'F' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

int main(int argc, char **argv)
{
	static struct job job = { .freq = 4000, .output = "perf.data" };
	const char *start = NULL, *stop = NULL;
	char *events = NULL;
	int c;

	if (argc > 1 && !strcmp(argv[1], "--help"))
		show_usage(0);
	if (argc < 2 || (strcmp(argv[1], "stat") && strcmp(argv[1], "record")))
		show_usage(FAILED);
	job.argv = argv;
	job.record = *argv[1] == 'r';
	argc--;
	argv++;
	while ((c = getopt_long(argc, argv, job.record ? "+e:ho:c:F:g" : "+e:h",
				job.record ? record_options : stat_options, NULL)) != -1) {
		switch (c) {
		case 's':
			start = optarg;
			break;
		case 'p':
			stop = optarg;
			break;
		case 'e':
			events = optarg;
			break;
		case 'P':
			job.per_pass = true;
			break;
		case 'o':
			job.output = optarg;
			break;
		case 'c':
			job.period = positive(optarg);
			break;
		case 'F':
			job.freq = positive(optarg);
			break;
		case 'g':
			job.callchain = true;
			break;
		default:
			show_usage(c == 'h' ? 0 : FAILED);
		}
	}
	job.command = argv + optind;
	if (!start || !stop || !events || !*job.command)
		show_usage(FAILED);
	kernel_check();
	parse_all(&job, start, stop, events);
	if (job.record)
		return record_run(&job);
	return job.per_pass ? per_pass_run(&job) : stat_run(&job);
}
