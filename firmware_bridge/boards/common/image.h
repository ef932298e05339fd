/* SPDX-License-Identifier: Apache-2.0 */
/* What start-up code does with the linked image before main. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdint.h>

#include "memory.h"
#include "port_start.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline void copy_data(void) {
  const uint32_t *from = data_image;
  for (uint32_t *to = data_begin; to < data_end; ++to) {
    *to = *from++;
  }
}

static inline void clear_bss(void) {
  for (uint32_t *word = bss_begin; word < bss_end; ++word) {
    *word = 0;
  }
}

/* Gives variables their first values, paints the stack, sets the guards, starts clock and console.
 * On the handlers' stack. */
static inline void image_prepare(void) {
  copy_data();
  clear_bss();
  memory_paint_stack();
  memory_protect();
  port_start();
}

/* Constructors are those of C++ that somebody links; there are none
 * of ours. */
static inline void image_construct(void) {
  for (void (**constructor)(void) = init_begin; constructor < init_end; ++constructor) {
    (*constructor)();
  }
}

#ifdef __cplusplus
}
#endif

#endif
