/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_gates.h"

/* Values are taken times 3, so that 2^9 of a sigmoid's and 2^8 of a tangent's argument are one step
 * of the table: tanh(x) is 2 sigmoid(2 x) - 1. */
#define LAST 255u

static uint32_t magnitude(int32_t value) {
  return value < 0 ? (uint32_t)0 - (uint32_t)value : (uint32_t)value;
}

int32_t i8_sigmoid_16(const uint16_t *table, int32_t value) {
  const uint32_t size = magnitude(value * 3);
  const uint32_t place = size >> 9;
  uint32_t result = 0x7FFFu << 10;
  if (place < LAST) {
    const uint32_t from = table[place], to = table[place + 1];
    result = (from << 9) + (size & 0x1FFu) * (to - from);
  }
  result = value >= 0 ? result + (1u << 9) : (1u << 25) - result + (1u << 9) - 1u;
  return (int32_t)(result >> 10);
}

int32_t i8_tanh_16(const uint16_t *table, int32_t value, int32_t left, int32_t right) {
  const int32_t half = right > 0 ? 1 << (right - 1) : 0;
  const int32_t scaled = (value * (3 * (1 << left)) + half) >> right;
  const uint32_t size = magnitude(scaled);
  const uint32_t place = size >> 8;
  int32_t result = 0xFFFF << 8;
  if (place < LAST) {
    const uint32_t from = table[place], to = table[place + 1];
    result = (int32_t)((from << 8) + (size & 0xFFu) * (to - from));
  }
  const int32_t centred = result - (1 << 23);
  return (scaled >= 0 ? centred + (1 << 7) : -centred + (1 << 7) - 1) >> 8;
}
