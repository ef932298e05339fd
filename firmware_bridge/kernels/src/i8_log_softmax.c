/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_log_softmax.h"

#include "i8_fixed_point.h"
#include "i8_reciprocal.h"

/* Sums hold 12 integer bits, their logarithm 5, and it is computed with one more. */
#define SUM_INTEGER_BITS 12
#define LOG_INTEGER_BITS 5
#define WIDER_BITS 6

/* Without integer bits; r is 2^(1/4). */
#define LOG_2 1488522236
#define SQRT_SQRT_HALF 1805811301
#define SQRT_HALF 1518500250
#define QUARTER ((1 << 29) >> WIDER_BITS) /* with the wider bits */
#define ALPHA_N 117049297                 /* 11/240 r */
#define ALPHA_D 127690142                 /* 1/20 r */
#define ALPHA_I 1057819769                /* 2/r - r */
#define ALPHA_F 638450708                 /* 1/4 r */

static int32_t saturating_left(int32_t value, int32_t shift) {
  const int64_t wide = (int64_t)value * ((int64_t)1 << shift);
  return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

static int32_t half_sum(int32_t a, int32_t b) {
  const int64_t sum = (int64_t)a + b;
  return (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2);
}

/* The logarithm of r between sqrt(1/2) and 1, about its middle on a logarithmic scale, as a
 * quotient of polynomials; with the wider bits. */
static int32_t log_of_mantissa(int32_t r) {
  const int32_t p = half_sum(r, SQRT_SQRT_HALF);
  const int32_t q = (r - SQRT_SQRT_HALF) * 2;
  const int32_t square = i8_high_multiply(q, q);
  const int32_t numerator =
      i8_high_multiply(q, r) + i8_high_multiply(i8_high_multiply(q, square), ALPHA_N);
  const int32_t denominator_less_1 =
      i8_high_multiply(p, ALPHA_I + q + i8_high_multiply(ALPHA_D, square)) +
      i8_high_multiply(ALPHA_F, q);
  const int32_t scaled = i8_rounding_shift(numerator, WIDER_BITS);
  return i8_high_multiply(scaled, i8_reciprocal(denominator_less_1));
}

/* The logarithm of a sum of 1 and more. Its power of two is told in two ways, a half apart; the
 * one whose mantissa is the smaller is taken. */
static int32_t log_of_sum(int32_t sum) {
  const int32_t zeros = i8_leading_zeros((uint32_t)sum);
  const int32_t mantissa_a =
      saturating_left(i8_high_multiply(saturating_left(sum, zeros - 1), SQRT_HALF), 1);
  const int32_t power_a = (SUM_INTEGER_BITS - zeros) * (1 << (31 - WIDER_BITS)) + QUARTER;
  const int32_t lower = i8_high_multiply(sum, SQRT_HALF);
  const int32_t headroom = i8_leading_zeros((uint32_t)lower) - 1;
  const int32_t mantissa_b = saturating_left(sum, headroom);
  const int32_t power_b = (SUM_INTEGER_BITS - headroom) * (1 << (31 - WIDER_BITS)) - QUARTER;
  const int32_t mantissa = mantissa_a < mantissa_b ? mantissa_a : mantissa_b;
  const int32_t power = power_a > power_b ? power_a : power_b;
  return saturating_left(i8_high_multiply(power, LOG_2) + log_of_mantissa(mantissa), 1);
}

static void log_softmax_row(const struct i8_log_softmax *layer, const int8_t *input,
                            int8_t *output) {
  const int32_t most = i8_largest(input, layer->depth);
  int32_t total = 0;
  for (int32_t i = 0; i < layer->depth; ++i) {
    total += i8_rounding_shift(layer->exponentials[most - input[i]], SUM_INTEGER_BITS);
  }
  const int32_t log_sum = log_of_sum(total);
  const int32_t reach =
      i8_multiply(log_sum + INT32_MIN, layer->reverse_multiplier, layer->reverse_shift);
  const int32_t beyond = reach > layer->least_difference - 1 ? reach : layer->least_difference - 1;
  for (int32_t i = 0; i < layer->depth; ++i) {
    const int32_t difference = input[i] - most;
    int32_t value = -128;
    if (difference > beyond) {
      const int32_t scaled = i8_multiply(difference, layer->multiplier, layer->shift);
      value = i8_rounding_shift(scaled - log_sum, 31 - LOG_INTEGER_BITS - 4) + 127;
    }
    output[i] = (int8_t)i8_clamp(value, -128, 127);
  }
}

void i8_log_softmax(const struct i8_log_softmax *layer, const int8_t *input, int8_t *output) {
  for (int32_t row = 0; row < layer->rows; ++row) {
    log_softmax_row(layer, input, output);
    input += layer->depth;
    output += layer->depth;
  }
}
