/* Inputs as i8_dot.h multiplies them: words for each four of them. */
#ifndef I8_WIDEN_H
#define I8_WIDEN_H

#include "i8_dot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Four inputs; `step` is between their first word and their second. */
static inline void i8_widen_group(uint32_t bytes, uint32_t *column, uint32_t step, int is_joined) {
  column[0] = is_joined ? i8_joined_first(bytes) : i8_widen_even(bytes);
  column[step] = is_joined ? i8_joined_second(bytes) : i8_widen_odd(bytes);
}

/* `bytes` inputs that lie side by side; what fills up the last four is any value. Returns where the
 * next ones go. */
static inline __attribute__((always_inline)) uint32_t *
i8_widen_run(const int8_t *from, int32_t bytes, uint32_t *column, uint32_t step, int is_joined) {
  for (; bytes >= 4; bytes -= 4) {
    i8_widen_group(i8_load_word(from), column, step, is_joined);
    from += 4;
    column += I8_WORDS_PER_GROUP * step;
  }
  if (bytes > 0) {
    uint32_t last = (uint8_t)from[0];
    for (int32_t i = 1; i < bytes; ++i) {
      last |= (uint32_t)(uint8_t)from[i] << (8 * i);
    }
    i8_widen_group(last, column, step, is_joined);
    column += I8_WORDS_PER_GROUP * step;
  }
  return column;
}

#ifdef __cplusplus
}
#endif

#endif
