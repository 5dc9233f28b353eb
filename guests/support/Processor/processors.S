// The way of a second processor to Swift. It begins in real mode, at a page below 1 MiB, with tables that the first one
// built: everything that start.S does in two steps can be done in one, from real mode to long mode.

    .text
    .code16
    .globl processor_start_code, processor_start_code_end
processor_start_code:
    cli
    cld
    xorl %eax, %eax
    movw %cs, %ax                       // the code was copied: its data lies behind CS
    movw %ax, %ds
    movl %cr4, %eax
    orl $1 << 5, %eax                   // PAE
    movl %eax, %cr4
    movl $level4, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx              // EFER
    rdmsr
    orl $1 << 8, %eax                   // LME
    wrmsr
    lgdtl gdt_pointer - processor_start_code
    movl %cr0, %eax
    orl $1 << 31 | 1, %eax              // PG and PE
    movl %eax, %cr0
    ljmpl $8, $long_mode
gdt_pointer:
    .word 3 * 8 - 1
    .long gdt
processor_start_code_end:

    .code64
long_mode:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movl $stack_end, %esp
    xorl %ebp, %ebp
    call interrupt_gates_load
    call processor_main
1:  cli
    hlt
    jmp 1b

    .bss
    .balign 4096
stack:
    .skip 65536
stack_end:
