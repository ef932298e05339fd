/* SPDX-License-Identifier: Apache-2.0 */
/* What i8_depthwise_lines.c makes of a layer before it computes: how many channels it takes at a
 * time, which lines of the image it has at hand, and by which loop.
 *
 * Internal to i8_depthwise_lines.c. */
#ifndef I8_DEPTHWISE_PLAN_H
#define I8_DEPTHWISE_PLAN_H

#include "i8_depthwise_lines.h"
#include "i8_helium_lines.h"
#include "i8_line_of_outputs.h"
#include "i8_requantise.h"

#ifdef __cplusplus
extern "C" {
#endif

#define I8_BLOCK 4        /* channels that are unzipped at a time */
#define I8_SHARED_BLOCK 8 /* channels that are computed at a time where they share their inputs */

/* Some channels of the image, unzipped. */
struct i8_depthwise_block {
  int32_t place;  /* of the first channel in the order of weights */
  int32_t count;  /* of a whole block, fewer in the last one */
  uint32_t *rows; /* [4][kept][row_words], [1] where they are shared */
  uint32_t *taps; /* [channels][lines of taps][line_words] */
  int32_t next;   /* line to be unzipped next, counted from the first one of the border */
#if I8_HAS_LINES
  struct i8_line_of_outputs lines[I8_SHARED_BLOCK];
#endif
};

/* What follows from a layer. */
struct i8_depthwise_plan {
  const struct i8_depthwise_lines *layer;
  struct i8_output_stage stage;
  int32_t inputs;        /* channels, as if each that shares one had its own */
  int32_t channels;      /* of a block */
  int32_t planes;        /* that are unzipped at a time */
  int32_t image_lines;   /* that are read, borders included */
  int32_t kept_all;      /* whether all of them are at hand at once */
  int32_t turns;         /* whether they turn, see i8_depthwise_lines.h */
  int32_t together;      /* lines of outputs that are computed at a time */
  int32_t lines_of_taps; /* so that they can begin with any of the filter and still go round */
  int32_t line_words;    /* of taps */
  int32_t plane_words;
  int32_t unzipped; /* pixels of a line, as far as there is room for them */
#if I8_HAS_LINES
  i8_compute_line *loop; /* NULL for layers that are done in C */
  void (*finish)(void);
  int32_t is_3x3; /* whether the loop is one for 3x3 taps */
#endif
#if I8_HAS_HELIUM
  i8_helium_compute *helium; /* NULL for layers that are done without */
#endif
};

#ifdef __cplusplus
}
#endif

#endif
