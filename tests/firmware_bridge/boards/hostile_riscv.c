/* Tries to reach the host by semihosting on a RISC-V core: opens and writes a file, runs a program,
 * removes a file. Says on the UART when it has tried. PLACE is a folder of the host's. */
#include "../riscv_semihosting.h"

#include <stdint.h>

#define UART_DATA (*(volatile uint8_t *)(UART_BASE))
#define FILE_NAME PLACE "/written"
#define PROGRAM "touch " PLACE "/run"
#define LENGTH(text) (sizeof(text) - 1u)

enum { OPEN = 0x01, WRITE = 0x05, REMOVE = 0x0E, SYSTEM = 0x12, APPEND_MODE = 8 };

void reset_handler(void);
void fault_handler(void);
void attempt(void);

static void say(const char *text) {
  while (*text != 0) {
    UART_DATA = (uint8_t)*text++;
  }
}

/* Where nothing listens for it, the breakpoint is a fault: go on behind it. */
__attribute__((naked, aligned(4))) void fault_handler(void) {
  __asm volatile("csrr t0, mepc\n"
                 "addi t0, t0, 4\n"
                 "csrw mepc, t0\n"
                 "li a0, -1\n"
                 "mret\n");
}

__attribute__((used)) void attempt(void) {
  static const char name[] = FILE_NAME, program[] = PROGRAM, victim[] = PLACE "/kept";
  const uintptr_t to_open[] = {(uintptr_t)name, APPEND_MODE, LENGTH(name)};
  const uintptr_t to_run[] = {(uintptr_t)program, LENGTH(program)};
  const uintptr_t to_remove[] = {(uintptr_t)victim, LENGTH(victim)};
  __asm volatile("csrw mtvec, %0" ::"r"(fault_handler));
  const uintptr_t to_write[] = {ask_host(OPEN, (uintptr_t)to_open), (uintptr_t)name, 1u};
  ask_host(WRITE, (uintptr_t)to_write);
  ask_host(SYSTEM, (uintptr_t)to_run);
  ask_host(REMOVE, (uintptr_t)to_remove);
  say("tried\r\n");
  for (;;) {
  }
}

/* With vectors on, which a compiler that knows them may use anywhere. */
__attribute__((naked, section(".vectors"), used)) void reset_handler(void) {
  __asm volatile("li t0, 0x200\n"
                 "csrs mstatus, t0\n"
                 "mv sp, %0\n"
                 "j attempt\n" ::"r"(STACK));
}
