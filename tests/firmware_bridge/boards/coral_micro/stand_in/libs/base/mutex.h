// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include "third_party/freertos_kernel/include/semphr.h"

namespace coralmicro {

class MutexLock {
public:
  explicit MutexLock(SemaphoreHandle_t semaphore);
  MutexLock(const MutexLock &) = delete;
  MutexLock &operator=(const MutexLock &) = delete;
  ~MutexLock();

private:
  SemaphoreHandle_t semaphore_;
};

} // namespace coralmicro
