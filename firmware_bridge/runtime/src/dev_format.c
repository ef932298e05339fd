/* SPDX-License-Identifier: Apache-2.0 */
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

/* 1000 * mantissa * 2^power, rounded to the nearest, halves to even; mantissa < 2^24. */
static uint64_t thousandths(uint32_t mantissa, int32_t power) {
  const uint64_t product = 1000u * (uint64_t)mantissa;
  if (power >= 0) {
    return product << power;
  }
  if (power < -40) {
    return 0;
  }
  const uint64_t half = 1ull << (-power - 1), odd = product >> -power & 1u;
  return (product + half - 1u + odd) >> -power;
}

static size_t copy(char *text, const char *word) {
  strcpy(text, word);
  return strlen(word);
}

size_t dev_format_float(char text[DEV_FLOAT_ROOM], float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  const uint32_t exponent = bits >> 23 & 0xFFu, fraction = bits & 0x7FFFFFu;
  size_t used = bits >> 31 != 0 ? copy(text, "-") : 0;
  if (exponent == 0xFFu && fraction != 0) {
    return used + copy(text + used, "nan");
  }
  if (exponent >= 127u + 53u) {
    return used + copy(text + used, "inf");
  }
  const uint32_t mantissa = exponent == 0 ? fraction : fraction | 1u << 23;
  const int32_t power = (exponent == 0 ? 1 : (int32_t)exponent) - 150;
  const uint64_t number = thousandths(mantissa, power);
  const uint32_t rest = (uint32_t)(number % 1000u);
  used += dev_format_unsigned(text + used, number / 1000u);
  text[used++] = '.';
  text[used++] = digits[rest / 100u];
  text[used++] = digits[rest / 10u % 10u];
  text[used++] = digits[rest % 10u];
  text[used] = '\0';
  return used;
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

void dev_print_float(float value) {
  char text[DEV_FLOAT_ROOM];
  port_write(text, dev_format_float(text, value));
}
