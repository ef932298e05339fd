/* SPDX-License-Identifier: Apache-2.0 */
#include "micro_upload.h"

#include <string.h>

#include "micro_board.h"
#include "micro_model.h"

#define IDENTIFIER "TFL3"
#define IDENTIFIER_AT 4u
#define LEAST_BYTES 16u

static MICRO_SDRAM uint8_t incoming[MODEL_ROOM_BYTES];

const char *micro_upload_begin(struct micro_upload *upload, uint32_t size, const char *hash) {
  upload->size = 0;
  if (size < LEAST_BYTES || size > sizeof(incoming)) {
    return "the model does not fit the room for it";
  }
  if (strlen(hash) != MICRO_SHA256_TEXT - 1u) {
    return "sha256 must have 64 hexadecimal digits";
  }
  memcpy(upload->hash, hash, sizeof(upload->hash));
  upload->size = size;
  upload->taken = 0;
  return NULL;
}

const char *micro_upload_take(struct micro_upload *upload, uint32_t offset, const uint8_t *bytes,
                              uint32_t count) {
  if (upload->size == 0) {
    return "model_begin must come first";
  }
  if (offset > upload->taken || count > upload->size - offset) {
    return "the piece does not fit what came before";
  }
  memcpy(incoming + offset, bytes, count);
  upload->taken = offset + count > upload->taken ? offset + count : upload->taken;
  return NULL;
}

const char *micro_upload_end(struct micro_upload *upload) {
  char hash[MICRO_SHA256_TEXT];
  if (upload->size == 0 || upload->taken != upload->size) {
    return "the model is not complete";
  }
  micro_sha256(incoming, upload->size, hash);
  if (strcmp(hash, upload->hash) != 0) {
    return "the model is not what was announced: sha256 differs";
  }
  if (memcmp(incoming + IDENTIFIER_AT, IDENTIFIER, strlen(IDENTIFIER)) != 0) {
    return "that is no .tflite";
  }
  if (!micro_board_store(MICRO_MODEL_PATH, incoming, upload->size)) {
    return "the file system did not take the model";
  }
  upload->size = 0;
  return NULL;
}
