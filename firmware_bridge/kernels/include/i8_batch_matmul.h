/* BATCH_MATMUL of two int8 tensors, either of them transposed, batches repeated where one has 1. */
#ifndef I8_BATCH_MATMUL_H
#define I8_BATCH_MATMUL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_batch_matmul {
  const int8_t *constant; /* the second operand of i8_batch_matmul_constant */
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

/* output is neither of the operands. `scratch` takes four bytes for each row, on a boundary of 4,
 * then one for each place of the depth of a row, if row_inner is not 1, and of a column, if
 * column_inner is not 1. */
void i8_batch_matmul(const struct i8_batch_matmul *layer, const int8_t *a, const int8_t *b,
                     int8_t *output, void *scratch);
void i8_batch_matmul_constant(const struct i8_batch_matmul *layer, const int8_t *a, int8_t *output,
                              void *scratch);

#ifdef __cplusplus
}
#endif

#endif
