// Real mode to 32-bit protected mode with flat segments, and on to C.
    .code16
    .globl start
start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    lgdtl gdtr
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpl $8, $protected
    .code32
protected:
    movw $16, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $0x90000, %esp
    call ledger
1:  hlt
    jmp 1b

    .balign 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff // code, base 0, 4 GiB
    .quad 0x00cf93000000ffff // data, the same
gdtr:
    .word . - gdt - 1
    .long gdt
