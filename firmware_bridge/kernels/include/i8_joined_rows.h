/* SPDX-License-Identifier: Apache-2.0 */
/* All rows of joined weights (i8_dot.h) by three pixels, two rows at a time, and outputs from their
 * sums: the whole inner loop of CONV_2D for layers whose outputs need no care, by hand, as it takes
 * every register.
 *
 * Two by three, as six sums, three inputs and two words of weights are as much as there is room
 * for, and what is loaded for a multiplication is least then: a load of several words takes as many
 * cycles as half of them, in which a Cortex-M7 issues nothing else.
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

/* Pixels that it takes at a time, and the fewest rows. */
#define I8_JOINED_COLUMNS 3u
#define I8_JOINED_ROWS 2

/* What the loop has no register for; read and written by its assembly. */
struct i8_joined_rows {
  int32_t to_second;       /* 0, bytes from the second word of a row to the first of the next row */
  const uint32_t *columns; /* 4 */
  const int32_t *channel;  /* 8 */
  int8_t *output;          /* 12 */
  int32_t step;            /* 16, between the outputs of the three pixels */
  const int8_t *last;      /* 20, where the outputs of the last two rows go, of the first pixel */
  int32_t minimum;         /* 24 */
  int32_t maximum;         /* 28 */
  const void *entry;       /* 32, NULL before the loop has found it */
};

typedef void i8_multiply_joined_rows(struct i8_joined_rows *rows, const int8_t *weights);

/* r0 weights, one word on; r1 from there to those of the second row; r2 columns; r3 and r4 weights
 * that are multiplied; r5 to r7 inputs; r8 to r10 sums of the first row, r11 r12 lr of the second.
 * On the stack: the struct, the end of the columns, where the loop is entered. */
#define I8_SECOND_TWO_WEIGHTS                                                                      \
  "ldmia r2!, {r5, r6, r7}\n\t"                                                                    \
  "smlad r8, r5, r3, r8\n\t"                                                                       \
  "sxtb16 r4, r4\n\t"                                                                              \
  "smlad r9, r6, r3, r9\n\t"                                                                       \
  "smlad r10, r7, r3, r10\n\t"                                                                     \
  "ldr r3, [r0], #4\n\t"                                                                           \
  "smlad r11, r5, r4, r11\n\t"                                                                     \
  "smlad r12, r6, r4, r12\n\t"                                                                     \
  "smlad lr, r7, r4, lr\n\t"
#define I8_FOUR_WEIGHTS                                                                            \
  "ldmia r2!, {r5, r6, r7}\n\t"                                                                    \
  "smlad r8, r5, r3, r8\n\t"                                                                       \
  "ldr r4, [r0, r1]\n\t"                                                                           \
  "smlad r9, r6, r3, r9\n\t"                                                                       \
  "smlad r10, r7, r3, r10\n\t"                                                                     \
  "smlad r11, r5, r4, r11\n\t"                                                                     \
  "sxtb16 r3, r3\n\t"                                                                              \
  "smlad r12, r6, r4, r12\n\t"                                                                     \
  "smlad lr, r7, r4, lr\n\t" I8_SECOND_TWO_WEIGHTS
/* The first, where sums begin with the bias. */
#define I8_FIRST_FOUR_WEIGHTS                                                                      \
  "ldmia r2!, {r5, r6, r7}\n\t"                                                                    \
  "smlad r9, r6, r3, r8\n\t"                                                                       \
  "ldr r4, [r0, r1]\n\t"                                                                           \
  "smlad r10, r7, r3, r8\n\t"                                                                      \
  "smlad r8, r5, r3, r8\n\t"                                                                       \
  "smlad r12, r6, r4, r11\n\t"                                                                     \
  "sxtb16 r3, r3\n\t"                                                                              \
  "smlad lr, r7, r4, r11\n\t"                                                                      \
  "smlad r11, r5, r4, r11\n\t" I8_SECOND_TWO_WEIGHTS
#define I8_EIGHT_WEIGHTS I8_FOUR_WEIGHTS I8_FOUR_WEIGHTS
/* Where the loop is entered, if so many weights are left over from 32 of them. */
#define I8_ENTERED_WITH(weights, label)                                                            \
  "adr.w r6, " label "\n\t"                                                                        \
  "cmp r3, #" weights "\n\t"                                                                       \
  "it eq\n\t"                                                                                      \
  "moveq r5, r6\n\t"
/* Eight weights of each row, then the loop, 32 at a time, the first time as many as make up the
 * rest; where it is entered for that is found once. */
#define I8_ROW_BEGINS                                                                              \
  "push {r4, r5, r6, r7, r8, r9, r10, r11, r12, lr}\n\t"                                           \
  "sub sp, #16\n\t"                                                                                \
  "ldrd r3, r2, [r0]\n\t"                                                                          \
  "add r4, r3, #4\n\t"                                                                             \
  "add r5, r4, r4, lsl #1\n\t"                                                                     \
  "add r5, r2, r5, lsl #1\n\t"                                                                     \
  "strd r0, r5, [sp]\n\t"                                                                          \
  "ldr r5, [r0, #32]\n\t"                                                                          \
  "sub r2, r1, r3\n\t"                                                                             \
  "cbnz r5, 7f\n\t"                                                                                \
  "subs r4, #8\n\t"                                                                                \
  "and r3, r4, #24\n\t"                                                                            \
  "adr.w r5, 2f\n\t" I8_ENTERED_WITH("8", "5f") I8_ENTERED_WITH("16", "4f")                        \
      I8_ENTERED_WITH("24", "3f") "adr.w r6, 6f\n\t"                                               \
                                  "cmp r4, #0\n\t"                                                 \
                                  "it eq\n\t"                                                      \
                                  "moveq r5, r6\n\t"                                               \
                                  "orr r5, r5, #1\n\t"                                             \
                                  "str r5, [r0, #32]\n\t"                                          \
                                  "7:\n\t"                                                         \
                                  "str r5, [sp, #8]\n\t"                                           \
                                  "mov r1, r0\n\t"                                                 \
                                  "mov r0, r2\n\t"                                                 \
                                  "1:\n\t"                                                         \
                                  "ldm r1, {r1, r2, r4}\n\t"                                       \
                                  "add r0, r1\n\t"                                                 \
                                  "ldr r8, [r4]\n\t"                                               \
                                  "ldr r11, [r4, #16]\n\t"                                         \
                                  "ldr r3, [r0], #4\n\t" I8_FIRST_FOUR_WEIGHTS I8_FOUR_WEIGHTS     \
                                  "ldr r5, [sp, #8]\n\t"                                           \
                                  "bx r5\n\t"                                                      \
                                  ".balign 4\n\t"                                                  \
                                  "2:\n\t" I8_EIGHT_WEIGHTS ".balign 4\n\t"                        \
                                  "3:\n\t" I8_EIGHT_WEIGHTS ".balign 4\n\t"                        \
                                  "4:\n\t" I8_EIGHT_WEIGHTS ".balign 4\n\t"                        \
                                  "5:\n\t" I8_EIGHT_WEIGHTS "ldr r5, [sp, #4]\n\t"                 \
                                  "cmp r2, r5\n\t"                                                 \
                                  "bne.w 2b\n\t"                                                   \
                                  ".balign 4\n\t"                                                  \
                                  "6:\n\t"                                                         \
                                  "ldr r1, [sp]\n\t"                                               \
                                  "ldrd r2, r3, [r1, #8]\n\t"
/* Of an odd number of rows the last but one comes again. */
#define I8_ROW_ENDS                                                                                \
  "ldrd r4, r5, [r1, #16]\n\t"                                                                     \
  "strb r9, [r3, r4]\n\t"                                                                          \
  "strb r10, [r3, r4, lsl #1]\n\t"                                                                 \
  "strb r8, [r3], #1\n\t"                                                                          \
  "strb r12, [r3, r4]\n\t"                                                                         \
  "strb lr, [r3, r4, lsl #1]\n\t"                                                                  \
  "strb r11, [r3], #1\n\t"                                                                         \
  "strd r2, r3, [r1, #8]\n\t"                                                                      \
  "cmp r3, r5\n\t"                                                                                 \
  "bls.w 1b\n\t"                                                                                   \
  "subs r3, #1\n\t"                                                                                \
  "subs r2, #16\n\t"                                                                               \
  "strd r2, r3, [r1, #8]\n\t"                                                                      \
  "ldr r6, [r1]\n\t"                                                                               \
  "adds r6, #4\n\t"                                                                                \
  "subs r0, r0, r6\n\t"                                                                            \
  "cmp r3, r5\n\t"                                                                                 \
  "bls.w 1b\n\t"                                                                                   \
  "add sp, #16\n\t"                                                                                \
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
#define I8_FIRST_SUMS(does) does("r8") does("r9") does("r10")
#define I8_SECOND_SUMS(does) does("r11") does("r12") does("lr")
/* The sums of both rows, each by its channel. */
#define I8_ALL_SUMS(does)                                                                          \
  "ldmia r2!, {r4, r5, r6, r7}\n\t" I8_FIRST_SUMS(                                                 \
      does) "ldmia r2!, {r4, r5, r6, r7}\n\t" I8_SECOND_SUMS(does)

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
  __asm__(I8_ROW_BEGINS I8_ALL_SUMS(I8_SCALED) "ldrd r4, r5, [r1, #24]\n\t" I8_FIRST_SUMS(
      I8_CLAMPED) I8_SECOND_SUMS(I8_CLAMPED) I8_ROW_ENDS);
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
