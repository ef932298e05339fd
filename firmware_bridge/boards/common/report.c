#include "report.h"

#include <string.h>

#include "dev_format.h"

void report_append(struct report *report, const char *text) {
  const size_t room = sizeof(report->text) - 1u - report->used, count = strlen(text);
  const size_t taken = count < room ? count : room;
  memcpy(report->text + report->used, text, taken);
  report->used += taken;
  report->text[report->used] = '\0';
}

void report_append_word(struct report *report, const char *name, uint32_t value) {
  char digits[9];
  dev_format_hex_word(digits, value);
  report_append(report, name);
  report_append(report, digits);
}
