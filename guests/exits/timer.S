// The local APIC's timer in TSC-deadline mode: a sample is from the deadline, ARGUMENT ticks ahead, to the handler.
// Between the two the guest halts.
#include "guest.inc"
guest timer
    lidt AT(timer, idtr)
    movl $APIC, %ebx
    movl $0x1ff, 0xf0(%rbx)         // enabled; spurious interrupts have vector 0xff
    movl $0x40000 | VECTOR, 0x320(%rbx)
    batch
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    addq ARGUMENT, %rax
    movq %rax, (%r11)
    movq %rax, %rdx
    shrq $32, %rdx
    movl $0x6e0, %ecx               // IA32_TSC_DEADLINE
    wrmsr
    sti
    hlt
    cli
    movq %rbp, 8(%r11)
    again
handler:
    rdtsc
    shlq $32, %rdx
    orq %rax, %rdx
    movq %rdx, %rbp
    movl $0, 0xb0(%rbx)             // end of interrupt
    iretq
    idt AT(timer, handler)
    .quad AT(timer, idt)
endguest timer
