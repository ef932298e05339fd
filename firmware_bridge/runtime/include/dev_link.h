/* SPDX-License-Identifier: Apache-2.0 */
/* Tells text commands from frames, byte by byte. */
#ifndef DEV_LINK_H
#define DEV_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "dev_app.h"
#include "dev_frame.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DEV_COMMAND_CHARACTERS 80u

struct dev_link {
  struct dev_frame_decoder decoder;
  struct dev_frame request;
  struct dev_frame reply;
  uint32_t answered_crc; /* of the request that `reply` answers */
  bool answered;
  bool in_frame;
  bool unreadable; /* the command holds what no command may */
  uint32_t command_length;
  char command[DEV_COMMAND_CHARACTERS + 1u];
};

/* Before the first byte. */
void dev_link_start(struct dev_link *link);

/* The next byte from the host; where it ends a command or a frame, that is carried out and answered
 * before this returns. */
void dev_link_take(struct dev_link *link, struct dev_app *app, uint8_t byte);

/* Nothing came for long: a frame that has begun will not end, a byte of noise began it. */
void dev_link_idle(struct dev_link *link);

#ifdef __cplusplus
}
#endif

#endif
