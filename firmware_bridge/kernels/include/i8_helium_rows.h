/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of weights by pixels, by Helium (i8_helium.h): two rows by four pixels that lie ready, or
 * one row by eight that were gathered.
 *
 * Internal to i8_conv_2d.c. */
#ifndef I8_HELIUM_ROWS_H
#define I8_HELIUM_ROWS_H

#include "i8_helium.h"

#ifdef __cplusplus
extern "C" {
#endif

#if I8_HAS_HELIUM

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

/* Rows of weights by eight pixels whose inputs lie in columns: [sixteens][8 pixels][16], then
 * [8 pixels][8] where row_bytes leave 8 over. */
struct i8_helium_columns {
  const int8_t *columns;    /* 0 */
  int32_t whole, half;      /* 4, 8: bytes of a row in sixteens, and those left over */
  const int32_t *channel;   /* 12 */
  int8_t *output;           /* 16, of the first pixel */
  int8_t *fifth;            /* 20, of the fifth */
  const int8_t *output_end; /* 24, of the first pixel */
  int32_t minimum, maximum; /* 28, 32 */
  uint32_t at[4];           /* 36, where four outputs go */
  int32_t zeros[8];         /* 52 */
};

typedef void i8_helium_by_eight(const struct i8_helium_columns *work, const int8_t *weights);

/* Weights in q0, in plain. q3 and q4 sum up the even and the odd ones, q5 is 0x100 throughout. */
#define I8_PART                                                                                    \
  "vmovlb.s8 q2, q0\n\t"                                                                           \
  "vadd.i16 q3, q3, q2\n\t"                                                                        \
  "vand q2, q2, q5\n\t"                                                                            \
  "vadd.i16 q0, q0, q2\n\t"                                                                        \
  "vmovlt.s8 q2, q0\n\t"                                                                           \
  "vadd.i16 q4, q4, q2\n\t"
#define I8_PIXEL(sum)                                                                              \
  "vldrb.8 q1, [r1], #16\n\t"                                                                      \
  "vmladava.s8 " sum ", q0, q1\n\t"
#define I8_TWO_HALVES(a, b)                                                                        \
  "vpstttt\n\t"                                                                                    \
  "vldrbt.8 q1, [r1], #8\n\t"                                                                      \
  "vmladavat.s8 " a ", q0, q1\n\t"                                                                 \
  "vldrbt.8 q1, [r1], #8\n\t"                                                                      \
  "vmladavat.s8 " b ", q0, q1\n\t"
/* The bias of joined weights, from r4: as i8_helium_row gives it. */
#define I8_PART_BIAS                                                                               \
  "vaddv.s16 r0, q3\n\t"                                                                           \
  "vaddv.s16 r2, q4\n\t"                                                                           \
  "rsb r0, r0, r0, lsl #8\n\t"                                                                     \
  "add r4, r0\n\t"                                                                                 \
  "add r4, r4, r2, lsl #15\n\t"                                                                    \
  "asr r4, r4, #8\n\t"

/* r1 columns, r3 weights, r5 where they end and all else, r7 channels, r9 and r11 outputs; sums in
 * even registers. */
#define I8_HELIUM_BY_EIGHT(part, part_bias, away)                                                  \
  __asm__("push {r4, r5, r6, r7, r8, r9, r10, r11, r12, lr}\n\t"                                   \
          "vpush {d8-d15}\n\t"                                                                     \
          "push {r0, r1}\n\t"                                                                      \
          "mov r3, r1\n\t"                                                                         \
          "ldrd r7, r9, [r0, #12]\n\t"                                                             \
          "ldr r11, [r0, #20]\n\t"                                                                 \
          "ldr r1, [r0, #28]\n\t"                                                                  \
          "vdup.32 q6, r1\n\t"                                                                     \
          "vldrw.32 q7, [r0, #36]\n\t"                                                             \
          "vmov.i16 q5, #0x100\n\t"                                                                \
          "1:\n\t"                                                                                 \
          "ldr r5, [sp]\n\t"                                                                       \
          "add r1, r5, #52\n\t"                                                                    \
          "ldm r1, {r0, r2, r4, r6, r8, r10, r12, lr}\n\t"                                         \
          "ldrd r1, r5, [r5]\n\t"                                                                  \
          "vmov.i32 q3, #0\n\t"                                                                    \
          "vmov.i32 q4, #0\n\t"                                                                    \
          "add r5, r3\n\t"                                                                         \
          "cmp r3, r5\n\t"                                                                         \
          "beq 3f\n\t"                                                                             \
          "2:\n\t"                                                                                 \
          "vldrb.8 q0, [r3], #16\n\t" part I8_PIXEL("r0") I8_PIXEL("r2") I8_PIXEL("r4")            \
              I8_PIXEL("r6") I8_PIXEL("r8") I8_PIXEL("r10") I8_PIXEL("r12") I8_PIXEL(              \
                  "lr") "cmp r3, r5\n\t"                                                           \
                        "bne 2b\n\t"                                                               \
                        "3:\n\t"                                                                   \
                        "ldr r5, [sp]\n\t"                                                         \
                        "ldr r5, [r5, #8]\n\t"                                                     \
                        "cbz r5, 4f\n\t"                                                           \
                        "vctp.8 r5\n\t"                                                            \
                        "vpst\n\t"                                                                 \
                        "vldrbt.8 q0, [r3], #8\n\t" part I8_TWO_HALVES("r0", "r2")                 \
                            I8_TWO_HALVES("r4", "r6") I8_TWO_HALVES("r8", "r10") I8_TWO_HALVES(    \
                                "r12", "lr") "4:\n\t"                                              \
                                             "vmov q0[2], q0[0], r0, r4\n\t"                       \
                                             "vmov q0[3], q0[1], r2, r6\n\t"                       \
                                             "vmov q1[2], q1[0], r8, r12\n\t"                      \
                                             "vmov q1[3], q1[1], r10, lr\n\t"                      \
                                             "ldm r7!, {r4, r6, r8, r10}\n\t" part_bias            \
                                             "vadd.i32 q0, q0, r4\n\t"                             \
                                             "vadd.i32 q1, q1, r4\n\t"                             \
                                             "rsb r10, #0\n\t"                                     \
                                             "vqrdmulh.s32 q0, q0, r6\n\t"                         \
                                             "vqrdmulh.s32 q1, q1, r6\n\t" away                    \
                                             "vadd.i32 q0, q0, r8\n\t"                             \
                                             "vadd.i32 q1, q1, r8\n\t"                             \
                                             "vshl.s32 q0, r10\n\t"                                \
                                             "vshl.s32 q1, r10\n\t"                                \
                                             "ldr r5, [sp]\n\t"                                    \
                                             "ldrd r0, r2, [r5, #24]\n\t"                          \
                                             "ldr r2, [r5, #32]\n\t"                               \
                                             "vdup.32 q2, r2\n\t"                                  \
                                             "vmax.s32 q0, q0, q6\n\t"                             \
                                             "vmax.s32 q1, q1, q6\n\t"                             \
                                             "vmin.s32 q0, q0, q2\n\t"                             \
                                             "vmin.s32 q1, q1, q2\n\t"                             \
                                             "vstrb.32 q0, [r9, q7]\n\t"                           \
                                             "vstrb.32 q1, [r11, q7]\n\t"                          \
                                             "add r9, #1\n\t"                                      \
                                             "add r11, #1\n\t"                                     \
                                             "cmp r9, r0\n\t"                                      \
                                             "bne 1b\n\t"                                          \
                                             "add sp, #8\n\t"                                      \
                                             "vpop {d8-d15}\n\t"                                   \
                                             "pop {r4, r5, r6, r7, r8, r9, r10, r11, r12, pc}")

/* Joined weights, I8_HALVES_UP. */
static __attribute__((naked, noinline, unused)) void
i8_helium_joined_up(const struct i8_helium_columns *work __attribute__((unused)),
                    const int8_t *weights __attribute__((unused))) {
  I8_HELIUM_BY_EIGHT(I8_PART, I8_PART_BIAS, "");
}

/* Joined weights, I8_HALVES_AWAY. */
static __attribute__((naked, noinline, unused)) void
i8_helium_joined_away(const struct i8_helium_columns *work __attribute__((unused)),
                      const int8_t *weights __attribute__((unused))) {
  I8_HELIUM_BY_EIGHT(I8_PART, I8_PART_BIAS, I8_AWAY_BOTH);
}

/* Weights in plain, I8_HALVES_UP. */
static __attribute__((naked, noinline, unused)) void
i8_helium_plain_up(const struct i8_helium_columns *work __attribute__((unused)),
                   const int8_t *weights __attribute__((unused))) {
  I8_HELIUM_BY_EIGHT("", "", "");
}

/* Weights in plain, I8_HALVES_AWAY. */
static __attribute__((naked, noinline, unused)) void
i8_helium_plain_away(const struct i8_helium_columns *work __attribute__((unused)),
                     const int8_t *weights __attribute__((unused))) {
  I8_HELIUM_BY_EIGHT("", "", I8_AWAY_BOTH);
}

/* The loop for a layer's weights and rounding. */
static inline i8_helium_by_eight *i8_helium_by_eight_for(int32_t is_joined, int32_t rounding) {
  if (is_joined) {
    return rounding == I8_HALVES_AWAY ? i8_helium_joined_away : i8_helium_joined_up;
  }
  return rounding == I8_HALVES_AWAY ? i8_helium_plain_away : i8_helium_plain_up;
}

#endif

#ifdef __cplusplus
}
#endif

#endif
