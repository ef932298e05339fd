"""Logistic regression and a multilayer perceptron on functionals, by scikit-learn.

Everything that is chosen is chosen on training speakers: the scale, and the strength of
regularisation by grouped folds, so that no speaker is on both sides of a fold (scikit-learn's
`StratifiedGroupKFold`; UAR over all held-out clips). Classes count alike, whatever their number of
clips. Seeded, and with one thread of BLAS, so that the same input gives the same bits.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeser.baseline.choice import Classifier
from edgeser.baseline.functionals import Functionals
from edgeser.baseline.licence import INSTALL
from edgeser.baseline.scaling import Scaled, fit_scaling
from edgeser.evaluation.metrics import confusion_matrix, unweighted_average_recall
from edgeser.evaluation.predictions import Predictions
from quantize.foundation.errors import BadInput, ToolMissing

Labels = NDArray[np.int64]
MOST_FOLDS = 5
_HIDDEN = 64
_BATCH = 64
_EPOCHS = 40
_UPDATES = 600
"""The perceptron takes that many epochs, and more where they are fewer steps than this: to stop
early would need speakers to be held out once more."""
_LEAST = float(np.log(1e-12))
"""Log-probability of what a classifier holds impossible, or has not learned."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How the strength of regularisation was chosen.

    Parameters
    ----------
    folds
        Of speakers; 0 where there are too few to hold some out: the middle strength then.
    uars
        ``(strength, UAR on held-out training speakers)``, ratios.
    strength
        The one that is used.
    """

    folds: int
    uars: tuple[tuple[float, float], ...]
    strength: float


@dataclass(frozen=True, slots=True, eq=False)
class BaselineResult:
    """What a classifier said of the test clips, and how it came to be.

    Parameters
    ----------
    predictions
        Logits are log-probabilities.
    tuning
        On training speakers.
    features
        How many of the functionals are in use.
    not_finite
        Values of training and of test clips that are not finite and count as the training mean.
    converged
        Whether the optimiser of the logistic regression came to its end; the perceptron has a fixed
        number of epochs.
    """

    predictions: Predictions
    tuning: Tuning
    features: int
    not_finite: tuple[int, int]
    converged: bool


def fit_and_predict(
    train: Functionals,
    test: Functionals,
    classes: Sequence[str],
    kind: Classifier,
    *,
    seed: int = 0,
) -> BaselineResult:
    """Tune and train a classifier on some clips, and say what it makes of others.

    Parameters
    ----------
    train, test
        Of the same functionals; no speaker should be in both.
    classes
        Labels in the order of the logits; those that no training clip has are never said.
    seed
        Of the folds, and of the perceptron's weights and batches.

    Raises
    ------
    BadInput
        When there is no clip to train or to test on, or training clips have one label only.
    ToolMissing
        Without scikit-learn.
    """
    if not len(train) or not len(test):
        raise BadInput(
            f"{len(train)} clips to train on and {len(test)} to test on are left",
            hint="check the corpora",
        )
    labels = _labels(train, classes)
    if len(set(labels.tolist())) < 2:
        raise BadInput("all training clips have one label", hint="train on at least two labels")
    with _one_thread():
        tuning = _tuned(train, labels, len(classes), kind, seed)
        scaling = fit_scaling(train.values)
        model = _Model(kind, tuning.strength, seed)
        converged = model.fit(scaling.apply(train.values), labels)
        logits = model.log_probabilities(scaling.apply(test.values), len(classes))
    predictions = Predictions(
        clip_ids=tuple(u.clip_id for u in test.utterances),
        labels=_labels(test, classes),
        speakers=tuple(u.speaker for u in test.utterances),
        logits=logits,
        classes=tuple(classes),
        anonymous=frozenset(u.speaker for u in test.utterances if not u.speaker_known),
    )
    counts = scaling.not_finite(train.values), scaling.not_finite(test.values)
    return BaselineResult(predictions, tuning, scaling.columns.size, counts, converged)


def _one_thread() -> Any:
    try:
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise ToolMissing("scikit-learn is not installed", hint=INSTALL) from error
    return threadpool_limits(limits=1)


def _labels(clips: Functionals, classes: Sequence[str]) -> Labels:
    place = {name: index for index, name in enumerate(classes)}
    unknown = sorted({u.emotion for u in clips.utterances} - set(place))
    if unknown:
        raise BadInput(f"'{unknown[0]}' is not among the labels {', '.join(classes)}")
    return np.array([place[u.emotion] for u in clips.utterances], np.int64)


def _tuned(train: Functionals, labels: Labels, classes: int, kind: Classifier, seed: int) -> Tuning:
    """Try each strength on held-out speakers; the scale is that of the others each time."""
    from sklearn.model_selection import StratifiedGroupKFold

    speakers = np.array([f"{u.corpus}\n{u.speaker}" for u in train.utterances])
    folds = min(MOST_FOLDS, len(set(speakers.tolist())), int(np.bincount(labels).max()))
    strengths = kind.strengths
    if folds < 2:
        return Tuning(0, (), strengths[len(strengths) // 2])
    dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=_state(seed))
    confusion = np.zeros((len(strengths), classes, classes), np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of labels with fewer clips than folds
        dealt = list(dealer.split(train.values, labels, speakers))
    for inside, outside in dealt:
        if len(set(labels[inside].tolist())) < 2 or not outside.size:
            continue
        scaling = fit_scaling(train.values[inside])
        x, held_out = scaling.apply(train.values[inside]), scaling.apply(train.values[outside])
        for index, strength in enumerate(strengths):
            model = _Model(kind, strength, seed)
            model.fit(x, labels[inside])
            called = model.log_probabilities(held_out, classes).argmax(axis=1)
            confusion[index] += confusion_matrix(labels[outside], called, classes)
    if not confusion.any():
        return Tuning(0, (), strengths[len(strengths) // 2])
    uars = unweighted_average_recall(confusion)
    best = int(np.argmax(uars))
    pairs = tuple((s, float(uar)) for s, uar in zip(strengths, uars, strict=True))
    return Tuning(folds, pairs, strengths[best])


class _Model:
    """One classifier of scikit-learn's, with the classes that it has seen."""

    def __init__(self, kind: Classifier, strength: float, seed: int) -> None:
        self._kind, self._strength, self._seed = kind, strength, seed
        self._estimator: Any = None

    def fit(self, x: Scaled, labels: Labels) -> bool:
        """Train; return whether the optimiser came to its end."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.utils.class_weight import compute_sample_weight

        self._estimator = _estimator(self._kind, self._strength, self._seed, len(x))
        options = {}
        if self._kind is Classifier.MLP:
            options["sample_weight"] = compute_sample_weight("balanced", labels)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            self._estimator.fit(x, labels, **options)
        if self._kind is Classifier.MLP:
            return True
        return not any(issubclass(warning.category, ConvergenceWarning) for warning in said)

    def log_probabilities(self, x: Scaled, classes: int) -> NDArray[np.float32]:
        """Return float32 ``[clips, classes]``; a class that was not learned has the least."""
        known = np.asarray(self._estimator.predict_proba(x), np.float64)
        out = np.full((len(x), classes), _LEAST)
        out[:, self._estimator.classes_] = np.maximum(np.log(np.maximum(known, 1e-300)), _LEAST)
        return out.astype(np.float32)


def _estimator(kind: Classifier, strength: float, seed: int, clips: int) -> Any:
    if kind is Classifier.LOGISTIC:
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(
            C=1.0 / strength, class_weight="balanced", tol=1e-3, max_iter=1000
        )
    from sklearn.neural_network import MLPClassifier

    epochs = max(_EPOCHS, -(-_UPDATES * _BATCH // clips))
    return MLPClassifier(
        hidden_layer_sizes=(_HIDDEN,),
        alpha=strength,
        batch_size=min(_BATCH, clips),
        learning_rate_init=3e-3,
        max_iter=epochs,
        n_iter_no_change=epochs,
        tol=0.0,
        random_state=_state(seed),
    )


def _state(seed: int) -> int:
    """Return the seed as scikit-learn takes it: 32 bits."""
    return seed % (1 << 32)
