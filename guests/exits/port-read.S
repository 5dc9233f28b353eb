// IN from a register of the host's.
#include "guest.inc"
guest port_read
    batch
    before
    inb $SCRATCH, %al
    after
    again
endguest port_read
