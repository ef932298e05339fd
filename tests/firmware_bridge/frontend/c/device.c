/* Streams signals through the frontend on an emulated Cortex-M7; files come and go by semihosting.
 *
 * request.bin: signals, each a uint32 count and its int16 samples.
 * reply.bin:   for each signal its frames: uint32 ticks, amplitude, phase, int8 row. */
#include <string.h>

#include "dev_stream.h"
#include "frontend_tables.h"
#include "semihosting.h"

#define MOST_BYTES (2u << 20)

static uint8_t request[MOST_BYTES];
static _Alignas(APF_ALIGNMENT) uint8_t memory[FRONTEND_STREAM_BYTES];
static struct dev_stream stream;

static void put_frame(uint32_t file, uint32_t spent) {
  put(file, &spent, sizeof(spent));
  put(file, dev_stream_amplitude(&stream), 2u * FRONTEND_CHANNELS);
  put(file, dev_stream_phase(&stream), 2u * FRONTEND_CHANNELS * (FRONTEND_PLANES - 1u));
  put(file, dev_stream_row(&stream), FRONTEND_CHANNELS * FRONTEND_PLANES);
}

static void run_signal(uint32_t file, const int16_t *samples, uint32_t count) {
  uint64_t spent_before = 0;
  dev_stream_reset(&stream);
  while (count > 0) {
    const size_t hop = count < FRONTEND_HOP_SAMPLES ? count : FRONTEND_HOP_SAMPLES;
    size_t taken;
    if (dev_stream_push(&stream, samples, hop, &taken)) {
      put_frame(file, (uint32_t)(stream.ticks_spent - spent_before));
    }
    spent_before = stream.ticks_spent;
    samples += taken;
    count -= (uint32_t)taken;
  }
}

static void run(void) {
  const struct dev_stream_config config = {
      .frontend = &frontend_config,
      .tables = frontend_tables,
      .affines = frontend_affines,
      .window_frames = FRONTEND_WINDOW_FRAMES,
      .begin = ticks,
      .ticks = ticks,
  };
  if (dev_stream_bytes(&config) != sizeof(memory) || !dev_stream_start(&stream, &config, memory)) {
    stop(FAILED);
  }
  const uint32_t length = get(open_file("request.bin", 11, MODE_READ), request, MOST_BYTES);
  const uint32_t file = open_file("reply.bin", 9, MODE_WRITE);
  for (uint32_t at = 0; at < length;) {
    uint32_t count;
    memcpy(&count, request + at, sizeof(count));
    run_signal(file, (const int16_t *)(request + at + 4), count);
    at += 4u + 2u * count;
  }
}
