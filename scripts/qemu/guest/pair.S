/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pair [ARGUMENT]: two processes, parent and child, in a loop of 10000000 instructions each: each pinned to a CPU of
 * its own, 0 and 1; with an argument both to CPU 0, where they take turns.
 *
 *   instructions  3 to fork; each: 4 + 6 + 10000001 + 2 + 3; the child's choice: 3, with an argument 2; the parent's
 *                 wait: 6.  Two CPUs: 20000044; one: 20000043
 */
.globl _start, loop
_start:
	mov	(%rsp), %r12d			/* argc */
	mov	$57, %eax			/* fork() */
	syscall
	mov	%eax, %ebx
	mov	$1, %r13d			/* a mask of CPUs */
	test	%ebx, %ebx
	jnz	on
	cmp	$1, %r12d			/* the child only */
	jne	on
	mov	$2, %r13d
on:
	push	%r13
	mov	$203, %eax			/* sched_setaffinity(0, 8, &mask) */
	xor	%edi, %edi
	mov	$8, %esi
	mov	%rsp, %rdx
	syscall
	mov	$2500000, %ecx
loop:
	add	$1, %rax
	add	$1, %rdx
	dec	%ecx
	jnz	loop
	test	%ebx, %ebx
	jz	end
	mov	$61, %eax			/* the parent only: wait4(-1, NULL, 0, NULL) */
	mov	$-1, %rdi
	xor	%esi, %esi
	xor	%edx, %edx
	xor	%r10d, %r10d
	syscall
end:
	mov	$60, %eax			/* exit(0) */
	xor	%edi, %edi
	syscall
