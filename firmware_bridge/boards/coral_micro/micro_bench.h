/* SPDX-License-Identifier: Apache-2.0 */
/* Times of inferences and of the features, and what they were measured under. */
#ifndef MICRO_BENCH_H
#define MICRO_BENCH_H

#include <stdint.h>

#include "dev_writer.h"
#include "micro_app.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MICRO_MOST_RUNS 1000u

/* Runs the model on the input that was written last, first to warm up, and appends the times as
 * members of a JSON object. A stream begins anew. NULL, or why not. */
const char *micro_bench(struct micro_app *app, uint32_t warmup, uint32_t runs,
                        struct dev_writer *json);

#ifdef __cplusplus
}
#endif

#endif
