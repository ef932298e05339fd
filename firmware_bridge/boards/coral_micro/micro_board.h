/* SPDX-License-Identifier: Apache-2.0 */
/* What the board's SDK supplies to the application, which touches it nowhere else. The sdk_*.cc
 * files supply it; all else is plain C and runs anywhere. */
#ifndef MICRO_BOARD_H
#define MICRO_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* External memory, 64 MB of it; the linker script of the SDK does not clear it. */
#if defined(__arm__)
#define MICRO_SDRAM __attribute__((section(".sdram_bss,\"aw\",%nobits @")))
#else
#define MICRO_SDRAM
#endif

/* The console. */
int micro_board_read(void); /* the next byte, or -1 */
void micro_board_write(const void *bytes, size_t count);

/* Lets other tasks run. */
void micro_board_pause(void);

uint64_t micro_board_microseconds(void);
__attribute__((noreturn)) void micro_board_restart(void);

/* The file system. The first returns the size of the file, of which no more than `room` bytes are
 * read, or -1; the second leaves the old file where it fails. */
int32_t micro_board_load(const char *path, uint8_t *bytes, uint32_t room);
bool micro_board_store(const char *path, const uint8_t *bytes, uint32_t count);

/* The Edge TPU: 63, 125, 250 and 500 MHz. */
enum micro_clock { MICRO_LOW, MICRO_MEDIUM, MICRO_HIGH, MICRO_MAX, MICRO_CLOCKS };

#define MICRO_MOST_OUTPUTS 16u

struct micro_tpu {
  int8_t *input;
  const int8_t *outputs[MICRO_MOST_OUTPUTS]; /* in the model's order */
  uint32_t input_bytes, output_bytes[MICRO_MOST_OUTPUTS];
  uint32_t output_count;
  uint32_t arena_used;
};

/* Opens the Edge TPU and prepares a model; `model` and `arena` must live on. Once only: the SDK
 * knows a model by its address and would take the next one there for the first. Returns NULL, or
 * why it did not work. */
const char *micro_board_open(const uint8_t *model, uint8_t *arena, size_t arena_bytes,
                             enum micro_clock clock, struct micro_tpu *tpu);

/* One inference. The input is changed: the SDK flips the sign bits of a signed one in place. */
bool micro_board_invoke(void);

/* Degrees Celsius. */
float micro_board_tpu_degrees(void);
float micro_board_cpu_degrees(void);

/* The microphone: 16 kHz, a sample in the upper half of each number. */
bool micro_board_listen(bool on);
size_t micro_board_hear(int32_t *samples, size_t room);
uint32_t micro_board_missed(void); /* samples that nobody took in time */

#ifdef __cplusplus
}
#endif

#endif
