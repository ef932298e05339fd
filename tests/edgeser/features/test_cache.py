"""What the cache gives back is what was stored; what does not check out is not believed."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeser.features import FeatureCache
from firmware_bridge.frontend import FrontendFeatures

KEY = FeatureCache.key(frontend_hash="f", file_hash="c", variant="clean")


def some_features(frames: int = 3, channels: int = 2, planes: int = 2) -> FrontendFeatures:
    rng = np.random.default_rng(0)
    return FrontendFeatures(
        amplitude=rng.integers(0, 65536, (frames, channels), np.uint16),
        phase=rng.integers(-32768, 32768, (frames, channels, planes), np.int16),
    )


def same(a: FrontendFeatures, b: FrontendFeatures) -> bool:
    pairs = ((a.amplitude, b.amplitude), (a.phase, b.phase))
    return all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in pairs)


@pytest.fixture
def cache(tmp_path: Path) -> FeatureCache:
    return FeatureCache(tmp_path / "cache")


@pytest.fixture
def entry(cache: FeatureCache) -> Path:
    """The file of one stored entry."""
    assert cache.store(KEY, some_features())
    (path,) = (p for p in cache.folder.rglob("*") if p.is_file())
    return path


@pytest.mark.parametrize("shape", [(7, 5, 2), (0, 40, 6), (1, 1, 0), (300, 40, 6)])
def test_an_entry_comes_back_as_it_was(cache: FeatureCache, shape: tuple[int, int, int]) -> None:
    features = some_features(*shape)
    assert cache.store(KEY, features)
    found = cache.load(KEY)
    assert found is not None
    assert same(found, features)


def test_what_was_not_stored_is_absent(cache: FeatureCache) -> None:
    assert cache.load(KEY) is None


@pytest.mark.parametrize("changed", ["frontend_hash", "file_hash", "variant"])
def test_the_key_depends_on_frontend_file_and_variant(changed: str) -> None:
    parts = {"frontend_hash": "f", "file_hash": "c", "variant": "clean"}
    assert FeatureCache.key(**parts) == KEY
    assert FeatureCache.key(**{**parts, changed: "other"}) != KEY


def test_every_cut_is_treated_as_absent(cache: FeatureCache, entry: Path) -> None:
    data = entry.read_bytes()
    for length in range(len(data)):
        entry.write_bytes(data[:length])
        assert cache.load(KEY) is None
    entry.write_bytes(data + b"\0")
    assert cache.load(KEY) is None


def test_every_flipped_bit_is_treated_as_absent(cache: FeatureCache, entry: Path) -> None:
    data = entry.read_bytes()
    for position in range(8 * len(data)):
        mutant = bytearray(data)
        mutant[position // 8] ^= 1 << position % 8
        entry.write_bytes(mutant)
        assert cache.load(KEY) is None


def test_a_header_that_claims_gigabytes_allocates_nothing(cache: FeatureCache, entry: Path) -> None:
    data = bytearray(entry.read_bytes())
    data[12:24] = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    entry.write_bytes(data)
    assert cache.load(KEY) is None


@settings(max_examples=200)
@given(data=st.binary(max_size=200))
def test_any_other_file_is_treated_as_absent(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    cache = FeatureCache(tmp_path_factory.getbasetemp() / "any")
    path = cache.folder / KEY[:2] / f"{KEY}.features"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    assert cache.load(KEY) is None


def test_an_entry_under_another_key_is_not_believed(cache: FeatureCache, entry: Path) -> None:
    other = FeatureCache.key(frontend_hash="other", file_hash="c", variant="clean")
    target = cache.folder / other[:2] / f"{other}.features"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(entry.read_bytes())
    assert cache.load(other) is None
    assert cache.load(KEY) is not None


def test_a_stored_entry_replaces_a_damaged_one(cache: FeatureCache, entry: Path) -> None:
    entry.write_bytes(b"damaged")
    assert cache.store(KEY, some_features())
    assert cache.load(KEY) is not None
    assert [p.name for p in entry.parent.iterdir()] == [entry.name]


def test_a_folder_that_cannot_be_written_only_costs_speed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = FeatureCache(tmp_path / "file")
    assert cache.store(KEY, some_features()) is False
    assert cache.load(KEY) is None


def test_a_folder_without_permission_only_costs_speed(unwritable_folder: Path) -> None:
    assert FeatureCache(unwritable_folder / "cache").store(KEY, some_features()) is False


def test_a_full_disk_only_costs_speed_and_leaves_no_half_entry(small_disk: Path) -> None:
    cache = FeatureCache(small_disk)
    assert cache.store(KEY, some_features(2000, 40, 6)) is False
    assert not [path for path in small_disk.rglob("*") if path.is_file()]
