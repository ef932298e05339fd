/* SPDX-License-Identifier: Apache-2.0 */
/* Two models in one program: both hear the same three seconds, through one frontend, in one arena.
 *
 * Reads 16-bit samples at 16 kHz from standard input and writes each model's logits. */
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "apf_frontend.h"
#include "apf_normalise.h"
#include "first.h"
#include "first_frontend_tables.h"
#include "second.h"
#include "second_frontend_tables.h"

#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define HOP FIRST_FRONTEND_HOP_SAMPLES

/* The models run one after the other, so they share their memory. */
alignas(16) static uint8_t arena[LARGER(FIRST_ARENA_BYTES, SECOND_ARENA_BYTES)];
alignas(16) static uint8_t work[FIRST_FRONTEND_WORK_BYTES];
static int8_t window[FIRST_INPUT_BYTES];

/* Fills the window with features; 0 where the sound ends before. */
static int listen(struct apf_frontend *frontend) {
  const struct apf_normalise_state normalise = {FIRST_FRONTEND_CHANNELS, FIRST_FRONTEND_PLANES,
                                                first_frontend_affines};
  uint16_t amplitude[FIRST_FRONTEND_CHANNELS];
  int16_t samples[HOP];
  for (size_t frames = 0; frames < FIRST_FRONTEND_WINDOW_FRAMES;) {
    size_t count = fread(samples, sizeof samples[0], HOP, stdin), done = 0;
    if (count == 0) {
      return 0;
    }
    while (done < count) {
      size_t taken;
      if (apf_process_samples(frontend, samples + done, count - done, &taken, amplitude, NULL) &&
          frames < FIRST_FRONTEND_WINDOW_FRAMES) {
        apf_normalise_process(&normalise, amplitude, NULL,
                              window + frames++ * FIRST_FRONTEND_CHANNELS);
      }
      done += taken;
    }
  }
  return 1;
}

static void show(const char *name, const int8_t *logits, size_t count) {
  printf("%s:", name);
  for (size_t i = 0; i < count; ++i) {
    printf(" %d", logits[i]);
  }
  printf("\n");
}

int main(void) {
  struct apf_frontend frontend;
  /* The hash is of all settings and of the step to int8: equal ones give equal features. */
  if (strcmp(FIRST_FRONTEND_HASH, SECOND_FRONTEND_HASH) != 0 ||
      FIRST_INPUT_BYTES != SECOND_INPUT_BYTES) {
    fprintf(stderr, "these two models need a frontend each\n");
    return 1;
  }
  if (apf_attach(&frontend, &first_frontend_config, first_frontend_tables, work) != APF_OK) {
    return 1;
  }
  apf_reset(&frontend);
  if (!listen(&frontend)) {
    fprintf(stderr, "the sound is shorter than a window\n");
    return 1;
  }
  memcpy(first_input(arena), window, FIRST_INPUT_BYTES);
  first_run(arena, NULL, NULL);
  show(FIRST_NAME, first_output(arena), FIRST_OUTPUT_BYTES);
  memcpy(second_input(arena), window, SECOND_INPUT_BYTES);
  second_run(arena, NULL, NULL);
  show(SECOND_NAME, second_output(arena), SECOND_OUTPUT_BYTES);
  return 0;
}
