/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_fft.h"

#include <math.h>

#include "apf_bits.h"

static const double pi = 3.14159265358979323846264338327950288;

size_t apf_fft_size_for(size_t samples) {
  size_t size = APF_FFT_MIN_SIZE;
  while (size < samples) {
    size <<= 1;
  }
  return size;
}

size_t apf_fft_first_radix(size_t points) {
  return (apf_bit_length32((uint32_t)points) & 1u) == 0u ? 2 : 4;
}

size_t apf_fft_bin_at(size_t place, size_t length, size_t first_radix) {
  size_t bin = 0;
  for (size_t weight = length / 4; weight >= first_radix; weight /= 4) {
    bin += (place % 4) * weight;
    place /= 4;
  }
  return bin + place;
}

struct apf_complex apf_fft_factor(double phase) {
  const struct apf_complex factor = {
      (int16_t)floor(0.5 + APF_FFT_ONE * cos(phase)),
      (int16_t)floor(0.5 + APF_FFT_ONE * sin(phase)),
  };
  return factor;
}

void apf_fft_populate_split(struct apf_fft_state *state) {
  for (size_t k = 1; k <= state->points / 2; ++k) {
    apf_set(&state->split, k, apf_fft_factor(-pi * ((double)k / (double)state->points + 0.5)));
  }
}
