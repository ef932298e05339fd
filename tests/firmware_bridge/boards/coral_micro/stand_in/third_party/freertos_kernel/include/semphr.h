// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

struct StandInSemaphore;
using SemaphoreHandle_t = StandInSemaphore *;

SemaphoreHandle_t xSemaphoreCreateMutex();
