/* SPDX-License-Identifier: Apache-2.0 */
/* What this firmware is, from the files that are generated for it: app_config.h says whether there
 * is a frontend and how decisions are made, frontend_tables.h describes the frontend. */
#ifndef DEV_CONFIG_H
#define DEV_CONFIG_H

#include <assert.h>

#include "app_config.h"
#include "model.h"

#if APP_FRONTEND

#include "frontend_tables.h"

/* Of the samples that the frontend got so many are kept for a host that asks: a quarter of a second
 * at 16 kHz. A host that is slower than the microphone needs more. */
#ifndef APP_CAPTURE_SAMPLES
#define APP_CAPTURE_SAMPLES 4096u
#endif

static_assert(APP_CAPTURE_SAMPLES >= 512u, "what one request brings is kept");
static_assert(FRONTEND_WINDOW_FRAMES * FRONTEND_CHANNELS * FRONTEND_PLANES == MODEL_INPUT_BYTES,
              "the rows of a window are the input of the model");
static_assert(APP_STREAM_HOP_FRAMES > 0 && APP_SMOOTHING > 0, "one frame and one window at least");

#else

#define FRONTEND_HASH "none"
#define FRONTEND_SAMPLE_RATE 0u
#define FRONTEND_HOP_SAMPLES 0u
#define FRONTEND_WINDOW_FRAMES 0u
#define FRONTEND_CHANNELS 0u
#define FRONTEND_PLANES 0u
#define FRONTEND_TABLE_BYTES 0u
#define FRONTEND_WORK_BYTES 0u

#endif
#endif
