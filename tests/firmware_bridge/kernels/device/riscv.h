/* A RISC-V core with floats and vectors, and QEMU's count of cycles: 64 to an instruction. Asks its
 * host by semihosting, which is Arm's with other instructions around a breakpoint. */
#ifndef RISCV_H
#define RISCV_H

#include "../../riscv_semihosting.h"

#include <stdint.h>

#define FLOATS_AND_VECTORS_ON ((1u << 13) | (1u << 9))
#define COUNT count()
#define SYS_WRITE0 0x04
#define SYS_EXIT 0x18
#define STOPPED 0x20026
#define FAULTED 0x20023

void reset_handler(void);

static inline uint32_t count(void) {
  uint32_t high, low, again;
  do {
    __asm__ volatile("csrr %0, mcycleh" : "=r"(high));
    __asm__ volatile("csrr %0, mcycle" : "=r"(low));
    __asm__ volatile("csrr %0, mcycleh" : "=r"(again));
  } while (high != again);
  return high << 26 | low >> 6;
}

static __attribute__((aligned(4))) void fault_handler(void) {
  ask_host(SYS_EXIT, FAULTED);
}

static void start(void) {
  __asm__ volatile("csrw mstatus, %0" : : "r"(FLOATS_AND_VECTORS_ON));
  __asm__ volatile("csrw mtvec, %0" : : "r"(fault_handler));
}

__attribute__((naked, section(".vectors"), used)) static void begin(void) {
  __asm__ volatile("la sp, stack_top\n\tj reset_handler");
}

#endif
