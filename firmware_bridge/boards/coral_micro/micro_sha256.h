/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4). */
#ifndef MICRO_SHA256_H
#define MICRO_SHA256_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MICRO_SHA256_TEXT 65u /* 64 hexadecimal digits and the end */

void micro_sha256(const uint8_t *bytes, size_t count, char text[MICRO_SHA256_TEXT]);

#ifdef __cplusplus
}
#endif

#endif
