/* What the drivers read from standard input: a configuration as doubles, a count, samples. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  SAMPLE_RATE,
  WINDOW_MS,
  HOP_MS,
  WINDOW_SAMPLES,
  HOP_SAMPLES,
  CHANNELS,
  LOWER_HZ,
  UPPER_HZ,
  NOISE_REDUCTION,
  SMOOTHING_BITS,
  EVEN_SMOOTHING,
  ODD_SMOOTHING,
  MIN_SIGNAL_REMAINING,
  PCAN,
  PCAN_STRENGTH,
  PCAN_OFFSET,
  PCAN_GAIN_BITS,
  LOG,
  LOG_SCALE_SHIFT,
  AMPLITUDE_DELTA,
  PHASE_PLANES,
  ANGLES_BY_MODULUS,
  SETTINGS
};

struct request {
  double settings[SETTINGS];
  uint64_t count;
  int16_t *samples; /* in a block of exactly its size, so that reads past the end are seen */
};

static inline void read_exactly(void *into, size_t bytes) {
  if (bytes > 0 && fread(into, 1, bytes, stdin) != bytes) {
    fprintf(stderr, "the request is cut short\n");
    exit(2);
  }
}

static inline void read_request(struct request *request) {
  read_exactly(request->settings, sizeof(request->settings));
  read_exactly(&request->count, sizeof(request->count));
  request->samples = (int16_t *)malloc(request->count * sizeof(int16_t));
  if (request->samples == NULL && request->count > 0) {
    fprintf(stderr, "out of memory\n");
    exit(2);
  }
  read_exactly(request->samples, request->count * sizeof(int16_t));
}

#endif
