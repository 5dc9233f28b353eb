// The functions of C's library that Swift's own calls, without vector instructions.
#include "Processor.h"
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
    void *start = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    return start;
}

void *memmove(void *to, const void *from, size_t count) {
    if ((uintptr_t)to - (uintptr_t)from >= count)
        return memcpy(to, from, count);
    for (char *end = to; count--;)
        end[count] = ((const char *)from)[count];
    return to;
}

void *memset(void *to, int value, size_t count) {
    void *start = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
    return start;
}

int memcmp(const void *left, const void *right, size_t count) {
    const unsigned char *a = left, *b = right;
    for (; count--; a++, b++)
        if (*a != *b)
            return *a - *b;
    return 0;
}

int putchar(int character) {
    if (character == '\n')
        port_write8(0x3f8, '\r');
    port_write8(0x3f8, character);
    return character;
}

// Swift seeds its hash tables with it. The guests have no secrets.
void arc4random_buf(void *buffer, size_t count) { memset(buffer, 4, count); }

// The heap: from link.ld's end of the program to its end of the heap. Blocks are powers of two, each kind with a list
// of those that came back; the word before a block tells its kind.
extern char heap_start[], heap_end[];
static char *heap_top = heap_start;
static void *returned[32];

int posix_memalign(void **block, size_t alignment, size_t size) {
    unsigned kind = 5;
    while (((size_t)1 << kind) < size + 16)
        if (++kind == 32)
            return 12;
    if (alignment <= 16 && returned[kind]) {
        *block = returned[kind];
        returned[kind] = *(void **)*block;
        return 0;
    }
    if (alignment < 16)
        alignment = 16;
    uintptr_t start = ((uintptr_t)heap_top + 16 + alignment - 1) & -alignment;
    if (start + ((size_t)1 << kind) > (uintptr_t)heap_end)
        return 12;
    heap_top = (char *)start + ((size_t)1 << kind) - 16;
    ((uint64_t *)start)[-1] = kind;
    *block = (void *)start;
    return 0;
}

void free(void *block) {
    if (!block)
        return;
    uint64_t kind = ((uint64_t *)block)[-1];
    *(void **)block = returned[kind];
    returned[kind] = block;
}
