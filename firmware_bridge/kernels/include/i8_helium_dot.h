/* SPDX-License-Identifier: Apache-2.0 */
/* Four rows of weights by one pixel, by Helium (i8_helium.h): sixteen inputs at a time. Loads that
 * take every fourth word give each row a vector of its own, and every second one the even words of
 * inputs and the odd ones.
 *
 * Internal to i8_dot.h. */
#ifndef I8_HELIUM_DOT_H
#define I8_HELIUM_DOT_H

#include "i8_helium.h"

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_HELIUM

/* Weights of four rows that meet sixteen inputs. */
#define I8_HELIUM_GROUP_BYTES 64

#define I8_JOINED_ROW(row, sum)                                                                    \
  "vmladava.s16 %[" sum "], " row ", q4\n\t"                                                       \
  "vmovlb.s8 " row ", " row "\n\t"                                                                 \
  "vmladava.s16 %[" sum "], " row ", q5\n\t"
#define I8_WIDENED_ROW(row, sum)                                                                   \
  "vmovlb.s8 q6, " row "\n\t"                                                                      \
  "vmladava.s16 %[" sum "], q6, q4\n\t"                                                            \
  "vmovlt.s8 " row ", " row "\n\t"                                                                 \
  "vmladava.s16 %[" sum "], " row ", q5\n\t"
#define I8_FOUR_ROWS(by_row)                                                                       \
  __asm__ volatile("dls lr, %[groups]\n\t"                                                         \
                   "1:\n\t"                                                                        \
                   "vld40.32 {q0, q1, q2, q3}, [%[weights]]\n\t"                                   \
                   "vld41.32 {q0, q1, q2, q3}, [%[weights]]\n\t"                                   \
                   "vld42.32 {q0, q1, q2, q3}, [%[weights]]\n\t"                                   \
                   "vld43.32 {q0, q1, q2, q3}, [%[weights]]!\n\t"                                  \
                   "vld20.32 {q4, q5}, [%[column]]\n\t"                                            \
                   "vld21.32 {q4, q5}, [%[column]]!\n\t" by_row("q0", "a") by_row("q1", "b")       \
                       by_row("q2", "c") by_row("q3", "d") "le lr, 1b"                             \
                   : [weights] "+r"(weights), [column] "+r"(column), [a] "+Te"(sums->a),           \
                     [b] "+Te"(sums->b), [c] "+Te"(sums->c), [d] "+Te"(sums->d)                    \
                   : [groups] "r"(groups)                                                          \
                   : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "lr", "memory")

/* As many weights as come in whole groups, joined or not; returns how many bytes they are. */
static inline int32_t i8_helium_four_rows(const int8_t *weights, const int8_t *end,
                                          const uint32_t *column, struct i8_sums *sums,
                                          int is_joined) {
  const int32_t groups = (int32_t)(end - weights) / I8_HELIUM_GROUP_BYTES;
  if (groups == 0) {
    return 0;
  }
  if (is_joined) {
    I8_FOUR_ROWS(I8_JOINED_ROW);
  } else {
    I8_FOUR_ROWS(I8_WIDENED_ROW);
  }
  return groups * I8_HELIUM_GROUP_BYTES;
}

#endif

#ifdef __cplusplus
}
#endif

#endif
