// SPDX-License-Identifier: GPL-2.0
/*
 * How long an event lives: with its descriptors in whatever process, with its
 * mapping, past its group leader and past its task.  What is left of it after
 * its task has gone must take every call without harm.
 */
#include <sys/socket.h>
#include "perf_util.h"

static const __u64 times = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;

FIXTURE(life)
{
	struct perf_event_attr attr;
};

FIXTURE_SETUP(life)
{
	warm_up();
	self->attr = fault_attr();
	self->attr.disabled = 1;
}

FIXTURE_TEARDOWN(life)
{
}

/* Open files of the system, more or less. */
static long files(void)
{
	return file_long("/proc/sys/fs/file-nr", 0);
}

TEST_F(life, open_and_close)
{
	int first = lowest_fd();
	long before = files();

	for (int i = 0; i < 2000; i++) {
		int fd = pe_self(&self->attr);

		ASSERT_EQ(first, fd);
		ASSERT_EQ(0, close(fd));
	}
	ASSERT_EQ(first, lowest_fd());
	EXPECT_GT(before + 1000, files());
}

TEST_F(life, the_last_descriptor_ends_it)
{
	int fd = pe_self(&self->attr);
	int copy = dup(fd);

	burst(fd, 3);
	close(fd);
	EXPECT_EQ(3, pe_count(copy));
	burst(copy, 2);
	EXPECT_EQ(5, pe_count(copy));
	close(copy);
	EXPECT_EQ(NO_COUNT, pe_count(copy));
}

/* Of a clock, too, as it was asked for: type and config are not those of its own PMU. */
TEST_F(life, fdinfo_says_what_was_opened)
{
	const __u64 ids[] = { PERF_COUNT_SW_PAGE_FAULTS, PERF_COUNT_SW_TASK_CLOCK };

	for (int i = 0; i < 2; i++) {
		unsigned long long config = 0;
		char path[64], line[128];
		unsigned int type = ~0U;
		int found = 0;
		FILE *file;
		int fd;

		self->attr.config = ids[i];
		fd = pe_self(&self->attr);
		ASSERT_LE(0, fd);
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		file = fopen(path, "r");
		ASSERT_NE(NULL, file);
		while (fgets(line, sizeof(line), file)) {
			found += sscanf(line, "perf_event_attr.type: %u", &type) == 1;
			found += sscanf(line, "perf_event_attr.config: %llu", &config) == 1;
		}
		fclose(file);
		EXPECT_EQ(2, found);
		EXPECT_EQ(PERF_TYPE_SOFTWARE, type);
		EXPECT_EQ(ids[i], config);
		close(fd);
	}
}

TEST_F(life, shared_with_a_child)
{
	int fd = pe_self(&self->attr);
	struct worker w;

	if (!worker_fork(&w)) {
		worker_wait(&w);
		/* The parent has closed it; it counts the parent still. */
		_exit(pe_count(fd) == 4 && !pe_enable(fd) && !close(fd) ? 0 : 1);
	}
	burst(fd, 4);
	close(fd);
	worker_post(&w);
	EXPECT_EQ(0, worker_join(&w));
}

TEST_F(life, the_opener_ends_first)
{
	struct worker w;
	int fds[2];
	int fd;

	ASSERT_EQ(0, pipe(fds));
	if (!worker_fork(&w)) {
		/* This one opens on its parent, hands on to its child and goes. */
		fd = pe_open(&self->attr, getppid(), -1, -1, 0);
		if (fork())
			_exit(fd < 0);
		worker_wait(&w);
		fd = pe_enable(fd) || pe_count(fd) || pe_disable(fd) || close(fd);
		_exit(write(fds[1], fd ? "n" : "y", 1) != 1);
	}
	EXPECT_EQ(0, child_join(w.pid));
	worker_post(&w);
	ASSERT_EQ(1, read(fds[0], &fd, 1));
	EXPECT_EQ('y', *(char *)&fd);
}

/* ---- Groups come apart ---- */

TEST_F(life, siblings_outlive_their_leader)
{
	struct reading r;
	int fd[3];

	self->attr.read_format = PERF_FORMAT_GROUP;
	fd[0] = pe_self(&self->attr);
	self->attr.disabled = 0;
	for (int i = 1; i < 3; i++)
		fd[i] = pe_open(&self->attr, 0, -1, fd[0], 0);
	ASSERT_LE(0, fd[2]);
	burst(fd[0], 3);
	pe_enable(fd[0]);
	close(fd[0]);
	touch_pages(4);
	pe_disable(fd[1]);
	pe_disable(fd[2]);
	for (int i = 1; i < 3; i++) {
		ASSERT_EQ(0, pe_read(fd[i], PERF_FORMAT_GROUP, &r));
		EXPECT_EQ(1, r.nr);
		EXPECT_EQ(7, r.of[0].value);
		burst(fd[i], 2);
		EXPECT_EQ(0, pe_read(fd[i], PERF_FORMAT_GROUP, &r));
		EXPECT_EQ(9, r.of[0].value);
	}
	/* Each leads a group of its own now. */
	EXPECT_EQ(0, try_open(&self->attr, 0, -1, fd[1], 0));
}

TEST_F(life, a_sibling_goes_before_its_leader)
{
	struct reading r;
	int leader, first, second;

	self->attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	leader = pe_self(&self->attr);
	first = pe_open(&self->attr, 0, -1, leader, 0);
	second = pe_open(&self->attr, 0, -1, leader, 0);
	ASSERT_LE(0, second);
	close(first);
	ASSERT_EQ(0, pe_read(leader, self->attr.read_format, &r));
	EXPECT_EQ(2, r.nr);
	EXPECT_EQ(pe_id(leader), r.of[0].id);
	EXPECT_EQ(pe_id(second), r.of[1].id);
}

/* ---- The task goes first ---- */

struct dead {
	int fd;
	int leader;
	pid_t pid;
};

/* Two events, the second in a group of its own, on a child that touched 5 pages and ended. */
static void outlive(struct perf_event_attr *attr, struct dead *dead)
{
	struct worker w;

	toucher_fork(&w, 5);
	worker_wait(&w);
	attr->disabled = 0;
	dead->fd = pe_open(attr, w.pid, -1, -1, 0);
	dead->leader = pe_open(attr, w.pid, -1, -1, 0);
	worker_post(&w);
	worker_wait(&w);
	pe_disable(dead->fd);
	pe_enable(dead->fd);
	dead->pid = w.pid;
	worker_join(&w);
}

TEST_F(life, read_after_death)
{
	struct reading one, two;
	struct dead dead;

	self->attr.read_format = times | PERF_FORMAT_ID;
	outlive(&self->attr, &dead);
	ASSERT_EQ(0, pe_read(dead.fd, self->attr.read_format, &one));
	sleep_ms(10);
	ASSERT_EQ(0, pe_read(dead.fd, self->attr.read_format, &two));
	EXPECT_LE(5, one.of[0].value);
	EXPECT_EQ(one.of[0].value, two.of[0].value);
	EXPECT_LT(0, one.enabled);
	EXPECT_EQ(one.enabled, two.enabled);
	EXPECT_EQ(one.running, two.running);
	EXPECT_EQ(pe_id(dead.fd), one.of[0].id);
}

TEST_F(life, commands_after_death)
{
	struct pollfd p;
	struct dead dead;
	__u64 period = 7, n;

	self->attr.sample_period = 3;
	outlive(&self->attr, &dead);
	n = pe_count(dead.fd);
	EXPECT_EQ(0, pe_enable(dead.fd));
	EXPECT_EQ(0, pe_disable(dead.fd));
	EXPECT_EQ(0, pe_ioctl(dead.fd, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP));
	EXPECT_EQ(0, pe_ioctl(dead.fd, PERF_EVENT_IOC_REFRESH, 2));
	EXPECT_EQ(0, pe_ioctl(dead.fd, PERF_EVENT_IOC_PERIOD, (unsigned long)&period));
	EXPECT_EQ(n, pe_count(dead.fd));
	EXPECT_EQ(0, pe_ioctl(dead.fd, PERF_EVENT_IOC_RESET, 0));
	EXPECT_EQ(0, pe_count(dead.fd));
	p = (struct pollfd) { .fd = dead.fd, .events = POLLIN };
	EXPECT_EQ(1, poll(&p, 1, 1000));
	EXPECT_TRUE(p.revents & POLLHUP);
	EXPECT_EQ(-ESRCH, pe_open(&self->attr, dead.pid, -1, -1, 0));
}

/* Nobody joins a group whose leader's task has gone. */
TEST_F(life, no_leader_after_death)
{
	struct dead dead;
	int err;

	outlive(&self->attr, &dead);
	err = pe_open(&self->attr, 0, -1, dead.leader, 0);
	EXPECT_TRUE(err == -ENODEV || err == -EINVAL);
	EXPECT_EQ(-ESRCH, pe_open(&self->attr, dead.pid, -1, -1, 0));
}

TEST_F(life, zombies_are_no_targets)
{
	struct worker w;

	if (!worker_fork(&w))
		_exit(0);
	worker_wait(&w);
	sleep_ms(50);
	EXPECT_EQ(-ESRCH, pe_open(&self->attr, w.pid, -1, -1, 0));
	worker_join(&w);
}

TEST_F(life, mapping_after_death)
{
	struct ring ring;
	struct dead dead;

	self->attr.sample_period = 1;
	outlive(&self->attr, &dead);
	EXPECT_EQ(0, ring_map(&ring, dead.fd, 2));
	EXPECT_EQ(0, ring_head(&ring));
	ring_unmap(&ring);
}

TEST_F(life, killed_with_a_buffer)
{
	struct ring ring;
	struct worker w;

	for (int i = 0; i < 20; i++) {
		if (!worker_fork(&w)) {
			self->attr.sample_period = 1;
			self->attr.disabled = 0;
			ring_map(&ring, pe_self(&self->attr), 4);
			worker_post(&w);
			for (;;)
				touch_pages(4);
		}
		ASSERT_TRUE(worker_wait(&w));
		kill(w.pid, SIGKILL);
		ASSERT_EQ(1000 + SIGKILL, worker_join(&w));
	}
}

/* ---- Two at once ---- */

struct race {
	pthread_barrier_t start;
	struct perf_event_attr attr;
	pid_t target;
	int fd;
};

static void *opener(void *arg)
{
	struct race *race = arg;

	pthread_barrier_wait(&race->start);
	return (void *)(long)pe_open(&race->attr, race->target, -1, -1, 0);
}

/* Both find a task without a context; both events must count. */
TEST_F(life, two_open_the_first_event_of_a_third)
{
	struct race race = { .attr = self->attr };
	pthread_t thread[2];
	struct worker w;
	void *fd[2];

	race.attr.disabled = 0;
	pthread_barrier_init(&race.start, NULL, 2);
	for (int round = 0; round < rounds(100); round++) {
		toucher_fork(&w, 3);
		worker_wait(&w);
		sleep_ms(2);
		race.target = w.pid;
		for (int i = 0; i < 2; i++)
			pthread_create(&thread[i], NULL, opener, &race);
		for (int i = 0; i < 2; i++)
			pthread_join(thread[i], &fd[i]);
		worker_post(&w);
		worker_wait(&w);
		for (int i = 0; i < 2; i++) {
			ASSERT_LE(0, (long)fd[i]);
			ASSERT_LE(3, pe_count((long)fd[i]));
			ASSERT_NE(NO_COUNT, pe_count((long)fd[i]));
		}
		ASSERT_EQ(pe_count((long)fd[0]), pe_count((long)fd[1]));
		close((long)fd[0]);
		close((long)fd[1]);
		ASSERT_EQ(0, worker_join(&w));
	}
}

static void *closer(void *arg)
{
	struct race *race = arg;

	pthread_barrier_wait(&race->start);
	close(race->fd);
	return NULL;
}

/* A close from one CPU while the task of the event ends on another. */
TEST_F(life, close_against_exit)
{
	struct race race = { .attr = self->attr };
	pthread_t thread;
	struct worker w;

	race.attr.disabled = 0;
	pthread_barrier_init(&race.start, NULL, 2);
	for (int round = 0; round < rounds(100); round++) {
		if (!worker_fork(&w)) {
			worker_wait(&w);
			_exit(0);
		}
		race.fd = pe_open(&race.attr, w.pid, -1, -1, 0);
		ASSERT_LE(0, race.fd);
		pthread_create(&thread, NULL, closer, &race);
		pthread_barrier_wait(&race.start);
		worker_post(&w);
		ASSERT_EQ(0, worker_join(&w));
		pthread_join(thread, NULL);
	}
}

/* An open that loses to the exit of its task says so, or succeeds. */
TEST_F(life, open_against_exit)
{
	int opened = 0, late = 0;
	struct worker w;

	for (int round = 0; round < rounds(200); round++) {
		int fd;

		if (!worker_fork(&w)) {
			worker_wait(&w);
			_exit(0);
		}
		worker_post(&w);
		for (int i = 0; i < (round & 7) * 300; i++)
			__atomic_thread_fence(__ATOMIC_SEQ_CST);
		fd = pe_open(&self->attr, w.pid, -1, -1, 0);
		opened += fd >= 0;
		late += fd == -ESRCH;
		if (fd >= 0) {
			EXPECT_EQ(0, pe_enable(fd));
			close(fd);
		}
		ASSERT_EQ(0, worker_join(&w));
	}
	EXPECT_EQ(rounds(200), opened + late);
}

/* ---- Across a socket ---- */

static int send_fd(int sock, int fd)
{
	char room[CMSG_SPACE(sizeof(int))] = "", byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int sock)
{
	char room[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	int fd;

	if (recvmsg(sock, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

/* In flight is held: the sender closes and ends before it is received. */
TEST_F(life, passed_over_a_socket)
{
	int socks[2], fd, got;
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	child = fork();
	if (!child) {
		fd = pe_open(&self->attr, getppid(), -1, -1, 0);
		got = fd < 0 ? 1 : send_fd(socks[1], fd);
		_exit(got ? 1 : 0);
	}
	ASSERT_EQ(0, child_join(child));
	got = receive_fd(socks[0]);
	ASSERT_LE(0, got);
	burst(got, 6);
	EXPECT_EQ(6, pe_count(got));
	close(got);
}

/* Never received: it goes with the socket. */
TEST_F(life, lost_in_a_socket)
{
	int socks[2], first = lowest_fd();

	for (int i = 0; i < 20; i++) {
		int fd = pe_self(&self->attr);

		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
		ASSERT_EQ(0, send_fd(socks[1], fd));
		close(fd);
		close(socks[0]);
		close(socks[1]);
	}
	EXPECT_EQ(first, lowest_fd());
}

TEST_HARNESS_MAIN
