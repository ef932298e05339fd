"""Which clips are said again, in whose voice: by W, or at random and as many."""

from __future__ import annotations

import numpy as np
import pytest

from edgeser.debias.choice import wanted_of
from edgeser.debias.config import DebiasConfig
from edgeser.recipe import load_recipe, parse_recipe
from quantize.foundation.errors import BadInput

BY_CONFIDENCE = DebiasConfig(convert="confidence", share=0.25, contrary=0.25)
AT_RANDOM = DebiasConfig(convert="random", share=0.25)
LABELS = np.array([0] * 8 + [1] * 4)
SPEAKERS = ["a", "a", "a", "a", "b", "b", "c", "c", "a", "a", "a", "b"]
RANKS = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.05, 0.5, 0.6], np.float32)


def test_clips_of_low_w_are_said_in_voices_of_high_w() -> None:
    first, second = wanted_of(LABELS, SPEAKERS, RANKS, BY_CONFIDENCE, seed=0)
    assert first.count == 2
    assert [wish.clip for wish in first.wishes] == [0, 1, 2, 3]  # twice as many, should some fail
    assert all(wish.voice in (6, 7) for wish in first.wishes)  # the quarter of the highest W
    assert second.count == 1
    assert [(wish.clip, wish.voice) for wish in second.wishes] == [(9, 11), (10, 11)]


def test_the_voice_is_always_another_speakers_of_the_same_emotion() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    speakers = [f"s{n}" for n in rng.integers(0, 9, 300)]
    ranks = rng.random(300).astype(np.float32)
    for given, config in ((ranks, BY_CONFIDENCE), (None, AT_RANDOM)):
        for wanted in wanted_of(labels, speakers, given, config, seed=3):
            for wish in wanted.wishes:
                assert wish.voice is not None
                assert labels[wish.voice] == labels[wish.clip]
                assert speakers[wish.voice] != speakers[wish.clip]


def test_random_conversion_wants_as_many_of_each_emotion() -> None:
    chosen = wanted_of(LABELS, SPEAKERS, RANKS, BY_CONFIDENCE, seed=0)
    random = wanted_of(LABELS, SPEAKERS, None, AT_RANDOM, seed=0)
    assert [w.count for w in chosen] == [w.count for w in random]
    assert random != wanted_of(LABELS, SPEAKERS, None, AT_RANDOM, seed=1)
    assert random == wanted_of(LABELS, SPEAKERS, None, AT_RANDOM, seed=0)


def test_an_emotion_of_one_speaker_has_no_other_voice() -> None:
    (wanted,) = wanted_of(np.zeros(4, np.int64), ["a"] * 4, None, AT_RANDOM, seed=0)
    assert wanted.count == 1
    assert all(wish.voice is None for wish in wanted.wishes)


def test_clips_on_which_nobody_speaks_are_left_as_they_are() -> None:
    every = wanted_of(LABELS, SPEAKERS, RANKS, BY_CONFIDENCE, seed=0)
    spoken = wanted_of(LABELS, SPEAKERS, RANKS, BY_CONFIDENCE, seed=0, unspoken=[1])
    assert len(every) == 2
    assert [[wish.clip for wish in wanted.wishes] for wanted in spoken] == [[0, 1, 2, 3]]


def test_a_recipe_says_how_it_is_debiased() -> None:
    assert not load_recipe("cremad").debias.asked
    found = parse_recipe(
        'name = "x"\n[debias]\nconvert = "random"\nshare = 0.5\n', where="test"
    ).debias
    assert found == DebiasConfig(convert="random", share=0.5)
    assert found.asked


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('convert = "all"', "convert"),
        ("share = 0.0", "share = 0 is out of bounds"),
        ("share = 1.5", "share = 1.5 is out of bounds"),
        ("share = nan", "share. is nan"),
        ("gce_q = 0.0", "gce_q"),
        ("epochs = 0", "epochs = 0 is out of bounds"),
        ("speakers = 3", "speakers"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(line: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        parse_recipe(f'name = "x"\n[debias]\n{line}\n', where="test")
