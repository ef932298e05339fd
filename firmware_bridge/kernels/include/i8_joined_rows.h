/* SPDX-License-Identifier: Apache-2.0 */
/* All rows of joined weights (i8_dot.h) by four pixels, and outputs from their sums: the whole
 * inner loop of CONV_2D for layers whose outputs need no care, by hand, as it takes every register.
 *
 * Internal to i8_conv_2d.c. */
#ifndef I8_JOINED_ROWS_H
#define I8_JOINED_ROWS_H

#include "i8_dot.h"

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_SIMD32 && defined(__OPTIMIZE__)
#define I8_HAS_JOINED_ROWS 1

/* What the loop has no register for; read and written by its assembly. */
struct i8_joined_rows {
  const uint32_t *columns; /* 0 */
  int32_t row_bytes;       /* 4, a multiple of 8 */
  const void *entry;       /* 8, set by the loop */
  const int32_t *channel;  /* 12 */
  int8_t *output;          /* 16 */
  int32_t step;            /* 20, between the outputs of the four pixels */
  const int8_t *end;       /* 24, of the outputs of the first pixel */
  int32_t minimum;         /* 28 */
  int32_t maximum;         /* 32 */
};

typedef void i8_multiply_joined_rows(struct i8_joined_rows *rows, const int8_t *weights);

/* r0 rows, r1 weights, r2 columns, r3 and r9 weights that are multiplied, r4 to r7 inputs, r8 r10
 * r11 r12 sums, lr end of the row. */
#define I8_FOUR_INPUTS(weights)                                                                    \
  "ldmia r2!, {r4, r5, r6, r7}\n\t"                                                                \
  "smlad r8, r4, " weights ", r8\n\t"                                                              \
  "smlad r10, r5, " weights ", r10\n\t"                                                            \
  "smlad r11, r6, " weights ", r11\n\t"                                                            \
  "smlad r12, r7, " weights ", r12\n\t"
#define I8_EIGHT_WEIGHTS                                                                           \
  "ldrd r3, r9, [r1], #8\n\t" I8_FOUR_INPUTS("r3") "sxtb16 r3, r3\n\t" I8_FOUR_INPUTS("r3")        \
      I8_FOUR_INPUTS("r9") "sxtb16 r9, r9\n\t" I8_FOUR_INPUTS("r9")
/* The loop takes 32 weights at a time, the first time as many as make up the rest; where it is
 * entered for that is found once. */
#define I8_ROW_BEGINS                                                                              \
  "push {r4, r5, r6, r7, r8, r9, r10, r11, r12, lr}\n\t"                                           \
  "ldr r3, [r0, #4]\n\t"                                                                           \
  "adr.w r5, 2f\n\t"                                                                               \
  "adr.w r6, 5f\n\t"                                                                               \
  "and r3, r3, #24\n\t"                                                                            \
  "cmp r3, #8\n\t"                                                                                 \
  "it eq\n\t"                                                                                      \
  "moveq r5, r6\n\t"                                                                               \
  "adr.w r6, 4f\n\t"                                                                               \
  "cmp r3, #16\n\t"                                                                                \
  "it eq\n\t"                                                                                      \
  "moveq r5, r6\n\t"                                                                               \
  "adr.w r6, 3f\n\t"                                                                               \
  "cmp r3, #24\n\t"                                                                                \
  "it eq\n\t"                                                                                      \
  "moveq r5, r6\n\t"                                                                               \
  "orr r5, r5, #1\n\t"                                                                             \
  "str r5, [r0, #8]\n\t"                                                                           \
  "1:\n\t"                                                                                         \
  "ldm r0, {r2, r3, r4, r5}\n\t"                                                                   \
  "ldr r8, [r5]\n\t"                                                                               \
  "add lr, r1, r3\n\t"                                                                             \
  "mov r10, r8\n\t"                                                                                \
  "mov r11, r8\n\t"                                                                                \
  "mov r12, r8\n\t"                                                                                \
  "bx r4\n\t"                                                                                      \
  ".balign 4\n\t"                                                                                  \
  "2:\n\t" I8_EIGHT_WEIGHTS ".balign 4\n\t"                                                        \
  "3:\n\t" I8_EIGHT_WEIGHTS ".balign 4\n\t"                                                        \
  "4:\n\t" I8_EIGHT_WEIGHTS ".balign 4\n\t"                                                        \
  "5:\n\t" I8_EIGHT_WEIGHTS "cmp r1, lr\n\t"                                                       \
  "bne.w 2b\n\t"                                                                                   \
  "ldrd r9, r3, [r0, #12]\n\t"                                                                     \
  "ldrd r2, lr, [r0, #20]\n\t"                                                                     \
  "ldmia r9!, {r4, r5, r6, r7}\n\t"
#define I8_ROW_ENDS                                                                                \
  "add r4, r3, r2, lsl #1\n\t"                                                                     \
  "strb r12, [r4, r2]\n\t"                                                                         \
  "strb r11, [r4]\n\t"                                                                             \
  "strb r10, [r3, r2]\n\t"                                                                         \
  "strb r8, [r3], #1\n\t"                                                                          \
  "strd r9, r3, [r0, #12]\n\t"                                                                     \
  "cmp r3, lr\n\t"                                                                                 \
  "bne.w 1b\n\t"                                                                                   \
  "pop {r4, r5, r6, r7, r8, r9, r10, r11, r12, pc}"

/* From a sum times 256, as in i8_requantise.h. */
#define I8_SCALED(sum)                                                                             \
  "asr " sum ", " sum ", #7\n\t"                                                                   \
  "smmlar " sum ", " sum ", r5, r6\n\t"                                                            \
  "asr " sum ", " sum ", r7\n\t"
#define I8_PLAIN(sum) I8_SCALED(sum) "ssat " sum ", #8, " sum "\n\t"
#define I8_HALF_AWAY(sum)                                                                          \
  "asr " sum ", " sum ", #7\n\t"                                                                   \
  "smmulr " sum ", " sum ", r5\n\t"                                                                \
  "add " sum ", " sum ", " sum ", asr #31\n\t"                                                     \
  "add " sum ", " sum ", r6\n\t"                                                                   \
  "asr " sum ", " sum ", r7\n\t"                                                                   \
  "ssat " sum ", #8, " sum "\n\t"
#define I8_CLAMPED(sum)                                                                            \
  "cmp " sum ", r4\n\t"                                                                            \
  "it lt\n\t"                                                                                      \
  "movlt " sum ", r4\n\t"                                                                          \
  "cmp " sum ", r5\n\t"                                                                            \
  "it gt\n\t"                                                                                      \
  "movgt " sum ", r5\n\t"
#define I8_ALL_SUMS(does) does("r8") does("r10") does("r11") does("r12")

/* For I8_HALVES_UP without a clamp; as the type above says. */
static __attribute__((naked, noinline)) void i8_joined_rows_plain(struct i8_joined_rows *rows
                                                                  __attribute__((unused)),
                                                                  const int8_t *weights
                                                                  __attribute__((unused))) {
  __asm__(I8_ROW_BEGINS I8_ALL_SUMS(I8_PLAIN) I8_ROW_ENDS);
}

/* For I8_HALVES_AWAY without a clamp. */
static __attribute__((naked, noinline)) void i8_joined_rows_away(struct i8_joined_rows *rows
                                                                 __attribute__((unused)),
                                                                 const int8_t *weights
                                                                 __attribute__((unused))) {
  __asm__(I8_ROW_BEGINS I8_ALL_SUMS(I8_HALF_AWAY) I8_ROW_ENDS);
}

/* For both kinds of rounding with a clamp. */
static __attribute__((naked, noinline)) void i8_joined_rows_clamped(struct i8_joined_rows *rows
                                                                    __attribute__((unused)),
                                                                    const int8_t *weights
                                                                    __attribute__((unused))) {
  __asm__(I8_ROW_BEGINS I8_ALL_SUMS(I8_SCALED) "ldrd r4, r5, [r0, #28]\n\t" I8_ALL_SUMS(I8_CLAMPED)
              I8_ROW_ENDS);
}

/* The loop for a layer, NULL where there is none. */
static inline i8_multiply_joined_rows *i8_joined_rows_for(int32_t rounding, int32_t minimum,
                                                          int32_t maximum) {
  const int clamps = minimum > -128 || maximum < 127;
  if (rounding == I8_HALVES_UP) {
    return clamps ? i8_joined_rows_clamped : i8_joined_rows_plain;
  }
  return rounding == I8_HALVES_AWAY && !clamps ? i8_joined_rows_away : NULL;
}

#else
#define I8_HAS_JOINED_ROWS 0
#endif

#ifdef __cplusplus
}
#endif

#endif
