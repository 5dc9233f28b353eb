// Real mode: sends 8000 lines of 48 bytes, sixteen bytes whenever the transmitter is empty, then asks for a reset. With
// SILENT it waits for a byte before, and stands still after them.
    .code16
    .globl start
start:
    xorw %ax, %ax
    movw %ax, %ds
    cld
    movw $0x3fa, %dx        // FIFO control: on
    movb $1, %al
    outb %al, %dx
#ifdef SILENT
    movw $0x3fd, %dx
1:  inb %dx, %al
    testb $0x01, %al        // data ready
    jz 1b
#endif
    movw $8000, %bx
line:
    movw $message, %si
burst:
    movw $0x3fd, %dx
1:  inb %dx, %al
    testb $0x20, %al        // transmitter empty
    jz 1b
    movw $0x3f8, %dx
    movw $16, %cx
    rep outsb
    cmpw $message + 48, %si
    jne burst
    decw %bx
    jnz line
#ifndef SILENT
    movb $0xfe, %al         // pulse the reset line
    outb %al, $0x64
#endif
2:  hlt
    jmp 2b

message:
    .ascii "a line of forty-six characters and a line end.\r\n"
