// One entry of 16 bytes for each of the 256 vectors. The processor pushes an error code for some exceptions; the
// entries of the others push a zero, so that `interrupt_frame` always looks the same.

    .text
    .balign 16
    .globl interrupt_entries
interrupt_entries:
    .set vector, 0
    .rept 256
    .balign 16
    .if vector != 8 && vector != 17 && vector != 21 && vector != 29 && vector != 30 && (vector < 10 || vector > 14)
    pushq $0
    .endif
    pushq $vector
    jmp interrupt_common
    .set vector, vector + 1
    .endr

interrupt_common:
    pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi
    movq %rsp, %rbp
    andq $-16, %rsp
    cld
    call interrupt_handler
    movq %rbp, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rbp
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
    addq $16, %rsp          // the vector and the error code
    iretq
