/* SPDX-License-Identifier: Apache-2.0 */
/* Little-endian numbers in bytes. */
#ifndef DEV_BYTES_H
#define DEV_BYTES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The lower 16 bits to two bytes, at any address. */
static inline void dev_put_u16(uint8_t *bytes, uint32_t value) {
  bytes[0] = (uint8_t)value;
  bytes[1] = (uint8_t)(value >> 8);
}

/* 32 bits to four bytes, at any address. */
static inline void dev_put_u32(uint8_t *bytes, uint32_t value) {
  dev_put_u16(bytes, value);
  dev_put_u16(bytes + 2, value >> 16);
}

/* Two bytes from any address: 0 to 65535. */
static inline uint32_t dev_get_u16(const uint8_t *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

/* Four bytes from any address. */
static inline uint32_t dev_get_u32(const uint8_t *bytes) {
  return dev_get_u16(bytes) | dev_get_u16(bytes + 2) << 16;
}

#ifdef __cplusplus
}
#endif

#endif
