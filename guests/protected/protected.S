// From real mode to protected mode: addresses of 32 bits, and segments that have an end. Writes to the serial port in
// both, reaches memory behind the first MiB, and is stopped at the end of a segment.

    // Selectors: the index in the table, times 8.
    .set CODE, 1 * 8
    .set DATA, 2 * 8
    .set SMALL, 3 * 8

    .macro say text                     // takes ESI, EAX and EDX
    movl $\text, %esi
    call print
    .endm

    .code16
    .globl start
start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %ss
    movw $0x7c00, %sp
    movw $real, %si
    movw $0x3f8, %dx                    // COM1's transmit register
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  lgdt gdt_register
    lidt idt_register
    movl %cr0, %eax
    orb $1, %al                         // PE
    movl %eax, %cr0
    ljmp $CODE, $protected              // CS still is a real-mode segment

    .code32
protected:
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl $0x7c00, %esp
    say here

    // In real mode 0x10ffef is the end of the world.
    movl $0x600df00d, 0x200000
    cmpl $0x600df00d, 0x200000
    jne end
    say far

    // The same byte, by a segment that begins there: offset 0.
    movl $SMALL, %eax
    movl %eax, %fs
    cmpl $0x600df00d, %fs:0
    jne end
    say near
    movl $0, %fs:13                     // the last three bytes, and one that is not in the segment
    say missed

end:
    movb $0xfe, %al                     // pulse the reset line
    outb %al, $0x64
3:  hlt
    jmp 3b

// Exception 13, general protection: the processor's way to say no.
refused:
    say stopped
    jmp end

print:
    movw $0x3f8, %dx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  ret

real:
    .asciz "Hello from real mode\r\n"
here:
    .asciz "Hello from protected mode\r\n"
far:
    .asciz "wrote and read at 2 MiB\r\n"
near:
    .asciz "found it at offset 0 of a segment\r\n"
missed:
    .asciz "behind the segment's end: written?\r\n"
stopped:
    .asciz "behind the segment's end: refused\r\n"

// A descriptor: base and limit in pieces, between them what kind of segment it is.
    .macro segment base, limit, kind, flags
    .word \limit & 0xffff, \base & 0xffff
    .byte \base >> 16 & 0xff, \kind, \flags << 4 | \limit >> 16, \base >> 24
    .endm

    .balign 8
gdt:
    .quad 0
    segment 0, 0xfffff, 0x9b, 0xc       // code: 4 GiB, counted in pages, 32 bits
    segment 0, 0xfffff, 0x93, 0xc       // data: the same
    segment 0x200000, 15, 0x93, 0x4     // data: 16 bytes at 2 MiB
gdt_register:
    .word gdt_register - gdt - 1
    .long gdt

    .balign 8
idt:
    .fill 13, 8, 0
    .word refused, CODE, 0x8e00, 0      // an interrupt gate
idt_register:
    .word idt_register - idt - 1
    .long idt
