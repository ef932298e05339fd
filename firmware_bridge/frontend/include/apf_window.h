/* SPDX-License-Identifier: Apache-2.0 */
/* Hann window in fixed point, and the peak of what comes out. */
#ifndef APF_WINDOW_H
#define APF_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "apf_arena.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APF_WINDOW_BITS 12

struct apf_window_config {
  size_t samples; /* length of the window */
  size_t hop;     /* samples from one window to the next, at most `samples` */
};

struct apf_window_state {
  size_t samples;
  size_t hop;
  int16_t *coefficients; /* table: Q12 */
  int16_t *pending;      /* samples of a window that is not yet full */
  size_t pending_count;
  size_t output_length;
  int16_t *output; /* the windowed samples, and zeros up to output_length */
  uint16_t peak;   /* as many bits as the largest modulus in `output`, not counting -32768 */
};

/* Takes memory for the window's coefficients and for the samples that wait for its end; what a
 * window and a hop may be, apf_memory_sizes checks. */
void apf_window_bind(struct apf_window_state *state, const struct apf_window_config *config,
                     struct apf_arena *tables, struct apf_arena *work);

/* `length` is at least the window's. */
void apf_window_bind_output(struct apf_window_state *state, size_t length, struct apf_arena *work);

/* Computes the Hann window of a state that is bound, Q12. */
void apf_window_populate(struct apf_window_state *state);

/* Forgets the samples that wait. */
void apf_window_reset(struct apf_window_state *state);

/* Takes samples until a window is full; returns how many were taken. The window is full when
 * `pending_count == samples`. */
size_t apf_window_fill(struct apf_window_state *state, const int16_t *samples, size_t count);

/* Drops the oldest `hop` samples of a full window. */
void apf_window_advance(struct apf_window_state *state);

/* Windows `samples`, fills up `output` with zeros and sets `peak`. */
void apf_window_process(struct apf_window_state *state, const int16_t *samples);

#ifdef __cplusplus
}
#endif

#endif
