// A store that signals an eventfd; the sample ends when the host has answered.
#include "guest.inc"
guest doorbell
    movl $DOORBELL, %edi
    batch xorl %ecx, %ecx
    incq %rcx
    before
    movw %ax, (%rdi)
3:  pause
    cmpq %rcx, REPLY
    jne 3b
    after
    again
endguest doorbell
