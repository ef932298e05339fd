/* SPDX-License-Identifier: Apache-2.0 */
/* Samples in, rows of the model's input out: the frontend, its normalisation, and a ring that holds
 * the rows of the last window.
 *
 *   static _Alignas(APF_ALIGNMENT) uint8_t memory[DEV_STREAM_BYTES(...)];
 *   dev_stream_start(&stream, &config, memory);
 *   while (count > 0) {
 *     size_t taken;
 *     if (dev_stream_push(&stream, samples, count, &taken)) {
 *       a frame: dev_stream_amplitude, dev_stream_phase, dev_stream_row
 *       if (dev_stream_window_due(&stream, hop_frames)) {
 *         dev_stream_copy_window(&stream, input);
 *       }
 *     }
 *     samples += taken, count -= taken;
 *   }
 *
 * Samples may come in pieces of any length: frames depend on the samples alone. */
#ifndef DEV_STREAM_H
#define DEV_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "apf_frontend.h"
#include "apf_normalise.h"

#ifdef __cplusplus
extern "C" {
#endif

struct dev_stream_config {
  const struct apf_config *frontend;
  const void *tables;               /* the frontend's, aligned to APF_ALIGNMENT */
  const struct apf_affine *affines; /* channels x planes */
  size_t window_frames;             /* rows of the model's input */
  uint32_t (*begin)(void);          /* reads the clock where an interval begins */
  uint32_t (*ticks)(void);          /* and where it ends; it may wrap. NULL: it is not counted */
  int16_t *capture;                 /* a ring for the last samples that came; NULL: none is kept */
  size_t capture_samples;           /* its size */
};

#define DEV_STREAM_ALIGNED(bytes) (((bytes) + APF_ALIGNMENT - 1u) / APF_ALIGNMENT * APF_ALIGNMENT)

/* Memory that a stream takes: the frontend's work memory, the ring, one frame of raw features. */
#define DEV_STREAM_BYTES(frontend_work_bytes, window_frames, channels, planes)                     \
  (DEV_STREAM_ALIGNED(frontend_work_bytes) +                                                       \
   DEV_STREAM_ALIGNED((window_frames) * (channels) * (planes)) +                                   \
   DEV_STREAM_ALIGNED(2u * (channels)) + DEV_STREAM_ALIGNED(2u * (channels) * ((planes) - 1u)))

/* What was heard since the start or the last reset: how loud it was, and how much of it is off the
 * scale. A microphone that is unlike the training's shows here. */
struct dev_heard {
  uint64_t samples;
  uint64_t energy;     /* sum of their squares */
  uint64_t full_scale; /* samples at an end of int16 */
  uint64_t values;     /* of rows */
  uint64_t clipped;    /* values at an end of int8 */
};

struct dev_stream {
  struct apf_frontend frontend;
  struct apf_normalise_state normalise;
  size_t window_frames;
  size_t row_bytes;    /* channels x planes */
  int8_t *rows;        /* ring of window_frames rows */
  size_t next_row;     /* where the next row goes */
  uint16_t *amplitude; /* raw features of the last frame */
  int16_t *phase;
  uint32_t samples; /* taken since the start or the last reset; wraps */
  uint32_t frames;  /* completed since then */
  struct dev_heard heard;
  int16_t *capture; /* sample n since the reset is at n modulo its size */
  size_t capture_samples;
  size_t capture_next; /* where the next sample goes */
  uint32_t (*begin)(void);
  uint32_t (*ticks)(void);
  uint64_t ticks_spent;         /* in the frontend, since then */
  uint32_t ticks_of_frame;      /* for the frame that is being filled */
  uint32_t largest_frame_ticks; /* of a completed frame */
};

/* How much memory `config` takes; 0 when the frontend refuses it. */
size_t dev_stream_bytes(const struct dev_stream_config *config);

/* Prepares a stream in `memory`, aligned to APF_ALIGNMENT and of dev_stream_bytes(config). Returns
 * 0 when the frontend refuses the configuration, else 1. */
int dev_stream_start(struct dev_stream *stream, const struct dev_stream_config *config,
                     void *memory);

/* Forgets all samples, frames and times. */
void dev_stream_reset(struct dev_stream *stream);

/* Takes samples up to the end of the next frame; `taken` says how many. Returns 1 when a frame is
 * complete, else 0: then all samples were taken. */
int dev_stream_push(struct dev_stream *stream, const int16_t *samples, size_t count, size_t *taken);

/* How many frames the next `count` samples will complete. */
size_t dev_stream_frames_after(const struct dev_stream *stream, size_t count);

/* Raw amplitude of the last frame [channels], valid until the next one. Only when there is a frame,
 * here and below. */
const uint16_t *dev_stream_amplitude(const struct dev_stream *stream);

/* The raw planes beside it [channels x (planes - 1)]. */
const int16_t *dev_stream_phase(const struct dev_stream *stream);

/* Its int8 row of the model's input [channels x planes]. */
const int8_t *dev_stream_row(const struct dev_stream *stream);

/* The oldest sample that is kept, counted from the reset; where nothing is kept, the next one. */
uint32_t dev_stream_oldest_sample(const struct dev_stream *stream);

/* The oldest frame that is kept, counted likewise. */
uint32_t dev_stream_oldest_frame(const struct dev_stream *stream);

/* Sample `number` as the frontend got it, from the oldest that is kept to the last. */
int16_t dev_stream_sample_at(const struct dev_stream *stream, uint32_t number);

/* The row of frame `number`, from the oldest that is kept to the last. */
const int8_t *dev_stream_row_at(const struct dev_stream *stream, uint32_t number);

/* Whether the frame just completed ends a window: the first full one, then one per `hop_frames`. */
int dev_stream_window_due(const struct dev_stream *stream, uint32_t hop_frames);

/* Copies the last window_frames rows, oldest first, to `input`: window_frames x row_bytes. Rows
 * that no frame has filled yet are 0. */
void dev_stream_copy_window(const struct dev_stream *stream, int8_t *input);

#ifdef __cplusplus
}
#endif

#endif
