/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops for hosts that run a model some hundred thousand times, as `edgeser explain`
 * does: four sums at once, by AVX2, the same to the bit as what they stand in for.
 *
 * Internal to i8_dot.h, i8_conv_2d.c and i8_depthwise_lines.c. */
#ifndef I8_AVX2_H
#define I8_AVX2_H

#include <stdint.h>

#include "i8_requantise.h"
#include "i8_simd.h"

#if defined(__AVX2__) && defined(__OPTIMIZE__)
#include <immintrin.h>
#define I8_HAS_AVX2 1
#else
#define I8_HAS_AVX2 0
#define i8_requantise_four i8_requantise_channel
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_AVX2

/* Four sums as a vector. */
static inline __m128i i8_load_sums(const struct i8_sums *sums) {
  return _mm_loadu_si128((const __m128i *)(const void *)sums);
}

/* A vector as four sums. */
static inline struct i8_sums i8_sums_of(__m128i four) {
  struct i8_sums sums;
  _mm_storeu_si128((__m128i *)(void *)&sums, four);
  return sums;
}

/* Add both halves of two vectors of eight sums to four. */
static inline void i8_add_both(__m256i first, __m256i second, struct i8_sums *sums) {
  const __m256i both = _mm256_add_epi32(first, second);
  const __m128i four =
      _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
  *sums = i8_sums_of(_mm_add_epi32(i8_load_sums(sums), four));
}

/* Lower lanes take the even bytes of four weights, upper lanes the odd ones. */
static inline __m256i i8_pairs(const int8_t *weights) {
  const __m256i upper_bytes =
      _mm256_setr_epi8(-1, 0, -1, 2, -1, 0, -1, 2, -1, 0, -1, 2, -1, 0, -1, 2, -1, 1, -1, 3, -1, 1,
                       -1, 3, -1, 1, -1, 3, -1, 1, -1, 3);
  const __m256i word = _mm256_set1_epi32((int32_t)i8_load_word(weights));
  return _mm256_srai_epi16(_mm256_shuffle_epi8(word, upper_bytes), 8);
}

/* Lower lanes take joined weights as they lie in memory, upper lanes the even ones of them. */
static inline __m256i i8_joined_pairs(const int8_t *weights) {
  const __m256i word = _mm256_set1_epi32((int32_t)i8_load_word(weights));
  const __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(word, 8), 8);
  return _mm256_blend_epi32(word, even, 0xF0);
}

/* Products of pairs of what four pixels hold, for each pixel two sums of two. */
static inline __m256i i8_multiply_columns(const uint32_t *columns, __m256i pairs) {
  return _mm256_madd_epi16(_mm256_loadu_si256((const __m256i *)(const void *)columns), pairs);
}

/* As in i8_dot.h: one row of weights by four pixels. */
static inline void i8_dot_row_by_columns(const int8_t *weights, const int8_t *end,
                                         const uint32_t *columns, struct i8_sums *sums) {
  __m256i first = _mm256_setzero_si256(), second = _mm256_setzero_si256();
  for (; weights != end; weights += 8) {
    first = _mm256_add_epi32(first, i8_multiply_columns(columns, i8_pairs(weights)));
    second = _mm256_add_epi32(second, i8_multiply_columns(columns + 8, i8_pairs(weights + 4)));
    columns += 16;
  }
  i8_add_both(first, second, sums);
}

/* As in i8_dot.h: one row of joined weights by four pixels. */
static inline void i8_dot_joined_row_by_columns(const int8_t *weights, const int8_t *end,
                                                const uint32_t *columns, struct i8_sums *sums) {
  __m256i first = _mm256_setzero_si256(), second = _mm256_setzero_si256();
  for (; weights != end; weights += 8) {
    first = _mm256_add_epi32(first, i8_multiply_columns(columns, i8_joined_pairs(weights)));
    second =
        _mm256_add_epi32(second, i8_multiply_columns(columns + 8, i8_joined_pairs(weights + 4)));
    columns += 16;
  }
  i8_add_both(first, second, sums);
}

/* Words at row + 0, stride / 2, stride, 3 * stride / 2. */
static inline __m128i i8_four_inputs(const uint32_t *row, int32_t stride) {
  if (stride == 1) {
    const __m128i two = _mm_loadl_epi64((const __m128i *)(const void *)row);
    return _mm_shuffle_epi32(two, 0x50);
  }
  if (stride == 2) {
    return _mm_loadu_si128((const __m128i *)(const void *)row);
  }
  return _mm_setr_epi32((int32_t)row[0], (int32_t)row[stride / 2], (int32_t)row[stride],
                        (int32_t)row[3 * stride / 2]);
}

/* Two taps for even outputs, two for odd ones: the same where they are not in pairs. */
static inline __m128i i8_four_taps(const uint32_t *taps, int32_t in_pairs) {
  const __m128i first = _mm_set1_epi32((int32_t)taps[0]);
  return in_pairs ? _mm_shuffle_epi32(_mm_loadl_epi64((const __m128i *)(const void *)taps), 0x44)
                  : first;
}

/* The upper words of twice four sums times a multiplier, to the nearest, halves upwards. */
static inline __m128i i8_four_high_rounded(__m128i sums, int32_t multiplier) {
  const __m256i twice = _mm256_cvtepi32_epi64(_mm_slli_epi32(sums, 1));
  const __m256i products = _mm256_add_epi64(_mm256_mul_epi32(twice, _mm256_set1_epi32(multiplier)),
                                            _mm256_set1_epi64x((int64_t)1 << 31));
  const __m256i upper =
      _mm256_permutevar8x32_epi32(products, _mm256_setr_epi32(1, 3, 5, 7, 1, 3, 5, 7));
  return _mm256_castsi256_si128(upper);
}

/* i8_requantise_channel, without a call where it can be. */
static inline struct i8_sums i8_requantise_four(struct i8_sums sums, const int32_t *channel,
                                                const struct i8_output_stage *stage) {
  if (stage->rounding == I8_WIDE) {
    return i8_requantise_channel(sums, channel, stage);
  }
  __m128i high = i8_four_high_rounded(i8_load_sums(&sums), channel[1]);
  if (stage->rounding == I8_HALVES_AWAY) {
    high = _mm_add_epi32(high, _mm_srai_epi32(high, 31));
  }
  high = _mm_add_epi32(high, _mm_set1_epi32(channel[2]));
  high = _mm_sra_epi32(high, _mm_cvtsi32_si128(channel[3]));
  high = _mm_max_epi32(high, _mm_set1_epi32(stage->minimum));
  return i8_sums_of(_mm_min_epi32(high, _mm_set1_epi32(stage->maximum)));
}

#endif

#ifdef __cplusplus
}
#endif

#endif
