// STAND-IN: not the SDK, and no Edge TPU. Lets the application run as a process: the console is its
// standard input and output, the file system the folder that it runs in, the microphone a file of
// int32 numbers there, and JSON-RPC lines on two descriptors that are its arguments. The third says
// how many unread bytes the console keeps.

#include <atomic>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <map>
#include <mutex>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "libs/audio/audio_service.h"
#include "libs/base/console_m7.h"
#include "libs/base/filesystem.h"
#include "libs/base/mutex.h"
#include "libs/base/reset.h"
#include "libs/base/tempsense.h"
#include "libs/base/timer.h"
#include "libs/rpc/rpc_http_server.h"
#include "libs/tpu/edgetpu_manager.h"
#include "libs/tpu/edgetpu_op.h"
#include "third_party/freertos_kernel/include/stream_buffer.h"
#include "third_party/freertos_kernel/include/task.h"
#include "third_party/tflite-micro/tensorflow/lite/micro/micro_interpreter.h"

extern "C" void app_main(void *parameter);

namespace {

int requests, answers; // descriptors
constexpr char kMicrophone[] = "microphone.raw";

// The stand-in's model: a file that begins with this, then the sizes of input and output.
struct StandInModel {
  char before[4];
  char identifier[4];
  uint32_t input_bytes, output_bytes, arena_bytes, parameter_ms;
};

std::string Local(const char *path) {
  return std::string(".") + path;
}

bool Write(int descriptor, const char *bytes, size_t count) {
  while (count > 0) {
    const ssize_t written = write(descriptor, bytes, count);
    if (written <= 0) {
      return false;
    }
    bytes += written;
    count -= static_cast<size_t>(written);
  }
  return true;
}

} // namespace

// Tasks and time.

struct StandInSemaphore {
  std::mutex mutex;
};

SemaphoreHandle_t xSemaphoreCreateMutex() {
  return new StandInSemaphore;
}

void vTaskDelay(TickType_t ticks) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ticks));
}

void taskYIELD() {
  std::this_thread::yield();
}

struct StandInStreamBuffer {
  std::mutex mutex;
  std::deque<char> bytes;
  size_t room;
};

StreamBufferHandle_t xStreamBufferCreate(size_t bytes, size_t) {
  auto *buffer = new StandInStreamBuffer;
  buffer->room = bytes;
  return buffer;
}

size_t xStreamBufferSend(StreamBufferHandle_t buffer, const void *bytes, size_t count, TickType_t) {
  const std::lock_guard<std::mutex> held(buffer->mutex);
  const size_t left = buffer->room - buffer->bytes.size(), taken = count < left ? count : left;
  const char *from = static_cast<const char *>(bytes);
  buffer->bytes.insert(buffer->bytes.end(), from, from + taken);
  return taken;
}

size_t xStreamBufferReceive(StreamBufferHandle_t buffer, void *bytes, size_t room, TickType_t) {
  const std::lock_guard<std::mutex> held(buffer->mutex);
  const size_t count = room < buffer->bytes.size() ? room : buffer->bytes.size();
  const auto end = buffer->bytes.begin() + static_cast<std::ptrdiff_t>(count);
  std::copy(buffer->bytes.begin(), end, static_cast<char *>(bytes));
  buffer->bytes.erase(buffer->bytes.begin(), end);
  return count;
}

BaseType_t xStreamBufferReset(StreamBufferHandle_t buffer) {
  const std::lock_guard<std::mutex> held(buffer->mutex);
  buffer->bytes.clear();
  return 1;
}

// JSON: flat objects of numbers and texts without escapes.

namespace {

std::map<std::string, stand_in_method> methods;

bool Find(const char *text, int length, const char *path, std::string *value) {
  const std::string json(text, static_cast<size_t>(length));
  const std::string key = std::string("\"") + (path + 2) + "\":";
  const size_t at = json.find(key);
  if (at == std::string::npos) {
    return false;
  }
  const size_t begin = at + key.size();
  if (json[begin] == '"') {
    *value = json.substr(begin, json.find('"', begin + 1) - begin);
  } else {
    *value = json.substr(begin, json.find_first_of(",}", begin) - begin);
  }
  return true;
}

int Digit(char c) {
  static const std::string digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t at = digits.find(c);
  return at == std::string::npos ? -1 : static_cast<int>(at);
}

void ServeRequests() {
  std::string line;
  char byte;
  while (read(requests, &byte, 1) == 1) {
    if (byte != '\n') {
      line += byte;
      continue;
    }
    const size_t space = line.find(' ');
    const std::string name = line.substr(0, space), params = line.substr(space + 1);
    jsonrpc_request request{params.c_str(), static_cast<int>(params.size()), "1", 1};
    methods.at(name)(&request);
    line.clear();
  }
}

} // namespace

int mjson_get_number(const char *text, int length, const char *path, double *value) {
  std::string found;
  if (!Find(text, length, path, &found) || found[0] == '"') {
    return 0;
  }
  *value = std::strtod(found.c_str(), nullptr);
  return 1;
}

int mjson_get_string(const char *text, int length, const char *path, char *to, int size) {
  std::string found;
  if (!Find(text, length, path, &found) || found[0] != '"' ||
      static_cast<int>(found.size()) > size) {
    return -1;
  }
  std::strcpy(to, found.c_str() + 1);
  return static_cast<int>(found.size()) - 1;
}

int mjson_get_base64(const char *text, int length, const char *path, char *to, int size) {
  std::string found;
  if (!Find(text, length, path, &found) || found[0] != '"') {
    return 0;
  }
  int count = 0, bits = 0;
  uint32_t value = 0;
  for (size_t i = 1; i < found.size() && Digit(found[i]) >= 0; ++i) {
    value = value << 6 | static_cast<uint32_t>(Digit(found[i]));
    bits += 6;
    if (bits >= 8 && count < size) {
      bits -= 8;
      to[count++] = static_cast<char>(value >> bits);
    }
  }
  return count;
}

void jsonrpc_init(void (*)(const char *, int, void *), void *) {
}

void stand_in_export(const char *name, stand_in_method method) {
  methods[name] = method;
}

void jsonrpc_return_success(jsonrpc_request *, const char *format, ...) {
  std::vector<char> text(8192);
  va_list values;
  va_start(values, format);
  const int count = std::vsnprintf(text.data(), text.size(), format, values);
  va_end(values);
  const std::string answer =
      "{\"result\":" + std::string(text.data(), static_cast<size_t>(count)) + "}\n";
  Write(answers, answer.data(), answer.size());
}

void jsonrpc_return_error(jsonrpc_request *, int code, const char *message, const char *, ...) {
  const std::string answer =
      "{\"error\":{\"code\":" + std::to_string(code) + ",\"message\":\"" + message + "\"}}\n";
  Write(answers, answer.data(), answer.size());
}

// The board.

namespace coralmicro {

MutexLock::MutexLock(SemaphoreHandle_t semaphore) : semaphore_(semaphore) {
  semaphore_->mutex.lock();
}

MutexLock::~MutexLock() {
  semaphore_->mutex.unlock();
}

ConsoleM7 *ConsoleM7::GetSingleton() {
  static ConsoleM7 console;
  return &console;
}

void ConsoleM7::Write(char *buffer, int size) {
  ::Write(STDOUT_FILENO, buffer, static_cast<size_t>(size));
}

namespace {

// As the SDK's: what comes while so many bytes are unread is lost.
std::mutex console_lock;
std::deque<char> unread;

void ReceivePackets(size_t keep) {
  char packet[64];
  ssize_t count;
  while ((count = read(STDIN_FILENO, packet, sizeof(packet))) > 0) {
    const std::lock_guard<std::mutex> held(console_lock);
    for (ssize_t i = 0; i < count && unread.size() < keep; ++i) {
      unread.push_back(packet[i]);
    }
  }
  std::_Exit(0);
}

} // namespace

int ConsoleM7::Read(char *buffer, int size) {
  const std::lock_guard<std::mutex> held(console_lock);
  int count = 0;
  for (; count < size && !unread.empty(); ++count) {
    buffer[count] = unread.front();
    unread.pop_front();
  }
  return count > 0 ? count : -1;
}

lfs_t *Lfs() {
  return nullptr;
}

bool LfsMakeDirs(const char *path) {
  mkdir(Local(path).c_str(), 0777);
  return true;
}

std::string LfsDirname(const char *path) {
  const std::string text(path);
  return text.substr(0, text.rfind('/'));
}

ssize_t LfsSize(const char *path) {
  struct stat found;
  return stat(Local(path).c_str(), &found) == 0 ? static_cast<ssize_t>(found.st_size) : -1;
}

size_t LfsReadFile(const char *path, uint8_t *bytes, size_t size) {
  std::ifstream file(Local(path), std::ios::binary);
  file.read(reinterpret_cast<char *>(bytes), static_cast<std::streamsize>(size));
  return static_cast<size_t>(file.gcount());
}

bool LfsWriteFile(const char *path, const uint8_t *bytes, size_t size) {
  std::ofstream file(Local(path), std::ios::binary);
  file.write(reinterpret_cast<const char *>(bytes), static_cast<std::streamsize>(size));
  return file.good();
}

void ResetToFlash() {
  std::_Exit(42); // the test starts it again
}

uint64_t TimerMicros() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

float TempSensorRead(TempSensor) {
  return 41.5f;
}

void UseHttpServer(HttpServer *) {
  std::thread(ServeRequests).detach();
}

// The clock is told by the temperature, which is all that shows it.
namespace {
std::optional<float> degrees;
}

EdgeTpuManager *EdgeTpuManager::GetSingleton() {
  static EdgeTpuManager manager;
  return &manager;
}

std::shared_ptr<EdgeTpuContext> EdgeTpuManager::OpenDevice(PerformanceMode mode) {
  degrees = 50.0f + static_cast<float>(mode);
  return std::make_shared<EdgeTpuContext>();
}

std::optional<float> EdgeTpuManager::GetTemperature() {
  return degrees;
}

TfLiteRegistration *RegisterCustomOp() {
  static TfLiteRegistration registration;
  return &registration;
}

namespace {

std::atomic<bool> listening{false};
std::thread microphone;

void PlayMicrophone(AudioService::Callback callback, void *context, size_t piece) {
  std::ifstream file(kMicrophone, std::ios::binary);
  std::vector<int32_t> samples(piece);
  while (listening && file.read(reinterpret_cast<char *>(samples.data()),
                                static_cast<std::streamsize>(piece * sizeof(int32_t)))) {
    callback(context, samples.data(), piece);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

} // namespace

AudioService::AudioService(AudioDriver *driver, const AudioDriverConfig &config, int, int)
    : piece_(driver->samples() / config.num_dma_buffers) {
}

AudioService::~AudioService() = default;

int AudioService::AddCallback(void *context, Callback callback) {
  listening = true;
  microphone = std::thread(PlayMicrophone, callback, context, piece_);
  return 7;
}

bool AudioService::RemoveCallback(int id) {
  listening = false;
  microphone.join();
  return id == 7;
}

} // namespace coralmicro

int lfs_rename(lfs_t *, const char *from, const char *to) {
  return std::rename(Local(from).c_str(), Local(to).c_str());
}

// The model: output i is half the sum of the positive values in the i-th part of the input, less
// 100, saturated: as the model made by hand for the tests of the protocol.

namespace tflite {

const Model *GetModel(const void *bytes) {
  return static_cast<const Model *>(bytes);
}

MicroInterpreter::MicroInterpreter(const Model *model, const MicroOpResolver &, uint8_t *arena,
                                   size_t arena_bytes)
    : model_(model), arena_(arena), arena_bytes_(arena_bytes) {
}

TfLiteStatus MicroInterpreter::AllocateTensors() {
  StandInModel model;
  std::memcpy(&model, model_, sizeof(model));
  if (std::memcmp(model.identifier, "TFL3", 4) != 0 || model.arena_bytes > arena_bytes_ ||
      reinterpret_cast<uintptr_t>(arena_) % 16 != 0) {
    return kTfLiteError;
  }
  input_.data.uint8 = arena_;
  input_.bytes = model.input_bytes;
  output_.data.uint8 = arena_ + model.input_bytes;
  output_.bytes = model.output_bytes;
  return kTfLiteOk;
}

TfLiteStatus MicroInterpreter::Invoke() {
  static bool parameters_sent = false;
  StandInModel model;
  std::memcpy(&model, model_, sizeof(model));
  if (!parameters_sent) {
    std::this_thread::sleep_for(std::chrono::milliseconds(model.parameter_ms));
    parameters_sent = true;
  }
  // As the SDK does with signed inputs: what the tensor holds afterwards is not what was put there.
  for (size_t i = 0; i < input_.bytes; ++i) {
    input_.data.uint8[i] ^= 128;
  }
  const size_t part = input_.bytes / output_.bytes;
  for (size_t i = 0; i < output_.bytes; ++i) {
    int sum = -100;
    for (size_t j = 0; j < part; ++j) {
      const int value = input_.data.uint8[i * part + j] - 128;
      sum += value > 0 ? value : 0;
    }
    sum = sum < -128 ? -128 : sum > 127 ? 127 : sum;
    output_.data.int8[i] = static_cast<int8_t>(sum / 2);
  }
  return kTfLiteOk;
}

size_t MicroInterpreter::inputs_size() const {
  return 1;
}

size_t MicroInterpreter::outputs_size() const {
  return 1;
}

TfLiteTensor *MicroInterpreter::input(size_t) {
  return &input_;
}

TfLiteTensor *MicroInterpreter::output(size_t) {
  return &output_;
}

size_t MicroInterpreter::arena_used_bytes() const {
  return input_.bytes + output_.bytes;
}

} // namespace tflite

int main(int count, char **arguments) {
  if (count != 4) {
    return 2;
  }
  requests = std::atoi(arguments[1]);
  answers = std::atoi(arguments[2]);
  std::thread(coralmicro::ReceivePackets, std::strtoul(arguments[3], nullptr, 10)).detach();
  app_main(nullptr);
}
