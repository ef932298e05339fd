/* SPDX-License-Identifier: Apache-2.0 */
/* A framed request as its handler sees it. */
#ifndef DEV_CALL_H
#define DEV_CALL_H

#include <stdint.h>

#include "dev_app.h"
#include "dev_writer.h"

#ifdef __cplusplus
extern "C" {
#endif

struct dev_call {
  const uint8_t *payload;
  uint32_t length;
  uint8_t flags;
};

enum dev_error {
  DEV_OK = 0,
  DEV_UNKNOWN_REQUEST = 1,
  DEV_BAD_LENGTH = 2,
  DEV_OUT_OF_RANGE = 3,
  DEV_NO_FRONTEND = 4,
  DEV_REPLY_TOO_LONG = 5,
  DEV_NO_PROFILE = 6,
  DEV_TOO_LONG = 7,
};

/* Carries the request out and appends the reply's payload; on an error that payload is dropped. */
typedef enum dev_error dev_handler(struct dev_app *app, const struct dev_call *call,
                                   struct dev_writer *reply);

#ifdef __cplusplus
}
#endif

#endif
