/* How a program on a RISC-V core asks the host that emulates it, by semihosting. */
#ifndef RISCV_SEMIHOSTING_H
#define RISCV_SEMIHOSTING_H

#include <stdint.h>

/* QEMU knows a call by three instructions, none of them compressed, within one page. */
static inline uint32_t ask_host(uint32_t operation, uintptr_t argument) {
  register uint32_t a0 __asm__("a0") = operation;
  register uintptr_t a1 __asm__("a1") = argument;
  __asm__ volatile(".option push\n\t"
                   ".option norvc\n\t"
                   ".balign 16\n\t"
                   "slli zero, zero, 0x1f\n\t"
                   "ebreak\n\t"
                   "srai zero, zero, 7\n\t"
                   ".option pop"
                   : "+r"(a0)
                   : "r"(a1)
                   : "t0", "memory");
  return a0;
}

#endif
