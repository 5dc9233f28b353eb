/// Guests of a few instructions, each for one fact about a machine.
///
/// All are loaded at 0x7c00. Those for real mode are entered there as a boot sector is, with every
/// segment at 0; those for long mode with the first 4 GiB mapped to themselves. A guest that is done
/// writes to port 0x5f0.
#ifndef TINY_GUESTS_H
#define TINY_GUESTS_H

#include <stddef.h>

typedef struct {
    const void *_Nonnull code;
    size_t size;
} TinyGuest;

#define TINY_GUEST(name)                                                                           \
    extern const unsigned char tiny_##name##_start[], tiny_##name##_end[];                         \
    static inline TinyGuest tiny_##name(void) {                                                    \
        return (TinyGuest){tiny_##name##_start,                                                    \
                           (size_t)(tiny_##name##_end - tiny_##name##_start)};                     \
    }

// Real mode, ports.S
TINY_GUEST(port_writes)
TINY_GUEST(port_reads)
TINY_GUEST(unclaimed_port)
TINY_GUEST(string_output)
TINY_GUEST(string_input)

// Long mode, memory.S
TINY_GUEST(mmio_reads)
TINY_GUEST(mmio_writes)
TINY_GUEST(unclaimed_memory)
TINY_GUEST(high_memory)

// Real mode, interrupts.S
TINY_GUEST(interrupt_wakes)
TINY_GUEST(sleep)
TINY_GUEST(spin)

// Long mode, processors.S
TINY_GUEST(two_processors)

// Long mode, faults.S
TINY_GUEST(triple_fault)
TINY_GUEST(not_emulated)

// Real mode, machine.S
TINY_GUEST(keyboard_reset)
TINY_GUEST(control_reset)
TINY_GUEST(power_off)
TINY_GUEST(greeting)

#endif
