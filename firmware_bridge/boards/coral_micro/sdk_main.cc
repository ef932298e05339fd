/* SPDX-License-Identifier: Apache-2.0 */
// The task of the application.

#include "libs/base/mutex.h"
#include "libs/tpu/edgetpu_manager.h"
#include "micro_board.h"
#include "micro_calls.h"
#include "sdk_rpc.h"
#include "third_party/freertos_kernel/include/FreeRTOS.h"
#include "third_party/freertos_kernel/include/semphr.h"
#include "third_party/freertos_kernel/include/task.h"

#ifndef EDGESER_LISTEN
#define EDGESER_LISTEN 0
#endif

extern "C" void app_main(void *param) {
  (void)param;
  const SemaphoreHandle_t lock = xSemaphoreCreateMutex();
  micro_start(EDGESER_LISTEN != 0);
  ServeCalls(lock);
  for (;;) {
    bool any;
    {
      coralmicro::MutexLock held(lock);
      any = micro_step();
    }
    if (any) {
      taskYIELD();
    } else {
      micro_board_pause();
    }
  }
}
