// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the accounting of breakpoints: random walks against a model that
 * knows nothing but the rule, threads that race for the last slot, what an act costs
 * on machines that are not there.  And of the in-kernel interface, with real
 * breakpoints.
 *
 * A walk's figures are those of its row and of a seed; more of them, or longer ones, on
 * the command line of the kernel: bp_slots_test.seeds=20 bp_slots_test.steps=1000000.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/hash.h>
#include <linux/hw_breakpoint.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/smp.h>
#include <linux/sort.h>
#include <linux/timex.h>

#include "bp_slots.h"

/* Where every access is checked, a step takes ten times as long. */
#define SLOW	(IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN))

static unsigned int seeds = 2;
module_param(seeds, uint, 0444);
MODULE_PARM_DESC(seeds, "random walks of each kind");

static unsigned int steps = SLOW ? 10000 : 100000;
module_param(steps, uint, 0444);
MODULE_PARM_DESC(steps, "of each walk");

static struct bp_slots *slots_new(struct kunit *test, unsigned int nr_cpus,
				  unsigned int inst, unsigned int data)
{
	struct bp_slots *slots = kunit_kzalloc(test, sizeof(*slots), GFP_KERNEL);
	unsigned int nr[BP_SLOT_TYPES] = { inst, data };

	KUNIT_ASSERT_NOT_NULL(test, slots);
	KUNIT_ASSERT_EQ(test, bp_slots_init(slots, nr_cpus, nr), 0);
	return slots;
}

static void slots_end(struct kunit *test, struct bp_slots *slots)
{
	KUNIT_EXPECT_TRUE(test, bp_slots_empty(slots));
	bp_slots_destroy(slots);
}

/* ---- The model ------------------------------------------------------------ */

#define WALK_CPUS	4
#define WALK_TASKS	5
#define WALK_CLAIMS	128

struct walk_row {
	const char	*name;
	unsigned int	cpus;
	unsigned int	tasks;
	unsigned int	slots[BP_SLOT_TYPES];
	unsigned int	weight;		/* at most */
	unsigned int	types;
};

static const struct walk_row walk_rows[] = {
	{ "shared registers",	4, 5, { 4, 0 },	 1, 1 },
	{ "shared, weights",	4, 5, { 6, 0 },	 3, 1 },
	{ "two types",		3, 4, { 6, 4 },	 1, 2 },
	{ "two types, weights",	4, 3, { 16, 5 }, 4, 2 },
	{ "one register",	2, 3, { 1, 1 },	 1, 2 },
	{ "one CPU",		1, 4, { 4, 2 },	 2, 2 },
};

KUNIT_ARRAY_PARAM_DESC(walks, walk_rows, name);

struct walk {
	const struct walk_row	*row;
	struct bp_slots		*slots;
	struct rnd_state	rnd;
	char			task[WALK_TASKS];	/* their addresses are tasks */
	struct bp_claim		claim[WALK_CLAIMS];
	unsigned int		nr;
	unsigned int		granted, refused;
};

static bool claim_counts(const struct bp_claim *claim, const void *task, int cpu, unsigned int type)
{
	return claim->type == type && claim->task == task && claim->cpu == cpu;
}

/* The rule by its words: of all claims, what is used on the CPU if the task runs there. */
static unsigned int model_sum(struct walk *walk, const void *task, int cpu, unsigned int type)
{
	unsigned int sum = 0, i;

	for (i = 0; i < walk->nr; i++) {
		struct bp_claim *claim = &walk->claim[i];

		if (claim_counts(claim, NULL, cpu, type) || claim_counts(claim, task, cpu, type) ||
		    claim_counts(claim, task, -1, type))
			sum += claim->weight;
	}

	return sum;
}

static unsigned int model_use(struct walk *walk, int cpu, unsigned int type)
{
	unsigned int most = 0, i;

	for (i = 0; i < walk->row->tasks; i++)
		most = max(most, model_sum(walk, &walk->task[i], cpu, type));

	return most;
}

static bool model_fits(struct walk *walk)
{
	unsigned int cpu, type;

	for (cpu = 0; cpu < walk->row->cpus; cpu++) {
		for (type = 0; type < walk->row->types; type++) {
			if (model_use(walk, cpu, type) > walk->row->slots[type])
				return false;
		}
	}

	return true;
}

static unsigned int walk_random(struct walk *walk, unsigned int below)
{
	return prandom_u32_state(&walk->rnd) % below;
}

static struct bp_claim walk_claim(struct walk *walk)
{
	struct bp_claim claim = {
		.type	= walk_random(walk, walk->row->types),
		.weight	= 1 + walk_random(walk, walk->row->weight),
	};
	unsigned int kind = walk_random(walk, 8);

	/* Of a CPU now and then: they keep all tasks out. */
	claim.cpu = kind < 4 ? -1 : (int)walk_random(walk, walk->row->cpus);
	claim.task = kind < 7 ? &walk->task[walk_random(walk, walk->row->tasks)] : NULL;
	return claim;
}

static void walk_reserve(struct kunit *test, struct walk *walk)
{
	struct bp_claim claim = walk_claim(walk);
	int err = bp_slots_reserve(walk->slots, &claim);
	bool fits;

	walk->claim[walk->nr++] = claim;
	fits = model_fits(walk);
	if (!fits)
		walk->nr--;
	KUNIT_ASSERT_EQ(test, err, fits ? 0 : -ENOSPC);
	walk->granted += fits;
	walk->refused += !fits;
}

static void walk_release(struct walk *walk)
{
	unsigned int i = walk_random(walk, walk->nr);

	bp_slots_release(walk->slots, &walk->claim[i]);
	walk->claim[i] = walk->claim[--walk->nr];
}

/* Is the account's view of each CPU the model's? */
static void walk_look(struct kunit *test, struct walk *walk)
{
	unsigned int cpu, type;

	for (cpu = 0; cpu < walk->row->cpus; cpu++) {
		for (type = 0; type < walk->row->types; type++)
			KUNIT_ASSERT_EQ(test, bp_slots_use(walk->slots, cpu, type),
					model_use(walk, cpu, type));
	}
	KUNIT_ASSERT_EQ(test, bp_slots_empty(walk->slots), !walk->nr);
}

/* Rather full for a while, rather empty for a while. */
static void walk_step(struct kunit *test, struct walk *walk, unsigned int step)
{
	unsigned int dice = walk_random(walk, 16), take = step & 0x400 ? 7 : 11;

	if (!walk->nr || (dice < take && walk->nr < WALK_CLAIMS))
		walk_reserve(test, walk);
	else
		walk_release(walk);
	if (!(step & 0x3f))
		walk_look(test, walk);
}

static void walk_once(struct kunit *test, struct walk *walk, unsigned int seed)
{
	const struct walk_row *row = walk->row;
	unsigned int step;

	walk->slots = slots_new(test, row->cpus, row->slots[0], row->slots[1]);
	prandom_seed_state(&walk->rnd, seed);
	for (step = 0; step < steps; step++) {
		walk_step(test, walk, step);
		cond_resched();
	}
	while (walk->nr)
		walk_release(walk);
	walk_look(test, walk);
	slots_end(test, walk->slots);
}

static void random_walk(struct kunit *test)
{
	struct walk *walk = kunit_kzalloc(test, sizeof(*walk), GFP_KERNEL);
	unsigned int seed;

	KUNIT_ASSERT_NOT_NULL(test, walk);
	walk->row = test->param_value;
	for (seed = 1; seed <= seeds; seed++)
		walk_once(test, walk, seed);

	/* It has seen both sides. */
	KUNIT_EXPECT_GT(test, walk->granted, 1000);
	KUNIT_EXPECT_GT(test, walk->refused, 1000);
	kunit_info(test, "%u granted, %u refused\n", walk->granted, walk->refused);
}

/* ---- One case each --------------------------------------------------------- */

static int claim_try(struct bp_slots *slots, const void *task, int cpu)
{
	struct bp_claim claim = { .task = task, .cpu = cpu, .weight = 1 };

	return bp_slots_reserve(slots, &claim);
}

static void claim_drop(struct bp_slots *slots, const void *task, int cpu)
{
	struct bp_claim claim = { .task = task, .cpu = cpu, .weight = 1 };

	bp_slots_release(slots, &claim);
}

/*
 * Two CPUs that are half full in different ways, a task that has something on both:
 * what it may still have anywhere is decided by the fuller sum, not by the sum of the
 * fullest parts.
 */
static void parts_of_different_cpus(struct kunit *test)
{
	struct bp_slots *slots = slots_new(test, 2, 4, 0);
	char task;

	KUNIT_EXPECT_EQ(test, claim_try(slots, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, claim_try(slots, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, claim_try(slots, &task, 1), 0);
	KUNIT_EXPECT_EQ(test, claim_try(slots, &task, 1), 0);
	KUNIT_EXPECT_EQ(test, claim_try(slots, &task, -1), 0);
	KUNIT_EXPECT_EQ(test, claim_try(slots, &task, -1), 0);
	KUNIT_EXPECT_EQ(test, claim_try(slots, &task, -1), -ENOSPC);

	/* The sums follow when a CPU's own change under a task that is bound there. */
	KUNIT_EXPECT_EQ(test, claim_try(slots, NULL, 1), -ENOSPC);
	claim_drop(slots, &task, -1);
	KUNIT_EXPECT_EQ(test, claim_try(slots, NULL, 1), 0);
	KUNIT_EXPECT_EQ(test, claim_try(slots, &task, -1), -ENOSPC);
	claim_drop(slots, NULL, 1);
	KUNIT_EXPECT_EQ(test, claim_try(slots, &task, -1), 0);

	claim_drop(slots, &task, -1);
	claim_drop(slots, &task, -1);
	claim_drop(slots, &task, 1);
	claim_drop(slots, &task, 1);
	claim_drop(slots, NULL, 0);
	claim_drop(slots, NULL, 0);
	slots_end(test, slots);
}

/* A debugger that has stopped the others takes no lock, and goes away if one is held. */
static void stopped(struct kunit *test)
{
	struct bp_slots *slots = slots_new(test, 2, 1, 0);
	struct bp_claim cpu = { .cpu = 1, .weight = 1 };
	struct bp_claim task = { .task = slots, .cpu = -1, .weight = 1 };

	KUNIT_EXPECT_EQ(test, bp_slots_reserve_stopped(slots, &cpu), 0);
	KUNIT_EXPECT_EQ(test, bp_slots_reserve_stopped(slots, &cpu), -ENOSPC);
	KUNIT_EXPECT_EQ(test, bp_slots_reserve(slots, &task), -ENOSPC);
	mutex_lock(&slots->shards[1].lock);
	KUNIT_EXPECT_EQ(test, bp_slots_release_stopped(slots, &cpu), -EBUSY);
	mutex_unlock(&slots->shards[1].lock);
	KUNIT_EXPECT_EQ(test, bp_slots_release_stopped(slots, &cpu), 0);
	KUNIT_EXPECT_EQ(test, bp_slots_reserve_stopped(slots, &task), -EOPNOTSUPP);
	slots_end(test, slots);
}

/* What an account cannot count is not given. */
static void more_than_any_has(struct kunit *test)
{
	struct bp_slots *slots = slots_new(test, 1, BP_SLOTS_MAX + 5, 0);
	char task;
	int i;

	for (i = 0; i < BP_SLOTS_MAX; i++)
		KUNIT_EXPECT_EQ(test, claim_try(slots, &task, -1), 0);
	KUNIT_EXPECT_EQ(test, claim_try(slots, &task, -1), -ENOSPC);
	while (i--)
		claim_drop(slots, &task, -1);
	slots_end(test, slots);
}

/* ---- Races ------------------------------------------------------------------ */

#define RACE_THREADS	64
#define RACE_SLOTS	4
#define RACE_CPUS	8

/*
 * All want one of the same four: those of CPU 0 where task 0 runs.  Each has a task of
 * its own besides.
 */
struct race {
	struct bp_slots		*slots;
	void			(*fn)(struct race *race, unsigned int me);
	char			task[1 + RACE_THREADS];
	bool			got[RACE_THREADS];
	struct completion	go, done;
	atomic_t		next, running;
	atomic_t		held;		/* of the four: at least so many */
	atomic_t		granted, refused, wrong;
};

static struct bp_claim race_claim(struct race *race, unsigned int kind)
{
	const struct bp_claim kinds[] = {
		{ .task = &race->task[0], .cpu = -1, .weight = 1 },
		{ .task = &race->task[0], .cpu = 0, .weight = 1 },
		{ .task = NULL, .cpu = 0, .weight = 1 },
	};

	return kinds[kind % ARRAY_SIZE(kinds)];
}

/* Everybody wants one and keeps it. */
static void race_for_the_last(struct race *race, unsigned int me)
{
	struct bp_claim claim = race_claim(race, me);

	race->got[me] = !bp_slots_reserve(race->slots, &claim);
	atomic_inc(race->got[me] ? &race->granted : &race->refused);
}

/* Take one and give it back, again and again; and always one of the other type. */
static void race_storm(struct race *race, unsigned int me)
{
	struct bp_claim other = { .task = &race->task[1 + me], .type = 1, .weight = 1 };
	unsigned int i;

	for (i = 0; i < (SLOW ? 300 : 3000); i++) {
		struct bp_claim claim = race_claim(race, me + i);

		other.cpu = (int)((me + i) % (RACE_CPUS + 1)) - 1;
		if (bp_slots_reserve(race->slots, &other))
			atomic_inc(&race->wrong);
		if (!bp_slots_reserve(race->slots, &claim)) {
			if (atomic_inc_return(&race->held) > RACE_SLOTS)
				atomic_inc(&race->wrong);
			atomic_inc(&race->granted);
			/* Now and then so long that one who has it as well is seen. */
			if (!(i & 15))
				usleep_range(500, 1000);
			atomic_dec(&race->held);
			bp_slots_release(race->slots, &claim);
		} else {
			atomic_inc(&race->refused);
		}
		bp_slots_release(race->slots, &other);
	}
}

static int race_thread(void *arg)
{
	struct race *race = arg;

	wait_for_completion(&race->go);
	race->fn(race, atomic_inc_return(&race->next) - 1);
	if (atomic_dec_and_test(&race->running))
		complete(&race->done);
	return 0;
}

static void race_run(struct kunit *test, struct race *race)
{
	unsigned int i;

	init_completion(&race->go);
	init_completion(&race->done);
	atomic_set(&race->next, 0);
	atomic_set(&race->running, RACE_THREADS);
	atomic_set(&race->granted, 0);
	atomic_set(&race->refused, 0);

	for (i = 0; i < RACE_THREADS; i++) {
		struct task_struct *thread = kthread_run(race_thread, race, "bp_race/%u", i);

		/* One that is missing is missed below, and not waited for. */
		if (IS_ERR(thread))
			atomic_dec(&race->running);
	}
	complete_all(&race->go);
	wait_for_completion(&race->done);
	KUNIT_ASSERT_EQ(test, atomic_read(&race->next), RACE_THREADS);
}

static struct race *race_new(struct kunit *test, void (*fn)(struct race *race, unsigned int me))
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->slots = slots_new(test, RACE_CPUS, RACE_SLOTS, 1);
	race->fn = fn;
	return race;
}

static void last_slot(struct kunit *test)
{
	struct race *race = race_new(test, race_for_the_last);
	unsigned int round, i;

	for (round = 0; round < 20; round++) {
		race_run(test, race);
		KUNIT_EXPECT_EQ(test, atomic_read(&race->granted), RACE_SLOTS);
		KUNIT_EXPECT_EQ(test, bp_slots_use(race->slots, 0, 0), RACE_SLOTS);
		for (i = 0; i < RACE_THREADS; i++) {
			struct bp_claim claim = race_claim(race, i);

			if (race->got[i])
				bp_slots_release(race->slots, &claim);
		}
		KUNIT_EXPECT_TRUE(test, bp_slots_empty(race->slots));
	}
	slots_end(test, race->slots);
}

/* All but one are taken, so that two who look at once see the same one. */
static void storm(struct kunit *test)
{
	struct race *race = race_new(test, race_storm);
	int i;

	for (i = 0; i < RACE_SLOTS - 1; i++)
		KUNIT_ASSERT_EQ(test, claim_try(race->slots, &race->task[0], i & 1 ? -1 : 0), 0);
	atomic_set(&race->held, RACE_SLOTS - 1);
	race_run(test, race);
	for (i = 0; i < RACE_SLOTS - 1; i++)
		claim_drop(race->slots, &race->task[0], i & 1 ? -1 : 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->wrong), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&race->granted), 100);
	kunit_info(test, "%d granted, %d refused\n",
		   atomic_read(&race->granted), atomic_read(&race->refused));
	slots_end(test, race->slots);
}

struct waiter {
	struct bp_slots		*slots;
	struct bp_claim		claim;
	struct completion	done;
};

static int waiter_thread(void *arg)
{
	struct waiter *waiter = arg;

	if (!bp_slots_reserve(waiter->slots, &waiter->claim))
		bp_slots_release(waiter->slots, &waiter->claim);
	complete(&waiter->done);
	return 0;
}

/* While somebody counts in @shard: is the claim not made within @ms? */
static bool claim_waits(struct kunit *test, struct bp_slots *slots, struct bp_shard *shard,
			struct bp_claim claim, unsigned int ms)
{
	struct waiter *waiter = kunit_kzalloc(test, sizeof(*waiter), GFP_KERNEL);
	struct task_struct *thread;
	bool waits;

	KUNIT_ASSERT_NOT_NULL(test, waiter);
	waiter->slots = slots;
	waiter->claim = claim;
	init_completion(&waiter->done);
	mutex_lock(&shard->lock);
	thread = kthread_run(waiter_thread, waiter, "bp_waiter");
	waits = !IS_ERR(thread) &&
		!wait_for_completion_timeout(&waiter->done, msecs_to_jiffies(ms));
	mutex_unlock(&shard->lock);
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	if (waits)
		wait_for_completion(&waiter->done);
	return waits;
}

/* A CPU's claim waits for all shards; a task's for its own, and for nobody else. */
static void who_waits(struct kunit *test)
{
	struct bp_slots *slots = slots_new(test, 4, 4, 0);
	struct bp_claim claim = { .task = slots, .cpu = -1, .weight = 1 };
	struct bp_shard *own = &slots->shards[hash_ptr(slots, slots->shard_bits)];
	struct bp_shard *shard;

	for (shard = slots->shards; shard < slots->shards + BIT(slots->shard_bits); shard++) {
		claim.task = NULL;
		claim.cpu = 1;
		KUNIT_EXPECT_TRUE(test, claim_waits(test, slots, shard, claim, 50));
		for (claim.task = slots; claim.cpu >= -1; claim.cpu -= 2)
			KUNIT_EXPECT_EQ(test, claim_waits(test, slots, shard, claim,
							  shard == own ? 50 : 10000), shard == own);
	}
	slots_end(test, slots);
}

/* ---- What it costs ----------------------------------------------------------- */

#define COST_TASKS	10000
#define COST_TAKES	101

static const unsigned int cost_cpus[] = { 4, 64, 512 };
static const unsigned int cost_tasks[] = { 1, 10, 100, 1000, COST_TASKS };

/* What is reserved and released while others hold theirs. */
static const struct cost_kind {
	const char	*name;
	bool		task;
	int		cpu;
	bool		first;		/* of the task, which has none besides */
} cost_kinds[] = {
	{ "first-of-a-task",	true,  -1, true },
	{ "one-more-of-a-task",	true,  -1, false },
	{ "task-on-one-cpu",	true,   1, false },
	{ "cpu",		false,  1, false },
};

struct cost {
	struct bp_slots		*slots;
	char			task[COST_TASKS + 1];
	cycles_t		reserve[COST_TAKES], release[COST_TAKES];
};

static int cycles_cmp(const void *a, const void *b)
{
	const cycles_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static u64 cycles_median(cycles_t *takes)
{
	sort(takes, COST_TAKES, sizeof(*takes), cycles_cmp, NULL);
	return takes[COST_TAKES / 2];
}

static void cost_take(struct kunit *test, struct cost *cost, const struct cost_kind *kind,
		      unsigned int cpus, unsigned int tasks)
{
	struct bp_claim claim = { .cpu = kind->cpu, .weight = 1 };
	unsigned int i;

	for (i = 0; i < COST_TAKES; i++) {
		cycles_t start, middle;
		int err;

		/* The last task is one that has none. */
		if (kind->task)
			claim.task = &cost->task[kind->first ? COST_TASKS : i * 97 % tasks];
		start = get_cycles();
		err = bp_slots_reserve(cost->slots, &claim);
		middle = get_cycles();
		bp_slots_release(cost->slots, &claim);
		cost->release[i] = get_cycles() - middle;
		cost->reserve[i] = middle - start;
		KUNIT_ASSERT_EQ(test, err, 0);
	}

	kunit_info(test, "cost %s %u %u %llu %llu\n", kind->name, cpus, tasks,
		   cycles_median(cost->reserve), cycles_median(cost->release));
}

/* Each task holds one; what does one more take? */
static void cost_of(struct kunit *test, struct cost *cost, unsigned int cpus)
{
	unsigned int i, kind, holders = 0;

	cost->slots = slots_new(test, cpus, 4, 4);
	for (i = 0; i < ARRAY_SIZE(cost_tasks); i++) {
		while (holders < cost_tasks[i])
			KUNIT_ASSERT_EQ(test, 0,
					claim_try(cost->slots, &cost->task[holders++], -1));
		/* Tables grow behind our back. */
		msleep(20);
		for (kind = 0; kind < ARRAY_SIZE(cost_kinds); kind++)
			cost_take(test, cost, &cost_kinds[kind], cpus, cost_tasks[i]);
	}
	while (holders)
		claim_drop(cost->slots, &cost->task[--holders], -1);
	slots_end(test, cost->slots);
}

/*
 * No expectation: a cycle means something only where an emulator counts instructions.
 * The figures of breakpoints.rst are these lines.
 */
static void cost(struct kunit *test)
{
	struct cost *cost = kunit_kzalloc(test, sizeof(*cost), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, cost);
	for (i = 0; i < ARRAY_SIZE(cost_cpus); i++)
		cost_of(test, cost, cost_cpus[i]);
}

static struct kunit_case bp_slots_cases[] = {
	KUNIT_CASE_PARAM(random_walk, walks_gen_params),
	KUNIT_CASE(parts_of_different_cpus),
	KUNIT_CASE(stopped),
	KUNIT_CASE(more_than_any_has),
	KUNIT_CASE(who_waits),
	KUNIT_CASE(last_slot),
	KUNIT_CASE(storm),
	KUNIT_CASE(cost),
	{}
};

static struct kunit_suite bp_slots_suite = {
	.name		= "perf_bp_slots",
	.test_cases	= bp_slots_cases,
};

/* ---- Real ones, by the interface inside the kernel ----------------------------- */

/*
 * With no handler of their own: an architecture may leave it to that one to get past
 * the access.
 */

static u64 watched[4];

static u64 hits(struct perf_event *bp)
{
	u64 enabled, running;

	return perf_event_read_value(bp, &enabled, &running);
}

static struct perf_event_attr watch(unsigned int i)
{
	struct perf_event_attr attr;

	hw_breakpoint_init(&attr);
	attr.bp_addr = (unsigned long)&watched[i];
	attr.bp_len = HW_BREAKPOINT_LEN_4;
	attr.bp_type = HW_BREAKPOINT_W;
	return attr;
}

static void write_here(void *arg)
{
	WRITE_ONCE(*(u64 *)arg, 1);
}

/* That of a task is in user space: not each architecture lets a task have one in the kernel. */
static struct perf_event_attr watch_user(void)
{
	struct perf_event_attr attr = watch(0);

	attr.bp_addr = PAGE_SIZE;
	return attr;
}

static struct perf_event_attr execute_user(void)
{
	struct perf_event_attr attr = watch_user();

	attr.bp_len = sizeof(long);
	attr.bp_type = HW_BREAKPOINT_X;
	return attr;
}

static struct perf_event *breakpoint(int cpu, struct task_struct *task)
{
	struct perf_event_attr attr = task ? watch_user() : watch(0);

	return perf_event_create_kernel_counter(&attr, cpu, task, NULL, NULL);
}

/* How many more of these there can be. */
static int room_for(struct kunit *test, struct perf_event_attr *attr, int cpu,
		    struct task_struct *task)
{
	struct perf_event *bp[BP_SLOTS_MAX + 1];
	int nr = 0, i;

	while (nr <= BP_SLOTS_MAX) {
		bp[nr] = perf_event_create_kernel_counter(attr, cpu, task, NULL, NULL);
		if (IS_ERR(bp[nr]))
			break;
		nr++;
	}
	if (nr <= BP_SLOTS_MAX)
		KUNIT_EXPECT_EQ(test, PTR_ERR(bp[nr]), -ENOSPC);
	for (i = 0; i < nr; i++)
		unregister_hw_breakpoint(bp[i]);
	return nr;
}

static int room(struct kunit *test, int cpu, struct task_struct *task)
{
	struct perf_event_attr attr = task ? watch_user() : watch(0);

	return room_for(test, &attr, cpu, task);
}

static void wide(struct kunit *test)
{
	int all = hw_breakpoint_slots(TYPE_DATA), cpu;
	struct perf_event_attr attr = watch(1);
	struct perf_event * __percpu *bps;

	bps = register_wide_hw_breakpoint(&attr, NULL, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR_PCPU(bps));
	for_each_online_cpu(cpu) {
		KUNIT_ASSERT_NOT_NULL(test, *per_cpu_ptr(bps, cpu));
		KUNIT_EXPECT_EQ(test, smp_call_function_single(cpu, write_here, &watched[1], 1), 0);
		KUNIT_EXPECT_EQ(test, hits(*per_cpu_ptr(bps, cpu)), 1);
		KUNIT_EXPECT_EQ(test, room(test, cpu, NULL), all - 1);
	}
	KUNIT_EXPECT_EQ(test, room(test, -1, current), all - 1);
	unregister_wide_hw_breakpoint(bps);
	KUNIT_EXPECT_EQ(test, room(test, -1, current), all);
}

/* Where one CPU has no room, none keeps what it got. */
static void wide_fails_whole(struct kunit *test)
{
	int all = hw_breakpoint_slots(TYPE_DATA), last = cpumask_last(cpu_online_mask), i;
	struct perf_event *bp[BP_SLOTS_MAX];
	struct perf_event_attr attr = watch(1);
	struct perf_event * __percpu *bps;

	KUNIT_ASSERT_LE(test, all, BP_SLOTS_MAX);
	for (i = 0; i < all; i++) {
		bp[i] = breakpoint(last, NULL);
		KUNIT_ASSERT_FALSE(test, IS_ERR(bp[i]));
	}
	bps = register_wide_hw_breakpoint(&attr, NULL, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR_PCPU(bps), -ENOSPC);
	while (i--)
		unregister_hw_breakpoint(bp[i]);
	KUNIT_EXPECT_FALSE(test, hw_breakpoint_is_used());
}

/* One that is refused a change goes on as it was. */
static void modify(struct kunit *test)
{
	int all = hw_breakpoint_slots(TYPE_DATA);
	struct perf_event_attr attr = watch(2);
	struct perf_event *bp = register_user_hw_breakpoint(&attr, NULL, NULL, current);

	if (!IS_ENABLED(CONFIG_X86) && PTR_ERR(bp) == -EINVAL)
		kunit_skip(test, "a task may have none in the kernel");
	KUNIT_ASSERT_FALSE(test, IS_ERR(bp));
	attr.bp_len = 0;
	KUNIT_EXPECT_NE(test, modify_user_hw_breakpoint(bp, &attr), 0);
	write_here(&watched[2]);
	KUNIT_EXPECT_EQ(test, hits(bp), 1);

	attr = watch(3);
	KUNIT_EXPECT_EQ(test, modify_user_hw_breakpoint(bp, &attr), 0);
	write_here(&watched[2]);
	KUNIT_EXPECT_EQ(test, hits(bp), 1);
	write_here(&watched[3]);
	KUNIT_EXPECT_EQ(test, hits(bp), 2);

	attr.disabled = 1;
	KUNIT_EXPECT_EQ(test, modify_user_hw_breakpoint(bp, &attr), 0);
	write_here(&watched[3]);
	KUNIT_EXPECT_EQ(test, hits(bp), 2);
	KUNIT_EXPECT_EQ(test, room(test, -1, current), all - 1);
	unregister_hw_breakpoint(bp);
}

/* From its own handler a debugger disables one, with IRQs off. */
static void modify_with_irqs_off(struct kunit *test)
{
	struct perf_event_attr attr = watch(2);
	struct perf_event *bp = register_user_hw_breakpoint(&attr, NULL, NULL, current);
	unsigned long flags;
	int err;

	if (!IS_ENABLED(CONFIG_X86) && PTR_ERR(bp) == -EINVAL)
		kunit_skip(test, "a task may have none in the kernel");
	KUNIT_ASSERT_FALSE(test, IS_ERR(bp));
	attr.disabled = 1;
	local_irq_save(flags);
	err = modify_user_hw_breakpoint(bp, &attr);
	write_here(&watched[2]);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, err, 0);
	write_here(&watched[2]);
	KUNIT_EXPECT_EQ(test, hits(bp), 0);

	attr.disabled = 0;
	KUNIT_EXPECT_EQ(test, modify_user_hw_breakpoint(bp, &attr), 0);
	write_here(&watched[2]);
	KUNIT_EXPECT_EQ(test, hits(bp), 1);
	unregister_hw_breakpoint(bp);
}

/* Of one that is off, and goes on by its owner. */
static void modify_check(struct kunit *test)
{
	struct perf_event_attr attr = watch(2);
	struct perf_event *bp;

	attr.disabled = 1;
	bp = perf_event_create_kernel_counter(&attr, 0, NULL, NULL, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bp));

	attr.bp_addr = (unsigned long)&watched[3];
	attr.sample_period = 5;
	KUNIT_EXPECT_EQ(test, modify_user_hw_breakpoint_check(bp, &attr, true), -EINVAL);
	KUNIT_EXPECT_EQ(test, bp->attr.bp_addr, (unsigned long)&watched[2]);
	attr.bp_len = 0;
	KUNIT_EXPECT_NE(test, modify_user_hw_breakpoint_check(bp, &attr, false), 0);
	KUNIT_EXPECT_EQ(test, bp->attr.bp_addr, (unsigned long)&watched[2]);

	/* Of what else differs nothing is taken. */
	attr.bp_len = HW_BREAKPOINT_LEN_4;
	KUNIT_EXPECT_EQ(test, modify_user_hw_breakpoint_check(bp, &attr, false), 0);
	KUNIT_EXPECT_EQ(test, bp->attr.sample_period, 1);
	attr.sample_period = 1;
	KUNIT_EXPECT_EQ(test, modify_user_hw_breakpoint_check(bp, &attr, true), 0);
	perf_event_enable(bp);
	KUNIT_EXPECT_EQ(test, smp_call_function_single(0, write_here, &watched[2], 1), 0);
	KUNIT_EXPECT_EQ(test, hits(bp), 0);
	KUNIT_EXPECT_EQ(test, smp_call_function_single(0, write_here, &watched[3], 1), 0);
	KUNIT_EXPECT_EQ(test, hits(bp), 1);
	unregister_hw_breakpoint(bp);
}

/* Where data and instructions have registers of their own, it takes one of the others. */
static void modify_type(struct kunit *test)
{
	struct perf_event_attr data = watch_user(), inst = execute_user(), other = inst;
	int all_data = hw_breakpoint_slots(TYPE_DATA), all_inst = hw_breakpoint_slots(TYPE_INST);
	struct perf_event *bp, *full[BP_SLOTS_MAX];
	int i;

	if (TYPE_INST == TYPE_DATA)
		kunit_skip(test, "any register is for both");
	KUNIT_ASSERT_LE(test, all_inst, BP_SLOTS_MAX);
	bp = register_user_hw_breakpoint(&data, NULL, NULL, current);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bp));
	for (i = 0; i < all_inst; i++) {
		full[i] = register_user_hw_breakpoint(&inst, NULL, NULL, current);
		KUNIT_ASSERT_FALSE(test, IS_ERR(full[i]));
	}

	/* No room: it is what it was. */
	KUNIT_EXPECT_EQ(test, modify_user_hw_breakpoint(bp, &inst), -ENOSPC);
	KUNIT_EXPECT_EQ(test, bp->attr.bp_type, HW_BREAKPOINT_W);
	KUNIT_EXPECT_EQ(test, room_for(test, &data, -1, current), all_data - 1);
	unregister_hw_breakpoint(full[--i]);

	/* Refused for another reason: the one that was got meanwhile is given back. */
	other.sample_period = 5;
	KUNIT_EXPECT_EQ(test, modify_user_hw_breakpoint_check(bp, &other, true), -EINVAL);
	KUNIT_EXPECT_EQ(test, room_for(test, &inst, -1, current), 1);

	KUNIT_EXPECT_EQ(test, modify_user_hw_breakpoint(bp, &inst), 0);
	KUNIT_EXPECT_EQ(test, room_for(test, &data, -1, current), all_data);
	KUNIT_EXPECT_EQ(test, room_for(test, &inst, -1, current), 0);
	KUNIT_EXPECT_EQ(test, modify_user_hw_breakpoint(bp, &data), 0);
	KUNIT_EXPECT_EQ(test, room_for(test, &data, -1, current), all_data - 1);
	KUNIT_EXPECT_EQ(test, room_for(test, &inst, -1, current), 1);
	unregister_hw_breakpoint(bp);
	while (i--)
		unregister_hw_breakpoint(full[i]);
}

/* A kernel debugger's are off for the core, and one that is not set gives its slot away. */
static void debugger(struct kunit *test)
{
	int all = hw_breakpoint_slots(TYPE_DATA), i;
	struct perf_event *bp[BP_SLOTS_MAX];
	struct perf_event_attr attr = watch(0);

	attr.disabled = 1;
	KUNIT_ASSERT_LE(test, all, BP_SLOTS_MAX);
	for (i = 0; i < all; i++) {
		bp[i] = perf_event_create_kernel_counter(&attr, 0, NULL, NULL, NULL);
		KUNIT_ASSERT_FALSE(test, IS_ERR(bp[i]));
	}
	KUNIT_EXPECT_EQ(test, room(test, 0, NULL), 0);
	KUNIT_EXPECT_EQ(test, dbg_release_bp_slot(bp[0]), 0);
	KUNIT_EXPECT_EQ(test, room(test, 0, current), 1);
	KUNIT_EXPECT_EQ(test, dbg_reserve_bp_slot(bp[0]), 0);
	KUNIT_EXPECT_EQ(test, dbg_reserve_bp_slot(bp[0]), -ENOSPC);
	KUNIT_EXPECT_EQ(test, room(test, 0, current), 0);

	/* As kgdb has it while it is not in use: the event goes on without its slot. */
	bp[0]->destroy = NULL;
	release_bp_slot(bp[0]);
	KUNIT_EXPECT_EQ(test, room(test, 0, current), 1);
	unregister_hw_breakpoint(bp[0]);
	KUNIT_EXPECT_EQ(test, room(test, 0, current), 1);
	while (--i)
		unregister_hw_breakpoint(bp[i]);
}

static int breakpoint_init(struct kunit *test)
{
	if (!hw_breakpoint_slots(TYPE_DATA))
		kunit_skip(test, "no debug registers");
	if (hw_breakpoint_is_used())
		kunit_skip(test, "somebody uses breakpoints");
	return 0;
}

static void breakpoint_exit(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, hw_breakpoint_is_used());
}

static struct kunit_case breakpoint_cases[] = {
	KUNIT_CASE(wide),
	KUNIT_CASE(wide_fails_whole),
	KUNIT_CASE(modify),
	KUNIT_CASE(modify_with_irqs_off),
	KUNIT_CASE(modify_check),
	KUNIT_CASE(modify_type),
	KUNIT_CASE(debugger),
	{}
};

static struct kunit_suite breakpoint_suite = {
	.name		= "perf_breakpoint",
	.init		= breakpoint_init,
	.exit		= breakpoint_exit,
	.test_cases	= breakpoint_cases,
};

kunit_test_suites(&bp_slots_suite, &breakpoint_suite);
