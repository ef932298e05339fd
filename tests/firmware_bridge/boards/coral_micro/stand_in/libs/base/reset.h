// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

namespace coralmicro {

void ResetToFlash();

} // namespace coralmicro
