/* From reset to main, and the vector table. */
#include <stddef.h>
#include <stdint.h>

#include "faults.h"
#include "memory.h"
#include "port_start.h"
#include "registers.h"

int main(void);
void reset_handler(void);

#define SYSTEM_EXCEPTIONS 16u
#define INTERRUPTS 32u

union vector {
  void *stack;
  void (*handler)(void);
};

__attribute__((section(".vectors"),
               used)) static const union vector vectors[SYSTEM_EXCEPTIONS + INTERRUPTS] = {
    [0] = {.stack = handler_stack_top},
    [1] = {.handler = reset_handler},
    [2] = {.handler = unexpected_handler},
    [3] = {.handler = fault_handler}, /* hard fault */
    [4] = {.handler = fault_handler}, /* memory management */
    [5] = {.handler = fault_handler}, /* bus */
    [6] = {.handler = fault_handler}, /* usage */
    [11 ... SYSTEM_EXCEPTIONS + INTERRUPTS - 1u] = {.handler = unexpected_handler},
};

static void copy_data(void) {
  const uint32_t *from = data_image;
  for (uint32_t *to = data_begin; to < data_end; ++to) {
    *to = *from++;
  }
}

static void clear_bss(void) {
  for (uint32_t *word = bss_begin; word < bss_end; ++word) {
    *word = 0;
  }
}

/* On the process stack. Constructors are those of C++ that somebody links; there are none of ours.
 */
static void enter(void) {
  for (void (**constructor)(void) = init_begin; constructor < init_end; ++constructor) {
    (*constructor)();
  }
  main();
}

/* Interrupts stay masked for good: see port_wait. */
void reset_handler(void) {
  __asm volatile("cpsid i" ::: "memory");
  SCB_COPROCESSORS |= SCB_FPU_FULL_ACCESS;
  __asm volatile("dsb\n isb" ::: "memory");
  copy_data();
  clear_bss();
  memory_paint_stack();
  memory_protect();
  port_start();
  /* From here on the process stack is the stack, and this function is never returned to. What is
   * called is an operand: of names in here the link-time optimiser knows nothing. */
  __asm volatile("msr psp, %0\n"
                 "movs r0, #2\n"
                 "msr control, r0\n"
                 "isb\n"
                 "blx %1\n"
                 "b ." ::"r"(stack_top),
                 "r"(enter)
                 : "r0", "memory");
}
