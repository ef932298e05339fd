/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of products and sums by RISC-V's vectors (i8_rvv.h), up to 32 numbers at a time, scaled as
 * i8_scale.h does.
 *
 * Internal to i8_multiplication.c and i8_addition.c. */
#ifndef I8_RVV_SCALE_H
#define I8_RVV_SCALE_H

#include "i8_rvv.h"
#include "i8_scale.h"

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_RVV

/* Numbers, not doubled, scaled and offset, saturated to int8. */
I8_RVV_INLINE vint8m2_t i8_rvv_scaled(vint32m8_t values, struct i8_scale scale, size_t vl) {
  static const struct i8_output_stage whole = {I8_HALVES_UP, INT8_MIN, INT8_MAX, 1};
  const vint32m8_t away = __riscv_vsra_vx_i32m8(values, 31, vl);
  vint32m8_t high = __riscv_vsmul_vx_i32m8(values, scale.multiplier, __RISCV_VXRM_RNU, vl);
  high = __riscv_vadd_vx_i32m8(__riscv_vadd_vv_i32m8(high, away, vl), scale.offset, vl);
  return i8_rvv_narrow_8(__riscv_vsra_vx_i32m8(high, (size_t)scale.right, vl), &whole, vl);
}

/* A row by a row, or by one factor: `step` is 1 or 0. output may be one of them. */
static inline void i8_rvv_multiply_row(const int8_t *input_0, const int8_t *input_1, int32_t step,
                                       const int8_t *zeros, int32_t length, struct i8_scale scale,
                                       int8_t *output) {
  const int16_t factor = (int16_t)(input_1[0] - zeros[1]);
  while (length > 0) {
    const size_t vl = __riscv_vsetvl_e8m2((size_t)length);
    const vint16m4_t a = __riscv_vwsub_vx_i16m4(__riscv_vle8_v_i8m2(input_0, vl), zeros[0], vl);
    vint32m8_t products;
    if (step == 0) {
      products = __riscv_vwmul_vx_i32m8(a, factor, vl);
    } else {
      const vint16m4_t b = __riscv_vwsub_vx_i16m4(__riscv_vle8_v_i8m2(input_1, vl), zeros[1], vl);
      products = __riscv_vwmul_vv_i32m8(a, b, vl);
      input_1 += vl;
    }
    __riscv_vse8_v_i8m2(output, i8_rvv_scaled(products, scale, vl), vl);
    input_0 += vl;
    output += vl;
    length -= (int32_t)vl;
  }
}

/* What a table of 256 has for some bytes. */
I8_RVV_INLINE vint32m8_t i8_rvv_looked_up(const int32_t *table, const int8_t *bytes, size_t vl) {
  const vuint8m2_t places = __riscv_vle8_v_u8m2((const uint8_t *)bytes, vl);
  const vuint16m4_t offsets = __riscv_vwmulu_vx_u16m4(places, sizeof(*table), vl);
  return __riscv_vluxei16_v_i32m8(table, offsets, vl);
}

/* The sums of two rows, or of a row and one number: `step` is 1 or 0. Tables hold even numbers.
 * output may be one of the rows. */
static inline void i8_rvv_add_row(const int32_t *table_0, const int32_t *table_1,
                                  const int8_t *input_0, const int8_t *input_1, int32_t step,
                                  int32_t length, struct i8_scale scale, int8_t *output) {
  const int32_t other = table_1[(uint8_t)*input_1];
  while (length > 0) {
    const size_t vl = __riscv_vsetvl_e8m2((size_t)length);
    vint32m8_t sums = i8_rvv_looked_up(table_0, input_0, vl);
    if (step == 0) {
      sums = __riscv_vadd_vx_i32m8(sums, other, vl);
    } else {
      sums = __riscv_vadd_vv_i32m8(sums, i8_rvv_looked_up(table_1, input_1, vl), vl);
      input_1 += vl;
    }
    sums = __riscv_vsra_vx_i32m8(sums, 1, vl);
    __riscv_vse8_v_i8m2(output, i8_rvv_scaled(sums, scale, vl), vl);
    input_0 += vl;
    output += vl;
    length -= (int32_t)vl;
  }
}

#endif

#ifdef __cplusplus
}
#endif

#endif
