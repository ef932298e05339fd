/* SPDX-License-Identifier: Apache-2.0 */
/* Any int8 function of one int8, from a table. */
#ifndef I8_LOOKUP_H
#define I8_LOOKUP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_lookup {
  const int8_t *table; /* [256], by the input's bits as uint8: 0 to 127, then -128 to -1 */
  int32_t elements;
};

/* output may be input. */
void i8_lookup(const struct i8_lookup *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
