// CPUID, which KVM answers itself.
#include "guest.inc"
guest cpuid
    batch
    before
    xorl %eax, %eax
    cpuid
    after
    again
endguest cpuid
