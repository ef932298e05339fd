#include "apf_normalise.h"

static int8_t apply(const struct apf_affine *affine, int32_t raw) {
  const int64_t value = ((int64_t)raw * affine->multiplier + affine->offset) >> affine->shift;
  return value > INT8_MAX ? INT8_MAX : value < INT8_MIN ? INT8_MIN : (int8_t)value;
}

void apf_normalise_process(const struct apf_normalise_state *state, const uint16_t *amplitude,
                           const int16_t *phase, int8_t *output) {
  const struct apf_affine *affine = state->affines;
  for (size_t i = 0; i < state->channels; ++i) {
    *output++ = apply(affine++, (int32_t)*amplitude++);
    for (size_t plane = 1; plane < state->planes; ++plane) {
      *output++ = apply(affine++, (int32_t)*phase++);
    }
  }
}
