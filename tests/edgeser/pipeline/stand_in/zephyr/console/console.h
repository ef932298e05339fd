/* As much of Zephyr's console as the samples call. */
#pragma once
#include <sys/types.h>

int console_init(void);
ssize_t console_read(void *dummy, void *buf, size_t size);
