/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"
#include "registers.h"

#define PAGE 4096u /* the emulator is slow with parts of one */

static uint32_t page_after(const uint32_t *end) {
  return ((uint32_t)end + PAGE - 1u) & ~(PAGE - 1u);
}

/* Every second entry begins a range that the next one ends; the last forbids all else. The first
 * entry that has an address decides. */
void memory_protect(void) {
  CSR_WRITE("pmpaddr0", (uint32_t)image_begin >> 2);
  CSR_WRITE("pmpaddr1", page_after(image_end) >> 2);
  CSR_WRITE("pmpaddr2", (uint32_t)ram_begin >> 2);
  CSR_WRITE("pmpaddr3", page_after(ram_end) >> 2);
  CSR_WRITE("pmpaddr4", (uint32_t)shared_begin >> 2);
  CSR_WRITE("pmpaddr5", page_after(shared_end) >> 2);
  CSR_WRITE("pmpaddr6", PERIPHERALS_BEGIN >> 2);
  CSR_WRITE("pmpaddr7", PERIPHERALS_END >> 2);
  CSR_WRITE("pmpaddr8", UINT32_MAX);
  const uint32_t range = PMP_LOCKED | PMP_UP_TO, data = range | PMP_READ | PMP_WRITE;
  CSR_WRITE("pmpcfg0", data << 24 | (range | PMP_READ | PMP_EXECUTE) << 8);
  CSR_WRITE("pmpcfg1", data << 24 | data << 8);
  CSR_WRITE("pmpcfg2", PMP_LOCKED | PMP_EVERYWHERE);
}
