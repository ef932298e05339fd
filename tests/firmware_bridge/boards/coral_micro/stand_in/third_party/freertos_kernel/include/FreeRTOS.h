// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include <cstdint>

using TickType_t = uint32_t;
using BaseType_t = int32_t;

#define pdMS_TO_TICKS(milliseconds) (static_cast<TickType_t>(milliseconds))
