#include "guest.inc"
    .code16

    // Pulses the reset line by way of the keyboard controller.
guest keyboard_reset
    movb $0xfe, %al
    outb %al, $0x64
1:  hlt
    jmp 1b
endguest keyboard_reset

    // A full reset by the reset control register.
guest control_reset
    movw $0xcf9, %dx
    movb $0x0a, %al
    outb %al, %dx
    movb $0x0e, %al
    outb %al, %dx
1:  hlt
    jmp 1b
endguest control_reset

    // Soft off by the PM1a control register: SLP_TYP 5, SLP_EN.
guest power_off
    movw $0x604, %dx
    movw $0x3400, %ax
    outw %ax, %dx
1:  hlt
    jmp 1b
endguest power_off

    // A line on COM1, then off.
guest greeting
    cld
    movw $0x3f8, %dx
    movw $AT(greeting, text), %si
    movw $(textend - text), %cx
    rep outsb
    movw $0x604, %dx
    movw $0x3400, %ax
    outw %ax, %dx
1:  hlt
    jmp 1b
text:
    .ascii "Hello from a tiny guest\r\n"
textend:
endguest greeting
