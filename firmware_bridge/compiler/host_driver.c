/* Runs a compiled model on the host: inputs from stdin, results to stdout, whole ones only.
 *
 *   outputs   for each input, the model's outputs, one after another
 *   layers    for each input, each operator's (first) output
 *   arenas    for each input, the whole arena after each operator; it begins filled with 0xA5
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum what { OUTPUTS, LAYERS, ARENAS };

struct run {
  enum what what;
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

static int run_all(enum what what, uint8_t *arena, uint8_t *input) {
  struct run run = {.what = what, .arena = arena, .failed = 0};
  while (!run.failed && fread(input, 1, MODEL_INPUT_BYTES, stdin) == MODEL_INPUT_BYTES) {
    memset(arena, 0xA5, MODEL_ARENA_BYTES);
    memcpy(model_input(arena), input, MODEL_INPUT_BYTES);
    model_run(arena, what == OUTPUTS ? NULL : observe, &run);
    if (what == OUTPUTS) {
      put_outputs(&run, arena);
    }
  }
  return run.failed || fflush(stdout) != 0;
}

int main(int count, char **arguments) {
  const char *what = count == 2 ? arguments[1] : "";
  uint8_t *arena = aligned_alloc(16, MODEL_ARENA_BYTES);
  uint8_t *input = malloc(MODEL_INPUT_BYTES);
  int failed = 1;
  if (arena != NULL && input != NULL) {
    if (strcmp(what, "outputs") == 0) {
      failed = run_all(OUTPUTS, arena, input);
    } else if (strcmp(what, "layers") == 0) {
      failed = run_all(LAYERS, arena, input);
    } else if (strcmp(what, "arenas") == 0) {
      failed = run_all(ARENAS, arena, input);
    }
  }
  free(input);
  free(arena);
  return failed;
}
