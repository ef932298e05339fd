"""An application for the Coral Dev Board Micro: CMake, beside the board's SDK."""

from __future__ import annotations

import hashlib
import json
import textwrap
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from firmware_bridge.boards import HOST, Board
from firmware_bridge.compiler import further_outputs
from firmware_bridge.compiler.c_text import comment_text, string_literal
from firmware_bridge.compiler.names import model_name
from firmware_bridge.compiler.values import value_macros
from firmware_bridge.frontend.c_tables import FrontendSources
from firmware_bridge.licence import OURS
from firmware_bridge.project.contents import Contents, collect
from firmware_bridge.project.firmware_project import FirmwareProject, ModelSources, StreamSettings
from firmware_bridge.project.micro_readme import micro_readme
from firmware_bridge.project.readme import frontend_hash
from firmware_bridge.project.write import FORMAT, MANIFEST, place
from quantize.foundation.errors import BadInput
from quantize.tflite.model import Tensor
from quantize.tflite.schema import DType

CORAL_MICRO_NAME = "coral-micro"
MODEL_FILE = "models/model_edgetpu.tflite"
"""Where the application keeps the compiled model; the board finds it under the same path."""
TARGET = "edgeser-micro"
_FOLDER = Path(__file__).parents[1] / "boards" / "coral_micro"
_SAMPLE_RATE = 16_000
_LINE = 96
_LARGEST_ROOM = 16 << 20
_METHODS = {
    "ADD": "AddAdd",
    "ARG_MAX": "AddArgMax",
    "AVERAGE_POOL_2D": "AddAveragePool2D",
    "CONCATENATION": "AddConcatenation",
    "CONV_2D": "AddConv2D",
    "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
    "DEQUANTIZE": "AddDequantize",
    "EXPAND_DIMS": "AddExpandDims",
    "FULLY_CONNECTED": "AddFullyConnected",
    "HARD_SWISH": "AddHardSwish",
    "L2_NORMALIZATION": "AddL2Normalization",
    "LEAKY_RELU": "AddLeakyRelu",
    "LOGISTIC": "AddLogistic",
    "MAX_POOL_2D": "AddMaxPool2D",
    "MEAN": "AddMean",
    "MUL": "AddMul",
    "PACK": "AddPack",
    "PAD": "AddPad",
    "PRELU": "AddPrelu",
    "QUANTIZE": "AddQuantize",
    "RELU": "AddRelu",
    "RELU6": "AddRelu6",
    "RESHAPE": "AddReshape",
    "RESIZE_BILINEAR": "AddResizeBilinear",
    "RESIZE_NEAREST_NEIGHBOR": "AddResizeNearestNeighbor",
    "SOFTMAX": "AddSoftmax",
    "SPLIT": "AddSplit",
    "SQUEEZE": "AddSqueeze",
    "STRIDED_SLICE": "AddStridedSlice",
    "SUB": "AddSub",
    "TANH": "AddTanh",
    "TRANSPOSE": "AddTranspose",
    "TRANSPOSE_CONV": "AddTransposeConv",
    "UNPACK": "AddUnpack",
}
"""How TFLite-Micro's resolver calls the operators that a compiler may leave on the CPU."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MicroModel:
    """A model for the board.

    Parameters
    ----------
    name
        Printable, for banners.
    input, output
        Its only input and its output, int8; of several outputs the first.
    cpu_operators
        Builtin operators that stay on the CPU; empty where all are on the Edge TPU.
    arena_bytes, arena_reason
        Memory for TFLite-Micro, and where that number comes from.
    room_bytes
        The largest compiled model that the application can load.
    compiled
        The compiled .tflite; ``None`` while there is none.
    further_outputs
        Those after the first, int8.
    """

    name: str
    input: Tensor
    output: Tensor
    cpu_operators: tuple[str, ...]
    arena_bytes: int
    arena_reason: str
    room_bytes: int
    compiled: bytes | None
    further_outputs: tuple[Tensor, ...] = ()

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """All of its outputs, in their order."""
        return (self.output, *self.further_outputs)


def write_coral_micro(
    directory: Path,
    *,
    model: MicroModel,
    frontend: FrontendSources | None = None,
    stream: StreamSettings | None = None,
) -> FirmwareProject:
    """Write the application.

    Parameters
    ----------
    directory
        Where to, as for `write_project`.
    model
        What it runs.
    frontend, stream
        The frontend as C, and how decisions are taken on its stream: both or neither.

    Raises
    ------
    BadInput
        When the model cannot be driven by the application, or the directory holds something else.
    """
    model = replace(model, name=model_name(model.name))
    _check(model, frontend)
    contents = _application(model, frontend, stream)
    files = {path: hashlib.sha256(contents[path]).hexdigest() for path in sorted(contents)}
    manifest = {
        "format": FORMAT,
        "board": CORAL_MICRO_NAME,
        "model": {"name": model.name, "hash": _hash(model)},
        "frontend": frontend_hash(frontend) if frontend else None,
        "files": files,
    }
    contents[MANIFEST] = (json.dumps(manifest, indent=2) + "\n").encode()
    place(Path(directory), contents)
    return FirmwareProject(directory=Path(directory), files=files)


def _check(model: MicroModel, frontend: FrontendSources | None) -> None:
    borders = [("input", model.input), *(("output", tensor) for tensor in model.outputs)]
    for what, tensor in borders:
        if tensor.dtype is not DType.INT8:
            raise BadInput(
                f"the model's {what} is {tensor.dtype.label}; the board's application, whose "
                "frontend gives int8, takes int8",
                hint="export a model with int8 input and output",
            )
    if not 0 < model.room_bytes <= _LARGEST_ROOM:
        raise BadInput(
            f"a model of {model.room_bytes:,} bytes is too large for the board's application",
            hint=f"it has room for {_LARGEST_ROOM:,} bytes",
        )
    for name in model.cpu_operators:
        if name not in _METHODS:
            raise BadInput(
                f"{name} stays on the CPU, and the board's TFLite-Micro is not known to have it",
                hint="change the network so that it maps: edgeser lint",
            )
    if frontend is not None and f"FRONTEND_SAMPLE_RATE {_SAMPLE_RATE}" not in (frontend.header):
        raise BadInput(
            "the board's microphone gives 16,000 samples a second, the frontend takes others",
            hint="set sample_rate = 16000 in [frontend]",
        )


def _application(
    model: MicroModel, frontend: FrontendSources | None, stream: StreamSettings | None
) -> Contents:
    files = tuple(path for path in sorted(_FOLDER.iterdir()) if path.suffix in (".h", ".c", ".cc"))
    # The SDK builds it: of the board nothing counts but its name and its files.
    board: Board = replace(HOST, name=CORAL_MICRO_NAME, files=files)
    contents = collect(
        board=board,
        model=ModelSources(
            name=model.name,
            hash=_hash(model),
            header=_model_header(model),
            source=_model_source(model),
        ),
        frontend=frontend,
        stream=stream,
        self_test_output=None,
    )
    # It has a loop of its own: the console is not the only thing to wait for.
    del contents["runtime/src/main.c"]
    contents["board/micro_resolver.h"] = _resolver(model.cpu_operators).encode()
    if model.compiled is not None:
        contents[MODEL_FILE] = model.compiled
    contents["CMakeLists.txt"] = _cmake(model, contents).encode()
    contents["README.md"] = micro_readme(
        name=model.name,
        target=TARGET,
        compiled=model.compiled is not None,
        frontend=frontend_hash(frontend) if frontend else None,
        operators=("edgetpu-custom-op", *model.cpu_operators),
        arena=f"{model.arena_bytes:,} bytes: {comment_text(model.arena_reason, limit=300)}",
    ).encode()
    return contents


def _hash(model: MicroModel) -> str:
    return "none" if model.compiled is None else hashlib.sha256(model.compiled).hexdigest()


_MODEL_SOURCE = f"""\
{OURS}
/* What runs is in the file system; the Edge TPU runs all of it, as one operator. */
#include "model.h"

const struct model_operator model_operators[MODEL_OPERATORS] = {{{{.name = "INVOKE", .macs = 0}}}};
"""

_MODEL_HEADER = (
    f"{OURS}\n"
    + """\
/* The model {name}: its sizes. Its bytes are in the file system. */
#ifndef MODEL_H
#define MODEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define MODEL_NAME {literal}
/* SHA-256 of the file that runs, computed on the board. */
#define MODEL_HASH micro_model_hash()
/* The largest file that there is room for. */
#define MODEL_ROOM_BYTES {room}
/* For TFLite-Micro:
{reason} */
#define MODEL_ARENA_BYTES {arena}
/* An int8 value stands for SCALE * (value - ZERO_POINT). */
{values}
{macros}#define MODEL_OPERATORS 1
#define MODEL_MAX_OPERATOR_OUTPUT_BYTES MODEL_OUTPUT_BYTES

struct model_operator {{
  const char *name;
  uint32_t macs;
}};

extern const struct model_operator model_operators[MODEL_OPERATORS];

const char *micro_model_hash(void);

void *model_input(void *arena);
const void *model_output(const void *arena);
{declarations}
typedef void (*model_observer)(void *context, uint32_t operator_index, const void *output,
                               uint32_t bytes);
void model_run(void *arena, model_observer observer, void *context);

#ifdef __cplusplus
}}
#endif

#endif
"""
)

_TAKE_COMPILED = """\
set(COMPILED "${CMAKE_SOURCE_DIR}/../model_edgetpu.tflite")
if(NOT EXISTS "${COMPILED}")
  message(FATAL_ERROR "there is no compiled model yet: run compile.sh in the folder above")
endif()
configure_file("${COMPILED}" "${MODEL}" COPYONLY)
"""

_RESOLVER = (
    f"{OURS}\n"
    + """\
// The operators that the model needs, and no others.
#ifndef MICRO_RESOLVER_H
#define MICRO_RESOLVER_H

#include "libs/tpu/edgetpu_op.h"
#include "third_party/tflite-micro/tensorflow/lite/micro/micro_mutable_op_resolver.h"

constexpr unsigned int kResolverOperators = {count};

inline bool AddOperators(tflite::MicroMutableOpResolver<kResolverOperators> *resolver) {{
  return {calls};
}}

#endif
"""
)


def _model_source(model: MicroModel) -> str:
    return "\n".join([_MODEL_SOURCE, *further_outputs.table("model", model.outputs)])


def _model_header(model: MicroModel) -> str:
    return _MODEL_HEADER.format(
        name=comment_text(model.name),
        literal=string_literal(model.name),
        room=model.room_bytes,
        reason=textwrap.fill(
            f"{comment_text(model.arena_reason, limit=300)}.",
            _LINE,
            initial_indent=" * ",
            subsequent_indent=" * ",
        ),
        arena=model.arena_bytes,
        values="\n".join(
            value_macros("MODEL", what, tensor)
            for what, tensor in (("INPUT", model.input), ("OUTPUT", model.output))
        ),
        macros=further_outputs.macros("MODEL", model.outputs),
        declarations=further_outputs.declarations("model", model.outputs),
    )


def _resolver(cpu_operators: tuple[str, ...]) -> str:
    methods = sorted({_METHODS[name] for name in cpu_operators})
    custom = "resolver->AddCustom(coralmicro::kCustomOp, coralmicro::RegisterCustomOp())"
    calls = [f"{call} == kTfLiteOk" for call in (custom, *(f"resolver->{m}()" for m in methods))]
    return _RESOLVER.format(count=len(calls), calls=" &&\n         ".join(calls))


def _cmake(model: MicroModel, contents: Contents) -> str:
    paths = sorted(PurePosixPath(path) for path in contents)
    folders = sorted({path.parent for path in paths if path.suffix == ".h"})
    return (
        (_FOLDER / "CMakeLists.txt.in")
        .read_text("utf-8")
        .format(
            name=comment_text(model.name),
            target=TARGET,
            model=MODEL_FILE,
            compiled="" if model.compiled else _TAKE_COMPILED,
            c_sources="\n  ".join(str(path) for path in paths if path.suffix == ".c"),
            cc_sources="\n  ".join(str(path) for path in paths if path.suffix == ".cc"),
            includes="\n  ".join(str(folder) for folder in folders),
        )
    )
