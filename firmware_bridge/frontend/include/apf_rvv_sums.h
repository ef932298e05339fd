/* SPDX-License-Identifier: Apache-2.0 */
/* The sums of sums_packed.c by RISC-V's vectors (apf_rvv.h): up to sixteen bins of a channel at a
 * time. There are no elements of 64 bits: products are summed in three parts that fit 32.
 *
 * Internal to sums_packed.c. */
#ifndef APF_RVV_SUMS_H
#define APF_RVV_SUMS_H

#include "apf_rvv.h"
#include "apf_sums.h"

#ifdef __cplusplus
extern "C" {
#endif

#if APF_HAS_RVV

/* The sum of products, of which there are their lower and their upper words. */
APF_INLINE uint64_t apf_sum_words_v(vuint32m4_t lower, vuint32m4_t upper, size_t vl) {
  const vuint32m1_t zero = __riscv_vmv_v_x_u32m1(0, 1);
  const vuint32m4_t first = __riscv_vand_vx_u32m4(lower, 0xFFFF, vl);
  const vuint32m4_t second = __riscv_vsrl_vx_u32m4(lower, 16, vl);
  const uint32_t low = __riscv_vmv_x_s_u32m1_u32(__riscv_vredsum_vs_u32m4_u32m1(first, zero, vl));
  const uint32_t mid = __riscv_vmv_x_s_u32m1_u32(__riscv_vredsum_vs_u32m4_u32m1(second, zero, vl));
  const uint32_t high = __riscv_vmv_x_s_u32m1_u32(__riscv_vredsum_vs_u32m4_u32m1(upper, zero, vl));
  return ((uint64_t)high << 32) + ((uint64_t)mid << 16) + low;
}

/* The sum of products of numbers without a sign. */
APF_INLINE uint64_t apf_sum_unsigned_v(vuint32m4_t a, vuint32m4_t b, size_t vl) {
  return apf_sum_words_v(__riscv_vmul_vv_u32m4(a, b, vl), __riscv_vmulhu_vv_u32m4(a, b, vl), vl);
}

/* The sum of products, modulo 2^64. */
APF_INLINE uint64_t apf_sum_signed_v(vint32m4_t a, vint32m4_t b, size_t vl) {
  const vint32m4_t lower = __riscv_vmul_vv_i32m4(a, b, vl),
                   upper = __riscv_vmulh_vv_i32m4(a, b, vl);
  return apf_sum_words_v(__riscv_vreinterpret_v_i32m4_u32m4(lower),
                         __riscv_vreinterpret_v_i32m4_u32m4(upper), vl);
}

/* Re(a conj(b)), which wraps at 2^31 */
APF_INLINE vint32m4_t apf_conjugate_re_v(apf_pairs_v a, apf_pairs_v b, size_t vl) {
  return __riscv_vwmacc_vv_i32m4(__riscv_vwmul_vv_i32m4(apf_re_v(a), apf_re_v(b), vl), apf_im_v(a),
                                 apf_im_v(b), vl);
}

/* Im(a conj(b)) */
APF_INLINE vint32m4_t apf_conjugate_im_v(apf_pairs_v a, apf_pairs_v b, size_t vl) {
  return __riscv_vsub_vv_i32m4(__riscv_vwmul_vv_i32m4(apf_im_v(a), apf_re_v(b), vl),
                               __riscv_vwmul_vv_i32m4(apf_re_v(a), apf_im_v(b), vl), vl);
}

/* Squared magnitudes of adjacent bins. */
APF_INLINE vuint32m4_t apf_energies_v(const apf_pair *bins, size_t vl) {
  const apf_pairs_v some = apf_load_v(bins, 1, vl);
  return __riscv_vreinterpret_v_i32m4_u32m4(apf_conjugate_re_v(some, some, vl));
}

/* Weights of adjacent bins, which are below 2^15. */
APF_INLINE vint16m2_t apf_weights_v(const uint16_t *weights, size_t vl) {
  return __riscv_vreinterpret_v_u16m2_i16m2(__riscv_vle16_v_u16m2(weights, vl));
}

/* As apf_sum_energies. */
static inline void apf_sum_energies_v(const struct apf_filterbank_state *bank,
                                      const struct apf_spectrum *bins, uint64_t *sums,
                                      uint64_t *below) {
  const uint16_t *weights = bank->weights;
  for (size_t channel = 0; channel < bank->channels; ++channel) {
    const apf_pair *bin = bins->bins + bank->pairs[channel].first;
    uint64_t sum = 0, sum_below = 0;
    size_t vl;
    for (size_t left = 2u * bank->pairs[channel].count; left > 0; left -= vl) {
      vl = __riscv_vsetvl_e16m2(left);
      const vuint32m4_t weight = __riscv_vzext_vf2_u32m4(__riscv_vle16_v_u16m2(weights, vl), vl);
      sum += apf_sum_unsigned_v(apf_energies_v(bin, vl), weight, vl);
      if (below != NULL) {
        sum_below += apf_sum_unsigned_v(apf_energies_v(bin - 1, vl), weight, vl);
      }
      bin += vl;
      weights += vl;
    }
    sums[channel] = sum;
    if (below != NULL) {
      below[channel] = sum_below;
    }
  }
}

/* As apf_sum_neighbours. */
static inline void apf_sum_neighbours_v(const struct apf_filterbank_state *bank,
                                        const struct apf_spectrum *bins,
                                        const struct apf_complex_sums *sums) {
  const uint16_t *weights = bank->weights;
  for (size_t channel = 0; channel < bank->channels; ++channel) {
    const apf_pair *bin = bins->bins + bank->pairs[channel].first;
    uint64_t re = 0, im = 0;
    size_t vl;
    for (size_t left = 2u * bank->pairs[channel].count; left > 0; left -= vl) {
      vl = __riscv_vsetvl_e16m2(left);
      const vint32m4_t weight = __riscv_vsext_vf2_i32m4(apf_weights_v(weights, vl), vl);
      const apf_pairs_v here = apf_load_v(bin, 1, vl), before = apf_load_v(bin - 1, 1, vl);
      re += apf_sum_signed_v(apf_conjugate_re_v(here, before, vl), weight, vl);
      im += apf_sum_signed_v(apf_conjugate_im_v(here, before, vl), weight, vl);
      bin += vl;
      weights += vl;
    }
    sums->re[channel] = re;
    sums->im[channel] = im;
  }
}

/* As apf_sum_turned. */
static inline void apf_sum_turned_v(const struct apf_filterbank_state *bank,
                                    const struct apf_spectrum *bins,
                                    const struct apf_spectrum *earlier,
                                    const struct apf_spectrum *rotation, uint32_t drop,
                                    const struct apf_complex_sums *sums) {
  const int32_t half = (1 << drop) >> 1;
  const uint16_t *weights = bank->weights;
  for (size_t channel = 0; channel < bank->channels; ++channel) {
    size_t at = bank->pairs[channel].first, vl;
    uint64_t sum_re = 0, sum_im = 0;
    for (size_t left = 2u * bank->pairs[channel].count; left > 0; left -= vl) {
      vl = __riscv_vsetvl_e16m2(left);
      const apf_pairs_v now = apf_load_v(bins->bins + at, 1, vl);
      const apf_pairs_v before = apf_load_v(earlier->bins + at, 1, vl);
      const apf_pairs_v turn = apf_load_v(rotation->bins + at, 1, vl);
      const vint16m2_t weight = apf_weights_v(weights, vl);
      const vint32m4_t wide_re =
          __riscv_vadd_vx_i32m4(apf_conjugate_re_v(now, before, vl), half, vl);
      const vint32m4_t wide_im =
          __riscv_vadd_vx_i32m4(apf_conjugate_im_v(now, before, vl), half, vl);
      const vint32m4_t re = __riscv_vsra_vx_i32m4(wide_re, drop, vl);
      const vint32m4_t im = __riscv_vsra_vx_i32m4(wide_im, drop, vl);
      const vint32m4_t cosine = __riscv_vwmul_vv_i32m4(apf_re_v(turn), weight, vl);
      const vint32m4_t sine = __riscv_vwmul_vv_i32m4(apf_im_v(turn), weight, vl);
      sum_re += apf_sum_signed_v(re, cosine, vl);
      sum_re += apf_sum_signed_v(__riscv_vneg_v_i32m4(im, vl), sine, vl);
      sum_im += apf_sum_signed_v(re, sine, vl);
      sum_im += apf_sum_signed_v(im, cosine, vl);
      at += vl;
      weights += vl;
    }
    sums->re[channel] = sum_re;
    sums->im[channel] = sum_im;
  }
}

#endif

#ifdef __cplusplus
}
#endif

#endif
