// REP INSB: KVM asks for all 64 bytes in one exit.
#include "guest.inc"
guest string_port
    cld
    batch
    movl $TIME, %edi                // 64 bytes that nobody else uses here
    movl $64, %ecx
    before
    movl $SCRATCH, %edx
    rep insb
    after
    again
endguest string_port
