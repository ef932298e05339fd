#include "dev_format.h"

#include <string.h>

#include "port.h"

static const char digits[] = "0123456789abcdef";

size_t dev_format_unsigned(char text[DEV_DECIMAL_ROOM], uint64_t value) {
  char reversed[DEV_DECIMAL_ROOM];
  size_t count = 0;
  while (value > UINT32_MAX) {
    reversed[count++] = digits[value % 10u];
    value /= 10u;
  }
  uint32_t rest = (uint32_t)value;
  do {
    reversed[count++] = digits[rest % 10u];
    rest /= 10u;
  } while (rest != 0);
  for (size_t i = 0; i < count; ++i) {
    text[i] = reversed[count - 1u - i];
  }
  text[count] = '\0';
  return count;
}

size_t dev_format_signed(char text[DEV_DECIMAL_ROOM + 1u], int64_t value) {
  if (value >= 0) {
    return dev_format_unsigned(text, (uint64_t)value);
  }
  text[0] = '-';
  return 1u + dev_format_unsigned(text + 1, 0u - (uint64_t)value);
}

void dev_format_hex_byte(char text[3], uint8_t value) {
  text[0] = digits[value >> 4];
  text[1] = digits[value & 15u];
  text[2] = '\0';
}

void dev_format_hex_word(char text[9], uint32_t value) {
  for (unsigned i = 0; i < 4u; ++i) {
    dev_format_hex_byte(text + 2u * i, (uint8_t)(value >> (24u - 8u * i)));
  }
}

void dev_print(const char *text) {
  port_write(text, strlen(text));
}

void dev_print_unsigned(uint64_t value) {
  char text[DEV_DECIMAL_ROOM];
  port_write(text, dev_format_unsigned(text, value));
}

void dev_print_signed(int64_t value) {
  char text[DEV_DECIMAL_ROOM + 1u];
  port_write(text, dev_format_signed(text, value));
}
