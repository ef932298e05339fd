/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_normalise.h"

#include "apf_simd.h"

static int32_t saturated_shift(int64_t value, uint32_t shift) {
  const int64_t shifted = value >> shift;
  return shifted > INT8_MAX ? INT8_MAX : shifted < INT8_MIN ? INT8_MIN : (int32_t)shifted;
}

/* Shifts of 32 and more are the usual ones: they need the upper word only. */
static inline int32_t apply(const struct apf_affine *affine, int32_t raw) {
  const int64_t value = (int64_t)raw * affine->multiplier + affine->offset;
  const int32_t excess = (int32_t)affine->shift - 32;
  if (excess < 0) {
    return saturated_shift(value, affine->shift);
  }
  return apf_saturate8((int32_t)(value >> 32) >> excess);
}

void apf_normalise_process(const struct apf_normalise_state *state, const uint16_t *amplitude,
                           const int16_t *phase, int8_t *restrict output) {
  const struct apf_affine *affine = state->affines;
  const size_t phase_planes = state->planes - 1u;
  for (const uint16_t *end = amplitude + state->channels; amplitude < end; ++amplitude) {
    *output++ = (int8_t)apply(affine++, *amplitude);
    for (size_t left = phase_planes; left > 0; --left) {
      *output++ = (int8_t)apply(affine++, *phase++);
    }
  }
}
