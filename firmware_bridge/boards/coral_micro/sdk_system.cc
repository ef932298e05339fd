/* SPDX-License-Identifier: Apache-2.0 */
// Console, time, files and restarts.

#include <cstring>
#include <string>

#include "libs/base/console_m7.h"
#include "libs/base/filesystem.h"
#include "libs/base/reset.h"
#include "libs/base/timer.h"
#include "micro_board.h"
#include "third_party/freertos_kernel/include/FreeRTOS.h"
#include "third_party/freertos_kernel/include/task.h"

namespace {

constexpr size_t kPiece = 512; // the console keeps a copy of each until it is sent
constexpr char kNew[] = ".new";

} // namespace

int micro_board_read() {
  char byte;
  const int count = coralmicro::ConsoleM7::GetSingleton()->Read(&byte, 1);
  return count == 1 ? static_cast<unsigned char>(byte) : -1;
}

void micro_board_write(const void *bytes, size_t count) {
  const char *next = static_cast<const char *>(bytes);
  while (count > 0) {
    char piece[kPiece]; // the SDK asks for one that may be written to
    const size_t length = count < kPiece ? count : kPiece;
    std::memcpy(piece, next, length);
    coralmicro::ConsoleM7::GetSingleton()->Write(piece, static_cast<int>(length));
    next += length;
    count -= length;
  }
}

void micro_board_pause() {
  vTaskDelay(pdMS_TO_TICKS(1));
}

uint64_t micro_board_microseconds() {
  return coralmicro::TimerMicros();
}

void micro_board_restart() {
  vTaskDelay(pdMS_TO_TICKS(100)); // what was said last is still on its way
  coralmicro::ResetToFlash();
  for (;;) {
    vTaskDelay(pdMS_TO_TICKS(1000));
  }
}

int32_t micro_board_load(const char *path, uint8_t *bytes, uint32_t room) {
  const auto size = coralmicro::LfsSize(path);
  if (size < 0) {
    return -1;
  }
  const size_t wanted = static_cast<size_t>(size) < room ? static_cast<size_t>(size) : room;
  const size_t count = coralmicro::LfsReadFile(path, bytes, wanted);
  return count == wanted ? static_cast<int32_t>(size) : -1;
}

bool micro_board_store(const char *path, const uint8_t *bytes, uint32_t count) {
  const std::string fresh = std::string(path) + kNew;
  const std::string folder = coralmicro::LfsDirname(path);
  if (!folder.empty() && !coralmicro::LfsMakeDirs(folder.c_str())) {
    return false;
  }
  return coralmicro::LfsWriteFile(fresh.c_str(), bytes, count) &&
         lfs_rename(coralmicro::Lfs(), fresh.c_str(), path) == 0;
}
