// SPDX-License-Identifier: GPL-2.0
/*
 * x86: the files of a core type's PMU below /sys/bus/event_source/devices/.
 *
 * All but a few follow from the model: names of events from its table of generic
 * ones and its own, formats from what its event selects have.  They are made once, at
 * boot, and stay.
 */
#include <linux/device.h>
#include <linux/slab.h>

#include "perf_event.h"

/* ---- Content ---------------------------------------------------------------- */

/**
 * events_sysfs_show() - the content of a file that was made by EVENT_ATTR_STR()
 * @dev: the PMU's device
 * @attr: the file
 * @page: where it goes
 *
 * Return: its length.
 *
 * Context: may sleep.
 */
ssize_t events_sysfs_show(struct device *dev, struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "%s\n",
			  container_of(attr, struct perf_pmu_events_attr, attr)->event_str);
}
EXPORT_SYMBOL_GPL(events_sysfs_show);

/* What differs where cores have threads.  Those files never had an end of line. */
static ssize_t show_smt(struct device *dev, struct device_attribute *attr, char *page)
{
	const struct x86_string *s =
		(void *)(unsigned long)container_of(attr, struct perf_pmu_events_attr, attr)->id;

	return sysfs_emit(page, "%s", topology_max_smt_threads() > 1 ? s->smt : s->value);
}

static ssize_t show_event(struct device *dev, struct device_attribute *attr, char *page)
{
	u64 config = container_of(attr, struct perf_pmu_events_attr, attr)->id;
	u64 event = config & ARCH_PERFMON_EVENTSEL_EVENT;
	ssize_t len;

	if (boot_cpu_data.x86_vendor != X86_VENDOR_INTEL)
		event |= config >> 24 & 0xf00;
	len = sysfs_emit(page, "event=0x%02llx", event);
	if (config & ARCH_PERFMON_EVENTSEL_UMASK)
		len += sysfs_emit_at(page, len, ",umask=0x%02llx", config >> 8 & 0xff);
	if (config & ARCH_PERFMON_EVENTSEL_EDGE)
		len += sysfs_emit_at(page, len, ",edge");
	if (config & ARCH_PERFMON_EVENTSEL_ANY)
		len += sysfs_emit_at(page, len, ",any");
	if (config & ARCH_PERFMON_EVENTSEL_INV)
		len += sysfs_emit_at(page, len, ",inv");
	if (config & ARCH_PERFMON_EVENTSEL_CMASK)
		len += sysfs_emit_at(page, len, ",cmask=0x%02llx", config >> 24 & 0xff);
	len += sysfs_emit_at(page, len, "\n");

	return len;
}

static ssize_t rdpmc_show(struct device *dev, struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "%d\n", x86_pmu.rdpmc);
}

static ssize_t rdpmc_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	unsigned long value;
	int err = kstrtoul(buf, 0, &value) ?: x86_set_rdpmc(value);

	return err ?: count;
}
static DEVICE_ATTR_RW(rdpmc);

static struct x86_core_type *type_of_dev(struct device *dev)
{
	return container_of((struct pmu *)dev_get_drvdata(dev), struct x86_core_type, pmu);
}

static ssize_t cpus_show(struct device *dev, struct device_attribute *attr, char *page)
{
	return cpumap_print_to_pagebuf(true, page, &type_of_dev(dev)->cpus);
}
static DEVICE_ATTR_RO(cpus);

static ssize_t branches_show(struct device *dev, struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "%d\n", x86_pmu.branches);
}
static DEVICE_ATTR_RO(branches);

static ssize_t max_precise_show(struct device *dev, struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "%d\n", type_of_dev(dev)->max_precise);
}
static DEVICE_ATTR_RO(max_precise);

static ssize_t pmu_name_show(struct device *dev, struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "%s\n", x86_pmu.model_name ?: x86_core_types[0].model->name);
}
static DEVICE_ATTR_RO(pmu_name);

/* ---- Groups ----------------------------------------------------------------- */

static umode_t shown(struct kobject *kobj, struct attribute *attr, int i)
{
	if (attr == &dev_attr_branches.attr && !x86_pmu.branches)
		return 0;
	if (attr == &dev_attr_pmu_name.attr && !x86_pmu.model_name &&
	    !x86_core_types[0].model->name)
		return 0;
	if (attr == &dev_attr_cpus.attr && !x86_is_hybrid())
		return 0;

	return attr->mode;
}

static struct attribute *cap_attrs[] = {
	&dev_attr_branches.attr, &dev_attr_max_precise.attr, &dev_attr_pmu_name.attr, NULL
};

static const struct attribute_group cap_group = {
	.name = "caps", .attrs = cap_attrs, .is_visible = shown,
};

static struct attribute *own_attrs[] = {
	&dev_attr_rdpmc.attr, &dev_attr_cpus.attr, NULL
};

static const struct attribute_group own_group = {
	.attrs = own_attrs, .is_visible = shown,
};

static const char * const generic_names[PERF_COUNT_HW_MAX] = {
	[PERF_COUNT_HW_CPU_CYCLES]		= "cpu-cycles",
	[PERF_COUNT_HW_INSTRUCTIONS]		= "instructions",
	[PERF_COUNT_HW_CACHE_REFERENCES]	= "cache-references",
	[PERF_COUNT_HW_CACHE_MISSES]		= "cache-misses",
	[PERF_COUNT_HW_BRANCH_INSTRUCTIONS]	= "branch-instructions",
	[PERF_COUNT_HW_BRANCH_MISSES]		= "branch-misses",
	[PERF_COUNT_HW_BUS_CYCLES]		= "bus-cycles",
	[PERF_COUNT_HW_STALLED_CYCLES_FRONTEND]	= "stalled-cycles-frontend",
	[PERF_COUNT_HW_STALLED_CYCLES_BACKEND]	= "stalled-cycles-backend",
	[PERF_COUNT_HW_REF_CPU_CYCLES]		= "ref-cycles",
};

/* Attributes while they are put together. */
struct maker {
	struct attribute		**attrs;
	struct perf_pmu_events_attr	*files;
	int				n, max;
};

static void make(struct maker *m, const char *name, const char *value, u64 id,
		 ssize_t (*show)(struct device *, struct device_attribute *, char *))
{
	struct perf_pmu_events_attr *file = &m->files[m->n];

	if (WARN_ON_ONCE(m->n == m->max))
		return;
	sysfs_attr_init(&file->attr.attr);
	file->attr.attr.name = name;
	file->attr.attr.mode = 0444;
	file->attr.show = show;
	file->id = id;
	file->event_str = value;
	m->attrs[m->n++] = &file->attr.attr;
}

static void make_strings(struct maker *m, const struct x86_string *s)
{
	for (; s && s->name; s++) {
		make(m, s->name, s->value, (unsigned long)s,
		     s->smt ? show_smt : events_sysfs_show);
	}
}

/* A group of at most @max files. */
static struct attribute_group *new_group(const char *name, struct maker *m, int max)
{
	struct attribute_group *group = kzalloc(sizeof(*group), GFP_KERNEL);

	m->attrs = kcalloc(max + 1, sizeof(*m->attrs), GFP_KERNEL);
	m->files = kcalloc(max, sizeof(*m->files), GFP_KERNEL);
	m->n = 0;
	m->max = max;
	if (!group || !m->attrs || !m->files)
		return NULL;		/* at boot: there is nobody to give them back to */
	group->name = name;
	group->attrs = m->attrs;

	return group;
}

#define FILES_MAX	40

/**
 * x86_sysfs_groups() - make the files of a core type's PMU
 * @type: the core type, its pmu.attr_groups is set
 *
 * Return: 0 or -ENOMEM.
 *
 * Context: boot.
 */
int x86_sysfs_groups(struct x86_core_type *type)
{
	const struct attribute_group **groups = kcalloc(6, sizeof(*groups), GFP_KERNEL);
	struct attribute_group *events, *formats;
	struct maker m;
	int i;

	events = new_group("events", &m, FILES_MAX);
	if (!groups || !events)
		return -ENOMEM;
	for (i = 0; i < PERF_COUNT_HW_MAX; i++) {
		if (type->model->generic[i])
			make(&m, generic_names[i], NULL, type->model->generic[i], show_event);
	}
	make_strings(&m, type->model->events);

	formats = new_group("format", &m, FILES_MAX);
	if (!formats)
		return -ENOMEM;
	make_strings(&m, x86_pmu.formats);
	make_strings(&m, type->model->formats);

	groups[0] = events;
	groups[1] = formats;
	groups[2] = &cap_group;
	groups[3] = &own_group;
	groups[4] = x86_pmu.own_group;
	type->pmu.attr_groups = groups;

	return 0;
}
