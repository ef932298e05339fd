#include "apf_angle.h"

#include <math.h>

static const double pi = 3.14159265358979323846264338327950288;

static double arctangent_at(size_t segment) {
  return floor(atan(ldexp((double)segment, -APF_ARCTANGENT_SEGMENT_BITS)) / pi * 2147483648.0 +
               0.5);
}

void apf_arctangent_populate(struct apf_arctangent *table) {
  const size_t last = APF_ARCTANGENT_TABLE_SIZE - 1u;
  for (size_t i = 0; i < last; ++i) {
    const double rise = arctangent_at(i + 1u) - arctangent_at(i);
    table[i].angle = (uint32_t)arctangent_at(i);
    table[i].slope = (uint32_t)floor(ldexp(rise, APF_ARCTANGENT_SEGMENT_BITS - 16) + 0.5);
  }
  table[last].angle = (uint32_t)arctangent_at(last);
  table[last].slope = 0;
}
