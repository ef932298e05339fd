/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of outputs of DEPTHWISE_CONV_2D by Helium (i8_helium.h): four outputs at a time.
 *
 * Internal to i8_depthwise_lines.c. */
#ifndef I8_HELIUM_LINES_H
#define I8_HELIUM_LINES_H

#include "i8_helium.h"

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_HELIUM

/* Bytes from pixel to pixel, up to which i8_helium_unzip finds eight of them. */
#define I8_HELIUM_MOST_STEP (UINT16_MAX / 7)

/* Some pixels of a channel, `step` bytes apart, as int16 side by side. */
static inline void i8_helium_unzip(const int8_t *pixel, int32_t step, int32_t count, int16_t *to) {
  const uint16x8_t at = vmulq_n_u16(vidupq_n_u16(0, 1), (uint16_t)step);
  int16x8_t eight;
  /* By hand, as gcc 12 carries the loop's predicate through a register. */
  __asm__ volatile("dlstp.16 lr, %[count]\n\t"
                   "1:\n\t"
                   "vldrb.s16 %q[eight], [%[pixel], %q[at]]\n\t"
                   "vstrh.16 %q[eight], [%[to]], #16\n\t"
                   "add %[pixel], %[next]\n\t"
                   "letp lr, 1b"
                   : [pixel] "+r"(pixel), [to] "+l"(to), [eight] "=&w"(eight)
                   : [at] "w"(at), [next] "r"(8 * step), [count] "r"(count)
                   : "lr", "memory");
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
