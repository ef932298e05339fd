/* SPDX-License-Identifier: Apache-2.0 */
/* Real FFT of 16-bit samples, every stage scaled down by its radix.
 *
 * Rounding, wrapping and twiddles are those of kissfft built with FIXED_POINT=16, so the bins are
 * the same to the bit. Only the order in memory differs, see apf_spectrum.h:
 *
 *   packed (fft_packed.c)  samples are put at their digit-reversed places, then each stage works in
 *                          place: three instructions turn or scale two numbers
 *   split (on hosts)       each stage reads its inputs from four contiguous quarters and writes its
 *                          outputs side by side, so that one loop serves every stage and compilers
 *                          turn it into vector code */
#ifndef APF_FFT_H
#define APF_FFT_H

#include <stddef.h>
#include <stdint.h>

#include "apf_arena.h"
#include "apf_spectrum.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APF_FFT_MIN_SIZE 4u
#define APF_FFT_MAX_SIZE 16384u
#define APF_FFT_ONE 32767 /* Q15 */

struct apf_fft_state {
  size_t size;               /* real samples, a power of two */
  size_t points;             /* complex points of the transform inside: size / 2 */
  struct apf_spectrum split; /* table: factors that separate even and odd samples */

#if defined(APF_SPLIT)
  int16_t *twiddles;             /* table: stages x 3 factors x (re, im) x points / 4 */
  uint16_t *order;               /* table: where the stages leave bin k of the inner transform */
  struct apf_spectrum buffer[2]; /* `points` each */
#else
  struct apf_spectrum twiddles; /* table: three factors per turned butterfly, in order of use */
  uint16_t *places;             /* table: where the first stage's butterflies put their outputs */
#endif

  struct apf_spectrum bins; /* size / 2 + 1, and one that is 0 */
};

/* The smallest power of two that holds `samples`, at least APF_FFT_MIN_SIZE. */
size_t apf_fft_size_for(size_t samples);

/* Takes memory for a transform of `size` real samples, a power of two from APF_FFT_MIN_SIZE to
 * APF_FFT_MAX_SIZE; `tables` may be read-only once they are populated. */
void apf_fft_bind(struct apf_fft_state *state, size_t size, struct apf_arena *tables,
                  struct apf_arena *work);

/* Computes the tables of a state that is bound. */
void apf_fft_populate(struct apf_fft_state *state);

/* Transforms `size` samples, each shifted left by `shift` (bits above 16 are lost), into `bins`. */
void apf_fft_process(struct apf_fft_state *state, const int16_t *samples, unsigned shift);

/* What both orders share. The stages are of radix 4, but for the first one where `points` is no
 * power of 4. */
size_t apf_fft_first_radix(size_t points);

/* Bin of a sub-transform of `length` points that the stages so far leave at `place`. The first
 * stage's digit is the most significant one of the place and the least significant one of the
 * bin. */
size_t apf_fft_bin_at(size_t place, size_t length, size_t first_radix);

/* e^(j phase) in Q15, rounded as kissfft rounds. */
struct apf_complex apf_fft_factor(double phase);

/* The factors e^(-j pi (k / points + 1 / 2)) for k from 1 to points / 2. */
void apf_fft_populate_split(struct apf_fft_state *state);

#ifdef __cplusplus
}
#endif

#endif
