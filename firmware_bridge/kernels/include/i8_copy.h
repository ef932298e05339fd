/* SPDX-License-Identifier: Apache-2.0 */
/* Moving int8 about: transposing, slicing, padding. Steps are in bytes. */
#ifndef I8_COPY_H
#define I8_COPY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_gather {
  int32_t offset;     /* of the first byte in the input */
  int32_t lengths[4]; /* of the output's axes; it is dense */
  int32_t steps[4];   /* along them in the input; may be negative */
};

/* Writes a dense output of lengths[0] * ... * lengths[3] bytes; all places that the steps lead to
 * are in the input. output is not input. */
void i8_gather(const struct i8_gather *layer, const int8_t *input, int8_t *output);

struct i8_pad {
  int32_t offset;     /* of the input's first byte in the output */
  int32_t lengths[4]; /* of the input's axes; it is dense, and so is its last axis there */
  int32_t steps[4];   /* along them in the output */
  int32_t value;      /* around it */
  int32_t output_bytes;
};

/* Writes output_bytes, 1 or more: `value` everywhere, then the input in its place. output is not
 * input. */
void i8_pad(const struct i8_pad *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
