/* Bytes by semihosting, through the debugger: for the emulator, where a UART takes some thousand
 * times as long as whatever is measured. Waiting takes no time of the board's own. */
#include <string.h>

#include "console.h"
#include "port.h"

#define BUFFER_BYTES 512u
#define STANDARD_INPUT ":tt"

/* Operations and modes of Arm's semihosting. */
enum operation { OPEN = 0x01, WRITE = 0x05, READ = 0x06, EXIT = 0x18 };
enum mode { MODE_READ = 0, MODE_WRITE = 4 };
#define APPLICATION_EXIT 0x20026u

/* By this section the emulator is told how we talk. */
__attribute__((section(".semihosting"), used)) static const uint32_t marker = 1;

static struct {
  int32_t in, out; /* handles */
  uint32_t next, end, waiting;
  uint8_t received[BUFFER_BYTES], written[BUFFER_BYTES];
} console;

static int32_t call(enum operation operation, uintptr_t argument) {
  register uint32_t r0 __asm("r0") = operation;
  register uintptr_t r1 __asm("r1") = argument;
  __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return (int32_t)r0;
}

static int32_t open_stream(enum mode mode) {
  const uint32_t block[] = {(uint32_t)STANDARD_INPUT, mode, sizeof(STANDARD_INPUT) - 1u};
  return call(OPEN, (uintptr_t)block);
}

void console_start(void) {
  console.in = open_stream(MODE_READ);
  console.out = open_stream(MODE_WRITE);
}

void console_finish(void) {
  const uint32_t block[] = {(uint32_t)console.out, (uint32_t)console.written, console.waiting};
  if (console.waiting > 0) {
    call(WRITE, (uintptr_t)block);
    console.waiting = 0;
  }
}

int port_read(void) {
  return console.next < console.end ? console.received[console.next++] : -1;
}

/* The answer is the number of bytes that were not read; where none was, the input has ended. */
void port_wait(void) {
  const uint32_t block[] = {(uint32_t)console.in, (uint32_t)console.received, BUFFER_BYTES};
  console_finish();
  const uint32_t left = (uint32_t)call(READ, (uintptr_t)block);
  if (left >= BUFFER_BYTES) {
    call(EXIT, APPLICATION_EXIT);
  }
  console.next = 0;
  console.end = BUFFER_BYTES - left;
}

void port_write(const void *bytes, size_t count) {
  const uint8_t *from = bytes;
  while (count > 0) {
    const size_t room = BUFFER_BYTES - console.waiting, taken = count < room ? count : room;
    memcpy(console.written + console.waiting, from, taken);
    console.waiting += (uint32_t)taken;
    from += taken;
    count -= taken;
    if (console.waiting == BUFFER_BYTES) {
      console_finish();
    }
  }
}
