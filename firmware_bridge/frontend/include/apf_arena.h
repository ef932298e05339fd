/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that the caller supplies, handed out front to back. */
#ifndef APF_ARENA_H
#define APF_ARENA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define APF_ALIGNMENT 16u

/* With `base` NULL the arena only counts: that is the size query. */
struct apf_arena {
  uint8_t *base;
  size_t used;
};

/* Returns `count` elements of `size` bytes, aligned to APF_ALIGNMENT; NULL while counting. */
static inline void *apf_take(struct apf_arena *arena, size_t count, size_t size) {
  void *taken = arena->base == NULL ? NULL : (void *)(arena->base + arena->used);
  const size_t bytes = count * size;
  arena->used += (bytes + APF_ALIGNMENT - 1u) & ~(size_t)(APF_ALIGNMENT - 1u);
  return taken;
}

#ifdef __cplusplus
}
#endif

#endif
