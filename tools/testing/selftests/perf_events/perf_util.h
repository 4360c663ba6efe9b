/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the perf_events selftests share.
 *
 * Calls return a negative errno instead of setting errno, so that a table of
 * expectations holds one number a row.  A struct ring is one mapping of a
 * buffer; ring_next() copies whole records out in the order of their bytes.
 * Samples are taken apart by sample_parse(), driven by one table of fields;
 * a parse that does not end exactly at the end of the record is an error.
 * Helpers report, they never assert: a test decides what a failure means.
 */
#ifndef PERF_UTIL_H
#define PERF_UTIL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/perf_event.h>

#include "../kselftest_harness.h"

#define NSEC_PER_SEC	1000000000ULL
#define NSEC_PER_MSEC	1000000ULL
#define NOBODY		65534
#ifndef CAP_PERFMON
#define CAP_PERFMON	38
#endif
#define NO_COUNT	(~0ULL)

/* ---- Opening, reading, commanding ---- */

/* How often to repeat: less often by PERF_TEST_SCALE, for a kernel that is slow. */
static inline int scale(void)
{
	const char *value = getenv("PERF_TEST_SCALE");

	return value && atoi(value) > 0 ? atoi(value) : 1;
}

static inline int rounds(int n)
{
	return (n + scale() - 1) / scale();
}

static inline int pe_open(struct perf_event_attr *attr, pid_t pid, int cpu,
			  int group, unsigned long flags)
{
	int fd = syscall(__NR_perf_event_open, attr, pid, cpu, group, flags);

	return fd < 0 ? -errno : fd;
}

/* On the calling thread, on any CPU, its own group. */
static inline int pe_self(struct perf_event_attr *attr)
{
	return pe_open(attr, 0, -1, -1, 0);
}

static inline struct perf_event_attr pe_attr(__u32 type, __u64 config)
{
	return (struct perf_event_attr) {
		.type = type,
		.size = sizeof(struct perf_event_attr),
		.config = config,
	};
}

static inline struct perf_event_attr sw_attr(__u64 config)
{
	return pe_attr(PERF_TYPE_SOFTWARE, config);
}

/* Faults that user space takes itself: exact under touch_pages(). */
static inline struct perf_event_attr fault_attr(void)
{
	struct perf_event_attr attr = sw_attr(PERF_COUNT_SW_PAGE_FAULTS);

	attr.exclude_kernel = 1;
	return attr;
}

/* A sample of each, with where it was. */
static inline struct perf_event_attr sampling_faults(void)
{
	struct perf_event_attr attr = fault_attr();

	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_ADDR;
	return attr;
}

/* The descriptor that the next open would get: equal before and after is none left. */
static inline int lowest_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* 0 for a success, which is closed again. */
static inline int try_open(struct perf_event_attr *attr, pid_t pid, int cpu, int group,
			   unsigned long flags)
{
	int fd = pe_open(attr, pid, cpu, group, flags);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static inline int pe_ioctl(int fd, unsigned long command, unsigned long arg)
{
	return ioctl(fd, command, arg) < 0 ? -errno : 0;
}

static inline int pe_enable(int fd)
{
	return pe_ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
}

static inline int pe_disable(int fd)
{
	return pe_ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
}

static inline __u64 pe_id(int fd)
{
	__u64 id;

	return pe_ioctl(fd, PERF_EVENT_IOC_ID, (unsigned long)&id) ? 0 : id;
}

/* The value of an event whose read_format may hold anything but GROUP. */
static inline __u64 pe_count(int fd)
{
	__u64 buf[5];

	return read(fd, buf, sizeof(buf)) < 8 ? NO_COUNT : buf[0];
}

#define READING_MAX	512

struct reading {
	__u64 nr;
	__u64 enabled;
	__u64 running;
	struct {
		__u64 value;
		__u64 id;
		__u64 lost;
	} of[READING_MAX];
};

/* Number of words that @format takes for @nr events. */
static inline int reading_words(__u64 format, __u64 nr)
{
	int head = !!(format & PERF_FORMAT_TOTAL_TIME_ENABLED) +
		   !!(format & PERF_FORMAT_TOTAL_TIME_RUNNING) +
		   !!(format & PERF_FORMAT_GROUP);
	int each = 1 + !!(format & PERF_FORMAT_ID) + !!(format & PERF_FORMAT_LOST);

	return head + each * nr;
}

/* Take a reading from @words words; the number used, or -1. */
static inline int reading_parse(const __u64 *p, int words, __u64 format, struct reading *r)
{
	const __u64 *start = p;
	bool group = format & PERF_FORMAT_GROUP;
	__u64 first = 0;

	memset(r, 0, offsetof(struct reading, of));
	r->nr = 1;
	if (words < 1)
		return -1;
	if (group)
		r->nr = *p++;
	else
		first = *p++;
	if (r->nr > READING_MAX || words < reading_words(format, r->nr))
		return -1;
	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		r->enabled = *p++;
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		r->running = *p++;
	for (__u64 i = 0; i < r->nr; i++) {
		r->of[i].value = group ? *p++ : first;
		r->of[i].id = format & PERF_FORMAT_ID ? *p++ : 0;
		r->of[i].lost = format & PERF_FORMAT_LOST ? *p++ : 0;
	}
	return p - start;
}

static inline int pe_read(int fd, __u64 format, struct reading *r)
{
	static __u64 buf[3 + 3 * READING_MAX];
	ssize_t n = read(fd, buf, sizeof(buf));

	memset(r, 0, offsetof(struct reading, of));
	if (n < 0)
		return -errno;
	return reading_parse(buf, n / 8, format, r) * 8 == n ? 0 : -EPROTO;
}

/* ---- Things to count ---- */

static inline __u64 now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static inline void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, (ms % 1000) * NSEC_PER_MSEC };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static inline void spin_ms(unsigned int ms)
{
	__u64 end = now_ns(CLOCK_MONOTONIC) + ms * NSEC_PER_MSEC;

	while (now_ns(CLOCK_MONOTONIC) < end)
		;
}

/* So long of the thread's own time: what takes its CPU away does not count. */
static inline void run_ms(unsigned int ms)
{
	__u64 end = now_ns(CLOCK_THREAD_CPUTIME_ID) + ms * NSEC_PER_MSEC;

	while (now_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

static inline unsigned char *pages_new(unsigned int nr)
{
	size_t len = (size_t)nr * getpagesize();
	unsigned char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, len, MADV_NOHUGEPAGE);
	return p;
}

static inline void pages_free(unsigned char *p, unsigned int nr)
{
	munmap(p, (size_t)nr * getpagesize());
}

/* One fault a page, when the pages are fresh. */
static inline void pages_touch(unsigned char *p, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		__atomic_store_n(p + (size_t)i * getpagesize(), 1, __ATOMIC_RELAXED);
}

/* Exactly @nr page faults once this path has run before: see warm_up(). */
static __attribute__((noipa, unused)) void touch_pages(unsigned int nr)
{
	unsigned char *p = pages_new(nr);

	if (!p)
		abort();
	pages_touch(p, nr);
	pages_free(p, nr);
}

/*
 * Exactly @nr faults between enable and disable, so that what a test does
 * outside (its stack, the pages of a ring) does not count.
 */
static inline void burst(int fd, unsigned int nr)
{
	pe_enable(fd);
	touch_pages(nr);
	pe_disable(fd);
}

/* Run once what a measured stretch will run, so that its own pages are in. */
static inline void warm_up(void)
{
	struct perf_event_attr attr = fault_attr();
	int fd = pe_self(&attr);

	burst(fd, 2);
	sleep_ms(1);
	pe_count(fd);
	close(fd);
}

/* The one instruction that faults: keep it in a function of its own. */
static __attribute__((noipa, unused)) void touch_one(unsigned char *p)
{
	/* Leaves, too, need a frame, or a call chain misses who called them. */
	asm volatile("" : : "r"(__builtin_frame_address(0)) : "memory");
	__atomic_store_n(p, 1, __ATOMIC_RELAXED);
}

static __attribute__((noipa, unused)) int go_down(unsigned char *p, int depth)
{
	int ret = depth;

	if (depth)
		ret = go_down(p, depth - 1);
	else
		touch_one(p);
	asm volatile("" : "+r"(ret));
	return ret + 1;
}

#define FN_MAX		256	/* more than the size of a function of a test */

static inline bool within(__u64 ip, const void *fn)
{
	return ip - (unsigned long)fn < FN_MAX;
}

static inline int pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

/* ---- Files ---- */

static inline int file_read(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, len - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	buf[n < 0 ? 0 : n] = 0;
	return n;
}

static inline int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static inline long file_long(const char *path, long otherwise)
{
	char buf[64];

	return file_read(path, buf, sizeof(buf)) > 0 ? strtol(buf, NULL, 0) : otherwise;
}

static inline long sysctl_get(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	return file_long(path, -1000);
}

static inline int sysctl_set(const char *name, long value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	snprintf(text, sizeof(text), "%ld", value);
	return file_write(path, text);
}

/* The type of a PMU by its name in sysfs, or -1. */
static inline int pmu_type(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", name);
	return file_long(path, -1);
}

/* Intel's branch trace store, the PMU with an AUX area that is known here; type -1: none. */
static inline struct perf_event_attr bts_attr(void)
{
	struct perf_event_attr attr = pe_attr(pmu_type("intel_bts"), 0);

	attr.disabled = 1;
	attr.exclude_kernel = 1;
	return attr;
}

static inline const char *tracefs(void)
{
	if (!access("/sys/kernel/tracing/events", F_OK))
		return "/sys/kernel/tracing";
	if (!access("/sys/kernel/debug/tracing/events", F_OK))
		return "/sys/kernel/debug/tracing";
	return NULL;
}

/* The id of "system/name", or -1 when there is no such tracepoint or no tracefs. */
static inline int tracepoint_id(const char *name)
{
	char path[160];

	if (!tracefs())
		return -1;
	snprintf(path, sizeof(path), "%s/events/%s/id", tracefs(), name);
	return file_long(path, -1);
}

/*
 * Make a new cgroup that perf_event follows; its path, or NULL without.  On the
 * unified hierarchy the controller comes up with the first other one that is
 * switched on, which is why another is needed.
 */
static inline const char *cgroup_make(void)
{
	static char path[96];

	if (file_write("/sys/fs/cgroup/cgroup.subtree_control", "+pids"))
		return NULL;
	snprintf(path, sizeof(path), "/sys/fs/cgroup/perf_events_%d", getpid());
	return mkdir(path, 0755) ? NULL : path;
}

/* ---- BPF ---- */

/* A program's descriptor, or an errno. */
static inline int bpf_load(int type, const struct bpf_insn *code, int nr)
{
	union bpf_attr attr = {
		.prog_type = type,
		.insns = (unsigned long)code,
		.insn_cnt = nr,
		.license = (unsigned long)"GPL",
	};
	int fd = syscall(__NR_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	return fd < 0 ? -errno : fd;
}

/* ---- A second process or thread, in step with the test ---- */

struct worker {
	pid_t pid;
	int go;
	int done;
};

/* As fork(): 0 in the worker, whose ends are then swapped. */
static inline pid_t worker_fork(struct worker *w)
{
	int go[2], done[2];

	if (pipe2(go, O_CLOEXEC) || pipe2(done, O_CLOEXEC))
		abort();
	w->pid = fork();
	if (w->pid < 0)
		abort();
	close(w->pid ? go[0] : go[1]);
	close(w->pid ? done[1] : done[0]);
	w->go = w->pid ? go[1] : done[1];
	w->done = w->pid ? done[0] : go[0];
	return w->pid;
}

static inline void worker_post(struct worker *w)
{
	if (write(w->go, "g", 1) != 1)
		abort();
}

/* False when the other side has gone. */
static inline bool worker_wait(struct worker *w)
{
	char c;

	return read(w->done, &c, 1) == 1;
}

/* The exit code, or 1000 + the signal that killed it. */
static inline int child_join(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static inline int worker_join(struct worker *w)
{
	int code;

	close(w->go);
	code = child_join(w->pid);
	close(w->done);
	return code;
}

/* A worker that is ready, and then touches @nr pages whenever it is told to. */
static inline void toucher_fork(struct worker *w, unsigned int nr)
{
	if (worker_fork(w))
		return;
	touch_pages(1);
	worker_post(w);
	while (worker_wait(w)) {
		touch_pages(nr);
		worker_post(w);
	}
	_exit(0);
}

static inline pid_t get_tid(void)
{
	return syscall(__NR_gettid);
}

/*
 * A program that is killed before its first instruction needs none; it lies in
 * memory, for file systems may come out of a fault with less than they had, and
 * may take a second to bring one in.
 */
static inline int empty_program(void)
{
	struct {
		ElfW(Ehdr) head;
		ElfW(Phdr) load;
	} elf;
	int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int fd = memfd_create("empty", MFD_CLOEXEC);

	if (read(own, &elf.head, sizeof(elf.head)) != sizeof(elf.head))
		abort();
	elf.head.e_type = ET_EXEC;
	elf.head.e_entry = 0x10000000;
	elf.head.e_phoff = sizeof(elf.head);
	elf.head.e_phnum = 1;
	elf.load = (ElfW(Phdr)) {
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = elf.head.e_entry,
		.p_filesz = sizeof(elf), .p_memsz = sizeof(elf), .p_align = getpagesize(),
	};
	if (write(fd, &elf, sizeof(elf)) != sizeof(elf))
		abort();
	close(own);
	return fd;
}

/* Does not return but with an errno. */
static inline int exec_program(int file)
{
	static char *const none[] = { NULL };

	syscall(__NR_execveat, file, "", none, none, AT_EMPTY_PATH);
	return -errno;
}

/* ---- Dropping privileges ---- */

static inline int set_caps(__u64 caps)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ caps, caps, 0 }, { caps >> 32, caps >> 32, 0 },
	};

	return syscall(__NR_capset, &head, data);
}

static inline int become_nobody(__u64 caps)
{
	if (prctl(PR_SET_KEEPCAPS, 1) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return -1;
	return set_caps(caps);
}

/* Run @fn as nobody with @caps; what it returns (0..127), or -1. */
static inline int as_nobody(__u64 caps, int (*fn)(const void *arg), const void *arg)
{
	pid_t child = fork();

	if (!child) {
		if (become_nobody(caps))
			_exit(126);
		_exit(fn(arg));
	}
	return child_join(child);
}

/* ---- The ring ---- */

static inline int poll_now(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) < 0 ? -errno : p.revents;
}

union record {
	struct perf_event_header head;
	unsigned char bytes[65536];
	__u64 words[8192];
	__u32 halves[16384];
};

struct ring {
	struct perf_event_mmap_page *page;
	unsigned char *data;
	size_t size;
	size_t len;
};

static inline int ring_map_prot(struct ring *r, int fd, unsigned int pages, int prot)
{
	size_t size = (size_t)pages * getpagesize(), len = size + getpagesize();
	void *p = mmap(NULL, len, prot, MAP_SHARED, fd, 0);

	*r = (struct ring) { NULL, NULL, size, len };
	if (p == MAP_FAILED)
		return -errno;
	r->page = p;
	r->data = (unsigned char *)p + getpagesize();
	return 0;
}

static inline int ring_map(struct ring *r, int fd, unsigned int pages)
{
	return ring_map_prot(r, fd, pages, PROT_READ | PROT_WRITE);
}

static inline void ring_unmap(struct ring *r)
{
	munmap(r->page, r->len);
	r->page = NULL;
}

static inline __u64 ring_head(struct ring *r)
{
	return __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE);
}

static inline void ring_copy(struct ring *r, void *to, __u64 from, size_t n)
{
	size_t at = from & (r->size - 1);
	size_t first = n < r->size - at ? n : r->size - at;

	memcpy(to, r->data + at, first);
	memcpy((char *)to + first, r->data, n - first);
}

/* The record at @at; its size, or -1 when it cannot be one that ends by @end. */
static inline int ring_peek(struct ring *r, __u64 at, __u64 end, union record *rec)
{
	if (end - at < sizeof(rec->head))
		return -1;
	ring_copy(r, rec, at, sizeof(rec->head));
	if (rec->head.size < sizeof(rec->head) || rec->head.size % 8 ||
	    rec->head.size > end - at)
		return -1;
	ring_copy(r, rec, at, rec->head.size);
	return rec->head.size;
}

/* 1 and a record, 0 when there is none, -1 when what stands there is no record. */
static inline int ring_next(struct ring *r, union record *rec)
{
	__u64 head = ring_head(r);
	__u64 tail = r->page->data_tail;

	if (head == tail)
		return 0;
	if (ring_peek(r, tail, head, rec) < 0)
		return -1;
	__atomic_store_n(&r->page->data_tail, tail + rec->head.size, __ATOMIC_RELEASE);
	return 1;
}

/* The next record of @type, skipping others; as ring_next(). */
static inline int ring_find(struct ring *r, __u32 type, union record *rec)
{
	int got;

	do {
		got = ring_next(r, rec);
	} while (got > 0 && rec->head.type != type);
	return got;
}

/* How many records of @type wait; all are consumed.  -1 on a broken ring. */
static inline int ring_drain(struct ring *r, __u32 type)
{
	union record rec;
	int got, n = 0;

	while ((got = ring_find(r, type, &rec)) > 0)
		n++;
	return got < 0 ? -1 : n;
}

/* ---- Samples ---- */

#define STACK_MAX	512
#define REGS_MAX	64

struct regs {
	__u64 abi;
	int nr;
	__u64 val[REGS_MAX];
};

struct sample {
	__u64 identifier;
	__u64 ip;
	struct {
		__u32 pid;
		__u32 tid;
	} task;
	__u64 time;
	__u64 addr;
	__u64 id;
	__u64 stream_id;
	struct {
		__u32 cpu;
		__u32 reserved;
	} cpu;
	__u64 period;
	struct reading read;
	__u64 nr_ips;
	__u64 ips[STACK_MAX];
	__u32 raw_size;
	const unsigned char *raw;
	struct regs user;
	__u64 stack_size;
	const unsigned char *stack;
	__u64 stack_used;
	__u64 weight;
	__u64 data_src;
	__u64 transaction;
	struct regs intr;
	__u64 phys_addr;
	__u64 cgroup;
	__u64 data_page_size;
	__u64 code_page_size;
	__u64 aux_size;
};

struct cursor {
	const unsigned char *at;
	const unsigned char *end;
};

static inline bool take(struct cursor *c, void *to, size_t n)
{
	if ((size_t)(c->end - c->at) < n)
		return false;
	memcpy(to, c->at, n);
	c->at += n;
	return true;
}

/* A pointer to the next @n bytes, which stay where they are. */
static inline const unsigned char *take_bytes(struct cursor *c, size_t n)
{
	const unsigned char *p = c->at;

	if ((size_t)(c->end - c->at) < n)
		return NULL;
	c->at += n;
	return p;
}

typedef bool (*take_fn)(struct cursor *c, struct sample *s, const struct perf_event_attr *attr);

static inline bool take_read(struct cursor *c, struct sample *s,
			     const struct perf_event_attr *attr)
{
	int used = reading_parse((const __u64 *)c->at, (c->end - c->at) / 8,
				 attr->read_format, &s->read);

	return used > 0 && take_bytes(c, used * 8);
}

static inline bool take_chain(struct cursor *c, struct sample *s,
			      const struct perf_event_attr *attr)
{
	return take(c, &s->nr_ips, 8) && s->nr_ips <= STACK_MAX &&
	       take(c, s->ips, s->nr_ips * 8);
}

static inline bool take_raw(struct cursor *c, struct sample *s,
			    const struct perf_event_attr *attr)
{
	if (!take(c, &s->raw_size, 4) || (s->raw_size + 4) % 8)
		return false;
	s->raw = take_bytes(c, s->raw_size);
	return s->raw;
}

static inline bool take_regs(struct cursor *c, struct regs *regs, __u64 mask)
{
	if (!take(c, &regs->abi, 8))
		return false;
	regs->nr = regs->abi ? __builtin_popcountll(mask) : 0;
	return take(c, regs->val, regs->nr * 8);
}

static inline bool take_user(struct cursor *c, struct sample *s,
			     const struct perf_event_attr *attr)
{
	return take_regs(c, &s->user, attr->sample_regs_user);
}

static inline bool take_intr(struct cursor *c, struct sample *s,
			     const struct perf_event_attr *attr)
{
	return take_regs(c, &s->intr, attr->sample_regs_intr);
}

static inline bool take_stack(struct cursor *c, struct sample *s,
			      const struct perf_event_attr *attr)
{
	if (!take(c, &s->stack_size, 8))
		return false;
	if (!s->stack_size)
		return true;
	s->stack = take_bytes(c, s->stack_size);
	return s->stack && take(c, &s->stack_used, 8) && s->stack_used <= s->stack_size;
}

struct field {
	__u64 bit;
	size_t at;
	take_fn take;
};

#define WORD(name, member) \
	{ PERF_SAMPLE_##name, offsetof(struct sample, member), NULL }
#define PART(name, fn) \
	{ PERF_SAMPLE_##name, 0, fn }

/*
 * In the order of a sample.  Branch stacks, which only hardware gives, are not
 * here; an AUX part is, because it is there with a size of 0 in a sample of an
 * event that has no AUX area.
 */
static const struct field sample_fields[] = {
	WORD(IDENTIFIER, identifier),
	WORD(IP, ip),
	WORD(TID, task),
	WORD(TIME, time),
	WORD(ADDR, addr),
	WORD(ID, id),
	WORD(STREAM_ID, stream_id),
	WORD(CPU, cpu),
	WORD(PERIOD, period),
	PART(READ, take_read),
	PART(CALLCHAIN, take_chain),
	PART(RAW, take_raw),
	PART(REGS_USER, take_user),
	PART(STACK_USER, take_stack),
	WORD(WEIGHT, weight),
	WORD(WEIGHT_STRUCT, weight),
	WORD(DATA_SRC, data_src),
	WORD(TRANSACTION, transaction),
	PART(REGS_INTR, take_intr),
	WORD(PHYS_ADDR, phys_addr),
	WORD(CGROUP, cgroup),
	WORD(DATA_PAGE_SIZE, data_page_size),
	WORD(CODE_PAGE_SIZE, code_page_size),
	WORD(AUX, aux_size),
};

/* What a record other than a sample ends in when sample_id_all is set. */
static const struct field trailer_fields[] = {
	WORD(TID, task),
	WORD(TIME, time),
	WORD(ID, id),
	WORD(STREAM_ID, stream_id),
	WORD(CPU, cpu),
	WORD(IDENTIFIER, identifier),
};

#undef WORD
#undef PART

static inline bool fields_parse(const struct field *f, int nr, struct cursor *c,
				const struct perf_event_attr *attr, struct sample *s)
{
	for (; nr--; f++) {
		if (!(attr->sample_type & f->bit))
			continue;
		if (f->take ? !f->take(c, s, attr) : !take(c, (char *)s + f->at, 8))
			return false;
	}
	return c->at == c->end;
}

/* True when @rec is exactly a sample as @attr orders it. */
static inline bool sample_parse(const union record *rec, const struct perf_event_attr *attr,
				struct sample *s)
{
	struct cursor c = { rec->bytes + sizeof(rec->head), rec->bytes + rec->head.size };

	memset(s, 0, sizeof(*s));
	return rec->head.type == PERF_RECORD_SAMPLE &&
	       fields_parse(sample_fields, ARRAY_SIZE(sample_fields), &c, attr, s);
}

static inline size_t trailer_size(const struct perf_event_attr *attr)
{
	__u64 mask = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID |
		     PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER;

	return attr->sample_id_all ? 8 * __builtin_popcountll(attr->sample_type & mask) : 0;
}

/* The end of the part of @rec that comes before its trailer. */
static inline const unsigned char *body_end(const union record *rec,
					    const struct perf_event_attr *attr)
{
	return rec->bytes + rec->head.size - trailer_size(attr);
}

static inline bool trailer_parse(const union record *rec, const struct perf_event_attr *attr,
				 struct sample *s)
{
	struct cursor c = { body_end(rec, attr), rec->bytes + rec->head.size };

	memset(s, 0, sizeof(*s));
	if (!attr->sample_id_all || c.at < rec->bytes + sizeof(rec->head))
		return false;
	return fields_parse(trailer_fields, ARRAY_SIZE(trailer_fields), &c, attr, s);
}

#endif /* PERF_UTIL_H */
