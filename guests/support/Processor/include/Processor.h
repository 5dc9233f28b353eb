/// The instructions that Swift has no words for, and what the assembly beside it gives.
#ifndef PROCESSOR_H
#define PROCESSOR_H

#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

// MARK: Ports

INLINE uint8_t port_read8(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

INLINE uint16_t port_read16(uint16_t port) {
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

INLINE uint32_t port_read32(uint16_t port) {
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

INLINE void port_write8(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

INLINE void port_write16(uint16_t port, uint16_t value) {
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

INLINE void port_write32(uint16_t port, uint32_t value) {
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

// MARK: Memory and registers in memory, by address: one access of just that width, never left out or moved.

INLINE uint8_t memory_read8(uint64_t address) { return *(volatile uint8_t *)address; }
INLINE uint16_t memory_read16(uint64_t address) { return *(volatile uint16_t *)address; }
INLINE uint32_t memory_read32(uint64_t address) { return *(volatile uint32_t *)address; }
INLINE uint64_t memory_read64(uint64_t address) { return *(volatile uint64_t *)address; }

INLINE void memory_write8(uint64_t address, uint8_t value) { *(volatile uint8_t *)address = value; }
INLINE void memory_write16(uint64_t address, uint16_t value) { *(volatile uint16_t *)address = value; }
INLINE void memory_write32(uint64_t address, uint32_t value) { *(volatile uint32_t *)address = value; }
INLINE void memory_write64(uint64_t address, uint64_t value) { *(volatile uint64_t *)address = value; }

/// What was written before is seen before what is read after.
INLINE void memory_fence(void) { __asm__ volatile("mfence" : : : "memory"); }

/// Where the loader left what it tells a guest (PVH's hvm_start_info).
INLINE uint64_t loader_start_info(void) {
    extern uint32_t start_info;
    return start_info;
}

// MARK: The processor's own registers

INLINE uint64_t processor_read_cr2(void) {
    uint64_t value;
    __asm__ volatile("movq %%cr2, %0" : "=r"(value));
    return value;
}

INLINE uint64_t processor_read_cr3(void) {
    uint64_t value;
    __asm__ volatile("movq %%cr3, %0" : "=r"(value));
    return value;
}

INLINE void processor_write_cr3(uint64_t value) {
    __asm__ volatile("movq %0, %%cr3" : : "r"(value) : "memory");
}

/// Forgets how the page at `address` was translated.
INLINE void processor_forget_page(uint64_t address) {
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

INLINE uint64_t processor_read_msr(uint32_t number) {
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return (uint64_t)high << 32 | low;
}

INLINE void processor_write_msr(uint32_t number, uint64_t value) {
    __asm__ volatile("wrmsr" : : "c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

INLINE uint64_t processor_time_stamp(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/// Loads the interrupt descriptor table's register: `count` gates at `address`.
INLINE void processor_load_gates(uint64_t address, uint64_t count) {
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } table = {(uint16_t)(count * 16 - 1), address};
    __asm__ volatile("lidt %0" : : "m"(table));
}

/// Sleeps until an interrupt was handled. None is handled before, if they are forbidden now, nor after.
INLINE void processor_sleep(void) { __asm__ volatile("sti; hlt; cli" : : : "memory"); }

INLINE void processor_pause(void) { __asm__ volatile("pause" : : : "memory"); }

/// Stops for ever.
__attribute__((noreturn)) INLINE void processor_stop(void) {
    for (;;)
        __asm__ volatile("cli; hlt");
}

/// The quotient, from the instruction itself: Swift would look at the divisor, in ECX, before.
INLINE uint32_t processor_divide(uint32_t dividend, uint32_t divisor) {
    uint32_t quotient, remainder = 0;
    __asm__ volatile("divl %%ecx" : "=a"(quotient), "+d"(remainder), "+c"(divisor) : "a"(dividend));
    return quotient;
}

INLINE void processor_undefined_instruction(void) { __asm__ volatile("ud2"); }

// MARK: Interrupts and exceptions

/// What the processor and the stub of a vector leave on the stack.
struct interrupt_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector;
    /// 0 where the processor gives none.
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/// Where the code for `vector` begins: it saves all registers, calls `interrupt_handler`, and returns to where it was.
INLINE uint64_t interrupt_entry(uint8_t vector) {
    extern const char interrupt_entries[];
    return (uint64_t)interrupt_entries + 16 * (uint64_t)vector;
}

/// Called for each interrupt and exception, with interrupts forbidden. A guest that wants them defines its own.
void interrupt_handler(struct interrupt_frame *_Nonnull frame);

// MARK: A second processor

/// Puts the code that a second processor begins with at page `page`, below 1 MiB.
void processor_prepare_start(uint8_t page);

/// Where a second processor comes to, with a stack of its own and interrupts forbidden. A guest that starts one defines
/// its own.
void processor_main(void);

// MARK: User mode

/// Loads the segment descriptor table's register: `count` descriptors at `address`. The selectors in use must mean the
/// same in the new table.
INLINE void processor_load_segments(uint64_t address, uint64_t count) {
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } table = {(uint16_t)(count * 8 - 1), address};
    __asm__ volatile("lgdt %0" : : "m"(table));
}

/// Loads the task register, which leads to the task state segment.
INLINE void processor_load_task(uint16_t selector) { __asm__ volatile("ltr %0" : : "r"(selector)); }

/// Runs a program in user mode. Needs the MSRs STAR and LSTAR, and gates that a task state segment gives a stack.
/// - Returns: what `user_leave` is told.
uint64_t user_enter(uint64_t start, uint64_t stack);

/// Ends the program, from within a system call or an exception of its.
__attribute__((noreturn)) void user_leave(uint64_t result);

/// Where `syscall` has to go.
INLINE uint64_t user_call_address(void) {
    extern const char user_call_entry[];
    return (uint64_t)user_call_entry;
}

/// Called for each system call. A guest that has programs defines its own.
uint64_t user_call(uint64_t number, uint64_t first, uint64_t second);

#endif
