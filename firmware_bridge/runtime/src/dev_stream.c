/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_stream.h"

#include <string.h>

static struct apf_arena arena_at(void *memory) {
  const struct apf_arena arena = {memory, 0};
  return arena;
}

static void bind(struct dev_stream *stream, const struct dev_stream_config *config,
                 size_t work_bytes, void **work, struct apf_arena *arena) {
  const size_t channels = config->frontend->filterbank.channels;
  const size_t signed_planes = stream->normalise.planes - 1u;
  *work = apf_take(arena, work_bytes, 1);
  stream->rows = apf_take(arena, config->window_frames * stream->row_bytes, sizeof(int8_t));
  stream->amplitude = apf_take(arena, channels, sizeof(uint16_t));
  stream->phase = apf_take(arena, channels * signed_planes, sizeof(int16_t));
}

/* Everything but the memory and what a reset sets. */
static void describe(struct dev_stream *stream, const struct dev_stream_config *config) {
  const struct apf_normalise_state normalise = {
      config->frontend->filterbank.channels,
      1u + apf_signed_planes(config->frontend),
      config->affines,
  };
  memset(stream, 0, sizeof(*stream));
  stream->normalise = normalise;
  stream->row_bytes = normalise.channels * normalise.planes;
  stream->window_frames = config->window_frames;
  stream->capture = config->capture;
  stream->capture_samples = config->capture != NULL ? config->capture_samples : 0u;
  stream->begin = config->begin;
  stream->ticks = config->ticks;
}

size_t dev_stream_bytes(const struct dev_stream_config *config) {
  struct apf_memory sizes;
  struct apf_arena counting = arena_at(NULL);
  struct dev_stream stream;
  void *work;
  if (config->window_frames == 0 || apf_memory_sizes(config->frontend, &sizes) != APF_OK) {
    return 0;
  }
  describe(&stream, config);
  bind(&stream, config, sizes.work, &work, &counting);
  return counting.used;
}

int dev_stream_start(struct dev_stream *stream, const struct dev_stream_config *config,
                     void *memory) {
  struct apf_memory sizes;
  struct apf_arena arena = arena_at(memory);
  void *work;
  if (config->window_frames == 0 || apf_memory_sizes(config->frontend, &sizes) != APF_OK) {
    return 0;
  }
  describe(stream, config);
  bind(stream, config, sizes.work, &work, &arena);
  if (apf_attach(&stream->frontend, config->frontend, config->tables, work) != APF_OK) {
    return 0;
  }
  dev_stream_reset(stream);
  return 1;
}

void dev_stream_reset(struct dev_stream *stream) {
  apf_reset(&stream->frontend);
  memset(stream->rows, 0, stream->window_frames * stream->row_bytes);
  stream->next_row = 0;
  stream->samples = 0;
  stream->frames = 0;
  memset(&stream->heard, 0, sizeof(stream->heard));
  stream->capture_next = 0;
  stream->ticks_spent = 0;
  stream->ticks_of_frame = 0;
  stream->largest_frame_ticks = 0;
}

static uint32_t read_clock(uint32_t (*clock)(void)) {
  return clock != NULL ? clock() : 0u;
}

static void count_ticks(struct dev_stream *stream, uint32_t ticks, int complete) {
  stream->ticks_spent += ticks;
  stream->ticks_of_frame += ticks;
  if (complete) {
    if (stream->ticks_of_frame > stream->largest_frame_ticks) {
      stream->largest_frame_ticks = stream->ticks_of_frame;
    }
    stream->ticks_of_frame = 0;
  }
}

static void add_row(struct dev_stream *stream) {
  apf_normalise_process(&stream->normalise, stream->amplitude, stream->phase,
                        stream->rows + stream->next_row * stream->row_bytes);
  stream->next_row = stream->next_row + 1u < stream->window_frames ? stream->next_row + 1u : 0u;
  ++stream->frames;
}

static void hear_samples(struct dev_heard *heard, const int16_t *samples, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const int32_t sample = samples[i];
    heard->energy += (uint32_t)(sample * sample);
    heard->full_scale += sample == INT16_MAX || sample == INT16_MIN ? 1u : 0u;
  }
  heard->samples += count;
}

/* Keeps what the frontend was given, from where it was given it. */
static void keep_samples(struct dev_stream *stream, const int16_t *samples, size_t count) {
  for (size_t i = 0; stream->capture_samples > 0 && i < count; ++i) {
    stream->capture[stream->capture_next] = samples[i];
    stream->capture_next =
        stream->capture_next + 1u < stream->capture_samples ? stream->capture_next + 1u : 0u;
  }
}

static void hear_row(struct dev_heard *heard, const int8_t *row, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    heard->clipped += row[i] == INT8_MAX || row[i] == INT8_MIN ? 1u : 0u;
  }
  heard->values += count;
}

int dev_stream_push(struct dev_stream *stream, const int16_t *samples, size_t count,
                    size_t *taken) {
  const uint32_t start = read_clock(stream->begin);
  const int complete = apf_process_samples(&stream->frontend, samples, count, taken,
                                           stream->amplitude, stream->phase);
  if (complete) {
    add_row(stream);
  }
  stream->samples += (uint32_t)*taken;
  count_ticks(stream, read_clock(stream->ticks) - start, complete);
  hear_samples(&stream->heard, samples, *taken);
  keep_samples(stream, samples, *taken);
  if (complete) {
    hear_row(&stream->heard, dev_stream_row(stream), stream->row_bytes);
  }
  return complete;
}

size_t dev_stream_frames_after(const struct dev_stream *stream, size_t count) {
  return apf_frames_in(&stream->frontend, stream->frontend.window.pending_count + count);
}

const uint16_t *dev_stream_amplitude(const struct dev_stream *stream) {
  return stream->amplitude;
}

const int16_t *dev_stream_phase(const struct dev_stream *stream) {
  return stream->phase;
}

const int8_t *dev_stream_row(const struct dev_stream *stream) {
  const size_t row = (stream->next_row > 0 ? stream->next_row : stream->window_frames) - 1u;
  return stream->rows + row * stream->row_bytes;
}

static uint32_t oldest_of(uint32_t count, size_t kept) {
  return count > kept ? count - (uint32_t)kept : 0u;
}

/* Where item `number` is in a ring of `size` whose next item, of number `count`, goes to `next`. */
static size_t place_in_ring(uint32_t number, uint32_t count, size_t next, size_t size) {
  const size_t back = count - number;
  return next >= back ? next - back : next + size - back;
}

uint32_t dev_stream_oldest_sample(const struct dev_stream *stream) {
  return oldest_of(stream->samples, stream->capture_samples);
}

uint32_t dev_stream_oldest_frame(const struct dev_stream *stream) {
  return oldest_of(stream->frames, stream->window_frames);
}

int16_t dev_stream_sample_at(const struct dev_stream *stream, uint32_t number) {
  return stream->capture[place_in_ring(number, stream->samples, stream->capture_next,
                                       stream->capture_samples)];
}

const int8_t *dev_stream_row_at(const struct dev_stream *stream, uint32_t number) {
  const size_t row = place_in_ring(number, stream->frames, stream->next_row, stream->window_frames);
  return stream->rows + row * stream->row_bytes;
}

int dev_stream_window_due(const struct dev_stream *stream, uint32_t hop_frames) {
  const uint32_t window = (uint32_t)stream->window_frames;
  return stream->frames >= window && (stream->frames - window) % hop_frames == 0u;
}

void dev_stream_copy_window(const struct dev_stream *stream, int8_t *input) {
  const size_t newer = stream->next_row * stream->row_bytes;
  const size_t older = stream->window_frames * stream->row_bytes - newer;
  memcpy(input, stream->rows + newer, older);
  memcpy(input + older, stream->rows, newer);
}
