/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Performance events: what a hypervisor tells about the guest that it runs.
 *
 * An overflow may hit while a guest is on the CPU.  Samples then say where the
 * guest was.  Included by <linux/perf_event.h>.
 */
#ifndef _LINUX_PERF_GUEST_H
#define _LINUX_PERF_GUEST_H

#include <linux/static_call.h>
#include <linux/types.h>

#define PERF_GUEST_ACTIVE	0x01
#define PERF_GUEST_USER		0x02

/**
 * struct perf_guest_info_callbacks - what a hypervisor tells about this CPU
 * @state: PERF_GUEST_* of the guest that the interrupt hit, 0 if none
 * @get_ip: the guest's instruction pointer
 * @handle_intel_pt_intr: give a trace interrupt to the guest; nonzero if taken
 *
 * All are called from NMI context on the CPU they are about.
 */
struct perf_guest_info_callbacks {
	unsigned int	(*state)(void);
	unsigned long	(*get_ip)(void);
	unsigned int	(*handle_intel_pt_intr)(void);
};

#ifdef CONFIG_GUEST_PERF_EVENTS
extern struct perf_guest_info_callbacks __rcu *perf_guest_cbs;

DECLARE_STATIC_CALL(perf_guest_ask_state, *perf_guest_cbs->state);
DECLARE_STATIC_CALL(perf_guest_ask_ip, *perf_guest_cbs->get_ip);
DECLARE_STATIC_CALL(perf_guest_ask_pt_intr, *perf_guest_cbs->handle_intel_pt_intr);

void perf_register_guest_info_callbacks(struct perf_guest_info_callbacks *cbs);
void perf_unregister_guest_info_callbacks(struct perf_guest_info_callbacks *cbs);

static inline unsigned int perf_guest_state(void)
{
	return static_call(perf_guest_ask_state)();
}

static inline unsigned long perf_guest_get_ip(void)
{
	return static_call(perf_guest_ask_ip)();
}

static inline unsigned int perf_guest_handle_intel_pt_intr(void)
{
	return static_call(perf_guest_ask_pt_intr)();
}
#else
static inline unsigned int perf_guest_state(void) { return 0; }
static inline unsigned long perf_guest_get_ip(void) { return 0; }
static inline unsigned int perf_guest_handle_intel_pt_intr(void) { return 0; }
#endif

#endif /* _LINUX_PERF_GUEST_H */
