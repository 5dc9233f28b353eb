/// The guests of `swiftvm bench exits`, a few dozen bytes each; guest.inc tells how they are entered.
#ifndef EXIT_GUESTS_H
#define EXIT_GUESTS_H

#include <stddef.h>

typedef struct {
    const void *_Nonnull code;
    size_t size;
} ExitGuest;

#define EXIT_GUEST(name)                                                                           \
    extern const unsigned char exits_##name##_start[], exits_##name##_end[];                       \
    static inline ExitGuest exits_##name(void) {                                                   \
        return (ExitGuest){exits_##name##_start,                                                   \
                           (size_t)(exits_##name##_end - exits_##name##_start)};                   \
    }

EXIT_GUEST(empty)
EXIT_GUEST(port_read)
EXIT_GUEST(port_write)
EXIT_GUEST(mmio_read)
EXIT_GUEST(mmio_write)
EXIT_GUEST(string_port)
EXIT_GUEST(cpuid)
EXIT_GUEST(msr_kernel)
EXIT_GUEST(msr_user)
EXIT_GUEST(hypercall)
EXIT_GUEST(page_touch)
EXIT_GUEST(timer)
EXIT_GUEST(halted)
EXIT_GUEST(busy)
EXIT_GUEST(doorbell)
EXIT_GUEST(ipi)
EXIT_GUEST(spin)

#endif
