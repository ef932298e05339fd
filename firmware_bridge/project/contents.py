"""Which files a project has: by path, their bytes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

from firmware_bridge.boards import Board
from firmware_bridge.certainty import UNKNOWN_SCALE
from firmware_bridge.compiler.alias import alias_header, model_headers
from firmware_bridge.compiler.c_text import string_literal
from firmware_bridge.compiler.kernel_sources import kernel_sources
from firmware_bridge.compiler.names import DEFAULT
from firmware_bridge.frontend.c_tables import HEADER_NAME, FrontendSources
from firmware_bridge.licence import OURS
from firmware_bridge.project.device_code import device_code
from firmware_bridge.project.firmware_project import IMAGE_MODELS, ModelSources, StreamSettings

_PACKAGE = Path(__file__).parents[1]
_STREAM_ONLY = ("dev_stream", "dev_decisions", "dev_vote", "dev_certainty")
HOST_ONLY = ("fft_split", "sums_split", "apf_vector")
"""Of the frontend, what only a host's vector units run."""
_LICENSE = Path(__file__).with_name("LICENSE.txt")

Contents = dict[str, bytes]


def collect(
    *,
    board: Board,
    model: ModelSources,
    frontend: FrontendSources | None,
    stream: StreamSettings | None,
    self_test_output: bytes | None,
) -> Contents:
    """Return every file of a project but those that describe it."""
    contents: Contents = {
        "LICENSE": licence_text(),
        f"model/{model.prefix}.h": model.header.encode(),
        f"model/{model.prefix}.c": model.source.encode(),
        "runtime/include/app_config.h": _app_config(model, stream, self_test_output).encode(),
    }
    if model.prefix != DEFAULT:
        alias = model_headers(model.prefix, model.header)[f"{DEFAULT}.h"]
        contents[f"runtime/include/{DEFAULT}.h"] = alias.encode()
    contents |= kernel_files(model.source)
    contents |= _runtime(with_stream=frontend is not None)
    contents |= {f"board/{path.name}": _text(path) for path in board.files}
    if frontend is not None:
        contents |= tree("frontend", without=HOST_ONLY)
        contents |= _frontend_tables(frontend)
    return contents


def licence_text() -> bytes:
    """Return the licence of all that comes from here, whole."""
    return _LICENSE.read_bytes()


def _frontend_tables(frontend: FrontendSources) -> Contents:
    """Return the tables, and the names that the application knows them by."""
    contents = {
        f"frontend/{frontend.header_name}": frontend.header.encode(),
        f"frontend/{frontend.source_name}": device_code(frontend.source).encode(),
    }
    if frontend.prefix:
        old = f"{frontend.prefix}_frontend"
        alias = alias_header(frontend.header, frontend.header_name, old=old, new="frontend")
        contents[f"runtime/include/{HEADER_NAME}"] = alias.encode()
    return contents


def _app_config(
    model: ModelSources, stream: StreamSettings | None, self_test_output: bytes | None
) -> str:
    name = "port_board" if model.device is None else string_literal(model.device)
    certainty = stream.certainty if stream else UNKNOWN_SCALE
    lines = [
        OURS,
        "/* What this firmware does with its frontend and model. Generated. */",
        "#ifndef APP_CONFIG_H",
        "#define APP_CONFIG_H",
        "",
        f"#define APP_FRONTEND {int(stream is not None)}",
        "",
        "/* Frames from one inference on a stream to the next; inferences that a decision sums. */",
        f"#define APP_STREAM_HOP_FRAMES {stream.hop_frames if stream else 0}u",
        f"#define APP_SMOOTHING {stream.smoothing if stream else 0}u",
        "",
        "/* log2(e) times a logit's step over the temperature, Q24; the probability, Q15, below",
        " * which a decision is unsure. */",
        f"#define APP_CERTAINTY_MULTIPLIER {certainty.multiplier}u",
        f"#define APP_UNSURE_BELOW {certainty.unsure_below}",
        "",
        "/* What the device calls itself. */",
        f"#define APP_NAME {name}",
        "",
        "/* Whether db HEX% brings pixels, 0 to 255, of which 128 are taken for an int8 input. */",
        f"#define APP_LOADS_PIXELS {int(model.name in IMAGE_MODELS)}",
    ]
    if self_test_output is not None:
        lines += [
            "",
            "/* Checksum of the output for the test input of dev_self_test.c. */",
            f"#define APP_SELF_TEST_OUTPUT_CRC 0x{zlib.crc32(self_test_output):08X}u",
        ]
    return "\n".join([*lines, "", "#endif", ""])


def kernel_files(source: str) -> Contents:
    """Return the kernels that `source` includes, with all that these include."""
    return {
        f"kernels/{path.parent.name}/{path.name}": _text(path) for path in kernel_sources(source)
    }


def _runtime(*, with_stream: bool) -> Contents:
    return tree("runtime", without=() if with_stream else _STREAM_ONLY)


def tree(package: str, *, without: Sequence[str] = ()) -> Contents:
    """Return headers and sources of a package, under its name, but those of some names."""
    folder = _PACKAGE / package
    paths = (*(folder / "include").glob("*.h"), *(folder / "src").glob("*.[ch]"))
    return {
        f"{package}/{path.parent.name}/{path.name}": _text(path)
        for path in paths
        if path.stem not in without
    }


def _text(path: Path) -> bytes:
    return device_code(path.read_text("utf-8")).encode()
