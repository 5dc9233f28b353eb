// A store to an address without memory.
#include "guest.inc"
guest mmio_write
    movl $REGISTER, %edi
    batch
    before
    movl %eax, (%rdi)
    after
    again
endguest mmio_write
