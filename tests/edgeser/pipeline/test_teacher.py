"""A recipe with a public teacher: its weights by what is in them, its spectra, the pipeline."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "teacher"))
from encoders import openai_bytes, small_encoder

from edgeser.bundle import load_trained
from edgeser.corpora import Utterance, read_audio
from edgeser.corpora.audio.files import content_hash
from edgeser.corpora.audio.wav import wav_bytes
from edgeser.features import FeatureCache, Variant, chance_of
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.plan import plan_run
from edgeser.pipeline.source import resolve_recipe
from edgeser.pipeline.train import train
from edgeser.pipeline.training_data.teacher import spectra_of, teacher_of, with_teacher
from edgeser.recipe import Recipe, load_recipe, parse_recipe
from edgeser.report.model_card import _taught
from edgeser.teacher.log_mel import log_mel
from quantize.foundation.errors import BadInput

TINY = Path(__file__).parents[2] / "tiny_recipe.toml"
SETTINGS = ("training.epochs=2", "training.refit=true", "teacher.epochs=1", "teacher.blocks=1")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "whisper.safetensors"
    path.write_bytes(openai_bytes(small_encoder()))
    return path


def recipe_with(path: Path | None, *settings: str) -> Recipe:
    return resolve_recipe(str(TINY), settings=(*SETTINGS, *settings), teacher=path)


def test_a_teacher_is_known_by_its_contents(weights: Path, tmp_path: Path) -> None:
    recipe = recipe_with(weights)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert (recipe.teacher.kind, recipe.teacher.sha256) == ("whisper", digest)
    moved = tmp_path / "elsewhere"
    shutil.copy(weights, moved)
    assert recipe_with(moved).hash == recipe.hash
    assert recipe.without_paths().teacher == dataclasses.replace(recipe.teacher, path=None)
    moved.write_bytes(openai_bytes(small_encoder(seed=1)))
    assert recipe_with(moved).hash != recipe.hash
    with pytest.raises(BadInput, match="is not the teacher of the recipe"):
        with_teacher(recipe.without_paths(), moved)
    with pytest.raises(BadInput, match="was changed"):
        teacher_of(
            dataclasses.replace(
                recipe, teacher=dataclasses.replace(recipe.teacher, path=str(moved))
            )
        )
    with pytest.raises(BadInput, match="does not exist"):
        recipe_with(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="weights of Whisper"):
        teacher_of(recipe.without_paths())


def test_presets_have_no_teacher() -> None:
    for name in ("demo", "cremad", "speech", "keywords"):
        assert teacher_of(load_recipe(name)) is None


def test_the_recipe_is_read_back(weights: Path) -> None:
    recipe = recipe_with(weights, "teacher.share=0.5", "teacher.precision=float32")
    assert parse_recipe(recipe.to_toml(), where="x") == recipe


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("teacher.kind=wisper", "whisper"),
        ("teacher.share=1.5", "share = 1.5"),
        ("teacher.heard=-1", "heard = -1"),
        ("teacher.epochs=0", "epochs = 0"),
        ("teacher.learning_rate=nan", "learning_rate"),
        ("teacher.dropout=1.0", "dropout = 1"),
        ("teacher.sha256=abc", "sha256"),
        ("teacher.layers=3", "no key 'layers'"),
        ("frontend.sample_rate=8000", "16000"),
        ("mixing.probability=0.5", "heard"),
    ],
)
def test_what_cannot_be_is_refused(weights: Path, setting: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        resolve_recipe(
            str(TINY),
            settings=(
                "teacher.kind=whisper",
                "teacher.heard=0",
                "frontend.upper_hz=3800",
                setting,
            ),
        )


def test_it_hears_what_the_network_hears(tmp_path: Path) -> None:
    recipe = load_recipe(str(TINY))
    rng = np.random.default_rng(0)
    clips = []
    for number, length in enumerate((500, 9001, 60_000)):
        path = tmp_path / f"{number}.wav"
        path.write_bytes(wav_bytes(rng.normal(0, 900, length).astype(np.int16)))
        clips.append(Utterance(path, str(number), "own", "anger", "s"))
    noisy = Variant("noisy", lambda x, chance: (x + chance.normal(0, 300, x.size)).astype(np.int16))
    spectra = spectra_of(clips, [noisy], recipe, title="x")
    assert [len(take) for take in spectra] == [3, 3]
    window = (48 + 2 * 4) * 320  # with the shifts of the augmentation
    assert [len(s) for s in spectra[0]] == [10, 56, window // 160]
    long = read_audio(clips[2].sound)
    first = (60_000 - window) // 2
    expected = log_mel(long[first : first + window])
    np.testing.assert_allclose(spectra[0][2], expected, atol=2e-3)
    varied = noisy.apply(long, chance_of(content_hash(clips[2].sound), "noisy"))
    np.testing.assert_allclose(spectra[1][2], log_mel(varied[first : first + window]), atol=2e-3)
    assert all(s.dtype == np.float16 for take in spectra for s in take)


def test_a_run_is_taught_and_says_by_whom(weights: Path, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "features")
    folder = RunFolder(tmp_path / "run")
    recipe = recipe_with(weights)
    plan = plan_run(recipe, folder=folder)
    first = train(plan, folder=folder, cache=cache)
    assert first.weights == train(plan, cache=cache).weights
    assert first.weights != train(plan_run(recipe_with(None), folder=folder, fresh=True),
                                  cache=cache).weights  # fmt: skip
    kept = load_trained(folder.trained)
    assert kept.recipe.teacher.path is None
    assert kept.recipe.teacher.sha256 == recipe.teacher.sha256
    assert str(tmp_path) not in kept.recipe.to_toml()
    assert kept.derived_from == ()
    (line,) = _taught(kept.recipe.teacher.credit)
    assert "OpenAI; MIT" in line
    assert recipe.teacher.sha256 in line
    assert _taught(recipe_with(None).teacher.credit) == []
