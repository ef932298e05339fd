// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include <memory>
#include <optional>

namespace coralmicro {

enum class PerformanceMode { kLow, kMedium, kHigh, kMax };

class EdgeTpuContext {};

class EdgeTpuManager {
public:
  static EdgeTpuManager *GetSingleton();
  std::shared_ptr<EdgeTpuContext> OpenDevice(PerformanceMode mode = PerformanceMode::kHigh);
  std::optional<float> GetTemperature();
};

} // namespace coralmicro
