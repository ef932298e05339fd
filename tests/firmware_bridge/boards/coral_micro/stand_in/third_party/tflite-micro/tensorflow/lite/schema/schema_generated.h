// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

namespace tflite {

struct Model;

const Model *GetModel(const void *bytes);

} // namespace tflite
