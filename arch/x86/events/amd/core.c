// SPDX-License-Identifier: GPL-2.0
/*
 * AMD: core counters of family 17h and later, with PerfMonV2 or without.
 *
 * PerfMonV2 has a register with a bit for each counter, and one that tells which have
 * overflowed.  Without it each event select turns its counter on and off, and an
 * overflow is seen by the counter's highest bit.
 *
 * A PMI may come late, when what it was for has been dealt with, or its event has gone.  So
 * for a short time after each one that had a reason, and after an event was stopped whose
 * counter had overflowed, those without are taken for ours, too.
 *
 * A counter can count in the host only, if SVM is on: until KVM says so, that bit of an
 * event select must not be set (x86_cpu.virt_mask).
 */
#include <linux/jiffies.h>

#include <asm/apic.h>
#include <asm/cpufeature.h>

#include "amd.h"

#define LATE_NMI_MSEC	100

static DEFINE_PER_CPU(unsigned long, late_until);
static unsigned long late_window __ro_after_init;

static void expect_late(void)
{
	this_cpu_write(late_until, jiffies + late_window);
}

static int claim_late(int handled)
{
	if (handled) {
		expect_late();
		return handled;
	}

	return time_after(jiffies, this_cpu_read(late_until)) ? 0 : 1;
}

/* ---- PerfMonV2 -------------------------------------------------------------- */

static void v2_set_on(struct x86_cpu *cpu, u64 want, u64 had)
{
	wrmsrl(MSR_AMD64_PERF_CNTR_GLOBAL_CTL, want);
}

static int v2_handle_irq(struct pt_regs *regs)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	bool enabled = cpu->enabled;
	int handled = 0;
	u64 status;

	apic_write(APIC_LVTPC, APIC_DM_NMI);
	if (!cpu->used)
		return claim_late(0);

	/* The register may be ahead of @on: the NMI came in x86_sync(). */
	if (enabled || cpu->on) {
		wrmsrl(MSR_AMD64_PERF_CNTR_GLOBAL_CTL, 0);
		cpu->on = 0;
	}
	cpu->enabled = false;
	amd_lbr_off();
	rdmsrl(MSR_AMD64_PERF_CNTR_GLOBAL_STATUS, status);
	status &= cpu->type->counters | GLOBAL_STATUS_LBRS_FROZEN;
	if (status) {
		amd_lbr_read();
		handled = x86_overflow(cpu, status & cpu->type->counters, regs);
		wrmsrl(MSR_AMD64_PERF_CNTR_GLOBAL_STATUS_CLR, status);
	}
	cpu->enabled = enabled;
	if (enabled)
		amd_lbr_on();
	x86_sync(cpu);

	return claim_late(handled);
}

/* ---- Without ---------------------------------------------------------------- */

static int handle_irq(struct pt_regs *regs)
{
	return claim_late(x86_handle_irq_no_status(regs));
}

/* ---- Events ----------------------------------------------------------------- */

static int amd_hw_config(struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;

	/* What is precise is IBS's. */
	if (event->attr.precise_ip)
		return forward_event_to_ibs(event);

	if (event->attr.exclude_host && event->attr.exclude_guest)
		hwc->config &= ~(ARCH_PERFMON_EVENTSEL_USR | ARCH_PERFMON_EVENTSEL_OS);
	else if (event->attr.exclude_host)
		hwc->config |= AMD64_EVENTSEL_GUESTONLY;
	else if (event->attr.exclude_guest)
		hwc->config |= AMD64_EVENTSEL_HOSTONLY;

	return has_branch_stack(event) ? amd_lbr_config(event) : 0;
}

static u64 amd_counters(struct perf_event *event)
{
	return x86_type_of(event)->general;
}

static bool amd_fits(struct x86_cpu *cpu, struct perf_event *event)
{
	return amd_lbr_fits(event);
}

static void amd_added(struct x86_cpu *cpu, struct perf_event *event)
{
	amd_lbr_added(event);
}

static void amd_removed(struct x86_cpu *cpu, struct perf_event *event)
{
	amd_lbr_removed(event);
}

static void amd_pmu_enabled(struct x86_cpu *cpu)
{
	amd_lbr_on();
}

static void amd_pmu_disabled(struct x86_cpu *cpu)
{
	amd_lbr_off();
}

static void amd_sched_task(struct perf_event_pmu_context *epc, struct task_struct *task,
			   bool sched_in)
{
	amd_lbr_sched_task(sched_in);
}

/* ---- KVM -------------------------------------------------------------------- */

/* Write the event selects again, with another mask. */
static void set_virt_mask(u64 mask)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	unsigned long flags;
	bool enabled;
	u64 left;

	local_irq_save(flags);
	enabled = cpu->enabled;
	WRITE_ONCE(cpu->enabled, false);
	x86_sync(cpu);
	cpu->virt_mask = mask;
	for (left = cpu->running; left; left &= left - 1)
		x86_pmu.program(cpu, cpu->event[__ffs64(left)], __ffs64(left));
	WRITE_ONCE(cpu->enabled, enabled);
	x86_sync(cpu);
	local_irq_restore(flags);
}

/**
 * amd_pmu_enable_virt() - SVM is on: counters know hosts from guests
 *
 * Context: on that CPU.
 */
void amd_pmu_enable_virt(void)
{
	set_virt_mask(0);
}
EXPORT_SYMBOL_GPL(amd_pmu_enable_virt);

/**
 * amd_pmu_disable_virt() - SVM is off
 *
 * Context: on that CPU.
 */
void amd_pmu_disable_virt(void)
{
	set_virt_mask(AMD64_EVENTSEL_HOSTONLY);
}
EXPORT_SYMBOL_GPL(amd_pmu_disable_virt);

#ifdef CONFIG_PERF_EVENTS_AMD_BRS
/* Branch sampling of Zen 3 is not there, so going to sleep need not stop it. */
DEFINE_STATIC_CALL_NULL(perf_lopwr_cb, perf_amd_brs_lopwr_cb);
EXPORT_STATIC_CALL_TRAMP_GPL(perf_lopwr_cb);
#endif

/* ---- Coming up -------------------------------------------------------------- */

/* What firmware has left on would count, and interrupt, until its counter is used. */
static void amd_registers_lost(struct x86_cpu *cpu)
{
	u64 left = x86_core_types[0].general;

	if (x86_pmu.version >= 2) {
		wrmsrl(MSR_AMD64_PERF_CNTR_GLOBAL_CTL, 0);
		wrmsrl(MSR_AMD64_PERF_CNTR_GLOBAL_STATUS_CLR, x86_core_types[0].counters);
	} else {
		for (; left; left &= left - 1)
			wrmsrl(x86_select_msr(__ffs64(left)), 0);
	}
	amd_lbr_start_cpu();
}

static void amd_start_cpu(int nr)
{
	struct x86_cpu *cpu = per_cpu_ptr(&x86_cpu, nr);

	cpu->virt_mask = AMD64_EVENTSEL_HOSTONLY;
	per_cpu(late_until, nr) = jiffies;
	amd_registers_lost(cpu);
}

static const struct x86_string amd_formats[] = {
	{ "event", "config:0-7,32-35" },
	{ "umask", "config:8-15" },
	{ "edge", "config:18" },
	{ "inv", "config:23" },
	{ "cmask", "config:24-31" },
	{ }
};

static const struct x86_model *__init find_model(void)
{
	const struct amd_match *match;

	for (match = amd_matches; match->model; match++) {
		if (boot_cpu_data.x86 >= match->family &&
		    (!match->feature || boot_cpu_has(match->feature)))
			return match->model;
	}

	return NULL;
}

/**
 * amd_pmu_init() - find out what this CPU has
 *
 * Return: 0; -ENODEV: nothing that is known here.
 */
int __init amd_pmu_init(void)
{
	struct x86_core_type *type = &x86_core_types[0];
	int counters = AMD64_NUM_COUNTERS;

	x86_pmu.name = "AMD";
	type->model = find_model();
	if (!type->model)
		return -ENODEV;
	pr_cont("%s ", type->model->label);

	x86_pmu.select_base = MSR_K7_EVNTSEL0;
	x86_pmu.counter_base = MSR_K7_PERFCTR0;
	x86_pmu.step = 1;
	x86_pmu.handle_irq = handle_irq;
	x86_pmu.program = x86_program_select;
	x86_pmu.set_on = x86_set_on_selects;
	if (boot_cpu_has(X86_FEATURE_PERFMON_V2))
		x86_pmu.version = 2;
	amd_lbr_init();
	if (boot_cpu_has(X86_FEATURE_PERFCTR_CORE)) {
		x86_pmu.select_base = MSR_F15H_PERF_CTL;
		x86_pmu.counter_base = MSR_F15H_PERF_CTR;
		x86_pmu.step = 2;
		counters = AMD64_NUM_COUNTERS_CORE;
		pr_cont("core perfctr, ");
	}
	if (x86_pmu.version >= 2) {
		union cpuid_0x80000022_ebx ebx = {
			.full = cpuid_ebx(EXT_PERFMON_DEBUG_FEATURES),
		};

		counters = ebx.split.num_core_pmc;
		x86_pmu.handle_irq = v2_handle_irq;
		x86_pmu.program = x86_program_gp;
		x86_pmu.set_on = v2_set_on;
	}
	if (x86_pmu.branches) {
		x86_pmu.destroy = amd_lbr_destroy;
		x86_pmu.fits = amd_fits;
		x86_pmu.added = amd_added;
		x86_pmu.removed = amd_removed;
		x86_pmu.pmu_enabled = amd_pmu_enabled;
		x86_pmu.pmu_disabled = amd_pmu_disabled;
		x86_pmu.sched_task = amd_sched_task;
	}
	x86_pmu.width = 48;
	x86_pmu.value_mask = GENMASK_ULL(47, 0);
	x86_pmu.max_period = GENMASK_ULL(46, 0);
	x86_pmu.formats = amd_formats;
	x86_pmu.hw_config = amd_hw_config;
	x86_pmu.counters = amd_counters;
	x86_pmu.stopped_late = expect_late;
	x86_pmu.start_cpu = amd_start_cpu;
	x86_pmu.registers_lost = amd_registers_lost;
	type->general = GENMASK_ULL(counters - 1, 0);
	type->counters = type->general;
	type->raw = AMD64_RAW_EVENT_MASK;
	late_window = msecs_to_jiffies(LATE_NMI_MSEC);

	return 0;
}
