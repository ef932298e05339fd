/* SPDX-License-Identifier: Apache-2.0 */
/* The inputs under a filter at one output pixel, copied side by side. */
#ifndef I8_PATCH_H
#define I8_PATCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_patch_shape {
  int32_t input_h, input_w, input_c;
  int32_t filter_h, filter_w;
  int32_t dilation_h, dilation_w;
  int8_t padding; /* the value outside the input */
};

/* Copy the patch whose first tap lies at row `y` and column `x` of an image, either of which may be
 * outside it, into filter_h * filter_w * input_c bytes. */
void i8_patch_copy(const struct i8_patch_shape *shape, const int8_t *image, int32_t y, int32_t x,
                   int8_t *patch);

#ifdef __cplusplus
}
#endif

#endif
