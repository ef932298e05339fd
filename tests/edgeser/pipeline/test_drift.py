"""Features and levels of recordings, counted; references, written and read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edgeser.evaluation.drift import DriftReference
from edgeser.pipeline.drift import (
    _clip,
    _measured,
    _together,
    load_reference,
    save_reference,
    sounds_below,
)
from edgeser.progress import SILENT
from firmware_bridge.frontend import (
    FrontendConfig,
    compute_features,
    quantise_features,
    standardised,
)
from quantize.foundation.errors import BadInput

_PLAIN = FrontendConfig()
_SHAPE = (len(_PLAIN.planes), _PLAIN.channels)
CONFIG = standardised(_PLAIN, np.full(_SHAPE, 300.0), np.full(_SHAPE, 150.0))


def noise(seconds: float, level: float, seed: int = 0) -> np.ndarray:
    samples = np.random.default_rng(seed).normal(0, level, int(16_000 * seconds))
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def written(folder: Path, **clips: np.ndarray) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, samples in clips.items():
        paths.append(folder / f"{name}.wav")
        soundfile.write(paths[-1], samples, 16_000)
    return paths


def test_counts_are_those_of_the_int8_features(tmp_path: Path) -> None:
    samples = noise(1.0, 3000.0)
    (path,) = written(tmp_path, a=samples)
    clip = _clip(path, CONFIG)
    assert not isinstance(clip, str)
    values = quantise_features(compute_features(samples, CONFIG), CONFIG)
    for plane in range(values.shape[2]):
        for channel in (0, values.shape[1] - 1):
            edges = np.arange(-128, 129, 8)
            expected = np.histogram(values[:, channel, plane], bins=edges)[0]
            assert clip.histogram[plane, channel].tolist() == expected.tolist()
        ends = np.isin(values[:, :, plane], (-128, 127)).sum()
        assert clip.clipped[plane] == ends
    assert clip.level == pytest.approx(20 * np.log10(3000 / 32768), abs=0.2)
    assert clip.full_scale == 0


def test_samples_at_full_scale_are_counted(tmp_path: Path) -> None:
    samples = noise(1.0, 60_000.0)
    (path,) = written(tmp_path, loud=samples)
    clip = _clip(path, CONFIG)
    assert not isinstance(clip, str)
    assert clip.full_scale == int(np.isin(samples, (-32768, 32767)).sum()) > 1000


def test_what_cannot_be_read_is_left_out_and_no_recording_is_an_error(tmp_path: Path) -> None:
    (path,) = written(tmp_path, a=noise(1.0, 3000.0))
    broken = tmp_path / "b.wav"
    broken.write_bytes(b"RIFF")
    found = list(_measured([broken, path], CONFIG, SILENT))
    assert [index for index, _ in found] == [1]
    with pytest.raises(BadInput, match="no recording can be read"):
        list(_measured([broken], CONFIG, SILENT))
    assert sounds_below([tmp_path]) == [path, broken]
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(BadInput, match="holds no recording"):
        sounds_below([empty])


def test_a_reference_is_read_back_as_it_was(tmp_path: Path) -> None:
    paths = written(tmp_path / "clips", a=noise(1.0, 3000.0), b=noise(1.0, 500.0, seed=1))
    clips = [clip for _, clip in _measured(paths, CONFIG, SILENT)]
    made = DriftReference("0c" * 32, CONFIG.planes, "two clips", 2, _together(clips, CONFIG))
    save_reference(made, tmp_path / "reference.json")
    read = load_reference(tmp_path / "reference.json")
    assert read.planes == made.planes and read.source == "two clips"
    old, new = made.distributions, read.distributions
    assert np.array_equal(old.histogram, new.histogram)
    assert np.array_equal(old.clipped, new.clipped)
    assert (old.levels_dbfs, old.clips, old.seconds) == (new.levels_dbfs, new.clips, new.seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema": "edgeser.parity/1"}',
        '{"schema": "edgeser.drift-reference/1"}',
        '{"schema": "edgeser.drift-reference/1", "planes": 3}',
        "[" * 100_000,
    ],
)
def test_what_is_no_reference_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "reference.json"
    path.write_text(text)
    with pytest.raises(BadInput):
        load_reference(path)


def test_a_reference_with_absurd_counts_is_refused(tmp_path: Path) -> None:
    (path,) = written(tmp_path, a=noise(1.0, 3000.0))
    clips = [clip for _, clip in _measured([path], CONFIG, SILENT)]
    made = DriftReference("0c" * 32, CONFIG.planes, "a clip", 1, _together(clips, CONFIG))
    file = tmp_path / "reference.json"
    save_reference(made, file)
    table = json.loads(file.read_text())
    for change in (
        {"dtype": "float64"},
        {"shape": [1, 1, 1]},
        {"data": []},
    ):
        broken = json.loads(json.dumps(table))
        broken["distributions"]["histogram"] |= change
        file.write_text(json.dumps(broken))
        with pytest.raises(BadInput):
            load_reference(file)
