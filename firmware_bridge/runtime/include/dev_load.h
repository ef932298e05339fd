/* SPDX-License-Identifier: Apache-2.0 */
/* The model's input as the text commands load it: in the model's own bytes, of several inputs one
 * after another.
 *
 * A model whose output is as large as its input rebuilds that input, and how far it is off is its
 * result, as in MLPerf Tiny's anomaly detection. That benchmark's runner sends float32 numbers,
 * little-endian: they are quantised once all are there, and kept, as the error is against them.
 *
 * Of its image models it sends pixels, 0 to 255: a uint8 input as they are, 128 less is the int8
 * input. */
#ifndef DEV_LOAD_H
#define DEV_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "app_config.h"
#include "dev_model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DEV_REBUILDS_INPUT (MODEL_OUTPUT_VALUES == MODEL_INPUT_VALUES && DEV_INPUTS == 1u)
#define DEV_LOADS_FLOATS (DEV_REBUILDS_INPUT && MODEL_INPUT_BYTES == MODEL_INPUT_VALUES)
#define DEV_LOADS_PIXELS                                                                           \
  (APP_LOADS_PIXELS && DEV_INPUTS == 1u && !DEV_REBUILDS_INPUT &&                                  \
   MODEL_INPUT_BYTES == MODEL_INPUT_VALUES && !MODEL_INPUT_IS_UNSIGNED)

#define DEV_LOAD_FLOAT_BYTES (DEV_LOADS_FLOATS ? 4u * MODEL_INPUT_VALUES : 1u)

struct dev_load {
  uint32_t announced; /* bytes */
  uint32_t taken;     /* of them */
  bool floats;        /* whether they are numbers */
  uint8_t float_bytes[DEV_LOAD_FLOAT_BYTES];
};

/* Announces so many bytes; false where the input does not have so many. */
bool dev_load_begin(struct dev_load *load, uint32_t bytes);

/* Takes the next byte of those announced; true with the last. */
bool dev_load_take(struct dev_load *load, struct dev_model *model, uint8_t byte);

/* A byte of the input, as it is loaded; `announced` of them were. */
uint8_t dev_load_byte(const struct dev_load *load, const struct dev_model *model, uint32_t index);

/* The model's input was filled in another way. */
void dev_load_forget(struct dev_load *load);

/* Mean squared difference of input and output, for a model that rebuilds its input. */
float dev_load_error(const struct dev_load *load, const struct dev_model *model);

#ifdef __cplusplus
}
#endif

#endif
