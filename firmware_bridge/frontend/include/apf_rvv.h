/* SPDX-License-Identifier: Apache-2.0 */
/* Complex numbers of 16 bits a part for cores with RISC-V's vectors (RVV 1.0, its subset Zve32x
 * does): up to sixteen at a time in a vector of real and one of imaginary parts, by loads and
 * stores that part and join the two. All to the bit as apf_simd.h has them, one at a time.
 *
 * `vsmul` is a * b / 2^15 to the nearest, halves upwards. */
#ifndef APF_RVV_H
#define APF_RVV_H

#include <stddef.h>
#include <stdint.h>

#include "apf_simd.h"

#if defined(__riscv_vector) && defined(__riscv_v_intrinsic) && defined(__OPTIMIZE__)
#include <riscv_vector.h>
#define APF_HAS_RVV 1
#else
#define APF_HAS_RVV 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if APF_HAS_RVV

/* Real parts and imaginary ones. */
typedef vint16m2x2_t apf_pairs_v;

/* The real parts of complex values. */
APF_INLINE vint16m2_t apf_re_v(apf_pairs_v a) {
  return __riscv_vget_v_i16m2x2_i16m2(a, 0);
}

/* The imaginary parts of complex values. */
APF_INLINE vint16m2_t apf_im_v(apf_pairs_v a) {
  return __riscv_vget_v_i16m2x2_i16m2(a, 1);
}

/* Complex values of real and imaginary parts. */
APF_INLINE apf_pairs_v apf_pairs_of_v(vint16m2_t re, vint16m2_t im) {
  return __riscv_vcreate_v_i16m2x2(re, im);
}

/* Load pairs that are `step` pairs apart in memory. */
APF_INLINE apf_pairs_v apf_load_v(const apf_pair *from, ptrdiff_t step, size_t vl) {
  const int16_t *const parts = (const int16_t *)(const void *)from;
  return step == 1 ? __riscv_vlseg2e16_v_i16m2x2(parts, vl)
                   : __riscv_vlsseg2e16_v_i16m2x2(parts, 4 * step, vl);
}

/* Store pairs `step` pairs apart in memory. */
APF_INLINE void apf_store_v(apf_pair *to, ptrdiff_t step, apf_pairs_v pairs, size_t vl) {
  int16_t *const parts = (int16_t *)(void *)to;
  if (step == 1) {
    __riscv_vsseg2e16_v_i16m2x2(parts, pairs, vl);
  } else {
    __riscv_vssseg2e16_v_i16m2x2(parts, 4 * step, pairs, vl);
  }
}

/* a + b */
APF_INLINE apf_pairs_v apf_add_v(apf_pairs_v a, apf_pairs_v b, size_t vl) {
  return apf_pairs_of_v(__riscv_vadd_vv_i16m2(apf_re_v(a), apf_re_v(b), vl),
                        __riscv_vadd_vv_i16m2(apf_im_v(a), apf_im_v(b), vl));
}

/* a - b */
APF_INLINE apf_pairs_v apf_subtract_v(apf_pairs_v a, apf_pairs_v b, size_t vl) {
  return apf_pairs_of_v(__riscv_vsub_vv_i16m2(apf_re_v(a), apf_re_v(b), vl),
                        __riscv_vsub_vv_i16m2(apf_im_v(a), apf_im_v(b), vl));
}

/* a + jb */
APF_INLINE apf_pairs_v apf_add_turned_v(apf_pairs_v a, apf_pairs_v b, size_t vl) {
  return apf_pairs_of_v(__riscv_vsub_vv_i16m2(apf_re_v(a), apf_im_v(b), vl),
                        __riscv_vadd_vv_i16m2(apf_im_v(a), apf_re_v(b), vl));
}

/* a - jb */
APF_INLINE apf_pairs_v apf_subtract_turned_v(apf_pairs_v a, apf_pairs_v b, size_t vl) {
  return apf_pairs_of_v(__riscv_vadd_vv_i16m2(apf_re_v(a), apf_im_v(b), vl),
                        __riscv_vsub_vv_i16m2(apf_im_v(a), apf_re_v(b), vl));
}

/* By a factor in Q15, rounded. */
APF_INLINE apf_pairs_v apf_scale_v(apf_pairs_v a, int16_t factor, size_t vl) {
  return apf_pairs_of_v(__riscv_vsmul_vx_i16m2(apf_re_v(a), factor, __RISCV_VXRM_RNU, vl),
                        __riscv_vsmul_vx_i16m2(apf_im_v(a), factor, __RISCV_VXRM_RNU, vl));
}

/* From Q30 to Q15, rounded; the lower 16 bits. */
APF_INLINE vint16m2_t apf_round_15_v(vint32m4_t value, size_t vl) {
  return __riscv_vnsra_wx_i16m2(__riscv_vadd_vx_i32m4(value, 1 << 14, vl), 15, vl);
}

/* By factors in Q15, rounded. */
APF_INLINE apf_pairs_v apf_multiply_v(apf_pairs_v a, apf_pairs_v b, size_t vl) {
  const vint32m4_t re =
      __riscv_vsub_vv_i32m4(__riscv_vwmul_vv_i32m4(apf_re_v(a), apf_re_v(b), vl),
                            __riscv_vwmul_vv_i32m4(apf_im_v(a), apf_im_v(b), vl), vl);
  const vint32m4_t im = __riscv_vwmacc_vv_i32m4(
      __riscv_vwmul_vv_i32m4(apf_re_v(a), apf_im_v(b), vl), apf_im_v(a), apf_re_v(b), vl);
  return apf_pairs_of_v(apf_round_15_v(re, vl), apf_round_15_v(im, vl));
}

#endif

#ifdef __cplusplus
}
#endif

#endif
