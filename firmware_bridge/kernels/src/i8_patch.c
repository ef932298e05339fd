/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_patch.h"

#include "i8_simd.h"

/* Runs are a few bytes long; calling memcpy and memset for them costs more than it saves. */
static inline int8_t *copy(int8_t *to, const int8_t *from, int32_t count) {
  int8_t *const end = to + count;
  if (count < 4) {
    while (to != end) {
      *to++ = *from++;
    }
    return end;
  }
  const uint32_t last = i8_load_word(from + count - 4);
  for (; count > 4; count -= 4) {
    i8_store_word(to, i8_load_word(from));
    to += 4;
    from += 4;
  }
  /* Over some of the bytes before, where the count is not a multiple of four. */
  i8_store_word(end - 4, last);
  return end;
}

static int8_t *fill(int8_t *to, int8_t value, int32_t count) {
  const uint32_t word = (uint32_t)(uint8_t)value * 0x01010101u;
  for (; count >= 4; count -= 4) {
    i8_store_word(to, word);
    to += 4;
  }
  for (; count > 0; --count) {
    *to++ = value;
  }
  return to;
}

static int32_t at_most(int32_t value, int32_t limit) {
  return value < limit ? value : limit;
}

/* One row of taps that lie side by side: padding, inputs, padding. */
static int8_t *copy_run(const struct i8_patch_shape *shape, const int8_t *row, int32_t x,
                        int8_t *to) {
  const int32_t before = x < 0 ? at_most(-x, shape->filter_w) : 0;
  const int32_t after_last = at_most(shape->input_w - x, shape->filter_w);
  const int32_t inside = after_last > before ? after_last - before : 0;
  to = fill(to, shape->padding, before * shape->input_c);
  if (inside > 0) {
    to = copy(to, row + (x + before) * shape->input_c, inside * shape->input_c);
  }
  const int32_t after = shape->filter_w - before - inside;
  return fill(to, shape->padding, after * shape->input_c);
}

static int8_t *copy_taps(const struct i8_patch_shape *shape, const int8_t *row, int32_t x,
                         int8_t *to) {
  for (int32_t tap = 0; tap < shape->filter_w; ++tap, x += shape->dilation_w) {
    if (x < 0 || x >= shape->input_w) {
      to = fill(to, shape->padding, shape->input_c);
    } else {
      to = copy(to, row + x * shape->input_c, shape->input_c);
    }
  }
  return to;
}

/* One row of taps, a line of the image. */
static int8_t *copy_line(const struct i8_patch_shape *shape, const int8_t *line, int32_t x,
                         int8_t *to) {
  return shape->dilation_w == 1 ? copy_run(shape, line, x, to) : copy_taps(shape, line, x, to);
}

/* A patch that lies inside the image, and whose taps lie side by side. */
static void copy_inside(const struct i8_patch_shape *shape, const int8_t *first, int8_t *patch) {
  const int32_t run = shape->filter_w * shape->input_c;
  const int32_t line = shape->dilation_h * shape->input_w * shape->input_c;
  for (int32_t tap = shape->filter_h; tap > 0; --tap) {
    patch = copy(patch, first, run);
    first += line;
  }
}

void i8_patch_copy(const struct i8_patch_shape *shape, const int8_t *image, int32_t y, int32_t x,
                   int8_t *patch) {
  const int32_t line = shape->input_w * shape->input_c;
  const int32_t last_y = y + (shape->filter_h - 1) * shape->dilation_h;
  if (shape->dilation_w == 1 && x >= 0 && x + shape->filter_w <= shape->input_w && y >= 0 &&
      last_y < shape->input_h) {
    copy_inside(shape, image + y * line + x * shape->input_c, patch);
    return;
  }
  for (int32_t tap = 0; tap < shape->filter_h; ++tap, y += shape->dilation_h) {
    if (y < 0 || y >= shape->input_h) {
      patch = fill(patch, shape->padding, shape->filter_w * shape->input_c);
    } else {
      patch = copy_line(shape, image + y * line, x, patch);
    }
  }
}
