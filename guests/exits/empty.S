// Nothing: the two readings of the time that every other guest's samples include.
#include "guest.inc"
guest empty
    batch
    before
    after
    again
endguest empty
