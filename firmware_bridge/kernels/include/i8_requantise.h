/* SPDX-License-Identifier: Apache-2.0 */
/* From a 32-bit sum to an int8 output, rounded twice as TFLite-Micro does:
 *
 *   high = round(sum * 2^left * multiplier / 2^31)       to the nearest, halves upwards
 *   output = clamp(round(high / 2^right) + zero_point)   to the nearest, halves away from zero
 *
 * Four int32 describe an output channel; its bias has the input's zero point folded in. How they
 * are to be read, the layer says once for all its channels. */
#ifndef I8_REQUANTISE_H
#define I8_REQUANTISE_H

#include "i8_fixed_point.h"
#include "i8_simd.h"

#ifdef __cplusplus
extern "C" {
#endif

#define I8_CHANNEL_WORDS 4u

enum i8_rounding {
  /* bias, multiplier, 2^right / 2 + zero_point * 2^right, right; with |sum| < 2^30, left = 0 and no
   * overflow. The clamp cuts off all below the zero point, so that the halves of negative numbers
   * need no care. */
  I8_HALVES_UP = 0,
  /* The same words, where nothing may be said of the clamp, but right > 0. */
  I8_HALVES_AWAY = 1,
  /* bias, multiplier, zero_point, left - right; for all the rest. */
  I8_WIDE = 2,
};

/* Sums of four outputs that are computed together. */
struct i8_sums {
  int32_t a, b, c, d;
};

/* Four sums together. */
static inline struct i8_sums i8_four(int32_t a, int32_t b, int32_t c, int32_t d) {
  const struct i8_sums sums = {a, b, c, d};
  return sums;
}

/* What a layer does to its sums. */
struct i8_output_stage {
  int32_t rounding; /* enum i8_rounding */
  int32_t minimum, maximum;
  int32_t is_plain; /* I8_HALVES_UP and not clamped: most layers */
};

/* An output of a channel whose layer rounds in the given way, saturated to int8. */
static inline int32_t i8_halves_up(int32_t sum, const int32_t *channel) {
  const int32_t twice = (int32_t)((uint32_t)sum << 1);
  return i8_saturate(i8_multiply_high_added(twice, channel[1], channel[2]) >> channel[3]);
}

/* The same for I8_HALVES_AWAY: -128 to 127. */
static inline int32_t i8_halves_away(int32_t sum, const int32_t *channel) {
  const int32_t high = i8_multiply_high_rounded((int32_t)((uint32_t)sum << 1), channel[1]);
  /* One less, a negative number's half falls to the number below. */
  return i8_saturate((high + (high >> 31) + channel[2]) >> channel[3]);
}

/* The same for I8_WIDE, with 64-bit intermediates: -128 to 127. */
int32_t i8_wide(int32_t sum, const int32_t *channel);

/* The larger of both. */
static inline int32_t i8_at_least(int32_t value, int32_t minimum) {
  return value < minimum ? minimum : value;
}

/* The lesser of both. */
static inline int32_t i8_at_most(int32_t value, int32_t maximum) {
  return value > maximum ? maximum : value;
}

/* What a layer of this rounding (enum i8_rounding) does that clamps to minimum and maximum, -128 to
 * 127 both. */
static inline struct i8_output_stage i8_output_stage(int32_t rounding, int32_t minimum,
                                                     int32_t maximum) {
  const struct i8_output_stage stage = {
      rounding,
      minimum,
      maximum,
      rounding == I8_HALVES_UP && minimum == -128 && maximum == 127,
  };
  return stage;
}

/* Turn one sum into an output. */
int32_t i8_requantise_one(int32_t sum, const int32_t *channel, const struct i8_output_stage *stage);

/* Turn four sums of one channel into outputs. A plain layer needs no call. */
struct i8_sums i8_requantise_channel(struct i8_sums sums, const int32_t *channel,
                                     const struct i8_output_stage *stage);

/* Four sums of one channel, where the stage is plain. */
static inline struct i8_sums i8_requantise_plain(struct i8_sums sums, const int32_t *channel) {
  return i8_four(i8_halves_up(sums.a, channel), i8_halves_up(sums.b, channel),
                 i8_halves_up(sums.c, channel), i8_halves_up(sums.d, channel));
}

/* The same of sums times 256, see i8_dot.h. */
static inline int32_t i8_halves_up_of_256(int32_t sum, const int32_t *channel) {
  return i8_saturate(i8_multiply_high_added(sum >> 7, channel[1], channel[2]) >> channel[3]);
}

/* Four sums times 256 to the sums. */
static inline struct i8_sums i8_from_256(struct i8_sums sums) {
  return i8_four(sums.a >> 8, sums.b >> 8, sums.c >> 8, sums.d >> 8);
}

/* Turn four sums, of four channels or of one, into outputs. */
static inline struct i8_sums i8_requantise(struct i8_sums sums, const int32_t *a, const int32_t *b,
                                           const int32_t *c, const int32_t *d,
                                           const struct i8_output_stage *stage) {
  struct i8_sums out;
  if (stage->rounding == I8_HALVES_UP) {
    out = i8_four(i8_halves_up(sums.a, a), i8_halves_up(sums.b, b), i8_halves_up(sums.c, c),
                  i8_halves_up(sums.d, d));
  } else if (stage->rounding == I8_HALVES_AWAY) {
    out = i8_four(i8_halves_away(sums.a, a), i8_halves_away(sums.b, b), i8_halves_away(sums.c, c),
                  i8_halves_away(sums.d, d));
  } else {
    out = i8_four(i8_wide(sums.a, a), i8_wide(sums.b, b), i8_wide(sums.c, c), i8_wide(sums.d, d));
  }
  if (stage->minimum > -128) {
    out = i8_four(i8_at_least(out.a, stage->minimum), i8_at_least(out.b, stage->minimum),
                  i8_at_least(out.c, stage->minimum), i8_at_least(out.d, stage->minimum));
  }
  if (stage->maximum < 127) {
    out = i8_four(i8_at_most(out.a, stage->maximum), i8_at_most(out.b, stage->maximum),
                  i8_at_most(out.c, stage->maximum), i8_at_most(out.d, stage->maximum));
  }
  return out;
}

#ifdef __cplusplus
}
#endif

#endif
