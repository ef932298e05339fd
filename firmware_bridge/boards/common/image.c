#include "image.h"

#include <stdint.h>

#include "memory.h"
#include "port_start.h"

int main(void);

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

void image_prepare(void) {
  copy_data();
  clear_bss();
  memory_paint_stack();
  memory_protect();
  port_start();
}

/* Constructors are those of C++ that somebody links; there are none of ours. */
void image_run(void) {
  for (void (**constructor)(void) = init_begin; constructor < init_end; ++constructor) {
    (*constructor)();
  }
  main();
}
