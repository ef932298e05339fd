"""Pages of two models, sounds for them, and one browser for all that need none of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edgeser.bundle import Bundle, load_bundle
from edgeser.corpora.audio.files import read_audio
from edgeser.decision import DecisionConfig
from edgeser.pipeline.decide import decided
from edgeser.pipeline.exports.web import export_web
from edgeser.pretrained import pretrained_path
from firmware_bridge.emulator import find_web_tools
from quantize.foundation.errors import ToolMissing
from tests.conftest import MakeOnce
from tests.end_to_end.chromium import Page, chromium
from tests.end_to_end.web.pages import RATE, Exported

CLIPS = Path(__file__).parents[3] / "calibration_data" / "clips"


@pytest.fixture(scope="session")
def tools() -> None:
    try:
        find_web_tools()
    except ToolMissing as error:
        pytest.skip(f"{error}")


@pytest.fixture(scope="session")
def shipped(tools: None) -> Bundle:
    """The model that ships, which says unsure of a part of what it hears."""
    path = pretrained_path("pretrained")
    assert path
    return decided(load_bundle(path), DecisionConfig(coverage=0.8))


@pytest.fixture(scope="session")
def shipped_page(shipped: Bundle, made_once: MakeOnce) -> Exported:
    """Of amplitudes alone."""
    return Exported(shipped, exported(shipped, "shipped", made_once))


@pytest.fixture(scope="session")
def phases_page(tools: None, bundle: Bundle, made_once: MakeOnce) -> Exported:
    """Of amplitudes and two phase planes."""
    return Exported(bundle, exported(bundle, "phases", made_once))


def exported(bundle: Bundle, name: str, made_once: MakeOnce) -> Path:
    """Export a bundle that is the same in all processes of this session."""
    page = f"{name}.html"
    return made_once(f"{name}-page", lambda place: export_web(bundle, place / page)) / page


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Sounds at the model's rate: voices, the ends of what there is, and other forms of WAV."""
    folder = tmp_path_factory.mktemp("recordings")
    voices = [read_audio(path) for path in sorted(CLIPS.rglob("*.flac"))[:36:6]]
    speech, rng = np.concatenate(voices), np.random.default_rng(18)
    square = np.where(np.arange(4 * RATE) // 40 % 2, 32767, -32768).astype(np.int16)
    noise = np.clip(rng.normal(0, 15_000, 4 * RATE), -32768, 32767).astype(np.int16)
    for name, samples in {
        "speech": speech,
        "square": square,
        "noise": noise,
        "silence": np.zeros(4 * RATE, np.int16),
        "short": voices[0][: RATE // 2],
    }.items():
        soundfile.write(folder / f"{name}.wav", samples, RATE, subtype="PCM_16")
    both = np.stack([speech[: 4 * RATE] / 32768, noise / 70_000], axis=1)
    soundfile.write(folder / "stereo-float.wav", both, RATE, subtype="FLOAT")
    soundfile.write(folder / "wide.wav", both[:, 1], RATE, subtype="PCM_24")
    soundfile.write(folder / "extensible.wav", both[:, :1], RATE, "PCM_32", format="WAVEX")
    soundfile.write(folder / "narrow.wav", both[:, 0], RATE, subtype="PCM_U8")
    three = np.concatenate([both, both[:, :1]], axis=1)
    soundfile.write(folder / "three-doubles.wav", three, RATE, subtype="DOUBLE")
    stopped = (folder / "wide.wav").read_bytes()
    at = stopped.index(b"data") + 4  # as who writes to a pipe leaves it
    (folder / "to-a-pipe.wav").write_bytes(stopped[:at] + b"\xff" * 4 + stopped[at + 4 :])
    return {path.stem: path for path in sorted(folder.iterdir())}


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Without a microphone, which any page may use."""
    with chromium(tmp_path_factory.mktemp("profile"), "--use-fake-ui-for-media-stream") as page:
        yield page
