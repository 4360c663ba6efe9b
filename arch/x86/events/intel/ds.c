// SPDX-License-Identifier: GPL-2.0
/*
 * Intel: the debug store, where the hardware leaves records in memory.
 *
 * A CPU has one, struct debug_store, that says where two buffers are: precise samples
 * (pebs.c) and traced branches (bts.c).  It and the buffers are mapped where the hardware can
 * write to them in user mode, too: in the CPU's entry area.
 */
#include <linux/io.h>
#include <linux/slab.h>

#include <asm/cpu_entry_area.h>
#include <asm/tlbflush.h>

#include "intel.h"

/* mm/cpu_entry_area.c maps it for each CPU. */
DEFINE_PER_CPU_PAGE_ALIGNED(struct debug_store, cpu_debug_store);

/**
 * intel_this_ds() - the debug store of this CPU
 *
 * Return: it.
 *
 * Context: preemption off.
 */
struct debug_store *intel_this_ds(void)
{
	return &get_cpu_entry_area(smp_processor_id())->cpu_debug_store;
}

/**
 * intel_ds_map() - make a buffer
 * @area: where the hardware shall see it, in an entry area
 * @size: bytes
 *
 * Return: where the kernel sees it; NULL: no memory.
 *
 * Context: may sleep; the hardware does not use @area.
 */
void *intel_ds_map(void *area, size_t size)
{
	void *buffer = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, get_order(size));
	size_t offset;

	if (!buffer)
		return NULL;
	/* Nobody had these addresses mapped, so no TLB has them. */
	for (offset = 0; offset < size; offset += PAGE_SIZE)
		cea_set_pte(area + offset, virt_to_phys(buffer + offset), PAGE_KERNEL);

	return buffer;
}

/**
 * intel_ds_start_cpu() - it comes up
 *
 * Context: on it, IRQs off.
 */
void intel_ds_start_cpu(void)
{
	if (boot_cpu_has(X86_FEATURE_DTES64))
		wrmsrl(MSR_IA32_DS_AREA, (unsigned long)intel_this_ds());
}
