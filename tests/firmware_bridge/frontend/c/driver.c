/* Runs the frontend over one request, as a device would: amplitudes of all frames to standard
 * output, then phases. Built with sanitizers and exact memory blocks, so any fault ends it.
 *
 *   driver whole         each window in place
 *   driver stream SEED   pieces of random length
 *   driver attach SEED   the same, over read-only tables that another instance computed */
#include <string.h>

#include "apf_frontend.h"
#include "request.h"

struct output {
  uint16_t *amplitude;
  int16_t *phase;
  size_t frames;
};

static struct apf_config to_config(const double *settings) {
  const struct apf_config config = {
      .sample_rate = (uint32_t)settings[SAMPLE_RATE],
      .window = {(size_t)settings[WINDOW_SAMPLES], (size_t)settings[HOP_SAMPLES]},
      .filterbank = {(size_t)settings[CHANNELS], (float)settings[LOWER_HZ],
                     (float)settings[UPPER_HZ]},
      .noise_reduction = {(int)settings[NOISE_REDUCTION], (uint32_t)settings[SMOOTHING_BITS],
                          (float)settings[EVEN_SMOOTHING], (float)settings[ODD_SMOOTHING],
                          (float)settings[MIN_SIGNAL_REMAINING]},
      .pcan_gain = {(int)settings[PCAN], (float)settings[PCAN_STRENGTH],
                    (float)settings[PCAN_OFFSET], (uint32_t)settings[PCAN_GAIN_BITS]},
      .log_scale = {(int)settings[LOG], (uint32_t)settings[LOG_SCALE_SHIFT]},
      .delta = {(int)settings[AMPLITUDE_DELTA]},
      .phase = {(uint32_t)settings[PHASE_PLANES], (int)settings[ANGLES_BY_MODULUS]},
  };
  return config;
}

static void *take(size_t bytes) {
  void *block = aligned_alloc(APF_ALIGNMENT, (bytes + APF_ALIGNMENT - 1) & ~(size_t)15);
  if (block == NULL) {
    fprintf(stderr, "out of memory\n");
    exit(2);
  }
  memset(block, 0xA5, bytes); /* nothing may depend on memory being zero */
  return block;
}

static void expect_ok(enum apf_status status) {
  if (status != APF_OK) {
    fprintf(stderr, "status %d\n", (int)status);
    exit(3);
  }
}

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static void run_whole(struct apf_frontend *frontend, const struct request *request,
                      struct output *output) {
  const size_t channels = frontend->filterbank.channels;
  const size_t phases = channels * frontend->signed_planes;
  for (size_t i = 0; i < output->frames; ++i) {
    apf_process_frame(frontend, request->samples + i * frontend->window.hop,
                      output->amplitude + i * channels, output->phase + i * phases);
  }
}

static void run_stream(struct apf_frontend *frontend, const struct request *request, uint32_t seed,
                       struct output *output) {
  const size_t channels = frontend->filterbank.channels;
  const size_t phases = channels * frontend->signed_planes;
  size_t frame = 0, position = 0;
  while (position < request->count) {
    const size_t left = (size_t)request->count - position;
    const size_t wanted = 1 + next_random(&seed) % (2 * frontend->window.samples);
    size_t taken = 0;
    frame += (size_t)apf_process_samples(
        frontend, request->samples + position, wanted < left ? wanted : left, &taken,
        output->amplitude + frame * channels, output->phase + frame * phases);
    position += taken;
  }
  if (frame != output->frames) {
    fprintf(stderr, "%zu frames, not %zu\n", frame, output->frames);
    exit(3);
  }
}

static void write_output(const struct apf_frontend *frontend, const struct output *output) {
  const size_t values = output->frames * frontend->filterbank.channels;
  fwrite(output->amplitude, sizeof(uint16_t), values, stdout);
  fwrite(output->phase, sizeof(int16_t), values * frontend->signed_planes, stdout);
}

int main(int argc, char **argv) {
  struct request request;
  struct apf_memory sizes;
  struct apf_frontend frontend;
  read_request(&request);
  const struct apf_config config = to_config(request.settings);
  expect_ok(apf_memory_sizes(&config, &sizes));
  void *tables = take(sizes.tables), *work = take(sizes.work);
  expect_ok(apf_populate(&frontend, &config, tables, work));
  if (argc > 2 && strcmp(argv[1], "attach") == 0) {
    memset(&frontend, 0xA5, sizeof(frontend));
    memset(work, 0x5A, sizes.work);
    expect_ok(apf_attach(&frontend, &config, tables, work));
  }
  struct output output = {.frames = apf_frames_in(&frontend, (size_t)request.count)};
  const size_t values = output.frames * config.filterbank.channels;
  output.amplitude = malloc(values * sizeof(uint16_t));
  output.phase = malloc(values * frontend.signed_planes * sizeof(int16_t));
  if (argc > 2) {
    run_stream(&frontend, &request, (uint32_t)strtoul(argv[2], NULL, 10), &output);
  } else {
    run_whole(&frontend, &request, &output);
  }
  write_output(&frontend, &output);
  free(output.amplitude);
  free(output.phase);
  free(tables);
  free(work);
  free(request.samples);
  return 0;
}
