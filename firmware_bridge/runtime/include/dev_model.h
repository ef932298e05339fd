/* The model with its memory: input, arena between canaries, ticks per operator. */
#ifndef DEV_MODEL_H
#define DEV_MODEL_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DEV_CANARY_WORDS 4u

struct dev_model {
  uint32_t canary_before[DEV_CANARY_WORDS];
  alignas(16) uint8_t arena[MODEL_ARENA_BYTES];
  uint32_t canary_after[DEV_CANARY_WORDS];
  int8_t input[MODEL_INPUT_BYTES]; /* kept: an inference may reuse the arena's own input */
  uint32_t operator_ticks[MODEL_OPERATORS];
  bool profiled;
};

void dev_model_start(struct dev_model *model);

/* One inference on the kept input. */
void dev_model_infer(struct dev_model *model);

/* The same, with the ticks from the first operator to the last; copying the input is not counted.
 * With `profile` the ticks of each operator are noted, and theirs is the sum. False where that took
 * so long that the timer may have wrapped. */
bool dev_model_measure(struct dev_model *model, bool profile, uint32_t *ticks);

/* The arena's own input, and an inference on what is in it. */
int8_t *dev_model_input(struct dev_model *model);
void dev_model_run(struct dev_model *model);

const int8_t *dev_model_output(const struct dev_model *model);

/* Runs on the kept input and copies `count` bytes from `offset` of the output of an operator.
 * False where that output is shorter. */
bool dev_model_tap(struct dev_model *model, uint32_t operator_index, uint32_t offset,
                   uint32_t count, uint8_t *slice);

/* Whether nothing was written beside the arena. */
bool dev_model_intact(const struct dev_model *model);

#ifdef __cplusplus
}
#endif

#endif
