#include "guest.inc"
    .code16

    // Waits for IRQ 4. Says R when it is ready for it, H in the handler and A after the HLT.
guest interrupt_wakes
    cli
    movw $AT(interrupt_wakes, 1f), 12 * 4
    movw $0, 12 * 4 + 2
    movb $0x11, %al         // PIC: edge-triggered, cascaded, four words
    outb %al, $0x20
    movb $8, %al            // IRQ 0 is vector 8
    outb %al, $0x21
    movb $4, %al            // the second PIC is at input 2
    outb %al, $0x21
    movb $1, %al            // 8086 mode
    outb %al, $0x21
    movb $0xef, %al         // IRQ 4 alone
    outb %al, $0x21
    say 'R'
    sti
    hlt                     // an interrupt that came before this one waits until it is executed
    say 'A'
    finish
1:  say 'H'
    movb $0x20, %al         // end of interrupt
    outb %al, $0x20
    iretw
endguest interrupt_wakes

    // Sleeps for good.
guest sleep
    say 'R'
    cli
1:  hlt
    jmp 1b
endguest sleep

    // Says that it is ready, and does nothing until the byte at 0x6000 changes.
guest spin
    say 'R'
1:  cmpb $0, 0x6000
    je 1b
    finish
endguest spin
