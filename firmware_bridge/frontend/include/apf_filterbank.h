/* Triangular mel filters over the power spectrum, and their square roots.
 *
 * Each bin lies between two neighbouring filter centres: it falls off the lower channel by its
 * falling weight and adds to the upper channel by its rising weight. */
#ifndef APF_FILTERBANK_H
#define APF_FILTERBANK_H

#include <stddef.h>
#include <stdint.h>

#include "apf_arena.h"
#include "apf_bits.h"
#include "apf_fft.h"

#define APF_FILTERBANK_BITS 12

struct apf_filterbank_config {
  size_t channels;
  float lower_hz; /* the lowest channel rises from here */
  float upper_hz; /* the highest channel falls to zero here */
};

/* Intervals between centres: one more than channels, plus the part below the first centre. */
struct apf_filterbank_state {
  size_t channels;
  uint16_t *edges;   /* table: channels + 2; interval i is bins edges[i] to edges[i + 1] - 1 */
  uint16_t *falling; /* table, by bin: Q12 weight in the channel below */
  uint16_t *rising;  /* table, by bin: Q12 weight in the channel above */
  uint64_t *falling_terms; /* scratch, by bin: what is summed into the channel below */
  uint64_t *rising_terms;  /* scratch, by bin: what is summed into the channel above */
  uint64_t *energies;      /* per channel, Q12 */
  struct apf_root *roots;  /* per channel, of `energies` */
  uint32_t *signal;        /* per channel: amplitude, worked on by the blocks that follow */
};

void apf_filterbank_bind(struct apf_filterbank_state *state,
                         const struct apf_filterbank_config *config, size_t fft_size,
                         struct apf_arena *tables, struct apf_arena *work);

/* Returns 0 when the band reaches past the last usable bin, else 1. */
int apf_filterbank_populate(struct apf_filterbank_state *state,
                            const struct apf_filterbank_config *config, size_t fft_size,
                            uint32_t sample_rate);

/* Fills `energies`, `roots` and `signal`; `shift` is what the samples were shifted left by. */
void apf_filterbank_process(struct apf_filterbank_state *state, const struct apf_spectrum *bins,
                            unsigned shift);

/* Weighs and sums squared moduli. `re` and `im` point at what gets the weights of the first bin in
 * use, edges[0]. */
void apf_filterbank_energies(const struct apf_filterbank_state *state, const int16_t *re,
                             const int16_t *im, uint64_t *energies);

/* Sums terms over the bins of each channel. Signed terms may be passed as their two's complement:
 * sums wrap. */
void apf_filterbank_sum(const struct apf_filterbank_state *state, const uint64_t *falling_terms,
                        const uint64_t *rising_terms, uint64_t *sums);

#endif
