// Real mode: says "ready", then sends back every byte that it receives. A break comes back as "<break>",
// Ctrl-D ends it with a reset. With BARE it leaves the port as it finds it.
    .code16
    .globl start
start:
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %ss
    movw $0x7c00, %sp
#ifndef BARE
    movw $0x3fa, %dx        // FIFO control: on
    movb $1, %al
    outb %al, %dx
    movw $0x3fc, %dx        // modem control: DTR and RTS, so that the other side may send
    movb $3, %al
    outb %al, %dx
#endif
    movw $ready, %si
    call print
next:
    movw $0x3fd, %dx        // line status
    inb %dx, %al
    testb $0x01, %al        // data ready
    jz next
    movb %al, %bl
    movw $0x3f8, %dx
    inb %dx, %al
    testb $0x10, %bl        // break
    jnz break
    cmpb $0x04, %al
    je end
    movb %al, %cl
room:
    movw $0x3fd, %dx
    inb %dx, %al
    testb $0x20, %al        // transmitter empty
    jz room
    movw $0x3f8, %dx
    movb %cl, %al
    outb %al, %dx
    jmp next
break:
    movw $broken, %si
    call print
    jmp next
end:
    movb $0xfe, %al         // pulse the reset line
    outb %al, $0x64
1:  hlt
    jmp 1b

print:
    movw $0x3f8, %dx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  ret

ready:
    .asciz "ready\r\n"
broken:
    .asciz "<break>"
