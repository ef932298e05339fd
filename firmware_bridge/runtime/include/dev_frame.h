/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: 0x00, COBS(content), 0x00.
 *
 * content: type u8, flags u8, sequence u16, length u16, payload[length], crc32 u32 over all before
 * it; little-endian. */
#ifndef DEV_FRAME_H
#define DEV_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DEV_PAYLOAD_BYTES 1024u
#define DEV_HEADER_BYTES 6u
#define DEV_CRC_BYTES 4u
#define DEV_CONTENT_BYTES (DEV_HEADER_BYTES + DEV_PAYLOAD_BYTES + DEV_CRC_BYTES)

struct dev_frame {
  uint8_t content[DEV_CONTENT_BYTES];
  uint32_t length; /* of the content */
};

/* Undoes COBS byte by byte. */
struct dev_frame_decoder {
  struct dev_frame *frame;
  uint32_t block_left; /* bytes until the next code byte */
  bool zero_due;       /* whether that code byte stands for a zero */
  bool started;
  bool damaged;
};

/* The first byte of the content; the frame is whole. */
static inline uint8_t dev_frame_type(const struct dev_frame *frame) {
  return frame->content[0];
}

/* Where the payload begins, behind the header. */
static inline uint8_t *dev_frame_payload(struct dev_frame *frame) {
  return frame->content + DEV_HEADER_BYTES;
}

/* Begins to fill `frame`, of which nothing is kept. */
void dev_frame_begin(struct dev_frame_decoder *decoder, struct dev_frame *frame);

/* Takes a byte other than zero. */
void dev_frame_take(struct dev_frame_decoder *decoder, uint8_t byte);

/* Whether nothing came since the beginning. */
bool dev_frame_is_empty(const struct dev_frame_decoder *decoder);

/* Whether what came is a whole frame: no block open, lengths agree, checksum agrees. */
bool dev_frame_is_whole(const struct dev_frame_decoder *decoder);

/* Fills in header and checksum around a payload that is already there. */
void dev_frame_seal(struct dev_frame *frame, uint8_t type, uint32_t sequence, uint32_t length);

/* Sends it by `port_write`. */
void dev_frame_send(const struct dev_frame *frame);

#ifdef __cplusplus
}
#endif

#endif
