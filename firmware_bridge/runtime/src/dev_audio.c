/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_audio.h"

#include "dev_bytes.h"
#include "dev_model.h"

#if APP_FRONTEND

#include "dev_outputs.h"

static_assert(DEV_INPUTS == 1u, "the frontend fills the only input");

#define MOST_SAMPLES 512u
#define PIECE_SAMPLES 64u /* decoded at a time, on the stack */

enum wanted { RAW_FRAMES = 1, ROWS = 2 };
enum decision_flags { ALL_OUTPUTS = 1 };

#define HEADER_BYTES 13u
#define VALUES (FRONTEND_CHANNELS * FRONTEND_PLANES)
#define DECISION_BYTES(values) (8u + 5u * (values))

enum dev_error dev_audio_reset(struct dev_app *app, const struct dev_call *call,
                               struct dev_writer *reply) {
  (void)call;
  (void)reply;
  dev_stream_reset(&app->stream);
  dev_decisions_reset(&app->decisions);
  dev_model_reset(&app->model);
  return DEV_OK;
}

static void append_frame(const struct dev_stream *stream, uint32_t wanted,
                         struct dev_writer *reply) {
  if ((wanted & RAW_FRAMES) != 0) {
    const uint16_t *amplitude = dev_stream_amplitude(stream);
    const int16_t *phase = dev_stream_phase(stream);
    for (uint32_t i = 0; i < FRONTEND_CHANNELS; ++i) {
      dev_append_u16(reply, amplitude[i]);
    }
    for (uint32_t i = FRONTEND_CHANNELS; i < VALUES; ++i) {
      dev_append_u16(reply, (uint16_t)phase[i - FRONTEND_CHANNELS]);
    }
  }
  if ((wanted & ROWS) != 0) {
    dev_append_bytes(reply, dev_stream_row(stream), VALUES);
  }
}

static void take_frame(struct dev_app *app, uint32_t wanted, struct dev_writer *reply) {
  append_frame(&app->stream, wanted, reply);
  if (dev_stream_window_due(&app->stream, APP_STREAM_HOP_FRAMES)) {
    dev_stream_copy_window(&app->stream, dev_model_input(&app->model));
    dev_model_run(&app->model);
    int8_t values[DEV_ALL_OUTPUT_BYTES];
    dev_outputs_copy(&app->model, 0, DEV_ALL_OUTPUT_BYTES, values);
    dev_decisions_add(&app->decisions, values, app->stream.frames);
  }
}

static void take_samples(struct dev_app *app, const int16_t *samples, size_t count, uint32_t wanted,
                         struct dev_writer *reply) {
  while (count > 0) {
    size_t taken;
    if (dev_stream_push(&app->stream, samples, count, &taken)) {
      take_frame(app, wanted, reply);
    }
    samples += taken;
    count -= taken;
  }
}

enum dev_error dev_audio(struct dev_app *app, const struct dev_call *call,
                         struct dev_writer *reply) {
  const uint32_t count = call->length / 2u, wanted = call->flags;
  const uint32_t frame_bytes =
      ((wanted & RAW_FRAMES) != 0 ? 2u * VALUES : 0u) + ((wanted & ROWS) != 0 ? VALUES : 0u);
  if (call->length % 2u != 0 || count > MOST_SAMPLES) {
    return DEV_BAD_LENGTH;
  }
  const size_t frames = dev_stream_frames_after(&app->stream, count);
  if (HEADER_BYTES + frames * frame_bytes > reply->room) {
    return DEV_REPLY_TOO_LONG;
  }
  uint8_t *header = dev_append(reply, HEADER_BYTES);
  for (uint32_t first = 0; first < count; first += PIECE_SAMPLES) {
    int16_t samples[PIECE_SAMPLES];
    const uint32_t left = count - first, piece = left < PIECE_SAMPLES ? left : PIECE_SAMPLES;
    for (uint32_t i = 0; i < piece; ++i) {
      samples[i] = (int16_t)(uint16_t)dev_get_u16(call->payload + 2u * (first + i));
    }
    take_samples(app, samples, piece, wanted, reply);
  }
  dev_put_u32(header, app->stream.samples);
  dev_put_u32(header + 4, app->stream.frames);
  dev_put_u32(header + 8, app->decisions.count);
  header[12] = (uint8_t)frames;
  return DEV_OK;
}

static void append_decision(const struct dev_decision *decision, uint32_t values,
                            struct dev_writer *reply) {
  dev_append_u32(reply, decision->end_frame);
  dev_append_u8(reply, decision->label);
  dev_append_u8(reply, decision->unsure);
  dev_append_u16(reply, decision->probability);
  dev_append_bytes(reply, decision->logits, values);
  for (uint32_t i = 0; i < values; ++i) {
    dev_append_u32(reply, (uint32_t)decision->sums[i]);
  }
}

enum dev_error dev_audio_decisions(struct dev_app *app, const struct dev_call *call,
                                   struct dev_writer *reply) {
  if (call->length != 4u) {
    return DEV_BAD_LENGTH;
  }
  const uint32_t oldest = dev_decisions_oldest(&app->decisions);
  const uint32_t values =
      (call->flags & ALL_OUTPUTS) != 0 ? DEV_ALL_OUTPUT_BYTES : MODEL_OUTPUT_BYTES;
  uint32_t number = dev_get_u32(call->payload);
  number = number > oldest ? number : oldest;
  for (; number < app->decisions.count && reply->room - reply->used >= DECISION_BYTES(values);
       ++number) {
    append_decision(dev_decisions_at(&app->decisions, number), values, reply);
  }
  return DEV_OK;
}

enum dev_error dev_audio_ticks(struct dev_app *app, const struct dev_call *call,
                               struct dev_writer *reply) {
  const struct dev_stream *stream = &app->stream;
  (void)call;
  dev_append_u32(reply, stream->frames);
  dev_append_u64(reply, stream->ticks_spent);
  dev_append_u32(reply, stream->largest_frame_ticks);
  return DEV_OK;
}

enum dev_error dev_audio_heard(struct dev_app *app, const struct dev_call *call,
                               struct dev_writer *reply) {
  const struct dev_heard *heard = &app->stream.heard;
  (void)call;
  dev_append_u64(reply, heard->samples);
  dev_append_u64(reply, heard->energy);
  dev_append_u64(reply, heard->full_scale);
  dev_append_u64(reply, heard->values);
  dev_append_u64(reply, heard->clipped);
  return DEV_OK;
}

enum dev_error dev_audio_capture(struct dev_app *app, const struct dev_call *call,
                                 struct dev_writer *reply) {
  const struct dev_stream *stream = &app->stream;
  if (call->length != 4u) {
    return DEV_BAD_LENGTH;
  }
  const uint32_t oldest = dev_stream_oldest_sample(stream);
  uint32_t number = dev_get_u32(call->payload);
  number = number > oldest ? number : oldest;
  dev_append_u32(reply, stream->samples);
  dev_append_u32(reply, number);
  for (; number < stream->samples && reply->room - reply->used >= 2u; ++number) {
    dev_append_u16(reply, (uint16_t)dev_stream_sample_at(stream, number));
  }
  return DEV_OK;
}

enum dev_error dev_audio_rows(struct dev_app *app, const struct dev_call *call,
                              struct dev_writer *reply) {
  const struct dev_stream *stream = &app->stream;
  if (call->length != 4u) {
    return DEV_BAD_LENGTH;
  }
  const uint32_t oldest = dev_stream_oldest_frame(stream);
  uint32_t number = dev_get_u32(call->payload);
  number = number > oldest ? number : oldest;
  dev_append_u32(reply, stream->frames);
  dev_append_u32(reply, number);
  for (; number < stream->frames && reply->room - reply->used >= VALUES; ++number) {
    dev_append_bytes(reply, dev_stream_row_at(stream, number), VALUES);
  }
  return DEV_OK;
}

#else

enum dev_error dev_audio_reset(struct dev_app *app, const struct dev_call *call,
                               struct dev_writer *reply) {
  (void)call;
  (void)reply;
  dev_model_reset(&app->model);
  return DEV_STATE_BYTES > 0u ? DEV_OK : DEV_NO_FRONTEND;
}

enum dev_error dev_audio(struct dev_app *app, const struct dev_call *call,
                         struct dev_writer *reply) {
  (void)app;
  (void)call;
  (void)reply;
  return DEV_NO_FRONTEND;
}

enum dev_error dev_audio_decisions(struct dev_app *app, const struct dev_call *call,
                                   struct dev_writer *reply) {
  (void)app;
  (void)call;
  (void)reply;
  return DEV_NO_FRONTEND;
}

enum dev_error dev_audio_ticks(struct dev_app *app, const struct dev_call *call,
                               struct dev_writer *reply) {
  (void)app;
  (void)call;
  (void)reply;
  return DEV_NO_FRONTEND;
}

enum dev_error dev_audio_heard(struct dev_app *app, const struct dev_call *call,
                               struct dev_writer *reply) {
  (void)app;
  (void)call;
  (void)reply;
  return DEV_NO_FRONTEND;
}

enum dev_error dev_audio_capture(struct dev_app *app, const struct dev_call *call,
                                 struct dev_writer *reply) {
  (void)app;
  (void)call;
  (void)reply;
  return DEV_NO_FRONTEND;
}

enum dev_error dev_audio_rows(struct dev_app *app, const struct dev_call *call,
                              struct dev_writer *reply) {
  (void)app;
  (void)call;
  (void)reply;
  return DEV_NO_FRONTEND;
}

#endif
