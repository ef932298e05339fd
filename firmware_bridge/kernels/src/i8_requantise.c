#include "i8_requantise.h"

static int32_t divide_by_power_of_two(int32_t value, int32_t exponent) {
  if (exponent == 0) {
    return value;
  }
  const int32_t towards_zero = value + (value >> 31);
  return (towards_zero >> exponent) + ((towards_zero >> (exponent - 1)) & 1);
}

int32_t i8_requantise_wide(int32_t sum, const int32_t *channel) {
  const int32_t exponent = channel[3];
  const int32_t left = exponent > 0 ? exponent : 0;
  const int32_t right = exponent > 0 ? 0 : -exponent;
  const int32_t shifted = (int32_t)((uint32_t)sum << left);
  const int64_t product = (int64_t)shifted * channel[1];
  const int32_t high = (int32_t)((product + ((int64_t)1 << 30)) >> 31);
  /* Far outside int8 the zero point makes no difference, but could overflow. */
  int32_t value = divide_by_power_of_two(high, right);
  value = value < -1024 ? -1024 : value;
  value = value > 1024 ? 1024 : value;
  return i8_saturate(value + channel[2]);
}
