"""A bundle in one call: samples in, decisions out; the C that joins frontend, model and stream."""

from __future__ import annotations

from firmware_bridge.compiler.c_text import string_literal
from firmware_bridge.forms.library_form import LibraryModel
from firmware_bridge.licence import MODELS
from firmware_bridge.project.firmware_project import StreamSettings
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

_HEADER = """\
@SPDX@
/* Samples in, decisions out: frontend, model and stream of @P@ together. Generated.
 *
 *   static struct @P@_listener listener;
 *   @P@_listener_start(&listener);
 *   while (...) {
 *     if (@P@_listener_hear(&listener, samples, count, &verdict) > 0) {
 *       @P@_labels[verdict.label]
 *     }
 *   } */
#ifndef @U@_LISTENER_H
#define @U@_LISTENER_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

#include "@P@.h"
#include "@P@_frontend_tables.h"
#include "dev_stream.h"
#include "dev_vote.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Frames from one inference to the next, the first being that of a whole window; inferences that a
 * decision sums up. */
#define @U@_HOP_FRAMES @HOP@u
#define @U@_SMOOTHING @SMOOTHING@u

/* Samples that bring at most one decision, once the first window is there. */
#define @U@_SAMPLES_PER_DECISION (@U@_HOP_FRAMES * @U@_FRONTEND_HOP_SAMPLES)

#define @U@_LABELS @LABELS@u

/* By the number of a label: UTF-8. */
extern const char *const @P@_labels[@U@_LABELS];

/* All memory of one stream; what is in it is the functions' own, but that `arena` holds the model's
 * last output (@P@_output). Static, or aligned to 16 bytes. */
struct @P@_listener {
  struct dev_stream stream;
  uint32_t decisions; /* taken since the start or the last reset */
  int32_t sums[@U@_LABELS];
  int8_t recent[@U@_SMOOTHING * @U@_LABELS];
  alignas(16) uint8_t arena[@U@_ARENA_BYTES];
@STATE_MEMORY@\
  alignas(16) uint8_t stream_memory[@U@_FRONTEND_STREAM_BYTES];
};

/* Begins: before anything else, once. Returns 1, or 0 where the memory does not suffice for the
 * frontend, which tells of headers and sources from two exports. */
int @P@_listener_start(struct @P@_listener *listener);

/* Forgets all that was heard: what comes next is another recording. */
void @P@_listener_reset(struct @P@_listener *listener);

/* Hears the next `count` samples, int16 at @U@_FRONTEND_SAMPLE_RATE Hz, in pieces of any length.
 * Returns how many decisions they brought; `verdict` is the last of them, and untouched where there
 * is none. Pieces of @U@_SAMPLES_PER_DECISION samples or fewer bring at most one each. */
size_t @P@_listener_hear(struct @P@_listener *listener, const int16_t *samples, size_t count,
@INDENT@struct dev_verdict *verdict);

#ifdef __cplusplus
}
#endif

#endif
"""

_SOURCE = """\
@SPDX@
/* clang-format off */
#include "@P@_listener.h"

#include <string.h>

_Static_assert(@U@_FRONTEND_WINDOW_FRAMES * @U@_FRONTEND_CHANNELS * @U@_FRONTEND_PLANES ==
                   @U@_INPUT_BYTES, "the rows of a window are the input of the model");
_Static_assert(@U@_LABELS == @U@_OUTPUT_BYTES, "an int8 for each label");

const char *const @P@_labels[@U@_LABELS] = {
@LABEL_TEXTS@
};

static const struct dev_stream_config stream_config = {
    .frontend = &@P@_frontend_config,
    .tables = @P@_frontend_tables,
    .affines = @P@_frontend_affines,
    .window_frames = @U@_FRONTEND_WINDOW_FRAMES,
};

static const struct dev_vote_config vote_config = {
    .classes = @U@_LABELS,
    .values = @U@_LABELS,
    .smoothing = @U@_SMOOTHING,
    .multiplier = @MULTIPLIER@u,
    .unsure_below = @UNSURE@u,
};

static void begin(struct @P@_listener *listener) {
  listener->decisions = 0;
  memset(listener->sums, 0, sizeof(listener->sums));
  memset(listener->recent, 0, sizeof(listener->recent));
@RESET@\
}

int @P@_listener_start(struct @P@_listener *listener) {
  begin(listener);
  return dev_stream_bytes(&stream_config) <= sizeof(listener->stream_memory) &&
         dev_stream_start(&listener->stream, &stream_config, listener->stream_memory);
}

void @P@_listener_reset(struct @P@_listener *listener) {
  begin(listener);
  dev_stream_reset(&listener->stream);
}

static struct dev_verdict decide(struct @P@_listener *listener) {
  dev_stream_copy_window(&listener->stream, @P@_input(listener->arena));
  @P@_run(@MEMORY@, NULL, NULL);
  return dev_vote(&vote_config, listener->recent, listener->sums, listener->decisions++,
                  @P@_output(listener->arena));
}

size_t @P@_listener_hear(struct @P@_listener *listener, const int16_t *samples, size_t count,
@INDENT@struct dev_verdict *verdict) {
  const uint32_t before = listener->decisions;
  while (count > 0) {
    size_t taken;
    if (dev_stream_push(&listener->stream, samples, count, &taken) &&
        dev_stream_window_due(&listener->stream, @U@_HOP_FRAMES)) {
      *verdict = decide(listener);
    }
    samples += taken;
    count -= taken;
  }
  return listener->decisions - before;
}
"""


def listener_files(given: LibraryModel) -> dict[str, str]:
    """Return the header and the source of a bundle's listener, by name; none without a frontend.

    Raises
    ------
    BadInput
        When frontend, settings of the stream and labels do not go together.
    """
    if given.frontend is None or given.stream is None:
        if given.frontend is not None or given.stream is not None or given.labels:
            raise BadInput(
                "a frontend, the settings of its stream and labels go together",
                hint="give all or none",
            )
        return {}
    values = _values(given, given.stream)
    return {
        f"{given.prefix}_listener.h": _filled(_HEADER, values),
        f"{given.prefix}_listener.c": _filled(_SOURCE, values),
    }


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@\\\n", value).replace(f"@{name}@", value)
    return text


def _values(given: LibraryModel, stream: StreamSettings) -> dict[str, str]:
    prefix, upper = given.prefix, given.prefix.upper()
    keeps_state = f"#define {upper}_STATE_BYTES " in given.model.header
    return {
        "SPDX": MODELS,
        "INDENT": " " * len(f"size_t {prefix}_listener_hear("),
        "HOP": str(stream.hop_frames),
        "SMOOTHING": str(stream.smoothing),
        "LABELS": str(len(given.labels)),
        "MULTIPLIER": str(stream.certainty.multiplier),
        "UNSURE": str(stream.certainty.unsure_below),
        "STATE_MEMORY": f"  alignas(16) uint8_t state[{upper}_STATE_BYTES];\n" * keeps_state,
        "RESET": f"  {prefix}_reset(listener->state);\n" * keeps_state,
        "MEMORY": "listener->arena" + ", listener->state" * keeps_state,
        "P": prefix,
        "U": upper,
        # Last, since they are not ours: nothing in them stands for anything.
        "LABEL_TEXTS": "\n".join(f"    {utf8_literal(label)}," for label in given.labels),
    }


def utf8_literal(text: str) -> str:
    """Return any text as a C string literal: printable, what is not ASCII as octal bytes."""
    return '"' + "".join(map(_inside_literal, printable(text))) + '"'


def _inside_literal(character: str) -> str:
    if " " <= character <= "~":
        return string_literal(character)[1:-1]
    return "".join(f"\\{byte:03o}" for byte in character.encode())
