/// The parts of <linux/kvm.h> that Swift cannot import: ioctl numbers built by
/// macros, flags written as shifts, structures that end in a flexible array.
#ifndef CKVM_H
#define CKVM_H

#include <errno.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "CKVMBench.h"

/// ioctl numbers, KVM API documentation section 4.
enum : unsigned long {
    CKVM_GET_API_VERSION = KVM_GET_API_VERSION,
    CKVM_CREATE_VM = KVM_CREATE_VM,
    CKVM_CHECK_EXTENSION = KVM_CHECK_EXTENSION,
    CKVM_GET_VCPU_MMAP_SIZE = KVM_GET_VCPU_MMAP_SIZE,
    CKVM_GET_SUPPORTED_CPUID = KVM_GET_SUPPORTED_CPUID,
    CKVM_SET_USER_MEMORY_REGION = KVM_SET_USER_MEMORY_REGION,
    CKVM_SET_TSS_ADDR = KVM_SET_TSS_ADDR,
    CKVM_SET_IDENTITY_MAP_ADDR = KVM_SET_IDENTITY_MAP_ADDR,
    CKVM_CREATE_IRQCHIP = KVM_CREATE_IRQCHIP,
    CKVM_CREATE_PIT2 = KVM_CREATE_PIT2,
    CKVM_IRQFD = KVM_IRQFD,
    CKVM_IOEVENTFD = KVM_IOEVENTFD,
    CKVM_SET_GSI_ROUTING = KVM_SET_GSI_ROUTING,
    CKVM_ENABLE_CAP = KVM_ENABLE_CAP,
    CKVM_CREATE_VCPU = KVM_CREATE_VCPU,
    CKVM_RUN = KVM_RUN,
    CKVM_GET_REGS = KVM_GET_REGS,
    CKVM_SET_REGS = KVM_SET_REGS,
    CKVM_GET_SREGS = KVM_GET_SREGS,
    CKVM_SET_SREGS = KVM_SET_SREGS,
    CKVM_SET_FPU = KVM_SET_FPU,
    CKVM_SET_CPUID2 = KVM_SET_CPUID2,
    CKVM_GET_MSRS = KVM_GET_MSRS,
    CKVM_SET_MSRS = KVM_SET_MSRS,
    CKVM_GET_LAPIC = KVM_GET_LAPIC,
    CKVM_SET_LAPIC = KVM_SET_LAPIC,
    CKVM_GET_MP_STATE = KVM_GET_MP_STATE,
    CKVM_SET_MP_STATE = KVM_SET_MP_STATE,
    CKVM_TRANSLATE = KVM_TRANSLATE,
    CKVM_GET_STATS_FD = KVM_GET_STATS_FD,
    CKVM_SET_GUEST_DEBUG = KVM_SET_GUEST_DEBUG,
    CKVM_GET_XSAVE = KVM_GET_XSAVE,
    CKVM_SET_XSAVE = KVM_SET_XSAVE,
};

/// Flags that the kernel header writes as shifts.
enum : uint32_t {
    CKVM_MEM_READONLY = KVM_MEM_READONLY,
    CKVM_X2APIC_API_USE_32BIT_IDS = KVM_X2APIC_API_USE_32BIT_IDS,
    CKVM_X2APIC_API_DISABLE_BROADCAST_QUIRK = KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK,
    CKVM_IRQFD_FLAG_DEASSIGN = KVM_IRQFD_FLAG_DEASSIGN,
    CKVM_IRQFD_FLAG_RESAMPLE = KVM_IRQFD_FLAG_RESAMPLE,
    CKVM_IOEVENTFD_FLAG_DATAMATCH = KVM_IOEVENTFD_FLAG_DATAMATCH,
    CKVM_IOEVENTFD_FLAG_PIO = KVM_IOEVENTFD_FLAG_PIO,
    CKVM_IOEVENTFD_FLAG_DEASSIGN = KVM_IOEVENTFD_FLAG_DEASSIGN,
};

/// An ioctl with an integer argument. Returns the result, or -errno.
static inline long ckvm_ioctl(int fd, unsigned long request, unsigned long argument) {
    int result = ioctl(fd, request, argument);
    return result < 0 ? -(long)errno : result;
}

/// An ioctl with a pointer argument. Returns the result, or -errno.
static inline long ckvm_ioctl_ptr(int fd, unsigned long request, void *_Nullable argument) {
    int result = ioctl(fd, request, argument);
    return result < 0 ? -(long)errno : result;
}

/// Lets KVM leave the general registers in the run area at every exit (KVM_CAP_SYNC_REGS).
static inline void ckvm_keep_registers(struct kvm_run *_Nonnull run) {
    run->kvm_valid_regs |= KVM_SYNC_X86_REGS;
}

/// The instruction pointer of the last exit; 0 without `ckvm_keep_registers`.
static inline uint64_t ckvm_instruction_pointer(const struct kvm_run *_Nonnull run) {
    return run->s.regs.regs.rip;
}

/// Bytes of a structure that ends in `count` entries of a flexible array.
static inline size_t ckvm_cpuid2_size(size_t count) {
    return sizeof(struct kvm_cpuid2) + count * sizeof(struct kvm_cpuid_entry2);
}
static inline size_t ckvm_msrs_size(size_t count) {
    return sizeof(struct kvm_msrs) + count * sizeof(struct kvm_msr_entry);
}
static inline size_t ckvm_irq_routing_size(size_t count) {
    return sizeof(struct kvm_irq_routing) + count * sizeof(struct kvm_irq_routing_entry);
}

/// The entries of a structure that ends in a flexible array.
static inline struct kvm_cpuid_entry2 *_Nonnull ckvm_cpuid2_entries(struct kvm_cpuid2 *_Nonnull table) {
    return table->entries;
}
static inline struct kvm_msr_entry *_Nonnull ckvm_msrs_entries(struct kvm_msrs *_Nonnull table) {
    return table->entries;
}
static inline struct kvm_irq_routing_entry *_Nonnull
ckvm_irq_routing_entries(struct kvm_irq_routing *_Nonnull table) {
    return table->entries;
}

#endif
