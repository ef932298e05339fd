/* SPDX-License-Identifier: Apache-2.0 */
// The PDM microphone, through the SDK's audio service.

#include <atomic>
#include <memory>

#include "libs/audio/audio_driver.h"
#include "libs/audio/audio_service.h"
#include "micro_board.h"
#include "third_party/freertos_kernel/include/FreeRTOS.h"
#include "third_party/freertos_kernel/include/stream_buffer.h"

namespace {

constexpr size_t kBuffers = 4;
constexpr size_t kBufferMs = 20;
constexpr size_t kSamplesPerMs = 16;
constexpr int kPriority = 4;
constexpr int kDropFirstMs = 150; // while the microphone settles
constexpr size_t kKeptSamples = 16000;

coralmicro::AudioDriverBuffers<kBuffers, kBuffers * kBufferMs * kSamplesPerMs> buffers;
coralmicro::AudioDriver driver(buffers);
std::unique_ptr<coralmicro::AudioService> service;
StreamBufferHandle_t kept;
std::atomic<uint32_t> missed{0};
int listener = -1;

bool Keep(void *, const int32_t *samples, size_t count) {
  const size_t sent =
      xStreamBufferSend(kept, samples, count * sizeof(*samples), 0) / sizeof(*samples);
  missed += static_cast<uint32_t>(count - sent);
  return true;
}

} // namespace

bool micro_board_listen(bool on) {
  if (!on) {
    const bool stopped = listener < 0 || service->RemoveCallback(listener);
    listener = -1;
    return stopped;
  }
  if (kept == nullptr) {
    kept = xStreamBufferCreate(kKeptSamples * sizeof(int32_t), 1);
  }
  if (kept == nullptr) {
    return false;
  }
  xStreamBufferReset(kept);
  missed = 0;
  if (!service) {
    const coralmicro::AudioDriverConfig config{coralmicro::AudioSampleRate::k16000_Hz, kBuffers,
                                               kBufferMs};
    service = std::make_unique<coralmicro::AudioService>(&driver, config, kPriority, kDropFirstMs);
  }
  listener = service->AddCallback(nullptr, Keep);
  return listener >= 0;
}

size_t micro_board_hear(int32_t *samples, size_t room) {
  return xStreamBufferReceive(kept, samples, room * sizeof(*samples), 0) / sizeof(*samples);
}

uint32_t micro_board_missed() {
  return missed;
}
