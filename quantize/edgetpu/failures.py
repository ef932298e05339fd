"""What the compiler says when it fails, what that means, and what to do: one table.

Its texts are quoted from users' reports, so that they can be recognised and searched for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from quantize.foundation.foreign import MOST_QUOTED, printable


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One way to fail.

    Parameters
    ----------
    id
        Stable name.
    quote
        What the compiler prints, as a regular expression.
    example
        A line as it was reported.
    meaning
        What it means, one sentence.
    fix
        What to do.
    source
        Where it was reported.
    """

    id: str
    quote: str
    example: str
    meaning: str
    fix: str
    source: str


_ISSUES = "google-coral/edgetpu"
_OTHER_ERROR = "other-error"
FAILURES = (
    KnownFailure(
        "failed-to-prepare",
        r"Node number (?P<number>\d{1,6}) \((?P<what>\w{1,100})\) failed to prepare",
        "ERROR: Node number 3 (SOFTMAX) failed to prepare.",
        "An operator's scales, types or shapes are none that its kernel can compute with.",
        "run 'edgeser lint', which names the tensor and the numbers",
        "messages of TensorFlow Lite, seen in LiteRT",
    ),
    KnownFailure(
        "unknown-version",
        r"Didn't find op for builtin opcode '(?P<what>\w+)' version '(?P<version>\d+)'",
        "ERROR: Didn't find op for builtin opcode 'CONV_2D' version '6'. An older version of this "
        "builtin might be supported. Are you using an old TFLite binary with a newer model?",
        "An operator has a version that is newer than the compiler.",
        "run 'edgeser lint'; export with 'edgeser export', or convert with an older TensorFlow",
        f"{_ISSUES} issues 631, 845, 879",
    ),
    KnownFailure(
        "unknown-operator",
        r"Op builtin_code out of range: (?P<what>\d+)",
        "ERROR: Op builtin_code out of range: 150. Are you using old TFLite binary with newer "
        "model?",
        "The file has an operator that did not exist when the compiler was made (150 is GELU).",
        "replace the operator; 'edgeser lint' names it",
        f"{_ISSUES} issues 667, 818",
    ),
    KnownFailure(
        "custom-operator",
        r"Encountered unresolved custom op: (?P<what>\S+?)\.?(?:\s|$)",
        "ERROR: Encountered unresolved custom op: MyOperator.",
        "The file has a custom operator that the compiler does not know.",
        "cut the model before it, and run the rest on the host",
        "a message of TensorFlow Lite, not from a report",
    ),
    KnownFailure(
        "not-quantised",
        r"Model not quantized",
        "Model not quantized",
        "The file has no 8-bit tensors, or floats in between.",
        "quantise with a representative data set and integer-only operators",
        f"{_ISSUES} issue 168",
    ),
    KnownFailure(
        "dynamic-sizes",
        r"only supports static-sized tensors with a graph that has dynamic-sized tensors",
        "ERROR: Attempting to use a delegate that only supports static-sized tensors with a graph "
        "that has dynamic-sized tensors.",
        "A tensor's size is computed at run time, often because the batch was left open.",
        "fix the input's shape, batch 1 included, before conversion",
        f"{_ISSUES} issues 829, 831; tensorflow/tensorflow issue 51467",
    ),
    KnownFailure(
        "interpreter-failed",
        r"Model failed in Tflite interpreter",
        "Compilation failed: Model failed in Tflite interpreter. Please ensure model can be "
        "loaded/run in Tflite interpreter.",
        "The compiler's own TensorFlow Lite cannot run the model.",
        "run it on the host first: 'edgeser bench MODEL'; then look at the error above it",
        f"{_ISSUES} issues 829, 831",
    ),
    KnownFailure(
        "large-activations",
        r"large activation tensors in model",
        "Compilation failed: Compilation failed due to large activation tensors in model.",
        "Activations do not fit the chip's 8 MB.",
        "make the input smaller or stride earlier; -d (search) may map the first part",
        f"{_ISSUES} issues 439, 444, 653",
    ),
    KnownFailure(
        "own-time-out",
        r"Compilation timeout\.",
        "Compilation timeout. This is usually caused by large activations.",
        "The compiler stopped itself after 180 seconds.",
        "make the input smaller or stride earlier",
        f"{_ISSUES} issue 686",
    ),
    KnownFailure(
        "out-of-range",
        r"std::out_of_range: vector",
        "terminating with uncaught exception of type std::out_of_range: vector",
        "The compiler has a bug that this graph meets.",
        "change the layer that 'edgeser lint' marks; else compile half of the model to find it",
        f"{_ISSUES} issues 4, 728",
    ),
    KnownFailure(
        "crash",
        r"Segmentation fault",
        "/usr/bin/edgetpu_compiler: line 3:  7056 Segmentation fault      (core dumped)",
        "The compiler crashed; this often is a model that its TensorFlow Lite cannot load.",
        "run 'edgeser lint', and the model on the host: 'edgeser bench MODEL'",
        f"{_ISSUES} issues 482, 643, 811",
    ),
    KnownFailure(
        "no-memory",
        r"std::bad_alloc",
        "terminate called after throwing an instance of 'std::bad_alloc'",
        "The compiler ran out of memory.",
        "make the model smaller, or give more memory",
        "a message of the C++ runtime, not from a report",
    ),
    KnownFailure(
        "internal-error",
        r"Internal compiler error",
        "Internal compiler error. Aborting!",
        "The compiler failed without saying why; large inputs and odd layers are common causes.",
        "run it again, some failures are random; then try a smaller input, then half of the model",
        f"{_ISSUES} issues 60, 157, 189, 211",
    ),
    KnownFailure(
        "empty-graph",
        r"Did not get operators, tensors, or buffers in subgraph",
        "ERROR: Did not get operators, tensors, or buffers in subgraph 0.",
        "The file has no graph that the compiler can read.",
        "convert it again; 'edgeser inspect' shows what is in it",
        "tensorflow/tensorflow issue 43288",
    ),
    KnownFailure(
        "not-parsed",
        r"Model could not be parsed",
        "Model could not be parsed",
        "The compiler's TensorFlow Lite refused the file.",
        "the error above it says why; run 'edgeser lint'",
        f"{_ISSUES} issues 340, 879",
    ),
    KnownFailure(
        "no-such-file",
        r"Could not open|No such file or directory",
        "Could not open 'model.tflite'.",
        "The compiler did not find its input, or a part of itself.",
        "install the whole compiler; it comes with a folder edgetpu_compiler_bin",
        "messages of TensorFlow Lite and the shell, not from a report",
    ),
    KnownFailure(
        "wrong-machine",
        r"Exec format error|cannot execute binary file",
        "cannot execute binary file: Exec format error",
        "The compiler runs on x86-64 Linux only.",
        "run compile.sh on an x86-64 machine",
        "Coral, 'Edge TPU Compiler', system requirements",
    ),
    KnownFailure(
        _OTHER_ERROR,
        r"^ERROR: (?!Node number)(?P<what>\S.*)$",
        "ERROR: third_party/tensorflow/lite/kernels/conv.cc:345 input->dims->size != 4 (3 != 4)",
        "The compiler's TensorFlow Lite says so.",
        "run 'edgeser lint', and the model on the host: 'edgeser bench MODEL'",
        "the form of TensorFlow Lite's messages",
    ),
    KnownFailure(
        "failed",
        r"Compilation failed!",
        "Compilation failed!",
        "The compiler failed without saying why.",
        "run 'edgeser lint'; then try a smaller input, then half of the model",
        f"{_ISSUES} issues 800, 903",
    ),
)
"""All known failures; where several match, the first ones say most."""

_LESS_THAN_OTHERS = frozenset(
    {"not-parsed", "failed", "interpreter-failed", "internal-error", "crash"}
)
"""They follow from another one, which says more."""

STATUSES: Mapping[str, str] = MappingProxyType(
    {
        "Mapped to Edge TPU": "",
        "More than one subgraph is not supported": "it comes after an operator on the CPU",
        "Operation is otherwise supported, but not mapped due to some unspecified limitation": (
            "often a tensor that is too large, or a QUANTIZE beside a float tensor"
        ),
        "Operation is working on an unsupported data type": "it is not int8 or uint8",
        "Operation version not supported": "a newer converter wrote a version that is not mapped",
        "Operation not supported": "the Edge TPU does not have it",
        "Tensor has unsupported rank": "more than the three innermost axes are longer than 1",
        "Image-interpolation layer won't run precisely enough on Edge TPU": (
            "the resize's factor or size is too large"
        ),
    }
)
"""What the operator log says of an operator, and what that means."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A known failure that a log shows, with what it names there.

    Parameters
    ----------
    failure
        Which.
    line
        The line that shows it; before that of an operator's failure the check that it failed.
    operator, name
        The operator's number and name, where the log has them.
    """

    failure: KnownFailure
    line: str
    operator: int | None = None
    name: str = ""

    def __str__(self) -> str:
        return f"{self.line}: {self.failure.meaning}"


def diagnose_log(text: str) -> tuple[Diagnosis, ...]:
    """Return the known failures that a compiler's output shows, those that say most first.

    An error that is not known is one too: it is quoted where nothing else says why.
    """
    found = []
    for failure in FAILURES:
        match = re.search(failure.quote, text, re.MULTILINE)
        if match is None:
            continue
        line = _line_at(text, match.start())
        if failure.id != "failed-to-prepare":
            found.append(Diagnosis(failure, line))
            continue
        above = text[: text.rfind("\n", 0, match.start()) + 1].splitlines()
        errors = [said for said in above if said.startswith("ERROR:")]
        check = f"{_shown(errors[-1])}; " if errors else ""
        found.append(Diagnosis(failure, check + line, int(match["number"]), match["what"]))
    telling = [d for d in found if d.failure.id not in {*_LESS_THAN_OTHERS, _OTHER_ERROR}]
    unknown = [d for d in found if d.failure.id == _OTHER_ERROR]
    return tuple(telling or unknown or found)


def _line_at(text: str, position: int) -> str:
    end = text.find("\n", position)
    return _shown(text[text.rfind("\n", 0, position) + 1 : end if end >= 0 else len(text)])


def _shown(line: str) -> str:
    return printable(" ".join(line.split()), limit=MOST_QUOTED)


def explain_status(status: str) -> str:
    """Return what an operator's status means; empty where it is mapped or not known."""
    return next((text for start, text in STATUSES.items() if status.startswith(start)), "")
