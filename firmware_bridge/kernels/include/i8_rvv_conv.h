/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D by RISC-V's vectors (i8_rvv.h): four channels of up to sixteen output pixels at a time,
 * whose inputs are read where they lie, four channels of each pixel by an instruction.
 *
 * Internal to i8_conv_2d.c. */
#ifndef I8_RVV_CONV_H
#define I8_RVV_CONV_H

#include "i8_conv_2d.h"
#include "i8_rvv_rows.h"

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_RVV

#define I8_RVV_PIXELS 16 /* output pixels at a time */
#define I8_RVV_PATCH 64  /* bytes of a row whose inputs are put side by side first */

/* Weights of a row from line to line of the filter. */
I8_RVV_INLINE int32_t i8_rvv_line_of(const struct i8_conv_2d *layer) {
  return layer->run_bytes > 0 ? layer->run_bytes : layer->filter_w * layer->input_c;
}

/* Where the filter begins for some output pixels: above and left of the input too. */
struct i8_rvv_places {
  int32_t y[I8_RVV_PIXELS], x[I8_RVV_PIXELS];
  int is_inside; /* all of the filter, for all of them */
};

/* Where some lanes lie outside of a length. */
I8_RVV_INLINE vbool8_t i8_rvv_beyond(vint32m4_t at, int32_t length, size_t vl) {
  const vuint32m4_t place = __riscv_vreinterpret_v_i32m4_u32m4(at);
  return __riscv_vmsgeu_vx_u32m4_b8(place, length > 0 ? (uint32_t)length : 0u, vl);
}

/* Fills `places`; returns the same in bytes from the input's first. */
I8_RVV_INLINE vuint32m4_t i8_rvv_locate(const struct i8_conv_2d *layer, int32_t pixel,
                                        struct i8_rvv_places *places, size_t vl) {
  const vuint32m4_t all = __riscv_vadd_vx_u32m4(__riscv_vid_v_u32m4(vl), (uint32_t)pixel, vl);
  const vuint32m4_t row = __riscv_vdivu_vx_u32m4(all, (uint32_t)layer->output_w, vl);
  const vuint32m4_t column = __riscv_vnmsac_vx_u32m4(all, (uint32_t)layer->output_w, row, vl);
  vuint32m4_t line = row, above = __riscv_vmv_v_x_u32m4(0, vl);
  if (layer->batches > 1) {
    const vuint32m4_t image = __riscv_vdivu_vx_u32m4(row, (uint32_t)layer->output_h, vl);
    line = __riscv_vnmsac_vx_u32m4(row, (uint32_t)layer->output_h, image, vl);
    above = __riscv_vmul_vx_u32m4(image, (uint32_t)layer->input_h, vl);
  }
  line = __riscv_vmul_vx_u32m4(line, (uint32_t)layer->stride_h, vl);
  const vint32m4_t y =
      __riscv_vsub_vx_i32m4(__riscv_vreinterpret_v_u32m4_i32m4(line), layer->pad_top, vl);
  const vuint32m4_t along = __riscv_vmul_vx_u32m4(column, (uint32_t)layer->stride_w, vl);
  const vint32m4_t x =
      __riscv_vsub_vx_i32m4(__riscv_vreinterpret_v_u32m4_i32m4(along), layer->pad_left, vl);
  const int32_t last_y = (layer->filter_h - 1) * layer->dilation_h;
  const int32_t last_x = (layer->filter_w - 1) * layer->dilation_w;
  const vbool8_t outside = __riscv_vmor_mm_b8(i8_rvv_beyond(y, layer->input_h - last_y, vl),
                                              i8_rvv_beyond(x, layer->input_w - last_x, vl), vl);
  places->is_inside = __riscv_vcpop_m_b8(outside, vl) == 0;
  __riscv_vse32_v_i32m4(places->y, y, vl);
  __riscv_vse32_v_i32m4(places->x, x, vl);
  const vuint32m4_t lines = __riscv_vadd_vv_u32m4(__riscv_vreinterpret_v_i32m4_u32m4(y), above, vl);
  const vuint32m4_t before = __riscv_vmacc_vx_u32m4(__riscv_vreinterpret_v_i32m4_u32m4(x),
                                                    (uint32_t)layer->input_w, lines, vl);
  return __riscv_vmul_vx_u32m4(before, (uint32_t)layer->input_c, vl);
}

/* Where a tap of the filter meets the input, for some pixels. */
I8_RVV_INLINE vbool8_t i8_rvv_meets(const struct i8_conv_2d *layer,
                                    const struct i8_rvv_places *places, int32_t tap_y,
                                    int32_t tap_x, size_t vl) {
  const vint32m4_t y = __riscv_vadd_vx_i32m4(__riscv_vle32_v_i32m4(places->y, vl), tap_y, vl);
  const vint32m4_t x = __riscv_vadd_vx_i32m4(__riscv_vle32_v_i32m4(places->x, vl), tap_x, vl);
  return __riscv_vmnor_mm_b8(i8_rvv_beyond(y, layer->input_h, vl),
                             i8_rvv_beyond(x, layer->input_w, vl), vl);
}

/* One input of each pixel by the weights of four rows that it meets. */
#define I8_RVV_FOUR_ROWS(bytes, weights)                                                           \
  do {                                                                                             \
    const vint16m2_t input = __riscv_vsext_vf2_i16m2(bytes, vl);                                   \
    a = __riscv_vwmacc_vx_i32m4(a, (weights)[0], input, vl);                                       \
    b = __riscv_vwmacc_vx_i32m4(b, (weights)[1], input, vl);                                       \
    c = __riscv_vwmacc_vx_i32m4(c, (weights)[2], input, vl);                                       \
    d = __riscv_vwmacc_vx_i32m4(d, (weights)[3], input, vl);                                       \
  } while (0)

/* All of four channels of some pixels, which lie at `at` bytes from the input on. */
I8_RVV_INLINE void i8_rvv_multiply(const struct i8_rvv_rows *rows, const int8_t *input,
                                   vuint32m4_t at, const struct i8_rvv_places *places,
                                   int8_t *output, size_t vl, int is_inside) {
  const struct i8_conv_2d *const layer = rows->layer;
  const int32_t depth = layer->input_c;
  const vint8m1_t zero = __riscv_vmv_v_x_i8m1((int8_t)layer->input_zero_point, vl);
  const vint8m1x4_t zeros = __riscv_vcreate_v_i8m1x4(zero, zero, zero, zero);
  vint32m4_t a = __riscv_vmv_v_x_i32m4(rows->biases[0], vl);
  vint32m4_t b = __riscv_vmv_v_x_i32m4(rows->biases[1], vl);
  vint32m4_t c = __riscv_vmv_v_x_i32m4(rows->biases[2], vl);
  vint32m4_t d = __riscv_vmv_v_x_i32m4(rows->biases[3], vl);
  for (int32_t line = 0; line < layer->filter_h; ++line) {
    const int8_t *weights = rows->plain + I8_RVV_ROWS * line * i8_rvv_line_of(layer);
    const int32_t tap_y = line * layer->dilation_h;
    for (int32_t tap = 0; tap < layer->filter_w; ++tap) {
      const int32_t tap_x = tap * layer->dilation_w;
      const vbool8_t meets =
          is_inside ? __riscv_vmset_m_b8(vl) : i8_rvv_meets(layer, places, tap_y, tap_x, vl);
      const int8_t *from = input + (tap_y * layer->input_w + tap_x) * depth;
      int32_t left = depth;
      for (; left >= 4; left -= 4) {
        const vint8m1x4_t four = is_inside
                                     ? __riscv_vluxseg4ei32_v_i8m1x4(from, at, vl)
                                     : __riscv_vluxseg4ei32_v_i8m1x4_mu(meets, zeros, from, at, vl);
        I8_RVV_FOUR_ROWS(__riscv_vget_v_i8m1x4_i8m1(four, 0), weights);
        I8_RVV_FOUR_ROWS(__riscv_vget_v_i8m1x4_i8m1(four, 1), weights + 4);
        I8_RVV_FOUR_ROWS(__riscv_vget_v_i8m1x4_i8m1(four, 2), weights + 8);
        I8_RVV_FOUR_ROWS(__riscv_vget_v_i8m1x4_i8m1(four, 3), weights + 12);
        from += 4;
        weights += 4 * I8_RVV_ROWS;
      }
      for (; left > 0; --left) {
        const vint8m1_t one = is_inside ? __riscv_vluxei32_v_i8m1(from, at, vl)
                                        : __riscv_vluxei32_v_i8m1_mu(meets, zero, from, at, vl);
        I8_RVV_FOUR_ROWS(one, weights);
        ++from;
        weights += I8_RVV_ROWS;
      }
    }
  }
  const struct i8_output_stage stage =
      i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum);
  const ptrdiff_t step = layer->output_c;
  __riscv_vsse8_v_i8m1(output + rows->outputs[0], step,
                       i8_rvv_requantise_4(a, rows->channels[0], &stage, vl), vl);
  __riscv_vsse8_v_i8m1(output + rows->outputs[1], step,
                       i8_rvv_requantise_4(b, rows->channels[1], &stage, vl), vl);
  __riscv_vsse8_v_i8m1(output + rows->outputs[2], step,
                       i8_rvv_requantise_4(c, rows->channels[2], &stage, vl), vl);
  __riscv_vsse8_v_i8m1(output + rows->outputs[3], step,
                       i8_rvv_requantise_4(d, rows->channels[3], &stage, vl), vl);
}

/* Put the inputs of some pixels side by side, as rows have their weights. */
static inline void i8_rvv_gather(const struct i8_conv_2d *layer, const int8_t *input, int32_t pixel,
                                 int8_t *patches, size_t vl) {
  struct i8_rvv_places places;
  const vuint32m4_t at = i8_rvv_locate(layer, pixel, &places, vl);
  const vint8m1_t zero = __riscv_vmv_v_x_i8m1((int8_t)layer->input_zero_point, vl);
  const ptrdiff_t step = layer->row_bytes;
  for (int32_t line = 0; line < layer->filter_h; ++line) {
    int8_t *to = patches + line * i8_rvv_line_of(layer);
    const int32_t tap_y = line * layer->dilation_h;
    for (int32_t tap = 0; tap < layer->filter_w; ++tap) {
      const int32_t tap_x = tap * layer->dilation_w;
      const int8_t *from = input + (tap_y * layer->input_w + tap_x) * layer->input_c;
      const vbool8_t meets = i8_rvv_meets(layer, &places, tap_y, tap_x, vl);
      for (int32_t left = layer->input_c; left > 0; --left) {
        __riscv_vsse8_v_i8m1(to++, step, __riscv_vluxei32_v_i8m1_mu(meets, zero, from++, at, vl),
                             vl);
      }
    }
  }
}

/* A layer whose rows are short. */
static __attribute__((noinline)) void i8_rvv_conv_short(const struct i8_conv_2d *layer,
                                                        const int8_t *input, int8_t *output,
                                                        int8_t *scratch) {
  const int32_t pixels = layer->batches * layer->output_h * layer->output_w;
  struct i8_rvv_rows rows;
  rows.layer = layer;
  rows.plain = scratch;
  int8_t patches[I8_RVV_SUMS * I8_RVV_PATCH] = {0};
  for (int32_t pixel = 0; pixel < pixels; pixel += I8_RVV_SUMS) {
    const int32_t count = i8_at_most(pixels - pixel, I8_RVV_SUMS);
    const struct i8_rvv_ready ready = {patches, layer->row_bytes, layer->row_bytes, (size_t)count,
                                       output + pixel * layer->output_c};
    for (int32_t half = 0; half < count; half += I8_RVV_PIXELS) {
      i8_rvv_gather(layer, input, pixel + half, patches + half * layer->row_bytes,
                    (size_t)i8_at_most(count - half, I8_RVV_PIXELS));
    }
    for (int32_t first = 0; first < layer->output_c; first += I8_RVV_ROWS) {
      i8_rvv_prepare(&rows, first);
      i8_rvv_four_rows(&rows, &ready);
    }
  }
}

/* A layer of one tap by stride 1: its pixels lie ready. */
static __attribute__((noinline)) void i8_rvv_conv_ready(const struct i8_conv_2d *layer,
                                                        const int8_t *input, int8_t *output,
                                                        int8_t *scratch) {
  const int32_t pixels = layer->batches * layer->output_h * layer->output_w;
  struct i8_rvv_rows rows;
  rows.layer = layer;
  rows.plain = scratch;
  for (int32_t first = 0; first < layer->output_c; first += I8_RVV_ROWS) {
    i8_rvv_prepare(&rows, first);
    for (int32_t pixel = 0; pixel < pixels; pixel += I8_RVV_SUMS) {
      const struct i8_rvv_ready ready = {
          input + pixel * layer->input_c, layer->input_c, layer->input_c,
          (size_t)i8_at_most(pixels - pixel, I8_RVV_SUMS), output + pixel * layer->output_c};
      i8_rvv_four_rows(&rows, &ready);
    }
  }
}

/* Any layer. */
static __attribute__((noinline)) void i8_rvv_conv_any(const struct i8_conv_2d *layer,
                                                      const int8_t *input, int8_t *output,
                                                      int8_t *scratch) {
  const int32_t pixels = layer->batches * layer->output_h * layer->output_w;
  struct i8_rvv_rows rows;
  rows.layer = layer;
  rows.plain = scratch;
  struct i8_rvv_places places;
  for (int32_t first = 0; first < layer->output_c; first += I8_RVV_ROWS) {
    i8_rvv_prepare(&rows, first);
    for (int32_t pixel = 0; pixel < pixels; pixel += I8_RVV_PIXELS) {
      const size_t vl = (size_t)i8_at_most(pixels - pixel, I8_RVV_PIXELS);
      const vuint32m4_t at = i8_rvv_locate(layer, pixel, &places, vl);
      int8_t *const to = output + pixel * layer->output_c;
      if (places.is_inside) {
        i8_rvv_multiply(&rows, input, at, &places, to, vl, 1);
      } else {
        i8_rvv_multiply(&rows, input, at, &places, to, vl, 0);
      }
    }
  }
}

/* The whole layer. Scratch has room for four rows of weights. */
static inline void i8_rvv_conv_2d(const struct i8_conv_2d *layer, const int8_t *input,
                                  int8_t *output, int8_t *scratch) {
  const int one_tap = layer->filter_h == 1 && layer->filter_w == 1;
  const int by_one = layer->stride_h == 1 && layer->stride_w == 1;
  if (one_tap && by_one && layer->pad_top == 0 && layer->pad_left == 0 &&
      layer->input_h == layer->output_h && layer->input_w == layer->output_w) {
    i8_rvv_conv_ready(layer, input, output, scratch);
  } else if (layer->input_c < 4 && layer->row_bytes <= I8_RVV_PATCH) {
    i8_rvv_conv_short(layer, input, output, scratch);
  } else {
    i8_rvv_conv_any(layer, input, output, scratch);
  }
}

#endif

#ifdef __cplusplus
}
#endif

#endif
