// Runs the MicroFrontend of pymicro-features over one request: amplitudes to standard output.
extern "C" {
#include "tensorflow/lite/experimental/microfrontend/lib/frontend.h"
#include "tensorflow/lite/experimental/microfrontend/lib/frontend_util.h"
}

#include "request.h"

static FrontendConfig to_config(const double *settings) {
  FrontendConfig config;
  FrontendFillConfigWithDefaults(&config);
  config.window.size_ms = static_cast<size_t>(settings[WINDOW_MS]);
  config.window.step_size_ms = static_cast<size_t>(settings[HOP_MS]);
  config.filterbank.num_channels = static_cast<int>(settings[CHANNELS]);
  config.filterbank.lower_band_limit = static_cast<float>(settings[LOWER_HZ]);
  config.filterbank.upper_band_limit = static_cast<float>(settings[UPPER_HZ]);
  config.noise_reduction.smoothing_bits = static_cast<int>(settings[SMOOTHING_BITS]);
  config.noise_reduction.even_smoothing = static_cast<float>(settings[EVEN_SMOOTHING]);
  config.noise_reduction.odd_smoothing = static_cast<float>(settings[ODD_SMOOTHING]);
  // It has no switch: keeping all of the signal is what turns it off.
  config.noise_reduction.min_signal_remaining =
      settings[NOISE_REDUCTION] != 0 ? static_cast<float>(settings[MIN_SIGNAL_REMAINING]) : 1.0f;
  config.pcan_gain_control.enable_pcan = settings[PCAN] != 0;
  config.pcan_gain_control.strength = static_cast<float>(settings[PCAN_STRENGTH]);
  config.pcan_gain_control.offset = static_cast<float>(settings[PCAN_OFFSET]);
  config.pcan_gain_control.gain_bits = static_cast<int>(settings[PCAN_GAIN_BITS]);
  config.log_scale.enable_log = settings[LOG] != 0;
  config.log_scale.scale_shift = static_cast<int>(settings[LOG_SCALE_SHIFT]);
  return config;
}

int main() {
  request request;
  read_request(&request);
  const FrontendConfig config = to_config(request.settings);
  FrontendState state;
  if (!FrontendPopulateState(&config, &state, static_cast<int>(request.settings[SAMPLE_RATE]))) {
    return 3;
  }
  const int16_t *samples = request.samples;
  size_t left = request.count;
  while (left > 0) {
    size_t taken = 0;
    const FrontendOutput output = FrontendProcessSamples(&state, samples, left, &taken);
    samples += taken;
    left -= taken;
    fwrite(output.values, sizeof(uint16_t), output.size, stdout);
  }
  FrontendFreeStateContents(&state);
  free(request.samples);
  return 0;
}
