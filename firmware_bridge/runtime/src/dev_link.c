/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_link.h"

#include <string.h>

#include "dev_bytes.h"
#include "dev_commands.h"
#include "dev_requests.h"
#include "port.h"

void dev_link_start(struct dev_link *link) {
  memset(link, 0, sizeof(*link));
  dev_frame_begin(&link->decoder, &link->request);
}

static void forget_command(struct dev_link *link) {
  link->command_length = 0;
  link->unreadable = false;
}

/* A request that comes again, byte for byte, was answered, but the answer was lost: it is sent
 * again and nothing is done twice. */
static void answer(struct dev_link *link, struct dev_app *app) {
  const struct dev_frame *request = &link->request;
  const uint32_t crc = dev_get_u32(request->content + request->length - DEV_CRC_BYTES);
  if (!link->answered || crc != link->answered_crc) {
    dev_answer(app, request, &link->reply);
    link->answered_crc = crc;
    link->answered = true;
  }
  dev_frame_send(&link->reply);
}

static void take_delimiter(struct dev_link *link, struct dev_app *app) {
  forget_command(link);
  if (link->in_frame && !dev_frame_is_empty(&link->decoder)) {
    link->in_frame = false;
    if (dev_frame_is_whole(&link->decoder)) {
      answer(link, app);
    } else {
      port_log("a damaged frame was dropped");
    }
    return;
  }
  /* Either a frame begins, or what seemed to begin one ended one that was lost. */
  link->in_frame = true;
  dev_frame_begin(&link->decoder, &link->request);
}

static void take_character(struct dev_link *link, struct dev_app *app, uint8_t byte) {
  if (byte == '%') {
    link->command[link->command_length] = '\0';
    if (link->unreadable) {
      dev_refuse_command("Command is too long or unreadable");
    } else {
      dev_command(app, link->command);
    }
    forget_command(link);
  } else if (byte < ' ' || byte > '~') {
    link->unreadable = link->unreadable || (byte != '\r' && byte != '\n');
  } else if (link->command_length == DEV_COMMAND_CHARACTERS) {
    link->unreadable = true;
  } else {
    link->command[link->command_length++] = (char)byte;
  }
}

void dev_link_take(struct dev_link *link, struct dev_app *app, uint8_t byte) {
  if (byte == 0) {
    take_delimiter(link, app);
  } else if (link->in_frame) {
    dev_frame_take(&link->decoder, byte);
  } else {
    take_character(link, app, byte);
  }
}

void dev_link_idle(struct dev_link *link) {
  link->in_frame = false;
}
