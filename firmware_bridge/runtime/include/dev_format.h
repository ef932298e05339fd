/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text, without the C library's formatted output. */
#ifndef DEV_FORMAT_H
#define DEV_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DEV_DECIMAL_ROOM 21u /* a 64-bit number and its end */
#define DEV_FLOAT_ROOM 22u   /* sign, 16 digits, point, 3 digits and the end */

/* Write digits and a terminating zero; return the number of characters before it. */
size_t dev_format_unsigned(char text[DEV_DECIMAL_ROOM], uint64_t value);

/* Writes two digits in lower case and a terminating zero. */
void dev_format_hex_byte(char text[3], uint8_t value);

/* Writes eight digits in lower case and a terminating zero. */
void dev_format_hex_word(char text[9], uint32_t value);

/* The same characters as printf's "%.3f", but from 2^53 on infinity. */
size_t dev_format_float(char text[DEV_FLOAT_ROOM], float value);

/* To the host, by `port_write`. */
void dev_print(const char *text);

/* The digits of a number, to the host. */
void dev_print_unsigned(uint64_t value);

/* A number with three decimals, to the host; as dev_format_float. */
void dev_print_float(float value);

#ifdef __cplusplus
}
#endif

#endif
