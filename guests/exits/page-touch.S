// One byte written to each page of a region.
#include "guest.inc"
guest page_touch
    batch movq ARGUMENT, %rdi
    before
    movb $1, (%rdi)
    after
    addq $4096, %rdi
    again
endguest page_touch
