/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events at random: what they count, with which attributes, and of whom.  One
 * in some is nonsense.  Only how often they interrupt is held down, or a
 * machine would soon do nothing else.
 */
#ifndef TORTURE_OPEN_H
#define TORTURE_OPEN_H

#include <linux/hw_breakpoint.h>
#include "torture_util.h"

#define REGS		0x1ffULL	/* every architecture has some of these */
#define SIZED		(PERF_SAMPLE_STACK_USER | PERF_SAMPLE_AUX | PERF_SAMPLE_REGS_USER | \
			 PERF_SAMPLE_REGS_INTR | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_BRANCH_STACK)

/* Flags of an attribute as one word, from PERF_ATTR_SIZE_VER0 on where they have always been. */
#define FLAGS_AT	40
#define FLAGS_ALL	((1ULL << 40) - 1)

static inline __u64 attr_flags(const struct perf_event_attr *attr)
{
	__u64 flags;

	memcpy(&flags, (const char *)attr + FLAGS_AT, sizeof(flags));
	return flags;
}

static inline void attr_set_flags(struct perf_event_attr *attr, __u64 flags)
{
	memcpy((char *)attr + FLAGS_AT, &flags, sizeof(flags));
}

/* ---- What is counted ---- */

static inline void want_software(struct hand *h, struct perf_event_attr *attr)
{
	attr->type = PERF_TYPE_SOFTWARE;
	attr->config = pick(h, PERF_COUNT_SW_MAX + 1);
}

static inline void want_clock(struct hand *h, struct perf_event_attr *attr)
{
	attr->type = PERF_TYPE_SOFTWARE;
	attr->config = pick(h, 2) ? PERF_COUNT_SW_CPU_CLOCK : PERF_COUNT_SW_TASK_CLOCK;
}

static inline void want_tracepoint(struct hand *h, struct perf_event_attr *attr)
{
	attr->type = PERF_TYPE_TRACEPOINT;
	attr->config = world.nr_points ? world.points[pick(h, world.nr_points)] : pick(h, 1000);
}

static inline void want_kprobe(struct hand *h, struct perf_event_attr *attr)
{
	attr->type = world.kprobe;
	attr->config = chance(h, 3);
	attr->kprobe_func = (unsigned long)(chance(h, 20) ? "no_such_function" : GETPPID);
	attr->probe_offset = chance(h, 20) ? pick(h, 16) : 0;
}

static inline void want_uprobe(struct hand *h, struct perf_event_attr *attr)
{
	attr->type = world.uprobe;
	attr->config = chance(h, 3);
	attr->uprobe_path = (unsigned long)world.program;
	attr->probe_offset = chance(h, 20) ? pick(h, 4096) : probe_offset();
}

static inline void want_breakpoint(struct hand *h, struct perf_event_attr *attr)
{
	attr->type = PERF_TYPE_BREAKPOINT;
	attr->bp_type = pick(h, 2) ? HW_BREAKPOINT_W : HW_BREAKPOINT_RW;
	if (chance(h, 20))
		attr->bp_type = pick(h, 16);
	attr->bp_addr = (unsigned long)watched + 8 * pick(h, 16);
	attr->bp_len = chance(h, 20) ? pick(h, 10) : 1 << pick(h, 4);
	if (chance(h, 4)) {
		attr->bp_type = HW_BREAKPOINT_X;
		attr->bp_addr = (unsigned long)probe_me;
		attr->bp_len = sizeof(long);
	} else if (chance(h, 10)) {
		attr->bp_addr = 0xffff888000000000ULL + pick(h, 1 << 30);
	}
}

static inline void want_hardware(struct hand *h, struct perf_event_attr *attr)
{
	if (!world.hardware && pick(h, 8)) {
		want_software(h, attr);
		return;
	}
	attr->type = pick(h, 3) ? PERF_TYPE_HARDWARE : PERF_TYPE_HW_CACHE;
	attr->config = pick(h, PERF_COUNT_HW_MAX + 1);
	if (attr->type == PERF_TYPE_HW_CACHE)
		attr->config = pick(h, 8) | pick(h, 4) << 8 | pick(h, 3) << 16;
	else if (chance(h, 2))
		attr->config = pick(h, 2) ? PERF_COUNT_HW_CPU_CYCLES : PERF_COUNT_HW_INSTRUCTIONS;
	attr->precise_ip = chance(h, 6) ? pick(h, 4) : 0;
}

static inline void want_any_pmu(struct hand *h, struct perf_event_attr *attr)
{
	attr->type = world.nr_pmus ? world.pmus[pick(h, world.nr_pmus)] : PERF_TYPE_RAW;
	attr->config = pick(h, 2) ? pick(h, 16) : any_size(h, 32);
	if (world.aux >= 0 && chance(h, 2)) {
		attr->type = world.aux;
		attr->config = 0;
	}
	attr->config1 = chance(h, 4) ? any_size(h, 16) : 0;
}

static inline void want_dummy(struct hand *h, struct perf_event_attr *attr)
{
	attr->type = PERF_TYPE_SOFTWARE;
	attr->config = pick(h, 4) ? PERF_COUNT_SW_DUMMY : PERF_COUNT_SW_BPF_OUTPUT;
	attr_set_flags(attr, bits(h, FLAGS_ALL, 2));
}

static const struct {
	unsigned int weight;
	void (*fill)(struct hand *h, struct perf_event_attr *attr);
} wants[] = {
	{ 30, want_software },
	{ 15, want_clock },
	{ 15, want_tracepoint },
	{ 4, want_kprobe },
	{ 3, want_uprobe },
	{ 15, want_breakpoint },
	{ 15, want_hardware },
	{ 6, want_any_pmu },
	{ 8, want_dummy },
};

/* ---- How ---- */

/* A period that leaves time for other things, as events of all CPUs add up. */
static inline __u64 tame_period(const struct perf_event_attr *attr, bool cpu, __u64 period)
{
	bool clock = attr->type == PERF_TYPE_SOFTWARE && attr->config <= PERF_COUNT_SW_TASK_CLOCK &&
		     attr->config != PERF_COUNT_SW_PAGE_FAULTS;
	__u64 least = cpu ? 16 : attr->sigtrap ? 100 : 1;

	if (attr->freq)
		return period > (cpu ? 50 : 500) ? (cpu ? 50 : 500) : period;
	if (clock || (attr->type != PERF_TYPE_SOFTWARE && attr->type != PERF_TYPE_TRACEPOINT &&
		      attr->type != PERF_TYPE_BREAKPOINT))
		least = cpu ? 20000000 : 1000000;
	return period && period < least ? least + period : period;
}

static inline void attr_sample(struct hand *h, struct perf_event_attr *attr)
{
	attr->sample_period = any_size(h, pick(h, 3) ? 6 : 32);
	attr->sample_type = bits(h, PERF_SAMPLE_MAX - 1, 2);
	if (pick(h, 4))
		attr->sample_type &= ~SIZED;
	if (attr->sample_type & PERF_SAMPLE_REGS_USER)
		attr->sample_regs_user = bits(h, REGS, 1);
	if (attr->sample_type & PERF_SAMPLE_REGS_INTR)
		attr->sample_regs_intr = bits(h, REGS, 1);
	if (attr->sample_type & PERF_SAMPLE_STACK_USER)
		attr->sample_stack_user = chance(h, 10) ? any_size(h, 20) : 8 * pick(h, 100);
	if (attr->sample_type & PERF_SAMPLE_BRANCH_STACK)
		attr->branch_sample_type = bits(h, PERF_SAMPLE_BRANCH_MAX - 1, 2);
	if (pick(h, 4) && (attr->sample_type & PERF_SAMPLE_WEIGHT_STRUCT))
		attr->sample_type &= ~PERF_SAMPLE_WEIGHT;
	if (chance(h, 8))
		attr->sample_max_stack = any_size(h, 8);
	if (chance(h, 8))
		attr->wakeup_events = any_size(h, 12);
	if (chance(h, 20))
		attr->aux_watermark = any_size(h, 16);
	if (chance(h, 20))
		attr->aux_sample_size = any_size(h, 16);
}

static inline void attr_nonsense(struct hand *h, struct perf_event_attr *attr)
{
	for (int n = 1 + pick(h, 4); n--;)
		((__u64 *)attr)[pick(h, sizeof(*attr) / 8)] = any_size(h, 64);
	if (pick(h, 3))
		attr->size = pick(h, 2) ? sizeof(*attr) : any_size(h, 13);
}

/* What goes together is asked for together, most of the time. */
static inline void attr_agree(struct hand *h, struct perf_event_attr *attr)
{
	if (!attr->inherit)
		attr->inherit_thread = 0;
	if (attr->inherit && pick(h, 4))
		attr->sample_type &= ~PERF_SAMPLE_READ;
	if (attr->sigtrap)
		attr->remove_on_exec = 1;
	if (attr->remove_on_exec)
		attr->enable_on_exec = 0;
	if (!attr->use_clockid)
		attr->clockid = 0;
	attr->namespaces = attr->namespaces && pick(h, 2);
	attr->aux_output = chance(h, 50);
	/* The team without privileges is not told of the kernel. */
	if (h->team == world.teams - 1)
		attr->exclude_kernel = 1;
	if (attr->type == PERF_TYPE_SOFTWARE)
		attr->precise_ip = 0;
	if (attr->exclude_user && attr->exclude_kernel)
		attr->exclude_user = 0;
}

static inline void attr_random(struct hand *h, struct perf_event_attr *attr)
{
	unsigned int sum = 0, at, i;

	*attr = (struct perf_event_attr) { .size = sizeof(*attr) };
	if (pick(h, 3))
		attr_set_flags(attr, bits(h, FLAGS_ALL, 3));
	attr->disabled = chance(h, 3);
	attr->inherit |= chance(h, 4);
	attr->enable_on_starter = chance(h, 12);
	attr->precise_ip = 0;
	for (i = 0; i < ARRAY_SIZE(wants); i++)
		sum += wants[i].weight;
	at = pick(h, sum);
	for (i = 0; at >= wants[i].weight; i++)
		at -= wants[i].weight;
	wants[i].fill(h, attr);
	if (attr->freq || pick(h, 2))
		attr_sample(h, attr);
	attr->read_format = bits(h, PERF_FORMAT_MAX - 1, 1);
	if ((attr->read_format & PERF_FORMAT_GROUP) && pick(h, 4))
		attr->read_format |= PERF_FORMAT_ID;
	if (attr->use_clockid)
		attr->clockid = chance(h, 10) ? pick(h, 16) : CLOCK_MONOTONIC;
	if (pick(h, 20))
		attr_agree(h, attr);
	if (chance(h, 15))
		attr_nonsense(h, attr);
}

/* ---- Of whom ---- */

static inline pid_t any_tid(struct hand *h)
{
	pid_t tid = chance(h, 3) ? SEE(common->crowd[pick(h, CROWD)]) :
		    SEE(common->hand[pick(h, world.teams)][pick(h, HANDS)].tid);

	return tid ?: 0;
}

static inline void target_random(struct hand *h, struct slot *s)
{
	unsigned int what = pick(h, 100);

	s->pid = 0;
	s->cpu = pick(h, 4) ? -1 : (int)pick(h, world.cpus);
	s->flags = 0;
	if (what >= 50 && what < 75) {
		s->pid = any_tid(h);
	} else if (what >= 75 && what < 88) {
		s->pid = -1;
		s->cpu = pick(h, world.cpus);
	} else if (what >= 88 && what < 97) {
		s->pid = world.cgroup[pick(h, GROUPS)];
		s->cpu = pick(h, world.cpus);
		s->flags |= PERF_FLAG_PID_CGROUP;
	} else if (what >= 97) {
		s->pid = 1 << 29;
		s->cpu = (int)pick(h, 8) - 2;
	}
	if (chance(h, 4))
		s->flags |= PERF_FLAG_FD_CLOEXEC;
}

/* ---- Opening ---- */

static inline void slot_opened(struct hand *h, struct slot *s, const struct slot *leader, int fd)
{
	s->fd = fd;
	s->id = pe_id(fd);
	s->own = true;
	s->mixed = false;
	s->probe = s->attr.type == (unsigned int)world.uprobe ||
		   s->attr.type == (unsigned int)world.kprobe;
	s->leader = leader ? leader - h->slot : -1;
	s->strict = leader ? leader->strict : chance(h, 2);
	s->value = 0;
	s->enabled = 0;
	s->running = 0;
	s->lost = 0;
	s->told = 0;
	s->ring.page = NULL;
	s->aux = NULL;
	if (s->flags & PERF_FLAG_FD_OUTPUT)
		s->mixed = true;
	/* What the kernel was not told of is not checked. */
	if (s->attr.size != sizeof(s->attr))
		s->strict = false;
}

/* What is in @s goes, and so that the sequence of steps stays, even if nothing comes. */
static inline int open_in(struct hand *h, struct slot *s, struct slot *leader)
{
	int fd;

	close_slot(h, s);
	attr_random(h, &s->attr);
	target_random(h, s);
	if (leader && leader->fd < 0)
		leader = NULL;
	if (leader && pick(h, 8)) {
		s->pid = leader->pid;
		s->cpu = leader->cpu;
		s->flags |= leader->flags & PERF_FLAG_PID_CGROUP;
		s->attr.use_clockid = leader->attr.use_clockid;
		s->attr.clockid = leader->attr.clockid;
		s->attr.pinned = 0;
		s->attr.exclusive = 0;
	}
	if (s->attr.sample_period)
		s->attr.sample_period = tame_period(&s->attr, of_cpu(s), s->attr.sample_period);
	if (leader && chance(h, 6) && may_write(leader))
		s->flags |= PERF_FLAG_FD_OUTPUT;
	if (leader && chance(h, 8))
		s->flags |= PERF_FLAG_FD_NO_GROUP;
	fd = pe_open(&s->attr, s->pid, s->cpu, leader ? leader->fd : -1, s->flags);
	if (fd < 0)
		return fd;
	if (leader && (s->flags & PERF_FLAG_FD_OUTPUT))
		leader->mixed = true;
	if (s->flags & PERF_FLAG_FD_NO_GROUP)
		leader = NULL;
	slot_opened(h, s, leader, fd);
	return 0;
}

#endif /* TORTURE_OPEN_H */
