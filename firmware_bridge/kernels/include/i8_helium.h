/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops for cores with Arm's vector extension, Helium (MVE): sixteen products an
 * instruction, and four sums at once made into outputs; the same bytes as what they stand in for.
 *
 * Weights are multiplied as the int8 they are. Joined ones (i8_dot.h) are parted again: the bytes
 * of 256 * odd + even are the even weight and, where that is below 0, one less than the odd one.
 * What inputs lie beyond a row's end meets zeros that are put behind its weights.
 *
 * VQRDMULH rounds halves upwards, as i8_requantise.h does, and cannot saturate there: multipliers
 * are not negative. Shifts to the right follow it that round towards negative numbers.
 *
 * Internal to i8_conv_2d.c and i8_depthwise_lines.c. */
#ifndef I8_HELIUM_H
#define I8_HELIUM_H

#include <stdint.h>

#include "i8_requantise.h"

/* Unoptimised code leaves too few registers for the assembly. */
#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)
#include <arm_mve.h>
#define I8_HAS_HELIUM 1
#else
#define I8_HAS_HELIUM 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_HELIUM

#define I8_LANES 16 /* products of an instruction */

/* Two rows of weights by pixels, four at a time; read and written by assembly. */
struct i8_helium_rows {
  /* Of each row: multiplier, what is added, and how far to shift to the left. */
  int32_t first_scale[3], second_scale[3]; /* 0, 12 */
  int8_t *output;                          /* 24, of the first of four pixels, first row */
  int32_t next;                            /* 28, bytes from a pixel's end to the fourth after it */
  int32_t output_next;                     /* 32, to the fourth pixel's output */
  const int8_t *output_end;                /* 36 */
  int32_t sums[8];                         /* 40, what they begin with */
  const int8_t *weights;                   /* 72, of the rows in turn, 16 each */
  const int8_t *weights_end;               /* 76 */
  const int8_t *pixels[4];                 /* 80 */
  uint32_t first_at[4], second_at[4];      /* 96, 112: where outputs go, from `output` on */
  int32_t minimum, maximum;                /* 128, 132 */
};

typedef void i8_helium_multiply(struct i8_helium_rows *rows);

/* Sixteen weights of two rows by those of four pixels. r1 r3 r5 r7 pixels, r9 weights; sums of the
 * first row in r0 r2 r4 r6, of the second in r8 r10 r12 lr. */
#define I8_SIXTEEN                                                                                 \
  "vldrb.8 q0, [r9], #16\n\t"                                                                      \
  "vldrb.8 q1, [r9], #16\n\t"                                                                      \
  "vldrb.8 q2, [r1], #16\n\t"                                                                      \
  "vmladava.s8 r0, q0, q2\n\t"                                                                     \
  "vmladava.s8 r8, q1, q2\n\t"                                                                     \
  "vldrb.8 q3, [r3], #16\n\t"                                                                      \
  "vmladava.s8 r2, q0, q3\n\t"                                                                     \
  "vmladava.s8 r10, q1, q3\n\t"                                                                    \
  "vldrb.8 q2, [r5], #16\n\t"                                                                      \
  "vmladava.s8 r4, q0, q2\n\t"                                                                     \
  "vmladava.s8 r12, q1, q2\n\t"                                                                    \
  "vldrb.8 q3, [r7], #16\n\t"                                                                      \
  "vmladava.s8 r6, q0, q3\n\t"                                                                     \
  "vmladava.s8 lr, q1, q3\n\t"

/* One less of what is negative, so that its half falls to the number below. */
#define I8_AWAY(sums)                                                                              \
  "vshr.s32 q2, " sums ", #31\n\t"                                                                 \
  "vadd.i32 " sums ", " sums ", q2\n\t"

#define I8_HELIUM_ROWS(sixteens, away)                                                             \
  __asm__("push {r4, r5, r6, r7, r8, r9, r10, r11, r12, lr}\n\t"                                   \
          "vpush {d8-d15}\n\t"                                                                     \
          "push {r0, r1}\n\t"                                                                      \
          "vldrw.32 q7, [r0, #96]\n\t"                                                             \
          "vldrw.32 q6, [r0, #112]\n\t"                                                            \
          "ldrd r1, r2, [r0, #128]\n\t"                                                            \
          "vdup.32 q4, r1\n\t"                                                                     \
          "vdup.32 q5, r2\n\t"                                                                     \
          "add r9, r0, #80\n\t"                                                                    \
          "ldm r9, {r1, r3, r5, r7}\n\t"                                                           \
          "mov r9, r0\n\t"                                                                         \
          "1:\n\t"                                                                                 \
          "add r11, r9, #40\n\t"                                                                   \
          "ldm r11, {r0, r2, r4, r6, r8, r10, r12, lr}\n\t"                                        \
          "ldrd r9, r11, [r9, #72]\n\t"                                                            \
          "2:\n\t" sixteens "cmp r9, r11\n\t"                                                      \
          "bne 2b\n\t"                                                                             \
          "ldr r9, [sp]\n\t"                                                                       \
          "vmov q0[2], q0[0], r0, r4\n\t"                                                          \
          "vmov q0[3], q0[1], r2, r6\n\t"                                                          \
          "vmov q1[2], q1[0], r8, r12\n\t"                                                         \
          "vmov q1[3], q1[1], r10, lr\n\t"                                                         \
          "ldm r9, {r0, r2, r4, r6, r8, r10, r12, lr}\n\t"                                         \
          "vqrdmulh.s32 q0, q0, r0\n\t"                                                            \
          "vqrdmulh.s32 q1, q1, r6\n\t" away "vadd.i32 q0, q0, r2\n\t"                             \
          "vadd.i32 q1, q1, r8\n\t"                                                                \
          "vshl.s32 q0, r4\n\t"                                                                    \
          "vshl.s32 q1, r10\n\t"                                                                   \
          "vmax.s32 q0, q0, q4\n\t"                                                                \
          "vmax.s32 q1, q1, q4\n\t"                                                                \
          "vmin.s32 q0, q0, q5\n\t"                                                                \
          "vmin.s32 q1, q1, q5\n\t"                                                                \
          "vstrb.32 q0, [r12, q7]\n\t"                                                             \
          "vstrb.32 q1, [r12, q6]\n\t"                                                             \
          "ldrd r0, r2, [r9, #32]\n\t"                                                             \
          "add r1, lr\n\t"                                                                         \
          "add r3, lr\n\t"                                                                         \
          "add r5, lr\n\t"                                                                         \
          "add r7, lr\n\t"                                                                         \
          "add r12, r0\n\t"                                                                        \
          "str r12, [r9, #24]\n\t"                                                                 \
          "cmp r12, r2\n\t"                                                                        \
          "bne 1b\n\t"                                                                             \
          "add sp, #8\n\t"                                                                         \
          "vpop {d8-d15}\n\t"                                                                      \
          "pop {r4, r5, r6, r7, r8, r9, r10, r11, r12, pc}")

#define I8_AWAY_BOTH I8_AWAY("q0") I8_AWAY("q1")

/* For rows of any number of sixteens, I8_HALVES_UP. */
static __attribute__((naked, noinline)) void i8_helium_rows_up(struct i8_helium_rows *rows
                                                               __attribute__((unused))) {
  I8_HELIUM_ROWS(I8_SIXTEEN, "");
}

/* For multiples of two. */
static __attribute__((naked, noinline)) void i8_helium_rows_up_by_2(struct i8_helium_rows *rows
                                                                    __attribute__((unused))) {
  I8_HELIUM_ROWS(I8_SIXTEEN I8_SIXTEEN, "");
}

/* For multiples of four. */
static __attribute__((naked, noinline)) void i8_helium_rows_up_by_4(struct i8_helium_rows *rows
                                                                    __attribute__((unused))) {
  I8_HELIUM_ROWS(I8_SIXTEEN I8_SIXTEEN I8_SIXTEEN I8_SIXTEEN, "");
}

/* I8_HALVES_AWAY. */
static __attribute__((naked, noinline)) void i8_helium_rows_away(struct i8_helium_rows *rows
                                                                 __attribute__((unused))) {
  I8_HELIUM_ROWS(I8_SIXTEEN, I8_AWAY_BOTH);
}

/* The loop for rows of so many weights. */
static inline i8_helium_multiply *i8_helium_rows_for(int32_t rounding, int32_t row_bytes) {
  const int32_t sixteens = (row_bytes + I8_LANES - 1) / I8_LANES;
  if (rounding == I8_HALVES_AWAY) {
    return i8_helium_rows_away;
  }
  return sixteens % 4 == 0   ? i8_helium_rows_up_by_4
         : sixteens % 2 == 0 ? i8_helium_rows_up_by_2
                             : i8_helium_rows_up;
}

/* Put a row's weights in plain to `plain`, each sixteen of them 32 bytes after those before, zeros
 * past the end. Returns the bias: of joined weights without the constant that i8_dot.h gives. */
static inline int32_t i8_helium_row(const int8_t *weights, int32_t row_bytes, int is_joined,
                                    int32_t bias, int8_t *plain) {
  const int16x8_t one_odd = vdupq_n_s16(0x100);
  int32_t joined = 0, even = 0;
  for (; row_bytes > 0; row_bytes -= I8_LANES) {
    int8x16_t bytes = vldrbq_z_s8(weights, vctp8q((uint32_t)row_bytes));
    if (is_joined) {
      const int16x8_t pairs = vreinterpretq_s16_s8(bytes), evens = vmovlbq_s8(bytes);
      joined = vaddvaq_s16(joined, pairs);
      even = vaddvaq_s16(even, evens);
      bytes = vreinterpretq_s8_s16(vaddq_s16(pairs, vandq_s16(evens, one_odd)));
    }
    vstrbq_s8(plain, bytes);
    weights += I8_LANES;
    plain += 2 * I8_LANES;
  }
  if (!is_joined) {
    return bias;
  }
  /* 128 * (256 * odd + even) + 127 * even */
  return (int32_t)((uint32_t)bias + 128u * (uint32_t)joined + 127u * (uint32_t)even) >> 8;
}

/* Lines of outputs of a channel by 3x3 taps, stride 1; read and written by assembly. */
struct i8_helium_lines {
  const int16_t *rows[3];   /* 0, where the inputs of the first output begin */
  int8_t *output;           /* 12 */
  int32_t along;            /* 16, outputs of a line */
  int32_t row_bytes;        /* 20, to the next line's rows */
  int32_t output_line;      /* 24, to the next line's outputs */
  int32_t lines;            /* 28 */
  int32_t taps[9];          /* 32 */
  int32_t bias, multiplier; /* 68, 72 */
  int32_t added, left;      /* 76, 80: what is added, and how far to shift to the left */
  uint32_t at[4];           /* 84, where four outputs go */
  int32_t four;             /* 100, to the fourth output */
  int32_t minimum, maximum; /* 104, 108 */
};

typedef void i8_helium_compute(struct i8_helium_lines *lines);

#define I8_THREE_BY_FOUR(row, first, a, b, c)                                                      \
  "vldrh.s32 q0, [" row "], #8\n\t" first " q1, q0, " a "\n\t"                                     \
  "vldrh.s32 q0, [" row ", #-6]\n\t"                                                               \
  "vmla.s32 q1, q0, " b "\n\t"                                                                     \
  "vldrh.s32 q0, [" row ", #-4]\n\t"                                                               \
  "vmla.s32 q1, q0, " c "\n\t"
#define I8_NINE_TAPS                                                                               \
  I8_THREE_BY_FOUR("r5", "vmul.i32", "r0", "r1", "r2")                                             \
  I8_THREE_BY_FOUR("r6", "vmla.s32", "r3", "r4", "r8")                                             \
  I8_THREE_BY_FOUR("r7", "vmla.s32", "r9", "r10", "r11")
#define I8_SATURATE_FOUR                                                                           \
  "vqmovnb.s32 q1, q1\n\t"                                                                         \
  "vqmovnb.s16 q1, q1\n\t"
#define I8_CLAMP_FOUR                                                                              \
  "vldrw.32 q0, [sp, #8]\n\t"                                                                      \
  "vmax.s32 q1, q1, q0\n\t"                                                                        \
  "vldrw.32 q0, [sp, #24]\n\t"                                                                     \
  "vmin.s32 q1, q1, q0\n\t"
#define I8_AWAY_FOUR                                                                               \
  "vshr.s32 q0, q1, #31\n\t"                                                                       \
  "vadd.i32 q1, q1, q0\n\t"

/* r0 to r4 and r8 to r11 taps, r5 to r7 rows, r12 output, lr how many are left; q2 to q7 what is
 * the same for all. A line's last turn leaves alone what is past its end. */
#define I8_HELIUM_3X3(away, bound)                                                                 \
  __asm__("push {r4, r5, r6, r7, r8, r9, r10, r11, r12, lr}\n\t"                                   \
          "vpush {d8-d15}\n\t"                                                                     \
          "ldrd r1, r2, [r0, #104]\n\t"                                                            \
          "vdup.32 q0, r1\n\t"                                                                     \
          "vdup.32 q1, r2\n\t"                                                                     \
          "vpush {d0-d3}\n\t"                                                                      \
          "push {r0, r1}\n\t"                                                                      \
          "add r9, r0, #68\n\t"                                                                    \
          "ldm r9, {r1, r2, r3, r4}\n\t"                                                           \
          "ldr r5, [r0, #100]\n\t"                                                                 \
          "vdup.32 q2, r5\n\t"                                                                     \
          "vdup.32 q3, r1\n\t"                                                                     \
          "vdup.32 q4, r2\n\t"                                                                     \
          "vdup.32 q5, r3\n\t"                                                                     \
          "vdup.32 q6, r4\n\t"                                                                     \
          "mov r12, r0\n\t"                                                                        \
          "add r9, r0, #32\n\t"                                                                    \
          "ldm r9, {r0, r1, r2, r3, r4, r8, r9, r10, r11}\n\t"                                     \
          "1:\n\t"                                                                                 \
          "vldrw.32 q7, [r12, #84]\n\t"                                                            \
          "ldm r12, {r5, r6, r7, r12, lr}\n\t"                                                     \
          "dlstp.32 lr, lr\n\t"                                                                    \
          "2:\n\t" I8_NINE_TAPS "vadd.i32 q1, q1, q3\n\t"                                          \
          "vqrdmulh.s32 q1, q1, q4\n\t" away "vadd.i32 q1, q1, q5\n\t"                             \
          "vshl.s32 q1, q1, q6\n\t" bound "vstrb.32 q1, [r12, q7]\n\t"                             \
          "vadd.i32 q7, q7, q2\n\t"                                                                \
          "letp lr, 2b\n\t"                                                                        \
          "ldr r12, [sp]\n\t"                                                                      \
          "ldr r5, [r12, #28]\n\t"                                                                 \
          "subs r5, #1\n\t"                                                                        \
          "beq 3f\n\t"                                                                             \
          "str r5, [r12, #28]\n\t"                                                                 \
          "vldrw.32 q1, [r12]\n\t"                                                                 \
          "ldrd r5, r6, [r12, #20]\n\t"                                                            \
          "vdup.32 q0, r5\n\t"                                                                     \
          "vmov.32 q0[3], r6\n\t"                                                                  \
          "vadd.i32 q1, q1, q0\n\t"                                                                \
          "vstrw.32 q1, [r12]\n\t"                                                                 \
          "b 1b\n\t"                                                                               \
          "3:\n\t"                                                                                 \
          "add sp, #40\n\t"                                                                        \
          "vpop {d8-d15}\n\t"                                                                      \
          "pop {r4, r5, r6, r7, r8, r9, r10, r11, r12, pc}")

/* I8_HALVES_UP without a clamp. */
static __attribute__((naked, noinline, unused)) void
i8_helium_3x3_plain(struct i8_helium_lines *lines __attribute__((unused))) {
  I8_HELIUM_3X3("", I8_SATURATE_FOUR);
}

/* The same with one. */
static __attribute__((naked, noinline, unused)) void
i8_helium_3x3_clamped(struct i8_helium_lines *lines __attribute__((unused))) {
  I8_HELIUM_3X3("", I8_CLAMP_FOUR);
}

/* I8_HALVES_AWAY. */
static __attribute__((naked, noinline, unused)) void
i8_helium_3x3_away(struct i8_helium_lines *lines __attribute__((unused))) {
  I8_HELIUM_3X3(I8_AWAY_FOUR, I8_CLAMP_FOUR);
}

/* The loop for what a layer does to its sums. */
static inline i8_helium_compute *i8_helium_3x3_for(const struct i8_output_stage *stage) {
  if (stage->rounding == I8_HALVES_AWAY) {
    return i8_helium_3x3_away;
  }
  return stage->is_plain ? i8_helium_3x3_plain : i8_helium_3x3_clamped;
}

#endif

#ifdef __cplusplus
}
#endif

#endif
