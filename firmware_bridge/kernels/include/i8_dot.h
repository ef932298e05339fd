/* Dot products, four at a time: the inner loops of CONV_2D and FULLY_CONNECTED.
 *
 * Weights stay int8 in flash and are widened as they are read. Inputs are widened once, into pairs
 * of int16: of each four inputs the word of the even ones comes before the word of the odd ones.
 * Depths are rounded up to whole groups; weights are 0 past the end. */
#ifndef I8_DOT_H
#define I8_DOT_H

#include <stddef.h>

#include "i8_simd.h"

/* Words that four inputs of one pixel become. */
#define I8_WORDS_PER_GROUP 2u
/* Pixels that i8_dot_row_by_columns takes at a time. */
#define I8_COLUMNS 4u
/* Rows that i8_dot_rows_by_column takes at a time. */
#define I8_ROWS 4u

struct i8_sums {
  int32_t sum[4];
};

/* Unoptimised code leaves too few registers for the assembly. */
#if I8_HAS_SIMD32 && defined(__OPTIMIZE__)

/* One row of weights by four pixels. `columns` holds, for each four inputs, the even words of the
 * four pixels, then their odd words; `end` is where `weights` ends, a multiple of 8 bytes on. */
static inline void i8_dot_row_by_columns(const int8_t *weights, const int8_t *end,
                                         const uint32_t *columns, struct i8_sums *sums) {
  int32_t s0 = sums->sum[0], s1 = sums->sum[1], s2 = sums->sum[2], s3 = sums->sum[3];
  uint32_t word, pair;
  do {
    __asm__ volatile(
        "ldr %[word], [%[weights]], #4\n\t"
        "ldmia %[columns]!, {r4, r5, r6, r8}\n\t"
        "sxtb16 %[pair], %[word]\n\t"
        "smlad %[s0], r4, %[pair], %[s0]\n\t"
        "smlad %[s1], r5, %[pair], %[s1]\n\t"
        "smlad %[s2], r6, %[pair], %[s2]\n\t"
        "smlad %[s3], r8, %[pair], %[s3]\n\t"
        "ldmia %[columns]!, {r4, r5, r6, r8}\n\t"
        "sxtb16 %[pair], %[word], ror #8\n\t"
        "ldr %[word], [%[weights]], #4\n\t"
        "smlad %[s0], r4, %[pair], %[s0]\n\t"
        "smlad %[s1], r5, %[pair], %[s1]\n\t"
        "smlad %[s2], r6, %[pair], %[s2]\n\t"
        "smlad %[s3], r8, %[pair], %[s3]\n\t"
        "ldmia %[columns]!, {r4, r5, r6, r8}\n\t"
        "sxtb16 %[pair], %[word]\n\t"
        "smlad %[s0], r4, %[pair], %[s0]\n\t"
        "smlad %[s1], r5, %[pair], %[s1]\n\t"
        "smlad %[s2], r6, %[pair], %[s2]\n\t"
        "smlad %[s3], r8, %[pair], %[s3]\n\t"
        "ldmia %[columns]!, {r4, r5, r6, r8}\n\t"
        "sxtb16 %[pair], %[word], ror #8\n\t"
        "smlad %[s0], r4, %[pair], %[s0]\n\t"
        "smlad %[s1], r5, %[pair], %[s1]\n\t"
        "smlad %[s2], r6, %[pair], %[s2]\n\t"
        "smlad %[s3], r8, %[pair], %[s3]"
        : [weights] "+r"(weights), [columns] "+r"(columns), [s0] "+r"(s0), [s1] "+r"(s1),
          [s2] "+r"(s2), [s3] "+r"(s3), [word] "=&r"(word), [pair] "=&r"(pair)
        :
        : "r4", "r5", "r6", "r8", "memory");
  } while (weights != end);
  sums->sum[0] = s0;
  sums->sum[1] = s1;
  sums->sum[2] = s2;
  sums->sum[3] = s3;
}

/* Four rows of weights by one pixel: of each four inputs the weights of the four rows in turn.
 * `end` is where `weights` ends, a multiple of 16 bytes on. */
static inline void i8_dot_rows_by_column(const int8_t *weights, const int8_t *end,
                                         const uint32_t *column, struct i8_sums *sums) {
  int32_t s0 = sums->sum[0], s1 = sums->sum[1], s2 = sums->sum[2], s3 = sums->sum[3];
  uint32_t input, pair;
  do {
    __asm__ volatile("ldmia %[weights]!, {r4, r5, r6, r8}\n\t"
                     "ldr %[input], [%[column]], #4\n\t"
                     "sxtb16 %[pair], r4\n\t"
                     "smlad %[s0], %[input], %[pair], %[s0]\n\t"
                     "sxtb16 %[pair], r5\n\t"
                     "smlad %[s1], %[input], %[pair], %[s1]\n\t"
                     "sxtb16 %[pair], r6\n\t"
                     "smlad %[s2], %[input], %[pair], %[s2]\n\t"
                     "sxtb16 %[pair], r8\n\t"
                     "smlad %[s3], %[input], %[pair], %[s3]\n\t"
                     "ldr %[input], [%[column]], #4\n\t"
                     "sxtb16 r4, r4, ror #8\n\t"
                     "sxtb16 r5, r5, ror #8\n\t"
                     "sxtb16 r6, r6, ror #8\n\t"
                     "sxtb16 r8, r8, ror #8\n\t"
                     "smlad %[s0], %[input], r4, %[s0]\n\t"
                     "smlad %[s1], %[input], r5, %[s1]\n\t"
                     "smlad %[s2], %[input], r6, %[s2]\n\t"
                     "smlad %[s3], %[input], r8, %[s3]"
                     : [weights] "+r"(weights), [column] "+r"(column), [s0] "+r"(s0), [s1] "+r"(s1),
                       [s2] "+r"(s2), [s3] "+r"(s3), [input] "=&r"(input), [pair] "=&r"(pair)
                     :
                     : "r4", "r5", "r6", "r8", "memory");
  } while (weights != end);
  sums->sum[0] = s0;
  sums->sum[1] = s1;
  sums->sum[2] = s2;
  sums->sum[3] = s3;
}

#else

/* sum + a[0] * b[0] + a[1] * b[1] */
static inline int32_t i8_multiply_pair(uint32_t a, uint32_t b, int32_t sum) {
  return i8_multiply_top(a, b, i8_multiply_bottom(a, b, sum));
}

static inline void i8_dot_row_by_columns(const int8_t *weights, const int8_t *end,
                                         const uint32_t *columns, struct i8_sums *sums) {
  for (; weights != end; weights += 4) {
    const uint32_t word = i8_load_word(weights);
    for (size_t i = 0; i < I8_COLUMNS; ++i) {
      sums->sum[i] = i8_multiply_pair(columns[i], i8_widen_even(word), sums->sum[i]);
      sums->sum[i] = i8_multiply_pair(columns[I8_COLUMNS + i], i8_widen_odd(word), sums->sum[i]);
    }
    columns += I8_WORDS_PER_GROUP * I8_COLUMNS;
  }
}

static inline void i8_dot_rows_by_column(const int8_t *weights, const int8_t *end,
                                         const uint32_t *column, struct i8_sums *sums) {
  for (; weights != end; weights += 4u * I8_ROWS) {
    for (size_t i = 0; i < I8_ROWS; ++i) {
      const uint32_t word = i8_load_word(weights + 4u * i);
      sums->sum[i] = i8_multiply_pair(column[0], i8_widen_even(word), sums->sum[i]);
      sums->sum[i] = i8_multiply_pair(column[1], i8_widen_odd(word), sums->sum[i]);
    }
    column += I8_WORDS_PER_GROUP;
  }
}

#endif

#endif
