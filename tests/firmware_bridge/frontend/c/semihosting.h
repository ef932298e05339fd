/* A program without a board's support on QEMU's mps2-an500, or on its virt with a RISC-V core: how
 * it starts and stops, and files by semihosting. Define `run` and include it once. */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

#define TIMER ((volatile uint32_t *)0x40000000u) /* control, value, reload */
#define COPROCESSOR_ACCESS (*(volatile uint32_t *)0xE000ED88u)

enum { OPEN = 0x01, WRITE = 0x05, READ = 0x06, LENGTH = 0x0C, EXIT = 0x18 };
enum { MODE_READ = 1, MODE_WRITE = 5, STOPPED = 0x20026, FAILED = 0x20023 };

void reset(void);
extern uint8_t stack_top[];
static void run(void);

#ifdef __riscv
#include "../../riscv_semihosting.h"
#else
static uint32_t ask_host(uint32_t operation, uintptr_t argument) {
  register uint32_t r0 __asm("r0") = operation;
  register uintptr_t r1 __asm("r1") = argument;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
#endif

static inline void stop(uint32_t reason) {
  for (;;) {
    ask_host(EXIT, reason);
  }
}

static inline uint32_t open_file(const char *name, uint32_t name_length, uint32_t mode) {
  const uintptr_t block[3] = {(uintptr_t)name, mode, name_length};
  const uint32_t handle = ask_host(OPEN, (uintptr_t)block);
  if (handle == UINT32_MAX) {
    stop(FAILED);
  }
  return handle;
}

static inline void put(uint32_t file, const void *bytes, uint32_t count) {
  const uintptr_t block[3] = {file, (uintptr_t)bytes, count};
  if (count > 0 && ask_host(WRITE, (uintptr_t)block) != 0) {
    stop(FAILED);
  }
}

static inline uint32_t get(uint32_t file, void *bytes, uint32_t most) {
  const uintptr_t length_block[1] = {file};
  const uint32_t length = ask_host(LENGTH, (uintptr_t)length_block);
  const uintptr_t block[3] = {file, (uintptr_t)bytes, length};
  if (length > most || ask_host(READ, (uintptr_t)block) != 0) {
    stop(FAILED);
  }
  return length;
}

#ifdef __riscv

/* Nanoseconds, 64 to an instruction; the low bits of what is counted. */
static inline uint32_t ticks(void) {
  uint32_t high, low, again;
  do {
    __asm volatile("csrr %0, mcycleh" : "=r"(high));
    __asm volatile("csrr %0, mcycle" : "=r"(low));
    __asm volatile("csrr %0, mcycleh" : "=r"(again));
  } while (high != again);
  return high << 26 | low >> 6;
}

void begin(void);

void reset(void) {
  const uint32_t floats_and_vectors_on = (1u << 13) | (1u << 9);
  __asm volatile("csrw mstatus, %0" : : "r"(floats_and_vectors_on));
  run();
  stop(STOPPED);
}

__attribute__((naked, section(".vectors"), used)) void begin(void) {
  __asm volatile("la sp, stack_top\n\tj reset");
}

#else

/* 25 MHz of virtual time: with -icount shift=6, 5 instructions take 8 ticks. */
static inline uint32_t ticks(void) {
  return UINT32_MAX - TIMER[1];
}

void reset(void) {
  COPROCESSOR_ACCESS |= 0xFu << 20; /* the FPU */
  __asm volatile("dsb\n\tisb");
  TIMER[2] = UINT32_MAX;
  TIMER[1] = UINT32_MAX;
  TIMER[0] = 1;
  run();
  stop(STOPPED);
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    stack_top, (const void *)(uintptr_t)reset};

#endif

#endif
