// Says "done", writes 0x2a to a debug port at 0xf4, which ends the machine where there is one, else resets it.
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
2:  movb $0x2a, %al
    outb %al, $0xf4
    movb $0xfe, %al         // the i8042's reset
    outb %al, $0x64
3:  hlt
    jmp 3b

message:
    .asciz "done"
