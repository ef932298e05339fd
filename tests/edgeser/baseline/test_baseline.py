"""Scaling, tuning and what a classifier says: all of it from training speakers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeser.baseline.cache import FunctionalsCache
from edgeser.baseline.choice import Classifier
from edgeser.baseline.functionals import Functionals
from edgeser.corpora import Utterance
from quantize.foundation.errors import BadInput

pytest.importorskip("sklearn", reason="the extra edgeser[baseline] is not installed")

from edgeser.baseline.classifiers import fit_and_predict
from edgeser.baseline.scaling import FURTHEST, fit_scaling

CLASSES = ("anger", "joy", "sadness")


def clips(speakers: range, *, shift: float = 0.0, classes: int = 3) -> Functionals:
    """Clips whose first value is their label's number; the speaker moves the others."""
    rng = np.random.default_rng(0)
    utterances, rows = [], []
    for speaker in speakers:
        for number in range(12):
            label = number % classes
            name = f"{speaker}/{number}"
            utterances.append(Utterance(Path(name), name, "c", CLASSES[label], str(speaker)))
            rows.append(
                [label + 0.2 * rng.normal(), 50.0 * (speaker % 3) + shift, rng.normal(), 7.0]
            )
    return Functionals(tuple(utterances), np.array(rows, np.float32), ())


@pytest.mark.parametrize("kind", list(Classifier))
def test_what_labels_tell_apart_is_learned(kind: Classifier) -> None:
    result = fit_and_predict(clips(range(6)), clips(range(6, 9)), CLASSES, kind)
    called = result.predictions.logits.argmax(axis=1)
    assert (called == result.predictions.labels).mean() > 0.9
    assert result.tuning.folds == 5
    assert result.tuning.strength in kind.strengths
    assert [strength for strength, _ in result.tuning.uars] == list(kind.strengths)
    assert result.features == 3, "a value that is always the same says nothing"


def test_test_clips_change_neither_scale_nor_tuning() -> None:
    train, near, far = clips(range(6)), clips(range(6, 9)), clips(range(6, 9), shift=1e6)
    with_near, with_far = (
        fit_and_predict(train, test, CLASSES, Classifier.LOGISTIC) for test in (near, far)
    )
    assert with_near.tuning == with_far.tuning
    assert np.isfinite(with_far.predictions.logits).all()


def test_a_label_that_was_not_learned_is_never_said() -> None:
    result = fit_and_predict(
        clips(range(6), classes=2), clips(range(6, 9)), CLASSES, Classifier.LOGISTIC
    )
    assert set(result.predictions.logits.argmax(axis=1).tolist()) <= {0, 1}
    assert result.predictions.classes == CLASSES


def test_what_cannot_be_learned_is_named() -> None:
    none = Functionals((), np.zeros((0, 4), np.float32), ())
    with pytest.raises(BadInput, match="0 clips to train on"):
        fit_and_predict(none, clips(range(2)), CLASSES, Classifier.MLP)
    with pytest.raises(BadInput, match="one label"):
        fit_and_predict(clips(range(4), classes=1), clips(range(2)), CLASSES, Classifier.MLP)


def test_scaling_takes_what_is_not_finite_for_the_mean_and_stops_at_outliers() -> None:
    values = np.array([[1, np.nan, 2], [3, np.inf, 2], [5, np.nan, 2]], np.float32)
    scaling = fit_scaling(values)
    assert scaling.columns.tolist() == [0]
    scaled = scaling.apply(np.array([[3, 0, 0], [np.nan, 0, 0], [1e9, 0, 0]], np.float32))
    assert scaled[:, 0].tolist() == [0.0, 0.0, FURTHEST]
    assert scaling.not_finite(np.array([[np.inf, 0, 0]], np.float32)) == 1
    with pytest.raises(BadInput, match="are the same"):
        fit_scaling(np.ones((3, 2), np.float32))


def test_the_cache_gives_back_what_it_was_given_or_nothing(tmp_path: Path) -> None:
    cache = FunctionalsCache(tmp_path)
    key = cache.key(functionals="eGeMAPSv02", version="2.6.0", file_hash="ab")
    values = np.array([1.5, np.nan, np.inf], np.float32)
    assert cache.load(key, 3) is None
    assert cache.store(key, values)
    assert np.array_equal(cache.load(key, 3), values, equal_nan=True)
    assert cache.load(key, 4) is None
    other = cache.key(functionals="eGeMAPSv02", version="2.6.1", file_hash="ab")
    assert other != key
    (entry,) = tmp_path.rglob("*.functionals")
    for damaged in (entry.read_bytes()[:-1], entry.read_bytes()[:-1] + b"x", b""):
        entry.write_bytes(damaged)
        assert cache.load(key, 3) is None
