/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of int8 columns by RISC-V's vectors (i8_rvv.h): a lane for each of up to 32 columns.
 *
 * Internal to i8_pool_2d.c and i8_mean.c. */
#ifndef I8_RVV_SUMS_H
#define I8_RVV_SUMS_H

#include "i8_rvv.h"

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_RVV

/* So many int8 fit in an int16 sum. */
#define I8_RVV_MOST_ROWS 255

/* Add `rows` rows of `count` adjacent columns to sums; rows lie `step` bytes apart. */
static inline void i8_rvv_add_columns(const int8_t *first, int32_t rows, int32_t step, size_t count,
                                      int32_t *sums) {
  vint32m8_t wide = __riscv_vle32_v_i32m8(sums, count);
  while (rows > 0) {
    vint16m4_t some = __riscv_vmv_v_x_i16m4(0, count);
    for (int32_t left = i8_at_most(rows, I8_RVV_MOST_ROWS); left > 0; --left) {
      some = __riscv_vwadd_wv_i16m4(some, __riscv_vle8_v_i8m2(first, count), count);
      first += step;
    }
    wide = __riscv_vwadd_wv_i32m8(wide, some, count);
    rows -= I8_RVV_MOST_ROWS;
  }
  __riscv_vse32_v_i32m8(sums, wide, count);
}

#endif

#ifdef __cplusplus
}
#endif

#endif
