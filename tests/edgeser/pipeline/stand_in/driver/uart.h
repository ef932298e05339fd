/* As much of ESP-IDF's UART as the examples call. */
#pragma once
#include <stdint.h>

#define portMAX_DELAY 0xFFFFFFFFu
enum { UART_NUM_0 };
int uart_driver_install(int port, int rx, int tx, int queue, void *handle, int flags);
int uart_read_bytes(int port, void *buf, uint32_t length, uint32_t ticks);
