/* Numbers as text, without the C library's formatted output. */
#ifndef DEV_FORMAT_H
#define DEV_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define DEV_DECIMAL_ROOM 21u /* a 64-bit number and its end */

/* Write digits and a terminating zero; return the number of characters before it. */
size_t dev_format_unsigned(char text[DEV_DECIMAL_ROOM], uint64_t value);
size_t dev_format_signed(char text[DEV_DECIMAL_ROOM + 1u], int64_t value);
void dev_format_hex_byte(char text[3], uint8_t value);
void dev_format_hex_word(char text[9], uint32_t value);

/* To the host, by `port_write`. */
void dev_print(const char *text);
void dev_print_unsigned(uint64_t value);
void dev_print_signed(int64_t value);

#endif
