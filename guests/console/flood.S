// Real mode: sends 3000 lines of 50 bytes, waiting for the transmitter, then asks for a reset.
    .code16
    .globl start
start:
    xorw %ax, %ax
    movw %ax, %ds
    movw $3000, %bx
line:
    movw $message, %si
byte:
    movw $0x3fd, %dx
1:  inb %dx, %al
    testb $0x20, %al        // transmitter empty
    jz 1b
    lodsb
    testb %al, %al
    jz 2f
    movw $0x3f8, %dx
    outb %al, %dx
    jmp byte
2:  decw %bx
    jnz line
    movb $0xfe, %al         // pulse the reset line
    outb %al, $0x64
3:  hlt
    jmp 3b

message:
    .asciz "a line of forty-eight characters and a line end.\r\n"
