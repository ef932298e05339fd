/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_sums.h"

#if !defined(APF_SPLIT)

#include "apf_rvv_sums.h"

#if APF_HAS_RVV

void apf_sum_energies(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                      uint64_t *sums, uint64_t *below) {
  apf_sum_energies_v(bank, bins, sums, below);
}

void apf_sum_neighbours(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                        const struct apf_complex_sums *sums) {
  apf_sum_neighbours_v(bank, bins, sums);
}

void apf_sum_turned(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                    const struct apf_spectrum *earlier, const struct apf_spectrum *rotation,
                    uint32_t drop, const struct apf_complex_sums *sums) {
  apf_sum_turned_v(bank, bins, earlier, rotation, drop, sums);
}

#else

/* Channel by channel, since the weights lie so: a small machine's registers hold the sums of one
 * with all that they take. Two bins at a time, since the way round takes as long as a product. */

static uint32_t energy_of(apf_pair bin) {
  return (uint32_t)apf_conjugate_product_re(bin, bin);
}

/* Signed, because compilers add up unsigned ones in another order, which takes more instructions.
 */
static int64_t weighted(uint32_t energy, uint32_t weight) {
  return (int64_t)((uint64_t)energy * weight);
}

static void sum_energies_here(const struct apf_filterbank_state *bank,
                              const struct apf_spectrum *bins, uint64_t *sums) {
  const struct apf_pairs *pairs = bank->pairs;
  const uint16_t *weights = bank->weights;
  for (const uint64_t *last = sums + bank->channels; sums < last; ++pairs) {
    const apf_pair *bin = bins->bins + pairs->first;
    const uint16_t *end = weights + 2u * pairs->count;
    int64_t sum = 0;
    do {
      sum += weighted(energy_of(apf_take_bin(&bin)), apf_take_weight(&weights));
      sum += weighted(energy_of(apf_take_bin(&bin)), apf_take_weight(&weights));
    } while (weights != end);
    *sums++ = (uint64_t)sum;
  }
}

static void sum_energies_here_and_below(const struct apf_filterbank_state *bank,
                                        const struct apf_spectrum *bins, uint64_t *sums,
                                        uint64_t *below) {
  const struct apf_pairs *pairs = bank->pairs;
  const uint16_t *weights = bank->weights;
  for (const uint64_t *last = sums + bank->channels; sums < last; ++pairs) {
    const apf_pair *bin = bins->bins + pairs->first;
    const uint16_t *end = weights + 2u * pairs->count;
    uint32_t before = energy_of(bin[-1]);
    int64_t sum = 0, sum_below = 0;
    do {
      const uint32_t energy = energy_of(apf_take_bin(&bin)), weight = apf_take_weight(&weights);
      sum_below += weighted(before, weight);
      sum += weighted(energy, weight);
      const uint32_t next_energy = energy_of(apf_take_bin(&bin)),
                     other_weight = apf_take_weight(&weights);
      sum_below += weighted(energy, other_weight);
      sum += weighted(next_energy, other_weight);
      before = next_energy;
    } while (weights != end);
    *sums++ = (uint64_t)sum;
    *below++ = (uint64_t)sum_below;
  }
}

void apf_sum_energies(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                      uint64_t *sums, uint64_t *below) {
  if (below != NULL) {
    sum_energies_here_and_below(bank, bins, sums, below);
  } else {
    sum_energies_here(bank, bins, sums);
  }
}

struct complex_sum {
  int64_t re;
  int64_t im;
};

APF_INLINE void add_neighbours(struct complex_sum *sum, apf_pair bin, apf_pair below,
                               uint32_t weight) {
  sum->re += (int64_t)apf_conjugate_product_re(bin, below) * (int32_t)weight;
  sum->im += (int64_t)apf_conjugate_product_im(bin, below) * (int32_t)weight;
}

void apf_sum_neighbours(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                        const struct apf_complex_sums *sums) {
  const struct apf_pairs *pairs = bank->pairs;
  const uint16_t *weights = bank->weights;
  uint64_t *sum_re = sums->re, *sum_im = sums->im;
  for (const uint64_t *last = sum_re + bank->channels; sum_re < last; ++pairs) {
    const apf_pair *bin = bins->bins + pairs->first;
    const uint16_t *end = weights + 2u * pairs->count;
    struct complex_sum sum = {0, 0};
    apf_pair below = bin[-1];
    do {
      const apf_pair here = apf_take_bin(&bin);
      add_neighbours(&sum, here, below, apf_take_weight(&weights));
      below = apf_take_bin(&bin);
      add_neighbours(&sum, below, here, apf_take_weight(&weights));
    } while (weights != end);
    *sum_re++ = (uint64_t)sum.re;
    *sum_im++ = (uint64_t)sum.im;
  }
}

/* Bins of both frames, how they are turned, and their weights. */
struct turned {
  const apf_pair *now;
  const apf_pair *before;
  const apf_pair *turn;
  const uint16_t *weight;
};

APF_INLINE void add_turned(struct complex_sum *sum, struct turned *at, uint32_t drop) {
  const int32_t half = (1 << drop) >> 1;
  const apf_pair now = *at->now++, before = *at->before++, turn = *at->turn++;
  const int32_t weight = (int16_t)*at->weight++;
  const int32_t re = (apf_conjugate_product_re(now, before) + half) >> drop;
  const int32_t im = (apf_conjugate_product_im(now, before) + half) >> drop;
  const int32_t cosine = weight * apf_low(turn), sine = apf_im_product(turn, weight);
  sum->re += (int64_t)re * cosine;
  sum->im += (int64_t)re * sine;
  sum->re += (int64_t)-im * sine;
  sum->im += (int64_t)im * cosine;
  APF_STEPPED(at->now, at->before, at->turn, at->weight);
}

/* `drop` is a constant where this is called and it is 0. */
APF_INLINE void sum_turned(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                           const struct apf_spectrum *earlier, const struct apf_spectrum *rotation,
                           uint32_t drop, const struct apf_complex_sums *sums) {
  const struct apf_pairs *pairs = bank->pairs;
  struct turned at = {NULL, NULL, NULL, bank->weights};
  uint64_t *sum_re = sums->re, *sum_im = sums->im;
  for (const uint64_t *last = sum_re + bank->channels; sum_re < last; ++pairs) {
    const uint16_t *end = at.weight + 2u * pairs->count;
    struct complex_sum sum = {0, 0};
    at.now = bins->bins + pairs->first;
    at.before = earlier->bins + pairs->first;
    at.turn = rotation->bins + pairs->first;
    do {
      add_turned(&sum, &at, drop);
      add_turned(&sum, &at, drop);
    } while (at.weight != end);
    *sum_re++ = (uint64_t)sum.re;
    *sum_im++ = (uint64_t)sum.im;
  }
}

void apf_sum_turned(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                    const struct apf_spectrum *earlier, const struct apf_spectrum *rotation,
                    uint32_t drop, const struct apf_complex_sums *sums) {
  if (drop == 0) {
    sum_turned(bank, bins, earlier, rotation, 0, sums);
  } else {
    sum_turned(bank, bins, earlier, rotation, drop, sums);
  }
}

#endif

#endif
