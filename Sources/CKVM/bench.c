#include "CKVM.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int ckvm_tsc_offset(int vcpu, int64_t *offset) {
    struct kvm_device_attr attribute = {
        .group = KVM_VCPU_TSC_CTRL, .attr = KVM_VCPU_TSC_OFFSET, .addr = (uintptr_t)offset};
    return ioctl(vcpu, KVM_GET_DEVICE_ATTR, &attribute) < 0 ? -errno : 0;
}

int ckvm_set_runnable(int vcpu) {
    struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_RUNNABLE};
    return ioctl(vcpu, KVM_SET_MP_STATE, &state) < 0 ? -errno : 0;
}

int ckvm_msr_to_user(int vm, uint32_t number) {
    struct kvm_enable_cap capability = {.cap = KVM_CAP_X86_USER_SPACE_MSR, .args = {KVM_MSR_EXIT_REASON_FILTER}};
    if (ioctl(vm, KVM_ENABLE_CAP, &capability) < 0)
        return -errno;
    uint8_t denied[8] = {0};
    struct kvm_msr_filter filter = {
        .flags = KVM_MSR_FILTER_DEFAULT_ALLOW,
        .ranges = {{.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE, .nmsrs = 1, .base = number, .bitmap = denied}},
    };
    return ioctl(vm, KVM_X86_SET_MSR_FILTER, &filter) < 0 ? -errno : 0;
}

int ckvm_log_dirty_pages(int vm, uint32_t slot, uint64_t guest, uint64_t size, void *host) {
    struct kvm_userspace_memory_region region = {
        .slot = slot,
        .flags = KVM_MEM_LOG_DIRTY_PAGES,
        .guest_phys_addr = guest,
        .memory_size = size,
        .userspace_addr = (uintptr_t)host,
    };
    return ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? -errno : 0;
}

int ckvm_take_dirty_log(int vm, uint32_t slot, void *bitmap) {
    struct kvm_dirty_log log = {.slot = slot, .dirty_bitmap = bitmap};
    return ioctl(vm, KVM_GET_DIRTY_LOG, &log) < 0 ? -errno : 0;
}

// The floor.

static void stamp(struct ckvm_floor *floor, uint64_t left) {
    if (floor->count + 2 > floor->capacity)
        return;
    floor->stamps[floor->count] = left;
    floor->stamps[floor->count + 1] = __builtin_ia32_rdtsc();
    floor->count += 2;
}

long ckvm_floor_run(int vcpu, struct kvm_run *run, struct ckvm_floor *floor) {
    for (;;) {
        int result = ioctl(vcpu, KVM_RUN, 0);
        uint64_t left = __builtin_ia32_rdtsc();
        if (result < 0) {
            if (errno != EINTR && errno != EAGAIN)
                return -errno;
            run->immediate_exit = 0;
            if (floor->notes_kicks)
                stamp(floor, left);
            continue;
        }
        switch (run->exit_reason) {
        case KVM_EXIT_IO: {
            unsigned char *data = (unsigned char *)run + run->io.data_offset;
            if (run->io.direction == KVM_EXIT_IO_IN)
                memset(data, (int)floor->value, (size_t)run->io.count * run->io.size);
            else if (run->io.port == floor->finish_port)
                return 0;
            else
                floor->value = *data;
            break;
        }
        case KVM_EXIT_MMIO:
            if (run->mmio.is_write)
                floor->value = run->mmio.data[0];
            else
                memset(run->mmio.data, (int)floor->value, run->mmio.len);
            break;
        case KVM_EXIT_X86_RDMSR:
        case KVM_EXIT_X86_WRMSR:
            ckvm_answer_msr(run);
            break;
        default:
            return run->exit_reason;
        }
        if (!floor->notes_kicks)
            stamp(floor, left);
    }
}

void ckvm_floor_kick(pthread_t thread, int signal, struct kvm_run *run) {
    __atomic_store_n(&run->immediate_exit, 1, __ATOMIC_RELEASE);
    pthread_kill(thread, signal);
}

int ckvm_has_kick(struct kvm_run *run) { return __atomic_load_n(&run->immediate_exit, __ATOMIC_ACQUIRE); }

int ckvm_floor_serve(int event, uint64_t *stamps, uint64_t count, void *reply, void *is_over) {
    _Atomic uint64_t *answer = reply, *over = is_over;
    struct pollfd waiting = {.fd = event, .events = POLLIN};
    for (uint64_t served = 0; served < count;) {
        uint64_t signals;
        // The descriptor does not block.
        if (poll(&waiting, 1, -1) < 0 && errno != EINTR)
            return -errno;
        if (read(event, &signals, sizeof signals) < 0)
            continue;
        if (atomic_load_explicit(over, memory_order_acquire))
            return 0;
        stamps[served++] = __builtin_ia32_rdtsc();
        atomic_store_explicit(answer, served, memory_order_release);
    }
    return 0;
}

int ckvm_floor_make_vm(int kvm, uint64_t size, void *memory, uint64_t identity_map, uint64_t tss) {
    int vm;
    do
        vm = ioctl(kvm, KVM_CREATE_VM, 0);
    while (vm < 0 && errno == EINTR);
    struct kvm_userspace_memory_region region = {.memory_size = size, .userspace_addr = (uintptr_t)memory};
    struct kvm_pit_config pit = {.flags = KVM_PIT_SPEAKER_DUMMY};
    if (vm >= 0 && ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) >= 0 &&
        ioctl(vm, KVM_SET_TSS_ADDR, (unsigned long)tss) >= 0 &&
        ioctl(vm, KVM_SET_IDENTITY_MAP_ADDR, &identity_map) >= 0 && ioctl(vm, KVM_CREATE_IRQCHIP, 0) >= 0 &&
        ioctl(vm, KVM_CREATE_PIT2, &pit) >= 0)
        return vm;
    int error = errno;
    if (vm >= 0)
        close(vm);
    return -error;
}

int ckvm_floor_make_vcpu(int vm, unsigned id, size_t area_size, void **area) {
    int vcpu = ioctl(vm, KVM_CREATE_VCPU, (unsigned long)id);
    if (vcpu < 0)
        return -errno;
    *area = mmap(NULL, area_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    if (*area != MAP_FAILED)
        return vcpu;
    int error = errno;
    close(vcpu);
    return -error;
}
