// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs come and go; the first one comes at boot.
 *
 * A CPU's context takes events while cpuctx->online is set (ctx->mutex), and is
 * active, with its clock running, for the same time: an online CPU always
 * schedules its own events, so that there is no switch that would turn the
 * context on and off.  Both change when the CPU is fully up, and while it still
 * is: the hotplug core calls in here at two steps on either way, and at the
 * outer one, perf:prepare, where the CPU does not run, there is nothing to do.
 *
 * Events of a CPU that goes are not kept for its return.  They are taken out of
 * its context one by one, each with its place in its group, so that none is
 * left that points to another; what they have counted can still be read.
 * Events of PMUs that count for several CPUs move on first (pmu.c).
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/hw_breakpoint.h>
#include <linux/init.h>
#include <linux/panic.h>
#include <linux/reboot.h>
#include <linux/smp.h>

#include "internal.h"

/* CPUs whose contexts take events; pmus_lock to change. */
cpumask_var_t perf_online_mask;

/*
 * The hotplug lock is taken outside of a CPU context's locks, and inside of a
 * task context's: by tracing, for one.  Not the same kind, then.
 */
static struct lock_class_key cpu_ctx_mutex_key;
static struct lock_class_key cpu_ctx_lock_key;

static void ctx_on_ipi(void *unused)
{
	struct perf_event_context *ctx = &this_cpu_ptr(&perf_cpu_context)->ctx;

	guard(raw_spinlock)(&ctx->lock);

	if (!ctx->active) {
		ctx->active = true;
		perf_clock_start(&ctx->clock, perf_clock());
	}
}

static void ctx_off_ipi(void *unused)
{
	struct perf_event_context *ctx = &this_cpu_ptr(&perf_cpu_context)->ctx;

	guard(raw_spinlock)(&ctx->lock);

	perf_clock_stop(&ctx->clock);
	ctx->active = false;
}

/**
 * perf_event_init_cpu() - a CPU comes
 * @cpu: the CPU
 *
 * Context: CPU hotplug, may sleep; or boot, IRQs off.
 * Return: 0.
 */
int perf_event_init_cpu(unsigned int cpu)
{
	struct perf_cpu_context *cpuctx = per_cpu_ptr(&perf_cpu_context, cpu);

	if (!cpu_online(cpu))
		return 0;

	guard(mutex)(&pmus_lock);

	perf_pmu_scope_init_cpu(cpu);
	cpumask_set_cpu(cpu, perf_online_mask);

	guard(mutex)(&cpuctx->ctx.mutex);

	/* At boot no interrupts are sent yet, not even to oneself. */
	if (irqs_disabled())
		ctx_on_ipi(NULL);
	else
		smp_call_function_single(cpu, ctx_on_ipi, NULL, 1);
	cpuctx->online = true;

	return 0;
}

/**
 * perf_event_exit_cpu() - a CPU is about to go
 * @cpu: the CPU
 *
 * Context: CPU hotplug, or reboot; may sleep.
 * Return: 0.
 */
int perf_event_exit_cpu(unsigned int cpu)
{
	struct perf_cpu_context *cpuctx = per_cpu_ptr(&perf_cpu_context, cpu);
	struct perf_event_context *ctx = &cpuctx->ctx;
	struct perf_event *event, *next;

	guard(mutex)(&pmus_lock);

	if (!cpumask_test_and_clear_cpu(cpu, perf_online_mask))
		return 0;

	perf_pmu_scope_exit_cpu(cpu);

	guard(mutex)(&ctx->mutex);

	cpuctx->online = false;
	list_for_each_entry_safe(event, next, &ctx->event_list, event_entry)
		perf_event_detach(event, PERF_DETACH_GROUP);
	smp_call_function_single(cpu, ctx_off_ipi, NULL, 1);

	return 0;
}

/* Counters that run on may trap a kernel that is entered from here. */
static int reboot_notify(struct notifier_block *block, unsigned long action, void *data)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		perf_event_exit_cpu(cpu);

	return NOTIFY_OK;
}

/* After all who have events of their own: they let go of them first. */
static struct notifier_block reboot_block = {
	.notifier_call	= reboot_notify,
	.priority	= INT_MIN,
};

static void __init init_contexts(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct perf_event_context *ctx = &per_cpu_ptr(&perf_cpu_context, cpu)->ctx;

		perf_ctx_init(ctx);
		lockdep_set_class(&ctx->mutex, &cpu_ctx_mutex_key);
		lockdep_set_class(&ctx->lock, &cpu_ctx_lock_key);
		perf_sideband_init_cpu(cpu);
	}
}

/**
 * perf_event_init() - bring up perf_events
 *
 * Context: boot, on the first CPU; IRQs off; memory can be had.
 */
void __init perf_event_init(void)
{
	int ret;

	if (!zalloc_cpumask_var(&perf_online_mask, GFP_KERNEL))
		panic("perf: no memory for the mask of CPUs\n");

	init_contexts();
	perf_event_init_cache();

	/* In this order: the types that are given out have been seen for years. */
	perf_swevent_register();
	perf_clock_register();
	perf_tracepoint_register();

	perf_event_init_cpu(smp_processor_id());
	register_reboot_notifier(&reboot_block);

	ret = init_hw_breakpoint();
	WARN(ret, "perf: no breakpoints: %d\n", ret);
}
