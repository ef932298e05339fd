/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions on a stream: each is taken on the sum of the logits of the last few inferences. What
 * further outputs the model has is summed alike, and decides nothing.
 *
 * All of it is integers, so host and device agree on every decision and on how sure it is. */
#ifndef DEV_DECISIONS_H
#define DEV_DECISIONS_H

#include <stdint.h>

#include "dev_config.h"
#include "dev_outputs.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DEV_DECISIONS_KEPT 16u

struct dev_decision {
  uint32_t end_frame;                  /* frames of the stream when it was taken */
  uint8_t label;                       /* where the sum is largest; the first of equals */
  uint8_t unsure;                      /* 1 when its probability is below APP_UNSURE_BELOW */
  uint16_t probability;                /* of the label, Q15 */
  int8_t logits[DEV_ALL_OUTPUT_BYTES]; /* of all outputs, one after another */
  int32_t sums[DEV_ALL_OUTPUT_BYTES];
};

struct dev_decisions {
  uint32_t count;                                     /* taken so far */
  struct dev_decision kept[DEV_DECISIONS_KEPT];       /* decision i is at i modulo DECISIONS_KEPT */
  int8_t recent[APP_SMOOTHING][DEV_ALL_OUTPUT_BYTES]; /* inference i at i modulo SMOOTHING */
  int32_t sums[DEV_ALL_OUTPUT_BYTES];                 /* of `recent` */
};

/* Forgets all decisions and inferences. */
void dev_decisions_reset(struct dev_decisions *decisions);

/* Takes the next decision; `logits` are all outputs, one after another. */
void dev_decisions_add(struct dev_decisions *decisions, const int8_t *logits, uint32_t end_frame);

/* The number of the oldest decision that is kept. */
uint32_t dev_decisions_oldest(const struct dev_decisions *decisions);

/* The decision of that number: from the oldest that is kept to `count` - 1. */
const struct dev_decision *dev_decisions_at(const struct dev_decisions *decisions, uint32_t number);

#ifdef __cplusplus
}
#endif

#endif
