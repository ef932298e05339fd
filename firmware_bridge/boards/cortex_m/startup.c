/* SPDX-License-Identifier: Apache-2.0 */
/* From reset to main, and the vector table. */
#include <stddef.h>
#include <stdint.h>

#include "faults.h"
#include "image.h"
#include "memory.h"
#include "registers.h"

int main(void);
void reset_handler(void);

#define SYSTEM_EXCEPTIONS 16u
#define INTERRUPTS 32u /* as all are masked, no others are missed */

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
    [7] = {.handler = fault_handler}, /* secure */
    [11 ... SYSTEM_EXCEPTIONS + INTERRUPTS - 1u] = {.handler = unexpected_handler},
};

#ifdef VECTORS_MOVE
__attribute__((section(".boot"), used)) static const union vector boot[2] = {
    [0] = {.stack = handler_stack_top},
    [1] = {.handler = reset_handler},
};
#endif

/* On the process stack. */
static void enter(void) {
  image_construct();
  main();
}

/* Interrupts stay masked for good: see port_wait. */
void reset_handler(void) {
  __asm volatile("cpsid i" ::: "memory");
#ifdef VECTORS_MOVE
  SCB_VECTORS = (uint32_t)vectors;
#endif
#if __ARM_ARCH == 6
  /* As the core that the code is for does, and the one that runs it does not. */
  SCB_CONFIGURATION |= SCB_REFUSE_UNALIGNED;
#endif
#ifdef __ARM_FP
  SCB_COPROCESSORS |= SCB_FPU_FULL_ACCESS;
#endif
  __asm volatile("dsb\n isb" ::: "memory");
  image_prepare();
#if __ARM_ARCH >= 8
  __asm volatile("msr psplim, %0" ::"r"(stack_bottom));
#endif
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
