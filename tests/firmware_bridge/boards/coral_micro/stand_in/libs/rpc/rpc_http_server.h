// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

#include "libs/base/http_server.h"
#include "third_party/mjson/src/mjson.h"

namespace coralmicro {

class JsonRpcHttpServer : public HttpServer {};

} // namespace coralmicro
