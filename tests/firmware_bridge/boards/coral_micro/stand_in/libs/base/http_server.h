// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

namespace coralmicro {

class HttpServer {
public:
  virtual ~HttpServer() = default;
};

void UseHttpServer(HttpServer *server);

} // namespace coralmicro
