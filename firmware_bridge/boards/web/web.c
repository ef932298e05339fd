/* SPDX-License-Identifier: Apache-2.0 */
#include "web.h"

#include <string.h>

#include "dev_app.h"
#include "dev_requests.h"

/* All memory of the application, but for its stack. */
static struct {
  struct dev_app app;
  struct dev_frame request, reply;
} device;

void web_start(void) {
  dev_app_start(&device.app);
}

uint8_t *web_payload(void) {
  return dev_frame_payload(&device.request);
}

const uint8_t *web_reply(void) {
  return dev_frame_payload(&device.reply);
}

uint32_t web_request(uint32_t type, uint32_t flags, uint32_t length) {
  const uint32_t taken = length < DEV_PAYLOAD_BYTES ? length : DEV_PAYLOAD_BYTES;
  device.request.content[0] = (uint8_t)type;
  device.request.content[1] = (uint8_t)flags;
  device.request.length = DEV_HEADER_BYTES + taken + DEV_CRC_BYTES;
  dev_answer(&device.app, &device.request, &device.reply);
  return device.reply.length - DEV_HEADER_BYTES - DEV_CRC_BYTES;
}

uint32_t web_refused(void) {
  return dev_frame_type(&device.reply) == DEV_ERROR;
}

/* Repeats the rows of a stream until they fill a window, in whose middle they stand. */
static void fit_rows(const struct dev_stream *stream, int8_t *input) {
  const uint32_t have = stream->frames, window = (uint32_t)stream->window_frames;
  const uint32_t before = (window - have + 1u) / 2u;
  uint32_t row = (have - before % have) % have;
  for (uint32_t i = 0; i < window; ++i) {
    memcpy(input + i * stream->row_bytes, dev_stream_row_at(stream, row), stream->row_bytes);
    row = row + 1u < have ? row + 1u : 0u;
  }
}

uint32_t web_decide_early(void) {
  struct dev_app *app = &device.app;
  const struct dev_stream *stream = &app->stream;
  int8_t values[DEV_ALL_OUTPUT_BYTES];
  if (stream->frames == 0 || stream->frames >= stream->window_frames) {
    return 0;
  }
  fit_rows(stream, dev_model_input(&app->model));
  dev_model_run(&app->model);
  dev_outputs_copy(&app->model, 0, DEV_ALL_OUTPUT_BYTES, values);
  dev_decisions_add(&app->decisions, values, stream->frames);
  return 1;
}
