#ifndef HARNESS_H
#define HARNESS_H

#include <stdint.h>

struct layer {
  void (*run)(void);
  const int8_t *expected;
  uint32_t output_bytes;
};

extern const struct layer layers[];
extern const uint32_t layer_count;
extern int8_t test_output[];

#endif
