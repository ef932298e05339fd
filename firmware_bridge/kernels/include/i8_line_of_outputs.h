/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of outputs of one channel, four outputs at a time: the inner loop of i8_depthwise_lines.c,
 * in assembly for strides of 1 and 2.
 *
 * Internal to i8_depthwise_lines.c. */
#ifndef I8_LINE_OF_OUTPUTS_H
#define I8_LINE_OF_OUTPUTS_H

#include <stddef.h>

#include "i8_requantise.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Read and written by assembly, at the offsets that are given. */
struct i8_line_of_outputs {
  int32_t multiplier;  /* 0, and the next two: as of an output channel in i8_requantise.h */
  int32_t rounding;    /* 4 */
  int32_t right;       /* 8 */
  int8_t *output;      /* 12 */
  int32_t step;        /* 16 */
  const uint32_t *row; /* 20 */
  int32_t row_bytes;   /* 24, from row to row; where a loop reads on, from a row's last word that is
                          read */
  const uint32_t *taps; /* 28 */
  int32_t bias;         /* 32, twice that of the channel */
  const uint32_t *end;  /* 36, of taps */
  int32_t left;         /* 40, outputs */
  int32_t line_bytes;   /* 44, of taps of a line */
  void (*finish)(void); /* 48, makes outputs of sums */
  int32_t minimum;      /* 52 */
  int32_t maximum;      /* 56 */
  int32_t b, c, d;      /* 60, 64, 68, bytes to the other outputs' inputs from a word past those of
                           the first */
  int32_t advance;      /* 72, bytes to the inputs of the next four */
  int32_t next_row;     /* 76, bytes from where a loop has come to in a line to where it begins in
                           the next; of inputs */
  int32_t next_output;  /* 80, the same of outputs */
  int32_t along;        /* 84, outputs of a line */
  int32_t lines;        /* 88, that are left */
};

#if I8_HAS_SIMD32 && defined(__OPTIMIZE__)
#define I8_HAS_LINES 1

/* r0 line, r1 row, r2 from row to row, r3 taps; r8 r10 r11 r12 four sums, of inputs times twice the
 * taps: what i8_requantise.h begins with. */
#define I8_SCALE(sum)                                                                              \
  "smmlar " sum ", " sum ", r4, r5\n\t"                                                            \
  "asr " sum ", " sum ", r6\n\t"
#define I8_SCALE_PLAIN(sum) I8_SCALE(sum) "ssat " sum ", #8, " sum "\n\t"
#define I8_SCALE_AWAY(sum)                                                                         \
  "smmulr " sum ", " sum ", r4\n\t"                                                                \
  "add " sum ", " sum ", " sum ", asr #31\n\t"                                                     \
  "add " sum ", " sum ", r5\n\t"                                                                   \
  "asr " sum ", " sum ", r6\n\t"                                                                   \
  "ssat " sum ", #8, " sum "\n\t"
#define I8_BOUND(sum)                                                                              \
  "cmp " sum ", r4\n\t"                                                                            \
  "it lt\n\t"                                                                                      \
  "movlt " sum ", r4\n\t"                                                                          \
  "cmp " sum ", r5\n\t"                                                                            \
  "it gt\n\t"                                                                                      \
  "movgt " sum ", r5\n\t"
#define I8_EACH_SUM(does) does("r8") does("r10") does("r11") does("r12")
#define I8_CONSTANTS "ldm r0, {r4, r5, r6}\n\t"
/* Four outputs of the sums, by kind. */
#define I8_PLAIN_OUTPUTS I8_EACH_SUM(I8_SCALE_PLAIN)
#define I8_AWAY_OUTPUTS I8_EACH_SUM(I8_SCALE_AWAY)
#define I8_CLAMPED_OUTPUTS I8_EACH_SUM(I8_SCALE) "ldrd r4, r5, [r0, #52]\n\t" I8_EACH_SUM(I8_BOUND)

/* Scales four sums in registers for I8_HALVES_UP; only the loops here call it. */
static __attribute__((naked, noinline)) void i8_finish_plain(void) {
  __asm__(I8_CONSTANTS I8_PLAIN_OUTPUTS "bx lr");
}

/* The same for I8_HALVES_AWAY. */
static __attribute__((naked, noinline)) void i8_finish_away(void) {
  __asm__(I8_CONSTANTS I8_AWAY_OUTPUTS "bx lr");
}

/* The same for both, with a clamp. */
static __attribute__((naked, noinline)) void i8_finish_clamped(void) {
  __asm__(I8_CONSTANTS I8_CLAMPED_OUTPUTS "bx lr");
}

#define I8_SAVE "push {r4, r5, r6, r7, r8, r9, r10, r11, r12, lr}\n\t"
#define I8_RESTORE "pop {r4, r5, r6, r7, r8, r9, r10, r11, r12, pc}\n\t"
/* Write four outputs, and move on to the next. */
#define I8_WRITE(output, step)                                                                     \
  "strb r8, [" output "]\n\t"                                                                      \
  "strb r10, [" output ", " step "]\n\t"                                                           \
  "add " output ", " output ", " step ", lsl #1\n\t"                                               \
  "strb r11, [" output "]\n\t"                                                                     \
  "strb r12, [" output ", " step "]\n\t"                                                           \
  "add " output ", " output ", " step ", lsl #1\n\t"                                               \
  "str " output ", [r0, #12]\n\t"
/* Write what is left, fewer than four: `left` less 4 was negative. */
#define I8_WRITE_REST(left, output, step, line_ends)                                               \
  "9:\n\t"                                                                                         \
  "strb r8, [" output "]\n\t"                                                                      \
  "adds " left ", #2\n\t"                                                                          \
  "bmi 8f\n\t"                                                                                     \
  "strb r10, [" output ", " step "]\n\t"                                                           \
  "beq 8f\n\t"                                                                                     \
  "strb r11, [" output ", " step ", lsl #1]\n\t"                                                   \
  "8:\n\t" line_ends

/* The sums begin; rows, taps and their end in lr. */
#define I8_GROUP_BEGINS                                                                            \
  "1:\n\t"                                                                                         \
  "add r4, r0, #20\n\t"                                                                            \
  "ldm r4, {r1, r2, r3, r8, lr}\n\t"                                                               \
  "mov r10, r8\n\t"                                                                                \
  "mov r11, r8\n\t"                                                                                \
  "mov r12, r8\n\t"
/* The next line, from what lies in memory. */
#define I8_LINE_ENDS                                                                               \
  "ldrd r4, r5, [r0, #84]\n\t"                                                                     \
  "subs r5, #1\n\t"                                                                                \
  "beq 7f\n\t"                                                                                     \
  "str r4, [r0, #40]\n\t"                                                                          \
  "str r5, [r0, #88]\n\t"                                                                          \
  "ldrd r4, r5, [r0, #76]\n\t"                                                                     \
  "ldr r6, [r0, #20]\n\t"                                                                          \
  "add r6, r4\n\t"                                                                                 \
  "str r6, [r0, #20]\n\t"                                                                          \
  "ldr r6, [r0, #12]\n\t"                                                                          \
  "add r6, r5\n\t"                                                                                 \
  "str r6, [r0, #12]\n\t"                                                                          \
  "b.w 1b\n\t"                                                                                     \
  "7:\n\t" I8_RESTORE
#define I8_GROUP_ENDS(advance)                                                                     \
  "ldr r4, [r0, #48]\n\t"                                                                          \
  "blx r4\n\t"                                                                                     \
  "ldrd r4, r5, [r0, #12]\n\t"                                                                     \
  "ldr r6, [r0, #40]\n\t"                                                                          \
  "subs r6, #4\n\t"                                                                                \
  "bmi 9f\n\t" I8_WRITE("r4", "r5") "str r6, [r0, #40]\n\t"                                        \
                                    "ldr r1, [r0, #20]\n\t"                                        \
                                    "add r1, r1, " advance "\n\t"                                  \
                                    "str r1, [r0, #20]\n\t"                                        \
                                    "bne.w 1b\n\t"                                                 \
                                    "b 8f\n\t" I8_WRITE_REST("r6", "r4", "r5", I8_LINE_ENDS)

/* A line of three taps by stride 1, from four words of taps at `at`; sums begin with those given.
 */
#define I8_THREE_TAPS(at, next, a, b, c, d)                                                        \
  "ldm r1, {r4, r5, r6}\n\t"                                                                       \
  "ldrd r7, r9, [r3, #" at "]\n\t"                                                                 \
  "smlad r8, r4, r7, " a "\n\t"                                                                    \
  "smlad r10, r4, r9, " b "\n\t"                                                                   \
  "smlad r11, r5, r7, " c "\n\t"                                                                   \
  "smlad r12, r5, r9, " d "\n\t"                                                                   \
  "ldrd r7, r9, [r3, #" next "]\n\t"                                                               \
  "smlad r8, r5, r7, r8\n\t"                                                                       \
  "smlad r10, r5, r9, r10\n\t"                                                                     \
  "smlad r11, r6, r7, r11\n\t"                                                                     \
  "smlad r12, r6, r9, r12\n\t"
#define I8_THREE_MORE(at, next) I8_THREE_TAPS(at, next, "r8", "r10", "r11", "r12")

#define I8_3X3_BEGINS                                                                              \
  I8_SAVE                                                                                          \
  "ldrd r1, r2, [r0, #20]\n\t"                                                                     \
  "ldr r3, [r0, #28]\n\t"                                                                          \
  "ldr lr, [r0, #40]\n\t"                                                                          \
  "1:\n\t"                                                                                         \
  "ldr r12, [r0, #32]\n\t"
/* The next line, from what lies in registers: r1 is past the inputs of the last four outputs, r7
 * past those that were written four at a time. */
#define I8_3X3_LINE_ENDS                                                                           \
  "ldrd r4, r5, [r0, #76]\n\t"                                                                     \
  "add r1, r4\n\t"                                                                                 \
  "add r7, r5\n\t"                                                                                 \
  "str r7, [r0, #12]\n\t"                                                                          \
  "ldrd lr, r5, [r0, #84]\n\t"                                                                     \
  "subs r5, #1\n\t"                                                                                \
  "str r5, [r0, #88]\n\t"                                                                          \
  "bne.w 1b\n\t" I8_RESTORE
#define I8_3X3_ENDS(advance, outputs)                                                              \
  "sub r1, r1, r2, lsl #1\n\t"                                                                     \
  "add r1, #" advance "\n\t"                                                                       \
  "ldm r0, {r4, r5, r6, r7, r9}\n\t" outputs "subs lr, #4\n\t"                                     \
  "bmi 9f\n\t" I8_WRITE("r7", "r9") "bne.w 1b\n\t"                                                 \
                                    "b 8f\n\t" I8_WRITE_REST("lr", "r7", "r9", I8_3X3_LINE_ENDS)

/* 3x3 taps by stride 1, whatever is done to the sums. */
#define I8_LINE_3X3(outputs)                                                                       \
  __asm__(I8_3X3_BEGINS I8_THREE_TAPS(                                                             \
      "0", "8", "r12", "r12", "r12",                                                               \
      "r12") "add r1, r2\n\t" I8_THREE_MORE("16", "24") "add r1, r2\n\t" I8_THREE_MORE("32", "40") \
              I8_3X3_ENDS("8", outputs))

/* For I8_HALVES_UP without a clamp. */
static __attribute__((naked, noinline)) void i8_line_3x3(struct i8_line_of_outputs *line
                                                         __attribute__((unused))) {
  I8_LINE_3X3(I8_PLAIN_OUTPUTS);
}

/* For I8_HALVES_AWAY. */
static __attribute__((naked, noinline)) void i8_line_3x3_away(struct i8_line_of_outputs *line
                                                              __attribute__((unused))) {
  I8_LINE_3X3(I8_AWAY_OUTPUTS);
}

/* For both, with a clamp. */
static __attribute__((naked, noinline)) void i8_line_3x3_clamped(struct i8_line_of_outputs *line
                                                                 __attribute__((unused))) {
  I8_LINE_3X3(I8_CLAMPED_OUTPUTS);
}

/* Any taps by stride 1. */
static __attribute__((naked, noinline)) void i8_line_by_1(struct i8_line_of_outputs *line
                                                          __attribute__((unused))) {
  __asm__(I8_SAVE I8_GROUP_BEGINS "2:\n\t"
                                  "ldr r6, [r0, #44]\n\t"
                                  "add r6, r3\n\t"
                                  "3:\n\t"
                                  "ldrd r4, r5, [r1], #4\n\t"
                                  "ldrd r7, r9, [r3], #8\n\t"
                                  "smlad r8, r4, r7, r8\n\t"
                                  "smlad r10, r4, r9, r10\n\t"
                                  "smlad r11, r5, r7, r11\n\t"
                                  "smlad r12, r5, r9, r12\n\t"
                                  "cmp r3, r6\n\t"
                                  "bne 3b\n\t"
                                  "add r1, r2\n\t"
                                  "cmp r3, lr\n\t"
                                  "bne 2b\n\t" I8_GROUP_ENDS("#8"));
}

/* Two taps by stride 2, of words that the registers a to d hold, or that are read into d first. */
#define I8_TWO_TAPS(a, b, c, d)                                                                    \
  "ldr r9, [r3], #4\n\t"                                                                           \
  "smlad r8, " a ", r9, r8\n\t"                                                                    \
  "smlad r10, " b ", r9, r10\n\t"                                                                  \
  "smlad r11, " c ", r9, r11\n\t"                                                                  \
  "smlad r12, " d ", r9, r12\n\t"
#define I8_NEXT_TWO(at, a, b, c, d) "ldr " d ", [r1, #" at "]\n\t" I8_TWO_TAPS(a, b, c, d)
#define I8_TAPS_BY_2 "ldm r1, {r4, r5, r6, r7}\n\t" I8_TWO_TAPS("r4", "r5", "r6", "r7")
#define I8_LINE_BY_2(taps)                                                                         \
  __asm__(I8_SAVE I8_GROUP_BEGINS "2:\n\t" I8_TAPS_BY_2 taps "add r1, r2\n\t"                      \
                                  "cmp r3, lr\n\t"                                                 \
                                  "bne 2b\n\t" I8_GROUP_ENDS("#16"))

/* A line of three taps by stride 2, from two words of taps at `at` and `next`. */
#define I8_THREE_BY_2(at, next, a, b, c, d)                                                        \
  "ldm r1, {r4, r5, r6, r7}\n\t"                                                                   \
  "ldr r9, [r3, #" at "]\n\t"                                                                      \
  "smlad r8, r4, r9, " a "\n\t"                                                                    \
  "smlad r10, r5, r9, " b "\n\t"                                                                   \
  "smlad r11, r6, r9, " c "\n\t"                                                                   \
  "smlad r12, r7, r9, " d "\n\t"                                                                   \
  "ldr r9, [r3, #" next "]\n\t"                                                                    \
  "ldr r4, [r1, #16]\n\t"                                                                          \
  "smlad r8, r5, r9, r8\n\t"                                                                       \
  "smlad r10, r6, r9, r10\n\t"                                                                     \
  "smlad r11, r7, r9, r11\n\t"                                                                     \
  "smlad r12, r4, r9, r12\n\t"
#define I8_THREE_MORE_BY_2(at, next) I8_THREE_BY_2(at, next, "r8", "r10", "r11", "r12")

/* The same by stride 2. */
#define I8_LINE_3X3_BY_2(outputs)                                                                  \
  __asm__(I8_3X3_BEGINS I8_THREE_BY_2(                                                             \
      "0", "4", "r12", "r12", "r12",                                                               \
      "r12") "add r1, r2\n\t" I8_THREE_MORE_BY_2("8",                                              \
                                                 "12") "add r1, r2\n\t" I8_THREE_MORE_BY_2("16",   \
                                                                                           "20")   \
              I8_3X3_ENDS("16", outputs))

/* For I8_HALVES_UP without a clamp. */
static __attribute__((naked, noinline)) void i8_line_3x3_by_2(struct i8_line_of_outputs *line
                                                              __attribute__((unused))) {
  I8_LINE_3X3_BY_2(I8_PLAIN_OUTPUTS);
}

/* For I8_HALVES_AWAY. */
static __attribute__((naked, noinline)) void i8_line_3x3_by_2_away(struct i8_line_of_outputs *line
                                                                   __attribute__((unused))) {
  I8_LINE_3X3_BY_2(I8_AWAY_OUTPUTS);
}

/* For both, with a clamp. */
static __attribute__((naked, noinline)) void
i8_line_3x3_by_2_clamped(struct i8_line_of_outputs *line __attribute__((unused))) {
  I8_LINE_3X3_BY_2(I8_CLAMPED_OUTPUTS);
}

/* 3 or 4 taps a line, 5 or 6, 7 or 8. */
static __attribute__((naked, noinline)) void i8_line_4_by_2(struct i8_line_of_outputs *line
                                                            __attribute__((unused))) {
  I8_LINE_BY_2(I8_NEXT_TWO("16", "r5", "r6", "r7", "r4"));
}

/* 5 or 6 taps a line, stride 2. */
static __attribute__((naked, noinline)) void i8_line_6_by_2(struct i8_line_of_outputs *line
                                                            __attribute__((unused))) {
  I8_LINE_BY_2(I8_NEXT_TWO("16", "r5", "r6", "r7", "r4") I8_NEXT_TWO("20", "r6", "r7", "r4", "r5"));
}

/* 7 or 8 taps a line, stride 2. */
static __attribute__((naked, noinline)) void i8_line_8_by_2(struct i8_line_of_outputs *line
                                                            __attribute__((unused))) {
  I8_LINE_BY_2(I8_NEXT_TWO("16", "r5", "r6", "r7", "r4") I8_NEXT_TWO("20", "r6", "r7", "r4", "r5")
                   I8_NEXT_TWO("24", "r7", "r4", "r5", "r6"));
}

/* Any taps by any stride: words of taps in pairs, for outputs at even places and at odd ones. */
static __attribute__((naked, noinline)) void i8_line_by_any(struct i8_line_of_outputs *line
                                                            __attribute__((unused))) {
  __asm__(I8_SAVE I8_GROUP_BEGINS "add r4, r0, #60\n\t"
                                  "ldm r4, {r2, r5, r6}\n\t"
                                  "2:\n\t"
                                  "ldr lr, [r0, #44]\n\t"
                                  "add lr, r3\n\t"
                                  "3:\n\t"
                                  "ldrd r7, r9, [r3], #8\n\t"
                                  "ldr r4, [r1], #4\n\t"
                                  "smlad r8, r4, r7, r8\n\t"
                                  "ldr r4, [r1, r2]\n\t"
                                  "smlad r10, r4, r9, r10\n\t"
                                  "ldr r4, [r1, r5]\n\t"
                                  "smlad r11, r4, r7, r11\n\t"
                                  "ldr r4, [r1, r6]\n\t"
                                  "smlad r12, r4, r9, r12\n\t"
                                  "cmp r3, lr\n\t"
                                  "bne 3b\n\t"
                                  "ldr r4, [r0, #24]\n\t"
                                  "add r1, r4\n\t"
                                  "ldr r4, [r0, #36]\n\t"
                                  "cmp r3, r4\n\t"
                                  "bne 2b\n\t"
                                  /* r7 is free from here on. */
                                  "ldr r7, [r0, #72]\n\t" I8_GROUP_ENDS("r7"));
}

/* 9 or 10 taps a line, stride 2. */
static __attribute__((naked, noinline)) void i8_line_10_by_2(struct i8_line_of_outputs *line
                                                             __attribute__((unused))) {
  I8_LINE_BY_2(I8_NEXT_TWO("16", "r5", "r6", "r7", "r4") I8_NEXT_TWO("20", "r6", "r7", "r4", "r5")
                   I8_NEXT_TWO("24", "r7", "r4", "r5", "r6")
                       I8_NEXT_TWO("28", "r4", "r5", "r6", "r7"));
}

typedef void i8_compute_line(struct i8_line_of_outputs *line);

/* What makes outputs of a layer's sums, NULL where none of these does. */
static inline void (*i8_finish_for(int32_t rounding, int32_t minimum, int32_t maximum))(void) {
  const int clamps = minimum > -128 || maximum < 127;
  if (rounding == I8_HALVES_UP) {
    return clamps ? i8_finish_clamped : i8_finish_plain;
  }
  return rounding == I8_HALVES_AWAY && !clamps ? i8_finish_away : NULL;
}

/* The loop for 3x3 taps by stride 1 or 2 whose outputs are made so. */
static inline i8_compute_line *i8_line_loop_3x3(int32_t stride, void (*finish)(void)) {
  if (stride == 1) {
    return finish == i8_finish_plain  ? i8_line_3x3
           : finish == i8_finish_away ? i8_line_3x3_away
                                      : i8_line_3x3_clamped;
  }
  return finish == i8_finish_plain  ? i8_line_3x3_by_2
         : finish == i8_finish_away ? i8_line_3x3_by_2_away
                                    : i8_line_3x3_by_2_clamped;
}

/* The loop for lines of a stride, of so many words of taps each. */
static inline i8_compute_line *i8_line_loop(int32_t stride, int32_t words) {
  if (stride == 1) {
    return i8_line_by_1;
  }
  if (stride == 2 && words >= 2 && words <= 5) {
    return words == 2   ? i8_line_4_by_2
           : words == 3 ? i8_line_6_by_2
           : words == 4 ? i8_line_8_by_2
                        : i8_line_10_by_2;
  }
  return i8_line_by_any;
}

#else
#define I8_HAS_LINES 0
#endif

#ifdef __cplusplus
}
#endif

#endif
