/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86: the counters of a CPU, what the framework offers and what a vendor gives.
 *
 * Words:
 *
 *   counter    one of at most 64, by its bit: general ones from 0, Intel's fixed ones
 *              from 32 (INTEL_PMC_IDX_FIXED), what is no counter above them
 *   core type  a kind of core that has a PMU of its own; more than one where a
 *              machine is hybrid.  &struct x86_core_type
 *   model      what is known of a microarchitecture, all of it data: a row of a table
 *              in VENDOR/model.c.  &struct x86_model
 *   vendor     how its registers work.  &struct x86_pmu, one a machine
 *
 * How a CPU's counters are driven:
 *
 *  - What shall be is apart from what the hardware holds.  @running says which
 *    counters shall count, @enabled whether any may; x86_sync() compares that with
 *    @on, what the hardware was last told, and writes what differs.  So it is with
 *    event selects (@select), which stay in place after their event has gone: the
 *    next one of that kind finds its counter programmed.
 *  - A counter that has its event select but no bit in @on does not count.  Where one
 *    register has a bit for each counter (Intel from version 2, AMD's PerfMonV2),
 *    stopping all of them is one write; elsewhere it is one for each that runs.
 *  - An NMI may come in the middle of anything below.  It turns the counters off,
 *    does its work and calls x86_sync(), which leaves the hardware as @enabled and
 *    @running say at that moment; who was interrupted then finds that what it wrote
 *    is not what shall be, and writes again.  See x86_sync().
 */
#ifndef ARCH_X86_EVENTS_PERF_EVENT_H
#define ARCH_X86_EVENTS_PERF_EVENT_H

#include <linux/perf_event.h>
#include <linux/cpumask.h>

#include <asm/cpu_device_id.h>
#include <asm/fpu/xstate.h>
#include <asm/intel_ds.h>
#include <asm/msr.h>

#include "model.h"

struct x86_core_type;
struct x86_cpu;

/* ---- A CPU ------------------------------------------------------------------ */

/**
 * struct x86_cpu - a CPU's counters
 * @type: the kind of core that this CPU is; NULL before it is first online
 * @enabled: the core lets events count: pmu_enable() was called last
 * @running: counters that shall count while @enabled
 * @on: counters that the hardware was told to let count
 * @used: counters that have an event
 * @txn: the transaction: PERF_PMU_TXN_*, or 0
 * @waiting: the events that were added in it, in the order of that
 * @waiting_nr: how many
 * @event: by counter, the event on it
 * @select: by counter, what its event select register holds; ~0 if unknown
 * @fixed: what the register that controls fixed counters shall hold
 * @fixed_is: what it holds
 * @virt_mask: bits of an event select that must not be set now (AMD)
 * @epoch: x86_register_epoch when @select and @fixed_is were last forgotten
 * @dirty: counters with what events of tasks counted, which have left them
 *
 * Written on this CPU with IRQs off.  An NMI reads @event and changes @running.
 */
struct x86_cpu {
	struct x86_core_type	*type;
	bool			enabled;
	u64			running;
	u64			on;
	u64			used;
	unsigned int		txn;
	int			waiting_nr;
	struct perf_event	*waiting[X86_COUNTERS_MAX];
	struct perf_event	*event[X86_COUNTERS_MAX];
	u64			select[INTEL_PMC_IDX_FIXED];
	u64			fixed;
	u64			fixed_is;
	u64			virt_mask;
	unsigned int		epoch;
	u64			dirty;
};

DECLARE_PER_CPU(struct x86_cpu, x86_cpu);

/* ---- A kind of core --------------------------------------------------------- */

/**
 * struct x86_core_type - a kind of core and its PMU
 * @pmu: what the core of perf_events knows of it
 * @name: cpu, or cpu_core and cpu_atom
 * @id: what CPUID says this kind is, where a machine is hybrid
 * @model: what is known of it
 * @cpus: which CPUs are of this kind, of those that were ever online
 * @counters: all counters there are
 * @general: the general ones of them
 * @metrics: counters of topdown metrics, which are no counters
 * @precise_counters: those that can sample precisely
 * @capabilities: PERF_CAPABILITIES of this kind
 * @max_precise: the highest attr.precise_ip
 * @raw: bits of attr.config that the user may give
 */
struct x86_core_type {
	struct pmu		pmu;
	const char		*name;
	u8			id;
	const struct x86_model	*model;
	cpumask_t		cpus;
	u64			counters;
	u64			general;
	u64			metrics;
	u64			precise_counters;
	u64			capabilities;
	int			max_precise;
	u64			raw;
};

#define X86_CORE_TYPES_MAX	2

extern struct x86_core_type x86_core_types[X86_CORE_TYPES_MAX];
extern int x86_core_types_nr;

static inline struct x86_core_type *x86_type_of(struct perf_event *event)
{
	return container_of(event->pmu, struct x86_core_type, pmu);
}

static inline bool x86_is_hybrid(void)
{
	return x86_core_types_nr > 1;
}

/* ---- What a vendor gives ---------------------------------------------------- */

/**
 * struct x86_pmu - a vendor's part
 * @name: for the message at boot
 * @version: of its architecture, 0 where that has none
 * @width: bits of a counter
 * @value_mask: the same as a mask
 * @max_period: what a counter can be set to
 * @select_base: MSR of the event select of counter 0
 * @counter_base: MSR of counter 0
 * @step: distance between the MSRs of two counters
 * @fixed_counter_base: MSR of fixed counter 0
 * @rdpmc: attribute rdpmc of the PMUs: 0 never, 1 who has mapped an event, 2 all
 * @model_name: in place of the model's, where a machine has several
 * @branches: branch records there are, 0 without
 * @lbr_with_pt: branch records and processor trace may be used at once
 * @events_missing: architectural events that are not there, of @events_nr
 * @events_nr: architectural events that are enumerated
 * @formats: files of sysfs, format/, of all models
 * @own_group: more files of sysfs
 *
 * @handle_irq: a PMI: from NMI context.  Returns how many counters had overflowed, 0
 *	if it was for somebody else.
 * @hw_config: decide what is the vendor's of a new event, after hw.config has what
 *	is everybody's.  May sleep.  0, or an errno for open.
 * @destroy: give back what @hw_config took.  Optional; may sleep.
 * @counters: the counters that can count a new event, of those of its core type; 0 if
 *	there is none.  Decided once; may sleep.
 * @fits: can an event that has X86_EVENT_MORE be on this CPU together with those that
 *	are?  If it can, take what it needs besides a counter.  On the CPU, IRQs off.
 * @release: give back what @fits took.  Optional.
 * @program: an event is about to count on counter idx, which is off: make its
 *	registers right, or note what x86_set_on() shall write.
 * @stopped_late: an event was stopped whose counter had overflowed: its PMI may come when
 *	nothing is left that tells whose it is.  Optional.
 * @set_on: let the counters of @want count and no others; @had did until now.
 * @pmu_enabled: the PMU is about to be enabled, counters are off.  Optional.
 * @pmu_disabled: the PMU was disabled, counters are off.  Optional.
 * @read: the counter of an event that has one of X86_EVENT_OWN.  Returns whether
 *	it was dealt with.
 * @flush: take out what the hardware has collected of an event that has
 *	X86_EVENT_RELOADED or X86_EVENT_BTS, and bring its count up to date.  IRQs off.
 * @added: an event that has X86_EVENT_MORE was put on this CPU; @removed: taken off.
 *	PMU off.
 * @sample: a sample of an event that wants branch records is about to be written.
 *	Optional; from NMI context.
 * @sched_task: as in &struct pmu, like @task_ctx_cache.
 * @task_ctx_cache: there
 * @start_cpu: on a CPU that comes up, IRQs off.
 * @registers_lost: this CPU's registers are as after a reset: forget what they held.  Counters
 *	and their selects are the framework's.  Optional; IRQs off, PMU off.
 */
struct x86_pmu {
	const char	*name;
	int		version;
	int		width;
	u64		value_mask;
	u64		max_period;
	unsigned int	select_base;
	unsigned int	counter_base;
	unsigned int	step;
	unsigned int	fixed_counter_base;
	int		rdpmc;
	const char	*model_name;
	int		branches;
	bool		lbr_with_pt;
	u32		events_missing;
	int		events_nr;
	const struct x86_string		*formats;
	const struct attribute_group	*own_group;

	int (*handle_irq)(struct pt_regs *regs);
	int (*hw_config)(struct perf_event *event);
	void (*destroy)(struct perf_event *event);
	u64 (*counters)(struct perf_event *event);
	bool (*fits)(struct x86_cpu *cpu, struct perf_event *event);
	void (*release)(struct x86_cpu *cpu, struct perf_event *event);
	void (*program)(struct x86_cpu *cpu, struct perf_event *event, int idx);
	void (*stopped_late)(void);
	void (*set_on)(struct x86_cpu *cpu, u64 want, u64 had);
	void (*pmu_enabled)(struct x86_cpu *cpu);
	void (*pmu_disabled)(struct x86_cpu *cpu);
	bool (*read)(struct perf_event *event);
	void (*flush)(struct perf_event *event);
	void (*added)(struct x86_cpu *cpu, struct perf_event *event);
	void (*removed)(struct x86_cpu *cpu, struct perf_event *event);
	void (*sample)(struct x86_cpu *cpu, struct perf_event *event,
		       struct perf_sample_data *data);
	void (*sched_task)(struct perf_event_pmu_context *epc, struct task_struct *task,
			   bool sched_in);
	struct kmem_cache		*task_ctx_cache;
	void (*start_cpu)(int cpu);
	void (*registers_lost)(struct x86_cpu *cpu);
};

extern struct x86_pmu x86_pmu;

int intel_pmu_init(void);
int amd_pmu_init(void);

/* ---- core.c: counters ------------------------------------------------------- */

void x86_sync(struct x86_cpu *cpu);
void x86_forget_registers(struct x86_cpu *cpu);
void x86_reload(struct x86_cpu *cpu);
u64 x86_event_update(struct perf_event *event);
bool x86_set_period(struct perf_event *event);
void x86_event_stop(struct perf_event *event, int flags);
int x86_overflow(struct x86_cpu *cpu, u64 counters, struct pt_regs *regs);
void x86_output_collected(struct perf_event *event, struct perf_sample_data *data,
			  struct pt_regs *regs, bool last);

/*
 * For vendors: general counters; those without a register that turns on all of them, and
 * one that tells whose overflow it was.
 */
void x86_program_gp(struct x86_cpu *cpu, struct perf_event *event, int idx);
void x86_program_select(struct x86_cpu *cpu, struct perf_event *event, int idx);
void x86_set_on_selects(struct x86_cpu *cpu, u64 want, u64 had);
int x86_handle_irq_no_status(struct pt_regs *regs);

/* Where is counter @idx? */
static inline unsigned int x86_select_msr(int idx)
{
	return x86_pmu.select_base + idx * x86_pmu.step;
}

static inline unsigned int x86_counter_msr(int idx)
{
	return x86_pmu.counter_base + idx * x86_pmu.step;
}

/*
 * hw_perf_event.last_tag has what is asked for each time that an event is added: in its
 * highest byte the counter that the event had last, plus one; below a bit for each counter
 * that can count it.
 */
#define X86_TAG_LAST	56

static inline u64 x86_allowed(const struct hw_perf_event *hwc)
{
	return hwc->last_tag & GENMASK_ULL(X86_TAG_LAST - 1, 0);
}

/* -1: none yet. */
static inline int x86_last_counter(const struct hw_perf_event *hwc)
{
	return (int)(hwc->last_tag >> X86_TAG_LAST) - 1;
}

static inline void x86_set_last_counter(struct hw_perf_event *hwc, int idx)
{
	hwc->last_tag = x86_allowed(hwc) | (u64)(idx + 1) << X86_TAG_LAST;
}

static_assert(INTEL_PMC_IDX_FIXED_BTS < X86_TAG_LAST && INTEL_PMC_IDX_METRIC_END < X86_TAG_LAST);

/* Most events are not mapped. */
static inline void x86_update_userpage(struct perf_event *event)
{
	if (rcu_access_pointer(event->rb))
		perf_event_update_userpage(event);
}

/* ---- hw_config.c: from attr to registers ------------------------------------ */

int x86_event_init(struct perf_event *event);
int x86_aux_output_match(struct perf_event *event);

enum {
	x86_lbr_exclusive_lbr,
	x86_lbr_exclusive_bts,
	x86_lbr_exclusive_pt,
	x86_lbr_exclusive_max,
};

bool x86_hardware_in_use(void);

/* Grows each time the registers become ours. */
extern unsigned int x86_register_epoch;

int x86_add_exclusive(unsigned int what);
void x86_del_exclusive(unsigned int what);

/* ---- sysfs.c ---------------------------------------------------------------- */

int x86_sysfs_groups(struct x86_core_type *type);
ssize_t events_sysfs_show(struct device *dev, struct device_attribute *attr, char *page);

#define EVENT_VAR(_id)	event_attr_##_id
#define EVENT_PTR(_id)	(&event_attr_##_id.attr.attr)

#define EVENT_ATTR_STR(_name, _id, _str)				\
static struct perf_pmu_events_attr event_attr_##_id = {			\
	.attr		= __ATTR(_name, 0444, events_sysfs_show, NULL),	\
	.event_str	= _str,						\
}

/* ---- user.c ----------------------------------------------------------------- */

void x86_event_mapped(struct perf_event *event, struct mm_struct *mm);
void x86_event_unmapped(struct perf_event *event, struct mm_struct *mm);
int x86_event_idx(struct perf_event *event);
int x86_set_rdpmc(unsigned long value);

/* Kernel addresses have the top bit. */
static inline bool kernel_ip(unsigned long ip)
{
	return IS_ENABLED(CONFIG_X86_32) ? ip > PAGE_OFFSET : (long)ip < 0;
}

/*
 * A sample's regs->ip is a linear address: one of vm86 mode or of a segment that
 * has a base is not what its cs says then.
 */
static inline void set_linear_ip(struct pt_regs *regs, unsigned long ip)
{
	regs->ip = ip;
	if (regs->flags & X86_VM_MASK)
		regs->flags ^= X86_VM_MASK | PERF_EFLAGS_VM;
	regs->cs = kernel_ip(ip) ? __KERNEL_CS : __USER_CS;
}

/* ---- utils.c: what kind of branch an instruction is ------------------------- */

enum {
	X86_BR_NONE		= 0,
	X86_BR_USER		= BIT(0),
	X86_BR_KERNEL		= BIT(1),
	X86_BR_CALL		= BIT(2),
	X86_BR_RET		= BIT(3),
	X86_BR_SYSCALL		= BIT(4),
	X86_BR_SYSRET		= BIT(5),
	X86_BR_INT		= BIT(6),
	X86_BR_IRET		= BIT(7),
	X86_BR_JCC		= BIT(8),
	X86_BR_JMP		= BIT(9),
	X86_BR_IRQ		= BIT(10),
	X86_BR_IND_CALL		= BIT(11),
	X86_BR_ABORT		= BIT(12),
	X86_BR_IN_TX		= BIT(13),
	X86_BR_NO_TX		= BIT(14),
	X86_BR_ZERO_CALL	= BIT(15),
	X86_BR_CALL_STACK	= BIT(16),
	X86_BR_IND_JMP		= BIT(17),
	X86_BR_TYPE_SAVE	= BIT(18),
};

#define X86_BR_PLM	(X86_BR_USER | X86_BR_KERNEL)

int branch_type(unsigned long from, unsigned long to, int abort);
int branch_type_fused(unsigned long from, unsigned long to, int abort, int *offset);
int common_branch_type(int type);

/* ---- branch.c: which branches a user wants ---------------------------------- */

/* LBR_SELECT of Intel and of AMD: kinds that are left out; and a mode of Intel's. */
#define X86_SELECT_KERNEL	BIT(0)
#define X86_SELECT_USER		BIT(1)
#define X86_SELECT_JCC		BIT(2)
#define X86_SELECT_REL_CALL	BIT(3)
#define X86_SELECT_IND_CALL	BIT(4)
#define X86_SELECT_RETURN	BIT(5)
#define X86_SELECT_IND_JMP	BIT(6)
#define X86_SELECT_REL_JMP	BIT(7)
#define X86_SELECT_FAR		BIT(8)
#define X86_SELECT_ALL		GENMASK(8, 0)
#define X86_SELECT_CALL_STACK	BIT(9)

/* ARCH_LBR_CTL of Intel: kinds that are recorded. */
#define X86_CTL_ON		BIT(0)
#define X86_CTL_OS		BIT(1)
#define X86_CTL_USER		BIT(2)
#define X86_CTL_CALL_STACK	BIT(3)
#define X86_CTL_JCC		BIT(16)
#define X86_CTL_REL_JMP		BIT(17)
#define X86_CTL_IND_JMP		BIT(18)
#define X86_CTL_REL_CALL	BIT(19)
#define X86_CTL_IND_CALL	BIT(20)
#define X86_CTL_RETURN		BIT(21)
#define X86_CTL_OTHER		BIT(22)

/**
 * struct x86_branch_filter - which branches are wanted
 * @type: PERF_SAMPLE_BRANCH_*
 * @kinds: X86_BR_*
 * @select: bits of LBR_SELECT for what is wanted
 * @ctl: bits of ARCH_LBR_CTL
 */
struct x86_branch_filter {
	u64	type;
	u32	kinds;
	u32	select;
	u32	ctl;
};

struct x86_branch_filter x86_branch_filter(u64 type);
void x86_branch_sort(struct perf_branch_stack *stack, u32 kinds, bool fused);

/* ---- pt.c, bts.c: what shares Intel's interrupt ----------------------------- */

void intel_pt_interrupt(void);

/* An event select out of its fields, for resctrl. */
union x86_pmu_config {
	struct {
		u64 event:8, umask:8, usr:1, os:1, edge:1, pc:1, interrupt:1, __reserved1:1,
		    en:1, inv:1, cmask:8, event2:4, __reserved2:4, go:1, ho:1;
	} bits;
	u64 value;
};

#define X86_CONFIG(args...)	(((union x86_pmu_config){ .bits = { args } }).value)

#endif /* ARCH_X86_EVENTS_PERF_EVENT_H */
