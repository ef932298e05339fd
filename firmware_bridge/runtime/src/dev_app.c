/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_app.h"

#include <string.h>

#include "dev_self_test.h"
#include "port.h"

#if APP_FRONTEND
static void start_stream(struct dev_app *app) {
  const struct dev_stream_config config = {
      .frontend = &frontend_config,
      .tables = frontend_tables,
      .affines = frontend_affines,
      .window_frames = FRONTEND_WINDOW_FRAMES,
      .begin = port_begin,
      .ticks = port_ticks,
      .capture = app->capture,
      .capture_samples = APP_CAPTURE_SAMPLES,
  };
  if (dev_stream_bytes(&config) > sizeof(app->stream_memory) ||
      !dev_stream_start(&app->stream, &config, app->stream_memory)) {
    port_fatal("the frontend refuses its own configuration");
  }
  dev_decisions_reset(&app->decisions);
}
#endif

void dev_app_start(struct dev_app *app) {
  memset(app, 0, sizeof(*app));
  dev_model_start(&app->model);
#if APP_FRONTEND
  start_stream(app);
#endif
  app->constants_crc = dev_constants_crc();
  const uint32_t begin = port_begin();
  app->empty_ticks = port_ticks() - begin;
}
