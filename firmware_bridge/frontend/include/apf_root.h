/* Exact integer square roots. */
#ifndef APF_ROOT_H
#define APF_ROOT_H

#include <math.h>
#include <stdint.h>

#include "apf_bits.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The square root of 4^shift * value, rounded down, with `shift` chosen so that the root has
 * all its 32 bits. A value of 0 has root 0 and shift 0. */
struct apf_root {
  uint32_t root;
  uint32_t shift;
};

/* Square root rounded down. The float root is off by far less than the hundredth that is added, so
 * what is cut off from the sum is the root or one more, however a machine rounds floats. */
static inline uint32_t apf_floor_root32(uint32_t value) {
  uint32_t root = (uint32_t)(sqrtf((float)value) + 0.01f);
  if (root > 65535u) {
    root = 65535u;
  }
  return root * root > value ? root - 1u : root;
}

/* Zimmermann, "Karatsuba Square Root" (1999), one step: the root of the upper half, then half of
 * the lower digits by one division, which is 32 bits wide here because the remainder of the upper
 * half is at most twice its root. */
static inline uint32_t apf_root_of_normalised(uint64_t value) {
  const uint32_t high = (uint32_t)(value >> 32);
  const uint32_t middle = (uint32_t)(value >> 16) & 0xFFFFu;
  const uint32_t upper = apf_floor_root32(high);
  const uint32_t rest = high - upper * upper;
  const uint32_t digits = ((rest << 15) + (middle >> 1)) / upper;
  /* 65536 digits under the largest upper half would need a 33rd bit. */
  const uint32_t carried = upper == 65535u && digits > 65535u ? 65535u : digits;
  const uint32_t root = (upper << 16) + carried;
  return (uint64_t)root * root > value ? root - 1u : root;
}

static inline struct apf_root apf_normalised_root(uint64_t value) {
  struct apf_root result = {0u, 0u};
  if (value != 0u) {
    result.shift = (64u - apf_bit_length64(value)) >> 1;
    result.root = apf_root_of_normalised(value << (2u * result.shift));
  }
  return result;
}

/* Square root rounded to nearest, as the MicroFrontend rounds: never up to 2^16 for values below
 * 2^32, and never up to 2^32. `root` is that of `value`. */
static inline uint32_t apf_rounded_root(uint64_t value, struct apf_root root) {
  const uint32_t floor_root = root.root >> root.shift;
  const uint64_t rest = value - (uint64_t)floor_root * floor_root;
  const uint32_t largest = (value >> 32) == 0u ? 0xFFFFu : UINT32_MAX;
  return floor_root + (rest > floor_root && floor_root != largest ? 1u : 0u);
}

#ifdef __cplusplus
}
#endif

#endif
