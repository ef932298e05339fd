/* SPDX-License-Identifier: Apache-2.0 */
/* A model and what the host's driver calls of it, compiled as one: MODEL_SOURCE names its C. */
#include MODEL_SOURCE

#include <string.h>

#include "host_driver.h"
#include "model.h"

#if defined(MODEL_INPUTS)
#define HOST_INPUT_BYTES MODEL_ALL_INPUT_BYTES
static void host_fill_inputs(void *arena, const uint8_t *input) {
  for (uint32_t number = 0; number < MODEL_INPUTS; ++number) {
    memcpy(model_input_at(arena, number), input, model_inputs[number].bytes);
    input += model_inputs[number].bytes;
  }
}
#else
#define HOST_INPUT_BYTES MODEL_INPUT_BYTES
static void host_fill_inputs(void *arena, const uint8_t *input) {
  memcpy(model_input(arena), input, MODEL_INPUT_BYTES);
}
#endif

#if defined(MODEL_OUTPUTS)
#define HOST_OUTPUTS MODEL_OUTPUTS
static const void *host_output_at(const void *arena, uint32_t number, uint32_t *bytes) {
  *bytes = model_outputs[number].bytes;
  return model_output_at(arena, number);
}
#else
#define HOST_OUTPUTS 1
static const void *host_output_at(const void *arena, uint32_t number, uint32_t *bytes) {
  (void)number;
  *bytes = MODEL_OUTPUT_BYTES;
  return model_output(arena);
}
#endif

#if defined(MODEL_STATE_BYTES)
static _Alignas(16) uint8_t host_state[MODEL_STATE_BYTES];
#define HOST_STATE host_state
#define HOST_STATE_BYTES MODEL_STATE_BYTES
static void host_reset(void *state) {
  model_reset(state);
}

static void host_run(void *arena, void *state, host_observer observer, void *context) {
  model_run(arena, state, observer, context);
}
#else
#define HOST_STATE NULL
#define HOST_STATE_BYTES 0
static void host_reset(void *state) {
  (void)state;
}

static void host_run(void *arena, void *state, host_observer observer, void *context) {
  (void)state;
  model_run(arena, observer, context);
}
#endif

const struct host_model host_model = {
    .arena_bytes = MODEL_ARENA_BYTES,
    .input_bytes = HOST_INPUT_BYTES,
    .outputs = HOST_OUTPUTS,
    .state_bytes = HOST_STATE_BYTES,
    .state = HOST_STATE,
    .fill_inputs = host_fill_inputs,
    .output_at = host_output_at,
    .reset = host_reset,
    .run = host_run,
};
