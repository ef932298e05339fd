/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_commands.h"

#include <stdbool.h>
#include <string.h>

#include "dev_format.h"
#include "dev_outputs.h"
#include "dev_values.h"
#include "port.h"

#define PROFILE "ULPMark for tinyML Firmware V0.0.1"
#define MOST_INFERENCES 1000000u
#define DEFAULT_WARMUPS 10u
#define BYTES_A_LINE 8u

/* The next word of the command, or NULL; `rest` moves behind it. */
static char *next_word(char **rest) {
  char *word = *rest;
  while (*word == ' ') {
    ++word;
  }
  char *end = word;
  while (*end != '\0' && *end != ' ') {
    ++end;
  }
  *rest = *end == '\0' ? end : end + 1;
  *end = '\0';
  return *word == '\0' ? NULL : word;
}

static bool same(const char *a, const char *b) {
  for (; *a == *b; ++a, ++b) {
    if (*a == '\0') {
      return true;
    }
  }
  return false;
}

static void error(const char *reason) {
  dev_print("e-[");
  dev_print(reason);
  dev_print("]\r\n");
}

static void line_with_number(const char *before, uint32_t number, const char *after) {
  dev_print(before);
  dev_print_unsigned(number);
  dev_print(after);
  dev_print("\r\n");
}

/* Reads a decimal number of at most `most`; an absent word is `otherwise`. */
static bool read_number(const char *word, uint32_t otherwise, uint32_t most, uint32_t *number) {
  *number = otherwise;
  if (word == NULL) {
    return true;
  }
  uint32_t value = 0;
  for (; *word != '\0'; ++word) {
    if (*word < '0' || *word > '9' || value > UINT32_MAX / 10u - 1u) {
      return false;
    }
    value = 10u * value + (uint32_t)(*word - '0');
  }
  *number = value;
  return value <= most;
}

static int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  if (digit >= 'a' && digit <= 'f') {
    return digit - 'a' + 10;
  }
  return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static void timestamp(void) {
  dev_print("m-lap-us-");
  dev_print_unsigned(port_microseconds());
  dev_print("\r\n");
}

static void print_output(const struct dev_model *model, uint32_t number) {
  for (uint32_t i = 0; i < dev_output_numbers(number); ++i) {
    dev_print(i == 0 ? "" : ",");
    dev_print_float(dev_output_number(model, number, i));
  }
}

static void results(const struct dev_app *app) {
  dev_print("m-results-[");
  if (DEV_REBUILDS_INPUT) {
    dev_print_float(dev_load_error(&app->load, &app->model));
  } else {
    print_output(&app->model, 0);
  }
  dev_print("]\r\n");
  for (uint32_t number = 1; number < DEV_OUTPUTS; ++number) {
    dev_print("m-output-");
    dev_print_unsigned(number);
    dev_print("-[");
    print_output(&app->model, number);
    dev_print("]\r\n");
  }
}

static void infer(struct dev_app *app, char *rest) {
  uint32_t count, warmups;
  if (!read_number(next_word(&rest), 1, MOST_INFERENCES, &count) || count == 0) {
    error("Inference iterations must be 1 to 1000000");
    return;
  }
  if (!read_number(next_word(&rest), DEFAULT_WARMUPS, MOST_INFERENCES, &warmups)) {
    error("Inference warmups must be 0 to 1000000");
    return;
  }
  line_with_number("m-warmup-start-", warmups, "");
  for (; warmups > 0; --warmups) {
    dev_model_infer(&app->model);
  }
  dev_print("m-warmup-done\r\n");
  line_with_number("m-infer-start-", count, "");
  timestamp();
  for (; count > 0; --count) {
    dev_model_infer(&app->model);
  }
  timestamp();
  dev_print("m-infer-done\r\n");
  results(app);
}

static void refuse_load(void) {
  dev_print("e-[Command 'db load' must have 1 to ");
  dev_print_unsigned(DEV_ALL_INPUT_BYTES);
  if (DEV_LOADS_FLOATS) {
    dev_print(" bytes, or as float32 ");
    dev_print_unsigned(DEV_LOAD_FLOAT_BYTES);
  }
  dev_print(" bytes]\r\n");
}

static void load(struct dev_app *app, const char *word) {
  uint32_t bytes;
  if (word == NULL) {
    error("Command 'db load' requires the number of bytes");
  } else if (!read_number(word, 0, UINT32_MAX, &bytes) || !dev_load_begin(&app->load, bytes)) {
    refuse_load();
  } else {
    line_with_number("m-[Expecting ", bytes, " bytes]");
  }
}

static void print_input(const struct dev_app *app, char *rest) {
  const uint32_t most = app->load.floats ? DEV_LOAD_FLOAT_BYTES : DEV_ALL_INPUT_BYTES;
  uint32_t count, offset;
  if (!read_number(next_word(&rest), app->load.announced, most, &count) ||
      !read_number(next_word(&rest), 0, most - count, &offset)) {
    error("Command 'db print' is out of range");
    return;
  }
  for (uint32_t i = 0; i < count; ++i) {
    char text[3];
    dev_format_hex_byte(text, dev_load_byte(&app->load, &app->model, offset + i));
    dev_print(i % BYTES_A_LINE == 0 ? "m-buffer-" : "-");
    dev_print(text);
    dev_print(i % BYTES_A_LINE == BYTES_A_LINE - 1u || i + 1u == count ? "\r\n" : "");
  }
}

/* What is beyond the announced number of bytes is ignored, as the runner expects. */
static void take_bytes(struct dev_app *app, const char *digits) {
  if (strlen(digits) % 2u != 0) {
    error("Odd number of hex digits");
    return;
  }
  if (app->load.taken == app->load.announced) {
    error("Command 'db load' must come first");
    return;
  }
  for (; *digits != '\0' && app->load.taken < app->load.announced; digits += 2) {
    const int high = hex_digit(digits[0]), low = hex_digit(digits[1]);
    if (high < 0 || low < 0) {
      error("Invalid hex digit");
      return;
    }
    if (dev_load_take(&app->load, &app->model, (uint8_t)(16 * high + low))) {
      dev_print("m-load-done\r\n");
    }
  }
}

static void buffer(struct dev_app *app, char *rest) {
  const char *word = next_word(&rest);
  if (word == NULL) {
    error("Command 'db' requires a subcommand");
  } else if (same(word, "load")) {
    load(app, next_word(&rest));
  } else if (same(word, "print")) {
    print_input(app, rest);
  } else {
    take_bytes(app, word);
  }
}

static void profile(void) {
  dev_print("m-profile-[" PROFILE "]\r\n");
  dev_print("m-model-[" MODEL_NAME "]\r\n");
}

static void name(void) {
  dev_print("m-name-dut-[");
  dev_print(APP_NAME);
  dev_print("]\r\n");
}

static void help(void) {
  dev_print("help                      this list\r\n"
            "name                      name of the device\r\n"
            "profile                   versions of firmware and model\r\n"
            "timestamp                 microseconds since the start\r\n"
            "db load N                 expect N bytes of input\r\n"
            "db HEX                    the next of them\r\n"
            "db print [N] [OFFSET]     show them\r\n"
            "infer N [W]               run N inferences after W to warm up\r\n"
            "results                   the last output\r\n");
  if (DEV_STATE_BYTES > 0u) {
    dev_print("reset                     begin anew: what the model keeps\r\n");
  }
}

void dev_command(struct dev_app *app, char *text) {
  char *rest = text;
  const char *word = next_word(&rest);
  if (word == NULL) {
    error("Empty command");
  } else if (same(word, "name")) {
    name();
  } else if (same(word, "profile")) {
    profile();
  } else if (same(word, "timestamp")) {
    timestamp();
  } else if (same(word, "db")) {
    buffer(app, rest);
  } else if (same(word, "infer")) {
    infer(app, rest);
  } else if (same(word, "results")) {
    results(app);
  } else if (DEV_STATE_BYTES > 0u && same(word, "reset")) {
    dev_model_reset(&app->model);
  } else if (same(word, "help")) {
    help();
  } else {
    dev_print("e-[Unknown command: ");
    dev_print(word);
    dev_print("]\r\n");
  }
  dev_print("m-ready\r\n");
}

void dev_refuse_command(const char *reason) {
  error(reason);
  dev_print("m-ready\r\n");
}
