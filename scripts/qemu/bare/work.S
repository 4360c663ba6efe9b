/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bodies for run(): code whose instructions, branches and accesses are known.  They leave RBX and
 * RBP alone.
 */
	.text
	.globl	loop, slide, rep, halt, loads, read_pmc

/* 2 n + 1 instructions, n conditional branches and a return. */
loop:
	dec	%rdi
	jnz	loop
	ret

/* SLIDE instructions of one byte, and a return. */
slide:
	.rept	256
	nop
	.endr
	ret

/* 4 instructions, however large n is. */
rep:
	mov	%rdi, %rcx
	lea	buffer, %rdi
	rep stosb
	ret

/* Until the next interrupt. */
halt:
	sti
	hlt
	cli
	ret

/* 64 loads, LOAD bytes each: the k-th is from buffer + 64 k. */
loads:
	.set	k, 0
	.rept	64
	mov	buffer + 64 * k, %rax
	.set	k, k + 1
	.endr
	ret

/* RDPMC of index n: its value to pmc_value. */
read_pmc:
	mov	%edi, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
1:	rdpmc
2:	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, pmc_value
	ret
	.pushsection .extable, "a"
	.quad	1b, 2b
	.popsection

/*
 * A branch of each kind.  maze_branches has a row for each taken one, in order, from run's call to
 * its return: from, to, kind as LBR_SELECT numbers them, from bit 2 on.
 */
	.set	JCC, 0
	.set	REL_CALL, 1
	.set	IND_CALL, 2
	.set	RET, 3
	.set	IND_JMP, 4
	.set	REL_JMP, 5
	.set	FAR, 6

	.globl	maze, maze_branches, maze_branches_end
maze:
	xor	%eax, %eax
m_jcc:	jz	m_1
	nop
m_1:
m_jmp:	jmp	m_2
	nop
m_2:	mov	$m_3, %eax
m_ijmp:	jmp	*%rax
	nop
m_3:
m_call:	call	leaf
m_4:	mov	$leaf, %eax
m_icall:
	call	*%rax
m_5:	test	%eax, %eax
	jz	m_6				/* not taken */
m_6:
m_int:	int	$0x81
m_7:
m_ret:	ret
leaf:	nop
l_ret:	ret

	.section .rodata
	.balign	8
maze_branches:
	.quad	run_call, maze, IND_CALL
	.quad	m_jcc, m_1, JCC
	.quad	m_jmp, m_2, REL_JMP
	.quad	m_ijmp, m_3, IND_JMP
	.quad	m_call, leaf, REL_CALL
	.quad	l_ret, m_4, RET
	.quad	m_icall, leaf, IND_CALL
	.quad	l_ret, m_5, RET
	.quad	m_int, there_and_back, FAR
	.quad	there_and_back, m_7, FAR
	.quad	m_ret, run_back, RET
maze_branches_end:
	.text

/*
 * Three calls deep; the innermost one writes run's "off" itself: so the call stack is known.
 */
	.globl	deep, deep_1, deep_2, deep_3
deep:	call	deep_leaf			/* a call that returned */
deep_1:	call	1f
	ret
1:	jmp	2f				/* is not kept */
2:
deep_2:	call	3f
	ret
3:	call	deep_leaf
deep_3:	mov	16(%rbp), %ecx
	mov	24(%rbp), %eax
	mov	28(%rbp), %edx
	wrmsr
	ret
deep_leaf:
	ret

	.bss
	.globl	buffer, pmc_value
	.balign	4096
buffer:	.skip	4096
pmc_value:
	.skip	8
