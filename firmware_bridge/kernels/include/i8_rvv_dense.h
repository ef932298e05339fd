/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED by RISC-V's vectors (i8_rvv.h): a row of weights at a time, up to 128 of them by
 * eight instructions; here alone sums are added up across lanes, once a row.
 *
 * Of joined weights the bias has too little: 32768 * odd + 255 * even, of the sums of a row's odd
 * and even weights. Odd weights meet inputs that are larger by 128 for that, as unsigned numbers.
 *
 * Internal to i8_fully_connected.c. */
#ifndef I8_RVV_DENSE_H
#define I8_RVV_DENSE_H

#include "i8_fully_connected.h"
#include "i8_rvv.h"

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_RVV

#define I8_RVV_GROUP 4 /* inputs that lie side by side in a row */
#define I8_RVV_NEXT 16 /* bytes to a row's next ones */

/* An even weight, an odd one, the next even one, the next odd one; with what they meet. */
#define I8_RVV_EVEN(sums, weights, inputs, vl)                                                     \
  __riscv_vwadd_wv_i32m8_tu(sums, sums, __riscv_vwmul_vv_i16m4(weights, inputs, vl), vl)
#define I8_RVV_ODD(sums, weights, inputs, vl)                                                      \
  __riscv_vwadd_wv_i32m8_tu(                                                                       \
      sums, sums, __riscv_vwmulsu_vv_i16m4(weights, __riscv_vreinterpret_v_i8m2_u8m2(inputs), vl), \
      vl)

/* The joined odd weight as it is. */
I8_RVV_INLINE vint8m2_t i8_rvv_part_odd(vint8m2_t even, vint8m2_t odd, size_t vl) {
  return __riscv_vsub_vv_i8m2(odd, __riscv_vsra_vx_i8m2(even, 7, vl), vl);
}

/* The last inputs of a row, fewer than four; of joined ones `evens` takes the even weights. */
static inline int32_t i8_rvv_rest(const int8_t *weights, const int8_t *input, int32_t count,
                                  int32_t is_joined, int32_t *evens) {
  int32_t sum = 0;
  for (int32_t i = 0; i < count; ++i) {
    if (!is_joined) {
      sum += weights[i] * input[i];
    } else if (i % 2 == 0) {
      sum += weights[i] * input[i];
      *evens += weights[i];
    } else {
      sum += (weights[i] + (weights[i - 1] < 0)) * (input[i] + 128);
    }
  }
  return sum;
}

/* What a row of weights makes of all inputs, its bias among it. */
static inline int32_t i8_rvv_row(const struct i8_fully_connected *layer, const int8_t *weights,
                                 int32_t bias, const int8_t *input) {
  const size_t all = __riscv_vsetvlmax_e8m2();
  vint32m8_t sums = __riscv_vmv_v_x_i32m8(0, all);
  vint16m4_t even_sums = __riscv_vmv_v_x_i16m4(0, all);
  int32_t left = layer->inputs / I8_RVV_GROUP;
  while (left > 0) {
    const size_t vl = __riscv_vsetvl_e8m2((size_t)left);
    const vint8m2x4_t row = __riscv_vlsseg4e8_v_i8m2x4(weights, I8_RVV_NEXT, vl);
    const vint8m2x4_t inputs = __riscv_vlseg4e8_v_i8m2x4(input, vl);
    const vint8m2_t first = __riscv_vget_v_i8m2x4_i8m2(row, 0);
    const vint8m2_t second = __riscv_vget_v_i8m2x4_i8m2(row, 1);
    const vint8m2_t third = __riscv_vget_v_i8m2x4_i8m2(row, 2);
    const vint8m2_t fourth = __riscv_vget_v_i8m2x4_i8m2(row, 3);
    const vint8m2_t b = __riscv_vget_v_i8m2x4_i8m2(inputs, 1);
    const vint8m2_t d = __riscv_vget_v_i8m2x4_i8m2(inputs, 3);
    sums = I8_RVV_EVEN(sums, first, __riscv_vget_v_i8m2x4_i8m2(inputs, 0), vl);
    sums = I8_RVV_EVEN(sums, third, __riscv_vget_v_i8m2x4_i8m2(inputs, 2), vl);
    if (layer->is_joined) {
      even_sums = __riscv_vwadd_wv_i16m4_tu(even_sums, even_sums, first, vl);
      even_sums = __riscv_vwadd_wv_i16m4_tu(even_sums, even_sums, third, vl);
      sums = I8_RVV_ODD(sums, i8_rvv_part_odd(first, second, vl),
                        __riscv_vxor_vx_i8m2(b, INT8_MIN, vl), vl);
      sums = I8_RVV_ODD(sums, i8_rvv_part_odd(third, fourth, vl),
                        __riscv_vxor_vx_i8m2(d, INT8_MIN, vl), vl);
    } else {
      sums = I8_RVV_EVEN(sums, second, b, vl);
      sums = I8_RVV_EVEN(sums, fourth, d, vl);
    }
    weights += (int32_t)vl * I8_RVV_NEXT;
    input += (int32_t)vl * I8_RVV_GROUP;
    left -= (int32_t)vl;
  }
  const vint32m1_t zero = __riscv_vmv_v_x_i32m1(0, 1);
  int32_t sum = __riscv_vmv_x_s_i32m1_i32(__riscv_vredsum_vs_i32m8_i32m1(sums, zero, all));
  int32_t even = 0;
  if (layer->is_joined) {
    even = __riscv_vmv_x_s_i32m1_i32(__riscv_vwredsum_vs_i16m4_i32m1(even_sums, zero, all));
  }
  sum += i8_rvv_rest(weights, input, layer->inputs % I8_RVV_GROUP, layer->is_joined, &even);
  return layer->is_joined ? sum + even + ((bias - even) >> 8) : sum + bias;
}

/* The whole layer. */
static inline void i8_rvv_fully_connected(const struct i8_fully_connected *layer,
                                          const int8_t *input, int8_t *output) {
  const struct i8_output_stage stage =
      i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum);
  const int32_t groups = (layer->inputs + I8_RVV_GROUP - 1) / I8_RVV_GROUP;
  const int8_t *weights = layer->weights;
  const int32_t *channel = layer->channels;
  for (int32_t at = 0; at < layer->outputs; ++at) {
    const int32_t sum = i8_rvv_row(layer, weights, channel[0], input);
    output[at] = (int8_t)i8_requantise_one(sum, channel, &stage);
    channel += I8_CHANNEL_WORDS;
    weights += at % 4 < 3 ? I8_RVV_GROUP : I8_RVV_NEXT * groups - 3 * I8_RVV_GROUP;
  }
}

#endif

#ifdef __cplusplus
}
#endif

#endif
