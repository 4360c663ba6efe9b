/* SPDX-License-Identifier: GPL-2.0 */
/*
 * walk: reads and writes each of the 65536 quadwords of array, 16 times; array stands at 0x600000 (scripts/tests/
 * 45-machine.t links it so).  The only load is at walk_load, the only store at walk_store.
 *
 *   instructions  1 + 16 * (2 + 65536 * 5 + 2) + 3
 *   loads, stores 16 * 65536 = 1048576 each
 */
.globl _start, walk_load, walk_store, walk_next, array
_start:
	mov	$16, %edx
pass:
	mov	$array, %edi
	mov	$65536, %ecx
walk_load:
	mov	(%rdi), %rax
walk_store:
	mov	%rax, (%rdi)
walk_next:
	add	$8, %rdi
	dec	%ecx
	jnz	walk_load
	dec	%edx
	jnz	pass
	mov	$60, %eax			/* exit(0) */
	xor	%edi, %edi
	syscall

.bss
array:
	.skip	65536 * 8
