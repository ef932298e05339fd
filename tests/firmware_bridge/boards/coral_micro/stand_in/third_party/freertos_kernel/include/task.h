// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include "third_party/freertos_kernel/include/FreeRTOS.h"

void vTaskDelay(TickType_t ticks);
void taskYIELD();
