/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_frontend.h"

#include <string.h>

#include "apf_bits.h"

#define MAX_RATE 384000u
#define MAX_SMOOTHING_BITS 20u
#define MAX_GAIN_BITS 31u
#define MAX_SCALE_SHIFT 16u

static int within(float value, float low, float high) {
  return value >= low && value <= high; /* false for NaN */
}

static enum apf_status check_parts(const struct apf_config *config) {
  const struct apf_noise_reduction_config *noise = &config->noise_reduction;
  const struct apf_pcan_gain_config *pcan = &config->pcan_gain;
  if (noise->smoothing_bits > MAX_SMOOTHING_BITS || !within(noise->even_smoothing, 0.0f, 1.0f) ||
      !within(noise->odd_smoothing, 0.0f, 1.0f) ||
      !within(noise->min_signal_remaining, 0.0f, 1.0f)) {
    return APF_BAD_NOISE_REDUCTION;
  }
  if (!within(pcan->strength, 0.0f, 10.0f) || !within(pcan->offset, 0.0f, 1e9f) ||
      pcan->gain_bits > MAX_GAIN_BITS) {
    return APF_BAD_PCAN_GAIN;
  }
  if (config->log_scale.scale_shift > MAX_SCALE_SHIFT) {
    return APF_BAD_LOG_SCALE;
  }
  return config->phase.planes < (1u << APF_PHASE_PLANES) ? APF_OK : APF_BAD_PHASE;
}

static enum apf_status check(const struct apf_config *config) {
  const struct apf_filterbank_config *bank = &config->filterbank;
  const struct apf_window_config *window = &config->window;
  if (config->sample_rate == 0 || config->sample_rate > MAX_RATE) {
    return APF_BAD_RATE;
  }
  if (window->samples < APF_FFT_MIN_SIZE || window->samples > APF_FFT_MAX_SIZE) {
    return APF_BAD_WINDOW;
  }
  if (window->hop == 0 || window->hop > window->samples) {
    return APF_BAD_HOP;
  }
  if (bank->channels == 0 || bank->channels > APF_MAX_CHANNELS) {
    return APF_BAD_CHANNELS;
  }
  if (!within(bank->lower_hz, 0.0f, bank->upper_hz) || bank->lower_hz >= bank->upper_hz ||
      !within(bank->upper_hz, 0.0f, 0.5f * (float)config->sample_rate)) {
    return APF_BAD_BAND;
  }
  return check_parts(config);
}

size_t apf_signed_planes(const struct apf_config *config) {
  size_t count = config->delta.enabled != 0 ? 1 : 0;
  for (uint32_t left = config->phase.planes; left != 0; left >>= 1) {
    count += left & 1u;
  }
  return count;
}

/* How many bits the amplitude was scaled down by the FFT, less those the filter weights added. */
static int32_t correction_bits(size_t fft_size) {
  return (int32_t)apf_bit_length32((uint32_t)fft_size) - 1 - APF_FILTERBANK_BITS / 2;
}

static void bind(struct apf_frontend *frontend, const struct apf_config *config,
                 struct apf_arena *tables, struct apf_arena *work) {
  const size_t fft_size = apf_fft_size_for(config->window.samples);
  const size_t channels = config->filterbank.channels;
  const int32_t correction = correction_bits(fft_size);
  memset(frontend, 0, sizeof(*frontend));
  apf_window_bind(&frontend->window, &config->window, tables, work);
  apf_fft_bind(&frontend->fft, fft_size, tables, work);
  apf_noise_reduction_bind(&frontend->noise_reduction, &config->noise_reduction, channels, work);
  apf_pcan_gain_bind(&frontend->pcan_gain, &config->pcan_gain, channels,
                     config->noise_reduction.smoothing_bits, correction, tables);
  apf_log_scale_bind(&frontend->log_scale, &config->log_scale, channels, correction, tables);
  apf_delta_bind(&frontend->delta, &config->delta, channels, work);
  apf_phase_bind(&frontend->phase, &config->phase, channels, config->window.samples, fft_size,
                 tables, work);
  frontend->signed_planes = apf_signed_planes(config);
  /* The window's output is dead once the FFT has read it; the rest comes to life after that and is
   * dead before the next window. So they share memory. */
  struct apf_arena before_fft = *work, after_fft = *work;
  apf_window_bind_output(&frontend->window, fft_size, &before_fft);
  apf_filterbank_bind(&frontend->filterbank, &config->filterbank, fft_size,
                      apf_phase_reads_energies_below(&config->phase), tables, &after_fft);
  apf_phase_bind_sums(&frontend->phase, &after_fft);
  work->used = before_fft.used > after_fft.used ? before_fft.used : after_fft.used;
}

enum apf_status apf_memory_sizes(const struct apf_config *config, struct apf_memory *sizes) {
  const enum apf_status status = check(config);
  struct apf_arena tables = {NULL, 0}, work = {NULL, 0};
  struct apf_frontend frontend;
  if (status != APF_OK) {
    return status;
  }
  bind(&frontend, config, &tables, &work);
  sizes->tables = tables.used;
  sizes->work = work.used;
  return apf_pcan_gain_check(&frontend.pcan_gain) ? APF_OK : APF_BAD_PCAN_GAIN;
}

enum apf_status apf_attach(struct apf_frontend *frontend, const struct apf_config *config,
                           const void *tables, void *work) {
  struct apf_memory sizes;
  const enum apf_status status = apf_memory_sizes(config, &sizes);
  /* Only populate writes through the pointers into the tables. */
  struct apf_arena table_arena = {(uint8_t *)(uintptr_t)tables, 0}, work_arena = {work, 0};
  if (status == APF_OK) {
    bind(frontend, config, &table_arena, &work_arena);
    apf_reset(frontend);
  }
  return status;
}

enum apf_status apf_populate(struct apf_frontend *frontend, const struct apf_config *config,
                             void *tables, void *work) {
  struct apf_memory sizes;
  const enum apf_status status = apf_memory_sizes(config, &sizes);
  struct apf_arena table_arena = {tables, 0}, work_arena = {work, 0};
  if (status != APF_OK) {
    return status;
  }
  memset(tables, 0, sizes.tables);
  bind(frontend, config, &table_arena, &work_arena);
  if (!apf_filterbank_populate(&frontend->filterbank, &config->filterbank, frontend->fft.size,
                               config->sample_rate)) {
    return APF_BAD_BAND;
  }
  apf_window_populate(&frontend->window);
  apf_fft_populate(&frontend->fft);
  apf_pcan_gain_populate(&frontend->pcan_gain, &config->pcan_gain);
  apf_log_scale_populate(&frontend->log_scale);
  apf_phase_populate(&frontend->phase, config->window.samples, config->window.hop,
                     frontend->fft.size);
  apf_reset(frontend);
  return APF_OK;
}

void apf_reset(struct apf_frontend *frontend) {
  apf_window_reset(&frontend->window);
  apf_noise_reduction_reset(&frontend->noise_reduction);
  apf_delta_reset(&frontend->delta);
  apf_phase_reset(&frontend->phase);
}

size_t apf_frames_in(const struct apf_frontend *frontend, size_t count) {
  const struct apf_window_state *window = &frontend->window;
  return count < window->samples ? 0 : 1 + (count - window->samples) / window->hop;
}

void apf_process_frame(struct apf_frontend *frontend, const int16_t *samples, uint16_t *amplitude,
                       int16_t *phase) {
  struct apf_window_state *window = &frontend->window;
  uint32_t *signal = frontend->filterbank.signal;
  apf_window_process(window, samples);
  /* The FFT has 16 bits: the window's output is shifted up to use them all. */
  const unsigned shift = 15u - apf_bit_length32(window->peak);
  apf_fft_process(&frontend->fft, window->output, shift);
  apf_filterbank_process(&frontend->filterbank, &frontend->fft.bins, shift);
  apf_noise_reduction_process(&frontend->noise_reduction, signal);
  apf_pcan_gain_process(&frontend->pcan_gain, frontend->noise_reduction.estimate, signal);
  apf_log_scale_process(&frontend->log_scale, signal, amplitude);
  if (frontend->delta.enabled) {
    apf_delta_process(&frontend->delta, amplitude, phase++, frontend->signed_planes);
  }
  if (frontend->phase.planes != 0) {
    apf_phase_process(&frontend->phase, &frontend->filterbank, &frontend->fft.bins, phase,
                      frontend->signed_planes);
  }
}

int apf_process_samples(struct apf_frontend *frontend, const int16_t *samples, size_t count,
                        size_t *taken, uint16_t *amplitude, int16_t *phase) {
  struct apf_window_state *window = &frontend->window;
  *taken = apf_window_fill(window, samples, count);
  if (window->pending_count < window->samples) {
    return 0;
  }
  apf_process_frame(frontend, window->pending, amplitude, phase);
  apf_window_advance(window);
  return 1;
}
