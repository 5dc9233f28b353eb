// The least that runs guests/exits and guests/exit: a loop around KVM_RUN, a register behind the port and one behind
// the address that the guest uses, and standard output behind the serial port. What swiftvm is measured against.
//
//   bare IMAGE       loads a flat image at 0x7c00, runs it until it resets the machine
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MEMORY = 128 << 20, ENTRY = 0x7c00 };

static int call(int fd, unsigned long request, unsigned long argument, const char *name) {
    int result = ioctl(fd, request, argument);
    if (result < 0) {
        perror(name);
        exit(1);
    }
    return result;
}
#define CALL(fd, request, argument) call(fd, request, (unsigned long)(argument), #request)

static void *map(int fd, size_t size, int flags) {
    void *address = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (address == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return address;
}

static void make_memory(int vm, const char *image) {
    unsigned char *memory = map(-1, MEMORY, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
    madvise(memory, MEMORY, MADV_HUGEPAGE);
    int file = open(image, O_RDONLY);
    if (file < 0 || read(file, memory + ENTRY, 0x10000) <= 0) {
        perror(image);
        exit(1);
    }
    struct kvm_userspace_memory_region region = {.memory_size = MEMORY, .userspace_addr = (unsigned long)memory};
    CALL(vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static void set_registers(int kvm, int vcpu) {
    struct kvm_cpuid2 *cpuid = calloc(1, sizeof *cpuid + 256 * sizeof *cpuid->entries);
    cpuid->nent = 256;
    CALL(kvm, KVM_GET_SUPPORTED_CPUID, cpuid);
    CALL(vcpu, KVM_SET_CPUID2, cpuid);
    free(cpuid);
    struct kvm_sregs system;
    CALL(vcpu, KVM_GET_SREGS, &system);
    system.cs.base = 0;
    system.cs.selector = 0;
    CALL(vcpu, KVM_SET_SREGS, &system);
    struct kvm_regs general = {.rip = ENTRY, .rsp = ENTRY, .rflags = 2};
    CALL(vcpu, KVM_SET_REGS, &general);
}

static void run(int vcpu, struct kvm_run *run) {
    unsigned char port = 0, address = 0;
    for (;;) {
        CALL(vcpu, KVM_RUN, 0);
        switch (run->exit_reason) {
        case KVM_EXIT_IO: {
            unsigned char *data = (unsigned char *)run + run->io.data_offset;
            if (run->io.port == 0x3ff) {
                if (run->io.direction == KVM_EXIT_IO_OUT)
                    port = *data;
                else
                    *data = port;
            } else if (run->io.port == 0x3f8 && run->io.direction == KVM_EXIT_IO_OUT) {
                putchar(*data);
            } else if (run->io.port == 0x64 && *data == 0xfe) {
                return;
            }
            break;
        }
        case KVM_EXIT_MMIO:
            if (run->mmio.phys_addr == 0xe000003c) {
                if (run->mmio.is_write)
                    address = run->mmio.data[0];
                else
                    memset(run->mmio.data, address, 1);
            }
            break;
        default:
            fprintf(stderr, "bare: exit reason %u\n", run->exit_reason);
            exit(1);
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: bare IMAGE\n");
        return 64;
    }
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0) {
        perror("/dev/kvm");
        return 1;
    }
    int vm = CALL(kvm, KVM_CREATE_VM, 0);
    make_memory(vm, argv[1]);
    CALL(vm, KVM_SET_TSS_ADDR, 0xfeffd000);
    CALL(vm, KVM_CREATE_IRQCHIP, 0);
    struct kvm_pit_config pit = {.flags = KVM_PIT_SPEAKER_DUMMY};
    CALL(vm, KVM_CREATE_PIT2, &pit);
    int vcpu = CALL(vm, KVM_CREATE_VCPU, 0);
    int size = CALL(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    struct kvm_run *area = map(vcpu, size, MAP_SHARED);
    set_registers(kvm, vcpu);
    run(vcpu, area);
}
