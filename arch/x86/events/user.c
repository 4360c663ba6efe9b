// SPDX-License-Identifier: GPL-2.0
/*
 * x86: what user space sees: counters by RDPMC, and its call chains.
 *
 * RDPMC is allowed by CR4.PCE, which belongs to the loaded mm: switch_mm() sets it
 * while mm->context.perf_rdpmc_allowed is not 0, that is while the mm has an event of
 * this PMU mapped; attribute rdpmc of the PMU changes that for all.  Who may read
 * counters reads all of them, so perf_clear_dirty_counters() clears before that what
 * other tasks left.
 */
#include <linux/perf_event.h>
#include <linux/sched/clock.h>
#include <linux/uaccess.h>
#include <linux/uprobes.h>

#include <asm/desc.h>
#include <asm/ibt.h>
#include <asm/ldt.h>
#include <asm/mmu_context.h>
#include <asm/stacktrace.h>
#include <asm/timer.h>
#include <asm/tlbflush.h>
#include <asm/unwind.h>

#include "perf_event.h"

/* ---- RDPMC ------------------------------------------------------------------ */

/* What attribute rdpmc says; mm/tlb.c looks. */
DEFINE_STATIC_KEY_FALSE(rdpmc_never_available_key);
DEFINE_STATIC_KEY_FALSE(rdpmc_always_available_key);

static DEFINE_MUTEX(rdpmc_mutex);

static bool user_readable(struct perf_event *event)
{
	return event->hw.flags & PERF_EVENT_FLAG_USER_READ_CNT;
}

/**
 * x86_event_mapped() - pmu->event_mapped(): its mm may use RDPMC from now on
 * @event: the event
 * @mm: current's
 *
 * mmap_lock is held for writing and guards the count, as does that of the counterpart.
 *
 * Context: may sleep; waits for other CPUs.
 */
void x86_event_mapped(struct perf_event *event, struct mm_struct *mm)
{
	if (!user_readable(event))
		return;
	mmap_assert_write_locked(mm);
	if (atomic_inc_return(&mm->context.perf_rdpmc_allowed) == 1)
		on_each_cpu_mask(mm_cpumask(mm), cr4_update_pce, NULL, 1);
}

/**
 * x86_event_unmapped() - pmu->event_unmapped(): undo x86_event_mapped()
 * @event: the event
 * @mm: as there
 *
 * Context: as there.
 */
void x86_event_unmapped(struct perf_event *event, struct mm_struct *mm)
{
	if (!user_readable(event))
		return;
	if (atomic_dec_and_test(&mm->context.perf_rdpmc_allowed))
		on_each_cpu_mask(mm_cpumask(mm), cr4_update_pce, NULL, 1);
}

/**
 * x86_event_idx() - pmu->event_idx(): what RDPMC takes, plus one
 * @event: the event
 *
 * Return: that, or 0 while the event is on no counter or must not be read there.
 *
 * Context: IRQs off, or NMI.
 */
int x86_event_idx(struct perf_event *event)
{
	struct hw_perf_event *hwc = &event->hw;

	if (!user_readable(event) || hwc->idx < 0 || hwc->flags & X86_EVENT_BTS)
		return 0;
	if (hwc->flags & X86_EVENT_METRIC)
		return INTEL_PMC_FIXED_RDPMC_METRICS + 1;

	return hwc->event_base_rdpmc + 1;
}

/**
 * x86_perf_rdpmc_index() - what RDPMC takes for the counter of an event
 * @event: one that is on a counter of this CPU
 *
 * Return: that.
 *
 * Context: IRQs off.
 */
int x86_perf_rdpmc_index(struct perf_event *event)
{
	lockdep_assert_irqs_disabled();

	return event->hw.event_base_rdpmc;
}
EXPORT_SYMBOL_GPL(x86_perf_rdpmc_index);

/**
 * perf_clear_dirty_counters() - leave no counts of others to who may use RDPMC
 *
 * Context: IRQs off, a new mm is being loaded, or one was just allowed to.
 */
void perf_clear_dirty_counters(void)
{
	struct x86_cpu *cpu = this_cpu_ptr(&x86_cpu);
	u64 left;

	/* What is in use belongs to who may see it; its next owner loads it anew. */
	left = cpu->dirty & ~cpu->used;
	cpu->dirty = 0;
	for (; left; left &= left - 1) {
		int idx = __ffs64(left);

		/* Metrics and traced branches are on none that there is. */
		if (is_metric_idx(idx) || !(cpu->type->counters & BIT_ULL(idx)))
			continue;
		if (idx >= INTEL_PMC_IDX_FIXED)
			wrmsrl(x86_pmu.fixed_counter_base + idx - INTEL_PMC_IDX_FIXED, 0);
		else
			wrmsrl(x86_counter_msr(idx), 0);
	}
}

/**
 * x86_set_rdpmc() - what attribute rdpmc says
 * @value: 0: nobody may, 1: who has mapped an event, 2: everybody
 *
 * Return: 0; -EINVAL.
 *
 * Context: may sleep; waits for other CPUs.
 */
int x86_set_rdpmc(unsigned long value)
{
	int old;

	if (value > 2)
		return -EINVAL;

	guard(mutex)(&rdpmc_mutex);
	old = x86_pmu.rdpmc;
	if (value == old)
		return 0;
	if (!value)
		static_branch_inc(&rdpmc_never_available_key);
	else if (!old)
		static_branch_dec(&rdpmc_never_available_key);
	if (value == 2)
		static_branch_inc(&rdpmc_always_available_key);
	else if (old == 2)
		static_branch_dec(&rdpmc_always_available_key);
	WRITE_ONCE(x86_pmu.rdpmc, value);
	on_each_cpu(cr4_update_pce, NULL, 1);

	return 0;
}

/**
 * arch_perf_update_userpage() - how user space makes time of the TSC
 * @event: the event
 * @userpg: its page, being written
 * @now: the event's time, ns
 *
 * Context: IRQs off, or NMI.
 */
void arch_perf_update_userpage(struct perf_event *event,
			       struct perf_event_mmap_page *userpg, u64 now)
{
	struct cyc2ns_data data;

	userpg->cap_user_time = 0;
	userpg->cap_user_time_zero = 0;
	userpg->cap_user_rdpmc = user_readable(event);
	userpg->pmc_width = x86_pmu.width;
	if (!using_native_sched_clock() || !sched_clock_stable())
		return;

	cyc2ns_read_begin(&data);
	userpg->cap_user_time = 1;
	userpg->time_mult = data.cyc2ns_mul;
	userpg->time_shift = data.cyc2ns_shift;
	userpg->time_offset = data.cyc2ns_offset + __sched_clock_offset - now;
	/* Times of this clock are not those of another one that the user chose. */
	if (!event->attr.use_clockid) {
		userpg->cap_user_time_zero = 1;
		userpg->time_zero = data.cyc2ns_offset + __sched_clock_offset;
	}
	cyc2ns_read_end();
}

/* ---- Where a sample is ------------------------------------------------------ */

/* The base of the segment that @selector names in current's tables. */
static unsigned long segment_base(unsigned int selector)
{
	unsigned int idx = selector >> 3;
	struct desc_struct *desc;

	if ((selector & SEGMENT_TI_MASK) == SEGMENT_LDT) {
#ifdef CONFIG_MODIFY_LDT_SYSCALL
		/* IRQs are off: who replaces the LDT waits for this CPU. */
		struct ldt_struct *ldt = READ_ONCE(current->active_mm->context.ldt);

		if (!ldt || idx >= ldt->nr_entries)
			return 0;
		desc = &ldt->entries[idx];
#else
		return 0;
#endif
	} else {
		if (idx >= GDT_ENTRIES)
			return 0;
		desc = raw_cpu_ptr(gdt_page.gdt) + idx;
	}

	return get_desc_base(desc);
}

static unsigned long code_base(struct pt_regs *regs)
{
	/* Of vm86 mode the IP is the linear one only if set_linear_ip() made it so. */
	if (regs->flags & X86_VM_MASK)
		return 0x10 * regs->cs;
	if (user_mode(regs) && regs->cs != __USER_CS && regs->cs != __USER32_CS)
		return segment_base(regs->cs);

	return 0;
}

/**
 * perf_instruction_pointer() - the linear address of a sample
 * @regs: where it is
 *
 * Return: it; the guest's if a guest ran.
 *
 * Context: IRQs off, or NMI.
 */
unsigned long perf_instruction_pointer(struct pt_regs *regs)
{
	if (perf_guest_state())
		return perf_guest_get_ip();

	return regs->ip + code_base(regs);
}

/**
 * perf_misc_flags() - in which mode a sample is
 * @regs: where it is
 *
 * Return: PERF_RECORD_MISC_*.
 *
 * Context: IRQs off, or NMI.
 */
unsigned long perf_misc_flags(struct pt_regs *regs)
{
	unsigned int guest = perf_guest_state();
	unsigned long misc;

	if (guest)
		misc = guest & PERF_GUEST_USER ? PERF_RECORD_MISC_GUEST_USER :
						 PERF_RECORD_MISC_GUEST_KERNEL;
	else
		misc = user_mode(regs) ? PERF_RECORD_MISC_USER : PERF_RECORD_MISC_KERNEL;
	if (regs->flags & PERF_EFLAGS_EXACT)
		misc |= PERF_RECORD_MISC_EXACT_IP;

	return misc;
}

/* ---- Call chains ------------------------------------------------------------ */

/**
 * perf_callchain_kernel() - walk the kernel's frames
 * @entry: where the chain goes
 * @regs: where it begins
 *
 * Context: IRQs off, or NMI.
 */
void perf_callchain_kernel(struct perf_callchain_entry_ctx *entry, struct pt_regs *regs)
{
	struct unwind_state state;
	unsigned long addr;

	/* Guests are not walked. */
	if (perf_guest_state())
		return;
	if (perf_callchain_store(entry, regs->ip))
		return;

	/* Registers of a tracepoint have no flags; the frame is all that they know. */
	if (regs->flags & X86_EFLAGS_FIXED)
		unwind_start(&state, current, regs, NULL);
	else
		unwind_start(&state, current, NULL, (void *)regs->sp);
	for (; !unwind_done(&state); unwind_next_frame(&state)) {
		addr = unwind_get_return_address(&state);
		if (!addr || perf_callchain_store(entry, addr))
			return;
	}
}

#ifdef CONFIG_UPROBES
/* A uprobe at a function's first instruction: it has no frame yet. */
static bool before_frame(struct pt_regs *regs)
{
	struct arch_uprobe *auprobe = current->utask ? current->utask->auprobe : NULL;

	if (!auprobe)
		return false;

	return auprobe->insn[0] == 0x55 ||	/* push %rbp */
	       (user_64bit_mode(regs) && is_endbr(*(u32 *)auprobe->insn));
}
#else
static bool before_frame(struct pt_regs *regs)
{
	return false;
}
#endif

/* Is a frame where user space has memory, and the next one above it? */
static bool user_frame(const void __user *fp, unsigned long size)
{
	return __access_ok(fp, size);
}

#ifdef CONFIG_IA32_EMULATION
/* Frames of a 32-bit task; false: it is none. */
static bool walk_ia32(struct perf_callchain_entry_ctx *entry, struct pt_regs *regs)
{
	unsigned long ss_base, cs_base;
	struct stack_frame_ia32 frame;
	u32 __user *fp;

	if (user_64bit_mode(regs))
		return false;

	cs_base = segment_base(regs->cs);
	ss_base = segment_base(regs->ss);
	fp = compat_ptr(ss_base + regs->bp);
	pagefault_disable();
	while (entry->nr < entry->max_stack) {
		if (!user_frame(fp, sizeof(frame)) ||
		    __get_user(frame.next_frame, fp) ||
		    __get_user(frame.return_address, fp + 1))
			break;
		perf_callchain_store(entry, cs_base + frame.return_address);
		fp = compat_ptr(ss_base + frame.next_frame);
	}
	pagefault_enable();

	return true;
}
#else
static bool walk_ia32(struct perf_callchain_entry_ctx *entry, struct pt_regs *regs)
{
	return false;
}
#endif

/**
 * perf_callchain_user() - walk the user's frames, without a fault
 * @entry: where the chain goes
 * @regs: where it begins: the user's registers
 *
 * Context: IRQs off, or NMI.
 */
void perf_callchain_user(struct perf_callchain_entry_ctx *entry, struct pt_regs *regs)
{
	struct stack_frame frame;
	const struct stack_frame __user *fp;

	if (perf_guest_state())
		return;
	/* There is no chain of frames in vm86 mode. */
	if (regs->flags & (X86_VM_MASK | PERF_EFLAGS_VM))
		return;

	fp = (void __user *)regs->bp;
	perf_callchain_store(entry, regs->ip);
	/* An NMI may come while another mm than current's is loaded. */
	if (!nmi_uaccess_okay())
		return;
	if (walk_ia32(entry, regs))
		return;

	pagefault_disable();
	/* Its caller's address is on top of the stack. */
	if (before_frame(regs) &&
	    !__get_user(frame.return_address, (unsigned long __user *)regs->sp))
		perf_callchain_store(entry, frame.return_address);
	while (entry->nr < entry->max_stack) {
		if (!user_frame(fp, sizeof(frame)) ||
		    __get_user(frame.next_frame, &fp->next_frame) ||
		    __get_user(frame.return_address, &fp->return_address))
			break;
		perf_callchain_store(entry, frame.return_address);
		fp = (void __user *)frame.next_frame;
	}
	pagefault_enable();
}
