/* Streams signals through the frontend on an emulated Cortex-M7; files come and go by semihosting.
 *
 * request.bin: signals, each a uint32 count and its int16 samples.
 * reply.bin:   for each signal its frames: uint32 ticks, amplitude, phase, int8 row. */
#include <string.h>

#include "dev_stream.h"
#include "frontend_tables.h"

#define MOST_BYTES (2u << 20)
#define TIMER ((volatile uint32_t *)0x40000000u) /* control, value, reload */
#define COPROCESSOR_ACCESS (*(volatile uint32_t *)0xE000ED88u)

enum { OPEN = 0x01, WRITE = 0x05, READ = 0x06, LENGTH = 0x0C, EXIT = 0x18 };
enum { MODE_READ = 1, MODE_WRITE = 5, STOPPED = 0x20026, FAILED = 0x20023 };

void reset(void);
extern uint8_t stack_top[];

static uint8_t request[MOST_BYTES];
static _Alignas(APF_ALIGNMENT) uint8_t memory[FRONTEND_STREAM_BYTES];
static struct dev_stream stream;

static uint32_t call(uint32_t operation, uintptr_t argument) {
  register uint32_t r0 __asm("r0") = operation;
  register uintptr_t r1 __asm("r1") = argument;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static void stop(uint32_t reason) {
  for (;;) {
    call(EXIT, reason);
  }
}

static uint32_t open_file(const char *name, uint32_t name_length, uint32_t mode) {
  const uintptr_t block[3] = {(uintptr_t)name, mode, name_length};
  const uint32_t handle = call(OPEN, (uintptr_t)block);
  if (handle == UINT32_MAX) {
    stop(FAILED);
  }
  return handle;
}

static void put(uint32_t file, const void *bytes, uint32_t count) {
  const uintptr_t block[3] = {file, (uintptr_t)bytes, count};
  if (count > 0 && call(WRITE, (uintptr_t)block) != 0) {
    stop(FAILED);
  }
}

static uint32_t get_request(void) {
  const uint32_t file = open_file("request.bin", 11, MODE_READ);
  const uintptr_t length_block[1] = {file};
  const uint32_t length = call(LENGTH, (uintptr_t)length_block);
  const uintptr_t block[3] = {file, (uintptr_t)request, length};
  if (length > MOST_BYTES || call(READ, (uintptr_t)block) != 0) {
    stop(FAILED);
  }
  return length;
}

/* 25 MHz of virtual time: with -icount shift=6, 5 instructions take 8 ticks. */
static uint32_t ticks(void) {
  return UINT32_MAX - TIMER[1];
}

static void put_frame(uint32_t file, uint32_t spent) {
  put(file, &spent, sizeof(spent));
  put(file, dev_stream_amplitude(&stream), 2u * FRONTEND_CHANNELS);
  put(file, dev_stream_phase(&stream), 2u * FRONTEND_CHANNELS * (FRONTEND_PLANES - 1u));
  put(file, dev_stream_row(&stream), FRONTEND_CHANNELS * FRONTEND_PLANES);
}

static void run_signal(uint32_t file, const int16_t *samples, uint32_t count) {
  uint64_t spent_before = 0;
  dev_stream_reset(&stream);
  while (count > 0) {
    const size_t hop = count < FRONTEND_HOP_SAMPLES ? count : FRONTEND_HOP_SAMPLES;
    size_t taken;
    if (dev_stream_push(&stream, samples, hop, &taken)) {
      put_frame(file, (uint32_t)(stream.ticks_spent - spent_before));
    }
    spent_before = stream.ticks_spent;
    samples += taken;
    count -= (uint32_t)taken;
  }
}

static void run(void) {
  const struct dev_stream_config config = {
      .frontend = &frontend_config,
      .tables = frontend_tables,
      .affines = frontend_affines,
      .window_frames = FRONTEND_WINDOW_FRAMES,
      .begin = ticks,
      .ticks = ticks,
  };
  if (dev_stream_bytes(&config) != sizeof(memory) || !dev_stream_start(&stream, &config, memory)) {
    stop(FAILED);
  }
  const uint32_t length = get_request(), file = open_file("reply.bin", 9, MODE_WRITE);
  for (uint32_t at = 0; at < length;) {
    uint32_t count;
    memcpy(&count, request + at, sizeof(count));
    run_signal(file, (const int16_t *)(request + at + 4), count);
    at += 4u + 2u * count;
  }
  stop(STOPPED);
}

void reset(void) {
  COPROCESSOR_ACCESS |= 0xFu << 20; /* the FPU */
  __asm volatile("dsb\n\tisb");
  TIMER[2] = UINT32_MAX;
  TIMER[1] = UINT32_MAX;
  TIMER[0] = 1;
  run();
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    stack_top, (const void *)(uintptr_t)reset};
