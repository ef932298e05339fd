"""What reaches a device's frontend: each fault, put into the emulated device, is named alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from edgeser.acceptance.faults import Fault
from edgeser.bundle import Bundle
from edgeser.corpora.audio.wav import wav_bytes
from edgeser.pipeline import accept
from edgeser.pipeline.accept import AcceptChoice, accept_attached
from edgeser.pipeline.drift import reference_of_recordings
from edgeser.pipeline.exports import firmware
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.played import Played, clips_to_play
from edgeser.progress import SILENT
from edgeser.targets.attached import AttachedDevice
from edgeser.targets.emulator import default_emulator
from firmware_bridge.frontend import compute_features, quantise_features

EMULATOR = ("arm-none-eabi-gcc", "qemu-system-arm")
missing = [tool for tool in EMULATOR if shutil.which(tool) is None]
needs_emulator = pytest.mark.skipif(
    bool(missing), reason=f"apt-get install gcc-arm-none-eabi qemu-system-arm: no {missing}"
)
FAULTS: dict[str, Fault | None] = {
    "SOUND": None,
    "GAIN_RIGHT_7": Fault.GAIN,
    "GAIN_RIGHT_8": Fault.GAIN,
    "GAIN_RIGHT_16": Fault.GAIN,
    "GAIN_LEFT_8": Fault.GAIN,
    "GAIN_LEFT_8_SATURATED": Fault.GAIN,
    "GAIN_LEFT_4_SATURATED": Fault.GAIN,
    "BYTE_ORDER": Fault.BYTE_ORDER,
    "OFFSET": Fault.DC,
    "CLIPPING": Fault.CLIPPING,
    "LOST": Fault.LOST,
    "LOST_ONE": Fault.LOST,
    "DOUBLED": Fault.DOUBLED,
    "OLD_BLOCK": Fault.DOUBLED,
    "HUM_50": Fault.HUM,
    "HUM_60": Fault.HUM,
    "HIGH_PASS": Fault.HIGH_PASS,
    "RATE_48000": Fault.RATE,
    "RATE_8000": Fault.RATE,
    "FEATURES": Fault.FEATURES,
    "SOUND_AGAIN": None,
}
SAMPLE = "(int16_t)(uint16_t)dev_get_u16(call->payload + 2u * (first + i))"
RESET = "  dev_stream_reset(&app->stream);\n"
FRAME = "  append_frame(&app->stream, wanted, reply);\n"
WRONG = """  if (spoil.fault == SPOIL_FEATURES && app->stream.frames == 20u) {
    app->stream.rows[19u * VALUES + 5u] ^= 1;
  }
"""


@dataclass(frozen=True, eq=False)
class Spoilt:
    """A device whose faults come one after the other, and what is sent to it."""

    device: AttachedDevice
    played: Played
    found: list[str]


@pytest.fixture(scope="module")
def played(bundle: Bundle, run_folder: Path) -> Played:
    return clips_to_play(bundle, count=4, folder=RunFolder(run_folder))


@pytest.fixture(scope="module")
def spoilt(bundle: Bundle, played: Played) -> Iterator[Spoilt]:
    """The firmware of the bundle, with faults between what comes and its frontend."""
    plain = firmware.firmware_contents

    def contents(*arguments: Any, **options: Any) -> Any:
        made, compiled = plain(*arguments, **options)
        path = "runtime/src/dev_audio.c"
        text = made[path].decode()
        names = "\n".join(f"#define SPOIL_{name} {i}u" for i, name in enumerate(FAULTS, 1))
        whole = f"#define SPOIL_WHOLE {len(played.samples)}u"
        code = Path(__file__).with_name("spoilt_road.c").read_text()
        for old, new in (
            (SAMPLE, f"spoilt({SAMPLE})"),
            (RESET, f"{RESET}  spoil_next();\n"),
            (FRAME, f"{WRONG}{FRAME}"),
            ("enum wanted {", f"{names}\n{whole}\n{code}\nenum wanted {{"),
        ):
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return {**made, path: text.encode()}, compiled

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(firmware, "firmware_contents", contents)
        program = firmware.program_of(bundle)
        with default_emulator().opened(program, reporter=SILENT) as device:
            yield Spoilt(device, played, [])


@needs_emulator
@pytest.mark.parametrize("name", FAULTS)
def test_the_emulated_devices_fault_is_named_and_no_other(
    name: str, spoilt: Spoilt, bundle: Bundle
) -> None:
    assert list(FAULTS)[len(spoilt.found)] == name, "run them all, in their order"
    spoilt.found.append(name)
    report = accept_attached(bundle, spoilt.device, spoilt.played, AcceptChoice(), "emulator")
    assert len(report.samples) == len(spoilt.played.samples)
    expected = [] if FAULTS[name] is None else [FAULTS[name]]
    told = [finding.sentence for finding in report.findings]
    assert [finding.fault for finding in report.findings] == expected, told
    assert report.passed == (not expected)
    same = np.array_equal(report.samples, spoilt.played.samples)
    assert same == (name in {"SOUND", "SOUND_AGAIN", "FEATURES"})
    assert report.feature_differences == int(name == "FEATURES")


def judged(bundle: Bundle, played: Played, choice: AcceptChoice) -> Any:
    """Judge samples as if a device had sent them, with the features of the host."""
    frontend = bundle.trained.frontend
    rows = quantise_features(compute_features(played.samples, frontend), frontend)
    got = accept._Got(played.samples, rows, played, accept.WIRE)
    return accept._judged(bundle, got, choice, "emulator")


@pytest.fixture(scope="module")
def long_speech(bundle: Bundle, run_folder: Path) -> Played:
    """All voices of the run's corpus, and again, a minute and more."""
    return clips_to_play(bundle, count=40, folder=RunFolder(run_folder))


def test_speech_that_is_unlike_the_trainings_is_told_from_faults(
    bundle: Bundle, run_folder: Path, long_speech: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same voices, at half the pitch of what was trained: sound samples, another speech."""
    monkeypatch.setattr(accept, "FEWEST_SECONDS", 10.0)
    voices = sorted((run_folder / "synthetic-voices" / "audio").iterdir())
    like = reference_of_recordings(bundle, voices, name="voices")
    choice = AcceptChoice(reference=like)
    report = judged(bundle, long_speech, replace(choice, tolerances=replace_psi(choice, 9.0)))
    assert report.passed and report.drift is not None
    random = np.random.default_rng(0)
    hiss = random.normal(0, 2500, len(long_speech.samples)).clip(-9000, 9000)
    other = replace(long_speech, samples=hiss.astype(np.int16))
    report = judged(bundle, other, choice)
    assert [finding.fault for finding in report.findings] == [Fault.UNLIKE]
    assert "population stability" in report.findings[0].sentence
    monkeypatch.undo()
    short = judged(bundle, other, choice)
    assert short.passed == (short.drift.found.seconds < accept.FEWEST_SECONDS)


def replace_psi(choice: AcceptChoice, most: float) -> Any:
    return replace(choice.tolerances, max_psi=most)


@needs_emulator
def test_the_command_takes_a_file_and_writes_everything(
    edgeser: Callable[..., Any], run_folder: Path, played: Played, tmp_path: Path
) -> None:
    """Sound samples pass; the same with an offset fail, in every format and on another board."""
    names = {"sound": played.samples, "offset": (played.samples // 2) + np.int16(2000)}
    boards = {"sound": (), "offset": ("--board", "mps2-an386")}
    for name, samples in names.items():
        file = tmp_path / f"{name}.wav"
        file.write_bytes(wav_bytes(samples))
        out = tmp_path / name
        ran = edgeser(
            *("accept", run_folder, "--device", "emulator", "--play", file, "--out", out),
            *boards[name],
            *("--junit", out / "x.xml", "--markdown", out / "x.md", "--json"),
        )
        assert ran.code == (name == "offset"), ran.err
        found = json.loads(ran.out)
        assert found["schema"] == "edgeser.accept/1" and found["passed"] == (name == "sound")
        assert found["device"] == " ".join(("emulator", *boards[name][1:]))
        assert json.loads((out / "accept.json").read_text()) == found
        assert (out / "heard.wav").read_bytes() == wav_bytes(samples)
        html = (out / "accept.html").read_text()
        assert "<svg" in html and "What reaches the frontend" in html
        suite = ET.fromstring((out / "x.xml").read_text())[0]  # noqa: S314 - our own
        assert suite.get("failures") == str(int(name == "offset"))
        assert "failed" in (out / "x.md").read_text() or name == "sound"
        if name == "offset":
            assert [finding["fault"] for finding in found["findings"]] == ["offset"]
            assert "edgeser: offset: the samples have an offset of +2000" in ran.err
