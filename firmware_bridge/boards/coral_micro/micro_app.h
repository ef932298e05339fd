/* SPDX-License-Identifier: Apache-2.0 */
/* The application: the device's protocol on the console, and a microphone beside it. */
#ifndef MICRO_APP_H
#define MICRO_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "dev_app.h"
#include "dev_link.h"
#include "micro_upload.h"

#ifdef __cplusplus
extern "C" {
#endif

struct micro_app {
  struct dev_app device;
  struct dev_link link;
  struct micro_upload upload;
  uint64_t last_byte_us;
  uint64_t restart_us; /* when to start anew; 0: not at all */
  bool listening;
};

void micro_app_start(struct micro_app *app);

/* Does what there is to do, a little of it; false where there was nothing. */
bool micro_app_step(struct micro_app *app);

/* NULL, or why not. The stream of samples begins anew. */
const char *micro_app_listen(struct micro_app *app, bool on);

/* Starts anew after what is being said now was said. */
void micro_app_restart_soon(struct micro_app *app);

#ifdef __cplusplus
}
#endif

#endif
