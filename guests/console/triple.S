// Real mode to protected mode with an interrupt table that holds nothing, then an exception: the
// processor finds no handler for it, for the double fault either, and shuts down.
    .code16
    .globl start
start:
    cli
    lidt nothing
    lgdt table
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmp $8, $protected
    .code32
protected:
    movl $16, %eax
    movl %eax, %ds
    ud2

    .balign 8
descriptors:
    .quad 0
    .quad 0x00cf9b000000ffff // code, flat
    .quad 0x00cf93000000ffff // data, flat
table:
    .word table - descriptors - 1
    .long descriptors
nothing:
    .word 0
    .long 0
