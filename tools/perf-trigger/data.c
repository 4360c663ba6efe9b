// SPDX-License-Identifier: GPL-2.0
/*
 * record: a perf.data that stock perf reads.
 *
 * A header, the records as the kernel wrote them, then what is known at the end only: the features,
 * the identifiers of each event, and the attributes.  Strings have a length and are padded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "perf-trigger.h"

enum feature {
	TRACING_DATA = 1, OS_RELEASE = 4, ARCH = 6, COMMAND_LINE = 11, EVENT_NAMES = 12,
	FEATURES = 256,
};

struct section {
	u64 offset;
	u64 size;
};

struct file_header {
	char magic[8];
	u64 size;
	u64 attr_size;
	struct section attrs, data, event_types;
	u64 features[FEATURES / 64];
};

struct file_attr {
	struct perf_event_attr attr;
	struct section ids;
};

/* Of each target, and of the event that tells of mappings. */
static struct ids {
	u64 *id;
	u32 nr, room;
} ids[TARGETS + 1];

static const char *path;
static FILE *out;
static u64 at;
static u64 records;
static u64 lost;

static void put(const void *data, size_t size)
{
	if (fwrite(data, 1, size, out) != size)
		die("%s: %s", path, strerror(errno));
	at += size;
}

static void put_u32(u32 value)
{
	put(&value, sizeof(value));
}

static void put_u64(u64 value)
{
	put(&value, sizeof(value));
}

static void put_string(const char *text)
{
	static const char none[64];
	size_t length = strlen(text) + 1, padded = (length + 63) & ~63UL;

	put_u32(padded);
	put(text, length);
	put(none, padded - length);
}

static const struct event *event_of(const struct job *job, int i)
{
	return i < job->nr ? &job->target[i] : &job->side;
}

/* ---- Records ---- */

/* Where the kernel's own code is, in perf's words for it; not if the addresses are hidden. */
static void put_kernel(void)
{
	struct {
		struct perf_event_header header;
		u32 pid, tid;
		u64 start, length, offset;
		char name[32];
		u64 sample_id[3];
	} record = {
		.header = { PERF_RECORD_MMAP, PERF_RECORD_MISC_KERNEL, sizeof(record) },
		.pid = -1,
		.name = "[kernel.kallsyms]_text",
	};
	FILE *f = fopen("/proc/kallsyms", "r");
	unsigned long long value, end = 0;
	char line[512], name[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %*c %255s", &value, name) != 2)
			continue;
		if (!strcmp(name, "_text"))
			record.start = value;
		if (!strcmp(name, "_etext"))
			end = value;
	}
	if (f)
		fclose(f);
	if (!record.start || end <= record.start)
		return;
	record.length = end - record.start;
	record.offset = record.start;
	put(&record, sizeof(record));
}

void data_open(const struct job *job)
{
	struct file_header header = { };

	path = job->output;
	out = fopen(path, "we");
	if (!out)
		die("%s: %s", path, strerror(errno));
	put(&header, sizeof(header));
	put_kernel();
}

static void add_id(struct ids *i, u64 id)
{
	if (i->nr == i->room) {
		i->room = i->room ? 2 * i->room : 16;
		i->id = realloc(i->id, i->room * sizeof(*i->id));
		if (!i->id)
			die("no memory for so many tasks");
	}
	i->id[i->nr++] = id;
}

void data_ids(const struct job *job, const struct task *task)
{
	for (int i = 0; i < job->nr; i++)
		add_id(&ids[i], task->id[i]);
	add_id(&ids[job->nr], task->id_side);
}

void data_record(const struct perf_event_header *record)
{
	put(record, record->size);
	records += record->type == PERF_RECORD_SAMPLE;
	if (record->type == PERF_RECORD_LOST)
		lost += ((const u64 *)(record + 1))[1];
}

/* ---- Features ---- */

static char *file_text(const char *name, size_t *size)
{
	FILE *f = fopen(name, "re"), *text;
	char *buffer = NULL, block[4096];
	size_t length;

	*size = 0;
	text = open_memstream(&buffer, size);
	while (f && (length = fread(block, 1, sizeof(block), f)) > 0)
		fwrite(block, 1, length, text);
	fclose(text);
	if (f)
		fclose(f);
	return buffer;
}

static void put_file(const char *name)
{
	size_t size;
	char *text = file_text(name, &size);

	put_u64(size);
	put(text, size);
	free(text);
}

static bool is_system_of(const struct job *job, const char *dir)
{
	const char *name = strrchr(dir, '/') + 1;
	size_t length = strlen(name);

	for (int i = 0; i < job->nr; i++) {
		const struct event *event = &job->target[i];
		const char *of = event->name + 2 * !strncmp(event->name, "t:", 2);

		if (event->kind == TRACEPOINT && !strncmp(of, name, length) && of[length] == ':')
			return true;
	}
	return false;
}

#define TRACING	"/sys/kernel/tracing/events/"

/* The formats of all tracepoints of a system. */
static void put_system(const char *dir)
{
	char pattern[PATH_MAX];
	glob_t formats;

	snprintf(pattern, sizeof(pattern), "%s/*/format", dir);
	if (glob(pattern, 0, NULL, &formats))
		formats.gl_pathc = 0;
	put(strrchr(dir, '/') + 1, strlen(strrchr(dir, '/') + 1) + 1);
	put_u32(formats.gl_pathc);
	for (size_t i = 0; i < formats.gl_pathc; i++)
		put_file(formats.gl_pathv[i]);
	globfree(&formats);
}

/* What perf needs to print the fields of tracepoints: as trace-cmd writes it. */
static void put_tracing(const struct job *job)
{
	static const char magic[] = { 23, 8, 68, 't', 'r', 'a', 'c', 'i', 'n', 'g' };
	const u16 one = 1;
	u32 systems = 0;
	glob_t dirs;

	put(magic, sizeof(magic));
	put("0.5", 4);
	put(*(const char *)&one ? "\0" : "\1", 1);
	put(&(char){ sizeof(long) }, 1);
	put_u32(sysconf(_SC_PAGESIZE));
	put("header_page", 12);
	put_file(TRACING "header_page");
	put("header_event", 13);
	put_file(TRACING "header_event");
	put_u32(0);		/* events of ftrace's own */
	if (glob(TRACING "*", 0, NULL, &dirs))
		die("the formats of tracepoints cannot be read: " TRACING);
	for (size_t i = 0; i < dirs.gl_pathc; i++)
		systems += is_system_of(job, dirs.gl_pathv[i]);
	put_u32(systems);
	for (size_t i = 0; i < dirs.gl_pathc; i++)
		if (is_system_of(job, dirs.gl_pathv[i]))
			put_system(dirs.gl_pathv[i]);
	globfree(&dirs);
	put_u32(0);		/* kallsyms */
	put_u32(0);		/* formats of trace_printk() */
}

static void put_os_release(const struct job *job)
{
	struct utsname name;

	(void)job;
	uname(&name);
	put_string(name.release);
}

static void put_arch(const struct job *job)
{
	struct utsname name;

	(void)job;
	uname(&name);
	put_string(name.machine);
}

static void put_command_line(const struct job *job)
{
	u32 nr = 0;

	while (job->argv[nr])
		nr++;
	put_u32(nr);
	for (u32 i = 0; i < nr; i++)
		put_string(job->argv[i]);
}

static void put_event_names(const struct job *job)
{
	put_u32(job->nr + 1);
	put_u32(sizeof(struct perf_event_attr));
	for (int i = 0; i <= job->nr; i++) {
		const struct event *event = event_of(job, i);

		put(&event->attr, sizeof(event->attr));
		put_u32(ids[i].nr);
		put_string(event->name);
		put(ids[i].id, ids[i].nr * sizeof(u64));
	}
}

static bool has_tracepoints(const struct job *job)
{
	for (int i = 0; i < job->nr; i++)
		if (job->target[i].kind == TRACEPOINT)
			return true;
	return false;
}

/* In the order of their numbers. */
static const struct {
	enum feature feature;
	void (*put)(const struct job *job);
	bool (*wanted)(const struct job *job);
} features[] = {
	{ TRACING_DATA, put_tracing, has_tracepoints },
	{ OS_RELEASE, put_os_release, NULL },
	{ ARCH, put_arch, NULL },
	{ COMMAND_LINE, put_command_line, NULL },
	{ EVENT_NAMES, put_event_names, NULL },
};

/* Behind the data: where each is, then each. */
static void put_features(const struct job *job, struct file_header *header)
{
	struct section section[ARRAY_SIZE(features)];
	u64 table = at;
	int nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		nr += !features[i].wanted || features[i].wanted(job);
	put(section, nr * sizeof(*section));
	nr = 0;
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		if (features[i].wanted && !features[i].wanted(job))
			continue;
		section[nr].offset = at;
		features[i].put(job);
		section[nr].size = at - section[nr].offset;
		nr++;
		header->features[features[i].feature / 64] |= 1ULL << features[i].feature % 64;
	}
	fseek(out, table, SEEK_SET);
	put(section, nr * sizeof(*section));
	fseek(out, 0, SEEK_END);
	at = ftell(out);
}

void data_close(const struct job *job)
{
	struct file_header header = {
		.magic = "PERFILE2", .size = sizeof(header), .attr_size = sizeof(struct file_attr),
		.data = { .offset = sizeof(header), .size = at - sizeof(header) },
	};
	struct file_attr attr[TARGETS + 1];

	put_features(job, &header);
	for (int i = 0; i <= job->nr; i++) {
		attr[i].attr = event_of(job, i)->attr;
		attr[i].ids = (struct section){ at, ids[i].nr * sizeof(u64) };
		put(ids[i].id, attr[i].ids.size);
	}
	header.attrs = (struct section){ at, (job->nr + 1) * sizeof(*attr) };
	put(attr, header.attrs.size);
	fseek(out, 0, SEEK_SET);
	put(&header, sizeof(header));
	if (fclose(out))
		die("%s: %s", path, strerror(errno));
	fprintf(stderr, "[ perf-trigger: %llu samples in %s ]\n", records, path);
	if (lost)
		fprintf(stderr, "[ perf-trigger: %llu records lost ]\n", lost);
}
