/* Streams standard input's int16 samples in pieces of random length. Built with sanitizers, the
 * stream's memory being a block of exactly its size.
 *
 *   stream SEED LARGEST_PIECE HOP_FRAMES
 *
 * Output: for each frame 'F', amplitude, phase, row; where a window is due 'W' and the window; at
 * the end 'E' and uint32 samples, frames, ticks spent, largest ticks of a frame. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev_stream.h"
#include "frontend_tables.h"

#define MOST_SAMPLES 200000u
#define ROW_BYTES (FRONTEND_CHANNELS * FRONTEND_PLANES)

static int16_t samples[MOST_SAMPLES];
static uint32_t clock_ticks;

/* A clock that is about to wrap, and that one look at moves by one. */
static uint32_t look(void) {
  return clock_ticks++;
}

static void expect(int holds, const char *what) {
  if (!holds) {
    fprintf(stderr, "not so: %s\n", what);
    exit(1);
  }
}

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static void put(const void *bytes, size_t count) {
  expect(fwrite(bytes, 1, count, stdout) == count, "the output takes it");
}

static void put_frame(const struct dev_stream *stream) {
  put("F", 1);
  put(dev_stream_amplitude(stream), 2 * FRONTEND_CHANNELS);
  put(dev_stream_phase(stream), 2 * FRONTEND_CHANNELS * (FRONTEND_PLANES - 1));
  put(dev_stream_row(stream), ROW_BYTES);
}

static void put_window(const struct dev_stream *stream) {
  int8_t *window = malloc(FRONTEND_WINDOW_FRAMES * ROW_BYTES);
  expect(window != NULL, "there is memory");
  dev_stream_copy_window(stream, window);
  put("W", 1);
  put(window, FRONTEND_WINDOW_FRAMES * ROW_BYTES);
  free(window);
}

/* Pushes all of one piece; what was foretold must come. */
static void push_piece(struct dev_stream *stream, const int16_t *piece, size_t count,
                       uint32_t hop_frames) {
  const size_t foretold = dev_stream_frames_after(stream, count);
  size_t frames = 0;
  while (count > 0) {
    size_t taken;
    if (dev_stream_push(stream, piece, count, &taken)) {
      ++frames;
      put_frame(stream);
      if (dev_stream_window_due(stream, hop_frames)) {
        put_window(stream);
      }
    } else {
      expect(taken == count, "all is taken where no frame ends");
    }
    piece += taken;
    count -= taken;
  }
  expect(frames == foretold, "as many frames come as were foretold");
}

static void check_refusals(struct dev_stream *stream, const struct dev_stream_config *config) {
  struct apf_config no_hop = frontend_config;
  struct dev_stream_config bad = *config;
  no_hop.window.hop = 0;
  bad.window_frames = 0;
  expect(dev_stream_bytes(&bad) == 0 && !dev_stream_start(stream, &bad, NULL), "no window");
  bad = *config;
  bad.frontend = &no_hop;
  expect(dev_stream_bytes(&bad) == 0 && !dev_stream_start(stream, &bad, NULL), "no hop");
}

int main(int argc, char **argv) {
  const struct dev_stream_config config = {
      .frontend = &frontend_config,
      .tables = frontend_tables,
      .affines = frontend_affines,
      .window_frames = FRONTEND_WINDOW_FRAMES,
      .begin = look,
      .ticks = look,
  };
  struct dev_stream stream;
  expect(argc == 4, "three arguments");
  uint32_t seed = (uint32_t)strtoul(argv[1], NULL, 10);
  const uint32_t largest = (uint32_t)strtoul(argv[2], NULL, 10);
  const uint32_t hop_frames = (uint32_t)strtoul(argv[3], NULL, 10);
  const size_t count = fread(samples, sizeof(int16_t), MOST_SAMPLES, stdin);
  check_refusals(&stream, &config);
  void *memory = aligned_alloc(APF_ALIGNMENT, FRONTEND_STREAM_BYTES);
  expect(memory != NULL && dev_stream_bytes(&config) == FRONTEND_STREAM_BYTES, "the size is right");
  memset(memory, 0xA5, FRONTEND_STREAM_BYTES);
  expect(dev_stream_start(&stream, &config, memory), "the configuration is good");
  for (int round = 0; round < 2; ++round) {
    put_window(&stream); /* all zeros */
    clock_ticks = UINT32_MAX - 5u;
    for (size_t at = 0; at < count;) {
      const size_t left = count - at, wanted = 1u + next_random(&seed) % largest;
      const size_t piece = wanted < left ? wanted : left;
      push_piece(&stream, samples + at, piece, hop_frames);
      at += piece;
    }
    const uint32_t end[4] = {stream.samples, stream.frames, (uint32_t)stream.ticks_spent,
                             stream.largest_frame_ticks};
    put("E", 1);
    put(end, sizeof(end));
    dev_stream_reset(&stream);
  }
  free(memory);
  return 0;
}
