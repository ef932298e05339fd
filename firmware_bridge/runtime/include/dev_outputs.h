/* SPDX-License-Identifier: Apache-2.0 */
/* The model's outputs: one, or several, which the host reads one after another. */
#ifndef DEV_OUTPUTS_H
#define DEV_OUTPUTS_H

#include "dev_model.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef MODEL_OUTPUTS
#define DEV_OUTPUTS MODEL_OUTPUTS
#define DEV_ALL_OUTPUT_BYTES MODEL_ALL_OUTPUT_BYTES
#else
#define DEV_OUTPUTS 1u
#define DEV_ALL_OUTPUT_BYTES MODEL_OUTPUT_BYTES
#endif

/* The output of that number, 0 to DEV_OUTPUTS - 1; the first is dev_model_output's. */
const int8_t *dev_output(const struct dev_model *model, uint32_t number);

/* Bytes of output `number`. */
uint32_t dev_output_bytes(uint32_t number);

/* How many numbers output `number` is. */
uint32_t dev_output_numbers(uint32_t number);

/* One of them: what value `index` stands for. */
float dev_output_number(const struct dev_model *model, uint32_t number, uint32_t index);

/* Copies `count` bytes from `offset` of all outputs, one after another. */
void dev_outputs_copy(const struct dev_model *model, uint32_t offset, uint32_t count, void *to);

/* Of all outputs, one after another. */
uint32_t dev_outputs_crc(const struct dev_model *model);

#ifdef __cplusplus
}
#endif

#endif
