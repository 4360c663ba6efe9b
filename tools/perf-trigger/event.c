// SPDX-License-Identifier: GPL-2.0
/*
 * From an event's name to its attributes.
 *
 * Names of events are libpfm4's to know, the addresses of functions libelf's to find.
 * What is left is how perf writes a tracepoint, a breakpoint and a modifier.
 */
#include "perf-trigger.h"
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <linux/hw_breakpoint.h>
#include <perfmon/pfmlib_perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

			if (!gelf_getsym(data, i, &sym) || GELF_ST_TYPE(sym.st_info) != STT_FUNC ||
			    sym.st_shndx == SHN_UNDEF)
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
	unsigned long value, offset;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf;

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF)
		die("%s is no program: a function in it cannot be found", path);
	value = symbol_value(elf, function);
	offset = value ? file_offset(elf, value) : 0;
	if (!offset)
		die("%s has no function %s: stripped, inlined, or of a library?", path, function);
	elf_end(elf);
	close(fd);
	return offset;
}

/* ---- What is not libpfm4's ---- */

/* u:PATH:FUNCTION, r:PATH:FUNCTION */
static struct event uprobe(const char *what, bool at_return)
{
	struct event event = { .kind = UPROBE, .attr.config = at_return };
	char *path = strdup(what), *function = strrchr(path, ':');
	long type = file_number("/sys/bus/event_source/devices/%s/type", "uprobe");

	if (!function)
		die("%s: it is PATH:FUNCTION", what);
	if (type < 0)
		die("this kernel has no uprobes: not for functions of programs");
	*function++ = 0;
	event.attr.type = type;
	event.attr.uprobe_path = (unsigned long)realpath(path, NULL);
	if (!event.attr.uprobe_path)
		die("%s: %s", path, strerror(errno));
	event.attr.probe_offset = function_offset(path, function);
	free(path);
	return event;
}

/* k:FUNCTION, K:FUNCTION */
static struct event kprobe(const char *what, bool at_return)
{
	struct event event = { .kind = KPROBE, .attr.config = at_return };
	long type = file_number("/sys/bus/event_source/devices/%s/type", "kprobe");

	if (type < 0)
		die("this kernel has no kprobes: not for functions of the kernel");
	event.attr.type = type;
	event.attr.kprobe_func = (unsigned long)what;
	return event;
}

/* SYSTEM:NAME */
static struct event tracepoint_event(const char *what)
{
	struct event event = { .kind = TRACEPOINT, .attr.type = PERF_TYPE_TRACEPOINT };
	char *path = strdup(what), *colon = strchr(path, ':');
	long id;

	if (!colon)
		die("%s: it is SYSTEM:NAME", what);
	*colon = '/';
	id = file_number("/sys/kernel/tracing/events/%s/id", path);
	if (id < 0)
		die("there is no tracepoint %s, or not for you to see", what);
	event.attr.config = id;
	free(path);
	return event;
}

static bool is_tracepoint(const char *name)
{
	char path[PATH_MAX], *colon;

	snprintf(path, sizeof(path), "/sys/kernel/tracing/events/%s/id", name);
	colon = strchr(path, ':');
	if (!colon)
		return false;
	*colon = '/';
	return !access(path, F_OK);
}

/* mem:ADDRESS[/LENGTH][:rwx] */
static struct event breakpoint_event(const char *name)
{
	struct event event = { .kind = BREAKPOINT, .attr.type = PERF_TYPE_BREAKPOINT };
	static const struct {
		char letter;
		unsigned int type;
	} access[] = {
		{ 'r', HW_BREAKPOINT_R }, { 'w', HW_BREAKPOINT_W }, { 'x', HW_BREAKPOINT_X },
	};
	char *rest;

	event.attr.bp_addr = strtoull(name + 4, &rest, 0);
	if (*rest == '/')
		event.attr.bp_len = strtoul(rest + 1, &rest, 0);
	if (*rest == ':')
		rest++;
	else if (*rest)
		die("%s: it is mem:ADDRESS[/LENGTH][:ACCESS]", name);
	for (; *rest; rest++) {
		unsigned int type = 0;

		for (size_t i = 0; i < ARRAY_SIZE(access); i++)
			if (access[i].letter == *rest)
				type = access[i].type;
		if (!type)
			die("%s: ACCESS is of r, w and x", name);
		event.attr.bp_type |= type;
	}
	if (!event.attr.bp_type)
		event.attr.bp_type = HW_BREAKPOINT_RW;
	if (!event.attr.bp_len)
		event.attr.bp_len = event.attr.bp_type == HW_BREAKPOINT_X ? sizeof(long) : 4;
	return event;
}

/* ---- What is libpfm4's ---- */

/* perf writes :uk and :pp where libpfm4 has :u:k and :precise=2. */
static char *modified(const char *name)
{
	const char *colon = strrchr(name, ':');
	size_t precise = 0;
	char *text = NULL;
	size_t size;
	FILE *f;

	if (!colon || !colon[1] || colon[1 + strspn(colon + 1, "ukhp")])
		return strdup(name);
	f = open_memstream(&text, &size);
	fprintf(f, "%.*s", (int)(colon - name), name);
	while (*++colon) {
		if (*colon == 'p')
			precise++;
		else
			fprintf(f, ":%c", *colon);
	}
	if (precise)
		fprintf(f, ":precise=%zu", precise);
	fclose(f);
	return text;
}

static struct event named(const char *name)
{
	struct event event = { .kind = NAMED, .attr.size = sizeof(event.attr) };
	pfm_perf_encode_arg_t arg = { .attr = &event.attr, .size = sizeof(arg) };
	char *pfm_name = modified(name);
	int err;

	err = pfm_get_os_event_encoding(pfm_name, PFM_PLM0 | PFM_PLM3, PFM_OS_PERF_EVENT_EXT, &arg);
	if (err != PFM_SUCCESS && strchr(name, '/'))
		die("%s: PMU/TERMS/ is not known here; libpfm4's names are", name);
	if (err != PFM_SUCCESS)
		die("%s: %s, for libpfm4 on this machine", name, pfm_strerror(err));
	free(pfm_name);
	return event;
}

/* ---- Either ---- */

static struct event parse(const char *name)
{
	struct event event;

	if (!strncmp(name, "u:", 2) || !strncmp(name, "r:", 2))
		event = uprobe(name + 2, *name == 'r');
	else if (!strncmp(name, "k:", 2) || !strncmp(name, "K:", 2))
		event = kprobe(name + 2, *name == 'K');
	else if (!strncmp(name, "t:", 2))
		event = tracepoint_event(name + 2);
	else if (!strncmp(name, "mem:", 4))
		event = breakpoint_event(name);
	else if (is_tracepoint(name))
		event = tracepoint_event(name);
	else
		event = named(name);
	event.name = name;
	event.attr.size = sizeof(event.attr);
	event.attr.disabled = 0;
	return event;
}

struct event trigger_parse(const char *name)
{
	struct event event = parse(name);

	/* On each occurrence, unless the name says otherwise. */
	if (!event.attr.sample_period)
		event.attr.sample_period = 1;
	/* Code of the user's; the kernel has none at such an address. */
	if (event.kind == BREAKPOINT)
		event.attr.exclude_kernel = 1;
	return event;
}

struct event target_parse(const char *name)
{
	return parse(name);
}
