/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops for cores with RISC-V's vectors (RVV 1.0, its subset Zve32x does): a lane is an
 * output, so that sums need not be added up across lanes; the same bytes as what they stand in for.
 *
 * Weights are multiplied as the int8 they are, widened to int16, and sums are 32 bits wide:
 * `vwmacc`. Joined weights (i8_dot.h) are parted again: the bytes of 256 * odd + even are the even
 * weight and, where that is below 0, one less than the odd one.
 *
 * `vsmul` is a * b / 2^31 to the nearest, halves upwards, as i8_requantise.h has it of twice the
 * sum, and cannot saturate there: multipliers are not negative. */
#ifndef I8_RVV_H
#define I8_RVV_H

#include "i8_requantise.h"

#if defined(__riscv_vector) && defined(__riscv_v_intrinsic) && defined(__OPTIMIZE__)
#include <riscv_vector.h>
#define I8_HAS_RVV 1
#else
#define I8_HAS_RVV 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_RVV

#define I8_RVV_INLINE static inline __attribute__((always_inline))

/* Sums that a vector group holds of 128-bit registers: what is kept of them in memory. */
#define I8_RVV_SUMS 32

/* To int8, within a layer's bounds. */
I8_RVV_INLINE vint8m1_t i8_rvv_narrow_4(vint32m4_t values, const struct i8_output_stage *stage,
                                        size_t vl) {
  values = __riscv_vmax_vx_i32m4(values, stage->minimum, vl);
  values = __riscv_vmin_vx_i32m4(values, stage->maximum, vl);
  return __riscv_vncvt_x_x_w_i8m1(__riscv_vncvt_x_x_w_i16m2(values, vl), vl);
}

/* Likewise, of twice as many. */
I8_RVV_INLINE vint8m2_t i8_rvv_narrow_8(vint32m8_t values, const struct i8_output_stage *stage,
                                        size_t vl) {
  values = __riscv_vmax_vx_i32m8(values, stage->minimum, vl);
  values = __riscv_vmin_vx_i32m8(values, stage->maximum, vl);
  return __riscv_vncvt_x_x_w_i8m2(__riscv_vncvt_x_x_w_i16m4(values, vl), vl);
}

/* Sums of one channel to outputs. */
I8_RVV_INLINE vint8m1_t i8_rvv_requantise_4(vint32m4_t sums, const int32_t *channel,
                                            const struct i8_output_stage *stage, size_t vl) {
  if (stage->rounding == I8_WIDE) {
    int32_t kept[I8_RVV_SUMS];
    __riscv_vse32_v_i32m4(kept, sums, vl);
    for (size_t i = 0; i < vl; ++i) {
      kept[i] = i8_requantise_one(kept[i], channel, stage);
    }
    return i8_rvv_narrow_4(__riscv_vle32_v_i32m4(kept, vl), stage, vl);
  }
  vint32m4_t high = __riscv_vsmul_vx_i32m4(sums, channel[1], __RISCV_VXRM_RNU, vl);
  if (stage->rounding == I8_HALVES_AWAY) {
    /* One less, a negative number's half falls to the number below. */
    high = __riscv_vadd_vv_i32m4(high, __riscv_vsra_vx_i32m4(high, 31, vl), vl);
  }
  high = __riscv_vadd_vx_i32m4(high, channel[2], vl);
  return i8_rvv_narrow_4(__riscv_vsra_vx_i32m4(high, (size_t)channel[3], vl), stage, vl);
}

/* Likewise, of twice as many. */
I8_RVV_INLINE vint8m2_t i8_rvv_requantise_8(vint32m8_t sums, const int32_t *channel,
                                            const struct i8_output_stage *stage, size_t vl) {
  if (stage->rounding == I8_WIDE) {
    int32_t kept[I8_RVV_SUMS];
    __riscv_vse32_v_i32m8(kept, sums, vl);
    for (size_t i = 0; i < vl; ++i) {
      kept[i] = i8_requantise_one(kept[i], channel, stage);
    }
    return i8_rvv_narrow_8(__riscv_vle32_v_i32m8(kept, vl), stage, vl);
  }
  vint32m8_t high = __riscv_vsmul_vx_i32m8(sums, channel[1], __RISCV_VXRM_RNU, vl);
  if (stage->rounding == I8_HALVES_AWAY) {
    /* One less, a negative number's half falls to the number below. */
    high = __riscv_vadd_vv_i32m8(high, __riscv_vsra_vx_i32m8(high, 31, vl), vl);
  }
  high = __riscv_vadd_vx_i32m8(high, channel[2], vl);
  return i8_rvv_narrow_8(__riscv_vsra_vx_i32m8(high, (size_t)channel[3], vl), stage, vl);
}

#endif

#ifdef __cplusplus
}
#endif

#endif
