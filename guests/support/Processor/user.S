// The way to user mode and back: `user_enter` is a call that returns when somebody says `user_leave`, and between
// the two a program runs that comes here for each system call.

    .text
    // rdi: where the program begins; rsi: its stack.
    .globl user_enter
user_enter:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, kernel_stack
    movq %rdi, %rcx
    movl $2, %r11d                      // RFLAGS: the bit that is always set, no interrupts
    movq %rsi, %rsp
    // Nothing of the kernel's is for the program to see.
    xorl %eax, %eax
    xorl %ebx, %ebx
    xorl %edx, %edx
    xorl %edi, %edi
    xorl %esi, %esi
    xorl %ebp, %ebp
    sysretq

    // rdi: what `user_enter` returns.
    .globl user_leave
user_leave:
    movq kernel_stack, %rsp
    movq %rdi, %rax
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

    // The instruction `syscall` comes here: rcx has where it was, r11 the flags; the stack still is the program's.
    // rax: the call's number; rdi, rsi: what it is about.
    .globl user_call_entry
user_call_entry:
    movq %rsp, user_stack
    movq kernel_stack, %rsp
    pushq user_stack
    pushq %rcx
    pushq %r11
    movq %rsi, %rdx
    movq %rdi, %rsi
    movq %rax, %rdi
    cld
    call user_call
    popq %r11
    popq %rcx
    popq %rsp
    sysretq

    .bss
    .balign 8
kernel_stack:
    .skip 8
user_stack:
    .skip 8
