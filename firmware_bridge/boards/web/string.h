/* SPDX-License-Identifier: Apache-2.0 */
/* What the firmware takes of the C library's string.h, where there is no C library. */
#ifndef WEB_STRING_H
#define WEB_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *a, const void *b, size_t count);
size_t strlen(const char *text);
char *strcpy(char *restrict to, const char *restrict from);

#endif
