/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_scale.h"

#include "i8_fixed_point.h"

void i8_clamp_bytes(int8_t *bytes, int32_t count, int32_t low, int32_t high) {
  if (low <= -128 && high >= 127) {
    return;
  }
  for (int32_t i = 0; i < count; ++i) {
    bytes[i] = (int8_t)i8_clamp(bytes[i], low, high);
  }
}
