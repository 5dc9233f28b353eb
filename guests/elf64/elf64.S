// Long mode: an ELF file entered at its entry point by the 64-bit boot protocol. Writes a line to the
// serial port, then powers off through the ACPI PM1 control register.
    .code64
    .globl start
start:
    movw $0x3f8, %dx        // COM1's transmit register
    leaq message(%rip), %rsi
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  movw $0x604, %dx        // PM1 control: SLP_TYP = 5 (S5), SLP_EN
    movw $0x3400, %ax
    outw %ax, %dx
3:  hlt
    jmp 3b

message:
    .asciz "Hello from long mode\r\n"
