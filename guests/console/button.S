// Real mode: says that it is up and waits for the ACPI power button, by looking; then powers off.
    .code16
    .globl start
start:
    xorw %ax, %ax
    movw %ax, %ds
    movw $0x602, %dx        // PM1 enable: the power button
    movw $0x100, %ax
    outw %ax, %dx
    movw $up, %si
    call print
    movw $0x600, %dx        // PM1 status
1:  inw %dx, %ax
    testw $0x100, %ax       // the power button's bit
    jz 1b
    movw $off, %si
    call print
    movw $0x604, %dx        // PM1 control: SLP_TYP = 5 (S5), SLP_EN
    movw $0x3400, %ax
    outw %ax, %dx
2:  hlt
    jmp 2b

print:
    movw $0x3f8, %dx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  ret

up:
    .asciz "up\r\n"
off:
    .asciz "power button\r\n"
