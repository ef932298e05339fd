#include "apf_sums.h"

#if !defined(APF_SPLIT)

/* What falls on the channel below an interval and rises to the channel above it. */
struct pair_of_sums {
  uint64_t fallen;
  uint64_t risen;
};

void apf_sum_energies(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                      size_t below, uint64_t *sums) {
  const struct apf_weights *weights = bank->weights + bank->edges[0];
  const apf_pair *bin = bins->bins + bank->edges[0] - below;
  uint64_t risen = 0;
  for (size_t i = 0; i <= bank->channels; ++i) {
    const struct apf_weights *end = bank->weights + bank->edges[i + 1];
    uint64_t fallen = risen;
    risen = 0;
    for (; weights < end; ++weights, ++bin) {
      const uint32_t energy = (uint32_t)apf_conjugate_product_re(*bin, *bin);
      fallen += (uint64_t)energy * weights->falling;
      risen += (uint64_t)energy * weights->rising;
    }
    if (i > 0) {
      sums[i - 1] = fallen;
    }
  }
}

void apf_sum_neighbours(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                        const struct apf_complex_sums *sums) {
  const struct apf_weights *weights = bank->weights + bank->edges[0];
  const apf_pair *bin = bins->bins + bank->edges[0];
  int64_t risen_re = 0, risen_im = 0;
  for (size_t i = 0; i <= bank->channels; ++i) {
    const struct apf_weights *end = bank->weights + bank->edges[i + 1];
    int64_t fallen_re = risen_re, fallen_im = risen_im;
    risen_re = 0;
    risen_im = 0;
    for (; weights < end; ++weights, ++bin) {
      const int32_t re = apf_conjugate_product_re(bin[0], bin[-1]);
      const int32_t im = apf_conjugate_product_im(bin[0], bin[-1]);
      const int32_t falling = weights->falling, rising = weights->rising;
      fallen_re += (int64_t)re * falling;
      fallen_im += (int64_t)im * falling;
      risen_re += (int64_t)re * rising;
      risen_im += (int64_t)im * rising;
    }
    if (i > 0) {
      sums->re[i - 1] = (uint64_t)fallen_re;
      sums->im[i - 1] = (uint64_t)fallen_im;
    }
  }
}

static inline int32_t round_off(int32_t value, int32_t half, uint32_t bits) {
  return (value + half) >> bits;
}

void apf_sum_turned(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                    const struct apf_spectrum *earlier, const struct apf_spectrum *rotation,
                    uint32_t drop, const struct apf_complex_sums *sums) {
  const struct apf_weights *weights = bank->weights + bank->edges[0];
  const apf_pair *now = bins->bins + bank->edges[0], *before = earlier->bins + bank->edges[0];
  const apf_pair *turn = rotation->bins + bank->edges[0];
  const int32_t half = (1 << drop) >> 1;
  int64_t risen_re = 0, risen_im = 0;
  for (size_t i = 0; i <= bank->channels; ++i) {
    const struct apf_weights *end = bank->weights + bank->edges[i + 1];
    int64_t fallen_re = risen_re, fallen_im = risen_im;
    risen_re = 0;
    risen_im = 0;
    for (; weights < end; ++weights, ++now, ++before, ++turn) {
      const int32_t re = round_off(apf_conjugate_product_re(*now, *before), half, drop);
      const int32_t im = round_off(apf_conjugate_product_im(*now, *before), half, drop);
      const int32_t falling = weights->falling, rising = weights->rising;
      const int32_t cosine = apf_low(*turn), sine = apf_high(*turn);
      fallen_re += (int64_t)re * (falling * cosine) - (int64_t)im * (falling * sine);
      fallen_im += (int64_t)re * (falling * sine) + (int64_t)im * (falling * cosine);
      risen_re += (int64_t)re * (rising * cosine) - (int64_t)im * (rising * sine);
      risen_im += (int64_t)re * (rising * sine) + (int64_t)im * (rising * cosine);
    }
    if (i > 0) {
      sums->re[i - 1] = (uint64_t)fallen_re;
      sums->im[i - 1] = (uint64_t)fallen_im;
    }
  }
}

#endif
