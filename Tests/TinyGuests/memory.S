#include "guest.inc"
    .code64

    // Keeps at 0x6000, 0x6008, 0x6010 and 0x6018 what reads of each width give.
guest mmio_reads
    movl $0xb0000, %esi
    movb (%rsi), %al
    movb %al, 0x6000
    movw 8(%rsi), %ax
    movw %ax, 0x6008
    movl 16(%rsi), %eax
    movl %eax, 0x6010
    movq 24(%rsi), %rax
    movq %rax, 0x6018
    finish
endguest mmio_reads

    // A write of each width.
guest mmio_writes
    movl $0xb0000, %esi
    movb $0x11, (%rsi)
    movw $0x2233, 8(%rsi)
    movl $0x44556677, 16(%rsi)
    movabsq $0x8899aabbccddeeff, %rax
    movq %rax, 24(%rsi)
    finish
endguest mmio_writes

    // Writes where nothing is, then keeps at 0x6000 what a read there gives.
guest unclaimed_memory
    movl $0xc0000, %esi
    movq %rsi, (%rsi)
    movq (%rsi), %rax
    movq %rax, 0x6000
    finish
endguest unclaimed_memory

    // Maps the 2 MiB at 4 GiB, takes what lies at its start to 0x6000, and puts something behind it.
    // The tables of the entry lie at 0x9000: the second page is the page directory pointer table.
guest high_memory
    movl $0x20000, %edi
    movq $0x20003, 0xa020
    movl $0x83, (%rdi)
    movl $1, 4(%rdi)
    movabsq $0x100000000, %rsi
    movq (%rsi), %rax
    movq %rax, 0x6000
    movabsq $0x8899aabbccddeeff, %rax
    movq %rax, 8(%rsi)
    finish
endguest high_memory
