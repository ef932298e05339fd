/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_decisions.h"

#include <string.h>

#include "dev_frame.h"
#include "dev_vote.h"

_Static_assert(MODEL_OUTPUT_BYTES <= 128, "the label of a decision is a byte");
_Static_assert(8u + 5u * DEV_ALL_OUTPUT_BYTES <= DEV_PAYLOAD_BYTES, "a decision fits a frame");

void dev_decisions_reset(struct dev_decisions *decisions) {
  memset(decisions, 0, sizeof(*decisions));
}

void dev_decisions_add(struct dev_decisions *decisions, const int8_t *logits, uint32_t end_frame) {
  static const struct dev_vote_config config = {
      .classes = MODEL_OUTPUT_BYTES,
      .values = DEV_ALL_OUTPUT_BYTES,
      .smoothing = APP_SMOOTHING,
      .multiplier = APP_CERTAINTY_MULTIPLIER,
      .unsure_below = APP_UNSURE_BELOW,
  };
  struct dev_decision *decision = &decisions->kept[decisions->count % DEV_DECISIONS_KEPT];
  const struct dev_verdict verdict =
      dev_vote(&config, decisions->recent[0], decisions->sums, decisions->count, logits);
  decision->end_frame = end_frame;
  decision->label = (uint8_t)verdict.label;
  decision->unsure = (uint8_t)verdict.unsure;
  decision->probability = (uint16_t)verdict.probability;
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
