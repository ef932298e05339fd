/* SPDX-License-Identifier: Apache-2.0 */
/* Joining int8 tensors along an axis, and taking one apart. */
#ifndef I8_CONCATENATE_H
#define I8_CONCATENATE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Both see the axis and all within it as one block: [outer, block]. */
struct i8_concatenate {
  const int32_t *blocks; /* [count]: bytes of each part's block */
  int32_t count;
  int32_t outer;
};

/* `count` inputs side by side: [outer, blocks[i]] each, to [outer, sum of blocks]. output is none
 * of the inputs. */
void i8_concatenate(const struct i8_concatenate *layer, const int8_t *const *inputs,
                    int8_t *output);

/* The other way: [outer, sum of blocks] to `count` outputs [outer, blocks[i]]. No output is input.
 * */
void i8_split(const struct i8_concatenate *layer, const int8_t *input, int8_t *const *outputs);

#ifdef __cplusplus
}
#endif

#endif
