/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a compiled model on the host: inputs from stdin, results to stdout, whole ones only.
 *
 *   outputs   for each input, the model's outputs, one after another
 *   layers    for each input, each operator's (first) output
 *   arenas    for each input, the whole arena after each operator; it begins filled with 0xA5
 *
 * Of a model with several inputs each is all of them, one after another. A model that keeps state
 * begins anew with each input, or, with a second argument "sequence", with the first one only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#if defined(MODEL_INPUTS)
#define INPUT_BYTES MODEL_ALL_INPUT_BYTES
#else
#define INPUT_BYTES MODEL_INPUT_BYTES
#endif

enum what { OUTPUTS, LAYERS, ARENAS };

struct run {
  enum what what;
  int sequence;
  const uint8_t *arena;
  int failed;
};

static void put(struct run *run, const void *bytes, size_t count) {
  if (fwrite(bytes, 1, count, stdout) != count) {
    run->failed = 1;
  }
}

static void observe(void *context, uint32_t operator_index, const void *output, uint32_t bytes) {
  struct run *run = context;
  (void)operator_index;
  if (run->what == LAYERS) {
    put(run, output, bytes);
  } else if (run->what == ARENAS) {
    put(run, run->arena, MODEL_ARENA_BYTES);
  }
}

static void put_outputs(struct run *run, const void *arena) {
#if defined(MODEL_OUTPUTS)
  for (uint32_t number = 0; number < MODEL_OUTPUTS; ++number) {
    put(run, model_output_at(arena, number), model_outputs[number].bytes);
  }
#else
  put(run, model_output(arena), MODEL_OUTPUT_BYTES);
#endif
}

static void fill_inputs(void *arena, const uint8_t *input) {
#if defined(MODEL_INPUTS)
  for (uint32_t number = 0; number < MODEL_INPUTS; ++number) {
    memcpy(model_input_at(arena, number), input, model_inputs[number].bytes);
    input += model_inputs[number].bytes;
  }
#else
  memcpy(model_input(arena), input, MODEL_INPUT_BYTES);
#endif
}

#if defined(MODEL_STATE_BYTES)
static _Alignas(16) uint8_t state[MODEL_STATE_BYTES];

static void reset(void) {
  memset(state, 0xA5, sizeof(state));
  model_reset(state);
}

static void run_model(void *arena, model_observer observer, void *context) {
  model_run(arena, state, observer, context);
}
#else
static void reset(void) {
}

static void run_model(void *arena, model_observer observer, void *context) {
  model_run(arena, observer, context);
}
#endif

static int run_all(struct run run, uint8_t *arena, uint8_t *input) {
  run.arena = arena;
  reset();
  while (!run.failed && fread(input, 1, INPUT_BYTES, stdin) == INPUT_BYTES) {
    memset(arena, 0xA5, MODEL_ARENA_BYTES);
    fill_inputs(arena, input);
    if (!run.sequence) {
      reset();
    }
    run_model(arena, run.what == OUTPUTS ? NULL : observe, &run);
    if (run.what == OUTPUTS) {
      put_outputs(&run, arena);
    }
  }
  return run.failed || fflush(stdout) != 0;
}

static int understood(int count, char **arguments, struct run *run) {
  static const char *const names[] = {"outputs", "layers", "arenas"};
  if (count < 2 || count > 3 || (count == 3 && strcmp(arguments[2], "sequence") != 0)) {
    return 0;
  }
  run->sequence = count == 3;
  for (int what = OUTPUTS; what <= ARENAS; ++what) {
    if (strcmp(arguments[1], names[what]) == 0) {
      run->what = (enum what)what;
      return 1;
    }
  }
  return 0;
}

int main(int count, char **arguments) {
  struct run run = {.failed = 0};
  uint8_t *arena = aligned_alloc(16, MODEL_ARENA_BYTES);
  uint8_t *input = malloc(INPUT_BYTES);
  int failed = 1;
  if (arena != NULL && input != NULL && understood(count, arguments, &run)) {
    failed = run_all(run, arena, input);
  }
  free(input);
  free(arena);
  return failed;
}
