// Real mode: sends lines without end, waiting for the transmitter.
    .code16
    .globl start
start:
    xorw %ax, %ax
    movw %ax, %ds
line:
    movw $message, %si
byte:
    movw $0x3fd, %dx
1:  inb %dx, %al
    testb $0x20, %al        // transmitter empty
    jz 1b
    lodsb
    testb %al, %al
    jz line
    movw $0x3f8, %dx
    outb %al, %dx
    jmp byte

message:
    .asciz "chatter\r\n"
