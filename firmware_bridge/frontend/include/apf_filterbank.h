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

/* Q12 weights of a bin in the channel below and in the channel above. */
struct apf_weights {
  uint16_t falling;
  uint16_t rising;
};

#if defined(APF_SPLIT)
/* Weighted numbers by bin, one part of a complex one: what is summed into the channel below and
 * into the channel above. */
struct apf_terms {
  uint64_t *falling;
  uint64_t *rising;
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
  struct apf_weights *weights; /* table, by bin */
#endif

  uint64_t *energies;     /* per channel, Q12 */
  struct apf_root *roots; /* per channel, of `energies` */
  uint32_t *signal;       /* per channel: amplitude, worked on by the blocks that follow */
};

void apf_filterbank_bind(struct apf_filterbank_state *state,
                         const struct apf_filterbank_config *config, size_t fft_size,
                         struct apf_arena *tables, struct apf_arena *work);

/* Returns 0 when the band reaches past the last usable bin, else 1. */
int apf_filterbank_populate(struct apf_filterbank_state *state,
                            const struct apf_filterbank_config *config, size_t fft_size,
                            uint32_t sample_rate);

struct apf_weights apf_filterbank_weights(const struct apf_filterbank_state *state, size_t bin);

/* Fills `energies`, `roots` and `signal`; `shift` is what the samples were shifted left by. */
void apf_filterbank_process(struct apf_filterbank_state *state, const struct apf_spectrum *bins,
                            unsigned shift);

#ifdef __cplusplus
}
#endif

#endif
