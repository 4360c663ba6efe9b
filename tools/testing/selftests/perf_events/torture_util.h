/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hands, their random numbers and slots, and what must always be true.
 *
 * A team is a process, and a hand a thread of it with events of its own in
 * slots.  A step of a hand is one operation; all that it draws is a function of
 * the seed, the team, how often that has been started anew, the hand and the
 * number of the step, so a seed gives the same steps again, whatever came of
 * the ones before.  A child takes the slots of the hand that forked it along.
 *
 * A strict slot is one that nobody resets and whose ring nobody else reads:
 * what can be told of a number or a record is checked there.  On the others
 * anything goes.  All that a hand knows of an event goes with its descriptor,
 * to a child and through a socket.
 */
#ifndef TORTURE_UTIL_H
#define TORTURE_UTIL_H

#include <stdarg.h>
#include <sys/mman.h>
#include <linux/bpf.h>
#include "fault_util.h"

#define TEAMS_MAX	16
#define HANDS		2
#define SLOTS		16
#define LINKS		2
#define CROWD		64
#define NOTES		8
#define OPS		49	/* that there are */
#define GROUPS		3	/* of cgroups */
#define WORDS		256
#define ERRNOS		134

struct slot {
	int fd;				/* -1: empty */
	bool strict;
	bool own;			/* opened by this hand, which alone reads its ring */
	bool mixed;			/* others write to its ring, or it to theirs */
	bool probe;
	int leader;			/* its slot, or -1 */
	pid_t pid;
	int cpu;
	unsigned long flags;
	__u64 id;
	__u64 value, enabled, running, lost;	/* as they were read last */
	__u64 told;			/* lost, by the records that say so */
	struct perf_event_attr attr;
	struct ring ring;
	void *aux;
	size_t aux_len;
};

struct hand {
	__u64 path;			/* all steps of one path differ from all of another */
	__u64 state;
	unsigned long step;
	int team, nr;
	int depth;			/* of forks */
	int op;
	int nth;			/* FAIL_NTH, or -1 */
	struct slot slot[SLOTS];
	int link[LINKS];		/* of BPF programs */
	struct reading reading;
	struct sample sample;
	union record rec;
	__u64 buf[WORDS];
};

/* What is there to be used. */
struct world {
	__u64 seed;
	int teams;
	int cpus;
	int points[32], nr_points;	/* ids of tracepoints */
	int pmus[64], nr_pmus;		/* types */
	int kprobe, uprobe, aux;	/* -1: there is none */
	const char *program;		/* this one's file: finding it takes memory */
	int progs[9], nr_progs;
	int map;
	int cgroup[GROUPS];
	char cgroup_path[128];
	int socket[TEAMS_MAX][2];
	bool hardware;
	bool faults;
	bool loud;			/* print each step */
	unsigned int weight[OPS];
};

struct note {
	unsigned long step;
	int op;
	int result;
};

/* Seen by all processes. */
struct common {
	int stop;
	int is_wrong;
	char wrong[400];
	pid_t crowd[CROWD];		/* children; some may be gone */
	unsigned int nr_crowd;
	struct {
		unsigned long done, under_fault, usec;
		unsigned int gave[ERRNOS];	/* by errno, 0 is well */
	} tally[OPS];
	unsigned long rings, records, samples, readings, ledgers, deaths;
	struct {
		pid_t tid;
		int generation;
		unsigned long steps;
		struct note last[NOTES];
	} hand[TEAMS_MAX][HANDS];
};

static struct world world;
static struct common *common;

#define SEE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define TELL(x, v)	__atomic_store_n(&(x), v, __ATOMIC_RELAXED)
#define TALLY(x)	__atomic_add_fetch(&(x), 1, __ATOMIC_RELAXED)

/* ---- Random numbers ---- */

static inline __u64 mix(__u64 x)
{
	x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdULL;
	x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53ULL;
	return x ^ (x >> 33);
}

static inline __u64 path_of(__u64 from, __u64 turn)
{
	return mix(mix(from) + turn);
}

static inline __u64 draw(struct hand *h)
{
	h->state += 0x9e3779b97f4a7c15ULL;
	return mix(h->state);
}

static inline unsigned int pick(struct hand *h, unsigned int limit)
{
	return draw(h) % limit;
}

/* Once in @n times. */
static inline bool chance(struct hand *h, unsigned int n)
{
	return !pick(h, n);
}

/* Below 2^@bits, all sizes equally often. */
static inline __u64 any_size(struct hand *h, unsigned int bits)
{
	return draw(h) >> (63 - pick(h, bits));
}

/* Each of the bits of @mask, once in 2^@rarely times. */
static inline __u64 bits(struct hand *h, __u64 mask, unsigned int rarely)
{
	while (rarely--)
		mask &= draw(h);
	return mask;
}

/* ---- Complaints ---- */

/* The first is kept, and ends the run. */
static inline void complain(struct hand *h, const char *fmt, ...)
{
	char *at = common->wrong, *end = at + sizeof(common->wrong);
	va_list args;

	if (__atomic_exchange_n(&common->is_wrong, 1, __ATOMIC_RELAXED))
		return;
	if (h)
		at += snprintf(at, end - at, "team %d hand %d depth %d step %lu: ", h->team, h->nr,
			       h->depth, h->step);
	va_start(args, fmt);
	vsnprintf(at, end - at, fmt, args);
	va_end(args);
	__atomic_store_n(&common->is_wrong, 2, __ATOMIC_RELEASE);
}

/* What the kernel keeps to itself may not come out of it. */
static inline int judge(struct hand *h, int err)
{
	if (err <= -ERRNOS)
		complain(h, "error %d is internal to the kernel", err);
	return err;
}

/* ---- Slots ---- */

static inline struct slot *any_slot(struct hand *h)
{
	return &h->slot[pick(h, SLOTS)];
}

/* One that is in use, if there is one near by. */
static inline struct slot *used_slot(struct hand *h)
{
	unsigned int at = pick(h, SLOTS);

	for (int i = 0; i < SLOTS; i++)
		if (h->slot[(at + i) % SLOTS].fd >= 0)
			return &h->slot[(at + i) % SLOTS];
	return &h->slot[at];
}

/* One in use that fits as well, or else any. */
static inline struct slot *slot_with(struct hand *h, bool (*fits)(const struct slot *s))
{
	unsigned int at = pick(h, SLOTS);
	struct slot *other = used_slot(h);

	for (int i = 0; i < SLOTS; i++) {
		struct slot *s = &h->slot[(at + i) % SLOTS];

		if (s->fd >= 0 && fits(s))
			return s;
	}
	return other;
}

/* An empty one, or else any. */
static inline struct slot *free_slot(struct hand *h)
{
	unsigned int at = pick(h, SLOTS);

	for (int i = 0; i < SLOTS; i++)
		if (h->slot[(at + i) % SLOTS].fd < 0)
			return &h->slot[(at + i) % SLOTS];
	return &h->slot[at];
}

static inline bool is_mapped(const struct slot *s)
{
	return s->ring.page;
}

static inline bool lacks_ring(const struct slot *s)
{
	return s->attr.sample_period && !s->ring.page;
}

static inline bool samples(const struct slot *s)
{
	return s->attr.sample_period;
}

static inline bool has_aux(const struct slot *s)
{
	return s->ring.page && s->attr.type == (unsigned int)world.aux;
}

static inline bool is_traced(const struct slot *s)
{
	return s->attr.type == PERF_TYPE_TRACEPOINT || s->attr.type == (unsigned int)world.kprobe;
}

static inline bool is_breakpoint(const struct slot *s)
{
	return s->attr.type == PERF_TYPE_BREAKPOINT;
}

static inline struct slot *slot_by_id(struct hand *h, __u64 id)
{
	for (int i = 0; i < SLOTS; i++)
		if (h->slot[i].fd >= 0 && h->slot[i].id == id)
			return &h->slot[i];
	return NULL;
}

static inline bool of_cpu(const struct slot *s)
{
	return s->pid == -1 || (s->flags & PERF_FLAG_PID_CGROUP);
}

/* Is there a ring to be checked?  One that grows backwards has no tail. */
static inline bool reads_ring(const struct slot *s)
{
	return s->strict && s->own && s->ring.page && !s->attr.write_backward;
}

/* May the records of others come into its ring? */
static inline bool may_write(const struct slot *s)
{
	return s->own || !s->strict;
}

static inline int unmap_aux(struct slot *s)
{
	if (s->aux && munmap(s->aux, s->aux_len))
		return -errno;
	s->aux = NULL;
	return 0;
}

static inline int unmap_slot(struct slot *s)
{
	if (s->ring.page && munmap(s->ring.page, s->ring.len))
		return -errno;
	s->ring.page = NULL;
	return 0;
}

/* In any order, as the descriptor may go before what is mapped of it. */
static inline int close_slot(struct hand *h, struct slot *s)
{
	bool first = chance(h, 2);
	int err = 0;

	if (s->fd < 0)
		return -EBADF;
	if (first && close(s->fd))
		err = -errno;
	if (chance(h, 2))
		unmap_aux(s);
	if (unmap_slot(s) || unmap_aux(s)) {
		/* Only a fault can be why; it has been used up. */
		if (unmap_slot(s) || unmap_aux(s))
			complain(h, "munmap: %d", errno);
	}
	if (!first && close(s->fd))
		err = -errno;
	if (err)
		complain(h, "close gave %d", err);
	s->fd = -1;
	for (int i = 0; i < SLOTS; i++)
		if (h->slot[i].leader == s - h->slot)
			h->slot[i].leader = -1;
	return err;
}

/* ---- Numbers ---- */

static inline void advance(struct hand *h, const struct slot *s, const char *what, __u64 *last,
			   __u64 now)
{
	if (now < *last)
		complain(h, "%s of event %llu (type %u config %llx) went back from %llu to %llu",
			 what, s->id, s->attr.type, s->attr.config, *last, now);
	*last = now;
}

static inline void check_values(struct hand *h, struct slot *s, const struct reading *r)
{
	__u64 format = s->attr.read_format;

	for (__u64 i = 0; i < r->nr; i++) {
		struct slot *of = s;

		if (format & PERF_FORMAT_ID)
			of = slot_by_id(h, r->of[i].id);
		else if (format & PERF_FORMAT_GROUP)
			of = NULL;	/* whose it is depends on who closed the leader */
		if (!of || !of->strict)
			continue;
		advance(h, of, "the count", &of->value, r->of[i].value);
		if (format & PERF_FORMAT_LOST)
			advance(h, of, "lost", &of->lost, r->of[i].lost);
	}
}

static inline void check_reading(struct hand *h, struct slot *s, const struct reading *r)
{
	__u64 format = s->attr.read_format;
	bool both = (format & PERF_FORMAT_TOTAL_TIME_ENABLED) &&
		    (format & PERF_FORMAT_TOTAL_TIME_RUNNING);

	TALLY(common->readings);
	if (both && r->running > r->enabled)
		complain(h, "event %llu (type %u config %llx format %llx) ran %llu of %llu", s->id,
			 s->attr.type, s->attr.config, format, r->running, r->enabled);
	check_values(h, s, r);
	/* Of a group the times are its leader's, and that may change. */
	if (!s->strict || ((format & PERF_FORMAT_GROUP) &&
			   (!(format & PERF_FORMAT_ID) || r->of[0].id != s->id)))
		return;
	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		advance(h, s, "enabled", &s->enabled, r->enabled);
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		advance(h, s, "running", &s->running, r->running);
}

/* ---- Records ---- */

/* Whether sample_parse() knows all that @attr asks for. */
static inline bool knows_samples(const struct perf_event_attr *attr)
{
	return !(attr->sample_type & (PERF_SAMPLE_BRANCH_STACK | PERF_SAMPLE_AUX));
}

static inline void check_sample(struct hand *h, struct slot *s)
{
	TALLY(common->samples);
	if (!knows_samples(&s->attr))
		return;
	if (!sample_parse(&h->rec, &s->attr, &h->sample))
		complain(h, "a sample of %u bytes is not what event %llu (type %llx) asked for",
			 h->rec.head.size, s->id, s->attr.sample_type);
	else if ((s->attr.sample_type & PERF_SAMPLE_IDENTIFIER) && h->sample.identifier != s->id)
		complain(h, "a sample of event %llu in the ring of %llu", h->sample.identifier,
			 s->id);
}

static inline void check_record(struct hand *h, struct slot *s)
{
	const union record *rec = &h->rec;

	TALLY(common->records);
	if (!rec->head.type || rec->head.type >= PERF_RECORD_MAX)
		complain(h, "a record of type %u", rec->head.type);
	if (s->mixed)
		return;
	if (rec->head.type == PERF_RECORD_LOST)
		s->told += rec->words[2];
	if (rec->head.type == PERF_RECORD_SAMPLE)
		check_sample(h, s);
	else if (s->attr.sample_id_all && (s->attr.sample_type & PERF_SAMPLE_IDENTIFIER) &&
		 rec->words[rec->head.size / 8 - 1] != s->id)
		complain(h, "a record of type %u and event %llu in the ring of %llu",
			 rec->head.type, rec->words[rec->head.size / 8 - 1], s->id);
}

/* Take up to @nr records out of the ring. */
static inline void check_ring(struct hand *h, struct slot *s, int nr)
{
	int got;

	TALLY(common->rings);
	while (nr-- && (got = ring_next(&s->ring, &h->rec))) {
		if (got < 0) {
			complain(h, "no record at %llx of a ring of %zx bytes, head %llx",
				 s->ring.page->data_tail, s->ring.size, ring_head(&s->ring));
			return;
		}
		check_record(h, s);
	}
}

#endif /* TORTURE_UTIL_H */
