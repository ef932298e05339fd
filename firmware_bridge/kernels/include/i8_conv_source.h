/* SPDX-License-Identifier: Apache-2.0 */
/* Where the inputs of CONV_2D's output pixels lie in the image, and how they are read at its
 * border.
 *
 * Internal to i8_conv_2d.c and i8_helium_conv_2d.c. */
#ifndef I8_CONV_SOURCE_H
#define I8_CONV_SOURCE_H

#include "i8_conv_2d.h"
#include "i8_patch.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What all pixels of a layer share. */
struct i8_conv_source {
  const struct i8_conv_2d *layer;
  struct i8_patch_shape shape;
  const int8_t *input;
  uint32_t columns; /* pixels that are taken at a time, side by side */
  int8_t *copy;     /* a line of padding, or a patch */
  int32_t line;     /* bytes from tap to tap of a column of the filter */
  int32_t line_bytes;
  int32_t last; /* bytes from the input's first to the last that a line may be read from */
};

/* Four bytes of padding. */
static inline uint32_t i8_conv_padding(const struct i8_conv_source *source) {
  return (uint32_t)(uint8_t)source->shape.padding * 0x01010101u;
}

/* Where an output pixel's patch begins in the input. */
struct i8_conv_position {
  const int8_t *image;
  int32_t y, x;
  int32_t column, row; /* of output */
};

/* That of an output pixel, counted over all images. */
static inline struct i8_conv_position i8_conv_position_of(const struct i8_conv_2d *layer,
                                                          const int8_t *input, int32_t pixel) {
  const int32_t row = pixel / layer->output_w, image = row / layer->output_h;
  const int32_t column = pixel - row * layer->output_w;
  const int32_t row_of_image = row - image * layer->output_h;
  const struct i8_conv_position made = {
      input + image * layer->input_h * layer->input_w * layer->input_c,
      row_of_image * layer->stride_h - layer->pad_top,
      column * layer->stride_w - layer->pad_left,
      column,
      row_of_image,
  };
  return made;
}

/* Move on by some pixels, not beyond the first of the next row. */
static inline void i8_conv_step(const struct i8_conv_2d *layer, struct i8_conv_position *at,
                                int32_t pixels) {
  at->x += pixels * layer->stride_w;
  at->column += pixels;
  if (at->column < layer->output_w) {
    return;
  }
  at->column = 0;
  at->x = -layer->pad_left;
  at->y += layer->stride_h;
  if (++at->row == layer->output_h) {
    at->row = 0;
    at->y = -layer->pad_top;
    at->image += layer->input_h * layer->input_w * layer->input_c;
  }
}

/* How four inputs are read of each line of the image, from one place on: a word of it, shifted
 * where some lie outside, and what fills it up. */
struct i8_conv_reader {
  int32_t at;          /* of the word in a line; below 0 where all lie outside */
  int32_t left, right; /* bits */
  uint32_t fill;
};

/* That of a place `at` bytes from where lines begin; both may lie outside. */
static inline struct i8_conv_reader i8_conv_reader_at(const struct i8_conv_source *source,
                                                      int32_t at) {
  const uint32_t padding = i8_conv_padding(source);
  const int32_t last = source->line_bytes - 4;
  if (at <= -4 || at >= source->line_bytes) {
    const struct i8_conv_reader made = {-1, 0, 0, 0};
    return made;
  }
  if (at < 0) {
    const struct i8_conv_reader made = {0, -8 * at, 0, padding >> (32 + 8 * at)};
    return made;
  }
  if (at > last) {
    const int32_t beyond = 8 * (at - last);
    const struct i8_conv_reader made = {last, 0, beyond, padding << (32 - beyond)};
    return made;
  }
  const struct i8_conv_reader made = {at, 0, 0, 0};
  return made;
}

/* That of a layer, with room for a copy; so many pixels are taken at a time. */
static inline struct i8_conv_source i8_conv_source_of(const struct i8_conv_2d *layer,
                                                      const int8_t *input, uint32_t columns,
                                                      int8_t *copy) {
  const int32_t line = layer->input_w * layer->input_c;
  const struct i8_conv_source made = {
      layer,
      {layer->input_h, layer->input_w, layer->input_c, layer->filter_h, layer->filter_w,
       layer->dilation_h, layer->dilation_w, (int8_t)layer->input_zero_point},
      input,
      columns,
      copy,
      layer->dilation_h * line,
      line,
      layer->batches * layer->input_h * line - layer->run_bytes,
  };
  return made;
}

#ifdef __cplusplus
}
#endif

#endif
