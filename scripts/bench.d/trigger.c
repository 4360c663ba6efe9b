// SPDX-License-Identifier: GPL-2.0
/*
 * Events are started and stopped: by two system calls' tracepoints, of which one is
 * their starter and one their stopper.  Without triggers a program has to enable and
 * disable each of them.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bench.h"

#ifndef PERF_EVENT_IOC_SET_STARTER
#define PERF_EVENT_IOC_SET_STARTER _IO('$', 7)
#define PERF_EVENT_IOC_SET_STOPPER _IO('$', 8)
#endif

#define TARGETS 64

enum { SOFTWARE, HARDWARE, BESIDE };

static int target[TARGETS];

static int door(const char *name)
{
	struct perf_event_attr attr = tracepoint(name);

	attr.sample_period = 1;
	return open_event(attr);
}

static void by_hand(int size)
{
	for (int i = 0; i < size; i++)
		ioctl(target[i], PERF_EVENT_IOC_ENABLE, 0);
	for (int i = 0; i < size; i++)
		ioctl(target[i], PERF_EVENT_IOC_DISABLE, 0);
}

static void call(int size)
{
	syscall(SYS_getpgid, 0);
	by_hand(size);
	syscall(SYS_getsid, 0);
}

static void trigger(const struct path *path, int size)
{
	struct perf_event_attr attr = quiet();
	struct takes takes = {};
	int begin, end, hand = 0;

	if (path->arg == HARDWARE) {
		attr.type = PERF_TYPE_HARDWARE;
		attr.config = PERF_COUNT_HW_INSTRUCTIONS;
		attr.exclude_kernel = 1;
	}
	begin = door("syscalls/sys_enter_getpgid");
	end = door("syscalls/sys_enter_getsid");
	if (path->arg == BESIDE) {
		begin = door("syscalls/sys_enter_getppid");
		end = door("syscalls/sys_enter_getuid");
	}
	for (int i = 0; i < size; i++) {
		target[i] = open_event(attr);
		if (ioctl(begin, PERF_EVENT_IOC_SET_STARTER, target[i]) && errno == ENOTTY)
			hand = size;
		else
			must(ioctl(end, PERF_EVENT_IOC_SET_STOPPER, target[i]), "SET_STOPPER");
		if (hand)
			ioctl(target[i], PERF_EVENT_IOC_DISABLE, 0);
	}
	if (path->arg == BESIDE)
		hand = 0;
	for (int i = 0; i < 101; i++)
		TAKE(&takes, call(hand));
	report(path, size, &takes);
}

const struct path trigger_paths[] = {
	{ "trigger.none", trigger },
	{ "trigger.software", trigger, { 1, 8, 64 } },
	{ "trigger.beside", trigger, { 1, 8 }, BESIDE },
	{ "trigger.hardware", trigger, { 1, 2, 4 }, HARDWARE },
	{}
};
