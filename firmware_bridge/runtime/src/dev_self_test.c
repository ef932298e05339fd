/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_self_test.h"

#include "app_config.h"
#include "dev_crc32.h"
#include "dev_outputs.h"
#include "port.h"

#define SEED 0x2545F491u

/* Marsaglia's xorshift32. */
static uint32_t next_random(uint32_t state) {
  state ^= state << 13;
  state ^= state >> 17;
  return state ^ state << 5;
}

uint32_t dev_constants_crc(void) {
  size_t bytes;
  const void *constants = port_constants(&bytes);
  return dev_crc32(0, constants, bytes);
}

#ifdef APP_SELF_TEST_OUTPUT_CRC
static bool output_agrees(struct dev_model *model) {
  uint32_t state = SEED;
  for (uint32_t number = 0; number < DEV_INPUTS; ++number) {
    int8_t *input = dev_arena_input(model, number);
    for (size_t i = 0; i < dev_input_bytes(number); ++i) {
      state = next_random(state);
      input[i] = (int8_t)(uint8_t)(state >> 24);
    }
  }
  dev_model_reset(model);
  dev_model_run(model);
  dev_model_reset(model);
  return dev_outputs_crc(model) == APP_SELF_TEST_OUTPUT_CRC;
}
#endif

static bool report(struct dev_writer *findings, const char *what, bool good) {
  dev_append_entry(findings, what, good ? "ok" : "bad");
  return good;
}

bool dev_self_test(struct dev_model *model, uint32_t constants_crc, struct dev_writer *findings) {
  bool good = report(findings, "constants", dev_constants_crc() == constants_crc);
#ifdef APP_SELF_TEST_OUTPUT_CRC
  good = report(findings, "model", output_agrees(model)) && good;
#else
  (void)next_random;
  dev_append_entry(findings, "model", "untested");
#endif
  return report(findings, "canaries", dev_model_intact(model)) && good;
}
