// Says "panic", then tells the port of pvpanic of one, as a kernel's driver does, and stands still.
    .code16
    .globl start
start:
    cli
    movw $0x3f8, %dx        // COM1's transmit register
    movw $message, %si
1:  movb (%si), %al
    testb %al, %al
    jz 2f
    outb %al, %dx
    incw %si
    jmp 1b
2:  movw $0x505, %dx
    inb %dx, %al
    andb $1, %al            // told where it is understood
    outb %al, %dx
3:  hlt
    jmp 3b

message:
    .asciz "panic"
