/* SPDX-License-Identifier: Apache-2.0 AND LicenseRef-model */
/* RELU in place; then the sums of the quarters; then their halves, over the input. What the first
 * byte of the input asks for beside, goes wrong on purpose. */
#include "model.h"

#include <stddef.h>

enum misdeed {
  OVERFLOW_STACK = -101,
  WRITE_CONSTANT = -102,
  WRITE_OUTSIDE = -103,
  WRITE_BESIDE_ARENA = -104,
  WRITE_NULL = -105,
  EXECUTE_DATA = -106,
  HANG = -107,
  WRITE_MIRROR = -108,
  SPIN = -109,
  WRITE_UNALIGNED = -110,
};

const struct model_operator model_operators[MODEL_OPERATORS] = {
    {"RELU", 0}, {"FULLY_CONNECTED", 32}, {"MUL", 0}};

void *model_input(void *arena) {
  return arena;
}

const void *model_output(const void *arena) {
  return arena;
}

static int8_t clamp(int32_t value) {
  return (int8_t)(value > INT8_MAX ? INT8_MAX : value < INT8_MIN ? INT8_MIN : value);
}

static uint32_t recurse(volatile uint32_t *before) {
  volatile uint32_t here[16];
  here[0] = *before + 1u;
  return here[0] == 0 ? 0 : recurse(here) + here[0];
}

static void write_at(uintptr_t address) {
  volatile uint8_t *volatile byte = (volatile uint8_t *)address;
  *byte = 1;
}

static void write_unaligned(uintptr_t address) {
  volatile uint32_t *volatile word = (volatile uint32_t *)address;
  *word = 0;
}

static void execute(void *data) {
  void (*volatile function)(void) = (void (*)(void))((uintptr_t)data | 1u);
  function();
}

/* Two instructions a turn, on every core; the model's own work is the same whatever their number.
 */
static void spin(int8_t *wanted) {
  uint32_t turns = 1u + (uint8_t)*wanted;
  *wanted = 0;
#if defined(__arm__)
  __asm volatile("0: subs %0, %0, #1\n bne 0b" : "+l"(turns)::"cc");
#elif defined(__riscv)
  __asm volatile("0: addi %0, %0, -1\n bnez %0, 0b" : "+r"(turns));
#else
  (void)turns;
#endif
}

static void misbehave(int8_t *arena) {
  volatile uint32_t start = 0;
  switch (arena[0]) {
  case OVERFLOW_STACK:
    arena[0] = (int8_t)recurse(&start);
    break;
  case WRITE_CONSTANT:
    write_at((uintptr_t)model_operators);
    break;
  case WRITE_OUTSIDE:
    write_at(0x30000000u);
    break;
  case WRITE_BESIDE_ARENA:
    write_at((uintptr_t)arena + MODEL_ARENA_BYTES);
    break;
  case WRITE_NULL:
    write_at(0);
    break;
  case EXECUTE_DATA:
    execute(arena + 32);
    break;
  case HANG:
    for (volatile int forever = 1; forever != 0;) {
    }
    break;
  case WRITE_MIRROR:
    write_at(0x20400000u);
    break;
  case SPIN:
    spin(arena + 1);
    break;
  case WRITE_UNALIGNED:
    write_unaligned((uintptr_t)arena + 33u);
    break;
  default:
    break;
  }
}

void model_run(void *arena, model_observer observer, void *context) {
  int8_t *input = arena, *sums = input + 32, *output = arena;
  misbehave(arena);
  for (uint32_t i = 0; i < 32u; ++i) {
    input[i] = input[i] > 0 ? input[i] : 0;
  }
  if (observer != NULL) {
    observer(context, 0, input, 32);
  }
  for (uint32_t i = 0; i < 4u; ++i) {
    int32_t sum = -100;
    for (uint32_t j = 0; j < 8u; ++j) {
      sum += input[8u * i + j];
    }
    sums[i] = clamp(sum);
  }
  if (observer != NULL) {
    observer(context, 1, sums, 4);
  }
  for (uint32_t i = 0; i < 4u; ++i) {
    output[i] = (int8_t)(sums[i] / 2);
  }
  if (observer != NULL) {
    observer(context, 2, output, 4);
  }
}
