/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_window.h"

#include <math.h>
#include <string.h>

#include "apf_bits.h"
#include "apf_rvv_window.h"
#include "apf_simd.h"

static const float two_pi = 3.14159265358979323846f * 2.0f;

void apf_window_bind(struct apf_window_state *state, const struct apf_window_config *config,
                     struct apf_arena *tables, struct apf_arena *work) {
  state->samples = config->samples;
  state->hop = config->hop;
  state->coefficients = apf_take(tables, config->samples, sizeof(int16_t));
  state->pending = apf_take(work, config->samples, sizeof(int16_t));
}

void apf_window_bind_output(struct apf_window_state *state, size_t length, struct apf_arena *work) {
  state->output_length = length;
  state->output = apf_take(work, length, sizeof(int16_t));
}

void apf_window_populate(struct apf_window_state *state) {
  const float step = two_pi / (float)state->samples;
  const float one = (float)(1 << APF_WINDOW_BITS);
  for (size_t i = 0; i < state->samples; ++i) {
    const float hann = 0.5f - 0.5f * cosf(step * ((float)i + 0.5f));
    state->coefficients[i] = (int16_t)floorf(hann * one + 0.5f);
  }
}

void apf_window_reset(struct apf_window_state *state) {
  state->pending_count = 0;
  state->peak = 0;
}

size_t apf_window_fill(struct apf_window_state *state, const int16_t *samples, size_t count) {
  const size_t room = state->samples - state->pending_count;
  const size_t taken = count < room ? count : room;
  memcpy(state->pending + state->pending_count, samples, taken * sizeof(int16_t));
  state->pending_count += taken;
  return taken;
}

void apf_window_advance(struct apf_window_state *state) {
  const size_t kept = state->samples - state->hop;
  memmove(state->pending, state->pending + state->hop, kept * sizeof(int16_t));
  state->pending_count = kept;
}

/* -32768 has no positive counterpart in 16 bits: it stays negative and never is the peak. */
static int16_t modulus_of(int16_t value) {
  return value < 0 ? apf_wrap16(-(int32_t)value) : value;
}

static int16_t weigh(int16_t sample, int16_t coefficient) {
  return (int16_t)(((int32_t)sample * coefficient) >> APF_WINDOW_BITS);
}

#if defined(APF_SPLIT)

static uint16_t weigh_all(size_t count, const int16_t *samples, const int16_t *coefficients,
                          int16_t *output) {
  int16_t peak = 0;
  for (size_t i = 0; i < count; ++i) {
    const int16_t value = weigh(samples[i], coefficients[i]);
    const int16_t modulus = modulus_of(value);
    output[i] = value;
    peak = modulus > peak ? modulus : peak;
  }
  return (uint16_t)peak;
}

#else

/* Samples and coefficients as they come in, and where the products go. */
struct weighing {
  const int16_t *samples;
  const int16_t *coefficients;
  int16_t *output;
};

APF_INLINE apf_pair weigh_pair(struct weighing *at) {
  const apf_pair pair = apf_take_pair(&at->samples), weights = apf_take_pair(&at->coefficients);
  const apf_pair value =
      apf_pack_from_12(apf_low_product(pair, weights), apf_high_product(pair, weights));
  apf_put_pair(&at->output, value);
  return apf_moduli(value);
}

/* Two at a time, twice. All moduli together have as many bits as the largest. */
static uint16_t weigh_all(size_t count, const int16_t *samples, const int16_t *coefficients,
                          int16_t *output) {
  apf_pair moduli = 0;
#if APF_HAS_RVV
  moduli = apf_weigh_v(count, samples, coefficients, output);
  count = 0;
#endif
  struct weighing at = {samples, coefficients, output};
  const int16_t *end = samples + count / 4 * 4;
  while (at.samples < end) {
    moduli |= weigh_pair(&at);
    moduli |= weigh_pair(&at);
  }
  for (size_t left = count % 4; left > 0; --left) {
    *at.output = weigh(*at.samples++, *at.coefficients++);
    moduli |= (uint16_t)modulus_of(*at.output++);
  }
  return (uint16_t)((moduli | moduli >> 16) & INT16_MAX);
}

#endif

void apf_window_process(struct apf_window_state *state, const int16_t *samples) {
  state->peak = weigh_all(state->samples, samples, state->coefficients, state->output);
  memset(state->output + state->samples, 0,
         (state->output_length - state->samples) * sizeof(int16_t));
}
