/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_vote.h"

#include <stddef.h>

#include "dev_certainty.h"

static uint32_t index_of_largest(const int32_t *values, uint32_t count) {
  uint32_t best = 0;
  for (uint32_t i = 1; i < count; ++i) {
    best = values[i] > values[best] ? i : best;
  }
  return best;
}

struct dev_verdict dev_vote(const struct dev_vote_config *config, int8_t *recent, int32_t *sums,
                            uint32_t count, const int8_t *logits) {
  int8_t *oldest = recent + (size_t)(count % config->smoothing) * config->values;
  const uint32_t windows = count < config->smoothing ? count + 1u : config->smoothing;
  struct dev_verdict verdict;
  for (uint32_t i = 0; i < config->values; ++i) {
    sums[i] += logits[i] - oldest[i];
    oldest[i] = logits[i];
  }
  verdict.label = index_of_largest(sums, config->classes);
  verdict.probability =
      dev_certainty(sums, config->classes, verdict.label, windows, config->multiplier);
  verdict.unsure = verdict.probability < config->unsure_below ? 1u : 0u;
  return verdict;
}
