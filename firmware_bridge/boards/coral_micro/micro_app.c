/* SPDX-License-Identifier: Apache-2.0 */
#include "micro_app.h"

#include <string.h>

#include "dev_format.h"
#include "micro_board.h"
#include "micro_model.h"
#include "port.h"

#define LONG_US 1000000u /* a pause in which no frame goes on */
#define SOON_US 500000u
#define BYTES_A_STEP 256u
#define SAMPLES_A_STEP 160u

void micro_app_start(struct micro_app *app) {
  memset(app, 0, sizeof(*app));
  dev_app_start(&app->device);
  dev_link_start(&app->link);
  micro_model_open(app->device.model.arena);
  dev_print("m-init-done\r\nm-ready\r\n");
}

static bool take_bytes(struct micro_app *app) {
  uint32_t taken = 0;
  for (; taken < BYTES_A_STEP; ++taken) {
    const int byte = port_read();
    if (byte < 0) {
      break;
    }
    const uint64_t now = port_microseconds();
    if (now - app->last_byte_us > LONG_US) {
      dev_link_idle(&app->link);
    }
    app->last_byte_us = now;
    dev_link_take(&app->link, &app->device, (uint8_t)byte);
  }
  return taken > 0;
}

#if APP_FRONTEND

static void take_frame(struct dev_app *device) {
  if (dev_stream_window_due(&device->stream, APP_STREAM_HOP_FRAMES)) {
    dev_stream_copy_window(&device->stream, dev_model_input(&device->model));
    dev_model_run(&device->model);
    int8_t values[DEV_ALL_OUTPUT_BYTES];
    dev_outputs_copy(&device->model, 0, DEV_ALL_OUTPUT_BYTES, values);
    dev_decisions_add(&device->decisions, values, device->stream.frames);
  }
}

static bool take_sound(struct micro_app *app) {
  int32_t heard[SAMPLES_A_STEP];
  int16_t samples[SAMPLES_A_STEP];
  size_t count = app->listening ? micro_board_hear(heard, SAMPLES_A_STEP) : 0;
  const bool any = count > 0;
  for (size_t i = 0; i < count; ++i) {
    samples[i] = (int16_t)(heard[i] >> 16);
  }
  for (const int16_t *next = samples; count > 0;) {
    size_t taken;
    if (dev_stream_push(&app->device.stream, next, count, &taken)) {
      take_frame(&app->device);
    }
    next += taken;
    count -= taken;
  }
  return any;
}

const char *micro_app_listen(struct micro_app *app, bool on) {
  if (on && micro_model()->problem != NULL) {
    return micro_model()->problem;
  }
  if (on != app->listening) {
    dev_stream_reset(&app->device.stream);
    dev_decisions_reset(&app->device.decisions);
    if (!micro_board_listen(on)) {
      return "the microphone does not start";
    }
    app->listening = on;
  }
  return NULL;
}

#else

static bool take_sound(struct micro_app *app) {
  (void)app;
  return false;
}

const char *micro_app_listen(struct micro_app *app, bool on) {
  (void)app;
  return on ? "this firmware has no frontend" : NULL;
}

#endif

void micro_app_restart_soon(struct micro_app *app) {
  app->restart_us = port_microseconds() + SOON_US;
}

bool micro_app_step(struct micro_app *app) {
  if (app->restart_us != 0 && port_microseconds() >= app->restart_us) {
    micro_board_restart();
  }
  const bool bytes = take_bytes(app);
  return take_sound(app) || bytes;
}
