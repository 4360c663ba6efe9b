// SPDX-License-Identifier: GPL-2.0
/*
 * The model's own registers, whose rules it has written itself: faults on demand, access counts.
 */
#include "bare.h"

#define SPURIOUS	(FAULT + 0)
#define LATE		(FAULT + 1)
#define SECOND		(FAULT + 2)
#define STUCK		(FAULT + 3)
#define NEAR		(FAULT + 4)
#define STOLEN		(FAULT + 5)

#define STAT		0x504d5500
#define KINDS		19
#define READS(kind)	(STAT + 2 * (kind))
#define WRITES(kind)	(STAT + 2 * (kind) + 1)
#define COUNTER		1
#define EVTSEL		2
#define RDPMC		18

#define K		40

static void unmask(void)
{
	apic_wr(LVTPC, LVT_NMI);
}

static void try_pmis_late(void)
{
	struct run spurious = { SPURIOUS, K, evtsel(0), 0, slide, 0, false };

	rule("spurious: a PMI without an overflow");
	run(&spurious);
	nmis_are(1, K);
	same("left to come, status", rd(SPURIOUS) | (STATUS ? rd(STATUS) : 0), 0);
	rule("late: a PMI later than its overflow");
	nmi.hook = unmask;
	wr(LATE, 7);
	overflow_at(0, INSNS | OS | INT, K);
	nmis_are(1, K + 7);
	wr(LATE, 0);
	overflow_at(0, INSNS | OS | INT, K);
	nmis_are(2, K);
	rule("second: another overflow soon after a PMI, of a counter that counts");
	nmi.hook = unmask;
	wr(counter(1), 5);
	wr(SECOND, 1ull << 32 | 100);
	overflow_at(0, INSNS | OS | INT, K);
	same("NMIs if it does not count", nmi.nr, 1);
	same("value if it does not count", rd(counter(1)), 5);
	if (STATUS)
		wr(CLEAR, 1);
	wr(SECOND, 1ull << 32 | 100);
	wr(evtsel(1), INSNS | OS | INT | EN);
	overflow_at(0, INSNS | OS | INT, K);
	same("NMIs", nmi.nr, 3);
	same("left to come", rd(SECOND), 0);
	same("status", STATUS ? rd(STATUS) : 3, 3);
}

static void try_state(void)
{
	u64 before;

	if (STATUS) {
		rule("stuck: bits of the status stay so often, or for ever");
		overflow_at(0, INSNS | OS, K);
		wr(STUCK, 2 << 16 | 1);
		for (unsigned int i = 0; i < 3; i++) {
			same_of(i, "status", rd(STATUS), 1);
			wr(CLEAR, 1);
		}
		same("status in the end", rd(STATUS), 0);
		overflow_at(0, INSNS | OS, K);
		wr(STUCK, 1);
		for (unsigned int i = 0; i < 10; i++)
			wr(CLEAR, 1);
		same("status for ever", rd(STATUS), 1);
		wr(STUCK, 0);
		wr(CLEAR, 1);
		same("status at last", rd(STATUS), 0);
	}
	rule("near: counters that do not count are near their overflow");
	wr(evtsel(0), INSNS | USR | EN);
	wr(NEAR, 1000);
	for (unsigned int i = 0; i < pmu.gp; i++)
		same_of(i, "counter", rd(counter(i)), i ? MINUS(1000) : 0);
	for (unsigned int n = 0; n < pmu.fixed; n++)
		same_of(n, "fixed counter", rd(FIXED_CTR + n), MINUS(1000));
	rule("stolen: firmware counts cycles");
	wr(STOLEN, 2);
	same("event select", rd(evtsel(1)), CYCLES | OS | EN);
	same("others", rd(evtsel(0)) | rd(evtsel(2)), 0);
	before = rd(counter(1));
	slide();
	same("it counts", rd(counter(1)) - before > SLIDE, true);
	rule("the faults' reserved bits are #GP");
	same("#GP", gp_wr(SPURIOUS, BIT(32)) & gp_wr(LATE, BIT(32)), true);
	same("#GP", gp_wr(NEAR, BIT(32)) & gp_wr(STOLEN, BIT(8)), true);
}

void try_faults(void)
{
	u64 value;

	try_pmis_late();
	try_state();
	rule("accesses are counted by kind, but not those that are #GP; a write clears");
	wr(STAT + 3, 0);
	wr(evtsel(0), 0);
	wr(evtsel(1), 0);
	rd(evtsel(0));
	rd(counter(0));
	rdpmc(0, false, &value);
	rdpmc(0xffff, false, &value);
	if (pmu.intel)
		gp_wr(evtsel(0), BIT(63));
	same("kinds", rd(STAT), KINDS);
	same("event selects written", rd(WRITES(EVTSEL)), 2);
	same("event selects read", rd(READS(EVTSEL)), 1);
	same("counters read", rd(READS(COUNTER)), 1);
	same("RDPMC", rd(READS(RDPMC)), 1);
	wr(STAT, 0);
	for (u32 i = 1; i < 2 * KINDS; i++)
		same_of(i, "cleared", rd(STAT + i), 0);
}
