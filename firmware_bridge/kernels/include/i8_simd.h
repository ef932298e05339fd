/* SPDX-License-Identifier: Apache-2.0 */
/* The few processor instructions that the kernels are built of, and twins in plain C that give the
 * same bytes elsewhere, so that a host and a device run the same kernels. Instructions that have no
 * intrinsic, or one that compilers disagree on, are a line of assembly.
 *
 * A word of four int8 is read in memory order, first byte lowest. Widened it becomes two words of
 * two int16: the even bytes (0, 2) and the odd ones (1, 3). */
#ifndef I8_SIMD_H
#define I8_SIMD_H

#include <stdint.h>
#include <string.h>

#if defined(__ARM_FEATURE_SIMD32)
#include <arm_acle.h>
#define I8_HAS_SIMD32 1
#else
#define I8_HAS_SIMD32 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Read four bytes from any address. */
static inline uint32_t i8_load_word(const int8_t *bytes) {
  uint32_t word;
  memcpy(&word, bytes, sizeof(word));
  return word;
}

/* Write four bytes to any address. */
static inline void i8_store_word(int8_t *bytes, uint32_t word) {
  memcpy(bytes, &word, sizeof(word));
}

/* An optimisation barrier: the same number, which the compiler may not know, so that it keeps one
 * pointer and an offset in registers, rather than several pointers in memory. */
static inline int32_t i8_opaque(int32_t value) {
#if I8_HAS_SIMD32
  __asm__("" : "+r"(value));
#endif
  return value;
}

#if I8_HAS_SIMD32

static inline uint32_t i8_widen_even(uint32_t bytes) {
  return (uint32_t)__sxtb16((int8x4_t)bytes);
}

static inline uint32_t i8_widen_odd(uint32_t bytes) {
  uint32_t pair;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(bytes));
  return pair;
}

static inline uint32_t i8_join_bottoms(uint32_t a, uint32_t b) {
  uint32_t pair;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(a), "r"(b));
  return pair;
}

static inline uint32_t i8_join_tops(uint32_t a, uint32_t b) {
  uint32_t pair;
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(pair) : "r"(b), "r"(a));
  return pair;
}

static inline uint32_t i8_doubled(uint32_t pair) {
  return (uint32_t)__sadd16((int16x2_t)pair, (int16x2_t)pair);
}

static inline int32_t i8_multiply_bottom(uint32_t a, uint32_t b, int32_t sum) {
  return __smlabb((int32_t)a, (int32_t)b, sum);
}

static inline int32_t i8_multiply_top(uint32_t a, uint32_t b, int32_t sum) {
  return __smlatt((int32_t)a, (int32_t)b, sum);
}

static inline int32_t i8_multiply_bottom_top(uint32_t a, uint32_t b, int32_t sum) {
  return __smlabt((int32_t)a, (int32_t)b, sum);
}

static inline int32_t i8_multiply_top_bottom(uint32_t a, uint32_t b, int32_t sum) {
  return __smlatb((int32_t)a, (int32_t)b, sum);
}

static inline int32_t i8_multiply_pair(uint32_t a, uint32_t b, int32_t sum) {
  return __smlad((int16x2_t)a, (int16x2_t)b, sum);
}

static inline int32_t i8_multiply_high_rounded(int32_t a, int32_t b) {
  int32_t high;
  __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(a), "r"(b));
  return high;
}

static inline int32_t i8_multiply_high_added(int32_t a, int32_t b, int32_t sum) {
  int32_t high;
  __asm__("smmlar %0, %1, %2, %3" : "=r"(high) : "r"(a), "r"(b), "r"(sum));
  return high;
}

static inline uint32_t i8_swap_in_halves(uint32_t bytes) {
  uint32_t swapped;
  __asm__("rev16 %0, %1" : "=r"(swapped) : "r"(bytes));
  return swapped;
}

static inline uint32_t i8_unsigned_odd(uint32_t bytes) {
  uint32_t pair;
  __asm__("uxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(bytes));
  return pair;
}

/* The nearest of -128 to 127. */
static inline int32_t i8_saturate(int32_t value) {
  int32_t saturated;
  __asm__("ssat %0, #8, %1" : "=r"(saturated) : "r"(value));
  return saturated;
}

#else

/* The lower int16 of a word. */
static inline int32_t i8_bottom(uint32_t pair) {
  return (int16_t)(uint16_t)(pair & 0xFFFFu);
}

/* The upper int16 of a word. */
static inline int32_t i8_top(uint32_t pair) {
  return (int16_t)(uint16_t)(pair >> 16);
}

/* Sums wrap like the processor's. */
static inline int32_t i8_add(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* Bytes 0 and 2, each extended by its sign. */
static inline uint32_t i8_widen_even(uint32_t bytes) {
  const uint32_t halves = bytes & 0x00FF00FFu;
  const uint32_t signs = (halves >> 7) & 0x00010001u;
  return halves | signs * 0xFF00u;
}

/* Bytes 1 and 3, each extended by its sign. */
static inline uint32_t i8_widen_odd(uint32_t bytes) {
  return i8_widen_even(bytes >> 8);
}

/* (a[0], b[0]) */
static inline uint32_t i8_join_bottoms(uint32_t a, uint32_t b) {
  return (a & 0xFFFFu) | (b << 16);
}

/* (a[1], b[1]) */
static inline uint32_t i8_join_tops(uint32_t a, uint32_t b) {
  return (a >> 16) | (b & 0xFFFF0000u);
}

/* Twice each of two int16. */
static inline uint32_t i8_doubled(uint32_t pair) {
  return (pair << 1) & ~0x10000u;
}

/* sum + a[0] * b[0] */
static inline int32_t i8_multiply_bottom(uint32_t a, uint32_t b, int32_t sum) {
  return i8_add(sum, i8_bottom(a) * i8_bottom(b));
}

/* sum + a[1] * b[1] */
static inline int32_t i8_multiply_top(uint32_t a, uint32_t b, int32_t sum) {
  return i8_add(sum, i8_top(a) * i8_top(b));
}

/* sum + a[0] * b[1] */
static inline int32_t i8_multiply_bottom_top(uint32_t a, uint32_t b, int32_t sum) {
  return i8_add(sum, i8_bottom(a) * i8_top(b));
}

/* sum + a[1] * b[0] */
static inline int32_t i8_multiply_top_bottom(uint32_t a, uint32_t b, int32_t sum) {
  return i8_add(sum, i8_top(a) * i8_bottom(b));
}

/* sum + a[0] * b[0] + a[1] * b[1] */
static inline int32_t i8_multiply_pair(uint32_t a, uint32_t b, int32_t sum) {
  return i8_multiply_top(a, b, i8_multiply_bottom(a, b, sum));
}

/* The upper word of a * b, to the nearest, halves upwards. */
static inline int32_t i8_multiply_high_rounded(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * b + ((int64_t)1 << 31)) >> 32);
}

/* The same, with `sum` added. */
static inline int32_t i8_multiply_high_added(int32_t a, int32_t b, int32_t sum) {
  return i8_add(i8_multiply_high_rounded(a, b), sum);
}

/* Bytes 1, 0, 3, 2. */
static inline uint32_t i8_swap_in_halves(uint32_t bytes) {
  return ((bytes >> 8) & 0x00FF00FFu) | ((bytes & 0x00FF00FFu) << 8);
}

/* Bytes 1 and 3 as unsigned numbers. */
static inline uint32_t i8_unsigned_odd(uint32_t bytes) {
  return (bytes >> 8) & 0x00FF00FFu;
}

static inline int32_t i8_saturate(int32_t value) {
  const int32_t low = value < -128 ? -128 : value;
  return low > 127 ? 127 : low;
}

#endif

#ifdef __cplusplus
}
#endif

#endif
