/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_frame.h"

#include "dev_bytes.h"
#include "dev_crc32.h"
#include "port.h"

#define LONGEST_BLOCK 254u

void dev_frame_begin(struct dev_frame_decoder *decoder, struct dev_frame *frame) {
  *decoder = (struct dev_frame_decoder){.frame = frame};
  frame->length = 0;
}

static void put(struct dev_frame_decoder *decoder, uint8_t byte) {
  struct dev_frame *frame = decoder->frame;
  if (frame->length == DEV_CONTENT_BYTES) {
    decoder->damaged = true;
  } else {
    frame->content[frame->length++] = byte;
  }
}

void dev_frame_take(struct dev_frame_decoder *decoder, uint8_t byte) {
  decoder->started = true;
  if (decoder->block_left > 0) {
    --decoder->block_left;
    put(decoder, byte);
    return;
  }
  if (decoder->zero_due) {
    put(decoder, 0);
  }
  decoder->block_left = byte - 1u;
  decoder->zero_due = byte <= LONGEST_BLOCK;
}

bool dev_frame_is_empty(const struct dev_frame_decoder *decoder) {
  return !decoder->started;
}

bool dev_frame_is_whole(const struct dev_frame_decoder *decoder) {
  const struct dev_frame *frame = decoder->frame;
  if (decoder->damaged || decoder->block_left > 0 ||
      frame->length < DEV_HEADER_BYTES + DEV_CRC_BYTES) {
    return false;
  }
  const uint32_t checked = frame->length - DEV_CRC_BYTES;
  return dev_get_u16(frame->content + 4) == checked - DEV_HEADER_BYTES &&
         dev_get_u32(frame->content + checked) == dev_crc32(0, frame->content, checked);
}

void dev_frame_seal(struct dev_frame *frame, uint8_t type, uint32_t sequence, uint32_t length) {
  const uint32_t checked = DEV_HEADER_BYTES + length;
  frame->content[0] = type;
  frame->content[1] = 0;
  dev_put_u16(frame->content + 2, sequence);
  dev_put_u16(frame->content + 4, length);
  dev_put_u32(frame->content + checked, dev_crc32(0, frame->content, checked));
  frame->length = checked + DEV_CRC_BYTES;
}

/* Sends the block that begins at `from`; returns where the next one begins. */
static uint32_t send_block(const struct dev_frame *frame, uint32_t from) {
  uint32_t end = from;
  while (end < frame->length && end - from < LONGEST_BLOCK && frame->content[end] != 0) {
    ++end;
  }
  const uint8_t code = (uint8_t)(end - from + 1u);
  port_write(&code, 1);
  port_write(frame->content + from, end - from);
  /* A full block stands for no zero; nor does the last. */
  return code > LONGEST_BLOCK && end < frame->length ? end : end + 1u;
}

void dev_frame_send(const struct dev_frame *frame) {
  static const uint8_t delimiter = 0;
  port_write(&delimiter, 1);
  /* A zero at the very end leaves one empty block to send: hence <=. */
  for (uint32_t from = 0; from <= frame->length;) {
    from = send_block(frame, from);
  }
  port_write(&delimiter, 1);
}
