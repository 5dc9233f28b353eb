#include "guest.inc"
    .code64

    // There are no interrupt descriptors, so the first exception is a triple fault.
guest triple_fault
    movabsq $0x1122334455667788, %r12
    ud2
endguest triple_fault

    // CMPXCHG16B, which KVM's emulator does not know.
guest not_emulated
    movl $0x6000, %esi
    cmpxchg16b (%rsi)
    finish
endguest not_emulated
