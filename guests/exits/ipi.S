// The first processor interrupts the second, which spins, and waits until its handler has counted up.
#include "guest.inc"
guest ipi
    movl $APIC, %ebx
    movl $0x1ff, 0xf0(%rbx)         // enabled; spurious interrupts have vector 0xff
    movl $0x01000000, 0x310(%rbx)   // to APIC id 1
3:  cmpq $0, REPLY                  // until the second is ready
    je 3b
    batch
    movq MARK, %rcx
    incq %rcx
    before
    movl $0x4000 | VECTOR, 0x300(%rbx)
3:  pause
    cmpq %rcx, MARK
    jne 3b
    after
    movq TIME, %rax
    movq %rax, 16(%r11)
    again

    // The second processor is entered here, on a stack of its own.
    .org exits_ipi_start + 0x100
    lidt AT(ipi, idtr)
    movl $APIC, %ebx
    movl $0x1ff, 0xf0(%rbx)
    movl $0x5f00, %esp
    movq $1, REPLY
    sti
4:  pause
    jmp 4b
handler:
    mark
    iretq
    idt AT(ipi, handler)
    .quad AT(ipi, idt)
endguest ipi
