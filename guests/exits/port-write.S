// OUT to a register of the host's.
#include "guest.inc"
guest port_write
    batch
    before
    outb %al, $SCRATCH
    after
    again
endguest port_write
