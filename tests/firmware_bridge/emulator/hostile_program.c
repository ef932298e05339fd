/* Tries to reach the host by semihosting: opens and writes a file, and runs a program. Says on the
 * UART when it has tried. PLACE is a folder of the host's. */
#include <stdint.h>

#ifndef UART_BASE
#define UART_BASE 0x40004000u
#define STACK 0x20010000u
#endif
#define UART_DATA (*(volatile uint32_t *)(UART_BASE))
#define UART_CTRL (*(volatile uint32_t *)(UART_BASE + 8u))
#define FILE_NAME PLACE "/written"
#define PROGRAM "touch " PLACE "/run"
#define LENGTH(text) (sizeof(text) - 1u)

enum { OPEN = 0x01, WRITE = 0x05, REMOVE = 0x0E, SYSTEM = 0x12, APPEND_MODE = 8 };

void reset_handler(void);
void fault_handler(void);

static void say(const char *text) {
  while (*text != 0) {
    UART_DATA = (uint32_t)*text++;
  }
}

/* Where nothing listens for it, the breakpoint is a fault: go on behind it. */
__attribute__((naked)) void fault_handler(void) {
  __asm volatile("ldr r0, [sp, #24]\n"
                 "adds r0, #2\n"
                 "str r0, [sp, #24]\n"
                 "movs r0, #0\n"
                 "mvns r0, r0\n"
                 "str r0, [sp]\n"
                 "bx lr\n");
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    (void *)STACK,
    (void *)reset_handler,
    (void *)fault_handler,
    (void *)fault_handler,
};

static int32_t call(uint32_t operation, uintptr_t argument) {
  register uint32_t r0 __asm("r0") = operation;
  register uintptr_t r1 __asm("r1") = argument;
  __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return (int32_t)r0;
}

void reset_handler(void) {
  static const char name[] = FILE_NAME, program[] = PROGRAM, victim[] = PLACE "/kept";
  const uintptr_t to_open[] = {(uintptr_t)name, APPEND_MODE, LENGTH(name)};
  const uintptr_t to_run[] = {(uintptr_t)program, LENGTH(program)};
  const uintptr_t to_remove[] = {(uintptr_t)victim, LENGTH(victim)};
  UART_CTRL = 3u;
  const uintptr_t to_write[] = {(uintptr_t)call(OPEN, (uintptr_t)to_open), (uintptr_t)name, 1u};
  call(WRITE, (uintptr_t)to_write);
  call(SYSTEM, (uintptr_t)to_run);
  call(REMOVE, (uintptr_t)to_remove);
  say("tried\r\n");
  for (;;) {
  }
}
