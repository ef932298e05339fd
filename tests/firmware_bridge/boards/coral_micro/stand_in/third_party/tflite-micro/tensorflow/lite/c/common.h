// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include <cstddef>
#include <cstdint>

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

struct TfLiteRegistration {};

union TfLitePtrUnion {
  uint8_t *uint8;
  int8_t *int8;
};

struct TfLiteTensor {
  TfLitePtrUnion data;
  size_t bytes;
};
