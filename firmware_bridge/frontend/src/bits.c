#include "apf_bits.h"

#include <math.h>

/* The float root is off by less than one unit, so the two comparisons make it exact, however a
 * machine rounds floats. */
uint32_t apf_floor_root32(uint32_t value) {
  uint32_t root = (uint32_t)sqrtf((float)value);
  if (root > 65535u) {
    root = 65535u;
  }
  if (root * root > value) {
    --root;
  }
  const uint32_t next = value - root * root; /* (root + 1)^2 <= value, without its overflow */
  return root < 65535u && next > 2u * root ? root + 1u : root;
}

/* Zimmermann, "Karatsuba Square Root" (1999), one step: the root of the upper half, then half of
 * the lower digits by one division, which is 32 bits wide here because the remainder of the upper
 * half is at most twice its root. */
static uint32_t root_of_normalised(uint64_t value) {
  const uint32_t high = (uint32_t)(value >> 32);
  const uint32_t middle = (uint32_t)(value >> 16) & 0xFFFFu;
  const uint32_t upper = apf_floor_root32(high);
  const uint32_t rest = high - upper * upper;
  const uint32_t digits = ((rest << 15) + (middle >> 1)) / upper;
  uint64_t root = ((uint64_t)upper << 16) + digits;
  if (root > UINT32_MAX) {
    root = UINT32_MAX;
  }
  if (root * root > value) {
    --root;
  }
  return (uint32_t)root;
}

struct apf_root apf_normalised_root(uint64_t value) {
  struct apf_root result = {0u, 0u};
  if (value != 0u) {
    result.shift = (64u - apf_bit_length64(value)) >> 1;
    result.root = root_of_normalised(value << (2u * result.shift));
  }
  return result;
}

uint32_t apf_rounded_root(uint64_t value, struct apf_root root) {
  const uint32_t floor_root = root.root >> root.shift;
  const uint64_t rest = value - (uint64_t)floor_root * floor_root;
  const uint32_t largest = (value >> 32) == 0u ? 0xFFFFu : UINT32_MAX;
  return floor_root + (rest > floor_root && floor_root != largest ? 1u : 0u);
}
