/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kinds: branches of each kind, 1000 turns.  In a turn:
 *
 *   16 instructions, 8 branches: a conditional one taken and one not taken, a direct and an indirect call, two
 *   returns, a direct and an indirect jump; then the loop's own two instructions, of which one is a conditional
 *   branch that is taken, but the last time.
 *
 *   instructions  3 + 1000 * 18 + 3 = 18006
 *   branches      1000 * 9 + 1; conditional taken 1000 + 999, not taken 1000 + 1; calls 2000, returns 2000; indirect
 *                 jumps and calls 2000; all near ones taken 7000 + 999; far 1 (the system call)
 *   stores        2000, the calls'; loads: 2000, the returns'
 */
.globl _start, turn, one, two, near, far
_start:
	mov	$1000, %ebx
	lea	two(%rip), %r12
	lea	far(%rip), %r13
turn:
	xor	%eax, %eax			/*  1 */
	jz	1f				/*  2 taken */
	hlt
1:	jnz	1b				/*  3 not taken */
	nop					/*  4 */
	call	one				/*  5, 6, 7 */
	call	*%r12				/*  8, 9, 10 */
	nop					/* 11 */
	jmp	near				/* 12 */
	hlt
near:
	nop					/* 13 */
	jmp	*%r13				/* 14 */
	hlt
far:
	nop					/* 15 */
	nop					/* 16 */
	dec	%ebx				/* 17 */
	jnz	turn				/* 18 */
	mov	$60, %eax			/* exit(0) */
	xor	%edi, %edi
	syscall
one:
	nop
	ret
two:
	nop
	ret
