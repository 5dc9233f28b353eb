// Keeps a ledger on its disk: writes numbered entries, ENTRIES of them in turns, flushes, and only then tells the last
// number on the serial port, as eight hexadecimal digits. Started anew, it goes on where the disk stands; what is not its
// own there does not count, and is written over. Whoever kills the machine must find every number that was told.
//
// A virtio-blk driver of the shortest kind: one queue, no interrupt, everything at fixed addresses (virtio 1.2).
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

enum {
    ENTRIES = 64, // sectors of the disk in use
    BATCH = 4,    // writes under way at once
    QUEUE = 16,
    WORDS = 128,       // of a sector: the entry's number in all but the last, which is the mark
    MARK = 0x7267646c, // "ldgr"

    // RAM above 1 MiB that nobody else uses
    DESCRIPTORS = 0x100000,
    AVAILABLE = 0x101000,
    USED = 0x102000,
    REQUESTS = 0x103000,
    DATA = 0x108000,
    REGISTERS = 0xc1000000, // where this guest puts the device's memory
};

static inline void out8(u16 port, u8 value) { __asm__ volatile("outb %0, %1" ::"a"(value), "d"(port)); }
static inline void out32(u16 port, u32 value) { __asm__ volatile("outl %0, %1" ::"a"(value), "d"(port)); }
static inline u8 in8(u16 port) {
    u8 value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "d"(port));
    return value;
}
static inline u32 in32(u16 port) {
    u32 value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "d"(port));
    return value;
}

#define MEMORY(type, address) (*(volatile type *)(u32)(address))

static void put(char c) {
    while (!(in8(0x3fd) & 0x20)) {
    }
    out8(0x3f8, c);
}

static void tell(const char *text) {
    while (*text)
        put(*text++);
}

static void tell_number(u32 number) {
    for (int shift = 28; shift >= 0; shift -= 4)
        put("0123456789abcdef"[number >> shift & 15]);
    put('\n');
}

static void stop(const char *why) {
    tell(why);
    put('\n');
    for (;;)
        __asm__ volatile("hlt");
}

// PCI configuration space by ports

static u32 device;

static u32 read_pci(u32 offset) {
    out32(0xcf8, 0x80000000 | device << 11 | (offset & ~3u));
    return in32(0xcfc) >> 8 * (offset & 3);
}

static void write_pci(u32 offset, u32 value) {
    out32(0xcf8, 0x80000000 | device << 11 | offset);
    out32(0xcfc, value);
}

// The queue

static u32 common, doorbell;
static u16 offered;

// Buffer INDEX of the queue, and whether another one follows.
static void describe(u32 index, u32 address, u32 size, int is_written, int goes_on) {
    u32 entry = DESCRIPTORS + 16 * index;
    MEMORY(u64, entry) = address;
    MEMORY(u32, entry + 8) = size;
    MEMORY(u16, entry + 12) = goes_on | is_written << 1;
    MEMORY(u16, entry + 14) = index + 1;
}

// Offers request number SLOT: each has three descriptors, and 32 bytes for its header and status.
static void offer(u32 slot, u32 type, u32 sector, u32 data, u32 size) {
    u32 header = REQUESTS + 32 * slot, first = 3 * slot;
    MEMORY(u32, header) = type;
    MEMORY(u32, header + 4) = 0;
    MEMORY(u64, header + 8) = sector;
    MEMORY(u8, header + 16) = 0xff;
    describe(first, header, 16, 0, 1);
    describe(first + 1, size ? data : header + 16, size ? size : 1, type == 0 || !size, size != 0);
    describe(first + 2, header + 16, 1, 1, 0);
    MEMORY(u16, AVAILABLE + 4 + 2 * (offered++ % QUEUE)) = first;
}

// Rings, and waits until all that was offered came back.
static void carry_out(u32 slots) {
    __asm__ volatile("" ::: "memory");
    MEMORY(u16, AVAILABLE + 2) = offered;
    MEMORY(u16, doorbell) = 0;
    while (MEMORY(u16, USED + 2) != offered)
        __asm__ volatile("pause" ::: "memory");
    for (u32 slot = 0; slot < slots; slot++)
        if (MEMORY(u8, REQUESTS + 32 * slot + 16) != 0)
            stop("a request failed");
}

static void find_disk(void) {
    for (device = 0; read_pci(0) != 0x10421af4; device++)
        if (device == 31)
            stop("no disk");
    u32 multiplier = 0, notify = 0;
    write_pci(4, 0);
    write_pci(0x10, REGISTERS);
    write_pci(0x14, 0);
    write_pci(4, 6); // memory, bus master
    for (u32 at = read_pci(0x34) & 0xff; at; at = read_pci(at + 1) & 0xff) {
        if ((read_pci(at) & 0xff) != 9)
            continue;
        u32 type = read_pci(at + 3) & 0xff;
        if (type == 1)
            common = REGISTERS + read_pci(at + 8);
        if (type == 2) {
            notify = REGISTERS + read_pci(at + 8);
            multiplier = read_pci(at + 16);
        }
    }
    MEMORY(u8, common + 20) = 0; // reset
    while (MEMORY(u8, common + 20))
        ;
    MEMORY(u8, common + 20) = 3; // acknowledged, has a driver
    // VERSION_1 and FLUSH
    MEMORY(u32, common + 8) = 0;
    MEMORY(u32, common + 12) = 1 << 9;
    MEMORY(u32, common + 8) = 1;
    MEMORY(u32, common + 12) = 1;
    MEMORY(u8, common + 20) = 11;
    if (!(MEMORY(u8, common + 20) & 8))
        stop("features refused");
    MEMORY(u16, common + 22) = 0;
    MEMORY(u16, common + 24) = QUEUE;
    MEMORY(u64, common + 32) = DESCRIPTORS;
    MEMORY(u64, common + 40) = AVAILABLE;
    MEMORY(u64, common + 48) = USED;
    MEMORY(u16, common + 28) = 1;
    doorbell = notify + MEMORY(u16, common + 30) * multiplier;
    MEMORY(u16, AVAILABLE) = 1; // no interrupts
    MEMORY(u8, common + 20) = 15;
}

// Whether all words of the sector at DATA but the last are the same.
static int is_uniform(u32 data) {
    for (u32 word = 1; word < WORDS - 1; word++)
        if (MEMORY(u32, data + 4 * word) != MEMORY(u32, data))
            return 0;
    return 1;
}

static u32 last_entry(void) {
    u32 last = 0, others = 0;
    offer(0, 0, 0, DATA, ENTRIES * 512);
    carry_out(1);
    for (u32 entry = 0; entry < ENTRIES; entry++) {
        u32 data = DATA + 512 * entry, number = MEMORY(u32, data), mark = MEMORY(u32, data + 4 * (WORDS - 1));
        if (is_uniform(data) && mark == MARK && number % ENTRIES == entry)
            last = number > last ? number : last;
        else if (number || mark || !is_uniform(data))
            others++;
    }
    if (others)
        tell("what else the disk holds is written over\n");
    return last;
}

void ledger(void) {
    find_disk();
    tell("ledger\n");
    u32 number = last_entry();
    for (;;) {
        for (u32 slot = 0; slot < BATCH; slot++) {
            u32 data = DATA + 512 * slot;
            number++;
            for (u32 word = 0; word < WORDS; word++)
                MEMORY(u32, data + 4 * word) = word == WORDS - 1 ? MARK : number;
            offer(slot, 1, number % ENTRIES, data, 512);
        }
        carry_out(BATCH);
        offer(0, 4, 0, 0, 0);
        carry_out(1);
        tell_number(number);
    }
}
