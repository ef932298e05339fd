/* SPDX-License-Identifier: Apache-2.0 */
/* The C library's functions on bytes, which a compiler calls for what is too long to unroll.
 *
 * Built with -fno-builtin, so that no loop in here becomes a call of itself. */
#include <stdint.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  uint8_t *bytes = to;
  const uint8_t *given = from;
  for (size_t i = 0; i < count; ++i) {
    bytes[i] = given[i];
  }
  return to;
}

void *memmove(void *to, const void *from, size_t count) {
  uint8_t *bytes = to;
  const uint8_t *given = from;
  if ((uintptr_t)to < (uintptr_t)from) {
    return memcpy(to, from, count);
  }
  while (count > 0) {
    --count;
    bytes[count] = given[count];
  }
  return to;
}

void *memset(void *to, int value, size_t count) {
  uint8_t *bytes = to;
  for (size_t i = 0; i < count; ++i) {
    bytes[i] = (uint8_t)value;
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

size_t strlen(const char *text) {
  size_t count = 0;
  while (text[count] != '\0') {
    ++count;
  }
  return count;
}

char *strcpy(char *restrict to, const char *restrict from) {
  return memcpy(to, from, strlen(from) + 1u);
}
