// SPDX-License-Identifier: GPL-2.0
/*
 * AMD: instruction-based sampling, of fetches and of ops.
 *
 * A CPU has a unit for each, and a unit has one counter, for one event.  The counter goes
 * up from 0 to a maximum.  Then the unit follows the fetch or op that comes next to its
 * end, fills its registers, says in the control register that they are valid (Val), and
 * raises an NMI.  It stands still until that register is written.  From one such write to
 * the next is a round.
 *
 * - A period may be longer than a round can be.  So only rounds after which hw.period_left
 *   is used up make a sample.
 *
 * - hw.prev_count is what an event has counted in all its rounds, and only grows.
 *   @base is what it was when this round began, and @max what the round adds when it is
 *   over.  Who reads while an NMI comes in between adds @base to a counter of another
 *   round, and gets less than there was: which is then no news, and nothing is added.
 *
 * - All is done on the event's CPU with IRQs off, or in the NMI.  An NMI touches the unit
 *   only if @runs, which is set before the unit is turned on and cleared before it is turned
 *   off.  Nobody else needs a lock.
 *
 * - An NMI may be on its way when a unit is turned off.  For a short time after that, NMIs
 *   that nobody else has a reason for are taken for ours.
 *
 * - Stopping always brings the count up to date, and stopping twice is nothing: an event
 *   may be a target of triggers.
 */
#include <linux/cpu.h>
#include <linux/jiffies.h>
#include <linux/sched/clock.h>
#include <linux/syscore_ops.h>

#include <asm/amd-ibs.h>
#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/nmi.h>

#include "amd.h"

#define LATE_NMI_MSEC	100

/* The four low bits of a period are not in the registers. */
#define GRAIN		16

enum ibs_kind { IBS_FETCH, IBS_OP, IBS_KINDS };

/**
 * struct ibs_cpu - a unit of a CPU
 * @event: the event on it
 * @runs: the unit was told to count
 * @was_off: it was turned off at @off_at, and the NMI of that may be still to come
 * @off_at: jiffies
 * @base: hw.prev_count when the round began
 * @max: what the round adds; 0 if it has been added
 */
struct ibs_cpu {
	struct perf_event	*event;
	bool			runs;
	bool			was_off;
	unsigned long		off_at;
	u64			base;
	u64			max;
};

static DEFINE_PER_CPU(struct ibs_cpu, ibs_cpus[IBS_KINDS]);

/**
 * struct ibs_unit - one of the two kinds of unit, and its PMU
 * @pmu: what the core of perf_events knows of it
 * @name: of that
 * @kind: which it is
 * @cap: the capability that says that it is there
 * @ctl: the control register; others follow, of which ibs_registers[] tells
 * @enable: the bit there that lets it count
 * @valid: the bit there that says that there is a sample
 * @config: the bits there that a user may set beside the maximum
 * @max_bits: the bits of attr.config that are a maximum
 * @max_period: the longest round
 * @restart_off: the counter starts from 0 only if it is turned off before
 * @ignore_zero: a sample without an address is none
 */
struct ibs_unit {
	struct pmu	pmu;
	const char	*name;
	enum ibs_kind	kind;
	u32		cap;
	u32		ctl;
	u64		enable;
	u64		valid;
	u64		config;
	u64		max_bits;
	u64		max_period;
	bool		restart_off;
	bool		ignore_zero;
};

static u32 ibs_caps __ro_after_init;
static unsigned long late_window __ro_after_init;

static struct ibs_unit *unit_of(struct perf_event *event)
{
	return container_of(event->pmu, struct ibs_unit, pmu);
}

static struct ibs_cpu *this_ibs(const struct ibs_unit *unit)
{
	return this_cpu_ptr(&ibs_cpus[unit->kind]);
}

/* ---- The counter ------------------------------------------------------------ */

/* The control register's bits of a maximum. */
static u64 ibs_max_field(u64 max)
{
	return (max & IBS_OP_MAX_CNT_EXT_MASK) | (max >> 4 & IBS_OP_MAX_CNT);
}

/* What the counter shows, if it can be read. */
static u64 ibs_counter(const struct ibs_unit *unit, u64 ctl)
{
	if (unit->kind == IBS_FETCH)
		return (ctl & IBS_FETCH_CNT) >> 12;
	if (!(ibs_caps & IBS_CAPS_RDWROPCNT))
		return 0;

	ctl &= IBS_OP_CUR_CNT | IBS_OP_CUR_CNT_RAND |
	       (ibs_caps & IBS_CAPS_OPCNTEXT ? IBS_OP_CUR_CNT_EXT_MASK : 0);

	return ctl >> 32;
}

/* An event has counted so far, or further already. */
static void ibs_count(struct perf_event *event, u64 now)
{
	struct hw_perf_event *hwc = &event->hw;
	u64 prev = local64_read(&hwc->prev_count);

	do {
		if (now <= prev)
			return;
	} while (!local64_try_cmpxchg(&hwc->prev_count, &prev, now));

	local64_add(now - prev, &event->count);
	local64_sub(now - prev, &hwc->period_left);
}

static void ibs_count_round(const struct ibs_unit *unit, struct ibs_cpu *cpu,
			    struct perf_event *event)
{
	/* The older one first: see the top of the file. */
	u64 base = READ_ONCE(cpu->base);
	u64 max = READ_ONCE(cpu->max);
	u64 ctl;

	rdmsrl(unit->ctl, ctl);
	ibs_count(event, base + (ctl & unit->valid ? max : ibs_counter(unit, ctl)));
}

/*
 * How long shall the next round be?  Returns whether a period is over.
 *
 * A round that is shorter than the others would sample the end of the NMI before it.  So if
 * one is not enough it is the last but one that is short.
 */
static bool ibs_next_round(const struct ibs_unit *unit, struct perf_event *event, u64 *max)
{
	struct hw_perf_event *hwc = &event->hw;
	s64 left = local64_read(&hwc->period_left);
	s64 period = hwc->sample_period;
	bool over = left < GRAIN;

	if (over) {
		/* Far behind: do not try to catch up. */
		left = left <= -period ? period : left + period;
		local64_set(&hwc->period_left, left);
		hwc->last_period = period;
	}
	if (left >= (s64)unit->max_period + GRAIN)
		left -= unit->max_period;
	*max = clamp_t(s64, left, GRAIN, unit->max_period) & ~(u64)(GRAIN - 1);

	return over;
}

/* @runs is set already. */
static void ibs_begin_round(const struct ibs_unit *unit, struct ibs_cpu *cpu,
			    struct perf_event *event, u64 max, u64 from)
{
	u64 ctl = event->hw.config | ibs_max_field(max) | from;

	WRITE_ONCE(cpu->max, max);
	if (unit->restart_off)
		wrmsrl(unit->ctl, ctl);
	wrmsrl(unit->ctl, ctl | unit->enable);
}

/*
 * Family 10h, erratum 420: the unit may raise an interrupt that cannot be cleared, if it
 * is turned off while it has a maximum.
 */
static void ibs_turn_off(const struct ibs_unit *unit)
{
	if (boot_cpu_data.x86 == 0x10)
		wrmsrl(unit->ctl, unit->enable);
	wrmsrl(unit->ctl, 0);
}

/* ---- Events ----------------------------------------------------------------- */

static void ibs_start(struct perf_event *event, int flags)
{
	struct ibs_unit *unit = unit_of(event);
	struct ibs_cpu *cpu = this_ibs(unit);
	struct hw_perf_event *hwc = &event->hw;
	u64 max;

	if (!(hwc->state & PERF_HES_STOPPED))
		return;

	ibs_next_round(unit, event, &max);
	hwc->state = 0;
	cpu->base = local64_read(&hwc->prev_count);
	WRITE_ONCE(cpu->runs, true);
	/* A late NMI finds no sample, so it may come here. */
	barrier();
	ibs_begin_round(unit, cpu, event, max, 0);
	perf_event_update_userpage(event);
}

static void ibs_stop(struct perf_event *event, int flags)
{
	struct ibs_unit *unit = unit_of(event);
	struct ibs_cpu *cpu = this_ibs(unit);

	if (event->hw.state & PERF_HES_STOPPED)
		return;

	cpu->off_at = jiffies;
	WRITE_ONCE(cpu->was_off, true);
	/* An NMI that sees the unit stopped knows since when. */
	barrier();
	WRITE_ONCE(cpu->runs, false);
	barrier();
	ibs_count_round(unit, cpu, event);
	ibs_turn_off(unit);
	event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;
}

static void ibs_read(struct perf_event *event)
{
	struct ibs_unit *unit = unit_of(event);

	if (!(event->hw.state & PERF_HES_STOPPED))
		ibs_count_round(unit, this_ibs(unit), event);
}

static int ibs_add(struct perf_event *event, int flags)
{
	struct ibs_cpu *cpu = this_ibs(unit_of(event));

	if (cpu->event)
		return -ENOSPC;

	cpu->event = event;
	event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;
	if (flags & PERF_EF_START)
		ibs_start(event, PERF_EF_RELOAD);

	return 0;
}

static void ibs_del(struct perf_event *event, int flags)
{
	ibs_stop(event, PERF_EF_UPDATE);
	this_ibs(unit_of(event))->event = NULL;
	perf_event_update_userpage(event);
}

/* A group can never run that has two events for one unit. */
static int ibs_check_group(struct perf_event *event)
{
	struct perf_event *leader = event->group_leader, *sibling;

	if (leader == event)
		return 0;
	if (leader->pmu == event->pmu)
		return -EINVAL;
	for_each_sibling_event(sibling, leader) {
		if (sibling->pmu == event->pmu)
			return -EINVAL;
	}

	return 0;
}

/* The period is in attr.sample_period, or else in attr.config. */
static int ibs_init_period(const struct ibs_unit *unit, struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;
	u64 max = event->attr.config & unit->max_bits;

	if (hwc->sample_period) {
		if (max)
			return -EINVAL;
		/* The low bits are lost, which nobody is told. */
		hwc->sample_period = max_t(u64, hwc->sample_period & ~(u64)(GRAIN - 1), GRAIN);
	} else {
		if (!max)
			return -EINVAL;
		hwc->sample_period = max << 4;
		event->attr.sample_period = hwc->sample_period;
	}
	hwc->last_period = hwc->sample_period;
	local64_set(&hwc->period_left, hwc->sample_period);

	return 0;
}

static int ibs_event_init(struct perf_event *event)
{
	struct ibs_unit *unit = unit_of(event);
	int err;

	if (event->attr.type != event->pmu->type)
		return -ENOENT;
	if (has_branch_stack(event))
		return -EOPNOTSUPP;
	if (event->attr.config & ~(unit->config | unit->max_bits))
		return -EINVAL;

	err = ibs_check_group(event) ?: ibs_init_period(unit, event);
	if (err)
		return err;
	event->hw.config = event->attr.config & unit->config;
	event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;

	return 0;
}

/* ---- Samples ---------------------------------------------------------------- */

/* Which registers of a unit, from the control register on: see ibs_registers[]. */
#define FETCH_LINEAR	1
#define OP_RIP		1
#define OP_DATA		2
#define OP_DATA2	3
#define OP_DATA3	4
#define OP_DC_LINEAR	5
#define OP_DC_PHYSICAL	6

static_assert(FETCH_LINEAR == OP_RIP);

struct ibs_register {
	u32	msr;
	u32	cap;
};

/* As they are in raw data; those that need a capability come last, if they are there. */
static const struct ibs_register ibs_registers[IBS_KINDS][10] = {
	[IBS_FETCH] = {
		{ MSR_AMD64_IBSFETCHCTL },
		{ MSR_AMD64_IBSFETCHLINAD },
		{ MSR_AMD64_IBSFETCHPHYSAD },
		{ MSR_AMD64_ICIBSEXTDCTL, IBS_CAPS_FETCHCTLEXTD },
	},
	[IBS_OP] = {
		{ MSR_AMD64_IBSOPCTL },
		{ MSR_AMD64_IBSOPRIP },
		{ MSR_AMD64_IBSOPDATA },
		{ MSR_AMD64_IBSOPDATA2 },
		{ MSR_AMD64_IBSOPDATA3 },
		{ MSR_AMD64_IBSDCLINAD },
		{ MSR_AMD64_IBSDCPHYSAD },
		{ MSR_AMD64_IBSBRTARGET, IBS_CAPS_BRNTRGT },
		{ MSR_AMD64_IBSOPDATA4, IBS_CAPS_OPDATA4 },
	},
};

/* Raw data begins with @caps, so that @regs are at a multiple of 8 in the record. */
struct ibs_record {
	u32	size;
	u32	caps;
	u64	regs[ARRAY_SIZE(ibs_registers[0])];
};

#define SAMPLE_MEM	(PERF_SAMPLE_DATA_SRC | PERF_SAMPLE_WEIGHT_TYPE |	\
			 PERF_SAMPLE_ADDR | PERF_SAMPLE_PHYS_ADDR)

/* Read as many registers as the event wants.  Returns their number. */
static unsigned int ibs_read_registers(const struct ibs_unit *unit, struct perf_event *event,
				       u64 *regs)
{
	const struct ibs_register *reg = ibs_registers[unit->kind];
	bool raw = event->attr.sample_type & PERF_SAMPLE_RAW;
	unsigned int need, n;

	if (unit->kind == IBS_FETCH)
		need = FETCH_LINEAR;
	else if (event->attr.sample_type & SAMPLE_MEM)
		need = OP_DC_PHYSICAL;
	else
		need = ibs_caps & IBS_CAPS_RIPINVALIDCHK ? OP_DATA : OP_RIP;

	/* The control register is there already. */
	for (n = 1, reg++; reg->msr && (raw || n <= need); reg++) {
		if (!reg->cap || ibs_caps & reg->cap)
			rdmsrl(reg->msr, regs[n++]);
	}

	return n;
}

/* What an op tells of its access to memory. */
static void ibs_save_access(struct perf_event *event, struct perf_sample_data *data,
			    const u64 *regs)
{
	union ibs_op_data3 data3 = { .val = regs[OP_DATA3] };
	u64 type = event->attr.sample_type;

	if (type & PERF_SAMPLE_DATA_SRC) {
		data->data_src.val = amd_ibs_data_source(regs[OP_DATA2], regs[OP_DATA3],
							 ibs_caps & IBS_CAPS_ZEN4);
		data->sample_flags |= PERF_SAMPLE_DATA_SRC;
	}
	if (type & PERF_SAMPLE_WEIGHT_TYPE && data3.ld_op && data3.dc_miss) {
		union ibs_op_data data1 = { .val = regs[OP_DATA] };

		if (type & PERF_SAMPLE_WEIGHT_STRUCT) {
			data->weight.full = 0;
			data->weight.var1_dw = data3.dc_miss_lat;
			data->weight.var2_w = data1.tag_to_ret_ctr;
		} else {
			data->weight.full = data3.dc_miss_lat;
		}
		data->sample_flags |= PERF_SAMPLE_WEIGHT_TYPE;
	}
	if (type & PERF_SAMPLE_ADDR && data3.dc_lin_addr_valid) {
		data->addr = regs[OP_DC_LINEAR];
		data->sample_flags |= PERF_SAMPLE_ADDR;
	}
	if (type & PERF_SAMPLE_PHYS_ADDR && data3.dc_phy_addr_valid) {
		data->phys_addr = regs[OP_DC_PHYSICAL];
		data->sample_flags |= PERF_SAMPLE_PHYS_ADDR;
	}
}

/* Say in @regs where the fetch or op was, if that is known. */
static void ibs_set_ip(const struct ibs_unit *unit, struct pt_regs *regs, const u64 *ibs)
{
	if (unit->kind == IBS_OP && ibs_caps & IBS_CAPS_RIPINVALIDCHK &&
	    ibs[OP_DATA] & IBS_RIP_INVALID) {
		regs->flags &= ~PERF_EFLAGS_EXACT;
		return;
	}
	/* FETCH_LINEAR is the same. */
	set_linear_ip(regs, ibs[OP_RIP]);
	regs->flags |= PERF_EFLAGS_EXACT;
}

/* Returns whether the event is to be stopped. */
static bool ibs_output(const struct ibs_unit *unit, struct perf_event *event,
		       struct pt_regs *nmi_regs, u64 ctl)
{
	struct ibs_record record = { .caps = ibs_caps, .regs = { ctl } };
	unsigned int nr = ibs_read_registers(unit, event, record.regs);
	struct pt_regs regs = *nmi_regs;
	struct perf_sample_data data;
	struct perf_raw_record raw;

	/* Zen 3: such a fetch has not been. */
	if (unit->ignore_zero && !record.regs[FETCH_LINEAR])
		return false;

	perf_sample_data_init(&data, 0, event->hw.last_period);
	ibs_set_ip(unit, &regs, record.regs);
	if (event->attr.sample_type & PERF_SAMPLE_RAW) {
		raw = (struct perf_raw_record) {
			.frag = {
				.size = sizeof(record.caps) + nr * sizeof(u64),
				.data = &record.caps,
			},
		};
		perf_sample_save_raw_data(&data, event, &raw);
	}
	if (unit->kind == IBS_OP && event->attr.sample_type & SAMPLE_MEM)
		ibs_save_access(event, &data, record.regs);
	/* The stack is that of the NMI, so the chain begins there. */
	if (event->attr.sample_type & PERF_SAMPLE_CALLCHAIN)
		perf_sample_save_callchain(&data, event, nmi_regs);

	return perf_event_overflow(event, &data, &regs);
}

/* ---- The NMI ---------------------------------------------------------------- */

static void ibs_round_over(const struct ibs_unit *unit, struct ibs_cpu *cpu, u64 ctl,
			   struct pt_regs *regs)
{
	struct perf_event *event = cpu->event;
	u64 from = 0, max;

	WRITE_ONCE(cpu->base, cpu->base + cpu->max);
	WRITE_ONCE(cpu->max, 0);
	ibs_count(event, cpu->base);
	if (ibs_next_round(unit, event, &max) && ibs_output(unit, event, regs, ctl))
		ibs_stop(event, 0);
	if (!cpu->runs)
		return;

	/* The counter of ops goes on from a small random number, which is to stay. */
	if (ctl & IBS_OP_CNT_CTL && unit->kind == IBS_OP && ibs_caps & IBS_CAPS_RDWROPCNT)
		from = ctl & IBS_OP_CUR_CNT_RAND;
	ibs_begin_round(unit, cpu, event, max, from);
}

/* Can an NMI be that of a unit turned off? */
static bool ibs_is_late(struct ibs_cpu *cpu)
{
	if (cpu->was_off && time_after(jiffies, cpu->off_at + late_window))
		cpu->was_off = false;

	return cpu->was_off;
}

static int ibs_nmi_of(const struct ibs_unit *unit, struct pt_regs *regs)
{
	struct ibs_cpu *cpu = this_ibs(unit);
	u64 ctl;

	if (READ_ONCE(cpu->runs)) {
		rdmsrl(unit->ctl, ctl);
		if (ctl & unit->valid) {
			ibs_round_over(unit, cpu, ctl, regs);
			return 1;
		}
	}

	return ibs_is_late(cpu);
}

/* ---- Files ------------------------------------------------------------------ */

/* A file that is there with the capability @_cap. */
#define IBS_FILE(_id, _name, _value, _cap)					\
static struct perf_pmu_events_attr file_##_id = {				\
	.attr		= __ATTR(_name, 0444, perf_event_sysfs_show, NULL),	\
	.id		= _cap,							\
	.event_str	= _value,						\
}

IBS_FILE(rand_en, rand_en, "config:57", IBS_CAPS_AVAIL);
IBS_FILE(fetch_l3missonly, l3missonly, "config:59", IBS_CAPS_ZEN4);
IBS_FILE(cnt_ctl, cnt_ctl, "config:19", IBS_CAPS_OPCNT);
IBS_FILE(op_l3missonly, l3missonly, "config:16", IBS_CAPS_ZEN4);
IBS_FILE(zen4, zen4_ibs_extensions, "1", IBS_CAPS_ZEN4);

static struct attribute *fetch_formats[] = {
	&file_rand_en.attr.attr,
	&file_fetch_l3missonly.attr.attr,
	NULL
};

static struct attribute *op_formats[] = {
	&file_cnt_ctl.attr.attr,
	&file_op_l3missonly.attr.attr,
	NULL
};

static struct attribute *ibs_capabilities[] = {
	&file_zen4.attr.attr,
	NULL
};

static umode_t ibs_file_visible(struct kobject *kobj, struct attribute *attr, int i)
{
	return container_of(attr, struct perf_pmu_events_attr, attr.attr)->id & ibs_caps ?
	       attr->mode : 0;
}

/* The directories are there even if nothing is in them. */
#define IBS_GROUP(_group, _name, _files)		\
static const struct attribute_group _group = {		\
	.name		= _name,			\
	.attrs		= _files,			\
	.is_visible	= ibs_file_visible,		\
}

IBS_GROUP(fetch_format_group, "format", fetch_formats);
IBS_GROUP(op_format_group, "format", op_formats);
IBS_GROUP(caps_group, "caps", ibs_capabilities);

static const struct attribute_group *fetch_groups[] = {
	&fetch_format_group,
	&caps_group,
	NULL
};

static const struct attribute_group *op_groups[] = {
	&op_format_group,
	&caps_group,
	NULL
};

/* ---- The PMUs --------------------------------------------------------------- */

#define IBS_PMU(_groups)							\
	{									\
		.task_ctx_nr	= perf_hw_context,				\
		.capabilities	= PERF_PMU_CAP_NO_EXCLUDE | PERF_PMU_CAP_STOPS,	\
		.attr_groups	= _groups,					\
		.event_init	= ibs_event_init,				\
		.add		= ibs_add,					\
		.del		= ibs_del,					\
		.start		= ibs_start,					\
		.stop		= ibs_stop,					\
		.read		= ibs_read,					\
	}

static struct ibs_unit ibs_units[IBS_KINDS] = {
	[IBS_FETCH] = {
		.pmu		= IBS_PMU(fetch_groups),
		.name		= "ibs_fetch",
		.kind		= IBS_FETCH,
		.cap		= IBS_CAPS_FETCHSAM,
		.ctl		= MSR_AMD64_IBSFETCHCTL,
		.enable		= IBS_FETCH_ENABLE,
		.valid		= IBS_FETCH_VAL,
		.config		= IBS_FETCH_RAND_EN,
		.max_bits	= IBS_FETCH_MAX_CNT,
		.max_period	= IBS_FETCH_MAX_CNT << 4,
	},
	[IBS_OP] = {
		.pmu		= IBS_PMU(op_groups),
		.name		= "ibs_op",
		.kind		= IBS_OP,
		.cap		= IBS_CAPS_OPSAM,
		.ctl		= MSR_AMD64_IBSOPCTL,
		.enable		= IBS_OP_ENABLE,
		.valid		= IBS_OP_VAL,
		.max_bits	= IBS_OP_MAX_CNT,
		.max_period	= IBS_OP_MAX_CNT << 4,
	},
};

/**
 * forward_event_to_ibs() - make an event of the core's PMU one of ours
 * @event: one that shall be precise
 *
 * Cycles and retired ops can be sampled precisely by the unit of ops.
 *
 * Return: -ENOENT: its type and config are those of the PMU ibs_op now, which is to be
 * asked next; or it is none that can be sampled so.  -EOPNOTSUPP: not so precisely.
 *
 * Context: may sleep.
 */
int forward_event_to_ibs(struct perf_event *event)
{
	struct perf_event_attr *attr = &event->attr;
	u64 config = 0;

	if (!(ibs_caps & IBS_CAPS_OPSAM) || !attr->precise_ip || attr->precise_ip > 2)
		return -EOPNOTSUPP;

	if (attr->type == PERF_TYPE_RAW && attr->config == 0xc1)
		config = IBS_OP_CNT_CTL;
	else if (!(attr->type == PERF_TYPE_RAW && attr->config == 0x76) &&
		 !(attr->type == PERF_TYPE_HARDWARE && attr->config == PERF_COUNT_HW_CPU_CYCLES))
		return -ENOENT;

	attr->type = ibs_units[IBS_OP].pmu.type;
	attr->config = config;

	return -ENOENT;
}

static int ibs_nmi(unsigned int cmd, struct pt_regs *regs)
{
	u64 begin = sched_clock();
	int handled = 0;

	for (unsigned int kind = 0; kind < IBS_KINDS; kind++)
		handled += ibs_nmi_of(&ibs_units[kind], regs);
	if (handled)
		perf_sample_event_took(sched_clock() - begin);

	return handled;
}

static void __init ibs_units_init(void)
{
	struct ibs_unit *fetch = &ibs_units[IBS_FETCH], *op = &ibs_units[IBS_OP];

	fetch->restart_off = boot_cpu_data.x86 >= 0x16 && boot_cpu_data.x86 <= 0x18;
	fetch->ignore_zero = boot_cpu_data.x86 == 0x19 && boot_cpu_data.x86_model < 0x10;
	if (ibs_caps & IBS_CAPS_OPCNT)
		op->config |= IBS_OP_CNT_CTL;
	if (ibs_caps & IBS_CAPS_OPCNTEXT) {
		op->max_period |= IBS_OP_MAX_CNT_EXT_MASK;
		op->max_bits |= IBS_OP_MAX_CNT_EXT_MASK;
	}
	if (ibs_caps & IBS_CAPS_ZEN4) {
		fetch->config |= IBS_FETCH_L3MISSONLY;
		op->config |= IBS_OP_L3MISSONLY;
	}
}

static int __init ibs_register(struct ibs_unit *unit)
{
	if (!(ibs_caps & unit->cap))
		return 0;

	return perf_pmu_register(&unit->pmu, unit->name, -1);
}

/* ---- CPUs ------------------------------------------------------------------- */

/* The entry of the local APIC's extended vectors that firmware chose; < 0: none. */
static int ibs_vector(void)
{
	u64 value;

	if (rdmsrl_safe(MSR_AMD64_IBSCTL, &value) || !(value & IBSCTL_LVT_OFFSET_VALID))
		return -EINVAL;

	return value & IBSCTL_LVT_OFFSET_MASK;
}

static void ibs_mask_vector(bool mask)
{
	int vector = ibs_vector();

	if (vector < 0 || setup_APIC_eilvt(vector, 0, mask ? APIC_EILVT_MSG_FIX :
					   APIC_EILVT_MSG_NMI, mask))
		pr_warn("perf: IBS APIC setup failed on cpu #%d\n", smp_processor_id());
}

/* Another kernel may have left a unit on. */
static int ibs_cpu_starting(unsigned int cpu)
{
	for (unsigned int kind = 0; kind < IBS_KINDS; kind++) {
		if (ibs_caps & ibs_units[kind].cap)
			ibs_turn_off(&ibs_units[kind]);
	}
	ibs_mask_vector(false);

	return 0;
}

static int ibs_cpu_dying(unsigned int cpu)
{
	ibs_mask_vector(true);

	return 0;
}

/* The boot CPU does not go offline to sleep, but its APIC is reset. */
static int ibs_suspend(void *data)
{
	ibs_mask_vector(true);

	return 0;
}

static void ibs_resume(void *data)
{
	ibs_mask_vector(false);
}

static const struct syscore_ops ibs_syscore_ops = {
	.suspend	= ibs_suspend,
	.resume		= ibs_resume,
};

static struct syscore ibs_syscore = {
	.ops = &ibs_syscore_ops,
};

/**
 * get_ibs_caps() - what instruction-based sampling there is
 *
 * Return: IBS_CAPS_*; 0: none.
 */
u32 get_ibs_caps(void)
{
	return ibs_caps;
}
EXPORT_SYMBOL(get_ibs_caps);

static u32 __init ibs_find_caps(void)
{
	u32 caps;

	if (!boot_cpu_has(X86_FEATURE_IBS))
		return 0;
	if (boot_cpu_data.extended_cpuid_level < IBS_CPUID_FEATURES)
		return IBS_CAPS_DEFAULT;
	caps = cpuid_eax(IBS_CPUID_FEATURES);

	return caps & IBS_CAPS_AVAIL ? caps : IBS_CAPS_DEFAULT;
}

static int __init ibs_init(void)
{
	u32 caps = ibs_find_caps();
	int err;

	if (!caps)
		return -ENODEV;
	if (ibs_vector() < 0) {
		pr_warn(FW_BUG "IBS: no vector was chosen for its interrupt\n");
		return -EINVAL;
	}

	ibs_caps = caps;
	late_window = msecs_to_jiffies(LATE_NMI_MSEC);
	ibs_units_init();
	err = register_nmi_handler(NMI_LOCAL, ibs_nmi, 0, "perf_ibs");
	if (err)
		return err;
	register_syscore(&ibs_syscore);
	cpuhp_setup_state(CPUHP_AP_PERF_X86_AMD_IBS_STARTING, "perf/x86/amd/ibs:starting",
			  ibs_cpu_starting, ibs_cpu_dying);
	err = ibs_register(&ibs_units[IBS_FETCH]) ?: ibs_register(&ibs_units[IBS_OP]);
	if (!err)
		pr_info("perf: AMD IBS detected (0x%08x)\n", ibs_caps);

	return err;
}
device_initcall(ibs_init);
