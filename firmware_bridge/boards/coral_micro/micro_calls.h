/* SPDX-License-Identifier: Apache-2.0 */
/* The remote procedures. What carries them, and how their arguments are found in a request, is not
 * known here. */
#ifndef MICRO_CALLS_H
#define MICRO_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MICRO_RESULT_BYTES 2048u
#define MICRO_PIECE_BYTES 4096u /* of a model, at a time */

enum micro_method {
  MICRO_INFO,
  MICRO_BENCH,
  MICRO_CLOCK,
  MICRO_LISTEN,
  MICRO_DECISIONS,
  MICRO_MODEL_BEGIN,
  MICRO_MODEL_DATA,
  MICRO_MODEL_END,
  MICRO_RESTART,
};

/* Finds arguments by their path ("$.runs"). */
struct micro_arguments {
  const void *request;
  bool (*number)(const void *request, const char *path, double *value);
  /* Their length without the terminating zero, 0 where there is none. */
  size_t (*text)(const void *request, const char *path, char *text, size_t room);
  size_t (*bytes)(const void *request, const char *path, uint8_t *bytes, size_t room);
};

/* The only application there is; to be used by one task at a time. */
void micro_start(bool listen);
bool micro_step(void);

/* Carries a call out. Returns its result, a JSON object that lives until the next call; or NULL,
 * and why not. */
const char *micro_call(enum micro_method method, const struct micro_arguments *arguments,
                       const char **problem);

#ifdef __cplusplus
}
#endif

#endif
