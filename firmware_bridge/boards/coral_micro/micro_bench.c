/* SPDX-License-Identifier: Apache-2.0 */
#include "micro_bench.h"

#include <stdlib.h>

#include "micro_board.h"
#include "micro_json.h"
#include "micro_model.h"
#include "port.h"

#define SEED 0x2545F491u
#define FEATURE_FRAMES 200u
#define PIECE_SAMPLES 64u

static int compare(const void *a, const void *b) {
  const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return (left > right) - (left < right);
}

/* The nearest rank of sorted times. */
static uint32_t percentile(const uint32_t *sorted, uint32_t count, uint32_t percent) {
  const uint32_t rank = (count * percent + 99u) / 100u;
  return sorted[rank > 0 ? rank - 1u : 0u];
}

#if APP_FRONTEND
/* On noise, by Marsaglia's xorshift32. */
static void time_features(struct dev_app *device, struct dev_writer *json) {
  uint32_t state = SEED;
  dev_stream_reset(&device->stream);
  dev_decisions_reset(&device->decisions);
  while (device->stream.frames < FEATURE_FRAMES) {
    int16_t samples[PIECE_SAMPLES];
    for (uint32_t i = 0; i < PIECE_SAMPLES; ++i) {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
      samples[i] = (int16_t)(uint16_t)(state >> 16);
    }
    size_t taken;
    for (size_t done = 0; done < PIECE_SAMPLES; done += taken) {
      (void)dev_stream_push(&device->stream, samples + done, PIECE_SAMPLES - done, &taken);
    }
  }
  micro_json_number(json, "feature_frames", device->stream.frames);
  micro_json_float(json, "feature_us",
                   (float)device->stream.ticks_spent / (float)device->stream.frames);
  micro_json_number(json, "feature_us_max", device->stream.largest_frame_ticks);
  dev_stream_reset(&device->stream);
}
#else
static void time_features(struct dev_app *device, struct dev_writer *json) {
  (void)device;
  (void)json;
}
#endif

static void describe(const uint32_t *sorted, uint32_t runs, struct dev_writer *json) {
  const uint32_t median = percentile(sorted, runs, 50), first = micro_model()->first_us;
  micro_json_number(json, "invoke_us_min", sorted[0]);
  micro_json_number(json, "invoke_us_p50", median);
  micro_json_number(json, "invoke_us_p90", percentile(sorted, runs, 90));
  micro_json_number(json, "invoke_us_p99", percentile(sorted, runs, 99));
  micro_json_number(json, "invoke_us_max", sorted[runs - 1u]);
  micro_json_number(json, "first_us", first);
  micro_json_number(json, "parameters_us", first > median ? first - median : 0u);
}

const char *micro_bench(struct micro_app *app, uint32_t warmup, uint32_t runs,
                        struct dev_writer *json) {
  static uint32_t times[MICRO_MOST_RUNS];
  struct dev_model *model = &app->device.model;
  if (micro_model()->problem != NULL) {
    return micro_model()->problem;
  }
  if (app->listening) {
    return "the microphone is on: listen off first";
  }
  if (runs == 0 || runs > MICRO_MOST_RUNS || warmup > MICRO_MOST_RUNS) {
    return "runs must be 1 to 1000, warmup 0 to 1000";
  }
  micro_json_float(json, "tpu_degrees_before", micro_board_tpu_degrees());
  for (uint32_t i = 0; i < warmup; ++i) {
    dev_model_infer(model);
  }
  for (uint32_t i = 0; i < runs; ++i) {
    if (!dev_model_measure(model, false, &times[i])) {
      return "an inference took too long for the timer";
    }
  }
  qsort(times, runs, sizeof(times[0]), compare);
  micro_json_number(json, "warmup", warmup);
  micro_json_number(json, "runs", runs);
  describe(times, runs, json);
  time_features(&app->device, json);
  micro_json_float(json, "tpu_degrees", micro_board_tpu_degrees());
  micro_json_float(json, "cpu_degrees", micro_board_cpu_degrees());
  micro_json_text(json, "clock", micro_clock_name(micro_model()->clock));
  return NULL;
}
