// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping: how a buffer comes to an event, is shared, and goes.
 *
 * mmap() of an event's fd at offset 0 maps 1 + 2^n pages: the user page, which
 * tells how to read the counter without a system call and where the records
 * are, and the data.  The first such mapping makes the buffer.  A mapping
 * elsewhere is the AUX area; its place and size stand in the user page, where
 * the user wrote them.  PERF_EVENT_IOC_SET_OUTPUT attaches an event to the
 * buffer of another one.
 *
 * What keeps what
 * ---------------
 *
 *   event->rb          the event is attached: holds a reference on the buffer,
 *                      stands on rb->event_list.  Changed under mmap_mutex by
 *                      ring_buffer_attach() alone, read by RCU.
 *   event->mmap_count  mappings made through this event's fd, of either kind.
 *   rb->mmap_count     the same through all events attached to the buffer.  An
 *                      event with a mapping counted here stays attached.
 *   rb->aux_mmap_count those of the AUX area.  It becomes 0 under aux_mutex
 *                      only, before the mapping leaves rb->mmap_count: who
 *                      sees it above 0 under aux_mutex knows that both are.
 *
 * All are refcount_t that stand at 0 while there is nothing: the first user
 * sets them to 1 once everything else is done, everybody else takes them only
 * from a value that is not 0.  A mapping decides, charges and allocates first
 * and then commits, and nothing after the commit can fail.  Hence a buffer
 * whose mmap_count is 0 is on its way out; nobody joins it: a mapping makes a
 * new one in its place, a redirection is refused.
 *
 * When the last mapping of a buffer goes, all events are detached from it.
 *
 * Locks: mmap_lock -> mmap_mutex (two: by address) -> aux_mutex.  ctx->mutex
 * and child_mutex are outside mmap_lock and cannot be taken here; see
 * begin_userpage() and rb_stop_aux() for how one does without.
 */

#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/sched/user.h>
#include <linux/security.h>

#include "internal.h"

/* Budget of a user for each CPU, kB: 512 and the user page. */
int sysctl_perf_event_mlock __read_mostly = 512 + (PAGE_SIZE / 1024);

/* ---- The user page ----------------------------------------------------------- */

/*
 * What the architecture knows: its counters' width, how its clock is read.
 * The weak one is for those that have nothing to tell.
 */
void __weak arch_perf_update_userpage(struct perf_event *event,
				      struct perf_event_mmap_page *userpg, u64 now)
{
}

/**
 * perf_event_init_userpage() - fill in what never changes
 * @event: the event that is being mapped
 * @rb: its buffer, which nobody else has seen yet
 */
void perf_event_init_userpage(struct perf_event *event, struct perf_buffer *rb)
{
	struct perf_event_mmap_page *page = rb->user_page;

	page->size = offsetof(struct perf_event_mmap_page, __reserved);
	page->cap_bit0_is_deprecated = 1;
	page->data_offset = PAGE_SIZE;
	page->data_size = perf_data_size(rb);
}

/* Which counter to read, plus one; 0 if the page's offset is all there is. */
static u32 userpage_index(struct perf_event *event)
{
	bool counts = event->state == PERF_EVENT_STATE_ACTIVE &&
		      !(event->hw.state & PERF_HES_STOPPED);

	return counts && event->pmu->event_idx ? event->pmu->event_idx(event) : 0;
}

/*
 * What to add to the counter's value: the count so far, less the value at
 * which it was taken.  The counter's interrupt may change both in between.
 */
static u64 userpage_offset(struct perf_event *event, u32 index)
{
	u64 prev, count;

	if (!index)
		return perf_event_count(event, false);

	do {
		prev = local64_read(&event->hw.prev_count);
		count = perf_event_count(event, false);
	} while (prev != local64_read(&event->hw.prev_count));

	return count - prev;
}

/**
 * perf_event_update_userpage() - bring the user page up to date
 * @event: the event; nothing happens unless it is mapped itself
 *
 * The page belongs to the events that were mapped, not to those that were
 * redirected to the buffer: they would leave their counters' numbers in it.
 * Nothing is read back from the page: its reader may write to it.
 *
 * Context: the CPU where @event is, or any while its context is locked and not
 * active; NMI included.
 */
void perf_event_update_userpage(struct perf_event *event)
{
	struct perf_event_mmap_page *page;
	u64 now, enabled, running;
	struct perf_buffer *rb;
	u32 index;

	/* The time stamps are of one CPU; RCU readers as well. */
	guard(preempt)();
	rb = perf_event_rb(event);
	if (!rb || !refcount_read(&event->mmap_count))
		return;

	page = rb->user_page;
	perf_event_times_now(event, &now, &enabled, &running);

	/*
	 * The reader is a thread on this CPU: between two equal values of the
	 * lock it was not interrupted by this.  Compiler barriers pair with its.
	 */
	WRITE_ONCE(page->lock, page->lock + 1);
	barrier();

	index = userpage_index(event);
	page->index = index;
	page->offset = userpage_offset(event, index);
	page->time_enabled = enabled + atomic64_read(&event->child_total_time_enabled);
	page->time_running = running + atomic64_read(&event->child_total_time_running);
	arch_perf_update_userpage(event, page, now);

	barrier(); /* pairs as above */
	WRITE_ONCE(page->lock, page->lock + 1);
}
EXPORT_SYMBOL_GPL(perf_event_update_userpage);

/* What updates the page later is what switches the event: none is resident that has one. */
static void userpage_begin_local(struct perf_cpu_context *cpuctx,
				 struct perf_event_context *ctx, void *arg)
{
	/* Put on its PMU as an ordinary one, it has updated the page. */
	if (!perf_event_make_ordinary_local(cpuctx, arg))
		perf_event_update_userpage(arg);
}

/*
 * The first update of a page: the event may be counting on another CPU, and it
 * may be scheduled at this very moment; only its context's lock can tell.
 *
 * ctx->mutex would keep the event in its context, but is outside mmap_lock.
 * Without it: a task's event never changes its context, and the event is
 * pinned by the file.  A CPU's event is moved by perf_pmu_migrate_context(),
 * between contexts that exist for ever; what was done to the wrong one has
 * done no harm, and is done again.  While the event is between two it is on no
 * PMU, and whoever puts it on one sees the buffer.
 */
static void begin_userpage(struct perf_event *event)
{
	struct perf_event_context *ctx;
	int cpu;

	do {
		ctx = READ_ONCE(event->ctx);
		cpu = READ_ONCE(event->cpu);
		perf_ctx_call(ctx, cpu, userpage_begin_local, event);
	} while (ctx != READ_ONCE(event->ctx) || cpu != READ_ONCE(event->cpu));
}

/* ---- Events and their buffers ---------------------------------------------------- */

/**
 * ring_buffer_get() - the buffer that an event's records go to
 * @event: the event; for a child its parent's buffer is found
 *
 * Context: any, NMI included.
 * Return: the buffer with a reference, NULL if there is none.
 */
struct perf_buffer *ring_buffer_get(struct perf_event *event)
{
	struct perf_buffer *rb;

	if (event->parent)
		event = event->parent;
	if (!rcu_access_pointer(event->rb))
		return NULL;

	guard(rcu)();
	rb = perf_event_rb(event);
	return rb && refcount_inc_not_zero(&rb->refcount) ? rb : NULL;
}

/**
 * ring_buffer_attach() - let an event write to a buffer, or to none
 * @event: the event
 * @rb: the buffer, whose reference the event takes over from the caller; NULL
 *	to detach
 *
 * A trace that the event is writing to the AUX area of its former buffer ends:
 * it begins again, in the new one, when the event is next scheduled in.
 *
 * Context: event->mmap_mutex held; may sleep, IRQs on.
 */
void ring_buffer_attach(struct perf_event *event, struct perf_buffer *rb)
{
	struct perf_buffer *old = perf_event_rb(event);
	unsigned long flags;

	lockdep_assert_held(&event->mmap_mutex);

	if (old) {
		spin_lock_irqsave(&old->event_lock, flags);
		list_del_init(&event->rb_entry);
		spin_unlock_irqrestore(&old->event_lock, flags);
	}
	if (rb) {
		spin_lock_irqsave(&rb->event_lock, flags);
		list_add(&event->rb_entry, &rb->event_list);
		spin_unlock_irqrestore(&rb->event_lock, flags);
	}

	/* Its last record goes where the others went. */
	if (old && old != rb)
		rb_stop_aux(old, event);

	/* The buffer before the pointer to it.  Pairs with perf_event_rb() in NMI. */
	rcu_assign_pointer(event->rb, rb);

	if (!old)
		return;

	/* Once more: who begins after this looks at event->rb again. */
	if (old != rb)
		rb_stop_aux(old, event);
	ring_buffer_put(old);

	/*
	 * Whoever waits was on neither list for a moment.  The new buffer, then the
	 * queue; pairs with poll_wait() in perf_poll().
	 */
	if (wq_has_sleeper(&event->waitq))
		wake_up_all(&event->waitq);
}

/**
 * ring_buffer_wakeup() - wake everybody who waits for an event's buffer
 * @event: the event; for a child the buffer is its parent's
 *
 * Redirected events share the buffer: each of their fds becomes readable, though
 * hardly ever somebody sleeps at more than one of them.
 *
 * Context: any but NMI.
 */
void ring_buffer_wakeup(struct perf_event *event)
{
	struct perf_buffer *rb = ring_buffer_get(event);
	struct perf_event *each;
	unsigned long flags;

	if (!rb)
		return;

	spin_lock_irqsave(&rb->event_lock, flags);
	list_for_each_entry(each, &rb->event_list, rb_entry) {
		/* What there is to tell, then the queue.  Pairs with poll_wait() in perf_poll(). */
		if (wq_has_sleeper(&each->waitq))
			wake_up_all(&each->waitq);
	}
	spin_unlock_irqrestore(&rb->event_lock, flags);

	ring_buffer_put(rb);
}

/*
 * The last reference to an event cannot be dropped under mmap_lock: what
 * frees it takes locks that are outside.  Such events wait here, linked by a node
 * that serves only events which are in a context, as these no longer are.
 */
static LIST_HEAD(late_events);
static DEFINE_SPINLOCK(late_events_lock);

static void put_late_events(struct work_struct *work)
{
	struct perf_event *event, *next;
	LIST_HEAD(events);

	spin_lock(&late_events_lock);
	list_splice_init(&late_events, &events);
	spin_unlock(&late_events_lock);

	list_for_each_entry_safe(event, next, &events, migrate_entry) {
		list_del_init(&event->migrate_entry);
		perf_event_put(event);
	}
}

static DECLARE_WORK(late_events_work, put_late_events);

/**
 * perf_event_put_late() - drop a reference, perhaps the last one, under any lock
 * @event: an event that is in no context
 *
 * Context: task; mmap_lock or cpu_hotplug_lock may be held.
 */
void perf_event_put_late(struct perf_event *event)
{
	if (refcount_dec_not_one(&event->refcount))
		return;

	spin_lock(&late_events_lock);
	list_add(&event->migrate_entry, &late_events);
	spin_unlock(&late_events_lock);
	schedule_work(&late_events_work);
}

/* An event that is attached to @rb and not being freed, held; or NULL. */
static struct perf_event *get_attached_event(struct perf_buffer *rb)
{
	struct perf_event *event, *found = NULL;

	spin_lock_irq(&rb->event_lock);
	list_for_each_entry(event, &rb->event_list, rb_entry) {
		if (perf_event_tryget(event)) {
			found = event;
			break;
		}
	}
	spin_unlock_irq(&rb->event_lock);

	return found;
}

/*
 * Nobody maps @rb any more.  Nobody new is attached either: that is done with
 * the mmap_mutex held of an event that is attached already, and only if the
 * buffer is mapped; the loop comes to that event, waits for the mutex, and
 * finds the new one afterwards.  Events being freed detach themselves.
 */
static void detach_all_events(struct perf_buffer *rb)
{
	struct perf_event *event;

	while ((event = get_attached_event(rb))) {
		mutex_lock(&event->mmap_mutex);
		if (perf_event_rb(event) == rb)
			ring_buffer_attach(event, NULL);
		mutex_unlock(&event->mmap_mutex);
		perf_event_put_late(event);
	}
}

/* ---- Who pays -------------------------------------------------------------------- */

/* Pages that one user's buffers may take without being counted as pinned. */
static unsigned long mlock_budget(void)
{
	int kbytes = READ_ONCE(sysctl_perf_event_mlock);

	if (kbytes < 0)
		return LONG_MAX;

	return (unsigned long)(kbytes >> (PAGE_SHIFT - 10)) * num_online_cpus();
}

/* Take what is left of the user's budget, @pages at most. */
static unsigned long take_budget(struct user_struct *user, unsigned long pages)
{
	unsigned long limit = mlock_budget(), taken;
	long used = atomic_long_read(&user->perf_mlock);

	do {
		/* More than the limit may be in use, if that was lowered. */
		taken = used < limit ? min(pages, limit - used) : 0;
	} while (!atomic_long_try_cmpxchg(&user->perf_mlock, &used, used + taken));

	return taken;
}

static void mlock_uncharge(struct perf_mlock_charge *charge)
{
	atomic_long_sub(charge->budget, &charge->user->perf_mlock);
	atomic64_sub(charge->pinned, &charge->mm->pinned_vm);
	free_uid(charge->user);
	mmdrop(charge->mm);
}

/*
 * Charge @pages to the current user's budget, and what that does not cover to
 * @mm as pinned pages, which RLIMIT_MEMLOCK bounds.  The charge remembers both:
 * the buffer may be unmapped last by somebody else.
 */
static int mlock_charge(struct perf_mlock_charge *charge, struct mm_struct *mm,
			unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT, pinned;

	charge->user = get_current_user();
	charge->mm = mm;
	mmgrab(mm);
	charge->budget = take_budget(charge->user, pages);
	charge->pinned = pages - charge->budget;
	pinned = atomic64_add_return(charge->pinned, &mm->pinned_vm);

	if (pinned <= limit || !perf_is_paranoid() || capable(CAP_IPC_LOCK))
		return 0;

	mlock_uncharge(charge);
	return -EPERM;
}

/* ---- Mappings that are there -------------------------------------------------------- */

/* The user page is at 0, AUX never is: aux_offset lies behind the data. */
static bool maps_aux(struct vm_area_struct *vma)
{
	return vma->vm_pgoff;
}

/* Mapped, it does not change its buffer; see the top of this file. */
static struct perf_buffer *mapped_rb(struct perf_event *event)
{
	return rcu_dereference_protected(event->rb, refcount_read(&event->mmap_count));
}

/* The driver may want to know.  SRCU keeps a PMU that is about to go. */
static void tell_driver(struct perf_event *event, struct vm_area_struct *vma, bool mapped)
{
	void (*tell)(struct perf_event *event, struct mm_struct *mm);
	struct pmu *pmu;

	guard(srcu)(&pmus_srcu);
	pmu = READ_ONCE(event->pmu);
	tell = mapped ? pmu->event_mapped : pmu->event_unmapped;
	if (tell)
		tell(event, vma->vm_mm);
}

/* mremap() moved the mapping: the new one is here before the old one goes. */
static void perf_mmap_open(struct vm_area_struct *vma)
{
	struct perf_event *event = vma->vm_file->private_data;
	struct perf_buffer *rb = mapped_rb(event);

	refcount_inc(&event->mmap_count);
	refcount_inc(&rb->mmap_count);
	if (maps_aux(vma))
		refcount_inc(&rb->aux_mmap_count);

	tell_driver(event, vma, true);
}

/*
 * A mapping of the AUX area goes.  With the last one new traces are refused,
 * the one that is being written ends, and then the pages may go; if the driver
 * does not let go of them it frees them when it does.
 */
static void unmap_aux(struct perf_buffer *rb)
{
	guard(mutex)(&rb->aux_mutex);

	if (!refcount_dec_and_test(&rb->aux_mmap_count))
		return;

	rb_stop_aux(rb, NULL);
	mlock_uncharge(&rb->aux_charge);
	rb_free_aux(rb);
}

static void perf_mmap_close(struct vm_area_struct *vma)
{
	struct perf_event *event = vma->vm_file->private_data;
	struct perf_buffer *rb = mapped_rb(event);
	bool last;

	/* The event's own reference goes with its last mapping. */
	refcount_inc(&rb->refcount);

	tell_driver(event, vma, false);

	if (maps_aux(vma))
		unmap_aux(rb);

	last = refcount_dec_and_test(&rb->mmap_count);

	if (refcount_dec_and_mutex_lock(&event->mmap_count, &event->mmap_mutex)) {
		ring_buffer_attach(event, NULL);
		mutex_unlock(&event->mmap_mutex);
	}

	if (last) {
		detach_all_events(rb);
		mlock_uncharge(&rb->charge);
	}

	ring_buffer_put(rb);
}

/* Half a mapping could not be accounted for. */
static int perf_mmap_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	return -EINVAL;
}

/*
 * A page of the buffer, for this mapping.  A writable page of a shared mapping
 * must be some file's page.
 */
static struct page *mapped_page(struct vm_area_struct *vma, unsigned long pgoff)
{
	struct page *page = perf_mmap_to_page(mapped_rb(vma->vm_file->private_data), pgoff);

	if (page) {
		page->mapping = vma->vm_file->f_mapping;
		page->index = pgoff;
	}

	return page;
}

/*
 * User page and data around @pgoff, as a fault for each page would cost more than
 * the page does.  False if a page is there already, or there is no memory.
 */
static bool map_around(struct vm_area_struct *vma, unsigned long pgoff)
{
	unsigned long at = ALIGN_DOWN(pgoff, PTRS_PER_PTE);
	unsigned long end = min(at + PTRS_PER_PTE, vma_pages(vma));
	struct page *pages[32] __uninitialized;

	/* Where caches alias, a fault does more than to map. */
	if (IS_ENABLED(CONFIG_PERF_USE_VMALLOC))
		return false;

	while (at < end) {
		unsigned long n = min(end - at, ARRAY_SIZE(pages)), left = n;

		for (unsigned long i = 0; i < n; i++)
			pages[i] = mapped_page(vma, at + i);
		if (vm_insert_pages(vma, vma->vm_start + at * PAGE_SIZE, pages, &left))
			return false;
		at += n;
	}

	return true;
}

/*
 * Pages come as they are touched, as a file's pages do: they can be pinned and read
 * through /proc.  Only the user page may be written to.
 */
static vm_fault_t perf_mmap_fault(struct vm_fault *vmf)
{
	struct page *page;

	if (vmf->pgoff && (vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE)))
		return VM_FAULT_SIGBUS;
	if (vmf->flags & FAULT_FLAG_MKWRITE)
		return 0;

	if (!maps_aux(vmf->vma) && map_around(vmf->vma, vmf->pgoff))
		return VM_FAULT_NOPAGE;

	page = mapped_page(vmf->vma, vmf->pgoff);
	if (!page)
		return VM_FAULT_SIGBUS;

	get_page(page);
	vmf->page = page;

	return 0;
}

static const struct vm_operations_struct perf_mmap_vm_ops = {
	.open		= perf_mmap_open,
	.close		= perf_mmap_close,
	.may_split	= perf_mmap_may_split,
	.fault		= perf_mmap_fault,
	.page_mkwrite	= perf_mmap_fault,
};

/* ---- New mappings ---------------------------------------------------------------------- */

/* Count a mapping made through @event. */
static void count_mapping(struct perf_event *event)
{
	lockdep_assert_held(&event->mmap_mutex);

	if (!refcount_inc_not_zero(&event->mmap_count))
		refcount_set(&event->mmap_count, 1);
}

static int rb_flags(struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE ? RING_BUFFER_WRITABLE : 0;
}

/* Make a buffer and attach the event to it. */
static int map_new_buffer(struct perf_event *event, struct vm_area_struct *vma, int nr_pages)
{
	const struct perf_event_attr *attr = &event->attr;
	struct perf_mlock_charge charge;
	struct perf_buffer *rb;
	int err;

	err = mlock_charge(&charge, vma->vm_mm, nr_pages + 1UL);
	if (err)
		return err;

	rb = rb_alloc(nr_pages, attr->watermark ? attr->wakeup_watermark : 0, event->cpu,
		      rb_flags(vma));
	if (!rb) {
		mlock_uncharge(&charge);
		return -ENOMEM;
	}

	/* Commit.  All of it is there before others can find it by the event. */
	rb->charge = charge;
	refcount_set(&rb->mmap_count, 1);
	perf_event_init_userpage(event, rb);
	ring_buffer_attach(event, rb);
	return 0;
}

static int map_data(struct perf_event *event, struct vm_area_struct *vma)
{
	unsigned long nr_pages = vma_pages(vma) - 1;
	struct perf_buffer *rb = perf_event_rb(event);

	if (nr_pages && !is_power_of_2(nr_pages))
		return -EINVAL;

	if (rb && refcount_read(&rb->mmap_count)) {
		if (perf_data_size(rb) >> PAGE_SHIFT != nr_pages)
			return -EINVAL;
		if (refcount_inc_not_zero(&rb->mmap_count))
			return 0;
	}

	/* Its last mapping is going, or has gone while we looked. */
	if (rb)
		ring_buffer_attach(event, NULL);

	if (nr_pages > INT_MAX)
		return -ENOMEM;

	return map_new_buffer(event, vma, nr_pages);
}

/* Is the mapping what the user page announces, and what others have mapped? */
static bool aux_place_is_right(struct perf_buffer *rb, struct vm_area_struct *vma)
{
	unsigned long nr_pages = vma_pages(vma);
	/* Once each: the user may be changing them. */
	u64 offset = READ_ONCE(rb->user_page->aux_offset);
	u64 size = READ_ONCE(rb->user_page->aux_size);

	if (offset < perf_data_size(rb) + PAGE_SIZE)
		return false;
	if (offset != (u64)vma->vm_pgoff << PAGE_SHIFT || size != (u64)nr_pages << PAGE_SHIFT)
		return false;
	if (!is_power_of_2(nr_pages))
		return false;

	return !rb_has_aux(rb) || (rb->aux_pgoff == vma->vm_pgoff && rb->aux_nr_pages == nr_pages);
}

static int map_new_aux(struct perf_event *event, struct perf_buffer *rb,
		       struct vm_area_struct *vma)
{
	int nr_pages = vma_pages(vma);
	int err;

	err = mlock_charge(&rb->aux_charge, vma->vm_mm, nr_pages);
	if (err)
		return err;

	err = rb_alloc_aux(rb, event, vma->vm_pgoff, nr_pages, event->attr.aux_watermark,
			   rb_flags(vma));
	if (err)
		goto uncharge;

	/* The event keeps the buffer, but its last mapping may be going. */
	if (!refcount_inc_not_zero(&rb->mmap_count)) {
		err = -EINVAL;
		goto free;
	}

	/* Commit.  The area before its count; pairs with smp_rmb() in aux_enter(). */
	smp_wmb();
	refcount_set(&rb->aux_mmap_count, 1);
	return 0;

free:
	rb_free_aux(rb);
uncharge:
	mlock_uncharge(&rb->aux_charge);
	return err;
}

static int map_aux(struct perf_event *event, struct vm_area_struct *vma)
{
	struct perf_buffer *rb = perf_event_rb(event);

	if (!rb)
		return -EINVAL;
	if (vma_pages(vma) > INT_MAX)
		return -ENOMEM;

	guard(mutex)(&rb->aux_mutex);

	if (!aux_place_is_right(rb, vma) || !refcount_read(&rb->mmap_count))
		return -EINVAL;
	if (!rb_has_aux(rb))
		return map_new_aux(event, rb, vma);
	/* Events of two PMUs may have come here, one after the other, before it was made. */
	if (has_aux(event) && rb->aux_pmu != event->pmu)
		return -EINVAL;

	/* Unmapped, but the driver has not let go of it. */
	if (!refcount_inc_not_zero(&rb->aux_mmap_count))
		return -EBUSY;

	/* Who maps AUX counts here as well, and longer. */
	refcount_inc(&rb->mmap_count);
	return 0;
}

/* Its children would write from other CPUs, to what has no lock. */
static bool is_spread(struct perf_event *event)
{
	return event->cpu == -1 && event->attr.inherit;
}

/**
 * perf_mmap() - map an event's buffer, or its AUX area
 * @file: the event's file
 * @vma: where to
 *
 * Context: task, mmap_lock held for writing.
 * Return: 0, or
 * -EINVAL: a task's event that is inherited (its children would write from
 * other CPUs); not MAP_SHARED; a size that is not allowed, or not that of the
 * buffer that is there; an AUX area that is not where the user page says.
 * -EPERM: more than the user and RLIMIT_MEMLOCK allow.  -ENOMEM.
 * -ENODEV: the PMU has gone.  -EOPNOTSUPP: it has no AUX.
 * -EBUSY: the AUX area was unmapped and is still being written to.
 * Or what security_perf_event_read() says.
 */
int perf_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct perf_event *event = file->private_data;
	int err;

	if (is_spread(event))
		return -EINVAL;
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;

	err = security_perf_event_read(event);
	if (err)
		return err;

	mutex_lock(&event->mmap_mutex);
	if (perf_event_is_orphan(event))
		err = -ENODEV;
	else
		err = maps_aux(vma) ? map_aux(event, vma) : map_data(event, vma);
	if (!err)
		count_mapping(event);
	mutex_unlock(&event->mmap_mutex);
	if (err)
		return err;

	if (!maps_aux(vma))
		begin_userpage(event);

	/* fork() does not copy it, as the pages are charged to this mm; mixed: map_around(). */
	vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP | VM_MIXEDMAP);
	vma->vm_ops = &perf_mmap_vm_ops;

	tell_driver(event, vma, true);

	return 0;
}

/* ---- Redirection --------------------------------------------------------------------------- */

static void lock_two_mmap(struct perf_event *a, struct perf_event *b)
{
	if (b < a)
		swap(a, b);

	mutex_lock(&a->mmap_mutex);
	mutex_lock_nested(&b->mmap_mutex, SINGLE_DEPTH_NESTING);
}

/* A buffer has its writers on one CPU at a time, and records of one kind. */
static bool may_share_buffer(struct perf_event *event, struct perf_event *output)
{
	bool same_task = event->cpu != -1 || event->hw.target == output->hw.target;
	bool same_aux;

	scoped_guard(srcu, &pmus_srcu)
		same_aux = !has_aux(event) || !has_aux(output) || event->pmu == output->pmu;

	return event != output && event->cpu == output->cpu && same_task && same_aux &&
	       !is_spread(event) &&
	       event->clock == output->clock &&
	       is_write_backward(event) == is_write_backward(output);
}

/* Both mmap_mutexes are held. */
static int attach_to_output_locked(struct perf_event *event, struct perf_event *output)
{
	struct perf_buffer *rb;

	if (perf_event_is_orphan(output))
		return -ENODEV;
	if (refcount_read(&event->mmap_count))
		return -EINVAL;

	rb = ring_buffer_get(output);
	if (!rb)
		return -EINVAL;

	/* On its way out; see detach_all_events(). */
	if (!refcount_read(&rb->mmap_count)) {
		ring_buffer_put(rb);
		return -EINVAL;
	}

	ring_buffer_attach(event, rb);
	return 0;
}

/**
 * perf_event_set_output() - let an event write to another one's buffer
 * @event: the event
 * @output: whose buffer; NULL to write nowhere
 *
 * Context: task; may sleep.  ctx->mutex may be held.
 * Return: 0; -ENODEV: @output's PMU has gone; or -EINVAL: @event is mapped itself;
 * @output has no mapped buffer; both are the same; they differ in CPU, in task
 * (of events without a CPU), in clock, in direction, or in the PMU of their AUX
 * areas; or @event has no CPU and is inherited, which perf_mmap() refuses as well.
 */
int perf_event_set_output(struct perf_event *event, struct perf_event *output)
{
	int err;

	if (!output) {
		guard(mutex)(&event->mmap_mutex);
		if (refcount_read(&event->mmap_count))
			return -EINVAL;
		ring_buffer_attach(event, NULL);
		return 0;
	}

	if (!may_share_buffer(event, output))
		return -EINVAL;

	/* A resident event has no buffer: swevent.c asks for that as well. */
	perf_event_make_ordinary(event);

	lock_two_mmap(event, output);
	err = attach_to_output_locked(event, output);
	mutex_unlock(&event->mmap_mutex);
	mutex_unlock(&output->mmap_mutex);

	return err;
}
