/* What this firmware is, from the files that are generated for it: app_config.h says whether there
 * is a frontend and how decisions are made, frontend_tables.h describes the frontend. */
#ifndef DEV_CONFIG_H
#define DEV_CONFIG_H

#include <assert.h>

#include "app_config.h"
#include "model.h"

#if APP_FRONTEND

#include "frontend_tables.h"

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
