/* SPDX-License-Identifier: Apache-2.0 */
// The Edge TPU, and TFLite-Micro with the operators that the model needs.

#include <memory>

#include "libs/base/tempsense.h"
#include "libs/tpu/edgetpu_manager.h"
#include "micro_board.h"
#include "micro_resolver.h"
#include "third_party/tflite-micro/tensorflow/lite/micro/micro_interpreter.h"
#include "third_party/tflite-micro/tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "third_party/tflite-micro/tensorflow/lite/schema/schema_generated.h"

namespace {

// In this order: the context must outlive the interpreter.
std::shared_ptr<coralmicro::EdgeTpuContext> context;
tflite::MicroMutableOpResolver<kResolverOperators> resolver;
std::unique_ptr<tflite::MicroInterpreter> interpreter;

coralmicro::PerformanceMode Mode(micro_clock clock) {
  switch (clock) {
  case MICRO_LOW:
    return coralmicro::PerformanceMode::kLow;
  case MICRO_MEDIUM:
    return coralmicro::PerformanceMode::kMedium;
  case MICRO_MAX:
    return coralmicro::PerformanceMode::kMax;
  default:
    return coralmicro::PerformanceMode::kHigh;
  }
}

} // namespace

const char *micro_board_open(const uint8_t *model, uint8_t *arena, size_t arena_bytes,
                             micro_clock clock, micro_tpu *tpu) {
  context = coralmicro::EdgeTpuManager::GetSingleton()->OpenDevice(Mode(clock));
  if (!context) {
    return "the Edge TPU does not start";
  }
  if (!AddOperators(&resolver)) {
    return "the operators do not register";
  }
  interpreter = std::make_unique<tflite::MicroInterpreter>(tflite::GetModel(model), resolver, arena,
                                                           arena_bytes);
  if (interpreter->AllocateTensors() != kTfLiteOk) {
    return "the model does not load: an operator that was not exported, or too small an arena";
  }
  if (interpreter->inputs_size() != 1 || interpreter->outputs_size() < 1 ||
      interpreter->outputs_size() > MICRO_MOST_OUTPUTS) {
    return "the model must have one input, and 1 to 16 outputs";
  }
  tpu->input = interpreter->input(0)->data.int8;
  tpu->input_bytes = static_cast<uint32_t>(interpreter->input(0)->bytes);
  tpu->output_count = static_cast<uint32_t>(interpreter->outputs_size());
  for (uint32_t i = 0; i < tpu->output_count; ++i) {
    tpu->outputs[i] = interpreter->output(i)->data.int8;
    tpu->output_bytes[i] = static_cast<uint32_t>(interpreter->output(i)->bytes);
  }
  tpu->arena_used = static_cast<uint32_t>(interpreter->arena_used_bytes());
  return nullptr;
}

bool micro_board_invoke() {
  return interpreter->Invoke() == kTfLiteOk;
}

float micro_board_tpu_degrees() {
  // Only where it runs: asking the SDK's sensor would power it up.
  return coralmicro::EdgeTpuManager::GetSingleton()->GetTemperature().value_or(0.0f);
}

float micro_board_cpu_degrees() {
  return coralmicro::TempSensorRead(coralmicro::TempSensor::kCpu);
}
