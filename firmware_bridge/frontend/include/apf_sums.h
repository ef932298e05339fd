/* SPDX-License-Identifier: Apache-2.0 */
/* Weighted sums over the bins of each channel, the inner loops of filterbank and phase.
 *
 * They are exact: 64-bit sums of whole products, which wrap. The first bin in use is never bin 0,
 * so each has one below it. */
#ifndef APF_SUMS_H
#define APF_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "apf_filterbank.h"
#include "apf_spectrum.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Complex sums per channel; two's complement in unsigned numbers. */
struct apf_complex_sums {
  uint64_t *re;
  uint64_t *im;
};

/* sum w |X_k|^2, and sum w |X_k-1|^2 in `below` unless it is NULL */
void apf_sum_energies(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                      uint64_t *sums, uint64_t *below);

/* sum w X_k conj(X_k-1) */
void apf_sum_neighbours(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                        const struct apf_complex_sums *sums);

/* sum w X_k conj(Y_k) R_k, where the products of X and Y lose their lowest `drop` bits by rounding.
 * A product of bins is below 2^31, weight and rotation together are below 2^27. */
void apf_sum_turned(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                    const struct apf_spectrum *earlier, const struct apf_spectrum *rotation,
                    uint32_t drop, const struct apf_complex_sums *sums);

#ifdef __cplusplus
}
#endif

#endif
