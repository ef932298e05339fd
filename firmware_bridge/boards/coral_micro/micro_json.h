/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a flat JSON object. Keys and texts must need no escape. */
#ifndef MICRO_JSON_H
#define MICRO_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "dev_writer.h"

#ifdef __cplusplus
extern "C" {
#endif

void micro_json_open(struct dev_writer *json);
void micro_json_close(struct dev_writer *json);
void micro_json_text(struct dev_writer *json, const char *key, const char *text);
void micro_json_number(struct dev_writer *json, const char *key, uint64_t value);
void micro_json_float(struct dev_writer *json, const char *key, float value);
void micro_json_flag(struct dev_writer *json, const char *key, bool value);

#ifdef __cplusplus
}
#endif

#endif
