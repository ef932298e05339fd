/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping bytes: into a variable, or out of one that is about to change. */
#ifndef I8_STORE_H
#define I8_STORE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct i8_store {
  int32_t bytes;
};

/* Copies `bytes` bytes; they do not overlap. */
void i8_store(const struct i8_store *layer, const void *input, void *output);

#ifdef __cplusplus
}
#endif

#endif
