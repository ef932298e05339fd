// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

namespace coralmicro {

class ConsoleM7 {
public:
  static ConsoleM7 *GetSingleton();
  void Write(char *buffer, int size);
  int Read(char *buffer, int size);
};

} // namespace coralmicro
