/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From QEMU's -kernel to main(), traps, and run().
 *
 * All of the first 4 GB is mapped as it is, for ring 3, too.  Nothing but NMIs interrupts, unless a
 * test asks for it.  A trap saves all general registers and calls trap(); main.c fills the IDT.
 */
	.section .note.pvh, "a", @note
	.long	4, 8, 18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.quad	start

	.text
	.code32
start:
	cli
	mov	$stack_top, %esp
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	$0x620, %eax			/* PAE, OSFXSR, OSXMMEXCPT */
	mov	%eax, %cr4
	mov	$0xc0000080, %ecx		/* EFER.LME */
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	$0x80000033, %eax		/* PG, NE, ET, MP, PE */
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$8, $start64
	.code64
start64:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$stack_top, %rsp
	call	main
1:	hlt
	jmp	1b

/* ---- traps ---------------------------------------------------------- */

/* Vector n is at vectors + 16 n; those with an error code: 8, 10 to 14, 17, 21. */
	.globl	vectors
	.balign	16
vectors:
	.set	n, 0
	.rept	256
	.balign	16
	.if	!(n == 8 || (n >= 10 && n <= 14) || n == 17 || n == 21)
	push	$0
	.endif
	push	$n
	jmp	common
	.set	n, n + 1
	.endr

common:
	.irp	reg, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	push	%\reg
	.endr
	mov	%rsp, %rdi
	cld
	call	trap
	.irp	reg, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
	pop	%\reg
	.endr
	add	$16, %rsp
	iretq

/* A far transfer and back, and nothing else. */
	.globl	there_and_back
there_and_back:
	iretq

/* ---- run ------------------------------------------------------------ */

/*
 * run(const struct run *r): write "on" to "msr", call "body" with n in RDI, in ring 3 if "user";
 * write "off" to "off_msr".  A counter that "on" starts and "off" stops sees, beside the body's own
 * instructions, RUN_INSNS: the call, three moves, the last WRMSR; with "user", IRETQ and INT, too.
 * R8 to R15 and XMM7 have known values meanwhile (MARK).
 */
	.macro	finish
	mov	16(%rbp), %ecx
	mov	24(%rbp), %eax
	mov	28(%rbp), %edx
	wrmsr
	.irp	reg, r15, r14, r13, r12, rbp, rbx
	pop	%\reg
	.endr
	ret
	.endm

	.globl	run, run_call, run_back, user_call, user_back, user_exit
run:
	.irp	reg, rbx, rbp, r12, r13, r14, r15
	push	%\reg
	.endr
	mov	%rdi, %rbp
	mov	32(%rbp), %rbx
	mov	40(%rbp), %rdi
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	mov	$0x5eed0000000000 + \n, %r\n
	.endr
	movq	%r15, %xmm7
	mov	%rsp, kernel_rsp
	mov	0(%rbp), %ecx
	mov	8(%rbp), %eax
	mov	12(%rbp), %edx
	cmpq	$0, 48(%rbp)
	jne	1f
	wrmsr
run_call:
	call	*%rbx
run_back:
	finish

1:	pushq	$0x1b				/* SS, RSP, RFLAGS, CS, RIP of ring 3 */
	pushq	$user_stack_top
	pushq	$2
	pushq	$0x23
	pushq	$user_call
	wrmsr
	iretq
user_call:
	call	*%rbx
user_back:
	int	$0x80
user_exit:
	mov	kernel_rsp, %rsp
	finish

/* ---- data ----------------------------------------------------------- */

	.data
	.globl	gdt, gdt_pointer, tss_stack
	.balign	16
gdt:	.quad	0
	.quad	0x00af9b000000ffff		/* 0x08: code */
	.quad	0x00cf93000000ffff		/* 0x10: data */
	.quad	0x00cff3000000ffff		/* 0x18: data of ring 3 */
	.quad	0x00affb000000ffff		/* 0x20: code of ring 3 */
	.quad	0, 0				/* 0x28: TSS, by main.c */
gdt_pointer:
	.word	. - gdt - 1
	.quad	gdt

	.balign	4096
pml4:	.quad	pdpt + 7
	.balign	4096
pdpt:	.quad	0x00000087, 0x40000087, 0x80000087, 0xc0000087

	.bss
	.globl	stack_top, trap_stack_top
	.balign	4096
	.skip	65536
stack_top:
	.skip	16384
trap_stack_top:
	.skip	16384
user_stack_top:
kernel_rsp:
	.skip	8
