// SPDX-License-Identifier: GPL-2.0
/*
 * x86: free-running counts that are no counters of a PMU: the time-stamp counter, clocks of
 * the actual and the maximum frequency, interrupts of system management, a temperature.
 *
 * They run whether somebody looks or not.  An event is what one of them grew by while the
 * event was on; nothing is programmed and nothing interrupts.
 *
 * A row of the table is such a count: its register, what a CPU must have for it, and its
 * files in sysfs.  What this CPU does not have has no files and cannot be opened.
 */
#include <linux/bitfield.h>
#include <linux/init.h>
#include <linux/nospec.h>
#include <linux/perf_event.h>

#include <asm/cpu_device_id.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/tsc.h>

/* ---- What there is ---------------------------------------------------------- */

/* driver_data below: which counts, beside those that CPUID tells, a processor has. */
#define HAS_SMI		BIT(0)
#define HAS_PPERF	BIT(1)

#define SMI(_vfm)	X86_MATCH_VFM(_vfm, HAS_SMI)
#define SMI_PPERF(_vfm)	X86_MATCH_VFM(_vfm, HAS_SMI | HAS_PPERF)

static const struct x86_cpu_id intel_counts[] __initconst = {
	SMI(INTEL_NEHALEM),
	SMI(INTEL_NEHALEM_G),
	SMI(INTEL_NEHALEM_EP),
	SMI(INTEL_NEHALEM_EX),
	SMI(INTEL_WESTMERE),
	SMI(INTEL_WESTMERE_EP),
	SMI(INTEL_WESTMERE_EX),
	SMI(INTEL_SANDYBRIDGE),
	SMI(INTEL_SANDYBRIDGE_X),
	SMI(INTEL_IVYBRIDGE),
	SMI(INTEL_IVYBRIDGE_X),
	SMI(INTEL_HASWELL),
	SMI(INTEL_HASWELL_X),
	SMI(INTEL_HASWELL_L),
	SMI(INTEL_HASWELL_G),
	SMI(INTEL_BROADWELL),
	SMI(INTEL_BROADWELL_D),
	SMI(INTEL_BROADWELL_G),
	SMI(INTEL_BROADWELL_X),
	SMI(INTEL_ATOM_SILVERMONT),
	SMI(INTEL_ATOM_SILVERMONT_D),
	SMI(INTEL_ATOM_AIRMONT),
	SMI(INTEL_ATOM_GOLDMONT),
	SMI(INTEL_ATOM_GOLDMONT_D),
	SMI(INTEL_ATOM_GOLDMONT_PLUS),
	SMI(INTEL_ATOM_TREMONT),
	SMI(INTEL_ATOM_TREMONT_D),
	SMI(INTEL_ATOM_TREMONT_L),
	SMI(INTEL_XEON_PHI_KNL),
	SMI(INTEL_XEON_PHI_KNM),
	SMI_PPERF(INTEL_SKYLAKE),
	SMI_PPERF(INTEL_SKYLAKE_L),
	SMI_PPERF(INTEL_SKYLAKE_X),
	SMI_PPERF(INTEL_KABYLAKE),
	SMI_PPERF(INTEL_KABYLAKE_L),
	SMI_PPERF(INTEL_COMETLAKE),
	SMI_PPERF(INTEL_COMETLAKE_L),
	SMI_PPERF(INTEL_ICELAKE),
	SMI_PPERF(INTEL_ICELAKE_L),
	SMI_PPERF(INTEL_ICELAKE_X),
	SMI_PPERF(INTEL_ICELAKE_D),
	SMI_PPERF(INTEL_TIGERLAKE),
	SMI_PPERF(INTEL_TIGERLAKE_L),
	SMI_PPERF(INTEL_ROCKETLAKE),
	SMI_PPERF(INTEL_SAPPHIRERAPIDS_X),
	SMI_PPERF(INTEL_EMERALDRAPIDS_X),
	SMI_PPERF(INTEL_GRANITERAPIDS_X),
	SMI_PPERF(INTEL_GRANITERAPIDS_D),
	SMI_PPERF(INTEL_ALDERLAKE),
	SMI_PPERF(INTEL_ALDERLAKE_L),
	SMI_PPERF(INTEL_ATOM_GRACEMONT),
	SMI_PPERF(INTEL_RAPTORLAKE),
	SMI_PPERF(INTEL_RAPTORLAKE_P),
	SMI_PPERF(INTEL_RAPTORLAKE_S),
	SMI_PPERF(INTEL_METEORLAKE),
	SMI_PPERF(INTEL_METEORLAKE_L),
	{ }
};

/* IA32_THERM_STATUS: degrees below the temperature where the CPU slows down; is it valid? */
#define THERM_MARGIN	GENMASK_ULL(22, 16)
#define THERM_VALID	BIT_ULL(31)

/**
 * struct msr_count - a count
 * @name: of the event
 * @msr: where it is read; 0 for the time-stamp counter, which has an instruction
 * @feature: X86_FEATURE_* that it needs, or 0
 * @intel: or HAS_*
 * @bits: how wide it is
 * @level: it does not count, it has a value
 */
struct msr_count {
	const char	*name;
	u32		msr;
	u16		feature;
	u8		intel;
	u8		bits;
	bool		level;
};

/* The index is attr.config. */
static const struct msr_count counts[] = {
	{ "tsc",		0,			.bits = 64, },
	{ "aperf",		MSR_IA32_APERF,		X86_FEATURE_APERFMPERF, 0, 64 },
	{ "mperf",		MSR_IA32_MPERF,		X86_FEATURE_APERFMPERF, 0, 64 },
	{ "pperf",		MSR_PPERF,		0, HAS_PPERF, 64 },
	{ "smi",		MSR_SMI_COUNT,		0, HAS_SMI, 32 },
	{ "ptsc",		MSR_F15H_PTSC,		X86_FEATURE_PTSC, 0, 64 },
	{ "irperf",		MSR_F17H_IRPERF,	X86_FEATURE_IRPERF, 0, 64 },
	{ "cpu_thermal_margin",	MSR_IA32_THERM_STATUS,	X86_FEATURE_DTHERM, 0, 64, true },
};

/* Those that this machine has. */
static unsigned long present __ro_after_init;

static_assert(ARRAY_SIZE(counts) <= BITS_PER_LONG);

/* ---- Counting --------------------------------------------------------------- */

static u64 msr_now(const struct perf_event *event)
{
	u64 now;

	if (!event->hw.event_base)
		return rdtsc_ordered();
	rdmsrl(event->hw.event_base, now);

	return now;
}

static void msr_read(struct perf_event *event)
{
	const struct msr_count *count = &counts[event->hw.idx];
	struct hw_perf_event *hwc = &event->hw;
	u64 prev, now;

	if (hwc->state & PERF_HES_STOPPED)
		return;
	if (count->level) {
		now = msr_now(event);
		now = now & THERM_VALID ? FIELD_GET(THERM_MARGIN, now) : -1;
		local64_set(&event->count, now);
		return;
	}

	/* May be interrupted by itself: each stretch is added by one of them. */
	prev = local64_read(&hwc->prev_count);
	do {
		now = msr_now(event);
	} while (!local64_try_cmpxchg(&hwc->prev_count, &prev, now));
	local64_add((now - prev) & GENMASK_ULL(count->bits - 1, 0), &event->count);
}

static void msr_start(struct perf_event *event, int flags)
{
	if (!(event->hw.state & PERF_HES_STOPPED))
		return;

	local64_set(&event->hw.prev_count, msr_now(event));
	event->hw.state = 0;
}

static void msr_stop(struct perf_event *event, int flags)
{
	msr_read(event);
	event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;
}

static int msr_add(struct perf_event *event, int flags)
{
	event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;
	if (flags & PERF_EF_START)
		msr_start(event, flags);

	return 0;
}

static void msr_del(struct perf_event *event, int flags)
{
	msr_stop(event, PERF_EF_UPDATE);
}

static int msr_event_init(struct perf_event *event)
{
	u64 config = event->attr.config;

	if (event->attr.type != event->pmu->type)
		return -ENOENT;
	/* The core refuses those that sample for users only. */
	if (event->attr.sample_period || config >= ARRAY_SIZE(counts))
		return -EINVAL;
	config = array_index_nospec(config, ARRAY_SIZE(counts));
	if (!(present & BIT(config)))
		return -EINVAL;

	event->hw.idx = config;
	event->hw.event_base = counts[config].msr;
	event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;

	return 0;
}

/* ---- Files ------------------------------------------------------------------ */

#define MSR_FILE(_id, _name, _value, _count)					\
static struct perf_pmu_events_attr msr_##_id = {				\
	.attr		= __ATTR(_name, 0444, perf_event_sysfs_show, NULL),	\
	.id		= _count,						\
	.event_str	= _value,						\
}

MSR_FILE(tsc, tsc, "event=0x00", 0);
MSR_FILE(aperf, aperf, "event=0x01", 1);
MSR_FILE(mperf, mperf, "event=0x02", 2);
MSR_FILE(pperf, pperf, "event=0x03", 3);
MSR_FILE(smi, smi, "event=0x04", 4);
MSR_FILE(ptsc, ptsc, "event=0x05", 5);
MSR_FILE(irperf, irperf, "event=0x06", 6);
MSR_FILE(margin, cpu_thermal_margin, "event=0x07", 7);
MSR_FILE(margin_snapshot, cpu_thermal_margin.snapshot, "1", 7);
MSR_FILE(margin_unit, cpu_thermal_margin.unit, "C", 7);

static struct attribute *event_files[] = {
	&msr_tsc.attr.attr,
	&msr_aperf.attr.attr,
	&msr_mperf.attr.attr,
	&msr_pperf.attr.attr,
	&msr_smi.attr.attr,
	&msr_ptsc.attr.attr,
	&msr_irperf.attr.attr,
	&msr_margin.attr.attr,
	&msr_margin_snapshot.attr.attr,
	&msr_margin_unit.attr.attr,
	NULL
};

static umode_t event_visible(struct kobject *kobj, struct attribute *attr, int i)
{
	u64 id = container_of(attr, struct perf_pmu_events_attr, attr.attr)->id;

	return present & BIT(id) ? attr->mode : 0;
}

static const struct attribute_group event_group = {
	.name		= "events",
	.attrs		= event_files,
	.is_visible	= event_visible,
};

PMU_FORMAT_ATTR(event, "config:0-63");

static struct attribute *format_files[] = {
	&format_attr_event.attr,
	NULL
};

static const struct attribute_group format_group = {
	.name	= "format",
	.attrs	= format_files,
};

static const struct attribute_group *msr_groups[] = {
	&event_group,
	&format_group,
	NULL
};

/* ---- The PMU ---------------------------------------------------------------- */

static struct pmu msr_pmu = {
	.task_ctx_nr	= perf_sw_context,
	.attr_groups	= msr_groups,
	.capabilities	= PERF_PMU_CAP_NO_INTERRUPT | PERF_PMU_CAP_NO_EXCLUDE,

	.event_init	= msr_event_init,
	.add		= msr_add,
	.del		= msr_del,
	.start		= msr_start,
	.stop		= msr_stop,
	.read		= msr_read,
};

/* A hypervisor may not have what CPUID, or the model, promises. */
static bool __init is_present(const struct msr_count *count, unsigned long intel)
{
	u64 value;

	if (count->feature && !boot_cpu_has(count->feature))
		return false;
	if (count->intel && !(intel & count->intel))
		return false;

	return !count->msr || !rdmsrl_safe(count->msr, &value);
}

static int __init msr_init(void)
{
	const struct x86_cpu_id *id = x86_match_cpu(intel_counts);

	if (!boot_cpu_has(X86_FEATURE_TSC)) {
		pr_info("no time-stamp counter: no PMU msr\n");
		return 0;
	}

	for (unsigned int i = 0; i < ARRAY_SIZE(counts); i++) {
		if (is_present(&counts[i], id ? id->driver_data : 0))
			present |= BIT(i);
	}

	return perf_pmu_register(&msr_pmu, "msr", -1);
}
device_initcall(msr_init);
