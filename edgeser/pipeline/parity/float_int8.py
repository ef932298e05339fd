"""Float held against int8 on every test clip, across runtimes and layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle, save_bundle
from edgeser.corpora import read_audio
from edgeser.evaluation.concordance import score_vad
from edgeser.evaluation.group_gaps import KindGaps
from edgeser.evaluation.groups import GroupScore
from edgeser.evaluation.int8_parity import (
    ParityReport,
    as_predictions,
    compare,
)
from edgeser.evaluation.predictions import Predictions
from edgeser.evaluation.vad_parity import VadParity, compare_vad
from edgeser.evaluation.verdict import Tolerances, Verdict, judge
from edgeser.features import FeatureCache
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.groups import gaps_of_known_groups, score_known_groups
from edgeser.pipeline.inference import float_outputs, output_grid, output_grids, predictions_of
from edgeser.pipeline.int8_inference import int8_outputs
from edgeser.pipeline.parity.features import check_features
from edgeser.pipeline.recordings import clips_to_test_on
from edgeser.pipeline.training_data.dataset import ClipSet, raw_features, windows_of
from edgeser.pipeline.vad import vad_truth
from edgeser.progress import SILENT, Reporter
from edgeser.report.contents import ExampleFeatures
from edgeser.report.model_card import model_card
from edgeser.report.schemas.form import dump_json
from edgeser.report.schemas.parity import float_parity, parity_json
from firmware_bridge.frontend import compute_features
from quantize.foundation.errors import EdgeserError
from quantize.foundation.extras import require
from quantize.foundation.files import write_atomically
from quantize.foundation.measurement import Measurement
from quantize.layer_error import LayerError, layer_errors
from quantize.runtimes import Runtime, RuntimeAgreement, agreement_between, installed_runtimes

_LAYER_CLIPS = 16
TOLERANCES = "parity-tolerances"
"""The record of what a run's parity was held to, beside that of the comparison itself."""


@dataclass(frozen=True, slots=True, eq=False)
class TestSetDetails:
    """What the report shows of the test clips beside the comparison.

    Parameters
    ----------
    groups
        Scores by speaker, and by what else is known of speakers.
    example
        The features of one clip.
    gaps
        How far apart these groups are; none in older records.
    """

    groups: tuple[GroupScore, ...]
    example: ExampleFeatures
    gaps: tuple[KindGaps, ...] = ()


def check_parity(
    bundle: Bundle,
    *,
    corpora: Sequence[str] = (),
    folder: RunFolder | None = None,
    tolerances: Tolerances | None = None,
    cache: FeatureCache | None = None,
    reporter: Reporter = SILENT,
) -> tuple[ParityReport, Verdict]:
    """Compare the float network and the int8 model of a bundle on its test speakers.

    Parameters
    ----------
    bundle
        From `edgeser.export` or `edgeser.bundle.load_bundle`.
    corpora
        ``"NAME:PATH"``, each; the bundle's own synthetic voices, or the folder's corpora, when
        there are none.
    folder
        Where the result is kept for the report; nowhere when `None`.
    tolerances
        Instead of the recipe's.
    cache, reporter
        Where features are kept between runs; who is told of stages.

    Returns
    -------
    The facts, and the verdict of the tolerances on them.

    Raises
    ------
    BadInput
        When there is no clip of the test speakers.
    CheckFailed
        When a logit is not finite.
    """
    require("train", "runtimes", "parity", what="holding int8 to float")
    clips = windows_of_test_speakers(
        bundle, corpora=corpora, folder=folder, cache=cache, reporter=reporter
    )
    trained = bundle.trained
    logits, *further = float_outputs(
        trained, clips.features, progress=reporter.stage("Float inference")
    )
    outputs = _outputs_by_runtime(bundle.int8_model, clips.features, reporter)
    oracle = outputs[Runtime.TFLITE_MICRO][0]
    features = check_features(clips.utterances, trained.frontend, reporter=reporter)
    reporter.stage("Quantisation error by layer")
    of_float = predictions_of(clips.utterances, logits, trained)
    grid = output_grid(bundle.int8_model)
    source = _source(bundle, of_float)
    report = compare(
        of_float,
        oracle,
        grid,
        source=source,
        runtimes=_agreements(outputs, 0),
        features=features,
        layers=_layers(bundle, clips.features),
    )
    report = replace(
        report,
        float_metrics=replace(report.float_metrics, caveat=trained.corpus.caveat),
        int8_metrics=replace(report.int8_metrics, caveat=trained.corpus.caveat),
        vad=_vad_parity(bundle, clips, further[0], outputs, source) if further else None,
    )
    verdict = judge(report, tolerances or trained.recipe.parity)
    if folder is not None:
        of_int8 = as_predictions(of_float, oracle, grid)
        answers = (clips.utterances, of_float, of_int8)
        details = TestSetDetails(
            groups=score_known_groups(*answers, source=source),
            example=_example(bundle, clips),
            gaps=gaps_of_known_groups(*answers, source=source),
        )
        folder.save_state("test-set", details, model_hash=bundle.model_hash)
        _keep(bundle, report, verdict, folder)
    return report, verdict


def windows_of_test_speakers(
    bundle: Bundle,
    *,
    corpora: Sequence[str],
    folder: RunFolder | None,
    cache: FeatureCache | None,
    reporter: Reporter,
) -> ClipSet:
    """Return the clips that the bundle's split left to test on, as int8 windows.

    Raises
    ------
    BadInput
        When the corpus holds none of the test speakers.
    """
    trained = bundle.trained
    _root, chosen = clips_to_test_on(bundle, corpora=corpora, folder=folder, reporter=reporter)
    raw = raw_features(
        chosen, trained.frontend, title="Features of test clips", cache=cache, reporter=reporter
    )
    frames = trained.recipe.window.frames
    return ClipSet(raw.utterances, windows_of(raw.features, trained.frontend, frames))


def _outputs_by_runtime(
    model: bytes, features: NDArray[np.int8], reporter: Reporter
) -> dict[Runtime, tuple[NDArray[np.int8], ...]]:
    installed = [info.runtime for info in installed_runtimes()]
    progress = reporter.stage("int8 inference in each runtime")
    outputs = {}
    for done, runtime in enumerate(installed, 1):
        try:
            outputs[runtime] = int8_outputs(model, features, runtime=runtime)
        except EdgeserError as error:
            reporter.note(f"not compared: {error}")
        progress(done, len(installed))
    if Runtime.TFLITE_MICRO not in outputs:
        # The oracle must run: its own error says why it did not.
        outputs[Runtime.TFLITE_MICRO] = int8_outputs(model, features)
    return outputs


def _agreements(
    outputs: dict[Runtime, tuple[NDArray[np.int8], ...]], number: int
) -> tuple[RuntimeAgreement, ...]:
    """Compare one of the outputs across runtimes."""
    oracle = outputs[Runtime.TFLITE_MICRO][number]
    return tuple(
        agreement_between(oracle, found[number], runtime=runtime, oracle=Runtime.TFLITE_MICRO)
        for runtime, found in outputs.items()
        if runtime is not Runtime.TFLITE_MICRO
    )


def _vad_parity(
    bundle: Bundle,
    clips: ClipSet,
    of_float: NDArray[np.float32],
    outputs: dict[Runtime, tuple[NDArray[np.int8], ...]],
    source: str,
) -> VadParity:
    oracle = outputs[Runtime.TFLITE_MICRO][1]
    grid = output_grids(bundle.int8_model)[1]
    truth = vad_truth(clips.utterances, bundle.trained.recipe)
    return compare_vad(
        of_float,
        oracle,
        grid,
        runtimes=_agreements(outputs, 1),
        scores=score_vad(of_float, grid.dequantise(oracle), truth, source=source),
    )


def _layers(bundle: Bundle, features: NDArray[np.int8]) -> tuple[LayerError, ...]:
    """Measure on clips spread over the test set; nothing where the bundle has no float graph."""
    if not bundle.float_model:
        return ()
    count = min(_LAYER_CLIPS, len(features))
    chosen = np.linspace(0, len(features) - 1, count).round().astype(int)
    errors = layer_errors(
        bundle.float_model, bundle.int8_model, features[chosen], layer_names=bundle.layer_names
    )
    return errors.layers


def _example(bundle: Bundle, clips: ClipSet) -> ExampleFeatures:
    """Return the features of the first clip, as the C code puts them out."""
    config = bundle.trained.frontend
    utterance = clips.utterances[0]
    features = compute_features(read_audio(utterance.sound), config)
    return ExampleFeatures(
        clip_id=utterance.clip_id,
        label=utterance.emotion,
        amplitude=features.amplitude,
        phase=features.phase,
        phase_planes=config.signed_planes,
        hop_ms=config.hop_ms,
        lower_hz=config.lower_hz,
        upper_hz=config.upper_hz,
        angle_weight=config.angle_weight,
    )


def _source(bundle: Bundle, tested: Predictions) -> str:
    corpus = bundle.trained.corpus
    kind = "synthetic voices, not people" if corpus.synthetic else corpus.name
    if corpus.caveat:
        return f"{tested.describe()}, drawn at random ({kind}): the model {corpus.caveat}"
    return f"{tested.describe()} kept for testing ({kind})"


def _keep(bundle: Bundle, report: ParityReport, verdict: Verdict, folder: RunFolder) -> None:
    folder.save_state(TOLERANCES, verdict.tolerances, model_hash=bundle.model_hash)
    folder.save_state("parity", report, model_hash=bundle.model_hash)
    found = float_parity(
        report, verdict, model=bundle.trained.recipe.name, model_sha256=bundle.model_hash
    )
    public = parity_json(found)
    write_atomically(folder.result("parity"), dump_json(public).encode())
    if folder.bundle.is_file():
        figures = {
            "float.uar": report.float_metrics.uar,
            "int8.uar": report.int8_metrics.uar,
            "label_flip_rate": report.label_flip_rate,
        }
        figures |= _vad_figures(report)
        judged = bundle.with_metrics(figures)
        save_bundle(folder.bundle, judged, card=model_card(judged))


def _vad_figures(report: ParityReport) -> dict[str, Measurement]:
    found: dict[str, Measurement] = {}
    if report.vad is None or (scores := report.vad.scores) is None:
        return found
    for score in scores.scores:
        name = f"ccc.{score.dimension}{'' if scores.called == 'rated' else ' (derived)'}"
        found |= {f"float.{name}": score.of_float, f"int8.{name}": score.of_int8}
    return found
