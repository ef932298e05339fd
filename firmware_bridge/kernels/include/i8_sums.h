/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of int8 columns. */
#ifndef I8_SUMS_H
#define I8_SUMS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Add `rows` rows of four adjacent columns to sums; rows lie `step` bytes apart. */
void i8_add_four_columns(const int8_t *first, int32_t rows, int32_t step, int32_t sums[4]);

/* The sum of one column of `rows` rows that lie `step` bytes apart, modulo 2^32. */
int32_t i8_sum_column(const int8_t *first, int32_t rows, int32_t step);

/* The sum of `count` adjacent bytes. */
int32_t i8_sum_bytes(const int8_t *first, int32_t count);

#ifdef __cplusplus
}
#endif

#endif
