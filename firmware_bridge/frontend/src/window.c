#include "apf_window.h"

#include <math.h>
#include <string.h>

#include "apf_bits.h"

static const float two_pi = 3.14159265358979323846f * 2.0f;

void apf_window_bind(struct apf_window_state *state, const struct apf_window_config *config,
                     struct apf_arena *tables, struct apf_arena *work) {
  state->samples = config->samples;
  state->hop = config->hop;
  state->coefficients = apf_take(tables, config->samples, sizeof(int16_t));
  state->pending = apf_take(work, config->samples, sizeof(int16_t));
  state->output = apf_take(work, config->samples, sizeof(int16_t));
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

void apf_window_process(struct apf_window_state *state, const int16_t *samples) {
  const int16_t *coefficients = state->coefficients;
  int16_t *output = state->output;
  int16_t peak = 0;
  for (size_t i = 0; i < state->samples; ++i) {
    const int16_t value =
        (int16_t)(((int32_t)samples[i] * (int32_t)coefficients[i]) >> APF_WINDOW_BITS);
    /* -32768 has no positive counterpart in 16 bits: it stays negative and never is the peak. */
    const int16_t modulus = value < 0 ? apf_wrap16(-(int32_t)value) : value;
    output[i] = value;
    peak = modulus > peak ? modulus : peak;
  }
  state->peak = (uint16_t)peak;
}
