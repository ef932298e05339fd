/* SPDX-License-Identifier: Apache-2.0 */
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

/* A complex number in Q15: neither part is -32768. */
struct apf_parts {
  int32_t re;
  int32_t im;
};

/* A modulus that is aligned with a mantissa, divided by it and rounded to nearest. The 17 bits of
 * the mantissa keep this within 32. */
static inline uint32_t apf_quotient_q15(uint32_t aligned, uint32_t mantissa) {
  if (aligned >= mantissa) {
    return APF_RATIO_ONE;
  }
  return apf_saturate_u15((int32_t)(((aligned << 15) + (mantissa >> 1)) / mantissa));
}

/* (re + j im) / scale, of sums in two's complement. A part is at most the scale up to rounding, and
 * where products were rounded off, at most four times that: 32 bits hold it once aligned. */
APF_INLINE struct apf_parts apf_ratios_q15(uint64_t re, uint64_t im, struct apf_scale scale) {
  const int to_left = (re >> 63) != 0, downwards = (im >> 63) != 0;
  const uint64_t along = to_left ? 0u - re : re, across = downwards ? 0u - im : im;
  const uint32_t along_low = (uint32_t)along, along_high = (uint32_t)(along >> 32);
  const uint32_t across_low = (uint32_t)across, across_high = (uint32_t)(across >> 32);
  const int32_t exponent = scale.exponent;
  uint32_t x, y;
  if (APF_LIKELY((uint32_t)exponent < 32u)) {
    x = along_low >> exponent | (along_high << 1) << (31 - exponent);
    y = across_low >> exponent | (across_high << 1) << (31 - exponent);
  } else if (exponent < 0) {
    x = along_low << -exponent;
    y = across_low << -exponent;
  } else {
    x = along_high >> (exponent - 32);
    y = across_high >> (exponent - 32);
  }
  const int32_t parts_re = (int32_t)apf_quotient_q15(x, scale.mantissa);
  const int32_t parts_im = (int32_t)apf_quotient_q15(y, scale.mantissa);
  const struct apf_parts parts = {to_left ? -parts_re : parts_re, downwards ? -parts_im : parts_im};
  return parts;
}

/* |re + j im| */
static inline int32_t apf_modulus_q15(struct apf_parts parts) {
  const uint32_t re = (uint32_t)(parts.re * parts.re), im = (uint32_t)(parts.im * parts.im);
  const uint32_t modulus = apf_floor_root32(re + im);
  return (int32_t)apf_saturate_u15((int32_t)modulus);
}

#ifdef __cplusplus
}
#endif

#endif
