// RDMSR of a register that a filter sends to user space.
#include "guest.inc"
guest msr_user
    batch
    before
    movl $MSR, %ecx
    rdmsr
    after
    again
endguest msr_user
