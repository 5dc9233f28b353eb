// The way from the machine's start to Swift.
//
// The note makes the loader enter at `start` by the PVH boot ABI: 32-bit protected mode, flat segments, no paging. Swift
// is 64-bit code, so this builds page tables that map the first 4 GiB onto themselves, and turns long mode on (AMD64
// volume 2, 14.6; Intel SDM volume 3A, 10.8.5):
//
//      CR4.PAE, CR3, EFER.LME, CR0.PG, and a far jump into a 64-bit code segment.

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, 18          // lengths of name and value; XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long start

    .text
    .code32
    .globl start
start:
    cli
    cld
    movl $stack_end, %esp
    movl %ebx, start_info               // the loader's, which `Guest.argument` reads

    // Level 4: one entry. Level 3: four, a GiB each. Level 2: 2048 pages of 2 MiB.
    movl $level3 + 3, level4            // 3: present, writable
    movl $level2 + 3, %eax
    movl $level3, %edi
1:  movl %eax, (%edi)
    addl $4096, %eax
    addl $8, %edi
    cmpl $level3 + 4 * 8, %edi
    jne 1b
    movl $0x83, %eax                    // 0x80: the page is a large one
    movl $level2, %edi
2:  movl %eax, (%edi)
    addl $8, %edi
    addl $1 << 21, %eax
    jnc 2b

    movl %cr4, %eax
    orl $1 << 5, %eax                   // PAE
    movl %eax, %cr4
    movl $level4, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx              // EFER
    rdmsr
    orl $1 << 8, %eax                   // LME
    wrmsr
    movl %cr0, %eax
    orl $1 << 31, %eax                  // PG
    movl %eax, %cr0
    lgdt gdt_register
    ljmp $8, $long_mode

    .code64
long_mode:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    // The stack is aligned at the call, as the calling convention wants it.
    movl $stack_end, %esp
    xorl %ebp, %ebp
    call interrupt_gates
    xorl %edi, %edi
    xorl %esi, %esi
    call main
    // Done: soft off, by the ACPI PM1 control register.
    movw $0x604, %dx
    movw $0x3400, %ax
    outw %ax, %dx
3:  cli
    hlt
    jmp 3b

    .data
    .balign 8
    .globl gdt
gdt:
    .quad 0
    .quad 0x00af9b000000ffff            // 8: 64-bit code
    .quad 0x00cf93000000ffff            // 16: data
gdt_register:
    .word gdt_register - gdt - 1
    .quad gdt

    .bss
    .globl start_info
start_info:
    .skip 4
    .balign 4096
    .globl level4
level4:
    .skip 4096
level3:
    .skip 4096
level2:
    .skip 4 * 4096
stack:
    .skip 65536
stack_end:
