/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a hand can do with events: one function an operation.  Each returns 0 or
 * a negative errno, which is counted; what may not be is complained about.
 */
#ifndef TORTURE_OPS_H
#define TORTURE_OPS_H

#include <sys/syscall.h>
#include <sys/uio.h>
#include "torture_open.h"

/* ---- Open and close ---- */

static int op_open(struct hand *h)
{
	return open_in(h, free_slot(h), chance(h, 4) ? used_slot(h) : NULL);
}

static int op_open_group(struct hand *h)
{
	unsigned int at = pick(h, SLOTS), nr = 2 + pick(h, 5);
	struct slot *leader = &h->slot[at];
	int err = open_in(h, leader, NULL);

	for (unsigned int i = 1; i < nr && !err; i++)
		open_in(h, &h->slot[(at + i) % SLOTS], leader);
	return err;
}

static int op_close(struct hand *h)
{
	return close_slot(h, used_slot(h));
}

/* Another descriptor in place of the first, which goes. */
static int op_dup(struct hand *h)
{
	struct slot *s = used_slot(h);
	int fd = s->fd < 0 ? -1 : dup(s->fd);

	if (fd < 0)
		return -errno;
	close(s->fd);
	s->fd = fd;
	return 0;
}

/* ---- Read ---- */

static int read_slot(struct hand *h, struct slot *s, size_t size)
{
	ssize_t n = read(s->fd, h->buf, size);
	__u64 format = s->attr.read_format;

	if (n <= 0)
		return n ? -errno : 0;
	if (s->attr.size < 48)
		return 0;	/* it does not reach to the format */
	if (reading_parse(h->buf, n / 8, format, &h->reading) * 8 != n)
		complain(h, "a read of event %llu (format %llx) gave %zd bytes", s->id, format, n);
	else
		check_reading(h, s, &h->reading);
	return 0;
}

static int op_read(struct hand *h)
{
	return read_slot(h, used_slot(h), chance(h, 6) ? 8 * pick(h, 20) : sizeof(h->buf));
}

static int op_read_badly(struct hand *h)
{
	struct slot *s = used_slot(h);
	struct iovec vec[] = { { h->buf, 8 }, { NULL, 64 }, { h->buf, sizeof(h->buf) } };

	if (chance(h, 2))
		return syscall(__NR_read, s->fd, 8UL, 1024UL) < 0 ? -errno : 0;
	return readv(s->fd, vec + pick(h, 3), 1) < 0 ? -errno : 0;
}

static int op_fdinfo(struct hand *h)
{
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", used_slot(h)->fd);
	err = file_read(path, (char *)h->buf, sizeof(h->buf));
	return err < 0 ? err : 0;
}

static int op_poll(struct hand *h)
{
	struct pollfd fds[4];

	for (int i = 0; i < 4; i++)
		fds[i] = (struct pollfd) { used_slot(h)->fd, POLLIN | POLLHUP, 0 };
	return poll(fds, 4, pick(h, 4)) < 0 ? -errno : 0;
}

static int op_fasync(struct hand *h)
{
	int fd = used_slot(h)->fd;

	if (fcntl(fd, F_SETOWN, chance(h, 2) ? getpid() : any_tid(h)) ||
	    fcntl(fd, F_SETSIG, chance(h, 2) ? SIGIO : 0) ||
	    fcntl(fd, F_SETFL, (pick(h, 3) ? O_ASYNC : 0) | (pick(h, 2) ? O_NONBLOCK : 0)))
		return -errno;
	return 0;
}

/* ---- Rings ---- */

static int op_map(struct hand *h)
{
	struct slot *s = pick(h, 4) ? slot_with(h, lacks_ring) : used_slot(h);
	unsigned int pages = chance(h, 20) ? pick(h, 20) : 1U << pick(h, chance(h, 8) ? 9 : 4);
	int prot = PROT_READ | (pick(h, 5) ? PROT_WRITE : 0);
	struct ring ring;
	int err;

	if (!s->own && s->strict)
		prot = PROT_READ;
	if (s->ring.page && pick(h, 8))
		return -EBUSY;
	if (s->ring.page)
		return unmap_slot(s);
	err = ring_map_prot(&ring, s->fd, pages, prot);
	if (err)
		return err;
	/* Without a right to write nothing is taken out, nor lost. */
	if (!(prot & PROT_WRITE) && s->strict && s->own)
		s->mixed = true;
	if (prot & PROT_WRITE && !(pages & (pages - 1)) && pages) {
		s->ring = ring;
		return 0;
	}
	sched_yield();
	munmap(ring.page, ring.len);
	return 0;
}

/* No part of a buffer can go, or stay. */
static int op_split(struct hand *h)
{
	struct slot *s = slot_with(h, is_mapped);
	size_t page = getpagesize(), from = page * pick(h, 9);
	char *start = (char *)s->ring.page;
	int err;

	if (!start || from >= s->ring.len)
		return -EINVAL;
	if (chance(h, 2))
		err = mprotect(start + from, page, PROT_NONE);
	else
		err = munmap(start + from, page);
	if (!err && s->ring.len > page)
		complain(h, "a buffer of %zu bytes was split at %zu", s->ring.len, from);
	return -errno;
}

static int op_move(struct hand *h)
{
	struct slot *s = slot_with(h, is_mapped);
	size_t len = s->ring.len;
	void *to;

	if (!s->ring.page)
		return -EINVAL;
	if (chance(h, 3)) {
		to = mremap(s->ring.page, len, len + getpagesize(),
			    pick(h, 2) ? MREMAP_MAYMOVE : 0);
		if (to != MAP_FAILED)
			complain(h, "a buffer of %zu bytes has grown", len);
		return -errno;
	}
	to = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (to == MAP_FAILED)
		return -errno;
	if (mremap(s->ring.page, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED) {
		int err = -errno;

		munmap(to, len);
		return err;
	}
	s->ring.page = to;
	s->ring.data = (unsigned char *)to + getpagesize();
	return 0;
}

static int op_advise(struct hand *h)
{
	static const int advice[] = {
		MADV_DONTFORK, MADV_DOFORK, MADV_WILLNEED, MADV_DONTNEED, MADV_COLD, MADV_NORMAL,
	};
	struct slot *s = slot_with(h, is_mapped);

	if (!s->ring.page)
		return -EINVAL;
	if (chance(h, 3))
		return mlock(s->ring.page, s->ring.len) || munlock(s->ring.page, s->ring.len) ?
		       -errno : 0;
	if (chance(h, 3))
		return msync(s->ring.page, s->ring.len, MS_SYNC) ? -errno : 0;
	return madvise(s->ring.page, s->ring.len, advice[pick(h, ARRAY_SIZE(advice))]) ? -errno : 0;
}

/* A second mapping, which may outlive the first; sometimes a private one, or one of odd size. */
static int op_map_again(struct hand *h)
{
	struct slot *s = used_slot(h);
	size_t len = s->ring.page && pick(h, 4) ? s->ring.len : (size_t)getpagesize() * pick(h, 10);
	void *p = mmap(NULL, len, PROT_READ | (chance(h, 2) ? PROT_WRITE : 0),
		       chance(h, 10) ? MAP_PRIVATE : MAP_SHARED, s->fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	if (chance(h, 2))
		unmap_slot(s);
	if (munmap(p, len))
		return munmap(p, len) ? -errno : 0;
	return 0;
}

static int op_map_aux(struct hand *h)
{
	struct slot *s = slot_with(h, has_aux);
	size_t len = (size_t)getpagesize() << pick(h, 6);
	void *p;

	if (!s->ring.page)
		return -EINVAL;
	if (s->aux)
		return unmap_aux(s);
	s->ring.page->aux_offset = pick(h, 10) ? s->ring.len : any_size(h, 40) & -4096ULL;
	s->ring.page->aux_size = chance(h, 10) ? any_size(h, 40) : len;
	p = mmap(NULL, len, PROT_READ | (pick(h, 3) ? PROT_WRITE : 0), MAP_SHARED, s->fd,
		 s->ring.page->aux_offset);
	if (p == MAP_FAILED)
		return -errno;
	s->aux = p;
	s->aux_len = len;
	return 0;
}

static int lost_of(struct hand *h, struct slot *s, __u64 *lost)
{
	ssize_t n = read(s->fd, h->buf, sizeof(h->buf));

	if (n <= 0 || reading_parse(h->buf, n / 8, s->attr.read_format, &h->reading) < 0)
		return -EIO;
	*lost = h->reading.of[0].lost;
	return 0;
}

/* The records are well-formed, and tell of no more losses than the event does. */
static int op_ring(struct hand *h)
{
	struct slot *s = slot_with(h, chance(h, 4) ? is_mapped : reads_ring);
	__u64 lost, format = s->attr.read_format;

	if (!s->ring.page)
		return -EINVAL;
	if (s->aux && chance(h, 2))
		s->ring.page->aux_tail = SEE(s->ring.page->aux_head);
	if (!reads_ring(s)) {
		if (!s->strict && chance(h, 2))
			s->ring.page->data_tail = chance(h, 2) ? draw(h) : ring_head(&s->ring);
		return 0;
	}
	check_ring(h, s, chance(h, 2) ? 10000 : pick(h, 50));
	if (!(format & PERF_FORMAT_LOST) || (format & PERF_FORMAT_GROUP) || s->mixed)
		return 0;
	if (!lost_of(h, s, &lost) && s->told > lost)
		complain(h, "event %llu has lost %llu, and its ring tells of %llu", s->id, lost,
			 s->told);
	return 0;
}

/* What the user page tells is consistent; what it tells of a counter can be read. */
static int op_user_page(struct hand *h)
{
	struct slot *s = slot_with(h, is_mapped);
	struct perf_event_mmap_page *page = s->ring.page;
	__u64 enabled, running;
	__u32 seq, index;
	int tries = 100;

	if (!page)
		return -EINVAL;
	do {
		seq = __atomic_load_n(&page->lock, __ATOMIC_ACQUIRE);
		enabled = SEE(page->time_enabled);
		running = SEE(page->time_running);
		index = SEE(page->index);
#ifdef __x86_64__
		if (page->cap_user_rdpmc && index) {
			unsigned int low, high;

			asm volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(index - 1));
		}
#endif
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((seq & 1 || SEE(page->lock) != seq) && tries--);
	if (tries < 0)
		return -EAGAIN;
	if (running > enabled)
		complain(h, "the page of event %llu (type %u config %llx): ran %llu of %llu",
			 s->id, s->attr.type, s->attr.config, running, enabled);
	return 0;
}

/* ---- Commands ---- */

static int op_command(struct hand *h)
{
	static const unsigned long command[] = {
		PERF_EVENT_IOC_ENABLE, PERF_EVENT_IOC_DISABLE, PERF_EVENT_IOC_REFRESH,
		PERF_EVENT_IOC_PAUSE_OUTPUT, PERF_EVENT_IOC_RESET,
	};
	struct slot *s = used_slot(h);
	unsigned int which = pick(h, ARRAY_SIZE(command) - s->strict);
	unsigned long arg = chance(h, 3) ? PERF_IOC_FLAG_GROUP : pick(h, 5) ? 0 : pick(h, 100);

	return pe_ioctl(s->fd, command[which], arg);
}

static int op_period(struct hand *h)
{
	struct slot *s = used_slot(h);
	__u64 period = tame_period(&s->attr, of_cpu(s), any_size(h, 32));

	if (s->attr.size != sizeof(s->attr))
		period |= 1 << 30;
	return pe_ioctl(s->fd, PERF_EVENT_IOC_PERIOD, (unsigned long)&period);
}

static int op_id(struct hand *h)
{
	struct slot *s = used_slot(h);
	__u64 id;
	int err = pe_ioctl(s->fd, PERF_EVENT_IOC_ID, (unsigned long)&id);

	if (!err && id != s->id)
		complain(h, "event %llu now has the id %llu", s->id, id);
	return err;
}

static int op_output(struct hand *h)
{
	struct slot *s = used_slot(h), *to = pick(h, 4) ? slot_with(h, is_mapped) : used_slot(h);
	int err;

	if (!may_write(to) || to->fd < 0)
		return -EPERM;
	s->mixed = true;
	to->mixed = true;
	err = pe_ioctl(s->fd, PERF_EVENT_IOC_SET_OUTPUT, pick(h, 4) ? to->fd : -1);
	return err;
}

/* A graph grows: most of the links are between events of one task, or CPU. */
static int op_trigger(struct hand *h)
{
	struct slot *s = slot_with(h, samples), *target = used_slot(h);
	unsigned int at = pick(h, SLOTS);

	for (int i = 0; i < SLOTS && pick(h, 8); i++) {
		struct slot *other = &h->slot[(at + i) % SLOTS];

		if (other->fd >= 0 && other != s && other->pid == s->pid && other->cpu == s->cpu)
			target = other;
	}
	return pe_ioctl(s->fd, pick(h, 2) ? PERF_EVENT_IOC_SET_STARTER : PERF_EVENT_IOC_SET_STOPPER,
			target->fd);
}

static int op_modify(struct hand *h)
{
	struct slot *s = pick(h, 4) ? slot_with(h, is_breakpoint) : used_slot(h);
	struct perf_event_attr attr = s->attr;

	if (attr.type == PERF_TYPE_BREAKPOINT && pick(h, 4)) {
		want_breakpoint(h, &attr);
		attr.disabled = pick(h, 2);
	} else if (pick(h, 4)) {
		attr_random(h, &attr);
		attr.size = sizeof(attr);
	}
	return pe_ioctl(s->fd, PERF_EVENT_IOC_MODIFY_ATTRIBUTES, (unsigned long)&attr);
}

static int op_filter(struct hand *h)
{
	static const char * const filter[] = {
		"common_pid != 0", "fd >= 5000", "fd >= 5000 && common_pid != 0 || fd == 1", "0",
		"", "prev_comm ~ \"tor*\"", "nr & 1", "no_such == 1", "((((", "id == 3",
		"filter 0x0/0x1000", "start 0x10@/proc/self/exe",
	};
	unsigned long arg = (unsigned long)filter[pick(h, ARRAY_SIZE(filter))];
	struct slot *s = slot_with(h, is_traced);

	return pe_ioctl(s->fd, PERF_EVENT_IOC_SET_FILTER, chance(h, 20) ? 8 : arg);
}

/* Any number, with any argument, but not what a strict slot shall be spared. */
static int op_any_command(struct hand *h)
{
	struct slot *s = used_slot(h);
	unsigned int size = pick(h, 4) * 4, nr = pick(h, 16);
	unsigned long command = (unsigned long)pick(h, 4) << 30 | size << 16 | '$' << 8 | nr;

	if (s->strict || nr == _IOC_NR(PERF_EVENT_IOC_PERIOD) ||
	    nr == _IOC_NR(PERF_EVENT_IOC_SET_OUTPUT))
		return -EPERM;
	if (chance(h, 2))
		memset(h->buf, 0xff, 64);
	return pe_ioctl(s->fd, command, chance(h, 2) ? any_size(h, 8) : (unsigned long)h->buf);
}

static int op_prctl(struct hand *h)
{
	return prctl(pick(h, 6) ? PR_TASK_PERF_EVENTS_ENABLE : PR_TASK_PERF_EVENTS_DISABLE,
		     0, 0, 0, 0) ? -errno : 0;
}

/* ---- Programs ---- */

static int op_bpf(struct hand *h)
{
	struct slot *s = pick(h, 3) ? slot_with(h, is_traced) : used_slot(h);

	if (!world.nr_progs)
		return -EOPNOTSUPP;
	return pe_ioctl(s->fd, PERF_EVENT_IOC_SET_BPF, world.progs[pick(h, world.nr_progs)]);
}

static int op_query_bpf(struct hand *h)
{
	struct perf_event_query_bpf *query = (void *)h->buf;
	struct slot *s = slot_with(h, is_traced);

	query->ids_len = pick(h, 10);
	return pe_ioctl(s->fd, PERF_EVENT_IOC_QUERY_BPF, (unsigned long)query);
}

static int op_link_bpf(struct hand *h)
{
	unsigned int at = pick(h, LINKS);
	union bpf_attr attr = { 0 };

	if (h->link[at] >= 0)
		close(h->link[at]);
	h->link[at] = -1;
	if (!world.nr_progs || chance(h, 2))
		return 0;
	attr.link_create.prog_fd = world.progs[pick(h, world.nr_progs)];
	attr.link_create.target_fd = slot_with(h, is_traced)->fd;
	attr.link_create.attach_type = BPF_PERF_EVENT;
	h->link[at] = syscall(__NR_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	return h->link[at] < 0 ? -errno : 0;
}

/* Into the map that a program reads, writes to, or out of it. */
static int op_map_bpf(struct hand *h)
{
	__u32 key = pick(h, 5), value = used_slot(h)->fd;
	union bpf_attr attr = {
		.map_fd = world.map, .key = (unsigned long)&key, .value = (unsigned long)&value,
	};

	if (world.map < 0)
		return -EOPNOTSUPP;
	return syscall(__NR_bpf, pick(h, 3) ? BPF_MAP_UPDATE_ELEM : BPF_MAP_DELETE_ELEM, &attr,
		       sizeof(attr)) ? -errno : 0;
}

/* ---- Exact accounts ---- */

struct ledger {
	__u64 samples;
	__u64 told;
};

static int ledger_take(struct hand *h, struct ring *ring, struct ledger *l)
{
	int got;

	while ((got = ring_next(ring, &h->rec)) > 0) {
		l->samples += h->rec.head.type == PERF_RECORD_SAMPLE;
		if (h->rec.head.type == PERF_RECORD_LOST)
			l->told += h->rec.words[2];
	}
	if (got < 0)
		complain(h, "no record in a ledger's ring");
	return got;
}

/*
 * Each page fault is a sample, or lost; and each that is lost is told in the
 * ring.  A fault while the event is throttled is neither, but not counted.
 */
static int op_ledger(struct hand *h)
{
	struct perf_event_attr attr = fault_attr();
	__u64 value[5] = { 0 };
	struct ledger l = { 0 };
	struct ring ring;
	int fd, err;

	attr.disabled = 1;
	attr.sample_period = 1;
	attr.sample_type = bits(h, (PERF_SAMPLE_MAX - 1) & ~SIZED, 1) & ~PERF_SAMPLE_WEIGHT;
	attr.sample_id_all = pick(h, 2);
	attr.inherit_stat = pick(h, 2);
	attr.read_format = PERF_FORMAT_LOST;
	fd = pe_self(&attr);
	if (fd < 0)
		return fd;
	err = ring_map(&ring, fd, 1 << pick(h, 3));
	if (err) {
		close(fd);
		return err;
	}
	for (int n = 1 + pick(h, 6); n--;) {
		burst(fd, 1 + pick(h, 200));
		if (chance(h, 2))
			ledger_take(h, &ring, &l);
		if (chance(h, 2))
			sched_yield();
	}
	/* Now there is room to tell. */
	ledger_take(h, &ring, &l);
	burst(fd, 1);
	ledger_take(h, &ring, &l);
	err = read(fd, value, sizeof(value)) == 16 ? 0 : -EIO;
	if (!err && (l.told != value[1] || l.samples > value[0] || l.samples + l.told < value[0]))
		complain(h, "of %llu faults %llu are samples; %llu were lost, %llu are told",
			 value[0], l.samples, value[1], l.told);
	TALLY(common->ledgers);
	ring_unmap(&ring);
	close(fd);
	return err;
}

#endif /* TORTURE_OPS_H */
