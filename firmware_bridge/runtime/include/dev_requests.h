/* SPDX-License-Identifier: Apache-2.0 */
/* The framed requests. Numbers are little-endian; a size in bytes stands in parentheses. */
#ifndef DEV_REQUESTS_H
#define DEV_REQUESTS_H

#include "dev_app.h"
#include "dev_frame.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What each carries -> what its answer carries. */
enum dev_request {
  /* nothing -> lines of key=value: hashes of model and frontend, sizes, rates, compiler */
  DEV_BANNER = 0x01,
  /* nothing -> nothing; begins a stream, and gives what the model keeps its first values */
  DEV_RESET = 0x02,
  /* int16 samples, 512 at most; flags: 1 raw frames, 2 int8 rows -> samples (4), frames (4) and
   * decisions (4) since the reset, frames in this answer (1), and of each what the flags ask for:
   * uint16 amplitude [channels], int16 phase [channels, planes - 1]; int8 [channels, planes] */
  DEV_AUDIO = 0x03,
  /* first (4); flags: 1 all outputs -> decisions from there on, as many as fit and are kept: end
   * frame (4), label (1), whether it is unsure (1), its probability in Q15 (2), int8 logits
   * [classes], int32 sums [classes]. With the flag logits and sums are of all outputs, one after
   * another, of which the banner's `outputs` gives the bytes */
  DEV_DECISIONS = 0x04,
  /* flags: number of the input, 0 where there is one; offset in it (4), its bytes -> nothing */
  DEV_WRITE = 0x05,
  /* flags: 1 profile, 2 all outputs -> ticks (4), CRC-32 of the input (4), of several one after
   * another; CRC-32 of the first output (4), or with the flag of all, one after another */
  DEV_INFER = 0x06,
  /* offset (4), length (2) -> bytes of the model's output; those of further outputs follow it */
  DEV_READ = 0x07,
  /* first operator (4) -> ticks (4) of each in the last profiled inference, as many as fit */
  DEV_PROFILE = 0x08,
  /* operator (4), offset (4), length (2); runs the model -> CRC-32 of the input (4), bytes of that
   * operator's output */
  DEV_TAP = 0x09,
  /* nothing -> bytes (4 each) of: stack, stack used, arena, frontend tables, frontend memory; then
   * CRC-32 of the input (4) */
  DEV_MEMORY = 0x0A,
  /* nothing -> passed (1), lines of key=value */
  DEV_SELF_TEST = 0x0B,
  /* nothing -> since the reset: frames (4), ticks in the frontend (8), largest of a frame (4) */
  DEV_FEATURE_TICKS = 0x0C,
  /* nothing -> since the reset (8 each): samples, sum of their squares, samples at an end of int16,
   * int8 values of rows, values at an end of int8 */
  DEV_HEARD = 0x0D,
  /* first (4) -> samples since the reset (4), number of the first that follows (4), int16 samples
   * as the frontend got them, as many as fit and are kept */
  DEV_CAPTURE = 0x0E,
  /* first (4) -> frames since the reset (4), number of the first that follows (4), int8 rows of the
   * model's input, as many as fit and are kept */
  DEV_ROWS = 0x0F,
  /* Set in the type of every answer. */
  DEV_REPLY = 0x80,
  /* The type of a refusal: enum dev_error (1), the reason in ASCII. */
  DEV_ERROR = 0xFF,
};

/* Carries the request out and makes `reply` of it. */
void dev_answer(struct dev_app *app, const struct dev_frame *request, struct dev_frame *reply);

#ifdef __cplusplus
}
#endif

#endif
