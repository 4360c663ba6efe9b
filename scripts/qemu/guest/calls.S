/* SPDX-License-Identifier: GPL-2.0 */
/*
 * calls [ARGUMENT...]: _start calls a, a calls b, b calls c, c calls leaf, and leaf stays there for 2 * 1000
 * instructions; 1000 times, and 1000 more for each argument.  No function keeps a frame pointer, so only the processor
 * knows the chain.
 *
 *   instructions  1 + N * (1 + 1000 * 2012 + 2) + 3; in a turn 4 calls, 4 returns, one nop, MOV and 1000 times DEC and
 *                 JNZ in leaf, DEC and JNZ in _start
 */
.globl _start, a, b, c, leaf
.type _start, @function
.type a, @function
.type b, @function
.type c, @function
.type leaf, @function
_start:
	mov	(%rsp), %edx			/* argc */
1:	mov	$1000, %ebx
2:	call	a
	dec	%ebx
	jnz	2b
	dec	%edx
	jnz	1b
	mov	$60, %eax			/* exit(0) */
	xor	%edi, %edi
	syscall
.size _start, . - _start
a:
	call	b
	ret
.size a, . - a
b:
	call	c
	ret
.size b, . - b
c:
	nop
	call	leaf
	ret
.size c, . - c
leaf:
	mov	$1000, %ecx
1:	dec	%ecx
	jnz	1b
	ret
.size leaf, . - leaf
