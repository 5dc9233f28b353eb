// Waits for interrupts without leaving the guest. Each handler notes when it began, then counts up.
#include "guest.inc"
#include "waiting.inc"
    waiting busy pause
