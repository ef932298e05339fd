/* DEPTHWISE_CONV_2D of int8 by 3x3 filters, undilated, one output channel for each of the input:
 * most of the depthwise layers that there are.
 *
 * Channels lie side by side in memory, so that two inputs that meet the same two weights are never
 * neighbours. Hence four channels at a time are unzipped: a line of the image becomes for each of
 * them a row of int16, of which a word holds two that follow each other. Lines run along the longer
 * axis of the output. Three of them are kept, and used for as many lines of output as need them. */
#ifndef I8_DEPTHWISE_3X3_H
#define I8_DEPTHWISE_3X3_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_depthwise_3x3 {
  const int8_t *weights;   /* [blocks of four channels][4][3 lines][4]: three taps along, and a 0 */
  const int32_t *channels; /* [output_c][4], see i8_requantise.h */
  int32_t batches;
  int32_t depth;                     /* channels */
  int32_t input_along, input_across; /* pixels along a line, and lines */
  int32_t output_along, output_across;
  int32_t input_step, input_line; /* bytes from pixel to pixel of a line, and from line to line */
  int32_t output_step, output_line;
  int32_t stride_along, stride_across; /* along: 1 or 2 */
  int32_t pad_along, pad_across;       /* 0 or 1 */
  int32_t row_words; /* of a line of one channel: 1 + 2 for each four outputs, 1 + 4 by stride 2 */
  int32_t input_zero_point;
  int32_t output_minimum, output_maximum;
  int32_t rounding; /* see i8_requantise.h */
};

/* `scratch` takes 12 * row_words + 40 words, on a boundary of 4 bytes. */
void i8_depthwise_3x3(const struct i8_depthwise_3x3 *layer, const int8_t *input, int8_t *output,
                      void *scratch);

#ifdef __cplusplus
}
#endif

#endif
