/* Quotients of 64-bit sums and products of two roots, in Q15. */
#ifndef APF_RATIO_H
#define APF_RATIO_H

#include <stdint.h>

#include "apf_root.h"
#include "apf_simd.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APF_RATIO_ONE 32767

/* The product of two roots with its upper 17 bits in `mantissa`: value = mantissa * 2^exponent. */
struct apf_scale {
  uint32_t mantissa;
  int32_t exponent;
};

/* Roots have all their 32 bits, so their product has 63 or 64. */
static inline struct apf_scale apf_product_of_roots(struct apf_root a, struct apf_root b) {
  const uint32_t high = (uint32_t)(((uint64_t)a.root * b.root) >> 32);
  const uint32_t spare = 1u - (high >> 31);
  const struct apf_scale result = {
      high >> (15u - spare),
      47 - (int32_t)(spare + a.shift + b.shift),
  };
  return result;
}

/* modulus / 2^exponent, where 32 bits hold it; the middle case is the usual one. */
APF_INLINE uint32_t apf_aligned(uint64_t modulus, int32_t exponent) {
  const uint32_t low = (uint32_t)modulus, high = (uint32_t)(modulus >> 32);
  if ((uint32_t)exponent < 32u) {
    return low >> exponent | (high << 1) << (31 - exponent);
  }
  return exponent < 0 ? low << -exponent : high >> (exponent - 32);
}

/* sum / scale, rounded to nearest. |sum| is at most the scale up to rounding, and where products
 * were rounded off, at most four times that: 32 bits hold it once aligned. The 17-bit mantissa keeps
 * the division within 32 bits too. */
APF_INLINE int32_t apf_ratio_q15(uint64_t sum, struct apf_scale scale) {
  const int negative = (sum >> 63) != 0;
  const uint32_t aligned = apf_aligned(negative ? 0u - sum : sum, scale.exponent);
  int32_t quotient = APF_RATIO_ONE;
  if (aligned < scale.mantissa) {
    const uint32_t rounded = ((aligned << 15) + (scale.mantissa >> 1)) / scale.mantissa;
    quotient = (int32_t)apf_saturate_u15((int32_t)rounded);
  }
  return negative ? -quotient : quotient;
}

/* |re + j im| of parts in Q15 */
static inline int32_t apf_modulus_q15(int32_t re, int32_t im) {
  const uint32_t modulus = apf_floor_root32((uint32_t)(re * re) + (uint32_t)(im * im));
  return (int32_t)apf_saturate_u15((int32_t)modulus);
}

#ifdef __cplusplus
}
#endif

#endif
