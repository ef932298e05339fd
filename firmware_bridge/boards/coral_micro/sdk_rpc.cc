/* SPDX-License-Identifier: Apache-2.0 */
#include "sdk_rpc.h"

#include <cstddef>
#include <cstdint>

#include "libs/base/http_server.h"
#include "libs/base/mutex.h"
#include "libs/rpc/rpc_http_server.h"
#include "micro_calls.h"
#include "third_party/mjson/src/mjson.h"

namespace {

constexpr int kFailed = -32000; // JSON-RPC's first code for a server's own errors

SemaphoreHandle_t application_lock;

const jsonrpc_request *Request(const void *request) {
  return static_cast<const jsonrpc_request *>(request);
}

bool Number(const void *request, const char *path, double *value) {
  const auto *r = Request(request);
  return mjson_get_number(r->params, r->params_len, path, value) != 0;
}

size_t Text(const void *request, const char *path, char *text, size_t room) {
  const auto *r = Request(request);
  const int count = mjson_get_string(r->params, r->params_len, path, text, static_cast<int>(room));
  return count > 0 ? static_cast<size_t>(count) : 0;
}

size_t Bytes(const void *request, const char *path, uint8_t *bytes, size_t room) {
  const auto *r = Request(request);
  const int count = mjson_get_base64(r->params, r->params_len, path,
                                     reinterpret_cast<char *>(bytes), static_cast<int>(room));
  return count > 0 ? static_cast<size_t>(count) : 0;
}

template <micro_method Method> void Handle(jsonrpc_request *request) {
  const micro_arguments arguments = {request, Number, Text, Bytes};
  const char *problem = nullptr;
  coralmicro::MutexLock held(application_lock);
  const char *result = micro_call(Method, &arguments, &problem);
  if (result != nullptr) {
    jsonrpc_return_success(request, "%s", result);
  } else {
    jsonrpc_return_error(request, kFailed, problem, nullptr);
  }
}

} // namespace

void ServeCalls(SemaphoreHandle_t lock) {
  application_lock = lock;
  jsonrpc_init(nullptr, nullptr);
  jsonrpc_export("info", Handle<MICRO_INFO>);
  jsonrpc_export("bench", Handle<MICRO_BENCH>);
  jsonrpc_export("clock", Handle<MICRO_CLOCK>);
  jsonrpc_export("listen", Handle<MICRO_LISTEN>);
  jsonrpc_export("decisions", Handle<MICRO_DECISIONS>);
  jsonrpc_export("model_begin", Handle<MICRO_MODEL_BEGIN>);
  jsonrpc_export("model_data", Handle<MICRO_MODEL_DATA>);
  jsonrpc_export("model_end", Handle<MICRO_MODEL_END>);
  jsonrpc_export("restart", Handle<MICRO_RESTART>);
  coralmicro::UseHttpServer(new coralmicro::JsonRpcHttpServer);
}
