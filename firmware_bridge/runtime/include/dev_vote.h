/* SPDX-License-Identifier: Apache-2.0 */
/* One decision from the outputs of the last few inferences: their int8 logits are summed, and the
 * label is where the sum is largest. All of it is integers, so host and device agree. */
#ifndef DEV_VOTE_H
#define DEV_VOTE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct dev_vote_config {
  uint32_t classes;      /* 1 to 128: values of the output that decides */
  uint32_t values;       /* of all outputs, one after another: `classes` at least */
  uint32_t smoothing;    /* 1 to 1000: inferences that a decision sums up */
  uint32_t multiplier;   /* log2(e) times a logit's step over the temperature, Q24 */
  uint32_t unsure_below; /* Q15, 0 to 32768: a decision of less probability is unsure */
};

struct dev_verdict {
  uint32_t label;       /* 0 to classes - 1; the first of equals */
  uint32_t probability; /* of the label, Q15: 0 to 32768 */
  uint32_t unsure;      /* 1 where that is below `unsure_below`, else 0 */
};

/* Bytes of `recent`, the ring of the last logits; any alignment. */
static inline uint32_t dev_vote_recent_bytes(const struct dev_vote_config *config) {
  return config->smoothing * config->values;
}

/* Takes inference number `count`, from 0 on since the stream began, and decides. `logits` are
 * `values` int8, `sums` as many int32 and `recent` dev_vote_recent_bytes; the last two are the
 * caller's, all 0 where a stream begins, and then only this function's. */
struct dev_verdict dev_vote(const struct dev_vote_config *config, int8_t *recent, int32_t *sums,
                            uint32_t count, const int8_t *logits);

#ifdef __cplusplus
}
#endif

#endif
