// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include "third_party/tflite-micro/tensorflow/lite/c/common.h"

namespace tflite {

class MicroOpResolver {
public:
  virtual ~MicroOpResolver() = default;
};

// Of the methods those that the tests export.
template <unsigned int most> class MicroMutableOpResolver : public MicroOpResolver {
public:
  TfLiteStatus AddCustom(const char *, TfLiteRegistration *) {
    return Add();
  }
  TfLiteStatus AddSoftmax() {
    return Add();
  }
  TfLiteStatus AddQuantize() {
    return Add();
  }

private:
  TfLiteStatus Add() {
    return count_++ < most ? kTfLiteOk : kTfLiteError;
  }

  unsigned int count_ = 0;
};

} // namespace tflite
