// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include "third_party/tflite-micro/tensorflow/lite/c/common.h"

namespace coralmicro {

inline constexpr char kCustomOp[] = "edgetpu-custom-op";

TfLiteRegistration *RegisterCustomOp();

} // namespace coralmicro
