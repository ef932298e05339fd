/* A line about what must not happen, put together without the C library's formatting. */
#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct report {
  char text[128];
  size_t used;
};

void report_append(struct report *report, const char *text);
void report_append_word(struct report *report, const char *name, uint32_t value);

#ifdef __cplusplus
}
#endif

#endif
