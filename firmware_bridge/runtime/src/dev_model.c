/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_model.h"

#include <string.h>

#include "port.h"

static const uint32_t canary[DEV_CANARY_WORDS] = {0x5AFE5AFEu, 0xC0DEC0DEu, 0x0BADF00Du,
                                                  0xA5A5A5A5u};

struct profile {
  uint32_t *ticks; /* of each operator */
  uint32_t begin;
  uint32_t sum;
};

struct tap {
  uint32_t operator_index;
  uint32_t offset;
  uint32_t count;
  uint8_t *slice;
  bool taken;
};

void dev_model_start(struct dev_model *model) {
  memset(model, 0, sizeof(*model));
  memcpy(model->canary_before, canary, sizeof(canary));
  memcpy(model->canary_after, canary, sizeof(canary));
#ifdef MODEL_STATE_BYTES
  memcpy(model->canary_after_state, canary, sizeof(canary));
#endif
  dev_model_reset(model);
}

#ifdef MODEL_STATE_BYTES

void dev_model_reset(struct dev_model *model) {
  model_reset(model->state);
}

static void run(struct dev_model *model, model_observer observer, void *context) {
  model_run(model->arena, model->state, observer, context);
}

static void keep_state(struct dev_model *model) {
  memcpy(model->state_before, model->state, sizeof(model->state));
}

static void put_state_back(struct dev_model *model) {
  memcpy(model->state, model->state_before, sizeof(model->state));
}

static bool state_intact(const struct dev_model *model) {
  return memcmp(model->canary_after_state, canary, sizeof(canary)) == 0;
}

#else

void dev_model_reset(struct dev_model *model) {
  (void)model;
}

static void run(struct dev_model *model, model_observer observer, void *context) {
  model_run(model->arena, observer, context);
}

static void keep_state(struct dev_model *model) {
  (void)model;
}

static void put_state_back(struct dev_model *model) {
  (void)model;
}

static bool state_intact(const struct dev_model *model) {
  (void)model;
  return true;
}

#endif

#ifdef MODEL_INPUTS

uint32_t dev_input_offset(uint32_t number) {
  uint32_t offset = 0;
  for (uint32_t before = 0; before < number; ++before) {
    offset += model_inputs[before].bytes;
  }
  return offset;
}

uint32_t dev_input_bytes(uint32_t number) {
  return model_inputs[number].bytes;
}

int8_t *dev_arena_input(struct dev_model *model, uint32_t number) {
  return model_input_at(model->arena, number);
}

#else

uint32_t dev_input_offset(uint32_t number) {
  (void)number;
  return 0;
}

uint32_t dev_input_bytes(uint32_t number) {
  (void)number;
  return MODEL_INPUT_BYTES;
}

int8_t *dev_arena_input(struct dev_model *model, uint32_t number) {
  (void)number;
  return model_input(model->arena);
}

#endif

static void copy_input(struct dev_model *model) {
  for (uint32_t number = 0; number < DEV_INPUTS; ++number) {
    memcpy(dev_arena_input(model, number), model->input + dev_input_offset(number),
           dev_input_bytes(number));
  }
}

/* Begins and ends with the timer, so that an operator's ticks hold its work and little else. */
static void note_ticks(void *context, uint32_t operator_index, const void *output, uint32_t bytes) {
  const uint32_t end = port_ticks();
  struct profile *profile = context;
  const uint32_t ticks = end - profile->begin;
  (void)output;
  (void)bytes;
  profile->ticks[operator_index] = ticks;
  profile->sum += ticks;
  profile->begin = port_begin();
}

static void copy_slice(void *context, uint32_t operator_index, const void *output, uint32_t bytes) {
  struct tap *tap = context;
  if (operator_index == tap->operator_index && tap->offset <= bytes &&
      tap->count <= bytes - tap->offset) {
    memcpy(tap->slice, (const uint8_t *)output + tap->offset, tap->count);
    tap->taken = true;
  }
}

static void check(const struct dev_model *model) {
  if (!dev_model_intact(model)) {
    port_fatal("memory beside the model's arena was overwritten");
  }
}

void dev_model_infer(struct dev_model *model) {
  copy_input(model);
  dev_model_run(model);
}

static uint32_t count_ticks(struct dev_model *model) {
  const uint32_t begin = port_begin();
  run(model, NULL, NULL);
  return port_ticks() - begin;
}

static uint32_t count_ticks_of_operators(struct dev_model *model) {
  struct profile notes = {model->operator_ticks, port_begin(), 0};
  run(model, note_ticks, &notes);
  return notes.sum;
}

bool dev_model_measure(struct dev_model *model, bool profile, uint32_t *ticks) {
  const uint64_t begin = port_microseconds();
  copy_input(model);
  *ticks = profile ? count_ticks_of_operators(model) : count_ticks(model);
  const uint64_t seconds = (port_microseconds() - begin) / 1000000u;
  const bool counted = seconds < UINT32_MAX / port_ticks_per_second();
  model->profiled = counted && (profile || model->profiled);
  check(model);
  return counted;
}

int8_t *dev_model_input(struct dev_model *model) {
  return model_input(model->arena);
}

void dev_model_run(struct dev_model *model) {
  run(model, NULL, NULL);
  check(model);
}

const int8_t *dev_model_output(const struct dev_model *model) {
  return model_output(model->arena);
}

bool dev_model_tap(struct dev_model *model, uint32_t operator_index, uint32_t offset,
                   uint32_t count, uint8_t *slice) {
  struct tap tap = {operator_index, offset, count, slice, false};
  keep_state(model);
  copy_input(model);
  run(model, copy_slice, &tap);
  put_state_back(model);
  check(model);
  return tap.taken;
}

bool dev_model_intact(const struct dev_model *model) {
  return memcmp(model->canary_before, canary, sizeof(canary)) == 0 &&
         memcmp(model->canary_after, canary, sizeof(canary)) == 0 && state_intact(model);
}
