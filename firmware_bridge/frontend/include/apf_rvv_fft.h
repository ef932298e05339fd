/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of fft_packed.c by RISC-V's vectors (apf_rvv.h): a lane is a butterfly.
 *
 * Internal to fft_packed.c. */
#ifndef APF_RVV_FFT_H
#define APF_RVV_FFT_H

#include "apf_fft.h"
#include "apf_rvv.h"

#ifdef __cplusplus
extern "C" {
#endif

#if APF_HAS_RVV

#define APF_QUARTER_V (APF_FFT_ONE / 4)
#define APF_HALF_V (APF_FFT_ONE / 2)

/* Samples as the first stage takes them, scaled. */
APF_INLINE apf_pairs_v apf_samples_v(const int16_t *samples, unsigned shift, int16_t factor,
                                     size_t vl) {
  const apf_pairs_v pairs = __riscv_vlseg2e16_v_i16m2x2(samples, vl);
  return apf_scale_v(apf_pairs_of_v(__riscv_vsll_vx_i16m2(apf_re_v(pairs), shift, vl),
                                    __riscv_vsll_vx_i16m2(apf_im_v(pairs), shift, vl)),
                     factor, vl);
}

/* Where butterflies put their first outputs, in bytes. */
APF_INLINE vuint16m2_t apf_places_v(const uint16_t *places, size_t vl) {
  return __riscv_vsll_vx_u16m2(__riscv_vle16_v_u16m2(places, vl), 2, vl);
}

/* Put an output of some butterflies to its place among theirs. */
APF_INLINE void apf_put_v(const struct apf_fft_state *state, size_t output, vuint16m2_t places,
                          apf_pairs_v pairs, size_t vl) {
  int16_t *const parts = (int16_t *)(void *)(state->bins.bins + output);
  __riscv_vsuxseg2ei16_v_i16m2x2(parts, places, pairs, vl);
}

/* The first stage of the transform, by twos. */
static inline void apf_first_stage_2_v(const struct apf_fft_state *state, const int16_t *samples,
                                       unsigned shift) {
  const size_t half = state->points / 2;
  size_t vl;
  for (size_t j = 0; j < half; j += vl) {
    vl = __riscv_vsetvl_e16m2(half - j);
    const vuint16m2_t places = apf_places_v(state->places + j, vl);
    const apf_pairs_v a = apf_samples_v(samples + 2 * j, shift, APF_HALF_V, vl);
    const apf_pairs_v b = apf_samples_v(samples + 2 * (j + half), shift, APF_HALF_V, vl);
    apf_put_v(state, 0, places, apf_add_v(a, b, vl), vl);
    apf_put_v(state, 1, places, apf_subtract_v(a, b, vl), vl);
  }
}

/* The first stage of the transform, by fours. */
static inline void apf_first_stage_4_v(const struct apf_fft_state *state, const int16_t *samples,
                                       unsigned shift) {
  const size_t points = state->points, quarter = points / 4;
  size_t vl;
  for (size_t j = 0; j < quarter; j += vl) {
    vl = __riscv_vsetvl_e16m2(quarter - j);
    const int16_t *const from = samples + 2 * j;
    const vuint16m2_t places = apf_places_v(state->places + j, vl);
    const apf_pairs_v a = apf_samples_v(from, shift, APF_QUARTER_V, vl);
    const apf_pairs_v b = apf_samples_v(from + points / 2, shift, APF_QUARTER_V, vl);
    const apf_pairs_v c = apf_samples_v(from + points, shift, APF_QUARTER_V, vl);
    const apf_pairs_v d = apf_samples_v(from + points / 2 * 3, shift, APF_QUARTER_V, vl);
    const apf_pairs_v even_sum = apf_add_v(a, c, vl), even_rest = apf_subtract_v(a, c, vl);
    const apf_pairs_v odd_sum = apf_add_v(b, d, vl), odd_rest = apf_subtract_v(b, d, vl);
    apf_put_v(state, 0, places, apf_add_v(even_sum, odd_sum, vl), vl);
    apf_put_v(state, 1, places, apf_subtract_turned_v(even_rest, odd_rest, vl), vl);
    apf_put_v(state, 2, places, apf_subtract_v(even_sum, odd_sum, vl), vl);
    apf_put_v(state, 3, places, apf_add_turned_v(even_rest, odd_rest, vl), vl);
  }
}

/* Three factors of some butterflies: of each, from butterfly to butterfly, or of all the same. */
struct apf_factors_v {
  const apf_pair *first; /* NULL where all are 1 */
  int are_the_same;
};

/* Complex values turned by factors. */
APF_INLINE apf_pairs_v apf_turn_v(apf_pairs_v value, const struct apf_factors_v *factors,
                                  size_t power, size_t vl) {
  if (factors->first == NULL) {
    return value;
  }
  if (factors->are_the_same) {
    const apf_pair factor = factors->first[power];
    return apf_multiply_v(value,
                          apf_pairs_of_v(__riscv_vmv_v_x_i16m2(apf_low(factor), vl),
                                         __riscv_vmv_v_x_i16m2(apf_high(factor), vl)),
                          vl);
  }
  return apf_multiply_v(value, apf_load_v(factors->first + power, 3, vl), vl);
}

/* Some butterflies, `step` pairs apart. */
APF_INLINE void apf_butterflies_v(apf_pair *data, ptrdiff_t step, size_t done,
                                  const struct apf_factors_v *factors, size_t vl) {
  const apf_pairs_v a = apf_scale_v(apf_load_v(data, step, vl), APF_QUARTER_V, vl);
  const apf_pairs_v b =
      apf_turn_v(apf_scale_v(apf_load_v(data + done, step, vl), APF_QUARTER_V, vl), factors, 0, vl);
  const apf_pairs_v c = apf_turn_v(
      apf_scale_v(apf_load_v(data + 2 * done, step, vl), APF_QUARTER_V, vl), factors, 1, vl);
  const apf_pairs_v d = apf_turn_v(
      apf_scale_v(apf_load_v(data + 3 * done, step, vl), APF_QUARTER_V, vl), factors, 2, vl);
  const apf_pairs_v even_sum = apf_add_v(a, c, vl), even_rest = apf_subtract_v(a, c, vl);
  const apf_pairs_v odd_sum = apf_add_v(b, d, vl), odd_rest = apf_subtract_v(b, d, vl);
  apf_store_v(data, step, apf_add_v(even_sum, odd_sum, vl), vl);
  apf_store_v(data + done, step, apf_subtract_turned_v(even_rest, odd_rest, vl), vl);
  apf_store_v(data + 2 * done, step, apf_subtract_v(even_sum, odd_sum, vl), vl);
  apf_store_v(data + 3 * done, step, apf_add_turned_v(even_rest, odd_rest, vl), vl);
}

/* Those of one place in each of `count` sub-transforms, which share their factors. */
APF_INLINE void apf_sub_transforms_v(apf_pair *data, size_t count, size_t done,
                                     const apf_pair *factors) {
  const struct apf_factors_v shared = {factors, 1};
  size_t vl;
  for (; count > 0; count -= vl) {
    vl = __riscv_vsetvl_e16m2(count);
    apf_butterflies_v(data, (ptrdiff_t)(4 * done), done, &shared, vl);
    data += 4 * done * vl;
  }
}

/* As stage_4 in fft_packed.c. */
static inline const apf_pair *apf_stage_4_v(const struct apf_fft_state *state,
                                            const apf_pair *twiddles, size_t done) {
  apf_pair *const first = state->bins.bins;
  const size_t count = state->points / (4 * done), places = done - 1;
  apf_sub_transforms_v(first, count, done, NULL);
  if (count > places) {
    for (size_t place = 0; place < places; ++place) {
      apf_sub_transforms_v(first + 1 + place, count, done, twiddles + 3 * place);
    }
    return twiddles + 3 * places;
  }
  size_t vl;
  for (size_t place = 0; place < places; place += vl) {
    vl = __riscv_vsetvl_e16m2(places - place);
    const struct apf_factors_v factors = {twiddles + 3 * place, 0};
    apf_pair *data = first + 1 + place;
    for (size_t left = count; left > 0; --left) {
      apf_butterflies_v(data, 1, done, &factors, vl);
      data += 4 * done;
    }
  }
  return twiddles + 3 * places;
}

/* As separate in fft_packed.c, for bins on either side of the middle. */
static inline void apf_separate_v(const struct apf_fft_state *state) {
  const size_t count = state->points / 2 - 1;
  size_t vl;
  for (size_t k = 1; k <= count; k += vl) {
    vl = __riscv_vsetvl_e16m2(count + 1 - k);
    apf_pair *const near = state->bins.bins + k, *const far = state->bins.bins + state->points - k;
    const apf_pairs_v mirrored = apf_load_v(far, -1, vl);
    const apf_pairs_v conjugated =
        apf_pairs_of_v(apf_re_v(mirrored), __riscv_vneg_v_i16m2(apf_im_v(mirrored), vl));
    const apf_pairs_v a = apf_scale_v(apf_load_v(near, 1, vl), APF_HALF_V, vl);
    const apf_pairs_v b = apf_scale_v(conjugated, APF_HALF_V, vl);
    const apf_pairs_v even = apf_add_v(a, b, vl);
    const apf_pairs_v odd =
        apf_multiply_v(apf_subtract_v(a, b, vl), apf_load_v(state->split.bins + k, 1, vl), vl);
    const vint16m2_t even_re = apf_re_v(even), even_im = apf_im_v(even);
    const vint16m2_t odd_re = apf_re_v(odd), odd_im = apf_im_v(odd);
    apf_store_v(near, 1,
                apf_pairs_of_v(__riscv_vaadd_vv_i16m2(even_re, odd_re, __RISCV_VXRM_RDN, vl),
                               __riscv_vaadd_vv_i16m2(even_im, odd_im, __RISCV_VXRM_RDN, vl)),
                vl);
    apf_store_v(far, -1,
                apf_pairs_of_v(__riscv_vasub_vv_i16m2(even_re, odd_re, __RISCV_VXRM_RDN, vl),
                               __riscv_vasub_vv_i16m2(odd_im, even_im, __RISCV_VXRM_RDN, vl)),
                vl);
  }
}

#endif

#ifdef __cplusplus
}
#endif

#endif
