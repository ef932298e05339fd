/* SPDX-License-Identifier: Apache-2.0 */
/* Exact integer square roots. */
#ifndef APF_ROOT_H
#define APF_ROOT_H

#include <math.h>
#include <stdint.h>

#include "apf_bits.h"
#include "apf_simd.h"

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
  const uint32_t root = apf_saturate_u16((int32_t)(sqrtf((float)value) + 0.01f));
  return root * root > value ? root - 1u : root;
}

/* Zimmermann, "Karatsuba Square Root" (1999), one step: the root of the upper half, then half of
 * the lower digits by one division, which is 32 bits wide here because the remainder of the upper
 * half is at most twice its root. Digits of 65536 would be one too many, whatever the upper half.
 */
static inline uint32_t apf_root_of_normalised(uint32_t high, uint32_t low) {
  const uint32_t upper = apf_floor_root32(high);
  const uint32_t rest = high - upper * upper;
  const uint32_t digits = apf_saturate_u16((int32_t)(((rest << 15) + (low >> 17)) / upper));
  const uint32_t root = (upper << 16) + digits;
  const uint64_t value = (uint64_t)high << 32 | low;
  return (uint64_t)root * root > value ? root - 1u : root;
}

/* The root of any value, shifted left until it has 32 bits; of 0 it is 0. */
static inline struct apf_root apf_normalised_root(uint64_t value) {
  const uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
  struct apf_root result = {0u, 0u};
  if (high != 0u) {
    const unsigned shift = apf_leading_zeros32(high) & ~1u;
    result.shift = shift >> 1;
    result.root = apf_root_of_normalised(high << shift | (low >> 1) >> (31u - shift), low << shift);
  } else if (low != 0u) {
    const unsigned shift = apf_leading_zeros32(low) & ~1u;
    result.shift = 16u + (shift >> 1);
    result.root = apf_root_of_normalised(low << shift, 0u);
  }
  return result;
}

/* Square root rounded to nearest, as the MicroFrontend rounds: never up to 2^16 for values below
 * 2^32, and never up to 2^32. `root` is that of `value`. */
static inline uint32_t apf_rounded_root(uint64_t value, struct apf_root root) {
  if (root.shift == 0u) {
    const uint64_t rest = value - (uint64_t)root.root * root.root;
    return root.root + (rest > root.root && root.root != UINT32_MAX ? 1u : 0u);
  }
  /* The first digit that is cut off is that of one half, and no root of an integer ends there. */
  const uint32_t rounded = (root.root >> root.shift) + (root.root >> (root.shift - 1u) & 1u);
  return rounded == 0x10000u && (value >> 32) == 0u ? 0xFFFFu : rounded;
}

#ifdef __cplusplus
}
#endif

#endif
