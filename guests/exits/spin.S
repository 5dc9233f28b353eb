// Tells the time over and over, until it is asked to stop.
#include "guest.inc"
guest spin
1:  rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, TIME
    cmpq $0, STOP
    je 1b
    movq $0, STOP
    outb %al, $FINISH
    jmp 1b
endguest spin
