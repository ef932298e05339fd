// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include <cstdint>

namespace coralmicro {

uint64_t TimerMicros();

} // namespace coralmicro
