// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include "libs/audio/audio_driver.h"

namespace coralmicro {

class AudioService {
public:
  using Callback = bool (*)(void *context, const int32_t *samples, size_t count);

  AudioService(AudioDriver *driver, const AudioDriverConfig &config, int priority,
               int drop_first_samples_ms);
  AudioService(const AudioService &) = delete;
  AudioService &operator=(const AudioService &) = delete;
  ~AudioService();

  int AddCallback(void *context, Callback callback);
  bool RemoveCallback(int id);

private:
  size_t piece_;
};

} // namespace coralmicro
