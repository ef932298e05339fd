/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_requests.h"

#include <string.h>

#include "dev_audio.h"
#include "dev_bytes.h"
#include "dev_crc32.h"
#include "dev_format.h"
#include "dev_outputs.h"
#include "dev_self_test.h"
#include "dev_writer.h"
#include "port.h"

#define PROTOCOL 2u

enum infer_flags { PROFILED = 1, ALL_OUTPUTS = 2 };

#if defined(__clang__)
#define COMPILER __VERSION__ /* names itself */
#else
#define COMPILER "gcc " __VERSION__
#endif

/* Only where there are several: "outputs=6,3". */
static void append_sizes(struct dev_writer *reply, const char *what, uint32_t count,
                         uint32_t (*bytes_of)(uint32_t number)) {
  for (uint32_t number = 0; count > 1u && number < count; ++number) {
    char digits[DEV_DECIMAL_ROOM];
    dev_append_text(reply, number == 0 ? what : ",");
    dev_format_unsigned(digits, bytes_of(number));
    dev_append_text(reply, digits);
  }
  dev_append_text(reply, count > 1u ? "\n" : "");
}

/* Only where the model keeps state. */
static void append_state(struct dev_writer *reply) {
  if (DEV_STATE_BYTES > 0u) {
    dev_append_number(reply, "state_bytes", DEV_STATE_BYTES);
  }
}

static enum dev_error banner(struct dev_app *app, const struct dev_call *call,
                             struct dev_writer *reply) {
  (void)call;
  dev_append_number(reply, "protocol", PROTOCOL);
  dev_append_entry(reply, "board", port_board);
  dev_append_number(reply, "unread_bytes", port_unread_bytes);
  dev_append_number(reply, "clock_hz", port_ticks_per_second());
  dev_append_entry(reply, "model", MODEL_NAME);
  dev_append_entry(reply, "model_hash", MODEL_HASH);
  dev_append_entry(reply, "frontend_hash", FRONTEND_HASH);
  dev_append_number(reply, "sample_rate", FRONTEND_SAMPLE_RATE);
  dev_append_number(reply, "hop_samples", FRONTEND_HOP_SAMPLES);
  dev_append_number(reply, "window_frames", FRONTEND_WINDOW_FRAMES);
  dev_append_number(reply, "stream_hop_frames", APP_STREAM_HOP_FRAMES);
  dev_append_number(reply, "smoothing", APP_SMOOTHING);
  dev_append_number(reply, "certainty_multiplier", APP_CERTAINTY_MULTIPLIER);
  dev_append_number(reply, "unsure_below", APP_UNSURE_BELOW);
  dev_append_number(reply, "channels", FRONTEND_CHANNELS);
  dev_append_number(reply, "planes", FRONTEND_PLANES);
  dev_append_number(reply, "input_bytes", MODEL_INPUT_BYTES);
  dev_append_number(reply, "output_bytes", MODEL_OUTPUT_BYTES);
  append_sizes(reply, "outputs=", DEV_OUTPUTS, dev_output_bytes);
  append_sizes(reply, "inputs=", DEV_INPUTS, dev_input_bytes);
  append_state(reply);
  dev_append_number(reply, "operators", MODEL_OPERATORS);
  dev_append_number(reply, "arena_bytes", MODEL_ARENA_BYTES);
  dev_append_number(reply, "empty_ticks", app->empty_ticks);
  dev_append_entry(reply, "compiler", COMPILER);
  return DEV_OK;
}

static enum dev_error write_input(struct dev_app *app, const struct dev_call *call,
                                  struct dev_writer *reply) {
  (void)reply;
  if (call->length < 4u) {
    return DEV_BAD_LENGTH;
  }
  const uint32_t offset = dev_get_u32(call->payload), count = call->length - 4u;
  const uint32_t number = DEV_INPUTS > 1u ? call->flags : 0;
  if (number >= DEV_INPUTS || offset > dev_input_bytes(number) ||
      count > dev_input_bytes(number) - offset) {
    return DEV_OUT_OF_RANGE;
  }
  memcpy(app->model.input + dev_input_offset(number) + offset, call->payload + 4, count);
  dev_load_forget(&app->load);
  return DEV_OK;
}

/* Says which inputs they are that we have: after a restart, not the host's. */
static void append_input_crc(const struct dev_model *model, struct dev_writer *reply) {
  dev_append_u32(reply, dev_crc32(0, model->input, sizeof(model->input)));
}

static enum dev_error infer(struct dev_app *app, const struct dev_call *call,
                            struct dev_writer *reply) {
  uint32_t ticks;
  if (!dev_model_measure(&app->model, (call->flags & PROFILED) != 0, &ticks)) {
    return DEV_TOO_LONG;
  }
  dev_append_u32(reply, ticks);
  append_input_crc(&app->model, reply);
  const bool all = (call->flags & ALL_OUTPUTS) != 0;
  dev_append_u32(reply, all ? dev_outputs_crc(&app->model)
                            : dev_crc32(0, dev_model_output(&app->model), MODEL_OUTPUT_BYTES));
  return DEV_OK;
}

static enum dev_error read_output(struct dev_app *app, const struct dev_call *call,
                                  struct dev_writer *reply) {
  if (call->length != 6u) {
    return DEV_BAD_LENGTH;
  }
  const uint32_t offset = dev_get_u32(call->payload), count = dev_get_u16(call->payload + 4);
  if (offset > DEV_ALL_OUTPUT_BYTES || count > DEV_ALL_OUTPUT_BYTES - offset) {
    return DEV_OUT_OF_RANGE;
  }
  uint8_t *bytes = dev_append(reply, count);
  if (bytes != NULL) {
    dev_outputs_copy(&app->model, offset, count, bytes);
  }
  return DEV_OK;
}

static enum dev_error profile(struct dev_app *app, const struct dev_call *call,
                              struct dev_writer *reply) {
  if (call->length != 4u) {
    return DEV_BAD_LENGTH;
  }
  const uint32_t first = dev_get_u32(call->payload);
  if (!app->model.profiled) {
    return DEV_NO_PROFILE;
  }
  if (first > MODEL_OPERATORS) {
    return DEV_OUT_OF_RANGE;
  }
  for (uint32_t i = first; i < MODEL_OPERATORS && reply->used + 4u <= reply->room; ++i) {
    dev_append_u32(reply, app->model.operator_ticks[i]);
  }
  return DEV_OK;
}

static enum dev_error tap(struct dev_app *app, const struct dev_call *call,
                          struct dev_writer *reply) {
  if (call->length != 10u) {
    return DEV_BAD_LENGTH;
  }
  const uint32_t count = dev_get_u16(call->payload + 8);
  append_input_crc(&app->model, reply);
  uint8_t *slice = dev_append(reply, count);
  if (slice == NULL) {
    return DEV_REPLY_TOO_LONG;
  }
  const bool taken = dev_model_tap(&app->model, dev_get_u32(call->payload),
                                   dev_get_u32(call->payload + 4), count, slice);
  return taken ? DEV_OK : DEV_OUT_OF_RANGE;
}

static enum dev_error memory(struct dev_app *app, const struct dev_call *call,
                             struct dev_writer *reply) {
  uint32_t stack_bytes, stack_used;
  (void)call;
  port_stack(&stack_bytes, &stack_used);
  dev_append_u32(reply, stack_bytes);
  dev_append_u32(reply, stack_used);
  dev_append_u32(reply, MODEL_ARENA_BYTES);
  dev_append_u32(reply, FRONTEND_TABLE_BYTES);
  dev_append_u32(reply, FRONTEND_WORK_BYTES);
  append_input_crc(&app->model, reply);
  return DEV_OK;
}

static enum dev_error self_test(struct dev_app *app, const struct dev_call *call,
                                struct dev_writer *reply) {
  (void)call;
  uint8_t *passed = dev_append(reply, 1);
  *passed = dev_self_test(&app->model, app->constants_crc, reply);
  return DEV_OK;
}

static dev_handler *handler_of(uint8_t type) {
  switch (type) {
  case DEV_BANNER:
    return banner;
  case DEV_WRITE:
    return write_input;
  case DEV_INFER:
    return infer;
  case DEV_READ:
    return read_output;
  case DEV_PROFILE:
    return profile;
  case DEV_TAP:
    return tap;
  case DEV_MEMORY:
    return memory;
  case DEV_SELF_TEST:
    return self_test;
  case DEV_RESET:
    return dev_audio_reset;
  case DEV_AUDIO:
    return dev_audio;
  case DEV_DECISIONS:
    return dev_audio_decisions;
  case DEV_FEATURE_TICKS:
    return dev_audio_ticks;
  case DEV_HEARD:
    return dev_audio_heard;
  case DEV_CAPTURE:
    return dev_audio_capture;
  case DEV_ROWS:
    return dev_audio_rows;
  default:
    return NULL;
  }
}

static const char *reason_of(enum dev_error error) {
  switch (error) {
  case DEV_UNKNOWN_REQUEST:
    return "unknown request";
  case DEV_BAD_LENGTH:
    return "the request has a wrong length";
  case DEV_OUT_OF_RANGE:
    return "an index or offset is out of range";
  case DEV_NO_FRONTEND:
    return "this firmware has no frontend";
  case DEV_REPLY_TOO_LONG:
    return "the reply would be too long";
  case DEV_NO_PROFILE:
    return "no inference was profiled yet";
  case DEV_TOO_LONG:
    return "the inference took too long for the timer";
  default:
    return "error";
  }
}

void dev_answer(struct dev_app *app, const struct dev_frame *frame, struct dev_frame *reply) {
  const uint8_t type = frame->content[0];
  const struct dev_call call = {
      frame->content + DEV_HEADER_BYTES,
      frame->length - DEV_HEADER_BYTES - DEV_CRC_BYTES,
      frame->content[1],
  };
  dev_handler *const handle = handler_of(type);
  struct dev_writer writer = {reply->content + DEV_HEADER_BYTES, DEV_PAYLOAD_BYTES, 0, false};
  enum dev_error error = handle == NULL ? DEV_UNKNOWN_REQUEST : handle(app, &call, &writer);
  if (error == DEV_OK && writer.full) {
    error = DEV_REPLY_TOO_LONG;
  }
  uint8_t answer = type | DEV_REPLY;
  if (error != DEV_OK) {
    answer = DEV_ERROR;
    writer.used = 0;
    writer.full = false;
    dev_append_u8(&writer, error);
    dev_append_text(&writer, reason_of(error));
  }
  dev_frame_seal(reply, answer, dev_get_u16(frame->content + 2), (uint32_t)writer.used);
}
