#include "guest.inc"

    // The first processor starts the second one and sleeps. The second says A and sends the first an
    // interrupt, whose handler says B.
guest two_processors
    .code64
    lidt AT(two_processors, idtr)
    movl $0xfee00000, %ebx          // the local APIC, in xAPIC mode
    movl $0x1ff, 0xf0(%rbx)         // enabled; spurious interrupts have vector 0xff
    movl $0x01000000, 0x310(%rbx)   // to APIC id 1
    movl $0x4500, 0x300(%rbx)       // INIT
    movl $0x01000000, 0x310(%rbx)
    movl $0x4608, 0x300(%rbx)       // start-up, at 0x8000
    sti
1:  hlt
    jmp 1b
handler:
    say 'B'
    finish

    .org tiny_two_processors_start + 0x400
    .code16
    xorw %ax, %ax
    movw %ax, %ds
    lgdt AT(two_processors, gdtr)
    movl %cr0, %eax                 // by way of protected mode DS reaches all 4 GiB
    orb $1, %al
    movl %eax, %cr0
    movw $8, %cx
    movw %cx, %ds
    andb $0xfe, %al
    movl %eax, %cr0
    say 'A'
    movl $0xfee00000, %ebx
    movl $0, 0x310(%ebx)            // to APIC id 0
    movl $0x4020, 0x300(%ebx)       // fixed, vector 0x20
1:  cli
    hlt
    jmp 1b

gdt:
    .quad 0, 0x00cf93000000ffff
gdtr:
    .word gdtr - gdt - 1
    .long AT(two_processors, gdt)

idt:
    .fill 0x20 * 2, 8, 0
    .word AT(two_processors, handler), 0x10 // __BOOT_CS
    .byte 0, 0x8e                           // interrupt gate
    .word 0
    .quad 0
idtr:
    .word idtr - idt - 1
    .quad AT(two_processors, idt)
endguest two_processors
