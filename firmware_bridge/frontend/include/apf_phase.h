/* SPDX-License-Identifier: Apache-2.0 */
/* Phase planes: how the phase of a channel moves from frame to frame and from bin to bin.
 *
 * With X the bins of frame t, w a channel's filter weights and N the FFT size:
 *
 *   instantaneous-frequency coherence
 *     c = sum w X_t conj(X_t-1) e^(-j 2 pi k hop / N) / sqrt(sum w |X_t|^2  sum w |X_t-1|^2)
 *   group-delay coherence
 *     c = e^(j pi window / N) sum w X_k conj(X_k-1) / sqrt(sum w |X_k|^2  sum w |X_k-1|^2)
 *
 * By Cauchy and Schwarz |c| <= 1. Its parts and its modulus come out in Q15, its angle in Q15 of
 * pi, from -pi to below pi, times the modulus where that is wanted. All are 0 where a sum of
 * energies is 0, and the frame-to-frame planes are 0 in the first frame. */
#ifndef APF_PHASE_H
#define APF_PHASE_H

#include <stddef.h>
#include <stdint.h>

#include "apf_angle.h"
#include "apf_arena.h"
#include "apf_fft.h"
#include "apf_filterbank.h"
#include "apf_sums.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Planes, in the order in which they are put out. */
enum {
  APF_IF_RE = 1 << 0,
  APF_IF_IM = 1 << 1,
  APF_IF_MOD = 1 << 2,
  APF_IF_ANGLE = 1 << 3,
  APF_GD_RE = 1 << 4,
  APF_GD_IM = 1 << 5,
  APF_GD_MOD = 1 << 6,
  APF_GD_ANGLE = 1 << 7,
  APF_IF_ANY = APF_IF_RE | APF_IF_IM | APF_IF_MOD | APF_IF_ANGLE,
  APF_GD_ANY = APF_GD_RE | APF_GD_IM | APF_GD_MOD | APF_GD_ANGLE,
};

#define APF_PHASE_PLANES 8u

struct apf_phase_config {
  uint32_t planes;       /* bits of the planes that are wanted */
  int angles_by_modulus; /* not 0: angles are multiplied by the coherence's modulus */
};

struct apf_phase_state {
  uint32_t planes;
  int angles_by_modulus;
  size_t plane_count;
  size_t channels;
  uint32_t delay_angle;               /* pi window / N, as apf_angle.h has angles */
  struct apf_spectrum rotation;       /* table, by bin: e^(-j 2 pi k hop / N) in Q15 */
  struct apf_complex *delay;          /* table: e^(j pi window / N) in Q15 */
  struct apf_arctangent *arctangents; /* table, where angles are wanted */
  struct apf_spectrum earlier;        /* bins of the frame before */
  struct apf_root *earlier_roots;     /* and its channels */
  uint32_t earlier_energy_bits;
  struct apf_complex_sums sums; /* per channel */
  int has_earlier;
};

/* Takes memory for the planes of `config`, over `channels` channels; `window` and `fft_size` are in
 * samples. Takes none where no plane is wanted. */
void apf_phase_bind(struct apf_phase_state *state, const struct apf_phase_config *config,
                    size_t channels, size_t window, size_t fft_size, struct apf_arena *tables,
                    struct apf_arena *work);

/* Scratch that nothing needs from frame to frame. */
void apf_phase_bind_sums(struct apf_phase_state *state, struct apf_arena *work);

/* Tables from window, hop and FFT size in samples. */
void apf_phase_populate(struct apf_phase_state *state, size_t window, size_t hop, size_t fft_size);

/* Whether the filterbank's `energies_below` are read. */
int apf_phase_reads_energies_below(const struct apf_phase_config *config);

/* Forgets the frame before: its frame-to-frame planes are 0 next. */
void apf_phase_reset(struct apf_phase_state *state);

/* Writes plane_count values a channel, channels `stride` values apart. Swaps `bins` for the buffer
 * that held the frame before. */
void apf_phase_process(struct apf_phase_state *state, const struct apf_filterbank_state *bank,
                       struct apf_spectrum *bins, int16_t *output, size_t stride);

#ifdef __cplusplus
}
#endif

#endif
