// The hypercall KVM_HC_VAPIC_POLL_IRQ, which does nothing. KVM puts the CPU's own instruction in this one's place.
#include "guest.inc"
guest hypercall
    batch
    before
    movl $1, %eax
    vmcall
    after
    again
endguest hypercall
