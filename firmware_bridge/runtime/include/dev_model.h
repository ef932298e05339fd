/* SPDX-License-Identifier: Apache-2.0 */
/* The model with its memory: inputs, arena between canaries, state, ticks per operator. */
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

#ifdef MODEL_INPUTS
#define DEV_INPUTS MODEL_INPUTS
#define DEV_ALL_INPUT_BYTES MODEL_ALL_INPUT_BYTES
#else
#define DEV_INPUTS 1u
#define DEV_ALL_INPUT_BYTES MODEL_INPUT_BYTES
#endif

#ifdef MODEL_STATE_BYTES
#define DEV_STATE_BYTES MODEL_STATE_BYTES
#else
#define DEV_STATE_BYTES 0u
#endif

struct dev_model {
  uint32_t canary_before[DEV_CANARY_WORDS];
  alignas(16) uint8_t arena[MODEL_ARENA_BYTES];
  uint32_t canary_after[DEV_CANARY_WORDS];
  int8_t input[DEV_ALL_INPUT_BYTES]; /* kept: an inference may reuse the arena's own inputs */
#ifdef MODEL_STATE_BYTES
  alignas(16) uint8_t state[MODEL_STATE_BYTES];
  uint32_t canary_after_state[DEV_CANARY_WORDS];
  uint8_t state_before[MODEL_STATE_BYTES]; /* what a tap puts back */
#endif
  uint32_t operator_ticks[MODEL_OPERATORS];
  bool profiled;
};

/* Sets canaries, clears memory, and gives the state its first values. */
void dev_model_start(struct dev_model *model);

/* Gives what the model keeps from one inference to the next its first values. */
void dev_model_reset(struct dev_model *model);

/* Where input `number`, 0 to DEV_INPUTS - 1, begins among the kept ones, in bytes. */
uint32_t dev_input_offset(uint32_t number);

/* Bytes of input `number`. */
uint32_t dev_input_bytes(uint32_t number);

/* One inference on the kept inputs. */
void dev_model_infer(struct dev_model *model);

/* The same, with the ticks from the first operator to the last; copying the input is not counted.
 * With `profile` the ticks of each operator are noted, and theirs is the sum. False where that took
 * so long that the timer may have wrapped. */
bool dev_model_measure(struct dev_model *model, bool profile, uint32_t *ticks);

/* The arena's own input of that number, on its type's boundary. */
int8_t *dev_arena_input(struct dev_model *model, uint32_t number);

/* The first of them. */
int8_t *dev_model_input(struct dev_model *model);

/* An inference on what is in the arena's inputs; ends in port_fatal where memory beside the arena
 * was overwritten. */
void dev_model_run(struct dev_model *model);

/* The first output, valid until the next inference: MODEL_OUTPUT_BYTES. */
const int8_t *dev_model_output(const struct dev_model *model);

/* Runs on the kept inputs and copies `count` bytes from `offset` of the output of an operator; what
 * the model keeps is then as it was. False where that output is shorter. */
bool dev_model_tap(struct dev_model *model, uint32_t operator_index, uint32_t offset,
                   uint32_t count, uint8_t *slice);

/* Whether nothing was written beside arena and state. */
bool dev_model_intact(const struct dev_model *model);

#ifdef __cplusplus
}
#endif

#endif
