// STAND-IN: not the SDK. Declares what the application uses, for tests without a board.
#pragma once

struct jsonrpc_request {
  const char *params;
  int params_len;
  const char *id;
  int id_len;
};

int mjson_get_number(const char *text, int length, const char *path, double *value);
int mjson_get_string(const char *text, int length, const char *path, char *to, int size);
int mjson_get_base64(const char *text, int length, const char *path, char *to, int size);

using stand_in_method = void (*)(jsonrpc_request *request);

void jsonrpc_init(void (*)(const char *, int, void *), void *);
void stand_in_export(const char *name, stand_in_method method);
void jsonrpc_return_success(jsonrpc_request *request, const char *format, ...);
void jsonrpc_return_error(jsonrpc_request *request, int code, const char *message,
                          const char *format, ...);

// A macro there too, which asks for a literal.
#define jsonrpc_export(name, method) stand_in_export("" name, (method))
