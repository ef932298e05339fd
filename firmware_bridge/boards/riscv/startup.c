/* SPDX-License-Identifier: Apache-2.0 */
/* From reset to main. */
#include <stdint.h>

#include "faults.h"
#include "image.h"
#include "memory.h"
#include "registers.h"

int main(void);
void reset_handler(void);

/* Interrupts stay off for good: see port_wait. Called by names that the link-time optimiser has to
 * keep. */
__attribute__((used, externally_visible)) void prepare(void);
__attribute__((used, externally_visible)) void enter(void);

void prepare(void) {
  CSR_WRITE("mtvec", (uint32_t)fault_handler);
  CSR_WRITE("mscratch", (uint32_t)handler_stack_top);
#if defined(__riscv_vector)
  CSR_WRITE("mstatus", STATUS_FLOATS_ON | STATUS_VECTORS_ON);
#elif defined(__riscv_flen)
  CSR_WRITE("mstatus", STATUS_FLOATS_ON);
#endif
  image_prepare();
}

void enter(void) {
  image_construct();
  main();
}

__attribute__((naked, section(".vectors"), used)) void reset_handler(void) {
  __asm volatile("la sp, handler_stack_top\n"
                 "call prepare\n"
                 "la sp, stack_top\n"
                 "call enter\n"
                 "0: j 0b");
}
