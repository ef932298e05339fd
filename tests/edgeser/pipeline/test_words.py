"""An encoder's frontend is kept, to the bit, and recordings without words are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from edgeser.corpora import CorpusChoice
from edgeser.network.config import NetworkConfig
from edgeser.network.words_config import WordsConfig
from edgeser.pipeline.training_data.words import (
    LoadedEncoder,
    _require_frontend,
    encoder_of,
    refuse_wordless,
    with_encoder,
)
from edgeser.recipe import load_recipe, parse_recipe
from firmware_bridge.frontend import (
    FrontendConfig,
    compute_features,
    quantise_features,
    standardised,
)
from quantize.foundation.errors import BadInput

OWN = FrontendConfig(hop_ms=20.0)
MORE = FrontendConfig(hop_ms=20.0, amplitude_delta=True, phase_planes=("if_re", "gd_mod"))


def normalised(config: FrontendConfig, seed: int) -> FrontendConfig:
    rng = np.random.default_rng(seed)
    shape = (len(config.planes), config.channels)
    return standardised(config, rng.uniform(100, 500, shape), rng.uniform(50, 200, shape))


def test_what_the_encoder_hears_is_what_it_was_trained_with() -> None:
    its, mine = normalised(OWN, 0), normalised(MORE, 1)
    fused = LoadedEncoder(cast(Any, None), its).keep_normalisation(mine)
    assert fused.planes == MORE.planes
    samples = np.random.default_rng(2).integers(-8000, 8000, 16_000).astype(np.int16)
    heard = quantise_features(compute_features(samples, fused), fused)
    alone = quantise_features(compute_features(samples, its), its)
    before = quantise_features(compute_features(samples, mine), mine)
    assert np.array_equal(heard[:, :, :1], alone)
    assert np.array_equal(heard[:, :, 1:], before[:, :, 1:])
    assert not np.array_equal(heard, before)


@pytest.mark.parametrize(
    ("mine", "its", "fits"),
    [
        (MORE, OWN, True),
        (OWN, OWN, True),
        (OWN, MORE, False),
        (replace(MORE, pcan=False), OWN, False),
        (replace(MORE, hop_ms=10.0), OWN, False),
        (replace(OWN, angle_weight="modulus"), OWN, True),
    ],
)
def test_only_an_encoder_of_this_frontend_fits(
    mine: FrontendConfig, its: FrontendConfig, fits: bool, tmp_path: Any
) -> None:
    if fits:
        assert _require_frontend(mine, normalised(its, 0), tmp_path) is None
        return
    with pytest.raises(BadInput, match="hears another frontend") as told:
        _require_frontend(mine, normalised(its, 0), tmp_path)
    assert its.raw_hash[:16] in told.value.message
    assert mine.raw_hash[:16] in told.value.message


def test_a_network_of_words_alone_wants_words() -> None:
    recipe = load_recipe("words")
    alone = replace(recipe, words=replace(recipe.words, branches="words"))
    voices = (CorpusChoice(),)
    refuse_wordless(recipe, voices)
    refuse_wordless(alone, recipe.corpora)
    with pytest.raises(BadInput, match="synthetic has no words"):
        refuse_wordless(alone, voices)


def test_the_preset_asks_for_its_encoder() -> None:
    recipe = load_recipe("words")
    assert recipe.heard_words == recipe.words
    assert with_encoder(recipe) == recipe
    with pytest.raises(BadInput, match="needs the encoder"):
        encoder_of(recipe)
    assert encoder_of(load_recipe("demo")) is None
    with pytest.raises(BadInput, match=r"no-such\.zip"):
        with_encoder(replace(recipe, words=replace(recipe.words, encoder="no-such.zip")))


def test_what_is_known_of_an_encoder_survives_toml_and_its_path_no_hash() -> None:
    words = WordsConfig(
        kind="frozen",
        encoder="somewhere/trained.zip",
        sha256="a" * 64,
        network=NetworkConfig(kind="dsresnet-se"),
        planes=("amplitude",),
        frames=49,
        frontend="b" * 64,
    )
    recipe = replace(load_recipe("words"), words=words)
    again = parse_recipe(recipe.to_toml(), where="here")
    assert again == recipe
    elsewhere = replace(recipe, words=replace(words, encoder="elsewhere"))
    assert elsewhere.hash == recipe.hash
    assert replace(recipe, words=replace(words, sha256="c" * 64)).hash != recipe.hash


def test_a_variant_without_words_stays_without() -> None:
    words = WordsConfig(
        kind="none",
        encoder="no-such.zip",
        network=NetworkConfig(kind="dsresnet-se"),
        planes=("amplitude",),
        frames=49,
    )
    recipe = replace(load_recipe("words"), words=words)
    assert with_encoder(recipe) == recipe
    assert encoder_of(recipe) is None
    assert recipe.heard_words is None
