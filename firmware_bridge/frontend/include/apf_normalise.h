/* SPDX-License-Identifier: Apache-2.0 */
/* From raw planes to int8, by one integer affine per plane and channel:
 *
 *   int8 = clamp((raw * multiplier + offset) >> shift, -128, 127)
 *
 * The offset holds the half that makes the shift round to nearest. */
#ifndef APF_NORMALISE_H
#define APF_NORMALISE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct apf_affine {
  int64_t offset;     /* modulus at most 2^61 */
  int32_t multiplier; /* modulus at most 2^30 */
  uint32_t shift;     /* 1 to 62 */
};

struct apf_normalise_state {
  size_t channels;
  size_t planes;                    /* amplitude and phase planes */
  const struct apf_affine *affines; /* channels x planes, planes last */
};

/* One frame: `amplitude` has `channels` values, `phase` channels x (planes - 1), `output`
 * channels x planes; planes last. */
void apf_normalise_process(const struct apf_normalise_state *state, const uint16_t *amplitude,
                           const int16_t *phase, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
