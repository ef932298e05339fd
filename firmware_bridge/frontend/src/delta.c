/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_delta.h"

#include "apf_simd.h"

void apf_delta_bind(struct apf_delta_state *state, const struct apf_delta_config *config,
                    size_t channels, struct apf_arena *work) {
  state->enabled = config->enabled != 0;
  state->channels = channels;
  state->earlier = apf_take(work, state->enabled ? channels : 0u, sizeof(uint16_t));
}

void apf_delta_reset(struct apf_delta_state *state) {
  state->has_earlier = 0;
}

void apf_delta_process(struct apf_delta_state *state, const uint16_t *amplitude, int16_t *output,
                       size_t stride) {
  uint16_t *earlier = state->earlier;
  for (size_t left = state->channels; left > 0; --left, output += stride) {
    const int32_t now = *amplitude++;
    const int32_t before = state->has_earlier ? *earlier : now;
    *output = (int16_t)apf_saturate16(now - before);
    *earlier++ = (uint16_t)now;
  }
  state->has_earlier = 1;
}
