// RDMSR of IA32_APIC_BASE, which KVM answers itself.
#include "guest.inc"
guest msr_kernel
    batch
    before
    movl $0x1b, %ecx
    rdmsr
    after
    again
endguest msr_kernel
