"""A board's microphone path, in the recordings that are made for training."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeser.pipeline.training_data.conditions import training_variant
from edgeser.recipe import load_recipe, parse_recipe, with_settings
from edgeser.training.config import ConditionsConfig
from edgeser.training.microphone import MICROPHONES, Microphone, hear_through
from edgeser.training.variants import draw_variant
from quantize.foundation.errors import BadInput

RATE = 16000
SILENT = {
    f"{name}_probability": 0.0
    for name in (
        "speed", "tilt", "band", "high_pass", "room", "floor_raise", "gate", "noise", "level",
    )
}  # fmt: skip


def tone(hertz: float, amplitude: float = 2000.0) -> np.ndarray:
    return np.rint(amplitude * np.sin(2 * np.pi * hertz * np.arange(2 * RATE) / RATE)).astype(
        np.int16
    )


def amplitude(samples: np.ndarray, hertz: float) -> float:
    """Return a tone's amplitude in the second second, where all has settled."""
    late = samples[RATE:].astype(float)
    return 2.0 * abs(np.mean(late * np.exp(-2j * np.pi * hertz * np.arange(RATE) / RATE)))


@pytest.mark.parametrize("hertz", [20, 50, 100, 152, 300, 1000, 3000, 7000])
def test_response_is_that_of_a_first_order_high_pass_at_152_hz_with_gain_5(hertz: int) -> None:
    heard = hear_through(MICROPHONES["coral-micro"], tone(hertz))
    wanted = 5.0 * (hertz / 152.0) / math.hypot(1.0, hertz / 152.0)
    assert amplitude(heard, hertz) / 2000.0 == pytest.approx(wanted, rel=0.005)


def test_corner_lies_3_db_below_the_pass_band() -> None:
    path = MICROPHONES["coral-micro"]
    ratio = amplitude(hear_through(path, tone(152)), 152) / (5.0 * 2000.0)
    assert 20.0 * math.log10(ratio) == pytest.approx(-3.01, abs=0.05)


def test_dc_goes_and_loud_sound_clips() -> None:
    path = MICROPHONES["coral-micro"]
    steady = hear_through(path, np.full(2 * RATE, 3000, np.int16))
    assert abs(int(steady[RATE])) <= 1
    loud = hear_through(path, tone(1000, 20000.0))
    assert (loud.max(), loud.min()) == (32767, -32768)


def test_gain_comes_before_the_rounding() -> None:
    """Halves of a step at the microphone are steps after the gain."""
    quiet = tone(1000, 2.0)
    fine = hear_through(Microphone(high_pass_hz=152.0, gain=5.0), quiet)
    assert {1, 2, 3, 4} & {abs(int(v)) % 5 for v in fine[RATE:]}


def test_recipe_names_the_board_and_every_variant_passes_through_it() -> None:
    recipe = parse_recipe('name = "x"\n[conditions]\nboard = "coral-micro"\n', where="the test")
    assert recipe.conditions.board == "coral-micro"
    assert parse_recipe(recipe.to_toml(), where="again") == recipe
    config = ConditionsConfig(**SILENT, board="coral-micro")
    clip = tone(440)
    drawn = draw_variant(clip, config, babble=np.zeros(0, np.int16), rng=np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, hear_through(MICROPHONES["coral-micro"], clip))
    with pytest.raises(BadInput, match="board"):
        parse_recipe('name = "x"\n[conditions]\nboard = "corral"\n', where="the test")


def test_without_a_board_recipes_and_cached_features_keep_their_names() -> None:
    plain = load_recipe("demo")
    assert "board" not in plain.to_toml()
    named = with_settings(plain, ["conditions.board=coral-micro"])
    assert named.hash != plain.hash
    babble = np.zeros(3, np.int16)
    names = {
        training_variant(1, config, babble).name for config in (plain.conditions, named.conditions)
    }
    assert len(names) == 2
