#include "apf_sums.h"

#if !defined(APF_SPLIT)

/* All go through the intervals between centres. In each one they add to what rose before, which
 * makes it the sum of the channel below, and begin the sum of the channel above. */

static size_t bins_of(const struct apf_filterbank_state *bank, size_t interval) {
  return (size_t)(bank->edges[interval + 1] - bank->edges[interval]);
}

struct energies {
  uint64_t fallen;
  uint64_t risen;
};

APF_INLINE struct energies add_energies(uint64_t risen_before, const apf_pair *bin,
                                        const struct apf_weights *weights, size_t count) {
  struct energies sum = {risen_before, 0};
  for (; count > 0; --count, ++bin, ++weights) {
    const uint32_t energy = (uint32_t)apf_conjugate_product_re(*bin, *bin);
    sum.fallen += (uint64_t)energy * weights->falling;
    sum.risen += (uint64_t)energy * weights->rising;
  }
  return sum;
}

void apf_sum_energies(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                      size_t below, uint64_t *sums) {
  const struct apf_weights *weights = bank->weights + bank->edges[0];
  const apf_pair *bin = bins->bins + bank->edges[0] - below;
  size_t count = bins_of(bank, 0);
  struct energies sum = add_energies(0, bin, weights, count);
  for (size_t i = 1; i <= bank->channels; ++i) {
    bin += count;
    weights += count;
    count = bins_of(bank, i);
    sum = add_energies(sum.risen, bin, weights, count);
    *sums++ = sum.fallen;
  }
}

struct complex_sum {
  int64_t re;
  int64_t im;
};

struct products {
  struct complex_sum fallen;
  struct complex_sum risen;
};

APF_INLINE struct products add_neighbours(struct complex_sum risen_before, const apf_pair *bin,
                                          const struct apf_weights *weights, size_t count) {
  struct products sum = {risen_before, {0, 0}};
  for (; count > 0; --count, ++bin, ++weights) {
    const int32_t re = apf_conjugate_product_re(bin[0], bin[-1]);
    const int32_t im = apf_conjugate_product_im(bin[0], bin[-1]);
    const int32_t falling = weights->falling, rising = weights->rising;
    sum.fallen.re += (int64_t)re * falling;
    sum.fallen.im += (int64_t)im * falling;
    sum.risen.re += (int64_t)re * rising;
    sum.risen.im += (int64_t)im * rising;
  }
  return sum;
}

void apf_sum_neighbours(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                        const struct apf_complex_sums *sums) {
  const struct apf_weights *weights = bank->weights + bank->edges[0];
  const apf_pair *bin = bins->bins + bank->edges[0];
  const struct complex_sum none = {0, 0};
  uint64_t *re = sums->re, *im = sums->im;
  size_t count = bins_of(bank, 0);
  struct products sum = add_neighbours(none, bin, weights, count);
  for (size_t i = 1; i <= bank->channels; ++i) {
    bin += count;
    weights += count;
    count = bins_of(bank, i);
    sum = add_neighbours(sum.risen, bin, weights, count);
    *re++ = (uint64_t)sum.fallen.re;
    *im++ = (uint64_t)sum.fallen.im;
  }
}

/* By bin: both frames, and how they are turned. */
struct spectra {
  const apf_pair *now;
  const apf_pair *before;
  const apf_pair *turn;
};

/* Adds the bins from `bin` to before `end`. `weights` begins with bin 0's falling or rising one. */
APF_INLINE struct complex_sum add_turned(struct complex_sum sum, const struct spectra *spectra,
                                         const uint16_t *weights, size_t bin, size_t end,
                                         uint32_t drop) {
  const int32_t half = (1 << drop) >> 1;
  for (; bin < end; ++bin) {
    const apf_pair now = spectra->now[bin], before = spectra->before[bin];
    const apf_pair turn = spectra->turn[bin];
    const int32_t re = (apf_conjugate_product_re(now, before) + half) >> drop;
    const int32_t im = (apf_conjugate_product_im(now, before) + half) >> drop;
    const int32_t weight = (int16_t)weights[2 * bin];
    const int32_t cosine = weight * apf_low(turn), sine = apf_im_product(turn, weight);
    sum.re += (int64_t)re * cosine;
    sum.im += (int64_t)re * sine;
    sum.re += (int64_t)-im * sine;
    sum.im += (int64_t)im * cosine;
  }
  return sum;
}

/* Bins are visited twice, once per weight: a small machine's registers hold one complex sum with
 * all that it takes, not two. */
APF_INLINE void sum_turned(const struct apf_filterbank_state *bank, struct spectra spectra,
                           uint32_t drop, const struct apf_complex_sums *sums) {
  const uint16_t *falling = &bank->weights->falling, *rising = &bank->weights->rising;
  const uint16_t *edge = bank->edges;
  uint64_t *re = sums->re, *im = sums->im;
  for (size_t left = bank->channels; left > 0; --left, ++edge) {
    const struct complex_sum none = {0, 0};
    struct complex_sum sum = add_turned(none, &spectra, rising, edge[0], edge[1], drop);
    sum = add_turned(sum, &spectra, falling, edge[1], edge[2], drop);
    *re++ = (uint64_t)sum.re;
    *im++ = (uint64_t)sum.im;
  }
}

void apf_sum_turned(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                    const struct apf_spectrum *earlier, const struct apf_spectrum *rotation,
                    uint32_t drop, const struct apf_complex_sums *sums) {
  const struct spectra spectra = {bins->bins, earlier->bins, rotation->bins};
  if (drop == 0) {
    sum_turned(bank, spectra, 0, sums);
  } else {
    sum_turned(bank, spectra, drop, sums);
  }
}

#endif
