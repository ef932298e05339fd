/* SPDX-License-Identifier: Apache-2.0 */
#include "i8_batch_matmul.h"

#include "i8_fixed_point.h"
#include "i8_sums.h"
#include "i8_vector.h"

/* Where a matrix's parts are kept while it is multiplied. */
struct room {
  int32_t *row_sums;
  int8_t *row, *column; /* copies of what lies apart in memory */
};

/* `depth` bytes side by side: where they lie, or a copy of them. */
static const int8_t *side_by_side(const int8_t *first, int32_t step, int32_t depth, int8_t *copy) {
  if (step == 1) {
    return first;
  }
  for (int32_t i = 0; i < depth; ++i) {
    copy[i] = first[i * step];
  }
  return copy;
}

/* The sum of (a - zero_0) * (b - zero_1) is that of a * b, less each zero point times the sum of
 * the other operand's bytes, and both zero points `depth` times. */
static void multiply_matrices(const struct i8_batch_matmul *layer, const int8_t *a, const int8_t *b,
                              int8_t *output, const struct room *room) {
  const int32_t depth = layer->depth;
  const int32_t both = depth * layer->zero_point_0 * layer->zero_point_1;
  for (int32_t row = 0; row < layer->rows; ++row) {
    const int8_t *const first = a + row * layer->row_step;
    room->row_sums[row] = layer->row_inner == 1 ? i8_sum_bytes(first, depth)
                                                : i8_sum_column(first, depth, layer->row_inner);
  }
  for (int32_t column = 0; column < layer->columns; ++column) {
    const int8_t *const bytes =
        side_by_side(b + column * layer->column_step, layer->column_inner, depth, room->column);
    const int32_t rest = both - layer->zero_point_0 * i8_sum_bytes(bytes, depth);
    for (int32_t row = 0; row < layer->rows; ++row) {
      const int8_t *const other =
          side_by_side(a + row * layer->row_step, layer->row_inner, depth, room->row);
      const int32_t sum =
          i8_dot_rows(other, bytes, depth, rest) - layer->zero_point_1 * room->row_sums[row];
      const int32_t scaled = i8_multiply(sum, layer->multiplier, layer->shift);
      output[row * layer->columns + column] =
          (int8_t)i8_clamp(scaled + layer->zero_point, -128, 127);
    }
  }
}

void i8_batch_matmul(const struct i8_batch_matmul *layer, const int8_t *a, const int8_t *b,
                     int8_t *output, void *scratch) {
  int8_t *const copies = (int8_t *)scratch + 4 * layer->rows;
  const struct room room = {
      scratch,
      copies,
      copies + (layer->row_inner == 1 ? 0 : layer->depth),
  };
  const int32_t *const steps_0 = layer->steps_0, *const steps_1 = layer->steps_1;
  for (int32_t i = 0; i < layer->batches[0]; ++i) {
    for (int32_t j = 0; j < layer->batches[1]; ++j) {
      for (int32_t k = 0; k < layer->batches[2]; ++k) {
        multiply_matrices(layer, a + i * steps_0[0] + j * steps_0[1] + k * steps_0[2],
                          b + i * steps_1[0] + j * steps_1[1] + k * steps_1[2], output, &room);
        output += layer->rows * layer->columns;
      }
    }
  }
}

void i8_batch_matmul_constant(const struct i8_batch_matmul *layer, const int8_t *a, int8_t *output,
                              void *scratch) {
  i8_batch_matmul(layer, a, layer->constant, output, scratch);
}

void i8_batch_matmul_of_constant(const struct i8_batch_matmul *layer, const int8_t *b,
                                 int8_t *output, void *scratch) {
  i8_batch_matmul(layer, layer->constant, b, output, scratch);
}
