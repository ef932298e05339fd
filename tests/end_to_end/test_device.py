"""The device, by the real command: firmware out, built, emulated, counted and held to the host."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edgeser.bundle import Bundle
from edgeser.pipeline.exports.firmware import program_of
from edgeser.pipeline.parity.streams import compare_streams
from edgeser.pipeline.recordings import Recordings
from edgeser.pipeline.stream import streaming_classifier
from edgeser.progress import SILENT
from edgeser.targets.attached import AttachedDevice
from edgeser.targets.emulator import default_emulator
from firmware_bridge.link.errors import HashMismatch

Edgeser = Callable[..., Any]
CHUNKS = (512, 160, 333, 1)
EMULATOR = ("arm-none-eabi-gcc", "qemu-system-arm")
missing = [tool for tool in EMULATOR if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(
    bool(missing), reason=f"apt-get install gcc-arm-none-eabi qemu-system-arm: no {missing}"
)


@pytest.fixture(scope="module")
def device(bundle: Bundle) -> Any:
    with default_emulator().opened(program_of(bundle), reporter=SILENT) as found:
        yield found


@pytest.fixture(scope="module")
def long_recording(run_folder: Path) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Several voices one after the other: enough windows for decisions to be smoothed."""
    clips = sorted((run_folder / "synthetic-voices").rglob("*.wav"))[:4]
    samples = [soundfile.read(path, dtype="int16")[0] for path in clips]
    return np.concatenate(samples)[:64_000]


@pytest.fixture(scope="module")
def benched(edgeser: Edgeser, run_folder: Path) -> list[dict[str, Any]]:
    """The same benchmark twice, the second time with the firmware built already."""
    results = []
    for _ in range(2):
        ran = edgeser("bench", run_folder, "--device", "emulator", "--json")
        assert ran.code == 0, ran.err
        results += json.loads(ran.out)["results"]
    return results


def counts(result: dict[str, Any]) -> list[float]:
    """Every instruction count of a benchmark."""
    names = ("inference_instructions", "frame_instructions", "worst_frame_instructions")
    whole = [result["figures"][name]["value"] for name in names]
    return whole + [operator["cost"]["value"] for operator in result["operators"]]


def test_two_runs_count_the_same_instructions(benched: list[dict[str, Any]]) -> None:
    first, second = benched
    assert counts(first) == counts(second)
    assert all(count > 0 for count in counts(first)[:3])


def test_counts_are_emulated_time_is_predicted_memory_is_measured(
    benched: list[dict[str, Any]],
) -> None:
    result = benched[0]
    found = result["figures"]
    assert result["target"]["kind"] == "emulator"
    assert found["inference_instructions"]["evidence"] == "emulated"
    assert found["inference_instructions"]["unit"] == "instructions"
    assert found["inference_ms"]["evidence"] == "predicted"
    low, high = found["inference_ms"]["interval"]
    assert low < found["inference_ms"]["value"] < high
    assert found["flash_bytes"]["evidence"] == "measured"
    for memory, whole in (("flash", "flash_bytes"), ("ram", "ram_bytes")):
        parts = [part["size"]["value"] for part in result["memory"] if part["memory"] == memory]
        assert sum(parts) == found[whole]["value"]
        assert min(parts) > 0
        sections = [s["size"]["value"] for s in result["sections"] if s["memory"] == memory]
        assert sum(sections) == found[whole]["value"]
    assert 0 < found["scratch_bytes"]["value"] < found["ram_bytes"]["value"]
    assert 0 < found["stack_used_bytes"]["value"] < 8192


def test_operators_sum_to_the_inference_but_for_the_loop_around_them(
    benched: list[dict[str, Any]],
) -> None:
    result = benched[0]
    operators = sum(operator["cost"]["value"] for operator in result["operators"])
    whole = result["figures"]["inference_instructions"]["value"]
    assert operators == pytest.approx(whole, rel=0.03)


def test_the_benchmark_holds_the_device_to_the_host(benched: list[dict[str, Any]]) -> None:
    parity = benched[0]["parity"]
    assert parity["passed"] is True
    features, outputs, decisions = parity["comparisons"]
    assert features["compared"] > 1000
    assert outputs["compared"] >= 6 and decisions["compared"] >= 1
    assert {row["differing"]["value"] for row in parity["comparisons"]} == {0}


def test_the_report_shows_the_device(
    edgeser: Edgeser, run_folder: Path, benched: list[dict[str, Any]]
) -> None:
    ran = edgeser("report", run_folder, "--format", "json")
    assert ran.code == 0, ran.err
    report = json.loads((run_folder / "report.json").read_text())
    (shown,) = [r for r in report["bench"]["results"] if r["target"]["kind"] == "emulator"]
    assert shown == benched[1]


def test_a_broken_budget_fails_and_is_named(edgeser: Edgeser, run_folder: Path) -> None:
    ran = edgeser("bench", run_folder, "--device", "emulator", "--max-flash", 1000)
    assert ran.code == 1
    assert "budget broken: flash" in ran.err


def test_parity_by_the_command(edgeser: Edgeser, run_folder: Path) -> None:
    ran = edgeser("parity", run_folder, "--device", "emulator", "--clips", 3, "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert result["schema"] == "edgeser.parity/2"
    assert result["clips"] == 3
    assert result["passed"] is True


@pytest.mark.parametrize("chunk", CHUNKS)
def test_the_device_decides_as_the_hosts_stream_whatever_the_chunks(
    device: AttachedDevice, bundle: Bundle, long_recording: Any, chunk: int
) -> None:
    samples = long_recording if chunk > 1 else long_recording[:20_000]
    classifier = streaming_classifier(bundle)
    expected = classifier.push(samples)
    assert len(expected) >= (5 if chunk > 1 else 1)
    assert device.device.hear(samples, chunk=chunk)[1] == expected


def test_decisions_are_as_sure_and_as_unsure_as_the_hosts(
    bundle: Bundle, long_recording: Any
) -> None:
    """With a temperature at which this small network is sometimes sure."""
    samples = long_recording
    rule = replace(bundle.rule, int8_temperature=0.3)
    sure = replace(bundle, rule=rule)
    probabilities = sorted(d.probability for d in streaming_classifier(sure).push(samples))
    middle = probabilities[len(probabilities) // 2]
    choosy = replace(bundle, rule=replace(rule, unsure_below=middle))
    expected = streaming_classifier(choosy).push(samples)
    assert {decision.unsure for decision in expected} == {False, True}
    recordings = Recordings(("a clip",), (samples,), "for a test")
    with default_emulator().opened(program_of(choosy), reporter=SILENT) as found:
        assert found.device.hear(samples)[1] == expected
        same = compare_streams(choosy, found, recordings)
        assert same.passed
        assert (same.decisions, same.decision_differences) == (len(expected), 0)
        assert f"0 of {len(expected)} decisions" in same.describe()
        # The same network, but the host's bundle has another temperature.
        other = compare_streams(sure, found, recordings)
    assert not other.passed
    assert other.feature_differences == 0
    assert 0 < other.decision_differences <= len(expected)
    assert "the device has another temperature or threshold" in other.failure


def test_the_first_difference_is_named(
    device: AttachedDevice, bundle: Bundle, long_recording: Any
) -> None:
    """A host with another normalisation stands in for a device that computes something else."""
    config = bundle.trained.frontend
    assert config.normalisation is not None
    other = replace(config, pcan=not config.pcan)
    changed = replace(bundle, trained=replace(bundle.trained, frontend=other))
    recordings = Recordings(("a clip",), (long_recording[:20_000],), "for a test")
    parity = compare_streams(changed, device, recordings)
    assert not parity.passed
    assert parity.feature_differences > 0
    assert parity.first_difference.startswith("clip a clip, amplitude: frame ")


def test_a_device_with_another_model_is_refused_with_both_hashes(
    device: AttachedDevice, bundle: Bundle
) -> None:
    from firmware_bridge.link.banner import check_hashes

    with pytest.raises(HashMismatch) as error:
        check_hashes(device.device.banner, model_hash="0" * 64, frontend_hash=None)
    assert "0" * 12 in str(error.value)
    assert bundle.model_hash[:12] in str(error.value)


def test_firmware_comes_out_the_same_each_time_and_builds(
    edgeser: Edgeser, run_folder: Path, tmp_path: Path, bundle: Bundle
) -> None:
    files = []
    for name in ("first", "second"):
        words = ("export", run_folder, "--target", "firmware", "--out", tmp_path / name)
        ran = edgeser(*words, "--json", anew=True)
        assert ran.code == 0, ran.err
        result = json.loads(ran.out)
        assert result["schema"] == "edgeser.export-firmware/1"
        assert result["model_sha256"] == bundle.model_hash
        assert result["frontend_hash"] == bundle.trained.frontend.hash
        files.append(result["files"])
    assert files[0] == files[1]


def test_a_wrong_option_for_the_target_is_a_usage_error(edgeser: Edgeser, run_folder: Path) -> None:
    ran = edgeser("export", run_folder, "--board", "mps2-an500")
    assert ran.code == 2
    assert "--board is for --target firmware" in ran.err


def test_an_unknown_board_is_named_with_those_there_are(
    edgeser: Edgeser, run_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "nothing"
    ran = edgeser("export", run_folder, "--target", "firmware", "--board", "toaster", "--out", out)
    assert ran.code == 2
    assert "mps2-an500" in ran.err
    assert not out.exists()


def test_without_the_tools_the_command_says_what_to_install(
    edgeser: Edgeser, run_folder: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    ran = edgeser("bench", run_folder, "--device", "emulator", PATH=str(empty))
    assert ran.code == 3
    assert "apt-get install" in ran.err
    assert "Traceback" not in ran.err


def test_a_device_that_is_not_there_is_a_missing_device(edgeser: Edgeser, run_folder: Path) -> None:
    ran = edgeser("bench", run_folder, "--device", "serial:/dev/ttyNothing0")
    assert ran.code == 3
    assert "/dev/ttyNothing0" in ran.err
    ran = edgeser("bench", run_folder, "--device", "toaster")
    assert ran.code == 2
