"""A shell script that compiles a model on any x86-64 machine that has the compiler."""

from __future__ import annotations

_SCRIPT = """\
#!/bin/sh
# Compile model.tflite for the Edge TPU. Needs x86-64 Linux and Google's edgetpu_compiler 16.
# Its exit code proves nothing, so this script looks at its log.
set -eu
cd "$(dirname "$0")"

fail() {{
    echo "compile.sh: $1" >&2
    exit 1
}}

compiler="${{EDGETPU_COMPILER:-edgetpu_compiler}}"
if [ "$(uname -m)" != x86_64 ]; then
    echo "compile.sh: this machine is $(uname -m); the compiler runs on x86-64 only" >&2
    exit 3
fi
if ! command -v "$compiler" >/dev/null 2>&1; then
    echo "compile.sh: edgetpu_compiler is not installed; get it from Google's Coral pages" >&2
    exit 3
fi

rm -f model_edgetpu.tflite
"$compiler" -s model.tflite > compiler.log 2>&1 || {{
    cat compiler.log >&2
    fail "the compiler failed"
}}
cat compiler.log

[ -s model_edgetpu.tflite ] || fail "the compiler wrote no file"
grep -q '^Number of Edge TPU subgraphs: 1$' compiler.log ||
    fail "not one part runs on the Edge TPU; see compiler.log"
mapped=$(awk '/Mapped to Edge TPU *$/ {{ total += $2 }} END {{ print total + 0 }}' compiler.log)
[ "$mapped" -eq {operators} ] ||
    fail "$mapped of {operators} operators are mapped to the Edge TPU; see compiler.log"
echo "compile.sh: all {operators} operators are mapped; the result is model_edgetpu.tflite"
"""


def compile_script(operators: int) -> str:
    """Return a POSIX shell script that compiles ``model.tflite`` beside it.

    Parameters
    ----------
    operators
        How many operators the model has: all of them must be mapped.
    """
    return _SCRIPT.format(operators=operators)
