/* SPDX-License-Identifier: Apache-2.0 */
/* The application as a POSIX process over its standard input and output, for tests of the
 * protocol. Ends when its input ends. */
#define _POSIX_C_SOURCE 200809L

#include "port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS_A_TICK 40u
#define BUFFER_BYTES 4096u

const char port_board[] = "host";
const uint32_t port_unread_bytes = 0;

static struct {
  uint8_t in[BUFFER_BYTES], out[BUFFER_BYTES];
  size_t next, end, waiting;
} io;

static uint64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint32_t port_ticks(void) {
  return (uint32_t)(nanoseconds() / NANOSECONDS_A_TICK);
}

uint32_t port_begin(void) {
  return port_ticks();
}

uint32_t port_ticks_per_second(void) {
  return 1000000000u / NANOSECONDS_A_TICK;
}

uint64_t port_microseconds(void) {
  return nanoseconds() / 1000u;
}

static void flush(void) {
  for (size_t done = 0; done < io.waiting;) {
    const ssize_t count = write(STDOUT_FILENO, io.out + done, io.waiting - done);
    if (count < 0 && errno != EINTR) {
      exit(EXIT_FAILURE);
    }
    done += count > 0 ? (size_t)count : 0u;
  }
  io.waiting = 0;
}

int port_read(void) {
  return io.next < io.end ? io.in[io.next++] : -1;
}

void port_wait(void) {
  flush();
  const ssize_t count = read(STDIN_FILENO, io.in, sizeof(io.in));
  if (count == 0 || (count < 0 && errno != EINTR)) {
    exit(count == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  io.next = 0;
  io.end = count > 0 ? (size_t)count : 0u;
}

void port_write(const void *bytes, size_t count) {
  for (size_t done = 0; done < count;) {
    const size_t room = sizeof(io.out) - io.waiting, left = count - done;
    const size_t taken = left < room ? left : room;
    memcpy(io.out + io.waiting, (const uint8_t *)bytes + done, taken);
    io.waiting += taken;
    done += taken;
    if (io.waiting == sizeof(io.out)) {
      flush();
    }
  }
}

static void write_error(const char *text) {
  const ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
  (void)ignored;
}

void port_log(const char *line) {
  write_error(line);
  write_error("\n");
}

void port_fatal(const char *reason) {
  port_write("e-[", 3);
  port_write(reason, strlen(reason));
  port_write("]\r\n", 3);
  flush();
  exit(EXIT_FAILURE);
}

void port_stack(uint32_t *bytes, uint32_t *used) {
  *bytes = 0;
  *used = 0;
}

const void *port_constants(size_t *bytes) {
  *bytes = 0;
  return "";
}
