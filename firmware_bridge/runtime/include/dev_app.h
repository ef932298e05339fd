/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the application behind the link. */
#ifndef DEV_APP_H
#define DEV_APP_H

#include <stdalign.h>
#include <stdint.h>

#include "dev_config.h"
#include "dev_load.h"
#include "dev_model.h"
#if APP_FRONTEND
#include "dev_decisions.h"
#include "dev_stream.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct dev_app {
  struct dev_model model;
  struct dev_load load;
  uint32_t constants_crc; /* at the start */
  uint32_t empty_ticks;   /* what measuring nothing takes */
#if APP_FRONTEND
  struct dev_stream stream;
  struct dev_decisions decisions;
  int16_t capture[APP_CAPTURE_SAMPLES];
  alignas(APF_ALIGNMENT) uint8_t stream_memory[FRONTEND_STREAM_BYTES];
#endif
};

/* Makes everything ready, once; ends in port_fatal where the frontend refuses its tables. */
void dev_app_start(struct dev_app *app);

#ifdef __cplusplus
}
#endif

#endif
