// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include <cstddef>
#include <cstdint>

#include "third_party/tflite-micro/tensorflow/lite/c/common.h"
#include "third_party/tflite-micro/tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "third_party/tflite-micro/tensorflow/lite/schema/schema_generated.h"

namespace tflite {

class MicroInterpreter {
public:
  MicroInterpreter(const Model *model, const MicroOpResolver &resolver, uint8_t *arena,
                   size_t arena_bytes);
  TfLiteStatus AllocateTensors();
  TfLiteStatus Invoke();
  size_t inputs_size() const;
  size_t outputs_size() const;
  TfLiteTensor *input(size_t index);
  TfLiteTensor *output(size_t index);
  size_t arena_used_bytes() const;

private:
  const Model *model_;
  uint8_t *arena_;
  size_t arena_bytes_;
  TfLiteTensor input_{};
  TfLiteTensor output_{};
};

} // namespace tflite
