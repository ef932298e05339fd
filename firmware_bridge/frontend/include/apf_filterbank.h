/* SPDX-License-Identifier: Apache-2.0 */
/* Triangular mel filters over the power spectrum, and their square roots.
 *
 * Each bin lies between two neighbouring filter centres: it falls off the lower channel by its
 * falling weight and adds to the upper channel by its rising weight. */
#ifndef APF_FILTERBANK_H
#define APF_FILTERBANK_H

#include <stddef.h>
#include <stdint.h>

#include "apf_arena.h"
#include "apf_fft.h"
#include "apf_root.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APF_FILTERBANK_BITS 12

struct apf_filterbank_config {
  size_t channels;
  float lower_hz; /* the lowest channel rises from here */
  float upper_hz; /* the highest channel falls to zero here */
};

#if defined(APF_SPLIT)
/* Weighted numbers by bin, one part of a complex one: what is summed into the channel below and
 * into the channel above. */
struct apf_terms {
  uint64_t *falling;
  uint64_t *rising;
};
#endif

#if !defined(APF_SPLIT)
/* The bins of a channel, two by two. There is a pair at least, and where bins were lacking, what is
 * there has weight 0. */
struct apf_pairs {
  uint16_t first;
  uint16_t count;
};
#endif

/* Intervals between centres: one more than channels, plus the part below the first centre. */
struct apf_filterbank_state {
  size_t channels;
  uint16_t *edges; /* table: channels + 2; interval i is bins edges[i] to edges[i + 1] - 1 */

#if defined(APF_SPLIT)
  uint16_t *falling;         /* table, by bin */
  uint16_t *rising;          /* table, by bin */
  struct apf_terms terms[2]; /* scratch: real and imaginary parts */
#else
  struct apf_pairs *pairs; /* table, by channel */
  uint16_t *weights;       /* table: channel by channel, two for each pair of bins */
#endif

  uint64_t *energies;       /* per channel, Q12 */
  uint64_t *energies_below; /* the same of the bins one below; NULL where nobody reads them */
  uint32_t energy_bits;     /* at least as many as the largest of `energies` has */
  struct apf_root *roots;   /* per channel, of `energies` */
  uint32_t *signal;         /* per channel: amplitude, worked on by the blocks that follow */
};

/* Takes memory for 1 to APF_MAX_CHANNELS channels over the bins of a transform of `fft_size`
 * samples; with the energies of the bins below where `with_energies_below` is not 0. */
void apf_filterbank_bind(struct apf_filterbank_state *state,
                         const struct apf_filterbank_config *config, size_t fft_size,
                         int with_energies_below, struct apf_arena *tables, struct apf_arena *work);

/* Returns 0 when the band reaches past the last usable bin, else 1. */
int apf_filterbank_populate(struct apf_filterbank_state *state,
                            const struct apf_filterbank_config *config, size_t fft_size,
                            uint32_t sample_rate);

/* Q12 weight of a bin in a channel: edges[channel] <= bin < edges[channel + 2] */
uint16_t apf_filterbank_weight(const struct apf_filterbank_state *state, size_t channel,
                               size_t bin);

/* Fills the energies, `roots` and `signal`; `shift` is what the samples were shifted left by. */
void apf_filterbank_process(struct apf_filterbank_state *state, const struct apf_spectrum *bins,
                            unsigned shift);

#ifdef __cplusplus
}
#endif

#endif
