// Real mode: sleeps for ever and says nothing.
    .code16
    .globl start
start:
    cli
    hlt
    jmp start
