// Waits for interrupts in HLT. Each handler notes when it began, then counts up.
#include "guest.inc"
#include "waiting.inc"
    waiting halted hlt
