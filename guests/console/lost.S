// Real mode: loads a floating-point number from where there is no memory. No KVM knows how to.
    .code16
    .globl start
start:
    movw $0xa000, %ax
    movw %ax, %ds
    fldt 0
1:  hlt
    jmp 1b
