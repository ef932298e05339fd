/* SPDX-License-Identifier: Apache-2.0 */
/* A model that comes in pieces, and goes to the file system when all of it is there and is what
 * was announced. The board runs it after its next start. */
#ifndef MICRO_UPLOAD_H
#define MICRO_UPLOAD_H

#include <stdint.h>

#include "micro_sha256.h"

#ifdef __cplusplus
extern "C" {
#endif

struct micro_upload {
  uint32_t size; /* announced; 0: none */
  uint32_t taken;
  char hash[MICRO_SHA256_TEXT];
};

/* Each returns NULL, or why not. A piece that came already may come again. */
const char *micro_upload_begin(struct micro_upload *upload, uint32_t size, const char *hash);
const char *micro_upload_take(struct micro_upload *upload, uint32_t offset, const uint8_t *bytes,
                              uint32_t count);
const char *micro_upload_end(struct micro_upload *upload);

#ifdef __cplusplus
}
#endif

#endif
