// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

namespace coralmicro {

enum class TempSensor { kCpu, kTpu };

float TempSensorRead(TempSensor sensor);

} // namespace coralmicro
