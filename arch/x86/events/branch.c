// SPDX-License-Identifier: GPL-2.0
/*
 * x86: which branches does a user want?
 *
 * A row of the table below for each bit of attr.branch_sample_type says which kinds that
 * are, and how the hardware is told.  It cannot tell all of them apart (far branches have
 * one bit), so the records are sorted once more, by what the instruction is.
 */
#include "perf_event.h"

#define ANY_KIND	(X86_BR_CALL | X86_BR_RET | X86_BR_SYSCALL | X86_BR_SYSRET |	\
			 X86_BR_INT | X86_BR_IRET | X86_BR_JCC | X86_BR_JMP |		\
			 X86_BR_IRQ | X86_BR_IND_CALL | X86_BR_ABORT | X86_BR_ZERO_CALL |	\
			 X86_BR_IND_JMP)
#define ANY_CALL	(X86_BR_CALL | X86_BR_IND_CALL | X86_BR_ZERO_CALL |		\
			 X86_BR_SYSCALL | X86_BR_IRQ | X86_BR_INT)
#define ANY_RETURN	(X86_BR_RET | X86_BR_SYSRET | X86_BR_IRET)

#define ROW(_type, _kinds, _select, _ctl) \
	{ PERF_SAMPLE_BRANCH_##_type, (_kinds), (_select), (_ctl) }

static const struct x86_branch_filter filters[] = {
	ROW(USER, X86_BR_USER, X86_SELECT_USER, X86_CTL_USER),
	ROW(KERNEL, X86_BR_KERNEL, X86_SELECT_KERNEL, X86_CTL_OS),
	ROW(ANY, ANY_KIND, X86_SELECT_ALL & ~(X86_SELECT_USER | X86_SELECT_KERNEL),
	    X86_CTL_JCC | X86_CTL_REL_JMP | X86_CTL_IND_JMP | X86_CTL_REL_CALL |
	    X86_CTL_IND_CALL | X86_CTL_RETURN | X86_CTL_OTHER),
	ROW(ANY_CALL, ANY_CALL, X86_SELECT_REL_CALL | X86_SELECT_IND_CALL | X86_SELECT_FAR,
	    X86_CTL_REL_CALL | X86_CTL_IND_CALL | X86_CTL_OTHER),
	ROW(ANY_RETURN, ANY_RETURN, X86_SELECT_RETURN | X86_SELECT_FAR,
	    X86_CTL_RETURN | X86_CTL_OTHER),
	ROW(IND_CALL, X86_BR_IND_CALL, X86_SELECT_IND_CALL, X86_CTL_IND_CALL),
	ROW(COND, X86_BR_JCC, X86_SELECT_JCC, X86_CTL_JCC),
	ROW(IND_JUMP, X86_BR_IND_JMP, X86_SELECT_IND_JMP, X86_CTL_IND_JMP),
	ROW(CALL, X86_BR_CALL | X86_BR_ZERO_CALL, X86_SELECT_REL_CALL, X86_CTL_REL_CALL),
	ROW(CALL_STACK, X86_BR_CALL | X86_BR_IND_CALL | X86_BR_RET | X86_BR_CALL_STACK,
	    X86_SELECT_REL_CALL | X86_SELECT_IND_CALL | X86_SELECT_RETURN | X86_SELECT_CALL_STACK,
	    X86_CTL_REL_CALL | X86_CTL_IND_CALL | X86_CTL_RETURN | X86_CTL_CALL_STACK),
	ROW(IN_TX, X86_BR_IN_TX, 0, 0),
	ROW(NO_TX, X86_BR_NO_TX, 0, 0),
	ROW(ABORT_TX, X86_BR_ABORT, X86_SELECT_FAR, X86_CTL_OTHER),
	ROW(TYPE_SAVE, X86_BR_TYPE_SAVE, 0, 0),
};

/**
 * x86_branch_filter() - all that a user wants
 * @type: PERF_SAMPLE_BRANCH_*
 *
 * Return: the sum of the rows.
 *
 * Context: any.
 */
struct x86_branch_filter x86_branch_filter(u64 type)
{
	struct x86_branch_filter sum = { .type = type };
	int i;

	for (i = 0; i < ARRAY_SIZE(filters); i++) {
		if (!(type & filters[i].type))
			continue;
		sum.kinds |= filters[i].kinds;
		sum.select |= filters[i].select;
		sum.ctl |= filters[i].ctl;
	}

	return sum;
}

/* What the hardware says that a branch is; X86_BR_NONE: it does not. */
static u32 told_kind(const struct perf_branch_entry *e)
{
	static const u32 kinds[] = {
		X86_BR_JCC, X86_BR_IND_JMP, X86_BR_JMP, X86_BR_IND_CALL, X86_BR_CALL, X86_BR_RET,
	};
	u32 told = e->reserved;

	if (!told || told > ARRAY_SIZE(kinds))
		return X86_BR_NONE;

	return kinds[told - 1] | (kernel_ip(e->to) ? X86_BR_KERNEL : X86_BR_USER);
}

static u32 kind_of(struct perf_branch_entry *e, bool fused)
{
	u32 type = told_kind(e);
	int offset = 0;

	if (type == X86_BR_NONE) {
		type = fused ? branch_type_fused(e->from, e->to, e->abort, &offset) :
			       branch_type(e->from, e->to, e->abort);
		e->from += offset;
	}

	return type;
}

/* Those in transactions and those outside are wanted alike, unless one of the two was named. */
static bool wanted_tx(u32 kinds, const struct perf_branch_entry *e)
{
	bool in = kinds & X86_BR_IN_TX, out = kinds & X86_BR_NO_TX;

	return in == out || in == e->in_tx;
}

/**
 * x86_branch_sort() - leave the records that are wanted
 * @stack: what was recorded; entries' reserved: what the hardware says that they are plus
 *	   one, as in LBR_INFO, 0 if it does not say
 * @kinds: X86_BR_*
 * @fused: where an instruction was fused with a branch, its address is in the record
 *
 * Context: NMI.
 */
void x86_branch_sort(struct perf_branch_stack *stack, u32 kinds, bool fused)
{
	bool all = (kinds & (ANY_KIND | X86_BR_PLM)) == (ANY_KIND | X86_BR_PLM);
	u32 which = kinds & (ANY_KIND | X86_BR_PLM);
	struct perf_branch_entry *to = stack->entries;
	int i;

	for (i = 0; i < stack->nr; i++) {
		struct perf_branch_entry e = stack->entries[i];
		u32 type = all && !(kinds & X86_BR_TYPE_SAVE) ? X86_BR_NONE : kind_of(&e, fused);

		if (!wanted_tx(kinds, &e))
			continue;
		if (!all && (type == X86_BR_NONE || (which & type) != type))
			continue;
		/* A return from the kernel ends in user mode, but is not the user's. */
		if (!all && !(which & X86_BR_KERNEL) && kernel_ip(e.from))
			continue;
		e.reserved = 0;
		if (kinds & X86_BR_TYPE_SAVE)
			e.type = common_branch_type(type);
		*to++ = e;
	}
	stack->nr = to - stack->entries;
}
