/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_decisions.h"

#include <string.h>

#include "dev_certainty.h"
#include "dev_frame.h"

_Static_assert(MODEL_OUTPUT_BYTES <= 128, "the label of a decision is a byte");
_Static_assert(8u + 5u * DEV_ALL_OUTPUT_BYTES <= DEV_PAYLOAD_BYTES, "a decision fits a frame");

void dev_decisions_reset(struct dev_decisions *decisions) {
  memset(decisions, 0, sizeof(*decisions));
}

static uint8_t index_of_largest(const int32_t *values) {
  uint8_t best = 0;
  for (uint8_t i = 1; i < MODEL_OUTPUT_BYTES; ++i) {
    best = values[i] > values[best] ? i : best;
  }
  return best;
}

/* Says how sure the next decision is, whose sums are complete. */
static void judge(struct dev_decision *decision, const int32_t *sums, uint32_t count) {
  const uint32_t windows = count < APP_SMOOTHING ? count + 1u : APP_SMOOTHING;
  const uint32_t probability =
      dev_certainty(sums, MODEL_OUTPUT_BYTES, decision->label, windows, APP_CERTAINTY_MULTIPLIER);
  const int32_t wanted = APP_UNSURE_BELOW;
  decision->probability = (uint16_t)probability;
  decision->unsure = (int32_t)probability < wanted;
}

void dev_decisions_add(struct dev_decisions *decisions, const int8_t *logits, uint32_t end_frame) {
  int8_t *oldest = decisions->recent[decisions->count % APP_SMOOTHING];
  struct dev_decision *decision = &decisions->kept[decisions->count % DEV_DECISIONS_KEPT];
  for (uint32_t i = 0; i < DEV_ALL_OUTPUT_BYTES; ++i) {
    decisions->sums[i] += logits[i] - oldest[i];
    oldest[i] = logits[i];
  }
  decision->end_frame = end_frame;
  decision->label = index_of_largest(decisions->sums);
  judge(decision, decisions->sums, decisions->count);
  memcpy(decision->logits, logits, sizeof(decision->logits));
  memcpy(decision->sums, decisions->sums, sizeof(decision->sums));
  ++decisions->count;
}

uint32_t dev_decisions_oldest(const struct dev_decisions *decisions) {
  return decisions->count > DEV_DECISIONS_KEPT ? decisions->count - DEV_DECISIONS_KEPT : 0u;
}

const struct dev_decision *dev_decisions_at(const struct dev_decisions *decisions,
                                            uint32_t number) {
  return &decisions->kept[number % DEV_DECISIONS_KEPT];
}
