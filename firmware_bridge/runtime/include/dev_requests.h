/* The framed requests: what each does and answers. */
#ifndef DEV_REQUESTS_H
#define DEV_REQUESTS_H

#include "dev_app.h"
#include "dev_frame.h"

enum dev_request {
  DEV_BANNER = 0x01,
  DEV_RESET = 0x02,
  DEV_AUDIO = 0x03,
  DEV_DECISIONS = 0x04,
  DEV_WRITE = 0x05,
  DEV_INFER = 0x06,
  DEV_READ = 0x07,
  DEV_PROFILE = 0x08,
  DEV_TAP = 0x09,
  DEV_MEMORY = 0x0A,
  DEV_SELF_TEST = 0x0B,
  DEV_FEATURE_TICKS = 0x0C,
  DEV_REPLY = 0x80, /* set in the type of every answer */
  DEV_ERROR = 0xFF,
};

/* Carries the request out and makes `reply` of it. */
void dev_answer(struct dev_app *app, const struct dev_frame *request, struct dev_frame *reply);

#endif
