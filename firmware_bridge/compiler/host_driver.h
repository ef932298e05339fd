/* SPDX-License-Identifier: Apache-2.0 */
/* What the driver, which is compiled once for all models, knows of a model. */
#ifndef HOST_DRIVER_H
#define HOST_DRIVER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As a model's own observer. */
typedef void (*host_observer)(void *context, uint32_t operator_index, const void *output,
                              uint32_t bytes);

struct host_model {
  uint32_t arena_bytes;
  uint32_t input_bytes; /* of all inputs, one after another */
  uint32_t outputs;
  uint32_t state_bytes;
  void *state; /* NULL of a model that keeps none */
  void (*fill_inputs)(void *arena, const uint8_t *input);
  const void *(*output_at)(const void *arena, uint32_t number, uint32_t *bytes);
  void (*reset)(void *state);
  void (*run)(void *arena, void *state, host_observer observer, void *context);
};

/* The one of this program. */
extern const struct host_model host_model;

#ifdef __cplusplus
}
#endif

#endif
