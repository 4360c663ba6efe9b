/* SPDX-License-Identifier: GPL-2.0 */
/*
 * loop [ARGUMENT...]: a loop of known length, once and once more for each argument.
 *
 *   instructions  1 + N * (1 + 4 * 2500000 + 2) + 3  =  N * 10000003 + 4
 *   branches      N * (2500000 + 1) + 1 (the system call)
 */
.globl _start, loop, loop_end, end
_start:
	mov	(%rsp), %edx			/* argc */
again:
	mov	$2500000, %ecx
loop:
	add	$1, %rax
	add	$1, %rbx
	dec	%ecx
	jnz	loop
loop_end:
	dec	%edx
	jnz	again
end:
	mov	$60, %eax			/* exit(0) */
	xor	%edi, %edi
	syscall
