// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include <cstddef>

#include "third_party/freertos_kernel/include/FreeRTOS.h"

struct StandInStreamBuffer;
using StreamBufferHandle_t = StandInStreamBuffer *;

StreamBufferHandle_t xStreamBufferCreate(size_t bytes, size_t trigger);
size_t xStreamBufferSend(StreamBufferHandle_t buffer, const void *bytes, size_t count,
                         TickType_t wait);
size_t xStreamBufferReceive(StreamBufferHandle_t buffer, void *bytes, size_t room, TickType_t wait);
BaseType_t xStreamBufferReset(StreamBufferHandle_t buffer);
