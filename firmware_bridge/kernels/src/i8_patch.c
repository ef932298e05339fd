#include "i8_patch.h"

#include "i8_simd.h"

/* Runs are a few bytes long; calling memcpy and memset for them costs more than it saves. */
static int8_t *copy(int8_t *to, const int8_t *from, int32_t count) {
  for (; count >= 4; count -= 4) {
    i8_store_word(to, i8_load_word(from));
    to += 4;
    from += 4;
  }
  for (; count > 0; --count) {
    *to++ = *from++;
  }
  return to;
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
  return fill(to, shape->padding, (shape->filter_w - before - inside) * shape->input_c);
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

void i8_patch_copy(const struct i8_patch_shape *shape, const int8_t *image, int32_t y, int32_t x,
                   int8_t *patch) {
  for (int32_t tap = 0; tap < shape->filter_h; ++tap, y += shape->dilation_h) {
    const int8_t *row = image + y * shape->input_w * shape->input_c;
    if (y < 0 || y >= shape->input_h) {
      patch = fill(patch, shape->padding, shape->filter_w * shape->input_c);
    } else if (shape->dilation_w == 1) {
      patch = copy_run(shape, row, x, patch);
    } else {
      patch = copy_taps(shape, row, x, patch);
    }
  }
}
