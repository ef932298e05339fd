"""How to run a model in a program of one's own, with code that compiles as it stands."""

from __future__ import annotations

from firmware_bridge.frontend.c_tables import FrontendSources
from firmware_bridge.project.firmware_project import ModelSources

_OWN_PROGRAM = """\
## In a program of your own

Take `model/` and `kernels/`; nothing else is needed. This is C11 and C++11 alike:

```c
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "PREFIX.h"

alignas(16) static uint8_t arena[MACRO_ARENA_BYTES];
STATE
void PREFIX_infer(TAKES, void *output) {
FILL
  PREFIX_run(MEMORY, NULL, NULL);
  memcpy(output, PREFIX_output(arena), MACRO_OUTPUT_BYTES);
}
```

Compile `model/PREFIX.c` and `kernels/src/*.c` as C11, with `-Imodel -Ikernels/include`; link them
with objects of C or C++ and `-lm`; `-flto` is fine. All that others can see of the model begins
with `PREFIX` or `MACRO`, so that models of different names (`edgeser export --name`) share one
program and one copy of the kernels: take the union of their `kernels/`. Arenas can be shared
where the models do not run at the same time. An integer of the input stands for
`MACRO_INPUT_SCALE * (value - MACRO_INPUT_ZERO_POINT)`, and likewise of the output."""
_OWN_FRONTEND = """

The frontend goes along with `frontend/` and its header, `TABLES`: `apf_attach` takes
`PREFIX_config` and `PREFIX_tables`, `apf_normalise_process` takes `PREFIX_affines`."""
_STATE = """\
alignas(16) static uint8_t state[MACRO_STATE_BYTES];

/* Before the first inference, and to begin anew. */
void PREFIX_begin(void) {
  PREFIX_reset(state);
}
"""
_FILL = "  memcpy(PREFIX_input(arena), input, MACRO_INPUT_BYTES);"
_FILL_EACH = """\
  for (uint32_t i = 0; i < MACRO_INPUTS; ++i) {
    memcpy(PREFIX_input_at(arena, i), inputs[i], PREFIX_inputs[i].bytes);
  }"""
_OWN_STATE = """

The model keeps state from one inference to the next. It is not in the arena, which others may use
in between; a program that runs the model on several streams has a `state` for each."""


def own_program(model: ModelSources, frontend: FrontendSources | None) -> str:
    """Return the section of a project's README."""
    macros = model.prefix.upper()
    keeps_state = f"#define {macros}_STATE_BYTES " in model.header
    several = f"#define {macros}_INPUTS " in model.header
    text = (
        _OWN_PROGRAM.replace("STATE\n", _STATE + "\n" if keeps_state else "\n", 1)
        .replace("TAKES", "const void *const *inputs" if several else "const void *input")
        .replace("FILL", _FILL_EACH if several else _FILL)
        .replace("MEMORY", "arena, state" if keeps_state else "arena")
    )
    text = (text + (_OWN_STATE if keeps_state else "")).replace("PREFIX", model.prefix)
    text = text.replace("MACRO", macros)
    if frontend is not None:
        prefix = f"{frontend.prefix}_frontend" if frontend.prefix else "frontend"
        text += _OWN_FRONTEND.replace("TABLES", frontend.header_name).replace("PREFIX", prefix)
    return text
