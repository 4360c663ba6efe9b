// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of PMUs.
 *
 * A PMU is known by its type, a number: perf_event_attr.type of its events.
 * Drivers either own one of the fixed types or are given a number above them,
 * which users learn from /sys/bus/event_source/devices/NAME/type.
 *
 * Rules:
 *
 *  - pmus_lock guards the list and the numbers against other writers;
 *    perf_pmu_init_event() reads both under pmus_srcu only, since drivers'
 *    event_init() may sleep.
 *  - A PMU is published complete: its number stays reserved, and finds nothing,
 *    until the last field is set.  A PMU that leaves is unpublished first, and
 *    freed after the readers have gone.
 *  - An event holds its PMU and the PMU's module as long as it lives, unless the
 *    PMU is unregistered: then the event is revoked and left with gone_pmu, which
 *    can do nothing.  Hence event->pmu may be used on the event's CPU while it is
 *    on; under ctx->mutex or mmap_mutex if the event is no orphan; and
 *    otherwise under pmus_srcu.
 *  - pmu_disable_count and cpu_pmu_context are the CPU's own, IRQs off.
 *
 * Scope.  Some PMUs exist once a core, die or package.  Of the CPUs that share
 * one, the first to come up reads it (scope_readers); when it goes, another
 * takes over, and the events with it.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/idr.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/srcu.h>
#include <linux/sysfs.h>
#include <linux/topology.h>

#include "internal.h"

/* Outside every context's mutex, inside cpu_hotplug_lock. */
DEFINE_MUTEX(pmus_lock);
LIST_HEAD(pmus);
DEFINE_SRCU(pmus_srcu);

/* Types; NULL for one that is reserved.  pmus_lock to change, RCU to look up. */
static DEFINE_IDR(pmu_types);

/* The bus is there, devices may be added.  pmus_lock. */
static bool pmu_bus_running;

/* ---- Scope -------------------------------------------------------------------- */

/* One CPU of each core, die, ...; pmus_lock to change. */
static struct cpumask scope_readers[PERF_PMU_MAX_SCOPE];

/* The CPUs that share what @cpu has of a scope. */
static const struct cpumask *scope_sharers(unsigned int scope, int cpu)
{
	const struct cpumask *const sharers[PERF_PMU_MAX_SCOPE] = {
		[PERF_PMU_SCOPE_NONE]		= cpu_none_mask,
		[PERF_PMU_SCOPE_CORE]		= topology_sibling_cpumask(cpu),
		[PERF_PMU_SCOPE_DIE]		= topology_die_cpumask(cpu),
		[PERF_PMU_SCOPE_CLUSTER]	= topology_cluster_cpumask(cpu),
		[PERF_PMU_SCOPE_PKG]		= topology_core_cpumask(cpu),
		[PERF_PMU_SCOPE_SYS_WIDE]	= perf_online_mask,
	};

	return sharers[scope];
}

/* The first scope that is one; the others follow. */
#define PERF_PMU_SCOPE_FIRST	(PERF_PMU_SCOPE_NONE + 1)

/**
 * perf_pmu_scope_init_cpu() - a CPU has come
 * @cpu: the CPU, online but not yet in perf_online_mask
 *
 * It reads for those that it shares something with, unless another does.  The
 * first CPU is asked so early that the topology is not known: it reads for all.
 *
 * Context: task; pmus_lock held.
 */
void perf_pmu_scope_init_cpu(unsigned int cpu)
{
	bool first = cpumask_empty(perf_online_mask);
	unsigned int scope;

	lockdep_assert_held(&pmus_lock);

	for (scope = PERF_PMU_SCOPE_FIRST; scope < PERF_PMU_MAX_SCOPE; scope++) {
		struct cpumask *readers = &scope_readers[scope];

		if (first || !cpumask_intersects(readers, scope_sharers(scope, cpu)))
			cpumask_set_cpu(cpu, readers);
	}
}

/* Give what @cpu reads to another one; which is that, or nr_cpu_ids if none. */
static unsigned int scope_hand_over(unsigned int scope, unsigned int cpu)
{
	struct cpumask *readers = &scope_readers[scope];
	unsigned int next;

	if (!cpumask_test_and_clear_cpu(cpu, readers))
		return nr_cpu_ids;

	next = cpumask_any_and_but(scope_sharers(scope, cpu), perf_online_mask, cpu);
	if (next < nr_cpu_ids)
		cpumask_set_cpu(next, readers);

	return next;
}

/**
 * perf_pmu_scope_exit_cpu() - a CPU is about to go
 * @cpu: the CPU
 *
 * Events that it read for others move to who reads from now on.
 *
 * Context: task; pmus_lock held.
 */
void perf_pmu_scope_exit_cpu(unsigned int cpu)
{
	unsigned int scope, next[PERF_PMU_MAX_SCOPE];
	struct pmu *pmu;

	lockdep_assert_held(&pmus_lock);

	next[PERF_PMU_SCOPE_NONE] = nr_cpu_ids;
	for (scope = PERF_PMU_SCOPE_FIRST; scope < PERF_PMU_MAX_SCOPE; scope++)
		next[scope] = scope_hand_over(scope, cpu);

	list_for_each_entry(pmu, &pmus, entry) {
		if (next[pmu->scope] < nr_cpu_ids)
			perf_pmu_migrate_context(pmu, cpu, next[pmu->scope]);
	}
}

/**
 * perf_pmu_read_cpu() - which CPU is to read an event?
 * @event: the event, leader of its group
 * @cpu: the CPU that it is on, or no CPU's number
 *
 * Context: preemption off.
 * Return: this CPU, if it may read what @cpu counts; else @cpu.
 */
int perf_pmu_read_cpu(struct perf_event *event, int cpu)
{
	int here = smp_processor_id();

	if ((unsigned int)cpu >= nr_cpu_ids)
		return cpu;

	if (event->group_caps & PERF_EV_CAP_READ_SCOPE &&
	    cpumask_test_cpu(here, scope_sharers(event->pmu->scope, cpu)))
		return here;

	if (event->group_caps & PERF_EV_CAP_READ_ACTIVE_PKG &&
	    topology_physical_package_id(here) == topology_physical_package_id(cpu))
		return here;

	return cpu;
}

/* ---- Callbacks that a driver left out -------------------------------------------- */

/* What transaction this CPU is in, for PMUs that know of none. */
static DEFINE_PER_CPU(unsigned int, txn_open);

static void nop_void(struct pmu *pmu)
{
}

static int nop_int(struct pmu *pmu)
{
	return 0;
}

static void nop_txn(struct pmu *pmu, unsigned int txn_flags)
{
}

static int nop_period(struct perf_event *event, u64 value)
{
	return 0;
}

static int nop_idx(struct perf_event *event)
{
	return 0;
}

/* All that is added in a transaction begins to count at once. */
static void simple_txn_start(struct pmu *pmu, unsigned int txn_flags)
{
	__this_cpu_write(txn_open, txn_flags);
	if (txn_flags == PERF_PMU_TXN_ADD)
		perf_pmu_disable(pmu);
}

static int simple_txn_end(struct pmu *pmu)
{
	if (__this_cpu_xchg(txn_open, 0) == PERF_PMU_TXN_ADD)
		perf_pmu_enable(pmu);

	return 0;
}

static void simple_txn_cancel(struct pmu *pmu)
{
	simple_txn_end(pmu);
}

static void fill_callbacks(struct pmu *pmu)
{
	bool simple = pmu->pmu_enable;

	if (!pmu->start_txn) {
		pmu->start_txn = simple ? simple_txn_start : nop_txn;
		pmu->commit_txn = simple ? simple_txn_end : nop_int;
		pmu->cancel_txn = simple ? simple_txn_cancel : nop_void;
	}

	if (!pmu->pmu_enable) {
		pmu->pmu_enable = nop_void;
		pmu->pmu_disable = nop_void;
	}

	if (!pmu->check_period)
		pmu->check_period = nop_period;
	if (!pmu->event_idx)
		pmu->event_idx = nop_idx;
}

/**
 * perf_pmu_disable() - stop all counters of a PMU on this CPU
 * @pmu: the PMU
 *
 * Nests.
 *
 * Context: any, NMI too; IRQs off.
 */
void perf_pmu_disable(struct pmu *pmu)
{
	int *depth = this_cpu_ptr(pmu->pmu_disable_count);

	if (!(*depth)++)
		pmu->pmu_disable(pmu);
}

/**
 * perf_pmu_enable() - undo one perf_pmu_disable()
 * @pmu: the PMU
 *
 * Context: that of the disable.
 */
void perf_pmu_enable(struct pmu *pmu)
{
	int *depth = this_cpu_ptr(pmu->pmu_disable_count);

	if (!--(*depth))
		pmu->pmu_enable(pmu);
}

/**
 * perf_event_print_debug() - print the CPU's counters on a SysRq; arch/ does
 *
 * Context: any but NMI.
 */
void __weak perf_event_print_debug(void) { }

/* ---- What is left of a PMU that has gone ------------------------------------------- */

/*
 * No callbacks: it is nobody's type, pmu_tryget() refuses it to children, and an
 * event that has it was detached before and will never be ACTIVE again.
 */
static struct pmu gone_pmu = {
	.name		= "gone",
	.task_ctx_nr	= perf_invalid_context,
	.capabilities	= PERF_PMU_CAP_NO_INTERRUPT | PERF_PMU_CAP_NO_NMI,
};

/* ---- sysfs ------------------------------------------------------------------------ */

static ssize_t type_show(struct device *dev, struct device_attribute *attr, char *page)
{
	struct pmu *pmu = dev_get_drvdata(dev);

	return sysfs_emit(page, "%d\n", pmu->type);
}
static DEVICE_ATTR_RO(type);

static ssize_t nr_addr_filters_show(struct device *dev, struct device_attribute *attr,
				    char *page)
{
	struct pmu *pmu = dev_get_drvdata(dev);

	return sysfs_emit(page, "%d\n", pmu->nr_addr_filters);
}
static DEVICE_ATTR_RO(nr_addr_filters);

static ssize_t cpumask_show(struct device *dev, struct device_attribute *attr, char *page)
{
	struct pmu *pmu = dev_get_drvdata(dev);

	return cpumap_print_to_pagebuf(true, page, &scope_readers[pmu->scope]);
}
static DEVICE_ATTR_RO(cpumask);

static ssize_t perf_event_mux_interval_ms_show(struct device *dev,
					       struct device_attribute *attr, char *page)
{
	struct pmu *pmu = dev_get_drvdata(dev);

	return sysfs_emit(page, "%d\n", pmu->hrtimer_interval_ms);
}

static void mux_restart_ipi(void *cpc)
{
	perf_mux_restart(cpc);
}

/* hrtimer_interval_ms and the CPUs' copies of it. */
static DEFINE_MUTEX(mux_interval_lock);

static ssize_t perf_event_mux_interval_ms_store(struct device *dev,
						struct device_attribute *attr,
						const char *buf, size_t count)
{
	struct pmu *pmu = dev_get_drvdata(dev);
	int ms, cpu, ret;

	ret = kstrtoint(buf, 0, &ms);
	if (ret)
		return ret;
	if (ms < 1)
		return -EINVAL;

	guard(cpus_read_lock)();
	guard(mutex)(&mux_interval_lock);

	if (ms == pmu->hrtimer_interval_ms)
		return count;

	pmu->hrtimer_interval_ms = ms;
	for_each_possible_cpu(cpu)
		per_cpu_ptr(pmu->cpu_pmu_context, cpu)->hrtimer_interval = ms_to_ktime(ms);
	for_each_online_cpu(cpu)
		smp_call_function_single(cpu, mux_restart_ipi,
					 per_cpu_ptr(pmu->cpu_pmu_context, cpu), 1);

	return count;
}
static DEVICE_ATTR_RW(perf_event_mux_interval_ms);

static struct attribute *pmu_dev_attrs[] = {
	&dev_attr_type.attr,
	&dev_attr_perf_event_mux_interval_ms.attr,
	&dev_attr_nr_addr_filters.attr,
	&dev_attr_cpumask.attr,
	NULL,
};

/* Not what the PMU has none of. */
static umode_t pmu_dev_attr_mode(struct kobject *kobj, struct attribute *attr, int n)
{
	struct pmu *pmu = dev_get_drvdata(kobj_to_dev(kobj));

	if (attr == &dev_attr_nr_addr_filters.attr && !pmu->nr_addr_filters)
		return 0;
	if (attr == &dev_attr_cpumask.attr && pmu->scope == PERF_PMU_SCOPE_NONE)
		return 0;

	return attr->mode;
}

static const struct attribute_group pmu_dev_group = {
	.is_visible	= pmu_dev_attr_mode,
	.attrs		= pmu_dev_attrs,
};

static const struct attribute_group *pmu_dev_groups[] = {
	&pmu_dev_group,
	NULL,
};

static const struct bus_type pmu_bus = {
	.name		= "event_source",
	.dev_groups	= pmu_dev_groups,
};

/**
 * perf_event_sysfs_show() - read an attribute of PMU_EVENT_ATTR_STRING()
 * @dev: the PMU's device
 * @attr: the attribute
 * @page: where to
 *
 * Return: bytes written; 0 if the attribute has no text.
 */
ssize_t perf_event_sysfs_show(struct device *dev, struct device_attribute *attr, char *page)
{
	struct perf_pmu_events_attr *event_attr;

	event_attr = container_of(attr, struct perf_pmu_events_attr, attr);
	if (!event_attr->event_str)
		return 0;

	return sprintf(page, "%s\n", event_attr->event_str);
}
EXPORT_SYMBOL_GPL(perf_event_sysfs_show);

static void pmu_dev_release(struct device *dev)
{
	kfree(dev);
}

static int pmu_dev_publish(struct pmu *pmu, struct device *dev)
{
	int ret;

	ret = dev_set_name(dev, "%s", pmu->name);
	if (ret)
		return ret;

	ret = device_add(dev);
	if (ret || !pmu->attr_update)
		return ret;

	ret = sysfs_update_groups(&dev->kobj, pmu->attr_update);
	if (ret)
		device_del(dev);

	return ret;
}

static int pmu_dev_add(struct pmu *pmu)
{
	struct device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	int ret;

	if (!dev)
		return -ENOMEM;

	device_initialize(dev);
	dev->bus = &pmu_bus;
	dev->parent = pmu->parent;
	dev->groups = pmu->attr_groups;
	dev->release = pmu_dev_release;
	dev_set_drvdata(dev, pmu);

	/* Drivers' is_visible() may look for it. */
	pmu->dev = dev;
	ret = pmu_dev_publish(pmu, dev);
	if (ret) {
		pmu->dev = NULL;
		put_device(dev);
	}

	return ret;
}

static void pmu_dev_del(struct pmu *pmu)
{
	if (!pmu->dev || pmu->dev == PMU_NULL_DEV)
		return;

	device_del(pmu->dev);
	put_device(pmu->dev);
	pmu->dev = NULL;
}

/* PMUs that came before there was a sysfs get their devices. */
static int __init pmu_sysfs_init(void)
{
	struct pmu *pmu;
	int ret;

	ret = bus_register(&pmu_bus);
	if (ret)
		return ret;

	guard(mutex)(&pmus_lock);

	list_for_each_entry(pmu, &pmus, entry) {
		if (pmu->dev)
			continue;
		ret = pmu_dev_add(pmu);
		WARN(ret, "perf: no device for PMU %s: %d\n", pmu->name, ret);
	}
	pmu_bus_running = true;

	return 0;
}
device_initcall(pmu_sysfs_init);

/* ---- Coming and going --------------------------------------------------------------- */

static void pmu_unused(struct percpu_ref *users)
{
	complete(&container_of(users, struct pmu, users)->unused);
}

static int pmu_alloc_percpu(struct pmu *pmu)
{
	int cpu;

	pmu->pmu_disable_count = alloc_percpu(int);
	pmu->cpu_pmu_context = alloc_percpu(struct perf_cpu_pmu_context);
	if (!pmu->pmu_disable_count || !pmu->cpu_pmu_context ||
	    percpu_ref_init(&pmu->users, pmu_unused, 0, GFP_KERNEL))
		return -ENOMEM;

	for_each_possible_cpu(cpu) {
		struct perf_cpu_pmu_context *cpc = per_cpu_ptr(pmu->cpu_pmu_context, cpu);

		perf_epc_init(&cpc->epc, pmu);
		cpc->epc.embedded = true;
		INIT_LIST_HEAD(&cpc->sched_cb_entry);
		perf_mux_init_cpu(cpc, cpu);
	}

	return 0;
}

/* Off the contexts of CPUs, where the PMU's part stays after its last event. */
static void pmu_leave_cpus(struct pmu *pmu)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct perf_cpu_pmu_context *cpc = per_cpu_ptr(pmu->cpu_pmu_context, cpu);

		scoped_guard(raw_spinlock_irq, &per_cpu_ptr(&perf_cpu_context, cpu)->ctx.lock)
			list_del_init(&cpc->epc.pmu_ctx_entry);
		hrtimer_cancel(&cpc->hrtimer);
	}
}

/* All that pmu_prepare() did, or as much of it as it got done. */
static void pmu_release(struct pmu *pmu)
{
	pmu_dev_del(pmu);
	percpu_ref_exit(&pmu->users);
	free_percpu(pmu->cpu_pmu_context);
	free_percpu(pmu->pmu_disable_count);
	pmu->cpu_pmu_context = NULL;
	pmu->pmu_disable_count = NULL;
}

static int pmu_prepare(struct pmu *pmu)
{
	int ret;

	atomic_set(&pmu->exclusive_cnt, 0);
	memset(&pmu->users, 0, sizeof(pmu->users));
	init_completion(&pmu->unused);
	spin_lock_init(&pmu->events_lock);
	INIT_LIST_HEAD(&pmu->events);

	ret = pmu_alloc_percpu(pmu);
	if (!ret && pmu_bus_running && !pmu->dev)
		ret = pmu_dev_add(pmu);
	if (ret) {
		pmu_release(pmu);
		return ret;
	}

	fill_callbacks(pmu);
	return 0;
}

/**
 * perf_pmu_register() - make a PMU known
 * @pmu: the PMU, all callbacks and properties set
 * @name: its name, which stays the caller's; also the device's in sysfs
 * @type: a fixed type, or -1 for a new one
 *
 * Context: task, may sleep.
 * Return: 0; -EINVAL without a name or with a scope that does not exist; -EBUSY
 * if the type is taken; -ENOMEM; an errno of sysfs, which names taken give.
 */
int perf_pmu_register(struct pmu *pmu, const char *name, int type)
{
	int ret;

	if (WARN_ONCE(!name, "perf: a PMU needs a name\n") ||
	    WARN_ONCE(pmu->scope >= PERF_PMU_MAX_SCOPE, "perf: scope of PMU %s unknown\n", name))
		return -EINVAL;

	guard(mutex)(&pmus_lock);

	if (type < 0)
		ret = idr_alloc(&pmu_types, NULL, PERF_TYPE_MAX, 0, GFP_KERNEL);
	else
		ret = idr_alloc(&pmu_types, NULL, type, type + 1, GFP_KERNEL);
	if (ret < 0)
		return ret == -ENOSPC ? -EBUSY : ret;

	pmu->name = name;
	pmu->type = ret;

	ret = pmu_prepare(pmu);
	if (ret) {
		idr_remove(&pmu_types, pmu->type);
		return ret;
	}

	idr_replace(&pmu_types, pmu, pmu->type);
	list_add_rcu(&pmu->entry, &pmus);

	return 0;
}
EXPORT_SYMBOL_GPL(perf_pmu_register);

/* One that is, or has been, in a context; an open under way is not stopped. */
static struct perf_event *pmu_first_event(struct pmu *pmu)
{
	struct perf_event *event;

	guard(spinlock)(&pmu->events_lock);
	list_for_each_entry(event, &pmu->events, pmu_entry) {
		if (READ_ONCE(event->ctx) && perf_event_tryget(event))
			return event;
	}

	return NULL;
}

static void revoke_events(struct pmu *pmu)
{
	struct perf_event *event;

	while ((event = pmu_first_event(pmu)) || (event = perf_pmu_find_event(pmu))) {
		perf_event_revoke(event, pmu);
		perf_event_put_late(event);
	}
}

/* One at a time: an event may have to leave two, its own and its group's. */
static DEFINE_MUTEX(unregister_mutex);

/**
 * perf_pmu_unregister() - make a PMU unknown
 * @pmu: the PMU; its events, and those that are in a group with them, are revoked
 *
 * Afterwards nothing of @pmu is used any more, whoever still has a descriptor.
 * Its callbacks are, until this returns.
 *
 * Context: task, may sleep: waits for those who are opening its events, and for
 * grace periods.  Without cpu_hotplug_lock, which a writer of sysfs that we wait for
 * may be waiting for.
 */
void perf_pmu_unregister(struct pmu *pmu)
{
	guard(mutex)(&unregister_mutex);

	scoped_guard(mutex, &pmus_lock) {
		list_del_rcu(&pmu->entry);
		idr_remove(&pmu_types, pmu->type);
	}

	/* Who looks for an event's PMU sleeps under SRCU; number and list are RCU's. */
	percpu_ref_kill(&pmu->users);
	synchronize_srcu(&pmus_srcu);
	synchronize_rcu();

	/* What was being opened, forked or freed meanwhile comes with the next turn. */
	do {
		revoke_events(pmu);
	} while (!wait_for_completion_timeout(&pmu->unused, msecs_to_jiffies(20)));
	/* What was on its way to another CPU: perf_pmu_migrate_context(). */
	revoke_events(pmu);

	/* Who read event->pmu before it was &gone_pmu. */
	synchronize_srcu(&pmus_srcu);
	synchronize_rcu();

	/*
	 * Not under pmus_lock: readers and writers of the device's files are waited
	 * for.  They come before the timers, which one of them starts.
	 */
	pmu_dev_del(pmu);
	pmu_leave_cpus(pmu);
	pmu_release(pmu);
}
EXPORT_SYMBOL_GPL(perf_pmu_unregister);

/* ---- Finding an event's PMU ------------------------------------------------------------ */

static bool has_extended_regs(struct perf_event *event)
{
	u64 regs = event->attr.sample_regs_user | event->attr.sample_regs_intr;

	return regs & PERF_REG_EXTENDED_MASK;
}

/* What drivers need not check, since they have declared it. */
static int check_capabilities(struct pmu *pmu, struct perf_event *event)
{
	if (!(pmu->capabilities & PERF_PMU_CAP_EXTENDED_REGS) && has_extended_regs(event))
		return -EOPNOTSUPP;

	if (pmu->capabilities & PERF_PMU_CAP_NO_EXCLUDE && event_has_any_exclude_flag(event))
		return -EINVAL;

	if (pmu->scope == PERF_PMU_SCOPE_NONE || event->cpu < 0)
		return 0;

	if (!cpumask_intersects(&scope_readers[pmu->scope],
				scope_sharers(pmu->scope, event->cpu)))
		return -ENODEV;

	event->event_caps |= PERF_EV_CAP_READ_SCOPE;
	return 0;
}

/*
 * Drivers walk the group to see whether it fits: hold it still.  A child's
 * group is in a context that nobody else knows; its mutex is taken all the
 * same, inside that of the parent's context, so that there is one rule.
 */
static struct perf_event_context *lock_group(struct pmu *pmu, struct perf_event *event)
{
	struct perf_event *leader = event->group_leader;

	if (leader == event || pmu->task_ctx_nr == perf_sw_context)
		return NULL;

	if (!event->parent)
		return perf_event_ctx_lock(leader);

	mutex_lock_nested(&leader->ctx->mutex, SINGLE_DEPTH_NESTING);
	return leader->ctx;
}

static void unlock_group(struct perf_event_context *ctx)
{
	if (ctx)
		perf_event_ctx_unlock(ctx);
}

/* One that is about to go, or its module is, is as good as not there. */
static bool pmu_tryget(struct pmu *pmu)
{
	if (pmu == &gone_pmu || !percpu_ref_tryget_live(&pmu->users))
		return false;
	if (try_module_get(pmu->module))
		return true;

	percpu_ref_put(&pmu->users);
	return false;
}

static void pmu_put(struct pmu *pmu)
{
	module_put(pmu->module);
	percpu_ref_put(&pmu->users);
}

static int try_pmu(struct pmu *pmu, struct perf_event *event)
{
	struct perf_event_context *ctx;
	int ret;

	if (!pmu_tryget(pmu))
		return -ENOENT;

	ctx = lock_group(pmu, event);
	event->pmu = pmu;
	ret = pmu->event_init(event);
	unlock_group(ctx);

	if (!ret) {
		ret = check_capabilities(pmu, event);
		if (ret && event->destroy)
			event->destroy(event);
	}

	if (ret) {
		event->destroy = NULL;
		event->pmu = NULL;
		pmu_put(pmu);
	} else if (!event->parent) {
		guard(spinlock)(&pmu->events_lock);
		list_add_tail(&event->pmu_entry, &pmu->events);
	}

	return ret;
}

static struct pmu *find_pmu(u32 type)
{
	guard(rcu)();

	return idr_find(&pmu_types, type);
}

static int try_all_pmus(struct perf_event *event)
{
	struct pmu *pmu;
	int ret;

	list_for_each_entry_srcu(pmu, &pmus, entry, srcu_read_lock_held(&pmus_srcu)) {
		ret = try_pmu(pmu, event);
		if (ret != -ENOENT)
			return ret;
	}

	return -ENOENT;
}

/* An event of a type of its own; event_init() may name another type and decline. */
static int try_type(struct perf_event *event)
{
	struct pmu *pmu;
	u32 type;
	int ret;

	do {
		type = event->attr.type;
		pmu = find_pmu(type);
		if (!pmu)
			return try_all_pmus(event);
		ret = try_pmu(pmu, event);
	} while (ret == -ENOENT && event->attr.type != type);

	return ret;
}

/*
 * A generic hardware event.  On machines whose CPUs differ the upper half of
 * config says whose; elsewhere it is 0, for whoever has the raw events.
 */
static int try_hardware(struct perf_event *event)
{
	u32 type = event->attr.config >> PERF_PMU_TYPE_SHIFT;
	struct pmu *pmu = find_pmu(type ?: PERF_TYPE_RAW);
	int ret;

	if (!type) {
		ret = pmu ? try_pmu(pmu, event) : -ENOENT;
		return ret == -ENOENT ? try_type(event) : ret;
	}

	event->attr.config &= PERF_HW_EVENT_MASK;
	if (!pmu)
		return try_all_pmus(event);

	/* PERF_TYPE_RAW by its number is the machine's one PMU of generic events. */
	if (type != PERF_TYPE_RAW && type != event->attr.type &&
	    !(pmu->capabilities & PERF_PMU_CAP_EXTENDED_HW_TYPE))
		return -ENOENT;

	return try_pmu(pmu, event);
}

/**
 * perf_pmu_init_event() - find the PMU that takes an event
 * @event: the event: attr, cpu, hw.target, group_leader and parent are set
 *
 * On success event->pmu is set, its module pinned; event->destroy, unless
 * NULL, is to be called before the module is put.
 *
 * A child goes where its parent is.
 *
 * Context: task, may sleep; a child's with the ctx->mutex held that it is inherited
 * from, a breakpoint's child with its parent's child_mutex, too.
 * Return: 0; -ENOENT if the type, or its event, is nobody's; -ENODEV if the
 * event's CPU has no such PMU; -ESHUTDOWN if the parent's goes; -EINVAL for an
 * exclude_* that the PMU does not know; -EOPNOTSUPP for registers that it cannot sample; what the
 * PMU's event_init() returned.
 */
int perf_pmu_init_event(struct perf_event *event)
{
	u32 type = event->attr.type;

	guard(srcu)(&pmus_srcu);

	if (event->parent) {
		int ret = try_pmu(READ_ONCE(event->parent->pmu), event);

		return ret == -ENOENT ? -ESHUTDOWN : ret;
	}

	if (type == PERF_TYPE_HARDWARE || type == PERF_TYPE_HW_CACHE)
		return try_hardware(event);

	return try_type(event);
}

/**
 * perf_pmu_leave() - undo perf_pmu_init_event(), event->destroy() having been called
 * @event: the event, in no context
 *
 * Context: may sleep.
 */
void perf_pmu_leave(struct perf_event *event)
{
	struct pmu *pmu = event->pmu;

	if (!pmu || pmu == &gone_pmu)
		return;

	if (!event->parent) {
		guard(spinlock)(&pmu->events_lock);
		list_del_init(&event->pmu_entry);
	}
	/* Pairs with READ_ONCE() of those who hold pmus_srcu only. */
	WRITE_ONCE(event->pmu, &gone_pmu);
	pmu_put(pmu);
}

/* ---- Exclusive PMUs ------------------------------------------------------------------------ */

/**
 * perf_exclusive_get() - count a user of an exclusive PMU
 * @event: the event; any PMU
 *
 * Such a PMU is used by tasks or by CPUs, not by both at a time.
 *
 * Return: false if the other kind uses it.
 */
bool perf_exclusive_get(struct perf_event *event)
{
	struct pmu *pmu = event->pmu;
	bool got;

	if (!is_exclusive_pmu(pmu))
		return true;

	if (event->attach_state & PERF_ATTACH_TASK)
		got = atomic_inc_unless_negative(&pmu->exclusive_cnt);
	else
		got = atomic_dec_unless_positive(&pmu->exclusive_cnt);

	if (got)
		event->attach_state |= PERF_ATTACH_EXCLUSIVE;

	return got;
}

/**
 * perf_exclusive_put() - undo perf_exclusive_get(), if that was done
 * @event: the event
 */
void perf_exclusive_put(struct perf_event *event)
{
	if (!(event->attach_state & PERF_ATTACH_EXCLUSIVE))
		return;

	event->attach_state &= ~PERF_ATTACH_EXCLUSIVE;
	if (event->attach_state & PERF_ATTACH_TASK)
		atomic_dec(&event->pmu->exclusive_cnt);
	else
		atomic_inc(&event->pmu->exclusive_cnt);
}

/**
 * perf_exclusive_fits() - is an exclusive PMU free in a context?
 * @event: the event that wants in; any PMU
 * @ctx: the context
 *
 * Context: ctx->mutex held.
 * Return: false if an event of @event's PMU is there that may meet it on a CPU.
 */
bool perf_exclusive_fits(struct perf_event *event, struct perf_event_context *ctx)
{
	struct perf_event *other;

	lockdep_assert_held(&ctx->mutex);

	if (!is_exclusive_pmu(event->pmu))
		return true;

	list_for_each_entry(other, &ctx->event_list, event_entry) {
		if (other->pmu != event->pmu)
			continue;
		if (other->cpu == event->cpu || other->cpu == -1 || event->cpu == -1)
			return false;
	}

	return true;
}
