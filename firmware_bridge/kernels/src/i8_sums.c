/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_sums.h"

#include "i8_simd.h"

/* So many int8 fit in an int16 sum. */
#define MOST_ROWS 255

/* pair + the even bytes of word, in two lanes of int16. */
static inline uint32_t add_even(uint32_t pair, uint32_t word) {
#if I8_HAS_SIMD32
  return (uint32_t)__sxtab16((int16x2_t)pair, (int8x4_t)word);
#else
  const uint32_t even = i8_widen_even(word);
  const uint32_t low = (pair + even) & 0xFFFFu;
  return low | (((pair >> 16) + (even >> 16)) << 16);
#endif
}

static inline uint32_t add_odd(uint32_t pair, uint32_t word) {
#if I8_HAS_SIMD32
  uint32_t sum;
  __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(sum) : "r"(pair), "r"(word));
  return sum;
#else
  return add_even(pair, word >> 8);
#endif
}

static int32_t lane(uint32_t pair, int32_t shift) {
  return (int16_t)(uint16_t)((pair >> shift) & 0xFFFFu);
}

void i8_add_four_columns(const int8_t *first, int32_t rows, int32_t step, int32_t sums[4]) {
  while (rows > 0) {
    const int32_t block = rows < MOST_ROWS ? rows : MOST_ROWS;
    uint32_t even = 0;
    uint32_t odd = 0;
    for (int32_t row = 0; row < block; ++row) {
      const uint32_t word = i8_load_word(first);
      even = add_even(even, word);
      odd = add_odd(odd, word);
      first += step;
    }
    sums[0] += lane(even, 0);
    sums[1] += lane(odd, 0);
    sums[2] += lane(even, 16);
    sums[3] += lane(odd, 16);
    rows -= block;
  }
}

int32_t i8_sum_column(const int8_t *first, int32_t rows, int32_t step) {
  int32_t sum = 0;
  for (int32_t row = 0; row < rows; ++row) {
    sum += *first;
    first += step;
  }
  return sum;
}

int32_t i8_sum_bytes(const int8_t *first, int32_t count) {
  int32_t sums[4] = {0, 0, 0, 0};
  const int32_t words = count / 4;
  i8_add_four_columns(first, words, 4, sums);
  const int32_t rest = i8_sum_column(first + 4 * words, count - 4 * words, 1);
  return sums[0] + sums[1] + sums[2] + sums[3] + rest;
}
