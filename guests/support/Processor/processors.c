// What a guest needs to start a second processor.
#include "Processor.h"

extern const char processor_start_code[], processor_start_code_end[];

void processor_prepare_start(uint8_t page) {
    uint64_t target = (uint64_t)page << 12;
    for (const char *from = processor_start_code; from < processor_start_code_end; from++, target++)
        memory_write8(target, *from);
}

__attribute__((weak)) void processor_main(void) { processor_stop(); }
