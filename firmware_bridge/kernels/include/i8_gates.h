/* SPDX-License-Identifier: Apache-2.0 */
/* Sigmoid and hyperbolic tangent of int16 with 12 fraction bits, to 15, by a table between whose
 * values is interpolated: 2^16 times sigmoid(i / 24), of 256 entries. */
#ifndef I8_GATES_H
#define I8_GATES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 2^15 times sigmoid(value / 2^12), 0 to 32767; the table is on a boundary of 2 bytes. */
int32_t i8_sigmoid_16(const uint16_t *table, int32_t value);

/* The value is first shifted, to the left, or to the right with rounding. */
int32_t i8_tanh_16(const uint16_t *table, int32_t value, int32_t left, int32_t right);

#ifdef __cplusplus
}
#endif

#endif
