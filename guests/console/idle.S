// Real mode: says that it is up, then sleeps for ever, deaf to the power button.
    .code16
    .globl start
start:
    movw $0x3f8, %dx        // COM1's transmit register
    movw $message, %si
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  cli
    hlt
    jmp 2b

message:
    .asciz "up\r\n"
