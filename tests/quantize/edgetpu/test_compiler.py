"""The compiler's wrapper, driven by a stand-in that misbehaves in each known way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from quantize.edgetpu.compiler import Compilation, Compiler, compile_model, find_compiler
from quantize.edgetpu.compiler_log import parse_log
from quantize.edgetpu.failures import (
    FAILURES,
    STATUSES,
    KnownFailure,
    diagnose_log,
    explain_status,
)
from quantize.foundation.errors import BadInput, ToolMissing

AN_HOUR = 3600
"""So long the stand-in hangs."""
StandIn = Callable[[str], Path]


@pytest.fixture
def model(shared: Path) -> bytes:
    return (shared / "edgetpu_models" / "split_concat.tflite").read_bytes()


@pytest.fixture
def compiling(stand_in: StandIn, model: bytes) -> Callable[..., Compilation]:
    """Compile the pair's model with a stand-in of the given behaviour."""

    def run(mode: str, timeout_s: float = 20.0, memory_bytes: int = 1 << 30) -> Compilation:
        compiler = find_compiler(given=stand_in(mode), environment={})
        return compile_model(
            model,
            compiler=compiler,
            name="m.tflite",
            timeout_s=timeout_s,
            memory_bytes=memory_bytes,
        )

    return run


def test_a_compilation_that_works(compiling: Callable[..., Compilation], shared: Path) -> None:
    done = compiling("works")
    assert done.problems == ()
    assert done.succeeded
    assert done.compiler.version == "16.0.384591198"
    twin = shared / "edgetpu_models" / "split_concat_edgetpu.tflite"
    assert done.output == twin.read_bytes()
    assert done.compiled is not None
    assert done.compiled.instruction_bytes == 23_648
    log = done.log
    assert (log.on_chip_used, log.off_chip_streamed) == (256, 0)
    assert log.on_chip_remaining == round(7.75 * 2**20)
    assert (log.subgraphs, log.operations, log.mapped) == (1, 3, 3)
    assert log.says_success


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        ("leaves some on the CPU", "1 SPLIT left on the CPU: Operation version not supported"),
        ("leaves some on the CPU", "the compiler left 2 operators on the CPU"),
        ("two parts", "2 parts run on the Edge TPU"),
        ("writes nothing", "the compiler wrote no file"),
        ("writes half", "the compiled file cannot be read"),
        ("writes the model unchanged", "holds nothing for the Edge TPU"),
        ("says nothing of operators", "did not say where the operators run"),
        ("fails after writing", "exit code 3"),
        ("crashes", "ended by SIGSEGV"),
        ("takes all memory", "exit code 1"),
    ],
)
def test_what_is_no_success(compiling: Callable[..., Compilation], mode: str, problem: str) -> None:
    done = compiling(mode)
    assert not done.succeeded
    assert any(problem in found for found in done.problems), done.problems


def test_operators_may_be_listed_in_a_file(compiling: Callable[..., Compilation]) -> None:
    done = compiling("lists the operators in a file")
    assert done.succeeded, done.problems
    assert done.log.mapped == 3


def test_it_says_success_and_exits_0_for_a_graph_on_the_cpu(
    compiling: Callable[..., Compilation],
) -> None:
    done = compiling("leaves some on the CPU")
    assert done.exit_code == 0
    assert done.log.says_success
    assert not done.succeeded
    assert (done.log.on_edge_tpu, done.log.on_cpu) == (1, 2)


def test_a_compiled_file_of_another_model(stand_in: StandIn, shared: Path, model: bytes) -> None:
    program = stand_in("works")
    other = shared / "edgetpu_models" / "testconv1-edgetpu.tflite"
    (program.parent / "compiled").write_bytes(other.read_bytes())
    compiler = find_compiler(given=program, environment={})
    done = compile_model(model, compiler=compiler, name="m.tflite")
    assert "the compiled file has other inputs than the model" in done.problems
    partly = shared / "edgetpu_models" / "deeplabv3_mnv2_dm05_pascal_quant_edgetpu.tflite"
    (program.parent / "compiled").write_bytes(partly.read_bytes())
    done = compile_model(model, compiler=compiler, name="m.tflite")
    assert "the compiled file leaves 8 operators outside" in done.problems


def test_a_compiler_that_hangs_is_stopped_with_its_children(
    compiling: Callable[..., Compilation], stand_in: StandIn
) -> None:
    note = stand_in("hangs with a child").with_name("child")
    timeout_s = 1.0
    # On a busy machine it may be stopped before it has started its child: give it longer then.
    while not note.exists() or not note.read_text():
        timeout_s *= 2
        assert timeout_s < 100, "the stand-in never started its child"
        done = compiling("hangs with a child", timeout_s=timeout_s)
    assert done.exit_code is None
    assert done.seconds < AN_HOUR / 2, "it was waited for"
    assert any(f"did not end within {timeout_s:g} s" in problem for problem in done.problems)
    # The child of this compiler alone: others may try theirs on this machine at the same time.
    end = time.monotonic() + 60
    while not is_gone(int(note.read_text())):
        assert time.monotonic() < end, "its child still runs"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_endless_output_ends(compiling: Callable[..., Compilation]) -> None:
    done = compiling("talks without end", timeout_s=1.0)
    assert not done.succeeded
    assert len(done.log.text) < 9 << 20


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.id)
def test_every_known_failure_is_explained(
    compiling: Callable[..., Compilation], failure: KnownFailure
) -> None:
    done = compiling(f"says: {failure.example}")
    told = " ".join(done.problems)
    assert failure.meaning in told
    assert f"Fix: {failure.fix}." in told
    assert " ".join(failure.example.split())[:40] in told


def test_failures_are_told_apart() -> None:
    for failure in FAILURES:
        found = [diagnosis.failure.id for diagnosis in diagnose_log(failure.example)]
        assert found[0] == failure.id, found
        assert re.search(failure.quote, failure.example)
    first = next(failure for failure in FAILURES if failure.id == "unknown-version")
    text = "\n".join([first.example, "Model could not be parsed", "Compilation failed!"])
    (only,) = diagnose_log(text)
    assert only.failure.id == "unknown-version"
    assert diagnose_log("Compilation succeeded!") == ()


LOG = """\
Edge TPU Compiler version 16.0.384591198
ERROR: third_party/tensorflow/lite/kernels/activations.cc:560 output->params.scale != 1.f / 256
ERROR: Node number {number} ({name}) failed to prepare.

Compilation failed: Model failed in Tflite interpreter. Please ensure model can be loaded/run.
Compilation child process completed within timeout period.
Compilation failed!
"""


def test_a_node_that_is_not_prepared_is_told_with_the_check_before_it() -> None:
    (found,) = diagnose_log(LOG.format(number=3, name="SOFTMAX"))
    assert found.failure.id == "failed-to-prepare"
    assert (found.operator, found.name) == (3, "SOFTMAX")
    assert "output->params.scale != 1.f / 256; ERROR: Node number 3 (SOFTMAX)" in found.line


@pytest.mark.parametrize(
    ("number", "name", "layer"),
    [(0, "CONCATENATION", "operator 0 CONCATENATION"), (0, "SOFTMAX", ""), (99, "SPLIT", "")],
)
def test_its_layer_is_told_where_number_and_name_fit(
    compiling: Callable[..., Compilation], number: int, name: str, layer: str
) -> None:
    done = compiling(f"says: {LOG.format(number=number, name=name)}")
    told = " ".join(done.problems)
    assert f"Node number {number} ({name}) failed to prepare" in told
    assert "params.scale" in told
    assert "without saying why" not in told
    assert (f"It is {layer}" in told) == bool(layer)


@pytest.mark.parametrize("end", ["Compilation failed!", "Internal compiler error. Aborting!"])
def test_an_error_that_is_not_known_is_the_reason_all_the_same(end: str) -> None:
    (found,) = diagnose_log(f"ERROR: third_party/x.cc:12 something was odd\n{end}\n")
    assert "something was odd" in str(found)
    assert "without saying why" not in str(found)
    (bare,) = diagnose_log(end)
    assert "without saying why" in str(bare)


def test_statuses_are_explained() -> None:
    assert explain_status("Mapped to Edge TPU") == ""
    assert explain_status("Tensor has unsupported rank (up to 3 innermost dimensions mapped)")
    assert explain_status("never heard of") == ""
    assert all(text for status, text in STATUSES.items() if status != "Mapped to Edge TPU")


# The tables below are in the layout of logs in users' reports.
REPORTED = """Edge TPU Compiler version 15.0.340273435

Model compiled successfully in 1379 ms.

Input model: model.tflite
Input size: 4.41MiB
Output model: model_edgetpu.tflite
Output size: 5.49MiB
On-chip memory used for caching model parameters: 1.92MiB
On-chip memory remaining for caching model parameters: 1.75KiB
Off-chip memory used for streaming uncached model parameters: 3.23MiB
Number of Edge TPU subgraphs: 1
Total number of operations: 136
Number of operations that will run on Edge TPU: 135
Number of operations that will run on CPU: 1

Operator                       Count      Status

RESHAPE                        15         Mapped to Edge TPU
QUANTIZE                       1          Operation is otherwise supported, but not mapped due \
to some unspecified limitation
TFLite_Detection_PostProcess   1          Operation is working on an unsupported data type
"""


def test_a_reported_log() -> None:
    log = parse_log(REPORTED)
    assert log.version == "15.0.340273435"
    assert log.on_chip_used == round(1.92 * 2**20)
    assert log.off_chip_streamed == round(3.23 * 2**20)
    assert (log.operations, log.on_edge_tpu, log.on_cpu, log.mapped) == (136, 135, 1, 15)
    assert [entry.name for entry in log.unmapped] == ["QUANTIZE", "TFLite_Detection_PostProcess"]
    assert all(explain_status(entry.status) for entry in log.unmapped)


@pytest.mark.parametrize("text", ["", "\x00" * 100, "Operator  Count  Status", "9" * 10_000])
def test_other_text_is_no_log(text: str) -> None:
    log = parse_log(text)
    assert (log.version, log.operators, log.subgraphs) == ("", (), None)


def test_where_the_compiler_is_looked_for(stand_in: StandIn, tmp_path: Path) -> None:
    program = stand_in("works")
    on_path = {"PATH": str(program.parent)}
    by_name = {"EDGETPU_COMPILER": str(program), "PATH": ""}
    expected = Compiler(program.resolve(), "16.0.384591198")
    assert find_compiler(given=None, environment=on_path) == expected
    assert find_compiler(given=None, environment=by_name) == expected
    assert find_compiler(given=program, environment={}) == expected
    with pytest.raises(ToolMissing, match="is not installed") as caught:
        find_compiler(given=None, environment={"PATH": str(tmp_path)})
    assert "--compiler" in caught.value.hint
    with pytest.raises(ToolMissing, match="there is no Edge TPU compiler at"):
        find_compiler(given=tmp_path / "none", environment=on_path)


@pytest.mark.parametrize("mode", ["another program", "silent"])
def test_another_program_of_that_name(stand_in: StandIn, mode: str) -> None:
    with pytest.raises(ToolMissing, match="does not answer as Google's"):
        find_compiler(given=stand_in(mode), environment={})


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    plain = tmp_path / "edgetpu_compiler"
    plain.write_text("not a program")
    with pytest.raises(ToolMissing, match="Permission denied"):
        find_compiler(given=plain, environment={})
    plain.chmod(0o755)
    with pytest.raises(ToolMissing, match="Exec format error"):
        find_compiler(given=plain, environment={})


def test_what_is_no_model_is_not_compiled(stand_in: StandIn) -> None:
    compiler = find_compiler(given=stand_in("works"), environment={})
    with pytest.raises(BadInput, match=r"is not a \.tflite file"):
        compile_model(b"nonsense", compiler=compiler, name="x.tflite")
