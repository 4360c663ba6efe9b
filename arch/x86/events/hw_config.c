// SPDX-License-Identifier: GPL-2.0
/*
 * x86: from a perf_event_attr to what the registers shall hold.
 *
 * What is the same for all vendors is done here, from the tables of the model; then
 * the vendor's hw_config() adds its own.  Last of all a group must be one that can
 * be on the counters together, or open fails: a group that never counts helps nobody.
 */
#include <linux/cpu.h>
#include <linux/nospec.h>

#include <asm/nmi.h>

#include "perf_event.h"

/* ---- The hardware is ours while somebody has an event ----------------------- */

/* Guards the steps from no event to one and back, and those that exclude one another. */
static DEFINE_MUTEX(reserve_mutex);
static atomic_t hardware_users;

unsigned int x86_register_epoch __read_mostly = 1;

bool x86_hardware_in_use(void)
{
	return atomic_read(&hardware_users);
}

static void release_counters(u64 counters)
{
	for (; counters; counters &= counters - 1) {
		int idx = __ffs64(counters);

		release_perfctr_nmi(x86_counter_msr(idx));
		release_evntsel_nmi(x86_select_msr(idx));
	}
}

/* All or none of the counters that any core type has. */
static bool reserve_counters(u64 counters)
{
	u64 left, got = 0;

	for (left = counters; left; left &= left - 1) {
		int idx = __ffs64(left);

		if (!reserve_perfctr_nmi(x86_counter_msr(idx)))
			break;
		if (!reserve_evntsel_nmi(x86_select_msr(idx))) {
			release_perfctr_nmi(x86_counter_msr(idx));
			break;
		}
		got |= BIT_ULL(idx);
	}
	if (!left)
		return true;
	release_counters(got);

	return false;
}

static u64 all_general(void)
{
	return x86_core_types[0].general | x86_core_types[1].general;
}

static int get_hardware(void)
{
	if (atomic_inc_not_zero(&hardware_users))
		return 0;

	guard(mutex)(&reserve_mutex);
	if (!atomic_read(&hardware_users)) {
		if (!reserve_counters(all_general()))
			return -EBUSY;
		/* Somebody else may have had the registers: x86_event_add() looks. */
		WRITE_ONCE(x86_register_epoch, x86_register_epoch + 1);
	}
	atomic_inc(&hardware_users);

	return 0;
}

static void put_hardware(void)
{
	if (!atomic_dec_and_mutex_lock(&hardware_users, &reserve_mutex))
		return;
	release_counters(all_general());
	mutex_unlock(&reserve_mutex);
}

/* ---- Users of branch records, which exclude one another --------------------- */

static int exclusive_users[x86_lbr_exclusive_max];

/**
 * x86_add_exclusive() - use one of branch records, branch trace, processor trace
 * @what: x86_lbr_exclusive_*
 *
 * Return: 0, or -EBUSY if another of the three is in use.
 *
 * Context: may sleep.
 */
int x86_add_exclusive(unsigned int what)
{
	int i;

	/* Where trace and records go together there is nothing to exclude. */
	if (what == x86_lbr_exclusive_pt && x86_pmu.lbr_with_pt)
		return 0;

	guard(mutex)(&reserve_mutex);
	for (i = 0; i < x86_lbr_exclusive_max; i++) {
		if (i != what && exclusive_users[i])
			return -EBUSY;
	}
	exclusive_users[what]++;

	return 0;
}

/**
 * x86_del_exclusive() - undo x86_add_exclusive()
 * @what: as there
 *
 * Context: may sleep.
 */
void x86_del_exclusive(unsigned int what)
{
	if (what == x86_lbr_exclusive_pt && x86_pmu.lbr_with_pt)
		return;

	guard(mutex)(&reserve_mutex);
	exclusive_users[what]--;
}

/* ---- Event selects ---------------------------------------------------------- */

static int generic_select(struct perf_event *event, u64 *select)
{
	const struct x86_model *model = x86_type_of(event)->model;
	u64 which = event->attr.config;

	if (which >= PERF_COUNT_HW_MAX)
		return -EINVAL;
	*select = model->generic[array_index_nospec(which, PERF_COUNT_HW_MAX)];

	return *select ? 0 : -ENOENT;
}

static int cache_select(struct perf_event *event, u64 *select)
{
	const struct x86_model *model = x86_type_of(event)->model;
	u64 config = event->attr.config;
	unsigned int type = config & 0xff, op = config >> 8 & 0xff, result = config >> 16 & 0xff;

	if (type >= PERF_COUNT_HW_CACHE_MAX || op >= PERF_COUNT_HW_CACHE_OP_MAX ||
	    result >= PERF_COUNT_HW_CACHE_RESULT_MAX)
		return -EINVAL;
	if (!model->cache)
		return -ENOENT;
	type = array_index_nospec(type, PERF_COUNT_HW_CACHE_MAX);
	op = array_index_nospec(op, PERF_COUNT_HW_CACHE_OP_MAX);
	result = array_index_nospec(result, PERF_COUNT_HW_CACHE_RESULT_MAX);

	*select = (*model->cache)[type][op][result];
	if (!*select)
		return -ENOENT;
	if (*select == -1ULL)
		return -EINVAL;
	event->attr.config1 = model->cache_extra ? (*model->cache_extra)[type][op][result] : 0;

	return 0;
}

static int select_of(struct perf_event *event, u64 *select)
{
	switch (event->attr.type) {
	case PERF_TYPE_HARDWARE:
		return generic_select(event, select);
	case PERF_TYPE_HW_CACHE:
		return cache_select(event, select);
	}
	*select = event->attr.config & x86_type_of(event)->raw;

	return 0;
}

static void set_period(struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;

	if (is_sampling_event(event))
		return;
	hwc->sample_period = x86_pmu.max_period;
	hwc->last_period = hwc->sample_period;
	local64_set(&hwc->period_left, hwc->sample_period);
}

/*
 * The core has asked whether there are extended registers in samples.  Only precise ones have
 * them, as they were there: an interrupt does not, nor does a user's entry.
 */
static int check_regs(struct perf_event *event)
{
	struct perf_event_attr *attr = &event->attr;

	if (attr->sample_regs_user & PERF_REG_EXTENDED_MASK)
		return -EINVAL;
	if (attr->sample_regs_intr & PERF_REG_EXTENDED_MASK && !attr->precise_ip)
		return -EINVAL;

	return 0;
}

static int configure(struct perf_event *event)
{
	struct perf_event_attr *attr = &event->attr;
	struct hw_perf_event *hwc = &event->hw;
	u64 select;
	int err;

	err = select_of(event, &select);
	if (err)
		return err;
	hwc->config = select | ARCH_PERFMON_EVENTSEL_INT;
	if (!attr->exclude_user)
		hwc->config |= ARCH_PERFMON_EVENTSEL_USR;
	if (!attr->exclude_kernel)
		hwc->config |= ARCH_PERFMON_EVENTSEL_OS;

	set_period(event);

	return check_regs(event) ?: x86_pmu.hw_config(event);
}

/* ---- Groups ----------------------------------------------------------------- */

static bool add_to_trial(struct perf_event *event, struct pmu *pmu, u64 *allowed, int *n)
{
	if (event->pmu != pmu)
		return true;
	if (*n == X86_COUNTERS_MAX)
		return false;
	allowed[*n] = x86_allowed(&event->hw);

	return allowed[(*n)++];
}

/* Could the event and its group count at the same time, if they were alone? */
static bool group_fits(struct perf_event *event)
{
	struct perf_event *leader = event->group_leader, *sibling;
	u64 allowed[X86_COUNTERS_MAX];
	s8 idx[X86_COUNTERS_MAX];
	int n = 0;

	if (!add_to_trial(event, event->pmu, allowed, &n))
		return false;
	if (leader != event) {
		if (!add_to_trial(leader, event->pmu, allowed, &n))
			return false;
		for_each_sibling_event(sibling, leader) {
			if (!add_to_trial(sibling, event->pmu, allowed, &n))
				return false;
		}
	}
	memset(idx, -1, n);

	return x86_assign_counters(allowed, n, idx);
}

/* ---- What the core calls ---------------------------------------------------- */

static void destroy(struct perf_event *event)
{
	if (x86_pmu.destroy)
		x86_pmu.destroy(event);
	put_hardware();
}

static bool for_us(struct perf_event *event)
{
	struct x86_core_type *type = x86_type_of(event);

	switch (event->attr.type) {
	case PERF_TYPE_RAW:
	case PERF_TYPE_HARDWARE:
	case PERF_TYPE_HW_CACHE:
		break;
	default:
		if (event->attr.type != event->pmu->type)
			return false;
	}

	return !x86_is_hybrid() || event->cpu < 0 || cpumask_test_cpu(event->cpu, &type->cpus);
}

/**
 * x86_event_init() - pmu->event_init() of the counters
 * @event: a new event
 *
 * Return: 0; -ENOENT: not for this PMU, or an event that this model does not have;
 * -EINVAL: makes no sense, or its group does not fit on the counters; -EOPNOTSUPP: the
 * hardware cannot; -EBUSY: somebody else has the counters; -EACCES; -ENOMEM.
 *
 * Context: may sleep.
 */
int x86_event_init(struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;
	int err;

	if (!for_us(event))
		return -ENOENT;
	err = get_hardware();
	if (err)
		return err;

	hwc->idx = -1;
	hwc->last_cpu = -1;
	hwc->extra_reg.idx = EXTRA_REG_NONE;
	hwc->branch_reg.idx = EXTRA_REG_NONE;
	err = configure(event);
	if (err) {
		put_hardware();
		return err;
	}
	hwc->last_tag = x86_pmu.counters(event);
	if (!group_fits(event)) {
		destroy(event);
		return -EINVAL;
	}
	event->destroy = destroy;
	if (READ_ONCE(x86_pmu.rdpmc) && !(hwc->flags & X86_EVENT_LARGE_PEBS))
		hwc->flags |= PERF_EVENT_FLAG_USER_READ_CNT;

	return 0;
}

/**
 * x86_aux_output_match() - pmu->aux_output_match(): PEBS does not go to a trace yet
 * @event: the event
 *
 * Return: 0: it cannot write to an AUX area.
 */
int x86_aux_output_match(struct perf_event *event)
{
	return 0;
}

/* ---- What others ask for ---------------------------------------------------- */

/**
 * perf_get_x86_pmu_capability() - what KVM may show to a guest
 * @cap: the answer; all 0 if there is no PMU, or one that is not the same on all CPUs
 *
 * Context: any.
 */
void perf_get_x86_pmu_capability(struct x86_pmu_capability *cap)
{
	struct x86_core_type *type = &x86_core_types[0];

	memset(cap, 0, sizeof(*cap));
	if (!x86_pmu.handle_irq || x86_is_hybrid())
		return;

	cap->version = x86_pmu.version;
	cap->num_counters_gp = hweight64(type->general);
	cap->num_counters_fixed = hweight64(type->counters >> INTEL_PMC_IDX_FIXED & 0xffff);
	cap->bit_width_gp = x86_pmu.width;
	cap->bit_width_fixed = x86_pmu.width;
	cap->events_mask = x86_pmu.events_missing;
	cap->events_mask_len = x86_pmu.events_nr;
}
EXPORT_SYMBOL_GPL(perf_get_x86_pmu_capability);

/**
 * perf_get_hw_event_config() - the event select of a generic event
 * @hw_event: PERF_COUNT_HW_*
 *
 * Return: it, 0 if there is none.
 *
 * Context: any.
 */
u64 perf_get_hw_event_config(int hw_event)
{
	const struct x86_model *model = x86_core_types[0].model;

	if (!model || hw_event >= PERF_COUNT_HW_MAX)
		return 0;

	return model->generic[array_index_nospec(hw_event, PERF_COUNT_HW_MAX)];
}
EXPORT_SYMBOL_GPL(perf_get_hw_event_config);
