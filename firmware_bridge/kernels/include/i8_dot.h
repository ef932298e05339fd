/* SPDX-License-Identifier: Apache-2.0 */
/* Dot products, four at a time: the inner loops of CONV_2D and FULLY_CONNECTED.
 *
 * Weights stay int8 in flash and are widened as they are read. Inputs are widened once, into pairs
 * of int16: of each four inputs the word of the even ones comes before the word of the odd ones.
 * Depths are rounded up to whole groups; weights are 0 past the end.
 *
 * Widening weights takes an instruction for every two of them, multiplying takes one for every two
 * as well. Where the compiler says that sums have room for it (`joined`), half of the widening is
 * saved. An even weight e and the odd weight o after it are stored as the int16 256 * o + e, which
 * is multiplied as it lies in memory; e is widened from its lower byte. With inputs x and y that
 * they meet, and q = y + 128:
 *
 *   (256 * o + e) * q + e * (256 * x + 255 - q) = 256 * (o * y + e * x) + 32768 * o + 255 * e
 *
 * so that sums come out times 256, with a constant that the bias takes away. Both inputs' words
 * fit int16: q is 0 to 255, 256 * x + 255 - q is any int16. The word of q comes first, so that
 * weights are widened in place once they have met it. */
#ifndef I8_DOT_H
#define I8_DOT_H

#include <stddef.h>

#include "i8_avx2.h"
#include "i8_helium_dot.h"
#include "i8_requantise.h"
#include "i8_simd.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Words that four inputs of one pixel become. */
#define I8_WORDS_PER_GROUP 2u
/* Pixels that i8_dot_row_by_columns takes at a time. */
#define I8_COLUMNS 4u

/* What four inputs become for joined weights: their first word and their second. */
static inline uint32_t i8_joined_first(uint32_t bytes) {
  return i8_unsigned_odd(bytes) ^ 0x00800080u;
}

/* Their second word. */
static inline uint32_t i8_joined_second(uint32_t bytes) {
  return i8_swap_in_halves(bytes) ^ 0x007F007Fu;
}

/* sum + 256 times the dot product of four weights and four inputs, but for the constant above;
 * modulo 2^32. */
static inline int32_t i8_multiply_joined(uint32_t weights, uint32_t first, uint32_t second,
                                         int32_t sum) {
  sum = i8_multiply_pair(first, weights, sum);
  return i8_multiply_pair(second, i8_widen_even(weights), sum);
}

/* Unoptimised code leaves too few registers for the assembly. */
#if I8_HAS_SIMD32 && defined(__OPTIMIZE__)

/* One row of weights by four pixels. `columns` holds, for each four inputs, the even words of the
 * four pixels, then their odd words; `end` is where `weights` ends, a multiple of 8 bytes on. */
static inline void i8_dot_row_by_columns(const int8_t *weights, const int8_t *end,
                                         const uint32_t *columns, struct i8_sums *sums) {
  uint32_t word, next, pair;
  do {
    __asm__ volatile("ldrd %[word], %[next], [%[weights]], #8\n\t"
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
                     "smlad %[s3], r8, %[pair], %[s3]\n\t"
                     "ldmia %[columns]!, {r4, r5, r6, r8}\n\t"
                     "sxtb16 %[pair], %[next]\n\t"
                     "smlad %[s0], r4, %[pair], %[s0]\n\t"
                     "smlad %[s1], r5, %[pair], %[s1]\n\t"
                     "smlad %[s2], r6, %[pair], %[s2]\n\t"
                     "smlad %[s3], r8, %[pair], %[s3]\n\t"
                     "ldmia %[columns]!, {r4, r5, r6, r8}\n\t"
                     "sxtb16 %[pair], %[next], ror #8\n\t"
                     "smlad %[s0], r4, %[pair], %[s0]\n\t"
                     "smlad %[s1], r5, %[pair], %[s1]\n\t"
                     "smlad %[s2], r6, %[pair], %[s2]\n\t"
                     "smlad %[s3], r8, %[pair], %[s3]"
                     : [weights] "+r"(weights), [columns] "+r"(columns), [s0] "+r"(sums->a),
                       [s1] "+r"(sums->b), [s2] "+r"(sums->c), [s3] "+r"(sums->d),
                       [word] "=&r"(word), [next] "=&r"(next), [pair] "=&r"(pair)
                     :
                     : "r4", "r5", "r6", "r8", "memory");
  } while (weights != end);
}

/* Four rows of weights by one pixel: of each four inputs the weights of the four rows in turn.
 * `end` is where `weights` ends, a multiple of 16 bytes on. */
static inline void i8_dot_rows_by_column(const int8_t *weights, const int8_t *end,
                                         const uint32_t *column, struct i8_sums *sums) {
  uint32_t input, next, pair;
#if I8_HAS_HELIUM
  const int32_t done = i8_helium_four_rows(weights, end, column, sums, 0);
  weights += done;
  column += done / 8;
  if (weights == end) {
    return;
  }
#endif
  do {
    __asm__ volatile("ldmia %[weights]!, {r4, r5, r6, r8}\n\t"
                     "ldrd %[input], %[next], [%[column]], #8\n\t"
                     "sxtb16 %[pair], r4\n\t"
                     "smlad %[s0], %[input], %[pair], %[s0]\n\t"
                     "sxtb16 %[pair], r5\n\t"
                     "smlad %[s1], %[input], %[pair], %[s1]\n\t"
                     "sxtb16 %[pair], r6\n\t"
                     "smlad %[s2], %[input], %[pair], %[s2]\n\t"
                     "sxtb16 %[pair], r8\n\t"
                     "smlad %[s3], %[input], %[pair], %[s3]\n\t"
                     "sxtb16 r4, r4, ror #8\n\t"
                     "sxtb16 r5, r5, ror #8\n\t"
                     "sxtb16 r6, r6, ror #8\n\t"
                     "sxtb16 r8, r8, ror #8\n\t"
                     "smlad %[s0], %[next], r4, %[s0]\n\t"
                     "smlad %[s1], %[next], r5, %[s1]\n\t"
                     "smlad %[s2], %[next], r6, %[s2]\n\t"
                     "smlad %[s3], %[next], r8, %[s3]"
                     : [weights] "+r"(weights), [column] "+r"(column), [s0] "+r"(sums->a),
                       [s1] "+r"(sums->b), [s2] "+r"(sums->c), [s3] "+r"(sums->d),
                       [input] "=&r"(input), [next] "=&r"(next), [pair] "=&r"(pair)
                     :
                     : "r4", "r5", "r6", "r8", "memory");
  } while (weights != end);
}

/* Four rows of joined weights by one pixel: two groups of four inputs at a time, the last alone
 * where there is an odd number of them. */
#define I8_ROWS_BY_FOUR(first, second)                                                             \
  "ldmia %[weights]!, {r4, r5, r6, r8}\n\t"                                                        \
  "smlad %[s0], " first ", r4, %[s0]\n\t"                                                          \
  "smlad %[s1], " first ", r5, %[s1]\n\t"                                                          \
  "smlad %[s2], " first ", r6, %[s2]\n\t"                                                          \
  "smlad %[s3], " first ", r8, %[s3]\n\t"                                                          \
  "sxtb16 r4, r4\n\t"                                                                              \
  "sxtb16 r5, r5\n\t"                                                                              \
  "sxtb16 r6, r6\n\t"                                                                              \
  "sxtb16 r8, r8\n\t"                                                                              \
  "smlad %[s0], " second ", r4, %[s0]\n\t"                                                         \
  "smlad %[s1], " second ", r5, %[s1]\n\t"                                                         \
  "smlad %[s2], " second ", r6, %[s2]\n\t"                                                         \
  "smlad %[s3], " second ", r8, %[s3]\n\t"
#define I8_ROWS_BY_COLUMN(code)                                                                    \
  __asm__ volatile(                                                                                \
      code                                                                                         \
      : [weights] "+r"(weights), [column] "+r"(column), [s0] "+r"(sums->a), [s1] "+r"(sums->b),    \
        [s2] "+r"(sums->c), [s3] "+r"(sums->d), [input] "=&r"(input), [next] "=&r"(next)           \
      :                                                                                            \
      : "r4", "r5", "r6", "r8", "memory")

/* The same of joined weights; sums come out times 256. */
static inline void i8_dot_joined_rows_by_column(const int8_t *weights, const int8_t *end,
                                                const uint32_t *column, struct i8_sums *sums) {
  uint32_t input, next;
#if I8_HAS_HELIUM
  const int32_t done = i8_helium_four_rows(weights, end, column, sums, 1);
  weights += done;
  column += done / 8;
#endif
  if (((end - weights) & 16) != 0) {
    I8_ROWS_BY_COLUMN(
        "ldrd %[input], %[next], [%[column]], #8\n\t" I8_ROWS_BY_FOUR("%[input]", "%[next]"));
  }
  while (weights != end) {
    I8_ROWS_BY_COLUMN("ldrd %[input], %[next], [%[column]], #8\n\t" I8_ROWS_BY_FOUR(
        "%[input]",
        "%[next]") "ldrd %[input], %[next], [%[column]], #8\n\t" I8_ROWS_BY_FOUR("%[input]",
                                                                                 "%[next]"));
  }
}

#else

/* sum + the dot product of four weights and four inputs, modulo 2^32. */
static inline int32_t i8_multiply_group(uint32_t weights, uint32_t even, uint32_t odd,
                                        int32_t sum) {
  sum = i8_multiply_pair(even, i8_widen_even(weights), sum);
  return i8_multiply_pair(odd, i8_widen_odd(weights), sum);
}

#if !I8_HAS_AVX2

static inline void i8_dot_row_by_columns(const int8_t *weights, const int8_t *end,
                                         const uint32_t *columns, struct i8_sums *sums) {
  for (; weights != end; weights += 4) {
    const uint32_t word = i8_load_word(weights);
    sums->a = i8_multiply_group(word, columns[0], columns[4], sums->a);
    sums->b = i8_multiply_group(word, columns[1], columns[5], sums->b);
    sums->c = i8_multiply_group(word, columns[2], columns[6], sums->c);
    sums->d = i8_multiply_group(word, columns[3], columns[7], sums->d);
    columns += 8;
  }
}

#endif

static inline void i8_dot_rows_by_column(const int8_t *weights, const int8_t *end,
                                         const uint32_t *column, struct i8_sums *sums) {
  for (; weights != end; weights += 16) {
    sums->a = i8_multiply_group(i8_load_word(weights), column[0], column[1], sums->a);
    sums->b = i8_multiply_group(i8_load_word(weights + 4), column[0], column[1], sums->b);
    sums->c = i8_multiply_group(i8_load_word(weights + 8), column[0], column[1], sums->c);
    sums->d = i8_multiply_group(i8_load_word(weights + 12), column[0], column[1], sums->d);
    column += 2;
  }
}

static inline void i8_dot_joined_rows_by_column(const int8_t *weights, const int8_t *end,
                                                const uint32_t *column, struct i8_sums *sums) {
  for (; weights != end; weights += 16) {
    sums->a = i8_multiply_joined(i8_load_word(weights), column[0], column[1], sums->a);
    sums->b = i8_multiply_joined(i8_load_word(weights + 4), column[0], column[1], sums->b);
    sums->c = i8_multiply_joined(i8_load_word(weights + 8), column[0], column[1], sums->c);
    sums->d = i8_multiply_joined(i8_load_word(weights + 12), column[0], column[1], sums->d);
    column += 2;
  }
}

#endif

#if !I8_HAS_AVX2

/* One row of joined weights by four pixels. */
static inline void i8_dot_joined_row_by_columns(const int8_t *weights, const int8_t *end,
                                                const uint32_t *columns, struct i8_sums *sums) {
  for (; weights != end; weights += 4) {
    const uint32_t word = i8_load_word(weights);
    sums->a = i8_multiply_joined(word, columns[0], columns[4], sums->a);
    sums->b = i8_multiply_joined(word, columns[1], columns[5], sums->b);
    sums->c = i8_multiply_joined(word, columns[2], columns[6], sums->c);
    sums->d = i8_multiply_joined(word, columns[3], columns[7], sums->d);
    columns += 8;
  }
}

#endif

#ifdef __cplusplus
}
#endif

#endif
