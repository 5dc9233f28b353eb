/// What `bench exits` needs of KVM and no machine does, and the floor that swiftvm is measured against: the least that
/// C can do around the same system calls.
///
/// Functions return 0 or a result, or -errno.
#ifndef CKVM_BENCH_H
#define CKVM_BENCH_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum : uint32_t {
    CKVM_EXIT_X86_RDMSR = KVM_EXIT_X86_RDMSR,
    CKVM_EXIT_X86_WRMSR = KVM_EXIT_X86_WRMSR,
};

/// What to add to the host's time stamp counter to have a vCPU's (KVM_VCPU_TSC_OFFSET, Linux 5.16).
int ckvm_tsc_offset(int vcpu, int64_t *_Nonnull offset);

/// Makes a vCPU that waits for its start-up IPI run as it is.
int ckvm_set_runnable(int vcpu);

/// Has accesses to the model-specific register `number` answered in user space.
int ckvm_msr_to_user(int vm, uint32_t number);

/// Answers the access to a model-specific register that a vCPU left the guest for: it reads as 0.
static inline void ckvm_answer_msr(struct kvm_run *_Nonnull run) {
    run->msr.error = 0;
    run->msr.data = 0;
}

/// Gives a machine a slot of memory whose writes KVM logs.
int ckvm_log_dirty_pages(int vm, uint32_t slot, uint64_t guest, uint64_t size, void *_Nonnull host);

/// Takes the log of a slot, which write-protects its pages anew.
///
/// - bitmap: a bit a page, in whole 64-bit words.
int ckvm_take_dirty_log(int vm, uint32_t slot, void *_Nonnull bitmap);

/// What a bare loop around KVM_RUN answers with and where it notes its times.
struct ckvm_floor {
    /// The port that ends the loop when it is written to.
    uint16_t finish_port;
    /// Pairs of time stamps: when KVM_RUN returned, and when the exit was answered.
    uint64_t *_Nonnull stamps;
    /// Words of `stamps`, and how many were written.
    size_t capacity;
    size_t count;
    /// Whether kicks and signals are noted, and those alone.
    int notes_kicks;
    /// What was written last; reads give it back.
    uint64_t value;
};

/// Runs a vCPU until it writes to the port that ends the loop.
///
/// - Returns: 0, -errno of KVM_RUN, or the reason of an exit that it does not know.
long ckvm_floor_run(int vcpu, struct kvm_run *_Nonnull run, struct ckvm_floor *_Nonnull floor);

/// Makes a vCPU that runs on `thread` leave the guest.
void ckvm_floor_kick(pthread_t thread, int signal, struct kvm_run *_Nonnull run);

/// Whether a kick has not been taken yet.
int ckvm_has_kick(struct kvm_run *_Nonnull run);

/// Answers `count` signals of an eventfd: notes the time, then writes the signal's number to `reply`.
///
/// - is_over: once it is not 0, the loop ends at the next signal.
int ckvm_floor_serve(
    int event, uint64_t *_Nonnull stamps, uint64_t count, void *_Nonnull reply, void *_Nonnull is_over);

/// Makes a machine with one slot of memory, interrupt controllers and PIT.
///
/// - Returns: its descriptor.
int ckvm_floor_make_vm(int kvm, uint64_t size, void *_Nonnull memory, uint64_t identity_map, uint64_t tss);

/// Makes a vCPU and maps its run area.
///
/// - Returns: its descriptor.
int ckvm_floor_make_vcpu(int vm, unsigned id, size_t area_size, void *_Nullable *_Nonnull area);

#endif
