/* Holds apf_angle to atan2l over complex numbers of all lengths, in all directions, and prints the
 * largest distance in parts of pi times 2^15. */
#include <math.h>
#include <stdio.h>

#include "apf_angle.h"

static const long double pi = 3.14159265358979323846264338327950288L;
static long double largest;
static struct apf_arctangent table[APF_ARCTANGENT_TABLE_SIZE];

static void try_one(int64_t re, int64_t im) {
  if (re == 0 && im == 0) {
    return;
  }
  const long double exact = atan2l((long double)im, (long double)re) / pi * 2147483648.0L;
  const uint32_t angle = apf_angle(table, (uint64_t)re, (uint64_t)im);
  /* The short way round. */
  const int32_t away = (int32_t)(angle - (uint32_t)(int64_t)llroundl(exact));
  const long double distance = fabsl((long double)away) / 65536.0L;
  largest = distance > largest ? distance : largest;
}

static uint64_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return *state ^ *state >> 29;
}

int main(void) {
  apf_arctangent_populate(table);
  const int64_t ends[] = {
      INT64_MIN, INT64_MIN + 1, INT64_MAX,  INT64_MAX - 1, 1,          -1,    0,
      INT32_MIN, INT32_MAX,     UINT32_MAX, 0x80007FFF,    0x80008000, 65535, 65536};
  const size_t count = sizeof(ends) / sizeof(ends[0]);
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j < count; ++j) {
      try_one(ends[i], ends[j]);
    }
  }
  uint64_t state = 1;
  for (int i = 0; i < 3000000; ++i) {
    const unsigned shift = (unsigned)(next_random(&state) >> 58);
    const unsigned more = (unsigned)(next_random(&state) >> 61);
    const unsigned other = shift + more > 63u ? 63u : shift + more;
    const int64_t re = (int64_t)(next_random(&state) << 1) >> shift;
    const int64_t im = (int64_t)(next_random(&state) << 1) >> other;
    try_one(re, im);
    try_one(im, re);
  }
  if (apf_angle_q15(table, 0, 0, APF_ANGLE_HALF_PI) != 0 ||
      apf_angle_q15(table, 1, 0, APF_ANGLE_PI) != INT16_MIN) {
    return 1;
  }
  printf("%.4Lf\n", largest);
  return 0;
}
