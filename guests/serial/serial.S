// Real mode: writes a line to the serial port, then asks for a reset through the i8042.
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
2:  movb $0xfe, %al         // pulse the reset line
    outb %al, $0x64
3:  hlt
    jmp 3b

message:
    .asciz "Hello from real mode\r\n"
