/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_sums.h"

#if defined(APF_SPLIT)

#include "apf_vector.h"

/* Bins in use. */
struct range {
  size_t first;
  size_t count;
};

static struct range range_of(const struct apf_filterbank_state *bank) {
  const size_t first = bank->edges[0];
  const struct range range = {first, bank->edges[bank->channels + 1] - first};
  return range;
}

/* Sums terms over the bins of each channel. */
static void sum_terms(const struct apf_filterbank_state *bank, const struct apf_terms *terms,
                      uint64_t *sums) {
  size_t bin = bank->edges[0];
  uint64_t risen = 0;
  for (size_t i = 0; i <= bank->channels; ++i) {
    uint64_t sum = risen;
    for (risen = 0; bin < bank->edges[i + 1]; ++bin) {
      sum += terms->falling[bin];
      risen += terms->rising[bin];
    }
    if (i > 0) {
      sums[i - 1] = sum;
    }
  }
}

APF_VECTOR static void weigh_energies(size_t count, const int16_t *restrict re,
                                      const int16_t *restrict im, const uint16_t *restrict falling,
                                      const uint16_t *restrict rising,
                                      uint64_t *restrict falling_terms,
                                      uint64_t *restrict rising_terms) {
  for (size_t i = 0; i < count; ++i) {
    const uint32_t energy = (uint32_t)(re[i] * re[i] + im[i] * im[i]);
    falling_terms[i] = (uint64_t)energy * falling[i];
    rising_terms[i] = (uint64_t)energy * rising[i];
  }
}

APF_VECTOR static void weigh_turned(
    size_t count, uint32_t drop, const int16_t *restrict now_re, const int16_t *restrict now_im,
    const int16_t *restrict earlier_re, const int16_t *restrict earlier_im,
    const int16_t *restrict cosine, const int16_t *restrict sine, const uint16_t *restrict falling,
    const uint16_t *restrict rising, uint64_t *restrict falling_re, uint64_t *restrict falling_im,
    uint64_t *restrict rising_re, uint64_t *restrict rising_im) {
  const int32_t half = (1 << drop) >> 1;
  for (size_t i = 0; i < count; ++i) {
    const int64_t re = (now_re[i] * earlier_re[i] + now_im[i] * earlier_im[i] + half) >> drop;
    const int64_t im = (now_im[i] * earlier_re[i] - now_re[i] * earlier_im[i] + half) >> drop;
    const int32_t falling_cosine = falling[i] * cosine[i], falling_sine = falling[i] * sine[i];
    const int32_t rising_cosine = rising[i] * cosine[i], rising_sine = rising[i] * sine[i];
    falling_re[i] = (uint64_t)(re * falling_cosine - im * falling_sine);
    falling_im[i] = (uint64_t)(re * falling_sine + im * falling_cosine);
    rising_re[i] = (uint64_t)(re * rising_cosine - im * rising_sine);
    rising_im[i] = (uint64_t)(re * rising_sine + im * rising_cosine);
  }
}

/* w X_k conj(X_k-1) of `count` bins; re[-1] and im[-1] are there. */
APF_VECTOR static void
weigh_neighbours(size_t count, const int16_t *restrict re, const int16_t *restrict im,
                 const uint16_t *restrict falling, const uint16_t *restrict rising,
                 uint64_t *restrict falling_re, uint64_t *restrict falling_im,
                 uint64_t *restrict rising_re, uint64_t *restrict rising_im) {
  const int16_t *below_re = re - 1, *below_im = im - 1;
  for (size_t i = 0; i < count; ++i) {
    const int64_t product_re = re[i] * below_re[i] + im[i] * below_im[i];
    const int64_t product_im = im[i] * below_re[i] - re[i] * below_im[i];
    falling_re[i] = (uint64_t)(product_re * (int32_t)falling[i]);
    falling_im[i] = (uint64_t)(product_im * (int32_t)falling[i]);
    rising_re[i] = (uint64_t)(product_re * (int32_t)rising[i]);
    rising_im[i] = (uint64_t)(product_im * (int32_t)rising[i]);
  }
}

static void sum_energies_of(const struct apf_filterbank_state *bank,
                            const struct apf_spectrum *bins, size_t below, uint64_t *sums) {
  const struct range range = range_of(bank);
  const size_t first = range.first;
  const struct apf_terms *terms = &bank->terms[0];
  weigh_energies(range.count, bins->re + first - below, bins->im + first - below,
                 bank->falling + first, bank->rising + first, terms->falling + first,
                 terms->rising + first);
  sum_terms(bank, terms, sums);
}

void apf_sum_energies(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                      uint64_t *sums, uint64_t *below) {
  sum_energies_of(bank, bins, 0, sums);
  if (below != NULL) {
    sum_energies_of(bank, bins, 1, below);
  }
}

static void sum_both(const struct apf_filterbank_state *bank, const struct apf_complex_sums *sums) {
  sum_terms(bank, &bank->terms[0], sums->re);
  sum_terms(bank, &bank->terms[1], sums->im);
}

void apf_sum_neighbours(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                        const struct apf_complex_sums *sums) {
  const struct range range = range_of(bank);
  const size_t first = range.first;
  const struct apf_terms *re = &bank->terms[0], *im = &bank->terms[1];
  weigh_neighbours(range.count, bins->re + first, bins->im + first, bank->falling + first,
                   bank->rising + first, re->falling + first, im->falling + first,
                   re->rising + first, im->rising + first);
  sum_both(bank, sums);
}

void apf_sum_turned(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                    const struct apf_spectrum *earlier, const struct apf_spectrum *rotation,
                    uint32_t drop, const struct apf_complex_sums *sums) {
  const struct range range = range_of(bank);
  const size_t first = range.first;
  const struct apf_terms *re = &bank->terms[0], *im = &bank->terms[1];
  weigh_turned(range.count, drop, bins->re + first, bins->im + first, earlier->re + first,
               earlier->im + first, rotation->re + first, rotation->im + first,
               bank->falling + first, bank->rising + first, re->falling + first,
               im->falling + first, re->rising + first, im->rising + first);
  sum_both(bank, sums);
}

#endif
