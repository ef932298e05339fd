/* SPDX-License-Identifier: Apache-2.0 */
/* The amplitude's difference in time: what it is more than in the frame before.
 *
 * It is taken of the amplitude as it is put out, saturated to 16 bits, and 0 in the first frame. */
#ifndef APF_DELTA_H
#define APF_DELTA_H

#include <stddef.h>
#include <stdint.h>

#include "apf_arena.h"

#ifdef __cplusplus
extern "C" {
#endif

struct apf_delta_config {
  int enabled;
};

struct apf_delta_state {
  int enabled;
  size_t channels;
  uint16_t *earlier; /* amplitude of the frame before */
  int has_earlier;
};

/* Takes memory for `channels` values, 1 to APF_MAX_CHANNELS, from `work`; nothing where it is not
 * enabled. An arena that only counts leaves pointers NULL. */
void apf_delta_bind(struct apf_delta_state *state, const struct apf_delta_config *config,
                    size_t channels, struct apf_arena *work);

/* Forgets the frame before: the next differences are 0. */
void apf_delta_reset(struct apf_delta_state *state);

/* Writes one value a channel, `stride` values apart. */
void apf_delta_process(struct apf_delta_state *state, const uint16_t *amplitude, int16_t *output,
                       size_t stride);

#ifdef __cplusplus
}
#endif

#endif
