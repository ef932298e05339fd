/* SPDX-License-Identifier: Apache-2.0 */
/* Per-channel amplitude normalisation: an automatic gain that follows the noise estimate.
 *
 * Lyon's wide dynamic function: the gain curve is a parabola on each octave of the estimate. */
#ifndef APF_PCAN_GAIN_H
#define APF_PCAN_GAIN_H

#include <stddef.h>
#include <stdint.h>

#include "apf_arena.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APF_PCAN_SNR_BITS 12
#define APF_PCAN_OUTPUT_BITS 6
#define APF_PCAN_OCTAVES 33u /* bit lengths 0 to 32 of an estimate */

struct apf_pcan_gain_config {
  int enabled;
  float strength;     /* exponent of the normalisation: 0 none, 1 full */
  float offset;       /* added to the estimate, so that silence is not amplified without end */
  uint32_t gain_bits; /* fractional bits of the gain */
};

/* One octave of the gain curve: start + slope * x + bend * x^2 for x in 0 to 1. */
struct apf_pcan_octave {
  int16_t start;
  int16_t slope;
  int16_t bend;
  int16_t unused; /* keeps octaves 8 bytes apart */
};

struct apf_pcan_gain_state {
  int enabled;
  size_t channels;
  int32_t snr_shift;
  int32_t input_bits;              /* fractional bits of the noise estimate */
  struct apf_pcan_octave *octaves; /* table: APF_PCAN_OCTAVES */
};

/* `correction_bits` is how many bits the FFT and filterbank scaled the signal down by. */
void apf_pcan_gain_bind(struct apf_pcan_gain_state *state,
                        const struct apf_pcan_gain_config *config, size_t channels,
                        uint32_t smoothing_bits, int32_t correction_bits, struct apf_arena *tables);

/* Returns 0 when a shift would leave its 32 or 64 bits, else 1. */
int apf_pcan_gain_check(const struct apf_pcan_gain_state *state);

/* Computes the curve of a state that is bound and checked. */
void apf_pcan_gain_populate(struct apf_pcan_gain_state *state,
                            const struct apf_pcan_gain_config *config);

/* Multiplies `signal` in place by the gain for each channel's noise estimate. */
void apf_pcan_gain_process(const struct apf_pcan_gain_state *state, const uint32_t *estimate,
                           uint32_t *signal);

#ifdef __cplusplus
}
#endif

#endif
