// Long mode, for debuggers to look at: adds up 1 to 10 in a function, writes the character that has the sum, 55, for its
// number, which is 7, to the serial port, and powers off. `sleep` is never reached unless somebody goes there.
    .code64
    .globl start, add, total, tell, sleep
start:
    xorl %ebx, %ebx
1:  incl %ebx
    call add
    cmpl $10, %ebx
    jne 1b
tell:
    movw $0x3f8, %dx        // COM1's transmit register
    movb total(%rip), %al
    outb %al, %dx
    movb $'\n', %al
    outb %al, %dx
    movw $0x604, %dx        // PM1 control: SLP_TYP = 5 (S5), SLP_EN
    movw $0x3400, %ax
    outw %ax, %dx
sleep:
    hlt
    jmp sleep

add:
    addq %rbx, total(%rip)
    ret

    .balign 8
total:
    .quad 0
