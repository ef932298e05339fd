/* SPDX-License-Identifier: Apache-2.0 */
/* BATCH_MATMUL of two int8 tensors, either of them transposed, batches repeated where one has 1. */
#ifndef I8_BATCH_MATMUL_H
#define I8_BATCH_MATMUL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_batch_matmul {
  const int8_t *constant; /* the operand that is not computed */
  int32_t batches[3];
  int32_t steps_0[3]; /* bytes from batch to batch of an operand; the output is dense */
  int32_t steps_1[3];
  int32_t rows, depth, columns;
  int32_t row_step, row_inner;       /* bytes from row to row, and along a row's depth */
  int32_t column_step, column_inner; /* the same of columns */
  int32_t zero_point_0, zero_point_1;
  int32_t multiplier, shift;
  int32_t zero_point;
};

/* Bytes of scratch that a layer takes: an int32 for each row, and copies of a row and of a column
 * whose bytes lie apart. */
static inline int32_t i8_batch_matmul_scratch_bytes(const struct i8_batch_matmul *layer) {
  const int32_t copies = (layer->row_inner != 1) + (layer->column_inner != 1);
  return 4 * layer->rows + copies * layer->depth;
}

/* int8 matrices to int8 [batches][rows][columns]. `scratch` has i8_batch_matmul_scratch_bytes, on a
 * boundary of 4 bytes; its contents mean nothing before and after. output is neither operand. */
void i8_batch_matmul(const struct i8_batch_matmul *layer, const int8_t *a, const int8_t *b,
                     int8_t *output, void *scratch);
/* The same, the second operand being layer->constant. */
void i8_batch_matmul_constant(const struct i8_batch_matmul *layer, const int8_t *a, int8_t *output,
                              void *scratch);
/* The same, the first operand being layer->constant. */
void i8_batch_matmul_of_constant(const struct i8_batch_matmul *layer, const int8_t *b,
                                 int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif

#endif
