/* SPDX-License-Identifier: Apache-2.0 */
/* SELECT_V2: of two int8 tensors the one or the other, by a third of truth values. */
#ifndef I8_SELECT_H
#define I8_SELECT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_select {
  int32_t lengths[4];
  int32_t steps_condition[4]; /* in bytes, 0 where it is repeated; the output is dense */
  int32_t steps_0[4];
  int32_t steps_1[4];
};

/* A byte of `a` where `condition`, a byte, is not 0, else one of `b`. output may be condition where
 * that is not repeated. */
void i8_select(const struct i8_select *layer, const int8_t *condition, const int8_t *a,
               const int8_t *b, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
