#include "apf_normalise.h"

#include "apf_simd.h"

APF_NOINLINE void put_shifted(int8_t *output, int64_t value, uint32_t shift) {
  const int64_t shifted = value >> shift;
  *output = (int8_t)(shifted > INT8_MAX ? INT8_MAX : shifted < INT8_MIN ? INT8_MIN : shifted);
}

/* Shifts of 32 and more are the usual ones: they need the upper word only. */
APF_INLINE void put(int8_t *output, const struct apf_affine *affine, int32_t raw) {
  const struct apf_affine of = *affine;
  const int64_t value = (int64_t)raw * of.multiplier + of.offset;
  const int32_t excess = (int32_t)of.shift - 32;
  if (APF_LIKELY(excess >= 0)) {
    *output = (int8_t)apf_saturate8((int32_t)(value >> 32) >> excess);
  } else {
    put_shifted(output, value, of.shift);
  }
}

void apf_normalise_process(const struct apf_normalise_state *state, const uint16_t *amplitude,
                           const int16_t *phase, int8_t *restrict output) {
  const struct apf_affine *affine = state->affines;
  const size_t phase_planes = state->planes - 1u;
  for (const uint16_t *end = amplitude + state->channels; amplitude < end; ++amplitude) {
    put(output++, affine++, *amplitude);
    for (const int8_t *last = output + phase_planes; output < last;) {
      put(output++, affine++, *phase++);
    }
  }
}
