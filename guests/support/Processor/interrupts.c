// The gates that a guest begins with: an exception that nobody expects is told of, and ends the machine.
#include "Processor.h"

struct gate {
    uint16_t low, selector, attributes, middle;
    uint32_t high, reserved;
};

static struct gate gates[256];

// Each processor has a register of its own for where they are.
void interrupt_gates_load(void) { processor_load_gates((uint64_t)gates, 256); }

void interrupt_gates(void) {
    for (unsigned vector = 0; vector < 256; vector++) {
        uint64_t entry = interrupt_entry(vector);
        // 8 is start.S' code segment, 0x8e00 a 64-bit interrupt gate.
        gates[vector] = (struct gate){entry, 8, 0x8e00, entry >> 16, entry >> 32, 0};
    }
    interrupt_gates_load();
}

static void say(const char *text) {
    while (*text)
        port_write8(0x3f8, *text++);
}

static void say_number(uint64_t number) {
    for (int shift = 60; shift >= 0; shift -= 4)
        port_write8(0x3f8, "0123456789abcdef"[number >> shift & 15]);
}

__attribute__((weak)) void interrupt_handler(struct interrupt_frame *frame) {
    say("panic: exception ");
    say_number(frame->vector);
    say(", error ");
    say_number(frame->error);
    say(", at ");
    say_number(frame->rip);
    // Swift traps, for an overflow or a bad index, by an undefined instruction.
    say(frame->vector == 6 ? ": perhaps a trap of Swift's\r\n" : "\r\n");
    port_write16(0x604, 0x3400);
    processor_stop();
}
