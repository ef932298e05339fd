/* SPDX-License-Identifier: Apache-2.0 */
/* Appends to a block of bytes and remembers whether it was too small. */
#ifndef DEV_WRITER_H
#define DEV_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct dev_writer {
  uint8_t *bytes;
  size_t room;
  size_t used;
  bool full; /* something did not fit and was left out */
};

/* Room for `count` bytes, or NULL. */
uint8_t *dev_append(struct dev_writer *writer, size_t count);

/* Appends `count` bytes, or nothing where they do not fit, as all of these do. */
void dev_append_bytes(struct dev_writer *writer, const void *bytes, size_t count);

/* The lower 8 bits. */
void dev_append_u8(struct dev_writer *writer, uint32_t value);

/* The lower 16 bits, little-endian. */
void dev_append_u16(struct dev_writer *writer, uint32_t value);

/* 32 bits, little-endian. */
void dev_append_u32(struct dev_writer *writer, uint32_t value);

/* 64 bits, little-endian. */
void dev_append_u64(struct dev_writer *writer, uint64_t value);

/* Its characters, without the terminating zero. */
void dev_append_text(struct dev_writer *writer, const char *text);

/* "key=value\n" */
void dev_append_entry(struct dev_writer *writer, const char *key, const char *value);

/* "key=digits\n" */
void dev_append_number(struct dev_writer *writer, const char *key, uint32_t value);

#ifdef __cplusplus
}
#endif

#endif
