/* Real FFT of 16-bit samples, every stage scaled down by its radix.
 *
 * Rounding, wrapping and twiddles are those of kissfft built with FIXED_POINT=16, so the bins are
 * the same to the bit. Only the order in memory differs: each stage reads its inputs from four
 * contiguous quarters and writes its outputs side by side, so that one loop serves every stage and
 * compilers turn it into vector code. */
#ifndef APF_FFT_H
#define APF_FFT_H

#include <stddef.h>
#include <stdint.h>

#include "apf_arena.h"

#define APF_FFT_MIN_SIZE 4u
#define APF_FFT_MAX_SIZE 16384u

/* Complex numbers with real and imaginary parts in arrays of their own. */
struct apf_spectrum {
  int16_t *re;
  int16_t *im;
};

struct apf_fft_state {
  size_t size;                   /* real samples, a power of two */
  size_t points;                 /* complex points of the transform inside: size / 2 */
  int16_t *twiddles;             /* table: stages x 3 factors x (re, im) x points / 4 */
  struct apf_spectrum split;     /* table: factors that separate even and odd samples */
  uint16_t *order;               /* table: where the stages leave bin k of the inner transform */
  struct apf_spectrum buffer[2]; /* `points` each */
  struct apf_spectrum bins;      /* size / 2 + 1 */
};

/* The smallest power of two that holds `samples`, at least APF_FFT_MIN_SIZE. */
size_t apf_fft_size_for(size_t samples);

void apf_fft_bind(struct apf_fft_state *state, size_t size, struct apf_arena *tables,
                  struct apf_arena *work);
void apf_fft_populate(struct apf_fft_state *state);

/* Transforms `count` samples, each shifted left by `shift` (bits above 16 are lost) and followed by
 * zeros, into `bins`. */
void apf_fft_process(struct apf_fft_state *state, const int16_t *samples, size_t count,
                     unsigned shift);

#endif
