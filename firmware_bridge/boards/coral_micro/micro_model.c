/* SPDX-License-Identifier: Apache-2.0 */
#include "micro_model.h"

#include <string.h>

#include "dev_outputs.h"
#include "port.h"

#define CLOCK_ROOM 8u

static MICRO_SDRAM struct micro_model model;

const char *micro_clock_name(enum micro_clock clock) {
  static const char *const names[MICRO_CLOCKS] = {"low", "medium", "high", "max"};
  return names[clock];
}

enum micro_clock micro_clock_named(const char *name) {
  enum micro_clock clock = MICRO_LOW;
  while (clock < MICRO_CLOCKS && strcmp(name, micro_clock_name(clock)) != 0) {
    clock = (enum micro_clock)(clock + 1);
  }
  return clock;
}

/* The SDK's own default is high. */
static enum micro_clock stored_clock(void) {
  char name[CLOCK_ROOM + 1u] = {0};
  const int32_t size = micro_board_load(MICRO_CLOCK_PATH, (uint8_t *)name, CLOCK_ROOM);
  const enum micro_clock clock = size > 0 ? micro_clock_named(name) : MICRO_CLOCKS;
  return clock < MICRO_CLOCKS ? clock : MICRO_HIGH;
}

static bool has_our_outputs(const struct micro_tpu *tpu) {
  bool same = tpu->output_count == DEV_OUTPUTS;
  for (uint32_t i = 0; same && i < DEV_OUTPUTS; ++i) {
    same = tpu->output_bytes[i] == dev_output_bytes(i);
  }
  return same;
}

static const char *load(uint8_t *arena) {
  const int32_t size = micro_board_load(MICRO_MODEL_PATH, model.bytes, sizeof(model.bytes));
  if (size <= 0) {
    return "there is no model in the file system: upload one";
  }
  if ((uint32_t)size > sizeof(model.bytes)) {
    return "the model is larger than the room for it: export again for that model";
  }
  model.size = (uint32_t)size;
  micro_sha256(model.bytes, model.size, model.hash);
  const char *problem =
      micro_board_open(model.bytes, arena, MODEL_ARENA_BYTES, model.clock, &model.tpu);
  if (problem == NULL &&
      (model.tpu.input_bytes != MODEL_INPUT_BYTES || !has_our_outputs(&model.tpu))) {
    problem = "the model's input or output has another size: export again for that model";
  }
  return problem;
}

void micro_model_open(uint8_t *arena) {
  memset(&model, 0, sizeof(model));
  memset(model.hash, '0', sizeof(model.hash) - 1u); /* of no model */
  model.clock = stored_clock();
  model.problem = load(arena);
  if (model.problem == NULL) {
    const uint64_t begin = micro_board_microseconds();
    model_run(arena, NULL, NULL);
    model.first_us = (uint32_t)(micro_board_microseconds() - begin);
  }
}

const struct micro_model *micro_model(void) {
  return &model;
}

const char *micro_model_hash(void) {
  return model.hash;
}

void *model_input(void *arena) {
  (void)arena;
  return model.input;
}

static const void *output_at(uint32_t number) {
  static const int8_t nothing[DEV_ALL_OUTPUT_BYTES];
  return model.problem == NULL ? model.tpu.outputs[number] : nothing;
}

const void *model_output(const void *arena) {
  (void)arena;
  return output_at(0);
}

#ifdef MODEL_OUTPUTS
const void *model_output_at(const void *arena, uint32_t output_number) {
  (void)arena;
  return output_number < MODEL_OUTPUTS ? output_at(output_number) : NULL;
}
#endif

/* The input goes in anew each time: an inference leaves it flipped. */
void model_run(void *arena, model_observer observer, void *context) {
  (void)arena;
  if (model.problem != NULL) {
    port_fatal(model.problem);
  }
  memcpy(model.tpu.input, model.input, sizeof(model.input));
  if (!micro_board_invoke()) {
    port_fatal("the Edge TPU failed");
  }
  if (observer != NULL) {
    observer(context, 0, model.tpu.outputs[0], MODEL_OUTPUT_BYTES);
  }
}
