/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D by RISC-V's vectors (i8_rvv.h): a lane for each of up to 32 channels, which lie
 * side by side in input and output; their weights are put side by side first.
 *
 * Internal to i8_depthwise_lines.c. */
#ifndef I8_RVV_LINES_H
#define I8_RVV_LINES_H

#include "i8_depthwise_lines.h"
#include "i8_rvv.h"

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_RVV

/* What is the same for all pixels of some channels. */
struct i8_rvv_channels {
  const struct i8_depthwise_lines *layer;
  struct i8_output_stage stage;
  int16_t *weights; /* [lines][tap_bytes][count] */
  size_t count;
  int32_t channel; /* the first, in the order of weights */
  int32_t taps;    /* of a line: those that any of them has a weight for */
  /* As of an output channel in i8_requantise.h. */
  int32_t biases[I8_RVV_SUMS], multipliers[I8_RVV_SUMS];
  int32_t added[I8_RVV_SUMS], shifts[I8_RVV_SUMS];
};

/* Fill all but the first three and `channel`. */
static inline void i8_rvv_describe(struct i8_rvv_channels *channels, size_t count) {
  const struct i8_depthwise_lines *const layer = channels->layer;
  const ptrdiff_t filter = layer->lines * layer->tap_bytes, words = 4 * I8_CHANNEL_WORDS;
  const int8_t *from = layer->weights + channels->channel * filter;
  const int32_t *const table = layer->channels + channels->channel * (int32_t)I8_CHANNEL_WORDS;
  int16_t *to = channels->weights;
  channels->count = count;
  channels->taps = 0;
  for (int32_t line = 0; line < layer->lines; ++line) {
    for (int32_t tap = 0; tap < layer->tap_bytes; ++tap) {
      const vint8m2_t weights = __riscv_vlse8_v_i8m2(from, filter, count);
      __riscv_vse16_v_i16m4(to, __riscv_vsext_vf2_i16m4(weights, count), count);
      const vbool4_t any = __riscv_vmsne_vx_i8m2_b4(weights, 0, count);
      if (tap >= channels->taps && __riscv_vcpop_m_b4(any, count) > 0) {
        channels->taps = tap + 1;
      }
      ++from;
      to += count;
    }
  }
  __riscv_vse32_v_i32m8(channels->biases, __riscv_vlse32_v_i32m8(table, words, count), count);
  __riscv_vse32_v_i32m8(channels->multipliers, __riscv_vlse32_v_i32m8(table + 1, words, count),
                        count);
  __riscv_vse32_v_i32m8(channels->added, __riscv_vlse32_v_i32m8(table + 2, words, count), count);
  __riscv_vse32_v_i32m8(channels->shifts, __riscv_vlse32_v_i32m8(table + 3, words, count), count);
}

/* Sums of a channel each to outputs. */
I8_RVV_INLINE vint8m2_t i8_rvv_requantise_each(vint32m8_t sums,
                                               const struct i8_rvv_channels *channels) {
  const struct i8_output_stage *const stage = &channels->stage;
  const size_t vl = channels->count;
  if (stage->rounding == I8_WIDE) {
    const int32_t *channel =
        channels->layer->channels + channels->channel * (int32_t)I8_CHANNEL_WORDS;
    int32_t kept[I8_RVV_SUMS];
    __riscv_vse32_v_i32m8(kept, sums, vl);
    for (size_t i = 0; i < vl; ++i) {
      kept[i] = i8_requantise_one(kept[i], channel, stage);
      channel += I8_CHANNEL_WORDS;
    }
    return i8_rvv_narrow_8(__riscv_vle32_v_i32m8(kept, vl), stage, vl);
  }
  vint32m8_t high = __riscv_vsmul_vv_i32m8(sums, __riscv_vle32_v_i32m8(channels->multipliers, vl),
                                           __RISCV_VXRM_RNU, vl);
  if (stage->rounding == I8_HALVES_AWAY) {
    high = __riscv_vadd_vv_i32m8(high, __riscv_vsra_vx_i32m8(high, 31, vl), vl);
  }
  high = __riscv_vadd_vv_i32m8(high, __riscv_vle32_v_i32m8(channels->added, vl), vl);
  const vuint32m8_t shifts =
      __riscv_vreinterpret_v_i32m8_u32m8(__riscv_vle32_v_i32m8(channels->shifts, vl));
  return i8_rvv_narrow_8(__riscv_vsra_vv_i32m8(high, shifts, vl), stage, vl);
}

/* Where the inputs of some taps of a line lie, `step` bytes apart; or what all of them are. */
struct i8_rvv_inputs {
  const int8_t *first;
  int32_t step;
  int16_t zero_point;
  size_t vl;
};

/* What lies outside of the image, by some taps. */
I8_RVV_INLINE vint32m8_t i8_rvv_outside(vint32m8_t sums, const struct i8_rvv_inputs *inputs,
                                        const int16_t *weights, int32_t taps) {
  const size_t vl = inputs->vl;
  for (; taps > 0; --taps) {
    sums =
        __riscv_vwmacc_vx_i32m8(sums, inputs->zero_point, __riscv_vle16_v_i16m4(weights, vl), vl);
    weights += vl;
  }
  return sums;
}

/* Inputs by some taps. */
I8_RVV_INLINE vint32m8_t i8_rvv_inside(vint32m8_t sums, const struct i8_rvv_inputs *inputs,
                                       const int16_t *weights, int32_t taps, int is_shared) {
  const size_t vl = inputs->vl;
  const int8_t *input = inputs->first;
  for (; taps > 0; --taps) {
    const vint16m4_t here = __riscv_vle16_v_i16m4(weights, vl);
    if (is_shared) {
      sums = __riscv_vwmacc_vx_i32m8(sums, *input, here, vl);
    } else {
      const vint8m2_t each = __riscv_vle8_v_i8m2(input, vl);
      sums = __riscv_vwmacc_vv_i32m8(sums, here, __riscv_vsext_vf2_i16m4(each, vl), vl);
    }
    input += inputs->step;
    weights += vl;
  }
  return sums;
}

/* Outputs of a line of them, `apart` bytes from channel to channel, whose filter begins `across`
 * lines from the image's first. */
I8_RVV_INLINE void i8_rvv_line(const struct i8_rvv_channels *channels, const int8_t *image,
                               int32_t across, int8_t *output, int is_shared, int32_t apart) {
  const struct i8_depthwise_lines *const layer = channels->layer;
  /* All in registers: what is written might else have changed them. */
  const size_t vl = channels->count;
  struct i8_rvv_inputs inputs = {NULL, layer->input_step, (int16_t)layer->input_zero_point, vl};
  const int32_t taps = channels->taps, lines = layer->lines, stride = layer->stride_along;
  const int32_t length = layer->input_along, next_line = layer->input_line;
  const int32_t line_weights = layer->tap_bytes * (int32_t)vl, output_step = layer->output_step;
  const int32_t input_lines = layer->input_across;
  const int is_3x3 = taps == 3 && lines == 3 && across >= 0 && across + lines <= input_lines;
  const int8_t *const first_line = image + across * next_line;
  int32_t along = -layer->pad_along;
  for (int32_t left = layer->output_along; left > 0; --left) {
    const int16_t *weights = channels->weights;
    vint32m8_t sums = __riscv_vle32_v_i32m8(channels->biases, vl);
    const int8_t *from = first_line + along * inputs.step;
    if (is_3x3 && along >= 0 && along + taps <= length) {
      for (int32_t line = 0; line < 3; ++line) {
        inputs.first = from;
        sums = i8_rvv_inside(sums, &inputs, weights, 3, is_shared);
        weights += line_weights;
        from += next_line;
      }
    } else {
      const int32_t before = along >= 0 ? 0 : i8_at_most(-along, taps);
      const int32_t end = i8_at_least(i8_at_most(taps, length - along), before);
      for (int32_t line = across; line < across + lines; ++line) {
        if ((uint32_t)line >= (uint32_t)input_lines) {
          sums = i8_rvv_outside(sums, &inputs, weights, taps);
        } else {
          inputs.first = from + before * inputs.step;
          sums = i8_rvv_outside(sums, &inputs, weights, before);
          sums =
              i8_rvv_inside(sums, &inputs, weights + before * (int32_t)vl, end - before, is_shared);
          sums = i8_rvv_outside(sums, &inputs, weights + end * (int32_t)vl, taps - end);
        }
        weights += line_weights;
        from += next_line;
      }
    }
    const vint8m2_t outputs = i8_rvv_requantise_each(sums, channels);
    if (apart == 1) {
      __riscv_vse8_v_i8m2(output, outputs, vl);
    } else {
      __riscv_vsse8_v_i8m2(output, apart, outputs, vl);
    }
    output += output_step;
    along += stride;
  }
}

/* The same where all channels read the only one there is. */
static __attribute__((noinline)) void i8_rvv_line_shared(const struct i8_rvv_channels *channels,
                                                         const int8_t *image, int32_t across,
                                                         int8_t *output) {
  i8_rvv_line(channels, image, across, output, 1, 1);
}

/* Where each reads its own. */
static __attribute__((noinline)) void i8_rvv_line_each(const struct i8_rvv_channels *channels,
                                                       const int8_t *image, int32_t across,
                                                       int8_t *output) {
  i8_rvv_line(channels, image, across, output, 0, 1);
}

/* Where each has several outputs. */
static __attribute__((noinline)) void i8_rvv_line_several(const struct i8_rvv_channels *channels,
                                                          const int8_t *image, int32_t across,
                                                          int8_t *output) {
  i8_rvv_line(channels, image, across, output, 0, channels->layer->multiplier);
}

/* All outputs of some channels, of which the first lies at `output`. */
static inline void i8_rvv_channel_images(const struct i8_rvv_channels *channels,
                                         const int8_t *image, int8_t *output) {
  const struct i8_depthwise_lines *const layer = channels->layer;
  const int32_t input_depth = layer->is_shared ? 1 : layer->depth / layer->multiplier;
  for (int32_t batch = 0; batch < layer->batches; ++batch) {
    for (int32_t y = 0; y < layer->output_across; ++y) {
      const int32_t across = y * layer->stride_across - layer->pad_across;
      int8_t *const line = output + y * layer->output_line;
      if (layer->is_shared) {
        i8_rvv_line_shared(channels, image, across, line);
      } else if (layer->multiplier == 1) {
        i8_rvv_line_each(channels, image, across, line);
      } else {
        i8_rvv_line_several(channels, image, across, line);
      }
    }
    image += layer->input_along * layer->input_across * input_depth;
    output += layer->output_along * layer->output_across * layer->depth;
  }
}

/* The whole layer, or 0 and nothing done where there is no room for it. Scratch has room for
 * weights of four channels at least. An input that lies within the output goes there too, for lines
 * of it are read again after outputs are written. */
static inline int i8_rvv_depthwise_lines(const struct i8_depthwise_lines *layer,
                                         const int8_t *input, int8_t *output, void *scratch) {
  const int32_t inputs = layer->depth / layer->multiplier;
  const int32_t channel_bytes = 2 * layer->lines * layer->tap_bytes;
  int32_t room = i8_depthwise_lines_scratch_bytes(layer);
  int8_t *free_room = (int8_t *)scratch;
  const uintptr_t behind = (uintptr_t)input - (uintptr_t)output;
  if (behind < (uintptr_t)(layer->output_along * layer->output_across * layer->depth)) {
    const int32_t image = layer->input_along * layer->input_across;
    if (room < image + 1 + channel_bytes) {
      return 0;
    }
    for (int32_t i = 0; i < image; ++i) {
      free_room[i] = input[i];
    }
    input = free_room;
    free_room += image + image % 2;
    room -= image + image % 2;
  }
  int32_t most = i8_at_most(room / channel_bytes, I8_RVV_SUMS);
  if (layer->multiplier > 1) {
    most = 4; /* whose weights lie side by side */
  }
  struct i8_rvv_channels channels;
  channels.layer = layer;
  channels.stage = i8_output_stage(layer->rounding, layer->output_minimum, layer->output_maximum);
  channels.weights = (int16_t *)(void *)free_room;
  for (int32_t channel = 0; channel < inputs; channel += most) {
    for (int32_t each = 0; each < layer->multiplier; ++each) {
      channels.channel = channel * layer->multiplier + most * each;
      i8_rvv_describe(&channels, (size_t)i8_at_most(most, inputs - channel));
      i8_rvv_channel_images(&channels, input + (layer->is_shared ? 0 : channel),
                            output + channel * layer->multiplier + each);
    }
  }
  return 1;
}

#endif

#ifdef __cplusplus
}
#endif

#endif
