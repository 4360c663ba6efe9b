/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What QEMU's own files know of the PMU: the raw counts that generated code
 * advances, and the calls that hooks.patch places.  cpu.h includes this; the
 * model itself is in pmu.h, which it does not, so that a change to the model
 * compiles the model only.
 */
#ifndef X86_PMU_HOOKS_H
#define X86_PMU_HOOKS_H

/*
 * The kinds of branches that are told apart.  Conditional jumps that were not
 * taken are counted; all others are counted and, while the branch tap is
 * open, told to the parts.
 */
typedef enum X86Branch {
    X86_BR_JCC_NOT,
    X86_BR_JCC,
    X86_BR_REL_CALL,
    X86_BR_IND_CALL,
    X86_BR_RET,
    X86_BR_IND_JMP,
    X86_BR_REL_JMP,
    X86_BR_FAR,             /* also interrupts and exceptions, not counted */
    X86_BR_NR,
    X86_BR_KIND = 0x0f,
    X86_BR_TO_NEXT = 0x20,  /* with a kind: the target is what follows */
} X86Branch;

/* x86_pmu_mem()'s argument: the size in bytes, and this. */
#define X86_MEM_STORE   0x100

typedef struct X86PMURaw {
    uint64_t branch[X86_BR_NR];     /* instructions of each kind */
    uint64_t rep;                   /* back edges of REP */
    target_ulong far_from;          /* the far transfer that is being made */
    bool user;                      /* CPL > 0 */
} X86PMURaw;

typedef enum X86PMUAccess {
    X86_PMU_NOT_MINE,
    X86_PMU_DONE,
    X86_PMU_GP,
} X86PMUAccess;

#if !defined(CONFIG_USER_ONLY) && defined(CONFIG_TCG)

/* The life of a vCPU: class, instance, properties known, reset. */
void x86_pmu_class_init(ObjectClass *oc);
void x86_pmu_init(X86CPU *cpu);
void x86_pmu_levels(CPUArchState *env);
void x86_pmu_reset(CPUArchState *env);

/* After QEMU's own CPUID. */
void x86_pmu_cpuid(CPUArchState *env, uint32_t leaf, uint32_t sub,
                   uint32_t *eax, uint32_t *ebx, uint32_t *ecx, uint32_t *edx);

/* True if generated code shall advance the raw counts. */
bool x86_pmu_counts(CPUArchState *env);

/* Before CPL changes from 0 to another or back. */
void x86_pmu_cpl(CPUArchState *env, int cpl);

X86PMUAccess x86_pmu_rdmsr(CPUArchState *env, uint32_t msr, uint64_t *val);
X86PMUAccess x86_pmu_wrmsr(CPUArchState *env, uint32_t msr, uint64_t val);
X86PMUAccess x86_pmu_rdpmc(CPUArchState *env, uint32_t ecx, uint64_t *val);

/* An interrupt or exception was delivered: what comes next is its handler. */
void x86_pmu_interrupt(CPUArchState *env, target_ulong from);

#else

static inline void x86_pmu_class_init(ObjectClass *oc) { }
static inline void x86_pmu_init(X86CPU *cpu) { }
static inline void x86_pmu_levels(CPUArchState *env) { }
static inline void x86_pmu_reset(CPUArchState *env) { }
static inline void x86_pmu_cpuid(CPUArchState *env, uint32_t leaf,
                                 uint32_t sub, uint32_t *eax, uint32_t *ebx,
                                 uint32_t *ecx, uint32_t *edx) { }
static inline bool x86_pmu_counts(CPUArchState *env) { return false; }
static inline void x86_pmu_cpl(CPUArchState *env, int cpl) { }
static inline X86PMUAccess x86_pmu_rdpmc(CPUArchState *env, uint32_t ecx,
                                         uint64_t *val)
{
    return X86_PMU_NOT_MINE;
}
static inline void x86_pmu_interrupt(CPUArchState *env, target_ulong from) { }

#endif
#endif
