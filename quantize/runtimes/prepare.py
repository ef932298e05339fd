"""Whether LiteRT's reference kernels can prepare a model, which the compiler does first too."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from quantize.foundation.child import ChildCrashed, call_in_child
from quantize.foundation.errors import InternalError, ToolMissing
from quantize.foundation.foreign import printable
from quantize.runtimes import worker
from quantize.runtimes.catalogue import INSTALL_HINT, Runtime, litert_module
from quantize.runtimes.words import separated
from quantize.tflite.model import Model

_MEMORY_BYTES = 8 << 30
_TIMEOUT_S = 60.0
_NODE = re.compile(r"Node number (\d{1,6}) \((\S{1,100})\) failed to prepare")
_TENSOR = re.compile(r"Tensor (\d{1,6}) has invalid")
_CHECK = re.compile(r"^(?:\S*/)?([\w.]+:\d+ )")
_UNKNOWN = re.compile("unresolved custom op|Regular TensorFlow ops are not supported")
_LONGEST = 200
_SAYS_NOTHING = ("INFO", "WARNING", "I0000", "W0000", "Fatal Python", "Current thread", "  File")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A model that was not prepared.

    Parameters
    ----------
    operator
        Index of the operator in the main subgraph; ``None`` where the runtime does not say.
    message
        The runtime's own words: the check that failed; or that it crashed.
    """

    operator: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Preparation:
    """What came of preparing a model.

    Parameters
    ----------
    refusal
        Why it cannot be prepared; ``None`` where it can, or was not tried.
    not_tried
        Why it was not tried; empty where it was.
    """

    refusal: Refusal | None = None
    not_tried: str = ""


def prepare(model_bytes: bytes, model: Model) -> Preparation:
    """Load a model into LiteRT's reference kernels, without a delegate, in a child process.

    Parameters
    ----------
    model_bytes
        The .tflite.
    model
        The same, read.

    Returns
    -------
    Preparation
        A crash of the runtime is a refusal too; a LiteRT that is not installed, or does not know an
        operator that is none of its own, is said.
    """
    if litert_module() is None:
        return Preparation(not_tried=f"it is not installed; {INSTALL_HINT}")
    try:
        result = call_in_child(
            worker.prepare,
            {"model": np.frombuffer(model_bytes, np.uint8)},
            {},
            what=f"preparing {model.source} in {Runtime.LITERT_REFERENCE.label}",
            timeout_s=_TIMEOUT_S,
            memory_bytes=_MEMORY_BYTES,
        )
    except ToolMissing as error:
        return Preparation(not_tried=error.message)
    except ChildCrashed as error:
        lines = [line for line in error.stderr.splitlines() if line.strip()]
        telling = [line for line in lines if not line.startswith(_SAYS_NOTHING)]
        words = f": {printable(telling[-1].strip(), limit=_LONGEST)}" if telling else ""
        return Preparation(Refusal(None, f"it crashes on this model{words}"))
    except InternalError as error:
        return Preparation(not_tried=error.message)
    if result.values["prepared"]:
        return Preparation()
    said = str(result.values["said"])
    if _UNKNOWN.search(said):
        custom = [o for graph in model.subgraphs for o in graph.operators if o.code.is_custom]
        name = printable(custom[0].name) if custom else "an operator"
        return Preparation(not_tried=f"LiteRT does not know {name}")
    return Preparation(_refusal(said, model))


def _refusal(said: str, model: Model) -> Refusal:
    """Read LiteRT's words: the check that failed, then the number of the operator or tensor."""
    node, tensor = _NODE.search(said), _TENSOR.search(said)
    check = said[: node.start()] if node else said
    message = printable(_CHECK.sub("", separated(check)), limit=_LONGEST)
    operators = model.main.operators
    index: int | None = None
    if node:
        index = int(node[1]) if int(node[1]) < len(operators) else None
    elif tensor and len(model.subgraphs) == 1:
        index = next((o.index for o in operators if int(tensor[1]) in o.inputs + o.outputs), None)
    return Refusal(index, message or "it does not say why")
