/* SPDX-License-Identifier: Apache-2.0 */
// JSON-RPC over HTTP.
#ifndef SDK_RPC_H
#define SDK_RPC_H

#include "third_party/freertos_kernel/include/FreeRTOS.h"
#include "third_party/freertos_kernel/include/semphr.h"

// Serves calls from now on, in a task of the SDK's, which holds `lock` while it carries one out.
void ServeCalls(SemaphoreHandle_t lock);

#endif
