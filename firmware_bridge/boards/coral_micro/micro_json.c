/* SPDX-License-Identifier: Apache-2.0 */
#include "micro_json.h"

#include "dev_format.h"

void micro_json_open(struct dev_writer *json) {
  dev_append_text(json, "{");
}

void micro_json_close(struct dev_writer *json) {
  dev_append_text(json, "}");
}

static void key_and_value(struct dev_writer *json, const char *key, const char *value) {
  const bool first = json->used > 0 && json->bytes[json->used - 1u] == '{';
  dev_append_text(json, first ? "\"" : ",\"");
  dev_append_text(json, key);
  dev_append_text(json, "\":");
  dev_append_text(json, value);
}

void micro_json_text(struct dev_writer *json, const char *key, const char *text) {
  key_and_value(json, key, "\"");
  dev_append_text(json, text);
  dev_append_text(json, "\"");
}

void micro_json_number(struct dev_writer *json, const char *key, uint64_t value) {
  char text[DEV_DECIMAL_ROOM];
  dev_format_unsigned(text, value);
  key_and_value(json, key, text);
}

void micro_json_float(struct dev_writer *json, const char *key, float value) {
  char text[DEV_FLOAT_ROOM];
  dev_format_float(text, value);
  const bool finite = value - value == 0.0f; /* JSON has no other numbers */
  key_and_value(json, key, finite ? text : "null");
}

void micro_json_flag(struct dev_writer *json, const char *key, bool value) {
  key_and_value(json, key, value ? "true" : "false");
}
