/* A wake word and a model that listens, in one C++ program, asked over the console. */
#include <stddef.h>
#include <stdint.h>

#include <edgeser_emotion_wake.h>

#include "port.h"

namespace {

emotion_listener listener;
alignas(16) uint8_t arena[WAKE_ARENA_BYTES];
alignas(16) uint8_t state[WAKE_STATE_BYTES];

void read_into(void *place, size_t count) {
  auto *bytes = static_cast<uint8_t *>(place);
  for (size_t i = 0; i < count; ++i) {
    int byte = port_read();
    while (byte < 0) {
      port_wait();
      byte = port_read();
    }
    bytes[i] = static_cast<uint8_t>(byte);
  }
}

/* 512 samples; back come how many decisions they brought, the last of them, and its logits. */
void hear() {
  static int16_t samples[512];
  static struct dev_verdict verdict;
  read_into(samples, sizeof(samples));
  const auto count =
      static_cast<uint32_t>(emotion_listener_hear(&listener, samples, 512, &verdict));
  const uint32_t words[] = {count, verdict.label, verdict.probability, verdict.unsure};
  port_write(words, sizeof(words));
  port_write(emotion_output(listener.arena), EMOTION_OUTPUT_BYTES);
}

/* An input of the wake word; back comes its output. */
void wake() {
  read_into(wake_input(arena), WAKE_INPUT_BYTES);
  wake_run(arena, state, nullptr, nullptr);
  port_write(wake_output(arena), WAKE_OUTPUT_BYTES);
}

} // namespace

int main() {
  wake_reset(state);
  port_write(emotion_listener_start(&listener) != 0 ? "ready" : "wrong", 5);
  for (;;) {
    uint8_t asked;
    read_into(&asked, 1);
    if (asked == 'h') {
      hear();
    } else {
      wake();
    }
  }
}
