/* SPDX-License-Identifier: Apache-2.0 AND LicenseRef-model */
/* A model made by hand: 32 bytes in, 4 out, three operators. */
#ifndef MODEL_H
#define MODEL_H

#include <stdint.h>

#define MODEL_NAME "hand-made"
#define MODEL_HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define MODEL_ARENA_BYTES 64
#define MODEL_INPUT_BYTES 32
#define MODEL_INPUT_VALUES 32
#define MODEL_INPUT_IS_FLOAT 0
#define MODEL_INPUT_IS_UNSIGNED 0
#define MODEL_INPUT_SCALE 0.5f
#define MODEL_INPUT_ZERO_POINT (3)
#define MODEL_OUTPUT_BYTES 4
#define MODEL_OUTPUT_VALUES 4
#define MODEL_OUTPUT_IS_FLOAT 0
#define MODEL_OUTPUT_IS_UNSIGNED 0
#define MODEL_OUTPUT_SCALE 0.25f
#define MODEL_OUTPUT_ZERO_POINT (-2)
#define MODEL_OPERATORS 3
#define MODEL_MAX_OPERATOR_OUTPUT_BYTES 32

struct model_operator {
  const char *name;
  uint32_t macs;
};

extern const struct model_operator model_operators[MODEL_OPERATORS];

void *model_input(void *arena);
const void *model_output(const void *arena);

typedef void (*model_observer)(void *context, uint32_t operator_index, const void *output,
                               uint32_t bytes);
void model_run(void *arena, model_observer observer, void *context);

#endif
