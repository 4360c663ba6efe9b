/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rep: one repeated string instruction of a million bytes, and six others: 7 instructions, and 1000007 cycles, as each
 * repetition costs the machine one.
 */
.globl _start
_start:
	mov	$1000000, %ecx
	mov	$buffer, %edi
	xor	%eax, %eax
	rep stosb
	mov	$60, %eax			/* exit(0) */
	xor	%edi, %edi
	syscall

.bss
buffer:
	.skip	1000000
