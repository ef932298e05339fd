/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include "port.h"

#define PAINT 0xC5C5C5C5u

void memory_paint_stack(void) {
  /* Volatile: the compiler may not make this a call that would need the stack. */
  for (volatile uint32_t *word = stack_bottom; word < stack_top; ++word) {
    *word = PAINT;
  }
}

void port_stack(uint32_t *bytes, uint32_t *used) {
  const uint32_t *word = stack_bottom;
  while (word < stack_top && *word == PAINT) {
    ++word;
  }
  *bytes = (uint32_t)((uintptr_t)stack_top - (uintptr_t)stack_bottom);
  *used = (uint32_t)((uintptr_t)stack_top - (uintptr_t)word);
}

const void *port_constants(size_t *bytes) {
  *bytes = (size_t)((uintptr_t)image_end - (uintptr_t)image_begin);
  return image_begin;
}
