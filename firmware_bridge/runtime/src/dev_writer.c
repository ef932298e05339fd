/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_writer.h"

#include <string.h>

#include "dev_bytes.h"
#include "dev_format.h"

uint8_t *dev_append(struct dev_writer *writer, size_t count) {
  if (writer->full || count > writer->room - writer->used) {
    writer->full = true;
    return NULL;
  }
  uint8_t *place = writer->bytes + writer->used;
  writer->used += count;
  return place;
}

void dev_append_bytes(struct dev_writer *writer, const void *bytes, size_t count) {
  uint8_t *place = dev_append(writer, count);
  if (place != NULL) {
    memcpy(place, bytes, count);
  }
}

void dev_append_u8(struct dev_writer *writer, uint32_t value) {
  uint8_t *place = dev_append(writer, 1);
  if (place != NULL) {
    *place = (uint8_t)value;
  }
}

void dev_append_u16(struct dev_writer *writer, uint32_t value) {
  uint8_t *place = dev_append(writer, 2);
  if (place != NULL) {
    dev_put_u16(place, value);
  }
}

void dev_append_u32(struct dev_writer *writer, uint32_t value) {
  uint8_t *place = dev_append(writer, 4);
  if (place != NULL) {
    dev_put_u32(place, value);
  }
}

void dev_append_u64(struct dev_writer *writer, uint64_t value) {
  dev_append_u32(writer, (uint32_t)value);
  dev_append_u32(writer, (uint32_t)(value >> 32));
}

void dev_append_text(struct dev_writer *writer, const char *text) {
  dev_append_bytes(writer, text, strlen(text));
}

void dev_append_entry(struct dev_writer *writer, const char *key, const char *value) {
  dev_append_text(writer, key);
  dev_append_text(writer, "=");
  dev_append_text(writer, value);
  dev_append_text(writer, "\n");
}

void dev_append_number(struct dev_writer *writer, const char *key, uint32_t value) {
  char text[DEV_DECIMAL_ROOM];
  dev_format_unsigned(text, value);
  dev_append_entry(writer, key, text);
}
