/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs as i8_dot.h multiplies them: words for each four of them. */
#ifndef I8_WIDEN_H
#define I8_WIDEN_H

#include "i8_dot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Four inputs; `step` is between their first word and their second. */
static inline void i8_widen_group(uint32_t bytes, uint32_t *column, uint32_t step, int is_joined) {
  column[0] = is_joined ? i8_joined_first(bytes) : i8_widen_even(bytes);
  column[step] = is_joined ? i8_joined_second(bytes) : i8_widen_odd(bytes);
}

/* `bytes` inputs that lie side by side; what fills up the last four is any value. Returns where the
 * next ones go. */
static inline __attribute__((always_inline)) uint32_t *
i8_widen_run(const int8_t *from, int32_t bytes, uint32_t *column, uint32_t step, int is_joined) {
  for (; bytes >= 4; bytes -= 4) {
    i8_widen_group(i8_load_word(from), column, step, is_joined);
    from += 4;
    column += I8_WORDS_PER_GROUP * step;
  }
  if (bytes > 0) {
    uint32_t last = (uint8_t)from[0];
    for (int32_t i = 1; i < bytes; ++i) {
      last |= (uint32_t)(uint8_t)from[i] << (8 * i);
    }
    i8_widen_group(last, column, step, is_joined);
    column += I8_WORDS_PER_GROUP * step;
  }
  return column;
}

/* Pixels of which i8_widen_runs takes runs at a time. */
#if I8_HAS_SIMD32 && defined(__OPTIMIZE__)
#define I8_RUNS 3u
#else
#define I8_RUNS I8_COLUMNS
#endif

/* `bytes` inputs of each of some pixels, `step` bytes apart, for joined weights: a multiple of
 * four, above 0. Returns where the next ones go. */
#if I8_HAS_SIMD32 && defined(__OPTIMIZE__)
static __attribute__((naked, noinline, unused)) uint32_t *
i8_widen_runs(uint32_t *columns __attribute__((unused)), const int8_t *from __attribute__((unused)),
              int32_t step __attribute__((unused)), int32_t bytes __attribute__((unused))) {
  __asm__("push {r4, r5, r6, r7, r8, r9, r10, lr}\n\t"
          "add r12, r1, r3\n\t"
          "add r3, r1, r2, lsl #1\n\t"
          "add r2, r1\n\t"
          "1:\n\t"
          "ldr r7, [r1], #4\n\t"
          "ldr r8, [r2], #4\n\t"
          "ldr r9, [r3], #4\n\t"
          "uxtb16 r4, r7, ror #8\n\t"
          "uxtb16 r5, r8, ror #8\n\t"
          "uxtb16 r6, r9, ror #8\n\t"
          "eor r4, r4, #0x00800080\n\t"
          "eor r5, r5, #0x00800080\n\t"
          "eor r6, r6, #0x00800080\n\t"
          "rev16 r7, r7\n\t"
          "rev16 r8, r8\n\t"
          "rev16 r9, r9\n\t"
          "eor r7, r7, #0x007F007F\n\t"
          "eor r8, r8, #0x007F007F\n\t"
          "eor r9, r9, #0x007F007F\n\t"
          "stmia r0!, {r4, r5, r6, r7, r8, r9}\n\t"
          "cmp r1, r12\n\t"
          "bne 1b\n\t"
          "pop {r4, r5, r6, r7, r8, r9, r10, pc}");
}
#else
static inline uint32_t *i8_widen_runs(uint32_t *columns, const int8_t *from, int32_t step,
                                      int32_t bytes) {
  for (int32_t at = 0; at < bytes; at += 4) {
    for (uint32_t i = 0; i < I8_RUNS; ++i) {
      const uint32_t word = i8_load_word(from + (int32_t)i * step + at);
      i8_widen_group(word, columns + i, I8_RUNS, 1);
    }
    columns += I8_WORDS_PER_GROUP * I8_RUNS;
  }
  return columns;
}
#endif

#ifdef __cplusplus
}
#endif

#endif
