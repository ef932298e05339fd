/* SPDX-License-Identifier: Apache-2.0 */
/* Some lines of output pixels of four channels: the inner loop of i8_depthwise_lanes.c, in
 * assembly, as it takes every register.
 *
 * Internal to i8_depthwise_lanes.c. */
#ifndef I8_LANE_LOOP_H
#define I8_LANE_LOOP_H

#include "i8_requantise.h"

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_SIMD32 && defined(__OPTIMIZE__)
#define I8_HAS_LANES 1

/* Taps that follow each other in the loop, and the bytes of code of one. */
#define I8_LANE_TAPS 9
#define I8_LANE_TAP_CODE 28

/* What makes outputs of sums. */
enum i8_lane_finish {
  I8_LANES_PLAIN,   /* I8_HALVES_UP without a clamp */
  I8_LANES_AWAY,    /* I8_HALVES_AWAY without a clamp */
  I8_LANES_CLAMPED, /* I8_HALVES_UP with a clamp */
};

/* Read by assembly, at the offsets that are given. */
struct i8_lane_lines {
  const uint32_t *table;         /* 0, four biases, twice; of each tap bytes to its input, twice the
                                    weights of channels 0 and 2, those of 1 and 3; of each channel
                                    multiplier, rounding, shift */
  int32_t second, third, fourth; /* 4, 8, 12, bytes from the first channel's output; 0 for those
                                    that nobody wants */
  int32_t skipped;               /* 16, code of the taps by which the first ones are fewer than
                                    I8_LANE_TAPS, in bytes */
  int32_t advance;               /* 20, bytes from a pixel's inputs to the next pixel's */
  const uint32_t *end;           /* 24, of taps */
  int32_t next_output;           /* 28, bytes from a pixel's output to the next pixel's */
  int32_t next_line;             /* 32, bytes from past a line's last pixel to the next line */
  int32_t next_output_line;      /* 36, the same of outputs */
  int32_t along;                 /* 40, pixels of a line */
  int32_t lines;                 /* 44 */
  int32_t minimum, maximum;      /* 48, 52 */
  int32_t finish;                /* 56, enum i8_lane_finish */
  const int8_t *input;           /* 60 */
  int8_t *output;                /* 64 */
};

/* One tap: r0 the table, r1 a pixel's inputs, r8 to r11 sums, by channel. */
#define I8_LANE_TAP                                                                                \
  "ldmia.n r0!, {r2, r3, r4}\n\t"                                                                  \
  "ldr.n r2, [r1, r2]\n\t"                                                                         \
  "sxtb16 r5, r2\n\t"                                                                              \
  "sxtb16 r6, r2, ror #8\n\t"                                                                      \
  "smlabb r8, r5, r3, r8\n\t"                                                                      \
  "smlabb r9, r6, r4, r9\n\t"                                                                      \
  "smlatt r10, r5, r3, r10\n\t"                                                                    \
  "smlatt r11, r6, r4, r11\n\t"
/* What makes an output of a sum, by its multiplier, rounding and shift. */
#define I8_LANE_SCALED(sum, multiplier, rounding, shift)                                           \
  "smmlar " sum ", " sum ", " multiplier ", " rounding "\n\t"                                      \
  "asr " sum ", " sum ", " shift "\n\t"
#define I8_LANE_UP(sum, multiplier, rounding, shift)                                               \
  I8_LANE_SCALED(sum, multiplier, rounding, shift) "ssat " sum ", #8, " sum "\n\t"
#define I8_LANE_AWAY(sum, multiplier, rounding, shift)                                             \
  "smmulr " sum ", " sum ", " multiplier "\n\t"                                                    \
  "add " sum ", " sum ", " sum ", asr #31\n\t"                                                     \
  "add " sum ", " sum ", " rounding "\n\t"                                                         \
  "asr " sum ", " sum ", " shift "\n\t"                                                            \
  "ssat " sum ", #8, " sum "\n\t"
#define I8_LANE_BOUND(sum)                                                                         \
  "cmp " sum ", r2\n\t"                                                                            \
  "it lt\n\t"                                                                                      \
  "movlt " sum ", r2\n\t"                                                                          \
  "cmp " sum ", r3\n\t"                                                                            \
  "it gt\n\t"                                                                                      \
  "movgt " sum ", r3\n\t"
#define I8_LANES_BY(does)                                                                          \
  "ldmia r0!, {r2, r3, r4, r5, r6, r7}\n\t" does("r8", "r2", "r3", "r4")                           \
      does("r9", "r5", "r6", "r7") "ldmia r0!, {r2, r3, r4, r5, r6, r7}\n\t" does(                 \
          "r10", "r2", "r3", "r4") does("r11", "r5", "r6", "r7")

/* Compute some lines. On the stack: the struct's first 15 words, where `skipped` and `finish` have
 * become places in the code. */
static __attribute__((naked, noinline)) void i8_lane_loop(const struct i8_lane_lines *lines
                                                          __attribute__((unused))) {
  __asm__(
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n\t"
      "ldrd r1, r12, [r0, #60]\n\t"
      "ldr lr, [r0, #40]\n\t"
      "sub sp, #60\n\t"
      "ldmia r0!, {r2, r3, r4, r5, r6, r7, r8, r9}\n\t"
      "adr.w r10, 2f\n\t"
      "add r6, r10\n\t"
      "orr r6, r6, #1\n\t"
      "stmia sp, {r2, r3, r4, r5, r6, r7, r8, r9}\n\t"
      "ldmia r0, {r2, r3, r4, r5, r6, r7, r8}\n\t"
      "adr.w r9, 5f\n\t"
      "adr.w r10, 3f\n\t"
      "cmp r8, #1\n\t"
      "it eq\n\t"
      "moveq r9, r10\n\t"
      "adr.w r10, 4f\n\t"
      "it gt\n\t"
      "movgt r9, r10\n\t"
      "orr r8, r9, #1\n\t"
      "add r0, sp, #32\n\t"
      "stmia r0, {r2, r3, r4, r5, r6, r7, r8}\n\t"
      "ldmia sp, {r0, r2, r3, r4, r5, r6, r7}\n\t"
      "1:\n\t"
      "ldmia r0!, {r8, r9, r10, r11}\n\t"
      "bx r5\n\t"
      ".balign 4\n\t"
      "2:\n\t" I8_LANE_TAP I8_LANE_TAP I8_LANE_TAP I8_LANE_TAP I8_LANE_TAP I8_LANE_TAP I8_LANE_TAP
          I8_LANE_TAP I8_LANE_TAP "cmp r0, r7\n\t"
      "bne.w 2b\n\t"
      "ldr.w pc, [sp, #56]\n\t"
      ".balign 4\n\t"
      "3:\n\t" I8_LANES_BY(
          I8_LANE_AWAY) "b.w 6f\n\t"
                        ".balign 4\n\t"
                        "4:\n\t" I8_LANES_BY(
                            I8_LANE_SCALED) "ldrd r2, r3, [sp, #48]\n\t" I8_LANE_BOUND("r8")
                            I8_LANE_BOUND("r9") I8_LANE_BOUND("r10") I8_LANE_BOUND(
                                "r11") "b.w 6f\n\t"
                                       ".balign 4\n\t"
                                       "5:\n\t" I8_LANES_BY(
                                           I8_LANE_UP) "6:\n\t"
                                                       "ldmia sp, {r0, r2, r3, r4, r5, r6, r7}\n\t"
                                                       /* The first comes last: it is what stays
                                                          where others go to its place. */
                                                       "strb r11, [r12, r4]\n\t"
                                                       "strb r10, [r12, r3]\n\t"
                                                       "strb r9, [r12, r2]\n\t"
                                                       "ldr r9, [sp, #28]\n\t"
                                                       "strb r8, [r12]\n\t"
                                                       "add r1, r6\n\t"
                                                       "add r12, r9\n\t"
                                                       "subs lr, lr, #1\n\t"
                                                       "bne.w 1b\n\t"
                                                       "ldrd lr, r8, [sp, #40]\n\t"
                                                       "subs r8, #1\n\t"
                                                       "str r8, [sp, #44]\n\t"
                                                       "ldrd r8, r9, [sp, #32]\n\t"
                                                       "add r1, r8\n\t"
                                                       "add r12, r9\n\t"
                                                       "bne.w 1b\n\t"
                                                       "add sp, #60\n\t"
                                                       "pop {r4, r5, r6, r7, r8, r9, r10, r11, "
                                                       "pc}");
}

/* Lines of words, read by assembly. */
struct i8_lane_words {
  int32_t step;      /* 0, bytes from word to word */
  int32_t count;     /* 4, words of a line, not 0 */
  int32_t next_copy; /* 8, bytes from past a line to the next one; of the copy */
  int32_t next_line; /* 12, the same of what is copied */
};

/* Copy some lines, at least one. */
static __attribute__((naked, noinline)) void
i8_lane_copy(uint32_t *to __attribute__((unused)), const int8_t *from __attribute__((unused)),
             const struct i8_lane_words *words __attribute__((unused)),
             int32_t lines __attribute__((unused))) {
  __asm__("push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n\t"
          "ldmia r2, {r4, r5, r6, r7}\n\t"
          "add r12, r4, r4, lsl #1\n\t"
          "1:\n\t"
          "subs r2, r5, #4\n\t"
          "blt 3f\n\t"
          "2:\n\t"
          "ldr r8, [r1]\n\t"
          "ldr r9, [r1, r4]\n\t"
          "ldr r10, [r1, r4, lsl #1]\n\t"
          "ldr r11, [r1, r12]\n\t"
          "add r1, r1, r4, lsl #2\n\t"
          "stmia r0!, {r8, r9, r10, r11}\n\t"
          "subs r2, #4\n\t"
          "bge 2b\n\t"
          "3:\n\t"
          "adds r2, #4\n\t"
          "beq 5f\n\t"
          "4:\n\t"
          "ldr r8, [r1]\n\t"
          "add r1, r4\n\t"
          "str r8, [r0], #4\n\t"
          "subs r2, #1\n\t"
          "bne 4b\n\t"
          "5:\n\t"
          "add r0, r6\n\t"
          "add r1, r7\n\t"
          "subs r3, #1\n\t"
          "bne 1b\n\t"
          "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}");
}

#else
#define I8_HAS_LANES 0
#endif

#ifdef __cplusplus
}
#endif

#endif
