"""Features of many files: in order, the same every time, through the cache, broken ones named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from edgeser.corpora import read_audio
from edgeser.corpora.audio.files import Excerpt
from edgeser.features import ClipResult, FeatureCache, Variant, extract_features
from firmware_bridge.frontend import FrontendConfig, compute_features

WriteClip = Callable[..., Path]
CONFIG = FrontendConfig(phase_planes=("if_re", "gd_mod"))


def louder(samples: NDArray[np.int16], rng: np.random.Generator) -> NDArray[np.int16]:
    return np.asarray(np.clip(samples * 2.0 + rng.normal(0, 50, len(samples)), -32768, 32767), "i2")


def fingerprint(result: ClipResult) -> bytes:
    assert result.features is not None, result.problem
    return result.features.amplitude.tobytes() + result.features.phase.tobytes()


def entries(cache: FeatureCache) -> list[Path]:
    return sorted(path for path in cache.folder.rglob("*") if path.is_file())


def test_results_are_those_of_the_frontend_in_the_order_of_the_paths(
    write_clip: WriteClip,
) -> None:
    paths = [write_clip(f"{name}.wav", seconds=0.2 + 0.05 * name) for name in range(9)]
    results = extract_features(paths, CONFIG, workers=4)
    assert [result.path for result in results] == paths
    for path, result in zip(paths, results, strict=True):
        alone = compute_features(read_audio(path), CONFIG)
        assert result.features is not None
        np.testing.assert_array_equal(result.features.amplitude, alone.amplitude)
        np.testing.assert_array_equal(result.features.phase, alone.phase)


def test_any_number_of_workers_gives_the_same_bits(write_clip: WriteClip) -> None:
    paths = [write_clip(f"{name}.flac") for name in range(6)]
    variant = Variant("louder", louder)
    runs = [
        [fingerprint(r) for r in extract_features(paths, CONFIG, variant=variant, workers=workers)]
        for workers in (1, 3)
    ]
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == len(paths)


def test_other_rates_and_channels_are_brought_to_the_frontends(write_clip: WriteClip) -> None:
    paths = [
        write_clip("wide.wav", rate=44_100, channels=2),
        write_clip("fast.wav", rate=96_000),
        write_clip("slow.wav", rate=8_000, channels=8),
    ]
    for result in extract_features(paths, CONFIG):
        assert result.features is not None, result.problem
        assert result.features.amplitude.shape == (48, 40)


def test_a_second_time_the_cache_answers(write_clip: WriteClip, tmp_path: Path) -> None:
    path, cache = write_clip("a.wav"), FeatureCache(tmp_path / "cache")
    (first,) = extract_features([path], CONFIG, cache=cache)
    (entry,) = entries(cache)
    marked = np.full_like(first.features.amplitude, 7) if first.features else np.zeros(0)
    assert first.features is not None
    stored = type(first.features)(amplitude=marked, phase=first.features.phase)
    assert cache.store(entry.stem, stored)
    (second,) = extract_features([path], CONFIG, cache=cache)
    assert second.features is not None
    assert (second.features.amplitude == 7).all()


def test_the_cache_goes_by_content_not_by_name_or_time(
    write_clip: WriteClip, tmp_path: Path
) -> None:
    path, cache = write_clip("a.wav"), FeatureCache(tmp_path / "cache")
    extract_features([path], CONFIG, cache=cache)
    copy = tmp_path / "copy.wav"
    copy.write_bytes(path.read_bytes())
    extract_features([copy], CONFIG, cache=cache)
    assert len(entries(cache)) == 1
    (before,) = extract_features([path], CONFIG, cache=cache)
    path.write_bytes(write_clip("b.wav").read_bytes())
    (after,) = extract_features([path], CONFIG, cache=cache)
    assert fingerprint(before) != fingerprint(after)


def test_frontends_and_variants_have_entries_of_their_own(
    write_clip: WriteClip, tmp_path: Path
) -> None:
    path, cache = write_clip("a.wav"), FeatureCache(tmp_path / "cache")
    extract_features([path], CONFIG, cache=cache)
    extract_features([path], FrontendConfig(hop_ms=20), cache=cache)
    (varied,) = extract_features([path], CONFIG, cache=cache, variant=Variant("x", louder))
    (other,) = extract_features([path], CONFIG, cache=cache, variant=Variant("y", louder))
    (clean,) = extract_features([path], CONFIG, cache=cache)
    assert len(entries(cache)) == 4
    assert len({fingerprint(varied), fingerprint(other), fingerprint(clean)}) == 3


@pytest.mark.parametrize("damage", ["cut", "flipped", "other magic", "empty", "longer"])
def test_a_corrupt_entry_is_computed_again_and_mended(
    damage: str, write_clip: WriteClip, tmp_path: Path
) -> None:
    path, cache = write_clip("a.wav"), FeatureCache(tmp_path / "cache")
    (first,) = extract_features([path], CONFIG, cache=cache)
    (entry,) = entries(cache)
    good = entry.read_bytes()
    bad = {
        "cut": good[:-1],
        "flipped": good[:-1] + bytes([good[-1] ^ 1]),
        "other magic": b"OTHERFMT" + good[8:],
        "empty": b"",
        "longer": good + b"\0",
    }
    entry.write_bytes(bad[damage])
    (second,) = extract_features([path], CONFIG, cache=cache)
    assert fingerprint(second) == fingerprint(first)
    assert entry.read_bytes() == good


def test_a_cache_that_cannot_be_written_only_costs_speed(
    write_clip: WriteClip, tmp_path: Path
) -> None:
    path = write_clip("a.wav")
    (tmp_path / "taken").write_bytes(b"")
    (found,) = extract_features([path], CONFIG, cache=FeatureCache(tmp_path / "taken"))
    (alone,) = extract_features([path], CONFIG)
    assert fingerprint(found) == fingerprint(alone)


def test_broken_files_are_named_and_the_others_computed(
    write_clip: WriteClip, tmp_path: Path
) -> None:
    good = write_clip("good.wav")
    text = tmp_path / "text.wav"
    text.write_text("not audio")
    empty = tmp_path / "empty.wav"
    empty.write_bytes(b"")
    cut = tmp_path / "cut.wav"
    cut.write_bytes(good.read_bytes()[:2000])
    holey = tmp_path / "nan.wav"
    soundfile.write(holey, np.full(8000, np.nan), 16_000, subtype="FLOAT")
    missing = tmp_path / "missing.wav"
    broken = [text, empty, cut, holey, missing, tmp_path]
    cache = FeatureCache(tmp_path / "cache")
    results = extract_features([good, *broken], CONFIG, cache=cache)
    assert results[0].features is not None
    assert results[0].problem == ""
    for path, result in zip(broken, results[1:], strict=True):
        assert result.features is None
        assert str(path) in result.problem
        assert "\n" not in result.problem
    assert len(entries(cache)) == 1


def test_a_clip_shorter_than_a_window_says_so(write_clip: WriteClip) -> None:
    (found,) = extract_features([write_clip("short.wav", seconds=0.02)], CONFIG)
    assert found.features is None
    assert "shorter than one window of 30 ms (leave it out)" in found.problem


def test_progress_counts_every_clip_also_the_broken(write_clip: WriteClip, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    paths = [write_clip("a.wav"), tmp_path / "none.wav", write_clip("b.wav")]
    extract_features(paths, CONFIG, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert extract_features([], CONFIG) == ()


@pytest.mark.corpus
def test_real_recordings_give_the_same_bits_cold_and_cached(cremad: Path, tmp_path: Path) -> None:
    paths = sorted((cremad / "AudioWAV").iterdir())[::200]
    assert len(paths) >= 10
    cache = FeatureCache(tmp_path / "cache")
    cold = extract_features(paths, CONFIG, cache=cache)
    warm = extract_features(paths, CONFIG, cache=cache)
    assert [fingerprint(a) for a in cold] == [fingerprint(b) for b in warm]
    assert len(entries(cache)) == len(paths)
    for result in cold:
        assert result.features is not None
        assert result.features.amplitude.std() > 0


def test_a_stretch_of_a_file_has_the_features_of_its_samples(
    write_clip: WriteClip, tmp_path: Path
) -> None:
    path, cache = write_clip("long.flac", seconds=3.0), FeatureCache(tmp_path / "cache")
    samples, rate = soundfile.read(path, dtype="int16")
    soundfile.write(tmp_path / "piece.wav", samples[8_000:24_000], rate, subtype="PCM_16")
    pieces = [Excerpt(path, 0.5, 1.0), Excerpt(path, 1.5, 1.0), path, tmp_path / "piece.wav"]
    first, second, whole, alone = extract_features(pieces, CONFIG, cache=cache)
    assert fingerprint(first) == fingerprint(alone)
    assert len({fingerprint(r) for r in (first, second, whole)}) == 3
    assert len(entries(cache)) == 4
    assert first.path == second.path == path
    again = extract_features(pieces, CONFIG, cache=cache)
    assert [fingerprint(r) for r in again] == [
        fingerprint(r) for r in (first, second, whole, alone)
    ]
    assert len(entries(cache)) == 4


def test_the_noise_of_a_variant_goes_by_the_stretch(write_clip: WriteClip) -> None:
    path = write_clip("long.wav", seconds=2.0)

    def noisy(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        drawn.append(int(rng.integers(1 << 60)))
        return samples

    drawn: list[int] = []
    pieces = [Excerpt(path, 0.0, 1.0), Excerpt(path, 1.0, 1.0), Excerpt(path, 0.0, 1.0)]
    extract_features(pieces, CONFIG, variant=Variant("x", noisy), workers=1)
    assert drawn[0] == drawn[2] != drawn[1]


def test_a_stretch_beyond_the_end_is_named(write_clip: WriteClip) -> None:
    path = write_clip("a.wav", seconds=1.0)
    for begin in (0.5, 7.0):
        (result,) = extract_features([Excerpt(path, begin, 1.0)], CONFIG)
        assert result.features is None
        assert str(path) in result.problem
