/* SPDX-License-Identifier: Apache-2.0 */
/* Complex numbers of 16 bits a part, in the order that suits the machine.
 *
 * Packed, each is one word: what a microcontroller with the DSP extension multiplies in one
 * instruction. On hosts, with APF_SPLIT, real and imaginary parts have arrays of their own, which
 * compilers for wide vectors want. The numbers are the same, and so is everything that comes of
 * them; tables made for one order do not fit the other. */
#ifndef APF_SPECTRUM_H
#define APF_SPECTRUM_H

#include <stddef.h>
#include <stdint.h>

#include "apf_arena.h"
#include "apf_simd.h"

#ifdef __cplusplus
extern "C" {
#endif

struct apf_complex {
  int16_t re;
  int16_t im;
};

#if defined(APF_SPLIT)

struct apf_spectrum {
  int16_t *re;
  int16_t *im;
};

/* `count` complex numbers of an arena, aligned to APF_ALIGNMENT; NULL while it counts. */
static inline struct apf_spectrum apf_take_spectrum(struct apf_arena *arena, size_t count) {
  struct apf_spectrum spectrum;
  spectrum.re = (int16_t *)apf_take(arena, count, sizeof(int16_t));
  spectrum.im = (int16_t *)apf_take(arena, count, sizeof(int16_t));
  return spectrum;
}

/* The number at `index`, which is less than the spectrum's count. */
static inline struct apf_complex apf_get(const struct apf_spectrum *spectrum, size_t index) {
  const struct apf_complex value = {spectrum->re[index], spectrum->im[index]};
  return value;
}

/* Puts a number at `index`, which is less than the spectrum's count. */
static inline void apf_set(const struct apf_spectrum *spectrum, size_t index,
                           struct apf_complex value) {
  spectrum->re[index] = value.re;
  spectrum->im[index] = value.im;
}

#else

struct apf_spectrum {
  apf_pair *bins;
};

static inline struct apf_spectrum apf_take_spectrum(struct apf_arena *arena, size_t count) {
  struct apf_spectrum spectrum;
  spectrum.bins = (apf_pair *)apf_take(arena, count, sizeof(apf_pair));
  return spectrum;
}

static inline struct apf_complex apf_get(const struct apf_spectrum *spectrum, size_t index) {
  const apf_pair pair = spectrum->bins[index];
  const struct apf_complex value = {apf_low(pair), apf_high(pair)};
  return value;
}

static inline void apf_set(const struct apf_spectrum *spectrum, size_t index,
                           struct apf_complex value) {
  spectrum->bins[index] = apf_pair_of(value.re, value.im);
}

#endif

#ifdef __cplusplus
}
#endif

#endif
