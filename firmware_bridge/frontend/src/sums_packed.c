#include "apf_sums.h"

#if !defined(APF_SPLIT)

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
  const uint16_t *weight = bank->weights;
  for (const uint64_t *last = sums + bank->channels; sums < last; ++pairs) {
    const apf_pair *bin = bins->bins + pairs->first;
    const uint16_t *end = weight + 2u * pairs->count;
    int64_t sum = 0;
    do {
      sum += weighted(energy_of(*bin++), *weight++);
      sum += weighted(energy_of(*bin++), *weight++);
    } while (weight != end);
    *sums++ = (uint64_t)sum;
  }
}

static void sum_energies_here_and_below(const struct apf_filterbank_state *bank,
                                        const struct apf_spectrum *bins, uint64_t *sums,
                                        uint64_t *below) {
  const struct apf_pairs *pairs = bank->pairs;
  const uint16_t *weight = bank->weights;
  for (const uint64_t *last = sums + bank->channels; sums < last; ++pairs) {
    const apf_pair *bin = bins->bins + pairs->first;
    const uint16_t *end = weight + 2u * pairs->count;
    uint32_t before = energy_of(bin[-1]);
    int64_t sum = 0, sum_below = 0;
    do {
      const uint32_t energy = energy_of(*bin++);
      sum_below += weighted(before, *weight);
      sum += weighted(energy, *weight++);
      before = energy_of(*bin++);
      sum_below += weighted(energy, *weight);
      sum += weighted(before, *weight++);
    } while (weight != end);
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

void apf_sum_neighbours(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                        const struct apf_complex_sums *sums) {
  const struct apf_pairs *pairs = bank->pairs;
  const uint16_t *weight = bank->weights;
  uint64_t *sum_re = sums->re, *sum_im = sums->im;
  for (const uint64_t *last = sum_re + bank->channels; sum_re < last; ++pairs) {
    const apf_pair *bin = bins->bins + pairs->first;
    const uint16_t *end = weight + 2u * pairs->count;
    apf_pair below = bin[-1];
    int64_t re = 0, im = 0;
    do {
      const apf_pair here = *bin++;
      re += (int64_t)apf_conjugate_product_re(here, below) * *weight;
      im += (int64_t)apf_conjugate_product_im(here, below) * *weight++;
      below = *bin++;
      re += (int64_t)apf_conjugate_product_re(below, here) * *weight;
      im += (int64_t)apf_conjugate_product_im(below, here) * *weight++;
    } while (weight != end);
    *sum_re++ = (uint64_t)re;
    *sum_im++ = (uint64_t)im;
  }
}

/* `drop` is a constant where this is called and it is 0. */
APF_INLINE void sum_turned(const struct apf_filterbank_state *bank, const struct apf_spectrum *bins,
                           const struct apf_spectrum *earlier, const struct apf_spectrum *rotation,
                           uint32_t drop, const struct apf_complex_sums *sums) {
  const int32_t half = (1 << drop) >> 1;
  const struct apf_pairs *pairs = bank->pairs;
  const uint16_t *weight = bank->weights;
  uint64_t *sum_re = sums->re, *sum_im = sums->im;
  for (const uint64_t *last = sum_re + bank->channels; sum_re < last; ++pairs) {
    const apf_pair *now = bins->bins + pairs->first, *before = earlier->bins + pairs->first;
    const apf_pair *turn = rotation->bins + pairs->first;
    const uint16_t *end = weight + 2u * pairs->count;
    int64_t re = 0, im = 0;
    do {
      const apf_pair a = *now++, b = *before++, turned = *turn++;
      const int32_t of_bin = (int16_t)*weight++;
      const int32_t x = (apf_conjugate_product_re(a, b) + half) >> drop;
      const int32_t y = (apf_conjugate_product_im(a, b) + half) >> drop;
      const int32_t cosine = of_bin * apf_low(turned), sine = apf_im_product(turned, of_bin);
      re += (int64_t)x * cosine;
      im += (int64_t)x * sine;
      re += (int64_t)-y * sine;
      im += (int64_t)y * cosine;
    } while (weight != end);
    *sum_re++ = (uint64_t)re;
    *sum_im++ = (uint64_t)im;
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
