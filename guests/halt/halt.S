// A guest that does nothing and stays: what is left is the memory of the process that runs it.
    .code16
    .globl start
start:
    cli
1:  hlt
    jmp 1b
