/* SPDX-License-Identifier: Apache-2.0 */
/* What compilers and sources call of a C library. */
#include <stdint.h>

#include "math.h"
#include "string.h"

/* Else the compiler would make each of these loops a call of the function that it is in. */
#ifdef __clang__
#define PLAIN __attribute__((no_builtin))
#else
#define PLAIN __attribute__((optimize("no-tree-loop-distribute-patterns")))
#endif
#define WORD sizeof(uint32_t)

typedef uint32_t __attribute__((may_alias)) word;

static int is_aligned(const void *a, const void *b) {
  return (((uintptr_t)a | (uintptr_t)b) % WORD) == 0;
}

PLAIN void *memcpy(void *to, const void *from, size_t count) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if (is_aligned(to, from)) {
    for (; count >= WORD; count -= WORD, out += WORD, in += WORD) {
      *(word *)(void *)out = *(const word *)(const void *)in;
    }
  }
  for (; count > 0; --count) {
    *out++ = *in++;
  }
  return to;
}

PLAIN void *memmove(void *to, const void *from, size_t count) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if (out <= in) {
    return memcpy(to, from, count);
  }
  for (size_t i = count; i > 0; --i) {
    out[i - 1u] = in[i - 1u];
  }
  return to;
}

PLAIN void *memset(void *to, int value, size_t count) {
  uint8_t *out = to;
  const uint8_t byte = (uint8_t)value;
  for (; count > 0 && (uintptr_t)out % WORD != 0; --count) {
    *out++ = byte;
  }
  for (; count >= WORD; count -= WORD, out += WORD) {
    *(word *)(void *)out = byte * 0x01010101u;
  }
  for (; count > 0; --count) {
    *out++ = byte;
  }
  return to;
}

int memcmp(const void *a, const void *b, size_t count) {
  const uint8_t *left = a, *right = b;
  for (size_t i = 0; i < count; ++i) {
    if (left[i] != right[i]) {
      return left[i] < right[i] ? -1 : 1;
    }
  }
  return 0;
}

PLAIN size_t strlen(const char *text) {
  size_t count = 0;
  while (text[count] != '\0') {
    ++count;
  }
  return count;
}

PLAIN char *strcpy(char *to, const char *from) {
  return memcpy(to, from, strlen(from) + 1u);
}

/* The root of an integer of 50 bits has 25, one more than a float keeps, and is never half way
 * between two floats. */
float sqrtf(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  const int32_t exponent = (int32_t)(bits >> 23) - 127;
  if (exponent == -127) {
    return value;
  }
  const uint64_t mantissa = (bits & 0x7FFFFFu) | 0x800000u;
  uint64_t left = mantissa << (25 + (exponent & 1));
  uint64_t root = 0;
  for (uint64_t bit = (uint64_t)1 << 48; bit != 0; bit >>= 2) {
    if (left >= root + bit) {
      left -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  const uint32_t rounded = (uint32_t)((root + 1u) >> 1);
  bits = (uint32_t)((exponent - (exponent & 1)) / 2 + 127 - 1) * 0x800000u + rounded;
  memcpy(&value, &bits, sizeof(value));
  return value;
}
