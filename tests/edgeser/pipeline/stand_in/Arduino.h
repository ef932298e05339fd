/* As much of Arduino as the sketches call. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct Port {
  void begin(unsigned long);
  size_t readBytes(char *, size_t);
  size_t println(const char *);
  size_t write(const uint8_t *, size_t);
};
extern Port Serial;
