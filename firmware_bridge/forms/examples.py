"""The examples of a library: audio to decision, and a bare model; a main of a few lines each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firmware_bridge.forms.library_form import Console, LibraryModel
from firmware_bridge.licence import OURS

_LISTEN = """\
static struct @P@_listener listener;

@MAIN@ {
  static int16_t samples[256];
  struct dev_verdict verdict;
@BEGIN@\
  @P@_listener_start(&listener);
  while (@READ_SAMPLES@) {
    if (@P@_listener_hear(&listener, samples, 256, &verdict) > 0) {
      printf("%s\\n", verdict.unsure ? "unsure" : @P@_labels[verdict.label]);
    }
  }
}
"""

_INFER = """\
static _Alignas(16) uint8_t arena[@U@_ARENA_BYTES];
@STATE@\

@MAIN@ {
@BEGIN@\
@RESET@\
  while (@READ_INPUT@) {
    @P@_run(@MEMORY@, NULL, NULL);
    for (uint32_t i = 0; i < @U@_OUTPUT_BYTES; ++i)
      printf("%02x", ((const uint8_t *)@P@_output(arena))[i]);
    printf("\\n");
  }
}
"""

_ARDUINO_LISTEN = """\
static struct @P@_listener listener;
static int16_t samples[256];
static struct dev_verdict verdict;

void setup() {
  Serial.begin(115200);
  @P@_listener_start(&listener);
}

void loop() {
  if (Serial.readBytes((char *)samples, sizeof samples) == sizeof samples &&
      @P@_listener_hear(&listener, samples, 256, &verdict) > 0) {
    Serial.println(verdict.unsure ? "unsure" : @P@_labels[verdict.label]);
  }
}
"""

_ARDUINO_INFER = """\
alignas(16) static uint8_t arena[@U@_ARENA_BYTES];
@STATE@\

void setup() {
  Serial.begin(115200);
@RESET@\
}

void loop() {
  if (@READ_INPUT@) {
    @P@_run(@MEMORY@, nullptr, nullptr);
    Serial.write((const uint8_t *)@P@_output(arena), @U@_OUTPUT_BYTES);
  }
}
"""

ARDUINO_READ = "Serial.readBytes((char *)PLACE, BYTES) == BYTES"


@dataclass(frozen=True, slots=True)
class Example:
    """One example: its name, ``PREFIX_listen`` or ``PREFIX_infer``, and its text."""

    name: str
    text: str


def examples(
    models: Sequence[LibraryModel], library: str, console: Console | None
) -> list[Example]:
    """Return what shows each model by itself and, where there is a frontend, on audio.

    Parameters
    ----------
    models
        Those of the library.
    library
        Its name.
    console
        The way in; `None` for Arduino's sketches.
    """
    made = []
    for given in models:
        if given.frontend is not None:
            text = _ARDUINO_LISTEN if console is None else _LISTEN
            made.append(_example(given, library, console, "listen", text))
        text = _ARDUINO_INFER if console is None else _INFER
        made.append(_example(given, library, console, "infer", text))
    return made


def _example(
    given: LibraryModel, library: str, console: Console | None, kind: str, text: str
) -> Example:
    prefix, upper = given.prefix, given.prefix.upper()
    state = f"#define {upper}_STATE_BYTES " in given.model.header
    aligned = "static _Alignas(16)" if console else "alignas(16) static"
    read = console.read if console else ARDUINO_READ
    values = {
        "MAIN": console.main if console else "",
        "BEGIN": "".join(f"  {line}\n" for line in console.begin) if console else "",
        "READ_SAMPLES": _reading(read, "samples", "sizeof samples"),
        "READ_INPUT": _reading_inputs(given, read),
        "STATE": f"{aligned} uint8_t state[{upper}_STATE_BYTES];\n" * state,
        "RESET": f"  {prefix}_reset(state);\n" * state,
        "MEMORY": "arena, state" if state else "arena",
        "P": prefix,
        "U": upper,
    }
    headers = [*(console.headers if console else ()), f"{library}.h"]
    for name, value in values.items():
        text = text.replace(f"@{name}@\\\n", value).replace(f"@{name}@", value)
    includes = "".join(f"#include <{header}>\n" for header in headers)
    return Example(f"{prefix}_{kind}", f"{OURS}\n{includes}\n{text}")


def _reading(read: str, place: str, count: str) -> str:
    return read.replace("PLACE", place).replace("BYTES", count)


def _reading_inputs(given: LibraryModel, read: str) -> str:
    """Return what fills all inputs of a model, one after another."""
    prefix, upper = given.prefix, given.prefix.upper()
    header = given.model.header
    if f"#define {upper}_INPUTS " not in header:
        return _reading(read, f"{prefix}_input(arena)", f"{upper}_INPUT_BYTES")
    count = int(header.partition(f"#define {upper}_INPUTS ")[2].split(maxsplit=1)[0])
    return " &&\n         ".join(
        _reading(read, f"{prefix}_input_at(arena, {i})", f"{prefix}_inputs[{i}].bytes")
        for i in range(count)
    )
