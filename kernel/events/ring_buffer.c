// SPDX-License-Identifier: GPL-2.0
/*
 * The buffer: how records get from any context of a CPU to a mapped ring.
 *
 * A buffer has many writers and one reader.  The writers are events of one
 * CPU, or of one task: at any moment all of them are on one CPU, and the only
 * thing that can happen to a writer is to be interrupted, by an interrupt or
 * an NMI that writes a whole record of its own and is done before the
 * interrupted one goes on.  Writers therefore nest like brackets, and no
 * operation here is atomic against other CPUs: local_t is enough.
 *
 *   rb->head    the end of what is reserved; moved by one local_cmpxchg() for
 *               a record, so that each writer owns its bytes
 *   rb->nest    open brackets; it goes back to 0 when the outermost closes
 *   data_head   what the reader may read up to: published by the outermost
 *               writer only, because only then all records below are whole
 *   data_tail   what the reader has read up to; the reader writes it, it may
 *               be any garbage, and is used only to compute free space
 *
 * Positions count bytes and never wrap except as unsigned long; the place in
 * the ring is the position modulo its size, a power of two.  A buffer of an
 * event with attr.write_backward is written from high positions to low ones,
 * each record still from its first byte to its last, so that data_head always
 * points to the header of the youngest record.  That is how a buffer that is
 * overwritten (one that was mapped read-only) can be parsed at all.
 *
 * A record that finds no room is lost.  Losses are counted in the buffer, and
 * the next record that does find room is preceded by a PERF_RECORD_LOST with
 * their number, in one reservation.  A record larger than the whole buffer is
 * lost in every mode: nobody could parse it.
 *
 * Between perf_output_begin() and perf_output_end() preemption is off.  That
 * keeps the writer on its CPU and is the RCU read side under which the buffer
 * was found; the buffer is freed a grace period after its last reference.
 *
 * The reader's half of the protocol, whose barriers are named below:
 *
 *   head = READ_ONCE(data_head);      (R1)
 *   smp_rmb();
 *   read records below head;
 *   smp_mb();
 *   WRITE_ONCE(data_tail, head);      (R2)
 */

#include <linux/log2.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <kunit/visibility.h>

#include "internal.h"

/* ---- Positions: pure ------------------------------------------------------ */

/*
 * Bytes that may be written from position @from on until @to is met, less one:
 * a ring that could be filled to the last byte would look empty.  Right for
 * any two values: whatever the reader stored, the result is below @data_size.
 */
VISIBLE_IF_KUNIT unsigned long rb_space(unsigned long from, unsigned long to,
					unsigned long data_size)
{
	return (to - from - 1) & (data_size - 1);
}

/* Has more than @watermark been written since position @last? */
VISIBLE_IF_KUNIT bool rb_crossed_watermark(unsigned long written, unsigned long last,
					   long watermark)
{
	return written - last > (unsigned long)watermark;
}

static unsigned long rb_chunk_size(struct perf_buffer *rb)
{
	return PAGE_SIZE << rb_page_order(rb);
}

static void rb_enter_page(struct perf_output_handle *handle, int page)
{
	handle->page = page & (handle->rb->nr_pages - 1);
	handle->addr = handle->rb->data_pages[handle->page];
	handle->size = rb_chunk_size(handle->rb);
}

/* Let @handle write at position @pos. */
VISIBLE_IF_KUNIT void rb_seek(struct perf_output_handle *handle, unsigned long pos)
{
	unsigned long chunk = rb_chunk_size(handle->rb);
	unsigned long off = pos & (chunk - 1);

	rb_enter_page(handle, (pos / chunk) & (handle->rb->nr_pages - 1));
	handle->addr += off;
	handle->size -= off;
}

/* ---- Copying ---------------------------------------------------------------- */

static __always_inline unsigned long copy_kernel(void *dst, const void *src,
						 unsigned long off, unsigned long len)
{
	memcpy(dst, src + off, len);
	return 0;
}

static __always_inline unsigned long copy_nothing(void *dst, const void *src,
						  unsigned long off, unsigned long len)
{
	return 0;
}

#ifndef arch_perf_out_copy_user
static unsigned long arch_perf_out_copy_user(void *dst, const void __user *src, unsigned long len)
{
	unsigned long missed;

	if (!access_ok(src, len))
		return len;

	pagefault_disable();
	missed = __copy_from_user_inatomic(dst, src, len);
	pagefault_enable();

	return missed;
}
#endif

static __always_inline unsigned long copy_user(void *dst, const void *src,
					       unsigned long off, unsigned long len)
{
	return arch_perf_out_copy_user(dst, (const void __user *)(src + off), len);
}

/*
 * Write @len bytes, page by page.  @copy tells how many bytes it could not
 * copy, which ends the writing.  Returns how many of @len were not written.
 */
static __always_inline unsigned long rb_write(struct perf_output_handle *handle, perf_copy_f copy,
					      const void *src, unsigned long len)
{
	unsigned long off = 0, chunk, missed = 0;

	while (off < len && !missed) {
		chunk = min(handle->size, len - off);
		missed = copy(handle->addr, src, off, chunk);
		chunk -= missed;

		off += chunk;
		handle->addr += chunk;
		handle->size -= chunk;
		if (!handle->size)
			rb_enter_page(handle, handle->page + 1);
	}

	return len - off;
}

/**
 * perf_output_copy() - append bytes to the record being written
 * @handle: the record, from perf_output_begin()
 * @buf: the bytes
 * @len: their number; a record's pieces must not exceed the size it began with
 *
 * Context: any, NMI included.
 * Return: the number of bytes that were not written, which is 0.
 */
unsigned int perf_output_copy(struct perf_output_handle *handle, const void *buf,
			      unsigned int len)
{
	return rb_write(handle, copy_kernel, buf, len);
}

/* As perf_output_copy(), but what the ring held, and the reader has seen, stays there. */
unsigned int perf_output_skip(struct perf_output_handle *handle, unsigned int len)
{
	return rb_write(handle, copy_nothing, NULL, len);
}

/**
 * perf_output_copy_user() - append bytes of the current task's memory
 * @handle: the record
 * @buf: where they are; the pages need not be there
 * @len: how many
 *
 * Never faults a page in and never sleeps: what is not there is not copied.
 *
 * Context: any, NMI included; current's address space is loaded.
 * Return: the number of bytes that were not written.
 */
unsigned long perf_output_copy_user(struct perf_output_handle *handle,
				    const void __user *buf, unsigned long len)
{
	return rb_write(handle, copy_user, (__force const void *)buf, len);
}

/**
 * perf_output_copy_custom() - append bytes that only the caller can fetch
 * @handle: the record
 * @copy: fetches bytes from an offset in @buf, returns how many it could not
 * @buf: @copy's own
 * @len: bytes to write
 *
 * Context: any that @copy can run in.  Return: as perf_output_copy_user().
 */
unsigned long perf_output_copy_custom(struct perf_output_handle *handle, perf_copy_f copy,
				      const void *buf, unsigned long len)
{
	return rb_write(handle, copy, buf, len);
}

/* ---- The brackets ------------------------------------------------------------- */

/**
 * perf_output_wakeup() - tell the reader that there is something to read
 * @handle: what was written
 *
 * The reader sleeps on a wait queue that an NMI cannot touch: the event's
 * irq_work goes there, as soon as interrupts may come.
 *
 * Context: any, NMI included; on the CPU of the writer.
 */
void perf_output_wakeup(struct perf_output_handle *handle)
{
	struct perf_event *event = handle->event;

	atomic_set(&handle->rb->poll, (__force int)(EPOLLIN | EPOLLRDNORM));

	/* A signal for whoever asked for one, unless a better reason stands. */
	if (!event->pending_kill && *perf_event_fasync(event))
		event->pending_kill = POLL_IN;

	perf_event_wakeup_later(event);
}

/* Find the buffer and open a bracket in it; false if there is nowhere to write. */
static __always_inline bool output_open(struct perf_output_handle *handle,
					struct perf_event *event)
{
	struct perf_buffer *rb = rcu_dereference_sched(event->rb);

	if (unlikely(!rb))
		return false;

	handle->event = event;
	handle->rb = rb;
	handle->flags = 0;

	if (unlikely(READ_ONCE(rb->paused))) {
		if (rb->nr_pages) {
			local_inc(&rb->lost);
			atomic64_inc(&event->lost_samples);
		}
		return false;
	}

	/*
	 * A wake-up that is earned while this is the outermost bracket is its to
	 * give: the count of before it opened.  One in between is given twice.
	 */
	handle->wakeup = local_read(&rb->wakeup);
	barrier();
	/* Whoever interrupts this leaves the count as it was. */
	WRITE_ONCE(rb->nest, READ_ONCE(rb->nest) + 1);
	/* The bracket before the record.  Both pair with a nested output_close(). */
	barrier();

	return true;
}

/* Let the reader have all that was reserved so far.  Returns up to where. */
static long output_publish(struct perf_buffer *rb)
{
	long head = local_read(&rb->head);

	/* Records before data_head.  Pairs with the reader's smp_rmb() after R1. */
	smp_wmb();
	WRITE_ONCE(rb->user_page->data_head, (unsigned long)head);

	return head;
}

/* Close the bracket; the outermost one publishes what was written in all of them. */
static void output_close(struct perf_output_handle *handle)
{
	struct perf_buffer *rb = handle->rb;
	unsigned int nest = READ_ONCE(rb->nest);
	long head;

	/* The record before the end of the bracket; pairs with output_open(). */
	barrier();

	if (nest > 1) {
		WRITE_ONCE(rb->nest, nest - 1);
		return;
	}

	/*
	 * While nest is 1 nobody else publishes; whoever interrupts only moves
	 * the head.  The barriers are against the compiler: interruption is the
	 * only concurrency.
	 */
	do {
		WRITE_ONCE(rb->nest, 1);
		barrier();
		head = output_publish(rb);
		/* A writer that comes after this line publishes for itself, a later head. */
		barrier();
		WRITE_ONCE(rb->nest, 0);
		/* One that came before it did not: look again. */
		barrier();
	} while (unlikely(head != local_read(&rb->head)));

	if (unlikely(handle->wakeup != local_read(&rb->wakeup)))
		perf_output_wakeup(handle);
}

/*
 * Reserve @size bytes and let @handle write to them.  False if there is no
 * room, with nothing changed.
 */
static __always_inline bool output_reserve(struct perf_output_handle *handle,
					   unsigned long size, bool backward)
{
	struct perf_buffer *rb = handle->rb;
	unsigned long data_size = perf_data_size(rb);
	unsigned long tail, room, head, written;
	long old = local_read(&rb->head);

	if (unlikely(size > data_size))
		return false;

	do {
		head = backward ? old - size : old + size;
		if (rb->overwrite)
			continue;

		tail = READ_ONCE(rb->user_page->data_tail);
		room = backward ? rb_space(tail, old, data_size) : rb_space(old, tail, data_size);
		if (unlikely(room < size))
			return false;
		/*
		 * That the record's bytes are written depends on the tail that
		 * was loaded: a control dependency orders the load before the
		 * stores.  Pairs with the reader's smp_mb() before R2.
		 */
	} while (!local_try_cmpxchg(&rb->head, &old, head));

	rb_seek(handle, backward ? head : old);

	/* Backwards, what counts is how far the head has gone down. */
	written = backward ? -head : head;
	if (unlikely(rb_crossed_watermark(written, local_read(&rb->wakeup), rb->watermark)))
		local_add(rb->watermark, &rb->wakeup);

	return true;
}

struct perf_lost_record {
	struct perf_event_header	header;
	u64				id;
	u64				lost;
};

static_assert(sizeof(struct perf_lost_record) == 24);

/* Bytes of PERF_RECORD_LOST for @event. */
static unsigned int lost_record_size(struct perf_event *event)
{
	unsigned int trailer = event->attr.sample_id_all ? event->id_header_size : 0;

	return sizeof(struct perf_lost_record) + trailer;
}

/*
 * Tell how many records were lost; the space is part of the reservation.  Whose the
 * record is, is its own: the writer's sample is ready, and another event's where a
 * child writes.  But it is as old as what it goes before: no time runs back.
 */
static noinline void output_lost(struct perf_output_handle *handle,
				 const struct perf_sample_data *next)
{
	struct perf_sample_data data __uninitialized;
	struct perf_event *event = handle->event;
	struct perf_lost_record record;

	perf_event_header__init(&record.header, &data, PERF_RECORD_LOST, 0, sizeof(record), event);
	if (event->attr.sample_id_all && next->type & PERF_SAMPLE_TIME)
		data.time = next->time;
	record.id = event->id;
	/* May be 0: a writer that interrupted this one has told them already. */
	record.lost = local_xchg(&handle->rb->lost, 0);

	perf_output_put(handle, record);
	perf_event__output_id_sample(event, handle, &data);
}

static __always_inline int output_begin(struct perf_output_handle *handle,
					const struct perf_sample_data *data,
					struct perf_event *event, unsigned long size,
					bool backward)
{
	bool had_losses;

	/* Children have no buffer: they write to that of the event they stem from. */
	if (event->parent)
		event = event->parent;

	preempt_disable();
	if (!output_open(handle, event))
		goto out;

	had_losses = local_read(&handle->rb->lost);
	if (unlikely(had_losses))
		size += lost_record_size(event);

	if (unlikely(!output_reserve(handle, size, backward)))
		goto lost;

	if (unlikely(had_losses))
		output_lost(handle, data);

	return 0;

lost:
	local_inc(&handle->rb->lost);
	atomic64_inc(&event->lost_samples);
	output_close(handle);
out:
	preempt_enable();
	return -ENOSPC;
}

/**
 * perf_output_begin() - begin a record in an event's buffer
 * @handle: filled in; for perf_output_copy() and friends
 * @data: the sample data of *this* record, which is left as it is; a
 *	  PERF_RECORD_LOST that may have to go before it has its time
 * @event: the event that writes; a child writes to its parent's buffer
 * @size: bytes of the whole record
 *
 * A record that has begun must be written whole and ended by
 * perf_output_end(), in the same context.
 *
 * Context: any, NMI included.  On success preemption is off afterwards.
 * Return: 0, or -ENOSPC if there is no buffer, it is paused, or it is full:
 * in the last two cases the record is counted as lost.
 */
int perf_output_begin(struct perf_output_handle *handle, struct perf_sample_data *data,
		      struct perf_event *event, unsigned int size)
{
	if (unlikely(is_write_backward(event)))
		return output_begin(handle, data, event, size, true);

	return output_begin(handle, data, event, size, false);
}

/* perf_output_begin() where the event is known to be without attr.write_backward. */
int perf_output_begin_forward(struct perf_output_handle *handle, struct perf_sample_data *data,
			      struct perf_event *event, unsigned int size)
{
	return output_begin(handle, data, event, size, false);
}

/* perf_output_begin() where it is known to be with it. */
int perf_output_begin_backward(struct perf_output_handle *handle, struct perf_sample_data *data,
			       struct perf_event *event, unsigned int size)
{
	return output_begin(handle, data, event, size, true);
}

/**
 * perf_output_end() - end a record
 * @handle: the record
 *
 * The reader sees it at once, or as soon as the writer that was interrupted
 * by this one ends its own.
 *
 * Context: that of perf_output_begin(); preemption is on again afterwards.
 */
void perf_output_end(struct perf_output_handle *handle)
{
	output_close(handle);
	preempt_enable();
}

/* ---- Memory --------------------------------------------------------------------- */

static int rb_node(int cpu)
{
	return cpu == -1 ? NUMA_NO_NODE : cpu_to_node(cpu);
}

#ifdef CONFIG_PERF_USE_VMALLOC

/*
 * Architectures whose caches would show the kernel and the reader different
 * bytes of one page: all of the buffer is one area of vmalloc_user(), and its
 * data are one large "page".
 */
static int rb_data_slots(int nr_pages)
{
	return nr_pages ? 1 : 0;
}

static bool rb_alloc_pages(struct perf_buffer *rb, int nr_pages, int node)
{
	void *area = vmalloc_user((nr_pages + 1UL) * PAGE_SIZE);

	if (!area)
		return false;

	rb->user_page = area;
	if (nr_pages) {
		rb->data_pages[0] = area + PAGE_SIZE;
		rb->page_order = ilog2(nr_pages);
	}
	return true;
}

static void rb_free_pages(struct perf_buffer *rb)
{
	void *area = rb->user_page;
	unsigned long off, size = PAGE_SIZE + perf_data_size(rb);

	if (!area)
		return;

	for (off = 0; off < size; off += PAGE_SIZE)
		vmalloc_to_page(area + off)->mapping = NULL;

	vfree(area);
}

static struct page *rb_page(struct perf_buffer *rb, unsigned long pgoff)
{
	return vmalloc_to_page((void *)rb->user_page + pgoff * PAGE_SIZE);
}

#else

static int rb_data_slots(int nr_pages)
{
	return nr_pages;
}

static void *rb_alloc_page(int node)
{
	struct page *page = alloc_pages_node(node, GFP_KERNEL | __GFP_ZERO, 0);

	return page ? page_address(page) : NULL;
}

static void rb_free_page(void *addr)
{
	if (!addr)
		return;

	/* It was lent to the event's file while it was mapped. */
	virt_to_page(addr)->mapping = NULL;
	free_page((unsigned long)addr);
}

static bool rb_alloc_pages(struct perf_buffer *rb, int nr_pages, int node)
{
	int done = 0, got;

	rb->user_page = rb_alloc_page(node);
	if (!rb->user_page)
		return false;

	/* Each slot takes the page first, and then its address. */
	for (; done < nr_pages; done += got) {
		struct page **pages = (struct page **)&rb->data_pages[done];

		got = alloc_pages_bulk_array_node(GFP_KERNEL | __GFP_ZERO, node,
						  min(nr_pages - done, 32), pages);
		if (!got)
			return false;
		for (int i = 0; i < got; i++)
			rb->data_pages[done + i] = page_address(pages[i]);
	}
	return true;
}

static void rb_free_pages(struct perf_buffer *rb)
{
	int i;

	rb_free_page(rb->user_page);
	for (i = 0; i < rb->nr_pages; i++)
		rb_free_page(rb->data_pages[i]);
}

static struct page *rb_page(struct perf_buffer *rb, unsigned long pgoff)
{
	void *page = pgoff ? rb->data_pages[pgoff - 1] : rb->user_page;

	return virt_to_page(page);
}

#endif /* CONFIG_PERF_USE_VMALLOC */

/**
 * rb_free() - free a buffer that nobody refers to
 * @rb: the buffer; its AUX area has gone
 *
 * For buffers that were never attached; the others go by ring_buffer_put().
 *
 * Context: task or softirq; does not sleep.
 */
void rb_free(struct perf_buffer *rb)
{
	WARN_ON_ONCE(rb_has_aux(rb));

	rb_free_pages(rb);
	kfree(rb);
}

static void rb_free_rcu(struct rcu_head *head)
{
	rb_free(container_of(head, struct perf_buffer, rcu_head));
}

/* RCU callbacks cannot be queued from NMI, where the last reference was dropped. */
static void rb_free_irq(struct irq_work *work)
{
	struct perf_buffer *rb = container_of(work, struct perf_buffer, free_work);

	call_rcu(&rb->rcu_head, rb_free_rcu);
}

/**
 * rb_alloc() - make a buffer
 * @nr_pages: data pages, a power of two or 0
 * @watermark: bytes between wake-ups, 0 for half of the buffer
 * @cpu: where it will be written, -1 if that is not known
 * @flags: RING_BUFFER_WRITABLE if the reader will say what it has read
 *
 * A buffer without data pages has the user page only and is paused for good.
 *
 * Context: may sleep.
 * Return: the buffer, with one reference, no mapping and nobody attached; NULL
 * if there is no memory, or if the list of its pages cannot be allocated.
 */
struct perf_buffer *rb_alloc(int nr_pages, long watermark, int cpu, int flags)
{
	size_t size = struct_size_t(struct perf_buffer, data_pages, rb_data_slots(nr_pages));
	struct perf_buffer *rb;
	long data_size;

	if (nr_pages < 0 || size > KMALLOC_MAX_SIZE)
		return NULL;

	rb = kzalloc_node(size, GFP_KERNEL | __GFP_NOWARN, rb_node(cpu));
	if (!rb)
		return NULL;

	rb->nr_pages = rb_data_slots(nr_pages);
	if (!rb_alloc_pages(rb, nr_pages, rb_node(cpu))) {
		rb_free(rb);
		return NULL;
	}

	data_size = perf_data_size(rb);
	rb->watermark = watermark > 0 ? min(watermark, data_size) : data_size / 2;
	rb->overwrite = !(flags & RING_BUFFER_WRITABLE);
	rb->paused = !nr_pages;
	refcount_set(&rb->refcount, 1);
	spin_lock_init(&rb->event_lock);
	INIT_LIST_HEAD(&rb->event_list);
	/* Hard: its memory must outlast it, which an RCU reader, the interrupt, sees to. */
	rb->free_work = IRQ_WORK_INIT_HARD(rb_free_irq);
	rb_init_aux(rb);

	return rb;
}

/**
 * ring_buffer_put() - drop a reference
 * @rb: the buffer, NULL does nothing
 *
 * The last one frees the buffer after a grace period: writers found it by RCU.
 *
 * Context: any, NMI included; does not sleep.
 */
void ring_buffer_put(struct perf_buffer *rb)
{
	if (!rb || !refcount_dec_and_test(&rb->refcount))
		return;

	WARN_ON_ONCE(!list_empty(&rb->event_list));
	if (in_nmi())
		irq_work_queue(&rb->free_work);
	else
		call_rcu(&rb->rcu_head, rb_free_rcu);
}

/* Take no records, or take them again.  Any context; no order: a record more or less. */
void rb_toggle_paused(struct perf_buffer *rb, bool pause)
{
	WRITE_ONCE(rb->paused, pause || !rb->nr_pages);
}

/**
 * perf_mmap_to_page() - which page of memory stands behind a page of a mapping
 * @rb: the buffer
 * @pgoff: page in the file: 0 is the user page, then the data, and AUX where
 *	   the reader put it
 *
 * Context: RCU or a reference on @rb; for a page of the AUX area a mapping of
 * it, which keeps the area there.
 * Return: the page, NULL if there is none.
 */
struct page *perf_mmap_to_page(struct perf_buffer *rb, unsigned long pgoff)
{
	unsigned long nr_data = perf_data_size(rb) >> PAGE_SHIFT;
	unsigned long nr_aux = rb->aux_nr_pages;
	unsigned long index;

	if (pgoff <= nr_data)
		return rb_page(rb, array_index_nospec(pgoff, nr_data + 1));

	index = pgoff - rb->aux_pgoff;
	if (pgoff < rb->aux_pgoff || index >= nr_aux)
		return NULL;

	return virt_to_page(rb->aux_pages[array_index_nospec(index, nr_aux)]);
}
