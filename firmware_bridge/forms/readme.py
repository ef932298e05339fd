"""The README of a library."""

from __future__ import annotations

from firmware_bridge.forms.library_form import Form, Library, LibraryModel

_TEXT = """\
# @NAME@: @DESCRIPTION@

| Model | In C | SHA-256 of its .tflite | Memory |
| --- | --- | --- | --- |
@ROWS@

## Use it

@USE@

```c
#include <@NAME@.h>
```

@PARTS@
Nothing is allocated; all memory is the caller's. The models share one copy of the kernels. Two
libraries of two exports would bring these twice: export models that go together at once. Compile
without `-ffast-math`.

## Licence

Apache-2.0, as `LICENSE` has it. Files that say `LicenseRef-model` too hold the weights, tables and
statistics of a model: what may be done with these, the model's own licence says.

## What was tried

@CHECKED@
"""

_LISTENER = """\
`@P@`, from audio to decision: `@P@_listener_start`, then `@P@_listener_hear` with int16 samples in
pieces of any length (`@P@_listener.h`). By itself:"""
_MODEL = """\
`@P@`: fill `@P@_input(arena)`, call `@P@_run`, read `@P@_output(arena)` (`@P@.h` has sizes, scales
and zero points); `arena` is `@U@_ARENA_BYTES` bytes on a 16-byte boundary@STATE@."""
_STATE = """, `state` likewise
`@U@_STATE_BYTES`: `@P@_reset(state)` before the first run"""


def library_readme(library: Library, form: Form) -> str:
    """Return the README for a library."""
    rows = "\n".join(map(_row, library.models))
    parts = "\n".join(map(_part, library.models))
    text = _TEXT.replace("@USE@", form.use).replace("@CHECKED@", form.checked)
    text = text.replace("@DESCRIPTION@", form.description).replace("@NAME@", library.name)
    text = text.replace("@UPPER@", library.name.upper())
    return text.replace("@ROWS@", rows).replace("@PARTS@", parts)


def _row(given: LibraryModel) -> str:
    memory = f"{_size(given, 'ARENA')} bytes of arena"
    if state := _size(given, "STATE"):
        memory += f", {state} of state"
    if given.frontend is not None:
        memory += f", {given.frontend.stream_bytes:,} of stream"
    return f"| `{given.model.name}` | `{given.prefix}` | `{given.model.hash}` | {memory} |"


def _size(given: LibraryModel, what: str) -> str:
    """Return the bytes of a model's arena or state, ``""`` where its header has none."""
    define = f"#define {given.prefix.upper()}_{what}_BYTES "
    found = given.model.header.partition(define)[2].split(maxsplit=1)
    return f"{int(found[0]):,}" if found else ""


def _part(given: LibraryModel) -> str:
    text = _MODEL.replace("@STATE@", _STATE if _size(given, "STATE") else "")
    if given.frontend is not None:
        text = f"{_LISTENER}\n{text}"
    return text.replace("@P@", given.prefix).replace("@U@", given.prefix.upper()) + "\n"
