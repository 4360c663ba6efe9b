// SPDX-License-Identifier: GPL-2.0
/*
 * Events across an exec: switched on by it, removed by it, told about it.  The
 * program that is executed is this one again: a constructor sees the argument
 * and does what the other half of a test asks for, before any test runs.
 */
#include "perf_util.h"

#define OTHER_HALF	"--other-half"
#define NO_EVENTS	"--without-events"
#define AGAIN		"--again"
#define PAGES		50

/* Has this program descriptors of events that it did not open? */
static int has_events(void)
{
	char path[64], name[64];

	for (int fd = 0; fd < 100; fd++) {
		int n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, name, sizeof(name) - 1);
		name[n < 0 ? 0 : n] = 0;
		if (!strcmp(name, "anon_inode:[perf_event]"))
			return 1;
	}
	return 0;
}

static __attribute__((constructor)) void other_half(int argc, char **argv)
{
	char c;

	if (argc < 2 || strcmp(argv[1], OTHER_HALF))
		return;
	if (argc > 2 && !strcmp(argv[2], NO_EVENTS) && has_events())
		_exit(8);
	touch_pages(PAGES);
	/* Keep still until the one who watches has looked. */
	if (write(100, "r", 1) != 1 || read(101, &c, 1) != 1)
		_exit(1);
	if (argc > 2 && !strcmp(argv[2], AGAIN))
		execl("/proc/self/exe", "perf_other", OTHER_HALF, NULL);
	_exit(7);
}

static int become_other_half_with(struct worker *w, const char *how)
{
	dup2(w->go, 100);
	dup2(w->done, 101);
	execl("/proc/self/exe", "perf_other", OTHER_HALF, how, NULL);
	return 1;
}

static int become_other_half(struct worker *w)
{
	return become_other_half_with(w, NULL);
}

FIXTURE(exec)
{
	struct perf_event_attr attr;
	struct worker w;
	int fd;
};

FIXTURE_SETUP(exec)
{
	warm_up();
	self->attr = fault_attr();
	if (!worker_fork(&self->w)) {
		worker_wait(&self->w);
		_exit(become_other_half(&self->w));
	}
}

FIXTURE_TEARDOWN(exec)
{
	kill(self->w.pid, SIGKILL);
	close(self->fd);
}

/* From here until end_exec() the child is past its exec and waits. */
static bool do_exec(struct worker *w)
{
	worker_post(w);
	return worker_wait(w);
}

static int end_exec(struct worker *w)
{
	worker_post(w);
	return worker_join(w);
}

TEST_F(exec, goes_on_by_default)
{
	self->fd = pe_open(&self->attr, self->w.pid, -1, -1, 0);
	ASSERT_TRUE(do_exec(&self->w));
	EXPECT_LE(PAGES, pe_count(self->fd));
	EXPECT_EQ(0, pe_disable(self->fd));
	EXPECT_EQ(0, pe_enable(self->fd));
	EXPECT_EQ(7, end_exec(&self->w));
}

TEST_F(exec, enables)
{
	struct reading r;

	self->attr.disabled = 1;
	self->attr.enable_on_exec = 1;
	self->attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	self->fd = pe_open(&self->attr, self->w.pid, -1, -1, 0);
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(0, pe_count(self->fd));
	ASSERT_TRUE(do_exec(&self->w));
	ASSERT_EQ(0, pe_read(self->fd, self->attr.read_format, &r));
	EXPECT_LE(PAGES, r.of[0].value);
	EXPECT_EQ(r.enabled, r.running);
	EXPECT_LT(0, r.enabled);
	EXPECT_EQ(7, end_exec(&self->w));
}

/* At the next exec, and not at the one after. */
TEST_F(exec, enables_once)
{
	struct worker w;
	__u64 n;

	if (!worker_fork(&w)) {
		worker_wait(&w);
		_exit(become_other_half_with(&w, AGAIN));
	}
	self->attr.disabled = 1;
	self->attr.enable_on_exec = 1;
	self->fd = pe_open(&self->attr, w.pid, -1, -1, 0);
	ASSERT_TRUE(do_exec(&w));
	EXPECT_EQ(0, pe_disable(self->fd));
	n = pe_count(self->fd);
	EXPECT_LE(PAGES, n);
	ASSERT_TRUE(do_exec(&w));
	EXPECT_EQ(n, pe_count(self->fd));
	EXPECT_EQ(7, end_exec(&w));
}

TEST_F(exec, does_not_enable_unasked)
{
	self->attr.disabled = 1;
	self->fd = pe_open(&self->attr, self->w.pid, -1, -1, 0);
	ASSERT_TRUE(do_exec(&self->w));
	EXPECT_EQ(0, pe_count(self->fd));
	EXPECT_EQ(7, end_exec(&self->w));
}

TEST_F(exec, enables_a_group)
{
	struct reading r;
	int sibling;

	self->attr.disabled = 1;
	self->attr.enable_on_exec = 1;
	self->attr.read_format = PERF_FORMAT_GROUP;
	self->fd = pe_open(&self->attr, self->w.pid, -1, -1, 0);
	self->attr.disabled = 0;
	self->attr.enable_on_exec = 0;
	sibling = pe_open(&self->attr, self->w.pid, -1, self->fd, 0);
	ASSERT_TRUE(do_exec(&self->w));
	ASSERT_EQ(0, pe_read(self->fd, PERF_FORMAT_GROUP, &r));
	EXPECT_EQ(2, r.nr);
	EXPECT_LE(PAGES, r.of[0].value);
	EXPECT_EQ(r.of[0].value, r.of[1].value);
	EXPECT_EQ(7, end_exec(&self->w));
	close(sibling);
}

/* Enabled once, not at every exec: what is disabled since stays so. */
TEST_F(exec, enables_children_that_inherit)
{
	__u64 n;

	self->attr.disabled = 1;
	self->attr.enable_on_exec = 1;
	self->attr.inherit = 1;
	self->fd = pe_self(&self->attr);
	kill(self->w.pid, SIGKILL);
	worker_join(&self->w);
	if (!worker_fork(&self->w)) {
		worker_wait(&self->w);
		_exit(become_other_half(&self->w));
	}
	touch_pages(3 * PAGES);
	EXPECT_EQ(0, pe_count(self->fd));
	ASSERT_TRUE(do_exec(&self->w));
	n = pe_count(self->fd);
	EXPECT_LE(PAGES, n);
	touch_pages(3 * PAGES);
	EXPECT_EQ(n, pe_count(self->fd));
	EXPECT_EQ(7, end_exec(&self->w));
}

TEST_F(exec, removes)
{
	struct pollfd p;
	struct ring ring;
	__u64 n;

	self->attr.remove_on_exec = 1;
	self->attr.sample_period = 1;
	self->fd = pe_open(&self->attr, self->w.pid, -1, -1, 0);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 4));
	ASSERT_TRUE(do_exec(&self->w));
	n = pe_count(self->fd);
	EXPECT_GT(PAGES, n);
	p = (struct pollfd) { .fd = self->fd, .events = POLLIN };
	EXPECT_EQ(1, poll(&p, 1, 1000));
	EXPECT_TRUE(p.revents & POLLHUP);
	EXPECT_EQ(0, pe_enable(self->fd));
	EXPECT_EQ(0, pe_disable(self->fd));
	EXPECT_EQ(n, pe_count(self->fd));
	/* Nobody may join it, and what does not ask for it stays. */
	EXPECT_EQ(-ENODEV, pe_open(&self->attr, self->w.pid, -1, self->fd, 0));
	EXPECT_EQ(0, try_open(&self->attr, self->w.pid, -1, -1, 0));
	EXPECT_EQ(7, end_exec(&self->w));
}

/* The leader goes; a sibling that stays counts on, on its own. */
TEST_F(exec, removes_a_leader)
{
	int sibling;

	self->attr.remove_on_exec = 1;
	self->fd = pe_open(&self->attr, self->w.pid, -1, -1, 0);
	self->attr.remove_on_exec = 0;
	sibling = pe_open(&self->attr, self->w.pid, -1, self->fd, 0);
	ASSERT_LE(0, sibling);
	ASSERT_TRUE(do_exec(&self->w));
	EXPECT_GT(PAGES, pe_count(self->fd));
	EXPECT_LE(PAGES, pe_count(sibling));
	close(self->fd);
	self->fd = sibling;
	EXPECT_EQ(0, pe_disable(sibling));
	EXPECT_EQ(0, pe_enable(sibling));
	EXPECT_EQ(7, end_exec(&self->w));
}

TEST_F(exec, removes_a_sibling)
{
	struct reading r;
	int sibling;

	self->attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	self->fd = pe_open(&self->attr, self->w.pid, -1, -1, 0);
	self->attr.remove_on_exec = 1;
	sibling = pe_open(&self->attr, self->w.pid, -1, self->fd, 0);
	ASSERT_LE(0, sibling);
	ASSERT_TRUE(do_exec(&self->w));
	ASSERT_EQ(0, pe_read(self->fd, self->attr.read_format, &r));
	EXPECT_EQ(1, r.nr);
	EXPECT_EQ(pe_id(self->fd), r.of[0].id);
	EXPECT_LE(PAGES, r.of[0].value);
	close(sibling);
	EXPECT_EQ(7, end_exec(&self->w));
}

/* ---- Records ---- */

TEST_F(exec, tells_the_new_name)
{
	union record rec;
	struct ring ring;

	self->attr.config = PERF_COUNT_SW_DUMMY;
	self->attr.comm = 1;
	self->attr.comm_exec = 1;
	self->fd = pe_open(&self->attr, self->w.pid, -1, -1, 0);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 4));
	ASSERT_TRUE(do_exec(&self->w));
	ASSERT_EQ(1, ring_find(&ring, PERF_RECORD_COMM, &rec));
	EXPECT_TRUE(rec.head.misc & PERF_RECORD_MISC_COMM_EXEC);
	EXPECT_EQ(self->w.pid, rec.halves[2]);
	EXPECT_EQ(self->w.pid, rec.halves[3]);
	/* Executed through its link, the program is named after that. */
	EXPECT_STREQ("exe", (char *)rec.bytes + 16);
	EXPECT_EQ(0, ring_find(&ring, PERF_RECORD_COMM, &rec));
	EXPECT_EQ(7, end_exec(&self->w));
}

TEST_F(exec, tells_the_new_mappings)
{
	char path[256];
	union record rec;
	struct ring ring;
	bool found = false;

	path[readlink("/proc/self/exe", path, sizeof(path) - 1)] = 0;
	self->attr.config = PERF_COUNT_SW_DUMMY;
	self->attr.mmap = 1;
	self->fd = pe_open(&self->attr, self->w.pid, -1, -1, 0);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 16));
	ASSERT_TRUE(do_exec(&self->w));
	while (ring_find(&ring, PERF_RECORD_MMAP, &rec) > 0)
		found |= !strcmp((char *)rec.bytes + 40, path);
	EXPECT_TRUE(found);
	EXPECT_EQ(7, end_exec(&self->w));
}

/*
 * A copy that is removed says what it has counted; a buffer is a CPU's, as it is.
 * Another event, that is not inherited, keeps the tasks from swapping contexts: then
 * it would be the event that was opened that the child's exec removes.
 */
TEST_F(exec, removes_a_copy_that_tells_its_count)
{
	union record rec;
	struct ring ring;
	int other;
	__u64 n;

	ASSERT_EQ(0, pin_to(0));
	other = pe_self(&self->attr);
	self->attr.inherit = 1;
	self->attr.inherit_stat = 1;
	self->attr.remove_on_exec = 1;
	self->attr.read_format = PERF_FORMAT_ID;
	self->fd = pe_open(&self->attr, 0, 0, -1, 0);
	ASSERT_EQ(0, ring_map(&ring, self->fd, 4));
	kill(self->w.pid, SIGKILL);
	worker_join(&self->w);
	n = pe_count(self->fd);
	if (!worker_fork(&self->w)) {
		touch_pages(PAGES);
		worker_wait(&self->w);
		_exit(become_other_half(&self->w));
	}
	ASSERT_TRUE(do_exec(&self->w));
	ASSERT_EQ(1, ring_find(&ring, PERF_RECORD_READ, &rec));
	EXPECT_EQ(32, rec.head.size);
	EXPECT_EQ(self->w.pid, rec.halves[2]);
	EXPECT_EQ(self->w.pid, rec.halves[3]);
	EXPECT_LE(PAGES, rec.words[2]);
	EXPECT_GE(pe_count(self->fd) - n, rec.words[2]);
	EXPECT_EQ(pe_id(self->fd), rec.words[3]);
	EXPECT_EQ(0, ring_find(&ring, PERF_RECORD_READ, &rec));
	EXPECT_EQ(7, end_exec(&self->w));
	close(other);
}

/* ---- Descriptors ---- */

TEST_F(exec, an_open_event_goes_with_its_opener)
{
	struct worker w;
	int fd = -1;

	if (!worker_fork(&w)) {
		fd = pe_open(&self->attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
		_exit(fd < 0 || become_other_half_with(&w, NO_EVENTS));
	}
	ASSERT_TRUE(worker_wait(&w));
	EXPECT_EQ(7, end_exec(&w));
}

static void *exec_in_thread(void *arg)
{
	become_other_half(arg);
	return NULL;
}

/* A thread that executes becomes the leader; events of both end or go on with care. */
TEST_F(exec, by_a_thread_that_is_not_the_leader)
{
	int thread_event = -1, fds[2], got;
	struct worker w;

	ASSERT_EQ(0, pipe(fds));
	if (!worker_fork(&w)) {
		pthread_t thread;

		worker_wait(&w);
		pthread_create(&thread, NULL, exec_in_thread, &w);
		pthread_join(thread, NULL);
		_exit(1);
	}
	self->fd = pe_open(&self->attr, w.pid, -1, -1, 0);
	self->attr.inherit = 1;
	thread_event = pe_open(&self->attr, w.pid, -1, -1, 0);
	worker_post(&w);
	ASSERT_TRUE(worker_wait(&w));
	got = pe_count(thread_event);
	EXPECT_LE(PAGES, got);
	EXPECT_EQ(7, end_exec(&w));
	close(thread_event);
}

TEST_HARNESS_MAIN
