/* SPDX-License-Identifier: Apache-2.0 */
/* The amplitude-phase MicroFrontend: 16-bit samples in, a frame of features per hop out.
 *
 *   samples -> window -> FFT -> filterbank -> noise reduction -> PCAN gain -> log -> amplitude
 *                           \-> phase
 *
 * and, where it is wanted, the amplitude's difference in time, which is put out with the phase.
 *
 * The amplitude is that of TensorFlow Lite Micro's MicroFrontend, to the bit.
 *
 * No memory is allocated. Ask for the sizes, supply two aligned blocks, populate, process:
 *
 *   apf_memory_sizes(&config, &sizes);
 *   apf_populate(&frontend, &config, tables, work);
 *   while (count > 0) {
 *     size_t taken;
 *     if (apf_process_samples(&frontend, samples, count, &taken, amplitude, phase)) { a frame }
 *     samples += taken, count -= taken;
 *   }
 *
 * The tables depend on the configuration alone and hold no addresses: a device may keep those that
 * the host computed in its read-only memory and use `apf_attach`, which computes none. The only
 * function of the mathematics library that is called after set-up is sqrtf. */
#ifndef APF_FRONTEND_H
#define APF_FRONTEND_H

#include <stddef.h>
#include <stdint.h>

#include "apf_delta.h"
#include "apf_fft.h"
#include "apf_filterbank.h"
#include "apf_log_scale.h"
#include "apf_noise_reduction.h"
#include "apf_pcan_gain.h"
#include "apf_phase.h"
#include "apf_window.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APF_MAX_CHANNELS 256u

struct apf_config {
  uint32_t sample_rate; /* Hz */
  struct apf_window_config window;
  struct apf_filterbank_config filterbank;
  struct apf_noise_reduction_config noise_reduction;
  struct apf_pcan_gain_config pcan_gain;
  struct apf_log_scale_config log_scale;
  struct apf_delta_config delta;
  struct apf_phase_config phase;
};

struct apf_frontend {
  struct apf_window_state window;
  struct apf_fft_state fft;
  struct apf_filterbank_state filterbank;
  struct apf_noise_reduction_state noise_reduction;
  struct apf_pcan_gain_state pcan_gain;
  struct apf_log_scale_state log_scale;
  struct apf_delta_state delta;
  struct apf_phase_state phase;
  size_t signed_planes;
};

struct apf_memory {
  size_t tables; /* bytes; constant once populated */
  size_t work;   /* bytes */
};

enum apf_status {
  APF_OK = 0,
  APF_BAD_RATE,
  APF_BAD_WINDOW,
  APF_BAD_HOP,
  APF_BAD_CHANNELS,
  APF_BAD_BAND,
  APF_BAD_NOISE_REDUCTION,
  APF_BAD_PCAN_GAIN,
  APF_BAD_LOG_SCALE,
  APF_BAD_PHASE,
};

/* Planes of a frame beside the amplitude, int16 all: the amplitude's difference, then the phase. */
size_t apf_signed_planes(const struct apf_config *config);

/* Checks the configuration and says how much memory it takes. */
enum apf_status apf_memory_sizes(const struct apf_config *config, struct apf_memory *sizes);

/* Prepares `frontend` in memory aligned to APF_ALIGNMENT, computing the tables. */
enum apf_status apf_populate(struct apf_frontend *frontend, const struct apf_config *config,
                             void *tables, void *work);

/* The same, over tables that were computed before for the same configuration. */
enum apf_status apf_attach(struct apf_frontend *frontend, const struct apf_config *config,
                           const void *tables, void *work);

/* Forgets all samples and all history. */
void apf_reset(struct apf_frontend *frontend);

/* Takes up to one window's worth of samples. Returns 1 when that completed a frame, else 0: then
 * `amplitude` has channels values and `phase` channels x apf_signed_planes, planes last. */
int apf_process_samples(struct apf_frontend *frontend, const int16_t *samples, size_t count,
                        size_t *taken, uint16_t *amplitude, int16_t *phase);

/* Computes the frame of the window that starts at `samples`, for callers that hold the whole
 * signal: call it for each hop in turn. */
void apf_process_frame(struct apf_frontend *frontend, const int16_t *samples, uint16_t *amplitude,
                       int16_t *phase);

/* Number of frames in `count` samples. */
size_t apf_frames_in(const struct apf_frontend *frontend, size_t count);

#ifdef __cplusplus
}
#endif

#endif
