// Leaves the guest COUNT times and tells what that took, in cycles of the time stamp counter: 16 hexadecimal digits
// and a line end on the serial port. Then it resets the machine.
//
// Assembled twice. PORT: exits by the serial port's scratch register, a write and a read in turns. MMIO: the same with
// a register in memory that takes no RAM's place, PCI function 00:00.0's interrupt line in the ECAM window, reached
// with segments of 4 GiB.
    .set COUNT, 40000
    .set SCRATCH, 0x3ff
    .set INTERRUPT_LINE, 0xe000003c
    .code16
    .globl start
start:
    cli
#ifdef MMIO
    lgdt gdtr
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    movw $8, %bx
    movw %bx, %fs           // keeps its limit when protection goes
    andb $0xfe, %al
    movl %eax, %cr0
    movl $INTERRUPT_LINE, %edi
#else
    movw $SCRATCH, %dx
#endif
    movl $COUNT / 2, %ebp
    rdtsc
    movl %eax, %esi
    movl %edx, %ebx
1:
#ifdef MMIO
    movb %al, %fs:(%edi)
    movb %fs:(%edi), %al
#else
    movw $SCRATCH, %dx
    outb %al, %dx
    inb %dx, %al
#endif
    decl %ebp
    jnz 1b
    rdtsc
    subl %esi, %eax
    sbbl %ebx, %edx
    // edx:eax, the highest digit first
    movl %eax, %esi
    movl %edx, %ebx
    movw $16, %cx
2:  movl %ebx, %eax
    shrl $28, %eax
    shldl $4, %esi, %ebx
    shll $4, %esi
    addb $'0', %al
    cmpb $'9', %al
    jbe 3f
    addb $'a' - '0' - 10, %al
3:  movw $0x3f8, %dx
    outb %al, %dx
    decw %cx
    jnz 2b
    movb $'\n', %al
    outb %al, %dx
    movb $0xfe, %al
    outb %al, $0x64
4:  hlt
    jmp 4b

#ifdef MMIO
    .balign 8
gdt:
    .quad 0
    .quad 0x00cf93000000ffff // data, base 0, 4 GiB
gdtr:
    .word . - gdt - 1
    .long gdt
#endif
