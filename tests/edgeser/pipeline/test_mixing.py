"""Mixed variants of clips: the label's share is that of the sound, and only training clips mix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edgeser.corpora import Utterance
from edgeser.corpora.audio.wav import wav_bytes
from edgeser.features import FeatureCache, Variant, chance_of
from edgeser.pipeline.plan import plan_run
from edgeser.pipeline.source import resolve_recipe
from edgeser.pipeline.train import train
from edgeser.pipeline.training_data.heard import hear
from edgeser.pipeline.training_data.mixing import Mixer, mixer_of
from edgeser.progress import SILENT
from edgeser.recipe import parse_recipe
from edgeser.training.mixing import MixingConfig, draw_mix
from quantize.foundation.errors import BadInput

TINY = Path(__file__).parents[2] / "tiny_recipe.toml"
ALWAYS = MixingConfig(probability=1.0)
PLAIN = Variant("plain", lambda samples, rng: samples)


@pytest.fixture
def utterances(tmp_path: Path) -> list[Utterance]:
    """Eight clips of unlike lengths, the last without any sound."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(8):
        path = tmp_path / f"{number}.wav"
        sound = rng.normal(0, 500 * (number < 7), 8000 + 1000 * number)
        path.write_bytes(wav_bytes(sound.astype(np.int16)))
        found.append(Utterance(path, str(number), "own", "anger", f"s{number % 3}"))
    return found


def made(utterances: Sequence[Utterance], config: MixingConfig = ALWAYS) -> Mixer:
    mixer = mixer_of(config, utterances, sample_rate=16_000)
    assert mixer is not None
    return mixer


def heard(mixer: Mixer, variant: Variant, clip: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a clip as it is and as the variant has it."""
    from edgeser.corpora import read_audio

    samples = read_audio(mixer.clips[clip].sound)
    return samples, variant.apply(samples, chance_of(mixer.hashes[clip], variant.name))


def test_the_share_of_the_label_is_that_of_the_energy_in_the_sound(
    utterances: list[Utterance],
) -> None:
    mixer = made(utterances)
    variant = mixer.variant(PLAIN)
    mixtures = mixer.mixtures([variant])
    assert mixtures.shares.shape == (2, 8)
    assert not mixtures.shares[0].any()
    mixed = 0
    for clip in range(8):
        before, after = heard(mixer, variant, clip)
        added = after.astype(float) - before
        where = np.flatnonzero(added)
        share = float(mixtures.shares[1, clip])
        if clip == 7 or mixtures.partners[1, clip] == 7 or share == 0.0:
            assert not where.size
            assert share == 0.0
            continue
        mixed += 1
        length = where[-1] - where[0] + 1
        of_clip = np.mean(before.astype(float) ** 2)
        of_stretch = np.sum(added**2) / length
        expected = length / before.size * of_stretch / (of_clip + of_stretch)
        assert share == pytest.approx(expected, rel=0.05)
        assert length <= before.size / 2
    assert mixed >= 4


def test_the_partner_is_the_one_that_is_heard(utterances: list[Utterance]) -> None:
    mixer = made(utterances)
    variant = mixer.variant(PLAIN)
    partners = mixer.mixtures([variant]).partners[1]
    for clip in range(7):
        drawn = draw_mix(ALWAYS, 8, chance_of(mixer.hashes[clip], variant.name))
        assert drawn is not None
        if drawn.partner != 7:
            assert drawn.partner == partners[clip]


def test_what_is_drawn_depends_on_variant_clip_and_choice_alone(
    utterances: list[Utterance],
) -> None:
    first, again = made(utterances), made(utterances)
    one, two = (first.variant(Variant(name, PLAIN.apply)) for name in ("a", "b"))
    assert first.mixtures([one]).shares.tolist() == again.mixtures([one]).shares.tolist()
    assert first.mixtures([one]).shares.tolist() != first.mixtures([two]).shares.tolist()
    fewer, other = made(utterances[:5]), made(utterances, MixingConfig(0.5))
    names = {mixer.variant(PLAIN).name for mixer in (first, fewer, other)}
    assert len(names) == 3  # so none is taken for another from the cache
    assert "plain" not in names


def test_without_a_chance_nothing_is_made(utterances: list[Utterance]) -> None:
    assert mixer_of(MixingConfig(), utterances, sample_rate=16_000) is None


def test_variants_that_are_not_made_cannot_be_mixed() -> None:
    text = 'name = "x"\n[mixing]\nprobability = 0.5\n[conditions]\nvariants = 0\n'
    with pytest.raises(BadInput, match="variants = 0"):
        parse_recipe(text, where="x")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FeatureCache:
    return FeatureCache(tmp_path_factory.mktemp("features"))


def test_a_run_mixes_training_clips_alone(tmp_path: Path, cache: FeatureCache) -> None:
    from edgeser.pipeline.folder import RunFolder

    folder = RunFolder(tmp_path)
    settings = ["mixing.probability=0.9", "training.epochs=1", "training.refit=true"]
    plain = plan_run(resolve_recipe(str(TINY), settings=settings[1:]), folder=folder)
    unmixed = hear(plain, None, cache, SILENT)
    recipe = resolve_recipe(str(TINY), settings=settings)
    plan = plan_run(recipe, folder=folder)
    mixed = hear(plan, None, cache, SILENT)
    assert unmixed.mixtures is None
    assert mixed.mixtures is not None
    count = len(mixed.parts["train"].utterances)
    assert mixed.mixtures.shares.shape == (2, count)
    assert np.mean(mixed.mixtures.shares[1] > 0.0) > 0.5
    for take in (0, 1):  # development clips sound as they did
        pairs = zip(mixed.takes["development"][take], unmixed.takes["development"][take],
                    strict=True)  # fmt: skip
        assert all(np.array_equal(a.amplitude, b.amplitude) for a, b in pairs)
    changed = [
        not np.array_equal(a.amplitude, b.amplitude)
        for a, b in zip(mixed.takes["train"][1], unmixed.takes["train"][1], strict=True)
    ]
    assert np.mean(changed) > 0.5
    first, second = (train(plan, cache=cache).weights for _ in range(2))
    assert first == second
    assert first != train(plain, cache=cache).weights
