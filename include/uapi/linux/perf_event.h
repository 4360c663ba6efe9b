/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * perf_events: what a program and the kernel have agreed on
 *
 * Model.  perf_event_open(2) turns a struct perf_event_attr into a file
 * descriptor.  Behind it stands one event, which counts for one thread, for
 * one CPU, or for one thread while it is on one CPU.  Its results come by
 *
 *	read(2)		a count, or all counts of a group: enum
 *			perf_event_read_format
 *	mmap(2)		a control page (struct perf_event_mmap_page) with a ring
 *			of records (enum perf_event_type) behind it, and at
 *			another offset an AUX area with raw trace
 *	poll(2), SIGIO	news in the ring; SIGTRAP where attr.sigtrap asks for it
 *
 * and ioctl(2) steers it: PERF_EVENT_IOC_*.
 *
 * Rules.
 *
 * - Nothing here changes its value, its place or its size, ever.  New bits,
 *   numbers and fields go behind the last one.
 * - Names in _MAX (not PERF_CONTEXT_MAX) and NR_NAMESPACES are one past the
 *   last value of this version of the file: they move, so a program must not
 *   store or send them.
 * - A kernel refuses what it does not know: an unknown bit with EINVAL, a
 *   longer attr that is not zero in its unknown part with E2BIG.  A program
 *   finds out what is there by asking for it.
 * - An errno below is that of perf_event_open(2) unless a line says otherwise.
 *   "Privileged" means CAP_PERFMON or CAP_SYS_ADMIN.
 * - Offsets count bytes; u64, u32, ... in a table are unsigned numbers of that
 *   width in the byte order of the machine.
 */
#ifndef _UAPI_LINUX_PERF_EVENT_H
#define _UAPI_LINUX_PERF_EVENT_H

#include <linux/types.h>
#include <linux/ioctl.h>
#include <asm/byteorder.h>

/* What to count: attr.type and attr.config */

/*
 * attr.type.  Every other PMU has a number too, given at registration and
 * shown in /sys/bus/event_source/devices/NAME/type.
 */
enum perf_type_id {
	PERF_TYPE_HARDWARE			= 0,	/* enum perf_hw_id */
	PERF_TYPE_SOFTWARE			= 1,	/* enum perf_sw_ids */
	PERF_TYPE_TRACEPOINT			= 2,	/* "id" in tracefs */
	PERF_TYPE_HW_CACHE			= 3,	/* see below */
	PERF_TYPE_RAW				= 4,	/* coded by the CPU */
	PERF_TYPE_BREAKPOINT			= 5,	/* attr.bp_* */

	PERF_TYPE_MAX,					/* moves */
};

/*
 * The generic hardware types may say which core PMU is meant, for machines
 * with more than one kind of core:
 *
 *	bits	HARDWARE		HW_CACHE
 *	0-7	enum perf_hw_id		enum perf_hw_cache_id
 *	8-15	0			enum perf_hw_cache_op_id
 *	16-23	0			enum perf_hw_cache_op_result_id
 *	24-31	0			0
 *	32-63	PMU number, or 0 to take the one behind PERF_TYPE_RAW
 *
 * ENOENT: no such PMU, or it has no event of this meaning.  EINVAL: an id out
 * of range, or a combination that makes no sense on this CPU.
 */
#define PERF_PMU_TYPE_SHIFT		32
#define PERF_HW_EVENT_MASK		0xffffffff

/* attr.config of PERF_TYPE_HARDWARE: meanings that each driver maps */
enum perf_hw_id {
	PERF_COUNT_HW_CPU_CYCLES		= 0,	/* as clocked now */
	PERF_COUNT_HW_INSTRUCTIONS		= 1,	/* retired */
	PERF_COUNT_HW_CACHE_REFERENCES		= 2,	/* last level */
	PERF_COUNT_HW_CACHE_MISSES		= 3,	/* of that level */
	PERF_COUNT_HW_BRANCH_INSTRUCTIONS	= 4,	/* retired */
	PERF_COUNT_HW_BRANCH_MISSES		= 5,	/* mispredicted ones */
	PERF_COUNT_HW_BUS_CYCLES		= 6,
	PERF_COUNT_HW_STALLED_CYCLES_FRONTEND	= 7,	/* nothing to issue */
	PERF_COUNT_HW_STALLED_CYCLES_BACKEND	= 8,	/* no unit is free */
	PERF_COUNT_HW_REF_CPU_CYCLES		= 9,	/* constant rate */

	PERF_COUNT_HW_MAX,				/* moves */
};

/* attr.config of PERF_TYPE_HW_CACHE: cache | operation << 8 | result << 16 */
enum perf_hw_cache_id {
	PERF_COUNT_HW_CACHE_L1D			= 0,	/* first level, data */
	PERF_COUNT_HW_CACHE_L1I			= 1,	/* first level, code */
	PERF_COUNT_HW_CACHE_LL			= 2,	/* last level */
	PERF_COUNT_HW_CACHE_DTLB		= 3,	/* TLB, data */
	PERF_COUNT_HW_CACHE_ITLB		= 4,	/* TLB, code */
	PERF_COUNT_HW_CACHE_BPU			= 5,	/* branch prediction */
	PERF_COUNT_HW_CACHE_NODE		= 6,	/* local memory */

	PERF_COUNT_HW_CACHE_MAX,			/* moves */
};

enum perf_hw_cache_op_id {
	PERF_COUNT_HW_CACHE_OP_READ		= 0,
	PERF_COUNT_HW_CACHE_OP_WRITE		= 1,
	PERF_COUNT_HW_CACHE_OP_PREFETCH		= 2,

	PERF_COUNT_HW_CACHE_OP_MAX,			/* moves */
};

enum perf_hw_cache_op_result_id {
	PERF_COUNT_HW_CACHE_RESULT_ACCESS	= 0,	/* hit or miss */
	PERF_COUNT_HW_CACHE_RESULT_MISS		= 1,

	PERF_COUNT_HW_CACHE_RESULT_MAX,			/* moves */
};

/*
 * attr.config of PERF_TYPE_SOFTWARE: counted by the kernel, so that they are
 * there on every machine.  DUMMY is for those who only want records,
 * BPF_OUTPUT for bpf_perf_event_output().  ENOENT for a higher number.
 */
enum perf_sw_ids {
	PERF_COUNT_SW_CPU_CLOCK			= 0,	/* ns, CPU's clock */
	PERF_COUNT_SW_TASK_CLOCK		= 1,	/* ns, task's clock */
	PERF_COUNT_SW_PAGE_FAULTS		= 2,	/* minor and major */
	PERF_COUNT_SW_CONTEXT_SWITCHES		= 3,
	PERF_COUNT_SW_CPU_MIGRATIONS		= 4,
	PERF_COUNT_SW_PAGE_FAULTS_MIN		= 5,	/* served without I/O */
	PERF_COUNT_SW_PAGE_FAULTS_MAJ		= 6,	/* served by I/O */
	PERF_COUNT_SW_ALIGNMENT_FAULTS		= 7,	/* fixed up by a trap */
	PERF_COUNT_SW_EMULATION_FAULTS		= 8,	/* emulated by a trap */
	PERF_COUNT_SW_DUMMY			= 9,	/* counts nothing */
	PERF_COUNT_SW_BPF_OUTPUT		= 10,	/* for BPF programs */
	PERF_COUNT_SW_CGROUP_SWITCHES		= 11,

	PERF_COUNT_SW_MAX,				/* moves */
};

/* What a sample holds: attr.sample_type and its parameters */

/*
 * attr.sample_type.  The order of the fields in a record is not that of the
 * bits: see PERF_RECORD_SAMPLE.
 */
enum perf_event_sample_format {
	PERF_SAMPLE_IP			= 1U << 0,	/* where */
	PERF_SAMPLE_TID			= 1U << 1,	/* who */
	PERF_SAMPLE_TIME		= 1U << 2,	/* when */
	PERF_SAMPLE_ADDR		= 1U << 3,	/* data address */
	PERF_SAMPLE_READ		= 1U << 4,	/* counts */
	PERF_SAMPLE_CALLCHAIN		= 1U << 5,
	PERF_SAMPLE_ID			= 1U << 6,	/* of the open event */
	PERF_SAMPLE_CPU			= 1U << 7,
	PERF_SAMPLE_PERIOD		= 1U << 8,	/* in force */
	PERF_SAMPLE_STREAM_ID		= 1U << 9,	/* of this very copy */
	PERF_SAMPLE_RAW			= 1U << 10,	/* PMU specific bytes */
	PERF_SAMPLE_BRANCH_STACK	= 1U << 11,
	PERF_SAMPLE_REGS_USER		= 1U << 12,
	PERF_SAMPLE_STACK_USER		= 1U << 13,
	PERF_SAMPLE_WEIGHT		= 1U << 14,	/* cost, in one */
	PERF_SAMPLE_DATA_SRC		= 1U << 15,	/* what answered */
	PERF_SAMPLE_IDENTIFIER		= 1U << 16,	/* at a fixed place */
	PERF_SAMPLE_TRANSACTION		= 1U << 17,	/* PERF_TXN_* */
	PERF_SAMPLE_REGS_INTR		= 1U << 18,
	PERF_SAMPLE_PHYS_ADDR		= 1U << 19,	/* as kernel access */
	PERF_SAMPLE_AUX			= 1U << 20,	/* newest AUX data */
	PERF_SAMPLE_CGROUP		= 1U << 21,	/* not in each build */
	PERF_SAMPLE_DATA_PAGE_SIZE	= 1U << 22,
	PERF_SAMPLE_CODE_PAGE_SIZE	= 1U << 23,
	PERF_SAMPLE_WEIGHT_STRUCT	= 1U << 24,	/* cost, in three */

	PERF_SAMPLE_MAX			= 1U << 25,	/* moves */
};

/* Two readings of the same eight bytes; EINVAL if both are set */
#define PERF_SAMPLE_WEIGHT_TYPE	(PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT)

/*
 * attr.branch_sample_type, with PERF_SAMPLE_BRANCH_STACK: which branches are
 * recorded and what is kept of each.
 *
 * Bits 0-2 select by the privilege of the branch.  With none of them set the
 * selection follows the event's exclude_user, exclude_kernel and exclude_hv;
 * set, they are independent of those.  Kernel and hypervisor need what counting
 * in the kernel needs (EACCES).  Of the other bits one at least must be set
 * (EINVAL); kinds add up, so ANY makes the narrower ones moot.  EOPNOTSUPP, or
 * EINVAL from some drivers, if the hardware cannot filter as asked.
 */
enum perf_branch_sample_type_shift {
	PERF_SAMPLE_BRANCH_USER_SHIFT		= 0,	/* into user space */
	PERF_SAMPLE_BRANCH_KERNEL_SHIFT		= 1,	/* into the kernel */
	PERF_SAMPLE_BRANCH_HV_SHIFT		= 2,	/* into a hypervisor */

	/* kinds of branches; TX: of a hardware transaction */
	PERF_SAMPLE_BRANCH_ANY_SHIFT		= 3,
	PERF_SAMPLE_BRANCH_ANY_CALL_SHIFT	= 4,	/* traps too */
	PERF_SAMPLE_BRANCH_ANY_RETURN_SHIFT	= 5,
	PERF_SAMPLE_BRANCH_IND_CALL_SHIFT	= 6,	/* target computed */
	PERF_SAMPLE_BRANCH_ABORT_TX_SHIFT	= 7,	/* failed ones */
	PERF_SAMPLE_BRANCH_IN_TX_SHIFT		= 8,	/* while in one */
	PERF_SAMPLE_BRANCH_NO_TX_SHIFT		= 9,	/* while in none */
	PERF_SAMPLE_BRANCH_COND_SHIFT		= 10,

	PERF_SAMPLE_BRANCH_CALL_STACK_SHIFT	= 11,	/* calls still open */
	PERF_SAMPLE_BRANCH_IND_JUMP_SHIFT	= 12,	/* target computed */
	PERF_SAMPLE_BRANCH_CALL_SHIFT		= 13,	/* target in the code */

	/* what to leave out of an entry, to make it cheaper */
	PERF_SAMPLE_BRANCH_NO_FLAGS_SHIFT	= 14,
	PERF_SAMPLE_BRANCH_NO_CYCLES_SHIFT	= 15,

	/* what to add */
	PERF_SAMPLE_BRANCH_TYPE_SAVE_SHIFT	= 16,	/* entry.type */
	PERF_SAMPLE_BRANCH_HW_INDEX_SHIFT	= 17,	/* stack.hw_idx */
	PERF_SAMPLE_BRANCH_PRIV_SAVE_SHIFT	= 18,	/* entry.priv */
	PERF_SAMPLE_BRANCH_COUNTERS_SHIFT	= 19,	/* stack.counters */

	PERF_SAMPLE_BRANCH_MAX_SHIFT			/* moves */
};

enum perf_branch_sample_type {
	PERF_SAMPLE_BRANCH_USER		= 1U << PERF_SAMPLE_BRANCH_USER_SHIFT,
	PERF_SAMPLE_BRANCH_KERNEL	= 1U << PERF_SAMPLE_BRANCH_KERNEL_SHIFT,
	PERF_SAMPLE_BRANCH_HV		= 1U << PERF_SAMPLE_BRANCH_HV_SHIFT,
	PERF_SAMPLE_BRANCH_ANY		= 1U << PERF_SAMPLE_BRANCH_ANY_SHIFT,
	PERF_SAMPLE_BRANCH_ANY_CALL	= 1U << PERF_SAMPLE_BRANCH_ANY_CALL_SHIFT,
	PERF_SAMPLE_BRANCH_ANY_RETURN	= 1U << PERF_SAMPLE_BRANCH_ANY_RETURN_SHIFT,
	PERF_SAMPLE_BRANCH_IND_CALL	= 1U << PERF_SAMPLE_BRANCH_IND_CALL_SHIFT,
	PERF_SAMPLE_BRANCH_ABORT_TX	= 1U << PERF_SAMPLE_BRANCH_ABORT_TX_SHIFT,
	PERF_SAMPLE_BRANCH_IN_TX	= 1U << PERF_SAMPLE_BRANCH_IN_TX_SHIFT,
	PERF_SAMPLE_BRANCH_NO_TX	= 1U << PERF_SAMPLE_BRANCH_NO_TX_SHIFT,
	PERF_SAMPLE_BRANCH_COND		= 1U << PERF_SAMPLE_BRANCH_COND_SHIFT,
	PERF_SAMPLE_BRANCH_CALL_STACK	= 1U << PERF_SAMPLE_BRANCH_CALL_STACK_SHIFT,
	PERF_SAMPLE_BRANCH_IND_JUMP	= 1U << PERF_SAMPLE_BRANCH_IND_JUMP_SHIFT,
	PERF_SAMPLE_BRANCH_CALL		= 1U << PERF_SAMPLE_BRANCH_CALL_SHIFT,
	PERF_SAMPLE_BRANCH_NO_FLAGS	= 1U << PERF_SAMPLE_BRANCH_NO_FLAGS_SHIFT,
	PERF_SAMPLE_BRANCH_NO_CYCLES	= 1U << PERF_SAMPLE_BRANCH_NO_CYCLES_SHIFT,
	PERF_SAMPLE_BRANCH_TYPE_SAVE	= 1U << PERF_SAMPLE_BRANCH_TYPE_SAVE_SHIFT,
	PERF_SAMPLE_BRANCH_HW_INDEX	= 1U << PERF_SAMPLE_BRANCH_HW_INDEX_SHIFT,
	PERF_SAMPLE_BRANCH_PRIV_SAVE	= 1U << PERF_SAMPLE_BRANCH_PRIV_SAVE_SHIFT,
	PERF_SAMPLE_BRANCH_COUNTERS	= 1U << PERF_SAMPLE_BRANCH_COUNTERS_SHIFT,

	PERF_SAMPLE_BRANCH_MAX		= 1U << PERF_SAMPLE_BRANCH_MAX_SHIFT,
};

/* All three privilege bits */
#define PERF_SAMPLE_BRANCH_PLM_ALL	\
	(PERF_SAMPLE_BRANCH_USER |	\
	 PERF_SAMPLE_BRANCH_KERNEL |	\
	 PERF_SAMPLE_BRANCH_HV)

/* perf_branch_entry.type: what kind of instruction it was */
enum {
	PERF_BR_UNKNOWN		= 0,
	PERF_BR_COND		= 1,
	PERF_BR_UNCOND		= 2,	/* direct jump */
	PERF_BR_IND		= 3,	/* jump to a computed address */
	PERF_BR_CALL		= 4,
	PERF_BR_IND_CALL	= 5,	/* call of a computed address */
	PERF_BR_RET		= 6,
	PERF_BR_SYSCALL		= 7,
	PERF_BR_SYSRET		= 8,
	PERF_BR_COND_CALL	= 9,
	PERF_BR_COND_RET	= 10,
	PERF_BR_ERET		= 11,	/* back from an exception */
	PERF_BR_IRQ		= 12,
	PERF_BR_SERROR		= 13,	/* asynchronous hardware error */
	PERF_BR_NO_TX		= 14,	/* no branch of a transaction */
	PERF_BR_EXTEND_ABI	= 15,	/* the kind is in entry.new_type */
	PERF_BR_MAX,			/* moves */
};

/* perf_branch_entry.spec: was it executed ahead of time, and did it count? */
enum {
	PERF_BR_SPEC_NA			= 0,	/* hardware does not say */
	PERF_BR_SPEC_WRONG_PATH		= 1,	/* ahead, thrown away */
	PERF_BR_NON_SPEC_CORRECT_PATH	= 2,	/* in its turn */
	PERF_BR_SPEC_CORRECT_PATH	= 3,	/* ahead, and kept */
	PERF_BR_SPEC_MAX,			/* moves */
};

/* perf_branch_entry.new_type, where type is PERF_BR_EXTEND_ABI */
enum {
	PERF_BR_NEW_FAULT_ALGN		= 0,	/* fault: misaligned access */
	PERF_BR_NEW_FAULT_DATA		= 1,	/* fault: load or store */
	PERF_BR_NEW_FAULT_INST		= 2,	/* fault: fetch of code */
	PERF_BR_NEW_ARCH_1		= 3,	/* each architecture gives */
	PERF_BR_NEW_ARCH_2		= 4,	/* these five a meaning of */
	PERF_BR_NEW_ARCH_3		= 5,	/* its own */
	PERF_BR_NEW_ARCH_4		= 6,
	PERF_BR_NEW_ARCH_5		= 7,
	PERF_BR_NEW_MAX,			/* moves */
};

/* perf_branch_entry.priv: where the branch went */
enum {
	PERF_BR_PRIV_UNKNOWN	= 0,
	PERF_BR_PRIV_USER	= 1,
	PERF_BR_PRIV_KERNEL	= 2,
	PERF_BR_PRIV_HV		= 3,
};

/* The five of arm64 */
#define PERF_BR_ARM64_FIQ		PERF_BR_NEW_ARCH_1
#define PERF_BR_ARM64_DEBUG_HALT	PERF_BR_NEW_ARCH_2
#define PERF_BR_ARM64_DEBUG_EXIT	PERF_BR_NEW_ARCH_3
#define PERF_BR_ARM64_DEBUG_INST	PERF_BR_NEW_ARCH_4
#define PERF_BR_ARM64_DEBUG_DATA	PERF_BR_NEW_ARCH_5

/* First word of the REGS_USER and REGS_INTR fields: width of the task */
enum perf_sample_regs_abi {
	PERF_SAMPLE_REGS_ABI_NONE	= 0,	/* no registers follow */
	PERF_SAMPLE_REGS_ABI_32		= 1,
	PERF_SAMPLE_REGS_ABI_64		= 2,
};

/* The TRANSACTION field of a sample: a set of these, and a code above them */
enum {
	PERF_TXN_ELISION	= (1 << 0),	/* began as an elided lock */
	PERF_TXN_TRANSACTION	= (1 << 1),	/* began explicitly */
	PERF_TXN_SYNC		= (1 << 2),	/* this instruction's doing */
	PERF_TXN_ASYNC		= (1 << 3),	/* caused by something else */
	PERF_TXN_RETRY		= (1 << 4),	/* may succeed if repeated */
	PERF_TXN_CONFLICT	= (1 << 5),	/* another CPU interfered */
	PERF_TXN_CAPACITY_WRITE	= (1 << 6),	/* too much was written */
	PERF_TXN_CAPACITY_READ	= (1 << 7),	/* too much was read */

	PERF_TXN_MAX		= (1 << 8),	/* moves */

	/* in the upper half, the number that the aborting program gave */
	PERF_TXN_ABORT_MASK	= (0xffffffffULL << 32),
	PERF_TXN_ABORT_SHIFT	= 32,
};

/* What read(2) returns: attr.read_format */

/*
 * A row of u64, and no more than the selected ones.  Without GROUP:
 *
 *	value			the count, with that of inherited copies
 *	time_enabled		if TOTAL_TIME_ENABLED
 *	time_running		if TOTAL_TIME_RUNNING
 *	id			if ID
 *	lost			if LOST
 *
 * With GROUP, whichever member's descriptor is read:
 *
 *	nr			members, the leader included
 *	time_enabled		if TOTAL_TIME_ENABLED; the leader's
 *	time_running		if TOTAL_TIME_RUNNING; the leader's
 *	value, [id], [lost]	of the leader, then nr - 1 times of the others
 *
 * Times are in ns.  An event shares its counter with others when the two times
 * differ: value * enabled / running estimates what it would have counted.
 *
 * read(2) gives ENOSPC if the buffer is too small for the whole row, ECHILD if
 * a group has changed in some of its inherited copies only, and end-of-file
 * (0) for a pinned event that has lost its counter.  The same rows stand in
 * PERF_RECORD_READ and in the READ field of samples.  EINVAL for unknown bits;
 * E2BIG if the group's row would exceed 16 KiB.
 */
enum perf_event_read_format {
	PERF_FORMAT_TOTAL_TIME_ENABLED		= 1U << 0,
	PERF_FORMAT_TOTAL_TIME_RUNNING		= 1U << 1,
	PERF_FORMAT_ID				= 1U << 2,	/* see IOC_ID */
	PERF_FORMAT_GROUP			= 1U << 3,
	PERF_FORMAT_LOST			= 1U << 4,	/* no room */

	PERF_FORMAT_MAX				= 1U << 5,	/* moves */
};

/* How to open an event: struct perf_event_attr */

/* Sizes that the struct has had, and the last field of each */
#define PERF_ATTR_SIZE_VER0	64	/* config1 */
#define PERF_ATTR_SIZE_VER1	72	/* config2 */
#define PERF_ATTR_SIZE_VER2	80	/* branch_sample_type */
#define PERF_ATTR_SIZE_VER3	96	/* clockid, then reserved */
#define PERF_ATTR_SIZE_VER4	104	/* sample_regs_intr */
#define PERF_ATTR_SIZE_VER5	112	/* __reserved_2 */
#define PERF_ATTR_SIZE_VER6	120	/* aux_action, then reserved */
#define PERF_ATTR_SIZE_VER7	128	/* sig_data */
#define PERF_ATTR_SIZE_VER8	136	/* config3 */

/**
 * struct perf_event_attr - what to count, when to sample, what to record
 *
 * Zero the struct, set @type, @size, @config and what else is wanted.  Zero is
 * always a valid "not wanted".  The number after each member is its offset;
 * the flags are bits of the u64 at 40, in order of declaration (compilers for
 * big-endian machines put the first one at the top).
 *
 * General errors: EFAULT, the struct cannot be read; EINVAL, an unknown bit, a
 * contradiction, or a member that this PMU cannot honour; EOPNOTSUPP, the
 * hardware lacks the ability; EACCES, sysctl kernel.perf_event_paranoid or the
 * ptrace rules forbid it.
 *
 * @type: enum perf_type_id, or the number of a PMU.  ENOENT if nobody takes it.
 * @size: sizeof(struct perf_event_attr) as the program was compiled; 0 stands
 *	for PERF_ATTR_SIZE_VER0.  E2BIG if below that, above a page, or if what
 *	this kernel does not know is not all zero; @size is then overwritten
 *	with the size that the kernel does know.
 * @config: the event, as @type defines it.
 * @sample_period: a sample every so many events; 0 makes a pure counter.
 *	EINVAL with bit 63 set, EOPNOTSUPP on a PMU that cannot interrupt.
 * @sample_freq: with @freq: samples wanted per second, the kernel adapts the
 *	period.  EINVAL above sysctl kernel.perf_event_max_sample_rate.
 * @sample_type: PERF_SAMPLE_* of enum perf_event_sample_format.
 * @read_format: PERF_FORMAT_*.
 * @disabled: begin switched off, until PERF_EVENT_IOC_ENABLE, prctl(2) or
 *	@enable_on_exec.  While a leader is off its group is off.
 * @inherit: children that the thread creates from now on are counted too.
 *	EINVAL if the group's leader differs in this (in a thread's group), or
 *	with PERF_SAMPLE_READ but without PERF_SAMPLE_TID.  mmap(2) of such an
 *	event gives EINVAL unless it is bound to a CPU.
 * @pinned: always on its counter, or not at all: if that fails the event stops
 *	for good and reads as end-of-file.  Leaders only (EINVAL).
 * @exclusive: nothing else on this PMU while the group is on it.  Leaders only
 *	(EINVAL).
 * @exclude_user: do not count in user space.
 * @exclude_kernel: do not count in the kernel.  Without it the caller must be
 *	privileged once kernel.perf_event_paranoid is above 1 (EACCES).
 * @exclude_hv: do not count in a hypervisor.  This one and the other exclude
 *	bits: EINVAL on a PMU that declares to know none; a driver that cannot
 *	tell a given mode apart ignores or refuses it.
 * @exclude_idle: do not count in the idle task.
 * @mmap: PERF_RECORD_MMAP for executable mappings.
 * @comm: PERF_RECORD_COMM for new names of threads.
 * @freq: read the u64 at 16 as @sample_freq.
 * @inherit_stat: each inherited copy leaves a PERF_RECORD_READ when its thread
 *	ends, so the shares can be told apart; costs more at task switches.
 * @enable_on_exec: switch on at the next execve(2).  EINVAL with
 *	@remove_on_exec.
 * @task: PERF_RECORD_FORK and PERF_RECORD_EXIT.
 * @watermark: read the u32 at 48 as @wakeup_watermark.
 * @precise_ip: how far PERF_SAMPLE_IP may lie from the instruction that did it:
 *	0 anywhere after it; 1 at a constant distance; 2 at it, if possible;
 *	3 at it.  EOPNOTSUPP above what the PMU reaches.  See
 *	PERF_RECORD_MISC_EXACT_IP.
 * @mmap_data: PERF_RECORD_MMAP for mappings that are not executable.
 * @sample_id_all: end every record but samples with the trailer described at
 *	enum perf_event_type.
 * @exclude_host: do not count outside of guests.
 * @exclude_guest: do not count in guests.
 * @exclude_callchain_kernel: leave the kernel's part out of call chains; with
 *	it in, EACCES as for @exclude_kernel.
 * @exclude_callchain_user: leave the user's part out of call chains.
 * @mmap2: write PERF_RECORD_MMAP2 in place of PERF_RECORD_MMAP.
 * @comm_exec: asks for nothing; a kernel that accepts it sets
 *	PERF_RECORD_MISC_COMM_EXEC.
 * @use_clockid: take every time stamp from the clock @clockid.
 * @context_switch: PERF_RECORD_SWITCH, or PERF_RECORD_SWITCH_CPU_WIDE for an
 *	event without a thread.
 * @write_backward: fill the ring from its end towards its start, so that the
 *	newest record is always found at data_head.
 * @namespaces: PERF_RECORD_NAMESPACES.  EACCES unless privileged.
 * @ksymbol: PERF_RECORD_KSYMBOL.
 * @bpf_event: PERF_RECORD_BPF_EVENT.
 * @aux_output: the hardware writes this event's samples into the AUX area of
 *	the group's leader.  EOPNOTSUPP if the PMU cannot, or with @aux_pause or
 *	@aux_resume; EINVAL if the leader does not fit or with @aux_sample_size.
 * @cgroup: PERF_RECORD_CGROUP.
 * @text_poke: PERF_RECORD_TEXT_POKE.  EACCES as for @exclude_kernel.
 * @build_id: PERF_RECORD_MMAP2 shows the file's build id, where it has one, in
 *	place of its inode.
 * @inherit_thread: inherit to threads of the same process only.  EINVAL
 *	without @inherit.
 * @remove_on_exec: the event ends at execve(2) of its thread.
 * @sigtrap: SIGTRAP (si_code TRAP_PERF) to the thread itself at an overflow,
 *	before it goes on in user space.  EINVAL without @remove_on_exec or
 *	without a thread; EACCES if the caller could not signal that thread.
 *	Not inherited by a child that starts with cleared signal handlers.
 * @defer_callchain: with PERF_SAMPLE_CALLCHAIN: in place of the user's part put
 *	PERF_CONTEXT_USER_DEFERRED and a cookie, and write that part when the
 *	thread goes back to user space.  A sample may have it all the same.
 * @defer_output: PERF_RECORD_CALLCHAIN_DEFERRED for what @defer_callchain of this
 *	or another event has put off.
 * @__reserved_1: 0, or EINVAL.
 * @enable_on_starter: once enabled it counts nothing until its starter
 *	overflows: PERF_EVENT_IOC_SET_STARTER.  EOPNOTSUPP if the PMU cannot stop.
 * @wakeup_events: wake readers up every so many samples, and whenever another
 *	half of the ring is full; 0: only the latter.
 * @wakeup_watermark: with @watermark: wake readers up every so many bytes; at
 *	most the ring's size, 0 for half of that.
 * @bp_type: HW_BREAKPOINT_* (linux/hw_breakpoint.h) for PERF_TYPE_BREAKPOINT.
 *	EOPNOTSUPP if the CPU has no slots of the kind, ENOSPC if none is free.
 * @bp_addr: PERF_TYPE_BREAKPOINT: the address to watch.  EPERM for one in the
 *	kernel unless CAP_SYS_ADMIN; EINVAL if misaligned.
 * @kprobe_func: PMU "kprobe": pointer to the name of a function, or 0 to use
 *	@kprobe_addr.  EACCES unless privileged.
 * @uprobe_path: PMU "uprobe": pointer to the path of the binary.  EACCES unless
 *	CAP_SYS_ADMIN.
 * @config1: other PMUs: more of @config.
 * @bp_len: PERF_TYPE_BREAKPOINT: HW_BREAKPOINT_LEN_*.
 * @kprobe_addr: PMU "kprobe" without a name: the address.
 * @probe_offset: PMUs "kprobe", "uprobe": distance from the start of the
 *	function, or of the file.
 * @config2: other PMUs: more of @config1.
 * @branch_sample_type: PERF_SAMPLE_BRANCH_*; ignored unless
 *	PERF_SAMPLE_BRANCH_STACK is set.
 * @sample_regs_user: with PERF_SAMPLE_REGS_USER: bit N dumps register N of
 *	asm/perf_regs.h.  EINVAL if empty or if the CPU has no such register,
 *	ENOSYS if the architecture dumps none, EOPNOTSUPP for a register that
 *	other PMUs deliver but not this one.
 * @sample_stack_user: with PERF_SAMPLE_STACK_USER: bytes to copy from the stack
 *	pointer on.  EINVAL unless a multiple of 8 below 65535; ENOSYS if the
 *	architecture cannot.
 * @clockid: with @use_clockid: CLOCK_MONOTONIC or CLOCK_MONOTONIC_RAW; on a PMU
 *	that does not interrupt as an NMI also CLOCK_REALTIME, CLOCK_BOOTTIME or
 *	CLOCK_TAI.  EINVAL for others, and if a group would mix clocks.
 * @sample_regs_intr: with PERF_SAMPLE_REGS_INTR: as @sample_regs_user, but as
 *	they were at the interrupt, or at the sampled instruction where
 *	@precise_ip is above 0.  EPERM under lockdown.
 * @aux_watermark: wake readers up every so many bytes of AUX data; 0: at half
 *	the area.
 * @sample_max_stack: most frames in a call chain; 0 takes the value of sysctl
 *	kernel.perf_event_max_stack, and more than that is EOVERFLOW.
 * @__reserved_2: 0, or EINVAL.
 * @aux_sample_size: with PERF_SAMPLE_AUX: bytes of the AUX area in each sample,
 *	fewer if they do not fit into a record.  EINVAL unless the group's
 *	leader is a PMU that can take snapshots.
 * @aux_action: the next four as one number.
 * @aux_start_paused: begin with AUX tracing paused.  EOPNOTSUPP if the PMU
 *	cannot pause.
 * @aux_pause: an overflow of this event pauses the leader's AUX tracing.
 *	EINVAL if that leader cannot pause, or with @aux_resume.
 * @aux_resume: an overflow lets it go on.
 * @__reserved_3: 0, or EINVAL.
 * @sig_data: with @sigtrap: handed back in si_perf_data, which is a long: the
 *	upper half is lost on 32-bit machines.
 * @config3: more of @config2.
 */
struct perf_event_attr {
	__u32	type;					/*   0 */
	__u32	size;					/*   4 */
	__u64	config;					/*   8 */
	union {						/*  16 */
		__u64	sample_period;
		__u64	sample_freq;
	};
	__u64	sample_type;				/*  24 */
	__u64	read_format;				/*  32 */

	/* 40 */
	__u64	disabled			:  1,	/* bit 0 */
		inherit				:  1,
		pinned				:  1,
		exclusive			:  1,
		exclude_user			:  1,	/* 4 */
		exclude_kernel			:  1,
		exclude_hv			:  1,
		exclude_idle			:  1,
		mmap				:  1,	/* 8 */
		comm				:  1,
		freq				:  1,
		inherit_stat			:  1,
		enable_on_exec			:  1,	/* 12 */
		task				:  1,
		watermark			:  1,
		precise_ip			:  2,	/* 15, 16 */
		mmap_data			:  1,
		sample_id_all			:  1,
		exclude_host			:  1,
		exclude_guest			:  1,	/* 20 */
		exclude_callchain_kernel	:  1,
		exclude_callchain_user		:  1,
		mmap2				:  1,
		comm_exec			:  1,	/* 24 */
		use_clockid			:  1,
		context_switch			:  1,
		write_backward			:  1,
		namespaces			:  1,	/* 28 */
		ksymbol				:  1,
		bpf_event			:  1,
		aux_output			:  1,
		cgroup				:  1,	/* 32 */
		text_poke			:  1,
		build_id			:  1,
		inherit_thread			:  1,
		remove_on_exec			:  1,	/* 36 */
		sigtrap				:  1,
		defer_callchain			:  1,
		defer_output			:  1,
		__reserved_1			: 23,
		enable_on_starter		:  1;	/* the last, 63 */

	union {						/*  48 */
		__u32	wakeup_events;
		__u32	wakeup_watermark;
	};
	__u32	bp_type;				/*  52 */
	union {						/*  56 */
		__u64	bp_addr;
		__u64	kprobe_func;
		__u64	uprobe_path;
		__u64	config1;
	};
	union {						/*  64 */
		__u64	bp_len;
		__u64	kprobe_addr;
		__u64	probe_offset;
		__u64	config2;
	};
	__u64	branch_sample_type;			/*  72 */
	__u64	sample_regs_user;			/*  80 */
	__u32	sample_stack_user;			/*  88 */
	__s32	clockid;				/*  92 */
	__u64	sample_regs_intr;			/*  96 */
	__u32	aux_watermark;				/* 104 */
	__u16	sample_max_stack;			/* 108 */
	__u16	__reserved_2;				/* 110 */
	__u32	aux_sample_size;			/* 112 */
	union {						/* 116 */
		__u32	aux_action;
		struct {
			__u32	aux_start_paused	:  1,
				aux_pause		:  1,
				aux_resume		:  1,
				__reserved_3		: 29;
		};
	};
	__u64	sig_data;				/* 120 */
	__u64	config3;				/* 128 */
};

/*
 * Fifth argument of perf_event_open(2).  EINVAL for any other bit, and for
 * PID_CGROUP without a CPU; EBADF if group_fd is neither -1 nor the descriptor
 * of an event, ENODEV if that event has ended.
 */
#define PERF_FLAG_FD_NO_GROUP	(1UL << 0)	/* group_fd does not lead us */
#define PERF_FLAG_FD_OUTPUT	(1UL << 1)	/* write to ring of group_fd */
#define PERF_FLAG_PID_CGROUP	(1UL << 2)	/* pid is an fd of a cgroup */
#define PERF_FLAG_FD_CLOEXEC	(1UL << 3)	/* closed by execve(2) */

/* How to steer an event: ioctl(2) */

/*
 *	ENABLE		let it count.  ENABLE, DISABLE and RESET reach all of
 *	DISABLE		the group if the argument has PERF_IOC_FLAG_GROUP, else
 *	RESET		the one event; inherited copies always.  RESET clears
 *			the count but neither of the times.
 *	REFRESH		enable for so many more overflows, then disable itself
 *			and report POLL_HUP.  EINVAL on a counter that does not
 *			sample, or that is inherited.
 *	PERIOD		pointer to the new period (or, with attr.freq, to the
 *			frequency), in force at once.  EINVAL for 0, for what
 *			open would refuse, and on a pure counter.
 *	SET_OUTPUT	write into the ring of the event with this descriptor;
 *			-1: into none.  EINVAL if an own ring is mapped, or if
 *			CPU, thread, clock or direction differ.
 *	SET_FILTER	pointer to a string: a condition on a tracepoint's
 *			fields, or address ranges for a PMU that traces.  EINVAL
 *			elsewhere.
 *	ID		pointer to the u64 that receives the event's id.
 *	SET_BPF		run the program with this descriptor at each overflow
 *			or hit.  EEXIST if there is one, EINVAL if its type does
 *			not match.
 *	PAUSE_OUTPUT	1: lose what would be written to the ring; 0: go on.
 *			EINVAL if there is no ring.
 *	QUERY_BPF	pointer to a struct perf_event_query_bpf.
 *	MODIFY_ATTRIBUTES
 *			pointer to a new attr: a breakpoint moves without being
 *			closed.  EOPNOTSUPP for other types.
 *	SET_STARTER	each overflow of this event starts the event with that
 *	SET_STOPPER	descriptor, or stops it: it counts and samples in between
 *			only.  EINVAL if it is no event, is this event, is of
 *			another thread or CPU, or if this event does not sample or
 *			has the opposite part already; EOPNOTSUPP if its PMU cannot
 *			stop it; EEXIST; EBUSY if it has another one; ENODEV if one
 *			of the two has ended.  Their numbers, not their codes, are
 *			those of ID and SET_BPF.
 *
 * ENOTTY for an unknown number, EFAULT for a bad pointer.  SET_FILTER, ID,
 * QUERY_BPF and MODIFY_ATTRIBUTES have the size of a pointer in their number:
 * a 64-bit kernel takes that of 32-bit programs too.
 */
#define PERF_EVENT_IOC_ENABLE			_IO('$', 0)
#define PERF_EVENT_IOC_DISABLE			_IO('$', 1)
#define PERF_EVENT_IOC_REFRESH			_IO('$', 2)
#define PERF_EVENT_IOC_RESET			_IO('$', 3)
#define PERF_EVENT_IOC_PERIOD			_IOW('$', 4, __u64)
#define PERF_EVENT_IOC_SET_OUTPUT		_IO('$', 5)
#define PERF_EVENT_IOC_SET_FILTER		_IOW('$', 6, char *)
#define PERF_EVENT_IOC_ID			_IOR('$', 7, __u64 *)
#define PERF_EVENT_IOC_SET_BPF			_IOW('$', 8, __u32)
#define PERF_EVENT_IOC_PAUSE_OUTPUT		_IOW('$', 9, __u32)
#define PERF_EVENT_IOC_QUERY_BPF		_IOWR('$', 10, struct perf_event_query_bpf *)
#define PERF_EVENT_IOC_MODIFY_ATTRIBUTES	_IOW('$', 11, struct perf_event_attr *)
#define PERF_EVENT_IOC_SET_STARTER		_IO('$', 7)
#define PERF_EVENT_IOC_SET_STOPPER		_IO('$', 8)

enum perf_event_ioc_flags {
	PERF_IOC_FLAG_GROUP		= 1U << 0,
};

/**
 * struct perf_event_query_bpf - argument of PERF_EVENT_IOC_QUERY_BPF
 *
 * Lists the BPF programs on the tracepoint that an event is attached to,
 * whoever attached them.  EPERM unless privileged, EINVAL for an event that is
 * no tracepoint, ENOSPC if there are more than fit (as many as do are stored).
 *
 * @ids_len: in: how many elements @ids has.  E2BIG above 64.
 * @prog_cnt: out: how many programs there are, also when that is more.
 * @ids: out: their BPF ids.
 */
struct perf_event_query_bpf {
	__u32	ids_len;				/* 0 */
	__u32	prog_cnt;				/* 4 */
	__u32	ids[];					/* 8 */
};

/* What is mapped: the control page, the ring, the AUX area */

/*
 * mmap(2) wants MAP_SHARED, at offset 0, a page and a power of two of pages
 * (or none: control page only).  EINVAL otherwise, EPERM above the budget of
 * locked memory.  A second mapping must have the same size.  PROT_WRITE decides
 * what a full ring does: with it unread data stay and new records are lost and
 * counted, without it the oldest are overwritten.
 *
 * 1. Counting without a system call, by the monitored thread itself.
 *
 * The kernel makes @lock odd, updates, makes it even, on the CPU where the
 * thread runs.  So the thread never runs in the middle of an update; it can
 * only be interrupted by a whole one, or moved, and then @lock has changed.
 * Compiler barriers are enough.  None of this holds for another thread, nor
 * while another one does PERF_EVENT_IOC_RESET.
 *
 *	do {
 *		seq = pg->lock;
 *		barrier();
 *		enabled = pg->time_enabled;
 *		running = pg->time_running;
 *		count = pg->offset;
 *		slot = pg->index;
 *		if (pg->cap_user_rdpmc && slot) {
 *			spare = 64 - pg->pmc_width;
 *			pmc = rdpmc(slot - 1) << spare;
 *			count += (s64)pmc >> spare;
 *		}
 *		if (pg->cap_user_time) {
 *			now = pg->time_offset + ns(pg, rdtsc());
 *			enabled += now;
 *			running += slot ? now : 0;
 *		}
 *		barrier();
 *	} while (pg->lock != seq);
 *
 * pg is a pointer to volatile and all variables are u64 but seq, slot and
 * spare, which are u32.  Without cap_user_rdpmc the count of an event that is
 * running is stale: use read(2).  With it but without slot the event is not on
 * a counter, and count is exact.  Inherited copies that still run are in
 * neither.  If running is less than enabled, count * enabled / running
 * estimates the whole; running may be 0.  An event that is switched off gains
 * no time: leave now out.
 *
 * 2. From cycles (rdtsc, cntvct, ...) to ns and back; time_* read as above.
 *
 *	u64 ns(pg, u64 cyc)
 *	{
 *		if (pg->cap_user_time_short)
 *			cyc = pg->time_cycles +
 *			      ((cyc - pg->time_cycles) & pg->time_mask);
 *		low = cyc & ((1ULL << pg->time_shift) - 1);
 *		return (cyc >> pg->time_shift) * pg->time_mult +
 *		       ((low * pg->time_mult) >> pg->time_shift);
 *	}
 *
 * and with cap_user_time_zero, where stamp is what PERF_SAMPLE_TIME would be:
 *
 *	stamp = pg->time_zero + ns(pg, cyc)
 *	t = stamp - pg->time_zero
 *	cyc = ((t / pg->time_mult) << pg->time_shift) +
 *	      ((t % pg->time_mult) << pg->time_shift) / pg->time_mult
 *
 * @time_offset + ns(now) is the time since the page was last updated.  Both
 * offsets may be negative: let u64 wrap.
 *
 * 3. Reading the ring, from any CPU.
 *
 * @data_head and @data_tail count bytes since the beginning and never wrap;
 * their place in the ring, which begins at pg + @data_offset, is the remainder
 * by @data_size, a power of two.  The records between them are complete:
 *
 *	head = __atomic_load_n(&pg->data_head, __ATOMIC_ACQUIRE);
 *	for (pos = pg->data_tail; pos != head; pos += rec.size)
 *		copy_out(&rec, ring, pos & (pg->data_size - 1));
 *	__atomic_store_n(&pg->data_tail, pos, __ATOMIC_RELEASE);
 *
 *	kernel				reader
 *	load data_tail			load data_head
 *	  (A) branch on free room	  (C) acquire
 *	store records			load records
 *	  (B) write barrier		  (D) release
 *	store data_head			store data_tail
 *
 * B pairs with C: who sees the head sees the records.  D pairs with A: the
 * kernel sees the tail move only after the last byte was read.  D has to order
 * loads before a store, so a read barrier alone would not do.  A record may run
 * over the end of the ring and go on at its start (its header never does:
 * sizes are multiples of 8), hence the copy.
 *
 * In a ring without PROT_WRITE the kernel ignores the tail.  Stop it with
 * PERF_EVENT_IOC_PAUSE_OUTPUT before reading.  To find a record to begin with
 * takes attr.write_backward: data_head starts at 0 and goes down, the newest
 * record begins there, older ones follow, for data_size bytes at most; the
 * last of them may be cut off.
 *
 * 4. The AUX area: store aux_offset and aux_size, then mmap(2) just that.
 *
 * A power of two of pages behind the ring.  EINVAL if the two members disagree
 * with the call or the area overlaps the ring, EOPNOTSUPP if the PMU has no AUX
 * data, ENOMEM.  aux_head and aux_tail work as those of the ring do, with the
 * same ordering; the PMU's driver takes the part of (B).  Without PROT_WRITE
 * the area is a loop: aux_head is where the hardware stopped.
 */

/**
 * struct perf_event_mmap_page - the first mapped page
 *
 * All but @data_tail, @aux_tail, @aux_offset and @aux_size is written by the
 * kernel only.  The number after each member is its offset.
 *
 * @version: 0.
 * @compat_version: 0.
 * @lock: sequence count over @index to @time_mask, see 1.
 * @index: the hardware counter that holds the event, plus 1; 0 if there is none
 *	or if user space may not read it.
 * @offset: the count, or if @index is set what to add to the counter.
 * @time_enabled: ns for which the event was switched on, at the last update.
 * @time_running: ns for which it was on a counter, at the last update.
 * @capabilities: the next seven as one number.
 * @cap_bit0: 0.  Once meant cap_user_time and cap_user_rdpmc at the same time.
 * @cap_bit0_is_deprecated: 1 if the bits that follow can be trusted, and that
 *	above is 0 for this reason.
 * @cap_user_rdpmc: this thread may read the counter; @pmc_width is valid.
 * @cap_user_time: @time_shift, @time_mult and @time_offset are valid.
 * @cap_user_time_zero: @time_zero is valid; never with attr.use_clockid.
 * @cap_user_time_short: @time_cycles and @time_mask are valid and needed: the
 *	cycle counter has fewer than 64 bits.
 * @cap_____res: 0.
 * @pmc_width: bits that the counter has; sign-extend from there.
 * @time_shift: see 2; below 32.
 * @time_mult: see 2.
 * @time_offset: ns, see 2; relative to the last update.
 * @time_zero: ns, see 2; relative to the clock of the records.
 * @size: offset of __reserved, so a member above it is not there; 0 from old
 *	kernels.
 * @__reserved_1: 0.
 * @time_cycles: a recent value of the cycle counter, extended to 64 bits.
 * @time_mask: ones for the bits that the cycle counter has.
 * @__reserved: 0; room for more of the above.
 * @data_head: end of the records, see 3.
 * @data_tail: start of those not yet read; the reader's.
 * @data_offset: bytes from this page to the ring; 0 from kernels before 4.1,
 *	which put it on the next page.
 * @data_size: bytes in the ring; 0 from the same kernels.
 * @aux_head: end of the AUX data, see 4.
 * @aux_tail: start of those not yet read; the reader's.
 * @aux_offset: bytes from this page to the AUX area; the program chooses it,
 *	at or above @data_offset + @data_size.
 * @aux_size: bytes in it; the program's choice as well.
 */
struct perf_event_mmap_page {
	__u32	version;				/*    0 */
	__u32	compat_version;				/*    4 */
	__u32	lock;					/*    8 */
	__u32	index;					/*   12 */
	__s64	offset;					/*   16 */
	__u64	time_enabled;				/*   24 */
	__u64	time_running;				/*   32 */
	union {						/*   40 */
		__u64	capabilities;
		struct {
			__u64	cap_bit0		:  1,
				cap_bit0_is_deprecated	:  1,
				cap_user_rdpmc		:  1,
				cap_user_time		:  1,
				cap_user_time_zero	:  1,
				cap_user_time_short	:  1,
				cap_____res		: 58;
		};
	};
	__u16	pmc_width;				/*   48 */
	__u16	time_shift;				/*   50 */
	__u32	time_mult;				/*   52 */
	__u64	time_offset;				/*   56 */
	__u64	time_zero;				/*   64 */
	__u32	size;					/*   72 */
	__u32	__reserved_1;				/*   76 */
	__u64	time_cycles;				/*   80 */
	__u64	time_mask;				/*   88 */
	__u8	__reserved[116 * 8];			/*   96 */
	__u64	data_head;				/* 1024 */
	__u64	data_tail;				/* 1032 */
	__u64	data_offset;				/* 1040 */
	__u64	data_size;				/* 1048 */
	__u64	aux_head;				/* 1056 */
	__u64	aux_tail;				/* 1064 */
	__u64	aux_offset;				/* 1072 */
	__u64	aux_size;				/* 1080 */
};

/* What the ring holds: records */

/**
 * struct perf_event_header - the start of every record
 *
 * @type: enum perf_event_type.  Skip what you do not know: @size tells how far.
 * @misc: PERF_RECORD_MISC_*.
 * @size: bytes of the whole record, this header included; a multiple of 8.
 */
struct perf_event_header {
	__u32	type;					/* 0 */
	__u16	misc;					/* 4 */
	__u16	size;					/* 6 */
};

/* misc, bits 0-2, a number: the mode that the record is about */
#define PERF_RECORD_MISC_CPUMODE_MASK		(7 << 0)
#define PERF_RECORD_MISC_CPUMODE_UNKNOWN	(0 << 0)
#define PERF_RECORD_MISC_KERNEL			(1 << 0)
#define PERF_RECORD_MISC_USER			(2 << 0)
#define PERF_RECORD_MISC_HYPERVISOR		(3 << 0)
#define PERF_RECORD_MISC_GUEST_KERNEL		(4 << 0)
#define PERF_RECORD_MISC_GUEST_USER		(5 << 0)

/* bits 3-11: 0.  Bit 12, only by the perf tool: gave up on /proc/PID/maps */
#define PERF_RECORD_MISC_PROC_MAP_PARSE_TIMEOUT	(1 << 12)

/* bit 13 depends on the type of the record */
#define PERF_RECORD_MISC_MMAP_DATA		(1 << 13) /* MMAP*: no code */
#define PERF_RECORD_MISC_COMM_EXEC		(1 << 13) /* COMM: by exec */
#define PERF_RECORD_MISC_FORK_EXEC		(1 << 13) /* FORK: perf tool */
#define PERF_RECORD_MISC_SWITCH_OUT		(1 << 13) /* SWITCH*: out */

/* so does bit 14 */
#define PERF_RECORD_MISC_EXACT_IP		(1 << 14) /* SAMPLE: no skid */
#define PERF_RECORD_MISC_SWITCH_OUT_PREEMPT	(1 << 14) /* SWITCH*: forced */
#define PERF_RECORD_MISC_MMAP_BUILD_ID		(1 << 14) /* MMAP2: build id */

/* bit 15: kept for the day when misc is full */
#define PERF_RECORD_MISC_EXT_RESERVED		(1 << 15)

/**
 * struct perf_ns_link_info - one namespace in PERF_RECORD_NAMESPACES
 *
 * @dev: device of the file behind /proc/PID/ns/NAME, as stat(2) has it.
 * @ino: its inode number.
 */
struct perf_ns_link_info {
	__u64	dev;					/* 0 */
	__u64	ino;					/* 8 */
};

/* Place of each kind in that record */
enum {
	NET_NS_INDEX		= 0,
	UTS_NS_INDEX		= 1,
	IPC_NS_INDEX		= 2,
	PID_NS_INDEX		= 3,
	USER_NS_INDEX		= 4,
	MNT_NS_INDEX		= 5,
	CGROUP_NS_INDEX		= 6,

	NR_NAMESPACES,					/* moves */
};

/*
 * perf_event_header.type.  The tables give offset, type and name; 0 is always
 * the header.  Where a string or bytes of variable length end a record they
 * are padded with zeros to a multiple of 8.  pid is the process, tid the
 * thread, both in the pid namespace of who opened the event: 0 for a task that
 * is not visible there or is idle, -1 for one that is gone.
 *
 * With attr.sample_id_all a trailer ends each record but PERF_RECORD_SAMPLE.
 * It says in the fields of attr.sample_type who wrote the record and when.  No
 * offsets: read it from the end, size tells where that is.
 *
 *	PERF_SAMPLE_TID		u32 pid, u32 tid
 *	PERF_SAMPLE_TIME	u64 time
 *	PERF_SAMPLE_ID		u64 id
 *	PERF_SAMPLE_STREAM_ID	u64 stream_id
 *	PERF_SAMPLE_CPU		u32 cpu, u32 0
 *	PERF_SAMPLE_IDENTIFIER	u64 id		always the last 8 bytes
 */
enum perf_event_type {
	/*
	 * A new mapping; executable (attr.mmap) or not (attr.mmap_data).
	 *
	 *	 8 u32 pid
	 *	12 u32 tid
	 *	16 u64 addr		start
	 *	24 u64 len		bytes
	 *	32 u64 pgoff		offset in the file, in bytes
	 *	40 char filename[]	or "[heap]", "[stack]", "//anon", ...
	 */
	PERF_RECORD_MMAP			= 1,

	/*
	 * Records were lost for want of room, before this place in the ring.
	 *
	 *	 8 u64 id		of the event that wrote this record
	 *	16 u64 lost		records, of all events of the ring
	 */
	PERF_RECORD_LOST			= 2,

	/*
	 * A thread got a new name: attr.comm.
	 *
	 *	 8 u32 pid
	 *	12 u32 tid
	 *	16 char comm[]
	 */
	PERF_RECORD_COMM			= 3,

	/*
	 * A thread ended: attr.task, or any flag that asks for MMAP or COMM.
	 *
	 *	 8 u32 pid
	 *	12 u32 ppid		process that reaps it
	 *	16 u32 tid
	 *	20 u32 ptid		the same number as ppid
	 *	24 u64 time		ns
	 */
	PERF_RECORD_EXIT			= 4,

	/*
	 * The event was stopped for a while as it sampled too often, and
	 * started again.  Both have this layout.
	 *
	 *	 8 u64 time		ns
	 *	16 u64 id		of the opened event
	 *	24 u64 stream_id	of this copy
	 */
	PERF_RECORD_THROTTLE			= 5,
	PERF_RECORD_UNTHROTTLE			= 6,

	/*
	 * A thread was created; asked for as EXIT is.
	 *
	 *	 8 u32 pid
	 *	12 u32 ppid		process of the creator
	 *	16 u32 tid
	 *	20 u32 ptid		thread of the creator
	 *	24 u64 time		ns
	 */
	PERF_RECORD_FORK			= 7,

	/*
	 * Last counts of an inherited copy: attr.inherit_stat.
	 *
	 *	 8 u32 pid
	 *	12 u32 tid
	 *	16 enum perf_event_read_format
	 */
	PERF_RECORD_READ			= 8,

	/*
	 * An overflow.  Fields that attr.sample_type selects stand one behind
	 * the other, in this order:
	 *
	 *	IDENTIFIER	u64 id			at 8 if at all
	 *	IP		u64 ip
	 *	TID		u32 pid, u32 tid
	 *	TIME		u64 time		ns
	 *	ADDR		u64 addr		0 if unknown
	 *	ID		u64 id
	 *	STREAM_ID	u64 stream_id
	 *	CPU		u32 cpu, u32 0
	 *	PERIOD		u64 period
	 *	READ		enum perf_event_read_format
	 *	CALLCHAIN	u64 nr, nr * u64 ip	innermost first
	 *	RAW		u32 size, size bytes	size + 4: multiple of 8
	 *	BRANCH_STACK	u64 nr			newest first
	 *			u64 hw_idx		BRANCH_HW_INDEX, see 1)
	 *			nr * struct perf_branch_entry
	 *			nr * u64 counters	BRANCH_COUNTERS, see 2)
	 *	REGS_USER	u64 abi			0 ends the field
	 *			u64 a set bit of attr.sample_regs_user
	 *	STACK_USER	u64 size		0 ends the field
	 *			size bytes
	 *			u64 dyn_size		so many are valid
	 *	WEIGHT, WEIGHT_STRUCT
	 *			union perf_sample_weight
	 *	DATA_SRC	union perf_mem_data_src
	 *	TRANSACTION	u64 PERF_TXN_*
	 *	REGS_INTR	u64 abi			0 ends the field
	 *			u64 a set bit of attr.sample_regs_intr
	 *	PHYS_ADDR	u64 phys_addr		of addr; 0 if unknown
	 *	CGROUP		u64 id			as in PERF_RECORD_CGROUP
	 *	DATA_PAGE_SIZE	u64 bytes		of the page of addr
	 *	CODE_PAGE_SIZE	u64 bytes		of the page of ip
	 *	AUX		u64 size, size bytes	multiple of 8
	 *
	 * IDENTIFIER and ID hold the same number; the first is there so that a
	 * reader of many events can find out whose record this is.  What RAW
	 * holds is promised by nobody: it belongs to the PMU, and may differ
	 * from one kernel or CPU to the next.
	 * 1) hardware slot of the newest entry, -1 if unknown; absent when the
	 *    PMU had no stack to give and nr alone, 0, was written
	 * 2) events between one branch and the next, packed as the PMU's caps
	 *    branch_counter_nr and branch_counter_width in sysfs tell
	 */
	PERF_RECORD_SAMPLE			= 9,

	/*
	 * As MMAP, with more about the file: attr.mmap2.
	 *
	 *	 8 u32 pid
	 *	12 u32 tid
	 *	16 u64 addr
	 *	24 u64 len
	 *	32 u64 pgoff
	 *	40 u32 maj		without PERF_RECORD_MISC_MMAP_BUILD_ID:
	 *	44 u32 min		its device
	 *	48 u64 ino		its inode
	 *	56 u64 ino_generation
	 *	40 u8 build_id_size	with it: how many bytes of build_id
	 *	41 u8 0, u16 0
	 *	44 u8 build_id[20]
	 *	64 u32 prot		PROT_*
	 *	68 u32 flags		MAP_*
	 *	72 char filename[]
	 */
	PERF_RECORD_MMAP2			= 10,

	/*
	 * There are new data in the AUX area.
	 *
	 *	 8 u64 aux_offset	like aux_head, where they begin
	 *	16 u64 aux_size		bytes
	 *	24 u64 flags		PERF_AUX_FLAG_*
	 */
	PERF_RECORD_AUX				= 11,

	/*
	 * Which thread an instruction trace begins with.
	 *
	 *	 8 u32 pid
	 *	12 u32 tid
	 */
	PERF_RECORD_ITRACE_START		= 12,

	/*
	 * Samples were lost in the hardware, or by its driver.
	 *
	 *	 8 u64 lost
	 */
	PERF_RECORD_LOST_SAMPLES		= 13,

	/*
	 * The thread was switched in, or out: attr.context_switch.  Header and
	 * trailer only.
	 */
	PERF_RECORD_SWITCH			= 14,

	/*
	 * The same, of an event without a thread.
	 *
	 *	 8 u32 next_prev_pid	the other side: out, who comes;
	 *	12 u32 next_prev_tid	in, who went
	 */
	PERF_RECORD_SWITCH_CPU_WIDE		= 15,

	/*
	 * The namespaces of a thread, new or after a change: attr.namespaces.
	 *
	 *	 8 u32 pid
	 *	12 u32 tid
	 *	16 u64 nr_namespaces
	 *	24 struct perf_ns_link_info[nr_namespaces]
	 */
	PERF_RECORD_NAMESPACES			= 16,

	/*
	 * A symbol of generated kernel code came or went: attr.ksymbol.
	 *
	 *	 8 u64 addr
	 *	16 u32 len		bytes
	 *	20 u16 ksym_type	enum perf_record_ksymbol_type
	 *	22 u16 flags		PERF_RECORD_KSYMBOL_FLAGS_*
	 *	24 char name[]
	 */
	PERF_RECORD_KSYMBOL			= 17,

	/*
	 * A BPF program came or went: attr.bpf_event.
	 *
	 *	 8 u16 type		enum perf_bpf_event_type
	 *	10 u16 flags		0
	 *	12 u32 id
	 *	16 u8 tag[8]
	 */
	PERF_RECORD_BPF_EVENT			= 18,

	/*
	 * A cgroup was made: attr.cgroup.
	 *
	 *	 8 u64 id		file handle of its directory
	 *	16 char path[]
	 */
	PERF_RECORD_CGROUP			= 19,

	/*
	 * The kernel changed its own code: attr.text_poke.  A length of 0 on
	 * one side tells of code that is new, or gone.
	 *
	 *	 8 u64 addr
	 *	16 u16 old_len		bytes before
	 *	18 u16 new_len		bytes now
	 *	20 u8 bytes[]		first the ones, then the others
	 */
	PERF_RECORD_TEXT_POKE			= 20,

	/*
	 * The mark by which the hardware labels this event's data in the AUX
	 * area (attr.aux_output); which event it is stands in the trailer.
	 *
	 *	 8 u64 hw_id
	 */
	PERF_RECORD_AUX_OUTPUT_HW_ID		= 21,

	/*
	 * The user's part of call chains in earlier samples, those that have the
	 * same cookie behind PERF_CONTEXT_USER_DEFERRED: attr.defer_output.  It
	 * is empty if the thread's stack has gone, by execve(2) or exit.
	 *
	 *	 8 u64 cookie
	 *	16 u64 nr
	 *	24 u64 ips[nr]		PERF_CONTEXT_USER first
	 */
	PERF_RECORD_CALLCHAIN_DEFERRED		= 22,

	PERF_RECORD_MAX,				/* moves */
};

/* ksym_type and flags of PERF_RECORD_KSYMBOL */
enum perf_record_ksymbol_type {
	PERF_RECORD_KSYMBOL_TYPE_UNKNOWN	= 0,
	PERF_RECORD_KSYMBOL_TYPE_BPF		= 1,	/* a BPF program */
	PERF_RECORD_KSYMBOL_TYPE_OOL		= 2,	/* trampolines */
	PERF_RECORD_KSYMBOL_TYPE_MAX			/* moves */
};

#define PERF_RECORD_KSYMBOL_FLAGS_UNREGISTER	(1 << 0)	/* it went */

/* type of PERF_RECORD_BPF_EVENT */
enum perf_bpf_event_type {
	PERF_BPF_EVENT_UNKNOWN		= 0,
	PERF_BPF_EVENT_PROG_LOAD	= 1,
	PERF_BPF_EVENT_PROG_UNLOAD	= 2,
	PERF_BPF_EVENT_MAX,				/* moves */
};

/* flags of PERF_RECORD_AUX; a loop is an area mapped without PROT_WRITE */
#define PERF_AUX_FLAG_TRUNCATED			0x01	/* no room for more */
#define PERF_AUX_FLAG_OVERWRITE			0x02	/* of a loop */
#define PERF_AUX_FLAG_PARTIAL			0x04	/* has gaps */
#define PERF_AUX_FLAG_COLLISION			0x08	/* two samples met */
#define PERF_AUX_FLAG_PMU_FORMAT_TYPE_MASK	0xff00	/* how to decode */

/* how to decode CoreSight; 0 is also what kernels without the number wrote */
#define PERF_AUX_FLAG_CORESIGHT_FORMAT_CORESIGHT	0x0000	/* framed */
#define PERF_AUX_FLAG_CORESIGHT_FORMAT_RAW		0x0100	/* unframed */

/* First values of two sysctls: frames in a call chain, markers in it */
#define PERF_MAX_STACK_DEPTH		127
#define PERF_MAX_CONTEXTS_PER_STACK	  8

/*
 * Markers in a call chain: no address lies above PERF_CONTEXT_MAX (as an
 * unsigned number); what does says where the addresses behind it belong.
 */
enum perf_callchain_context {
	PERF_CONTEXT_HV			= (__u64)-32,
	PERF_CONTEXT_KERNEL		= (__u64)-128,
	PERF_CONTEXT_USER		= (__u64)-512,
	PERF_CONTEXT_USER_DEFERRED	= (__u64)-640,	/* a cookie follows */

	PERF_CONTEXT_GUEST		= (__u64)-2048,
	PERF_CONTEXT_GUEST_KERNEL	= (__u64)-2176,
	PERF_CONTEXT_GUEST_USER		= (__u64)-2560,

	PERF_CONTEXT_MAX		= (__u64)-4095,
};

/* What is in a sample: memory accesses, branches, weights */

/**
 * union perf_mem_data_src - the DATA_SRC field: one access and who answered it
 *
 * mem_lvl_num, mem_remote, mem_snoopx and mem_hops came later and say better
 * what mem_lvl and mem_snoop say, which stay for the sake of old programs.  The
 * numbers are bits of @val.
 *
 * @val: the whole.
 * @mem_op: 0-4: PERF_MEM_OP_*, a set.
 * @mem_lvl: 5-18: PERF_MEM_LVL_*, a set.
 * @mem_snoop: 19-23: PERF_MEM_SNOOP_*, a set.
 * @mem_lock: 24-25: PERF_MEM_LOCK_*, a set.
 * @mem_dtlb: 26-32: PERF_MEM_TLB_*, a set.
 * @mem_lvl_num: 33-36: PERF_MEM_LVLNUM_*, a number.
 * @mem_remote: 37: PERF_MEM_REMOTE_REMOTE or 0.
 * @mem_snoopx: 38-39: PERF_MEM_SNOOPX_*, a set.
 * @mem_blk: 40-42: PERF_MEM_BLK_*, a set.
 * @mem_hops: 43-45: PERF_MEM_HOPS_*, a number.
 * @mem_rsvd: 46-63: 0.
 */
union perf_mem_data_src {
	__u64	val;
#if defined(__LITTLE_ENDIAN_BITFIELD)
	struct {
		__u64	mem_op		:  5,
			mem_lvl		: 14,
			mem_snoop	:  5,
			mem_lock	:  2,
			mem_dtlb	:  7,
			mem_lvl_num	:  4,
			mem_remote	:  1,
			mem_snoopx	:  2,
			mem_blk		:  3,
			mem_hops	:  3,
			mem_rsvd	: 18;
	};
#elif defined(__BIG_ENDIAN_BITFIELD)
	struct {
		__u64	mem_rsvd	: 18,
			mem_hops	:  3,
			mem_blk		:  3,
			mem_snoopx	:  2,
			mem_remote	:  1,
			mem_lvl_num	:  4,
			mem_dtlb	:  7,
			mem_lock	:  2,
			mem_snoop	:  5,
			mem_lvl		: 14,
			mem_op		:  5;
	};
#else
#error "neither __LITTLE_ENDIAN_BITFIELD nor __BIG_ENDIAN_BITFIELD"
#endif
};

/* mem_op */
#define PERF_MEM_OP_NA		0x01	/* unknown */
#define PERF_MEM_OP_LOAD	0x02
#define PERF_MEM_OP_STORE	0x04
#define PERF_MEM_OP_PFETCH	0x08
#define PERF_MEM_OP_EXEC	0x10	/* fetch of code */
#define PERF_MEM_OP_SHIFT	0

/* mem_lvl: hit or miss, and where */
#define PERF_MEM_LVL_NA		0x01	/* unknown */
#define PERF_MEM_LVL_HIT	0x02
#define PERF_MEM_LVL_MISS	0x04
#define PERF_MEM_LVL_L1		0x08
#define PERF_MEM_LVL_LFB	0x10	/* a fill for this line was under way */
#define PERF_MEM_LVL_L2		0x20
#define PERF_MEM_LVL_L3		0x40
#define PERF_MEM_LVL_LOC_RAM	0x80	/* memory of this node */
#define PERF_MEM_LVL_REM_RAM1	0x100	/* memory of a node one hop off */
#define PERF_MEM_LVL_REM_RAM2	0x200	/* memory of a node two hops off */
#define PERF_MEM_LVL_REM_CCE1	0x400	/* a cache one hop off */
#define PERF_MEM_LVL_REM_CCE2	0x800	/* a cache two hops off */
#define PERF_MEM_LVL_IO		0x1000	/* a device */
#define PERF_MEM_LVL_UNC	0x2000	/* mapped uncached */
#define PERF_MEM_LVL_SHIFT	5

/* mem_remote */
#define PERF_MEM_REMOTE_REMOTE	0x01	/* mem_lvl_num is not of this node */
#define PERF_MEM_REMOTE_SHIFT	37

/* mem_lvl_num; 7 is free */
#define PERF_MEM_LVLNUM_L1	0x01
#define PERF_MEM_LVLNUM_L2	0x02
#define PERF_MEM_LVLNUM_L3	0x03
#define PERF_MEM_LVLNUM_L4	0x04
#define PERF_MEM_LVLNUM_L2_MHB	0x05	/* level 2, miss being handled */
#define PERF_MEM_LVLNUM_MSC	0x06	/* cache on the memory's side */
#define PERF_MEM_LVLNUM_UNC	0x08	/* mapped uncached */
#define PERF_MEM_LVLNUM_CXL	0x09	/* memory behind CXL */
#define PERF_MEM_LVLNUM_IO	0x0a	/* a device */
#define PERF_MEM_LVLNUM_ANY_CACHE 0x0b	/* some cache or other */
#define PERF_MEM_LVLNUM_LFB	0x0c	/* level 1, miss being handled */
#define PERF_MEM_LVLNUM_RAM	0x0d
#define PERF_MEM_LVLNUM_PMEM	0x0e	/* persistent memory */
#define PERF_MEM_LVLNUM_NA	0x0f	/* unknown */
#define PERF_MEM_LVLNUM_SHIFT	33

/* mem_snoop: did other caches have the line? */
#define PERF_MEM_SNOOP_NA	0x01	/* unknown */
#define PERF_MEM_SNOOP_NONE	0x02	/* nobody was asked */
#define PERF_MEM_SNOOP_HIT	0x04	/* yes, clean */
#define PERF_MEM_SNOOP_MISS	0x08	/* asked, and no */
#define PERF_MEM_SNOOP_HITM	0x10	/* yes, modified */
#define PERF_MEM_SNOOP_SHIFT	19

/* mem_snoopx: and did they hand it over? */
#define PERF_MEM_SNOOPX_FWD	0x01	/* forwarded, clean */
#define PERF_MEM_SNOOPX_PEER	0x02	/* from a peer */
#define PERF_MEM_SNOOPX_SHIFT	38

/* mem_lock */
#define PERF_MEM_LOCK_NA	0x01	/* unknown */
#define PERF_MEM_LOCK_LOCKED	0x02	/* atomic access */
#define PERF_MEM_LOCK_SHIFT	24

/* mem_dtlb: hit or miss, and where */
#define PERF_MEM_TLB_NA		0x01	/* unknown */
#define PERF_MEM_TLB_HIT	0x02
#define PERF_MEM_TLB_MISS	0x04
#define PERF_MEM_TLB_L1		0x08
#define PERF_MEM_TLB_L2		0x10
#define PERF_MEM_TLB_WK		0x20	/* page tables, by hardware */
#define PERF_MEM_TLB_OS		0x40	/* page tables, by the kernel */
#define PERF_MEM_TLB_SHIFT	26

/* mem_blk: why a load had to wait */
#define PERF_MEM_BLK_NA		0x01	/* unknown */
#define PERF_MEM_BLK_DATA	0x02	/* a store kept its data back */
#define PERF_MEM_BLK_ADDR	0x04	/* its address clashed with one */
#define PERF_MEM_BLK_SHIFT	40

/* mem_hops, with mem_remote: how far off; 0 if unknown, 5 to 7 are free */
#define PERF_MEM_HOPS_0		0x01	/* another core of the node */
#define PERF_MEM_HOPS_1		0x02	/* another node of the socket */
#define PERF_MEM_HOPS_2		0x03	/* another socket of the board */
#define PERF_MEM_HOPS_3		0x04	/* another board */
#define PERF_MEM_HOPS_SHIFT	43

/* PERF_MEM_S(LVL, HIT) is PERF_MEM_LVL_HIT at its place in val */
#define PERF_MEM_S(a, s) \
	(((__u64)PERF_MEM_##a##_##s) << PERF_MEM_##a##_SHIFT)

/**
 * struct perf_branch_entry - one branch of the BRANCH_STACK field
 *
 * What the hardware does not tell is 0; so if neither @mispred nor @predicted
 * is set, nothing is known about the prediction.
 *
 * @from: the instruction that branched, or that was interrupted.
 * @to: where it went on.
 * @mispred: predicted wrongly.
 * @predicted: predicted rightly.
 * @in_tx: inside a hardware transaction.
 * @abort: out of one, as it failed.
 * @cycles: since the branch before.
 * @type: PERF_BR_*, with PERF_SAMPLE_BRANCH_TYPE_SAVE.
 * @spec: PERF_BR_SPEC_*, PERF_BR_NON_SPEC_CORRECT_PATH.
 * @new_type: PERF_BR_NEW_*, if @type is PERF_BR_EXTEND_ABI.
 * @priv: PERF_BR_PRIV_*, with PERF_SAMPLE_BRANCH_PRIV_SAVE.
 * @reserved: 0.
 */
struct perf_branch_entry {
	__u64	from;					/*  0 */
	__u64	to;					/*  8 */

	/* 16 */
	__u64	mispred		:  1,
		predicted	:  1,
		in_tx		:  1,
		abort		:  1,
		cycles		: 16,
		type		:  4,
		spec		:  2,
		new_type	:  4,
		priv		:  3,
		reserved	: 31;
};

/* Bits of that last word which are in use */
#define PERF_BRANCH_ENTRY_INFO_BITS_MAX		33

/**
 * union perf_sample_weight - the WEIGHT or WEIGHT_STRUCT field: what it cost
 *
 * The PMU defines the meaning; it is mostly a latency in cycles.
 *
 * @full: with PERF_SAMPLE_WEIGHT: one number.
 * @var1_dw: with PERF_SAMPLE_WEIGHT_STRUCT: a first number; bits 0-31 of @full.
 * @var2_w: a second one; bits 32-47.
 * @var3_w: a third one; bits 48-63.
 */
union perf_sample_weight {
	__u64	full;
#if defined(__LITTLE_ENDIAN_BITFIELD)
	struct {
		__u32	var1_dw;
		__u16	var2_w;
		__u16	var3_w;
	};
#elif defined(__BIG_ENDIAN_BITFIELD)
	struct {
		__u16	var3_w;
		__u16	var2_w;
		__u32	var1_dw;
	};
#else
#error "neither __LITTLE_ENDIAN_BITFIELD nor __BIG_ENDIAN_BITFIELD"
#endif
};

#endif /* _UAPI_LINUX_PERF_EVENT_H */
