// A Multiboot image, as test kernels made for other machines are: entered in 32-bit protected mode, it shows what the
// loader left for it and ends with 0x11 at a debug port at 0xf4, or 1 where something is missing.
//
// Assembled three times: an ELF file, with RAW bytes that say themselves where they go, and with LOW an ELF file that
// takes the memory from 0x500 to beyond 0x40000.
    .set MAGIC, 0x1badb002
#ifdef RAW
    .set FLAGS, 0x00010003      // addresses follow; modules on pages; memory
#else
    .set FLAGS, 0x00000003
#endif
    .code32
    .globl start
image:
    .long MAGIC
    .long FLAGS
    .long -(MAGIC + FLAGS)
#ifdef RAW
    .long image, image, 0, stack, start
#endif

start:
    movl $stack, %esp
    cmpl $0x2badb002, %eax
    jne wrong
    movl (%ebx), %eax
    notl %eax
    testl $0x4d, %eax           // memory, command line, modules, memory map
    jnz wrong

    movl $line, %esi
    call print
    movl 16(%ebx), %esi
    call print

    cmpl $0, 20(%ebx)
    je memory
    movl 24(%ebx), %edi         // the first module
    movl $module, %esi
    call print
    movl 8(%edi), %esi
    call print
    movl $holds, %esi
    call print
    movl (%edi), %esi
1:  cmpl 4(%edi), %esi
    jae memory
    movb (%esi), %al
    call put
    incl %esi
    jmp 1b

memory:
    movl $above, %esi
    call print
    movl 8(%ebx), %eax          // KiB from 1 MiB on
    call number
    movl $all, %esi
    call print
    movl 48(%ebx), %esi
    movl %esi, %edi
    addl 44(%ebx), %edi
    xorl %eax, %eax
1:  cmpl %edi, %esi
    jae 3f
    cmpl $1, 20(%esi)           // RAM
    jne 2f
    movl 12(%esi), %ecx
    shrl $10, %ecx
    addl %ecx, %eax
2:  addl (%esi), %esi
    addl $4, %esi
    jmp 1b
3:  call number
    movl $below, %esi
    call print
    movzwl 0x413, %eax          // the BIOS data area: KiB of base memory
    movzwl 0x40e, %ecx          // and the segment of the extended area behind it
    shrl $6, %ecx
    cmpl %ecx, %eax
    jne wrong
    call number

    xorl %eax, %eax             // the firmware's configuration: its signature
    call select
    call big
    cmpl $0x51454d55, %eax      // "QEMU"
    jne wrong
    movl $processors, %esi
    call print
    movb $5, %al                // how many processors there are
    call select
    call byte
    movzbl %al, %ebp
    call byte
    movzbl %al, %eax
    shll $8, %eax
    orl %ebp, %eax
    call number
    movb $0x19, %al             // the files: how many, and the first one's size, key and name
    call select
    call big
    testl %eax, %eax
    jz end
    call big
    movl %eax, %edi
    call big
    movl %eax, %ebp
    movl $file, %esi
    call print
1:  call byte
    testb %al, %al
    jz 2f
    call put
    jmp 1b
2:  movl $holds, %esi
    call print
    movl %ebp, %eax
    shrl $16, %eax
    call select
3:  decl %edi
    js end
    call byte
    call put
    jmp 3b

end:
    movb $'\n', %al
    call put
    movb $0x11, %al
    outb %al, $0xf4
wrong:
    movb $1, %al
    outb %al, $0xf4
4:  hlt
    jmp 4b

// Writes the text at esi.
print:
    movb (%esi), %al
    testb %al, %al
    jz 1f
    call put
    incl %esi
    jmp print
1:  ret

// Writes eax, decimal.
number:
    movl $10, %ecx
    pushl $0
1:  xorl %edx, %edx
    divl %ecx
    addl $'0', %edx
    pushl %edx
    testl %eax, %eax
    jnz 1b
2:  popl %eax
    testl %eax, %eax
    jz 3f
    call put
    jmp 2b
3:  ret

// Chooses the item with the key al of the firmware's configuration.
select:
    movzbl %al, %eax
    movw $0x510, %dx
    outw %ax, %dx
    ret

// Reads its next byte into al.
byte:
    movw $0x511, %dx
    inb %dx, %al
    ret

// Reads a big-endian number of 4 bytes into eax.
big:
    xorl %ecx, %ecx
    movl $4, %ebx
1:  call byte
    shll $8, %ecx
    movb %al, %cl
    decl %ebx
    jnz 1b
    movl %ecx, %eax
    ret

put:
    movw $0x3f8, %dx            // COM1's transmit register
    outb %al, %dx
    ret

line:   .asciz "line: "
module: .asciz "\nmodule: "
holds:  .asciz "\nit holds: "
above:  .asciz "\nKiB from 1 MiB on: "
all:    .asciz "\nKiB in all: "
processors: .asciz "\nprocessors: "
file:   .asciz "\nfile: "
below:  .asciz "\nKiB of base memory: "
    .balign 4
    .skip 256
stack:
#ifdef LOW
    .bss
    .skip 0x40000
#endif
