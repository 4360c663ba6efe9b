// SPDX-License-Identifier: GPL-2.0
/*
 * Intel: architectural performance monitoring, versions 1 to 6.
 *
 * One register, GLOBAL_CTRL (from version 2), has a bit for each counter; an event
 * select keeps its enable bit, and a fixed counter its field of FIXED_CTR_CTRL, when
 * their event has gone.  What those two hold is remembered, and they are written when
 * it is not what shall be.
 *
 * A PMI: GLOBAL_STATUS says which counters overflowed.  They are stopped while that is
 * looked at, so no more come in the meantime, but the status is read again until it
 * is 0: an overflow may have been on its way.
 *
 * Registers that the threads of a core share (OFFCORE_RSP and others): whoever needs
 * one takes it, with the value that is wanted there; a second one may, too, if it wants
 * the same.  struct shared_regs.
 *
 * What is known of microarchitectures is in model.c, what of the registers, in SDM
 * vol. 3B chapter 20.
 */
#include <linux/nospec.h>

#include <asm/apic.h>
#include <asm/cpu.h>
#include <asm/intel-family.h>

#include "intel.h"

/* ---- Registers that threads share ------------------------------------------- */

/**
 * struct shared_regs - the registers of one core
 * @lock: guards the rest; a leaf, IRQs off
 * @reg: one register: @refs events on its threads want @config there; @epoch grows
 *	 each time that @config changes
 */
struct shared_regs {
	raw_spinlock_t	lock;
	struct {
		u64		config;
		int		refs;
		unsigned int	epoch;
	} reg[EXTRA_REG_MAX];
};

/**
 * struct intel_cpu - Intel's part of a CPU
 * @own: registers of this core, if this CPU was the first of its threads
 * @shared: @own of that CPU
 * @reg: what this CPU last wrote to a register, and in which epoch
 * @special: counters with what program_special() did for their last event
 * @host_only: counters that shall not count in a guest
 * @guest_only: counters that shall count in a guest only
 * @aborting: transactions are aborted
 * @switched: what KVM switches on the way to a guest
 */
struct intel_cpu {
	struct shared_regs	own;
	struct shared_regs	*shared;
	struct {
		u64		config;
		unsigned int	epoch;
	} reg[EXTRA_REG_MAX];
	u64			special;
	u64			host_only;
	u64			guest_only;
	bool			aborting;
	struct perf_guest_switch_msr	switched[2];
};

static DEFINE_PER_CPU(struct intel_cpu, intel_cpu);

static bool take_reg(struct shared_regs *shared, struct hw_perf_event_extra *want)
{
	guard(raw_spinlock)(&shared->lock);
	if (shared->reg[want->idx].refs && shared->reg[want->idx].config != want->config)
		return false;
	if (shared->reg[want->idx].config != want->config || !shared->reg[want->idx].epoch) {
		shared->reg[want->idx].config = want->config;
		shared->reg[want->idx].epoch++;
	}
	shared->reg[want->idx].refs++;
	want->alloc = 1;

	return true;
}

/* Go to the other one of the two OFFCORE_RSP, whose event has another number. */
static bool use_other_reg(struct perf_event *event)
{
	const struct x86_model *model = x86_type_of(event)->model;
	struct hw_perf_event_extra *want = &event->hw.extra_reg;
	const struct extra_reg *er;
	int other;

	if (!(model->flags & X86_MODEL_OFFCORE_ANY) || want->idx > EXTRA_REG_RSP_1)
		return false;
	other = EXTRA_REG_RSP_0 + EXTRA_REG_RSP_1 - want->idx;
	for (er = model->extra; er->msr; er++) {
		if (er->idx != other || want->config & ~er->valid_mask)
			continue;
		event->hw.config &= ~er->config_mask;
		event->hw.config |= er->event;
		want->idx = other;
		want->reg = er->msr;
		return true;
	}

	return false;
}

static bool take_extra(struct perf_event *event)
{
	struct shared_regs *shared = this_cpu_read(intel_cpu.shared);
	struct hw_perf_event_extra *want = &event->hw.extra_reg;

	if (want->idx == EXTRA_REG_NONE || take_reg(shared, want))
		return true;

	return use_other_reg(event) && take_reg(shared, want);
}

static void intel_release(struct x86_cpu *cpu, struct perf_event *event)
{
	struct shared_regs *shared = this_cpu_read(intel_cpu.shared);
	struct hw_perf_event_extra *had = &event->hw.extra_reg;

	if (!had->alloc)
		return;
	guard(raw_spinlock)(&shared->lock);
	shared->reg[had->idx].refs--;
	had->alloc = 0;
}

/* It is taken, so neither its value nor its epoch change. */
static void write_extra(struct perf_event *event)
{
	struct intel_cpu *icpu = this_cpu_ptr(&intel_cpu);
	struct hw_perf_event_extra *want = &event->hw.extra_reg;
	unsigned int epoch;

	if (!want->alloc)
		return;
	epoch = icpu->shared->reg[want->idx].epoch;
	if (icpu->reg[want->idx].epoch == epoch && icpu->reg[want->idx].config == want->config)
		return;
	wrmsrl(want->reg, want->config);
	icpu->reg[want->idx].config = want->config;
	icpu->reg[want->idx].epoch = epoch;
}

/* ---- Counter 3 and transactions --------------------------------------------- */

/*
 * Where microcode uses counter 3 for transactions, that counter is ours only while they all
 * abort.  The user may say that they must not (allow_tsx_force_abort): then events that are
 * opened from then on do without it.
 */
#define ABORTING_COUNTER	BIT_ULL(3)

static bool may_abort = true;

static bool has_force_abort(void)
{
	return boot_cpu_has(X86_FEATURE_TSX_FORCE_ABORT);
}

static void set_aborting(struct x86_cpu *cpu)
{
	struct intel_cpu *icpu = this_cpu_ptr(&intel_cpu);
	bool want = cpu->used & ABORTING_COUNTER;

	if (want == icpu->aborting)
		return;
	icpu->aborting = want;
	wrmsrl(MSR_TSX_FORCE_ABORT, want ? MSR_TFA_RTM_FORCE_ABORT : 0);
}

/* ---- Which counters --------------------------------------------------------- */

static u64 counters_for(struct x86_core_type *type, u64 config)
{
	const struct event_constraint *c;

	for_each_event_constraint(c, type->model->constraints) {
		if ((config & c->cmask) != c->code)
			continue;
		if (c->idxmsk64 < BIT_ULL(INTEL_PMC_IDX_FIXED))
			return c->idxmsk64 & type->general;
		/* Without an event number there is no general counter for it. */
		if (c->idxmsk64 >= BIT_ULL(INTEL_PMC_IDX_METRIC_BASE))
			return type->metrics & c->idxmsk64;
		return (c->idxmsk64 & type->counters) |
		       (use_fixed_pseudo_encoding(config) ? 0 : type->general);
	}

	return use_fixed_pseudo_encoding(config) ? 0 : type->general;
}

static void intel_added(struct x86_cpu *cpu, struct perf_event *event)
{
	intel_lbr_added(event);
	intel_pebs_added(event);
}

static void intel_removed(struct x86_cpu *cpu, struct perf_event *event)
{
	intel_lbr_removed(event);
	intel_pebs_removed(event);
}

static void intel_destroy(struct perf_event *event)
{
	intel_lbr_destroy(event);
	intel_bts_destroy(event);
}

static u64 intel_counters(struct perf_event *event)
{
	u64 counters;

	if (event->hw.flags & X86_EVENT_BTS)
		return BIT_ULL(INTEL_PMC_IDX_FIXED_BTS);
	counters = counters_for(x86_type_of(event), event->hw.config);
	if (has_force_abort() && !READ_ONCE(may_abort))
		counters &= ~ABORTING_COUNTER;

	return event->hw.flags & X86_EVENT_PEBS ? intel_pebs_counters(event, counters) : counters;
}

static bool intel_fits(struct x86_cpu *cpu, struct perf_event *event)
{
	return intel_lbr_fits(event) && intel_topdown_fits(cpu, event) && take_extra(event);
}

/* ---- Counting --------------------------------------------------------------- */

/* The bits of GLOBAL_CTRL: metrics have one for all. */
static u64 global_ctrl(struct x86_cpu *cpu, u64 counters)
{
	u64 ctrl = counters & (GENMASK_ULL(INTEL_PMC_IDX_FIXED - 1, 0) |
			       GENMASK_ULL(INTEL_PMC_IDX_FIXED + 14, INTEL_PMC_IDX_FIXED));

	if (counters & INTEL_PMC_MSK_TOPDOWN & ~INTEL_PMC_MSK_FIXED_SLOTS)
		ctrl |= BIT_ULL(GLOBAL_CTRL_EN_PERF_METRICS);

	return ctrl;
}

static void intel_set_on(struct x86_cpu *cpu, u64 want, u64 had)
{
	if (want)
		intel_pebs_set_on();
	if (want && cpu->fixed != cpu->fixed_is) {
		wrmsrl(MSR_ARCH_PERFMON_FIXED_CTR_CTRL, cpu->fixed);
		cpu->fixed_is = cpu->fixed;
	}
	intel_bts_set(want & BIT_ULL(INTEL_PMC_IDX_FIXED_BTS));
	wrmsrl(MSR_CORE_PERF_GLOBAL_CTRL,
	       global_ctrl(cpu, want & ~this_cpu_read(intel_cpu.guest_only)));
}

static void intel_pmu_enabled(struct x86_cpu *cpu)
{
	if (has_force_abort())
		set_aborting(cpu);
	intel_lbr_on();
}

static void intel_pmu_disabled(struct x86_cpu *cpu)
{
	intel_lbr_off();
}

static void program_fixed(struct x86_cpu *cpu, struct hw_perf_event *hwc, int n)
{
	u64 bits = hwc->config & ARCH_PERFMON_EVENTSEL_INT ? INTEL_FIXED_0_ENABLE_PMI : 0;

	if (hwc->config & ARCH_PERFMON_EVENTSEL_USR)
		bits |= INTEL_FIXED_0_USER;
	if (hwc->config & ARCH_PERFMON_EVENTSEL_OS)
		bits |= INTEL_FIXED_0_KERNEL;
	if (hwc->config & ARCH_PERFMON_EVENTSEL_ANY)
		bits |= INTEL_FIXED_0_ANYTHREAD;
	if (hwc->config & ICL_EVENTSEL_ADAPTIVE)
		bits |= ICL_FIXED_0_ADAPTIVE;
	cpu->fixed &= ~intel_fixed_bits_by_idx(n, INTEL_FIXED_BITS_MASK);
	cpu->fixed |= intel_fixed_bits_by_idx(n, bits);
}

/* What few events need, and who is the next on their counter needs undone. */
static void program_special(struct x86_cpu *cpu, struct perf_event *event, int idx)
{
	struct intel_cpu *icpu = this_cpu_ptr(&intel_cpu);
	u64 bit = BIT_ULL(idx);

	if (event->hw.flags & X86_EVENT_SPECIAL)
		icpu->special |= bit;
	else
		icpu->special &= ~bit;
	icpu->host_only = (icpu->host_only & ~bit) | (event->attr.exclude_guest ? bit : 0);
	icpu->guest_only = (icpu->guest_only & ~bit) | (event->attr.exclude_host ? bit : 0);
	write_extra(event);
	intel_pebs_program(event, idx);
	if (event->hw.flags & X86_EVENT_TOPDOWN)
		intel_topdown_start(cpu, event);
}

static void intel_program(struct x86_cpu *cpu, struct perf_event *event, int idx)
{
	struct hw_perf_event *hwc = &event->hw;

	if (hwc->flags & X86_EVENT_SPECIAL ||
	    this_cpu_read(intel_cpu.special) & BIT_ULL(idx))
		program_special(cpu, event, idx);
	if (hwc->flags & (X86_EVENT_METRIC | X86_EVENT_BTS))
		return;
	if (idx >= INTEL_PMC_IDX_FIXED) {
		program_fixed(cpu, hwc, idx - INTEL_PMC_IDX_FIXED);
		return;
	}
	x86_program_gp(cpu, event, idx);
}

/* The trace stands still where an event stops; who only reads calls intel_flush(). */
static bool intel_read(struct perf_event *event)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);

	if (!(event->hw.flags & X86_EVENT_BTS))
		return intel_topdown_read(event);
	if (!(cpu->on & BIT_ULL(INTEL_PMC_IDX_FIXED_BTS)))
		intel_bts_drain(cpu);

	return true;
}

/* A counter that counts on may be reloaded, and then is less than when it was read last. */
static void intel_flush(struct perf_event *event)
{
	bool paused = intel_pause(event);

	if (event->hw.flags & X86_EVENT_RELOADED)
		intel_pebs_drain(NULL);
	x86_event_update(event);
	intel_resume(event, paused);
}

/* ---- Interrupt -------------------------------------------------------------- */

/* It does not end: make everything anew. */
static void reset(struct x86_cpu *cpu)
{
	u64 left, status;

	WARN_ONCE(1, "perfevents: irq loop stuck!\n");
	perf_event_print_debug();
	for (left = cpu->type->general; left; left &= left - 1) {
		wrmsrl(x86_select_msr(__ffs64(left)), 0);
		wrmsrl(x86_counter_msr(__ffs64(left)), 0);
	}
	rdmsrl(MSR_CORE_PERF_GLOBAL_STATUS, status);
	wrmsrl(MSR_CORE_PERF_GLOBAL_OVF_CTRL, status);
	x86_reload(cpu);
}

static int handle_status(struct x86_cpu *cpu, u64 status, struct pt_regs *regs)
{
	int handled = 0;

	if (status & GLOBAL_STATUS_TRACE_TOPAPMI) {
		handled++;
		if (!perf_guest_handle_intel_pt_intr())
			intel_pt_interrupt();
	}
	if (status & GLOBAL_STATUS_BUFFER_OVF)
		handled += intel_pebs_drain(regs);
	status &= ~intel_pebs_recording();
	if (status & (INTEL_PMC_MSK_FIXED_SLOTS | BIT_ULL(GLOBAL_STATUS_PERF_METRICS_OVF_BIT)) &&
	    intel_topdown_overflow(cpu)) {
		handled++;
		status &= ~INTEL_PMC_MSK_FIXED_SLOTS;
	}
	handled += x86_overflow(cpu, status & cpu->type->counters &
				~BIT_ULL(GLOBAL_STATUS_PERF_METRICS_OVF_BIT), regs);

	/* That something changed is no counter's, but it was the PMU that said it. */
	return handled ?: 1;
}

#define LOOPS_MAX	100

static int handle_pmi(struct x86_cpu *cpu, struct pt_regs *regs)
{
	int handled = intel_bts_drain(cpu), loops = 0;
	u64 status;

	rdmsrl(MSR_CORE_PERF_GLOBAL_STATUS, status);
	if (!status)
		return handled;

	intel_lbr_read();
	while (status) {
		wrmsrl(MSR_CORE_PERF_GLOBAL_OVF_CTRL, status);
		if (++loops > LOOPS_MAX) {
			reset(cpu);
			break;
		}
		handled += handle_status(cpu, status, regs);
		rdmsrl(MSR_CORE_PERF_GLOBAL_STATUS, status);
	}

	return handled;
}

static int intel_handle_irq(struct pt_regs *regs)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	bool enabled = cpu->enabled;
	u32 when = cpu->type->model->flags & (X86_MODEL_LATE_ACK | X86_MODEL_MID_ACK);
	int handled;

	/* A PMI masks its own vector.  Some models would then raise one that is over. */
	if (!when)
		apic_write(APIC_LVTPC, APIC_DM_NMI);

	/* The register may be ahead of @on: the NMI came in x86_sync(). */
	if (enabled || cpu->on) {
		wrmsrl(MSR_CORE_PERF_GLOBAL_CTRL, 0);
		cpu->on = 0;
	}
	cpu->enabled = false;
	intel_bts_set(false);
	intel_lbr_off();
	handled = handle_pmi(cpu, regs);
	cpu->enabled = enabled;
	if (when == X86_MODEL_MID_ACK)
		apic_write(APIC_LVTPC, APIC_DM_NMI);
	if (enabled)
		intel_lbr_on();
	x86_sync(cpu);

	if (when == X86_MODEL_LATE_ACK)
		apic_write(APIC_LVTPC, APIC_DM_NMI);

	return handled;
}

/* ---- A new event ------------------------------------------------------------ */

static int find_extra(struct perf_event *event)
{
	const struct extra_reg *er = x86_type_of(event)->model->extra;
	struct hw_perf_event_extra *want = &event->hw.extra_reg;

	want->alloc = 0;
	for (; er && er->msr; er++) {
		if ((event->hw.config & er->config_mask) != er->event)
			continue;
		if (event->attr.config1 & ~er->valid_mask)
			return -EINVAL;
		want->idx = er->idx;
		want->config = event->attr.config1;
		want->reg = er->msr;
		break;
	}

	return 0;
}

static int decide(struct perf_event *event)
{
	/* One that is traced fails in none of the others. */
	return intel_bts_config(event) ?: intel_pebs_config(event) ?: find_extra(event) ?:
	       intel_topdown_config(event) ?:
	       (needs_branch_stack(event) ? intel_lbr_config(event) : 0);
}

static int intel_hw_config(struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;
	int err;

	/* The other thread's counts are not everybody's. */
	if (hwc->config & ARCH_PERFMON_EVENTSEL_ANY) {
		err = perf_allow_cpu();
		if (err)
			return err;
	}

	err = decide(event);
	if (hwc->flags || hwc->extra_reg.idx != EXTRA_REG_NONE)
		hwc->flags |= X86_EVENT_MORE | X86_EVENT_SPECIAL;
	if (event->attr.exclude_host || event->attr.exclude_guest)
		hwc->flags |= X86_EVENT_SPECIAL;

	return err;
}

/* ---- CPUs ------------------------------------------------------------------- */

/* How many counters has the kind of core that this CPU is? */
static void count_counters(struct x86_core_type *type)
{
	u32 general = 0, fixed = 0, unused, eax, ebx, ecx, edx;

	if (boot_cpu_has(X86_FEATURE_ARCH_PERFMON_EXT)) {
		cpuid_count(ARCH_PERFMON_EXT_LEAF, 0, &eax, &ebx, &ecx, &edx);
		if (eax & BIT(ARCH_PERFMON_NUM_COUNTER_LEAF))
			cpuid_count(ARCH_PERFMON_EXT_LEAF, ARCH_PERFMON_NUM_COUNTER_LEAF,
				    &general, &fixed, &unused, &unused);
	}
	if (!general) {
		cpuid(10, &eax, &ebx, &ecx, &edx);
		general = GENMASK_ULL(eax >> 8 & 0xff, 0) >> 1;
		fixed = GENMASK(edx & 0x1f, 0) >> 1;
		if (x86_pmu.version >= 5)
			fixed |= ecx;
	}
	type->general = general;
	type->counters = type->general | (u64)fixed << INTEL_PMC_IDX_FIXED;
	if (boot_cpu_has(X86_FEATURE_PDCM))
		rdmsrl(MSR_IA32_PERF_CAPABILITIES, type->capabilities);
	if (type->model->metrics && type->capabilities & CAP_PERF_METRICS) {
		type->counters |= BIT_ULL(GLOBAL_CTRL_EN_PERF_METRICS);
		type->metrics = GENMASK_ULL(INTEL_PMC_IDX_METRIC_BASE + type->model->metrics - 1,
					    INTEL_PMC_IDX_METRIC_BASE);
	}
}

static struct x86_core_type *type_of_cpu(void)
{
	u8 id;
	int i;

	if (!x86_is_hybrid())
		return &x86_core_types[0];
	id = get_this_hybrid_cpu_type();
	for (i = 0; i < x86_core_types_nr; i++) {
		if (x86_core_types[i].id == id)
			return &x86_core_types[i];
	}

	return &x86_core_types[0];
}

static void intel_sched_task(struct perf_event_pmu_context *epc, struct task_struct *task,
			     bool sched_in)
{
	if (!sched_in)
		intel_pebs_sched_task();
	intel_lbr_sched_task(sched_in);
}

static void find_shared(int nr)
{
	struct intel_cpu *icpu = per_cpu_ptr(&intel_cpu, nr);
	int sibling;

	if (icpu->shared)
		return;
	raw_spin_lock_init(&icpu->own.lock);
	icpu->shared = &icpu->own;
	for_each_cpu(sibling, topology_sibling_cpumask(nr)) {
		struct shared_regs *theirs = per_cpu(intel_cpu.shared, sibling);

		if (theirs && sibling != nr)
			icpu->shared = theirs;
	}
}

static bool freeze_on_smi = true;

static void set_freeze_on_smi(void *unused)
{
	if (freeze_on_smi)
		msr_set_bit(MSR_IA32_DEBUGCTLMSR, DEBUGCTLMSR_FREEZE_IN_SMM_BIT);
	else
		msr_clear_bit(MSR_IA32_DEBUGCTLMSR, DEBUGCTLMSR_FREEZE_IN_SMM_BIT);
}

static void intel_registers_lost(struct x86_cpu *cpu)
{
	struct intel_cpu *icpu = this_cpu_ptr(&intel_cpu);

	memset(icpu->reg, 0, sizeof(icpu->reg));
	icpu->aborting = false;
	if (x86_pmu.version < 2)
		return;
	intel_lbr_start_cpu(smp_processor_id());
	intel_ds_start_cpu();
	intel_pebs_start_cpu();
	intel_topdown_lost(cpu);
	/* Counters that firmware left running stop here. */
	wrmsrl(MSR_CORE_PERF_GLOBAL_CTRL, 0);
	if (cpu->type->capabilities & CAP_FREEZE_IN_SMM)
		set_freeze_on_smi(NULL);
}

static void intel_start_cpu(int nr)
{
	struct x86_cpu *cpu = per_cpu_ptr(&x86_cpu, nr);

	cpu->type = type_of_cpu();
	if (x86_is_hybrid())
		count_counters(cpu->type);
	find_shared(nr);
	cpu->fixed = 0;
	intel_registers_lost(cpu);
}

/* ---- sysfs ------------------------------------------------------------------ */

static ssize_t freeze_on_smi_show(struct device *dev, struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "%d\n", freeze_on_smi);
}

static ssize_t freeze_on_smi_store(struct device *dev, struct device_attribute *attr,
				   const char *buf, size_t count)
{
	static DEFINE_MUTEX(mutex);
	unsigned long value;
	int err = kstrtoul(buf, 0, &value);

	if (err)
		return err;
	if (value > 1)
		return -EINVAL;

	guard(mutex)(&mutex);
	guard(cpus_read_lock)();
	if (freeze_on_smi != value) {
		freeze_on_smi = value;
		on_each_cpu(set_freeze_on_smi, NULL, 1);
	}

	return count;
}
static DEVICE_ATTR_RW(freeze_on_smi);

static DEVICE_BOOL_ATTR(allow_tsx_force_abort, 0644, may_abort);

static struct attribute *intel_attrs[] = {
	&dev_attr_freeze_on_smi.attr, &dev_attr_allow_tsx_force_abort.attr.attr, NULL
};

static umode_t shown(struct kobject *kobj, struct attribute *attr, int i)
{
	return attr == intel_attrs[1] && !has_force_abort() ? 0 : attr->mode;
}

static const struct attribute_group intel_group = { .attrs = intel_attrs, .is_visible = shown };

static struct x86_string intel_formats[] = {
	{ "event", "config:0-7" },
	{ "umask", "config:8-15" },
	{ "edge", "config:18" },
	{ "pc", "config:19" },
	{ "inv", "config:23" },
	{ "cmask", "config:24-31" },
	{ "any", "config:21" },		/* the last one: where AnyThread is deprecated it goes */
	{ }
};

/* ---- What others ask for ---------------------------------------------------- */

/**
 * perf_guest_get_msrs() - what KVM must switch on the way to a guest and back
 * @nr: how many registers
 * @data: KVM's
 *
 * Return: the registers; NULL if there is no PMU.
 *
 * Context: IRQs off.
 */
struct perf_guest_switch_msr *perf_guest_get_msrs(int *nr, void *data)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	struct intel_cpu *icpu = this_cpu_ptr(&intel_cpu);

	u64 recording = intel_pebs_recording();

	*nr = 0;
	if (x86_pmu.set_on != intel_set_on)
		return NULL;
	/* A record would go to where the guest has something else mapped. */
	icpu->switched[0] = (struct perf_guest_switch_msr){
		.msr	= MSR_CORE_PERF_GLOBAL_CTRL,
		.host	= global_ctrl(cpu, cpu->running & ~icpu->guest_only),
		.guest	= global_ctrl(cpu, cpu->running & ~icpu->host_only & ~recording),
	};
	icpu->switched[1] = (struct perf_guest_switch_msr){
		.msr	= MSR_IA32_PEBS_ENABLE,
		.host	= recording,
	};
	*nr = x86_core_types[0].max_precise ? 2 : 1;

	return icpu->switched;
}
EXPORT_SYMBOL_GPL(perf_guest_get_msrs);

/**
 * x86_perf_get_lbr() - branch records that KVM may give to a guest
 * @lbr: none
 *
 * Context: any.
 */
void x86_perf_get_lbr(struct x86_pmu_lbr *lbr)
{
	memset(lbr, 0, sizeof(*lbr));
}
EXPORT_SYMBOL_GPL(x86_perf_get_lbr);

/**
 * perf_restore_debug_store() - the machine wakes up, and this CPU's registers are empty
 *
 * Other CPUs come up by hotplug.
 *
 * Context: IRQs off, one CPU.
 */
void perf_restore_debug_store(void)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	bool enabled = cpu->enabled;

	if (!cpu->type)
		return;
	WRITE_ONCE(cpu->enabled, false);
	x86_sync(cpu);
	if (enabled && x86_pmu.pmu_disabled)
		x86_pmu.pmu_disabled(cpu);
	if (x86_pmu.registers_lost)
		x86_pmu.registers_lost(cpu);
	x86_reload(cpu);
	if (enabled && x86_pmu.pmu_enabled)
		x86_pmu.pmu_enabled(cpu);
	WRITE_ONCE(cpu->enabled, enabled);
	x86_sync(cpu);
}

/* ---- Coming up -------------------------------------------------------------- */

/* Without a row: what is architectural, of that what is there. */
static struct x86_model enumerated_model __ro_after_init;

static const struct x86_model *__init enumerate_model(u32 missing)
{
	static const u8 event_of_bit[] = {
		PERF_COUNT_HW_CPU_CYCLES, PERF_COUNT_HW_INSTRUCTIONS, PERF_COUNT_HW_BUS_CYCLES,
		PERF_COUNT_HW_CACHE_REFERENCES, PERF_COUNT_HW_CACHE_MISSES,
		PERF_COUNT_HW_BRANCH_INSTRUCTIONS, PERF_COUNT_HW_BRANCH_MISSES,
	};
	int i;

	enumerated_model = intel_generic_model;
	for (i = 0; i < ARRAY_SIZE(event_of_bit); i++) {
		if (missing & BIT(i))
			enumerated_model.generic[event_of_bit[i]] = 0;
	}
	if (x86_pmu.version >= 5)
		enumerated_model.name = "generic_arch_v5+";
	else if (x86_pmu.version < 2)
		enumerated_model.name = "generic_arch_v1";

	return &enumerated_model;
}

static const struct intel_match *__init find_match(void)
{
	const struct intel_match *match;

	for (match = intel_matches; match->vfm; match++) {
		if (match->vfm == boot_cpu_data.x86_vfm)
			return match;
	}

	return NULL;
}

static void __init set_models(u32 missing)
{
	const struct intel_match *match = find_match();
	struct x86_core_type *large = &x86_core_types[0], *small = &x86_core_types[1];

	large->model = match ? match->model : enumerate_model(missing);
	count_counters(large);
	intel_pebs_init(large);
	pr_cont("%s, ", match && match->small ? match->label : large->model->label);
	if (!match || !match->small)
		return;

	x86_pmu.model_name = match->name;
	large->name = "cpu_core";
	large->id = 0x40;
	if (!boot_cpu_has(X86_FEATURE_HYBRID_CPU))
		return;
	x86_core_types_nr = 2;
	*small = *large;
	small->name = "cpu_atom";
	small->id = 0x20;
	small->model = match->small;
}

static void __init set_raw_masks(bool any)
{
	int i;

	for (i = 0; i < x86_core_types_nr; i++) {
		x86_core_types[i].raw = X86_RAW_EVENT_MASK | x86_core_types[i].model->raw;
		if (any)
			x86_core_types[i].raw |= ARCH_PERFMON_EVENTSEL_ANY;
	}
	if (!any)
		intel_formats[ARRAY_SIZE(intel_formats) - 2] = (struct x86_string){ };
}

/**
 * intel_pmu_init() - find out what this CPU has
 *
 * Return: 0; -ENODEV: nothing.
 */
int __init intel_pmu_init(void)
{
	u32 eax, ebx, ecx, edx;
	bool any = true;

	x86_pmu.name = "Intel";
	if (!boot_cpu_has(X86_FEATURE_ARCH_PERFMON))
		return -ENODEV;
	cpuid(10, &eax, &ebx, &ecx, &edx);
	x86_pmu.version = eax & 0xff;
	x86_pmu.width = eax >> 16 & 0xff;
	x86_pmu.value_mask = GENMASK_ULL(x86_pmu.width - 1, 0);
	x86_pmu.events_nr = eax >> 24;
	x86_pmu.events_missing = ebx;
	x86_pmu.select_base = MSR_ARCH_PERFMON_EVENTSEL0;
	x86_pmu.counter_base = MSR_ARCH_PERFMON_PERFCTR0;
	x86_pmu.fixed_counter_base = MSR_ARCH_PERFMON_FIXED_CTR0;
	x86_pmu.step = 1;
	x86_pmu.formats = intel_formats;
	x86_pmu.hw_config = intel_hw_config;
	x86_pmu.counters = intel_counters;
	x86_pmu.fits = intel_fits;
	x86_pmu.release = intel_release;
	x86_pmu.read = intel_read;
	x86_pmu.flush = intel_flush;
	x86_pmu.sched_task = intel_sched_task;
	x86_pmu.destroy = intel_destroy;
	x86_pmu.added = intel_added;
	x86_pmu.removed = intel_removed;
	x86_pmu.pmu_enabled = intel_pmu_enabled;
	x86_pmu.pmu_disabled = intel_pmu_disabled;
	x86_pmu.start_cpu = intel_start_cpu;
	x86_pmu.registers_lost = intel_registers_lost;
	x86_pmu.program = intel_program;
	x86_pmu.handle_irq = intel_handle_irq;
	x86_pmu.set_on = intel_set_on;
	if (x86_pmu.version < 2) {
		x86_pmu.program = x86_program_select;
		x86_pmu.handle_irq = x86_handle_irq_no_status;
		x86_pmu.set_on = x86_set_on_selects;
	} else {
		x86_pmu.own_group = &intel_group;
	}

	if (boot_cpu_has(X86_FEATURE_ARCH_LBR))
		pr_cont("Architectural LBR, ");
	set_models(ebx);
	intel_lbr_init(&x86_core_types[0]);
	if (x86_pmu.version >= 5 && edx & BIT(15)) {
		any = false;
		pr_cont("AnyThread deprecated, ");
	}
	if (x86_pmu.branches)
		pr_cont("%d-deep LBR, ", x86_pmu.branches);
	set_raw_masks(any);

	/* By their old addresses counters take 32 bits, the highest of which is a sign. */
	x86_pmu.max_period = BIT_ULL(31) - 1;
	if (x86_core_types[0].capabilities & CAP_FULL_WIDTH) {
		x86_pmu.counter_base = MSR_IA32_PMC0;
		x86_pmu.max_period = x86_pmu.value_mask >> 1;
		pr_cont("full-width counters, ");
	}

	return 0;
}
