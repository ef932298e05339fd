/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32 as in zlib: reflected, polynomial 0x04C11DB7. */
#ifndef DEV_CRC32_H
#define DEV_CRC32_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Continues `crc` (0 at the beginning) over more bytes. */
uint32_t dev_crc32(uint32_t crc, const void *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
