/* SPDX-License-Identifier: Apache-2.0 */
#include "apf_angle.h"

#include <math.h>

static const double pi = 3.14159265358979323846264338327950288;

static uint32_t angle_at(size_t segment) {
  const double t = (double)segment / (double)(1 << APF_ARCTANGENT_SEGMENT_BITS);
  return (uint32_t)floor(atan(t) / pi * (double)APF_ANGLE_PI + 0.5);
}

void apf_arctangent_populate(struct apf_arctangent *table) {
  const uint32_t length = 1u << (16 - APF_ARCTANGENT_SEGMENT_BITS);
  const size_t last = APF_ARCTANGENT_TABLE_SIZE - 1u;
  for (size_t i = 0; i < last; ++i) {
    table[i].angle = angle_at(i);
    table[i].slope = (angle_at(i + 1u) - table[i].angle + length / 2u) / length;
  }
  table[last].angle = angle_at(last);
  table[last].slope = 0;
}
