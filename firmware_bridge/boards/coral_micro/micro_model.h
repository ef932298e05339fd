/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled model on the Edge TPU, behind the functions of model.h. */
#ifndef MICRO_MODEL_H
#define MICRO_MODEL_H

#include <stdalign.h>
#include <stdint.h>

#include "micro_board.h"
#include "micro_sha256.h"
#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MICRO_MODEL_PATH "/models/model_edgetpu.tflite"
#define MICRO_CLOCK_PATH "/edgeser_clock"

struct micro_model {
  const char *problem; /* why no model runs; NULL when one does */
  struct micro_tpu tpu;
  enum micro_clock clock;
  uint32_t size;
  uint32_t first_us; /* the first inference, which sends the parameters */
  char hash[MICRO_SHA256_TEXT];
  int8_t input[MODEL_INPUT_BYTES];
  alignas(16) uint8_t bytes[MODEL_ROOM_BYTES];
};

/* Loads the model from the file system and runs it once, on an input of zeros. */
void micro_model_open(uint8_t *arena);

const struct micro_model *micro_model(void);

/* low, medium, high or max; MICRO_CLOCKS where it is none of them. */
const char *micro_clock_name(enum micro_clock clock);
enum micro_clock micro_clock_named(const char *name);

#ifdef __cplusplus
}
#endif

#endif
