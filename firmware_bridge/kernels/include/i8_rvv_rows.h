/* SPDX-License-Identifier: Apache-2.0 */
/* Four rows of weights as RISC-V's vectors multiply them (i8_rvv.h), and two of them by up to 32
 * pixels that lie in memory at equal distances.
 *
 * Internal to i8_rvv_conv.h. */
#ifndef I8_RVV_ROWS_H
#define I8_RVV_ROWS_H

#include "i8_conv_2d.h"
#include "i8_rvv.h"

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_RVV

#define I8_RVV_ROWS 4 /* output channels at a time */

/* Four rows of weights, and what is the same for all pixels. */
struct i8_rvv_rows {
  const struct i8_conv_2d *layer;
  int8_t *plain;               /* [row_bytes][4] */
  int32_t biases[I8_RVV_ROWS]; /* of sums of weights in plain */
  const int32_t *channels[I8_RVV_ROWS];
  int32_t outputs[I8_RVV_ROWS]; /* channels: the last again where there are fewer */
};

/* Two int16 for each of a row's pairs: weights in plain, and what these are made of. */
struct i8_rvv_constant {
  int32_t pairs, evens;
};

/* Some weights of a row in plain: all words at once, not each after the one before. */
I8_RVV_INLINE vint8m2_t i8_rvv_part(const int8_t *weights, int32_t is_joined,
                                    struct i8_rvv_constant *sums, size_t vl) {
  vint8m2_t bytes = __riscv_vle8_v_i8m2(weights, vl);
  if (is_joined) {
    const size_t pairs = vl / 2;
    const vint16m2_t joined = __riscv_vreinterpret_v_i8m2_i16m2(bytes);
    const vint16m2_t evens =
        __riscv_vsra_vx_i16m2(__riscv_vsll_vx_i16m2(joined, 8, pairs), 8, pairs);
    const vint32m1_t zero = __riscv_vmv_v_x_i32m1(0, 1);
    const vint32m1_t all = __riscv_vwredsum_vs_i16m2_i32m1(joined, zero, pairs);
    const vint32m1_t even = __riscv_vwredsum_vs_i16m2_i32m1(evens, zero, pairs);
    const vint16m2_t one_odd = __riscv_vand_vx_i16m2(evens, 0x100, pairs);
    sums->pairs += __riscv_vmv_x_s_i32m1_i32(all);
    sums->evens += __riscv_vmv_x_s_i32m1_i32(even);
    bytes = __riscv_vreinterpret_v_i16m2_i8m2(__riscv_vadd_vv_i16m2(joined, one_odd, pairs));
  }
  return bytes;
}

/* Put four rows of weights, from a channel on, side by side. */
I8_RVV_INLINE void i8_rvv_prepare(struct i8_rvv_rows *rows, int32_t first) {
  const struct i8_conv_2d *const layer = rows->layer;
  const int8_t *weights[I8_RVV_ROWS];
  struct i8_rvv_constant sums[I8_RVV_ROWS] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
  for (int32_t i = 0; i < I8_RVV_ROWS; ++i) {
    const int32_t last = layer->output_c - 1;
    const int32_t output = first + i < last ? first + i : last;
    rows->outputs[i] = output;
    rows->channels[i] = layer->channels + output * (int32_t)I8_CHANNEL_WORDS;
    weights[i] = layer->weights + output * layer->row_bytes;
  }
  size_t vl;
  int8_t *to = rows->plain;
  for (int32_t at = 0; at < layer->row_bytes; at += (int32_t)vl) {
    vl = __riscv_vsetvl_e8m2((size_t)(layer->row_bytes - at));
    const vint8m2x4_t four =
        __riscv_vcreate_v_i8m2x4(i8_rvv_part(weights[0] + at, layer->is_joined, &sums[0], vl),
                                 i8_rvv_part(weights[1] + at, layer->is_joined, &sums[1], vl),
                                 i8_rvv_part(weights[2] + at, layer->is_joined, &sums[2], vl),
                                 i8_rvv_part(weights[3] + at, layer->is_joined, &sums[3], vl));
    __riscv_vsseg4e8_v_i8m2x4(to, four, vl);
    to += I8_RVV_ROWS * (int32_t)vl;
  }
  for (int32_t i = 0; i < I8_RVV_ROWS; ++i) {
    const uint32_t bias = (uint32_t)rows->channels[i][0];
    /* 128 * (256 * odd + even) + 127 * even */
    const uint32_t more = 128u * (uint32_t)sums[i].pairs + 127u * (uint32_t)sums[i].evens;
    rows->biases[i] = layer->is_joined ? (int32_t)(bias + more) >> 8 : (int32_t)bias;
  }
}

/* One input of each pixel by the weights of two rows that it meets. */
#define I8_RVV_TWO_ROWS(bytes, weights)                                                            \
  do {                                                                                             \
    const vint16m4_t input = __riscv_vsext_vf2_i16m4(bytes, vl);                                   \
    a = __riscv_vwmacc_vx_i32m8(a, (weights)[0], input, vl);                                       \
    b = __riscv_vwmacc_vx_i32m8(b, (weights)[1], input, vl);                                       \
  } while (0)

/* Up to 32 pixels of `depth` inputs side by side. */
struct i8_rvv_ready {
  const int8_t *pixels;
  ptrdiff_t step; /* from pixel to pixel */
  int32_t depth;
  size_t count;
  int8_t *output; /* of the first, channel 0 */
};

/* By two of the rows, from one of them on. */
I8_RVV_INLINE void i8_rvv_two_rows(const struct i8_rvv_rows *rows, int32_t first,
                                   const struct i8_rvv_ready *ready) {
  const struct i8_conv_2d *const layer = rows->layer;
  const struct i8_output_stage stage =
      i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum);
  const size_t vl = ready->count;
  const ptrdiff_t step = ready->step, output_step = layer->output_c;
  const int8_t *weights = rows->plain + first, *from = ready->pixels;
  vint32m8_t a = __riscv_vmv_v_x_i32m8(rows->biases[first], vl);
  vint32m8_t b = __riscv_vmv_v_x_i32m8(rows->biases[first + 1], vl);
  int32_t left = ready->depth;
  for (; left >= 4; left -= 4) {
    const vint8m2x4_t four = __riscv_vlsseg4e8_v_i8m2x4(from, step, vl);
    I8_RVV_TWO_ROWS(__riscv_vget_v_i8m2x4_i8m2(four, 0), weights);
    I8_RVV_TWO_ROWS(__riscv_vget_v_i8m2x4_i8m2(four, 1), weights + I8_RVV_ROWS);
    I8_RVV_TWO_ROWS(__riscv_vget_v_i8m2x4_i8m2(four, 2), weights + 2 * I8_RVV_ROWS);
    I8_RVV_TWO_ROWS(__riscv_vget_v_i8m2x4_i8m2(four, 3), weights + 3 * I8_RVV_ROWS);
    from += 4;
    weights += 4 * I8_RVV_ROWS;
  }
  for (; left > 0; --left) {
    I8_RVV_TWO_ROWS(__riscv_vlse8_v_i8m2(from, step, vl), weights);
    ++from;
    weights += I8_RVV_ROWS;
  }
  __riscv_vsse8_v_i8m2(ready->output + rows->outputs[first], output_step,
                       i8_rvv_requantise_8(a, rows->channels[first], &stage, vl), vl);
  __riscv_vsse8_v_i8m2(ready->output + rows->outputs[first + 1], output_step,
                       i8_rvv_requantise_8(b, rows->channels[first + 1], &stage, vl), vl);
}

/* By all four. */
static inline void i8_rvv_four_rows(const struct i8_rvv_rows *rows,
                                    const struct i8_rvv_ready *ready) {
  for (int32_t first = 0; first < I8_RVV_ROWS; first += 2) {
    i8_rvv_two_rows(rows, first, ready);
  }
}

#endif

#ifdef __cplusplus
}
#endif

#endif
