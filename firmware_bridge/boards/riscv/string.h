/* SPDX-License-Identifier: Apache-2.0 */
/* As much of the C library's as the sources use, for a core that comes without one. */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *memcpy(void *to, const void *from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *a, const void *b, size_t count);
size_t strlen(const char *text);
char *strcpy(char *to, const char *from);

#ifdef __cplusplus
}
#endif

#endif
