/* SPDX-License-Identifier: Apache-2.0 */
#include "micro_calls.h"

#include <string.h>

#include "dev_format.h"
#include "micro_app.h"
#include "micro_bench.h"
#include "micro_board.h"
#include "micro_json.h"
#include "micro_model.h"
#include "port.h"

#define DEFAULT_RUNS 100u
#define DEFAULT_WARMUP 10u

static MICRO_SDRAM struct micro_app application;

typedef const char *handler(struct micro_app *app, const struct micro_arguments *arguments,
                            struct dev_writer *json);

void micro_start(bool listen) {
  micro_app_start(&application);
  if (listen) {
    (void)micro_app_listen(&application, true);
  }
}

bool micro_step(void) {
  return micro_app_step(&application);
}

/* A whole number from 0 on; `otherwise` where there is none, UINT32_MAX where it is another. */
static uint32_t number(const struct micro_arguments *arguments, const char *path,
                       uint32_t otherwise) {
  double value;
  if (!arguments->number(arguments->request, path, &value)) {
    return otherwise;
  }
  if (!(value >= 0.0 && value < (double)UINT32_MAX)) {
    return UINT32_MAX;
  }
  const uint32_t whole = (uint32_t)value;
  return (double)whole >= value ? whole : UINT32_MAX;
}

static const char *info(struct micro_app *app, const struct micro_arguments *arguments,
                        struct dev_writer *json) {
  const struct micro_model *model = micro_model();
  (void)arguments;
  micro_json_text(json, "board", port_board);
  micro_json_text(json, "model", MODEL_NAME);
  micro_json_text(json, "model_hash", model->hash);
  micro_json_number(json, "model_bytes", model->size);
  micro_json_text(json, "problem", model->problem == NULL ? "" : model->problem);
  micro_json_text(json, "frontend_hash", FRONTEND_HASH);
  micro_json_number(json, "input_bytes", MODEL_INPUT_BYTES);
  micro_json_number(json, "output_bytes", MODEL_OUTPUT_BYTES);
  micro_json_number(json, "arena_bytes", MODEL_ARENA_BYTES);
  micro_json_number(json, "arena_used", model->tpu.arena_used);
  micro_json_text(json, "clock", micro_clock_name(model->clock));
  micro_json_float(json, "tpu_degrees", micro_board_tpu_degrees());
  micro_json_float(json, "cpu_degrees", micro_board_cpu_degrees());
  micro_json_flag(json, "listening", app->listening);
  micro_json_number(json, "samples_missed", micro_board_missed());
  return NULL;
}

static const char *bench(struct micro_app *app, const struct micro_arguments *arguments,
                         struct dev_writer *json) {
  const uint32_t warmup = number(arguments, "$.warmup", DEFAULT_WARMUP);
  return micro_bench(app, warmup, number(arguments, "$.runs", DEFAULT_RUNS), json);
}

/* Only a start sets it: the SDK takes a clock when it powers the Edge TPU up. */
static const char *set_clock(struct micro_app *app, const struct micro_arguments *arguments,
                             struct dev_writer *json) {
  char name[8] = "";
  (void)arguments->text(arguments->request, "$.mode", name, sizeof(name));
  if (micro_clock_named(name) == MICRO_CLOCKS) {
    return "mode must be low, medium, high or max";
  }
  if (!micro_board_store(MICRO_CLOCK_PATH, (const uint8_t *)name, (uint32_t)strlen(name))) {
    return "the file system did not take the mode";
  }
  micro_app_restart_soon(app);
  micro_json_flag(json, "restarting", true);
  return NULL;
}

static const char *set_listening(struct micro_app *app, const struct micro_arguments *arguments,
                                 struct dev_writer *json) {
  const uint32_t on = number(arguments, "$.on", 1);
  if (on > 1) {
    return "on must be 0 or 1";
  }
  const char *problem = micro_app_listen(app, on == 1);
  micro_json_flag(json, "listening", app->listening);
  return problem;
}

#if APP_FRONTEND
static const char *decisions(struct micro_app *app, const struct micro_arguments *arguments,
                             struct dev_writer *json) {
  const struct dev_decisions *taken = &app->device.decisions;
  (void)arguments;
  micro_json_number(json, "count", taken->count);
  if (taken->count > 0) {
    const struct dev_decision *last = dev_decisions_at(taken, taken->count - 1u);
    micro_json_number(json, "end_frame", last->end_frame);
    micro_json_number(json, "label", last->label);
    micro_json_number(json, "probability_q15", last->probability);
    micro_json_flag(json, "unsure", last->unsure != 0);
  }
  return NULL;
}
#else
static const char *decisions(struct micro_app *app, const struct micro_arguments *arguments,
                             struct dev_writer *json) {
  (void)app;
  (void)arguments;
  (void)json;
  return "this firmware has no frontend";
}
#endif

static const char *model_begin(struct micro_app *app, const struct micro_arguments *arguments,
                               struct dev_writer *json) {
  char hash[MICRO_SHA256_TEXT] = "";
  (void)arguments->text(arguments->request, "$.sha256", hash, sizeof(hash));
  micro_json_number(json, "piece_bytes", MICRO_PIECE_BYTES);
  return micro_upload_begin(&app->upload, number(arguments, "$.size", 0), hash);
}

static const char *model_data(struct micro_app *app, const struct micro_arguments *arguments,
                              struct dev_writer *json) {
  static uint8_t piece[MICRO_PIECE_BYTES];
  const size_t count = arguments->bytes(arguments->request, "$.data", piece, sizeof(piece));
  if (count == 0) {
    return "data must be base64 of 1 to 4096 bytes";
  }
  const char *problem = micro_upload_take(&app->upload, number(arguments, "$.offset", UINT32_MAX),
                                          piece, (uint32_t)count);
  micro_json_number(json, "taken", app->upload.taken);
  return problem;
}

static const char *model_end(struct micro_app *app, const struct micro_arguments *arguments,
                             struct dev_writer *json) {
  (void)arguments;
  const char *problem = micro_upload_end(&app->upload);
  if (problem == NULL) {
    micro_app_restart_soon(app);
    micro_json_flag(json, "restarting", true);
  }
  return problem;
}

static const char *restart(struct micro_app *app, const struct micro_arguments *arguments,
                           struct dev_writer *json) {
  (void)arguments;
  micro_app_restart_soon(app);
  micro_json_flag(json, "restarting", true);
  return NULL;
}

static handler *handler_of(enum micro_method method) {
  switch (method) {
  case MICRO_INFO:
    return info;
  case MICRO_BENCH:
    return bench;
  case MICRO_CLOCK:
    return set_clock;
  case MICRO_LISTEN:
    return set_listening;
  case MICRO_DECISIONS:
    return decisions;
  case MICRO_MODEL_BEGIN:
    return model_begin;
  case MICRO_MODEL_DATA:
    return model_data;
  case MICRO_MODEL_END:
    return model_end;
  case MICRO_RESTART:
    return restart;
  default:
    return NULL;
  }
}

const char *micro_call(enum micro_method method, const struct micro_arguments *arguments,
                       const char **problem) {
  static char text[MICRO_RESULT_BYTES];
  struct dev_writer json = {(uint8_t *)text, sizeof(text) - 1u, 0, false};
  handler *const handle = handler_of(method);
  if (handle == NULL) {
    *problem = "there is no such method";
    return NULL;
  }
  micro_json_open(&json);
  *problem = handle(&application, arguments, &json);
  micro_json_close(&json);
  if (*problem == NULL && json.full) {
    *problem = "the result is too long";
  }
  text[json.used] = '\0';
  return *problem == NULL ? text : NULL;
}
