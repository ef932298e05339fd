/* SPDX-License-Identifier: Apache-2.0 */
/* The dot product of two rows of int8: what SVDF and LSTM are made of. */
#ifndef I8_VECTOR_H
#define I8_VECTOR_H

#include <stdint.h>

#include "i8_simd.h"

#ifdef __cplusplus
extern "C" {
#endif

/* sum + a[0] * b[0] + ... + a[count - 1] * b[count - 1], modulo 2^32. */
static inline int32_t i8_dot_rows(const int8_t *a, const int8_t *b, int32_t count, int32_t sum) {
  for (; count >= 4; count -= 4) {
    const uint32_t one = i8_load_word(a), other = i8_load_word(b);
    sum = i8_multiply_pair(i8_widen_even(one), i8_widen_even(other), sum);
    sum = i8_multiply_pair(i8_widen_odd(one), i8_widen_odd(other), sum);
    a += 4;
    b += 4;
  }
  for (; count > 0; --count) {
    sum = (int32_t)((uint32_t)sum + (uint32_t)(*a++ * *b++));
  }
  return sum;
}

#ifdef __cplusplus
}
#endif

#endif
