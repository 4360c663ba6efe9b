// SPDX-License-Identifier: GPL-2.0
/*
 * Side-band records: what happens in the world around the samples.
 *
 * News of the world (a mapping, a fork, a BPF program ...) goes to every event that
 * asked for its kind and is where it happens: the CPU's own events, and those of
 * the task.  Each kind is a row of sb_kinds[]: which events want it, and how the
 * record differs from one of them to the next.  What an event has to say of itself
 * (throttled, AUX data, lost samples) goes to that event alone.
 *
 * Both are a struct sb_record: a body of fixed size, at most two pieces of variable
 * size, zeros up to a multiple of 8.  sb_write() adds the header and the identity
 * at the end.  No byte of memory goes out that was not meant to: bodies
 * begin as zeros, and padding is written, not skipped.
 *
 * Who hears
 *
 *  - Events of a CPU that want any kind stand on the CPU's list, event->sb_list;
 *    those of a task are found in its context.  Both are walked under RCU, and
 *    whoever is off, or bound to another CPU, is passed over.
 *  - One lock serialises changes of all lists: an event may have been moved to another
 *    CPU (event->cpu) since it was linked, and needs no list to be named.
 *  - sb_users[] counts the events of each kind, system-wide.  While it is 0 a hook
 *    reads one word and returns.
 *  - Only events that were opened are counted and listed: inherited ones belong to
 *    tasks and live no longer than the event they come from.
 */
#include <linux/bpf.h>
#include <linux/buildid.h>
#include <linux/filter.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/proc_ns.h>
#include <linux/rculist.h>

#include "internal.h"

/* Names of mappings that are no files are cut at this many bytes. */
#define SB_SPECIAL_NAME_MAX	15

enum sb_kind {
	SB_NOT_BROADCAST,
	SB_MMAP,
	SB_BUILD_ID,	/* no record: whether mappings need be looked into */
	SB_COMM,
	SB_TASK,
	SB_NAMESPACES,
	SB_SWITCH,
	SB_KSYMBOL,
	SB_BPF,
	SB_CGROUP,
	SB_TEXT_POKE,
	SB_DEFERRED,
	NR_SB_KINDS
};

/* ---- Records ------------------------------------------------------------- */

struct sb_pid_tid {
	u32	pid, tid;
};

struct sb_mmap {
	struct sb_pid_tid	who;
	u64			addr;
	u64			len;
	u64			pgoff;
	/* PERF_RECORD_MMAP ends here. */
	union {
		struct {
			u32	maj, min;
			u64	ino;
			u64	ino_generation;
		};
		struct {
			u8	build_id_size;
			u8	reserved[3];
			u8	build_id[BUILD_ID_SIZE_MAX];
		};
	};
	u32			prot, flags;
};

struct sb_task {
	u32	pid, ppid;
	u32	tid, ptid;
	u64	time;
};

struct sb_namespaces {
	struct sb_pid_tid		who;
	u64				nr;
	struct perf_ns_link_info	link[NR_NAMESPACES];
};

struct sb_ksymbol {
	u64	addr;
	u32	len;
	u16	type, flags;
};

struct sb_bpf {
	u16	type, flags;
	u32	id;
	u8	tag[BPF_TAG_SIZE];
};

struct sb_deferred {
	u64	cookie;
	u64	nr;		/* of the addresses in the piece */
};

struct sb_text_poke {
	u64	addr;
	u16	old_len, new_len;
	u8	bytes[4];	/* the pieces begin here */
};

/* The layouts are ABI. */
static_assert(offsetof(struct sb_mmap, maj) == 32);
static_assert(offsetof(struct sb_mmap, build_id) == 36);
static_assert(offsetof(struct sb_mmap, prot) == 56);
static_assert(sizeof(struct sb_mmap) == 64);
static_assert(sizeof(struct sb_task) == 24);
static_assert(sizeof(struct sb_namespaces) == 16 + 16 * NR_NAMESPACES);
static_assert(sizeof(struct sb_ksymbol) == 16);
static_assert(sizeof(struct sb_bpf) == 16);
static_assert(offsetof(struct sb_text_poke, bytes) == 12);
static_assert(sizeof(struct sb_deferred) == 16);

/* A record without its header. */
struct sb_record {
	enum sb_kind			kind;	/* who gets it */
	u32				type;	/* PERF_RECORD_* */
	u16				misc;	/* PERF_RECORD_MISC_* */
	u16				size;	/* bytes of the body, 0 for none */
	bool				string;	/* the last piece ends with a zero */
	bool				values;	/* the event's counter values follow */
	union {
		struct sb_pid_tid	who;
		struct sb_mmap		mmap;
		struct sb_task		task_info;
		struct sb_namespaces	namespaces;
		struct sb_ksymbol	ksymbol;
		struct sb_bpf		bpf;
		struct sb_text_poke	text_poke;
		struct sb_deferred	deferred;
		u64			word;
		u64			words[3];
	} body;
	struct sb_piece {
		const void		*data;
		size_t			len;
	} piece[2];
	/* What the events' own copies are completed from. */
	struct task_struct		*task, *other;
	const u8			*build_id;
	u32				build_id_size;
};

static void sb_set_string(struct sb_record *rec, const char *string, size_t max)
{
	rec->string = true;
	rec->piece[0].data = string;
	rec->piece[0].len = strnlen(string, max);
}

static struct sb_pid_tid sb_who(struct perf_event *event, struct task_struct *task)
{
	return (struct sb_pid_tid) {
		.pid = perf_event_pid(event, task),
		.tid = perf_event_tid(event, task),
	};
}

/* The one place where a side-band record is written.  Any context. */
static void sb_write(struct perf_event *event, const struct sb_record *rec)
{
	size_t size = rec->size + rec->piece[0].len + rec->piece[1].len + rec->string;
	size_t pad = ALIGN(size, sizeof(u64)) - size + rec->string;
	struct perf_output_handle handle __uninitialized;
	struct perf_event_header header;
	struct perf_sample_data sample __uninitialized;
	static const u64 zeros[2];
	int i;

	size = sizeof(header) + ALIGN(size, sizeof(u64));
	if (rec->values)
		size += event->read_size;
	if (size + event->id_header_size > U16_MAX) {
		atomic64_inc(&perf_event_root(event)->lost_samples);
		return;
	}

	perf_event_header__init(&header, &sample, rec->type, rec->misc, size, event);
	if (perf_output_begin(&handle, &sample, event, header.size))
		return;

	perf_output_put(&handle, header);
	if (rec->size)
		perf_output_copy(&handle, &rec->body, rec->size);
	for (i = 0; i < ARRAY_SIZE(rec->piece); i++) {
		if (rec->piece[i].len)
			perf_output_copy(&handle, rec->piece[i].data, rec->piece[i].len);
	}
	if (pad)
		perf_output_copy(&handle, zeros, pad);
	if (rec->values)
		perf_output_read(&handle, event, false);
	perf_event__output_id_sample(event, &handle, &sample);
	perf_output_end(&handle);
}

/* ---- Kinds: who wants one, and what differs from event to event ---------- */

#define SB_WANTS(name, expr)						\
	static bool wants_##name(const struct perf_event_attr *attr) { return expr; }

SB_WANTS(mmap,		attr->mmap || attr->mmap_data || attr->mmap2)
SB_WANTS(build_id,	attr->build_id)
SB_WANTS(comm,		attr->comm)
SB_WANTS(task,		attr->task || attr->comm || wants_mmap(attr))
SB_WANTS(namespaces,	attr->namespaces)
SB_WANTS(switch,	attr->context_switch)
SB_WANTS(ksymbol,	attr->ksymbol)
SB_WANTS(bpf,		attr->bpf_event)
SB_WANTS(cgroup,	attr->cgroup)
SB_WANTS(text_poke,	attr->text_poke)
SB_WANTS(deferred,	attr->defer_output)

static bool fill_who(struct perf_event *event, struct sb_record *rec)
{
	rec->body.who = sb_who(event, rec->task);
	return true;
}

/* MMAP is the beginning of MMAP2; a build id stands in place of the inode. */
static bool fill_mmap(struct perf_event *event, struct sb_record *rec)
{
	const struct perf_event_attr *attr = &event->attr;
	struct sb_mmap *map = &rec->body.mmap;

	if (rec->misc & PERF_RECORD_MISC_MMAP_DATA ? !attr->mmap_data :
						     !attr->mmap && !attr->mmap2)
		return false;

	map->who = sb_who(event, rec->task);
	if (!attr->mmap2) {
		rec->type = PERF_RECORD_MMAP;
		rec->size = offsetof(struct sb_mmap, maj);
	} else if (attr->build_id && rec->build_id_size) {
		rec->misc |= PERF_RECORD_MISC_MMAP_BUILD_ID;
		map->build_id_size = rec->build_id_size;
		memset(map->reserved, 0, sizeof(map->reserved));
		memcpy(map->build_id, rec->build_id, sizeof(map->build_id));
	}

	return true;
}

static bool fill_task(struct perf_event *event, struct sb_record *rec)
{
	struct task_struct *parent = current;
	struct sb_task *info = &rec->body.task_info;

	if (rec->type == PERF_RECORD_EXIT)
		parent = rcu_dereference(rec->task->real_parent);

	info->pid = perf_event_pid(event, rec->task);
	info->tid = perf_event_tid(event, rec->task);
	info->ppid = perf_event_pid(event, parent);
	/* At exit the parent's process stands in both places: so it has always been. */
	info->ptid = rec->type == PERF_RECORD_EXIT ? info->ppid : perf_event_tid(event, parent);
	info->time = perf_event_clock(event);

	return true;
}

/* An event of a task does not learn who else is there. */
static bool fill_switch(struct perf_event *event, struct sb_record *rec)
{
	if (perf_ctx_is_task(event->ctx))
		return true;

	rec->type = PERF_RECORD_SWITCH_CPU_WIDE;
	rec->size = sizeof(rec->body.who);
	rec->body.who = sb_who(event, rec->other);

	return true;
}

/* Who gets one, and what completes an event's own copy, unless it gets none after all. */
static const struct sb_kind_row {
	u32	type;
	u16	misc;
	u16	size;
	bool	(*wants)(const struct perf_event_attr *attr);
	bool	(*fill)(struct perf_event *event, struct sb_record *rec);
} sb_kinds[] = {
#define BODY(member)	sizeof_field(struct sb_record, body.member)
	[SB_MMAP]	= { PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER, BODY(mmap),
			    wants_mmap, fill_mmap },
	[SB_BUILD_ID]	= { .wants = wants_build_id },
	[SB_COMM]	= { PERF_RECORD_COMM, 0, BODY(who), wants_comm, fill_who },
	[SB_TASK]	= { PERF_RECORD_FORK, 0, BODY(task_info), wants_task, fill_task },
	[SB_NAMESPACES]	= { PERF_RECORD_NAMESPACES, 0, BODY(namespaces),
			    wants_namespaces, fill_who },
	[SB_SWITCH]	= { PERF_RECORD_SWITCH, 0, 0, wants_switch, fill_switch },
	[SB_KSYMBOL]	= { PERF_RECORD_KSYMBOL, 0, BODY(ksymbol), wants_ksymbol },
	[SB_BPF]	= { PERF_RECORD_BPF_EVENT, 0, BODY(bpf), wants_bpf },
	[SB_CGROUP]	= { PERF_RECORD_CGROUP, 0, BODY(word), wants_cgroup },
	[SB_TEXT_POKE]	= { PERF_RECORD_TEXT_POKE, PERF_RECORD_MISC_KERNEL,
			    offsetof(struct sb_text_poke, bytes), wants_text_poke },
	[SB_DEFERRED]	= { PERF_RECORD_CALLCHAIN_DEFERRED, PERF_RECORD_MISC_USER,
			    BODY(deferred), wants_deferred },
#undef BODY
};

static_assert(ARRAY_SIZE(sb_kinds) == NR_SB_KINDS);

/* ---- Who hears ----------------------------------------------------------- */

static atomic_t sb_users[NR_SB_KINDS];

/* sb_users[SB_SWITCH], for a test in the scheduler. */
atomic_t perf_switch_records;

/* The CPU's events; changed under sb_lock, read under RCU. */
static DEFINE_PER_CPU(struct list_head, sb_events);
static DEFINE_RAW_SPINLOCK(sb_lock);

static bool sb_wanted(enum sb_kind kind)
{
	return atomic_read(&sb_users[kind]);
}

/* Begin a record, all zeros, unless nobody wants its kind. */
static bool sb_begin(struct sb_record *rec, enum sb_kind kind)
{
	const struct sb_kind_row *row = &sb_kinds[kind];

	if (likely(!sb_wanted(kind)))
		return false;

	/* All of it: the body goes to user space. */
	memset(rec, 0, sizeof(*rec));
	rec->kind = kind;
	rec->type = row->type;
	rec->misc = row->misc;
	rec->size = row->size;

	return true;
}

/* Add @delta to the kinds that the event wants; true if there is one. */
static bool sb_count(struct perf_event *event, int delta)
{
	bool any = false;
	int kind;

	for (kind = SB_NOT_BROADCAST + 1; kind < NR_SB_KINDS; kind++) {
		if (!sb_kinds[kind].wants(&event->attr))
			continue;
		atomic_add(delta, &sb_users[kind]);
		if (kind == SB_SWITCH)
			atomic_add(delta, &perf_switch_records);
		any = true;
	}

	return any;
}

/**
 * perf_sideband_account() - an event may want side-band records from now on
 * @event: the event, complete but for its context
 *
 * Does nothing for inherited events.
 *
 * Context: may sleep.
 */
void perf_sideband_account(struct perf_event *event)
{
	if (event->parent || !sb_count(event, 1) || event->attach_state & PERF_ATTACH_TASK)
		return;

	scoped_guard(raw_spinlock_irqsave, &sb_lock)
		list_add_rcu(&event->sb_list, per_cpu_ptr(&sb_events, event->cpu));
}

/**
 * perf_sideband_unaccount() - undo perf_sideband_account()
 * @event: the event; not freed before a grace period has passed
 *
 * Context: any but NMI.
 */
void perf_sideband_unaccount(struct perf_event *event)
{
	if (event->parent || !sb_count(event, -1) || event->attach_state & PERF_ATTACH_TASK)
		return;

	scoped_guard(raw_spinlock_irqsave, &sb_lock)
		list_del_rcu(&event->sb_list);
}

/**
 * perf_sideband_init_cpu() - a CPU may have events
 * @cpu: the CPU; a second call does nothing
 *
 * Context: boot, or a CPU hotplug step.
 */
void perf_sideband_init_cpu(int cpu)
{
	struct list_head *events = per_cpu_ptr(&sb_events, cpu);

	if (!events->next)
		INIT_LIST_HEAD(events);
}

static void sb_visit(struct perf_event *event, perf_sb_fn fn, void *arg)
{
	/*
	 * An event on the CPU's list may still be on its way to its context.  Pairs
	 * with smp_store_release() in attach_commit(), which comes after all else is set.
	 */
	if (!smp_load_acquire(&event->ctx))
		return;
	if (READ_ONCE(event->state) < PERF_EVENT_STATE_INACTIVE || !perf_event_matches_cpu(event))
		return;

	fn(event, arg);
}

static void sb_visit_ctx(struct perf_event_context *ctx, perf_sb_fn fn, void *arg)
{
	struct perf_event *event;

	list_for_each_entry_rcu(event, &ctx->event_list, event_entry)
		sb_visit(event, fn, arg);
}

/**
 * perf_sideband_for_each() - call a function for the events that are here
 * @fn: the function; runs with preemption off, under RCU
 * @arg: its argument
 * @task_ctx: a context that current has let go of (exit), or NULL
 *
 * That is: this CPU's events that want side-band records of any kind, all
 * events of the current task's context, and of @task_ctx, as far as they are
 * enabled and may count on this CPU.
 *
 * Context: any but NMI.
 */
void perf_sideband_for_each(perf_sb_fn fn, void *arg, struct perf_event_context *task_ctx)
{
	struct perf_event_context *ctx;
	struct perf_event *event;
	struct list_head *here;

	guard(preempt)();
	guard(rcu)();

	here = this_cpu_ptr(&sb_events);
	list_for_each_entry_rcu(event, here, sb_list)
		sb_visit(event, fn, arg);

	ctx = rcu_dereference_raw(current->perf_event_ctxp);
	if (ctx)
		sb_visit_ctx(ctx, fn, arg);
	if (task_ctx && task_ctx != ctx)
		sb_visit_ctx(task_ctx, fn, arg);
}

static void sb_deliver(struct perf_event *event, void *arg)
{
	const struct sb_record *rec = arg;
	const struct sb_kind_row *kind = &sb_kinds[rec->kind];
	struct sb_record copy __uninitialized;

	if (!kind->wants(&event->attr))
		return;
	if (!kind->fill) {
		sb_write(event, rec);
		return;
	}

	copy = *rec;
	if (kind->fill(event, &copy))
		sb_write(event, &copy);
}

static void sb_broadcast(struct sb_record *rec)
{
	perf_sideband_for_each(sb_deliver, rec, NULL);
}

/* ---- Tasks --------------------------------------------------------------- */

/**
 * perf_sideband_task() - FORK or EXIT
 * @task: the new task, or the one that exits: current
 * @task_ctx: at exit: its context, which the task has let go of, or NULL
 * @is_new: it is a fork
 *
 * One call reaches the CPU's events and the task's.
 *
 * Context: any but NMI.
 */
void perf_sideband_task(struct task_struct *task, struct perf_event_context *task_ctx, bool is_new)
{
	struct sb_record rec __uninitialized;

	if (!sb_begin(&rec, SB_TASK))
		return;

	rec.task = task;
	rec.type = is_new ? PERF_RECORD_FORK : PERF_RECORD_EXIT;
	perf_sideband_for_each(sb_deliver, &rec, task_ctx);
}

/**
 * perf_event_comm() - a task has a new name
 * @task: the task
 * @exec: it has it from exec
 *
 * Context: any but NMI.
 */
void perf_event_comm(struct task_struct *task, bool exec)
{
	char comm[TASK_COMM_LEN];
	struct sb_record rec __uninitialized;

	if (!sb_begin(&rec, SB_COMM))
		return;

	rec.task = task;
	rec.misc = exec ? PERF_RECORD_MISC_COMM_EXEC : 0;
	strscpy(comm, task->comm);
	sb_set_string(&rec, comm, sizeof(comm) - 1);
	sb_broadcast(&rec);
}

/* What the configuration has not got stays 0. */
static const struct proc_ns_operations *const sb_ns_ops[NR_NAMESPACES] = {
	[MNT_NS_INDEX]		= &mntns_operations,
#ifdef CONFIG_NET_NS
	[NET_NS_INDEX]		= &netns_operations,
#endif
#ifdef CONFIG_UTS_NS
	[UTS_NS_INDEX]		= &utsns_operations,
#endif
#ifdef CONFIG_IPC_NS
	[IPC_NS_INDEX]		= &ipcns_operations,
#endif
#ifdef CONFIG_PID_NS
	[PID_NS_INDEX]		= &pidns_operations,
#endif
#ifdef CONFIG_USER_NS
	[USER_NS_INDEX]		= &userns_operations,
#endif
#ifdef CONFIG_CGROUPS
	[CGROUP_NS_INDEX]	= &cgroupns_operations,
#endif
};

/**
 * perf_event_namespaces() - a task has new namespaces, or is new itself
 * @task: the task
 *
 * Context: may sleep.
 */
void perf_event_namespaces(struct task_struct *task)
{
	struct perf_ns_link_info *link;
	struct sb_record rec __uninitialized;
	struct path path;
	int i;

	if (!sb_begin(&rec, SB_NAMESPACES))
		return;

	rec.task = task;
	rec.body.namespaces.nr = NR_NAMESPACES;
	for (i = 0; i < NR_NAMESPACES; i++) {
		if (!sb_ns_ops[i] || ns_get_path(&path, task, sb_ns_ops[i]))
			continue;
		link = &rec.body.namespaces.link[i];
		link->dev = new_encode_dev(path.dentry->d_sb->s_dev);
		link->ino = d_inode(path.dentry)->i_ino;
		path_put(&path);
	}
	sb_broadcast(&rec);
}

/**
 * perf_sideband_switch() - a task comes to this CPU or leaves it
 * @task: the task: current
 * @other: the one that it takes turns with
 * @sched_in: it comes
 *
 * Context: the scheduler, IRQs off.
 */
void perf_sideband_switch(struct task_struct *task, struct task_struct *other, bool sched_in)
{
	struct sb_record rec __uninitialized;

	if (!sb_begin(&rec, SB_SWITCH))
		return;

	rec.other = other;
	if (!sched_in) {
		rec.misc = PERF_RECORD_MISC_SWITCH_OUT;
		if (task_is_runnable(task))
			rec.misc |= PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
	}
	sb_broadcast(&rec);
}

/* ---- Mappings ------------------------------------------------------------ */

static const char *file_mapping_name(struct file *file, char *buf, struct sb_mmap *map)
{
	const struct inode *inode = file_user_inode(file);
	char *name;

	if (!buf)
		return "//enomem";
	name = d_path(file_user_path(file), buf, PATH_MAX);
	if (IS_ERR(name))
		return "//toolong";

	map->maj = MAJOR(inode->i_sb->s_dev);
	map->min = MINOR(inode->i_sb->s_dev);
	map->ino = inode->i_ino;
	map->ino_generation = inode->i_generation;

	return name;
}

static const char *special_mapping_name(struct vm_area_struct *vma)
{
	const char *name = NULL;

	if (vma->vm_ops && vma->vm_ops->name)
		name = vma->vm_ops->name(vma);
	if (!name)
		name = arch_vma_name(vma);
	if (name)
		return name;

	if (vma_is_initial_heap(vma))
		return "[heap]";
	return vma_is_initial_stack(vma) ? "[stack]" : "//anon";
}

static u32 mapping_prot(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_READ ? PROT_READ : 0) |
	       (vma->vm_flags & VM_WRITE ? PROT_WRITE : 0) |
	       (vma->vm_flags & VM_EXEC ? PROT_EXEC : 0);
}

static u32 mapping_flags(struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_MAYSHARE ? MAP_SHARED : MAP_PRIVATE) |
	       (vma->vm_flags & VM_LOCKED ? MAP_LOCKED : 0) |
	       (is_vm_hugetlb_page(vma) ? MAP_HUGETLB : 0);
}

/**
 * perf_event_mmap() - current has a new mapping, or changed one
 * @vma: the mapping
 *
 * Address filters learn of it here as well.
 *
 * Context: may sleep; mmap_lock held for writing.
 */
void perf_event_mmap(struct vm_area_struct *vma)
{
	u8 build_id[BUILD_ID_SIZE_MAX] = { };
	struct sb_record rec __uninitialized;
	char *buf = NULL;

	perf_addr_filters_mmap(vma);
	if (!sb_begin(&rec, SB_MMAP))
		return;

	rec.task = current;
	rec.build_id = build_id;
	rec.body.mmap = (struct sb_mmap) {
		.addr	= vma->vm_start,
		.len	= vma->vm_end - vma->vm_start,
		.pgoff	= (u64)vma->vm_pgoff << PAGE_SHIFT,
		.prot	= mapping_prot(vma),
		.flags	= mapping_flags(vma),
	};
	if (!(vma->vm_flags & VM_EXEC))
		rec.misc |= PERF_RECORD_MISC_MMAP_DATA;

	if (vma->vm_file) {
		buf = kmalloc(PATH_MAX, GFP_KERNEL);
		sb_set_string(&rec, file_mapping_name(vma->vm_file, buf, &rec.body.mmap),
			      PATH_MAX);
	} else {
		sb_set_string(&rec, special_mapping_name(vma), SB_SPECIAL_NAME_MAX);
	}
	/* The file is not read for it: only what is in memory is looked at. */
	if (sb_wanted(SB_BUILD_ID) &&
	    build_id_parse_nofault(vma, build_id, &rec.build_id_size))
		rec.build_id_size = 0;

	sb_broadcast(&rec);
	kfree(buf);
}

/* ---- The kernel's own text ----------------------------------------------- */

/**
 * perf_event_ksymbol() - a symbol of the kernel comes or goes
 * @ksym_type: PERF_RECORD_KSYMBOL_TYPE_*
 * @addr: where it is
 * @len: bytes of its code
 * @unregister: it goes
 * @sym: its name
 *
 * Context: any but NMI.
 */
void perf_event_ksymbol(u16 ksym_type, u64 addr, u32 len, bool unregister, const char *sym)
{
	struct sb_record rec __uninitialized;

	if (!sb_begin(&rec, SB_KSYMBOL))
		return;
	if (WARN_ONCE(ksym_type == PERF_RECORD_KSYMBOL_TYPE_UNKNOWN ||
		      ksym_type >= PERF_RECORD_KSYMBOL_TYPE_MAX,
		      "perf: symbol of unknown type %u\n", ksym_type))
		return;

	rec.body.ksymbol = (struct sb_ksymbol) {
		.addr	= addr,
		.len	= len,
		.type	= ksym_type,
		.flags	= unregister ? PERF_RECORD_KSYMBOL_FLAGS_UNREGISTER : 0,
	};
	sb_set_string(&rec, sym, KSYM_NAME_LEN - 1);
	sb_broadcast(&rec);
}

static void bpf_prog_ksymbol(const struct bpf_prog *prog, bool unregister)
{
	perf_event_ksymbol(PERF_RECORD_KSYMBOL_TYPE_BPF, (unsigned long)prog->bpf_func,
			   prog->jited_len, unregister, prog->aux->ksym.name);
}

/**
 * perf_event_bpf_event() - a BPF program comes or goes
 * @prog: the program
 * @type: PERF_BPF_EVENT_*
 * @flags: of the record; none are defined
 *
 * Its functions are reported as symbols, too; the first is the program itself.
 *
 * Context: any but NMI.
 */
void perf_event_bpf_event(struct bpf_prog *prog, enum perf_bpf_event_type type, u16 flags)
{
	bool unload = type == PERF_BPF_EVENT_PROG_UNLOAD;
	struct sb_record rec __uninitialized;
	u32 i;

	if (type != PERF_BPF_EVENT_PROG_LOAD && !unload)
		return;

	if (sb_wanted(SB_KSYMBOL)) {
		bpf_prog_ksymbol(prog, unload);
		for (i = 1; i < prog->aux->func_cnt; i++)
			bpf_prog_ksymbol(prog->aux->func[i], unload);
	}

	if (!sb_begin(&rec, SB_BPF))
		return;

	rec.body.bpf.type = type;
	rec.body.bpf.flags = flags;
	rec.body.bpf.id = prog->aux->id;
	memcpy(rec.body.bpf.tag, prog->tag, sizeof(rec.body.bpf.tag));
	sb_broadcast(&rec);
}

/**
 * perf_event_text_poke() - the kernel changes its own code
 * @addr: where
 * @old_bytes: what was there
 * @old_len: its bytes; 0 for code that is new
 * @new_bytes: what is there instead
 * @new_len: its bytes; 0 for code that goes
 *
 * Context: any but NMI.
 */
void perf_event_text_poke(const void *addr, const void *old_bytes, size_t old_len,
			  const void *new_bytes, size_t new_len)
{
	struct sb_record rec __uninitialized;

	if (!sb_begin(&rec, SB_TEXT_POKE))
		return;

	rec.body.text_poke.addr = (unsigned long)addr;
	rec.body.text_poke.old_len = old_len;
	rec.body.text_poke.new_len = new_len;
	rec.piece[0] = (struct sb_piece) { old_bytes, old_len };
	rec.piece[1] = (struct sb_piece) { new_bytes, new_len };
	sb_broadcast(&rec);
}

/**
 * perf_sideband_deferred() - here is the user call chain that samples were promised
 * @cookie: what they have in its place
 * @chain: the chain, with its mark; NULL for an empty one
 *
 * Context: current is the task whose chain it is; preemption off while @chain is used.
 */
void perf_sideband_deferred(u64 cookie, const struct perf_callchain_entry *chain)
{
	struct sb_record rec __uninitialized;

	if (!sb_begin(&rec, SB_DEFERRED))
		return;

	rec.body.deferred.cookie = cookie;
	if (chain) {
		rec.body.deferred.nr = chain->nr;
		rec.piece[0] = (struct sb_piece) { chain->ip, chain->nr * sizeof(u64) };
	}
	sb_broadcast(&rec);
}

#ifdef CONFIG_CGROUP_PERF
/**
 * perf_sideband_cgroup() - there is a new cgroup
 * @cgrp: the cgroup
 *
 * Context: may sleep.
 */
void perf_sideband_cgroup(struct cgroup *cgrp)
{
	const char *path = "//enomem";
	struct sb_record rec __uninitialized;
	char *buf;

	if (!sb_begin(&rec, SB_CGROUP))
		return;

	buf = kmalloc(PATH_MAX, GFP_KERNEL);
	if (buf)
		path = cgroup_path(cgrp, buf, PATH_MAX) < 0 ? "//toolong" : buf;

	rec.body.word = cgroup_id(cgrp);
	sb_set_string(&rec, path, PATH_MAX);
	sb_broadcast(&rec);
	kfree(buf);
}
#endif

/* ---- What an event says of itself ---------------------------------------- */

/**
 * perf_sideband_throttle() - an event overflows too often, or may go on
 * @event: the event
 * @enable: it may go on
 *
 * Context: any, NMI included.
 */
void perf_sideband_throttle(struct perf_event *event, bool enable)
{
	u64 id = perf_event_root(event)->id;
	struct sb_record rec = {
		.type		= enable ? PERF_RECORD_UNTHROTTLE : PERF_RECORD_THROTTLE,
		.size		= sizeof(rec.body.words),
		.body.words	= { perf_event_clock(event), id, event->id },
	};

	sb_write(event, &rec);
}

/**
 * perf_sideband_aux() - there is new data in the AUX area
 * @event: the event that traces
 * @head: where it begins
 * @size: bytes
 * @flags: PERF_AUX_FLAG_*
 *
 * Context: any, NMI included.
 */
void perf_sideband_aux(struct perf_event *event, unsigned long head,
		       unsigned long size, u64 flags)
{
	struct sb_record rec = {
		.type		= PERF_RECORD_AUX,
		.size		= sizeof(rec.body.words),
		.body.words	= { head, size, flags },
	};

	sb_write(event, &rec);
}

/**
 * perf_sideband_itrace_start() - tell whom the first instructions of a trace belong to
 * @event: the event, about to be put on its PMU
 *
 * Context: ctx->lock, IRQs off; current is the task that will be traced.
 */
void perf_sideband_itrace_start(struct perf_event *event)
{
	struct perf_event *root = perf_event_root(event);
	struct sb_record rec __uninitialized;

	if (likely(!(root->pmu->capabilities & PERF_PMU_CAP_ITRACE)) ||
	    root->attach_state & PERF_ATTACH_ITRACE)
		return;

	rec = (struct sb_record) {
		.type		= PERF_RECORD_ITRACE_START,
		.size		= sizeof(rec.body.who),
		.body.who	= sb_who(root, current),
	};
	sb_write(root, &rec);
}

static void sb_write_word(struct perf_event *event, u32 type, u64 word)
{
	struct sb_record rec = { .type = type, .size = sizeof(word), .body.word = word };

	sb_write(event, &rec);
}

/**
 * perf_report_aux_output_id() - name an event whose data is in another's AUX area
 * @event: the event
 * @hw_id: what the hardware writes there for it
 *
 * Context: any, NMI included.
 */
void perf_report_aux_output_id(struct perf_event *event, u64 hw_id)
{
	sb_write_word(perf_event_root(event), PERF_RECORD_AUX_OUTPUT_HW_ID, hw_id);
}
EXPORT_SYMBOL_GPL(perf_report_aux_output_id);

/**
 * perf_log_lost_samples() - the hardware has dropped samples
 * @event: the event
 * @lost: how many
 *
 * Context: any, NMI included.
 */
void perf_log_lost_samples(struct perf_event *event, u64 lost)
{
	sb_write_word(event, PERF_RECORD_LOST_SAMPLES, lost);
}

/**
 * perf_sideband_read() - READ: what an inherited event has counted when its task, or
 * exec, ends it
 * @event: the event, with attr.inherit_stat, disabled
 * @task: its task, current
 *
 * Another CPU's buffer is not ours to write to: such a record is lost.
 *
 * Context: may sleep; ctx->mutex held.
 */
void perf_sideband_read(struct perf_event *event, struct task_struct *task)
{
	struct sb_record rec = {
		.type		= PERF_RECORD_READ,
		.size		= sizeof(rec.body.who),
		.values		= true,
		.body.who	= sb_who(event, task),
	};

	guard(irqsave)();
	if (event->cpu < 0 || event->cpu == smp_processor_id())
		sb_write(event, &rec);
	else
		atomic64_inc(&perf_event_root(event)->lost_samples);
}
