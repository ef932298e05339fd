/* SPDX-License-Identifier: Apache-2.0 */
/* The window by RISC-V's vectors (apf_rvv.h), sixteen samples at a time.
 *
 * Internal to window.c. */
#ifndef APF_RVV_WINDOW_H
#define APF_RVV_WINDOW_H

#include "apf_rvv.h"
#include "apf_window.h"

#ifdef __cplusplus
extern "C" {
#endif

#if APF_HAS_RVV

/* Weighs samples; returns the bits of all moduli together. */
static inline uint16_t apf_weigh_v(size_t count, const int16_t *samples,
                                   const int16_t *coefficients, int16_t *output) {
  const size_t all = __riscv_vsetvlmax_e16m2();
  const vint16m1_t zero = __riscv_vmv_v_x_i16m1(0, 1);
  vint16m2_t moduli = __riscv_vmv_v_x_i16m2(0, all);
  while (count > 0) {
    const size_t vl = __riscv_vsetvl_e16m2(count);
    const vint32m4_t products = __riscv_vwmul_vv_i32m4(__riscv_vle16_v_i16m2(samples, vl),
                                                       __riscv_vle16_v_i16m2(coefficients, vl), vl);
    const vint16m2_t values = __riscv_vnsra_wx_i16m2(products, APF_WINDOW_BITS, vl);
    const vint16m2_t some = __riscv_vmax_vv_i16m2(values, __riscv_vneg_v_i16m2(values, vl), vl);
    moduli = __riscv_vor_vv_i16m2_tu(moduli, moduli, some, vl);
    __riscv_vse16_v_i16m2(output, values, vl);
    samples += vl;
    coefficients += vl;
    output += vl;
    count -= vl;
  }
  return (uint16_t)__riscv_vmv_x_s_i16m1_i16(__riscv_vredor_vs_i16m2_i16m1(moduli, zero, all));
}

#endif

#ifdef __cplusplus
}
#endif

#endif
