/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_requantise.h"

int32_t i8_wide(int32_t sum, const int32_t *channel) {
  const int32_t exponent = channel[3];
  const int32_t left = exponent > 0 ? exponent : 0;
  const int32_t right = exponent > 0 ? 0 : -exponent;
  const int32_t shifted = (int32_t)((uint32_t)sum << left);
  const int64_t product = (int64_t)shifted * channel[1];
  const int32_t high = (int32_t)((product + ((int64_t)1 << 30)) >> 31);
  /* Far outside int8 the zero point makes no difference, but could overflow. */
  const int32_t value = i8_clamp(i8_rounding_shift(high, right), -1024, 1024);
  return i8_saturate(value + channel[2]);
}

int32_t i8_requantise_one(int32_t sum, const int32_t *channel,
                          const struct i8_output_stage *stage) {
  int32_t value;
  if (stage->rounding == I8_HALVES_UP) {
    value = i8_halves_up(sum, channel);
  } else if (stage->rounding == I8_HALVES_AWAY) {
    value = i8_halves_away(sum, channel);
  } else {
    value = i8_wide(sum, channel);
  }
  return i8_clamp(value, stage->minimum, stage->maximum);
}

struct i8_sums i8_requantise_channel(struct i8_sums sums, const int32_t *channel,
                                     const struct i8_output_stage *stage) {
  return i8_requantise(sums, channel, channel, channel, channel, stage);
}
