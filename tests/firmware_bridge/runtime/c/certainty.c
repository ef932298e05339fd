/* Runs dev_certainty over cases on an emulated Cortex-M7; files come and go by semihosting.
 *
 * request.bin: cases, each uint32 classes, label, windows and multiplier, and its int32 sums.
 * reply.bin:   for each case uint32 probability and ticks. */
#include <string.h>

#include "dev_certainty.h"
#include "semihosting.h"

#define MOST_BYTES (2u << 20)

static uint8_t request[MOST_BYTES];

static void run(void) {
  const uint32_t length = get(open_file("request.bin", 11, MODE_READ), request, MOST_BYTES);
  const uint32_t file = open_file("reply.bin", 9, MODE_WRITE);
  for (uint32_t at = 0; at < length;) {
    uint32_t head[4], reply[2];
    memcpy(head, request + at, sizeof(head));
    const int32_t *sums = (const int32_t *)(request + at + sizeof(head));
    const uint32_t begin = ticks();
    reply[0] = dev_certainty(sums, head[0], head[1], head[2], head[3]);
    reply[1] = ticks() - begin;
    put(file, reply, sizeof(reply));
    at += (uint32_t)sizeof(head) + 4u * head[0];
  }
}
