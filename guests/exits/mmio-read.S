// A load from an address without memory.
#include "guest.inc"
guest mmio_read
    movl $REGISTER, %edi
    batch
    before
    movl (%rdi), %eax
    after
    again
endguest mmio_read
