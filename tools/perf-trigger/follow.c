// SPDX-License-Identifier: GPL-2.0
/*
 * Run the command with events, and a buffer, for each of its tasks.
 *
 * The kernel stops a new task, and who made it, for who traces them (ptrace(2)); before either
 * goes on the new one has its events.  It is inside if its maker is.  Buffers are read when
 * they are half full, and when their task has ended.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "perf-trigger.h"

static struct task *tasks;
static int nr_tasks;

/* New tasks that stopped before their maker was seen to: rarely more than one. */
static pid_t early[64];

static struct task **task_find(pid_t tid)
{
	struct task **task;

	for (task = &tasks; *task; task = &(*task)->next)
		if ((*task)->tid == tid)
			break;
	return task;
}

/* ---- Buffers ---- */

static void take(const struct job *job, struct task *task, const struct perf_event_header *record)
{
	if (job->record)
		data_record(record);
	else
		passes_record(job, task, record);
}

static void drain(const struct job *job, struct task *task)
{
	struct ring *ring = &task->ring;
	u64 head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
	u64 tail = ring->page->data_tail, size = ring->mask + 1;

	while (tail != head) {
		u64 at = tail & ring->mask;
		struct perf_event_header *record = (void *)(ring->data + at);
		u16 length = record->size;

		if (at + length > size) {
			memcpy(ring->record, record, size - at);
			memcpy((char *)ring->record + size - at, ring->data, length - (size - at));
			record = (void *)ring->record;
		}
		take(job, task, record);
		tail += length;
	}
	__atomic_store_n(&ring->page->data_tail, tail, __ATOMIC_RELEASE);
}

/* ---- Tasks ---- */

static void task_begin(struct job *job, pid_t tid, bool inside)
{
	struct task *task = calloc(1, sizeof(*task));

	task->tid = tid;
	task_open(job, task, inside);
	if (job->record)
		data_ids(job, task);
	else
		passes_begin(job, task, inside);
	task->next = tasks;
	tasks = task;
	nr_tasks++;
}

static void task_end(struct job *job, pid_t tid)
{
	struct task **link = task_find(tid), *task = *link;

	if (!task)
		return;
	drain(job, task);
	if (!job->record)
		passes_end(job, task);
	task_close(job, task);
	*link = task->next;
	free(task);
	nr_tasks--;
}

static bool is_early(pid_t tid)
{
	for (size_t i = 0; i < ARRAY_SIZE(early); i++) {
		if (early[i] == tid) {
			early[i] = 0;
			return true;
		}
	}
	return false;
}

static void set_early(pid_t tid)
{
	for (size_t i = 0; i < ARRAY_SIZE(early); i++) {
		if (!early[i]) {
			early[i] = tid;
			return;
		}
	}
	die("too many new tasks at once");
}

static void new_task(struct job *job, pid_t maker)
{
	struct task *old = *task_find(maker);
	unsigned long tid = 0;
	int status;

	if (ptrace(PTRACE_GETEVENTMSG, maker, 0, &tid))
		return;
	if (!is_early(tid) && (waitpid(tid, &status, __WALL) < 0 || !WIFSTOPPED(status)))
		return;
	task_begin(job, tid, old && task_is_inside(job, old));
	ptrace(PTRACE_CONT, tid, 0, 0);
}

static bool stops_a_group(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void stopped(struct job *job, pid_t tid, int status)
{
	int signal = WSTOPSIG(status);

	switch (status >> 16) {
	case PTRACE_EVENT_CLONE:
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
		new_task(job, tid);
		signal = 0;
		break;
	case PTRACE_EVENT_STOP:
		if (!*task_find(tid)) {
			set_early(tid);
			return;
		}
		if (stops_a_group(signal)) {
			ptrace(PTRACE_LISTEN, tid, 0, 0);
			return;
		}
		signal = 0;
		break;
	}
	ptrace(PTRACE_CONT, tid, 0, signal);
}

/* ---- The command ---- */

/* It waits for a byte, or for the other end to be closed. */
pid_t command_start(char **command, int *go)
{
	int end[2];
	pid_t pid;
	char c;

	if (pipe2(end, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		close(end[1]);
		if (read(end[0], &c, 1) != 1)
			_exit(FAILED);
		execvp(command[0], command);
		fprintf(stderr, "perf-trigger: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	close(end[0]);
	*go = end[1];
	/* It is the command's to be interrupted; what was counted is printed then. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	return pid;
}

/* All that has happened to tasks: true, with the status, when the command itself has ended. */
static bool reap(struct job *job, pid_t command, int *command_status)
{
	int status;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
		if (WIFSTOPPED(status)) {
			stopped(job, tid, status);
			continue;
		}
		task_end(job, tid);
		if (tid == command) {
			*command_status = status;
			return true;
		}
	}
	return tid < 0;
}

static void wait_for_something(int children)
{
	struct pollfd fds[nr_tasks + 1];
	struct signalfd_siginfo info;
	int nr = 0;

	fds[nr++] = (struct pollfd){ .fd = children, .events = POLLIN };
	for (struct task *task = tasks; task; task = task->next)
		fds[nr++] = (struct pollfd){
			.fd = task->side >= 0 ? task->side : task->start, .events = POLLIN,
		};
	if (poll(fds, nr, 1000) > 0 && fds[0].revents && read(children, &info, sizeof(info)) < 0)
		die("signalfd: %s", strerror(errno));
}

int follow(struct job *job)
{
	int go, status = 0, children;
	pid_t pid = command_start(job->command, &go);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	children = signalfd(-1, &set, SFD_CLOEXEC);
	if (ptrace(PTRACE_SEIZE, pid, 0,
		   PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK))
		die("%s cannot be followed: ptrace: %s", job->command[0], strerror(errno));
	task_begin(job, pid, false);
	if (write(go, "g", 1) != 1)
		die("%s does not start", job->command[0]);
	close(go);
	while (!reap(job, pid, &status)) {
		for (struct task *task = tasks; task; task = task->next)
			drain(job, task);
		wait_for_something(children);
	}
	while (tasks)
		task_end(job, tasks->tid);
	return status;
}
