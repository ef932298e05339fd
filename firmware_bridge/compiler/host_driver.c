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

#include "host_driver.h"

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
    put(run, run->arena, host_model.arena_bytes);
  }
}

static void put_outputs(struct run *run, const void *arena) {
  for (uint32_t number = 0; number < host_model.outputs; ++number) {
    uint32_t bytes = 0;
    const void *output = host_model.output_at(arena, number, &bytes);
    put(run, output, bytes);
  }
}

static void reset(void) {
  if (host_model.state != NULL) {
    memset(host_model.state, 0xA5, host_model.state_bytes);
    host_model.reset(host_model.state);
  }
}

static int run_all(struct run run, uint8_t *arena, uint8_t *input) {
  run.arena = arena;
  reset();
  while (!run.failed && fread(input, 1, host_model.input_bytes, stdin) == host_model.input_bytes) {
    memset(arena, 0xA5, host_model.arena_bytes);
    host_model.fill_inputs(arena, input);
    if (!run.sequence) {
      reset();
    }
    host_model.run(arena, host_model.state, run.what == OUTPUTS ? NULL : observe, &run);
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
  uint8_t *arena = aligned_alloc(16, host_model.arena_bytes);
  uint8_t *input = malloc(host_model.input_bytes);
  int failed = 1;
  if (arena != NULL && input != NULL && understood(count, arguments, &run)) {
    failed = run_all(run, arena, input);
  }
  free(input);
  free(arena);
  return failed;
}
