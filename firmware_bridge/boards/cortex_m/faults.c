/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

#include "memory.h"
#include "port.h"
#include "registers.h"
#include "report.h"

/* What the core pushes on an exception. */
struct exception_frame {
  uint32_t r0, r1, r2, r3, r12, lr, pc, psr;
};

static const char *kind_of(uint32_t status, uint32_t address, uint32_t stack_pointer) {
  if ((status & FAULT_STACKING) != 0 || stack_pointer < (uint32_t)stack_bottom) {
    return "stack overflow";
  }
  if ((status & FAULT_EXECUTION) != 0) {
    return "execution of what is no code";
  }
#if __ARM_ARCH == 6
  if ((status & FAULT_UNALIGNED) != 0) {
    return "unaligned access";
  }
#endif
  if ((status & FAULT_ADDRESS_VALID) != 0) {
    return address >= (uint32_t)image_begin && address < (uint32_t)image_end
               ? "write to read-only memory"
               : "access outside of memory";
  }
  return "fault";
}

/* Called with the stack pointer at the time of the fault, by a name that the link-time optimiser
 * has to keep. */
__attribute__((used, externally_visible)) _Noreturn void report_fault(uint32_t stack_pointer);

void report_fault(uint32_t stack_pointer) {
  const uint32_t status = SCB_FAULT_STATUS;
  const uint32_t address =
      (status & BUS_FAULT_ADDRESS_VALID) != 0 ? SCB_BUS_FAULT_ADDRESS : SCB_FAULT_ADDRESS;
  const uint32_t top = (uint32_t)stack_top - sizeof(struct exception_frame);
  struct report report = {.used = 0};
  report_append(&report, kind_of(status, address, stack_pointer));
  if (stack_pointer >= (uint32_t)stack_bottom && stack_pointer <= top) {
    const struct exception_frame *frame = (const struct exception_frame *)stack_pointer;
    report_append_word(&report, ", pc ", frame->pc);
  }
  if ((status & (FAULT_ADDRESS_VALID | BUS_FAULT_ADDRESS_VALID)) != 0) {
    report_append_word(&report, ", address ", address);
  }
  report_append_word(&report, ", status ", status);
  port_fatal(report.text);
}

/* The program runs on the process stack, the handlers on their own: a stack that overflowed is no
 * place to report from. */
__attribute__((naked)) void fault_handler(void) {
  __asm volatile("mrs r0, psp\n"
                 "bl report_fault");
}

void unexpected_handler(void) {
  port_fatal("unexpected interrupt");
}
