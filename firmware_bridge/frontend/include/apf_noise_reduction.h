/* SPDX-License-Identifier: Apache-2.0 */
/* Subtracts a slowly moving estimate of the stationary noise from each channel. */
#ifndef APF_NOISE_REDUCTION_H
#define APF_NOISE_REDUCTION_H

#include <stddef.h>
#include <stdint.h>

#include "apf_arena.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APF_NOISE_REDUCTION_BITS 14

struct apf_noise_reduction_config {
  int enabled;                /* 0: the estimate is kept for PCAN, nothing is subtracted */
  uint32_t smoothing_bits;    /* fractional bits of the estimate */
  float even_smoothing;       /* share of the newest frame in the estimate, channels 0, 2, ... */
  float odd_smoothing;        /* the same for channels 1, 3, ... */
  float min_signal_remaining; /* share of the signal that is always kept */
};

struct apf_noise_reduction_state {
  int enabled;
  size_t channels;
  uint32_t smoothing_bits;
  uint32_t smoothing[2]; /* Q14, of even and odd channels */
  uint32_t floor;        /* Q14 */
  uint32_t *estimate;    /* per channel, with smoothing_bits fractional bits */
};

/* Takes memory for the estimates of `channels` channels from `work`. */
void apf_noise_reduction_bind(struct apf_noise_reduction_state *state,
                              const struct apf_noise_reduction_config *config, size_t channels,
                              struct apf_arena *work);

/* Sets all estimates to 0. */
void apf_noise_reduction_reset(struct apf_noise_reduction_state *state);

/* Updates the estimate and reduces `signal` in place. */
void apf_noise_reduction_process(struct apf_noise_reduction_state *state, uint32_t *signal);

#ifdef __cplusplus
}
#endif

#endif
