/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

#include "memory.h"
#include "port.h"
#include "registers.h"
#include "report.h"

static const char *kind_of(uint32_t cause, uint32_t address, uint32_t stack_pointer) {
  if ((cause & CAUSE_IS_INTERRUPT) != 0) {
    return "unexpected interrupt";
  }
  if (stack_pointer < (uint32_t)stack_bottom) {
    return "stack overflow";
  }
  switch (cause) {
  case CAUSE_INSTRUCTION_ACCESS:
  case CAUSE_ILLEGAL_INSTRUCTION:
    return "execution of what is no code";
  case CAUSE_LOAD_ACCESS:
  case CAUSE_STORE_ACCESS:
    return address >= (uint32_t)image_begin && address < (uint32_t)image_end
               ? "write to read-only memory"
               : "access outside of memory";
  default:
    return "fault";
  }
}

/* Called with the stack pointer at the time of the fault, by a name that the link-time optimiser
 * has to keep. */
__attribute__((used, externally_visible)) _Noreturn void report_fault(uint32_t stack_pointer);

void report_fault(uint32_t stack_pointer) {
  uint32_t cause, address, pc;
  CSR_READ("mcause", cause);
  CSR_READ("mtval", address);
  CSR_READ("mepc", pc);
  struct report report = {.used = 0};
  report_append(&report, kind_of(cause, address, stack_pointer));
  report_append_word(&report, ", pc ", pc);
  report_append_word(&report, ", address ", address);
  report_append_word(&report, ", status ", cause);
  port_fatal(report.text);
}

/* On a stack of its own: one that overflowed is no place to report from. */
__attribute__((naked, aligned(4))) void fault_handler(void) {
  __asm volatile("csrrw sp, mscratch, sp\n"
                 "csrr a0, mscratch\n"
                 "call report_fault");
}
