/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED of int8, and CONV_2D of a single pixel: four outputs at a time. */
#ifndef I8_FULLY_CONNECTED_H
#define I8_FULLY_CONNECTED_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_fully_connected {
  const int8_t *weights;   /* [rows of four][groups][4][4]: of each four inputs the weights of four
                              outputs in turn; zeros past the last input and the last output */
  const int32_t *channels; /* [rows of four][4][4], see i8_requantise.h */
  int32_t inputs;
  int32_t outputs;
  int32_t part;      /* inputs that are widened at a time, a multiple of four */
  int32_t is_joined; /* how weights are stored and sums are scaled, see i8_dot.h */
  int32_t output_minimum, output_maximum;
  int32_t rounding; /* see i8_requantise.h */
};

/* Bytes of scratch that a layer takes: the inputs of a part as int16 and, where there are several
 * parts, the sums of all outputs, of which there are a multiple of four. */
static inline int32_t i8_fully_connected_scratch_bytes(const struct i8_fully_connected *layer) {
  const int32_t sums = layer->part < layer->inputs ? (layer->outputs + 3) / 4 * 16 : 0;
  return 2 * layer->part + sums;
}

/* int8 [inputs] to int8 [outputs]; weights on a boundary of 4 bytes. `scratch` has
 * i8_fully_connected_scratch_bytes, on a boundary of 4 bytes; its contents mean nothing before and
 * after. output is not input. */
void i8_fully_connected(const struct i8_fully_connected *layer, const int8_t *input, int8_t *output,
                        void *scratch);

#ifdef __cplusplus
}
#endif

#endif
