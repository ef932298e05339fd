/* SPDX-License-Identifier: Apache-2.0 */
/* A line about what must not happen, put together without the C library's formatting. */
#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dev_format.h"

#ifdef __cplusplus
extern "C" {
#endif

struct report {
  char text[128];
  size_t used;
};

static inline void report_append(struct report *report, const char *text) {
  const size_t room = sizeof(report->text) - 1u - report->used, count = strlen(text);
  const size_t taken = count < room ? count : room;
  memcpy(report->text + report->used, text, taken);
  report->used += taken;
  report->text[report->used] = '\0';
}

static inline void report_append_word(struct report *report, const char *name, uint32_t value) {
  char digits[9];
  dev_format_hex_word(digits, value);
  report_append(report, name);
  report_append(report, digits);
}

#ifdef __cplusplus
}
#endif

#endif
