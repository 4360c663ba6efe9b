// SPDX-License-Identifier: GPL-2.0
/*
 * AUX areas: memory beside a buffer that a trace unit writes to by itself.
 *
 * A PMU's driver asks for the free stretch of the area with
 * perf_aux_output_begin(), lets the hardware write there, and says how much
 * that was with perf_aux_output_end(); a PERF_RECORD_AUX in the buffer tells
 * the reader.  Positions count bytes, as those of records do; aux_head and
 * aux_tail in the user page are their data_head and data_tail.  An area that
 * was mapped read-only is overwritten: it has no tail, and where the hardware
 * stopped is what the driver says at the end of each stretch.
 *
 * One writer at a time, on one CPU: between begin and end the event is
 * rb->aux_event and its CPU rb->aux_cpu.  Stopping it from elsewhere is
 * therefore one interrupt to that CPU; nobody has to be looked for, neither
 * among the events attached nor among their children, and no context's lock
 * is needed.
 *
 * The area is counted by aux_refcount: its mappings together hold one, the
 * writer one; while it is not 0 the area holds a reference on its buffer.  It
 * comes, is mapped and goes under aux_mutex.  The last mapping stops the writer
 * and frees the area; a driver that keeps its stretch longer than its event is
 * stopped frees it at the end of the stretch, by way of a work item, because
 * that may be an NMI.
 */

#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "internal.h"

/* ---- The area: made, freed ----------------------------------------------------- */

/*
 * A block of 2^@order pages, or of as many as there are.  The driver sees from
 * its first page how large it is: PagePrivate and the order; a single page has
 * neither.
 */
static struct page *aux_alloc_block(int node, unsigned int order)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | __GFP_NORETRY;
	struct page *page = NULL;

	order = min_t(unsigned int, order, MAX_PAGE_ORDER);
	for (;; order--) {
		page = alloc_pages_node(node, gfp, order);
		if (page || !order)
			break;
	}

	if (page && order) {
		/* Each page is mapped, and freed, alone. */
		split_page(page, order);
		SetPagePrivate(page);
		set_page_private(page, order);
	}

	return page;
}

static void aux_free_page(void *addr)
{
	struct page *page = virt_to_page(addr);

	ClearPagePrivate(page);
	set_page_private(page, 0);
	page->mapping = NULL;
	__free_page(page);
}

static void aux_free_pages(void **pages, int nr_pages)
{
	int i;

	for (i = 0; i < nr_pages && pages[i]; i++)
		aux_free_page(pages[i]);
	kfree(pages);
}

/* The list of pages, in blocks of at most 2^@max_order. */
static void **aux_alloc_pages(int nr_pages, int node, int max_order)
{
	void **pages = kcalloc_node(nr_pages, sizeof(*pages), GFP_KERNEL | __GFP_NOWARN,
				    node);
	struct page *page;
	int nr = 0, end;

	if (!pages)
		return NULL;

	while (nr < nr_pages) {
		page = aux_alloc_block(node, min(max_order, ilog2(nr_pages - nr)));
		if (!page) {
			aux_free_pages(pages, nr_pages);
			return NULL;
		}
		for (end = nr + (1 << page_private(page)); nr < end; page++)
			pages[nr++] = page_address(page);
	}

	return pages;
}

/*
 * Single pages, unless the PMU wants more: then blocks of the size after which
 * it should report, or, where it never has to, one block.
 */
static int aux_max_order(struct pmu *pmu, int nr_pages, long watermark, bool overwrite)
{
	if (!(pmu->capabilities & (PERF_PMU_CAP_AUX_NO_SG | PERF_PMU_CAP_AUX_PREFER_LARGE)))
		return 0;

	return overwrite ? ilog2(nr_pages) : get_order(watermark);
}

/* A PMU without scatter-gather cannot go round in an area of several blocks. */
static bool aux_blocks_suffice(struct pmu *pmu, void **pages, int nr_pages, bool overwrite)
{
	if (!overwrite || !(pmu->capabilities & PERF_PMU_CAP_AUX_NO_SG))
		return true;

	return page_private(virt_to_page(pages[0])) == ilog2(nr_pages);
}

/**
 * rb_alloc_aux() - make the AUX area of a buffer
 * @rb: the buffer, which has none
 * @event: the event it is mapped through; its PMU describes the area
 * @pgoff: where the area is mapped
 * @nr_pages: its size, a power of two
 * @watermark: bytes from report to report, 0 for half of the area
 * @flags: RING_BUFFER_WRITABLE if the reader will say what it has read
 *
 * Writers do not use the area before rb->aux_mmap_count is set.
 *
 * Context: rb->aux_mutex held; may sleep.
 * Return: 0, with one reference; -EOPNOTSUPP: the PMU has no AUX.  -EINVAL.
 * -ENOMEM: also if the list of pages would be larger than any allocation, and
 * if the PMU needs one block and there is none so large.
 */
int rb_alloc_aux(struct perf_buffer *rb, struct perf_event *event, pgoff_t pgoff,
		 int nr_pages, long watermark, int flags)
{
	int node = event->cpu == -1 ? NUMA_NO_NODE : cpu_to_node(event->cpu);
	bool overwrite = !(flags & RING_BUFFER_WRITABLE);
	struct pmu *pmu = event->pmu;
	void **pages, *priv = NULL;

	lockdep_assert_held(&rb->aux_mutex);

	if (!has_aux(event))
		return -EOPNOTSUPP;
	if (nr_pages <= 0)
		return -EINVAL;
	if (nr_pages > KMALLOC_MAX_SIZE / sizeof(void *))
		return -ENOMEM;

	if (overwrite)
		watermark = 0;
	else if (!watermark)
		watermark = min_t(unsigned long, U32_MAX, (nr_pages * PAGE_SIZE) / 2);

	pages = aux_alloc_pages(nr_pages, node,
				aux_max_order(pmu, nr_pages, watermark, overwrite));
	if (!pages)
		return -ENOMEM;

	if (aux_blocks_suffice(pmu, pages, nr_pages, overwrite))
		priv = pmu->setup_aux(event, pages, nr_pages, overwrite);
	if (!priv) {
		aux_free_pages(pages, nr_pages);
		return -ENOMEM;
	}

	refcount_inc(&rb->refcount);
	/* The event holds the module now, but may go before the area does. */
	rb->aux_module = pmu->module;
	__module_get(rb->aux_module);
	rb->aux_pages = pages;
	rb->aux_pmu = pmu;
	rb->aux_priv = priv;
	rb->free_aux = pmu->free_aux;
	rb->aux_overwrite = overwrite;
	rb->aux_watermark = watermark;
	rb->aux_pgoff = pgoff;
	rb->aux_nr_pages = nr_pages;
	refcount_set(&rb->aux_refcount, 1);

	return 0;
}

/* Nobody uses the area any more. */
static void aux_destroy(struct perf_buffer *rb)
{
	lockdep_assert_held(&rb->aux_mutex);

	rb->free_aux(rb->aux_priv);
	module_put(rb->aux_module);
	aux_free_pages(rb->aux_pages, rb->aux_nr_pages);

	rb->aux_pmu = NULL;
	rb->aux_priv = NULL;
	rb->aux_pages = NULL;
	rb->aux_pgoff = 0;
	rb->aux_nr_pages = 0;
}

/**
 * rb_free_aux() - drop the mappings' reference on an AUX area
 * @rb: the buffer, on which the caller has a reference of its own
 *
 * Frees the area, or leaves that to the driver that still writes to it.
 *
 * Context: rb->aux_mutex held; may sleep.
 */
void rb_free_aux(struct perf_buffer *rb)
{
	if (!refcount_dec_and_test(&rb->aux_refcount))
		return;

	aux_destroy(rb);
	ring_buffer_put(rb);
}

static void aux_free_work(struct work_struct *work)
{
	struct perf_buffer *rb = container_of(work, struct perf_buffer, aux_free_work);

	mutex_lock(&rb->aux_mutex);
	aux_destroy(rb);
	mutex_unlock(&rb->aux_mutex);

	ring_buffer_put(rb);
}

static void aux_free_irq(struct irq_work *work)
{
	struct perf_buffer *rb = container_of(work, struct perf_buffer, aux_free_irq);

	schedule_work(&rb->aux_free_work);
}

/**
 * rb_init_aux() - prepare a buffer for having an AUX area
 * @rb: the buffer, zeroed
 */
void rb_init_aux(struct perf_buffer *rb)
{
	mutex_init(&rb->aux_mutex);
	rb->aux_cpu = -1;
	INIT_WORK(&rb->aux_free_work, aux_free_work);
	/* Hard: the interrupt is an RCU reader, and so ends before its memory goes. */
	rb->aux_free_irq = IRQ_WORK_INIT_HARD(aux_free_irq);
}

/* ---- The writer ------------------------------------------------------------------- */

/* Become the writer; false if there is one, or nothing to write to. */
static bool aux_enter(struct perf_buffer *rb, struct perf_event *event)
{
	if (rb->aux_nest)
		return false;

	rb->aux_nest = 1;
	barrier(); /* an NMI that would begin, too, sees it */
	WRITE_ONCE(rb->aux_event, event);
	WRITE_ONCE(rb->aux_cpu, smp_processor_id());

	/*
	 * The CPU before the test of the count.  Pairs with smp_mb() in
	 * rb_stop_aux(): either this sees that the last mapping has gone, or
	 * that one sees where to send its interrupt.
	 */
	smp_mb();
	if (refcount_read(&rb->aux_mmap_count) && refcount_inc_not_zero(&rb->aux_refcount)) {
		/* The counts before the area.  Pairs with smp_wmb() in map_new_aux(). */
		smp_rmb();
		return true;
	}

	WRITE_ONCE(rb->aux_cpu, -1);
	WRITE_ONCE(rb->aux_event, NULL);
	barrier(); /* as above */
	rb->aux_nest = 0;
	return false;
}

static void aux_leave(struct perf_buffer *rb)
{
	WRITE_ONCE(rb->aux_cpu, -1);
	WRITE_ONCE(rb->aux_event, NULL);
	barrier(); /* the next writer, perhaps an NMI, finds nobody */
	rb->aux_nest = 0;

	/* Orders all of the above, and the stretch, before the area goes. */
	if (refcount_dec_and_test(&rb->aux_refcount))
		irq_work_queue(&rb->aux_free_irq);
}

/**
 * perf_aux_abandon() - end a stretch that the driver did not
 * @event: an event that is off its PMU; nothing happens if it has no stretch
 *
 * A driver whose add() fails after it began one is not asked to end it.
 *
 * Context: IRQs off, on the event's CPU, PMU disabled.
 */
void perf_aux_abandon(struct perf_event *event)
{
	struct perf_buffer *rb;

	if (!has_aux(event))
		return;

	guard(rcu)();
	rb = perf_event_rb(perf_event_root(event));
	if (rb && READ_ONCE(rb->aux_event) == event &&
	    READ_ONCE(rb->aux_cpu) == smp_processor_id())
		aux_leave(rb);
}

struct aux_stop {
	struct perf_buffer	*rb;
	struct perf_event	*root;
};

/* Nothing begins or ends on this CPU meanwhile, but in an NMI of the PMU's own. */
static void stop_aux_ipi(void *info)
{
	struct aux_stop *stop = info;
	struct perf_buffer *rb = stop->rb;
	struct perf_event *event;

	/* The writer is alive as long as it is one, here. */
	if (READ_ONCE(rb->aux_cpu) != smp_processor_id())
		return;
	event = READ_ONCE(rb->aux_event);
	if (!event || (stop->root && stop->root != perf_event_root(event)))
		return;

	if (event->state == PERF_EVENT_STATE_ACTIVE && event->oncpu == smp_processor_id())
		event->pmu->stop(event, PERF_EF_UPDATE);
}

/**
 * rb_stop_aux() - end the stretch that is being written
 * @rb: the buffer
 * @root: only if this event or a child of it writes; NULL for anybody
 *
 * The event stands still until it is scheduled in again; it can begin a new
 * stretch then if it finds an area.  No context's mutex is needed: where the
 * writer is stands in the buffer, and that CPU alone ends it.
 *
 * Context: task, IRQs on.  With @root NULL rb->aux_mmap_count is 0: nobody
 * begins afterwards.
 */
void rb_stop_aux(struct perf_buffer *rb, struct perf_event *root)
{
	struct aux_stop stop = { .rb = rb, .root = root };
	int cpu, last = -1;

	/* The caller's store (aux_mmap_count) before the load.  Pairs with aux_enter(). */
	smp_mb();

	/* The task may move once, as it cannot begin again; a driver may not let go. */
	while ((cpu = READ_ONCE(rb->aux_cpu)) >= 0 && cpu != last) {
		smp_call_function_single(cpu, stop_aux_ipi, &stop, 1);
		last = cpu;
	}
}

/* ---- Stretches ----------------------------------------------------------------------- */

/* Tell the reader how far it may read. */
static void aux_publish(struct perf_buffer *rb)
{
	/* What the driver copied before aux_head.  Pairs with the reader's smp_rmb() after it. */
	smp_wmb();
	WRITE_ONCE(rb->user_page->aux_head, (unsigned long)rb->aux_head);
}

/* Has the reader earned a wake-up?  If so, the next one counts from here. */
static bool aux_crossed_watermark(struct perf_buffer *rb)
{
	if (rb->aux_overwrite || rb->aux_head - rb->aux_wakeup < rb->aux_watermark)
		return false;

	rb->aux_wakeup = rb->aux_head - rb->aux_head % rb->aux_watermark;
	return true;
}

/*
 * Bytes free behind aux_head.  That the trace is written depends on the tail
 * that was loaded: the load comes before those stores.  Pairs with the reader's
 * smp_mb() before it stores aux_tail.
 */
static unsigned long aux_room(struct perf_buffer *rb)
{
	unsigned long size = perf_aux_size(rb);
	unsigned long tail = READ_ONCE(rb->user_page->aux_tail);
	unsigned long unread = rb->aux_head - tail;

	/* A tail that makes no sense gives no room. */
	return unread < size ? (tail - rb->aux_head - 1) & (size - 1) : 0;
}

/**
 * perf_aux_output_begin() - begin a stretch of the AUX area
 * @handle: filled in: @head is where to write, @size how much fits, @wakeup the
 *	    position at which to report; in an area that is overwritten @size is 0
 * @event: the event that writes; a child writes to its parent's area
 *
 * A full area disables the event, and wakes the reader, who enables it again.
 *
 * Context: the event's CPU, IRQs off; NMI if that is the PMU's interrupt.
 * Return: what setup_aux() made, NULL if there is no area, it is another PMU's, there
 * is no room, or another stretch open.
 */
void *perf_aux_output_begin(struct perf_output_handle *handle, struct perf_event *event)
{
	struct perf_event *root = perf_event_root(event);
	struct perf_buffer *rb;

	handle->event = NULL;

	guard(rcu)();
	rb = perf_event_rb(root);
	if (!rb || !aux_enter(rb, event))
		return NULL;

	/*
	 * The buffer may have been exchanged: see ring_buffer_attach().  Or events of two
	 * PMUs attached before there was an area, and it is the other one's: then what
	 * setup_aux() made is not for this driver.  Neither changes while we are in.
	 */
	if (perf_event_rb(root) != rb || rb->aux_pmu != event->pmu) {
		aux_leave(rb);
		return NULL;
	}

	handle->rb = rb;
	handle->event = event;
	handle->head = rb->aux_head;
	handle->size = 0;
	handle->aux_flags = 0;

	if (rb->aux_overwrite)
		return rb->aux_priv;

	handle->wakeup = rb->aux_wakeup + rb->aux_watermark;
	handle->size = aux_room(rb);
	if (handle->size)
		return rb->aux_priv;

	perf_event_disable_inatomic(event);
	perf_output_wakeup(handle);
	handle->event = NULL;
	aux_leave(rb);
	return NULL;
}
EXPORT_SYMBOL_GPL(perf_aux_output_begin);

/**
 * perf_aux_output_end() - end the stretch
 * @handle: the stretch; in an area that is overwritten @head is set to where
 *	    the hardware stopped
 * @size: bytes that were written
 *
 * Writes PERF_RECORD_AUX, unless there is nothing to say, and wakes the reader
 * at each watermark.  A stretch that was flagged truncated disables the event.
 *
 * Context: as perf_aux_output_begin(), and on its CPU.
 */
void perf_aux_output_end(struct perf_output_handle *handle, unsigned long size)
{
	struct perf_buffer *rb = handle->rb;
	struct perf_event *event = handle->event;
	const u64 no_news = PERF_AUX_FLAG_OVERWRITE | PERF_AUX_FLAG_PMU_FORMAT_TYPE_MASK;
	unsigned long start = rb->aux_head;
	bool truncated;

	if (rb->aux_overwrite) {
		handle->aux_flags |= PERF_AUX_FLAG_OVERWRITE;
		start = handle->head;
		rb->aux_head = start;
	} else {
		handle->aux_flags &= ~(u64)PERF_AUX_FLAG_OVERWRITE;
		rb->aux_head += size;
	}

	/* That an area is overwritten, or how it is coded, is no news without data. */
	if (size || handle->aux_flags & ~no_news)
		perf_sideband_aux(event, start, size, handle->aux_flags);

	aux_publish(rb);

	truncated = handle->aux_flags & PERF_AUX_FLAG_TRUNCATED;
	if (truncated)
		perf_event_disable_inatomic(event);
	if (aux_crossed_watermark(rb) || truncated)
		perf_output_wakeup(handle);

	handle->event = NULL;
	aux_leave(rb);
}
EXPORT_SYMBOL_GPL(perf_aux_output_end);

/**
 * perf_aux_output_skip() - pass over a part of the stretch
 * @handle: the stretch
 * @size: bytes that the trace unit does not want, for alignment
 *
 * Context: as perf_aux_output_begin(), between it and perf_aux_output_end().
 * Return: 0, or -ENOSPC if the stretch is not so long.
 */
int perf_aux_output_skip(struct perf_output_handle *handle, unsigned long size)
{
	struct perf_buffer *rb = handle->rb;

	if (handle->size < size)
		return -ENOSPC;

	rb->aux_head += size;
	handle->head = rb->aux_head;
	handle->size -= size;
	aux_publish(rb);

	if (aux_crossed_watermark(rb)) {
		handle->wakeup = rb->aux_wakeup + rb->aux_watermark;
		perf_output_wakeup(handle);
	}

	return 0;
}
EXPORT_SYMBOL_GPL(perf_aux_output_skip);

/**
 * perf_aux_output_flag() - say something about the stretch
 * @handle: the stretch
 * @flags: PERF_AUX_FLAG_*; a format type in its bits
 *
 * Context: as perf_aux_output_skip().
 */
void perf_aux_output_flag(struct perf_output_handle *handle, u64 flags)
{
	/* OVERWRITE is not the driver's to say; the end of the stretch sees to it. */
	handle->aux_flags |= flags;
}
EXPORT_SYMBOL_GPL(perf_aux_output_flag);

/**
 * perf_event_itrace_started() - a driver traces: no more ITRACE_START for its event
 * @event: the event
 *
 * Context: any, NMI included, on the event's CPU.
 */
void perf_event_itrace_started(struct perf_event *event)
{
	event->attach_state |= PERF_ATTACH_ITRACE;
}

/**
 * perf_get_aux() - what setup_aux() made, of an open stretch
 * @handle: the stretch
 *
 * Context: as perf_aux_output_skip().
 * Return: NULL if the stretch is not open.
 */
void *perf_get_aux(struct perf_output_handle *handle)
{
	return handle->event ? handle->rb->aux_priv : NULL;
}
EXPORT_SYMBOL_GPL(perf_get_aux);

/**
 * perf_output_copy_aux() - copy from the AUX area to a record
 * @aux_handle: the stretch that is open
 * @handle: the record
 * @from: first position
 * @to: the one after the last; the same place in the area means all of it
 *
 * Context: the CPU of both; any, NMI included.
 * Return: bytes copied, or -EFAULT.
 */
long perf_output_copy_aux(struct perf_output_handle *aux_handle,
			  struct perf_output_handle *handle,
			  unsigned long from, unsigned long to)
{
	struct perf_buffer *rb = aux_handle->rb;
	unsigned long size = perf_aux_size(rb), left, len;
	long copied = 0;

	left = (to - from) & (size - 1);
	if (!left)
		left = size;

	for (; left; left -= len) {
		from &= size - 1;
		len = min(left, PAGE_SIZE - offset_in_page(from));
		if (perf_output_copy(handle, rb->aux_pages[from >> PAGE_SHIFT] +
				     offset_in_page(from), len))
			return -EFAULT;
		from += len;
		copied += len;
	}

	return copied;
}

/* ---- Other events' business with a trace ------------------------------------------------- */

/* Is the event on this CPU's PMU, so that its callbacks may be called?  IRQs are off. */
static bool event_is_here(struct perf_event *event)
{
	return READ_ONCE(event->state) == PERF_EVENT_STATE_ACTIVE &&
	       READ_ONCE(event->oncpu) == smp_processor_id();
}

/**
 * perf_aux_snapshot() - copy the end of a trace to a sample
 * @rb: the buffer whose AUX area holds it
 * @event: the event that traces
 * @handle: the record
 * @size: bytes to copy at most
 *
 * pmu->snapshot_aux() leaves the event as it is, because interrupts do not keep
 * out the NMI that may be calling here.  It is not entered twice.
 *
 * Context: any, NMI included.
 * Return: bytes copied, 0 if the trace is not there or is being copied
 * already, or the driver's error.
 */
long perf_aux_snapshot(struct perf_buffer *rb, struct perf_event *event,
		       struct perf_output_handle *handle, unsigned long size)
{
	long copied;

	/* The interrupts that would take the event off its PMU. */
	guard(irqsave)();

	if (!event_is_here(event) || READ_ONCE(rb->aux_in_sampling))
		return 0;

	WRITE_ONCE(rb->aux_in_sampling, 1);
	barrier(); /* the flag around the call, for an NMI in between */
	copied = event->pmu->snapshot_aux(event, handle, size);
	barrier();
	WRITE_ONCE(rb->aux_in_sampling, 0);

	return copied;
}

static void aux_set_paused(struct perf_event *event, bool pause)
{
	if (event->hw.aux_paused == pause)
		return;

	/* Whoever starts the trace looks at it. */
	event->hw.aux_paused = pause;
	if (!event_is_here(event))
		return;

	if (pause)
		event->pmu->stop(event, PERF_EF_PAUSE);
	else
		event->pmu->start(event, PERF_EF_RESUME);
}

/**
 * perf_event_aux_pause() - pause a trace, or let it go on
 * @aux_event: the event that traces: leader of the group of the one that asks
 * @pause: which
 *
 * From the overflow of an event with attr.aux_pause or attr.aux_resume.  Does
 * nothing in an NMI that hit another such change, nor while the trace has no
 * buffer.
 *
 * Context: any, NMI included; the CPU where both events are.
 */
void perf_event_aux_pause(struct perf_event *aux_event, bool pause)
{
	struct perf_buffer *rb;

	if (WARN_ON_ONCE(!aux_event))
		return;

	guard(irqsave)();

	rb = perf_event_rb(perf_event_root(aux_event));
	if (!rb || READ_ONCE(rb->aux_in_pause_resume))
		return;

	WRITE_ONCE(rb->aux_in_pause_resume, 1);
	barrier(); /* the flag around the change, for an NMI in between */
	aux_set_paused(aux_event, pause);
	barrier();
	WRITE_ONCE(rb->aux_in_pause_resume, 0);
}
