"""What an explanation is worth: maps made anew by shuffled models, and of changed recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import TrainedModel
from edgeser.explanation.agreement import Shuffled, Stability, rank_correlation
from edgeser.explanation.clip import HeardClip, Scorer
from edgeser.explanation.config import Plan
from edgeser.explanation.explanation import Worth
from edgeser.explanation.gradients import integrated_gradients
from edgeser.explanation.occlusion import Saliency, filling, occlude
from edgeser.explanation.shuffle import ShuffledModel, shuffled_models
from edgeser.features import WindowConfig
from edgeser.pipeline.inference import load_network
from edgeser.pipeline.int8_engine import Int8Engine, int8_engine
from edgeser.pipeline.predict import sliding_windows
from edgeser.progress import SILENT, Reporter
from edgeser.training.conditions import add_white_noise
from firmware_bridge.frontend import INPUT_SCALE, compute_features, quantise_features
from quantize.foundation.temporary import temporary_folder

if TYPE_CHECKING:
    from edgeser.network import AmplitudePhaseNetwork

NOISE_DB = 20.0
"""Signal to white noise, of the clip as a whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Checks:
    """What the checks of several clips share.

    Parameters
    ----------
    network
        The float network.
    shuffled
        Models with shuffled weights, and what runs each.
    """

    network: AmplitudePhaseNetwork
    shuffled: tuple[tuple[ShuffledModel, Int8Engine], ...]


@contextmanager
def checks_of(
    trained: TrainedModel, model: bytes, plan: Plan, *, reporter: Reporter = SILENT
) -> Iterator[Checks]:
    """Load the float network and build the shuffled models."""
    progress = reporter.stage("Shuffling weights")
    with ExitStack() as stack:
        objects = stack.enter_context(temporary_folder("kernels"))
        engines = []
        for item in shuffled_models(model, stages=plan.shuffle_stages, seed=plan.seed):
            engines.append((item, stack.enter_context(int8_engine(item.data, objects=objects))))
            progress(len(engines), plan.shuffle_stages)
        yield Checks(load_network(trained), tuple(engines))


def heard_clip(features: NDArray[np.int8], window: WindowConfig) -> HeardClip:
    """Return a clip with the windows that `edgeser predict` cuts it into."""
    numbers = np.arange(len(features), dtype=np.int64)[:, None, None]
    return HeardClip(features, sliding_windows(numbers, window)[:, :, 0, 0])


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """A clip whose map is checked.

    Parameters
    ----------
    trained
        The model's settings.
    samples
        int16 at the frontend's rate.
    clip, scorer
        What the model hears, and the answer.
    saliency
        Its map.
    """

    trained: TrainedModel
    samples: NDArray[np.int16]
    clip: HeardClip
    scorer: Scorer
    saliency: Saliency

    def worth(self, checks: Checks, engine: Int8Engine, plan: Plan) -> Worth:
        """Return what the map is worth."""
        fill = filling(self.clip.features, plan.occlusion.fill)
        label = self.scorer.label
        plain, _ = _map(self.clip, self.scorer, engine, plan)
        return Worth(
            gradients=integrated_gradients(
                checks.network, self.clip, fill, label, self.saliency, scale=INPUT_SCALE
            ),
            occlusion=plan.check_occlusion,
            shuffled=tuple(self._shuffled(checks, plan, plain)),
            stability=self._stability(engine, plan, plain),
        )

    def _shuffled(self, checks: Checks, plan: Plan, plain: Saliency) -> Iterator[Shuffled]:
        for model, of_model in checks.shuffled:
            found, base = _map(self.clip, self.scorer, of_model, plan)
            shares = self.scorer.probabilities(base.sum(axis=0, dtype=np.int64)[None])
            yield Shuffled(
                model.layers,
                model.of,
                model.last,
                rank_correlation(found.drops, plain.drops),
                float(shares[0, self.scorer.label]),
            )

    def _stability(self, engine: Int8Engine, plan: Plan, plain: Saliency) -> tuple[Stability, ...]:
        frontend = self.trained.frontend
        hop = frontend.samples_of(2) - frontend.samples_of(1)
        rng = np.random.default_rng(plan.seed)
        noisy = add_white_noise(self.samples, NOISE_DB, rng=rng)
        changes = [(f"{NOISE_DB:g} dB white noise", noisy, 0)]
        if len(self.clip.features) > 1:
            changes.insert(0, ("begun one hop later", self.samples[hop:], 1))
        return tuple(self._changed(engine, plan, plain, *change) for change in changes)

    def _changed(
        self,
        engine: Int8Engine,
        plan: Plan,
        plain: Saliency,
        change: str,
        samples: NDArray[np.int16],
        later: int,
    ) -> Stability:
        """Compare maps cell by cell, where both have them; `later` is by how many frames."""
        frontend = self.trained.frontend
        features = quantise_features(compute_features(samples, frontend), frontend)
        clip = heard_clip(features, self.trained.recipe.window)
        scorer = Scorer(self.scorer.label, self.scorer.step, len(clip.index))
        found, base = _map(clip, scorer, engine, plan)
        both = min(len(plain.cells) - later, len(found.cells))
        pair = plain.cells[later : later + both], found.cells[:both]
        answer = self.trained.classes[int(base.sum(axis=0, dtype=np.int64).argmax())]
        return Stability(change, rank_correlation(*pair), answer)


def _map(
    clip: HeardClip, scorer: Scorer, engine: Int8Engine, plan: Plan
) -> tuple[Saliency, NDArray[np.int8]]:
    base = engine.run(clip.windows)
    return occlude(engine.run, clip, plan.check_occlusion, scorer, base=base), base


def mean_of(values: Sequence[float | None]) -> float | None:
    """Return the mean of what is known; `None` where nothing is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
