"""Recordings explained by a bundle's int8 model."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle
from edgeser.corpora import read_audio
from edgeser.corpora.audio.sound import says_nothing
from edgeser.explanation.clip import HeardClip, Scorer
from edgeser.explanation.config import Plan
from edgeser.explanation.cues import Spread, all_stretches, cues_in, mean_scores, spread_of
from edgeser.explanation.explanation import Explanation, HeardCues, Told
from edgeser.explanation.faithfulness import ORDERS, faithfulness
from edgeser.explanation.literature import held_to_literature
from edgeser.explanation.occlusion import filling, occlude
from edgeser.explanation.salient import Stretch, band_shares, plane_shares, salient_stretches
from edgeser.features import hear
from edgeser.pipeline.decide import certainty_of
from edgeser.pipeline.explanation.checks import Checked, Checks, checks_of, heard_clip
from edgeser.pipeline.explanation.descriptors import descriptors_of, require_opensmile
from edgeser.pipeline.inference import output_grid
from edgeser.pipeline.int8_engine import Int8Engine, int8_engine
from edgeser.progress import SILENT, Progress, Reporter
from edgeser.wording import silence_has_label
from firmware_bridge.certainty import Certainty
from firmware_bridge.frontend import compute_features, quantise_features
from quantize.foundation.errors import ToolMissing
from quantize.foundation.extras import require
from quantize.foundation.foreign import printable

Rows = NDArray[np.float32]
"""Descriptors of a clip, float32 ``[rows, cues]``."""


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A recording that cannot be explained, and why: one line."""

    told: Told
    problem: str


@dataclass(frozen=True, slots=True, eq=False)
class Explainer:
    """Explains clips one after another.

    Parameters
    ----------
    bundle
        Whose int8 model answers.
    plan
        What is done.
    engine
        What runs the model.
    certainty
        What its answers are decided with.
    step
        What a step of the int8 logits stands for, over the temperature.
    checks
        What the further checks need; `None` where none are wanted.
    """

    bundle: Bundle
    plan: Plan
    engine: Int8Engine
    certainty: Certainty
    step: float
    checks: Checks | None = None

    def explain(
        self,
        samples: NDArray[np.int16],
        told: Told,
        *,
        thorough: bool = True,
        orders: int = ORDERS,
        progress: Progress | None = None,
    ) -> Explanation:
        """Explain one clip, int16 at the frontend's rate.

        Parameters
        ----------
        thorough
            Whether all checks are done, or the curves alone.
        orders
            Random orders of the curves.
        progress
            Told of patches done.
        """
        trained, plan, run = self.bundle.trained, self.plan, self.engine.run
        frontend = trained.frontend
        features = quantise_features(compute_features(samples, frontend), frontend)
        clip = heard_clip(features, trained.recipe.window)
        base = run(clip.windows)
        sums = base.sum(axis=0, dtype=np.int64)
        answer = int(sums.argmax())
        scorer = Scorer(answer, self.step, len(base))
        begin = time.perf_counter()
        saliency = occlude(run, clip, plan.occlusion, scorer, base=base, progress=progress)
        seconds = time.perf_counter() - begin
        fill = filling(clip.features, plan.occlusion.fill)
        shares = self.certainty.shares(sums, len(base))
        found = Explanation(
            told=told,
            answer=trained.classes[answer],
            probabilities=dict(zip(trained.classes, map(float, shares), strict=True)),
            log_odds=float(scorer.log_odds(sums[None])[0]),
            unsure=bool(shares.max() < self.bundle.rule.threshold),
            windows=len(base),
            samples=samples,
            sample_rate=frontend.sample_rate,
            features=clip.features,
            planes=tuple(frontend.planes),
            band_hz=(frontend.lower_hz, frontend.upper_hz),
            hop_ms=frontend.hop_ms,
            occlusion=plan.occlusion,
            saliency=saliency,
            stretches=_inside(
                salient_stretches(saliency.cells, hop_ms=frontend.hop_ms),
                samples,
                frontend.sample_rate,
            ),
            shares=plane_shares(saliency.cells, frontend.planes),
            hidden_planes=self._hidden_planes(clip, fill, scorer),
            bands=band_shares(saliency.cells),
            engine=self.engine.called,
            seconds=seconds,
        )
        if not plan.checks:
            return found
        curves = faithfulness(run, clip, saliency, fill, scorer, orders=orders, seed=plan.seed)
        found = replace(found, faithfulness=curves)
        if self.checks is None or not thorough:
            return found
        checked = Checked(trained, samples, clip, scorer, saliency)
        return replace(found, worth=checked.worth(self.checks, self.engine, plan))

    def _hidden_planes(
        self, clip: HeardClip, fill: NDArray[np.int8], scorer: Scorer
    ) -> dict[str, float]:
        """Return how far the log-odds fall when all of a plane is hidden."""
        planes = self.bundle.trained.frontend.planes
        variants = [clip.features]
        for plane in range(len(planes)):
            hidden = clip.features.copy()
            hidden[:, :, plane] = fill[:, plane]
            variants.append(hidden)
        said = self.engine.run(np.concatenate([clip.of(features) for features in variants]))
        sums = said.reshape(len(variants), -1, said.shape[1]).sum(axis=1, dtype=np.int64)
        odds = scorer.log_odds(sums)
        return {name: float(odds[0] - odd) for name, odd in zip(planes, odds[1:], strict=True)}


@contextmanager
def explainer(
    bundle: Bundle, plan: Plan, *, builds: Path | None = None, reporter: Reporter = SILENT
) -> Iterator[Explainer]:
    """Give what explains clips by a bundle.

    Parameters
    ----------
    bundle, plan
        The model; what is done.
    builds
        Where programs are kept once they are built.
    reporter
        Told of stages, and where TFLite-Micro must do.
    """
    if plan.checks:
        require("explain", what="checking an explanation", goes_without=("opensmile",))
    with ExitStack() as stack:
        model = bundle.int8_model
        engine = stack.enter_context(int8_engine(model, cache=builds, reporter=reporter))
        checks = None
        if plan.checks:
            checks = stack.enter_context(checks_of(bundle.trained, model, plan, reporter=reporter))
        step = output_grid(model).scale / bundle.rule.int8_temperature
        yield Explainer(bundle, plan, engine, certainty_of(bundle), step, checks)


def explain_files(
    bundle: Bundle,
    paths: Sequence[Path],
    plan: Plan,
    *,
    against: Mapping[str, Spread] | None = None,
    builds: Path | None = None,
    reporter: Reporter = SILENT,
) -> Iterator[Explanation | Unexplained]:
    """Explain recordings one after another; one that cannot be read has its reason.

    Parameters
    ----------
    bundle, plan
        The model; what is done.
    against
        What the cues are held to beside the clip itself, by name.
    builds
        Where programs are kept once they are built.
    reporter
        Told of stages.
    """
    frontend = bundle.trained.frontend
    has_label = silence_has_label(bundle.trained.corpus.words, bundle.trained.classes)
    heard = hear(paths, frontend, progress=reporter.stage("Computing features"))
    plan = with_cues_at_hand(plan, reporter)
    with explainer(bundle, plan, builds=builds, reporter=reporter) as explains:
        for result in heard:
            told = Told(str(result.path), remarks=tuple(r.detail for r in result.remarks))
            silence = "" if has_label else says_nothing(result.remarks)
            if problem := result.problem or (silence and f"{result.path}: {silence}"):
                yield Unexplained(told, problem)
                continue
            for remark in told.remarks:
                reporter.note(f"{result.path}: {remark}")
            samples = read_audio(result.path, sample_rate=frontend.sample_rate)
            progress = reporter.stage(f"Explaining {printable(result.path.name)}")
            found = explains.explain(samples, told, progress=progress)
            if plan.cues:
                (rows,) = descriptors_of([samples], sample_rate=frontend.sample_rate)
                found = with_cues(found, rows, against or {})
            yield found


def with_cues_at_hand(plan: Plan, reporter: Reporter = SILENT) -> Plan:
    """Return the plan, without cues where openSMILE is not installed; that is told."""
    if not plan.cues:
        return plan
    try:
        require_opensmile()
    except ToolMissing as error:
        reporter.note(f"no cues: {error}")
        return replace(plan, cues=False)
    return plan


def with_cues(found: Explanation, rows: Rows, against: Mapping[str, Spread]) -> Explanation:
    """Return an explanation with the cues of its stretches, held to the clip and to others."""
    everywhere = all_stretches(rows)
    cues = cues_in(rows, found.stretches, {"clip": spread_of([everywhere]), **against})
    whole = {name: mean_scores(everywhere, spread) for name, spread in against.items()}
    verdicts = held_to_literature(found.answer, cues)
    return replace(found, cues=HeardCues(cues, whole, verdicts, require_opensmile()))


def _inside(
    stretches: tuple[Stretch, ...], samples: NDArray[np.int16], sample_rate: int
) -> tuple[Stretch, ...]:
    """Return the stretches, none ending after the clip does."""
    most = len(samples) / sample_rate
    return tuple(replace(s, end_s=min(s.end_s, most)) for s in stretches)
