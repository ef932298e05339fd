/* From a 32-bit sum to an int8 output, rounded twice as TFLite-Micro does:
 *
 *   high = round(sum * 2^left * multiplier / 2^31)     to the nearest, halves upwards
 *   output = clamp(round(high / 2^right) + zero_point)   to the nearest, halves away from zero
 *
 * Four int32 describe an output channel. In a layer that is not wide, every channel has left = 0,
 * right > 0, |sum| < 2^30 and no overflow below: then the words are
 *   bias, multiplier, 2^(right - 1) + zero_point * 2^right, right
 * In a wide layer they are
 *   bias, multiplier, zero_point, left - right
 * The bias has the input's zero point folded in. */
#ifndef I8_REQUANTISE_H
#define I8_REQUANTISE_H

#include "i8_simd.h"

#define I8_CHANNEL_WORDS 4u

/* One output before its clamp, of a channel in a layer that is not wide. */
static inline int32_t i8_requantise_narrow(int32_t sum, const int32_t *channel) {
  const int32_t high = i8_multiply_high_rounded((int32_t)((uint32_t)sum << 1), channel[1]);
  /* Without its sign bit, a negative number's half is rounded downwards. */
  return i8_saturate((high + (high >> 31) + channel[2]) >> channel[3]);
}

/* One output before its clamp, of a channel in a wide layer. */
int32_t i8_requantise_wide(int32_t sum, const int32_t *channel);

static inline int8_t i8_clamp(int32_t value, int32_t minimum, int32_t maximum) {
  const int32_t low = value < minimum ? minimum : value;
  return (int8_t)(low > maximum ? maximum : low);
}

static inline int8_t i8_requantise(int32_t sum, const int32_t *channel, int32_t wide,
                                   int32_t minimum, int32_t maximum) {
  const int32_t value =
      wide ? i8_requantise_wide(sum, channel) : i8_requantise_narrow(sum, channel);
  return i8_clamp(value, minimum, maximum);
}

#endif
