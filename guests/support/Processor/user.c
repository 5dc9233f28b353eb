// For guests without user mode.
#include "Processor.h"

__attribute__((weak)) uint64_t user_call(uint64_t number, uint64_t first, uint64_t second) {
    (void)number, (void)first, (void)second;
    return ~(uint64_t)0;
}
