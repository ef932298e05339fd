// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coralmicro {

enum class AudioSampleRate : int32_t { k16000_Hz = 16000, k48000_Hz = 48000 };

struct AudioDriverConfig {
  AudioSampleRate sample_rate;
  size_t num_dma_buffers;
  size_t dma_buffer_size_ms;
};

template <size_t count, size_t samples> struct AudioDriverBuffers {
  int32_t dma_buffer[samples];
};

class AudioDriver {
public:
  template <size_t count, size_t samples>
  explicit AudioDriver(AudioDriverBuffers<count, samples> &) : samples_(samples) {
  }

  size_t samples() const {
    return samples_;
  }

private:
  size_t samples_;
};

} // namespace coralmicro
