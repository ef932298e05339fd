/* SPDX-License-Identifier: Apache-2.0 */
/* Taps of a block of channels become words of two int16, once for all of its lines of outputs.
 *
 * Internal to i8_depthwise_lines.c. */
#ifndef I8_LINE_TAPS_H
#define I8_LINE_TAPS_H

#include "i8_depthwise_plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What stands beside each word of taps for even places. */
enum i8_beside {
  I8_NOTHING,
  I8_FOR_ODD,
  I8_THE_SAME,
};

/* A line of taps, `words` of each kind. Inlined for each way. */
static inline __attribute__((always_inline)) uint32_t *
i8_widen_line_of_taps(const int8_t *weights, uint32_t *taps, int32_t words, enum i8_beside beside,
                      int is_doubled) {
  uint32_t last = 0;
  for (; words > 0; words -= 2) {
    const uint32_t word = i8_load_word(weights);
    const uint32_t even = is_doubled ? i8_doubled(i8_widen_even(word)) : i8_widen_even(word);
    const uint32_t odd = is_doubled ? i8_doubled(i8_widen_odd(word)) : i8_widen_odd(word);
    const uint32_t first = i8_join_bottoms(even, odd), second = i8_join_tops(even, odd);
    *taps++ = first;
    if (beside != I8_NOTHING) {
      *taps++ = beside == I8_THE_SAME ? first : i8_join_bottoms(last, even);
    }
    if (words > 1) {
      *taps++ = second;
      if (beside != I8_NOTHING) {
        *taps++ = beside == I8_THE_SAME ? second : i8_join_bottoms(odd, even >> 16);
      }
    }
    last = odd >> 16;
    weights += I8_BLOCK;
  }
  return taps;
}

/* Those of all channels of a block, lines again behind the last so that they go round. */
static inline __attribute__((always_inline)) void
i8_widen_kind(const struct i8_depthwise_plan *plan, const int8_t *weights, uint32_t *taps,
              enum i8_beside beside, int is_doubled) {
  const int32_t tap_bytes = plan->layer->tap_bytes, words = plan->layer->tap_words;
  const int32_t again = (plan->lines_of_taps - plan->layer->lines) * plan->line_words;
  /* Where none come again, lines of all channels are as those of one. */
  const int32_t channels = again > 0 ? plan->channels : 1;
  const int32_t lines = plan->layer->lines * (again > 0 ? 1 : plan->channels);
  for (int32_t channel = 0; channel < channels; ++channel) {
    const uint32_t *const first = taps;
    for (int32_t line = lines; line > 0; --line) {
      taps = words == 2 ? i8_widen_line_of_taps(weights, taps, 2, beside, is_doubled)
                        : i8_widen_line_of_taps(weights, taps, words, beside, is_doubled);
      weights += tap_bytes;
    }
    for (int32_t i = 0; i < again; ++i) {
      *taps++ = first[i];
    }
  }
}

/* Those of a block, as its loop wants them. Not inlined: it takes all registers. */
static __attribute__((noinline)) void i8_widen_taps(const struct i8_depthwise_plan *plan,
                                                    const int8_t *weights, uint32_t *taps) {
#if I8_HAS_HELIUM
  if (plan->helium != NULL) {
    return;
  }
#endif
  enum i8_beside beside = I8_NOTHING;
  if (plan->layer->tap_pairs) {
    beside = plan->layer->stride_along % 2 != 0 ? I8_FOR_ODD : I8_THE_SAME;
  }
#if I8_HAS_LINES
  if (plan->loop != NULL && beside == I8_FOR_ODD) {
    i8_widen_kind(plan, weights, taps, I8_FOR_ODD, 1);
    return;
  }
  if (plan->loop != NULL) {
    i8_widen_kind(plan, weights, taps, beside, 1);
    return;
  }
#endif
  i8_widen_kind(plan, weights, taps, beside, 0);
}

#ifdef __cplusplus
}
#endif

#endif
