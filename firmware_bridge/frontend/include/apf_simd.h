/* SPDX-License-Identifier: Apache-2.0 */
/* Two signed 16-bit numbers in one word, worked on at once: the DSP extension of Armv7E-M, and the
 * same in portable C, to the bit.
 *
 * A complex number has its real part in the low half. Sums wrap in each half. */
#ifndef APF_SIMD_H
#define APF_SIMD_H

#include <stdint.h>
#include <string.h>

#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__) && !defined(__ARM_BIG_ENDIAN)
#define APF_HAS_DSP 1
#include <arm_acle.h>
#else
#define APF_HAS_DSP 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* For functions whose arguments are constants where they are called; for conditions that mostly
 * hold. */
#if defined(__GNUC__)
#define APF_INLINE static inline __attribute__((always_inline))
#define APF_LIKELY(condition) __builtin_expect((condition) ? 1L : 0L, 1L)
#else
#define APF_INLINE static inline
#define APF_LIKELY(condition) (condition)
#endif

typedef uint32_t apf_pair;

/* A word of two int16: the lower 16 bits of each number. */
static inline apf_pair apf_pair_of(int32_t low, int32_t high) {
  return ((uint32_t)low & 0xFFFFu) | (uint32_t)high << 16;
}

/* The first of a pair, -32768 to 32767. */
static inline int16_t apf_low(apf_pair a) {
  return (int16_t)(uint16_t)a;
}

/* The second of a pair, -32768 to 32767. */
static inline int16_t apf_high(apf_pair a) {
  return (int16_t)((int32_t)a >> 16);
}

/* Two samples that follow each other in memory, at any address of a sample. */
static inline apf_pair apf_load_pair(const int16_t *samples) {
#if APF_HAS_DSP
  apf_pair pair;
  memcpy(&pair, samples, sizeof(pair));
  return pair;
#else
  return apf_pair_of(samples[0], samples[1]);
#endif
}

/* The pair to two samples that follow each other, at any address of a sample. */
static inline void apf_store_pair(int16_t *samples, apf_pair pair) {
#if APF_HAS_DSP
  memcpy(samples, &pair, sizeof(pair));
#else
  samples[0] = apf_low(pair);
  samples[1] = apf_high(pair);
#endif
}

/* Compilers make one step of several where one round of a loop takes several, though loads and
 * stores step their pointer for nothing, and they mix what belongs to different steps, which takes
 * more registers than there are. So here are loads and stores that step on and stay in order, and
 * what stands after the step of four pointers at once. */
#if APF_HAS_DSP
#define APF_STEPPED(a, b, c, d) __asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d) : : "memory")
#else
#define APF_STEPPED(a, b, c, d) ((void)(a), (void)(b), (void)(c), (void)(d))
#endif

/* At any address of a sample */
static inline apf_pair apf_take_pair(const int16_t **samples) {
#if APF_HAS_DSP
  apf_pair pair;
  __asm volatile("ldr %0, [%1], #4" : "=r"(pair), "+r"(*samples) : : "memory");
  return pair;
#else
  const apf_pair pair = apf_load_pair(*samples);
  *samples += 2;
  return pair;
#endif
}

/* Stores a pair at any address of a sample, and moves two samples on. */
static inline void apf_put_pair(int16_t **samples, apf_pair pair) {
#if APF_HAS_DSP
  __asm volatile("str %1, [%0], #4" : "+r"(*samples) : "r"(pair) : "memory");
#else
  apf_store_pair(*samples, pair);
  *samples += 2;
#endif
}

/* Reads a pair on a boundary of 4 bytes, and moves one pair on. */
static inline apf_pair apf_take_bin(const apf_pair **bins) {
#if APF_HAS_DSP
  apf_pair bin;
  __asm volatile("ldr %0, [%1], #4" : "=r"(bin), "+r"(*bins) : : "memory");
  return bin;
#else
  return *(*bins)++;
#endif
}

/* Reads a weight, 0 to 65535, and moves one on. */
static inline uint32_t apf_take_weight(const uint16_t **weights) {
#if APF_HAS_DSP
  uint32_t weight;
  __asm volatile("ldrh %0, [%1], #2" : "=r"(weight), "+r"(*weights) : : "memory");
  return weight;
#else
  return *(*weights)++;
#endif
}

/* Keeps the low 32 bits, as a store to an int32_t does on every two's complement machine. */
static inline int32_t apf_wrap32(int64_t value) {
  return (int32_t)(uint32_t)(uint64_t)value;
}

/* a + b */
static inline apf_pair apf_add(apf_pair a, apf_pair b) {
#if APF_HAS_DSP
  return (apf_pair)__sadd16((int16x2_t)a, (int16x2_t)b);
#else
  return apf_pair_of(apf_low(a) + apf_low(b), apf_high(a) + apf_high(b));
#endif
}

/* a - b */
static inline apf_pair apf_subtract(apf_pair a, apf_pair b) {
#if APF_HAS_DSP
  return (apf_pair)__ssub16((int16x2_t)a, (int16x2_t)b);
#else
  return apf_pair_of(apf_low(a) - apf_low(b), apf_high(a) - apf_high(b));
#endif
}

/* (a + b) / 2, rounded down, without wrapping */
static inline apf_pair apf_add_halving(apf_pair a, apf_pair b) {
#if APF_HAS_DSP
  return (apf_pair)__shadd16((int16x2_t)a, (int16x2_t)b);
#else
  return apf_pair_of((apf_low(a) + apf_low(b)) >> 1, (apf_high(a) + apf_high(b)) >> 1);
#endif
}

/* (a - b) / 2, rounded down, without wrapping */
static inline apf_pair apf_subtract_halving(apf_pair a, apf_pair b) {
#if APF_HAS_DSP
  return (apf_pair)__shsub16((int16x2_t)a, (int16x2_t)b);
#else
  return apf_pair_of((apf_low(a) - apf_low(b)) >> 1, (apf_high(a) - apf_high(b)) >> 1);
#endif
}

/* a + jb */
static inline apf_pair apf_add_turned(apf_pair a, apf_pair b) {
#if APF_HAS_DSP
  return (apf_pair)__sasx((int16x2_t)a, (int16x2_t)b);
#else
  return apf_pair_of(apf_low(a) - apf_high(b), apf_high(a) + apf_low(b));
#endif
}

/* a - jb */
static inline apf_pair apf_subtract_turned(apf_pair a, apf_pair b) {
#if APF_HAS_DSP
  return (apf_pair)__ssax((int16x2_t)a, (int16x2_t)b);
#else
  return apf_pair_of(apf_low(a) + apf_high(b), apf_high(a) - apf_low(b));
#endif
}

/* |re| and |im|; the modulus of -32768 stays -32768 */
static inline apf_pair apf_moduli(apf_pair a) {
#if APF_HAS_DSP
  const int16x2_t negated = __ssub16(0, (int16x2_t)a);
  return (apf_pair)__sel((uint8x4_t)negated,
                         (uint8x4_t)a); /* where the difference is not negative */
#else
  const int32_t low = apf_low(a), high = apf_high(a);
  return apf_pair_of(low < 0 ? -low : low, high < 0 ? -high : high);
#endif
}

/* re * factor + addend, for a factor of 16 bits */
static inline int32_t apf_scale_re(apf_pair a, int32_t factor, int32_t addend) {
#if APF_HAS_DSP
  return __smlabb((int32_t)a, factor, addend);
#else
  return apf_low(a) * factor + addend;
#endif
}

/* im * factor + addend, for a factor of 16 bits */
static inline int32_t apf_scale_im(apf_pair a, int32_t factor, int32_t addend) {
#if APF_HAS_DSP
  return __smlatb((int32_t)a, factor, addend);
#else
  return apf_high(a) * factor + addend;
#endif
}

/* Products of the low and of the high halves */
static inline int32_t apf_low_product(apf_pair a, apf_pair b) {
  return apf_low(a) * apf_low(b);
}

/* The product of the high halves; it fits 32 bits. */
static inline int32_t apf_high_product(apf_pair a, apf_pair b) {
  return apf_high(a) * apf_high(b);
}

/* im * factor, for a factor of 16 bits */
static inline int32_t apf_im_product(apf_pair a, int32_t factor) {
#if APF_HAS_DSP
  int32_t product;
  __asm("smultb %0, %1, %2" : "=r"(product) : "r"(a), "r"(factor));
  return product;
#else
  return apf_high(a) * factor;
#endif
}

/* Re(ab) + addend */
static inline int32_t apf_product_re(apf_pair a, apf_pair b, int32_t addend) {
#if APF_HAS_DSP
  return __smlsd((int16x2_t)a, (int16x2_t)b, addend);
#else
  return apf_wrap32((int64_t)(apf_low(a) * apf_low(b)) - apf_high(a) * apf_high(b) + addend);
#endif
}

/* Im(ab) + addend */
static inline int32_t apf_product_im(apf_pair a, apf_pair b, int32_t addend) {
#if APF_HAS_DSP
  return __smladx((int16x2_t)a, (int16x2_t)b, addend);
#else
  return apf_wrap32((int64_t)(apf_low(a) * apf_high(b)) + apf_high(a) * apf_low(b) + addend);
#endif
}

/* Re(a conj(b)), which wraps at 2^31 */
static inline int32_t apf_conjugate_product_re(apf_pair a, apf_pair b) {
#if APF_HAS_DSP
  return __smuad((int16x2_t)a, (int16x2_t)b);
#else
  return apf_wrap32((int64_t)(apf_low(a) * apf_low(b)) + apf_high(a) * apf_high(b));
#endif
}

/* Im(a conj(b)) */
static inline int32_t apf_conjugate_product_im(apf_pair a, apf_pair b) {
#if APF_HAS_DSP
  return __smusdx((int16x2_t)b, (int16x2_t)a);
#else
  return apf_wrap32((int64_t)(apf_high(a) * apf_low(b)) - apf_low(a) * apf_high(b));
#endif
}

/* low >> 15 and high >> 15, 16 bits of each */
static inline apf_pair apf_pack_from_15(int32_t low, int32_t high) {
#if APF_HAS_DSP
  apf_pair packed;
  const uint32_t raised = (uint32_t)high << 1;
  __asm("pkhtb %0, %1, %2, asr #15" : "=r"(packed) : "r"(raised), "r"(low));
  return packed;
#else
  return apf_pair_of(low >> 15, high >> 15);
#endif
}

/* low >> 12 and high >> 12, 16 bits of each */
static inline apf_pair apf_pack_from_12(int32_t low, int32_t high) {
#if APF_HAS_DSP
  apf_pair packed;
  const uint32_t raised = (uint32_t)high << 4;
  __asm("pkhtb %0, %1, %2, asr #12" : "=r"(packed) : "r"(raised), "r"(low));
  return packed;
#else
  return apf_pair_of(low >> 12, high >> 12);
#endif
}

/* low >> 16 and high >> 16 */
static inline apf_pair apf_pack_from_16(int32_t low, int32_t high) {
#if APF_HAS_DSP
  apf_pair packed;
  __asm("pkhtb %0, %1, %2, asr #16" : "=r"(packed) : "r"(high), "r"(low));
  return packed;
#else
  return apf_pair_of(low >> 16, high >> 16);
#endif
}

/* The low half of one, the high half of the other */
static inline apf_pair apf_pack_halves(apf_pair low, apf_pair high) {
#if APF_HAS_DSP
  apf_pair packed;
  __asm("pkhbt %0, %1, %2" : "=r"(packed) : "r"(low), "r"(high));
  return packed;
#else
  return (low & 0xFFFFu) | (high & 0xFFFF0000u);
#endif
}

/* The nearest number of 8 bits */
static inline int32_t apf_saturate8(int32_t value) {
#if APF_HAS_DSP
  int32_t saturated;
  __asm("ssat %0, #8, %1" : "=r"(saturated) : "r"(value));
  return saturated;
#else
  return value > INT8_MAX ? INT8_MAX : value < INT8_MIN ? INT8_MIN : value;
#endif
}

/* The nearest number of 16 bits without a sign */
static inline uint32_t apf_saturate_u16(int32_t value) {
#if APF_HAS_DSP
  uint32_t saturated;
  __asm("usat %0, #16, %1" : "=r"(saturated) : "r"(value));
  return saturated;
#else
  return value > (int32_t)UINT16_MAX ? UINT16_MAX : value < 0 ? 0u : (uint32_t)value;
#endif
}

/* The nearest number of 15 bits without a sign */
static inline uint32_t apf_saturate_u15(int32_t value) {
#if APF_HAS_DSP
  uint32_t saturated;
  __asm("usat %0, #15, %1" : "=r"(saturated) : "r"(value));
  return saturated;
#else
  return value > INT16_MAX ? INT16_MAX : value < 0 ? 0u : (uint32_t)value;
#endif
}

/* The nearest number of 16 bits */
static inline int32_t apf_saturate16(int32_t value) {
#if APF_HAS_DSP
  int32_t saturated;
  __asm("ssat %0, #16, %1" : "=r"(saturated) : "r"(value));
  return saturated;
#else
  return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;
#endif
}

#ifdef __cplusplus
}
#endif

#endif
