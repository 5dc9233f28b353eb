#include "guest.inc"
    .code16

    // A write of each width to a port of its own.
guest port_writes
    movw $0x510, %dx
    movb $0x11, %al
    outb %al, %dx
    movw $0x512, %dx
    movw $0x2233, %ax
    outw %ax, %dx
    movw $0x514, %dx
    movl $0x44556677, %eax
    outl %eax, %dx
    finish
endguest port_writes

    // Keeps at 0x6000, 0x6002 and 0x6004 what reads of each width give.
guest port_reads
    movw $0x510, %dx
    inb %dx, %al
    movb %al, 0x6000
    movw $0x512, %dx
    inw %dx, %ax
    movw %ax, 0x6002
    movw $0x514, %dx
    inl %dx, %eax
    movl %eax, 0x6004
    finish
endguest port_reads

    // Writes to a port that nobody has, then keeps at 0x6000 what reads of each width give.
guest unclaimed_port
    movw $0x900, %dx
    xorl %eax, %eax
    outl %eax, %dx
    inb %dx, %al
    movb %al, 0x6000
    xorl %eax, %eax
    inw %dx, %ax
    movw %ax, 0x6002
    inl %dx, %eax
    movl %eax, 0x6004
    finish
endguest unclaimed_port

    // Five bytes, then three words, each by one instruction.
guest string_output
    cld
    movw $0x510, %dx
    movw $AT(string_output, bytes), %si
    movw $5, %cx
    rep outsb
    movw $3, %cx
    rep outsw
    finish
bytes:
    .ascii "hello"
    .word 0x0102, 0x0304, 0x0506
endguest string_output

    // Eight bytes to 0x6000, then two doublewords to 0x6008, each by one instruction.
guest string_input
    cld
    movw $0x510, %dx
    movw $0x6000, %di
    movw $8, %cx
    rep insb
    movw $2, %cx
    rep insl
    finish
endguest string_input
