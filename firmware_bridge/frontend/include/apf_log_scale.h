/* SPDX-License-Identifier: Apache-2.0 */
/* Natural logarithm in fixed point, scaled, saturated to 16 bits. */
#ifndef APF_LOG_SCALE_H
#define APF_LOG_SCALE_H

#include <stddef.h>
#include <stdint.h>

#include "apf_arena.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APF_LOG_SEGMENT_BITS 7
#define APF_LOG_TABLE_SIZE ((1u << APF_LOG_SEGMENT_BITS) + 1u)

struct apf_log_scale_config {
  int enabled;          /* 0: the signal is only saturated */
  uint32_t scale_shift; /* the output is ln(signal) * 2^scale_shift */
};

struct apf_log_scale_state {
  int enabled;
  size_t channels;
  uint32_t scale_shift;
  int32_t correction_bits;
  uint16_t *table; /* table: log2(1 + x) - x in Q16, x in steps of 1/128 */
};

/* Takes memory for the table. `correction_bits` is how many bits FFT, filterbank and gain left the
 * signal scaled up by. */
void apf_log_scale_bind(struct apf_log_scale_state *state,
                        const struct apf_log_scale_config *config, size_t channels,
                        int32_t correction_bits, struct apf_arena *tables);

/* Computes the table of a state that is bound. */
void apf_log_scale_populate(struct apf_log_scale_state *state);

/* One uint32 a channel to one uint16 a channel: ln(signal) * 2^scale_shift, 0 where the signal is
 * below 1, saturated at 65535; `signal` saturated likewise where it is not enabled. */
void apf_log_scale_process(const struct apf_log_scale_state *state, const uint32_t *signal,
                           uint16_t *output);

#ifdef __cplusplus
}
#endif

#endif
